"""What a learner types, and the sentence that comes back."""

import linecache
import re
import textwrap
import threading
import time
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from optcourse.checking.check import check, check_exercise
from optcourse.exercises import UnknownExercise
from optcourse.exercises.model import Case, Exercise

pytestmark = pytest.mark.usefixtures("own_home")


GD = "03-gradient-descent"


def learner(source: str, name: str = "gradient_descent"):
    """A function from source, as if it were typed into a notebook's cell."""
    learner.count += 1
    filename = f"/tmp/ipykernel_1/{learner.count}.py"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {"np": np, "time": time}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


learner.count = 0


def gd(body: str):
    """A gradient_descent with this body."""
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return learner(f"def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n{lines}\n")


RIGHT = """
w = np.array(w, dtype=float)
for i in range(num_steps):
    dw = compute_gradient(w)
    w -= learning_rate * dw
return w
"""


def test_right_answers_pass():
    feedback = check(GD, gd(RIGHT))
    assert feedback.passed and feedback.status == "passed" and feedback.points == feedback.max_points == 3
    other = "for i in range(num_steps):\n    w = w - compute_gradient(w) * learning_rate\nreturn w * 1.0"
    assert check(GD, gd(other)).passed


def test_a_right_answer_with_leftover_dots_and_prints_passes():
    assert check(GD, gd("...  # your code here\nprint('hello')" + RIGHT)).passed


@pytest.mark.parametrize("seed", range(5))
def test_other_seeds_agree(seed):
    assert check(GD, gd(RIGHT), seed=seed).passed
    assert check(GD, gd(RIGHT.replace("-=", "+=")), seed=seed).misconception == "sign-flipped"


@pytest.mark.parametrize(
    "body",
    [
        "...",
        '"""Docstring."""\n...',
        "...  # your code here",
        "pass",
        '"""Docstring."""',
        "w = np.array(w, dtype=float)\nfor i in range(num_steps):\n    ...  # your code here\nreturn w",
        (
            "w = np.array(w, dtype=float)\nfor i in range(num_steps):\n    dw = ...\n    w -= "
            "learning_rate * dw\nreturn w"
        ),
        "return ...",
    ],
)
def test_a_blank_is_not_started(body):
    feedback = check(GD, gd(body))
    assert feedback.status == "not started" and feedback.points == 0
    lines = f"def f():\n{textwrap.indent(body, '    ')}".split("\n")
    at = next((number for number, line in enumerate(lines, 1) if re.search(r"\.\.\.(?!\w)", line)), None)
    where = (
        f"Line {at} of the cell still holds `...`: your code goes there"
        if at
        else "Nothing is written here yet: your code goes where `...` stands or stood"
    )
    assert feedback.sentence == f"{where}, then run the cell and this check again."


def test_dots_without_a_function_or_source_are_blank():
    assert check(GD, ...).status == "not started"
    namespace = {}
    exec("def f(compute_gradient, w, learning_rate, num_steps):\n    ...", namespace)
    assert check(GD, namespace["f"]).status == "not started"


NAMED = {
    "sign-flipped": RIGHT.replace("-=", "+="),
    "one-step-too-few": RIGHT.replace("range(num_steps)", "range(1, num_steps)"),
    "one-step-too-many": RIGHT.replace("range(num_steps)", "range(num_steps + 1)"),
    "first-step-only": RIGHT.replace("\nreturn w", "\n    return w\nreturn w"),
    "returns-the-gradient": "dw = None\n" + RIGHT.replace("return w", "return dw"),
    "gradient-at-the-start-only": """
w = np.array(w, dtype=float)
dw = compute_gradient(w)
for i in range(num_steps):
    w -= learning_rate * dw
return w
""",
    "learning-rate-ignored": RIGHT.replace("learning_rate * dw", "dw"),
    "changes-the-input": RIGHT.replace("w = np.array(w, dtype=float)", ""),
    "sums-the-gradient": RIGHT.replace("compute_gradient(w)", "np.sum(compute_gradient(w))"),
    "only-the-direction": RIGHT.replace(
        "compute_gradient(w)", "compute_gradient(w); dw /= np.linalg.norm(dw)"
    ),
    "returns-the-path": """
w = np.array(w, dtype=float)
path = [w.copy()]
for i in range(num_steps):
    w -= learning_rate * compute_gradient(w)
    path.append(w.copy())
return path
""",
    "never-updates": (
        "w = w.astype(float)\nfor i in range(num_steps):\n    w - learning_rate * "
        "compute_gradient(w)\nreturn w"
    ),
    "copies-whole-numbers": RIGHT.replace("np.array(w, dtype=float)", "w.copy()"),
    "starts-at-zero": RIGHT.replace("np.array(w, dtype=float)", "np.zeros_like(w, dtype=float)"),
    "updates-after-the-loop": RIGHT.replace("    w -=", "w -="),
    "replaces-w": RIGHT.replace("-=", "=-"),
    "one-entry-at-a-time": """
w = np.array(w, dtype=float)
for i in range(num_steps):
    for k in range(len(w)):
        w[k] -= learning_rate * compute_gradient(w)[k]
return w
""",
    "divides-by-learning-rate": RIGHT.replace("learning_rate *", "1 / learning_rate *"),
}


