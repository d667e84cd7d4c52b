"""Is an exercise fit to be handed out? The tests ask this of every exercise; so can the author of a lesson.

python -m optcourse.authoring.audit 03
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from optcourse import exercises
from optcourse.checking.check import check_exercise, visible_seed
from optcourse.checking.feedback import Feedback
from optcourse.checking.verdict import remembering
from optcourse.exercises.model import Exercise, Misconception, Prediction, Quiz

SEEDS = (None, 1, 2)  # the notebook's own cases, and two that a grader might draw
PATIENCE = 120.0  # seconds for a call: a busy machine is no flaw of an exercise
BANNED = re.compile(
    r"\b(simply|obvious|obviously|trivial|trivially|of course|clearly|easy|easily)\b", re.IGNORECASE
)
FEWEST_MISCONCEPTIONS = {True: 10, False: 5}  # for algorithms, for others


def flaws(exercise: Exercise) -> list[str]:
    """Everything that is wrong with an exercise, in sentences; empty when it is fit."""
    exercise = replace(exercise, seconds=PATIENCE)
    return [
        *_words(exercise),
        *_reference_passes(exercise),
        *_blank_is_not_started(exercise),
        *_misconceptions_are_named(exercise),
        *_cases(exercise),
    ]


def _words(exercise: Exercise) -> Iterator[str]:
    if not re.fullmatch(r"\d\d(-[a-z0-9]+)+", exercise.id):
        yield f"the id {exercise.id!r} is not of the form NN-words"
    if exercise.points <= 0:
        yield "it has no points"
    if len(exercise.hints) != 3 or not all(exercise.hints):
        yield f"it has {len(exercise.hints)} hints; three are needed"
    count, fewest = len(exercise.misconceptions), FEWEST_MISCONCEPTIONS[exercise.algorithm]
    if count < fewest:
        yield f"it has {count} misconceptions; {fewest} are needed"
    for what, items in (
        ("id", [m.id for m in exercise.misconceptions]),
        ("sentence", [m.sentence for m in exercise.misconceptions]),
        ("hint", exercise.hints),
    ):
        for item in sorted({item for item in items if list(items).count(item) > 1}):
            yield f"two misconceptions or hints share the {what} {item!r}"
    for text in (
        exercise.title,
        exercise.statement,
        *exercise.hints,
        *(m.sentence for m in exercise.misconceptions),
    ):
        yield from _wording(text)


def _wording(text: str) -> Iterator[str]:
    if not text.strip():
        yield "a text is empty"
    for word in BANNED.findall(text):
        yield f"the word {word!r} in {text!r}"


def _reference_passes(exercise: Exercise) -> Iterator[str]:
    for seed in SEEDS:
        feedback = check_exercise(exercise, *_reference_answers(exercise), seed=seed)
        if not feedback.passed or feedback.points != exercise.points:
            yield f"the reference does not pass with full marks (seed {seed}): {feedback}"


def _reference_answers(exercise: Exercise) -> Sequence:
    if exercise.kind == "function":
        return (exercise.reference,)
    right = exercise.reference()
    return right if len(exercise.answers) > 1 else (right,)


def _blank_is_not_started(exercise: Exercise) -> Iterator[str]:
    blanks = [(...,) * len(exercise.answers)]
    if exercise.kind == "function":
        blanks.append((_blank,))
    for blank in blanks:
        status = check_exercise(exercise, *blank).status
        if status != "not started":
            yield f"a blank gives {status!r}, not 'not started'"


def _blank(*args, **kwargs):
    """Nothing here yet."""
    ...


def _misconceptions_are_named(exercise: Exercise) -> Iterator[str]:
    for misconception, seed, feedback in _judged(exercise):
        if feedback.passed:
            yield f"the misconception {misconception.id!r} passes (seed {seed})"
        elif feedback.misconception not in (misconception.id, *misconception.same_as):
            named = feedback.misconception or "nothing"
            yield f"the misconception {misconception.id!r} is named {named!r} (seed {seed}): {feedback}"


def _judged(exercise: Exercise) -> Iterator[tuple[Misconception, int | None, Feedback]]:
    """What the check says to each misconception. The others, with which it compares, run once on a case, not once for each."""
    for seed in SEEDS:
        on_these = with_its_cases(exercise, seed)
        with remembering():
            for misconception in exercise.misconceptions:
                answers = _wrong_answers(exercise, misconception)
                yield misconception, seed, check_exercise(on_these, *answers, seed=seed)


def with_its_cases(exercise: Exercise, seed: int | None = None) -> Exercise:
    """The exercise with the cases of a seed (None: the notebook's) drawn once, and with time for a busy machine."""
    cases = exercise.draw_cases(visible_seed(exercise) if seed is None else seed)
    return replace(exercise, cases=lambda _: cases, seconds=PATIENCE)


def _wrong_answers(exercise: Exercise, misconception: Misconception) -> Sequence:
    """A submission that has the misconception, and all else right."""
    if exercise.kind == "function":
        return (misconception.code,)
    wrong = misconception.code()
    if len(exercise.answers) == 1:
        return (wrong,)
    return [r if w is None else w for w, r in zip(wrong, exercise.reference(), strict=True)]


def _cases(exercise: Exercise) -> Iterator[str]:
    if exercise.kind == "value":
        return
    cases = exercise.draw_cases(1)
    one, other = (pickle.dumps([c.args for c in exercise.draw_cases(seed)]) for seed in (1, 2))
    if one == other:
        yield "every seed gives the same cases"
    if exercise.algorithm:
        starts = [arg for case in cases for arg in case.args if isinstance(arg, np.ndarray)]
        if not any(start.dtype.kind in "iu" for start in starts):
            yield "no case starts from whole numbers"
        if not any(start.size == 1 for start in starts):
            yield "no case has one entry only"
        if len({start.size for start in starts}) < 3:
            yield "the cases have fewer than three sizes of w"


def prediction_flaws(prediction: Prediction) -> list[str]:
    """Everything that is wrong with a prediction."""
    from optcourse.questions.predictions import computed_answer, is_right

    found = list(_wording(prediction.question)) + list(_wording(prediction.reveal))
    for choice in prediction.choices:
        found += _wording(choice)
    if len(set(prediction.choices)) != len(prediction.choices):
        found.append("two choices are the same")
    answer = computed_answer(prediction)
    if not is_right(prediction, answer):
        found.append(f"its own answer {answer!r} does not count as right")
    if prediction.kind == "choice" and not 0 <= answer < len(prediction.choices):
        found.append(f"the answer {answer} is none of the {len(prediction.choices)} choices")
    if prediction.kind == "number" and not np.isfinite(answer):
        found.append(f"the answer is {answer}")
    if prediction.unit and f"{{answer}} {prediction.unit}" in prediction.reveal:
        found.append(f"{{answer}} brings its unit along: {prediction.unit!r} would stand there twice")
    return found


def quiz_flaws(quiz: Quiz) -> list[str]:
    """Everything that is wrong with a quiz."""
    found = []
    if len(quiz.questions) < 3:
        found.append(f"it has {len(quiz.questions)} questions; at least three are needed")
    for question in quiz.questions:
        for text in (question.text, *question.choices, *question.explanations):
            found += _wording(text)
        if len(set(question.choices)) != len(question.choices):
            found.append(f"two choices of {question.text!r} are the same")
    longest = [
        question.text
        for question in quiz.questions
        if all(
            len(c) < len(question.choices[question.right])
            for c in question.choices
            if c != question.choices[question.right]
        )
    ]
    if 2 * len(longest) > len(quiz.questions):
        found.append(
            f"the right choice is the longest in {len(longest)} of {len(quiz.questions)} questions, so it can be guessed"
        )
    rights = {question.right for question in quiz.questions}
    if len(quiz.questions) >= 4 and len(rights) == 1:
        found.append("the right answer stands at the same place in every question")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    wanted = list(sys.argv[1:] if argv is None else argv) or exercises.lessons()
    count = 0
    for lesson in wanted:
        module = exercises.module(lesson)
        items = [(e.id, flaws(e)) for e in module.EXERCISES]
        items += [(p.id, prediction_flaws(p)) for p in module.PREDICTIONS]
        items += [(f"quiz {lesson}", quiz_flaws(module.QUIZ))] if module.QUIZ else []
        for name, found in items:
            count += len(found)
            print(f"{name}: {'fit' if not found else ''}")
            for flaw in found:
                print(f"  - {flaw}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
