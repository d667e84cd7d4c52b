"""Lesson 03 under a real pointer: the probe that is dragged along its curve, the start that is dragged in either basis."""

import json

import numpy as np
import pytest

from optcourse.explorers.lesson_03 import LinkedBasesExplorer, SweepExplorer, axes_of
from optcourse.explorers.lesson_15 import BallExplorer
from optcourse.race_two import OPTIMIZERS
from tests.accessibility.conftest import every_explorer
from tests.explorers.conftest import STAGE, opened  # noqa: F401  (fixture)
from tests.explorers.test_browser import lab  # noqa: F401  (fixture)

pytestmark = pytest.mark.browser


def pointer(page, panel, part):
    """Where a part (from left, from top) of a panel is on the screen."""
    box = page.evaluate(f"{STAGE}.panels[{panel}].view.box")
    canvas = page.locator(".oc-picture").nth(panel).bounding_box()
    return (
        canvas["x"] + box["left"] + part[0] * box["width"],
        canvas["y"] + box["top"] + part[1] * box["height"],
    )


def at(page, panel, values):
    """Where a place in the values of a panel's axes is on the screen."""
    x, y = page.evaluate(
        f"([x, y]) => {{ const {{ view }} = {STAGE}.panels[{panel}], {{ scale }} = {STAGE}.painter;"
        " return [scale * view.X(x), scale * view.Y(y)]; }",
        values,
    )
    canvas = page.locator(".oc-picture").nth(panel).bounding_box()
    return canvas["x"] + x, canvas["y"] + y


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
    page.wait_for_function(f"{STAGE}.panels[1].view")
    mark = f"{STAGE}.frame.panels[1].marks.find((one) => one.drag)"
    start = page.evaluate(f"[{mark}.x[0], {mark}.y[0]]")
    # it ends on the flat axis
    page.mouse.move(*at(page, 1, start))
    page.mouse.down()
    for place in ([0.5, -0.5], [2.25, 0.0]):
        page.mouse.move(*at(page, 1, place))
    page.mouse.up()
    _, directions = axes_of(20.0, 30.0)
    expected = directions @ [2.25, 0.0]
    page.wait_for_function(
        "document.querySelector('.oc-says').textContent.includes('2.2') "
        "|| document.querySelector('.oc-says').textContent.includes('2.3')"
    )
    start = json.loads(page.evaluate(f"JSON.stringify({STAGE}.values.start)"))
    np.testing.assert_allclose(start, expected, atol=0.06)
    assert LinkedBasesExplorer(rotation=30.0, start=start).frame().says


def test_names_stand_beside_lines_and_rows_have_room(opened):
    """On a narrow page: no name lies on a line or an arrow, a band that is too narrow is pointed to, rows of names are apart."""
    written = f"""() => {{ const stage = {STAGE}, {{ painter }} = stage, {{ words }} = painter, found = [];
      painter.words = function (context, text, x, y, ...more) {{
        const wide = this.width(context, text, 12);
        found.push({{ text, x, y, clear: this.ink?.clear(wide, 10, [x, y]), on: this.ink?.cells.size > 0 && !this.ink.clear(900, 900, [x, y]) }});
        return words.call(this, context, text, x, y, ...more); }};
      try {{ stage.draw(); }} finally {{ painter.words = words; }}
      return found; }}"""
    page = opened(BallExplorer())
    page.set_viewport_size({"width": 375, "height": 760})
    page.wait_for_function(f"() => {STAGE}.root.clientWidth <= 375")
    names = [one for one in page.evaluate(written) if one["text"] in ("dw/|dw|", "sign dw", "sign G", "U Vᵀ")]
    assert len(names) == 4 and all(one["clear"] for one in names)
    assert all(one["on"] for one in names)  # a name as large as the picture does lie on something
    page = opened(SweepExplorer())
    said = [one["text"] for one in page.evaluate(written)]
    assert "runs away →" in said and "runs away" not in said
    podium = next(kind for kind in every_explorer() if kind.__name__ == "PodiumExplorer")
    page = opened(podium())
    rows = [one["y"] for one in page.evaluate(written) if one["text"] in OPTIMIZERS]
    assert len(rows) == 2 * len(OPTIMIZERS)
    assert min(np.diff(sorted(rows[:10])).min(), np.diff(sorted(rows[10:])).min()) > 12
