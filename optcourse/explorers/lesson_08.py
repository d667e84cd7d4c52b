"""The explorers of lesson 08, Adam, in the order in which the lesson shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import count, cycle
from types import SimpleNamespace

import numpy as np

from optcourse import data, models, objectives, theory
from optcourse.descent import Trace, descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Range, Toggle, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Bars, Line, Points, Rule, Run, Scene, Text
from optcourse.figures.palette import OPTIMIZERS
from optcourse.objectives import lecture_bowl
from optcourse.optimizers import (
    AdaGrad,
    Adam,
    AdamAlmost,
    AdamL2,
    AdamW,
    AMSGrad,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSProp,
)
from optcourse.schedules import inverse_root

FRACTIONS1 = (0.0, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
FRACTIONS2 = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)


def in_window(points: np.ndarray, low: float = -1e3, high: float = 1e3) -> np.ndarray:
    """Numbers that a canvas can draw: far away stays far away, but finite."""
    return np.clip(np.nan_to_num(points, nan=high, posinf=high, neginf=low), low, high)


# -- (a) the path ------------------------------------------------------------------------------------------------------


class AdamExplorer(RunExplorer):
    """Adam in the lecture's valley: the path, the two moments at the current step, and how long each step is."""

    title = "Adam in a valley"
    height = 340
    window = ((-6.0, 6.0), (-6.0, 6.0))
    num_steps = 60
    controls = (
        log("learning_rate", 0.01, 3.0, 0.3, num=51),
        steps("beta1", FRACTIONS1, 0.9),
        steps("beta2", FRACTIONS2, 0.999),
        log("eps", 1e-8, 100.0, 1e-8, num=31),
        Toggle("bias_correction", True, label="bias correction"),
        Point("start", (-5.0, -2.0), *window, label="start"),
    )
    apart = ("bias_correction",)

    def runs(self, all_of):
        make = Adam if all_of.bias_correction[0] else AdamAlmost
        optimizer = make(all_of.learning_rate, all_of.beta1, all_of.beta2, all_of.eps)
        return (descend(lecture_bowl(), optimizer, all_of.start, self.num_steps),)

    def picture(self, at, trace: Trace) -> Scene:
        valley = lecture_bowl()
        w, t = trace.w, np.arange(self.num_steps + 1)
        moment1, root = trace.state["moment1"][1:], np.sqrt(trace.state["moment2"][1:])
        moves = np.diff(w, axis=0) / at.learning_rate
        name, role = ("Adam", "adam") if at.bias_correction else ("almost-Adam", "adamw")
        given = at.only("learning_rate", "beta1", "beta2", "eps")
        own = parts.learners_run(self.yours, valley, at.start, num_steps=self.num_steps, **given)
        longest = np.unravel_index(np.abs(moves).argmax(), moves.shape)
        # Row t of the bars belongs to the step that leads on from point t; the last point has no next step.
        padded = [np.vstack([rows, rows[-1:]]) for rows in (trace.dw[:-1], moment1, root, moves)]
        dw, m1, m2, move = padded
        run = Run(name, role, {"moves by α ×": move})
        bars = [
            Bars([k, k + 4], np.abs(rows), role=colour, by_step="at", base=1e-3)
            for k, (rows, colour) in enumerate(((dw, "gradient"), (m1, "velocity"), (m2, "second")))
        ]
        bars += [
            Text(k, 60.0, f"w[{entry}]", align="center", role="neutral") for entry, k in enumerate((1, 5))
        ]
        plane = [
            *parts.minimum_marks(valley),
            *parts.run_marks(trace, name, role=role, drag="start"),
            *own.path,
        ]
        lengths = [Rule("y", 1.0, role="theory", label="one learning rate")]
        for entry, dash in enumerate((None, "dash")):
            size = np.abs(move[:, entry])
            lengths += parts.run_line(t, size, f"w[{entry}]", role=role, run=run, dash=dash)
        names = [(k + entry, short) for entry in (0, 4) for k, short in enumerate(("dw", "m", "√v"))]
        entries = axis("at this step", -0.7, 6.7, ticks=names)
        size = log_axis("size", 1e-3, 1e2, keep=(1e-4, 1e3))
        step, moved = (
            axis("step", 0, self.num_steps),
            log_axis("in learning rates", 1e-2, 1e1, keep=(1e-4, 1e3)),
        )
        return Scene(
            panels=[
                parts.plane_panel(valley, plane, "the valley from above", window=self.window),
                panel(entries, size, bars, "gradient and moments"),
                panel(step, moved, lengths, "each entry moves"),
            ],
            says=(
                f"{name} with learning_rate {say(at.learning_rate)}, beta1 {at.beta1:g}, beta2 {at.beta2:g}, "
                f"eps {at.eps:.0e}: the first step moves entry 0 by {say(abs(moves[0, 0]))} and entry 1 by "
                f"{say(abs(moves[0, 1]))} times the learning rate, the longest one (step {longest[0] + 1}, "
                f"entry {longest[1]}) by {say(abs(moves[longest]))}. After {self.num_steps} steps the loss is "
                f"{say(trace.loss[-1])}, from {say(trace.loss[0])}."
            ),
            num_steps=self.num_steps,
            notice=own.notice,
        )


