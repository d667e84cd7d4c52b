"""Models on the digits: gradients by the complex step and against torch and scikit-learn, training, bad input."""

import importlib.util
import os

import numpy as np
import pytest
import sklearn.linear_model

from optcourse.data import epoch_batches, load_digits, train_test_split
from optcourse.descent import descend
from optcourse.gradients import check_gradient, numeric_gradient
from optcourse.models import (
    LinearRegression,
    SoftmaxRegression,
    SquaredTanhNetwork,
    TanhNetwork,
    TwoLayerNetwork,
)
from optcourse.optimizers import Momentum

DIGITS = load_digits()
SOME = DIGITS[:60]
FACTORIES = [
    lambda regularization: LinearRegression(SOME.X, SOME.y.astype(float), regularization),
    lambda regularization: SoftmaxRegression(SOME.X, SOME.y, regularization=regularization),
    lambda regularization: TwoLayerNetwork(SOME.X, SOME.y, num_hidden=6, regularization=regularization),
    lambda regularization: TanhNetwork(SOME.X, SOME.y, num_hidden=6, regularization=regularization),
    lambda regularization: SquaredTanhNetwork(SOME.X, SOME.y, num_hidden=6, regularization=regularization),
]
each = pytest.mark.parametrize("make", FACTORIES, ids=["linear", "softmax", "network", "tanh", "squared"])


def weights(model, seed=0):
    return 0.3 * np.random.default_rng(seed).standard_normal(model.num_parameters)


def plain_loss(model, w, X, y, regularization):
    """The definition, with nothing clever in it."""
    if isinstance(model, LinearRegression):
        errors = [0.5 * (x @ w[:-1] + w[-1] - t) ** 2 for x, t in zip(X, y, strict=True)]
        return np.mean(errors) + regularization / 2 * np.sum(w[:-1] ** 2)
    if isinstance(model, SoftmaxRegression):
        W, b = model.unpack(w)
        penalty = np.sum(W**2)
        scores = X @ W + b
    else:
        W1, b1, W2, b2 = model.unpack(w)
        penalty = np.sum(W1**2) + np.sum(W2**2)
        before = X @ W1 + b1
        scores = (np.tanh(before) if isinstance(model, TanhNetwork) else np.maximum(before, 0)) @ W2 + b2
    if isinstance(model, SquaredTanhNetwork):
        return np.mean(np.sum((scores - np.eye(10)[y]) ** 2, axis=1)) / 2 + regularization / 2 * penalty
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return -np.mean(np.log(probabilities[np.arange(len(y)), y])) + regularization / 2 * penalty


@each
@pytest.mark.parametrize("regularization", [0.0, 0.3])
def test_the_loss_is_its_definition(make, regularization):
    model = make(regularization)
    w = weights(model)
    assert model.value(w) == pytest.approx(plain_loss(model, w, SOME.X, SOME.y, regularization), rel=1e-13)
    batch = np.array([3, 3, 10, 41])
    expected = plain_loss(model, w, SOME.X[batch], SOME.y[batch], regularization)
    assert model.value(w, batch) == pytest.approx(expected, rel=1e-13)


@each
@pytest.mark.parametrize("regularization", [0.0, 0.3])
@pytest.mark.parametrize("batch", [None, np.array([3, 3, 10, 41]), slice(5, 20)])
def test_the_gradient_by_the_complex_step(make, regularization, batch):
    model = make(regularization)
    w = weights(model)
    exact = numeric_gradient(lambda w: model.value(w, batch), w, scheme="complex")
    np.testing.assert_allclose(model.gradient(w, batch), exact, rtol=1e-11, atol=1e-15)
    value, gradient = model.value_and_gradient(w, batch)
    assert value == pytest.approx(model.value(w, batch), rel=1e-14)
    assert np.array_equal(gradient, model.gradient(w, batch))
    assert check_gradient(lambda w: model.value(w, batch), lambda w: model.gradient(w, batch), w)


def test_number_of_parameters_on_the_digits():
    assert SoftmaxRegression(DIGITS.X, DIGITS.y).num_parameters == 650
    assert TwoLayerNetwork(DIGITS.X, DIGITS.y).num_parameters == 4810
    assert SoftmaxRegression(DIGITS.X, DIGITS.y).ndim == 650


@each
def test_minibatch_gradients_average_to_the_whole_gradient(make):
    model = make(0.1)
    w = weights(model)
    batches = np.random.default_rng(0).permutation(60).reshape(6, 10)
    np.testing.assert_allclose(
        np.mean([model.gradient(w, batch) for batch in batches], axis=0),
        model.gradient(w),
        rtol=1e-10,
        atol=1e-15,
    )


