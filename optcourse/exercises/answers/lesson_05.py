"""Answers of source/05_momentum.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    """Take num_steps steps with a velocity that keeps the share rho; return where they end."""
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w


def best_momentum(H):
    """The pair (learning_rate, rho) with which momentum shrinks the slowest axis of H fastest."""
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    flat, steep = np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1])
    return (2 / (flat + steep)) ** 2, ((steep - flat) / (steep + flat)) ** 2


def nesterov(compute_gradient, w, learning_rate, num_steps, rho):
    """Momentum whose gradient is computed where the velocity is about to carry w."""
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w - learning_rate * rho * velocity)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w


def convert(learning_rate, rho, source, target):
    """The (learning_rate, rho) of the convention target that walk the same path as those of source."""
    weight = {"lecture": 1.0, "sutskever": 1.0, "average": 1 - rho}
    return learning_rate * weight[source] / weight[target], rho