@pytest.mark.parametrize("expected", NAMED)
def test_mistakes_written_in_the_learners_own_way_are_named(expected):
    feedback = check(GD, gd(NAMED[expected]))
    assert feedback.misconception == expected, str(feedback)
    assert feedback.status == "wrong" and not feedback.passed


def test_two_mistakes_at_once_are_still_named_by_their_numbers():
    """Uphill, and a gradient asked for twice a round: the second does not hide the first."""
    body = RIGHT.replace("-=", "+=").replace("dw = compute", "compute_gradient(w); dw = compute")
    assert check(GD, gd(body)).misconception == "sign-flipped"


SENTENCES = [
    (RIGHT.replace("return w", ""), "You returned None: is the `return` line missing?"),
    (RIGHT.replace("return w", "return w.sum()"), "a single number; an array of shape (2,) is expected"),
    (
        RIGHT.replace("return w", "return w[None]"),
        "an array of shape (1, 2); an array of shape (2,) is expected",
    ),
    (RIGHT.replace("return w", "return w * np.nan"), "nan (not a number)"),
    (RIGHT.replace("dtype=float", "dtype=np.float32"), "compute in float64"),
    (RIGHT.replace("return w", "return w.astype(int)"), "fractions were cut off"),
    (RIGHT.replace("return w", "return w.astype(object)"), "dtype object"),
    (RIGHT.replace("return w", "return w + 1j"), "complex"),
    (RIGHT.replace("return w", "return np.ma.masked_array(w, w == w)"), "masked array"),
    (RIGHT.replace("return w", "return {'w': w}"), "a dictionary"),
    (RIGHT.replace("return w", "return 'w'"), "the text 'w'"),
    (RIGHT.replace("return w", "return compute_gradient"), "a function, not its result"),
    (RIGHT.replace("return w", "return object()"), "object of type `object`"),
    (RIGHT.replace("return w", "return [[1, 2], [3]]"), "parts of different lengths"),
    (
        RIGHT.replace("dw = compute", "compute_gradient(w); dw = compute"),
        "called 16 times here; 8 times are expected",
    ),
    (RIGHT.replace("* dw", "* dw * 1.032"), "Your first step goes the right way but is 3.2 % too long"),
    (
        RIGHT.replace("* dw", "* dw * (1.032 if i == 1 else 1)"),
        "Your first step is right. Your second step goes the right way but is 3.2 % too long",
    ),
    (RIGHT.replace("* dw", "* dw * (1 if i < 3 else 0.5)"), "Your first 3 steps are right. Your fourth step"),
    (RIGHT.replace("* dw", "* dw * (0 if i else 1)"), "does not move"),
    (RIGHT.replace("compute_gradient(w)", "compute_gradient(w + 1)"), "is first called at"),
    (RIGHT.replace("compute_gradient(w)", "compute_gradient(w[:1])"), "shape (1,)"),
    (
        "w = w * 1.0\nwhile np.linalg.norm(compute_gradient(w)) > 1e-6:\n"
        "    w -= learning_rate * compute_gradient(w)\nreturn w",
        "called again at the same point",
    ),
    (RIGHT.replace("compute_gradient(w)", "w"), "`compute_gradient` is never called"),
]


@pytest.mark.parametrize(("body", "part"), SENTENCES)
def test_the_sentence_leads_to_the_mistake(body, part):
    feedback = check(GD, gd(body))
    assert not feedback.passed
    assert part in str(feedback), str(feedback)


