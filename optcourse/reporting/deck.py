"""The lecture after the marks: the most common mistakes of a class, each with code, a prediction for the room, and a picture.

The deck is a notebook like a lesson's, so `optcourse slides` shows it as it shows a lesson. `ask` and `draw` are what its
cells call. It holds what `findings` gives, which is anonymous.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np

from optcourse import exercises
from optcourse.exercises.model import Exercise, Prediction
from optcourse.explorers.engine import Explorer
from optcourse.lessons import title_of
from optcourse.questions.widgets import predict
from optcourse.reporting.findings import Findings, Mistake, NoFindings
from optcourse.reporting.pictures import Count, code_of, drawn, losses, misconception

MOST = 5
ALIKE = 1.25  # runs whose last losses are nearer than by this factor end at the same height, for a room
OUTCOMES = (
    "It ends as low as the right run, or nearly.",
    "It goes down, and ends higher than the right run.",
    "It ends lower than the right run.",
    "It ends higher than it began, or nowhere at all.",
)
NOTHING = "Nothing: it is right."


def draw(exercise_id: str, mistake: str, count: int, of: int) -> Explorer:
    """The picture of a mistake that `count` of `of` students made."""
    found = drawn(exercise_id, mistake)
    return found.explorer if found is not None else Count(count, of)


def ask(exercise_id: str, mistake: str, count: int, of: int) -> Any:
    """The question for the room."""
    return predict(question(exercises.get(exercise_id), mistake, count, of))


def question(exercise: Exercise, mistake: str, count: int, of: int) -> Prediction:
    """Where the mistake's run ends, where the lesson's explorer shows its loss; else, what is wrong with it."""
    sentence = misconception(exercise, mistake).sentence
    reveal = f"{sentence} {count} of {of} students made this mistake."
    id = f"{exercise.id}: {mistake}"
    found = drawn(exercise.id, mistake)
    if found is not None and found.right is not None:
        wrong, right = losses(found.explorer), losses(found.right)
        if wrong is not None and right is not None:
            text = "This code runs where the lesson's explorer starts, beside the right code. How does its run end?"
            return Prediction(id, text, "choice", _constant(outcome(wrong, right)), reveal, OUTCOMES)
    choices, place = sentences(exercise, mistake)
    text = "Somebody handed this in. What is wrong with it?"
    return Prediction(id, text, "choice", _constant(place), reveal, choices)


def _constant(value: int) -> Callable[[], int]:
    return lambda: value


def outcome(wrong: np.ndarray, right: np.ndarray) -> int:
    """Which of OUTCOMES is true of a run with these losses, against the right run's."""
    last = wrong[-1] if len(wrong) else np.nan
    if not np.isfinite(last) or last > wrong[0]:
        return 3
    ratio = (last + 1e-300) / (right[-1] + 1e-300)
    if 1 / ALIKE <= ratio <= ALIKE:
        return 0
    return 1 if ratio > 1 else 2


def sentences(exercise: Exercise, mistake: str) -> tuple[tuple[str, ...], int]:
    """The mistake's sentence among those of others that give other numbers, in an order that says nothing, and its place."""
    wrong = misconception(exercise, mistake)
    alike = {mistake, *wrong.same_as, *(m.id for m in exercise.misconceptions if mistake in m.same_as)}
    others = [
        m.sentence for m in exercise.misconceptions if m.id not in alike and m.sentence != wrong.sentence
    ]
    order = np.random.default_rng(zlib.crc32(f"{exercise.id} {mistake}".encode()))
    chosen = [others[k] for k in order.permutation(len(others))[:2]] + [wrong.sentence]
    chosen = [chosen[k] for k in order.permutation(len(chosen))]
    return (*chosen, NOTHING), chosen.index(wrong.sentence)


# -- the notebook ----------------------------------------------------------------------------------


def notebook(findings: Findings) -> nbformat.NotebookNode:
    """The deck as a notebook. NoFindings where the class made no mistake that enough students share."""
    if not findings.mistakes:
        raise NoFindings(
            "no mistake that this course knows was made by three students or more; there is no deck to give."
        )
    lessons = " and ".join(title_of(lesson) for lesson in findings.lessons)
    cells = [
        _words(f"# What the marks say: {lessons}\n\n{_hardness(findings)}", "slide"),
        _words(
            "1 min. Which exercises were hard. Nothing on these slides comes from fewer than three students.",
            "notes",
        ),
    ]
    for number, mistake in enumerate(findings.mistakes[:MOST], 1):
        cells += _mistake(number, mistake)
    book = nbformat.v4.new_notebook(cells=cells)
    for number, cell in enumerate(book.cells):
        cell["id"] = f"deck-{number}"
    return book


def _hardness(findings: Findings) -> str:
    tried = any(hard.tries is not None for hard in findings.hard)
    head = "| exercise | solved by |" + (" tries until right (median) |" if tried else "")
    rows = [head, "|---|---|" + ("---|" if tried else "")]
    for hard in findings.hard:
        tries = f" {hard.tries:g} |" if hard.tries is not None else " |"
        rows.append(f"| {hard.exercise.title} | {hard.share} |" + (tries if tried else ""))
    return "\n".join(rows)


def _mistake(number: int, found: Mistake) -> list[nbformat.NotebookNode]:
    exercise, id = found.exercise, found.misconception.id
    call = f"({exercise.id!r}, {id!r}, {found.count}, {found.of})"
    told = f"3 min. {found.count} of {found.of} students. {found.misconception.sentence}"
    return [
        _words(f"## {number}. {exercise.title}\n\n```diff\n{code_of(exercise, id)}\n```", "slide"),
        _code(f"from optcourse.reporting.deck import ask\n\nask{call}"),
        _words(told, "notes"),
        _words(f"## {number}. {exercise.title}: what it does", "slide"),
        _code(f"from optcourse.reporting.deck import draw\n\ndraw{call}"),
        _words(found.misconception.sentence, "fragment"),
    ]


def _words(text: str, kind: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})


def _code(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(text, metadata={"slideshow": {"slide_type": "-"}})
