"""Pieces that most explorers share: a run on a landscape, its loss curve, the learner's own run, words for numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from optcourse.descent import Trace
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.figures.field import ladder
from optcourse.figures.palette import OPTIMIZERS
from optcourse.figures.scene import Arrows, Field, Limits, Line, Mark, Panel, Points, Run
from optcourse.objectives import Objective, build


def say(value: float, digits: int = 3) -> str:
    """A number as prose shows it."""
    return f"{value:.{digits}g}"


def say_point(point: Sequence[float], digits: int = 3) -> str:
    return "(" + ", ".join(say(v, digits) for v in point) + ")"


HERE = 15  # px across: where a run is now, in a map
STANDSTILL = (
    0.02  # a step this short has no arrow: stretched until it is seen, it would tell of a move that is none
)

# Landscapes whose loss is quadratic: a coarse field of them is exact.
QUADRATIC = ("quadratic", "lecture_bowl", "bowl", "saddle")


def field(objective: Objective, xlim: Limits, ylim: Limits) -> Field:
    """The landscape of a two-variable objective as a field that is wide enough for any box it is shown in."""
    name, params = objective.recipe
    return _field(name, tuple(sorted((k, float(v)) for k, v in params.items())), tuple(xlim), tuple(ylim))


# Room for all values of one slider.
@lru_cache(maxsize=128)
def _field(name: str, params: tuple, xlim: Limits, ylim: Limits) -> Field:
    value = build((name, dict(params))).value
    corners = np.asarray(value(np.stack(np.meshgrid(np.linspace(*xlim, 33), np.linspace(*ylim, 33)))))
    return field_of(value, xlim, ylim, levels=ladder(corners), points=64 if name in QUADRATIC else 16_000)


def field_of(value: Callable[[np.ndarray], np.ndarray], xlim: Limits, ylim: Limits, *, levels: Sequence[float] = (),
             points: int = 16_000, wider: bool = True) -> Field:  # fmt: skip
    """The heights of `value` (w of shape (2, ...)) over a window, on about so many points.

    `wider` goes beyond it as far as a box from 1 : 1 to 2 : 1 needs, into which a map with equal axes is put.
    """
    across, up = xlim[1] - xlim[0], ylim[1] - ylim[0]
    if wider:
        xlim = _stretched(xlim, max(across, 2.0 * up))
        ylim = _stretched(ylim, max(across, up))
    part = (ylim[1] - ylim[0]) / (xlim[1] - xlim[0]) if wider else 1.0
    columns, rows = (max(6, round(count)) for count in (np.sqrt(points / part), np.sqrt(points * part)))
    w = np.stack(np.meshgrid(np.linspace(*xlim, columns), np.linspace(*ylim, rows)))
    return Field(np.asarray(value(w), dtype=float), (*xlim, *ylim), levels)


def _stretched(ends: Limits, length: float) -> Limits:
    middle, half = (ends[0] + ends[1]) / 2, 0.52 * length
    return middle - half, middle + half


def run_of(
    name: str, role: str, w: ArrayLike | Trace, loss: ArrayLike | None = None, **more: ArrayLike
) -> Run:
    """A run as a figure reads it out: of a trace, its points, losses, gradients and the optimizer's memory."""
    known: dict[str, ArrayLike] = {}
    if isinstance(w, Trace):
        found = {"w": w.w, "loss": w.loss, "gradient": w.dw, **w.state}
        known = {
            what: values for what, values in found.items() if values is not None and np.ndim(values) in (1, 2)
        }
    else:
        known = {"w": w} if loss is None else {"w": w, "loss": loss}
    return Run(name, role, {**known, **more})


def run_line(x: ArrayLike, y: ArrayLike, label: str = "", *, role: str = "path", size: float = HERE,
             grows: bool = True, run: Run | str = "", **line: Any) -> list[Mark]:  # fmt: skip
    """A run in a panel: its line, which grows with the step shown unless it is all there from the start, and where it is now."""
    run = run or (Run(label, role) if grows and label in OPTIMIZERS else "")
    shown = Line(x, y, role=role, label=label, by_step="upto" if grows else None, run=run, **line)
    return [shown, Points(x, y, role=role, size=size, by_step="at", run=run)]


def run_marks(run: Trace | np.ndarray, label: str, *, role: str = "path", drag: str | None = None,
              marker: bool = True) -> list[Mark]:  # fmt: skip
    """A run in the plane, or its points (k, 2): its path up to the step shown, its start, and where it is now."""
    x, y = np.asarray(run.w if isinstance(run, Trace) else run).T
    known = run_of(label, role, run)
    return [
        Line(x, y, role=role, label=label, by_step="upto", marker=marker, run=known),
        Points(x[:1], y[:1], role="start", size=10, drag=drag),
        Points(x, y, role=role, size=HERE, by_step="at", run=known),
    ]


def next_step(run: Trace, learning_rate: float, name: str = "gradient descent") -> Arrows:
    """What the gradient adds to the next step, from where the run is; none where it stands still."""
    with np.errstate(all="ignore"):  # a run that goes far away may overflow; no arrow is drawn there
        by = -learning_rate * run.dw.T
        by = np.where(np.hypot(*by) < STANDSTILL, np.nan, by)
    return Arrows(*run.w.T, *by, role="gradient", label="next step", by_step="at", width=3.2, run=name)