STOPS = [
    ("w = np.array(w)\nreturn w - alpha", "NameError", 3, "return w - alpha"),
    (RIGHT.replace("-= learning_rate", "-= learning_rte"), "NameError", 5, "w -= learning_rte * dw"),
    ("return w.sqrt()", "np.sqrt", 2, "return w.sqrt()"),
    (RIGHT.replace("range(num_steps)", "num_steps"), "`range(…)`", 3, "for i in num_steps:"),
    (
        RIGHT.replace("compute_gradient(w)", "compute_gradient()"),
        "nothing in its brackets",
        4,
        "compute_gradient()",
    ),
    (RIGHT.replace("* dw", "* compute_gradient"), "only when it is called", 5, "* compute_gradient"),
    ("return 1 / 0", "ZeroDivisionError", 2, "return 1 / 0"),
    ("return gradient_descent(compute_gradient, w, 1, 1)", "RecursionError", 2, "return gradient_descent"),
    ("raise SystemExit", "SystemExit", 2, "raise SystemExit"),
    ("assert False, 'mine'", "AssertionError: mine", 2, "assert False"),
    ("w -= np.ones(w.size + 1)", "broadcast", 2, "w -= np.ones(w.size + 1)"),
]


@pytest.mark.parametrize(("body", "part", "line", "source"), STOPS)
def test_an_exception_is_one_sentence_with_the_learners_own_line(body, part, line, source):
    feedback = check(GD, gd(body))
    assert feedback.status == "error"
    assert part in feedback.sentence and f"line {line} of its cell" in feedback.sentence, feedback.sentence
    assert source in feedback.sentence
    assert "Traceback" not in str(feedback) and "optcourse/" not in str(feedback)


def test_whole_numbers_get_the_advice_that_helps():
    body = "if w.dtype.kind == 'f':\n    w = w.copy()" + RIGHT.replace("w = np.array(w, dtype=float)", "")
    feedback = check(GD, gd(body))
    assert "float copy" in str(feedback), str(feedback)
    assert "whole numbers" in str(feedback)


def test_wrong_arguments_and_a_called_function():
    fewer = learner("def gradient_descent(compute_gradient, w):\n    return w\n")
    assert (
        "must take the arguments (compute_gradient, w, learning_rate, num_steps)" in check(GD, fewer).sentence
    )
    assert "without calling it" in check(GD, np.zeros(2)).sentence
    assert "Hand over" in check(GD).sentence


ENDLESS = [
    "while True:\n    pass",
    "while True:\n    try:\n        time.sleep(0.01)\n    except Exception:\n        pass",
    "while True:\n    try:\n        time.sleep(0.01)\n    except:\n        break\nwhile True:\n    pass",
    "time.sleep(100)",
    "while True:\n    print('x' * 1000)",
    "while True:\n    compute_gradient(w)",
]


def quick(reference=lambda compute_gradient, w: w) -> Exercise:
    from optcourse.exercises.ingredients import QuadraticGradient

    def cases(rng):
        return [Case((QuadraticGradient([[1.0]], [0.0]), np.ones(1)))] * 3

    return Exercise("99-quick", "Quick", "", 1, ("f",), reference, cases, seconds=0.3)


@pytest.mark.parametrize("body", ENDLESS)
@pytest.mark.parametrize("thread", [False, True])
def test_an_endless_loop_ends_with_a_sentence(body, thread):
    lines = "\n".join("    " + line for line in body.splitlines())
    if thread and "sleep(100)" in body:
        lines = "    for i in range(10_000): time.sleep(0.01)"  # a sleeper is stopped when it wakes
    function = learner(f"def f(compute_gradient, w):\n{lines}\n", "f")
    box = []
    if thread:
        worker = threading.Thread(target=lambda: box.append(check_exercise(quick(), function)))
        worker.start()
        worker.join(120)
    else:
        box.append(check_exercise(quick(), function))
    assert box and "did not come back within 0.3 seconds" in box[0].sentence
    assert box[0].status == "error"


class Evil:
    __array_priority__ = 1e9

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        raise AssertionError("nobody asks an object for its numbers")

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


