"""A gradebook of the first schema: `old/schema-1.sqlite` was written by the course as it was before the second."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from optcourse.grading import gradebook
from optcourse.grading.gradebook import Gradebook, GradebookError
from optcourse.grading.marking import ExerciseMark

OLD = Path(__file__).with_name("old") / "schema-1.sqlite"
BEN = {"03-gradient-descent": 0, "03-steps-needed": 1}


@pytest.fixture
def path(tmp_path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "gradebook.sqlite"))


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob("gradebook.schema-1*.sqlite"))


def mark(book: Gradebook) -> None:
    run = book.begin_run(folder="/week", seed=1, grader="v2", sandboxed=True, place="here")
    book.learn({"ada": {}})
    found = ExerciseMark("03-gradient-descent", 0, 3, "failed", "", False, "wrong-sign", "", ("floats",))
    book.record(
        run, "ada", lesson="03", file="ada.ipynb", sha256="x", modified="", outcome="marked", marks=(found,)
    )


def test_it_is_read_as_it_is_and_nothing_in_it_changes(path):
    before = path.read_bytes()
    with Gradebook(path) as book:
        students = book.students()
        assert sorted(students) == ["ada", "ben", "cleo", "dan", "kurt"]
        ben = {entry.id: entry for entry in students["ben"].lessons["03"].entries}
        assert {id: ben[id].points for id in BEN} == BEN
        assert ben["03-steps-needed"].comment == "Right idea: now round up."
        assert [entry.misconception for entry in ben.values()] == [""] * len(ben)
    assert path.read_bytes() == before
    assert copies(path) == []


def test_the_first_write_keeps_a_copy_and_brings_it_up_to_date(path):
    before = dump(path)
    with Gradebook(path) as book:
        totals = {key: s.lessons["03"].total for key, s in book.students().items() if "03" in s.lessons}
        mark(book)
        after = book.students()
        assert {key: after[key].lessons["03"].total for key in totals if key != "ada"} == {
            key: total for key, total in totals.items() if key != "ada"
        }
        entry = next(e for e in after["ada"].lessons["03"].entries if e.id == "03-gradient-descent")
        assert (entry.misconception, entry.right) == ("wrong-sign", ("floats",))
    [copy] = copies(path)
    assert (version(path), version(copy)) == (gradebook.VERSION, 1)
    assert dump(copy) == before
    assert copy.stat().st_mode & 0o077 == 0
    with Gradebook(path) as book:  # and once is enough
        mark(book)
    assert copies(path) == [copy]


def test_a_copy_that_is_there_already_stays(path):
    other = path.with_name("gradebook.schema-1.sqlite")
    other.write_bytes(b"somebody's")
    before = dump(path)
    with Gradebook(path) as book:
        mark(book)
    assert other.read_bytes() == b"somebody's"
    assert dump(path.with_name("gradebook.schema-1-2.sqlite")) == before


def test_where_no_copy_can_be_kept_nothing_is_changed(path, monkeypatch):
    before = path.read_bytes()

    def full(copy, *rest):
        raise OSError(28, "No space left on device")

    with Gradebook(path) as book:
        monkeypatch.setattr(gradebook.os, "open", full)
        with pytest.raises(GradebookError, match="a copy of it could not be kept.*nothing was changed"):
            mark(book)
        monkeypatch.undo()
    assert path.read_bytes() == before
    assert copies(path) == []


def test_two_that_write_at_once_migrate_once(path):
    with Gradebook(path) as one, Gradebook(path) as other:
        mark(one)
        mark(other)
    assert len(copies(path)) == 1
    with Gradebook(path) as book:
        assert len(book.rows("SELECT * FROM marks WHERE misconception = 'wrong-sign'")) == 2
