"""A saved page has no kernel: what it cannot draw cannot be moved."""

import pytest

from optcourse.explorers.lesson_07 import CliffExplorer, DigitsExplorer
from optcourse.explorers.page import write_page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("explorer", "movable"), [(DigitsExplorer, False), (CliffExplorer, True)])
def test_a_slider_without_frames_is_switched_off(page, tmp_path, explorer, movable):
    page.goto(write_page(explorer(), tmp_path / "page.html").as_uri())
    page.wait_for_selector(".oc-explorer canvas")
    for control in ("learning_rate", "decay_rate"):
        slider = page.locator(f"[data-control={control}] input[type=range]")
        assert slider.is_enabled() == movable
        assert bool(page.locator(f"[data-control={control}]").get_attribute("title")) != movable
