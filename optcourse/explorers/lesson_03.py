"""The explorers of lesson 03, gradient descent, in the order in which the lesson shows them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from optcourse import objectives
from optcourse.descent import descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Range, Toggle, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say, say_point
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Heat, Line, Points, Rule, Run, Scene, Span, Text
from optcourse.objectives import parabola, quadratic
from optcourse.optimizers import GradientDescent
from optcourse.theory import best_learning_rate, gradient_descent_limit

# All bowls of this lesson have the steep curvature of the lecture's 0.1 x² + 2 y², so the limit is 0.5.
STEEP = 4.0
LIMIT = float(gradient_descent_limit(STEEP))
WINDOW = ((-4.0, 4.0), (-4.0, 4.0))
# The values that the text asks for are on the slider exactly.
RATES = sorted({*np.geomspace(0.01, 1.0, 101), 0.25, 0.3, 0.45, 0.4762, 0.5})


def bowl(condition_number, rotation):
    """The bowl of the lesson; rotation in degrees."""
    return quadratic(condition_number, np.radians(rotation), STEEP)


def rate_marks(condition_number: float) -> dict:
    """Ticks on the learning rate's scale: the best one and the stability limit."""
    best = float(best_learning_rate(STEEP / condition_number, STEEP))
    return {"learning_rate": [(best, "best α*"), (LIMIT, "limit")]}


# -- (0) one axis ------------------------------------------------------------------------------------------------------


class ParabolaExplorer(RunExplorer):
    """Gradient descent in one variable: the factor 1 - learning_rate * curvature at each step."""

    title = "One axis, one factor"
    controls = (
        steps("learning_rate", [*RATES, 1.25, 1.5, 2.0], 0.1),
        linear("curvature", 0.2, 6.0, 4.0, num=59, label="curvature λ"),
        Range("num_steps", (5, 10, 20, 30), 20, whole=True),
    )
    start = 2.5

    def runs(self, all_of):
        longest = int(max(all_of.num_steps))
        gradient_descent = GradientDescent(all_of.learning_rate)
        return (descend(parabola(all_of.curvature), gradient_descent, self.start, longest),)

    def picture(self, at, run) -> Scene:
        w = run.w
        factor = 1 - at.learning_rate * at.curvature
        x = np.linspace(-3, 3, 121)
        t = np.arange(at.num_steps + 1)
        known = parts.run_of("gradient descent", "descent", run)
        on_curve = [
            Line(x, 0.5 * at.curvature * x * x, role="contour", width=1.5),
            Points([0.0], [0.0], role="optimum", size=12),
            *parts.run_line(w, run.loss, role="descent", run=known, marker=True),
        ]
        over_time = [
            Rule("y", 0.0, role="optimum", dash="dot"),
            *parts.run_line(t, w, "gradient descent", role="descent", run=known, marker=True),
            Line(t, self.start * factor**t, role="theory", width=1.5, label="2.5 × factor^step"),
        ]
        return Scene(
            panels=[
                panel(axis("w", -3, 3), axis("loss", -0.8, 20), on_curve, "the parabola λ w² / 2"),
                panel(axis("step", 0, 30), axis("w", -3.5, 3.5), over_time, "w at each step"),
            ],
            says=(
                f"Each step multiplies w by 1 − {say(at.learning_rate)} × {say(at.curvature)} = {say(factor)}. "
                + factor_in_words(factor)
                + f" After {at.num_steps} steps w = {say(w[-1])}."
            ),
            num_steps=int(at.num_steps),
            slider_marks={
                "learning_rate": [(1 / at.curvature, "one jump"), (2 / at.curvature, "limit")],
                "curvature": [(1 / at.learning_rate, "one jump"), (2 / at.learning_rate, "limit")],
            },
        )


