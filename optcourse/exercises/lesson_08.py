"""Exercises of lesson 08: Adam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from optcourse import objectives, theory
from optcourse.exercises.answers.lesson_08 import (
    adam,
    adam_almost,
    adamw,
    check_adam,
    first_step,
    reddi_walk,
    uncorrected_peak,
)
from optcourse.exercises.families import CORRECTION, LOOP, MOMENTS, ROOT, SQUARES
from optcourse.exercises.ingredients import (
    Gradient,
    ModelGradient,
    SequenceGradient,
    random_bowl,
)
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import (
    CORNERS,
    FLOATS,
    WHOLE,
    Case,
    Exercise,
    Misconception,
    Prediction,
    Question,
    Quiz,
)
from optcourse.exercises.planted import RIGHT, SAME_ROUNDING, PlantedAdam
from optcourse.exercises.wrong_texts import POOLS, far_apart

# -- 08-adam-almost: RMSProp + Momentum, the lecture's lines ---------------------------------------------------------


def adam_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls in several dimensions, and the corners: one entry, whole numbers, a flat entry, a large eps, large steps."""

    def betas():
        return round(rng.uniform(0.7, 0.95), 3), round(rng.uniform(0.96, 0.999), 4)

    cases = [
        Case((random_bowl(rng, n), rng.normal(size=n), 0.1, 7, *betas(), 1e-7), label=f"{n} entries")
        for n in (2, 3, 6)
    ]
    cases.append(Case((random_bowl(rng, 1), 1 + rng.random(1), 0.2, 5, *betas(), 1e-7), label="one entry"))
    whole = rng.integers(-5, 6, size=4) * 2 + 1
    cases.append(Case((random_bowl(rng, 4), whole, 0.1, 6, *betas(), 1e-7), label="a start of whole numbers"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.3, 6, *betas(), 0.2), label="a large eps"))
    slopes = rng.normal(size=(6, 3))
    slopes[:, 1] = 0.0
    cases.append(
        Case(
            (SequenceGradient(slopes), rng.normal(size=3), 0.1, 6, *betas(), 1e-6),
            label="an entry whose gradient is zero",
        )
    )
    banana = Gradient(objectives.rosenbrock().recipe)
    cases.append(Case((banana, np.array([-1.2, 1.0]), 0.05, 8, *betas(), 1e-7), label="Rosenbrock's valley"))
    cases.append(
        Case((random_bowl(rng, 2), rng.normal(size=2), 20.0, 8, *betas(), 1e-7), label="large steps")
    )
    first = int(rng.integers(0, 1500))
    digits = ModelGradient("SoftmaxRegression", (first, first + 60))
    cases.append(Case((digits, 0.1 * rng.normal(size=650), 0.01, 4, 0.9, 0.999, 1e-7), label="sixty digits"))
    cases.append(
        Case((random_bowl(rng, 2), rng.normal(size=2), 0.02, 60, *betas(), 1e-3), label="sixty steps")
    )
    cases.append(Case((random_bowl(rng, 2), rng.normal(size=2), 0.1, 1, *betas(), 1e-7), label="one step"))
    cases.append(
        Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 0, *betas(), 1e-7), label="no step at all")
    )
    return cases


ADAM_ALMOST = Exercise(
    id="08-adam-almost",
    title="Almost Adam: RMSProp + Momentum",
    statement=(
        "Write the lecture's almost-Adam. Both moments start at zeros, shaped like `w`. In each of `num_steps` rounds: "
        "the gradient; `moment1`, a leaky mean of gradients (leak `beta1`); `moment2`, a leaky mean of their squares "
        "(leak `beta2`); then a step of `learning_rate * moment1`, divided by the root of `moment2` plus `eps`. Return "
        "the last `w`; leave the caller's array as it was."
    ),
    points=3,
    answers=("adam_almost",),
    reference=adam_almost,
    cases=adam_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        adam_almost,
        LOOP,
        SQUARES,
        ROOT,
        MOMENTS,
        """
        corrected-already: for _ in range(num_steps): => for t in range(1, num_steps + 1):
                      and: moment1 / (np.sqrt(moment2) => (moment1 / (1 - beta1**t)) / (np.sqrt(moment2 / (1 - beta2**t))
            This is the whole Adam, with its correction. Here the moments are used as they are; the correction comes
            next.
        """,
    ),
    hints=(
        "Two memories, each made before the loop and updated in it. One is momentum's, one is RMSProp's. What does each "
        "of them average?",
        "A leaky mean looks like `mean = beta * mean + (1 - beta) * new`. For `moment1` the new thing is `dw`, for "
        "`moment2` it is `dw * dw`.",
        "After both moments: `w -= learning_rate * moment1 / (np.sqrt(moment2) + eps)`. Mind the brackets. Begin with "
        "`w = np.array(w, dtype=float)` and two `np.zeros_like(w)`.",
    ),
)


# -- 08-first-step ---------------------------------------------------------------------------------------------------


def first_step_cases(rng: np.random.Generator) -> list[Case]:
    """Gradients of very different sizes, whole numbers, a zero, a large eps."""
    wide = rng.normal(size=4) * 10.0 ** np.array([-3, -1, 1, 3])
    cases = [
        Case((wide, round(rng.uniform(0.01, 0.5), 3), 1e-8), label="gradients of very different sizes"),
        Case((rng.normal(size=3), 0.1, 0.3), label="a large eps"),
        Case((rng.integers(1, 9, size=3) * np.array([1, -1, 1]), 0.05, 0.5), label="whole numbers"),
        Case((np.array([rng.normal(), 0.0]), 0.2, 1e-8), label="a gradient of zero"),
        Case((rng.normal(size=1), 1.5, 0.01), label="one entry"),
    ]
    return cases


