"""Every slide of every lesson's export: nothing is cut off, code is large enough, and there are notes to speak from."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from optcourse.publishing.execution import execute
from optcourse.publishing.slides.page import build
from optcourse.publishing.slides.sections import sections

from .decks import SIZES, SPILLS, WAKE, opened

SOLUTIONS = sorted((Path(__file__).resolve().parents[2] / "solutions").glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.browser
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem[:2])
def test_nothing_is_cut_off_at_any_size(chromium, tmp_path, path):
    deck = tmp_path / "deck.html"
    deck.write_text(build(execute(path), path), encoding="utf-8")
    assert deck.stat().st_size < 12e6
    with opened(chromium, deck.as_uri()) as page:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(WAKE)
            page.wait_for_timeout(100)
            assert page.evaluate(SPILLS) == [], f"at {width} x {height}"
            if height == 1080:
                sizes = page.eval_on_selector_all(
                    ".body pre", "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
                )
                assert min(sizes, default=18) >= 18


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
