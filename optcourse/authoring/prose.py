"""A small lint for the markdown of the sources: words, headings, pictures, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .source import Cell, Lesson

BANNED = re.compile(r"\b(simply|obviously)\b", re.IGNORECASE)
HEADING = re.compile(r"(#{1,6}) +(.+?)\s*#*$")
FENCE = re.compile(r"\s*(```|~~~)")
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(")
IMG_TAG = re.compile(r"<img\b[^>]*>?", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(["'])\s*\S.*?\1""", re.IGNORECASE)
LINK = re.compile(r"""\]\(\s*<?(?P<target>[^)\s>]+)>?[^)]*\)|\b(?:href|src)\s*=\s*["'](?P<tag>[^"']+)["']""")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # https:, mailto:, data:, attachment:


def check_prose(lessons: list[Lesson], root: Path) -> None:
    """Add what is wrong with the prose to the lessons' `problems`."""
    anchors = {lesson.name: anchors_of(lesson) for lesson in lessons}
    for lesson in lessons:
        check_headings(lesson)
        for number, line in (found for cell in lesson.cells for found in prose_lines(cell)):
            for complaint in complaints_about_line(INLINE_CODE.sub("", line), lesson, anchors, root):
                lesson.problem(number, complaint)


def complaints_about_line(
    line: str, lesson: Lesson, anchors: dict[str, set[str]], root: Path
) -> Iterator[str]:
    for match in BANNED.finditer(line):
        yield f"{match[0]!r} tells a reader who is stuck that they should not be. Leave it out."
    for match in IMAGE.finditer(line):
        if not match["alt"].strip():
            yield "a picture without words. Say what it shows: ![what it shows](…)."
    for match in IMG_TAG.finditer(line):
        if not ALT.search(match[0]):
            yield 'an <img> without words. Say what it shows, on the same line: alt="…".'
    for match in LINK.finditer(line):
        complaint = complaint_about_link(match["target"] or match["tag"], lesson, anchors, root)
        if complaint:
            yield complaint


def prose_lines(cell: Cell) -> Iterator[tuple[int, str]]:
    """A markdown cell's lines with their line numbers, without what stands in ``` fences."""
    if cell.kind != "markdown":
        return
    fence = None
    for i, line in enumerate(cell.lines):
        opening = FENCE.match(line)
        if opening and fence in (None, opening[1]):
            fence = None if fence else opening[1]
        elif fence is None:
            yield cell.first_line + i, line


def headings(cell: Cell) -> Iterator[tuple[int, int, str]]:
    """(line, level, text) of every heading in a cell."""
    for number, line in prose_lines(cell):
        match = HEADING.match(line)
        if match:
            yield number, len(match[1]), match[2]


def check_headings(lesson: Lesson) -> None:
    above = 0
    for number, level, text in (found for cell in lesson.cells for found in headings(cell)):
        if level == 1 and above:
            lesson.problem(
                number, f"a second title, {text!r}. A lesson has one '# ' heading; make this '## '."
            )
        elif level > above + 1:
            lesson.problem(
                number,
                f"{text!r} skips a level. After a level-{above} heading comes at most level {above + 1}.",
            )
        above = level


def anchors_of(lesson: Lesson) -> set[str]:
    """What a link may name after '#': JupyterLab writes a heading's words with hyphens."""
    texts = [text for cell in lesson.cells for _, _, text in headings(cell)]
    return {re.sub(r"[`*]", "", text).replace(" ", "-") for text in texts}


def complaint_about_link(target: str, lesson: Lesson, anchors: dict[str, set[str]], root: Path) -> str | None:
    if ELSEWHERE.match(target):
        return None
    file, _, anchor = target.partition("#")
    name = file.removesuffix(".ipynb") if file else lesson.name
    if file.endswith(".ipynb") or not file:
        if name not in anchors:
            return f"{target!r} links to no lesson. There are: {', '.join(sorted(anchors))}."
        if anchor and anchor not in anchors[name]:
            return f"{target!r} links to no heading of {name}. There are: {', '.join(sorted(anchors[name]))}."
        return None
    for folder in ("lessons", "solutions"):
        if not (root / folder / file).exists():
            return f"{target!r} links to a file that is not there, seen from {folder}/."
    return None
