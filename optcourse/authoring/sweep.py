"""A pytest plug-in that moves every control of every explorer of every notebook.

    pytest -p optcourse.authoring.sweep --sweep lessons solutions

nbval, nbclient and nbmake run cells; none of them can see a slider that fails at a value that no cell sets. Here each
notebook's code is run in this process, and each explorer that it made is drawn at the ends, the middle and some random
values of each control, alone and in pairs, with warnings as errors. A failure names the notebook, the explorer and the setting.
A figure that stands in a lesson and in its answers, without the learner's code, is moved once.
As the notebook has been run, its checks are looked at too: "not started" in lessons/, passed in solutions/.
"""

from __future__ import annotations

import linecache
import os
import pathlib
import shutil
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator
from typing import Any

import nbformat
import numpy as np
import pytest

EVERY_CONTROL = "every control"  # the name of a sweep, among the cells of its notebook


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sweep", action="store_true", help="move every control of every explorer in the notebooks collected"
    )


def pytest_collect_file(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".ipynb" and parent.config.getoption("--sweep"):
        return Notebook.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One worker runs the cells of a notebook, which belong together; one sweeps a lesson and its answers."""
    if not config.getoption("--sweep"):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Notebooks(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path, _, name = nodeid.partition("::")
            return pathlib.Path(path).stem if name == EVERY_CONTROL else path

    return Notebooks(config, log)


class Notebook(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield Sweep.from_parent(self, name=EVERY_CONTROL)


moved: set[str | None] = set()  # what `drawn_alike` says of the explorers that failed nowhere


class Sweep(pytest.Item):
    def runtest(self) -> None:
        from optcourse.explorers.sweep import sweep

        explorers, feedbacks = run_notebook(self.path)
        failures = wrong_checks(self.path, feedbacks)
        for explorer in explorers:
            alike = explorer.drawn_alike()
            if alike and alike in moved:
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    sweep(explorer, np.random.default_rng(0))
            except Exception as error:  # collected, so that one report names every explorer that fails
                failures.append(f"{type(error).__name__}: {error}")
            else:
                moved.add(alike)
        if failures:
            raise SweepFailure(
                f"{self.path.name}: {len(failures)} failures in {len(explorers)} explorers and "
                f"{len(feedbacks)} checks\n" + "\n".join(failures)
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: str | None = None) -> str:
        return (
            str(excinfo.value) if excinfo.errisinstance(SweepFailure) else str(excinfo.getrepr(style="short"))
        )

    def reportinfo(self) -> tuple[pathlib.Path, int, str]:
        return self.path, 0, f"sweep of {self.path.name}"


class SweepFailure(AssertionError):
    """Some explorer cannot draw some setting of its controls, or some check says what it must not say."""


def wrong_checks(path: pathlib.Path, feedbacks: list) -> list[str]:
    """In an untouched lesson every check says "not started"; in a solved one every check passes."""
    wanted = {"lessons": "not started", "solutions": "passed"}.get(path.parent.name)
    return [
        f"a check says {f.status!r} and not {wanted!r}: {f.sentence}"
        for f in feedbacks
        if wanted is not None and f.status != wanted
    ]


def run_notebook(path: pathlib.Path) -> tuple[list, list]:
    """Run a notebook's code in this process; return the explorers that it made and what its checks said."""
    from IPython.core.inputtransformer2 import TransformerManager

    from optcourse.checking.check import check

    course = sys.modules["optcourse"]  # where a lesson imports check from
    feedbacks = []

    def remembering(*answers, **options):
        feedbacks.append(check(*answers, **options))
        return feedbacks[-1]

    from optcourse.explorers.engine import Explorer

    explorers = Explorer.made = []
    module = types.ModuleType("__main__")
    cells = nbformat.read(path, as_version=4).cells
    course.check = remembering
    there, home = os.getcwd(), os.environ.get("OPTCOURSE_HOME")
    os.chdir(path.parent)
    # No learner's progress is touched.
    os.environ["OPTCOURSE_HOME"] = tempfile.mkdtemp(prefix="optcourse-sweep-")
    try:
        for number, cell in enumerate(cells, 1):
            if cell.cell_type == "code":
                source = TransformerManager().transform_cell(cell.source)
                # The name makes a traceback say which cell it was; a check reads in the text whether a blank is left.
                file = f"{path.name} cell {number}"
                linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
                exec(compile(source, file, "exec"), module.__dict__)
    finally:
        Explorer.made = None
        course.check = check
        os.chdir(there)
        shutil.rmtree(os.environ["OPTCOURSE_HOME"], ignore_errors=True)
        if home is None:
            del os.environ["OPTCOURSE_HOME"]
        else:
            os.environ["OPTCOURSE_HOME"] = home
    return sorted(explorers, key=lambda explorer: type(explorer).__name__), feedbacks
