"""Exercises of lesson 08: Adam."""

from __future__ import annotations

import math

import numpy as np

from optcourse import objectives, theory
from optcourse.exercises.ingredients import (
    Gradient,
    ModelGradient,
    SequenceGradient,
    random_bowl,
)
from optcourse.exercises.loops import loop_misconceptions
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz

# -- 08-adam-almost: RMSProp + Momentum, the lecture's lines ---------------------------------------------------------


def adam_almost(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        w -= learning_rate * moment1 / (np.sqrt(moment2) + eps)
    return w


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
    cases.append(Case((random_bowl(rng, 2), rng.normal(size=2), 0.1, 1, *betas(), 1e-7), label="one step"))
    cases.append(
        Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 0, *betas(), 1e-7), label="no step at all")
    )
    return cases


# Wrong Adams: one place of the loop is changed, all else is right.


def first_of(moment1, dw, beta1):
    return beta1 * moment1 + (1 - beta1) * dw


def second_of(moment2, dw, beta2, moment1):
    return beta2 * moment2 + (1 - beta2) * dw * dw


def not_corrected(moment1, moment2, beta1, beta2, t):
    return moment1, moment2


def corrected(moment1, moment2, beta1, beta2, t):
    return moment1 / (1 - beta1**t), moment2 / (1 - beta2**t)


def moved(w, learning_rate, m1, m2, eps, dw):
    return w - learning_rate * m1 / (np.sqrt(m2) + eps)


def loop_with(correct, first=first_of, second=second_of, move=moved, forget=False, store=False, start=0.0):
    """An Adam with some of its lines replaced.

    forget: new moments each round. store: corrected ones are kept. start: where the second moment begins.
    """

    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
        w = np.array(w, dtype=float)
        moment1, moment2 = np.zeros_like(w), np.full_like(w, start)
        for t in range(1, num_steps + 1):
            dw = compute_gradient(w)
            if forget:
                moment1, moment2 = np.zeros_like(w), np.zeros_like(w)
            moment1 = first(moment1, dw, beta1)
            moment2 = second(moment2, dw, beta2, moment1)
            m1, m2 = correct(moment1, moment2, beta1, beta2, t)
            if store:
                moment1, moment2 = m1, m2
            w = move(w, learning_rate, m1, m2, eps, dw)
        return w

    return wrong


def shares_one_array(correct):
    """`moment1 = moment2 = np.zeros_like(w)`, then changes in place: both names mean the same array."""

    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
        w = np.array(w, dtype=float)
        moment1 = moment2 = np.zeros_like(w)
        for t in range(1, num_steps + 1):
            dw = compute_gradient(w)
            moment1 *= beta1
            moment1 += (1 - beta1) * dw
            moment2 *= beta2
            moment2 += (1 - beta2) * dw * dw
            m1, m2 = correct(moment1, moment2, beta1, beta2, t)
            w -= learning_rate * m1 / (np.sqrt(m2) + eps)
        return w

    return wrong


def weights_crossed(correct, first_weight, second_weight):
    """The new gradient enters a moment with a weight that is made from the other beta."""

    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
        first = lambda m1, dw, b: b * m1 + first_weight(beta1, beta2) * dw  # noqa: E731
        second = lambda m2, dw, b, m1: b * m2 + second_weight(beta1, beta2) * dw * dw  # noqa: E731
        loop = loop_with(correct, first=first, second=second)
        return loop(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps)

    return wrong


