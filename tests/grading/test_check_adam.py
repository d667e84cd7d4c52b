"""08-check-adam: the grader as an exercise, in the notebook and behind the walls."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from optcourse import exercises
from optcourse.checking.check import check_exercise
from optcourse.exercises import lesson_08
from optcourse.exercises.model import CORNERS, FLOATS, WHOLE
from optcourse.exercises.planted import MOST_STEPS, RIGHT, PlantedAdam, code_of
from optcourse.grading.marking import grade_notebook
from optcourse.grading.walls.outside import Limits
from tests.lessons.battery import run_as_cell

pytestmark = pytest.mark.usefixtures("own_home")

EXERCISE = exercises.get("08-check-adam")
VISIBLE = EXERCISE.draw_cases(EXERCISE.visible_seed)
SHOWN = {case.args[0].name for case in VISIBLE}

OWN = """
import numpy as np
def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        w -= learning_rate * (moment1 / (1 - beta1**t)) / (np.sqrt(moment2 / (1 - beta2**t)) + eps)
    return w
own_adam = adam
def bowl(w): return np.array([1.0, -3.0, 8.0]) * w + 1
S = np.ones(3), 0.1, 2, 0.9, 0.9, 0.1
"""
RIGHT_CHECKS = {
    "random gradients, from the same seed for both": """
def check_adam(adam):
    for seed in range(4):
        ends = []
        for walk in (adam, own_adam):
            rng = np.random.default_rng(seed)
            w, rate, b1, b2 = rng.integers(-9, 9, 4), rng.random(), rng.random(), rng.random()
            ends.append(walk(lambda w: rng.normal(size=4), w, rate, 30, b1, b2, rng.random()))
        if not np.max(np.abs(np.array(ends[0]) - ends[1])) < 1e-9: return False
    return True""",
    "every number of steps, all in one expression, by name": """
def check_adam(adam):
    def same(n, **s):
        s = dict(compute_gradient=bowl, w=np.array([2, 1, -4]), num_steps=n, **s)
        a, b = adam(**s), own_adam(**s)
        return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-8)
    return all(same(n, learning_rate=0.2, beta1=b1, beta2=b2, eps=eps)
               for n in (0, 1, 2, 3, 7, 21, 29) for b1, b2, eps in [(0.9, 0.999, 1e-8), (0.5, 0.8, 0.5)])""",
    "a number computed by hand, entry by entry, and 1 for True": """
def check_adam(adam):
    for rate, steps, b1, b2, eps in [(0.1, 1, 0.9, 0.99, 0.1), (0.02, 28, 0.6, 0.8, 0.3), (0.7, 12, 0.3, 0.95, 1e-3)]:
        w, m, v = [3.0, -1.0, 2.0], [0.0] * 3, [0.0] * 3
        for t in range(1, steps + 1):
            g = bowl(np.array(w))
            for k in range(3):
                m[k] = b1 * m[k] + (1 - b1) * g[k]
                v[k] = b2 * v[k] + (1 - b2) * g[k] ** 2
                w[k] -= rate * (m[k] / (1 - b1 ** t)) / ((v[k] / (1 - b2 ** t)) ** 0.5 + eps)
        got = adam(lambda w: list(bowl(w)), np.array([3, -1, 2]), rate, steps, b1, b2, eps)
        if not all(abs(a - b) < 1e-7 * (1 + abs(b)) for a, b in zip(got, w)): return 0
    return 1""",
    "the gradients' places are compared, too, and NumPy's own True comes back": """
def check_adam(adam):
    places = {}
    def noting(name):
        places[name] = []
        def gradient(w):
            places[name].append(w.copy())
            w[:] = 0
            return bowl(places[name][-1])
        return gradient
    good = np.bool_(True)
    for settings in [(0.1, 25, 0.9, 0.999, 1e-8), (0.5, 4, 0.2, 0.3, 1.0)]:
        start = np.array([[1, 2, 3], [-4, 5, 0]])
        a = adam(noting("a"), start, *settings)
        b = own_adam(noting("b"), start, *settings) if False else None
        c = [start.astype(float)]
        m = v = 0
        for t in range(settings[1]):
            g = bowl(c[-1])
            m, v = settings[2] * m + (1 - settings[2]) * g, settings[3] * v + (1 - settings[3]) * g ** 2
            c.append(c[-1] - settings[0] * m / (1 - settings[2] ** (t + 1)) / (
                np.sqrt(v / (1 - settings[3] ** (t + 1))) + settings[4]))
        good &= len(places["a"]) == settings[1] and np.allclose(places["a"], c[:-1]) and np.allclose(a, c[-1])
    return good""",
    "assert and try, a class, and a cubic": """
