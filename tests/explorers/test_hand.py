"""What a hand does on the pictures of a live figure: it reads, keeps, starts, steps, pins, zooms and tilts."""

from __future__ import annotations

import re

import numpy as np
import pytest

from optcourse.explorers.lesson_03 import SaddleExplorer
from optcourse.explorers.lesson_05 import PathExplorer
from optcourse.explorers.lesson_07 import CliffExplorer
from optcourse.objectives import quadratic
from tests.explorers.conftest import STAGE
from tests.explorers.examples import Wanderer

pytestmark = pytest.mark.browser
BOWL = quadratic(40.0, 0.0, 4.0)  # what PathExplorer shows at first
BYTES = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
BLANK = f"(canvas) => !new Uint32Array({BYTES}.buffer).some((pixel) => pixel)"
PAINTED = f"(canvas) => {BYTES}.reduce((sum, v) => (sum * 31 + v) | 0, 0)"


def numbers(words: str) -> list[float]:
    """The numbers in words as the figure writes them."""
    tens = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    found = re.findall(r"(−?\d+(?:\.\d+)?)(?:·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", words)
    return [float(m.replace("−", "-")) * 10.0 ** int((e or "0").translate(tens)) for m, e in found]


def spot(page, x: float, y: float, panel: int = 0) -> tuple[float, float]:
    """Where a place of a panel is on the page, given in its own values."""
    page.locator(".oc-picture").nth(panel).scroll_into_view_if_needed()
    left, top = page.evaluate(
        f"""([panel, x, y]) => {{ const {{ panels, painter }} = {STAGE}, {{ view, picture }} = panels[panel];
        const rect = picture.getBoundingClientRect(), [px, py] = view.at(x, y);
        return [rect.left + px * painter.scale, rect.top + py * painter.scale]; }}""",
        [panel, x, y],
    )
    return left, top


def read(page) -> str:
    return page.locator(".oc-read").inner_text()


def layers(page, layer: str) -> list[int]:
    return [page.locator(layer).nth(k).evaluate(PAINTED) for k in (0, 1)]


def blank(page) -> list[bool]:
    return [page.locator(".oc-readout").nth(k).evaluate(BLANK) for k in (0, 1)]


# Reading -----------------------------------------------------------------------------------------------------------------


def test_the_value_under_the_pointer_is_read_and_only_the_second_layer_is_painted(opened):
    page = opened(PathExplorer())
    pictures = layers(page, ".oc-picture")
    assert blank(page) == [True, True]
    page.mouse.move(*spot(page, 1.5, -1.0))
    w = np.array(page.evaluate(f"[{STAGE}.ui.point.x, {STAGE}.ui.point.y]"))
    np.testing.assert_allclose(w, (1.5, -1.0), atol=0.02)
    shown = numbers(read(page).replace("w[0]", "").replace("w[1]", ""))
    gradient = BOWL.gradient(w)
    wanted = [*w, float(BOWL.value(w)), *gradient, float(np.hypot(*gradient))]
    np.testing.assert_allclose(shown, wanted, rtol=0.006)
    assert read(page).startswith("under the pointer")
    assert blank(page) == [
        False,
        False,
    ]  # the level and its tag on the map, the rule at that loss in the curve
    assert layers(page, ".oc-picture") == pictures
    page.mouse.move(5, 5)
    assert blank(page) == [True, True] and read(page).startswith("step 60")


LEVEL = """() => { const { panels, painter: { ratio } } = STAGE, { readout, view } = panels[0];
  const context = readout.getContext("2d"), { width, height } = readout;
  const { data } = context.getImageData(0, 0, width, height), found = [];
  for (let y = 0; y < height; y += 3) for (let x = 0; x < width; x += 3) {
    const at = 4 * (y * width + x); // ink that covers
    if (data[at + 3] > 250 && data[at] < 60 && data[at + 1] < 60) found.push([view.xOf(x / ratio), view.yOf(y / ratio)]);
  }
  return found; }""".replace("STAGE", STAGE)


