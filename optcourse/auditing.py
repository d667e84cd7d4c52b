"""A fair trial for an optimizer of one's own, in the race of lesson 09.

    def mine(compute_gradient, w, learning_rate, num_steps):   # each call takes the next minibatch
        ...
        return w

    found = audit(mine)     # about half a minute; stop it whenever you like
    found                   # the table, and the sentences that may be claimed
    found.go_on()           # the runs that were still to do

Everybody is tuned alike: the same learning rates, on the same seeds, by the median of the same loss. The race is on seeds that
no tuning has seen, paired: on each seed all have the same digits, start and minibatches. A sentence is claimed only if
it holds for every rate that the tuning seeds, all of them or any two, would have chosen.

Sources: Dahl et al. (2023), Dodge et al. (2019).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle, product
from typing import NamedTuple

import numpy as np

from optcourse import race
from optcourse.claims import choose, sign_test
from optcourse.descent import descend
from optcourse.optimizers import Optimizer

LOSSES = ("training", "held-back")
CHANCE = 0.05  # a win that a fair coin would show more often is not claimed
SAME = 1e-6  # losses that differ by less, in proportion, differ by how numbers are rounded


class Run(NamedTuple):
    """What one run gave: its last losses, and what it cost."""

    training: float
    held_back: float
    gradients: int
    seconds: float


@dataclass(frozen=True)
class Key:
    """One run: who, at which learning rate, on which seed."""

    who: str
    rate: float
    seed: int


def audit(
    optimizer: Callable,
    against: Sequence[str] | Mapping[str, Callable[[float], Optimizer]] = ("Nesterov", "Adam"),
    *,
    trials: int = len(race.RATES),
    criterion: str = "training",
    seeds: Sequence[int] = range(10, 30),
    tuning_seeds: Sequence[int] = race.TUNING_SEEDS,
    num_steps: int = race.NUM_STEPS,
) -> "Audit":
    """Tune, race and judge an optimizer of your own beside others of the course.

    optimizer: a function (compute_gradient, w, learning_rate, num_steps) -> w, or a class of the course's kind, made by
        optimizer(learning_rate). It may ask for at most num_steps gradients, and is given a copy of the start.
    against: names of `race.OPTIMIZERS`, or a dictionary of names and functions learning_rate -> Optimizer.
    trials: how many learning rates each of them is tried at, from 2 to 16, spread over the grid of lesson 09.
    criterion: the loss that the tuning goes by, "training" or "held-back".

    Raises ValueError for arguments that give no race, and for an optimizer that returns no w or asks for too many gradients.
    """
    return Audit(optimizer, against, trials, criterion, seeds, tuning_seeds, num_steps).go_on()


class Audit:
    """The runs of an audit, done and to do, and what they prove."""

    def __init__(self, optimizer, against, trials, criterion, seeds, tuning_seeds, num_steps) -> None:
        self.own = getattr(optimizer, "__name__", type(optimizer).__name__)
        if isinstance(optimizer, Optimizer):
            raise ValueError(f"give the class {self.own}, not one with its rate: the audit tries many rates")
        if not callable(optimizer):
            raise ValueError(
                f"give a function (compute_gradient, w, learning_rate, num_steps) -> w, got {optimizer!r}"
            )
        against = (against,) if isinstance(against, str) else against
        makers = against if isinstance(against, Mapping) else {name: _known(name) for name in against}
        if not makers or self.own in makers:
            raise ValueError(
                f"against names others than {self.own!r}, one at least; got {list(makers)}. Give yours another name"
            )
        if not isinstance(trials, int) or not 2 <= trials <= len(race.RATES):
            raise ValueError(f"trials must be from 2 to {len(race.RATES)}, got {trials!r}")
        if not isinstance(seeds, Sequence) or not isinstance(tuning_seeds, Sequence):
            raise ValueError(f"seeds are several, as in range(10, 30); got {seeds!r} and {tuning_seeds!r}")
        if criterion not in LOSSES:
            raise ValueError(f"criterion is 'training' or 'held-back', got {criterion!r}")
        if set(seeds) & set(tuning_seeds) or len(tuning_seeds) < 2 or not len(seeds):
            raise ValueError("give two tuning seeds or more, and seeds to race on that are none of them")
        made = isinstance(optimizer, type) and issubclass(optimizer, Optimizer)
        self._train = {self.own: _by_steps(optimizer) if made else _by_function(optimizer)}
        self._train |= {name: _by_steps(make) for name, make in makers.items()}
        self._shared = set() if isinstance(against, Mapping) else set(makers)
        chosen = np.linspace(0, len(race.RATES) - 1, trials).round().astype(int)
        self.rates = tuple(race.RATES[k] for k in chosen)
        self.criterion, self.num_steps = criterion, num_steps
        self.seeds, self.tuning_seeds = tuple(seeds), tuple(tuning_seeds)
        self.runs: dict[Key, Run] = {}

    # The runs ------------------------------------------------------------------------------------------------------------

    def go_on(self) -> "Audit":
        """Do the runs that are still to do. Stopping it (the square button, Ctrl-C) loses none that is done."""
        from tqdm import tqdm

        with tqdm(total=self._expected(), initial=len(self.runs), unit="run", leave=False) as bar:
            try:
                for key in self._to_do():
                    self.runs[key] = self._run(key)
                    bar.update()
            except KeyboardInterrupt:
                print(f"Stopped after {len(self.runs)} runs. They are kept: .go_on() does the rest.")
        return self

    @property
    def finished(self) -> bool:
        """Whether all runs are done, so that something may be said."""
        return next(self._to_do(), None) is None

    def _expected(
        self,
    ) -> int:  # those of the race depend on what the tuning chooses: one rate each, at least
        return len(self._train) * (len(self.rates) * len(self.tuning_seeds) + len(self.seeds))

    def _to_do(self) -> Iterator[Key]:
        tuning = [Key(*all_of) for all_of in product(self._train, self.rates, self.tuning_seeds)]
        yield from (key for key in tuning if key not in self.runs)
        if all(key in self.runs for key in tuning):
            racing = [
                Key(who, rate, seed)
                for seed in self.seeds
                for who in self._train
                for rate in self.choices(who)
            ]
            yield from (key for key in racing if key not in self.runs)

    def _run(self, key: Key) -> Run:
        if key.who not in self._shared:
            return self._ran(key)
        if (key, self.num_steps) not in _KEPT:
            _KEPT[key, self.num_steps] = self._ran(key)
        return _KEPT[key, self.num_steps]

    def _ran(self, key: Key) -> Run:
        task, began = race.problem(key.seed, self.num_steps), time.perf_counter()
        try:
            with np.errstate(all="ignore"):
                w, gradients = self._train[key.who](task, key.rate, self.num_steps)
        except Exception as error:
            error.add_note(f"audit: that was {key.who} at learning rate {key.rate:g} on seed {key.seed}.")
            if isinstance(error, TypeError):
                error.add_note(f"It is called as {key.who}(compute_gradient, w, learning_rate, num_steps).")
            raise
        seconds = time.perf_counter() - began
        with np.errstate(all="ignore"):
            losses = [np.nan_to_num(model.value(w), nan=race.WORST) for model in (task.model, task.test)]
        return Run(*(float(min(loss, race.WORST)) for loss in losses), gradients, seconds)

    # What they prove ------------------------------------------------------------------------------------------------------

    def table(self, who: str, loss: str) -> np.ndarray:
        """The last losses of the tuning runs of `who`, (rates, tuning seeds)."""
        return np.array(
            [[self._loss(Key(who, rate, seed), loss) for seed in self.tuning_seeds] for rate in self.rates]
        )

    def choices(self, who: str) -> tuple[float, ...]:
        """The rate that all tuning seeds choose, then the others that two of them would have chosen."""
        tuned = self.table(who, self.criterion)
        pairs = [list(pair) for pair in combinations(range(len(self.tuning_seeds)), 2)]
        found = [choose(tuned), *(choose(tuned[:, pair]) for pair in pairs)]
        return tuple(self.rates[k] for k in dict.fromkeys(found))

    def raced(self, who: str, rate: float, loss: str) -> np.ndarray:
        """The last losses in the race, (seeds,)."""
        return np.array([self._loss(Key(who, rate, seed), loss) for seed in self.seeds])

    def wide(self, who: str) -> int:
        """At how many of the rates the median of the tuning runs comes within twice the lowest."""
        medians = np.median(self.table(who, self.criterion), axis=1)
        return int((medians <= 2 * medians.min()).sum())

    def claim(self, other: str, loss: str) -> str:
        """One sentence about the own optimizer and another: no more than the pairs prove."""
        pairs = list(product(self.choices(self.own), self.choices(other)))
        duels = [_with_ties(self.raced(self.own, a, loss), self.raced(other, b, loss)) for a, b in pairs]
        lower, n = [int((mine < theirs).sum()) for mine, theirs in duels], len(self.seeds)
        tests = [sign_test(mine, theirs) for mine, theirs in duels]
        sides = {
            0 if p > CHANCE else (1 if 2 * wins > n else -1) for wins, p in zip(lower, tests, strict=True)
        }
        won = f"on {lower[0]} of {n} seeds (p = {tests[0]:.2g})"
        if len(sides) > 1:
            spread = f"from {min(lower)} to {max(lower)} of {n}"
            return f"{loss} loss: {self.own} is lower than {other} {won}, but other tuning seeds make it {spread}. Claim nothing."
        if sides == {0}:
            also = (
                " Each pair is equal to six digits: they seem to be one optimizer."
                if self.twins(other)
                else ""
            )
            return f"{loss} loss: {self.own} is lower than {other} {won}. That shows no difference.{also}"
        word = "lower" if sides == {1} else "higher"
        wins = won if word == "lower" else f"on {n - lower[0]} of {n} seeds (p = {tests[0]:.2g})"
        also = "" if len(pairs) == 1 else ", and so it is whichever tuning seeds choose the rates"
        said = f"{loss} loss: {self.own} is {word} than {other} {wins}{also}."
        behind = other if word == "lower" else self.own
        if self.at_the_edge(behind):
            return f"{said} But {behind} may do better beyond the edge of the grid. Claim nothing."
        return f"{said} That may be claimed, of this network and these digits."

    def twins(self, other: str) -> bool:
        """Whether the two end alike on each seed, by both losses."""
        raced = [
            [self.raced(who, self.choices(who)[0], loss) for loss in LOSSES] for who in (self.own, other)
        ]
        return np.array_equal(*_with_ties(*map(np.concatenate, raced)))

    def lost(self, who: str) -> bool:
        """Whether no run of the race has a loss that counts."""
        return bool((self.raced(who, self.choices(who)[0], "training") >= race.WORST).all())

    def at_the_edge(self, who: str) -> bool:
        """Whether its best rate is the first or the last of the grid, so that a better one may lie beyond."""
        return self.choices(who)[0] in (self.rates[0], self.rates[-1]) and not self.lost(who)

    def claims(self) -> list[str]:
        """What may be said, one sentence for each loss and other optimizer; none before all runs are done."""
        if not self.finished:
            return []
        found = [self.claim(other, loss) for loss in LOSSES for other in list(self._train)[1:]]
        for who in self._train:
            if self.lost(who):
                found.append(
                    f"{who} lost all its runs: at each rate its w is not finite, or its loss is {race.WORST:,.0f} or more."
                )
            if self.at_the_edge(who):
                found.append(
                    f"{who} is best at {self.choices(who)[0]:g}, the edge of the grid: it may do better beyond."
                )
        return found

    def __str__(self) -> str:
        if not self.finished:
            return f"{len(self.runs)} runs are done, and more are to do: .go_on() does them. Nothing may be claimed yet."
        fastest = min(self._seconds(who) for who in self._train)
        head = ("", "rate", "training", "held-back", "gradients", "time", "within twice its best")
        rows = [head]
        for who in self._train:
            rate = self.choices(who)[0]
            ends = [float(np.median(self.raced(who, rate, loss))) for loss in LOSSES]
            medians = [f"{end:.3g}" if end < race.WORST else "lost" for end in ends]
            gradients = max(self.runs[Key(who, rate, seed)].gradients for seed in self.seeds)
            width = f"{self.wide(who)} of {len(self.rates)} rates"
            rows.append(
                (who, f"{rate:g}", *medians, f"{gradients}", f"{self._seconds(who) / fastest:.1f} ×", width)
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        tuned = (
            f"Tuned on {len(self.rates)} learning rates by the median {self.criterion} loss of seeds "
            f"{', '.join(map(str, self.tuning_seeds))}. Raced on {len(self.seeds)} other seeds: medians."
        )
        return "\n".join([tuned, "", *lines, "", *self.claims()])

    __repr__ = __str__

    def _seconds(self, who: str) -> float:
        return float(
            np.median([self.runs[Key(who, self.choices(who)[0], seed)].seconds for seed in self.seeds])
        )

    def _loss(self, key: Key, loss: str) -> float:
        return self.runs[key].training if loss == "training" else self.runs[key].held_back


# Runs of the course's own optimizers, by what they are and their number of steps: another try of one's own repeats none of them.
_KEPT: dict[tuple[Key, int], Run] = {}


def _with_ties(mine: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs, equal where they differ by rounding alone: two ways to write one optimizer."""
    return mine, np.where(np.isclose(mine, theirs, rtol=SAME, atol=0), mine, theirs)


