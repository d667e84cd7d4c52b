"""The course in three browser engines: its site, an exported lecture and JupyterLab, by keys and by the pointer."""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from optcourse.publishing.slides.page import build
from tests.conftest import COURSE, IN_CI, BuiltSite, LabServer, until
from tests.frontends.browsing import HARMLESS, IDLE, PROMPTS, served
from tests.frontends.engines import Chromium, Engine, Firefox, WebKit, minibrowser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

LESSONS = ("03_gradient_descent", "05_momentum")
TO_HAVE = {
    "chromium": "chromium",
    "firefox": "firefox-esr",
    "webkit": "webkit2gtk-driver xvfb",
}


def engine_named(name: str, request: pytest.FixtureRequest, folder: Path) -> Engine | None:
    """A browser of the engine, where there is one."""
    if name == "chromium":
        return Chromium(request.getfixturevalue("chromium"))
    if name == "firefox":
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        return Firefox(program, folder) if program else None
    program, browser = shutil.which("WebKitWebDriver"), minibrowser()
    return WebKit(program, browser, folder) if program and browser and shutil.which("Xvfb") else None


@pytest.fixture(scope="module", params=TO_HAVE)
def engine(request, tmp_path_factory) -> Iterator[Engine]:
    found = engine_named(request.param, request, tmp_path_factory.mktemp(request.param))
    if found is None:
        why = f"no {request.param} here: its pages were not tried (sudo apt install {TO_HAVE[request.param]})"
        pytest.fail(why + "; in CI that is a failure: .ci/run installs it") if IN_CI else pytest.skip(why)
    yield found
    found.close()


@pytest.fixture(scope="module")
def site_url(site: BuiltSite) -> Iterator[str]:
    with served(site.folder) as url:
        yield url


@pytest.fixture(scope="module")
def lecture(site: BuiltSite, tmp_path_factory) -> Iterator[str]:
    """The slides of a lesson, as a file on a server."""
    folder, name = tmp_path_factory.mktemp("lecture"), f"solutions/{LESSONS[0]}.ipynb"
    deck = build(site.executed[name], COURSE / name)
    (folder / "lecture.html").write_text(deck, encoding="utf-8")
    with served(folder) as url:
        yield f"{url}/lecture.html"


# -- a live figure, whatever is around it: a canvas and the controls that stand with it ---------------------

# In the page: `all` are the pictures that are drawn and seen; a figure, its slider and its pictures belong together.
FIGURES = """
    const place = (e) => { const { left, top, width, height } = e.getBoundingClientRect(); return { left, top, width, height }; };
    const figure = (canvas) => canvas.closest("[role=group][aria-label^='Live figure']");
    const slider = (canvas) => {
        const all = [...figure(canvas).querySelectorAll("[data-control] input[type=range]")];
        return all.find((one) => !one.disabled) ?? all[0];
    };
    const moves = (canvas) => slider(canvas)?.disabled === false;
    const seen = (canvas) => canvas.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const scroller = document.querySelector(".jp-WindowedPanel-outer") || document.scrollingElement;
    const all = [...document.querySelectorAll("canvas[aria-label]")].filter((canvas) => figure(canvas) && seen(canvas));
"""


NUMBERS = itertools.count()


class Figure:
    """A live figure: that of the first picture of the page of which `wanted` (an expression with `canvas`) holds."""

    def __init__(self, engine: Engine, wanted: str = "moves(canvas)") -> None:
        self.engine, name = engine, f"tried-{next(NUMBERS)}"
        # Figures begin to live when they come into sight: from the top on, by half a page, until there is one.
        engine.run(f"{FIGURES} scroller.scrollTop = 0")
        engine.wait(
            f"""{FIGURES} const canvas = all.find((canvas) => {wanted});
            if (!canvas) {{ scroller.scrollBy({{ top: innerHeight / 2, behavior: "instant" }}); return false; }}
            canvas.id = {name!r};
            canvas.scrollIntoView({{ block: "center", behavior: "instant" }});
            return true"""
        )
        self.one = f"{FIGURES} const canvas = document.getElementById({name!r});"
        seen = []
        # Two looks in a row at the same: what is above it has been drawn.
        until(lambda: seen.append([self.place(), *self.picture()]) or len(seen) > 1 and seen[-1] == seen[-2])

    def ask(self, code: str) -> Any:
        return self.engine.run(f"{self.one} {code}")

    def place(self, of: str = "canvas") -> dict[str, float]:
        return self.ask(f"return place({of})")

    def words(self) -> str:
        return self.ask("return figure(canvas).textContent")

    def picture(self) -> list[bytes]:
        """The pixels of all its pictures."""
        boxes = self.ask("return all.filter((c) => figure(c) === figure(canvas)).map(place)")
        return self.engine.pixels(boxes)

    def follows(self, act: Callable[[], None], value: str = "slider(canvas).value", tries: int = 10) -> None:
        """What is done changes a value (an expression of the page) and the picture, and the picture keeps its size.

        A figure whose kernel is slow to answer rests until it hears of it; what is done then is done again.
        """
        before, old = self.picture(), self.ask(f"return {value}")

        def followed() -> bool:
            return self.ask(f"return {value}") != old and self.picture() != before

        for _ in range(tries):
            until(lambda: self.ask("return moves(canvas)"))
            act()
            with contextlib.suppress(AssertionError):
                until(followed, 30)
                break
        assert [len(pixels) for pixels in self.picture()] == [len(pixels) for pixels in before]
        assert followed()


