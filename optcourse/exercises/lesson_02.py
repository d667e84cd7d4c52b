"""Exercises of lesson 02: the analytic gradient and the gradient check."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.linalg import norm  # noqa: F401 (mistakes use it)

from optcourse import data, models
from optcourse.exercises.answers.lesson_02 import (
    check_gradient,
    relu_backward,
    softmax_gradient,
    two_layer_backward,
)
from optcourse.exercises.ingredients import Formula, QuadraticGradient, QuadraticValue
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz

# -- 02-softmax-gradient ---------------------------------------------------------------------------


def softmax_cases(rng: np.random.Generator) -> list[Case]:
    """Several sizes, and the corners: one example, whole numbers, scores that overflow, rows far apart."""
    cases = []
    for num_examples, num_classes in ((4, 3), (7, 10), (6, 2)):
        y = rng.integers(num_classes, size=num_examples)
        cases.append(
            Case((rng.normal(size=(num_examples, num_classes)), y), label=f"{num_examples} examples")
        )
    cases.append(Case((rng.normal(size=(1, 5)), rng.integers(5, size=1)), label="one example"))
    cases.append(
        Case((rng.integers(-4, 5, size=(5, 4)), rng.integers(4, size=5)), label="whole-number scores")
    )
    large = 2000 + 3 * rng.normal(size=(3, 4))
    cases.append(Case((large, rng.integers(4, size=3)), label="scores near 2000"))
    apart = rng.normal(size=(3, 4)) + np.array([[2000.0], [0.0], [-2000.0]])
    cases.append(Case((apart, rng.integers(4, size=3)), label="rows of very different sizes"))
    wide = np.array([[2000.0, 0, 0], [0, 0, 2000], [0, 2000, 0]])
    cases.append(Case((wide, np.array([1, 0, 1])), label="rows from 0 to 2000"))
    return cases


def _probabilities(scores, axis=1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


SOFTMAX_GRADIENT = Exercise(
    id="02-softmax-gradient",
    title="The gradient of softmax and cross-entropy",
    statement=(
        "Write `softmax_gradient(scores, y)`: the gradient of the mean cross-entropy by the scores. "
        "`scores` has "
        "the shape (examples, classes), `y` holds the number of the right class of each example. Entry "
        "i, c of the "
        "result is (p[i, c] − 1 if c is y[i] else p[i, c]) / N: p is softmax of the scores, N the "
        "number of examples. "
        "Scores may be as large as 2000, and whole numbers; they must be the same after the call."
    ),
    points=2,
    answers=("softmax_gradient",),
    reference=softmax_gradient,
    cases=softmax_cases,
    misconceptions=mistakes(
        softmax_gradient,
        """
        not-divided: / len(y) =>
            Every entry is N times too large: the loss is a mean over N examples, so its gradient is divided by N too.
        divided-by-all-entries: / len(y) => / scores.size
            You divide by the number of entries of `scores`; the loss is a mean over the examples only.
        divided-by-classes: / len(y) => / scores.shape[1]
            You divide by the number of classes; the loss is a mean over the examples, and there are `len(y)` of them.
        divided-by-the-root: / len(y) => / np.sqrt(len(y))
            You divide by the root of the number of examples; the loss is their mean, so divide by the number itself.
        minus-one-forgotten: p[np.arange(len(y)), y] -= 1 => pass
            These are the probabilities, divided by N: at the right class of each example, 1 is still to be taken away.
        probabilities: p[np.arange(len(y)), y] -= 1 => return p
            These are the probabilities. At the right class of each example 1 is still to be taken away, and all is divided by
            N.
        plus-one: -= 1 => += 1
            You add 1 at the right class; its probability minus 1 is what belongs there.
        set-to-minus-one: -= 1 => = -1
            At the right class stands −1 over N: take 1 away from the probability there, `-=`, in place of setting it.
        set-to-zero: -= 1 => = 0
            At the right class your entry is 0; the probability minus 1 belongs there.
        one-minus-probability: p[np.arange(len(y)), y] -= 1 => p[np.arange(len(y)), y] = 1 - p[np.arange(len(y)), y]
            At the right class the sign is the wrong way round: p − 1 belongs there, not 1 − p.
        sign-flipped: return => return -
            The sign is the wrong way round: a larger score of the right class makes the loss smaller, so its entry is negative.
        minus-one-after-division: p[np.arange(len(y)), y] -= 1 => p[np.arange(len(y)), y] -= len(y)
            The 1 is not divided by N: take it away before you divide, or take 1/N away.
        minus-one-before-the-sum: p /= … => p[np.arange(len(y)), y] -= 1; p /= …
                             and: p[np.arange(len(y)), y] -= 1 => pass
            You take the 1 away before the row is divided by its sum: first the probabilities, then the 1.
        softmax-of-columns: scores.max(axis=1, keepdims=True) => scores.max(axis=0, keepdims=True)
                       and: p.sum(axis=1, keepdims=True) => p.sum(axis=0, keepdims=True)
            The probabilities sum to 1 down the columns; they must sum to 1 for each example, along its row: look at `axis`.
        sums-of-columns: p.sum(axis=1, keepdims=True) => p.sum(axis=0, keepdims=True)
            You divide by the sums of the columns; the probabilities of each example must sum to 1: sum along its row, `axis=1`.
        maximum-of-columns: scores.max(axis=1, keepdims=True) => scores.max(axis=0, keepdims=True)
            You take the largest score of each column away. The same number must go off all scores of an example, so it is the
            largest of its row.
        not-normalised: p /= … => pass
            Your exponentials are not divided by the sum of their row, so they are no probabilities.
        overflows: scores - … => scores
            Right for small scores, but exp of a large score is infinite: subtract the largest score of each row first.
        clips-the-scores: scores - … => np.clip(scores, -500, 500)
            You cut large scores off, which changes their differences. Subtract the largest score of each row.
        one-maximum-for-all: scores.max(axis=1, keepdims=True) => scores.max()
            You subtract the largest score of all; in a row far below it every exp is 0, and 0/0 is no number. Use each row's
            own.
        not-the-largest: scores.max( => scores.mean(
            Right where the scores of a row are alike. Where one lies far above the others exp is still infinite: what you take
            off a row must be its largest score.
        minus-the-first: scores.max(axis=1, keepdims=True) => scores[:, :1]
            You subtract the first score of each row. Where another one is much larger, exp is infinite: subtract the largest.
        minus-the-last: scores.max(axis=1, keepdims=True) => scores[:, -1:]
            You subtract the last score of each row. Where another one is much larger, exp is infinite: subtract the largest.
        minus-the-right-score: scores.max(axis=1, keepdims=True) => scores[np.arange(len(y)), y][:, None]
            You subtract the score of the right class. Where another one is much larger, exp is infinite: subtract the largest.
        divided-by-the-maximum: scores - scores.max => scores / scores.max
            You divide the scores by the largest one, which changes their differences: subtract it.
        changes-the-scores: shifted = scores - … => scores -= scores.max(axis=1, keepdims=True); shifted = scores
            The numbers are right, but the caller's `scores` are changed: `-=` writes into the array that you were given.
        whole-numbers: p = np.exp(shifted) => p = np.zeros_like(scores); p[:] = np.exp(shifted)
            `np.zeros_like(scores)` of whole-number scores holds whole numbers, and so no probabilities: ask for `dtype=float`.
        whole-columns: p[np.arange(len(y)), y] => p[:, y]
            `[:, y]` picks whole columns for every example; pair each row with its own class: `[np.arange(len(y)), y]`.
        minus-one-everywhere: p[np.arange(len(y)), y] => p
            You take 1 away from every probability: only the right class of each example loses it.
        minus-the-class: p[np.arange(len(y)), y] -= 1 => p -= y[:, None]
            You take the *number* of the class away from every probability of its row. `y` says *where* 1 is taken away.
        right-class-only: p[np.arange(len(y)), y] -= 1 => p = (p - 1) * np.eye(p.shape[1])[y]
            All entries but that of the right class are 0: the other classes have a gradient too, their probability.
        classes-from-one: p[np.arange(len(y)), y] => p[np.arange(len(y)), y - 1]
            You take 1 away beside the right class: classes are counted from 0, so `y` is the column as it stands.
        first-example-only: p[np.arange(len(y)), y] => p[0, y[0]]
            Only the first example is treated: is the `return` indented into the loop?
        one-sum-for-all: p.sum(axis=1, keepdims=True) => p.sum()
            All your probabilities together sum to 1; those of *each example* must: sum along each row.
        rows-by-class: p[np.arange(len(y)), y] => p[y]
            `p[y] -= 1` changes whole rows, picked by the classes; one entry of every row is meant.
        row-by-class-too: p[np.arange(len(y)), y] => p[y, y]
            `p[y, y]` picks the row by the class, too. The rows are `np.arange(len(y))`, one after the other.
        returns-the-loss: p[np.arange(len(y)), y] -= 1 => return -np.log(p[np.arange(len(y)), y]).mean()
            You return the loss, one number; its gradient has an entry for every score.
        sum-over-examples: / len(y) => .sum(axis=0) / len(y)
            You add the examples up. Every score of every example has an entry of its own.
        extra-factor: p[np.arange(len(y)), y] -= 1 => q = p * (1 - p); p[np.arange(len(y)), y] -= 1; p *= q
            There is a factor p(1 − p) too many: for cross-entropy behind softmax it has already cancelled.
        times-the-probabilities: p[np.arange(len(y)), y] -= 1 => q = p.copy(); p[np.arange(len(y)), y] -= 1; p *= q
            There is a factor p too many: for cross-entropy behind softmax it has already cancelled.
        """,
    ),
    hints=(
        (
            "Two parts: the probabilities p (softmax of each row), then a small change at the right "
            "class of each example."
        ),
        (
            "Subtract each row's largest score before `np.exp`: `scores - scores.max(axis=1, "
            "keepdims=True)`. Divide by each row's sum."
        ),
        (
            "`p[np.arange(len(y)), y] -= 1` takes 1 away at every right class, in your own array p. "
            "Then divide by `len(y)` and return."
        ),
    ),
)

# -- 02-relu-backward ------------------------------------------------------------------------------


def relu_cases(rng: np.random.Generator) -> list[Case]:
    """Tables and one row, with exact zeros, and whole numbers."""
    cases = []
    for shape in ((3, 4), (6, 2), (5,), (1, 1)):
        before = rng.normal(size=shape)
        cases.append(Case((rng.normal(size=shape), before), label=f"shape {shape}"))
    zeros = rng.normal(size=(4, 3))
    zeros[rng.random((4, 3)) < 0.4] = 0.0
    zeros[0, :2] = 0.0, 1e-12
    cases.append(
        Case((rng.normal(size=(4, 3)) + 3, zeros), label="entries that are exactly 0, and a tiny one")
    )
    cases.append(Case((rng.normal(size=(2, 3)), -1 - rng.random((2, 3))), label="no entry above 0"))
    cases.append(
        Case((rng.integers(1, 9, size=(3, 3)), rng.integers(-3, 4, size=(3, 3))), label="whole numbers")
    )
    return cases


RELU_BACKWARD = Exercise(
    id="02-relu-backward",
    title="ReLU, backwards",
    statement=(
        "Write `relu_backward(dout, before)`. Forward, ReLU made max(before, 0) of `before`, entry by "
        "entry. `dout` is the gradient "
        "of the loss by ReLU's output. Both have the same shape, which may be any. Return the gradient by `before`: "
        "`dout` where `before` is positive, 0 elsewhere, "
        "also where `before` is exactly 0. Leave both arrays as they are."
    ),
    points=1,
    answers=("relu_backward",),
    reference=relu_backward,
    cases=relu_cases,
    misconceptions=mistakes(
        relu_backward,
        """
        open-at-zero: before > 0 => before >= 0
            At `before` = 0 the gate must be shut: the course, like torch, takes the derivative of ReLU at 0 as 0. Is it `>`
            or `>=`?
        half-at-zero: (before > 0) => np.heaviside(before, 0.5)
            At `before` = 0 you pass half of the gradient, as a central difference does; the convention here is 0.
        shut-near-zero: before > 0 => before > 1e-6
            Your gate is shut for tiny positive entries of `before`: it is open wherever `before` is above 0.
        open-above-one: before > 0 => before > 1
            Your gate opens above 1 only: it is open wherever `before` is above 0.
        relu-of-the-gradient: dout * (before > 0) => np.maximum(dout, 0)
            You apply ReLU to the gradient. The gate is set by the forward pass: a negative gradient may pass, where `before`
            is positive.
        both-gates: (before > 0) => (before > 0) * (dout > 0)
            Your gate looks at the sign of the gradient as well. A negative gradient passes, where `before` is positive.
        relu-of-the-product: dout * (before > 0) => np.maximum(dout * before, 0)
            You apply ReLU to the product of the two arrays. The gate is 1 or 0, by the sign of `before`; the gradient is
            multiplied by it.
        arrays-swapped: dout * (before > 0) => np.maximum(before, 0) * (dout > 0)
            The two arrays have changed places: `before` sets the gate, and `dout` passes.
        swapped-gate: dout * (before > 0) => before * (dout > 0)
            The two arrays have changed places: the gate is set by `before`, and it is `dout` that passes.
        only-the-gate: dout * (before > 0) => (before > 0) * 1.0
            This is ReLU's own derivative, 0 or 1. The chain rule multiplies it by what comes from above, `dout`.
        times-the-value: (before > 0) => np.maximum(before, 0)
            You multiply by ReLU's output; its derivative is 1 where `before` is positive, whatever the value.
        times-before: (before > 0) => before
            You multiply by `before` itself. ReLU's derivative is 1 where it is positive and 0 elsewhere, whatever the value.
        forward-again: dout * (before > 0) => np.maximum(before, 0) * 1.0
            This is ReLU of `before`, the forward pass. Backward, `dout` passes through the gate.
        before-where-open: dout * (before > 0) => np.where(before > 0, dout, before)
            Where the gate is shut you return `before`. Nothing passes there: 0.
        larger-of-the-two: dout * (before > 0) => np.maximum(dout, before)
            You take the larger of the two arrays. `dout` passes where `before` is positive, and nothing elsewhere.
        one-where-shut: dout * (before > 0) => np.where(before > 0, dout, 1)
            Where the gate is shut you return 1. Nothing passes there: 0.
        gate-upside-down: before > 0 => before < 0
            The gate is upside down: the gradient passes where `before` is negative.
        where-upside-down: before > 0 => before <= 0
            The gate is upside down: the gradient passes where `before` is *not* positive. With `np.where`, what comes second
            is taken where the condition holds.
        no-gate: dout * (before > 0) => dout * 1
            The gradient passes everywhere; where `before` is negative, ReLU's output does not move, so nothing may pass.
        one-gate-for-all: (before > 0) => (before > 0).any()
            You use one gate for the whole array. Each entry has its own: leave `.any()` out.
        all-or-nothing: (before > 0) => (before > 0).all()
            Your gate opens only where all entries are positive. Each entry has its own: leave `.all()` out.
        sign-as-gate: (before > 0) => np.sign(before)
            Where `before` is negative you pass minus the gradient: `np.sign` gives −1 there, and 0 is needed.
        minus-the-gradient: dout * => -dout *
            The sign of the gradient is the wrong way round: it passes through the gate as it is.
        drops-entries: dout * (before > 0) => dout[before > 0]
            `dout[before > 0]` keeps only the entries whose gate is open, in a row. The others must stay, as 0: multiply, or
            use `np.where`.
        adds-them-up: return dout * (before > 0) => return np.sum(dout * (before > 0))
            You add all entries up. Every entry of `before` has a gradient of its own.
        tables-only: return … => before.shape[1]; return …
            Your loops go over rows and columns. The arrays may have any shape; NumPy multiplies them whole.
        leaky: (before > 0) => np.where(before > 0, 1, 0.01)
            Where `before` is negative a little still passes: that is leaky ReLU. Here it is 0.
        leaky-by-a-tenth: (before > 0) => np.where(before > 0, 1, 0.1)
            Where `before` is negative a tenth of the gradient still passes: that is leaky ReLU. Here it is 0.
        changes-dout: return … => dout[before <= 0] = 0; return dout
            The numbers are right, but the caller's `dout` is changed: `dout[…] = 0` writes into the array that you were given.
        changes-before: return … => before[before <= 0] = 0; before[before > 0] = 1; return dout * before
            The numbers are right, but the caller's `before` is changed: `before[…] = …` writes into the array that you were
            given.
        """,
    ),
    hints=(
        "ReLU is a gate. Which of the two arrays says whether the gate of an entry is open?",
        "`before > 0` is an array of True and False; in a product they count as 1 and 0.",
        "Multiply `dout` by `before > 0`, and return the product: a new array.",
    ),
)

# -- 02-two-layer-backward -------------------------------------------------------------------------


def network_case(
    rng: np.random.Generator, sizes: tuple[int, int, int, int], label: str = "", scale: float = 1.0
) -> Case:
    """A random network: sizes are examples, inputs, hidden units, classes."""
    num_examples, num_inputs, num_hidden, num_classes = sizes
    weights = (
        scale * rng.normal(size=(num_inputs, num_hidden)),
        0.5 * rng.normal(size=num_hidden),
        scale * rng.normal(size=(num_hidden, num_classes)),
        0.5 * rng.normal(size=num_classes),
    )
    label = label or "{} examples, {} inputs, {} hidden units, {} classes".format(*sizes)
    return Case(
        (rng.normal(size=(num_examples, num_inputs)), rng.integers(num_classes, size=num_examples), *weights),
        label=label,
    )


def network_cases(rng: np.random.Generator) -> list[Case]:
    """Several sizes, and the corners: one example, one unit, whole numbers, digits, exact zeros."""
    cases = [network_case(rng, sizes) for sizes in ((5, 4, 3, 2), (8, 3, 6, 4), (6, 5, 4, 4))]
    cases.append(network_case(rng, (1, 3, 4, 3), "one example"))
    cases.append(network_case(rng, (6, 2, 1, 2), "one hidden unit"))
    X, y, *weights = network_case(rng, (5, 3, 4, 3)).args
    whole = rng.integers(0, 17, size=X.shape)
    cases.append(Case((whole, y, *(0.1 * w for w in weights)), label="whole-number pixels"))
    cases.append(network_case(rng, (5, 6, 5, 3), "weights so large that exp overflows", scale=30.0))
    first = int(rng.integers(1500))
    digits = data.load_digits()[first : first + 12]
    _, _, W1, b1, W2, b2 = network_case(rng, (12, 64, 5, 10), scale=0.3).args
    cases.append(Case((digits.X.copy(), digits.y.copy(), W1, b1, W2, b2), label="twelve real digits"))
    X, y, W1, b1, W2, b2 = network_case(rng, (6, 4, 5, 3)).args
    X[:2] = 0.0  # with b1 = 0, the first two examples stand exactly on the kink
    cases.append(Case((X, y, W1, np.zeros(5), W2, b2), label="values before ReLU that are exactly 0"))
    return cases


def code_of(exercise: Exercise, name: str) -> Callable:
    """The wrong code of a misconception of the exercise."""
    return {misconception.id: misconception.code for misconception in exercise.misconceptions}[name]


def wrong_scores(scores, y, name):
    """The gradient of the scores with a mistake of the first exercise."""
    return code_of(SOFTMAX_GRADIENT, name)(scores, y)


TWO_LAYER_BACKWARD = Exercise(
    id="02-two-layer-backward",
    title="A two-layer network, backwards",
    statement=(
        "Write `two_layer_backward(X, y, W1, b1, W2, b2)`. Forward: before = X @ W1 + b1, hidden = "
        "max(before, 0), scores = hidden @ W2 + b2, "
        "and the loss is the mean cross-entropy of softmax(scores) with the classes y. Return the four "
        "gradients of the loss, "
        "(dW1, db1, dW2, db2), each with the shape of its weights. The relative error must stay below "
        "1e-7, and no input may be changed."
    ),
    points=4,
    answers=("two_layer_backward",),
    reference=two_layer_backward,
    cases=network_cases,
    result_names=("dW1", "db1", "dW2", "db2"),
    misconceptions=mistakes(
        two_layer_backward,
        """
        gate-forgotten: relu_backward(dhidden, before) => dhidden
            `dW2` and `db2` are right; on the way to the first layer the gradient passes ReLU as if it were not there: where is
            its gate?
        W1-without-the-gate: X.T @ dbefore => X.T @ dhidden
            Only `dW1` is wrong: W1 comes before ReLU, so its gradient must have passed the gate, as that of b1 has.
        b1-without-the-gate: dbefore.sum(axis=0) => dhidden.sum(axis=0)
            Only `db1` is wrong: b1 is added before ReLU, so its gradient must have passed the gate as well.
        times-hidden: relu_backward(dhidden, before) => dhidden * hidden
            On the way through ReLU you multiply by its output; its slope is 1 where `before` is positive, however large the
            value.
        no-relu-at-all: np.maximum(before, 0) => before
                   and: relu_backward(dhidden, before) => dhidden
            ReLU is missing, forward and backward: `hidden` is max(before, 0).
        no-relu-forward: np.maximum(before, 0) => before
            ReLU is missing in your forward pass: `hidden` is max(before, 0).
        weights-divided-again: hidden.T @ dscores => hidden.T @ dscores / len(X)
                          and: X.T @ dbefore => X.T @ dbefore / len(X)
            `dW1` and `dW2` are N times too small: the division by N is already in the gradient of the scores.
        W1-divided-again: X.T @ dbefore => X.T @ dbefore / len(X)
            Only `dW1` is N times too small: the division by N is already in the gradient of the scores.
        W2-divided-again: hidden.T @ dscores => hidden.T @ dscores / len(X)
            Only `dW2` is N times too small: the division by N is already in the gradient of the scores.
        gate-open-at-zero: relu_backward(dhidden, before) => dhidden * (before >= 0)
            Right, but for entries where `before` is exactly 0: there ReLU's gate is shut. Is it `>` or `>=`?
        gate-set-by-the-gradient: relu_backward(dhidden, before) => dhidden * (dhidden > 0)
            ReLU's gate is set by the sign of the gradient; what counts is the sign of `before`, from the forward pass.
        gate-arguments-swapped: relu_backward(dhidden, before) => relu_backward(before, dhidden)
            The arguments of `relu_backward` are swapped: first the gradient, then what went into ReLU.
        not-divided: = softmax_gradient(scores, y) => = softmax_gradient(scores, y) * len(y)
            All four gradients are N times too large: the loss is a mean over the N examples.
        divided-twice: = softmax_gradient(scores, y) => = softmax_gradient(scores, y) / len(y)
            All four gradients are N times too small: dividing by N once, in the gradient of the scores, is enough.
        minus-one-forgotten: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "minus-one-forgotten")
            The gradient of the scores is p, where p − 1 belongs at the right class of each example.
        minus-one-everywhere: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "minus-one-everywhere")
            The gradient of the scores is p − 1 everywhere; only the right class of each example loses 1.
        whole-columns: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "whole-columns")
            `p[:, y] -= 1` takes 1 away in whole columns; pair each row with its own class: `p[np.arange(len(y)), y]`.
        softmax-of-columns: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "softmax-of-columns")
            Your probabilities sum to 1 down the columns; they must sum to 1 for each example, along its row: look at `axis`.
        overflows: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "overflows")
            Right for small weights; for large ones exp overflows: subtract each row's largest score first.
        divided-by-classes: = softmax_gradient(scores, y) => = wrong_scores(scores, y, "divided-by-classes")
            You divide by the number of classes; the loss is a mean over the N examples.
        sign-flipped: = softmax_gradient(scores, y) => = -softmax_gradient(scores, y)
            All four gradients point the other way: the gradient of the scores is p − target, not target − p.
        biases-averaged: dscores.sum(axis=0) => dscores.mean(axis=0)
                    and: dbefore.sum(axis=0) => dbefore.mean(axis=0)
            `db1` and `db2` are N times too small: they sum over the examples; the mean is already in the gradient of the
            scores.
        b2-averaged: dscores.sum(axis=0) => dscores.mean(axis=0)
            Only `db2` is too small: N is already in the gradient of the scores, so sum over the examples, do not average.
        b1-averaged: dbefore.sum(axis=0) => dbefore.mean(axis=0)
            Only `db1` is too small: N is already in the gradient of the scores, so sum over the examples, do not average.
        biases-summed-over-the-wrong-axis: dscores.sum(axis=0) => dscores.sum(axis=1)
                                      and: dbefore.sum(axis=0) => dbefore.sum(axis=1)
            The biases' gradients must be summed over the examples, `axis=0`: one entry for each unit is left.
        b2-summed-over-the-wrong-axis: dscores.sum(axis=0) => dscores.sum(axis=1)
            `db2` must be summed over the examples, `axis=0`: one entry for each class is left.
        b1-summed-over-the-wrong-axis: dbefore.sum(axis=0) => dbefore.sum(axis=1)
            `db1` must be summed over the examples, `axis=0`: one entry for each hidden unit is left.
        biases-one-number: dscores.sum(axis=0) => dscores.sum()
                      and: dbefore.sum(axis=0) => dbefore.sum()
            Your bias gradients are one number each: sum over the examples only, `axis=0`.
        b2-one-number: dscores.sum(axis=0) => dscores.sum()
            Your `db2` is one number: sum over the examples only, `axis=0`.
        biases-not-summed: dscores.sum(axis=0) => dscores
                      and: dbefore.sum(axis=0) => dbefore
            Your bias gradients have a row for each example. A bias is added to every example, so its gradients add up.
        b1-forgotten: X @ W1 + b1 => X @ W1
            Your forward pass leaves `b1` out: `before = X @ W1 + b1`.
        b2-forgotten: hidden @ W2 + b2 => hidden @ W2
            Your forward pass leaves `b2` out: `scores = hidden @ W2 + b2`.
        both-biases-forgotten: X @ W1 + b1 => X @ W1
                          and: hidden @ W2 + b2 => hidden @ W2
            Your forward pass leaves both biases out: they are added to `X @ W1` and to `hidden @ W2`.
        order-of-the-lists: return dW1, db1, dW2, db2 => return db2, dW2, db1, dW1
            The results come in another order: `dW1, db1, dW2, db2`, layer by layer, first layer first.
        weights-first: return dW1, db1, dW2, db2 => return dW1, dW2, db1, db2
            The results come in another order: you give both weights and then both biases; `dW1, db1, dW2, db2` is asked for.
        biases-first: return dW1, db1, dW2, db2 => return db1, dW1, db2, dW2
            The results come in another order: in each layer the weights come before the bias, `dW1, db1, dW2, db2`.
        gradients-in-another-order: return dW1, db1, dW2, db2 => return dW2, db2, dW1, db1
            The gradients come in another order: `dW1, db1, dW2, db2` is asked for, as in the argument list.
        weights-only: return dW1, db1, dW2, db2 => return dW1, dW2
            The gradients of the biases are missing: return `dW1, db1, dW2, db2`.
        transposed: X.T @ dbefore => dbefore.T @ X
               and: hidden.T @ dscores => dscores.T @ hidden
            Your `dW1` and `dW2` lie on their side: for `Z = A @ B`, `dB = A.T @ dZ` has the shape of `B`.
        bias-keeps-its-axis: dscores.sum(axis=0) => dscores.sum(axis=0, keepdims=True)
                        and: dbefore.sum(axis=0) => dbefore.sum(axis=0, keepdims=True)
            Your bias gradients have an axis too many: `sum(axis=0)` without `keepdims` has the shape of the bias.
        W2-meets-before: hidden.T @ dscores => before.T @ dscores
            Only `dW2` is wrong: what multiplies W2 in the forward pass is `hidden`, after ReLU, not `before`.
        W1-meets-hidden: X.T @ dbefore => hidden.T @ dbefore
            Only `dW1` is wrong: what multiplies W1 in the forward pass is `X`, not `hidden`.
        returns-new-weights: return … => return [w - 0.1 * dw for w, dw in zip((W1, b1, W2, b2), (…))]
            You return weights after a step; the gradients themselves are asked for. The step is gradient descent's business.
        returns-weights-minus-gradients: return dW1, db1, dW2, db2 => return W1 - dW1, b1 - db1, W2 - dW2, b2 - db2
            You return the weights minus the gradients; the gradients themselves are asked for.
        W2-not-transposed: W2.T => W2
            To go back through `hidden @ W2`, multiply by `W2.T`: shapes (examples, classes) @ (classes, hidden).
        changes-the-weights: return … => W1 -= dW1; b1 -= db1; W2 -= dW2; b2 -= db2; return …
            The gradients are right, but the caller's weights are changed: computing a gradient must not take a step.
        """,
    ),
    hints=(
        (
            "Compute the forward pass and keep `before`, `hidden` and `scores`. Then go back in the "
            "opposite order, one line for each line forward."
        ),
        (
            "For `out = A @ B`: dA is `dout @ B.T` and dB is `A.T @ dout`. For a bias: sum `dout` over "
            "the examples. Shapes tell you if it fits."
        ),
        "Backward: dscores by your `softmax_gradient`; dW2 from `hidden` and dscores; db2; dhidden "
        "from dscores and `W2.T`; dbefore by your "
        "`relu_backward`; then dW1 from `X` and dbefore, and db1.",
    ),
)

# -- 02-check-gradient -----------------------------------------------------------------------------


def planted(
    rng: np.random.Generator,
    factors: dict[int, float],
    n: int,
    *,
    label: str,
    scales: np.ndarray | None = None,
    offset: float = 0.0,
    start: np.ndarray | None = None,
    **kwargs: float,
) -> Case:
    """A bowl and its gradient, where entry i is multiplied by factors[i]; no true entry is small by accident.

    With `scales` the axes do not mix, and entry i is of size scales[i]: 0 makes the bowl level along it.
    offset is added to entry 0 of the gradient.
    """
    minimum = rng.normal(size=n)
    gradient = rng.choice([-1.0, 1.0], n) * rng.uniform(0.8, 1.6, n)
    if scales is None:
        basis = rng.normal(size=(n, n))
        matrix = basis @ basis.T / n + np.eye(n)
        w = minimum + np.linalg.solve(matrix, gradient)
    else:
        matrix, w = np.diag(scales), minimum + gradient
    w = w if start is None else start
    wrong = matrix.copy()
    for index, factor in factors.items():
        wrong[index] *= factor
    wrong[0, 0] += offset / (w - minimum)[0]
    return Case((QuadraticValue(matrix, minimum), QuadraticGradient(wrong, minimum), w), kwargs, label)


EXACTLY = 2.0**-17  # a number that no product with 1 rounds


def check_cases(rng: np.random.Generator) -> list[Case]:
    """Errors inside, outside and at the end of the tolerance, both values 0, whole numbers, one entry, nan, a cubic."""
    where = [int(i) for i in rng.integers(4, size=8)]
    cases = [
        planted(rng, {where[0]: 1.05, (where[0] + 1) % 4: 1.0002}, 4, label="a factor 1.05 in one entry"),
        planted(rng, {where[1]: 1.0003}, 5, label="a factor 1.0003, inside the tolerance"),
        planted(rng, {where[2]: -1.0}, 4, label="one sign the wrong way round"),
        planted(rng, {where[3]: 0.9}, 4, label="one entry too small"),
        planted(rng, {0: 1.2, 1: 1.4, 2: 1.1, 3: 0.7, 4: 1.3}, 5, label="every entry wrong"),
        planted(rng, {0: 2.0}, 1, label="one entry only"),
        planted(
            rng,
            {2: 1.5},
            4,
            scales=np.array([0.0, 1.0, 1.0, 0.0]),
            label="two entries where both values are 0",
        ),
        planted(
            rng,
            {},
            3,
            scales=np.array([0.0, 1.0, 2.0]),
            offset=4e-6,
            label="an error so small that atol allows it",
        ),
        planted(rng, {}, 3, scales=np.zeros(3), label="a loss that is level everywhere"),
        planted(
            rng,
            {0: 1.0008, 3: 1.3},
            4,
            scales=np.array([300.0, 1.0, 1.0, 0.1]),
            label="entries of very different sizes",
        ),
        planted(
            rng,
            {0: 2.0, 2: 1.1},
            3,
            scales=np.array([1e-4, 1.0, 1.0]),
            label="a tiny entry off by a factor 2",
        ),
        planted(rng, {1: 1.1}, 3, start=rng.integers(-6, 7, size=3) * 2 + 1, label="a whole-number w"),
        planted(rng, {where[4]: 1.01}, 4, eps=0.1, rtol=0.05, label="a large eps, and a wide tolerance"),
        planted(rng, {where[5]: 1.00005}, 4, atol=1e-7, rtol=1e-6, label="a narrow tolerance"),
        planted(rng, {where[6]: np.nan}, 4, label="an entry that is nan"),
        planted(
            rng,
            {1: 1.9},
            3,
            scales=np.ones(3),
            rtol=0.5,
            label="an analytic entry so large that it would excuse itself",
        ),
        planted(
            rng,
            {1: 0.6},
            3,
            scales=np.ones(3),
            rtol=0.5,
            label="an analytic entry so small that it would accuse itself",
        ),
        planted(
            rng,
            {2: 1.12},
            3,
            scales=np.ones(3),
            atol=0.05,
            rtol=0.1,
            label="an error that atol and rtol allow only together",
        ),
        # A central difference of a parabola is exact, whatever eps is; that of a cubic is off by eps².
        Case(
            (Formula("sum of cubes"), Formula("three times the squares"), rng.uniform(2, 3, 1)),
            {"eps": 0.1},
            "a sum of cubes and a large eps",
        ),
        Case(
            (
                QuadraticValue(np.zeros((2, 2)), np.zeros(2)),
                QuadraticGradient([[EXACTLY, 0], [0, 0]], [0, 0]),
                np.ones(2),
            ),
            {"atol": EXACTLY},
            "an error of exactly atol",
        ),
    ]
    return cases


def _relative(a, n):
    largest = np.maximum(np.abs(a), np.abs(n))
    return np.abs(a - n) / np.where(largest == 0, 1.0, largest)


CHECK_GRADIENT = Exercise(
    id="02-check-gradient",
    title="The gradient check",
    statement=(
        "Write `check_gradient(f, gradient, w, eps, atol, rtol)`. `f(w)` is one number, `gradient(w)` "
        "and `w` are arrays of one axis. Numeric gradient: "
        "(f(w + eps) − f(w − eps)) / (2 eps), entry by entry. An entry is right when |analytic − "
        "numeric| <= atol + rtol · |numeric|. Return "
        "(ok, worst, numeric, analytic, relative_error): `ok` is True when every entry is right, and "
        "False if any value is nan; `worst` is the index where "
        "|analytic − numeric| / (atol + rtol · |numeric|) is largest; then the two values there, and "
        "|analytic − numeric| / max(|analytic|, |numeric|) there, "
        "which is 0.0 when both are 0. `w` must not change, and may hold whole numbers."
    ),
    points=4,
    answers=("check_gradient",),
    reference=check_gradient,
    cases=check_cases,
    result_names=("ok", "worst", "numeric", "analytic", "relative_error"),
    rtol=1e-6,
    atol=1e-7,
    misconceptions=mistakes(
        check_gradient,
        """
        forward-differences: (f(ahead) - f(behind)) / (2 * eps) => (f(ahead) - f(w)) / eps
            Your numeric gradient is a forward difference: step to both sides, w + eps and w − eps, and divide by 2 eps.
        backward-differences: (f(ahead) - f(behind)) / (2 * eps) => (f(w) - f(behind)) / eps
            Your numeric gradient is a backward difference: step to both sides, w + eps and w − eps, and divide by 2 eps.
        not-divided-by-two: / (2 * eps) => / eps
            Your numeric gradient is twice too large: the two points stand 2 eps apart.
        times-eps: / (2 * eps) => / 2 * eps
            `/ 2 * eps` divides by 2 and then *multiplies* by eps: put brackets around `2 * eps`.
        own-eps: w = np.array(w, dtype=float) => eps = 1e-6; w = np.array(w, dtype=float)
            Your `eps` is a number of your own: use the one that the caller gives.
        half-eps: ahead[i] += eps => ahead[i] += eps / 2
             and: behind[i] -= eps => behind[i] -= eps / 2
             and: (2 * eps) => eps
            You move by half of `eps` to each side: the points are w + eps and w − eps, and they stand 2 eps apart.
        relative-eps: ahead[i] += eps => ahead[i] += eps * max(1, abs(w[i]))
                 and: behind[i] -= eps => behind[i] -= eps * max(1, abs(w[i]))
                 and: (2 * eps) => (2 * eps * max(1, abs(w[i])))
            Your step grows with the entry: every entry is moved by `eps` itself.
        all-entries-at-once: ahead[i] += eps => ahead += eps
                        and: behind[i] -= eps => behind -= eps
            You move all entries together, so you measure along the diagonal: move entry i and leave the others.
        w-not-restored: ahead, behind = w.copy(), w.copy() => pass
                   and: ahead[i] += eps => w[i] += eps; ahead = w.copy()
                   and: behind[i] -= eps => w[i] -= 2 * eps; behind = w
            After an entry has been moved it is not put back: the next entries are checked at another point.
        error-with-a-sign: error = np.abs(analytic - numeric) => error = analytic - numeric
            The error keeps its sign, so an entry that is too small never counts as wrong: take the absolute value.
        tolerance-with-a-sign: rtol * np.abs(numeric) => rtol * numeric
            Where the numeric entry is negative, your tolerance shrinks or turns negative: rtol multiplies |numeric|.
        one-right-entry-is-enough: np.all(error => np.any(error
            One right entry is enough for you: the gradient is right only when *all* entries are.
        nan-passes: np.all(error <= allowed) => not np.any(error > allowed)
            A gradient with nan passes: no comparison with nan is true, so ask whether all errors are small, not whether one is
            large.
        strictly-below: error <= allowed => error < allowed
            An error of exactly what is allowed still counts as right: `<=`, not `<`.
        ok-upside-down: bool(np.all(error <= allowed)) => not bool(np.all(error <= allowed))
            Your `ok` is upside down: it is True when every entry is right.
        first-entry-decides: np.all(error <= allowed) => error[0] <= allowed[0]
            Your `ok` looks at the first entry only: the gradient is right when *all* entries are.
        entry-of-largest-error: np.all(error <= allowed) => error[np.argmax(error)] <= allowed[np.argmax(error)]
            Your `ok` judges by the largest error alone. A small entry may be off by less and be wrong: each has a tolerance of
            its own.
        norms: np.all(error <= allowed) => norm(error) <= norm(allowed)
            Your `ok` compares whole arrays (their lengths, means or sums), so a large entry hides a wrong small one: compare
            entry by entry.
        ok-by-relative-error: np.all(error <= allowed) => np.all(_relative(analytic, numeric) <= rtol)
            Your `ok` compares relative errors with rtol. The rule is |analytic − numeric| <= atol + rtol · |numeric|.
        allclose-the-wrong-way-round: np.all(error <= allowed) => np.allclose(numeric, analytic, rtol=rtol, atol=atol)
            Your `ok` has the tolerance grow with the gradient that is being checked: `np.allclose(a, b)` multiplies rtol by
            |b|, so `b` is the numeric one.
        worst-by-size: np.argmax(error / allowed) => np.argmax(error)
            `worst` is where the error is largest in itself; a large entry may be off by more and still be right. Divide by
            what is allowed there.
        worst-by-relative-error: np.argmax(error / allowed) => np.argmax(_relative(analytic, numeric))
            `worst` is where your relative error is largest; here it is where the error is largest compared with what is
            allowed, so that rounding in tiny entries does not count.
        first-failing-entry: np.argmax(error / allowed) => np.argmax(error > allowed)
            `worst` is the first entry that fails; asked for is the one whose error is largest compared with what is allowed.
        best-entry: np.argmax(error / allowed) => np.argmin(error / allowed)
            `worst` is the entry with the *smallest* error compared with what is allowed: `argmax`, not `argmin`.
        largest-entry: np.argmax(error / allowed) => np.argmax(np.abs(numeric))
            `worst` is the largest entry of the gradient; asked for is where the error is largest compared with what is allowed.
        worst-counted-from-one: return ok, worst, => return ok, worst + 1,
            `worst` is counted from 1. Indices are counted from 0.
        tolerance-from-the-analytic: rtol * np.abs(numeric) => rtol * np.abs(analytic)
            Your tolerance grows with the gradient that is being checked; rtol multiplies |numeric|.
        tolerance-from-the-larger: rtol * np.abs(numeric) => rtol * np.maximum(np.abs(analytic), np.abs(numeric))
            Your rtol multiplies the larger of the two entries, so a gradient that is too large excuses itself: |numeric| alone.
        tolerances-swapped: atol + rtol * => rtol + atol *
            `atol` and `rtol` are swapped: `atol` stands alone, and `rtol` multiplies |numeric|.
        analytic-before-numeric: numeric[worst], analytic[worst], => analytic[worst], numeric[worst],
            The two values come in another order: first the numeric one, then the analytic one.
        worst-before-ok: return ok, worst, => return worst, ok,
            `ok` and `worst` are swapped: first whether the gradient is right, then where it is worst.
        all-entries: numeric[worst], analytic[worst], relative_error => numeric, analytic, relative_error
            You return the whole gradients; asked for are the two values at entry `worst`.
        restored-by-adding: w = np.array(w, dtype=float) => pass
                       and: np.asarray(gradient(w.copy())) => gradient(w)
                       and: ahead, behind = w.copy(), w.copy() => pass
                       and: ahead[i] += eps => w[i] += eps; ahead = w.copy()
                       and: behind[i] -= eps => w[i] -= 2 * eps; behind = w.copy(); w[i] += eps
            You put an entry of `w` back by adding eps again: rounding keeps it from coming back exactly, and a whole-number
            array drops every fraction. Move entries of a float copy.
        copies-whole-numbers: np.array(w, dtype=float) => w.copy()
            Your copy of a whole-number `w` holds whole numbers, which cannot move by eps: say `dtype=float` when you copy.
        numeric-stays-whole: w = np.array(w, dtype=float) => given = w; w = np.array(w, dtype=float)
                        and: np.zeros_like(w) => np.zeros_like(given)
            With a whole-number `w` your numeric gradient loses its fractions: `np.zeros_like(w)` holds whole numbers, too.
        zero-by-zero: 0.0 if largest == 0 else error[worst] / largest => error[worst] / largest
            Where both values are 0 the relative error is 0/0, and that is no number: it counts as 0.
        relative-to-the-numeric-only: error[worst] / largest => error[worst] / (abs(numeric[worst]) or 1)
            Your relative error divides by |numeric|; divide by the larger of |analytic| and |numeric|, so that it never
            exceeds 2.
        relative-to-the-analytic-only: error[worst] / largest => error[worst] / (abs(analytic[worst]) or 1)
            Your relative error divides by |analytic|; divide by the larger of |analytic| and |numeric|.
        relative-to-the-numeric: error[worst] / largest => error[worst] / abs(numeric[worst])
            Your relative error divides by |numeric|, which may be 0; divide by the larger of |analytic| and |numeric|.
        relative-to-the-sum: error[worst] / largest => error[worst] / (abs(analytic[worst]) + abs(numeric[worst]))
            Your relative error divides by |analytic| + |numeric|; some texts do, but here it is the larger of the two.
        larger-without-sizes: max(abs(analytic[worst]), abs(numeric[worst])) => max(analytic[worst], numeric[worst])
            Your relative error divides by the larger of the two values, signs and all: take the larger of their sizes.
        relative-with-a-sign: error[worst] / largest => (analytic[worst] - numeric[worst]) / largest
            Your relative error keeps its sign: it is |analytic − numeric| that is divided.
        error-of-the-norms: error[worst] / largest => norm(error) / max(norm(analytic), norm(numeric))
            Your relative error is made of the lengths of whole arrays; asked for is the one at entry `worst`.
        error-of-the-norms-summed: error[worst] / largest => norm(error) / (norm(analytic) + norm(numeric))
            Your relative error divides the length of the difference by the sum of both lengths; asked for is the one at entry
            `worst`, over the larger of the two values there.
        absolute-error: 0.0 if largest == 0 else error[worst] / largest => error[worst]
            Your last value is the error itself: divide it by the larger of |analytic| and |numeric|.
        per-cent: error[worst] / largest => 100 * error[worst] / largest
            Your relative error is in per cent: leave the factor 100 out.
        either-tolerance: atol + rtol * np.abs(numeric) => np.maximum(atol, rtol * np.abs(numeric))
            An error within atol *or* within rtol · |numeric| passes for you; the rule adds the two up.
        only-rtol: atol + rtol * np.abs(numeric) => rtol * np.abs(numeric) + 1e-300
            `atol` is not used: where the numeric entry is 0, rtol alone allows nothing.
        rtol-alone: atol + rtol => rtol
            `atol` is not used, so where the numeric entry is 0 you divide by 0: add `atol`.
        only-atol: rtol * np.abs(numeric) => 0 * numeric
            `rtol` is not used: a large entry may be off by more than a small one.
        tolerances-ignored: allowed = atol + rtol * => allowed = 1e-5 + 1e-3 *
            `atol` and `rtol` are numbers of your own: use the ones that the caller gives.
        changes-w: return ok => given += (eps * np.ones(len(w))).astype(given.dtype); return ok
              and: w = np.array(w, dtype=float) => given = w; w = np.array(w, dtype=float)
            The report is right, but the caller's `w` is changed: move entries of a copy.
        """,
    ),
    hints=(
        (
            "Three parts: the numeric gradient in a loop over the entries; the error and what is "
            "allowed, as arrays; the report about the worst entry."
        ),
        "In the loop move entry i of two fresh float copies of w, one by + eps and one by − eps. After "
        "it: `error = np.abs(analytic - numeric)` and "
        "`allowed = atol + rtol * np.abs(numeric)`.",
        "`worst = int(np.argmax(error / allowed))`, `ok = bool(np.all(error <= allowed))`. Before you "
        "divide for the relative error, look whether the "
        "larger of the two sizes is 0.",
    ),
)

# -- 02-find-the-bug -------------------------------------------------------------------------------


def wrong_parameters():
    """The answers for the three backward passes of the lesson; the tests find them again by checking."""
    return "b2", "W2", "W1"


def parameter_names(answers):
    """What was written, as names of parameters: whoever writes "dW2" or "w2" means "W2"."""
    names = {way.casefold(): name for name in ("W1", "b1", "W2", "b2") for way in (name, f"d{name}")}
    return tuple(names.get(a.strip().casefold(), a) if isinstance(a, str) else a for a in answers)


FIND_THE_BUG = Exercise(
    id="02-find-the-bug",
    title="Find the bug",
    statement=(
        "Each of the three backward passes has an error in the gradient of one parameter. Set "
        "`wrong_in_a`, `wrong_in_b` and `wrong_in_c` to its name: "
        '"W1", "b1", "W2" or "b2". Two of the three pass the check as it stands: one is masked by '
        "regularization, one hidden by tiny initial weights. "
        "Change the setting of the check until the error shows."
    ),
    points=3,
    answers=("wrong_in_a", "wrong_in_b", "wrong_in_c"),
    reference=wrong_parameters,
    kind="value",
    read=parameter_names,
    misconceptions=wrong_values(
        wrong_parameters,
        ("wrong_in_a", "wrong_in_b", "wrong_in_c"),
        """
        a-first-layer: wrong_in_a = "W1"
            In A the first layer is right: look at the table of relative errors again, one row is near 1.
        a-W2: wrong_in_a = "W2"
            In A, dW2 is right: another gradient of the second layer is N times too small.
        a-b1: wrong_in_a = "b1"
            In A, db1 is right: its relative error is tiny. Which row of the table is near 1?
        b-W1: wrong_in_b = "W1"
            In B, dW1 is right. Set regularization to 0: one row of the table fails, and it is not the row of W1.
        b-a-bias: wrong_in_b = "b1"
            In B, the biases are right. They are not regularized, so nothing could mask an error in them. Set regularization
            to 0 and look again.
        b-the-other-bias: wrong_in_b = "b2"
            In B, db2 is right. Regularization adds to the gradients of W1 and W2 alone; set it to 0 and look at these two.
        c-W2: wrong_in_c = "W2"
            In C, dW2 is right. Make the initial weights larger, for instance 1 times as large, and look at the table again.
        c-b1: wrong_in_c = "b1"
            In C, db1 has passed the gate of ReLU, as it must. Its neighbour has not: make the initial weights larger and look
            again.
        c-b2: wrong_in_c = "b2"
            In C, db2 is right. An error that shows only with larger weights sits deeper down.
        """,
    ),
    hints=(
        "Run the table for A first: one row has a relative error near 1.",
        (
            "For B call the table with `regularization=0.0`: only the data gradient is left. For C "
            "call it with `initial_scale=1.0`."
        ),
        (
            "Compare each line of the backward pass with your own `two_layer_backward`: A divides a "
            "second time, so does B elsewhere, C forgets a gate."
        ),
    ),
)

# What may stand for each gradient, in the order in which they are returned: the right code, a wrong factor, a wrong array.
RETURNED = {
    "W1": ("X.T @ dbefore", "X.T @ dbefore / len(y)", "X.T @ dhidden"),
    "b1": ("dbefore.sum(axis=0)", "dbefore.mean(axis=0)", "dhidden.sum(axis=0)"),
    "W2": ("hidden.T @ dscores", "hidden.T @ dscores / len(y)", "before.T @ dscores"),
    "b2": ("dscores.sum(axis=0)", "dscores.mean(axis=0)", "probabilities.mean(axis=0)"),
}


def return_line(wrong: str, kind: int) -> str:
    """The last line of a backward pass that is wrong in one gradient."""
    return "return " + ", ".join(codes[kind if name == wrong else 0] for name, codes in RETURNED.items())


def bugs_in(a: str, b: str, c: str, kind: int) -> Exercise:
    """The exercise whose passes are wrong in these gradients: A and C by the first kind of error, B by the other one."""
    right = (a, b, c)
    lines = [return_line(a, kind), return_line(b, 3 - kind), return_line(c, kind)]

    def wrong_parameters():
        """(wrong_in_a, wrong_in_b, wrong_in_c)."""
        return right

    texts = {
        "a-{}": "In A, d{} is right: its relative error is tiny. Which row of the table fails?",
        "b-{}": "In B, d{0} is right. Set regularization to 0: one row of the table fails, and it is not the row of {0}.",
        "c-{}": "In C, d{} is right. Make the initial weights larger, for instance 1 times as large, and look again.",
    }
    known = {("a", "W1"): "a-first-layer", ("b", "b1"): "b-a-bias", ("b", "b2"): "b-the-other-bias"}
    of_the_text = {m.id: m.sentence for m in FIND_THE_BUG.misconceptions}
    misconceptions = []
    for k, form in enumerate(texts):
        for name in RETURNED:
            if name == right[k]:
                continue
            id = known.get((form[0], name), form.format(name))
            bias_of_b = form[0] == "b" and name[0] == "b"
            sentence = of_the_text[id] if bias_of_b else texts[form].format(name)
            answers = tuple(name if place == k else None for place in range(3))
            misconceptions.append(Misconception(id, sentence, functools.partial(tuple, answers)))
    return replace(
        FIND_THE_BUG,
        statement=(
            f"{FIND_THE_BUG.statement} Your passes end otherwise than those of the text. Put these lines in the place of their "
            "last ones, begin with `regularization=2000.0` for B, and run the cells again:\n"
            + "\n\n".join(f"`# {letter}\n{line}`" for letter, line in zip("ABC", lines, strict=True))
        ),
        reference=wrong_parameters,
        misconceptions=tuple(misconceptions),
        hints=(
            "Put your lines into the three passes and run the table for A first: one row fails.",
            FIND_THE_BUG.hints[1],
            "Compare each line with the last line of your own `two_layer_backward`, one gradient after the other. An error is "
            "a division too many, or an array from before or after the right one.",
        ),
    )


FIND_THE_BUG = replace(
    FIND_THE_BUG,
    # regularization masks the gradient of a weight matrix only, and tiny weights all but that of b2; two answers or three are
    # not those of the text
    numbers=tuple(
        (a, b, c, kind)
        for a in RETURNED
        for b in ("W1", "W2")
        for c in ("W1", "b1", "W2")
        for kind in (1, 2)
        if (a != "b2") + (b != "W2") + (c != "W1") >= 2
    ),
    with_numbers=bugs_in,
    own="lines",
)

# -- 02-walk-back ----------------------------------------------------------------------------------


def walk_back(x: int, y: float, w1: int, b1: int, w2: float, b2: int) -> Exercise:
    """The exercise for the tiny network of the text with these numbers. The gate is open in it."""
    before = w1 * x + b1
    hidden = float(max(before, 0))
    score = w2 * hidden + b2

    def slopes() -> tuple[float, float, float, float]:
        """(slope by the score, by w2, by the hidden value, by w1)."""
        back_score = score - y
        back_hidden = back_score * w2
        return back_score, back_score * hidden, back_hidden, back_hidden * (hidden > 0) * x

    by_score, by_w2, by_hidden, by_w1 = slopes()
    given = {
        "x": x, "w1": w1, "w2": w2, "before": before, "score": score,
        "by_score": by_score, "by_w2": by_w2, "by_hidden": by_hidden, "by_w1": by_w1,
    }  # fmt: skip
    return Exercise(
        id="02-walk-back",
        title="Walk back once",
        statement=(
            f"The tiny network with x = {x}, w1 = {w1}, b1 = −{-b1}, w2 = {w2}, b2 = {b2} and the target {y:g}: the slopes of "
            "the loss by the score (`back_score`), by `w2` (`back_w2`), by the hidden value (`back_hidden`) and by `w1` "
            "(`back_w1`)."
        ),
        points=1,
        answers=("back_score", "back_w2", "back_hidden", "back_w1"),
        reference=slopes,
        kind="value",
        misconceptions=wrong_values(
            slopes,
            ("back_score", "back_w2", "back_hidden", "back_w1"),
            """
            score-sign-flipped: back_score = -by_score
                Your slope by the score has the wrong sign. The score is above the target, so a larger score is a larger
                loss.
            score-without-target: back_score = score
                You forgot to take the target off the score.
            score-squared: back_score = by_score**2
                You squared the distance from the target. The slope of ½ (score − y)² by the score has no square left.
            w2-not-swapped: back_w2 = by_score * w2
                A product swaps its factors: `w2` gets the slope times the other factor, the hidden value.
            w2-with-the-product: back_w2 = by_score * w1 * x
                You multiplied by w1 · x. What `w2` was multiplied with is the hidden value, after b1 and the gate.
            hidden-not-swapped: back_hidden = by_w2
                A product swaps its factors: the hidden value gets the slope times the other factor, `w2`.
            hidden-handed-on: back_hidden = by_score
                You handed the slope on as a sum would. Between the score and the hidden value there is a product with `w2`.
            w1-not-swapped: back_w1 = by_hidden * w1
                A product swaps its factors: `w1` gets the slope times the other factor, `x`.
            w1-skips-w2: back_w1 = by_score * x
                On the way from the score back to `w1` you left out the product with `w2`.
            w1-gate-shut: back_w1 = 0.0
                The gate is open here: before it stands {before}, which is above 0.
            w1-without-x: back_w1 = by_hidden
                That is the slope before the product with `x`. One step is left: `w1` gets the other factor of its product.
            """,
            given,
        ),
        hints=(
            "Forward first: w1 · x, then + b1, then the gate, then · w2, then + b2. Keep every number.",
            "The slope by the score is score − y. A sum hands it on; a product swaps its factors: `w2` gets the hidden value.",
            "The gate is open, so the slope by `before` is the one by the hidden value. `w1` gets that times x.",
        ),
    )


WALK_BACK = replace(
    walk_back(3, 2.5, 4, -5, 0.5, 1),
    # whole numbers of one digit, w2 with one decimal, and a score that is 2 or 3 above the target
    numbers=tuple(
        (x, w2 * (w1 * x + b1) + 1 - above, w1, b1, w2, 1)
        for x, w1 in ((2, 3), (2, 4), (2, 5), (3, 2), (3, 4), (4, 2), (4, 3), (5, 2))
        for b1 in (-1, -2, -3)
        for w2 in (0.5, 1.5)
        for above in (2, 3)
        if w2 * w1 != x and w2 * (w1 * x + b1) + 1 > above**2
    ),
    with_numbers=walk_back,
)

EXERCISES = (WALK_BACK, SOFTMAX_GRADIENT, RELU_BACKWARD, TWO_LAYER_BACKWARD, CHECK_GRADIENT, FIND_THE_BUG)

# -- predictions -----------------------------------------------------------------------------------


def evaluations_for_the_digits() -> int:
    """Loss evaluations of one central numeric gradient for the 64–64–10 network."""
    digits = data.load_digits()
    return 2 * models.TwoLayerNetwork(digits.X[:1], digits.y[:1], num_hidden=64).num_parameters


@functools.cache
def loss_without_the_gate() -> tuple[float, float, float]:
    """Loss at the start, after 60 steps with the right gradient, and after 60 steps without ReLU's gate."""
    digits = data.load_digits()
    X, y = digits.X[:100], digits.y[:100]
    ends = []
    for backward in (two_layer_backward, code_of(TWO_LAYER_BACKWARD, "gate-forgotten")):
        rng = np.random.default_rng(0)
        W1, W2 = (
            rng.standard_normal((64, 12)) * np.sqrt(2 / 64),
            rng.standard_normal((12, 10)) * np.sqrt(2 / 12),
        )
        weights = [W1, np.zeros(12), W2, np.zeros(10)]
        start = _mean_loss(X, y, *weights)
        for _ in range(60):
            for w, dw in zip(weights, backward(X, y, *weights), strict=True):
                w -= 0.3 * dw
        ends.append(_mean_loss(X, y, *weights))
    return start, ends[0], ends[1]


def _mean_loss(X, y, W1, b1, W2, b2):
    scores = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return -np.log(_probabilities(scores)[np.arange(len(y)), y]).mean()


def what_the_loss_does() -> int:
    start, _, wrong = loss_without_the_gate()
    if not np.isfinite(wrong) or wrong > 1.1 * start:
        return 0
    return 1 if wrong > 0.9 * start else 2


def matrix_products_of_a_gradient() -> int:
    """How many matrix products the reference's forward and backward pass take together: 5."""
    return inspect.getsource(two_layer_backward).count(" @ ")


def numeric_slope_at_the_kink() -> float:
    h = 1e-6
    return (max(h, 0.0) - max(-h, 0.0)) / (2 * h)


PREDICTIONS = (
    Prediction(
        id="02-evaluations",
        question=(
            "A network for the digits has 64 inputs, 64 hidden units and 10 classes: 4,810 parameters. Its loss takes two "
            "matrix products. How many matrix products do the loss and all 4,810 slopes take together, when the slopes "
            "are computed by the chain rule?"
        ),
        kind="choice",
        choices=(
            "About 9,600: two for each parameter",
            "About 4,800: one for each parameter",
            "5: the parameters share almost all of the work",
            "2: the slopes come for nothing",
        ),
        answer=lambda: {9620: 0, 4810: 1, 5: 2, 2: 3}[matrix_products_of_a_gradient()],
        reveal=(
            "Counted: {answer}. One walk back from the loss serves every parameter. Central differences would take "
            f"{evaluations_for_the_digits():,} losses."
        ),
    ),
    Prediction(
        id="02-wrong-gradient",
        question=(
            "Somebody forgets ReLU's gate in the backward pass and trains on real digits for 60 steps. "
            "What does the training loss do?"
        ),
        kind="choice",
        choices=(
            "It grows: a wrong gradient leads uphill",
            "It stays where it was",
            "It falls, as if nothing were wrong",
        ),
        answer=what_the_loss_does,
        reveal=(
            "A wrong gradient often still points downhill, more or less. The falling loss hides the "
            "error; the gradient check shows it at once."
        ),
    ),
    Prediction(
        id="02-kink",
        question=(
            "ReLU is max(x, 0). Which slope does a central difference, (f(h) − f(−h)) / 2h, find at x "
            "= 0, exactly on the kink?"
        ),
        kind="number",
        answer=numeric_slope_at_the_kink,
        tolerance=0.02,
        reveal=(
            "{answer}: the mean of the slopes on both sides. The analytic convention is 0, so the "
            "check complains, though nobody made a mistake."
        ),
    ),
)

# -- quiz ------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="02",
    title="Analytic gradient and the gradient check",
    questions=(
        Question(
            "Why is the analytic gradient used for training, and the numeric one only for checking?",
            (
                "The numeric one is biased towards zero",
                (
                    "The analytic one costs about as much as two or three evaluations of the loss, "
                    "however many weights there are"
                ),
                "The numeric one is exact only for quadratic losses, and the loss of a network with ReLU is far from quadratic",
            ),
            1,
            (
                (
                    "It has a small error of either sign. The price is the reason: two evaluations for "
                    "every weight."
                ),
                "Right. And it is exact. But it is soon written with an error, so it is checked.".replace(
                    "easily", "often"
                ),
                "It works for every smooth loss. It is slow: two evaluations for every weight.",
            ),
        ),
        Question(
            (
                "During backpropagation a value is used by two later nodes. What happens to the two "
                "gradients that come back to it?"
            ),
            ("They are added", "They are multiplied", "The larger one wins"),
            0,
            (
                (
                    "Right. The value moves the loss along both ways, and small effects add up. A "
                    "bias, used by every example, sums over the examples."
                ),
                "Along one way factors are multiplied. Different ways are added.",
                "Both ways count: moving the value moves the loss along both.",
            ),
        ),
        Question(
            "The training loss falls nicely. What does it tell about your gradient?",
            (
                "That it is right",
                "That it is right up to a constant factor, which the learning rate makes up for in every parameter",
                "That it points downhill often enough; it may still be wrong in some parameters",
            ),
            2,
            (
                (
                    "A network without ReLU's gate in the backward pass, or without any bias "
                    "gradients, also learns. You saw the curves."
                ),
                "The factor may differ from parameter to parameter, and the loss falls all the same.",
                "Right. This is why the check compares entry by entry.",
            ),
        ),
        Question(
            (
                "A gradient check in float32 with eps = 1e-6 fails with relative errors near 1. What "
                "do you do first?"
            ),
            (
                "Repeat it in float64",
                "Look for the error in the backward pass",
                "Raise the tolerance to 2",
            ),
            0,
            (
                (
                    "Right. In float32 the two losses agree in all their seven digits or differ by "
                    "rounding only: the difference is noise."
                ),
                "There may be none: with so small a step the numeric side is noise in float32.",
                "Then every gradient passes. Compute in float64 instead.",
            ),
        ),
        Question(
            "The check passes with strong regularization. Why should you run it again without?",
            (
                "Regularization is never used in practice",
                "The gradient of the regularization term is hard to write, so its errors are the likeliest and hide all others",
                (
                    "It may be so much larger than the data gradient that an error there stays inside "
                    "the relative tolerance"
                ),
            ),
            2,
            (
                "It is used all the time. The question is what the check can see beside it.",
                "It is the weights times a constant. The trouble is its size.",
                "Right. A thousandth of a large number may be all of the data gradient.",
            ),
        ),
        Question(
            (
                "Which relative error should a two-layer ReLU network reach, checked in float64 with "
                "central differences away from kinks?"
            ),
            ("About 1e-2", "About 1e-7 or less", "Exactly 0"),
            1,
            (
                "1e-2 is nearly always an error in the gradient.",
                "Right. 1e-4 may be a kink within reach of the step; 1e-2 is nearly always an error.",
                "The numeric side is rounded and cut off: a few units in the eighth digit or so remain.",
            ),
        ),
    ),
)
