"""Models to train: loss and analytic gradient over one flat `w`, in order of increasing complexity.

    model = SoftmaxRegression(digits.X, digits.y)
    w = model.initial(rng)
    model.value(w), model.gradient(w)                  # on all examples
    model.value(w, batch), model.gradient(w, batch)    # on the examples whose indices are in batch

The loss is a mean over examples, plus regularization / 2 * sum(weights * weights); biases are not
regularized. Weights may be complex, for the complex step: where a formula needs an order (maximum, ReLU),
real parts decide. `w` of shape (num_parameters, *batch) runs the columns one by one, so that a batch equals
its single runs to the last bit.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike


class Model:
    """What all models share: examples with a column of ones for the bias, and the check of `w`.

    A model fills in num_parameters, targets, `initial`, and for the loss on given examples, without the
    regularization: `_loss(w, X1, targets)`, `_loss_and_gradient(w, X1, targets)`. `_weights(w)` are the views
    of w that are regularized.
    """

    num_parameters: int

    def __init__(self, X: ArrayLike, regularization: float):
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or 0 in X.shape:
            raise ValueError(f"X must have the shape (examples, features), got {X.shape}")
        if not np.isfinite(X).all():
            raise ValueError("X must be finite")
        if not (np.isfinite(regularization) and regularization >= 0):
            raise ValueError(f"regularization must be finite and >= 0, got {regularization!r}")
        self.X1 = with_ones(X)
        self.regularization = float(regularization)

    @property
    def ndim(self) -> int:
        return self.num_parameters

    def value(self, w: np.ndarray, batch: ArrayLike | None = None) -> float:
        """The loss at w, on all examples or on those of a minibatch."""
        w = self._checked(w)
        if w.ndim > 1:
            return np.reshape([self.value(column, batch) for column in columns(w)], w.shape[1:])
        return self._loss(w, *self._examples(batch)) + self._penalty(w)

    def gradient(self, w: np.ndarray, batch: ArrayLike | None = None) -> np.ndarray:
        """The gradient of `value`, a new array shaped like w."""
        return self.value_and_gradient(w, batch)[1]

    def value_and_gradient(self, w: np.ndarray, batch: ArrayLike | None = None) -> tuple[float, np.ndarray]:
        """Both at the cost of the gradient alone."""
        w = self._checked(w)
        if w.ndim > 1:
            values, gradients = zip(
                *(self.value_and_gradient(column, batch) for column in columns(w)), strict=True
            )
            return np.reshape(values, w.shape[1:]), np.stack(gradients, axis=-1).reshape(w.shape)
        loss, dw = self._loss_and_gradient(w, *self._examples(batch))
        if self.regularization > 0:
            for weights, dweights in zip(self._weights(w), self._weights(dw), strict=True):
                dweights += self.regularization * weights
        return loss + self._penalty(w), dw

    def _penalty(self, w: np.ndarray) -> float:
        if self.regularization == 0:
            return 0.0
        return 0.5 * self.regularization * sum((weights @ weights) for weights in self._weights(w))

    def _checked(self, w: np.ndarray) -> np.ndarray:
        w = np.asarray(w)
        if w.shape[:1] != (self.num_parameters,):
            raise ValueError(f"w must hold {self.num_parameters} weights, got shape {w.shape}")
        return w if w.dtype.kind in "fc" else w.astype(float)

    def _examples(self, batch: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
        if batch is None:
            return self.X1, self.targets
        try:
            if isinstance(batch, np.ndarray) and batch.dtype.kind == "i" and batch.ndim == 1:
                # faster than indexing
                X1, targets = self.X1.take(batch, axis=0), self.targets.take(batch, axis=0)
            else:
                X1, targets = self.X1[batch], self.targets[batch]
        except IndexError as error:
            raise ValueError(
                f"a minibatch holds indices of examples, whole numbers from 0 to {len(self.X1) - 1}: {error}"
            ) from error
        if X1.ndim != 2:
            raise ValueError(
                f"a minibatch is a one-dimensional array of indices, got shape {np.shape(batch)}"
            )
        if not len(X1):
            raise ValueError("the minibatch is empty: a mean over no examples has no value")
        return X1, targets


def with_ones(X: np.ndarray) -> np.ndarray:
    """X with a column of ones at the end: the bias is then one more row of weights."""
    return np.hstack([X, np.ones((len(X), 1))])


def columns(w: np.ndarray) -> Iterator[np.ndarray]:
    """The vectors w[:, i, j, ...], each laid out in memory like a single vector, and so computed like one."""
    return (np.ascontiguousarray(w[:, *index]) for index in np.ndindex(*w.shape[1:]))


class LinearRegression(Model):
    """Least squares: mean((X @ weights + bias - y)²) / 2. w holds the weights, then the bias."""

    def __init__(self, X: ArrayLike, y: ArrayLike, regularization: float = 0.0):
        super().__init__(X, regularization)
        self.targets = np.asarray(y, dtype=float)
        if self.targets.shape != (len(self.X1),):
            raise ValueError(f"y must hold one number for each of {len(self.X1)} examples")
        self.num_parameters = self.X1.shape[1]

    def initial(self, rng: np.random.Generator | None = None, scale: float = 0.01) -> np.ndarray:
        """Zeros, or small random weights when a Generator is given."""
        return (
            np.zeros(self.num_parameters) if rng is None else scale * rng.standard_normal(self.num_parameters)
        )

    def predict(self, w: np.ndarray, X: ArrayLike) -> np.ndarray:
        return with_ones(np.asarray(X, dtype=float)) @ w

    def hessian(self, w: np.ndarray | None = None) -> np.ndarray:
        """The same everywhere: the condition number of this matrix is what slows gradient descent down."""
        decay = np.append(np.full(self.num_parameters - 1, self.regularization), 0.0)
        return self.X1.T @ self.X1 / len(self.X1) + np.diag(decay)

    def _weights(self, w):
        return [w[:-1]]

    def _loss(self, w, X1, y):
        residual = X1 @ w - y
        return 0.5 * (residual @ residual) / len(y)

    def _loss_and_gradient(self, w, X1, y):
        residual = X1 @ w - y
        return 0.5 * (residual @ residual) / len(y), X1.T @ residual / len(y)


class Classifier(Model):
    """What the classifiers share: labels as rows of zeros with a single one, predictions, accuracy.

    A classifier fills in `scores(w, X1)`: one score for each example and class; X1 has the column of ones.
    """

    def __init__(self, X: ArrayLike, y: ArrayLike, num_classes: int, regularization: float):
        super().__init__(X, regularization)
        labels = np.asarray(y)
        if labels.shape != (len(self.X1),) or labels.dtype.kind not in "iu":
            raise ValueError(f"y must hold one whole number for each of {len(self.X1)} examples")
        if labels.min() < 0 or labels.max() >= num_classes:
            raise ValueError(f"labels must be from 0 to {num_classes - 1}")
        self.num_classes = num_classes
        self.y = labels
        self.targets = np.eye(num_classes)[labels]

    def predict(self, w: np.ndarray, X: ArrayLike) -> np.ndarray:
        """The most likely class of each example of X."""
        return self.scores(w, with_ones(np.asarray(X, dtype=float))).argmax(axis=1)

    def accuracy(self, w: np.ndarray, X: ArrayLike | None = None, y: ArrayLike | None = None) -> float:
        """The share of right answers on X and y, or on the examples that the model was made with."""
        if X is None:
            return float(np.mean(self.scores(w, self.X1).argmax(axis=1) == self.y))
        predicted, y = self.predict(w, X), np.asarray(y)
        if y.shape != predicted.shape:
            raise ValueError(
                f"y must hold one label for each of {len(predicted)} examples, got shape {y.shape}"
            )
        return float(np.mean(predicted == y))

    def _loss(self, w, X1, targets):
        return self.loss_of_scores(self.scores(w, X1), targets)[0]

    def loss_of_scores(self, scores: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss, and its gradient by the scores."""
        return cross_entropy(scores, targets)