@pytest.mark.parametrize("zoom", [1, 12])
def test_the_line_through_the_pointer_has_the_loss_of_that_place_at_any_zoom(opened, zoom):
    page = opened(PathExplorer())
    page.evaluate(f"{STAGE}.maps.show({STAGE}.panels[0], {{ k: {zoom}, cx: 0, cy: 0 }})")
    page.mouse.move(*spot(page, -2.5 / zoom, 0.4 / zoom))
    here = float(BOWL.value(np.array(page.evaluate(f"[{STAGE}.ui.point.x, {STAGE}.ui.point.y]"))))
    # Also the tag and the point are ink; the tag hangs beside the point, the line goes round the other side of the bowl.
    ink = np.array([w for w in page.evaluate(LEVEL) if w[0] > 0])
    assert len(ink) > 20
    losses = BOWL.value(ink.T)
    assert np.quantile(np.abs(losses / here - 1), 0.9) < 0.12


def test_a_click_keeps_the_place_and_escape_lets_it_go(opened):
    page = opened(PathExplorer())
    page.mouse.click(*spot(page, 1.5, -1.0))
    kept = read(page)
    assert kept.startswith("at this point")
    page.mouse.move(*spot(page, -1.0, 2.0))
    assert read(page) == kept
    page.keyboard.press("Escape")
    assert blank(page) == [True, True]
    page.mouse.click(*spot(page, 1.5, -1.0))
    page.mouse.click(*spot(page, 1.5, -1.0))  # a second click on it does the same
    assert page.evaluate(f"{STAGE}.ui.point") is None or not page.evaluate(f"{STAGE}.ui.point.kept")


def test_a_kept_place_is_read_anew_where_the_landscape_changes(opened):
    page = opened(PathExplorer())
    page.mouse.click(*spot(page, 1.5, -1.0))
    before = read(page)
    page.locator("[data-control=condition_number] input[type=range]").press("ArrowLeft")
    assert read(page) != before and read(page).startswith("at this point")


def test_start_here_is_greyed_with_its_reason_where_no_kernel_can_answer(opened):
    page = opened(PathExplorer())
    page.mouse.click(*spot(page, 1.5, -1.0))
    start = page.get_by_role("button", name="Start here")
    assert start.is_disabled() and "needs a kernel" in start.get_attribute("title")
    assert page.locator(".oc-why").is_visible()
    before = page.evaluate(f"{STAGE}.values.start")
    page.locator(".oc-picture").first.press("Enter")
    assert page.evaluate(f"{STAGE}.values.start") == before


def test_start_here_asks_for_a_run_from_there_where_somebody_answers(opened):
    page = opened(PathExplorer())
    page.evaluate(
        f"window.sent = []; Object.assign({STAGE}.link, {{ live: true, send: (m) => sent.push(m) }})"
    )
    page.mouse.click(*spot(page, 1.5, -1.0))
    page.get_by_role("button", name="Start here").click()
    asked = page.evaluate("sent.filter((m) => m.kind === 'frame').pop().values.start")
    np.testing.assert_allclose(asked, (1.5, -1.0), atol=0.02)
    assert page.evaluate(f"{STAGE}.ui.point") is None


def test_the_keys_of_a_map_move_the_reading_point_and_say_what_is_there(opened):
    page = opened(PathExplorer())
    picture = page.locator(".oc-picture").first
    assert picture.get_attribute("role") == "application" and "Arrow keys" in picture.get_attribute(
        "aria-label"
    )
    picture.focus()
    at = f"[{STAGE}.ui.point.x, {STAGE}.ui.point.y]"
    page.keyboard.press("ArrowRight")  # from where the run is
    first = page.evaluate(at)
    page.keyboard.press("ArrowRight")
    step = page.evaluate(at)[0] - first[0]
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowLeft")
    across, up = page.evaluate(at)
    assert step > 0 and across == pytest.approx(first[0]) and up > first[1] + 2 * step
    heard = page.locator(".oc-live").inner_text()
    assert heard.startswith("w (") and "loss" in heard and "gradient" in heard
    page.keyboard.press("Escape")
    assert page.evaluate(f"{STAGE}.ui.point") is None
    page.evaluate(
        f"window.sent = []; Object.assign({STAGE}.link, {{ live: true, send: (m) => sent.push(m) }})"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("sent.filter((m) => m.kind === 'frame').length") == 1


# One step for all panels -------------------------------------------------------------------------------------------------


def test_a_hand_over_the_curve_previews_a_step_on_every_picture_and_a_press_goes_there(opened):
    page = opened(PathExplorer())
    pictures = layers(page, ".oc-picture")
    x, y = spot(page, 20, 1e-3, panel=1)
    page.mouse.move(x, y)
    assert blank(page) == [False, False] and layers(page, ".oc-picture") == pictures
    assert read(page).startswith("step 20") and page.evaluate(f"{STAGE}.at()") == 60
    page.mouse.down()
    assert page.evaluate(f"{STAGE}.at()") == 20 and page.evaluate(f"{STAGE}.ui.preview") is None
    page.mouse.move(*spot(page, 33, 1e-3, panel=1))
    page.mouse.up()
    assert page.evaluate(f"{STAGE}.at()") == 33
    after = layers(page, ".oc-picture")
    assert after[0] != pictures[0] and after[1] != pictures[1]  # the map follows the curve
    page.mouse.move(5, 5)
    assert blank(page) == [True, True]


def test_the_curve_is_a_slider_for_keys_and_ears(opened):
    page = opened(PathExplorer())
    curve = page.locator(".oc-picture").nth(1)
    curve.focus()
    seen = []
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "Home", "ArrowRight", "End"):
        page.keyboard.press(key)
        seen.append(int(curve.get_attribute("aria-valuenow")))
    assert seen == [59, 58, 59, 0, 1, 60]
    assert curve.get_attribute("role") == "slider" and curve.get_attribute("aria-valuetext").startswith(
        "step 60, "
    )


