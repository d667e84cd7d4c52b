"""What an exercise is, as data: exercises, cases, misconceptions, predictions, quizzes.

Nothing here runs anything. `learner.running` runs a learner's function on a case, `checking.verdict`
compares what came out with the reference, `checking.check` puts the two together for a notebook, and the
grader puts them together across two processes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

COMPARISONS = ("result", "calls", "call_count", "inputs")
FLOATS, WHOLE, CORNERS = PARTS = ("floats", "whole numbers", "corners")
# What the labels of cases out of the ordinary say.
CORNER = re.compile(
    r"^one (entry|step|example|weight|hidden unit)\b|one example at a time|as one (batch|minibatch)|one entry only"
    r"|\b(single|no|flat|zero|level|nan|exactly|overflow|border|tiny|late|later|sixty|diverges|eps|fade|ridge|itself)\b"
    r"|\b(very (?!different)|small gap|smaller|so (small|large)|allow|first step|last step|left over|both values)"
    r"|2000"
)


@dataclass(frozen=True)
class Misconception:
    """Wrong code that people really write, with the sentence that it deserves.

    `code` has the signature of the reference. `sentence` must lead to the mistake without giving the answer
    away. `same_as` names other misconceptions of the exercise that give the same numbers, so that either
    name is right.
    """

    id: str
    sentence: str
    code: Callable
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One call: numbers, texts, arrays, lists, tuples, dicts and ingredients (`exercises.ingredients`).

    `label` completes the sentence "with …", for instance "a start of whole numbers". It also says which of PARTS the case
    belongs to, where `named_part` does not.
    """

    args: tuple = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    named_part: str = ""

    @property
    def part(self) -> str:
        """Which of PARTS it belongs to: whole numbers, a corner, or the ordinary floats."""
        if self.named_part:
            return self.named_part
        if re.search(r"\bwhole[ -]number", self.label):
            return WHOLE
        return CORNERS if CORNER.search(self.label) else FLOATS


# The one case of every value exercise.
WITHOUT_ARGUMENTS = Case()


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    compare says what must agree with the reference:
      "result"      what is returned
      "calls"       where the recorded callables were called: how often, in which order, at which points
      "call_count"  only how many calls there were (instead of "calls", where the order is free)
      "inputs"      array arguments are the same afterwards as before
    steps: the recorded calls are the successive `w` of a descent, so feedback may say "your second step".
    result_names: names for the parts of a tuple result, for instance ("dW1", "dW2").
    verify: for results that no reference can fix (random ones): `verify(case, outcome)` gives None when all
    is well, else the id of a
      misconception or a sentence of its own; it takes the place of the comparison of results.
    verify_all: the same for what only all calls together show: `verify_all(cases, outcomes)`, asked when each is right.
    read: what is compared in place of an answer, for answers that people write in several ways.
    free_calls: how often a callable is asked is the learner's own affair, so a mistake is named by what is returned alone.
    tally: a line about all calls of a function together, right or wrong: `tally(cases, outcomes)`.
    numbers, with_numbers: see `exercises.own_numbers`. own: what everybody then has of their own, "numbers" or "lines".
    hidden: of the cases that grading draws, so many are tried, the first ones; None is all. For cases that are whole trainings.
    """

    id: str
    title: str
    statement: str
    points: int
    answers: tuple[str, ...]
    reference: Callable
    cases: Callable[[np.random.Generator], list[Case]] | None = None
    misconceptions: tuple[Misconception, ...] = ()
    hints: tuple[str, ...] = ()
    rtol: float = 1e-7
    atol: float = 1e-10
    kind: str = "function"
    compare: tuple[str, ...] = ("result", "inputs")
    algorithm: bool = False
    steps: bool = True
    result_names: tuple[str, ...] = ()
    verify: Callable[[Case, Any], str | None] | None = None
    verify_all: Callable[[list[Case], list], str | None] | None = None
    tally: Callable[[list[Case], list], str] | None = None
    read: Callable[[Any], Any] | None = None
    seconds: float = 5.0
    hidden: int | None = None
    numbers: tuple[tuple, ...] = ()
    with_numbers: Callable[..., Exercise] | None = None
    own: str = "numbers"
    free_calls: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("function", "value"):
            raise ValueError(f"exercise {self.id}: kind is {self.kind!r}; allowed are 'function' and 'value'")
        unknown = set(self.compare) - set(COMPARISONS)
        if unknown:
            raise ValueError(f"exercise {self.id}: compare has {sorted(unknown)}; allowed are {COMPARISONS}")
        if self.kind == "function" and (self.cases is None or len(self.answers) != 1):
            raise ValueError(
                f"exercise {self.id}: a function exercise needs cases and exactly one answer name"
            )

    @property
    def lesson(self) -> str:
        """The two digits of the lesson."""
        return self.id[:2]

    @property
    def visible_seed(self) -> list[int]:
        """The seed of the cases in the notebook: the same at every run, another for every exercise."""
        return [zlib.crc32(self.id.encode())]

    def draw_cases(self, seed: int | list[int]) -> list[Case]:
        """The cases for a seed; a value exercise has one case without arguments."""
        if self.kind == "value":
            return [WITHOUT_ARGUMENTS]
        return list(self.cases(np.random.default_rng(seed)))


@dataclass(frozen=True)
class Watch:
    """The figure that answers a prediction: at the commitment `before` is pinned and `after` is played in it.

    `figure` is the name of an explorer of the lesson, `before` and `after` are values of its controls, and "focus" the run in
    focus if it is not the figure's own.
    """

    figure: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Prediction:
    """A question that the learner commits to before the picture answers it.

    kind "choice": `answer()` gives the index of the right choice.
    kind "number": `answer()` gives the number, a guess within `tolerance` (relative) counts as right;
    `tolerance=0` asks for the very number.
    reveal is shown after the commitment; `{answer}` in it stands for the computed answer.
    drawings: a small path in a valley for each choice, as SVG path data in a box of 64 by 40.
    watch: the figure that shows the answer before the words do, where the page has it.
    """

    id: str
    question: str
    kind: str
    answer: Callable[[], Any]
    reveal: str
    choices: tuple[str, ...] = ()
    tolerance: float = 0.1
    unit: str = ""
    drawings: tuple[str, ...] = ()
    watch: Watch | None = None

    def __post_init__(self) -> None:
        if self.drawings and len(self.drawings) != len(self.choices):
            raise ValueError(f"prediction {self.id}: every choice needs its drawing, or none has one")
        if self.kind not in ("choice", "number"):
            raise ValueError(
                f"prediction {self.id}: kind is {self.kind!r}; allowed are 'choice' and 'number'"
            )
        if self.kind == "choice" and len(self.choices) < 2:
            raise ValueError(f"prediction {self.id}: a choice needs at least two choices")


@dataclass(frozen=True)
class Question:
    """One question of a quiz: the index of the right choice, and an explanation for every choice."""

    text: str
    choices: tuple[str, ...]
    right: int
    explanations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.choices) != len(self.explanations):
            raise ValueError(f"question {self.text!r}: every choice needs its explanation")
        if not 0 <= self.right < len(self.choices):
            raise ValueError(
                f"question {self.text!r}: right is {self.right}; there are {len(self.choices)} choices"
            )


@dataclass(frozen=True)
class Quiz:
    """A short quiz; its id is the lesson's two digits."""

    id: str
    questions: tuple[Question, ...]
    title: str = ""
