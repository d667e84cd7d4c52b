"""The explorers of lesson 15, after Adam, in the order in which the lesson shows them."""

from __future__ import annotations

import inspect
import itertools
from functools import lru_cache

import numpy as np

from optcourse import norm_runs, race
from optcourse.after_adam import CUBIC, QUINTIC, Muon, matrices_of, matrix_at, steepest
from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.parts import say, say_point
from optcourse.figures import Arrows, Bars, Line, Points, Rule, Scene
from optcourse.figures.scene import Mark, Run, Text
from optcourse.learner.blank import is_blank
from optcourse.learner.path import record_path
from optcourse.optimizers import Adam

# -- (a) unit balls ----------------------------------------------------------------------------------------------------

HALF = 1.9
AROUND = np.linspace(0, 2 * np.pi, 121)
CIRCLE = np.array([np.cos(AROUND), np.sin(AROUND)])
# The norm, its role, what its step is called for a vector and for a matrix.
NORMS = {
    "frobenius": ("descent", "dw/|dw|", "G/|G|"),
    "entry": ("third", "sign dw", "sign G"),
    "spectral": ("path", "", "U Vᵀ"),
}


def turned_matrix(smaller: float, turn: float) -> np.ndarray:
    """The symmetric matrix with singular values 1 and `smaller`, its axes turned by so many degrees."""
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    R = np.array([[c, -s], [s, c]])
    return R @ np.diag([1.0, smaller]) @ R.T


class BallExplorer(Explorer):
    """The steepest steps of length 1, for a vector and for a matrix, by what length is."""

    title = "The steepest step of a given length"
    controls = (
        Point("gradient", (1.4, 0.5), (-HALF, HALF), (-HALF, HALF), label="gradient dw"),
        linear("turn", 0, 90, 30, num=19, unit="°", label="axes of G turned by"),
        linear("smaller", 0.05, 1.0, 0.2, num=20, label="smaller singular value of G"),
    )
    slide = ("turn",)

    def scene(self, gradient, turn, smaller) -> Scene:
        dw = np.array(gradient)
        length, sizes = np.linalg.norm(dw), np.abs(dw).sum()
        step, signs = (steepest(dw[:, None], norm)[:, 0] for norm in ("frobenius", "entry"))
        square = np.array([[1, 1, -1, -1, 1], [1, -1, -1, 1, 1.0]])
        G = turned_matrix(smaller, turn)
        found = {norm: steepest(G, norm) for norm in NORMS}
        values = {norm: np.linalg.svd(D, compute_uv=False) for norm, D in found.items()}
        own, notice = self.learners_steps(dw, G)
        left: list[Mark] = [
            Line(*CIRCLE, role="descent"),
            Line(*square, role="third"),
            Text(-0.12, -0.7, "by squares", role="descent", align="center"),
            Text(-1.0, 1.0, "by largest entry", role="third"),
            *self.level(dw, step, "descent"),
            *self.level(dw, signs, "third"),
            Arrows([0.0], [0.0], dw[:1], dw[1:], role="gradient", width=3),
            Points(*step[:, None], role="descent", size=13, label="dw/|dw|"),
            Points(*signs[:, None], role="third", size=13, shape="down", label="sign dw"),
            Points(*dw[:, None], role="gradient", size=11, drag="gradient"),
        ]
        right: list[Mark] = [
            Line(*(D @ CIRCLE), role=NORMS[norm][0], label=NORMS[norm][2]) for norm, D in found.items()
        ]
        if own is not None:
            left += [Points(own[:2], own[2:4], role="yours", size=17, label="your code")]
            right += [Line(*(own[4:].reshape(2, 2) @ CIRCLE), role="yours", label="your code", width=2.5)]
        window = ((-HALF, HALF), (-HALF, HALF))
        return Scene(
            panels=[
                parts.map_panel(window, left, "a vector: all steps of length 1", words=("dw[0]", "dw[1]")),
                parts.map_panel(window, right, "a matrix: where it takes the unit circle", words=("x", "y")),
            ],
            says=(
                f"dw is {say_point(dw)}. Of all steps of length 1, dw/|dw| = {say_point(step)} gains most by the root of "
                f"squares, {say(length)}; sign dw = {say_point(signs)} by the largest entry, {say(sizes)}. G has singular values "
                f"1 and {say(smaller)}; those of G/|G| are {pair(values['frobenius'])}, of sign G {pair(values['entry'])}, of "
                f"U Vᵀ {pair(values['spectral'])}."
            ),
            pin=("smaller singular value of sign G", float(values["entry"][1])),
            notice=notice,
        )

    @staticmethod
    def level(dw: np.ndarray, at: np.ndarray, role: str) -> list[Mark]:
        """The line of equal gain that touches a ball there: at a right angle to dw."""
        if not dw.any():
            return []
        across = np.array([-dw[1], dw[0]]) / np.linalg.norm(dw)
        ends = at[:, None] + 0.8 * across[:, None] * np.array([-1, 1])
        return [Line(*ends, role=role, width=1.3)]

    def learners_steps(self, dw: np.ndarray, G: np.ndarray) -> tuple[np.ndarray | None, str]:
        """x and y of the learner's two steps for the vector, then their 2 by 2 step for G."""
        if self.yours is None or is_blank(self.yours) or not dw.any():
            return None, ""

        def going():
            steps = np.hstack([self.yours(dw[:, None], norm) for norm in ("frobenius", "entry")])
            return np.concatenate([steps.ravel(), np.ravel(self.yours(G, "spectral"))])

        return learners_numbers(self.yours, going, (8,))


