"""Pages out of a gradebook: one for each student, and an overview for whoever teaches.

A page is one file that asks for nothing from outside. Everything that comes from a submission, a file name or a roster is
text to it: the templates escape all values, and the pages' own content policy allows no script but the overview's sorting.
A student's page has the student's own work, never a hidden case, and nothing of the notes that `why` keeps.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from markupsafe import Markup

from optcourse.checking.feedback import code_spans
from optcourse.grading.by_hand import Waiting, why_waiting
from optcourse.grading.gradebook import Entry, LessonMarks, Student
from optcourse.grading.sheets import write_file
from optcourse.grading.tables import PAGE, number, page_name
from optcourse.lessons import title_of

TEMPLATES = Path(__file__).with_name("templates")
LOOKS = {
    "passed": ("good", "✔ Right"),
    "failed": ("bad", "✘ Not yet"),
    "not started": ("none", "○ Not started"),
    "missing": ("none", "○ Not in the notebook"),
    "stopped": ("bad", "⚠ Stopped"),
}


@functools.cache
def environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["points"] = number
    env.filters["said"] = said
    env.globals |= {"css": own("marks.css"), "share": share, "look": look}
    return env


def own(name: str) -> Markup:
    """A file of ours, put into the page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def said(text: str) -> Markup:
    """A sentence: escaped, with `code` between backticks set as code."""
    return Markup(code_spans(text))


def share(part: float, whole: float) -> str:
    return f"{100 * min(max(part / whole, 0), 1):.1f}" if whole else "0"


def look(entry: Entry) -> tuple[str, str]:
    """How a result is shown, in colour and in words."""
    if entry.decision is not None and entry.decision.points is not None:
        return "good" if entry.decision.points >= entry.of else "wait", "✎ Marked by a person"
    if entry.points is None and entry.status == "stopped":
        return "wait", "⚠ Stopped, no mark yet"
    if entry.points is None:
        return "wait", "… A person will read it" if entry.by_hand else "… No mark yet"
    if entry.status == "failed" and entry.points:
        return "wait", "◐ In part"
    return LOOKS.get(entry.status, ("none", entry.status))


