"""The CSV files that come out of a gradebook: `marks.csv` for people, `canvas.csv` and `moodle.csv` for import."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from optcourse.grading.gradebook import LessonMarks, Student, lesson_parts
from optcourse.grading.sheets import write_rows
from optcourse.lessons import title_of

CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = ("Full name", "Username", "ID number", "Email address", "Participant")
# What `page_name` makes.
PAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}-[0-9a-f]{10}\.html")


def number(points: float | None) -> str:
    """Points as people write them: 3, 2.5, nothing."""
    return "" if points is None else f"{points:.4f}".rstrip("0").rstrip(".")


def page_name(student: str) -> str:
    """A file name for a student that is safe everywhere and belongs to nobody else, whatever the student is called."""
    letters = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-") or "student"
    return f"{words}-{hashlib.sha256(student.encode()).hexdigest()[:10]}.html"


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
        said += [f"{entry.id}: work changed since your mark." for entry in marks.entries if entry.changed]
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
