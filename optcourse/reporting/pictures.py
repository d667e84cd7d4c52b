"""A mistake as a picture: in the lesson's own explorer beside the right run, else as the numbers that it gives.

The explorer draws the mistaken code as it draws a learner's (`yours=`); only the words change.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from optcourse import exercises
from optcourse.exercises.model import Exercise, Misconception
from optcourse.explorers import axes
from optcourse.explorers.engine import Explorer
from optcourse.figures.encode import encode
from optcourse.figures.scene import Bars, Line, Points, Scene
from optcourse.learner.running import run_case

# The explorer in which a lesson draws an exercise's answer, and the settings with which it does.
EXPLORERS: dict[str, tuple[str, dict[str, Any]]] = {
    "00-take-a-step": ("DownhillExplorer", {}),
    "01-numeric-gradient": ("VCurveLab", {"h": 1e-5}),
    "01-numeric-descent": ("NumericDescent", {}),
    "02-two-layer-backward": ("CheckExplorer", {}),
    "03-gradient-descent": ("ValleyExplorer", {"learning_rate": 0.1}),
    "04-sgd": ("MinibatchPathExplorer", {}),
    "05-momentum": ("PathExplorer", {}),
    "05-nesterov": ("PathExplorer", {}),
    "06-adagrad": ("PathExplorer", {}),
    "07-rmsprop": ("RMSPropExplorer", {}),
    "08-adam-almost": ("AdamExplorer", {"bias_correction": False}),
    "08-adam": ("AdamExplorer", {}),
    "09-capstone": ("RaceExplorer", {"show": "SGD, Nesterov, Adam"}),
    "09-warm-up-cosine": ("ScheduleExplorer", {"optimizer": "SGD"}),
    "11-newton-step": ("StepExplorer", {"landscape": "Rosenbrock", "start": (-1.2, 1.0), "num_steps": 7}),
    "11-safe-direction": ("FlatOrLowExplorer", {"curvature": "absolute", "amount": 1e-3}),
    "11-two-loop": ("MemoryExplorer", {}),
    "12-dual-multiply": ("DualExplorer", {"program": "x·sin x", "x": 2.0}),
    "12-backward": ("TapeExplorer", {"program": "diamond", "x": 1.0}),
    "12-hvp": ("ProductExplorer", {}),
    "13-sharpness": ("PowerExplorer", {}),
    "13-edge": ("EdgeExplorer", {"method": "Nesterov 0.9", "learning_rate": 0.15}),
    "14-noise-scale": ("NoiseAlongExplorer", {}),
    "14-noise-scale-from-two": ("TwoBatchesExplorer", {}),
    "14-clip-by-norm": ("CliffExplorer", {"clip": "its length"}),
    "14-ema": ("NoisyBowlExplorer", {}),
    "15-steepest": ("BallExplorer", {}),
    "15-newton-schulz": ("SchulzExplorer", {}),
    "15-muon": ("TurnExplorer", {}),
    "15-lion": ("RatesExplorer", {"method": "Lion", "schedule": "constant"}),
    "15-schedule-free": ("RatesExplorer", {"method": "Schedule-Free SGD", "schedule": "constant"}),
    "16-sign-test": ("PairsExplorer", {}),
    "16-steps-to-target": ("TargetExplorer", {"target": 0.05}),
    "16-expected-best": ("BudgetExplorer", {}),
}
MOST_NUMBERS = 12


@dataclass(frozen=True)
class Drawn:
    """A picture of a mistake. `right` is the same explorer with the right code in its place; None where it has none."""

    explorer: Explorer
    right: Explorer | None = None


def misconception(exercise: Exercise, id: str) -> Misconception:
    return next(m for m in exercise.misconceptions if m.id == id)


@functools.cache
def drawn(exercise_id: str, mistake: str) -> Drawn | None:
    """The picture of a mistake; None where it changes no number that could be drawn."""
    exercise = exercises.get(exercise_id)
    wrong = misconception(exercise, mistake)
    if exercise_id in EXPLORERS:
        name, given = EXPLORERS[exercise_id]
        kind = getattr(importlib.import_module(f"optcourse.explorers.lesson_{exercise.lesson}"), name)
        shown = _renamed(kind, wrong.code)(yours=wrong.code, **given)
        right = _renamed(kind, exercise.reference)(yours=exercise.reference, **given)
        if encode([shown.frame()]) != encode([right.frame()]):  # else the mistake does not show there
            return Drawn(shown, right)
    numbers = _numbers(exercise, wrong)
    return None if numbers is None else Drawn(Numbers(*numbers))


# -- in the lesson's explorer ----------------------------------------------------------------------


def _renamed(kind: type[Explorer], code: Callable) -> type[Explorer]:
    """The same explorer, in whose words the learner's code is somebody's with a mistake in it."""

    class Renamed(kind):
        def scenes(self, settings: Sequence[dict[str, Any]]) -> list[Scene]:
            return [reworded(scene) for scene in super().scenes(settings)]

    Renamed.__name__ = kind.__name__
    return Renamed


def reworded(value: Any) -> Any:
    """A scene whose words speak of the code with the mistake, where they spoke of yours."""
    if isinstance(value, str):
        return re.sub(r"\b[Yy]our (code|own code|function|take_step|sgd)\b", "the mistake", value)
    if isinstance(value, list | tuple):
        return type(value)(reworded(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            before = getattr(value, field.name)
            if isinstance(before, str | list | tuple) or is_dataclass(before):
                after = reworded(before)
                if after is not before:
                    changed[field.name] = after
        return replace(value, **changed) if changed else value
    return value


def losses(explorer: Explorer) -> np.ndarray | None:
    """The losses along the run of the code that is drawn as a learner's; None where the explorer shows none."""
    for panel in explorer.frame().panels:
        if "loss" in panel.ylabel and panel.xlabel.startswith("step"):
            for mark in panel.marks:
                if isinstance(mark, Line) and mark.role == "yours":
                    return np.asarray(mark.y, dtype=float)
    return None


