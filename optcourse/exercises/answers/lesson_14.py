"""Answers of source/14_noise.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def noise_scale(per_example):
    """tr Σ / |g|² of the gradients of all examples, (examples, n)."""
    g = per_example.mean(axis=0)
    noise = ((per_example - g) ** 2).sum(axis=1).mean()
    return noise / (g @ g)


def noise_scale_from_two(small, large, b, B):
    """tr Σ / |g|² from squared lengths of gradients: `small` on batches of b, `large` on batches of B."""
    small, large = np.mean(small), np.mean(large)
    slope = (B * large - b * small) / (B - b)
    noise = (small - large) / (1 / b - 1 / B)
    return noise / slope


def clip_by_norm(dw, limit):
    """dw, shortened to the length `limit` if it is longer."""
    length = np.linalg.norm(dw)
    return dw * (limit / length) if length > limit else dw


def ema(points, decay):
    """The moving average of a run's points (steps, n), which begins at the first of them."""
    means = np.array(points, dtype=float)
    for t in range(1, len(points)):
        means[t] = decay * means[t - 1] + (1 - decay) * points[t]
    return means
