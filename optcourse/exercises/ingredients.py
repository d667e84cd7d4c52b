"""What cases are made of: small frozen descriptions that are built where they are needed.

A case holds no functions. It holds ingredients: `Gradient(recipe)` stands for the gradient of an objective and becomes a
callable only where the learner's function is called. `learner.running` records the calls. In grading they stay with the
judge, and the submission asks for each value.

To add an ingredient: a frozen dataclass of plain fields with a `build` method, decorated with `@ingredient`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_INGREDIENTS: set[type] = set()
FULL_RECORD = 5_000  # calls: learner.running keeps no more points than that, and may not be known here


def ingredient(cls: type) -> type:
    """Register a dataclass as an ingredient."""
    _INGREDIENTS.add(cls)
    return cls


def is_ingredient(thing: object) -> bool:
    return type(thing) in _INGREDIENTS


# -- objectives ------------------------------------------------------------------------------------


@ingredient
@dataclass(frozen=True)
class Gradient:
    """The gradient of an objective: `Gradient(objectives.rosenbrock().recipe)`."""

    recipe: Any

    def build(self) -> Callable:
        return _objective(self.recipe).gradient


@ingredient
@dataclass(frozen=True)
class Value:
    """The value of an objective."""

    recipe: Any

    def build(self) -> Callable:
        return _objective(self.recipe).value


def _objective(recipe: Any):
    from optcourse import objectives

    return objectives.build(recipe)


@ingredient
@dataclass(frozen=True, eq=False)
class QuadraticGradient:
    """Gradient of ½ (w − minimum)ᵀ H (w − minimum), in any dimension: `matrix @ (w - minimum)`."""

    matrix: Any
    minimum: Any

    def build(self) -> Callable:
        matrix, minimum = np.array(self.matrix, dtype=float), np.array(self.minimum, dtype=float)
        return lambda w: matrix @ (w - minimum)


@ingredient
@dataclass(frozen=True, eq=False)
class QuadraticValue:
    """Value of ½ (w − minimum)ᵀ H (w − minimum)."""

    matrix: Any
    minimum: Any

    def build(self) -> Callable:
        matrix, minimum = np.array(self.matrix, dtype=float), np.array(self.minimum, dtype=float)
        return lambda w: 0.5 * float((w - minimum) @ matrix @ (w - minimum))


def random_bowl(rng: np.random.Generator, n: int, kind: type = QuadraticGradient):
    """A bowl in n dimensions, turned, with curvatures between 0.5 and 3: its gradient or, as `kind` says, its value."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = basis @ np.diag(rng.uniform(0.5, 3, size=n)) @ basis.T
    return kind((matrix + matrix.T) / 2, rng.normal(size=n))


@ingredient
@dataclass(frozen=True, eq=False)
class SequenceGradient:
    """Gradients given in advance: the k-th call returns the k-th row, wherever it is called.

    After the last row it starts again.
    """

    gradients: Any

    def build(self) -> Callable:
        rows = np.array(self.gradients, dtype=float)
        count = 0

        def compute_gradient(w):
            nonlocal count
            dw = rows[count % len(rows)].copy()
            count += 1
            if np.shape(w) != dw.shape:
                raise ValueError(f"shape {dw.shape} is expected")
            return dw

        return compute_gradient


# -- named formulas, for functions that no objective offers ----------------------------------------

FORMULAS: dict[str, Callable] = {
    "exp(sin w)": lambda w: np.exp(np.sin(w)),
    "sum of exp(sin w)": lambda w: np.sum(np.exp(np.sin(w))),
    "sum of squares": lambda w: np.sum(w * w),
    "sum of cubes": lambda w: np.sum(w * w * w),
    "product of cosines": lambda w: np.prod(np.cos(w)),
    "sum of products of rows": lambda w: np.sum(np.prod(w, axis=-1)),
    "three times the squares": lambda w: 3 * w * w,
}


@ingredient
@dataclass(frozen=True)
class Formula:
    """A function of one array from the table FORMULAS, by name."""

    name: str

    def build(self) -> Callable:
        if self.name not in FORMULAS:
            raise ValueError(f"Formula: {self.name!r} is not in the table; it has {sorted(FORMULAS)}")
        return FORMULAS[self.name]


# -- real data -------------------------------------------------------------------------------------


@ingredient
@dataclass(frozen=True, eq=False)
class ModelGradient:
    """Gradient of a model of `optcourse.models` on rows of the digits: `(w, batch=None) -> dw`.

    `rows` is (first, after_last). `params` are handed to the model after X and y. More than `at_once` examples in one call
    are an error.
    """

    model: str
    rows: tuple[int, int] = (0, 200)
    params: Mapping[str, Any] = field(default_factory=dict)
    at_once: int | None = None

    def build(self) -> Callable:
        model = _model(self.model, self.rows, self.params)

        def compute_gradient(w, batch=None):
            size = self.rows[1] - self.rows[0] if batch is None else np.size(batch)
            if self.at_once is not None and size > self.at_once:
                raise ValueError(f"{size} examples are asked for at once, and {self.at_once} fit into memory")
            return model.gradient(w, batch)

        return _of_batch(compute_gradient)


def _of_batch(compute_gradient: Callable) -> Callable:
    """The same, whether its second argument is named `batch` or `minibatch`."""

    def either(w, batch=None, *, minibatch=None):
        return compute_gradient(w, batch if minibatch is None else minibatch)

    return either


@ingredient
@dataclass(frozen=True, eq=False)
class ModelValue:
    """Loss of a model on rows of the digits: `(w, batch=None) -> float`."""

    model: str
    rows: tuple[int, int] = (0, 200)
    params: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Callable:
        return _model(self.model, self.rows, self.params).value


