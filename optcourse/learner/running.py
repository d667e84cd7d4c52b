"""Run a learner's function on a case and say what happened, in plain data.

This half knows no reference. In the grader `look_at`, `call` and `values_outcome` work inside the sandbox,
while `Inputs`, which builds ingredients and records their calls, stays with the judge outside.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.learner.blank import blank_line
from optcourse.learner.limits import StillRunning, TimeLimit, call_with_limit

if TYPE_CHECKING:
    from optcourse.exercises.model import Case

PACKAGE = str(Path(__file__).parents[1])
MAX_RECORDED = 5_000  # calls are counted for ever, but only so many points are kept
MAX_RECORDED_BYTES = 80_000_000
MAX_PRINTED = 4_000
MAX_ITEMS = 100_000
EXACT = {Fraction, Decimal}  # not floats, but as good


@dataclass(frozen=True)
class Failure:
    """Why a call gave nothing. kind: "raised", "time", "stuck", "exit"; line and source are the learner's."""

    kind: str
    type: str = ""
    text: str = ""
    line: int | None = None
    source: str = ""
    advice: str = ""

    def sentence(self, name: str, seconds: float = 0.0) -> str:
        if self.kind == "time":
            return (
                f"`{name}` did not come back within {seconds:g} seconds. Does a loop in it never end, or "
                "do far too many steps?"
            )
        if self.kind == "stuck":
            return (
                f"`{name}` did not come back within {seconds:g} seconds and cannot be stopped: restart "
                "the kernel."
            )
        where = f" in line {self.line} of its cell, `{self.source}`," if self.line and self.source else ""
        text = self.text if len(self.text) <= 200 else self.text[:200] + " …"
        said = f"{self.type}: {text}" if text else self.type
        sentence = f"`{name}` stopped{where} with {said}" + ("" if said.endswith((".", "?", "!")) else ".")
        return f"{sentence} {self.advice}" if self.advice else sentence


