"""What may be said after a race of optimizers: paired seeds, a test of signs, and the price of tuning.

    p = sign_test(a, b)                        # may "a is below b" be chance?
    index = choose(tuning, criterion)          # the setting that tuning seeds choose
    steps_to_target(curves, target)            # who is there first
    expected_best(values, k)                   # what k trials of a random search find

Sources: Dodge et al. (2019); Dahl et al. (2023).
"""

from math import comb

import numpy as np
from numpy.typing import ArrayLike


def sign_test(a: ArrayLike, b: ArrayLike) -> float:
    """The two-sided p of the sign test on pairs: how often fair coins fall as unevenly as a < b against a > b.

    Equal pairs say nothing and are dropped; where all are equal p is 1. It knows who won, and not by how much.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"a and b must be pairs of runs, (seeds,) each, got {a.shape} and {b.shape}")
    if np.isnan(a).any() or np.isnan(b).any():
        raise ValueError("a pair holds NaN: store a lost run as a large loss, so that it counts as lost")
    below, above = int((a < b).sum()), int((a > b).sum())
    pairs, fewer = below + above, min(below, above)
    tail = sum(comb(pairs, wins) for wins in range(fewer + 1)) / 2**pairs
    return min(1.0, 2 * tail)


def choose(tuning: ArrayLike, criterion: ArrayLike | None = None) -> int:
    """The setting (row) with the lowest median over the tuning seeds (columns).

    tuning: (settings, seeds), the losses that count. criterion: another table of that shape to choose by, if given.
    """
    table = np.asarray(tuning if criterion is None else criterion, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"tuning must be (settings, seeds), got shape {table.shape}")
    if np.isnan(table).any():
        raise ValueError("tuning holds NaN: store a lost run as a large loss, so that nobody chooses it")
    return int(np.argmin(np.median(table, axis=1)))


def steps_to_target(curves: ArrayLike, target: float) -> np.ndarray:
    """For each curve (..., steps) the first step with a loss <= target, and -1 where it never comes so low."""
    reached = np.asarray(curves, dtype=float) <= target
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), -1)


def expected_best(values: ArrayLike, k: int) -> float:
    """The mean of the lowest of k values drawn without replacement: the mean of all for k = 1, the lowest for all.

    Source: Dodge et al. (2019), who draw with replacement.
    """
    values = np.sort(np.asarray(values, dtype=float).ravel())
    n = len(values)
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to the number of values, {n}, got {k!r}")
    # The i-th smallest is the lowest of k draws if the k - 1 others are among the n - 1 - i larger ones.
    chances = [comb(n - 1 - i, k - 1) / comb(n, k) for i in range(n)]
    return float(np.dot(chances, values))
