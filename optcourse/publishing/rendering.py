"""Notebook cells to HTML for the web site and the exported slides. Nothing here is loaded from another host.

The web site and the slides put these parts together, each with scripts and style sheets of its own. Formulas stay TeX in the
HTML; KaTeX draws them when the page opens, and what it cannot draw stays readable.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbconvert.filters import ansi2html, markdown2html
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from optcourse.publishing import vendor


@dataclass
class Names:
    """Gives every live part of a page an id of its own."""

    prefix: str = "live"
    count: Iterator[int] = field(default_factory=itertools.count)

    def new(self) -> str:
        return f"{self.prefix}-{next(self.count)}"


# -- cells -----------------------------------------------------------------------------------------


# The still picture of a lesson's first figure, and the two lines below it: here the figure itself is alive.
COVER = re.compile(r"!\[[^\n]*\]\(attachment:cover\.png\)[^\n]*\n[^\n]*\n[^\n]*\n?")


def markdown_html(text: str) -> str:
    """Markdown with headings that have ids; $formulas$ are left as TeX."""
    body = markdown2html(COVER.sub("", text))
    # the pilcrow that nbconvert puts behind each heading is read aloud and looks like a misprint
    return re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", body)


def code_html(source: str, language: str = "python") -> str:
    """Code with classes for its colours (the page's own style sheet); wide lines scroll inside, also by keyboard."""
    if not source.strip():
        return ""
    marked = highlight(source, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    return f'<pre class="highlight" tabindex="0" role="region" aria-label="Code"><code>{marked}</code></pre>'


def output_html(output: nbformat.NotebookNode) -> str:
    """One output: the richest of its forms. Explorers and questions are left to the page."""
    if output.output_type == "stream":
        return text_html(output.text)
    if output.output_type == "error":
        return text_html("\n".join(output.traceback))
    data = output.get("data", {})
    if "text/html" in data:
        return data["text/html"]
    if "text/markdown" in data:
        return markdown_html(data["text/markdown"])
    return text_html(data.get("text/plain", ""))


def text_html(text: str) -> str:
    return (
        f'<pre class="output" tabindex="0" role="region" aria-label="Output">{ansi2html(text)}</pre>'
        if text
        else ""
    )


def as_json(data: Any) -> str:
    """JSON that may stand inside a <script> element."""
    return json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")


# -- what a page needs beside its cells ------------------------------------------------------------


def katex_script() -> str:
    folder = vendor.FOLDER / "katex"
    return "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in ("katex.min.js", "auto-render.min.js")
    )


def katex_css(inline: bool) -> str:
    """KaTeX's style sheet with the woff2 fonts only, as files or inside."""
    css = (vendor.FOLDER / "katex" / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r',url\(fonts/[^)]*\.(?:woff|ttf)\) format\("[a-z]*"\)', "", css)
    if not inline:
        return css

    def data(match: re.Match) -> str:
        font = base64.b64encode((vendor.FOLDER / "katex" / match[1]).read_bytes()).decode()
        return f"url(data:font/woff2;base64,{font})"

    return re.sub(r"url\((fonts/[^)]*\.woff2)\)", data, css)
