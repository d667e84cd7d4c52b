"""Every slide of every lesson's export: nothing is cut off, code is large enough, and there are notes to speak from."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from optcourse import exercises
from optcourse.publishing.slides.page import build
from optcourse.publishing.slides.sections import sections
from tests.conftest import until
from tests.frontends.browsing import SETTLED

from .decks import SIZES, SPILLS, WAKE, opened

SOLUTIONS = sorted((Path(__file__).resolve().parents[2] / "solutions").glob("[0-9][0-9]_*.ipynb"))


# Code is read beside prose, so it is at least four fifths of its size; 18 px is what the last row can read.
CODE_BESIDE_PROSE = """() => [...document.querySelectorAll(".slide:not(.opening) .body pre")]
  .map((code) => [parseFloat(getComputedStyle(code).fontSize), parseFloat(getComputedStyle(code.closest(".body")).fontSize)])
  .filter(([code, prose]) => code < 0.799 * prose || code < 18)"""
LETTERS = """() => [...document.querySelectorAll("#deck > .slide:not(.opening)")].map((slide) => [
  slide.matches(":has(.ask)") ? "question" : "prose",
  Math.round(10 * parseFloat(getComputedStyle(slide.querySelector(".body")).fontSize)) / 10])"""
FIGURES = """() => [...document.querySelectorAll("#deck > .slide:has(.figure)")].flatMap((slide, k) => {
  const all = slide.getBoundingClientRect();
  const panels = [...slide.querySelectorAll(".oc-panel")].map((panel) => panel.getBoundingClientRect());
  const part = panels.reduce((sum, place) => sum + place.width * place.height, 0) / (all.width * all.height);
  const controls = [...slide.querySelectorAll(".oc-control")].filter((row) => row.offsetHeight), rows = controls.length;
  const alone = slide.querySelector(".body").children.length === 1;
  const icons = slide.querySelector(".oc-icons").getBoundingClientRect();
  const boxes = controls.map((row) => row.getBoundingClientRect());
  const free = boxes.every((box) => box.bottom <= icons.top + 1 || box.right <= icons.left);
  const title = slide.querySelector("h2").textContent;
  return part >= 0.65 && rows <= 3 && alone && free ? [] : [[title, part, rows, alone, free]];
})"""
LEADS = """() => [...document.querySelectorAll("#deck > .slide")].filter((slide) => {
  const next = slide.nextElementSibling, body = slide.querySelector(".body");
  return next?.querySelector(".figure") && next.matches(".again") && !slide.matches(".opening")
    && [...body.children].every((part) => part.matches("p")) && body.textContent.length < 300;
}).map((slide) => slide.textContent)"""


@pytest.mark.browser
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem[:2])
def test_nothing_is_cut_off_at_any_size(chromium, site, tmp_path, path):
    deck = tmp_path / "deck.html"
    deck.write_text(build(site.executed[f"solutions/{path.name}"], path), encoding="utf-8")
    assert deck.stat().st_size < 12e6
    with opened(chromium, deck.as_uri()) as page:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(WAKE)
            page.evaluate(SETTLED)
            with contextlib.suppress(AssertionError):  # the line below says what
                until(lambda: page.evaluate(SPILLS) == [])
            assert page.evaluate(SPILLS) == [], f"at {width} x {height}"
            if height == 1080:
                assert page.evaluate(CODE_BESIDE_PROSE) == []
                assert {size for kind, size in page.evaluate(LETTERS) if kind == "prose"} <= {22.2, 25.8, 30}
                assert page.evaluate(FIGURES) == [], "a figure is the point of its slide"
                assert page.evaluate(LEADS) == [], "what is said before a figure needs no slide"


@pytest.mark.parametrize("path", SOLUTIONS[:-1], ids=lambda path: path.stem[:2])
def test_every_topic_has_notes_that_say_how_long_it_takes(path):
    notebook = nbformat.read(path, as_version=4)
    topics: list[list] = []
    for cell in notebook.cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") == "slide":
            topics.append([cell.source.splitlines()[0], []])
        topics[-1][1] += cell.metadata.get("optcourse", {}).get("notes", [])
    assert [title for title, notes in topics if not any(" min." in note for note in notes)] == []
    assert 20 <= sum(section.minutes for section in sections(notebook)) <= 100


def given_away(notebook: nbformat.NotebookNode) -> list[str]:
    """Each number prediction whose answer stands in the text, the code or an output above it."""
    above, found = "", []
    for cell in notebook.cells:
        for name in (
            re.findall(r'^predict\("([^"]+)"\)', cell.source, flags=re.M) if cell.cell_type == "code" else []
        ):
            prediction = exercises.prediction(name)
            if prediction.kind == "number":
                found += [
                    f"{name}: {number} stands above it"
                    for number in forms(float(prediction.answer()))
                    if number in numbers(above)
                ]
        above += "\n" + cell.source
        for output in cell.get("outputs", []):
            above += "\n" + str(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return found


def numbers(text: str) -> set[str]:
    return {
        number.replace(",", "") for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.]*\d)", text)
    }


def forms(answer: float) -> set[str]:
    """How a text would write it. A number of one digit, or a 10, stands everywhere and proves nothing."""
    written = {f"{answer:.{digits}g}" for digits in (2, 3, 4)} if answer % 1 else {f"{answer:.0f}"}
    return {
        number
        for number in written
        if len(number.replace(".", "").strip("0")) > 1 and np.isclose(float(number), answer, rtol=0.02)
    }


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem[:2])
def test_no_answer_stands_above_its_question(site, path):
    assert given_away(site.executed[f"solutions/{path.name}"]) == []


def test_an_answer_above_its_question_is_found():
    cells = [
        nbformat.v4.new_markdown_cell("It takes about 93 steps."),
        nbformat.v4.new_code_cell('predict("05-steps")'),
    ]
    assert given_away(nbformat.v4.new_notebook(cells=cells)) == ["05-steps: 93 stands above it"]
    assert given_away(nbformat.v4.new_notebook(cells=cells[::-1])) == []
