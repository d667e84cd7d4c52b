"""Lesson 15: what its text states, what its explorers draw, and what its learners' code does there."""

from pathlib import Path

import numpy as np
import pytest

from optcourse import norm_runs, race
from optcourse.after_adam import (
    CUBIC,
    QUINTIC,
    Lion,
    Muon,
    ScheduleFreeSGD,
    Shampoo,
    matrices_of,
    matrix_at,
    newton_schulz,
    steepest,
)
from optcourse.claims import sign_test
from optcourse.descent import descend
from optcourse.exercises import lesson_15 as exercises
from optcourse.explorers import lesson_15 as lesson
from optcourse.explorers.packing import pack
from optcourse.objectives import rosenbrock
from optcourse.optimizers import Adam, Momentum

SOURCE = Path(__file__).parents[2] / "source" / "15_other_norms.py"
SEEDS = pytest.mark.parametrize("seed", range(10))
G, LENGTH, SIGN, SPECTRAL = range(4)  # the places of norm_runs.DIRECTIONS


def values_of(matrix: np.ndarray) -> np.ndarray:
    return np.linalg.svd(matrix, compute_uv=False)


def shares(turn: float = 1.0) -> np.ndarray:
    """What is left of the loss after 100 steps on the bowl of matrices, (seeds, directions)."""
    losses = norm_runs.stored().bowl[norm_runs.TURNS.index(turn)]
    return losses[..., -1] / losses[..., 0]


def raced(name: str, schedule: str) -> tuple[np.ndarray, np.ndarray]:
    """Training and held-back loss of the 20 seeds of the race."""
    kept = norm_runs.stored()
    return kept.train[kept.at(name, schedule)][:, -1], kept.test[kept.at(name, schedule)]


# -- the facts of the text; each holds in ten of ten seeds unless it says otherwise ------------------------------


@SEEDS
def test_the_learners_steepest_is_steepest(seed):
    matrix = np.random.default_rng(seed).standard_normal((6, 4))
    gains = {"frobenius": np.linalg.norm(matrix), "entry": np.abs(matrix).sum(), "spectral": values_of(matrix).sum()}
    for norm, gain in gains.items():
        own = exercises.steepest(matrix, norm)
        assert (matrix * own).sum() == pytest.approx(gain, rel=1e-13)
        assert own == pytest.approx(steepest(matrix, norm), abs=1e-12)
    # the length of U Vᵀ by squares is the root of the shorter side, whatever the matrix
    assert np.linalg.norm(exercises.steepest(matrix, "spectral")) == pytest.approx(2.0)


@SEEDS
def test_adam_and_shampoo_without_memory(solved, seed):
    adam, shampoo = solved["without_memory"](seed)
    assert adam < 1e-12 and shampoo < 1e-9


def test_where_five_steps_bring_a_singular_value():
    values = np.geomspace(0.01, 1, 2001)
    ends = lesson.after_steps(values, 5, QUINTIC)
    assert ends.min() == pytest.approx(0.68, abs=0.005) and ends.max() == pytest.approx(1.135, abs=0.005)
    lower = lesson.after_steps(np.geomspace(0.002, 1, 2001), 5, QUINTIC)
    assert lower.min() == pytest.approx(0.68, abs=0.005) and lower.max() == pytest.approx(1.203, abs=0.005)
    assert lesson.after_steps(np.array([0.001, 0.0]), 5, QUINTIC) == pytest.approx([0.47, 0.0], abs=0.005)
    assert lesson.after_steps(np.array([0.001]), 20, CUBIC) == pytest.approx(1, abs=1e-3)
    by_hand = 0.1 * 3.4445, 0.001 * 4.7750, 0.00001 * 2.0315
    assert np.round(by_hand, 5) == pytest.approx([0.344, 0.0048, 0.00002], abs=5e-4)
    assert lesson.after_steps(np.array([0.1]), 1, QUINTIC) == pytest.approx(0.34, abs=0.001)


@pytest.mark.parametrize("num_steps", [10, 20, 50])
def test_more_steps_never_settle_at_one(num_steps):
    assert np.abs(lesson.after_steps(np.geomspace(0.01, 1, 200), num_steps, QUINTIC) - 1).max() > 0.1


def test_the_first_gradient_of_the_prediction():
    """0.91, 0.29, 0.20 … 0.008 and a 0; the step's values lie between 0.68 and 1.13."""
    values = values_of(exercises.first_gradient()) / np.linalg.norm(exercises.first_gradient())
    assert np.round(values[[0, 1, 2, 14]], 3) == pytest.approx([0.906, 0.286, 0.195, 0.008], abs=6e-4)
    step = values_of(newton_schulz(exercises.first_gradient()))
    assert values[15] < 1e-12 and step[15] < 1e-12
    assert step[:15].min().round(2) == 0.68 and step[:15].max().round(2) == 1.13


