"""The class list: read from the CSV that Canvas, Moodle or a person exports, and matched with who handed something in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from optcourse import exercises
from optcourse.grading.gradebook import Gradebook, Student
from optcourse.grading.sheets import TableError, read_rows
from optcourse.lessons import title_of

# What the columns of a roster may be called (in small letters), and what we call them.
ROSTER_COLUMNS = {
    "student": "name", "name": "name", "full name": "name", "id": "canvas_id", "canvas id": "canvas_id",
    "sis user id": "sis_user_id", "sis login id": "sis_login_id", "section": "section", "email": "email",
    "email address": "email", "e-mail": "email", "id number": "id_number", "username": "username", "login": "username",
    "file": "file", "folder": "file",
}  # fmt: skip
KNOWN_BY = ("file", "canvas_id", "sis_login_id", "sis_user_id", "username", "email", "id_number", "name")


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


def the_class(book: Gradebook) -> tuple[dict[str, Student], list[str]]:
    """Every student with marks and with what the roster knows of them; then those of the roster who handed nothing in."""
    students = book.students()
    people, _ = book.roster()
    matched, unknown, absent = match_roster(people, {key: student.ids for key, student in students.items()})
    for key, ids in matched.items():
        students[key].ids |= ids
    for k, ids in enumerate(absent):
        name = ids.get("name") or ids.get("email") or ids.get("username") or f"row {k + 1} of the roster"
        students[f"{name} (nothing handed in, {k})"] = Student(name, {**ids, "name": name})
    ordered = dict(sorted(students.items(), key=lambda item: (item[1].name.casefold(), item[0])))
    return ordered, unknown if people else []