# -- as numbers ------------------------------------------------------------------------------------


class Numbers(Explorer):
    """What the right code gives in one case, and what the mistaken code gives."""

    title = "Right and wrong numbers"

    def __init__(self, names: Sequence[str], right: np.ndarray, wrong: np.ndarray, where: str) -> None:
        self.names, self.right, self.wrong, self.where = names, right, wrong, where
        super().__init__()

    def scene(self) -> Scene:
        finite = np.concatenate([self.right, self.wrong[np.isfinite(self.wrong)]])
        lo, hi = float(finite.min()), float(finite.max())
        margin = 0.15 * (hi - lo) or 1.0
        places = np.arange(len(self.right), dtype=float)
        clipped = np.clip(np.nan_to_num(self.wrong, nan=np.inf), lo - margin, hi + margin)
        marks = [
            Points(places - 0.08, self.right, role="path", size=12, label="right"),
            Points(places + 0.08, clipped, role="yours", size=11, label="with the mistake"),
        ]
        x = axes.axis(
            "entry", -0.6, len(places) - 0.4, ticks=list(zip(places.tolist(), self.names, strict=True))
        )
        y = axes.axis("value", lo - 1.3 * margin, hi + 1.3 * margin)
        told = "; ".join(
            f"{name}: {r:.4g} is right, {w:.4g} comes out"
            for name, r, w in zip(self.names, self.right, self.wrong, strict=True)
        )
        return Scene(
            panels=[axes.panel(x, y, marks, self.where)],
            says=f"{self.where[:1].upper()}{self.where[1:]}: {told}.",
        )


