"""Dual numbers and the tape: against formulas, the course's own gradients, and the traps of lesson 12."""

import ast
import inspect

import numpy as np
import pytest

from optcourse import autodiff
from optcourse.autodiff import Dual, Var, backward, unbroadcast, written
from optcourse.data import load_digits
from optcourse.gradients import numeric_gradient
from optcourse.models import SoftmaxRegression, TwoLayerNetwork

POINTS = np.linspace(-3, 3, 61)


def test_a_dual_number_carries_the_derivative():
    for x in POINTS:
        found = Dual(x, 1.0).sin().exp()
        assert found.value == np.exp(np.sin(x))
        assert found.slope == pytest.approx(np.cos(x) * np.exp(np.sin(x)), rel=1e-15)
        complex_step = np.exp(np.sin(x + 1e-30j)).imag / 1e-30
        assert abs(complex_step - found.slope) <= 5e-16 * max(1, abs(found.slope))


def test_arithmetic_of_dual_numbers():
    x = Dual(3.0, 1.0)
    assert x * x + x == Dual(12.0, 7.0)
    assert 2 * x - 1 == Dual(5.0, 2.0)
    assert (x * x).log().slope == pytest.approx(2 / 3)
    assert abs(Dual(-2.0, 1.0)) == Dual(2.0, -1.0)


def test_the_complex_step_loses_what_the_dual_number_keeps():
    assert np.abs(-2 + 1e-30j).imag == 0
    assert abs(Dual(-2.0, 1.0)).slope == -1


def test_naive_nesting_confuses_two_derivatives():
    """d/dx [x · d/dy (x + y)] at 1 is 1; with one kind of d for both it comes out as 2."""

    def slope(f, at):
        return f(Dual(at, 1.0)).slope

    confused = slope(lambda x: x * slope(lambda y: x + y, 1.0), 1.0)
    assert confused == 2.0


# The tape


def softmax_loss(w, X, y, num_classes=10):
    scores = Var(np.hstack([X, np.ones((len(X), 1))])) @ w
    right = (scores * Var(np.eye(num_classes)[y])).sum()
    return (scores.exp().sum(axis=1).log().sum() + right * -1.0) * (1 / len(X))


@pytest.mark.parametrize("seed", range(10))
def test_the_tape_equals_the_gradient_by_hand_of_softmax_regression(seed):
    digits, rng = load_digits()[:200], np.random.default_rng(seed)
    model = SoftmaxRegression(digits.X, digits.y)
    w = model.initial(rng, scale=0.3)
    table = Var(w.reshape(65, 10))
    loss = softmax_loss(table, digits.X, digits.y)
    backward(loss)
    expected = model.gradient(w)
    assert float(loss.value) == pytest.approx(model.value(w), rel=1e-13)
    assert np.abs(table.grad.ravel() - expected).max() <= 1e-15 * max(1, 4 * np.abs(expected).max())


@pytest.mark.parametrize("seed", range(10))
def test_the_tape_equals_the_gradient_by_hand_of_the_network(seed):
    digits = load_digits()[:200]
    model = TwoLayerNetwork(digits.X, digits.y, 16)
    w = model.initial(np.random.default_rng(seed))
    weights1, biases1, weights2, biases2 = (Var(part) for part in model.unpack(w))
    hidden = (Var(digits.X) @ weights1 + biases1).relu()
    scores = hidden @ weights2 + biases2
    right = (scores * Var(np.eye(10)[digits.y])).sum()
    backward((scores.exp().sum(axis=1).log().sum() + right * -1.0) * (1 / len(digits)))
    found = np.concatenate([part.grad.ravel() for part in (weights1, biases1, weights2, biases2)])
    expected = model.gradient(w)
    assert np.abs(found - expected).max() <= 1e-15 * max(1, 4 * np.abs(expected).max())


def test_a_value_that_is_used_twice_gets_both_pulls():
    x = Var(3.0)
    backward(x * x + x)
    assert x.grad == 7.0


def test_every_call_begins_at_zero():
    x = Var(3.0)
    out = x * x
    backward(out)
    backward(out)
    assert x.grad == 6.0


def test_a_value_is_visited_once_however_many_paths_lead_to_it():
    pulls = 0

    def pull(g):
        nonlocal pulls
        pulls += 1
        return g

    x = y = Var(1.0)
    for _ in range(20):
        y = Var(y.value + y.value, ((y, pull), (y, pull)))
    backward(y)
    assert x.grad == 2**20
    assert pulls == 40
    assert sum(2**k for k in range(1, 21)) == 2_097_150  # pulls, if each path is walked by itself


