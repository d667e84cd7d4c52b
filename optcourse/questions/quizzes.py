"""A quiz without widgets: its questions, and what each choice is told."""

from __future__ import annotations

from dataclasses import dataclass

from optcourse.checking.feedback import block, code_spans
from optcourse.exercises.model import Question, Quiz


@dataclass(frozen=True)
class AskedQuiz:
    """A quiz as it is asked: a choice goes in, the answer comes out."""

    quiz: Quiz

    def reply(self, message: dict) -> dict:
        """The answer to {"question": its place, "choice": its place}: {"shown": HTML, "record": what is kept}."""
        number, choice = message["question"], message["choice"]
        question = self.quiz.questions[number]
        record = {"question": number, "choice": choice, "right": choice == question.right}
        return {"shown": told(question, choice), "record": record}

    def heading(self, number: int) -> str:
        """A question with its place in the quiz, as HTML."""
        place = f"{number + 1} of {len(self.quiz.questions)}."
        text = code_spans(self.quiz.questions[number].text)
        return f'<p style="margin:8px 0 0 0;max-width:76ch"><strong>{place}</strong> {text}</p>'

    def data(self) -> dict:
        """For a page without a kernel: each question, its choices, and what each choice is told, as HTML."""
        return {
            "kind": "quiz",
            "id": self.quiz.id,
            "questions": [
                {
                    "question": code_spans(question.text),
                    "choices": [code_spans(choice) for choice in question.choices],
                    "after": [told(question, k) for k in range(len(question.choices))],
                }
                for question in self.quiz.questions
            ],
        }

    def twin(self) -> tuple[str, str]:
        """The questions as HTML and as plain text."""
        items, lines = "", [f"Quiz {self.quiz.id}"]
        for k, question in enumerate(self.quiz.questions):
            choices = "".join(f"<li>{code_spans(choice)}</li>" for choice in question.choices)
            items += f"<li>{code_spans(question.text)}<ul>{choices}</ul></li>"
            lines += [f"{k + 1}. {question.text}", *(f"   ○ {choice}" for choice in question.choices)]
        return f"<div><p>Quiz</p><ol>{items}</ol></div>", "\n".join(lines)


def told(question: Question, choice: int) -> str:
    """What a choice is told, as HTML."""
    kind = "passed" if choice == question.right else "wrong"
    return block(kind, question.choices[choice], [question.explanations[choice]])
