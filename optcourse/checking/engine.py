"""check(): runs a learner's answer against an exercise and says what is the matter."""

from __future__ import annotations

import difflib
import inspect
import logging
import os
import zlib
from collections.abc import Callable
from typing import Any

from optcourse import exercises
from optcourse.checking.blank import blank_line
from optcourse.checking.feedback import Feedback
from optcourse.checking.judging import judge
from optcourse.checking.model import Case, Exercise
from optcourse.checking.running import Outcome, Unusable, plain, run_case

log = logging.getLogger("optcourse")


def check(exercise_id: str, *answers: Any, seed: int | None = None) -> Feedback:
    """Check an answer and say what is right or wrong with it.

    Args:
        exercise_id: for instance "03-gradient-descent".
        answers: the learner's function, or the values that the exercise asks for.
        seed: draws other cases than the usual ones.

    Returns:
        Feedback, which shows itself at the end of a cell. It never raises: a mistake in the answer is a
        sentence in it.
    """
    try:
        exercise = exercises.get(exercise_id)
        feedback = check_exercise(exercise, *answers, seed=seed)
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


def check_exercise(exercise: Exercise, *answers: Any, seed: int | None = None) -> Feedback:
    """The feedback for answers to an exercise, without keeping it in the learner's progress."""
    if len(answers) != len(exercise.answers):
        return _feedback(exercise, "error", f"Hand over the answer like this: {call_text(exercise)}")
    cases = exercise.draw_cases(visible_seed(exercise) if seed is None else seed)
    if exercise.kind == "value":
        return _check_values(exercise, cases, answers)
    return _check_function(exercise, cases, answers[0])


def visible_seed(exercise: Exercise) -> list[int]:
    """The seed of the cases in the notebook: the same at every run, another for every exercise."""
    return [zlib.crc32(exercise.id.encode())]


def call_text(exercise: Exercise) -> str:
    return f'`check("{exercise.id}", {", ".join(exercise.answers)})`'


def _check_function(exercise: Exercise, cases: list[Case], function: Any) -> Feedback:
    name = exercise.answers[0]
    if function is Ellipsis:
        return _not_started(exercise, 0)
    if not callable(function):
        sentence = f"Hand over the function itself, without calling it: {call_text(exercise)}"
        return _feedback(exercise, "error", sentence)
    dots = blank_line(function)
    wrong_arguments = _argument_problem(exercise, cases, function)
    if wrong_arguments:
        return _feedback(exercise, "error", wrong_arguments)
    outcomes = run_cases(function, cases, exercise.seconds)
    verdict = judge(exercise, cases, outcomes)
    if verdict.passed:
        return _feedback(exercise, "passed", _praise(exercise, len(cases)))
    if dots is not None:
        return _not_started(exercise, dots)
    failed_at = outcomes[verdict.case] if verdict.case is not None and verdict.case < len(outcomes) else None
    status = "error" if failed_at is not None and failed_at.failure and not verdict.misconception else "wrong"
    printed = failed_at.printed if failed_at is not None else ""
    return _feedback(
        exercise, status, verdict.sentence, verdict.details, verdict.misconception, printed, name=name
    )


def run_cases(function: Callable, cases: list[Case], seconds: float) -> list[Outcome]:
    """The outcomes of a function on the cases, up to the first that does not end."""
    outcomes = []
    for case in cases:
        outcomes.append(run_case(function, case, seconds))
        if outcomes[-1].failure and outcomes[-1].failure.kind in ("time", "stuck"):
            break
    return outcomes


def _check_values(exercise: Exercise, cases: list[Case], answers: tuple) -> Feedback:
    if any(blank_line(answer) is not None for answer in answers):
        missing = [
            name
            for name, answer in zip(exercise.answers, answers, strict=True)
            if blank_line(answer) is not None
        ]
        return _feedback(
            exercise, "not started", f"{_names(missing)} still {'is' if len(missing) == 1 else 'are'} `...`."
        )
    outcome = Outcome()
    values = []
    for name, answer in zip(exercise.answers, answers, strict=True):
        try:
            value, outcome.note = plain(answer)
        except Unusable as error:
            outcome.problem = f"`{name}`: " + str(error).replace("You returned", "it is")
            break
        values.append(value)
    outcome.result = (values[0] if len(values) == 1 else tuple(values)) if not outcome.problem else None
    verdict = judge(exercise, cases, [outcome])
    if verdict.passed:
        return _feedback(exercise, "passed", "")
    return _feedback(exercise, "wrong", verdict.sentence, verdict.details, verdict.misconception)


def _argument_problem(exercise: Exercise, cases: list[Case], function: Callable) -> str | None:
    """A sentence where the learner's function cannot take the arguments of the exercise."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-ins have none; calling will tell
        return None
    for case in cases:
        try:
            signature.bind(*case.args, **case.kwargs)
        except TypeError:
            wanted = ", ".join(inspect.signature(exercise.reference).parameters)
            return (
                f"`{exercise.answers[0]}` must take the arguments ({wanted}); yours takes "
                f"({', '.join(signature.parameters)}). Keep the `def` line as it was."
            )
    return None


def _not_started(exercise: Exercise, line: int) -> Feedback:
    where = (
        f"Line {line} of the cell still holds `...`: your code goes there"
        if line
        else "Write your code where `...` stands"
    )
    return _feedback(exercise, "not started", f"{where}, then run the cell and this check again.")


def _praise(exercise: Exercise, count: int) -> str:
    does = "agrees with the reference on" if exercise.verify is None else "does what is asked in"
    return f"`{exercise.answers[0]}` {does} all {count} cases."


def _names(names: list[str]) -> str:
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _feedback(exercise, status, sentence, details=(), misconception=None, printed="", name="") -> Feedback:
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
    )


def _remember(exercise: Exercise, feedback: Feedback) -> None:
    from optcourse import progress

    progress.record(
        "check",
        exercise.id,
        status=feedback.status,
        points=feedback.points,
        of=feedback.max_points,
        misconception=feedback.misconception,
    )


def closest(name: str, names: list[str]) -> str:
    """' Did you mean …?' or nothing."""
    near = difflib.get_close_matches(str(name), names, n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
