"""Lesson 14: what its text states, what its explorers draw, and what its learners' code does there."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optcourse import data, edge_runs, noise, noise_runs, race
from optcourse.descent import descend
from optcourse.exercises import lesson_14 as exercises
from optcourse.explorers import lesson_14 as lesson
from optcourse.noise_runs import BATCH_SIZES, ENDS, OTHER_SEEDS, RATES, SEEDS, TUNING_SEEDS
from optcourse.optimizers import SGD, GradientDescent

SOURCE = Path(__file__).parents[2] / "source" / "14_noise.py"


def kept(name: str) -> np.ndarray:
    return noise_runs.stored()[name].astype(float)


def steps() -> np.ndarray:
    """Steps to the target, (sizes, rates, seeds); infinite where a run never arrives."""
    found = kept("steps")
    return np.where(found < 0, np.inf, found)


def at_best_rate(seeds) -> np.ndarray:
    """The median over these seeds, each size at the rate that the *tuning* seeds chose."""
    return np.array(
        [np.median(steps()[k, rate, list(seeds)]) for k, rate in enumerate(lesson.best_rates())]
    )


# -- batch sizes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [TUNING_SEEDS, OTHER_SEEDS], ids=["tuning seeds", "other seeds"])
def test_500_times_the_batch_saves_a_tenth_of_the_steps(seeds):
    """The prediction's 500 steps become 50, at 50 times as many examples; also on seeds that chose no rate."""
    found = at_best_rate(seeds)
    fewer = found[0] / found[-1]
    assert 440 <= found[0] <= 520 and 45 <= found[-1] <= 52
    assert 9 <= fewer <= 11 and 45 <= 500 / fewer <= 55
    sixteen = found[BATCH_SIZES.index(16)] * 16 / (found[0] * 2)
    assert 1.7 < sixteen < 2.1


def test_no_rate_of_the_grid_is_better_at_its_end():
    """The best rates lie inside the grid, and every seed but one saves between 7 and 13 times."""
    best = lesson.best_rates()
    assert best.min() > 0 and best.max() < len(RATES) - 1
    table = steps().min(axis=1)
    assert sum(7 <= ratio <= 13 for ratio in table[0] / table[-1]) >= 9


def test_best_rates_grow_more_slowly_than_batches():
    best = [RATES[k] for k in lesson.best_rates()]
    assert best[0] == 1 / 8 and best[-1] == 1 and BATCH_SIZES[-1] / BATCH_SIZES[0] == 500


def test_the_shape_of_theory_is_right_and_its_number_is_not():
    least, critical = lesson.fitted()
    sizes = np.array(BATCH_SIZES)
    off = lesson.fewest_steps() / (least * (1 + critical / sizes))
    assert 0.85 < off.min() and off.max() < 1.2 and 15 < critical < 25
    _, slope, noise_ = np.moveaxis(kept("along")[1], 1, 0)
    scale = noise_ / slope
    assert (np.median(scale[:, 3:], axis=1) > 5 * critical).all()  # most of the way of the minibatch runs
    assert (scale[:, 30] > scale[:, 3]).all()


def test_the_noise_scale_along_a_run():
    _, slope, trace = np.moveaxis(kept("along")[0], 1, 0)
    scale = trace / slope
    at = scale[:, [3, 10, 30]]
    assert (np.diff(at, axis=1) > 0).all()  # ten of ten
    for column, low, high in ((0, 97, 123), (1, 113, 241), (2, 786, 1388)):
        assert low <= at[:, column].min() and at[:, column].max() <= high
    assert (slope[:, 30] < 0.15 * slope[:, 3]).all() and (trace[:, 30] > 0.6 * trace[:, 3]).all()


def test_the_expected_length_of_a_minibatchs_gradient():
    """E |g_B|² = |g|² + tr Σ / B with replacement; without, the noise is (N - B)/(N - 1) of it, and none at B = N."""
    rng, dws = np.random.default_rng(0), np.random.default_rng(1).normal(size=(40, 3)) + 1
    slope, trace = noise_runs.slope_and_noise(dws)
    assert trace / slope == pytest.approx(noise.noise_scale(dws))
    for size in (2, 8):
        g = dws[rng.integers(40, size=(20_000, size))].mean(axis=1)
        assert (g**2).sum(axis=1).mean() == pytest.approx(slope + trace / size, rel=0.03)
        order = rng.permuted(np.tile(np.arange(40), (20_000, 1)), axis=1)[:, :size]
        g = dws[order].mean(axis=1)
        expected = slope + trace / size * (40 - size) / 39
        assert (g**2).sum(axis=1).mean() == pytest.approx(expected, rel=0.03)


