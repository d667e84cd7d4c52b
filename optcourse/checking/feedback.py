"""What a learner reads: a small HTML block with a plain-text twin. The look follows the notebook's theme."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

LOOKS = {  # status: (icon, word, accent colour with a fallback)
    "passed": ("✔", "Right", "var(--jp-success-color1, #2e7d32)"),
    "wrong": ("✘", "Not yet", "var(--jp-warn-color1, #b26a00)"),
    "error": ("⚠", "It stopped", "var(--jp-error-color1, #c62828)"),
    "not started": ("○", "Not started", "var(--jp-ui-font-color2, #757575)"),
    "note": ("ℹ", "Note", "var(--jp-info-color1, #0277bd)"),
}


BLOCK = (
    "padding:6px 12px;margin:4px 0;max-width:76ch;line-height:1.45;"
    "background:var(--jp-layout-color1, transparent);color:var(--jp-content-font-color1, inherit);"
    "font-family:var(--jp-content-font-family, sans-serif);font-size:var(--jp-content-font-size1, 14px)"
)
PARAGRAPH = "margin:4px 0 0 0"
SMALL = "margin:4px 0 0 0;font-size:0.92em;color:var(--jp-ui-font-color2, #616161)"
# for texts with lines of code in them
AS_TYPED = ";white-space:pre-wrap"


def block(status: str, title: str, paragraphs: list[str], small: list[str] = (), printed: str = "") -> str:
    """The HTML block that every message of the course uses: icon and word, never colour alone."""
    icon, word, accent = LOOKS[status]
    body = "".join(f'<p style="{PARAGRAPH}">{code_spans(text)}</p>' for text in paragraphs if text)
    for text in filter(None, small):
        style = SMALL + AS_TYPED if "\n" in text else SMALL
        body += f'<p style="{style}">{code_spans(text)}</p>'
    if printed:
        body += (
            '<details style="margin:4px 0 0 0"><summary>What your code printed</summary>'
            f'<pre style="margin:4px 0 0 0;white-space:pre-wrap">{escape(printed)}</pre></details>'
        )
    return (
        f'<div role="status" class="optcourse-feedback" style="border-left:4px solid {accent};{BLOCK}">'
        f'<strong><span aria-hidden="true" style="color:{accent}">{icon}</span> {escape(word)}</strong>'
        f" · {code_spans(title)}{body}</div>"
    )


# *so*, but not the 2 * w * x of a formula
EMPHASIS = re.compile(r"(?<![\w*])\*([^\W\d_](?:[^*\n]*\w)?)\*(?![\w*])")


def code_spans(text: str) -> str:
    """Escaped text, with `code` between backticks set as code and *words* between asterisks as emphasis."""
    parts = escape(text, quote=False).split("`")
    if len(parts) % 2 == 0:  # a backtick without a partner stays
        parts[-2:] = ["`".join(parts[-2:])]
    style = "font-family:var(--jp-code-font-family, monospace);font-size:0.95em"
    return "".join(
        f'<code style="{style}">{part}</code>' if k % 2 else EMPHASIS.sub(r"<em>\1</em>", part)
        for k, part in enumerate(parts)
    )


def plain(text: str) -> str:
    """The text without its marks, for places that show letters only, like a radio button."""
    return EMPHASIS.sub(r"\1", text).replace("`", "")


@dataclass(frozen=True)
class Feedback:
    """The answer of a check. status: "passed", "wrong", "error" (the code stopped) or "not started"."""

    exercise: str
    title: str
    status: str
    sentence: str
    points: int = 0
    max_points: int = 0
    details: tuple[str, ...] = ()
    misconception: str | None = None
    printed: str = ""
    also: str | None = None  # a second misconception beside the first

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def __str__(self) -> str:
        icon, word, _ = LOOKS[self.status]
        lines = [f"{icon} {word} · {self.headline()}", self.sentence, *self.details]
        if self.printed:
            lines += ["Your code printed:", self.printed]
        return "\n".join(line for line in lines if line)

    __repr__ = __str__

    def headline(self) -> str:
        points = f" · {self.points} of {self.max_points} points" if self.max_points else ""
        return f"{self.title}{points}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        html = block(self.status, self.headline(), [self.sentence], list(self.details), self.printed)
        return {"text/html": html, "text/plain": str(self)}