def factor_in_words(factor: float) -> str:
    """What multiplying by this factor at every step looks like."""
    if factor < -1 - 1e-9:
        return "Beyond −1: every jump lands farther away on the other side. It runs away."
    if factor < -1 + 1e-9:
        return "Exactly −1: it jumps from side to side for ever and never comes closer."
    if factor < -0.05:
        return "Negative: it overshoots and zig-zags, but each jump lands closer."
    if factor < 0.05:
        return "Close to 0: almost there in one jump."
    if factor <= 0.9:
        return "Between 0 and 1: it glides down without overshooting."
    return "Just below 1: almost nothing happens at each step. It crawls."


# -- (a) the valley ----------------------------------------------------------------------------------------------------


class ValleyExplorer(RunExplorer):
    """Gradient descent in an elliptic valley: learning rate, condition number, rotation and start."""

    title = "Gradient descent in a valley"
    controls = (
        steps("learning_rate", RATES, 0.1),
        log("condition_number", 1.0, 100.0, 20.0, num=41),
        linear("rotation", 0.0, 90.0, 0.0, num=31, unit="degrees"),
        integers("num_steps", 5, 100, 50, by=5),
        Point("start", (-3.0, 2.0), *WINDOW, label="start"),
        Toggle("theory", False, label="compare with theory"),
    )

    def runs(self, all_of):
        bowls = bowl(all_of.condition_number, all_of.rotation)
        longest = int(max(all_of.num_steps))
        return (descend(bowls, GradientDescent(all_of.learning_rate), all_of.start, longest),)

    def picture(self, at, run) -> Scene:
        valley, loss = bowl(at.condition_number, at.rotation), run.loss
        own = parts.learners_run(
            self.yours, valley, at.start, learning_rate=at.learning_rate, num_steps=at.num_steps
        )
        shares, factors = axes_of_run(at.learning_rate, at.condition_number, at.rotation, at.start)
        t = np.arange(101)  # the prediction goes on where the run ends
        with np.errstate(all="ignore"):  # far beyond the limit it overflows; the clip is what is drawn
            flat, steep = (shares * factors ** (2 * t[:, None])).T
        predicted = [
            Line(t, flat, role="second", label="theory: flat axis", width=1.5),
            Line(t, steep, role="third", label="theory: steep axis", width=1.5),
        ]
        told = [outcome_in_words(factors, shares, loss)]
        if at.theory:
            told.append(rates_in_words(factors, shares, loss))
        path = [
            *parts.run_marks(run, "gradient descent", role="descent", drag="start"),
            parts.next_step(run, at.learning_rate),
        ]
        losses = [(loss, "gradient descent", "descent"), *own.losses()]
        return Scene(
            panels=[
                parts.plane_panel(
                    valley,
                    [*parts.minimum_marks(valley), *path, *own.path],
                    "the valley from above",
                    window=WINDOW,
                ),
                parts.loss_panel(losses, 100, ylim=(1e-6, 1e2), extra=predicted if at.theory else []),
            ],
            says=" ".join(told),
            num_steps=int(at.num_steps),
            slider_marks=rate_marks(at.condition_number),
            notice=own.notice,
        )


def axes_of(condition_number: float, rotation: float) -> tuple[np.ndarray, np.ndarray]:
    """Curvatures (flat, steep) and the matrix whose columns are the flat and the steep direction."""
    cos, sin = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    return np.array([STEEP / condition_number, STEEP]), np.array([[cos, -sin], [sin, cos]])


def axes_of_run(learning_rate, condition_number, rotation, start) -> tuple[np.ndarray, np.ndarray]:
    """For the flat and the steep axis: its share of the loss at the start, and its factor 1 - learning_rate * curvature."""
    curvatures, directions = axes_of(condition_number, rotation)
    return 0.5 * curvatures * (directions.T @ np.asarray(start)) ** 2, 1 - learning_rate * curvatures


