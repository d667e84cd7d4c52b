"""A class of 300 as Canvas and as Moodle name it: every student once, every ID right, nothing silently 0.

Names, rosters and tables are the real ones. Most notebooks are small and marked by a quick judge; a sample is marked for real.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from optcourse import exercises
from optcourse.grading import command, pool
from optcourse.grading.marking import ExerciseMark, Marks
from optcourse.grading.names import Doubts
from optcourse.grading.pool import Job, Result
from tests.grading import classes
from tests.grading.classes import Person, notebook, put

CONNECT = sqlite3.connect
ROOT = Path(__file__).resolve().parents[2]
SOLVED = json.loads((ROOT / "solutions" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
BLANK = json.loads((ROOT / "lessons" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))


def good(note: str) -> bytes:
    return notebook("failed" if "wrong" in note else "passed", note)


def blank(note: str) -> bytes:
    return notebook("not started", note, begun=False)


def quick(job: Job) -> Result:
    """A judge that does what the notebook says."""
    try:
        wish = json.loads(job.data)["wish"]
    except ValueError:
        return Result(job.key, reason="it is no notebook, or a part of it was lost on the way")
    marks = [
        ExerciseMark(e.id, e.points * (wish == "passed"), e.points, wish, "")
        for e in exercises.module("03").EXERCISES
    ]
    return Result(job.key, Marks("03", job.seed, tuple(marks), (), 0.1))


def open_without_waiting(*args, **options) -> sqlite3.Connection:
    """A gradebook that does not wait for the disk at each of its hundreds of marks."""
    db = CONNECT(*args, **options)
    db.execute("PRAGMA synchronous = OFF")
    return db


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(pool, "mark_locally", lambda jobs, count: each(jobs))
    monkeypatch.setattr("optcourse.grading.gradebook.sqlite3.connect", open_without_waiting)


def each(jobs):
    for job in jobs:
        yield quick(job)


def graded(folder: Path, roster: str = "") -> Path:
    """Grade a folder with this roster; return where the results are."""
    words = [str(folder), "--lesson", "03", "--seed", "5", "--jobs", "2"]
    if roster:
        (folder.parent / "class.csv").write_text(roster, encoding="utf-8-sig", newline="")
        words += ["--roster", str(folder.parent / "class.csv")]
    assert command.main(words) == 0
    return folder.with_name(folder.name + "-marks")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class NeedsYou(HTMLParser):
    """What stands under "What needs you" on the overview."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.text, self.inside, self.folded = "", False, False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.inside = self.inside or dict(attributes).get("id") == "needs"
        self.folded = self.folded or (self.inside and tag == "details")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "section"
        self.folded = self.folded and tag != "details"

    def handle_data(self, data):
        self.text += data if self.inside and not self.folded else ""


def check(class_: list[Person], out: Path, kind: str, known_by: str, lesson: str, key) -> None:
    """Everybody once, under the right number, with the right points; whoever has none is named for the person."""
    rows = [row for row in table(out / f"{kind}.csv") if row.get("Student") != "Points Possible"]
    assert Counter(row[known_by] for row in rows if row[known_by]) == Counter(key(p) for p in class_)
    found = {row[known_by]: row[lesson] for row in rows if row[known_by]}
    wrong = {(p.full, p.oddity): (found[key(p)], p.points) for p in class_ if found[key(p)] != p.points}
    assert not wrong
    needs = NeedsYou(out / "index.html").text
    assert not [p for p in class_ if p.points != "14" and p.sortable not in needs and p.full not in needs]


def test_a_class_of_300_as_canvas_names_it(tmp_path, quickly):
    class_ = classes.people(classes.CANVAS_ODDITIES)
    week = tmp_path / "week"
    for person in class_:
        classes.of_canvas(week, person, good, blank)
    assert sum(p.points == "14" for p in class_) >= 180
    strangers = ("Group_3_03_gradient_descent", "ada_2026_11_28", "st2_03_1_final", "eve_20261128_143000_x")
    for name in strangers:
        put(week / f"{name}.ipynb", good(name))
    for name in ("notes.txt", "class_old.csv", ".DS_Store", "__MACOSX/._x.ipynb"):
        put(week / name, b"x")
    # without a roster the numbers in the names are enough
    out = graded(week)
    found = {row["ID"]: row["03 Gradient descent"] for row in table(out / "canvas.csv") if row["ID"]}
    assert found == {p.canvas_id: p.points for p in class_ if p.oddity != "absent"}
    for shape in ("as it comes", "split names, sep=, a title", "saved by Excel", "another language"):
        assert graded(week, classes.canvas_roster(shape, class_)) == out
        lesson = "03 Gradient descent" if shape == "another language" else "03 Gradient descent (99)"
        check(class_, out, "canvas", "ID", lesson, lambda p: p.canvas_id)
        rows = {row["Student"]: row for row in table(out / "canvas.csv")}
        assert all(rows[name]["ID"] == "" and rows[name][lesson] == "14" for name in strangers)
        needs = NeedsYou(out / "index.html").text
        assert all(name in needs for name in (*strangers, "notes.txt", "class_old.csv"))