def test_the_gradients_of_all_examples_at_once_are_those_of_single_ones():
    task = race.problem(3)
    dws = noise_runs.per_example(task.model, task.start)
    single = np.array([task.model.gradient(task.start, [k]) for k in range(40)])
    assert dws[:40] == pytest.approx(single, rel=1e-12, abs=1e-15)
    assert dws.mean(axis=0) == pytest.approx(task.model.gradient(task.start), rel=1e-9, abs=1e-13)


def test_one_step_on_a_parabola_gains_what_theory_says():
    """The best expected gain of a step on batches of B, over that without noise: 1 / (1 + scale / B), with curvature 1 all round."""
    g, trace = np.array([2.0, -1.0]), 12.0
    for size in (1, 4, 100):
        rates = np.linspace(0, 1, 2001)
        gain = rates * (g @ g) - rates**2 / 2 * (g @ g + trace / size)
        assert gain.max() / ((g @ g) / 2) == pytest.approx(1 / (1 + trace / (g @ g) / size), rel=1e-5)


def test_two_batch_sizes_measure_it():
    for k, most_negative in enumerate((0.02, 0.08, 0.22)):
        small, large = kept("pairs")[k]
        slope, trace = kept("at_pairs")[k]
        found = noise.noise_scale_from_two(small, large, noise_runs.SMALL, noise_runs.LARGE)
        assert found == pytest.approx(trace / slope, rel=0.04)
        assert found == pytest.approx(
            exercises.noise_scale_from_two(small, large, noise_runs.SMALL, noise_runs.LARGE)
        )
        negative = (lesson.single_slopes(small, large) < 0).mean()
        assert most_negative / 3 < negative < most_negative
        assert negative == pytest.approx((0.0095, 0.052, 0.19)[k], abs=0.005)


def test_k_small_steps_and_one_large_one():
    """The medians of ten seeds, for 2, 8 and 16 steps: 2, 9, 17 % at rate 0.01, and 18, 49, 57 % at 0.1."""
    rows = [noise_runs.SCALED_RATES.index(rate) for rate in (0.01, 0.1)]
    columns = [noise_runs.SCALED.index(k) for k in (2, 8, 16)]
    found = 100 * np.median(kept("scaled"), axis=-1)[np.ix_(rows, columns)]
    assert found == pytest.approx(np.array([[1.7, 9.3, 17.1], [17.9, 49.3, 57.3]]), abs=0.1)
    assert (kept("scaled")[rows[0]][columns] < kept("scaled")[rows[1]][columns]).all()  # for each seed


# -- failures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_a_rate_that_kills_the_hidden_units(seed):
    loss, dead = noise_runs.dead_units(4.0, seed)
    assert dead == race.NUM_HIDDEN and np.log(10) < loss < np.log(10) + 0.1
    loss, dead = noise_runs.dead_units(0.5, seed)
    assert dead < race.NUM_HIDDEN / 2 and loss < 0.2


def test_a_batch_larger_than_the_data_is_named():
    with pytest.raises(ValueError, match="batch_size must be from 1 to num_examples = 1000, got 1024"):
        data.epoch_batches(1000, 1024, np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(10))
def test_a_start_that_is_too_hot_is_killed_and_clipping_saves_it(seed):
    start, lost = (edge_runs.hot_run(seed, 0.3, 0, steps) for steps in (0, 60))
    assert lost > 1e60 and edge_runs.hot_run(seed, 0.3, edge_runs.CLIPPED, 60) < 0.5 * start
    assert edge_runs.stored()["hot"][edge_runs.HOT_RATES.index(0.3), 0, seed] == np.inf


# -- clipping ----------------------------------------------------------------------------------------------------


def on_the_cliff(clip: str, rate: float = 1.0):
    explorer = lesson.CliffExplorer()
    return explorer.run(lesson.CLIPS[clip], 1.0, rate, (3.5, 2.5))


