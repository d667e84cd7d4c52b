"""Newton, L-BFGS, momentum and gradient descent on softmax regression: the runs of lesson 11 that are kept.

All images at each step, from zeros, for ten draws of 1,000 digits. What is counted are evaluations: points looked at, each with
its loss and gradient. Gradient descent and momentum get the best of the settings below for the very run that is shown; L-BFGS
and Newton's method have nothing to tune. All runs together take a minute or two, so `benchmarks/make_newton_race.py` stores
them in newton_race.npz; a test runs some of them again and compares.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from optcourse.curvature import LBFGS, LineSearchRun, line_search_descent, newton_step
from optcourse.data import load_digits
from optcourse.descent import descend
from optcourse.models import SoftmaxRegression
from optcourse.optimizers import GradientDescent, Momentum, Optimizer

SEEDS = range(10)
MEMORIES = (1, 2, 3, 5, 7, 10, 15, 20, 30)
RATES = (2.0, 2.83, 3.36, 4.0)  # of gradient descent
SETTINGS = (
    (2.83, 0.8),
    (4.0, 0.8),
    (1.0, 0.9),
    (2.0, 0.9),
    (4.0, 0.9),
    (1.0, 0.95),
)  # of momentum: rate, rho
GAP = 1e-3  # who comes so close to the lowest loss first has the best setting
NUM_EVALUATIONS = 600
FILE = Path(__file__).with_name("newton_race.npz")


@lru_cache(maxsize=16)
def problem(seed: int) -> SoftmaxRegression:
    """Softmax regression on 1,000 digits that the seed chooses."""
    digits = load_digits()
    some = digits[np.random.default_rng(seed).permutation(len(digits))[:1000]]
    return SoftmaxRegression(some.X, some.y, regularization=1e-3)


def newton_run(model: SoftmaxRegression) -> LineSearchRun:
    """Newton's method until the loss falls no more. A tiny multiple of the identity is added: some pixels are always blank."""

    def direction(w, dw):
        return newton_step(dw, model.hessian(w) + 1e-9 * np.eye(len(w)))

    return line_search_descent(model, direction, model.initial(), 12)


def lbfgs_run(model: SoftmaxRegression, memory: int, lowest: float) -> LineSearchRun:
    """L-BFGS until a gap of a millionth."""
    return line_search_descent(model, LBFGS(memory), model.initial(), NUM_EVALUATIONS, target=lowest + 1e-6)


def losses_of(model: SoftmaxRegression, optimizer: Optimizer) -> np.ndarray:
    return descend(model, optimizer, model.initial(), NUM_EVALUATIONS - 1, record=("loss",)).loss


def by_evaluation(losses: ArrayLike, evaluations: ArrayLike) -> np.ndarray:
    """The loss that is reached with 1, 2, ... NUM_EVALUATIONS evaluations."""
    steps = np.searchsorted(evaluations, np.arange(1, NUM_EVALUATIONS + 1), side="right") - 1
    return np.asarray(losses)[steps]


def evaluations_to(gaps: np.ndarray, gap: float) -> int:
    """How many evaluations it takes; -1 where the gap stays wider. What is stored has seven digits."""
    reached = gaps <= gap * (1 + 1e-5)
    return int(reached.argmax()) + 1 if reached.any() else -1


def best(curves: list[np.ndarray], lowest: float) -> int:
    """Which of some loss curves comes within GAP first."""
    counts = [evaluations_to(curve - lowest, GAP) for curve in curves]
    return int(np.argmin([count if count > 0 else np.inf for count in counts]))


def compute(seeds=SEEDS) -> dict[str, np.ndarray]:
    """For each seed: every gap by evaluation, and the best settings, as their places in RATES and SETTINGS."""
    rows: dict[str, list] = {
        name: [] for name in ("lowest", "newton", "lbfgs", "descent", "momentum", "rate", "setting")
    }
    for seed in seeds:
        model = problem(seed)
        newton = newton_run(model)
        lowest = float(newton.loss.min())
        plain = [losses_of(model, GradientDescent(rate)) for rate in RATES]
        heavy = [losses_of(model, Momentum(rate, rho)) for rate, rho in SETTINGS]
        memories = [lbfgs_run(model, memory, lowest) for memory in MEMORIES]
        rate, setting = best(plain, lowest), best(heavy, lowest)
        found = {
            "newton": by_evaluation(newton.loss, newton.evaluations),
            "lbfgs": [by_evaluation(run.loss, run.evaluations) for run in memories],
            "descent": plain[rate],
            "momentum": heavy[setting],
        }
        for name, losses in found.items():
            rows[name].append(np.asarray(losses) - lowest)
        for name, value in (("lowest", lowest), ("rate", rate), ("setting", setting)):
            rows[name].append(value)
    small = {
        name: np.array(rows[name], dtype=np.float32) for name in ("newton", "lbfgs", "descent", "momentum")
    }
    return {**{name: np.array(rows[name]) for name in ("lowest", "rate", "setting")}, **small}


@cache
def stored() -> dict[str, np.ndarray]:
    """What `compute` gave, from the file beside this module."""
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}