def by_keys(figure: Figure) -> None:
    """Arrow keys on the slider."""
    end = figure.ask("const s = slider(canvas); return +s.value > (+s.min + +s.max) / 2")

    def press() -> None:
        figure.ask("slider(canvas).focus()")
        figure.engine.press(*["ArrowLeft" if end else "ArrowRight"] * 5)

    figure.follows(press)


def by_pointer(figure: Figure) -> None:
    """The slider is dragged."""
    figure.ask("slider(canvas).scrollIntoView({ block: 'center', behavior: 'instant' })")
    at = figure.ask("const s = slider(canvas); return (s.value - s.min) / (s.max - s.min)")

    def drag() -> None:
        rail = figure.place("slider(canvas)")

        def across(part: float) -> tuple[float, float]:
            # half a thumb is left free at both ends
            return rail["left"] + 8 + part * (rail["width"] - 16), rail["top"] + rail["height"] / 2

        figure.engine.drag(across(at), across(0.5), across(0.2 if at > 0.4 else 0.8))

    figure.follows(drag)


# A picture in which a point is dragged, and its place on the page. A figure's container carries the stage that draws it.
HANDLE = """
    const stageOf = (e) => e && (e.stage ?? stageOf(e.parentElement));
    const handle = (canvas) => {
        const stage = stageOf(canvas), panel = stage.panels.find((panel) => panel.picture === canvas);
        const point = stage.spec.controls.find((control) => control.kind === "point");
        if (!panel || !point || !stage.frame.panels[panel.index].marks.some((mark) => mark.drag === point.name)) return null;
        const [x, y] = panel.view.at(...stage.values[point.name]), { left, top } = canvas.getBoundingClientRect();
        return { at: [left + x * stage.painter.scale, top + y * stage.painter.scale], values: stage.values[point.name] };
    };
"""


def by_hand(engine: Engine) -> None:
    """The start of a run is dragged; the kernel answers."""
    figure = Figure(engine, f"(() => {{ {HANDLE} return moves(canvas) && handle(canvas); }})()")
    words = figure.words()

    def drag() -> None:
        x, y = figure.ask(f"{HANDLE} return handle(canvas).at")
        engine.drag((x, y), (x + 20, y + 10), (x + 60, y + 30))

    figure.follows(drag, value=f"(() => {{ {HANDLE} return String(handle(canvas)?.values); }})()")
    until(lambda: figure.words() != words)


# -- the pages ------------------------------------------------------------------------------------------------


def test_the_sites_home(engine, site_url):
    engine.open(f"{site_url}/index.html")
    figure = Figure(engine)
    by_keys(figure)
    by_pointer(figure)
    assert engine.complaints() == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_of_the_site(engine, site_url, lesson):
    engine.open(f"{site_url}/lessons/{lesson}.html")
    figure = Figure(engine)
    by_keys(figure)
    by_pointer(figure)
    assert engine.complaints() == []


def test_an_exported_lecture(engine, lecture):
    engine.open(lecture)
    engine.wait("return document.documentElement.dataset.ready !== undefined")
    live = f"{FIGURES} return all.some((c) => slider(c) && c.getBoundingClientRect().width)"
    for _ in range(300):
        if engine.run(live):
            break
        engine.press("ArrowRight")
    figure = Figure(engine)
    engine.press("f")  # from the slides to the figure
    by_keys(figure)
    by_pointer(figure)
    assert engine.complaints() == []


def test_jupyterlab_with_a_lesson_run(engine, lab_server: LabServer):
    # A notebook of its own for each engine: a kernel that another one has left behind is another test.
    own = f"solutions/{type(engine).__name__}.ipynb"
    shutil.copy(lab_server.root / "solutions" / f"{LESSONS[0]}.ipynb", lab_server.root / own)
    engine.open(lab_server.notebook_url(own))
    run_all(engine)
    figure = Figure(engine)
    by_keys(figure)
    by_pointer(figure)
    by_hand(engine)
    assert [line for line in engine.complaints() if not any(part in line for part in HARMLESS)] == []


def run_all(engine: Engine, tries: int = 20) -> None:
    """As in browsing.run_all: an order that comes before the kernel is connected is forgotten, so it is given again."""
    for _ in range(tries):
        engine.wait(f"return {IDLE}")
        choose(engine, "Run", "Run All Cells")
        with contextlib.suppress(AssertionError):  # then it was forgotten
            until(lambda: engine.run(f"return {PROMPTS}.some((text) => /\\[[*\\d]/.test(text))"), 10)
            break
    until(lambda: engine.run(f"return {PROMPTS}.every((text) => /\\d/.test(text))"), 600)


