"""Compare what a learner's function did with what the reference did, and find the words for the difference.

This half never touches the learner's objects: it sees plain outcomes (see `learner.running`), so it serves
the notebook and the grader alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optcourse.checking.words import (
    case_text,
    describe,
    is_are,
    ordinal,
    pair,
    parameter,
    percent,
    ratio_note,
    show,
    times,
)
from optcourse.exercises.mistakes import Mistake, both
from optcourse.exercises.model import PARTS, Case, Exercise, Misconception
from optcourse.learner.running import Inputs, Outcome, Unusable, plain, run_case
from optcourse.learner.wire import has_text


@dataclass(frozen=True)
class Verdict:
    """passed, or the words for the first difference, and the misconceptions that it shows, if any."""

    passed: bool
    sentence: str = ""
    details: tuple[str, ...] = ()
    misconception: str | None = None
    case: int | None = None
    also: str | None = None  # a second misconception, where it takes two to give the learner's numbers


def judge(
    exercise: Exercise,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    *,
    expected: Sequence[Outcome] | None = None,
    explain: bool = True,
) -> Verdict:
    """The verdict on a learner's outcomes, which are fewer than the cases where a call did not end.

    expected: what the reference does, where that is known already. explain=False: no search for a misconception.
    """
    if expected is None:
        expected = expected_outcomes(exercise, cases[: len(outcomes)])
    outcomes = _read(exercise, outcomes)
    for index, (case, mine, right) in enumerate(zip(cases, outcomes, expected, strict=False)):
        sentence = difference(exercise, case, mine, right)
        if sentence is not None and not explain:
            return Verdict(False, sentence, case=index)
        if sentence is not None:
            return _explain(exercise, cases, outcomes, expected, index, sentence)
    if len(outcomes) < len(cases):
        return Verdict(False, "Not every call came back.", case=len(outcomes))
    if exercise.verify_all is not None and (found := exercise.verify_all(cases, outcomes)):
        return _explain(exercise, cases, outcomes, expected, len(cases) - 1, found)
    return Verdict(True)


def parts_right(
    exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome], expected: Sequence[Outcome]
) -> tuple[str, ...]:
    """The parts of the cases (`model.PARTS`) on which an answer is right throughout. A call that did not end is not right.

    Where an exercise has no case of a part, nothing is wrong with it. What only all cases together show has no parts.
    """
    if exercise.verify_all is not None:
        return ()
    outcomes = _read(exercise, outcomes)
    wrong = {case.part for case in cases[len(outcomes) :]}
    for case, mine, right in zip(cases, outcomes, expected, strict=False):
        if case.part not in wrong and difference(exercise, case, mine, right) is not None:
            wrong.add(case.part)
    return tuple(part for part in PARTS if part not in wrong)


def alike(exercise: Exercise, mistake: str, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> bool:
    """Whether an answer does the same as a misconception on every case."""
    [found] = [m for m in exercise.misconceptions if m.id == mistake]
    running = range(len(outcomes))
    return len(outcomes) == len(cases) and (
        _outcomes_if_alike(exercise, found, cases, _read(exercise, outcomes), running) is not None
    )


def right_but_for(exercise: Exercise, mistake: str, mine: Outcome, right: Outcome) -> bool:
    """Whether the answers of a value exercise are those of a misconception, and all the others of them right."""
    [found] = [m for m in exercise.misconceptions if m.id == mistake]
    if len(exercise.answers) == 1:
        return True
    [mine] = _read(exercise, [mine])
    return all(
        same_part(exercise, got, want if wrong is None else wrong)
        for got, wrong, want in zip(mine.result, found.code(), right.result, strict=True)
    )


def _read(exercise: Exercise, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """The outcomes as they are compared (`Exercise.read`)."""
    if exercise.read is None:
        return outcomes
    return [o if o.failure or o.problem else replace(o, result=exercise.read(o.result)) for o in outcomes]


def expected_outcomes(exercise: Exercise, cases: Sequence[Case]) -> list[Outcome]:
    """What the reference does on the cases. A reference that fails is our mistake, so it raises."""
    outcomes = []
    for case in cases:
        outcome = _once(
            exercise.reference, case, lambda case=case: run_case(exercise.reference, case, seconds=60.0)
        )
        if outcome.failure or outcome.problem:
            what = outcome.problem or outcome.failure.sentence("reference", 60.0)
            raise RuntimeError(f"exercise {exercise.id}: the reference fails on a case: {what}")
        outcomes.append(outcome)
    return outcomes


# -- one case --------------------------------------------------------------------------------------


def difference(exercise: Exercise, case: Case, mine: Outcome, right: Outcome) -> str | None:
    """The first difference that matters, as a sentence; None where all is right. Most useful first."""
    name = exercise.answers[0]
    if mine.failure:
        return mine.failure.sentence(name, exercise.seconds)
    if mine.problem:
        return mine.problem
    if exercise.verify is not None:
        found = exercise.verify(case, mine)
        if found is not None:
            return found
    elif "result" in exercise.compare:
        found = result_difference(exercise, mine.result, right.result)
        if found is not None:
            if exercise.kind == "value" and found.kind in (
                "value",
                "integers",
                "nan",
            ):  # these give numbers away
                return value_difference(exercise, mine.result, right.result) or found.text
            if "calls" in exercise.compare and found.kind == "value":
                return path_difference(exercise, case, mine, right) or found.text
            return found.text
    if {"calls", "call_count"} & set(exercise.compare) and (text := count_difference(exercise, mine, right)):
        return text
    if "calls" in exercise.compare and (text := path_difference(exercise, case, mine, right)):
        return text
    if "inputs" in exercise.compare and mine.changed:
        names = " and ".join(f"`{parameter(exercise, key)}`" for key in mine.changed)
        return (
            f"The result is right, but {names} of whoever calls `{name}` "
            f"{'is' if len(mine.changed) == 1 else 'are'} changed by it: "
            "work on a copy, and leave what you were given as it was."
        )
    return None


def value_difference(exercise: Exercise, mine: Any, right: Any) -> str | None:
    """Which of the asked values are wrong, and on which side, without giving the right ones away."""
    single = len(exercise.answers) == 1
    pairs = zip(exercise.answers, [mine] if single else mine, [right] if single else right, strict=True)
    wrong = []
    for name, got, want in pairs:
        if result_difference(exercise, got, want) is None:
            continue
        ordered = (
            not has_text(got)
            and np.ndim(got) == np.ndim(want) == 0
            and np.isrealobj(got)
            and not isinstance(want, (str, bool))
        )
        side = ("too large" if got > want else "too small") if ordered and got == got else "not right yet"
        wrong.append(f"`{name}` is {side}")
    return "; ".join(wrong) + "." if wrong else None


@dataclass(frozen=True)
class Difference:
    kind: str  # "value", "shape", "type", "nan", "integers"
    text: str


def result_difference(exercise: Exercise, mine: Any, right: Any) -> Difference | None:
    """Where a result differs from the right one."""
    several = exercise.kind == "value" and len(exercise.answers) > 1
    names = exercise.answers if several else exercise.result_names
    return _compare(mine, right, exercise.rtol, exercise.atol, "Your result", names)


def _compare(
    mine: Any, right: Any, rtol: float, atol: float, what: str, names: Sequence[str] = ()
) -> Difference | None:
    if isinstance(right, str):
        if not isinstance(mine, str):
            return Difference("type", f"{what} is {show(mine)}; a text is expected.")
        if as_read(mine) == as_read(right):
            return None
        return Difference("value", f"{what} is {mine!r}, which is not the right one.")
    if isinstance(right, Mapping):
        return _compare_mappings(mine, right, rtol, atol, what)
    if isinstance(right, tuple | list):
        if isinstance(mine, np.ndarray) and mine.ndim:
            mine = list(mine)
        if not isinstance(mine, tuple | list):
            return Difference("type", f"{what} is {describe(mine)}; {len(right)} parts are expected.")
        if len(mine) != len(right):
            return Difference("shape", f"{what} has {len(mine)} parts; {len(right)} are expected.")
        for k, (my_part, right_part) in enumerate(zip(mine, right, strict=True)):
            part = f"`{names[k]}`" if k < len(names) else f"Part {k} of your result"
            found = _compare(my_part, right_part, rtol, atol, part)
            if found:
                return found
        return None
    return _compare_numbers(mine, right, rtol, atol, what)


def _compare_mappings(mine: Any, right: Mapping, rtol: float, atol: float, what: str) -> Difference | None:
    if not isinstance(mine, Mapping):
        return Difference("type", f"{what} is {describe(mine)}; a dictionary is expected.")
    missing = [key for key in right if key not in mine]
    if missing:
        return Difference("shape", f"{what} has no entry {missing[0]!r}.")
    extra = [key for key in mine if key not in right]
    if extra:
        return Difference("shape", f"{what} has an entry {extra[0]!r}, which nobody asked for.")
    for key in right:
        found = _compare(mine[key], right[key], rtol, atol, f"Entry {key!r} of your result")
        if found:
            return found
    return None


def _compare_numbers(mine: Any, right: Any, rtol: float, atol: float, what: str) -> Difference | None:
    right = np.asarray(right)
    if isinstance(mine, str | Mapping):
        return Difference("type", f"{what} is {describe(mine)}; {describe(right)} is expected.")
    if has_text(mine):
        return Difference("type", f"{what} holds texts; {describe(right)} is expected.")
    try:
        array = np.asarray(mine)
    except ValueError:
        return Difference("shape", f"{what} has parts of different lengths; {describe(right)} is expected.")
    if array.dtype.kind not in "biufc":
        return Difference(
            "type", f"{what} holds what are no numbers ({array.dtype}); {describe(right)} is expected."
        )
    if array.size == 1 and not right.ndim:
        array = array.reshape(())
    if array.shape != right.shape:
        return Difference("shape", f"{what} is {describe(array)}; {describe(right)} is expected.")
    if array.dtype.kind == "c" and right.dtype.kind != "c":
        if np.any(array.imag != 0):
            return Difference(
                "type", f"{what} is complex; a real number is expected. Take the part that is meant."
            )
        array = array.real
    if right.dtype.kind == "b":
        wrong = array != right
    else:
        wrong = ~close(array, right, rtol, atol)
    if not wrong.any():
        return None
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    got, want = array[at], right[at]
    entry = f"{what} is" if not at else f"Entry {', '.join(map(str, at))} of {what[0].lower()}{what[1:]} is"
    if array.dtype.kind == "f" and np.isnan(got):
        return Difference("nan", f"{entry} nan (not a number) where {show(want)} is expected.")
    text = f"{entry} {pair(got, want)} is expected{ratio_note(got, want)}."
    if array.dtype.kind in "iu" and right.dtype.kind == "f" and np.array_equal(array, np.trunc(right)):
        return Difference(
            "integers", f"{text} It holds whole numbers (dtype {array.dtype}), so fractions were cut off."
        )
    if (
        array.dtype in FEW_DIGITS
        and close(array, right, 1e-2 if array.dtype == np.float16 else 1e-4, atol).all()
    ):
        return Difference(
            "integers", f"{text} It is {array.dtype}, which holds too few digits: compute in float64."
        )
    return Difference("value", text)


def as_read(text: str) -> str:
    """A text without what does not count: blanks at its ends, upper and lower case."""
    return text.strip().casefold()


def close(mine: Any, right: Any, rtol: float, atol: float) -> np.ndarray:
    """Entry by entry: equal within tolerance; inf equals inf, nan equals nan."""
    with np.errstate(all="ignore"):
        return np.isclose(mine, right, rtol=rtol, atol=atol, equal_nan=True)


FEW_DIGITS = (np.dtype(np.float32), np.dtype(np.float16))


# -- the path: where the gradient was asked for ----------------------------------------------------


def path_difference(exercise: Exercise, case: Case, mine: Outcome, right: Outcome) -> str | None:
    """Where the recorded calls differ, told as steps where the calls are the successive w."""
    for key, right_calls in right.calls.items():
        callable_name = parameter(exercise, key)
        my_calls = mine.calls.get(key, [])
        my_points = [_point(call) for call in my_calls]
        right_points = [_point(call) for call in right_calls]
        if right_points and not my_points:
            return f"`{callable_name}` is never called."
        if any(isinstance(point, np.ndarray) and point.dtype in FEW_DIGITS for point in my_points):
            return f"Your `w` is {my_points[0].dtype}, which holds too few digits: compute in float64."
        for k, (got, want) in enumerate(zip(my_points, right_points, strict=False)):
            text = _point_difference(
                exercise, callable_name, my_points, right_points, k, got, want, mine.result
            )
            if text:
                return text
            text = _extra_arguments_difference(exercise, callable_name, my_calls[k], right_calls[k], k)
            if text:
                return text
        text = count_difference(exercise, mine, right)
        if text:
            return text
        if exercise.steps and _same_shape(mine.result, right.result) and right_points:
            text = _step_text(
                exercise, [*my_points, mine.result], [*right_points, right.result], len(right_points)
            )
            if text:
                return text
    return None


def _point(call: tuple) -> Any:
    return call[0] if call else None


def _same_shape(one: Any, other: Any) -> bool:
    return isinstance(one, np.ndarray | float | int) and np.shape(one) == np.shape(other)


def _point_difference(exercise, callable_name, my_points, right_points, k, got, want, result) -> str | None:
    if not isinstance(got, np.ndarray):
        return f"`{callable_name}` is called with {describe(got)}; an array is expected."
    if got.shape != np.shape(want):
        return (
            f"In its {ordinal(k + 1)} call, `{callable_name}` gets {describe(got)}; "
            f"{describe(np.asarray(want))} is expected."
        )
    if close(got, want, exercise.rtol, exercise.atol).all():
        return None
    if k == 0:
        return f"`{callable_name}` is first called at {show(got)}; {show(want)} is expected."
    if np.array_equal(got, my_points[k - 1]) and len(my_points) > len(right_points):
        return (
            f"`{callable_name}` is called again at the same point, {show(got)}: "
            "call it once a round, and keep what it gives."
        )
    if exercise.steps and np.array_equal(got, my_points[k - 1]) and not np.array_equal(got, result):
        return (  # `w` may well have moved
            f"In its {ordinal(k + 1)} call, `{callable_name}` is asked at the same point again, {show(got)}; "
            f"{show(want)} is expected."
        )
    if exercise.steps:
        return _step_text(exercise, my_points, right_points, k)
    return (
        f"In its {ordinal(k + 1)} call, `{callable_name}` is asked at {show(got)}; {show(want)} is expected."
    )


def _extra_arguments_difference(exercise, callable_name, mine: tuple, right: tuple, k: int) -> str | None:
    if len(mine) != len(right):
        return (
            f"In its {ordinal(k + 1)} call, `{callable_name}` gets {len(mine)} arguments; {len(right)} "
            "are expected."
        )
    for position in range(1, len(right)):
        if _compare(mine[position], right[position], exercise.rtol, exercise.atol, "it"):
            return (
                f"In its {ordinal(k + 1)} call, `{callable_name}` gets {show(mine[position])} "
                f"as argument {position + 1}; {show(right[position])} is expected."
            )
    return None


def _step_text(exercise: Exercise, mine: Sequence, right: Sequence, k: int) -> str | None:
    """How step k (from point k − 1 to point k) differs, in words that lead to the mistake."""
    if close(mine[k], right[k], exercise.rtol, exercise.atol).all():
        return None
    with np.errstate(all="ignore"):
        my_step = np.asarray(mine[k]) - np.asarray(mine[k - 1])
        right_step = np.asarray(right[k]) - np.asarray(right[k - 1])
        my_length, right_length = np.linalg.norm(my_step), np.linalg.norm(right_step)
        cosine = (
            float(np.sum(my_step * right_step) / (my_length * right_length))
            if my_length * right_length
            else np.nan
        )
    before = {1: "", 2: "Your first step is right. "}.get(k, f"Your first {k - 1} steps are right. ")
    this = f"Your {ordinal(k)} step"
    if not np.all(np.isfinite(my_step)):
        return f"{before}{this} leads to {show(mine[k])}; {show(right[k])} is expected."
    if my_length == 0:
        return f"{before}{this} does not move: `w` stays at {show(mine[k])}; {show(right[k])} is expected."
    ratio = my_length / right_length if right_length else np.inf
    if cosine > 1 - 1e-9 and 1e-3 < ratio < 1e3 and abs(ratio - 1) > 1e-6:
        how = (
            f"is {percent(ratio, 'too long', 'too short')}"
            if 0.5 < ratio < 2
            else f"is {ratio:.3g} times as long as it should be"
        )
        return f"{before}{this} goes the right way but {how}."
    if cosine < -1 + 1e-9:
        length = "" if abs(ratio - 1) < 1e-6 else f", and its length is {ratio:.3g} times the right one"
        return f"{before}{this} goes exactly the opposite way{length}."
    wrong = ~close(my_step, right_step, max(exercise.rtol, 1e-9), exercise.atol)
    if not wrong.any():  # the points differ by a rounding more than the steps: show the largest difference
        wrong = np.abs(my_step - right_step) == np.max(np.abs(my_step - right_step))
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    entry = f"entry {', '.join(map(str, at))} of it" if at else "it"
    return (
        f"{before}{this} goes another way: {entry} is {pair(my_step[at], right_step[at])} "
        f"is expected{ratio_note(my_step[at], right_step[at])}."
    )


def count_difference(exercise: Exercise, mine: Outcome, right: Outcome) -> str | None:
    """How often the recorded callables were called, where that differs."""
    for key, want in right.counts.items():
        got = mine.counts.get(key, 0)
        if got != want:
            return (
                f"`{parameter(exercise, key)}` is called {times(got)} here; {times(want)} {is_are(want)} "
                "expected."
            )
    return None


# -- which misconception ---------------------------------------------------------------------------


def _explain(exercise, cases, outcomes, expected, index, sentence) -> Verdict:
    """The verdict for a first difference, led by a misconception's sentence where one does the same."""
    known = {m.id: m for m in exercise.misconceptions}
    found = known.get(sentence) or which_misconception(exercise, cases, outcomes, expected)
    details = [case_text(exercise, cases[index])] if exercise.kind == "function" else []
    mine = outcomes[index]
    if mine.warnings:
        details.append(f"NumPy warned: {mine.warnings[0]}.")
    if mine.note:
        details.append(mine.note)
    if found:
        evidence = [] if sentence in known or sentence == found.sentence else [sentence]
        return Verdict(False, found.sentence, tuple(evidence + details), found.id, index)
    if two := which_pair(exercise, cases, outcomes, expected):
        words = f"Two things at once. First: {two[0].sentence} Second: {two[1].sentence}"
        return Verdict(False, words, (sentence, *details), two[0].id, index, two[1].id)
    return Verdict(False, sentence, tuple(details), None, index)


