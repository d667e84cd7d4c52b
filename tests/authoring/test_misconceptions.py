"""Every exercise of the course: the reference passes, every known mistake fails and is called by its name."""

import dataclasses

import numpy as np
import pytest

from optcourse import exercises
from optcourse.authoring.audit import flaws, prediction_flaws, quiz_flaws
from optcourse.checking.check import check_exercise
from optcourse.exercises import families
from optcourse.exercises.mistakes import Family, mistakes
from optcourse.exercises.model import Exercise, Misconception, Prediction, Question, Quiz

pytestmark = pytest.mark.usefixtures("own_home")


BY_ID = {"ids": lambda item: item.id}


@pytest.mark.parametrize("exercise", exercises.all_exercises(), **BY_ID)
def test_the_exercise_is_fit(exercise):
    found = flaws(exercise)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("prediction", exercises.all_predictions(), **BY_ID)
def test_the_prediction_is_fit(prediction):
    assert not prediction_flaws(prediction)


@pytest.mark.parametrize("quiz", exercises.all_quizzes(), **BY_ID)
def test_the_quiz_is_fit(quiz):
    assert not quiz_flaws(quiz)


def test_ids_are_unique_and_belong_to_their_lesson():
    for everything in (exercises.all_exercises(), exercises.all_predictions()):
        ids = [item.id for item in everything]
        assert len(ids) == len(set(ids))
    for lesson in exercises.lessons():
        module = exercises.module(lesson)
        assert all(item.id.startswith(f"{lesson}-") for item in (*module.EXERCISES, *module.PREDICTIONS))


def test_every_mistake_of_a_family_is_made_somewhere():
    exercises.all_exercises()
    found = [family for family in vars(families).values() if isinstance(family, Family)]
    assert len(found) >= 6 and {family.name: family.unused() for family in found if family.unused()} == {}