FIRST_STEP = Exercise(
    id="08-first-step",
    title="Adam's first step",
    statement=(
        "Return what Adam's very first step *adds* to `w` (so `w_after - w_before`), for a first gradient `dw`, an array. "
        "No betas are given: they cancel. Gradients may be zero."
    ),
    points=1,
    answers=("first_step",),
    reference=first_step,
    cases=first_step_cases,
    misconceptions=mistakes(
        first_step,
        """
        uphill: -learning_rate => learning_rate
            Your step has the gradient's sign: it goes uphill. What is *added* to `w` points the other way.
        plain-gradient: / (np.abs(dw) + eps) =>
            You step in proportion to the gradient. Adam divides by the gradient's own size, so at first only its sign
            is left.
        sign-alone: dw / (np.abs(dw) + eps) => np.sign(dw)
            You use the sign alone. Close, but where `eps` is not tiny against `dw` the step is shorter.
        not-corrected: dw / (np.abs(dw) + eps) => 0.1 * dw / (np.sqrt(0.001 * dw * dw) + eps)
            This is the first step without the correction: (1 − beta1)/√(1 − beta2) times too long.
        learning-rate-missing: -learning_rate * dw => -dw
            Your step does not depend on the learning rate: multiply by `learning_rate`.
        length-of-the-whole: np.abs(dw) => np.linalg.norm(dw)
            You divide by the length of the whole gradient: each entry is divided by its own size.
        sign-lost: * dw / => * np.abs(dw) /
            All your steps go the same way, whatever the sign of the gradient: above the line stands `dw`, sign and all.
        size-missing: np.abs(dw) => dw
            You divide by `dw`, sign and all, so every entry moves the same way: the root of a square is |dw|.
        root-missing: np.abs(dw) => dw * dw
            You divide by the square of `dw`: the root is missing.
        eps-inside: (np.abs(dw) + eps) => np.sqrt(dw * dw + eps)
            Your `eps` stands inside the root; here it is added after the root.
        eps-missing: (np.abs(dw) + eps) => np.abs(dw)
            Where the gradient is zero you divide zero by zero: `eps` belongs below the line.
        """,
    ),
    hints=(
        "Put t = 1 and moments of zero into the formulas. What are `moment1` and `moment2` after one gradient?",
        "`moment1 / (1 - beta1**1)` is `dw` itself, and `moment2 / (1 - beta2**1)` is `dw * dw`. What is its root?",
        "The root of `dw * dw` is `np.abs(dw)`. So: minus `learning_rate` times `dw`, over `np.abs(dw) + eps`.",
    ),
)


# -- 08-uncorrected-peak ---------------------------------------------------------------------------------------------


def peak_cases(rng: np.random.Generator) -> list[Case]:
    """The usual betas, and others: short and long memories, no momentum at all."""
    return [
        Case((0.9, 0.999), label="the usual betas"),
        Case(
            (round(rng.uniform(0.93, 0.97), 3), round(rng.uniform(0.997, 0.9995), 4)), label="long memories"
        ),
        Case((round(rng.uniform(0.5, 0.8), 3), round(rng.uniform(0.95, 0.99), 3)), label="short memories"),
        Case((round(rng.uniform(0.975, 0.99), 4), 0.9999), label="very long memories"),
        Case((0.9994, 0.9999), label="memories so long that the peak comes after step 1,000"),
        Case((0.0, round(rng.uniform(0.9, 0.99), 3)), label="no momentum at all"),
    ]


UNCORRECTED_PEAK = Exercise(
    id="08-uncorrected-peak",
    title="How much too big?",
    statement=(
        "Under a constant gradient, step t without correction is (1 − beta1^t)/√(1 − beta2^t) times as long as with it "
        "(eps aside), t = 1, 2, 3, … Return the pair `(t, ratio)` where this is largest. `beta1` is below `beta2`, both "
        "at most 0.9999."
    ),
    points=2,
    answers=("uncorrected_peak",),
    reference=uncorrected_peak,
    cases=peak_cases,
    result_names=("t", "ratio"),
    misconceptions=mistakes(
        uncorrected_peak,
        """
        counts-from-zero: t[ratio.argmax()] => ratio.argmax()
            Your t is one too small: an index into an array begins at 0, steps begin at 1.
        one-step-too-late: t[ratio.argmax()] => t[ratio.argmax()] + 1
            Your t is one too large: the entry at place 0 already belongs to step 1.
        root-missing: np.sqrt(1 - beta2**t) => (1 - beta2**t)
            The root over 1 − beta2^t is missing in your ratio.
        ratio-turned-over: float(ratio.max()) => 1 / float(ratio.max())
            Your step is right; your ratio is one over what is asked: how many times too long, not too short.
        root-on-both: (1 - beta1**t) / np.sqrt(1 - beta2**t) => np.sqrt((1 - beta1**t) / (1 - beta2**t))
            Your root reaches over the whole fraction: it belongs to what is below the line alone.
        upside-down: (1 - beta1**t) / np.sqrt(1 - beta2**t) => np.sqrt(1 - beta2**t) / (1 - beta1**t)
            Your ratio is upside down: steps with the correction over steps without.
        first-step-only: return … => return 1, float(ratio[0])
            That is the ratio at the first step. It can still grow after that: look at the steps that follow.
        too-few-steps: 20_000 => 11
            You look at too few steps: with long memories the peak comes later.
        betas-swapped: beta1**t => beta2**t
                               and: beta2**t => beta1**t
            The betas have changed places in your ratio: `beta1` is above the line.
        answers-swapped: return int(t[ratio.argmax()]), … => return …, int(t[ratio.argmax()])
            Your two answers are the wrong way round: the step `t` first, then the ratio.
        ratio-alone-squared: float(ratio.max()) => float(ratio.max()) ** 2
            Your largest ratio is squared.
        second-moment-alone: (1 - beta1**t) / => 1 /
            You leave out 1 − beta1^t: the first moment has not filled yet either.
        """,
    ),
    hints=(
        "No formula is needed: compute the ratio for many steps and look for the largest.",
        "`t = np.arange(1, 20_000)` are the steps. NumPy computes all ratios in one line.",
        "`ratio.argmax()` is the place of the largest one, counted from 0; `t[ratio.argmax()]` is its step.",
    ),
)


