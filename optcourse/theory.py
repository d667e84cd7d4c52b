"""Closed forms: what can be known without running anything, each with its source, in the order of lessons.

`eigenvalue` is an eigenvalue of the Hessian of a quadratic; `smallest` and `largest` are its extremes. All
functions work entry by entry on arrays unless they say otherwise. tests/core/test_theory.py compares each
with runs.
"""

from math import lgamma, pi

import numpy as np
from numpy.typing import ArrayLike

# Sources that come up more than once
# [Goh] Why Momentum Really Works, Distill (2017)
# [LRP] Lessard, Recht, Packard, Analysis and Design of Optimization Algorithms via Integral Quadratic
# Constraints, SIAM J. Optim. 26 (2016)


# 00 Random directions


def expected_cosine(dimension: int) -> float:
    """E |cos| of the angle between a random direction and a fixed one in `dimension` >= 1 dimensions.

    Gamma(d / 2) / (sqrt(pi) Gamma((d + 1) / 2)), about sqrt(2 / (pi d)). Source: a coordinate of a uniform
    point on the sphere has density proportional to (1 - c²)^((d - 3) / 2).
    """
    return float(np.exp(lgamma(dimension / 2) - lgamma((dimension + 1) / 2)) / np.sqrt(pi))


# 03 Gradient descent


def condition_number(hessian: ArrayLike) -> float:
    """The ratio of the largest to the smallest singular value of a matrix; inf when the smallest is 0."""
    singular = np.linalg.svd(np.asarray(hessian, dtype=float), compute_uv=False)
    return float("inf") if singular[-1] == 0 else float(singular[0] / singular[-1])


def gradient_descent_limit(largest: ArrayLike) -> np.ndarray:
    """Gradient descent converges for 0 < learning_rate < 2 / largest. Source: [Goh]."""
    return 2 / np.asarray(largest)


def best_learning_rate(smallest: ArrayLike, largest: ArrayLike) -> np.ndarray:
    """2 / (smallest + largest): shrinks the steepest and the flattest direction equally fast. [Goh]"""
    return 2 / (np.asarray(smallest) + largest)


def gradient_descent_rate(condition_number: ArrayLike) -> np.ndarray:
    """The error's factor at each step at the best learning rate: (kappa - 1) / (kappa + 1). Source: [Goh]."""
    kappa = np.asarray(condition_number)
    return (kappa - 1) / (kappa + 1)


def steps_to(rate: float, tolerance: float) -> int:
    """The number of steps after which rate**steps <= tolerance, for 0 < rate < 1 and 0 < tolerance <= 1."""
    if not 0 < rate < 1 or not 0 < tolerance <= 1:
        raise ValueError(
            f"rate must lie between 0 and 1 and tolerance be > 0 and <= 1, got {rate}, {tolerance}"
        )
    return int(np.ceil(np.log(tolerance) / np.log(rate)))


# 04 Minibatches


def minibatch_variance(
    variance: ArrayLike, batch_size: ArrayLike, num_examples: int | None = None
) -> np.ndarray:
    """The variance of a minibatch mean; `variance` is that of the examples (divided by N, not N - 1).

    With replacement (num_examples=None): variance / B. Without: times (N - B) / (N - 1).
    Source: Cochran, Sampling Techniques (1977), section 2.5.
    """
    size = np.asarray(batch_size)
    with_replacement = np.asarray(variance) / size
    if num_examples is None:
        return with_replacement
    return with_replacement * (num_examples - size) / (num_examples - 1)


def missed_probability(num_examples: int, num_draws: int | None = None) -> float:
    """The chance that an example is never drawn in num_draws draws with replacement (default: an epoch's N).

    (1 - 1 / N)^draws, which goes to 1 / e = 0.368.
    """
    return float((1 - 1 / num_examples) ** (num_examples if num_draws is None else num_draws))


def noise_floor(
    learning_rate: ArrayLike, rho: ArrayLike = 0.0, eigenvalue: ArrayLike = 1.0, sigma: ArrayLike = 1.0
) -> np.ndarray:
    """The long-run variance of w on eigenvalue * w² / 2 when gradients carry noise of deviation sigma.

    a s² (1 + rho) / ((1 - rho) l (2 (1 + rho) - a l)), with a = learning_rate, l = eigenvalue, for
    `Momentum`; rho = 0 is SGD. Source: stationary variance of the AR(2) process w' = (1 + rho - a l) w - rho
    w_before - a noise.
    """
    a, b, curvature = np.asarray(learning_rate), np.asarray(rho), np.asarray(eigenvalue)
    return a * sigma * sigma * (1 + b) / ((1 - b) * curvature * (2 * (1 + b) - a * curvature))


# 05 Momentum


def momentum_limit(rho: ArrayLike, largest: ArrayLike = 1.0) -> np.ndarray:
    """Momentum converges for 0 < learning_rate < (2 + 2 rho) / largest. Source: [Goh]."""
    return (2 + 2 * np.asarray(rho)) / largest


def nesterov_limit(rho: ArrayLike, largest: ArrayLike = 1.0) -> np.ndarray:
    """Nesterov's momentum converges for 0 < learning_rate < (2 + 2 rho) / ((1 + 2 rho) largest).

    Source: the roots of `nesterov_rate`'s polynomial reach -1 there.
    """
    b = np.asarray(rho)
    return (2 + 2 * b) / ((1 + 2 * b) * largest)


