"""An axis in one line, and a panel of two axes that keeps its marks within what can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optcourse.figures.scene import Arrows, Band, Bars, Limits, Line, Mark, Panel, Points, Rule


@dataclass(frozen=True)
class Axis:
    """One axis of a panel: its words, its ends, its ticks.

    `keep` is the range outside which a number is drawn at the end of the range: infinity, and zero on a logarithmic
    axis, have no place of their own. NaN stays NaN, and lifts the pen.
    """

    label: str
    lo: float
    hi: float
    scale: str = "linear"
    ticks: Sequence[tuple[float, str]] | None = None
    keep: Limits | None = None

    def inside(self, value: float) -> float:
        """The value, or the nearest at which a marker is still seen whole: a handle must not leave its panel."""
        if self.scale == "log":
            return float(np.clip(value, self.lo * 2, self.hi / 2))
        margin = 0.025 * (self.hi - self.lo)
        return float(np.clip(value, self.lo + margin, self.hi - margin))

    def kept(self, values: Any) -> Any:
        return values if self.keep is None else np.clip(values, *self.keep)


def axis(label: str, lo: float, hi: float, **more: Any) -> Axis:
    return Axis(label, lo, hi, **more)


def log_axis(label: str, lo: float, hi: float, **more: Any) -> Axis:
    return Axis(label, lo, hi, "log", **more)


def panel(x: Axis, y: Axis, marks: Sequence[Mark], title: str = "", **more: Any) -> Panel:
    """A panel with these axes; its marks are clipped to what each axis keeps. `more` is `equal` or `weight`."""
    scales = {"xscale": x.scale, "yscale": y.scale, "xticks": x.ticks, "yticks": y.ticks}
    kept = [_kept(mark, x, y) for mark in marks] if x.keep or y.keep else marks
    return Panel(x.label, y.label, (x.lo, x.hi), (y.lo, y.hi), kept, title, **scales, **more)


def _kept(mark: Mark, x: Axis, y: Axis) -> Mark:
    if isinstance(mark, Rule):
        across = x if mark.axis == "x" else y
        return replace(mark, at=float(across.kept(mark.at)))
    if not isinstance(mark, Line | Band | Points | Bars | Arrows):
        return mark
    place = {"x": x, "y": y, "top": y, "height": y}
    return replace(mark, **{name: place[name].kept(v) for name, v in mark.arrays().items() if name in place})