def _numbers(exercise: Exercise, wrong: Misconception) -> tuple | None:
    """Names, right numbers, wrong numbers and the case of the first case in which they differ."""
    if exercise.kind == "value":
        right, mine = (
            value if isinstance(value, tuple) else (value,) for value in (exercise.reference(), wrong.code())
        )
        pairs = [
            (name, float(r), float(m))
            for name, r, m in zip(exercise.answers, right, mine, strict=True)
            if _is_number(r) and _is_number(m)
        ]
        if not pairs or all(r == m for _, r, m in pairs):
            return None
        names, rights, wrongs = zip(*pairs, strict=True)
        return names, np.array(rights), np.array(wrongs), "the values asked for"
    for case in exercise.draw_cases(0):
        right, mine = (run_case(code, case, 20.0) for code in (exercise.reference, wrong.code))
        if right.failure or mine.failure or right.problem or mine.problem:
            continue
        parts = [_flat(outcome.result) for outcome in (right, mine)]
        if any(part is None for part in parts) or parts[0].shape != parts[1].shape:
            continue
        at = np.flatnonzero(~np.isclose(*parts, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True))
        if not at.size or not np.all(np.isfinite(parts[0])):
            continue
        # as many as can be read, and one that differs among them
        first = max(0, min(int(at[0]), parts[0].size - MOST_NUMBERS))
        some = slice(first, first + MOST_NUMBERS)
        names = [f"entry {k}" if parts[0].size > 1 else "result" for k in range(parts[0].size)][some]
        return (
            names,
            parts[0][some],
            parts[1][some],
            f"one case: {case.label}" if case.label else "one of the cases",
        )
    return None


def _flat(result: Any) -> np.ndarray | None:
    """A result as one row of numbers; None where it holds anything else."""
    if isinstance(result, list | tuple):
        parts = [_flat(part) for part in result]
        return None if not parts or any(part is None for part in parts) else np.concatenate(parts)
    array = np.asarray(result)
    return array.ravel().astype(float) if array.dtype.kind in "biuf" and array.size else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and np.isfinite(value)


# -- as a count ------------------------------------------------------------------------------------


class Count(Explorer):
    """How many made a mistake: the picture of one that changes no number."""

    title = "How many made it"

    def __init__(self, count: int, of: int) -> None:
        self.count, self.of = count, of
        super().__init__()

    def scene(self) -> Scene:
        x = axes.axis("students", -0.6, 1.6, ticks=[(0.0, "this mistake"), (1.0, "everybody else")])
        bars = Bars(
            [0.0, 1.0], [float(self.count), float(self.of - self.count)], role="yours", label="students"
        )
        panel = axes.panel(x, axes.axis("how many", 0.0, 1.1 * self.of), [bars], "who made this mistake")
        return Scene(panels=[panel], says=f"{self.count} of {self.of} students made this mistake.")


# -- as code ---------------------------------------------------------------------------------------


def code_of(exercise: Exercise, mistake: str) -> str:
    """The mistake as code: the lines of the right code that it changes (-) with what stands there instead (+).

    Where the exercise asks for values, those that the mistake leads to; where it is no edit, the whole code with it.
    """
    wrong = misconception(exercise, mistake).code
    if exercise.kind == "value":
        values = wrong()
        values = values if len(exercise.answers) > 1 else (values,)
        pairs = zip(exercise.answers, values, strict=True)
        return "\n".join(f"{name} = {plain_value(value)}" for name, value in pairs if value is not None)
    after = [line.rstrip("\n") for line in linecache.getlines(wrong.__code__.co_filename)]
    if not wrong.__code__.co_filename.startswith("<"):
        return textwrap.dedent(inspect.getsource(wrong)).rstrip()
    before = textwrap.dedent(inspect.getsource(exercise.reference)).splitlines()
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    return "\n".join(f"{line[0]} {line[2:].strip()}" for line in changed)


def plain_value(value: Any) -> str:
    return f"{float(value):.6g}" if _is_number(value) else repr(value)
