"""How many names the cells of a lesson take away from its learners: counted rightly, and no more than today."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcourse.authoring.names import MOST, bound_names, taken_names
from optcourse.authoring.source import read_lesson

SOURCES = sorted((Path(__file__).parents[2] / "source").glob("*.py"))


def test_every_lesson_has_its_most():
    assert set(MOST) == {path.stem for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_numbers_only_fall(path: Path):
    found = list(taken_names(read_lesson(path)))
    most = MOST[path.stem]
    assert len(found) <= most, found
    assert len(found) > most - 3, f"write {len(found)} in names.py: it has become better"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("b = a = 1", ["b", "a"]),
        ("w, (dw, *rest) = 1, (2, 3)", ["w", "dw", "rest"]),
        ("for k, f in []:\n    x = k\nelse:\n    y = 1", ["k", "f", "x", "y"]),
        ("while True:\n    x = 1\n    break", ["x"]),
        ("if a:\n    x = 1\nelse:\n    x = y = 2", ["x", "y"]),
        ("with a() as x:\n    y = 1", ["x", "y"]),
        ("try:\n    x = 1\nfinally:\n    y = 2", ["x", "y"]),
        ("x: int = 1\nx += 1", ["x"]),
        ("def f(x, h=1):\n    y = x\n    return y", ["f"]),
        ("async def f():\n    y = 1", ["f"]),
        ("class Model:\n    size = 1", ["Model"]),
        ("f = lambda x: (y := x)", ["f"]),
        ("import numpy as np, os.path", ["np", "os"]),
        ("from math import pi, sqrt as root", ["pi", "root"]),
        ("x = [k for k in range(3)]\n{k: j for k, j in x}", ["x"]),
        ("sum(k for k in range(3))", []),
        ("print(x := 1)", ["x"]),
        ("if (x := 1) > 0:\n    pass", ["x"]),
        ("x[0] = 1\nmodel.w = 2\ndel z", []),
        ("print(w)", []),
        ("%matplotlib widget\nx = 1", []),
    ],
)
def test_what_a_cell_binds(source: str, names: list[str]):
    assert bound_names(source) == names


def test_names_of_answers_and_those_with_an_underscore_are_not_taken(tmp_path: Path):
    path = tmp_path / "03_names.py"
    cells = ["before = 1", "### BEGIN SOLUTION\nw = 1\n### END SOLUTION", "w = 2\n_k = 3\nx = w", "x = y = 1"]
    tags = ["", ' tags=["exercise:03-w"]', "", ""]
    body = "\n\n".join(f"# %%{tag}\n{cell}" for tag, cell in zip(tags, cells, strict=True))
    path.write_text(f"# %% [markdown]\n# # Names\n\n{body}\n", encoding="utf-8")
    lesson = read_lesson(path)
    assert not lesson.problems
    assert taken_names(lesson) == {"x": 13, "y": 18}
