"""`optcourse nbgrader FOLDER`: the lessons as a course for nbgrader, for those who run one already.

Each lesson becomes one assignment, FOLDER/source/NN_name/NN_name.ipynb. Answers keep their BEGIN/END SOLUTION, so that nbgrader
makes the blanks; each check becomes a locked test cell with the points of its exercise.

What lies in FOLDER belongs to the instructor. A notebook is written only where there is none, or where the one there is
still as this command made it (its fingerprint says so). Nothing else is ever touched: not gradebook.db, not submitted/.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optcourse import exercises
from optcourse.authoring import notebook as nb
from optcourse.authoring.build import BuildError, problems_of, read_lessons, read_text, write
from optcourse.authoring.covers import add_cover
from optcourse.authoring.source import BLANK, Cell, Lesson
from optcourse.place import NoCourseHere, clone, source_root

SCHEMA = 3  # of nbgrader's metadata, since nbgrader 0.6
NOTE = (
    "optcourse.json"  # what this command has to remember; it also says that this command laid the folder out
)
CONFIG = "nbgrader_config.py"
COURSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LINK_TO_LESSON = re.compile(r"\]\((\d\d_[a-z0-9_]+)\.ipynb")
HIDDEN_FAILED = "The cases that you can see are right, but others of the same kind are not."

DESCRIPTION = "Lay the lessons out as a course for nbgrader: one assignment a lesson."
EPILOG = """\
nbgrader runs the tests and the submission in one process, without a sandbox. A submission can change what a test means, read the
hidden tests, and write into other students' files. Of 74 trial submissions, 13 got marks that they had not earned, 20 got no
mark, and 4 did damage outside. `optcourse grade FOLDER/submitted` keeps the two apart: it marks what nbgrader has collected.
"""


class Refused(Exception):
    """The command would spoil something, or makes no sense; the text says why, and how to go on."""


@dataclass
class Result:
    """What was done, as paths within FOLDER."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


# -- the command ----------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code: 0 all is well, 1 refused, 2 the command cannot run."""
    options = parser().parse_args(argv)
    try:
        # The clone goes first: an nbgrader course also has a source/.
        root = source_root(options.root or clone())
        lessons = chosen_lessons(root, options.lesson)
        result = lay_out(lessons, options.folder, options.course_id)
    except (BuildError, NoCourseHere) as error:
        print(f"optcourse nbgrader: {error}", file=sys.stderr)
        return 2
    except Refused as refusal:
        print(f"optcourse nbgrader: {refusal}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"optcourse nbgrader: {error.filename} cannot be written ({error.strerror}). Name a folder of your own.",
            file=sys.stderr,
        )
        return 1
    report(result, options.folder, lessons)
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="optcourse nbgrader", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder, or one laid out before")
    parser.add_argument(
        "--lesson",
        nargs="+",
        action="extend",
        default=[],
        metavar="NN",
        help="lay out these lessons only, as 03 or 03_name",
    )
    parser.add_argument(
        "--course-id", metavar="ID", help="nbgrader's name of the course (default: optcourse)"
    )
    parser.add_argument(
        "--root", type=Path, metavar="DIR", help="the course's own folder, which holds source/"
    )
    return parser


def chosen_lessons(root: Path, names: Sequence[str]) -> list[Lesson]:
    _, chosen = read_lessons(root, names)
    problems = problems_of(chosen)
    if problems:
        raise Refused(f"a source has to be mended first (`optcourse build --check` lists all): {problems[0]}")
    return chosen


def report(result: Result, folder: Path, lessons: list[Lesson]) -> None:
    for path in result.written:
        print(f"written: {path}")
    for path in result.kept:
        print(f"left as you edited it: {path}")
    print(
        f"optcourse nbgrader: {len(result.written)} written, {len(result.unchanged)} up to date already, in {folder}"
    )
    if importlib.util.find_spec("nbgrader") is None:
        print(
            "nbgrader itself, which takes it from here, is not installed: "
            f"`python3 course.py nbgrader {folder}` installs it."
        )
    if sys.prefix != sys.base_prefix and os.name == "posix":  # nbgrader looks for its helpers on the path
        print(f"Next: source {sys.prefix}/bin/activate")
    print(f"Then, in {folder}: nbgrader generate_assignment {lessons[0].name}")


# -- writing --------------------------------------------------------------------------------------------


