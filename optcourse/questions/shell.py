"""What the widgets of all questions share: a box with its twin in HTML, an error as a sentence, a list of choices.

A callback that fails shows one sentence in the widget and goes to the log with its traceback; with
OPTCOURSE_STRICT=1 (tests) it is raised again.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets

from optcourse.checking.feedback import block, plain

log = logging.getLogger("optcourse")

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
    """A box of widgets that also says in HTML and in plain text what stands in it.

    `data` gives the questions in it for pages that ask them without a kernel; None where there is no question.
    """

    def __init__(
        self, children: tuple, twin: Callable[[], tuple[str, str]], data: Callable[[], dict] | None = None
    ) -> None:
        super().__init__(
            (text(STYLE), *children, Manners(layout=BOX(display="none"))),
            layout=BOX(width="100%", max_width="820px", padding="4px 0"),
        )
        self.add_class("optcourse-box")
        self.twin, self.data = twin, data

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        html, words = self.twin()
        return super()._repr_mimebundle_(**kwargs) | {"text/html": html, "text/plain": words}

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


def text(value: str = "", part: str = "") -> widgets.HTML:
    """HTML in a box; `part` says what it is to manners.js: "question" or "answer"."""
    html = widgets.HTML(value, layout=BOX(width="100%", height="auto", margin="2px 0"))
    if part:
        html.add_class(f"optcourse-{part}")
    return html


def button(words: str, tooltip: str) -> widgets.Button:
    return widgets.Button(
        description=words, tooltip=tooltip, layout=BOX(width="max-content", min_width="9em")
    )


def choices(options: tuple[str, ...], question: str) -> widgets.RadioButtons:
    """A list of which one is chosen; none at first."""
    radio = widgets.RadioButtons(
        options=[plain(option) for option in options],
        index=None,
        description="",
        layout=BOX(width="100%", height="auto"),
    )
    radio.tooltip = question
    radio.add_class("optcourse-choices")
    return radio


def number(question: str, unit: str) -> widgets.Text:
    """A field for a number."""
    entry = widgets.Text(
        placeholder="a number",
        # Else a click on Commit may overtake the last letters on their way to the kernel.
        continuous_update=False,
        description=f"Your number{f' ({unit})' if unit else ''}:",
        tooltip=question,
        style={"description_width": "max-content"},
        layout=BOX(width="24em", max_width="100%"),
    )
    entry.add_class("optcourse-number")
    return entry
