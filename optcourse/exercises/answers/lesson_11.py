"""Answers of source/11_curvature.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def newton_step(dw, H):
    """The move p from w to where the parabola with gradient dw and Hessian H is flat."""
    return np.linalg.solve(H, -dw)


def safe_direction(dw, H, floor):
    """Newton's step with every curvature taken as positive, and as floor at least."""
    values, V = np.linalg.eigh(H)
    return -V @ ((V.T @ dw) / np.maximum(np.abs(values), floor))


def backtracking(value, w, p, slope):
    """The first of 1, 1/2, 1/4 … that lowers the loss enough along p; slope is dw @ p, below 0."""
    here, step = value(w), 1.0
    while value(w + step * p) > here + 1e-4 * step * slope:
        step /= 2
    return step


def two_loop(dw, s, y):
    """L-BFGS: nearly the inverse Hessian times dw, from the last changes of w (s) and of dw (y)."""
    q = np.array(dw, dtype=float)
    shares = np.zeros(len(s))
    for k in reversed(range(len(s))):
        shares[k] = s[k] @ q / (s[k] @ y[k])
        q -= shares[k] * y[k]
    r = s[-1] @ y[-1] / (y[-1] @ y[-1]) * q
    for k in range(len(s)):
        r += s[k] * (shares[k] - y[k] @ r / (s[k] @ y[k]))
    return r
