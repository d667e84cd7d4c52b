"""Explorers by keys alone: every control does what its keys promise, the focus stays, and what changed is said once."""

import pytest

from optcourse.explorers.lesson_03 import SweepExplorer
from optcourse.explorers.page import write_page
from tests.accessibility import harness
from tests.accessibility.conftest import open_explorer
from tests.explorers.examples import EveryMark

pytestmark = pytest.mark.browser

STAGE = "document.querySelector('.oc-explorer').parentElement.stage"
REST = 3_000  # milliseconds, in which a hand has come to rest


@pytest.fixture
def every_mark(plain, tmp_path):
    open_explorer(plain, write_page(EveryMark(), tmp_path / "every_mark.html"))
    return plain


def test_a_slider_knows_all_the_keys_of_a_slider(every_mark):
    page = every_mark
    slider = page.locator("[data-control=amplitude] input[type=range]")  # 21 values, 0 to 2, at 1
    slider.focus()
    said = []
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "PageUp", "PageDown", "Home", "End"):
        page.keyboard.press(key)
        said.append(slider.get_attribute("aria-valuetext"))
    # the value, and what theory marks on the rail
    assert said == [f"{value}; one 1" for value in ("1.1", "1.2", "1.1", "1", "1.2", "1", "0", "2")]


def test_typing_stepping_playing_and_reset_keep_the_focus(every_mark):
    page = every_mark
    box = page.get_by_label("amplitude, type a value")
    box.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("1.5")
    page.keyboard.press("Enter")
    assert page.evaluate(f"{STAGE}.values.amplitude") == 1.5
    assert page.evaluate("document.activeElement.value") == "1.5"

    page.keyboard.press("Control+A")
    page.keyboard.type("seven")
    page.keyboard.press("Enter")
    alert = [n for n in harness.tree(page) if n["role"] == "alert"]
    assert len(alert) == 1 and "must be a number from 0 to 2" in page.locator("[role=alert]").inner_text()
    assert page.evaluate("document.activeElement.value") == "1.5"

    back = page.get_by_role("button", name="One step back")
    back.focus()
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
    assert page.locator(".oc-stepcount").inner_text() == "step 22 of 24"
    assert back.evaluate("e => e === document.activeElement")
    page.get_by_label("step of the run").focus()
    page.keyboard.press("Home")
    assert page.get_by_label("step of the run").get_attribute("aria-valuetext") == "step 0 of 24"

    play = page.locator(".oc-play")
    play.focus()
    page.keyboard.press("Space")
    assert "Pause" in play.get_attribute("aria-label") and "Pause" in play.get_attribute("title")
    page.keyboard.press("Space")
    assert "Play" in play.get_attribute("aria-label") and "Play" in play.get_attribute("title")
    assert play.evaluate("e => e === document.activeElement")

    reset = page.get_by_role("button", name="Reset")
    reset.focus()
    page.keyboard.press("Enter")
    assert (
        page.evaluate(f"{STAGE}.values.amplitude") == 1
        and page.locator(".oc-stepcount").inner_text() == "step 24 of 24"
    )
    assert reset.evaluate("e => e === document.activeElement")


def test_what_is_seen_is_said_once_when_the_hand_rests_and_not_before(page, tmp_path):
    page.clock.install()
    open_explorer(page, write_page(EveryMark(), tmp_path / "every_mark.html"))
    # From here on time passes when the test says so: how fast the keys come is not the machine's to say.
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.evaluate("""() => {
      window.said = [];
      const live = document.querySelector('[aria-live=polite]');
      new MutationObserver(() => said.push(live.textContent)).observe(live, {childList: true, subtree: true});
    }""")
    page.clock.run_for(REST)
    assert page.evaluate("said") == []  # a figure that appears does not speak over the page
    page.locator("[data-control=amplitude] input[type=range]").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("said") == []
    page.clock.run_for(REST)
    assert page.evaluate("said") == [page.locator(".oc-says").inner_text()]

    page.get_by_role("button", name="One step back").press("Enter")
    page.clock.run_for(REST)
    assert page.evaluate("said[1]") == page.locator(".oc-narration").inner_text()

    page.locator(".oc-play").press("Enter")  # the end is near: it plays one step and stops
    page.clock.run_for(REST)
    assert not page.evaluate(f"{STAGE}.playing") and page.evaluate("said.length") == 2


def test_the_picture_is_an_image_that_is_described_in_words(every_mark):
    pictures = every_mark.locator(".oc-picture")
    assert [pictures.nth(k).get_attribute("role") for k in (0, 1)] == ["img", "img"]
    assert [pictures.nth(k).get_attribute("aria-label") for k in (0, 1)] == ["curve", "size over n"]
    described = "e => document.getElementById(e.getAttribute('aria-describedby')).textContent"
    every_mark.locator("[data-control=curve] select").select_option("cosine")
    for k in (0, 1):
        assert "A cosine of amplitude 1" in pictures.nth(k).evaluate(described)


def test_a_point_that_a_slider_moves_can_be_moved_on_the_picture_by_keys(plain, tmp_path):
    open_explorer(plain, write_page(SweepExplorer(), tmp_path / "sweep.html"))
    canvas = plain.locator(".oc-picture").first
    assert canvas.get_attribute("role") == "application"
    assert canvas.get_attribute("aria-label").startswith("Arrow keys change")
    canvas.focus()
    before = plain.evaluate(f"{STAGE}.values.learning_rate")
    plain.keyboard.press("ArrowRight")
    one = plain.evaluate(f"{STAGE}.values.learning_rate")
    plain.keyboard.press("Shift+ArrowLeft")
    assert one > before > plain.evaluate(f"{STAGE}.values.learning_rate")
    assert canvas.evaluate("e => e === document.activeElement")
