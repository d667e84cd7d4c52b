"""The edge of stability: the runs of lesson 13 that are kept, each with the sharpness along its way.

A small tanh network learns 500 digits by squared error, all of them at each step unless a batch size is given. The largest
curvature takes more time to measure than the steps take to make, so `benchmarks/make_edge_runs.py` stores all runs in
edge_runs.npz; a test runs some of them again and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from optcourse.curvature import hessian, lanczos
from optcourse.data import epoch_batches, load_digits
from optcourse.descent import descend
from optcourse.models import SquaredTanhNetwork, TanhNetwork
from optcourse.noise import clip_by_norm
from optcourse.optimizers import SGD, GradientDescent, Momentum, Nesterov, Optimizer
from optcourse.schedules import warm_up

SEEDS = range(10)
SHOWN_SEEDS = range(5)  # of the settings that only the figures show
NUM_STEPS, EVERY, LOSS_EVERY = (
    2000,
    25,
    5,
)  # the sharpness and the loss are looked at after so many steps each
RATES = (0.1, 0.15, 0.2, 0.25, 0.3)
RATE = 0.2  # where only one rate is kept
METHODS: dict[str, Callable[[float], Optimizer]] = {
    "gradient descent": GradientDescent,
    "momentum 0.5": lambda rate: Momentum(rate, 0.5),
    "momentum 0.9": lambda rate: Momentum(rate, 0.9),
    "Nesterov 0.9": lambda rate: Nesterov(rate, 0.9),
}
BATCH_SIZES = (16, 32, 64, 128)
TOLD = (
    ("gradient descent", 0.2),
    ("momentum 0.5", 0.3),
    ("momentum 0.9", 0.2),
    ("Nesterov 0.9", 0.15),
)  # on all SEEDS
CHANGE_AT, FACTORS = 1000, (0.5, 0.75, 1.25, 1.5)  # the rate is multiplied there
CLOSE_FROM, CLOSE_STEPS = 900, 100  # looked at step by step
LOOKED_AT = (0, 250, 500, 1000, 2000)  # the steps, of seed 0, at which all curvatures are kept
HOT_SCALE, HOT_STEPS, ALIVE = (
    1.0,
    800,
    1.0,
)  # a start with larger weights; a run with a loss below ALIVE has survived
HOT_RATES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
CLIPPED = "clipped"
RESCUES = (0, 10, 25, 50, 100, CLIPPED)  # so many steps of warm-up, or each gradient at most LONGEST long
LONGEST = 1.0
SMOOTH_RATE, SMOOTH_STEPS = 0.4, 1500  # with cross-entropy in place of squared error
LOST = 1e4  # a run that has had such a loss is lost, and not followed any further
FILE = Path(__file__).with_name("edge_runs.npz")


@dataclass(frozen=True, eq=False)
class Problem:
    model: TanhNetwork
    start: np.ndarray
    rng: np.random.Generator  # for the minibatches


def problem(seed: int, scale: float = 0.5, kind: type[TanhNetwork] = SquaredTanhNetwork) -> Problem:
    """500 digits and the first weights, both from one seed: a network of 64, 16 and 10 units, 1,210 weights."""
    digits, rng = load_digits(), np.random.default_rng(seed)
    some = digits[rng.permutation(len(digits))[:500]]
    model = kind(some.X, some.y, num_hidden=16)
    return Problem(model, model.initial(rng, scale), rng)


@dataclass(frozen=True, eq=False)
class EdgeRun:
    """sharpness after 0, EVERY, 2 EVERY ... steps; loss after 0, LOSS_EVERY ... steps; rises: how many of the EVERY steps
    since the sharpness before raised the loss (unknown with minibatches: 0). A run that is lost has NaN from there on."""

    sharpness: np.ndarray
    loss: np.ndarray
    rises: np.ndarray


def run(task: Problem, optimizer: Optimizer, num_steps: int = NUM_STEPS, batch_size: int | None = None,
        schedule: Callable | None = None, progress: Callable = list) -> EdgeRun:  # fmt: skip
    """The loss is that on all digits, whatever the batch. `progress` may wrap the list of points that are measured."""
    batches = None if batch_size is None else epoch_batches(len(task.model.X1), batch_size, task.rng, None)
    trace = descend(
        task.model,
        optimizer,
        task.start,
        num_steps,
        minibatches=batches,
        schedule=schedule,
        record=("w", "loss"),
    )
    if batch_size is None:
        seen, found = slice(None), trace.loss
    else:
        seen = slice(None, None, LOSS_EVERY)
        found = np.array([task.model.value(w) for w in trace.w[seen]])
    loss = np.full(num_steps + 1, np.nan)
    with np.errstate(invalid="ignore"):
        loss[seen] = np.where(np.maximum.accumulate(found) < LOST, found, np.nan)
    rises = (np.diff(loss) > 0).reshape(-1, EVERY).sum(axis=1)
    measured = sharpnesses(task.model, progress(list(zip(trace.w[::EVERY], loss[::EVERY], strict=True))))
    return EdgeRun(np.array(list(measured)), loss[::LOSS_EVERY], rises)


def sharpnesses(model: TanhNetwork, points: Iterable[tuple[np.ndarray, float]]) -> Iterator[float]:
    """The largest curvature at each point of a run, NaN where its loss is; the vector of the one before is where the next
    begins."""
    vector = np.random.default_rng(0).standard_normal(model.num_parameters)
    for w, loss in points:
        if np.isfinite(loss):
            # a looser search ends at the axis that was steepest before, although another one is steeper by now
            value, vector = lanczos(products(model, w), vector, tolerance=2e-3)
        yield value if np.isfinite(loss) else np.nan


def products(model: TanhNetwork, w: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """v -> H v as `curvature.hvp` gives it, several times faster: what does not depend on v is computed once."""
    X1, shape1, shape2 = model.X1, (-1, model.num_hidden), (-1, model.num_classes)
    table1, table2 = w[: model.split].reshape(shape1), w[model.split :].reshape(shape2)
    hidden = np.tanh(X1 @ table1)
    slope, scores = 1 - hidden * hidden, hidden @ table2[:-1] + table2[-1]
    dscores = model.loss_of_scores(scores, model.targets)[1]
    dhidden = dscores @ table2[:-1].T

    def product(v):
        v1, v2 = v[: model.split].reshape(shape1), v[model.split :].reshape(shape2)
        moved_hidden = (X1 @ v1) * slope
        moved_scores = moved_hidden @ table2[:-1] + hidden @ v2[:-1] + v2[-1]
        moved = model.loss_of_scores(scores + 1e-30j * moved_scores, model.targets)[1].imag / 1e-30
        moved_dhidden = moved @ table2[:-1].T + dscores @ v2[:-1].T
        moved_dbefore = moved_dhidden * slope - 2 * dhidden * hidden * moved_hidden
        return np.concatenate(
            [
                (X1.T @ moved_dbefore).ravel(),
                (moved_hidden.T @ dscores + hidden.T @ moved).ravel(),
                moved.sum(axis=0),
            ]
        )

    return product


def limit(method: str, rate: float) -> float:
    """The curvature above which the method diverges on a parabola: the edge."""
    optimizer = METHODS[method](rate)
    rho = getattr(optimizer, "rho", 0.0)
    return (2 + 2 * rho) / (rate * (1 + 2 * rho if isinstance(optimizer, Nesterov) else 1))


def from_the_start(seed: int, optimizer: Optimizer, **more) -> EdgeRun:
    return run(problem(seed), optimizer, **more)


def run_again(
    seed: int, method: str = "gradient descent", rate: float = RATE, progress: Callable = list
) -> EdgeRun:
    """One of the kept runs once more; with `progress=tqdm` a bar shows how far it is."""
    return run(problem(seed), METHODS[method](rate), progress=progress)


def with_cross_entropy(seed: int) -> EdgeRun:
    return run(problem(seed, kind=TanhNetwork), GradientDescent(SMOOTH_RATE), SMOOTH_STEPS)


def after_a_change(seed: int, factor: float) -> EdgeRun:
    """Gradient descent whose rate is multiplied at step CHANGE_AT."""
    return run(problem(seed), GradientDescent(RATE), schedule=lambda t: 1.0 if t < CHANGE_AT else factor)


def along_the_steepest(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient descent from step CLOSE_FROM on: the place and the gradient along the axis that was steepest there, and the
    sharpness, after each step (CLOSE_STEPS + 1 numbers each)."""
    task = problem(seed)
    trace = descend(
        task.model, GradientDescent(RATE), task.start, CLOSE_FROM + CLOSE_STEPS, record=("w", "dw")
    )
    w, dw = trace.w[CLOSE_FROM:], trace.dw[CLOSE_FROM:]
    start = np.random.default_rng(0).standard_normal(len(task.start))
    _, axis = lanczos(products(task.model, w[0]), start, tolerance=1e-4)
    sharp = list(sharpnesses(task.model, ((point, 0.0) for point in w)))
    return (w - w.mean(axis=0)) @ axis, dw @ axis, np.array(sharp)


