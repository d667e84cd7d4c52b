"""The gradebook and what comes out of it: marks that are kept, tables that other programs read, pages that are safe."""

from __future__ import annotations

import base64
import csv
import errno
import io
import json
import os
import re
import sqlite3
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optcourse import exercises
from optcourse.grading import by_hand, collecting, command, names, pages, roster, sheets, tables
from optcourse.grading.gradebook import Gradebook, GradebookError, Part, Student
from optcourse.grading.marking import MAX_NOTEBOOK, ExerciseMark

LESSON = exercises.module("03").EXERCISES
SCRIPT = "<script>alert(1)</script>"
NASTY = [
    SCRIPT, "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "CON", "nul.txt", "../../etc/passwd", "a/b", "ß", "SS", "ss",
    "é", "e\u0301", "x" * 300, "..", "", " ", "\u202egnp.exe", "{{ 7 * 7 }}", "{% raw %}", "';DROP TABLE marks;--", "a\nb", "0",
    'x" onmouseover="alert(1)', "&amp;", "``code`", "Points Possible", "<!--", "]]>", "\ud800", "\udcff",
]  # fmt: skip


def marks(**points):
    """A mark for every exercise of lesson 03: passed, unless its points are given (by words with _ for -)."""
    wanted = {name.replace("_", "-"): value for name, value in points.items()}
    return tuple(
        ExerciseMark(
            e.id,
            p := wanted.get(e.id[3:], e.points),
            e.points,
            "passed" if p else "failed",
            "" if p else "Step 2 is off.",
        )
        for e in LESSON
    )


def new_run(book, seed=7, **fields):
    return book.begin_run(
        folder="/week", seed=seed, grader="v1", sandboxed=True, place="2 processes", **fields
    )


def put(book, run, student, lesson="03", outcome="marked", found=None, file="a.ipynb", **fields):
    book.learn({student: {}})
    found = marks() if found is None and outcome == "marked" else found or ()
    book.record(
        run, student, lesson=lesson, file=file, sha256="ab", modified="2026-11-20T10:00:00+00:00", outcome=outcome, marks=found,
        **fields,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path):
    with Gradebook(tmp_path / "gradebook.sqlite") as opened:
        yield opened


def points(book, student="alice", lesson="03"):
    return {entry.id: entry.points for entry in book.students()[student].lessons[lesson].entries}


# -- what is kept ----------------------------------------------------------------------------------


def test_grading_again_keeps_the_history_and_the_newest_stands(book):
    first, second = new_run(book, seed=1), new_run(book, seed=2)
    put(book, first, "alice", found=marks(gradient_descent=0))
    assert book.students()["alice"].lessons["03"].total == 11
    put(book, second, "alice")
    book.end_run(second)
    assert book.students()["alice"].lessons["03"].total == 14
    rows = book.rows("SELECT run, stands, seed FROM submissions s JOIN runs r ON r.id = s.run ORDER BY s.id")
    assert [tuple(row) for row in rows] == [(first, 0, 1), (second, 1, 2)]
    assert len(book.rows("SELECT * FROM marks")) == 2 * len(LESSON)
    assert [bool(row["ended"]) for row in book.rows("SELECT ended FROM runs ORDER BY id")] == [False, True]
    assert book.last_seed() == 2