# -- 08-adam ---------------------------------------------------------------------------------------------------------


ADAM = Exercise(
    id="08-adam",
    title="Adam",
    statement=(
        "Write the whole Adam: almost-Adam, and each moment divided by 1 − beta^t before it is used, where t = 1 in the "
        "first step. `eps` is added to the root of the corrected second moment."
    ),
    points=4,
    answers=("adam",),
    reference=adam,
    cases=adam_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        adam,
        LOOP,
        SQUARES,
        ROOT,
        CORRECTION,
        MOMENTS,
    ),
    hints=(
        "Start from your almost-Adam. What has to be counted, and from which number on?",
        "`for t in range(1, num_steps + 1)` counts the steps. Make two new arrays in each round, and leave `moment1` and "
        "`moment2` themselves as they are: the next round needs them uncorrected.",
        "`unbiased1 = moment1 / (1 - beta1**t)`, the same for the second with `beta2`. In the update use these two in "
        "place of the moments.",
    ),
)


# -- 08-adamw --------------------------------------------------------------------------------------------------------


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    """Adam's cases with a weight decay each, and one with none."""
    cases = []
    for k, case in enumerate(adam_cases(rng)):
        decay = 0.0 if k == 1 else round(rng.uniform(0.05, 0.6), 3)
        cases.append(Case((*case.args, decay), label=case.label))
    return cases


ADAMW = Exercise(
    id="08-adamw",
    title="AdamW: decoupled weight decay",
    statement=(
        "Write AdamW. In each round: first the gradient at `w`; then `w` loses `learning_rate * weight_decay` of itself; "
        "then comes Adam's step, with the gradient computed before. The decay touches neither moment."
    ),
    points=3,
    answers=("adamw",),
    reference=adamw,
    cases=adamw_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        adamw,
        LOOP,
        SQUARES,
        ROOT,
        CORRECTION,
        MOMENTS,
        """
        l2-in-the-gradient: w -= learning_rate * weight_decay * w => dw = dw + weight_decay * w
            You add the decay to the gradient. There it passes through both moments and is divided away; it must act on
            `w` directly.
        l2-and-decay: w -= learning_rate * weight_decay * w => dw = dw + weight_decay * w; w -= learning_rate * weight_decay * w
            The weights decay twice: directly and through the gradient. Only the direct decay belongs here.
        decay-divided-too: w -= learning_rate * weight_decay * w => pass
                      and: unbiased1 / => (unbiased1 + weight_decay * w) /
            Your decay stands above the line and is divided by the root of the second moment. It stays outside the
            division.
        decay-without-learning-rate: learning_rate * weight_decay * w => weight_decay * w
            Your decay lacks the learning rate: `w` shrinks by `learning_rate * weight_decay` of itself.
        decay-with-learning-rate-twice: learning_rate * weight_decay => learning_rate * learning_rate * weight_decay
            The learning rate is in your decay twice.
        decay-missing: w -= learning_rate * weight_decay * w => pass
            `w` does not decay at all: this is Adam.
        decay-after-the-step: w -= learning_rate * weight_decay * w => pass
                         and: last w -= … => w -= …; w -= learning_rate * weight_decay * w
            Your decay comes after the step, so it also shrinks what the step has added. Here it comes before.
        decay-grows: w -= learning_rate * weight_decay => w += learning_rate * weight_decay
            Your `w` grows: the decay has the wrong sign.
        decay-of-the-start: np.array(w, dtype=float) => np.array(w, dtype=float); start = w.copy()
                       and: weight_decay * w => weight_decay * start
            Your decay is always that of the first `w`: it must follow `w` as it moves.
        decay-by-sign: weight_decay * w => weight_decay * np.sign(w)
            Your decay takes the same amount from every weight. It takes a share: in proportion to `w`.
        decay-doubled: learning_rate * weight_decay => 2 * learning_rate * weight_decay
            Your decay is twice as strong: no factor 2 belongs to it.
        decay-halved: learning_rate * weight_decay => 0.5 * learning_rate * weight_decay
            Your decay is half as strong: the factor ½ of the loss is gone once you take its slope.
        decay-not-of-w: weight_decay * w => weight_decay
            You take `learning_rate * weight_decay` itself away from every weight: it is that share *of* `w`, so times
            `w`.
        decay-before-and-after: last w -= … => w -= …; w -= learning_rate * weight_decay * w
            Your weights decay before and after the step: once a round is enough, before.
        decay-keeps-only-its-share: w -= learning_rate * weight_decay * w => w *= learning_rate * weight_decay
            `w` is multiplied by `learning_rate * weight_decay`; it must be multiplied by 1 minus that.
        gradient-after-the-decay: dw = compute_gradient(w) => pass
                             and: learning_rate * weight_decay * w => learning_rate * weight_decay * w; dw = compute_gradient(w)
            You compute the gradient after the decay, at a `w` that has shrunk already: ask for it first.
        """,
        skip=("keeps-whole-numbers",),
    ),
    hints=(
        "Start from your Adam. One line is new. It changes `w` and nothing else.",
        "The new line multiplies `w` by `1 - learning_rate * weight_decay`. It stands after the gradient and before "
        "Adam's own update.",
        "`w -= learning_rate * weight_decay * w`, directly below `dw = compute_gradient(w)`.",
    ),
)