@dataclass
class Outcome:
    """What one call did. `calls`: an argument's position or keyword -> the arguments of each call."""

    result: Any = None
    problem: str = ""  # why the result cannot be used, as a sentence
    note: str = ""  # the result could be used, but something is worth saying
    calls: dict[str, list[tuple]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    changed: tuple[str, ...] = ()  # positions or keywords of the arguments that were changed in place
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What an answer is before anything is called.

    kind: "function", "value", "blank" (`...`), "missing", or "left out" (a part of the course that grading
    leaves out; `name` is its name). line: where a blank still stands in a function (0: not known).
    takes: its parameters, where the exercise's arguments do not fit.
    """

    kind: str
    line: int | None = None
    takes: str | None = None
    name: str = ""


def look_at(answer: Any, shapes: Sequence[tuple[int, Sequence[str]]] = ()) -> Answer:
    """What an answer is. shapes: the numbers of positions and the keywords with which it will be called."""
    if answer is Ellipsis:
        return Answer("blank", 0)
    if not callable(answer):
        return Answer("value")
    line = blank_line(answer)
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some built-ins have none; a call will show
        return Answer("function", line)
    for positions, keywords in shapes:
        try:
            signature.bind(*[None] * positions, **dict.fromkeys(keywords))
        except TypeError:
            bare = [p.replace(default=p.empty, annotation=p.empty) for p in signature.parameters.values()]
            return Answer("function", line, str(inspect.Signature(bare))[1:-1])
    return Answer("function", line)


def left_out(name: str) -> str:
    """What is said of an answer that needs what is not there when grading runs."""
    if name.startswith("optcourse"):
        return f"`{name}` is left out of grading: write it yourself."
    return f"`{name}` is not there when grading runs, which has Python and NumPy: write it with these."


def shapes_of(cases: Sequence[Case]) -> list[tuple[int, list[str]]]:
    """The shapes of the calls of cases, for `look_at`."""
    return [(len(case.args), list(case.kwargs)) for case in cases]


def run_case(function: Callable, case: Case, seconds: float = 5.0) -> Outcome:
    """Call `function` on fresh copies of the case's inputs, within the time limit.

    What it raises stands in the outcome; only an interruption by the learner is raised.
    """
    inputs = Inputs(case)
    outcome = call(function, inputs.args, inputs.kwargs, seconds)
    outcome.calls, outcome.counts = inputs.calls(), inputs.counts()
    outcome.changed = changed(case.args, case.kwargs, inputs.args, inputs.kwargs)
    return outcome


def call(
    function: Callable, args: Sequence, kwargs: Mapping[str, Any], seconds: float, wall: float | None = None
) -> Outcome:
    """What comes out of one call, in plain values: the half of `run_case` that knows no ingredients.

    wall: see `call_with_limit`.
    """
    printed = _Printed()
    outcome = Outcome()
    began = time.perf_counter()

    def work() -> tuple[Any, str]:
        return plain(function(*args, **kwargs))

    with (
        warnings.catch_warnings(record=True) as caught,
        np.errstate(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),  # nbgrader takes a line on stderr for a failed test
    ):
        warnings.simplefilter("default")
        try:
            outcome.result, outcome.note = call_with_limit(work, seconds, wall)
        except Unusable as error:
            outcome.problem = str(error)
        except TimeLimit:
            outcome.failure = Failure("time")
        except StillRunning:
            outcome.failure = Failure("stuck")
        except KeyboardInterrupt:
            raise
        except (SystemExit, GeneratorExit) as error:
            outcome.failure = _failure("exit", error, function)
        except Exception as error:  # the learner's own: told in a sentence, see Failure.sentence
            outcome.failure = _failure("raised", error, function)
        except BaseException as error:
            outcome.failure = _failure("raised", error, function)
    outcome.seconds = time.perf_counter() - began
    outcome.warnings = tuple(dict.fromkeys(str(w.message) for w in caught))
    outcome.printed = printed.getvalue()
    return outcome


def values_outcome(names: Sequence[str], answers: Sequence[Any]) -> Outcome:
    """The outcome of a value exercise: its values in plain form, one alone or a tuple of several."""
    outcome, values = Outcome(), []
    for name, answer in zip(names, answers, strict=True):
        try:
            value, outcome.note = plain(answer)
        except Unusable as error:
            why = str(error).replace("You returned", "it is")
            outcome.problem = f"`{name}`: " + ("it is None; it has no value yet." if answer is None else why)
            return outcome
        values.append(value)
    outcome.result = values[0] if len(values) == 1 else tuple(values)
    return outcome


# -- inputs ----------------------------------------------------------------------------------------


class Inputs:
    """Fresh copies of a case's inputs: `args` and `kwargs`. Ingredients are built, and callables recorded, each under a key."""

    def __init__(self, case: Case) -> None:
        self.recorders: dict[str, Recorder] = {}
        self.args = [_prepare(value, str(k), self.recorders) for k, value in enumerate(case.args)]
        self.kwargs = {name: _prepare(value, name, self.recorders) for name, value in case.kwargs.items()}

    def calls(self) -> dict[str, list[tuple]]:
        return {key: recorder.calls for key, recorder in self.recorders.items()}

    def counts(self) -> dict[str, int]:
        """How often each callable was called; of one that asks back, only whether, as a check may call it as it likes."""
        return {
            key: min(recorder.count, 1) if recorder.asks_back else recorder.count
            for key, recorder in self.recorders.items()
        }


class Recorder:
    """A callable that remembers the arguments of every call."""

    def __init__(self, function: Callable, asks_back: bool = False) -> None:
        self.function = function
        self.asks_back = asks_back  # it calls functions that it is handed; what these raise is theirs
        self.calls: list[tuple] = []
        self.count = 0
        self.room = MAX_RECORDED_BYTES

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        if len(self.calls) < MAX_RECORDED and self.room > 0:
            named = [kwargs[name] for name in sorted(kwargs, key=lambda name: (name != "w", name))]
            kept = tuple([_copy(arg) for arg in (*args, *named)])
            self.calls.append(kept)
            self.room -= sum([getattr(arg, "nbytes", 0) for arg in kept])
        copies = [_copy(arg) for arg in args]
        try:
            if copies and isinstance(copies[0], np.ndarray) and copies[0].dtype.kind in "iu":
                copies[0] = copies[0].astype(float)
            return self.function(*copies, **{name: _copy(arg) for name, arg in kwargs.items()})
        except Exception as error:
            if self.asks_back:
                raise
            if not args and not kwargs:
                raise TypeError(
                    "it is called with nothing in its brackets; it needs the point, `w`"
                ) from error
            shapes = ", ".join(str(np.shape(arg)) for arg in (*args, *kwargs.values()))
            raise ValueError(
                f"it was called with an array of shape {shapes}, and that failed ({error})"
            ) from error


def _copy(arg: Any) -> Any:
    """A copy as an array, so that neither side can change the other's; nobody can change the bytes of a message."""
    if type(arg) is np.ndarray and type(arg.base) is bytes:
        return arg
    if type(arg) in (bool, int, float, list, tuple) or isinstance(arg, np.ndarray | np.generic):
        return np.array(arg)
    return arg


def _prepare(value: Any, key: str, recorders: dict[str, Recorder]) -> Any:
    from optcourse.exercises.ingredients import is_ingredient  # here, because the sandbox has no ingredients

    if is_ingredient(value):
        built = value.build()
        if not callable(built):
            return built
        recorders[key] = Recorder(built, getattr(value, "asks_back", False))
        return recorders[key]
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [_prepare(item, f"{key}[{k}]", recorders) for k, item in enumerate(value)]
    if isinstance(value, tuple):
        return tuple(_prepare(item, f"{key}[{k}]", recorders) for k, item in enumerate(value))
    if isinstance(value, Mapping):
        return {name: _prepare(item, f"{key}[{name!r}]", recorders) for name, item in value.items()}
    return value


def changed(args: Sequence, kwargs: Mapping, given_args: Sequence, given_kwargs: Mapping) -> tuple[str, ...]:
    """Positions and keywords of the arguments that differ from the original ones after the call."""
    given = {str(k): value for k, value in enumerate(given_args)} | dict(given_kwargs)
    original = {str(k): value for k, value in enumerate(args)} | dict(kwargs)
    return tuple(key for key in given if _was_changed(original[key], given[key]))


def _was_changed(original: Any, given: Any) -> bool:
    if isinstance(original, np.ndarray):
        return (
            given.shape != original.shape
            or given.dtype != original.dtype
            or not np.array_equal(given, original, equal_nan=original.dtype.kind in "fc")
        )
    if isinstance(original, list | tuple):
        return len(original) != len(given) or any(map(_was_changed, original, given))
    if isinstance(original, Mapping):
        return list(original) != list(given) or any(
            _was_changed(original[name], given[name]) for name in original
        )
    return False


# -- results ---------------------------------------------------------------------------------------


class Unusable(Exception):
    """A result that cannot be compared; the text is the sentence for the learner."""


def plain(value: Any) -> tuple[Any, str]:
    """A copy of the value in plain numbers, arrays, texts, lists and dicts, and a note. Unusable for others.

    Only exact types are trusted: an object that claims to equal everything, or a float subclass, never
    reaches a comparison.
    """
    kind = type(value)
    if value is None:
        raise Unusable("You returned None: is the `return` line missing?")
    if value is Ellipsis:
        raise Unusable("You returned `...`: your answer goes in its place.")
    if kind in (bool, int, float, complex, str):
        return value, ""
    if kind in EXACT:
        return _as_float(value), ""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.getmaskarray(value).any():
            raise Unusable(
                "You returned a masked array, with some entries hidden. Return a plain NumPy array."
            )
        return plain(np.array(np.ma.getdata(value)))[
            0
        ], "It was a masked array; a plain NumPy array is meant."
    if isinstance(value, np.ndarray):
        return _plain_array(np.array(value, subok=False)), ""
    if isinstance(value, np.generic):
        return _plain_array(np.array(value))[()], ""
    if isinstance(value, bool | int | float | complex):
        base = next(b for b in (int, float, complex) if isinstance(value, b))
        return {int: int.__int__, float: float.__float__, complex: lambda z: complex.__add__(z, 0)}[base](
            value
        ), ""
    if isinstance(value, str):
        return str.__str__(value), ""
    if isinstance(value, Mapping):
        return {_plain_key(key): plain(item)[0] for key, item in list(value.items())[:MAX_ITEMS]}, ""
    if isinstance(value, list | tuple):
        items = [plain(item)[0] for item in value[:MAX_ITEMS]]
        return (tuple(items) if isinstance(value, tuple) else items), ""
    if isinstance(value, types.GeneratorType | map | zip | range | filter) or kind.__name__.endswith(
        "_iterator"
    ):
        return plain(list(_first(value, MAX_ITEMS)))
    if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType | Recorder):
        raise Unusable("You returned a function, not its result: are the round brackets of a call missing?")
    raise Unusable(
        f"You returned an object of type `{kind.__name__}`. Return numbers or a NumPy array of numbers."
    )


