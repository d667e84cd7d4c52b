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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from optcourse import exercises
from optcourse.checking.check import feedback_for, visible_seed
from optcourse.checking.verdict import expected_outcomes, judge
from optcourse.exercises.ingredients import Rng
from optcourse.exercises.model import Case, Exercise
from optcourse.grading.walls.outside import KEPT, Limits, Stopped, WalledProcess
from optcourse.learner.running import Answer, Failure, Inputs, Outcome, Recorder, shapes_of
from optcourse.learner.wire import Unreadable, decode, encode

__all__ = ["ExerciseMark", "Marks", "Unreadable", "grade_notebook"]

MAX_NOTEBOOK = 20_000_000
MAX_PARTS = 2_000_000
MAX_CELLS = 2_000
MAX_TEXT = 500
LOOK_SECONDS = 5.0  # to say what an answer is; an object of a submission's own may take its time
MAX_ASKED = 20_000  # numbers in one question
SECONDS_A_QUESTION = 0.005  # on the way there and back; they are not the submission's fault
ONLY_VISIBLE = "It passes the cases of this check, but not all the others that grading tries."


@dataclass(frozen=True)
class ExerciseMark:
    """The mark of one exercise.

    status: "passed", "failed", "not started" (still a blank), "missing" (not in the notebook) or "stopped" (by a
    limit). visible: what the notebook's own check says of its visible cases, plain text. hidden_failed: those pass,
    and hidden ones do not.
    """

    id: str
    points: int
    of: int
    status: str
    visible: str
    hidden_failed: bool = False


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
    path: Path | str,
    *,
    seed: int,
    lesson: str | None = None,
    limits: Limits | None = None,
    sandboxed: bool = True,
) -> Marks:
    """The marks of a notebook.

    Args:
        path: the notebook. Links are refused.
        seed: of the hidden cases; the same seed gives the same cases.
        lesson: two digits; found from the checks in the notebook where it is not given.
        limits: what the submission may use.
        sandboxed: False runs it without bubblewrap, with fewer walls.

    Raises:
        Unreadable: the file is no readable notebook, or has no exercise of the course. The text says why.
        SandboxFailed: the walls cannot be built on this machine.
    """
    began = time.monotonic()
    cells = read_cells(Path(path))
    lesson = lesson or find_lesson(cells)
    wanted = exercises.module(lesson).EXERCISES
    with RunningNotebook(cells, wanted, limits or Limits(), sandboxed) as submission:
        marks = [_first_mark(submission, e) for e in wanted]
        marks = [
            _final_mark(submission, e, m, (seed, k))
            for k, (e, m) in enumerate(zip(wanted, marks, strict=True))
        ]
        trouble = tuple(submission.trouble)
    return Marks(lesson, seed, tuple(marks), trouble, time.monotonic() - began)


def _first_mark(submission: RunningNotebook, exercise: Exercise) -> ExerciseMark:
    """The visible mark of the answer by its name; where there is none, of what the notebook handed to its check."""
    mark = _visible_mark(submission, exercise)
    if mark.status not in ("missing", "not started"):
        return mark
    submission.handed_in.add(exercise.id)
    other = _visible_mark(submission, exercise)
    if other.status not in ("missing", "not started"):
        return other
    submission.handed_in.remove(exercise.id)
    return mark


def _visible_mark(submission: RunningNotebook, exercise: Exercise) -> ExerciseMark:
    """The mark as far as the cases of the notebook's check go."""
    cases, expected = _drawn(exercise.id, tuple(visible_seed(exercise)))
    try:
        answers, outcomes = submission.outcomes(exercise, cases)
    except Stopped as stop:
        return ExerciseMark(exercise.id, 0, exercise.points, "stopped", f"It was stopped: {stop}.")
    with _quiet():
        try:
            feedback = feedback_for(exercise, cases, answers, outcomes, expected[: len(outcomes)])
        except Exception as error:  # a forged answer whose form no comparison expects; it earns nothing
            submission.trouble.append(
                f"exercise {exercise.id}: the answer cannot be compared ({type(error).__name__})"
            )
            return ExerciseMark(exercise.id, 0, exercise.points, "failed", "The answer cannot be compared.")
    said = _clean(" ".join([feedback.sentence, *feedback.details]), 2_000)
    if feedback.passed:
        return ExerciseMark(exercise.id, exercise.points, exercise.points, "passed", said)
    status = "not started" if feedback.status == "not started" else "failed"
    if any(answer.kind == "missing" for answer in answers):
        status, said = "missing", f"{said} {submission.why_missing(exercise)}".rstrip()
    elif any(outcome.failure and outcome.failure.kind in ("time", "stuck") for outcome in outcomes):
        status = "stopped"
    return ExerciseMark(exercise.id, 0, exercise.points, status, said)