# -- 08-reddi: a sequence of gradients on which Adam fails -----------------------------------------------------------


def reddi_cases(rng: np.random.Generator) -> list[Case]:
    """Short and long walks, with and without the largest second moment, from both sides."""
    start = round(rng.uniform(-0.6, 0.6), 2)
    return [
        Case((start, 0.2, 4, 3.0, False), label="four steps"),
        Case((start, 0.2, 7, 3.0, True), label="seven steps, keeping the largest moment2"),
        Case((round(rng.uniform(-0.5, 0.5), 2), 0.3, 200, round(rng.uniform(3, 6), 1), False), label="200 steps"),
        Case((round(rng.uniform(0.0, 0.9), 2), 0.3, 200, round(rng.uniform(3, 6), 1), True),
             label="200 steps, keeping the largest moment2"),
        Case((0.9, 1.0, 50, 4, False), label="a walk that meets the border"),
        Case((-0.9, 1.0, 50, 4, True), label="a walk that meets the lower border"),
        Case((0, 0.1, 1, 3, False), label="one step"),
    ]  # fmt: skip


REDDI = Exercise(
    id="08-reddi",
    title="A sequence on which Adam fails",
    statement=(
        "Walk on [−1, 1]. At step t = 1, 2, … the gradient is `C` when t mod 3 is 1, else −1. Use no momentum and no "
        "correction: `moment2` starts at 0 and leaks with beta2 = 1/(1 + C²); the step is learning_rate/√t times the "
        "gradient over the root of `moment2`; then `w` is cut back to [−1, 1]. With `keep_largest`, divide by the root "
        "of the largest `moment2` so far. Return the last `w`, a number."
    ),
    points=3,
    answers=("reddi_walk",),
    reference=reddi_walk,
    cases=reddi_cases,
    misconceptions=mistakes(
        reddi_walk,
        """
        sequence-from-zero: t % 3 == 1 => (t - 1) % 3 == 1
            Your gradients come one step late: count t from 1, so that the first gradient is C.
        always-C: C if t % 3 == 1 else -1.0 => C
            Your gradient is always C: two of three steps have −1.
        plus-one: else -1.0 => else 1.0
            Your small gradients are +1; they are −1.
        learning-rate-constant: / math.sqrt(t) =>
            Your learning rate stays the same: it is divided by √t.
        learning-rate-over-t: / math.sqrt(t) => / t
            Your learning rate is divided by t; it is divided by the root of t.
        not-cut-back: w = min(max(w, -1.0), 1.0) => pass
            Your `w` leaves [−1, 1]: cut it back after each step.
        cut-above-only: max(w, -1.0) => w
            Your `w` goes below −1: it is cut back at both ends of [−1, 1], after each step.
        one-step-too-few: num_steps + 1 => num_steps
            Your walk takes one step too few: t runs from 1 to `num_steps`, the last one included.
        large-gradient-last: t % 3 == 1 => t % 3 == 0
            Your large gradient C comes third in each round: it comes first, when `t % 3 == 1`.
        cut-at-zero: max(w, -1.0) => max(w, 0.0)
            You cut `w` back to [0, 1]; it may go down to −1.
        root-missing: math.sqrt(largest if keep_largest else moment2) => largest if keep_largest else moment2
            You divide by `moment2` itself: its root is missing.
        beta2-without-square: C * C => C
            Your beta2 is 1/(1 + C); the C is squared.
        beta2-the-other-way: 1 / (1 + C * C) => C * C / (1 + C * C)
            Your beta2 is C²/(1 + C²): past and present have changed weights.
        never-keeps: largest if keep_largest else moment2 => moment2
            `keep_largest` makes no difference in your walk.
        always-keeps: largest if keep_largest else moment2 => largest
            You keep the largest `moment2` even when `keep_largest` is False.
        largest-square: max(largest, moment2) => max(largest, dw * dw)
            You keep the largest squared gradient; it is the largest `moment2` that counts.
        uphill: w = w - => w = w +
            Your walk goes uphill: subtract the step.
        """,
    ),
    hints=(
        "One loop over t from 1 on. In it: the gradient of step t, `moment2`, the divisor, the step, the border.",
        "`dw = C if t % 3 == 1 else -1.0`. For `keep_largest` carry one more number along: the largest `moment2` so far.",
        "`w = w - learning_rate / math.sqrt(t) * dw / math.sqrt(divisor)`, then `w = min(max(w, -1.0), 1.0)`, where "
        "`divisor` is `moment2` or the largest one.",
    ),
)


# -- 08-find-the-error: five texts from print, each with one wrong line ----------------------------------------------

FIND_STATEMENT = "Five texts, A to E, each with one wrong line. Give the number of the wrong line of each: `line_a` to `line_e`."
WRONG_LINES = {name: pool[0].wrong for name, pool in POOLS.items()}