class EvilFloat(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__

    def __float__(self):
        return 42.0

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


class EvilArray(np.ndarray):
    def __array_function__(self, *args):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(self.shape)

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    @property
    def shape(self):
        return (2,)


@pytest.mark.parametrize(
    "result",
    [
        Evil(),
        EvilFloat(1.0),
        [Evil(), Evil()],
        np.array([None, "x"], dtype=object),
        np.ones(2).view(EvilArray),
    ],
)
def test_objects_that_equal_everything_do_not_pass(result):
    assert not check(GD, lambda compute_gradient, w, learning_rate, num_steps: result).passed
    scalar = Exercise("99-value", "Value", "", 1, ("x",), lambda: 42.0, kind="value")
    assert not check_exercise(scalar, result).passed


def test_lists_and_tuples_of_numbers_are_taken():
    assert check(GD, gd(RIGHT.replace("return w", "return list(w)"))).passed
    assert check(GD, gd(RIGHT.replace("return w", "return tuple(w.tolist())"))).passed
    assert check(GD, gd(RIGHT.replace("return w", "return np.ma.masked_array(w)"))).passed
    assert check(GD, gd(RIGHT.replace("return w", "return (x for x in w)"))).passed


@pytest.mark.parametrize(
    "number",
    [
        np.array([0.25]),
        np.array(0.25),
        [0.25],
        (0.25,),
        Fraction(1, 4),
        Decimal("0.25"),
        np.array([Fraction(1, 4)]),
        [Decimal("0.25")],
        np.float32(0.25),
    ],
    ids=repr,
)
def test_a_number_is_one_in_whatever_it_is_wrapped(number):
    one = Exercise("99-one", "One", "", 2, ("rate",), lambda: 0.25, kind="value")
    assert check_exercise(one, number).passed
    assert not check_exercise(replace(one, reference=lambda: 0.5), number).passed
    several = replace(one, answers=("rate", "steps"), reference=lambda: (0.25, 7))
    assert check_exercise(several, number, 7).passed
    takes = Exercise("99-f", "F", "", 2, ("f",), lambda x: x / 4, lambda rng: [Case((1.0,))])
    assert check_exercise(takes, lambda x: number).passed


def test_an_array_where_a_number_is_meant_has_one_entry():
    one = Exercise("99-one", "One", "", 2, ("rate",), lambda: 0.25, kind="value")
    assert "shape (2,)" in check_exercise(one, np.array([0.25, 0.25])).sentence
    assert "shape (0,)" in check_exercise(one, []).sentence


def test_a_number_that_no_float_can_hold_is_told():
    one = Exercise("99-one", "One", "", 2, ("rate",), lambda: 0.25, kind="value")
    assert "no float can hold" in check_exercise(one, Fraction(10**400)).sentence
    assert "no float can hold" in check_exercise(one, Decimal("sNaN")).sentence


def test_texts_are_read_without_case_and_blanks_at_the_ends():
    text = Exercise("99-text", "Text", "", 2, ("which",), lambda: "W1", kind="value")
    for way in ("W1", "w1", " W1", "w1 \n", np.str_("W1")):
        assert check_exercise(text, way).passed
    for way in ("W 1", "W", "", "W2", 1, ["W1", "W2"]):
        assert not check_exercise(text, way).passed


def test_an_answer_that_is_read_first_may_be_anything():
    for odd in (None, 3, 2.5, ["W2"], object(), np.ones(2), ..., float("nan")):
        feedback = check("02-find-the-bug", "b2", odd, "W1")
        assert not feedback.passed and "check itself failed" not in feedback.sentence
    assert check("02-find-the-bug", "db2", "dw2", " W1").passed


def test_a_minibatch_may_be_named_as_the_lesson_names_it():
    from optcourse.exercises.ingredients import DigitsTrainingGradient, LeastSquaresGradient, ModelGradient

    rows = np.array([3, 1, 4])
    for ingredient, size in (
        (LeastSquaresGradient(np.eye(5), np.ones(5)), 5),
        (ModelGradient("SoftmaxRegression"), 650),
        (DigitsTrainingGradient(0), 650),
    ):
        ask, w = ingredient.build(), np.linspace(0, 1, size)
        assert np.array_equal(ask(w, rows), ask(w, minibatch=rows))
        assert np.array_equal(ask(w, rows), ask(w=w, batch=rows))


def test_values():
    one = Exercise("99-one", "One", "", 2, ("rate",), lambda: 0.25, kind="value")
    assert check_exercise(one, 0.25).points == 2
    assert check_exercise(one, np.float64(0.25)).passed
    assert check_exercise(one, ...).status == "not started"
    # not by how much: that would be the answer
    assert check_exercise(one, 0.5).sentence == "`rate` is too large."
    assert "it is None" in check_exercise(one, None).sentence
    two = Exercise("99-two", "Two", "", 2, ("rate", "steps"), lambda: (0.25, 7), kind="value")
    assert check_exercise(two, 0.25, 7).passed
    assert check_exercise(two, 0.25, 8).sentence == "`steps` is too large."
    assert "`steps` still is" in check_exercise(two, 0.25, ...).sentence
    assert "`rate` and `steps` still are" in check_exercise(two, ..., ...).sentence
    three = Exercise("99-three", "Three", "", 2, ("a", "b", "c"), lambda: (1, 2, 3), kind="value")
    assert "`a`, `b` and `c` still are" in check_exercise(three, ..., ..., ...).sentence


def test_verify_takes_the_place_of_the_reference_where_chance_decides():
    def every_index_once(case, outcome):
        return None if sorted(outcome.result) == list(range(case.args[0])) else "Some index is missing."

    exercise = Exercise(
        "99-shuffle",
        "Shuffle",
        "",
        1,
        ("shuffle",),
        lambda n: list(range(n)),
        lambda rng: [Case((5,))],
        verify=every_index_once,
    )
    assert check_exercise(exercise, lambda n: list(reversed(range(n)))).passed
    assert "Some index is missing" in check_exercise(exercise, lambda n: [0] * n).sentence


def test_an_unknown_id_is_a_sentence_outside_of_tests(monkeypatch):
    with pytest.raises(UnknownExercise, match="03-gradient-descent"):
        check("03-gradient-decent", gd(RIGHT))
    monkeypatch.delenv("OPTCOURSE_STRICT")
    feedback = check("03-gradient-decent", gd(RIGHT))
    assert feedback.status == "error" and 'Did you mean "03-gradient-descent"?' in feedback.sentence


def test_a_mistake_of_ours_is_owned_up_to(monkeypatch):
    import optcourse.checking.check as engine

    monkeypatch.setattr(engine, "judge", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check(GD, gd(RIGHT))
    monkeypatch.delenv("OPTCOURSE_STRICT")
    assert "mistake of the course" in check(GD, gd(RIGHT)).sentence


def test_feedback_is_html_with_a_text_twin_and_nothing_of_the_learner_unescaped():
    feedback = check(GD, gd("print('<script>')\nreturn '<script>alert(1)</script>'"))
    bundle = feedback._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<script>" not in bundle["text/html"] and "&lt;script&gt;" in bundle["text/html"]
    assert "Not yet" in bundle["text/html"] and "Not yet" in bundle["text/plain"]


def test_a_learners_settings_are_left_alone():
    before = np.geterr()
    check(GD, gd("np.seterr(all='raise')" + RIGHT))
    assert np.geterr() == before


def test_misconceptions_of_values_and_of_one_value_among_several():
    from optcourse.exercises.model import Misconception

    two = Exercise(
        "99-two",
        "Two",
        "",
        2,
        ("rate", "steps"),
        lambda: (0.25, 7),
        kind="value",
        misconceptions=(
            Misconception("halved", "You divided by two once too often.", lambda: (0.125, None)),
            Misconception("one-less", "You forgot the first step.", lambda: (None, 6)),
        ),
    )
    assert check_exercise(two, 0.125, 7).misconception == "halved"
    assert check_exercise(two, 0.25, 6).misconception == "one-less"
    assert "`steps` is too small" in str(check_exercise(two, 0.25, 6))
    assert check_exercise(two, 0.3, 7).misconception is None


def test_a_wrong_value_is_not_answered_with_the_right_one():
    from optcourse.exercises import get

    exercise = get("03-read-a-hessian")
    kappa, limit, axis_ratio = exercise.reference()
    feedback = check_exercise(exercise, kappa, 1.237 * limit, 0.91 * axis_ratio)
    assert (
        feedback.status == "wrong" and feedback.sentence == "`limit` is too large; `axis_ratio` is too small."
    )
    assert not any(f"{right:.3g}" in str(feedback) for right in (limit, axis_ratio))