# -- (b) corrected against uncorrected --------------------------------------------------------------------------------


class BiasExplorer(Explorer):
    """How the two moments fill under a constant gradient, and what that does to the length of a step."""

    title = "Bias correction: how long is a step?"
    controls = (
        steps("beta1", FRACTIONS1, 0.9),
        steps("beta2", (0.5, 0.7, *FRACTIONS2[2:]), 0.999),
        Choice("gradients", ("constant", "noisy"), "constant"),
    )
    longest = 6_000

    def scene(self, beta1, beta2, gradients) -> Scene:
        t, filled1, filled2, step_whole, step_almost = self.measured(beta1, beta2, gradients)
        ratio = theory.uncorrected_ratio(t, beta1, beta2)
        peak_t, peak = peak_of(beta1, beta2)
        first = float(theory.uncorrected_ratio(1, beta1, beta2))
        end = np.flatnonzero(np.abs(ratio - 1) > 0.05)
        over = (
            f"It is within 5 % of right from about step {t[min(end[-1] + 1, len(t) - 1)]:,} on."
            if len(end)
            else ""
        )
        too = "too long" if first > 1.0001 else "too short" if first < 0.9999 else "right"
        moments = [
            Rule("y", 1.0, role="theory", label="full"),
            Line(t, filled1, role="velocity", label="moment1"),
            Line(t, filled2, role="second", dash="solid", label="√moment2"),
        ]
        quotients = [
            Line(t, ratio, role="theory", label="by the formula", width=1.5),
            Line(t, step_almost, role="adamw", label="uncorrected", width=2.5),
            Line(t, step_whole, role="adam", label="corrected", dash="solid"),
            Points([peak_t], [peak], role="limit", size=12, label="peak"),
        ]
        step, share = log_axis("step t", 1, self.longest), axis("share of its full value", 0.0, 1.25)
        length = log_axis("step / learning_rate", 0.01, 300.0, keep=(1e-3, 1e3))
        return Scene(
            panels=[
                panel(step, share, moments, "both moments fill"),
                panel(step, length, quotients, "their quotient"),
            ],
            says=(
                f"beta1 = {beta1:g}, beta2 = {beta2:g}, {gradients} gradients. Without correction the first step is "
                f"{say(first)} times as long as with it ({too}); the largest factor is {say(peak)}, at step "
                f"{peak_t:,}. {over} With correction "
                "every step under a constant gradient is one learning rate."
            ),
            slider_marks={
                "beta1": [(1 - np.sqrt(1 - beta2), "first step right")],
                "beta2": [(1 - (1 - beta1) ** 2, "first step right")],
            },
        )

    def measured(self, beta1, beta2, gradients):
        """(t, moment1, √moment2, Adam's steps, almost-Adam's), measured on runs, at about 120 values of t."""
        t = shown_steps(self.longest)
        dw = slopes_of(gradients, self.longest)
        moment1, moment2 = mean_of_slopes(gradients, 1, beta1)[t], mean_of_slopes(gradients, 2, beta2)[t]
        almost = np.abs(moment1) / np.sqrt(moment2)
        whole = np.abs(moment1 / (1 - beta1**t)) / np.sqrt(moment2 / (1 - beta2**t))
        return t, moment1, np.sqrt(moment2 / np.mean(dw * dw)), whole, almost


