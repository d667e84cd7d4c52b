"""The explorers of lesson 11, curvature, in the order in which the lesson shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from optcourse import newton_race, objectives
from optcourse.curvature import LBFGS, backtracking, line_search_descent, newton_step, safe_direction
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Toggle, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.parts import say, say_point
from optcourse.figures import Arrows, Bars, Heat, Line, Narration, Points, Rule, Scene
from optcourse.figures.scene import Field, Limits
from optcourse.learner.blank import is_blank
from optcourse.objectives import Objective

# -- how a curvature is turned into a step -----------------------------------------------------------------------------


def within_radius(dw: np.ndarray, H: np.ndarray, radius: float) -> np.ndarray:
    """The move to the lowest point of the parabola that is not longer than the radius (a trust region)."""
    values, V = np.linalg.eigh(H)
    g = V.T @ dw
    if values[0] > 0 and np.linalg.norm(g / values) <= radius or not g.any():
        return -V @ np.divide(g, values, out=np.zeros_like(g), where=g != 0)
    # The more is added to the curvatures, the shorter the step.
    low = max(0.0, -values[0])
    high = low + np.linalg.norm(g) / radius
    for _ in range(60):
        middle = (low + high) / 2
        too_long = np.linalg.norm(g / (values + middle)) > radius
        low, high = (middle, high) if too_long else (low, middle)
    return -V @ (g / (values + high))


# What `amount` is: nothing, the least curvature, what is added to each, the longest step.
DIRECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "as it is": lambda dw, H, amount: newton_step(dw, H),
    "absolute": safe_direction,
    "damped": lambda dw, H, amount: newton_step(dw, H + amount * np.eye(len(dw))),
    "trust radius": within_radius,
}
USED = {
    "as it is": "The curvatures are used as they are (amount has no part)",
    "absolute": "Each curvature is taken as positive, and as {} at least",
    "damped": "{} is added to each curvature",
    "trust radius": "No step is longer than {}",
}


FAR = 1e6  # Newton's method may come back from here; gradient descent does not


@dataclass(frozen=True)
class Walk:
    """points (num_steps + 1, 2). A walk that has run away or cannot go on stays where it is; `stopped` says why it cannot."""

    points: np.ndarray
    stopped: str = ""


def walk(
    objective: Objective, start, direction: Callable[[np.ndarray, np.ndarray], np.ndarray], num_steps: int,
    line_search: bool = False, excused: type[Exception] | tuple = ValueError,
) -> Walk:  # fmt: skip
    """w + direction(dw, H), again and again; with a line search the step is halved until the loss falls enough."""
    points, stopped = [np.array(start, dtype=float)], ""
    for _ in range(num_steps):
        w = points[-1]
        dw = objective.gradient(w)
        if not stopped and np.abs(dw).max() > 1e-12 and np.abs(w).max() < FAR:
            try:
                p = direction(dw, objective.hessian(w))
                step = backtracking(objective.value, w, p, float(dw @ p)) if line_search else 1.0
                w = w + step * p
            except excused as error:
                stopped = str(error)
        points.append(w)
    return Walk(np.array(points), stopped)


def learners_walk(yours, objective: Objective, start, num_steps: int, *amount: float) -> parts.Yours:
    """The walk with the learner's own function (dw, H, *amount)."""
    if yours is None or is_blank(yours):
        return parts.Yours()

    def going():
        return walk(objective, start, lambda dw, H: yours(dw, H, *amount), num_steps, excused=()).points

    points, notice = learners_numbers(yours, going, (num_steps + 1, 2))
    return parts.Yours(notice=notice) if points is None else parts.walked(points, objective.value)


def kind_of_place(values: np.ndarray) -> str:
    """A bottom, a saddle or a top, from its curvatures (smallest first)."""
    return "a bottom" if values[0] > 0 else "a top" if values[-1] < 0 else "a saddle"


# -- (a) one step ------------------------------------------------------------------------------------------------------