@each
def test_w_is_not_changed_and_the_gradient_is_new(make):
    model = make(0.1)
    w = weights(model)
    w.setflags(write=False)
    first = model.gradient(w)
    first[...] = 0.0
    assert model.gradient(w).any()
    integers = np.ones(model.num_parameters, dtype=int)
    assert np.array_equal(model.gradient(integers), model.gradient(np.ones(model.num_parameters)))


@each
def test_a_batch_of_weights(make):
    model = make(0.1)
    w = np.random.default_rng(0).standard_normal((model.num_parameters, 2, 3))
    assert model.value(w).shape == (2, 3) and model.gradient(w).shape == w.shape
    for i, j in np.ndindex(2, 3):
        assert model.value(w)[i, j] == model.value(w[:, i, j].copy())
        assert np.array_equal(model.gradient(w)[:, i, j], model.gradient(w[:, i, j].copy()))


def test_large_scores_do_not_overflow():
    model = SoftmaxRegression(SOME.X, SOME.y)
    value, gradient = model.value_and_gradient(1e5 * weights(model))
    assert np.isfinite(value) and np.isfinite(gradient).all()


def test_the_relu_s_slope_at_its_kink_is_zero():
    model = TwoLayerNetwork(SOME.X, SOME.y, num_hidden=4)
    w = weights(model)
    model.unpack(w)[0][...] = 0.0
    model.unpack(w)[1][...] = 0.0
    gradient = model.gradient(w)
    assert not gradient[: model.split].any() and gradient[model.split :].any()
    assert check_gradient(model.value, model.gradient, w, fast=True)


def test_unpack_gives_views():
    model = TwoLayerNetwork(SOME.X, SOME.y, num_hidden=4)
    w = np.zeros(model.num_parameters)
    W1, b1, W2, b2 = model.unpack(w)
    assert (W1.shape, b1.shape, W2.shape, b2.shape) == ((64, 4), (4,), (4, 10), (10,))
    for part in (W1, b1, W2, b2):
        part += 1.0
    assert w.tolist() == [1.0] * model.num_parameters


def test_initial_weights():
    rng = np.random.default_rng(0)
    network = TwoLayerNetwork(DIGITS.X, DIGITS.y)
    W1, b1, W2, b2 = network.unpack(network.initial(rng))
    assert W1.std() == pytest.approx(np.sqrt(2 / 64), rel=0.05)
    assert W2.std() == pytest.approx(np.sqrt(2 / 64), rel=0.1)
    assert not b1.any() and not b2.any()
    assert network.unpack(network.initial(rng, scale=1e-3))[0].std() == pytest.approx(1e-3, rel=0.05)
    softmax = SoftmaxRegression(DIGITS.X, DIGITS.y)
    assert not softmax.initial().any()
    assert softmax.value(softmax.initial()) == pytest.approx(np.log(10), rel=1e-14)
    weights, biases = softmax.unpack(softmax.initial(rng, scale=0.02))
    assert weights.std() == pytest.approx(0.02, rel=0.1) and not biases.any()
    assert softmax.unpack(softmax.initial(rng))[0].std() == pytest.approx(0.01, rel=0.1)
    linear = LinearRegression(DIGITS.X, DIGITS.y)
    assert linear.initial(rng, scale=0.02).std() == pytest.approx(0.02, rel=0.25)
    assert linear.initial(rng).std() == pytest.approx(0.01, rel=0.25) and not linear.initial().any()
    same = [softmax.initial(np.random.default_rng(3)).tolist() for _ in range(2)]
    assert same[0] == same[1]


# What they learn


