"""Progress: kept line by line, safe for two at once, never in the way."""

import json
import multiprocessing
import os
import subprocess
import sys

import pytest

import optcourse
from optcourse import exercises, progress
from optcourse.checking.check import check
from optcourse.exercises.lesson_03 import gradient_descent

pytestmark = pytest.mark.usefixtures("own_home")


GD = "03-gradient-descent"


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(progress, "_said", set())


def test_a_check_is_kept_and_the_table_shows_it():
    check(GD, ...)
    assert [e["status"] for e in progress.events()] == ["not started"]
    for exercise in exercises.all_exercises():  # what comes next is the first that is not right yet
        if exercise.id == GD:
            break
        progress.record("check", exercise.id, status="passed", points=exercise.points)
    before = lesson_03()
    assert GD in progress.progress().next and not before.done
    check(GD, gradient_descent)
    check(GD, ...)  # a later blank takes nothing away
    after = lesson_03()
    assert (after.passed - before.passed, after.points - before.points) == (1, 3)
    assert GD not in progress.progress().next


def lesson_03():
    return next(lesson for lesson in progress.progress().lessons if lesson.lesson == "03")


def test_the_module_can_be_called_and_has_a_twin():
    from optcourse import progress as imported

    for shown in (optcourse.progress(), imported()):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"text/html", "text/plain"}
        assert "03 Gradient descent" in bundle["text/html"] and "Next:" in bundle["text/plain"]


@pytest.mark.parametrize(
    ("kind", "id", "fields", "begun"),
    [
        ("check", GD, {"status": "not started"}, False),  # Run All on an untouched lesson
        ("check", GD, {"status": "wrong"}, True),
        ("hint", GD, {"number": 1}, True),
        ("predict", "03-largest-rate", {"right": False}, True),
        ("quiz", "03", {"question": 0, "right": False}, True),
    ],
)
def test_a_lesson_is_begun_with_the_first_thing_that_a_learner_does(kind, id, fields, begun):
    progress.record(kind, id, **fields)
    assert ("◐ begun" in lesson_03().cells()) is begun
    assert sum("◐ begun" in lesson.cells() for lesson in progress.progress().lessons) == begun


def test_hints_predictions_and_quiz_are_counted_once():
    for number in (1, 2, 2, 1):
        progress.record("hint", GD, number=number)
    assert lesson_03().hints == 2
    progress.record("predict", "03-largest-rate", right=True, guess="1", answer="1", value=0)
    progress.record("predict", "03-largest-rate", right=False, guess="2", answer="1", value=1)
    assert progress.prediction_made("03-largest-rate")["right"] is True
    lines = progress.progress().outcomes
    assert lines == ("03-largest-rate: you said 1, it is 1 (right)",)


def as_events(*events):
    for kind, id, fields in events:
        progress.record(kind, id, **fields)


def row(number):
    return next(lesson for lesson in progress.progress().lessons if lesson.lesson == number)


# One lesson's events and, beside them, the same kinds of another lesson and of nobody: what each cell counts.
def test_every_cell_counts_its_own_lesson_alone():
    mine, other = exercises.module("03"), exercises.module("05")
    for module in (other, mine):
        first, second = module.EXERCISES[:2]
        guesses = module.PREDICTIONS
        as_events(
            ("check", first.id, {"status": "passed", "points": first.points}),
            ("check", second.id, {"status": "wrong", "points": 0}),
            ("hint", first.id, {"number": 1}),
            ("hint", first.id, {"number": 2}),
            ("hint", first.id, {"number": 2}),  # opened again after a restart
            ("hint", second.id, {"number": 1}),
            ("predict", guesses[0].id, {"right": True}),
            ("predict", guesses[0].id, {"right": False}),
            ("quiz", module.QUIZ.id, {"question": 0, "right": False}),
            ("quiz", module.QUIZ.id, {"question": 0, "right": True}),
            ("quiz", module.QUIZ.id, {"question": 1, "right": True}),
            ("quiz", module.QUIZ.id, {"question": 99, "right": True}),
        )
    as_events(
        ("predict", other.PREDICTIONS[1].id, {"right": True}),
        ("hint", other.EXERCISES[1].id, {"number": 2}),
        ("quiz", other.QUIZ.id, {"question": 2, "right": True}),
        ("check", "03-nobody", {"status": "passed", "points": 50}),
        ("hint", "03-nobody", {"number": 1}),
        ("predict", "03-nobody", {"right": True}),
        ("quiz", "03-nobody", {"question": 3, "right": True}),
        # the same id under another kind counts nothing
        ("look", mine.EXERCISES[1].id, {"status": "passed", "number": 3}),
        ("check", mine.PREDICTIONS[1].id, {"status": "right", "right": True}),
        ("check", mine.QUIZ.id, {"question": 3, "right": True}),
    )
    lesson = row("03")
    assert lesson.cells() == (
        "03 Gradient descent",
        "◐ begun",
        f"1 of {len(mine.EXERCISES)}",
        f"{mine.EXERCISES[0].points} of {sum(e.points for e in mine.EXERCISES)}",
        "3",
        f"1 of {len(mine.PREDICTIONS)} made, 1 right",
        f"2 of {len(mine.QUIZ.questions)} answered, 1 right at once",
    )
    untouched = [lesson for lesson in progress.progress().lessons if lesson.lesson not in ("03", "05")]
    assert len(untouched) > 5
    for lesson in untouched:
        _, mark, passed, points, hints, predictions, quiz = lesson.cells()
        assert mark == "○ not yet" and passed.startswith("0 of ") and points.startswith("0 of ")
        assert hints == "0" and (predictions == "–" or predictions.startswith("0 of "))
        assert predictions == "–" or predictions.endswith(" made, 0 right")
        assert quiz == "–" or (quiz.startswith("0 of ") and quiz.endswith(" answered, 0 right at once"))