def errors_in(*choice: int) -> Exercise:
    """The exercise with these texts out of the five pools."""
    texts = {name: pool[k] for (name, pool), k in zip(POOLS.items(), choice, strict=True)}

    def find_the_error():
        """The numbers of the wrong lines in the texts A to E; the tests repair and run them."""
        return tuple(text.wrong for text in texts.values())

    def verify_lines(case, outcome) -> str | None:
        """What to say of the first answer that is wrong, without naming the right line."""
        for (name, text), answer in zip(texts.items(), outcome.result, strict=True):
            several = isinstance(answer, np.ndarray) and answer.ndim > 0
            if several or answer not in range(1, len(text.lines) + 1):
                return f"`{name}` should be the number of a line: a whole number from 1 to {len(text.lines)}."
            if answer != text.wrong:
                place = f"Text {name[-1].upper()}: line {int(answer)}"
                other = f"{place} is fine as it stands. Go through the first two rounds with a pencil."
                return next((id for id, (line, _) in text.suspected.items() if line == answer), other)
        return None

    listings = "\n\n".join(f"`Text {name[-1].upper()}\n{text.numbered()}`" for name, text in texts.items())
    own = f"{FIND_STATEMENT} Yours are these (D is about `beta1 = 0.9`, `beta2 = 0.999`):\n{listings}"
    return Exercise(
        id="08-find-the-error",
        title="Find the error",
        statement=own if any(choice) else FIND_STATEMENT,
        points=2,
        answers=tuple(texts),
        reference=find_the_error,
        kind="value",
        verify=verify_lines,
        misconceptions=tuple(
            Misconception(
                id,
                f"Text {name[-1].upper()}: {sentence}",
                partial(tuple, tuple(line if name == other else None for other in texts)),
            )
            for name, text in texts.items()
            for id, (line, sentence) in text.suspected.items()
        ),
        hints=(
            "Go through the first two rounds of each loop with a pencil. Which numbers are in `t`, in the moments, in the step?",
            "A: does everything change that should? B: count the brackets. C: by how much do the corrections change a moment "
            "at t = 1? D: what is 0.1 over √0.001? E: which numbers have a square root?",
            "A: the correction uses a number that does not count the steps from 1 on. B: one line lacks a pair of brackets. C: "
            "something goes the wrong way, or is left as it was. D: what a small divisor does. E: where a square is missing."
            if any(choice)
            else "A: the correction uses a `t` that nobody counts up. B: the last line of its loop adds after dividing. C: its "
            "correction goes the wrong way. D: the conclusion. E: where `moment2` begins.",
        ),
        own="lines",
    )


FIND_THE_ERROR = replace(errors_in(0, 0, 0, 0, 0), numbers=far_apart(), with_numbers=errors_in)


# -- 08-check-adam: a check that finds wrong Adams ---------------------------------------------------------------------

# Numbers that are used whatever is asked for, and errors that come late. People who write Adam make the others.
ALSO_PLANTED = mistakes(
    adam,
    """
    learning-rate-fixed: last w -= learning_rate => w -= 0.1
        Your learning rate is always 0.1.
    beta1-fixed: beta1 * moment1 + (1 - beta1) * dw => 0.9 * moment1 + 0.1 * dw
                 and: beta1**t => 0.9**t
        Your `beta1` is always 0.9.
    beta2-fixed: beta2 * moment2 + (1 - beta2) * dw * dw => 0.999 * moment2 + 0.001 * dw * dw
                   and: beta2**t => 0.999**t
        Your `beta2` is always 0.999.
    moment1-keeps-whole-numbers: np.array(w, dtype=float) => np.array(w)
                            and: moment1 = beta1 * => moment1[:] = beta1 *
                            and: last w -= learning_rate * … => w = w - learning_rate * …
        Your `moment1` keeps the whole-number type of the start.
    t-stops-at-10: beta1**t => beta1 ** min(t, 10)
              and: beta2**t => beta2 ** min(t, 10)
        Your `t` stops at 10.
    walk-stops-at-20: num_steps + 1 => min(num_steps, 20) + 1
        Your walk takes no more than 20 steps.
    """,
)
PLANTED = {m.id: m for m in (*ADAM.misconceptions, *ALSO_PLANTED)}

# What a check must try to see them, so many of each are planted: more than a step, gradients that change, …
WATCH_FOR: dict[str, tuple[int, str, str]] = {
    "more than one step": (
        2,
        FLOATS,
        "first-step-only memory-reset t-never-increments corrected-moments-kept "
        "power-of-the-bracket state-reset moment1-added-to-itself",
    ),
    "a gradient that changes": (
        1,
        FLOATS,
        "gradient-at-the-start-only gradient-in-the-numerator largest-square direction-lost",
    ),
    "several entries": (
        1,
        FLOATS,
        "sums-the-gradient sums-over-entries means-over-entries mean-over-the-entries",
    ),
    "a learning rate besides 1": (
        1,
        FLOATS,
        "learning-rate-ignored learning-rate-twice divides-by-learning-rate",
    ),
    "betas that differ": (
        1,
        FLOATS,
        "corrections-swapped beta1-in-both-corrections betas-swapped beta1-for-both moment1-weighs-with-beta2 "
        "moment2-weighs-with-beta1",
    ),
    "a large eps": (
        2,
        CORNERS,
        "eps-inside-the-root eps-missing eps-added-to-the-parameters eps-outside-the-fraction eps-fixed eps-as-a-floor "
        "eps-before-the-correction",
    ),
    "unusual settings": (1, CORNERS, "learning-rate-fixed beta1-fixed beta2-fixed"),
    "many steps": (1, CORNERS, "t-stops-at-10 walk-stops-at-20"),
    "a start of whole numbers": (1, WHOLE, "keeps-whole-numbers moment1-keeps-whole-numbers"),
    "a look at nan": (
        1,
        FLOATS,
        "t-starts-at-zero brackets-missing-in-the-correction moments-share-an-array",
    ),
    "a step": (
        3,
        FLOATS,
        "sign-flipped never-updates one-step-too-few one-step-too-many starts-at-zero sums-up-squares weights-swapped "
        "new-square-unweighted decay-on-both absolute-value no-root divisor-missing multiplied-by-the-root "
        "root-twice squared-step correction-missing correction-multiplied t-one-ahead only-moment1-corrected "
        "only-moment2-corrected divided-by-the-power root-before-the-correction root-in-the-correction "
        "weights-of-moment1-swapped first-moment-in-both moment2-starts-at-one",
    ),
}
STYLES = ((1, tuple(SAME_ROUNDING)), (2, tuple(name for name in RIGHT if name not in SAME_ROUNDING)))


