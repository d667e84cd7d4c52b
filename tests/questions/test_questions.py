"""Hints, predictions and quizzes: what a learner presses, and what is kept."""

import importlib
import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from optcourse import exercises, progress
from optcourse.exercises.model import Prediction, Question, Quiz
from optcourse.questions import widgets
from optcourse.questions.predictions import AskedPrediction, answer_text, computed_answer, spoken
from optcourse.questions.quizzes import AskedQuiz

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


def words(card) -> str:
    """What a person reads in the card."""
    return json.dumps([card.asked, card.told], ensure_ascii=False)


def heard(card, monkeypatch) -> list:
    """What is sent to the browser besides `told`."""
    sent = []
    monkeypatch.setattr(card, "send", sent.append)
    return sent


def test_hints_open_one_at_a_time_and_are_kept():
    exercise = exercises.get(GD)
    card = widgets.hints(GD)
    assert exercise.hints[0][:20] not in words(card)
    for k in range(3):
        card.answer({"guess": k + 1})
        assert len(card.told["0"]["hints"]) == k + 1
        assert progress.progress().lessons[3].hints == k + 1
    card.answer({"guess": 9})
    assert len(card.told["0"]["hints"]) == 3
    assert "Hint 3" in repr(card)
    assert "Note" not in words(card)


def test_a_choice_that_ends_with_a_full_stop_stands_inside_a_sentence():
    said = spoken(exercises.prediction("00-where-it-ends"), 0)
    assert "You said: At the deepest point of the whole landscape. It is:" in said and ".." not in said


def test_a_choice_is_revealed_only_after_the_commitment(monkeypatch):
    card = widgets.predict(CHOICE)
    sent = heard(card, monkeypatch)
    card.answer({"guess": -1})
    assert sent == [{"number": 0, "complaint": "Choose one of the answers first."}]
    assert progress.prediction_made("99-choice") is None
    assert "because" not in words(card) and "because" not in card.twin()[0]
    card.answer({"guess": 0})
    told = card.told["0"]
    assert (told["guess"], told["truth"], told["right"]) == (0, 1, False)
    assert "It goes right because" in told["says"] and "You said: left" in told["says"]
    assert "record" not in told
    event = progress.prediction_made("99-choice")
    assert (event["right"], event["guess"], event["answer"]) == (False, "left", "right")
    card.answer({"guess": 1})
    assert len(progress.events()) == 1 and card.told["0"]["guess"] == 0


def test_nothing_that_the_browser_gets_tells_the_answer():
    """Also not the page's data of another kind: what is asked is the same whichever choice is true."""
    for prediction in exercises.all_predictions():
        asked = json.dumps(widgets.predict(prediction).asked)
        for index in range(len(prediction.choices)):
            twisted = replace(prediction, answer=lambda index=index: index)
            assert json.dumps(widgets.predict(twisted).asked) == asked


def test_a_commitment_is_shown_again_when_the_cell_runs_again():
    widgets.predict(CHOICE).answer({"guess": 1})
    again = widgets.predict(CHOICE)
    assert again.told["0"]["guess"] == 1 and again.told["0"]["right"]
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
    card = widgets.predict(NUMBER)
    card.answer({"guess": typed})
    assert progress.prediction_made("99-number")["right"] is right
    assert card.told["0"]["right"] is right and card.told["0"]["truth"] is None
    assert "100 steps" in card.told["0"]["says"]
    assert widgets.predict(NUMBER).told


@pytest.mark.parametrize("typed", ["", "many", "nan", "inf", "1,2,3"])
def test_what_is_no_number_is_asked_again(typed, monkeypatch):
    card = widgets.predict(NUMBER)
    sent = heard(card, monkeypatch)
    card.answer({"guess": typed})
    assert "ype a" in sent[0]["complaint"] and progress.prediction_made("99-number") is None
    assert not card.told


def test_a_stored_guess_that_makes_no_sense_any_more_is_asked_again():
    progress.record("predict", "99-choice", right=True, value=17)
    assert not widgets.predict(CHOICE).told


def test_the_quiz_explains_every_choice_and_keeps_the_first():
    card = widgets.quiz(QUIZ)
    assert "No: one." not in words(card)
    card.answer({"number": 0, "guess": 1})
    assert "No: one." in words(card) and "Not yet." in words(card) and card.told["0"]["truth"] is None
    card.answer({"number": 0, "guess": 0})
    assert "Yes, one." in words(card) and card.told["0"]["truth"] == 0
    card.answer({"number": 1, "guess": 1})
    assert [e["right"] for e in progress.events()] == [False, True, True]


def test_every_card_has_a_widget_view_and_twins():
    for card in (widgets.hints(GD), widgets.predict(CHOICE), widgets.quiz(QUIZ)):
        bundle, _ = card._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/html"].startswith("<div>") and "Card(" not in bundle["text/plain"]


def test_a_page_without_a_kernel_is_told_what_the_kernel_tells():
    for asked, guesses in ((AskedPrediction(CHOICE), range(3)), (AskedQuiz(QUIZ), range(2))):
        for number, question in enumerate(asked.data()["questions"]):
            for guess in guesses:
                answer = asked.reply({"number": number, "guess": guess})
                del answer["record"]
                assert question["answers"][guess] == answer
    number = AskedPrediction(NUMBER).data()["questions"][0]
    assert (number["answer"], number["tolerance"]) == (100.0, 0.1)
    assert [answer["right"] for answer in number["answers"]] == [True, False]
    assert all("You said: {guess}. It is: 100 steps." in answer["says"] for answer in number["answers"])


def test_a_question_that_fails_says_so_and_is_raised_in_tests(monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("planted")

    card = widgets.quiz(QUIZ)
    sent = heard(card, monkeypatch)
    monkeypatch.setattr(progress, "record", broken)
    with caplog.at_level(logging.ERROR, logger="optcourse"), pytest.raises(RuntimeError, match="planted"):
        card.answer({"number": 0, "guess": 1})
    assert sent == [
        {"number": 0, "error": "RuntimeError: planted. This is a mistake of the course, not yours."}
    ]
    assert "Traceback" in caplog.text and not card.told
    monkeypatch.delenv("OPTCOURSE_STRICT")
    card.answer({"number": 0, "guess": 0})


def test_what_a_prediction_plays_can_be_played():
    """The figure is an explorer of its lesson, and its controls can take the values."""
    for prediction in exercises.all_predictions():
        if prediction.watch is None:
            continue
        module = importlib.import_module(f"optcourse.explorers.lesson_{prediction.id[:2]}")
        explorer = getattr(module, prediction.watch.figure)()
        settings = [dict(setting) for setting in (prediction.watch.before, prediction.watch.after)]
        focus = [setting.pop("focus", "") for setting in settings]
        before, after = map(explorer.accepted, settings)
        assert (before, focus[0]) != (after, focus[1])
        for setting, name in zip((before, after), focus, strict=True):
            assert not name or name in {run.name for run in explorer.frame(**setting).runs}


def test_drawings_stand_for_choices_one_each():
    with pytest.raises(ValueError, match="every choice needs its drawing, or none has one"):
        replace(CHOICE, drawings=("M0 0",))


def test_unknown_ids_are_sentences_outside_of_tests(monkeypatch):
    for function in (widgets.hints, widgets.predict, widgets.quiz):
        with pytest.raises(exercises.UnknownExercise):
            function("98-nothing")
    monkeypatch.delenv("OPTCOURSE_STRICT")
    for function in (widgets.hints, widgets.predict, widgets.quiz):
        assert "98" in words(function("98-nothing"))


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