def which_misconception(
    exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome], expected: Sequence[Outcome]
) -> Misconception | None:
    """The misconception that does the same as the learner's code.

    Four rounds, from strict to lenient: the same results (or errors) and the same calls and changes on every case; the same on
    those cases where the learner's code gives a result; then both again by the results alone. So a second mistake beside the
    first one does not hide it. The lenient rounds need results that are wrong: right ones prove nothing. And a mistake that
    changes how often a callable is asked is named only where the learner's code asks as often, unless that is free.
    """
    every = list(range(len(outcomes)))
    running = [k for k in every if not outcomes[k].failure and not outcomes[k].problem]
    candidates = []
    for misconception in exercise.misconceptions:
        theirs = _outcomes_if_alike(exercise, misconception, cases, outcomes, running)
        if theirs is not None:
            candidates.append((misconception, theirs))
    lenient = [(False, every)]
    if 2 <= len(running) < len(every):
        lenient = [(True, running), (False, every), (False, running)]
    if not _wrong_results(exercise, running, outcomes, expected):
        lenient = []
    for strict, where in [(True, every), *lenient]:
        for misconception, theirs in candidates:
            asked_alike = exercise.free_calls or all(
                theirs[k].counts in (outcomes[k].counts, expected[k].counts) for k in where
            )
            if asked_alike and all(_same(exercise, outcomes[k], theirs[k], strict) for k in where):
                return misconception
    return None


