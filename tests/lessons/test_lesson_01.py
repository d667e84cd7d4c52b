"""Lesson 01: every number that its prose states, what its explorers show, and the exercises on wrong and right code."""

import inspect

import numpy as np
import pytest

from optcourse import gradients, models, objectives
from optcourse.checking.check import check_exercise
from optcourse.data import load_digits
from optcourse.exercises import lesson_01 as exercises
from optcourse.explorers import lesson_01 as explorers
from optcourse.explorers.sweep import sweep

EXPLORERS = [explorers.VCurveLab, explorers.EntryByEntry, explorers.NumericDescent, explorers.Bill]


# -- facts ---------------------------------------------------------------------------------------------------


def error(h, scheme):
    curve = explorers.CURVES["exp(sin x)"]
    return abs(float(explorers.slopes(curve, 1.0, h, scheme, "float64")) - float(curve.slope(1.0)))


def test_the_v_curve_of_exp_sin_x_at_1():
    """CURRICULUM: forward best near 1e-8 at h = 1e-8; central 6e-11 at 1e-5, 5e-5 at 1e-12; complex exact to 1e-200."""
    by_h = {k: error(10.0**k, "forward") for k in range(-16, 0)}
    assert min(by_h, key=by_h.get) == -8 and by_h[-8] < 1e-8
    assert 5e-11 < error(1e-5, "central") < 9e-11
    assert 4e-5 < error(1e-12, "central") < 8e-5
    assert all(error(10.0**-k, "complex") < 1e-15 for k in (8, 12, 16, 100, 200))


def test_best_h_lies_at_the_bottom_of_the_measured_v():
    grid = np.geomspace(1e-13, 0.3, 300)
    curve = explorers.CURVES["exp(sin x)"]
    for scheme in ("forward", "central"):
        for dtype in ("float64", "float32"):
            # the median over many points: at a single one, luck with the last digit can move the bottom
            points = [float(explorers.DTYPES[dtype][0](x)) for x in np.linspace(0.3, 1.3, 41)]
            errors = [
                abs(explorers.slopes(curve, x, grid, scheme, dtype) - float(curve.slope(x))) for x in points
            ]
            bottom = grid[np.median(errors, axis=0).argmin()]
            best = gradients.best_h(scheme, dtype)
            assert best / 10 < bottom < best * 10, (scheme, dtype, bottom, best)


def test_the_numbers_of_the_key_points():
    shown = [f"{gradients.best_h(s, d):.1e}" for d in ("float64", "float32") for s in ("forward", "central")]
    assert shown == ["1.5e-08", "6.1e-06", "3.5e-04", "4.9e-03"]


def test_truncation_falls_with_h_and_with_h_squared():
    assert error(1e-3, "forward") / error(1e-4, "forward") == pytest.approx(10, rel=0.01)
    assert error(1e-2, "central") / error(1e-3, "central") == pytest.approx(100, rel=0.01)


def test_parameters_and_evaluations():
    digits = load_digits()
    assert len(digits) == 1797 and len(digits[797:]) == 1000
    few = digits[:20]
    softmax, network = models.SoftmaxRegression(few.X, few.y), models.TwoLayerNetwork(few.X, few.y)
    assert softmax.num_parameters == 650 == 10 * 64 + 10
    assert network.num_parameters == 4810 == 64 * 64 + 64 + 64 * 10 + 10
    assert exercises.network_evaluations() == 9620
    assert 20 * 2 * 650 + 20 + 1 == 26_021
    for model in (softmax, network):
        for scheme, expected in (
            ("forward", model.num_parameters + 1),
            ("central", 2 * model.num_parameters),
        ):
            counted = gradients.Counted(model.value)
            gradients.numeric_gradient(counted, model.initial(np.random.default_rng(0)), scheme=scheme)
            assert counted.calls == expected


def test_forward_differences_rest_half_an_h_beside_the_minimum():
    assert exercises.forward_rest(0.5) == pytest.approx(-0.25)
    shown = explorers.NumericDescent(h=0.5, scheme="forward", num_steps=60)
    end = [m for m in shown.frame().panels[0].marks if m.label == "numeric gradient"][0]
    assert end.y[-1] == pytest.approx(-0.25) and abs(end.x[-1] + 0.25) < 0.2


