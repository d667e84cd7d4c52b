"""Lesson 09: the stored race is the race, it is fair, the text's claims hold, and the capstone's check is just."""

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest

from optcourse import exercises, race, schedules
from optcourse.checking.check import check_exercise
from optcourse.exercises import lesson_09 as tasks
from optcourse.explorers import lesson_09 as lesson
from optcourse.explorers.sweep import sweep

SOURCE = Path(__file__).parents[2] / "source" / "09_race.py"
EXPLORERS = (
    lesson.RaceExplorer,
    lesson.SensitivityExplorer,
    lesson.ScheduleExplorer,
    lesson.SurfaceExplorer,
)
NAMES = tuple(race.OPTIMIZERS)


@pytest.fixture(scope="module")
def stored():
    return race.load()


def tuned_ends(stored, schedule="constant"):
    """The median of the last training loss of every optimizer at its own best rate."""
    return {
        name: np.median(stored.curves(name, stored.best_rate(name, schedule), schedule)[:, -1])
        for name in NAMES
    }


# -- the answers ---------------------------------------------------------------------------------------------------------


# -- the stored race -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "schedule", "rate", "seed"),
    [
        ("SGD", "constant", 0.1, 0),
        ("Momentum", "step", 0.0464, 11),
        ("Nesterov", "constant", 0.1, 12),
        ("AdaGrad", "cosine", 0.0464, 2),
        ("RMSProp", "constant", 0.00464, 14),
        ("Adam", "warm-up + cosine", 0.01, 16),
        ("Adam", "constant", 0.001, 10),
    ],
)
def test_a_stored_run_is_the_run(stored, name, schedule, rate, seed):
    points = race.run(name, rate, seed, schedule)
    (curve,) = stored.curves(name, rate, schedule, [seed])
    # Roundings differ between machines and grow along a run, so the early part is compared closely, the end loosely.
    fresh = race.losses_of(points, seed)
    np.testing.assert_allclose(curve[:8], fresh[:8], rtol=0.01)
    np.testing.assert_allclose(curve[-1], fresh[-1], rtol=0.25)
    (test,) = stored.test_losses(name, rate, schedule, [seed])
    assert test == pytest.approx(race.test_loss_of(points[-1], seed), rel=0.25)


