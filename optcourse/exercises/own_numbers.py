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
from functools import lru_cache

from optcourse.exercises.model import Exercise, Misconception

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
            f"{OF_ANOTHER}-{k}": made(exercise.with_numbers, numbers).reference
            for k, numbers in enumerate(exercise.numbers)
            if k != own
        }
        told = tuple(
            Misconception(id, TEXT_SAYS if id == OF_THE_TEXT else ANOTHER_SAYS, code)
            for id, code in others.items()
        )
        return replace(mine, misconceptions=(*told, *mine.misconceptions))

    def line(self, exercise: Exercise) -> str:
        """What a check says of the numbers that it went by."""
        return f"Numbers of {self.name} ({self.code}). {exercise.statement}"

    def _hash(self, of: str) -> str:
        text = "\n".join((self.key.strip(), folded(self.name), of))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


TEXT_SAYS = "These are the answers to the numbers of the text. Yours are others: they stand below."
ANOTHER_SAYS = "These are the answers to somebody else's numbers. Yours stand below."


@lru_cache(maxsize=1_000)
def made(with_numbers: Callable[..., Exercise], numbers: tuple) -> Exercise:
    """The exercise of these numbers, made once: a whole class is compared with all of them."""
    return with_numbers(*numbers)


def folded(name: str) -> str:
    """A name as it compares."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
