"""The picture on a lesson's first screen is its main figure as it is today, and no page repeats it."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pytest
from PIL import Image

from optcourse.authoring import covers
from optcourse.authoring.build import main
from optcourse.explorers.still import picture, words_in, words_of
from optcourse.figures.render import draw
from optcourse.publishing.rendering import markdown_html
from tests.conftest import COURSE, SOURCES, source


def first_cell(lesson):
    return json.loads((COURSE / "lessons" / f"{lesson.name}.ipynb").read_text())["cells"][0]


def unlike(one: bytes, other: bytes) -> float:
    """By how much two pictures differ, on average over their pixels: 0 is equal, 255 is black against white."""
    small = [
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((90, 45))).astype(int)
        for data in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def test_all_lessons_but_the_glossary_have_one():
    assert all(covers.explorer_of(source(number)) for number in SOURCES)
    assert not covers.explorer_of(source("99"))


@pytest.mark.parametrize("number", SOURCES)
def test_the_cover_is_the_figure_of_today_with_its_words(number):
    lesson = source(number)
    explorer, kept = covers.explorer_of(lesson), covers.place(COURSE, lesson).read_bytes()
    advice = f"run: optcourse build --covers {lesson.number}"
    assert words_in(kept) == words_of(explorer), advice
    # Fonts differ between machines, so pictures are compared as a reader from afar would.
    assert unlike(kept, picture(explorer.frame())) < 2, advice
    cell = first_cell(lesson)
    assert cell["attachments"] and "(attachment:cover.png)" in "".join(cell["source"])


def test_another_figure_is_not_taken_for_it():
    covers_of = [covers.place(COURSE, source(number)).read_bytes() for number in SOURCES]
    pairs = [(one, other) for k, one in enumerate(covers_of) for other in covers_of[:k]]
    assert min(unlike(one, other) for one, other in pairs) > 2


def test_no_page_repeats_it():
    text = "".join(first_cell(source("00"))["source"])
    assert "cover.png" not in markdown_html(text) and "still picture" not in markdown_html(text)
    assert "mine.png" in markdown_html("![mine](mine.png)")


def test_a_course_without_figures_is_built_without_covers(course, capsys):
    assert main(["--root", str(course), "--covers"]) == 0
    assert not (course / "source" / "covers").exists() and "drawn" not in capsys.readouterr().out


@pytest.mark.parametrize("number", SOURCES)
def test_titles_stay_over_their_panels(number):
    figure = draw(covers.explorer_of(source(number)).frame())
    figure.canvas.draw()
    boxes = [
        text.get_window_extent() for axes in figure.axes for text in axes.texts if text.get_text().strip()
    ]
    boxes += [text.get_window_extent() for text in figure.texts if text.get_text().strip()]
    top = max(box.y1 for box in boxes)
    row = sorted((box for box in boxes if box.y1 > top - 12), key=lambda box: box.x0)
    assert len(row) >= 2 and row[-1].x1 <= figure.bbox.width
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(row))


@pytest.mark.parametrize("data", [b"", b"no picture", None])
def test_a_cover_without_words_is_refused(course, capsys, data):
    if data is None:
        data = picture(covers.explorer_of(source("00")).frame())
    lesson = next((course / "source").glob("*.py")).stem
    (course / "source" / "covers").mkdir()
    (course / "source" / "covers" / f"{lesson}.png").write_bytes(data)
    assert main(["--root", str(course)]) == 1
    assert f"source/covers/{lesson}.png is no picture that carries its words" in capsys.readouterr().err