def test_the_cliff():
    thrown, clipped = on_the_cliff("not at all"), on_the_cliff("its length")
    assert thrown.w[1][0] == pytest.approx(-26.85) and thrown.steps_to(lesson.NEAR) == 51
    assert clipped.steps_to(lesson.NEAR) == 31
    assert np.hypot(*clipped.w.T).max() == np.hypot(*clipped.w[0])
    far = on_the_cliff("not at all", 10.0)
    assert far.steps_to(lesson.NEAR) == 2 and far.w[1][0] == pytest.approx(-300)
    turned = on_the_cliff("each entry")
    assert turned.w[1] == pytest.approx([2.5, 2.25])  # not along the gradient


def test_the_mean_of_clipped_slopes():
    assert lesson.SLOPES.mean() == -1 and np.clip(lesson.SLOPES, -1, 1).mean() == pytest.approx(0.8)
    for size, expected in ((10, -0.30), (100, -0.76), (1000, -0.92)):
        assert lesson.mean_of_clipped_batches(size, 1.0) == pytest.approx(expected, abs=0.005)
        assert lesson.chances(size).sum() == pytest.approx(1, abs=1e-9)
        assert lesson.mean_of_clipped_batches(size, 25.0) == pytest.approx(-1, abs=1e-9)
    drawn = np.random.default_rng(0).choice(lesson.SLOPES, (40_000, 10)).mean(axis=1)
    assert np.clip(drawn, -1, 1).mean() == pytest.approx(lesson.mean_of_clipped_batches(10, 1.0), abs=0.01)


# -- averaging ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_theory_in_the_noisy_bowl(seed):
    """The variances of the text, from runs of the figure's kind that have forgotten their start."""
    assert lesson.bowl_variance(0.1) == pytest.approx(0.0526, abs=5e-5)
    rng, w, points = np.random.default_rng(100 + seed), np.zeros(1000), []
    for t in range(1500):
        w = w - 0.1 * (w + rng.standard_normal(1000))
        if t >= 100:
            points.append(w)
    points = np.array(points)
    assert points[400:].var() == pytest.approx(0.0526, rel=0.04)
    for decay, said in ((0.9, 0.0264), (0.99, 0.0046)):
        expected = lesson.bowl_variance(0.1) * lesson.left_by_ema(decay, 0.1)
        assert expected == pytest.approx(said, abs=5e-5)
        assert exercises.ema(points, decay)[-600:].var() == pytest.approx(expected, rel=0.08)
    mean = (noise.running_mean(points) ** 2).mean(axis=1)
    assert mean[1199] * 1200 == pytest.approx(mean[599] * 600, rel=0.25)  # as 1/t


def ends(run: str, held_back: bool) -> dict[str, np.ndarray]:
    table = kept("averages")[list(noise_runs.RUNS).index(run), :, :, int(held_back), -1]
    return {kind: table[:, k] for k, kind in enumerate(ENDS)}


def test_averages_on_real_digits():
    """How many of 20 seeds: below the last weights, below the cooled rate."""
    for run, held_back, below_last, below_cooled in (
        ("momentum 0.9, rate 0.1", False, 20, 20),
        ("momentum 0.9, rate 0.1", True, 18, 17),
        ("SGD, rate 1", False, 15, 5),
    ):
        found = ends(run, held_back)
        average = found["average 0.95"]
        assert (average < found["the last weights"]).sum() == below_last
        assert (average < found["cosine"]).sum() == below_cooled
    for run in noise_runs.RUNS:
        found = ends(run, False)
        assert (found["mean of all"] > found["cosine"]).all()


# -- what is stored ----------------------------------------------------------------------------------------------


def test_what_is_stored_is_what_runs():
    seed = 4
    assert noise_runs.along(noise_runs.WAYS[1], seed)[:, :3] == pytest.approx(kept("along")[1, seed][:, :3], rel=1e-5)
    assert noise_runs.weights_on_the_way(seed) == pytest.approx(kept("weights")[seed], rel=1e-5, abs=1e-7)
    for size, rate in ((8, 0.25), (128, 1.0), (1000, 1.0)):
        place = BATCH_SIZES.index(size), RATES.index(rate), seed
        assert noise_runs.steps_to_target(seed, size, rate) == kept("steps")[place]
    place = noise_runs.SCALED_RATES.index(0.1), noise_runs.SCALED.index(4), seed
    assert noise_runs.scaling_gap(seed, 0.1, 4) == pytest.approx(kept("scaled")[place], rel=1e-4)
    again = noise_runs.pairs(30, 20)
    assert again[0] == pytest.approx(kept("pairs")[0][0, :20], rel=1e-5)
    assert noise_runs.averages("SGD, rate 0.3", 12) == pytest.approx(kept("averages")[1, 2], rel=1e-4)


