"""The deck as one HTML page: the sections of a lecture with all that draws them (deck/)."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import nbformat

from optcourse.explorers import stage
from optcourse.publishing import rendering
from optcourse.publishing.slides.sections import Section, sections

DECK = Path(__file__).parent / "deck"
GENERATOR = '<meta name="generator" content="optcourse slides">'
MINUTES = 45
# The browser itself refuses every request to another host.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src {talks}"
)


class CannotPresent(Exception):
    """Why there is no lecture, and what to do, in one sentence."""


def build(
    notebook: nbformat.NotebookNode, path: Path, *, minutes: int = MINUTES, dark: bool = False, live: str = ""
) -> str:
    """The deck as one HTML page. `live` is where on this host the notebook's process answers; none in an export."""
    made = sections(notebook)
    if not made:
        raise CannotPresent(f"{path.name} has no cell that goes on a slide.")
    template = jinja2.Template(
        (DECK / "deck.html").read_text(encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return template.render(
        theme="dark" if dark else "light",
        live=live,
        policy=POLICY.format(talks="'self'" if live else "'none'"),
        generator=GENERATOR,
        title=title_of(notebook, path),
        minutes=minutes,
        styles=styles(),
        sections="\n".join(section_html(section) for section in made),
        scripts=scripts(),
    )


def section_html(section: Section) -> str:
    notes = "".join(section.notes)
    aside = f'<div class="notes">{notes}</div>' if notes else ""
    return f'<section class="source" data-minutes="{section.minutes:g}">{"".join(section.cells)}{aside}</section>'


def title_of(notebook: nbformat.NotebookNode, path: Path) -> str:
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return path.stem


def styles() -> str:
    deck = (DECK / "deck.css").read_text(encoding="utf-8")
    return "\n".join([rendering.katex_css(inline=True), stage.style(), deck])


def scripts() -> str:
    deck = (DECK / "deck.js").read_text(encoding="utf-8")
    return "\n".join([rendering.katex_script(), stage.script(), f"(() => {{\n{deck}\n}})();"])
