"""The path of a learner's own loop: where it asked for the gradient, and where it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.exercises.ingredients import ingredient
from optcourse.exercises.model import Case
from optcourse.learner.blank import is_blank
from optcourse.learner.running import run_case


@dataclass(frozen=True)
class RecordedPath:
    """points: (k, n), the points of the gradient calls and the returned w, as far as they go.

    error: one sentence where the function failed, else None. blank: the function still holds `...`.
    """

    points: np.ndarray
    error: str | None = None
    blank: bool = False


@ingredient
@dataclass(frozen=True, eq=False)
class Given:
    """A callable at hand. It cannot travel, so it is for runs in the learner's own process only."""

    function: Any

    def build(self) -> Callable:
        return self.function


def record_path(
    function: Callable, objective: Any, start: Any, *, seconds: float = 2.0, **hyper: Any
) -> RecordedPath:
    """Run a learner's `function(compute_gradient, w, **hyper)` on an objective and return its path.

    Args:
        function: the learner's loop, for instance `adagrad(compute_gradient, w, learning_rate, …)`.
        objective: anything with `gradient(w)`.
        start: where to begin, shape (n,); it is copied, and given as floats.
        seconds: the time limit.
        hyper: `learning_rate`, `num_steps` and the rest, by name.

    Returns:
        RecordedPath. Whatever the function does wrong is a sentence in it: this never raises for it.
    """
    start = np.array(start, dtype=float)
    nowhere = np.empty((0, max(start.size, 1)))
    if function is Ellipsis or is_blank(function):
        return RecordedPath(nowhere, None, blank=True)
    if not callable(function):
        return RecordedPath(nowhere, "This is no function: hand it over without calling it.")
    name = getattr(function, "__name__", "your function")
    outcome = run_case(function, Case((Given(objective.gradient), start), hyper), seconds)
    points = [call[0] for call in outcome.calls.get("0", []) if call]
    error = None
    if outcome.failure:
        error = outcome.failure.sentence(name, seconds)
    elif outcome.problem:
        error = outcome.problem
    else:
        points.append(outcome.result)
    usable = []
    for point in points:
        if (
            not isinstance(point, np.ndarray | np.generic | float | int | list | tuple)
            or np.shape(point) != start.shape
        ):
            error = error or f"`{name}` should return an array of shape {start.shape}, like the start."
            break
        usable.append(np.ravel(np.asarray(point, dtype=float)))
    return RecordedPath(np.array(usable) if usable else nowhere, error)
