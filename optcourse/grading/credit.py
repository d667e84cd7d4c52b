"""Partial credit: what a wrong answer earns, as an instructor says it in `credit.toml` beside the marks.

    [03-gradient-descent]
    floats = 0.5           # the share for being right on all ordinary cases
    whole-numbers = 0.25   # that for whole numbers, where the floats are right, too
    corners = 0.25         # that for one entry, no step, very large steps, …, where the floats are right, too

    [03-gradient-descent.mistakes]
    one-step-too-few = 0.5   # the share that an answer keeps whose only mistake this is

Without the file, or for an exercise that is not in it, an answer earns all or nothing. What is right of an answer was found
out when it was marked, on hidden cases, too, so a change of the file counts at once and nothing is marked again. A file
with anything wrong in it is refused whole.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optcourse import exercises
from optcourse.exercises.model import CORNERS, FLOATS, PARTS, WHOLE, Exercise
from optcourse.grading.marking import ALIKE

KEYS = {part.replace(" ", "-"): part for part in PARTS}
MISTAKES = "mistakes"
WORDS = {
    FLOATS: "right on ordinary numbers",
    WHOLE: "right on whole numbers, too",
    CORNERS: "right in the corners, too (one entry, no step, very large steps and the like)",
}
SEED = 0  # any will do: which parts an exercise has is the same for all


class BadCredit(Exception):
    """The file cannot be taken; the text has one sentence for each thing that is wrong."""


@dataclass(frozen=True)
class Rule:
    """What wrong answers to one exercise earn: shares by part, and by the id of a mistake."""

    parts: Mapping[str, float]
    mistakes: Mapping[str, float]


def earned(
    rule: Rule, of: float, right: Iterable[str], mistake: str, also: str
) -> tuple[float, tuple[str, ...]]:
    """The points of a wrong answer, and a line for each thing that earned some, and for what did not."""
    right = set(right)
    lines, total = [], 0.0
    for part, share in rule.parts.items():
        # whole numbers and corners alone are soon right by chance
        if FLOATS in right and part in right:
            total += share
            lines.append(f"{_points(share * of)}: {WORDS[part]}.")
        elif share:
            lines.append(f"0 of {_points(share * of)}: not yet {WORDS[part]}.")
    kept = rule.mistakes.get(mistake, 0.0) if ALIKE in right and not also else 0.0
    if kept > total:  # the better of the two counts
        return round(kept * of, 2), (f"{_points(kept * of)}: what is said above is the only mistake.",)
    return round(total * of, 2), tuple(lines)


def _points(number: float) -> str:
    text = f"{round(number, 2):g}"
    return f"{text} point{'' if text == '1' else 's'}"


# -- the file --------------------------------------------------------------------------------------


def read_credit(path: Path) -> dict[str, Rule]:
    """The rules by exercise; none where there is no file. Raises BadCredit."""
    if not path.exists() and not path.is_symlink():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadCredit(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadCredit(f"{path} is not in UTF-8; save it as UTF-8.") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(
            r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL
        )
        what, row, column = found.groups() if found else (str(error), None, None)
        where = f"row {row}, column {column}" if row else "at its end"
        raise BadCredit(
            f"{path}, {where}: this is no TOML ({what}); compare it with docs/grading.md."
        ) from error
    reader = _Reader(path, text)
    rules = {id: reader.rule(id, table) for id, table in data.items()}
    if reader.wrong:
        raise BadCredit("\n".join(["nothing was marked or written.", *reader.wrong]))
    return rules


class _Reader:
    """Rules out of a file's tables; `wrong` collects a sentence for each thing that cannot be taken."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.wrong = path, []
        # for places only: a comment is no place
        self.text = re.sub(r"#.*", lambda found: " " * len(found[0]), text)

    def complain(self, what: str, *keys: str) -> None:
        at = 0
        for key in keys:
            found = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])").search(self.text, at)
            at = found.start() if found else at
        row, before = self.text.count("\n", 0, at) + 1, self.text.rfind("\n", 0, at)
        self.wrong.append(f"{self.path}, row {row}, column {at - before}: {what}")

    def rule(self, id: str, table: Any) -> Rule | None:
        try:
            exercise = exercises.get(id)
        except exercises.UnknownExercise as error:
            return self.complain(str(error), id)
        if not isinstance(table, dict):
            return self.complain(f"[{id}] must be a table of shares, such as floats = 0.5.", id)
        parts, has = {}, _parts(exercise)
        for key, value in table.items():
            if key == MISTAKES:
                continue
            if key not in KEYS:
                known = ", ".join([*KEYS, MISTAKES])
                self.complain(f"{key!r} is no part of an exercise; there are {known}.", id, key)
            elif KEYS[key] not in has:
                there = (
                    ", ".join(k for k, part in KEYS.items() if part in has) or "none; name mistakes instead"
                )
                self.complain(f"{id} has no cases of its own for {key!r}; it has {there}.", id, key)
            elif (share := self.share(value, id, key)) is not None:
                parts[KEYS[key]] = share
        if sum(parts.values()) > 1 + 1e-9:
            total = f"{sum(parts.values()):g}"
            self.complain(f"the shares of the parts of {id} are {total} together; make them at most 1.", id)
        return Rule(
            {part: parts[part] for part in PARTS if part in parts},
            self.mistakes(exercise, table.get(MISTAKES, {})),
        )

    def mistakes(self, exercise: Exercise, table: Any) -> dict[str, float]:
        """Shares by mistake. Mistakes that give the same numbers cannot be told apart, so one share is for all of them."""
        if not isinstance(table, dict):
            self.complain("mistakes must be a table, such as [NN-exercise.mistakes].", exercise.id, MISTAKES)
            return {}
        known = {m.id: m for m in exercise.misconceptions}
        shares: dict[str, float] = {}
        for id, value in table.items():
            place = (exercise.id, MISTAKES, id)
            if id not in known:
                near = difflib.get_close_matches(id, known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(sorted(known))}."
                self.complain(f"{exercise.id} knows no mistake {id!r}.{hint}", *place)
                continue
            share = self.share(value, *place)
            if share is None:
                continue
            alike = {id, *known[id].same_as, *(m.id for m in known.values() if id in m.same_as)}
            for other in sorted(alike):
                if shares.get(other, share) != share:
                    self.complain(
                        f"{id!r} and {other!r} give the same numbers, so they need the same share.", *place
                    )
                shares[other] = share
        return shares

    def share(self, value: Any, *place: str) -> float | None:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not 0 <= value <= 1:
            shown = value if isinstance(value, int | float) and not isinstance(value, bool) else repr(value)
            return self.complain(f"{shown} is no share; write a number from 0 to 1.", *place)
        return float(value)


def _parts(exercise: Exercise) -> set[str]:
    """The parts that an exercise's cases have. What only all cases together show has none."""
    if exercise.kind == "value" or exercise.verify_all is not None:
        return set()
    return {case.part for case in exercise.draw_cases(SEED)}
