"""Lessons that were saved from the web page: taken as they are, and what happened to them on the way is said.

That the page writes such a file, and that it is graded: tests/publishing/test_page_python.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optcourse import progress, saved
from optcourse.grading.collecting import collect
from optcourse.grading.tries import tries_in
from tests.conftest import COURSE

GD = "03-gradient-descent"
EVENTS = [
    {"time": "2026-11-29T10:00:00+00:00", "kind": "check", "id": GD, "status": "wrong"},
    {
        "time": "2026-11-29T10:01:00+00:00",
        "kind": "check",
        "id": GD,
        "status": "passed",
        "points": 3,
        "of": 3,
    },
    {
        "time": "2026-11-29T10:02:00+00:00",
        "kind": "quiz",
        "id": "03",
        "question": 0,
        "choice": 1,
        "right": True,
    },
]


@pytest.fixture
def lesson(tmp_path, own_home) -> Path:
    """A lesson as its page saves it, in the folder of a class."""
    notebook = json.loads((COURSE / "lessons" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["metadata"].get("optcourse", {}).get("exercise"))
    cell["source"] = ["# Größer, kleiner: 🙂\n", "x = 1"]
    ours = notebook["metadata"]["optcourse"]
    ours["progress"] = "".join(json.dumps(event) + "\n" for event in EVENTS)
    ours["checksum"] = saved.checksum(notebook)
    (tmp_path / "week").mkdir()
    path = tmp_path / "week" / "ada.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def test_a_saved_lesson_is_taken_as_it_is_and_says_how_often_its_reader_tried(lesson):
    assert len(saved.checksum(json.loads(lesson.read_bytes()))) == 8
    assert not saved.is_damaged(lesson.read_bytes())
    [submission] = collect(lesson.parent).submissions
    assert (submission.student, submission.lesson, submission.note) == ("ada", "03", "")
    assert tries_in(lesson) == {GD: 2}


@pytest.mark.parametrize(
    ("old", "new"),
    [("Größer", "Grosser"), ("x = 1", "x = 2"), ("passed", "pissed"), ('"checksum": "', '"checksum": "0')],
)
def test_what_was_damaged_on_the_way_is_said_and_marked_all_the_same(lesson, old, new):
    lesson.write_text(lesson.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    [submission] = collect(lesson.parent).submissions
    assert submission.note == f"{saved.CHANGED} It is marked as it is."
    assert (submission.lesson, submission.refused) == ("03", "")


@pytest.mark.parametrize(
    "data", [b"", b'{"checksum"', b'["checksum"]', b'{"checksum": 1}', b"[" * 99_999 + b'"checksum"']
)
def test_what_no_page_has_saved_is_not_called_damaged(data):
    assert not saved.is_damaged(data) and saved.progress_in(data) is None
    assert not saved.is_damaged((COURSE / "lessons" / "03_gradient_descent.ipynb").read_bytes())


@pytest.mark.parametrize("metadata", ['{"checksum": 1}', '{"checksum": "x", "progress": [1]}'])
def test_a_saved_lesson_of_which_little_is_left_is_damaged(metadata):
    data = f'{{"cells": [], "metadata": {{"optcourse": {metadata}}}}}'.encode()
    assert saved.is_damaged(data) and saved.progress_in(data) is None


def test_its_progress_is_loaded_once(lesson, capsys):
    progress.record("hint", GD, number=1)
    assert progress.main(["--load", str(lesson)]) == 0
    said = capsys.readouterr()
    assert "3 answers added to your progress, 0 were there already." in said.err and "Next: " in said.out
    assert progress.progress().lessons[3].passed == 1
    assert [event["kind"] for event in progress.events()] == ["hint", "check", "check", "quiz"]
    assert progress.main(["--load", str(lesson), "--json"]) == 0
    said = capsys.readouterr()
    assert (
        "0 answers added to your progress, 3 were there already." in said.err
        and len(json.loads(said.out)) == 4
    )


def test_what_the_first_page_lets_a_reader_take_along_is_loaded_and_damage_is_said(lesson, tmp_path, capsys):
    taken = tmp_path / "taken.jsonl"
    taken.write_text("".join(json.dumps(event) + "\n" for event in EVENTS) + "nonsense\n")
    assert progress.main(["--load", str(taken)]) == 0
    assert "1 lines of taken.jsonl are not understood and were left out." in capsys.readouterr().err
    lesson.write_text(lesson.read_text(encoding="utf-8").replace("x = 1", "x = 2"), encoding="utf-8")
    assert progress.main(["--load", str(lesson)]) == 0
    assert (
        "ada.ipynb: it was saved from its web page, and its checksum does not fit" in capsys.readouterr().err
    )


def test_what_holds_no_progress_is_refused_with_a_sentence(lesson, tmp_path, capsys):
    (tmp_path / "long").write_bytes(b"\n" * 5_000_001)
    (tmp_path / "empty.ipynb").write_text(
        '{"metadata": {"optcourse": {"progress": "", "checksum": "0"}}, "cells": []}'
    )
    for path, says in (
        (COURSE / "lessons" / "03_gradient_descent.ipynb", "holds no progress: name the progress.jsonl"),
        (tmp_path / "empty.ipynb", "was saved before anything was answered"),
        (tmp_path / "long", "more than 5,000,000 bytes"),
        (tmp_path / "nowhere", "cannot be used (No such file or directory). Nothing was added."),
    ):
        assert progress.main(["--load", str(path)]) == 2
        said = capsys.readouterr()
        assert says in said.err and not said.out
    assert progress.events() == []


def test_what_is_all_parts_is_not_read(monkeypatch):
    """It would take a hundred times its size; a class's files are looked at in the grader's own process."""
    monkeypatch.setattr(saved.json, "loads", lambda data: pytest.fail("it was read"))
    nested = b'{"checksum": [' + b"[]," * 500_000 + b"0]}"
    assert not saved.is_damaged(nested) and saved.progress_in(nested) is None
