"""The judge: the marks of one notebook. It never imports, unpickles or runs anything of a submission.

The submission's code runs behind the walls (`walls.outside` builds them, `walls.inside` runs there).
The judge sends the inputs of one case at a time,
evaluates the callables in them itself when the submission asks (and keeps the record of these calls), and reads the
answer as plain numbers in a bounded format. So nothing inside the walls knows an expected value, and nothing that a
submission does there, patched libraries and forged messages included, can do more than return other numbers: these
it could have returned anyway.

Visible cases, those of the notebook's own check, come first. Hidden ones, drawn from the grading seed, come when all
visible ones have been called: no words are made of what comes back then, so no hidden input can get into them.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from optcourse import exercises, saved
from optcourse.checking.check import feedback_for, visible_seed
from optcourse.checking.verdict import alike, expected_outcomes, judge, parts_right, right_but_for
from optcourse.exercises.ingredients import Rng
from optcourse.exercises.model import FLOATS, PARTS, Case, Exercise
from optcourse.exercises.own_numbers import OF_ANOTHER, OF_THE_TEXT
from optcourse.grading.walls.outside import KEPT, Limits, Stopped, WalledProcess
from optcourse.grading.whose_numbers import OF_OTHERS, TO_SETTLE, GivenNumbers, Whose, whose_numbers
from optcourse.learner.running import Answer, Failure, Inputs, Outcome, Recorder, shapes_of
from optcourse.learner.wire import Packed, Unreadable, decode, encode, has_text, pack_reply

__all__ = ["ExerciseMark", "Marks", "Unreadable", "grade_notebook"]

MAX_NOTEBOOK = 100_000_000  # bytes of the file; pictures are most of it, and are not looked at
MAX_CELLS = 2_000
MAX_TEXT = 500
LOOK_SECONDS = 5.0  # to say what an answer is; an object of a submission's own may take its time
MAX_ASKED = 20_000  # numbers in one question
SECONDS_A_QUESTION = 0.005  # on the way there and back; they are not the submission's fault
MAX_TROUBLE = 30
# By the clock on the wall, which is all that the worker knows, a limit comes so many times later: the machine may be busy.
LATEST = 8
LATE = 2.0  # seconds of a cell, when half of the time of all cells is over
END = -1  # the state of a notebook when all its cells have run; states at its checks count from 0
ONLY_VISIBLE = "It passes the cases of this check, but not all the others that grading tries."
NOT_TRIED = "It passes the cases of this check; the others that grading tries could not be tried."


@dataclass(frozen=True)
class ExerciseMark:
    """The mark of one exercise.

    status: "passed", "failed", "not started" (still a blank), "missing" (not in the notebook) or "stopped" (by a
    limit). visible: what the notebook's own check says of its visible cases, plain text. hidden_failed: those pass,
    and hidden ones do not. misconception, also: the ids of the one or two mistakes that visible cases show. right: of an
    answer that failed, the parts of its cases that are all right, hidden ones included (see `parts_of`), and ALIKE
    where hidden cases show the mistake, too.
    """

    id: str
    points: int
    of: int
    status: str
    visible: str
    hidden_failed: bool = False
    misconception: str = ""
    also: str = ""
    right: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marks:
    """The marks of one notebook: plain values, which may travel between processes."""

    lesson: str
    seed: int
    exercises: tuple[ExerciseMark, ...]
    trouble: tuple[str, ...]
    seconds: float

    @property
    def points(self) -> int:
        return sum(e.points for e in self.exercises)

    @property
    def of(self) -> int:
        return sum(e.of for e in self.exercises)


def grade_notebook(
    notebook: Path | str | bytes,
    *,
    seed: int,
    lesson: str | None = None,
    limits: Limits | None = None,
    sandboxed: bool = True,
    numbers: GivenNumbers | None = None,
) -> Marks:
    """The marks of a notebook.

    Args:
        notebook: its path, or what is in it. Links are refused.
        seed: of the hidden cases; the same seed gives the same cases.
        lesson: two digits; found from the checks in the notebook where it is not given.
        limits: what the submission may use.
        sandboxed: False runs it without bubblewrap, with fewer walls.
        numbers: the course key and whose the notebook is, where everybody has numbers of their own.

    Raises:
        Unreadable: the file is no readable notebook, or has no exercise of the course. The text says why.
        SandboxFailed: the walls cannot be built on this machine.
    """
    began = time.monotonic()
    cells = read_cells(notebook)
    lesson = lesson or find_lesson(cells)
    wanted = exercises.module(lesson).EXERCISES
    whose = whose_numbers(notebook, numbers or GivenNumbers()) if any(e.numbers for e in wanted) else Whose()
    with RunningNotebook(cells, wanted, limits or Limits(), sandboxed) as submission:
        submission.trouble += whose.trouble
        marks = [_own_mark(submission, e, whose) for e in wanted]
        submission.silent = True
        final = [
            _final_mark(submission, e, mark, states, (seed, k))
            for k, (e, (mark, states)) in enumerate(zip(wanted, marks, strict=True))
        ]
        trouble = tuple(submission.trouble)
    return Marks(lesson, seed, tuple(final), trouble, time.monotonic() - began)


def _own_mark(
    submission: RunningNotebook, exercise: Exercise, whose: Whose
) -> tuple[ExerciseMark, list[int]]:
    """The visible mark by the numbers that were the student's own, where the exercise has such. It says whose they were."""
    if not exercise.numbers or not (whose.owners or whose.refused):
        return _first_mark(submission, exercise)
    if whose.refused:
        return ExerciseMark(exercise.id, 0, exercise.points, "stopped", whose.refused), [END]
    best = None
    for owner in whose.owners:
        own = owner.exercise(exercise)
        mark, states = _first_mark(submission, own)
        lines = f"{mark.visible} {owner.line(own)}".strip().splitlines()
        said = "\n".join(_clean(line, 2_000) for line in lines)
        if best is None or _worth(mark) > _worth(best[0]):
            best = replace(mark, visible=said), states
    mark, states = best
    if mark.misconception.startswith((OF_THE_TEXT, OF_ANOTHER)):
        theirs = "of the text" if mark.misconception == OF_THE_TEXT else OF_OTHERS
        submission.note(
            f"{TO_SETTLE}what stands for {exercise.id} are the answers to the {exercise.own} {theirs}"
        )
        if theirs == OF_OTHERS and not whose.sure:  # perhaps they are the right ones
            best = replace(mark, status="stopped", misconception="", right=()), states
    return best


