"""Words for values and differences: percentages, ordinals, a value in few characters. They know no verdict."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from optcourse.exercises.ingredients import is_ingredient
from optcourse.exercises.model import Case, Exercise

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(k: int) -> str:
    """'first' for 1, … '23rd' for 23."""
    if k <= len(ORDINALS):
        return ORDINALS[k - 1]
    ending = "th" if 10 <= k % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{ending}"


def times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count:,} times" if count else "never"


def is_are(count: int) -> str:
    return "is" if count <= 1 else "are"


def percent(ratio: float, more: str = "too large", less: str = "too small") -> str:
    """'3.2 % too large', or 'twice as large as it should be' in figures: '2.5 times the right value'."""
    if ratio >= 2 or ratio <= 0.5:
        return f"{ratio:.3g} times the right value"
    off = abs(ratio - 1) * 100
    return f"{off:.2g} % {more if ratio > 1 else less}"


def ratio_note(got: Any, want: Any) -> str:
    if isinstance(want, int | np.integer):  # an index or a count: a ratio says nothing
        return ""
    if (
        np.iscomplexobj(got)
        or np.iscomplexobj(want)
        or not (np.isfinite(got) and np.isfinite(want))
        or want == 0
        or got == 0
    ):
        return ""
    ratio = float(got) / float(want)
    if abs(ratio + 1) < 1e-9:
        return " (the sign is the other way round)"
    if ratio < 0 or not 1e-4 < ratio < 1e4 or abs(ratio - 1) < 1e-4:
        return ""
    return f" ({percent(ratio)})"


def describe(value: Any) -> str:
    """What kind of thing a value is: 'a number', 'an array of shape (3,)', 'the text …'."""
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, Mapping):
        return "a dictionary"
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} parts"
    if isinstance(value, bool | np.bool_):
        return "True or False"
    if np.ndim(value) == 0:
        return "a single number"
    return f"an array of shape {np.shape(value)}"


def pair(got: Any, want: Any) -> str:
    """'0.1 where 0.2', with as many digits as it takes to tell them apart."""
    if show(got) != show(want):
        return f"{show(got)} where {show(want)}"
    return f"{float(got)!r} where {float(want)!r}"


def show(value: Any) -> str:
    """A value in few characters: six digits, long arrays cut."""
    if isinstance(value, bool | np.bool_ | str) or value is None:
        return repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, np.ndarray) and value.ndim:
        items = list(value) if len(value) <= 8 else [*value[:3], "…", *value[-2:]]
        return "[" + ", ".join(item if isinstance(item, str) else show(item) for item in items) + "]"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.ndarray):
        return show(value[()])
    if isinstance(value, tuple | list):
        inside = ", ".join(show(item) for item in value[:6]) + (", …" if len(value) > 6 else "")
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + " …"


def parameter(exercise: Exercise, key: str) -> str:
    """The name of the argument at a position, from the reference's signature."""
    base = key.split("[")[0]
    if base.isdigit():
        names = list(inspect.signature(exercise.reference).parameters)
        if int(base) < len(names):
            return names[int(base)] + key[len(base) :]
    return key


def case_text(exercise: Exercise, case: Case) -> str:
    """'Seen with w = [1 2], learning_rate = 0.1, num_steps = 3 (a start of whole numbers).'"""
    parts = []
    given = {str(k): value for k, value in enumerate(case.args)} | dict(case.kwargs)
    for key, value in given.items():
        if not is_ingredient(value):
            parts.append(f"{parameter(exercise, key)} = {show(value)}")
    text = ", ".join(parts)
    label = f" ({case.label})" if case.label and text else case.label
    return f"Seen with {text}{label}." if text or label else ""