def moment_misconceptions(right, correct) -> tuple[Misconception, ...]:
    """Mistakes in the two moments and in the update; they are the same with and without correction."""

    def with_lines(**lines):
        return loop_with(correct, **lines)

    return (
        Misconception(
            "state-reset",
            "The moments start from zero again in every round: make them once, before the loop.",
            with_lines(forget=True),
        ),
        Misconception(
            "root-missing",
            "You divide by `moment2` itself. It is a mean of squares, so it needs a square root.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1 / (m2 + eps)),
        ),
        Misconception(
            "eps-inside-the-root",
            "Your `eps` stands inside the root. Here it is added after the root; the two part when gradients are small.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1 / np.sqrt(m2 + eps)),
        ),
        Misconception(
            "eps-missing",
            "Your `eps` is not used: where every gradient was zero you divide zero by zero.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1 / np.sqrt(m2)),
        ),
        Misconception(
            "eps-added-to-the-parameters",
            "Your `eps` is subtracted from the parameters: without brackets, `a / b + eps` adds it after the division.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - (a * m1 / np.sqrt(m2) + eps)),
        ),
        Misconception(
            "divided-too-early",
            "Brackets are missing: you divide by the root alone and by nothing else, then multiply or add afterwards.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * (m1 / np.sqrt(m2) + eps)),
        ),
        Misconception(
            "divisor-missing",
            "Nothing is divided: this is momentum alone. The step lacks the root of `moment2`.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1),
        ),
        Misconception(
            "gradient-in-the-numerator",
            "You step along `dw`: this is RMSProp alone. Momentum's part, `moment1`, belongs above the line.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * dw / (np.sqrt(m2) + eps)),
        ),
        Misconception(
            "multiplies-by-the-root",
            "You multiply by the root of `moment2` where you must divide by it.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1 * (np.sqrt(m2) + eps)),
        ),
        Misconception(
            "first-moment-in-both",
            "Your second moment is made from `moment1`; it averages the squares of the gradients `dw`.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + (1 - b) * m1 * m1),
        ),
        Misconception(
            "square-missing",
            "Your second moment averages `dw`, not its square, so it can become negative.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + (1 - b) * dw),
        ),
        Misconception(
            "weight-squared-too",
            "In your second moment (1 − beta2) is squared along with the gradient: only `dw` is.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + ((1 - b) * dw) ** 2),
        ),
        Misconception(
            "sums-up-squares",
            "Your second moment only ever grows, as in AdaGrad: it must forget, by `beta2`.",
            with_lines(second=lambda m2, dw, b, m1: m2 + dw * dw),
        ),
        Misconception(
            "sums-over-entries",
            "Your second moment is one number for all entries: each entry of `w` has its own.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + (1 - b) * np.sum(dw * dw)),
        ),
        Misconception(
            "weight-of-moment1-forgotten",
            "The gradient goes into `moment1` with full weight: it is a mean, so the new gradient counts (1 − beta1).",
            with_lines(first=lambda m1, dw, b: b * m1 + dw),
        ),
        Misconception(
            "weight-of-moment2-forgotten",
            "The squared gradient goes into `moment2` with full weight: the new one counts (1 − beta2).",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + dw * dw),
        ),
        Misconception(
            "weights-of-moment1-swapped",
            "In `moment1` the weights are the wrong way round: the past keeps beta1, the new gradient gets (1 − beta1).",
            with_lines(first=lambda m1, dw, b: (1 - b) * m1 + b * dw),
        ),
        Misconception(
            "weights-of-moment2-swapped",
            "In `moment2` the weights are the wrong way round: the past keeps beta2, the new square gets (1 − beta2).",
            with_lines(second=lambda m2, dw, b, m1: (1 - b) * m2 + b * dw * dw),
        ),
        Misconception(
            "moment1-weighs-with-beta2",
            "In `moment1` the new gradient counts (1 − beta2); both weights of a mean come from the same beta, here `beta1`.",
            weights_crossed(correct, lambda b1, b2: 1 - b2, lambda b1, b2: 1 - b2),
        ),
        Misconception(
            "moment2-weighs-with-beta1",
            "In `moment2` the new square counts (1 − beta1); both weights of a mean come from the same beta, here `beta2`.",
            weights_crossed(correct, lambda b1, b2: 1 - b1, lambda b1, b2: 1 - b1),
        ),
        Misconception(
            "absolute-value",
            "Your second moment averages the size of `dw`, not its square: it is `dw * dw` whose mean has the root taken.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + (1 - b) * np.abs(dw)),
        ),
        Misconception(
            "mean-over-entries",
            "Your second moment takes the mean over the entries, so all of them share a divisor: each entry has its own.",
            with_lines(second=lambda m2, dw, b, m1: b * m2 + (1 - b) * np.mean(dw * dw)),
        ),
        Misconception(
            "norm-below-the-line",
            "You divide by the length of the whole `moment2`: take the root of each entry by itself, with `np.sqrt`.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * m1 / (np.linalg.norm(m2) + eps)),
        ),
        Misconception(
            "moment1-added-to-itself",
            "Your `moment1` keeps all of its past and adds the new mean to it (`+=`): the new mean replaces the old one.",
            with_lines(first=lambda m1, dw, b: m1 + b * m1 + (1 - b) * dw),
        ),
        Misconception(
            "moment2-starts-at-one",
            "Your second moment begins with ones: both moments begin with zeros.",
            with_lines(start=1.0),
        ),
        Misconception(
            "betas-swapped",
            "The two betas have changed places: `beta1` belongs to `moment1`, `beta2` to `moment2`.",
            swapped_betas(right),
        ),
        Misconception(
            "beta1-for-both",
            "Both moments use `beta1`: the second one has its own, `beta2`.",
            with_beta1_twice(right),
        ),
        Misconception(
            "moments-share-an-array",
            "Both moments are the same array: `moment1 = moment2 = …` gives one array two names. Make two.",
            shares_one_array(correct),
        ),
        Misconception(
            "only-the-sign",
            "Every entry moves by exactly the learning rate: you step by the sign of the moment.",
            with_lines(move=lambda w, a, m1, m2, eps, dw: w - a * np.sign(m1)),
        ),
    )


def swapped_betas(algorithm):
    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, *more):
        return algorithm(compute_gradient, w, learning_rate, num_steps, beta2, beta1, eps, *more)

    return wrong


