"""`optcourse test`: style, generated notebooks, tests, every notebook run; it says what was skipped."""

from __future__ import annotations

import argparse
import collections
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optcourse.place import root_with, with_quiet_blas

CELL_TIMEOUT = 120  # seconds; a cell of a lesson takes a few at most
NOTEBOOK_FOLDERS = ("lessons", "solutions")


@dataclass
class Result:
    """The result of one part of the run."""

    part: str
    ok: bool
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)  # one reason for each test skipped
    seconds: float = 0.0


def main(argv: Sequence[str], root: Path | None = None) -> int:
    """Run every part, also after a failure, and return 0 only when all of them hold."""
    parser = argparse.ArgumentParser(
        prog="optcourse test",
        description="Prove that everything holds.",
        epilog="Everything else goes to pytest: -k adam, -x, tests/core, ...",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--fast", action="store_true", help="without the notebooks, the browser and the slow tests"
    )
    # One more than the cores of a small machine: many a test waits for a browser or a command that it has started.
    parser.add_argument(
        "--workers", type=int, default=3, metavar="N", help="processes for the tests (default: 3)"
    )
    options, theirs = parser.parse_known_args(list(argv))

    root = root or root_with("tests", "test")
    lacking = [
        name for name in ("pytest", "xdist", "pytest_timeout", "nbval", "ruff") if not is_installed(name)
    ]
    if lacking:
        print(
            f"optcourse test needs {', '.join(lacking)}. To have them: python3 course.py test",
            file=sys.stderr,
        )
        return 2

    with tempfile.TemporaryDirectory(prefix="optcourse-test-") as scratch:
        # The notebooks record progress that belongs to no learner: keep it out of the learner's folder.
        environment = dict(with_quiet_blas(os.environ), OPTCOURSE_HOME=scratch)
        # Hundreds of processes start here, and each would compile the libraries again: half a second for matplotlib alone.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        results = [run_ruff(root, environment)]
        results.append(run_gate("build gate", ["-m", "optcourse.cli", "build", "--check"], root, environment))
        # Which worker gets what, tests/conftest.py says, and optcourse/authoring/sweep.py of notebooks.
        workers = ["-n", str(options.workers)]
        chosen = ["-m", "not browser and not slow and not long"] if options.fast else []
        results.append(run_pytest("tests", [*workers, *chosen, *(theirs or ["tests"])], root, environment))
        notebooks = [name for name in NOTEBOOK_FOLDERS if any((root / name).glob("*.ipynb"))]
        if notebooks and not options.fast:
            lax = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
            # nbval cannot see a slider that fails at a value which no cell sets.
            sweep = ["-p", "optcourse.authoring.sweep", "--sweep"]
            results.append(run_pytest("notebooks", [*lax, *sweep, *workers, *notebooks], root, environment))
    left_out = (
        ["the notebooks, their explorers, the browser and the slow tests (--fast)"] if options.fast else []
    )
    if not notebooks:
        left_out.append("the notebooks: there are none (optcourse build makes them)")
    return summarise(
        results, left_out, nothing_may_be_skipped=os.environ.get("CI") == "true" and not options.fast
    )


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def run_ruff(root: Path, environment: dict[str, str]) -> Result:
    checked = run_gate("style", ["-m", "ruff", "check", "."], root, environment)
    formatted = run_gate("style", ["-m", "ruff", "format", "--check", "."], root, environment)
    return Result(
        "style",
        checked.ok and formatted.ok,
        checked.passed + formatted.passed,
        checked.failed + formatted.failed,
        seconds=checked.seconds + formatted.seconds,
    )


def run_gate(part: str, arguments: list[str], root: Path, environment: dict[str, str]) -> Result:
    """Run something that either holds or does not; it counts as one test."""
    seconds, code = call(part, arguments, root, environment)
    return Result(part, code == 0, passed=int(code == 0), failed=int(code != 0), seconds=seconds)


def run_pytest(part: str, arguments: list[str], root: Path, environment: dict[str, str]) -> Result:
    with tempfile.TemporaryDirectory(prefix="optcourse-report-") as folder:
        report = Path(folder) / "report.xml"
        seconds, code = call(
            part, ["-m", "pytest", "-q", f"--junitxml={report}", *arguments], root, environment
        )
        result = read_report(part, report)
    result.seconds = seconds
    # pytest's exit code counts too: an error while collecting, an interruption, or no test at all (5) is no
    # success.
    result.ok = code == 0 and result.failed == 0
    return result


def call(part: str, arguments: list[str], root: Path, environment: dict[str, str]) -> tuple[float, int]:
    print(f"\n== {part}: python {' '.join(arguments)}", flush=True)
    started = time.perf_counter()
    code = subprocess.run([sys.executable, *arguments], cwd=root, env=environment, check=False).returncode
    return time.perf_counter() - started, code


def read_report(part: str, report: Path) -> Result:
    """Count what pytest wrote down. A run that ended before it could write is one failure."""
    if not report.exists():
        return Result(part, ok=False, failed=1)
    result = Result(part, ok=True)
    for case in ElementTree.parse(report).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
        elif skipped is not None and skipped.get("type") == "pytest.skip":
            result.skipped.append(skipped.get("message", "no reason given"))
        else:
            result.passed += 1
    return result


def summarise(results: list[Result], left_out: list[str], nothing_may_be_skipped: bool) -> int:
    """Print the last lines and return the exit code."""
    skipped = collections.Counter(reason for result in results for reason in result.skipped)
    print("\n" + "-" * 70)
    for result in results:
        counts = f"{result.passed} passed, {result.failed} failed, {len(result.skipped)} skipped"
        print(f"{result.part:12} {'holds' if result.ok else 'FAILED':8} {counts:40} {result.seconds:6.1f} s")
    for reason, count in skipped.most_common():
        print(f"skipped      {count} x {reason}")
    for what in left_out:
        print(f"left out     {what}")
    ok = all(result.ok for result in results)
    if skipped and nothing_may_be_skipped:
        print("FAILED       in CI nothing may be skipped")
        ok = False
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    print(f"total: {passed} passed, {failed or int(not ok)} failed, {sum(skipped.values())} skipped")
    return 0 if ok else 1