def pair(values: np.ndarray) -> str:
    return f"{say(values[0])} and {say(max(values[1], 0.0) if values[1] > 1e-12 else 0.0)}"


# -- (b) Newton-Schulz -------------------------------------------------------------------------------------------------

POLYNOMIALS = {"3.4445, −4.7750, 2.0315": QUINTIC, "1.5, −0.5": CUBIC}
MATRICES = ("first gradient", "gradient after 300 steps", "random numbers")


@lru_cache(maxsize=64)
def looked_at(matrix: str, seed: int) -> np.ndarray:
    """A 64 by 16 matrix: a gradient of the network's first layer, or random numbers."""
    task = race.problem(seed)
    if matrix == "random numbers":
        return np.random.default_rng(seed).standard_normal((64, 16))
    w = task.start
    if matrix == "gradient after 300 steps":
        trace = descend(
            task.model, Adam(0.01), task.start, race.NUM_STEPS, minibatches=task.batches, record=()
        )
        w = trace.final
    return matrix_at(task.model.gradient(w, task.batches[0]), matrices_of(task.model)[0])


def after_steps(values: np.ndarray, num_steps: int, coefficients: tuple[float, float, float]) -> np.ndarray:
    """What so many steps make of each singular value."""
    a, b, c = coefficients
    s = np.asarray(values, dtype=float)
    for _ in range(num_steps):
        s = a * s + b * s * s * s + c * s * s * s * s * s
    return s


