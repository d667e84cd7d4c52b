"""Notebook cells to HTML for the web site and the exported slides. No file here asks another host for anything.

A page that shows what `cell_html` makes needs, once: `styles()` in its head, `scripts()` at the end of its body (both as text for
a single file) or the files of `write_assets` beside it. Formulas stay TeX in the HTML; KaTeX draws them when the page opens, and
what it cannot draw stays readable.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.filters import ansi2html, markdown2html
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from optcourse.checking.interactive import QUESTIONS_MIME
from optcourse.classroom.vendor import HERE as VENDOR
from optcourse.explorers.engine import EXPLORER_MIME
from optcourse.explorers.engine import HERE as EXPLORERS
from optcourse.explorers.page import stage_script

STATIC = Path(__file__).parent / "static"


@dataclass
class Names:
    """Gives every live part of a page an id of its own."""

    prefix: str = "live"
    count: Iterator[int] = field(default_factory=itertools.count)

    def new(self) -> str:
        return f"{self.prefix}-{next(self.count)}"


# -- cells -----------------------------------------------------------------------------------------


def cell_html(cell: nbformat.NotebookNode, names: Names) -> str:
    """A cell as it stands on a page: its text or its code, then its outputs."""
    if cell.cell_type == "markdown":
        return f'<div class="prose">\n{markdown_html(cell.source)}\n</div>'
    if cell.cell_type != "code":
        return ""
    return code_html(cell.source) + outputs_html(cell, names)


def outputs_html(cell: nbformat.NotebookNode, names: Names) -> str:
    """What a code cell showed."""
    shown = "".join(output_html(output, names) for output in cell.get("outputs", []))
    return f'<div class="outputs">{shown}</div>' if shown else ""


def markdown_html(text: str) -> str:
    """Markdown with headings that have ids; $formulas$ are left as TeX."""
    body = markdown2html(text)
    # the pilcrow that nbconvert puts behind each heading is read aloud and looks like a misprint
    return re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", body)


def code_html(source: str, language: str = "python") -> str:
    """Code with classes for its colours (static/pages.css); wide lines scroll inside, also by keyboard."""
    if not source.strip():
        return ""
    marked = highlight(source, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    return f'<pre class="highlight" tabindex="0" role="region" aria-label="Code"><code>{marked}</code></pre>'


def output_html(output: nbformat.NotebookNode, names: Names) -> str:
    """One output: the richest of its forms that a page can show."""
    if output.output_type == "stream":
        return text_html(output.text)
    if output.output_type == "error":
        return text_html("\n".join(output.traceback))
    data = output.get("data", {})
    if EXPLORER_MIME in data:
        return explorer_html(data[EXPLORER_MIME], names.new())
    if QUESTIONS_MIME in data:
        return questions_html(data[QUESTIONS_MIME], data.get("text/html", ""), names.new())
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


def explorer_html(packed: dict[str, Any], name: str) -> str:
    """A live figure: static/live.js draws it from its data."""
    says = html.escape(packed["says"])
    return (
        f'<div class="explorer" id="{name}" data-live="explorer"><noscript><p>{says}</p></noscript></div>\n'
        f'<script type="application/json" id="{name}-data">{as_json(packed)}</script>\n'
    )


def questions_html(asked: dict[str, Any], twin: str, name: str) -> str:
    """Predictions and quizzes: static/live.js makes them answerable; without JavaScript their questions stand there."""
    return (
        f'<div class="questions" id="{name}" data-live="questions"><noscript>{twin}</noscript></div>\n'
        f'<script type="application/json" id="{name}-data">{as_json(asked)}</script>\n'
    )


def as_json(data: Any) -> str:
    """JSON that may stand inside a <script> element."""
    return json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")


# -- what a page needs beside its cells ------------------------------------------------------------


def styles() -> str:
    """All style sheets as one text: formulas (fonts inside), explorers, cells."""
    return "\n".join(
        [katex_css(inline=True), stage_css(), (STATIC / "pages.css").read_text(encoding="utf-8")]
    )


def scripts() -> str:
    """All scripts as one text, for a <script type="module"> at the end of the body."""
    return "\n".join([katex_script(), stage_script(), (STATIC / "live.js").read_text(encoding="utf-8")])


def write_assets(folder: Path) -> dict[str, list[str]]:
    """Write the same as files into `folder`; returns {"css": names, "js": names} in the order in which they are linked."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fonts").mkdir(exist_ok=True)
    for font in (VENDOR / "katex" / "fonts").glob("*.woff2"):
        (folder / "fonts" / font.name).write_bytes(font.read_bytes())
    pages = (STATIC / "pages.css").read_text(encoding="utf-8")
    live = stage_script() + "\n" + (STATIC / "live.js").read_text(encoding="utf-8")
    files = {
        "katex.css": katex_css(inline=False),
        "explorer.css": stage_css(),
        "pages.css": pages,
        "katex.js": katex_script(),
        # a module would not load from file://; the function keeps its names out of the page's
        "live.js": "(() => {\n" + live + "\n})();\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {
        "css": [name for name in files if name.endswith(".css")],
        "js": [name for name in files if name.endswith(".js")],
    }


def stage_css() -> str:
    return (EXPLORERS / "stage.css").read_text(encoding="utf-8")


def katex_script() -> str:
    folder = VENDOR / "katex"
    return "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in ("katex.min.js", "auto-render.min.js")
    )


def katex_css(inline: bool) -> str:
    """KaTeX's style sheet with the woff2 fonts only, as files or inside."""
    css = (VENDOR / "katex" / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r',url\(fonts/[^)]*\.(?:woff|ttf)\) format\("[a-z]*"\)', "", css)
    if not inline:
        return css

    def data(match: re.Match) -> str:
        font = base64.b64encode((VENDOR / "katex" / match[1]).read_bytes()).decode()
        return f"url(data:font/woff2;base64,{font})"

    return re.sub(r"url\((fonts/[^)]*\.woff2)\)", data, css)
