"""Who is wrong is often wrong twice: two mistakes at once are named, and nothing right ever is."""

import itertools
import random

import numpy as np
import pytest

from optcourse import exercises
from optcourse.checking import verdict
from optcourse.checking.check import check, run_cases, visible_seed
from optcourse.exercises.mistakes import Mistake, both

pytestmark = pytest.mark.usefixtures("own_home")

LOOPS = ("05-momentum", "05-nesterov", "06-adagrad", "07-rmsprop", "08-adam", "08-adamw")
SAMPLE = 20  # of some hundreds to four thousand; tried by hand with more


def wrong_twice(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    m = np.zeros_like(w)
    v = np.zeros_like(w)
    for step in range(num_steps):
        g = compute_gradient(w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1 ** (step + 1))
        v_hat = v / (1 - beta2 ** (step + 1))
        w = w + learning_rate * m_hat / np.sqrt(v_hat + eps)
    return w


def test_both_sentences_are_said_and_both_ids_are_kept():
    feedback = check("08-adam", wrong_twice)
    assert {feedback.misconception, feedback.also} == {"sign-flipped", "eps-inside-the-root"}
    assert feedback.sentence.startswith("Two things at once. First: ")
    assert "walks uphill" in feedback.sentence and "`eps` stands inside the root" in feedback.sentence


def test_the_second_id_is_in_the_learners_progress():
    from optcourse import progress

    check("08-adam", wrong_twice)
    assert progress.events()[-1]["also"] == check("08-adam", wrong_twice).also


def code_of(two):
    """The code with two mistakes; None where the two do not go together."""
    try:
        return two and two.code
    except SyntaxError:
        return None


@pytest.mark.slow
@pytest.mark.parametrize("exercise_id", LOOPS)
def test_nine_of_ten_pairs_are_named(exercise_id):
    """A pair that is named gives the learner's numbers by construction; so what counts is that one is found."""
    exercise = exercises.get(exercise_id)
    cases = exercise.draw_cases(visible_seed(exercise))
    expected = verdict.expected_outcomes(exercise, cases)
    pairs = list(itertools.combinations([m for m in exercise.misconceptions if isinstance(m, Mistake)], 2))
    random.Random(7).shuffle(pairs)
    missed = []
    tried = 0
    for one, other in pairs:
        if (code := code_of(both(one, other))) is None:
            continue
        outcomes = run_cases(code, cases, exercise.seconds)
        found = verdict.judge(exercise, cases, outcomes, expected=expected)
        if found.passed or (found.misconception and not found.also):
            continue  # together they are right, or as one of the mistakes alone
        tried += 1
        if found.also is None:
            missed.append((one.id, other.id))
        if tried == SAMPLE:
            break
    assert tried == SAMPLE and len(missed) <= SAMPLE // 10, missed


@pytest.mark.parametrize("exercise_id", LOOPS)
def test_right_code_is_no_pair(exercise_id):
    exercise = exercises.get(exercise_id)
    cases = exercise.draw_cases(3)
    right = verdict.expected_outcomes(exercise, cases)
    assert verdict.which_pair(exercise, cases, right, right) is None


def test_numbers_of_no_two_mistakes_get_no_name():
    def other(compute_gradient, w, learning_rate, num_steps, rho):
        return 0.97 * exercises.get("05-momentum").reference(
            compute_gradient, w, learning_rate, num_steps, rho
        )

    feedback = check("05-momentum", other)
    assert feedback.status == "wrong" and feedback.misconception is None and feedback.also is None


def test_where_all_is_nan_no_pair_is_named():
    def broken(compute_gradient, w, learning_rate, num_steps, rho):
        return np.full(np.shape(w), np.nan)

    assert check("05-momentum", broken).also is None


def test_a_pair_line_by_line_does_what_its_code_does():
    exercise = exercises.get("08-adamw")
    case = exercise.draw_cases(visible_seed(exercise))[0]
    edits = [m for m in exercise.misconceptions if isinstance(m, Mistake)]
    pairs = [two for two in itertools.starmap(both, itertools.combinations(edits, 2)) if two is not None]
    compared = 0
    for two in pairs[::60]:
        ends = []
        for code in (two.code, two.try_out):
            inputs = verdict.Inputs(case)
            with np.errstate(all="ignore"):
                try:
                    ends.append(np.array(code(*inputs.args)))
                except Exception as error:  # two wrong edits may fail; then in both ways
                    ends.append(type(error))
        if isinstance(ends[0], type):
            assert ends[0] is ends[1]
        else:
            np.testing.assert_array_equal(ends[0], ends[1])
            compared += 1
    assert compared > 40


def test_two_edits_of_a_while_loop_are_not_tried():
    """Their loop may never end, and pairs run without a limit: a wrong answer without a name must come back."""
    mistakes = {m.id: m for m in exercises.get("11-backtracking").misconceptions}
    one, other = mistakes["step-forgotten"], mistakes["without-c"]
    assert both(one, other) is None

    def never_long_enough(value, w, p, slope):
        return value(w + p)

    assert not check("11-backtracking", never_long_enough).passed
