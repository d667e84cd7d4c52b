"""The explorers of lesson 09: the race, the sensitivity to the learning rate, schedules, and the surface of the real network."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from optcourse import race
from optcourse.explorers import parts
from optcourse.explorers.axes import Axis, axis, log_axis, panel
from optcourse.explorers.controls import Choice, Toggle, integers, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.figures.palette import OPTIMIZERS
from optcourse.figures.scene import Band, Field, Line, Mark, Points, Rule, Run, Scene

GROUPS = {
    "all six (medians)": tuple(race.OPTIMIZERS),
    "SGD, Momentum, Nesterov": ("SGD", "Momentum", "Nesterov"),
    "AdaGrad, RMSProp, Adam": ("AdaGrad", "RMSProp", "Adam"),
    "SGD, Nesterov, Adam": ("SGD", "Nesterov", "Adam"),
}
RATES = {
    "each its own best (fair)": None,
    "0.001 for all": 0.001,
    "0.01 for all": 0.01,
    "0.1 for all": 0.1,
    "1 for all": 1.0,
}
SEED = race.RACE_SEEDS[0]  # of the runs that are drawn one by one
CHECKPOINTS = race.EVERY * np.arange(race.NUM_STEPS // race.EVERY + 1)
LOSSES = (0.01, 10.0)
TOP = 30.0  # what is larger is drawn here, above the picture


def losses_axis(label: str) -> Axis:
    """Losses of the race; what is larger than TOP is drawn there, above the picture."""
    return log_axis(label, *LOSSES, keep=(LOSSES[0] / 10, TOP))


def run_of(name: str, role: str, losses: np.ndarray, rate: float) -> Run:
    """A run of the race as it is read out: its losses, and the learning rate that it has."""
    return Run(name, role, {"loss": losses, "learning_rate": np.full(len(losses), rate)})


def in_focus(names: tuple[str, ...]) -> str:
    """Adam, whose lesson was the last one, where it runs."""
    return "Adam" if "Adam" in names else names[-1]


def evaluations() -> Axis:
    return axis("gradient evaluations", 0, race.NUM_STEPS)


def group(show: str) -> tuple[str, ...]:
    return GROUPS[show]


# -- (a) the race --------------------------------------------------------------------------------------------------------


class RaceExplorer(Explorer):
    """Loss against gradient evaluations or seconds: medians over seven seeds, with quartiles; settings shown.

    `yours` is a function `(compute_gradient, w, num_evaluations) -> w`, or a dictionary of the loops of earlier lessons by
    name, `{"Adam": adam}`, which are run with the tuned learning rate.
    """

    title = "The race: a network on digits"
    controls = (
        Choice("rates", tuple(RATES), "each its own best (fair)", label="learning rate"),
        Choice("schedule", tuple(race.SCHEDULES), "constant"),
        Choice("show", tuple(GROUPS), "SGD, Nesterov, Adam"),
        Choice(
            "x_axis",
            ("gradient evaluations", "seconds on this machine"),
            "gradient evaluations",
            label="x axis",
        ),
    )

    def scene(self, rates, schedule, show, x_axis) -> Scene:
        stored, names = race.load(), group(show)
        rate_of = {name: RATES[rates] or stored.best_rate(name, schedule) for name in names}
        seconds = race.seconds_per_step() if x_axis.startswith("seconds") else dict.fromkeys(names, 1.0)
        xmax = race.NUM_STEPS * max(seconds.values())
        marks, ends, medians = [], [], {}
        many = len(names) == len(race.OPTIMIZERS)
        for place, name in enumerate(names):
            role, t = OPTIMIZERS[name], CHECKPOINTS * seconds[name]
            curves = stored.curves(name, rate_of[name], schedule)
            low, median, high = np.quantile(curves, [0.25, 0.5, 0.75], axis=0)
            run = run_of(name, role, median, rate_of[name])
            marks += [] if many else [Band(t, low, high, role=role, run=run)]
            marks += parts.run_line(t, median, f"{name}, {say(rate_of[name])}", role=role, run=run)
            ends += self.end_marks(
                len(names) - 1 - place, role, stored.test_losses(name, rate_of[name], schedule)
            )
            medians[name] = float(median[-1])
        own, own_told, notice = self.learners_marks(rate_of, seconds)
        order = sorted(names, key=medians.get)
        told = "; ".join(
            f"{name} (learning rate {say(rate_of[name])}) {say(medians[name])}" for name in order
        )
        accuracy = float(np.median(stored.accuracies(order[0], rate_of[order[0]], schedule)))
        time_told = ""
        if x_axis.startswith("seconds"):
            slowest = max(names, key=seconds.get)
            times = say(seconds[slowest] / min(seconds.values()), 2)
            time_told = f" A step of {slowest} takes {times} times as long as the quickest one."
        title = "median of 7 seeds" if many else "median and quartiles of 7 seeds"
        loss = losses_axis("training loss")
        rows = axis("large: the median", -0.6, len(names) - 0.4, ticks=list(enumerate(reversed(names))))
        held_back = log_axis("loss on held-back digits", 0.05, 10.0, keep=(0.05, 10.0))
        return Scene(
            panels=[
                panel(axis(x_axis, 0.0, float(xmax)), loss, [*marks, *own], title, weight=1.5),
                panel(held_back, rows, ends, "one dot a seed"),
            ],
            says=(
                f"Median training loss after {race.NUM_STEPS} gradient evaluations, {schedule} schedule, lowest first: {told}. "
                f"{order[0]} reads {accuracy:.1%} of the held-back digits right.{time_told}{own_told}"
            ),
            num_steps=len(CHECKPOINTS) - 1,
            focus=in_focus(names),
            notice=notice,
        )

    @staticmethod
    def end_marks(row: int, role: str, losses: np.ndarray) -> list[Mark]:
        return [
            Points(losses, np.full(len(losses), float(row)), role=role, size=6, alpha=0.75),
            Points([float(np.median(losses))], [float(row)], role=role, size=13),
        ]

    def learners_marks(
        self, rate_of: dict[str, float], seconds: dict[str, float]
    ) -> tuple[list[Mark], str, str]:
        """The learner's own runs on the first seed of the race: (marks, what they say, a sentence where one raised).

        They have no schedule. A loop of an earlier lesson is drawn beside the course's on the same seed.
        """
        if self.yours is None:
            return [], "", ""
        given = self.yours if isinstance(self.yours, Mapping) else {"": self.yours}
        marks, told, notice = [], "", ""
        for name, function in given.items():
            if function is None or function is Ellipsis or (name and name not in rate_of):
                continue
            losses, error = learners_losses(function, name, rate_of.get(name, 0.0))
            notice = notice or error
            if losses is None:
                continue
            one_step = seconds.get(name, min(seconds.values()))
            label = f"your {name}" if name else "your optimizer"
            told += f" On seed {SEED}, {label} ends at {say(losses[-1])}"
            if name:
                same = race.load().curves(name, rate_of[name], seeds=[SEED])[0]
                marks.append(Line(CHECKPOINTS * one_step, same, role="theory", width=1.2))
                told += f" and the course's at {say(same[-1])}"
            told += "."
            kept = np.unique(np.append(np.arange(0, len(losses), race.EVERY), len(losses) - 1))
            marks.append(Line(kept * one_step, losses[kept], role="yours", label=label, marker=True))
        return marks, told, notice


LECTURE = {"rho": 0.9, "decay_rate": 0.99, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}


def learners_losses(function: Callable, name: str, learning_rate: float) -> tuple[np.ndarray | None, str]:
    """Training losses at every point where the learner's function asked for a gradient, on the race's first seed."""
    from optcourse.learner.path import record_path

    task = race.problem(SEED)
    numbers = iter(task.batches * 4)
    problem = SimpleNamespace(gradient=lambda w: task.model.gradient(w, next(numbers)))
    if name:
        hyper = {"learning_rate": learning_rate, "num_steps": race.NUM_STEPS}
        hyper |= {key: value for key, value in LECTURE.items() if takes(function, key)}
    else:
        hyper = {"num_evaluations": race.NUM_STEPS}
    path = record_path(function, problem, task.start, seconds=5.0, **hyper)
    if path.blank or path.error:
        return None, path.error or ""
    return race.losses_of(path.points[: race.NUM_STEPS + 1], SEED), ""


def takes(function: Callable, name: str) -> bool:
    return callable(function) and name in inspect.signature(function).parameters


# -- (b) sensitivity -----------------------------------------------------------------------------------------------------


class SensitivityExplorer(Explorer):
    """The final loss at every learning rate of the grid, and the curves at one of them."""

    title = "How sensitive is it to the learning rate?"
    controls = (
        steps("learning_rate", race.RATES, 0.1),
        Choice("show", tuple(GROUPS), "SGD, Nesterov, Adam"),
        Choice("schedule", tuple(race.SCHEDULES), "constant"),
        Toggle("tuning_seeds", label="show the tuning seeds"),
    )

    def scene(self, learning_rate, show, schedule, tuning_seeds) -> Scene:
        stored, names = race.load(), group(show)
        seeds = race.TUNING_SEEDS if tuning_seeds else race.RACE_SEEDS
        rate = min(race.RATES, key=lambda one: abs(np.log(one / learning_rate)))  # the nearest that was run
        bowls: list[Mark] = [Rule("x", rate, role="neutral", label=f"learning_rate {say(rate)}")]
        curves, told, best = [], [], []
        many = len(names) == len(race.OPTIMIZERS)
        for name in names:
            role = OPTIMIZERS[name]
            low, middle, high = np.quantile(stored.finals(name, schedule, seeds), [0.25, 0.5, 0.75], axis=1)
            bowls += [] if many else [Band(race.RATES, low, high, role=role)]
            bowls.append(Line(race.RATES, middle, label=name, role=role, marker=True))
            median = np.minimum(middle, TOP)
            path = np.minimum(np.median(stored.curves(name, rate, schedule, seeds), axis=0), TOP)
            run = run_of(name, role, path, rate)
            curves += parts.run_line(CHECKPOINTS, path, name, role=role, run=run)
            good = np.array(race.RATES)[median < 2 * median.min()]
            best.append((race.RATES[int(median.argmin())], f"{name}'s best"))
            told.append(
                f"{name} ends at {say(path[-1])} here, at best {say(median.min())} with {say(best[-1][0])}"
            )
            if not many:
                told[-1] += f", and within twice that from {say(good.min())} to {say(good.max())}"
        rates = log_axis("learning_rate", race.RATES[0] * 0.9, race.RATES[-1] * 1.1)
        finals = losses_axis("final loss")
        title = f"each rate: median of {len(seeds)} seeds"
        return Scene(
            panels=[
                panel(rates, finals, bowls, title, weight=1.3),
                panel(
                    evaluations(),
                    losses_axis("training loss"),
                    curves,
                    f"runs at {say(rate)}",
                ),
            ],
            says=f"Learning rate {say(rate)}, {schedule} schedule: " + "; ".join(told) + ".",
            num_steps=len(CHECKPOINTS) - 1,
            focus=in_focus(names),
            slider_marks={} if many else {"learning_rate": best},
        )


# -- (c) schedules -------------------------------------------------------------------------------------------------------

# Not the optimizers' own roles: all four are runs of one optimizer.
SCHEDULE_ROLES = {"constant": "neutral", "step": "second", "cosine": "third", "warm-up + cosine": "path"}
BEST = "its own best"


class ScheduleExplorer(Explorer):
    """Four schedules for one optimizer: the factor on the learning rate, and what it does to the loss.

    `yours` is the learner's `warm_up_cosine(t, num_steps, num_warm_up)`; its factor is drawn beside the others.
    """

    title = "Schedules: a learning rate that changes"
    controls = (
        Choice("optimizer", tuple(race.OPTIMIZERS), "Adam"),
        Choice("rate", (BEST, *(say(rate) for rate in race.RATES)), BEST, label="learning_rate"),
    )

    def scene(self, optimizer, rate) -> Scene:
        stored = race.load()
        t = np.arange(race.NUM_STEPS)
        factors, curves, told = [], [], []
        for name, make in race.SCHEDULES.items():
            value = (
                stored.best_rate(optimizer, name)
                if rate == BEST
                else race.RATES[self.controls[1].options.index(rate) - 1]
            )
            role = SCHEDULE_ROLES[name]
            factor = make()(t) + 0.0 * t
            median = np.median(stored.curves(optimizer, value, name), axis=0)
            now = factor[np.minimum(CHECKPOINTS, t[-1])]
            run = Run(name, role, {"loss": median, "learning_rate": value * now, "factor": now})
            # Each step has its factor, each tenth step its loss: the place of the step is a mark of its own.
            factors.append(Line(t, factor, role=role, label=name))
            factors.append(Points(CHECKPOINTS, now, role=role, by_step="at", run=run))
            curves += parts.run_line(CHECKPOINTS, median, f"{name}, {say(value)}", role=role, run=run)
            told.append(f"{name} (learning rate {say(value)}) {say(median[-1])}")
        own, notice = self.learners_factor(t)
        step, height = axis("step t", 0, race.NUM_STEPS), axis("factor on the learning rate", -0.05, 1.2)
        title, ends = f"{optimizer}: median of 7 seeds", "; ".join(told)
        return Scene(
            panels=[
                panel(step, height, [*factors, *own], "the schedule"),
                panel(evaluations(), losses_axis("training loss"), curves, title, weight=1.3),
            ],
            says=f"{optimizer}, median training loss after {race.NUM_STEPS} evaluations: {ends}.",
            num_steps=len(CHECKPOINTS) - 1,
            focus="warm-up + cosine",
            notice=notice,
        )

    def learners_factor(self, t: np.ndarray) -> tuple[list[Mark], str]:
        from optcourse.exercises.model import Case
        from optcourse.learner.blank import is_blank
        from optcourse.learner.running import run_case

        if self.yours is None or self.yours is Ellipsis or is_blank(self.yours):
            return [], ""
        places, values = t[::10], []
        for place in places:
            outcome = run_case(self.yours, Case((int(place), race.NUM_STEPS, race.NUM_STEPS // 10)), 1.0)
            if (
                outcome.failure
                or outcome.problem
                or np.ndim(outcome.result)
                or isinstance(outcome.result, str | dict)
            ):
                why = outcome.failure.sentence("your schedule", 1.0) if outcome.failure else outcome.problem
                return [], why or "Your schedule should return one number."
            values.append(float(np.real(outcome.result)))
        return [Points(places, np.nan_to_num(np.array(values)), role="yours", size=9, label="your code")], ""


# -- (d) the surface of the real network ---------------------------------------------------------------------------------

PRINCIPAL, OWN, RANDOM = (
    "principal directions of all runs",
    "principal directions of this run",
    "random, filter-normalised",
)
STRIDE = 5  # every fifth point of a run is drawn


class SurfaceExplorer(Explorer):
    """The loss of the real network on a plane through its 1,210 weights, and the runs projected onto it."""

    title = "The real network's loss surface"
    controls = (
        Choice("plane", (PRINCIPAL, OWN, RANDOM), PRINCIPAL, table=False),
        Choice("optimizer", tuple(race.OPTIMIZERS), "Adam", table=False),
        integers("seed", 0, 20, 0, label="seed of the random directions", table=False),
    )
    height = 400

    def scene(self, plane, optimizer, seed) -> Scene:
        centre, basis, half = make_plane(plane, optimizer, seed)
        window = tuple((-float(reach), float(reach)) for reach in half)
        held, real, on_plane = shadow(plane, optimizer, seed)
        t = np.arange(len(real)) * STRIDE
        begin = projected(surface_run(optimizer)[:1], centre, basis)
        marks: list[Mark] = [Points(*begin, role="start", size=10, label="start")]
        profile: list[Mark] = []
        for name in race.OPTIMIZERS:
            role, main = OPTIMIZERS[name], name == optimizer
            known = {"loss": losses_of_run(name), **({"loss at its shadow": on_plane} if main else {})}
            run = Run(name, role, known)
            marks += parts.run_line(*projected(surface_run(name), centre, basis), name, role=role, run=run)
            profile += parts.run_line(t, known["loss"], name, role=role, run=run)
        shade = OPTIMIZERS[optimizer]
        profile.append(Line(t, on_plane, role=shade, label="at its shadow", dash="fine", run=optimizer))
        rate = race.load().best_rate(optimizer)
        return Scene(
            panels=[
                parts.map_panel(
                    window,
                    marks,
                    plane,
                    words=("direction 1", "direction 2"),
                    equal=False,
                    field=surface(plane, optimizer, seed),
                ),
                panel(evaluations(), losses_axis("training loss"), profile, "the run, and its shadow"),
            ],
            says=(
                f"{optimizer} with learning rate {say(rate)}, seed {SEED}. This plane holds {held:.1%} of the movement of its "
                f"run; the rest goes in directions that are not drawn. At the end the loss is {say(real[-1])}, and "
                f"{say(on_plane[-1])} at the shadow of the end on the plane."
            ),
            num_steps=len(real) - 1,
            focus=optimizer,
        )


def projected(w: np.ndarray, centre: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Coordinates (2, points) of the nearest points on the plane."""
    return np.linalg.lstsq(basis.T, (w - centre).T, rcond=None)[0]