@SEEDS
def test_a_gradient_is_nearly_one_direction_and_the_step_is_not(seed):
    """The sum of squares over the largest square: how many directions count. The first layer has 16."""

    def directions(matrix):
        return np.linalg.norm(matrix) ** 2 / np.linalg.norm(matrix, 2) ** 2

    task = race.problem(seed)
    place = matrices_of(task.model)[0]
    run = descend(task.model, Momentum(0.05, 0.9), task.start, 100, minibatches=task.batches, record=("w",))
    full = [directions(matrix_at(task.model.gradient(run.w[t]), place)) for t in (0, 50, 100)]
    assert 1 <= min(full) and max(full) <= 2.7
    assert 7.5 <= directions(newton_schulz(exercises.first_gradient(seed))) <= 10.4


@SEEDS
def test_signs_know_the_axes_and_orthogonal_factors_do_not(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((16, 10))
    Q, P = (np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (16, 10))
    own = exercises.newton_schulz
    assert own(Q @ matrix @ P, 5) == pytest.approx(Q @ own(matrix, 5) @ P, abs=1e-12)
    off = np.linalg.norm(np.sign(Q @ matrix @ P) - Q @ np.sign(matrix) @ P)
    assert off > 0.7 * np.linalg.norm(np.sign(matrix))


def test_the_bowl_of_matrices():
    left = shares()
    assert 1.7e-3 <= left[:, G].min() and np.median(left[:, G]).round(3) == 0.002
    assert (left[:, G] / left[:, SPECTRAL]).min() >= 1400
    assert np.median(left[:, SPECTRAL]) == pytest.approx(5e-7, rel=0.1)
    # the order is the same for each seed
    assert (np.diff(left[:, [SPECTRAL, LENGTH, G, SIGN]], axis=1) > 0).all()


def test_the_turned_bowl_is_the_same_bowl_but_for_signs():
    straight, turned = shares(0.0), shares(1.0)
    for place in (G, SPECTRAL):
        assert straight[:, place] == pytest.approx(turned[:, place], rel=1e-4)
    # its path swings from side to side at a large rate, where rounding grows
    assert (np.abs(np.log(straight[:, LENGTH] / turned[:, LENGTH])) < np.log(2)).all()
    assert (turned[:, SIGN] > 1000 * straight[:, SIGN]).all()
    assert np.median(shares(0.05)[:, SIGN] / straight[:, SIGN]) > 50


def test_where_all_weights_are_turned_nothing_is_left_of_the_lead():
    """Its matrices are what the bowl gave it: no less than gradient descent then, and not far from signs."""
    for seed in (0, 1):
        left = {name: norm_runs.all_turned(name, seed) for name in ("G", "sign G", "U Vᵀ")}
        assert 0.002 < left["G"] < left["U Vᵀ"] < 1.3 * left["sign G"]
        # the same problem in other coordinates: to gradient descent it is the bowl of the figure
        assert left["G"] == pytest.approx(shares()[seed, G], rel=0.1)


def test_no_rate_of_the_bowl_is_the_last_one_of_its_row():
    """A best rate at the end of the row might be better still behind it."""
    chosen = norm_runs.stored().bowl_rates
    assert (chosen > norm_runs.BOWL_RATES[0]).all() and (chosen < norm_runs.BOWL_RATES[-1]).all()


def test_no_tuned_rate_of_the_network_is_the_last_one_of_its_row():
    rates = norm_runs.stored().rates
    assert (rates > norm_runs.RATES[0]).all() and (rates < norm_runs.RATES[-1]).all()


def test_what_is_said_of_the_race():
    """Each at its best schedule, tuned on training loss."""
    kept = norm_runs.stored()
    assert kept.best_schedule("Muon") == "cosine" and kept.best_schedule("Adam") == "warm-up + cosine"
    muon, adam = raced("Muon", "cosine"), raced("Adam", "warm-up + cosine")
    assert (muon[0] < adam[0]).sum() == 20 and (muon[1] < adam[1]).sum() == 10
    assert sign_test(muon[1], adam[1]) > 0.05
    free = raced("Schedule-Free Adam", "constant")
    below = [(free[0] < raced("Adam", schedule)[0]).sum() for schedule in norm_runs.SCHEDULES]
    assert below == [20, 20, 9] and sign_test(free[0], adam[0]) > 0.05
    assert (free[1] > raced("Adam", "cosine")[1]).sum() == 17


def test_two_of_the_three_tuning_seeds_choose_adams_setting_and_mostly_muons():
    kept = norm_runs.stored()
    for name, agreeing in (("Adam", 3), ("Muon", 2)):
        table = kept.tuned_train[list(norm_runs.OPTIMIZERS).index(name)]
        own = np.unravel_index(np.median(table, axis=-1).argmin(), table.shape[:2])
        without = [np.median(np.delete(table, k, axis=-1), axis=-1) for k in range(3)]
        assert sum(np.unravel_index(t.argmin(), t.shape) == own for t in without) == agreeing
    # without seed 0 it is another schedule for Muon
    other = np.unravel_index(without[0].argmin(), without[0].shape)
    assert norm_runs.SCHEDULES[other[0]] == "warm-up + cosine"
    assert norm_runs.RATES[other[1]] == kept.rates[kept.at("Muon", "warm-up + cosine")]
    muon, adam = raced("Muon", "warm-up + cosine"), raced("Adam", "warm-up + cosine")
    assert (muon[0] < adam[0]).sum() == 20 and (muon[1] < adam[1]).sum() == 0


def test_what_is_stored_is_what_runs():
    """The beginning of a run of each optimizer, a whole run, and one of each direction on the bowl."""
    kept = norm_runs.stored()
    for name in norm_runs.OPTIMIZERS:
        place = kept.at(name, kept.best_schedule(name))
        again = norm_runs.run(name, float(kept.rates[place]), 10, kept.best_schedule(name), num_steps=20)
        assert race.losses_of(again, 10) == pytest.approx(kept.train[place][0, :3], rel=2e-3)
    whole = norm_runs.run("Lion", 0.01, 2)[-1]
    tuned = norm_runs.RATES.index(0.01), 2
    assert race.losses_of(whole[None], 2) == pytest.approx(kept.tuned_train[kept.at("Lion")][tuned], rel=2e-3)
    assert race.test_loss_of(whole, 2) == pytest.approx(kept.tuned_test[kept.at("Lion")][tuned], rel=2e-3)
    turn = norm_runs.TURNS.index(0.2)
    for place, name in enumerate(norm_runs.DIRECTIONS):
        losses = norm_runs.bowl_runs(*norm_runs.bowl(3, 0.2), name, [kept.bowl_rates[turn, 3, place]])[0]
        steps = 101 if name != "G/|G|" else 20  # behind it, rounding has grown at its large rate
        assert losses[:steps] == pytest.approx(kept.bowl[turn, 3, place, :steps], rel=1e-3)


def test_the_tuned_rates_are_the_lowest_medians():
    kept = norm_runs.stored()
    for place in np.ndindex(kept.rates.shape):
        medians = np.median(kept.tuned_train[place], axis=-1)
        chosen = medians[norm_runs.RATES.index(kept.rates[place])]
        assert chosen == pytest.approx(medians.min(), rel=2e-3)


def test_what_each_one_keeps():
    """Of 1,024 weights in a matrix of 64 x 16, beside counts: Lion N, Muon N, Adam 2N, Shampoo m² + n²."""
    place = (0, 64, 16)
    w = np.zeros(1024)
    assert len(Lion().init(w).moment1) == 1024 and not hasattr(Lion().init(w), "moment2")
    assert len(Muon(matrices=[place]).init(w).velocity) == 1024
    assert len(ScheduleFreeSGD().init(w).fast) == 1024
    assert len(Adam().init(w).moment1) + len(Adam().init(w).moment2) == 2 * 1024
    state = Shampoo(matrices=[place]).init(w)
    assert state.left[0].size + state.right[0].size == 64**2 + 16**2


@SEEDS
def test_the_failure_gallery(solved, seed):
    task = race.problem(seed)
    length = solved["length_of_the_step"]
    gradient, one = (
        matrix_at(task.model.gradient(task.start, batch), (0, 64, 16)) for batch in (None, np.array([0]))
    )
    assert length(1e-9 * gradient) == pytest.approx(length(gradient))
    assert length(1e200 * gradient) == pytest.approx(length(gradient))
    assert length(one)[0] == 1 and length(0 * gradient) == (0, 0.0)


def test_nine_of_ten_first_minibatches_have_a_dead_unit_and_it_stays():
    dead = [(np.abs(exercises.first_gradient(seed)).sum(axis=0) == 0) for seed in range(10)]
    assert sum(unit.any() for unit in dead) == 9
    for seed, unit in enumerate(dead):
        assert not newton_schulz(exercises.first_gradient(seed))[:, unit].any()


# -- the learner's code and the course's -------------------------------------------------------------------------


def test_the_learners_optimizers_are_the_courses():
    bowl = rosenbrock()
    start = np.array([-1.2, 1.0])
    lion = exercises.lion(bowl.gradient, start, 0.01, 60, 0.9, 0.99)
    assert lion == pytest.approx(descend(bowl, Lion(0.01), start, 60).final, abs=1e-12)
    free = exercises.schedule_free(bowl.gradient, start, 1e-3, 60, 0.9)
    assert free == pytest.approx(descend(bowl, ScheduleFreeSGD(1e-3), start, 60).final, abs=1e-12)
    task = lesson.BowlProblem(0, 1.0)
    muon = exercises.muon(task.gradient, np.zeros((20, 20)), 0.1, 30, 0.9)
    course = descend(task, Muon(0.1, rho=0.9, matrices=[(0, 20, 20)]), np.zeros(400), 30).final
    assert muon.ravel() == pytest.approx(course, abs=1e-12)


def test_schedule_free_is_the_mean_of_its_fast_points():
    bowl, places, w = rosenbrock(), [], np.array([-1.2, 1.0])
    optimizer = ScheduleFreeSGD(1e-3)
    state = optimizer.init(w)
    for _ in range(50):
        optimizer.step(w, bowl.gradient(optimizer.gradient_point(w, state)), state)
        places.append(state.fast.copy())
    assert w == pytest.approx(np.mean(places, axis=0), rel=1e-13)


# -- the explorers -----------------------------------------------------------------------------------------------


def mark(scene, label: str, panel: int):
    return next(m for m in scene.panels[panel].marks if m.label == label)


def test_the_bowl_is_turned_and_nothing_else():
    for seed in (0, 7):
        for turn in norm_runs.TURNS:
            C, target = norm_runs.bowl(seed, turn)
            assert np.linalg.eigvalsh(C) == pytest.approx(np.geomspace(1e-3, 1, 20), rel=1e-9)
            start = norm_runs.bowl_loss(C, -target)
            assert start == pytest.approx(norm_runs.bowl_loss(*norm_runs.bowl(seed, 0.0)[:1], -norm_runs.bowl(seed, 0.0)[1]))
    assert norm_runs.bowl(3, 0.0)[0] == pytest.approx(np.diag(np.geomspace(1, 1e-3, 20)), abs=1e-12)


def test_the_learners_code_is_in_the_picture():
    ball = lesson.BallExplorer(turn=60, yours=exercises.steepest).frame()
    own = mark(ball, "your code", 0)
    assert own.x == pytest.approx([mark(ball, name, 0).x[0] for name in ("dw/|dw|", "sign dw")])
    assert mark(ball, "your code", 1).y == pytest.approx(mark(ball, "U Vᵀ", 1).y)
    schulz = lesson.SchulzExplorer(yours=exercises.newton_schulz).frame()
    bars = next(m for m in schulz.panels[1].marks if hasattr(m, "height"))
    assert mark(schulz, "your code", 1).y == pytest.approx(bars.height, abs=1e-9)
    turn = lesson.TurnExplorer(turn=0.5, yours=exercises.muon).frame()
    own, course = mark(turn, "your code", 0).y, mark(turn, "Muon", 0).y
    # rounding grows where a singular value is nearly 0
    assert own[:60] == pytest.approx(course[:60], rel=1e-3) and abs(np.log(own[-1] / course[-1])) < np.log(2)
    for name, function in (("Lion", exercises.lion), ("Schedule-Free SGD", exercises.schedule_free)):
        rates = lesson.RatesExplorer(method=name, schedule="constant", yours=function).frame()
        kept = norm_runs.stored()
        place = kept.at(name)
        theirs = kept.tuned_train[place][norm_runs.RATES.index(kept.rates[place]), 0]
        assert mark(rates, "your code", 0).y == pytest.approx([theirs], rel=2e-3)


def test_every_table_can_be_packed():
    for figure in (
        lesson.BallExplorer(yours=exercises.steepest),
        lesson.SchulzExplorer(yours=exercises.newton_schulz),
        lesson.TurnExplorer(yours=exercises.muon),
        lesson.RatesExplorer(),
    ):
        for control in figure.controls:
            if control.table:
                assert pack(*figure.table(control.name, figure.values))


def test_wrong_code_in_the_picture_is_a_sentence():
    def raises(G, norm):
        return G[99]

    def blank(G, num_steps): ...

    def infinite(G, num_steps):
        return G * np.inf

    def lazy(compute_gradient, w, learning_rate, num_steps, rho):
        return w

    def short(compute_gradient, w, learning_rate, num_steps, beta):
        return w[:3]

    assert "raises" in lesson.BallExplorer(yours=raises).frame().notice
    assert lesson.SchulzExplorer(yours=blank).frame().notice == ""
    with np.errstate(invalid="ignore"):
        assert "not finite" in lesson.SchulzExplorer(yours=infinite).frame().notice
    assert "0 gradients in 100 steps" in lesson.TurnExplorer(yours=lazy).frame().notice
    free = lesson.RatesExplorer(method="Schedule-Free SGD", schedule="constant", yours=short)
    assert "shaped like w" in free.frame().notice
    # another method's figure has no room for it
    assert lesson.RatesExplorer(method="Lion", schedule="constant", yours=short).frame().notice == ""
