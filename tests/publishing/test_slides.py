"""A lecture, given by keyboard alone: live with the notebook's process, and from an exported file, the network cut off."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from optcourse.publishing.execution import EXPLORER_MIME
from optcourse.publishing.site.python import Python
from optcourse.publishing.slides import command
from optcourse.publishing.slides.live import Notebook
from optcourse.publishing.slides.page import CannotPresent, build
from optcourse.publishing.slides.sections import called, sections
from optcourse.publishing.slides.server import PortTaken, serve
from tests.accessibility import harness
from tests.frontends.browsing import SETTLED

from .decks import SPILLS, WAKE, count, opened, place
from .test_lite import distribution

LESSON = "05"
ANIMATION = "getComputedStyle(document.querySelector('.slide.now')).animationName"
PICTURE = "document.querySelector('.slide.now .oc-picture').toDataURL()"
SLIDER = ".slide.now .oc-control input[type=range]:enabled"
FOCUSED = "document.activeElement.closest('.slide.now .body') !== null"

# -- one executed lesson for all ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Where this learner's progress would be."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def live(home) -> Iterator[str]:
    """The address of a lecture that `optcourse slides` gives; at the end Ctrl-C, and nothing is left behind."""
    process = subprocess.Popen(
        [sys.executable, "-m", "optcourse.cli", "slides", LESSON, "--no-browser", "--minutes", "30"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, OPTCOURSE_HOME=str(home)),
    )
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/\S+", line)
    assert found, line + process.stderr.read()
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    yield found[0]
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "has ended" in out
    assert not psutil.wait_procs(family, timeout=120)[1]
    assert list(home.iterdir()) == []  # nobody's progress was touched


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> str:
    """The same lecture as a file."""
    path = tmp_path_factory.mktemp("export") / "lecture.html"
    assert command.main([LESSON, "--export", str(path), "--minutes", "30"]) == 0
    return path.as_uri()


@pytest.fixture(params=["live", "export"])
def deck(request) -> str:
    return request.getfixturevalue(request.param)


def go(page, selector: str) -> None:
    """On to the first slide that holds it, by keyboard."""
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    for _ in range(300):
        if page.locator(f".slide.now {selector}").count():
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no slide has {selector}")


def values(page) -> list[str]:
    return page.eval_on_selector_all(
        ".slide.now .oc-control input[type=range]", "all => all.map((one) => one.value)"
    )


# -- keys ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_whole_lecture_by_keyboard_and_no_key_moves_slide_and_slider_at_once(chromium, deck):
    with opened(chromium, deck) as page:
        last, moved = count(page), 0
        assert last > 30
        while place(page) < last:
            here = place(page)
            assert page.inner_text("#keys") == "Keys: slides"
            if page.locator(SLIDER).count():
                page.keyboard.press("f")
                assert page.evaluate("document.activeElement.type") in ("range", "select-one", "checkbox")
                if page.evaluate("document.activeElement.type") == "range":
                    before, picture = values(page), page.evaluate(PICTURE)
                    page.keyboard.press("ArrowLeft")
                    for key in ("ArrowLeft", "ArrowDown", "Home"):
                        page.keyboard.press(key)
                    page.wait_for_function(f"(old) => {PICTURE} !== old", arg=picture)
                    assert values(page) != before
                    assert place(page) == here
                    assert page.inner_text("#keys").startswith("Keys: figure")
                    moved += 1
                before = values(page)
                page.keyboard.press("Escape")
                assert page.inner_text("#keys") == "Keys: slides"
                assert values(page) == before
            before = values(page)
            page.keyboard.press("ArrowRight")
            page.evaluate(SETTLED)
            if place(page) == here:  # a part of this slide; it must come to an end
                assert page.locator(".slide.now .fragment.shown").count()
                assert values(page) == before
            else:
                assert place(page) == here + 1
        assert moved >= 5
        page.keyboard.press("Home")
        assert place(page) == 1


@pytest.mark.browser
def test_a_clicker_moves_the_slide_and_never_the_slider(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, SLIDER.removeprefix(".slide.now "))
        here, before = place(page), values(page)
        page.keyboard.press("f")
        page.keyboard.press("PageDown")
        assert place(page) == here + 1
        page.keyboard.press("PageUp")
        while page.locator(".slide.now .fragment.shown").count() and place(page) != here:
            page.keyboard.press("PageUp")
        assert place(page) == here
        assert values(page) == before


@pytest.mark.browser
def test_arrows_in_the_deck_move_no_slider(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, SLIDER.removeprefix(".slide.now "))
        here, before = place(page), values(page)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowRight")
        assert place(page) == here
        assert values(page) == before


@pytest.mark.browser
def test_tab_goes_through_this_slides_controls_and_no_others(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, SLIDER.removeprefix(".slide.now "))
        assert page.eval_on_selector_all(
            "#deck > .slide", "all => all.every((one) => one.inert === !one.matches('.now'))"
        )
        seen = 0
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            assert page.evaluate(FOCUSED), page.evaluate("document.activeElement.outerHTML")
            seen += 1
        assert seen >= page.locator(SLIDER).count()


@pytest.mark.browser
def test_the_figures_run_is_played_and_stepped_from_the_deck(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, ".oc-bar:not([hidden]) .oc-play")
        here, count_of_step = place(page), ".slide.now .oc-stepcount"
        end = page.inner_text(count_of_step)
        page.keyboard.press(",")
        assert page.inner_text(count_of_step) != end
        page.keyboard.press(".")
        assert page.inner_text(count_of_step) == end
        page.keyboard.press("p")
        page.wait_for_function(
            "(end) => document.querySelector('.slide.now .oc-stepcount').textContent !== end", arg=end
        )
        page.keyboard.press("p")
        assert place(page) == here


@pytest.mark.browser
def test_overview_jump_black_screen_and_help(chromium, export):
    with opened(chromium, export) as page:
        page.keyboard.press("g")
        page.keyboard.type("12")
        page.keyboard.press("Enter")
        assert place(page) == 12
        page.keyboard.press("o")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert place(page) == 17  # four in a row
        page.keyboard.press("o")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Escape")
        assert place(page) == 17
        page.keyboard.press("b")
        assert page.locator("#black").is_visible()
        page.keyboard.press("ArrowRight")
        assert page.locator("#black").is_hidden()
        assert place(page) == 17
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        assert page.locator("#help").is_hidden()
        assert place(page) == 17
        page.keyboard.press("ArrowDown")
        assert "again" not in page.get_attribute(".slide.now", "class")
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert place(page) > 17  # a reload loses nothing


# -- questions, answers, notes, time ---------------------------------------------------------------------------


@pytest.mark.browser
def test_a_prediction_with_a_class(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, ".hands")
        here = place(page)
        page.keyboard.press("Enter")
        assert "Choose an answer first" in page.inner_text("#blurb")
        for box, number in zip(page.locator(".slide.now .hands").all(), ("3", "12", "0", "5"), strict=False):
            box.focus()
            page.keyboard.type(number)
        assert (
            float(
                page.locator(".slide.now .choice").nth(1).evaluate("e => e.style.getPropertyValue('--share')")
            )
            == 0.6
        )
        page.keyboard.press("Escape")
        assert not page.locator(".slide.now .afters > .shown").count()
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        assert "You said" in page.inner_text(".slide.now .afters > .shown")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        assert page.locator(".slide.now .afters > .shown").count() == 1
        assert place(page) == here


@pytest.mark.browser
def test_a_number_is_predicted_and_the_quiz_answered(chromium, export):
    with opened(chromium, export) as page:
        go(page, ".ask .number")
        page.keyboard.press("f")
        page.keyboard.type("10")
        page.keyboard.press("Enter")
        assert "Within 5% counts as right" in page.inner_text(".slide.now .afters > .shown")
        page.keyboard.press("Escape")
        page.keyboard.press("End")
        assert page.inner_text(".slide.now h2") == "Quiz"
        page.keyboard.press("1")
        assert page.locator(".slide.now .afters > .shown").count() == 1


@pytest.mark.browser
def test_an_answer_comes_with_the_next_key(chromium, deck):
    with opened(chromium, deck) as page:
        go(page, ".swap")
        here = place(page)
        blank, answer = page.locator(".slide.now .blank").first, page.locator(".slide.now .answer").first
        assert blank.is_visible() and answer.is_hidden()
        assert "your code here" in blank.inner_text()
        page.keyboard.press("ArrowRight")
        assert answer.is_visible() and blank.is_hidden()
        assert "velocity = rho * velocity + dw" in answer.inner_text()
        assert "agrees with the reference" in answer.inner_text()
        assert place(page) == here
        page.keyboard.press("ArrowLeft")
        assert answer.is_hidden()
        page.keyboard.press("a")
        assert answer.is_visible()
        # what follows an exercise on its slide would give the answer away
        page.keyboard.press("a")
        go(page, ".swap ~ p")
        assert page.locator(".slide.now .swap ~ p").first.is_hidden()
        page.keyboard.press("ArrowRight")
        assert page.locator(".slide.now .swap ~ p").first.is_visible()


@pytest.mark.browser
def test_the_speakers_window_has_notes_and_moves_the_deck(chromium, deck):
    with opened(chromium, deck) as page:
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        speaker = popup.value
        assert "Recall the zig-zag" in speaker.inner_text("#words")
        assert "30 min left" in speaker.inner_text("#time")
        speaker.keyboard.press("ArrowRight")
        speaker.keyboard.press("ArrowRight")
        assert place(page) == 3
        assert speaker.inner_text("#now").startswith("3 /")
        page.bring_to_front()
        page.keyboard.press("n")
        assert page.locator("#notes").is_visible()
        assert "Two predictions" in page.inner_text("#notes")


@pytest.mark.browser
def test_the_time_line(chromium, export):
    with opened(chromium, export) as page:
        assert page.inner_text("#time") == "30 min left"  # it begins with the first move
        page.clock.install()
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        page.clock.pause_at(page.evaluate("Date.now()") + 60_000)  # from here on only the test moves it
        page.keyboard.press("ArrowRight")
        page.clock.fast_forward("10:00")
        page.clock.run_for(1100)
        # how much of its topic's time the first slide has hangs on how many slides the letters of this machine make
        assert page.inner_text("#time") in ("20 min left · 9 min behind", "20 min left · 10 min behind")
        page.keyboard.press("t")
        page.clock.fast_forward("10:00")
        page.clock.run_for(1100)
        assert page.inner_text("#time").startswith(("⏸ 20 min left", "20 min left"))
        page.keyboard.press("t")
        page.clock.fast_forward("25:00")
        page.clock.run_for(1100)
        assert "min over" in page.inner_text("#time")
        page.keyboard.press("Shift+T")
        assert page.inner_text("#time") == "30 min left"


# -- figures -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_live_controls_move_together_and_points_are_dragged(chromium, live):
    with opened(chromium, live) as page:
        go(page, "[data-control=start] input:enabled")
        before = values(page)
        for name in ("rho", "learning_rate"):
            page.focus(f".slide.now [data-control={name}] input[type=range]")
            page.keyboard.press("ArrowLeft")
        page.wait_for_function(
            "(old) => [...document.querySelectorAll('.slide.now .oc-control input[type=range]')]"
            ".filter((one, k) => one.value !== old[k]).length >= 2",
            arg=before,
        )
        assert [a != b for a, b in zip(before, values(page), strict=True)].count(True) == 2
        picture, start = (
            page.evaluate(PICTURE),
            page.input_value(".slide.now [data-control=start] input >> nth=0"),
        )
        canvas = page.locator(".slide.now .oc-picture").first.bounding_box()
        box, scale, (left, top) = page.evaluate(
            "(({ panels: [{ view }], painter, values }) => [view.box, painter.scale, view.at(...values.start)])"
            "(document.querySelector('.slide.now .figure').stage)"
        )
        x, y = canvas["x"] + scale * box["left"], canvas["y"] + scale * box["top"]
        wide, high = scale * box["width"], scale * box["height"]
        page.mouse.move(canvas["x"] + scale * left, canvas["y"] + scale * top)
        page.mouse.down()
        page.mouse.move(x + 0.5 * wide, y + 0.4 * high, steps=4)
        page.mouse.up()
        page.wait_for_function(f"(old) => {PICTURE} !== old", arg=picture)
        expect(page.locator(".slide.now [data-control=start] input").first).not_to_have_value(
            start, timeout=120_000
        )


@pytest.mark.browser
def test_when_the_process_is_gone_the_sliders_go_on_by_their_tables(
    chromium, notebook_of_one_figure, tmp_path
):
    path = notebook_of_one_figure
    with (
        Notebook(path) as notebook,
        serve(notebook, lambda to: build(notebook.executed, path, live=to)) as server,
    ):
        with opened(chromium, server.url) as page:
            page.keyboard.press("ArrowRight")
            notebook.process.kill()
            page.keyboard.press("f")
            page.keyboard.press("ArrowRight")
            page.wait_for_selector("#blurb:has-text('tables')")
            page.keyboard.press("f")
            picture = page.evaluate(PICTURE)
            page.keyboard.press("ArrowRight")
            page.wait_for_function(f"(old) => {PICTURE} !== old", arg=picture)
            # The notebook is run again, and then answers as before.
            page.wait_for_selector("#blurb:has-text('answers again')")
            assert notebook.alive.is_set()


# -- paper, light and dark, no motion ------------------------------------------------------------------------------


@pytest.mark.browser
def test_paper_has_one_whole_slide_a_page_also_when_the_screen_is_dark(chromium, export):
    with opened(chromium, export) as page:
        page.keyboard.press("d")
        page.keyboard.press("o")  # and from the overview
        pages = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type /Page\b(?!s)", pages)) == count(page)
        assert len(re.findall(rb"/MediaBox \[0 0 960 540\]", pages)) >= 1
        assert page.get_attribute("html", "data-theme") == "dark"  # as it was
        page.keyboard.press("Escape")
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(SPILLS) == []
        assert page.locator(".figure:has(.oc-picture)").count() == page.locator(".figure").count()
        assert (
            page.locator(".swap .answer").first.is_visible()
            and page.locator(".swap .blank").first.is_hidden()
        )


@pytest.mark.browser
def test_dark_slides_have_dark_figures_and_fit(chromium, export):
    with opened(chromium, export) as page:
        page.keyboard.press("d")
        go(page, ".oc-picture")
        ground = "getComputedStyle(document.querySelector('.slide.now .oc-panels')).backgroundColor"
        assert page.evaluate(f"{ground}.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)") < 150
        assert page.evaluate("document.querySelector('.slide.now .figure').stage.painter.dark") is True
        page.evaluate(WAKE)
        assert page.evaluate(SPILLS) == []


@pytest.mark.browser
def test_who_wants_no_motion_gets_none(chromium, export):
    with opened(chromium, export) as page:
        assert page.evaluate(ANIMATION) == "come"
    with opened(chromium, export, reduced_motion="reduce") as page:
        assert page.evaluate(ANIMATION) == "none"


# What a slide is made of, without the insides of formulas, code and figures: axe looks at one slide of each make.
MAKE = """() => [...new Set([...document.querySelectorAll('.slide.now .body *')]
  .filter((e) => !e.closest('.katex, .highlight code *, .oc-explorer *'))
  .map((e) => e.localName + (e.disabled ? '!' : '')))].sort().join()"""


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_has_no_complaint_and_the_focus_no_gap(chromium, export, dark):
    """Without motion, because a slide that is fading in has no contrast yet."""
    wrong, seen = [], set()
    rules = ["color-contrast"] if dark else None
    with opened(chromium, export, reduced_motion="reduce") as page:
        if dark:
            page.keyboard.press("d")
        page.keyboard.press("Home")
        for _ in range(300):
            number, make = place(page), page.evaluate(MAKE)
            if make not in seen:
                wrong += [f"slide {number}: {line}" for line in harness.violations(page, rules=rules)]
            if not dark and make not in seen and page.locator(SLIDER).count():
                wrong += [f"slide {number}: {line}" for line in harness.tab_walk(page, ".slide.now")[1]]
                page.evaluate("document.activeElement.blur()")
                found = harness.layout_troubles(page, ".slide.now .oc-explorer")
                wrong += [f"slide {number}: {line}" for line in found]
            seen.add(make)
            if number == count(page):
                break
            page.keyboard.press("ArrowRight")
        page.keyboard.press("?")
        wrong += [f"help: {line}" for line in harness.violations(page, rules=rules)]
    assert wrong == []
    assert len(seen) >= 5 and number > 20


# -- what the command refuses ------------------------------------------------------------------------------------------


@pytest.fixture
def notebook_of_one_figure(tmp_path) -> Path:
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# One figure"),
        new.new_code_cell("from optcourse.explorers.lesson_05 import MemoryExplorer\nMemoryExplorer()"),
    ]
    path = tmp_path / "one.ipynb"
    nbformat.write(new.new_notebook(cells=cells), path)
    return path


def test_an_unknown_lesson(capsys):
    assert command.main(["77"]) == 2
    assert "no lesson 77" in capsys.readouterr().err
    assert command.main(["nowhere.ipynb"]) == 2
    assert "no notebook nowhere.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize("live_or_file", [[], ["--export"]])
def test_a_file_that_is_no_notebook(tmp_path, capsys, monkeypatch, live_or_file):
    monkeypatch.chdir(tmp_path)
    Path("odd.ipynb").write_text("not at all")
    assert command.main(["odd.ipynb", "--no-browser", *live_or_file]) == 1
    assert "odd.ipynb is no notebook" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "many", "1000", "4_5", "+45", "４５", "45.0", "-1"])
def test_a_length_that_is_none(minutes, capsys):
    with pytest.raises(SystemExit):
        command.main([LESSON, "--minutes", minutes])
    assert "from 1 to 600" in capsys.readouterr().err


@pytest.mark.parametrize("live_or_file", [[], ["--export"]])
def test_a_cell_that_fails_is_named(tmp_path, capsys, monkeypatch, live_or_file):
    monkeypatch.chdir(tmp_path)
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# T"),
        new.new_code_cell("x = 1"),
        new.new_code_cell("x / 0", id="division"),
    ]
    nbformat.write(new.new_notebook(cells=cells), "mine.ipynb")
    assert command.main(["mine.ipynb", "--no-browser", *live_or_file]) == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "mine.ipynb" in told and "cell 3" in told and "ZeroDivisionError" in told
    assert not Path("mine.slides.html").exists()


def test_a_file_of_somebody_else_is_left_alone(tmp_path, capsys, notebook_of_one_figure):
    mine = tmp_path / "thesis.html"
    mine.write_text("<p>years of work")
    assert command.main([str(notebook_of_one_figure), "--export", str(mine)]) == 2
    assert "left alone" in capsys.readouterr().err
    assert mine.read_text() == "<p>years of work"
    assert command.main([str(notebook_of_one_figure), "--export", str(tmp_path / "no" / "such.html")]) == 2
    assert "no folder" in capsys.readouterr().err
    assert command.main([str(notebook_of_one_figure), "--export", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_an_export_is_written_again_but_not_where_nothing_may_be_written(
    tmp_path, capsys, notebook_of_one_figure, monkeypatch
):
    target = tmp_path / "again.html"
    for _ in range(2):
        assert command.main([str(notebook_of_one_figure), "--export", str(target)]) == 0
    assert 'http-equiv="Content-Security-Policy"' in target.read_text()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert command.main([str(notebook_of_one_figure), "--export", str(target)]) == 2
    assert "cannot be written by you" in capsys.readouterr().err


def test_a_port_that_is_taken(notebook_of_one_figure, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert command.main([str(notebook_of_one_figure), "--no-browser", "--port", str(taken)]) == 2
    said = capsys.readouterr().err
    assert f"port {taken} cannot be had" in said and "running" not in said
    with pytest.raises(PortTaken):
        serve(None, lambda _: "", port=99999)


# -- the server and its process ------------------------------------------------------------------------------------------


def test_the_server_answers_its_own_address_only(live):
    with urllib.request.urlopen(live) as page:
        assert b"05 Momentum" in page.read()
    port = live.split("/")[2]
    for path in ("", "wrong/", "../"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{port}/{path}")
        assert refused.value.code == 404
        refused.value.close()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{port}/ask", data=b"{}")
    assert refused.value.code == 404
    refused.value.close()


# -- what goes on a slide ----------------------------------------------------------------------------------------------------


def cell(source: str, kind: str = "-", code: bool = False, **metadata):
    make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
    return make(source, metadata={"slideshow": {"slide_type": kind}, **metadata})


def test_metadata_decides_what_goes_on_a_slide():
    made = sections(
        nbformat.v4.new_notebook(
            cells=[
                cell("# Title", "slide", optcourse={"notes": ["3 min. Say hello."]}),
                cell("more", "-"),
                cell("left out", "skip"),
                cell("**Try this.** Move it.", "subslide", tags=["spoken"]),
                cell("on the slide", "-"),
                cell("comes later", "fragment"),
                cell("see [lesson 4](04_sgd.ipynb) and [there](https://example.org)", "slide"),
                cell(
                    "def f():\n    return 1",
                    code=True,
                    optcourse={"blank": "def f():\n    ...  # your code here"},
                ),
            ]
        )
    )
    texts = [re.sub(r"<[^>]*>", "", " ".join(section.cells)) for section in made]
    assert len(made) == 3
    assert "Title" in texts[0] and "more" in texts[0] and "left out" not in "".join(texts)
    assert made[0].minutes == 3 and "Say hello" in made[0].notes[0]
    assert "Try this" not in texts[1] and "Try this" in made[1].notes[0]
    assert 'class="cell markdown fragment"' in made[1].cells[-1]
    assert "ipynb" not in made[2].cells[0] and "https://example.org" in made[2].cells[0]
    assert made[2].cells[1].index("your code here") < made[2].cells[1].index("return")


def test_a_notebook_with_nothing_on_slides_is_refused(tmp_path):
    empty = nbformat.v4.new_notebook(cells=[cell("nothing", "skip")])
    with pytest.raises(CannotPresent, match="no cell that goes on a slide"):
        build(empty, tmp_path / "empty.ipynb")


# -- with Python inside ------------------------------------------------------------------------------------------------------


def test_a_figure_is_named_by_its_cell_where_python_can_make_it_anew():
    shown = nbformat.v4.new_output("display_data", data={EXPLORER_MIME: {"still": {}}})

    def name(source: str, *outputs) -> str:
        return called(nbformat.v4.new_code_cell(source, id="here", outputs=list(outputs)))

    assert name("MemoryExplorer(beta=0.9, yours=momentum)", shown) == "here"
    assert name("MemoryExplorer(beta=best())", shown) == ""
    assert name("MemoryExplorer()\nMemoryExplorer()", shown, shown) == ""
    assert name("%matplotlib inline\nMemoryExplorer()", shown) == ""
    assert name("MemoryExplorer()") == ""


def test_python_lies_in_the_file_without_being_read_and_with_its_licences(tmp_path):
    code = [cell("x = '</script>'", code=True), cell("%time 1", code=True)]
    notebook = nbformat.v4.new_notebook(cells=[cell("# Title", "slide"), *code])
    scripts = {"manifest.js": "optcourse.python.manifest({});", "00.js": 'optcourse.python.piece(0,"AAAA");'}
    python = Python("python-abc", "3.13.2", scripts, "<mail@example.org> grants it", 4, True)
    page = BeautifulSoup(build(notebook, tmp_path / "a.ipynb", python=python), "html.parser")
    carried = {script["data-carried"]: script for script in page.select("[data-carried]")}
    assert list(carried) == ["notebook.js", "python-abc/manifest.js", "python-abc/00.js"]
    assert {script["type"] for script in carried.values()} == {"text/plain"}
    lesson = json.loads(carried["notebook.js"].string[len("optcourse.python.lesson(") : -2])
    assert [one["source"] for one in lesson["cells"]] == ["x = '</script>'"]
    assert carried["python-abc/00.js"].string == scripts["00.js"]
    assert "<mail@example.org> grants it" in page.select_one("#help details").get_text()
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy == (
        "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; connect-src 'none'; worker-src blob:"
    )
    plain = build(notebook, tmp_path / "a.ipynb")
    words = ("data-carried", "wasm-unsafe-eval", "worker-src", "optcourse.python = {")
    assert not any(word in plain for word in words)


def test_where_no_pyodide_can_be_had_a_sentence_says_so_before_anything_is_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "course_root", lambda: tmp_path)
    monkeypatch.setattr(command, "execute", lambda *_, **__: pytest.fail("it was run"))
    asked = [LESSON, "--export", str(tmp_path / "deck.html"), "--python"]
    monkeypatch.setattr(command, "find_notebook", lambda _: tmp_path / "some.ipynb")
    assert command.main(asked) == 2
    assert "--pyodide names one, or one lies in .optcourse/pyodide" in capsys.readouterr().err
    assert command.main([*asked, "--pyodide", str(tmp_path)]) == 2
    assert "is no Pyodide distribution" in capsys.readouterr().err
    (tmp_path / ".optcourse").mkdir()
    place = distribution(tmp_path / ".optcourse" / "pyodide")
    assert command.main(asked) == 2  # found where it was unpacked
    assert f"{place} has no contourpy, NumPy, which the figures need" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main([LESSON, "--python"])
    assert "--python is for --export" in capsys.readouterr().err
