"""A sentence claims only what the outcomes prove, gives no answer away, and what people write in other ways counts."""

import math
from fractions import Fraction

import numpy as np
import pytest

from optcourse import exercises
from optcourse.checking.check import check

pytestmark = pytest.mark.usefixtures("own_home")


def edited(exercise_id, *edits):
    """The exercise's own answer with some texts replaced, as a learner's function."""
    import inspect

    reference = exercises.get(exercise_id).reference
    text = inspect.getsource(reference)
    for old, new in edits:
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    space = {"np": np, "math": math}
    exec(text, space)
    return space[reference.__name__]


WRONG_AND_ONCE_PASSED = {
    "08-adam": [("(1 - beta1**t)", "(1 - beta1**t if t <= 20 else 1)"), ("(1 - beta2**t)", "(1 - beta2**t if t <= 20 else 1)")],
    "08-adamw": [("beta2**t", "beta2**min(t, 20)")],
    "08-adam-almost": [("range(num_steps)", "range(min(num_steps, 50))")],
    "07-rmsprop": [("range(num_steps)", "range(min(num_steps, 50))")],
    "06-adagrad": [("range(num_steps)", "range(min(num_steps, 50))")],
    "05-nesterov": [("range(num_steps)", "range(min(num_steps, 50))")],
    "05-momentum": [("range(num_steps)", "range(min(num_steps, 50))")],
}  # fmt: skip


@pytest.mark.parametrize("exercise_id", WRONG_AND_ONCE_PASSED)
def test_what_goes_wrong_late_is_wrong(exercise_id):
    assert not check(exercise_id, edited(exercise_id, *WRONG_AND_ONCE_PASSED[exercise_id])).passed


NAMED = {
    ("05-best-momentum", "rho-without-roots"): [("(steep - flat) / (steep + flat)",
                                                "(steep**2 - flat**2) / (steep**2 + flat**2)")],
    ("05-best-momentum", "two-over-the-square"): [("(2 / (flat + steep)) ** 2", "2 / (flat + steep) ** 2")],
    ("05-momentum", "moves-first"): [("dw = comp", "w -= learning_rate * velocity; dw = comp"),
                                     ("        w -= learning_rate * velocity\n", "")],
    ("07-repair", "square-missing"): [("* dw * dw", "* dw")],
    ("07-repair", "decay-fixed"): [("decay_rate * grad_squared + (1 - decay_rate)", "0.9 * grad_squared + 0.1")],
    ("07-effective-rate", "return-in-the-loop"): [
        ("* dw * dw\n", "* dw * dw\n        return learning_rate / (np.sqrt(grad_squared) + eps)\n")
    ],
    ("07-effective-rate", "eps-added-to-the-parameters"): [("/ (np.sqrt(grad_squared) + eps)", "/ np.sqrt(grad_squared) + eps")],
    ("07-effective-rate", "eps-missing"): [("(np.sqrt(grad_squared) + eps)", "np.sqrt(grad_squared)")],
    ("08-uncorrected-peak", "ratio-turned-over"): [("float(ratio.max())", "1 / float(ratio.max())")],
    ("08-uncorrected-peak", "root-on-both"): [("(1 - beta1**t) / np.sqrt(1 - beta2**t)",
                                            "np.sqrt((1 - beta1**t) / (1 - beta2**t))")],
    ("08-uncorrected-peak", "betas-swapped"): [("beta1**t) / np.sqrt(1 - beta2**t)", "beta2**t) / np.sqrt(1 - beta1**t)")],
    ("08-adamw", "corrections-swapped"): [("moment1 / (1 - beta1**t)", "moment1 / (1 - beta2**t)"),
                                          ("moment2 / (1 - beta2**t)", "moment2 / (1 - beta1**t)")],
    ("08-adamw", "no-root"): [("np.sqrt(unbiased2) + eps", "unbiased2 + eps")],
}  # fmt: skip


@pytest.mark.parametrize(("exercise_id", "name"), NAMED)
def test_what_people_often_write_has_a_name(exercise_id, name):
    feedback = check(exercise_id, edited(exercise_id, *NAMED[exercise_id, name]))
    assert feedback.misconception == name and feedback.also is None, str(feedback)


