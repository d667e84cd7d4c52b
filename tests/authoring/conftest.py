"""A course of two tiny lessons in a folder of its own, to build, break and build again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from optcourse.authoring.build import main

HERE = Path(__file__).parent


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The root of a course that has not been built yet."""
    root = tmp_path / "course"
    shutil.copytree(HERE / "good", root)
    return root


@pytest.fixture
def built(course: Path, capsys: pytest.CaptureFixture) -> Path:
    """The same course with its notebooks."""
    assert main(["--root", str(course)]) == 0
    capsys.readouterr()
    return course


@pytest.fixture
def add_broken() -> Callable[[Path, str], str]:
    """Put a source of broken/ into a course; returns its path as messages name it."""

    def add(root: Path, name: str) -> str:
        # The fixtures end in .txt, so that neither ruff nor pytest takes them for code of ours.
        shutil.copy(HERE / "broken" / f"03_{name}.py.txt", root / "source" / f"03_{name}.py")
        return f"source/03_{name}.py"

    return add
