"""The explorers of lesson 05, momentum, in the order in which the lesson shows them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import count

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Toggle, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say, say_point
from optcourse.explorers.runs import RunExplorer, Stacked, first_steps
from optcourse.figures import Arrows, Bars, Heat, Line, Points, Rule, Run, Scene, Text
from optcourse.figures.palette import OPTIMIZERS
from optcourse.objectives import parabola, quadratic
from optcourse.optimizers import GradientDescent, Momentum, Nesterov

STEEP = 4.0  # the steep curvature of the lecture's 0.1 x² + 2 y²
WINDOW = ((-4.0, 4.0), (-4.0, 4.0))


def bounded(values, size: float) -> np.ndarray:
    """Values clipped to ±size, and NaN and infinity kept out of the drawing."""
    return np.clip(np.nan_to_num(values, nan=size, posinf=size, neginf=-size), -size, size)


def until_gone(values, size: float) -> np.ndarray:
    """Values up to the first row beyond ±size, NaN after it: a path that ran away is not drawn any further."""
    values = np.array(values, dtype=float)
    beyond = ~(np.abs(values) <= size)
    gone = np.flatnonzero(beyond.any(axis=1) if values.ndim == 2 else beyond)
    if len(gone):
        values[gone[0]] = bounded(values[gone[0]], 10 * size)
        values[gone[0] + 1 :] = np.nan
    return values


def path_in_plane(run, label: str, role: str, drag: str | None = None, **more) -> list:
    """The path of a run (a trace, or its points), and where it is now; its start can be dragged if `drag` names a control."""
    w = getattr(run, "w", run)
    x, y = bounded(w, 1e3).T
    known = parts.run_of(label, role, run, **more)
    marks = [
        Line(*until_gone(w, 8.0).T, role=role, label=label, by_step="upto", marker=True, run=known),
        Points(x, y, role=role, size=parts.HERE, by_step="at", run=known),
    ]
    if drag:
        marks.append(Points(x[:1], y[:1], role="start", size=11, drag=drag))
    return marks


def arrow(here, parts_of_step, role: str, label: str, run: str = "") -> Arrows:
    """The arrow at each step's point (2, steps): a part of the next step of the run that is named; none where it stands still."""
    parts_of_step = np.where(np.hypot(*parts_of_step.T)[:, None] < parts.STANDSTILL, np.nan, parts_of_step)
    return Arrows(*here, *parts_of_step.T, role=role, label=label, by_step="at", width=3, run=run)


# -- (0) what a velocity remembers ---------------------------------------------------------------------------------

PUSHES = ("steady", "flipping", "noisy", "steady, then none")


def pushes(kind: str, num_steps: int = 60) -> np.ndarray:
    """Gradients that are given, not computed: what pushes the velocity at each step."""
    t = np.arange(num_steps)
    if kind == "steady":
        return np.ones(num_steps)
    if kind == "flipping":
        return np.where(t % 2 == 0, 1.0, -1.0)
    if kind == "noisy":
        return 0.5 + np.random.default_rng(5).normal(size=num_steps)
    return np.where(t < 30, 1.0, 0.0)


