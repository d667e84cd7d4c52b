"""What a class got wrong, out of its gradebook. It is anonymous: nothing in it comes from fewer than FEWEST students.

The words are the course's own (a mistake's sentence), never a student's. A count is one of students.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from optcourse import exercises
from optcourse.exercises.model import Exercise, Misconception
from optcourse.grading.gradebook import Gradebook

FEWEST = 3


class NoFindings(Exception):
    """There is nothing to report; the text says why, and what to do."""


@dataclass(frozen=True)
class Mistake:
    """A mistake, and how many students made it, of those whose answer was marked."""

    exercise: Exercise
    misconception: Misconception
    count: int
    of: int


@dataclass(frozen=True)
class Hardness:
    """How hard an exercise was.

    solved, begun: None where the number, or what is missing to `marked`, would speak of fewer than FEWEST students.
    tries: the median of tries up to the first right one, None where fewer than FEWEST handed in their progress.
    """

    exercise: Exercise
    marked: int
    solved: int | None
    tries: float | None
    tried: int = 0

    @property
    def share(self) -> str:
        """The share that solved it, in words."""
        if self.solved is None:
            return f"nearly all, or nearly none, of {self.marked}"
        return f"{self.solved} of {self.marked}"


@dataclass(frozen=True)
class Findings:
    """mistakes: the most common first. hard: the exercises in the order of the course."""

    lessons: tuple[str, ...]
    students: int
    mistakes: tuple[Mistake, ...]
    hard: tuple[Hardness, ...]


def gradebook_of(folder: Path) -> Path:
    """The gradebook of a folder of marks, or of the folder of notebooks that lies beside it."""
    if not folder.is_dir():
        raise NoFindings(f"{folder} is no folder; name the folder with the marks, such as week3-marks.")
    for place in (folder, folder.with_name(folder.resolve().name + "-marks")):
        if (place / "gradebook.sqlite").is_file():
            return place / "gradebook.sqlite"
    raise NoFindings(f"there is no gradebook in {folder}; mark the notebooks first: optcourse grade {folder}")


def findings(path: Path) -> Findings:
    """What the standing marks of a gradebook say. NoFindings where they are too few, or of a course before this one."""
    with Gradebook(path) as book:
        if book.old:
            raise NoFindings(
                f"{path} was written by a version of the course that did not keep mistakes; "
                "call `optcourse grade` again on the notebooks, and it will mark them anew."
            )
        marks = book.rows(
            "SELECT s.student, m.* FROM marks m JOIN submissions s ON s.id = m.submission WHERE s.stands"
        )
        tries = book.rows("SELECT * FROM tries")
    who: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    marked: dict[str, set[str]] = defaultdict(set)
    solved: dict[str, set[str]] = defaultdict(set)
    for row in marks:
        if row["status"] == "stopped":  # it waits for a person
            continue
        marked[row["exercise"]].add(row["student"])
        if row["status"] == "passed":
            solved[row["exercise"]].add(row["student"])
        for name in {row["misconception"], row["also"]} - {""}:
            who[row["exercise"]][name].add(row["student"])
    taken = defaultdict(list)
    for row in tries:
        taken[row["exercise"]].append(row["tries"])
    students = {row["student"] for row in marks}
    if len(students) < FEWEST:
        raise NoFindings(
            f"{path} has the marks of fewer than {FEWEST} students, and a report on so few would name them."
        )
    known = [e for e in exercises.all_exercises() if len(marked[e.id]) >= FEWEST]
    mistakes = [
        Mistake(e, m, len(who[e.id][m.id]), len(marked[e.id]))
        for e in known
        for m in e.misconceptions
        if len(who[e.id][m.id]) >= FEWEST
    ]
    hard = [_hardness(e, len(marked[e.id]), len(solved[e.id]), taken[e.id]) for e in known]
    return Findings(
        tuple(sorted({e.lesson for e in known})),
        len(students),
        tuple(sorted(mistakes, key=lambda m: -m.count)),
        tuple(hard),
    )


def _hardness(exercise: Exercise, marked: int, solved: int, tries: list[int]) -> Hardness:
    few = 0 < solved < FEWEST or 0 < marked - solved < FEWEST
    median = statistics.median(tries) if len(tries) >= FEWEST else None
    return Hardness(
        exercise, marked, None if few else solved, median, len(tries) if median is not None else 0
    )
