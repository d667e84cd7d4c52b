"""Python in the page, in a real browser: opened from a folder, with the network off."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from optcourse import journal
from optcourse.grading.marking import grade_notebook
from optcourse.inpage import Lesson
from optcourse.publishing import lite
from optcourse.publishing.site import python
from optcourse.publishing.site.build import build
from optcourse.publishing.site.writing import POLICY_WITH_PYTHON
from optcourse.saved import is_damaged, progress_in
from tests.accessibility.harness import violations
from tests.conftest import COURSE, BuiltSite
from tests.publishing.test_lite import distribution
from tests.publishing.test_site import dropped_in

pytestmark = pytest.mark.timeout(900)
PAGE = "lessons/03_gradient_descent"
ANSWER = """def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w -= learning_rate * compute_gradient(w)
    return w
"""
# Ask the page's Python what a figure asks, and get the answer.
ASK = """([cell, message]) => new Promise((done) => {
    const receive = (words, buffers) => done([words, [...new Uint8Array(buffers[0] ?? [])]]);
    optcourse.python.send({ el: { dataset: { call: cell } }, state() {}, conversation: { receive } }, message);
})"""


@pytest.fixture(scope="module")
def alive(site: BuiltSite, pyodide: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with Python; its notebooks are not run again."""
    folder = tmp_path_factory.mktemp("alive")
    shutil.copytree(site.cache, folder / "cache")
    built = build(COURSE, folder / "site", cache=folder / "cache", pyodide=pyodide)
    assert built.executed == 0 and re.match(r"Python 3\.\d+\.\d+ in the pages, \d+\.\d MB, ", built.python)
    return folder / "site"


@pytest.fixture(scope="module")
def page(chromium, alive: Path) -> Iterator:
    """One page for all tests of the module: starting Python takes seconds."""
    context = chromium.new_context(viewport={"width": 1100, "height": 1000}, offline=True)
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.trouble, page.asked = [], []
    page.on("console", lambda m: page.trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto((alive / f"{PAGE}.html").as_uri())
    yield page
    context.close()


def lesson_of(alive: Path, page: str) -> Lesson:
    cells = nbformat.read(alive / f"{page}.ipynb", as_version=4).cells
    return Lesson(json.dumps([{"id": c.id, "source": c.source} for c in cells if c.cell_type == "code"]))


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_that_is_not_touched_loads_what_it_loaded_before(page, alive, site):
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    page.wait_for_selector(".stage[data-ready]")
    page.locator("[id='03-valley'] [data-control=learning_rate] input[type=range]").press("End")
    page.wait_for_function("() => document.getElementById('03-valley').stage.values.learning_rate === 1")
    assert not [url for url in page.asked if "python-" in url or ".notebook.js" in url]
    plain = (site.folder / f"{PAGE}.html").read_text(encoding="utf-8")
    sources = re.compile(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"')
    assert sources.findall((alive / f"{PAGE}.html").read_text(encoding="utf-8")) == sources.findall(plain)
    assert page.trouble == [] and "data-python" not in plain


@pytest.mark.browser
@pytest.mark.slow
def test_two_sliders_a_drag_a_wrong_and_a_right_answer_and_an_endless_loop(page):
    stage = "document.getElementById('03-valley').stage"
    shown = f"() => JSON.stringify({stage}.conversation.shown) === JSON.stringify({stage}.values)"
    # the second slider of two: no table has both
    page.locator("[id='03-valley'] [data-control=condition_number] input[type=range]").press("End")
    page.locator(
        "[id='03-valley'] .oc-state", has_text=re.compile(r"\d+\.\d of 1\d\.\d MB|is starting")
    ).wait_for()
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 100]
    page.locator("[id='03-valley'] .oc-state").get_by_role("button", name="Cancel").click()
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 20]
    slider = "[id='03-valley'] [data-control=condition_number] input[type=range]"
    page.wait_for_selector(f"{slider}[aria-valuetext^='20']")  # at its end, the key would move nothing
    page.locator(slider).press("End")
    page.wait_for_function(shown)
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 100]

    place = page.evaluate(
        f"""() => {{ const [panel] = {stage}.panels, [x, y] = panel.view.at(...{stage}.values.start);
        const box = panel.picture.getBoundingClientRect(), k = {stage}.painter.scale;
        return [box.x + x * k, box.y + y * k]; }}"""
    )
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + 60, place[1] + 30, steps=4)
    page.mouse.up()
    page.wait_for_function(shown)
    x, y = page.evaluate(f"{stage}.values.start")
    assert x > -3 and y < 2

    box = page.locator(".box.exercise").first
    box.get_by_role("button", name="Edit").click()
    editor, answer = box.locator("textarea"), box.locator(".answer")
    assert "your code here" in editor.input_value()
    editor.fill(ANSWER.replace("-=", "+="))
    box.get_by_role("button", name="Check").click()
    answer.get_by_text("Your loop walks uphill").wait_for()
    editor.fill(ANSWER)
    box.get_by_role("button", name="Check").click()
    answer.get_by_text("3 of 3 points").wait_for()
    follows = page.locator("[id='03-valley-2']")
    follows.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.getElementById('03-valley-2').stage?.frame.runs.some((run) => run.name === 'your code')"
    )

    editor.fill("import itertools\nsum(itertools.count())")
    box.get_by_role("button", name="Run").click()
    box.get_by_text("Python is still working at this.").wait_for()
    box.get_by_role("button", name="Stop").click()
    box.get_by_text("Stopped.").wait_for()
    editor.fill("print(gradient_descent(lambda w: w, [1.0], 0.5, 1))")
    box.get_by_role("button", name="Run").click()
    answer.get_by_text("[0.5]").wait_for()  # the cell that had ended was run again
    assert page.trouble == []
    assert violations(page) == []
    page.trouble.clear()  # axe asks for the style sheets, which the page's policy forbids


