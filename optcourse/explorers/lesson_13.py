"""The explorers of lesson 13, the edge of stability, in the order in which the lesson shows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from optcourse import edge_runs
from optcourse.edge_runs import CHANGE_AT, EVERY, LOSS_EVERY, NUM_STEPS, RATE
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, integers, linear, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.parts import say, say_point
from optcourse.figures import Band, Bars, Heat, Line, Narration, Points, Rule, Scene, Text
from optcourse.figures.scene import Mark, Panel, Run
from optcourse.learner.blank import is_blank

LOSSES = log_axis("loss", 0.005, 5.0, keep=(1e-4, 1e4))
SHARPNESSES = log_axis("sharpness", 3.0, 40.0, keep=(0.01, 1e6))


def nearest(kept: Sequence[float], typed: float) -> int:
    """The place of the kept value that lies next to a typed one."""
    return int(np.abs(np.asarray(kept, dtype=float) - typed).argmin())


def loss_over_steps(loss: np.ndarray, name: str, role: str, marks: Sequence[Mark] = ()) -> Panel:
    at = LOSS_EVERY * np.arange(len(loss))
    line = Line(at, loss, role=role, label=name, width=1.6, dash="solid")
    return panel(axis("step", 0, at[-1]), LOSSES, [*marks, line], f"loss, each {LOSS_EVERY}th step")


def sharpness_over_steps(sharpness: np.ndarray, name: str, role: str, marks: Sequence[Mark]) -> Panel:
    at = EVERY * np.arange(len(sharpness))
    line = Line(at, sharpness, role=role, label=name, width=2.4, dash="solid")
    return panel(axis("step", 0, at[-1]), SHARPNESSES, [*marks, line], "largest curvature on the way")


def late(sharpness: np.ndarray, limit: float) -> str:
    """The last 1,000 steps, as a share of the limit."""
    ratio = sharpness[len(sharpness) // 2 + 1 :] / limit
    return (
        f"over the last {EVERY * len(ratio):,} steps it is {ratio.mean():.2f} of the limit on average "
        f"({ratio.min():.2f} to {ratio.max():.2f})"
    )


def told(sharpness: np.ndarray, loss: np.ndarray, rises: np.ndarray, limit: float) -> str:
    """What happened to the sharpness and to the loss of a run."""
    if np.isnan(loss).any():
        gone = LOSS_EVERY * int(np.isnan(loss).argmax())
        return (
            f"The sharpness begins at {say(sharpness[0])}, and the run is lost: by step {gone} its loss is above "
            f"{edge_runs.LOST:,.0f}, and no step brings it back"
        )
    return (
        f"The sharpness begins at {say(sharpness[0])}; {late(sharpness, limit)}. {int(rises.sum())} of "
        f"{EVERY * len(rises):,} steps raised the loss, which went from {say(float(loss[0]))} to {say(float(loss[-1]))}"
    )


# -- (a) a run to its edge ---------------------------------------------------------------------------------------------

# The words of each method in `edge(rate, beta, kind)`, and its role.
KINDS = {
    "gradient descent": (0.0, "plain", "descent"),
    "momentum 0.5": (0.5, "momentum", "momentum"),
    "momentum 0.9": (0.9, "momentum", "momentum"),
    "Nesterov 0.9": (0.9, "nesterov", "nesterov"),
}


class EdgeExplorer(Explorer):
    """The loss of a run, and its sharpness against the limit of its method."""

    title = "A run and its edge"
    controls = (
        Choice("method", tuple(edge_runs.METHODS), "gradient descent"),
        steps("learning_rate", edge_runs.RATES, RATE),
        integers("seed", 0, edge_runs.SHOWN_SEEDS[-1], 0),
    )
    slide = ("method", "learning_rate")

    def scene(self, method, learning_rate, seed) -> Scene:
        kept = edge_runs.stored()
        place = list(edge_runs.METHODS).index(method), nearest(edge_runs.RATES, learning_rate), seed
        rate = edge_runs.RATES[place[1]]
        sharpness, loss, rises = (
            kept[f"full_{part}"][place].astype(float) for part in ("sharpness", "loss", "rises")
        )
        limit = edge_runs.limit(method, rate)
        beta, kind, role = KINDS[method]
        own, notice = self.learners_limit(rate, beta, kind)
        marks: list[Mark] = [Rule("y", limit, role="limit", label="limit of the method")]
        if own is not None:
            marks.append(Rule("y", own, role="yours", label="your code"))
        words = "2/rate" if kind == "plain" else "The limit"
        return Scene(
            panels=[
                sharpness_over_steps(sharpness, "sharpness", role, marks),
                loss_over_steps(loss, method, role),
            ],
            says=f"{words} is {say(limit)} for {method} at rate {say(rate)}. {told(sharpness, loss, rises, limit)}.",
            pin=("sharpness, the last that is known", float(sharpness[np.isfinite(sharpness)][-1])),
            notice=notice,
        )

    def learners_limit(self, rate: float, beta: float, kind: str) -> tuple[float | None, str]:
        if self.yours is None or is_blank(self.yours):
            return None, ""
        found, notice = learners_numbers(self.yours, lambda: self.yours(rate, beta, kind), ())
        return None if found is None else float(found), notice


# -- (b) power iteration -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def estimates(place: int, seed: int) -> np.ndarray:
    """Power iteration's value after 1, 2 ... products, in the Hessian's own axes, where a product is one multiplication."""
    curvatures = edge_runs.stored()["spectrum"][place].astype(float)
    v, found = np.random.default_rng(seed).standard_normal(len(curvatures)), []
    for _ in range(PowerExplorer.most):
        v = v / np.linalg.norm(v)
        found.append(v @ (curvatures * v))
        v = curvatures * v
    return np.array(found)


class PowerExplorer(Explorer):
    """What power iteration knows after so many products, and the curvatures that it works with."""

    title = "Power iteration on a real network"
    most = 100  # products
    controls = (
        integers("products", 1, most, 20),
        steps("step", edge_runs.LOOKED_AT, 1000, whole=True),
        integers("seed", 0, 9, 0, label="seed of the first vector"),
    )
    slide = ("products", "step")

    def scene(self, products, step, seed) -> Scene:
        place = nearest(edge_runs.LOOKED_AT, step)
        curvatures = edge_runs.stored()["spectrum"][place].astype(float)
        largest = curvatures[0]
        found = estimates(place, seed)
        asked = np.arange(1, self.most + 1)
        marks: list[Mark] = [
            Rule("y", largest, role="limit", label="largest curvature"),
            *parts.run_line(asked, found, "estimate", grows=False)[:1],
            Points([products], [found[products - 1]], role="path", size=parts.HERE),
        ]
        own, notice = self.learners_estimates(curvatures, seed)
        if own is not None:
            marks.append(
                Line(np.arange(1, len(own) + 1), own, role="yours", label="your products", width=2.5)
            )
        ranks = np.arange(1, 21)
        off = abs(found[products - 1] / largest - 1)
        negative = int((curvatures < -1e-6).sum())
        return Scene(
            panels=[
                panel(
                    axis("products H v", 0, self.most),
                    axis("estimate", -1, 12),
                    marks,
                    "what power iteration says",
                ),
                panel(
                    axis("rank", 0.3, 20.7),
                    axis("curvature", -1, 12),
                    [
                        Rule("y", 2 / RATE, role="limit", label="2/rate"),
                        Bars(ranks, curvatures[:20], role="path", width=0.7),
                    ],
                    "the 20 largest of 1,210 curvatures",
                ),
            ],
            says=(
                f"After step {edge_runs.LOOKED_AT[place]:,} of gradient descent (rate {say(RATE)}) the largest curvature is "
                f"{say(largest, 4)}, the next one {say(curvatures[1], 4)}. After {products} products power iteration says "
                f"{say(found[products - 1], 4)}, which is off by {say(100 * off, 2)} %. Of 1,210 curvatures {negative} are "
                f"negative, the lowest {say(curvatures[-1])}."
            ),
            pin=("off by (%)", float(100 * off)),
            notice=notice,
        )

    def learners_estimates(self, curvatures: np.ndarray, seed: int) -> tuple[np.ndarray | None, str]:
        """The value that belongs to each vector for which the learner's `sharpness` asks a product."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        values: list[float] = []

        def product(v):
            Hv = curvatures * v
            if len(values) < self.most:
                values.append(float(v @ Hv / max(v @ v, 1e-300)))
            return Hv

        found, notice = learners_numbers(
            self.yours,
            lambda: self.yours(product, len(curvatures), np.random.default_rng(seed)),
            (),
            seconds=5.0,  # all curvatures from a table take more than a second
        )
        if found is None:
            return None, notice
        # a table of all axes, made by single products, has no first vector
        return np.array(values) if values else np.array([float(found)]), notice


