"""Pieces that most explorers share: a batch from a slider's settings, a run on a landscape, its loss curve, its narration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from optcourse.descent import Trace
from optcourse.figures.landscape import landscape
from optcourse.figures.scene import Limits, Line, Mark, Panel, Points
from optcourse.objectives import Objective, build


class Stacked:
    """The settings of a slider side by side: `stacked.learning_rate` is an array with one entry a setting, a start is (k, 2)."""

    def __init__(self, settings: Sequence[dict[str, Any]]) -> None:
        self.settings = settings

    def __getattr__(self, name: str) -> np.ndarray:
        return np.array([values[name] for values in self.settings])


def say(value: float, digits: int = 3) -> str:
    """A number as prose shows it."""
    return f"{value:.{digits}g}"


def say_point(point: Sequence[float], digits: int = 3) -> str:
    return "(" + ", ".join(say(v, digits) for v in point) + ")"


def background(objective: Objective, xlim: Limits, ylim: Limits, *, levels: int = 14) -> list[Mark]:
    """The landscape of a two-variable objective as marks, remembered by the objective's recipe."""
    name, params = objective.recipe
    return _background(
        name, tuple(sorted((k, float(v)) for k, v in params.items())), tuple(xlim), tuple(ylim), levels
    )


@lru_cache(maxsize=512)
def _background(name: str, params: tuple, xlim: Limits, ylim: Limits, levels: int) -> list[Mark]:
    return landscape(build((name, dict(params))).value, xlim, ylim, levels=levels)


def run_line(x: ArrayLike, y: ArrayLike, label: str = "", *, role: str = "path", size: float = 12,
             grows: bool = True, **line: Any) -> list[Mark]:  # fmt: skip
    """A run in a panel: its line, which grows with the step shown unless it is all there from the start, and where it is now."""
    shown = Line(x, y, role=role, label=label, by_step="upto" if grows else None, **line)
    return [shown, Points(x, y, role=role, size=size, by_step="at")]


def run_marks(
    trace: Trace, label: str, *, role: str = "path", drag: str | None = None, marker: bool = True
) -> list[Mark]:
    """A run in the plane: its path up to the step shown, its start, and where it is now."""
    x, y = np.asarray(trace.w)[:, 0], np.asarray(trace.w)[:, 1]
    return [
        Line(x, y, role=role, label=label, by_step="upto", marker=marker),
        Points(x[:1], y[:1], role="start", size=10, drag=drag),
        Points(x, y, role=role, size=12, by_step="at"),
    ]


def path_marks(points: np.ndarray, label: str, *, role: str = "yours") -> list[Mark]:
    """A path that is only known as points (k, 2): a learner's run, drawn whole."""
    points = np.asarray(points, dtype=float)
    return [
        Line(points[:, 0], points[:, 1], role=role, label=label, width=2.5, marker=True),
        Points(points[-1:, 0], points[-1:, 1], role=role, size=12),
    ]


def minimum_marks(objective: Objective, label: str = "minimum") -> list[Mark]:
    points = np.asarray(objective.minima, dtype=float)
    return [Points(points[:, 0], points[:, 1], role="optimum", size=13, label=label)]


def plane_panel(objective: Objective, marks: Sequence[Mark], *, title: str, window: tuple[Limits, Limits] | None = None,
                equal: bool = True, **more: Any) -> Panel:  # fmt: skip
    """The landscape from above with marks on it. `window` is ((xlo, xhi), (ylo, yhi)); the objective's domain if not given."""
    xlim, ylim = window or objective.domain
    labels = {"xlabel": "w[0]", "ylabel": "w[1]", **more}
    return Panel(
        xlim=xlim,
        ylim=ylim,
        title=title,
        equal=equal,
        marks=[*background(objective, xlim, ylim), *marks],
        **labels,
    )


def loss_panel(losses: Sequence[tuple[np.ndarray, str, str]], num_steps: int, *, ylim: Limits = (1e-8, 1e2),
               title: str = "loss at each step", extra: Sequence[Mark] = (), by_step: bool = True) -> Panel:  # fmt: skip
    """Loss against the step on a logarithmic axis: one (values, label, role) a run."""
    marks: list[Mark] = list(extra)
    for values, label, role in losses:
        t = np.arange(len(values))
        marks.append(Line(t, np.clip(values, ylim[0] * 1e-3, 1e30), role=role, label=label))
        if by_step and len(values) > num_steps:
            marks.append(Points(t, np.clip(values, ylim[0] * 1e-3, 1e30), role=role, size=10, by_step="at"))
    return Panel(
        xlabel="step", ylabel="loss", xlim=(0, num_steps), ylim=ylim, yscale="log", title=title, marks=marks
    )


def learners_run(yours: Callable | None, objective: Objective, start: Sequence[float], label: str = "your code",
                 **hyperparameters: Any) -> tuple[list[Mark], np.ndarray | None, str]:  # fmt: skip
    """The learner's own function on the same problem: (marks, losses along its path, sentence where it raised).

    Nothing is drawn while the function is None or still blank.
    """
    if yours is None:
        return [], None, ""
    from optcourse.learner.path import record_path

    path = record_path(yours, objective, start, **hyperparameters)
    if path.blank:
        return [], None, ""
    points = np.asarray(path.points, dtype=float)
    if path.error or points.ndim != 2 or not len(points):
        return [], None, path.error or "Your code in the picture: it never asked for a gradient."
    keep = np.isfinite(points).all(axis=1)
    points = np.where(keep[:, None], points, np.nan)
    with np.errstate(all="ignore"):  # a run that goes far away may overflow; it is drawn off the picture
        losses = np.asarray(objective.value(points.T))
    return path_marks(points, label), losses, ""
