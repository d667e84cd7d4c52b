"""The facts of the curriculum, recomputed: closed forms against runs, and the numbers that the lessons quote."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcourse import theory
from optcourse.data import epoch_batches, sample_with_replacement
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_03 import saddle_steps
from optcourse.exercises.answers.lesson_05 import convert
from optcourse.objectives import bowl, heavy_ball_cycle, lecture_bowl, parabola, quadratic, saddle
from optcourse.optimizers import (
    AdaGrad,
    Adam,
    AdamAlmost,
    AdamL2,
    AdamW,
    AMSGrad,
    AveragedMomentum,
    GradientDescent,
    Momentum,
    Nesterov,
    NesterovLookAhead,
    RMSProp,
    SutskeverMomentum,
)
from optcourse.schedules import inverse_root

# 00 Random directions


def test_random_search_dies_in_high_dimension():
    assert theory.expected_cosine(1) == pytest.approx(1.0)
    assert theory.expected_cosine(2) == pytest.approx(2 / np.pi)
    assert theory.expected_cosine(3) == pytest.approx(0.5)
    assert theory.expected_cosine(1000) == pytest.approx(0.025, rel=0.02)
    assert theory.expected_cosine(1000) == pytest.approx(np.sqrt(2 / (np.pi * 1000)), rel=1e-3)
    directions = np.random.default_rng(0).standard_normal((40_000, 50))
    cosines = np.abs(directions[:, 0]) / np.linalg.norm(directions, axis=1)
    assert cosines.mean() == pytest.approx(theory.expected_cosine(50), rel=0.02)


# 03 Gradient descent


def test_the_lecture_bowl():
    flat, steep = np.linalg.eigvalsh(lecture_bowl().hessian([0, 0]))
    assert theory.best_learning_rate(flat, steep) == pytest.approx(0.47619, abs=5e-6)
    assert theory.gradient_descent_limit(steep) == pytest.approx(0.5, rel=1e-12)
    kappa = theory.condition_number(lecture_bowl().hessian([0, 0]))
    assert kappa == pytest.approx(20)
    assert theory.gradient_descent_rate(kappa) == pytest.approx(0.90476, abs=5e-6)


def test_gradient_descent_converges_exactly_below_its_limit():
    limit = theory.gradient_descent_limit(4.0)
    rates = limit * np.array([0.05, 0.5, 0.999, 1.001, 1.5])
    trace = descend(lecture_bowl(), GradientDescent(rates), [-5, -2], 4000)
    assert (np.abs(trace.final).max(axis=1) < 1e-2).tolist() == [True, True, True, False, False]


def test_gradient_descent_in_the_eigenbasis_is_one_sequence_for_each_eigenvalue():
    eigenvalues = np.array([4.0, 1.0, 0.2])
    trace = descend(bowl(eigenvalues), GradientDescent(0.3), [1.0, 1.0, 1.0], 40)
    factors = 1 - 0.3 * eigenvalues
    np.testing.assert_allclose(trace.w, factors ** np.arange(41)[:, None], rtol=1e-12)


def test_the_best_learning_rate_is_best():
    rates = np.linspace(0.01, 0.499, 500)
    final = np.abs(descend(lecture_bowl(), GradientDescent(rates), [1, 1], 300).final).max(axis=1)
    best = theory.best_learning_rate(0.2, 4.0)
    assert rates[final.argmin()] == pytest.approx(best, abs=2e-3)


def worst_start_steps(optimizer, kappa, tolerance=1e-6):
    """Steps until the distance to the minimum has shrunk by `tolerance`, from a start with equal components."""
    trace = descend(quadratic(kappa), optimizer, [1.0, 1.0], 3000)
    distance = np.linalg.norm(trace.w, axis=-1)
    return int(np.argmax(distance <= tolerance * distance[0]))


def test_steps_at_condition_number_100():
    rate = theory.gradient_descent_rate(100)
    assert theory.steps_to(rate, 1e-6) == 691
    assert worst_start_steps(GradientDescent(theory.best_learning_rate(0.01, 1.0)), 100) == 691
    assert theory.steps_to(theory.best_momentum_rate(100), 1e-6) == 69
    learning_rate, rho = theory.best_momentum(0.01, 1.0)
    # Momentum's matrix has a double root there: a factor that grows like t comes on top of the rate.
    assert 69 <= worst_start_steps(Momentum(learning_rate, rho), 100) <= 1.5 * 69


@given(st.floats(0.01, 0.999), st.floats(1e-12, 1))
def test_steps_to_is_the_first_step_that_is_enough(rate, tolerance):
    steps = theory.steps_to(rate, tolerance)
    assert rate**steps <= tolerance * (1 + 1e-9)
    assert steps == 0 or rate ** (steps - 1) >= tolerance * (1 - 1e-9)


def test_steps_to_refuses_what_never_arrives():
    for rate, tolerance in ((1.0, 0.1), (1.2, 0.1), (0.0, 0.1), (0.5, 0.0), (0.5, 2.0), (float("nan"), 0.1)):
        with pytest.raises(ValueError, match="rate must lie between 0 and 1"):
            theory.steps_to(rate, tolerance)


def test_condition_number():
    assert theory.condition_number([[2.0, 0.0], [0.0, -8.0]]) == 4.0
    assert theory.condition_number([[1.0, 0.0], [0.0, 0.0]]) == np.inf
    assert theory.condition_number(quadratic(300, rotation=1.0).hessian([0, 0])) == pytest.approx(300)


def test_leaving_a_saddle():
    assert saddle_steps(1e-6, 0.01) == 698
    trace = descend(saddle(), GradientDescent(0.01), [1.0, 1e-6], 698)
    assert abs(trace.w[697, 1]) < 1 <= abs(trace.w[698, 1])
    assert saddle_steps(0.0, 0.01) == np.inf
    assert not descend(saddle(), GradientDescent(0.01), [1.0, 0.0], 2000).w[:, 1].any()


# 04 Minibatches


def test_minibatch_variance_with_and_without_replacement():
    numbers = np.random.default_rng(0).standard_normal(40)
    rng = np.random.default_rng(1)
    for size in (1, 8, 30):
        drawn = [numbers[b].mean() for b in sample_with_replacement(40, size, rng, 20_000)]
        expected = theory.minibatch_variance(numbers.var(), size)
        assert np.var(drawn) == pytest.approx(expected, rel=0.05)
        drawn = [numbers[next(epoch_batches(40, size, rng))].mean() for _ in range(20_000)]
        assert np.var(drawn) == pytest.approx(theory.minibatch_variance(numbers.var(), size, 40), rel=0.05)
    assert theory.minibatch_variance(2.0, 40, num_examples=40) == 0.0


def test_every_pair_of_a_small_set_gives_the_variance_without_replacement():
    numbers = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    means = [np.mean(pair) for pair in itertools.combinations(numbers, 2)]
    assert np.var(means) == pytest.approx(theory.minibatch_variance(numbers.var(), 2, 5), rel=1e-12)


def test_with_replacement_an_epoch_misses_a_third():
    assert theory.missed_probability(1797) == pytest.approx(0.368, abs=5e-4)
    assert theory.missed_probability(10, 1) == pytest.approx(0.9)


@pytest.mark.parametrize(("rho", "quoted"), [(0.0, 0.053), (0.9, 0.514)])
def test_the_noise_floor(rho, quoted):
    floor = theory.noise_floor(0.1, rho)
    assert floor == pytest.approx(quoted, abs=5e-4)
    noise = np.random.default_rng(0).standard_normal((801, 4000))
    trace = descend(
        parabola(),
        Momentum(0.1, rho),
        np.zeros(4000),
        800,
        gradient=lambda w, kick: w + kick,
        minibatches=noise,
        record=("w",),
    )
    assert trace.w[300:].var() == pytest.approx(floor, rel=0.03)


# 05 Momentum


@pytest.mark.parametrize(
    ("cls", "limit", "quoted"),
    [(Momentum, theory.momentum_limit, 3.8), (Nesterov, theory.nesterov_limit, 1.357)],
)
def test_stability_limits(cls, limit, quoted):
    assert limit(0.9) == pytest.approx(quoted, abs=5e-4)
    assert limit(0.9, 4.0) == pytest.approx(quoted / 4, abs=5e-4)
    rho = np.array([0.0, 0.3, 0.9])[:, None]
    rates = limit(rho) * np.array([0.99, 1.01])
    final = np.abs(descend(parabola(), cls(rates, rho), 1.0, 3000).final)
    assert (final < 1).tolist() == [[True, False]] * 3


def test_nesterov_s_range_is_the_smaller_one():
    rho = np.linspace(0.01, 0.99, 99)
    assert (theory.nesterov_limit(rho) < theory.momentum_limit(rho)).all()


@pytest.mark.parametrize(
    ("cls", "rate_of"), [(Momentum, theory.momentum_rate), (NesterovLookAhead, theory.nesterov_rate)]
)
def test_rates_are_what_runs_show(cls, rate_of):
    rates, rho = np.linspace(0.05, 3.0, 30), np.linspace(0.0, 0.95, 20)[:, None]
    trace = descend(parabola(), cls(rates, rho), 1.0, 400, record=("w", "state"))
    size = np.hypot(trace.w, trace.state["velocity"])
    expected = rate_of(rates, rho)
    # A factor that grows or swings by less than e^6 over 200 steps.
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = (size[400] / size[200]) ** (1 / 200)
    clear = (size[400] > 1e-280) & np.isfinite(size[400])
    assert clear.mean() > 0.5
    np.testing.assert_allclose(measured[clear], expected[clear], rtol=0.03)


def test_in_the_complex_regime_the_rate_is_the_root_of_rho():
    rho = 0.81
    low, high = (1 - 0.9) ** 2, (1 + 0.9) ** 2  # between these curvatures times rates the roots are complex
    inside = np.linspace(low * 1.001, high * 0.999, 50)
    np.testing.assert_allclose(theory.momentum_rate(inside, rho), 0.9, rtol=1e-12)
    assert theory.momentum_rate(low * 0.5, rho) > 0.9 and theory.momentum_rate(high * 1.05, rho) > 0.9
    assert theory.critical_rho(low) == pytest.approx(rho)


def test_the_best_momentum_is_best():
    learning_rate, rho = theory.best_momentum(0.01, 1.0)
    assert rho == pytest.approx((9 / 11) ** 2) and learning_rate == pytest.approx((2 / 1.1) ** 2)
    assert theory.best_momentum_rate(100) == pytest.approx(9 / 11)

    def rate(learning_rate, rho):
        flat, steep = (theory.momentum_rate(learning_rate, rho, e) for e in (0.01, 1.0))
        return np.maximum(flat, steep)

    assert rate(learning_rate, rho) == pytest.approx(9 / 11, rel=1e-6)
    grid = rate(np.linspace(0.01, 3.9, 400), np.linspace(0.0, 0.99, 400)[:, None])
    assert grid.min() >= 9 / 11 - 1e-9 and grid.min() == pytest.approx(9 / 11, abs=0.01)


def test_the_window_is_not_the_half_life():
    assert theory.averaging_window(0.9) == pytest.approx(10)
    assert theory.half_life(0.9) == pytest.approx(6.58, abs=5e-3)
    assert 0.9 ** theory.half_life(0.9) == pytest.approx(0.5)


def test_the_heavy_ball_can_cycle_where_others_converge():
    objective = heavy_ball_cycle()
    last = descend(objective, Momentum(1 / 9, 4 / 9), 3.3, 3000).w[-3:]
    assert sorted(last) == pytest.approx(sorted(theory.HEAVY_BALL_CYCLE), abs=1e-9)
    assert sorted(np.round(last, 4)) == [-1.8024, 0.6465, 2.1159]
    a, b, c = theory.HEAVY_BALL_CYCLE
    for before, here, after in ((a, b, c), (b, c, a), (c, a, b)):
        assert after == pytest.approx(
            here - objective.gradient(here) / 9 + 4 / 9 * (here - before), abs=1e-12
        )
    # The rates at which the others are guaranteed to converge: 2 / (m + L), 1 / L.
    assert abs(descend(objective, GradientDescent(2 / 26), 3.3, 3000).final) < 1e-9
    rho = (np.sqrt(25) - 1) / (np.sqrt(25) + 1)
    assert abs(descend(objective, NesterovLookAhead(1 / 25, rho), 3.3, 3000).final) < 1e-9


@given(st.floats(1e-3, 0.1), st.floats(0.0, 0.95))
def test_conventions_of_momentum_walk_the_same_path_after_rescaling(learning_rate, rho):
    classes = {"lecture": Momentum, "sutskever": SutskeverMomentum, "average": AveragedMomentum}
    path = descend(lecture_bowl(), Momentum(learning_rate, rho), [-5, -2], 30).w
    for target, cls in classes.items():
        settings = convert(learning_rate, rho, "lecture", target)
        np.testing.assert_allclose(descend(lecture_bowl(), cls(*settings), [-5, -2], 30).w, path, atol=1e-9)
        back = convert(*settings, target, "lecture")
        assert back == pytest.approx((learning_rate, rho))


def test_conventions_differ_when_the_learning_rate_changes_midway():
    def halved(t):
        return 1.0 if t < 5 else 0.5

    a = descend(lecture_bowl(), Momentum(0.1, 0.9), [-5, -2], 20, schedule=halved).w
    b = descend(lecture_bowl(), SutskeverMomentum(0.1, 0.9), [-5, -2], 20, schedule=halved).w
    assert np.allclose(a[:6], b[:6], rtol=1e-12, atol=1e-12) and not np.allclose(a[6:], b[6:], atol=0.1)


# 06, 07 AdaGrad, RMSProp

SLOPE_ONE = SimpleNamespace(ndim=0, value=lambda w: w, gradient=lambda w: np.ones_like(w))


def step_lengths(optimizer, num_steps):
    return -np.diff(descend(SLOPE_ONE, optimizer, 0.0, num_steps).w)


def test_adagrad_s_steps_stall():
    steps = step_lengths(AdaGrad(0.4, eps=0.0), 100)
    np.testing.assert_allclose(steps, theory.adagrad_step(0.4, np.arange(1, 101)), rtol=1e-12)


def test_adagrad_is_not_rotation_invariant():
    start = np.array([-5.0, -2.0])
    losses = []
    for angle in (0.0, np.pi / 4):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        losses.append(descend(lecture_bowl(rotation=angle), AdaGrad(0.4), turn @ start, 100).loss[-1])
        gd = descend(lecture_bowl(rotation=angle), GradientDescent(0.4), turn @ start, 20).loss
        np.testing.assert_allclose(
            gd, descend(lecture_bowl(), GradientDescent(0.4), start, 20).loss, rtol=1e-9
        )
    assert losses[0] == pytest.approx(0.016, abs=5e-4)
    assert losses[1] == pytest.approx(0.51, abs=5e-3)


def test_rmsprop_s_first_step_is_ten_times_the_learning_rate():
    assert theory.rmsprop_step(1.0, 0.99, 1) == pytest.approx(10.0)
    steps = step_lengths(RMSProp(0.1, 0.99, eps=0.0), 50)
    np.testing.assert_allclose(steps, theory.rmsprop_step(0.1, 0.99, np.arange(1, 51)), rtol=1e-12)


# 08 Adam


def test_without_correction_early_steps_are_too_big():
    assert theory.uncorrected_ratio(1) == pytest.approx(3.16, abs=5e-3)
    assert theory.uncorrected_ratio(10) == pytest.approx(6.5, abs=0.05)
    almost, whole = (step_lengths(cls(0.1, eps=0.0), 200) for cls in (AdamAlmost, Adam))
    np.testing.assert_allclose(almost / whole, theory.uncorrected_ratio(np.arange(1, 201)), rtol=1e-10)
    t, peak = theory.uncorrected_peak()
    assert (t, peak) == (12, pytest.approx((almost / whole).max()))


def test_adam_s_first_step_is_the_sign_of_the_gradient():
    dw = np.array([1e-3, -5.0, 100.0, 0.0])
    w = np.zeros(4)
    optimizer = Adam(0.1)
    optimizer.step(w, dw, optimizer.init(w))
    np.testing.assert_allclose(w, theory.adam_first_step(dw, 0.1), rtol=1e-12)
    np.testing.assert_allclose(w, -0.1 * np.sign(dw), rtol=2e-5)


def test_l2_and_decoupled_decay():
    """1,000 steps from 1.0 under gradients of a random sign: L2 depends on their scale, AdamW does not."""
    signs = np.random.default_rng(0).choice([-1, 1], 1000)
    left = {}
    for cls in (AdamL2, AdamW):
        optimizer = cls(1e-3, 0.9, 0.999, 1e-8, 0.1)
        for scale in (1e-3, 1, 100):
            w = np.array(1.0)
            state = optimizer.init(w)
            for sign in signs:
                optimizer.step(w, scale * sign, state)
            left[cls, scale] = round(float(w), 3)
    assert [left[AdamL2, scale] for scale in (1e-3, 1, 100)] == [0.258, 0.835, 0.923]
    assert [left[AdamW, scale] for scale in (1e-3, 1, 100)] == [0.833, 0.833, 0.833]


def test_decoupled_shrinkage():
    flat = SimpleNamespace(ndim=0, value=lambda w: 0 * w, gradient=lambda w: 0 * w)
    left = descend(flat, AdamW(1e-3, weight_decay=0.1), 1.0, 1000).final
    assert left == pytest.approx(theory.decoupled_shrinkage(1e-3, 0.1, 1000), rel=1e-12)
    assert left == pytest.approx(0.905, abs=5e-4)


def test_adam_need_not_converge():
    """Theorem 1 of Reddi, Kale, Kumar (2018): slopes 3, -1, -1, 3, ... on [-1, 1], where the best w is -1."""

    def slope(t):
        return np.where(t % 3 == 1, 3.0, -1.0)

    line = SimpleNamespace(ndim=0, value=lambda w, t: slope(t) * w, gradient=lambda w, t: slope(t) + 0 * w)
    ends = {
        cls: descend(
            line,
            cls(0.1, 0.0, 1 / (1 + 3**2), 1e-8),
            0.0,
            10_000,
            minibatches=itertools.count(1),
            schedule=inverse_root(),
            bounds=(-1, 1),
        ).final
        for cls in (Adam, AMSGrad)
    }
    assert ends[Adam] > 0.998
    assert ends[AMSGrad] == pytest.approx(-0.9996, abs=5e-4)
