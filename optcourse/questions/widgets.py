"""hints(), predict() and quiz(): thin shells of ipywidgets around the questions of predictions.py, quizzes.py and hints.py."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import ipywidgets

from optcourse import exercises, progress
from optcourse.checking.feedback import block
from optcourse.exercises.model import Exercise, Prediction, Quiz
from optcourse.questions import shell
from optcourse.questions.hints import AskedHints
from optcourse.questions.predictions import AskedPrediction
from optcourse.questions.quizzes import AskedQuiz


def _or_sentence(function: Callable) -> Callable:
    """An unknown id must not stop a notebook: it is a sentence too."""

    @functools.wraps(function)
    def safe(what: Any) -> shell.Panel:
        try:
            return function(what)
        except exercises.UnknownExercise as error:
            if os.environ.get("OPTCOURSE_STRICT") == "1":
                raise
            words = str(error)
            said = block("error", "Unknown", [words])
            return shell.Panel((shell.text(said),), lambda: (said, words))

    return safe


@_or_sentence
def hints(exercise: str | Exercise) -> shell.Panel:
    """Three hints for an exercise (its id), each a little more concrete, opened one at a time."""
    exercise = exercises.get(exercise) if isinstance(exercise, str) else exercise
    asked, opened = AskedHints(exercise), 0
    answer, message = shell.text(part="answer"), shell.text(part="answer")
    button = shell.button("", f"Open the next hint for {exercise.title}")

    def show() -> None:
        told = asked.reply({"open": opened})
        answer.value, button.description = told["shown"], told["button"]
        button.disabled = opened >= len(exercise.hints)

    @shell.guarded(message)
    def open_next(_: Any) -> None:
        nonlocal opened
        if opened < len(exercise.hints):
            opened += 1
            progress.record("hint", exercise.id, number=opened)
            show()

    button.on_click(open_next)
    show()
    return shell.Panel((answer, button, message), lambda: asked.twin(opened))


@_or_sentence
def predict(prediction: str | Prediction) -> shell.Panel:
    """A question (its id) to commit to before the picture answers it; the answer and the score come after."""
    prediction = exercises.prediction(prediction) if isinstance(prediction, str) else prediction
    asked, committed = AskedPrediction(prediction), None
    is_choice = prediction.kind == "choice"
    if is_choice:
        entry = shell.choices(prediction.choices, prediction.question)
    else:
        entry = shell.number(prediction.question, prediction.unit)
    button = shell.button("Commit", "Commit to this answer; the answer is shown afterwards")
    answer, message = shell.text(part="answer"), shell.text(part="answer")

    def show(told: dict) -> None:
        nonlocal committed
        committed = told["guess"]
        answer.value = told["shown"]
        button.disabled = entry.disabled = True
        button.description = "Committed"

    @shell.guarded(message)
    def commit(_: Any) -> None:
        told = asked.reply({"guess": entry.index if is_choice else entry.value})
        complaint = told.get("complaint")
        message.value = block("note", "Before you commit", [complaint]) if complaint else ""
        if complaint or committed is not None:
            return
        progress.record("predict", prediction.id, **told["record"])
        show(told)

    button.on_click(commit)
    before = asked.kept_guess(progress.prediction_made(prediction.id))
    if before is not None:
        if is_choice:
            entry.index = before
        else:
            entry.value = f"{before:g}"
        show(asked.reply({"guess": before}))
    parts = (shell.text(asked.question, "question"), entry, button, message, answer)
    return shell.Panel(parts, lambda: asked.twin(committed), asked.data)


@_or_sentence
def quiz(lesson: str | Quiz) -> shell.Panel:
    """The quiz of a lesson (its number), question by question, with an explanation for every choice."""
    quiz = exercises.quiz(lesson) if isinstance(lesson, str) else lesson
    asked, message = AskedQuiz(quiz), shell.text(part="answer")
    parts = [_quiz_question(asked, number, message) for number in range(len(quiz.questions))]
    return shell.Panel((*parts, message), asked.twin, asked.data)


def _quiz_question(asked: AskedQuiz, number: int, message: ipywidgets.HTML) -> ipywidgets.VBox:
    question = asked.quiz.questions[number]
    radio = shell.choices(question.choices, question.text)
    answer = shell.text(part="answer")

    @shell.guarded(message)
    def chosen(change: Any) -> None:
        if change["new"] is None:
            return
        told = asked.reply({"question": number, "choice": change["new"]})
        progress.record("quiz", asked.quiz.id, **told["record"])
        answer.value = told["shown"]

    radio.observe(chosen, names="index")
    parts = (shell.text(asked.heading(number), "question"), radio, answer)
    return ipywidgets.VBox(parts, layout=shell.BOX(width="100%", overflow="visible"))
