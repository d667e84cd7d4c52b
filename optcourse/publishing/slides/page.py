"""The deck as one HTML page: the sections of a lecture with all that draws them (deck/)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jinja2
import nbformat

from optcourse.explorers import stage
from optcourse.publishing import rendering
from optcourse.publishing.site.python import SCRIPT, Python
from optcourse.publishing.slides.sections import Section, sections

DECK = Path(__file__).parent / "deck"
GENERATOR = '<meta name="generator" content="optcourse slides">'
MINUTES = 45
# The browser itself refuses every request to another host.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src {talks}"
)
# Python is WebAssembly in a worker that is made of a text; neither asks anybody.
POLICY_WITH_PYTHON = (
    POLICY.replace("script-src 'unsafe-inline'", "script-src 'unsafe-inline' 'wasm-unsafe-eval'")
    + "; worker-src blob:"
)
LESSON = "notebook.js"


class CannotPresent(Exception):
    """Why there is no lecture, and what to do, in one sentence."""


def build(
    notebook: nbformat.NotebookNode,
    path: Path,
    *,
    minutes: int = MINUTES,
    dark: bool = False,
    live: str = "",
    python: Python | None = None,
) -> str:
    """The deck as one HTML page.

    `live` is where on this host the notebook's process answers; none in an export, which may carry `python` instead.
    """
    made = sections(notebook, python=python is not None)
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
        policy=(POLICY_WITH_PYTHON if python else POLICY).format(talks="'self'" if live else "'none'"),
        generator=GENERATOR,
        title=title_of(notebook, path),
        minutes=minutes,
        styles=styles(),
        sections="\n".join(section_html(section) for section in made),
        scripts=scripts(with_python=python is not None),
        python=python.folder if python else "",
        notebook=LESSON,
        carried=carried(python, notebook) if python else {},
        licences=python.licences if python else "",
    )


def carried(python: Python, notebook: nbformat.NotebookNode) -> dict[str, str]:
    """By name, the scripts that a page of the site loads from beside it: in an export they lie inside, and rest until then."""
    cells = [
        {"cell_type": "code", "id": cell.get("id", f"cell-{k}"), "source": cell.source}
        for k, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and is_python(cell.source)
    ]
    lesson = f"optcourse.python.lesson({rendering.as_json({'cells': cells})});"
    return {LESSON: lesson} | {f"{python.folder}/{name}": text for name, text in python.files.items()}


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


def is_python(source: str) -> bool:
    """Whether it is no cell of IPython's own language, as a notebook of one's own may have."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def scripts(*, with_python: bool = False) -> str:
    deck = (DECK / "deck.js").read_text(encoding="utf-8")
    python = ["window.optcourse = {};", SCRIPT.read_text(encoding="utf-8")] if with_python else []
    return "\n".join([rendering.katex_script(), stage.script(), *python, f"(() => {{\n{deck}\n}})();"])