def outcome_in_words(factors, shares, loss) -> str:
    """What the path does, without any formula."""
    flat, steep = factors * (shares > 0)  # an axis that the start has no part in is never seen
    last = len(loss) - 1
    went = f"In {last} steps the loss went from {say(loss[0])} to {say(loss[-1])}."
    if not np.isfinite(loss[-1]) or abs(steep) > 1 + 1e-9:
        return f"{went} The walker jumps ever farther from wall to wall: it runs away."
    if abs(steep) > 1 - 1e-9:
        return f"{went} The walker jumps from wall to wall for ever and comes no closer."
    if steep < -0.3:
        return f"{went} The walker zig-zags from wall to wall while it works its way along the valley."
    if flat > 0.9:
        return f"{went} The walker reaches the valley's floor, then crawls along it."
    return f"{went} The walker glides down."


def rates_in_words(factors, shares, loss) -> str:
    """Both axes' factors, and the measured factor beside the predicted one."""
    flat, steep = factors
    told = f"Each step multiplies the part along the steep axis by {say(steep)}, along the flat axis by {say(flat)}."
    last = len(loss) - 1
    if not ((loss[-2:] > 1e-250) & (loss[-2:] < 1e250)).all():
        return told
    leading = int(np.argmax(shares * factors ** (2.0 * last)))
    measured, predicted = np.sqrt(loss[-1] / loss[-2]), abs(factors[leading])
    return (
        f"{told} Measured in step {last}: the distance became {say(measured, 4)} times what it was; theory for the "
        f"{('flat', 'steep')[leading]} axis, which holds most of the loss by then: {say(predicted, 4)}."
    )


# -- (b) linked bases --------------------------------------------------------------------------------------------------


class LinkedBasesExplorer(RunExplorer):
    """The same run in w-space and in the Hessian's own axes, where the two coordinates never meet."""

    title = "One run, two sets of axes"
    height = 330
    window = ((-4.5, 4.5), (-4.5, 4.5))
    controls = (
        steps("learning_rate", RATES, 0.45),
        log("condition_number", 1.0, 100.0, 20.0, num=41),
        linear("rotation", 0.0, 90.0, 30.0, num=31, unit="degrees"),
        Point("start", (-3.0, 1.0), (-3.0, 3.0), (-3.0, 3.0), label="start (w)"),
    )
    num_steps = 40

    def runs(self, all_of):
        bowls = bowl(all_of.condition_number, all_of.rotation)
        return (descend(bowls, GradientDescent(all_of.learning_rate), all_of.start, self.num_steps),)

    def picture(self, at, run) -> Scene:
        w = run.w
        curvatures, directions = axes_of(at.condition_number, at.rotation)
        far = np.abs(w).max(axis=1) > 100  # beyond, rounding of the large coordinate drowns the small one
        w = w[: int(far.argmax()) + 1 if far.any() else len(w)]
        c = w @ directions
        factors = 1 - at.learning_rate * curvatures
        t = np.arange(len(w))
        reach = np.array([-9.0, 9.0])
        flat, steep = directions.T
        axes_in_w = [
            Line(reach * flat[0], reach * flat[1], role="second", width=1.5, label="flat axis"),
            Line(reach * steep[0], reach * steep[1], role="third", width=1.5, label="steep axis"),
        ]
        own_axes = [
            Line(reach, 0 * reach, role="second", width=1.5),
            Line(0 * reach, reach, role="third", width=1.5),
        ]
        with np.errstate(all="ignore"):
            expected = np.abs(c[0]) * np.abs(factors) ** t[:, None]
        components = [
            Line(t, expected[:, 0], role="theory", width=1.2, label="|start × factor^step|"),
            Line(t, expected[:, 1], role="theory", width=1.2),
            Line(t, np.abs(c[:, 0]), role="second", label="along flat", run="gradient descent"),
            Line(t, np.abs(c[:, 1]), role="third", label="along steep", run="gradient descent"),
        ]
        known = Run(
            "gradient descent",
            "descent",
            {
                "w": w,
                "loss": run.loss[: len(w)],
                "along flat": np.abs(c[:, 0]),
                "along steep": np.abs(c[:, 1]),
            },
        )
        distance = log_axis("distance from the minimum", 1e-6, 1e2, keep=(1e-30, 1e30))
        turned, straight = bowl(at.condition_number, at.rotation), bowl(at.condition_number, 0.0)
        in_w = [*axes_in_w, *parts.run_marks(w, "gradient descent", role="descent", drag="start")]
        in_own = [*own_axes, *parts.run_marks(c, "gradient descent", role="descent", drag="start")]
        in_own[-2].drag_basis = tuple(directions.ravel().tolist())
        words = ("along the flat axis", "along the steep axis")
        return Scene(
            panels=[
                parts.plane_panel(turned, in_w, "in the coordinates w", window=self.window),
                parts.plane_panel(
                    straight, in_own, "in the valley's own axes", window=self.window, words=words
                ),
                panel(axis("step", 0, self.num_steps), distance, components, "each axis alone"),
            ],
            says=(
                f"The start {say_point(at.start)} is {say(abs(c[0, 0]))} from the minimum along the flat axis and "
                f"{say(abs(c[0, 1]))} along the steep one. Every step multiplies the first by "
                f"1 − {say(at.learning_rate)} × {say(curvatures[0])} = {say(factors[0])} and the second by "
                f"1 − {say(at.learning_rate)} × {say(curvatures[1])} = {say(factors[1])}, whatever the rotation "
                f"({say(at.rotation)} degrees)."
            ),
            num_steps=len(w) - 1,
            runs=[known],
            slider_marks=rate_marks(at.condition_number),
        )