def test_linear_regression_reaches_ridge_regression():
    y = SOME.y.astype(float)
    model = LinearRegression(SOME.X, y, regularization=0.5)
    largest = np.linalg.eigvalsh(model.hessian())[-1]
    trace = descend(model, Momentum(1 / largest, 0.9), model.initial(), 3000, record=("loss",))
    ridge = sklearn.linear_model.Ridge(alpha=0.5 * len(y)).fit(SOME.X, y)
    np.testing.assert_allclose(trace.final, [*ridge.coef_, ridge.intercept_], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(model.predict(trace.final, SOME.X), ridge.predict(SOME.X), rtol=1e-9)


def test_softmax_regression_reaches_scikit_learn_s_optimum():
    model = SoftmaxRegression(SOME.X, SOME.y, regularization=0.1)
    trace = descend(model, Momentum(1.0, 0.9), model.initial(), 1500, record=("loss",))
    theirs = sklearn.linear_model.LogisticRegression(C=1 / (0.1 * len(SOME)), tol=1e-10, max_iter=5000)
    theirs.fit(SOME.X, SOME.y)
    W, _ = model.unpack(trace.final)
    np.testing.assert_allclose(W.T, theirs.coef_, atol=1e-5)
    assert np.abs(model.gradient(trace.final)).max() < 1e-9


@pytest.mark.parametrize("make", [SoftmaxRegression, TwoLayerNetwork])
def test_they_learn_the_digits(make):
    train, test = train_test_split(DIGITS, np.random.default_rng(0))
    model = make(train.X, train.y)
    rng = np.random.default_rng(1)
    w = model.initial(rng)
    assert model.accuracy(w, test.X, test.y) < 0.3
    batches = epoch_batches(len(train), 64, rng, num_epochs=None)
    trace = descend(model, Momentum(0.1, 0.9), w, 600, minibatches=batches, record=("loss",))
    assert model.accuracy(trace.final, test.X, test.y) > 0.94
    assert model.accuracy(trace.final) > 0.97
    assert model.accuracy(trace.final) == model.accuracy(trace.final, train.X, train.y)


def test_training_the_network_gives_torch_s_weights():
    if os.environ.get("CI") != "true" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch

    model = TwoLayerNetwork(DIGITS.X, DIGITS.y, regularization=1e-3)
    w = model.initial(np.random.default_rng(0))
    batches = list(epoch_batches(len(DIGITS), 64, np.random.default_rng(1), num_epochs=2))
    trace = descend(model, Momentum(0.1, 0.9), w, len(batches), minibatches=batches, record=("loss",))

    parts = [torch.tensor(part.copy(), requires_grad=True) for part in model.unpack(w)]
    optimizer = torch.optim.SGD(parts, lr=0.1, momentum=0.9)
    X, y = torch.tensor(DIGITS.X), torch.tensor(DIGITS.y)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        W1, b1, W2, b2 = parts
        scores = torch.relu(X[batch] @ W1 + b1) @ W2 + b2
        loss = torch.nn.functional.cross_entropy(scores, y[batch])
        loss = loss + 0.5e-3 * ((W1 * W1).sum() + (W2 * W2).sum())
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    theirs = np.concatenate([part.detach().numpy().ravel() for part in parts])
    np.testing.assert_allclose(trace.final, theirs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(trace.loss[:-1], losses, rtol=1e-12)


# The door


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SoftmaxRegression(SOME.X[0], SOME.y),
            r"X must have the shape \(examples, features\), got \(64,\)",
        ),
        (lambda: SoftmaxRegression(np.zeros((0, 64)), []), "X must have the shape"),
        (lambda: SoftmaxRegression(np.full((60, 64), np.nan), SOME.y), "X must be finite"),
        (
            lambda: SoftmaxRegression(SOME.X, SOME.y[:5]),
            "y must hold one whole number for each of 60 examples",
        ),
        (lambda: SoftmaxRegression(SOME.X, SOME.y + 0.5), "y must hold one whole number"),
        (lambda: SoftmaxRegression(SOME.X, SOME.y, num_classes=9), "labels must be from 0 to 8"),
        (lambda: SoftmaxRegression(SOME.X, SOME.y - 1), "labels must be from 0 to 9"),
        (lambda: SoftmaxRegression(SOME.X, SOME.y, regularization=-1), "regularization must be .* got -1"),
        (lambda: TwoLayerNetwork(SOME.X, SOME.y, num_hidden=0), "num_hidden must be 1 or more, got 0"),
        (lambda: LinearRegression(SOME.X, SOME.y[:5]), "y must hold one number for each of 60 examples"),
        (lambda: SoftmaxRegression(SOME.X, SOME.y).value(np.zeros(5)), r"hold 650 weights, got shape \(5,\)"),
        (lambda: SoftmaxRegression(SOME.X, SOME.y).gradient(1.0), r"hold 650 weights, got shape \(\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (np.array([], dtype=int), "empty"),
        ([], "whole numbers|empty"),
        (slice(5, 5), "empty"),
        (np.array([0.0, 1.0]), "whole numbers from 0 to 59"),
        (np.array([0, 60]), "whole numbers from 0 to 59"),
        (np.array([[0, 1], [2, 3]]), "one-dimensional"),
        (3, "one-dimensional"),
    ],
)
def test_a_minibatch_that_is_none_is_told(batch, says):
    model = SoftmaxRegression(SOME.X, SOME.y)
    for call in (model.value, model.gradient):
        with pytest.raises(ValueError, match=says):
            call(model.initial(), batch)


def test_labels_of_another_length_are_told():
    model = SoftmaxRegression(SOME.X, SOME.y)
    with pytest.raises(ValueError, match="one label for each of 60 examples"):
        model.accuracy(model.initial(), SOME.X, SOME.y[:10])
