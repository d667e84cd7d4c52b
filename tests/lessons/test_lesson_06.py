"""Lesson 06: every number that its prose states, and that its figures show what they say."""

import importlib.util
import json
import os
import pathlib
import re

import numpy as np
import pytest

from optcourse import objectives
from optcourse.descent import descend
from optcourse.exercises import lesson_06 as exercises
from optcourse.explorers import lesson_06 as lesson
from optcourse.explorers.sweep import sweep
from optcourse.optimizers import AdaGrad, GradientDescent

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "source" / "06_adagrad.py"
TEXT = SOURCE.read_text(encoding="utf-8")
BOWL, START = objectives.lecture_bowl(), np.array([-5.0, -2.0])
EXPLORERS = [
    lesson.PathExplorer,
    lesson.StallExplorer,
    lesson.LettersExplorer,
    lesson.RotationExplorer,
    lesson.DigitsExplorer,
]


# -- the facts -----------------------------------------------------------------------------------------


def test_the_learners_loop_is_the_librarys_optimizer():
    end = exercises.adagrad(BOWL.gradient, START, 0.4, 100, 1e-7)
    np.testing.assert_array_equal(end, descend(BOWL, AdaGrad(0.4, 1e-7), START, 100).final)


def test_the_first_step_is_the_learning_rate_along_every_coordinate():
    np.testing.assert_array_equal(BOWL.gradient(START), [-1.0, -8.0])
    np.testing.assert_allclose(descend(BOWL, AdaGrad(0.4), START, 1).final - START, 0.4, rtol=1e-6)


def test_effective_rates_only_fall_and_differ_from_the_start():
    run = descend(BOWL, AdaGrad(0.4), START, 100)
    rates = lesson.effective_rates(run.state["grad_squared"], run.dw, 0.4, 1e-7)
    assert (np.diff(rates, axis=0) < 0).all() and (rates[:, 0] != rates[:, 1]).all()


def test_equal_gradients_give_one_over_root_t():
    slopes = np.array([-3.0, 0.02])
    path = [exercises.adagrad(lambda w: slopes, np.zeros(2), 0.4, t, 0.0) for t in range(101)]
    for t in (1, 4, 100):
        np.testing.assert_allclose(
            path[t] - path[t - 1], exercises.equal_gradient_step(0.4, slopes, t), rtol=1e-9
        )
    assert exercises.equal_gradient_step(0.4, slopes, 100)[0] == pytest.approx(0.04)  # a tenth
    assert exercises.equal_gradient_step(0.4, slopes, 4)[0] == pytest.approx(0.2)  # half
    way = np.sum(0.4 / np.sqrt(np.arange(1, 10_001)))
    assert way == pytest.approx(2 * 0.4 * np.sqrt(10_000), rel=0.01)


def test_turned_by_45_degrees_the_loss_is_more_than_thirty_times_as_high():
    straight, turned = exercises.rotation_experiment()
    assert f"{straight:.3f}" == "0.016" and f"{turned:.2f}" == "0.51"
    assert "is 0.016 in the straight valley and 0.51 in the turned one" in re.sub(r"\n# ", " ", TEXT)
    assert 30 < turned / straight < 40


def test_gradient_descent_does_not_mind_the_turn():
    turn = lesson.turn_by(45)
    turned = descend(objectives.lecture_bowl(np.pi / 4), GradientDescent(0.4), turn @ START, 100).final
    np.testing.assert_allclose(
        turn.T @ turned, descend(BOWL, GradientDescent(0.4), START, 100).final, atol=1e-12
    )


def test_a_larger_learning_rate_does_not_bring_back_what_the_turn_has_cost():
    straight, turned = (lesson.losses_of_turns(5.0, 20.0)[i] for i in (0, 15))
    assert lesson.RotationExplorer.angles[15] == 45.0
    assert turned < exercises.rotation_experiment()[1] / 1000 and straight < turned / 1e50
    small_turns = lesson.losses_of_turns(0.4, 20.0)
    assert small_turns[1] < small_turns[0] < small_turns[15]  # "a small turn even helps"
    round_bowl = lesson.losses_of_turns(0.4, 1.0)
    assert round_bowl.max() > 2 * round_bowl.min()  # it minds the turn even there


