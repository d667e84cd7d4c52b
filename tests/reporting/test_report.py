"""The report on a class's mistakes, and its deck: what was planted is what they show, and nobody can be found in them."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from optcourse import exercises
from optcourse.commands import report, slides
from optcourse.explorers.engine import Explorer
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.marking import ExerciseMark
from optcourse.reporting import deck
from optcourse.reporting.findings import FEWEST, NoFindings, findings, gradebook_of
from optcourse.reporting.page import page
from optcourse.reporting.pictures import EXPLORERS, Numbers, code_of, drawn, losses
from tests.frontends.browsing import SETTLED
from tests.publishing.decks import SPILLS, WAKE, count, opened, place

ROOT = Path(__file__).resolve().parents[2]
LESSON = exercises.module("03").EXERCISES
GD = "03-gradient-descent"
SECRET = "Zebedee-Quux"


def fill(folder: Path, wrong: dict[str, list[str]], students: int = 12, tries: int = 0) -> Path:
    """A gradebook in which student k makes the k-th of the mistakes listed for each exercise ('' for none)."""
    path = folder / "gradebook.sqlite"
    with Gradebook(path) as book:
        run = book.begin_run(folder="/week", seed=1, grader="v", sandboxed=True, place="here")
        for k in range(students):
            name = f"{SECRET}{k}"
            made = {e.id: (wrong.get(e.id, []) + [""] * students)[k] for e in LESSON}
            marks = tuple(
                ExerciseMark(e.id, 0 if made[e.id] else e.points, e.points, "failed" if made[e.id] else "passed",
                             f"{SECRET} said", misconception=made[e.id].split("+")[0], also="".join(made[e.id].split("+")[1:]))
                for e in LESSON
            )  # fmt: skip
            book.learn({name: {}})
            book.record(
                run, name, lesson="03", file=f"{name}.ipynb", sha256=str(k), modified="", outcome="marked", marks=marks
            )  # fmt: skip
            if k < tries:
                book.keep_tries(name, {GD: k + 1})
    return path


def found(path: Path) -> dict[tuple[str, str], int]:
    return {(m.exercise.id, m.misconception.id): m.count for m in findings(path).mistakes}


# -- what it says, and what it does not -------------------------------------------------------------


def test_a_mistake_is_counted_by_students_also_beside_another_one(tmp_path):
    path = fill(tmp_path, {GD: ["sign-flipped"] * 4 + ["learning-rate-ignored+sign-flipped"] * 3})
    assert found(path) == {(GD, "sign-flipped"): 7, (GD, "learning-rate-ignored"): 3}


def test_what_fewer_than_three_did_is_not_there(tmp_path):
    path = fill(tmp_path, {GD: ["sign-flipped"] * FEWEST + ["learning-rate-ignored"] * (FEWEST - 1)}, tries=2)
    assert found(path) == {(GD, "sign-flipped"): 3}
    hard = {h.exercise.id: h for h in findings(path).hard}
    assert (hard[GD].share, hard[GD].tries) == ("7 of 12", None)
    made = page(findings(path))
    assert "learning-rate-ignored" not in made
    assert "sign-flipped" in made


def test_a_share_that_would_speak_of_one_or_two_is_not_told(tmp_path):
    few = {
        LESSON[0].id: ["x"] * 2,
        LESSON[1].id: ["x"] * 10,
        LESSON[2].id: ["x"] * 3,
        LESSON[3].id: ["x"] * 12,
    }
    shares = [h.share for h in findings(fill(tmp_path, few)).hard]
    veiled = "nearly all, or nearly none, of 12"
    assert shares == [veiled, veiled, "9 of 12", "0 of 12", "12 of 12", "12 of 12"]


def test_tries_are_a_median_of_three_or_more(tmp_path):
    hard = {h.exercise.id: h for h in findings(fill(tmp_path, {}, tries=5)).hard}
    assert (hard[GD].tries, hard[GD].tried) == (3, 5)


def test_no_name_and_no_students_word_is_in_page_or_deck(tmp_path):
    path = fill(tmp_path, {GD: ["sign-flipped"] * 5})
    made = page(findings(path)) + str(deck.notebook(findings(path)))
    assert SECRET not in made
    assert "5 of 12" in made


def test_what_a_newer_or_older_course_called_a_mistake_is_passed_over(tmp_path):
    assert found(fill(tmp_path, {GD: ["no-such-mistake"] * 5})) == {}


@pytest.mark.parametrize(("students", "told"), [(2, "fewer than 3 students"), (0, "fewer than 3 students")])
def test_a_class_of_two_has_no_report(tmp_path, capsys, students, told):
    fill(tmp_path, {GD: ["sign-flipped"] * students}, students)
    assert report.main([str(tmp_path)]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "mistakes.html").exists()


def test_bad_places_get_a_sentence(tmp_path, capsys):
    assert report.main([str(tmp_path / "none")]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert slides.main(["--from", str(tmp_path)]) == 2
    assert "mark the notebooks first" in capsys.readouterr().err
    (tmp_path / "gradebook.sqlite").write_bytes((ROOT / "tests/grading/old/schema-1.sqlite").read_bytes())
    assert report.main([str(tmp_path)]) == 2
    assert "call `optcourse grade` again" in capsys.readouterr().err
    for words in ([], ["03", "--from", str(tmp_path)]):
        with pytest.raises(SystemExit):
            slides.main(words)
        assert "one of the two" in capsys.readouterr().err


def test_the_folder_of_notebooks_finds_the_marks_beside_it(tmp_path):
    (tmp_path / "week3").mkdir()
    (tmp_path / "week3-marks").mkdir()
    path = fill(tmp_path / "week3-marks", {})
    assert gradebook_of(tmp_path / "week3") == path


def test_a_class_without_mistakes_has_a_report_and_no_deck(tmp_path, capsys):
    path = fill(tmp_path, {})
    assert report.main([str(tmp_path)]) == 0
    assert (tmp_path / "mistakes.html").stat().st_mode & 0o077 == 0
    with pytest.raises(NoFindings, match="no mistake"):
        deck.notebook(findings(path))


# -- pictures and questions -------------------------------------------------------------------------


def test_every_explorer_that_a_lesson_draws_an_answer_in_is_used():
    """The table of explorers is the lessons' own: `X(yours=answer)`, where `answer` is an exercise's."""
    answers = {(e.lesson, e.answers[0]): e.id for e in exercises.all_exercises()}
    used = {}
    for path in sorted((ROOT / "source").glob("[0-9]*.py")):
        for kind, answer in re.findall(r"(?m)^(\w+)\(.*?yours=(\w+)", path.read_text(encoding="utf-8")):
            if id := answers.get((path.name[:2], answer)):
                used.setdefault(id, set()).add(kind)
    assert used[GD] >= {"ValleyExplorer"}
    assert {id: EXPLORERS.get(id, ("nothing",))[0] in kinds for id, kinds in used.items()} == dict.fromkeys(
        used, True
    )


@pytest.mark.parametrize(
    "exercise", [e for e in exercises.all_exercises() if e.misconceptions], ids=lambda e: e.id
)
def test_a_mistake_has_a_picture_code_and_a_question_with_one_right_answer(exercise):
    """For the first three of every exercise; the picture of what shows no number is a count."""
    for m in exercise.misconceptions[:3]:
        shown = deck.draw(exercise.id, m.id, 4, 9)
        assert isinstance(shown, Explorer)
        assert "your code" not in shown.describe()
        assert code_of(exercise, m.id)
        asked = deck.question(exercise, m.id, 4, 9)
        assert len(set(asked.choices)) == len(asked.choices) >= 2
        assert 0 <= asked.answer() < len(asked.choices)
        assert "4 of 9" in asked.reveal


def test_the_mistake_is_drawn_in_the_lessons_explorer_where_it_shows_there():
    shown = drawn(GD, "sign-flipped")
    assert type(shown.explorer).__name__ == "ValleyExplorer"
    assert losses(shown.explorer)[-1] > losses(shown.explorer)[0] > losses(shown.right)[-1]
    labels = {mark.label for panel in shown.explorer.frame().panels for mark in panel.marks}
    assert "the mistake" in labels
    assert not any("your" in label for label in labels)
    # the explorer starts at fractions, so it would show no difference
    [whole] = [m.id for m in exercises.get(GD).misconceptions if "whole" in m.id or "integer" in m.id][:1]
    assert isinstance(drawn(GD, whole).explorer, Numbers)


@pytest.mark.parametrize(
    ("wrong", "right", "answer"),
    [
        ([8, 2, 1.1], [8, 2, 1], 0), ([8, 4, 3], [8, 2, 1], 1), ([8, 2, 0.1], [8, 2, 1], 2),
        ([8, 20, 90], [8, 2, 1], 3), ([8, np.inf, np.nan], [8, 2, 1], 3), ([8, 0, 0], [8, 0, 0], 0),
    ],
)  # fmt: skip
def test_how_a_run_ends_is_computed(wrong, right, answer):
    assert deck.outcome(np.array(wrong, float), np.array(right, float)) == answer


# -- the deck, given by keyboard --------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.slow
def test_the_deck_is_given_by_keyboard_and_every_question_is_answered(chromium, tmp_path):
    wrong = {
        GD: ["sign-flipped"] * 7 + ["learning-rate-ignored"] * 4,
        LESSON[2].id: [LESSON[2].misconceptions[0].id] * 6,
        LESSON[3].id: [LESSON[3].misconceptions[0].id] * 5,
        LESSON[4].id: [LESSON[4].misconceptions[0].id] * 3 + [LESSON[4].misconceptions[1].id] * 3,
    }
    marks = tmp_path / "week3-marks"
    marks.mkdir()
    shown = findings(fill(marks, wrong)).mistakes
    assert len(shown) == 6
    target = tmp_path / "deck.html"
    command = [sys.executable, "-m", "optcourse.cli", "slides", "--from", str(marks), "--export", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert SECRET not in target.read_text(encoding="utf-8")
    with opened(chromium, target.as_uri()) as window:
        window.evaluate(WAKE)
        assert window.evaluate(SPILLS) == []
        asked, pictures, last = [], 0, count(window)
        while place(window) < last:
            if window.locator(".slide.now .ask").count():
                window.keyboard.press("1")
                window.keyboard.press("Enter")
                window.wait_for_function(
                    "() => document.querySelector('.slide.now').innerText.includes('students made this mistake')"
                )
                asked.append(window.inner_text(".slide.now h2"))
            pictures += window.locator(".slide.now .figure").count()
            window.keyboard.press("ArrowRight")
            window.evaluate(SETTLED)
        text = window.inner_text("#deck")
    titles = [f"{k}. {html.unescape(m.exercise.title)}" for k, m in enumerate(shown[:5], 1)]
    assert list(dict.fromkeys(asked)) == titles
    assert pictures >= 4
    assert "6. " not in text