def test_a_run_that_never_arrives_is_minus_one():
    assert noise_runs.steps_to_target(0, 2, 4.0, longest=60) == -1
    assert noise_runs.steps_to_target(0, 32, 0.5, longest=10) == -1


# -- the explorers -----------------------------------------------------------------------------------------------


def line(scene, label: str, panel: int = 0):
    return next(m for m in scene.panels[panel].marks if m.label == label)


def test_the_learners_code_is_in_the_picture():
    scene = lesson.NoiseAlongExplorer(yours=exercises.noise_scale).frame(step=100)
    own, course = line(scene, "your code"), line(scene, "noise scale")
    assert own.y == pytest.approx([course.y[step // 10] for step in lesson.OWN_STEPS], rel=1e-5)
    assert not lesson.NoiseAlongExplorer(yours=exercises.noise_scale).frame(gradient="minibatches of 32").notice
    scene = lesson.TwoBatchesExplorer(yours=exercises.noise_scale_from_two).frame()
    own, course = line(scene, "your code"), line(scene, "ratio of means")
    shared = [list(course.x).index(count) for count in own.x]
    assert own.y == pytest.approx(np.array(course.y)[shared], rel=1e-6) and own.x[-1] == 4000
    scene = lesson.CliffExplorer(clip="its length", yours=exercises.clip_by_norm).frame()
    assert line(scene, "your code").x == pytest.approx(line(scene, "gradient descent").x)
    scene = lesson.NoisyBowlExplorer(yours=exercises.ema).frame(decay=0.95)
    assert line(scene, "your code").y == pytest.approx(line(scene, "moving average").y)


def test_wrong_code_in_the_picture_is_a_sentence():
    def raises(*args):
        return args[0]["x"]

    def blank(*args): ...

    kinds = lesson.NoiseAlongExplorer, lesson.TwoBatchesExplorer, lesson.CliffExplorer, lesson.NoisyBowlExplorer
    for kind in kinds:
        assert "raises" in kind(yours=raises).frame().notice
        assert kind(yours=blank).frame().notice == ""
        assert kind(yours=blank).frame().problems() == []
    assert "one number" in lesson.TwoBatchesExplorer(yours=lambda small, large, b, B: small).frame().notice
    assert "an average for each point" in lesson.NoisyBowlExplorer(yours=lambda points, decay: points[-1]).frame().notice


def test_the_minimum_examples_by_hand():
    dws = np.array([[1.0], [3.0]])
    assert exercises.noise_scale(dws) == pytest.approx(1 / 4)


def test_an_average_is_beside_the_run():
    """Averages change no step: the run under them is the run without."""
    task = race.problem(10)
    again = descend(task.model, SGD(0.3), task.start, 20, minibatches=task.batches, record=("w",)).w
    shown = exercises.ema(again, 0.9)
    assert again[0].tolist() == task.start.tolist() and shown[0].tolist() == task.start.tolist()


def test_curves_of_the_first_figure_fall():
    scene = lesson.BatchSizeExplorer(theory=True).frame()
    best, theory = line(scene, "best rate"), line(scene, "S (1 + C/B)")
    assert best.y[0] > 5 * best.y[-1] and all(one >= other for one, other in pairwise(theory.y))
    examples = line(scene, "best rate", 1)
    assert np.array(examples.y) == pytest.approx(np.array(best.y) * BATCH_SIZES)


def test_full_batches_have_no_noise_left():
    """A gradient descent step is the step of all digits, whatever the order."""
    task = race.problem(1)
    one = descend(task.model, GradientDescent(0.5), task.start, 3, record=()).final
    assert one == pytest.approx(
        descend(task.model, SGD(0.5), task.start, 3, minibatches=data.epoch_batches(
            race.NUM_TRAIN, race.NUM_TRAIN, np.random.default_rng(0), None), record=()).final
    )  # fmt: skip
