"""The explorers of lesson 06, AdaGrad, in the order in which the lesson shows them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import cycle

import numpy as np

from optcourse import data
from optcourse.descent import Trace, descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import Axis, axis, log_axis, panel
from optcourse.explorers.controls import Point, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Bars, Line, Points, Rule, Run, Scene, Span, Text
from optcourse.objectives import parabola, quadratic
from optcourse.optimizers import AdaGrad, GradientDescent
from optcourse.theory import adagrad_step, best_learning_rate

# All bowls of this lesson have the steep curvature of the lecture's 0.1 x² + 2 y²; condition number 20 is that bowl.
STEEP = 4.0
WINDOW = ((-6.0, 6.0), (-6.0, 6.0))


def bowl(condition_number, rotation):
    """The bowl of the lesson; rotation in degrees."""
    return quadratic(condition_number, np.radians(rotation), STEEP)


def turn_by(rotation) -> np.ndarray:
    """The matrix that turns the plane counter-clockwise; rotation in degrees."""
    angle = np.radians(rotation)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def turned_starts(starts, rotations) -> np.ndarray:
    """Each start (k, 2), given along the valley's own axes, where it lies in the plane."""
    return np.stack([turn_by(r) @ np.asarray(s) for s, r in zip(starts, rotations, strict=True)])


def effective_rates(trace_state, dw, learning_rate, eps) -> np.ndarray:
    """What each entry of dw is multiplied by in the step that follows each row."""
    with np.errstate(divide="ignore"):
        return learning_rate / (np.sqrt(trace_state + dw * dw) + eps)


def decades(values, lo: float, hi: float) -> np.ndarray:
    """Logarithms to base 10, kept within the panel."""
    return np.log10(np.clip(values, 10.0**lo, 10.0**hi))


def rates_axis(lo: int, hi: int) -> Axis:
    """Effective learning rates by their decades: bars need a base, and a logarithmic axis has none."""
    return axis("effective learning rate", lo, hi, ticks=[(d, f"{10.0**d:g}") for d in range(lo, hi + 1)])


# -- (a) the path, and a step size for each coordinate -----------------------------------------------------------------


class PathExplorer(RunExplorer):
    """AdaGrad in an elliptic valley that can be turned, with the effective learning rate of each coordinate as bars."""

    title = "A learning rate for each coordinate"
    height = 330
    controls = (
        log("learning_rate", 0.01, 5.0, 0.4, num=61),
        log("eps", 1e-10, 100.0, 1e-7, num=37),
        log("condition_number", 1.0, 100.0, 20.0, num=41),
        linear("rotation", 0.0, 90.0, 0.0, num=31, unit="degrees"),
        Point("start", (-5.0, -2.0), (-5.0, 5.0), (-3.0, 3.0), label="start (along the valley's own axes)"),
    )
    num_steps = 100

    def runs(self, all_of):
        bowls = bowl(all_of.condition_number, all_of.rotation)
        starts = turned_starts(all_of.start, all_of.rotation)
        best = best_learning_rate(STEEP / all_of.condition_number, STEEP)
        ada = descend(bowls, AdaGrad(all_of.learning_rate, all_of.eps), starts, self.num_steps)
        return ada, descend(bowls, GradientDescent(best), starts, self.num_steps, record=("w", "loss"))

    def picture(self, at, ada: Trace, plain: Trace) -> Scene:
        valley = bowl(at.condition_number, at.rotation)
        rates = effective_rates(ada.state["grad_squared"], ada.dw, at.learning_rate, at.eps)
        given = at.only("learning_rate", "eps")
        own = parts.learners_run(self.yours, valley, ada.w[0], num_steps=self.num_steps, **given)
        losses = [
            (plain.loss, "gradient descent", "descent"),
            (ada.loss, "AdaGrad", "adagrad"),
            *own.losses(),
        ]
        for mark in own.path[:1]:
            mark.marker = False  # a hundred short steps: shapes would hide the path
        run = parts.run_of("AdaGrad", "adagrad", ada, **{"effective rate": rates})
        path = parts.run_marks(ada, "AdaGrad", role="adagrad", drag="start")
        path[1].drag_basis = tuple(turn_by(-at.rotation).ravel().tolist())
        best = float(best_learning_rate(STEEP / at.condition_number, STEEP))
        bars = [
            Bars([0, 1], decades(rates, -4, 2), role="adagrad", base=-4, width=0.6, by_step="at", run=run),
            Rule("y", float(decades(best, -4, 2)), role="descent"),
            Text(0.5, float(decades(best, -4, 2)), "descent", role="descent", align="center"),
        ]
        plane = [
            *parts.minimum_marks(valley),
            *parts.run_line(
                *plain.w.T, role="descent", run=parts.run_of("gradient descent", "descent", plain)
            ),
            *path,
            *own.path,
        ]
        coordinate = axis("coordinate", -0.6, 1.6, ticks=[(0, "w[0]"), (1, "w[1]")])
        return Scene(
            panels=[
                parts.plane_panel(valley, plane, "the valley from above", window=WINDOW),
                panel(coordinate, rates_axis(-4, 2), bars, "step sizes", weight=0.8),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-8, 1e3)),
            ],
            says=path_says(ada, plain, rates, at.rotation),
            num_steps=self.num_steps,
            focus="AdaGrad",
            slider_marks={"learning_rate": [(best, "descent's best")]},
            notice=own.notice,
        )


