"""Noise, batch size, clipping, averaging: the runs of lesson 14 that are kept.

All are on the race's problem: a ReLU network of 64, 16 and 10 units, 1,210 weights, on 1,000 digits (`race.problem`). Together
they take some minutes, so `benchmarks/make_noise_runs.py` stores them in noise_runs.npz; a test runs some of them again and
compares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from optcourse import race
from optcourse.data import epoch_batches, sample_with_replacement
from optcourse.descent import descend
from optcourse.models import TwoLayerNetwork
from optcourse.noise import ema, running_mean
from optcourse.optimizers import SGD, GradientDescent, Momentum, Optimizer
from optcourse.schedules import cosine

SEEDS = range(10)
NUM_STEPS, EVERY = 300, 10  # of the runs that are looked at after each EVERY steps

# (a) along a run: slope and noise, after each EVERY steps
WAYS = ("all digits", "minibatches of 32")  # gradient descent or SGD, at SLOW
SLOW = 0.1
KEPT_STEPS = (0, 100, 300)  # of gradient descent: the weights there are kept, for a learner's own function

# (b) steps to a training loss of TARGET, by batch size and rate
BATCH_SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
RATES = tuple(2.0**k for k in range(-7, 3))
TARGET, LONGEST, LOOK = (
    0.3,
    2000,
    2,
)  # looked at after each LOOK steps; who needs more than LONGEST never arrives
TUNING_SEEDS, OTHER_SEEDS = range(4), range(4, 10)  # the best rate is that of the tuning seeds

# (c) squared lengths of minibatch gradients, at some steps of SGD at PAIR_RATE with seed 0
SMALL, LARGE, NUM_PAIRS, PAIR_STEPS, PAIR_RATE = 16, 128, 4000, (30, 100, 300), 0.3

# (d) k steps on batches of 16 against one on all of their digits, k times as long
SCALED_RATES, SCALED, SCALED_FROM, DRAWS = (0.01, 0.03, 0.1, 0.3), (2, 4, 8, 16, 32), 100, 20

# (e) averages of a run's weights, and a rate that comes down
AVERAGED_SEEDS = range(10, 30)
RUNS: dict[str, Optimizer] = {
    "momentum 0.9, rate 0.1": Momentum(0.1, 0.9),
    "SGD, rate 0.3": SGD(0.3),
    "SGD, rate 1": SGD(1.0),
}
DECAYS = (0.8, 0.9, 0.95, 0.98)
ENDS = ("the last weights", "cosine", "mean of all", *(f"average {decay}" for decay in DECAYS))

FILE = Path(__file__).with_name("noise_runs.npz")


def per_example(model: TwoLayerNetwork, w: np.ndarray) -> np.ndarray:
    """The gradient of each example alone, (examples, n): `model.gradient(w, [k])` for all k at once."""
    X1, table1 = model.X1, w[: model.split].reshape(-1, model.num_hidden)
    table2 = w[model.split :].reshape(-1, model.num_classes)
    before = X1 @ table1
    hidden = np.maximum(before, 0)
    _, dscores = model.loss_of_scores(hidden @ table2[:-1] + table2[-1], model.targets)
    dscores = dscores * len(X1)  # the loss is a mean
    dbefore = (dscores @ table2[:-1].T) * (before > 0)
    dtables = X1[:, :, None] * dbefore[:, None, :], hidden[:, :, None] * dscores[:, None, :], dscores
    return np.hstack([dtable.reshape(len(X1), -1) for dtable in dtables])


def slope_and_noise(dws: np.ndarray) -> tuple[float, float]:
    """|g|² and tr Σ of the gradients of all examples."""
    g = dws.mean(axis=0)
    return float(g @ g), float((dws * dws).sum() / len(dws) - g @ g)


def along(way: str, seed: int) -> np.ndarray:
    """The loss, |g|² and tr Σ after 0, EVERY, 2 EVERY ... steps at SLOW, (3, points)."""
    task = race.problem(seed)
    some = way != WAYS[0]
    trace = descend(
        task.model, (SGD if some else GradientDescent)(SLOW), task.start, NUM_STEPS,
        minibatches=task.batches if some else None, record=("w",),
    )  # fmt: skip
    return np.array(
        [(task.model.value(w), *slope_and_noise(per_example(task.model, w))) for w in trace.w[::EVERY]]
    ).T


def weights_on_the_way(seed: int) -> np.ndarray:
    """The weights after KEPT_STEPS of gradient descent, (3, n)."""
    task = race.problem(seed)
    trace = descend(task.model, GradientDescent(SLOW), task.start, NUM_STEPS, record=("w",))
    return trace.w[list(KEPT_STEPS)]


def steps_to_target(seed: int, batch_size: int, rate: float, longest: int = LONGEST) -> int:
    """After how many steps of SGD the loss on all training digits is at most TARGET; -1 if it never is."""
    task = race.problem(seed)
    batches = epoch_batches(race.NUM_TRAIN, batch_size, np.random.default_rng([seed, batch_size]), None)
    w = task.start.copy()
    with np.errstate(all="ignore"):  # too high a rate ends at infinity
        for t in range(1, longest + 1):
            w -= rate * task.model.gradient(w, next(batches))
            if t % LOOK == 0:
                loss = task.model.value(w)
                if loss <= TARGET:
                    return t
                if not np.isfinite(loss):
                    return -1
    return -1


def pairs(step: int, count: int = NUM_PAIRS) -> np.ndarray:
    """|g_b|² and |g_B|² of minibatches of SMALL and of LARGE digits at a step of SGD, (2, count)."""
    task = race.problem(SEEDS[0])
    w = descend(task.model, SGD(PAIR_RATE), task.start, step, minibatches=task.batches, record=()).final
    rng = np.random.default_rng(step)
    found = []
    for size in (SMALL, LARGE):
        drawn = sample_with_replacement(race.NUM_TRAIN, size, rng, count)
        found.append([float(dw @ dw) for dw in (task.model.gradient(w, batch) for batch in drawn)])
    return np.array(found)


def at_pairs(step: int) -> np.ndarray:
    """|g|² and tr Σ there, from the gradients of all digits."""
    task = race.problem(SEEDS[0])
    w = descend(task.model, SGD(PAIR_RATE), task.start, step, minibatches=task.batches, record=()).final
    return np.array(slope_and_noise(per_example(task.model, w)))


def scaling_gap(seed: int, rate: float, k: int, draws: int = DRAWS) -> float:
    """How far k steps on batches of 16 end from one k times as long on all their digits, over the length of that one: the
    median of several draws, after SCALED_FROM steps of SGD at SLOW."""
    task = race.problem(seed)
    start = descend(task.model, SGD(SLOW), task.start, SCALED_FROM, minibatches=task.batches, record=()).final
    rng, found = np.random.default_rng([seed, k]), []
    for _ in range(draws):
        digits = rng.permutation(race.NUM_TRAIN)[: 16 * k]
        w = start.copy()
        for batch in digits.reshape(k, 16):
            w -= rate * task.model.gradient(w, batch)
        once = -k * rate * task.model.gradient(start, digits)
        found.append(np.linalg.norm(w - start - once) / np.linalg.norm(once))
    return float(np.median(found))


def averages(name: str, seed: int) -> np.ndarray:
    """The loss on training and on held-back digits, (ENDS, 2, points), after 0, EVERY, 2 EVERY ... steps."""
    task, found = race.problem(seed), []
    constant, cooled = (
        descend(task.model, RUNS[name], task.start, NUM_STEPS, minibatches=task.batches,
                schedule=schedule, record=("w",)).w
        for schedule in (None, cosine(NUM_STEPS))
    )  # fmt: skip
    for points in (constant, cooled, running_mean(constant), *(ema(constant, decay) for decay in DECAYS)):
        shown = points[::EVERY]
        found.append([losses(task.model, shown), losses(task.test, shown)])
    return np.array(found)


def losses(model: TwoLayerNetwork, points: np.ndarray) -> list[float]:
    with np.errstate(all="ignore"):
        return [float(min(np.nan_to_num(model.value(w), nan=race.WORST), race.WORST)) for w in points]


def dead_units(rate: float, seed: int = 0) -> tuple[float, int]:
    """The loss after NUM_STEPS of SGD, and how many hidden units get no gradient from any digit."""
    task = race.problem(seed)
    w = descend(task.model, SGD(rate), task.start, NUM_STEPS, minibatches=task.batches, record=()).final
    dws = per_example(task.model, w)[:, : task.model.split].reshape(race.NUM_TRAIN, -1, race.NUM_HIDDEN)
    return float(task.model.value(w)), int((dws == 0).all(axis=(0, 1)).sum())


def compute(progress: Callable = list) -> dict[str, np.ndarray]:
    """All of them. `progress` may wrap the list of what is to be done, to show how far it is."""
    found: dict[str, dict[tuple, object]] = {}
    for name, place, job in progress(jobs()):
        found.setdefault(name, {})[place] = job()
    kept = {}
    for name, results in found.items():
        shape = tuple(max(places) + 1 for places in zip(*results, strict=True))
        table = np.array([results[place] for place in np.ndindex(shape)])
        kind = np.int16 if name == "steps" else np.float32
        kept[name] = table.reshape(*shape, *table.shape[1:]).astype(kind)
    return kept


def jobs() -> list[tuple[str, tuple[int, ...], Callable]]:
    """What is to be run: the name of its table, its place there, and a function without arguments."""
    made: list[tuple[str, tuple[int, ...], Callable]] = []
    for seed in SEEDS:
        for k, way in enumerate(WAYS):
            made.append(("along", (k, seed), partial(along, way, seed)))
        made.append(("weights", (seed,), partial(weights_on_the_way, seed)))
        for b, size in enumerate(BATCH_SIZES):
            for r, rate in enumerate(RATES):
                made.append(("steps", (b, r, seed), partial(steps_to_target, seed, size, rate)))
        for r, rate in enumerate(SCALED_RATES):
            for k, times in enumerate(SCALED):
                made.append(("scaled", (r, k, seed), partial(scaling_gap, seed, rate, times)))
    for k, step in enumerate(PAIR_STEPS):
        made.append(("pairs", (k,), partial(pairs, step)))
        made.append(("at_pairs", (k,), partial(at_pairs, step)))
    for k, name in enumerate(RUNS):
        for s, seed in enumerate(AVERAGED_SEEDS):
            made.append(("averages", (k, s), partial(averages, name, seed)))
    return made


@cache
def stored() -> dict[str, np.ndarray]:
    """What `compute` gave, from the file beside this module."""
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}
