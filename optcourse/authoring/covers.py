"""The picture on a lesson's first screen: its first figure as it stands there, before anything has been run.

`optcourse build --covers` draws source/covers/NN_name.png. A plain build takes them as they lie there, because no two
machines draw the same bytes.
"""

from __future__ import annotations

import ast
import base64
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

from optcourse.explorers.engine import Explorer
from optcourse.explorers.still import WORDS, words_in

from .source import Lesson

NAME = "cover.png"
TO_MOVE_IT = "This is a still picture. To make it move: menu **Run**, **Run All Cells**."


def explorer_of(lesson: Lesson) -> Explorer | None:
    """A lesson's main figure: that of the cell with the tag `cover`, else its first one; None where it has none."""
    module = f"optcourse.explorers.lesson_{lesson.number}"
    if importlib.util.find_spec(module) is None:
        return None
    known = vars(importlib.import_module(module))
    tagged = [cell for cell in lesson.cells if "cover" in cell.metadata.get("tags", [])]
    for cell in tagged or lesson.cells:
        last = ast.parse(cell.text(True)).body[-1:] if cell.kind == "code" else []
        match last:
            case [ast.Expr(ast.Call(func=ast.Name(id=name), keywords=words))]:
                figure = known.get(name)
                if isinstance(figure, type) and issubclass(figure, Explorer):
                    # a function of the reader's own is not there yet
                    settings = {word.arg: word.value for word in words if word.arg != "yours"}
                    return figure(**{name: ast.literal_eval(value) for name, value in settings.items()})
    return None


def place(root: Path, lesson: Lesson) -> Path:
    return root / "source" / "covers" / f"{lesson.name}.png"


def check(lessons: list[Lesson]) -> None:
    for lesson in lessons:
        if lesson.cover is not None and words_in(lesson.cover).keys() < set(WORDS):
            name = f"source/covers/{lesson.name}.png"
            lesson.problem(
                None, f"{name} is no picture that carries its words. Run 'optcourse build --covers'."
            )


def add_cover(lesson: Lesson, cells: list[dict[str, Any]]) -> None:
    """Put a lesson's cover, if it has one, into the first of its cells, below its opening."""
    if lesson.cover is None:
        return
    cell, words = cells[0], words_in(lesson.cover)
    title, says, setting = (re.sub(r"([\\`*_\[\]$<>])", r"\\\1", words[name]) for name in WORDS)
    lines = "".join(cell["source"]).split("\n")
    blanks = [number for number, line in enumerate(lines) if not line]
    after = blanks[1] if len(blanks) > 1 else len(lines)
    lines[after:after] = ["", f"![{title}](attachment:{NAME})  ", f"*{says}* ({setting})  ", TO_MOVE_IT]
    cell["source"] = "\n".join(lines).splitlines(keepends=True)
    cell["attachments"] = {NAME: {"image/png": base64.b64encode(lesson.cover).decode()}}
