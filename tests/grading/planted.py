"""A made-up class with known mistakes: `python3 -m tests.grading.planted FOLDER --count 300 --seed 1` writes its notebooks.

Every notebook is the solved lesson, with wrong answers put in front of the checks of some exercises. What was planted is
written down beside the folder, so that a report can be held against it.
"""

from __future__ import annotations

import argparse
import copy
import json
import linecache
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optcourse import exercises
from optcourse.exercises.mistakes import Mistake
from optcourse.exercises.model import Exercise, Misconception

ROOT = Path(__file__).resolve().parents[2]
# How many students make the k-th mistake of an exercise: a few common ones, and some at the edge of what may be shown.
SIZES = (31, 17, 9, 5, 3, 3, 2, 2, 1)


@dataclass
class Planted:
    """One student: the mistakes by exercise, and after how many tries each other exercise was right."""

    name: str
    mistakes: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)


def plan(lesson: str, count: int, seed: int) -> list[Planted]:
    """Who makes which mistake."""
    rng = random.Random(seed)
    students = [Planted(f"student{k:04}") for k in range(count)]
    for exercise in exercises.module(lesson).EXERCISES:
        able = [m for m in exercise.misconceptions if can_be_written(exercise, m)]
        chosen = rng.sample(able, min(len(able), len(SIZES)))
        free = rng.sample(students, len(students))
        for misconception, size in zip(chosen, SIZES, strict=False):
            for _ in range(min(max(size * count // 300, min(size, 3)), len(free))):
                free.pop().mistakes[exercise.id] = misconception.id
    for student in students:
        for exercise in exercises.module(lesson).EXERCISES:
            if exercise.id not in student.mistakes:
                student.tries[exercise.id] = rng.choice((1, 1, 2, 3, 5, 8))
    return students


def can_be_written(exercise: Exercise, misconception: Misconception) -> bool:
    """Edits of the reference can be handed in as text, and so can values that are all known."""
    if exercise.kind == "value":
        values = misconception.code()
        values = values if len(exercise.answers) > 1 else (values,)
        return all(isinstance(value, int | float | str | None) for value in values)
    return isinstance(misconception, Mistake)


def wrong_answer(exercise: Exercise, id: str) -> str:
    """The code of a mistake, as a student would hand it in."""
    misconception = next(m for m in exercise.misconceptions if m.id == id)
    if exercise.kind == "value":
        values = misconception.code()
        values = values if len(exercise.answers) > 1 else (values,)
        return "\n".join(
            f"{name} = {float(value) if isinstance(value, float) else value!r}"
            for name, value in zip(exercise.answers, values, strict=True)
            if value is not None  # any value goes with the mistake, so the right one stays
        )
    reference = exercise.reference.__name__
    text = "".join(linecache.getlines(misconception.code.__code__.co_filename))
    return f"{text}\n{exercise.answers[0]} = {reference}\n" if exercise.answers[0] != reference else text


def notebook(solved: dict, student: Planted) -> dict:
    """The solved notebook with the student's mistakes in it."""
    made = copy.deepcopy(solved)
    for exercise_id, mistake in student.mistakes.items():
        exercise = exercises.get(exercise_id)
        [at] = [
            k for k, cell in enumerate(made["cells"]) if f'check("{exercise_id}"' in "".join(cell["source"])
        ]
        made["cells"].insert(
            at,
            {
                "cell_type": "code", "id": f"wrong-{exercise_id}", "metadata": {}, "outputs": [], "execution_count": None,
                "source": wrong_answer(exercise, mistake),
            },
        )  # fmt: skip
    made["cells"].append({"cell_type": "markdown", "id": "who", "metadata": {}, "source": student.name})
    return made


def write(folder: Path, students: Sequence[Planted], lesson: str, with_progress: int = 0) -> None:
    """The class as a folder of notebooks; the first `with_progress` students hand in a folder with their progress in it."""
    [path] = (ROOT / "solutions").glob(f"{lesson}_*.ipynb")
    solved = json.loads(path.read_text(encoding="utf-8"))
    for cell in solved["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    folder.mkdir(parents=True, exist_ok=True)
    for k, student in enumerate(students):
        text = json.dumps(notebook(solved, student))
        if k >= with_progress:
            (folder / f"{student.name}.ipynb").write_text(text, encoding="utf-8")
            continue
        home = folder / student.name / ".optcourse"
        home.mkdir(parents=True)
        (folder / student.name / path.name).write_text(text, encoding="utf-8")
        events = [
            {"kind": "check", "id": id, "status": "passed" if n == tries - 1 else "wrong"}
            for id, tries in student.tries.items()
            for n in range(tries)
        ]
        (home / "progress.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def counts(students: Sequence[Planted]) -> Counter[tuple[str, str]]:
    """How many students make each mistake of each exercise."""
    return Counter(item for student in students for item in student.mistakes.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lesson", default="03")
    asked = parser.parse_args()
    students = plan(asked.lesson, asked.count, asked.seed)
    write(asked.folder, students, asked.lesson)
    truth = {student.name: student.mistakes for student in students}
    asked.folder.with_name(asked.folder.name + "-planted.json").write_text(json.dumps(truth, indent=1))


if __name__ == "__main__":
    main()