def path_says(ada: Trace, plain: Trace, rates, rotation) -> str:
    """The effective rates at both ends, and where both algorithms end."""
    return (
        f"The effective learning rates of w[0] and w[1] start at {say(rates[0, 0])} and {say(rates[0, 1])}; after "
        f"{ada.num_steps} steps they are {say(rates[-1, 0])} and {say(rates[-1, 1])}. AdaGrad's loss is then "
        f"{say(ada.loss[-1])}. The valley and the start are turned by {say(rotation)} degrees; gradient descent at its "
        f"best learning rate ends at {say(plain.loss[-1])}, whatever the turn."
    )


# -- (b) the stall -----------------------------------------------------------------------------------------------------


class StallExplorer(RunExplorer):
    """The length of AdaGrad's steps under equal gradients, after a burst of larger ones at the start."""

    title = "Why progress stops"
    controls = (
        log("learning_rate", 0.01, 10.0, 0.4, num=41),
        log("gradient", 1e-4, 1e4, 1.0, num=33, label="gradient, at every step"),
        log("burst", 1.0, 100.0, 1.0, num=41, label="burst: times the first 10 slopes"),
        log("eps", 1e-10, 100.0, 1e-7, num=37),
    )
    num_steps = 300
    burst_steps = 10
    keep = (1e-9, np.inf)

    def runs(self, all_of):
        steps = range(self.num_steps + 1)
        slopes = (all_of.gradient * (all_of.burst if t < self.burst_steps else 1.0) for t in steps)
        optimizer, start = AdaGrad(all_of.learning_rate, all_of.eps), np.zeros(len(all_of))
        record = ("w", "dw", "state")
        # The parabola's own gradient is not used: the slopes are given.
        return (
            descend(
                parabola(), optimizer, start, self.num_steps, gradient=lambda w: next(slopes), record=record
            ),
        )

    def picture(self, at, trace: Trace) -> Scene:
        walked = -trace.w
        length = np.diff(walked)
        t = np.arange(self.num_steps + 1)
        shown = np.concatenate([[np.nan], length])  # no step leads to t = 0
        way = np.where(t > 0, walked, np.nan)
        theory = adagrad_step(at.learning_rate, np.maximum(t, 1))
        without = np.where(t > 0, at.learning_rate * t, np.nan)
        known = {
            "next gradient": trace.dw,
            "grad_squared": trace.state["grad_squared"],
            "last step": shown,
            "way": walked,
        }
        run = Run("AdaGrad", "adagrad", known)
        band = []
        if at.burst != 1:
            band = [Span("x", 1.0, float(self.burst_steps), role="bad", label="the burst")]
        steps_panel = [
            *band,
            Line(t[1:], theory[1:], role="theory", label="learning_rate / √t"),
            *parts.run_line(t, shown, "AdaGrad", role="adagrad", run=run),
        ]
        way_panel = [
            *band,
            Line(t, without, role="neutral", width=1.3, label="if no step shrank"),
            Line(t[1:], np.cumsum(theory[1:]), role="theory", label="equal slopes"),
            *parts.run_line(t, way, "AdaGrad", role="adagrad", run=run),
        ]
        step, length_axis = (
            log_axis("step t", 1, 300),
            log_axis("length", 1e-4, 1e2, keep=self.keep),
        )
        way_axis = log_axis("way walked", 1e-3, 1e4, keep=self.keep)
        return Scene(
            panels=[
                panel(step, length_axis, steps_panel, "each step"),
                panel(step, way_axis, way_panel, "all together"),
            ],
            says=self.words(length, walked, at.learning_rate, at.gradient, at.burst),
            num_steps=self.num_steps,
            pin=("walks", walked[-1]),
        )

    def words(self, length, walked, learning_rate, gradient, burst) -> str:
        first = f"Slope {say(gradient)}: step 1 is {say(length[0])} long, step 100 {say(length[99])}, "
        last = f"step {self.num_steps} {say(length[-1])}. The whole way is {say(walked[-1])}"
        unshrunk = f"; with steps that do not shrink it would be {say(learning_rate * self.num_steps)}."
        if burst == 1:
            return first + last + unshrunk
        expected = float(adagrad_step(learning_rate, self.num_steps))
        return (
            first
            + last
            + unshrunk
            + f" The first {self.burst_steps} slopes were {say(burst)} times larger, and "
            f"grad_squared does not forget them: without them the last step would be {say(expected)}."
        )