class MemoryExplorer(Explorer):
    """A velocity that is pushed by given gradients: what adds up, what cancels, and how long it lasts."""

    title = "What a velocity remembers"
    controls = (linear("rho", 0.0, 0.96, 0.9, num=49), Choice("gradients", PUSHES, "steady"))
    num_steps = 60

    def scene(self, rho, gradients) -> Scene:
        dw = pushes(gradients, self.num_steps)
        velocity = np.zeros(self.num_steps + 1)
        for t in range(self.num_steps):
            velocity[t + 1] = rho * velocity[t] + dw[t]
        window = float(theory.averaging_window(rho))
        half = float(theory.half_life(rho)) if rho > 0 else 0.0
        age, t = np.arange(31), np.arange(1, self.num_steps + 1)
        run = Run("velocity", "velocity", {"gradient": np.concatenate([[0.0], dw]), "velocity": velocity})
        memory = [
            Bars(age, rho**age, role="velocity"),
            Rule("x", half, role="theory", label="half-life"),
            Rule("x", window, role="limit", label="window 1/(1 − rho)"),
        ]
        push = [
            Rule("y", window, role="limit", label="top speed"),
            Line(t, dw, role="gradient", label="gradient dw", width=1.3, marker=True),
            *parts.run_line(np.arange(61), velocity, "velocity", role="velocity", run=run),
        ]
        ages, weight = (
            axis("age of a gradient, in steps", -1, 31),
            axis("its weight in the velocity: rho^age", 0, 1.05),
        )
        return Scene(
            panels=[
                panel(ages, weight, memory, "the memory"),
                panel(
                    axis("step", 0, self.num_steps),
                    axis("push and velocity", -6, 26),
                    push,
                    f"gradients: {gradients}",
                ),
            ],
            says=(
                f"With rho = {say(rho)} a gradient has lost half its weight after {say(half)} steps, and the weights add "
                f"up to {say(window)}. Pushed by {gradients} gradients, the velocity is {say(velocity[30])} after 30 steps "
                f"and {say(velocity[60])} after 60."
            ),
            num_steps=self.num_steps,
            pin=("velocity at the end", velocity[-1]),
        )


# -- (a) the path ----------------------------------------------------------------------------------------------------


class PathExplorer(RunExplorer):
    """Momentum in a valley with its velocity and gradient arrows, and gradient descent beside it."""

    title = "Momentum in a valley"
    controls = (
        log("learning_rate", 0.01, 1.0, 0.1, num=61),
        linear("rho", 0.0, 0.98, 0.8, num=50),
        log("condition_number", 1.0, 100.0, 40.0, num=31),
        integers("num_steps", 5, 60, 60, by=5),
        Point("start", (-3.5, 1.5), *WINDOW, label="start"),
    )

    def runs(self, all_of):
        bowls = quadratic(all_of.condition_number, 0.0, STEEP)
        optimizers = Momentum(all_of.learning_rate, all_of.rho), GradientDescent(all_of.learning_rate)
        longest = int(max(all_of.num_steps))
        return tuple(descend(bowls, one, all_of.start, longest) for one in optimizers)

    def picture(self, at, run, plain) -> Scene:
        velocity = run.state["velocity"]
        bowl = quadratic(at.condition_number, 0.0, STEEP)
        given = at.only("learning_rate", "rho", "num_steps")
        own = parts.learners_run(self.yours, bowl, at.start, **given)
        here = bounded(run.w, 1e3).T
        down = bounded(-at.learning_rate * run.dw, 10)
        carried = bounded(-at.learning_rate * at.rho * velocity, 10)
        losses = [
            (run.loss, "momentum", "momentum"),
            (plain.loss, "gradient descent", "descent"),
            *own.losses(),
        ]
        limit = float(theory.momentum_limit(at.rho, STEEP))
        best_rate, best_rho = theory.best_momentum(STEEP / at.condition_number, STEEP)
        marks = [
            *parts.minimum_marks(bowl),
            *path_in_plane(plain, "gradient descent", "descent"),
            *path_in_plane(run, "momentum", "momentum", "start"),
            arrow(here, carried, "velocity", "velocity", "momentum"),
            arrow(here, down, "gradient", "gradient", "momentum"),
            *own.path,
        ]
        verdict = "below" if at.learning_rate < limit else "not below"
        return Scene(
            panels=[
                parts.plane_panel(bowl, marks, title="the valley from above", window=WINDOW),
                parts.loss_panel(losses, 60),
            ],
            says=(
                f"Learning rate {say(at.learning_rate)} is {verdict} momentum's limit {say(limit)} (gradient "
                f"descent's: {say(2 / STEEP)}). "
                f"After {at.num_steps} steps momentum has loss {say(run.loss[-1])}, gradient descent {say(plain.loss[-1])}."
            ),
            num_steps=int(at.num_steps),
            focus="momentum",
            slider_marks={
                "learning_rate": [(2 / STEEP, "descent's limit"), (best_rate, "best"), (limit, "limit")],
                "rho": [(best_rho, "best")],
            },
            notice=own.notice,
        )


