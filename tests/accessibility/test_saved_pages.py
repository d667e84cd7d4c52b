"""Every explorer of every lesson, as a saved page, in light and dark, narrow, enlarged, with forced colours, without motion."""

import contextlib
import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.accessibility import harness
from tests.accessibility.conftest import open_explorer
from tests.explorers.examples import EveryMark
from tests.frontends.browsing import SETTLED

pytestmark = pytest.mark.browser

STAGE = "document.querySelector('.oc-explorer').parentElement.stage"


@pytest.fixture(scope="module")
def visits(one_page, saved_pages) -> dict[str, list[str]]:
    """Every page is opened once, and everything is tried on it: what was found, by the kind of trouble."""
    looks = {"axe": axe_and_names, "focus": order_and_rings, "keys": keys, "lost": lost}
    found = {kind: [] for kind in looks}
    for name, path in saved_pages.items():
        open_explorer(one_page, path)
        for kind, look in looks.items():
            found[kind] += [f"{name}: {line}" for line in look(one_page)]
    return found | {"pages": list(saved_pages)}


def test_no_violation_in_light_and_dark_and_every_control_has_name_role_and_value(visits):
    assert len(visits["pages"]) >= 50  # the course has that many explorers
    assert visits["axe"] == []


def axe_and_names(page):
    wrong = harness.violations(page)
    nodes = harness.tree(page)
    wrong += harness.unnamed(nodes)
    # A slider must not speak of its place in a list of values, but of the value.
    wrong += [f"{name} says no value" for name in page.evaluate(SILENT)]
    with dark(page):
        wrong += [f"dark: {line}" for line in harness.violations(page, rules=["color-contrast"])]
    return wrong


@contextlib.contextmanager
def dark(page):
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector(".oc-dark")
    yield
    page.emulate_media(color_scheme="light")
    page.wait_for_selector(".oc-explorer:not(.oc-dark)")


def test_tab_reaches_everything_in_the_order_of_the_page_with_a_ring(visits):
    assert visits["focus"] == []


def order_and_rings(page):
    _, wrong = harness.tab_walk(page)
    with dark(page):
        page.evaluate(FOCUS_ON_FIRST)
        wrong += [f"dark: {line}" for line in harness.ring_troubles(harness.focus(page))]
    return wrong


FOCUS_ON_FIRST = """() => {
  const buttons = [...document.querySelectorAll('.oc-explorer button:enabled')];
  buttons.find((button) => button.checkVisibility()).focus({focusVisible: true});
}"""


def test_every_slider_and_choice_of_every_explorer_moves_the_picture_by_keys(visits):
    assert visits["keys"] == []


def keys(page):
    wrong = []
    for name, kind in page.evaluate(MOVABLE):
        control = (
            page.locator(f"[data-control={name}]")
            .locator("input[type=range], select, input[type=checkbox]")
            .first
        )
        control.focus()
        shown = set()
        for key in {"range": ("Home", "End", "ArrowLeft"), "checkbox": (" ", " ")}.get(kind, ("End", "Home")):
            page.keyboard.press(key)
            says, here, said, typed = page.evaluate(LOOK, name)
            shown.add(says)
            if not here:
                wrong.append(f"{key} on {name} loses the focus")
            if kind == "range" and re.split("[ ;]", said)[0] != typed:
                wrong.append(f"{name} says {said} and shows {typed}")
        if len(shown) < 2:
            wrong.append(f"keys do not move {name}")
    page.get_by_role("button", name="Reset").press("Enter")
    return wrong


SILENT = """() => [...document.querySelectorAll('input[type=range], [role=slider]')]
  .filter((slider) => slider.checkVisibility() && !slider.getAttribute('aria-valuetext'))
  .map((slider) => slider.id || slider.getAttribute('aria-label'))"""

MOVABLE = """() => [...document.querySelectorAll('[data-control]:not(.oc-off)')]
  .map((row) => [row.dataset.control, row.querySelector('input[type=range], select, input[type=checkbox]').type])"""

LOOK = """name => {
  const stage = document.querySelector('.oc-explorer').parentElement.stage;
  const row = document.querySelector(`[data-control=${name}]`), slider = row.querySelector('input[type=range]');
  return [JSON.stringify([stage.values, stage.frame.says]), row.contains(document.activeElement),
    slider && slider.getAttribute('aria-valuetext'), slider && row.querySelector('input[type=text]').value]; }"""


def test_nothing_is_lost_narrow_enlarged_or_spaced(visits):
    """Reflow at 320 px (1.4.10), text of twice the size (1.4.4), text spacing (1.4.12): also for what the canvas paints."""
    assert visits["lost"] == []