# -- (c) the learning-rate sweep ---------------------------------------------------------------------------------------


class SweepExplorer(Explorer):
    """Final loss over a grid of learning rates, all runs at once, and the path of one of them."""

    title = "Every learning rate at once"
    rates = log("learning_rate", 0.001, 1.0, 0.1, num=121, label="learning_rate")
    controls = (
        rates,
        log("condition_number", 1.0, 1000.0, 20.0, num=31),
        Range("num_steps", (1, 2, 5, 10, 20, 50, 100, 200), 50, whole=True),
    )
    start = (-3.0, 2.0)

    def scene(self, learning_rate, condition_number, num_steps) -> Scene:
        grid = np.array(self.rates.values)
        final = np.clip(losses_of_rates(condition_number)[num_steps], 1e-20, 1e20)
        path = descend(
            bowl(condition_number, 0.0), GradientDescent(learning_rate), self.start, int(num_steps)
        )
        best = float(best_learning_rate(STEEP / condition_number, STEEP))
        at_best = int(final.argmin())
        good = grid[final <= 10 * final[at_best]]
        rates, losses = (
            log_axis("learning_rate", 0.001, 1.0),
            log_axis(f"loss after {num_steps} steps", 1e-12, 1e6),
        )
        curve = [
            Span("x", LIMIT, 1.0, role="bad", label="runs away"),
            Line(grid, final, role="path", label=f"loss after {num_steps} steps"),
            Rule("x", best, role="theory", label="best α*"),
            parts.handle(learning_rate, losses.inside(path.loss[-1]), "learning_rate", "probe"),
        ]
        walked = [
            *parts.minimum_marks(bowl(condition_number, 0.0)),
            *parts.run_marks(path, "gradient descent", role="descent"),
            parts.next_step(path, learning_rate),
        ]
        return Scene(
            panels=[
                panel(rates, losses, curve, "one run for every learning rate"),
                parts.plane_panel(bowl(condition_number, 0.0), walked, "the probe's path", window=WINDOW),
            ],
            says=(
                f"The probe, learning rate {say(learning_rate)}, ends with loss {say(path.loss[-1])} after {num_steps} "
                f"steps. On this grid {say(grid[at_best])} ends lowest, with {say(final[at_best])}. The rates from "
                f"{say(good.min())} to {say(good.max())} end within ten times of that; from {say(LIMIT)} on, runs do not "
                "settle."
            ),
            num_steps=int(num_steps),
            slider_marks=rate_marks(condition_number),
        )


