"""The path of a learner's own loop, for the explorers."""

import signal
import time

import numpy as np
import pytest

from optcourse import objectives
from optcourse.exercises.ingredients import (
    Formula,
    QuadraticGradient,
    QuadraticValue,
    Rng,
)
from optcourse.exercises.lesson_03 import gradient_descent
from optcourse.learner.limits import TimeLimit, call_with_limit
from optcourse.learner.path import record_path
from tests.conftest import until

pytestmark = pytest.mark.usefixtures("own_home")

BOWL = objectives.quadratic(condition_number=10)


def test_the_path_is_the_calls_and_the_result():
    path = record_path(gradient_descent, BOWL, (1, 2), learning_rate=0.1, num_steps=5)
    assert path.points.shape == (6, 2) and path.error is None and not path.blank
    w = np.array([1.0, 2.0])
    for point in path.points:
        np.testing.assert_array_equal(point, w)
        w -= 0.1 * BOWL.gradient(w)


def test_a_blank_is_blank():
    def blank(compute_gradient, w, learning_rate, num_steps): ...

    for function in (blank, ...):
        path = record_path(function, BOWL, (1, 2), learning_rate=0.1, num_steps=5)
        assert path.blank and path.error is None and path.points.shape == (0, 2)


def test_an_error_keeps_the_path_so_far():
    def stops(compute_gradient, w, learning_rate, num_steps):
        w = w - learning_rate * compute_gradient(w)
        compute_gradient(w)
        return w.sqrt()

    path = record_path(stops, BOWL, (1, 2), learning_rate=0.1, num_steps=5)
    assert path.points.shape == (2, 2)
    assert "np.sqrt" in path.error and "`return w.sqrt()`" in path.error


@pytest.mark.parametrize(
    ("result", "part"),
    [(None, "returned None"), (np.ones(3), "shape (2,)"), ("text", "shape (2,)"), (object(), "of type")],
)
def test_a_useless_result_is_a_sentence(result, part):
    def useless(compute_gradient, w, learning_rate, num_steps):
        compute_gradient(w)
        return result

    path = record_path(useless, BOWL, (1, 2), learning_rate=0.1, num_steps=5)
    assert part in path.error and path.points.shape == (1, 2)


def test_an_endless_loop_and_a_wrong_signature():
    def endless(compute_gradient, w, learning_rate, num_steps):
        while True:
            compute_gradient(w)

    path = record_path(endless, BOWL, (1, 2), seconds=0.2, learning_rate=0.1, num_steps=5)
    assert "did not come back" in path.error
    path = record_path(lambda compute_gradient, w: w, BOWL, (1, 2), learning_rate=0.1, num_steps=5)
    assert "learning_rate" in path.error
    assert "no function" in record_path(3, BOWL, (1, 2), learning_rate=0.1, num_steps=5).error


def test_a_diverging_path_is_kept():
    path = record_path(gradient_descent, BOWL, (1, 2), learning_rate=1e200, num_steps=5)
    assert path.error is None and not np.isfinite(path.points[-1]).all()


# -- ingredients ---------------------------------------------------------------------------------------


def test_the_quadratic_gradient_belongs_to_its_value():
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    w, h = np.array([0.3, -0.7]), 1e-6
    value = QuadraticValue(matrix, np.ones(2)).build()
    gradient = QuadraticGradient(matrix, np.ones(2)).build()
    numeric = [(value(w + h * e) - value(w - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(gradient(w), numeric, rtol=1e-8)


def test_a_random_generator_is_fresh_from_its_seed():
    assert Rng(5).build().random() == Rng(5).build().random() == np.random.default_rng(5).random()


def test_a_formula_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="not in the table"):
        Formula("tan").build()


# -- the time limit ----------------------------------------------------------------------------------------


def test_the_time_limit_leaves_a_timer_that_was_running():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    timer = signal.setitimer(signal.ITIMER_REAL, 600)
    try:
        with pytest.raises(TimeLimit):
            call_with_limit(lambda: time.sleep(500), 0.1)
        assert call_with_limit(lambda: 7, 0.1) == 7
        assert not rung and 0 < signal.getitimer(signal.ITIMER_REAL)[0] < 600
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        until(lambda: rung)
        assert len(rung) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


def test_models_on_digits_take_minibatches_and_are_recorded():
    from optcourse.exercises.ingredients import ModelGradient, ModelValue
    from optcourse.exercises.model import Case
    from optcourse.learner.running import run_case

    def one_step(compute_gradient, loss, w, batch):
        assert loss(w) > 0
        by_position, by_name = compute_gradient(w, batch), compute_gradient(w=w, batch=list(batch))
        np.testing.assert_array_equal(by_position, by_name)
        return by_position

    gradient, loss = (kind("SoftmaxRegression", (0, 50), {}) for kind in (ModelGradient, ModelValue))
    outcome = run_case(one_step, Case((gradient, loss, np.zeros(650), np.array([3, 1, 4]))))
    assert outcome.failure is None and outcome.result.shape == (650,)
    assert outcome.counts == {"0": 2, "1": 1}
    for call in outcome.calls["0"]:
        np.testing.assert_array_equal(call[1], [3, 1, 4])
    assert np.abs(outcome.result).max() > 0


def test_ingredients_know_when_the_record_is_full():
    from optcourse.exercises import ingredients
    from optcourse.learner import running

    assert ingredients.FULL_RECORD == running.MAX_RECORDED
