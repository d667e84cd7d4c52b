"""Right and wrong answers as people write them, in text files beside this one, for the tests of the checks.

A file `answers/NN.txt` has a part `== exercise` for each exercise, and in it `-- right` and `-- wrong`. An answer is one
line, `label: old => new; old => new`: edits of the lesson's own answer (`\\n` is a line break), or statements that come
after it where the exercise asks for values. A whole function stands in the lines below its label. For a right answer the
label says what is special about it; for a wrong one it is the misconception that names it, and `-` where none does.
"""

from __future__ import annotations

import functools
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optcourse import exercises

HERE = Path(__file__).parent / "answers"
SOURCE = Path(__file__).parents[2] / "source"
LABEL = re.compile(r"(?!def |from |import |    )([^:()=]+):(?: (.*))?")


@dataclass(frozen=True)
class Answer:
    """One answer of the battery: whose it is, whether it is right, its label and its text."""

    exercise: str
    right: bool
    label: str
    text: str

    def given(self) -> tuple:
        """What the learner hands over: a function, or the values."""
        exercise = exercises.get(self.exercise)
        names = own_answers(exercise.lesson)
        own = names[self.exercise]
        if exercise.kind == "value":
            code = f"{own}\n{self.text}"
        elif self.text.startswith("def "):
            code = self.text
        else:
            code = edited(own, self.text, f"{self.exercise}, {self.label}")
        space: dict = {}
        exec(names["imports"], space)
        for other in exercises.module(exercise.lesson).EXERCISES:
            if other.id in names and other.kind == "function":
                exec(names[other.id], space)
        run_as_cell(code, f"<cell {self.exercise}>", space)
        return tuple(space[name] for name in exercise.answers)


def run_as_cell(code: str, file: str, space: dict) -> None:
    """Run a text as a notebook does: its lines can be asked for, and they are these, whoever ran a cell of that name before."""
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    exec(compile(code, file, "exec"), space)


def edited(own: str, edits: str, where: str) -> str:
    """The lesson's own answer with each `old => new` done once."""
    parts: list[str] = []
    for part in edits.split("; "):
        if parts and " => " not in f"{part} ":
            parts[-1] += f"; {part}"
        else:
            parts.append(part)
    for part in parts:
        old, new = (text.replace("\\n", "\n") for text in (part + " ").split(" => ", 1))
        new = new.removesuffix(" ") if not part.endswith(" => ") else ""
        if own.count(old) != 1:
            raise ValueError(f"{where}: {old!r} stands {own.count(old)} times in the lesson's own answer")
        own = own.replace(old, new)
    return own


@functools.cache
def own_answers(lesson: str) -> dict[str, str]:
    """The lesson's own answers by exercise, without comments, and what they import."""
    text = next(SOURCE.glob(f"{lesson}_*.py")).read_text()
    found = {"imports": "import math\nimport numpy as np"}
    for cell in re.split(r"^# %%.*?(?=tags=|slideshow=|\[|\n)", text, flags=re.MULTILINE):
        if tagged := re.match(r'tags=.*?"exercise:([\w-]+)".*\n', cell):
            code = cell[tagged.end() :]
            lines = [line for line in code.splitlines() if "### " not in line and '"""' not in line]
            found[tagged[1]] = "\n".join(line.split("  # ")[0] for line in lines)
    return found


def lessons() -> list[str]:
    return sorted(file.stem for file in HERE.glob("*.txt"))


def answers(lesson: str) -> Iterator[Answer]:
    """Every answer of a lesson's file."""
    exercise, right, label, lines = "", True, "", []
    for line in [*(HERE / f"{lesson}.txt").read_text().splitlines(), "=="]:
        starts = LABEL.fullmatch(line)
        if label and (starts or line.startswith(("== ", "-- ")) or line in ("", "==")):
            yield Answer(exercise, right, label, "\n".join(lines))
            label, lines = "", []
        if line.startswith("== "):
            exercise = line[3:]
        elif line.startswith("-- "):
            right = line == "-- right"
        elif starts:
            label, lines = starts[1], [starts[2]] if starts[2] else []
        elif label:
            lines.append(line)
