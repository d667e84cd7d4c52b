"""Newton, safe directions, line search, L-BFGS and sharpness: definitions, oracles, and the facts of lesson 11."""

import numpy as np
import pytest
from scipy.optimize import LbfgsInvHessProduct

from optcourse.curvature import (
    LBFGS,
    backtracking,
    gauss_newton,
    hessian,
    hvp,
    lanczos,
    line_search_descent,
    newton_step,
    safe_direction,
    sharpness,
    two_loop,
)
from optcourse.data import load_digits
from optcourse.descent import descend
from optcourse.models import SoftmaxRegression, TanhNetwork, TwoLayerNetwork
from optcourse.objectives import himmelblau, rosenbrock
from optcourse.optimizers import GradientDescent


def bent(rng, n, condition_number):
    turn = np.linalg.qr(rng.standard_normal((n, n)))[0]
    H = turn @ np.diag(np.geomspace(1, condition_number, n)) @ turn.T
    return (H + H.T) / 2


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("condition_number", [10, 1e4, 1e8])
def test_one_newton_step_ends_a_quadratic(seed, condition_number):
    rng = np.random.default_rng(seed)
    H, target, w = bent(rng, 20, condition_number), rng.standard_normal(20), rng.standard_normal(20)
    reached = w + newton_step(H @ (w - target), H)
    error = np.linalg.norm(reached - target) / np.linalg.norm(w - target)
    assert error <= 10 * np.finfo(float).eps * condition_number


def newton(objective):
    return lambda w, dw: newton_step(dw, objective.hessian(w))


def test_rosenbrock_takes_seven_newton_steps_and_goes_up_on_the_way():
    valley, w, losses = rosenbrock(), np.array([-1.2, 1.0]), []
    while np.linalg.norm(dw := valley.gradient(w)) > 1e-10:
        losses.append(float(valley.value(w)))
        w = w + newton_step(dw, valley.hessian(w))
    assert len(losses) == 7
    assert losses[0] == pytest.approx(24.2) and losses[1] == pytest.approx(4.73, abs=0.01)
    assert losses[2] == pytest.approx(1411.8, abs=1) and losses[3] == pytest.approx(0.056, abs=0.001)


def test_rosenbrock_with_a_line_search_never_goes_up():
    valley = rosenbrock()
    run = line_search_descent(valley, newton(valley), [-1.2, 1.0], 40)
    steps = np.flatnonzero(np.linalg.norm([valley.gradient(w) for w in run.w], axis=1) < 1e-10)[0]
    assert 20 <= steps <= 24
    assert (np.diff(run.loss) <= 0).all() and not run.stopped


def test_newtons_path_does_not_depend_on_the_coordinates():
    valley, A = rosenbrock(), np.array([[2.0, 1.0], [0.0, 0.5]])
    w = np.array([-1.2, 1.0])
    u = np.linalg.solve(A, w)
    for _ in range(6):
        w = w + newton_step(valley.gradient(w), valley.hessian(w))
        u = u + newton_step(A.T @ valley.gradient(A @ u), A.T @ valley.hessian(A @ u) @ A)
        np.testing.assert_allclose(A @ u, w, atol=1e-10)
    plain, turned = np.array([-1.2, 1.0]), np.linalg.solve(A, [-1.2, 1.0])
    plain, turned = plain - 1e-3 * valley.gradient(plain), turned - 1e-3 * A.T @ valley.gradient(A @ turned)
    assert np.linalg.norm(A @ turned - plain) > 0.1


def where_himmelblau_ends(step):
    hill, ends = himmelblau(), {"minimum": 0, "saddle": 0, "maximum": 0}
    grid = np.linspace(-5, 5, 41)
    for x in grid:
        for y in grid:
            w = np.array([x, y])
            for _ in range(100):
                dw = hill.gradient(w)
                if np.linalg.norm(dw) < 1e-9:
                    break
                w = w + step(dw, hill.hessian(w))
            values = np.linalg.eigvalsh(hill.hessian(w))
            kind = "minimum" if values[0] > 0 else "maximum" if values[1] < 0 else "saddle"
            ends[kind] += np.linalg.norm(hill.gradient(w)) < 1e-6
    return ends


@pytest.mark.slow
def test_newton_finds_what_is_flat_and_a_safe_direction_what_is_low():
    assert where_himmelblau_ends(newton_step) == {"minimum": 978, "saddle": 601, "maximum": 102}
    assert where_himmelblau_ends(safe_direction)["minimum"] == 1681


@pytest.mark.parametrize("seed", range(10))
def test_a_safe_direction_always_leads_down(seed):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    for values in ([3, 1, 0.1, -0.1, -2, -5], [1, 0, 0, 0, 0, -1], [1e-9] * 6):
        H, dw = turn @ np.diag(np.asarray(values, float)) @ turn.T, rng.standard_normal(6)
        assert dw @ safe_direction(dw, (H + H.T) / 2) < 0
    positive = bent(rng, 6, 100.0)
    np.testing.assert_allclose(safe_direction(dw, positive, 1e-6), newton_step(dw, positive), rtol=1e-10)