def planted(rng: np.random.Generator, without: Sequence[str] = ()) -> list[Case]:
    """So many wrong Adams of each kind, and right ones in several styles, drawn from those that are not left out."""

    def some(names: Sequence[str], count: int) -> list[str]:
        return list(rng.choice([name for name in names if name not in without], count, replace=False))

    right = [
        Case((PlantedAdam(str(name)),), label=f"a right Adam {name}")
        for count, names in STYLES
        for name in some(names, count)
    ]
    wrong = [
        Case(
            (PlantedAdam(str(name)),),
            label=f'the wrong Adam "{name.replace("-", " ")}"; seeing it takes {what}',
            named_part=part,
        )
        for what, (count, part, names) in WATCH_FOR.items()
        for name in some(names.split(), count)
    ]
    return [*right, *wrong]


def check_adam_cases(rng: np.random.Generator) -> list[Case]:
    """The notebook's own draw stays; any other leaves out those that the notebook shows."""
    cases, shown = planted(rng), planted(np.random.default_rng(CHECK_ADAM.visible_seed))
    if cases == shown:
        return cases
    return planted(rng, [case.args[0].name for case in shown])


def verify_check(case: Case, outcome) -> str | None:
    """What to say of a check's answer about one planted Adam."""
    if not outcome.counts["0"]:
        return "never-calls-adam"
    if np.ndim(outcome.result) or outcome.result not in (True, False):
        return "`check_adam` must return True or False, and nothing else."
    says, right = bool(outcome.result), case.args[0].name in RIGHT
    if says == right:
        return None
    return "Your check says True of a wrong Adam." if says else "Your check says False of a right Adam."


def tally_of_checks(cases: Sequence[Case], outcomes: Sequence) -> str:
    """How many wrong Adams a check finds, and how many right ones it lets pass."""
    count = {True: [0, 0], False: [0, 0]}
    for case, outcome in zip(cases, outcomes, strict=True):
        right = case.args[0].name in RIGHT
        count[right][0] += not outcome.failure and not outcome.problem and verify_check(case, outcome) is None
        count[right][1] += 1
    (found, wrong), (passed, right) = count[False], count[True]
    return (
        f"Your check finds {found} of {wrong} wrong Adams, and says True of {passed} of {right} right ones."
    )


CHECK_ADAM = Exercise(
    id="08-check-adam",
    title="A check that finds wrong Adams",
    statement=(
        "Write `check_adam(adam)`: True if the function `adam` steps as the formulas say, False if not. Call it with "
        "gradients, starts and settings of your own, and compare with what comes out of your own Adam."
    ),
    points=4,
    answers=("check_adam",),
    reference=check_adam,
    cases=check_adam_cases,
    compare=("result",),
    verify=verify_check,
    tally=tally_of_checks,
    misconceptions=(
        *mistakes(
            check_adam,
            """
            nan-gets-through: not np.allclose(given, right) => np.max(np.abs(given - right)) > 1e-6
                An Adam that returns `nan` gets through: a comparison with `nan` is False, so no difference is too large. Ask
                whether the difference is *small*, and say False if not.
            compares-exactly: np.allclose( => np.array_equal(
                You compare with `==` or the like. Right Adams that add in another order differ in the last digits: allow
                a small difference.
            one-step-only: (1, 5, 25) => (1,)
                You look at the first step alone. Many wrong Adams take a right first step: it takes more of them to see.
            few-steps: (1, 5, 25) => (1, 2, 5)
                Your walks are short: an error may show late, say after 20 steps.
            usual-settings-only: , (0.3, 0.7, 0.95, 0.2)) => ,)
                You use one set of settings alone, the usual one. An Adam that ignores what it is given, and uses just these
                numbers, gets through: try others.
            small-eps-only: 0.2) => 1e-8)
                Your `eps` is always tiny, so nobody can see where it stands: try one that is as large as the roots are.
            betas-alike: 0.9, 0.999 => 0.9, 0.9
                    and: 0.7, 0.95 => 0.7, 0.7
                Your two betas are the same number, so an Adam that mixes them up is not seen.
            learning-rate-one: (0.1, => (1.0,
                          and: (0.3, => (1.0,
                Your learning rate is 1: squared, or left out, it is the same.
            constant-gradient: * (w - np.array([0.5, -1.5])) =>
                Your gradient is the same everywhere: then it does not matter where it is asked for. Let it depend on `w`.
            one-entry-only: [1.0, 8.0] => [8.0]
                       and: [0.5, -1.5] => [-1.5]
                       and: [3, -2] => [-2]
                Your `w` has one entry. An Adam that adds up or averages over the entries is not seen: take several, with
                gradients of different sizes.
            floats-only: [3, -2] => [3.0, -2.0]
                Your start holds floats. One of the things that a right Adam can do is to start from whole numbers.
            tolerance-too-wide: given, right => given, right, atol=0.5
                You allow too large a difference: rounding changes the tenth digit or later, a planted error the third or earlier.
            end-only: (1, 5, 25) => (200,)
                 and: own_adam(compute_gradient, start, *settings) => np.array([0.5, -1.5])
                 and: given, right => given, right, atol=0.1
                You look whether it arrives at the minimum. Many wrong Adams arrive, too, on another path: compare where it is
                after a few steps.
            loss-only: np.allclose(given, right) => np.linalg.norm(np.array([0.5, -1.5]) - given) < 2.5
                You look whether it gets closer, or the loss falls. Most wrong Adams manage that: compare the numbers with those
                of a right one.
            first-settings-only: if not np.allclose(given, right): => if True:
                            and: return False => return bool(np.allclose(given, right))
                Your check gives its answer after the first comparison: True belongs below the loop, when all of them are done.
            always-true: return False => pass
                Your check says True of every Adam. Does anything move, does it compare with anything, and
                does a difference make it say False?
            zero-gradient (same as always-true): return np.array([1.0, 8.0]) => return 0 * np.array([1.0, 8.0])
                Your gradient is zero, so nothing moves, whatever the Adam does.
            compares-with-itself (same as always-true): own_adam( => adam(
                You compare the Adam with itself. Inside of the function `adam` is the one to be checked.
            always-false: if not np.allclose(given, right): => if True:
                Your check says False of every Adam, right ones too. Is what you compare with right, and does your
                `compute_gradient` give the same at every call?
            own-adam-uncorrected (same as always-false): own_adam( => adam_almost(
                What you compare with is almost-Adam: it lacks the correction.
            another-gradient (same as always-false): own_adam(compute_gradient, => own_adam(lambda w: w,
                The two Adams that you compare are not given the same gradients.
            turned-round: return False => return True
                     and: last return True => return False
                Your two answers have changed places: True is for an Adam that is right.
            """,
        ),
        Misconception(
            "never-calls-adam",
            "Your check gives its answer without a call of `adam`. Let it walk, and look at where it ends.",
            lambda adam: True,
        ),
    ),
    hints=(
        "What must a call of `adam` be given? Write a `compute_gradient` of your own first, for a bowl with two entries.",
        "Call `adam` and `own_adam` with the same start and settings, and compare the two ends with `np.allclose`. Then "
        "ask which of the wrong Adams of this lesson you would not see yet.",
        "Two loops: one over `num_steps`, such as 1, 5 and 25, one over a few sets of settings, among them betas that nobody "
        "uses and an `eps` of 0.2. Return False at the first difference, and True below the loops.",
    ),
)