# -- (b) the rate map --------------------------------------------------------------------------------------------------

METHODS = {"momentum": Momentum, "Nesterov": Nesterov}
ALPHAS, RHOS = np.linspace(0.0, 4.0, 121)[:-1] + 1 / 60, np.linspace(0.0, 1.0, 61)[:-1] + 1 / 120


@lru_cache(maxsize=2)
def measured_rates(method: str, num_steps: int = 160) -> np.ndarray:
    """The factor per step of 7,200 runs at once, one for each (alpha, rho), on a parabola of curvature 1: (rho, alpha).

    A run may swing, so its size is the largest |w| in a stretch of 40 steps.
    """
    optimizer = METHODS[method](ALPHAS[None, :], RHOS[:, None])
    w = np.abs(descend(parabola(1.0), optimizer, 1.0, num_steps, record=("w",)).w)
    early, late = w[81:121].max(axis=0), w[121:161].max(axis=0)
    with np.errstate(all="ignore"):
        rate = (late / early) ** (1 / 40)
    return np.where(np.isfinite(rate) & (early > 1e-250), rate, np.where(early > 1, 1.4, 0.0))


def behaviour(method: str, alpha: float, rho: float) -> str:
    """What the run looks like, from the two factors (the roots) of its recurrence at curvature 1."""
    shrink = 1 - alpha
    total, product = (1 + rho - alpha, rho) if method == "momentum" else ((1 + rho) * shrink, rho * shrink)
    rate = float(theory.larger_root(np.asarray(total), np.asarray(product)))
    if rate > 1 + 1e-9:
        return "divergence"
    if rate < 0.15:
        return "one-step"
    if total * total < 4 * product:
        return "ripples"
    return "oscillation" if total < 0 else "monotone decay"


class RateMapExplorer(Explorer):
    """Thousands of runs, one for each (alpha, rho): how fast, how, and where the theory draws the boundary."""

    title = "The map of all (α, ρ)"
    controls = (
        Choice("method", tuple(METHODS), "momentum"),
        Point("probe", (1.0, 0.6), (0.02, 3.98), (0.0, 0.99), label="probe (αλ, ρ)", step=0.02),
    )
    num_steps = 60

    def scene(self, method, probe) -> Scene:
        alpha, rho = probe
        limit_of = theory.momentum_limit if method == "momentum" else theory.nesterov_limit
        rate_of = theory.momentum_rate if method == "momentum" else theory.nesterov_rate
        rate, limit = float(rate_of(alpha, rho)), float(limit_of(rho))
        beta = np.linspace(0, 1, 61)
        a = np.linspace(0, 4, 121)
        critical = theory.critical_rho(a) if method == "momentum" else nesterov_critical(a)
        trace = descend(parabola(1.0), METHODS[method](alpha, rho), 1.0, self.num_steps)
        t = np.arange(self.num_steps + 1)
        with np.errstate(all="ignore"):
            envelope = bounded(rate**t, 50)
        kind = behaviour(method, alpha, rho)
        velocity = bounded(trace.state["velocity"], 1e9)
        run = Run("probe", OPTIMIZERS[method], {"w": bounded(trace.w, 1e9), "velocity": velocity})
        rates = Heat(
            measured_rates(method), (0, 4, 0, 1), 0.3, 1.25, colors="rate", smooth=False, role="contour"
        )
        chart = [
            rates,
            Line(limit_of(beta), beta, role="limit", label="limit, by theory", width=3),
            Line(a, critical, role="theory", label="critical damping"),
            parts.handle(alpha, rho, "probe", "probe", size=15),
        ]
        walk = [
            Line(t, envelope, role="theory", label="± rate^step", width=1.3),
            Line(t, -envelope, role="theory", width=1.3),
            *parts.run_line(t, until_gone(trace.w, 4.0), kind, role=run.role, run=run),
        ]
        alphas, betas = axis("αλ", 0, 4), axis("ρ", 0, 1)
        distance = axis("w", -2, 2)
        return Scene(
            panels=[
                panel(alphas, betas, chart, "factor per step (dark: fast)"),
                panel(axis("step", 0, self.num_steps), distance, walk, "the probe's run"),
            ],
            says=(
                f"The probe of {method}, αλ = {say(alpha)} and ρ = {say(rho)}, shows {kind}: each step multiplies the "
                f"distance by {say(rate)} in the long run. At this ρ the limit is αλ = {say(limit, 4)}; √ρ = "
                f"{say(np.sqrt(rho))}."
            ),
            num_steps=self.num_steps,
            pin=("factor per step", rate),
        )


