"""Marks for a folder of notebooks, in a CSV file. The judge; see sandbox for the walls.

The first part of grading (issue 5): the two processes and their limits. There is no gradebook yet, and not every lesson can
be graded; so `optcourse` does not offer it as a command.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from optcourse import exercises
from optcourse.checking.ingredients import to_data
from optcourse.checking.judging import judge
from optcourse.checking.running import Failure, Outcome
from optcourse.classroom.sandbox import Limits, has_bubblewrap, run_submission

MAX_NOTEBOOK = 20_000_000
MAX_DEPTH = 20


class Unreadable(Exception):
    """A notebook or an answer that cannot be read; the text says why."""


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


def grade_notebook(
    path: Path, seed: int, lesson: str | None = None, sandboxed: bool = True, limits: Limits | None = None
) -> dict[str, int]:
    """Points for every exercise of the notebook's lesson on the hidden cases of a seed."""
    cells = read_cells(path)
    wanted = exercises.module(lesson or find_lesson(cells)).EXERCISES
    cases = {e.id: e.draw_cases([seed, k]) for k, e in enumerate(wanted)}
    tasks = [
        {
            "id": e.id,
            "kind": e.kind,
            "answers": list(e.answers),
            "seconds": e.seconds,
            "cases": [to_data_case(case) for case in cases[e.id]],
        }
        for e in wanted
    ]
    report = run_submission(cells, tasks, limits, sandboxed)
    points = {}
    for e in wanted:
        raw = report.outcomes.get(e.id)
        outcomes = [read_outcome(item) for item in raw[: len(cases[e.id])]] if isinstance(raw, list) else []
        try:
            passed = bool(outcomes) and judge(e, cases[e.id], outcomes).passed
        except (
            TypeError,
            ValueError,
            IndexError,
            KeyError,
            AttributeError,
        ):  # a forged answer of a wrong form
            passed = False
        points[e.id] = e.points if passed else 0
    return points


def to_data_case(case: Any) -> dict:
    return {"args": to_data(tuple(case.args)), "kwargs": to_data(dict(case.kwargs))}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="optcourse grade", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, help="of the hidden cases; drawn anew where it is not given")
    parser.add_argument("--lesson", choices=exercises.lessons())
    parser.add_argument("--without-sandbox", action="store_true")
    options = parser.parse_args(argv)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    if not has_bubblewrap() and not options.without_sandbox:
        print(
            "bubblewrap is missing: a submission could read and change your files and use the network.\n"
            "Install it (Debian: apt-get install bubblewrap), or go on with --without-sandbox."
        )
        return 1
    seed = secrets.randbits(48) if options.seed is None else options.seed
    rows = []
    for path in sorted(options.folder.glob("*.ipynb")):
        try:
            points = grade_notebook(path, seed, options.lesson, not options.without_sandbox)
            rows += [
                (path.stem, name, value, exercises.get(name).points, "") for name, value in points.items()
            ]
        except Unreadable as error:
            rows.append((path.stem, "", 0, "", str(error)))
        print(path.stem, sum(r[2] for r in rows if r[0] == path.stem), flush=True)
    with (options.folder / "marks.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "exercise", "points", "of", "reason", "seed"])
        writer.writerows([*row, seed] for row in rows)
    return 0