# -- (c) a hundred steps from close ------------------------------------------------------------------------------------


class SwingExplorer(Explorer):
    """Step by step at the edge: the slope along the steepest axis, and the sharpness."""

    title = "A hundred steps from close"
    controls = (integers("seed", 0, 9, 0),)

    def scene(self, seed) -> Scene:
        _, gradient, sharpness = edge_runs.stored()["close"][seed].astype(float)
        first, last = edge_runs.CLOSE_FROM, edge_runs.CLOSE_FROM + len(gradient) - 1
        at = np.arange(len(gradient))  # counted as the buttons below count
        run = Run("gradient descent", "descent", {"gradient": gradient, "sharpness": sharpness})
        flips = int(flips_at(gradient).sum())
        across = axis(f"steps from {first} on", 0, at[-1])
        half = 1.15 * np.abs(gradient).max()
        limit = 2 / RATE
        return Scene(
            panels=[
                panel(
                    across,
                    axis("slope along it", -half, half),
                    [
                        Rule("y", 0.0, role="theory"),
                        *parts.run_line(at, gradient, "gradient descent", role="descent", run=run, width=1.4),
                    ],
                    "the slope along the steepest axis",
                ),
                panel(
                    across,
                    axis("sharpness", 9.5, 11.0),
                    [
                        Rule("y", limit, role="limit", label="2/rate"),
                        *parts.run_line(at, sharpness, "sharpness", role="path", run="gradient descent"),
                    ],
                    "the sharpness at each step",
                ),
            ],
            says=(
                f"Steps {first:,} to {last:,} at rate {say(RATE)}. Along the axis that was steepest at step {first} the gradient "
                f"changes its sign at {flips} of {len(gradient) - 1} steps. The sharpness stays between "
                f"{say(sharpness.min(), 4)} and {say(sharpness.max(), 4)}; 2/rate is {say(limit)}."
            ),
            num_steps=len(gradient) - 1,
            narration=Narration(
                "step {0:d}: slope {1:.3g} along the steepest axis, sharpness {2:.4g}",
                np.column_stack([first + at, gradient, sharpness]),
            ),
            pin=("changes of sign", float(flips)),
        )