def test_play_moves_every_panel(opened):
    page = opened(PathExplorer())
    page.evaluate(f"{STAGE}.go(0)")
    before = layers(page, ".oc-picture")
    page.locator(".oc-play").click()
    page.wait_for_function(f"{STAGE}.at() > 2")
    after = layers(page, ".oc-picture")
    assert all(a != b for a, b in zip(before, after, strict=True))
    page.evaluate(f"{STAGE}.pause()")


# Pins --------------------------------------------------------------------------------------------------------------------


def at_rho(page, index: int) -> None:
    page.locator("[data-control=rho] input[type=range]").evaluate(
        "(slider, index) => { slider.value = index; slider.dispatchEvent(new Event('input', { bubbles: true })); }", index
    )  # fmt: skip


def ends(page) -> float:
    return page.evaluate(f"{STAGE}.frame.runs.find((run) => run.name === 'momentum').quantities.loss[0][60]")


def test_pinned_runs_stay_are_named_by_what_differs_and_are_compared_in_a_sentence(opened):
    page = opened(PathExplorer())
    losses, pin = {}, f"{STAGE}.pins.add()"
    for letter, index in zip("ABC", (20, 30, 45), strict=True):
        at_rho(page, index)
        page.evaluate(pin)
        losses[letter] = ends(page)
    at_rho(page, 10)
    now = ends(page)
    assert page.evaluate(f"{STAGE}.ui.pins.map((pin) => pin.letter + ' ' + pin.words)") == [
        "A rho 0.4",
        "B rho 0.6",
        "C rho 0.9",
    ]
    sentence = page.locator(".oc-says").inner_text()
    assert sentence.startswith("Momentum, rho 0.2, ends at ")
    said = numbers(sentence.split("ends at")[1])
    assert said[0] == pytest.approx(now, rel=0.006)
    for letter, loss in losses.items():
        word, value = re.search(
            rf"(lower|higher) than (?:[^:]*? )?{letter} \(([^)]*)\)", sentence.replace(", higher", ": higher")
        ).groups()
        assert numbers(value)[0] == pytest.approx(loss, rel=0.006)
        assert (now < loss) == (word == "lower")
    # A fourth takes the place and the letter of the oldest.
    page.evaluate(pin)
    assert page.evaluate(f"{STAGE}.ui.pins.map((pin) => pin.letter).join('')") == "BCA"
    assert page.locator(".oc-pins li").count() == 3
    # A chip goes back to its setting; its button removes it.
    page.locator(".oc-pins li", has_text="rho 0.9").locator(".oc-back").click()
    assert page.evaluate(f"{STAGE}.values.rho") == pytest.approx(0.9)
    assert page.locator("[data-control=rho] input[type=text]").input_value() == "0.9"
    page.get_by_role("button", name="Remove B").click()
    assert page.evaluate(f"{STAGE}.ui.pins.map((pin) => pin.letter).join('')") == "CA"
    assert page.evaluate(
        "document.activeElement.closest('.oc-pins') !== null"
    )  # the keys stay among the pins