def nesterov_critical(alpha: np.ndarray) -> np.ndarray:
    """The rho at which Nesterov's two factors coincide: (1 - √a) / (1 + √a); no ripples beyond alpha = 1."""
    root = np.sqrt(alpha)
    return np.where(root <= 1, (1 - root) / (1 + root), np.nan)


# -- (c) the phase portrait --------------------------------------------------------------------------------------------


class PhaseExplorer(RunExplorer):
    """Velocity against position: a spiral, a straight way home, or critical damping between them."""

    title = "Phase portrait: velocity against position"
    controls = (
        linear("rho", 0.0, 0.99, 0.9, num=100),
        log("learning_rate", 0.01, 1.0, 0.1, num=61),
        Point(
            "start",
            (2.0, 0.0),
            (-3.0, 3.0),
            (-8.0, 8.0),
            label="position and velocity at the start",
            step=0.1,
        ),
    )
    num_steps = 80

    def runs(self, all_of):
        w, velocity = all_of.start.T.copy()
        points = [(w, velocity)]
        for _ in range(self.num_steps):  # descend starts at rest; here the first velocity is a control
            velocity = all_of.rho * velocity + w
            w = w - all_of.learning_rate * velocity
            points.append((w, velocity))
        return tuple(np.array(points).swapaxes(0, 1))

    def picture(self, at, w, velocity) -> Scene:
        critical = float(theory.critical_rho(at.learning_rate))
        rate = float(theory.momentum_rate(at.learning_rate, at.rho))
        t = np.arange(self.num_steps + 1)
        run = Run("momentum", "momentum", {"w": w, "velocity": velocity})
        kind = (
            "critically damped: as fast as can be without ripples"
            if abs(at.rho - critical) < 0.006
            else "underdamped: too little friction, it spirals in"
            if at.rho > critical
            else "overdamped: so much friction that it creeps home"
        )
        portrait = [
            Rule("x", 0.0, role="neutral", dash="dot"),
            Rule("y", 0.0, role="neutral", dash="dot"),
            *parts.run_line(w, velocity, "momentum", role="momentum", run=run),
            Points([0.0], [0.0], role="optimum", size=13, label="at rest"),
            Points(w[:1], velocity[:1], role="start", size=12, drag="start"),
        ]
        over_time = [
            Rule("y", 0.0, role="neutral", dash="dot"),
            *parts.run_line(t, w, "momentum", role="momentum", run=run),
        ]
        position = axis("position w", -3, 3)
        return Scene(
            panels=[
                panel(position, axis("velocity", -8.0, 8.0), portrait, "where it is, and how fast"),
                panel(axis("step", 0, self.num_steps), position, over_time, "the same run over time"),
            ],
            says=(
                f"rho = {say(at.rho)}, critical rho = {say(critical)}: {kind}. From {say_point(at.start)}, each step multiplies "
                f"the distance by {say(rate)} in the long run; after {self.num_steps} steps w = {say(w[-1])}."
            ),
            num_steps=self.num_steps,
            slider_marks={
                "rho": [(critical, "critical")],
                "learning_rate": [((1 - np.sqrt(at.rho)) ** 2, "critical")],
            },
            pin=("factor per step", rate),
        )