def flips_at(gradient: np.ndarray) -> np.ndarray:
    """At which steps the sign is another one than before."""
    return np.sign(gradient[1:]) != np.sign(gradient[:-1])


# -- (d) two weights ---------------------------------------------------------------------------------------------------

WINDOW = ((-1.0, 5.0), (-2.0, 2.6))


def product_loss(w: np.ndarray) -> np.ndarray:
    """(x y - 1)² / 2: a model of two weights that should multiply to 1."""
    off = w[0] * w[1] - 1
    return off * off / 2


def product_gradient(w: np.ndarray) -> np.ndarray:
    x, y = w
    return (x * y - 1) * np.array([y, x])


def product_sharpness(w: np.ndarray) -> np.ndarray:
    """The larger curvature; where x y = 1 it is x² + y²."""
    x, y = w
    mean, half = (x * x + y * y) / 2, np.hypot((x * x - y * y) / 2, 2 * x * y - 1)
    return mean + half


def product_walk(start: Sequence[float], rate: float, num_steps: int) -> np.ndarray:
    """Gradient descent (num_steps + 1, 2); a walk that has run away stays where it is."""
    points = [np.array(start, dtype=float)]
    for _ in range(num_steps):
        w = points[-1]
        points.append(w - rate * product_gradient(w) if np.abs(w).max() < 1e3 else w)
    return np.array(points)


