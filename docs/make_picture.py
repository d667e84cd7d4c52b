"""Makes the pictures in README: a saved explorer is opened in Chromium, its sliders are moved, and it is photographed.

python docs/make_picture.py

docs/explorer.webp moves: a run is walked step by step, then a slider goes to and fro. docs/explorer.png is one still of it,
for whoever has asked for less motion.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from optcourse.explorers.lesson_05 import PathExplorer
from optcourse.explorers.page import write_page

HERE = Path(__file__).parent
WINDOW = {"width": 900, "height": 900}  # README is shown 830 to 1012 wide
STEPS = 24  # of the run, one a picture
STILL = 9  # the step of the still
TURNS = (40, 46, 28, 40)  # notches of the slider between which it goes: rho 0.8, 0.92, 0.56, 0.8
TIMES = 3  # that it is shown; then it rests
STEP, NOTCH, REST = 160, 90, 1500  # milliseconds that a picture stands
SETTLED = """() => new Promise((done) => {
    const after = (n) => (n ? requestAnimationFrame(() => after(n - 1)) : done());
    after(3);
})"""


def photograph(page: Page) -> Image.Image:
    """The figure as it is drawn now, down to the last slider."""
    page.evaluate(SETTLED)
    figure = page.locator(".oc-explorer").bounding_box()
    slider = page.locator("[data-control=num_steps]").bounding_box()
    height = slider["y"] + slider["height"] + 8 - figure["y"]
    return Image.open(io.BytesIO(page.screenshot(clip={**figure, "height": height}))).convert("RGB")


def put(slider: Locator, value: float) -> None:
    slider.evaluate("(e, value) => { e.value = value; e.dispatchEvent(new Event('input')); }", value)


def pictures(page: Page) -> tuple[list[Image.Image], list[int]]:
    """What moves, and how long each picture stands. The one with the number STILL is that step of the run."""
    shown, long = [], []

    def take(stands: int) -> None:
        shown.append(photograph(page))
        long.append(stands)

    run, rho = (page.locator(f"{part} input[type=range]").first for part in (".oc-bar", "[data-control=rho]"))
    for step in range(STEPS + 1):
        put(run, step)
        take(STEP)
    put(run, run.get_attribute("max"))
    take(REST)
    for here, there in pairwise(TURNS):
        way = 1 if there > here else -1
        for notch in range(here + way, there + way, way):
            put(rho, notch)
            take(NOTCH)
        long[-1] = REST
    return shown, long


def with_few_colours(shown: list[Image.Image]) -> list[Image.Image]:
    """Each pixel in the nearest of the most frequent colours of the still: then most of a picture is the one before."""
    counts = sorted(shown[STILL].getcolors(maxcolors=2**24), reverse=True)[:256]
    kept = np.array([colour for _, colour in counts])
    found = []
    for image in shown:
        codes, places = np.unique(np.asarray(image).astype(int) @ (1 << 16, 1 << 8, 1), return_inverse=True)
        pixels = codes[:, None] >> (16, 8, 0) & 255
        nearest = ((pixels[:, None] - kept) ** 2).sum(axis=-1).argmin(axis=1)
        found.append(Image.fromarray(kept[nearest][places].reshape(*image.size[::-1], 3).astype(np.uint8)))
    return found


def make(folder: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("No chromium on the path. Install it (sudo apt install chromium) and run this again.")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        page_file = write_page(PathExplorer(), Path(scratch) / "valley.html")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport=WINDOW).new_page()
        page.goto(page_file.as_uri())
        page.locator(".oc-explorer canvas").first.wait_for()
        shown, long = pictures(page)
        browser.close()
    shown = with_few_colours(shown)
    shown[STILL].quantize(256).save(folder / "explorer.png", optimize=True)
    first, *others = shown
    first.save(
        folder / "explorer.webp", save_all=True, append_images=others, duration=long, loop=TIMES, lossless=True,
        quality=60, method=3, kmin=len(shown), kmax=len(shown) + 1,
    )  # fmt: skip


if __name__ == "__main__":
    make(HERE)
    print(f"wrote {HERE / 'explorer.webp'} and {HERE / 'explorer.png'}")
