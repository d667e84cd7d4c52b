"""The lessons that an installed package carries: laid out in a person's folder, and brought up to date beside their work.

A lesson is known by its checksum, without regard to line ends. One that is still as it was laid out may be replaced; any
other is a person's work and is never written to. Each file is written whole or not at all, and the note that remembers what
was laid out is written last: whatever interrupts, the same command goes on.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from optcourse.files import write_whole
from optcourse.place import NOTE, is_laid_out

CARRIED = Path(__file__).resolve().parents[1] / "carried"  # hatch_build.py puts it into the wheel


class Refused(Exception):
    """Nothing was written, or not all of it; the text says why, and what to do."""


@dataclass
class Note:
    """What was laid out: by which version, with the solutions or not, and the checksum of each file by its path."""

    version: str
    solutions: bool = False
    finished: bool = True  # False while the lessons are laid out for the first time
    laid: dict[str, str] = field(default_factory=dict)
    # The newest that was laid beside a person's own file: {path: [checksum, its name]}.
    beside: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What becomes of one file: words for a person, and where its new text is written (None: nowhere)."""

    path: str
    words: str
    target: str | None = None


def installed_version() -> str:
    return importlib.metadata.version("optcourse")


def carried(solutions: bool) -> dict[str, bytes]:
    """What the package carries, by its path in a person's folder. Nothing in a clone."""
    files = {f"lessons/{path.name}": path.read_bytes() for path in sorted(CARRIED.glob("lessons/*.ipynb"))}
    if solutions and files:
        try:
            with zipfile.ZipFile(CARRIED / "solutions.zip") as archive:
                files |= {f"solutions/{name}": archive.read(name) for name in archive.namelist()}
        except FileNotFoundError:
            raise Refused("this package was made without the solutions.") from None
    return files


def digest(data: bytes) -> str:
    # Editors and git change line ends; that alone is nobody's work.
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


# -- the note -----------------------------------------------------------------------------------------


def read_note(root: Path) -> Note:
    path = root / NOTE
    try:
        found = json.loads(path.read_bytes())
        return Note(
            str(found["version"]),
            bool(found["solutions"]),
            bool(found["finished"]),
            dict(found["laid"]),
            dict(found["beside"]),
        )
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError):
        # All lessons then count as a person's own: nothing is replaced, the new ones are laid beside.
        return Note(version="unknown")


def write_note(root: Path, note: Note) -> None:
    save(root / NOTE, json.dumps(vars(note), indent=1, sort_keys=True) + "\n")


def save(path: Path, data: str | bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise Refused(
            f"{error.filename or path} cannot be written ({error.strerror or error}). Nothing of yours is lost, and what "
            "was begun goes on when you type the same command again: where there is room, in a folder of your own."
        ) from error


# -- an empty folder ------------------------------------------------------------------------------------


def in_the_way(root: Path) -> str | None:
    """Why no lessons can be laid out in a folder, or None where they can."""
    folder = root / "lessons"
    if not os.path.lexists(folder):
        return None
    if not folder.is_dir():
        return f"{folder} is no folder"
    others = [path for path in sorted(folder.glob("*.ipynb")) if not is_ours(path)]
    return f"{folder} holds {others[0].name}, which is not of this course" if others else None


def is_ours(path: Path) -> bool:
    """Whether a notebook was made by `optcourse build`, whatever somebody has done in it since."""
    try:
        return "source" in json.loads(path.read_bytes())["metadata"]["optcourse"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def lay_out(root: Path, solutions: bool) -> list[str]:
    """Lay out what is not there yet, and return it. What is there is never touched."""
    files = carried(solutions)
    note = read_note(root) if is_laid_out(root) else Note(version=installed_version())
    note.solutions, note.finished = note.solutions or solutions, False
    missing = {path: data for path, data in files.items() if not os.path.lexists(root / path)}
    # The note comes first here: it says that the lessons are ours if this is interrupted.
    note.laid |= {path: digest(data) for path, data in missing.items()}
    write_note(root, note)
    for path, data in missing.items():
        save(root / path, data)
    note.finished = True
    write_note(root, note)
    return list(missing)


# -- a newer course -------------------------------------------------------------------------------------


def plan(root: Path, note: Note, files: dict[str, bytes], version: str) -> list[Step]:
    """What an update would do with each file, in order. Writes nothing."""
    steps = [step_for(root, note, path, data, version) for path, data in files.items()]
    gone = [path for path in note.laid if path not in files and os.path.lexists(root / path)]
    return steps + [Step(path, "no longer part of the course; it stays") for path in sorted(gone)]


def step_for(root: Path, note: Note, path: str, data: bytes, version: str) -> Step:
    new, laid = digest(data), note.laid.get(path)
    if not os.path.lexists(root / path):
        return Step(path, "new" if laid is None else "laid out again: it was gone", path)
    found = digest_of(root / path)
    if found == new:
        return Step(path, "as it should be")
    if found is not None and found == laid:
        return Step(path, "replaced: you have changed nothing in it", path)
    if laid == new:
        return Step(path, "yours, kept; the course has none newer")
    known, name = note.beside.get(path, (None, ""))
    if known == new and os.path.lexists(root / name):
        return Step(path, f"yours, kept; the new one is already beside it: {Path(name).name}")
    target = name_beside(root, path, new, version)
    return Step(path, f"yours, kept; the new one comes beside it: {Path(target).name}", target)


def digest_of(path: Path) -> str | None:
    try:
        return digest(path.read_bytes())
    except OSError:  # a folder, a link to nowhere, no right to read: somebody's own, in any case
        return None


def name_beside(root: Path, path: str, new: str, version: str) -> str:
    """A name with the version in it that is free, or under which this very text lies already."""
    count = 1
    while True:
        name = Path(path)
        target = name.with_name(f"{name.stem}-{version}{f'-{count}' * (count > 1)}{name.suffix}").as_posix()
        if not os.path.lexists(root / target) or digest_of(root / target) == new:
            return target
        count += 1


def carry_out(root: Path, note: Note, files: dict[str, bytes], steps: list[Step], version: str) -> None:
    """Do what was planned. Raises Refused where something cannot be written; the next call goes on from there."""
    for step in steps:
        if step.path not in files:
            continue
        data = files[step.path]
        if step.target:
            # Once more: a notebook may have been saved while the table was read.
            now = step_for(root, note, step.path, data, version)
            if now.target != step.target:
                raise Refused(
                    f"{step.path} has changed just now. Save and close your notebooks, and type it again."
                )
            save(root / step.target, data)
        if step.target not in (None, step.path):
            note.beside[step.path] = [digest(data), step.target]
        elif digest_of(root / step.path) == digest(data):
            note.laid[step.path] = digest(data)
    note.version, note.finished = version, True
    write_note(root, note)


# -- asking -----------------------------------------------------------------------------------------------


def agreed(yes: bool, command: str) -> bool:
    """Whether the person says yes: by --yes, or when asked on a terminal. Elsewhere they are told what to type."""
    if yes:
        return True
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        print(f"To have it done, type: {command} --yes", file=sys.stderr)
        return False
    try:
        return input("Shall it be done? [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        print()
        return False


def belongs_to_another(root: Path) -> bool:
    """Whether another user laid the lessons out. An administrator may act for anybody."""
    return hasattr(os, "geteuid") and os.geteuid() not in (0, (root / NOTE).stat().st_uid)