def shown_steps(longest: int) -> np.ndarray:
    return np.unique(np.geomspace(1, longest, 120).round().astype(int))


@lru_cache(maxsize=4)
def slopes_of(kind: str, length: int) -> np.ndarray:
    """Gradients with mean 1: all 1, or with noise of the size of the mean."""
    noise = np.random.default_rng(0).normal(size=length)
    return np.ones(length) if kind == "constant" else 1 + noise


peak_of = lru_cache(maxsize=256)(theory.uncorrected_peak)


@lru_cache(maxsize=128)
def mean_of_slopes(kind: str, power: int, beta: float) -> np.ndarray:
    return leaky_mean(slopes_of(kind, BiasExplorer.longest) ** power, beta)


def leaky_mean(values: np.ndarray, beta: float) -> np.ndarray:
    """Row t is beta * row before + (1 - beta) * value; row 0 is 0."""
    kept, mean = np.zeros(len(values) + 1), 0.0
    for t, value in enumerate(values.tolist(), start=1):
        mean = beta * mean + (1 - beta) * value
        kept[t] = mean
    return kept


# -- (c) all together --------------------------------------------------------------------------------------------------

# name -> (class, its second hyperparameter, the values that the tuning tries)
RUNNERS: dict[str, tuple] = {
    "gradient descent": (GradientDescent, None, (0.0,)),
    "momentum": (Momentum, "rho", (0.5, 0.9, 0.99)),
    "Nesterov": (Nesterov, "rho", (0.5, 0.9, 0.99)),
    "AdaGrad": (AdaGrad, None, (0.0,)),
    "RMSProp": (RMSProp, "decay_rate", (0.9, 0.99, 0.999)),
    "almost-Adam": (AdamAlmost, "beta1", (0.5, 0.9, 0.99)),
    "Adam": (Adam, "beta1", (0.5, 0.9, 0.99)),
}
GROUNDS: dict[str, Callable] = {
    "lecture's bowl": lecture_bowl,
    "the bowl turned by 45°": lambda: lecture_bowl(np.pi / 4),
    "Rosenbrock": objectives.rosenbrock,
    "rippled ravine": objectives.ravine,
    "Beale": objectives.beale,
}
LOWEST = {"lecture's bowl": 1e-12, "Rosenbrock": 1e-5}  # of the losses that are drawn; 1e-9 elsewhere
RATES = (1e-4, 10.0)