def test_the_race_is_fair(stored):
    runs = (len(race.SCHEDULES), len(NAMES), len(race.RATES), len(race.SEEDS))
    assert stored.train.shape == (*runs, race.NUM_STEPS // race.EVERY + 1)
    assert np.isfinite(stored.train).all() and np.isfinite(stored.test).all()
    assert not set(race.TUNING_SEEDS) & set(race.RACE_SEEDS)
    assert np.ptp(stored.train[..., 0], axis=(0, 1, 2)).max() == 0  # everybody starts at the same places
    for schedule in race.SCHEDULES:
        for name in NAMES:
            assert race.RATES[0] < stored.best_rate(name, schedule) < race.RATES[-1]


def test_tuning_looks_at_the_tuning_seeds_alone(stored):
    spoilt = stored.train.copy()
    spoilt[..., race.rows(race.RACE_SEEDS), :] = 0.0
    other = race.Race(spoilt, stored.test, stored.accuracy)
    assert [other.best_rate(name) for name in NAMES] == [stored.best_rate(name) for name in NAMES]


def test_training_and_held_back_digits_do_not_meet():
    task = race.problem(10)
    train, test = ({row.tobytes() for row in model.X1} for model in (task.model, task.test))
    assert (len(task.model.X1), len(task.test.X1)) == (race.NUM_TRAIN, race.NUM_TEST)
    assert len(train & test) <= 2  # no two digits of the data are meant to be the same image


def test_the_learners_sgd_would_see_the_same_minibatches():
    one, other = race.problem(11), race.problem(11, race.NUM_STEPS + 50)
    assert (len(one.batches), len(other.batches)) == (race.NUM_STEPS, race.NUM_STEPS + 50)
    assert all(map(np.array_equal, one.batches, other.batches))
    assert {len(batch) for batch in one.batches} <= {race.BATCH_SIZE, race.NUM_TRAIN % race.BATCH_SIZE}


# -- the text's claims ---------------------------------------------------------------------------------------------------


def test_four_races_with_one_rate_for_all_have_different_winners(stored):
    winners = []
    for rate in (0.001, 0.01, 0.1, 1.0):
        ends = {name: np.median(stored.curves(name, rate)[:, -1]) for name in NAMES}
        winners.append(min(ends, key=ends.get))
    assert winners == ["RMSProp", "Adam", "Nesterov", "SGD"]


def test_tuned_the_six_are_closer_and_nesterov_is_ahead(stored):
    ends = tuned_ends(stored)
    assert min(ends, key=ends.get) == "Nesterov"
    same = [np.median(stored.curves(name, 0.001)[:, -1]) for name in NAMES]
    assert max(ends.values()) - min(ends.values()) < 0.2 < max(same) - min(same)


@pytest.fixture(scope="module")
def races(solved):
    """The lesson's own races: tuned on each three of the ten seeds, run on the seven others."""
    return solved["races"]


def share(races, holds) -> float:
    return float(np.mean([bool(holds(results)) for results in races]))


def test_bands_overlap_everywhere_and_one_wins_on_every_seed(stored):
    ends, bands = {}, {}
    for name in NAMES:
        curves = stored.curves(name, stored.best_rate(name))
        ends[name], bands[name] = curves[:, -1], np.quantile(curves, [0.25, 0.75], axis=0)
    one, two = bands["AdaGrad"], bands["RMSProp"]
    assert ((one[0] <= two[1]) & (two[0] <= one[1])).all()
    assert (ends["RMSProp"] < ends["AdaGrad"]).all() and (ends["Nesterov"] < ends["Momentum"]).all()
    assert (ends["Adam"] < ends["SGD"]).sum() == 4
    assert 2 * 0.5**7 == 1 / 64


def test_what_the_referee_reads(races, stored):
    assert len(races) == 120
    first = [min(results, key=lambda name: np.median(results[name][1])) for results in races]
    assert first.count("Nesterov") == 94
    worse = share(races, lambda r: np.median(r["Adam"][2]) > np.median(r["SGD"][2]))
    assert worse * 120 == pytest.approx(78)
    rates = [results["Adam"][0] for results in races]
    assert rates.count(0.0215) == 90 and rates.count(0.0464) == 30
    worse_at = {
        rate: sum(
            np.median(r["Adam"][2]) > np.median(r["SGD"][2]) for r in races if r["Adam"][0] == rate
        )
        for rate in (0.0215, 0.0464)
    }
    assert worse_at == {0.0215: 48, 0.0464: 30}
    careful, bold = (stored.test_losses("Adam", rate, seeds=race.SEEDS) for rate in (0.0215, 0.0464))
    assert (careful < bold).all()


def test_sgds_rate_is_ten_to_twenty_times_adams_for_every_choice_of_tuning_seeds(races):
    ratios = {round(results["SGD"][0] / results["Adam"][0]) for results in races}
    assert ratios <= {10, 22}


def test_with_warm_up_and_cosine_adam_is_first_whatever_the_tuning_seeds(stored):
    for tuning in itertools.combinations(race.SEEDS, 3):
        others = [seed for seed in race.SEEDS if seed not in tuning]
        ends = {}
        for name in NAMES:
            rate = stored.best_rate(name, "warm-up + cosine", tuning)
            ends[name] = np.median(stored.curves(name, rate, "warm-up + cosine", others)[:, -1])
        assert min(ends, key=ends.get) == "Adam"


def test_two_of_seven_seeds_are_never_reached_by_adagrad_and_rmsprop(stored):
    for name in NAMES:
        reached = (stored.curves(name, stored.best_rate(name)) <= 0.3).any(axis=1)
        assert reached.sum() == (5 if name in ("AdaGrad", "RMSProp") else 6 if name == "Adam" else 7)


def test_the_bands_of_sgd_and_adam_overlap_for_most_of_the_way(stored):
    low, high = zip(
        *(
            np.quantile(stored.curves(name, stored.best_rate(name)), [0.25, 0.75], axis=0)
            for name in ("SGD", "Adam")
        ),
        strict=True,
    )
    assert np.mean((low[0] < high[1]) & (low[1] < high[0])) > 0.8


def test_with_warm_up_and_cosine_adam_is_first_and_may_go_faster(stored):
    ends = tuned_ends(stored, "warm-up + cosine")
    assert min(ends, key=ends.get) == "Adam"
    assert stored.best_rate("Adam", "warm-up + cosine") > stored.best_rate("Adam")
    adam = {s: np.median(stored.curves("Adam", 0.01, s)[:, -1]) for s in race.SCHEDULES}
    assert min(adam, key=adam.get) == "constant"


def test_ten_times_too_large_is_worse_than_ten_times_too_small(stored):
    too_large, guessing = {}, np.log(10)
    for name in NAMES:
        ends = np.median(stored.finals(name), axis=1)
        best = int(ends.argmin())
        too_large[name] = ends[best + 3]
        assert ends[best - 3] < 1.4, name
    assert {name for name, loss in too_large.items() if loss > guessing} == {"SGD", "Momentum", "Nesterov"}
    assert all(1.8 < too_large[name] < 1.9 for name in ("AdaGrad", "Adam")) and too_large["RMSProp"] < 1


def test_valleys_lie_where_the_text_says(stored):
    rates = {name: stored.best_rate(name) for name in ("Adam", "Nesterov", "SGD")}
    assert rates["Adam"] < rates["Nesterov"] < rates["SGD"]


def test_what_the_planes_hold():
    for name in NAMES:
        assert lesson.shadow(lesson.OWN, name, 0)[0] > 0.9
        assert all(lesson.shadow(lesson.RANDOM, name, seed)[0] < 0.02 for seed in range(21))
    held, real, on_plane = lesson.shadow(lesson.PRINCIPAL, "Adam", 0)
    assert 0.8 < held < 0.9 and on_plane[0] < real[0] / 2


def test_the_six_runs_end_at_different_good_places():
    ends = [lesson.surface_run(name)[-1] for name in NAMES]
    assert min(np.linalg.norm(a - b) for k, a in enumerate(ends) for b in ends[:k]) > 1
    assert all(lesson.shadow(lesson.OWN, name, 0)[1][-1] < 0.2 for name in NAMES)


def test_renaming_the_hidden_units_gives_the_same_network():
    task, order = race.problem(10), np.random.default_rng(0).permutation(race.NUM_HIDDEN)
    w = np.array(task.start)
    weights1, biases1, weights2, _ = task.model.unpack(w)
    weights1[:], biases1[:], weights2[:] = weights1[:, order], biases1[order], weights2[order]
    assert task.model.value(w) == pytest.approx(task.model.value(task.start), rel=1e-12)
    assert not np.allclose(w, task.start)


def test_every_optimizer_is_timed():
    seconds = race.seconds_per_step()
    assert list(seconds) == list(NAMES) and min(seconds.values()) > 0


# -- schedules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("num_steps", "num_warm_up"), [(300, 30), (57, 8), (40, 0)])
def test_the_exercises_schedule_is_the_courses(num_steps, num_warm_up):
    ours = schedules.cosine(num_steps - num_warm_up)
    ours = schedules.warm_up(num_warm_up, ours) if num_warm_up else ours
    mine = [tasks.warm_up_cosine(t, num_steps, num_warm_up) for t in range(num_steps)]
    np.testing.assert_allclose(mine, [ours(t) for t in range(num_steps)], atol=1e-14)


def test_the_cosine_is_torchs():
    torch = pytest.importorskip("torch")
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    theirs = []
    for _ in range(50):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose([schedules.cosine(50)(t) for t in range(50)], theirs, atol=1e-12)


# -- the capstone --------------------------------------------------------------------------------------------------------


def test_what_the_text_says_about_the_capstone_is_what_is_checked():
    text = SOURCE.read_text()
    assert f"at most **{tasks.TARGET}**" in text and f"It is {tasks.BUDGET}." in text


def adam_as_taught(learning_rate):
    def run(compute_gradient, w, num_evaluations):
        w, moment1, moment2 = np.array(w, dtype=float), 0.0, 0.0
        for t in range(1, num_evaluations + 1):
            dw = compute_gradient(w)
            moment1 = 0.9 * moment1 + 0.1 * dw
            moment2 = 0.999 * moment2 + 0.001 * dw * dw
            w -= learning_rate * (moment1 / (1 - 0.9**t)) / (np.sqrt(moment2 / (1 - 0.999**t)) + 1e-8)
        return w

    return run


@pytest.mark.parametrize("optimizer", [tasks.my_optimizer, adam_as_taught(0.02), adam_as_taught(0.01)])
def test_good_optimizers_pass_on_hidden_seeds(optimizer):
    """Twenty graders draw seeds of their own; a good answer must not fail by bad luck."""
    failed = [seed for seed in range(20) if not check_exercise(tasks.CAPSTONE, optimizer, seed=seed).passed]
    assert not failed


@pytest.mark.parametrize("rate", [0.0003, 0.001, 0.3])
def test_adam_that_nobody_tuned_fails_and_is_told_why(rate):
    for seed in range(3):
        feedback = check_exercise(tasks.CAPSTONE, adam_as_taught(rate), seed=seed)
        assert not feedback.passed
        assert feedback.misconception in (("rate-too-small",) if rate < 0.1 else ("rate-too-large",)), (
            feedback
        )


def test_the_callers_start_must_stay_as_it_was():
    def in_place(compute_gradient, w, num_evaluations):
        w[:] = tasks.my_optimizer(compute_gradient, w, num_evaluations)
        return w

    feedback = check_exercise(tasks.CAPSTONE, in_place)
    assert not feedback.passed and "work on a copy" in str(feedback)


def test_other_seeds_are_other_problems():
    (gradient, start, _), (other_gradient, other_start, _) = (
        tasks.CAPSTONE.draw_cases(seed)[0].args for seed in (1, 2)
    )
    assert gradient.seed != other_gradient.seed and not np.array_equal(start, other_start)
    assert not set(race.SEEDS) & {case.args[0].seed for case in tasks.CAPSTONE.draw_cases(1)}


# -- the explorers -------------------------------------------------------------------------------------------------------


def test_the_grid_of_the_surface_is_the_networks_loss():
    centre, basis, _ = lesson.make_plane(lesson.RANDOM, "Adam", 3)
    a, b = np.array([-0.4, 0.0, 0.5]), np.array([-0.2, 0.7])
    grid = lesson.losses_on_plane(race.problem(lesson.SEED).model, centre, basis, a, b)
    value = race.problem(lesson.SEED).model.value
    wanted = [[value(centre + x * basis[0] + y * basis[1]) for x in a] for y in b]
    np.testing.assert_allclose(grid, wanted, rtol=1e-10)


def test_filter_normalised_directions_are_as_long_as_the_network_in_every_unit():
    w = lesson.surface_run("Adam")[-1]
    model = race.problem(lesson.SEED).model
    direction = lesson.filter_normalised(np.random.default_rng(0).standard_normal(w.size), w)
    for made, like in zip(model.unpack(direction), model.unpack(w), strict=True):
        if made.ndim == 2:
            np.testing.assert_allclose(np.linalg.norm(made, axis=0), np.linalg.norm(like, axis=0))
        else:
            assert not made.any()


def test_the_learners_own_loops_are_drawn_where_the_stored_runs_are():
    from optcourse.exercises.lesson_03 import gradient_descent

    losses, error = lesson.learners_losses(gradient_descent, "SGD", 0.464)
    assert not error
    (stored_curve,) = race.load().curves("SGD", 0.464, seeds=race.RACE_SEEDS[:1])
    np.testing.assert_allclose(losses[:: race.EVERY][:10], stored_curve[:10], rtol=0.01)
    scene = lesson.RaceExplorer(yours={"SGD": gradient_descent, "Adam": ...}).frame()
    assert [mark.label for mark in scene.panels[0].marks if mark.role == "yours"] == ["your SGD"]


def test_a_learners_mistake_is_a_sentence_in_the_picture():
    def broken(compute_gradient, w, num_evaluations):
        raise ValueError("no idea")

    assert "no idea" in lesson.RaceExplorer(yours=broken).frame().notice
    assert "no idea" in lesson.ScheduleExplorer(yours=lambda t, n, k: broken(t, n, k)).frame().notice


def test_a_blank_is_not_drawn():
    def blank(compute_gradient, w, num_evaluations):
        """Nothing yet."""
        ...

    for yours in (blank, {"Adam": ...}):
        scene = lesson.RaceExplorer(yours=yours).frame()
        assert not scene.notice and not any(mark.role == "yours" for mark in scene.panels[0].marks)
