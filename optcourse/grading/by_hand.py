"""What a person decides: points and comments by hand, one at a time or in a table, and what still waits for them.

`by_hand.csv` in the marks folder adds tasks that only a person can read, such as a plot or a few sentences: a row each of
exercise (`03-explain-it-back`), title, points. `manual.csv` is the table of what waits; whatever is filled in there is read back.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from optcourse.grading.gradebook import Decision, Entry, Gradebook, LessonMarks, Part, Student, lesson_parts
from optcourse.grading.names import folded
from optcourse.grading.sheets import TableError, as_written, neutral, read_rows, write_rows
from optcourse.grading.tables import number

COLUMNS = ("student", "exercise", "of", "why it waits", "file", "answer", "points", "comment")
LONGEST_ANSWER = 2000
LONGEST_COMMENT = 5000
LARGEST_PICTURES = 2_000_000  # bytes of pictures in one answer


class NotAllowed(Exception):
    """A mark that cannot be given; the text is a sentence for the person."""


def read_tasks(path: Path) -> tuple[Part, ...]:
    """The tasks of `by_hand.csv`; none where there is no such file. Raises TableError with the line that is wrong."""
    if not path.exists():
        return ()
    tasks = {}
    for line, row in enumerate(read_rows(path), 1):
        if line == 1 and row[0].casefold() == "exercise":
            continue
        where = f"{path}, row {line}"
        if len(row) != 3:
            raise TableError(f"{where}: there must be three cells: exercise, title, points.")
        id, title, points = row
        known = lesson_parts(id[:2])
        if not re.fullmatch(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*", id) or not known:
            raise TableError(
                f"{where}: {id!r} is no name for a task; write a lesson and words: 03-explain-it-back."
            )
        if id in known or id in tasks:
            raise TableError(f"{where}: {id} is there already.")
        if not points.isdecimal() or not 0 < int(points) <= 1000:
            raise TableError(f"{where}: the points must be a whole number from 1 to 1000, not {points!r}.")
        tasks[id] = Part(id, title, int(points), by_hand=True)
    return tuple(tasks.values())


# -- one mark --------------------------------------------------------------------------------------


def find_student(word: str, students: Mapping[str, Student]) -> str:
    """The student that a word means: what the file or folder is called, or a name or number that only one has."""
    if word in students:
        return word
    fits = [
        student.student
        for student in students.values()
        if folded(word) in {folded(student.student), *map(folded, student.ids.values())}
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise NotAllowed(f"{word!r} may be any of {', '.join(fits)}; write one of these.")
    near = [name for name in students if folded(word) in folded(name)][:5]
    raise NotAllowed(
        f"There is no student {word!r} in the gradebook."
        + (f" Did you mean {', '.join(near)}?" if near else "")
    )


def read_points(word: str, of: float) -> float:
    """Points that a person wrote, between nothing and all; a decimal comma is understood."""
    if not re.fullmatch(r"\d{1,6}([.,]\d{1,4})?", word):
        raise NotAllowed(f"{word!r} is no number of points.")
    points = float(word.replace(",", "."))
    if points > of:
        raise NotAllowed(f"{number(points)} is more than the {number(of)} points that there are.")
    return points


def decide(
    book: Gradebook,
    students: Mapping[str, Student],
    student: str,
    exercise: str,
    points: str,
    comment: str | None,
    why: str = "",
) -> tuple[str, str]:
    """Give a mark by hand; return the student, and a line that says what was done.

    points: a number, "auto" (the automatic mark counts again) or "same" (for a comment alone).
    comment: None keeps the one that is there.
    Raises NotAllowed.
    """
    name = find_student(student, students)
    _check_text(why)
    before = book.decisions().get((name, exercise))
    value, said = _checked(book, name, exercise, points, comment, before)
    text = (before.comment if before else "") if comment is None else comment
    book.learn({name: {}})  # somebody of the roster who handed nothing in
    book.decide(name, exercise, value, text, why)
    return name, f"{name}, {exercise}: {said}" + (", with a comment" if text else "")


def _checked(
    book: Gradebook, student: str, exercise: str, points: str, comment: str | None, before: Decision | None
) -> tuple[float | None, str]:
    """The points to be kept, and how to say it."""
    if comment is not None:
        _check_text(comment)
    parts = lesson_parts(exercise[:2], book.tasks)
    if exercise == exercise[:2] and parts:
        if points != "same":
            raise NotAllowed(
                f"{exercise} is a whole lesson: give points to its exercises ({', '.join(parts)}), or write same."
            )
        return None, "no points, as it is a whole lesson"
    if exercise not in parts:
        known = f" Lesson {exercise[:2]} has {', '.join(parts)}." if parts else ""
        raise NotAllowed(f"There is no exercise {exercise!r}.{known}")
    if points == "auto":
        return None, "the automatic mark counts"
    if points == "same":
        return (before.points if before else None), "the points stay as they are"
    value = read_points(points, parts[exercise].points)
    return value, f"{number(value)} of {number(parts[exercise].points)}"


def _check_text(text: str) -> None:
    """What is kept must be readable everywhere."""
    if len(text) > LONGEST_COMMENT:
        raise NotAllowed(f"the comment is longer than {LONGEST_COMMENT} letters.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise NotAllowed("the comment has letters that this terminal does not send as UTF-8.")


# -- the table -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Something that has no mark until a person gives one."""

    student: Student
    entry: Entry
    why: str
    file: str
    answer: Answer


