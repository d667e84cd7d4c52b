"""Partial credit: what a wrong answer earns is what the file says, and a file with anything wrong in it is refused whole."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optcourse import exercises
from optcourse.exercises.model import CORNERS, FLOATS, WHOLE
from optcourse.grading import command, pages
from optcourse.grading.credit import BadCredit, Rule, earned, read_credit
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.marking import ALIKE, ExerciseMark
from tests.grading import planted

GD, HESSIAN = "03-gradient-descent", "03-read-a-hessian"
FILE = """# what a wrong answer earns
[03-gradient-descent]
floats = 0.5
whole-numbers = 0.25
corners = 0.25

[03-gradient-descent.mistakes]
one-step-too-few = 0.5
"""
RULE = Rule({FLOATS: 0.5, WHOLE: 0.25, CORNERS: 0.25}, {"one-step-too-few": 0.5})


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "credit.toml"


def test_the_file_of_the_docs_is_read(path):
    assert read_credit(path) == {}
    path.write_text(FILE)
    assert read_credit(path) == {GD: RULE}
    docs = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    path.write_text(re.search(r"```toml\n(.*?)```", docs, re.DOTALL)[1])
    assert read_credit(path) == {GD: RULE}


@pytest.mark.parametrize(
    ("right", "mistake", "also", "points", "said"),
    [
        ((), "", "", 0, "0 of 1.5 points: not yet right on ordinary numbers"),
        ((FLOATS,), "", "", 1.5, "1.5 points: right on ordinary numbers"),
        ((FLOATS, WHOLE), "", "", 2.25, "0.75 points: right on whole numbers, too"),
        ((FLOATS, CORNERS), "keeps-whole-numbers", "", 2.25, "0 of 0.75 points: not yet right on whole numbers"),
        ((WHOLE, CORNERS), "", "", 0, "not yet right on ordinary numbers"),
        ((ALIKE,), "one-step-too-few", "", 1.5, "the only mistake"),
        ((ALIKE,), "one-step-too-few", "sign-flipped", 0, "not yet"),
        ((), "one-step-too-few", "", 0, "not yet"),
        ((ALIKE,), "sign-flipped", "", 0, "not yet"),
        ((FLOATS, WHOLE, ALIKE), "one-step-too-few", "", 2.25, "right on whole numbers, too"),
    ],
)  # fmt: skip
def test_what_an_answer_earns(right, mistake, also, points, said):
    found, lines = earned(RULE, 3, right, mistake, also)
    assert found == points
    assert any(said in line for line in lines)


@pytest.mark.parametrize(
    ("text", "row", "column", "said"),
    [
        (FILE.replace("floats = 0.5", "floats = 1.5"), 3, 1, "1.5 is no share; write a number from 0 to 1"),
        (FILE.replace("= 0.5\nwhole", "= -0.1\nwhole"), 3, 1, "-0.1 is no share"),
        (FILE.replace("floats = 0.5", "floats = nan"), 3, 1, "nan is no share"),
        (FILE.replace("floats = 0.5", "floats = true"), 3, 1, "True is no share"),
        (FILE.replace("floats = 0.5", "floats = '0.5'"), 3, 1, "'0.5' is no share"),
        (FILE.replace("floats = 0.5", "floats = 0.8"), 2, 2, "are 1.3 together; make them at most 1"),
        (FILE.replace("gradient-descent]", "gradient-decent]"), 2, 2, 'Did you mean "03-gradient-descent"?'),
        (FILE.replace("corners", "edges"), 5, 1, "'edges' is no part of an exercise; there are floats"),
        (FILE.replace("too-few", "too-fev"), 8, 1, "Did you mean 'one-step-too-few'?"),
        (FILE.replace("too-few = 0.5", "too-few = 2"), 8, 1, "2 is no share"),
        (FILE + "[03-read-a-hessian]\nfloats = 1\n", 10, 1, "it has none; name mistakes instead"),
        (FILE + "[03-steps-needed]\nwhole-numbers = 1\n", 10, 1, "it has floats, corners"),
        ("03-gradient-descent = 0.5\n", 1, 1, "must be a table of shares"),
        ("[03-gradient-descent]\nmistakes = 0.5\n", 2, 1, "mistakes must be a table"),
        ("[03-gradient-descent]\nfloats 0.5\n", 2, 8, "this is no TOML"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_one_sentence_with_its_place(path, text, row, column, said):
    path.write_text(text)
    with pytest.raises(BadCredit) as found:
        read_credit(path)
    [line] = [line for line in str(found.value).splitlines() if "row" in line]
    assert f"row {row}, column {column}: " in line
    assert said in line


def test_every_bad_entry_is_named(path):
    path.write_text(
        FILE.replace("floats = 0.5", "floats = 7").replace("corners", "edges").replace("too-few", "x")
    )
    with pytest.raises(BadCredit) as found:
        read_credit(path)
    assert len(re.findall(r"row \d+, column \d+", str(found.value))) == 3


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"[03-gradient-descent"])
def test_what_cannot_be_read_is_said(path, data):
    path.write_bytes(data)
    with pytest.raises(BadCredit, match="is not in UTF-8|this is no TOML"):
        read_credit(path)


def test_mistakes_that_give_the_same_numbers_have_one_share(path):
    pairs = [(e, m, m.same_as[0]) for e in exercises.all_exercises() for m in e.misconceptions if m.same_as]
    exercise, one, other = pairs[0]
    path.write_text(f"[{exercise.id}.mistakes]\n{one.id} = 0.5\n")
    assert read_credit(path)[exercise.id].mistakes[other] == 0.5
    path.write_text(f"[{exercise.id}.mistakes]\n{one.id} = 0.5\n{other} = 0.25\n")
    with pytest.raises(BadCredit, match="need the same share"):
        read_credit(path)


def test_every_function_exercise_has_ordinary_cases_for_every_seed():
    for exercise in exercises.all_exercises():
        if exercise.kind == "function":
            for seed in (1, 2, 3):
                assert FLOATS in {case.part for case in exercise.draw_cases(seed)}, exercise.id


def test_a_bad_file_marks_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "week3").mkdir()
    marks = tmp_path / "week3-marks"
    marks.mkdir()
    shutil.copy(Path(__file__).with_name("old") / "schema-1.sqlite", marks / "gradebook.sqlite")
    (marks / "credit.toml").write_text(FILE.replace("0.5", "5", 1))
    before = (marks / "gradebook.sqlite").read_bytes()
    assert command.main([str(tmp_path / "week3")]) == 2
    assert "nothing was marked or written" in capsys.readouterr().err
    assert (marks / "gradebook.sqlite").read_bytes() == before
    assert sorted(p.name for p in marks.iterdir()) == ["credit.toml", "gradebook.sqlite"]


def test_the_students_page_says_what_earned_what_and_a_person_still_wins(tmp_path):
    with Gradebook(tmp_path / "g.sqlite", (), {GD: RULE}) as book:
        run = book.begin_run(folder="/w", seed=1, grader="v", sandboxed=True, place="here")
        book.learn({"ada": {}})
        found = ExerciseMark(
            GD, 0, 3, "failed", "It is wrong.", misconception="keeps-whole-numbers", right=(FLOATS, CORNERS)
        )
        book.record(
            run, "ada", lesson="03", file="a", sha256="x", modified="", outcome="marked", marks=(found,)
        )
        page = pages.student_page(book.students()["ada"])
        assert "2.25 of 3" in page
        assert "1.5 points: right on ordinary numbers." in page
        assert "0 of 0.75 points: not yet right on whole numbers, too." in page
        assert "◐ In part" in page
        book.decide("ada", GD, 1, "", "")
        page = pages.student_page(book.students()["ada"])
        assert "1 of 3" in page
        assert "right on ordinary numbers" not in page
    with Gradebook(tmp_path / "g.sqlite") as book:  # without the file it is all or nothing
        assert book.students()["ada"].lessons["03"].entries[0].automatic == 0


# What these mistakes leave right of the exercise's 3 points, worked out by hand: copies of whole numbers are wrong on whole
# numbers alone; one step too few is named in the file; uphill is wrong everywhere.
BY_HAND = {"keeps-whole-numbers": 2.25, "one-step-too-few": 1.5, "sign-flipped": 0, "": 3}


@pytest.mark.slow
def test_twenty_students_recomputed_by_hand(bubblewrap, tmp_path):
    students = [planted.Planted(f"s{k:02}", {GD: id} if id else {}) for k, id in enumerate(list(BY_HAND) * 5)]
    planted.write(tmp_path / "week3", students, "03")
    marks = tmp_path / "week3-marks"
    marks.mkdir()
    (marks / "credit.toml").write_text(FILE)
    command_line = [sys.executable, "-m", "optcourse.cli", "grade", str(tmp_path / "week3")]
    done = subprocess.run(command_line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with (marks / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: float(row[f"{GD} (of 3)"]) for row in csv.DictReader(file)}
    assert rows == {s.name: BY_HAND[s.mistakes.get(GD, "")] for s in students}
