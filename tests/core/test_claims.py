"""The statistics of lesson 16: the table of the sign test, choices, targets, and the price of tuning."""

from itertools import combinations

import numpy as np
import pytest

from optcourse.claims import choose, expected_best, sign_test, steps_to_target


def runs(wins, pairs):
    return np.where(np.arange(pairs) < wins, 0.0, 2.0), np.ones(pairs)


@pytest.mark.parametrize(
    ("wins", "pairs", "p"),
    [(5, 5, 0.063), (6, 6, 0.031), (7, 7, 0.016), (6, 7, 0.125), (9, 10, 0.021), (15, 20, 0.041), (14, 20, 0.115)],
)  # fmt: skip
def test_the_table_of_the_sign_test(wins, pairs, p):
    from scipy.stats import binomtest  # a second to import, which all tests would wait for

    found = sign_test(*runs(wins, pairs))
    assert found == pytest.approx(p, abs=6e-4)
    assert found == pytest.approx(binomtest(wins, pairs).pvalue, rel=1e-12)
    assert found == sign_test(*runs(wins, pairs)[::-1])


def test_ties_say_nothing():
    a, b = runs(6, 6)
    assert sign_test([*a, 1.0, 1.0], [*b, 1.0, 1.0]) == sign_test(a, b)
    assert sign_test([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert sign_test([], []) == 1.0


def test_the_median_chooses_and_the_criterion_may_be_another():
    training = [[0.3, 0.1, 9.0], [0.2, 0.2, 0.2], [0.1, 0.1, 0.9]]
    held_back = [[0.5, 0.5, 0.5], [0.9, 0.9, 0.1], [0.7, 0.7, 0.7]]
    assert choose(training) == 2
    assert choose(training, held_back) == 0


def test_the_first_step_at_the_target():
    curves = [[1.0, 0.5, 0.2, 0.6], [1.0, 0.9, 0.8, 0.7], [0.2, 1.0, 1.0, 1.0]]
    assert steps_to_target(curves, 0.5).tolist() == [1, -1, 0]
    assert steps_to_target([curves], 0.5).shape == (1, 3)


@pytest.mark.parametrize("k", [1, 2, 4, 7])
def test_the_best_of_k_is_the_mean_over_all_choices(k):
    values = np.random.default_rng(0).standard_normal(7)
    every = np.mean([min(some) for some in combinations(values, k)])
    assert expected_best(values, k) == pytest.approx(every, rel=1e-12)


def test_one_trial_is_the_mean_and_all_trials_the_lowest():
    values = [3.0, 1.0, 2.0]
    assert expected_best(values, 1) == pytest.approx(2.0)
    assert expected_best(values, 3) == 1.0


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="a and b must be pairs of runs"):
        sign_test([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="a pair holds NaN"):
        sign_test([np.nan], [1.0])
    with pytest.raises(ValueError, match="tuning holds NaN"):
        choose([[np.nan, 1.0]])
    with pytest.raises(ValueError, match=r"tuning must be \(settings, seeds\)"):
        choose([1.0, 2.0])
    with pytest.raises(ValueError, match="k must be from 1 to the number of values, 2, got 3"):
        expected_best([1.0, 2.0], 3)
