"""Slider to pixels in a real JupyterLab and a real Chromium: `interact`, ipympl and our explorers, the echo floor beside them.

The same figure in every design: contours, a 200-step path and a loss curve. Time runs from the key press (the event's
own time stamp) to the first display frame in which pixels differ.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat
import numpy as np

COMMON = """
import numpy as np, matplotlib.pyplot as plt, ipywidgets as widgets
from optcourse.descent import descend
from optcourse.objectives import quadratic
from optcourse.optimizers import GradientDescent
bowl = quadratic(10.0)
grid = np.stack(np.meshgrid(np.linspace(-4, 4, 72), np.linspace(-4, 4, 72)))
def run(learning_rate):
    return descend(bowl, GradientDescent(learning_rate), (-3.0, 2.0), 200)
def picture(axes, learning_rate):
    trace = run(learning_rate)
    axes[0].contour(*grid, bowl.value(grid), 14)
    axes[0].plot(*trace.w.T, "o-", ms=3)
    axes[1].semilogy(trace.loss)
    axes[1].set_ylim(1e-30, 1e2)
slider = widgets.FloatSlider(0.5, min=0.05, max=1.95, step=0.01)
"""

DESIGNS = {
    "echo": "label = widgets.Label(' ')\nlabel.add_class('watched')\n"
    "slider.observe(lambda c: setattr(label, 'value', str(c.new)), 'value')\nwidgets.VBox([slider, label])",
    "interact": "%matplotlib inline\n@widgets.interact(learning_rate=slider)\ndef show(learning_rate):\n"
    "    figure, axes = plt.subplots(1, 2, figsize=(9, 4))\n    picture(axes, learning_rate)\n    plt.show()",
    "ipympl": "%matplotlib widget\nplt.ioff()\nfigure, axes = plt.subplots(1, 2, figsize=(9, 4))\npicture(axes, 0.5)\n"
    "line, loss = axes[0].lines[0], axes[1].lines[0]\n"
    "def move(change):\n    trace = run(change.new)\n    line.set_data(*trace.w.T)\n"
    "    loss.set_ydata(trace.loss)\n    figure.canvas.draw_idle()\n"
    "slider.observe(move, 'value')\nwidgets.VBox([slider, figure.canvas])",
    "ours": "from benchmarks.figure import Same\nexplorer = Same()\nexplorer",
}

WATCH = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")


def measure(presses: int = 80) -> dict[str, dict[str, float]]:
    """For each design: median and 95 % of slider to pixels in ms, and pictures a second while dragging."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_FLAGS, start_lab, stop_tree

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        server = start_lab(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
                )
                for design in DESIGNS:
                    print(f"  slider to pixels: {design} …", flush=True)
                    results[design] = _measure_one(browser, server, design, presses)
                browser.close()
        finally:
            stop_tree(server.process)
    return results


def open_notebook(browser, server, design: str):
    """A fresh page with the design's notebook open and both of its cells run."""
    here = Path(__file__).resolve().parents[1]
    cells = [f"import sys; sys.path.insert(0, {str(here)!r})\n{COMMON}", DESIGNS.get(design, DESIGNS["ours"])]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, server.root / f"{design}.ipynb")
    page = browser.new_context(viewport={"width": 1300, "height": 1000}).new_page()
    page.goto(server.notebook_url(f"{design}.ipynb"))
    page.wait_for_selector(".jp-CodeCell")
    page.wait_for_timeout(2500)
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    return page


