"""Answers of source/08_adam.py. Made by `optcourse build`: edit the source, never this file."""

import math

import numpy as np


def adam_almost(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    """RMSProp + momentum: num_steps steps; return where they end."""
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        w -= learning_rate * moment1 / (np.sqrt(moment2) + eps)
    return w


def uncorrected_peak(beta1, beta2):
    """(t, ratio) where (1 - beta1^t) / sqrt(1 - beta2^t) is largest."""
    t = np.arange(1, 20_000)
    ratio = (1 - beta1**t) / np.sqrt(1 - beta2**t)
    return int(t[ratio.argmax()]), float(ratio.max())


def first_step(dw, learning_rate, eps):
    """What Adam's first step adds to w."""
    dw = np.asarray(dw, dtype=float)
    return -learning_rate * dw / (np.abs(dw) + eps)


def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    """Adam: num_steps steps; return where they end."""
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w


own_adam = adam


def check_adam(adam):
    """True if `adam` steps as the formulas say, False if it does not."""

    def compute_gradient(w):
        return np.array([1.0, 8.0]) * (w - np.array([0.5, -1.5]))

    start = np.array([3, -2])
    for num_steps in (1, 5, 25):
        for learning_rate, beta1, beta2, eps in ((0.1, 0.9, 0.999, 1e-8), (0.3, 0.7, 0.95, 0.2)):
            settings = learning_rate, num_steps, beta1, beta2, eps
            right = own_adam(compute_gradient, start, *settings)
            given = adam(compute_gradient, start, *settings)
            if not np.allclose(given, right):
                return False
    return True


def adamw(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, weight_decay):
    """Adam with decoupled weight decay; return where the steps end."""
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        w -= learning_rate * weight_decay * w
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w


def reddi_walk(w, learning_rate, num_steps, C, keep_largest):
    """Where the walk is after num_steps steps: a number."""
    beta2 = 1 / (1 + C * C)
    moment2 = largest = 0.0
    for t in range(1, num_steps + 1):
        dw = C if t % 3 == 1 else -1.0
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        largest = max(largest, moment2)
        divisor = math.sqrt(largest if keep_largest else moment2)
        w = w - learning_rate / math.sqrt(t) * dw / divisor
        w = min(max(w, -1.0), 1.0)
    return w