# -- (d) noise -----------------------------------------------------------------------------------------------------------


# Steps: the scatter is measured between the two, when both walkers are near the minimum.
ARRIVED, LONG_RUN = 200, 600


def noisy_runs(settings):
    """(momentum, SGD) on a round bowl for each setting, fed the same noise for LONG_RUN steps.

    With equal_speed, SGD gets the effective learning rate α / (1 - rho).
    """
    all_of = Stacked(settings)
    errors = np.stack(
        [s["noise"] * np.random.default_rng(int(s["seed"])).normal(size=(LONG_RUN + 1, 2)) for s in settings],
        axis=-1,
    )
    bowl = quadratic(1.0)

    def noisy():
        rows = iter(errors)
        return lambda w: bowl.gradient(w) + next(rows)

    rate = np.where(all_of.equal_speed, all_of.learning_rate / (1 - all_of.rho), all_of.learning_rate)
    start = np.tile([-3.0, 2.0], (len(settings), 1))
    with_velocity = descend(
        bowl, Momentum(all_of.learning_rate, all_of.rho), start, LONG_RUN, gradient=noisy()
    )
    return with_velocity, descend(bowl, GradientDescent(rate), start, LONG_RUN, gradient=noisy())


def scatter(run) -> float:
    """How widely a run scatters around the minimum in the long run, per coordinate."""
    return float(np.sqrt(np.mean(bounded(run.w[ARRIVED:], 1e3) ** 2)))


def scatter_words(name: str, run, learning_rate: float, rho: float, noise: float) -> str:
    """How widely a walker scatters, or that what is left of its way would be measured with it."""
    left = float(theory.momentum_rate(learning_rate, rho)) ** ARRIVED * np.hypot(-3.0, 2.0)
    if left > 0.1 * noise * np.sqrt(max(learning_rate / 2, 0)):
        return f"{name} is still on its way at step {ARRIVED}"
    return f"{name} scatters by {say(scatter(run))} around the minimum from step {ARRIVED} to {LONG_RUN}"


