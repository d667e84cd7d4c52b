"""A prediction without widgets: what it asks, whether a guess is right, and what is shown after the commitment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.checking.feedback import block, code_spans
from optcourse.exercises.model import Prediction


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
    """An answer in words."""
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


@dataclass(frozen=True)
class AskedPrediction:
    """A prediction as it is asked: a guess goes in, the answer comes out."""

    prediction: Prediction

    @property
    def question(self) -> str:
        """The question as HTML."""
        words = code_spans(self.prediction.question)
        return f'<p style="margin:0;max-width:76ch"><strong>Predict.</strong> {words}</p>'

    def reply(self, message: dict) -> dict:
        """The answer to {"guess": a choice's place, a number, or a number as it was typed}.

        {"complaint": a sentence} while it is no guess; else {"guess", "right", "shown": HTML, "record": what is kept}.
        """
        guess, complaint = self.read(message.get("guess"))
        if complaint:
            return {"complaint": complaint}
        right = is_right(self.prediction, guess)
        return {
            "guess": guess,
            "right": right,
            "shown": reveal_block(self.prediction, guess),
            "record": {
                "right": right,
                "guess": answer_text(self.prediction, guess),
                "answer": answer_text(self.prediction, computed_answer(self.prediction)),
                "value": guess,
            },
        }

    def read(self, given: Any) -> tuple[Any, str]:
        """The guess as an index or a number, and a complaint where it is none."""
        if self.prediction.kind == "choice":
            known = type(given) is int and 0 <= given < len(self.prediction.choices)
            return (given, "") if known else (None, "Choose one of the answers first.")
        if isinstance(given, str):
            text = given.strip()
            given = text.replace(",", ".") if text.count(",") == 1 else text
        try:
            guess = float(given)
        except (ValueError, TypeError, OverflowError):
            return None, "Type a number first, for instance 0.5 or 1e-3."
        return (guess, "") if np.isfinite(guess) else (None, "Type a finite number.")

    def kept_guess(self, event: dict | None) -> Any:
        """The guess of an earlier commitment, where it still makes sense; else None."""
        value = event.get("value") if event else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if self.prediction.kind == "choice":
            return int(value) if 0 <= value < len(self.prediction.choices) else None
        return self.read(value)[0]

    def data(self) -> dict:
        """For a page without a kernel: the question, its choices, and what is shown after each commitment, as HTML."""
        prediction = self.prediction
        data = {
            "kind": "prediction",
            "id": prediction.id,
            "question": code_spans(prediction.question),
            "choices": [code_spans(choice) for choice in prediction.choices],
            "unit": prediction.unit,
        }
        if prediction.kind == "choice":
            return data | {"after": [reveal_block(prediction, k) for k in range(len(prediction.choices))]}
        # Right and wrong; the page puts the reader's number in the place of {guess}.
        answer = computed_answer(prediction)
        guesses = answer, answer + 1 + abs(answer) * 10
        said = [code_spans(f"You said: {answer_text(prediction, guess)}.") for guess in guesses]
        shown = [reveal_block(prediction, guess) for guess in guesses]
        return data | {
            "answer": answer,
            "tolerance": prediction.tolerance,
            "after": [
                html.replace(words, "You said: {guess}.", 1) for html, words in zip(shown, said, strict=True)
            ],
        }

    def twin(self, guess: Any = None) -> tuple[str, str]:
        """The question, and what is shown after `guess`, as HTML and as plain text."""
        prediction = self.prediction
        choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in prediction.choices)
        shown = "" if guess is None else reveal_block(prediction, guess)
        lines = [f"Predict: {prediction.question}", *(f"  ○ {choice}" for choice in prediction.choices)]
        if guess is not None:
            lines.append(f"You committed to: {answer_text(prediction, guess)}")
        return f"<div>{self.question}<ul>{choices}</ul>{shown}</div>", "\n".join(lines)