def with_beta1_twice(algorithm):
    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, *more):
        return algorithm(compute_gradient, w, learning_rate, num_steps, beta1, beta1, eps, *more)

    return wrong


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
    misconceptions=(
        *loop_misconceptions(adam_almost),
        *moment_misconceptions(adam_almost, not_corrected),
        Misconception(
            "corrected-already",
            "This is the whole Adam, with its correction. Here the moments are used as they are; the correction comes next.",
            loop_with(corrected),
        ),
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


def first_step(dw, learning_rate, eps):
    dw = np.asarray(dw, dtype=float)
    return -learning_rate * dw / (np.abs(dw) + eps)


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
    misconceptions=(
        Misconception(
            "uphill",
            "Your step has the gradient's sign: it goes uphill. What is *added* to `w` points the other way.",
            lambda dw, learning_rate, eps: learning_rate * dw / (np.abs(dw) + eps),
        ),
        Misconception(
            "plain-gradient",
            "You step in proportion to the gradient. Adam divides by the gradient's own size, so at first only its sign is left.",
            lambda dw, learning_rate, eps: -learning_rate * dw,
        ),
        Misconception(
            "sign-alone",
            "You use the sign alone. Close, but where `eps` is not tiny against `dw` the step is shorter.",
            lambda dw, learning_rate, eps: -learning_rate * np.sign(dw),
        ),
        Misconception(
            "not-corrected",
            "This is the first step without the correction: (1 − beta1)/√(1 − beta2) times too long.",
            lambda dw, learning_rate, eps: -learning_rate * 0.1 * dw / (np.sqrt(0.001 * dw * dw) + eps),
        ),
        Misconception(
            "learning-rate-missing",
            "Your step does not depend on the learning rate: multiply by `learning_rate`.",
            lambda dw, learning_rate, eps: -dw / (np.abs(dw) + eps),
        ),
        Misconception(
            "length-of-the-whole",
            "You divide by the length of the whole gradient: each entry is divided by its own size.",
            lambda dw, learning_rate, eps: -learning_rate * dw / (np.linalg.norm(dw) + eps),
        ),
        Misconception(
            "sign-lost",
            "All your steps go the same way, whatever the sign of the gradient: above the line stands `dw`, sign and all.",
            lambda dw, learning_rate, eps: -learning_rate * np.abs(dw) / (np.abs(dw) + eps),
        ),
        Misconception(
            "size-missing",
            "You divide by `dw`, sign and all, so every entry moves the same way: the root of a square is |dw|.",
            lambda dw, learning_rate, eps: -learning_rate * dw / (dw + eps),
        ),
        Misconception(
            "root-missing",
            "You divide by the square of `dw`: the root is missing.",
            lambda dw, learning_rate, eps: -learning_rate * dw / (dw * dw + eps),
        ),
        Misconception(
            "eps-inside",
            "Your `eps` stands inside the root; here it is added after the root.",
            lambda dw, learning_rate, eps: -learning_rate * dw / np.sqrt(dw * dw + eps),
        ),
        Misconception(
            "eps-missing",
            "Where the gradient is zero you divide zero by zero: `eps` belongs below the line.",
            lambda dw, learning_rate, eps: -learning_rate * dw / np.abs(dw),
        ),
    ),
    hints=(
        "Put t = 1 and moments of zero into the formulas. What are `moment1` and `moment2` after one gradient?",
        "`moment1 / (1 - beta1**1)` is `dw` itself, and `moment2 / (1 - beta2**1)` is `dw * dw`. What is its root?",
        "The root of `dw * dw` is `np.abs(dw)`. So: minus `learning_rate` times `dw`, over `np.abs(dw) + eps`.",
    ),
)


# -- 08-uncorrected-peak ---------------------------------------------------------------------------------------------


def uncorrected_peak(beta1, beta2):
    t = np.arange(1, 20_000)
    ratio = (1 - beta1**t) / np.sqrt(1 - beta2**t)
    return int(t[ratio.argmax()]), float(ratio.max())


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


def peak_of(ratio, steps=range(1, 20_000), answer=lambda t, r: (t, r)):
    """A wrong answer that differs in the ratio, in the steps that are tried, or in what is returned."""

    def wrong(beta1, beta2):
        t = np.array(steps)
        values = np.asarray(ratio(t, beta1, beta2), dtype=float)
        best = int(values.argmax())
        return answer(int(t[best]), float(values[best]))

    return wrong


def step_ratio(t, beta1, beta2):
    return (1 - beta1**t) / np.sqrt(1 - beta2**t)