class AllTogetherExplorer(Explorer):
    """Every optimizer of the course from the same start; tuned on the same number of trial runs, settings shown."""

    title = "All together"
    height = 400
    controls = (
        Choice("landscape", tuple(GROUNDS), "Rosenbrock"),
        Range("num_steps", (5, 10, 20, 50, 100, 200), 100, whole=True),
        Range("trial_runs", (6, 12, 24, 48), 24, whole=True, label="trial runs each"),
        Toggle("tuned", True, label="tune each one"),
        log("learning_rate", 1e-3, 1.0, 0.1, num=25, label="rate if untuned"),
    )

    def scene(self, landscape, num_steps, trial_runs, tuned, learning_rate) -> Scene:
        ground = GROUNDS[landscape]()
        floor = float(np.min(ground.value(np.transpose(ground.minima))))
        lines, curves, told = [], [], []
        for name in RUNNERS:
            role = OPTIMIZERS[name]
            rate, extra = (
                tuned_settings(name, landscape, num_steps, trial_runs) if tuned else (learning_rate, None)
            )
            w, loss = one_run(name, landscape, num_steps, rate, extra)
            end = float(loss[-1] - floor)
            above = in_window(loss - floor, -1e30, 1e30)
            setting = {
                "learning_rate": rate,
                **({RUNNERS[name][1]: extra} if RUNNERS[name][1] and tuned else {}),
            }
            known = {"w": w, "loss": above} | {
                word: np.full(len(w), value) for word, value in setting.items()
            }
            run = Run(name, role, known)
            lines += parts.run_line(*until_it_leaves(w, ground.domain).T, name, role=role, run=run)
            label = f"{name} {say(rate, 2)}"
            curves += parts.run_line(np.arange(len(w)), above, label, role=role, run=run)
            told.append((end if np.isfinite(end) else np.inf, name))
        told.sort(key=lambda entry: entry[0])
        how = (
            f"Each was tuned on {trial_runs} trial runs of {num_steps} steps; the best one that stays on the map counts"
            if tuned
            else f"All have the learning rate {say(learning_rate)}, so nothing is fair here"
        )
        start = Points([ground.start[0]], [ground.start[1]], role="start", size=10)
        plane = [*parts.minimum_marks(ground), *lines, start]
        lowest = LOWEST.get(landscape, 1e-9)
        loss = log_axis("loss above the lowest point", lowest, 1e3, keep=(lowest / 1e3, 1e6))
        return Scene(
            panels=[
                parts.plane_panel(ground, plane, landscape, equal=False),
                panel(axis("step", 0, num_steps), loss, curves, "loss at each step"),
            ],
            says=(
                f"{how}. After {num_steps} steps on {landscape} the lowest loss has {told[0][1]} with {say(told[0][0])}, "
                f"then {told[1][1]} with {say(told[1][0])}; last is {told[-1][1]}, "
                + (f"with {say(told[-1][0])}." if told[-1][0] < 1e6 else "which ran away.")
            ),
            num_steps=int(num_steps),
            focus="Adam",
        )


def until_it_leaves(w: np.ndarray, domain) -> np.ndarray:
    """The points of a path, and NaN once it is more than a map's width away from the map."""
    low, high = np.transpose(domain)
    far = ((w < 2 * low - high) | (w > 2 * high - low)).any(axis=1)
    return np.where(np.maximum.accumulate(far)[:, None], np.nan, w)


def runner(name: str, rates, extras=None):
    """The optimizer of this name; without extras its second hyperparameter has the course's default."""
    cls, second, _ = RUNNERS[name]
    return cls(learning_rate=rates, **({second: extras} if second and extras is not None else {}))


@lru_cache(maxsize=512)
def tuned_settings(name: str, landscape: str, num_steps: int, trial_runs: int) -> tuple[float, float]:
    """(learning rate, second hyperparameter) that end lowest among `trial_runs` runs on a regular grid.

    Every optimizer gets as many runs: one with a second hyperparameter has fewer learning rates to try. A run that
    leaves the map is not taken, however well it ends.
    """
    ground, extras = GROUNDS[landscape](), RUNNERS[name][2]
    # The middles of equal parts: with two rates to try, the two ends would be the two worst.
    count = trial_runs // len(extras)
    rates = RATES[0] * (RATES[1] / RATES[0]) ** ((np.arange(count) + 0.5) / count)
    grid_rate, grid_extra = (a.ravel() for a in np.meshgrid(rates, extras))
    trace = descend(
        ground, runner(name, grid_rate, grid_extra), ground.start, num_steps, record=("w", "loss")
    )
    low, high = np.transpose(ground.domain)
    stayed = ((trace.w >= low) & (trace.w <= high)).all(axis=(0, 2))
    best = int(np.where(stayed, trace.loss[-1], np.inf).argmin())
    return float(grid_rate[best]), float(grid_extra[best])


@lru_cache(maxsize=2048)
def one_run(name: str, landscape: str, num_steps: int, rate: float, extra: float | None):
    """(w, loss) of one run, in numbers that can be drawn."""
    ground = GROUNDS[landscape]()
    trace = descend(ground, runner(name, rate, extra), ground.start, num_steps, record=("w", "loss"))
    return in_window(trace.w), trace.loss


# -- (d) L2 against decoupled decay ------------------------------------------------------------------------------------

SCALES = tuple(float(s) for s in np.geomspace(1e-4, 1e3, 29))


