"""The noise of minibatch gradients: how large it is, and what clipping and averaging do about it.

    noise_scale(per_example)                       # tr Σ / |g|²: the batch size at which noise and slope are equal
    noise_scale_from_two(small, large, b, B)       # the same from the lengths of minibatch gradients alone
    clip_by_norm(dw, limit)
    ema(points, decay), running_mean(points)       # averages of a run's weights

Sources: McCandlish et al. (2018); Pascanu, Mikolov, Bengio (2013); Polyak & Juditsky (1992).
"""

import numpy as np
from numpy.typing import ArrayLike


def noise_scale(per_example: ArrayLike) -> float:
    """tr Σ / |g|² of the gradients of all examples, (examples, n): Σ their covariance, g their mean.

    A minibatch of this size has as much noise as slope, in squared length. Infinite where the mean is 0.
    """
    dws = np.asarray(per_example, dtype=float)
    if dws.ndim != 2 or len(dws) < 2:
        raise ValueError(f"per_example must be (examples, n) with 2 examples or more, got shape {dws.shape}")
    mean = dws.mean(axis=0)
    trace = float(((dws - mean) ** 2).sum() / len(dws))
    return ratio(trace, float(mean @ mean))


def noise_scale_from_two(small: ArrayLike, large: ArrayLike, b: int, B: int) -> float:
    """The noise scale from squared lengths of gradients on batches of b and of B > b, one or many of each.

    |g|² ≈ (B |g_B|² - b |g_b|²) / (B - b) and tr Σ ≈ (|g_b|² - |g_B|²) / (1/b - 1/B) are unbiased; each is averaged
    over all pairs before the one is divided by the other, because single ones may be negative.
    Source: McCandlish et al. (2018), appendix A.
    """
    if not 0 < b < B:
        raise ValueError(f"b must be the smaller batch, 0 < b < B, got b = {b} and B = {B}")
    small, large = float(np.mean(small)), float(np.mean(large))
    squared_slope = (B * large - b * small) / (B - b)
    trace = (small - large) / (1 / b - 1 / B)
    return ratio(trace, squared_slope)


def clip_by_norm(dw: np.ndarray, limit: float) -> np.ndarray:
    """dw, shortened to the length `limit` if it is longer; its direction stays. A new array.

    Raises ValueError for a dw that is not finite: it has no direction to keep.
    """
    if not limit > 0:
        raise ValueError(f"limit must be > 0, got {limit!r}")
    dw = np.asarray(dw, dtype=float)
    if not np.isfinite(dw).all():
        raise ValueError("dw is not finite: clipping cannot mend a gradient that has overflowed")
    length = np.linalg.norm(dw)
    return dw * (limit / length) if length > limit else dw.copy()


def ema(points: ArrayLike, decay: float) -> np.ndarray:
    """The moving average of a run's points (steps, ...), which begins at the first: a constant path is unchanged.

    mean = decay * mean + (1 - decay) * w
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be >= 0 and < 1, got {decay!r}")
    points = np.asarray(points, dtype=float)
    means = points.copy()
    for t in range(1, len(points)):
        means[t] = decay * means[t - 1] + (1 - decay) * points[t]
    return means


def running_mean(points: ArrayLike) -> np.ndarray:
    """The mean of all points so far, at each of them (Polyak's average)."""
    points = np.asarray(points, dtype=float)
    count = np.arange(1, len(points) + 1).reshape(-1, *[1] * (points.ndim - 1))
    return np.cumsum(points, axis=0) / count


def ratio(trace: float, squared_slope: float) -> float:
    return trace / squared_slope if squared_slope != 0 else float("inf")
