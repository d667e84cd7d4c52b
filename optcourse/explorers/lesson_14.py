"""The explorers of lesson 14, noise, batch size, clipping and averaging, in the order in which the lesson shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from optcourse import noise_runs, race
from optcourse.descent import Trace, descend
from optcourse.explorers import parts
from optcourse.explorers.axes import Axis, axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Toggle, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.lesson_13 import nearest
from optcourse.explorers.parts import say, say_point
from optcourse.figures import Band, Bars, Line, Points, Rule, Scene
from optcourse.figures.scene import Mark
from optcourse.learner.blank import is_blank
from optcourse.noise import clip_by_norm, ema, running_mean
from optcourse.objectives import cliff
from optcourse.optimizers import GradientDescent

SIZES, RATES = noise_runs.BATCH_SIZES, noise_runs.RATES


def say_rate(rate: float) -> str:
    """A power of two as a fraction: 1/8, 1, 2."""
    return str(Fraction(rate))


def sizes_axis() -> Axis:
    return log_axis("batch size", 1.4, 1450, ticks=[(size, str(size)) for size in SIZES])


# -- (b) steps and examples by batch size ------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def medians() -> np.ndarray:
    """Steps to the target, the median of the tuning seeds, (sizes, rates); infinite where a run never arrives."""
    found = noise_runs.stored()["steps"][..., list(noise_runs.TUNING_SEEDS)].astype(float)
    return np.median(np.where(found < 0, np.inf, found), axis=-1)


@lru_cache(maxsize=1)
def best_rates() -> np.ndarray:
    """The place of the best rate for each batch size."""
    return medians().argmin(axis=1)


@lru_cache(maxsize=1)
def fewest_steps() -> np.ndarray:
    """The median number of steps at the best rate, for each batch size."""
    return medians().min(axis=1)


@lru_cache(maxsize=1)
def fitted() -> tuple[float, float]:
    """S and C of steps = S (1 + C / B): the least squares of the logarithms, over a fine grid of C."""
    sizes, found = np.array(SIZES, dtype=float), np.log(fewest_steps())
    grid = np.geomspace(1, 1000, 601)
    offsets = found - np.log1p(grid[:, None] / sizes)
    best = offsets.var(axis=1).argmin()
    return float(np.exp(offsets[best].mean())), float(grid[best])


class BatchSizeExplorer(Explorer):
    """How many steps, and how many examples, a batch size needs to the same loss."""

    title = "The price of a batch"
    controls = (
        steps("batch_size", SIZES, 32, whole=True),
        steps("learning_rate", RATES, 0.125),
        Toggle("theory", False, label="S (1 + C/B)"),
    )
    slide = ("batch_size", "learning_rate")

    def scene(self, batch_size, learning_rate, theory) -> Scene:
        b, r = nearest(SIZES, batch_size), nearest(np.log(RATES), np.log(learning_rate))
        sizes, fewest = np.array(SIZES, dtype=float), fewest_steps()
        at_rate = np.where(np.isfinite(medians()[:, r]), medians()[:, r], np.nan)
        least, critical = fitted()

        def marks(times: np.ndarray) -> list[Mark]:
            drawn: list[Mark] = [
                Line(sizes, at_rate * times, role="second", label="this rate", marker=True, width=1.8),
                Line(sizes, fewest * times, role="descent", label="best rate", marker=True, width=2.4, dash="solid"),
                Points([sizes[b]], [fewest[b] * times[b]], role="start", shape="ring", size=20),
            ]  # fmt: skip
            if theory:
                fine = np.geomspace(2, 1000, 60)
                per = np.ones(60) if times[0] == times[-1] else fine
                drawn.append(
                    Line(fine, least * (1 + critical / fine) * per, role="theory", label="S (1 + C/B)")
                )
            return drawn

        other = at_rate[b]
        told = (
            f"At rate {say_rate(RATES[r])} the median run needs {other:,.0f} steps."
            if np.isfinite(other)
            else f"At rate {say_rate(RATES[r])} the median run is not there after {noise_runs.LONGEST:,} steps."
        )
        curve = f" The dashed curve has S = {say(least)} and C = {say(critical, 2)}." if theory else ""
        return Scene(
            panels=[
                panel(
                    sizes_axis(), log_axis("steps", 30, 3000, keep=(1, 1e6)), marks(np.ones(len(sizes))),
                    f"steps to a training loss of {noise_runs.TARGET}",
                ),
                panel(
                    sizes_axis(), log_axis("examples", 600, 3e6, keep=(1, 1e9)), marks(sizes),
                    "examples looked at on the way",
                ),
            ],
            says=(
                f"With batches of {SIZES[b]:,} the best of {len(RATES)} rates is {say_rate(RATES[best_rates()[b]])}: "
                f"{fewest[b]:,.0f} steps, which look at {fewest[b] * sizes[b]:,.0f} examples. {told} Against batches of 2: "
                f"{say(fewest[0] / fewest[b], 2)} times fewer steps, "
                f"{say(fewest[b] * sizes[b] / (fewest[0] * sizes[0]), 2)} times as many examples.{curve}"
            ),
            pin=("steps", float(fewest[b])),
        )  # fmt: skip


# -- (a) the noise scale along a run -----------------------------------------------------------------------------------

LOOKED_AT = tuple(range(0, noise_runs.NUM_STEPS + 1, noise_runs.EVERY))
OWN_STEPS = noise_runs.KEPT_STEPS  # where a learner's function is asked


@lru_cache(maxsize=2)
def gradients_at_own_steps(seed: int) -> list[np.ndarray]:
    """The gradients of all examples at OWN_STEPS of gradient descent, (examples, n) each."""
    model = race.problem(seed).model
    return [noise_runs.per_example(model, w.astype(float)) for w in noise_runs.stored()["weights"][seed]]


class NoiseAlongExplorer(Explorer):
    """The noise scale along a run, and what it means: at which batch size slope and noise are equal."""

    title = "Slope and noise along a run"
    controls = (
        integers("step", 0, noise_runs.NUM_STEPS, 100, by=noise_runs.EVERY),
        Choice("gradient", noise_runs.WAYS, "all digits"),
        integers("seed", 0, 9, 0),
    )

    def __init__(self, **more: Any) -> None:
        self.found: dict[int, tuple[list[Mark], str]] = {}  # what the learner's function says, by seed
        super().__init__(**more)

    def scene(self, step, gradient, seed) -> Scene:
        way, place = noise_runs.WAYS.index(gradient), nearest(LOOKED_AT, step)
        loss, slope, noise = noise_runs.stored()["along"][way, seed].astype(float)
        scale, at = noise / slope, np.array(LOOKED_AT)
        sizes = np.geomspace(1, 3000, 50)
        own, notice = self.learners_scales(seed) if way == 0 else ([], "")
        here = scale[place]
        return Scene(
            panels=[
                panel(
                    axis("step", 0, noise_runs.NUM_STEPS),
                    log_axis("noise scale", 5, 5000, keep=(0.1, 1e6)),
                    [
                        Line(at, scale, role="descent", label="noise scale", width=2.4, dash="solid"),
                        Points([at[place]], [here], role="start", shape="ring", size=16),
                        *own,
                    ],
                    "noise over slope",
                ),
                panel(
                    log_axis("batch size", 1, 3000),
                    log_axis("squared length", 1e-4, 30, keep=(1e-7, 1e4)),
                    [
                        Rule("x", here, role="limit", label="noise scale"),
                        Line(sizes, np.full(50, slope[place]), role="gradient", label="slope"),
                        Line(sizes, noise[place] / sizes, role="velocity", label="noise"),
                    ],
                    f"a minibatch at step {at[place]}",
                ),
            ],
            says=(
                f"Step {at[place]} at rate {say(noise_runs.SLOW)}, gradients of {gradient}, loss {say(loss[place])}: |g|² is "
                f"{say(slope[place])}, tr Σ is {say(noise[place])}. The noise scale is {say(here)}: a minibatch of so many "
                f"digits has as much noise as slope. At step 30 it is {say(scale[3])}, at step 300 {say(scale[-1])}."
            ),
            pin=("noise scale", float(here)),
            notice=notice,
        )

    def learners_scales(self, seed: int) -> tuple[list[Mark], str]:
        if self.yours is None or is_blank(self.yours):
            return [], ""
        if seed not in self.found:
            self.found[seed] = self.asked(seed)
        return self.found[seed]

    def asked(self, seed: int) -> tuple[list[Mark], str]:
        found = []
        for dws in gradients_at_own_steps(seed):
            value, notice = learners_numbers(self.yours, lambda dws=dws: self.yours(dws.copy()), ())
            if value is None:
                return [], notice
            found.append(float(value))
        return [Points(OWN_STEPS, found, role="yours", size=13, label="your code")], ""


# -- two batch sizes ---------------------------------------------------------------------------------------------------

b, B = noise_runs.SMALL, noise_runs.LARGE
COUNTS = tuple(sorted({int(round(n)) for n in np.geomspace(1, noise_runs.NUM_PAIRS, 49)}))


def single_slopes(small: np.ndarray, large: np.ndarray) -> np.ndarray:
    """What each pair alone says of |g|²."""
    return (B * large - b * small) / (B - b)


def single_noises(small: np.ndarray, large: np.ndarray) -> np.ndarray:
    return (small - large) / (1 / b - 1 / B)


class TwoBatchesExplorer(Explorer):
    """The noise scale from squared lengths of minibatch gradients alone, the more pairs the better."""

    title = "The noise scale from two batch sizes"
    controls = (
        steps("pairs", COUNTS, COUNTS[24], whole=True, label="pairs of batches"),
        steps("step", noise_runs.PAIR_STEPS, 300, whole=True),
        integers("draw", 0, 9, 0),
    )

    def scene(self, pairs, step, draw) -> Scene:
        k = nearest(noise_runs.PAIR_STEPS, step)
        small, large = np.roll(noise_runs.stored()["pairs"][k].astype(float), -400 * draw, axis=1)
        slope, noise = noise_runs.stored()["at_pairs"][k].astype(float)
        true = noise / slope
        many, counts = np.arange(1, noise_runs.NUM_PAIRS + 1), np.array(COUNTS)
        slopes, noises = single_slopes(small, large), single_noises(small, large)
        together = np.cumsum(noises) / np.cumsum(slopes)
        means_of_ratios = np.cumsum(noises / slopes) / many
        pairs = int(np.clip(pairs, 1, noise_runs.NUM_PAIRS))
        shown = np.arange(min(pairs, 200))
        negative = float((slopes[:pairs] < 0).mean())
        below = slopes[shown] < 0
        own, notice = self.learners_estimates(small, large)
        here = together[pairs - 1]
        dots = [Points(shown[~below], slopes[shown][~below], role="gradient", size=6, label="above zero")]
        if below.any():
            dots.append(Points(shown[below], slopes[shown][below], role="limit", size=8, label="below zero"))
        ends = 6 * float(slope)
        return Scene(
            panels=[
                panel(
                    log_axis("pairs", 1, noise_runs.NUM_PAIRS),
                    axis("noise scale", -0.5 * true, 3 * true, keep=(-20 * true, 20 * true)),
                    [
                        Rule("y", true, role="theory", label="all gradients"),
                        Line(counts, means_of_ratios[counts - 1], role="third", label="mean of ratios"),
                        Line(counts, together[counts - 1], role="path", label="ratio of means", width=2.4),
                        Points([pairs], [here], role="path", size=parts.HERE),
                        *own,
                    ],
                    "what so many pairs say",
                ),
                panel(
                    axis("pair", 0, 200),
                    axis("|g|²", -ends / 2, ends, keep=(-0.48 * ends, 0.98 * ends)),
                    [
                        Rule("y", 0.0, role="neutral"),
                        Rule("y", slope, role="theory", label="true |g|²"),
                        *dots,
                    ],
                    "what single pairs say of |g|²",
                ),
            ],
            says=(
                f"Step {noise_runs.PAIR_STEPS[k]} of SGD at rate {say(noise_runs.PAIR_RATE)}; each pair is a batch of {b} and "
                f"one of {B}. From {pairs:,} pairs the ratio of the two means is {say(here)}, the mean of the ratios "
                f"{say(means_of_ratios[pairs - 1])}. The gradients of all digits say {say(true)}. Of single pairs, "
                f"{100 * negative:.0f} % have a negative |g|²."
            ),
            pin=("off by (%)", float(100 * abs(here / true - 1))),
            notice=notice,
        )

    def learners_estimates(self, small: np.ndarray, large: np.ndarray) -> tuple[list[Mark], str]:
        if self.yours is None or is_blank(self.yours):
            return [], ""
        counts, found = COUNTS[::-4][::-1][1:], []
        for n in counts:
            value, notice = learners_numbers(
                self.yours, lambda n=n: self.yours(small[:n].copy(), large[:n].copy(), b, B), ()
            )
            if value is None:
                return [], notice
            found.append(float(value))
        return [Line(counts, found, role="yours", label="your code", width=2.5)], ""


# -- clipping each example ---------------------------------------------------------------------------------------------

SLOPES = np.array([1.0] * 9 + [-19.0])
CLIPPED_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@lru_cache(maxsize=len(CLIPPED_SIZES))
def chances(size: int) -> np.ndarray:
    """How likely a batch of `size` has 0, 1 ... of the loud slopes."""
    k = np.arange(size)
    return 0.9**size * np.concatenate([[1.0], np.cumprod((size - k) / (k + 1) / 9)])


def mean_of_clipped_batches(size: int, limit: float) -> float:
    """What steps clipped at `limit` come to on average, each the mean of `size` slopes drawn from SLOPES: exact."""
    means = 1 - 20 * np.arange(size + 1) / size
    return float(chances(size) @ np.clip(means, -limit, limit))


class ClippedMeanExplorer(Explorer):
    """Nine slopes that say one thing, and one that says another, louder: what clipping makes of their mean."""

    title = "Who is clipped?"
    controls = (
        steps("limit", (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 19, 25), 25),
        steps("batch_size", CLIPPED_SIZES, 10, whole=True),
    )

    def scene(self, limit, batch_size) -> Scene:
        size = CLIPPED_SIZES[nearest(CLIPPED_SIZES, batch_size)]
        clipped = np.clip(SLOPES, -limit, limit)
        whole = [mean_of_clipped_batches(n, float(limit)) for n in CLIPPED_SIZES]
        here = whole[CLIPPED_SIZES.index(size)]
        numbered = np.arange(1, 11)
        return Scene(
            panels=[
                panel(
                    axis("example", 0.3, 10.7),
                    axis("slope", -20.5, 4),
                    [
                        Bars(numbered, SLOPES, role="neutral", width=0.8, label="slope"),
                        Bars(numbered, clipped, role="second", width=0.45, label="clipped"),
                        Rule("y", float(clipped.mean()), role="path", label="mean of the clipped"),
                    ],
                    "each example clipped",
                ),
                panel(
                    log_axis("batch size", 0.8, 1250, ticks=[(n, str(n)) for n in (1, 10, 100, 1000)]),
                    axis("mean of the steps", -1.2, 1.1),
                    [
                        Rule("y", -1.0, role="theory", label="true mean"),
                        Rule("y", 0.0, role="neutral"),
                        Line(CLIPPED_SIZES, whole, role="descent", label="batch means clipped", marker=True, dash="solid"),
                        Points([size], [here], role="start", shape="ring", size=18),
                    ],
                    "the mean of each batch clipped",
                ),
            ],
            says=(
                f"Nine slopes are +1, one is −19: their mean is −1. Clipped at {say(limit)} one by one, their mean is "
                f"{say(float(clipped.mean()))}. Where the mean of a batch of {size:,} is clipped, the steps are {say(here)} on "
                f"average."
            ),
            pin=("mean of the clipped", float(clipped.mean())),
        )  # fmt: skip


# -- (c) the cliff -----------------------------------------------------------------------------------------------------

CLIFF = cliff()
NEAR = 1e-3  # the loss at which a run on the cliff has arrived
CLIFF_WINDOW = ((-29.0, 7.0), (-9.0, 9.0))

# A gradient, clipped: its words, and what is done.
CLIPS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "not at all": lambda dw, limit: dw,
    "its length": clip_by_norm,
    "each entry": lambda dw, limit: np.clip(dw, -limit, limit),
}


class CliffExplorer(Explorer):
    """One step down a wall throws a run far away; a clipped step does not."""

    title = "A wall, and a step that is too long"
    num_steps = 60
    controls = (
        Choice("clip", tuple(CLIPS), "not at all"),
        log("limit", 0.1, 40, 1.0, num=41),
        log("learning_rate", 0.1, 10, 1.0, num=41),
        Point("start", CLIFF.start, (-4.0, 4.0), (-4.0, 4.0), label="start"),
    )
    slide = ("clip", "limit")

    def scene(self, clip, limit, learning_rate, start) -> Scene:
        run = self.run(CLIPS[clip], limit, learning_rate, start)
        own, notice = self.learners_run(limit, learning_rate, start)
        arrives = int(run.steps_to(NEAR))
        arrived = (
            f"After {arrives} steps the loss is below {NEAR}."
            if arrives >= 0
            else f"After {self.num_steps} steps the loss is {say(float(run.loss[-1]))}."
        )
        how = (
            "The gradient is not clipped"
            if clip == "not at all"
            else f"{clip.capitalize()} is at most {say(limit)}"
        )
        far = float(np.hypot(*run.w.T).max())
        curves = [(run.loss, "gradient descent", "descent"), *own.losses()]
        return Scene(
            panels=[
                parts.plane_panel(
                    CLIFF,
                    [
                        Rule("x", 2.0, role="limit", label="the wall"),
                        *parts.run_marks(run, "gradient descent", role="descent", drag="start"),
                        *own.path,
                        *parts.minimum_marks(CLIFF),
                    ],
                    "a wall on the right, a flat bowl on the left",
                    window=CLIFF_WINDOW,
                ),
                parts.loss_panel(curves, self.num_steps, ylim=(1e-6, 1e3), extra=[Rule("y", NEAR, role="theory")]),
            ],
            says=(
                f"{how}. The first step goes from {say_point(start)} to {say_point(run.w[1], 4)}; the run is never further "
                f"from the minimum than {say(far)}. {arrived}"
            ),
            num_steps=self.num_steps,
            pin=(f"steps to {NEAR} (−1: never)", float(arrives)),
            notice=notice,
        )  # fmt: skip

    def run(self, clipped: Callable, limit: float, learning_rate: float, start: Sequence[float]) -> Trace:
        def gradient(w):
            return clipped(CLIFF.gradient(w), limit)

        return descend(CLIFF, GradientDescent(learning_rate), start, self.num_steps, gradient=gradient)

    def learners_run(
        self, limit: float, learning_rate: float, start: Sequence[float]
    ) -> tuple[parts.Yours, str]:
        if self.yours is None or is_blank(self.yours):
            return parts.Yours(), ""

        def walk():
            w, points = np.array(start, dtype=float), []
            for _ in range(self.num_steps + 1):
                points.append(w)
                w = w - learning_rate * np.asarray(self.yours(CLIFF.gradient(w), limit), dtype=float)
            return np.array(points)

        points, notice = learners_numbers(self.yours, walk, (self.num_steps + 1, 2))
        return (parts.Yours(), notice) if points is None else (parts.walked(points, CLIFF.value), "")


# -- (d) a noisy bowl --------------------------------------------------------------------------------------------------

WALKERS, BOWL_STEPS, BOWL_START = 400, 300, 3.0


@lru_cache(maxsize=64)
def bowl_runs(learning_rate: float, seed: int) -> np.ndarray:
    """SGD on w² / 2 with gradient noise of deviation 1: the points of many walkers, (steps + 1, walkers)."""
    rng, w = np.random.default_rng(seed), np.full(WALKERS, BOWL_START)
    points = [w]
    for noise in rng.standard_normal((BOWL_STEPS, WALKERS)):
        w = w - learning_rate * (w + noise)
        points.append(w)
    return np.array(points)


def bowl_variance(learning_rate: float) -> float:
    """Where the last weights end: the variance of w once the start is forgotten."""
    return learning_rate / (2 - learning_rate)


def left_by_ema(decay: float, learning_rate: float) -> float:
    """What part of that variance a moving average leaves."""
    kept = 1 - learning_rate
    return (1 - decay) * (1 + kept * decay) / ((1 + decay) * (1 - kept * decay))


class NoisyBowlExplorer(Explorer):
    """One walker in a noisy bowl with its average, and how far 400 of them are from the minimum."""

    title = "The average of a walk"
    controls = (
        Choice("average", ("moving average", "mean of all"), "moving average"),
        steps("decay", (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99), 0.9),
        linear("learning_rate", 0.02, 0.5, 0.1, num=25),
        integers("seed", 0, 9, 0),
    )
    slide = ("average", "decay", "learning_rate")

    def scene(self, average, decay, learning_rate, seed) -> Scene:
        points = bowl_runs(float(learning_rate), seed)
        moving = average == "moving average"
        means = ema(points, decay) if moving else running_mean(points)
        at = np.arange(BOWL_STEPS + 1)
        last, mean = (points**2).mean(axis=1), (means**2).mean(axis=1)
        variance = bowl_variance(learning_rate)
        theory: list[Mark] = [Rule("y", variance, role="theory", label="theory: last")]
        words = ""
        if moving and decay > 0:
            expected = variance * left_by_ema(decay, learning_rate)
            theory.append(Rule("y", expected, role="theory", label="theory: average"))
            words = f" Theory says {say(variance)} and, once the start is forgotten, {say(expected)}."
        own, notice = self.learners_average(points[:, 0], decay)
        return Scene(
            panels=[
                panel(
                    axis("step", 0, BOWL_STEPS),
                    axis("w", -1.6, 3.2),
                    [
                        Rule("y", 0.0, role="neutral", label="minimum"),
                        Line(at, points[:, 0], role="descent", label="the walk", width=1.2, dash="solid"),
                        Line(at, means[:, 0], role="path", label=average, width=2.6),
                        *own,
                    ],
                    "one walker",
                ),
                panel(
                    axis("step", 0, BOWL_STEPS),
                    log_axis("mean of w²", 1e-3, 20, keep=(1e-6, 1e4)),
                    [
                        *theory,
                        Line(at, last, role="descent", label="last weights", width=1.6, dash="solid"),
                        Line(at, mean, role="path", label=average, width=2.4),
                    ],
                    f"{WALKERS} walkers",
                ),
            ],
            says=(
                f"Rate {say(learning_rate)}, curvature and noise 1. After {BOWL_STEPS} steps the mean of w² is "
                f"{say(last[-1])} for the last weights and {say(mean[-1])} for the "
                f"{average}{f' with decay {say(decay)}' if moving else ''}.{words}"
            ),
            pin=("mean of w², average", float(mean[-1])),
            notice=notice,
        )  # fmt: skip

    def learners_average(self, path: np.ndarray, decay: float) -> tuple[list[Mark], str]:
        if self.yours is None or is_blank(self.yours):
            return [], ""
        given = np.repeat(path[:, None], 2, axis=1)  # a path of two equal weights: points are rows
        found, notice = learners_numbers(
            self.yours, lambda: np.asarray(self.yours(given.copy(), decay), dtype=float), given.shape
        )
        if found is None:
            return [], notice.replace("an array shaped like w", "an average for each point of the path")
        at = np.arange(len(path))
        return [Line(at, found[:, 0], role="yours", label="your code", width=2.5)], ""


# -- averages on real data ---------------------------------------------------------------------------------------------

RIVALS = ("the last weights", "cosine")


@lru_cache(maxsize=64)
def ends_of(run: str, kind: str, held_back: bool) -> np.ndarray:
    """Losses of one of noise_runs.ENDS, (seeds, points)."""
    table = noise_runs.stored()["averages"].astype(float)
    return table[list(noise_runs.RUNS).index(run), :, noise_runs.ENDS.index(kind), int(held_back)]


class AveragesExplorer(Explorer):
    """On real digits: averaged weights at a constant rate against the last ones, and against a rate that comes down."""

    title = "Averaged weights on real digits"
    controls = (
        Choice("run", tuple(noise_runs.RUNS), next(iter(noise_runs.RUNS))),
        Choice("average", noise_runs.ENDS[2:], "average 0.95"),
        Choice("loss", ("training", "held back"), "training"),
    )

    def scene(self, run, average, loss) -> Scene:
        held_back = loss == "held back"
        at = np.array(LOOKED_AT)
        curves, marks = {}, []
        for kind, role in ((RIVALS[0], "descent"), (RIVALS[1], "second"), (average, "path")):
            curves[kind] = table = ends_of(run, kind, held_back)
            low, middle, high = np.quantile(table, (0.25, 0.5, 0.75), axis=0)
            marks += [
                Band(at, low, high, role=role, alpha=0.25),
                Line(at, middle, role=role, label=kind, width=2.4 if role == "path" else 1.8),
            ]
        seeds = np.array(noise_runs.AVERAGED_SEEDS)
        ratios = {kind: curves[average][:, -1] / curves[kind][:, -1] for kind in RIVALS}
        below = {kind: int((ratio < 1).sum()) for kind, ratio in ratios.items()}
        return Scene(
            panels=[
                panel(
                    axis("step", 0, noise_runs.NUM_STEPS), log_axis("loss", 0.005, 3.0, keep=(1e-4, 1e3)), marks,
                    f"loss on the {'held-back' if held_back else 'training'} digits, 20 seeds",
                ),
                panel(
                    axis("seed", seeds[0] - 1, seeds[-1] + 1),
                    log_axis("loss / loss", 0.1, 10.0, keep=(0.11, 9.0)),
                    [
                        Rule("y", 1.0, role="neutral"),
                        Points(seeds, ratios[RIVALS[0]], role="descent", size=9, label="against the last"),
                        Points(seeds, ratios[RIVALS[1]], role="second", size=9, label="against cosine"),
                    ],
                    f"{average} over the others",
                ),
            ],
            says=(
                f"{run[0].upper()}{run[1:]}, constant; {loss} loss after {noise_runs.NUM_STEPS} steps, medians of {len(seeds)} "
                f"seeds: the last weights {say(float(np.median(curves[RIVALS[0]][:, -1])))}, cosine "
                f"{say(float(np.median(curves[RIVALS[1]][:, -1])))}, {average} {say(float(np.median(curves[average][:, -1])))}. "
                f"The average is below the last weights for {below[RIVALS[0]]} of {len(seeds)} seeds, below cosine for "
                f"{below[RIVALS[1]]}."
            ),
            pin=("seeds below cosine", float(below[RIVALS[1]])),
        )  # fmt: skip