def test_a_wrong_guess_and_a_wrong_first_answer_stay_so():
    module = exercises.module("03")
    for right in (False, True):
        progress.record("predict", module.PREDICTIONS[0].id, right=right)
        progress.record("quiz", module.QUIZ.id, question=0, right=right)
    lesson = row("03")
    assert (lesson.predictions_made, lesson.predictions_right) == (1, 0)
    assert lesson.quiz.startswith("1 of") and "0 right at once" in lesson.quiz


def test_done_is_shown_when_the_last_exercise_is_right_and_not_before():
    *most, last = exercises.module("03").EXERCISES
    for exercise in most:
        progress.record("check", exercise.id, status="passed", points=exercise.points)
    assert not row("03").done and row("03").cells()[1] == "◐ begun"
    progress.record("check", last.id, status="wrong", points=0)
    assert not row("03").done
    progress.record("check", last.id, status="passed", points=last.points)
    lesson = row("03")
    assert lesson.done and lesson.cells()[1] == "✔ done" and lesson.points == lesson.max_points > 0
    assert lesson.passed == lesson.exercises == len(most) + 1
    shown = progress.progress()
    assert str(shown).count("✔ done") == shown._repr_mimebundle_()["text/html"].count("✔ done") == 1


def test_a_lesson_without_exercises_is_never_done_and_what_there_is_none_of_is_a_dash():
    empty = progress.LessonProgress("10", "10 Glossary", 0, 0, 0, 0, 0, 0, 0, 0, "–")
    assert not empty.done
    assert empty.cells() == ("10 Glossary", "○ not yet", "0 of 0", "0 of 0", "0", "–", "–")


def test_next_is_the_first_that_is_not_right_yet_and_in_the_end_nothing():
    order = exercises.all_exercises()
    progress.record("check", order[1].id, status="passed", points=1)
    assert progress.progress().next == (
        f'"{order[0].title}" ({order[0].id}) in lesson {progress.title_of(order[0].lesson)}'
    )
    progress.record("check", order[0].id, status="passed", points=1)
    assert f"({order[2].id})" in progress.progress().next
    for exercise in order:
        progress.record("check", exercise.id, status="passed", points=exercise.points)
    shown = progress.progress()
    assert shown.next.startswith("nothing is left: every exercise is right")
    assert all(lesson.done for lesson in shown.lessons if lesson.exercises)


def test_outcomes_are_the_first_guesses_in_their_order_and_no_other_kind():
    assert progress.progress().outcomes == () and "Your predictions" not in str(progress.progress())
    assert "<details>" not in progress.progress()._repr_mimebundle_()["text/html"]
    as_events(
        ("predict", "b", {"guess": "2 & <3>", "answer": "3", "right": False}),
        ("predict", "a", {"guess": "1", "answer": "1", "right": True}),
        ("predict", "b", {"guess": "3", "answer": "3", "right": True}),
        ("quiz", "c", {"guess": "1", "answer": "1", "right": True}),
    )
    shown = progress.progress()
    assert shown.outcomes == ("b: you said 2 & <3>, it is 3 (not so)", "a: you said 1, it is 1 (right)")
    text, html = str(shown), shown._repr_mimebundle_()["text/html"]
    assert "Your predictions, and what came out:\n  b: you said 2 & <3>, it is 3 (not so)\n  a: you" in text
    assert "<li>b: you said 2 &amp; &lt;3&gt;, it is 3 (not so)</li><li>a: you" in html


def test_the_text_is_a_table_whose_columns_stand_below_their_headings():
    progress.record("hint", GD, number=1)
    shown = progress.progress()
    heading, *rows = str(shown).splitlines()
    assert rows[-2:] == ["", f"Next: {shown.next}"] and len(rows) == len(shown.lessons) + 2
    for k, name in enumerate(progress.HEADINGS):
        column = heading.index(name)
        for line, lesson in zip(rows, shown.lessons, strict=False):
            assert line[column:].startswith(lesson.cells()[k])
            assert column == 0 or line[column - 2 : column] == "  "
    html = shown._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == len(shown.lessons) + 1
    assert html.count('<th scope="col"') == len(progress.HEADINGS)
    assert html.count("<td") == len(progress.HEADINGS) * len(shown.lessons)