def _as_float(value: int | float | Fraction | Decimal) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError) as error:
        raise Unusable(f"You returned {str(value)[:40]}, which no float can hold.") from error


def _plain_array(array: np.ndarray) -> np.ndarray:
    kinds = {type(item) for item in array.flat} if array.dtype.kind == "O" else set()
    if kinds & EXACT and kinds <= EXACT | {int, float}:
        return np.array([_as_float(item) for item in array.flat]).reshape(array.shape)
    if array.dtype.kind == "O":
        raise Unusable(
            "You returned an array of dtype object, which holds things that are not numbers. "
            "Return an array of floats; parts of different lengths do not fit into one array."
        )
    if array.dtype.kind not in "biufcUS":
        raise Unusable(f"You returned an array of dtype {array.dtype}. Return an array of floats.")
    return array


def _plain_key(key: Any) -> Any:
    if type(key) in (str, int, float, bool):
        return key
    raise Unusable(f"You returned a dictionary with a key of type `{type(key).__name__}`. Use text as keys.")


def _first(iterable: Any, count: int) -> Iterator:
    for k, item in enumerate(iterable):
        if k >= count:
            raise Unusable(
                f"You returned a generator that goes on after {count:,} items: it must end by itself."
            )
        yield item


# -- exceptions ------------------------------------------------------------------------------------


