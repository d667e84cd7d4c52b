"""CSV files out of a gradebook: `marks.csv` for people, `canvas.csv` and `moodle.csv` for import. And the roster, which comes in.

All are UTF-8 with a byte-order mark: Excel needs it to read names right, and Canvas, Moodle and Python (`utf-8-sig`) take it.
A cell that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from optcourse import exercises
from optcourse.grading.gradebook import LessonMarks, Student, lesson_parts
from optcourse.lessons import title_of

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = ("Full name", "Username", "ID number", "Email address", "Participant")
MAX_TABLE = 20_000_000


class TableError(Exception):
    """A CSV file that cannot be read; the text is a sentence for the person."""


# -- writing ---------------------------------------------------------------------------------------


def number(points: float | None) -> str:
    """Points as people write them: 3, 2.5, nothing."""
    return "" if points is None else f"{points:.4f}".rstrip("0").rstrip(".")


def page_name(student: str) -> str:
    """A file name for a student that is safe everywhere and belongs to nobody else, whatever the student is called."""
    letters = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-") or "student"
    return f"{words}-{hashlib.sha256(student.encode()).hexdigest()[:10]}.html"


def neutral(text: str) -> str:
    """A cell that no spreadsheet runs as a formula, on one line."""
    line = " ".join(text.split()) if any(c in text for c in "\r\n\t") else text
    return f"'{line}" if text.startswith(FORMULA) else line


def as_written(cell: str) -> str:
    """The text that `neutral` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table whole or not at all. Whatever had the name, also a link, is replaced."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[neutral(cell) for cell in row] for row in rows])
    write_file(path, text.getvalue().encode("utf-8-sig"))


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        if isinstance(error, OSError):  # named by what was to be written, not by the half of it
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_tables(
    folder: Path, students: Mapping[str, Student], tasks: tuple = (), headers: Mapping[str, str] | None = None
) -> None:
    """All three files. `headers` are Canvas's own names for lessons, from the roster (see `canvas_headers`)."""
    lessons = sorted(
        {lesson.lesson for s in students.values() for lesson in s.lessons.values() if lesson.lesson}
    )
    write_rows(folder / "marks.csv", marks_rows(students, lessons, tasks))
    write_rows(folder / "canvas.csv", canvas_rows(students, lessons, tasks, headers or {}))
    write_rows(folder / "moodle.csv", moodle_rows(students, lessons))


def marks_rows(students: Mapping[str, Student], lessons: Sequence[str], tasks: tuple = ()) -> list[list[str]]:
    """One row a student: the page to hand back, and for each lesson the exercises, the total, and what is to be said."""
    parts = {lesson: _parts(students, lesson, tasks) for lesson in lessons}
    head = ["student", "name", "page"]
    for lesson in lessons:
        head += [f"{id} (of {number(of)})" for id, of in parts[lesson].items()]
        head += [f"{lesson} total (of {number(sum(parts[lesson].values()))})", f"{lesson} remarks"]
    rows = [[*head, "other remarks"]]
    for student in students.values():
        row = [
            student.student,
            student.name,
            f"feedback/{page_name(student.student)}" if student.lessons else "",
        ]
        for lesson in lessons:
            marks = student.lessons.get(lesson)
            points = {entry.id: entry.points for entry in marks.entries} if marks else {}
            row += [number(points.get(id)) for id in parts[lesson]]
            row += [number(marks.total) if marks and marks.has_mark else "", remarks(marks) if marks else ""]
        others = [f"{m.file}: {m.reason}" for m in student.lessons.values() if not m.lesson]
        rows.append([*row, "; ".join(others)])
    return rows


def canvas_rows(
    students: Mapping[str, Student], lessons: Sequence[str], tasks: tuple, headers: Mapping[str, str]
) -> list[list[str]]:
    """Canvas's gradebook: its five columns, one for each lesson, and its row of possible points. Blank leaves a mark as it is."""
    possible = [number(sum(_parts(students, lesson, tasks).values())) for lesson in lessons]
    rows = [[*CANVAS_COLUMNS, *(headers.get(lesson, title_of(lesson)) for lesson in lessons)]]
    rows.append(["Points Possible", "", "", "", "", *possible])
    for student in students.values():
        ids = student.ids
        # by these words Canvas knows the row above
        name = student.name.replace("Points Possible", "Points-Possible")
        row = [name, *(ids.get(key, "") for key in ("canvas_id", "sis_user_id", "sis_login_id", "section"))]
        rows.append(row + [_total(student, lesson) for lesson in lessons])
    return rows


def moodle_rows(students: Mapping[str, Student], lessons: Sequence[str]) -> list[list[str]]:
    """For Moodle's CSV import, which lets one choose by which column students are known. Marks and feedback go together:
    Moodle deletes marks where only feedback is imported."""
    titles = [title_of(lesson) for lesson in lessons]
    rows = [[*MOODLE_COLUMNS, *(cell for title in titles for cell in (title, f"{title} (feedback)"))]]
    for student in students.values():
        ids = student.ids
        participant = f"Participant {ids['participant']}" if ids.get("participant") else ""
        row = [
            student.name,
            ids.get("username", ""),
            ids.get("id_number", ""),
            ids.get("email", ""),
            participant,
        ]
        for lesson in lessons:
            marks = student.lessons.get(lesson)
            row += [_total(student, lesson), remarks(marks, for_student=True) if marks else ""]
        rows.append(row)
    return rows


