"""Answers of source/01_numeric_gradient.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def numeric_gradient(f, w, h):
    """The gradient of f at w by central differences: an array of floats shaped like w."""
    w = np.array(w, dtype=float)  # our own copy, and floats: 3 + 0.001 would be cut to 3 in whole numbers
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        here = w[i]
        w[i] = here + h
        ahead = f(w)
        w[i] = here - h
        behind = f(w)
        w[i] = here  # the very number that was there: w[i] += h would be off by rounding
        dw[i] = (ahead - behind) / (2 * h)
    return dw


def best_h(scheme, dtype):
    """A step near the bottom of the V, for w and f of order 1."""
    smallest = np.finfo(dtype).eps
    if scheme == "forward":
        return smallest ** (1 / 2)
    return smallest ** (1 / 3)


def numeric_descent(f, w, learning_rate, num_steps, h):
    """Gradient descent with numeric gradients: the last w, and the loss at every point of the walk."""
    w = np.array(w, dtype=float)
    losses = [f(w)]
    for _ in range(num_steps):
        dw = numeric_gradient(f, w, h)
        w -= learning_rate * dw
        losses.append(f(w))
    return w, losses
