"""`python3 course.py bench`: repeat the measurements; every row is measured side by side in this one run.

Writes benchmarks/RESULTS.md with the date and the versions. `--only sliders` (or `page`, `core`, `grading`) runs one part.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# One thread for every library: the matrices are small, and threads that wait for each other would be measured instead.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

from benchmarks import core, figure, grading, page, sliders  # noqa: E402  (the lines above must come first)

RESULTS = Path(__file__).parent / "RESULTS.md"
VERSIONS = (
    "numpy",
    "jupyterlab",
    "ipywidgets",
    "anywidget",
    "matplotlib",
    "ipympl",
    "torch",
    "optax",
    "jax",
    "scipy",
    "numdifftools",
)


def slider_rows() -> Iterator[core.Row]:
    if shutil.which("chromium") is None:
        yield "slider to pixels", "not measured: no chromium on the path", ""
        return
    found = sliders.measure()
    ours, echo = found["ours"], found["echo"]
    for design in sliders.DESIGNS:
        values = found[design]
        aim = "≤ 17 (25)" if design == "ours" else ""
        yield (
            f"slider to pixels, {design}: median (95 %), ms",
            f"{values['median']:.0f} ({values['p95']:.0f})",
            aim,
        )
    yield "the same: ours / echo floor", f"{ours['median'] / echo['median']:.2f}", "≤ 0.6"
    yield "the same: interact / ours", f"{found['interact']['median'] / ours['median']:.1f}", "≥ 10"
    yield "the same: ipympl / ours", f"{found['ipympl']['median'] / ours['median']:.1f}", "≥ 4"
    yield "drag, pictures a second: ours", f"{ours['pictures_a_second']:.0f}", "≥ 50"
    yield "first picture after the cell starts, s", f"{sliders.first_picture():.2f}", "≤ 0.5"
    median, late = ours["pointer_ms"]
    yield "a pointer over the map, script: median (95 %), ms", f"{median:.1f} ({late:.1f})", "≤ 4"
    yield "drag, still drawing after release, ms: ours", f"{ours['late_ms']:.0f}", "≤ 50"


def frame_rows() -> Iterator[core.Row]:
    from benchmarks.figure import Same
    from optcourse.explorers.packing import pack

    explorer = Same()
    [frame] = core.best(lambda: core_frame(explorer), repeat=30)
    [table] = core.best(lambda: explorer.table("learning_rate", explorer.values), repeat=5)
    size = len(pack(*explorer.table("learning_rate", explorer.values)))
    frames = len(explorer.controls[0].values)
    yield "kernel time for one frame (200 steps), ms", f"{1000 * frame:.1f}", "≤ 2"
    yield f"kernel time for a table of {frames} frames, ms", f"{1000 * table:.0f}", "≤ 40"
    yield f"bytes of a table of {frames} frames, as sent", f"{size:,}", "≤ 200,000"


def table_rows() -> Iterator[core.Row]:
    """The first table of each control of every figure: the slowest, and the largest on the wire."""
    found = list(figure.every_first_table())
    seconds, where = max((seconds, where) for where, seconds, _ in found)
    yield f"slowest first table of {len(found)} controls ({where}), ms", f"{1000 * seconds:.0f}", "≤ 150"
    size, where = max((size, where) for where, _, size in found)
    yield f"largest table of {len(found)} controls ({where}), bytes as sent", f"{size:,}", "≤ 200,000"


def core_frame(explorer) -> None:
    from optcourse.figures.encode import encode

    encode([explorer.scene(learning_rate=0.7)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("core", "grading", "page", "sliders"))
    options = parser.parse_args()
    parts = {
        "sliders": [slider_rows],
        "page": [page.rows],
        "core": [frame_rows, table_rows, *core.ALL],
        "grading": [grading.rows],
    }
    chosen = [part for name, group in parts.items() if options.only in (None, name) for part in group]
    rows: list[core.Row] = []
    for number, part in enumerate(chosen, 1):
        began = time.perf_counter()
        print(f"[{number}/{len(chosen)}] {part.__name__} …", flush=True)
        for row in part():
            rows.append(row)
            print("   " + "  ".join(cell for cell in row if cell), flush=True)
        print(f"   {time.perf_counter() - began:.0f} s", flush=True)
    if options.only is None:
        RESULTS.write_text(table(rows), encoding="utf-8")
        print(f"wrote {RESULTS}")


def table(rows: list[core.Row]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    lines = [
        f"Measured on {datetime.date.today()} with `python3 course.py bench`: {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}.",
        "",
        "| what | measured | aim |",
        "|---|---|---|",
        *(f"| {what} | {measured} | {aim} |" for what, measured, aim in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
