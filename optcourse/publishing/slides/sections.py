"""From a notebook's cells to a lecture's sections: what goes on a slide, what the speaker reads beside it, and what is left out.

The cells' slideshow metadata decides. A `notes` cell, a cell tagged `spoken` and the notes in a cell's own metadata are the
speaker's; so are the hints of an exercise.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import nbformat

from optcourse.explorers.still import still_html
from optcourse.inpage import explorer_call
from optcourse.publishing import rendering
from optcourse.publishing.execution import EXPLORER_MIME, QUESTIONS_MIME


@dataclass
class Section:
    """What stands between two marks in the source: a slide, or several where it does not fit on one."""

    cells: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """How long its notes say that it takes ("3 min")."""
        found = re.search(r"(\d+(?:\.\d+)?) min\b", " ".join(self.notes))
        return float(found[1]) if found else 0.0


def sections(notebook: nbformat.NotebookNode, *, python: bool = False) -> list[Section]:
    """The lesson's cells, divided and sorted as their slideshow metadata says.

    `python`: a figure that Python in the page can make anew is named by its cell.
    """
    made = [Section()]
    names = rendering.Names("figure")
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        ours = cell.metadata.get("optcourse", {})
        if kind in ("slide", "subslide") and (made[-1].cells or made[-1].notes):
            made.append(Section())
        here = made[-1]
        if kind == "notes":
            here.notes.append(prose(cell.source))
        elif "spoken" in cell.metadata.get("tags", []):
            here.notes.append(prose(cell.source))
        elif kind != "skip":
            add_cell(here, cell, names, fragment=kind == "fragment", call=called(cell) if python else "")
        here.notes[:0] = [prose(text) for text in ours.get("notes", [])]
    return [section for section in made if section.cells]


def called(cell: nbformat.NotebookNode) -> str:
    """The id of a cell with one figure, whose call Python in the page can repeat; else ""."""
    figures = [output for output in cell.get("outputs", []) if EXPLORER_MIME in output.get("data", {})]
    if len(figures) != 1:
        return ""
    try:
        explorer_call(cell.source)
    except (ValueError, SyntaxError):  # of a notebook of one's own: its figure moves by its tables
        return ""
    return cell.get("id", "")


def add_cell(
    here: Section, cell: nbformat.NotebookNode, names: rendering.Names, *, fragment: bool, call: str = ""
) -> None:
    if cell.cell_type == "markdown":
        here.cells.append(f'<div class="cell markdown{" fragment" * fragment}">{prose(cell.source)}</div>')
        return
    if cell.cell_type != "code":
        return
    found = re.match(r"(?:\w+ = )?(check|hints)\(", cell.source.lstrip())
    asked = found[1] if found else ""
    if asked == "hints":  # a lecturer says it when the room has no idea
        here.notes += [
            output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})
        ]
        return
    named = cell.metadata.get("figure-slide", "")
    outputs = [output_html(output, names, named, call) for output in cell.outputs]
    if asked == "check":
        add_check(here, "".join(outputs))
        return
    # the picture is what matters, not the call that made it
    if any(is_live(output) for output in cell.outputs):
        here.cells += outputs
        return
    blank = cell.metadata.get("optcourse", {}).get("blank")
    if blank is not None:
        here.cells.append(
            '<div class="cell code swap fragment">'
            f'<div class="blank">{code(blank)}<p class="blank-note">The answer comes with the next key.</p></div>'
            f'<div class="answer">{code(cell.source)}{"".join(outputs)}<!-- check --></div></div>'
        )
        return
    classes = "cell code loose" if not fragment else "cell code fragment"
    here.cells.append(f'<div class="{classes}">{code(cell.source)}{"".join(outputs)}</div>')


def add_check(here: Section, told: str) -> None:
    """What the check says comes with the answer."""
    told = told.replace(' role="status"', "")  # no announcement is needed on a slide
    for place in range(len(here.cells) - 1, -1, -1):
        if "<!-- check -->" in here.cells[place]:
            here.cells[place] = here.cells[place].replace("<!-- check -->", told)
            return
    here.cells.append(f'<div class="cell told">{told}</div>')


def is_live(output: nbformat.NotebookNode) -> bool:
    data = output.get("data", {})
    return EXPLORER_MIME in data or QUESTIONS_MIME in data


def output_html(
    output: nbformat.NotebookNode, names: rendering.Names, named: str = "", call: str = ""
) -> str:
    """`named` are the controls that a figure shows on its slide, by the cell's metadata `figure-slide`; `call` is its cell."""
    data = output.get("data", {})
    for mime, kind in ((EXPLORER_MIME, "figure"), (QUESTIONS_MIME, "questions")):
        if mime in data:
            name = names.new()
            figure = f' data-figure="{data[mime]["figure"]}"' if "figure" in data[mime] else ""
            if kind == "figure":
                figure += f' data-controls="{html.escape(named)}"' if named else ""
                figure += f' data-call="{html.escape(call)}"' if call else ""
            # For a page without scripts; deck.js draws in its place.
            still = still_html(data[mime]["still"]) if kind == "figure" else data.get("text/html", "")
            moving = {key: value for key, value in data[mime].items() if key != "still"}
            return (
                f'<div class="cell {kind}" data-from="{name}"{figure}><noscript>{still}</noscript></div>'
                f'<script type="application/json" id="{name}">{rendering.as_json(moving)}</script>'
            )
    return unfocusable(rendering.output_html(output))


def prose(text: str) -> str:
    """Markdown; a link to another lesson would lead out of the lecture, so only its words are left."""
    made = rendering.markdown_html(text)
    return re.sub(r'<a\b[^>]*href="[^":]*\.ipynb[^"]*"[^>]*>(.*?)</a>', r"\1", made, flags=re.DOTALL)


def code(source: str) -> str:
    """Code in colours, without the comments for the linter."""
    return unfocusable(rendering.code_html(re.sub(r" *# noqa\b.*", "", source)))


def unfocusable(made: str) -> str:
    """Nothing scrolls inside a slide, so nothing but its controls takes the focus."""
    return re.sub(r'(<pre\b[^>]*?) tabindex="0"( role="region")?( aria-label="[^"]*")?', r"\1", made)