class DecayExplorer(RunExplorer):
    """One weight, gradients of random sign: what is left of it under L2 and under decoupled decay."""

    title = "L2 or decoupled decay?"
    scale_control = log("scale", 1e-4, 1e3, 1e-3, num=29, label="size of the gradients")
    controls = (
        scale_control,
        log("weight_decay", 0.01, 1.0, 0.1, num=21),
        log("learning_rate", 1e-4, 1e-2, 1e-3, num=21),
        Range("seed", tuple(range(8)), 0, whole=True, label="seed of the signs"),
    )
    num_steps = 1000

    def runs(self, all_of):
        given = (all_of.scale, all_of.weight_decay, all_of.learning_rate, all_of.seed)
        return tuple(decaying(cls, *given) for cls in (AdamL2, AdamW))

    def picture(self, at, l2_all, free_all) -> Scene:
        (l2, l2_end), (free, free_end) = ((run[:, 0], run[-1, 1:]) for run in (l2_all, free_all))
        t = np.arange(0, self.num_steps + 1, 10)
        alone = theory.decoupled_shrinkage(at.learning_rate, at.weight_decay, t)
        over_time = [
            Rule("y", 0.0, role="neutral", dash="solid"),
            Line(t, alone, role="theory", label="decay alone"),
            Line(t, l2, role="adam", label="Adam with L2"),
            Line(t, free, role="adamw", label="AdamW"),
        ]
        left = axis(f"w after {self.num_steps} steps", -0.3, 1.1, keep=(-5, 5))
        ends = [
            Rule("y", float(alone[-1]), role="theory", label="decay alone"),
            Line(SCALES, l2_end, role="adam", label="Adam with L2", marker=True),
            Line(SCALES, free_end, role="adamw", label="AdamW", marker=True),
            Points([at.scale], [left.inside(l2[-1])], role="adam", size=14, drag="scale"),
            Points([at.scale], [left.inside(free[-1])], role="adamw", size=14, shape="circle"),
        ]
        step, weight = axis("step", 0, self.num_steps), axis("w", -0.3, 1.1, keep=(-5, 5))
        sizes = log_axis("size of the gradients", SCALES[0], SCALES[-1])
        return Scene(
            panels=[
                panel(step, weight, over_time, f"gradients ± {say(at.scale)}"),
                panel(sizes, left, ends, "every size of gradient at once"),
            ],
            says=(
                f"From w = 1, {self.num_steps} steps with learning rate {say(at.learning_rate)}, weight decay "
                f"{say(at.weight_decay)} and gradients of ± {say(at.scale)}: L2 leaves {say(l2[-1])}, AdamW leaves "
                f"{say(free[-1])}. Over all sizes of gradient L2 leaves between {say(l2_end.min())} and "
                f"{say(l2_end.max())}, AdamW between {say(free_end.min())} and {say(free_end.max())}."
            ),
        )


@lru_cache(maxsize=8)
def random_signs(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 1], DecayExplorer.num_steps)


def decaying(cls, scale, weight_decay, learning_rate, seed) -> np.ndarray:
    """The weight at every tenth step: (101, settings, 1 + len(SCALES)); column 0 is for the setting's own scale."""
    scales = np.column_stack([scale, np.tile(SCALES, (len(scale), 1))])
    slopes = np.array([random_signs(int(one)) for one in seed]).T[:, :, None] * scales
    optimizer = cls(learning_rate[:, None], weight_decay=weight_decay[:, None])
    w = np.ones_like(scales)
    state, kept = optimizer.init(w), [w.copy()]
    for t, dw in enumerate(slopes, start=1):
        optimizer.step(w, dw, state)
        if t % 10 == 0:
            kept.append(w.copy())
    return np.array(kept)


# -- failure gallery: Reddi's sequence -----------------------------------------------------------------------------------