def cross_entropy(scores: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean of -log(probability of the right class), and its gradient by the scores."""
    scores = scores - scores.real.max(axis=1, keepdims=True)  # does not change it, and exp cannot overflow
    dscores = np.exp(scores)
    total = dscores.sum(axis=1, keepdims=True)
    loss = (np.log(total).sum() - scores.ravel() @ targets.ravel()) / len(scores)
    dscores /= total  # the probabilities
    dscores -= targets
    dscores /= len(scores)
    return loss, dscores


def squared_error(scores: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over examples of half the squared distance to the targets, and its gradient by the scores."""
    residual = scores - targets
    return 0.5 * (residual.ravel() @ residual.ravel()) / len(scores), residual / len(scores)


class SoftmaxRegression(Classifier):
    """Scores are linear in the features: X @ weights + biases. w holds the rows of weights, then biases."""

    def __init__(self, X: ArrayLike, y: ArrayLike, num_classes: int = 10, regularization: float = 0.0):
        super().__init__(X, y, num_classes, regularization)
        self.num_parameters = self.X1.shape[1] * num_classes

    def initial(self, rng: np.random.Generator | None = None, scale: float = 0.01) -> np.ndarray:
        """Zeros, or small random weights when a Generator is given; biases 0 either way."""
        w = np.zeros((self.X1.shape[1], self.num_classes))
        if rng is not None:
            w[:-1] = scale * rng.standard_normal(w[:-1].shape)
        return w.ravel()

    def unpack(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Views of w: weights (features, classes), biases (classes,)."""
        table = w.reshape(-1, self.num_classes)
        return table[:-1], table[-1]

    def scores(self, w, X1):
        return X1 @ w.reshape(-1, self.num_classes)

    def hessian(self, w: np.ndarray, batch: ArrayLike | None = None) -> np.ndarray:
        """All second derivatives, (num_parameters, num_parameters): the inputs' products, weighed for each pair of classes.

        It has no negative eigenvalue: the loss is convex.
        """
        w = self._checked(w)
        X1, targets = self._examples(batch)
        probabilities = cross_entropy(self.scores(w, X1), targets)[1] + targets / len(X1)  # divided by N
        blocks = np.empty((X1.shape[1], self.num_classes, X1.shape[1], self.num_classes))
        for a in range(self.num_classes):
            for b in range(a + 1):
                weights = probabilities[:, a] * ((a == b) - len(X1) * probabilities[:, b])
                blocks[:, a, :, b] = blocks[:, b, :, a] = X1.T @ (weights[:, None] * X1)
        H = blocks.reshape(self.num_parameters, self.num_parameters)
        for diagonal in self._weights(np.einsum("ii->i", H)):  # views of H
            diagonal += self.regularization
        return H

    def _weights(self, w):
        return [w[: -self.num_classes]]

    def _loss_and_gradient(self, w, X1, targets):
        loss, dscores = cross_entropy(self.scores(w, X1), targets)
        return loss, (X1.T @ dscores).ravel()


class TwoLayerNetwork(Classifier):
    """Scores are ReLU(X @ weights1 + biases1) @ weights2 + biases2.

    w holds the rows of weights1, biases1, the rows of weights2, biases2. At 0 the ReLU's derivative is taken
    as 0.
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        num_hidden: int = 64,
        num_classes: int = 10,
        regularization: float = 0.0,
    ):
        super().__init__(X, y, num_classes, regularization)
        if num_hidden < 1:
            raise ValueError(f"num_hidden must be 1 or more, got {num_hidden!r}")
        self.num_hidden = num_hidden
        self.split = self.X1.shape[1] * num_hidden  # where the second layer begins in w
        self.num_parameters = self.split + (num_hidden + 1) * num_classes

    def initial(self, rng: np.random.Generator, scale: float | None = None) -> np.ndarray:
        """Random weights with standard deviation sqrt(2 / inputs of the layer), or `scale`; biases 0.

        Reference: He et al. (2015).
        """
        w = np.zeros(self.num_parameters)
        weights1, _, weights2, _ = self.unpack(w)
        for weights in (weights1, weights2):
            deviation = np.sqrt(2.0 / len(weights)) if scale is None else scale
            weights[...] = deviation * rng.standard_normal(weights.shape)
        return w

    def unpack(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Views of w: weights1 (features, hidden), biases1, weights2 (hidden, classes), biases2."""
        table1, table2 = self._tables(w)
        return table1[:-1], table1[-1], table2[:-1], table2[-1]

    def scores(self, w, X1):
        return self._forward(w, X1)[2]

    def _tables(self, w):
        """Views of w: each layer's weights with its biases as the last row."""
        return w[: self.split].reshape(-1, self.num_hidden), w[self.split :].reshape(-1, self.num_classes)

    def _weights(self, w):
        return [w[: self.split - self.num_hidden], w[self.split : -self.num_classes]]

    def _forward(self, w, X1):
        table1, table2 = self._tables(w)
        hidden, slope = self._activated(X1 @ table1)
        return slope, hidden, hidden @ table2[:-1] + table2[-1]

    def _activated(self, before):
        """The hidden units, and their slope by what comes in."""
        active = before.real > 0
        return before * active, active

    def _loss_and_gradient(self, w, X1, targets):
        slope, hidden, scores = self._forward(w, X1)
        loss, dscores = self.loss_of_scores(scores, targets)
        _, table2 = self._tables(w)
        dbefore = (dscores @ table2[:-1].T) * slope
        dw = np.empty_like(w)
        dtable1, dtable2 = self._tables(dw)
        np.matmul(X1.T, dbefore, out=dtable1)
        np.matmul(hidden.T, dscores, out=dtable2[:-1])
        np.sum(dscores, axis=0, out=dtable2[-1])
        return loss, dw


class TanhNetwork(TwoLayerNetwork):
    """The same with tanh in place of ReLU: without kinks, so that second derivatives mean something everywhere."""

    def initial(self, rng: np.random.Generator, scale: float = 1.0) -> np.ndarray:
        """Random weights with standard deviation scale / sqrt(inputs of the layer); biases 0."""
        w = np.zeros(self.num_parameters)
        weights1, _, weights2, _ = self.unpack(w)
        for weights in (weights1, weights2):
            weights[...] = scale / np.sqrt(len(weights)) * rng.standard_normal(weights.shape)
        return w

    def _activated(self, before):
        hidden = np.tanh(before)
        return hidden, 1 - hidden * hidden


class SquaredTanhNetwork(TanhNetwork):
    """The same, trained to give the score 1 to the right class and 0 to the others: half the squared error, no softmax."""

    def loss_of_scores(self, scores, targets):
        return squared_error(scores, targets)
