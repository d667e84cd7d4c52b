"""The same class, beside processes that take every processor, gets the same marks: row by row, word by word."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from optcourse.grading import by_hand, command
from optcourse.grading.gradebook import Gradebook

ROOT = Path(__file__).resolve().parents[2]
SOLVED = json.loads((ROOT / "solutions" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
BLANK = json.loads((ROOT / "lessons" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
# A cell may use ten seconds of a processor and a call five: less than half is taken, which lasts much longer beside others.
WORK = """
import time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""
ONCE = """
_quick_steps_needed = steps_needed
def steps_needed(condition_number, tolerance, done=[]):
    if not done:
        done.append(work(2.0))
    return _quick_steps_needed(condition_number, tolerance)
"""


def notebook(book: dict, first: str = "", last: str = "", note: str = "", **changes: str) -> str:
    """A notebook with a cell more at its beginning and at its end, and with texts changed."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
        for source in (
            first,
            *("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"),
            last,
        )
    ]
    text = json.dumps({**book, "cells": cells, "note": note})
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


KINDS = {
    "slow-cell": (notebook(SOLVED, WORK + "work(4.0)"), 14),
    "slow-call": (notebook(SOLVED, WORK, ONCE), 14),
    "waits": (notebook(SOLVED, "import time\ntime.sleep(3.0)"), 14),
    "wrong": (notebook(SOLVED, **{"w -= learning_rate": "w += learning_rate"}), 8),
    "stops": (notebook(SOLVED, "1 / 0"), 14),
    "blank": (notebook(BLANK, WORK + "work(1.0)"), 0),
}


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that never wait. They end with this test, however it ends."""
    loop = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"
    running = [subprocess.Popen([sys.executable, "-c", loop, str(os.getpid())]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def graded(folder: Path, jobs: int) -> dict[str, list[tuple]]:
    """Every mark of every student, with its words; and what stopped."""
    assert command.main([str(folder), "--lesson", "03", "--seed", "5", "--jobs", str(jobs)]) == 0
    out = folder.with_name(folder.name + "-marks")
    with Gradebook(out / "gradebook.sqlite", by_hand.read_tasks(out / "by_hand.csv")) as book:
        return {
            student: [
                (
                    marks.total,
                    tuple(marks.trouble),
                    [(e.id, e.points, e.status, e.visible) for e in marks.entries],
                )
                for marks in of_student.lessons.values()
            ]
            for student, of_student in book.students().items()
        }


@pytest.mark.slow
def test_a_class_beside_busy_processes_gets_the_same_marks(tmp_path):
    for place in ("quiet", "loud"):
        for k, (text, _) in enumerate(2 * list(KINDS.values())):
            (tmp_path / place).mkdir(exist_ok=True)
            (tmp_path / place / f"student{k:02}.ipynb").write_text(
                text.replace('"note": ""', f'"note": "{k}"')
            )
    quiet = graded(tmp_path / "quiet", jobs=1)
    with busy(4):
        loud = graded(tmp_path / "loud", jobs=6)
    points = [quiet[f"student{k:02}"][0][0] for k in range(12)]
    assert points == 2 * [points for _, points in KINDS.values()]
    assert loud == quiet
