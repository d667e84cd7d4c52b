"""Adams that are planted for `08-check-adam`: wrong ones, each with one mistake of the lesson's own exercise, and right ones in
other styles.

A case of that exercise holds one as an ingredient. In grading it runs at the judge, who asks the submission for the gradients, so
nobody behind the walls can look at it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.exercises.catalogue import module
from optcourse.exercises.ingredients import ingredient

MOST_STEPS = 1_000  # in all calls of one check
MOST_ENTRIES = 100


@ingredient
@dataclass(frozen=True)
class PlantedAdam:
    """An Adam to be checked: the name of one of RIGHT, or of a mistake. It takes the arguments of the lesson's `adam`."""

    name: str
    asks_back = True  # it calls a function that it is handed

    def build(self) -> Callable:
        code, left, running = code_of(self.name), MOST_STEPS, False

        def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
            nonlocal left, running
            if running:
                raise ValueError("the Adam to be checked is called again from inside `compute_gradient`")
            start, num_steps = _start(w), _count(num_steps)
            left -= num_steps
            if left < 0:
                raise ValueError(
                    f"more than {MOST_STEPS:,} steps are asked for in all: a check needs far fewer"
                )
            numbers = [_number(value) for value in (learning_rate, beta1, beta2, eps)]
            running = True
            try:
                with np.errstate(all="ignore"):
                    return code(_asking(compute_gradient), start, numbers[0], num_steps, *numbers[1:])
            finally:
                running = False

        return adam


def _start(w: Any) -> np.ndarray:
    start = np.array(w)
    if start.dtype.kind not in "biuf" or start.size > MOST_ENTRIES:
        raise ValueError(f"`w` must be an array of at most {MOST_ENTRIES} numbers")
    return start


def _count(num_steps: Any) -> int:
    try:
        return max(operator.index(num_steps[()] if isinstance(num_steps, np.ndarray) else num_steps), 0)
    except (TypeError, IndexError) as error:
        raise TypeError(
            "`num_steps` must be a whole number: mind the order `learning_rate, num_steps, beta1, beta2, eps`"
        ) from error


def _number(value: Any) -> float:
    if isinstance(value, str) or np.ndim(value) or np.iscomplexobj(value):
        raise TypeError("learning rate, betas and eps must be numbers")
    return float(value)


def _asking(compute_gradient: Any) -> Callable:
    """The gradient as floats of the shape of `w`, whatever a learner's function does with what it is given."""
    if not callable(compute_gradient):
        raise TypeError("the first argument must be a function that gives the gradient at `w`")

    def gradient(w: np.ndarray) -> np.ndarray:
        given = compute_gradient(np.array(w, dtype=float))
        if given is None:
            raise TypeError("`compute_gradient` returned None: is its `return` missing?")
        try:
            dw = np.array(given, dtype=float)
        except (TypeError, ValueError) as error:
            raise TypeError("`compute_gradient` must return an array of numbers") from error
        if dw.shape != np.shape(w):
            raise ValueError(
                f"`compute_gradient` returned the shape {dw.shape} for a `w` of shape {np.shape(w)}; they must be the same"
            )
        return dw

    return gradient


def code_of(name: str) -> Callable:
    """The code of a planted Adam."""
    if name in RIGHT:
        return RIGHT[name]
    return module("08").PLANTED[name].code


# -- right ones: each does what the formulas say ---------------------------------------------------


