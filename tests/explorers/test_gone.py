"""Nobody answers any more: a kernel that was restarted or killed, a line that is cut, a machine that slept. A real JupyterLab.

The figure says so, goes on moving what is here with picture and words together, greys the rest, and lives when the line does.
"""

from __future__ import annotations

import json
import urllib.request

import psutil
import pytest

from optcourse.exercises import all_predictions
from optcourse.explorers.lesson_00 import DownhillExplorer
from optcourse.explorers.page import packed, write_page
from tests.conftest import COURSE, until
from tests.explorers.examples import EveryMark
from tests.explorers.test_engine import notebook
from tests.frontends.browsing import SETTLED

pytestmark = pytest.mark.browser

SENTENCE = (
    "The notebook has stopped. Run this cell again to move everything; what is not greyed out still moves."
)
SHOW = "from tests.explorers.examples import EveryMark\nexplorer = EveryMark()\nexplorer"
STAGES = "[...document.querySelectorAll('.oc-explorer')].map((node) => node.parentElement.stage)"
LOOK = f"""{STAGES}.map((s) => ({{
  says: s.root.querySelector('.oc-sentence').innerText, seen: s.says.innerText, values: s.values,
  off: [...s.controls].map(([name]) => name).filter((name) => !document.querySelector(`[data-control=${{name}}] :enabled`)),
  picture: s.frame.panels.flatMap((p) => p.marks).filter((m) => m.kind === 'line').map((m) => [...m.y].join()),
}}))"""


@pytest.fixture
def lab(page, lab_server):
    """Run the cells of a notebook and wait for its figure."""

    def show(name, *sources, wait=f"{STAGES}[0]?.tables.size > 0"):
        notebook(lab_server.root / name, f"import sys; sys.path.insert(0, {str(COURSE)!r})", *sources)
        page.goto(lab_server.notebook_url(name))
        page.locator(".jp-CodeCell").first.click()
        page.get_by_text("| Idle").first.wait_for()
        for _ in range(len(sources) + 1):
            page.keyboard.press("Shift+Enter")
        page.wait_for_function(wait)
        return page

    return show


def kernel_of(server, name: str) -> str:
    with urllib.request.urlopen(f"{server.url}/api/sessions") as answer:
        return next(s["kernel"]["id"] for s in json.load(answer) if s["path"] == name)


def restart(page) -> None:
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    for _ in range(2):
        page.keyboard.press("0")
    page.locator(".jp-Dialog .jp-mod-accept").click()


def kill(server, name: str) -> None:
    kernel = kernel_of(server, name)
    for process in psutil.Process(server.process.pid).children(recursive=True):
        if kernel in " ".join(process.cmdline()):
            process.kill()


def has_stopped(page):
    until(lambda: all("has stopped" in one["says"] for one in page.evaluate(LOOK)))
    return page.evaluate(LOOK)


def answers(page):
    until(lambda: all("has stopped" not in one["says"] for one in page.evaluate(LOOK)))


def move(page, control: str, place: int, figure: int = 0) -> None:
    page.evaluate(
        """([figure, control, place]) => {
        const slider = document.querySelectorAll(`[data-control=${control}] input[type=range]`)[figure];
        slider.value = place; slider.dispatchEvent(new Event('input', { bubbles: true })); }""",
        [figure, control, place],
    )


def type_start(page, text: str) -> None:
    box = page.locator("[data-control=start] input").first
    box.fill(text)
    box.press("Enter")


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_a_kernel_that_is_gone(lab, lab_server, how):
    page = lab(f"{how}.ipynb", SHOW)
    before = page.evaluate(LOOK)[0]
    restart(page) if how == "restarted" else kill(lab_server, f"{how}.ipynb")
    stopped = has_stopped(page)[0]
    assert SENTENCE in stopped["says"]
    assert set(stopped["off"]) == {c.name for c in EveryMark.controls} - {"amplitude"}
    move(page, "amplitude", 20)
    moved = page.evaluate(LOOK)[0]
    assert moved["picture"] != before["picture"] and "amplitude 2" in moved["seen"]
    # What is typed between two values of the slider has no frame: the nearest one is shown and written.
    box = page.locator("[data-control=amplitude] input[type=text]")
    box.fill("0.33")
    box.press("Enter")
    assert box.input_value() == "0.3" and "amplitude 0.3" in page.evaluate(LOOK)[0]["seen"]
    # The cell is run again: a new figure, which answers.
    for cell in range(2):
        page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputArea-editor").click()
        page.keyboard.press("Control+Enter")
        page.get_by_text("| Idle").first.wait_for()
    answers(page)
    type_start(page, "2")
    page.wait_for_function(f"{STAGES}[0].says.textContent.includes('starting at (2')")


