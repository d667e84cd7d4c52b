"""What a learner has done, kept in their own folder: one JSON object a line in `.optcourse/progress.jsonl`.

A file that cannot be written or read stops nothing: one line says so. In a cell, `optcourse.progress()`
shows the table; in a terminal, `optcourse progress`. How the file is kept: journal.py.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

from optcourse import journal, saved
from optcourse.lessons import title_of

_said: set[str] = set()


# -- writing ------------------------------------------------------------------------------------------


def record(kind: str, id: str, **fields: Any) -> bool:
    """Add one event; False (and one line, once) where the folder cannot be written.

    Args:
        kind: "check", "hint", "predict", "quiz" or "name".
        id: the exercise, prediction, quiz or name.
        fields: what else there is to keep; it must be JSON data.
    """
    try:
        journal.append(file(), {"time": now(), "kind": kind, "id": id, **fields})
    except OSError as error:
        say_once(f"Your progress cannot be kept in {file()} ({error.strerror or error}); all else works.")
        return False
    return True


def home() -> Path:
    """The learner's folder: OPTCOURSE_HOME, else the nearest one upwards that has `lessons/`, else here.

    In `solutions/` beside it the answers are ours, not the learner's: what is done there is kept there.
    """
    if os.environ.get("OPTCOURSE_HOME"):
        return Path(os.environ["OPTCOURSE_HOME"])
    try:
        here = Path.cwd()
    except OSError:  # the folder that we are in was deleted
        here = Path()
    # Not Path.is_dir(): that raises where a folder on the way may not be looked into.
    for folder in (here, *here.parents):
        if os.path.isdir(folder / "lessons"):
            return folder
        if folder.name == "solutions" and os.path.isdir(folder.parent / "lessons"):
            return folder
    return here


def file() -> Path:
    return home() / ".optcourse" / "progress.jsonl"


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def say_once(line: str) -> None:
    """Print a line, but the same one only once."""
    if line not in _said:
        _said.add(line)
        print(line)


# -- whose numbers ------------------------------------------------------------------------------------

KEY_FILE = "course-key.txt"
LONGEST_KEY = 200


class BadKey(Exception):
    """The course key cannot be read; the text is a sentence for the learner."""


def course_key() -> str | None:
    """The course key that came with the lessons; None where there is none, and everybody has the numbers of the text."""
    place = home() / KEY_FILE
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(
            f"The course key in {place} cannot be read. Ask whoever gave you the course for it."
        ) from error
    return one_line(text, str(place))


def one_line(text: str, place: str) -> str:
    """A course key, which is one line."""
    lines = text.strip().splitlines()
    if len(lines) != 1 or len(lines[0]) > LONGEST_KEY:
        what = (
            "is empty"
            if not lines
            else f"has {len(lines)} lines"
            if len(lines) > 1
            else "has a very long line"
        )
        raise BadKey(f"{place} {what}; it must hold the course key, one line of at most {LONGEST_KEY} signs.")
    return lines[0].strip()


def my_name(name: str) -> None:
    """Say once who you are, in a course that gives everybody numbers of their own. It is kept with your progress."""
    if not isinstance(name, str) or not name.strip() or len(name) > 80 or not name.strip().isprintable():
        print('Write your name between quotes, in one line of at most 80 letters: my_name("Ada Lovelace")')
        return
    if record("name", name.strip()):
        print(f"Your numbers are those of {name.strip()} from now on. Run your checks again.")


def name_given() -> str | None:
    """The name that was said last."""
    names = [e["id"] for e in events() if e["kind"] == "name" and isinstance(e["id"], str)]
    return names[-1] if names else None


# -- reading ------------------------------------------------------------------------------------------


def events() -> list[dict]:
    """Every event so far. A broken file is set aside with a date; its good lines are kept."""
    try:
        reading = journal.read(file())
    except OSError as error:
        say_once(f"Your progress in {file()} cannot be read ({error.strerror or error}); all else works.")
        return []
    for remark in reading.remarks:
        say_once(remark)
    return reading.events


def prediction_made(id: str) -> dict | None:
    """The event of the commitment to a prediction, the first one if there are several; None before it."""
    return next((e for e in events() if e["kind"] == "predict" and e["id"] == id), None)


# -- the table ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LessonProgress:
    """One lesson: exercises passed of all, points of all, hints, predictions right of made, the quiz."""

    lesson: str
    title: str
    passed: int
    exercises: int
    points: int
    max_points: int
    hints: int
    predictions_right: int
    predictions_made: int
    predictions: int
    quiz: str
    begun: bool = False

    @property
    def done(self) -> bool:
        return self.exercises > 0 and self.passed == self.exercises

    def cells(self) -> tuple[str, ...]:
        mark = "✔ done" if self.done else "◐ begun" if self.begun else "○ not yet"
        made = f"{self.predictions_made} of {self.predictions} made, {self.predictions_right} right"
        return (
            self.title,
            mark,
            f"{self.passed} of {self.exercises}",
            f"{self.points} of {self.max_points}",
            str(self.hints),
            made if self.predictions else "–",
            self.quiz,
        )


HEADINGS = ("Lesson", "Done", "Exercises", "Points", "Hints", "Predictions", "Quiz")


@dataclass(frozen=True)
class Progress:
    """Everything so far, and what comes next."""

    lessons: tuple[LessonProgress, ...]
    next: str
    outcomes: tuple[str, ...] = field(default=())  # predictions against what came out, one line each

    def __str__(self) -> str:
        rows = [HEADINGS, *(lesson.cells() for lesson in self.lessons)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(HEADINGS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        if self.outcomes:
            lines += ["", "Your predictions, and what came out:", *(f"  {line}" for line in self.outcomes)]
        return "\n".join([*lines, "", f"Next: {self.next}"])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        head = "".join(f'<th scope="col" style="text-align:left">{escape(h)}</th>' for h in HEADINGS)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in lesson.cells())
            + "</tr>"
            for lesson in self.lessons
        )
        outcomes = ""
        if self.outcomes:
            items = "".join(f"<li>{escape(line)}</li>" for line in self.outcomes)
            outcomes = (
                f"<details><summary>Your predictions, and what came out</summary><ul>{items}</ul></details>"
            )
        table = (
            f"<table><caption style='text-align:left'>Your progress</caption><tr>{head}</tr>{body}</table>"
        )
        html = f"<div>{table}{outcomes}<p><strong>Next:</strong> {escape(self.next)}</p></div>"
        return {"text/html": html, "text/plain": str(self)}


def progress() -> Progress:
    """What is done, hints used, predictions against outcomes, and what comes next."""
    from optcourse import exercises

    log = events()
    passed = _passed(log)
    rows = [_lesson_row(lesson, log, passed) for lesson in exercises.lessons()]
    return Progress(tuple(rows), _next(passed), tuple(_outcome_lines(log)))


def _passed(log: list[dict]) -> set[str]:
    """Once passed, an exercise stays passed."""
    return {e["id"] for e in log if e["kind"] == "check" and e.get("status") == "passed"}


def _lesson_row(lesson: str, log: list[dict], passed: set[str]) -> LessonProgress:
    from optcourse import exercises

    module = exercises.module(lesson)
    mine, guesses = module.EXERCISES, module.PREDICTIONS
    ids, guess_ids = {e.id for e in mine}, {p.id for p in guesses}
    made: dict[str, bool] = {}
    for event in log:
        if event["kind"] == "predict" and event["id"] in guess_ids:
            made.setdefault(event["id"], bool(event.get("right")))
    hints = {(e["id"], e.get("number")) for e in log if e["kind"] == "hint" and e["id"] in ids}
    return LessonProgress(
        lesson,
        title_of(lesson),
        passed=len(ids & passed),
        exercises=len(mine),
        points=sum(e.points for e in mine if e.id in passed),
        max_points=sum(e.points for e in mine),
        hints=len(hints),
        predictions_right=sum(made.values()),
        predictions_made=len(made),
        predictions=len(guesses),
        quiz=_quiz_text(module.QUIZ, log),
        begun=any(_shows_work(event) for event in log if event["id"][:2] == lesson),
    )


def _shows_work(event: dict) -> bool:
    """Running an untouched notebook checks its blanks; that does not begin a lesson."""
    return event["kind"] != "check" or event.get("status") != "not started"


def _quiz_text(quiz: Any, log: list[dict]) -> str:
    if quiz is None:
        return "–"
    asked = range(len(quiz.questions))
    first: dict[int, bool] = {}
    for event in log:
        if event["kind"] == "quiz" and event["id"] == quiz.id and event.get("question") in asked:
            first.setdefault(event.get("question"), bool(event.get("right")))
    return f"{len(first)} of {len(quiz.questions)} answered, {sum(first.values())} right at once"


def _next(passed: set[str]) -> str:
    from optcourse import exercises

    for exercise in exercises.all_exercises():
        if exercise.id not in passed:
            return f'"{exercise.title}" ({exercise.id}) in lesson {title_of(exercise.lesson)}'
    return "nothing is left: every exercise is right. Try a race of your own."


def _outcome_lines(log: list[dict]) -> Iterator[str]:
    seen = set()
    for event in log:
        if event["kind"] == "predict" and event["id"] not in seen:
            seen.add(event["id"])
            word = "right" if event.get("right") else "not so"
            yield f"{event['id']}: you said {event.get('guess')}, it is {event.get('answer')} ({word})"


def main(argv: Sequence[str] | None = None) -> int:
    """`optcourse progress`: print the table of this folder."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="optcourse progress", description="What you have done, and what comes next."
    )
    parser.add_argument("--json", action="store_true", help="every event as JSON, for other programs")
    parser.add_argument(
        "--load",
        type=Path,
        metavar="FILE",
        help="add what was done on the web site: progress.jsonl, or a lesson that was saved there",
    )
    options = parser.parse_args(argv)
    if options.load and (trouble := load(options.load)):
        print(f"optcourse progress: {trouble}", file=sys.stderr)
        return 2
    if not options.json:
        print(progress())
        return 0
    with contextlib.redirect_stdout(sys.stderr):  # remarks about the file are not JSON
        log = events()
    print(json.dumps(log, indent=1))  # ASCII, so that no terminal or pipe can spoil it
    return 0


