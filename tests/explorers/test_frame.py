"""The frame of a figure: sizes, what stays in sight, what does not move, undo, link, picture, full screen."""

import pytest

from optcourse.explorers.lesson_05 import PathExplorer
from tests.explorers.test_browser import STAGE, lab, opened  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser

WINDOWS = [(1000, 760), (500, 700), (375, 667)]
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

# A slider is brought to the edge of what is seen, as when it is taken: are the map and the rail in sight, and nothing over them?
IN_SIGHT = """async (name) => {
  const stage = document.querySelector(".oc-explorer").parentElement.stage;
  const input = document.querySelector(`[data-control=${name}] input[type=range]`);
  input.focus();
  input.scrollIntoView({ block: "nearest" });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const sees = (node) => {
    const box = node.getBoundingClientRect(), edge = { top: 0, bottom: innerHeight };
    for (let one = node.parentElement; one !== document.body; one = one.parentElement) {
      if (getComputedStyle(one).overflowY === "visible") continue;
      const { top, bottom } = one.getBoundingClientRect();
      edge.top = Math.max(edge.top, top);
      edge.bottom = Math.min(edge.bottom, bottom);
    }
    const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.top >= edge.top - 1 && box.bottom <= edge.bottom + 1 && node.contains(over);
  };
  const main = stage.panels[stage.layout.main];
  return { map: sees(main.place), rail: sees(input) };
}"""


def sliders() -> list[str]:
    return [control.name for control in PathExplorer.controls if control.kind == "range"]


def out_of_sight(page) -> list[str]:
    wrong = []
    for wide, high in WINDOWS:
        page.set_viewport_size({"width": wide, "height": high})
        page.evaluate(SETTLED)
        for name in sliders():
            seen = page.evaluate(IN_SIGHT, name)
            wrong += [
                f"{part} of {name} at {wide} x {high}" for part, in_sight in seen.items() if not in_sight
            ]
    return wrong


def test_the_map_and_the_rail_of_every_slider_are_in_the_window_together(opened):  # noqa: F811
    page = opened(PathExplorer())
    assert out_of_sight(page) == []
    # that it bites: without the panels that stay, the narrow window loses the map
    page.add_style_tag(content=".oc-explorer * { position: static !important }")
    assert any("map of num_steps at 375" in line for line in out_of_sight(page))


def test_in_jupyterlab_the_map_and_the_rail_are_in_the_window_together(lab):  # noqa: F811
    page = lab("sight.ipynb", "from optcourse.explorers.lesson_05 import PathExplorer\nPathExplorer()")
    page.keyboard.press("Control+b")  # the files beside the notebook give way
    assert out_of_sight(page) == []


def test_sizes_go_by_the_figures_width(opened):  # noqa: F811
    page = opened(PathExplorer())
    look = """() => { const boxes = (all) => [...document.querySelectorAll(all)].map((one) => one.getBoundingClientRect());
      const [map, curve] = boxes(".oc-place"), rows = boxes(".oc-control");
      return { map: [map.width, map.height], curve: [curve.width, curve.height],
               beside: curve.left > map.right, columns: rows[1].left > rows[0].right,
               icons: document.querySelector(".oc-icons").parentElement.className }; }"""

    def at(wide, high=760):
        page.set_viewport_size({"width": wide, "height": high})
        page.evaluate(SETTLED)
        return page.evaluate(look)

    wide = at(1000)
    assert wide["beside"] and wide["columns"] and wide["icons"] == "oc-head"
    assert wide["map"][0] / wide["curve"][0] == pytest.approx(1.42, abs=0.01)
    # min(42 % of the width, window − 420), and less where titles would make the panels more than half of the window
    assert wide["map"][1] == pytest.approx(340, abs=30)
    assert at(1000, 500)["map"][1] == 260
    middle = at(560)
    assert middle["beside"] and middle["columns"]
    assert middle["map"][0] / middle["curve"][0] == pytest.approx(1.15, abs=0.01)
    narrow = at(375, 667)
    assert not narrow["beside"] and not narrow["columns"] and "oc-explorer" in narrow["icons"]
    assert (narrow["map"][1], narrow["curve"][1]) == (212, 88)


def test_nothing_jumps_while_a_slider_moves(opened):  # noqa: F811
    page = opened(PathExplorer())
    for wide, high in WINDOWS:
        page.set_viewport_size({"width": wide, "height": high})
        page.evaluate(SETTLED)
        for name in sliders():
            places = page.evaluate(
                """(name) => { const seen = new Set();
                const input = document.querySelector(`[data-control=${name}] input[type=range]`);
                for (let k = 0; k <= Number(input.max); k += 3) {
                  input.value = k; input.dispatchEvent(new Event("input", { bubbles: true }));
                  seen.add([".oc-panels", ".oc-bar", ".oc-controls", ".oc-place"].map((one) => {
                    const { offsetTop, offsetHeight } = document.querySelector(one); return [offsetTop, offsetHeight]; }).join());
                }
                return [...seen]; }""",
                name,
            )
            assert len(places) == 1, (wide, name, places)
