"""What a web page with many figures costs: bytes from the disk, the time until its first figure moves, and Python in the page."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.core import Row
from optcourse.publishing.lite import kept
from tests.conftest import CHROMIUM_FLAGS, COURSE

PAGE = "lessons/03_gradient_descent.html"
STAGE = "document.getElementById('03-valley').stage"
# Milliseconds from a value to the picture that shows it, of a figure that moves by its table or asks Python.
MOVED = """async ([name, value]) => {
    const { stage } = document.getElementById("03-valley"), began = performance.now();
    stage.adopt(name, value);
    stage.conversation.refresh();
    const same = () => JSON.stringify(stage.conversation.shown) === JSON.stringify(stage.values);
    const { port1, port2 } = new MessageChannel(); // a timer waits four milliseconds
    const at_once = (later) => { port1.onmessage = later; port2.postMessage(0); };
    const at_rest = (later) => setTimeout(later, 20); // while Python starts, which needs the cores itself
    while (!same()) await new Promise(optcourse.python.awake ? at_once : at_rest);
    return performance.now() - began;
}"""
CHECKED = """async ([sign]) => {
    const { python } = optcourse, place = document.querySelector("[data-edit]"), cell = place.dataset.edit;
    const began = performance.now();
    const check = document.querySelector(`[data-of="${place.dataset.exercise}"]`).dataset.check;
    const source = `def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps):
        w = w ${sign} learning_rate * compute_gradient(w)
    return w`;
    const { words } = await python.ask({ act: "check", cell, source, check }, { say() {} });
    return [performance.now() - began, words.events.some(({ status }) => status === "passed")];
}"""


def rows() -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    from optcourse.publishing.site.build import build

    if shutil.which("chromium") is None:
        yield "a page with many figures", "not measured: no chromium on the path", ""
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pyodide = os.environ.get("OPTCOURSE_PYODIDE") or kept(COURSE)
        build(COURSE, Path(folder) / "site", jobs=2, pyodide=pyodide)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        seconds = [first_figure(browser, Path(folder) / "site" / PAGE) for _ in range(5)]
        figures, read = everything(browser, Path(folder) / "site" / PAGE)
        python = list(python_rows(browser, Path(folder) / "site" / PAGE)) if pyodide else []
        browser.close()
    yield f"a page with {figures} figures, all looked at: bytes on the wire", f"{read:,}", "≤ 2,000,000"
    yield "the same: from opening it to its first figure that moves, s", f"{np.median(seconds):.2f}", "≤ 1"
    yield from python or [("Python in the page", "not measured: no Pyodide (docs/website.md)", "")]


def python_rows(browser, path: Path) -> Iterator[Row]:
    """The first two sliders of a figure together, then one with and one without its table, and a check."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(path.as_uri())
    page.locator("[id='03-valley']").scroll_into_view_if_needed()
    page.wait_for_selector("[id='03-valley'][data-ready]")
    page.evaluate(MOVED, ["learning_rate", 1])
    first = page.evaluate(MOVED, ["condition_number", 100])
    yield (
        "Python in the page: from the first value without a table to its picture, s",
        f"{first / 1000:.1f}",
        "≤ 3.2",
    )
    spec = page.evaluate(f"Object.fromEntries({STAGE}.spec.controls.map((one) => [one.name, one.values]))")
    page.evaluate(f"{STAGE}.reset()")
    tabled = [page.evaluate(MOVED, ["learning_rate", value]) for value in spec["learning_rate"][:30]]
    asked = [page.evaluate(MOVED, ["start", [x / 10, 1.0]]) for x in range(-20, 10)]
    yield "the same: a value with a table, ms", f"{np.median(tabled):.1f}", "≤ 12"
    yield "the same: a value without, ms", f"{np.median(asked):.0f}", "≤ 52"
    for sign, words, aim in (("-", "right", "≤ 65"), ("+", "wrong", "≤ 140")):
        taken = [page.evaluate(CHECKED, [sign]) for _ in range(5)]
        assert all(passed is (sign == "-") for _, passed in taken)
        yield f"the same: a check, {words}, ms", f"{np.median([ms for ms, _ in taken]):.0f}", aim
    page.close()


def first_figure(browser, path: Path) -> float:
    """Seconds from the start of the navigation until the first figure has its picture and its tables."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("figure.live .stage", state="attached")
    page.evaluate("document.querySelector('figure.live .stage').scrollIntoView()")
    page.wait_for_selector(".stage[data-ready]")
    taken = page.evaluate("performance.now() / 1000")
    page.close()
    return taken


def everything(browser, path: Path) -> tuple[int, int]:
    """The figures of a page and the bytes, packed, of all files that it has read when each has been looked at."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    read: set[Path] = set()
    page.on(
        "requestfinished",
        lambda request: read.add(
            Path(request.url.removeprefix("file://").partition("?")[0].partition("#")[0])
        ),
    )
    page.goto(path.as_uri())
    figures = page.locator("figure.live .stage")
    count = figures.count()
    for k in range(count):
        figures.nth(k).scroll_into_view_if_needed()
        page.wait_for_function(
            "k => document.querySelectorAll('figure.live .stage')[k].dataset.ready !== undefined", arg=k
        )
    # as every web server sends them
    size = sum(len(gzip.compress(file.read_bytes())) for file in read if file.is_file())
    page.close()
    return count, size
