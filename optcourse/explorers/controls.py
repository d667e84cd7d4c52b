"""What a person can move: each control is a name, a label and the list of values that it can take.

Because a slider is a list of values, whatever its scale, one table of frames covers all of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Range:
    """A slider over `values` (increasing). Any number between its ends may also be typed, unless `whole` asks for integers."""

    name: str
    values: tuple[float, ...]
    default: float
    label: str = ""
    unit: str = ""
    whole: bool = False
    table: bool = True  # False: too slow to compute ahead, so every value is asked for when it is needed

    kind = "range"

    def accept(self, value: Any) -> float | int:
        number = _number(self.name, value)
        if not self.values[0] <= number <= self.values[-1]:
            raise ValueError(
                f"{self.name} is {value}; it must lie between {self.values[0]:g} and {self.values[-1]:g}"
            )
        return int(round(number)) if self.whole else number


@dataclass(frozen=True)
class Choice:
    """One of several named options."""

    name: str
    options: tuple[str, ...]
    default: str
    label: str = ""
    table: bool = True

    kind = "choice"

    @property
    def values(self) -> tuple[str, ...]:
        return self.options

    def accept(self, value: Any) -> str:
        if value not in self.options:
            raise ValueError(
                f"{self.name} is {value!r}; it must be one of {', '.join(map(repr, self.options))}"
            )
        return value


@dataclass(frozen=True)
class Toggle:
    """On or off."""

    name: str
    default: bool = False
    label: str = ""
    table: bool = True

    kind = "toggle"
    values = (False, True)

    def accept(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{self.name} is {value!r}; it must be True or False")
        return value


@dataclass(frozen=True)
class Point:
    """A point in the plane: dragged on the canvas, moved with the arrow keys, or typed. `step` is one arrow key."""

    name: str
    default: tuple[float, float]
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    label: str = ""
    step: float = 0.05
    table: bool = False

    kind = "point"

    @property
    def values(self) -> tuple[tuple[float, float], ...]:
        """Corners, centre and default: what the sweep tries."""
        (xlo, xhi), (ylo, yhi) = self.xlim, self.ylim
        return (
            (xlo, ylo), (xhi, yhi), (xlo, yhi), (xhi, ylo), ((xlo + xhi) / 2, (ylo + yhi) / 2), tuple(self.default),
        )  # fmt: skip

    def accept(self, value: Any) -> tuple[float, float]:
        try:
            x, y = (_number(self.name, v) for v in value)
        except TypeError:
            raise ValueError(f"{self.name} is {value!r}; it must be two numbers") from None
        return float(np.clip(x, *self.xlim)), float(np.clip(y, *self.ylim))


@dataclass(frozen=True)
class Walk:
    """A path that a person walks by hand: each click on the canvas (or each typed point) adds a place, up to `longest` steps."""

    name: str
    default: tuple[tuple[float, float], ...]  # the places so far; the first is the start
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    label: str = ""
    longest: int = 12
    table: bool = False

    kind = "walk"

    @property
    def values(self) -> tuple:
        """The start alone, a step to the middle, and the longest walk between two corners: what the sweep tries."""
        (xlo, xhi), (ylo, yhi) = self.xlim, self.ylim
        there, back = (xhi, yhi), (xlo, ylo)
        zigzag = tuple(there if k % 2 else back for k in range(self.longest))
        return (self.default, (*self.default, ((xlo + xhi) / 2, (ylo + yhi) / 2)), (self.default[0], *zigzag))

    def accept(self, value: Any) -> tuple[tuple[float, float], ...]:
        one = Point(self.name, (0.0, 0.0), self.xlim, self.ylim)
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= self.longest + 1:
            raise ValueError(f"{self.name} must be a list of 1 to {self.longest + 1} points; it is {value!r}")
        return tuple(one.accept(point) for point in value)


Control = Range | Choice | Toggle | Point | Walk


def linear(name: str, lo: float, hi: float, default: float, *, num: int = 101, **words: Any) -> Range:
    """A slider with evenly spaced values; the default is always one of them."""
    return Range(name, _with(np.linspace(lo, hi, num), default), default, **words)


def log(name: str, lo: float, hi: float, default: float, *, num: int = 101, **words: Any) -> Range:
    """A slider with evenly spaced logarithms; the default is always one of its values."""
    return Range(name, _with(np.geomspace(lo, hi, num), default), default, **words)


def integers(name: str, lo: int, hi: int, default: int, *, by: int = 1, **words: Any) -> Range:
    """A slider over whole numbers."""
    values = tuple(sorted({*range(lo, hi + 1, by), default}))
    return Range(name, values, default, whole=True, **words)


def steps(name: str, values: Sequence[float], default: float, **words: Any) -> Range:
    """A slider over exactly these values."""
    return Range(name, _with(values, default), default, **words)


def hyperparameters(optimizer: type, *names: str, num: int = 101, **defaults: float) -> tuple[Range, ...]:
    """Sliders made from an optimizer's own dataclass fields: name, default, range and scale (metadata of the field)."""
    made = []
    for field in dataclasses.fields(optimizer):
        if names and field.name not in names:
            continue
        lo, hi = field.metadata["range"]
        make = log if field.metadata.get("scale") == "log" else linear
        made.append(make(field.name, lo, hi, float(defaults.get(field.name, field.default)), num=num))
    return tuple(made)


def _with(values: Sequence[float], default: float) -> tuple[float, ...]:
    """The values rounded to four significant digits (what the person reads is what is computed), the default among them."""
    rounded = {float(f"{v:.4g}") for v in values} | {default}
    return tuple(sorted(rounded))


def _number(name: str, value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.integer, np.floating))
        or not np.isfinite(value)
    ):
        raise ValueError(f"{name} is {value!r}; it must be a finite number")
    return value
