"""Lesson 00 in a real JupyterLab: walk by clicks, lift the fog, walk again."""

import pytest

from tests.explorers.test_browser import STAGE, lab  # noqa: F401  (fixture)

pytestmark = pytest.mark.browser


def says(page, words):
    page.wait_for_function(
        "words => document.querySelector('.oc-says').textContent.includes(words)", arg=words
    )


def test_a_walk_by_hand_then_the_fog_lifts(lab):  # noqa: F811
    page = lab(
        "fog.ipynb", "from optcourse.explorers.lesson_00 import FogExplorer\nFogExplorer(landscape='C')"
    )
    box = page.evaluate(f"{STAGE}.panels[0].view.box")
    for part, words in (((0.4, 0.3), "Step 1 of 12"), ((0.32, 0.33), "Step 2 of 12")):
        position = {
            "x": box["left"] + part[0] * box["width"],
            "y": box["top"] + part[1] * box["height"],
        }
        page.locator(".oc-picture").first.click(position=position)
        says(page, words)
    page.get_by_label("lift the fog").check()
    says(page, "four hollows")
    says(page, "After 2 steps")
    page.get_by_label("lift the fog").uncheck()
    page.get_by_role("button", name="Walk again").click()
    says(page, "You stand at height 233.")