def test_a_persons_mark_wins_over_every_later_grading_and_keeps_its_own_history(book):
    run = new_run(book)
    put(book, run, "alice", found=marks(gradient_descent=0))
    students = book.students()
    by_hand.decide(book, students, "alice", "03-gradient-descent", "2,5", "Nearly.", "asked in class")
    put(book, new_run(book), "alice", found=marks(gradient_descent=0))
    assert points(book)["03-gradient-descent"] == 2.5
    by_hand.decide(book, students, "alice", "03-gradient-descent", "same", "Very nearly.")
    by_hand.decide(book, students, "ALICE", "03-gradient-descent", "auto", None)
    assert points(book)["03-gradient-descent"] == 0
    entry = book.students()["alice"].lessons["03"].entries[0]
    assert entry.comment == "Very nearly."
    history = book.history("alice", "03-gradient-descent")
    assert [(d.points, d.comment, d.why) for d in history] == [
        (2.5, "Nearly.", "asked in class"),
        (2.5, "Very nearly.", ""),
        (None, "Very nearly.", ""),
    ]
    assert all(d.who and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", d.at) for d in history)


@pytest.mark.parametrize(
    ("student", "exercise", "given", "says"),
    [
        ("alice", "03-gradient-descent", "4", "4 is more than the 3 points"),
        ("alice", "03-gradient-descent", "-1", "no number of points"),
        ("alice", "03-gradient-descent", "nan", "no number of points"),
        ("alice", "03-gradient-descent", "1e9", "no number of points"),
        ("alice", "03-nothing", "1", "Lesson 03 has 03-gradient-descent"),
        ("alice", "99-nothing", "1", "There is no exercise"),
        ("alice", "03", "1", "is a whole lesson"),
        ("alic", "03-gradient-descent", "1", "Did you mean alice"),
        ("nobody", "03-gradient-descent", "1", "There is no student 'nobody'"),
        ("Al", "03-gradient-descent", "1", "write one of these"),
    ],
)
def test_a_mark_by_hand_is_checked_at_the_door(book, student, exercise, given, says):
    run = new_run(book)
    put(book, run, "alice")
    book.learn({"alice": {"name": "Al"}, "alan": {"name": "Al"}})
    with pytest.raises(by_hand.NotAllowed, match=says):
        by_hand.decide(book, book.students(), student, exercise, given, None)
    assert not book.decisions()


def test_a_comment_that_cannot_be_kept_is_refused(book):
    put(book, new_run(book), "alice")
    for comment, why, says in (
        ("x" * 5001, "", "longer than 5000"),
        ("\udcff", "", "UTF-8"),
        (None, "\udcff", "UTF-8"),
    ):
        with pytest.raises(by_hand.NotAllowed, match=says):
            by_hand.decide(book, book.students(), "alice", "03-gradient-descent", "1", comment, why)
    assert not book.decisions()


def test_an_unreadable_notebook_is_a_row_and_a_person_can_mark_it(book):
    put(book, new_run(book), "bob", outcome="unreadable", reason="it is too large")
    found = book.students()["bob"].lessons["03"]
    assert not found.has_mark and len(found.waiting) == len(LESSON) and found.reason == "it is too large"
    by_hand.decide(book, book.students(), "bob", "03-gradient-descent", "3", None)
    found = book.students()["bob"].lessons["03"]
    assert found.total == 3 and len(found.waiting) == len(LESSON) - 1


def test_work_that_no_grader_saw_can_be_marked(book):
    put(book, new_run(book), "bob", lesson="", outcome="unreadable", reason="it is empty")
    by_hand.decide(book, book.students(), "bob", "03-gradient-descent", "2", "On paper, then.")
    by_hand.decide(book, book.students(), "bob", "04", "same", "Where is it?")
    people = {
        **book.students(),
        "Eve (nothing handed in, 0)": Student("Eve", {"name": "Eve", "email": "e@x.org"}),
    }
    by_hand.decide(book, people, "e@x.org", "03-gradient-descent", "3", None)
    students = book.students()
    assert students["bob"].lessons["03"].total == 2 and students["Eve"].lessons["03"].total == 3
    assert (
        students["bob"].lessons["04"].comment == "Where is it?" and not students["bob"].lessons["04"].has_mark
    )
    assert "On paper, then." in pages.student_page(students["bob"])


def test_a_file_of_no_known_lesson_is_forgotten_when_it_is_mended_or_gone(book):
    run = new_run(book)
    for student in ("alice", "bob"):
        put(book, run, student, lesson="", outcome="unreadable", reason="junk", file=f"{student}.ipynb")
    put(book, run, "alice", file="alice.ipynb")
    assert list(book.students()["alice"].lessons) == ["03"]
    book.retire("/another folder", set())
    assert book.students()["bob"].lessons
    book.retire("/week", set())
    assert not book.students()["bob"].lessons


def test_the_schema_is_the_one_that_the_docstring_and_the_docs_describe(book):
    import optcourse.grading.gradebook as module

    docs = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    tables = [row["name"] for row in book.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert len(tables) == 9
    for table in tables:
        columns = {row["name"] for row in book.rows(f"PRAGMA table_info({table})")}
        for text, start in ((module.__doc__, rf"^    {table}\b"), (docs, rf"^\| `{table}`")):
            found = re.search(start + r".*?(?=^    \S|^\| `|\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
            assert found, (table, start)
            missing = {name for name in columns if not re.search(rf"\b{name}\b", found[0])}
            assert not missing, (table, missing)
    assert book.rows("PRAGMA user_version")[0][0] == module.VERSION == 2
    assert f"schema {module.VERSION}" in docs.lower()


def test_two_open_the_same_new_gradebook_and_both_write(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    with Gradebook(path) as one, Gradebook(path) as two:
        runs = [new_run(one), new_run(two)]
        put(one, runs[0], "alice")
        put(two, runs[1], "bob")
        assert set(one.students()) == set(two.students()) == {"alice", "bob"}
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_writer_that_holds_the_gradebook_too_long_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("optcourse.grading.gradebook.BUSY_SECONDS", 0.1)
    path = tmp_path / "gradebook.sqlite"
    with Gradebook(path) as one, Gradebook(path) as two, one.transaction():
        with pytest.raises(GradebookError, match="somebody else is writing"):
            new_run(two)


def text_file(path):
    path.write_text("my diary, which is longer than sixteen letters")


def foreign_database(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE diary (day)")
    db.close()


def newer(path):
    Gradebook(path).db.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def damaged(path):
    Gradebook(path).db.close()
    path.write_bytes(path.read_bytes()[:3000] + b"\0" * 5000)


def link(path):
    path.symlink_to(path.with_name("elsewhere.sqlite"))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (text_file, "is no gradebook of this course"),
        (foreign_database, "no gradebook of this course"),
        (newer, "written by another version"),
        (damaged, "cannot be used"),
        (link, "is a link"),
        (Path.mkdir, "cannot be read"),
    ],
)
def test_what_is_no_gradebook_is_refused_and_left_as_it_was(tmp_path, make, says):
    path = tmp_path / "gradebook.sqlite"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(GradebookError, match=says):
        Gradebook(path).students()
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not path.with_name("elsewhere.sqlite").exists()


def test_an_empty_file_left_by_a_killed_run_becomes_a_gradebook(tmp_path):
    (tmp_path / "gradebook.sqlite").touch()
    with Gradebook(tmp_path / "gradebook.sqlite") as book:
        assert book.students() == {}


# -- whose notebook it is --------------------------------------------------------------------------


def notebook(lesson="03", extra=""):
    return f'{{"cells": [{{"cell_type": "code", "source": "check(\\"{lesson}-x\\", f){extra}"}}]}}'


def write(path, text=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook() if text is None else text)
    return path


@pytest.mark.parametrize(
    ("name", "student", "ids"),
    [
        ("alice", "alice", {}),
        ("alice_smith", "alice_smith", {}),
        ("03_gradient_descent", "03_gradient_descent", {}),
        ("doejane_12345_67890_03_gradient_descent-1", "doejane_12345", {"canvas_id": "12345"}),
        ("doejane_LATE_12345_67890_x", "doejane_12345", {"canvas_id": "12345"}),
        ("Jane Doe_4711_assignsubmission_file_", "Jane Doe", {"name": "Jane Doe", "participant": "4711"}),
        ("Jane_Doe_4711_assignsubmission_file", "Jane_Doe", {"name": "Jane_Doe", "participant": "4711"}),
        (
            "Jane Doe_4711_assignsubmission_file_x_1_2_3",
            "Jane Doe",
            {"name": "Jane Doe", "participant": "4711"},
        ),
    ],
)
def test_names_of_files_and_folders_are_the_students(name, student, ids):
    found = names.read_name(name)
    assert (found.student, found.ids) == (student, ids)
    assert found.late == ("LATE" in name)


def test_namesakes_in_moodle_are_kept_apart(tmp_path):
    for number in (1, 2):
        write(tmp_path / f"Jane Doe_{number}_assignsubmission_file_" / "x.ipynb")
    write(tmp_path / "Bo Li_3_assignsubmission_file_" / "x.ipynb")
    found = collecting.collect(tmp_path)
    assert [s.student for s in found.submissions] == ["Bo Li", "Jane Doe (1)", "Jane Doe (2)"]
    assert found.ids["Jane Doe (2)"] == {"name": "Jane Doe", "participant": "2"}


def test_the_newest_of_two_notebooks_is_taken_and_that_is_said(tmp_path):
    import os

    old, new = write(tmp_path / "alice" / "b.ipynb"), write(tmp_path / "alice" / "a.ipynb")
    os.utime(old, (1000, 1000))
    write(tmp_path / "alice" / "04_sgd.ipynb", notebook("04"))
    write(tmp_path / "alice" / "scratch.ipynb", "{}")
    found = collecting.collect(tmp_path)
    assert [(s.lesson, s.file) for s in found.submissions] == [
        ("03", "alice/a.ipynb"),
        ("04", "alice/04_sgd.ipynb"),
    ]
    assert "2 notebooks for lesson 03: alice/a.ipynb" in found.submissions[0].note
    assert "is marked, the newest; not alice/b.ipynb (1970-01-01" in found.submissions[0].note
    assert any("scratch.ipynb left out" in line for line in found.lines)
    assert new.exists()


def test_only_the_asked_lesson_is_taken_and_a_wrong_one_is_named(tmp_path):
    write(tmp_path / "alice" / "x.ipynb", notebook("04"))
    write(tmp_path / "bob" / "x.ipynb")
    write(tmp_path / "carol" / "x.ipynb", "{}")
    found = {s.student: s for s in collecting.collect(tmp_path, "03").submissions}
    assert "no notebook of lesson 03 was handed in; alice/x.ipynb is of lesson 04" in found["alice"].refused
    assert not found["bob"].refused and not found["carol"].refused and found["carol"].lesson == "03"


def test_links_pipes_folders_hidden_and_huge_files(tmp_path):
    import os

    outside = write(tmp_path / "outside.ipynb")
    week = tmp_path / "week"
    for folder in (
        "alice/.ipynb_checkpoints",
        "alice/deep/er",
        "__MACOSX/x",
        ".hidden",
        "empty",
        "dave/x.ipynb",
    ):
        (week / folder).mkdir(parents=True)
    write(week / "alice/.ipynb_checkpoints/x.ipynb")
    write(week / "alice/deep/er/x.ipynb")
    write(week / "__MACOSX/x/y.ipynb")
    write(week / ".hidden/x.ipynb")
    write(week / "notes.txt", "x")
    (week / "bob.ipynb").symlink_to(outside)
    (week / "carol").symlink_to(tmp_path)
    (week / "eve").mkdir()
    (week / "eve" / "03.ipynb").symlink_to(outside)
    (week / "eve" / "folder").symlink_to(tmp_path)
    os.mkfifo(week / "frank.ipynb")
    with (week / "grace.ipynb").open("wb") as file:
        file.truncate(MAX_NOTEBOOK + 1)
    found = collecting.collect(week)
    reasons = {}
    for s in found.submissions:
        reasons.setdefault(s.student, []).append(s.refused)
    assert reasons["alice"] == [""]
    assert all("links are not followed" in r for name in ("bob", "carol", "eve") for r in reasons[name])
    assert reasons["empty"] == ["there is no notebook in the folder"]
    assert reasons["dave"] == ["there is no notebook in the folder"]
    assert reasons["frank"] == ["it is no file"]
    assert "too large" in reasons["grace"][0]
    assert len(reasons) == 8 and found.lines == [
        f"1 file in {week} that is no notebook: left alone (notes.txt)"
    ]


@given(st.text(max_size=300))
@settings(max_examples=200)
@example("\udcff\udcfe")
@example("a\u0301")
def test_a_cleaned_name_can_be_shown_and_stays_the_same(raw):
    try:
        import os

        os.fsencode(raw)
    except UnicodeEncodeError:
        return  # no file has such a name
    name = names.clean(raw)
    name.encode()
    assert name and len(name) <= names.LONGEST_NAME + 7
    assert not any(unicodedata.category(c)[0] == "C" and c not in names.JOINERS for c in name)


def test_names_that_look_alike_after_cleaning_stay_apart():
    raw = ["a\u202eb", "a\u202db", "a\x1bb", "x" * 300, "x" * 301, "\udcff", "\udcfe"]
    assert len({names.clean(name) for name in raw}) == len(raw)
    assert names.clean("e\u0301") == names.clean("é") == "é"


# -- tables ----------------------------------------------------------------------------------------


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_three_tables(tmp_path, book):
    run = new_run(book)
    book.tasks = (Part("03-explain-it-back", "Explain it back", 2, by_hand=True),)
    for student, ids in {
        "doejane_12_34": {"canvas_id": "12"},
        "Bo Li": {"name": "Bo Li", "participant": "77"},
        "zed": {},
    }.items():
        put(book, run, student, found=marks(gradient_descent=0))
        book.learn({student: ids})
    put(book, run, "zed", lesson="05", outcome="unreadable", reason="it is too large")
    by_hand.decide(book, book.students(), "Bo Li", "03-explain-it-back", "1.5", "Good.")
    tables.write_tables(tmp_path, book.students(), book.tasks, {"03": "03 Gradient descent (4711)"})
    head, *rows = table(tmp_path / "marks.csv")
    assert len(rows) == 3 and all(len(row) == len(head) for row in rows)
    cells = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert cells["Bo Li"]["03 total (of 16)"] == "12.5" and cells["zed"]["03 total (of 16)"] == "11"
    assert (
        cells["zed"]["05 remarks"].startswith("Not marked: it is too large.")
        and cells["zed"]["05 total (of 12)"] == ""
    )

    head, possible, *rows = table(tmp_path / "canvas.csv")
    # what lib/gradebook_importer.rb of Canvas asks for
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["03 Gradient descent (4711)", "05 Momentum"]
    assert "Points Possible" in possible[0] and possible[5:] == ["16", "12"]
    assert {row[0]: row[1:] for row in rows}["doejane_12_34"] == [
        "12",
        "",
        "",
        "",
        "",
        "",
    ]  # a mark waits: blank
    assert {row[0]: row[5:] for row in rows}["Bo Li"] == ["12.5", ""]

    head, *rows = table(tmp_path / "moodle.csv")
    assert head[:5] == ["Full name", "Username", "ID number", "Email address", "Participant"]
    assert head[5:7] == ["03 Gradient descent", "03 Gradient descent (feedback)"]
    assert {row[0]: row[4:7] for row in rows}["Bo Li"] == ["Participant 77", "12.5", "Explain it back: Good."]
    assert {row[0]: row[1:4] for row in rows}["zed"] == ["", "", ""]


def test_every_column_by_which_moodle_knows_somebody_is_filled(tmp_path, book):
    put(book, new_run(book), "Bo Li")
    students = book.students()
    students["Bo Li"].ids.update(username="boli", id_number="4711", email="bo@x.org", participant="77")
    tables.write_tables(tmp_path, students)
    [_, row] = table(tmp_path / "moodle.csv")
    assert row[:5] == ["Bo Li", "boli", "4711", "bo@x.org", "Participant 77"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_the_apostrophe_before_a_formula_is_put_there_once_and_taken_away_again(text):
    assert sheets.neutral(text) == "'" + text and sheets.as_written("'" + text) == text
    assert sheets.neutral("a" + text) == "a" + text and sheets.as_written("'a") == "'a"


def test_marks_of_nobody_cannot_get_into_the_gradebook(book):
    assert book.db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        book.db.execute("INSERT INTO seen VALUES (4711, 'ab')")


@pytest.mark.parametrize(("call", "error"), [("open", errno.EACCES), ("fdopen", errno.EIO)])
def test_a_file_that_the_system_does_not_give_is_a_row_with_its_reason(tmp_path, monkeypatch, call, error):
    """Whoever may read everything (root) meets no such file: the system's answer is played."""
    (tmp_path / "ada_03.ipynb").write_text("{}")
    reason = os.strerror(error)

    def refuse(*_words, **_options):
        raise OSError(error, reason)

    monkeypatch.setattr(collecting.os, call, refuse)
    [ada] = collecting.collect(tmp_path).submissions
    said = "it cannot be opened" if call == "open" else "it cannot be read"
    assert ada.refused == f"{said} ({reason})" and ada.sha256 == ""
    with pytest.raises(collecting.CannotRead, match=re.escape(reason)):
        collecting.read_notebook(tmp_path / "ada_03.ipynb")


def test_a_row_of_a_roster_that_ends_early_is_a_person_with_less_known(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("name,email,username\nJane Doe,jane@x.org,jd1\nBo Li\n")
    whole, short = roster.read_roster(path).people
    assert (whole["name"], whole["email"], whole["username"]) == ("Jane Doe", "jane@x.org", "jd1")
    assert short["name"] == "Bo Li" and not short.get("email") and not short.get("username")


@pytest.mark.parametrize("name", [name for name in NASTY if name.strip() and name.isprintable()])
def test_no_cell_is_a_formula_and_every_table_is_read_back_whole(tmp_path, book, name):
    put(book, new_run(book), name, file=name, note=name)
    by_hand.decide(book, book.students(), name, "03-gradient-descent", "1", f"{name}\r\n=1+1")
    tables.write_tables(tmp_path, book.students())
    for file in ("marks.csv", "canvas.csv", "moodle.csv"):
        rows = table(tmp_path / file)
        assert len({len(row) for row in rows}) == 1 and len(rows) == (3 if file == "canvas.csv" else 2)
        assert not any(
            cell.startswith(tuple("=+-@\t\r")) or "\n" in cell or "\r" in cell for row in rows for cell in row
        )
    assert sum("Points Possible" in row[0] for row in table(tmp_path / "canvas.csv")) == 1


def test_a_table_replaces_a_link_and_does_not_write_through_it(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "marks.csv").symlink_to(victim)
    sheets.write_rows(tmp_path / "marks.csv", [["a"]])
    assert victim.read_text() == "mine" and table(tmp_path / "marks.csv") == [["a"]]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["marks.csv", "victim"]


CANVAS_EXPORT = (
    'Student,ID,SIS User ID,SIS Login ID,Section,"03 Gradient descent (99)"\n'
    '    Points Possible,,,,,14\n"Doe, Jane",12,S1,jd1,A,\n"Roe, Rick",13,S2,rr2,A,\n"Li, Bo",14,S3,bl3,B,\n'
)


@pytest.mark.parametrize("student", ["doejane_12", "doejane_555", "jd1", "JD1", "S1", "Doe, Jane"])
def test_a_canvas_export_is_a_roster(tmp_path, student):
    path = tmp_path / "class.csv"
    path.write_text(CANVAS_EXPORT, encoding="utf-8-sig")
    found = roster.read_roster(path)
    ids = {"canvas_id": student.split("_")[1]} if "_" in student else {}
    matching = roster.match_roster(found.people, {student: ids, "nobody": {}})
    assert matching.ids[student]["sis_user_id"] == "S1" and list(matching.unknown) == ["nobody"]
    assert [person["name"] for person in matching.absent] == ["Roe, Rick", "Li, Bo"]
    assert roster.canvas_headers(found.header) == {"03": "03 Gradient descent (99)"}


def test_a_moodle_export_is_a_roster_and_what_two_share_tells_nobody_apart(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text(
        "First name;Last name;ID number;Email address\nJane;Doe;1;j@x.org\nJane;Doe;2;k@x.org\nBo;Li;3;b@x.org\n"
    )
    people = roster.read_roster(path).people
    matching = roster.match_roster(
        people, {"Jane Doe": {"name": "Jane Doe"}, "Bo Li": {"name": "Bo Li"}, "k@x.org": {}}
    )
    assert matching.ids["Bo Li"]["email"] == "b@x.org" and matching.ids["k@x.org"]["id_number"] == "2"
    assert list(matching.unknown) == ["Jane Doe"]
    assert [person["id_number"] for person in matching.absent] == ["1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"colour,size\nred,1\n", "no column that says who a student is"),
        ("näme,id\nZoë,1\n".encode("latin-1"), "is not in UTF-8"),
        (b'student,email\n"a,b\n', "no table that can be read"),
    ],
)
def test_a_roster_that_cannot_be_read_is_told_in_a_sentence(tmp_path, data, says):
    path = tmp_path / "class.csv"
    path.write_bytes(data)
    with pytest.raises(sheets.TableError, match=says):
        roster.read_roster(path)


# -- by hand ---------------------------------------------------------------------------------------


def test_what_waits_goes_out_is_filled_in_and_comes_back(tmp_path, book):
    book.tasks = (Part("03-explain-it-back", "Explain it back", 2, by_hand=True),)
    run = new_run(book)
    for student in ("alice", "=evil", "carol"):
        put(book, run, student)
    put(book, run, "carol", outcome="unreadable", reason="it is too large", lesson="05")
    rows = by_hand.waiting(book.students(), lambda file, exercise: by_hand.Answer(f"an answer in {file}"))
    assert len(rows) == 3 + 6
    path = tmp_path / "manual.csv"
    by_hand.write_waiting(path, rows)
    filled = table(path)
    assert filled[0] == list(by_hand.COLUMNS)
    for row in filled[1:]:
        if row[0] in ("'=evil", "alice"):
            row[6:] = ["1,5", "Say why."]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(filled)  # as a German Excel saves it
    path.write_text(text.getvalue(), encoding="utf-8-sig")
    assert len(by_hand.read_back(book, book.students(), path)) == 2
    assert points(book, "=evil")["03-explain-it-back"] == points(book, "alice")["03-explain-it-back"] == 1.5
    again = by_hand.waiting(book.students(), lambda *_: by_hand.Answer(""))
    assert {w.student.student for w in again} == {"carol"}


def test_one_wrong_row_and_nothing_is_taken(tmp_path, book):
    put(book, new_run(book), "alice")
    path = tmp_path / "manual.csv"
    rows = [
        ["alice", "03-gradient-descent", "", "", "", "", "2", ""],
        ["alice", "03-read-a-hessian", "", "", "", "", "9", ""],
    ]
    sheets.write_rows(path, [by_hand.COLUMNS, *rows])
    with pytest.raises(by_hand.NotAllowed, match="row 3: 9 is more than the 2 points"):
        by_hand.read_back(book, book.students(), path)
    assert not book.decisions()
    path.write_text("a,b\n")
    with pytest.raises(by_hand.NotAllowed, match="lost its first row"):
        by_hand.read_back(book, book.students(), path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("03-essay,Essay", "three cells"),
        ("99-essay,Essay,2", "no name for a task"),
        ("03 essay,Essay,2", "no name for a task"),
        ("03-gradient-descent,Essay,2", "is there already"),
        ("03-essay,Essay,two", "whole number from 1 to 1000"),
        ("03-essay,Essay,0", "whole number from 1 to 1000"),
    ],
)
def test_tasks_for_a_person_are_checked(tmp_path, text, says):
    (tmp_path / "by_hand.csv").write_text(f"exercise,title,points\n{text}\n")
    with pytest.raises(sheets.TableError, match=f"row 2: .*{says}"):
        by_hand.read_tasks(tmp_path / "by_hand.csv")


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def test_an_answer_is_the_cell_with_the_tasks_tag_with_its_pictures():
    cell = {
        "metadata": {"tags": ["by-hand:03-essay"]},
        "source": ["one ", "two"],
        "attachments": {"photo.png": {"image/png": PNG}},
        "outputs": [
            {"data": {"image/png": [PNG[:4] + "\n", PNG[4:]]}},
            {"data": {"image/png": "no base64!"}},
            {"data": {"image/png": base64.b64encode(b"GIF89a").decode()}},
            {"data": {"image/png": base64.b64encode(base64.b64decode(PNG) + bytes(3_000_000)).decode()}},
            {"output_type": "stream", "text": "x"},
        ],
    }
    data = json.dumps({"cells": [cell, {"source": "x"}]}).encode()
    assert by_hand.answer_in(data, "03-essay") == by_hand.Answer("one two", (PNG,))
    del cell["outputs"][3]
    data = json.dumps({"cells": [cell]}).encode()
    assert by_hand.answer_in(data, "03-essay") == by_hand.Answer("one two", (PNG, PNG))
    assert "no cell" in by_hand.answer_in(b'{"cells": []}', "03-essay").text
    for broken in (
        b"",
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [{"metadata": 3}]}',
        b"[" * 100_000,
    ):
        assert "cannot be read" in by_hand.answer_in(broken, "03-essay").text


def test_the_page_of_answers_shows_pictures_and_everything_else_as_text(tmp_path, book):
    book.tasks = (Part("03-essay", SCRIPT, 2, by_hand=True),)
    put(book, new_run(book), SCRIPT, file=SCRIPT)
    found = by_hand.waiting(book.students(), lambda *_: by_hand.Answer(SCRIPT, (PNG,)))
    pages.write_answers(tmp_path / "manual.html", found)
    page = Reader((tmp_path / "manual.html").read_text())
    assert {tag for tag, _ in page.elements} <= ALLOWED | {"img"}
    [picture] = [attributes for tag, attributes in page.elements if tag == "img"]
    assert picture["src"] == f"data:image/png;base64,{PNG}" and picture["alt"]
    assert page.text.count(SCRIPT) == 4


# -- pages -----------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """The elements and the text of a page, as a browser would build them."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def one_student(name, text):
    """A student whose every text that comes from outside is `text`."""
    from optcourse.grading.gradebook import Decision, Entry, LessonMarks

    decision = Decision(1.0, text, text, text, "2026-11-20")
    entries = tuple(
        Entry("03-x", "X", 3, 0, status, text, False, (text,), decision if status == "failed" else None)
        for status in ("failed", "not started", "stopped", "missing", "passed")
    )
    lesson = LessonMarks("03", text, "2026-11-20T10:00:00", "marked", text, (text,), text, entries, text)
    return Student(name, {"name": name}, {"03": lesson})


ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "p", "nav", "a", "section", "strong",
    "div", "span", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "em", "b", "bdi", "details", "summary",
}  # fmt: skip


@given(st.one_of(st.sampled_from(NASTY), st.text(alphabet="<>&\"'`{}%=/ a*\u202e\n", max_size=40)))
@settings(max_examples=150)
def test_nothing_from_outside_is_more_than_text_on_a_page(text):
    text = text.encode("utf-8", "replace").decode()  # a gradebook holds no lone surrogates
    student = one_student(text, text)
    page = Reader(pages.student_page(student))
    assert {tag for tag, _ in page.elements} <= ALLOWED
    overview = Reader(
        pages.overview_page({text: student}, [text], [(text, text), ("", text), ("gone", text)])
    )
    assert {tag for tag, _ in overview.elements} <= ALLOWED | {"script"}
    for tag, attributes in page.elements + overview.elements:
        assert not any(
            name.startswith("on") or name in ("src", "srcset", "background") for name in attributes
        )
        if tag == "a":
            assert re.fullmatch(r"#lesson-\d+|feedback/[a-z0-9-]+\.html", attributes["href"])
    assert sum(tag == "script" for tag, _ in overview.elements) == 1


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5, unique=True))
@settings(max_examples=100)
@example(["CON", "con", "nul.txt", "../../x", "SS", "ß", "ss", "x" * 300, ""])
def test_names_of_pages_are_safe_and_nobody_shares_one(names):
    names = list({name.encode("utf-8", "replace").decode() for name in names})
    pages = [tables.page_name(name) for name in names]
    assert len({page.lower() for page in pages}) == len(names)
    reserved = {"con", "prn", "aux", "nul", *(f"com{k}" for k in range(10)), *(f"lpt{k}" for k in range(10))}
    for page in pages:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}\.html", page) and page.split(".")[0] not in reserved


