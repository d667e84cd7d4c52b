"""check(): runs a learner's answer against an exercise and says what is wrong with it."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from optcourse import exercises, progress
from optcourse.checking.feedback import Feedback
from optcourse.checking.verdict import judge
from optcourse.exercises.model import Case, Exercise
from optcourse.exercises.own_numbers import Owner
from optcourse.learner.running import Answer, Outcome, left_out, look_at, run_case, shapes_of, values_outcome

log = logging.getLogger("optcourse")


def check(exercise_id: str, *answers: Any, seed: int | None = None, **named: Any) -> Feedback:
    """Check an answer and say what is right or wrong with it.

    Args:
        exercise_id: for instance "03-gradient-descent".
        answers: the learner's function, or the values that the exercise asks for.
        named: the same by name, as in `check("03-read-a-hessian", kappa=20, …)`.
        seed: draws other cases than the usual ones.

    Returns:
        Feedback, which shows itself at the end of a cell. It never raises: a mistake in the answer is a
        sentence in it.
    """
    try:
        exercise = exercises.get(exercise_id)
        if named and not answers and set(named) == set(exercise.answers):
            answers = tuple(named[name] for name in exercise.answers)
        elif named:
            answers = ()  # then the feedback says how to hand them over
        feedback = _check_own(exercise, *answers, seed=seed)
    except progress.BadKey as error:
        return Feedback(exercise.id, exercise.title, "error", str(error))
    except exercises.UnknownExercise as error:
        if os.environ.get("OPTCOURSE_STRICT") == "1":
            raise
        return Feedback(str(exercise_id), "Unknown exercise", "error", str(error))
    except Exception as error:
        log.exception("the check of %s failed", exercise_id)
        if os.environ.get("OPTCOURSE_STRICT") == "1":
            raise
        sentence = (
            f"The check itself failed ({type(error).__name__}: {error}). This is a mistake of the course, "
            "not yours."
        )
        return Feedback(str(exercise_id), str(exercise_id), "error", sentence)
    _remember(exercise, feedback)
    return feedback


def own_exercise(exercise: Exercise) -> tuple[Exercise, Owner | None]:
    """The exercise with the learner's own numbers and whose they are; as it is, and None, where nobody has any.

    Raises:
        progress.BadKey: the course key cannot be read.
        NoName: there is a key, and nobody has said who they are.
    """
    key = progress.course_key() if exercise.numbers else None
    if key is None:
        return exercise, None
    name = progress.name_given()
    if name is None:
        raise NoName
    owner = Owner(key, name)
    return owner.exercise(exercise), owner


class NoName(Exception):
    """There is a course key, and nobody has said who they are."""


ASK_FOR_NAME = (
    "In this course everybody has numbers of their own. Say once who you are, with your name as your course knows it: run "
    '`import optcourse; optcourse.my_name("Ada Lovelace")` in a cell. Then run this check again.'
)


def _check_own(exercise: Exercise, *answers: Any, seed: int | None) -> Feedback:
    """The feedback for the learner's own numbers, which it states."""
    try:
        own, owner = own_exercise(exercise)
    except NoName:
        return _feedback(exercise, "not started", ASK_FOR_NAME)
    feedback = check_exercise(own, *answers, seed=seed)
    return replace(feedback, details=(*feedback.details, owner.line(own))) if owner else feedback


def check_exercise(exercise: Exercise, *answers: Any, seed: int | None = None) -> Feedback:
    """The feedback for answers to an exercise, without keeping it in the learner's progress."""
    if len(answers) != len(exercise.answers):
        return _feedback(exercise, "error", f"Hand over the answer like this: {call_text(exercise)}")
    cases = exercise.draw_cases(visible_seed(exercise) if seed is None else seed)
    found = [look_at(answer, shapes_of(cases)) for answer in answers]
    if exercise.kind == "value":
        outcomes = [values_outcome(exercise.answers, answers)]
    elif found[0].kind == "function" and found[0].takes is None:
        outcomes = run_cases(answers[0], cases, exercise.seconds)
    else:
        outcomes = []
    return feedback_for(exercise, cases, found, outcomes)


def visible_seed(exercise: Exercise) -> list[int]:
    """The seed of the cases in the notebook: the same at every run, another for every exercise."""
    return exercise.visible_seed


def call_text(exercise: Exercise) -> str:
    return f'`check("{exercise.id}", {", ".join(exercise.answers)})`'


