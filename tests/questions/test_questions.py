"""Hints, predictions and quizzes: what a learner presses, and what is kept."""

import logging

import numpy as np
import pytest

from optcourse import exercises, progress
from optcourse.exercises.model import Prediction, Question, Quiz
from optcourse.questions import widgets
from optcourse.questions.predictions import answer_text, computed_answer, reveal_block

pytestmark = pytest.mark.usefixtures("own_home")

GD = "03-gradient-descent"

CHOICE = Prediction(
    "99-choice",
    "Where does it go?",
    "choice",
    lambda: 1,
    "It goes {answer} because `x` < 1.",
    ("left", "right", "nowhere"),
)
NUMBER = Prediction(
    "99-number", "How many?", "number", lambda: 100.0, "{answer}, no less.", tolerance=0.1, unit="steps"
)
QUIZ = Quiz(
    "99",
    (
        Question("One?", ("yes", "no"), 0, ("Yes, one.", "No: one.")),
        Question("Two?", ("yes", "no"), 1, ("No: two.", "Right.")),
    ),
)


def texts(panel) -> str:
    found = []
    for child in panel.children:
        found.append(texts(child) if hasattr(child, "children") else str(getattr(child, "value", "")))
    return " ".join(found)


def of_type(panel, name):
    found = []
    for child in panel.children:
        if hasattr(child, "children"):
            found += of_type(child, name)
        if type(child).__name__ == name:
            found.append(child)
    return found


def test_hints_open_one_at_a_time_and_are_kept():
    exercise = exercises.get(GD)
    panel = widgets.hints(GD)
    button = of_type(panel, "Button")[0]
    assert exercise.hints[0][:20] not in texts(panel)
    for k in range(3):
        assert button.description == f"Hint {k + 1} of 3" and not button.disabled
        button.click()
        assert f"Hint {k + 1} of 3" in texts(panel)
        assert progress.progress().lessons[3].hints == k + 1
    assert button.disabled
    assert f"Hint {3}" in repr(panel)


def test_a_choice_that_ends_with_a_full_stop_stands_inside_a_sentence():
    said = reveal_block(exercises.prediction("00-where-it-ends"), 0)
    assert "You said: At the deepest point of the whole landscape. It is:" in said and ".." not in said


def test_a_choice_is_revealed_only_after_the_commitment():
    panel = widgets.predict(CHOICE)
    radio, button = of_type(panel, "RadioButtons")[0], of_type(panel, "Button")[0]
    button.click()
    assert "Choose one" in texts(panel) and progress.prediction_made("99-choice") is None
    radio.index = 0
    assert "because" not in texts(panel) and "because" not in panel._repr_mimebundle_()["text/html"]
    button.click()
    assert "It goes right because" in texts(panel) and "You said: left" in texts(panel)
    assert button.disabled and radio.disabled
    event = progress.prediction_made("99-choice")
    assert (event["right"], event["guess"], event["answer"]) == (False, "left", "right")
    button.click()
    assert len(progress.events()) == 1


def test_a_commitment_is_shown_again_when_the_cell_runs_again():
    first = widgets.predict(CHOICE)
    of_type(first, "RadioButtons")[0].index = 1
    of_type(first, "Button")[0].click()
    again = widgets.predict(CHOICE)
    assert of_type(again, "RadioButtons")[0].index == 1 and of_type(again, "Button")[0].disabled
    assert "As you predicted" in texts(again)
    assert len(progress.events()) == 1


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("100", True),
        ("1e2", True),
        ("109", True),
        ("91", True),
        ("112", False),
        ("-100", False),
        ("100,5", True),
    ],
)
def test_numbers(typed, right):
    panel = widgets.predict(NUMBER)
    of_type(panel, "Text")[0].value = typed
    of_type(panel, "Button")[0].click()
    assert progress.prediction_made("99-number")["right"] is right
    assert "100 steps" in texts(panel)
    assert of_type(widgets.predict(NUMBER), "Button")[0].disabled


@pytest.mark.parametrize("typed", ["", "many", "nan", "inf", "1,2,3"])
def test_what_is_no_number_is_asked_again(typed):
    panel = widgets.predict(NUMBER)
    of_type(panel, "Text")[0].value = typed
    of_type(panel, "Button")[0].click()
    assert "ype a" in texts(panel) and progress.prediction_made("99-number") is None
    assert not of_type(panel, "Button")[0].disabled


def test_a_stored_guess_that_makes_no_sense_any_more_is_asked_again():
    progress.record("predict", "99-choice", right=True, value=17)
    assert not of_type(widgets.predict(CHOICE), "Button")[0].disabled


def test_the_quiz_explains_every_choice_and_keeps_the_first():
    panel = widgets.quiz(QUIZ)
    first, second = of_type(panel, "RadioButtons")
    assert "No: one." not in texts(panel)
    first.index = 1
    assert "No: one." in texts(panel) and "Not yet" in texts(panel)
    first.index = 0
    assert "Yes, one." in texts(panel)
    second.index = 1
    assert [e["right"] for e in progress.events()] == [False, True, True]


def test_every_panel_has_a_widget_view_and_twins():
    for panel in (widgets.hints(GD), widgets.predict(CHOICE), widgets.quiz(QUIZ)):
        bundle = panel._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/html"].startswith("<div>") and "VBox" not in bundle["text/plain"]


def test_a_callback_that_fails_says_so_and_is_raised_in_tests(monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("planted")

    panel = widgets.hints(GD)
    quiz_radio = of_type(widgets.quiz(QUIZ), "RadioButtons")[0]
    monkeypatch.setattr(progress, "record", broken)
    with pytest.raises(RuntimeError, match="planted"):
        quiz_radio.index = 1
    with caplog.at_level(logging.ERROR, logger="optcourse"):
        of_type(panel, "Button")[0].click()  # ipywidgets itself swallows what a click raises: the log has it
    assert "RuntimeError: planted" in texts(panel) and "mistake of the course" in texts(panel)
    assert "Traceback" in caplog.text
    monkeypatch.delenv("OPTCOURSE_STRICT")
    quiz_radio.index = 0


def test_unknown_ids_are_sentences_outside_of_tests(monkeypatch):
    for function in (widgets.hints, widgets.predict, widgets.quiz):
        with pytest.raises(exercises.UnknownExercise):
            function("98-nothing")
    monkeypatch.delenv("OPTCOURSE_STRICT")
    for function in (widgets.hints, widgets.predict, widgets.quiz):
        assert "98" in texts(function("98-nothing"))


def test_answers_by_text_and_whole_numbers():
    by_text = Prediction("99-t", "Which?", "choice", lambda: "b", "{answer}", ("a", "b"))
    assert computed_answer(by_text) == 1
    assert answer_text(NUMBER, 691.0) == "691 steps"
    assert answer_text(NUMBER, np.pi) == "3.142 steps"


def test_marks_of_the_text_are_rendered_and_formulas_are_left_alone():
    from optcourse.checking.feedback import code_spans, plain

    assert "<em>forward</em>" in code_spans("with *forward* differences")
    assert code_spans("2 * w * x and a*b*c") == "2 * w * x and a*b*c"
    assert "<em>" not in code_spans("`a *b* c`")
    assert plain("set `h` in *each* step") == "set h in each step"