def first_ratio_only(beta1, beta2):
    return 1, float(step_ratio(1, beta1, beta2))


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
    misconceptions=(
        Misconception(
            "counts-from-zero",
            "Your t is one too small: an index into an array begins at 0, steps begin at 1.",
            peak_of(step_ratio, answer=lambda t, r: (t - 1, r)),
        ),
        Misconception(
            "one-step-too-late",
            "Your t is one too large: the entry at place 0 already belongs to step 1.",
            peak_of(step_ratio, answer=lambda t, r: (t + 1, r)),
        ),
        Misconception(
            "root-missing",
            "The root over 1 − beta2^t is missing in your ratio.",
            peak_of(lambda t, b1, b2: (1 - b1**t) / (1 - b2**t)),
        ),
        Misconception(
            "upside-down",
            "Your ratio is upside down: steps with the correction over steps without.",
            peak_of(lambda t, b1, b2: 1 / step_ratio(t, b1, b2)),
        ),
        Misconception(
            "first-step-only",
            "That is the ratio at the first step. It can still grow after that: look at the steps that follow.",
            first_ratio_only,
        ),
        Misconception(
            "too-few-steps",
            "You look at too few steps: with long memories the peak comes later.",
            peak_of(step_ratio, steps=range(1, 11)),
        ),
        Misconception(
            "betas-swapped",
            "The betas have changed places in your ratio: `beta1` is above the line.",
            peak_of(lambda t, b1, b2: (1 - b2**t) / np.sqrt(1 - b1**t)),
            same_as=("divides-by-zero",),
        ),
        Misconception(
            "answers-swapped",
            "Your two answers are the wrong way round: the step `t` first, then the ratio.",
            peak_of(step_ratio, answer=lambda t, r: (r, t)),
        ),
        Misconception(
            "ratio-alone-squared",
            "Your largest ratio is squared.",
            peak_of(lambda t, b1, b2: step_ratio(t, b1, b2) ** 2),
        ),
        Misconception(
            "second-moment-alone",
            "You leave out 1 − beta1^t: the first moment has not filled yet either.",
            peak_of(lambda t, b1, b2: 1 / np.sqrt(1 - b2**t)),
        ),
    ),
    hints=(
        "No formula is needed: compute the ratio for many steps and look for the largest.",
        "`t = np.arange(1, 20_000)` are the steps. NumPy computes all ratios in one line.",
        "`ratio.argmax()` is the place of the largest one, counted from 0; `t[ratio.argmax()]` is its step.",
    ),
)


# -- 08-adam ---------------------------------------------------------------------------------------------------------


def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w


def correct_with(factor1, factor2):
    """A correction made of two factors, each a function of (beta, t)."""
    return lambda m1, m2, b1, b2, t: (m1 * factor1(b1, t), m2 * factor2(b2, t))


def right_factor(beta, t):
    return 1 / (1 - beta**t)


def multiplied(beta, t):
    return 1 - beta**t


def same_factor(change):
    """Both moments corrected by the right factor at another t."""

    def factor(beta, t):
        with np.errstate(all="ignore"):
            return 1 / np.float64(1 - beta ** change(t))

    return correct_with(factor, factor)


def eps_before_the_correction(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1, moment2 = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        rate = learning_rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        w -= rate * moment1 / (np.sqrt(moment2) + eps)
    return w


ADAM_MISTAKES = (
    Misconception(
        "correction-missing",
        "The correction is missing: this is almost-Adam. Divide each moment by 1 − beta^t.",
        loop_with(not_corrected),
    ),
    Misconception(
        "correction-multiplied",
        "You multiply by 1 − beta^t where you must divide: the moments are too small at first, and must be made larger.",
        loop_with(correct_with(multiplied, multiplied)),
    ),
    Misconception(
        "t-never-increments",
        "Your `t` stays at 1 (or the power is missing), so the moments are corrected as if every step were the first.",
        loop_with(same_factor(lambda t: 1)),
    ),
    Misconception(
        "t-starts-at-zero",
        "Your `t` is 0 in the first round, so 1 − beta^t is 0 and you divide by it: the first step has t = 1.",
        loop_with(same_factor(lambda t: t - 1)),
    ),
    Misconception(
        "t-one-ahead",
        "Your `t` is one too large: in the first round it must be 1. Is it counted up twice, or from 2?",
        loop_with(same_factor(lambda t: t + 1)),
    ),
    Misconception(
        "corrected-moments-kept",
        "The corrected moments are carried into the next round and corrected again. Give them names of their own.",
        loop_with(corrected, store=True),
    ),
    Misconception(
        "only-moment1-corrected",
        "Only `moment1` is corrected; `moment2` starts at zero too.",
        loop_with(correct_with(right_factor, lambda b, t: 1.0)),
    ),
    Misconception(
        "only-moment2-corrected",
        "Only `moment2` is corrected; `moment1` starts at zero too.",
        loop_with(correct_with(lambda b, t: 1.0, right_factor)),
    ),
    Misconception(
        "beta-times-t",
        "You multiply beta by `t`; it is a power, `beta**t`.",
        loop_with(correct_with(lambda b, t: 1 / (1 - b * t), lambda b, t: 1 / (1 - b * t))),
    ),
    Misconception(
        "corrections-swapped",
        "The corrections have changed places: `moment1` goes with `beta1`, `moment2` with `beta2`.",
        loop_with(lambda m1, m2, b1, b2, t: (m1 / (1 - b2**t), m2 / (1 - b1**t))),
    ),
    Misconception(
        "divided-by-the-power",
        "You divide by beta^t itself; it is 1 − beta^t.",
        loop_with(correct_with(lambda b, t: 1 / b**t, lambda b, t: 1 / b**t)),
    ),
    Misconception(
        "root-before-the-correction",
        "You take the root before the correction: divide `moment2` by 1 − beta2^t first, then take the root.",
        loop_with(lambda m1, m2, b1, b2, t: (m1 / (1 - b1**t), m2 / (1 - b2**t) ** 2)),
    ),
    Misconception(
        "brackets-missing-in-the-correction",
        "Brackets are missing in your correction: `moment1 / 1 - beta1**t` divides by 1. Write `moment1 / (1 - beta1**t)`.",
        loop_with(lambda m1, m2, b1, b2, t: (m1 / 1 - b1**t, m2 / 1 - b2**t)),
    ),
    Misconception(
        "power-of-the-bracket",
        "You raise the whole bracket to the power, (1 − beta)^t; it is 1 minus beta^t.",
        loop_with(correct_with(lambda b, t: 1 / (1 - b) ** t, lambda b, t: 1 / (1 - b) ** t)),
    ),
    Misconception(
        "beta1-in-both-corrections",
        "Both corrections use `beta1`; `moment2` leaks with `beta2` and is corrected with it.",
        loop_with(lambda m1, m2, b1, b2, t: (m1 / (1 - b1**t), m2 / (1 - b1**t))),
    ),
    Misconception(
        "root-in-the-correction",
        "`moment2` is divided by the root of 1 − beta2^t. Divide it by 1 − beta2^t itself; the root comes once, later.",
        loop_with(lambda m1, m2, b1, b2, t: (m1 / (1 - b1**t), m2 / np.sqrt(1 - b2**t))),
    ),
    Misconception(
        "largest-moment2",
        "Your second moment never shrinks: that is AMSGrad. Adam's forgets.",
        loop_with(corrected, second=lambda m2, dw, b, m1: np.maximum(m2, b * m2 + (1 - b) * dw * dw)),
    ),
    Misconception(
        "eps-before-the-correction",
        "Your `eps` is added before the correction, as in the paper's shortened form. Here it comes after it, so that it "
        "is compared with the corrected root.",
        eps_before_the_correction,
    ),
)

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
    misconceptions=(*loop_misconceptions(adam), *moment_misconceptions(adam, corrected), *ADAM_MISTAKES),
    hints=(
        "Start from your almost-Adam. What has to be counted, and from which number on?",
        "`for t in range(1, num_steps + 1)` counts the steps. Make two new arrays in each round, and leave `moment1` and "
        "`moment2` themselves as they are: the next round needs them uncorrected.",
        "`unbiased1 = moment1 / (1 - beta1**t)`, the same for the second with `beta2`. In the update use these two in "
        "place of the moments.",
    ),
)