def adam_almost(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        w -= learning_rate * moment1 / (np.sqrt(moment2) + eps)
    return w


def test_the_generic_mistakes_are_told_apart_for_an_algorithm_with_state():
    from optcourse.exercises import get

    like = get("03-gradient-descent")

    def cases(rng):
        plain_cases = like.cases(rng)
        return [dataclasses.replace(case, args=(*case.args, 0.9, 0.99, 1e-7)) for case in plain_cases]

    exercise = dataclasses.replace(
        like,
        answers=("adam_almost",),
        reference=adam_almost,
        cases=cases,
        misconceptions=mistakes(adam_almost, families.LOOP),
    )
    assert flaws(exercise) == []


# -- the audit bites: an exercise that is fit, and every way to spoil it ---------------------------------


def square(x):
    return x * x


def square_cases(rng):
    from optcourse.exercises.model import Case

    return [Case((rng.normal(size=3),)), Case((np.array([2, 3]),)), Case((rng.normal(size=1),))]


FIT = Exercise(
    id="99-square",
    title="Square",
    statement="Square every entry.",
    points=1,
    answers=("square",),
    reference=square,
    cases=square_cases,
    misconceptions=(
        Misconception("doubles", "You double the entries.", lambda x: x + x),
        Misconception("cubes", "You multiply once too often.", lambda x: x * x * x),
        Misconception("identity", "You return what you were given.", lambda x: x),
        Misconception("sums", "You add the squares up.", lambda x: np.sum(x * x)),
        Misconception("negative", "Your sign is the wrong way round.", lambda x: -x * x),
    ),
    hints=("What is a square?", "Multiply.", "`x * x`"),
)


def test_a_fit_exercise_has_no_flaws():
    assert flaws(FIT) == []


def with_wrong(*more):
    return {"misconceptions": FIT.misconceptions + more}


def writes_into_its_input(x):
    x *= x
    return x


SPOILT = {
    "passes": with_wrong(Misconception("right", "This is right.", lambda x: x**2)),
    "is named 'doubles'": with_wrong(Misconception("twice", "This is the same.", lambda x: 2 * x)),
    "the reference does not pass": {
        "reference": writes_into_its_input,
        "cases": lambda rng: square_cases(rng)[:1],
    },
    "misconceptions; 5 are needed": {"misconceptions": FIT.misconceptions[1:]},
    "misconceptions; 10 are needed": {"algorithm": True},
    "three are needed": {"hints": ("One.", "Two.")},
    "the word 'Simply'": {"statement": "Simply square it."},
    "share the sentence": with_wrong(Misconception("other", "You double the entries.", lambda x: x + 7)),
    "share the id": with_wrong(Misconception("doubles", "You add seven.", lambda x: x + 7)),
    "every seed gives the same cases": {"cases": lambda rng: square_cases(np.random.default_rng(0))},
    "fewer than three sizes": {"cases": lambda rng: square_cases(rng)[:2], "algorithm": True},
    "no case starts from whole numbers": {"cases": lambda rng: square_cases(rng)[:1], "algorithm": True},
    "no points": {"points": 0},
    "is not of the form": {"id": "square"},
}


@pytest.mark.parametrize("part", SPOILT)
def test_the_audit_finds_the_flaw(part):
    spoilt = dataclasses.replace(FIT, **SPOILT[part])
    assert any(part in flaw for flaw in flaws(spoilt)), flaws(spoilt)


def test_the_audit_runs_a_misconception_twice_on_a_case_and_not_once_for_every_other():
    """Once as an answer, once to compare the answers with; and outside of the audit nothing is remembered."""
    ran = []

    def counted(x):
        ran.append(x)
        return -x * x

    spoilt = dataclasses.replace(
        FIT, misconceptions=(*FIT.misconceptions[:4], Misconception("n", "Sign.", counted))
    )
    assert flaws(spoilt) == [] and len(ran) == 2 * 3 * 3  # times three cases, three seeds
    check_exercise(spoilt, lambda x: x + x + x)
    check_exercise(spoilt, lambda x: x + x + x)
    assert len(ran) > 18 + 1 and (len(ran) - 18) % 2 == 0


def test_a_documented_equivalent_may_be_named_instead():
    twin = Misconception("twice", "This is the same.", lambda x: 2 * x, same_as=("doubles",))
    assert flaws(dataclasses.replace(FIT, **with_wrong(twin))) == []


def test_a_reference_that_fails_is_our_mistake_and_is_raised():
    with pytest.raises(RuntimeError, match="the reference fails"):
        flaws(dataclasses.replace(FIT, reference=lambda x: 1 / 0))


def test_a_case_that_cannot_travel_is_our_mistake_and_is_raised():
    from optcourse.exercises.model import Case

    spoilt = dataclasses.replace(FIT, cases=lambda rng: [*square_cases(rng), Case((np.float64,))])
    with pytest.raises((TypeError, RuntimeError)):
        flaws(spoilt)


def test_predictions_and_quizzes_are_audited_too():
    prediction = Prediction("99-p", "How many?", "choice", lambda: 5, "{answer}", choices=("one", "two"))
    assert any("none of the 2 choices" in flaw for flaw in prediction_flaws(prediction))
    share = Prediction("99-q", "How much?", "number", lambda: 3.0, "It is {answer} %.", unit="%")
    assert any("would stand there twice" in flaw for flaw in prediction_flaws(share))
    question = Question("Which?", ("a", "a"), 0, ("x", "y"))
    assert any("are the same" in flaw for flaw in quiz_flaws(Quiz("99", (question,) * 4)))
    long = Question("Which?", ("no", "the right one is long", "nay"), 1, ("x", "y", "z"))
    assert any("can be guessed" in flaw for flaw in quiz_flaws(Quiz("99", (long,) * 4)))
    assert any("same place" in flaw for flaw in quiz_flaws(Quiz("99", (question,) * 4)))
