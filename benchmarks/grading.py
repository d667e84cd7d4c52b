"""`python3 benchmarks/grading.py`: how long a class takes, for each lesson, and how much memory.

`--lesson 03 --count 1000` is the design's figure. A class is a mix of one lesson: half of the notebooks solved, a quarter
blank, a quarter with a mistake that people make; no two have the same bytes. Memory is the resident set, sampled ten times a
second, of the command itself and of its judges with all that runs under them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
Row = tuple[str, str, str]  # what, measured, aim
WRONG = {
    "00": ("height(w + h) - height(w)", "height(w) - height(w + h)"),
    "01": ("/ (2 * h)", "/ h"),
    "02": ("dout * (before > 0)", "dout * before"),
    "03": ("w -= learning_rate * dw", "w += learning_rate * dw"),
    "04": ("w -= learning_rate * dw", "w += learning_rate * dw"),
    "05": ("rho * velocity", "velocity"),
    "06": ("grad_squared += dw * dw", "grad_squared = dw * dw"),
    "07": ("(1 - decay_rate) * dw * dw", "dw * dw"),
    "08": ("beta2", "beta1"),
    "09": ("(t + 1) / num_warm_up", "t / num_warm_up"),
}


@dataclass(frozen=True)
class Measured:
    """seconds of a run, and of processors; bytes at most (and after a tenth of the class) of the command and of all below it."""

    seconds: float
    processor: float
    count: int
    command: int
    command_early: int
    below: int
    said: str


def write_class(folder: Path, count: int, lesson: str) -> None:
    """A class of `count` notebooks of a lesson."""
    [solved] = (ROOT / "solutions").glob(f"{lesson}_*.ipynb")
    blank = (ROOT / "lessons" / solved.name).read_text(encoding="utf-8")
    right = solved.read_text(encoding="utf-8")
    wrong = right.replace(*WRONG[lesson])
    assert wrong != right
    for k in range(count):
        notebook = json.loads((right, wrong, right, blank)[k % 4])
        notebook["cells"].append(
            {"cell_type": "markdown", "id": f"n{k}", "metadata": {}, "source": f"student {k}"}
        )
        (folder / f"student{k:04}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def measure(count: int, jobs: int, lesson: str) -> Measured:
    """Mark a class as a person would, and watch."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "week")
        folder.mkdir()
        write_class(folder, count, lesson)
        command = [
            sys.executable,
            "-m",
            "optcourse.cli",
            "grade",
            str(folder),
            "--jobs",
            str(jobs),
            "--seed",
            "1",
        ]
        began, used, early, most, below = time.perf_counter(), processor_seconds(), 0, 0, 0
        with open(Path(place, "said"), "w+") as said:
            run = psutil.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            while run.poll() is None:
                own, others = memory(run)
                most, below = max(most, own), max(below, others)
                said.seek(0)
                if said.read().count(" left\n") < 2:  # a line for every tenth
                    early = max(early, own)
                time.sleep(0.1)
            seconds = time.perf_counter() - began
            said.seek(0)
            text = said.read()
        if run.returncode:
            raise RuntimeError(text)
        return Measured(seconds, processor_seconds() - used, count, most, early, below, text)


def processor_seconds() -> float:
    """What all processes that were started from here, and have ended, have used: the same on a busy machine and an idle one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(run: psutil.Popen) -> tuple[int, int]:
    """The resident set of a process, and of all below it."""
    own, others = 0, 0
    for process in [run, *_children(run)]:
        try:
            size = process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
        if process.pid == run.pid:
            own = size
        else:
            others += size
    return own, others


def _children(run: psutil.Popen) -> list[psutil.Process]:
    try:
        return run.children(recursive=True)
    except psutil.Error:
        return []


def nbclient_seconds(lesson: str) -> float:
    """What executing one solved notebook of the lesson in a kernel takes, which other graders do for every submission."""
    import nbformat
    from nbclient import NotebookClient

    [solved] = (ROOT / "solutions").glob(f"{lesson}_*.ipynb")
    notebook = nbformat.read(solved, as_version=4)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": scratch}}).execute()
    return time.perf_counter() - began


def rows(count: int = 60, jobs: int = 2, lessons: Sequence[str] = tuple(WRONG)) -> Iterator[Row]:
    """What each lesson takes; what a kernel takes for the same, and the memory, for the first of them."""
    first = None
    for lesson in lessons:
        found = measure(count, jobs, lesson)
        first = first or found
        name = f"grading, {count} submissions of lesson {lesson}, {jobs} jobs: seconds each (of a processor)"
        yield name, f"{found.seconds / count:.2f} ({found.processor / count:.2f})", "≤ 0.15 (0.3)"
    yield (
        f"the same, lesson {lessons[0]}: executing one notebook with nbclient / one submission graded",
        f"{nbclient_seconds(lessons[0]) / (first.seconds / count):.0f}",
        "",
    )
    yield (
        f"the same, lesson {lessons[0]}: memory of the command, MB (after a tenth of the class, and at most)",
        f"{first.command_early / 1e6:.0f}, {first.command / 1e6:.0f}",
        "flat",
    )
    name = f"the same, lesson {lessons[0]}: memory of the judges and all below them at most, MB"
    yield name, f"{first.below / 1e6:.0f}", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lesson", choices=sorted(WRONG), nargs="+", default=sorted(WRONG))
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    for what, measured, aim in rows(options.count, options.jobs, options.lesson):
        print(f"{what}: {measured}" + (f" (aim {aim})" if aim else ""), flush=True)


if __name__ == "__main__":
    main()
