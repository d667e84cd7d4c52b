"""Exercises of lesson 12: automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse import objectives
from optcourse.autodiff import passes
from optcourse.exercises.answers.lesson_12 import backward, dual_multiply, hvp, unbroadcast
from optcourse.exercises.ingredients import Gradient, ModelGradient, ingredient, random_bowl
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz, Watch

# -- 12-dual-multiply --------------------------------------------------------------------------------------------


def dual_cases(rng: np.random.Generator) -> list[Case]:
    """Two pairs: a constant, twice the same, zeros, whole numbers, small and large ones."""

    def pair():
        return float(rng.normal(scale=2)), float(rng.normal(scale=2))

    same = pair()
    return [
        *(Case((pair(), pair()), label="two pairs") for _ in range(3)),
        Case((same, same), label="a pair times itself"),
        Case(((float(rng.uniform(2, 5)), 0.0), pair()), label="a constant times a pair"),
        Case((pair(), (float(rng.uniform(-5, -2)), 0.0)), label="a pair times a constant"),
        Case(((0.0, float(rng.uniform(1, 2))), pair()), label="a value of zero"),
        Case(((3, 1), (int(rng.integers(2, 9)), 4)), label="whole numbers"),
        Case(((2e5, 3e-4), (float(rng.uniform(1, 2)) * 1e-3, 7e3)), label="sizes that are far apart"),
    ]


DUAL_MULTIPLY = Exercise(
    id="12-dual-multiply",
    title="The product of two pairs",
    statement=(
        "`a` and `b` are pairs: a value, and its slope. Return the pair of their product: its value, and its slope by the "
        "product rule."
    ),
    points=2,
    answers=("dual_multiply",),
    reference=dual_multiply,
    cases=dual_cases,
    misconceptions=mistakes(
        dual_multiply,
        """
        slopes-multiplied: a[1] * b[0] + a[0] * b[1] => a[1] * b[1]
            You multiply the two slopes. The slope of a product is no product of slopes: x · x would have the slope 1
            everywhere.
        slopes-added: a[1] * b[0] + a[0] * b[1] => a[1] + b[1]
            You add the two slopes. That is the rule for a sum; in a product each slope is multiplied by the other value.
        first-term-only: a[1] * b[0] + a[0] * b[1] => a[1] * b[0]
            You have one term of the product rule: how the product moves because `a` moves. `b` moves, too.
        second-term-only: a[1] * b[0] + a[0] * b[1] => a[0] * b[1]
            You have one term of the product rule: how the product moves because `b` moves. `a` moves, too.
        entry-by-entry: return … => return np.multiply(a, b)[0], np.add(a, b)[1] * a[0] * b[0]
            You multiply the sum of the slopes by the product of the values. Each slope is multiplied by the value of the *other*
            one, and then they are added.
        adds-pairs: return … => return a[0] + b[0], a[1] + b[1]
            That is the sum of two pairs. The value of a product is the product of the values; its slope has two terms.
        all-in-one: return … => return a[0] * b[0] + a[1] * b[0] + a[0] * b[1]
            You add it all up. Value and slope stay apart: return the two of them.
        mixed-sums: a[1] * b[0] + a[0] * b[1] => (a[1] + b[0]) * (a[0] + b[1])
            You add before you multiply. Each slope is multiplied by the other value, and the two products are added.
        of-a-square: a[1] * b[0] + a[0] * b[1] => 2 * a[0] * a[1]
            That is the slope of `a` times itself. Here `b` may be another pair.
        of-a-quotient: a[1] * b[0] + a[0] * b[1] => (a[1] * b[0] - a[0] * b[1]) / b[0] ** 2 if b[0] else 0.0
            That is the rule for a quotient, a / b. Here the pairs are multiplied.
        own-value: a[1] * b[0] + a[0] * b[1] => a[1] * a[0] + b[1] * b[0]
            You multiply each slope by its own value. It belongs with the value of the *other* one.
        minus: a[1] * b[0] + a[0] * b[1] => a[1] * b[0] - a[0] * b[1]
            You subtract the two terms, as in a quotient. In a product they are added.
        minus-turned: a[1] * b[0] + a[0] * b[1] => a[0] * b[1] - a[1] * b[0]
            You take one term away from the other. Both ways in which the product moves add up.
        like-complex-numbers: a[0] * b[0], => a[0] * b[0] - a[1] * b[1],
            You multiply as with complex numbers: the product of the slopes goes into the value. Here d² is 0, not −1.
        keeps-the-square: a[0] * b[0], => a[0] * b[0] + a[1] * b[1],
            The product of the slopes has no place in the value: it belongs to d², and that is 0.
        square-in-the-slope: + a[0] * b[1] => + a[0] * b[1] + a[1] * b[1]
            The product of the slopes belongs to d², which is 0: leave it out of the slope.
        values-added: a[0] * b[0], => a[0] + b[0],
            The value of a product is the product of the values; you add them.
        slope-first: return … => return a[1] * b[0] + a[0] * b[1], a[0] * b[0]
            Your two numbers are right, and have changed places: the value comes first.
        slope-only: return … => return a[1] * b[0] + a[0] * b[1]
            You return the slope alone. The pair is needed: whoever comes next needs the value, too.
        value-only: return … => return a[0] * b[0]
            You return the value alone. The pair is needed: the value, and the slope.
        half: a[1] * b[0] + a[0] * b[1] => (a[1] * b[0] + a[0] * b[1]) / 2
            You take the mean of the two terms. Both count whole: that of x · x is 2x.
        """,
    ),
    hints=(
        "Multiply out (value + slope · d) by (value + slope · d), and drop what has d² in it.",
        "The slope has two terms: how the product moves because `a` moves, and because `b` moves.",
        "The value is `a[0] * b[0]`. In the slope, each slope is multiplied by the value of the other pair.",
    ),
)


# -- 12-backward -------------------------------------------------------------------------------------------------

PULLS: dict[str, Callable[[Any, Any], Any]] = {
    "g": lambda g, by: g,
    "g * by": lambda g, by: g * by,
    "g @ by.T": lambda g, by: g @ by.T,
    "by.T @ g": lambda g, by: by.T @ g,
    "summed rows": lambda g, by: g.sum(axis=0),
    "spread": lambda g, by: np.broadcast_to(g, by).copy(),
}


@ingredient
@dataclass(frozen=True, eq=False)
class Pull:
    """What an entry of a tape hands on for the gradient g that it has got: a formula of PULLS, with a number of its own."""

    formula: str
    by: Any = None

    def build(self) -> Callable:
        formula, by = PULLS[self.formula], self.by
        return lambda g: formula(np.asarray(g, dtype=float), by)

    def __repr__(self) -> str:
        return (
            f"<pull: {self.formula.replace('by', 'it')}>"
            if np.ndim(self.by)
            else f"<pull: g * {self.by:.4g}>"
        )


def times(by: float) -> Pull:
    return Pull("g * by", by)


def fan_out(x) -> list:
    """x·x + x."""
    return [(x, []), (x * x, [(0, times(x)), (0, times(x))]), (x * x + x, [(1, times(1)), (0, times(1))])]


def chain(rng: np.random.Generator, length: int) -> list:
    """Each entry a number times the one before it."""
    tape: list = [(float(rng.uniform(0.5, 1.5)), [])]
    for k in range(length):
        by = float(rng.uniform(0.6, 1.6) * rng.choice([-1, 1]))
        tape.append((tape[-1][0] * by, [(k, times(by))]))
    return tape


def doublings(count: int) -> list:
    """y = y + y, again and again."""
    tape: list = [(1.0, [])]
    for k in range(count):
        tape.append((2 * tape[-1][0], [(k, times(1)), (k, times(1))]))
    return tape


def woven(rng: np.random.Generator, count: int) -> list:
    """Products and sums of earlier entries, of which many are used more than once."""
    tape: list = [(float(v), []) for v in rng.uniform(0.5, 1.5, size=2)]
    for k in range(2, count):
        # The one before is always used, so that everything leads to the last entry.
        one, other = k - 1, int(rng.integers(k - 1))
        a, b = tape[one][0], tape[other][0]
        if rng.uniform() < 0.5:
            tape.append((a * b, [(one, times(b)), (other, times(a))]))
        else:
            tape.append((a - b, [(one, times(1.0)), (other, times(-1.0))]))
    return tape


def diamond(rng: np.random.Generator) -> list:
    """From one number two ways to the result, one of them longer."""
    x, a, b, c = (float(v) for v in rng.uniform(0.5, 2, size=4))
    return [
        (x, []),
        (a * x, [(0, times(a))]),
        (b * a * x, [(1, times(b))]),
        (c * x, [(0, times(c))]),
        (b * a * x + c * x, [(2, times(1.0)), (3, times(1.0))]),
        ((b * a * x + c * x) * a * x, [(4, times(a * x)), (1, times(b * a * x + c * x))]),
    ]


def layer(rng: np.random.Generator) -> list:
    """The sum of (X @ W + bias)²: tables, and a bias that is repeated for each row."""
    X, W, bias = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    scores = X @ W + bias
    return [
        (X, []),
        (W, []),
        (bias, []),
        (X @ W, [(0, Pull("g @ by.T", W)), (1, Pull("by.T @ g", X))]),
        (scores, [(3, Pull("g", np.zeros(2))), (2, Pull("summed rows", np.zeros(2)))]),
        (scores * scores, [(4, Pull("g * by", scores)), (4, Pull("g * by", scores))]),
        (float((scores * scores).sum()), [(5, Pull("spread", (4, 2)))]),
    ]


def backward_cases(rng: np.random.Generator) -> list[Case]:
    """Chains, fan-outs, diamonds, tables with a bias, one entry, whole numbers; one tape comes twice."""
    twice = fan_out(round(float(rng.uniform(1.5, 3)), 2))
    unused = [(2.0, []), (float(rng.uniform(1, 2)), []), (3.0, [(1, times(1.5))])]
    return [
        Case((chain(rng, 3),), label="a chain"),
        Case((twice,), label="x·x + x"),
        Case((twice,), label="x·x + x, a second time"),
        Case((diamond(rng),), label="a diamond"),
        Case((woven(rng, 8),), label="entries that are used again and again"),
        Case((woven(rng, 14),), label="a longer tape"),
        Case((layer(rng),), label="tables, and a bias"),
        Case((doublings(7),), label="y = y + y, seven times"),
        Case((unused,), label="an entry that nothing uses"),
        Case(([(float(rng.uniform(1, 2)), [])],), label="one entry only"),
        Case((fan_out(int(rng.integers(3, 8))),), label="whole numbers"),
    ]


def every_path(tape):
    """The right gradients, along every path from the end by itself."""
    grads = [np.zeros_like(value, dtype=float) for value, _ in tape]

    def go(k, g):
        grads[k] = grads[k] + g
        for number, pull in tape[k][1]:
            go(number, pull(g))

    go(len(tape) - 1, np.ones_like(tape[-1][0], dtype=float))
    return grads


def too_early(tape):
    """Each entry hands its gradient on when it is first met, whether or not all of it has come."""
    grads = [np.zeros_like(value, dtype=float) for value, _ in tape]
    grads[-1] = np.ones_like(tape[-1][0], dtype=float)
    done = set()

    def go(k):
        if k in done:
            return
        done.add(k)
        for number, pull in tape[k][1]:
            grads[number] = grads[number] + pull(grads[k])
            go(number)

    go(len(tape) - 1)
    return grads


BACKWARD = Exercise(
    id="12-backward",
    title="Back along the tape",
    statement=(
        "`tape` is a list; each entry is `(value, parents)`, and `parents` is a list of `(number, pull)`: the number of an "
        "earlier entry, and a function that turns this entry's gradient into what it hands on to that one. Return a list of "
        "gradients, one for each entry: the derivative of the *last* entry by it, shaped like its value."
    ),
    points=3,
    answers=("backward",),
    reference=backward,
    cases=backward_cases,
    compare=("result", "call_count", "inputs"),
    misconceptions=(
        *mistakes(
            backward,
            """
            last-one-counts: grads[number] + pull(grads[k]) => pull(grads[k])
                Where an entry is used twice, your second pull takes the place of the first one. Both count: add them up.
            front-to-back: reversed(range(len(tape))) => range(len(tape))
                You go through the tape from its beginning. An entry can hand on only what it has got, and that comes from the
                end.
            begins-with-zero: np.ones_like(tape[-1][0], dtype=float) => np.zeros_like(tape[-1][0], dtype=float)
                Every gradient stays 0: something must come in at the end. The derivative of the last entry by itself is 1.
            begins-with-the-value: np.ones_like(tape[-1][0], dtype=float) => np.asarray(tape[-1][0], dtype=float)
                You begin with the last entry's value. The derivative of the last entry by itself is 1, whatever its value is.
            begins-with-ones: np.zeros_like(value, dtype=float) => np.ones_like(value, dtype=float)
                All your gradients begin at 1. Only that of the last entry does; the others have got nothing yet.
            pulls-on-the-value: pull(grads[k]) => pull(tape[k][0])
                You hand the entry's *value* to its pulls. They take its gradient.
            pulls-on-the-parents-gradient: pull(grads[k]) => pull(grads[number])
                You hand the parent's gradient to the pull. It takes the gradient of the entry that was made.
            pulls-on-one: pull(grads[k]) => pull(np.ones_like(tape[k][0], dtype=float))
                You hand 1 to every pull, so each one gives its own slope alone. The chain rule multiplies: hand it the entry's
                gradient.
            subtracts: grads[number] + pull => grads[number] - pull
                You subtract the pulls. They are added up.
            numbers-only: grads = [np.zeros_like(value, dtype=float) for value, _ in tape] => grads = np.zeros(len(tape))
                     and: np.ones_like(tape[-1][0], dtype=float) => 1.0
                Your gradients are an array of numbers, and an entry of the tape may be a table: use a list.
            pull-times-the-gradient: pull(grads[k]) => grads[k] * pull(grads[k])
                You multiply by the entry's gradient once more. The pull has it in it already.
            pull-of-one: pull(grads[k]) => pull(1.0) * grads[k]
                You take `pull(1.0)` for a factor. That is right for numbers; a pull of a table needs the whole gradient:
                `pull(grads[k])`.
            without-the-first: return grads => return grads[1:]
                You leave out the first entry. The list has one gradient for each entry.
            one-number: return grads => return sum(np.sum(g) for g in grads)
                You add the gradients up. The list is asked for, one for each entry.
            no-pull: grads[number] + pull(grads[k]) => grads[number] + grads[k]
                You hand on the gradient as it is. The pull belongs to it: it multiplies by the entry's slope.
            largest-pull: grads[number] + pull(grads[k]) => np.maximum(grads[number], pull(grads[k]))
                Where pulls meet you keep the largest one. They are added up.
            begins-at-the-input: grads[-1] = np.ones_like(tape[-1][0] => grads[0] = np.ones_like(tape[0][0]
                You put the 1 at the first entry. It belongs to the last one: forward, pairs began with it; this is backward.
            sums-the-pull: pull(grads[k]) => np.sum(pull(grads[k]))
                You add up the entries of a pull. A table's gradient is a table: add the pull as it is.
            multiplies: grads[number] + pull => grads[number] * pull
                You multiply the pulls that meet. Two ways to the result are added up; only along one way factors multiply.
            first-parent-only: in tape[k][1] => in tape[k][1][:1]
                You hand the gradient on to the first parent alone. Every parent gets its part.
            last-parent-only: in tape[k][1] => in tape[k][1][-1:]
                You hand the gradient on to the last parent alone. Every parent gets its part.
            each-parent-once: in tape[k][1] => in dict(tape[k][1]).items()
                A parent that an entry takes twice, as in x · x, gets one of its two pulls. Both count.
            averages: + pull(grads[k]) => + pull(grads[k]) / len(tape[k][1])
                You share the gradient out among the parents. Each one gets the whole of its own pull.
            skips-the-last: reversed(range(len(tape))) => reversed(range(len(tape) - 1))
                The last entry never hands on its 1, so nothing arrives: begin with it.
            returns-the-first: return grads => return grads[0]
                You return the first entry's gradient alone. The list is asked for, one gradient for each entry.
            returns-backwards: return grads => return grads[::-1]
                Your list is in the order of the way back. It should be in the order of the tape.
            returns-the-last: return grads => return grads[-1]
                You return the last entry's gradient, which is always 1. The list is asked for.
            """,
        ),
        Misconception(
            "every-path",
            (
                "Your gradients are right, but you walk along every path by itself: with 20 doublings that is 2,097,150 pulls "
                "where 40 are enough. Let an entry hand on its gradient once, when all of it has come."
            ),
            every_path,
        ),
        Misconception(
            "too-early",
            (
                "An entry hands its gradient on when you first meet it, before all of its own pulls have come. Everything that "
                "was made of it must come first: from the end of the tape to its beginning."
            ),
            too_early,
        ),
    ),
    hints=(
        "Begin with a list of zeros, one for each entry, and a 1 for the last one. Who can hand on first?",
        "Go from the last entry to the first. For each `(number, pull)` of its parents, `pull(grads[k])` is what it hands on.",
        "Add it to what that parent has already: `grads[number] = grads[number] + pull(grads[k])`.",
    ),
)


# -- 12-unbroadcast ----------------------------------------------------------------------------------------------


def unbroadcast_cases(rng: np.random.Generator) -> list[Case]:
    """In front, along axes of length 1, both, a single number, nothing repeated, whole numbers."""

    def case(from_shape, shape, label):
        return Case((rng.normal(size=from_shape), shape), label=label)

    return [
        case((4, 3), (3,), "a bias that was repeated for every row"),
        case((4, 3), (4, 1), "a column that was repeated"),
        case((4, 3), (1, 3), "a row that was repeated"),
        case((2, 4, 3), (4, 3), "a table that was repeated"),
        case((2, 4, 3), (4, 1), "a column, repeated both ways"),
        case((3, 3), (3,), "as many rows as columns"),
        case((2, 3, 4), (2, 1, 4), "an axis in the middle"),
        case((5, 2), (), "a single number"),
        case((3,), (1,), "an array of one entry"),
        case((3, 2), (3, 2), "nothing was repeated"),
        Case((rng.integers(1, 9, size=(3, 4)), (4,)), label="whole numbers"),
    ]


UNBROADCAST = Exercise(
    id="12-unbroadcast",
    title="What was repeated is added up",
    statement=(
        "NumPy has repeated an array of shape `shape` along some axes, so that it fitted. `g` is the gradient by all those "
        "repetitions. Return the gradient by the array itself: an array of shape `shape`."
    ),
    points=2,
    answers=("unbroadcast",),
    reference=unbroadcast,
    cases=unbroadcast_cases,
    misconceptions=mistakes(
        unbroadcast,
        """
        as-it-is: return summed => return g
            You return `g` as it came. What was repeated has pulls from every repetition: add them up.
        averaged: g.sum(axis=tuple => g.mean(axis=tuple
             and: summed.sum(axis=axis => summed.mean(axis=axis
            You average over the repetitions. Each of them moves the loss, so their pulls add up.
        averaged-in-front: g.sum(axis=tuple => g.mean(axis=tuple
            You average over the axes in front. Each repetition moves the loss, so their pulls add up.
        averaged-along-ones: summed.sum(axis=axis => summed.mean(axis=axis
            You average along the axes of length 1. Each repetition moves the loss, so their pulls add up.
        first-repetition: g.sum(axis=tuple(range(g.ndim - len(shape)))) => g[(0,) * (g.ndim - len(shape))]
            You take the first repetition alone. Every one of them has its pull.
        largest: g.sum(axis=tuple => g.max(axis=tuple
            You take the largest pull. They add up.
        only-in-front: size == 1 => size == -1
            You sum over the axes in front and leave those of length 1: along these, the array was repeated, too.
        only-along-ones: summed = g.sum(axis=tuple(range(g.ndim - len(shape)))) => summed = g
            You leave the axes in front that the array does not have: along these it was repeated.
        axes-at-the-end: range(g.ndim - len(shape)) => range(len(shape), g.ndim)
            You sum over the last axes. NumPy adds missing axes in front, so these are the ones to sum over.
        axis-lost: keepdims=True => keepdims=False
            You lose the axes of length 1: `keepdims=True` keeps them.
        other-axes: size == 1 => size != 1
            You sum over the axes that the array has in full. It was repeated along those of length 1.
        one-axis-only: tuple(range(g.ndim - len(shape))) => 0
            You always sum over the first axis. It is right only where exactly one axis is missing.
        reshaped: return summed => return g.reshape(shape)
            You give `g` another shape. Its entries must be *added up*, until there are as many as `shape` has.
        keeps-the-front: g.ndim - len(shape)))) => g.ndim - len(shape))), keepdims=True)
            You keep the axes in front, with length 1. The array has not got them: leave `keepdims` out there.
        always-the-last: return … => return g.sum(axis=-1)
            You sum over the last axis, whatever was repeated. Compare `g.shape` with `shape`: where do they differ?
        last-axis-kept: return … => return g.sum(axis=-1, keepdims=True)
            You always sum over the last axis. Compare `g.shape` with `shape`: where do they differ?
        first-axis-kept: return … => return g.sum(axis=0, keepdims=True)
            You always sum over the first axis, and keep it. Compare `g.shape` with `shape`: where do they differ?
        first-entries: return … => return g[tuple(slice(0, n) for n in shape)]
            You cut a part out of `g`. Every repetition has its pull: add them up.
        flattened: return summed => return summed.ravel()
            You make one row of it. The result has the shape `shape`.
        multiplied: g.sum(axis=tuple => g.prod(axis=tuple
            You multiply the pulls of the repetitions. They add up.
        cut: return … => return np.resize(g, shape)
            You cut `g` off where it has enough entries. Every repetition has its pull: add them up.
        always-rows: return … => return g.sum(axis=0)
            You sum over the first axis, whatever was repeated. Compare `g.shape` with `shape`: where do they differ?
        one-number: return … => return g.sum()
            You sum everything into one number. The result has the shape `shape`.
        everything: return summed => return np.broadcast_to(g.sum(), shape)
            You sum over everything. Entries of the array that are different have gradients of their own.
        """,
    ),
    hints=(
        "Two things happen when NumPy repeats: axes are added in front, and axes of length 1 are stretched.",
        "First sum over the axes in front that are too many: `g.ndim - len(shape)` of them. Then look at each axis of `shape`.",
        "`g.sum(axis=axis, keepdims=True)` for each axis where `shape` has a 1.",
    ),
)


# -- 12-hvp ------------------------------------------------------------------------------------------------------


def hvp_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, Rosenbrock's and Himmelblau's functions, real digits; short and long v; whole numbers."""

    def softmax(regularization):
        return ModelGradient("SoftmaxRegression", (0, 20), {"regularization": regularization})

    valley, hill = (Gradient(make().recipe) for make in (objectives.rosenbrock, objectives.himmelblau))
    network = ModelGradient("TwoLayerNetwork", (0, 20), {"num_hidden": 2})
    small = rng.normal(scale=0.3, size=160)
    return [
        Case((random_bowl(rng, 3), rng.normal(size=3), rng.normal(size=3)), label="a bowl"),
        Case(
            (random_bowl(rng, 6), rng.normal(size=6), 5 * rng.normal(size=6)), label="six weights, a long v"
        ),
        Case((valley, rng.normal(size=2), rng.normal(size=2)), label="Rosenbrock's function"),
        Case((hill, rng.normal(size=2), 0.01 * rng.normal(size=2)), label="Himmelblau's function, a short v"),
        Case((hill, 2 * rng.normal(size=2), np.array([0.0, 1.0])), label="along one axis"),
        Case((softmax(0.1), rng.normal(scale=0.1, size=650), rng.normal(size=650)), label="real digits"),
        Case((network, small, rng.normal(size=160)), label="a small network on real digits"),
        Case((random_bowl(rng, 1), rng.normal(size=1), rng.normal(size=1)), label="one weight"),
        Case((random_bowl(rng, 2), rng.normal(size=2), np.zeros(2)), label="a v of zeros, exactly"),
        Case((valley, np.array([2, -1]), rng.integers(1, 5, size=2)), label="whole numbers"),
    ]


HVP = Exercise(
    id="12-hvp",
    title="The Hessian times a vector",
    statement=(
        "Return `H @ v` at `w`, exact to the last digits, without `H`: with one call of `gradient`, which takes complex "
        "numbers, too. (The complex step is the imaginary part of `gradient` at `w + 1e-30j * v`, divided by 1e-30.)"
    ),
    points=2,
    answers=("hvp",),
    reference=hvp,
    cases=hvp_cases,
    rtol=1e-9,
    atol=1e-12,
    compare=("result", "call_count", "inputs"),
    misconceptions=mistakes(
        hvp,
        """
        multiplied-into-w: w + 1e-30j * v => w * 1e-30j * v
            You multiply `w` by the step. The step is *added* to it.
        not-along-v: w + 1e-30j * v => w + 1e-30j
            You step by the same in all weights. The direction is `v`: `1e-30j * v`.
        v-afterwards: gradient(w + 1e-30j * v).imag / 1e-30 => gradient(w + 1e-30j).imag / 1e-30 * v
            You step by the same in all weights, and multiply by `v` afterwards, entry by entry. The step itself goes along `v`.
        size-of-it: return gradient(w + 1e-30j * v).imag => return np.abs(gradient(w + 1e-30j * v))
            You take the size of a complex number, which is nearly all real part. Take `.imag`.
        whole-step: return … => return gradient(w + v) - gradient(w)
            You take all of `v` for a step, and two gradients: exact for a parabola only. Make the step imaginary, and tiny.
        gradients-multiplied: return … => return np.outer(gradient(w), gradient(w)) @ v
            A gradient times a gradient is no second derivative. Asked for is how the gradient *changes* along `v`.
        divided-by-v: .imag / 1e-30 => .imag / np.where(v == 0, 1, 1e-30 * v)
            You divide by `v`, too. The step is 1e-30 times `v`; dividing by 1e-30 leaves H v.
        real-part: .imag / 1e-30 => .real / 1e-30
            You take the real part, which is the gradient itself. How it changes along `v` stands in the imaginary part.
        not-divided (same as multiplied, real-step): .imag / 1e-30 => .imag
            What you return is next to nothing. The imaginary part is the change for an imaginary step of 1e-30 times `v`:
            divide it by 1e-30.
        multiplied (same as not-divided, real-step): .imag / 1e-30 => .imag * 1e-30
            You multiply by the step. A slope is the change divided by the step.
        real-step (same as not-divided, multiplied): 1e-30j * v).imag => 1e-30 * v + 0j).imag
            Your step is real, and far too small: `w` does not change by it. Make it imaginary.
        v-normalised: 1e-30j * v => 1e-30j * v / (np.linalg.norm(v) or 1.0)
            You make `v` a unit vector first. `H @ v` is twice as long for a `v` twice as long.
        along-the-gradient: gradient(w + 1e-30j * v) => gradient(w + 1e-30j * w)
            You step along `w` itself. The direction is `v`.
        at-the-origin: w + 1e-30j * v => 0 * w + 1e-30j * v
            You step from zero and forget `w`: the Hessian at `w` is asked for.
        backward-step: w + 1e-30j * v => w - 1e-30j * v
            Your step goes against `v`, so the sign is the wrong way round.
        times-v-again: return gradient(w + 1e-30j * v).imag / 1e-30 => return gradient(w + 1e-30j * v).imag / 1e-30 * v
            You multiply by `v` at the end. It has been in the step already.
        curvature-only: return gradient(w + 1e-30j * v).imag / 1e-30 => return v @ gradient(w + 1e-30j * v).imag / 1e-30
            You return one number, the curvature along `v`. The product is a vector.
        forward-difference: return … => return (gradient(w + 1e-6 * v) - gradient(w)) / 1e-6
            This is a forward difference: right to some digits only, and it takes two gradients. Take the complex step.
        forward-difference-1e-8: return … => return (gradient(w + 1e-8 * v) - gradient(w)) / 1e-8
            Two gradients that nearly agree are subtracted: half of the digits are lost. The complex step subtracts nothing.
        forward-difference-1e-5: return … => return (gradient(w + 1e-5 * v) - gradient(w)) / 1e-5
            This is a forward difference with a large step: what is left over is as the step itself. Take the complex step.
        central-difference-1e-5: return … => return (gradient(w + 1e-5 * v) - gradient(w - 1e-5 * v)) / 2e-5
            This is a central difference, with two gradients, and right to some digits only. The complex step subtracts nothing.
        central-difference: return … => return (gradient(w + 1e-6 * v) - gradient(w - 1e-6 * v)) / 2e-6
            This is a central difference: right to some digits only, and it takes two gradients. Take the complex step.
        column-by-column: return … => return np.stack([gradient(w + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(w))]) @ v
            You build the whole Hessian, one gradient for each weight, and multiply then. One gradient is enough, with the step
            along `v`.
        unit-step: w + 1e-30j * v).imag / 1e-30 => w + 1j * v).imag
            Your imaginary step is all of `v`. That is exact for a parabola only: make it tiny, and divide by it.
        large-step: w + 1e-30j * v).imag / 1e-30 => w + 1e-2j * v).imag / 1e-2
            Your imaginary step is too large: what is left over is as its square. It may be 1e-30, since nothing is subtracted.
        gradient-itself: return … => return gradient(w) * v
            You multiply the gradient by `v`, entry by entry. Asked for is how the gradient *changes* along `v`.
        """,
    ),
    hints=(
        "`H @ v` says how the gradient changes when `w` moves along `v`: it is a slope of `gradient`, in one direction.",
        "Lesson 01 took slopes with an imaginary step: nothing is subtracted, so the step may be tiny.",
        "`gradient(w + 1e-30j * v)` is a complex array. Its part `.imag`, over 1e-30, is the slope.",
    ),
)

EXERCISES = (DUAL_MULTIPLY, BACKWARD, UNBROADCAST, HVP)


# -- predictions -------------------------------------------------------------------------------------------------

NUM_WEIGHTS = 1210


def which_passes() -> int:
    """The place, among the choices, of what the reverse mode needs."""
    return ("1210", "605", "11", "1").index(str(passes(NUM_WEIGHTS)["reverse"]))


def imaginary_part_of_the_size() -> float:
    """The complex step on |w| at -2."""
    return float(np.imag(np.abs(-2 + 1e-30j)) / 1e-30)


def which_pulls(count: int = 20) -> int:
    """The place, among the choices, of the pulls that y = y + y takes, so many times."""
    pulls = sum(len(made_of) for _, made_of in doublings(count))
    return (20, 40, 2**20, 2 * (2**20 - 1)).index(pulls)


PREDICTIONS = (
    Prediction(
        id="12-passes",
        question=(
            "A network has 1,210 weights and one loss. Forward, one pass gives the slope along *one* weight, so all slopes take "
            "1,210 passes. How many passes does it take *backward*, from the loss?"
        ),
        kind="choice",
        choices=("1,210 passes", "605 passes", "11 passes", "1 pass"),
        answer=which_passes,
        reveal=(
            "1. From the loss back, one pass gives all 1,210 slopes. It has a price: the whole way forward must be remembered."
        ),
        watch=Watch("PassesExplorer", {"num_inputs": 1}, {"num_inputs": 1210}),
    ),
    Prediction(
        id="12-complex-abs",
        question="The slope of |w| at w = −2 is −1. What does the complex step of lesson 01 give, with NumPy's `abs`?",
        kind="number",
        answer=imaginary_part_of_the_size,
        tolerance=0,
        reveal=(
            "{answer}: the size of a complex number is real, so `abs` drops the imaginary part, and the slope with it. "
            "A pair gives −1. (In the figure, at 1: the complex step has slope 0, the pair 1.)"
        ),
        watch=Watch("DualExplorer", {"program": "exp(sin x)"}, {"program": "|x|"}),
    ),
    Prediction(
        id="12-pulls",
        question=(
            "y = y + y, 20 times. The way back begins at the end, and every entry hands its gradient on, twice. How many pulls "
            "are handed on in all?"
        ),
        kind="choice",
        choices=("20", "40", "1,048,576", "2,097,150"),
        answer=which_pulls,
        reveal=(
            "40: two for each of 20 entries, if an entry waits until all of its own pulls have come. Along every path by itself "
            "it would be 2,097,150."
        ),
        watch=Watch("TapeExplorer", {"program": "x·x + x"}, {"program": "y = y + y, 4 times"}),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="12",
    questions=(
        Question(
            "What does a pair (value, slope) carry through a program?",
            (
                "A number, and a bound on its rounding error.",
                "A number, and how fast it changes with one chosen input.",
                "A number, and its gradient by all inputs.",
                "A number, and a small difference from a second run of the program.",
            ),
            1,
            (
                "That is interval arithmetic, another idea.",
                "Yes: the chosen input starts with slope 1, all others with 0.",
                "That would be one slope for each input; a pair has one.",
                "Nothing is subtracted, and there is no second run: the slope is exact to rounding.",
            ),
        ),
        Question(
            "Why does training use the reverse mode?",
            (
                "It is more exact than the forward mode.",
                "It needs less memory than the forward mode.",
                "There is one loss and there are many weights, and one pass back gives all slopes.",
                "The forward mode cannot differentiate loops.",
            ),
            2,
            (
                "Both are exact to rounding.",
                "It needs more: all values of the way forward are kept.",
                "Yes: passes go with the number of outputs, not of inputs.",
                "Both can: what runs is what is differentiated.",
            ),
        ),
        Question(
            "A weight is used in two places. Its gradient is",
            (
                "the sum of the two pulls.",
                "the larger one of the two pulls.",
                "the pull that comes last.",
                "the mean of the two pulls.",
            ),
            0,
            (
                "Yes: two ways to the loss, and both move it.",
                "Both ways move the loss.",
                "That is the mistake of `=` for `+=`: x·x + x at 3 would have the slope 3, not 7.",
                "Both ways move the loss, each by its whole pull.",
            ),
        ),
        Question(
            "A bias of shape (10,) is added to scores of shape (32, 10). The gradient by the scores is `g`. That by the bias is",
            (
                "`g.mean(axis=0)`",
                "`g`",
                "`g.sum(axis=1)`",
                "`g.sum(axis=0)`",
            ),
            3,
            (
                "Every row moves the loss by its whole pull; if the loss is a mean, `g` has been divided already.",
                "It has the wrong shape: there is one bias for each column.",
                "The rows are the repetitions: they are axis 0.",
                "Yes: the bias was repeated along the rows, so their pulls add up.",
            ),
        ),
        Question(
            "What does `hvp` cost?",
            (
                "As much as a whole Hessian: one gradient for each weight.",
                "One gradient in complex numbers, whatever the number of weights.",
                "Nothing: it is a part of the gradient that is there already.",
                "Two losses.",
            ),
            1,
            (
                "It is one column's worth: one direction.",
                "Yes: one call. Complex numbers take longer than real ones, but no more calls.",
                "The gradient must run once more, with an imaginary step along v.",
                "Losses alone say nothing of how the gradient turns.",
            ),
        ),
    ),
)