# -- 08-adamw --------------------------------------------------------------------------------------------------------


def adamw(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, weight_decay):
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        w -= learning_rate * weight_decay * w
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    """Adam's cases with a weight decay each, and one with none."""
    cases = []
    for k, case in enumerate(adam_cases(rng)):
        decay = 0.0 if k == 1 else round(rng.uniform(0.05, 0.6), 3)
        cases.append(Case((*case.args, decay), label=case.label))
    return cases


def decay_with(before=None, after=None, gradient=None, correct=corrected, move=moved, look_first=True):
    """An AdamW with its decay in another place: before(w, a, d, start), after(...), gradient(dw, w, d)."""

    def wrong(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, weight_decay):
        w = np.array(w, dtype=float)
        start = w.copy()
        moment1, moment2 = np.zeros_like(w), np.zeros_like(w)
        for t in range(1, num_steps + 1):
            dw = compute_gradient(w) if look_first else None
            old = w
            if before:
                w = before(w, learning_rate, weight_decay, start)
            if dw is None:
                dw = compute_gradient(w)
            if gradient:
                dw = gradient(dw, old, weight_decay)
            moment1 = first_of(moment1, dw, beta1)
            moment2 = second_of(moment2, dw, beta2, moment1)
            m1, m2 = correct(moment1, moment2, beta1, beta2, t)
            w = move(w, learning_rate, m1, m2, eps, (old, weight_decay))
            if after:
                w = after(w, learning_rate, weight_decay, start)
        return w

    return wrong


def decayed(w, a, d, start):
    return w - a * d * w


