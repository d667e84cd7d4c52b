"""What theory says of a slider, as flags under its rail: words never meet words, and no stem crosses words."""

from pathlib import Path

import pytest

from optcourse.explorers import stage
from optcourse.explorers.controls import Range
from optcourse.explorers.lesson_05 import PathExplorer
from optcourse.explorers.page import write_page
from tests.accessibility.conftest import every_explorer

pytestmark = pytest.mark.browser

# The words of a flag stand beside its stem, 5 px from it; a stem reaches down to the words of its row.
MEETINGS = """({ lists, lay, family }) => {
  const context = document.createElement("canvas").getContext("2d"), found = [];
  context.font = `12.8px ${family}`;
  const measure = (words) => context.measureText(words).width;
  let looked = 0, short = 0;
  for (const list of lists) for (let wide = 180; wide <= 900; wide += 12) {
    const marks = list.map(([part, words, name]) => ({ part, widths: [measure(words), measure(name)] }));
    const flags = window[lay](marks, wide);
    const boxes = flags.map((flag, i) => {
      const width = flag.form < 0 ? 0 : marks[i].widths[flag.form], left = flag.from + 5;
      return { left, right: left + width, top: 24 * flag.row, bottom: 24 * flag.row + 24, stem: flag.x };
    });
    short += flags.filter((flag) => flag.form !== 0).length;
    boxes.forEach((a, i) => boxes.forEach((b, j) => {
      looked += 1;
      if (i >= j) return;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const crosses = (p, q) => p.stem > q.left && p.stem < q.right && q.top < p.top;
      if ((across > -6 && down > 0 && a.right > a.left && b.right > b.left) || crosses(a, b) || crosses(b, a))
        found.push(`${list[i][1]} and ${list[j][1]} at ${wide}`);
    }));
    boxes.forEach((box, i) => {
      if (box.left < -6 || box.right > wide + 6) found.push(`${list[i][1]} leaves the rail at ${wide}`);
    });
  }
  return { found, looked, short };
}"""


def part_of(values: tuple[float, ...], value: float) -> float:
    """Where a value lies on a rail whose values are evenly spaced."""
    above = next(k for k, v in enumerate(values) if v >= value)
    if above == 0:
        return 0.0
    inside = (value - values[above - 1]) / (values[above] - values[above - 1])
    return (above - 1 + inside) / (len(values) - 1)


@pytest.fixture(scope="module")
def marks() -> list[list[tuple[float, str, str]]]:
    """The marks of every slider of every lesson, for every value that any slider of its figure can have."""
    found = set()
    for kind in every_explorer():
        explorer = kind()
        if not explorer.frame().slider_marks:
            continue
        for moved in explorer.controls:
            if not isinstance(moved, Range):
                continue
            for scene in explorer.scenes([{**explorer.values, moved.name: v} for v in moved.values]):
                for name, listed in scene.slider_marks.items():
                    values = explorer.control(name).values
                    seen = [m for m in listed if values[0] <= m[0] <= values[-1]]
                    found.add(tuple((part_of(values, v), f"{words} {v:.3g}", words) for v, words in seen))
    return [list(one) for one in found if len(one) > 1]


@pytest.fixture
def laid(page):
    """A page that knows `layFlags`, and a layout that puts every flag into the first row."""
    rail = (Path(stage.__file__).parent / "rail.js").read_text(encoding="utf-8")
    body = "\n".join(
        line.removeprefix("export ") for line in rail.splitlines() if not line.startswith("import")
    )
    page.evaluate(f"(() => {{ {body}\nwindow.layFlags = layFlags; }})()")
    page.evaluate("""() => { window.inOneRow = (marks, wide) => marks.map(({ part, widths }) => {
      const x = 9 + (wide - 18) * part;
      return { x, from: x, to: x + widths[0] + 10, row: 0, form: 0 };
    }); }""")
    return page


@pytest.mark.parametrize("family", ["sans-serif", "serif"])
def test_no_flag_meets_another_for_any_value_at_any_width(laid, marks, family):
    seen = laid.evaluate(MEETINGS, {"lists": marks, "lay": "layFlags", "family": family})
    assert len(marks) > 100 and seen["looked"] > 10_000
    assert seen["found"] == []


def test_that_check_sees_flags_that_meet(laid, marks):
    seen = laid.evaluate(MEETINGS, {"lists": marks, "lay": "inOneRow", "family": "sans-serif"})
    assert any("best" in line and "limit" in line for line in seen["found"])


def test_a_click_on_a_flag_sets_the_slider_and_beyond_the_limit_the_rail_is_hatched(page, tmp_path):
    page.goto(write_page(PathExplorer(), tmp_path / "page.html").as_uri())
    page.wait_for_selector("[data-ready=true]")
    row = page.locator("[data-control=learning_rate]")
    others, best, limit = row.locator(".oc-flag:visible").all()
    assert others.inner_text() == "descent's limit 0.5"
    assert best.inner_text() == "best 0.746" and limit.inner_text() == "limit 0.9"
    zone, rail = row.locator(".oc-zone").bounding_box(), row.locator(".oc-rail").bounding_box()
    stem = row.locator(".oc-stem.oc-limit").bounding_box()
    assert zone["x"] == pytest.approx(stem["x"] + stem["width"] / 2, abs=1)
    assert zone["x"] + zone["width"] == pytest.approx(rail["x"] + rail["width"], abs=0.5)
    best.click()
    slider = row.locator("input[type=range]")
    assert float(row.locator("input[type=text]").input_value()) == pytest.approx(0.746, rel=0.03)
    assert slider.get_attribute("aria-valuetext").endswith("; descent's limit 0.5, best 0.746, limit 0.9")
