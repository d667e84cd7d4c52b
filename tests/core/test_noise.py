"""Noise scale, clipping and averaging: definitions, and the facts of lesson 14 that need no long run."""

import numpy as np
import pytest

from optcourse.descent import descend
from optcourse.models import LinearRegression
from optcourse.noise import clip_by_norm, ema, noise_scale, noise_scale_from_two, running_mean
from optcourse.optimizers import SGD


def test_the_noise_scale_of_known_gradients():
    dws = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, -1.0], [2.0, 1.0]])
    assert noise_scale(dws) == pytest.approx(dws.var(axis=0).sum() / (dws.mean(axis=0) ** 2).sum())
    assert noise_scale([[1.0], [-1.0]]) == np.inf


def test_two_batch_sizes_find_it_without_single_gradients():
    rng = np.random.default_rng(0)
    g, deviations = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, 2.0])
    true = (deviations**2).sum() / (g**2).sum()

    def squared_lengths(batch, count=40_000):
        return ((g + deviations * rng.standard_normal((count, 3)) / np.sqrt(batch)) ** 2).sum(axis=1)

    found = noise_scale_from_two(squared_lengths(4), squared_lengths(32), 4, 32)
    assert found == pytest.approx(true, rel=0.05)


def test_a_single_pair_may_have_a_negative_slope_so_it_is_averaged_first():
    small, large, b, B = np.array([9.0, 3.0]), np.array([1.0, 2.5]), 2, 8
    single = (B * large - b * small) / (B - b)
    assert single[0] < 0 < single[1]
    together = noise_scale_from_two(small, large, b, B)
    assert together == pytest.approx(((small - large).mean() / (1 / b - 1 / B)) / single.mean())


def test_clipping_keeps_the_direction_and_short_ones():
    dw = np.array([3.0, 4.0])
    np.testing.assert_allclose(clip_by_norm(dw, 1.0), [0.6, 0.8])
    assert clip_by_norm(dw, 5.0).tolist() == dw.tolist()
    assert clip_by_norm(dw, 5.0) is not dw
    assert not clip_by_norm(np.zeros(3), 1.0).any()


def test_clipping_single_examples_turns_the_mean_around():
    slopes = np.array([1.0] * 9 + [-19.0])
    assert slopes.mean() == -1
    clipped = np.array([clip_by_norm(np.array([s]), 1.0)[0] for s in slopes])
    assert clipped.mean() == pytest.approx(0.8)
    rng = np.random.default_rng(0)
    for batch, expected in ((10, -0.30), (100, -0.77), (1000, -0.92)):
        means = rng.choice(slopes, (20_000, batch)).mean(axis=1) if batch < 1000 else (
            rng.choice(slopes, (2000, batch)).mean(axis=1)
        )  # fmt: skip
        mean = np.mean([clip_by_norm(np.array([m]), 1.0)[0] for m in means])
        assert mean == pytest.approx(expected, abs=0.03)


def test_averages_of_a_constant_path_are_that_path():
    path = np.full((50, 2), 3.7)
    np.testing.assert_array_equal(ema(path, 0.9), path)
    np.testing.assert_allclose(running_mean(path), path, rtol=1e-15)


@pytest.mark.parametrize(("decay", "expected"), [(0.9, 0.0264), (0.99, 0.0046)])
def test_what_averaging_leaves_of_the_noise_in_a_bowl(decay, expected):
    learning_rate, curvature = 0.1, 1.0
    rng = np.random.default_rng(0)
    w, points = np.zeros(2000), []
    for t in range(3000):
        w = w - learning_rate * (curvature * w + rng.standard_normal(2000))
        if t >= 1000:
            points.append(w)
    points = np.array(points)
    variance = learning_rate / (2 - learning_rate * curvature) / curvature
    assert variance == pytest.approx(0.0526, abs=1e-4)
    assert points[-1].var() == pytest.approx(variance, rel=0.1)
    kept = 1 - learning_rate * curvature
    factor = (1 - decay) * (1 + kept * decay) / ((1 + decay) * (1 - kept * decay))
    assert variance * factor == pytest.approx(expected, abs=1e-4)
    assert ema(points, decay)[-500:].var() == pytest.approx(expected, rel=0.1)


def test_the_mean_of_all_points_loses_noise_as_one_over_t():
    rng = np.random.default_rng(0)
    model = LinearRegression(rng.standard_normal((64, 1)), rng.standard_normal(64))
    batches = [rng.integers(0, 64, 4) for _ in range(4000)]
    run = descend(model, SGD(0.1), np.zeros(2), 4000, minibatches=batches)
    lowest = np.linalg.solve(model.hessian(), -model.gradient(np.zeros(2)))
    off = ((running_mean(run.w[500:]) - lowest) ** 2).sum(axis=1)
    assert off[-1] < ((run.w[-500:] - lowest) ** 2).sum(axis=1).mean() / 20


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"per_example must be \(examples, n\) with 2 examples or more"):
        noise_scale([1.0, 2.0])
    with pytest.raises(ValueError, match=r"0 < b < B, got b = 8 and B = 8"):
        noise_scale_from_two(1.0, 1.0, 8, 8)
    with pytest.raises(ValueError, match="limit must be > 0, got 0"):
        clip_by_norm(np.ones(2), 0)
    with pytest.raises(ValueError, match="clipping cannot mend a gradient that has overflowed"):
        clip_by_norm(np.array([np.inf, 1.0]), 1.0)
    with pytest.raises(ValueError, match="decay must be >= 0 and < 1, got 1.0"):
        ema(np.ones(3), 1.0)