@pytest.mark.browser
@pytest.mark.slow
def test_frames_of_the_page_are_those_of_cpython(page, alive, own_home):
    """All figures of lesson 03, without a reader's code, which a busy machine might end."""
    chance = random.Random(3)
    here = lesson_of(alive, PAGE)
    exercise = page.locator("[data-edit]").first.get_attribute("data-edit")
    page.evaluate(
        "([cell, source]) => optcourse.python.ask({ act: 'run', cell, source }, { say() {} })",
        [exercise, here.sources[exercise]],
    )
    cells = page.evaluate("[...document.querySelectorAll('[data-call]')].map((e) => e.dataset.call)")
    assert len(cells) == 9
    for cell in cells:
        figure = here.figure(cell)
        values = {control.name: chance.choice(control.values) for control in figure.controls}
        message = {"kind": "frame", "key": "k", "values": json.loads(json.dumps(values))}
        words, data = here.reply(cell, json.dumps(message))
        there, numbers = page.evaluate(ASK, [cell, message])
        assert same(json.loads(words), there), cell
        mine, theirs = (np.frombuffer(bytes(block), np.float32) for block in (data, bytes(numbers)))
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6, err_msg=cell)


def same(mine, theirs) -> bool:
    """Alike, numbers to nine digits: another machine adds in another order."""
    if isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, float):
        return mine == pytest.approx(theirs, rel=1e-9)
    return mine == theirs


