"""Answers of source/02_analytic_gradient.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def softmax_gradient(scores, y):
    """The gradient of the mean cross-entropy by the scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def relu_backward(dout, before):
    """The gradient by ReLU's input, from the gradient by its output."""
    return dout * (before > 0)


def two_layer_backward(X, y, W1, b1, W2, b2):
    """The gradients (dW1, db1, dW2, db2) of the mean cross-entropy."""
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ W2 + b2
    dscores = softmax_gradient(scores, y)
    dW2 = hidden.T @ dscores
    db2 = dscores.sum(axis=0)
    dhidden = dscores @ W2.T
    dbefore = relu_backward(dhidden, before)
    dW1 = X.T @ dbefore
    db1 = dbefore.sum(axis=0)
    return dW1, db1, dW2, db2


def check_gradient(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    """Compare with central differences: (ok, worst, numeric, analytic, relative_error)."""
    w = np.array(w, dtype=float)
    analytic = np.asarray(gradient(w.copy()))
    numeric = np.zeros_like(w)
    for i in range(len(w)):
        ahead, behind = w.copy(), w.copy()
        ahead[i] += eps
        behind[i] -= eps
        numeric[i] = (f(ahead) - f(behind)) / (2 * eps)
    error = np.abs(analytic - numeric)
    allowed = atol + rtol * np.abs(numeric)
    ok = bool(np.all(error <= allowed))
    worst = int(np.argmax(error / allowed))
    largest = max(abs(analytic[worst]), abs(numeric[worst]))
    relative_error = 0.0 if largest == 0 else error[worst] / largest
    return ok, worst, numeric[worst], analytic[worst], relative_error
