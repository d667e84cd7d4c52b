"""Lesson 03: what its text states, what its explorers draw, and that its own answers earn full marks."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest

from optcourse import data, models, objectives, theory
from optcourse.checking.check import check_exercise
from optcourse.descent import descend
from optcourse.exercises import lesson_03 as tasks
from optcourse.explorers import digits
from optcourse.explorers import lesson_03 as lesson
from optcourse.explorers.sweep import sweep
from optcourse.optimizers import GradientDescent

SOURCE = Path(__file__).parents[2] / "source" / "03_gradient_descent.py"
EXPLORERS = (
    lesson.ParabolaExplorer,
    lesson.ValleyExplorer,
    lesson.LinkedBasesExplorer,
    lesson.SweepExplorer,
    lesson.BasinsExplorer,
    lesson.SaddleExplorer,
    lesson.DigitsExplorer,
)


# -- the answers ---------------------------------------------------------------------------------------------------------


# -- the facts of the curriculum -----------------------------------------------------------------------------------------


def test_the_lectures_bowl():
    flat, steep = np.linalg.eigvalsh(objectives.lecture_bowl().hessian(np.zeros(2)))
    assert theory.best_learning_rate(flat, steep) == pytest.approx(0.47619, abs=5e-6)
    assert theory.gradient_descent_rate(steep / flat) == pytest.approx(0.90476, abs=5e-6)
    assert theory.gradient_descent_limit(steep) == pytest.approx(0.5)


def test_691_steps_at_condition_number_100_are_what_a_run_takes():
    bowl = objectives.quadratic(100.0)
    best = float(theory.best_learning_rate(0.01, 1.0))
    trace = descend(bowl, GradientDescent(best), (1.0, 1.0), 700)
    distance = np.linalg.norm(trace.w, axis=1)
    assert int(np.argmax(distance <= 1e-6 * distance[0])) == 691


def test_698_steps_off_the_saddle_and_never_from_the_ridge():
    near, on = descend(
        objectives.saddle(), GradientDescent(0.01), [[-1.5, 1e-6], [-1.5, 0.0]], 20_000
    ).w.swapaxes(0, 1)
    assert int(np.argmax(np.abs(near[:, 1]) >= 1)) == 698
    assert np.all(on[:, 1] == 0)


# -- the numbers of the text ---------------------------------------------------------------------------------------------


def test_three_steps_by_hand():
    trace = descend(objectives.lecture_bowl(), GradientDescent(0.1), (-5.0, -2.0), 3)
    np.testing.assert_allclose(trace.w[1:] / trace.w[:-1], [[0.98, 0.6]] * 3)


def test_the_table_of_two_axes():
    assert 1 - 0.25 * 4 == 0
    assert 1 - 0.25 * 0.2 == pytest.approx(0.95)
    assert 1 - 0.5 * 0.2 == pytest.approx(0.9)


def test_downhill_in_the_valley_is_far_off_the_minimum_and_in_a_round_bowl_it_is_not():
    w = np.array([-5.0, -2.0])
    for gradient, degrees in (
        (objectives.lecture_bowl().gradient(w), 61),
        (objectives.quadratic(1.0).gradient(w), 0),
    ):
        cosine = gradient @ w / (np.linalg.norm(gradient) * np.linalg.norm(w))
        assert np.degrees(np.arccos(min(cosine, 1.0))) == pytest.approx(degrees, abs=0.5)


def test_larger_learning_rates_get_farther_up_to_0_3():
    ends = descend(lesson.bowl(20.0, 0.0), GradientDescent(np.linspace(0.1, 0.3, 9)), (-3.0, 2.0), 50).loss[
        -1
    ]
    assert np.all(np.diff(ends) < 0)


def test_half_the_best_rate_costs_twice_the_steps_and_three_per_cent_over_the_limit_everything():
    flat, steep = 0.2, 4.0
    best = 2 / (flat + steep)
    steps = [math.log(1e-6) / math.log(1 - rate * flat) for rate in (best, best / 2)]
    assert steps[1] / steps[0] == pytest.approx(2, abs=0.1)
    over = descend(objectives.lecture_bowl(), GradientDescent(0.5 * 1.03), (-5.0, -2.0), 100).loss
    assert over[-1] > 100 * over[0]


@pytest.mark.parametrize("kappa", [100, 1000, 5000])
def test_steps_are_close_to_half_kappa_times_the_logarithm(kappa):
    exact = tasks.steps_needed(kappa, 1e-6)
    assert exact == pytest.approx(kappa / 2 * math.log(1e6), rel=0.01)


def test_what_changes_the_condition_number_and_what_does_not():
    H = objectives.lecture_bowl().hessian(np.zeros(2))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    units = np.diag([np.sqrt(20), 1.0])
    for changed, kappa in ((turn @ H @ turn.T, 20), (10 * H, 20), (units @ H @ units, 1)):
        assert theory.condition_number(changed) == pytest.approx(kappa)


def test_ellipses_are_root_kappa_longer_than_wide():
    bowl = objectives.quadratic(100.0)
    assert bowl.value([10.0, 0.0]) == pytest.approx(bowl.value([0.0, 1.0]))


def test_rosenbrock_has_a_condition_number_above_2500_and_takes_thousands_of_steps():
    banana = objectives.rosenbrock()
    assert 2500 < theory.condition_number(banana.hessian([1.0, 1.0])) < 2600
    trace = descend(banana, GradientDescent(0.0015), banana.start, 9000)
    assert 1000 < trace.steps_to(1e-4) < 9000


def test_the_minimum_of_himmelblau_that_loses_its_starts_first_bends_most():
    himmelblau = objectives.himmelblau()
    steepest = [np.linalg.eigvalsh(himmelblau.hessian(np.array(m)))[-1] for m in himmelblau.minima]
    rate = 1.05 * 2 / max(steepest)
    reached = lesson.basins("Himmelblau", rate, 200)
    left = [np.mean(reached == k) for k in range(4)]
    assert int(np.argmax(steepest)) == 2 == int(np.argmin(left))
    assert left[2] < 0.01 < min(left[:2])


def test_three_quarters_of_the_starts_miss_the_deepest_minimum():
    tang = objectives.styblinski_tang()
    assert int(np.argmin(tang.value(np.transpose(tang.minima)))) == 0
    assert 0.7 < np.mean(lesson.basins("Styblinski-Tang", 0.01, 200) != 0) < 0.8


def test_each_halving_of_the_distance_costs_the_same_number_of_steps():
    steps = [tasks.saddle_steps(1e-3 / 2**k, 0.01) for k in range(12)]
    assert set(np.diff(steps)) <= {35, 36}


# -- real digits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("centred", [False, True])
def test_the_curvatures_are_those_of_the_real_loss(centred):
    """Power iteration with differences of the real gradient finds the largest; the Kronecker form gave it."""
    model, _ = digits.softmax(centred)
    v = np.random.default_rng(0).normal(size=model.num_parameters)
    for _ in range(60):
        v /= np.linalg.norm(v)
        v = (model.gradient(1e-5 * v) - model.gradient(-1e-5 * v)) / 2e-5
    assert np.linalg.norm(v) == pytest.approx(
        lesson.digits_curvatures(centred)[0], rel=1e-2 if centred else 1e-6
    )


def test_what_the_text_says_of_the_digits():
    assert len(data.load_digits()) == 1797
    model, _ = digits.softmax()
    assert model.num_parameters == 650 and len(model.X1) in (1437, 1438)
    plain, centred = (lesson.digits_curvatures(c) for c in (False, True))
    assert plain[0] / plain[plain > 1e-9][-1] > 1e6
    assert plain[0] > 10 * plain[1]  # one steep direction, far above the others
    assert centred[0] < plain[0] / 10  # the limit is more than ten times higher


def test_the_steepest_direction_is_the_mean_image_and_the_flattest_are_blank_pixels():
    model, _ = digits.softmax()
    values, vectors = np.linalg.eigh(model.X1.T @ model.X1 / len(model.X1))
    mean = model.X1.mean(axis=0)
    assert abs(vectors[:, -1] @ mean) / np.linalg.norm(mean) > 0.99
    used = np.flatnonzero(values > 1e-8)[:3]
    blank = model.X1.mean(axis=0) < 0.01
    assert np.all(np.sum(vectors[blank][:, used] ** 2, axis=0) > 0.9)


def test_digits_are_learned_and_too_large_a_rate_rises_but_comes_back():
    _, _, test = lesson.digits_run(0.5, False, 60)
    assert test > 0.9
    for rate in (3.0, 5.0):
        losses, _, test = lesson.digits_run(rate, False, 60)
        assert np.any(np.diff(losses) > 0.1) and losses[-1] < losses[0] / 5 and test > 0.9
    losses, _, test = lesson.digits_run(10.0, True, 60)
    assert losses[-1] < 0.3 and test > 0.9


# -- conventions ---------------------------------------------------------------------------------------------------------


def test_a_sum_over_examples_wants_a_learning_rate_n_times_smaller():
    digits = data.load_digits()[:50]
    model = models.SoftmaxRegression(digits.X, digits.y)
    w = model.initial(np.random.default_rng(0))
    mean = descend(model, GradientDescent(0.5), w, 5).final
    summed = descend(model, GradientDescent(0.5 / 50), w, 5, gradient=lambda w: 50 * model.gradient(w)).final
    np.testing.assert_allclose(summed, mean, rtol=1e-12)


def test_the_loss_shrinks_by_the_square_of_the_distances_factor():
    best = float(theory.best_learning_rate(0.2, 4.0))
    trace = descend(objectives.lecture_bowl(), GradientDescent(best), (-5.0, -2.0), 20)
    np.testing.assert_allclose(trace.loss[1:] / trace.loss[:-1], (19 / 21) ** 2, rtol=1e-9)


def test_torchs_sgd_on_the_whole_batch_is_this_loop():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    H, start = np.diag([0.2, 4.0, 1.0]), rng.normal(size=3)
    for sign, maximize in ((1, False), (-1, True)):
        w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.25, maximize=maximize)
        for _ in range(20):
            w.grad = torch.tensor(sign * (H @ w.detach().numpy()))
            optimizer.step()
        ours = tasks.gradient_descent(lambda w: H @ w, start, 0.25, 20)
        np.testing.assert_array_equal(w.detach().numpy(), ours)


# -- explorers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda e: e.__name__)
def test_the_words_change_with_every_control(explorer):
    figure = explorer()
    for control in figure.controls:
        others = [figure.frame(**{control.name: value}).says for value in control.values]
        assert len(set(others)) > 1, f"{control.name} changes no word"


def right(compute_gradient, w, learning_rate, num_steps):
    return tasks.gradient_descent(compute_gradient, w, learning_rate, num_steps)


def wrong(compute_gradient, w, learning_rate, num_steps):
    raise RuntimeError("boom")


def blank(compute_gradient, w, learning_rate, num_steps): ...


@pytest.mark.parametrize("explorer", [lesson.ValleyExplorer, lesson.BasinsExplorer, lesson.DigitsExplorer])
def test_your_code_in_the_picture(explorer):
    def roles(function):
        scene = explorer(yours=function).frame()
        return {mark.role for panel in scene.panels for mark in panel.marks}, scene.notice

    assert "yours" in roles(right)[0]
    assert "boom" in roles(wrong)[1] and "yours" not in roles(wrong)[0]
    assert roles(blank) == roles(None)


def marks_of(scene, panel, kind, label):
    return next(m for m in scene.panels[panel].marks if type(m).__name__ == kind and m.label == label)


def test_the_two_theoretical_lines_add_up_to_the_measured_run():
    for rate in (0.05, 0.2, 0.45, 0.49, 0.52):
        scene = lesson.ValleyExplorer(learning_rate=rate, num_steps=100, rotation=30.0, theory=True).frame()
        measured = marks_of(scene, 1, "Line", "gradient descent")
        flat, steep = (marks_of(scene, 1, "Line", f"theory: {axis} axis") for axis in ("flat", "steep"))
        np.testing.assert_allclose(measured.y, np.array(flat.y) + np.array(steep.y), rtol=1e-6, atol=2e-11)


def test_a_run_that_never_moves_or_runs_far_away_is_told_in_words():
    assert "from 0 to 0" in lesson.ValleyExplorer(start=(0.0, 0.0), theory=True).describe()
    assert "it runs away" in lesson.ValleyExplorer(learning_rate=1.0).describe()
    assert "no closer" in lesson.ValleyExplorer(learning_rate=0.5).describe()
    assert (
        "crawls"
        in lesson.ValleyExplorer(learning_rate=1.0, start=(-3.0, 0.0), condition_number=100.0).describe()
    )
    on_flat_axis = lesson.ValleyExplorer(learning_rate=0.3, start=(-3.0, 0.0), theory=True).describe()
    assert (
        "became 0.94 times what it was; theory for the flat axis" in on_flat_axis
        and "by then: 0.94." in on_flat_axis
    )


def test_the_linked_bases_show_the_same_run():
    scene = lesson.LinkedBasesExplorer(rotation=36.0, learning_rate=0.3).frame()
    w, c = (
        next(m for m in p.marks if type(m).__name__ == "Line" and m.label == "gradient descent")
        for p in scene.panels[:2]
    )
    handle = next(m for m in scene.panels[1].marks if getattr(m, "drag", None))
    a, b, c_, d = handle.drag_basis
    np.testing.assert_allclose(w.x, a * np.array(c.x) + b * np.array(c.y), atol=1e-12)
    np.testing.assert_allclose(w.y, c_ * np.array(c.x) + d * np.array(c.y), atol=1e-12)
    np.testing.assert_allclose(np.array(c.x), c.x[0] * (1 - 0.3 * 0.2) ** np.arange(41), atol=1e-12)
    np.testing.assert_allclose(np.array(c.y), c.y[0] * (1 - 0.3 * 4.0) ** np.arange(41), atol=1e-12)


def test_the_probe_lies_on_the_curve_of_the_sweep():
    explorer = lesson.SweepExplorer()
    for rate in (explorer.rates.values[3], 0.1, explorer.rates.values[100]):
        scene = explorer.frame(learning_rate=rate)
        curve, probe = (
            marks_of(scene, 0, "Line", "loss after 50 steps"),
            marks_of(scene, 0, "Points", "probe"),
        )
        at = list(curve.x).index(rate)
        assert probe.y[0] == pytest.approx(curve.y[at], rel=1e-12)


def test_a_basin_is_what_a_single_run_finds():
    reached = lesson.basins("Himmelblau", 0.01, 200)
    objective = objectives.himmelblau()
    for row, column in ((5, 50), (30, 31), (59, 0)):
        start = [-5 + 10 * (k + 0.5) / 60 for k in (column, row)]
        end = descend(objective, GradientDescent(0.01), start, 200).final
        gaps = np.linalg.norm(np.array(objective.minima) - end, axis=1)
        assert int(gaps.argmin()) == reached[row, column]


def test_a_notch_left_of_the_best_rate_wins_a_short_run():
    """What the text says under the valley with the theory switched on, from its scene."""
    explorer, ends = lesson.ValleyExplorer(theory=True), {}
    for rate in (0.457, 2 / 4.2):
        explorer.set(learning_rate=rate)
        ends[rate] = explorer.describe()
    assert "from 8.9 to 6.19·10⁻⁵" in ends[0.457] and "from 8.9 to 0.000401" in ends[2 / 4.2]
    left = descend(objectives.lecture_bowl(), GradientDescent(np.array(list(ends))), (-3.0, 2.0), 200)
    assert 0.5 < left.loss[-1, 0] / left.loss[-1, 1] < 1