def spectrum(step: int) -> np.ndarray:
    """All curvatures at a step of seed 0, the largest first."""
    task = problem(SEEDS[0])
    w = descend(task.model, GradientDescent(RATE), task.start, step, record=()).final
    H = hessian(task.model.gradient, w)
    return np.linalg.eigvalsh((H + H.T) / 2)[::-1]


def hot_run(seed: int, rate: float, rescue: int | str, num_steps: int = HOT_STEPS) -> float:
    """The last loss of gradient descent from larger weights; infinite where nothing finite is left. `rescue` is of RESCUES."""
    task = problem(seed, HOT_SCALE)

    def shortened(w):
        dw = task.model.gradient(w)
        return clip_by_norm(dw, LONGEST) if np.isfinite(dw).all() else dw

    trace = descend(
        task.model,
        GradientDescent(rate),
        task.start,
        num_steps,
        gradient=shortened if rescue == CLIPPED else None,
        schedule=None if rescue in (0, CLIPPED) else warm_up(rescue),
        record=("loss",),
    )
    return np.inf if trace.diverged else float(trace.loss[-1])


def compute(progress: Callable = list) -> dict[str, np.ndarray]:
    """All of them. `progress` may wrap the list of what is to be done, to show how far it is."""
    found: dict[str, dict[tuple, object]] = {}
    for name, place, job in progress(jobs()):
        found.setdefault(name, {})[place] = job()
    kept = {}
    for name, results in found.items():
        shape = tuple(max(places) + 1 for places in zip(*results, strict=True))
        if name in ("full", "batch", "change", "smooth"):
            for part, kind in (("sharpness", np.float32), ("loss", np.float16), ("rises", np.uint8)):
                if (name, part) == ("batch", "rises"):
                    continue
                first = getattr(next(iter(results.values())), part)
                kept[f"{name}_{part}"] = table = np.zeros((*shape, len(first)), dtype=kind)
                for place, one in results.items():
                    table[place] = getattr(one, part)
        else:
            table = np.array([results[place] for place in np.ndindex(shape)], dtype=np.float32)
            kept[name] = table.reshape(*shape, *table.shape[1:])
    return kept


