"""How long a learner needs for a lesson, measured from its cells, and where they may stop.

The weights were chosen on 2026-11-29 so that the measure agreed, within 15 per cent, with the clock of newcomers who had gone
through lessons 02, 03, 05, 08 and 09 (110, 100, 105, 110 and 95 minutes).
"""

from __future__ import annotations

import re

from .source import Cell, Lesson

WORDS_A_MINUTE = 120
MINUTES_FOR = {
    "line of code": 0.1,
    "thing to try": 0.7,
    "prediction": 1.0,
    "exercise": 3.0,
    "line of an answer": 0.7,
}
LONGEST_STRETCH = 45
STOP = "**You may stop here.**"
TIME = re.compile(r"\*\*Time:\*\* about (\d+) minutes")


def check_time(lesson: Lesson) -> None:
    """The minutes that a lesson states must be those that are measured, and no stretch may be too long."""
    stated = [
        (cell.first_line + i, int(match[1]))
        for cell in lesson.cells
        for i, line in enumerate(cell.lines)
        if cell.kind == "markdown" and (match := TIME.search(line))
    ]
    if not stated:
        return
    line, said = stated[0]
    found = stretches(lesson)
    measured = round_to_five(sum(found))
    if said != measured:
        lesson.problem(line, f"it says {said} minutes; measured are {measured}. Write {measured}.")
    for number, minutes in enumerate(found, start=1):
        if minutes > LONGEST_STRETCH:
            lesson.problem(
                line,
                f"part {number} of {len(found)} takes {minutes:.0f} minutes; {LONGEST_STRETCH} are the most. Add a cell that "
                f"begins with '{STOP}' and says what the learner can do now and where to go on.",
            )


def stretches(lesson: Lesson) -> list[float]:
    """The minutes from the top, or from a place to stop, to the next one or to the end."""
    found = [0.0]
    for cell in lesson.cells:
        found[-1] += 0 if cell.is_note else minutes_of(cell)
        if is_stop(cell):
            found.append(0.0)
    return found


def is_stop(cell: Cell) -> bool:
    return cell.kind == "markdown" and cell.lines[0].lstrip("> ").startswith(STOP)


def minutes_of(cell: Cell) -> float:
    """What a learner needs for one cell."""
    if cell.kind == "markdown":
        text = re.sub(r"\$\$.*?\$\$", "formula", "\n".join(cell.lines), flags=re.DOTALL)
        tries = len(re.findall(r"^\d\. ", text, flags=re.MULTILINE)) if "Try this" in text else 0
        return len(re.findall(r"\w+", text)) / WORDS_A_MINUTE + tries * MINUTES_FOR["thing to try"]
    answers = {i for region in cell.regions for i in range(region.begin, region.end + 1)}
    given = sum(1 for i, line in enumerate(cell.lines) if line.strip() and i not in answers)
    own = sum(1 for i in answers if cell.lines[i].strip() and "### " not in cell.lines[i])
    predictions = sum(1 for line in cell.lines if line.startswith("predict("))
    return (
        given * MINUTES_FOR["line of code"]
        + own * MINUTES_FOR["line of an answer"]
        + predictions * MINUTES_FOR["prediction"]
        + (MINUTES_FOR["exercise"] if cell.exercise else 0)
    )


def round_to_five(minutes: float) -> int:
    return 5 * round(minutes / 5)
