"""From a lesson to the text of its two notebooks, and back: is the one on disk still as we made it?"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

from nbformat.validator import iter_validate

from .covers import add_cover
from .prose import headings
from .source import Cell, Lesson

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def notebook_text(lesson: Lesson, answers: bool) -> str:
    """The notebook file of a lesson, with answers or with blanks: the same text every time."""
    cells: list[dict[str, Any]] = []
    ids = iter(cell_ids(lesson))
    for cell in lesson.cells:
        if not cell.is_note:
            cells.append(notebook_cell(cell, next(ids), answers))
        elif answers:  # for `optcourse slides`; a reader of the notebook does not see it
            ours = cells[-1]["metadata"].setdefault("optcourse", {})
            ours.setdefault("notes", []).append(cell.text(answers))
    add_cover(lesson, cells)
    metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "optcourse": {"fingerprint": fingerprint(cells), "source": lesson.path},
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    # Jupyter's own layout of the file, so that opening and saving changes as little as possible.
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def notebook_cell(cell: Cell, cell_id: str, answers: bool) -> dict[str, Any]:
    metadata = dict(cell.metadata)
    if cell.exercise:
        metadata["optcourse"] = {"exercise": cell.exercise}
    if answers and cell.regions:  # what a lecture shows before the answer
        metadata.setdefault("optcourse", {})["blank"] = cell.text(False)
    made = {
        "cell_type": cell.kind,
        "id": cell_id,
        "metadata": metadata,
        "source": cell.text(answers).splitlines(keepends=True),
    }
    if cell.kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


def cell_ids(lesson: Lesson) -> list[str]:
    """An exercise's id, or the heading's words and the cell's place under it; none for the speaker's notes.

    So an id stays when text changes, and a new cell moves only its neighbours under the same heading. Slugs
    and exercise ids have no underscore: the parts cannot be confused, and no two ids can be equal.
    """
    ids, slug, seen, place = [], "", Counter(), 0
    for cell in lesson.cells:
        if cell.is_note:
            continue
        heading = next((text for _, _, text in headings(cell)), None)
        if heading is not None:
            slug, place = slugify(heading), 0
            seen[slug] += 1
            if seen[slug] > 1:
                slug = f"{slug}_{seen[slug]}"
        place += 1
        ids.append(cell.exercise or f"{slug}_{place}")
    return ids


def slugify(heading: str) -> str:
    # Cell ids are ASCII and have at most 64 characters.
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:48].strip("-") or "section"


def fingerprint(cells: list[dict[str, Any]]) -> str:
    """A short digest of what a person could have written: cells, their order, text and attached pictures."""
    written = [
        [cell.get("id"), cell.get("cell_type"), source_of(cell), cell.get("attachments") or None]
        for cell in cells
    ]
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()[:16]


def source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def parse(text: str) -> dict[str, Any] | None:
    """The notebook in a file's text, or None where that is not a notebook (of version 4) at all."""
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError:
        return None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        return None
    return None if any(iter_validate(notebook)) else notebook


def made_from(notebook: dict[str, Any] | None) -> str | None:
    """The source that a notebook says it was made from; None for a person's own notebook."""
    return our_metadata(notebook).get("source")


def our_metadata(notebook: dict[str, Any] | None) -> dict[str, Any]:
    ours = notebook["metadata"].get("optcourse") if notebook else None
    return ours if isinstance(ours, dict) else {}


def sign_of_run(cells: list[dict[str, Any]]) -> str | None:
    for place, cell in enumerate(cells, start=1):
        if cell.get("outputs"):
            return f"cell {place} has outputs"
        if cell.get("execution_count") is not None:
            return f"cell {place} has been run"
    return None


def sign_of_work(notebook: dict[str, Any] | None) -> str | None:
    """Why a notebook may hold a person's work, or None when it is as we made it (from whatever source)."""
    if notebook is None:
        return "it is not a notebook that can be read"
    if made_from(notebook) is None:
        return "optcourse did not make it"
    cells = notebook["cells"]
    if sign_of_run(cells):
        return sign_of_run(cells)
    return (
        None
        if our_metadata(notebook).get("fingerprint") == fingerprint(cells)
        else "its cells have been edited"
    )


def first_difference(found: dict[str, Any] | None, wanted: dict[str, Any]) -> str:
    """In words, the first difference between a notebook on disk and the one that its source gives."""
    if found is None:
        return "it is not a notebook that can be read"
    here, there = found["cells"], wanted["cells"]
    if sign_of_run(here):
        return sign_of_run(here)
    if [source_of(cell) for cell in here] == [source_of(cell) for cell in there]:
        if [cell.get("id") for cell in here] != [cell.get("id") for cell in there]:
            return "its cell ids are not those that optcourse gives"
        return "its metadata or its layout differs"
    if len(here) != len(there):
        return f"it has {len(here)} cells, its source has {len(there)}"
    place = next(i for i, (a, b) in enumerate(zip(here, there, strict=True)) if source_of(a) != source_of(b))
    return f"the text of cell {place + 1} ({there[place]['id']}) differs"
