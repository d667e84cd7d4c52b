"""`optcourse build`: source/NN_name.py becomes lessons/NN_name.ipynb, solutions/NN_name.ipynb and a module of answers.

The first figure of a lesson is the picture on its first screen (covers.py).
The modules of the live figures become the one script that a browser is given (join.py).

Learners work in lessons/ (blanks), lecturers run solutions/ (answers). So a notebook that somebody has run or
edited is never written over, unless with --force, and then a dated copy is kept in backups/.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from optcourse.explorers.still import picture, words_of
from optcourse.files import write_whole
from optcourse.place import NoCourseHere, source_root

from . import answers as answer_modules
from . import colab, covers, join
from . import notebook as nb
from .prose import check_prose
from .rules import check_rules
from .source import Lesson, Problem, read_lesson

FOLDERS = {"lessons": False, "solutions": True}  # folder: with answers?


class BuildError(Exception):
    """The command cannot do anything; the text says why, and what to do."""


@dataclass
class Result:
    """What a build or a check did: paths from the course's root, and what a person still has to mend."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code: 0 all is well, 1 something to mend, 2 the command cannot run."""
    arguments = parser().parse_args(argv)
    try:
        root = source_root(arguments.root)
        if arguments.check:
            result = check(root, arguments.lessons)
        else:
            if arguments.covers:
                draw_covers(root, read_lessons(root, arguments.lessons)[1])
            result = build(root, arguments.lessons, force=arguments.force)
    except (BuildError, NoCourseHere) as error:
        print(f"optcourse build: {error}", file=sys.stderr)
        return 2
    report(result, arguments.check)
    return 1 if result.problems else 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse build", description="Make lessons/ and solutions/ from source/."
    )
    parser.add_argument("lessons", nargs="*", help="lessons to build, as 03 or 03_name (default: all)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a notebook or a source needs work"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="also write over notebooks that somebody worked in (a copy is kept)",
    )
    parser.add_argument(
        "--covers", action="store_true", help="also draw the pictures on the lessons' first screens anew"
    )
    parser.add_argument("--root", type=Path, help="the course's folder (default: the one around this folder)")
    return parser


def read_lessons(root: Path, names: Sequence[str]) -> tuple[list[Lesson], list[Lesson]]:
    """All lessons, in order and with their problems, and those of them that were asked for."""
    lessons = [read_lesson(path) for path in sorted((root / "source").glob("*.py"))]
    check_rules(lessons)
    covers.check(lessons)
    for name in names:
        if not any(is_called(lesson, name) for lesson in lessons):
            there_are = ", ".join(lesson.name for lesson in lessons) or "none"
            raise BuildError(f"there is no lesson {name!r} in source/. There are: {there_are}.")
    chosen = [lesson for lesson in lessons if not names or any(is_called(lesson, name) for name in names)]
    return lessons, chosen


def is_called(lesson: Lesson, name: str) -> bool:
    return name in (lesson.number, lesson.name, lesson.path)


def problems_of(lessons: list[Lesson]) -> list[Problem]:
    found = [problem for lesson in lessons for problem in lesson.problems]
    return sorted(found, key=lambda problem: (problem.path, problem.line or 0))


def build(root: Path, names: Sequence[str] = (), force: bool = False) -> Result:
    """Write the notebooks of the lessons named (all, if none); nothing while a source has a problem."""
    lessons, chosen = read_lessons(root, names)
    scripts, unjoined = join.scripts(root)
    made = answer_files(root, chosen) + colab_files(root, chosen) + scripts
    result = Result(problems=problems_of(chosen) + unjoined)
    if result.problems:
        return result
    for lesson in chosen:
        for folder, answers in FOLDERS.items():
            path, text = root / folder / f"{lesson.name}.ipynb", nb.notebook_text(lesson, answers)
            if may_replace(root, path, text, lesson.path, force, result):
                write(path, text)
                result.written.append(relative(root, path))
    for path, text in made:
        if path.exists() and read_text(path) == text:
            result.unchanged.append(relative(root, path))
        else:
            write(path, text)
            result.written.append(relative(root, path))
    if not names:
        remove_orphans(root, lessons, force, result)
        for path in stray_files(root, lessons):
            path.unlink()
            result.removed.append(relative(root, path))
    return result


def draw_covers(root: Path, lessons: list[Lesson]) -> None:
    """Draw the first figure of each lesson anew."""
    for lesson in lessons:
        explorer, path = covers.explorer_of(lesson), covers.place(root, lesson)
        if explorer is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture(explorer.frame(), words=words_of(explorer)))
            print(f"drawn: {relative(root, path)}")


def answer_files(root: Path, lessons: list[Lesson]) -> list[tuple[Path, str]]:
    """The modules of answers, where the package itself lies in `root`; a copy of the course beside a package has none."""
    folder = root / answer_modules.FOLDER
    if not folder.is_dir():
        return []
    texts = [(lesson, answer_modules.answers_text(lesson)) for lesson in lessons]
    return [(folder / answer_modules.file_name(lesson), text) for lesson, text in texts if text]


def colab_files(root: Path, lessons: list[Lesson]) -> list[tuple[Path, str]]:
    """The notebooks for Google Colab, where the course has a folder for them."""
    folder = root / colab.FOLDER
    if not folder.is_dir():
        return []
    texts = [(lesson, colab.notebook_text(lesson)) for lesson in lessons]
    return [(folder / f"{lesson.name}.ipynb", text) for lesson, text in texts if text]


