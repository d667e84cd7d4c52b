"""Run the worker on a submission's cells, walled in, and read what it says with limits on everything."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

COURSE = Path(__file__).resolve().parents[1]
# What a submission finds of the course; all else is a silent stand-in (see worker.StandIns).
KEPT = (
    "objectives.py data.py models.py digits.npz checking/model.py checking/ingredients.py checking/limits.py "
    "checking/running.py"
).split()


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds, bytes and counts."""

    cell_seconds: float = 10.0
    total_seconds: float = 90.0
    memory: int = 1_500_000_000
    processes: int = 16
    file_size: int = 50_000_000
    scratch: int = 64_000_000
    message: int = 8_000_000
    messages: int = 2_000
    restarts: int = 6


@dataclass
class Report:
    """What came out of a submission: raw outcomes by exercise, and what went wrong."""

    outcomes: dict[str, Any] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)


def has_bubblewrap() -> bool:
    return shutil.which("bwrap") is not None


def run_submission(
    cells: list[str], tasks: list[dict], limits: Limits | None = None, sandboxed: bool = True
) -> Report:
    """Run the cells and the tasks. What hangs or dies is skipped at the next try, so it costs only itself."""
    limits = limits or Limits()
    report, skip, left = Report(), set(), list(tasks)
    end = time.monotonic() + limits.total_seconds
    for _ in range(limits.restarts + 1):
        at, why = _attempt(cells, skip, left, limits, sandboxed, end, report)
        left = [task for task in left if task["id"] not in report.outcomes]
        if why is None or not left:
            return report
        kind, what = at
        report.trouble.append(f"{'cell' if kind == 'cell' else 'exercise'} {what}: {why}")
        if time.monotonic() >= end:
            break
        if kind == "cell":
            skip.add(what)
        else:
            left = [task for task in left if task["id"] != what]
    return report


def _attempt(cells, skip, tasks, limits, sandboxed, end, report):
    with tempfile.TemporaryDirectory(prefix="optcourse-grade-") as folder:
        home = Path(folder)
        (home / "course" / "optcourse" / "checking").mkdir(parents=True)
        (home / "scratch").mkdir()
        for name in KEPT:
            shutil.copy(COURSE / name, home / "course" / "optcourse" / name)
        (home / "course" / "optcourse" / "checking" / "__init__.py").touch()
        (home / "course" / "optcourse" / "__init__.py").write_text(
            "from optcourse.left_out import check, hints, predict, quiz, progress, record_path\n"
        )
        shutil.copy(Path(__file__).with_name("worker.py"), home / "worker.py")
        base = "/job" if sandboxed else folder
        site = "/site" if sandboxed else str(Path(np.__file__).parents[1])
        job = {
            "cells": cells,
            "skip": sorted(skip),
            "tasks": tasks,
            "cell_seconds": limits.cell_seconds,
            # the course's folder first; without a sandbox NumPy's folder holds whatever is installed there
            "path": [f"{base}/course", site],
            "rlimits": {"RLIMIT_FSIZE": limits.file_size, "RLIMIT_CORE": 0, "RLIMIT_AS": 4 * limits.memory},
        }
        (home / "job.json").write_text(json.dumps(job))
        python = [os.path.realpath(sys.executable), "-I", "-S", f"{base}/worker.py", f"{base}/job.json"]
        command = [*_walls(home, limits), *python] if sandboxed else python
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder if sandboxed else home / "scratch",
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": "/tmp",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            start_new_session=True,
        )
        try:
            return _listen(process, tasks, limits, end, report)
        finally:
            _kill(process)


def _walls(home: Path, limits: Limits) -> list[str]:
    """bubblewrap's command line: nothing but Python, NumPy and the job, all read-only, and a small scratch."""
    words = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += ["--cap-drop", "ALL", "--new-session", "--die-with-parent", "--ro-bind", "/usr", "/usr"]
    for name in ("lib", "lib64", "bin"):
        if Path("/", name).exists():
            words += ["--symlink", f"usr/{name}", f"/{name}"]
    base = Path(sys.base_prefix).resolve()
    if not base.is_relative_to("/usr"):
        words += ["--ro-bind", str(base), str(base)]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for hidden in (base / "lib" / version / "site-packages", base / "local" / "lib" / version):
        if hidden.exists():  # the course itself may be installed there
            words += ["--tmpfs", str(hidden), "--remount-ro", str(hidden)]
    numpy = Path(np.__file__).parent
    words += ["--dir", "/site", "--ro-bind", str(numpy), "/site/numpy"]
    if (libraries := numpy.with_name("numpy.libs")).exists():
        words += ["--ro-bind", str(libraries), "/site/numpy.libs"]
    words += [
        "--ro-bind",
        str(home),
        "/job",
        "--dev",
        "/dev",
        "--size",
        str(limits.scratch),
        "--tmpfs",
        "/tmp",
    ]
    return [*words, "--remount-ro", "/dev", "--chdir", "/tmp", "--remount-ro", "/"]


def _listen(process, tasks, limits, end, report):
    """Read messages until the worker ends. Returns where it was, and why it stopped (None: all is done)."""
    wanted = {task["id"]: task for task in tasks}
    at, buffer, count = ("cell", -1), b"", 0
    step_end = time.monotonic() + limits.cell_seconds + 5
    while True:
        now = time.monotonic()
        if now > min(step_end, end):
            return at, "it took too long"
        if why := _too_much(process.pid, limits):
            return at, why
        if not select.select([process.stdout], [], [], 0.02)[0]:
            continue
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            return at, "the process ended"
        buffer += chunk
        if len(buffer) > limits.message:
            return at, "its answer is too long"
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            count += 1
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                return at, "its answer is not readable"
            if not isinstance(message, dict) or count > limits.messages:
                return at, "its answer is not readable"
            if message.get("end") is True:
                return at, None
            if type(message.get("cell")) is int:
                at, step_end = ("cell", message["cell"]), time.monotonic() + limits.cell_seconds + 2
            elif isinstance(task := message.get("task"), str) and task in wanted:
                seconds = wanted[task]["seconds"] * max(len(wanted[task]["cases"]), 1)
                at, step_end = ("task", task), time.monotonic() + seconds + 2
            elif isinstance(done := message.get("done"), str) and done in wanted:
                report.outcomes[done] = message.get("outcomes")


def _tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                todo += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:  # it has just ended
            continue
    return found


def _too_much(root: int, limits: Limits) -> str | None:
    pids = _tree(root)
    if len(pids) > limits.processes:
        return "it started too many processes"
    memory = 0
    for pid in pids:
        try:
            memory += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:  # it has just ended
            continue
    return "it used too much memory" if memory > limits.memory else None


def _kill(process: subprocess.Popen) -> None:
    """Kill the worker and everything it started; with bubblewrap the whole process namespace goes with it."""
    for pid in _tree(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended
            continue
    process.wait()
    process.stdout.close()
