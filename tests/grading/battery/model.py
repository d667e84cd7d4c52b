"""What a submission of the battery is: how it is made from a notebook of the course, and which mark is fair.

A submission starts as the solved notebook of a lesson (or the blank one) and goes through its changes in order. A change takes
the notebook as a dict and gives it back; `as_bytes` ends the list for what is no notebook any more.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from optcourse import exercises

ROOT = Path(__file__).resolve().parents[3]
Change = Callable[[dict], dict]


@dataclass(frozen=True)
class Fair:
    """The fair mark: full points but for `lost`, or no points but for `earned`; `refused`: no marks, a reason instead."""

    lost: tuple[str, ...] = ()
    earned: tuple[str, ...] | None = None
    refused: bool = False

    def points(self, lesson: str) -> dict[str, int]:
        wanted = exercises.module(lesson).EXERCISES
        named = set(self.lost) | set(self.earned or ())
        assert named <= {e.id for e in wanted}, f"no such exercise in lesson {lesson}: {named}"
        if self.earned is None:
            return {e.id: 0 if e.id in self.lost else e.points for e in wanted}
        return {e.id: e.points if e.id in self.earned else 0 for e in wanted}


FULL = Fair()
NOTHING = Fair(earned=())
REFUSED = Fair(refused=True)


def lost(*ids: str) -> Fair:
    """Full points but for these exercises."""
    return Fair(lost=ids)


def only(*ids: str) -> Fair:
    """Points for these exercises alone."""
    return Fair(earned=ids)


@dataclass(frozen=True)
class Submission:
    """name, lesson, the changes that make it, its fair mark, and one line that says why that is fair.

    lesson_given: the grader is told the lesson; else it finds it out. statuses: of some exercises, where it matters.
    hidden_failed: exercises that pass all visible cases and no hidden one.
    place: puts it into the student's folder where writing `student.ipynb` is not enough; returns the path to grade.
    limits: other limits than the battery's own.
    said: what student and teacher must read, among what was noted.
    """

    name: str
    lesson: str
    changes: tuple[Change, ...]
    fair: Fair
    why: str
    blank: bool = False
    lesson_given: bool = False
    statuses: dict[str, str] = field(default_factory=dict)
    hidden_failed: tuple[str, ...] = ()
    place: Callable[[Path, bytes], Path] | None = None
    limits: dict = field(default_factory=dict)
    said: tuple[str, ...] = ()

    def write(self, folder: Path, words: dict[str, str]) -> Path:
        """The submission as a file in the student's folder. `words` replace `@NAME@` in its code."""
        book = course_notebook(self.lesson, self.blank)
        for change in self.changes:
            book = change(book)
        raw = book if isinstance(book, bytes) else json.dumps(book).encode()
        for name, word in words.items():
            raw = raw.replace(f"@{name}@".encode(), word.encode())
        if self.place:
            return self.place(folder, raw)
        path = folder / "student.ipynb"
        path.write_bytes(raw)
        return path


def course_notebook(lesson: str, blank: bool = False) -> dict:
    return copy.deepcopy(_read(lesson, "lessons" if blank else "solutions"))


@functools.cache
def _read(lesson: str, room: str) -> dict:
    (path,) = (ROOT / room).glob(f"{lesson}_*.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))


# -- changes ---------------------------------------------------------------------------------------


def code_cell(source: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}


def first(source: str) -> Change:
    """One more cell before all others."""
    return lambda book: book | {"cells": [code_cell(source), *book["cells"]]}


def last(source: str) -> Change:
    """One more cell after all others."""
    return lambda book: book | {"cells": [*book["cells"], code_cell(source)]}


def at_the_end(source: str) -> Change:
    """The same, without any check before it: what it makes of the answers is all that counts."""

    def change(book: dict) -> dict:
        cells = [cell for cell in book["cells"] if not "".join(cell["source"]).startswith("check(")]
        return book | {"cells": [*cells, code_cell(source)]}

    return change


def answer(exercise: str, source: str) -> Change:
    """Other code in the cell of an exercise."""

    def change(book: dict) -> dict:
        cell_of(book, exercise)["source"] = source
        return book

    return change


def before(exercise: str, source: str) -> Change:
    """Code at the top of an exercise's cell, before what is there."""

    def change(book: dict) -> dict:
        cell = cell_of(book, exercise)
        cell["source"] = source + "\n" + "".join(cell["source"])
        return book

    return change


def after(exercise: str, source: str) -> Change:
    """Code at the end of an exercise's cell: it sees the right answer and can change or wrap it."""

    def change(book: dict) -> dict:
        cell = cell_of(book, exercise)
        cell["source"] = "".join(cell["source"]) + "\n" + source
        return book

    return change


def cell_of(book: dict, exercise: str) -> dict:
    (cell,) = [c for c in book["cells"] if f"exercise:{exercise}" in (c["metadata"].get("tags") or ())]
    return cell


def top(source: str) -> Change:
    """Code at the top of the lesson's own first cell, above its imports."""

    def change(book: dict) -> dict:
        cell = next(c for c in book["cells"] if c["cell_type"] == "code")
        cell["source"] = source + "\n" + "".join(cell["source"])
        return book

    return change


def as_bytes(change: Callable[[bytes], bytes]) -> Callable:
    """From the notebook's JSON text to whatever bytes."""
    return lambda book: change(json.dumps(book).encode())