def test_adamw_names_whatever_adam_names():
    names = ("08-adam", "08-adamw", "07-rmsprop", "07-repair")
    ids = {e: {m.id for m in exercises.get(e).misconceptions} for e in names}
    assert ids["08-adam"] - ids["08-adamw"] == {
        "keeps-whole-numbers"
    }  # there its `w -=` fails as copies-whole-numbers
    loop = {m.id for m in exercises.get("03-gradient-descent").misconceptions}
    own = {"averages-the-gradient-too", "bias-corrected", "starts-at-one", "state-reset"}
    own |= {"starts-with-the-first-square"}
    elsewhere = {"divides-before-remembering": "old-memory", "memory-reset": "", "root-is-kept": "returns-the-root",
                 "divisor-missing": "divisor-still-missing", "eps-added-to-the-parameters": "eps-added-to-w"}  # fmt: skip
    assert ids["07-rmsprop"] - ids["07-repair"] - loop - own <= elsewhere.keys()
    assert {name for name in elsewhere.values() if name} <= ids["07-repair"]


def test_the_height_of_the_old_landscape_at_the_turned_end_has_a_name():
    from optcourse.exercises import lesson_06

    straight, _ = lesson_06.rotation_experiment()
    feedback = check("06-rotation-experiment", straight, lesson_06.old_height_of_the_turned_run())
    assert feedback.misconception == "height-of-the-old-landscape"


def test_a_look_ahead_alone_is_no_wrong_step():
    feedback = check("05-nesterov", edited("05-nesterov", ("rho * velocity)", "0.8 * rho * velocity)")))
    assert not feedback.passed and "step" not in feedback.sentence and "is asked at" in feedback.sentence


def test_a_loop_that_asks_often_enough_is_not_told_to_count_its_rounds():
    late = edited(
        "05-momentum",
        ("w -= learning_rate * velocity", "w -= learning_rate * old"),
        ("velocity = rho", "old = velocity; velocity = rho"),
    )
    feedback = check("05-momentum", late)
    assert feedback.misconception == "moves-before-the-velocity" and "range" not in str(feedback)


def test_a_gradient_asked_at_a_frozen_start_says_nothing_of_steps():
    frozen = edited(
        "06-adagrad",
        ("w = np.array(w, dtype=float)", "w = np.array(w, dtype=float); start = w.copy()"),
        ("compute_gradient(w)", "compute_gradient(start) * 1.01"),
    )
    feedback = check("06-adagrad", frozen)
    assert "does not move" not in str(feedback) and "at the same point again" in str(feedback)


@pytest.mark.parametrize("guess", [4, 4.0, float("nan")])
def test_a_guess_is_not_told_the_answer(guess):
    feedback = check("03-read-a-hessian", 20.0, 0.5, guess)
    assert not feedback.passed and "4.47" not in str(feedback) and "`axis_ratio`" in str(feedback)


def test_none_in_place_of_a_value_is_no_missing_return():
    feedback = check("06-find-the-error", None, "C", "B")
    assert feedback.sentence == "`never_shrinks`: it is None; it has no value yet."


def test_the_advice_names_no_function_that_is_not_there():
    def best(H):
        return 2 / np.linalg.eigvalsh + 1

    assert "compute_gradient" not in str(check("05-best-momentum", best))


def test_keyword_only_arguments_are_shown_as_such():
    def momentum(compute_gradient, w, *, learning_rate=0.1, num_steps=3, rho=0.9):
        return w

    assert (
        "takes (compute_gradient, w, *, learning_rate, num_steps, rho)"
        in check("05-momentum", momentum).sentence
    )


def test_values_by_name_count_and_wrong_names_are_told_how():
    assert check("03-read-a-hessian", kappa=20, limit=0.5, axis_ratio=math.sqrt(20)).passed
    assert "Hand over the answer like this" in check("03-read-a-hessian", kapa=20).sentence


def test_an_array_that_holds_no_numbers_is_not_called_an_array_like_the_right_one():
    def best(H):
        return np.array(["a", "b"])

    said = check("05-best-momentum", best).sentence
    assert "is an array of shape (2,); an array of shape (2,)" not in said


def test_an_index_is_not_three_times_the_right_value():
    from optcourse.checking.words import ratio_note

    assert ratio_note(6, 2) == "" and ratio_note(6.0, np.int64(2)) == "" and "3 times" in ratio_note(6.0, 2.0)


def test_other_ways_to_write_a_right_answer_count():
    from optcourse.exercises import lesson_05

    assert check("06-find-the-error", "a", "C ", " b").passed
    assert check("05-heavy-ball-cycle", *(np.array([point]) for point in lesson_05.cycle_points())).passed
    window = Fraction(10)
    assert check("05-memory", window, math.log(0.5) / math.log(0.9), window).passed
    roots = edited(
        "07-two-places-for-eps",
        ("np.sqrt(grad_squared) + eps", "math.sqrt(grad_squared) + eps"),
        ("np.sqrt(grad_squared + eps)", "math.sqrt(grad_squared + eps)"),
    )
    assert check("07-two-places-for-eps", roots).passed