# L-BFGS


def pairs_of(seed, n=12, count=7):
    rng = np.random.default_rng(seed)
    H = bent(rng, n, 1e3)
    s = rng.standard_normal((count, n))
    return rng.standard_normal(n), s, s @ H


@pytest.mark.parametrize("seed", range(10))
def test_two_loop_equals_scipy_and_dense_bfgs(seed):
    dw, s, y = pairs_of(seed)
    theirs = LbfgsInvHessProduct(s, y)
    np.testing.assert_allclose(two_loop(dw, s, y, scale=1.0), theirs @ dw, rtol=1e-12, atol=1e-12)
    scale = s[-1] @ y[-1] / (y[-1] @ y[-1])
    B = scale * np.eye(len(dw))
    for si, yi in zip(s, y, strict=True):
        V = np.eye(len(dw)) - np.outer(yi, si) / (si @ yi)
        B = V.T @ B @ V + np.outer(si, si) / (si @ yi)
    np.testing.assert_allclose(two_loop(dw, s, y), B @ dw, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(two_loop(y[-1], s, y), s[-1], rtol=1e-10)


def test_without_a_pair_it_is_the_gradient():
    np.testing.assert_array_equal(two_loop([1.0, 2.0], [], []), [1.0, 2.0])


def softmax(seed):
    digits = load_digits()
    some = digits[np.random.default_rng(seed).permutation(len(digits))[:1000]]
    return SoftmaxRegression(some.X, some.y, regularization=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_evaluations_to_a_gap_on_softmax_regression(seed):
    model = softmax(seed)
    start = np.zeros(model.num_parameters)

    def damped(w, dw):
        return newton_step(dw, hessian(model.gradient, w) + 1e-9 * np.eye(len(w)))

    by_newton = line_search_descent(model, damped, start, 12)
    lowest = by_newton.loss[-1]
    assert np.flatnonzero(by_newton.loss - lowest < 1e-3)[0] == 3
    by_lbfgs = line_search_descent(model, LBFGS(10), start, 100, target=lowest + 1e-3)
    assert 37 <= by_lbfgs.evaluations[-1] <= 60
    plain = descend(model, GradientDescent(2.0), start, 5 * int(by_lbfgs.evaluations[-1]), record=("loss",))
    assert plain.loss[-1] - lowest > 1e-3


# Line search


def test_the_first_step_that_lowers_enough():
    def value(w):
        return float(w @ w)

    w, p = np.array([1.0]), np.array([-8.0])
    assert backtracking(value, w, p, slope=-16.0) == 1 / 8
    assert backtracking(value, w, np.array([-1.0]), slope=-2.0) == 1.0
    strict = backtracking(value, w, np.array([-1.9]), slope=-3.8, c=0.4)
    assert strict == 0.5


def test_a_step_that_overflows_is_halved():
    valley = rosenbrock()
    run = line_search_descent(valley, lambda w, dw: -1e200 * dw, [-1.2, 1.0], 3)
    assert run.stopped.startswith("no step along p lowers the value enough")
    assert len(run.w) == 1


def test_a_run_tells_why_it_stopped():
    valley = rosenbrock()
    uphill = line_search_descent(valley, lambda w, dw: dw, [-1.2, 1.0], 5)
    assert "does not lead downhill" in uphill.stopped
    assert not line_search_descent(valley, lambda w, dw: -dw, [1.0, 1.0], 5).stopped


# Products and sharpness


def network(seed=0, count=200):
    digits, rng = load_digits()[:count], np.random.default_rng(seed)
    model = TwoLayerNetwork(digits.X, digits.y, 16)
    return model, model.initial(rng), rng.standard_normal(model.num_parameters)


def test_a_product_is_the_hessian_times_the_vector():
    valley, w, v = rosenbrock(), np.array([-1.2, 1.0]), np.array([0.3, -2.0])
    np.testing.assert_allclose(hvp(valley.gradient, w, v), valley.hessian(w) @ v, rtol=1e-14)


def test_the_complex_step_is_exact_where_the_central_difference_is_not():
    model, w, v = network()
    product = hvp(model.gradient, w, v)

    def central(h):
        return (model.gradient(w + h * v) - model.gradient(w - h * v)) / (2 * h)

    def off(other):
        return np.linalg.norm(other - product) / np.linalg.norm(product)

    assert off(hvp(model.gradient, w, 2.5 * v) / 2.5) < 1e-14
    assert 1e-12 < off(central(1e-6)) < 1e-8
    assert off(central(1e-4)) > 1  # it steps over a kink of the ReLU


@pytest.mark.parametrize("seed", range(5))
def test_sharpness_equals_the_dense_eigenvalue(seed):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    for values in (np.linspace(0, 9, 30), np.linspace(-20, 9, 30), np.append(np.zeros(29), 5.0)):
        H = turn @ np.diag(values) @ turn.T
        value, vector = sharpness(lambda v, H=H: H @ v, 30, rng)
        assert value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-3)
        assert np.linalg.norm(H @ vector - value * vector) < 0.01 * np.abs(values).max()


def test_sharpness_of_a_network_equals_the_dense_eigenvalue():
    digits = load_digits()[:100]
    model = SoftmaxRegression(digits.X, digits.y)
    w = model.initial(np.random.default_rng(0))
    value, _ = sharpness(lambda v: hvp(model.gradient, w, v), len(w))
    assert value == pytest.approx(np.linalg.eigvalsh(hessian(model.gradient, w))[-1], rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_lanczos_equals_the_dense_eigenvalue_with_fewer_products(seed):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((60, 60)))[0]
    for values in (np.linspace(0, 9, 60), np.linspace(-20, 9, 60), np.append(np.zeros(59), 5.0)):
        H, asked = turn @ np.diag(values) @ turn.T, []

        def product(v, H=H, asked=asked):
            asked.append(v)
            return H @ v

        start = rng.standard_normal(60)
        value, vector = lanczos(product, start)
        assert value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=2e-3)
        assert np.linalg.norm(H @ vector - value * vector) < 0.011 * value
        lanczoss = len(asked)
        sharpness(product, 60, start=start, tolerance=1e-2)
        assert lanczoss <= len(asked) - lanczoss


