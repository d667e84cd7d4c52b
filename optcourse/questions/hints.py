"""The hints of an exercise without widgets: each a little more concrete, opened one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import ClassVar

from optcourse.checking.feedback import code_spans
from optcourse.exercises.model import Exercise


@dataclass(frozen=True)
class AskedHints:
    """The hints as they are asked for: how many are to be open goes in, those come out."""

    exercise: Exercise
    kind: ClassVar[str] = "hint"

    @property
    def id(self) -> str:
        return self.exercise.id

    def asked(self) -> dict:
        return {"kind": "hints", "title": self.exercise.title, "count": len(self.exercise.hints)}

    def reply(self, message: dict) -> dict:
        """The answer to {"guess": how many are to be open}: {"hints": their HTML, "record": what is kept}."""
        number = max(0, min(message["guess"], len(self.exercise.hints)))
        return {
            "hints": [code_spans(hint) for hint in self.exercise.hints[:number]],
            "record": {"number": number},
        }

    def kept(self) -> dict[str, dict]:
        """Nothing: hints that are asked for again are closed again."""
        return {}

    def twin(self, told: dict[str, dict] | None = None) -> tuple[str, str]:
        """All hints to be opened, as HTML; those that are open as plain text."""
        hints, count = self.exercise.hints, len(self.exercise.hints)
        items = "".join(
            f"<details><summary>Hint {k + 1} of {count}</summary>{code_spans(hint)}</details>"
            for k, hint in enumerate(hints)
        )
        title = f"Hints for “{self.exercise.title}”"
        number = len((told or {}).get("0", {}).get("hints", ()))
        opened = [f"Hint {k + 1}: {hint}" for k, hint in enumerate(hints[:number])]
        return f"<div><p>{escape(title)}</p>{items}</div>", "\n".join([f"{title}: {count} hints", *opened])
