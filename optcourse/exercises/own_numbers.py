"""Numbers of one's own: a value exercise asks everybody the same with other numbers, where a course has a key.

Which numbers are whose follows from key and name alone, so they come out the same in the notebook and in grading, today and next
year. An exercise declares its numbers beside itself: `numbers`, a list of what may be asked, and `with_numbers`, which makes the
exercise of one of them, answers and mistakes included.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from optcourse.exercises.model import Case, Exercise, Misconception

OF_THE_TEXT, OF_ANOTHER = "numbers-of-the-text", "numbers-of-another"


@dataclass(frozen=True)
class Owner:
    """Whose numbers: the course key, and the name as somebody wrote it. Capitals and blanks make no difference."""

    key: str
    name: str

    @property
    def code(self) -> str:
        """Six signs by which to see that two places mean the same key and name."""
        return self._hash("")[:6]

    def place(self, exercise: Exercise) -> int:
        """Which of the exercise's numbers are this person's."""
        return int(self._hash(exercise.id), 16) % len(exercise.numbers)

    def exercise(self, exercise: Exercise) -> Exercise:
        """The exercise with this person's numbers, or as it is where it has none to choose from."""
        if not exercise.numbers:
            return exercise
        own = self.place(exercise)
        mine = made(exercise.with_numbers, exercise.numbers[own])
        others = {OF_THE_TEXT: exercise.reference} | {
            f"{OF_ANOTHER}-{k}": partial(_answers, mine, exercise.with_numbers, numbers)
            for k, numbers in enumerate(exercise.numbers)
            if k != own
        }
        text, *others = (
            Misconception(id, (TEXT_SAYS if id == OF_THE_TEXT else ANOTHER_SAYS).format(exercise.own), code)
            for id, code in others.items()
        )
        known = (*others, *mine.misconceptions)
        if exercise.own == "lines":  # so few answers that a mistake may give somebody else's
            known = (*mine.misconceptions, *others)
        return replace(
            mine, misconceptions=(text, *known), verify=mine.verify and _verify(mine, text, *others)
        )

    def line(self, exercise: Exercise) -> str:
        """What a check says of the numbers that it went by."""
        return f"{exercise.own.capitalize()} of {self.name} ({self.code}). {exercise.statement}"

    def _hash(self, of: str) -> str:
        text = "\n".join((self.key.strip(), folded(self.name), of))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


TEXT_SAYS = "These are the answers to the {} of the text. Yours are others: they stand below."
ANOTHER_SAYS = "These are the answers to somebody else's {}. Yours stand below."


def _verify(mine: Exercise, *told: Misconception) -> Callable[[Case, Any], str | None]:
    """Its own `verify`, which says before all else where an answer is one of these."""

    def verify(case: Case, outcome: Any) -> str | None:
        if (said := mine.verify(case, outcome)) is None:
            return None
        answers = list(map(str, outcome.result))  # whatever they are, these compare
        return next((m.id for m in told if answers == list(map(str, m.code()))), said)

    return verify


def _answers(mine: Exercise, with_numbers: Callable[..., Exercise], numbers: tuple) -> tuple:
    """The answers of somebody with these numbers; none where a known mistake with one's own gives the same.

    The exercise is made when an answer is compared with it, no sooner.
    """
    theirs = made(with_numbers, numbers).reference()
    if mine.own == "numbers" and any(
        all(abs(w - t) <= mine.atol + mine.rtol * abs(t) for w, t in zip(wrong, theirs, strict=True))
        for wrong in _mistaken(mine)
    ):
        return ("",) * len(theirs)
    return theirs


@lru_cache(maxsize=100)
def _mistaken(mine: Exercise) -> tuple[tuple, ...]:
    """What each known mistake gives where all else is right."""
    right = mine.reference()
    return tuple(
        tuple(r if wrong is None else wrong for r, wrong in zip(right, mistake.code(), strict=True))
        for mistake in mine.misconceptions
    )


@lru_cache(maxsize=1_000)
def made(with_numbers: Callable[..., Exercise], numbers: tuple) -> Exercise:
    """The exercise of these numbers, made once: a whole class is compared with all of them."""
    return with_numbers(*numbers)


def folded(name: str) -> str:
    """A name as it compares."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