WORTH = ("missing", "not started", "stopped", "failed", "passed")
ALIKE = "as the mistake"


def _first_mark(submission: RunningNotebook, exercise: Exercise) -> tuple[ExerciseMark, list[int]]:
    """The visible mark of the answer at the end of the notebook, or as it stood when its own check ran, if that is better.

    Also the states of the notebook that hidden cases may be tried on: the one that passed, and those that were not tried.
    """
    best, at = _visible_mark(submission, exercise, END), END
    states = [END, *submission.stood.get(exercise.id, ())]
    for k, state in enumerate(states):
        mark = best if state == END else _visible_mark(submission, exercise, state)
        if mark.status == "passed":
            return mark, states[k:]
        if _worth(mark) > _worth(best):
            best, at = mark, state
    return best, [at]


def _worth(mark: ExerciseMark) -> tuple[int, int]:
    return WORTH.index(mark.status), len(mark.right)


def _visible_mark(submission: RunningNotebook, exercise: Exercise, state: int) -> ExerciseMark:
    """The mark as far as the cases of the notebook's check go."""
    cases, expected = _visible_cases(exercise)
    try:
        answers, outcomes = submission.outcomes(exercise, cases, state)
    except Stopped as stop:
        return ExerciseMark(exercise.id, 0, exercise.points, "stopped", f"It was stopped: {stop}.")
    with _quiet():
        try:
            feedback = feedback_for(exercise, cases, answers, outcomes, expected[: len(outcomes)])
        except Exception as error:  # a forged answer whose form no comparison expects; it earns nothing
            submission.note(f"exercise {exercise.id}: the answer cannot be compared ({type(error).__name__})")
            return ExerciseMark(exercise.id, 0, exercise.points, "failed", "The answer cannot be compared.")
    said = _clean(" ".join([feedback.sentence, *feedback.details]), 2_000)
    if feedback.passed:
        return ExerciseMark(exercise.id, exercise.points, exercise.points, "passed", said)
    status = "not started" if feedback.status == "not started" else "failed"
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    if any(answer.kind == "missing" for answer in answers):
        why, stopped = submission.why_missing(exercise)
        status, said = "stopped" if stopped else "missing", f"{said} {why}".rstrip()
    elif any(failure.kind in ("time", "stuck") for failure in failures):
        status = "stopped"
    elif any(failure.type == "NameError" for failure in failures) and submission.stops:
        first = next(iter(submission.stops.values())).sentence()
        said = _clean(f"{first[0].upper()}{first[1:]}. {said}", 2_000)
    right = ()
    if status == "failed" and exercise.kind == "function" and outcomes:
        right = _right(exercise, cases, outcomes, expected, feedback.misconception)
    elif status == "failed" and feedback.misconception:  # values have no other cases
        with _quiet(), contextlib.suppress(Exception):  # as above
            right = (ALIKE,) * right_but_for(exercise, feedback.misconception, outcomes[0], expected[0])
    return ExerciseMark(
        exercise.id, 0, exercise.points, status, said,
        misconception=feedback.misconception or "", also=feedback.also or "", right=right,
    )  # fmt: skip


