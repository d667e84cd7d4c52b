"""Race II, which lesson 16 audits: ten optimizers, three schedules, on the network and the digits of lesson 09.

Everybody has the same grid of learning rates, starts and minibatches. Eight seeds are for tuning, so that one may ask what
other tuning seeds would have chosen; twenty others race, in pairs. Besides there is a race that no figure shows, for the
capstone: another network on other seeds. All runs together take some minutes, so `benchmarks/make_race_two.py` stores them
in race_two.npz; a test runs some of them again and compares.

    race_two.load().curves("Muon", ("constant", 0.0464))     # training losses on the way, (seeds, checkpoints)
    race_two.run_again("Muon", seed=10, progress=tqdm)     # the runs of a seed once more, with a bar
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optcourse import race
from optcourse.after_adam import Lion, Muon, ScheduleFreeAdam, matrices_of
from optcourse.claims import choose, sign_test, steps_to_target
from optcourse.data import epoch_batches, load_digits
from optcourse.descent import descend
from optcourse.models import TwoLayerNetwork
from optcourse.optimizers import AdamW, Optimizer
from optcourse.race import EVERY, NUM_STEPS, RATES, WORST, Problem

SCHEDULES = ("constant", "cosine", "warm-up + cosine")
OPTIMIZERS: dict[str, Callable[[float, TwoLayerNetwork], Optimizer]] = {
    **{name: lambda rate, model, make=make: make(rate) for name, make in race.OPTIMIZERS.items()},
    "AdamW": lambda rate, model: AdamW(rate, weight_decay=0.1),
    "Lion": lambda rate, model: Lion(rate),
    "Muon": lambda rate, model: Muon(rate, matrices=matrices_of(model)),
    "Schedule-Free": lambda rate, model: ScheduleFreeAdam(rate),
}
SETTINGS = {  # what is not tuned has its authors' values, but for AdamW's decay
    **race.SETTINGS,
    "AdamW": "Adam's, weight_decay 0.1",
    "Lion": "beta1 0.9, beta2 0.99",
    "Muon": "rho 0.95; biases by Adam at a tenth of the rate",
    "Schedule-Free": "Adam's, beta1 0.9",
}
TUNING_SEEDS = (0, 1, 2)
MORE_TUNING_SEEDS = (30, 31, 32, 33, 34)  # they might have been the tuning seeds, too
RACE_SEEDS = tuple(range(10, 30))
SEEDS = (*TUNING_SEEDS, *RACE_SEEDS, *MORE_TUNING_SEEDS)
FOLLOWED = (*TUNING_SEEDS, *RACE_SEEDS)  # their losses on the way are kept, too
LOSSES = ("training", "held-back")
UNSEEN_HIDDEN, UNSEEN_BATCH = 8, 16
UNSEEN_SEEDS = tuple(range(40, 64))
ANY = "any of the three"
HOLDS, FAILS, UNTOLD = VERDICTS = ("holds", "fails", "cannot be told")
CHANCE = 0.05  # what fair coins do more often is not shown
CURVE_DIGIT, END_DIGIT = 2e-3, 1e-4  # of the logarithms that are stored
FILE = Path(__file__).with_name("race_two.npz")


@lru_cache(maxsize=len(UNSEEN_SEEDS))
def unseen_problem(seed: int) -> Problem:
    """A smaller network and smaller minibatches, on digits that the seed draws."""
    digits, rng = load_digits(), np.random.default_rng(seed)
    order = rng.permutation(len(digits))
    train, test = digits[order[: race.NUM_TRAIN]], digits[order[race.NUM_TRAIN :][: race.NUM_TEST]]
    model = TwoLayerNetwork(train.X, train.y, UNSEEN_HIDDEN)
    start = model.initial(rng)
    stream = epoch_batches(race.NUM_TRAIN, UNSEEN_BATCH, rng, None)
    batches = tuple(next(stream) for _ in range(NUM_STEPS))
    return Problem(model, TwoLayerNetwork(test.X, test.y, UNSEEN_HIDDEN), start, batches)


class SideBySide:
    """Networks of one shape on the same digits, one for each column of w (num_parameters, columns), computed together.

    `TwoLayerNetwork` computes the same column by column, several times slower.
    """

    def __init__(self, model: TwoLayerNetwork):
        self.model, self.ndim = model, model.num_parameters

    def value(self, w: np.ndarray, batch: np.ndarray | None = None) -> np.ndarray:
        """The loss of each column."""
        X1, y = self._examples(batch)
        scores = self._forward(w, X1)[2]
        scores -= scores.max(axis=2, keepdims=True)
        chosen = scores[:, np.arange(len(y)), y]
        return (np.log(np.exp(scores).sum(axis=2)) - chosen).mean(axis=1)

    def gradient(self, w: np.ndarray, batch: np.ndarray | None = None) -> np.ndarray:
        X1, y = self._examples(batch)
        hidden, table2, scores = self._forward(w, X1)
        dscores = np.exp(scores - scores.max(axis=2, keepdims=True))
        dscores /= dscores.sum(axis=2, keepdims=True)
        dscores[:, np.arange(len(y)), y] -= 1.0
        dscores /= len(y)
        dbefore = (dscores @ table2[:, :-1].transpose(0, 2, 1)) * (hidden > 0)
        dw, split = np.empty_like(w), self.model.split
        dw[:split] = (X1.T @ np.moveaxis(dbefore, 0, -1).reshape(len(y), -1)).reshape(split, -1)
        dtable2 = dw[split:].reshape(self.model.num_hidden + 1, -1, w.shape[1])
        dtable2[:-1] = np.moveaxis(hidden.transpose(0, 2, 1) @ dscores, 0, -1)
        dtable2[-1] = dscores.sum(axis=1).T
        return dw

    def _examples(self, batch: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        X1, y = self.model.X1, self.model.y
        return (X1, y) if batch is None else (X1[batch], y[batch])

    def _forward(self, w: np.ndarray, X1: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hidden units, second layers and scores: (columns, examples, hidden), (columns, hidden + 1, 10) ..."""
        split, num_hidden, columns = self.model.split, self.model.num_hidden, w.shape[1]
        before = (X1 @ w[:split].reshape(-1, num_hidden * columns)).reshape(len(X1), num_hidden, columns)
        hidden = np.ascontiguousarray(np.moveaxis(np.maximum(before, 0.0), -1, 0))
        table2 = np.ascontiguousarray(np.moveaxis(w[split:].reshape(num_hidden + 1, -1, columns), -1, 0))
        return hidden, table2, hidden @ table2[:, :-1] + table2[:, -1:]