def choose(engine: Engine, menu: str, item: str) -> None:
    """An item of a menu of JupyterLab, with the pointer."""
    for kind, words in (("MenuBar-item", menu), ("Menu-item", item)):
        place = engine.wait(
            """const found = [...document.querySelectorAll(".lm-" + arguments[0])]
                 .find((e) => e.textContent.trim().startsWith(arguments[1]));
               const box = found?.getBoundingClientRect();
               return box?.width ? [box.left + box.width / 2, box.top + box.height / 2] : null""",
            kind,
            words,
        )
        engine.click(*place)


@pytest.fixture
def with_python(engine: Engine, alive: Path, tmp_path: Path) -> Iterator[str]:
    """A lesson whose page has Python: opened from a folder, and in Chromium, where other tests do that, below a server's root."""
    page = f"lessons/{LESSONS[0]}.html"
    if not isinstance(engine, Chromium):
        yield (alive / page).as_uri()
        return
    (tmp_path / "course").symlink_to(alive)
    with served(tmp_path) as url:
        yield f"{url}/course/{page}"


# A right answer in one line, which no editor indents; a wrong one walks uphill.
ANSWER = (
    "def gradient_descent(compute_gradient, w, learning_rate, num_steps): return w if num_steps == 0 else gradient_descent("
    "compute_gradient, w - learning_rate * compute_gradient(w), learning_rate, num_steps - 1)"
)


def test_python_in_a_page(engine, with_python):
    """Two sliders together, a drag, a wrong and a right answer; and all of it is there after a reload."""
    engine.open(with_python)
    figure = Figure(engine, "figure(canvas).closest('[data-call]').id === '03-valley' && moves(canvas)")
    stage = "document.getElementById('03-valley').stage"
    shown = f"JSON.stringify({stage}.conversation.shown) === JSON.stringify({stage}.values)"
    pictures = []
    for name, largest in (("learning_rate", 1), ("condition_number", 100)):
        engine.run(f"document.querySelector(\"[id='03-valley'] [data-control={name}] [type=range]\").focus()")
        engine.press("End")
        engine.wait(f"return {stage}.values.{name} === {largest} && {shown}")
        pictures.append(figure.picture())
    assert engine.run(f"return {stage}.values.learning_rate") == 1 and pictures[0] != pictures[1]
    start = f"return {stage}.values.start"
    begun = engine.run(start)

    def drag() -> bool:
        figure.ask("canvas.scrollIntoView({ block: 'center', behavior: 'instant' })")
        x, y = figure.ask(f"{HANDLE} return handle(canvas).at")
        engine.drag((x, y), (x + 20, y + 10), (x + 60, y + 30))
        return engine.run(start) != begun

    until(drag)
    engine.wait(f"return {shown}")

    box = "document.querySelector('.box.exercise')"
    push = f"[...{box}.querySelectorAll('button')].find((one) => one.textContent === arguments[0]).click()"
    engine.run(push, "Edit")
    editor = f"{box}.querySelector('.cm-content')"
    engine.wait(f"return {editor}")
    for text, answer in ((ANSWER.replace("w - ", "w + "), "walks uphill"), (ANSWER, "3 of 3 points")):
        engine.run(f"{editor}.focus(); document.execCommand('selectAll')")
        engine.press(*text)
        engine.run(push, "Check")
        engine.wait(f"return {box}.querySelector('.answer').textContent.includes(arguments[0])", answer)
    assert engine.complaints() == []
    engine.open(with_python)
    engine.wait(f"return {box}.textContent.includes('It was right when you last checked it.')")
    assert engine.wait(f"return {editor}?.textContent") == ANSWER


# -- the measure bites --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script", ["console.error('out of order')", "null.out_of_order", "throw 'out of order'"]
)
def test_an_error_of_a_page_is_seen(engine, tmp_path, script):
    (tmp_path / "page.html").write_text(f"<!doctype html><title>x</title><script>{script}</script>")
    with served(tmp_path) as url:
        engine.open(f"{url}/page.html")
        until(lambda: any(re.search("out.of.order", line) for line in engine.complaints()))


def test_a_picture_that_does_not_follow_is_seen(engine, tmp_path):
    (tmp_path / "page.html").write_text(
        "<!doctype html><title>x</title><div role=group aria-label='Live figure: x'><canvas aria-label=x></canvas>"
        "<label data-control=rate>rate <input type=range></label></div>"
    )
    with served(tmp_path) as url:
        engine.open(f"{url}/page.html")
        figure = Figure(engine)
        before = figure.picture()
        figure.ask("slider(canvas).focus()")
        engine.press("ArrowRight")
        assert figure.ask("return slider(canvas).value") == "51" and figure.picture() == before