class Line:
    """The sockets between a page and its JupyterLab, to be cut, or to swallow what is sent."""

    def __init__(self, page) -> None:
        self.cut = self.swallows = False
        self.open = []
        page.route_web_socket("**/api/kernels/**", self.connect)

    def connect(self, socket) -> None:
        if self.cut:
            socket.close(code=1001)
            return
        server = socket.connect_to_server()
        self.open.append(socket)
        socket.on_message(lambda message: None if self.swallows else server.send(message))
        server.on_message(lambda message: None if self.swallows else socket.send(message))

    def fall_silent(self, page) -> None:
        """From now on nothing comes, and the last that did was that the kernel has nothing to do.

        Where the last word was that it works, a figure goes on waiting for it, as it should.
        """

        def silent() -> int:
            self.swallows = False
            page.get_by_text("| Idle").first.wait_for()
            self.swallows = True
            page.evaluate(SETTLED)
            return page.get_by_text("| Idle").count()

        until(silent)

    def break_off(self) -> None:
        self.cut = True
        for socket in self.open:
            socket.close(code=1001)
        self.open = []


def test_a_line_that_is_cut_and_comes_back(lab, page):
    line = Line(page)
    lab("line.ipynb", SHOW)
    line.break_off()
    stopped = has_stopped(page)[0]
    assert "start" in stopped["off"] and "amplitude" not in stopped["off"]
    line.cut = False
    answers(page)
    assert page.evaluate(LOOK)[0]["off"] == []
    type_start(page, "2")
    page.wait_for_function(f"{STAGES}[0].says.textContent.includes('starting at (2')")


def test_a_machine_that_slept(lab, page):
    """Nothing is cut, and nothing comes: it is noticed when somebody moves what has to be asked for."""
    line = Line(page)
    lab("asleep.ipynb", SHOW)
    line.fall_silent(page)
    type_start(page, "2")
    stopped = has_stopped(page)[0]
    # The picture is still the one of before, and so is what the controls say.
    assert stopped["values"]["start"] == [1, 0.5] and "starting at (1, 0.5)" in stopped["seen"]
    line.swallows = False
    answers(page)
    type_start(page, "3")
    page.wait_for_function(f"{STAGES}[0].says.textContent.includes('starting at (3')")


def test_a_kernel_that_works_at_something_else_has_not_stopped(lab):
    page = lab("busy.ipynb", SHOW, "import time; time.sleep(12)", wait=f"{STAGES}[0]?.visible")
    page.get_by_text("| Busy").first.wait_for()
    type_start(page, "2")
    while page.get_by_text("| Busy").count():
        assert "has stopped" not in page.evaluate(LOOK)[0]["says"]
        page.evaluate(SETTLED)
    page.wait_for_function(f"{STAGES}[0].says.textContent.includes('starting at (2')")


def test_two_views_of_one_figure_stay_in_step(lab):
    page = lab(
        "views.ipynb", SHOW, "explorer", wait=f"{STAGES}.length === 2 && {STAGES}.every((s) => s.tables.size)"
    )
    move(page, "amplitude", 20)
    one, other = page.evaluate(LOOK)
    assert (
        one["seen"] == other["seen"] and "amplitude 2" in one["seen"] and one["picture"] == other["picture"]
    )
    type_start(page, "2")
    until(lambda: all("starting at (2" in view["seen"] for view in page.evaluate(LOOK)))
    restart(page)
    has_stopped(page)
    views = page.evaluate(LOOK)
    assert views[0]["values"] == views[1]["values"] and views[0]["picture"] == views[1]["picture"]


def test_a_question_whose_kernel_is_gone(lab, lab_server):
    prediction = next(p for p in all_predictions() if p.kind == "choice")
    page = lab(
        "question.ipynb", f"from optcourse import predict\npredict({prediction.id!r})",
        wait="document.querySelector('.oc-card .oc-question')",
    )  # fmt: skip
    box = page.locator(".oc-card")
    restart(page)
    box.get_by_text("The notebook has stopped. Run this cell again to answer.").wait_for()
    assert box.locator("input:enabled, button:enabled").count() == 0


def test_a_table_that_cannot_be_read(page, tmp_path):
    """On a page its control is greyed, and the sentence names it; all others go on."""
    path = write_page(DownhillExplorer(), tmp_path / "page.html")
    data = packed(DownhillExplorer())
    first, second = (table["packed"] for table in data["tables"][:2])
    text = path.read_text()
    assert first in text
    path.write_text(text.replace(first, first[:40] + "AAAA" + first[44:]))
    page.goto(path.as_uri())
    page.wait_for_function(f"{STAGES}[0].el.dataset.ready")
    seen = page.evaluate(LOOK)[0]
    name = data["tables"][0]["control"]
    label = next(c["label"] for c in data["spec"]["controls"] if c["name"] == name)
    assert f"The frames of {label} cannot be read, so it does not move." in seen["says"]
    assert name in seen["off"] and data["tables"][1]["control"] not in seen["off"] and second
