"""Answers of source/03_gradient_descent.py. Made by `optcourse build`: edit the source, never this file."""

import math

import numpy as np


def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    """Take num_steps steps against the gradient; return where they end."""
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        w -= learning_rate * dw
    return w


def best_learning_rate(H):
    """The learning rate that shrinks the slowest axis of a quadratic with Hessian H fastest."""
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    return 2 / (eigenvalues[0] + eigenvalues[-1])


def steps_needed(condition_number, tolerance):
    """Steps until the distance is at most tolerance times the first one, at the best learning rate."""
    rate = (condition_number - 1) / (condition_number + 1)
    return math.ceil(math.log(tolerance) / math.log(rate))


def saddle_steps(y0, learning_rate):
    """Steps of gradient descent on x² − y² until |y| is at least 1; math.inf if that never happens."""
    if y0 == 0:
        return math.inf
    return math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))


def batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    """Gradient descent whose every step is a pass over all examples, chunk by chunk."""
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = np.zeros_like(w)
        for first in range(0, num_examples, chunk_size):
            batch = np.arange(first, min(first + chunk_size, num_examples))
            dw += compute_gradient(w, batch) * len(batch) / num_examples
        w -= learning_rate * dw
    return w
