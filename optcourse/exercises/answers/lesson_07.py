"""Answers of source/07_rmsprop.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def rmsprop_step_repaired(w, dw, grad_squared, learning_rate, decay_rate, eps):
    """One step of RMSProp: return the new w and the new grad_squared."""
    grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    w = w - learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w, grad_squared


def choose_decay(half_life):
    """The decay_rate at which the weight of a past square halves every half_life steps."""
    return 0.5 ** (1 / half_life)


def rmsprop(compute_gradient, w, learning_rate, num_steps, decay_rate, eps):
    """Take num_steps steps of RMSProp; return where they end."""
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
        w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w


def effective_learning_rate(gradients, learning_rate, decay_rate, eps):
    """learning_rate / (sqrt(grad_squared) + eps) after the last row of gradients, one number a column."""
    grad_squared = np.zeros(np.shape(gradients)[1])
    for dw in np.array(gradients, dtype=float):
        grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    return learning_rate / (np.sqrt(grad_squared) + eps)


def two_step_lengths(dw, learning_rate, eps):
    """The length of a step once grad_squared has settled: (eps outside the root, eps inside the root)."""
    grad_squared = dw * dw
    outside = learning_rate * np.abs(dw) / (np.sqrt(grad_squared) + eps)
    inside = learning_rate * np.abs(dw) / np.sqrt(grad_squared + eps)
    return outside, inside
