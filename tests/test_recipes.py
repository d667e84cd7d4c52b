"""A recipe of CONTRIBUTING is followed to the letter, in a clean copy of the course: the tests of the copy then pass.

A file that a recipe does not name is not touched, so a step that a recipe leaves out is a failure here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import made_once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
COURSE = Path(__file__).resolve().parents[1]
RECIPES = (COURSE / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "backups", "__pycache__")


class Copy:
    """A clean copy of the course, and the recipe that is followed in it."""

    def __init__(self, root: Path, recipe: str) -> None:
        self.root = root
        self.steps = RECIPES.split(f"\n## {recipe}\n")[1].split("\n## ")[0]

    def write(self, path: str, text: str, named: str = "") -> None:
        """A file of which the recipe speaks, by this name or by the one that is given."""
        assert f"`{named or path}`" in self.steps, f"the recipe does not name {named or path}"
        (self.root / path).write_text(text, encoding="utf-8")

    def edit(self, path: str, *changes: tuple[str, str], named: str = "") -> None:
        text = self.read(path)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.write(path, text, named)

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def test(self, *words: str) -> str:
        said = self.run("pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not browser", *words)
        assert re.search(r"\d+ passed", said), said[-2000:]
        return said


@pytest.fixture
def copy_for(tmp_path, tmp_path_factory):
    """A copy of the course for a recipe."""

    def make(folder: Path) -> None:
        for path in COURSE.iterdir():
            if path.name[0] != "." and path.name not in LEFT_OUT(str(COURSE), [path.name]):
                take = shutil.copytree if path.is_dir() else shutil.copy
                take(path, folder / path.name, **({"ignore": LEFT_OUT} if path.is_dir() else {}))

    def copy_for(recipe: str) -> Copy:
        root = tmp_path / "course"
        shutil.copytree(made_once(tmp_path_factory, "clean-copy", make), root)
        return Copy(root, recipe)

    return copy_for


def test_add_a_misconception(copy_for):
    copy = copy_for("Add a misconception")
    new = "        thrice: w -= learning_rate => w -= 3 * learning_rate\n            Each step is three times too long.\n"
    copy.edit(
        "optcourse/exercises/lesson_06.py",
        ("        no-root: ", f"{new}        no-root: "),
        named="optcourse/exercises/lesson_NN.py",
    )
    copy.test("tests/authoring/test_misconceptions.py", "-k", "fit and 06-adagrad")


def test_a_step_that_a_recipe_leaves_out_is_found(tmp_path):
    copy = Copy(tmp_path, "Add a command")
    with pytest.raises(AssertionError, match=r"the recipe does not name optcourse/place\.py"):
        copy.write("optcourse/place.py", "")
    assert list(tmp_path.iterdir()) == []