class HyperbolaExplorer(Explorer):
    """Two weights that should multiply to 1: a curve of minima, and the part of it that a rate forbids."""

    title = "Two weights, and a curve of minima"
    num_steps = 60
    controls = (
        linear("learning_rate", 0.05, 0.35, 0.2, num=31),
        Point("start", (4.0, 0.26), *WINDOW, label="start"),
    )

    def scene(self, learning_rate, start) -> Scene:
        points = product_walk(start, learning_rate, self.num_steps)
        loss, sharpness, limit = (
            product_loss(points.T),
            product_sharpness(points.T),
            2 / learning_rate,
        )
        radius = np.sqrt(limit)
        x = np.linspace(-1.2, 6.0, 145)
        circle = np.sqrt(np.maximum(limit - x * x, 0.0))
        top = np.full_like(x, 4.0)
        curve = np.linspace(0.2, 5.2, 401)
        allowed = curve * curve + 1 / (curve * curve) < limit
        run = parts.run_of("gradient descent", "descent", points, loss, sharpness=sharpness)
        path = parts.run_marks(points, "gradient descent", role="descent", drag="start")
        for mark in path:
            if mark.run:
                mark.run = run
        marks: list[Mark] = [
            Band(x, circle, top, role="limit", alpha=0.5),
            Band(x, -top, -circle, role="limit", alpha=0.5),
            Line(curve, np.where(allowed, 1 / curve, np.nan), role="optimum", width=3.5, label="minima"),
            Line(curve, np.where(allowed, np.nan, 1 / curve), role="limit", width=3.0, label="too sharp"),
            *path,
        ]
        at = np.arange(self.num_steps + 1)
        far = np.abs(points[-1]).max() > 100
        end = (
            f"The run is lost: after {int((np.abs(points).max(axis=1) > 100).argmax())} steps it is outside of all maps."
            if far
            else (
                f"After {self.num_steps} steps it stands at {say_point(points[-1])}, with "
                f"{'loss ' + say(loss[-1]) if loss[-1] > 1e-12 else 'hardly any loss'}, where the sharpness is "
                f"{say(sharpness[-1])}."
            )
        )
        return Scene(
            panels=[
                parts.map_panel(
                    WINDOW,
                    marks,
                    "shaded: minima there would be too sharp",
                    words=("x", "y"),
                    field=hyperbola_field(),
                ),
                panel(
                    axis("step", 0, self.num_steps),
                    log_axis("sharpness", 1.0, 100.0, keep=(1e-3, 1e9)),
                    [
                        Rule("y", limit, role="limit", label="2/rate"),
                        *parts.run_line(at, sharpness, "gradient descent", role="descent", run=run),
                    ],
                    "sharpness at each step",
                ),
            ],
            says=(
                f"2/rate is {say(limit)}: minima further than {say(radius)} from the origin are too sharp for rate "
                f"{say(learning_rate)}. From {say_point(start)}, with loss {say(loss[0], 2)} and sharpness "
                f"{say(sharpness[0])}, the loss goes as high as {say(loss.max())}. {end}"
            ),
            num_steps=self.num_steps,
            pin=("sharpness at the end", float(sharpness[-1])),
        )


@lru_cache(maxsize=1)
def hyperbola_field() -> Any:
    return parts.field_of(product_loss, *WINDOW, points=6_000)


# -- (e) another rate on the way ---------------------------------------------------------------------------------------


