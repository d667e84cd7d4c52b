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
    assert progress.hints_opened(GD) == 2
    progress.record("predict", "03-largest-rate", right=True, guess="1", answer="1", value=0)
    progress.record("predict", "03-largest-rate", right=False, guess="2", answer="1", value=1)
    assert progress.prediction_made("03-largest-rate")["right"] is True
    lines = progress.progress().outcomes
    assert lines == ("03-largest-rate: you said 1, it is 1 (right)",)


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
    assert progress.hints_opened(GD) == 2
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "5 broken line(s)" in said and "2 good lines kept" in said
    aside = list(progress.file().parent.glob("progress.broken-*.jsonl"))
    assert len(aside) == 1 and b"cut off" in aside[0].read_bytes()
    assert progress.hints_opened(GD) == 2
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


def test_importing_the_course_is_light():
    code = (
        "import sys, optcourse; print([m for m in ('matplotlib', 'ipywidgets', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        optcourse.chek  # noqa: B018