# -- (c) rare and frequent letters of a real text ----------------------------------------------------------------------

# Abraham Lincoln's address at Gettysburg, 19 November 1863 (Bliss copy); public domain.
SPEECH = """
Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, and
dedicated to the proposition that all men are created equal. Now we are engaged in a great civil war, testing whether
that nation, or any nation so conceived and so dedicated, can long endure. We are met on a great battle-field of that
war. We have come to dedicate a portion of that field, as a final resting place for those who here gave their lives that
that nation might live. It is altogether fitting and proper that we should do this. But, in a larger sense, we can not
dedicate -- we can not consecrate -- we can not hallow -- this ground. The brave men, living and dead, who struggled
here, have consecrated it, far above our poor power to add or detract. The world will little note, nor long remember
what we say here, but it can never forget what they did here. It is for us the living, rather, to be dedicated here to
the unfinished work which they who fought here have thus far so nobly advanced. It is rather for us to be here dedicated
to the great task remaining before us -- that from these honored dead we take increased devotion to that cause for which
they gave the last full measure of devotion -- that we here highly resolve that these dead shall not have died in vain
-- that this nation, under God, shall have a new birth of freedom -- and that government of the people, by the people,
for the people, shall not perish from the earth.
"""


class NextLetter:
    """Which letter comes next? A table of scores, one row for the letter that stands before: softmax over each row.

    `w` holds the rows of the table one after the other: (letters * letters, *batch). A minibatch is an array of positions
    in the text. Only the rows of letters that occur in a minibatch have a gradient: the one-hot features of letters.
    """

    def __init__(self, text: str):
        letters = " ".join(re.findall("[a-z]+", text.lower()))
        kinds, self.codes = np.unique(list(letters), return_inverse=True)
        order = np.argsort(-np.bincount(self.codes), kind="stable")  # the most frequent first
        self.alphabet = [str(kinds[i]) for i in order]
        self.codes = np.argsort(order)[self.codes]
        self.size = len(self.alphabet)
        self.ndim = self.size * self.size
        self.num_pairs = len(self.codes) - 1
        self.pairs = self.counted(np.arange(self.num_pairs))
        self.counts = self.pairs.sum(axis=1)
        shares = self.pairs / self.counts[:, None]
        self.entropy = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1)

    def counted(self, positions) -> np.ndarray:
        """How often each letter (column) follows each letter (row) at these positions."""
        table = np.zeros((self.size, self.size))
        np.add.at(table, (self.codes[positions], self.codes[positions + 1]), 1.0)
        return table

    def log_probabilities(self, w: np.ndarray) -> np.ndarray:
        scores = w.reshape(self.size, self.size, *w.shape[1:])
        scores = scores - scores.max(axis=1, keepdims=True)
        weights = np.exp(scores)
        total = weights[:, 0].copy()
        for column in range(1, self.size):  # in order, so that a batch equals its single runs
            total += weights[:, column]
        return scores - np.log(total)[:, None]

    def value(self, w: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """The mean loss over the pairs at these positions."""
        seen = self.counted(positions) / len(positions)
        return -(fitted(seen, w) * self.log_probabilities(w)).sum(axis=(0, 1))

    def gradient(self, w: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """The gradient of `value`: for each row, its share of the pairs times (probabilities - what followed)."""
        seen = self.counted(positions) / len(positions)
        expected = np.exp(self.log_probabilities(w)) * fitted(seen.sum(axis=1, keepdims=True), w)
        return (expected - fitted(seen, w)).reshape(w.shape)

    def excess(self, w: np.ndarray) -> np.ndarray:
        """For each row: its mean loss on the whole text above the lowest possible, (letters, *batch)."""
        log_p = self.log_probabilities(w)
        shares = fitted(self.pairs / self.counts[:, None], w)
        loss = np.zeros_like(log_p[:, 0])
        for column in range(self.size):
            loss -= shares[:, column] * log_p[:, column]
        return loss - fitted(self.entropy, w)


def fitted(table: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The table with an axis of length 1 for each batch axis of w."""
    return table.reshape(*table.shape, *[1] * (w.ndim - 1))


@cache
def speech() -> NextLetter:
    return NextLetter(SPEECH)


LETTER_STEPS, LETTERS_A_STEP = 120, 64


@lru_cache(maxsize=64)
def letters_run(optimizer: type, learning_rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """One run on the speech: loss above the best for frequent and for rare letters, and each row's effective rate."""
    text = speech()
    rng = np.random.default_rng(6)
    batches = [rng.integers(text.num_pairs, size=LETTERS_A_STEP) for _ in range(LETTER_STEPS)]
    adaptive = optimizer is AdaGrad
    record = ("w", "state") if adaptive else ("w",)
    trace = descend(
        text, optimizer(learning_rate), np.zeros(text.ndim), LETTER_STEPS, minibatches=batches, record=record
    )
    excess = text.excess(np.moveaxis(trace.w, -1, 0)) * text.counts[:, None]
    half = text.size // 2
    frequent = excess[:half].sum(axis=0) / text.counts[:half].sum()
    rare = excess[half:].sum(axis=0) / text.counts[half:].sum()
    if not adaptive:
        return frequent, rare, None
    sums = trace.state["grad_squared"].reshape(LETTER_STEPS + 1, text.size, text.size)
    return frequent, rare, learning_rate / (np.sqrt(sums.mean(axis=2)) + AdaGrad().eps)


class LettersExplorer(Explorer):
    """Rare and frequent letters of a real speech: how large a step each letter's row gets, and how well it is learned."""

    title = "Rare letters take large steps"
    height = 340
    controls = (
        log("learning_rate", 0.02, 20.0, 0.5, num=25, label="learning_rate of AdaGrad"),
        log("gradient_descent_rate", 0.2, 200.0, 5.0, num=25, label="learning_rate of SGD"),
    )
    num_steps = LETTER_STEPS

    def scene(self, learning_rate, gradient_descent_rate) -> Scene:
        text = speech()
        frequent, rare, rates = letters_run(AdaGrad, learning_rate)
        plain_frequent, plain_rare, _ = letters_run(GradientDescent, gradient_descent_rate)
        names = ["␣" if letter == " " else letter for letter in text.alphabet]
        t = np.arange(self.num_steps + 1)
        ada = Run("AdaGrad", "adagrad", {"rare letters": rare, "frequent letters": frequent})
        sgd = Run("SGD", "descent", {"rare letters": plain_rare, "frequent letters": plain_frequent})
        # A letter that has not occurred yet has no step of its own.
        heights = np.where(rates < learning_rate / (10 * AdaGrad().eps), decades(rates, -2, 4), np.nan)
        rows = [
            Bars(np.arange(text.size), heights, role="adagrad", base=-2, by_step="at", run=ada),
            Rule("y", float(np.log10(gradient_descent_rate)), role="descent", label="SGD: one for all"),
        ]
        lines = [
            mark
            for run in (sgd, ada)
            for (group, values), dash in zip(run.quantities.items(), ("dot", "solid"), strict=True)
            for mark in parts.run_line(
                t, values, f"{run.name}, {group.split()[0]}", role=run.role, run=run, dash=dash
            )
        ]
        half = text.size // 2
        letters = axis("letter, by how frequent", -0.8, text.size - 0.2, ticks=list(enumerate(names)))
        loss = log_axis("loss above the best possible", 3e-3, 30.0, keep=(3e-4, 300.0))
        return Scene(
            panels=[
                panel(letters, rates_axis(-2, 4), rows, "AdaGrad's step size"),
                panel(axis("minibatch", 0, self.num_steps), loss, lines, "still to be learned"),
            ],
            says=(
                f"After {self.num_steps} minibatches the row of the blank (␣, {int(text.counts[0])} times in the speech) has "
                f"the effective learning rate {say(rates[-1, 0])}, the row of “{text.alphabet[-2]}” "
                f"({int(text.counts[-2])} times) {say(rates[-1, -2])}. Still to be learned by AdaGrad: {say(frequent[-1])} "
                f"for the {half} most frequent letters, {say(rare[-1])} for the others; by SGD {say(plain_frequent[-1])} "
                f"and {say(plain_rare[-1])}."
            ),
            num_steps=self.num_steps,
            focus="AdaGrad",
            pin=("rare letters end at", rare[-1]),
        )


# -- failure gallery: the same valley, turned --------------------------------------------------------------------------


class RotationExplorer(RunExplorer):
    """AdaGrad's loss after 100 steps for every turn of the valley; gradient descent does not care."""

    title = "Failure gallery: the same valley, turned"
    controls = (
        linear("rotation", 0.0, 90.0, 45.0, num=31, unit="degrees"),
        log("learning_rate", 0.05, 5.0, 0.4, num=41),
        log("condition_number", 1.0, 100.0, 20.0, num=31),
    )
    num_steps = 100
    start = (-5.0, -2.0)
    angles = np.linspace(0.0, 90.0, 31)

    def runs(self, all_of):
        valleys = bowl(all_of.condition_number, all_of.rotation)
        starts = turned_starts([self.start] * len(all_of), all_of.rotation)
        best = best_learning_rate(STEEP / all_of.condition_number, STEEP)
        optimizers = AdaGrad(all_of.learning_rate), GradientDescent(best)
        return tuple(
            descend(valleys, one, starts, self.num_steps, record=("w", "loss")) for one in optimizers
        )

    def picture(self, at, ada: Trace, plain: Trace) -> Scene:
        valley = bowl(at.condition_number, at.rotation)
        ends = losses_of_turns(at.learning_rate, at.condition_number)
        loss = log_axis(f"loss after {self.num_steps} steps", 1e-12, 1e2, keep=(1e-13, 1e2))
        curve = [
            Line(self.angles, ends, role="adagrad", label="AdaGrad", dash="solid"),
            Rule("y", max(float(plain.loss[-1]), loss.lo), role="descent", label="gradient descent"),
            parts.handle(at.rotation, loss.inside(ada.loss[-1]), "rotation", "this turn"),
        ]
        plane = [
            *parts.minimum_marks(valley),
            *parts.run_line(
                *plain.w.T,
                "gradient descent",
                role="descent",
                run=parts.run_of("gradient descent", "descent", plain),
            ),
            *parts.run_marks(ada, "AdaGrad", role="adagrad"),
        ]
        return Scene(
            panels=[
                parts.plane_panel(valley, plane, "this turn", window=WINDOW),
                panel(axis("rotation (degrees)", 0, 90), loss, curve, "every turn"),
            ],
            says=(
                f"Turned by {say(at.rotation)} degrees, AdaGrad's loss after {self.num_steps} steps is {say(ada.loss[-1])}; not "
                f"turned it is {say(ends[0])}. The worst of the turns shown, {say(self.angles[int(ends.argmax())])} degrees, "
                f"leaves {say(ends.max())}. Gradient descent ends at {say(plain.loss[-1])} at every turn."
            ),
            num_steps=self.num_steps,
            focus="AdaGrad",
            slider_marks={
                "learning_rate": [
                    (float(best_learning_rate(STEEP / at.condition_number, STEEP)), "descent's best")
                ],
                "rotation": [(float(self.angles[int(ends.argmax())]), "worst")],
            },
        )


@lru_cache(maxsize=256)
def losses_of_turns(learning_rate: float, condition_number: float) -> np.ndarray:
    """AdaGrad's loss after the run for each of the explorer's angles, by one batched run."""
    explorer = RotationExplorer
    starts = turned_starts([explorer.start] * len(explorer.angles), explorer.angles)
    valley = bowl(condition_number, explorer.angles)
    final = descend(valley, AdaGrad(learning_rate), starts, explorer.num_steps, record=()).final
    return valley.value(final.T)


# -- real digits -------------------------------------------------------------------------------------------------------


ADAGRAD_RATES = (0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SGD_RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class DigitsExplorer(Explorer):
    """Softmax regression on digits in minibatches: AdaGrad beside SGD, and the effective rate of each pixel."""

    title = "AdaGrad on real digits"
    controls = (
        steps("learning_rate", ADAGRAD_RATES, 0.2, label="learning_rate of AdaGrad", table=False),
        steps("gradient_descent_rate", SGD_RATES, 1.0, label="learning_rate of SGD", table=False),
    )
    num_steps = 100
    eps = 1e-7

    def scene(self, learning_rate, gradient_descent_rate) -> Scene:
        loss, train, test, sums = digits_run(AdaGrad, learning_rate)
        plain_loss, _, plain_test, _ = digits_run(GradientDescent, gradient_descent_rate)
        t = np.arange(self.num_steps + 1)
        own = self.learners_run(learning_rate)
        marks = [
            *parts.run_line(
                t, plain_loss, "SGD", role="descent", run=Run("SGD", "descent", {"loss": plain_loss})
            ),
            *parts.run_line(
                t, loss, "AdaGrad", role="adagrad", run=Run("AdaGrad", "adagrad", {"loss": loss})
            ),
            *own.line(width=2.5),
        ]
        inked, rates = pixel_rates(sums, learning_rate, self.eps)
        pixels = [
            Points(inked, rates, role="adagrad", size=7),
            Rule("y", gradient_descent_rate, role="descent", label="SGD: one for all"),
        ]
        never = 64 - len(inked)
        minibatch, losses = (
            axis("minibatch", 0, self.num_steps),
            log_axis("loss on the test images", 0.05, 50.0, keep=(0.05, 50.0)),
        )
        share = axis("share of images with ink there", 0, 1)
        pixel_rate = log_axis("effective learning rate", 1e-3, 1e4, keep=(1e-4, 1e4))
        return Scene(
            panels=[
                panel(minibatch, losses, marks, "learning to read"),
                panel(share, pixel_rate, pixels, "each pixel at the end"),
            ],
            says=(
                f"AdaGrad with learning rate {say(learning_rate)} reads {test:.1%} of the test images right after "
                f"{self.num_steps} minibatches, SGD with {say(gradient_descent_rate)} {plain_test:.1%}. AdaGrad's effective "
                f"learning rate is {say(rates.min())} for the busiest pixel and {say(rates.max())} for the rarest. "
                f"{never} of 64 pixels have no ink in any training image: their weights never move."
            ),
            num_steps=self.num_steps,
            focus="AdaGrad",
            notice=own.notice,
        )

    def learners_run(self, learning_rate) -> parts.Yours:
        """The learner's run on the same minibatches in the same order."""
        model, held_back = digits.softmax()
        problem = digits.Minibatches(model, cycle(digits_batches()))
        given = {"learning_rate": learning_rate, "num_steps": self.num_steps, "eps": self.eps}
        return digits.learners_run(self.yours, problem, model.initial(), held_back, **given)


def digits_batches() -> list[np.ndarray]:
    """The minibatches of every run on the digits: the same for all."""
    train, _ = digits.halves()
    endless = data.epoch_batches(len(train), 64, np.random.default_rng(6), num_epochs=None)
    return [next(endless) for _ in range(DigitsExplorer.num_steps)]


@lru_cache(maxsize=64)
def digits_run(optimizer: type, learning_rate: float) -> tuple[np.ndarray, float, float, np.ndarray | None]:
    """(loss on the test images at each step, accuracy on training and test images, AdaGrad's final sums of squares)."""
    model, held_back = digits.softmax()
    adaptive = optimizer is AdaGrad
    record = ("w", "state") if adaptive else ("w",)
    made = AdaGrad(learning_rate, DigitsExplorer.eps) if adaptive else optimizer(learning_rate)
    batches = digits_batches()
    trace = descend(model, made, model.initial(), len(batches), minibatches=batches, record=record)
    losses = digits.losses_along(held_back, trace.w)
    sums = trace.state["grad_squared"][-1] if adaptive else None
    return losses, model.accuracy(trace.final), held_back.accuracy(trace.final), sums


def pixel_rates(sums: np.ndarray, learning_rate: float, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """For the pixels that have ink in some training image: how often they have, and their effective learning rate."""
    train, _ = digits.halves()
    often = (train.X > 0).mean(axis=0)
    per_pixel = sums.reshape(65, 10)[:64].mean(axis=1)  # the last row of weights belongs to the biases
    used = often > 0
    return often[used], learning_rate / (np.sqrt(per_pixel[used]) + eps)
