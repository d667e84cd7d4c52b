"""A scene is a live figure as data: panels with axes, marks in data coordinates, and the words that say what is seen.

The shortest one that has everything, a map with its loss curve:

    bowl = lecture_bowl()
    run = descend(bowl, Momentum(0.1, 0.8), (-3.0, 1.5), 40)
    Scene(
        panels=[
            parts.plane_panel(bowl, parts.run_marks(run, "momentum", role="momentum", drag="start"), "the valley from above"),
            parts.loss_panel([(run.loss, "momentum", "momentum")], 40),
        ],
        says=f"Momentum ends at loss {run.loss[-1]:.3g}.",
        num_steps=40,
    )

- The landscape is a `Field`: raw losses on a coarse grid. Bands, lines and their labels, the value under the pointer and
  the tilted view come from it. `parts.plane_panel` makes it of an objective.
- A mark belongs to a `Run`, given with it or by name. A scene collects the runs of its marks, and joins what they know of
  the same run (its points from the map, its losses from the curve): so each run has its read-out, its name at the end of
  its line, and its turn in focus. `focus` names the run that is in focus first, `pin` by what pinned runs are compared.
- Roles are colours with a meaning. An optimizer has the same one in every lesson (`palette.OPTIMIZERS`).

Two renderers take the same scene: `figures.render` (matplotlib: saved notebooks, print, tests) and `explorers/stage.js`
(canvas: live). A mark with `by_step` knows every step of a run at once, so that stepping and playing need no new scene:

- `by_step="upto"`: entries 0..step are drawn (a path that grows);
- `by_step="at"`: only entry `step` is drawn (the current point, the current arrow, the current bars).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from optcourse.figures.numbers import typeset
from optcourse.figures.palette import DASHES, HEATS, ROLES

Limits = tuple[float, float]
SHAPES = (
    "circle", "square", "triangle", "down", "cross", "plus", "diamond", "star", "ring", "bar", "times", "none",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Run:
    """One run: its name, its role, and what is known of each of its steps, in the order in which it is read out.

    `quantities` maps a name ("w", "loss", "gradient", "velocity", ...) to an array (steps,) or (steps, k). A quantity that
    has a role in the palette gets a dot of that colour in the read-out.
    """

    name: str
    role: str = "path"
    quantities: Mapping[str, ArrayLike] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Field:
    """The loss over a map: values (rows, columns), row 0 at the bottom, over `extent` (xlo, xhi, ylo, yhi), ends included.

    Between its grid's points both renderers interpolate alike (`figures.field`), exactly where the loss is quadratic.
    `levels` are where one colour ends and the next begins, from low to high; they are chosen by the values if not given.
    `bands` is False where colour means something else (which minimum is reached): the field then has its lines only.
    """

    values: ArrayLike
    extent: tuple[float, float, float, float]
    levels: Sequence[float] = ()
    bands: bool = True


@dataclass
class Mark:
    """What every mark has: a role (colour, dash and shape come from it), a label, and the run that it belongs to."""

    role: str = field(default="path", kw_only=True)
    label: str = field(default="", kw_only=True)
    by_step: str | None = field(default=None, kw_only=True)
    alpha: float = field(default=1.0, kw_only=True)
    run: Run | str = field(default="", kw_only=True)

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            f.name: np.asarray(getattr(self, f.name), dtype=float)
            for f in fields(self)
            if f.name in ("x", "y", "top", "u", "v", "values", "height")
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
class Band(Mark):
    """What lies between two lines over the same x, `y` below and `top` above: how widely runs scatter."""

    x: ArrayLike
    y: ArrayLike
    top: ArrayLike


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
    """Arrows from (x, y) to (x + u, y + v).

    Those of a step are its parts, drawn tip to tail; one that is `apart` begins where the run is, as if it were alone.
    """

    x: ArrayLike
    y: ArrayLike
    u: ArrayLike
    v: ArrayLike
    width: float = field(default=2.0, kw_only=True)
    apart: bool = field(default=False, kw_only=True)


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
    field: Field | None = None


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
        return typeset(self.template.replace("{t}", str(step)).format(*[_int_if_whole(v) for v in row]))


def _int_if_whole(value: float) -> float | int:
    return int(value) if np.isfinite(value) and value == int(value) else float(value)


@dataclass
class Scene:
    """Panels side by side, one sentence that says what is seen now (`says`, also the alt text), and a run's length.

    `num_steps` is given where marks or narration go by step. `slider_marks` puts labelled ticks on a slider's own scale:
    {"learning_rate": [(0.5, "limit")]}. `notice` is for what a person must know, such as an error in their code.

    `runs` are those of the marks if not given; `focus` names the one that is in focus first ("": `in_focus` chooses).
    `pin` is (words, number), by which pinned settings are compared; the last loss of the run in focus if not given.
    """

    panels: Sequence[Panel]
    says: str
    num_steps: int | None = None
    narration: Narration | None = None
    slider_marks: dict[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    notice: str = ""
    runs: Sequence[Run] = ()
    focus: str = ""
    pin: tuple[str, float] | None = None

    def __post_init__(self) -> None:
        self.says = typeset(self.says)
        if not self.runs:
            self.runs = _joined(m.run for panel in self.panels for m in panel.marks if isinstance(m.run, Run))
        names = {run.name for run in self.runs}
        self.panels = [_linked(panel, names, self.num_steps) for panel in self.panels]

    @property
    def in_focus(self) -> str:
        """The run in focus at first: the one that `focus` names, else the reference, else the first."""
        named = [run.name for run in self.runs if run.role == "path"] + [run.name for run in self.runs]
        return self.focus or next(iter(named), "")

    def problems(self) -> list[str]:
        """What would make this scene unreadable: an unlabelled axis, limits that are not numbers, arrays of unequal length."""
        found = [] if self.says.strip() else ["the scene does not say what is seen (says is empty)"]
        for number, panel in enumerate(self.panels, 1):
            where = f"panel {number} ({panel.title or panel.xlabel})"
            found += [f"{where}: {p}" for p in _panel_problems(panel, self.num_steps)]
        if self.pin is not None and not math.isfinite(self.pin[1]):
            found.append(f"what pins are compared by, {self.pin[0]!r}, is no finite number: {self.pin[1]}")
        return found + self._run_problems()

    def _run_problems(self) -> list[str]:
        found, names = [], [run.name for run in self.runs]
        for name in {n for panel in self.panels for mark in panel.marks if (n := run_name(mark))} - set(
            names
        ):
            found.append(f"a mark belongs to the run {name!r}, and the scene has no such run")
        if self.focus and self.focus not in names:
            found.append(f"the focus is on {self.focus!r}, and the scene has no such run")
        for run in self.runs:
            if run.role not in ROLES:
                found.append(f"run {run.name!r}: {_unknown(run.role)}")
            lengths = {name: np.shape(values)[:1] for name, values in run.quantities.items()}
            if len(set(lengths.values())) > 1 or () in lengths.values():
                found.append(f"run {run.name!r}: quantities of different lengths {lengths}")
        return found


def _unknown(role: str) -> str:
    return f"unknown role {role!r} (optcourse/figures/palette.py has {', '.join(ROLES)})"


def run_name(mark: Mark) -> str:
    return mark.run.name if isinstance(mark.run, Run) else mark.run


def _linked(panel: Panel, names: set[str], num_steps: int | None) -> Panel:
    """The panel, whose lines over the steps that are called like a run belong to it, and with each line the points on it."""

    def is_run(mark: Mark) -> bool:
        if not isinstance(mark, Line) or mark.run or mark.label not in names or num_steps is None:
            return False
        # A line over something else, such as every learning rate, has another length.
        return mark.by_step is not None or np.size(mark.x) == num_steps + 1

    owners = {mark.role: mark.label for mark in panel.marks if is_run(mark)}
    if not owners:
        return panel

    def linked(mark: Mark) -> Mark:
        on_it = isinstance(mark, Points) and mark.by_step == "at" and not mark.label
        owner = owners.get(mark.role) if on_it else mark.label if is_run(mark) else None
        return replace(mark, run=owner) if owner and not mark.run else mark

    return replace(panel, marks=[linked(mark) for mark in panel.marks])


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Each run once, with all that is known of it under its name."""
    found: dict[str, Run] = {}
    for run in runs:
        known = found.setdefault(run.name, run)
        if known is not run:
            found[run.name] = replace(known, quantities=_in_order({**run.quantities, **known.quantities}))
    return list(found.values())


def _in_order(quantities: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """The point and its loss first, whichever panel knew of them."""
    first = [name for name in ("w", "loss") if name in quantities]
    return {name: quantities[name] for name in [*first, *(q for q in quantities if q not in first)]}


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
    if panel.field is not None:
        found += [f"field: {p}" for p in _field_problems(panel.field)]
    for mark in panel.marks:
        found += [f"{type(mark).__name__} {mark.label!r}: {p}" for p in _mark_problems(mark, num_steps)]
    return found


def _field_problems(given: Field) -> list[str]:
    values, found = np.asarray(given.values), []
    if values.ndim != 2 or min(values.shape) < 3:
        return [f"values are (rows, columns), three of each at least, not {values.shape}"]
    if not np.isfinite(values).all():
        found.append("values that are not numbers")
    xlo, xhi, ylo, yhi = given.extent
    if not (xlo < xhi and ylo < yhi):
        found.append(f"its extent is {given.extent}")
    if list(given.levels) != sorted(set(given.levels)):
        found.append("its levels do not rise")
    return found


def _mark_problems(mark: Mark, num_steps: int | None) -> list[str]:
    found = []
    if mark.role not in ROLES:
        found.append(_unknown(mark.role))
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
