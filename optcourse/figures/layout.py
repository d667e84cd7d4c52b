"""Where things stand in a picture: a panel's limits, its ticks, its words. In CSS pixels, from the top left.

`explorers/stage/axes.js` and `labels.js` do the same in the browser; tests/explorers/test_same_picture.py compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optcourse.figures.field import lines_of, nice, sample
from optcourse.figures.numbers import number, power
from optcourse.figures.scene import Field, Heat, Limits, Panel

Ticks = list[tuple[float, str]]
Place = tuple[float, float]

APART = 24  # px between the labels of two levels
CELL = 4  # px between the places at which a field is drawn
TURNS = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8)  # of a sixteenth of a circle each


def is_map(panel: Panel) -> bool:
    """A map shows two things that are alike as the axes of a plane; all else is a plot over its x."""
    return panel.field is not None or panel.equal or any(isinstance(mark, Heat) for mark in panel.marks)


def encoded_in(panel: Panel) -> str:
    """What a panel encodes, beside its title: the axes of a map stand on it, the y axis of a plot does not."""
    if is_map(panel):
        if panel.field is None:
            return ""
        return "colour and lines: loss" if panel.field.bands else "lines: loss"
    known = panel.ylabel.lower() in panel.title.lower()
    return ", ".join(filter(None, ["" if known else panel.ylabel, "log scale" * (panel.yscale == "log")]))


@dataclass(frozen=True)
class View:
    """A panel's box in the picture and the limits of what is seen in it."""

    panel: Panel
    left: float
    top: float
    width: float
    height: float
    xlim: Limits
    ylim: Limits

    def x(self, pixels: np.ndarray) -> np.ndarray:
        return self.xlim[0] + (pixels - self.left) / self.width * (self.xlim[1] - self.xlim[0])

    def y(self, pixels: np.ndarray) -> np.ndarray:
        return self.ylim[1] - (pixels - self.top) / self.height * (self.ylim[1] - self.ylim[0])

    def place(self, x: float, y: float) -> Place:
        """Of a value on linear axes."""
        across = (x - self.xlim[0]) / (self.xlim[1] - self.xlim[0])
        return self.left + across * self.width, self.top + (self.ylim[1] - y) / (
            self.ylim[1] - self.ylim[0]
        ) * self.height

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is in the box."""
        return bool(self.left <= x <= self.left + self.width and self.top <= y <= self.top + self.height)


def view_of(panel: Panel, left: float, top: float, width: float, height: float) -> View:
    """A map with equal axes widens its limits until they fill the box."""
    xlim, ylim = panel.xlim, panel.ylim
    if panel.equal:
        unit = min(width / (xlim[1] - xlim[0]), height / (ylim[1] - ylim[0]))
        xlim, ylim = _widened(xlim, width / unit), _widened(ylim, height / unit)
    return View(panel, left, top, width, height, xlim, ylim)


def _widened(ends: Limits, length: float) -> Limits:
    more = (length - (ends[1] - ends[0])) / 2
    return ends[0] - more, ends[1] + more


def ticks_of(view: View) -> tuple[Ticks, Ticks]:
    """(across, up)."""
    panel, gap = view.panel, 62 if is_map(view.panel) else 44
    across, up = panel.xticks, panel.yticks
    if across is None:
        ends = view.xlim
        across = (
            _log_ticks(*ends, view.width / 46) if panel.xscale == "log" else _ticks(*ends, view.width / gap)
        )
    if up is None:
        ends = view.ylim
        up = (
            _log_ticks(*ends, view.height / (22 if view.height < 110 else 38))
            if panel.yscale == "log"
            else _ticks(*ends, view.height / gap)
        )
    return _within(across, view.xlim), _within(up, view.ylim)


def _within(ticks: Sequence[tuple[float, str]], ends: Limits) -> Ticks:
    slack = (ends[1] - ends[0]) * 1e-9
    return [(v, words) for v, words in ticks if ends[0] - slack <= v <= ends[1] + slack]


def _ticks(lo: float, hi: float, room: float) -> Ticks:
    step = nice((hi - lo) / max(1.5, room))
    values = step * np.arange(np.ceil(lo / step - 1e-9), np.floor(hi / step + 1e-9) + 1)
    if max(abs(lo), abs(hi)) >= 1e5:
        return [(float(v), number(float(v))) for v in values]
    places = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return [(float(v), f"{0.0 if abs(v) < step / 1e6 else v:.{places}f}".replace("-", "−")) for v in values]


def _log_ticks(lo: float, hi: float, room: float) -> Ticks:
    a, b = int(np.ceil(np.log10(lo) - 1e-9)), int(np.floor(np.log10(hi) + 1e-9))
    if b - a < 1:
        values = [m * 10.0**e for e in range(a - 1, b + 2) for m in (1, 2, 5)]
        return [(v, f"{v:.2g}") for v in values if lo * 0.999 <= v <= hi * 1.001]
    every = max(1, int(nice((b - a) / max(1.5, room))))
    first = -(-a // every) * every
    return [(10.0**e, f"{10.0**e:g}" if -1 <= e <= 2 else power(e)) for e in range(first, b + 1, every)]


@dataclass(frozen=True)
class Grid:
    """A field at places all over a box, and one place beyond it on each side."""

    values: np.ndarray
    left: float
    top: float

    @property
    def low(self) -> float:
        return float(self.values[1:-1, 1:-1].min())

    @property
    def high(self) -> float:
        return float(self.values[1:-1, 1:-1].max())

    def at(self, x: float, y: float) -> float:
        rows, columns = self.values.shape
        u = min(max((x - self.left) / CELL, 0.0), columns - 1.001)
        v = min(max((y - self.top) / CELL, 0.0), rows - 1.001)
        i, j = int(u), int(v)
        (a, b), (c, d) = self.values[j : j + 2, i : i + 2]
        s, t = u - i, v - j
        return float((a * (1 - s) + b * s) * (1 - t) + (c * (1 - s) + d * s) * t)


def grid_of(field: Field, view: View) -> Grid:
    left, top = view.left - CELL, view.top - CELL
    across = left + CELL * np.arange(int(np.ceil(view.width / CELL)) + 3)
    down = top + CELL * np.arange(int(np.ceil(view.height / CELL)) + 3)
    return Grid(sample(field, view.x(across), view.y(down)), left, top)


def level_labels(grid: Grid, field: Field, view: View, minimum: Place | None, start: Place | None,
                 avoid: Sequence[tuple[float, float, float]] = ()) -> list[tuple[float, float, float]]:  # fmt: skip
    """(x, y, level) of each written level: along one ray from the minimum, away from the start, off what is to be avoided."""
    levels = lines_of(field, grid.low, grid.high)
    if minimum is None:
        row, column = np.unravel_index(np.argmin(grid.values), grid.values.shape)
        minimum = (grid.left + CELL * float(column), grid.top + CELL * float(row))
    away = np.arctan2(minimum[1] - start[1], minimum[0] - start[0]) + 0.35 if start else 0.6
    whole = view.width + view.height
    across = [(view.left + view.width * part, view.top + view.height / 2) for part in (0.5, 0.25, 0.75)]
    best: list = []
    # Else along a line.
    for origin, near, enough in ((minimum, 0.0, 3), *((at, -whole / 2, 2) for at in across)):
        for turn in TURNS:
            ray = (*origin, float(away + turn * np.pi / 8), near)
            found = _along_ray(grid, view, levels, ray, avoid)
            best = found if len(found) > len(best) else best
            if len(best) >= enough:
                return best
        if len(best) >= 2:
            return best
    return best


def _along_ray(
    grid: Grid,
    view: View,
    levels: Sequence[float],
    ray: tuple[float, float, float, float],
    avoid: Sequence[tuple[float, float, float]],
) -> list[tuple[float, float, float]]:
    """Along a ray (x, y, angle, where on it to begin), over the whole box."""
    found: list[tuple[float, float, float]] = []
    dx, dy = np.cos(ray[2]), np.sin(ray[2])
    right, bottom = view.left + view.width, view.top + view.height
    before = None
    for far in np.arange(ray[3], ray[3] + view.width + view.height, 2):
        x, y = ray[0] + far * dx, ray[1] + far * dy
        if not view.holds(x, y):
            before = None
            continue
        here, last = grid.at(x, y), before
        before = here
        if last is None or not (view.left + 34 <= x <= right - APART and view.top + 14 <= y <= bottom - 32):
            continue
        level = next((v for v in levels if min(last, here) < v <= max(last, here)), None)
        if level is None:
            continue
        if found and (found[-1][2] == level or np.hypot(x - found[-1][0], y - found[-1][1]) < APART):
            continue
        if any(np.hypot(x - px, y - py) < APART + r for px, py, r in avoid):
            continue
        if x > right - 66 and y < view.top + 155:  # where the browser has its buttons
            continue
        if x > right - 116 and y > bottom - 53:  # where the corner says how much arrows are stretched
            continue
        found.append((float(x), float(y), level))
    return found


def apart(at: Sequence[float], tall: Sequence[float], lo: float, hi: float) -> list[float]:
    """The middles of words at the ends of lines, so that none meets another: each as near as can be to where it would stand."""
    order = np.argsort(at, kind="stable")
    y = [0.0] * len(at)
    edge = lo
    for k in order:
        y[k] = max(at[k], edge + tall[k] / 2)
        edge = y[k] + tall[k] / 2
    edge = hi
    for k in order[::-1]:
        y[k] = min(y[k], edge - tall[k] / 2)
        edge = y[k] - tall[k] / 2
    return y