class SchulzExplorer(Explorer):
    """Singular values after so many steps of Newton-Schulz."""

    title = "Five products in place of a decomposition"
    controls = (
        integers("num_steps", 0, 20, 5),
        Choice("polynomial", tuple(POLYNOMIALS), next(iter(POLYNOMIALS))),
        Choice("matrix", MATRICES, MATRICES[0]),
        integers("seed", 0, 9, 0),
    )
    slide = ("num_steps", "polynomial")

    def scene(self, num_steps, polynomial, matrix, seed) -> Scene:
        G = looked_at(matrix, seed)
        values = np.linalg.svd(G, compute_uv=False) / np.linalg.norm(G)
        values = np.where(values > 1e-12, values, 0.0)
        ends = after_steps(values, num_steps, POLYNOMIALS[polynomial])
        at = np.geomspace(5e-4, 1.0, 401)
        curve = after_steps(at, num_steps, POLYNOMIALS[polynomial])
        own, notice = self.learners_values(G, num_steps, polynomial)
        shown = values > 0
        left: list[Mark] = [
            Rule("y", 1.0, role="limit", label="U Vᵀ: 1"),
            Line(at, curve, role="path", label=f"after {num_steps} steps"),
            Points(values[shown], ends[shown], role="path", size=9),
        ]
        ranks = np.arange(1, len(values) + 1)
        right: list[Mark] = [
            Rule("y", 1.0, role="limit", label="U Vᵀ: 1"),
            Bars(ranks, ends, role="path", width=0.7),
        ]
        if own is not None:
            right.append(Points(ranks, own, role="yours", size=11, label="your code"))
        dead = int((~shown).sum())
        rest = (
            f" {dead} of them {'is' if dead == 1 else 'are'} 0 and stay{'s' if dead == 1 else ''} so."
            if dead
            else ""
        )
        return Scene(
            panels=[
                panel(
                    log_axis("singular value at the start", 5e-4, 1.0, keep=(5e-4, 1.0)),
                    axis("after the steps", 0, 1.4),
                    left,
                    "what the steps do to a singular value",
                ),
                panel(
                    axis("rank", 0.3, len(values) + 0.7),
                    axis("after the steps", 0, 1.4),
                    right,
                    f"{matrix}: its {len(values)} singular values",
                ),
            ],
            says=(
                f"{matrix.capitalize()}, divided by its length: singular values from {say(values[0])} down to "
                f"{say(values[shown].min())}.{rest} After {num_steps} steps those that are not 0 lie between "
                f"{say(ends[shown].min())} and {say(ends[shown].max())}."
            ),
            pin=("lowest that is not 0", float(ends[shown].min())),
            notice=notice,
        )

    def learners_values(
        self, G: np.ndarray, num_steps: int, polynomial: str
    ) -> tuple[np.ndarray | None, str]:
        """The singular values of what the learner's `newton_schulz` makes of G, in the order of those of G."""
        if self.yours is None or is_blank(self.yours) or POLYNOMIALS[polynomial] != QUINTIC:
            return None, ""
        found, notice = learners_numbers(self.yours, lambda: self.yours(G, num_steps), G.shape)
        if found is None or not np.isfinite(found).all():
            return None, notice or "Your code in the picture: its matrix holds numbers that are not finite."
        U, _, Vt = np.linalg.svd(G, full_matrices=False)
        return np.einsum("ik,ij,kj->k", U, found, Vt), ""


# -- (c) a turned bowl -------------------------------------------------------------------------------------------------

ROLES = {"G": "descent", "G/|G|": "fifth", "sign G": "third", "U Vᵀ": "path"}
RHO = 0.9


class BowlProblem:
    """The bowl of matrices as `descend` and a learner's function want it: W flat, or a matrix."""

    ndim = norm_runs.SIDE**2

    def __init__(self, seed: int, turn: float):
        self.C, self.target = norm_runs.bowl(seed, turn)

    def value(self, w: np.ndarray) -> float:
        return float(norm_runs.bowl_loss(self.C, w.reshape(self.target.shape) - self.target))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return (self.C @ (w.reshape(self.target.shape) - self.target)).reshape(w.shape)


