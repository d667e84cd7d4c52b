"""The race of lesson 09: every optimizer trains the same network on the same digits, and all of them are tuned alike.

Fair by construction: one grid of learning rates for all of them, the same number of trial runs, the same starts and the same
minibatches in the same order, and the race itself on seeds that no tuning has seen. All runs together take about a
minute, so `benchmarks/make_race.py` stores them in race.npz; a test runs some of them again and compares.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from optcourse import schedules
from optcourse.data import epoch_batches, load_digits
from optcourse.descent import descend
from optcourse.models import TwoLayerNetwork
from optcourse.optimizers import SGD, AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "SGD": SGD,
    "Momentum": Momentum,
    "Nesterov": Nesterov,
    "AdaGrad": AdaGrad,
    "RMSProp": RMSProp,
    "Adam": Adam,
}
SETTINGS = {  # hyperparameters that are not tuned have the lecture's values
    "SGD": "",
    "Momentum": "rho 0.9",
    "Nesterov": "rho 0.9",
    "AdaGrad": "eps 1e-7",
    "RMSProp": "decay_rate 0.99, eps 1e-7",
    "Adam": "beta1 0.9, beta2 0.999, eps 1e-8",
}
RATES = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-4, 10, 16))  # three to a factor of ten
NUM_STEPS = 300
EVERY = 10  # the loss on all training digits is looked at after each 10 steps
NUM_TRAIN, NUM_TEST, BATCH_SIZE, NUM_HIDDEN = 1000, 500, 32, 16
TUNING_SEEDS = (0, 1, 2)
RACE_SEEDS = (10, 11, 12, 13, 14, 15, 16)
SEEDS = (*TUNING_SEEDS, *RACE_SEEDS)
WORST = 1e3  # a loss that is not finite, or larger than this, is stored as this
SCHEDULES: dict[str, Callable[[], schedules.Schedule]] = {
    "constant": schedules.constant,
    "step": lambda: schedules.step(NUM_STEPS // 3, 0.3),
    "cosine": lambda: schedules.cosine(NUM_STEPS),
    "warm-up + cosine": lambda: schedules.warm_up(
        NUM_STEPS // 10, schedules.cosine(NUM_STEPS - NUM_STEPS // 10)
    ),
}
FILE = Path(__file__).with_name("race.npz")


@dataclass(frozen=True, eq=False)
class Problem:
    """A network to train and what a seed decides: which digits, where it starts, the order of the minibatches."""

    model: TwoLayerNetwork
    test: TwoLayerNetwork  # the same network on digits that no gradient ever sees
    start: np.ndarray
    batches: tuple[np.ndarray, ...]


@lru_cache(maxsize=32)
def problem(seed: int, num_steps: int = NUM_STEPS) -> Problem:
    """The problem of a seed: 1,000 digits to train on, 500 others to test on, a start, and one minibatch for each step."""
    digits, rng = load_digits(), np.random.default_rng(seed)
    order = rng.permutation(len(digits))
    train, test = digits[order[:NUM_TRAIN]], digits[order[NUM_TRAIN : NUM_TRAIN + NUM_TEST]]
    model = TwoLayerNetwork(train.X, train.y, NUM_HIDDEN)
    start = model.initial(rng)
    start.setflags(write=False)
    stream = epoch_batches(NUM_TRAIN, BATCH_SIZE, rng, None)
    batches = tuple(next(stream) for _ in range(num_steps))
    return Problem(model, TwoLayerNetwork(test.X, test.y, NUM_HIDDEN), start, batches)


def run(name: str, learning_rate: float, seed: int, schedule: str = "constant") -> np.ndarray:
    """The points of one run, (NUM_STEPS / EVERY + 1, num_parameters): the start, then after each EVERY steps."""
    task = problem(seed)
    optimizer = OPTIMIZERS[name](learning_rate)
    trace = descend(
        task.model, optimizer, task.start, NUM_STEPS, minibatches=task.batches,
        schedule=SCHEDULES[schedule](), record=("w",),
    )  # fmt: skip
    return trace.w[::EVERY]


def losses_of(points: np.ndarray, seed: int) -> np.ndarray:
    """The loss on all training digits at each point of a run; at most WORST."""
    with np.errstate(all="ignore"):
        losses = np.array([problem(seed).model.value(w) for w in points])
    return np.minimum(np.nan_to_num(losses, nan=WORST, posinf=WORST), WORST)


def test_loss_of(w: np.ndarray, seed: int) -> float:
    """The loss on the digits that were held back; at most WORST."""
    with np.errstate(all="ignore"):
        loss = problem(seed).test.value(w)
    return float(loss) if loss < WORST else WORST


@dataclass(frozen=True, eq=False)
class Race:
    """All stored runs: train (schedule, optimizer, rate, seed, checkpoint), test and accuracy without the last axis."""

    train: np.ndarray
    test: np.ndarray
    accuracy: np.ndarray

    def curves(
        self, name: str, learning_rate: float, schedule: str = "constant", seeds=RACE_SEEDS
    ) -> np.ndarray:
        """Losses on the training digits, (seeds, checkpoints)."""
        return self.train[self._at(name, schedule)][RATES.index(learning_rate)][rows(seeds)]

    def finals(self, name: str, schedule: str = "constant", seeds=RACE_SEEDS) -> np.ndarray:
        """The last training loss at every learning rate, (rates, seeds)."""
        return self.train[self._at(name, schedule)][:, rows(seeds), -1]

    def best_rate(self, name: str, schedule: str = "constant", seeds=TUNING_SEEDS) -> float:
        """The learning rate with the lowest median of the last training loss over the tuning seeds."""
        return RATES[int(np.argmin(np.median(self.finals(name, schedule, seeds), axis=1)))]

    def test_losses(
        self, name: str, learning_rate: float, schedule: str = "constant", seeds=RACE_SEEDS
    ) -> np.ndarray:
        """Losses on the held-back digits at the end, (seeds,)."""
        return self.test[self._at(name, schedule)][RATES.index(learning_rate)][rows(seeds)]

    def accuracies(
        self, name: str, learning_rate: float, schedule: str = "constant", seeds=RACE_SEEDS
    ) -> np.ndarray:
        """Shares of the held-back digits that are read right at the end, (seeds,)."""
        return self.accuracy[self._at(name, schedule)][RATES.index(learning_rate)][rows(seeds)]

    @staticmethod
    def _at(name: str, schedule: str) -> tuple[int, int]:
        return list(SCHEDULES).index(schedule), list(OPTIMIZERS).index(name)


def rows(seeds) -> list[int]:
    return [SEEDS.index(seed) for seed in seeds]


@cache
def load() -> Race:
    """The stored race; read-only, because all callers share it."""
    with np.load(FILE) as stored:
        race = Race(10.0 ** stored["log_train"].astype(float), 10.0 ** stored["log_test"].astype(float),
                    stored["accuracy"].astype(float))  # fmt: skip
    for array in (race.train, race.test, race.accuracy):
        array.setflags(write=False)
    return race


def compute() -> dict[str, np.ndarray]:
    """Every run of the race, as it is stored: logarithms to three digits. Takes about a minute."""
    shape = (len(SCHEDULES), len(OPTIMIZERS), len(RATES), len(SEEDS))
    train, test, accuracy = np.empty((*shape, NUM_STEPS // EVERY + 1)), np.empty(shape), np.empty(shape)
    for s, schedule in enumerate(SCHEDULES):
        for o, name in enumerate(OPTIMIZERS):
            for r, rate in enumerate(RATES):
                for k, seed in enumerate(SEEDS):
                    points = run(name, rate, seed, schedule)
                    train[s, o, r, k] = losses_of(points, seed)
                    test[s, o, r, k] = test_loss_of(points[-1], seed)
                    with np.errstate(all="ignore"):
                        accuracy[s, o, r, k] = problem(seed).test.accuracy(points[-1])
    return {
        "log_train": np.log10(train).astype(np.float16),
        "log_test": np.log10(test).astype(np.float16),
        "accuracy": accuracy.astype(np.float16),
    }


@cache
def seconds_per_step() -> dict[str, float]:
    """Seconds that one step takes on this machine, gradient and update together: the best of several turns each."""
    task = problem(RACE_SEEDS[0])
    taken = {name: [] for name in OPTIMIZERS}
    for _ in range(6):  # turn by turn, so that a busy machine slows all of them alike
        for name, make in OPTIMIZERS.items():
            began = time.perf_counter()
            descend(task.model, make(1e-3), task.start, 40, minibatches=task.batches, record=())
            taken[name].append((time.perf_counter() - began) / 40)
    return {name: min(times) for name, times in taken.items()}
