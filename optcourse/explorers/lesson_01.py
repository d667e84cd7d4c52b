"""The explorers of lesson 01: the V-curve lab, one entry at a time, descent by numeric gradients, the bill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from optcourse import data, gradients, models, objectives
from optcourse.descent import descend
from optcourse.exercises.model import Case
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, integers, linear, log
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Bars, Line, Narration, Panel, Points, Rule, Scene
from optcourse.figures.scene import run_name
from optcourse.learner.blank import is_blank
from optcourse.learner.running import run_case
from optcourse.optimizers import GradientDescent
from optcourse.theory import gradient_descent_limit

# -- the V-curve lab -------------------------------------------------------------------------------


class Curve:
    """A function of one variable with its first three derivatives, and the window to draw it in."""

    def __init__(self, value, slope, second, third, ylim):
        self.value, self.slope, self.second, self.third, self.ylim = value, slope, second, third, ylim


def logistic(x):
    return 1 / (1 + np.exp(-x))


def _exp_sin_third(x):
    sin, cos = np.sin(x), np.cos(x)
    return np.exp(sin) * cos * (cos * cos - 3 * sin - 1)


CURVES = {
    "exp(sin x)": Curve(
        lambda x: np.exp(np.sin(x)),
        lambda x: np.cos(x) * np.exp(np.sin(x)),
        lambda x: (np.cos(x) * np.cos(x) - np.sin(x)) * np.exp(np.sin(x)),
        _exp_sin_third,
        (-0.5, 4.0),
    ),
    "x³": Curve(
        lambda x: x * x * x, lambda x: 3 * x * x, lambda x: 6 * x, lambda x: 6 + 0 * x, (-10.0, 20.0)
    ),
    "logistic": Curve(
        logistic,
        lambda x: logistic(x) * (1 - logistic(x)),
        lambda x: logistic(x) * (1 - logistic(x)) * (1 - 2 * logistic(x)),
        lambda x: logistic(x) * (1 - logistic(x)) * (1 - 6 * logistic(x) * (1 - logistic(x))),
        (-0.5, 1.5),
    ),
    "|x| (a kink)": Curve(np.abs, np.sign, lambda x: 0 * x, lambda x: 0 * x, (-0.5, 3.0)),
}
SPOKEN = {"central": "Central difference", "forward": "Forward difference", "complex": "Complex step"}
SCHEMES = tuple(SPOKEN)
DTYPES = {"float64": (np.float64, np.complex128), "float32": (np.float32, np.complex64)}
DECADES = tuple(10.0**k for k in range(-16, 1))
MANY_H = tuple(float(h) for h in np.geomspace(1e-16, 1.0, 161))
FLOOR = 1e-18  # an error of exactly zero is drawn here, at the bottom edge


def slopes(curve: Curve, x: float, h, scheme: str, dtype: str) -> np.ndarray:
    """The numeric slope for every h, in the arithmetic of `dtype`, as a learner writes it."""
    real, imaginary = DTYPES[dtype]
    x, h = real(x), np.asarray(h).astype(real)
    if scheme == "complex":
        return (np.imag(curve.value(x + imaginary(1j) * h)) / h).astype(float)
    if scheme == "forward":
        return ((curve.value(x + h) - curve.value(x)) / h).astype(float)
    return ((curve.value(x + h) - curve.value(x - h)) / (real(2) * h)).astype(float)


def asymptotes(curve: Curve, x: float, h, scheme: str, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """What Taylor's formula leaves out, and what rounding spoils, for every h."""
    eps = float(np.finfo(DTYPES[dtype][0]).eps)
    h = np.asarray(h)
    if scheme == "forward":
        truncation = abs(float(curve.second(x))) / 2 * h
    else:
        truncation = abs(float(curve.third(x))) / 6 * h * h
    if scheme == "complex":
        return truncation, eps * abs(float(curve.slope(x))) * np.ones_like(h)
    return truncation, eps * abs(float(curve.value(x))) / h


