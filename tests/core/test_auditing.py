"""audit(): everybody is tuned alike, a known winner is claimed, a twin is not, and nothing is lost by stopping."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from optcourse import audit, race
from optcourse.auditing import Audit, Key, Run
from optcourse.optimizers import SGD, Momentum

QUICK = {"trials": 3, "seeds": range(10, 16), "num_steps": 60}


def sgd(compute_gradient, w, learning_rate, num_steps):
    for _ in range(num_steps):
        w -= learning_rate * compute_gradient(w)
    return w


def small(optimizer=sgd, against=("Adam",), **options):
    given = {
        "trials": 4,
        "criterion": "training",
        "seeds": range(10, 20),
        "tuning_seeds": (0, 1, 2),
        "num_steps": 300,
    }
    return Audit(optimizer, against, **given | options)


def filled(audit: Audit, losses) -> Audit:
    """All runs made up: `losses(key)` is (training, held-back)."""
    while not audit.finished:
        key = next(audit._to_do())
        audit.runs[key] = Run(*losses(key), gradients=300, seconds=0.1)
    return audit


def test_a_function_and_the_class_that_does_the_same_give_the_same_losses():
    found = audit(sgd, {"SGD": SGD}, **QUICK)
    assert found.finished
    for rate, seed, loss in itertools.product(found.choices("sgd"), found.seeds, ("training", "held_back")):
        one, other = (getattr(found.runs[Key(who, rate, seed)], loss) for who in ("sgd", "SGD"))
        assert one == pytest.approx(other, rel=1e-12)
    assert found.choices("sgd") == found.choices("SGD")
    # equal pairs say nothing
    assert [claim for claim in found.claims() if "shows no difference" in claim and "p = 1)" in claim]
    assert "60" in str(
        found
    ) and "Tuned on 3 learning rates by the median training loss of seeds 0, 1, 2." in str(found)


def test_the_race_is_the_one_of_lesson_09():
    found = small(sgd, ("SGD",), trials=2)
    key = Key("SGD", race.RATES[-1], 10)
    stored = race.load().curves("SGD", race.RATES[-1], seeds=[10])[0, -1]
    assert found._run(key).training == pytest.approx(stored, rel=5e-3)  # stored to three digits


def test_everybody_has_the_same_trials_and_no_race_seed_tunes():
    found = filled(small(trials=5), lambda key: (key.rate, 1.0))
    for who in ("sgd", "Adam"):
        tuned = {key for key in found.runs if key.who == who and key.seed in found.tuning_seeds}
        assert {(key.rate, key.seed) for key in tuned} == set(itertools.product(found.rates, (0, 1, 2)))
    assert found.rates[0] == race.RATES[0] and found.rates[-1] == race.RATES[-1]
    assert any("sgd is best at 0.0001, the edge of the grid" in claim for claim in found.claims())


def middle(key):  # the second rate is best for everybody
    return 1.0 + abs(np.log(key.rate / race.RATES[5]))


def test_a_winner_is_claimed_and_how_wide_its_valley_is():
    found = filled(small(), lambda key: (middle(key) - 0.5 * (key.who == "sgd"), middle(key)))
    training, held_back = found.claims()
    assert training == (
        "training loss: sgd is lower than Adam on 10 of 10 seeds (p = 0.002). "
        "That may be claimed, of this network and these digits."
    )
    assert (
        held_back
        == "held-back loss: sgd is lower than Adam on 0 of 10 seeds (p = 1). That shows no difference."
    )
    assert found.wide("sgd") == 1 and found.choices("sgd") == (race.RATES[5],)


def test_a_loser_is_said_to_be_higher():
    found = filled(small(), lambda key: (middle(key) + 0.5 * (key.who == "sgd"), middle(key)))
    assert found.claims()[0].startswith(
        "training loss: sgd is higher than Adam on 10 of 10 seeds (p = 0.002)."
    )


def test_what_hangs_on_the_tuning_seeds_is_not_claimed():
    def losses(key):
        if key.who == "Adam":
            return middle(key), middle(key)
        if key.seed in (0, 1, 2):  # two of the seeds would choose another rate, and there it loses
            best = race.RATES[10] if key.seed == 2 else race.RATES[5]
            loss = 0.1 + abs(np.log(key.rate / best)) * (1.5 if key.seed == 2 else 1.0)
            return loss, loss
        loss = 0.5 if key.rate == race.RATES[5] else 2.0
        return loss, loss

    found = filled(small(), losses)
    assert set(found.choices("sgd")) == {race.RATES[5], race.RATES[10]}
    assert "but other tuning seeds make it from 0 to 10 of 10. Claim nothing." in found.claims()[0]


def test_stopping_loses_nothing_and_going_on_gives_the_same(capsys):
    calls = itertools.count(1)

    def stopped(compute_gradient, w, learning_rate, num_steps):
        if next(calls) == 5:
            raise KeyboardInterrupt
        return sgd(compute_gradient, w, learning_rate, num_steps)

    found = audit(stopped, ("SGD",), **QUICK)
    assert not found.finished and found.claims() == [] and len(found.runs) == 4
    assert "Nothing may be claimed yet" in str(found)
    assert "Stopped after 4 runs. They are kept" in capsys.readouterr().out
    whole = audit(sgd, ("SGD",), **QUICK)
    again = found.go_on()
    assert again.finished and [run[:2] for run in again.runs.values()] == [
        run[:2] for run in whole.runs.values()
    ]


@pytest.mark.parametrize(
    "options, said",
    [
        ({"against": ()}, "one at least"),
        ({"against": ("Adamm",)}, "there is no 'Adamm' in the race. There are SGD, "),
        ({"against": {"sgd": SGD}}, "others than 'sgd'"),
        ({"trials": 1}, "trials must be from 2 to 16"),
        ({"criterion": "test"}, "criterion is 'training' or 'held-back'"),
        ({"seeds": range(5)}, "none of them"),
        ({"tuning_seeds": (0,)}, "two tuning seeds or more"),
        ({"trials": 2.5}, "trials must be from 2 to 16, got 2.5"),
        ({"seeds": 10}, "seeds are several, as in range"),
        ({"against": "Adamm"}, "there is no 'Adamm' in the race"),
    ],
)
def test_arguments_that_give_no_race(options, said):
    with pytest.raises(ValueError, match=said):
        audit(sgd, **{"against": ("Adam",), **QUICK, **options})


@pytest.mark.parametrize(
    "wrong, said",
    [
        (lambda compute_gradient, w, learning_rate, num_steps: None, "it returned nothing; asked for is"),
        (lambda compute_gradient, w, learning_rate, num_steps: w[:3], r"an array of shape \(3,\)"),
        (
            lambda compute_gradient, w, learning_rate, num_steps: sgd(
                compute_gradient, w, 0.1, num_steps + 1
            ),
            "more than 60",
        ),
        (lambda compute_gradient, w, learning_rate, num_steps: w, "it asked for no gradient"),
        (lambda compute_gradient, w, learning_rate, num_steps: compute_gradient(w) * 1j, "complex numbers"),
    ],
)
def test_an_optimizer_that_is_none(wrong, said):
    with pytest.raises(ValueError, match=said) as raised:
        audit(wrong, **QUICK)
    assert raised.value.__notes__ == ["audit: that was <lambda> at learning rate 0.0001 on seed 0."]


def test_a_run_that_is_lost_counts_as_lost_and_warns_nobody():
    def away(compute_gradient, w, learning_rate, num_steps):
        return sgd(compute_gradient, w, 1e6, num_steps)

    found = audit(away, {"Momentum": Momentum}, **QUICK)
    assert found.raced("away", found.choices("away")[0], "training").min() > 10
    assert "away is higher than Momentum on 6 of 6 seeds" in str(found)
    assert "lost all its runs" in str(found) and "the edge of the grid" not in str(found)
    assert str(found).count(" lost ") >= 2  # in the table, in place of a number


@pytest.mark.parametrize(
    "wrong, said",
    [
        (SGD(0.1), "give the class SGD, not one with its rate"),
        (3, "give a function"),
        (SGD, "Give yours another name"),
    ],
)
def test_what_is_no_optimizer_has_a_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        audit(wrong, "SGD", **QUICK)


def test_a_function_with_other_arguments_is_told_how_it_is_called():
    def few(compute_gradient, w, learning_rate): ...

    with pytest.raises(TypeError) as raised:
        audit(few, **QUICK)
    assert "few(compute_gradient, w, learning_rate, num_steps)" in raised.value.__notes__[1]


def test_a_copy_that_rounds_otherwise_is_no_winner():
    def copy(compute_gradient, w, learning_rate, num_steps):
        for _ in range(num_steps):
            w = w * 1.5 - learning_rate * compute_gradient(w) - w * 0.5
        return w

    found = audit(copy, {"SGD": SGD}, **{**QUICK, "seeds": range(10, 13)})
    rate = found.choices("copy")[0]
    assert (found.raced("copy", rate, "training") != found.raced("SGD", rate, "training")).any()
    assert all("on 0 of 3 seeds (p = 1)" in said and "one optimizer" in said for said in found.claims()[:2])


def test_a_loser_at_the_edge_of_the_grid_is_not_judged():
    found = filled(small(), lambda key: ((middle(key) if key.who == "sgd" else 9 + key.rate), 1.0))
    assert found.claims()[0].endswith("But Adam may do better beyond the edge of the grid. Claim nothing.")
    ahead = filled(small(), lambda key: ((middle(key) if key.who == "Adam" else key.rate / 99), 1.0))
    assert "may be claimed" in ahead.claims()[0]  # what is lower at the edge is lower


def test_another_try_repeats_no_run_of_the_others(monkeypatch):
    whole = audit(sgd, "SGD", **QUICK)
    monkeypatch.setattr("optcourse.auditing.descend", None)  # nobody may be run again
    again = audit(sgd, "SGD", **QUICK)
    assert [run[:2] for run in again.runs.values()] == [run[:2] for run in whole.runs.values()]