@lru_cache(maxsize=64)
def shadow(plane: str, optimizer: str, seed: int) -> tuple[float, np.ndarray, np.ndarray]:
    """(share of the run's squared movement that lies in the plane, losses of the run, losses at its nearest points)."""
    centre, basis, _ = make_plane(plane, optimizer, seed)
    w = surface_run(optimizer)
    flat = projected(w, centre, basis)
    seen = basis.T @ (flat - flat[:, :1])
    held = float(np.sum(seen**2) / np.sum((w - w[0]) ** 2))
    return held, losses_of_run(optimizer), race.losses_of(centre + (basis.T @ flat).T, SEED)


@lru_cache(maxsize=8)
def losses_of_run(name: str) -> np.ndarray:
    """The losses along `surface_run`."""
    return race.losses_of(surface_run(name), SEED)


@lru_cache(maxsize=8)
def surface_run(name: str) -> np.ndarray:
    """The points of a tuned run on the first seed of the race, every STRIDE steps: (checkpoints, 1210)."""
    from optcourse.descent import descend

    task, rate = race.problem(SEED), race.load().best_rate(name)
    optimizer, how = race.OPTIMIZERS[name](rate), {"minibatches": task.batches, "record": ("w",)}
    trace = descend(task.model, optimizer, task.start, race.NUM_STEPS, **how)
    return trace.w[::STRIDE]