def jobs() -> list[tuple[str, tuple[int, ...], Callable]]:
    """What is to be run: the name of its table, its place there, and a function without arguments."""
    made: list[tuple[str, tuple[int, ...], Callable]] = []
    for seed in SEEDS:
        for m, (method, make) in enumerate(METHODS.items()):
            for r, rate in enumerate(RATES):
                if seed in SHOWN_SEEDS or (method, rate) in TOLD:
                    made.append(("full", (m, r, seed), partial(from_the_start, seed, make(rate))))
        for b, size in enumerate(BATCH_SIZES):
            made.append(("batch", (b, seed), partial(from_the_start, seed, SGD(RATE), batch_size=size)))
        for f, factor in enumerate(FACTORS):
            if seed in SHOWN_SEEDS or factor == 0.5:
                made.append(("change", (f, seed), partial(after_a_change, seed, factor)))
        made.append(("smooth", (seed,), partial(with_cross_entropy, seed)))
        made.append(("close", (seed,), partial(along_the_steepest, seed)))
        for r, rate in enumerate(HOT_RATES):
            for k, rescue in enumerate(RESCUES):
                made.append(("hot", (r, k, seed), partial(hot_run, seed, rate, rescue)))
    made += [("spectrum", (k,), partial(spectrum, step)) for k, step in enumerate(LOOKED_AT)]
    return made


@cache
def stored() -> dict[str, np.ndarray]:
    """What `compute` gave, from the file beside this module."""
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}