def _right(
    exercise: Exercise,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    expected: Sequence[Outcome],
    mistake: str | None,
) -> tuple[str, ...]:
    """What is right of an answer on these cases: the parts that are right throughout, and ALIKE where it does as the mistake."""
    with _quiet():
        try:
            right = parts_right(exercise, cases, outcomes, expected[: len(outcomes)])
            if mistake and alike(exercise, mistake, cases, outcomes):
                right = (*right, ALIKE)
        except Exception:  # as in _visible_mark: a form that no comparison expects earns nothing
            return ()
    return right


def _final_mark(
    submission: RunningNotebook,
    exercise: Exercise,
    mark: ExerciseMark,
    states: Sequence[int],
    seed: tuple[int, ...],
) -> ExerciseMark:
    """The mark when the hidden cases have been tried, too. A value exercise has none.

    However it ends there, the sentence is the same: how it ended would tell of the case.
    """
    if exercise.kind == "value":
        return mark
    if mark.status != "passed":
        return replace(mark, right=_right_throughout(submission, exercise, mark, states[-1], seed))
    visible = _drawn(exercise.id, tuple(visible_seed(exercise)))
    hidden = _drawn(exercise.id, seed, exercise.hidden)
    for k, state in enumerate(states):
        try:
            submission.start()
        except Stopped:  # before a hidden case was sent
            return ExerciseMark(exercise.id, 0, exercise.points, "stopped", NOT_TRIED)
        # the first state has passed the visible cases already
        if all(_passes(submission, exercise, *drawn, state) for drawn in [visible, hidden][k == 0 :]):
            return mark
    right = _right_throughout(submission, exercise, replace(mark, right=PARTS), states[0], seed)
    return ExerciseMark(
        exercise.id, 0, exercise.points, "failed", ONLY_VISIBLE, hidden_failed=True, right=right
    )


def _right_throughout(
    submission: RunningNotebook, exercise: Exercise, mark: ExerciseMark, state: int, seed: tuple[int, ...]
) -> tuple[str, ...]:
    """What of a wrong answer is right on hidden cases, too. Where nothing could be, none is tried."""
    if not {FLOATS, ALIKE} & set(mark.right):
        return ()
    cases, expected = _drawn(exercise.id, seed, exercise.hidden)
    try:
        submission.start()
        _, outcomes = submission.outcomes(exercise, cases, state)
    except Stopped:
        return ()
    also_right = _right(exercise, cases, outcomes, expected, mark.misconception)
    return tuple(part for part in mark.right if part in also_right)


def _passes(
    submission: RunningNotebook,
    exercise: Exercise,
    cases: Sequence[Case],
    expected: Sequence[Outcome],
    state: int,
) -> bool:
    """Whether an answer is right on these cases; no words."""
    try:
        _, outcomes = submission.outcomes(exercise, cases, state)
    except Stopped:
        return False
    with _quiet():
        try:
            expected = expected[: len(outcomes)]
            return (
                bool(outcomes) and judge(exercise, cases, outcomes, expected=expected, explain=False).passed
            )
        except Exception:  # as in _visible_mark, but nothing may be said
            return False


