"""The canvas in a real Chromium: saved pages, and a real JupyterLab with a kernel."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from optcourse.explorers.lesson_13 import HyperbolaExplorer
from optcourse.explorers.sweep import sweep
from optcourse.figures.palette import ROLES
from optcourse.figures.render import draw
from optcourse.figures.scene import Line, Panel, Points, Scene
from tests.conftest import COURSE, until
from tests.explorers.conftest import STAGE
from tests.explorers.examples import EveryMark, Wanderer, _OneSlider
from tests.explorers.test_engine import notebook
from tests.frontends.browsing import SETTLED

pytestmark = pytest.mark.browser


def pixels(page, part=".oc-panels"):
    return np.asarray(Image.open(io.BytesIO(page.locator(part).first.screenshot())).convert("RGB")).astype(
        int
    )


def test_a_slider_moves_the_picture_without_kernel_or_network(opened):
    page = opened(EveryMark())
    before, words = pixels(page), page.locator(".oc-says").inner_text()
    page.locator("[data-control=amplitude] input[type=range]").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = pixels(page)
    assert before.shape == after.shape  # the layout does not jump
    assert (before != after).any() and page.locator(".oc-says").inner_text() != words
    assert page.locator("[data-control=amplitude] input[type=text]").input_value() == "1.5"
    slider = page.locator("[data-control=amplitude] input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "1.5; one 1"
    page.get_by_role("button", name="Reset").click()
    page.mouse.move(0, 0)
    until(lambda: (pixels(page) == before).all())  # jumps are tweened


def test_stepping_narrates_with_the_numbers_of_the_step(opened):
    explorer = EveryMark()
    page = opened(explorer)
    assert page.locator(".oc-stepcount").inner_text() == "step 24 of 24"
    page.get_by_role("button", name="One step back").click()
    narration = explorer.frame().narration
    assert page.locator(".oc-narration").inner_text() == narration.at(23)
    page.get_by_role("button", name="Play the run").click()
    page.wait_for_function(f"{STAGE}.at() === 24 && !{STAGE}.playing")


@pytest.mark.parametrize("width", [900, 560])
def test_no_name_on_a_map_lies_under_its_buttons(opened, width):
    """They stand in a column, or in a row where the figure is narrow; the map is less than 300 pixels high in both."""
    page = opened(HyperbolaExplorer())
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"{STAGE}.root.clientWidth <= {width}")
    tools, taken = page.evaluate(f"""(() => {{
        {STAGE}.painter.paint({STAGE}.panels[0], {STAGE}.frame, {STAGE}.at(), {STAGE}.ui);
        const node = {STAGE}.panels[0].tools.node;
        return [[node.offsetLeft, node.offsetTop, node.offsetLeft + node.offsetWidth, node.offsetTop + node.offsetHeight],
                {STAGE}.painter.room.taken.map((b) => [b.left, b.top, b.right, b.bottom])];
    }})()""")
    assert (tools[2] - tools[0] > tools[3] - tools[1]) == (width < 600)
    assert tools in taken and len(taken) > 3
    under = [b for b in taken if b[0] < tools[2] and b[2] > tools[0] and b[1] < tools[3] and b[3] > tools[1]]
    assert under == [tools]


def test_a_typed_value_off_the_scale_is_refused_in_a_sentence(opened):
    page = opened(EveryMark())
    box = page.locator("[data-control=amplitude] input[type=text]")
    box.fill("seven")
    box.press("Enter")
    assert "must be a number from 0 to 2" in page.locator(".oc-error").inner_text()
    assert box.input_value() == "1"


def test_browser_and_python_write_numbers_alike(opened):
    page = opened(EveryMark())
    source = page.locator("script[type=module]").first.text_content()
    body = source[source.index("function general") : source.index("function narrate")]
    page.evaluate(f"window.general = (() => {{ {body}; return general; }})()")

    @given(
        st.lists(
            st.tuples(st.floats(-(2.0**40), 2.0**40, width=32), st.integers(1, 6)), min_size=20, max_size=50
        )
    )
    def agree(pairs):
        written = page.evaluate("pairs => pairs.map(([v, n]) => general(v, n))", pairs)
        for (value, digits), words in zip(pairs, written, strict=True):
            # Ties round to even in Python and away from zero in JavaScript; half a unit of the last digit is allowed.
            assert words == f"{value:.{digits}g}" or abs(float(words) - value) <= 0.500001 * 10 ** (
                np.floor(np.log10(abs(value) or 1)) - digits + 1
            ), (value, digits)

    agree()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_renderers_put_the_same_marks_in_the_same_places(opened, theme):
    places = [(0.2, 0.3, "path"), (0.7, 0.8, "yours"), (0.5, 0.1, "velocity")]

    class Dots(_OneSlider):
        def scene(self, amplitude):
            marks = [Points([x], [y], role=role, shape="square", size=14) for x, y, role in places]
            return Scene(
                [Panel("x", "y", (0, 1), (1e-3, 1), marks, yscale="log" if amplitude > 0.7 else "linear")],
                says="Dots.",
            )

    for amplitude in (0.5, 1.0):
        page = opened(Dots(amplitude=amplitude))
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(
            ".oc-explorer.oc-dark" if theme == "dark" else ".oc-explorer:not(.oc-dark)", state="attached"
        )
        box = page.evaluate(f"{STAGE}.panels[0].view.box")
        live = pixels(page, ".oc-picture")
        figure = draw(Dots(amplitude=amplitude).frame(), theme=theme)
        figure.canvas.draw()
        still = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
        area = figure.axes[0].get_window_extent()
        for _, _, role in places:
            color = ROLES[role].dark if theme == "dark" else ROLES[role].light
            x, y = centre(live, color)
            here = ((x - box["left"]) / box["width"], 1 - (y - box["top"]) / box["height"])
            x, y = centre(still, color)
            there = ((x - area.x0) / area.width, (still.shape[0] - y - area.y0) / area.height)
            np.testing.assert_allclose(here, there, atol=0.01, err_msg=role)


def test_steps_that_lie_on_each_other_do_not_hide_their_path(opened):
    class Crawl(_OneSlider):
        def scene(self, amplitude):
            crawl = Line(np.linspace(0.1, 0.9, 400), np.full(400, 0.5), role="path", marker=True, width=2)
            return Scene([Panel("x", "y", (0, 1), (0, 1), [crawl])], says="A path of 400 small steps.")

    page = opened(Crawl())
    box = page.evaluate(f"{STAGE}.panels[0].view.box")
    color = [int(ROLES["path"].light[i : i + 2], 16) for i in (1, 3, 5)]
    row = round(box["top"] + box["height"] / 2)
    near = np.abs(pixels(page, ".oc-picture")[row - 2 : row + 3] - color).max(axis=-1) < 40
    assert near.any(axis=0).sum() > 0.6 * 0.8 * box["width"]


def centre(picture, color):
    rgb = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    rows, columns = np.nonzero(np.abs(picture - rgb).max(axis=-1) < 3)
    assert rows.size > 20, f"no {color} in the picture"
    return columns.mean() + 0.5, rows.mean() + 0.5


# A real JupyterLab -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(page, lab_server):
    """Run the cells of a notebook in the real JupyterLab and wait for its explorer."""

    def show(name, *sources, table=True, busy=None):
        root = lab_server.root
        notebook(
            root / name, f"import sys; sys.path.insert(0, {str(COURSE)!r})", *sources, *filter(None, [busy])
        )
        page.goto(lab_server.notebook_url(name))
        page.wait_for_selector(".jp-CodeCell")
        page.locator(".jp-CodeCell").first.click()
        page.get_by_text("| Idle").first.wait_for()  # what is run before the kernel is there is forgotten
        for _ in range(len(sources) + 1):
            page.keyboard.press("Shift+Enter")
        page.wait_for_selector(".oc-explorer canvas")
        if table:
            page.wait_for_function(f"{STAGE}.tables.size > 0")
        if busy:
            page.keyboard.press("Shift+Enter")
            page.get_by_text("| Busy").first.wait_for()
        return page

    return show


def test_in_jupyterlab_tables_answer_while_the_kernel_is_busy(lab):
    page = lab("live.ipynb", "from tests.explorers.examples import EveryMark\nexplorer = EveryMark()\nexplorer",
               busy="import time; time.sleep(10_000)")  # fmt: skip
    slider = page.locator("[data-control=amplitude] input[type=range]")
    slider.focus()
    first = page.locator(".oc-says").inner_text()
    drawn = page.evaluate(
        """() => { const slider = document.querySelector('[data-control=amplitude] input[type=range]');
        slider.value = 20; slider.dispatchEvent(new Event('input', {bubbles: true}));
        return document.querySelector('.oc-says').textContent; }"""
    )
    # drawn in the same turn of the browser's loop: no kernel was asked
    assert drawn != first and "amplitude 2" in drawn
    page.evaluate(SETTLED)
    shown = page.evaluate(f"Array.from({STAGE}.frame.panels[0].marks.find(m => m.kind === 'line').y)")
    expected = next(
        m for m in EveryMark(amplitude=2.0).frame().panels[0].marks if type(m).__name__ == "Line"
    ).y
    # as they travel, with 16 binary digits; that a table holds what a single frame holds is the sweep's to see
    np.testing.assert_allclose(shown, expected, rtol=2**-16)


def test_in_jupyterlab_a_point_is_dragged_and_the_kernel_follows(lab):
    page = lab(
        "drag.ipynb", "from tests.explorers.examples import EveryMark\nexplorer = EveryMark()\nexplorer"
    )
    box = page.evaluate(f"{STAGE}.panels[0].view.box")
    canvas = page.locator(".oc-picture").first.bounding_box()
    x, y = canvas["x"] + box["left"], canvas["y"] + box["top"]
    page.mouse.move(x + box["width"] / 6, y + box["height"] * 0.375)
    page.mouse.down()
    for k in range(12):
        page.mouse.move(x + box["width"] * (1 / 6 + k / 36), y + box["height"] / 2)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.oc-says').textContent.includes('starting at (2.8')")
    start = json.loads(page.evaluate(f"JSON.stringify({STAGE}.values.start)"))
    assert start == pytest.approx([2.83, 0.0], abs=0.05)


def test_in_jupyterlab_a_walk_grows_by_clicks_and_by_keys(lab):
    page = lab("walk.ipynb", "from tests.explorers.examples import Wanderer\nWanderer()", table=False)
    box = page.evaluate(f"{STAGE}.panels[0].view.box")
    page.locator(".oc-picture").first.click(
        position={"x": box["left"] + box["width"] / 2, "y": box["top"] + 20}
    )
    page.wait_for_function("document.querySelector('.oc-says').textContent === 'You took 1 steps.'")
    page.get_by_label("walk, next place, first coordinate").fill("0.9")
    page.get_by_label("walk, next place, first coordinate").press("Enter")
    page.wait_for_function("document.querySelector('.oc-says').textContent === 'You took 2 steps.'")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("document.querySelector('.oc-says').textContent === 'You took 1 steps.'")
    page.get_by_role("button", name="Walk again").click()
    page.wait_for_function("document.querySelector('.oc-says').textContent === 'You took 0 steps.'")
    assert sweep(Wanderer(), np.random.default_rng(0)) == 3


def test_in_jupyterlab_a_run_starts_where_a_place_was_kept(lab):
    page = lab(
        "here.ipynb", "from optcourse.explorers.lesson_05 import PathExplorer\nexplorer = PathExplorer()\nexplorer"
    )  # fmt: skip
    place = page.evaluate(f"{STAGE}.panels[0].view.at(2.0, -1.5)")
    page.locator(".oc-picture").first.click(position={"x": place[0], "y": place[1]})
    page.get_by_role("button", name="Start here").click()
    page.wait_for_function(f"Math.abs({STAGE}.frame.runs[0].quantities.w[0][0] - 2) < 0.05")
    assert page.evaluate(f"{STAGE}.values.start") == pytest.approx([2.0, -1.5], abs=0.05)
    cells = page.locator(".jp-CodeCell").count()
    page.locator(".oc-picture").first.focus()
    page.keyboard.press("Shift+ArrowRight")  # the notebook's own keys do nothing here
    page.keyboard.press("Enter")
    start, first = f"{STAGE}.values.start[0]", f"{STAGE}.frame.runs[0].quantities.w[0][0]"
    page.wait_for_function(f"Math.abs({start} - 2) > 0.1 && Math.abs({first} - {start}) < 1e-5")
    assert page.locator(".jp-CodeCell").count() == cells and page.evaluate(f"{STAGE}.ui.point") is None


FAILS = """
from tests.explorers.examples import EveryMark