def feedback_for(
    exercise: Exercise,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    outcomes: Sequence[Outcome],
    expected: Sequence[Outcome] | None = None,
) -> Feedback:
    """The feedback, from what is known of the answers and what their calls gave. The grader uses it, too.

    expected: what the reference does on the cases, where that is known already.
    """
    if found := next((answer for answer in answers if answer.kind == "left out"), None):
        return _feedback(exercise, "error", left_out(found.name))
    if exercise.kind == "value":
        return _values_feedback(exercise, cases, answers, outcomes, expected)
    return _function_feedback(exercise, cases, answers[0], outcomes, expected)


def _function_feedback(exercise, cases, answer: Answer, outcomes, expected) -> Feedback:
    name = exercise.answers[0]
    if answer.kind == "blank":
        return _not_started(exercise, 0)
    if answer.kind == "missing":
        return _feedback(exercise, "error", f"`{name}` is not in the notebook.")
    if answer.kind != "function":
        sentence = f"Hand over the function itself, without calling it: {call_text(exercise)}"
        return _feedback(exercise, "error", sentence)
    if answer.takes is not None:
        wanted = ", ".join(inspect.signature(exercise.reference).parameters)
        return _feedback(
            exercise,
            "error",
            f"`{name}` must take the arguments ({wanted}); yours takes ({answer.takes}). Keep the `def` line as it was.",
        )
    blank = answer.line is not None
    verdict = judge(exercise, cases, outcomes, expected=expected, explain=not blank)
    tally = exercise.tally(cases, outcomes) if exercise.tally and len(outcomes) == len(cases) else ""
    if verdict.passed:
        return _feedback(exercise, "passed", tally or _praise(exercise, len(cases)))
    if blank:
        return _not_started(exercise, answer.line)
    failed_at = outcomes[verdict.case] if verdict.case is not None and verdict.case < len(outcomes) else None
    status = "error" if failed_at is not None and failed_at.failure and not verdict.misconception else "wrong"
    printed = failed_at.printed if failed_at is not None else ""
    return _feedback(
        exercise,
        status,
        verdict.sentence,
        (*verdict.details, tally),
        verdict.misconception,
        printed,
        verdict.also,
    )


def run_cases(function: Callable, cases: list[Case], seconds: float) -> list[Outcome]:
    """The outcomes of a function on the cases, up to the first that does not end."""
    outcomes = []
    for case in cases:
        outcomes.append(run_case(function, case, seconds))
        if outcomes[-1].failure and outcomes[-1].failure.kind in ("time", "stuck"):
            break
    return outcomes


def _values_feedback(exercise, cases, answers: Sequence[Answer], outcomes, expected) -> Feedback:
    for kind, status, before, after in (
        ("missing", "error", "", " not in the notebook"),
        ("blank", "not started", "still ", " `...`"),
    ):
        names = [n for n, a in zip(exercise.answers, answers, strict=True) if _is(a, kind)]
        if names:
            verb = "is" if len(names) == 1 else "are"
            return _feedback(exercise, status, f"{_names(names)} {before}{verb}{after}.")
    verdict = judge(exercise, cases, outcomes, expected=expected)
    if verdict.passed:
        return _feedback(exercise, "passed", "")
    return _feedback(
        exercise, "wrong", verdict.sentence, verdict.details, verdict.misconception, also=verdict.also
    )


def _is(answer: Answer, kind: str) -> bool:
    return answer.kind == kind or (kind == "blank" and answer.line is not None)


def _not_started(exercise: Exercise, line: int) -> Feedback:
    where = (
        f"Line {line} of the cell still holds `...`: your code goes there"
        if line
        else "Nothing is written here yet: your code goes where `...` stands or stood"
    )
    return _feedback(exercise, "not started", f"{where}, then run the cell and this check again.")


def _praise(exercise: Exercise, count: int) -> str:
    does = "agrees with the reference on" if exercise.verify is None else "does what is asked in"
    return f"`{exercise.answers[0]}` {does} all {count} cases."


def _names(names: list[str]) -> str:
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _feedback(exercise, status, sentence, details=(), misconception=None, printed="", also=None) -> Feedback:
    points = exercise.points if status == "passed" else 0
    return Feedback(
        exercise.id,
        exercise.title,
        status,
        sentence,
        points,
        exercise.points,
        tuple(d for d in details if d),
        misconception,
        printed,
        also,
    )


def _remember(exercise: Exercise, feedback: Feedback) -> None:
    progress.record(
        "check",
        exercise.id,
        status=feedback.status,
        points=feedback.points,
        of=feedback.max_points,
        misconception=feedback.misconception,
        **({"also": feedback.also} if feedback.also else {}),
    )