MOST_PAIRS = 4_000


def which_pair(
    exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome], expected: Sequence[Outcome]
) -> tuple[Misconception, Misconception] | None:
    """Two mistakes, each an edit of the reference, that together give what the learner's code gives.

    Their results must be the learner's wherever the learner's code gives one, and one of these must be wrong and
    finite: where everything is nan, many pairs agree. The shortest such case comes first, and no more than
    MOST_PAIRS are tried.
    """
    running = [k for k in range(len(outcomes)) if not outcomes[k].failure and not outcomes[k].problem]
    if not any(
        _finite(outcomes[k].result) and result_difference(exercise, outcomes[k].result, expected[k].result)
        for k in running
    ):
        return None
    running.sort(key=lambda k: sum(expected[k].counts.values()) or len(cases))
    lenient = None
    with np.errstate(all="ignore"):
        for one, other in itertools.islice(
            _pairs(exercise, cases[running[0]], outcomes[running[0]], expected[running[0]]), MOST_PAIRS
        ):
            two = both(one, other)
            if two is None or not _gives(
                exercise, two.try_out, cases[running[0]], outcomes[running[0]].result
            ):
                continue
            code = two.code
            if not all(_gives(exercise, code, cases[k], outcomes[k].result) for k in running):
                continue
            theirs = [run_case(code, cases[k], exercise.seconds) for k in running]
            if all(_same(exercise, outcomes[k], mine, True) for k, mine in zip(running, theirs, strict=True)):
                return one, other
            lenient = lenient or (one, other)
    return lenient