def lay_out(lessons: Sequence[Lesson], folder: Path, course_id: str | None = None) -> Result:
    """Write the course into the folder. Raises Refused, with nothing written, where something is in the way."""
    if course_id is not None and not COURSE_ID.fullmatch(course_id):
        raise Refused(f"a course id has letters, digits, '_', '-' and '.' only; {course_id!r} has others.")
    note = read_note(folder, course_id)
    wanted = {
        f"source/{lesson.name}/{lesson.name}.ipynb": notebook_text(lesson, note["seed"]) for lesson in lessons
    }
    result, in_the_way = Result(), []
    for path, text in wanted.items():
        if not (folder / path).exists():
            result.written.append(path)
        elif (found := read_text(folder / path)) == text:
            result.unchanged.append(path)
        elif (work := sign_of_work(nb.parse(found))) is None:
            result.written.append(path)
        else:
            in_the_way.append(f"{path} ({work})")
    if in_the_way:
        raise Refused(
            f"nothing was written, because this may be your work: {', '.join(in_the_way)}. To have it made anew, "
            "move that file away first. To lay out other lessons only, name them with --lesson."
        )
    save(folder / NOTE, json.dumps(note, indent=1, sort_keys=True) + "\n")
    lay_out_config(folder, note["course_id"], result)
    for path in result.written:
        if path in wanted:
            save(folder / path, wanted[path])
    return result


def read_note(folder: Path, course_id: str | None) -> dict[str, Any]:
    """The course's id and the seed of its hidden tests: from the folder, or new ones for a new folder."""
    path = folder / NOTE
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file. Name a new folder.")
    if not path.exists():
        found = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
        if found:
            some = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
            raise Refused(
                f"{folder} holds other things ({some}), so nothing was written. Name a new folder. To add lessons "
                "to a course of your own, copy what you need from the new folder's source/ into yours."
            )
        return {"course_id": course_id or "optcourse", "seed": secrets.randbits(48)}
    try:
        note = json.loads(read_text(path))
        note = {"course_id": str(note["course_id"]), "seed": int(note["seed"])}
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} cannot be read any more. Bring it back, or name a new folder.") from error
    if course_id not in (None, note["course_id"]):
        raise Refused(
            f"{folder} is the course {note['course_id']!r}; a gradebook may know it by that name. "
            f"Lay {course_id!r} out in a folder of its own."
        )
    return note


def lay_out_config(folder: Path, course_id: str, result: Result) -> None:
    path, text = folder / CONFIG, config_text(course_id)
    if not path.exists():
        save(path, text)
        result.written.insert(0, CONFIG)
    else:
        (result.unchanged if read_text(path) == text else result.kept).append(CONFIG)


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or read_text(path) != text:
        write(path, text)


def config_text(course_id: str) -> str:
    return f"""\
# Made by `optcourse nbgrader`, and yours to edit: it is never written over.
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {json.dumps(course_id)}
# The blank that the lessons use. The checks know it, and say "not started".
c.ClearSolutions.code_stub = {{"python": {json.dumps(BLANK)}}}
# A learner's own progress stays where it is.
c.CourseDirectory.ignore.append(".optcourse")
# Seconds a cell (some train a network), and to wait for what it shows (a busy machine is slow with figures).
c.Execute.timeout = 120
c.Execute.iopub_timeout = 30
"""


# -- the notebooks --------------------------------------------------------------------------------------


