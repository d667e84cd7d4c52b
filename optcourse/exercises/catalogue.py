"""The exercises of the course, one module a lesson, loaded when they are asked for.

A module `lesson_NN.py` has all three of EXERCISES, PREDICTIONS (tuples) and QUIZ (a Quiz or None).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any


class UnknownExercise(LookupError):
    """There is no exercise, prediction or quiz with this id."""

    def __str__(self) -> str:
        return str(self.args[0])


def lessons() -> list[str]:
    """The two digits of every lesson that has a module here, in order."""
    prefix = "lesson_"
    return sorted(
        m.name[len(prefix) :]
        for m in pkgutil.iter_modules([str(Path(__file__).parent)])
        if m.name.startswith(prefix)
    )


def module(lesson: str) -> ModuleType:
    """The module of a lesson; UnknownExercise where there is none."""
    if lesson not in lessons():
        raise UnknownExercise(
            f"There is no lesson {lesson!r} with exercises; there are {', '.join(lessons())}."
        )
    return importlib.import_module(f"optcourse.exercises.lesson_{lesson}")


def all_exercises() -> list:
    """Every exercise, in the order of the course."""
    return [exercise for lesson in lessons() for exercise in module(lesson).EXERCISES]


def all_predictions() -> list:
    """Every prediction, in the order of the course."""
    return [prediction for lesson in lessons() for prediction in module(lesson).PREDICTIONS]


def all_quizzes() -> list:
    """Every quiz, in the order of the course."""
    quizzes = (module(lesson).QUIZ for lesson in lessons())
    return [quiz for quiz in quizzes if quiz is not None]


def get(exercise_id: str):
    """The exercise with this id; UnknownExercise, with the nearest id, where there is none."""
    return _find("exercise", exercise_id, "EXERCISES", all_exercises)


def prediction(prediction_id: str):
    """The prediction with this id."""
    return _find("prediction", prediction_id, "PREDICTIONS", all_predictions)


def quiz(lesson: str):
    """The quiz of a lesson, by its two digits."""
    found = module(str(lesson)).QUIZ
    if found is None:
        raise UnknownExercise(f"Lesson {lesson} has no quiz.")
    return found


def _find(what: str, wanted: str, attribute: str, everything) -> Any:
    wanted = str(wanted)
    if wanted[:2] in lessons():
        for item in getattr(module(wanted[:2]), attribute):
            if item.id == wanted:
                return item
    near = difflib.get_close_matches(wanted, [item.id for item in everything()], n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise UnknownExercise(f'There is no {what} "{wanted}".{hint}')