@lru_cache(maxsize=64)
def losses_of_rates(condition_number: float) -> np.ndarray:
    """The loss of every learning rate of the sweep after 0 ... 200 steps: shape (201, rates)."""
    grid = np.array(SweepExplorer.rates.values)
    return descend(
        bowl(condition_number, 0.0), GradientDescent(grid), SweepExplorer.start, 200, record=("w", "loss")
    ).loss


# -- (d) basins --------------------------------------------------------------------------------------------------------

LANDSCAPES = {
    "Himmelblau": objectives.himmelblau,
    "Styblinski-Tang": objectives.styblinski_tang,
    "rippled ravine": objectives.ravine,
}
NAMES = "ABCDE"


class BasinsExplorer(Explorer):
    """Every start is coloured by the minimum that gradient descent reaches from it."""

    title = "Which minimum? It depends on the start"
    controls = (
        Choice("landscape", tuple(LANDSCAPES), "Himmelblau"),
        log("learning_rate", 0.002, 0.2, 0.01, num=31),
        Point("start", (0.5, -0.5), (-5.0, 5.0), (-5.0, 5.0), label="start"),
    )
    num_steps = 200

    def scene(self, landscape, learning_rate, start) -> Scene:
        objective = LANDSCAPES[landscape]()
        minima = np.array(objective.minima)
        reached = basins(landscape, learning_rate, self.num_steps)
        start = tuple(np.clip(start, *np.transpose(objective.domain)))
        trace = descend(objective, GradientDescent(learning_rate), start, self.num_steps)
        own = parts.learners_run(
            self.yours, objective, start, learning_rate=learning_rate, num_steps=self.num_steps
        )
        end = which_minimum(trace.final[:, None], minima)[0]
        (xlo, xhi), (ylo, yhi) = objective.domain
        marks = [
            Heat(reached, (xlo, xhi, ylo, yhi), 0.0, 4.0, colors="basins", smooth=False, role="contour"),
            Points(minima[:, 0], minima[:, 1], role="optimum", size=12, label="minimum"),
            *[
                Text(
                    x,
                    y,
                    f"{name}: loss {0.0 if abs(v) < 1e-9 else v:.3g}",
                    role="optimum",
                    align="center",
                    above=9,
                )
                for name, (x, y), v in zip(NAMES, minima, objective.value(minima.T), strict=False)
            ],
            *parts.run_marks(trace, "gradient descent", role="descent", drag="start"),
            *own.path,
        ]
        lowest = min(0.0, float(objective.value(minima.T).min()))
        losses = [(trace.loss - lowest, "gradient descent", "descent"), *own.losses(above=lowest)]
        where = f"reaches minimum {NAMES[int(end)]}" if np.isfinite(end) else "reaches no minimum in time"
        nowhere = float(np.isnan(reached).mean())
        return Scene(
            panels=[
                parts.map_panel(
                    objective.domain,
                    marks,
                    "colour: the minimum reached from there",
                    weight=1.3,
                    equal=False,
                    field=replace(parts.field(objective, *objective.domain), bands=False),
                ),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-6, 1e4), title="loss above the lowest"),
            ],
            says=(
                f"From {say_point(start)} gradient descent with learning rate {say(learning_rate)} {where}. "
                f"{shares(reached, len(minima))}; {nowhere:.0%} reach none of them within {self.num_steps} steps."
            ),
            num_steps=self.num_steps,
            notice=own.notice,
        )


def which_minimum(points: np.ndarray, minima: np.ndarray, near: float = 0.1) -> np.ndarray:
    """For points (2, *batch): the index of the minimum within `near`, or NaN."""
    with np.errstate(all="ignore"):
        gaps = np.stack([np.hypot(points[0] - x, points[1] - y) for x, y in minima])
    gaps = np.where(np.isfinite(gaps), gaps, np.inf)
    return np.where(gaps.min(axis=0) < near, gaps.argmin(axis=0), np.nan)