@pytest.mark.browser
@pytest.mark.slow
def test_a_reload_brings_back_what_was_written_and_the_first_page_says_what_is_done(page, alive):
    page.reload()
    editor = page.locator(".box.exercise textarea").first
    editor.fill("x = 1  # not run")
    page.reload()
    assert editor.input_value() == "x = 1  # not run"
    assert page.evaluate("optcourse.python.awake") is False
    page.locator(".box.predict").first.get_by_role("radio").first.check()
    page.locator(".box.predict").first.get_by_role("button", name="Commit").click()
    page.asked.clear()
    page.goto((alive / "index.html").as_uri())
    done = page.locator("[data-done]")
    assert done.get_by_role("link", name="Go on with lesson 03").get_attribute("href") == f"{PAGE}.html"
    assert "◐ begun, " in page.locator("[data-lesson-row='03_gradient_descent']").inner_text()
    with page.expect_download() as download:
        done.get_by_role("button", name="Take it along").click()
    (own_folder := alive.parent / "home" / ".optcourse").mkdir(parents=True)
    download.value.save_as(own_folder / "progress.jsonl")
    reading = journal.read(own_folder / "progress.jsonl")
    assert reading.remarks == [] and reading.events[-1]["id"] == "03-larger-steps"
    assert page.trouble == []
    page.once("dialog", lambda dialog: dialog.accept())
    done.get_by_role("button", name="Erase it here").click()
    assert not done.is_visible() and page.evaluate("localStorage.length") == 0
    assert dropped_in(page) == 0 and page.evaluate("window.refused") >= 4
    page.trouble.clear()  # what was refused


@pytest.mark.browser
@pytest.mark.slow
def test_work_is_saved_as_a_notebook_that_is_graded(page, alive):
    page.goto((alive / f"{PAGE}.html").as_uri())
    box = page.locator(".box.exercise").first
    box.get_by_role("button", name="Edit").click()
    box.locator("textarea").fill(f"# größer, kleiner 🙂 \ud83d\n{ANSWER}")
    page.locator(".box.predict").first.get_by_role("radio").first.check()
    page.locator(".box.predict").first.get_by_role("button", name="Commit").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my work").click()
    page.get_by_text("with 1 cell that you wrote and 1 answer. ").wait_for()
    assert download.value.suggested_filename == f"{Path(PAGE).name}.ipynb"
    download.value.save_as(saved := alive.parent / "saved.ipynb")
    data = saved.read_bytes()
    assert not is_damaged(data) and json.loads(progress_in(data))["id"] == "03-larger-steps"
    notebook = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(notebook)
    given = nbformat.read(alive / f"{PAGE}.ipynb", as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in given.cells]
    marks = grade_notebook(saved, seed=1, sandboxed=False)
    assert (marks.lesson, marks.exercises[0].id, marks.exercises[0].points) == (
        "03",
        "03-gradient-descent",
        3,
    )
    assert page.trouble == []


def packed(file: Path) -> int:
    """What goes over the wire."""
    data = file.read_bytes()
    return len(data) if file.suffix in (".woff2", ".png") else len(gzip.compress(data))


@pytest.mark.slow
def test_what_a_reader_loads_keeps_to_its_budget(alive):
    assert sum(map(packed, alive.glob("python-*/*.js"))) < 11e6
    fonts = sum(
        packed(alive / "assets" / "fonts" / f"source-{name}-latin-wght-normal.woff2")
        for name in ("sans-3", "serif-4")
    )
    for path in (alive / "index.html", *alive.glob("lessons/*.html")):
        text = path.read_text(encoding="utf-8")
        shared = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', text)
        first = packed(path) + fonts + sum(packed(path.parent / name) for name in shared)
        figures = sum(
            packed(alive / "figures" / f"{name}.js") for name in set(re.findall(r'data-figure="(\w+)"', text))
        )
        assert first < 300_000 or path.name != "index.html", first
        assert first + figures < 2_000_000, (path.name, first + figures)


def test_every_page_of_a_site_with_python_has_a_policy_that_allows_a_worker_and_no_text_as_script():
    assert "worker-src blob:" in POLICY_WITH_PYTHON and "'unsafe-eval'" not in POLICY_WITH_PYTHON
    assert (
        "script-src 'self' file: 'wasm-unsafe-eval';" in POLICY_WITH_PYTHON
        and "connect-src" not in POLICY_WITH_PYTHON
    )


def test_a_distribution_without_numpy_gives_no_python_and_says_so(tmp_path):
    with pytest.raises(lite.LiteError, match="has no contourpy, NumPy, which the figures need"):
        python.lay(tmp_path, distribution(tmp_path / "d"))
    assert [path.name for path in tmp_path.iterdir()] == ["d"]