def test_straight_adagrad_makes_the_rates_differ_and_turned_it_does_not():
    def ratio(rotation):
        frame = lesson.PathExplorer(rotation=rotation).frame()
        bars = frame.panels[1].marks[0].height[-1]
        return 10 ** abs(bars[0] - bars[1])

    assert ratio(0.0) > 3.9 and ratio(45.0) < 1.7


def test_slow_runs_still_have_most_of_the_way_ahead_after_100_steps():
    run = descend(BOWL, AdaGrad(0.05), START, 100)
    assert np.linalg.norm(run.final) > 0.5 * np.linalg.norm(START)
    lengths = np.linalg.norm(np.diff(run.w, axis=0), axis=1)
    assert (np.diff(lengths) < 0).all()
    assert descend(BOWL, AdaGrad(0.4), START, 1000).loss[-1] < 1e-15  # it does arrive


def test_on_the_bowl_gradient_descent_wins_at_first_and_adagrad_with_a_larger_rate():
    best = descend(BOWL, GradientDescent(2 / 4.2), START, 100).loss[-1]
    assert (
        descend(BOWL, AdaGrad(2.0), START, 100).loss[-1]
        < best
        < descend(BOWL, AdaGrad(0.4), START, 100).loss[-1]
    )


def test_a_burst_is_never_forgotten():
    last = {
        burst: np.asarray(lesson.StallExplorer(burst=burst).frame().panels[0].marks[-1].y)
        for burst in (1.0, 10.0, 100.0)
    }
    assert last[1.0][300] == pytest.approx(0.4 / np.sqrt(300), rel=1e-5)
    assert last[10.0][300] < 0.5 * last[1.0][300]
    assert last[10.0][11] < 0.11 * last[10.0][10]
    needed = 0.4 * last[1.0][300] / last[100.0][300]
    assert needed < 10  # the slider reaches the rate that makes up for a burst of 100


# -- the letters ---------------------------------------------------------------------------------------


def test_the_speech():
    text = lesson.speech()
    assert (len(text.codes), text.size) == (1420, 24)
    counts = dict(zip(text.alphabet, text.counts.astype(int), strict=True))
    assert (counts[" "], counts["k"], counts["q"]) == (271, 3, 1)
    assert text.alphabet[0] == " " and text.alphabet[-1] == "q"
    assert 1 - (1 - 3 / text.num_pairs) ** 64 == pytest.approx(1 / 8, rel=0.05)  # one minibatch in eight


def test_the_gradient_of_the_letters_by_central_differences():
    text, rng = lesson.speech(), np.random.default_rng(0)
    w, batch = rng.normal(size=text.ndim), rng.integers(text.num_pairs, size=64)
    dw = text.gradient(w, batch)
    for k in rng.integers(text.ndim, size=20):
        moved = [w + h * (np.arange(text.ndim) == k) for h in (1e-5, -1e-5)]
        slope = (text.value(moved[0], batch) - text.value(moved[1], batch)) / 2e-5
        assert dw[k] == pytest.approx(slope, abs=1e-9)
    many = np.stack([w, 2 * w], axis=-1)
    np.testing.assert_array_equal(text.gradient(many, batch)[:, 0], dw)


def test_letters_that_do_not_occur_have_no_gradient():
    text = lesson.speech()
    batch = np.flatnonzero(text.codes[:-1] == 1)[:5]
    rows = text.gradient(np.zeros(text.ndim), batch).reshape(text.size, text.size)
    assert np.flatnonzero(np.abs(rows).sum(axis=1)).tolist() == [1]


def test_no_table_is_better_than_the_best():
    text = lesson.speech()
    assert (text.excess(np.random.default_rng(0).normal(size=text.ndim)) > 0).all()
    counted = np.log(np.maximum(text.pairs, 1e-12)).ravel()
    np.testing.assert_allclose(text.excess(counted), 0, atol=1e-9)


def best_on_letters(optimizer, rates):
    ends = np.array([[curve[-1] for curve in lesson.letters_run(optimizer, float(r))[:2]] for r in rates])
    return ends, ends[np.argmin(ends.mean(axis=1))]


