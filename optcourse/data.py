"""Real data that comes with the course, and the ways to draw minibatches from it.

    digits = load_digits()
    for batch in epoch_batches(len(digits.y), 64, rng):
        model.gradient(w, batch)

Samplers yield arrays of indices and draw from a `numpy.random.Generator` that you give: nothing reads global
state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits: images (N, 8, 8), ink 0 to 16; X (N, 64), the same from 0 to 1; labels y (N,)."""

    images: np.ndarray
    X: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index) -> "Digits":
        """The examples that `index` (a slice or an array) selects."""
        return Digits(self.images[index], self.X[index], self.y[index])


@cache
def load_digits() -> Digits:
    """All 1,797 digits, read-only: all callers share the arrays.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository (1998), CC BY 4.0; the same data as scikit-learn's load_digits.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        images, y = stored["images"].astype(float), stored["y"].astype(np.int64)
    X = images.reshape(len(images), 64) / 16.0
    for array in (images, X, y):
        array.setflags(write=False)
    return Digits(images, X, y)


def train_test_split(
    data: Digits, rng: np.random.Generator, test_fraction: float = 0.2
) -> tuple[Digits, Digits]:
    """Training and test examples, drawn at random: round(test_fraction * N) of them for the test."""
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, got {test_fraction!r}")
    check_generator(rng)
    order = rng.permutation(len(data))
    num_test = round(test_fraction * len(data))
    return data[order[num_test:]], data[order[:num_test]]


def epoch_batches(
    num_examples: int, batch_size: int, rng: np.random.Generator, num_epochs: int | None = 1
) -> Iterator[np.ndarray]:
    """Minibatches without replacement: in each epoch every index once, in a new order.

    The last minibatch of an epoch is smaller when batch_size does not divide num_examples.
    num_epochs=None goes on for ever, for `descend(..., minibatches=...)`.
    """
    check_sampler(num_examples, batch_size, rng)

    def batches():
        for _ in count() if num_epochs is None else range(num_epochs):
            order = rng.permutation(num_examples)
            for first in range(0, num_examples, batch_size):
                yield order[first : first + batch_size]

    return batches()


def sample_with_replacement(
    num_examples: int, batch_size: int, rng: np.random.Generator, num_batches: int | None = None
) -> Iterator[np.ndarray]:
    """Minibatches with replacement: every index is drawn afresh, so some come twice and some never.

    num_batches=None goes on for ever.
    """
    check_sampler(num_examples, batch_size, rng)

    def batches():
        for _ in count() if num_batches is None else range(num_batches):
            yield rng.integers(num_examples, size=batch_size)

    return batches()


def check_sampler(num_examples: int, batch_size: int, rng: np.random.Generator) -> None:
    for name, value in (("num_examples", num_examples), ("batch_size", batch_size)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, got {value!r}")
    if num_examples < 1:
        raise ValueError(f"num_examples must be 1 or more, got {num_examples}")
    if not 1 <= batch_size <= num_examples:
        raise ValueError(f"batch_size must be from 1 to num_examples = {num_examples}, got {batch_size}")
    check_generator(rng)


def check_generator(rng: np.random.Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, as from np.random.default_rng(0), got {rng!r}")