ADAMW_MISTAKES = (
    Misconception(
        "l2-in-the-gradient",
        "You add the decay to the gradient. There it passes through both moments and is divided away; it must act on `w` "
        "directly.",
        decay_with(gradient=lambda dw, w, d: dw + d * w),
    ),
    Misconception(
        "l2-and-decay",
        "The weights decay twice: directly and through the gradient. Only the direct decay belongs here.",
        decay_with(before=decayed, gradient=lambda dw, w, d: dw + d * w),
    ),
    Misconception(
        "decay-divided-too",
        "Your decay stands above the line and is divided by the root of the second moment. It stays outside the division.",
        decay_with(move=lambda w, a, m1, m2, eps, old: w - a * (m1 + old[1] * old[0]) / (np.sqrt(m2) + eps)),
    ),
    Misconception(
        "decay-without-learning-rate",
        "Your decay lacks the learning rate: `w` shrinks by `learning_rate * weight_decay` of itself.",
        decay_with(before=lambda w, a, d, start: w - d * w),
    ),
    Misconception(
        "decay-with-learning-rate-twice",
        "The learning rate is in your decay twice.",
        decay_with(before=lambda w, a, d, start: w - a * a * d * w),
    ),
    Misconception(
        "decay-missing",
        "`w` does not decay at all: this is Adam.",
        decay_with(),
    ),
    Misconception(
        "decay-after-the-step",
        "Your decay comes after the step, so it also shrinks what the step has added. Here it comes before.",
        decay_with(after=decayed),
    ),
    Misconception(
        "decay-grows",
        "Your `w` grows: the decay has the wrong sign.",
        decay_with(before=lambda w, a, d, start: w + a * d * w),
    ),
    Misconception(
        "decay-of-the-start",
        "Your decay is always that of the first `w`: it must follow `w` as it moves.",
        decay_with(before=lambda w, a, d, start: w - a * d * start),
    ),
    Misconception(
        "decay-by-sign",
        "Your decay takes the same amount from every weight. It takes a share: in proportion to `w`.",
        decay_with(before=lambda w, a, d, start: w - a * d * np.sign(w)),
    ),
    Misconception(
        "decay-doubled",
        "Your decay is twice as strong: no factor 2 belongs to it.",
        decay_with(before=lambda w, a, d, start: w - 2 * a * d * w),
    ),
    Misconception(
        "decay-halved",
        "Your decay is half as strong: the factor ½ of the loss is gone once you take its slope.",
        decay_with(before=lambda w, a, d, start: w - 0.5 * a * d * w),
    ),
    Misconception(
        "decay-not-of-w",
        "You take `learning_rate * weight_decay` itself away from every weight: it is that share *of* `w`, so times `w`.",
        decay_with(before=lambda w, a, d, start: w - a * d),
    ),
    Misconception(
        "decay-before-and-after",
        "Your weights decay before and after the step: once a round is enough, before.",
        decay_with(before=decayed, after=decayed),
    ),
    Misconception(
        "eps-added-to-the-parameters",
        "The decay is right, but `eps` is added after the division: brackets are missing below the line.",
        decay_with(before=decayed, move=lambda w, a, m1, m2, eps, old: w - (a * m1 / np.sqrt(m2) + eps)),
    ),
    Misconception(
        "decay-keeps-only-its-share",
        "`w` is multiplied by `learning_rate * weight_decay`; it must be multiplied by 1 minus that.",
        decay_with(before=lambda w, a, d, start: a * d * w),
    ),
    Misconception(
        "gradient-after-the-decay",
        "You compute the gradient after the decay, at a `w` that has shrunk already: ask for it first.",
        decay_with(before=decayed, look_first=False),
    ),
    Misconception(
        "correction-missing",
        "The decay is right, but the bias correction is missing.",
        decay_with(before=decayed, correct=not_corrected),
    ),
    Misconception(
        "t-never-increments",
        "The decay is right, but `t` stays at 1: every step is corrected as if it were the first.",
        decay_with(before=decayed, correct=same_factor(lambda t: 1)),
    ),
    Misconception(
        "correction-multiplied",
        "The decay is right, but you multiply by 1 − beta^t where you must divide.",
        decay_with(before=decayed, correct=correct_with(multiplied, multiplied)),
    ),
    Misconception(
        "root-missing",
        "The decay is right, but the root of the second moment is missing.",
        decay_with(before=decayed, move=lambda w, a, m1, m2, eps, old: w - a * m1 / (m2 + eps)),
    ),
    Misconception(
        "eps-inside-the-root",
        "The decay is right, but `eps` stands inside the root.",
        decay_with(before=decayed, move=lambda w, a, m1, m2, eps, old: w - a * m1 / np.sqrt(m2 + eps)),
    ),
    Misconception("betas-swapped", "The two betas have changed places.", swapped_betas(adamw)),
)

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
    misconceptions=(*loop_misconceptions(adamw), *ADAMW_MISTAKES),
    hints=(
        "Start from your Adam. One line is new. It changes `w` and nothing else.",
        "The new line multiplies `w` by `1 - learning_rate * weight_decay`. It stands after the gradient and before "
        "Adam's own update.",
        "`w -= learning_rate * weight_decay * w`, directly below `dw = compute_gradient(w)`.",
    ),
)


# -- 08-reddi: a sequence of gradients on which Adam fails -----------------------------------------------------------


def reddi_walk(w, learning_rate, num_steps, C, keep_largest):
    beta2 = 1 / (1 + C * C)
    moment2 = largest = 0.0
    for t in range(1, num_steps + 1):
        dw = C if t % 3 == 1 else -1.0
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        largest = max(largest, moment2)
        divisor = math.sqrt(largest if keep_largest else moment2)
        w = w - learning_rate / math.sqrt(t) * dw / divisor
        w = min(max(w, -1.0), 1.0)
    return w


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


