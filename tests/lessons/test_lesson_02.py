"""Lesson 02: every number in its prose, its explorers, its suspects, and its conventions against torch."""

from __future__ import annotations

import inspect
import re
import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

from optcourse.data import load_digits
from optcourse.exercises import lesson_02 as exercises
from optcourse.explorers import lesson_02 as explorers
from optcourse.explorers.sweep import sweep
from optcourse.gradients import check_gradient, numeric_gradient

SOURCE = Path(__file__).parents[2] / "source" / "02_analytic_gradient.py"


# -- explorers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", [explorers.CheckExplorer, explorers.LearningExplorer])
def test_the_learners_code_is_in_the_picture(explorer):
    def labels(scene):
        return {mark.label for panel in scene.panels for mark in panel.marks}

    def blank(X, y, W1, b1, W2, b2): ...

    def raises(X, y, W1, b1, W2, b2):
        return X @ y @ W1

    assert "your code" in labels(explorer(yours=exercises.two_layer_backward).frame())
    assert "your code" not in labels(explorer(yours=blank).frame())
    assert not explorer(yours=blank).frame().notice
    scene = explorer(yours=raises).frame()
    assert "your code" not in labels(scene) and "raises" in scene.notice


def test_a_right_answer_lies_on_the_reference_and_a_wrong_one_does_not():
    panel = explorers.LearningExplorer(yours=exercises.two_layer_backward).frame().panels[0]
    curves = {mark.label: np.asarray(mark.y) for mark in panel.marks}
    assert curves["your code"] == pytest.approx(curves["right gradient"], rel=1e-9)
    upside_down = explorers.LearningExplorer(yours=lambda *a: [-g for g in exercises.two_layer_backward(*a)])
    curves = {mark.label: np.asarray(mark.y) for mark in upside_down.frame().panels[0].marks}
    assert curves["your code"][-1] > 2 * curves["right gradient"][-1]


def test_a_wrong_bias_shows_in_the_bars_though_not_in_the_curve():
    """What the lesson says below "Your code in the picture"."""

    def divides_db2_again(X, y, W1, b1, W2, b2):
        *others, db2 = exercises.two_layer_backward(X, y, W1, b1, W2, b2)
        return *others, db2 / len(y)

    learning, bars = explorers.LearningExplorer(yours=divides_db2_again).frame().panels
    curves = {mark.label: np.asarray(mark.y) for mark in learning.marks}
    assert curves["your code"] == pytest.approx(curves["right gradient"], rel=0.05)
    errors = next(np.asarray(mark.height) for mark in bars.marks if mark.label == "your code")
    assert (errors[:3] < 1e-7).all() and errors[3] > 0.9


def test_the_graph_is_the_networks_gradient():
    """Bars and green numbers, at points away from the kink."""
    for x in (-1.0, 0.7, 1.5, 3.0):
        values = explorers.tiny_forward(x, **explorers.WEIGHTS)
        gradients = explorers.tiny_backward(x, explorers.WEIGHTS["w2"], values)
        for name in explorers.WEIGHTS:
            assert gradients[name] == pytest.approx(explorers.tiny_numeric(x, name), abs=1e-8)


def test_the_check_catches_a_planted_factor_from_a_thousandth_on():
    def says(**values):
        return explorers.GraphExplorer().frame(**values).says

    assert "catches it in w1, b1;" in says(wrong_factor="score → hidden", delta=0.1)
    assert "catches it in w1, b1;" in says(wrong_factor="score → hidden", delta=0.0011)
    assert "The check passes" in says(wrong_factor="score → hidden", delta=0.0009)
    assert "sees nothing" in says(wrong_factor="score → hidden", delta=0.1, x=-1.0)
    assert "catches it in w1, b1, w2, b2" in says(wrong_factor="loss → score", delta=-0.1)


def test_behind_a_shut_gate_three_weights_have_no_gradient():
    gradients = explorers.tiny_backward(-1.0, 2.0, explorers.tiny_forward(-1.0, **explorers.WEIGHTS))
    assert [name for name in explorers.WEIGHTS if gradients[name] == 0] == ["w1", "b1", "w2"]


