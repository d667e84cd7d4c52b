"""Reads source/NN_name.py (jupytext's percent format) into cells that still know their line numbers.

Jupytext says which cells there are and what their metadata is; the lines come from the file itself, because a
message that does not name the line to mend helps nobody.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
NOTE = "# your code here"
BLANK = f"...  {NOTE}"

FILE_NAME = re.compile(r"(\d\d)_[a-z0-9_]+")
EXERCISE_ID = re.compile(r"(\d\d)-[a-z0-9]+(-[a-z0-9]+)*")
EXERCISE_TAG = "exercise:"
CELL_LINE = re.compile(r"# %%( |$)")
# What jupytext takes for a cell line is wider than what we allow: a near miss is reported, not taken.
LOOKS_LIKE_CELL_LINE = re.compile(r"\s*#\s*(%%|<codecell>|In\[[0-9 ]*\]:?\s*$)")
LOOKS_LIKE_SOLUTION_MARKER = re.compile(r"\s*#+\s*(begin|end)[ _-]*solution\b", re.IGNORECASE)
ALLOWED_METADATA = {"tags", "slideshow", "jupyter", "editable", "deletable", "collapsed", "figure-slide"}
SLIDE_TYPES = {"slide", "subslide", "fragment", "notes", "skip", "-"}
JUPYTEXT_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}


@dataclass(frozen=True)
class Problem:
    """Something an author has to mend: where (file from the course's root, line) and what to do."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Region:
    """The answer between two markers; `begin` and `end` are the markers' places in `Cell.lines`."""

    begin: int
    end: int


@dataclass(frozen=True)
class Cell:
    """One cell; `lines[i]` is line `first_line + i` of the file (markdown: without its `# `)."""

    kind: str
    metadata: dict
    first_line: int
    lines: tuple[str, ...]
    regions: tuple[Region, ...] = ()

    @property
    def exercise(self) -> str | None:
        """The exercise id in the cell's tags, if there is one."""
        ids = [
            tag.removeprefix(EXERCISE_TAG) for tag in self.metadata.get("tags", []) if is_exercise_tag(tag)
        ]
        return ids[0] if ids else None

    @property
    def is_note(self) -> bool:
        """Whether it is for the lecturer alone (`slide_type` notes). Then it stands in neither notebook."""
        return self.metadata.get("slideshow", {}).get("slide_type") == "notes"

    def text(self, answers: bool) -> str:
        """The cell's text with the answers (markers left out), or with a blank in place of each."""
        lines = list(self.lines)
        for region in reversed(self.regions):
            answer = lines[region.begin + 1 : region.end]
            indent = indent_of(lines[region.begin])
            blank = indent + BLANK if indent else NOTE  # a bare ... would be shown as the cell's result
            lines[region.begin : region.end + 1] = answer if answers else [blank]
        return "\n".join(lines)


@dataclass
class Lesson:
    """One source file as cells, with what is wrong with it."""

    name: str
    path: str
    cells: list[Cell] = field(default_factory=list)
    cover: bytes | None = None  # the picture for its first screen (covers.py)
    problems: list[Problem] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.name[:2]

    def problem(self, line: int | None, message: str) -> None:
        self.problems.append(Problem(self.path, line, message))


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def is_exercise_tag(tag: str) -> bool:
    return tag.startswith(EXERCISE_TAG)


def read_lesson(path: Path) -> Lesson:
    """Read one source file. An author's mistake is never raised: it goes into `problems`."""
    lesson = Lesson(path.stem, f"source/{path.name}")
    if not FILE_NAME.fullmatch(path.stem):
        lesson.problem(None, "a lesson's file is called NN_name.py (two digits, then lower case). Rename it.")
        return lesson
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        lesson.problem(
            None, f"this is not UTF-8 text ({error.reason} at byte {error.start}). Save it as UTF-8."
        )
        return lesson
    check_marker_lines(lesson, text)
    try:
        ast.parse(text)
    except SyntaxError as error:
        lesson.problem(
            error.lineno, f"this is not Python: {error.msg}. Each source also runs as a script; mend it."
        )
        return lesson
    cover = path.parent / "covers" / f"{path.stem}.png"
    lesson.cover = cover.read_bytes() if cover.exists() else None
    cell_lines = find_cell_lines(lesson, text)
    if not lesson.problems:
        read_cells(lesson, text, cell_lines)
    return lesson


def find_cell_lines(lesson: Lesson, text: str) -> list[int]:
    """The line numbers of all `# %%` lines; those that stand inside code are reported."""
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if CELL_LINE.match(line) and number in comments:
            found.append(number)
        elif LOOKS_LIKE_CELL_LINE.match(line):
            lesson.problem(
                number,
                f"{line.strip()[:30]!r} inside code or badly spelled: some tools would split the cell here. "
                "A cell begins with '# %%' at the very left; write anything else in another way.",
            )
    return found


def check_marker_lines(lesson: Lesson, text: str) -> None:
    """Markers in markdown, and markers spelled in a way that would leave the answer in the lesson."""
    in_markdown = False
    for number, line in enumerate(text.split("\n"), start=1):
        if CELL_LINE.match(line):
            in_markdown = "[markdown]" in line
        elif LOOKS_LIKE_SOLUTION_MARKER.match(line):
            if in_markdown:
                lesson.problem(
                    number, f"{line.strip()!r} outside a code cell. Answers live in code; move or remove it."
                )
            elif line.strip() not in (BEGIN, END):
                lesson.problem(number, f"{line.strip()!r} is not a marker. Write it as {BEGIN!r} or {END!r}.")


def read_cells(lesson: Lesson, text: str, cell_lines: list[int]) -> None:
    lines = text.split("\n")
    before = [
        line for line in without_header(lines[: cell_lines[0] - 1] if cell_lines else lines) if line.strip()
    ]
    if before or not cell_lines:
        lesson.problem(
            1, "there is text before the first cell. Begin the file with '# %% [markdown]' and a title."
        )
        return
    ends = [*(number - 1 for number in cell_lines[1:]), len(lines)]
    for number, end in zip(cell_lines, ends, strict=True):
        read_cell(lesson, number, lines[number - 1 : end])
    # The whole file must give the same cells, or an editor would show others than we make.
    if not lesson.problems and len(jupytext.reads(text, fmt=JUPYTEXT_FORMAT).cells) != len(cell_lines):
        lesson.problem(
            None,
            "jupytext finds other cells than the '# %%' lines say. Look for a '# %%' inside a ``` fence, "
            "and write it in another way.",
        )


def without_header(lines: list[str]) -> list[str]:
    """Drop the `# ---` … `# ---` header that jupytext writes; it says nothing about the lesson."""
    if lines and lines[0] == "# ---" and "# ---" in lines[1:]:
        return lines[lines.index("# ---", 1) + 1 :]
    return lines


def read_cell(lesson: Lesson, cell_line: int, lines: list[str]) -> None:
    try:
        (parsed,) = jupytext.reads("\n".join(lines), fmt=JUPYTEXT_FORMAT).cells
    except nbformat.ValidationError as error:
        lesson.problem(
            cell_line, f'metadata that no notebook can have: {error.message}. Write tags=["one", "two"].'
        )
        return
    lines = lines[1:]
    if parsed.cell_type == "markdown":
        lines = [re.sub(r"^# ?", "", line) for line in lines]
    elif parsed.cell_type != "code":
        lesson.problem(cell_line, f"a {parsed.cell_type} cell. A lesson has code and markdown cells only.")
        return
    first_line = cell_line + 1
    while lines and not lines[0].strip():
        lines, first_line = lines[1:], first_line + 1
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines:
        lesson.problem(cell_line, "an empty cell. Remove it.")
        return
    if "\n".join(lines) != parsed.source.strip("\n"):
        lesson.problem(
            cell_line,
            "jupytext reads this cell in another way. Write markdown as lines that begin with '# '.",
        )
        return
    metadata = read_metadata(lesson, cell_line, parsed.metadata)
    regions = find_regions(lesson, first_line, lines) if parsed.cell_type == "code" else ()
    cell = Cell(parsed.cell_type, metadata, first_line, tuple(lines), regions)
    if cell.kind == "code":
        check_that_it_compiles(lesson, cell)
    check_exercise(lesson, cell_line, cell)
    check_note(lesson, cell_line, cell)
    lesson.cells.append(cell)


def read_metadata(lesson: Lesson, cell_line: int, found: dict) -> dict:
    # The first two are jupytext's own notes about how the file was laid out.
    metadata = {
        key: value for key, value in found.items() if key not in ("lines_to_next_cell", "cell_marker")
    }
    known = ", ".join(sorted(ALLOWED_METADATA))
    for key in sorted(metadata.keys() - ALLOWED_METADATA):
        lesson.problem(
            cell_line,
            f"the cell line says {key}={metadata[key]!r}, which means nothing here. "
            f'Write [markdown], tags=["…"], slideshow={{"slide_type": "…"}}; {known} are known.',
        )
    slideshow = metadata.get("slideshow", {"slide_type": "-"})
    if not isinstance(slideshow, dict) or slideshow.get("slide_type") not in SLIDE_TYPES:
        lesson.problem(
            cell_line, f"slideshow={slideshow!r}: slide_type is one of {', '.join(sorted(SLIDE_TYPES))}."
        )
    return metadata


def find_regions(lesson: Lesson, first_line: int, lines: list[str]) -> tuple[Region, ...]:
    regions, begin = [], None
    for i, line in enumerate(lines):
        number = first_line + i
        if line.strip() == BEGIN:
            if begin is not None:
                lesson.problem(
                    number, f"{BEGIN!r} inside a solution (line {first_line + begin}). End that one first."
                )
            begin = i
        elif line.strip() == END:
            if begin is None:
                lesson.problem(
                    number, f"{END!r} without a {BEGIN!r} above it in this cell. Add it, or remove this line."
                )
                continue
            if indent_of(line) != indent_of(lines[begin]):
                lesson.problem(
                    number,
                    f"the markers of lines {first_line + begin} and {number} are indented differently.",
                )
            if not any(text.strip() for text in lines[begin + 1 : i]):
                lesson.problem(number, "a solution with nothing in it. Write the answer between the markers.")
            regions.append(Region(begin, i))
            begin = None
    if begin is not None:
        lesson.problem(first_line + begin, f"{BEGIN!r} without an {END!r} before the cell ends. Add it.")
    return tuple(regions)


def check_that_it_compiles(lesson: Lesson, cell: Cell) -> None:
    """Both notebooks' cells must stand alone: a '# %%' that cuts a function in two is found here."""
    for what, answers in (("this cell", True), ("this cell with its blanks", False)):
        try:
            ast.parse(cell.text(answers))
        except SyntaxError as error:
            lesson.problem(
                cell.first_line,
                f"{what} is not Python by itself ({error.msg}). If '# %%' cuts a function in two, remove it.",
            )
            return


def check_exercise(lesson: Lesson, cell_line: int, cell: Cell) -> None:
    ids = [tag.removeprefix(EXERCISE_TAG) for tag in cell.metadata.get("tags", []) if is_exercise_tag(tag)]
    if len(ids) > 1:
        lesson.problem(
            cell_line, f"two exercises in one cell ({', '.join(ids)}). Give each a cell of its own."
        )
    for found in ids:
        match = EXERCISE_ID.fullmatch(found)
        if not match or match[1] != lesson.number:
            lesson.problem(
                cell_line, f"the exercise id {found!r} should read '{lesson.number}-lower-case-words'."
            )
        if not any(line.strip() in (BEGIN, END) for line in cell.lines):
            lesson.problem(
                cell_line,
                f"exercise {found} leaves nothing to write. Put its answer between {BEGIN!r} and {END!r}.",
            )


def check_note(lesson: Lesson, cell_line: int, cell: Cell) -> None:
    """Notes for the speaker belong to the slide before them, and a cell that a learner runs is not a note."""
    if cell.is_note and cell.kind == "code":
        lesson.problem(
            cell_line, "notes in a code cell: they are left out of the notebooks. Write them as [markdown]."
        )
    elif cell.is_note and not lesson.cells:
        lesson.problem(
            cell_line, "notes before the first cell. Put them after the slide that they belong to."
        )