def _visible_cases(exercise: Exercise) -> tuple[list[Case], list[Outcome]]:
    """The cases of the notebook's check. One with somebody's own numbers is not the catalogue's, so it is asked itself."""
    if exercise.kind == "value":
        cases = [Case()]
        return cases, expected_outcomes(exercise, cases)
    return _drawn(exercise.id, tuple(visible_seed(exercise)))


@lru_cache(maxsize=64)
def _drawn(
    exercise_id: str, seed: tuple[int, ...], count: int | None = None
) -> tuple[list[Case], list[Outcome]]:
    """The cases of an exercise for a seed and what the reference does on them: once for all submissions of a process."""
    exercise = exercises.get(exercise_id)
    cases = exercise.draw_cases(list(seed))[:count]
    expected = expected_outcomes(exercise, cases)
    if "calls" not in exercise.compare:
        for outcome in expected:
            outcome.calls = {}
    return cases, expected


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A submission's infinities make NumPy warn in the comparison, too; that is no news for the judge."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


# -- the notebook ----------------------------------------------------------------------------------


def read_cells(notebook: Path | str | bytes) -> list[str]:
    """The code cells of a notebook, formats 3 and 4; Unreadable with the reason otherwise."""
    raw = notebook if isinstance(notebook, bytes) else _read(Path(notebook))
    if len(raw) > MAX_NOTEBOOK:
        raise Unreadable("the notebook is too large")
    if not raw.strip():
        raise Unreadable("the file is empty")
    raw = PICTURE.sub(b"", raw)
    if saved.has_too_many_parts(raw):
        raise Unreadable("the notebook has too many parts")
    try:
        book = json.loads(raw.decode(json.detect_encoding(raw)))  # UTF-8, and what else editors make of it
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is no notebook, or a part of it was lost on the way") from error
    try:
        cells = book["cells"] if "cells" in book else [c for s in book["worksheets"] for c in s["cells"]]
        sources = [
            _source(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable("it is no notebook, or a part of it was lost on the way") from error
    if len(sources) > MAX_CELLS:
        raise Unreadable("the notebook has too many cells")
    return sources


# In base64, as outputs have them; no code is like that. It is looked for where one may begin: from every sign of a
# smaller picture on, a notebook with outputs took minutes.
PICTURE = re.compile(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{100000,}")


def _read(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link or no file")
    try:
        if path.stat().st_size > MAX_NOTEBOOK:
            raise Unreadable("the notebook is too large")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({error.strerror})") from error


def _source(cell: dict) -> str:
    """The text of a code cell; empty where it is none."""
    source = cell.get("source", cell.get("input", ""))
    lines = [source] if isinstance(source, str) else source if isinstance(source, list) else []
    return "".join(line for line in lines if isinstance(line, str))


def find_lesson(cells: Sequence[str]) -> str:
    """The lesson that most of the checks in the cells belong to."""
    found = Counter(re.findall(r"""check\(\s*["'](\d\d)-""", "\n".join(cells)))
    for lesson, _ in found.most_common():
        if lesson in exercises.lessons():
            return lesson
    text = "\n".join(cells)
    named = {  # without any check: the lesson whose answers are there
        lesson: sum(
            bool(re.search(rf"(?m)^(def )?{name}\b", text)) for e in module.EXERCISES for name in e.answers
        )
        for lesson in exercises.lessons()
        for module in [exercises.module(lesson)]
    }
    best = max(named, key=named.get)
    if not named[best]:
        raise Unreadable("no exercise of the course is in it")
    return best


# -- the submission behind the walls ---------------------------------------------------------------


@dataclass(frozen=True)
class Stop:
    """What ended a cell (`at` counts from 0), or cost it a line; from the submission, so it is only text."""

    at: int
    type: str
    text: str
    line: int | None
    source: str

    def sentence(self) -> str:
        return f"code cell {self.at + 1} stopped{self.where()}: {self.error()}"

    def where(self) -> str:
        source = self.source.replace("`", "'")
        source = source if len(source) <= 80 else source[:80] + " …"
        return f" in line {self.line}" + (f", `{source}`" if source else "") if self.line is not None else ""

    def error(self) -> str:
        text = self.text if len(self.text) <= 200 else self.text[:200] + " …"
        return f"{self.type}: {text}" if text else self.type


class RunningNotebook:
    """A notebook's cells in a worker. One that hangs or dies is replaced by a fresh one, without the cell that did it.

    The cells have `limits.total_seconds`, and so have the calls: what the one takes is not the other's loss.
    """

    def __init__(self, cells: list[str], wanted: Sequence[Exercise], limits: Limits, sandboxed: bool) -> None:
        self.cells, self.limits, self.sandboxed = cells, limits, sandboxed
        self.lesson = wanted[0].lesson
        self.shapes = {
            e.answers[0]: shapes_of(_drawn(e.id, tuple(visible_seed(e)))[0])
            for e in wanted
            if e.kind == "function"
        }
        self.cells_left = self.calls_left = limits.total_seconds
        self.starts_left = limits.restarts + 1
        self.skip: set[int] = set()
        self.not_run: int | None = None  # the first cell that was not run, because the time of all was over
        self.trouble: list[str] = []
        self.silent = False  # while hidden cases are tried, nothing is said
        self.worker: WalledProcess | None = None
        # An answer has left threads running: they would speak in the place of the next one.
        self.spoilt = False
        self.stops: dict[int, Stop] = {}
        self.stood: dict[
            str, list[int]
        ] = {}  # the states at an exercise's checks that differ from the one at the end
        self.room = limits.record

    def __enter__(self) -> RunningNotebook:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def _close(self) -> None:
        self.spoilt = False
        if self.worker is not None:
            self.worker.close()
            self.worker = None

    def note(self, line: str) -> None:
        """Remember what a person should read."""
        if not self.silent and line not in self.trouble and len(self.trouble) < MAX_TROUBLE:
            self.trouble.append(line)

    def outcomes(
        self, exercise: Exercise, cases: Sequence[Case], state: int
    ) -> tuple[list[Answer], list[Outcome]]:
        """What the answers of an exercise are, and what its calls gave. Stopped where the worker had to be stopped."""
        with self._asked(exercise) as worker:
            about = self._about(exercise, state)
            worker.say({"look": [[name, self.shapes.get(name, ())] for name in exercise.answers]} | about)
            message = self._hear(worker, LOOK_SECONDS)
            answers = _answers(exercise.answers, message.get("seen"))
            if state == END:
                self.stood[exercise.id] = [k for k in (0, 1) if k in _list(message.get("stood"))]
            if exercise.kind == "value":
                if any(answer.kind in ("missing", "blank", "left out") for answer in answers):
                    return answers, []
                worker.say({"values": list(exercise.answers)} | about)
                several = len(exercise.answers) > 1
                return answers, [_outcome(self._hear(worker, 5.0).get("outcome"), several)]
            if answers[0].kind != "function" or answers[0].takes is not None:
                return answers, []
            outcomes, self.room = [], self.limits.record
            for case in cases:
                outcomes.append(self._call(worker, exercise, case, about))
                if outcomes[-1].failure and outcomes[-1].failure.kind in ("time", "stuck"):
                    break
            return answers, outcomes

    @contextlib.contextmanager
    def _asked(self, exercise: Exercise) -> Iterator[WalledProcess]:
        """A worker to ask, for the time that is left; it ends with whatever goes wrong."""
        try:
            worker = self.start()
            began = time.monotonic()
            worker.begin(began + self.calls_left)
            try:
                yield worker
            finally:
                self.calls_left -= time.monotonic() - began - worker.load()
            if self.spoilt:
                self._close()
        except Stopped as stop:
            self.note(f"exercise {exercise.id}: {stop}")
            self._close()
            raise

    def _about(self, exercise: Exercise, state: int) -> dict:
        """The part of a request that says whose answers are meant, and when."""
        return {"exercise": exercise.id, "names": list(exercise.answers), "stood": state}

    def start(self) -> WalledProcess:
        """A worker whose cells have run. Every exercise may start one, whatever others did before."""
        self.starts_left = max(self.starts_left, 1)
        while self.worker is None:
            if self.starts_left == 0:
                raise Stopped("too many cells had to be stopped")
            self.starts_left -= 1
            began, at = time.monotonic(), -1
            try:
                if self.cells_left <= 0:
                    raise Stopped("the submission as a whole took too long")
                wall = self.limits.wait * self.limits.cell_seconds + 2
                end = began + self.cells_left + wall  # a cell that runs when the time is over may end
                self.worker = WalledProcess(self.lesson, self.limits, self.sandboxed, end)
                self.worker.say(self._job())
                seconds = 0.0
                to_come = (k for k in range(len(self.cells)) if k not in self.skip)
                for _ in range(2 * len(self.cells) + 2):
                    message = self._hear(self.worker, wall)
                    if message.get("ready") is True:
                        break
                    if "cell" in message and message["cell"] == (following := next(to_come, None)):
                        at, seconds = following, self._seconds(following, began)
                        go = {"seconds": seconds, "wall": LATEST * self.limits.wait * seconds}
                        self.worker.say(go)
                    elif "failed" in message:
                        self._note_stops(at, message, seconds)
                    else:  # forged, and by the cell that runs now
                        raise Stopped("its messages are not in order")
                else:
                    raise Stopped("it sent too many messages")
            except Stopped as stop:
                self.cells_left -= self._used(began)
                self._close()
                if self.cells_left <= 0 or at in self.skip or not 0 <= at < len(self.cells):
                    raise
                self.note(f"code cell {at + 1}: {stop}, so it was left out")
                self.skip.add(at)
            else:
                self.cells_left -= self._used(began)
        return self.worker

    def _used(self, began: float) -> float:
        """The seconds since `began`, without those for which the machine was busy with others."""
        return time.monotonic() - began - (self.worker.load() if self.worker else 0.0)

    def _seconds(self, at: int, began: float) -> float:
        """The seconds of a cell: few when half of the time of all is over, as the answers may be still to come; 0 at the end."""
        half = self.limits.total_seconds / 2
        if time.monotonic() - began < self.cells_left - half:
            return self.limits.cell_seconds
        left = self.cells_left - self._used(began)
        if left > 0:
            return self.limits.cell_seconds if left > half else min(self.limits.cell_seconds, LATE)
        if self.not_run is None:
            self.not_run = at
            whole = f"the time of all cells, {self.limits.total_seconds:g} seconds, was over"
            self.note(f"{whole} before code cell {at + 1}: it and those below it were not run")
        return 0.0

    def _note_stops(self, at: int, message: Mapping, seconds: float) -> None:
        """Remember what ended a cell, and the lines that it went on without."""
        for data in _list(message.get("lost")):
            lost = _stop(at, data)
            where = lost.where().removeprefix(" in ")
            self.note(f"code cell {at + 1}, {where}: {lost.error()}; the cell went on without it")
        if message["failed"] is None:
            return
        if message.get("spoilt") is True:
            where = _stop(at, message["failed"]).where()
            raise Stopped(f"it left too much memory or threads in use{where}")
        stop = self.stops.setdefault(at, _stop(at, message["failed"]))
        if stop.type == "TimeLimit":
            longer = f"it ran longer than {seconds:g} seconds"
            self.note(f"code cell {at + 1}: {longer} and was stopped{stop.where()}")
        else:
            self.note(stop.sentence())

    def _job(self) -> dict:
        return {
            "cells": self.cells,
            "skip": sorted(self.skip),
            "kept": [f"optcourse.{name}" for name in KEPT.get(self.lesson, {})],
            "largest": self.limits.message,
        }

    def why_missing(self, exercise: Exercise) -> tuple[str, bool]:
        """A sentence where a cell that speaks of an answer stopped before its end, and whether a limit of ours stopped it."""
        names = "|".join(map(re.escape, exercise.answers))
        word = re.compile(rf"(?m)^(def ({names})\b|({names})\s*[=,])")
        for at in [at for at, cell in enumerate(self.cells) if word.search(cell)]:
            if at in self.skip or (self.not_run is not None and at >= self.not_run):
                return f"It should come from code cell {at + 1}, which had to be left out.", True
            if stop := self.stops.get(at):
                kind = stop.type if stop.type.isidentifier() else "an error"
                said = f"It should come from code cell {at + 1}, which{stop.where()} stopped with {kind}."
                return said, stop.type == "TimeLimit"
        return "", False

    def _hear(self, worker: WalledProcess, seconds: float) -> dict:
        try:
            return worker.hear(seconds)
        except Unreadable as error:
            raise Stopped(str(error)) from error

    def _call(self, worker: WalledProcess, exercise: Exercise, case: Case, about: Mapping) -> Outcome:
        """One call. Meanwhile the worker may ask for the values of the case's callables; the record of that is ours."""
        inputs = Inputs(case)
        for recorder in inputs.recorders.values():
            recorder.room = self.room
        seconds = min(exercise.seconds, self.limits.call_seconds)
        worker.say(
            {
                "call": exercise.answers[0],
                "args": _sent(case.args, inputs.args, inputs.recorders),
                "kwargs": _sent(case.kwargs, inputs.kwargs, inputs.recorders),
                "seconds": seconds,
                "wall": LATEST * self.limits.wait * seconds,
            }
            | about
        )
        with _quiet():
            message = _Talk(self, worker, inputs.recorders, self.limits.wait * seconds + 2).outcome()
        outcome = _outcome(message["outcome"])
        self.spoilt |= message.get("threads") is True
        self.room = min([self.room, *(recorder.room for recorder in inputs.recorders.values())])
        outcome.counts = inputs.counts()
        if "calls" in exercise.compare or exercise.verify is not None:
            outcome.calls = inputs.calls()
        return outcome


class _Talk:
    """The messages of one call, up to its outcome. The worker asks for values of the case's callables, and a callable that was
    handed a function of the submission asks back for its values."""

    def __init__(
        self,
        notebook: RunningNotebook,
        worker: WalledProcess,
        recorders: Mapping[str, Recorder],
        seconds: float,
    ) -> None:
        self.notebook, self.worker, self.recorders = notebook, worker, recorders
        self.end, self.questions = time.monotonic() + seconds, 0

    def outcome(self) -> dict:
        """The message that ends the call."""
        try:
            return self._hear("outcome")
        except _Over as over:
            return over.message

    def value_of(self, number: int, *args: Any) -> Any:
        """What a function of the submission gives, which was the so-manieth in a question."""
        self._count()
        self.worker.say({"yours": number, "args": [encode(arg) for arg in args]})
        message = self._hear("outcome", "value", "raised")
        if "outcome" in message:  # it was stopped inside of the function
            raise _Over(message)
        if "raised" in message:
            raise ValueError("its function failed")  # the worker knows how
        value = decode(message["value"])
        return None if value is None else "" if has_text(value) else value

    def _hear(self, *wanted: str) -> dict:
        """The next message that is wanted; what the worker asks meanwhile is answered."""
        while True:
            message = self.notebook._hear(self.worker, self.end - time.monotonic())
            if any(key in message for key in wanted):
                return message
            self._count()
            self.worker.say(_reply(self.recorders, message, self.value_of))

    def _count(self) -> None:
        self.questions += 1
        most = self.notebook.limits.questions
        if self.questions > most:
            raise Stopped(f"it asked for more than {most:,} values of a function")
        self.end += SECONDS_A_QUESTION


class _Over(BaseException):
    """The call has ended while a callable of the case waited for a function of the submission. Nothing on the way catches it."""

    def __init__(self, message: dict) -> None:
        super().__init__()
        self.message = message


def _sent(original: Any, built: Any, recorders: Mapping[str, Recorder]) -> Any:
    """The inputs of a call as data: a recorder goes as its key, a random generator as its seed, all else as it is."""
    keys = {id(recorder): key for key, recorder in recorders.items()}

    def special(thing: Any) -> dict | None:
        if id(thing) in keys:
            return {"ask": keys[id(thing)]} | ({"back": True} if thing.asks_back else {})
        return {"rng": thing.seed} if type(thing) is Rng else None

    return encode(_with_recorders(original, built), special)


def _with_recorders(original: Any, built: Any) -> Any:
    """The original inputs, with the recorders that were built for the callables among them."""
    if isinstance(built, Recorder):
        return built
    if isinstance(original, list | tuple):
        return type(original)(_with_recorders(o, b) for o, b in zip(original, built, strict=True))
    if isinstance(original, Mapping):
        return {key: _with_recorders(original[key], built[key]) for key in original}
    return original


def _reply(
    recorders: Mapping[str, Recorder], message: Mapping, value_of: Callable[..., Any] | None = None
) -> dict | bytes:
    """The value of a case's callable, or the error that it raises, for a question of the worker.

    value_of: asks back for the value of a function, where the callable is one that is handed functions.
    """

    def theirs(data: Mapping) -> Any:
        if not recorder.asks_back or type(data["yours"]) is not int:
            raise KeyError("yours")
        return partial(value_of, data["yours"])

    try:
        recorder = recorders[message["ask"]]
        args, kwargs = message["args"], message["kwargs"]
        if type(message) is not Packed:
            args = [decode(value, theirs) for value in args]
            kwargs = {name: decode(value, theirs) for name, value in dict(kwargs).items()}
            # before NumPy makes one array of them
            if any(has_text(value) for value in [*args, *kwargs.values()]):
                return {"error": "TypeError", "text": "it was called with a text; it needs numbers"}
        if sum([np.size(value) for value in [*args, *kwargs.values()]]) > MAX_ASKED:
            raise Stopped("it asked with too many numbers at once")
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        raise Stopped("its question is not readable") from error
    if recorder.room <= 0:
        raise Stopped("it asked with too many numbers in all")
    try:
        value = recorder(*args, **kwargs)
        return pack_reply(value) or {"value": encode(value)}
    except Stopped:  # in a function of the submission that was asked back
        raise
    except Exception as error:  # a wrong call by the submission; it hears so
        kind = "TypeError" if isinstance(error, TypeError) else "ValueError"
        return {"error": kind, "text": str(error)[:MAX_TEXT]}


# -- what comes back -------------------------------------------------------------------------------


def _list(data: Any) -> list:
    return data[:MAX_TROUBLE] if type(data) is list else []


def _stop(at: int, data: Any) -> Stop:
    """What ended a cell, from a message. It chooses words; it earns nothing."""
    try:
        line = data["line"] if type(data["line"]) is int else None
        return Stop(at, _clean(data["type"], 60), _clean(data["text"]), line, _clean(data["source"]))
    except (Unreadable, KeyError, TypeError) as error:
        raise Stopped("its messages are not in order") from error


def _answers(names: Sequence[str], data: Any) -> list[Answer]:
    """What the answers of these names are. It chooses words; it earns nothing."""
    try:
        return [
            Answer(
                str(item["kind"])[:20],
                item["line"] if type(item.get("line")) is int else None,
                _clean(item["takes"]) if item.get("takes") is not None else None,
                _clean(item.get("name", "")),
            )
            for _, item in zip(names, data, strict=True)
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Stopped("its answer is not readable") from error


def _outcome(data: Any, several: bool = False) -> Outcome:
    """An outcome from a message; what does not fit becomes a problem that earns nothing. The calls are added by the judge."""
    try:
        failure, result = data["failure"], decode(data["result"])
        # a text is an answer of its own; among numbers it would be the width of all of them, for NumPy
        parts = result if several and isinstance(result, tuple) else [result]
        if any(has_text(part) for part in parts if not isinstance(part, str)):
            raise Unreadable("it holds texts among its numbers")
        return Outcome(
            result=result,
            problem=_clean(data["problem"]),
            note=_clean(data["note"]),
            changed=tuple(_clean(key, 60) for key in data["changed"][:20]),
            warnings=tuple(_clean(text) for text in data["warnings"][:1]),
            failure=failure
            and Failure(
                _clean(failure["kind"], 20),
                _clean(failure["type"], 60),
                _clean(failure["text"]),
                failure["line"] if type(failure["line"]) is int else None,
                _clean(failure["source"]),
                _clean(failure["advice"]),
            ),
        )
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError) as error:
        why = error if isinstance(error, Unreadable) else "the answer is not in plain numbers"
        return Outcome(problem=f"Your result cannot be compared: {why}.")


def _clean(text: Any, longest: int = MAX_TEXT) -> str:
    """A text that may be stored and shown: cut, without control characters and halves of characters."""
    if type(text) is not str:
        raise Unreadable("the answer is not in plain numbers")
    text = text[:longest].encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in text)