class ChangeExplorer(Explorer):
    """Gradient descent whose rate is changed in the middle."""

    title = "Another rate from step 1,000 on"
    controls = (
        steps("factor", (*edge_runs.FACTORS, 1.0), 0.5, label="rate times"),
        integers("seed", 0, edge_runs.SHOWN_SEEDS[-1], 0),
    )

    def scene(self, factor, seed) -> Scene:
        kept = edge_runs.stored()
        factors = (*edge_runs.FACTORS, 1.0)
        factor = factors[nearest(factors, factor)]
        table, place = ("change", (edge_runs.FACTORS.index(factor), seed)) if factor != 1.0 else (
            "full", (0, edge_runs.RATES.index(RATE), seed),
        )  # fmt: skip
        sharpness, loss, rises = (
            kept[f"{table}_{part}"][place].astype(float) for part in ("sharpness", "loss", "rises")
        )
        half = CHANGE_AT // EVERY
        limits = np.where(np.arange(NUM_STEPS + 1) < CHANGE_AT, 2 / RATE, 2 / (factor * RATE))
        at = np.arange(NUM_STEPS + 1)[:: EVERY // 5]
        change = Rule("x", CHANGE_AT, role="theory", label="the change")
        return Scene(
            panels=[
                sharpness_over_steps(
                    sharpness,
                    "sharpness",
                    "descent",
                    [change, Line(at, limits[at], role="limit", label="2/rate", width=2.0)],
                ),
                loss_over_steps(loss, "gradient descent", "descent", [change]),
            ],
            says=(
                f"At step 1,000 the rate goes from {say(RATE)} to {say(factor * RATE)}, and 2/rate from {say(2 / RATE)} to "
                f"{say(2 / (factor * RATE))}. The sharpness goes from {say(sharpness[half])} to {say(sharpness[-1])} at the end. "
                f"{int(rises[:half].sum())} of the first 1,000 steps raised the loss, and {int(rises[half:].sum())} of the "
                f"others; it ends at {say(float(loss[-1]))}."
            ),
            pin=("sharpness at the end", float(sharpness[-1])),
        )


# -- (f) minibatches ---------------------------------------------------------------------------------------------------

SIZES = (*edge_runs.BATCH_SIZES, 500)


@lru_cache(maxsize=1)
def late_ratios() -> np.ndarray:
    """The mean sharpness of the last 1,000 steps over 2/rate, for each of SIZES and each seed."""
    kept = edge_runs.stored()
    whole = kept["full_sharpness"][0, edge_runs.RATES.index(RATE)]
    tables = np.concatenate([kept["batch_sharpness"], whole[None]]).astype(float)
    return tables[..., tables.shape[-1] // 2 + 1 :].mean(axis=-1) * RATE / 2


class BatchExplorer(Explorer):
    """Where the sharpness stays with minibatches of so many digits."""

    title = "Minibatches stay below"
    controls = (
        steps("batch_size", SIZES, 32, whole=True),
        integers("seed", 0, 9, 0),
    )

    def scene(self, batch_size, seed) -> Scene:
        kept = edge_runs.stored()
        place = nearest(SIZES, batch_size)
        if SIZES[place] == 500:
            sharpness = kept["full_sharpness"][0, edge_runs.RATES.index(RATE), seed].astype(float)
        else:
            sharpness = kept["batch_sharpness"][place, seed].astype(float)
        ratios, limit = late_ratios(), 2 / RATE
        name = "all digits" if SIZES[place] == 500 else f"batches of {SIZES[place]}"
        every = [Points(np.full(10, size), ratios[k], role="descent", size=7) for k, size in enumerate(SIZES)]
        return Scene(
            panels=[
                sharpness_over_steps(
                    sharpness, "sharpness", "descent", [Rule("y", limit, role="limit", label="2/rate")]
                ),
                panel(
                    log_axis("batch size", 12, 700, ticks=[(size, str(size)) for size in SIZES]),
                    axis("mean of λ × rate/2", 0.6, 1.15),
                    [
                        Rule("y", 1.0, role="limit", label="the edge"),
                        *every,
                        Line(SIZES, ratios[:, seed], role="path", label="this seed", marker=True),
                        Rule("x", SIZES[place], role="theory", label="this size"),
                    ],
                    "the last 1,000 steps",
                ),
            ],
            says=(
                f"With {name}, the sharpness of the last 1,000 steps is {ratios[place, seed]:.2f} of 2/rate on average; over "
                f"ten seeds {ratios[place].min():.2f} to {ratios[place].max():.2f}. The steps are those of SGD at rate "
                f"{say(RATE)}, the curvature is that of the loss on all 500 digits."
            ),
            pin=("of 2/rate", float(ratios[place, seed])),
        )


# -- (g) too hot a start -----------------------------------------------------------------------------------------------

RESCUES = {
    ("as it is" if rescue == 0 else "clipped" if rescue == edge_runs.CLIPPED else f"warm-up {rescue}"): rescue
    for rescue in edge_runs.RESCUES
}


class SurvivalExplorer(Explorer):
    """How many of ten runs from larger weights survive, by rate and by what is done for them."""

    title = "Who survives the start?"
    controls = (
        steps("learning_rate", edge_runs.HOT_RATES, 0.3),
        Choice("rescue", tuple(RESCUES), "as it is"),
    )

    def scene(self, learning_rate, rescue) -> Scene:
        ends = edge_runs.stored()["hot"].astype(float)
        r, k = nearest(edge_runs.HOT_RATES, learning_rate), list(RESCUES).index(rescue)
        alive = ends < edge_runs.ALIVE
        lost = 10 - alive.sum(axis=-1)
        here, survived = ends[r, k], alive[r, k]
        seeds = np.arange(10)
        ends_of_some = []
        if survived.any():
            ends_of_some.append(Points(seeds[survived], here[survived], role="path", size=11, label="alive"))
        if not survived.all():
            gone = seeds[~survived]
            ends_of_some.append(
                Points(gone, np.full(len(gone), 60.0), role="limit", shape="times", size=11, label="lost")
            )
        rates, ways = len(edge_runs.HOT_RATES), len(RESCUES)
        return Scene(
            panels=[
                panel(
                    axis(
                        "rate",
                        -3.3,
                        rates + 0.9,  # room for the names of the rescues, and for that of the axis
                        ticks=[(i, say(rate)) for i, rate in enumerate(edge_runs.HOT_RATES)],
                    ),
                    axis("rescue", -1.3, ways + 0.2, ticks=list(enumerate(RESCUES))),
                    [
                        Heat(
                            lost.T.astype(float),
                            (-0.5, rates - 0.5, -0.5, ways - 0.5),
                            0.0,
                            10.0,
                            colors="rate",
                            smooth=False,
                            role="contour",
                        ),
                        Points([r], [k], role="start", shape="ring", size=30),
                        *(
                            Text(i, j, str(10 - int(lost[i, j])), role="neutral", align="center", above=0)
                            for i in range(rates)
                            for j in range(ways)
                        ),
                    ],
                    "how many of ten live",
                ),
                panel(
                    axis("seed", -0.5, 9.5),
                    log_axis("loss after 800 steps", 0.03, 100.0, keep=(0.03, 60.0)),
                    [
                        Rule("y", edge_runs.ALIVE, role="limit", label="alive below"),
                        *ends_of_some,
                    ],
                    "the ten runs",
                ),
            ],
            says=(
                f"At rate {say(edge_runs.HOT_RATES[r])}, {rescue}: {int(survived.sum())} of 10 runs from larger weights have a "
                f"loss below {say(edge_runs.ALIVE)} after 800 steps."
            ),
            pin=("runs alive", float(survived.sum())),
        )


# -- (h) another loss --------------------------------------------------------------------------------------------------


class LossExplorer(Explorer):
    """The same network by squared error, and by cross-entropy, where the sharpness does not stay at an edge."""

    title = "With another loss"
    controls = (
        Choice("loss", ("squared error", "cross-entropy"), "cross-entropy"),
        integers("seed", 0, 9, 0),
    )

    def scene(self, loss, seed) -> Scene:
        kept = edge_runs.stored()
        smooth = loss == "cross-entropy"
        rate = edge_runs.SMOOTH_RATE if smooth else RATE
        place = seed if smooth else (0, edge_runs.RATES.index(RATE), seed)
        table = "smooth" if smooth else "full"
        sharpness, losses, rises = (
            kept[f"{table}_{part}"][place].astype(float) for part in ("sharpness", "loss", "rises")
        )
        limit, peak = 2 / rate, int(sharpness.argmax())
        at = EVERY * np.arange(len(sharpness))
        return Scene(
            panels=[
                panel(
                    axis("step", 0, at[-1]),
                    axis("sharpness", 0, 12),
                    [
                        Rule("y", limit, role="limit", label="2/rate"),
                        Line(at, sharpness, role="descent", label="sharpness", width=2.4, dash="solid"),
                    ],
                    "largest curvature on the way",
                ),
                loss_over_steps(losses, "gradient descent", "descent"),
            ],
            says=(
                f"{loss.capitalize()}, rate {say(rate)}: 2/rate is {say(limit)}. The sharpness goes from {say(sharpness[0])} to "
                f"{say(sharpness[-1])}; it is highest at step {at[peak]}, {say(sharpness[peak])}, which is "
                f"{sharpness[peak] / limit:.2f} of 2/rate. {int(rises.sum())} steps raised the loss."
            ),
            pin=("highest sharpness over 2/rate", float(sharpness[peak] / limit)),
        )
