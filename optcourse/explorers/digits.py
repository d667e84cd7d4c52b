"""Runs on the handwritten digits, as six lessons show them: the two halves of the data, a model on each, losses, accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from optcourse import data, models
from optcourse.explorers import parts
from optcourse.explorers.parts import Yours

# A run that went away is drawn here.
FAR = 1e6


@cache
def halves() -> tuple[data.Digits, data.Digits]:
    """(training images, test images), the same in every lesson."""
    return data.train_test_split(data.load_digits(), np.random.default_rng(0))


@cache
def softmax(centred: bool = False) -> tuple[models.SoftmaxRegression, models.SoftmaxRegression]:
    """Softmax regression (on the training images, on the test images); `centred` subtracts the mean training image."""
    train, test = halves()
    mean = train.X.mean(axis=0) if centred else 0.0
    return models.SoftmaxRegression(train.X - mean, train.y), models.SoftmaxRegression(test.X - mean, test.y)


def losses_along(model: Any, points: Iterable[np.ndarray], *batch: Any) -> np.ndarray:
    """The model's loss at each point; FAR where it is larger, or no number."""
    with np.errstate(all="ignore"):
        losses = np.array([model.value(w, *batch) for w in points])
    return np.minimum(np.nan_to_num(losses, nan=FAR), FAR)


def learners_run(
    yours: Callable | None, problem: Any, start: np.ndarray, model: Any, *batch: Any, **given: Any
) -> Yours:
    """A learner's function on `problem`, anything with `gradient(w)`; its losses are the model's (on a batch of images).

    It may take longer than on a landscape: a step here is a pass over many images.
    """
    given = {"seconds": 5.0, "losses": lambda points: losses_along(model, points.T, *batch), **given}
    return parts.learners_run(yours, problem, start, **given)


class Minibatches:
    """A model whose `gradient(w)` takes the next minibatch at each call: how a learner's loop meets the course's own runs."""

    def __init__(self, model: Any, batches: Iterable[np.ndarray]) -> None:
        self.model, self.batches = model, iter(batches)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return self.model.gradient(w, next(self.batches))