@lru_cache(maxsize=64)
def basins(landscape: str, learning_rate: float, num_steps: int, grid: int = 60) -> np.ndarray:
    """Which minimum is reached from every start of a grid over the landscape's domain, by one batched run."""
    objective = LANDSCAPES[landscape]()
    sides = [np.linspace(lo, hi, 2 * grid + 1)[1::2] for lo, hi in objective.domain]  # centres of the cells
    starts = np.stack(np.meshgrid(*sides), axis=-1)
    ends = descend(objective, GradientDescent(learning_rate), starts, num_steps, record=()).final
    return which_minimum(np.moveaxis(ends, -1, 0), np.array(objective.minima))


def shares(reached: np.ndarray, count: int) -> str:
    """'Of all starts 25% reach A, ...'."""
    return "Of all starts " + ", ".join(f"{np.mean(reached == k):.0%} reach {NAMES[k]}" for k in range(count))


# -- (e) the saddle ----------------------------------------------------------------------------------------------------


class SaddleExplorer(RunExplorer):
    """x² - y²: the slower way off a ridge, and the start that never leaves it."""

    title = "The saddle that holds on"
    controls = (
        log("learning_rate", 0.005, 0.4, 0.01, num=41),
        log("distance", 1e-12, 1.0, 1e-6, num=25, label="start, off the ridge"),
        Toggle("exactly_on_the_ridge", label="start exactly on the ridge"),
    )
    num_steps = 1000

    def runs(self, all_of):
        distances = np.where(all_of.exactly_on_the_ridge, 0.0, all_of.distance)
        starts = np.column_stack([np.full(len(all_of), -1.5), distances])
        optimizer = GradientDescent(all_of.learning_rate)
        return (descend(objectives.saddle(), optimizer, starts, self.num_steps, record=("w", "loss")),)

    def picture(self, at, run) -> Scene:
        w, loss = run.w, run.loss
        far = np.abs(w[:, 1]) >= 1
        escape = int(far.argmax()) if far.any() else None
        gone = np.abs(w[:, 1]) >= 2.5  # out of the window
        length = int(gone.argmax()) if gone.any() else self.num_steps
        w, loss = w[: length + 1], loss[: length + 1]
        t = np.arange(length + 1)
        off, along = np.abs(w[:, 1]), np.abs(w[:, 0])
        height = [
            Rule("y", 1.0, role="limit", label="|w[1]| = 1: it has left"),
            Line(t, off, role="descent", label="|w[1]|", run="gradient descent"),
            Line(t, along, role="second", label="|w[0]|", run="gradient descent"),
        ]
        distance = log_axis("distance from the saddle", 1e-12, 1e1, keep=(1e-30, np.inf))
        known = parts.run_of("gradient descent", "descent", w, loss)
        path = [
            Line(*w.T, role="descent", label="gradient descent", by_step="upto", run=known),
            Points(*w[:1].T, role="start", size=10),
            Points(*w.T, role="descent", size=parts.HERE, by_step="at", run=known),
        ]
        ridge = Points([0.0], [0.0], role="limit", size=10, label="saddle")
        grows = f"w[1] is multiplied by 1 + 2 × {say(at.learning_rate)} = {say(1 + 2 * at.learning_rate, 4)} at each step"
        if at.exactly_on_the_ridge:
            story = f"The start lies exactly on the ridge, w[1] = 0. {grows}, and stays 0: it never escapes."
        elif escape is None:
            story = f"From {say(at.distance)} off the ridge it has not left after {self.num_steps} steps. {grows}."
        elif escape == 0:
            story = f"It starts at distance {say(at.distance)}: it has left already. {grows}."
        else:
            story = f"From {say(at.distance)} off the ridge it takes {escape} steps until |w[1]| reaches 1. {grows}."
        return Scene(
            panels=[
                parts.plane_panel(objectives.saddle(), [ridge, *path], "x² − y² from above"),
                panel(axis("step", 0, self.num_steps), distance, height, "two axes, two factors"),
            ],
            says=story + f" Meanwhile w[0] shrinks by {say(1 - 2 * at.learning_rate, 4)} at each step.",
            num_steps=length,
        )


