"""On a slide a figure shows at most three controls: those that its lecturer's notes speak of are among them."""

from __future__ import annotations

import importlib
import re

import pytest

from optcourse.authoring.source import read_lesson
from optcourse.explorers.controls import Choice, Point
from optcourse.explorers.engine import Explorer
from tests.conftest import SOURCES, source


def faults(lesson, known: dict) -> list[str]:
    """What is wrong with the figures' slides of a lesson, in words."""
    found = []
    for place, cell in enumerate(lesson.cells):
        call = re.match(r"(\w+)\(", cell.text(True)) if cell.kind == "code" else None
        figure = known.get(call[1]) if call else None
        if not (isinstance(figure, type) and issubclass(figure, Explorer)):
            if "figure-slide" in cell.metadata:
                found.append(f"line {cell.first_line}: no figure stands in this cell")
            continue
        controls = {control.name: control for control in figure.controls}
        named = cell.metadata.get("figure-slide", "").split()
        shown = named or list(figure.slide or controls)[:3]
        if len(shown) > 3 or not controls.keys() >= set(named):
            found.append(
                f"line {cell.first_line}: {' '.join(named)!r} are not at most three of {', '.join(controls)}"
            )
        after = lesson.cells[place + 1 : place + 2]
        said = set(re.findall(r"`([^`]+)`", after[0].text(True))) if after and after[0].is_note else set()
        asked = [
            name
            for name, control in controls.items()
            if name in said or (isinstance(control, Choice) and said & set(control.options))
        ]
        # a point is dragged on the picture itself
        hidden = [name for name in asked if name not in shown and not isinstance(controls[name], Point)]
        if hidden:
            found.append(
                f"line {cell.first_line}: the notes ask for {', '.join(hidden)}, which the slide hides"
            )
    return found


@pytest.mark.parametrize("number", SOURCES)
def test_a_slide_shows_what_its_notes_ask_for(number):
    figures = vars(importlib.import_module(f"optcourse.explorers.lesson_{number}"))
    assert faults(source(number), figures) == []


def test_it_bites(tmp_path):
    path = tmp_path / "03_small.py"
    path.write_text(
        '# %% figure-slide="num_steps"\nValleyExplorer()\n\n'
        '# %% [markdown] slideshow={"slide_type": "notes"}\n# 1 min. Move `learning_rate`, drag `start`.\n\n'
        '# %% figure-slide="speed"\nValleyExplorer()\n\n# %% figure-slide="start"\nprint(1)\n'
    )
    from optcourse.explorers import lesson_03

    said = faults(read_lesson(path), vars(lesson_03))
    assert len(said) == 3
    assert (
        "the notes ask for learning_rate, which" in said[0]
        and "'speed' are not" in said[1]
        and "no figure" in said[2]
    )