def test_the_laboratory_is_right_and_its_unit_3_is_shut():
    X, y = explorers.lab_data()
    weights = explorers.lab_weights()
    dW1, db1, dW2, _ = explorers.network_gradient(X, y, **weights)
    assert not (X @ weights["W1"] + weights["b1"] > 0)[:, 3].any()
    assert not dW1[:, 3].any() and db1[3] == 0 and not dW2[3].any()
    found = explorers.lab_check(1e-6, "float64", 1.0, 0.0)
    zeros = [np.count_nonzero(part[0] == 0) for part in found.values()]
    assert zeros == [1, 1, 1, 0]
    for part in found.values():
        assert explorers.relative_error(part[0], part[2]).max() < 1e-7


@pytest.mark.parametrize(
    "setting, verdict",
    [
        ({}, "the check passes."),
        ({"dtype": "float32"}, "the check fails. It should not."),
        ({"wrong_parameter": "W1", "delta": 0.01}, "the check fails."),
        ({"wrong_parameter": "W2", "delta": 0.5}, "the check fails."),
        (
            {"wrong_parameter": "W2", "delta": 0.5, "regularization": 1000.0},
            "the check passes. It should not.",
        ),
        ({"wrong_parameter": "W1", "delta": 1.0}, "the check fails."),
        ({"wrong_parameter": "W1", "delta": 1.0, "initial_scale": 1e-4}, "the check passes. It should not."),
    ],
)
def test_failure_gallery(setting, verdict):
    assert verdict in explorers.CheckExplorer(**setting).describe()


def test_tiny_weights_make_the_gradient_of_W1_smaller_than_atol():
    found = explorers.lab_check(1e-6, "float64", 1e-4, 0.0)
    assert np.abs(found["W1"][0]).max() < 1e-5


@pytest.mark.parametrize("h", [1e-6, 1e-3, 0.25])
def test_a_difference_on_the_kink_gives_one_half(h):
    assert explorers.relu_difference(0.0, h, "central") == pytest.approx(0.5)
    assert explorers.relu_difference(0.0, h, "forward") == pytest.approx(1.0)
    assert explorers.relu_difference(0.3, h, "central") == pytest.approx(1.0)


def test_a_wrong_gradient_learns_and_the_check_sees_it():
    right = explorers.learn_with("none", 0.3)[0]
    for mistake in ("ReLU's gate forgotten", "biases forgotten", "dW2 divided by N twice"):
        wrong = explorers.learn_with(mistake, 0.3)[0]
        assert wrong[-1] < 0.5 * wrong[0]
        assert explorers.mistake_errors(mistake).max() > 0.5
    assert right[-1] < 0.15 * right[0]
    forgotten = explorers.learn_with("biases forgotten", 0.3)[0]
    assert forgotten == pytest.approx(right, rel=0.05)  # nobody could see this in the loss
    assert explorers.mistake_errors("none").max() < 1e-7


def test_small_facts_of_the_prose():
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(800.0))
    # about seven digits
    assert np.finfo(np.float32).precision == 6 and 1e-8 < np.finfo(np.float32).eps < 1e-6
    scores, y = np.array([[1.0, 3.0]]), np.array([0])
    moved = exercises.softmax_gradient(scores + 2000, y)
    assert moved == pytest.approx(exercises.softmax_gradient(scores, y))


# -- predictions and exercises ---------------------------------------------------------------------


def test_predictions():
    assert exercises.evaluations_for_the_digits() == 2 * 4810
    assert exercises.what_the_loss_does() == 2
    assert exercises.numeric_slope_at_the_kink() == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(4))
