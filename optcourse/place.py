"""Where the course lies (the folder that holds `course.py`, `source/` and `lessons/`), and what the machine gives it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Written by `optcourse lab` into a folder in which it has laid the lessons out. It stands with the lessons, not in
# .optcourse: that may be deleted, to begin afresh.
NOTE = Path("lessons", ".laid-out.json")
WHOLE_COURSE = "https://github.com/optcourse/optcourse"


class NoCourseHere(Exception):
    """The package is installed, but the folder with the lessons cannot be found, or not what a command works on."""


def course_root() -> Path:
    """The course's folder: this one, one above it, or the clone that the package was installed from.

    Raises NoCourseHere, with what to do, when there is none (a package installed from a wheel, say).
    """
    here = Path.cwd()
    if there := clone():
        return there
    for folder in (here, *here.parents):
        if is_course(folder):
            return folder
    raise NoCourseHere(
        f"There is no course in {here}: no `course.py` in it or above it. "
        "Change into your copy of the course and run the command there. "
        "In an empty folder, `optcourse lab` lays the lessons out."
    )


def clone() -> Path | None:
    """The clone that the package was installed from, if it was."""
    folder = Path(__file__).resolve().parents[1]
    return folder if is_course(folder) else None


def is_course(folder: Path) -> bool:
    return is_whole(folder) or is_laid_out(folder)


def is_whole(folder: Path) -> bool:
    """Whether it is a clone, or a copy of one, and not only lessons that an installed package has laid out."""
    return (folder / "course.py").is_file() and (folder / "environment.yml").is_file()


def is_laid_out(folder: Path) -> bool:
    return (folder / NOTE).is_file()


def root_with(part: str, command: str) -> Path:
    """The course's folder, for a command that works on this part of it. Raises NoCourseHere where the part is not there."""
    try:
        root = course_root()
    except NoCourseHere:
        root = None
    if root and (root / part).exists():
        return root
    if root and is_whole(root):
        raise NoCourseHere(
            f"`optcourse {command}` works on {part}, which was left out of this copy of the course ({root}). "
            f"The whole course has it: {WHOLE_COURSE}"
        )
    raise NoCourseHere(
        f"`optcourse {command}` works on {part} of the whole course, and an installed package has the lessons alone. "
        f"The whole course: {WHOLE_COURSE}"
    )


def in_a_shell(words: str) -> str:
    """A command of the course as one types it here."""
    if clone() is None:
        return f"optcourse {words}"
    return f"{'py' if os.name == 'nt' else 'python3'} course.py {words}"


def source_root(given: Path | None = None) -> Path:
    """The folder whose source/ is to be built: the given one, or the nearest at or above the working folder."""
    places = [given.resolve()] if given else [Path.cwd(), *Path.cwd().parents]
    for place in places:
        if (place / "source").is_dir():
            return place
    raise NoCourseHere(
        f"there is no source/ folder in {places[0]}. Go to the course's folder, or name it with --root."
        + (
            ""
            if clone()
            else f" An installed package has the lessons alone; the whole course: {WHOLE_COURSE}"
        )
    )


def cores() -> int:
    """The cores that this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spare_grammars() -> None:
    """For a process that will import nbformat, nbconvert or JupyterLab: it is there more than a second sooner.

    They import jsonschema (4.26), which builds 38 grammars for internationalized web addresses where rfc3987_syntax (1.1)
    is installed. No schema of a notebook or of the server has such an address.
    """
    sys.modules.setdefault("rfc3987_syntax", None)


def with_quiet_blas(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with one BLAS thread, unless the person has chosen otherwise.

    The course's matrices are small. On a busy machine threads that wait for each other cost more than they give:
    a full-batch product on the digits was once seen to take 15 s with two threads.
    """
    quiet = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    return {**quiet, **environment}