@lru_cache(maxsize=64)
def make_plane(plane: str, optimizer: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(centre, two directions as rows, half the width along each)."""
    if plane == RANDOM:
        centre = surface_run(optimizer)[-1]
        rng = np.random.default_rng(seed)
        basis = np.stack([filter_normalised(rng.standard_normal(centre.size), centre) for _ in range(2)])
        return centre, basis, np.array([1.0, 1.0])
    runs = [surface_run(name) for name in (race.OPTIMIZERS if plane == PRINCIPAL else [optimizer])]
    points = np.concatenate(runs)
    mean = points.mean(axis=0)
    basis = np.linalg.svd(points - mean, full_matrices=False)[2][:2]
    flat = (points - mean) @ basis.T
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
    return mean + middle @ basis, basis, 0.65 * (flat.max(axis=0) - flat.min(axis=0))


def filter_normalised(direction: np.ndarray, w: np.ndarray) -> np.ndarray:
    """A direction in which the weights into each unit are as long as they are in w. Reference: Li et al. (2018).

    Biases are left where they are, as in the paper.
    """
    model = race.problem(SEED).model
    made = np.zeros_like(w)
    for out, weights, like in zip(model.unpack(made), model.unpack(direction), model.unpack(w), strict=True):
        if out.ndim == 2:
            out[...] = weights / np.linalg.norm(weights, axis=0) * np.linalg.norm(like, axis=0)
    return made


@lru_cache(maxsize=64)
def surface(plane: str, optimizer: str, seed: int) -> Field:
    """The training loss on a plane."""
    centre, basis, half = make_plane(plane, optimizer, seed)
    model = race.problem(SEED).model

    def value(w):
        return losses_on_plane(model, centre, basis, w[0, 0], w[1, :, 0])

    return parts.field_of(value, (-half[0], half[0]), (-half[1], half[1]), points=27 * 27, wider=False)


def losses_on_plane(model, centre, basis, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The loss at centre + a[j] * basis[0] + b[i] * basis[1], as (i, j), row by row: far quicker than point by point.

    The first layer is linear in the weights, so its products with the images are needed three times only.
    """
    first = [model.X1 @ w[: model.split].reshape(-1, model.num_hidden) for w in (centre, *basis)]
    second = [w[model.split :].reshape(-1, model.num_classes) for w in (centre, *basis)]
    right = model.y
    rows = []
    for height in b:
        hidden = np.maximum(first[0] + height * first[2] + a[:, None, None] * first[1], 0.0)
        table = second[0] + height * second[2] + a[:, None, None] * second[1]
        scores = hidden @ table[:, :-1] + table[:, -1:]
        scores -= scores.max(axis=2, keepdims=True)
        chosen = scores[:, np.arange(len(right)), right]
        rows.append((np.log(np.exp(scores).sum(axis=2)) - chosen).mean(axis=1))
    return np.array(rows)
