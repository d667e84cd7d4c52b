"""The hints of an exercise without widgets: each a little more concrete, opened one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from optcourse.checking.feedback import block, code_spans
from optcourse.exercises.model import Exercise


@dataclass(frozen=True)
class AskedHints:
    """The hints as they are asked for: how many are open goes in, what stands there then comes out."""

    exercise: Exercise

    def reply(self, message: dict) -> dict:
        """The answer to {"open": how many}: {"open": how many there are of them, "shown": HTML, "button": its words}."""
        hints, count = self.exercise.hints, len(self.exercise.hints)
        number = max(0, min(message["open"], count))
        return {
            "open": number,
            "shown": "".join(
                block("note", f"Hint {k + 1} of {count}", [hint]) for k, hint in enumerate(hints[:number])
            ),
            "button": f"Hint {number + 1} of {count}" if number < count else "That was the last hint",
        }

    def twin(self, number: int) -> tuple[str, str]:
        """All hints to be opened, as HTML; the first `number` of them as plain text."""
        hints, count = self.exercise.hints, len(self.exercise.hints)
        items = "".join(
            f"<details><summary>Hint {k + 1} of {count}</summary>{code_spans(hint)}</details>"
            for k, hint in enumerate(hints)
        )
        title = f"Hints for “{self.exercise.title}”"
        opened = [f"Hint {k + 1}: {hint}" for k, hint in enumerate(hints[:number])]
        return f"<div><p>{escape(title)}</p>{items}</div>", "\n".join([f"{title}: {count} hints", *opened])
