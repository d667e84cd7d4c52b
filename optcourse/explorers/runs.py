"""Runs for a whole slider at once: the settings are stacked, run in one batch, and each gets its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from optcourse.descent import Trace
from optcourse.explorers.engine import Explorer, Values
from optcourse.figures.scene import Scene


class Setting(SimpleNamespace):
    """One setting of the controls: `at.learning_rate`."""

    def only(self, *names: str) -> Values:
        """What a learner's function is given: `**at.only("learning_rate", "rho")`."""
        return {name: getattr(self, name) for name in names}


class Stacked:
    """The settings of a slider side by side: `all_of.learning_rate` is an array with one entry a setting, a start is (k, 2)."""

    def __init__(self, settings: Sequence[Values]) -> None:
        self.settings = settings

    def __len__(self) -> int:
        return len(self.settings)

    def __getattr__(self, name: str) -> np.ndarray:
        return np.array([values[name] for values in self.settings])


class RunExplorer(Explorer):
    """An explorer of runs: `runs` makes those of many settings in one batch, `picture` shows those of one.

    `runs` returns a tuple of traces, or of arrays (steps, settings, ...). Each run that `picture` gets ends where its
    setting says, if `num_steps` is a control. `apart` names the controls whose values cannot share a batch.
    """

    apart: ClassVar[Sequence[str]] = ()

    def runs(self, all_of: Stacked) -> tuple:
        raise NotImplementedError(f"{type(self).__name__} must define runs()")

    def picture(self, at: Setting, *runs: Any) -> Scene:
        raise NotImplementedError(f"{type(self).__name__} must define picture()")

    def scenes(self, settings: Sequence[Values]) -> list[Scene]:
        batches: dict[tuple, list[int]] = {}
        for index, values in enumerate(settings):
            batches.setdefault(tuple(values[name] for name in self.apart), []).append(index)
        scenes: dict[int, Scene] = {}
        for indices in batches.values():
            runs = self.runs(Stacked([settings[index] for index in indices]))
            for place, index in enumerate(indices):
                at = Setting(**settings[index])
                scenes[index] = self.picture(at, *(_of_setting(run, place, at) for run in runs))
        return [scenes[index] for index in range(len(settings))]


def _of_setting(run: Trace | np.ndarray, place: int, at: Setting) -> Trace | np.ndarray:
    if isinstance(run, Trace):
        return first_steps(run[place], getattr(at, "num_steps", run.num_steps))
    return run[:, place]


def first_steps(run: Trace, num_steps: int) -> Trace:
    """The run as if it had ended after `num_steps` steps; `diverged` still speaks of the whole."""
    if num_steps == run.num_steps:
        return run
    rows = slice(0, num_steps + 1)
    cut = {name: None if (v := getattr(run, name)) is None else v[rows] for name in ("w", "loss", "dw")}
    state = {name: values[rows] for name, values in run.state.items()}
    return replace(
        run, **cut, state=state, num_steps=num_steps, final=None if run.w is None else run.w[num_steps]
    )
