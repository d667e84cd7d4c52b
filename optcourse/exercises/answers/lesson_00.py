"""Answers of source/00_start_here.py. Made by `optcourse build`: edit the source, never this file."""

import numpy as np


def slope_ahead(height, w, h):
    """The slope of the ground between w and w + h."""
    return (height(w + h) - height(w)) / h


def take_step(w, dw, learning_rate):
    """Where you are after one step against the gradient."""
    return w - learning_rate * dw


def mean_cosine(directions, downhill):
    """The mean, over the rows of directions, of |cos| of the angle to downhill."""
    cosines = directions @ downhill / (np.linalg.norm(directions, axis=1) * np.linalg.norm(downhill))
    return np.mean(np.abs(cosines))