def remarks(marks: LessonMarks, for_student: bool = False) -> str:
    """What is to be said of a lesson, in a cell."""
    said = [f"Not marked: {marks.reason}."] if marks.reason else []
    said += (
        []
        if for_student
        else [f"Waits for a person: {', '.join(entry.id for entry in marks.waiting)}."]
        if marks.waiting
        else []
    )
    said += [marks.comment] if marks.comment else []
    said += [f"{entry.title}: {entry.comment}" for entry in marks.entries if entry.comment]
    if not for_student:
        said += [*marks.trouble, marks.note]
    return " ".join(filter(None, said))


def _total(student: Student, lesson: str) -> str:
    """A lesson's points, blank where there is no mark at all or one still waits."""
    marks = student.lessons.get(lesson)
    return number(marks.total) if marks and marks.has_mark and not marks.waiting else ""


def _parts(students: Mapping[str, Student], lesson: str, tasks: tuple) -> dict[str, float]:
    """What a lesson consists of, with points, also what only old marks know."""
    parts = {part.id: float(part.points) for part in lesson_parts(lesson, tasks).values()}
    for student in students.values():
        if lesson in student.lessons:
            for entry in student.lessons[lesson].entries:
                parts.setdefault(entry.id, entry.of)
    return parts


# -- reading ---------------------------------------------------------------------------------------

# What the columns of a roster may be called (in small letters), and what we call them.
ROSTER_COLUMNS = {
    "student": "name", "name": "name", "full name": "name", "id": "canvas_id", "canvas id": "canvas_id",
    "sis user id": "sis_user_id", "sis login id": "sis_login_id", "section": "section", "email": "email",
    "email address": "email", "e-mail": "email", "id number": "id_number", "username": "username", "login": "username",
    "file": "file", "folder": "file",
}  # fmt: skip
KNOWN_BY = ("file", "canvas_id", "sis_login_id", "sis_user_id", "username", "email", "id_number", "name")


def read_rows(path: Path) -> list[list[str]]:
    """A CSV file as people's spreadsheets save it: comma, semicolon or tab, with or without a byte-order mark."""
    try:
        if path.stat().st_size > MAX_TABLE:
            raise TableError(f"{path} is too large for a table of students.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path} is not in UTF-8; in Excel, save it as 'CSV UTF-8'.") from error
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TableError(f"{path} is no table that can be read ({error}).") from error
    return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def read_roster(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The people of a roster by our names for the columns, and the header as it was. Canvas's and Moodle's exports fit."""
    rows = read_rows(path)
    if not rows:
        raise TableError(f"{path} is empty.")
    header, *rows = rows
    columns = [ROSTER_COLUMNS.get(cell.casefold(), "") for cell in header]
    first, last = _column(header, "first name"), _column(header, "last name", "surname")
    if not set(columns) & set(KNOWN_BY) and first is None:
        known = ", ".join(sorted(ROSTER_COLUMNS))
        raise TableError(f"{path} has no column that says who a student is; known are: {known}.")
    people = []
    for row in rows:
        person = {name: cell for name, cell in zip(columns, row, strict=False) if name and cell}
        if first is not None and last is not None and "name" not in person:
            person["name"] = " ".join(row[k] for k in (first, last) if k < len(row))
        if (
            person
            and "Points Possible" not in person.get("name", "")
            and not person.get("name", "").startswith("Student, Test")
        ):
            people.append(person)
    return people, header


def _column(header: Sequence[str], *names: str) -> int | None:
    return next((k for k, cell in enumerate(header) if cell.casefold() in names), None)


def match_roster(
    people: list[dict[str, str]], students: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, dict[str, str]], list[str], list[dict[str, str]]]:
    """Whose row is whose: ids by student, the students that are in no row, and the people without a submission.

    A student is known by what the file or folder is called, or by the numbers and names in it; any column of the roster may
    be that. What two rows share tells nobody apart and is not used.
    """
    owners = defaultdict(set)
    for k, person in enumerate(people):
        for column in KNOWN_BY:
            if column in person:
                owners[person[column].casefold()].add(k)
                if column == "name":
                    owners[_plain_name(person[column])].add(k)
    matched, unknown, seen = {}, [], set()
    for student, ids in students.items():
        keys = [
            ids.get("canvas_id", ""),
            student,
            ids.get("name", ""),
            _plain_name(student.rpartition("_")[0] or student),
        ]
        fits = next(
            (owners[key.casefold()] for key in keys if key and len(owners.get(key.casefold(), ())) == 1), None
        )
        if fits is None:
            unknown.append(student)
            continue
        [k] = fits
        seen.add(k)
        matched[student] = {name: value for name, value in people[k].items() if name != "file"}
    return matched, unknown, [person for k, person in enumerate(people) if k not in seen]


def _plain_name(name: str) -> str:
    """'Doe, Jane' and 'doejane' as Canvas writes names in files: last name first, small letters, nothing else."""
    return re.sub(r"[\W_]+", "", name.casefold())


def canvas_headers(header: Sequence[str]) -> dict[str, str]:
    """Canvas's own headers of the lessons ('03 Gradient descent (4711)'), so that marks go to assignments that are there."""
    titles = {title_of(lesson).casefold(): lesson for lesson in exercises.lessons()}
    found = {}
    for cell in header:
        title = re.sub(r"\s*\(\d+\)$", "", cell).casefold()
        if title in titles:
            found[titles[title]] = cell
    return found
