"""What holds for every figure of every lesson, drawn by itself: the sweep of the notebooks sees it as a cell has set it."""

import importlib
import warnings

import numpy as np
import pytest

from optcourse import exercises
from optcourse.explorers.engine import Explorer
from optcourse.explorers.sweep import sweep
from optcourse.figures.render import png


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


# The surface of lesson 09 takes minutes on a busy machine.
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", FIGURES)
def test_every_control_can_be_moved(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sweep(FIGURES[name](), np.random.default_rng(0)) > 4