def stray_files(root: Path, lessons: list[Lesson]) -> list[Path]:
    """Modules of answers whose lesson is gone or no longer asks for a function, and notebooks for Colab without a lesson."""
    made = {path for path, _ in answer_files(root, lessons) + colab_files(root, lessons)}
    found = {*(root / answer_modules.FOLDER).glob("lesson_*.py"), *(root / colab.FOLDER).glob("*.ipynb")}
    return sorted(found - made)


def may_replace(root: Path, path: Path, text: str, source: str, force: bool, result: Result) -> bool:
    """Whether a notebook is to be written; what is kept, refused or left alone goes into `result`."""
    if not path.exists():
        return True
    found = read_text(path)
    if found == text:
        result.unchanged.append(relative(root, path))
        return False
    return may_lose(root, path, nb.sign_of_work(nb.parse(found)), source, force, result)


def may_lose(root: Path, path: Path, work: str | None, source: str, force: bool, result: Result) -> bool:
    if work is None:
        return True
    if force:
        result.backups.append(keep_copy(root, path))
        return True
    result.problems.append(
        Problem(
            relative(root, path),
            None,
            f"left as it is, because it may hold somebody's work: {work}. "
            f"To change the lesson, edit {source}. To make the notebook anew, add --force: "
            "a dated copy is then kept in backups/.",
        )
    )
    return False


def remove_orphans(root: Path, lessons: list[Lesson], force: bool, result: Result) -> None:
    """Remove notebooks that we made from a source that is gone. All others belong to a person."""
    for path, source in orphans(root, lessons):
        if may_lose(root, path, nb.sign_of_work(nb.parse(read_text(path))), source, force, result):
            path.unlink()
            result.removed.append(relative(root, path))


def orphans(root: Path, lessons: list[Lesson]) -> list[tuple[Path, str]]:
    """Notebooks that a build has made, each with its source that is gone. A copy under another name is a person's own."""
    sources = {lesson.path for lesson in lessons}
    found = []
    for path in sorted(path for folder in FOLDERS for path in (root / folder).glob("*.ipynb")):
        source = nb.made_from(nb.parse(read_text(path)))
        if source == f"source/{path.stem}.py" and source not in sources:
            found.append((path, source))
    return found


def check(root: Path, names: Sequence[str] = ()) -> Result:
    """Write nothing; report what is wrong in the sources, and which notebooks differ from what the sources give."""
    lessons, chosen = read_lessons(root, names)
    # A broken source gives nothing to compare with.
    sound = [lesson for lesson in chosen if not lesson.problems]
    check_prose(lessons, root)
    scripts, unjoined = join.scripts(root)
    made = answer_files(root, sound) + colab_files(root, sound) + scripts
    result = Result(problems=problems_of(chosen) + unjoined)
    for lesson in sound:
        for folder, answers in FOLDERS.items():
            check_notebook(root, root / folder / f"{lesson.name}.ipynb", lesson, answers, result)
    for path, text in made:
        if path.exists() and read_text(path) == text:
            result.unchanged.append(relative(root, path))
        else:
            message = "this is not what its source gives. It is made, not edited: run 'optcourse build'."
            result.problems.append(Problem(relative(root, path), None, message))
    if not names:
        for path in stray_files(root, lessons):
            message = "there is no lesson in source/ that gives this file. Run 'optcourse build'."
            result.problems.append(Problem(relative(root, path), None, message))
        for path, source in orphans(root, lessons):
            message = (
                f"this source is gone, but {relative(root, path)} is still there. Run 'optcourse build'."
            )
            result.problems.append(Problem(source, None, message))
    return result


def check_notebook(root: Path, path: Path, lesson: Lesson, answers: bool, result: Result) -> None:
    name, wanted = relative(root, path), nb.notebook_text(lesson, answers)
    if not path.exists():
        result.problems.append(
            Problem(lesson.path, None, f"{name} has not been made. Run 'optcourse build'.")
        )
        return
    found = read_text(path)
    if found == wanted:
        result.unchanged.append(name)
        return
    notebook = nb.parse(found)
    if nb.sign_of_work(notebook) is None:
        advice = "It was made from an earlier source: run 'optcourse build'."
    else:
        advice = (
            f"Notebooks are made, not edited: put the change into {lesson.path}, then run "
            "'optcourse build --force' (it keeps a copy). If it is your own work, leave it."
        )
    difference = nb.first_difference(notebook, nb.parse(wanted))
    result.problems.append(
        Problem(lesson.path, None, f"{name} is not what this source gives: {difference}. {advice}")
    )


def read_text(path: Path) -> str:
    # A build never writes bytes that are not UTF-8. Replaced, they make the file differ, and that is enough.
    return path.read_bytes().decode("utf-8", errors="replace")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    write_whole(path, text)


def keep_copy(root: Path, path: Path) -> str:
    """Copy a notebook into backups/ under a name that says when, and that no other copy has."""
    folder = root / "backups"
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    stem = f"{path.parent.name}_{path.stem}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
    copy, count = folder / f"{stem}.ipynb", 1
    while copy.exists():
        count += 1
        copy = folder / f"{stem}_{count}.ipynb"
    shutil.copy2(path, copy)
    return relative(root, copy)


def relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def report(result: Result, checked: bool) -> None:
    for problem in result.problems:
        print(problem, file=sys.stderr)
    for copy in result.backups:
        print(f"kept a copy: {copy}")
    for what in ("written", "removed"):
        for path in getattr(result, what):
            print(f"{what}: {path}")
    state = "as their sources give them" if checked else "up to date already"
    count = len(result.unchanged)
    print(f"optcourse build: {len(result.written)} written, {len(result.removed)} removed, {count} {state}.")
    if result.problems:
        print(f"optcourse build: {len(result.problems)} to mend, listed above.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
