"""Each student's own code as plain Python files, for the programs that compare: `optcourse grade FOLDER --code OUT`.

    OUT/ada-0123456789/03_gradient_descent.py     one folder a student: the layout that JPlag reads, and Dolos
    OUT/students.csv                              whose folder is whose

Cells that stand in the lesson as it was handed out are left out, so that what all were given is no likeness. Nothing is run.
The course measures no likeness of its own.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from optcourse.exercises import lessons
from optcourse.files import write_whole
from optcourse.grading.collecting import CannotRead, Found, Submission, read_notebook
from optcourse.grading.marking import Unreadable, find_lesson, read_cells
from optcourse.grading.sheets import write_rows
from optcourse.grading.tables import page_name
from optcourse.place import root_with

LIST = "students.csv"
# Lines for Jupyter and not for Python.
JUPYTER = re.compile(r"^\s*([%!?]|[\w.]+\?+\s*$)")


class NoPlace(Exception):
    """The files cannot be written there; the text says why, and what to do."""


def write_code(found: Found, folder: Path, out: Path, lesson: str | None) -> Iterator[str]:
    """Write the files; yields a sentence for each notebook that could not be read, and at the end how many there are."""
    if out.resolve().is_relative_to(folder):
        raise NoPlace(
            f"the code cannot go into {out}: it is inside the folder of notebooks. Name a folder beside it."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise NoPlace(f"{out} is there and not empty; name a folder that is not there yet.")
    given = {number: (path.stem, _cells(path.read_bytes())) for number, path in _handed_out()}
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows, count = {}, 0
    for submission in found.submissions:
        try:
            number, text = code_of(submission, given, lesson)
        except (CannotRead, Unreadable) as error:
            yield f"{submission.student}: {submission.file}: no code was taken out of it, {error}."
            continue
        name = page_name(submission.student).removesuffix(".html")
        home = out / name
        home.mkdir(mode=0o700, exist_ok=True)
        write_whole(home / f"{given[number][0]}.py", text, private=True)
        rows[submission.student] = [name, submission.student]
        count += 1
    write_rows(out / LIST, [["folder", "student"], *rows.values()])
    yield f"{count} files of {len(rows)} students in {out}; {LIST} says whose folder is whose."


def code_of(
    submission: Submission, given: dict[str, tuple[str, set[str]]], lesson: str | None
) -> tuple[str, str]:
    """The lesson of a notebook, and the cells in it that were not handed out, as one text."""
    if submission.refused:
        raise CannotRead(submission.refused)
    cells = read_cells(read_notebook(submission.path))
    number = lesson or find_lesson(cells)
    own = [plain(cell) for cell in cells if bare(cell) and bare(cell) not in given[number][1]]
    return number, "\n\n\n".join(own) + "\n"


def plain(cell: str) -> str:
    """A cell as Python that can be read: lines for Jupyter are comments, and so is a cell that is no Python at all."""
    lines = cell.strip().splitlines()
    without = [f"# {line}" if JUPYTER.match(line) else line for line in lines]
    return next(
        (text for text in map("\n".join, (lines, without)) if _is_python(text)),
        "\n".join(f"# {line}" for line in lines),
    )


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's odd escapes
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def bare(cell: str) -> str:
    """A cell without what does not count: blanks at the ends of lines, empty lines and comments on lines of their own."""
    lines = (line.rstrip() for line in cell.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def _handed_out() -> Iterable[tuple[str, Path]]:
    folder = root_with("lessons", "grade --code") / "lessons"
    found = {number: sorted(folder.glob(f"{number}_*.ipynb")) for number in lessons()}
    missing = [number for number, paths in found.items() if not paths]
    if missing:
        raise NoPlace(
            f"{folder} has no lesson {missing[0]}, so what was handed out cannot be told from what was written."
        )
    return [(number, paths[0]) for number, paths in found.items()]


def _cells(data: bytes) -> set[str]:
    return {bare(cell) for cell in read_cells(data)}
