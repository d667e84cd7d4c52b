"""A question in a notebook: a card that hands each message of the browser to its question, and keeps what was answered.

A question that fails shows one sentence in its card and goes to the log with its traceback; with OPTCOURSE_STRICT=1
(tests) it is raised again.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from optcourse import progress
from optcourse.explorers import stage

log = logging.getLogger("optcourse")
HERE = Path(__file__).parent


def script() -> str:
    """The script of the cards for another script: `ask` and `askPage`, and no other name of it."""
    cards = (HERE / "card.js").read_text(encoding="utf-8").replace("export default { render };", "")
    return f"const {{ ask, askPage }} = (() => {{\n{cards}\nreturn {{ ask, askPage }};\n}})();\n"


def style() -> str:
    return (HERE / "card.css").read_text(encoding="utf-8")


class Card(anywidget.AnyWidget):
    """Shows a question: `asked` says what, `told` what was answered, by the number of the question.

    A browser that wants to know whether somebody hears an answer says hello.
    """

    _esm = stage.module("pulse.js") + (HERE / "card.js").read_text(encoding="utf-8")
    _css = style()

    asked = traitlets.Dict().tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def __init__(self, question: Any) -> None:
        told = {number: _without_record(answer) for number, answer in question.kept().items()}
        super().__init__(asked=question.asked(), told=told)
        self.question = question
        self.on_msg(self._hear)

    def _hear(self, _widget: Any, message: dict, _buffers: list) -> None:
        if message.get("kind") == "hello":
            self.send(message)
        else:
            self.answer(message)

    def answer(self, message: dict) -> None:
        """Tell the browser what is said to a guess, and keep it; a prediction is made once."""
        number = message.get("number", 0)
        if self.question.kind == "predict" and self.told:
            return
        try:
            answer = self.question.reply(message)
            if "record" in answer:
                progress.record(self.question.kind, self.question.id, **answer["record"])
        except Exception as error:
            log.exception("a question of the course failed")
            sentence = f"{type(error).__name__}: {error}. This is a mistake of the course, not yours."
            self.send({"number": number, "error": sentence})
            if os.environ.get("OPTCOURSE_STRICT") == "1":
                raise
            return
        if "record" in answer:
            self.told = {**self.told, str(number): _without_record(answer)}
        # Also when nothing changed: the browser waits to hear that somebody is there.
        self.send(
            {"number": number, **_without_record(answer)} if "complaint" in answer else {"kind": "heard"}
        )

    def twin(self) -> tuple[str, str]:
        """What stands in the card, as HTML and as plain text."""
        return self.question.twin(self.told)

    def data(self) -> dict | None:
        """The questions for pages that ask them without a kernel; None where there is no question."""
        return self.question.data() if hasattr(self.question, "data") else None

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        html, words = self.twin()
        return {**data, "text/html": html, "text/plain": words}, metadata

    def __repr__(self) -> str:
        return self.twin()[1]


@dataclass(frozen=True)
class Words:
    """No question, but a sentence in its place."""

    words: str
    kind: ClassVar[str] = "words"

    def asked(self) -> dict:
        return {"kind": "words", "words": f"<p>{escape(self.words)}</p>"}

    def kept(self) -> dict[str, dict]:
        return {}

    def twin(self, told: dict[str, dict] | None = None) -> tuple[str, str]:
        return f"<div><p>{escape(self.words)}</p></div>", self.words


def _without_record(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "record"}