class TurnExplorer(Explorer):
    """Four directions on a bowl of matrices whose axes are turned, and Muon at a constant rate."""

    title = "A bowl, and the same bowl turned"
    controls = (
        steps("turn", norm_runs.TURNS, 1.0),
        integers("seed", 0, 9, 0),
        log("learning_rate", 0.003, 1.0, 0.1, num=26, label="learning_rate of Muon"),
    )
    slide = ("turn",)

    def scene(self, turn, seed, learning_rate) -> Scene:
        kept, names = norm_runs.stored(), list(norm_runs.DIRECTIONS)
        place, num_steps = int(np.abs(np.array(norm_runs.TURNS) - turn).argmin()), norm_runs.BOWL_STEPS
        losses = kept.bowl[place, seed] / kept.bowl[place, seed, :, :1]
        ends = kept.bowl[:, seed, :, -1] / kept.bowl[:, seed, :, 0]
        task = BowlProblem(seed, norm_runs.TURNS[place])
        muon = muon_losses(seed, norm_runs.TURNS[place], learning_rate)
        own, notice = self.learners_losses(task, learning_rate)
        curves = [(losses[k], name, ROLES[name]) for k, name in enumerate(names)] + [
            (muon, "Muon", "nesterov")
        ]
        if own is not None:
            curves.append((own, "your code", "yours"))
        at = np.arange(num_steps + 1)
        left: list[Mark] = [
            # the one that jumps from side to side is thin, so that it covers no other
            Line(at, values, role=role, label=name, by_step="upto", run=Run(name, role, {"loss": values}),
                 width=1.2 if name == "G/|G|" else 2.0)
            for values, name, role in curves
        ]  # fmt: skip
        right: list[Mark] = [
            Line(norm_runs.TURNS, ends[:, k], role=ROLES[name], label=name, marker=True)
            for k, name in enumerate(names)
        ]
        right.append(Rule("x", norm_runs.TURNS[place], role="theory", label="this turn"))
        told = ", ".join(
            f"{name} {say(losses[k, -1], 2)} (rate {say(kept.bowl_rates[place, seed, k], 2)})"
            for k, name in enumerate(names)
        )
        share = log_axis("share of loss left", 1e-7, 1.5, keep=(1e-9, 100.0))
        return Scene(
            panels=[
                panel(axis("step", 0, num_steps), share, left, "each at the best of 51 rates"),
                panel(axis("how far the axes are turned", 0, 1), share, right, f"after {num_steps} steps"),
            ],
            says=(
                f"Axes turned {say(100 * norm_runs.TURNS[place])} % of the way to random ones. Share of the loss that is left "
                f"after {num_steps} steps, each at its best rate: {told}. Muon at the constant rate {say(learning_rate)}, rho "
                f"{RHO}: {say(muon[-1], 2)}."
            ),
            num_steps=num_steps,
            focus="U Vᵀ",
            notice=notice,
        )

    def learners_losses(self, task: BowlProblem, rate: float) -> tuple[np.ndarray | None, str]:
        """The shares of the loss at the points of the learner's own `muon`."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        run = record_path(
            self.yours,
            task,
            np.zeros(task.target.shape),
            learning_rate=rate,
            num_steps=norm_runs.BOWL_STEPS,
            rho=RHO,
        )
        if run.error or len(run.points) != norm_runs.BOWL_STEPS + 1:
            return None, run.error or (
                f"Your code in the picture: it asked for {len(run.points) - 1} gradients in {norm_runs.BOWL_STEPS} steps."
            )
        with np.errstate(all="ignore"):
            losses = np.array([task.value(w) for w in run.points])
        return np.where(np.isfinite(losses), losses, 1e9) / losses[0], ""


@lru_cache(maxsize=256)
def muon_losses(seed: int, turn: float, rate: float) -> np.ndarray:
    """The share of the loss at each step of Muon at a constant rate."""
    task = BowlProblem(seed, turn)
    muon = Muon(rate, rho=RHO, matrices=((0, *task.target.shape),))
    losses = descend(task, muon, np.zeros(task.ndim), norm_runs.BOWL_STEPS, record=("loss",)).loss
    return losses / losses[0]


# -- (d) the network ---------------------------------------------------------------------------------------------------

METHODS = tuple(name for name in norm_runs.OPTIMIZERS if name != "Adam")
# What a learner's function gets behind the number of steps.
MORE = {"Lion": (0.9, 0.99), "Schedule-Free SGD": (0.9,)}


class RatesExplorer(Explorer):
    """An optimizer beside Adam on the network of lesson 09: every rate on the tuning seeds, then the race."""

    title = "On digits: tuning, then the race"
    controls = (
        Choice("method", METHODS, "Muon"),
        Choice("schedule", norm_runs.SCHEDULES, "cosine"),
    )

    def scene(self, method, schedule) -> Scene:
        kept = norm_runs.stored()
        rates = np.array(norm_runs.RATES)
        tuned: list[Mark] = []
        raced: list[Mark] = []
        told = []
        for name, role in (("Adam", "adam"), (method, "path")):
            place = kept.at(name, schedule)
            medians = np.median(kept.tuned_train[place], axis=-1)
            chosen = kept.rates[place]
            train, test = kept.train[place][:, -1], kept.test[place]
            tuned += [
                Line(rates, medians, role=role, label=name, marker=True),
                Points([chosen], [medians.min()], role=role, size=15),
            ]
            raced.append(Points(train, test, role=role, size=9, label=name))
            told.append(
                f"{name} {say(chosen)}, training {say(np.median(train), 2)}, held back {say(np.median(test), 2)}"
            )
        (train, test), (other_train, other_test) = (
            (kept.train[kept.at(name, schedule)][:, -1], kept.test[kept.at(name, schedule)])
            for name in (method, "Adam")
        )
        own, notice = self.learners_end(method, schedule)
        more = ""
        if own is not None:
            chosen = float(kept.rates[kept.at(method, schedule)])
            seed = norm_runs.TUNING_SEEDS[0]
            theirs = kept.tuned_train[kept.at(method, schedule)][norm_runs.RATES.index(chosen), 0]
            tuned.append(Points([chosen], [own], role="yours", size=15, label="your code"))
            more = f" Your code on seed {seed}: training {say(own)}; the kept run {say(theirs)}."
        return Scene(
            panels=[
                panel(
                    log_axis("learning rate", 8e-5, 13.0),
                    log_axis("training loss", 0.001, 10.0, keep=(1e-3, 10.0)),
                    tuned,
                    "tuning: medians of 3 seeds",
                ),
                panel(
                    log_axis("training loss", 0.0006, 1.0, keep=(6e-4, 1.0)),
                    log_axis("held-back loss", 0.06, 2.0, keep=(0.06, 2.0)),
                    raced,
                    "the race: 20 other seeds",
                ),
            ],
            says=(
                f"Schedule {schedule}. Tuned rates and medians of the race: {'; '.join(told)}. {method} is below Adam in "
                f"training loss on {int((train < other_train).sum())} of 20 seeds, held back on "
                f"{int((test < other_test).sum())}.{more}"
            ),
            pin=("seeds below Adam, held back", float((test < other_test).sum())),
            notice=notice,
        )

    def learners_end(self, method: str, schedule: str) -> tuple[float | None, str]:
        """The last training loss of the learner's function at the tuned rate, on the first tuning seed; the rate is constant."""
        if self.yours is None or is_blank(self.yours) or method not in MORE or schedule != "constant":
            return None, ""
        if len(inspect.signature(self.yours).parameters) != 4 + len(MORE[method]):
            return None, ""
        task = race.problem(norm_runs.TUNING_SEEDS[0])
        rate = float(norm_runs.stored().rates[norm_runs.Kept.at(method, schedule)])

        def going():
            batches = itertools.cycle(task.batches)
            return self.yours(
                lambda w: task.model.gradient(w, next(batches)),
                task.start.copy(),
                rate,
                race.NUM_STEPS,
                *MORE[method],
            )

        w, notice = learners_numbers(self.yours, going, task.start.shape, seconds=5.0)
        return (None, notice) if w is None else (float(race.losses_of(w[None], 0)[0]), notice)