def _known(name: str) -> type[Optimizer]:
    if name not in race.OPTIMIZERS:
        raise ValueError(
            f"against: there is no {name!r} in the race. There are {', '.join(race.OPTIMIZERS)}."
        )
    return race.OPTIMIZERS[name]


def _by_steps(make: Callable[[float], Optimizer]) -> Callable:
    """Training with an optimizer of the course's kind: one gradient a step."""

    def train(task: race.Problem, learning_rate: float, num_steps: int) -> tuple[np.ndarray, int]:
        trace = descend(
            task.model, make(learning_rate), task.start, num_steps, minibatches=task.batches, record=()
        )
        return trace.final, num_steps

    return train


def _by_function(optimizer: Callable) -> Callable:
    """Training with a function, whose gradients are counted."""

    def train(task: race.Problem, learning_rate: float, num_steps: int) -> tuple[np.ndarray, int]:
        batches, count = cycle(task.batches), 0

        def compute_gradient(w: np.ndarray) -> np.ndarray:
            nonlocal count
            count += 1
            if count > num_steps:
                raise ValueError(
                    f"it asked for more than {num_steps} gradients, which is all that anybody has"
                )
            return task.model.gradient(w, next(batches))

        w = optimizer(compute_gradient, np.array(task.start), learning_rate, num_steps)
        if np.iscomplexobj(w):
            raise ValueError("it returned complex numbers; asked for is the trained w, of real ones")
        if np.shape(w) != task.start.shape:
            what = "nothing" if w is None else f"an array of shape {np.shape(w)}"
            raise ValueError(f"it returned {what}; asked for is the trained w, of shape {task.start.shape}")
        if not count:
            raise ValueError("it asked for no gradient: each call of compute_gradient(w) gives one")
        return np.asarray(w, dtype=float), count

    return train
