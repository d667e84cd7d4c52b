"""Tries are read out of the progress that a student handed in, and out of nothing else."""

from __future__ import annotations

import json

import pytest

from optcourse.grading.tries import MOST, tries_of

GD, NEEDED = "03-gradient-descent", "03-steps-needed"


def lines(*events: tuple[str, str]) -> str:
    return "".join(json.dumps({"kind": "check", "id": id, "status": status}) + "\n" for id, status in events)


@pytest.mark.parametrize("where", ["eva/.optcourse", "eva", "eva/course/.optcourse"])
def test_it_lies_beside_the_notebook_or_further_up(tmp_path, where):
    (tmp_path / where).mkdir(parents=True)
    told = lines(
        (GD, "not started"), (GD, "wrong"), (GD, "error"), (GD, "passed"), (GD, "wrong"), (NEEDED, "wrong")
    )
    (tmp_path / where / "progress.jsonl").write_text(told)
    assert tries_of(tmp_path, "eva/course/03.ipynb" if "course" in where else "eva/03.ipynb") == {GD: 3}


def test_what_is_not_the_students_own_is_not_read(tmp_path):
    (tmp_path / ".optcourse").mkdir()
    (tmp_path / ".optcourse" / "progress.jsonl").write_text(lines((GD, "passed")))
    (tmp_path / "eva").mkdir()
    (tmp_path / "eva" / ".optcourse").symlink_to(tmp_path / ".optcourse")
    (tmp_path / "ben").mkdir()
    (tmp_path / "ben" / "progress.jsonl").symlink_to(tmp_path / ".optcourse" / "progress.jsonl")
    assert [tries_of(tmp_path, file) for file in ("ada.ipynb", "eva/x.ipynb", "ben/x.ipynb")] == [{}, {}, {}]


@pytest.mark.parametrize(
    "rubbish",
    ["", "[1]\n", "{}\n", '{"kind": "check", "id": [], "status": 1}\n', "\0\xff\n", "[" * 99_999 + "\n"],
)
def test_what_makes_no_sense_is_passed_over(tmp_path, rubbish):
    (tmp_path / "eva").mkdir()
    (tmp_path / "eva" / "progress.jsonl").write_text(rubbish + lines((GD, "passed")))
    assert tries_of(tmp_path, "eva/x.ipynb") == {GD: 1}


def test_a_number_that_nobody_tried_is_cut(tmp_path):
    (tmp_path / "eva").mkdir()
    (tmp_path / "eva" / "progress.jsonl").write_text(lines(*[(GD, "wrong")] * 5_000, (GD, "passed")))
    assert tries_of(tmp_path, "eva/x.ipynb") == {GD: MOST}
