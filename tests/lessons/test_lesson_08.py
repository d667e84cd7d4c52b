"""Lesson 08: every number and claim of its prose, its texts with errors, its explorers, its conventions."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from optcourse import data, models, theory
from optcourse.checking.check import check_exercise
from optcourse.descent import descend
from optcourse.exercises import lesson_08 as exercises
from optcourse.exercises.wrong_texts import POOLS, far_apart
from optcourse.explorers import lesson_08 as explorers
from optcourse.explorers.sweep import sweep
from optcourse.objectives import lecture_bowl, rosenbrock
from optcourse.optimizers import Adam, AdamAlmost, AdamL2, AdamW

SOURCE = (Path(__file__).parents[2] / "source" / "08_adam.py").read_text(encoding="utf-8")
ALL = [
    explorers.AdamExplorer,
    explorers.BiasExplorer,
    explorers.AllTogetherExplorer,
    explorers.DecayExplorer,
    explorers.ReddiExplorer,
    explorers.ErrorsExplorer,
    explorers.DigitsExplorer,
]


# The texts with one wrong line


def listing(letter: str) -> list[str]:
    """The lines of a text of the lesson, without their numbers."""
    found = re.search(rf"# \*\*Text {letter}\*\*.*?# ```text\n(.*?)# ```", SOURCE, re.DOTALL)
    return [re.sub(r"^# \d  ", "", line) for line in found[1].splitlines()]


def run_text(lines: list[str]) -> np.ndarray:
    names = {
        "np": np,
        "rng": np.random.default_rng(3),
        "num_steps": 12,
        "compute_gradient": lecture_bowl().gradient,
        "w": np.array([-5.0, -2.0]),
        "moment1": np.zeros(2),
        "moment2": np.zeros(2),
        "learning_rate": 0.1,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-3,
    }
    with np.errstate(all="ignore"):
        exec("\n".join(lines), names)
    return names["w"]


@pytest.mark.parametrize("letter", "ABCE")
def test_a_text_is_wrong_in_its_wrong_line_and_right_without_it(letter):
    right = exercises.adam(lecture_bowl().gradient, [-5.0, -2.0], 0.1, 12, 0.9, 0.999, 1e-3)
    for text in POOLS[f"line_{letter.lower()}"]:
        lines = list(text.lines)
        with np.errstate(all="ignore"):
            assert not np.allclose(run_text(lines), right, rtol=1e-4)
        lines[text.wrong - 1] = text.repaired
        np.testing.assert_allclose(run_text(lines), right, rtol=1e-12)


@pytest.mark.parametrize("letter", "ABCDE")
def test_the_first_text_of_a_pool_is_the_lesson_s_and_all_have_another_wrong_line(letter):
    name = f"line_{letter.lower()}"
    assert list(POOLS[name][0].lines) == listing(letter)
    assert exercises.WRONG_LINES[name] == POOLS[name][0].wrong
    assert len({text.wrong for text in POOLS[name]}) == len(POOLS[name]) == 4
    for text in POOLS[name]:
        assert text.lines[text.wrong - 1] != text.repaired
        suspected = [line for line, _ in text.suspected.values()]
        assert text.wrong not in suspected and len(set(suspected)) == len(suspected)
        # a sentence speaks of the line that it stands for, or of one beside it, never of the wrong one by its number
        assert not any(f"line {text.wrong}" in said or f"sentence {text.wrong} " in said for _, said in text.suspected.values())


def test_any_two_sets_of_texts_differ_in_three():
    sets = [(0,) * 5, *far_apart()]
    assert len(sets) == 64
    assert min(sum(a != b for a, b in zip(*two, strict=True)) for two in itertools.combinations(sets, 2)) == 3


def test_what_the_texts_d_say_is_true_but_for_the_wrong_line():
    """Under a constant gradient of 1: both moments are too small at first, the second one for longer, and steps are too long."""
    t = np.arange(1, 200)
    filled1, filled2 = 1 - 0.9**t, 1 - 0.999**t
    assert np.all(filled1 < 1) and np.all(filled2 < filled1)
    assert np.all(filled1 / np.sqrt(filled2) > 1)
    for text in POOLS["line_d"]:
        said = " ".join(line for k, line in enumerate(text.lines, 1) if k != text.wrong)
        assert not any(wrong in said for wrong in ("slow to start", "larger than", "The first one needs longer"))


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize(
    "said", [1, 2, 3, 4, 5, 6, 7, 8, 0, 99, 2.5, "8", True, np.inf, np.int64(3), None, [8]]
)
def test_a_wrong_line_gets_a_sentence_that_does_not_give_the_right_one_away(position, said):
    answers = list(exercises.WRONG_LINES.values())
    right, answers[position] = answers[position], said
    feedback = check_exercise(exercises.FIND_THE_ERROR, *answers)
    assert feedback.passed == (type(said) is int and said == right)
    if not feedback.passed:
        assert f"{right} is expected" not in str(feedback) and f"line {right} " not in str(feedback)


def test_the_sentence_of_text_d_is_wrong():
    assert "slow to start" in listing("D")[exercises.WRONG_LINES["line_d"] - 1]
    first = descend(lecture_bowl(), AdamAlmost(0.1), (-5, -2), 1).w
    assert np.all(np.abs(first[1] - first[0]) > 0.3)  # three learning rates and more: not slow


# Numbers


def test_uncorrected_steps_are_too_long():
    ratio = theory.uncorrected_ratio(np.array([1, 10, 12]))
    assert [round(r, 2) for r in ratio] == [3.16, 6.53, 6.57]
    assert theory.uncorrected_peak() == (12, pytest.approx(6.5685, abs=1e-4))
    assert exercises.uncorrected_peak(0.9, 0.999) == theory.uncorrected_peak()
    assert theory.uncorrected_ratio(1000) > 1.2  # "thousands of steps until that has died away"
    assert theory.uncorrected_ratio(5000) < 1.01


@pytest.mark.parametrize(("cls", "expected"), [(AdamAlmost, [3.16, 6.53]), (Adam, [1.0, 1.0])])
def test_the_same_on_runs(cls, expected):
    optimizer, w = cls(0.1, eps=0.0), np.zeros(1)
    state, kept = optimizer.init(w), [0.0]
    for _ in range(10):
        optimizer.step(w, np.array([-5.0]), state)
        kept.append(w[0])
    moves = np.diff(kept) / 0.1
    assert [round(moves[0], 2), round(moves[9], 2)] == expected


def test_a_frozen_t_makes_steps_of_a_third():
    assert exercises.frozen_t() == pytest.approx(0.1**-1 / np.sqrt(1000), rel=1e-6)


def test_a_multiplied_correction_begins_ten_times_too_long():
    path = explorers.wrong_adam("correction multiplied", 0.1, 1e-8, 1)
    np.testing.assert_allclose(np.abs(path[1] - path[0]) / 0.1, 10, rtol=1e-3)


def test_weight_decay_under_l2_and_decoupled():
    arguments = (np.array([1e-3, 1.0, 100.0]), np.full(3, 0.1), np.full(3, 1e-3), np.zeros(3, dtype=int))
    left = {cls: explorers.decaying(cls, *arguments)[-1, :, 0].round(3).tolist() for cls in (AdamL2, AdamW)}
    assert left == {AdamL2: [0.258, 0.835, 0.923], AdamW: [0.833, 0.833, 0.833]}


@pytest.mark.parametrize("seed", range(1, 4))
def test_adamw_treats_all_sizes_alike_whatever_the_signs(seed):
    arguments = (np.ones(1), np.full(1, 0.1), np.full(1, 1e-3), np.full(1, seed))
    ends = explorers.decaying(AdamW, *arguments)[-1, 0]
    assert np.ptp(ends) < 1e-3
    assert np.ptp(explorers.decaying(AdamL2, *arguments)[-1, 0]) > 0.5


def test_reddi_s_sequence():
    adam, amsgrad = (
        explorers.reddi_runs(cls, 3.0, 0.1, 0.1, 0.0, 9_010) for cls in (explorers.Adam, explorers.AMSGrad)
    )
    late = slice(8_990, 9_010)
    assert [round(v, 3) for v in (adam[late].min(), adam[late].max())] == [0.999, 1.0]
    assert [round(v, 4) for v in (amsgrad[late].min(), amsgrad[late].max())] == [-1.0, -0.9993]
    assert round(amsgrad[9_002], 4) == -0.9996
    assert exercises.reddi_walk(0.0, 0.1, 10_000, 3.0, False) > 0.99
    assert exercises.reddi_walk(0.0, 0.1, 10_000, 3.0, True) < -0.99
    adam, amsgrad = explorers.settled_moves(3.0, 0.1)
    assert adam[3] > 0 > amsgrad[3]


def test_the_place_of_eps():
    printed = {"after": 0.5, "before": 1 / (1 + 1 / np.sqrt(0.001)), "inside": 1e-6 / np.sqrt(1e-12 + 1e-6)}
    assert [round(v, 4) for v in printed.values()] == [0.5, 0.0307, 0.001]
    tiny = Adam(1.0, eps=1e-6)
    w = np.zeros(1)
    tiny.step(w, np.array([1e-6]), tiny.init(w))
    assert -w[0] == pytest.approx(printed["after"])


def test_scaling_the_loss_changes_nothing():
    base = descend(rosenbrock(), Adam(0.01, eps=1e-14), (-1.2, 1.0), 50).w
    big = descend(
        rosenbrock(),
        Adam(0.01, eps=1e-14),
        (-1.2, 1.0),
        50,
        gradient=lambda w: 1000 * rosenbrock().gradient(w),
    ).w
    np.testing.assert_allclose(base, big, rtol=1e-9)


# Claims about the pictures


def ranking(landscape: str, num_steps: int = 100, trial_runs: int = 24) -> list[tuple[float, str]]:
    ground = explorers.GROUNDS[landscape]()
    ends = []
    for name in explorers.RUNNERS:
        settings = explorers.tuned_settings(name, landscape, num_steps, trial_runs)
        loss = explorers.one_run(name, landscape, num_steps, *settings)[1][-1]
        ends.append((float(loss - np.min(ground.value(np.transpose(ground.minima)))), name))
    return sorted(ends)


BUDGETS = (6, 12, 24, 48)


def test_who_wins_depends_on_the_budget_but_for_the_bowl():
    bowl = [ranking("lecture's bowl", trial_runs=budget)[0][1] for budget in BUDGETS]
    assert set(bowl) <= {"AdaGrad", "RMSProp"}
    rosenbrock = [ranking("Rosenbrock", trial_runs=budget)[0][1] for budget in BUDGETS]
    assert len(set(rosenbrock)) == len(BUDGETS), rosenbrock
    assert all(ranking(landscape)[-1][1] != "Adam" for landscape in explorers.GROUNDS)


def test_no_C_of_the_slider_turns_adam_round():
    """In each round it moves to the wrong side, and from the default start it ends there."""
    explorer = explorers.ReddiExplorer()
    for C in next(control for control in explorer.controls if control.name == "C").values:
        beta2 = 1 / (1 + C * C)
        assert explorers.settled_moves(C, beta2)[0][3] > 0
        assert explorers.reddi_runs(Adam, C, 0.2, beta2, 0.0, explorer.num_steps)[-1] > 0.99


def test_what_the_steps_take_of_a_weight_beside_its_decay():
    assert (1 - 1e-3 * 0.1) ** 1000 == pytest.approx(0.905, abs=5e-4)
    taken = []
    for seed in range(10):
        signs, w, optimizer = np.random.default_rng(seed).choice([-1, 1], 1000), np.array([1.0]), AdamW(1e-3, weight_decay=0.1)
        state = optimizer.init(w)
        for sign in signs:
            optimizer.step(w, sign * np.ones(1), state)
        taken.append(0.905 - w[0])
    assert taken[0] == pytest.approx(0.072, abs=2e-3) and min(taken) < -0.02 < 0.02 < max(taken)


def test_the_range_of_learning_rates_on_the_digits_holds_for_other_seeds():
    train, _ = data.train_test_split(data.load_digits(), np.random.default_rng(0))
    ranges = []
    for seed in range(1, 11):
        model, rng = models.TwoLayerNetwork(train.X, train.y, 24), np.random.default_rng(seed)
        start, stream = model.initial(rng), data.epoch_batches(len(train), 64, rng, None)
        batches = [next(stream) for _ in range(100)]
        ends = {}
        for name in ("Adam", "SGD"):
            cls = explorers.DigitsExplorer.racers[name]
            finals = [
                descend(model, cls(rate), start, 100, minibatches=batches, record=()).final
                for rate in explorers.DigitsExplorer.rates
            ]
            with np.errstate(all="ignore"):
                losses = np.nan_to_num([model.value(w, slice(0, 300)) for w in finals], nan=99.0)
            ends[name] = [r for r, loss in zip(explorers.DigitsExplorer.rates, losses, strict=True) if loss < 1]
        ranges.append(ends == {"Adam": [3e-3, 1e-2, 3e-2, 0.1], "SGD": [0.1, 0.3, 1.0]})
    assert ranges[0] and sum(ranges) >= 9


def test_adagrad_and_rmsprop_lose_their_magic_by_the_turn():
    for name in ("AdaGrad", "RMSProp"):
        straight, turned = (
            next(end for end, who in ranking(landscape) if who == name)
            for landscape in ("lecture's bowl", "the bowl turned by 45°")
        )
        assert straight < 1e-30 and turned > 1e-5


def test_every_optimizer_is_tuned_on_the_same_budget(monkeypatch):
    sizes = []

    def counting(objective, optimizer, *rest, **more):
        sizes.append(np.size(optimizer.learning_rate))
        return descend(objective, optimizer, *rest, **more)

    monkeypatch.setattr(explorers, "descend", counting)
    for budget in (6, 12, 24, 48):
        sizes.clear()
        for name in explorers.RUNNERS:
            explorers.tuned_settings.__wrapped__(name, "Beale", 5, budget)
        assert sizes == [budget] * len(explorers.RUNNERS)


def test_what_the_digits_show():
    ends = {
        name: np.array(
            [explorers.digits_run(name, rate, 100)[0][-1] for rate in explorers.DigitsExplorer.rates]
        )
        for name in explorers.DigitsExplorer.racers
    }
    rates = np.array(explorers.DigitsExplorer.rates)
    at = {rate: int(np.flatnonzero(rates == rate)[0]) for rate in (1e-3, 1e-2, 1e-1)}
    assert ends["almost-Adam"][at[1e-3]] < 0.5 * ends["Adam"][at[1e-3]]
    assert ends["almost-Adam"][at[1e-1]] > 5 * ends["Adam"][at[1e-1]]
    best = {name: rates[values.argmin()] for name, values in ends.items()}
    assert best["almost-Adam"] < best["Adam"] < best["SGD"]
    assert 5 <= best["SGD"] / best["Adam"] <= 30
    assert min(ends["SGD"]) < 0.5


# The learner's own code


def test_a_blank_is_not_drawn_and_an_error_is_a_sentence():
    def blank(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
        """Nothing yet."""
        ...

    def broken(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
        return w + undefined  # noqa: F821

    for cls in (explorers.AdamExplorer, explorers.DigitsExplorer):
        assert cls(yours=blank).frame().notice == ""
        assert "undefined" in cls(yours=broken).frame().notice


@pytest.mark.parametrize("correct", [True, False])
def test_the_right_code_lies_on_the_path(correct):
    yours = exercises.adam if correct else exercises.adam_almost
    scene = explorers.AdamExplorer(yours=yours, bias_correction=correct).frame()
    lines = {mark.label: mark for mark in scene.panels[0].marks if getattr(mark, "label", "")}
    name = "Adam" if correct else "almost-Adam"
    np.testing.assert_allclose(lines["your code"].x, lines[name].x, atol=1e-9)


def test_the_learners_adam_on_digits_is_the_course_s():
    scene = explorers.DigitsExplorer(yours=exercises.adam).frame()
    lines = {mark.label: mark for mark in scene.panels[0].marks if mark.label}
    np.testing.assert_allclose(lines["your code"].y, lines["Adam"].y, rtol=1e-6)


# Mistakes that are not in the lists


def stops_at_nan(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    m = v = 0.0
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        m = beta1 * m + (1 - beta1) * dw
        v = beta2 * v + (1 - beta2) * dw**2
        w = w - learning_rate * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w


def halves_the_last(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    return 0.999999 * exercises.adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps)


def test_another_right_adam_passes_and_a_slightly_wrong_one_does_not():
    exercise = exercises.ADAM
    assert check_exercise(exercise, stops_at_nan).passed
    assert not check_exercise(exercise, halves_the_last).passed


# Conventions, against torch


def test_conventions_against_torch():
    torch = pytest.importorskip("torch")
    slopes = 1e-6 * np.random.default_rng(0).standard_normal((30, 3))
    start = np.array([1.0, -2.0, 0.5])

    def theirs(make):
        w = torch.tensor(start, requires_grad=True)
        optimizer = make([w])
        for dw in slopes:
            w.grad = torch.tensor(dw)
            optimizer.step()
        return w.detach().numpy()

    def mine(algorithm, *hyper):
        rows = iter(slopes)
        return algorithm(lambda w: next(rows), start, 0.01, 30, 0.9, 0.99, 1e-6, *hyper)

    same = {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-6}
    close = {"rtol": 1e-11}
    np.testing.assert_allclose(mine(exercises.adam), theirs(lambda w: torch.optim.Adam(w, **same)), **close)
    with_decay = theirs(lambda w: torch.optim.AdamW(w, weight_decay=0.3, **same))
    np.testing.assert_allclose(mine(exercises.adamw, 0.3), with_decay, **close)
    l2 = theirs(lambda w: torch.optim.Adam(w, weight_decay=0.3, **same))
    assert not np.allclose(l2, with_decay, rtol=1e-2)
    optimizer, w = AdamL2(0.01, 0.9, 0.99, 1e-6, 0.3), start.copy()
    state = optimizer.init(w)
    for dw in slopes:
        optimizer.step(w, dw, state)
    np.testing.assert_allclose(w, l2, **close)
    weight = [torch.zeros(1, requires_grad=True)]
    assert torch.optim.Adam(weight).defaults["weight_decay"] == 0
    assert torch.optim.AdamW(weight).defaults["weight_decay"] == AdamW().weight_decay == 0.01
    assert torch.optim.Adam(weight).defaults["eps"] == Adam().eps == 1e-8
    assert AdamAlmost().eps == 1e-7
