"""Lesson 04: every number that its prose states, its explorers, and the rows of its conventions box."""

from pathlib import Path

import numpy as np
import pytest

from optcourse import data, models, objectives, theory
from optcourse.checking.check import check_exercise
from optcourse.descent import descend
from optcourse.exercises import lesson_04 as exercises
from optcourse.explorers import lesson_04 as explorers
from optcourse.explorers.sweep import sweep
from optcourse.optimizers import SGD, Momentum

SOURCE = Path(__file__).parents[2] / "source" / "04_sgd.py"
EXPLORERS = (
    explorers.GradientCloudExplorer,
    explorers.BatchSizesExplorer,
    explorers.SeedBandExplorer,
    explorers.NoiseFloorExplorer,
    explorers.EscapeExplorer,
    explorers.MinibatchPathExplorer,
)


@pytest.fixture(scope="module")
def digits():
    return data.train_test_split(data.load_digits(), np.random.default_rng(0))


# -- numbers in the prose ----------------------------------------------------------------------------------------------


def test_the_sizes_of_the_data(digits):
    train, test = digits
    assert (len(train), len(test)) == (exercises.NUM_TRAIN, 359) == (1438, 359)
    assert train.X.shape[1] * 10 + 10 == 650
    assert exercises.PASSES * exercises.NUM_TRAIN == 14_380
    assert -(-1438 // 32) == 45


def test_a_third_of_the_examples_is_missed_with_replacement():
    assert theory.missed_probability(1438) == pytest.approx(0.368, abs=5e-4)
    rng = np.random.default_rng(0)
    missed = [1 - len(np.unique(rng.integers(1438, size=1438))) / 1438 for _ in range(300)]
    assert np.mean(missed) == pytest.approx(0.368, abs=2e-3)


def test_the_noise_floors_of_sgd_and_momentum():
    """0.053 and 0.514 in the curriculum; the formula and a long run of many seeds agree with both."""
    for rho, floor in ((0.0, 0.053), (0.9, 0.514)):
        assert theory.noise_floor(0.1, rho) == pytest.approx(floor, abs=5e-4)
        parabola = objectives.parabola()
        noise = np.random.default_rng(1).standard_normal((1200, 400))
        path = descend(
            parabola,
            Momentum(0.1, rho),
            np.zeros(400),
            1200,
            gradient=lambda w, kick: w + kick,
            minibatches=noise,
            record=("w",),
        )
        assert path.w[300:].var() == pytest.approx(floor, rel=0.02)
    assert theory.noise_floor(0.1) == pytest.approx(0.1 / (2 - 0.1))


def test_momentum_is_ten_times_noisier_and_equal_at_a_tenth_of_the_rate():
    assert theory.noise_floor(0.1, 0.9) / theory.noise_floor(0.1) == pytest.approx(10, rel=0.03)
    assert theory.noise_floor(0.01, 0.9) / theory.noise_floor(0.1) == pytest.approx(1, rel=0.06)


@pytest.mark.parametrize("replace", [True, False])
def test_the_variance_of_a_minibatch_mean(replace):
    rng = np.random.default_rng(2)
    values = rng.normal(size=30)
    draws = [rng.choice(values, 10, replace=replace).mean() for _ in range(40_000)]
    expected = theory.minibatch_variance(values.var(), 10, None if replace else 30)
    assert np.var(draws) == pytest.approx(expected, rel=0.03)
    assert exercises.gradient_variance(values[:, None], 10, replace)[0] == pytest.approx(expected)


def test_the_estimate_is_right_on_average(digits):
    model = models.SoftmaxRegression(digits[0].X, digits[0].y)
    w = model.initial()
    true = model.gradient(w)
    batches = data.sample_with_replacement(1438, 32, np.random.default_rng(0), 2000)
    estimates = np.array([model.gradient(w, batch) for batch in batches])
    errors = [
        np.linalg.norm(estimates[:k].mean(axis=0) - true) / np.linalg.norm(true) for k in (1, 100, 2000)
    ]
    assert errors[0] > 4 * errors[1] > 8 * errors[2]


def test_a_last_minibatch_of_one_image_throws_the_run_about(digits):
    model = models.SoftmaxRegression(digits[0].X, digits[0].y)
    losses = {}
    for size in (1438, 1437):
        w, losses[size] = model.initial(), []
        for batch in data.epoch_batches(1438, size, np.random.default_rng(0), 6):
            losses[size].append(model.value(w))
            w = w - 0.5 * model.gradient(w, batch)
    assert np.all(np.diff(losses[1438]) < 0)
    assert np.any(np.diff(losses[1437][:6]) > 0.5)


def test_ten_epochs_of_sgd_beat_ten_exact_steps(digits):
    train, test = digits
    model = models.SoftmaxRegression(train.X, train.y)
    exact = []
    for rate in (0.1, 0.2, 0.5, 1.0, 2.0):
        w = model.initial()
        for _ in range(10):
            w = w - rate * model.gradient(w)
        exact.append(model.accuracy(w, test.X, test.y))
    w = exercises.train(model.gradient, model.initial(), 1438, np.random.default_rng(0))
    assert model.accuracy(w, test.X, test.y) > max(exact) + 0.03


@pytest.mark.parametrize("split", exercises.SPLITS[::4])
def test_the_goal_tells_minibatches_from_exact_steps(split):
    train, test = data.train_test_split(data.load_digits(), np.random.default_rng(split))
    model = models.SoftmaxRegression(train.X, train.y)
    for size, rate in ((32, 0.5), (16, 0.2), (8, 0.2), (64, 1.0)):
        w = model.initial()
        for batch in data.epoch_batches(1438, size, np.random.default_rng(0), exercises.PASSES):
            w = w - rate * model.gradient(w, batch)
        assert model.accuracy(w, test.X, test.y) >= exercises.ACCURACY + 0.01
    for rate in (1.5, 2.0, 2.5):
        w = model.initial()
        for _ in range(exercises.PASSES):
            w = w - rate * explorers.by_chunks(model.gradient, w, np.arange(1438))
        assert model.accuracy(w, test.X, test.y) < exercises.ACCURACY - 0.01


def test_what_the_saddle_prompt_asks():
    """A hundred times the noise leaves ln(100) / ln(1.1) = 48 steps earlier."""
    half = []
    for noise in (1e-6, 1e-4):
        away = np.abs(explorers.escape_paths("saddle", 0.05, noise)[..., 1]) >= 1
        half.append(int(np.argmax(away.mean(axis=1) >= 0.5)))
    assert half[0] - half[1] == pytest.approx(np.log(100) / np.log(1.1), abs=3)


# -- the explorers tell the truth --------------------------------------------------------------------------------------


def test_the_cloud_is_centred_on_the_true_gradient_and_follows_the_formula():
    problem = explorers.ink_problem()
    for sampling in explorers.SAMPLING:
        means, true, covariance = explorers.cloud(explorers.GradientCloudExplorer.places[0], sampling, 600)
        np.testing.assert_allclose(true, problem.gradient(np.array(problem.start)))
        for size in (1, 8, 128):
            expected = explorers.expected_variance(covariance, size, 1438, sampling)
            assert explorers.total_variance(means[size - 1]) == pytest.approx(expected, rel=0.25)
            assert np.linalg.norm(means[size - 1].mean(axis=0) - true) < 4 * np.sqrt(expected / 600)
    np.testing.assert_allclose(means[-1], np.tile(true, (600, 1)), atol=1e-12)


def test_the_two_weight_problem_has_the_gradient_of_its_loss():
    problem = explorers.ink_problem()
    w, h = np.array([0.3, -0.8]), 1e-6
    numeric = [(problem.value(w + h * e) - problem.value(w - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(problem.gradient(w), numeric, rtol=1e-8)
    assert problem.values_of(w) == pytest.approx(problem.value(w))
    np.testing.assert_allclose(problem.gradient(problem.minimum), 0, atol=1e-14)
    assert problem.minimum[0] < 0 < problem.minimum[1]  # a six has little ink above and much below


def test_chunks_give_the_same_mean(digits):
    model = models.SoftmaxRegression(digits[0].X, digits[0].y)
    w = model.initial(np.random.default_rng(0))
    everything = np.arange(1438)
    np.testing.assert_allclose(
        explorers.by_chunks(model.gradient, w, everything), model.gradient(w), atol=1e-14
    )
    assert explorers.by_chunks(model.value, w, everything) == pytest.approx(model.value(w))


def test_noise_frees_from_the_saddle_and_from_hollows():
    saddle, ravine = explorers.EscapeExplorer.landscapes
    off_the_ridge = [np.abs(explorers.escape_paths(saddle, 0.05, s)[-1, :, 1]).min() for s in (0.0, 0.01)]
    assert off_the_ridge[0] == 0 and off_the_ridge[1] >= 1
    stuck = explorers.escape_paths(ravine, 0.1, 0.0)[-1, :, 0]
    np.testing.assert_allclose(stuck, min(x for x, _ in objectives.ravine().minima))
    assert np.mean(np.abs(explorers.escape_paths(ravine, 0.1, 4.0)[-1, :, 0]) < 1) > 0.1


def test_your_own_sgd_lies_on_the_path():
    for size in (1, 8, 1438):
        scene = explorers.MinibatchPathExplorer(yours=exercises.sgd, batch_size=size).frame()
        lines = {mark.label: np.array([mark.x, mark.y]) for mark in scene.panels[0].marks if mark.label}
        np.testing.assert_allclose(lines["your sgd"], lines["SGD"], atol=1e-9)
    assert not scene.notice


def test_a_blank_sgd_is_not_drawn_and_a_broken_one_is_told():
    def blank(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
        """Not yet."""
        ...

    def broken(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
        return compute_gradient(w) @ np.ones(7)

    for explorer in (explorers.MinibatchPathExplorer, explorers.BatchSizesExplorer):
        assert not explorer(yours=blank).frame().notice
        assert "broken" in explorer(yours=broken).frame().notice


# -- conventions, against torch ----------------------------------------------------------------------------------------


def test_torch_agrees_on_the_update_the_mean_and_the_last_batch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 3)), rng.normal(size=10)
    parameters = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([parameters], lr=0.1)
    model = models.LinearRegression(X, y)
    trace = descend(
        model, SGD(0.1), np.zeros(4), 3, minibatches=[np.arange(4), np.arange(4, 8), np.arange(8, 10)]
    )
    biases = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer.add_param_group({"params": [biases]})
    rows = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
    # no shuffle, the last one kept: the defaults
    batches = list(torch.utils.data.DataLoader(rows, batch_size=4))
    assert [len(targets) for _, targets in batches] == [4, 4, 2]
    np.testing.assert_array_equal(torch.cat([x for x, _ in batches]).numpy(), X)
    for features, targets in batches:
        optimizer.zero_grad()
        (0.5 * torch.nn.MSELoss()(features @ parameters + biases, targets)).backward()
        optimizer.step()
    np.testing.assert_allclose(trace.final, [*parameters.detach().numpy(), biases.item()], rtol=1e-12)

    added = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for reduction, times in (("mean", 1), ("sum", 10)):
        added.grad = None
        (0.5 * torch.nn.MSELoss(reduction=reduction)(torch.tensor(X) @ added, torch.tensor(y))).backward()
        np.testing.assert_allclose(added.grad.numpy(), times * X.T @ (X @ np.zeros(3) - y) / 10, rtol=1e-12)


def test_a_single_image_moves_w_about_8_times_as_far_as_all_the_others(digits):
    """The failure gallery, on its own seed, and on nine of ten others."""
    train_set, _ = digits
    model, count = models.SoftmaxRegression(train_set.X, train_set.y), len(train_set)
    ratios = []
    for seed in range(11):
        w, lengths = model.initial(), []
        for minibatch in data.epoch_batches(count, count - 1, np.random.default_rng(seed), 1):
            step = 0.5 * model.gradient(w, minibatch)
            lengths.append(np.linalg.norm(step))
            w = w - step
        ratios.append(lengths[1] / lengths[0])
    assert round(ratios[0]) == 8
    assert sum(7 < ratio < 10 for ratio in ratios[1:]) >= 9, ratios