def names_of_its_own(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    place = np.array(w, dtype=float)
    mean, square = np.zeros(place.shape), np.zeros(place.shape)
    for k in range(num_steps):
        slope = compute_gradient(place)
        mean = beta1 * mean + (1 - beta1) * slope
        square = beta2 * square + (1 - beta2) * slope * slope
        below = np.sqrt(square / (1 - beta2 ** (k + 1))) + eps
        place = place - learning_rate * (mean / (1 - beta1 ** (k + 1))) / below
    return place


def until_the_last_step(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    path = [np.array(w, dtype=float)]
    moments = [np.zeros_like(path[0]), np.zeros_like(path[0])]
    while len(path) <= num_steps:
        t = len(path)
        dw = compute_gradient(path[-1])
        moments[0] = beta1 * moments[0] + (1 - beta1) * dw
        moments[1] = beta2 * moments[1] + (1 - beta2) * dw * dw
        hats = moments[0] / (1 - beta1**t), moments[1] / (1 - beta2**t)
        path.append(path[-1] - learning_rate * hats[0] / (np.sqrt(hats[1]) + eps))
    return path[-1]


def in_place(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1, moment2 = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 *= beta1
        moment1 += (1 - beta1) * dw
        moment2 *= beta2
        moment2 += (1 - beta2) * dw**2
        w -= learning_rate / (1 - beta1**t) * moment1 / (np.sqrt(moment2) / np.sqrt(1 - beta2**t) + eps)
    return w


def entry_by_entry(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    shape, w = np.shape(w), [np.float64(entry) for entry in np.ravel(w)]
    memory = [(0.0, 0.0) for _ in w]
    for t in range(num_steps):
        dw = compute_gradient(np.reshape(w, shape))
        for k, slope in enumerate(np.ravel(dw)):
            mean, square = memory[k]
            mean, square = mean * beta1 + slope * (1 - beta1), square * beta2 + slope * slope * (1 - beta2)
            memory[k] = mean, square
            root = np.sqrt(square / (1 - beta2 ** (t + 1)))
            w[k] = w[k] - mean / (1 - beta1 ** (t + 1)) / (root + eps) * learning_rate
    return np.reshape(w, shape).tolist()


def running_powers(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1 = moment2 = np.zeros_like(w)
    power1 = power2 = 1.0
    while num_steps > 0:
        dw = compute_gradient(w)
        power1, power2, num_steps = power1 * beta1, power2 * beta2, num_steps - 1
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * np.square(dw)
        w = w - learning_rate * (moment1 / (1 - power1)) / (np.sqrt(moment2 / (1 - power2)) + eps)
    return w


def folded_correction(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w = np.array(w, dtype=float)
    moment1, moment2 = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = moment1 + (1 - beta1) * (dw - moment1)
        moment2 = moment2 + (1 - beta2) * (dw * dw - moment2)
        filled = np.sqrt(1 - beta2**t)
        w = w - learning_rate * filled / (1 - beta1**t) * moment1 / (np.sqrt(moment2) + eps * filled)
    return w.tolist()


def sums_of_the_past(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    w, past = np.array(w, dtype=float), []
    for t in range(1, num_steps + 1):
        past.append(compute_gradient(w))
        ages, slopes = np.arange(t)[::-1], np.array(past)
        mean = np.tensordot(beta1**ages, slopes, 1) / np.sum(beta1**ages)
        square = np.tensordot(beta2**ages, slopes**2, 1) / np.sum(beta2**ages)
        w = w - learning_rate * mean / (square**0.5 + eps)
    return w


def step_handed_on(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    def step(t, w, moment1, moment2):
        slope = compute_gradient(w)
        moment1 = (1 - beta1) * slope + beta1 * moment1
        moment2 = (1 - beta2) * slope * slope + beta2 * moment2
        ratio = (moment1 / (1 - np.power(beta1, t))) / (eps + np.sqrt(moment2 / (1 - np.power(beta2, t))))
        return w - learning_rate * ratio, moment1, moment2

    state = np.array(w, dtype=float), 0.0, 0.0
    for t in range(num_steps):
        state = step(t + 1, *state)
    return state[0]


# These two add and multiply in the order of the lesson's own lines, so they give the same bits.
SAME_ROUNDING: dict[str, Callable] = {
    "that has names of its own and counts from 0": names_of_its_own,
    "that keeps its whole path until the end": until_the_last_step,
}
RIGHT: dict[str, Callable] = SAME_ROUNDING | {
    "that changes its arrays in place": in_place,
    "that loops over the entries and returns a list": entry_by_entry,
    "that keeps the powers of the betas": running_powers,
    "that folds the correction into the learning rate and returns a list": folded_correction,
    "that sums up all gradients anew in every round": sums_of_the_past,
    "that hands its state from step to step": step_handed_on,
}