class ReddiExplorer(RunExplorer):
    """Gradients C, -1, -1 on [-1, 1]: Adam walks to the worst end, AMSGrad to the best."""

    title = "Failure gallery: three gradients, over and over"
    num_steps = 2000
    controls = (
        linear("C", 2.1, 8.0, 3.0, num=31, label="C"),
        log("learning_rate", 0.02, 1.0, 0.2, num=21),
        linear("start", -1.0, 1.0, 0.0, num=21, label="start"),
    )

    def runs(self, all_of):
        beta2 = 1 / (1 + all_of.C * all_of.C)
        given = (all_of.C, all_of.learning_rate, beta2, all_of.start, self.num_steps)
        return tuple(reddi_runs(cls, *given) for cls in (Adam, AMSGrad))

    def picture(self, at, adam, amsgrad) -> Scene:
        late = np.geomspace(61, self.num_steps, 200).astype(int)
        shown = np.unique(np.concatenate([np.arange(0, 61), late]))
        t = np.maximum(shown, 1)
        adam_moves, ams_moves = settled_moves(at.C, 1 / (1 + at.C * at.C))
        ways = [
            Rule("y", -1.0, role="theory", label="the best place"),
            Line(t, adam[shown], role="adam", label="Adam"),
            Line(t, amsgrad[shown], role="adamw", label="AMSGrad"),
        ]
        moves = [
            Rule("y", 0.0, role="neutral", dash="solid"),
            Bars(np.arange(4) - 0.18, adam_moves, role="adam", width=0.34),
            Bars(np.arange(4) + 0.18, ams_moves, role="adamw", width=0.34),
            Text(2.82, adam_moves[3], "Adam", role="adam", align="center"),
            Text(3.18, ams_moves[3], "AMSGrad", role="adamw", align="center", above=-18),
        ]
        names = [(0, f"{at.C:.3g}"), (1, "−1"), (2, "−1"), (3, "sum")]
        gradients, move = (
            axis("one round of three gradients", -0.6, 3.6, ticks=names),
            axis("move, in α / √t", -1.3, 1.3),
        )
        return Scene(
            panels=[
                panel(
                    log_axis("step t", 1, self.num_steps),
                    axis("w", -1.15, 1.15),
                    ways,
                    "where w goes",
                    weight=1.3,
                ),
                panel(gradients, move, moves, "what each gradient moves"),
            ],
            says=(
                f"Gradients {say(at.C)}, −1, −1 over and over, on [−1, 1]; the best place is −1. After {self.num_steps} steps "
                f"Adam is at {say(adam[-1], 4)}, AMSGrad at {say(amsgrad[-1], 4)}. In one round Adam moves by "
                f"{say(adam_moves[0], 2)}, {say(adam_moves[1], 2)} and {say(adam_moves[2], 2)}: together "
                f"{adam_moves[3]:+.2g}. AMSGrad moves by {ams_moves[3]:+.2g}."
            ),
        )


def reddi_runs(cls, C, learning_rate, beta2, start, num_steps: int) -> np.ndarray:
    """w at each step, for a batch of settings."""

    def slope(w, t):
        return np.where(t % 3 == 1, C, -1.0) + 0 * w

    line = SimpleNamespace(ndim=0, value=lambda w, t: slope(w, t) * w, gradient=slope)
    optimizer = cls(learning_rate, 0.0, beta2, 1e-8)
    how = {"minibatches": count(1), "schedule": inverse_root(), "bounds": (-1, 1), "record": ("w",)}
    return descend(line, optimizer, start, num_steps, **how).w


def settled_moves(C: float, beta2: float) -> tuple[np.ndarray, np.ndarray]:
    """The three moves of a late round and their sum, in learning rates: (Adam's, AMSGrad's)."""
    squares = np.tile([C * C, 1.0, 1.0], 60)
    moment2 = leaky_mean(squares, beta2)[1:]
    gradients = np.array([C, -1.0, -1.0])
    adam = -gradients / np.sqrt(moment2[-3:])
    amsgrad = -gradients / np.sqrt(moment2.max())
    return np.append(adam, adam.sum()), np.append(amsgrad, amsgrad.sum())


# -- failure gallery: errors from print ----------------------------------------------------------------------------------

