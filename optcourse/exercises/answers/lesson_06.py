"""Answers of source/06_adagrad.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def adagrad(compute_gradient, w, learning_rate, num_steps, eps):
    """Take num_steps steps of AdaGrad; return where they end."""
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared += dw * dw
        w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w


def equal_gradient_step(learning_rate, dw, t):
    """What AdaGrad's step number t adds to w, when the gradient has been dw at every step."""
    return -learning_rate * np.sign(dw) / np.sqrt(t)


def turned_gradient(compute_gradient, w, angle):
    """The gradient at w of the landscape turned counter-clockwise by angle (radians)."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    return turn @ compute_gradient(turn.T @ w)
