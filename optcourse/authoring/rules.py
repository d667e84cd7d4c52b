"""What must be true of the sources before a notebook is made: titles, ids, names, no answer given away."""

from __future__ import annotations

import io
import re
import tokenize

from .minutes import check_time
from .names import check_names
from .source import Cell, Lesson, Region

WORD = re.compile(r"\w+|[^\w\s#]")
# Shorter answers ("return w") are in every second sentence; finding them again means nothing.
FEWEST_WORDS = 3


def check_rules(lessons: list[Lesson]) -> None:
    """Add what is wrong with the lessons, alone and together, to their `problems`."""
    for lesson in lessons:
        check_title(lesson)
        check_time(lesson)
        check_names(lesson)
        check_answers_do_not_leak(lesson, lessons)
    check_exercise_ids(lessons)
    check_numbers(lessons)


def check_title(lesson: Lesson) -> None:
    if lesson.cells and not (
        lesson.cells[0].kind == "markdown" and lesson.cells[0].lines[0].startswith("# ")
    ):
        first = lesson.cells[0].first_line
        lesson.problem(first, "no title. Begin the first cell, a markdown cell, with '# # Title'.")


def check_exercise_ids(lessons: list[Lesson]) -> None:
    first_seen: dict[str, str] = {}
    for lesson in lessons:
        for cell in lesson.cells:
            if cell.exercise is None:
                continue
            here = f"{lesson.path}:{cell.first_line}"
            if cell.exercise in first_seen:
                elsewhere = first_seen[cell.exercise]
                lesson.problem(
                    cell.first_line,
                    f"exercise {cell.exercise} is already at {elsewhere}. Rename one of them.",
                )
            first_seen.setdefault(cell.exercise, here)


def check_numbers(lessons: list[Lesson]) -> None:
    first_seen: dict[str, str] = {}
    for lesson in lessons:
        if first_seen.setdefault(lesson.number, lesson.path) != lesson.path:
            lesson.problem(
                None, f"number {lesson.number} is taken by {first_seen[lesson.number]}. Give it another."
            )


def check_answers_do_not_leak(lesson: Lesson, lessons: list[Lesson]) -> None:
    """The whole of an answer, spaces and comments aside, must not stand in this lesson or in one before it.

    The lecture's pseudo-code may show most of an answer on purpose, so only the whole counts. Later lessons
    may recall what was learned.
    """
    readable = [other for other in lessons if other.number <= lesson.number]
    for cell in lesson.cells:
        for region in cell.regions:
            answer = words_of_answer(cell, region)
            if len(answer) < FEWEST_WORDS:
                continue
            for other in readable:
                line = find_words(answer, words_of_blanked(other))
                if line is not None:
                    lesson.problem(
                        cell.first_line + region.begin,
                        f"this answer stands at {other.path}:{line} for all to read. Take it out there.",
                    )


def words_of_answer(cell: Cell, region: Region) -> list[str]:
    lines = list(cell.lines)
    text = io.StringIO("\n".join(lines))
    for token in tokenize.generate_tokens(text.readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return [word for line in lines[region.begin + 1 : region.end] for word in WORD.findall(line)]


def words_of_blanked(lesson: Lesson) -> list[tuple[str, int]]:
    """Every word a learner can read in the lesson, with its line in the source."""
    words = []
    for cell in lesson.cells:
        if cell.is_note:  # a learner never sees it
            continue
        hidden = {i for region in cell.regions for i in range(region.begin, region.end + 1)}
        for i, line in enumerate(cell.lines):
            if i not in hidden:
                words += [(word, cell.first_line + i) for word in WORD.findall(line)]
    return words


def find_words(wanted: list[str], words: list[tuple[str, int]]) -> int | None:
    """The line at which `wanted` begins in `words`, or None."""
    for start in range(len(words) - len(wanted) + 1):
        if (
            words[start][0] == wanted[0]
            and [word for word, _ in words[start : start + len(wanted)]] == wanted
        ):
            return words[start][1]
    return None