@pytest.mark.parametrize("prefix", ["", "Group A-", "Participant", "Group A-Participant"])
def test_a_class_of_300_as_moodle_names_it(tmp_path, quickly, prefix):
    class_ = classes.people(classes.MOODLE_ODDITIES)
    week = tmp_path / "week"
    for person in class_:
        other = prefix.replace("A", "AB"[person.number % 2]) if prefix == "Group A-" else prefix
        classes.of_moodle(week, person, good, blank, other)
    for shape in ("worksheet", "worksheet in German"):
        out = graded(week, classes.moodle_roster(shape, class_))
        check(class_, out, "moodle", "Email address", "03 Gradient descent", lambda p: p.email)
    if "Participant" not in prefix:
        for shape in ("participants in French", "another language"):
            check_by_names(class_, graded(week, classes.moodle_roster(shape, class_)))


def check_by_names(class_: list[Person], out: Path) -> None:
    """A list of participants is enough where names tell people apart."""
    shared = {name for name, number in Counter(p.full for p in class_).items() if number > 1}
    rows = table(out / "moodle.csv")
    assert set(Counter(row["Email address"] for row in rows if row["Email address"]).values()) == {1}
    found = {row["Email address"]: row["03 Gradient descent"] for row in rows}
    unique = [p for p in class_ if p.full not in shared]
    assert len(unique) == 280 and {p.email: found[p.email] for p in unique} == {
        p.email: p.points for p in unique
    }
    # namesakes cannot be told apart by names: nobody gets the other's marks, and a person reads of each
    needs = NeedsYou(out / "index.html").text
    assert not [name for name in shared if name not in needs]
    assert all(found.get(p.email, "") == "" for p in class_ if p.full in shared)


def real(note: str) -> bytes:
    return json.dumps({**SOLVED, "metadata": {**SOLVED["metadata"], "note": note}}).encode()


def really_blank(note: str) -> bytes:
    return json.dumps({**BLANK, "metadata": {**BLANK["metadata"], "note": note}}).encode()


@pytest.mark.slow
def test_a_sample_of_each_oddity_is_marked_for_real(tmp_path):
    class_ = classes.people(classes.CANVAS_ODDITIES, len(classes.CANVAS_ODDITIES) + 1)
    others = classes.people(classes.MOODLE_ODDITIES, len(classes.MOODLE_ODDITIES))
    for person in class_:
        if person.oddity != "tenth attempt with an older date":
            classes.of_canvas(tmp_path / "canvas", person, real, really_blank)
    for person in others:
        if person.oddity != "tenth copy":
            classes.of_moodle(tmp_path / "moodle", person, real, really_blank)
    class_ = [p for p in class_ if p.oddity != "tenth attempt with an older date"]
    others = [p for p in others if p.oddity != "tenth copy"]
    out = graded(tmp_path / "canvas", classes.canvas_roster("as it comes", class_))
    check(class_, out, "canvas", "ID", "03 Gradient descent (99)", lambda p: p.canvas_id)
    out = graded(tmp_path / "moodle", classes.moodle_roster("worksheet", others))
    check(others, out, "moodle", "Email address", "03 Gradient descent", lambda p: p.email)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("collecting.is_blank", lambda *_: False),
        ("collecting.doubts_of", lambda _: Doubts()),
        ("roster.whole_number", lambda text: text),
    ],
)
def test_the_check_bites_where_a_part_is_missing(tmp_path, quickly, monkeypatch, part, broken):
    class_ = classes.people(classes.CANVAS_ODDITIES)
    class_ = [*class_[:34], *(p for p in class_[34:] if p.last in ("Nowak_Kowal", "Points Possible"))][:60]
    for person in class_:
        classes.of_canvas(tmp_path / "week", person, good, blank)
    monkeypatch.setattr(f"optcourse.grading.{part}", broken)
    out = graded(tmp_path / "week", classes.canvas_roster("saved by Excel", class_))
    with pytest.raises((AssertionError, KeyError)):
        check(class_, out, "canvas", "ID", "03 Gradient descent (99)", lambda p: p.canvas_id)
    monkeypatch.undo()
    monkeypatch.setattr(pool, "mark_locally", lambda jobs, count: each(jobs))
    out = graded(
        (tmp_path / "week").rename(tmp_path / "whole"), classes.canvas_roster("saved by Excel", class_)
    )
    check(class_, out, "canvas", "ID", "03 Gradient descent (99)", lambda p: p.canvas_id)
