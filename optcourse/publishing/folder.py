"""A folder for the time that a program runs, which is cleared away also after a program that was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: the system clears what a killed program left
    fcntl = None

LOCK = "in-use.lock"
PREFIX = "optcourse-run-"


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that only this user can look into. Those of programs that were killed are cleared away first."""
    clear_leftovers()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        held = open(folder / LOCK, "w", encoding="utf-8")
        if _locked(held) and (folder / LOCK).exists():
            break
        # Another start was between our folder and our lock.
        held.close()
    try:
        yield folder
    finally:
        held.close()
        shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers() -> list[Path]:
    """Remove what programs of this user left when they were killed: their lock is free. Returns what was removed."""
    removed = []
    if fcntl is None:
        return removed
    with os.scandir(tempfile.gettempdir()) as found:
        ours = [entry for entry in found if entry.name.startswith(PREFIX)]
    for entry in ours:
        lock = Path(entry.path, LOCK)
        # All users share the temporary folder: leave alone what another user puts there.
        if not entry.is_dir(follow_symlinks=False) or entry.stat(follow_symlinks=False).st_uid != os.getuid():
            continue
        with contextlib.suppress(FileNotFoundError), open(lock, encoding="utf-8") as held:
            if _locked(held):
                shutil.rmtree(entry.path, ignore_errors=True)
                removed.append(Path(entry.path))
    return removed


def _locked(file: object) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