PIXEL = f"""([x, y]) => {{
  const {{ panels: [{{ picture }}], painter: {{ density }} }} = {STAGE}, context = picture.getContext("2d");
  return [...context.getImageData(Math.round(x * density), Math.round(y * density), 1, 1).data.slice(0, 3)]; }}"""


def test_a_ghost_obeys_the_step(opened):
    page = opened(PathExplorer())
    page.evaluate(f"{STAGE}.pins.add()")
    at_rho(page, 10)
    for step in (12, 20):
        page.evaluate(f"{STAGE}.go({step})")
        places = "pin.frame.runs.find((run) => run.name === pin.focus).quantities.w"
        w = page.evaluate(f"{STAGE}.ui.pins.map((pin) => {places}.map((column) => column[{step}]))[0]")
        x, y = spot(page, *w)
        box = page.locator(".oc-picture").first.bounding_box()
        middle = page.evaluate(PIXEL, [x - box["x"], y - box["y"]])
        assert min(middle) > 225, (step, middle)  # its hollow mark is pale inside, and no band is as pale


def test_pinned_settings_come_back_after_a_jump_from_them_without_a_kernel(opened):
    page = opened(PathExplorer())
    at_rho(page, 20)
    page.evaluate(f"{STAGE}.pins.add()")
    words = page.evaluate(f"{STAGE}.frame.says")
    page.locator("[data-control=condition_number] input[type=range]").press(
        "Home"
    )  # a page puts the others back
    assert page.evaluate(f"{STAGE}.frame.says") != words
    page.locator(".oc-back").click()
    assert page.evaluate(f"{STAGE}.frame.says") == words and page.evaluate(
        f"{STAGE}.values.rho"
    ) == pytest.approx(0.4)


# Zoom --------------------------------------------------------------------------------------------------------------------

K = f"({STAGE}.ui.zoom[0]?.k ?? 1)"


def test_a_map_is_zoomed_by_buttons_keys_wheel_and_double_click_and_no_further_than_forty(opened):
    page = opened(PathExplorer())
    page.emulate_media(reduced_motion="reduce")
    home = page.get_by_role("button", name="Whole map")
    assert home.get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(K) == pytest.approx(1.6) and home.get_attribute("aria-disabled") == "false"
    page.get_by_role("button", name="Zoom out").click()
    assert page.evaluate(K) == 1
    page.locator(".oc-picture").first.focus()
    for _ in range(12):
        page.keyboard.press("+")
    assert page.evaluate(K) == 40
    page.keyboard.press("-")
    assert page.evaluate(K) == pytest.approx(25)
    page.keyboard.press("0")
    assert page.evaluate(K) == 1
    page.mouse.dblclick(*spot(page, 1.5, -1.0))
    assert page.evaluate(K) == 2 and not page.evaluate(f"{STAGE}.ui.point?.kept ?? false")
    home.click()
    assert page.evaluate(K) == 1


def test_the_wheel_zooms_with_control_around_the_pointer_and_else_scrolls_the_page(opened):
    page = opened(PathExplorer())
    page.set_viewport_size({"width": 1000, "height": 500})
    x, y = spot(page, 1.5, -1.0)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 60)
    page.wait_for_function("scrollY > 0")
    assert page.evaluate(K) == 1
    assert page.locator(".oc-hint.oc-on").inner_text() == "Ctrl + wheel zooms"
    page.wait_for_function("!document.querySelector('.oc-hint.oc-on')")
    x, y = spot(page, 1.5, -1.0)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function(f"{K} > 2")
    np.testing.assert_allclose(
        spot(page, 1.5, -1.0), (x, y), atol=1.5
    )  # what is under the pointer stays there
    page.mouse.move(x + 1, y)
    shown = numbers(read(page))[2]
    w = np.array(page.evaluate(f"[{STAGE}.ui.point.x, {STAGE}.ui.point.y]"))
    assert shown == pytest.approx(float(BOWL.value(w)), rel=0.006)


def test_on_the_whole_screen_the_wheel_zooms_alone(opened):
    page = opened(PathExplorer())
    page.evaluate(f"{STAGE}.tools.show(true)")
    page.mouse.move(*spot(page, 1.5, -1.0))
    page.mouse.wheel(0, -240)
    page.wait_for_function(f"{K} > 2")
    page.mouse.wheel(0, 600)
    page.wait_for_function(f"{K} === 1")