def load(path: Path) -> str:
    """Add the progress that was kept in another place, and say how much that was. Returns what is wrong, "" where it was done."""
    try:
        with path.open("rb") as given:
            data = given.read(journal.READ_LIMIT + 1)
        if len(data) > journal.READ_LIMIT:
            return f"{path} has more than {journal.READ_LIMIT:,} bytes; no progress is that long. Nothing was added."
        inside = saved.progress_in(data)
        taken = journal.take_in(file(), data if inside is None else inside)
    except OSError as error:
        return f"{error.filename or file()} cannot be used ({error.strerror or error}). Nothing was added."
    if not taken.added and not taken.known:
        what = "holds no progress" if inside is None else "was saved before anything was answered"
        return f"{path} {what}: name the progress.jsonl of the site's first page, or a lesson that was saved from its page."
    say = [f"{taken.added} answers added to your progress, {taken.known} were there already."]
    if taken.broken:
        say.append(f"{taken.broken} lines of {path.name} are not understood and were left out.")
    if saved.is_damaged(data):
        say.append(f"{path.name}: {saved.CHANGED[0].lower()}{saved.CHANGED[1:]}")
    print("\n".join(say), file=sys.stderr)
    return ""


class _CallableModule(ModuleType):
    """`optcourse.progress` is this module and a function too: importing the one must not hide the other."""

    def __call__(self) -> Progress:
        return progress()


sys.modules[__name__].__class__ = _CallableModule

if __name__ == "__main__":
    sys.exit(main())
