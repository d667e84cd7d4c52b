"""After Adam: the runs of lesson 15 that are kept.

Two problems. (1) The network of lesson 09 (`race.problem`): each of eight optimizers with each of 16 learning rates and three
schedules on the tuning seeds; then, for each schedule, the rate with the lowest median of the last training loss, on 20 seeds
that no tuning has seen. (2) The bowl of matrices: ½ tr (W − W*)ᵀ C (W − W*), 20 × 20, curvatures 1 to 0.001, 100 steps from
zeros, each direction with the best of 51 rates for the very run that is shown. All together take some minutes, so
`benchmarks/make_norm_runs.py` stores them in norm_runs.npz; a test runs some of them again and compares.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from optcourse import race
from optcourse.after_adam import (
    Lion,
    Muon,
    ScheduleFreeAdam,
    ScheduleFreeSGD,
    Shampoo,
    SignDescent,
    matrices_of,
    orthogonal_factor,
)
from optcourse.descent import descend
from optcourse.models import TwoLayerNetwork
from optcourse.optimizers import Adam, Nesterov, Optimizer

# What is not tuned has the values that the papers and libraries start with.
OPTIMIZERS: dict[str, Callable[[float, TwoLayerNetwork], Optimizer]] = {
    "Nesterov": lambda rate, model: Nesterov(rate, 0.9),
    "Adam": lambda rate, model: Adam(rate),
    "sign descent": lambda rate, model: SignDescent(rate),
    "Lion": lambda rate, model: Lion(rate),
    "Muon": lambda rate, model: Muon(rate, matrices=matrices_of(model)),
    "Shampoo": lambda rate, model: Shampoo(rate, matrices=matrices_of(model)),
    "Schedule-Free SGD": lambda rate, model: ScheduleFreeSGD(rate),
    "Schedule-Free Adam": lambda rate, model: ScheduleFreeAdam(rate),
}
SETTINGS = {
    "Nesterov": "rho 0.9",
    "Adam": "beta1 0.9, beta2 0.999, eps 1e-8",
    "sign descent": "",
    "Lion": "beta1 0.9, beta2 0.99",
    "Muon": "rho 0.95; biases by Adam at a tenth of the rate",
    "Shampoo": "biases by Adam at a tenth of the rate",
    "Schedule-Free SGD": "beta1 0.9",
    "Schedule-Free Adam": "beta1 0.9, beta2 0.999, eps 1e-8",
}
RATES, SCHEDULES = race.RATES, ("constant", "cosine", "warm-up + cosine")
TUNING_SEEDS, RACE_SEEDS = race.TUNING_SEEDS, tuple(range(10, 30))
FILE = Path(__file__).with_name("norm_runs.npz")

# The bowl of matrices
SIDE, BOWL_STEPS, BOWL_SEEDS = 20, 100, range(10)
BOWL_RATES = np.geomspace(1e-3, 100.0, 51)  # ten to a factor of ten
TURNS = (
    0.0,
    0.05,
    0.1,
    0.2,
    0.35,
    0.5,
    0.75,
    1.0,
)  # how far the axes of C are turned: 0 along the weights, 1 at random
DIRECTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "G": lambda G: G,
    "G/|G|": lambda G: G / np.maximum(np.linalg.norm(G, axis=(-2, -1), keepdims=True), 1e-300),
    "sign G": np.sign,
    "U Vᵀ": orthogonal_factor,
}
FADES = {
    "G": False,
    "G/|G|": True,
    "sign G": True,
    "U Vᵀ": True,
}  # the rate: along a line down to 0, or constant


# -- the network -------------------------------------------------------------------------------------------------------


def run(
    name: str, rate: float, seed: int, schedule: str = "constant", num_steps: int = race.NUM_STEPS
) -> np.ndarray:
    """The points of one run, (31, 1210): the start, then after each 10 steps; the beginning of it with fewer `num_steps`."""
    task = race.problem(seed)
    trace = descend(
        task.model, OPTIMIZERS[name](rate, task.model), task.start, num_steps, minibatches=task.batches,
        schedule=race.SCHEDULES[schedule](), record=("w",),
    )  # fmt: skip
    return trace.w[:: race.EVERY]


@dataclass(frozen=True, eq=False)
class Kept:
    """tuned_train, tuned_test (optimizer, schedule, rate, tuning seed): the last losses. rates (optimizer, schedule): the
    chosen ones. train (optimizer, schedule, race seed, checkpoint), test (optimizer, schedule, race seed): at these rates.
    bowl (turn, seed, direction, step), bowl_rates (turn, seed, direction)."""

    tuned_train: np.ndarray
    tuned_test: np.ndarray
    rates: np.ndarray
    train: np.ndarray
    test: np.ndarray
    bowl: np.ndarray
    bowl_rates: np.ndarray

    @staticmethod
    def at(name: str, schedule: str = "constant") -> tuple[int, int]:
        return list(OPTIMIZERS).index(name), SCHEDULES.index(schedule)

    def best_schedule(self, name: str) -> str:
        """The schedule whose best rate has the lowest median of the last training loss on the tuning seeds."""
        medians = np.median(self.tuned_train[list(OPTIMIZERS).index(name)], axis=-1).min(axis=-1)
        return SCHEDULES[int(medians.argmin())]


def compute(progress: Callable = list) -> dict[str, np.ndarray]:
    """All of them, as they are stored: losses of the network as logarithms to three digits. `progress` may wrap the list of
    what is to be done."""
    size = (len(OPTIMIZERS), len(SCHEDULES))
    tuned = np.empty((2, *size, len(RATES), len(TUNING_SEEDS)))
    rates = np.empty(size)
    train = np.empty((*size, len(RACE_SEEDS), race.NUM_STEPS // race.EVERY + 1))
    test = np.empty((*size, len(RACE_SEEDS)))
    for place, name, schedule in progress(
        [
            ((o, s), name, schedule)
            for o, name in enumerate(OPTIMIZERS)
            for s, schedule in enumerate(SCHEDULES)
        ]
    ):
        for r, rate in enumerate(RATES):
            for k, seed in enumerate(TUNING_SEEDS):
                last = run(name, rate, seed, schedule)[-1]
                tuned[0][place][r, k] = race.losses_of(last[None], seed)[0]
                tuned[1][place][r, k] = race.test_loss_of(last, seed)
        rates[place] = RATES[int(np.median(tuned[0][place], axis=-1).argmin())]
        for k, seed in enumerate(RACE_SEEDS):
            points = run(name, rates[place], seed, schedule)
            train[place][k] = race.losses_of(points, seed)
            test[place][k] = race.test_loss_of(points[-1], seed)
    found = [[best_bowl_runs(seed, turn) for seed in BOWL_SEEDS] for turn in progress(list(TURNS))]
    logs = {"tuned_train": tuned[0], "tuned_test": tuned[1], "train": train, "test": test}
    return {
        **{name: np.log10(values).astype(np.float16) for name, values in logs.items()},
        "rates": rates,
        "bowl": np.array([[losses for losses, _ in row] for row in found]).astype(np.float32),
        "bowl_rates": np.array([[chosen for _, chosen in row] for row in found]),
    }


@cache
def stored() -> Kept:
    """What `compute` gave, from the file beside this module; read-only, because all callers share it."""
    with np.load(FILE) as file:
        kept = {name: file[name].astype(float) for name in file.files}
    for name in ("tuned_train", "tuned_test", "train", "test"):
        kept[name] = 10.0 ** kept[name]
    for values in kept.values():
        values.setflags(write=False)
    return Kept(**kept)


@cache
def seconds_per_step() -> dict[str, float]:
    """Seconds that one step takes on this machine, gradient and update together: the best of several turns each."""
    task = race.problem(RACE_SEEDS[0])
    taken: dict[str, list[float]] = {name: [] for name in OPTIMIZERS}
    for _ in range(3):  # turn by turn, so that a busy machine slows all of them alike
        for name, make in OPTIMIZERS.items():
            began = time.perf_counter()
            descend(task.model, make(1e-3, task.model), task.start, 20, minibatches=task.batches, record=())
            taken[name].append((time.perf_counter() - began) / 20)
    return {name: min(times) for name, times in taken.items()}


# -- the bowl of matrices ----------------------------------------------------------------------------------------------


@cache
def bowl(seed: int, turn: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """C and W*. The axes of C go from those of the weights (turn 0) to random ones (turn 1); W* turns with them."""
    rng = np.random.default_rng(seed)
    target = rng.standard_normal((SIDE, SIDE))
    basis = np.linalg.qr(rng.standard_normal((SIDE, SIDE)))[0]
    if np.linalg.det(basis) < 0:
        basis[:, 0] *= -1
    # a turn in the plane of each pair of eigenvectors: a part of it is a part of each angle
    values, vectors = np.linalg.eig(basis)
    part = ((vectors * np.exp(1j * turn * np.angle(values))) @ np.linalg.inv(vectors)).real
    return part @ np.diag(np.geomspace(1, 1e-3, SIDE)) @ part.T, part @ target


def bowl_loss(C: np.ndarray, off: np.ndarray) -> np.ndarray:
    """½ tr offᵀ C off, for matrices on the last two axes."""
    return 0.5 * (off * (C @ off)).sum(axis=(-2, -1))


def bowl_runs(C: np.ndarray, target: np.ndarray, name: str, rates=BOWL_RATES) -> np.ndarray:
    """The losses of one direction with each of some rates, (rates, 101)."""
    direction, W = DIRECTIONS[name], np.zeros((len(rates), *target.shape))
    losses = [bowl_loss(C, W - target)]
    for t in range(BOWL_STEPS):
        step = np.asarray(rates) * (1 - t / BOWL_STEPS if FADES[name] else 1)
        W = W - step[:, None, None] * direction(C @ (W - target))
        losses.append(bowl_loss(C, W - target))
    return np.array(losses).T


def best_bowl_runs(seed: int, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """For each direction the losses with the best of BOWL_RATES, (4, 101), and that rate."""
    losses, chosen = [], []
    for name in DIRECTIONS:
        with np.errstate(all="ignore"):  # gradient descent is lost at the larger rates
            all_of = bowl_runs(*bowl(seed, turn), name)
        best = int(np.nanargmin(all_of[:, -1]))
        losses.append(all_of[best])
        chosen.append(BOWL_RATES[best])
    return np.array(losses), np.array(chosen)


def all_turned(name: str, seed: int = 0, rates=BOWL_RATES[10:40:2]) -> float:
    """The share of the loss that a direction leaves, at the best of some rates, where not only the rows but all 400 weights are
    turned at random: the curvatures are the same, and nothing of rows and columns is left."""
    C, target = bowl(seed)
    basis = np.linalg.qr(np.random.default_rng([seed, SIDE]).standard_normal((SIDE**2, SIDE**2)))[0]
    H, goal = basis @ np.kron(C, np.eye(SIDE)) @ basis.T, basis @ target.ravel()
    W = np.zeros((len(rates), SIDE**2))
    with np.errstate(all="ignore"):  # gradient descent is lost at the larger rates
        for t in range(BOWL_STEPS):
            G = np.nan_to_num((W - goal) @ H).reshape(-1, SIDE, SIDE)
            step = np.asarray(rates) * (1 - t / BOWL_STEPS if FADES[name] else 1)
            W = W - step[:, None] * DIRECTIONS[name](G).reshape(W.shape)
        losses = ((W - goal) @ H * (W - goal)).sum(axis=1)
    return float(np.nanmin(losses) / (goal @ H @ goal))