def notebook_text(lesson: Lesson, seed: int) -> str:
    """The notebook file of a lesson with answers, tests and nbgrader's metadata: the same text every time."""
    given = names_from_the_course(lesson)
    shown = [cell for cell in lesson.cells if not cell.is_note]  # a speaker's notes are not for students
    cells = [
        notebook_cell(cell, cell_id, given, seed)
        for cell, cell_id in zip(shown, nb.cell_ids(lesson), strict=True)
    ]
    add_cover(lesson, cells)
    metadata = {
        "kernelspec": nb.KERNEL,
        "language_info": {"name": "python"},
        "optcourse": {"fingerprint": fingerprint(cells), "source": lesson.path},
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def notebook_cell(cell: Cell, cell_id: str, given: set[str], seed: int) -> dict[str, Any]:
    made = nb.notebook_cell(cell, cell_id, answers=False)
    text = "\n".join(cell.lines)
    if cell.kind == "markdown":
        # Each assignment has a folder of its own; a link to another lesson leads from folder to folder.
        text = LINK_TO_LESSON.sub(r"](../\1/\1.ipynb", text)
    elif cell.regions:
        made["metadata"]["nbgrader"] = marks(f"{cell_id}-answer", solution=True)
    elif found := find_check(text):
        exercise = exercises.get(found.exercise)
        text = test_text(text, found, seed if exercise.kind == "function" else None)
        made["metadata"]["nbgrader"] = marks(exercise.id, grade=True, locked=True, points=exercise.points)
        # JupyterLab's "Run All Cells" goes on after a test that fails.
        made["metadata"]["tags"] = [*made["metadata"].get("tags", []), "raises-exception"]
    elif only_shows(text, given):
        made["metadata"]["nbgrader"] = marks(cell_id, locked=True)
    made["source"] = text.splitlines(keepends=True)
    return made


def marks(
    grade_id: str,
    *,
    solution: bool = False,
    grade: bool = False,
    locked: bool = False,
    points: int | None = None,
) -> dict[str, Any]:
    """nbgrader's metadata of one cell."""
    found = {"grade": grade, "grade_id": grade_id, "locked": locked, "schema_version": SCHEMA}
    found |= {"solution": solution, "task": False}
    return found if points is None else {**found, "points": points}


@dataclass(frozen=True)
class Check:
    """A cell that asks for the check of an exercise: `check("03-saddle", f)` or `verdict = check(...)`."""

    exercise: str
    call: ast.Call
    name: str  # of the variable that holds the feedback


def find_check(text: str) -> Check | None:
    """The check of a cell that holds nothing else. A check inside an `if` does not count."""
    for statement in ast.parse(text).body:
        call = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
            name = statement.targets[0].id if isinstance(statement, ast.Assign) else "feedback"
            return Check(ast.literal_eval(call.args[0]), call, name)
    return None


def test_text(text: str, check: Check, seed: int | None) -> str:
    """The test cell: it shows the check's feedback, and fails with the feedback's sentence."""
    call = ast.get_source_segment(text, check.call)
    lines = [
        f"{check.name} = {call}",
        f"display({check.name})",
        f"assert {check.name}.passed, {check.name}.sentence",
    ]
    if seed is not None:
        lines += [
            "### BEGIN HIDDEN TESTS",
            f"assert {call.removesuffix(')')}, seed={seed}).passed, (",
            f'    "{HIDDEN_FAILED}"',
            ")",
            "### END HIDDEN TESTS",
        ]
    return "\n".join(lines)


def names_from_the_course(lesson: Lesson) -> set[str]:
    """The names that a lesson's cells import from optcourse: explorers, hints, quizzes and so on."""
    statements = [
        s for cell in lesson.cells if cell.kind == "code" for s in ast.parse("\n".join(cell.lines)).body
    ]
    return {
        alias.asname or alias.name
        for statement in statements
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "optcourse"
        for alias in statement.names
    }


def only_shows(text: str, given: set[str]) -> bool:
    """Whether a cell only imports, or only shows what the course gives. Such a cell is there to be run, not edited."""

    def shows(statement: ast.stmt) -> bool:
        call = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in given

    return all(isinstance(s, (ast.Import, ast.ImportFrom)) or shows(s) for s in ast.parse(text).body)


# -- is it still as we made it? ---------------------------------------------------------------------------


def fingerprint(cells: list[dict[str, Any]]) -> str:
    """A digest of what an instructor could have changed: the text of the cells, and points and locks."""
    changed = [cell["metadata"].get("nbgrader") for cell in cells]
    return hashlib.sha256(json.dumps([nb.fingerprint(cells), changed], sort_keys=True).encode()).hexdigest()[
        :16
    ]


def sign_of_work(notebook: dict[str, Any] | None) -> str | None:
    """Why a notebook may hold the instructor's work, or None when it is as we made it."""
    if notebook is None:
        return "it is not a notebook that can be read"
    if nb.made_from(notebook) is None:
        return "optcourse did not make it"
    if found := nb.sign_of_run(notebook["cells"]):
        return found
    unchanged = nb.our_metadata(notebook).get("fingerprint") == fingerprint(notebook["cells"])
    return None if unchanged else "its cells have been edited"


if __name__ == "__main__":
    sys.exit(main())