class Hill:
    def __call__(self, w): return w ** 3 - np.arange(1.0, 4.0)
def check_adam(adam):
    try:
        for steps in [1, 2, 27]:
            for settings in [(0.05, steps, 0.8, 0.9, 0.01), (2.0, steps, 0.9, 0.999, 1e-8)]:
                given, right = adam(Hill(), (2, -1, 1), *settings), own_adam(Hill(), (2, -1, 1), *settings)
                np.testing.assert_allclose(given, right, rtol=1e-6)
    except AssertionError:
        return False
    return True""",
}
# label: the code, and what is said
EXPLAINED = {
    "endless": ("def check_adam(adam):\n    while True: pass", "did not come back within"),
    "endless inside of the gradient": (
        "def check_adam(adam):\n    def g(w):\n        while True: pass\n    return adam(g, *S)",
        "did not come back within",
    ),
    "raises inside of the gradient": (
        "def check_adam(adam):\n    return adam(lambda w: w[7], np.ones(3), .1, 3, .9, .9, .1) is None",
        "IndexError: index 7 is out of bounds",
    ),
    "exits inside of the gradient": (
        "def check_adam(adam):\n    return adam(lambda w: exit(), np.ones(3), .1, 3, .9, .9, .1) is None",
        "stopped",
    ),
    "an assert": (
        "def check_adam(adam):\n    assert adam(bowl, np.ones(3), .1, 3, .9, .9, .1) is None, 'wrong!'",
        "AssertionError: wrong!",
    ),
    "too many steps": (
        "def check_adam(adam):\n    return bool(len(adam(bowl, np.ones(3), .1, 2000, .9, .9, .1)))",
        f"more than {MOST_STEPS:,} steps are asked for in all",
    ),
    "another order": (
        "def check_adam(adam):\n    return bool(len(adam(bowl, np.ones(3), 3, .1, .9, .9, .1)))",
        "`num_steps` must be a whole number",
    ),
    "no gradient": (
        "def check_adam(adam):\n    return bool(len(adam(3, np.ones(3), .1, 2, .9, .9, .1)))",
        "must be a function",
    ),
    "a gradient without return": (
        "def check_adam(adam):\n    return bool(len(adam(lambda w: None, np.ones(3), .1, 2, .9, .9, .1)))",
        "`compute_gradient` returned None",
    ),
    "a gradient that is a text": (
        "def check_adam(adam):\n    return bool(len(adam(lambda w: 'up', np.ones(3), .1, 2, .9, .9, .1)))",
        "must return an array of numbers",
    ),
    "a gradient that is an object": (
        "def check_adam(adam):\n    return bool(len(adam(lambda w: object(), np.ones(3), .1, 2, .9, .9, .1)))",
        "must return an array of numbers",
    ),
    "a gradient of another shape": (
        "def check_adam(adam):\n    return bool(len(adam(lambda w: np.ones(2), np.ones(3), .1, 2, .9, .9, .1)))",
        "they must be the same",
    ),
    "called again from inside": (
        "def check_adam(adam):\n    return adam(lambda w: adam(bowl, *S), *S)",
        "called again from inside",
    ),
    "an array for an answer": (
        "def check_adam(adam):\n    return np.isclose(adam(bowl, *S), own_adam(bowl, *S))",
        "must return True or False",
    ),
    "no return": ("def check_adam(adam):\n    adam(bowl, np.ones(3), .1, 2, .9, .9, .1)", "You returned None"),
    "a huge w": (
        "def check_adam(adam):\n    return bool(len(adam(bowl, np.ones(3000), .1, 2, .9, .9, .1)))",
        "at most 100 numbers",
    ),
}  # fmt: skip

# There the Adam runs in another process than the check; so these could differ.
ALSO_MARKED = {label for label in EXPLAINED if "inside" in label or "gradient" in label or "order" in label}


def written(code: str):
    space: dict = {}
    exec(OWN, space)
    run_as_cell(code, "<cell 08-check-adam>", space)
    return space["check_adam"]


def graded(tmp_path, code: str, seed: int = 1):
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in (OWN, code, 'check("08-check-adam", check_adam)')
    ]
    file = tmp_path / "one.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    marks = grade_notebook(file, seed=seed, lesson="08", sandboxed=False, limits=Limits(call_seconds=2.0))
    return next(mark for mark in marks.exercises if mark.id == EXERCISE.id), marks


# -- what is planted -------------------------------------------------------------------------------


def test_every_draw_has_wrong_adams_of_every_kind_and_grading_tries_none_that_the_notebook_shows():
    assert len(VISIBLE) == 18 and len(SHOWN & RIGHT.keys()) == 3
    assert EXERCISE.draw_cases(EXERCISE.visible_seed) == VISIBLE
    for seed in range(30):
        hidden = {case.args[0].name for case in EXERCISE.draw_cases([seed, 5])}
        assert len(hidden) == 18 and not hidden & SHOWN and len(hidden & RIGHT.keys()) == 3
        for count, _, names in lesson_08.WATCH_FOR.values():
            assert len(hidden & set(names.split())) == count


def test_the_cases_have_parts_so_that_an_instructor_can_give_part_of_the_points():
    assert {case.part for case in VISIBLE} == {FLOATS, WHOLE, CORNERS}


SETTINGS = [
    (start, rate, steps, *betas, eps)
    for start in ([3, -2], [0.3, 1.7])
    for rate, betas, eps in [(0.3, (0.7, 0.95), 0.2), (0.1, (0.9, 0.999), 1e-8), (0.05, (0.5, 0.6), 0.01)]
    for steps in (1, 2, 5, 12, 30)
]


def walk(name: str, start, *settings) -> np.ndarray:
    gradient = lambda w: np.array([1.0, 8.0]) * (w - np.array([0.5, -1.5]))  # noqa: E731
    return np.array(PlantedAdam(name).build()(gradient, np.array(start), *settings))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_adam_differs_by_rounding_alone_as_the_lesson_says(name):
    for settings in SETTINGS:
        right = walk_of_the_lesson(*settings)
        np.testing.assert_allclose(walk(name, *settings), right, rtol=1e-10)


def walk_of_the_lesson(start, *settings):
    gradient = lambda w: np.array([1.0, 8.0]) * (w - np.array([0.5, -1.5]))  # noqa: E731
    return lesson_08.adam(gradient, np.array(start), *settings)


PLANTED_NAMES = [name for _, _, names in lesson_08.WATCH_FOR.values() for name in names.split()]


def test_a_wrong_adam_shows_within_30_steps_in_the_third_digit_and_is_what_its_kind_says():
    assert len(PLANTED_NAMES) == len(set(PLANTED_NAMES))
    for name in PLANTED_NAMES:
        off = []
        for settings in SETTINGS:
            right, got = walk_of_the_lesson(*settings), walk(name, *settings)
            with np.errstate(all="ignore"):
                off.append(
                    np.max(np.abs(got - right) / np.abs(right)) if got.shape == right.shape else np.inf
                )
        assert not np.max(off) < 1e-3, name


@pytest.mark.parametrize("name", [*PLANTED_NAMES, *RIGHT])
def test_a_planted_adam_raises_nothing_and_leaves_the_start_alone(name):
    for start in (np.array([3, -2]), np.array([1.5]), np.ones((2, 3))):
        before = start.copy()
        end = PlantedAdam(name).build()(lambda w: 2 * w - 1, start, 0.1, 4, 0.8, 0.9, 0.01)
        assert np.asarray(end).dtype.kind in "if" and np.array_equal(start, before)
        PlantedAdam(name).build()(lambda w: 2 * w - 1, start, 0.1, 0, 0.8, 0.9, 0.01)


def test_the_limits_that_the_lesson_states_are_those_of_the_code():
    text = re.sub(
        r"\n# +", " ", (Path(__file__).parents[2] / "source" / "08_adam.py").read_text(encoding="utf-8")
    )
    assert f"{MOST_STEPS:,} steps, and `w` 100 entries" in text
    assert "within 30 steps at some setting, in the third digit or earlier" in text
    assert "in the tenth digit or later" in text


# -- checks that people write ----------------------------------------------------------------------


@pytest.mark.parametrize("label", RIGHT_CHECKS)
def test_a_right_check_in_an_unusual_style_passes_on_any_draw(label):
    check = written(RIGHT_CHECKS[label])
    for seed in (None, 1, 2, 3):
        feedback = check_exercise(EXERCISE, check, seed=seed)
        assert feedback.passed, feedback
        assert "finds 15 of 15 wrong Adams, and says True of 3 of 3 right ones" in feedback.sentence


@pytest.mark.parametrize("label", RIGHT_CHECKS)
def test_a_right_check_earns_its_points_behind_the_walls(label, tmp_path):
    mark, marks = graded(tmp_path, RIGHT_CHECKS[label])
    assert mark.status == "passed" and mark.points == 4, (mark.visible, marks.trouble)


@pytest.mark.parametrize("label", EXPLAINED)
def test_a_check_that_cannot_go_on_is_told_why_in_the_notebook_and_in_the_mark(label, tmp_path):
    code, said = EXPLAINED[label]
    feedback = check_exercise(dataclasses.replace(EXERCISE, seconds=2.0), written(code))
    assert not feedback.passed and said in str(feedback), feedback
    if label in ALSO_MARKED:
        mark, _ = graded(tmp_path, code)
        assert mark.points == 0 and said in mark.visible, mark.visible


def test_a_check_that_calls_for_ever_is_stopped(tmp_path):
    mark, _ = graded(
        tmp_path, "def check_adam(adam):\n    while True: adam(bowl, np.ones(3), .1, 0, .9, .9, .1)"
    )
    assert mark.status == "stopped" and "asked for more than 20,000 values of a function" in mark.visible


def test_the_score_is_said_and_a_false_alarm_counts(tmp_path):
    code = RIGHT_CHECKS["every number of steps, all in one expression, by name"]
    short = written(code.replace("(0, 1, 2, 3, 7, 21, 29)", "(0, 1, 2, 3, 7)"))
    feedback = check_exercise(EXERCISE, short)
    assert feedback.misconception == "few-steps"
    assert "finds 14 of 15 wrong Adams, and says True of 3 of 3 right ones" in str(feedback)
    exact = written(code.replace("np.allclose(a, b, rtol=1e-8)", "np.array_equal(a, b)"))
    feedback = check_exercise(EXERCISE, exact)
    assert feedback.misconception == "compares-exactly"
    assert "finds 15 of 15 wrong Adams, and says True of 1 of 3 right ones" in str(feedback)


def test_a_check_that_knows_the_notebooks_adams_alone_fails_on_the_hidden_ones(tmp_path):
    """It cannot look at the Adam itself, only at numbers: these are the numbers of the visible ones."""
    ends = sorted(
        {
            repr(np.round(PlantedAdam(name).build()(lambda w: w, np.array([3, -2]), 0.1, 3, 0.8, 0.9, 0.1), 6).tolist())
            for name in SHOWN - RIGHT.keys()
        }
    )  # fmt: skip
    code = f"""
WRONG = {ends}
def check_adam(adam):
    def end(rate, n, *s): return adam(lambda w: w, np.array([3, -2]), rate, n, *s)
    def usual(n, *s): return np.allclose(end(0.1, n, *s), own_adam(lambda w: w, np.array([3, -2]), 0.1, n, *s))
    if repr(np.round(end(0.1, 3, 0.8, 0.9, 0.1), 6).tolist()) in WRONG: return False
    return usual(25, 0.9, 0.999, 1e-8)
"""
    mark, _ = graded(tmp_path, code)
    assert mark.status == "failed"


def test_the_judge_holds_the_adam_and_the_submission_only_a_line_to_it(tmp_path):
    code = """
import inspect
def check_adam(adam):
    seen = [repr(type(adam)), repr(vars(adam)) if hasattr(adam, "__dict__") else ""]
    raise ValueError(" ".join(seen))
"""
    mark, _ = graded(tmp_path, code)
    assert not any(name in mark.visible.split("Seen with")[0] for name in (*PLANTED_NAMES, *RIGHT))
    assert code_of(PLANTED_NAMES[0]).__name__ == "adam"