def test_a_page_says_what_helps_and_keeps_what_is_hidden(book):
    hidden = ExerciseMark("03-gradient-descent", 0, 3, "failed", "It passes the visible ones.", True)
    put(book, new_run(book), "alice", found=(hidden, *marks(read_a_hessian=0)[1:]))
    by_hand.decide(book, book.students(), "alice", "03-read-a-hessian", "1", "Look again.", "INTERNAL")
    page = Reader(pages.student_page(book.students()["alice"])).text
    assert "It passes the visible ones. Try inputs of your own" in page
    assert "INTERNAL" not in page
    assert "Step 2 is off." in page and "Look again." in page and f"Hint: {LESSON[0].hints[0][:20]}" in page
    assert re.search(r"10\s+of\s+14\s+points", page)


def contrast(one, two):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((light(one), light(two)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read_in_both_themes():
    css = (pages.TEMPLATES / "marks.css").read_text()
    for theme in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]:
        colour = dict(re.findall(r"--([\w-]+): (#\w{6})", theme))
        pairs = [(text, ground) for text in ("text", "quiet", "accent") for ground in ("page", "card")]
        pairs += [(name, f"{name}-bg") for name in ("good", "wait", "bad", "none")]
        for text, ground in pairs:
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)


def axe(page):
    """What axe-core, which knows the rules of accessibility, finds wrong with a page."""
    page.evaluate(
        (Path(__file__).parents[1] / "accessibility" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
    )
    found = page.evaluate("axe.run()")["violations"]
    return [(violation["id"], [node["html"] for node in violation["nodes"]][:3]) for violation in found]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_in_a_browser_ask_nobody_for_anything_and_show_names_as_text(tmp_path, book, chromium, scheme):
    run = new_run(book)
    for student, lost in ((SCRIPT, 0), ("zoe", 3), ("bob", 1)):
        put(book, run, student, found=marks(gradient_descent=lost), trouble=("<img src=x onerror=alert(2)>",))
    pages.write_pages(tmp_path, book.students(), [SCRIPT])
    context = chromium.new_context(viewport={"width": 400, "height": 800}, color_scheme=scheme)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
    page.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None
    )
    page.goto((tmp_path / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert axe(page) == []
    total = page.locator("table.sortable thead button").last
    total.click()
    assert page.locator("table.sortable tbody td:last-child").all_inner_texts() == ["11", "12", "14"]
    total.press("Enter")
    assert page.locator("table.sortable tbody td:last-child").all_inner_texts() == ["14", "12", "11"]
    assert page.locator("[aria-sort=descending]").count() == 1
    page.locator("table.sortable").get_by_text(SCRIPT).click()
    page.wait_for_url("**/feedback/**")
    assert page.locator("h1").inner_text() == SCRIPT and page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert axe(page) == []
    assert wrong == []
    context.close()


def test_results_are_written_for_a_class_with_nasty_names(tmp_path, book):
    run = new_run(book)
    cleaned = {names.clean(name) for name in NASTY if "\0" not in name and name != "\ud800"}
    for name in cleaned:
        put(book, run, name)
    command.write_results(tmp_path, book)
    assert len(list((tmp_path / "feedback").iterdir())) == len(cleaned)
    assert len(table(tmp_path / "marks.csv")) == len(cleaned) + 1
