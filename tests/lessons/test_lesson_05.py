"""Lesson 05: what its text states, what its explorers draw, and that its own answers earn full marks."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from optcourse import exercises, objectives, optimizers, theory
from optcourse.checking.check import check_exercise
from optcourse.descent import descend
from optcourse.exercises.lesson_05 import convert, momentum, nesterov
from optcourse.explorers import lesson_05 as lesson
from optcourse.explorers.sweep import sweep
from optcourse.objectives import parabola, quadratic

SOURCE = Path(__file__).parents[2] / "source" / "05_momentum.py"
EXPLORERS = (
    lesson.MemoryExplorer,
    lesson.PathExplorer,
    lesson.RateMapExplorer,
    lesson.PhaseExplorer,
    lesson.NoiseExplorer,
    lesson.EscapeExplorer,
    lesson.CycleExplorer,
    lesson.DigitsExplorer,
)


# -- the facts of the curriculum ---------------------------------------------------------------------------------


def test_steps_by_the_rate_and_in_a_run(solved):
    """What the table prints, and what the text says of the double root, the gain and the cliff."""
    assert theory.steps_to(float(theory.best_momentum_rate(100)), 1e-6) == 69
    assert theory.steps_to(float(theory.gradient_descent_rate(100)), 1e-6) == 691
    run, by_rate = solved["steps_of_a_run"], lambda k: theory.steps_to(float(theory.best_momentum_rate(k)), 1e-6)
    assert [run(float(k)) for k in (10, 100, 1000, 10_000)] == [27, 93, 315, 1056]
    assert run(10.0) / by_rate(10) == pytest.approx(1.25, abs=0.05)
    assert run(10_000.0) / by_rate(10_000) == pytest.approx(1.5, abs=0.05)
    rate, rho = theory.best_momentum(0.01, 1.0)
    assert rate == pytest.approx(3.31, abs=5e-3)
    assert rate / theory.best_learning_rate(0.01, 1.0) == pytest.approx(1.67, abs=5e-3)
    for kappa in (10, 100, 1000):
        best, best_rho = theory.best_momentum(1 / kappa, 1.0)
        assert best / theory.momentum_limit(best_rho) == pytest.approx(kappa / (kappa + 1))
    rates = rate * np.array([1.0, 1.005, 1.01])
    left = np.linalg.norm(descend(quadratic(100.0), optimizers.Momentum(rates, rho), (1.0, 1.0), 3000).w, axis=-1)
    left /= left[0]
    assert [int(np.argmax(left[:, k] <= 1e-6)) for k in (0, 1)] == [93, 263]
    assert left[-1, 2] > 1


def test_the_table_of_the_three_problems():
    start = (-1.5, 1e-6)
    heights = [
        np.abs(descend(objectives.saddle(), optimizer, start, 800).w[:, 1])
        for optimizer in (optimizers.Momentum(0.01, 0.9), optimizers.GradientDescent(0.01))
    ]
    assert [int((h >= 1).argmax()) for h in heights] == [140, 698]


def test_the_matrix_of_a_step_has_the_two_factors(solved):
    matrix = solved["step_matrix"]
    for curvature in (0.2, 4.0):
        sizes = np.abs(np.linalg.eigvals(matrix(curvature, 0.1, 0.8)))
        assert sizes == pytest.approx(np.sqrt(0.8)) and sizes.max() == pytest.approx(
            float(theory.momentum_rate(0.1, 0.8, curvature))
        )
    one = descend(parabola(4.0), optimizers.Momentum(0.1, 0.8), 1.0, 1)
    assert matrix(4.0, 0.1, 0.8) @ [1.0, 0.0] == pytest.approx([float(one.final), 4.0])


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_both_limits_are_where_runs_stop_settling(rho):
    for optimizer, limit in (
        (optimizers.Momentum, float(theory.momentum_limit(rho))),
        (optimizers.Nesterov, float(theory.nesterov_limit(rho))),
    ):
        inside, outside = np.abs(
            descend(parabola(1.0), optimizer(np.array([0.98, 1.02]) * limit, rho), 1.0, 3000).final
        )
        assert inside < 1e-3 and not outside < 1e3
    assert theory.nesterov_limit(0.9) == pytest.approx(1.357, abs=5e-4)
    assert theory.momentum_limit(0.9) == pytest.approx(3.8)


def test_complex_regime_window_and_half_life():
    for alpha in (0.1, 0.5, 1.0, 2.0):
        assert theory.momentum_rate(alpha, 0.9) == pytest.approx(np.sqrt(0.9))
    assert theory.averaging_window(0.9) == pytest.approx(10)
    assert theory.half_life(0.9) == pytest.approx(6.58, abs=5e-3)


def test_flipping_pushes_settle_at_one_over_1_9():
    velocity = 0.0
    for t in range(400):
        velocity = 0.9 * velocity + (-1) ** t
    assert abs(velocity) == pytest.approx(1 / 1.9) and round(abs(velocity), 2) == 0.53


def test_the_heavy_ball_circles_and_the_others_settle():
    problem = objectives.heavy_ball_cycle()
    cycle = descend(problem, optimizers.Momentum(1 / 9, 4 / 9), 3.3, 602).w[600:]
    assert sorted(cycle) == pytest.approx([-1.8024, 0.6465, 2.1159], abs=5e-5)
    for optimizer in (optimizers.GradientDescent(1 / 25), optimizers.Nesterov(1 / 25, 2 / 3)):
        assert abs(descend(problem, optimizer, 3.3, 600).final) < 1e-6


def test_noise_floors():
    assert theory.noise_floor(0.1, 0.0) == pytest.approx(0.053, abs=5e-4)
    assert theory.noise_floor(0.1, 0.9) == pytest.approx(0.514, abs=5e-4)
    assert theory.noise_floor(0.01, 0.9) == pytest.approx(0.05, abs=1e-3)


def test_three_conventions_walk_one_path_until_the_learning_rate_changes():
    bowl = objectives.lecture_bowl()
    made = {
        "lecture": optimizers.Momentum,
        "sutskever": optimizers.SutskeverMomentum,
        "average": optimizers.AveragedMomentum,
    }

    def ends(schedule):
        return {
            name: descend(
                bowl, kind(*convert(0.1, 0.8, "lecture", name)), (-5.0, -1.0), 15, schedule=schedule
            ).final
            for name, kind in made.items()
        }

    constant, changed = ends(None), ends(lambda t: 1.0 if t < 10 else 0.1)
    assert np.allclose(constant["sutskever"], constant["lecture"]) and np.allclose(
        constant["average"], constant["lecture"]
    )
    assert np.allclose(changed["average"], changed["lecture"])
    assert not np.allclose(changed["sutskever"], changed["lecture"], rtol=0.1)


def test_the_learners_loops_are_the_courses_optimizers():
    bowl, start = objectives.lecture_bowl(), (-5.0, -1.0)
    for loop, optimizer in ((momentum, optimizers.Momentum), (nesterov, optimizers.NesterovLookAhead)):
        own = loop(bowl.gradient, start, 0.1, 30, 0.9)
        assert np.allclose(own, descend(bowl, optimizer(0.1, 0.9), start, 30).final, rtol=1e-12)


@pytest.mark.parametrize("nesterov_form", [False, True])
def test_torch_has_the_lectures_convention(nesterov_form):
    torch = pytest.importorskip("torch")
    bowl = objectives.lecture_bowl()
    w = torch.tensor([-5.0, -1.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.SGD([w], lr=0.1, momentum=0.9, nesterov=nesterov_form)
    for _ in range(30):
        w.grad = torch.tensor(bowl.gradient(w.detach().numpy()))
        theirs.step()
    ours = optimizers.Nesterov(0.1, 0.9) if nesterov_form else optimizers.Momentum(0.1, 0.9)
    assert np.allclose(w.detach().numpy(), descend(bowl, ours, (-5.0, -1.0), 30).final, rtol=1e-11)


# -- the explorers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["momentum", "Nesterov"])
def test_the_measured_map_agrees_with_the_theory(method):
    measured = lesson.measured_rates(method)
    rate_of = theory.momentum_rate if method == "momentum" else theory.nesterov_rate
    expected = rate_of(lesson.ALPHAS[None, :], lesson.RHOS[:, None])
    clear = np.abs(expected - 1) > 0.02
    assert ((measured < 1) == (expected < 1))[clear].mean() > 0.999
    usual = (expected > 0.5) & (expected < 1.2)
    assert np.median(np.abs(measured - expected)[usual]) < 0.02


def test_the_probe_finds_all_five_kinds_of_run():
    kinds = {
        lesson.behaviour("momentum", *probe)
        for probe in ((1.0, 0.6), (0.1, 0.1), (1.0, 0.0), (1.9, 0.02), (3.5, 0.2))
    }
    assert kinds == {"ripples", "monotone decay", "one-step", "oscillation", "divergence"}


def test_the_velocity_points_more_steadily_than_a_gradient_and_smooths_the_way_down():
    off = []
    for seed in range(10):
        shown = {"learning_rate": 0.003, "rho": 0.9, "noise": 2.0, "seed": seed, "equal_speed": True}
        run = lesson.noisy_runs([shown])[0][0]
        average = 0.9 * run.state["velocity"] + run.dw
        off.append([lesson.angle(run.dw, run.w)[5:31].mean(), lesson.angle(average, run.w)[5:31].mean()])
    gradient, velocity = np.mean(off, axis=0)
    assert velocity < 0.7 * gradient


def test_in_the_long_run_both_scatter_about_equally_at_the_effective_learning_rate():
    """For every seed of the slider; at the same learning rate momentum scatters more."""
    settings = [
        {"learning_rate": rate, "rho": 0.9, "noise": 2.0, "seed": seed, "equal_speed": equal}
        for rate, equal in ((0.003, True), (0.05, False))
        for seed in range(10)
    ]
    with_velocity, without = lesson.noisy_runs(settings)
    ratios = [lesson.scatter(with_velocity[k]) / lesson.scatter(without[k]) for k in range(20)]
    assert all(0.85 < ratio < 1.15 for ratio in ratios[:10]), ratios
    assert all(ratio > 1.5 for ratio in ratios[10:]), ratios
    explorer = lesson.NoiseExplorer()
    assert "on its way" not in explorer.describe()
    explorer.set(equal_speed=False)
    assert "SGD (learning rate 0.003) is still on its way at step 200" in explorer.describe()
    explorer.set(learning_rate=0.05)
    assert "on its way" not in explorer.describe()
    # at step 60 SGD has not arrived: its distance to the minimum is still larger than its scatter
    left = 0.97**60 * np.hypot(3.0, 2.0)
    assert left > 2 * np.median([lesson.scatter(without[k]) for k in range(10)])


def test_momentum_rolls_through_where_gradient_descent_is_caught():
    two = objectives.two_basins()
    assert descend(two, optimizers.Momentum(0.01, 0.9), 1.7, 300).final < 0
    assert descend(two, optimizers.GradientDescent(0.01), 1.7, 300).final > 0


def test_on_digits_most_of_the_gain_is_the_effective_learning_rate():
    slow, heavy, fast = (
        lesson.digits_run(rate, rho, 150)[0][-1] for rate, rho in ((0.1, 0.0), (0.1, 0.9), (1.0, 0.0))
    )
    assert heavy < 0.5 * slow and abs(fast - heavy) < 0.1 * heavy


def test_what_limits_rho():
    """No learning rate shrinks an axis faster than sqrt(rho); a window-old gradient counts 0.35; slopes flip past the floor."""
    for rho in (0.3, 0.9, 0.99):
        rates = theory.momentum_rate(np.linspace(0.01, 1.99, 200), rho, 1.0)
        assert rates.min() >= np.sqrt(rho) - 1e-9
    assert np.sqrt(0.9) == pytest.approx(0.949, abs=5e-4) and 0.9**10 == pytest.approx(0.35, abs=0.005)
    for rho in (0.1, 0.5, 0.9, 0.999):
        assert theory.averaging_window(rho) > theory.half_life(rho)
    trace = descend(objectives.lecture_bowl(), optimizers.Momentum(0.3, 0.8), (-5.0, -1.0), 5)
    assert (trace.dw[:6, 0] < 0).all() and len(set(np.sign(trace.dw[:6, 1]))) == 2
