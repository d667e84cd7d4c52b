"""Exercises as data: what one is (`model`), how it is found (`catalogue`), and the course's own, one module a lesson."""

from optcourse.exercises.catalogue import (
    UnknownExercise,
    all_exercises,
    all_predictions,
    all_quizzes,
    get,
    lessons,
    module,
    prediction,
    quiz,
)

__all__ = [
    "UnknownExercise", "all_exercises", "all_predictions", "all_quizzes", "get", "lessons", "module", "prediction", "quiz",
]  # fmt: skip