def test_a_long_tape_needs_no_recursion():
    x = y = Var(1.0)
    for _ in range(5000):
        y = y + 1.0
    backward(y)
    assert x.grad == 1.0


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x: x + Var(np.ones((4, 3))), (3,)),
        (lambda x: Var(np.arange(12.0).reshape(4, 3)) * x, (4, 1)),
        (lambda x: (x * x).exp(), ()),
        (lambda x: (x * x + 1.0).log(), (2, 1, 3)),
        (lambda x: x.relu() - x * 0.5, (5,)),
        (lambda x: x.sum(axis=1) * x, (2, 3)),
        (lambda x: Var(np.arange(6.0).reshape(2, 3)) @ x, (3,)),
        (lambda x: Var(np.arange(6.0).reshape(2, 3)) @ x, (3, 2)),
        (lambda x: x @ Var(np.arange(6.0).reshape(3, 2)), (4, 3)),
        (lambda x: x @ Var(np.arange(3.0)), (3,)),
    ],
)
def test_every_operation_against_differences(f, shape):
    x = Var(np.random.default_rng(0).standard_normal(shape))
    backward(f(x))
    numeric = numeric_gradient(lambda v: float(f(Var(v)).value.sum()), x.value)
    np.testing.assert_allclose(x.grad, numeric, rtol=1e-6, atol=1e-8)


def test_unbroadcast_sums_what_was_repeated():
    g = np.arange(24.0).reshape(2, 3, 4)
    assert unbroadcast(g, (3, 4)).tolist() == g.sum(axis=0).tolist()
    assert unbroadcast(g, (3, 1)).tolist() == g.sum(axis=(0, 2))[:, None].tolist()
    assert unbroadcast(g, ()) == g.sum()
    assert unbroadcast(g, (2, 3, 4)).tolist() == g.tolist()


def test_a_tape_that_leads_back_to_itself_is_named():
    a = Var(1.0)
    b = a + 1.0
    a.parents = ((b, lambda g: g),)
    with pytest.raises(ValueError, match="the tape leads back to itself"):
        backward(b)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Var(np.ones((2, 3))) + np.ones(4),
            r"shapes \(2, 3\) and \(4,\) do not fit: from the last axis on",
        ),
        (lambda: Var(np.ones((2, 3))) * np.ones((3, 2)), "do not fit"),
        (lambda: Var(np.ones((2, 3))) @ np.ones(4), "for @: one or two axes each"),
        (lambda: Var(np.ones((2, 3, 1))) @ np.ones(1), "for @: one or two axes each"),
        (lambda: Var(2.0) @ np.ones(1), "for @: one or two axes each"),
    ],
)
def test_shapes_that_do_not_fit_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_an_array_on_the_left_is_on_the_tape_too():
    x = Var(np.ones(3))
    out = np.arange(3.0) * x + np.ones(3)
    backward(np.ones(3) + out)
    assert isinstance(out, Var) and x.grad.tolist() == [0, 1, 2]


def test_a_nan_is_told_with_the_entry_where_it_came_up():
    x = Var([2.0, -1.0])
    with np.errstate(invalid="ignore"):
        out = (x.log() * 2.0).sum()
    with pytest.raises(ValueError, match=r"is NaN .* was the first, made of \[ 2. -1.\]"):
        backward(out)
    with pytest.raises(ValueError, match="entry 0 of the tape was the first, and it came in from outside"):
        backward(Var(np.nan) * 2.0)
    assert x.grad.tolist() == [0, 0]


def test_the_tape_as_a_list():
    x, b = Var(np.array([[1.0], [2.0]])), Var(np.array([3.0, 4.0]))
    tape = written((x * b).sum())
    values = [value.tolist() for value, _ in tape]
    assert sorted(map(str, values[:2])) == sorted(["[[1.0], [2.0]]", "[3.0, 4.0]"]) and values[-1] == 21.0
    [(number, pull)] = tape[-1][1]
    assert number == 2 and pull(1.0).tolist() == [[1, 1], [1, 1]]
    pulls = {np.shape(tape[k][0]): pull(np.ones((2, 2))).tolist() for k, pull in tape[2][1]}
    assert pulls == {(2, 1): [[7.0], [7.0]], (2,): [3.0, 3.0]}
    asked = []
    shaped = written((x * b).sum(), lambda g, shape: asked.append(shape) or g)
    shaped[2][1][0][1](np.ones((2, 2)))
    assert asked == [(2, 1)]


def test_twenty_steps_by_the_tape_are_twenty_steps_by_hand():
    digits = load_digits()[:200]
    model = SoftmaxRegression(digits.X, digits.y)
    w = by_hand = np.zeros((65, 10))
    for _ in range(20):
        table = Var(w)
        backward(softmax_loss(table, digits.X, digits.y))
        w = w - 0.5 * table.grad
        by_hand = by_hand - 0.5 * model.gradient(by_hand.ravel()).reshape(65, 10)
    np.testing.assert_allclose(w, by_hand, atol=1e-12)


def test_the_tape_has_at_most_forty_lines_of_code():
    def lines(thing):
        tree = ast.parse(inspect.getsource(thing))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
        return len([line for line in ast.unparse(tree).splitlines() if line.strip()])

    # Which value comes before which is the standard library's work (graphlib), and counted apart.
    assert lines(Var) + lines(backward) + lines(unbroadcast) <= 40
    assert lines(autodiff.tape_of) <= 12
