"""The explorers of lesson 16, the claims audit, in the order in which the lesson shows them."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np

from optcourse import race_two
from optcourse.claims import choose, expected_best, sign_test, steps_to_target
from optcourse.explorers.axes import Axis, axis, log_axis, panel
from optcourse.explorers.controls import Choice, Toggle, integers, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.parts import say
from optcourse.figures.palette import OPTIMIZERS as ROLES
from optcourse.figures.scene import Bars, Line, Mark, Points, Rule, Scene, Text
from optcourse.learner.blank import is_blank
from optcourse.race_two import ANY, EVERY, LOSSES, NUM_STEPS, RACE_SEEDS, RATES, SCHEDULES, TUNING_SEEDS

NAMES = tuple(race_two.OPTIMIZERS)
ROLE_OF = {"Lion": "fourth", "Muon": "third", "Schedule-Free": "fifth", **ROLES}
# Ten optimizers stand in one panel: those without a role of their own get what no other has.
SHAPE_OF = {"Lion": "plus", "Muon": "star"}
DASH_OF = {"Muon": "solid"}
SOME = ("Nesterov", "Adam", "Muon", "Schedule-Free")  # those of most figures
ENDS = (0.001, 5.0)
TOP = 10.0  # what is larger is drawn here, beyond the picture
EQUAL = (0.05, ENDS[1])  # where both losses are drawn


def losses(label: str, lo: float = ENDS[0], hi: float = ENDS[1]) -> Axis:
    return log_axis(label, lo, hi, keep=(lo / 10, TOP))


def said(setting: race_two.Setting) -> str:
    schedule, rate = setting
    return f"{schedule}, {say(rate)}"


def rows(names) -> Axis:
    """One row for each name, the first at the top."""
    return axis("optimizer", -0.5, len(names) - 0.5, ticks=list(enumerate(reversed(names))))


def row_of(name: str, names) -> int:
    return len(names) - 1 - names.index(name)


# -- (a) the podium ----------------------------------------------------------------------------------------------------

BUDGETS = (2, 4, 8, 16)


@lru_cache(maxsize=256)
def tuned(name: str, criterion: str, schedule: str, rates: int) -> race_two.Setting:
    """The setting with the lowest median of the tuning seeds among so many learning rates, spread over the grid."""
    tried = np.linspace(0, len(RATES) - 1, rates).round().astype(int)
    table = race_two.load().table(name, criterion, schedule)
    settings = race_two.settings(schedule)
    among = [k for k, (_, rate) in enumerate(settings) if RATES.index(rate) in tried]
    return settings[among[choose(table[among])]]


class PodiumExplorer(Explorer):
    """Ten optimizers, and the first three by training and by held-back loss, after the tuning that one chooses."""

    title = "Who is first?"
    height = 400
    controls = (
        Choice("criterion", LOSSES, "training", label="tuned on"),
        Choice("schedule", (ANY, *SCHEDULES), ANY),
        steps("rates", BUDGETS, 16, whole=True, label="learning rates tried"),
        steps("seeds", (1, 3, 5, 10, 20), 20, whole=True, label="seeds of the race"),
    )

    def scene(self, criterion, schedule, rates, seeds) -> Scene:
        kept = race_two.load()
        budget = min(BUDGETS, key=lambda one: abs(one - rates))
        setting = {name: tuned(name, criterion, schedule, budget) for name in NAMES}
        panels, told = [], []
        for loss in LOSSES:
            raced = {name: kept.raced(name, setting[name], loss)[:seeds] for name in NAMES}
            order = sorted(NAMES, key=lambda name: np.median(raced[name]))
            marks: list[Mark] = []
            for name in NAMES:
                row, median, shape = row_of(name, NAMES), float(np.median(raced[name])), SHAPE_OF.get(name)
                marks.append(
                    Points(raced[name], np.full(seeds, row), role=ROLE_OF[name], size=5, shape=shape)
                )
                marks.append(Points([median], [row], role=ROLE_OF[name], size=13, shape=shape))
                if (rank := order.index(name)) < 3:
                    marks.append(Text(1.3, row, f"{rank + 1}.", role="start", above=-5))
            lowest = 0.0005 if loss == "training" else 0.05
            panels.append(panel(losses(f"{loss} loss", lowest, 2.0), rows(NAMES), marks, f"{loss} loss"))
            first = ", ".join(f"{name} {say(float(np.median(raced[name])))}" for name in order[:3])
            told.append(f"By {loss} loss the first three are {first}")
        tries = len(race_two.settings(schedule)) * budget // len(RATES)
        who = order[0]
        return Scene(
            panels=panels,
            says=(
                f"Each has tried {tries} settings on three seeds, tuned on {criterion} loss; {seeds} "
                f"seed{'s' * (seeds > 1)} of the race. {told[0]}. {told[1]}. ({who}: {said(setting[who])}.)"
            ),
            pin=(f"held-back loss of {who}", float(np.median(raced[who]))),
        )


# -- (d) held back against training ------------------------------------------------------------------------------------


class CriterionExplorer(Explorer):
    """All 48 settings of one optimizer by their medians on the tuning seeds; and the two that the criteria choose, raced."""

    title = "Two criteria, two choices"
    controls = (
        Choice("optimizer", NAMES, "Muon"),
        Choice("schedule", (ANY, *SCHEDULES), ANY),
        Toggle("race_seeds", label="medians of the race in place of the tuning"),
    )

    def scene(self, optimizer, schedule, race_seeds) -> Scene:
        kept, settings = race_two.load(), race_two.settings(schedule)
        seeds = RACE_SEEDS if race_seeds else TUNING_SEEDS
        x, y = (np.median(kept.table(optimizer, loss, schedule, seeds), axis=1) for loss in LOSSES)
        picks = [kept.chosen(optimizer, loss, schedule) for loss in LOSSES]
        marks: list[Mark] = [
            Line(EQUAL, EQUAL, role="neutral", label="held back = training", width=1.2),
            Points(x, y, role=ROLE_OF[optimizer], size=7, shape=SHAPE_OF.get(optimizer)),
        ]
        ends: list[Mark] = []
        lower = {}
        for loss, role, row, shape in (("training", "second", 1, "ring"), ("held-back", "path", 0, "square")):
            pick = picks[LOSSES.index(loss)]
            at = settings.index(pick)
            marks.append(Points([x[at]], [y[at]], role=role, shape=shape, size=15))
            held = kept.raced(optimizer, pick, "held-back")
            lower[loss] = held
            ends.append(Points(held, np.full(len(held), row), role=role, shape=shape, size=7))
            ends.append(Points([float(np.median(held))], [row], role=role, shape=shape, size=15))
        for mine, other in zip(lower["training"], lower["held-back"], strict=True):
            ends.append(Line([mine, other], [1, 0], role="neutral", width=0.8, dash="solid"))
        n = len(RACE_SEEDS)
        wins = int((lower["held-back"] < lower["training"]).sum())
        same = picks[0] == picks[1]
        words = (
            f"Both criteria choose {said(picks[0])}."
            if same
            else f"Training loss chooses {said(picks[0])}, held-back loss {said(picks[1])}. In the race the second choice has "
            f"the lower held-back loss on {wins} of {n} seeds: medians {say(float(np.median(lower['training'])))} and "
            f"{say(float(np.median(lower['held-back'])))}."
        )
        ticks = [(1, "by training"), (0, "by held-back")]
        return Scene(
            panels=[
                panel(
                    losses("training loss"),
                    losses("held-back loss", 0.05),
                    marks,
                    f"{len(settings)} settings, {len(seeds)} seeds",
                ),
                panel(
                    log_axis("held-back loss in the race", 0.05, 1.0, keep=(0.05, 1.0)),
                    axis("chosen", -0.6, 1.6, ticks=ticks),
                    ends,
                    "the two choices, raced",
                ),
            ],
            says=f"{optimizer}. {words}",
            pin=("held-back loss, chosen by training loss", float(np.median(lower["training"]))),
        )


# -- (b) pairs ---------------------------------------------------------------------------------------------------------


class PairsExplorer(Explorer):
    """Two optimizers seed by seed, and how often fair coins fall as unevenly. `yours` is the learner's `sign_test(a, b)`."""

    title = "Pair by pair"
    controls = (
        Choice("a", NAMES, "Muon"),
        Choice("b", NAMES, "Nesterov"),
        Choice("loss", LOSSES, "held-back"),
        Choice("criterion", LOSSES, "training", label="tuned on"),
        integers("seeds", 1, 20, 20),
    )
    slide = ("loss", "criterion", "seeds")

    def scene(self, a, b, loss, criterion, seeds) -> Scene:
        kept = race_two.load()
        one, two = (kept.raced(name, kept.chosen(name, criterion), loss)[:seeds] for name in (a, b))
        lower, higher = int((one < two).sum()), int((one > two).sum())
        n, fewer, p = lower + higher, min(lower, higher), sign_test(one, two)
        at = np.array(RACE_SEEDS[:seeds])
        lo, hi = (0.0005, 0.5) if loss == "training" else (0.05, 1.0)
        gap = np.full(seeds, np.nan)
        joined = Line(
            np.stack([at, at, gap], axis=1).ravel(),
            np.stack([one, two, gap], axis=1).ravel(),
            role="neutral",
            width=1.2,
            dash="solid",
        )
        marks: list[Mark] = [
            joined,
            Points(at, one, role=ROLE_OF[a], size=10, shape=SHAPE_OF.get(a), label=a),
            Points(at, two, role=ROLE_OF[b], size=10, shape=SHAPE_OF.get(b), label=b)
            if b != a
            else Points(at, two, role="neutral", size=10, label=b),
        ]
        counts = np.arange(n + 1)
        chances = np.array([comb(n, k) for k in counts]) / 2.0**n
        uneven = (counts <= fewer) | (counts >= n - fewer)
        coins: list[Mark] = [
            Bars(counts, np.where(uneven, 0.0, chances), role="neutral", width=0.8, label="fair coins"),
            Bars(counts, np.where(uneven, chances, 0.0), role="second", width=0.8, label="as uneven"),
            Rule("x", lower, role="path", label="seen"),
        ]
        own, notice = self.learners_p(one, two)
        if own is not None:
            coins.append(Text(0.0, 0.52, f"your p: {say(own)}", role="yours"))
        shown = (
            f"fair coins fall as unevenly with p = {say(p, 2)}: "
            + ("that is rare" if p < race_two.CHANCE else "nothing is shown")
            if n
            else "no pair differs"
        )
        top = max(0.55, float(chances.max()))
        return Scene(
            panels=[
                panel(
                    axis("seed", RACE_SEEDS[0] - 1, RACE_SEEDS[-1] + 1),
                    log_axis(f"{loss} loss", lo, hi, keep=(lo / 10, hi * 10)),
                    marks,
                    "one pair a seed",
                    weight=1.3,
                ),
                panel(
                    axis(f"how often {a} is lower", -0.6, max(n, 1) + 0.6),
                    axis("chance", 0.0, 1.1 if top > 0.9 else 0.6),
                    coins,
                    "and what coins do",
                ),
            ],
            says=f"{loss.capitalize()} loss, tuned on {criterion} loss: {a} is lower on {lower} of {n}; {shown}.",
            pin=("p", p),
            notice=notice,
        )

    def learners_p(self, a: np.ndarray, b: np.ndarray) -> tuple[float | None, str]:
        if self.yours is None or is_blank(self.yours):
            return None, ""
        found, notice = learners_numbers(self.yours, lambda: self.yours(a.copy(), b.copy()), ())
        return None if found is None else float(found), notice