def test_a_prediction_is_looked_for_among_predictions_of_that_name():
    as_events(
        ("hint", "03-largest-rate", {"number": 5}),
        ("predict", "03-other", {"value": 1}),
        ("predict", "03-largest-rate", {"value": 2}),
        ("predict", "03-largest-rate", {"value": 3}),
        ("predict", GD, {"number": 7}),
        ("hint", GD, {"number": 2}),
        ("hint", "05-momentum", {"number": 9}),
    )
    assert progress.prediction_made("03-largest-rate")["value"] == 2
    assert progress.prediction_made("03-nothing") is None
    assert lesson_03().hints == 1


def test_an_event_says_when_it_was():
    from datetime import UTC, datetime, timedelta

    before = datetime.now(UTC).replace(microsecond=0)
    progress.record("hint", GD, number=1)
    (event,) = progress.events()
    assert before <= datetime.fromisoformat(event["time"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(event["time"]).utcoffset() == timedelta(0)
    assert list(event) == ["time", "kind", "id", "number"]


def test_home_is_the_folder_that_has_lessons(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTCOURSE_HOME")
    (tmp_path / "lessons" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "lessons" / "deep")
    assert progress.home() == tmp_path
    elsewhere = tmp_path.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    monkeypatch.chdir(elsewhere)
    assert progress.home() == elsewhere


def test_broken_lines_are_set_aside_once_and_the_good_ones_stay(capsys):
    progress.record("hint", GD, number=1)
    with progress.file().open("ab") as file:
        file.write(b'{"kind": "hint", "id"\n\xff\xfe\x00\n[1, 2]\n{"kind": 3, "id": 4}\n{"cut off')
    progress.record("hint", GD, number=2)  # after the cut-off line, on a line of its own
    assert lesson_03().hints == 2
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "5 broken line(s)" in said and "2 good lines kept" in said
    aside = list(progress.file().parent.glob("progress.broken-*.jsonl"))
    assert len(aside) == 1 and b"cut off" in aside[0].read_bytes()
    kept = progress.file().read_bytes()  # not a byte of the broken lines stays
    assert kept.count(b"\n") == 2 and kept.endswith(b'"number": 2}\n') and kept.startswith(b'{"time": ')
    assert lesson_03().hints == 2
    assert capsys.readouterr().out == ""
    assert all(json.loads(line) for line in progress.file().read_text().splitlines())


def test_a_second_breakage_on_the_same_day_gets_a_name_of_its_own():
    for _ in range(2):
        progress.record("hint", GD, number=1)
        with progress.file().open("a") as file:
            file.write("broken\n")
        progress.events()
    assert len(list(progress.file().parent.glob("progress.broken-*.jsonl"))) == 2


@pytest.mark.parametrize("obstacle", ["a file in the way", "a folder in the way"])
def test_where_nothing_can_be_written_one_line_says_so_once(own_home, capsys, obstacle):
    if obstacle == "a file in the way":
        (own_home / ".optcourse").write_text("not a folder")
    else:
        progress.file().mkdir(parents=True)
    assert check(GD, gradient_descent).passed
    assert check(GD, gradient_descent).passed
    assert capsys.readouterr().out.count("cannot be kept") == 1
    assert progress.progress().lessons


def test_a_read_only_folder(monkeypatch, capsys):
    def refuse(*args, **kwargs):  # root may write everywhere, so a mode of 0500 would prove nothing
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(progress.os, "open", refuse)
    assert check(GD, gradient_descent).passed
    assert "cannot be kept" in capsys.readouterr().out


def write_many(home, who):
    os.environ["OPTCOURSE_HOME"] = home
    for number in range(200):
        progress.record("hint", f"{who}", number=number, filler="x" * 300)


def test_two_notebooks_may_write_at_once(own_home):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(own_home), str(who))) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    log = progress.events()
    assert len(log) == 600
    for who in range(3):
        assert [e["number"] for e in log if e["id"] == str(who)] == list(range(200))
    assert not list(progress.file().parent.glob("progress.broken-*"))


def test_the_command(capsys):
    progress.record("hint", GD, number=1)
    assert progress.main([]) == 0
    assert "03 Gradient descent" in capsys.readouterr().out
    assert progress.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["number"] == 1
    with progress.file().open("a") as file:
        file.write("nonsense\n")
    assert progress.main(["--json"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) == 1 and "1 broken line(s)" in captured.err


def test_importing_the_course_is_light():
    code = (
        "import sys, optcourse; print([m for m in ('matplotlib', 'ipywidgets', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        optcourse.chek  # noqa: B018