LANDSCAPES = {
    "Himmelblau": (objectives.himmelblau, (1e-6, 1e4)),
    "Rosenbrock": (objectives.rosenbrock, (1e-6, 1e4)),
    "narrow parabola": (lambda: objectives.quadratic(100.0, np.pi / 6, steepest=10.0), (1e-6, 1e4)),
}
SIDE = 5.0


def fitted_levels(w: np.ndarray, dw: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Levels of the parabola that fits at w, the one through w among them, as (x, y) with the pen lifted between them, and
    its flat place; None where it has none."""
    values, V = np.linalg.eigh(H)
    if np.abs(values).min() < 1e-6 * np.abs(values).max():
        return None
    flat = w - V @ ((V.T @ dw) / values)
    here = V.T @ (w - flat)
    height = float(values @ (here * here)) / 2
    t, lines = np.linspace(-3.0, 3.0, 81), []
    if values[0] * values[1] > 0:
        angle = np.pi * np.append(t, 3.0) / 3.0
        sizes = np.sqrt(2 * abs(height) / np.abs(values))
        lines = [share * sizes[:, None] * [np.cos(angle), np.sin(angle)] for share in (0.5, 1.0, 1.5)]
    else:
        for share, sign in ((0.5, 1), (1.0, 1), (1.5, 1), (1.0, -1)):
            level = sign * share * share * height
            along = int(level * values[1] > 0)  # the axis on which this level is met
            for side in (-1, 1):
                line = np.empty((2, len(t)))
                line[along] = side * np.sqrt(2 * abs(level / values[along])) * np.cosh(t)
                line[1 - along] = np.sqrt(2 * abs(level / values[1 - along])) * np.sinh(t)
                lines.append(line)
    pen = np.full((2, 1), np.nan)
    joined = np.hstack([part for line in lines for part in (V @ line + flat[:, None], pen)])
    far = np.abs(joined).max(axis=0) > 4 * SIDE
    return np.where(far, np.nan, joined), flat


class StepExplorer(Explorer):
    """The parabola that fits at a point, its flat place, and the steps that are made of it."""

    title = "The parabola that fits here"
    controls = (
        Choice("curvature", tuple(DIRECTIONS), "as it is"),
        log("amount", 0.01, 100.0, 1.0, num=41),
        Choice("landscape", tuple(LANDSCAPES), "Himmelblau"),
        integers("num_steps", 1, 20, 6),
        Point("start", (4.2, 2.6), (-SIDE, SIDE), (-SIDE, SIDE), label="start"),
        Toggle("line_search", label="halve steps that do not lower the loss"),
    )

    def scene(self, curvature, amount, landscape, num_steps, start, line_search) -> Scene:
        make, ylim = LANDSCAPES[landscape]
        objective = make()
        way = DIRECTIONS[curvature]
        run = walk(objective, start, lambda dw, H: way(dw, H, amount), num_steps, line_search)
        losses = objective.value(run.points.T)
        own = learners_walk(self.yours, objective, start, num_steps)
        w = run.points[0]
        dw, H = objective.gradient(w), objective.hessian(w)
        values = np.linalg.eigvalsh(H)
        found = fitted_levels(w, dw, H)
        fitted, told = [], "It is flat along one axis, so it has no flat place."
        if found is not None:
            (x, y), flat = found
            fitted = [
                Line(x, y, role="theory", width=1.3, label="the parabola's levels"),
                Points(*flat[:, None], role="theory", size=14),
            ]
            told = f"Its flat place {say_point(np.round(flat, 9))} is {kind_of_place(values)}."
        name = "Newton's steps" if curvature == "as it is" else f"{curvature}"
        first = run.points[1] - w
        gradients = np.array([objective.gradient(point) for point in run.points])
        known = parts.run_of(name, "path", run.points, losses, gradient=gradients)
        path = parts.run_marks(run.points, name, drag="start")
        for mark in path:
            if mark.run:
                mark.run = known
        marks = [
            *parts.minimum_marks(objective),
            *fitted,
            *path,
            Arrows(*w[:, None], *first[:, None], role="gradient", width=3),
            *own.path,
        ]
        up = "up" if losses[1] > losses[0] else "down"
        end = kind_of_place(np.linalg.eigvalsh(objective.hessian(run.points[-1])))
        lengths = np.linalg.norm(gradients, axis=1)
        steepness = float(lengths[-1])
        there = (
            f"It stands on {end}." if steepness < 1e-6 else f"The gradient there is {say(steepness)} long."
        )
        stopped = f" It stops early: {run.stopped}." if run.stopped else ""
        return Scene(
            panels=[
                parts.map_panel(
                    ((-SIDE, SIDE), (-SIDE, SIDE)),
                    marks,
                    landscape,
                    field=parts.field(objective, (-SIDE, SIDE), (-SIDE, SIDE)),
                ),
                parts.loss_panel([(losses, name, "path"), *own.losses()], 20, ylim=ylim),
            ],
            says=(
                f"At {say_point(w)} the loss bends by {say(values[1])} along one axis and by {say(values[0])} along the other. "
                f"{told} {USED[curvature].format(say(amount))}: the first step leads {up}, from loss {say(losses[0])} to "
                f"{say(losses[1])}. After {num_steps} steps the loss is {say(losses[-1])}. {there}{stopped}"
            ),
            num_steps=int(num_steps),
            narration=Narration(
                "step {t}: w = ({0:.4g}, {1:.4g}), loss {2:.4g}, dw = ({3:.3g}, {4:.3g})",
                np.column_stack([run.points, losses, gradients]),
            ),
            pin=("steps to a gradient below a millionth", float((lengths < 1e-6).argmax()))
            if (lengths < 1e-6).any()
            else None,
            notice=own.notice,
        )


# -- (b) two coordinate systems ----------------------------------------------------------------------------------------


def sheared(objective: Objective, A: np.ndarray) -> Objective:
    """The same landscape over u, where w = A u."""
    return replace(
        objective,
        value_formula=lambda u: objective.value_formula(np.tensordot(A, u, axes=1)),
        gradient_formula=lambda u: np.tensordot(
            A.T, objective.gradient_formula(np.tensordot(A, u, axes=1)), axes=1
        ),
        hessian_formula=lambda u: A.T @ objective.hessian_formula(A @ u) @ A,
    )


@lru_cache(maxsize=64)
def sheared_field(shear: float, xlim: Limits, ylim: Limits) -> Field:
    """Himmelblau's function over u; a table of all shears has room for so many points."""
    over_u = sheared(objectives.himmelblau(), np.array([[1.0, shear], [0.0, 1.0]]))
    levels = parts.field(objectives.himmelblau(), (-SIDE, SIDE), (-SIDE, SIDE)).levels
    return parts.field_of(over_u.value_formula, xlim, ylim, levels=levels, points=3_500)


class CoordinatesExplorer(Explorer):
    """Newton and gradient descent in w, and in sheared coordinates u with w = A u."""

    title = "One landscape, two coordinate systems"
    num_steps = 12
    controls = (
        linear("shear", -1.5, 1.5, 0.8, num=21),
        log("learning_rate", 0.002, 0.05, 0.01, num=21),
        Point("start", (4.6, 1.0), (-SIDE, SIDE), (-SIDE, SIDE), label="start (w)"),
    )

    def scene(self, shear, learning_rate, start) -> Scene:
        hill = objectives.himmelblau()
        A = np.array([[1.0, shear], [0.0, 1.0]])
        over_u = sheared(hill, A)
        in_w, in_u = {}, {}
        for name, way in (
            ("Newton", lambda dw, H: newton_step(dw, H)),
            ("gradient descent", lambda dw, H: -learning_rate * dw),
        ):
            in_w[name] = inside(walk(hill, start, way, self.num_steps).points)
            in_u[name] = inside(walk(over_u, np.linalg.solve(A, start), way, self.num_steps).points)
        back = {name: points @ A.T for name, points in in_u.items()}
        apart = {name: float(np.nanmax(np.abs(back[name] - in_w[name]))) for name in back}
        # Rings are no line: where two paths are one, both are seen.
        same = Points(
            *back["Newton"].T, role="second", shape="ring", size=15, by_step="upto", label="Newton in u"
        )
        left = [
            *parts.minimum_marks(hill),
            *path_of(back["gradient descent"], "gradient descent in u", "second"),
            *path_of(in_w["gradient descent"], "gradient descent", "descent"),
            *path_of(in_w["Newton"], "Newton", "path"),
            same,
            Points(*in_w["Newton"][:1].T, role="start", size=11, drag="start"),
        ]
        minima = np.linalg.solve(A, np.transpose(hill.minima))
        right = [
            Points(*minima, role="optimum", size=13, label="minimum"),
            *path_of(in_u["gradient descent"], "gradient descent in u", "second"),
            *path_of(in_u["Newton"], "Newton", "path"),
            Points(*in_u["Newton"][:1].T, role="start", size=11),
        ]
        window, window_u = ((-SIDE, SIDE), (-SIDE, SIDE)), ((-8.0, 8.0), (-SIDE, SIDE))
        words = ("u[0]", "u[1]")
        return Scene(
            panels=[
                parts.map_panel(window, left, "in the coordinates w", field=parts.field(hill, *window)),
                parts.map_panel(
                    window_u,
                    right,
                    "in the coordinates u",
                    words=words,
                    field=sheared_field(shear, *window_u),
                ),
            ],
            says=(
                f"w[0] = u[0] + {say(shear)} × u[1]. Taken back to w, Newton's path in u is within "
                f"{say(apart['Newton'], 1)} of its path in w; gradient descent's two paths are up to "
                f"{say(apart['gradient descent'])} apart. After {self.num_steps} steps gradient descent has loss "
                f"{say(float(hill.value(in_w['gradient descent'][-1])))} in w and "
                f"{say(float(hill.value(back['gradient descent'][-1])))} in u, Newton "
                f"{say(float(hill.value(in_w['Newton'][-1])))}."
            ),
            num_steps=self.num_steps,
            focus="Newton",
            pin=("gradient descent's two paths apart by", apart["gradient descent"]),
        )


def inside(points: np.ndarray) -> np.ndarray:
    """A path up to where it has run away; there it stays."""
    far = ~(np.abs(points).max(axis=1) < 1e3)
    return points[np.minimum(np.arange(len(points)), int(far.argmax()) if far.any() else len(points))]


def path_of(points: np.ndarray, name: str, role: str) -> list:
    return parts.run_marks(points, name, role=role)[::2]  # without its own start


# -- (c) flat or low ---------------------------------------------------------------------------------------------------

GRID = np.linspace(-SIDE, SIDE, 41)
STARTS = np.stack(np.meshgrid(GRID, GRID))
CROSSED = (np.indices((41, 41)) % 4 == 2).all(axis=0)
WAYS = ("as it is", "absolute", "damped")
PLACES = ("minimum", "saddle", "top", "none")


@lru_cache(maxsize=256)
def where_starts_end(curvature: str, amount: float, num_steps: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """For every start of the grid: where it ends (41, 41, 2), and the place of that in PLACES (41, 41)."""
    hill = objectives.himmelblau()
    w = STARTS
    with np.errstate(all="ignore"):
        for _ in range(num_steps):
            dw = hill.gradient(w)
            p = many_steps(curvature, amount, dw, hill.hessian(w))
            w = np.where(np.hypot(*dw) < 1e-9, w, w + p)
        values = eigenvalues(hill.hessian(w))
        there = np.hypot(*hill.gradient(w)) < 1e-6
    kinds = np.where(values[0] > 0, 0, np.where(values[1] < 0, 2, 1))
    return w, np.where(there, kinds, 3)


def eigenvalues(H: np.ndarray) -> np.ndarray:
    """The smaller and the larger one of 2 by 2 matrices (2, 2, *batch)."""
    mean, half = (H[0, 0] + H[1, 1]) / 2, np.hypot((H[0, 0] - H[1, 1]) / 2, H[0, 1])
    return np.stack([mean - half, mean + half])


def many_steps(curvature: str, amount: float, dw: np.ndarray, H: np.ndarray) -> np.ndarray:
    """The steps of DIRECTIONS for many points at once, (2, *batch): f(H) dw with f(H) = a + b H, by its two eigenvalues."""
    low, high = eigenvalues(H)
    if curvature == "absolute":
        f_low, f_high = (1 / np.maximum(np.abs(v), amount) for v in (low, high))
    else:
        added = amount if curvature == "damped" else 0.0
        f_low, f_high = 1 / (low + added), 1 / (high + added)
    slope = np.where(high > low, (f_high - f_low) / (high - low), 0.0)
    return -((f_low - slope * low) * dw + slope * np.einsum("ij...,j...->i...", H, dw))


class FlatOrLowExplorer(Explorer):
    """Where Newton's method ends from 1,681 starts, by how the curvature is taken."""

    title = "Flat, or low?"
    controls = (
        Choice("curvature", WAYS, "as it is"),
        log("amount", 1e-3, 100.0, 1e-3, num=31),
        Point("start", (-1.0, 1.0), (-SIDE, SIDE), (-SIDE, SIDE), label="start"),
    )
    num_steps = 30

    def scene(self, curvature, amount, start) -> Scene:
        hill = objectives.himmelblau()
        ends, kinds = where_starts_end(curvature, 0.0 if curvature == "as it is" else amount)
        gaps = np.stack([np.hypot(ends[0] - x, ends[1] - y) for x, y in hill.minima])
        reached = np.where(kinds == 0, gaps.argmin(axis=0), np.where(kinds == 3, np.nan, 4.0))
        way = DIRECTIONS[curvature]
        run = walk(hill, start, lambda dw, H: way(dw, H, amount), self.num_steps)
        own = learners_walk(self.yours, hill, start, self.num_steps, amount)
        path = parts.run_marks(
            run.points, "Newton's steps" if curvature == "as it is" else curvature, drag="start"
        )
        edge = SIDE + 0.125
        window = ((-edge, edge), (-edge, edge))
        marks = [
            Heat(
                reached, (-edge, edge, -edge, edge), 0.0, 4.0, colors="basins", smooth=False, role="contour"
            ),
            # grey, and crosses in it: a colour alone would not tell
            Points(*STARTS[:, (kinds > 0) & CROSSED], role="theory", shape="times", size=6),
            *parts.minimum_marks(hill),
            *path,
            *own.path,
        ]
        counts = [int((kinds == k).sum()) for k in range(4)]
        bars = [Bars(np.arange(4), counts, role="path", width=0.6)]
        end = run.points[-1]
        still = np.linalg.norm(hill.gradient(end)) < 1e-6
        where = kind_of_place(np.linalg.eigvalsh(hill.hessian(end))) if still else "no flat place yet"
        return Scene(
            panels=[
                parts.map_panel(
                    window,
                    marks,
                    "colour: the minimum reached; ×: none",
                    field=replace(parts.field(hill, *window), bands=False),
                ),
                panel(
                    axis("where they end", -0.6, 3.6, ticks=list(enumerate(PLACES))),
                    axis("of 1,681 starts", 0, 1800),
                    bars,
                    "after 100 steps",
                ),
            ],
            says=(
                f"{USED[curvature].format(say(amount))}: {counts[0]:,} of 1,681 starts end in a minimum, {counts[1]} on a "
                f"saddle, {counts[2]} on the top, and {counts[3]:,} are not there after 100 steps. From {say_point(start)}, "
                f"{self.num_steps} steps lead to {say_point(end)}: {where}."
            ),
            num_steps=self.num_steps,
            pin=("starts that end in a minimum", float(counts[0])),
            notice=own.notice,
        )


# -- (d) softmax regression --------------------------------------------------------------------------------------------


class MemoryExplorer(Explorer):
    """L-BFGS with a memory of so many pairs, beside gradient descent, tuned momentum and Newton, on real digits."""

    title = "How many gradients?"
    controls = (
        steps("memory", newton_race.MEMORIES, 10, whole=True),
        integers("seed", 0, 9, 0),
    )

    def scene(self, memory, seed) -> Scene:
        kept = newton_race.stored()
        place = newton_race.MEMORIES.index(nearest(memory))
        rate = newton_race.RATES[int(kept["rate"][seed])]
        momentum_rate, rho = newton_race.SETTINGS[int(kept["setting"][seed])]
        gaps = {
            "gradient descent": ("descent", kept["descent"][seed]),
            "momentum": ("momentum", kept["momentum"][seed]),
            "L-BFGS": ("fourth", kept["lbfgs"][seed, place]),
            "Newton": ("third", kept["newton"][seed]),
        }
        looked = np.arange(1, newton_race.NUM_EVALUATIONS + 1)
        curves, needed = [], {}
        for name, (role, gap) in gaps.items():
            shown = until_settled(gap)
            # the dash of gradient descent would be the same
            dash = "long" if name == "L-BFGS" else None
            curves.append(Line(looked[: len(shown)], shown, role=role, label=name, dash=dash))
            needed[name] = newton_race.evaluations_to(gap, newton_race.GAP)
        own, notice = self.learners_gaps(nearest(memory), seed)
        if own is not None:
            shown = until_settled(own)
            curves.append(Line(looked[: len(shown)], shown, role="yours", label="your code", width=2.5))
        memories = np.array(newton_race.MEMORIES, dtype=float)
        by_memory = [
            Line(
                memories,
                [newton_race.evaluations_to(gap, limit) for gap in kept["lbfgs"][seed]],
                role="fourth",
                dash=dash,
                label=f"L-BFGS to {words}",
                marker=True,
            )
            for limit, words, dash in ((1e-3, "0.001", "solid"), (1e-6, "0.000001", "dash"))
        ]
        by_memory += [
            Rule("y", needed["momentum"], role="momentum", label="momentum to 0.001"),
            Rule("x", float(nearest(memory)), role="limit", label="this memory"),
        ]
        gap = log_axis("gap to the lowest loss", 1e-6, 3.0, keep=(1e-9, 1e3))
        counted = log_axis("evaluations (loss and gradient)", 1, newton_race.NUM_EVALUATIONS)
        return Scene(
            panels=[
                panel(
                    counted,
                    gap,
                    [Rule("y", newton_race.GAP, role="limit"), *curves],
                    "all images at each step",
                ),
                panel(
                    log_axis("memory, in pairs", 0.9, 33),
                    axis("evaluations", 0, 270),
                    by_memory,
                    "every memory",
                ),
            ],
            says=(
                f"Evaluations to a gap of 0.001: Newton {needed['Newton']} (the start and {needed['Newton'] - 1} steps), "
                f"L-BFGS {needed['L-BFGS']} (memory {nearest(memory)}), momentum {needed['momentum']} (rate "
                f"{say(momentum_rate)}, rho {say(rho)}, the best of {len(newton_race.SETTINGS)}), gradient descent "
                f"{needed['gradient descent']} (rate {say(rate)}, the best of {len(newton_race.RATES)}). Each step of Newton "
                f"comes with a table of 650 × 650."
            ),
            pin=("evaluations of L-BFGS to 0.001", float(needed["L-BFGS"])),
            notice=notice,
        )

    def learners_gaps(self, memory: int, seed: int) -> tuple[np.ndarray | None, str]:
        """The gaps of L-BFGS with the learner's two_loop."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        model, lowest = newton_race.problem(seed), float(newton_race.stored()["lowest"][seed])

        def going():
            found = LBFGS(memory, self.yours)
            run = line_search_descent(model, found, model.initial(), 150, target=lowest + 1e-6)
            return newton_race.by_evaluation(run.loss, run.evaluations)

        losses, notice = learners_numbers(self.yours, going, (newton_race.NUM_EVALUATIONS,), seconds=5.0)
        return None if losses is None else losses - lowest, notice


def nearest(memory: float) -> int:
    """A typed memory may lie between the ones that were run."""
    return min(newton_race.MEMORIES, key=lambda kept: abs(kept - memory))


def until_settled(gaps: np.ndarray) -> np.ndarray:
    """Up to the first gap of a millionth, where a run ends."""
    end = newton_race.evaluations_to(gaps, 1e-6)
    return gaps[:end] if end > 0 else gaps