class VCurveLab(Explorer):
    """The error of a numeric slope against h. `yours` is a learner's `numeric_gradient(f, w, h)`."""

    title = "The V-curve lab"
    controls = (
        log("h", 1e-16, 1.0, 0.5, num=97),
        linear("x", -2.5, 2.5, 1.0, num=51),
        Choice("scheme", SCHEMES, "central"),
        Choice("function", tuple(CURVES), "exp(sin x)"),
        Choice("dtype", tuple(DTYPES), "float64", label="number type"),
    )

    def scene(self, h, x, scheme, function, dtype) -> Scene:
        curve = CURVES[function]
        at = float(DTYPES[dtype][0](x))  # the point that the computer really uses
        exact = float(curve.slope(at))
        slope = float(slopes(curve, x, h, scheme, dtype))
        own, notice = self._own_errors(function, x, dtype, exact)
        best = min(max(gradients.best_h(scheme, dtype), 1e-16), 1.0)
        return Scene(
            panels=[
                self._tangents(curve, at, h, scheme, exact, slope),
                self._errors(curve, x, at, h, scheme, dtype, own),
            ],
            says=_verdict(function, x, h, scheme, dtype, exact, slope),
            slider_marks={"h": [] if scheme == "complex" else [(best, "best h")]},
            notice=notice,
        )

    def _tangents(self, curve, x, h, scheme, exact, slope) -> Panel:
        grid = np.linspace(-4, 4, 161)
        value = float(curve.value(x))
        ends = np.array([-4.0, 4.0])
        asked = {"forward": [x, x + h], "central": [x - h, x + h], "complex": [x]}[scheme]
        through = float(curve.value(asked[0])) + slope * (ends - asked[0])
        heights = [float(curve.value(a)) for a in asked]
        marks = [
            Line(grid, curve.value(grid), role="contour", label="the function"),
            Line(ends, through, role="path", label="line with the numeric slope"),
            Line(ends, value + exact * (ends - x), role="theory", label="tangent: the exact slope"),
            Points(asked, heights, role="path", size=11),
        ]
        return panel(axis("x", -4, 4), axis("loss", *curve.ylim), marks, "f is asked at the dots")

    def _errors(self, curve, x, at, h, scheme, dtype, own) -> Panel:
        exact = float(curve.slope(at))
        truncation, rounding = asymptotes(curve, at, MANY_H, scheme, dtype)
        measured = np.abs(slopes(curve, x, MANY_H, scheme, dtype) - exact)
        here = abs(float(slopes(curve, x, h, scheme, dtype)) - exact)
        lines = [
            (np.where(truncation < FLOOR, np.nan, truncation), "second", "truncation"),
            (np.where(rounding < FLOOR, np.nan, rounding), "third", "rounding"),
            (np.where(measured == 0, np.nan, measured), "path", "measured error"),
        ]
        marks = [
            *(Line(MANY_H, values, role=role, label=label, width=1.5) for values, role, label in lines),
            Points(MANY_H, np.where(_alone(measured), measured, np.nan), role="path", size=5),
            Points([h], [here], role="path", size=13),
        ]
        if own is not None:
            marks.append(Points(DECADES, own, role="yours", size=9, label="your code"))
        error = log_axis("error of the slope", FLOOR, 1e2, keep=(FLOOR, np.inf))
        return panel(log_axis("h", 1e-16, 1.0), error, marks, "the V: error against h")

    def _own_errors(self, function, x, dtype, exact) -> tuple[np.ndarray | None, str]:
        """The errors of the learner's function at every decade of h, remembered for each curve."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        if not hasattr(self, "_known"):
            self._known = {}
        key = (function, x, dtype)
        if key not in self._known:
            value, real = CURVES[function].value, DTYPES[dtype][0]

            def f(w):
                return float(value(real(np.asarray(w).reshape(-1)[0])))

            found, notice = learners_numbers(
                self.yours, lambda: [self.yours(f, np.array([x]), h) for h in DECADES], (len(DECADES), 1)
            )
            self._known[key] = (None if found is None else np.abs(found[:, 0] - exact), notice)
        return self._known[key]


def _alone(errors: np.ndarray) -> np.ndarray:
    """Where a line would show nothing: errors of exactly zero, and those with a zero on both sides."""
    zero = np.concatenate([[True], errors == 0, [True]])
    return zero[1:-1] | (zero[:-2] & zero[2:])


def _verdict(function, x, h, scheme, dtype, exact, slope) -> str:
    error = abs(slope - exact)
    said = (
        f"{SPOKEN[scheme]} of {function} at x = {say(x)} in {dtype}, h = {say(h)}: the numeric "
        f"slope is {say(slope, 8)}, the exact one {say(exact, 8)}, the error {say(error)}."
    )
    if function.startswith("|x|"):
        if x == 0:
            return f"{said} At the kink there is no slope: left of it is −1, right of it 1. The 0 is a convention."
        if scheme == "complex":
            return f"{said} The absolute value throws the imaginary part away, so the complex step finds 0 everywhere."
        if abs(x) < h:
            return f"{said} The two points lie on both sides of the kink, so the slope is a mixture."
    if scheme == "complex":
        if h * h > np.finfo(dtype).eps:
            return (
                f"{said} Truncation still shows: a smaller h helps, and there is no rounding arm on the left."
            )
        return f"{said} Nothing is subtracted, so nothing is lost at small h."
    best = gradients.best_h(scheme, dtype)
    if h > 10 * best:
        return f"{said} To the right of the bottom, truncation rules: a smaller h helps."
    if h < best / 10:
        return f"{said} To the left of the bottom, rounding rules: a larger h helps."
    return f"{said} This is near the bottom of the V."


def learners_numbers(
    yours: Callable, compute: Callable, shape: tuple, seconds: float = 2.0
) -> tuple[np.ndarray | None, str]:
    """What a computation with the learner's function gives, as an array; or None and a sentence."""
    name = getattr(yours, "__name__", "your function")
    outcome = run_case(compute, Case(), seconds)
    if outcome.failure:
        return None, outcome.failure.sentence(name, seconds)
    if outcome.problem:
        return None, outcome.problem
    try:
        found = np.asarray(outcome.result, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != shape:
        wanted = "an array shaped like w" if shape else "one number"
        return None, f"Your code in the picture: `{name}` should return {wanted}."
    return found, ""


# -- one entry at a time ---------------------------------------------------------------------------


@lru_cache(maxsize=16)
def ink_model(num_entries: int) -> models.LinearRegression:
    """Is it a one (1) or a zero (0)? Told from the ink of some columns of the image; the last weight is the bias."""
    digits = data.load_digits()
    chosen = digits.y < 2
    ink = digits.images[chosen].mean(axis=1) / 16.0  # (examples, 8): one number for each column of pixels
    middle_first = np.array([3, 4, 2, 5, 1, 6, 0, 7])
    return models.LinearRegression(ink[:, middle_first[: num_entries - 1]], digits.y[chosen])


ENTRIES = np.array([0.8, -0.9, 0.7, 0.6, -0.8, 0.5, -0.7, -0.9, 0.3])


class EntryByEntry(Explorer):
    """The loop of the numeric gradient, one evaluation of the loss a step."""

    title = "One entry at a time"
    controls = (
        Choice("scheme", ("central", "forward"), "central"),
        integers("num_entries", 2, 9, 4, label="entries of w"),
        linear("h", 0.05, 0.6, 0.25, num=23),
    )

    def scene(self, scheme, num_entries, h) -> Scene:
        model = ink_model(num_entries)
        w = ENTRIES[:num_entries]
        calls = _calls(scheme, w, h)
        losses = np.array([model.value(point) for point, *_ in calls])
        dw, found, rows = np.zeros(num_entries), [], []
        for t, (point, entry, step) in enumerate(calls):
            if step == -h:
                dw[entry] = (losses[t - 1] - losses[t]) / (2 * h)
            elif step == h and scheme == "forward":
                dw[entry] = (losses[t] - losses[0]) / h
            found.append(dw.copy())
            rows.append([entry, step, losses[t], dw[entry], point[entry]])
        total = len(calls)
        exact = model.gradient(w)
        t = np.arange(1, total + 1)
        index = np.arange(num_entries)
        zero = Rule("y", 0.0, role="neutral", dash="solid")
        bars = {"by_step": "at", "width": 0.7}
        asked = np.array([point for point, *_ in calls])
        moved = [
            Bars(index, np.where(asked == w, asked, 0.0), role="path", **bars),
            Bars(index, np.where(asked == w, 0.0, asked), role="second", **bars),
            Points(index, w, role="start", size=8, label="w itself"),
            zero,
        ]
        returned = Line(t, losses, role="second", by_step="upto", marker=True, label="f(w moved)", width=1.2)
        gradient = [
            Bars(index, np.array(found), role="gradient", **bars),
            Points(index, exact, role="theory", size=9, label="analytic gradient"),
            zero,
        ]
        entries = {"lo": -0.6, "hi": num_entries - 0.4, "ticks": [(k, str(k)) for k in range(num_entries)]}
        return Scene(
            panels=[
                panel(axis("entry of w", **entries), axis("value", -1.6, 1.6), moved, "w, as f gets it"),
                panel(
                    axis("evaluation", 0, total + 1),
                    axis("loss", 0, 1.4),
                    [returned],
                    "the losses that come back",
                ),
                panel(axis("entry of dw", **entries), axis("slope", -1.0, 1.0), gradient, "dw, so far"),
            ],
            says=(
                f"A {scheme} numeric gradient of {num_entries} entries with h = {say(h)}: {total} evaluations of the loss "
                "for one gradient. Largest difference from the analytic gradient: "
                f"{say(float(np.abs(dw - exact).max()), 2)}."
            ),
            num_steps=total - 1,
            narration=Narration(
                f"one of {total} evaluations: entry {{0:d}} moved by {{1:.2g}} to {{4:.3g}}; the loss is {{2:.4f}}; "
                "dw at this entry is now {3:.4f}",
                np.array(rows),
            ),
        )


def _calls(scheme: str, w: np.ndarray, h: float) -> list[tuple[np.ndarray, int, float]]:
    """Every point at which f is asked, in order: (the point, which entry is moved, by how much)."""
    calls = [(w, 0, 0.0)] if scheme == "forward" else []
    for i in range(len(w)):
        for step in (h,) if scheme == "forward" else (h, -h):
            moved = w.copy()
            moved[i] += step
            calls.append((moved, i, step))
    return calls


# -- descent by numeric gradients ------------------------------------------------------------------

LANDSCAPES = {
    "the lecture's bowl": (objectives.lecture_bowl(), ((-6.0, 6.0), (-3.5, 3.5))),
    "Himmelblau": (objectives.himmelblau(), ((-5.0, 5.0), (-5.0, 5.0))),
    "Styblinski–Tang": (objectives.styblinski_tang(), ((-5.0, 5.0), (-5.0, 5.0))),
}
RATES = {"the lecture's bowl": 1.0, "Himmelblau": 0.04, "Styblinski–Tang": 0.06}  # of one unit of the slider


def plane_gradient(objective, h, scheme: str) -> Callable:
    """The numeric gradient of a landscape for a whole batch of points, one h for each."""

    def gradient(w):
        dw = np.empty_like(w)
        for i in range(2):
            ahead, behind = w.copy(), w.copy()
            ahead[i] += h
            if scheme == "central":
                behind[i] -= h
                dw[i] = (objective.value(ahead) - objective.value(behind)) / (2 * h)
            else:
                dw[i] = (objective.value(ahead) - objective.value(behind)) / h
        return dw

    return gradient


class NumericDescent(RunExplorer):
    """A walk that measures its slopes. `yours` is a learner's `numeric_gradient(f, w, h)`."""

    title = "Descent by numeric gradients"
    controls = (
        log("h", 1e-16, 2.0, 0.5, num=49),
        Choice("scheme", ("forward", "central"), "forward"),
        log("learning_rate", 0.02, 0.6, 0.3, num=41),
        Choice("landscape", tuple(LANDSCAPES), "the lecture's bowl"),
        integers("num_steps", 10, 60, 30, by=10),
        Point("start", (-4.0, 2.0), (-5.0, 5.0), (-3.5, 3.5)),
    )
    apart = ("landscape", "scheme", "num_steps")

    def runs(self, all_of):
        landscape, scheme, num_steps = (getattr(all_of, name)[0] for name in self.apart)
        objective, _ = LANDSCAPES[landscape]
        optimizer = GradientDescent(all_of.learning_rate * RATES[landscape])
        numeric = plane_gradient(objective, all_of.h, scheme)
        return tuple(
            descend(objective, optimizer, all_of.start, int(num_steps), gradient=gradient)
            for gradient in (numeric, None)
        )

    def picture(self, at, measured, exact) -> Scene:
        objective, window = LANDSCAPES[at.landscape]
        own = self._own_walk(objective, at)
        lowest = min(float(objective.value(np.array(m))) for m in objective.minima)
        losses = [
            (measured.loss - lowest, "numeric gradient", "path"),
            (exact.loss - lowest, "analytic gradient", "descent"),
            *own.losses(above=lowest),
        ]
        calls = at.num_steps * (3 if at.scheme == "forward" else 4)
        apart = float(np.abs(measured.final - exact.final).max())
        slopes = objective.gradient(measured.w.T).T
        with_exact = parts.run_of(
            "numeric gradient",
            "path",
            replace(measured, loss=measured.loss - lowest),
            **{"exact gradient": slopes},
        )
        plane = [
            *parts.minimum_marks(objective),
            *parts.path_marks(exact.w, "analytic gradient", role="descent"),
            *parts.run_marks(measured, "numeric gradient", drag="start"),
            parts.next_step(measured, at.learning_rate * RATES[at.landscape], "numeric gradient"),
            *own.path,
        ]
        plane = [
            replace(mark, run=with_exact) if run_name(mark) == with_exact.name else mark for mark in plane
        ]
        marks = {"h": [(gradients.best_h(at.scheme, "float64"), "best h")]}
        if objective.recipe[0] in parts.QUADRATIC:
            steep = float(np.linalg.eigvalsh(objective.hessian(np.zeros(2)))[-1])
            marks["learning_rate"] = [(float(gradient_descent_limit(steep)) / RATES[at.landscape], "limit")]
        return Scene(
            panels=[
                parts.plane_panel(objective, plane, at.landscape, window=window),
                parts.loss_panel(losses, 60, ylim=(1e-6, 1e3), title="loss above the minimum"),
            ],
            says=(
                f"{at.scheme.capitalize()} differences with h = {say(at.h)}: after {at.num_steps} steps and {calls} "
                f"evaluations the walk is at {parts.say_point(measured.final)}; "
                f"with the analytic gradient it is at {parts.say_point(exact.final)}. "
                + _walk_verdict(measured, apart)
            ),
            num_steps=int(at.num_steps),
            focus="numeric gradient",
            slider_marks=marks,
            notice=own.notice,
        )

    def _own_walk(self, objective, at) -> parts.Yours:
        if self.yours is None or is_blank(self.yours):
            return parts.Yours()

        def walk():
            points = [np.array(at.start, dtype=float)]
            for _ in range(at.num_steps):
                dw = self.yours(objective.value, points[-1].copy(), at.h)
                points.append(points[-1] - at.learning_rate * RATES[at.landscape] * dw)
            return np.array(points)

        points, notice = learners_numbers(self.yours, walk, (at.num_steps + 1, 2))
        return parts.Yours(notice=notice) if points is None else parts.walked(points, objective.value)


def _walk_verdict(measured, apart: float) -> str:
    if measured.diverged:
        return "It ran away."
    if np.array_equal(measured.final, measured.w[0]):
        return "It never moved: w + h is rounded back to w, so every slope it measured was zero."
    if apart < 1e-4:
        return "You cannot tell the two apart in the picture."
    return f"They end {say(apart, 2)} apart."


# -- the bill --------------------------------------------------------------------------------------

LANDMARKS = ((2, "a plane"), (650, "softmax"), (4_810, "network"), (25_600_000, "ResNet-50"))
SPANS = ((1, "a second"), (3_600, "an hour"), (86_400 * 365, "a year"))


def in_words(seconds: float) -> str:
    """Seconds in the unit that a person would use."""
    for size, unit in (
        (86_400 * 365, "years"),
        (86_400, "days"),
        (3_600, "hours"),
        (60, "minutes"),
        (1, "seconds"),
    ):
        if seconds >= size:
            return f"{say(seconds / size)} {unit}"
    return f"{say(seconds * 1000)} milliseconds"


class Bill(Explorer):
    """What one gradient costs: evaluations times the time of one evaluation."""

    title = "The bill for one gradient"
    controls = (
        log("num_parameters", 1, 1e9, 650, num=91, label="parameters", whole=True),
        log("milliseconds", 0.01, 1000, 1.0, num=51, label="one evaluation", unit="ms"),
    )

    def scene(self, num_parameters, milliseconds) -> Scene:
        n = np.geomspace(1, 1e9, 60)
        second = milliseconds / 1000
        central = 2 * num_parameters * second
        marks = [
            Line(n, 2 * n * second, role="path", label="central: 2N evaluations"),
            Line(n, (n + 1) * second, role="second", label="forward: N + 1"),
            Line(n, 3 * second + 0 * n, role="theory", label="analytic: a few (3)"),
            Points([num_parameters], [central], role="path", size=13),
            *(Rule("y", size, role="neutral", label=name) for size, name in SPANS),
            *(Rule("x", size, role="neutral", label=name) for size, name in LANDMARKS),
        ]
        seconds = log_axis("seconds for one gradient", 1e-5, 1e11)
        return Scene(
            panels=[panel(log_axis("parameters N", 1, 1e9), seconds, marks, "time of one gradient")],
            says=(
                f"With {num_parameters:,} parameters and {say(milliseconds)} ms for one loss, a central numeric "
                f"gradient takes {2 * num_parameters:,} evaluations: {in_words(central)}. A forward one takes "
                f"{num_parameters + 1:,} evaluations. An analytic one costs as much as a few evaluations "
                f"(3 are drawn: {in_words(3 * second)}), however many parameters there are."
            ),
            slider_marks={"num_parameters": [mark for mark in LANDMARKS if mark[1] != "network"]},
        )