def _final_mark(
    submission: RunningNotebook, exercise: Exercise, mark: ExerciseMark, seed: tuple[int, ...]
) -> ExerciseMark:
    """The mark when the hidden cases have been tried, too. A value exercise has none."""
    if mark.status != "passed" or exercise.kind == "value":
        return mark
    cases, expected = _drawn(exercise.id, seed)
    status, said = "failed", ONLY_VISIBLE
    try:
        _, outcomes = submission.outcomes(exercise, cases)
        if any(outcome.failure and outcome.failure.kind in ("time", "stuck") for outcome in outcomes):
            raise Stopped("it took too long")
    except Stopped as stop:
        status, said, outcomes = "stopped", f"{ONLY_VISIBLE} There it was stopped: {stop}.", []
    with _quiet():
        try:
            if (
                outcomes
                and judge(exercise, cases, outcomes, expected=expected[: len(outcomes)], explain=False).passed
            ):
                return mark
        except Exception as error:  # as above
            submission.trouble.append(
                f"exercise {exercise.id}: the answer cannot be compared ({type(error).__name__})"
            )
    return ExerciseMark(exercise.id, 0, exercise.points, status, said, hidden_failed=True)


@lru_cache(maxsize=64)
def _drawn(exercise_id: str, seed: tuple[int, ...]) -> tuple[list[Case], list[Outcome]]:
    """The cases of an exercise for a seed and what the reference does on them: once for all submissions of a process."""
    exercise = exercises.get(exercise_id)
    cases = exercise.draw_cases(list(seed))
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


def read_cells(path: Path) -> list[str]:
    """The code cells of a notebook, formats 3 and 4; Unreadable with the reason otherwise."""
    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link or no file")
    try:
        if path.stat().st_size > MAX_NOTEBOOK:
            raise Unreadable("the notebook is too large")
        raw = path.read_bytes()
        if not raw.strip():
            raise Unreadable("the file is empty")
        if raw.count(b",") > MAX_PARTS or raw.count(b"[") + raw.count(b"{") > MAX_PARTS // 5:
            raise Unreadable("the notebook has too many parts")  # each would take a hundred times its size
        book = json.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({error.strerror})") from error
    except Unreadable:
        raise
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