def test_the_references_are_right_to_1e_7(seed):
    """Against central differences of the loss itself, so that no formula is checked with itself."""
    rng = np.random.default_rng(seed)
    X, y, *weights = exercises.network_case(rng, (6, 4, 5, 3)).args
    found = exercises.two_layer_backward(X, y, *weights)
    for k, w in enumerate(weights):

        def loss(value, k=k):
            return explorers.network_loss(X, y, *weights[:k], value, *weights[k + 1 :])

        numeric = numeric_gradient(loss, w)
        assert np.linalg.norm(found[k] - numeric) < 1e-7 * max(np.linalg.norm(numeric), 1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_check_gradient_agrees_with_the_course(seed):
    """The exercise's reference and optcourse.gradients.check_gradient, on the exercise's own cases."""
    for case in exercises.check_cases(np.random.default_rng(seed)):
        value, gradient, w = (a.build() if hasattr(a, "build") else a for a in case.args)
        ok, worst, numeric, analytic, relative = exercises.check_gradient(value, gradient, w, **case.kwargs)
        report = check_gradient(value, gradient, w, **case.kwargs)
        assert (ok, worst) == (report.ok, report.index[0]), case.label
        assert (numeric, analytic) == pytest.approx((report.numeric, report.analytic), nan_ok=True, abs=1e-7)
        assert relative == pytest.approx(report.relative_error, rel=1e-3, abs=1e-6, nan_ok=True)


# -- the lesson's own cells ------------------------------------------------------------------------


def test_the_solved_lesson_passes_its_check(solved):
    assert solved["_verdict"].passed
    assert solved["_checker"] is solved["check_gradient"]
    assert (solved["dw1"], solved["db1"], solved["dw2"], solved["db2"]) == (6, 4, 4, 2)
    weights = explorers.WEIGHTS
    by_hand = explorers.tiny_backward(1.5, weights["w2"], explorers.tiny_forward(1.5, **weights))
    assert [by_hand[name] for name in weights] == [6, 4, 4, 2]


def wrong_names(solved, backward, regularization=0.0, initial_scale=1.0):
    """The parameters that fail, by the table that the lesson prints."""
    lines = []
    solved["report"].__globals__["print"] = lines.append
    solved["report"](solved[backward], regularization=regularization, initial_scale=initial_scale)
    del solved["report"].__globals__["print"]
    return [line.split()[0] for line in lines if "FAILS" in line]


@pytest.mark.parametrize("checker", ["check_gradient", "_course_check"])
def test_the_suspects(solved, checker):
    """Each has one wrong parameter; B and C hide it at the settings printed first."""
    solved["report"].__globals__["_checker"] = solved[checker]
    a, b, c = exercises.wrong_parameters()
    assert wrong_names(solved, "backward_a") == [a]
    assert wrong_names(solved, "backward_b") == [b]
    assert wrong_names(solved, "backward_c") == [c]
    assert wrong_names(solved, "backward_b", regularization=1000.0) == []
    assert wrong_names(solved, "backward_c", initial_scale=3e-5) == []


def backward(solved, line):
    """The lesson's first suspect with another last line."""
    body = re.search(r"(def backward_a.*?)    return .*?\n", SOURCE.read_text(encoding="utf-8"), re.DOTALL)[1]
    names = dict(solved)
    exec(f"{body}    {line}\n", names)
    return names["backward_a"]


def test_everybody_s_suspects(solved):
    """Each line that somebody may have: wrong in one parameter, and hidden where the exercise says so."""
    for line in (exercises.return_line(*at) for at in (("b2", 1), ("W2", 1), ("W1", 2))):
        assert f"    {line}\n" in SOURCE.read_text(encoding="utf-8")  # the lesson's own
    for name in exercises.RETURNED:
        for kind in (1, 2):
            solved["theirs"] = backward(solved, exercises.return_line(name, kind))
            assert wrong_names(solved, "theirs") == [name]
            strong = wrong_names(solved, "theirs", regularization=2000.0)
            assert strong == ([] if name[0] == "W" else [name])
            tiny = wrong_names(solved, "theirs", initial_scale=3e-5)
            assert tiny == ([] if name != "b2" else [name])


def test_the_analytic_gradient_is_cheap(solved, capsys):
    """One gradient against two losses for each weight; how much it is, the lesson measures itself."""
    digits = load_digits()
    solved["compare_costs"](solved["TwoLayerNetwork"](digits.X[:200], digits.y[:200], num_hidden=16))
    _, analytic, numeric = re.findall(r"([\d.]+) ms", capsys.readouterr().out)
    assert float(numeric) > float(analytic) > 0


def test_the_fast_check_of_the_lesson(solved):
    assert solved["_found"].ok and solved["_found"].num_evaluations < 20
    assert solved["_model"].num_parameters == 4810


# -- conventions -----------------------------------------------------------------------------------


def test_the_network_against_torch():
    torch = pytest.importorskip("torch")
    for case in exercises.network_cases(np.random.default_rng(7)):
        X, y, *weights = case.args
        tensors = [torch.tensor(np.asarray(w, dtype=float), requires_grad=True) for w in weights]
        W1, b1, W2, b2 = tensors
        scores = torch.relu(torch.tensor(np.asarray(X, dtype=float)) @ W1 + b1) @ W2 + b2
        torch.nn.functional.cross_entropy(scores, torch.tensor(y)).backward()
        for mine, theirs in zip(exercises.two_layer_backward(X, y, *weights), tensors, strict=True):
            assert mine == pytest.approx(theirs.grad.numpy(), rel=1e-9, abs=1e-12)


def test_the_conventions_against_torch():
    torch = pytest.importorskip("torch")
    zero = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    torch.relu(zero).sum().backward()
    assert zero.grad.tolist() == [0.0, 0.0, 0.0]
    assert not exercises.relu_backward(np.ones(3), np.zeros(3)).any()

    rng = np.random.default_rng(0)
    scores, y = rng.normal(size=(5, 4)), rng.integers(4, size=5)
    tensor = torch.tensor(scores, requires_grad=True)
    torch.nn.functional.cross_entropy(tensor, torch.tensor(y), reduction="sum").backward()
    assert 5 * exercises.softmax_gradient(scores, y) == pytest.approx(tensor.grad.numpy())

    table, w, target = rng.normal(size=(6, 2)), rng.normal(size=2), rng.normal(size=6)
    tensor = torch.tensor(w, requires_grad=True)
    torch.nn.functional.mse_loss(torch.tensor(table) @ tensor, torch.tensor(target)).backward()
    assert 2 * table.T @ (table @ w - target) / 6 == pytest.approx(tensor.grad.numpy())

    defaults = inspect.signature(torch.autograd.gradcheck).parameters
    assert (defaults["eps"].default, defaults["atol"].default, defaults["rtol"].default) == (1e-6, 1e-5, 1e-3)
    with pytest.warns(UserWarning, match="double precision"):
        torch.autograd.gradcheck(
            torch.sum, torch.ones(2, dtype=torch.float32, requires_grad=True), raise_exception=False
        )


def test_one_gradient_takes_five_matrix_products():
    assert exercises.matrix_products_of_a_gradient() == 5


def worst_error_of_the_lab(h, frozen):
    """The largest relative error at the entries of the check explorer, by parameter, gates frozen or free to flip."""
    X, y = explorers.lab_data()
    weights = explorers.lab_weights()
    gates = X @ weights["W1"] + weights["b1"] > 0
    exact = dict(zip(explorers.PARAMETERS, explorers.network_gradient(X, y, **weights), strict=True))

    def loss(W1, b1, W2, b2):
        before = X @ W1 + b1
        scores = (before * gates if frozen else np.maximum(before, 0)) @ W2 + b2
        return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]).mean()

    worst = {}
    for name, entries in explorers.lab_entries().items():
        errors = []
        for entry in entries:
            ahead, behind = weights[name].copy(), weights[name].copy()
            ahead[entry] += h
            behind[entry] -= h
            numeric = (loss(**{**weights, name: ahead}) - loss(**{**weights, name: behind})) / (2 * h)
            errors.append(explorers.relative_error(exact[name][entry], numeric))
        worst[name] = float(np.max(errors))
    return worst