# -- (c) a target ------------------------------------------------------------------------------------------------------

GROUPS = {
    "Nesterov, Adam, Muon, Schedule-Free": SOME,
    "SGD, AdaGrad, RMSProp, Momentum": ("SGD", "AdaGrad", "RMSProp", "Momentum"),
    "Adam, AdamW, Lion, Schedule-Free": ("Adam", "AdamW", "Lion", "Schedule-Free"),
}
TARGETS = (1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005)
CHECKPOINTS = EVERY * np.arange(NUM_STEPS // EVERY + 1)
NEVER = NUM_STEPS + 25  # where a run that never comes there is drawn


class TargetExplorer(Explorer):
    """Median training losses on the way, and on each seed the steps to a target. `yours` is `steps_to_target(curves, target)`."""

    title = "Who is there first?"
    controls = (
        steps("target", TARGETS, 0.3),
        Choice("show", tuple(GROUPS), next(iter(GROUPS))),
    )

    def scene(self, target, show) -> Scene:
        kept, names = race_two.load(), GROUPS[show]
        curves = {name: kept.curves(name, kept.chosen(name)) for name in names}
        medians = {name: np.median(curves[name], axis=0) for name in names}
        lines: list[Mark] = [Rule("y", target, role="limit", label="target", dash="dash")]
        dots: list[Mark] = []
        told = []
        own, notice = self.learners_steps(curves, target)
        for name in names:
            role, row = ROLE_OF[name], row_of(name, names)
            lines.append(Line(CHECKPOINTS, medians[name], role=role, label=name, dash=DASH_OF.get(name)))
            reached = steps_to_target(curves[name], target)
            at = np.where(reached < 0, NEVER, EVERY * reached)
            spread = np.linspace(-0.25, 0.25, len(at))
            dots.append(Points(at, row + spread, role=role, size=9, shape=SHAPE_OF.get(name)))
            if name in own:
                mine = np.where(own[name] < 0, NEVER, EVERY * own[name])
                dots.append(Points(mine, row + spread, role="yours", size=5))
            never = int((reached < 0).sum())
            told.append(f"{name} {say(float(np.median(at)))}" + (f" (never on {never})" if never else ""))
        first = min(names, key=lambda name: np.median(steps_or_more(curves[name], target)))
        lowest = min(names, key=lambda name: medians[name][-1])
        ticks = [(0, "0"), (100, "100"), (200, "200"), (300, "300"), (NEVER, "never")]
        nobody = all((steps_to_target(curves[name], target) < 0).all() for name in names)
        ahead = "Nobody comes there" if nobody else f"{first} is there first"
        return Scene(
            panels=[
                panel(
                    axis("steps", 0, NUM_STEPS),
                    losses("training loss", 0.001, 4.0),
                    lines,
                    "medians of 20 seeds",
                    weight=1.2,
                ),
                panel(
                    axis("steps to the target", 0, NEVER + 15, ticks=ticks),
                    rows(names),
                    dots,
                    "one dot a seed",
                ),
            ],
            says=(
                f"Median steps to a training loss of {say(target)}: {', '.join(told)}. {ahead}; at the end {lowest} has the "
                f"lowest training loss, {say(float(medians[lowest][-1]))}."
            ),
            pin=("steps of the first", float(np.median(steps_or_more(curves[first], target)))),
            notice=notice,
        )

    def learners_steps(self, curves, target: float) -> tuple[dict[str, np.ndarray], str]:
        if self.yours is None or is_blank(self.yours):
            return {}, ""
        found = {}
        for name, table in curves.items():
            numbers, notice = learners_numbers(
                self.yours, lambda table=table: self.yours(table.copy(), target), (len(table),)
            )
            if numbers is None:
                return {}, notice.replace(
                    "an array shaped like w", f"{len(table)} numbers, one for each seed"
                )
            found[name] = np.nan_to_num(numbers, nan=-1.0)
        return found, ""


def steps_or_more(curves: np.ndarray, target: float) -> np.ndarray:
    """Steps to the target; NEVER where it is not reached."""
    reached = steps_to_target(curves, target)
    return np.where(reached < 0, NEVER, EVERY * reached)


# -- (e) a budget ------------------------------------------------------------------------------------------------------


class BudgetExplorer(Explorer):
    """What the best of k random settings is expected to have. `yours` is the learner's `expected_best(values, k)`."""

    title = "What does a small budget buy?"
    controls = (
        integers("k", 1, 48, 4, label="settings tried"),
        Choice("loss", LOSSES, "held-back"),
        Choice(
            "show",
            ("Adam, AdamW, Muon, Schedule-Free", "Nesterov, Adam, Lion, Muon"),
            "Adam, AdamW, Muon, Schedule-Free",
        ),
    )

    def scene(self, k, loss, show) -> Scene:
        names = tuple(show.split(", "))
        counts = np.arange(1, 49)
        marks: list[Mark] = [Rule("x", k, role="neutral", label=f"{k} tried", dash="dash")]
        at = {}
        for name in names:
            curve = best_of(name, loss)
            at[name] = float(curve[k - 1])
            marks.append(Line(counts, curve, role=ROLE_OF[name], label=name, dash=DASH_OF.get(name)))
            marks.append(Points([k], [at[name]], role=ROLE_OF[name], size=11, shape=SHAPE_OF.get(name)))
        own, notice = self.learners_curve(names[0], loss)
        if own is not None:
            marks.append(Line(OWN_COUNTS, own, role="yours", label=f"your code, {names[0]}", marker=True))
        order = sorted(names, key=at.get)
        spread: list[Mark] = []
        for name in names:
            row, values = row_of(name, names), medians_of(name, loss)
            spread.append(
                Points(
                    values, np.full(len(values), row), role=ROLE_OF[name], size=6, shape=SHAPE_OF.get(name)
                )
            )
            spread.append(Points([at[name]], [row], role=ROLE_OF[name], size=13, shape=SHAPE_OF.get(name)))
        top = 10.0
        return Scene(
            panels=[
                panel(
                    log_axis("settings tried, k", 1, 48, ticks=[(n, str(n)) for n in (1, 2, 4, 8, 16, 48)]),
                    log_axis(f"expected best {loss} loss", *BUDGET_LIMITS[loss], keep=(1e-4, 100.0)),
                    marks,
                    "the best of k settings",
                    weight=1.2,
                ),
                panel(
                    log_axis(f"{loss} loss", BUDGET_LIMITS[loss][0], top, keep=(1e-4, top)),
                    rows(names),
                    spread,
                    "all 48, and what k find",
                ),
            ],
            says=(
                f"The best of {k} random setting{'s' * (k > 1)} is expected to have a {loss} loss of "
                f"{', '.join(f'{say(at[name])} ({name})' for name in order)}. Medians of the tuning seeds."
            ),
            pin=(f"expected best of {names[0]}", at[names[0]]),
            notice=notice,
        )

    def learners_curve(self, name: str, loss: str) -> tuple[np.ndarray | None, str]:
        if self.yours is None or is_blank(self.yours):
            return None, ""
        values = medians_of(name, loss)

        def compute():
            return [self.yours(values.copy(), int(k)) for k in OWN_COUNTS]

        found, notice = learners_numbers(self.yours, compute, (len(OWN_COUNTS),))
        return found, notice.replace("an array shaped like w", "one number")


BUDGET_LIMITS = {"training": (0.001, 20.0), "held-back": (0.08, 20.0)}
OWN_COUNTS = (1, 2, 4, 8, 16, 32, 48)


def medians_of(name: str, loss: str) -> np.ndarray:
    """All 48 settings: medians of the tuning seeds."""
    return np.median(race_two.load().table(name, loss), axis=1)


@lru_cache(maxsize=32)
def best_of(name: str, loss: str) -> np.ndarray:
    """The expected best of 1, 2 ... 48 settings."""
    values = medians_of(name, loss)
    return np.array([expected_best(values, k) for k in range(1, len(values) + 1)])


# -- (f) a claim under every tuning ------------------------------------------------------------------------------------


class ClaimExplorer(Explorer):
    """One of the eight claims: its pairs after our tuning, and how it fares under every choice of the tuning seeds."""

    title = "A claim on the bench"
    controls = (integers("claim", 1, 8, 1),)

    def scene(self, claim) -> Scene:
        said_of = race_two.CLAIMS[claim - 1]
        a, b = said_of.pairs()
        found = race_two.audited(said_of)
        at = np.array(RACE_SEEDS)
        measured = "steps" if said_of.target is not None else f"{said_of.loss} loss"
        role_a, role_b = ROLE_OF[said_of.a], ROLE_OF[said_of.b]
        roles = (role_a, role_b if role_b != role_a else "neutral")
        names = said_of.names()
        if said_of.target is None:
            lo, hi = (0.0005, 1.0) if said_of.loss == "training" else (0.05, 1.0)
            height = log_axis(measured, lo, hi, keep=(lo / 10, hi * 10))
        else:
            height = axis(f"steps to {say(said_of.target)}", 0, NUM_STEPS + EVERY)
        gap = np.full(len(at), np.nan)
        pairs: list[Mark] = [
            Line(np.stack([at, at, gap], axis=1).ravel(), np.stack([a, b, gap], axis=1).ravel(), role="neutral",
                 width=1.2, dash="solid"),
            Points(at, a, role=roles[0], size=10, shape=SHAPE_OF.get(said_of.a), label=names[0]),
            Points(at, b, role=roles[1], size=10, shape=SHAPE_OF.get(said_of.b), label=names[1]),
        ]  # fmt: skip
        wins = np.arange(len(at) + 1)
        choices = len(found.wins)
        counts = np.bincount(found.wins, minlength=len(wins))
        return Scene(
            panels=[
                panel(axis("seed", at[0] - 1, at[-1] + 1), height, pairs, "after our tuning", weight=1.2),
                panel(
                    axis(f"seeds on which {names[0]} is ahead", -0.6, len(at) + 0.6),
                    axis("choices of the tuning seeds", 0, 1.05 * choices),
                    [
                        Bars(wins, counts, role=roles[0], width=0.8),
                        Rule("x", found.lower, role="path", label="ours"),
                    ],
                    f"all {choices} choices",
                ),
            ],
            says=(
                f"Claim {claim}: {said_of.words} ({said_of.source}) After our tuning {names[0]} is ahead on {found.lower} of "
                f"{found.pairs} seeds, p = {say(found.p, 2)}. Of all {choices} choices of the tuning seeds {found.shown} show "
                f"it, {found.opposite} the opposite."
            ),
            pin=("p", found.p),
        )
