"""The explorers of lesson 06, AdaGrad, in the order in which the lesson shows them."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np

from optcourse import data, models
from optcourse.descent import Trace, descend
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Point, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.figures import Bars, Line, Narration, Panel, Points, Rule, Scene, Span
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


# -- (a) the path, and a step size for each coordinate -----------------------------------------------------------------


class PathExplorer(Explorer):
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

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        bowls = bowl(all_of.condition_number, all_of.rotation)
        starts = turned_starts(all_of.start, all_of.rotation)
        best = best_learning_rate(STEEP / all_of.condition_number, STEEP)
        ada = descend(bowls, AdaGrad(all_of.learning_rate, all_of.eps), starts, self.num_steps)
        plain = descend(bowls, GradientDescent(best), starts, self.num_steps, record=("w", "loss"))
        return [self.picture(ada[i], plain[i], starts[i], **s) for i, s in enumerate(settings)]

    def picture(
        self, ada: Trace, plain: Trace, first, learning_rate, eps, condition_number, rotation, start
    ) -> Scene:
        valley = bowl(condition_number, rotation)
        rates = effective_rates(ada.state["grad_squared"], ada.dw, learning_rate, eps)
        own, own_loss, error = parts.learners_run(
            self.yours, valley, first, learning_rate=learning_rate, num_steps=self.num_steps, eps=eps
        )
        losses = [(plain.loss, "gradient descent, best α", "fourth"), (ada.loss, "AdaGrad", "path")]
        if own_loss is not None:
            losses.append((own_loss, "your code", "yours"))
        for mark in own[:1]:
            mark.marker = False  # a hundred short steps: shapes would hide the path
        path = parts.run_marks(ada, "AdaGrad", drag="start", marker=False)
        path[1].drag_basis = tuple(turn_by(-rotation).ravel().tolist())
        best = float(best_learning_rate(STEEP / condition_number, STEEP))
        bars = [
            Bars([0, 1], decades(rates, -4, 2), role="path", base=-4, width=0.6, by_step="at"),
            Rule("y", float(decades(best, -4, 2)), role="fourth", label="gradient descent: one for both"),
        ]
        plain_path = Line(plain.w[:, 0], plain.w[:, 1], role="fourth", width=1.3, by_step="upto")
        return Scene(
            panels=[
                parts.plane_panel(
                    valley,
                    [*parts.minimum_marks(valley), plain_path, *path, *own],
                    title="the valley from above",
                    window=WINDOW,
                ),
                panel(
                    axis("coordinate", -0.6, 1.6, ticks=[(0, "w[0]"), (1, "w[1]")]),
                    axis(
                        "effective learning rate",
                        -4,
                        2,
                        ticks=[
                            (-4, "0.0001"),
                            (-3, "0.001"),
                            (-2, "0.01"),
                            (-1, "0.1"),
                            (0, "1"),
                            (1, "10"),
                            (2, "100"),
                        ],
                    ),
                    bars,
                    "now, for each coordinate",
                    weight=0.7,
                ),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-8, 1e3)),
            ],
            says=path_says(ada, plain, rates, rotation),
            num_steps=self.num_steps,
            narration=Narration(
                "step {t}: dw = ({0:.3g}, {1:.3g});  grad_squared = ({2:.3g}, {3:.3g});  "
                f"{say(learning_rate)} / (root + eps) = ({{4:.3g}}, {{5:.3g}})",
                np.column_stack([ada.dw, ada.state["grad_squared"] + ada.dw * ada.dw, rates]),
            ),
            notice=error,
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


class StallExplorer(Explorer):
    """The length of AdaGrad's steps under equal gradients, after a burst of larger ones at the start."""

    title = "Why progress stops"
    controls = (
        log("learning_rate", 0.01, 10.0, 0.4, num=41),
        log("gradient", 1e-4, 1e4, 1.0, num=33, label="gradient: the slope at every step"),
        log("burst", 1.0, 100.0, 1.0, num=41, label="burst: how many times larger the first 10 slopes are"),
        log("eps", 1e-10, 100.0, 1e-7, num=37),
    )
    num_steps = 300
    burst_steps = 10

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        slopes = (
            all_of.gradient * (all_of.burst if t < self.burst_steps else 1.0)
            for t in range(self.num_steps + 1)
        )
        trace = descend(
            parabola(),  # its own gradient is not used: the slopes are given
            AdaGrad(all_of.learning_rate, all_of.eps),
            np.zeros(len(settings)),
            self.num_steps,
            gradient=lambda w: next(slopes),
            record=("w", "dw", "state"),
        )
        return [self.picture(trace[i], **s) for i, s in enumerate(settings)]

    def picture(self, trace: Trace, learning_rate, gradient, burst, eps) -> Scene:
        walked = -trace.w
        length = np.diff(walked)
        t = np.arange(self.num_steps + 1)
        shown = np.concatenate([[np.nan], np.clip(length, 1e-9, None)])  # no step leads to t = 0
        way = np.where(t > 0, np.clip(walked, 1e-9, None), np.nan)
        theory = adagrad_step(learning_rate, np.maximum(t, 1))
        without = np.where(t > 0, learning_rate * t, np.nan)
        axis = {"xscale": "log", "yscale": "log"}
        band = [] if burst == 1 else [Span("x", 1.0, float(self.burst_steps), role="bad", label="the burst")]
        steps_panel = [
            *band,
            Line(t[1:], theory[1:], role="theory", label="learning_rate / √t"),
            *parts.run_line(t, shown, "length of step t"),
        ]
        way_panel = [
            *band,
            Line(t, without, role="fourth", width=1.3, label="if no step shrank"),
            Line(t[1:], np.cumsum(theory[1:]), role="theory", label="equal slopes, eps = 0"),
            *parts.run_line(t, way, "way walked"),
        ]
        narration = np.column_stack(
            [trace.dw, trace.state["grad_squared"] + trace.dw**2, [*length, length[-1]]]
        )
        return Scene(
            panels=[
                Panel(
                    "step t",
                    "length of the step",
                    (1, 300),
                    (1e-4, 1e2),
                    steps_panel,
                    title="each step",
                    **axis,
                ),
                Panel(
                    "step t",
                    "way walked so far",
                    (1, 300),
                    (1e-3, 1e4),
                    way_panel,
                    title="all steps together",
                    **axis,
                ),
            ],
            says=self.words(length, walked, learning_rate, gradient, burst),
            num_steps=self.num_steps,
            narration=Narration(
                "after {t} steps: the next dw = {0:.3g} makes grad_squared = {1:.4g};  "
                f"step = {say(learning_rate)} × dw / (root + eps) = {{2:.3g}}",
                narration,
            ),
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
        rows = [
            Bars(
                np.arange(text.size),
                decades(rates, -2, 4),
                role="path",
                base=-2,
                by_step="at",
                label="AdaGrad",
            ),
            Rule("y", float(np.log10(gradient_descent_rate)), role="fourth", label="SGD: one for all"),
        ]
        low, high = 3e-3, 30.0
        curves = [
            (plain_rare, "SGD, rare letters", "fourth", "dot"),
            (plain_frequent, "SGD, frequent", "fourth", "solid"),
            (rare, "AdaGrad, rare letters", "path", "dot"),
            (frequent, "AdaGrad, frequent", "path", "solid"),
        ]
        lines = [
            Line(t, np.clip(values, low / 10, high * 10), role=role, label=label, dash=dash, by_step="upto")
            for values, label, role, dash in curves
        ]
        half = text.size // 2
        return Scene(
            panels=[
                panel(
                    axis(
                        "letter, the most frequent first", -0.8, text.size - 0.2, ticks=list(enumerate(names))
                    ),
                    axis("effective learning rate", -2, 4, ticks=[(d, f"{10.0**d:g}") for d in range(-2, 5)]),
                    rows,
                    "the step size of each letter's row",
                ),
                panel(
                    axis("minibatch", 0, self.num_steps),
                    log_axis("loss above the best possible", low, high),
                    lines,
                    "what is still to be learned",
                ),
            ],
            says=(
                f"After {self.num_steps} minibatches the row of the blank (␣, {int(text.counts[0])} times in the speech) has "
                f"the effective learning rate {say(rates[-1, 0])}, the row of “{text.alphabet[-2]}” "
                f"({int(text.counts[-2])} times) {say(rates[-1, -2])}. Still to be learned by AdaGrad: {say(frequent[-1])} "
                f"for the {half} most frequent letters, {say(rare[-1])} for the others; by SGD {say(plain_frequent[-1])} "
                f"and {say(plain_rare[-1])}."
            ),
            num_steps=self.num_steps,
            narration=Narration(
                "minibatch {t}: effective learning rate {0:.3g} for the blank, {1:.3g} for "
                f"“{text.alphabet[-2]}”; still to be learned {{2:.3g}} (frequent), {{3:.3g}} (rare)",
                np.column_stack([rates[:, 0], rates[:, -2], frequent, rare]),
            ),
        )


# -- failure gallery: the same valley, turned --------------------------------------------------------------------------


class RotationExplorer(Explorer):
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

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        valleys = bowl(all_of.condition_number, all_of.rotation)
        starts = turned_starts([self.start] * len(settings), all_of.rotation)
        best = best_learning_rate(STEEP / all_of.condition_number, STEEP)
        ada = descend(valleys, AdaGrad(all_of.learning_rate), starts, self.num_steps, record=("w", "loss"))
        plain = descend(valleys, GradientDescent(best), starts, self.num_steps, record=("w", "loss"))
        return [self.picture(ada[i], plain[i], **s) for i, s in enumerate(settings)]

    def picture(self, ada: Trace, plain: Trace, rotation, learning_rate, condition_number) -> Scene:
        valley = bowl(condition_number, rotation)
        ends = losses_of_turns(learning_rate, condition_number)
        low, high = 1e-12, 1e2
        curve = [
            Line(self.angles, np.clip(ends, low / 10, high), role="path", label="AdaGrad"),
            Rule(
                "y",
                float(np.clip(plain.loss[-1], low, high)),
                role="fourth",
                label="gradient descent, best α",
            ),
            Points(
                [rotation],
                np.clip(ada.loss[-1:], low * 2, high),
                role="yours",
                shape="circle",
                size=13,
                label="this turn",
                drag="rotation",
            ),
        ]
        t = np.arange(len(ada.w))
        paths = [
            Line(
                plain.w[:, 0],
                plain.w[:, 1],
                role="fourth",
                label="gradient descent",
                width=1.4,
                by_step="upto",
            ),
            *parts.run_marks(ada, "AdaGrad", marker=False),
        ]
        return Scene(
            panels=[
                parts.plane_panel(
                    valley, [*parts.minimum_marks(valley), *paths], title="this turn", window=WINDOW
                ),
                panel(
                    axis("rotation (degrees)", 0, 90),
                    log_axis(f"loss after {self.num_steps} steps", low, high),
                    curve,
                    "every turn",
                ),
            ],
            says=(
                f"Turned by {say(rotation)} degrees, AdaGrad's loss after {self.num_steps} steps is {say(ada.loss[-1])}; not "
                f"turned it is {say(ends[0])}. The worst of the turns shown, {say(self.angles[int(ends.argmax())])} degrees, "
                f"leaves {say(ends.max())}. Gradient descent ends at {say(plain.loss[-1])} at every turn."
            ),
            num_steps=self.num_steps,
            narration=Narration(
                "step {t}: AdaGrad at ({0:.3g}, {1:.3g}), loss {2:.3g}", np.column_stack([ada.w, ada.loss])[t]
            ),
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


class DigitsExplorer(Explorer):
    """Softmax regression on digits in minibatches: AdaGrad beside SGD, and the effective rate of each pixel."""

    title = "AdaGrad on real digits"
    controls = (
        steps(
            "learning_rate",
            (0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
            0.2,
            label="learning_rate of AdaGrad",
            table=False,
        ),
        steps(
            "gradient_descent_rate",
            (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
            1.0,
            label="learning_rate of SGD",
            table=False,
        ),
    )
    num_steps = 100
    eps = 1e-7

    def scene(self, learning_rate, gradient_descent_rate) -> Scene:
        loss, train, test, sums = digits_run(AdaGrad, learning_rate)
        plain_loss, _, plain_test, _ = digits_run(GradientDescent, gradient_descent_rate)
        t = np.arange(self.num_steps + 1)
        low, high = 0.05, 50.0
        marks = [
            Line(t, np.clip(plain_loss, low, high), role="fourth", label="SGD", by_step="upto"),
            *parts.run_line(t, np.clip(loss, low, high), "AdaGrad", size=11),
        ]
        own, error = self.learners_losses(learning_rate)
        if own is not None:
            marks.append(
                Line(np.arange(len(own)), np.clip(own, low, high), role="yours", label="your code", width=2.5)
            )
        inked, rates = pixel_rates(sums, learning_rate, self.eps)
        pixels = [
            Points(inked, np.clip(rates, 1e-4, 1e4), role="path", size=7, label="a pixel"),
            Rule("y", gradient_descent_rate, role="fourth", label="SGD: one for all"),
        ]
        never = 64 - len(inked)
        return Scene(
            panels=[
                panel(
                    axis("minibatch of 64 images", 0, self.num_steps),
                    log_axis("loss on the test images", low, high),
                    marks,
                    "learning to read digits",
                ),
                panel(
                    axis("share of the training images with ink in the pixel", 0, 1),
                    log_axis("effective learning rate", 1e-3, 1e4),
                    pixels,
                    "at the end, for each pixel",
                ),
            ],
            says=(
                f"AdaGrad with learning rate {say(learning_rate)} reads {test:.1%} of the test images right after "
                f"{self.num_steps} minibatches, SGD with {say(gradient_descent_rate)} {plain_test:.1%}. AdaGrad's effective "
                f"learning rate is {say(rates.min())} for the busiest pixel and {say(rates.max())} for the rarest. "
                f"{never} of 64 pixels have no ink in any training image: their weights never move."
            ),
            num_steps=self.num_steps,
            narration=Narration("minibatch {t}: AdaGrad's loss on the test images {0:.4g}", loss[:, None]),
            notice=error,
        )

    def learners_losses(self, learning_rate) -> tuple[np.ndarray | None, str]:
        if self.yours is None:
            return None, ""
        from optcourse.learner.path import record_path

        model, _, held_back = digits_problem()
        path = record_path(
            self.yours,
            MinibatchGradient(model),
            model.initial(),
            learning_rate=learning_rate,
            num_steps=self.num_steps,
            eps=self.eps,
        )
        if path.blank or path.error:
            return None, path.error or ""
        with np.errstate(all="ignore"):
            losses = np.array([held_back.value(w) for w in path.points])
        return np.where(np.isfinite(losses), losses, np.inf), ""


class MinibatchGradient:
    """`gradient(w)` of the next minibatch at each call, in the same order as the course's own runs."""

    def __init__(self, model):
        self.model = model
        self.batches = digits_batches()
        self.calls = 0

    def gradient(self, w):
        batch = self.batches[self.calls % len(self.batches)]
        self.calls += 1
        return self.model.gradient(w, batch)


@cache
def digits_problem():
    """(softmax regression on the training images, its training set, the same model on the test images)."""
    train, test = data.train_test_split(data.load_digits(), np.random.default_rng(0))
    return models.SoftmaxRegression(train.X, train.y), train, models.SoftmaxRegression(test.X, test.y)


def digits_batches() -> list[np.ndarray]:
    """The minibatches of every run on the digits: the same for all."""
    _, train, _ = digits_problem()
    endless = data.epoch_batches(len(train), 64, np.random.default_rng(6), num_epochs=None)
    return [next(endless) for _ in range(DigitsExplorer.num_steps)]


@lru_cache(maxsize=64)
def digits_run(optimizer: type, learning_rate: float) -> tuple[np.ndarray, float, float, np.ndarray | None]:
    """(loss on the test images at each step, accuracy on training and test images, AdaGrad's final sums of squares)."""
    model, _, held_back = digits_problem()
    adaptive = optimizer is AdaGrad
    record = ("w", "state") if adaptive else ("w",)
    made = AdaGrad(learning_rate, DigitsExplorer.eps) if adaptive else optimizer(learning_rate)
    batches = digits_batches()
    trace = descend(model, made, model.initial(), len(batches), minibatches=batches, record=record)
    losses = np.array([held_back.value(w) for w in trace.w])
    sums = trace.state["grad_squared"][-1] if adaptive else None
    return losses, model.accuracy(trace.final), held_back.accuracy(trace.final), sums


def pixel_rates(sums: np.ndarray, learning_rate: float, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """For the pixels that have ink in some training image: how often they have, and their effective learning rate."""
    _, train, _ = digits_problem()
    often = (train.X > 0).mean(axis=0)
    per_pixel = sums.reshape(65, 10)[:64].mean(axis=1)  # the last row of weights belongs to the biases
    used = often > 0
    return often[used], learning_rate / (np.sqrt(per_pixel[used]) + eps)
