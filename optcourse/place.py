"""Where the course lies: the folder that holds `course.py`, `source/` and `lessons/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class NoCourseHere(Exception):
    """The package is installed, but the folder with the lessons is not to be found."""


def course_root() -> Path:
    """The course's folder: this one, one above it, or the clone that the package was installed from.

    Raises NoCourseHere, with what to do, when there is none (a package installed from a wheel, say).
    """
    here = Path.cwd()
    clone = Path(__file__).resolve().parents[1]
    for folder in (clone, here, *here.parents):
        if (folder / "course.py").is_file() and (folder / "environment.yml").is_file():
            return folder
    raise NoCourseHere(
        f"There is no course in {here}: no `course.py` in it or above it. "
        "Change into your copy of the course and run the command there."
    )


def with_quiet_blas(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with one BLAS thread, unless the person has chosen otherwise.

    The course's matrices are small. On a busy machine threads that wait for each other cost more than they give:
    a full-batch product on the digits was once seen to take 15 s with two threads.
    """
    quiet = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    return {**quiet, **environment}