def test_at_the_right_end_of_the_v_curve_it_is_gates_that_flip():
    free, frozen = worst_error_of_the_lab(0.01, False), worst_error_of_the_lab(0.01, True)
    assert free["W1"] > 0.99 and free["b1"] > 0.99
    assert max(frozen["W1"], frozen["b1"]) == pytest.approx(7e-5, rel=0.1)
    assert free["W2"] == frozen["W2"] and free["b2"] == frozen["b2"]


def test_with_tiny_weights_a_right_backward_pass_shows_the_same_error_of_b1(solved, capsys):
    capsys.readouterr()
    errors = []
    for backward in (solved["backward_c"], solved["two_layer_backward"]):
        solved["report"](backward, initial_scale=3e-5)
        [line] = [row for row in capsys.readouterr().out.splitlines() if row.startswith("b1")]
        errors.append(line.split()[-1])
    assert errors == ["4.1e-01", "4.1e-01"]


def test_the_forward_difference_stands_on_the_kink():
    assert explorers.relu_difference(0.0, 1e-3, "forward") == 1 and explorers.relu_difference(0.0, 1e-3, "central") == 0.5


def test_walking_back_gives_the_slopes_that_the_numeric_gradient_measures():
    def loss(values):
        x, w1, b1, w2, b2, y = (*values, 2.5)
        return 0.5 * (w2 * max(w1 * x + b1, 0.0) + b2 - y) ** 2

    _, dw1, _, dw2, _ = numeric_gradient(loss, np.array([3.0, 4.0, -5.0, 0.5, 1.0]))
    score, by_w2, hidden, by_w1 = exercises.WALK_BACK.reference()
    assert (by_w2, by_w1) == pytest.approx((dw2, dw1)) and (score, hidden) == (2, 1)