def test_adagrad_leaves_less_than_half_as_much_to_learn_in_both_groups():
    plain, best_plain = best_on_letters(GradientDescent, np.geomspace(0.2, 200, 25))
    ada, best_ada = best_on_letters(AdaGrad, np.geomspace(0.02, 20, 25))
    assert (best_ada < 0.5 * best_plain).all()
    assert plain[plain[:, 1].argmin(), 0] > 1.3 * plain[:, 0].min()  # what serves the rare harms the frequent
    assert (best_ada < 1.15 * ada.min(axis=0)).all()  # one rate is good for both groups


# -- the digits ----------------------------------------------------------------------------------------


def test_on_digits_both_end_at_practically_the_same_loss():
    plain = min(
        lesson.digits_run(GradientDescent, r)[0][-1] for r in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    )
    ada = min(lesson.digits_run(AdaGrad, r)[0][-1] for r in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0))
    assert plain == pytest.approx(ada, rel=0.05)


def test_on_digits_rare_pixels_have_large_rates_and_the_loss_rises_at_first():
    losses, _, _, sums = lesson.digits_run(AdaGrad, 1.0)
    often, rates = lesson.pixel_rates(sums, 1.0, 1e-7)
    assert rates[often < 0.05].min() > 10 * rates[often > 0.8].max()
    assert losses[1] > losses[0]


def test_the_learners_code_runs_on_the_very_same_minibatches():
    own = lesson.DigitsExplorer(yours=exercises.adagrad).learners_run(0.2)
    assert own.notice == ""
    np.testing.assert_allclose(own.loss, lesson.digits_run(AdaGrad, 0.2)[0], rtol=1e-9)


# -- conventions and errors ----------------------------------------------------------------------------


def test_adagrad_equals_recorded_torch():
    recorded = json.loads((ROOT / "tests" / "core" / "torch_reference.json").read_text())
    cases = [case for case in recorded["cases"] if case["optimizer"] == "AdaGrad"]
    assert cases
    for case in cases:
        gradient = objectives.build((case["recipe"][0], case["recipe"][1])).gradient
        for k, point in enumerate(case["points"]):
            hyper = case["hyperparameters"]
            end = exercises.adagrad(
                gradient, case["start"], hyper["learning_rate"], k * recorded["every"], hyper["eps"]
            )
            np.testing.assert_allclose(end, point, rtol=1e-10, atol=1e-12)


@pytest.fixture
def torch():
    if os.environ.get("CI") != "true" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch

    return torch


@pytest.mark.parametrize("eps", [1e-7, 1e-10, 1e-2])
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_adagrad_equals_torch_at_every_eps(torch, eps, scale):
    slopes = scale * np.random.default_rng(6).normal(size=(40, 3))
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adagrad([w], lr=0.4, eps=eps)
    ours = iter(slopes)
    for dw in slopes:
        w.grad = torch.tensor(dw)
        optimizer.step()
    end = exercises.adagrad(lambda w: next(ours), np.zeros(3), 0.4, 40, eps)
    np.testing.assert_allclose(end, w.detach().numpy(), rtol=1e-12)


def test_torch_s_defaults_are_those_of_the_table(torch):
    defaults = torch.optim.Adagrad([torch.zeros(1)]).defaults
    named = {name: defaults[name] for name in ("lr", "lr_decay", "eps", "initial_accumulator_value")}
    assert named == {"lr": 0.01, "lr_decay": 0, "eps": 1e-10, "initial_accumulator_value": 0}
    assert (AdaGrad().learning_rate, AdaGrad().eps) == (0.01, 1e-7)


def test_the_conventions_differ_as_the_box_says():
    slope = 1e-6
    outside, inside = slope / (slope + 1e-7), slope / np.sqrt(slope**2 + 1e-7)
    assert 280 < outside / inside < 320
    assert np.sqrt(1e-7) == pytest.approx(3e-4, rel=0.06) and np.sqrt(0.1) == pytest.approx(0.3, rel=0.06)
    assert slope / np.sqrt(0.1 + slope**2) < inside / 100