def _pairs(
    exercise: Exercise, case: Case, mine: Outcome, right: Outcome
) -> Iterator[tuple[Misconception, Misconception]]:
    """Pairs of mistakes, the most promising first, by what each of them does alone on one short case."""
    edits = [m for m in exercise.misconceptions if isinstance(m, Mistake)]
    alone = {m.id: misconception_outcome(exercise, m, case) for m in edits}
    edits = [m for m in edits if not alone[m.id].failure and not alone[m.id].problem]
    if mine.counts == right.counts:  # then neither of the two changes how often a callable is asked
        edits = [m for m in edits if alone[m.id].counts == right.counts]
    silent = [m for m in edits if _same_end(exercise, alone[m.id], right)]
    telling = [m for m in edits if m not in silent]
    alike = [m for m in telling if _same_end(exercise, alone[m.id], mine)]
    if _same_end(exercise, mine, right):
        yield from itertools.combinations(silent, 2)
    yield from itertools.product(alike, silent)
    yield from itertools.combinations(telling, 2)
    yield from itertools.product([m for m in telling if m not in alike], silent)


def _gives(exercise: Exercise, code: Callable, case: Case, result: Any) -> bool:
    """Whether the code gives this result; a look at one number comes before the whole comparison."""
    inputs = Inputs(case)
    try:
        theirs = code(*inputs.args, **inputs.kwargs)
        if isinstance(result, np.ndarray) and result.size:
            one, other = float(result.flat[0]), float(theirs.flat[0])
            if one != other and abs(one - other) > 1e-3 * abs(one) + exercise.atol:
                return False
    except Exception:  # two wrong edits may fail in any way; then they are not what the learner wrote
        return False
    return same_result(exercise, result, theirs)


