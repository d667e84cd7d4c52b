"""What holds for every figure of every lesson."""

import importlib
import re

import pytest

from optcourse import exercises
from optcourse.explorers.engine import Explorer
from optcourse.figures.render import png
from tests.conftest import COURSE


def figures() -> dict[str, type[Explorer]]:
    """The explorers that the lessons' modules define."""
    modules = [importlib.import_module(f"optcourse.explorers.lesson_{lesson}") for lesson in exercises.lessons()]
    return {
        f"{module.__name__[-2:]}-{name}": kind
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Explorer) and kind.__module__ == module.__name__
    }


FIGURES = figures()


def test_every_lesson_has_figures():
    assert {name[:2] for name in FIGURES} == set(exercises.lessons())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_a_still(name):
    assert png(FIGURES[name]().frame()).startswith(b"\x89PNG")


def test_every_figure_stands_in_its_lesson():
    """There the sweep of the notebooks moves every control of it (optcourse/authoring/sweep.py)."""
    sources = {path.name[:2]: path.read_text(encoding="utf-8") for path in (COURSE / "source").glob("*.py")}
    missing = {name for name in FIGURES if not re.search(rf"\b{name[3:]}\(", sources[name[:2]])}
    assert not missing