def reddi_with(gradient=None, beta2=None, rate=None, divide=math.sqrt, clip=(-1.0, 1.0), keep=None, sign=-1.0,
               largest_of="moment2", turns=0):  # fmt: skip
    """A wrong walk: one of its lines is another."""

    def wrong(w, learning_rate, num_steps, C, keep_largest):
        b = beta2(C) if beta2 else 1 / (1 + C * C)
        keeps = keep_largest if keep is None else keep
        moment2 = largest = 0.0
        for t in range(1, num_steps + 1):
            dw = gradient(t, C) if gradient else (C if t % 3 == 1 else -1.0)
            moment2 = b * moment2 + (1 - b) * dw * dw
            largest = max(largest, moment2 if largest_of == "moment2" else dw * dw)
            a = rate(learning_rate, t) if rate else learning_rate / math.sqrt(t)
            w = w + sign * a * dw / divide(largest if keeps else moment2)
            w = min(max(w, clip[0]), clip[1])
        return w

    return wrong


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
    misconceptions=(
        Misconception(
            "sequence-from-zero",
            "Your gradients come one step late: count t from 1, so that the first gradient is C.",
            reddi_with(gradient=lambda t, C: C if (t - 1) % 3 == 1 else -1.0),
        ),
        Misconception(
            "always-C",
            "Your gradient is always C: two of three steps have −1.",
            reddi_with(gradient=lambda t, C: C),
        ),
        Misconception(
            "plus-one",
            "Your small gradients are +1; they are −1.",
            reddi_with(gradient=lambda t, C: C if t % 3 == 1 else 1.0),
        ),
        Misconception(
            "learning-rate-constant",
            "Your learning rate stays the same: it is divided by √t.",
            reddi_with(rate=lambda a, t: a),
        ),
        Misconception(
            "learning-rate-over-t",
            "Your learning rate is divided by t; it is divided by the root of t.",
            reddi_with(rate=lambda a, t: a / t),
        ),
        Misconception(
            "not-cut-back",
            "Your `w` leaves [−1, 1]: cut it back after each step.",
            reddi_with(clip=(-math.inf, math.inf)),
        ),
        Misconception(
            "cut-above-only",
            "Your `w` goes below −1: it is cut back at both ends of [−1, 1], after each step.",
            reddi_with(clip=(-math.inf, 1.0)),
        ),
        Misconception(
            "one-step-too-few",
            "Your walk takes one step too few: t runs from 1 to `num_steps`, the last one included.",
            lambda w, learning_rate, num_steps, C, keep_largest: reddi_walk(
                w, learning_rate, num_steps - 1, C, keep_largest
            ),
        ),
        Misconception(
            "large-gradient-last",
            "Your large gradient C comes third in each round: it comes first, when `t % 3 == 1`.",
            reddi_with(gradient=lambda t, C: C if t % 3 == 0 else -1.0),
        ),
        Misconception(
            "cut-at-zero", "You cut `w` back to [0, 1]; it may go down to −1.", reddi_with(clip=(0.0, 1.0))
        ),
        Misconception(
            "root-missing",
            "You divide by `moment2` itself: its root is missing.",
            reddi_with(divide=lambda v: v),
        ),
        Misconception(
            "beta2-without-square",
            "Your beta2 is 1/(1 + C); the C is squared.",
            reddi_with(beta2=lambda C: 1 / (1 + C)),
        ),
        Misconception(
            "beta2-the-other-way",
            "Your beta2 is C²/(1 + C²): past and present have changed weights.",
            reddi_with(beta2=lambda C: C * C / (1 + C * C)),
        ),
        Misconception(
            "never-keeps", "`keep_largest` makes no difference in your walk.", reddi_with(keep=False)
        ),
        Misconception(
            "always-keeps",
            "You keep the largest `moment2` even when `keep_largest` is False.",
            reddi_with(keep=True),
        ),
        Misconception(
            "largest-square",
            "You keep the largest squared gradient; it is the largest `moment2` that counts.",
            reddi_with(largest_of="square"),
        ),
        Misconception("uphill", "Your walk goes uphill: subtract the step.", reddi_with(sign=1.0)),
    ),
    hints=(
        "One loop over t from 1 on. In it: the gradient of step t, `moment2`, the divisor, the step, the border.",
        "`dw = C if t % 3 == 1 else -1.0`. For `keep_largest` carry one more number along: the largest `moment2` so far.",
        "`w = w - learning_rate / math.sqrt(t) * dw / math.sqrt(divisor)`, then `w = min(max(w, -1.0), 1.0)`, where "
        "`divisor` is `moment2` or the largest one.",
    ),
)


# -- 08-find-the-error: five texts from print, each with one wrong line ----------------------------------------------

WRONG_LINES = {"line_a": 8, "line_b": 6, "line_c": 5, "line_d": 4, "line_e": 2}


def find_the_error():
    """The numbers of the wrong lines in the lesson's texts A to E; the tests repair and run them."""
    return tuple(WRONG_LINES.values())


def said(text: str, line: int):
    """An answer that names `line` for one text, and is right for the others."""
    return lambda: tuple(line if name == f"line_{text}" else None for name in WRONG_LINES)


