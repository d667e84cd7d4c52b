"""Right answers pass, wrong ones fail and most are named, as people write them: the battery of `answers/`, see `battery.py`."""

from dataclasses import replace

import pytest

from optcourse import exercises
from optcourse.authoring.audit import with_its_cases
from optcourse.checking.check import check_exercise
from optcourse.checking.verdict import remembering
from optcourse.learner.blank import blank_line
from tests.lessons import battery

pytestmark = pytest.mark.usefixtures("own_home")

EXERCISES = [e.id for lesson in battery.lessons() for e in exercises.module(lesson).EXERCISES]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_answer_gets_its_due(exercise_id):
    exercise = exercises.get(exercise_id)
    answers = [a for a in battery.answers(exercise.lesson) if a.exercise == exercise_id]
    assert sum(a.right for a in answers) >= 5 and sum(not a.right for a in answers) >= 10
    with remembering():
        on_these = replace(with_its_cases(exercise), seconds=20)  # one of them never ends
        found = [(answer, check_exercise(on_these, *answer.given())) for answer in answers]
    assert not [f"{a.label}: {a.text}\n{f}" for a, f in found if f.passed != a.right]
    named = [(answer, feedback.misconception or "-") for answer, feedback in found if not answer.right]
    assert not [f"{name}, not {a.label}: {a.text}" for a, name in named if name != a.label]


def test_four_fifths_of_the_wrong_answers_have_a_name():
    wrong = [a for lesson in battery.lessons() for a in battery.answers(lesson) if not a.right]
    assert len(wrong) > 800
    assert sum(a.label != "-" for a in wrong) >= 0.8 * len(wrong)


def test_the_battery_says_where_an_edit_does_not_fit():
    with pytest.raises(ValueError, match="00-take-a-step, uphill: 'w \\*' stands 0 times"):
        battery.edited("return w - dw", "w * => w +", "00-take-a-step, uphill")
    assert battery.edited("a = b", "b => d; e; a => x", "") == "x = d; e"


def test_an_answer_is_read_from_its_own_text_whoever_ran_a_cell_of_that_name_before():
    blank = "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    ..."
    battery.run_as_cell(blank, "<cell 03-gradient-descent>", {})
    answer = next(a for a in battery.answers("03") if a.exercise == "03-gradient-descent" and a.right)
    assert blank_line(*answer.given()) is None