def angle(arrow: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Degrees between two rows of arrows."""
    turn = np.arctan2(arrow[:, 1], arrow[:, 0]) - np.arctan2(true[:, 1], true[:, 0])
    return np.degrees(np.abs(np.arctan2(np.sin(turn), np.cos(turn))))


class NoiseExplorer(RunExplorer):
    """Noisy gradients against the velocity made of them: the direction, and the scatter in the long run."""

    title = "Noise: one gradient against a velocity"
    controls = (
        linear("rho", 0.0, 0.98, 0.9, num=50),
        log("learning_rate", 0.001, 0.2, 0.003, num=41),
        linear("noise", 0.0, 5.0, 2.0, num=41),
        integers("seed", 0, 9, 0),
        Toggle("equal_speed", True, label="SGD at the effective rate: learning_rate / (1 − rho)"),
    )
    num_steps = 120

    def runs(self, all_of):
        return noisy_runs(all_of.settings)

    def picture(self, at, run, plain) -> Scene:
        shown, plain_shown = first_steps(run, self.num_steps), first_steps(plain, self.num_steps)
        w, dw, velocity = shown.w, shown.dw, shown.state["velocity"]
        rate = at.learning_rate / (1 - at.rho) if at.equal_speed else at.learning_rate
        # what will move w next: the velocity with this step's gradient in it, scaled to be an average of gradients
        average = (1 - at.rho) * (at.rho * velocity + dw)
        true = w  # the gradient of a round bowl is w
        off_gradient, off_velocity = angle(dw, true), angle(average, true)
        early = slice(5, 31)
        here = bounded(w, 100).T
        t = np.arange(self.num_steps + 1)
        bowl = quadratic(1.0)
        plane = [
            *parts.minimum_marks(bowl),
            *path_in_plane(plain_shown, "SGD", "descent"),
            *path_in_plane(
                shown,
                "momentum",
                "momentum",
                **{"degrees off": np.column_stack([off_gradient, off_velocity])},
            ),
            # Both begin where the walker is: which one points to the star?
            replace(arrow(here, bounded(-dw / 2, 8), "gradient", "gradient", "momentum"), apart=True),
            replace(arrow(here, bounded(-average / 2, 8), "velocity", "velocity", "momentum"), apart=True),
        ]
        angles = [
            Line(t, off_gradient, role="gradient", label="one gradient", width=1.2, dash="solid"),
            Line(t, off_velocity, role="velocity", label="velocity", dash="solid"),
            Points(t, off_gradient, role="gradient", size=10, by_step="at"),
            Points(t, off_velocity, role="velocity", size=10, by_step="at"),
        ]
        degrees = axis("degrees", 0, 180)
        return Scene(
            panels=[
                parts.plane_panel(bowl, plane, "the same noise for both", window=WINDOW),
                panel(axis("step", 0, self.num_steps), degrees, angles, "off the true direction"),
            ],
            says=(
                f"In steps 5 to 30 the noisy gradient is {say(off_gradient[early].mean())} degrees off the true one on "
                f"average, the velocity {say(off_velocity[early].mean())}. "
                f"{scatter_words('Momentum', run, at.learning_rate, at.rho, at.noise)}; "
                f"{scatter_words(f'SGD (learning rate {say(rate)})', plain, rate, 0.0, at.noise)}."
            ),
            num_steps=self.num_steps,
            focus="momentum",
            pin=("scatters by", scatter(run)),
        )


# -- (e) saddle and shallow minimum ----------------------------------------------------------------------------------------


class EscapeExplorer(Explorer):
    """A saddle and a shallow hollow: gradient descent stays, momentum may roll through."""

    title = "Roll through"
    controls = (
        Choice("landscape", ("shallow minimum", "saddle"), "shallow minimum"),
        linear("rho", 0.0, 0.98, 0.9, num=50),
        log("learning_rate", 0.002, 0.1, 0.01, num=41),
    )
    num_steps = 300

    def scene(self, landscape, rho, learning_rate) -> Scene:
        on_saddle = landscape == "saddle"
        objective = objectives.saddle() if on_saddle else objectives.two_basins()
        start = (-1.5, 1e-6) if on_saddle else 1.7
        run = descend(objective, Momentum(learning_rate, rho), start, self.num_steps)
        plain = descend(objective, GradientDescent(learning_rate), start, self.num_steps)
        show = self.saddle if on_saddle else self.hollow
        return show(run, plain, rho, learning_rate)

    def hollow(self, run, plain, rho, learning_rate) -> Scene:
        objective = objectives.two_basins()
        x = np.linspace(-1.9, 1.9, 191)
        t = np.arange(self.num_steps + 1)
        w, slow = bounded(run.w, 50), bounded(plain.w, 50)
        runs = parts.run_of("momentum", "momentum", run), parts.run_of("gradient descent", "descent", plain)
        deep, shallow = objective.minima
        end = "the deep one" if w[-1] < 0 else "the shallow one"
        through = (
            "It rolled over the hill between them."
            if w[-1] < 0
            else "It was too slow for the hill, or was thrown back."
        )
        ground = [
            Line(x, objective.value(x), role="neutral", label="loss"),
            *parts.run_line(slow, objective.value(slow), "gradient descent", role="descent", run=runs[1]),
            *parts.run_line(w, objective.value(w), "momentum", role="momentum", run=runs[0]),
            Text(deep, -0.85, "deep", align="center", role="neutral"),
            Text(shallow, -0.25, "shallow", align="center", role="neutral"),
        ]
        over_time = [
            Rule("y", deep, role="neutral", label="deep"),
            Rule("y", shallow, role="neutral", label="shallow"),
            *parts.run_line(t, slow, "gradient descent", role="descent", run=runs[1]),
            *parts.run_line(t, w, "momentum", role="momentum", run=runs[0]),
        ]
        place = axis("w", -1.9, 1.9)
        return Scene(
            panels=[
                panel(place, axis("loss", -0.9, 4.5), ground, "a shallow basin before a deep one"),
                panel(axis("step", 0, self.num_steps), place, over_time, "where it is"),
            ],
            says=(
                f"From w = 1.7 with rho = {say(rho)} and learning rate {say(learning_rate)}, momentum ends near {end} "
                f"(w = {say(w[-1])}). {through} Gradient descent ends at w = {say(slow[-1])}."
            ),
            num_steps=self.num_steps,
            focus="momentum",
        )

    def saddle(self, run, plain, rho, learning_rate) -> Scene:
        objective = objectives.saddle()
        heights = [np.abs(bounded(r.w[:, 1], 1e9)) for r in (run, plain)]
        left = [int((h >= 1).argmax()) if (h >= 1).any() else None for h in heights]
        after = [f"after {k} steps" if k is not None else f"not within {self.num_steps} steps" for k in left]
        t = np.arange(self.num_steps + 1)
        plane = [
            Points([0.0], [0.0], role="limit", size=10, label="saddle"),
            *path_in_plane(plain, "gradient descent", "descent"),
            *path_in_plane(run, "momentum", "momentum"),
        ]
        curves = [
            Rule("y", 1.0, role="limit", label="it has left"),
            *parts.run_line(t, heights[1], "gradient descent", role="descent"),
            *parts.run_line(t, heights[0], "momentum", role="momentum"),
        ]
        distance = log_axis("distance from the ridge", 1e-7, 10.0, keep=(1e-9, np.inf))
        return Scene(
            panels=[
                parts.plane_panel(objective, plane, "x² − y² from above"),
                panel(
                    axis("step", 0, self.num_steps), distance, curves, "a millionth off the ridge at first"
                ),
            ],
            says=(
                f"A millionth off the ridge, with learning rate {say(learning_rate)}: momentum (rho = {say(rho)}) has left "
                f"the saddle {after[0]}, gradient descent {after[1]}."
            ),
            num_steps=self.num_steps,
            focus="momentum",
        )


# -- (f) the heavy-ball cycle ------------------------------------------------------------------------------------------------


class CycleExplorer(RunExplorer):
    """A bowl with two kinks on which momentum circles for ever; the others, at their usual settings, settle."""

    title = "The heavy ball that circles"
    controls = (
        linear("start", -3.4, 3.4, 3.3, num=69),
        linear("rho", 0.0, 0.9, 4 / 9, num=46),
        linear("learning_rate", 0.01, 0.16, 1 / 9, num=31),
    )
    num_steps = 60

    def runs(self, all_of):
        optimizers = (
            Momentum(all_of.learning_rate, all_of.rho),
            Nesterov(1 / 25, 2 / 3),  # their usual settings for curvatures from 1 to 25
            GradientDescent(1 / 25),
        )
        problem = objectives.heavy_ball_cycle()
        return tuple(descend(problem, one, all_of.start, self.num_steps) for one in optimizers)

    def picture(self, at, *runs) -> Scene:
        names = ("momentum", "Nesterov", "gradient descent")
        ways = [bounded(run.w, 1e3) for run in runs]
        heavy, nesterov, plain = ways
        best = [float(v) for v in theory.best_momentum(1.0, 25.0)]
        x = np.linspace(-3.5, 3.5, 141)
        problem = objectives.heavy_ball_cycle()
        t = np.arange(self.num_steps + 1)
        known = [
            Run(name, OPTIMIZERS[name], {"w": w, "gradient": problem.gradient(w)})
            for name, w in zip(names, ways, strict=True)
        ]
        last = ", ".join(say(v, 5) for v in heavy[-3:])
        slope = [
            Rule("x", 1.0, role="limit", label="kinks of the slope"),
            Rule("x", 2.0, role="limit"),
            Line(x, problem.gradient(x), role="neutral", label="slope f′(w)"),
            Points([0.0], [0.0], role="optimum", size=13, label="minimum"),
        ]
        over_time = [Rule("y", 0.0, role="neutral")]
        for one in reversed(known):
            w, heights = one.quantities.values()
            # Every place so far: on a cycle they pile up on three.
            slope += [Points(w, heights, role=one.role, size=8, run=one)] if one.name == "momentum" else []
            slope.append(Points(w, heights, role=one.role, by_step="at", run=one))
            over_time += parts.run_line(t, w, one.name, role=one.role, run=one)
        place = axis("w", -3.5, 3.5)
        return Scene(
            panels=[
                panel(place, axis("slope", -90, 65), slope, "a slope with two kinks"),
                panel(axis("step", 0, self.num_steps), place, over_time, "three walkers"),
            ],
            says=(
                f"From {say(at.start)} with learning rate {say(at.learning_rate)} and rho = {say(at.rho)}: momentum's last three "
                f"points are {last}. At their own usual settings (learning rate 1/25; rho = 2/3 for Nesterov) Nesterov ends at "
                f"{say(nesterov[-1])}, gradient descent at {say(plain[-1])}."
            ),
            num_steps=self.num_steps,
            focus="momentum",
            # The best for a parabola of curvatures 1 to 25.
            slider_marks=dict(
                zip(("learning_rate", "rho"), [[(v, "best for a parabola")] for v in best], strict=True)
            ),
            pin=("w at the end", heavy[-1]),
        )


# -- (g) real digits ------------------------------------------------------------------------------------------------------------

BATCH_SIZE = 64


class DigitsExplorer(Explorer):
    """Softmax regression on the digits by minibatches of 64 images, with and without momentum."""

    title = "Momentum on real digits"
    controls = (
        steps("rho", (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98), 0.9, table=False),
        steps("learning_rate", (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0), 0.1, table=False),
    )
    num_steps = 150

    def scene(self, rho, learning_rate) -> Scene:
        losses, accuracy = digits_run(learning_rate, rho, self.num_steps)
        plain, plain_accuracy = digits_run(learning_rate, 0.0, self.num_steps)
        model, _ = digits.softmax()
        given = {"learning_rate": learning_rate, "rho": rho, "num_steps": self.num_steps}
        own = digits.learners_run(self.yours, minibatches(), model.initial(), model, **given)
        t = np.arange(self.num_steps + 1)
        curves = [
            *parts.run_line(
                t, losses, "momentum", role="momentum", run=Run("momentum", "momentum", {"loss": losses})
            ),
            *parts.run_line(t, plain, "SGD", role="descent", run=Run("SGD", "descent", {"loss": plain})),
            *own.line(width=2.5),
        ]
        loss = log_axis("loss on all training images", 0.1, 10.0, keep=(1e-3, 1e6))
        return Scene(
            panels=[panel(axis("step", 0, self.num_steps), loss, curves, "64 images a step")],
            says=(
                f"Learning rate {say(learning_rate)}, {self.num_steps} minibatches of 64 images: with rho = {say(rho)} the "
                f"loss is {say(losses[-1])} and {accuracy:.1%} of the test images are read right; without momentum "
                f"{say(plain[-1])} and {plain_accuracy:.1%}."
            ),
            num_steps=self.num_steps,
            notice=own.notice,
        )


def minibatches() -> digits.Minibatches:
    """Softmax regression that takes 64 other images at every call, in the same order for everybody."""
    model, _ = digits.softmax()
    rng = np.random.default_rng(0)
    return digits.Minibatches(model, (rng.integers(len(model.y), size=BATCH_SIZE) for _ in count()))


@lru_cache(maxsize=128)
def digits_run(learning_rate: float, rho: float, num_steps: int) -> tuple[np.ndarray, float]:
    """(loss on all training images at each step, accuracy on the test images)."""
    model, held_back = digits.softmax()
    optimizer = Momentum(learning_rate, rho)
    gradient = minibatches().gradient
    trace = descend(model, optimizer, model.initial(), num_steps, gradient=gradient, record=("loss",))
    return np.clip(trace.loss, 1e-3, 1e6), held_back.accuracy(trace.final)