def _model(name: str, rows: Sequence[int], params: Mapping[str, Any]):
    from optcourse import data, models

    digits = data.load_digits()
    first, after_last = rows
    return getattr(models, name)(digits.X[first:after_last], digits.y[first:after_last], **params)


@ingredient
@dataclass(frozen=True, eq=False)
class LeastSquaresGradient:
    """Gradient of the mean of (X @ w - y)² / 2 over a minibatch: `(w, batch=None) -> dw`."""

    X: Any
    y: Any

    def build(self) -> Callable:
        X, y = np.array(self.X, dtype=float), np.array(self.y, dtype=float)

        def compute_gradient(w, batch=None):
            rows = np.arange(len(X)) if batch is None else np.asarray(batch)
            if np.shape(w) != X.shape[1:] or rows.dtype.kind not in "iu":
                raise ValueError("the point comes first, then the minibatch, an array of indices")
            return X[rows].T @ (X[rows] @ w - y[rows]) / len(rows)

        return _of_batch(compute_gradient)


@ingredient
@dataclass(frozen=True)
class SampledData:
    """Minibatches as the lecture draws them: `(batch_size) -> indices`, with replacement, from a seed."""

    num_examples: int
    seed: int

    def build(self) -> Callable:
        rng = np.random.default_rng(self.seed)

        def sample_data(batch_size=1):
            if batch_size > MAX_SAMPLED:
                raise ValueError(f"batch_size is {batch_size}; at most {MAX_SAMPLED:,} are drawn at once")
            return rng.integers(self.num_examples, size=int(batch_size))

        return sample_data


MAX_SAMPLED = 1_000_000  # so that a mistake, or worse, does not fill the memory of the process that draws


def disguise(layers: Sequence[tuple[int, int]], seed: int) -> np.ndarray:
    """An order of a model's weights that only the seed knows: pixels, hidden units and classes trade places.

    The problem is the same, number for number, but weights that were learned elsewhere are worthless in it. The last row of a
    layer, its biases, stays the last. `w` in the order is `w[order]`.
    """
    rng = np.random.default_rng(seed)
    inputs, parts, first = rng.permutation(layers[0][0] - 1), [], 0
    for rows, columns in layers:
        table = first + np.arange(rows * columns).reshape(rows, columns)
        outputs = rng.permutation(columns)
        parts.append(table[np.ix_([*inputs, rows - 1], outputs)].ravel())
        inputs, first = outputs, first + table.size
    return np.concatenate(parts)


def undisguised(w: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The w whose disguise was given; one point, in the model's own order."""
    if np.shape(w) != order.shape:
        raise ValueError(f"w must have the shape {order.shape}, got {np.shape(w)}")
    own = np.empty_like(w)
    own[order] = w
    return own


def real_numbers(result: Any) -> np.ndarray | None:
    """A result as an array of real numbers, be it an array or a list; None for anything else."""
    try:
        array = np.asarray(result)
    except ValueError:  # parts of different lengths
        return None
    return array if isinstance(result, np.ndarray | list | tuple) and array.dtype.kind in "fiu" else None


@ingredient
@dataclass(frozen=True)
class DigitsTrainingGradient:
    """Gradient of softmax regression on the training digits of a split, disguised: `(w, batch=None) -> dw`.

    When the record of the calls is full, so that nobody can add up the minibatches any more, `budget` examples are the limit.
    """

    seed: int
    guise: int = 0
    budget: int = 1_000_000

    @property
    def order(self) -> np.ndarray:
        return disguise([(65, 10)], self.guise)

    def build(self) -> Callable:
        from optcourse import data, models

        train, _ = data.train_test_split(data.load_digits(), np.random.default_rng(self.seed))
        model, order = models.SoftmaxRegression(train.X, train.y), self.order
        calls = examples = 0

        def compute_gradient(w, batch=None):
            nonlocal calls, examples
            calls, examples = calls + 1, examples + (len(train) if batch is None else np.size(batch))
            if calls > FULL_RECORD and examples > self.budget:
                raise ValueError(f"more than {self.budget:,} gradients of single examples are asked for")
            return model.gradient(undisguised(w, order), batch)[order]

        return _of_batch(compute_gradient)


@ingredient
@dataclass(frozen=True)
class NetworkMinibatchGradient:
    """The race of lesson 09, disguised: `(w) -> dw` of a small network on digits; each call takes the next minibatch."""

    seed: int
    guise: int = 0

    @property
    def order(self) -> np.ndarray:
        from optcourse import race

        return disguise([(65, race.NUM_HIDDEN), (race.NUM_HIDDEN + 1, 10)], self.guise)

    def build(self) -> Callable:
        from optcourse import race

        task, order = race.problem(self.seed), self.order
        batches = itertools.cycle(task.batches)
        return lambda w: task.model.gradient(undisguised(w, order), next(batches))[order]


@ingredient
@dataclass(frozen=True, eq=False)
class TrialRuns:
    """Training runs that are over: `(learning_rate, seed) -> final loss`, read from a table (rates, seeds)."""

    learning_rates: Any
    seeds: Any
    losses: Any

    def build(self) -> Callable:
        rates, seeds = list(self.learning_rates), list(self.seeds)
        table = np.array(self.losses, dtype=float)

        def train(learning_rate, seed):
            row, column = float(np.squeeze(learning_rate)), int(np.squeeze(seed))
            if row not in rates or column not in seeds:
                raise ValueError(f"learning rate {row:g} with seed {column} is none of the given ones")
            return float(table[rates.index(row), seeds.index(column)])

        return train


# -- randomness ------------------------------------------------------------------------------------


@ingredient
@dataclass(frozen=True)
class Rng:
    """A NumPy random Generator, fresh from its seed."""

    seed: int

    def build(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)