EXERCISES = (ADAM_ALMOST, FIRST_STEP, UNCORRECTED_PEAK, ADAM, FIND_THE_ERROR, CHECK_ADAM, ADAMW, REDDI)


# -- predictions -----------------------------------------------------------------------------------------------------


def early_steps() -> int:
    """Which choice: the first uncorrected steps are longer than the corrected ones."""
    return 2 if theory.uncorrected_ratio(1) > 1 else 0


def frozen_t() -> float:
    """Long steps of an Adam whose t stays at 1, over the right ones, under a constant gradient."""
    frozen = next(m.code for m in ADAM.misconceptions if m.id == "t-never-increments")
    end = frozen(lambda w: np.ones(1), np.zeros(1), 1.0, 20_000, 0.9, 0.999, 0.0)
    before = frozen(lambda w: np.ones(1), np.zeros(1), 1.0, 19_999, 0.9, 0.999, 0.0)
    return float(before[0] - end[0])


PREDICTIONS = (
    Prediction(
        id="08-early-steps",
        question=(
            "Almost-Adam starts both moments at zero. So in the first steps both are too small. How long are its first "
            "steps, compared with what they should be (the usual beta1 = 0.9 and beta2 = 0.999)?"
        ),
        kind="choice",
        choices=(
            "Too short: it is slow to start.",
            "Just right: the two errors cancel.",
            "Too long: the divisor is even smaller than what it divides.",
            "Zero: nothing moves in the first step.",
        ),
        answer=early_steps,
        reveal=(
            "The divisor has the longer memory, so it fills more slowly. The first step is "
            f"{theory.uncorrected_ratio(1):.2f} times too long, and it gets worse before it gets better."
        ),
    ),
    Prediction(
        id="08-first-step",
        question=(
            "The first gradient is (1000, 0.001) and the learning rate 0.1. How far does the first step of Adam (with "
            "correction) move the second entry?"
        ),
        kind="number",
        answer=lambda: abs(float(theory.adam_first_step(0.001, 0.1))),
        tolerance=0.02,
        reveal=(
            "As far as the first entry: {answer}, up to eps. Divided by its own size, a gradient is only a sign. Adam's "
            "first step is the learning rate, in every entry."
        ),
    ),
    Prediction(
        id="08-peak",
        question=(
            "Under a constant gradient, the first uncorrected step is 3.16 times too long. How many times too long is "
            "the worst one (beta1 = 0.9, beta2 = 0.999)?"
        ),
        kind="number",
        answer=lambda: theory.uncorrected_peak()[1],
        tolerance=0.15,
        unit="times",
        reveal=(
            f"{theory.uncorrected_peak()[1]:.2f} times, at step {theory.uncorrected_peak()[0]}: moment1 has mostly "
            "filled by then, the divisor has not."
        ),
    ),
    Prediction(
        id="08-frozen-t",
        question=(
            "In somebody's Adam `t` stays at 1 for ever. The first step is right. How long are its steps after many "
            "rounds of the same gradient, in learning rates? (beta1 = 0.9, beta2 = 0.999; a right Adam makes 1.)"
        ),
        kind="number",
        answer=frozen_t,
        tolerance=0.1,
        unit="learning rates",
        reveal=(
            "moment1 / 0.1 is ten times too large, the root of moment2 / 0.001 is 31.6 times too large: {answer} is left. "
            "Nothing breaks, it is only slow. That is why nobody notices."
        ),
    ),
    Prediction(
        id="08-weight-decay",
        question=(
            "Weight decay is added to the gradient (L2), and Adam does the rest. Two weights start at 1. One sees large "
            "gradients, the other tiny ones. Which one decays more?"
        ),
        kind="choice",
        choices=(
            "Both the same: the decay is the same for all weights.",
            "The one with large gradients.",
            "The one with tiny gradients.",
        ),
        answer=lambda: 2,
        reveal=(
            "The decay is divided by the root of moment2 along with the gradient. Where gradients are large, hardly "
            "anything of it is left."
        ),
    ),
    Prediction(
        id="08-reddi",
        question=(
            "On [−1, 1] the gradients are 3, −1, −1, 3, −1, −1, … Their mean is positive, so the best place is −1. "
            "beta1 = 0, beta2 = 0.1, and the learning rate shrinks like 1/√t. Where does Adam go?"
        ),
        kind="choice",
        choices=("To −1, the best place.", "To +1, the worst place.", "It stays in the middle."),
        answer=lambda: 1 if reddi_walk(0.0, 0.5, 3000, 3.0, False) > 0.9 else 0,
        reveal=(
            "To +1. The large gradient is divided by a divisor that it has just made large itself; the two small ones are "
            "divided by less. Two short looks in the wrong direction outweigh one long one in the right direction."
        ),
    ),
)


