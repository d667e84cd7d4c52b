"""A prediction that has a figure: the picture answers first, then the words; both marks stand on the cards."""

from __future__ import annotations

import json
import re

import pytest

from optcourse import exercises
from optcourse.explorers import stage
from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.explorers.page import packed
from optcourse.questions import shell
from optcourse.questions.predictions import AskedPrediction

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("own_home")]

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A prediction</title><style>{style}</style><body>
<div id="figure"></div><div id="card"></div><script>(() => {{
{script}
renderPage(document.getElementById("figure"), {figure});
askPage(document.getElementById("card"), {card});
}})();</script></body></html>"""


@pytest.fixture
def opened(chromium, tmp_path):
    """The page, in a browser that wants no motion unless it is asked for some."""

    def open_page(motion: str = "reduce"):
        page = tmp_path / "page.html"
        page.write_text(
            PAGE.format(
                style=stage.style() + shell.style(),
                script=stage.script() + shell.script(),
                figure=json.dumps(packed(ValleyExplorer())),
                card=json.dumps(AskedPrediction(exercises.prediction("03-larger-steps")).data()),
            ),
            encoding="utf-8",
        )
        shown = chromium.new_page(reduced_motion=motion)
        errors = []
        shown.on("pageerror", lambda error: errors.append(str(error)))
        shown.goto(page.as_uri())
        shown.wait_for_selector("#figure[data-ready]")
        pages.append((shown, errors))
        return shown

    pages: list = []
    yield open_page
    for shown, errors in pages:
        assert errors == []
        shown.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_commit_pins_the_setting_before_plays_the_new_one_and_then_speaks(opened, motion):
    page = opened(motion)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Commit").click()
    page.locator(".oc-told", has_text="The steep axis sets a limit").wait_for()
    value = page.evaluate("document.getElementById('figure').stage.values.learning_rate")
    assert value == 0.45
    pins = page.evaluate(
        "document.getElementById('figure').stage.ui.pins.map((pin) => pin.values.learning_rate)"
    )
    assert pins == [0.1]
    assert page.evaluate("document.getElementById('figure').stage.at()") == 50  # it was played to its end
    mine, true = page.locator(".oc-option").nth(0), page.locator(".oc-option").nth(1)
    assert mine.locator("em").inner_text() == "you said"
    assert "this happens" in true.locator("em").inner_text()
    assert page.locator(".oc-option.oc-mine").count() == page.locator(".oc-option.oc-true").count() == 1
    assert page.get_by_role("button", name="Committed").is_disabled()


def test_the_cards_take_no_name_from_the_figures():
    """Both are put into one script: a second `choice` or `render` would stand in the place of the first."""
    taken = re.findall(
        r"^(?:const|let|async function|function|class) ([A-Za-z_]+)|^const \{ ([^}]+) \}",
        shell.script(),
        re.M,
    )
    cards = {name.strip() for one, many in taken for name in (one, *many.split(",")) if name.strip()}
    figures = set(
        re.findall(r"^(?:const|let|async function|function|class) ([A-Za-z_]+)", stage.script(), re.M)
    )
    outside = {"ask", "askPage"}
    assert shell.script().startswith("const { ask, askPage } = (() => {") and not outside & figures
    assert cards & figures  # inside they have names in common, so the wall is needed


def test_before_the_commitment_nothing_is_marked(opened):
    page = opened()
    page.get_by_role("radio").first.check()
    assert page.locator(".oc-mine, .oc-true").count() == 0
    assert page.locator(".oc-told").inner_text() == ""
    assert page.locator(".oc-option svg").count() == 4  # each choice has its drawing
