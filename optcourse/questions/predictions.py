"""A prediction without widgets: what it asks, whether a guess is right, and what is shown after the commitment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from optcourse import progress
from optcourse.checking.feedback import code_spans
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


def spoken(prediction: Prediction, guess: Any) -> str:
    """What is said after the commitment, as HTML: both answers, and why."""
    answer = computed_answer(prediction)
    right = is_right(prediction, guess)
    is_choice = prediction.kind == "choice"
    said = f"You said: {answer_text(prediction, guess)}."
    it_is = "" if right and is_choice else f" It is: {answer_text(prediction, answer)}."
    near = (
        f" Within {prediction.tolerance:.0%} counts as right."
        if not is_choice and prediction.tolerance
        else ""
    )
    reveal = prediction.reveal.replace("{answer}", answer_text(prediction, answer))
    # Chosen and true are marked on the cards; their words are for who cannot see the marks.
    heard = ' class="oc-said"' if is_choice else ""
    return f"<p{heard}>{code_spans(said + it_is + near)}</p><p>{code_spans(reveal)}</p>"


@dataclass(frozen=True)
class AskedPrediction:
    """A prediction as it is asked: a guess goes in, the answer comes out."""

    prediction: Prediction
    kind: ClassVar[str] = "predict"

    @property
    def id(self) -> str:
        return self.prediction.id

    def asked(self) -> dict:
        """What is shown before anybody has committed: nothing in it tells the answer."""
        prediction = self.prediction
        question = {
            "label": "Predict first",
            "question": code_spans(prediction.question),
            "choices": [code_spans(choice) for choice in prediction.choices],
            "drawings": list(prediction.drawings),
            "unit": prediction.unit,
            "commit": True,
            "watch": prediction.watch and asdict(prediction.watch),
        }
        return {"kind": "prediction", "id": prediction.id, "questions": [question]}

    def reply(self, message: dict) -> dict:
        """The answer to {"guess": a choice's place, a number, or a number as it was typed}.

        {"complaint": a sentence} while it is no guess; else {"guess", "truth", "right", "says": HTML, "record": what is
        kept}. "truth" is the place of the true choice, None for a number.
        """
        guess, complaint = self.read(message.get("guess"))
        if complaint:
            return {"complaint": complaint}
        answer, right = computed_answer(self.prediction), is_right(self.prediction, guess)
        return {
            "guess": guess,
            "truth": answer if self.prediction.kind == "choice" else None,
            "right": right,
            "says": spoken(self.prediction, guess),
            "record": {
                "right": right,
                "guess": answer_text(self.prediction, guess),
                "answer": answer_text(self.prediction, answer),
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

    def kept(self) -> dict[str, dict]:
        """The answer to an earlier commitment, by the question's number."""
        before = self.kept_guess(progress.prediction_made(self.prediction.id))
        return {} if before is None else {"0": self.reply({"guess": before})}

    def data(self) -> dict:
        """For a page without a kernel: the question, and what is said after each commitment."""
        prediction, asked = self.prediction, self.asked()
        if prediction.kind == "choice":
            answers = [self.told(k) for k in range(len(prediction.choices))]
            asked["questions"][0] |= {"answers": answers}
            return asked
        # Right and wrong; the page puts the reader's number in the place of {guess}.
        answer = computed_answer(prediction)
        answers = [self.told(guess) for guess in (answer, answer + 1 + abs(answer) * 10)]
        for told in answers:
            said = code_spans(f"You said: {answer_text(prediction, told['guess'])}.")
            told["says"] = told["says"].replace(said, "You said: {guess}.", 1)
        asked["questions"][0] |= {"answers": answers, "answer": answer, "tolerance": prediction.tolerance}
        return asked

    def told(self, guess: Any) -> dict:
        """What the browser is told of a guess: the answer without what is kept."""
        return {name: value for name, value in self.reply({"guess": guess}).items() if name != "record"}

    def twin(self, told: dict[str, dict] | None = None) -> tuple[str, str]:
        """The question, and what is said after the commitment, as HTML and as plain text."""
        prediction = self.prediction
        choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in prediction.choices)
        answer = (told or {}).get("0")
        lines = [f"Predict: {prediction.question}", *(f"  ○ {choice}" for choice in prediction.choices)]
        if answer:
            lines.append(f"You committed to: {answer_text(prediction, answer['guess'])}")
        question = f"<p><strong>Predict first.</strong> {code_spans(prediction.question)}</p>"
        says = answer["says"].replace(' class="oc-said"', "") if answer else ""
        return f"<div>{question}<ul>{choices}</ul>{says}</div>", "\n".join(lines)
