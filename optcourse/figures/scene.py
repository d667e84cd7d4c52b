"""A scene is a live figure as data: panels with axes, marks in data coordinates, and the words that say what is seen.

Two renderers take the same scene: `figures.render` (matplotlib: saved notebooks, print, tests) and `explorers/stage.js`
(canvas: live). A mark with `by_step` knows every step of a run at once, so that stepping and playing need no new scene:

- `by_step="upto"`: entries 0..step are drawn (a path that grows);
- `by_step="at"`: only entry `step` is drawn (the current point, the current arrow, the current bars).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike

from optcourse.figures.palette import DASHES, HEATS, ROLES

Limits = tuple[float, float]
SHAPES = ("circle", "square", "triangle", "down", "cross", "plus", "diamond", "star", "ring", "bar", "none")


@dataclass
class Mark:
    """What every mark has: a role (colour, dash and shape come from it) and a label for the legend."""

    role: str = field(default="path", kw_only=True)
    label: str = field(default="", kw_only=True)
    by_step: str | None = field(default=None, kw_only=True)
    alpha: float = field(default=1.0, kw_only=True)

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            f.name: np.asarray(getattr(self, f.name), dtype=float)
            for f in fields(self)
            if f.name in ("x", "y", "u", "v", "values", "height")
        }


@dataclass
class Line(Mark):
    """A polyline through (x, y); NaN lifts the pen. `marker` draws a small shape at every vertex.

    A line whose dash is not its role's own (quartiles, a second coordinate), and the learner's line, carry a few of
    their role's shapes, because neither may be told by its colour alone.
    """

    x: ArrayLike
    y: ArrayLike
    width: float = field(default=2.0, kw_only=True)
    dash: str | None = field(default=None, kw_only=True)
    marker: bool = field(default=False, kw_only=True)


@dataclass
class Points(Mark):
    """Markers at (x, y), `size` pixels across.

    `drag` names the control that dragging the first of them moves: a point, or a slider by its x. A point drawn in
    turned axes has `drag_basis` (a, b, c, d): (u, v) on the panel is (a u + b v, c u + d v) for the control.
    """

    x: ArrayLike
    y: ArrayLike
    size: float = field(default=9.0, kw_only=True)
    shape: str | None = field(default=None, kw_only=True)
    drag: str | None = field(default=None, kw_only=True)
    drag_basis: tuple[float, float, float, float] | None = field(default=None, kw_only=True)


@dataclass
class Arrows(Mark):
    """Arrows from (x, y) to (x + u, y + v)."""

    x: ArrayLike
    y: ArrayLike
    u: ArrayLike
    v: ArrayLike
    width: float = field(default=2.0, kw_only=True)


@dataclass
class Bars(Mark):
    """Bars at x with the given height, from `base`. With by_step="at", height has one row a step."""

    x: ArrayLike
    height: ArrayLike
    width: float = field(default=0.8, kw_only=True)
    base: float = field(default=0.0, kw_only=True)


@dataclass
class Span(Mark):
    """A band lo..hi across the panel, along axis "x" or "y"."""

    axis: str
    lo: float
    hi: float


@dataclass
class Rule(Mark):
    """A straight line across the panel at a value of axis "x" (vertical) or "y" (horizontal)."""

    axis: str
    at: float
    dash: str | None = field(default=None, kw_only=True)


@dataclass
class Text(Mark):
    """Words at (x, y), in data coordinates. align is "left", "center" or "right"; `above` lifts it by some pixels."""

    x: float
    y: float
    text: str
    align: str = field(default="left", kw_only=True)
    above: float = field(default=6.0, kw_only=True)


@dataclass
class Heat(Mark):
    """A coloured grid: values (rows, columns), row 0 at the bottom, over `extent` (xlo, xhi, ylo, yhi), scaled lo..hi."""

    values: ArrayLike
    extent: tuple[float, float, float, float]
    lo: float
    hi: float
    colors: str = field(default="terrain", kw_only=True)
    smooth: bool = field(default=True, kw_only=True)


@dataclass
class Panel:
    """Axes and what is on them. Limits are always given: a picture that rescales while a slider moves cannot be read."""

    xlabel: str
    ylabel: str
    xlim: Limits
    ylim: Limits
    marks: Sequence[Mark]
    title: str = ""
    xscale: str = "linear"
    yscale: str = "linear"
    equal: bool = False
    xticks: Sequence[tuple[float, str]] | None = None
    yticks: Sequence[tuple[float, str]] | None = None
    weight: float = 1.0


@dataclass
class Narration:
    """One sentence a step: `template` holds {t} for the step and {0:.3g}-like fields for row `step` of numbers (steps, k).

    Only the formats `{i:.Ng}`, `{i:.Nf}`, `{i:.Ne}` and `{i:d}` are used, because the browser fills them too.
    """

    template: str
    numbers: ArrayLike
    last: str = ""

    def at(self, step: int) -> str:
        rows = np.asarray(self.numbers, dtype=float)
        if step >= len(rows) and self.last:
            return self.last
        row = rows[min(step, len(rows) - 1)]
        return self.template.replace("{t}", str(step)).format(*[_int_if_whole(v) for v in row])


def _int_if_whole(value: float) -> float | int:
    return int(value) if np.isfinite(value) and value == int(value) else float(value)


@dataclass
class Scene:
    """Panels side by side, one sentence that says what is seen now (`says`, also the alt text), and a run's length.

    `num_steps` is given where marks or narration go by step. `slider_marks` puts labelled ticks on a slider's own scale:
    {"learning_rate": [(0.5, "limit")]}. `notice` is for what a person must know, such as an error in their code.
    """

    panels: Sequence[Panel]
    says: str
    num_steps: int | None = None
    narration: Narration | None = None
    slider_marks: dict[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    notice: str = ""

    def problems(self) -> list[str]:
        """What would make this scene unreadable: an unlabelled axis, limits that are not numbers, arrays of unequal length."""
        found = [] if self.says.strip() else ["the scene does not say what is seen (says is empty)"]
        for number, panel in enumerate(self.panels, 1):
            where = f"panel {number} ({panel.title or panel.xlabel})"
            found += [f"{where}: {p}" for p in _panel_problems(panel, self.num_steps)]
        return found


def _panel_problems(panel: Panel, num_steps: int | None) -> list[str]:
    found = []
    for axis in "xy":
        lo, hi = getattr(panel, axis + "lim")
        if not getattr(panel, axis + "label").strip():
            found.append(f"the {axis} axis has no label")
        if not (np.isfinite(lo) and np.isfinite(hi) and lo < hi):
            found.append(f"the {axis} axis has limits {lo}..{hi}")
        if getattr(panel, axis + "scale") == "log" and lo <= 0:
            found.append(f"the {axis} axis is logarithmic and starts at {lo}")
    for mark in panel.marks:
        found += [f"{type(mark).__name__} {mark.label!r}: {p}" for p in _mark_problems(mark, num_steps)]
    return found


def _mark_problems(mark: Mark, num_steps: int | None) -> list[str]:
    found = []
    if mark.role not in ROLES:
        found.append(f"unknown role {mark.role!r}")
    if getattr(mark, "dash", None) not in (None, *DASHES):
        found.append(f"unknown dash {mark.dash!r}")
    if getattr(mark, "shape", None) not in (None, *SHAPES):
        found.append(f"unknown shape {mark.shape!r}")
    if isinstance(mark, Heat) and mark.colors not in HEATS:
        found.append(f"unknown colours {mark.colors!r}")
    if mark.by_step and num_steps is None:
        found.append("goes by step, but the scene has no num_steps")
    arrays = mark.arrays()
    lengths = {a.shape[0] if a.ndim else 1 for name, a in arrays.items() if name not in ("values", "height")}
    if len(lengths) > 1:
        found.append(f"arrays of different lengths {sorted(lengths)}")
    return found