def _failure(kind: str, error: BaseException, function: Callable) -> Failure:
    line, source = learner_line(error, function)
    name = {"UFuncTypeError": "TypeError", "_UFuncOutputCastingError": "TypeError"}.get(
        type(error).__name__, type(error).__name__
    )
    text = " ".join(str(error).split()).replace("'Recorder'", "'function'")
    return Failure(kind, name.lstrip("_"), text, line, source, _advice(error, text))


def learner_line(error: BaseException, function: Callable | None) -> tuple[int | None, str]:
    """Line number and text of the deepest line of the learner's own code in the error's traceback."""
    code = getattr(function, "__code__", None)
    # An explorer wraps a learner's function in one of its own: a line of ours is no line of theirs.
    own_file = code.co_filename if code and not code.co_filename.startswith(PACKAGE) else None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == own_file or _is_cell(frame.filename):
            source = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
            return frame.lineno, source.strip()
    return None, ""


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


def _advice(error: BaseException, text: str) -> str:
    """One more sentence for the errors that newcomers meet most."""
    if "Cannot cast ufunc" in text and "int" in text:
        return (
            "This case gives whole numbers, and an array of whole numbers cannot hold the result: "
            "begin with a float copy, `np.array(…, dtype=float)`."
        )
    if isinstance(error, TypeError) and "Recorder" in str(error):
        return "A function gives its value only when it is called, with round brackets behind its name."
    if isinstance(error, TypeError) and "'int' object is not iterable" in text:
        return "A loop over a number needs `range(…)`."
    if isinstance(error, AttributeError) and "numpy" in text and "'sqrt'" in text:
        return "A NumPy array has no `.sqrt()`: write `np.sqrt(…)`."
    if isinstance(error, UnboundLocalError):
        return "The name is used before it has a value: give it one above the loop."
    if isinstance(error, NameError):
        return "Is the name spelled as in the argument list, and was the cell that defines it run?"
    if isinstance(error, RecursionError):
        return "The function calls itself without an end."
    if isinstance(error, ValueError) and "broadcast" in text:
        return "Two arrays of different shapes meet in this line: print both `.shape`s."
    if isinstance(error, ValueError) and "read-only" in text:
        return "This array must stay as it is: work on a copy."
    if isinstance(error, SystemExit):
        return "A function hands its result back with `return`; `exit` would end the whole notebook."
    return ""


class _Printed(io.StringIO):
    """Keeps the beginning of what the learner prints; an endless print must not fill the memory."""

    def write(self, text: str) -> int:
        if self.tell() < MAX_PRINTED:
            super().write(text[: MAX_PRINTED - self.tell()])
        return len(text)