def waiting(students: Mapping[str, Student], answers: Callable[[str, str], Answer]) -> list[Waiting]:
    """All that waits. `answers(file, exercise)` finds what a student wrote."""
    return [
        Waiting(
            student,
            entry,
            why_waiting(entry, marks),
            marks.file,
            answers(marks.file, entry.id) if entry.by_hand else Answer(""),
        )
        for student in students.values()
        for marks in student.lessons.values()
        for entry in marks.waiting
    ]


def why_waiting(entry: Entry, marks: LessonMarks) -> str:
    if entry.by_hand:
        return "a person reads it"
    if entry.status == "stopped":
        return f"it was stopped: {entry.visible or 'no more is known'}"
    return f"not marked: {marks.reason or 'the exercise is new'}"


def write_waiting(path: Path, found: Iterable[Waiting]) -> None:
    """The table to be filled in."""
    rows = [
        [w.student.student, w.entry.id, number(w.entry.of), w.why, w.file, w.answer.text, "", w.entry.comment]
        for w in found
    ]
    write_rows(path, [COLUMNS, *rows])


def read_back(book: Gradebook, students: Mapping[str, Student], path: Path) -> list[str]:
    """Take over what was filled in in `manual.csv`: all of it, or nothing and NotAllowed with every row that is wrong."""
    if not path.exists():
        return []
    rows = read_rows(path)
    if not rows or "points" not in rows[0] or "student" not in rows[0] or "exercise" not in rows[0]:
        raise NotAllowed(f"{path} has lost its first row (student, exercise, …, points, comment).")
    place = {name: rows[0].index(name) for name in ("student", "exercise", "points")}
    place["comment"] = rows[0].index("comment") if "comment" in rows[0] else len(rows[0])
    written, decisions, wrong, wanted = {neutral(name): name for name in students}, book.decisions(), [], []
    for line, row in enumerate(rows[1:], 2):
        cells = {name: row[k] if k < len(row) else "" for name, k in place.items()}
        student, exercise = written.get(cells["student"], cells["student"]), cells["exercise"]
        before = decisions.get((student, exercise))
        if not cells["points"] and cells["comment"] == neutral(before.comment if before else ""):
            continue
        try:
            student = find_student(student, students)
            comment = as_written(cells["comment"])
            value, said = _checked(book, student, exercise, cells["points"] or "same", comment, before)
            wanted.append((student, exercise, value, comment, said))
        except NotAllowed as error:
            wrong.append(f"row {line}: {error}")
    if wrong:
        raise NotAllowed(f"Nothing was taken from {path}: " + " ".join(wrong[:10]))
    for student, exercise, value, comment, _ in wanted:
        book.decide(student, exercise, value, comment, path.name)
    return [f"{student}, {exercise}: {said}" for student, exercise, *_, said in wanted]


@dataclass(frozen=True)
class Answer:
    """What a student handed in for a task that a person reads: text, and PNG pictures in base64."""

    text: str
    pictures: tuple[str, ...] = ()


def answer_in(data: bytes, exercise: str) -> Answer:
    """What is in the cells that carry the tag `by-hand:NN-words`: their text, what they drew, what was pasted into them."""
    try:
        cells = json.loads(data)["cells"]
        found = [cell for cell in cells if f"by-hand:{exercise}" in cell.get("metadata", {}).get("tags", [])]
        texts = [_joined(cell.get("source", "")) for cell in found]
        bundles = [output.get("data", {}) for cell in found for output in cell.get("outputs", [])]
        bundles += [bundle for cell in found for bundle in cell.get("attachments", {}).values()]
        pictures = [_joined(bundle.get("image/png", "")) for bundle in bundles]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Answer("(the notebook cannot be read)")
    if not found:
        return Answer("(no cell with this task's tag; see the notebook)")
    return Answer("\n".join(texts)[:LONGEST_ANSWER], _real_pictures(pictures))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _real_pictures(pictures: list[str]) -> tuple[str, ...]:
    """Those that are PNG files, as many as a page can bear."""
    found, room = [], LARGEST_PICTURES
    for picture in filter(None, pictures):
        try:
            data = base64.b64decode("".join(picture.split()), validate=True)
        except ValueError:
            continue
        room -= len(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n") and room >= 0:
            found.append(base64.b64encode(data).decode())
    return tuple(found)
