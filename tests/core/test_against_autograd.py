"""HIPS autograd as a second tool: it differentiates the losses from their formulas, and knows none of the gradients."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from optcourse import edge_runs
from optcourse.autodiff import Dual, Var, backward
from optcourse.curvature import gauss_newton, hessian, hvp
from optcourse.data import load_digits
from optcourse.models import SoftmaxRegression, SquaredTanhNetwork, TanhNetwork, TwoLayerNetwork
from optcourse.objectives import himmelblau, rosenbrock

SOME = load_digits()[:40]
HIDDEN = 5


def cross_entropy(scores):
    """The mean of -log(probability of the right class)."""
    right = scores[anp.arange(len(SOME)), SOME.y]
    return anp.mean(anp.log(anp.sum(anp.exp(scores), axis=1)) - right)


def squared_error(scores):
    off = scores - np.eye(10)[SOME.y]
    return anp.mean(anp.sum(off * off, axis=1)) / 2


def linear(w):
    return anp.dot(SOME.X, w[:640].reshape(64, 10)) + w[640:]


def network(activated):
    def scores(w):
        one, two = 64 * HIDDEN, 65 * HIDDEN
        hidden = activated(anp.dot(SOME.X, w[:one].reshape(64, HIDDEN)) + w[one:two])
        return anp.dot(hidden, w[two:-10].reshape(HIDDEN, 10)) + w[-10:]

    return scores


# Not maximum(z, 0), whose slope at 0 is another one there; no score is exactly 0 here.
RELU = network(lambda z: z * (z > 0))
TANH = network(anp.tanh)
MODELS = {
    "softmax regression": (SoftmaxRegression(SOME.X, SOME.y), linear, cross_entropy),
    "a ReLU network": (TwoLayerNetwork(SOME.X, SOME.y, HIDDEN), RELU, cross_entropy),
    "a tanh network": (TanhNetwork(SOME.X, SOME.y, HIDDEN), TANH, cross_entropy),
    "by squared error": (SquaredTanhNetwork(SOME.X, SOME.y, HIDDEN), TANH, squared_error),
}


def alike(found, expected, rtol=1e-12):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


def test_one_wrong_entry_of_many_is_seen():
    expected = np.random.default_rng(0).normal(size=1210)
    wrong = expected.copy()
    wrong[700] += 1e-9
    alike(expected, expected)
    with pytest.raises(AssertionError):
        alike(wrong, expected)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_and_products_of_the_models(name):
    model, scores, loss = MODELS[name]
    rng = np.random.default_rng(1)
    w, v = rng.normal(scale=0.3, size=(2, model.num_parameters))

    def of_w(w):
        return loss(scores(w))

    assert model.value(w) == pytest.approx(of_w(w), rel=1e-13)
    alike(model.gradient(w), autograd.grad(of_w)(w))
    alike(hvp(model.gradient, w, v), autograd.hessian_vector_product(of_w)(w, v))
    if isinstance(model, TanhNetwork):  # what the runs at the edge were measured with
        alike(edge_runs.products(model, w)(v), autograd.hessian_vector_product(of_w)(w, v))


@pytest.mark.parametrize("name", ["softmax regression", "a tanh network"])
def test_the_gauss_newton_matrix(name):
    """JᵀSJ along two directions, where J is autograd's derivative of the scores, and S the bend of the loss by them."""
    model, scores, _ = MODELS[name]
    rng = np.random.default_rng(2)
    w, v = rng.normal(scale=0.3, size=(2, model.num_parameters))
    J = autograd.jacobian(scores)(w)
    p = np.exp(scores(w))
    p /= p.sum(axis=1, keepdims=True)
    moved = J @ v
    bent = p * moved - p * (p * moved).sum(axis=1, keepdims=True)
    alike(gauss_newton(model, w) @ v, np.tensordot(bent, J, axes=2) / len(SOME))


FORMULAS = {
    rosenbrock: lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2,
    himmelblau: lambda w: (w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2,
}


@pytest.mark.parametrize("make", FORMULAS)
def test_hessians_of_two_landscapes(make):
    landscape = make()
    for w in np.random.default_rng(3).uniform(-4, 4, size=(5, 2)):
        alike(landscape.gradient(w), autograd.grad(FORMULAS[make])(w))
        for found in (landscape.hessian(w), hessian(landscape.gradient, w)):
            alike(found, autograd.hessian(FORMULAS[make])(w))


A, B = np.random.default_rng(4).uniform(0.5, 1.5, size=(2, 4, 3))
PROGRAMS = {
    "a bias": (lambda x: Var(A) + x, lambda x: A + x, (3,)),
    "a column": (lambda x: Var(A) * x - B, lambda x: A * x - B, (4, 1)),
    "a number": (lambda x: (x * A).exp(), lambda x: anp.exp(x * A), ()),
    "log and sum": (lambda x: (x * x).sum(axis=1).log(), lambda x: anp.log(anp.sum(x * x, axis=1)), (4, 3)),
    "products": (lambda x: (Var(A.T) @ x).relu() @ B, lambda x: anp.dot(anp.maximum(anp.dot(A.T, x), 0), B), (4, 4)),
    "a diamond": (lambda x: x.exp() * x + x * x.relu(), lambda x: anp.exp(x) * x + x * anp.maximum(x, 0), (5,)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_the_tape_gives(name):
    ours, theirs, shape = PROGRAMS[name]
    at = np.random.default_rng(5).uniform(-1, 1, size=shape)
    x = Var(at)
    backward(ours(x))
    alike(x.grad, autograd.grad(lambda v: anp.sum(theirs(v)))(at))


def test_at_a_kink_each_tool_has_its_own_convention():
    """Here 0 for ReLU, 1 for the size of a pair; jax 0.10.2: 0 for jax.nn.relu, 1 for abs, a half for maximum."""
    assert autograd.grad(lambda x: anp.maximum(x, 0.0))(0.0) == 0.5 and autograd.grad(anp.abs)(0.0) == 0.0
    x = Var(0.0)
    backward(x.relu())
    assert x.grad == 0 and abs(Dual(0.0, 1.0)).slope == 1


def test_pairs_and_nested_derivatives():
    """A pair has autograd's slope; and autograd gives each derivative a d of its own: the nested one is 1."""
    for x in np.linspace(-3, 3, 7):
        assert Dual(x, 1.0).sin().exp().slope == pytest.approx(
            autograd.grad(lambda v: anp.exp(anp.sin(v)))(x), rel=1e-14
        )
    assert autograd.grad(lambda x: x * autograd.grad(lambda y: x + y)(1.0))(1.0) == 1
