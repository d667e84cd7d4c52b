"""A quiz without widgets: its questions, and what each choice is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optcourse.checking.feedback import code_spans
from optcourse.exercises.model import Question, Quiz


@dataclass(frozen=True)
class AskedQuiz:
    """A quiz as it is asked: a choice goes in, the answer comes out."""

    quiz: Quiz
    kind: ClassVar[str] = "quiz"

    @property
    def id(self) -> str:
        return self.quiz.id

    def asked(self) -> dict:
        """What is shown before anybody has chosen: nothing in it tells which choice is right."""
        of = len(self.quiz.questions)
        questions = [
            {
                "label": f"{number} of {of}.",
                "question": code_spans(question.text),
                "choices": [code_spans(choice) for choice in question.choices],
                "commit": False,
            }
            for number, question in enumerate(self.quiz.questions, 1)
        ]
        return {"kind": "quiz", "id": self.quiz.id, "questions": questions}

    def reply(self, message: dict) -> dict:
        """The answer to {"number": the question's place, "guess": the choice's place}.

        {"guess", "truth": its place if it is right, "right", "says": HTML, "record": what is kept}.
        """
        number, choice = message["number"], message["guess"]
        question = self.quiz.questions[number]
        record = {"question": number, "choice": choice, "right": choice == question.right}
        return {**told(question, choice), "record": record}

    def kept(self) -> dict[str, dict]:
        """Nothing: a quiz that is run again is asked again."""
        return {}

    def data(self) -> dict:
        """For a page without a kernel: each question, its choices, and what each choice is told."""
        asked = self.asked()
        for shown, question in zip(asked["questions"], self.quiz.questions, strict=True):
            shown["answers"] = [told(question, k) for k in range(len(question.choices))]
        return asked

    def twin(self, told: dict[str, dict] | None = None) -> tuple[str, str]:
        """The questions as HTML and as plain text."""
        items, lines = "", [f"Quiz {self.quiz.id}"]
        for k, question in enumerate(self.quiz.questions):
            choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in question.choices)
            items += f"<li>{code_spans(question.text)}<ul>{choices}</ul></li>"
            lines += [f"{k + 1}. {question.text}", *(f"   ○ {choice}" for choice in question.choices)]
        return f"<div><p>Quiz</p><ol>{items}</ol></div>", "\n".join(lines)


def told(question: Question, choice: int) -> dict:
    """What a choice is told. The right one is marked only when it is chosen: there is another try."""
    right = choice == question.right
    verdict = "Right." if right else "Not yet."
    return {
        "guess": choice,
        "truth": choice if right else None,
        "right": right,
        "says": f"<p><strong>{verdict}</strong> {code_spans(question.explanations[choice])}</p>",
    }
