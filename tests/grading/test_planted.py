"""A class with planted mistakes, marked: what was planted is what is found, student by student."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from optcourse import exercises
from optcourse.grading.gradebook import Gradebook
from optcourse.reporting.findings import FEWEST, findings, gradebook_of
from tests.grading import planted

LESSON = exercises.module("03").EXERCISES


@pytest.mark.slow
def test_what_was_planted_is_what_is_found(bubblewrap, tmp_path):
    """`python3 -m tests.grading.planted week3 --count 300` makes the same with 300; here are 40."""
    students = planted.plan("03", 40, seed=5)
    planted.write(tmp_path / "week3", students, "03", with_progress=8)
    command = [sys.executable, "-m", "optcourse.cli", "grade", str(tmp_path / "week3"), "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = gradebook_of(tmp_path / "week3")
    truth = planted.counts(students)
    want = {key: n for key, n in truth.items() if n >= FEWEST}
    assert len(want) >= 12
    assert {(m.exercise.id, m.misconception.id): m.count for m in findings(path).mistakes} == want
    with Gradebook(path) as book:
        rows = book.rows(
            "SELECT s.student, m.* FROM marks m JOIN submissions s ON s.id = m.submission WHERE s.stands"
        )
    assert {(r["student"], r["exercise"]): r["misconception"] for r in rows} == {
        (s.name, e.id): s.mistakes.get(e.id, "") for s in students for e in LESSON
    }
    for hard in findings(path).hard:
        taken = sorted(s.tries[hard.exercise.id] for s in students[:8] if hard.exercise.id in s.tries)
        assert hard.tries == (np.median(taken) if len(taken) >= FEWEST else None)
