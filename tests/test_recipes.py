"""Recipes of CONTRIBUTING are followed to the letter, each in a clean copy of the course: the tests of the copy then pass.

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


OPTIMIZER = '''
@dataclass(frozen=True)
class HalvedMomentum(Optimizer):
    """Momentum with half of a velocity of its own name.

    half_velocity = rho * half_velocity / 2 + dw
    w -= learning_rate * half_velocity
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)
    rho: ArrayLike = fraction_of(0.9, "momentum rho")

    def init(self, w: np.ndarray) -> State:
        return State(half_velocity=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.half_velocity = self.rho * state.half_velocity / 2 + dw
        w -= self.learning_rate * state.half_velocity


@dataclass(frozen=True)
class NesterovLookAhead'''

PLAIN = """def plain_halved(w, dw, memory, t, learning_rate, rho):
    velocity = rho * memory.get("velocity", 0.0) / 2 + dw
    return w - learning_rate * velocity, {"velocity": velocity}


TABLE = [
    (optimizers.HalvedMomentum, plain_halved, (4e-4, 0.85)),
"""


def test_add_an_optimizer(copy_for):
    copy = copy_for("Add an optimizer")
    copy.edit("optcourse/optimizers.py", ("\n@dataclass(frozen=True)\nclass NesterovLookAhead", OPTIMIZER))
    copy.edit(
        "tests/core/test_optimizers.py",
        ("TABLE = [\n", PLAIN),
        (" Momentum NesterovLookAhead", " Momentum HalvedMomentum NesterovLookAhead"),
        ('        ("velocity", "grad_squared"', '        ("velocity", "half_velocity", "grad_squared"'),
        (
            '        "AdaGrad": {"learning',
            '        "HalvedMomentum": momentum,\n        "AdaGrad": {"learning',
        ),
    )
    # torch has none, so nothing is recorded.
    copy.edit(
        "tests/core/test_against_torch.py",
        ('        "AdamAlmost",\n', '        "AdamAlmost",\n        "HalvedMomentum",\n'),
    )
    row = "# | `Momentum` | `velocity` | `learning_rate`, `rho` | [05] |\n"
    symbol = "# | $v$ | `velocity` | the gathered gradients, which move the weights | [05] |\n"
    copy.edit(
        "source/99_glossary.py",
        (row, row + row.replace("`Momentum` | `", "`HalvedMomentum` | `half_")),
        (symbol, symbol + symbol.replace("$v$", "").replace("`velocity", "`half_velocity")),
    )
    lesson = copy.read("source/05_momentum.py")
    copy.write(
        "source/05_momentum.py", f"{lesson}# `HalvedMomentum` keeps half.\n", named="source/NN_name.py"
    )
    copy.test(
        *(
            "tests/core/test_optimizers.py",
            "tests/core/test_against_torch.py",
            "tests/lessons/test_glossary.py",
        ),
        *(
            "-k",
            "Halved or table or simplest or defaults or covers or has_its_row or one_row or unknown or sends_to",
        ),
    )


def test_add_a_misconception(copy_for):
    copy = copy_for("Add a misconception")
    new = "        thrice: w -= learning_rate => w -= 3 * learning_rate\n            Each step is three times too long.\n"
    copy.edit(
        "optcourse/exercises/lesson_06.py",
        ("        no-root: ", f"{new}        no-root: "),
        named="optcourse/exercises/lesson_NN.py",
    )
    copy.test("tests/authoring/test_misconceptions.py", "-k", "fit and 06-adagrad")


EXPLORER = '''

class SumExplorer(Explorer):
    """How a sum of equal squares grows, and its root."""

    title = "A sum of equal squares"
    controls = (log("gradient", 0.1, 10.0, 1.0, num=41),)

    def scene(self, gradient) -> Scene:
        t = np.arange(1, 101)
        grown = panel(
            axis("step t", 0, 100),
            log_axis("value", 1e-2, 1e4),
            [
                Line(t, t * gradient**2, role="second", label="grad_squared"),
                Line(t, np.sqrt(t) * gradient, role="theory", label="its root"),
            ],
        )
        return Scene([grown], says=f"After 100 steps the sum is {say(100 * gradient**2)}, its root {say(10 * gradient)}.")
'''

SUM_TEST = """

def test_the_sum_of_a_hundred_ones_is_a_hundred():
    assert "the sum is 100, its root 10." in lesson.SumExplorer(gradient=1.0).describe()
"""


def test_add_an_explorer(copy_for):
    copy = copy_for("Add an explorer")
    explorers, lesson = "optcourse/explorers/lesson_06.py", "source/06_adagrad.py"
    copy.write(explorers, copy.read(explorers) + EXPLORER, named="optcourse/explorers/lesson_NN.py")
    cell = "\n# %% [markdown]\n# How the sum grows.\n\n# %%\nSumExplorer()\n"
    copy.edit(
        lesson,
        ("    StallExplorer,\n", "    StallExplorer,\n    SumExplorer,\n"),
        ("\nStallExplorer()\n", f"\nStallExplorer()\n{cell}"),
        named="source/NN_name.py",
    )
    tests = "tests/lessons/test_lesson_06.py"
    copy.write(tests, copy.read(tests) + SUM_TEST, named="tests/lessons/test_lesson_NN.py")
    copy.run("optcourse.cli", "build")
    copy.test(
        *(
            "tests/lessons/test_every_figure.py",
            tests,
            "tests/lessons/test_glossary.py",
            "tests/test_inpage.py",
        ),
        *(
            "tests/accessibility/test_palette.py",
            "tests/test_layers.py",
            "tests/authoring/test_build.py",
            "tests/test_docs.py",
        ),
        *("-k", "SumExplorer or hundred or glossary or plain_values or palette or layers or build or page"),
    )


COMMAND = '''"""`optcourse greet`: say hello."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="optcourse greet", description="Say hello.").parse_args(list(argv))
    print("hello")
    return 0
'''


def test_add_a_command(copy_for):
    copy = copy_for("Add a command")
    copy.edit(
        "optcourse/cli.py",
        ("COMMANDS = {\n", 'COMMANDS = {\n    "greet": ("optcourse.commands.greet", "say hello"),\n'),
    )
    copy.write(
        "optcourse/commands/hub.py".replace("hub", "greet"), COMMAND, named="optcourse/commands/hub.py"
    )
    copy.edit("docs/commands.md", ("\n## lab\n", "\n## greet\n\nSays hello. It has no options.\n\n## lab\n"))
    copy.edit(
        "course.py",
        (
            "    python3 course.py doctor ",
            "    python3 course.py greet      say hello\n    python3 course.py doctor ",
        ),
    )
    assert copy.run("optcourse.cli", "greet") == "hello\n"
    copy.test(
        "tests/test_docs.py",
        "tests/test_layers.py",
        "tests/test_commands.py",
        "-k",
        "page or names_every_command or test_layers or row_of_the_table or offered",
    )


def test_a_step_that_a_recipe_leaves_out_is_found(tmp_path):
    copy = Copy(tmp_path, "Add a command")
    with pytest.raises(AssertionError, match=r"the recipe does not name optcourse/place\.py"):
        copy.write("optcourse/place.py", "")
    assert list(tmp_path.iterdir()) == []