ERRORS = {
    "t never counts up": "each step is corrected as if it were the first",
    "correction multiplied": "the moments are made smaller where they should be made larger",
    "eps added to the parameters": "every entry drifts by eps at each step",
    "second moment begins at random": "where it begins below zero its root is not a number",
    "no correction": "the early steps are too long",
}


class ErrorsExplorer(Explorer):
    """A right Adam beside one with an error from print."""

    title = "Failure gallery: one wrong line"
    num_steps = 100
    window = ((-6.0, 6.0), (-5.0, 5.0))
    controls = (
        Choice("error", tuple(ERRORS), "t never counts up"),
        log("learning_rate", 0.02, 1.0, 0.15, num=31),
        log("eps", 1e-8, 0.1, 1e-8, num=15),
    )

    def scene(self, error, learning_rate, eps) -> Scene:
        bowl = lecture_bowl()
        right = wrong_adam("", learning_rate, eps, self.num_steps)
        wrong = wrong_adam(error, learning_rate, eps, self.num_steps)
        finite = np.isfinite(wrong).all(axis=1)
        with np.errstate(all="ignore"):
            losses = [bowl.value(np.clip(w, -1e6, 1e6).T) for w in (right, wrong)]
        losses[1] = np.where(finite, losses[1], np.nan)
        marks, curves = [], []
        for w, loss, label, role in zip(
            (right, wrong), losses, ("Adam", "with the error"), ("adam", "limit"), strict=True
        ):
            run = Run(label, role, {"w": w, "loss": loss})
            # What is no number any more stays where it was one.
            known = np.maximum.accumulate(np.where(np.isfinite(w).all(axis=1), np.arange(len(w)), 0))
            marks += parts.run_line(*np.clip(w[known], -1e3, 1e3).T, label, role=role, run=run)
            curves.append((loss, label, role))
        if not finite.all():
            words = f"not a number from step {int(np.argmin(finite))} on"
            marks.append(Text(wrong[0, 0], wrong[0, 1], words, role="limit", above=-18))
        first = np.abs(wrong[1] - wrong[0]) / learning_rate
        if not finite.all():
            ending = f"From step {int(np.argmin(finite))} on, w is not a number"
        else:
            ending = f"After {self.num_steps} steps its loss is {say(losses[1][-1])}"
        start = Points([right[0, 0]], [right[0, 1]], role="start", size=10)
        plane = [*parts.minimum_marks(bowl), *marks, start]
        return Scene(
            panels=[
                parts.plane_panel(bowl, plane, "0.1 x² + 2 y²", window=self.window),
                parts.loss_panel(curves, self.num_steps, ylim=(1e-6, 1e3)),
            ],
            says=(
                f"“{error}”: {ERRORS[error]}. Its first step moves w[0] by "
                + (
                    f"{say(first[0])} times the learning rate"
                    if np.isfinite(first[0])
                    else "nothing that is a number"
                )
                + f" (Adam: {say(abs(right[1, 0] - right[0, 0]) / learning_rate)}). {ending}; "
                f"Adam's loss is {say(losses[0][-1])}."
            ),
            num_steps=self.num_steps,
            focus="with the error",
        )


@lru_cache(maxsize=512)
def wrong_adam(error: str, learning_rate: float, eps: float, num_steps: int) -> np.ndarray:
    """The points of an Adam with one of ERRORS, on the lecture's bowl; with none if error is empty."""
    beta1, beta2, bowl = 0.9, 0.999, lecture_bowl()
    w = np.array(bowl.start)
    moment1, moment2 = np.zeros(2), np.zeros(2)
    if error == "second moment begins at random":
        moment2 = np.random.default_rng(3).normal(size=2)
    kept = [w.copy()]
    for t in range(1, num_steps + 1):
        dw = bowl.gradient(w) if np.isfinite(w).all() else np.full(2, np.nan)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        factor1, factor2 = 1 / (1 - beta1**t), 1 / (1 - beta2**t)
        if error == "t never counts up":
            factor1, factor2 = 1 / (1 - beta1), 1 / (1 - beta2)
        elif error == "correction multiplied":
            factor1, factor2 = 1 / factor1, 1 / factor2
        elif error == "no correction":
            factor1 = factor2 = 1.0
        with np.errstate(invalid="ignore", divide="ignore"):
            root = np.sqrt(moment2 * factor2)
            if error == "eps added to the parameters":
                w = w - (learning_rate * moment1 * factor1 / root + eps)
            else:
                w = w - learning_rate * moment1 * factor1 / (root + eps)
        kept.append(w.copy())
    return np.array(kept)