# Lines that are often suspected: the misconception that each shows.
RIGHT_AS_IT_STANDS = {
    ("line_a", 1): "a-counter-start",
    ("line_a", 4): "a-moments",
    ("line_a", 6): "a-correction",
    ("line_a", 7): "a-update",
    ("line_b", 5): "b-corrections",
    ("line_b", 3): "b-moments",
    ("line_c", 4): "c-moments",
    ("line_c", 6): "c-update",
    ("line_d", 2): "d-too-small",
    ("line_d", 3): "d-slower",
    ("line_d", 1): "d-first",
    ("line_e", 8): "e-root",
    ("line_e", 1): "e-first-moment",
}


NUM_LINES = {"line_a": 8, "line_b": 6, "line_c": 6, "line_d": 4, "line_e": 8}


def verify_lines(case, outcome) -> str | None:
    """What to say of the first answer that is wrong, without naming the right line."""
    for (name, right), answer in zip(WRONG_LINES.items(), outcome.result, strict=True):
        several = isinstance(answer, np.ndarray) and answer.ndim > 0
        if several or answer not in range(1, NUM_LINES[name] + 1):
            return f"`{name}` should be the number of a line: a whole number from 1 to {NUM_LINES[name]}."
        if answer != right:
            text = name[-1].upper()
            other = f"Text {text}: line {int(answer)} is fine as it stands. Go through the first two rounds with a pencil."
            return RIGHT_AS_IT_STANDS.get((name, int(answer)), other)
    return None


FIND_THE_ERROR = Exercise(
    id="08-find-the-error",
    title="Find the error",
    statement=(
        "Five texts, A to E, each with one wrong line. Give the number of the wrong line of each: `line_a` to `line_e`."
    ),
    points=2,
    answers=tuple(WRONG_LINES),
    reference=find_the_error,
    kind="value",
    verify=verify_lines,
    misconceptions=(
        Misconception(
            "a-counter-start",
            "Text A: `t = 1` before the loop is a fine start. Follow `t` from there: what is it in round 2?",
            said("a", 1),
        ),
        Misconception(
            "a-moments",
            "Text A: the two moments are as in the lecture. Look at what comes after them.",
            said("a", 4),
        ),
        Misconception(
            "a-correction",
            "Text A: the correction is right, as long as `t` is the number of the step. Is it, in round 2?",
            said("a", 6),
        ),
        Misconception(
            "a-update",
            "Text A: the update itself is right; one of the numbers that go into it is not.",
            said("a", 7),
        ),
        Misconception(
            "b-corrections",
            "Text B: both corrections divide, as they should. Which operation is done last in the line below?",
            said("b", 5),
        ),
        Misconception("b-moments", "Text B: the moments are right. Look for brackets.", said("b", 3)),
        Misconception(
            "c-moments",
            "Text C: the moments are right. Are they too small or too large at first, and does this correction help?",
            said("c", 4),
        ),
        Misconception("c-update", "Text C: the update is right, if what goes into it is.", said("c", 6)),
        Misconception(
            "d-too-small",
            "Text D: sentence 2 is true; both moments are too small at first. Is the step then too small as well?",
            said("d", 2),
        ),
        Misconception(
            "d-slower",
            "Text D: sentence 3 is true: beta2 is closer to 1, so `moment2` fills more slowly. What does a small divisor do?",
            said("d", 3),
        ),
        Misconception("d-first", "Text D: sentence 1 is the lecture's own initialisation.", said("d", 1)),
        Misconception(
            "e-root",
            "Text E: the root is right where what stands below it is never negative. Can it be, here?",
            said("e", 8),
        ),
        Misconception(
            "e-first-moment",
            "Text E: a first moment may be of either sign; it starts at zeros here. Look at the other one.",
            said("e", 1),
        ),
    ),
    hints=(
        "Go through the first two rounds of each loop with a pencil. Which numbers are in `t`, in the moments, in the step?",
        "A: does everything change that should? B: count the brackets. C: by how much do the corrections change a moment "
        "at t = 1? D: what is 0.1 over √0.001? E: which numbers have a square root?",
        "A: the correction uses a `t` that nobody counts up. B: the last line of its loop adds after dividing. C: its correction "
        "goes the wrong way. D: the conclusion. E: where `moment2` begins.",
    ),
)


EXERCISES = (ADAM_ALMOST, FIRST_STEP, UNCORRECTED_PEAK, ADAM, FIND_THE_ERROR, ADAMW, REDDI)


# -- predictions -----------------------------------------------------------------------------------------------------


def early_steps() -> int:
    """Which choice: the first uncorrected steps are longer than the corrected ones."""
    return 2 if theory.uncorrected_ratio(1) > 1 else 0


def frozen_t() -> float:
    """Long steps of an Adam whose t stays at 1, over the right ones, under a constant gradient."""
    end = adam_with_frozen_t(lambda w: np.ones(1), np.zeros(1), 1.0, 20_000, 0.9, 0.999, 0.0)
    before = adam_with_frozen_t(lambda w: np.ones(1), np.zeros(1), 1.0, 19_999, 0.9, 0.999, 0.0)
    return float(before[0] - end[0])


adam_with_frozen_t = loop_with(same_factor(lambda t: 1))

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