def run(
    name: str, rates: Sequence[float], task: Problem, schedule: str = "constant", every: int = EVERY
) -> tuple[np.ndarray, np.ndarray]:
    """A run at each rate, side by side: training losses (rates, checkpoints) at the start and after each `every` steps, and
    held-back losses at the end (rates,); at most WORST."""
    networks, rates = SideBySide(task.model), np.asarray(rates, dtype=float)
    trace = descend(
        networks, OPTIMIZERS[name](rates, task.model), task.start, NUM_STEPS, minibatches=task.batches,
        schedule=race.SCHEDULES[schedule](), record=("w",),
    )  # fmt: skip
    points = np.moveaxis(trace.w[::every], -1, 1)
    with np.errstate(all="ignore"):
        training = np.array([networks.value(np.ascontiguousarray(w)) for w in points]).T
        held_back = SideBySide(task.test).value(np.ascontiguousarray(points[-1]))
    return kept_in_bounds(training), kept_in_bounds(held_back)


def kept_in_bounds(losses: np.ndarray) -> np.ndarray:
    return np.minimum(np.nan_to_num(losses, nan=WORST, posinf=WORST), WORST)


def run_again(
    name: str, seed: int, schedules: Sequence[str] = SCHEDULES, progress: Callable = list
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kept runs once more: for each schedule the training and held-back losses at the end, at each rate. With
    `progress=tqdm` a bar shows how far they are."""
    found = {}
    for schedule in progress(schedules):
        training, held_back = run(name, RATES, race.problem(seed), schedule, NUM_STEPS)
        found[schedule] = training[:, -1], held_back
    return found


Setting = tuple[str, float]  # a schedule and a learning rate


def settings(schedule: str = ANY) -> list[Setting]:
    """What everybody is tried at: 16 learning rates with a schedule, or 48 settings with any of the three."""
    return list(product(SCHEDULES if schedule == ANY else [schedule], RATES))


@dataclass(frozen=True, eq=False)
class Race:
    """The last losses of all runs, ends[loss] (schedule, optimizer, rate, seed), and training losses on the way."""

    ends: dict[str, np.ndarray]
    train: np.ndarray  # (schedule, optimizer, rate, FOLLOWED, checkpoint)

    def table(self, name: str, loss: str, schedule: str = ANY, seeds=TUNING_SEEDS) -> np.ndarray:
        """The last losses at every setting, (settings, seeds)."""
        kept = self.ends[loss][_rows(schedule), _place(name)][..., [SEEDS.index(seed) for seed in seeds]]
        return kept.reshape(-1, len(seeds))

    def chosen(
        self, name: str, criterion: str = "training", schedule: str = ANY, seeds=TUNING_SEEDS
    ) -> Setting:
        """The setting with the lowest median of a loss over the tuning seeds."""
        return settings(schedule)[choose(self.table(name, criterion, schedule, seeds))]

    def raced(self, name: str, setting: Setting, loss: str) -> np.ndarray:
        """The last losses of the race with one setting, (RACE_SEEDS,)."""
        schedule, rate = setting
        return self.table(name, loss, schedule, RACE_SEEDS)[RATES.index(rate)]

    def curves(self, name: str, setting: Setting, seeds=RACE_SEEDS) -> np.ndarray:
        """Training losses on the way, (seeds, checkpoints)."""
        schedule, rate = setting
        kept = self.train[SCHEDULES.index(schedule), _place(name), RATES.index(rate)]
        return kept[[FOLLOWED.index(seed) for seed in seeds]]

    def steps(self, name: str, setting: Setting, target: float) -> np.ndarray:
        """Steps to a training loss on each seed of the race, in tens; more than any run has where it never comes there."""
        reached = steps_to_target(self.curves(name, setting), target)
        return np.where(reached < 0, NUM_STEPS + EVERY, EVERY * reached)


def _place(name: str) -> int:
    return list(OPTIMIZERS).index(name)


def _rows(schedule: str) -> slice:
    at = 0 if schedule == ANY else SCHEDULES.index(schedule)
    return slice(at, None if schedule == ANY else at + 1)


# -- claims ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """`a` is lower than `b`: on which loss, tuned by which, with which schedules. With `target`: sooner at a training loss."""

    words: str
    source: str
    a: str
    b: str
    loss: str = "training"
    criterion: str = "training"
    schedule_a: str = ANY
    schedule_b: str = ANY
    target: float | None = None

    def pairs(self, tuning_seeds=TUNING_SEEDS) -> tuple[np.ndarray, np.ndarray]:
        """What is compared on each seed of the race, after a tuning on these seeds."""
        kept, found = load(), []
        for name, schedule in ((self.a, self.schedule_a), (self.b, self.schedule_b)):
            setting = kept.chosen(name, self.criterion, schedule, tuning_seeds)
            if self.target is None:
                found.append(kept.raced(name, setting, self.loss))
            else:
                found.append(kept.steps(name, setting, self.target))
        return found[0], found[1]

    def names(self) -> tuple[str, str]:
        """The two in words: with the schedule where it is what tells them apart."""
        if self.a != self.b:
            return self.a, self.b
        return f"{self.a}, {self.schedule_a}", f"{self.b}, {self.schedule_b}"


CLAIMS = (
    Claim(
        "At a constant rate RMSProp ends with a lower training loss than AdaGrad.", "lesson 09",
        "RMSProp", "AdaGrad", schedule_a="constant", schedule_b="constant",
    ),
    Claim(
        "At a constant rate SGD ends with a lower held-back loss than Adam.", "lesson 09",
        "SGD", "Adam", loss="held-back", schedule_a="constant", schedule_b="constant",
    ),
    Claim(
        "Adam ends with a lower training loss than Nesterov's momentum.", "Kingma and Ba 2015",
        "Adam", "Nesterov",
    ),
    Claim(
        "Tuned on held-back loss, Nesterov's momentum has a lower held-back loss than Adam.", "Wilson and others 2017",
        "Nesterov", "Adam", loss="held-back", criterion="held-back",
    ),
    Claim(
        "Tuned on held-back loss, AdamW (decay 0.1) has a lower held-back loss than Adam without decay.",
        "Loshchilov and Hutter 2019",
        "AdamW", "Adam", loss="held-back", criterion="held-back",
    ),
    Claim(
        "Tuned on held-back loss, Lion without decay has a lower held-back loss than AdamW.", "Chen and others 2023",
        "Lion", "AdamW", loss="held-back", criterion="held-back",
    ),
    Claim(
        "Muon needs fewer steps than AdamW to a training loss of 0.3.", "Jordan 2024",
        "Muon", "AdamW", target=0.3,
    ),
    Claim(
        "Schedule-Free at a constant rate ends with a lower training loss than Adam with a cosine schedule.",
        "Defazio and others 2024",
        "Schedule-Free", "Adam", schedule_a="constant", schedule_b="cosine",
    ),
)  # fmt: skip


def tuning_choices() -> list[tuple[int, ...]]:
    """Every three of the eight seeds that may tune; first those that do."""
    return list(combinations((*TUNING_SEEDS, *MORE_TUNING_SEEDS), len(TUNING_SEEDS)))


class Audited(NamedTuple):
    """What the pairs say: how often a is lower, of how many that differ; p; and how it is for all choices of tuning seeds."""

    lower: int
    pairs: int
    p: float
    shown: int  # in so many choices of the tuning seeds a lower is shown
    opposite: int
    wins: tuple[int, ...]  # how often a is lower, for each choice

    @property
    def verdict(self) -> str:
        """holds or fails where the tests say so in nine of ten choices of the tuning seeds; else nothing can be told."""
        enough = 0.9 * len(self.wins)
        return HOLDS if self.shown >= enough else FAILS if self.opposite >= enough else UNTOLD


@lru_cache(maxsize=32)
def audited(claim: Claim) -> Audited:
    """A claim under all choices of the tuning seeds."""
    sides = []
    for seeds in tuning_choices():
        a, b = claim.pairs(seeds)
        lower, higher, p = int((a < b).sum()), int((a > b).sum()), sign_test(a, b)
        sides.append((lower, lower + higher, p, p < CHANCE and lower > higher, p < CHANCE and lower < higher))
    shown, opposite = (sum(side[k] for side in sides) for k in (3, 4))
    return Audited(*sides[0][:3], shown, opposite, tuple(side[0] for side in sides))


# -- the runs ----------------------------------------------------------------------------------------------------------


def jobs() -> list[tuple[str, tuple[int, ...], Callable]]:
    """What is to be run: the name of its table, its place there, and a function without arguments."""
    made: list[tuple[str, tuple[int, ...], Callable]] = []
    for o, name in enumerate(OPTIMIZERS):
        for k, seed in enumerate(SEEDS):
            for s, schedule in enumerate(SCHEDULES):
                made.append(("seen", (s, o, k), lambda of=(name, seed, schedule): run_seen(*of)))
        for k, seed in enumerate(UNSEEN_SEEDS):
            made.append(("unseen", (o, k), lambda of=(name, seed): run_unseen(*of)))
    return made


def run_seen(name: str, seed: int, schedule: str) -> tuple[np.ndarray, np.ndarray]:
    return run(name, RATES, race.problem(seed), schedule, EVERY if seed in FOLLOWED else NUM_STEPS)


def run_unseen(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return run(name, RATES, unseen_problem(seed), every=NUM_STEPS)


def compute(progress: Callable = list) -> dict[str, np.ndarray]:
    """Every run, as it is stored: logarithms in whole numbers. `progress` may wrap the list of what is to be done."""
    shape, kept = (len(SCHEDULES), len(OPTIMIZERS)), NUM_STEPS // EVERY + 1
    curves = np.empty((*shape, len(RATES), len(FOLLOWED), kept))
    seen = np.empty((2, *shape, len(RATES), len(SEEDS)))
    unseen = np.empty((2, shape[1], len(RATES), len(UNSEEN_SEEDS)))
    for table, place, job in progress(jobs()):
        training, held_back = job()
        ends = seen if table == "seen" else unseen
        ends[:, *place[:-1], :, place[-1]] = training[:, -1], held_back
        if table == "seen" and SEEDS[place[-1]] in FOLLOWED:
            curves[*place[:-1], :, FOLLOWED.index(SEEDS[place[-1]])] = training
    # A curve moves little from one point to the next, and small whole numbers pack well.
    on_the_way = np.round(np.log10(curves) / CURVE_DIGIT).astype(np.int16)
    return {
        "curves": np.diff(on_the_way, axis=-1, prepend=np.int16(0)),
        "seen": np.round(np.log10(seen) / END_DIGIT).astype(np.int32),
        "unseen": np.round(np.log10(unseen) / END_DIGIT).astype(np.int32),
    }


@cache
def load() -> Race:
    """The stored race; read-only, because all callers share it."""
    with np.load(FILE) as stored:
        seen = 10.0 ** (END_DIGIT * stored["seen"])
        train = 10.0 ** (CURVE_DIGIT * np.cumsum(stored["curves"], axis=-1))
    seen.setflags(write=False)
    train.setflags(write=False)
    return Race(dict(zip(LOSSES, seen, strict=True)), train)


@cache
def load_unseen() -> dict[str, np.ndarray]:
    """The race of the other network, at a constant rate: the last losses (optimizer, rate, UNSEEN_SEEDS), read-only."""
    with np.load(FILE) as stored:
        unseen = 10.0 ** (END_DIGIT * stored["unseen"])
    unseen.setflags(write=False)
    return dict(zip(LOSSES, unseen, strict=True))
