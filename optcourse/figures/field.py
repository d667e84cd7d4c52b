"""The loss over a map between the points of its grid: interpolation, the ladder of levels, the colours of the bands.

`explorers/stage/field.js` does the same in the browser; tests/explorers/test_field.py compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from optcourse.figures.scene import Field

STEPS = 7  # levels from the highest down to a thousandth of it: 1, 3, 10, 30, 100, 300, 1000


def sample(field: Field, x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """The loss at every (x, y) of a grid, as (len(y), len(x)): cubic convolution, exact where the loss is quadratic."""
    xlo, xhi, ylo, yhi = field.extent
    values = np.asarray(field.values, dtype=float)
    across = _weights(np.asarray(x, dtype=float), xlo, xhi, values.shape[1])
    return _weights(np.asarray(y, dtype=float), ylo, yhi, values.shape[0]) @ values @ across.T


def _weights(at: np.ndarray, lo: float, hi: float, count: int) -> np.ndarray:
    """What each point of the grid counts at each place: (places, count)."""
    place = np.clip((at - lo) / (hi - lo), 0.0, 1.0) * (count - 1)
    first = np.clip(np.floor(place).astype(int), 0, count - 2)
    t = place - first
    taps = 0.5 * np.stack(
        [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t], axis=-1
    )
    weights = np.zeros((len(at), count + 2))
    for k in range(4):
        weights[np.arange(len(at)), first + k] += taps[:, k]
    # Beyond its ends the grid goes on as a parabola.
    weights[:, 1:4] += weights[:, :1] * [3, -3, 1]
    weights[:, -4:-1] += weights[:, -1:] * [1, -3, 3]
    return weights[:, 1:-1]


def ladder(values: ArrayLike) -> list[float]:
    """Levels for a landscape: 1, 3, 10, 30 ... over three decades or more, below its highest values; evenly spaced ones
    where the loss goes below zero."""
    values = np.asarray(values, dtype=float)
    low, high = float(values.min()), float(values.max())
    if low < -1e-9 * max(high, 1e-300):
        step = nice((high - low) / (STEPS + 1))
        return [k * step for k in range(int(np.floor(low / step)) + 1, int(np.ceil(high / step)))]
    rung = rung_below(high)
    floor = float(np.quantile(values, 0.02))
    count = STEPS
    while value_of_rung(rung - count) >= max(floor, high * 1e-9):
        count += 1
    return [value_of_rung(r) for r in range(rung - count + 1, rung + 1)]


def lines_of(field: Field, low: float, high: float) -> list[float]:
    """The levels that are drawn as lines where the loss goes from `low` to `high`: the ladder as far as it is seen, and
    even steps between where it has too few rungs."""
    levels = list(field.levels or ladder(field.values))
    found = {v for v in levels if low < v < high}
    if levels[0] > 0:
        finest = max(low, 2e-6 * float(np.abs(field.values).max()))
        rungs = range(rung_below(finest), rung_below(high) + 1)
        found |= {v for v in map(value_of_rung, rungs) if finest < v < high}
    if len(found) < 5:
        step = nice((high - low) / 8)
        first = int(np.floor(low / step)) + 1
        found |= {
            float(f"{k * step:.12g}") for k in range(first, int(np.ceil(high / step))) if k * step < high
        }
    return sorted(found)


def band_colours(field: Field, ramp: Sequence[str]) -> list[str]:
    """A colour for each band, from low to high loss."""
    count = len(field.levels or ladder(field.values))
    return [_between(ramp, band / max(1, count) * (len(ramp) - 1)) for band in range(count + 1)]


def _between(ramp: Sequence[str], place: float) -> str:
    k = min(len(ramp) - 2, int(place))
    part = place - k
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in ramp[k : k + 2]]
    return "#" + "".join(f"{int(a + (b - a) * part + 0.5):02x}" for a, b in zip(*ends, strict=True))


def rung_below(value: float) -> int:
    """The number of the highest rung of the ladder that is not above `value`: rung 0 is 1, rung 1 is 3, rung 2 is 10."""
    if value <= 0:
        return -2 * 300
    decade = int(np.floor(np.log10(value) + 1e-9))
    return 2 * decade + (value >= 3 * 10.0**decade * (1 - 1e-9))


def value_of_rung(rung: int) -> float:
    decade, second = divmod(rung, 2)
    return float(f"{3 if second else 1}e{decade}")


def nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, not below `step`."""
    size = 10.0 ** np.floor(np.log10(step))
    return float(next(m * size for m in (1, 2, 5, 10) if m * size >= step * (1 - 1e-9)))