class RunningNotebook:
    """A notebook's cells in a worker. One that hangs or dies is replaced by a fresh one, without the cell that did it."""

    def __init__(self, cells: list[str], wanted: Sequence[Exercise], limits: Limits, sandboxed: bool) -> None:
        self.cells, self.limits, self.sandboxed = cells, limits, sandboxed
        self.lesson = wanted[0].lesson
        self.shapes = {
            e.answers[0]: shapes_of(_drawn(e.id, tuple(visible_seed(e)))[0])
            for e in wanted
            if e.kind == "function"
        }
        self.end = time.monotonic() + limits.total_seconds
        self.starts_left = limits.restarts + 1
        self.skip: set[int] = set()
        self.trouble: list[str] = []
        self.worker: WalledProcess | None = None
        self.failed: dict[int, str] = {}
        self.room = limits.record
        # exercises whose answers are those given to `check`, under other names
        self.handed_in: set[str] = set()

    def __enter__(self) -> RunningNotebook:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def _close(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None

    def outcomes(self, exercise: Exercise, cases: Sequence[Case]) -> tuple[list[Answer], list[Outcome]]:
        """What the answers of an exercise are, and what its calls gave. Stopped where the worker had to be stopped."""
        worker = self._ready()
        try:
            worker.say(
                {"look": [[name, self.shapes.get(name, ())] for name in exercise.answers]}
                | self._whose(exercise)
            )
            answers = _answers(exercise.answers, self._hear(worker, LOOK_SECONDS).get("seen"))
            if exercise.kind == "value":
                if any(answer.kind in ("missing", "blank", "left out") for answer in answers):
                    return answers, []
                worker.say({"values": list(exercise.answers)} | self._whose(exercise))
                return answers, [_outcome(self._hear(worker, 5.0).get("outcome"))]
            if answers[0].kind != "function" or answers[0].takes is not None:
                return answers, []
            outcomes, self.room = [], self.limits.record
            for case in cases:
                outcomes.append(self._call(worker, exercise, case))
                if outcomes[-1].failure and outcomes[-1].failure.kind in ("time", "stuck"):
                    break
            return answers, outcomes
        except Stopped as stop:
            self.trouble.append(f"exercise {exercise.id}: {stop}")
            self._close()
            raise

    def _ready(self) -> WalledProcess:
        """A worker whose cells have run."""
        while self.worker is None:
            if self.starts_left == 0:
                raise Stopped("too many other cells or calls had to be stopped before it")
            self.starts_left -= 1
            at = -1
            self.worker = WalledProcess(self.lesson, self.limits, self.sandboxed, self.end)
            try:
                self.worker.say(self._job())
                seconds = self.limits.cell_seconds + 2
                to_come = (k for k in range(len(self.cells)) if k not in self.skip)
                for _ in range(2 * len(self.cells) + 2):
                    message = self._hear(self.worker, seconds)
                    if message.get("ready") is True:
                        break
                    if "cell" in message and message["cell"] == (following := next(to_come, None)):
                        at = following
                    elif "failed" in message:
                        self._note_failure(at, str(message["failed"])[:60])
                    else:  # forged, and by the cell that runs now
                        raise Stopped("its messages are not in order")
                    if message.get("spoilt") is True:
                        raise Stopped("it left too much memory or threads in use")
                else:
                    raise Stopped("it sent too many messages")
            except Stopped as stop:
                self._close()
                if time.monotonic() >= self.end or at in self.skip or not 0 <= at < len(self.cells):
                    raise
                self.trouble.append(f"code cell {at + 1}: {stop}, so it was left out")
                self.skip.add(at)
        return self.worker

    def _note_failure(self, at: int, error: str) -> None:
        """Remember an error that ended a cell. Only the time limit is trouble: errors are the learner's daily bread."""
        if error == "TimeLimit" and at not in self.failed:
            seconds = self.limits.cell_seconds
            self.trouble.append(f"code cell {at + 1}: it ran longer than {seconds:g} seconds and was stopped")
        self.failed[at] = error

    def _job(self) -> dict:
        return {
            "cells": self.cells,
            "skip": sorted(self.skip),
            "cell_seconds": self.limits.cell_seconds,
            "kept": [f"optcourse.{name}" for name in KEPT.get(self.lesson, {})],
            "largest": self.limits.message,
        }

    def why_missing(self, exercise: Exercise) -> str:
        """A sentence where a cell that speaks of an answer stopped before its end; else nothing."""
        names = "|".join(map(re.escape, exercise.answers))
        word = re.compile(rf"(?m)^(def ({names})\b|({names})\s*[=,])")
        for at, error in self.failed.items():
            if 0 <= at < len(self.cells) and word.search(self.cells[at]) and error.isidentifier():
                return f"A cell that should define it stopped with {error}."
        return ""

    def _whose(self, exercise: Exercise) -> dict:
        """The part of a request that says where its names are looked up, if not among the notebook's."""
        if exercise.id not in self.handed_in:
            return {}
        return {"handed_in": exercise.id, "names": list(exercise.answers)}

    def _hear(self, worker: WalledProcess, seconds: float) -> dict:
        try:
            return worker.hear(seconds)
        except Unreadable as error:
            raise Stopped(str(error)) from error

    def _call(self, worker: WalledProcess, exercise: Exercise, case: Case) -> Outcome:
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
            }
            | self._whose(exercise)
        )
        end = time.monotonic() + seconds + 2
        questions = 0
        while "outcome" not in (message := self._hear(worker, end - time.monotonic())):
            questions += 1
            if questions > self.limits.questions:
                raise Stopped(f"it asked for more than {self.limits.questions:,} values of a function")
            end += SECONDS_A_QUESTION
            worker.say(_reply(inputs.recorders, message))
        outcome = _outcome(message["outcome"])
        self.room = min([self.room, *(recorder.room for recorder in inputs.recorders.values())])
        outcome.counts = inputs.counts()
        if "calls" in exercise.compare or exercise.verify is not None:
            outcome.calls = inputs.calls()
        return outcome


def _sent(original: Any, built: Any, recorders: Mapping[str, Recorder]) -> Any:
    """The inputs of a call as data: a recorder goes as its key, a random generator as its seed, all else as it is."""
    keys = {id(recorder): key for key, recorder in recorders.items()}

    def special(thing: Any) -> dict | None:
        if id(thing) in keys:
            return {"ask": keys[id(thing)]}
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


def _reply(recorders: Mapping[str, Recorder], message: Mapping) -> dict:
    """The value of a case's callable, or the error that it raises, for a question of the worker."""
    try:
        recorder = recorders[message["ask"]]
        args = [decode(value) for value in message["args"]]
        kwargs = {name: decode(value) for name, value in dict(message["kwargs"]).items()}
        if sum(np.size(value) for value in [*args, *kwargs.values()]) > MAX_ASKED:
            raise Stopped("it asked with too many numbers at once")
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        raise Stopped("its question is not readable") from error
    if recorder.room <= 0:
        raise Stopped("it asked with too many numbers in all")
    with _quiet():
        try:
            return {"value": encode(recorder(*args, **kwargs))}
        except Exception as error:  # a wrong call by the submission; it hears so
            kind = "TypeError" if isinstance(error, TypeError) else "ValueError"
            return {"error": kind, "text": str(error)[:MAX_TEXT]}


# -- what comes back -------------------------------------------------------------------------------


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


def _outcome(data: Any) -> Outcome:
    """An outcome from a message; what does not fit becomes a problem that earns nothing. The calls are added by the judge."""
    try:
        failure = data["failure"]
        return Outcome(
            result=decode(data["result"]),
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
