"""hints(), predict() and quiz(): what a lesson calls. Each is a card (shell.py) around a question of this folder."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from optcourse import exercises, progress
from optcourse.checking.check import NoName, own_exercise
from optcourse.exercises.model import Exercise, Prediction, Quiz
from optcourse.questions.hints import AskedHints
from optcourse.questions.predictions import AskedPrediction
from optcourse.questions.quizzes import AskedQuiz
from optcourse.questions.shell import Card, Words


def _or_sentence(function: Callable) -> Callable:
    """An unknown id must not stop a notebook: it is a sentence too."""

    @functools.wraps(function)
    def safe(what: Any) -> Card:
        try:
            return Card(function(what))
        except exercises.UnknownExercise as error:
            if os.environ.get("OPTCOURSE_STRICT") == "1":
                raise
            return Card(Words(str(error)))

    return safe


@_or_sentence
def hints(exercise: str | Exercise) -> Card:
    """Three hints for an exercise (its id), each a little more concrete, opened one at a time."""
    if not isinstance(exercise, str):
        return AskedHints(exercise)
    known = exercises.get(exercise)
    try:
        return AskedHints(own_exercise(known)[0])
    except (NoName, progress.BadKey):  # the check says what to do
        return AskedHints(known)


@_or_sentence
def predict(prediction: str | Prediction) -> Card:
    """A question (its id) to commit to before the picture answers it; the answer and the score come after."""
    return AskedPrediction(exercises.prediction(prediction) if isinstance(prediction, str) else prediction)


@_or_sentence
def quiz(lesson: str | Quiz) -> Card:
    """The quiz of a lesson (its number), question by question, with an explanation for every choice."""
    return AskedQuiz(exercises.quiz(lesson) if isinstance(lesson, str) else lesson)
