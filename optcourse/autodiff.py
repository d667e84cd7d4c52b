"""How a program differentiates a program: dual numbers forward, a tape backward.

    Dual(3.0, 1.0) * Dual(3.0, 1.0)      # value 9, derivative 6: two numbers travel together

    w = Var(np.zeros(3))
    loss = (Var(X) @ w - y) * (Var(X) @ w - y)
    backward(loss.sum())                 # w.grad is now the derivative of the sum by w

Source: Griewank & Walther, Evaluating Derivatives (2008); Baydin et al. (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Dual:
    """A number and its derivative: value + slope * d with d² = 0."""

    value: float
    slope: float = 0.0

    def __add__(self, other: Dual | float) -> Dual:
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Dual | float) -> Dual:
        other = dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Dual:
        return self * -1.0

    def __sub__(self, other: Dual | float) -> Dual:
        return self + -dual(other)

    def __abs__(self) -> Dual:
        return self if self.value >= 0 else -self

    def apply(self, f: Callable, slope: Callable) -> Dual:
        """f of it, where `slope` is the derivative of f: the chain rule."""
        return Dual(f(self.value), slope(self.value) * self.slope)

    def exp(self) -> Dual:
        return self.apply(np.exp, np.exp)

    def log(self) -> Dual:
        return self.apply(np.log, lambda v: 1 / v)

    def sin(self) -> Dual:
        return self.apply(np.sin, np.cos)


def dual(number: Dual | float) -> Dual:
    return number if isinstance(number, Dual) else Dual(float(number))


def passes(num_inputs: int, num_outputs: int = 1) -> dict[str, int]:
    """Runs of a program, one way or the other, for all derivatives of its outputs by its inputs."""
    return {"central differences": 2 * num_inputs, "forward": num_inputs, "reverse": num_outputs}


# The tape: every operation notes from what it was made, and how a pull on it is passed on.


class Var:
    """An array on the tape. `grad`, shaped like it, is the derivative of what `backward` was called with."""

    def __init__(self, value: ArrayLike, parents: tuple = ()) -> None:
        self.value, self.parents = np.asarray(value, dtype=float), parents
        self.grad = np.zeros_like(self.value)

    def __add__(self, other):
        other = fitting(self, other)
        return Var(self.value + other.value, ((self, lambda g: g), (other, lambda g: g)))

    def __mul__(self, other):
        other = fitting(self, other)
        return Var(
            self.value * other.value, ((self, lambda g: g * other.value), (other, lambda g: g * self.value))
        )

    # `array + Var` is ours, too: NumPy would make an array of Vars of it.
    __radd__, __rmul__, __array_ufunc__ = __add__, __mul__, None

    def __sub__(self, other):
        return self + var(other) * -1.0

    def __matmul__(self, other):
        other = var(other)
        a, b = tables(self.value, other.value)
        left = (self, lambda g: (g.reshape(len(a), -1) @ b.T).reshape(self.value.shape))
        right = (other, lambda g: (a.T @ g.reshape(len(a), -1)).reshape(other.value.shape))
        return Var(self.value @ other.value, (left, right))

    def relu(self):
        return Var(np.maximum(self.value, 0), ((self, lambda g: g * (self.value > 0)),))

    def exp(self):
        return Var(grown := np.exp(self.value), ((self, lambda g: g * grown),))

    def log(self):
        return Var(np.log(self.value), ((self, lambda g: g / self.value),))

    def sum(self, axis=None):
        total = self.value.sum(axis=axis, keepdims=axis is not None)
        return Var(total, ((self, lambda g: np.broadcast_to(g, self.value.shape)),))


def var(number: Var | ArrayLike) -> Var:
    return number if isinstance(number, Var) else Var(number)


def fitting(one: Var, number: Var | ArrayLike) -> Var:
    """The number on the tape. Raises ValueError where it cannot be added to `one`, entry by entry."""
    other = var(number)
    try:
        np.broadcast_shapes(one.value.shape, other.value.shape)
    except ValueError:
        raise ValueError(
            f"shapes {one.value.shape} and {other.value.shape} do not fit: from the last axis on, "
            "each pair of sizes must be equal, or one of them 1"
        ) from None
    return other


def tables(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both factors of a matrix product with two axes. Raises ValueError for what the tape does not multiply."""
    if not (1 <= a.ndim <= 2 and 1 <= b.ndim <= 2 and a.shape[-1] == b.shape[0]):
        raise ValueError(
            f"shapes {a.shape} and {b.shape} do not fit for @: one or two axes each, "
            "and the last of the first as long as the first of the second"
        )
    return np.atleast_2d(a), b.reshape(len(b), -1)


def backward(out: Var) -> None:
    """Fill `grad` of everything that out was made of: the derivative of the sum of out.

    Children come before parents, so that each one has all of its pulls when it passes them on; a value that is used
    twice gets both. Every call begins at 0. Raises ValueError for a tape that leads back to itself, or holds NaN.
    """
    order = without_nan(tape_of(out))
    for node in order:
        node.grad = np.zeros_like(node.value)
    out.grad = np.ones_like(out.value)
    for node in order:
        for parent, pull in node.parents:
            parent.grad = parent.grad + unbroadcast(pull(node.grad), parent.value.shape)


def tape_of(out: Var) -> list[Var]:
    """out and all that it was made of, each before what it was made of."""
    made_of: dict[Var, list[Var]] = {}
    waiting = [out]
    while waiting:  # not by recursion: a long tape would exceed its depth
        node = waiting.pop()
        if node not in made_of:
            made_of[node] = [parent for parent, _ in node.parents]
            waiting += made_of[node]
    try:
        return [*TopologicalSorter(made_of).static_order()][::-1]
    except CycleError:
        raise ValueError("the tape leads back to itself: a value cannot be made of itself") from None


def without_nan(order: list[Var]) -> list[Var]:
    """The tape as it is. Raises ValueError for a NaN in what it ends with, and says where the first one came up."""
    if np.isnan(order[0].value).any():
        k, first = next((k, v) for k, v in enumerate(reversed(order)) if np.isnan(v.value).any())
        made = ", ".join(
            np.array2string(parent.value, precision=4, threshold=4) for parent, _ in first.parents
        )
        raise ValueError(
            f"the result is NaN (not a number): entry {k} of the tape was the first, "
            + (f"made of {made}" if made else "and it came in from outside")
        )
    return order


def written(out: Var, summed: Callable | None = None) -> list[tuple[np.ndarray, list]]:
    """The tape of out as a plain list, first things first: (value, [(number of a parent, pull), ...]).

    A pull takes the gradient of its entry, and gives a gradient shaped like its parent. `summed` does the work of
    unbroadcast, if given.
    """
    summed, order = summed or unbroadcast, tape_of(out)[::-1]
    number = {node: k for k, node in enumerate(order)}

    def shaped(pull: Callable, shape: tuple[int, ...]) -> Callable:
        return lambda g: summed(pull(np.asarray(g)), shape)

    return [
        (node.value, [(number[parent], shaped(pull, parent.value.shape)) for parent, pull in node.parents])
        for node in order
    ]


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """g summed over the axes along which an array of this shape was repeated: the derivative by that array."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    repeated = tuple(axis for axis, size in enumerate(shape) if size == 1 and g.shape[axis] != 1)
    return g.sum(axis=repeated, keepdims=True) if repeated else g