def test_central_differences_are_exact_on_a_parabola_and_not_on_himmelblau():
    for objective, exact in ((objectives.lecture_bowl(), True), (objectives.himmelblau(), False)):
        w = np.array([-4.0, 2.0])
        off = np.abs(gradients.numeric_gradient(objective.value, w, h=1.0) - objective.gradient(w)).max()
        assert (off < 1e-12) == exact


def test_twenty_numeric_steps_train_softmax_regression_as_the_analytic_ones():
    train, test = load_digits()[:200], load_digits()[797:]
    model = models.SoftmaxRegression(train.X, train.y)
    w, losses = exercises.numeric_descent(model.value, model.initial(), 1.0, 20, 1e-5)
    exact = model.initial()
    for _ in range(20):
        exact -= 1.0 * model.gradient(exact)
    assert np.abs(w - exact).max() < 1e-8
    assert losses[-1] < 0.5 and model.accuracy(w, test.X, test.y) > 0.75


def test_the_conventions_box_torch():
    torch = pytest.importorskip("torch")
    defaults = inspect.signature(torch.autograd.gradcheck).parameters
    assert defaults["eps"].default == 1e-6


def test_the_conventions_box_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    assert inspect.signature(optimize.approx_fprime).parameters["epsilon"].default == pytest.approx(
        1.5e-8, rel=0.01
    )
    calls = 0

    def f(w):
        nonlocal calls
        calls += 1
        return float(np.sum(w * w))

    optimize.approx_fprime(np.ones(5), f)
    assert calls == 6


def test_dividing_by_the_distance_moved_mends_the_slope_of_a_line():
    x, h = 1.0, 1e-8
    moved = (x + h) - x
    difference = 2 * (x + h) - 2 * x
    assert difference / h != 2.0 and difference / moved == 2.0


# -- the lab's curves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in explorers.CURVES if not name.startswith("|")])
def test_the_derivatives_of_the_labs_functions(name):
    curve = explorers.CURVES[name]
    for x in np.linspace(-2.5, 2.5, 11):
        assert curve.slope(x) == pytest.approx(curve.value(x + 1e-30j).imag / 1e-30, abs=1e-13)
        for low, high in ((curve.slope, curve.second), (curve.second, curve.third)):
            numeric = (low(x + 1e-5) - low(x - 1e-5)) / 2e-5
            assert high(x) == pytest.approx(numeric, abs=1e-7)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_truncation_lies_on_its_asymptote(scheme):
    curve, h = explorers.CURVES["exp(sin x)"], np.array([1e-3])
    truncation, _ = explorers.asymptotes(curve, 1.0, h, scheme, "float64")
    measured = abs(explorers.slopes(curve, 1.0, h, scheme, "float64") - curve.slope(1.0))
    assert measured[0] == pytest.approx(truncation[0], rel=0.02)


def test_the_complex_step_finds_nothing_in_the_absolute_value():
    assert "finds 0" in explorers.VCurveLab(function="|x| (a kink)", scheme="complex").describe()


# -- explorers -----------------------------------------------------------------------------------------------


def test_entry_by_entry_ends_at_the_gradient_and_counts_right():
    for n in (2, 5, 9):
        for scheme, calls in (("forward", n + 1), ("central", 2 * n)):
            scene = explorers.EntryByEntry(scheme=scheme, num_entries=n, h=0.05).frame()
            assert scene.num_steps == calls - 1 and f"{calls} evaluations" in scene.says
            bars = scene.panels[2].marks[0]
            exact = explorers.ink_model(n).gradient(explorers.ENTRIES[:n])
            assert np.allclose(bars.height[-1], exact, atol=1e-9 if scheme == "central" else 0.05)


def test_entry_by_entry_never_leaves_its_panels():
    explorer = explorers.EntryByEntry()
    for n in range(2, 10):
        for h in (0.05, 0.6):
            for scheme in ("forward", "central"):
                w, losses, dw = explorer.frame(num_entries=n, h=h, scheme=scheme).panels
                assert np.abs(w.marks[0].height).max() < w.ylim[1]
                assert np.max(losses.marks[0].y) < losses.ylim[1]
                assert np.abs(dw.marks[0].height).max() < dw.ylim[1]


def test_a_walk_with_an_h_that_is_rounded_away_never_moves():
    assert "never moved" in explorers.NumericDescent(h=1e-16, scheme="central").describe()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("explorer", [explorers.VCurveLab, explorers.NumericDescent])
