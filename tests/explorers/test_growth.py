"""What grows: thousands of moves leave a figure no larger than its caches, and a figure that is closed leaves nothing."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from optcourse.explorers import stage
from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.explorers.page import packed
from tests.explorers.examples import EveryMark


def moved(explorer, rng: np.random.Generator, count: int) -> None:
    """Ask for single frames at random settings of all controls."""
    for _ in range(count):
        values = {c.name: c.values[int(rng.integers(len(c.values)))] for c in explorer.controls}
        words, _ = explorer.reply({"kind": "frame", "key": "f", "values": values})
        assert words["kind"] == "frame", words


@pytest.mark.parametrize("figure", [EveryMark, ValleyExplorer])
def test_moves_leave_the_kernel_no_larger(figure):
    """The first moves fill what is remembered of landscapes (at most 128 of them); from then on nothing is added."""
    explorer, rng = figure(), np.random.default_rng(0)
    tracemalloc.start()
    try:
        moved(explorer, rng, 300)
        before = tracemalloc.get_traced_memory()[0]
        moved(explorer, rng, 300)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 500_000 and before < 10_000_000, (before, grown)


COUNT = """async ([data, times, close]) => {
  const model = { get: (key) => data[key], on() {}, off() {}, send() {} };
  const bytes = Uint8Array.from(atob(data.numbers), (c) => c.charCodeAt(0));
  data.first_data = new DataView(bytes.buffer);
  for (let k = 0; k < times; k++) {
    const el = document.body.appendChild(document.createElement("div"));
    const end = render({ model, el });
    await new Promise((done) => setTimeout(done, 5));
    if (close) end();
    el.remove();
  }
}"""


@pytest.mark.browser
def test_a_figure_that_is_closed_leaves_no_listener(chromium):
    """JupyterLab makes a figure anew when its cell is run or moved. One that is not closed is seen to stay: the check bites."""
    explorer = EveryMark()
    data = packed(explorer)
    given = {
        "spec": data["spec"],
        "values": data["values"],
        "first": data["first"]["meta"],
        "numbers": data["first"]["data"],
    }
    page = chromium.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def listeners() -> int:
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(int(one["value"]) for one in metrics if one["name"] == "JSEventListeners")

    page.set_content(f"<script>{stage.script()}</script>")
    page.evaluate(COUNT, [given, 3, True])
    before = listeners()
    page.evaluate(COUNT, [given, 40, True])
    closed = listeners() - before
    page.evaluate(COUNT, [given, 40, False])
    left = listeners() - before - closed
    page.close()
    assert closed <= 5 < 40 <= left