def best_momentum(smallest: float, largest: float) -> tuple[float, float]:
    """The best (learning_rate, rho) for `Momentum`.

    (2 / (√smallest + √largest))² and ((√k - 1) / (√k + 1))² with k = largest / smallest. Polyak (1964).
    """
    flat, steep = np.sqrt(smallest), np.sqrt(largest)
    return float((2 / (flat + steep)) ** 2), float(((steep - flat) / (steep + flat)) ** 2)


def best_momentum_rate(condition_number: ArrayLike) -> np.ndarray:
    """The error's factor at each step with `best_momentum`: (√kappa - 1) / (√kappa + 1). Polyak (1964)."""
    root = np.sqrt(condition_number)
    return (root - 1) / (root + 1)


def momentum_rate(learning_rate: ArrayLike, rho: ArrayLike, eigenvalue: ArrayLike = 1.0) -> np.ndarray:
    """The error's factor at each step in the long run: the larger |root| of s² - (1 + rho - a l) s + rho.

    In the complex regime both have modulus sqrt(rho). Source: [Goh].
    """
    b = np.asarray(rho)
    return larger_root(1 + b - np.asarray(learning_rate) * eigenvalue, b)


def nesterov_rate(learning_rate: ArrayLike, rho: ArrayLike, eigenvalue: ArrayLike = 1.0) -> np.ndarray:
    """The same for Nesterov's momentum: s² - (1 + rho) (1 - a l) s + rho (1 - a l). [LRP], section 2.2."""
    b = np.asarray(rho)
    shrink = 1 - np.asarray(learning_rate) * eigenvalue
    return larger_root((1 + b) * shrink, b * shrink)


def larger_root(trace: np.ndarray, product: np.ndarray) -> np.ndarray:
    """The larger modulus of the roots of s² - trace s + product."""
    root = np.sqrt(np.asarray(trace * trace - 4 * product, dtype=complex))
    return np.maximum(np.abs(trace + root), np.abs(trace - root)) / 2


def critical_rho(learning_rate: ArrayLike, eigenvalue: ArrayLike = 1.0) -> np.ndarray:
    """The rho of critical damping, (1 - √(learning_rate * eigenvalue))²: less is slower, more rings. [Goh]"""
    root = np.sqrt(np.asarray(learning_rate) * eigenvalue)
    return (1 - root) * (1 - root)


def averaging_window(decay: ArrayLike) -> np.ndarray:
    """1 / (1 - decay): the mean age, plus one, of what an exponential average remembers; 10 steps at 0.9."""
    return 1 / (1 - np.asarray(decay))


def half_life(decay: ArrayLike) -> np.ndarray:
    """Steps after which a weight has halved: ln(1 / 2) / ln(decay); 6.58 at 0.9. Not the averaging window."""
    return np.log(0.5) / np.log(decay)


# The cycle of `Momentum(1/9, 4/9)` on objectives.heavy_ball_cycle. Source: [LRP], section 4.6.
HEAVY_BALL_CYCLE = (792 / 1225, -2208 / 1225, 2592 / 1225)


# 06, 07 AdaGrad, RMSProp


def adagrad_step(learning_rate: ArrayLike, t: ArrayLike) -> np.ndarray:
    """AdaGrad's step t = 1, 2, ... under a constant gradient, at eps = 0: learning_rate / sqrt(t)."""
    return np.asarray(learning_rate) / np.sqrt(t)


def rmsprop_step(learning_rate: ArrayLike, decay_rate: ArrayLike, t: ArrayLike) -> np.ndarray:
    """The same for RMSProp: learning_rate / sqrt(1 - decay_rate**t); at t = 1 and decay 0.99, ten times."""
    return np.asarray(learning_rate) / np.sqrt(1 - np.asarray(decay_rate) ** t)


# 08 Adam


def uncorrected_ratio(t: ArrayLike, beta1: ArrayLike = 0.9, beta2: ArrayLike = 0.999) -> np.ndarray:
    """Step t = 1, 2, ... of `AdamAlmost` over that of `Adam`, under a constant gradient and eps = 0.

    (1 - beta1**t) / sqrt(1 - beta2**t). Source: Kingma & Ba (2015), section 3.
    """
    t = np.asarray(t, dtype=float)
    return (1 - np.asarray(beta1) ** t) / np.sqrt(1 - np.asarray(beta2) ** t)


def uncorrected_peak(beta1: float = 0.9, beta2: float = 0.999) -> tuple[int, float]:
    """(t, ratio) at which the steps of `AdamAlmost` are largest compared with Adam's."""
    # Behind this step both averages are full to the last digit, and the ratio is 1.
    full = 2 + int(40 / -np.log(max(beta1, beta2, 0.5)))
    steps = np.arange(1, min(full, 100_000))
    ratio = uncorrected_ratio(steps, beta1, beta2)
    return int(steps[ratio.argmax()]), float(ratio.max())


def adam_first_step(dw: ArrayLike, learning_rate: ArrayLike, eps: ArrayLike = 1e-8) -> np.ndarray:
    """What Adam's first step adds to w: -learning_rate * dw / (|dw| + eps), almost its sign alone."""
    dw = np.asarray(dw)
    return -np.asarray(learning_rate) * dw / (np.abs(dw) + eps)


def decoupled_shrinkage(
    learning_rate: ArrayLike, weight_decay: ArrayLike, num_steps: ArrayLike
) -> np.ndarray:
    """What AdamW leaves of a weight that has no gradient: (1 - learning_rate * weight_decay)**num_steps."""
    return (1 - np.asarray(learning_rate) * weight_decay) ** num_steps