def _measure_one(browser, server, design: str, presses: int) -> dict[str, float]:
    page = open_notebook(browser, server, design)
    ours = design == "ours"
    handle = "[data-control=learning_rate] input[type=range]" if ours else ".noUi-handle"
    page.wait_for_selector(handle, timeout=60_000)
    page.wait_for_timeout(3000)
    page.locator(handle).first.focus()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH, design)
    rng = np.random.default_rng(0)
    for k in range(presses):
        page.keyboard.press("ArrowRight" if k < presses // 2 else "ArrowLeft")
        page.wait_for_timeout(float(rng.uniform(60, 110)) + (300 if design in ("interact", "ipympl") else 0))
    page.wait_for_timeout(600)
    times = np.array(page.evaluate("window.times"))
    drag = _drag(page, handle, ours)
    if ours:
        drag["pointer_ms"] = page.evaluate(POINTER)
    page.context.close()
    return {
        "median": float(np.median(times)),
        "p95": float(np.quantile(times, 0.95)),
        "answered": len(times) / presses,
        **drag,
    }


def _drag(page, handle: str, ours: bool) -> dict[str, float]:
    """Drag the slider to and fro for two seconds; pictures a second, and what is still drawn after release."""
    box = page.locator(handle).first.bounding_box()
    width = box["width"] if ours else 180
    x0, y = box["x"] + (box["width"] * 0.3 if ours else box["width"] / 2), box["y"] + box["height"] / 2
    page.mouse.move(x0, y)
    page.mouse.down()
    page.evaluate("window.frames = 0; window.began = performance.now()")
    for k in range(400):
        page.mouse.move(x0 + width * 0.3 * abs(np.sin(k / 30)), y)
    page.mouse.up()
    seconds, frames = page.evaluate(
        "window.released = performance.now(), [(window.released - window.began) / 1000, window.frames]"
    )
    page.wait_for_timeout(1000)
    late = page.evaluate("Math.max(0, window.last - window.released)")
    return {"pictures_a_second": frames / seconds, "late_ms": late}


# What one move of a pointer over the map costs in script: the level through it, its tag, the rule in the curve, the values.
POINTER = """async () => {
  const { panels } = document.querySelector('.oc-explorer').parentElement.stage, { picture } = panels[0], taken = [];
  const { left, top, width, height } = picture.getBoundingClientRect();
  for (let k = 0; k < 400; k++) {
    const x = left + width * (0.05 + 0.9 * ((k * 37) % 100) / 100), y = top + height * (0.05 + 0.9 * ((k * 61) % 100) / 100);
    const move = new PointerEvent('pointermove', { bubbles: true, pointerId: 1, pointerType: 'mouse', clientX: x, clientY: y });
    const began = performance.now();
    picture.dispatchEvent(move);
    taken.push(performance.now() - began);
    if (k % 4 === 3) await new Promise(requestAnimationFrame);
  }
  taken.sort((a, b) => a - b);
  return [taken[200], taken[380]];
}"""


def first_picture(design: str = "ours", repeat: int = 5) -> float:
    """Seconds from running the cell to the first drawn canvas, the median of some runs; modules already imported."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_FLAGS, start_lab, stop_tree

    with tempfile.TemporaryDirectory() as folder:
        server = start_lab(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
                )
                page = open_notebook(browser, server, "first")
                page.wait_for_selector(".oc-explorer canvas")
                taken = []
                for _ in range(repeat):
                    page.wait_for_timeout(500)
                    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-editor").click()
                    page.evaluate(FIRST)
                    page.keyboard.press("Control+Enter")
                    page.wait_for_function("window.first !== undefined")
                    taken.append(page.evaluate("window.first") / 1000)
                browser.close()
        finally:
            stop_tree(server.process)
    return float(np.median(taken))


# The old canvas is marked, so that only a new one counts; the clock starts with the key press that runs the cell.
FIRST = """() => {
  window.first = undefined;
  document.querySelectorAll('.oc-picture').forEach((canvas) => { canvas.dataset.old = 'yes'; });
  const pressed = (event) => { if (event.key === 'Enter') window.pressed = event.timeStamp; };
  window.addEventListener('keydown', pressed, {capture: true});
  const tick = () => {
    const canvas = document.querySelector('.oc-picture:not([data-old])');
    if (canvas && canvas.width > 200 && window.pressed) { window.first = performance.now() - window.pressed; return; }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