@pytest.mark.parametrize("batch", [None, np.array([3, 3, 10, 41])])
def test_the_hessian_of_softmax_regression_is_its_products(batch):
    digits, rng = load_digits()[:60], np.random.default_rng(0)
    model = SoftmaxRegression(digits.X[:, 20:30], digits.y, regularization=0.1)
    w = rng.standard_normal(model.num_parameters)
    H = model.hessian(w, batch)
    np.testing.assert_allclose(H, hessian(lambda w: model.gradient(w, batch), w), rtol=1e-10, atol=1e-14)
    assert np.linalg.eigvalsh(H)[0] > -1e-12


def test_gauss_newton_is_the_hessian_without_the_bend_of_the_scores():
    digits, rng = load_digits()[:40], np.random.default_rng(0)
    softmax = SoftmaxRegression(digits.X[:, 20:30], digits.y)
    w = rng.standard_normal(softmax.num_parameters)
    np.testing.assert_allclose(gauss_newton(softmax, w), softmax.hessian(w), rtol=1e-10, atol=1e-14)
    model = TanhNetwork(digits.X[:, 20:30], digits.y, num_hidden=4)
    w = model.initial(rng)
    G, second = gauss_newton(model, w), hessian(model.gradient, w)
    outer = slice(model.split, None)  # the scores are linear in the second layer
    np.testing.assert_allclose(G[outer, outer], second[outer, outer], rtol=1e-9, atol=1e-14)
    assert np.linalg.eigvalsh(G)[0] > -1e-12 > np.linalg.eigvalsh((second + second.T) / 2)[0]


def test_lbfgs_asks_another_two_loop_once_there_is_a_pair():
    model, asked = SoftmaxRegression(load_digits().X[:50], load_digits().y[:50], regularization=0.1), []

    def other(dw, s, y):
        asked.append(s.shape)
        return two_loop(dw, s, y)

    runs = [
        line_search_descent(model, found, model.initial(), 6) for found in (LBFGS(3), LBFGS(3, inverse=other))
    ]
    np.testing.assert_array_equal(runs[0].w, runs[1].w)
    assert [shape[0] for shape in asked] == [1, 2, 3, 3, 3]


# Bad input


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="H is singular: along some direction it is flat"):
        newton_step([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match=r"dw must have shape \(n,\) and H \(n, n\)"):
        newton_step([1.0, 1.0, 1.0], np.eye(2))
    with pytest.raises(ValueError, match="dw and H must be finite"):
        safe_direction([np.nan, 1.0], np.eye(2))
    with pytest.raises(ValueError, match="floor must be finite and > 0, got 0"):
        safe_direction([1.0, 1.0], np.eye(2), floor=0)
    with pytest.raises(ValueError, match="p does not lead downhill: its slope dw @ p is 3, and must be < 0"):
        backtracking(lambda w: 0.0, np.ones(1), np.ones(1), 3.0)
    with pytest.raises(ValueError, match="no step along p lowers the value enough"):
        backtracking(lambda w: float(w[0]), np.zeros(1), np.ones(1), -1.0)
    with pytest.raises(ValueError, match="pair 0 has s @ y = -1, and must have s @ y > 0"):
        two_loop([1.0], [[1.0]], [[-1.0]])
    with pytest.raises(ValueError, match="gradient gave real numbers at a complex w"):
        hvp(lambda w: np.abs(w), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="largest eigenvalue is not found after 3 products"):
        lanczos(lambda v: np.arange(1.0, 9.0) * v, np.ones(8), max_products=3)
    with pytest.raises(ValueError, match="power iteration is not done after 5 products"):
        sharpness(lambda v: np.arange(1.0, 9.0) * v, 8, max_products=5)
