"""The judge: the marks of one notebook. It never imports, unpickles or runs anything of a submission.

The submission's code runs behind the walls (`sandbox`, `worker`); what comes out are plain numbers in a bounded format, and they
are compared here with the reference, on the cases of the notebook's own check and on hidden ones.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optcourse import exercises
from optcourse.checking.engine import visible_seed
from optcourse.checking.ingredients import to_data
from optcourse.checking.judging import Verdict, judge
from optcourse.checking.model import Case, Exercise
from optcourse.checking.running import Failure, Outcome
from optcourse.classroom.sandbox import Limits, run_submission

MAX_NOTEBOOK = 20_000_000
MAX_DEPTH = 20


class Unreadable(Exception):
    """A notebook or an answer that cannot be read; `reason` says why."""

    @property
    def reason(self) -> str:
        return str(self)


@dataclass(frozen=True)
class ExerciseMark:
    """The mark of one exercise.

    status: "passed", "failed", "not started" (still a blank), "missing" (not in the notebook) or "stopped" (by a limit).
    visible: what the notebook's own check says of its visible cases, plain text. hidden_failed: those pass, and hidden ones do not.
    """

    id: str
    points: int
    of: int
    status: str
    visible: str
    hidden_failed: bool = False


@dataclass(frozen=True)
class Marks:
    """The marks of one notebook: plain values, which may travel between processes."""

    lesson: str
    seed: int
    exercises: tuple[ExerciseMark, ...]
    trouble: tuple[str, ...]
    seconds: float

    @property
    def points(self) -> int:
        return sum(e.points for e in self.exercises)

    @property
    def of(self) -> int:
        return sum(e.of for e in self.exercises)


def grade_notebook(
    path: Path, *, seed: int, lesson: str | None = None, limits: Limits | None = None, sandboxed: bool = True
) -> Marks:
    """The marks of a notebook on the visible cases and on the hidden ones of a seed.

    Raises Unreadable where the file is no readable notebook, or none of the course.
    """
    began = time.monotonic()
    cells = read_cells(Path(path))
    lesson = lesson or find_lesson(cells)
    wanted = exercises.module(lesson).EXERCISES
    drawn = {("visible", e.id): e.draw_cases(visible_seed(e)) for e in wanted}
    drawn |= {("hidden", e.id): e.draw_cases([seed, k]) for k, e in enumerate(wanted)}
    verdicts, trouble = {}, []
    for part in ("visible", "hidden"):
        tasks = [_task(e, drawn[part, e.id]) for e in wanted]
        report = run_submission(cells, tasks, limits, sandboxed)
        trouble += report.trouble
        for e in wanted:
            verdicts[part, e.id] = _verdict(e, drawn[part, e.id], report.outcomes.get(e.id))
    marks = []
    for e in wanted:
        visible, hidden = verdicts["visible", e.id], verdicts["hidden", e.id]
        passed = visible.passed and hidden.passed
        marks.append(
            ExerciseMark(
                e.id,
                e.points if passed else 0,
                e.points,
                "passed" if passed else "failed",
                " ".join([visible.sentence, *visible.details]),
                visible.passed and not hidden.passed,
            )
        )
    return Marks(lesson, seed, tuple(marks), tuple(trouble), time.monotonic() - began)


def _task(exercise: Exercise, cases: list[Case]) -> dict:
    return {
        "id": exercise.id,
        "kind": exercise.kind,
        "answers": list(exercise.answers),
        "seconds": exercise.seconds,
        "cases": [
            {"args": to_data(tuple(case.args)), "kwargs": to_data(dict(case.kwargs))} for case in cases
        ],
    }


def _verdict(exercise: Exercise, cases: list[Case], raw: Any) -> Verdict:
    outcomes = [read_outcome(item) for item in raw[: len(cases)]] if isinstance(raw, list) else []
    if not outcomes:
        return Verdict(False, "It was stopped.")
    try:
        return judge(exercise, cases, outcomes)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):  # a forged answer of a wrong form
        return Verdict(False, "The answer cannot be compared.")


def read_cells(path: Path) -> list[str]:
    """The code cells of a notebook, formats 3 and 4; Unreadable with the reason otherwise."""
    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link or no file")
    if path.stat().st_size > MAX_NOTEBOOK:
        raise Unreadable("the notebook is too large")
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        cells = book["cells"] if "cells" in book else [c for s in book["worksheets"] for c in s["cells"]]
        sources = [c.get("source", c.get("input", "")) for c in cells if c["cell_type"] == "code"]
        return [s if isinstance(s, str) else "".join(s) for s in sources]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"the notebook cannot be read ({type(error).__name__})") from error


def decode(data: Any, depth: int = 0) -> Any:
    """Plain values out of a worker's message. Never an ingredient, an object or an array of objects."""
    if depth > MAX_DEPTH:
        raise Unreadable("the answer is nested too deeply")
    if data is None or type(data) in (bool, int, float, str):
        return data
    if isinstance(data, list):
        return [decode(item, depth + 1) for item in data]
    if "array" in data:
        dtype = np.dtype(str(data["dtype"]))
        if dtype.kind not in "biufc":
            raise Unreadable("the answer holds no numbers")
        flat = [decode(item, depth + 1) for item in data["array"]]
        array = np.array(flat, dtype=dtype).reshape(data["shape"])
        return array[()] if data.get("scalar") is True else array
    if "float" in data:
        return float(data["float"])
    if "complex" in data:
        return complex(*map(float, (decode(x, depth + 1) for x in data["complex"])))
    if "tuple" in data:
        return tuple(decode(item, depth + 1) for item in data["tuple"])
    return {decode(key, depth + 1): decode(value, depth + 1) for key, value in data["dict"]}


def read_outcome(data: Any) -> Outcome:
    """An outcome from a message; what does not fit becomes a problem that earns nothing."""
    try:
        failure = data["failure"]
        return Outcome(
            result=decode(data["result"]),
            problem=str(data["problem"])[:500],
            calls={str(k): [tuple(c) for c in decode(v)] for k, v in data["calls"].items()},
            counts={str(k): int(v) for k, v in data["counts"].items()},
            changed=tuple(str(k) for k in data["changed"]),
            failure=Failure(str(failure["kind"]), str(failure["type"])[:500]) if failure else None,
        )
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError):
        return Outcome(problem="The answer is not in plain numbers.")


def find_lesson(cells: list[str]) -> str:
    """The lesson that most of the checks in the cells belong to."""
    found = Counter(re.findall(r"""check\(\s*["'](\d\d)-""", "\n".join(cells)))
    for lesson, _ in found.most_common():
        if lesson in exercises.lessons():
            return lesson
    raise Unreadable("no exercise of the course is in it")
