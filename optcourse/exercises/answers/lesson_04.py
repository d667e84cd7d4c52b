"""Answers of source/04_sgd.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def gradient_variance(gradients, batch_size, replace):
    """The variance of each entry of the mean gradient of batch_size of the rows; replace is True or False."""
    variance = np.var(gradients, axis=0) / batch_size
    if not replace:
        num_examples = len(gradients)
        variance = variance * (num_examples - batch_size) / (num_examples - 1)
    return variance


def epoch_batches(num_examples, batch_size, rng, num_epochs):
    """A list of minibatches (arrays of indices) for num_epochs epochs."""
    batches = []
    for _ in range(num_epochs):
        order = rng.permutation(num_examples)
        for first in range(0, num_examples, batch_size):
            batches.append(order[first : first + batch_size])
    return batches


def sgd(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
    """Take num_steps steps, each against the gradient of a fresh minibatch; return where they end."""
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        minibatch = sampled_data(batch_size)
        dw = compute_gradient(w, minibatch)
        w -= learning_rate * dw
    return w


def train(compute_gradient, w, num_examples, rng):
    """Train within 10 passes over the data; return the weights."""
    w = np.array(w, dtype=float)
    for minibatch in epoch_batches(num_examples, 32, rng, 10):
        w -= 0.5 * compute_gradient(w, minibatch)
    return w
