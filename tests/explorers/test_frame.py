"""The frame of a figure: sizes, what stays in sight, what does not move, undo, link, picture, full screen."""

import io

import numpy as np
import pytest
from PIL import Image

from optcourse.explorers.lesson_05 import PathExplorer
from tests.explorers.conftest import STAGE
from tests.explorers.examples import EveryMark
from tests.explorers.test_browser import lab  # noqa: F401  (fixture)

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


def test_the_map_and_the_rail_of_every_slider_are_in_the_window_together(opened):
    page = opened(PathExplorer())
    assert out_of_sight(page) == []
    # that it bites: without the panels that stay, the narrow window loses the map
    page.add_style_tag(content=".oc-explorer * { position: static !important }")
    assert any("map of num_steps at 375" in line for line in out_of_sight(page))


def test_in_jupyterlab_the_map_and_the_rail_are_in_the_window_together(lab):  # noqa: F811
    page = lab("sight.ipynb", "from optcourse.explorers.lesson_05 import PathExplorer\nPathExplorer()")
    page.keyboard.press("Control+b")  # the files beside the notebook give way
    assert out_of_sight(page) == []


def test_sizes_go_by_the_figures_width(opened):
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


def test_nothing_jumps_while_a_slider_moves(opened):
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


def drag(page, name, *parts):
    rail = page.locator(f"[data-control={name}] .oc-rail")
    rail.scroll_into_view_if_needed()
    box = rail.bounding_box()
    for k, part in enumerate(parts):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        if k == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_whole_drag_is_undone_at_once_and_a_reset_too(opened):
    page = opened(EveryMark())
    amplitude = f"{STAGE}.values.amplitude"
    undo = page.get_by_role("button", name="Undo")
    assert undo.get_attribute("aria-disabled") == "true"
    drag(page, "amplitude", 0.5, 0.6, 0.7, 0.9)
    dragged = page.evaluate(amplitude)
    assert dragged == pytest.approx(1.8, abs=0.11)
    page.get_by_role("button", name="One step back").click()
    page.locator("[data-control=amplitude] input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(amplitude) == 1
    page.keyboard.press("z")  # the reset
    assert page.evaluate(amplitude) == pytest.approx(dragged - 0.1)
    assert page.evaluate(f"{STAGE}.at()") == 23
    undo.click()  # the key
    assert page.evaluate(amplitude) == dragged
    undo.click()  # the drag, whole
    assert page.evaluate(amplitude) == 1 and page.evaluate(f"{STAGE}.at()") == 24
    assert undo.get_attribute("aria-disabled") == "true"


def test_no_more_than_fifty_settings_are_kept(opened):
    page = opened(EveryMark())
    page.locator("[data-control=amplitude] input[type=range]").focus()
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{STAGE}.history.past.length") == 50


def test_the_keys_of_a_figure_and_not_in_a_field(opened):
    page = opened(EveryMark())
    page.locator("[data-control=amplitude] input[type=range]").focus()
    page.keyboard.press(",")
    assert page.evaluate(f"{STAGE}.at()") == 23
    page.keyboard.press(".")
    assert page.evaluate(f"{STAGE}.at()") == 24
    page.keyboard.press("Space")
    assert page.evaluate(f"!!{STAGE}.playing")
    page.keyboard.press("Space")
    assert not page.evaluate(f"!!{STAGE}.playing")
    step = page.evaluate(f"{STAGE}.at()")
    box = page.get_by_label("amplitude, type a value")
    box.fill("")
    box.type("z, .")
    assert box.input_value() == "z, ." and page.evaluate(f"{STAGE}.at()") == step


def test_a_link_shows_its_setting_and_one_that_no_longer_exists_says_so(opened):
    page = opened(PathExplorer())
    address = page.url
    drag(page, "rho", 0.8, 0.6)
    page.get_by_role("button", name="One step back").click()
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    page.get_by_role("button", name="Copy a link").click()
    page.get_by_text("Link to this setting copied").wait_for()
    rho, link = page.evaluate(f"[{STAGE}.values.rho, window.copied]")
    assert link == f"{address}#explorer?rho={rho}&step=59" and 0.5 < rho < 0.65
    # as before November 2026, and as a person writes it
    older = f'#figure=1&setting={{"values":{{"rho":{rho}}},"step":59}}'
    for wanted in (f"{address}{older}", f"{address}#explorer?step=59&rho={rho:.4f}", link):
        page.goto("about:blank")
        page.goto(wanted)
        page.wait_for_selector("[data-ready=true]")
        assert page.evaluate(f"[{STAGE}.values.rho, {STAGE}.at()]") == [rho, 59]
    assert f"{page.evaluate(f'{STAGE}.frame.says')}" == page.locator(".oc-says").text_content()
    for setting, words in (
        ("#explorer?mass=2", "This link asks for mass, which this figure does not have."),
        ("#explorer?rho=7", "This link asks for rho 7, which this page does not have."),
        ("#explorer?rho=x", "This link asks for rho “x”; it must be a number."),
        ("#explorer?start=1", "This link asks for start “1”; it must be two numbers such as 1,2."),
        ("#explorer?step=-1", "This link asks for step “-1”, which is no whole number."),
        ("#explorer?start=1,2", "This link moves start, which this page cannot draw by itself: open the notebook to see it."),
        ("#explorer?rho=0.5&learning_rate=0.01", "This link moves learning_rate and rho together; this page draws one at a time. "
         "Open the notebook to see it."),
        ("#figure=1&setting={", "The setting in this link cannot be read."),
    ):  # fmt: skip
        page.goto("about:blank")
        page.goto(f"{address}{setting}")
        page.wait_for_selector("[data-ready=true]")
        assert page.locator(".oc-error").inner_text() == f"{words} The figure shows its first setting."
        assert page.evaluate(f"{STAGE}.values.rho") == 0.8
    page.evaluate("location.hash = '#explorer?step=5000'")
    page.get_by_text("This link asks for step 5000; this run has 60, and the last one is shown.").wait_for()


def test_a_link_says_every_kind_of_value(opened):
    page = opened(PathExplorer())
    page.evaluate(f"""() => {{ const stage = {STAGE}; stage.link.covers = undefined; stage.link.live = true;
        stage.adopt("start", [-1.5, 0.25]); stage.adopt("rho", 0.5); stage.pins.add(); stage.ui.focus = "a b&c"; }}""")
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    page.evaluate(f"{STAGE}.link.covers = new Set()")
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("window.copied")
    query = page.evaluate("window.copied").partition("#explorer?")[2]
    assert (
        query == "rho=0.5&start=-1.5,0.25&focus=a+b%26c&pin=rho%3D0.5%26start%3D-1.5,0.25%26focus%3Dmomentum"
    )


def test_in_a_notebook_the_link_is_the_call_that_makes_the_setting(opened):
    page = opened(PathExplorer(rho=0.5, start=(1.0, 2.0)))
    page.evaluate(f"delete {STAGE}.link.covers")
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("window.copied")
    call = page.evaluate("window.copied")
    assert call == "PathExplorer(rho=0.5, start=(1, 2))"
    made = eval(call, {"PathExplorer": PathExplorer})
    assert made.values["rho"] == 0.5 and made.values["start"] == (1.0, 2.0)


def test_the_saved_picture_is_sharp_and_has_title_sentence_and_setting(opened):
    page = opened(PathExplorer())
    page.evaluate("""() => { window.written = []; const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (words, ...rest) {
        written.push(words); write.call(this, words, ...rest); }; }""")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the picture").click()
    assert download.value.suggested_filename == "momentum-in-a-valley.png"
    with open(download.value.path(), "rb") as file:
        picture = Image.open(io.BytesIO(file.read())).convert("RGB")
    wide = page.locator(".oc-panels").bounding_box()["width"]
    assert picture.width == pytest.approx(2 * (wide - 8) + 80, abs=4)
    assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 50
    written = page.evaluate("written.join(' ')")
    assert "Momentum in a valley" in written and "learning_rate 0.1 · rho 0.8" in written
    assert page.locator(".oc-says").inner_text().split(".")[0] in written
    density = f"{STAGE}.painter.density"
    assert page.evaluate(density) == page.evaluate("devicePixelRatio")  # and the page is as before


def test_the_whole_screen_has_the_map_at_its_edge_and_three_controls(opened):
    page = opened(PathExplorer())
    page.set_viewport_size({"width": 1280, "height": 720})
    page.locator("[data-control=rho] input[type=range]").focus()
    page.keyboard.press("f")
    page.wait_for_function(f"{STAGE}.ui.fullscreen")
    page.evaluate(SETTLED)
    boxes = [page.locator(".oc-place").nth(k).bounding_box() for k in (0, 1)]
    assert boxes[0]["x"] == 0 and boxes[0]["y"] == 0
    area = sum(box["width"] * box["height"] for box in boxes)
    assert area >= 0.65 * 1280 * 720
    assert page.locator(".oc-control:visible").count() == 3
    assert not page.locator(".oc-says").is_visible()
    lowest = page.locator(".oc-control:visible").last.bounding_box()
    assert lowest["y"] + lowest["height"] <= page.locator(".oc-bar").bounding_box()["y"] + 1
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function(f"!{STAGE}.ui.fullscreen")
    assert page.locator(".oc-says").is_visible() and page.locator(".oc-control:visible").count() == 5


def test_what_the_figure_says_of_itself_stands_where_its_sentence_is(opened):
    page = opened(EveryMark())
    below = "document.querySelector('.oc-panels').getBoundingClientRect().top"
    place = page.evaluate(below)
    page.evaluate(
        f"{STAGE}.state('blank', 'The notebook has stopped. **Run this cell again** to move everything.')"
    )
    said = page.locator(".oc-state")
    assert said.inner_text() == "The notebook has stopped. Run this cell again to move everything."
    assert said.locator("strong").inner_text() == "Run this cell again"
    assert not page.locator(".oc-says").is_visible() and page.evaluate(below) == place
    page.evaluate(
        f"{STAGE}.fail('This setting could not be drawn.', () => {{ window.back = true; }})"
    )  # an error comes first
    assert not said.inner_text() and page.evaluate(below) == place
    page.get_by_role("button", name="Back to the last one that worked").click()
    assert page.evaluate("window.back") and said.inner_text()
    page.evaluate(f"{STAGE}.state('blank', '')")
    assert page.locator(".oc-says").is_visible()
    page.evaluate(f"{STAGE}.waits(true)")
    page.wait_for_function("getComputedStyle(document.querySelector('.oc-picture')).opacity === '0.6'")
    page.evaluate(f"{STAGE}.waits(false)")
    assert page.evaluate("getComputedStyle(document.querySelector('.oc-picture')).opacity") == "1"


def test_what_has_the_focus_is_never_behind_the_picture(opened):
    page = opened(PathExplorer())
    hidden = """() => { const node = document.activeElement, box = node.getBoundingClientRect();
      const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return node.closest(".oc-explorer") && !node.contains(over) && !node.closest("label")?.contains(over)
        ? `${node.outerHTML.slice(0, 60)} behind ${over?.className}` : null; }"""
    for wide, high in WINDOWS:
        page.set_viewport_size({"width": wide, "height": high})
        page.evaluate(SETTLED)
        page.evaluate("window.scrollTo(0, document.body.scrollHeight); document.activeElement.blur()")
        page.locator(".oc-explorer :is(button, input):enabled:visible").last.focus()
        for _ in range(24):  # from below upwards: what comes is scrolled to from above
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(hidden) is None
