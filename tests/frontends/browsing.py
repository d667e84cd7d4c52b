"""What the tests of front ends share: a page that may talk to one server only, and what is looked at in it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError

# Two frames: what was asked of the page before is drawn.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


# What a console may hold though nothing is wrong with the page.
HARMLESS = (
    # Jupyter puts a picture into the page a moment before it looks up where its attachment is.
    "ERR_UNKNOWN_URL_SCHEME attachment:",
    # anywidget 0.11 waits two seconds for a figure and then says this. The figure is drawn when it comes, but what its kernel
    # says does not reach it any more: who needs that runs the cell, or loads the page, again.
    "[anywidget] Failed to initialize model",
)


@dataclass
class Watched:
    """A page, and what went wrong in it. Requests to any other host are cut off and noted."""

    page: object
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    def complaints(self) -> list[str]:
        known = (*self.ignored, *HARMLESS)
        return [text for text in self.errors if not any(part in text for part in known)]


@contextmanager
def watched(page, base: str, ignored: tuple[str, ...] = ()) -> Iterator[Watched]:
    """At the end: no request to another host, no error in the console but the ignored ones."""
    seen = Watched(page, ignored=ignored)

    def guard(route):
        if route.request.url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.abort()

    page.context.route("**/*", guard)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            seen.errors.append(f"{message.text} {message.location.get('url', '')}")
            if message.type == "error"
            else None
        ),
    )
    yield seen
    assert seen.outside == [], seen.outside
    assert seen.complaints() == [], seen.complaints()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A plain web server for a folder of files; its address without a slash at the end."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def pixels(locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def move_by_keys(explorer, control: str, presses: int = 5) -> None:
    """Focus a slider and press the arrow key; picture, words and value must follow."""
    slider = explorer.locator(f"[data-control={control}] input[type=range]")
    canvas, words = explorer.locator(".oc-picture").first, explorer.locator(".oc-says")
    slider.scroll_into_view_if_needed()
    slider.focus()
    before, said = pixels(canvas), words.inner_text()
    value = slider.get_attribute("aria-valuetext")
    for _ in range(presses):
        explorer.page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != value
    words.filter(has_not_text=said).wait_for()  # where no table has come yet, the kernel answers
    after = pixels(canvas)
    assert before.shape == after.shape  # the layout does not jump
    assert (before != after).any()


def drag_slider(explorer, control: str, to: float = 0.25) -> None:
    """Drag a slider's thumb with the pointer; the picture must follow while it is held."""
    slider = explorer.locator(f"[data-control={control}] input[type=range]")
    canvas = explorer.locator(".oc-picture").first
    slider.scroll_into_view_if_needed()
    box, page = slider.bounding_box(), explorer.page
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    page.mouse.down()
    page.evaluate(SETTLED)
    before = canvas.evaluate("e => e.toDataURL()")
    page.mouse.move(box["x"] + box["width"] * to, middle, steps=8)
    page.wait_for_function("([e, old]) => e.toDataURL() !== old", arg=[canvas.element_handle(), before])
    page.mouse.up()


# Before a notebook asks for its kernel it is "idle" too, with none; who runs a cell then is asked to choose one.
IDLE = (
    "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"
    " && !/No Kernel/.test(document.querySelector('.jp-Toolbar-kernelName')?.textContent ?? 'No Kernel')"
)
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent)"


def run_all(page, tries: int = 20) -> None:
    """Run every cell from the menu, and wait until the last one has a number.

    A kernel may be called idle a moment before it is connected, and an order that comes too early is forgotten.
    """
    for _ in range(tries):
        page.wait_for_function(IDLE)
        try:
            page.locator(".lm-MenuBar-item", has_text="Run").click()
            page.locator(".lm-Menu").get_by_text("Run All Cells", exact=True).click()
        except TimeoutError as error:
            asked = page.locator(".jp-Dialog").all_inner_texts()
            raise AssertionError(f"JupyterLab asks something: {asked}") from error
        with contextlib.suppress(TimeoutError):  # then it was forgotten
            page.wait_for_function(f"{PROMPTS}.some(text => /\\[[*\\d]/.test(text))", timeout=10_000)
            break
    page.wait_for_function(f"{PROMPTS}.every(text => /\\d/.test(text))")
