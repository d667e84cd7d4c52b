"""Pages without scripts, and on paper: every figure is there, with its words. The site, exported slides, a saved page."""

from __future__ import annotations

import re

import nbformat
import pytest

from optcourse.explorers.page import write_page
from optcourse.publishing.execution import execute
from optcourse.publishing.site.writing import write_pages
from optcourse.publishing.slides.page import build
from tests.conftest import COURSE
from tests.explorers.examples import EveryMark

pytestmark = pytest.mark.browser

FIGURES = ("EveryMark()", "EveryMark(amplitude=2.0)", "EveryMark(curve='cosine')")
# A picture that is there: loaded, and shown in some size.
SEEN = """[...document.querySelectorAll('.oc-still img')].filter((image) =>
  image.complete && image.naturalWidth > 400 && image.getBoundingClientRect().width > 200).length"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A lesson with three figures far from each other: a site, a deck, and one saved page."""
    folder = tmp_path_factory.mktemp("paper")
    fog = "\n\n".join(["A long walk through the fog."] * 60)
    imports = (
        f"import sys; sys.path.insert(0, {str(COURSE)!r})\nfrom tests.explorers.examples import EveryMark"
    )
    cells = [
        nbformat.v4.new_markdown_cell("# 03 Figures\n\nThey do not move on paper.\n\n**Time:** about 10 minutes"),
        nbformat.v4.new_code_cell(imports),
    ]  # fmt: skip
    for figure in FIGURES:
        cells += [
            nbformat.v4.new_code_cell(figure),
            nbformat.v4.new_markdown_cell(f"## After {figure}\n\n{fog}"),
        ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    path = folder / "03_figures.ipynb"
    nbformat.write(notebook, path)
    executed = execute(path)
    site = folder / "site"
    site.mkdir()
    texts = {f"{room}/03_figures.ipynb": path.read_text() for room in ("lessons", "solutions")}
    write_pages(site, {"lessons/03_figures.ipynb": executed}, texts, with_lite=False)
    deck = folder / "deck.html"
    deck.write_text(build(executed, path), encoding="utf-8")
    return {
        "site": site / "lessons" / "03_figures.html",
        "deck": deck,
        "saved": write_page(EveryMark(), folder / "saved.html"),
    }


def opened(chromium, path, *, scripts: bool):
    context = chromium.new_context(java_script_enabled=scripts, offline=True)
    page = context.new_page()
    page.goto(path.as_uri(), wait_until="load")
    return page


@pytest.mark.parametrize(("where", "count"), [("site", 3), ("deck", 3), ("saved", 1)])
def test_every_figure_is_on_paper_with_scripts_switched_off(chromium, pages, where, count):
    page = opened(chromium, pages[where], scripts=False)
    # Without scripts nothing is put off until it comes near.
    assert page.evaluate(SEEN) == count
    words = page.inner_text("body")
    assert (
        "A sine of amplitude 1, starting at (1, 0.5)." in words and "amplitude 1 · scale 1 · count 5" in words
    )
    # What is on paper: as many pictures as in the page, each as an object of the PDF.
    paper = page.pdf()
    assert len(re.findall(rb"/Subtype\s*/Image", paper)) >= count
    page.context.close()


def test_paper_before_the_reader_has_scrolled(chromium, pages):
    """With scripts: what has been drawn already is live, all else a still; nothing is missing."""
    page = opened(chromium, pages["site"], scripts=True)
    page.locator("[data-drawn]").first.wait_for(timeout=240_000)
    live, stills = page.locator(".oc-explorer").count(), page.locator(".oc-still").count()
    assert live >= 1 and live + stills == len(FIGURES)
    assert page.locator("[data-drawn] .oc-still").count() == 0
    assert len(re.findall(rb"/Subtype\s*/Image", page.pdf())) >= len(FIGURES)
    page.context.close()


def test_a_picture_that_is_missing_is_noticed(chromium, pages):
    """The counts above can fail: without its still a figure is only words."""
    text = pages["site"].read_text(encoding="utf-8")
    broken = pages["site"].with_name("broken.html")
    broken.write_text(re.sub(r'(oc-still"><img) src', r"\1 data-src", text, count=1), encoding="utf-8")
    page = opened(chromium, broken, scripts=False)
    assert page.evaluate(SEEN) == len(FIGURES) - 1
    page.context.close()
