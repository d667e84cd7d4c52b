"""hints(), predict() and quiz(): small widgets, each with a twin in HTML for whoever reads without a kernel.

A callback that fails shows one sentence in the widget and goes to the log with its traceback; with
OPTCOURSE_STRICT=1 (tests) it is raised again.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np

from optcourse import exercises, progress
from optcourse.checking.feedback import block, code_spans, plain
from optcourse.exercises.model import Exercise, Prediction, Quiz

log = logging.getLogger("optcourse")
QUESTIONS_MIME = "application/vnd.optcourse.questions+json"

STYLE = """<style>
.optcourse-choices .widget-radio-box { height: auto; gap: 4px; margin: 0; }
.optcourse-choices .widget-radio-box label {
  height: auto; line-height: 1.4; white-space: normal; max-width: 72ch; padding: 2px 0;
  display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start; gap: 8px; min-height: 24px;
  overflow: visible; text-overflow: clip; font-size: var(--jp-content-font-size1, 14px);
}
.optcourse-choices .widget-radio-box label input {
  width: 16px; height: 1.4em; margin: 0; float: none; flex: none;
  accent-color: var(--jp-brand-color1, #1565c0);
}
.optcourse-box .widget-html-content { line-height: 1.45; font-size: var(--jp-content-font-size1, 14px); }
.optcourse-choices { padding-left: 6px; } /* room for the ring of the focus */
.optcourse-box input[type=text] { border-color: var(--jp-ui-font-color2, #757575) !important; }
.optcourse-box button.jupyter-button { border: 1px solid var(--jp-ui-font-color2, #757575); }
.optcourse-box button:focus-visible, .optcourse-box input:focus-visible, .optcourse-answer:focus-visible {
  outline: 3px solid var(--jp-brand-color1, #1565c0) !important; outline-offset: 2px;
}
.optcourse-box, .optcourse-box .widget-box { overflow: visible; }
</style>"""

BOX = widgets.Layout  # a fresh layout each time: widgets must not share one


class Manners(anywidget.AnyWidget):
    """Shows nothing; gives the box that it stands in names, roles, keys and announcements (manners.js says which)."""

    _esm = Path(__file__).with_name("manners.js")


class Panel(widgets.VBox):
    """A box of widgets that also says in HTML and in plain text what stands in it."""

    def __init__(
        self, children: tuple, twin: Callable[[], tuple[str, str]], asks: Callable[[], dict] | None = None
    ) -> None:
        super().__init__(
            (*children, Manners(layout=BOX(display="none"))),
            layout=BOX(width="100%", max_width="820px", padding="4px 0"),
        )
        self.add_class("optcourse-box")
        self.twin = twin
        self.asks = asks  # the questions as data, for pages that ask them without a kernel

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        html, text = self.twin()
        if os.environ.get("OPTCOURSE_SAVED_PAGES") == "1":  # see publishing.execution
            asked = {QUESTIONS_MIME: self.asks()} if self.asks else {}
            return asked | {"text/html": html, "text/plain": text}
        return super()._repr_mimebundle_(**kwargs) | {"text/html": html, "text/plain": text}

    def __repr__(self) -> str:
        return self.twin()[1]


def guarded(message: widgets.HTML) -> Callable:
    """For callbacks: an error is one sentence in `message`, a traceback in the log, an exception in tests."""

    def decorate(callback: Callable) -> Callable:
        @functools.wraps(callback)
        def safe(*args: Any) -> None:
            try:
                callback(*args)
            except Exception as error:
                log.exception("a callback of the course failed")
                text = f"{type(error).__name__}: {error}. This is a mistake of the course, not yours."
                message.value = block("error", "A mistake of the course", [text])
                if os.environ.get("OPTCOURSE_STRICT") == "1":
                    raise

        return safe

    return decorate


def _or_sentence(function: Callable) -> Callable:
    """An unknown id must not stop a notebook: it is a sentence too."""

    @functools.wraps(function)
    def safe(id: str) -> Any:
        try:
            return function(id)
        except exercises.UnknownExercise as error:
            if os.environ.get("OPTCOURSE_STRICT") == "1":
                raise
            text = str(error)
            return Panel(
                (_html(block("error", "Unknown", [text])),), lambda: (block("error", "Unknown", [text]), text)
            )

    return safe


def _html(value: str = "", part: str = "") -> widgets.HTML:
    """HTML in a box; `part` says what it is to manners.js: "question" or "answer"."""
    html = widgets.HTML(value, layout=BOX(width="100%", height="auto", margin="2px 0"))
    if part:
        html.add_class(f"optcourse-{part}")
    return html


def _button(text: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=text, tooltip=tooltip, layout=BOX(width="max-content", min_width="9em"))


# -- hints ------------------------------------------------------------------------------------------


@_or_sentence
def hints(exercise_id: str) -> Panel:
    """Three hints for an exercise, each a little more concrete, opened one at a time."""
    return _hints(exercises.get(exercise_id))


def _hints(exercise: Exercise) -> Panel:
    count = len(exercise.hints)
    shown = 0
    text = _html(part="answer")
    button = _button("", f"Open the next hint for {exercise.title}")
    message = _html(part="answer")

    def draw() -> None:
        text.value = "".join(
            block("note", f"Hint {k + 1} of {count}", [exercise.hints[k]]) for k in range(shown)
        )
        button.description = f"Hint {shown + 1} of {count}" if shown < count else "That was the last hint"
        button.disabled = shown >= count

    @guarded(message)
    def open_next(_: Any) -> None:
        nonlocal shown
        if shown < count:
            shown += 1
            progress.record("hint", exercise.id, number=shown)
            draw()

    button.on_click(open_next)
    draw()

    def twin() -> tuple[str, str]:
        items = "".join(
            f"<details><summary>Hint {k + 1} of {count}</summary>{code_spans(hint)}</details>"
            for k, hint in enumerate(exercise.hints)
        )
        title = f"Hints for “{exercise.title}”"
        opened = [f"Hint {k + 1}: {exercise.hints[k]}" for k in range(shown)]
        return f"<div><p>{escape(title)}</p>{items}</div>", "\n".join([f"{title}: {count} hints", *opened])

    return Panel((_html(STYLE), text, button, message), twin)


# -- predictions ------------------------------------------------------------------------------------


@_or_sentence
def predict(prediction_id: str) -> Panel:
    """A question to commit to before the picture answers it; the answer and the score come after."""
    return _predict(exercises.prediction(prediction_id))


def computed_answer(prediction: Prediction) -> Any:
    """The answer as a choice's index or a float."""
    answer = prediction.answer()
    if prediction.kind == "choice":
        if isinstance(answer, str):
            return prediction.choices.index(answer)
        return int(answer)
    return float(answer)


def is_right(prediction: Prediction, guess: Any) -> bool:
    """Whether a guess (index or number) counts as right."""
    answer = computed_answer(prediction)
    if prediction.kind == "choice":
        return guess == answer
    return bool(np.isclose(guess, answer, rtol=prediction.tolerance, atol=1e-12))


def answer_text(prediction: Prediction, answer: Any) -> str:
    if prediction.kind == "choice":
        return prediction.choices[answer].rstrip(".")  # it stands inside sentences
    number = f"{answer:.4g}" if answer != int(answer) or abs(answer) >= 1e6 else f"{int(answer):,}"
    return f"{number} {prediction.unit}".strip()


def reveal_block(prediction: Prediction, guess: Any) -> str:
    """What is shown after the commitment."""
    answer = computed_answer(prediction)
    right = is_right(prediction, guess)
    said = f"You said: {answer_text(prediction, guess)}."
    it_is = "" if right and prediction.kind == "choice" else f" It is: {answer_text(prediction, answer)}."
    near = (
        f" Within {prediction.tolerance:.0%} counts as right."
        if prediction.kind == "number" and prediction.tolerance
        else ""
    )
    title = "As you predicted" if right else "Your prediction, and what came out"
    reveal = prediction.reveal.replace("{answer}", answer_text(prediction, answer))
    return block("passed" if right else "note", title, [said + it_is + near, reveal])


def _predict(prediction: Prediction) -> Panel:
    question = _html(_question_html(prediction.question), "question")
    entry = (
        _choice_entry(prediction.choices, prediction.question)
        if prediction.kind == "choice"
        else _number_entry(prediction)
    )
    button = _button("Commit", "Commit to this answer; the answer is shown afterwards")
    result = _html(part="answer")
    message = _html(part="answer")

    def show(guess: Any) -> None:
        result.value = reveal_block(prediction, guess)
        button.disabled = True
        button.description = "Committed"
        entry.disabled = True

    @guarded(message)
    def commit(_: Any) -> None:
        guess, complaint = _read_entry(prediction, entry)
        message.value = block("note", "Before you commit", [complaint]) if complaint else ""
        if complaint or button.disabled:
            return
        answer = computed_answer(prediction)
        progress.record(
            "predict",
            prediction.id,
            right=is_right(prediction, guess),
            guess=answer_text(prediction, guess),
            answer=answer_text(prediction, answer),
            value=guess,
        )
        show(guess)

    button.on_click(commit)
    before = progress.prediction_made(prediction.id)
    guess = _stored_guess(prediction, before)
    if guess is not None:
        if prediction.kind == "choice":
            entry.index = guess
        else:
            entry.value = f"{guess:g}"
        show(guess)

    def twin() -> tuple[str, str]:
        choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in prediction.choices)
        html = f"<div>{_question_html(prediction.question)}<ul>{choices}</ul>{result.value}</div>"
        lines = [f"Predict: {prediction.question}", *(f"  ○ {choice}" for choice in prediction.choices)]
        if button.disabled:
            lines.append(f"You committed to: {answer_text(prediction, _read_entry(prediction, entry)[0])}")
        return html, "\n".join(lines)

    return Panel(
        (_html(STYLE), question, entry, button, message, result), twin, lambda: _prediction_data(prediction)
    )


def _prediction_data(prediction: Prediction) -> dict:
    """A prediction as data: the question, its choices, and what is shown after each commitment, as HTML."""
    data = {
        "kind": "prediction",
        "id": prediction.id,
        "question": code_spans(prediction.question),
        "choices": [code_spans(choice) for choice in prediction.choices],
        "unit": prediction.unit,
    }
    answer = computed_answer(prediction)
    if prediction.kind == "choice":
        return data | {"after": [reveal_block(prediction, k) for k in range(len(prediction.choices))]}
    # right and wrong; the page puts the reader's number in the place of {guess}
    blocks = [reveal_block(prediction, answer), reveal_block(prediction, answer + 1 + abs(answer) * 10)]
    said = [f"You said: {answer_text(prediction, g)}." for g in (answer, answer + 1 + abs(answer) * 10)]
    return data | {
        "answer": answer,
        "tolerance": prediction.tolerance,
        "after": [
            b.replace(code_spans(s), "You said: {guess}.", 1) for b, s in zip(blocks, said, strict=True)
        ],
    }


def _stored_guess(prediction: Prediction, event: dict | None) -> Any:
    """The guess of an earlier commitment, where it still makes sense."""
    value = event.get("value") if event else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if prediction.kind == "choice":
        return int(value) if 0 <= value < len(prediction.choices) else None
    return float(value)


def _question_html(text: str) -> str:
    return f'<p style="margin:0;max-width:76ch"><strong>Predict.</strong> {code_spans(text)}</p>'


def _choice_entry(choices: tuple[str, ...], label: str) -> widgets.RadioButtons:
    radio = widgets.RadioButtons(
        options=[plain(choice) for choice in choices],
        index=None,
        description="",
        layout=BOX(width="100%", height="auto"),
    )
    radio.tooltip = label
    radio.add_class("optcourse-choices")
    return radio


def _number_entry(prediction: Prediction) -> widgets.Text:
    entry = widgets.Text(
        placeholder="a number",
        continuous_update=False,  # else a click on Commit may overtake the last letters on their way to the kernel
        description=f"Your number{f' ({prediction.unit})' if prediction.unit else ''}:",
        tooltip=prediction.question,
        style={"description_width": "max-content"},
        layout=BOX(width="24em", max_width="100%"),
    )
    entry.add_class("optcourse-number")
    return entry


def _read_entry(prediction: Prediction, entry: Any) -> tuple[Any, str]:
    """The guess, and a complaint where there is none."""
    if prediction.kind == "choice":
        return entry.index, "" if entry.index is not None else "Choose one of the answers first."
    text = entry.value.strip().replace(",", ".") if entry.value.count(",") == 1 else entry.value.strip()
    try:
        guess = float(text)
    except ValueError:
        return None, "Type a number first, for instance 0.5 or 1e-3."
    return (guess, "") if np.isfinite(guess) else (None, "Type a finite number.")


# -- quiz -------------------------------------------------------------------------------------------


@_or_sentence
def quiz(lesson: str) -> Panel:
    """The quiz of a lesson, question by question, with an explanation for every choice."""
    return _quiz(exercises.quiz(lesson))


def _quiz(quiz: Quiz) -> Panel:
    message = _html(part="answer")
    parts = [_quiz_question(quiz, k, message) for k in range(len(quiz.questions))]

    def twin() -> tuple[str, str]:
        items = ""
        for question in quiz.questions:
            choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in question.choices)
            items += f"<li>{code_spans(question.text)}<ul>{choices}</ul></li>"
        lines = [f"Quiz {quiz.id}"]
        for k, question in enumerate(quiz.questions):
            lines += [f"{k + 1}. {question.text}", *(f"   ○ {choice}" for choice in question.choices)]
        return f"<div><p>Quiz</p><ol>{items}</ol></div>", "\n".join(lines)

    return Panel((_html(STYLE), *parts, message), twin, lambda: _quiz_data(quiz))


def _quiz_data(quiz: Quiz) -> dict:
    """A quiz as data: for each question its text, its choices, and what each choice is told, as HTML."""
    return {
        "kind": "quiz",
        "id": quiz.id,
        "questions": [
            {
                "question": code_spans(question.text),
                "choices": [code_spans(choice) for choice in question.choices],
                "after": [_choice_block(question, k) for k in range(len(question.choices))],
            }
            for question in quiz.questions
        ],
    }


def _choice_block(question: Any, pick: int) -> str:
    return block(
        "passed" if pick == question.right else "wrong", question.choices[pick], [question.explanations[pick]]
    )


def _quiz_question(quiz: Quiz, number: int, message: widgets.HTML) -> widgets.VBox:
    question = quiz.questions[number]
    heading = f"<strong>{number + 1} of {len(quiz.questions)}.</strong> {code_spans(question.text)}"
    text = _html(f'<p style="margin:8px 0 0 0;max-width:76ch">{heading}</p>', "question")
    radio = _choice_entry(question.choices, question.text)
    explanation = _html(part="answer")

    @guarded(message)
    def chosen(change: Any) -> None:
        if change["new"] is None:
            return
        pick = change["new"]
        right = pick == question.right
        progress.record("quiz", quiz.id, question=number, choice=pick, right=right)
        explanation.value = _choice_block(question, pick)

    radio.observe(chosen, names="index")
    return widgets.VBox((text, radio, explanation), layout=BOX(width="100%", overflow="visible"))