def handle(x: float, y: float, drag: str, label: str, **more: Any) -> Points:
    """The one run that a person moves by hand among many that are drawn: `drag` is the control that it moves."""
    return Points([x], [y], role="yours", shape="circle", label=label, drag=drag, **{"size": 13, **more})


def path_marks(points: np.ndarray, label: str, *, role: str = "yours") -> list[Mark]:
    """A path that is only known as points (k, 2): a learner's run."""
    x, y = np.asarray(points, dtype=float).T
    run = run_of(label, role, points)
    return [
        Line(x, y, role=role, label=label, width=2.5, marker=True, by_step="upto", run=run),
        Points(x, y, role=role, size=HERE, by_step="at", run=run),
    ]


def minimum_marks(objective: Objective, label: str = "minimum") -> list[Mark]:
    points = np.asarray(objective.minima, dtype=float)
    return [Points(points[:, 0], points[:, 1], role="optimum", size=13, label=label)]


def plane_panel(objective: Objective, marks: Sequence[Mark], title: str, *, window: tuple[Limits, Limits] | None = None,
                equal: bool = True, words: tuple[str, str] = ("w[0]", "w[1]"), **more: Any) -> Panel:  # fmt: skip
    """The landscape from above with marks on it. `window` is ((xlo, xhi), (ylo, yhi)); the objective's domain if not given."""
    xlim, ylim = window or objective.domain
    return map_panel(
        (xlim, ylim),
        marks,
        title,
        words=words,
        equal=equal,
        **{"field": field(objective, xlim, ylim), **more},
    )


def map_panel(window: tuple[Limits, Limits], marks: Sequence[Mark], title: str, *,
              words: tuple[str, str] = ("w[0]", "w[1]"), equal: bool = True, **more: Any) -> Panel:  # fmt: skip
    """A plane of two weights with the marks given, and the landscape if `field` is given."""
    x, y = (axis(word, *ends) for word, ends in zip(words, window, strict=True))
    return panel(x, y, marks, title, equal=equal, **more)


# A run against the step: its losses, its name, its role.
Curve = tuple[np.ndarray, str, str]


def curves(runs: Sequence[Curve], num_steps: int | None = None) -> list[Mark]:
    """A line for each run, and where it is now if it lasts for `num_steps` steps."""
    marks: list[Mark] = []
    for values, label, role in runs:
        run = Run(label, role, {"loss": values})
        line = run_line(np.arange(len(values)), values, label, role=role, size=10, grows=False, run=run)
        marks += line if num_steps is not None and len(values) > num_steps else line[:1]
    return marks


def loss_panel(losses: Sequence[Curve], num_steps: int, *, ylim: Limits = (1e-8, 1e2), title: str = "loss at each step",
               extra: Sequence[Mark] = (), by_step: bool = True) -> Panel:  # fmt: skip
    """Loss against the step on a logarithmic axis."""
    loss = log_axis("loss", *ylim, keep=(min(ylim[0] * 1e-3, 1e-11), 1e30))
    marks = [*extra, *curves(losses, num_steps if by_step else None)]
    return panel(axis("step", 0, num_steps), loss, marks, title)


@dataclass(frozen=True)
class Yours:
    """A learner's run beside the course's. Empty while the function is None or still blank."""

    path: Sequence[Mark] = ()
    loss: np.ndarray | None = None
    notice: str = ""  # one sentence where it raised
    label: str = "your code"

    def losses(self, above: float = 0.0) -> list[Curve]:
        """For a loss panel, counted from `above`."""
        return [] if self.loss is None else [(self.loss - above, self.label, "yours")]

    def line(self, **more: Any) -> list[Mark]:
        """The losses against the step, in any other panel."""
        return [
            Line(np.arange(len(run)), run, role=role, label=name, **more) for run, name, role in self.losses()
        ]


def learners_run(yours: Callable | None, objective: Any, start: ArrayLike, label: str = "your code", *,
                 losses: Callable[[np.ndarray], np.ndarray] | None = None, **hyperparameters: Any) -> Yours:  # fmt: skip
    """The learner's own function on the same problem, its path and the losses along it.

    `losses` computes them from the points, coordinates first, where the objective has no `value` of many points at once.
    """
    if yours is None:
        return Yours()
    from optcourse.learner.path import record_path

    run = record_path(yours, objective, start, **hyperparameters)
    if run.blank:
        return Yours()
    points = np.asarray(run.points, dtype=float)
    if run.error or points.ndim != 2 or not len(points):
        return Yours(notice=run.error or "Your code in the picture: it never asked for a gradient.")
    return walked(points, losses or objective.value, label)


def walked(points: np.ndarray, value: Callable[[np.ndarray], np.ndarray], label: str = "your code") -> Yours:
    """A learner's run from its points (k, n); `value` gives the losses of many, coordinates first."""
    points = np.where(np.isfinite(points).all(axis=1)[:, None], points, np.nan)
    with np.errstate(all="ignore"):  # a run that goes far away may overflow; it is drawn off the picture
        found = np.asarray(value(points.T))
    return Yours(path_marks(points, label) if points.shape[1] == 2 else (), found, "", label)