# -- quiz ------------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="08",
    questions=(
        Question(
            "What does Adam take from momentum, and what from RMSProp?",
            (
                "The divisor (a root of a mean of squares) from momentum, the direction (a mean of gradients) from RMSProp.",
                "The direction (a mean of gradients) from momentum, the divisor (a root of a mean of squares) from RMSProp.",
                "The learning rate from both.",
                "Nothing: it follows the sign of the gradient only.",
            ),
            1,
            (
                "It is the other way round.",
                "Yes: moment1 above the line, the root of moment2 below it.",
                "The learning rate is still yours to choose.",
                "Only its first step is nearly the sign; later the moments average over many gradients.",
            ),
        ),
        Question(
            "A text says: “Without bias correction Adam is slow to start, since the moments begin at zero.” What do you say?",
            (
                "True: a step is made of the moments, so as long as they are too small, the steps are too short.",
                "True, but only for the first ten steps or so: then moment1 is full and the steps are right.",
                "False: both moments are too small, but the divisor more so; early steps are too long.",
                "False: the moments begin at one.",
            ),
            2,
            (
                "The step is a quotient. With 0.9 and 0.999 it starts as 0.1/√0.001, which is above 3.",
                "At the first step the ratio is 3.16, so not even there.",
                "Yes. With beta1 = 0.9 and beta2 = 0.999: 3.16 times at t = 1, about 6.5 times at t = 10.",
                "They begin at zero; that is why a correction is needed at all.",
            ),
        ),
        Question(
            "You multiply the loss by 1,000. What changes in the path of Adam (eps aside)?",
            (
                "Nothing: moment1 and the root of moment2 both grow by 1,000.",
                "The steps are 1,000 times longer.",
                "The steps are 1,000 times shorter.",
                "It diverges.",
            ),
            0,
            (
                "Yes. This is a great comfort in practice; plain gradient descent would need another learning rate.",
                "The divisor grows along with the numerator.",
                "The numerator grows along with the divisor.",
                "A common factor cancels, so the path is the same.",
            ),
        ),
        Question(
            "Why does AdamW keep weight decay out of the gradient?",
            (
                "Because it saves one addition.",
                "Because the decay would then be divided by the root of moment2: weights with large gradients "
                "would hardly decay.",
                "Because moment1 would average it over about ten steps and moment2 over a thousand, so that it comes too late.",
                "Because weight decay needs no learning rate.",
            ),
            1,
            (
                "The cost is the same.",
                "Yes. Outside, every weight loses the same share at each step.",
                "moment1 averages it like everything else; it is the division that distorts it.",
                "Here (and in PyTorch) the decay is multiplied by the learning rate.",
            ),
        ),
        Question(
            "Where does eps belong, and what is it for?",
            (
                "On the parameters, to keep them away from zero.",
                "Inside the power beta**t, before the correction: there it keeps the factor 1 − beta**t above zero.",
                "Below the line, after the correction and outside the root: it keeps the divisor above zero.",
                "It can be left out: the divisor is never zero.",
            ),
            2,
            (
                "Added to the parameters it pushes all of them the same way at each step, and protects nothing.",
                "t starts at 1, so nothing has to be protected there.",
                "Yes. It also shortens steps where gradients are as small as eps itself.",
                "An entry whose gradients were all zero has the divisor zero, and 0/0 is not a number.",
            ),
        ),
        Question(
            "What does the sequence of Reddi, Kale and Kumar show?",
            (
                "That Adam never works.",
                "That a forgetting divisor can weigh rare large gradients too little, so that Adam walks the wrong way; "
                "AMSGrad keeps the largest divisor.",
                "That the learning rate was too large: with one that falls like 1/√t during the run, Adam goes to the "
                "best place after all, as AMSGrad does.",
                "That bias correction is needed.",
            ),
            1,
            (
                "It works very well on most problems; but it has no guarantee without further conditions.",
                "Yes: two small gradients together outweigh the large one, although their sum is smaller.",
                "The learning rate shrinks like 1/√t there, and it does not help.",
                "The example fails with and without the correction.",
            ),
        ),
    ),
)