def lost(page):
    wrong = [f"wide: {line}" for line in troubles(page)]
    page.set_viewport_size({"width": 320, "height": 800})
    wrong += [f"320 px: {line}" for line in troubles(page)]
    style = page.add_style_tag(content=harness.TEXT_SPACING)
    page.evaluate(SETTLED)
    wrong += [f"spaced: {line}" for line in harness.layout_troubles(page)]  # a canvas knows no spacing
    style.evaluate("style => style.remove()")
    page.set_viewport_size({"width": 640, "height": 800})
    page.add_style_tag(content="html { font-size: 200% }")
    wrong += [f"text at 200 %: {line}" for line in troubles(page)]
    page.set_viewport_size({"width": 1100, "height": 900})
    return wrong


def troubles(page) -> list[str]:
    page.evaluate(SETTLED)
    return harness.layout_troubles(page) + harness.painted_troubles(page)


@pytest.fixture
def every_mark(plain, tmp_path):
    from optcourse.explorers.page import write_page

    open_explorer(plain, write_page(EveryMark(), tmp_path / "every_mark.html"))
    return plain


def test_text_of_twice_the_size_is_twice_the_size_on_the_canvas_too(every_mark):
    def size():
        every_mark.evaluate(SETTLED)
        return every_mark.evaluate(f"{STAGE}.painter.scale")

    assert size() == 1
    every_mark.add_style_tag(content="html { font-size: 200% }")
    assert size() == 2


def picture(page, locator) -> np.ndarray:
    box = locator.bounding_box()
    clip = {"x": box["x"] - 8, "y": box["y"] - 8, "width": box["width"] + 16, "height": box["height"] + 16}
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")).astype(int)


@pytest.mark.parametrize("colours", [{"color_scheme": "light"}, {"color_scheme": "dark"},
                                     {"color_scheme": "dark", "forced_colors": "active"}], ids=str)  # fmt: skip
def test_the_ring_is_seen_by_its_pixels(every_mark, colours):
    """At least a line of two pixels round the control changes, to a colour of contrast 3 against what was there."""
    page = every_mark
    page.emulate_media(**colours)
    page.evaluate(SETTLED)
    for selector in ("input[type=range]", "input[type=text]", "select", "input[type=checkbox]", ".oc-play"):
        control = page.locator(f".oc-explorer {selector}").locator("visible=true").first
        page.evaluate("document.activeElement.blur()")
        before = picture(page, control)
        control.evaluate("e => e.focus({focusVisible: true})")
        after = picture(page, control)
        changed = np.argwhere((before != after).any(axis=-1))
        strong = sum(harness.contrast(tuple(before[r, c]), tuple(after[r, c])) >= 3 for r, c in changed)
        around = 2 * (before.shape[0] + before.shape[1] - 32)
        if control.evaluate("e => getComputedStyle(e).borderRadius") == "50%":
            around *= np.pi / 4  # of a circle, against its square
        assert strong >= 2 * around * 0.9, f"{selector}: {strong} of {2 * around} pixels"


def test_forced_colours_keep_every_control_visible(every_mark):
    """High contrast mode paints all backgrounds alike: borders and ticks must stand without them."""
    page = every_mark
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.evaluate(SETTLED)
    for selector in (
        "input[type=text]",
        "select",
        "button",
        "input[type=range]",
        "input[type=checkbox]",
        ".oc-flag",
    ):
        for control in page.locator(f".oc-explorer {selector}").locator("visible=true").all():
            seen = picture(page, control)
            back = tuple(seen[0, 0])
            strong = max(
                harness.contrast(back, tuple(colour)) for colour in np.unique(seen.reshape(-1, 3), axis=0)
            )
            assert strong >= 4.5, f"{selector} has contrast {strong:.1f}"
    assert page.evaluate(f"{STAGE}.painter.dark") is True  # the picture goes with the dark page


def test_with_reduced_motion_play_shows_a_few_still_pictures(page, tmp_path):
    from optcourse.explorers.page import write_page

    page.clock.install()
    open_explorer(page, write_page(EveryMark(), tmp_path / "every_mark.html"))
    page.clock.pause_at(
        page.evaluate("Date.now()") + 1000
    )  # a slow machine shows as many pictures as a quick one
    watch = f"""() => {{ const stage = {STAGE}, go = stage.go; window.seen = [];
      stage.go = function (step) {{ if (this.at() !== step) seen.push(Math.min(step, 24)); go.call(this, step); }}; }}"""

    def played(milliseconds: int) -> list[int]:
        page.evaluate("window.seen.length = 0")
        page.locator(".oc-play").click()
        page.clock.run_for(milliseconds)
        page.evaluate(f"{STAGE}.pause()")
        return page.evaluate("seen")

    page.evaluate(watch)
    moving = played(2000)
    assert len(moving) > 5 and max(np.diff(moving)) <= 2
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(f"{STAGE}.go(24)")
    still = played(2600)
    assert 1 <= len(still) <= 3 and min(still) >= 4, still  # a second apart, a sixth of the run each
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((e) => parseFloat(getComputedStyle(e).transitionDuration) === 0"
        " && getComputedStyle(e).animationName === 'none')"
    )
