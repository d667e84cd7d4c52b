"""What a web page with many figures costs: bytes from the disk, and the time until its first figure moves."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.core import Row
from tests.conftest import CHROMIUM_FLAGS, COURSE

PAGE = "lessons/03_gradient_descent.html"


def rows() -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    from optcourse.publishing.site.build import build

    if shutil.which("chromium") is None:
        yield "a page with many figures", "not measured: no chromium on the path", ""
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        build(COURSE, Path(folder) / "site", jobs=2)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        seconds = [first_figure(browser, Path(folder) / "site" / PAGE) for _ in range(5)]
        figures, read = everything(browser, Path(folder) / "site" / PAGE)
        browser.close()
    yield f"a page with {figures} figures, all looked at: bytes on the wire", f"{read:,}", "≤ 2,000,000"
    yield "the same: from opening it to its first figure that moves, s", f"{np.median(seconds):.2f}", "≤ 1"


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
