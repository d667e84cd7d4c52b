"""Where the course lies (the folder that holds `course.py`, `source/` and `lessons/`), and what the machine gives it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


class NoCourseHere(Exception):
    """The package is installed, but the folder with the lessons cannot be found."""


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
        "Change into your copy of the course and run the command there."
    )


def clone() -> Path | None:
    """The clone that the package was installed from, if it was."""
    folder = Path(__file__).resolve().parents[1]
    return folder if is_course(folder) else None


def is_course(folder: Path) -> bool:
    return (folder / "course.py").is_file() and (folder / "environment.yml").is_file()


def source_root(given: Path | None = None) -> Path:
    """The folder whose source/ is to be built: the given one, or the nearest at or above the working folder."""
    places = [given.resolve()] if given else [Path.cwd(), *Path.cwd().parents]
    for place in places:
        if (place / "source").is_dir():
            return place
    raise NoCourseHere(
        f"there is no source/ folder in {places[0]}. Go to the course's folder, or name it with --root."
    )


def cores() -> int:
    """The cores that this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def with_quiet_blas(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with one BLAS thread, unless the person has chosen otherwise.

    The course's matrices are small. On a busy machine threads that wait for each other cost more than they give:
    a full-batch product on the digits was once seen to take 15 s with two threads.
    """
    quiet = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    return {**quiet, **environment}