class Fails(EveryMark):
    controls = EveryMark.controls

    def scene(self, **values):
        if values["start"][0] > 3:
            raise ValueError("no further than three")
        return super().scene(**values)

Fails()
"""


def test_in_jupyterlab_an_error_is_shown_in_one_sentence(lab):
    page = lab("fails.ipynb", FAILS)
    box = page.locator("[data-control=start] input").first
    box.fill("4")
    box.press("Enter")
    page.wait_for_function(
        "document.querySelector('.oc-error').textContent.includes('no further than three')"
    )
    box.fill("2")
    box.press("Enter")
    page.wait_for_function("document.querySelector('.oc-error').textContent === ''")


def test_in_jupyterlab_a_thousand_moves_leave_kernel_and_page_no_larger(lab):
    """Moves over two sliders, so that tables go stale and are fetched anew; what is kept must stay bounded."""
    page = lab(
        "moves.ipynb", "from tests.explorers.examples import EveryMark\nexplorer = EveryMark()\nexplorer"
    )
    move = """async (count) => {
      const sliders = ['amplitude', 'scale'].map((n) => document.querySelector(`[data-control=${n}] input[type=range]`));
      for (let k = 0; k < count; k++) {
        const slider = sliders[Math.floor(k / 10) % 2];
        slider.value = k % (Number(slider.max) + 1);
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        if (k % 10 === 9) await new Promise((done) => setTimeout(done, 15));
      }
      await new Promise((done) => setTimeout(done, 1500));
    }"""
    kept = f"[...{STAGE}.tables.values()].reduce((sum, table) => sum + table.bytes, 0)"
    nodes = "document.querySelectorAll('.oc-explorer *').length"
    page.evaluate(move, 100)
    before = page.evaluate(nodes)
    page.evaluate(move, 1000)
    assert page.evaluate(nodes) == before
    assert page.evaluate(kept) <= 8e6
    # Kernel: an explorer keeps no history of what it was asked; its values are the last ones.
    amplitude = page.evaluate(f"{STAGE}.values.amplitude")
    assert f"amplitude {amplitude:g}" in page.locator(".oc-says").inner_text()
