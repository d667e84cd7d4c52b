"""How often a student asked a check until it was right, where the notebook's progress was handed in with it.

A notebook keeps what its checks said in `.optcourse/progress.jsonl` (optcourse.progress). Where a student is a folder, that
file may lie in it, with or without its hidden folder; a lesson that was saved from its web page carries it (optcourse.saved).
It is the student's own writing: it is read as text, it earns nothing, and what makes no sense in it is passed over.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from optcourse import saved
from optcourse.grading.collecting import CannotRead, read_bytes, read_notebook

NAME = "progress.jsonl"
LARGEST = 20_000_000
MOST = 1_000  # more tries than this are a program's


def tries_of(folder: Path, file: str) -> dict[str, int]:
    """For each exercise that was solved, the number of tries up to the first right one.

    file: the notebook, from `folder` on, as a submission names it.
    """
    for place in _places(folder, file):
        if place.parent.is_symlink() or not place.is_file():
            continue
        try:
            data, _ = read_bytes(place)
        except CannotRead:
            continue
        if len(data) <= LARGEST:
            return count(data)
    return {}


def tries_in(notebook: Path) -> dict[str, int]:
    """The same of the progress that a lesson carries which was saved from its web page."""
    try:
        return count(saved.progress_in(read_notebook(notebook)) or b"")
    except CannotRead:
        return {}


def _places(folder: Path, file: str) -> list[Path]:
    """Where the progress of a notebook may lie: beside it, or further up, but inside the student's own folder."""
    above = list(PurePosixPath(file).parents)[:-1]
    return [folder / up / name for up in above for name in (f".optcourse/{NAME}", NAME)]


def count(data: bytes) -> dict[str, int]:
    tries: dict[str, int] = {}
    solved: dict[str, int] = {}
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(event, dict) or event.get("kind") != "check":
            continue
        exercise, status = event.get("id"), event.get("status")
        # an untouched cell that is run is no try
        if not isinstance(exercise, str) or status == "not started" or exercise in solved:
            continue
        tries[exercise] = tries.get(exercise, 0) + 1
        if status == "passed":
            solved[exercise] = min(tries[exercise], MOST)
    return solved
