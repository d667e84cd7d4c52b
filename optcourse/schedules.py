"""Learning-rate schedules: each makes a function t -> factor, to multiply the learning rate of step t = 0,
1, ...

    descend(objective, Momentum(0.1), start, 100, schedule=cosine(100))

In order of increasing complexity. Every schedule also takes an array of steps, for plotting.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

Schedule = Callable[[ArrayLike], ArrayLike]


def constant() -> Schedule:
    """factor = 1"""
    return lambda t: 1.0 + 0.0 * np.asarray(t)


def step(every: int, factor: float = 0.1) -> Schedule:
    """factor**k after k times `every` steps. torch: StepLR(step_size=every, gamma=factor)."""
    positive("every", every)
    fraction("factor", factor)
    return lambda t: np.power(float(factor), np.asarray(t) // every)


def exponential(decay: float) -> Schedule:
    """decay**t. torch: ExponentialLR(gamma=decay)."""
    fraction("decay", decay)
    return lambda t: np.power(float(decay), t)


def inverse_root() -> Schedule:
    """1 / sqrt(t + 1): the rate of convergence proofs (Zinkevich 2003; Reddi, Kale, Kumar 2018)."""
    return lambda t: 1.0 / np.sqrt(np.asarray(t) + 1.0)


def cosine(num_steps: int, floor: float = 0.0) -> Schedule:
    """Half a cosine wave from 1 at step 0 to `floor` at step num_steps, then `floor`.

    Reference: Loshchilov & Hutter (2017). torch: CosineAnnealingLR(T_max=num_steps, eta_min=floor *
        learning_rate).
    """
    positive("num_steps", num_steps)
    if not 0 <= floor <= 1:
        raise ValueError(f"floor must lie from 0 to 1, got {floor!r}")

    def factor(t):
        progress = np.minimum(t, num_steps) / num_steps
        return floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(np.pi * progress))

    return factor


def warm_up(num_steps: int, then: Schedule | None = None) -> Schedule:
    """A line from 1 / num_steps at step 0 up to 1 at step num_steps - 1; afterwards `then`, its t counted
    from there.

    Reference: Goyal et al. (2017).
    """
    positive("num_steps", num_steps)
    then = constant() if then is None else then

    def factor(t):
        t = np.asarray(t)
        rising = (t + 1.0) / num_steps
        return np.where(t < num_steps, rising, then(np.maximum(t - num_steps, 0)))[()]

    return factor


def positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}")


def fraction(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise ValueError(f"{name} must be > 0 and <= 1, got {value!r}")
