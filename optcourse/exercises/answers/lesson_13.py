"""Answers of source/13_edge_of_stability.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def power_step(hvp, v):
    """The curvature along v, and the next v: Hv with length 1."""
    Hv = hvp(v)
    return v @ Hv / (v @ v), Hv / np.linalg.norm(Hv)


def sharpness(hvp, n, rng):
    """The curvature of the largest size, with its sign, by power iteration on hvp(v) = H v."""
    v = rng.normal(size=n)
    for _ in range(200):
        Hv = hvp(v)
        value = v @ Hv / (v @ v)
        v = Hv / np.linalg.norm(Hv)
    return value


def edge(rate, beta, kind):
    """The curvature above which the method diverges on a parabola."""
    if kind == "nesterov":
        return 2 * (1 + beta) / ((1 + 2 * beta) * rate)
    if kind == "momentum":
        return 2 * (1 + beta) / rate
    return 2 / rate