def _finite(result: Any) -> bool:
    """Whether a result holds finite numbers alone."""
    parts = result if isinstance(result, tuple | list) else [result]
    return all(
        isinstance(part, np.ndarray | np.generic | float | int)
        and np.asarray(part).dtype.kind in "biufc"
        and bool(np.all(np.isfinite(part)))
        for part in parts
    )


def _outcomes_if_alike(
    exercise: Exercise,
    misconception: Misconception,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    running: Sequence[int],
) -> list[Outcome] | None:
    """What the wrong code does; None as soon as it gives another result than the learner's code gave."""
    theirs = []
    for k, case in enumerate(cases[: len(outcomes)]):
        theirs.append(misconception_outcome(exercise, misconception, case))
        if k in running and not _same_end(exercise, outcomes[k], theirs[k]):
            return None
    return theirs


def misconception_outcome(exercise: Exercise, misconception: Misconception, case: Case) -> Outcome:
    """What the wrong code does. Where a value exercise has several answers, None stands for any value."""
    if exercise.kind == "value":
        return _once(misconception, case, lambda: Outcome(result=misconception.code()))
    return _once(misconception, case, lambda: run_case(misconception.code, case, exercise.seconds))


# What came out, by the ids of code and case, while `remembering`; with both of them, so that the ids stay theirs.
_kept: ContextVar[dict[tuple[int, int], tuple[Outcome, Any, Case]] | None] = ContextVar("kept", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Within it, references and misconceptions run once on a case: for whoever judges many answers on the same cases."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def _once(code: Any, case: Case, run: Callable[[], Outcome]) -> Outcome:
    kept, key = _kept.get(), (id(code), id(case))
    if kept is None:
        return run()
    if key not in kept:
        kept[key] = run(), code, case
    return kept[key][0]


def _wrong_results(
    exercise: Exercise, where: Sequence[int], mine: Sequence[Outcome], expected: Sequence[Outcome]
) -> bool:
    """Whether a result among these cases is wrong."""
    return any(result_difference(exercise, mine[k].result, expected[k].result) for k in where)


def _same(exercise: Exercise, a: Outcome, b: Outcome, strict: bool) -> bool:
    """The same end, and (if strict) the same way to it."""
    if not _same_end(exercise, a, b):
        return False
    return not strict or a.failure is not None or (_same_calls(exercise, a, b) and a.changed == b.changed)


def _same_end(exercise: Exercise, a: Outcome, b: Outcome) -> bool:
    """The same result, the same complaint about it, or the same error."""
    if a.failure or b.failure:
        return bool(
            a.failure
            and b.failure
            and (a.failure.kind, a.failure.type, a.failure.text)
            == (b.failure.kind, b.failure.type, b.failure.text)
        )
    if a.problem or b.problem:
        return a.problem == b.problem
    return same_result(exercise, a.result, b.result)


def same_result(exercise: Exercise, mine: Any, theirs: Any) -> bool:
    """Whether a learner's result is a misconception's."""
    if exercise.kind == "value" and len(exercise.answers) > 1:
        return all(t is None or same_part(exercise, m, t) for m, t in zip(mine, theirs, strict=True))
    return same_part(exercise, mine, theirs)


def same_part(exercise: Exercise, mine: Any, theirs: Any) -> bool:
    try:
        theirs, _ = plain(theirs)
    except Unusable:
        return False
    return _compare(mine, theirs, exercise.rtol, exercise.atol, "It") is None


def _same_calls(exercise: Exercise, a: Outcome, b: Outcome) -> bool:
    if "calls" not in exercise.compare:
        return "call_count" not in exercise.compare or a.counts == b.counts
    if a.counts != b.counts or a.calls.keys() != b.calls.keys():
        return False
    return all(
        len(x) == len(y)
        and all(_compare(p, q, exercise.rtol, exercise.atol, "It") is None for p, q in zip(x, y, strict=True))
        for key in a.calls
        for x, y in zip(a.calls[key], b.calls[key], strict=True)
    )
