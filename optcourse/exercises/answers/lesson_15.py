"""Answers of source/15_other_norms.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def steepest(G, norm):
    """The matrix of length 1 that gains most along G; norm is "frobenius", "entry" or "spectral"."""
    if norm == "frobenius":
        return G / np.linalg.norm(G)
    if norm == "entry":
        return np.sign(G)
    U, S, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ Vt


def newton_schulz(G, num_steps):
    """G, with singular values near 1: divided by its length, then num_steps steps."""
    length = np.linalg.norm(G)
    if length == 0:
        return G
    X = G / length
    for _ in range(num_steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X


def muon(compute_gradient, w, learning_rate, num_steps, rho):
    """Muon on one matrix w; five steps of newton_schulz."""
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity = rho * velocity + dw
        longer = np.sqrt(max(1, w.shape[0] / w.shape[1]))
        w -= learning_rate * longer * newton_schulz(dw + rho * velocity, 5)
    return w


def lion(compute_gradient, w, learning_rate, num_steps, beta1, beta2):
    """num_steps steps of Lion; return where they end."""
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        w -= learning_rate * np.sign(beta1 * moment1 + (1 - beta1) * dw)
        moment1 = beta2 * moment1 + (1 - beta2) * dw
    return w


def schedule_free(compute_gradient, w, learning_rate, num_steps, beta):
    """Schedule-Free SGD: return the mean of the places of the fast point."""
    w = np.array(w, dtype=float)
    fast = w.copy()
    for t in range(1, num_steps + 1):
        between = (1 - beta) * fast + beta * w
        dw = compute_gradient(between)
        fast -= learning_rate * dw
        w = (1 - 1 / t) * w + 1 / t * fast
    return w
