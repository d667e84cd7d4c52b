"""Lesson 03 under a real pointer: the probe that is dragged along its curve, the start that is dragged in either basis."""

import json

import numpy as np
import pytest

from optcourse.explorers.lesson_03 import LinkedBasesExplorer, SweepExplorer, axes_of
from tests.explorers.test_browser import STAGE, lab, opened  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser


def pointer(page, panel, part):
    """Where a part (from left, from top) of a panel is on the screen."""
    box = page.evaluate(f"{STAGE}.painter.boxes[{panel}].box")
    canvas = page.locator(".oc-explorer canvas").bounding_box()
    return (
        canvas["x"] + box["left"] + part[0] * box["width"],
        canvas["y"] + box["top"] + part[1] * box["height"],
    )


def drag(page, panel, *parts):
    page.mouse.move(*pointer(page, panel, parts[0]))
    page.mouse.down()
    for part in parts[1:]:
        page.mouse.move(*pointer(page, panel, part))
    page.mouse.up()


def test_the_probe_is_dragged_along_the_curve_without_a_kernel(opened):  # noqa: F811
    page = opened(SweepExplorer())
    drag(page, 0, (0.66, 0.5), (0.5, 0.4), (1 / 3, 0.3))
    rate = page.evaluate(f"{STAGE}.values.learning_rate")
    assert rate == pytest.approx(0.01, rel=0.06) and rate in SweepExplorer.rates.values
    assert f"learning rate {rate:.3g}," in page.locator(".oc-says").inner_text()


def test_the_start_is_dragged_in_the_valleys_own_axes(lab):  # noqa: F811
    page = lab(
        "linked.ipynb",
        "from optcourse.explorers.lesson_03 import LinkedBasesExplorer\nLinkedBasesExplorer(rotation=30.0)",
    )
    # it ends on the flat axis, at (2.25, 0) of the window -4.5 .. 4.5
    drag(page, 1, (0.3, 0.3), (0.5, 0.4), (0.75, 0.5))
    _, directions = axes_of(20.0, 30.0)
    expected = directions @ [2.25, 0.0]
    page.wait_for_function(
        "document.querySelector('.oc-says').textContent.includes('2.2') "
        "|| document.querySelector('.oc-says').textContent.includes('2.3')"
    )
    start = json.loads(page.evaluate(f"JSON.stringify({STAGE}.values.start)"))
    np.testing.assert_allclose(start, expected, atol=0.06)
    assert LinkedBasesExplorer(rotation=30.0, start=start).frame().says