# -- (f) real digits ---------------------------------------------------------------------------------------------------


class DigitsExplorer(Explorer):
    """Batch gradient descent of softmax regression on the digits: every step is a pass over all training images."""

    title = "Batch gradient descent on real digits"
    controls = (
        steps(
            "learning_rate",
            (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0),
            0.5,
            table=False,
        ),
        Toggle("centred", label="subtract the mean image first", table=False),
    )
    num_steps = 60

    def scene(self, learning_rate, centred) -> Scene:
        curvatures = digits_curvatures(centred)
        losses, train, test = digits_run(learning_rate, centred, self.num_steps)
        t = np.arange(self.num_steps + 1)
        limit = 2 / curvatures[0]
        model, _ = digits.softmax(centred)
        given = {"learning_rate": learning_rate, "num_steps": self.num_steps}
        own = digits.learners_run(self.yours, model, model.initial(), model, **given)
        known = Run("training loss", "descent", {"loss": losses})
        marks = [*parts.run_line(t, losses, "training loss", role="descent", run=known), *own.line()]
        shown = curvatures[curvatures > 1e-9]
        far = 1 / (learning_rate * self.num_steps)
        places = np.arange(1, len(shown) + 1)
        spectrum = [
            Rule("y", 2 / learning_rate, role="limit", label="2 / learning_rate: above it, unstable"),
            Rule("y", far, role="theory", label="below: still far after 60 passes"),
            Points(places, shown, role="second", size=7, label="curvature of a direction"),
        ]
        passes = axis("pass over all training images", 0, self.num_steps)
        curvature = log_axis("curvature λ", 1e-8, 100.0)
        ups = int(np.sum(np.diff(losses) > 0))
        stable = "below" if learning_rate < limit else "above"
        slow = int(np.sum(shown * learning_rate * self.num_steps < 1))
        return Scene(
            panels=[
                panel(
                    passes,
                    log_axis("loss", 0.05, 50.0, keep=(1e-3, 1e6)),
                    marks,
                    "loss on the training images",
                ),
                panel(
                    axis("direction, steepest first", 0, 65),
                    curvature,
                    spectrum,
                    "the curvatures at the start",
                ),
            ],
            says=(
                f"Learning rate {say(learning_rate)}, {stable} the limit 2/λ = {say(limit)} of the start: after "
                f"{self.num_steps} passes the loss is {say(losses[-1])}, and {train:.1%} of the training images and "
                f"{test:.1%} of the test images are read right. The loss rose in {ups} of {self.num_steps} steps. "
                f"{slow} of {len(shown)} directions with any curvature have hardly moved yet."
            ),
            num_steps=self.num_steps,
            slider_marks={"learning_rate": [(limit, "limit")]},
            notice=own.notice,
        )


@lru_cache(maxsize=2)
def digits_curvatures(centred: bool) -> np.ndarray:
    """Eigenvalues of the Hessian at w = 0, largest first, one for each feature direction (each counts nine times).

    At w = 0 all ten classes have probability 1/10, and the Hessian is a Kronecker product: X1.T @ X1 / N with a
    10 by 10 matrix that has the eigenvalue 1/10 nine times and 0 once.
    """
    model, _ = digits.softmax(centred)
    return np.linalg.eigvalsh(model.X1.T @ model.X1 / len(model.X1))[::-1] / 10


@lru_cache(maxsize=64)
def digits_run(learning_rate: float, centred: bool, num_steps: int) -> tuple[np.ndarray, float, float]:
    """(loss at each step, accuracy on the training images, accuracy on the test images)."""
    model, held_back = digits.softmax(centred)
    trace = descend(model, GradientDescent(learning_rate), model.initial(), num_steps, record=("loss",))
    return trace.loss, model.accuracy(trace.final), held_back.accuracy(trace.final)