# -- real digits ---------------------------------------------------------------------------------------------------------


class DigitsExplorer(Explorer):
    """A two-layer network on real digits, minibatches of 64: Adam, almost-Adam and gradient descent."""

    title = "A network on real digits"
    num_steps = 100
    shown = slice(0, 300)  # the training images on which the loss is drawn: all of them would take too long
    rates = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 0.3, 1.0, 3.0)
    racers = {"Adam": Adam, "almost-Adam": AdamAlmost, "SGD": GradientDescent}
    controls = (steps("learning_rate", rates, 1e-2, table=False),)

    def scene(self, learning_rate) -> Scene:
        t = np.arange(self.num_steps + 1)
        curves, sweep, told = [], [], []
        for name in self.racers:
            role = OPTIMIZERS[name]
            losses, accuracy = digits_run(name, learning_rate, self.num_steps)
            curves += parts.run_line(t, losses, name, role=role, run=Run(name, role, {"loss": losses}))
            ends = [digits_run(name, rate, self.num_steps)[0][-1] for rate in self.rates]
            sweep.append(Line(self.rates, ends, role=role, label=name, marker=True))
            told.append(f"{name} ends with loss {say(losses[-1])} ({accuracy:.1%} of the test images right)")
        own = self.learners_run(learning_rate)
        curves += own.line(width=2.5)
        sweep.append(Rule("x", learning_rate, role="limit", label="this learning rate"))
        rates, far = log_axis("learning_rate", self.rates[0], self.rates[-1]), (1e-4, 1e6)
        loss = log_axis("training loss", 0.01, 20.0, keep=far)
        last = log_axis(f"loss after {self.num_steps} steps", 0.01, 20.0, keep=far)
        return Scene(
            panels=[
                panel(axis("step", 0, self.num_steps), loss, curves, "at this learning rate"),
                panel(rates, last, sweep, "at every learning rate"),
            ],
            says=(
                f"Learning rate {say(learning_rate)}, {self.num_steps} steps on minibatches of 64 digits: "
                + "; ".join(told)
                + "."
            ),
            num_steps=self.num_steps,
            notice=own.notice,
        )

    def learners_run(self, learning_rate) -> parts.Yours:
        """The learner's run on the same minibatches in the same order."""
        model, _, start, batches = digits_problem(self.num_steps)
        given = {
            "learning_rate": learning_rate,
            "beta1": 0.9,
            "beta2": 0.999,
            "eps": 1e-8,
            "num_steps": self.num_steps,
        }
        problem = digits.Minibatches(model, cycle(batches))
        return digits.learners_run(self.yours, problem, start, model, self.shown, **given)


@lru_cache(maxsize=2)
def digits_problem(num_steps: int):
    """(network on the training images, test images, its start, the minibatches of a run)."""
    train, test = digits.halves()
    model = models.TwoLayerNetwork(train.X, train.y, 24)
    rng = np.random.default_rng(1)
    start = model.initial(rng)
    stream = data.epoch_batches(len(train), 64, rng, None)
    return model, test, start, [next(stream) for _ in range(num_steps)]


@lru_cache(maxsize=256)
def digits_run(name: str, learning_rate: float, num_steps: int) -> tuple[np.ndarray, float]:
    """(loss on some training images at each step, share of the test images read right)."""
    model, test, start, batches = digits_problem(num_steps)
    cls = DigitsExplorer.racers[name]
    trace = descend(model, cls(learning_rate), start, num_steps, minibatches=batches, record=("w",))
    losses = digits.losses_along(model, trace.w, DigitsExplorer.shown)
    with np.errstate(all="ignore"):
        return losses, model.accuracy(trace.final, test.X, test.y)