def write_pages(
    folder: Path,
    students: Mapping[str, Student],
    absent: list[str],
    changed: set[str] | None = None,
    needs: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write the pages of the students into `folder`/feedback and the overview beside it; return the overview's path.

    A page that belongs to nobody any more goes. `changed` says whose page may differ from the one that is there; None means
    everybody's. `needs`: what a person has to settle, with the student that it is about or ''.

    Raises:
        OSError: a page cannot be written.
    """
    pages = folder / "feedback"
    if pages.is_symlink():
        raise OSError(f"{pages} is a link")
    pages.mkdir(mode=0o700, exist_ok=True)
    for student in students.values():
        page = pages / page_name(student.student)
        if student.lessons and (changed is None or student.student in changed or not page.exists()):
            write_file(page, student_page(student).encode())
    wanted = {page_name(student.student) for student in students.values() if student.lessons}
    for page in pages.iterdir():
        if PAGE.fullmatch(page.name) and page.name not in wanted:
            page.unlink()
    overview = folder / "index.html"
    write_file(overview, overview_page(students, absent, needs).encode())
    return overview


def student_page(student: Student) -> str:
    lessons = [student.lessons[key] for key in sorted(student.lessons)]
    return environment().get_template("feedback.html").render(student=student, lessons=lessons)


def write_answers(path: Path, waiting: Iterable[Waiting]) -> None:
    """The answers that a person reads, with their pictures, on one page."""
    found = [w for w in waiting if w.entry.by_hand]
    write_file(path, environment().get_template("answers.html").render(waiting=found).encode())


# -- the overview ----------------------------------------------------------------------------------


def overview_page(
    students: Mapping[str, Student], absent: list[str], needs: Sequence[tuple[str, str]] = ()
) -> str:
    present = {key: student for key, student in students.items() if student.lessons}
    lessons = sorted({marks.lesson for s in present.values() for marks in s.lessons.values() if marks.lesson})
    script = own("overview.js")
    return environment().get_template("overview.html").render(
        students=present,
        names={key: student.name for key, student in present.items()},
        pages={key: f"feedback/{page_name(key)}" for key in present},
        unmarked=[
            (key, f"{marks.file} was not marked: {marks.reason}.")
            for key, student in present.items()
            for marks in student.lessons.values()
            if marks.reason
        ],
        waiting=_waiting(present),
        needs=[
            (key, text) if key in present else ("", f"{key}: {text}" if key else text)
            for key, text in (*needs, *_worth_a_look(present))
        ],
        stopped=[
            (key, _first(marks))
            for key, student in present.items()
            for marks in student.lessons.values()
            if marks.ran_into
        ],
        noted=[
            (key, f"{marks.title}: {marks.note}")
            for key, student in present.items()
            for marks in student.lessons.values()
            if marks.note
        ],
        absent=absent,
        lessons=[_lesson(lesson, present) for lesson in lessons],
        script=script,
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )  # fmt: skip


def _first(marks: LessonMarks) -> str:
    """What went wrong first in a notebook, and how much more there is."""
    more = len(marks.ran_into) - 1
    return f"{marks.title}: {marks.ran_into[0]}" + (f" (and {more} more)" if more else "")


def _waiting(students: Mapping[str, Student]) -> list[tuple[str, int]]:
    """The tasks that a person reads, with the number of answers that wait."""
    counts = Counter(
        f"{marks.title}, {entry.title}"
        for student in students.values()
        for marks in student.lessons.values()
        for entry in marks.waiting
        if entry.by_hand
    )
    return sorted(counts.items())


def _worth_a_look(students: Mapping[str, Student]) -> list[tuple[str, str]]:
    """What was stopped waits, a person's points may be older than the work, a blank may be the wrong file: that is said."""
    found, blanks = [], defaultdict(list)
    for key, student in students.items():
        for marks in student.lessons.values():
            for entry in marks.entries:
                about = f"{marks.title}, {entry.title}"
                if entry.points is None and entry.status == "stopped":
                    found.append((key, f"{about}: {why_waiting(entry, marks)}"))
                if entry.changed:
                    given = f"{number(entry.points)} of {number(entry.of)}"
                    found.append((key, f"{about}: work changed since your mark ({given})"))
            blank = all(e.status in ("not started", "missing") or e.by_hand for e in marks.entries)
            if blank and marks.entries and marks.has_mark and not marks.total:
                blanks[marks.title].append(student.name)
    for title, names in sorted(blanks.items()):
        text = f"{title}: nothing has been begun in what these handed in, which counts 0: {', '.join(names)}"
        found.append(("", text))
    return found


def _lesson(lesson: str, students: Mapping[str, Student]) -> SimpleNamespace:
    """One lesson of the class: columns, rows, how each exercise went, how the points are spread."""
    marks = {key: student.lessons[lesson] for key, student in students.items() if lesson in student.lessons}
    columns: dict[str, SimpleNamespace] = {}
    for found in marks.values():
        for entry in found.entries:
            column = columns.setdefault(
                entry.id, SimpleNamespace(id=entry.id, title=entry.title, of=entry.of, right=0, marked=0)
            )
            column.marked += entry.points is not None
            column.right += entry.points is not None and entry.points >= entry.of
    of = sum(column.of for column in columns.values())
    # a total counts when nothing in it waits any more
    totals = sorted(found.total for found in marks.values() if found.has_mark and not found.waiting)
    return SimpleNamespace(
        id=lesson,
        title=title_of(lesson),
        of=of,
        columns=list(columns.values()),
        parts=sorted(columns.values(), key=lambda c: c.right / max(c.marked, 1)),
        bins=_bins(totals, of),
        complete=len(totals),
        median=totals[len(totals) // 2] if totals else None,
        rows=[_row(key, found, columns) for key, found in marks.items()],
    )


def _row(student: str, marks: LessonMarks, columns: Mapping[str, Any]) -> SimpleNamespace:
    entries = {entry.id: entry for entry in marks.entries}
    return SimpleNamespace(
        student=student,
        cells=[_cell(entries.get(id)) for id in columns],
        text=number(marks.total) + (" …" if marks.waiting else "") if marks.has_mark else "–",
        value=marks.total if marks.has_mark else -1,
    )


def _cell(entry: Entry | None) -> SimpleNamespace:
    if entry is None or entry.points is None:
        return SimpleNamespace(text="–", value=-1, look="wait", title="")
    css, words = look(entry)
    by_person = entry.decision is not None and entry.decision.points is not None
    sign = " ✎" if by_person else " ○" if entry.status in ("not started", "missing") else ""
    return SimpleNamespace(text=number(entry.points) + sign, value=entry.points, look=css, title=words)


def _bins(totals: list[float], of: float, count: int = 7) -> list[SimpleNamespace]:
    """The points from nothing to all in at most so many steps of whole points, highest first."""
    width = max(1, -(-int(of + 1) // count))
    bins = []
    for low in range(0, int(of) + 1, width):
        high = min(low + width - 1, int(of))
        text = f"{low}" if low == high else f"{low} to {high}"
        bins.append(SimpleNamespace(text=text, count=sum(low <= total < high + 1 for total in totals)))
    return bins[::-1]
