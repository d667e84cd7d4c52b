"""Exercises of lesson 02: the analytic gradient and the gradient check."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import numpy as np

from optcourse import data, models
from optcourse.exercises.ingredients import Formula, QuadraticGradient, QuadraticValue
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz

# -- 02-softmax-gradient ---------------------------------------------------------------------------


def softmax_gradient(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    probabilities[np.arange(len(y)), y] -= 1
    return probabilities / len(y)


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
    cases.append(Case((wide, np.array([1, 2, int(rng.integers(3))])), label="rows from 0 to 2000"))
    return cases


def _probabilities(scores, axis=1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _minus_targets(probabilities, y):
    result = probabilities.copy()
    result[np.arange(len(y)), y] -= 1
    return result


def softmax_of_columns(scores, y):
    return _minus_targets(_probabilities(scores, axis=0), y) / len(y)


def softmax_overflows(scores, y):
    powers = np.exp(scores)
    return _minus_targets(powers / powers.sum(axis=1, keepdims=True), y) / len(y)


def softmax_one_maximum(scores, y):
    powers = np.exp(scores - scores.max())
    return _minus_targets(powers / powers.sum(axis=1, keepdims=True), y) / len(y)


def softmax_in_place(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    return softmax_gradient(scores, y)


def softmax_whole_columns(scores, y):
    result = _probabilities(scores)
    result[:, y] -= 1
    return result / len(y)


def softmax_one_sum(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return _minus_targets(powers / powers.sum(), y) / len(y)


def softmax_rows_by_class(scores, y):
    result = _probabilities(scores)
    result[y] -= 1
    return result / len(y)


def softmax_loss(scores, y):
    return -np.log(_probabilities(scores)[np.arange(len(y)), y]).mean()


def softmax_through_sigmoid(scores, y):
    p = _probabilities(scores)
    return _minus_targets(p, y) * p * (1 - p) / len(y)


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
    misconceptions=(
        Misconception(
            "not-divided",
            (
                "Every entry is N times too large: the loss is a mean over N examples, so its gradient "
                "is divided by N too."
            ),
            lambda scores, y: softmax_gradient(scores, y) * len(y),
        ),
        Misconception(
            "divided-by-all-entries",
            "You divide by the number of entries of `scores`; the loss is a mean over the examples only.",
            lambda scores, y: softmax_gradient(scores, y) * len(y) / scores.size,
        ),
        Misconception(
            "minus-one-forgotten",
            (
                "These are the probabilities, divided by N: at the right class of each example, 1 is "
                "still to be taken away."
            ),
            lambda scores, y: _probabilities(scores) / len(y),
        ),
        Misconception(
            "sign-flipped",
            (
                "The sign is the wrong way round: a larger score of the right class makes the loss "
                "smaller, so its entry is negative."
            ),
            lambda scores, y: -softmax_gradient(scores, y),
        ),
        Misconception(
            "softmax-of-columns",
            (
                "The probabilities sum to 1 down the columns; they must sum to 1 for each example, "
                "along its row: look at `axis`."
            ),
            softmax_of_columns,
        ),
        Misconception(
            "overflows",
            (
                "Right for small scores, but exp of a large score is infinite: subtract the largest "
                "score of each row first."
            ),
            softmax_overflows,
        ),
        Misconception(
            "one-maximum-for-all",
            (
                "You subtract the largest score of all; in a row far below it every exp is 0, and 0/0 "
                "is no number. Use each row's own."
            ),
            softmax_one_maximum,
        ),
        Misconception(
            "changes-the-scores",
            (
                "The numbers are right, but the caller's `scores` are changed: `-=` writes into the "
                "array that you were given."
            ),
            softmax_in_place,
        ),
        Misconception(
            "whole-columns",
            (
                "`[:, y]` picks whole columns for every example; pair each row with its own class: "
                "`[np.arange(len(y)), y]`."
            ),
            softmax_whole_columns,
        ),
        Misconception(
            "divided-by-classes",
            "You divide by the number of classes; the loss is a mean over the examples, and there are `len(y)` of them.",
            lambda scores, y: softmax_gradient(scores, y) * len(y) / scores.shape[1],
        ),
        Misconception(
            "minus-one-everywhere",
            "You take 1 away from every probability: only the right class of each example loses it.",
            lambda scores, y: (_probabilities(scores) - 1) / len(y),
        ),
        Misconception(
            "right-class-only",
            "All entries but that of the right class are 0: the other classes have a gradient too, their probability.",
            lambda scores, y: softmax_gradient(scores, y) * np.eye(scores.shape[1])[y],
        ),
        Misconception(
            "classes-from-one",
            "You take 1 away beside the right class: classes are counted from 0, so `y` is the column as it stands.",
            lambda scores, y: softmax_gradient(scores, y - 1),
        ),
        Misconception(
            "one-sum-for-all",
            "All your probabilities together sum to 1; those of *each example* must: sum along each row.",
            softmax_one_sum,
        ),
        Misconception(
            "rows-by-class",
            "`p[y] -= 1` changes whole rows, picked by the classes; one entry of every row is meant.",
            softmax_rows_by_class,
        ),
        Misconception(
            "returns-the-loss",
            "You return the loss, one number; its gradient has an entry for every score.",
            softmax_loss,
        ),
        Misconception(
            "extra-factor",
            (
                "There is a factor p(1 − p) too many: for cross-entropy behind softmax it has already "
                "cancelled."
            ),
            softmax_through_sigmoid,
        ),
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


def relu_backward(dout, before):
    return dout * (before > 0)


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
    cases.append(
        Case((rng.integers(1, 9, size=(3, 3)), rng.integers(-3, 4, size=(3, 3))), label="whole numbers")
    )
    return cases


def relu_in_place(dout, before):
    dout[before <= 0] = 0
    return dout


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
    misconceptions=(
        Misconception(
            "open-at-zero",
            (
                "At `before` = 0 the gate must be shut: the course, like torch, takes the derivative "
                "of ReLU at 0 as 0. Is it `>` or `>=`?"
            ),
            lambda dout, before: dout * (before >= 0),
        ),
        Misconception(
            "half-at-zero",
            (
                "At `before` = 0 you pass half of the gradient, as a central difference does; the "
                "convention here is 0."
            ),
            lambda dout, before: dout * np.heaviside(before, 0.5),
        ),
        Misconception(
            "relu-of-the-gradient",
            (
                "You apply ReLU to the gradient. The gate is set by the forward pass: a negative "
                "gradient may pass, where `before` is positive."
            ),
            lambda dout, before: np.maximum(dout, 0),
        ),
        Misconception(
            "only-the-gate",
            (
                "This is ReLU's own derivative, 0 or 1. The chain rule multiplies it by what comes "
                "from above, `dout`."
            ),
            lambda dout, before: (before > 0).astype(float),
        ),
        Misconception(
            "times-the-value",
            (
                "You multiply by ReLU's output; its derivative is 1 where `before` is positive, "
                "whatever the value."
            ),
            lambda dout, before: dout * np.maximum(before, 0),
        ),
        Misconception(
            "forward-again",
            "This is ReLU of `before`, the forward pass. Backward, `dout` passes through the gate.",
            lambda dout, before: np.maximum(before, 0) * 1.0,
        ),
        Misconception(
            "gate-upside-down",
            "The gate is upside down: the gradient passes where `before` is negative.",
            lambda dout, before: dout * (before < 0),
        ),
        Misconception(
            "no-gate",
            (
                "The gradient passes everywhere; where `before` is negative, ReLU's output does not "
                "move, so nothing may pass."
            ),
            lambda dout, before: dout * 1,
        ),
        Misconception(
            "sign-as-gate",
            (
                "Where `before` is negative you pass minus the gradient: `np.sign` gives −1 there, and "
                "0 is needed."
            ),
            lambda dout, before: dout * np.sign(before),
        ),
        Misconception(
            "drops-entries",
            (
                "`dout[before > 0]` keeps only the entries whose gate is open, in a row. The others must stay, as 0: "
                "multiply, or use `np.where`."
            ),
            lambda dout, before: dout[before > 0],
        ),
        Misconception(
            "leaky",
            "Where `before` is negative a little still passes: that is leaky ReLU. Here it is 0.",
            lambda dout, before: np.where(before > 0, dout, 0.01 * dout),
        ),
        Misconception(
            "changes-dout",
            (
                "The numbers are right, but the caller's `dout` is changed: `dout[…] = 0` writes into "
                "the array that you were given."
            ),
            relu_in_place,
        ),
    ),
    hints=(
        "ReLU is a gate. Which of the two arrays says whether the gate of an entry is open?",
        "`before > 0` is an array of True and False; in a product they count as 1 and 0.",
        "Multiply `dout` by `before > 0`, and return the product: a new array.",
    ),
)

# -- 02-two-layer-backward -------------------------------------------------------------------------


def two_layer_backward(X, y, W1, b1, W2, b2):
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ W2 + b2
    dscores = softmax_gradient(scores, y)
    dW2 = hidden.T @ dscores
    db2 = dscores.sum(axis=0)
    dhidden = dscores @ W2.T
    dbefore = relu_backward(dhidden, before)
    dW1 = X.T @ dbefore
    db1 = dbefore.sum(axis=0)
    return dW1, db1, dW2, db2


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


def _network_variant(
    *,
    dscores: Callable = softmax_gradient,
    gate: Callable = relu_backward,
    finish: Callable | None = None,
) -> Callable:
    """A wrong two-layer backward pass: other parts in place of right ones; finish(…) changes the result."""

    def wrong(X, y, W1, b1, W2, b2):
        before = X @ W1 + b1
        hidden = np.maximum(before, 0)
        dscore = dscores(hidden @ W2 + b2, y)
        dhidden = dscore @ W2.T
        dbefore = gate(dhidden, before)
        result = X.T @ dbefore, dbefore.sum(axis=0), hidden.T @ dscore, dscore.sum(axis=0)
        return (
            result
            if finish is None
            else finish(result, X, before, dscore, dhidden, dbefore, (W1, b1, W2, b2))
        )

    return wrong


def network_weights_untransposed(X, y, W1, b1, W2, b2):
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    dscores = softmax_gradient(hidden @ W2 + b2, y)
    dhidden = dscores @ W2
    dbefore = relu_backward(dhidden, before)
    return X.T @ dbefore, dbefore.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)


def network_without_relu(X, y, W1, b1, W2, b2):
    hidden = X @ W1 + b1
    dscores = softmax_gradient(hidden @ W2 + b2, y)
    dhidden = dscores @ W2.T
    return X.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)


def network_steps_in_place(X, y, W1, b1, W2, b2):
    gradients = two_layer_backward(X, y, W1, b1, W2, b2)
    for w, dw in zip((W1, b1, W2, b2), gradients, strict=True):
        w -= 0.1 * dw
    return gradients


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
    misconceptions=(
        Misconception(
            "gate-forgotten",
            (
                "`dW2` and `db2` are right; on the way to the first layer the gradient passes ReLU as "
                "if it were not there: where is its gate?"
            ),
            _network_variant(gate=lambda dhidden, before: dhidden),
        ),
        Misconception(
            "times-hidden",
            (
                "On the way through ReLU you multiply by its output; its slope is 1 where `before` is "
                "positive, "
                "however large the value."
            ),
            _network_variant(gate=lambda dhidden, before: dhidden * np.maximum(before, 0)),
        ),
        Misconception(
            "no-relu-at-all",
            "ReLU is missing, forward and backward: `hidden` is max(before, 0).",
            network_without_relu,
        ),
        Misconception(
            "weights-divided-again",
            (
                "`dW1` and `dW2` are N times too small: the division by N is already in the gradient "
                "of the scores."
            ),
            _network_variant(finish=lambda r, X, *rest: (r[0] / len(X), r[1], r[2] / len(X), r[3])),
        ),
        Misconception(
            "gate-open-at-zero",
            (
                "Right, but for entries where `before` is exactly 0: there ReLU's gate is shut. Is it "
                "`>` or `>=`?"
            ),
            _network_variant(gate=lambda dhidden, before: dhidden * (before >= 0)),
        ),
        Misconception(
            "gate-set-by-the-gradient",
            (
                "ReLU's gate is set by the sign of the gradient; what counts is the sign of `before`, "
                "from the forward pass."
            ),
            _network_variant(gate=lambda dhidden, before: dhidden * (dhidden > 0)),
        ),
        Misconception(
            "not-divided",
            "All four gradients are N times too large: the loss is a mean over the N examples.",
            _network_variant(dscores=lambda scores, y: softmax_gradient(scores, y) * len(y)),
        ),
        Misconception(
            "divided-twice",
            (
                "All four gradients are N times too small: dividing by N once, in the gradient of the "
                "scores, is enough."
            ),
            _network_variant(dscores=lambda scores, y: softmax_gradient(scores, y) / len(y)),
        ),
        Misconception(
            "minus-one-forgotten",
            "The gradient of the scores is p, where p − 1 belongs at the right class of each example.",
            _network_variant(dscores=lambda scores, y: _probabilities(scores) / len(y)),
        ),
        Misconception(
            "sign-flipped",
            (
                "All four gradients point the other way: the gradient of the scores is p − target, not "
                "target − p."
            ),
            _network_variant(dscores=lambda scores, y: -softmax_gradient(scores, y)),
        ),
        Misconception(
            "overflows",
            (
                "Right for small weights; for large ones exp overflows: subtract each row's largest "
                "score first."
            ),
            _network_variant(dscores=softmax_overflows),
        ),
        Misconception(
            "b1-without-the-gate",
            (
                "Only `db1` is wrong: b1 is added before ReLU, so its gradient must have passed the "
                "gate as well."
            ),
            _network_variant(
                finish=lambda r, X, before, dscore, dhidden, dbefore, w: (r[0], dhidden.sum(axis=0), *r[2:])
            ),
        ),
        Misconception(
            "biases-averaged",
            (
                "`db1` and `db2` are N times too small: they sum over the examples; the mean is "
                "already in the gradient of the scores."
            ),
            _network_variant(
                finish=lambda r, X, before, dscore, *rest: (r[0], r[1] / len(X), r[2], r[3] / len(X))
            ),
        ),
        Misconception(
            "biases-summed-over-the-wrong-axis",
            (
                "The biases' gradients must be summed over the examples, `axis=0`: one entry for each "
                "unit is left."
            ),
            _network_variant(
                finish=lambda r, X, before, dscore, dhidden, dbefore, w: (
                    r[0],
                    dbefore.sum(axis=1),
                    r[2],
                    dscore.sum(axis=1),
                )
            ),
        ),
        Misconception(
            "b2-averaged",
            "Only `db2` is too small: N is already in the gradient of the scores, so sum over the examples, do not average.",
            _network_variant(finish=lambda result, *rest: (*result[:3], rest[2].mean(axis=0))),
        ),
        Misconception(
            "b1-forgotten",
            "Your forward pass leaves `b1` out: `before = X @ W1 + b1`.",
            lambda X, y, W1, b1, W2, b2: two_layer_backward(X, y, W1, 0 * b1, W2, b2),
        ),
        Misconception(
            "divided-by-classes",
            "You divide by the number of classes; the loss is a mean over the N examples.",
            _network_variant(
                dscores=lambda scores, y: softmax_gradient(scores, y) * len(y) / scores.shape[1]
            ),
        ),
        Misconception(
            "order-of-the-lists",
            "The results come in another order: `dW1, db1, dW2, db2`, layer by layer, first layer first.",
            lambda *args: two_layer_backward(*args)[::-1],
        ),
        Misconception(
            "transposed",
            "Your `dW1` and `dW2` lie on their side: for `Z = A @ B`, `dB = A.T @ dZ` has the shape of `B`.",
            lambda *args: tuple(dw.T for dw in two_layer_backward(*args)),
        ),
        Misconception(
            "bias-keeps-its-axis",
            "Your bias gradients have an axis too many: `sum(axis=0)` without `keepdims` has the shape of the bias.",
            _network_variant(
                finish=lambda result, *rest: (result[0], result[1][None], result[2], result[3][None])
            ),
        ),
        Misconception(
            "W2-meets-before",
            (
                "Only `dW2` is wrong: what multiplies W2 in the forward pass is `hidden`, after ReLU, "
                "not `before`."
            ),
            _network_variant(
                finish=lambda r, X, before, dscore, *rest: (r[0], r[1], before.T @ dscore, r[3])
            ),
        ),
        Misconception(
            "gradients-in-another-order",
            (
                "The gradients come in another order: `dW1, db1, dW2, db2` is asked for, as in the "
                "argument list."
            ),
            _network_variant(finish=lambda r, *rest: (r[2], r[3], r[0], r[1])),
        ),
        Misconception(
            "returns-new-weights",
            (
                "You return weights after a step; the gradients themselves are asked for. The step is "
                "gradient descent's business."
            ),
            _network_variant(
                finish=lambda r, X, before, dscore, dhidden, dbefore, w: tuple(
                    a - 0.1 * b for a, b in zip(w, r, strict=True)
                )
            ),
        ),
        Misconception(
            "W2-not-transposed",
            (
                "To go back through `hidden @ W2`, multiply by `W2.T`: shapes (examples, classes) @ "
                "(classes, hidden)."
            ),
            network_weights_untransposed,
        ),
        Misconception(
            "changes-the-weights",
            (
                "The gradients are right, but the caller's weights are changed: computing a gradient "
                "must not take a step."
            ),
            network_steps_in_place,
        ),
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


def check_gradient(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    w = np.array(w, dtype=float)
    analytic = np.asarray(gradient(w.copy()), dtype=float)
    numeric = np.zeros_like(w)
    for i in range(len(w)):
        ahead, behind = w.copy(), w.copy()
        ahead[i] += eps
        behind[i] -= eps
        numeric[i] = (f(ahead) - f(behind)) / (2 * eps)
    error = np.abs(analytic - numeric)
    allowed = atol + rtol * np.abs(numeric)
    worst = int(np.argmax(error / allowed))
    largest = max(abs(analytic[worst]), abs(numeric[worst]))
    relative_error = 0.0 if largest == 0 else error[worst] / largest
    return bool(np.all(error <= allowed)), worst, numeric[worst], analytic[worst], relative_error


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
            {2: 1.12},
            3,
            scales=np.ones(3),
            atol=0.05,
            rtol=0.1,
            label="an error that atol and rtol allow only together",
        ),
        # A central difference of a parabola is exact, whatever eps is; that of a cubic is off by eps².
        Case(
            (Formula("sum of cubes"), Formula("three times the squares"), rng.uniform(2, 3, 3)),
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


def _check_variant(
    *,
    numeric: Callable | None = None,
    error: Callable = lambda a, n: np.abs(a - n),
    allowed: Callable = lambda a, n, atol, rtol: atol + rtol * np.abs(n),
    decide: Callable = lambda error, allowed: np.all(error <= allowed),
    worst: Callable = lambda error, allowed, relative: np.argmax(error / allowed),
    relative: Callable | None = None,
) -> Callable:
    """A wrong check: other parts in place of the right ones."""

    def wrong(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
        w = np.array(w, dtype=float)
        a = np.asarray(gradient(w.copy()), dtype=float)
        n = (numeric or _central)(f, w, eps)
        e, limit = error(a, n), allowed(a, n, atol, rtol)
        ratio = (relative or _relative)(a, n)
        k = int(worst(e, limit, ratio))
        return bool(decide(e, limit)), k, n[k], a[k], ratio[k]

    return wrong


def _central(f, w, eps):
    moves = eps * np.eye(len(w))
    return np.array([(f(w + move) - f(w - move)) / (2 * eps) for move in moves])


def _forward(f, w, eps):
    moves = eps * np.eye(len(w))
    return np.array([(f(w + move) - f(w)) / eps for move in moves])


def _not_restored(f, w, eps):
    w, found = w.copy(), []
    for i in range(len(w)):
        w[i] += eps
        ahead = f(w.copy())
        w[i] -= 2 * eps
        found.append((ahead - f(w.copy())) / (2 * eps))
    return np.array(found)


def _relative(a, n):
    largest = np.maximum(np.abs(a), np.abs(n))
    return np.abs(a - n) / np.where(largest == 0, 1.0, largest)


def _relative_unguarded(a, n):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))


def _check_restores_by_adding(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    analytic = gradient(w)
    numeric = np.zeros_like(w)
    for i in range(len(w)):
        w[i] += eps
        ahead = f(w)
        w[i] -= 2 * eps
        behind = f(w)
        w[i] += eps
        numeric[i] = (ahead - behind) / (2 * eps)
    error = np.abs(analytic - numeric)
    allowed = atol + rtol * np.abs(numeric)
    worst = int(np.argmax(error / allowed))
    largest = max(abs(analytic[worst]), abs(numeric[worst]))
    relative_error = 0.0 if largest == 0 else error[worst] / largest
    return bool(np.all(error <= allowed)), worst, numeric[worst], analytic[worst], relative_error


def _check_in_another_order(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    ok, worst, numeric, analytic, relative_error = check_gradient(f, gradient, w, eps, atol, rtol)
    return ok, worst, analytic, numeric, relative_error


def _check_in_place(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    report = check_gradient(f, gradient, w, eps, atol, rtol)
    w += eps * np.ones(len(w), dtype=w.dtype)
    return report


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
    misconceptions=(
        Misconception(
            "forward-differences",
            (
                "Your numeric gradient is a forward difference: step to both sides, w + eps and w − "
                "eps, and divide by 2 eps."
            ),
            _check_variant(numeric=_forward),
        ),
        Misconception(
            "not-divided-by-two",
            "Your numeric gradient is twice too large: the two points stand 2 eps apart.",
            _check_variant(numeric=lambda f, w, eps: 2 * _central(f, w, eps)),
        ),
        Misconception(
            "w-not-restored",
            (
                "After an entry has been moved it is not put back: the next entries are checked at "
                "another point."
            ),
            _check_variant(numeric=_not_restored),
        ),
        Misconception(
            "error-with-a-sign",
            (
                "The error keeps its sign, so an entry that is too small never counts as wrong: take "
                "the absolute value."
            ),
            _check_variant(error=lambda a, n: a - n),
        ),
        Misconception(
            "tolerance-with-a-sign",
            (
                "Where the numeric entry is negative, your tolerance shrinks or turns negative: rtol "
                "multiplies |numeric|."
            ),
            _check_variant(allowed=lambda a, n, atol, rtol: atol + rtol * n),
        ),
        Misconception(
            "one-right-entry-is-enough",
            "One right entry is enough for you: the gradient is right only when *all* entries are.",
            _check_variant(decide=lambda error, allowed: np.any(error <= allowed)),
        ),
        Misconception(
            "nan-passes",
            (
                "A gradient with nan passes: no comparison with nan is true, so ask whether all errors "
                "are small, not whether one is large."
            ),
            _check_variant(decide=lambda error, allowed: not np.any(error > allowed)),
        ),
        Misconception(
            "worst-by-size",
            (
                "`worst` is where the error is largest in itself; a large entry may be off by more and "
                "still be right. Divide by what is allowed there."
            ),
            _check_variant(worst=lambda error, allowed, relative: np.argmax(error)),
        ),
        Misconception(
            "worst-by-relative-error",
            (
                "`worst` is where your relative error is largest; here it is where the error is "
                "largest compared with "
                "what is allowed, so that rounding in tiny entries does not count."
            ),
            _check_variant(worst=lambda error, allowed, relative: np.argmax(relative)),
        ),
        Misconception(
            "tolerance-from-the-analytic",
            "Your tolerance grows with the gradient that is being checked; rtol multiplies |numeric|.",
            _check_variant(allowed=lambda a, n, atol, rtol: atol + rtol * np.abs(a)),
        ),
        Misconception(
            "analytic-before-numeric",
            "The two values come in another order: first the numeric one, then the analytic one.",
            _check_in_another_order,
        ),
        Misconception(
            "times-eps",
            "`/ 2 * eps` divides by 2 and then *multiplies* by eps: put brackets around `2 * eps`.",
            _check_variant(numeric=lambda f, w, eps: eps * eps * _central(f, w, eps)),
        ),
        Misconception(
            "restored-by-adding",
            (
                "You put an entry of `w` back by adding eps again: rounding keeps it from coming back "
                "exactly, and a "
                "whole-number array drops every fraction. Move entries of a float copy."
            ),
            _check_restores_by_adding,
        ),
        Misconception(
            "zero-by-zero",
            "Where both values are 0 the relative error is 0/0, and that is no number: it counts as 0.",
            _check_variant(relative=_relative_unguarded),
        ),
        Misconception(
            "relative-to-the-numeric-only",
            (
                "Your relative error divides by |numeric|; divide by the larger of |analytic| and "
                "|numeric|, so that it never exceeds 2."
            ),
            _check_variant(relative=lambda a, n: np.abs(a - n) / np.where(n == 0, 1.0, np.abs(n))),
        ),
        Misconception(
            "relative-to-the-sum",
            (
                "Your relative error divides by |analytic| + |numeric|; some texts do, but here it is "
                "the larger of the two."
            ),
            _check_variant(
                relative=lambda a, n: np.abs(a - n) / np.where(a == n, 1.0, np.abs(a) + np.abs(n))
            ),
        ),
        Misconception(
            "either-tolerance",
            "An error within atol *or* within rtol · |numeric| passes for you; the rule adds the two up.",
            _check_variant(allowed=lambda a, n, atol, rtol: np.maximum(atol, rtol * np.abs(n))),
        ),
        Misconception(
            "only-rtol",
            "`atol` is not used: where the numeric entry is 0, rtol alone allows nothing.",
            _check_variant(allowed=lambda a, n, atol, rtol: rtol * np.abs(n) + 1e-300),
        ),
        Misconception(
            "only-atol",
            "`rtol` is not used: a large entry may be off by more than a small one.",
            _check_variant(allowed=lambda a, n, atol, rtol: atol + 0 * n),
        ),
        Misconception(
            "tolerances-ignored",
            "`atol` and `rtol` are numbers of your own: use the ones that the caller gives.",
            _check_variant(allowed=lambda a, n, atol, rtol: 1e-5 + 1e-3 * np.abs(n)),
        ),
        Misconception(
            "changes-w",
            "The report is right, but the caller's `w` is changed: move entries of a copy.",
            _check_in_place,
        ),
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


def _says(position: int, name: str) -> Callable:
    return lambda: tuple(name if k == position else None for k in range(3))


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
    misconceptions=(
        Misconception(
            "a-first-layer",
            "In A the first layer is right: look at the table of relative errors again, one row is near 1.",
            _says(0, "W1"),
        ),
        Misconception(
            "a-W2",
            "In A, dW2 is right: another gradient of the second layer is N times too small.",
            _says(0, "W2"),
        ),
        Misconception(
            "a-b1",
            "In A, db1 is right: its relative error is tiny. Which row of the table is near 1?",
            _says(0, "b1"),
        ),
        Misconception(
            "b-W1",
            (
                "In B, dW1 is right. Set regularization to 0: one row of the table fails, and it is "
                "not the row of W1."
            ),
            _says(1, "W1"),
        ),
        Misconception(
            "b-a-bias",
            (
                "In B, the biases are right. They are not regularized, so nothing could mask an error "
                "in them. Set regularization to 0 and look again."
            ),
            _says(1, "b1"),
        ),
        Misconception(
            "b-the-other-bias",
            (
                "In B, db2 is right. Regularization adds to the gradients of W1 and W2 alone; set it "
                "to 0 and look at these two."
            ),
            _says(1, "b2"),
        ),
        Misconception(
            "c-W2",
            (
                "In C, dW2 is right. Make the initial weights larger, for instance 1 times as large, "
                "and look at the table again."
            ),
            _says(2, "W2"),
        ),
        Misconception(
            "c-b1",
            (
                "In C, db1 has passed the gate of ReLU, as it must. Its neighbour has not: make the "
                "initial weights larger and look again."
            ),
            _says(2, "b1"),
        ),
        Misconception(
            "c-b2",
            "In C, db2 is right. An error that shows only with larger weights sits deeper down.",
            _says(2, "b2"),
        ),
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

EXERCISES = (SOFTMAX_GRADIENT, RELU_BACKWARD, TWO_LAYER_BACKWARD, CHECK_GRADIENT, FIND_THE_BUG)

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
    for backward in (two_layer_backward, _network_variant(gate=lambda dhidden, before: dhidden)):
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