def test_the_three_errors_have_the_symptoms_that_are_asked_for():
    def run(step, slope, num_steps=4):
        w, grad_squared, path = 0.0, 0.0, [0.0]
        for _ in range(num_steps):
            w, grad_squared = step(w, slope, grad_squared)
            path.append(w)
        return -np.diff(path)

    def a(w, dw, s):
        return w - 0.4 * dw / (np.sqrt(dw * dw) + 1e-7), dw * dw

    def b(w, dw, s):
        s += dw * dw
        return w - 0.4 * dw / np.sqrt(s + 1e-7), s

    def c(w, dw, s):
        s += dw * dw
        return w - (0.4 * dw / np.sqrt(s) + 1e-7), s

    answers = dict(zip(("never_shrinks", "drifts", "shy"), exercises.found_errors(), strict=True))
    versions = {"A": a, "B": b, "C": c}
    assert np.ptp(run(versions[answers["never_shrinks"]], 1.0)) < 1e-6
    assert run(versions[answers["shy"]], 1e-6)[0] < 0.4 / 100
    plain = 0.4 / np.sqrt(np.arange(1, 5))
    for sign in (1.0, -1.0):
        drift = run(versions[answers["drifts"]], sign) - sign * plain
        np.testing.assert_allclose(drift, 1e-7, rtol=1e-6)


# -- the figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda e: e.__name__)
def test_the_words_change_with_every_slider(explorer):
    figure = explorer()
    for control in figure.controls:
        if control.kind == "range" and control.name != "eps":
            said = {
                figure.frame(**{control.name: value}).says
                for value in control.values[:: len(control.values) // 4]
            }
            assert len(said) > 1, control.name


@pytest.mark.parametrize("explorer", [lesson.PathExplorer, lesson.DigitsExplorer])
def test_the_learners_code_is_drawn_and_its_errors_are_said(explorer):
    def drawn(figure):
        return [m for p in figure.frame().panels for m in p.marks if m.role == "yours"]

    def broken(compute_gradient, w, learning_rate, num_steps, eps):
        return 1 / 0

    def blank(compute_gradient, w, learning_rate, num_steps, eps):
        """Nothing yet."""
        ...

    assert drawn(explorer(yours=exercises.adagrad))
    assert not drawn(explorer(yours=blank)) and explorer(yours=blank).frame().notice == ""
    assert "ZeroDivisionError" in explorer(yours=broken).frame().notice


def test_the_worked_number_of_the_turned_gradient(solved):
    turned = solved["turned_gradient"](lambda w: np.array([0.2 * w[0], 4 * w[1]]), np.array([1.0, 2.0]), np.pi / 2)
    assert np.allclose(turned, [4, 0.4])


def test_everybody_s_versions_have_the_symptoms_that_are_asked_for(solved):
    """The text's versions do in the exercise what they do in the lesson; and each version of anybody shows its symptom."""
    text = dict(zip(exercises.found_errors(), (codes[0] for codes in exercises.VERSIONS.values()), strict=True))
    for letter, lines in text.items():
        assert "".join(f"# {line}\n" for line in lines.splitlines()) in TEXT
        for slope, step, eps in ((1, 1, 1e-7), (1, 100, 1e-7), (1e-6, 1, 1e-7), (-1, 1, 0.01)):
            there = solved["length_of_step"](letter, slope, step, eps=eps)
            assert exercises.length_of_step(lines, slope, step, eps) == pytest.approx(there, rel=1e-9)
    for symptom, codes in exercises.VERSIONS.items():
        for lines in codes:
            steps = [exercises.length_of_step(lines, 1, step) for step in (1, 100)]
            assert (abs(steps[0] - steps[1]) < 1e-6) == (symptom == "never_shrinks")
            assert (exercises.length_of_step(lines, 1e-6, 1) < 0.4 / 100) == (symptom == "shy")
            there, back = (exercises.length_of_step(lines, slope, 1, eps=0.01) for slope in (1, -1))
            assert (abs(there + back) > 0.015) == (symptom == "drifts")


def test_the_table_shows_the_drift_and_the_two_other_symptoms(solved):
    length = solved["length_of_step"]
    assert length("A", 1, 100) == length("A", 1, 1)
    assert length("B", 1e-6, 1) < 0.01 < 0.3 < length("A", 1e-6, 1)
    farther = {version: length(version, 1, 1, eps=0.01) + length(version, -1, 1, eps=0.01) for version in "ABC"}
    assert farther["A"] == farther["B"] == 0 and round(farther["C"], 4) == 0.02