def test_the_learners_function_is_drawn_and_its_failures_are_one_sentence(explorer):
    def blank(f, w, h):
        """Nothing yet."""
        ...

    def raises(f, w, h):
        return w / "h"

    def labels(function):
        scene = explorer(yours=function).frame()
        return {mark.label for panel in scene.panels for mark in panel.marks}, scene.notice

    assert "your code" in labels(exercises.numeric_gradient)[0]
    assert sweep(explorer(yours=exercises.numeric_gradient), np.random.default_rng(1)) > 10
    assert labels(blank) == labels(None)
    drawn, notice = labels(raises)
    assert "your code" not in drawn and "raises" in notice and "TypeError" in notice
    drawn, notice = labels(lambda f, w, h: np.zeros((7, 7)))
    assert "your code" not in drawn and notice


def test_the_bill_says_what_it_costs():
    said = explorers.Bill(num_parameters=25_600_000, milliseconds=1.0).describe()
    assert "51,200,000 evaluations" in said and "14.2 hours" in said


# -- exercises: right answers of other kinds, and mistakes that are not in the list ----------------------------


def test_other_right_ways_to_write_it_pass():
    def with_copies(f, w, h):
        w = np.asarray(w, dtype=float)
        dw = np.empty(w.size)
        for k in range(w.size):
            move = np.zeros(w.size)
            move[k] = h
            move = move.reshape(w.shape)
            dw[k] = (f(w + move) - f(w - move)) / (2 * h)
        return dw.reshape(w.shape)

    def by_iterator(f, w, h):
        w = w.astype(np.float64)
        dw = np.zeros(w.shape)
        walk = np.nditer(w, flags=["multi_index"])
        for _ in walk:
            i = walk.multi_index
            old = float(w[i])
            w[i] = old + h
            plus = f(w)
            w[i] = old - h
            minus = f(w)
            w[i] = old
            dw[i] = (plus - minus) / h / 2
        return dw

    for right in (with_copies, by_iterator):
        assert check_exercise(exercises.NUMERIC_GRADIENT, right).passed

    def own_h(scheme, dtype):
        return {"float64": 1e-8, "float32": 1e-3, "float16": 0.03}[dtype] * (1 if scheme == "forward" else 5)

    assert check_exercise(
        exercises.BEST_H, lambda s, d: own_h(s, d) * (50 if d == "float64" and s != "forward" else 1)
    ).passed


def test_too_many_evaluations_are_told():
    def wasteful(f, w, h):
        f(w)
        return exercises.numeric_gradient(f, w, h)

    feedback = check_exercise(exercises.NUMERIC_GRADIENT, wasteful)
    assert not feedback.passed and "`f` is called" in feedback.sentence


@pytest.mark.parametrize("answer", [-1.0, 0.0, float("nan"), "small", np.array([1e-5]), True, None])
def test_no_number_that_is_a_step_gets_a_sentence(answer):
    feedback = check_exercise(exercises.BEST_H, lambda scheme, dtype: answer)
    assert not feedback.passed and feedback.sentence


def test_the_forward_walk_rests_beside_the_star_where_the_text_sends_the_reader():
    explorer = explorers.NumericDescent()
    explorer.set(num_steps=60, learning_rate=0.45)
    walk = next(m for m in explorer.frame().panels[0].marks if getattr(m, "label", "").startswith("numeric"))
    assert np.allclose([walk.x[-1], walk.y[-1]], -0.5 / 2, atol=0.02)


def test_the_complex_step_is_exact_from_1e_8_on_and_truncates_at_a_tenth():
    exact = np.cos(1.0) * np.exp(np.sin(1.0))
    error = {h: abs(np.exp(np.sin(1 + 1j * h)).imag / h - exact) for h in (1e-1, 1e-3, 1e-8, 1e-200)}
    assert error[1e-1] == pytest.approx(6.8e-3, rel=0.01) and error[1e-3] == pytest.approx(6.8e-7, rel=0.05)
    assert max(error[1e-8], error[1e-200]) < 1e-15


def test_an_error_in_a_line_of_ours_is_no_line_of_the_learners_cell():
    def returns_a_list(f, w, h):
        return [f(w), f(w + h)]

    notice = explorers.NumericDescent(yours=returns_a_list).frame().notice
    assert "returns_a_list" in notice and "of its cell" not in notice