def test_a_zoomed_map_is_dragged_and_never_beyond_its_edge(opened):
    page = opened(PathExplorer())
    page.evaluate(f"{STAGE}.maps.show({STAGE}.panels[0], {{ k: 4, cx: 0, cy: 0 }})")
    x, y = spot(page, 0.4, -0.3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 30, steps=4)
    page.mouse.up()
    np.testing.assert_allclose(spot(page, 0.4, -0.3), (x + 40, y - 30), atol=1.5)
    assert not page.evaluate(f"{STAGE}.ui.point?.kept ?? false")  # a drag is no click
    for _ in range(4):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 300, y, steps=4)
        page.mouse.up()
    low, edge = page.evaluate(f"[{STAGE}.panels[0].view.xlim[0], {STAGE}.panels[0].view.home.xlim[0]]")
    assert low == pytest.approx(edge)


@pytest.mark.parametrize("figure", [PathExplorer, CliffExplorer, SaddleExplorer])
def test_two_levels_are_labelled_at_every_zoom(opened, figure):
    page = opened(figure())
    for k in (1, 2, 5, 12, 40):
        for part in (0.3, 0.7):
            page.evaluate(
                f"""([k, part]) => {{ const {{ panels: [panel], maps }} = {STAGE}, {{ home }} = panel.view;
                const [cx, cy] = [home.xlim, home.ylim].map(([lo, hi]) => lo + part * (hi - lo));
                maps.show(panel, {{ k, cx, cy }}); }}""",
                [k, part],
            )
            assert page.evaluate(f"{STAGE}.panels[0].labels.length") >= 2, (k, part)


def test_two_fingers_zoom_and_one_finger_keeps_or_scrolls(chromium, tmp_path):
    from optcourse.explorers.page import write_page

    context = chromium.new_context(viewport={"width": 390, "height": 700}, has_touch=True)
    page = context.new_page()
    page.goto(write_page(PathExplorer(), tmp_path / "touch.html").as_uri())
    page.wait_for_selector("[data-ready=true] .oc-explorer canvas")
    touch = context.new_cdp_session(page)

    def send(kind, *points):
        where = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    x, y = spot(page, 0.0, 0.0)
    send("touchStart", (x - 30, y))
    send("touchStart", (x - 30, y), (x + 30, y))
    for far in (40, 50, 60, 75):
        send("touchMove", (x - far, y), (x + far, y))
    send("touchEnd")
    page.wait_for_function(f"{K} > 2")
    assert not page.evaluate(f"{STAGE}.ui.point?.kept ?? false")
    np.testing.assert_allclose(spot(page, 0.0, 0.0), (x, y), atol=6)
    page.evaluate(f"{STAGE}.maps.show({STAGE}.panels[0], {{ k: 1, cx: 0, cy: 0 }})")
    x, y = spot(page, 1.0, -1.0)
    page.touchscreen.tap(x, y)
    assert page.evaluate(f"{STAGE}.ui.point.kept")
    page.evaluate(f"{STAGE}.ui.point = null")
    before = page.evaluate("scrollY")
    send("touchStart", (x, y))
    for far in range(10, 110, 10):
        send("touchMove", (x, y - far))
    send("touchEnd")
    page.wait_for_function(f"scrollY > {before} + 20")
    assert page.evaluate(f"{STAGE}.ui.point") is None and page.evaluate(f"{STAGE}.hand.held") is None
    context.close()


# Jumps -------------------------------------------------------------------------------------------------------------------

WATCH = f"""() => {{ const stage = {STAGE}, draw = stage.draw.bind(stage); window.drawn = [];
  stage.draw = () => {{ drawn.push(stage.seen === stage.frame); draw(); }}; }}"""


def jump(page) -> None:
    page.locator("[data-control=rho] input[type=text]").fill("0.5")
    page.locator("[data-control=rho] input[type=text]").press("Enter")


def test_a_jump_is_tweened_and_ends_exactly_a_slider_never_is(opened):
    page = opened(PathExplorer())
    page.evaluate(WATCH)
    at_rho(page, 20)
    assert page.evaluate("drawn") == [True]
    page.evaluate("drawn.length = 0")
    jump(page)
    page.wait_for_function("drawn.length && drawn[drawn.length - 1]")
    assert page.evaluate("drawn[0]") is False and page.evaluate("drawn.filter(Boolean).length") == 1
    page.evaluate("drawn.length = 0")
    page.evaluate(f"{STAGE}.reset()")
    assert page.evaluate("drawn[0]") is False
    at_rho(page, 30)  # a new value cuts it
    count = page.evaluate("drawn.length")
    page.wait_for_timeout(400)
    assert page.evaluate("drawn.length") == count and page.evaluate("drawn[drawn.length - 1]")


def test_without_motion_a_jump_is_there_at_once(opened):
    page = opened(PathExplorer())
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(WATCH)
    jump(page)
    assert page.evaluate("drawn") == [True]


def test_what_is_between_two_pictures_begins_and_ends_as_they_do(opened):
    page = opened(PathExplorer())
    page.evaluate(f"window.before = {STAGE}.frame")
    at_rho(page, 20)
    source = page.locator("script[type=module]").first.text_content()
    body = source[
        source.index("function frameBetween") : source.index("// ----", source.index("function frameBetween"))
    ]
    page.evaluate(f"window.between = (() => {{ {body} return frameBetween; }})(); 0")
    y = "(frame) => [...frame.panels[1].marks.find((m) => m.run === 'momentum').y]"
    frames = ("before", f"{STAGE}.frame", f"between(before, {STAGE}.frame, 0.5)")
    first, last, half = (np.array(page.evaluate(f"({y})({frame})")) for frame in frames)
    # On a logarithmic axis: the middle of the picture.
    np.testing.assert_allclose(half, np.sqrt(first * last), rtol=1e-5)
    assert page.evaluate(f"between(before, {STAGE}.frame, 1) === {STAGE}.frame")


# Tilt --------------------------------------------------------------------------------------------------------------------


def test_a_tilted_map_shows_the_same_place_under_the_pointer_and_comes_back_flat(opened):
    page = opened(PathExplorer())
    page.emulate_media(reduced_motion="reduce")
    flat = layers(page, ".oc-picture")
    page.locator(".oc-picture").first.press("t")
    assert page.get_by_role("button", name="Tilt").get_attribute("aria-pressed") == "true"
    tilted = layers(page, ".oc-picture")
    assert tilted[0] != flat[0] and tilted[1] == flat[1]
    for w in ((0.0, 0.0), (1.5, -1.0), (-3.0, 0.5)):
        page.mouse.move(*spot(page, *w))
        found = page.evaluate(f"[{STAGE}.ui.point.x, {STAGE}.ui.point.y]")
        np.testing.assert_allclose(found, w, atol=0.08)
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Tilt").click()
    page.mouse.move(5, 5)
    assert layers(page, ".oc-picture") == flat


# What grows --------------------------------------------------------------------------------------------------------------


def test_a_thousand_moves_over_the_map_leave_no_listener_no_node_and_no_bytes(opened):
    page = opened(PathExplorer())
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    move = f"""(count) => {{
      const {{ picture }} = {STAGE}.panels[0], {{ left, top, width, height }} = picture.getBoundingClientRect();
      for (let k = 0; k < count; k++) {{
        const x = left + (width * ((k * 37) % 100)) / 100, y = top + (height * ((k * 61) % 100)) / 100;
        picture.dispatchEvent(new PointerEvent("pointermove", {{ bubbles: true, pointerId: 1, pointerType: "mouse",
          clientX: x, clientY: y }}));
      }} }}"""

    def kept() -> dict[str, float]:
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return {name: found[name] for name in ("JSEventListeners", "Nodes", "JSHeapUsedSize")}

    page.evaluate(move, 200)
    before = kept()
    page.evaluate(move, 1000)
    after = kept()
    assert after["JSEventListeners"] == before["JSEventListeners"] and after["Nodes"] <= before["Nodes"]
    assert after["JSHeapUsedSize"] - before["JSHeapUsedSize"] < 100_000


def test_a_walk_is_still_clicked_where_there_is_no_map(opened):
    page = opened(Wanderer())
    page.evaluate(
        f"window.sent = []; Object.assign({STAGE}.link, {{ live: true, send: (m) => sent.push(m) }})"
    )
    page.mouse.click(*spot(page, 0.5, 0.9))
    assert page.evaluate("sent.length") == 1 and page.evaluate(f"{STAGE}.values.walk.length") == 2
