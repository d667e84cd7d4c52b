"""Exercises of lesson 09: the race."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from optcourse import race
from optcourse.exercises.answers.lesson_09 import fair_sweep, my_optimizer, warm_up_cosine
from optcourse.exercises.ingredients import NetworkMinibatchGradient, TrialRuns, real_numbers, undisguised
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz

# -- 09-comparison-table: the lecture's last table ----------------------------------------------------------------------

COLUMNS = ("first moments", "second moments", "leaky second moments", "bias correction")
TABLE = {
    "SGD": [False, False, False, False],
    "Momentum": [True, False, False, False],
    "AdaGrad": [False, True, False, False],
    "RMSProp": [False, True, True, False],
    "Adam": [True, True, True, True],
}


ANSWERS = tuple(f"{name.lower()}_tracks" for name in TABLE)


def comparison_table():
    return tuple(list(row) for row in TABLE.values())


def ticks(digits: str) -> list[bool]:
    """A row of the table: "0110" has ticks in the middle."""
    return [digit == "1" for digit in digits]


WHY = {  # for each algorithm, what is true of each column
    "SGD": (
        "No gradient of an earlier step is left when the next one is taken.",
        "Nothing is squared in its update.",
        "Where nothing is kept, nothing can leak.",
        "Where nothing is kept, there is no bias to correct.",
    ),
    "Momentum": (
        "Its `velocity` gathers gradients as they are.",
        "No square of a gradient is kept.",
        "Its leak, `rho`, lets gradients fade, not squares.",
        "Nothing in it divides by `1 - rho**t`.",
    ),
    "AdaGrad": (
        "It steps along the gradient of this step alone.",
        "Its `grad_squared` gathers squares.",
        "Its `grad_squared` only grows: no factor below 1 stands before it.",
        "It divides by the root of the sum as it is.",
    ),
    "RMSProp": (
        "It steps along the gradient of this step alone.",
        "Its `grad_squared` gathers squares.",
        "Its `decay_rate` lets old squares fade.",
        "It divides by the root of `grad_squared` as it is, from the first step on.",
    ),
    "Adam": (
        "Its `moment1` gathers gradients.",
        "Its `moment2` gathers squares.",
        "Its `beta2` lets old squares fade.",
        "It divides both moments by `1 - beta**t`.",
    ),
}


def other_wrong_rows(told: tuple[Misconception, ...]) -> tuple[Misconception, ...]:
    """Every other wrong row, with what is true of the columns that are wrong in it."""
    known = [misconception.code() for misconception in told]
    made = []
    for place, (name, right) in enumerate(TABLE.items()):
        for row in itertools.product((False, True), repeat=4):
            wrong = [k for k in range(4) if row[k] != right[k]]
            values = tuple(list(row) if k == place else None for k in range(len(TABLE)))
            if not wrong or values in known:
                continue
            columns = " and ".join(f"*{COLUMNS[k]}*" for k in wrong)
            reasons = " ".join(WHY[name][k] for k in wrong)
            label = "".join("ny"[tick] for tick in row)
            sentence = f"Look at {name}'s row again, at {columns}. {reasons}"
            made.append(Misconception(f"{name.lower()}-{label}", sentence, functools.partial(tuple, values)))
    return tuple(made)


TOLD_ROWS = wrong_values(
    comparison_table,
    ANSWERS,
    """
    sgd-tracks-the-gradient: sgd_tracks = ticks("1000")
        SGD uses the gradient of this step and forgets it. Tracking means that something is kept from step to step.
    momentum-tracks-nothing: momentum_tracks = ticks("0000")
        Momentum keeps a `velocity`. Look at what it sums up: gradients, or their squares?
    momentum-as-second: momentum_tracks = ticks("0100")
        Momentum's `velocity` sums up gradients as they are. The second moment is about their squares.
    momentum-leaks-second: momentum_tracks = ticks("1010")
        Momentum does leak, through `rho`. But what leaks there is a first moment; this column asks about squares.
    adagrad-leaks: adagrad_tracks = ticks("0110")
        AdaGrad's `grad_squared` only grows: nothing leaks out of it. That is why its steps die away.
    adagrad-as-first: adagrad_tracks = ticks("1000")
        AdaGrad divides by the root of a sum of *squares*: that is a second moment. The gradient itself is not kept.
    adagrad-has-both: adagrad_tracks = ticks("1100")
        AdaGrad steps along the gradient of this step. It keeps its square, not the gradient itself.
    rmsprop-only-leaky: rmsprop_tracks = ticks("0010")
        A leaky second moment is a second moment too: RMSProp needs a tick in both columns.
    rmsprop-does-not-leak: rmsprop_tracks = ticks("0100")
        You forgot what RMSProp added to AdaGrad: `decay_rate` lets old squares fade.
    rmsprop-has-momentum: rmsprop_tracks = ticks("1110")
        RMSProp's update ends with `dw` itself above the fraction line. Who put a moment there came one step later.
    rmsprop-corrects: rmsprop_tracks = ticks("0111")
        RMSProp divides by `grad_squared` as it is, from the first step on. That is what makes its first step so long.
    adam-does-not-correct: adam_tracks = ticks("1110")
        That is *almost* Adam. What did the whole Adam add, with `beta1**t` and `beta2**t`?
    adam-without-leak: adam_tracks = ticks("1101")
        Adam's `moment2` is multiplied by `beta2` at each step, so it does leak.
    adam-without-first: adam_tracks = ticks("0111")
        Adam is RMSProp *plus Momentum*: which column stands for the second half of that?
    a-moment-is-a-correction: momentum_tracks = ticks("1001")
        Momentum's `velocity` starts at zero, but nothing in its update divides by `1 - rho**t`.
    """,
)

COMPARISON_TABLE = Exercise(
    id="09-comparison-table",
    title="Which algorithm tracks what?",
    statement=(
        "For each algorithm, four times True or False in a list: does it track first moments, second moments, leaky second "
        "moments, and does it correct their bias?"
    ),
    points=2,
    answers=ANSWERS,
    reference=comparison_table,
    kind="value",
    misconceptions=TOLD_ROWS + other_wrong_rows(TOLD_ROWS),
    hints=(
        "First moment: something that gathers `dw`. Second moment: something that gathers `dw * dw`. Leaky: a factor below 1 "
        "lets what was gathered fade.",
        "Write the update lines of all five under each other. Which names keep their value from one step to the next, and "
        "what flows into each?",
        "`velocity` and `moment1` are first moments. `grad_squared` and `moment2` are second moments. Only one algorithm "
        "divides by `1 - beta**t`.",
    ),
)


# -- 09-fair-sweep -------------------------------------------------------------------------------------------------------


def sweep_cases(rng: np.random.Generator) -> list[Case]:
    """Tables of final losses in which a lucky seed, a mean, or a missing NaN leads to another learning rate."""
    cases = []
    for num_rates, num_seeds, label in (
        (5, 3, "5 learning rates, 3 seeds"),
        (6, 5, "6 learning rates, 5 seeds"),
        (4, 7, "4 learning rates, 7 seeds"),
        (5, 4, "an even number of seeds"),
    ):
        rates = [float(f"{0.001 * 4.0**k:.4g}") for k in range(num_rates)]
        best = int(rng.integers(1, num_rates - 1))
        losses = (
            0.4
            + 0.3 * np.abs(np.arange(num_rates) - best)[:, None]
            + rng.uniform(0, 0.1, (num_rates, num_seeds))
        )
        losses[best + 1 :, 0] = rng.uniform(0.01, 0.05, num_rates - best - 1)  # too large, but lucky once
        losses[best, -1] = np.nan if num_rates == 6 else rng.uniform(20, 40)  # the best rate has one bad seed
        losses[best - 1, num_seeds // 2 + 1 :] = rng.uniform(0.2, 0.25, num_seeds - num_seeds // 2 - 1)
        losses[best - 1, 1 : num_seeds // 2 + 1] += 0.5
        last = losses[-1] if best != num_rates - 1 else losses[0]
        last[1:] = np.nan  # diverged on all seeds but the first
        cases.append(sweep_case(rng, rates, losses, label))
    rates, losses = [0.1, 0.5, 2.0], rng.uniform(0.3, 0.5, (3, 3)) + np.array([[1.0], [0.0], [0.6]])
    cases.append(sweep_case(rng, rates, losses, "no run that diverges"))
    losses = rng.uniform(0.3, 0.5, (3, 3)) + np.array([[0.0], [0.4], [0.6]])
    losses[2] = [np.inf, np.nan, np.nan]
    cases.append(sweep_case(rng, rates, losses, "the smallest learning rate as the best"))
    losses = rng.uniform(0.3, 0.5, (3, 1)) + np.array([[0.4], [0.7], [0.0]])
    cases.append(sweep_case(rng, rates, losses, "a single seed"))
    return cases


def sweep_case(rng: np.random.Generator, rates: list[float], losses: np.ndarray, label: str) -> Case:
    seeds = [int(seed) for seed in rng.choice(1000, size=losses.shape[1], replace=False)]
    return Case((TrialRuns(rates, seeds, losses), rates, seeds), label=label)


FAIR_SWEEP = Exercise(
    id="09-fair-sweep",
    title="A fair sweep over learning rates",
    statement=(
        "`train(learning_rate, seed)` trains once and gives the final loss, NaN if the run was lost. Run every learning rate "
        "with every seed, once. Return two things: the learning rate with the lowest median over the seeds, and the array of "
        "all medians. A NaN counts as worse than any number, so as `np.inf`."
    ),
    points=3,
    answers=("fair_sweep",),
    reference=fair_sweep,
    cases=sweep_cases,
    compare=("result", "call_count", "inputs"),
    steps=False,
    result_names=("best learning rate", "medians"),
    misconceptions=mistakes(
        fair_sweep,
        """
        mean: np.median => np.mean
            You take the mean over the seeds: a single lost run then decides everything. Take the median.
        luckiest-seed: np.median => np.min
            You keep the best seed of each learning rate. That rewards luck: sum the seeds up by their median.
        unluckiest-seed: np.median => np.max
            You judge each learning rate by its worst seed; asked for is the median over the seeds.
        one-lost-run-is-enough: np.median(losses) => np.median(losses) if np.isfinite(losses).all() else np.inf
            One lost run is enough for you to give a learning rate up, perhaps because its NaN goes into the median. Turn it
            into `np.inf` *before*: then a median stands it, as long as most seeds are well.
        upper-middle: np.median(losses) => np.sort(losses)[len(losses) // 2]
            With an even number of seeds you take the upper one of the two in the middle. The median is their mean.
        lower-middle: np.median(losses) => np.sort(losses)[(len(losses) - 1) // 2]
            With an even number of seeds you take the lower one of the two in the middle. The median is their mean.
        not-sorted: np.median(losses) => losses[len(losses) // 2]
            You take the loss in the middle of the list, as it stands. The median is the middle of the *sorted* losses.
        ignores-nan: losses[np.isnan(losses)] = np.inf => losses = losses[~np.isnan(losses)]
            You leave lost runs out of the median, so a learning rate that diverges looks good. Count a NaN as infinite.
        ignores-infinity-too: losses[np.isnan(losses)] = np.inf => losses = losses[np.isfinite(losses)]
            You leave out of the median what is not finite, so a learning rate that diverges looks good. Count a NaN as
            infinite, and keep what is.
        nan-stays: losses[np.isnan(losses)] = np.inf => pass
            A NaN goes through the median, and then `argmin` picks it. Turn it into `np.inf` before you compare.
        nan-is-zero: = np.inf => = 0
            Your lost runs count as zero, the best loss there is. They are worse than any number.
        nan-is-a-large-number: = np.inf => = 1e9
            Your lost runs count as a large number. They are worse than any number: `np.inf`.
        nan-in-the-mean: losses[np.isnan(losses)] = np.inf => pass
                    and: np.median => np.mean
            You take the mean, and a NaN goes through it: then `argmin` picks the lost runs. Make them infinite and take the
            median.
        nanmean: losses[np.isnan(losses)] = np.inf => pass
            and: np.median(losses) => np.nanmean(losses) if not np.isnan(losses).all() else np.inf
            You take the mean and leave lost runs out of it. Count them as infinite, and take the median.
        sum: np.median => np.sum
            You add the losses of all seeds up: a single lost run then decides everything. Take their median.
        last-seed-only: np.median(losses) => losses[-1]
            Only the last seed of each learning rate counts: gather the losses of all seeds before you sum them up.
        single-best-run: medians = [] => low = np.inf
                    and: medians.append(np.median(losses)) => low, best = min((low, best), (losses.min(), learning_rate))
                    and: losses = … => losses = …; best = learning_rate if low == np.inf else best
                    and: learning_rates[np.argmin(medians)], np.array(medians) => best, low
            You look for the one best run of all. That rewards luck, and the medians are missing: sum up the seeds of each
            learning rate first.
        trains-again: ([train( => ([np.inf if np.isnan(train(learning_rate, seed)) else train(
            Your answer is right, but some runs are trained twice, perhaps to look for NaN: train once and keep the loss.
        arguments-swapped: train(learning_rate, seed) => train(seed, learning_rate)
            The arguments of `train` are swapped: first the learning rate, then the seed.
        median-over-rates: medians = [] => medians, table = [], []
                      and: medians.append(np.median(losses)) => medians.append(np.median(losses)); table.append(losses)
                      and: np.array(medians) => np.median(table, axis=0)
            Your medians are taken the other way: one for each seed. One for each learning rate is wanted.
        all-losses: medians.append(np.median(losses)) => medians.append(losses)
               and: np.argmin(medians) => np.argmin(np.median(medians, axis=1))
            Your second result holds the losses of all runs; wanted is one median for each learning rate.
        last-median-only: np.array(medians) => medians[-1]
            Your second result is one median; wanted is the array of all of them.
        sorted-medians: np.array(medians) => np.sort(medians)
            Your medians are sorted, so nobody knows which learning rate each of them belongs to. Leave them in their order.
        picks-the-worst: np.argmin => np.argmax
            You pick the learning rate with the *highest* median loss.
        picks-the-first: learning_rates[np.argmin(medians)] => learning_rates[0]
            Your first result is the first learning rate; asked for is the one with the lowest median.
        picks-the-largest-that-works: learning_rates[np.argmin(medians)] => learning_rates[int(np.isfinite(medians).sum()) - 1]
            You pick the largest learning rate whose runs are not lost; asked for is the one with the lowest median.
        index-not-rate: learning_rates[np.argmin(medians)] => np.argmin(medians)
            Your first result is the place in the list; asked for is the learning rate that stands there.
        loss-not-rate: learning_rates[np.argmin(medians)] => np.min(medians)
            Your first result is the lowest median itself; asked for is the learning rate that reached it.
        swapped: learning_rates[np.argmin(medians)], np.array(medians) => np.array(medians), learning_rates[np.argmin(medians)]
            Your two results stand the other way round: first the learning rate, then the medians.
        only-the-rate: , np.array(medians) =>
            You return the learning rate alone; the medians belong to the answer too.
        returns-in-the-loop: medians.append(np.median(losses)) => return learning_rate, np.array([np.median(losses)])
            Your function is back after the first learning rate: is the `return` indented into the loop?
        first-seed-only: in seeds] => in seeds[:1]]
            You run only the first seed: one run may be luck. Run them all.
        same-seed-again: train(learning_rate, seed) => train(learning_rate, seeds[0])
            Only the first seed counts: it is run again and again, or the others are left out of your medians. Let the seed
            change, and sum all of them up.
        stops-early: losses = … => if len(medians) > 1 and medians[-1] > medians[-2]: break
                and: losses[np.isnan(losses)] = np.inf => losses = np.array([train(learning_rate, seed) for seed in seeds])
                and: np.median(losses) => np.median(np.where(np.isnan(losses), np.inf, losses))
            You stop at the first learning rate that is worse than the one before. Then the others never had their chance.
        a-seed-for-each-rate: for seed in seeds] => for seed in [seeds[len(medians) % len(seeds)]]]
            Every learning rate gets one run with a seed of its own: then you compare seeds as much as learning rates.
        drops-lost-rates: np.array(medians) => np.array(medians)[np.isfinite(medians)]
            The medians of lost learning rates are missing: keep them, as `np.inf`, so that each learning rate has one.
        """,
    ),
    hints=(
        "Two loops, one inside the other: the outer one over learning rates, the inner one over seeds. After the inner one, "
        "sum the losses up to one number.",
        "Turn the losses of one learning rate into an array, replace its NaN by `np.inf` (`np.isnan` finds them), then "
        "`np.median`.",
        "Gather the medians in a list. `np.argmin(medians)` is the place of the lowest one; return "
        "`learning_rates[that place]` and `np.array(medians)`.",
    ),
)


# -- 09-warm-up-cosine ---------------------------------------------------------------------------------------------------


def schedule_cases(rng: np.random.Generator) -> list[Case]:
    """The first step, the end of the warm-up, the first step after it, random places, the last step; no warm-up at all."""
    cases = []
    for _ in range(3):
        num_steps, num_warm_up = int(rng.integers(60, 400)), int(rng.integers(5, 30))
        places = (
            (0, "the first step"),
            (num_warm_up // 2, "in the warm-up"),
            (num_warm_up - 1, "the last step of the warm-up"),
            (num_warm_up, "the first step after the warm-up"),
            (int(rng.integers(num_warm_up + 2, num_steps // 2)), "soon after the warm-up"),
            (int(rng.integers(num_steps // 2, num_steps - 2)), "in the second half"),
            (num_steps - 1, "the last step"),
        )
        cases += [Case((t, num_steps, num_warm_up), label=label) for t, label in places]
    cases.append(Case((0, 50, 0), label="no warm-up at all"))
    cases.append(Case((int(rng.integers(5, 45)), 50, 0), label="no warm-up, later"))
    return cases


WARM_UP_COSINE = Exercise(
    id="09-warm-up-cosine",
    title="Warm up, then cool down",
    statement=(
        "Return the factor on the learning rate at step `t` = 0, 1, …: a line through 1/num_warm_up at t = 0 and 1 at "
        "t = num_warm_up − 1; from t = num_warm_up on half a cosine wave, which is 1 there and would reach 0 at t = num_steps."
    ),
    points=2,
    answers=("warm_up_cosine",),
    reference=warm_up_cosine,
    cases=schedule_cases,
    misconceptions=mistakes(
        warm_up_cosine,
        """
        starts-at-zero: (t + 1) / num_warm_up => t / num_warm_up
            Your first factor is 0, so the first step does not move at all: begin with 1/num_warm_up.
        starts-at-zero-ends-at-one: (t + 1) / num_warm_up => t / (num_warm_up - 1)
            Your line begins at 0, so the first step does not move at all: it begins with 1/num_warm_up and gains that much at
            each step.
        constant-warm-up: (t + 1) / num_warm_up => 1 / num_warm_up
            Your warm-up stays at 1/num_warm_up: it must rise to 1, by as much at each step.
        out-of-all-steps: (t + 1) / num_warm_up => (t + 1) / num_steps
            Your line rises as if the warm-up took all `num_steps`: it is 1 at `t = num_warm_up - 1`.
        warm-up-as-a-wave: return (t + 1) / num_warm_up => return 0.5 * (1 - np.cos(np.pi * (t + 1) / num_warm_up))
            Your warm-up is a piece of a cosine, too: it is a straight line.
        cosine-from-the-start: (t - num_warm_up) / (num_steps - num_warm_up) => t / num_steps
            Your cosine has begun at step 0 and is part of the way down when the warm-up ends: count its steps from there.
        too-long: / (num_steps - num_warm_up) => / num_steps
            Your cosine counts from the end of the warm-up, but is stretched over all `num_steps`: it has fewer steps left.
        too-short: (t - num_warm_up) => t
            Your cosine arrives at 0 before the last step: you subtract the warm-up from its length, but not from `t`.
        progress-without-brackets: (t - num_warm_up) / (num_steps - num_warm_up) => t - num_warm_up / num_steps - num_warm_up
            Your `progress` lacks brackets: a division binds before a subtraction.
        no-half: 0.5 * (1 + np.cos(np.pi * progress)) => 1 + np.cos(np.pi * progress)
            Your curve begins at 2: half of 1 + cosine lies between 0 and 1.
        half-of-one-only: (1 + np.cos(np.pi * progress)) => 1 + np.cos(np.pi * progress)
            Your 0.5 multiplies the 1 alone: put brackets around 1 + cosine.
        negative: 0.5 * (1 + np.cos(np.pi * progress)) => np.cos(np.pi * progress)
            Your factor becomes negative, and then steps go uphill: a cosine lies between −1 and 1, so it must be lifted.
        quarter-wave: 0.5 * (1 + np.cos(np.pi * progress)) => np.cos(np.pi / 2 * progress)
            You use a quarter of the wave, cos(π/2 · progress). Half a wave is flat at both ends.
        degrees: np.pi * progress => progress
            Your factor hardly falls: `cos` wants its angle in radians, where half a wave is π.
        half-turn-in-degrees: np.pi * progress => 180 * progress
            Your angle is in degrees: `cos` wants radians, where half a wave is π.
        whole-wave: np.pi * progress => 2 * np.pi * progress
            Your factor falls and comes back to 1: 2π is the whole wave, half of it is wanted.
        linear: 0.5 * (1 + np.cos(np.pi * progress)) => 1 - progress
            You come down along a straight line; wanted is half a cosine wave.
        squared: return 0.5 … => return (0.5 …) ** 2
            You square the curve: 0.5 · (1 + cosine) is the factor as it is.
        exponential: 0.5 * (1 + np.cos(np.pi * progress)) => np.exp(-3 * progress)
            You come down along an exponential; wanted is half a cosine wave.
        goes-up: 1 + np.cos => 1 - np.cos
            After the warm-up your factor grows from 0: the sign of the cosine is the wrong way round.
        no-warm-up: (t + 1) / num_warm_up => 1.0
            Your warm-up is missing: the factor is 1 from the first step on.
        cosine-alone: t < num_warm_up => False
            Your warm-up is missing: the cosine runs from the first step on, before its time.
        product: if t < num_warm_up: => if True:
            and: (t + 1) / num_warm_up => min(1.0, (t + 1) / (num_warm_up or 1)) * 0.5 * (1 + np.cos(np.pi * t / num_steps))
            You multiply the line and a cosine that begins at step 0. One comes after the other.
        zero-at-the-last-step: (num_steps - num_warm_up) => max(num_steps - num_warm_up - 1, 1)
            Your factor is 0 at the last step, so that step does not move: it would be 0 one step later, at `t = num_steps`.
        above-one: t < num_warm_up => t <= num_warm_up
              and: / num_warm_up => / max(num_warm_up, 1)
            At `t = num_warm_up` your factor is above 1: that step belongs to the cosine already. Look at `<` and `<=`.
        above-one-and-by-zero: t < num_warm_up => t <= num_warm_up
            At `t = num_warm_up` you are still on the line, above 1 or, without a warm-up, divided by 0. Look at `<` and `<=`.
        warm-up-ends-early: t < num_warm_up => t < num_warm_up - 1
            At `t = num_warm_up - 1` you are on the cosine already: that step is the last one of the line.
        cosine-one-ahead: (t - num_warm_up) => (t - num_warm_up + 1)
            Your cosine is one step ahead: at `t = num_warm_up` it must still be 1.
        sine: np.cos => np.sin
            Your curve begins at one half: a sine is 0 where a cosine is 1.
        warm-up-from-zero-only: (t + 1) => t
                           and: return 0.5 … => return 1.0
            Your factor starts at 0, and it stays at 1 after the warm-up: begin with 1/num_warm_up, and let a cosine follow.
        whole-division: (t + 1) / => (t + 1) //
            Your warm-up is 0 until its last step: `//` cuts the fraction off; use `/`.
        warms-down: (t + 1) / num_warm_up => 1 - t / num_warm_up
            Your line falls during the warm-up: it must rise from 1/num_warm_up to 1.
        stays-at-one: return 0.5 … => return 1.0
            After the warm-up your factor stays at 1: the second part is missing, or a `//` cuts its progress down to 0.
        stays-above-zero: return 0.5 … => return 0.01 + 0.5 …
            Your curve is lifted by 0.01: it would reach 0 at `t = num_steps`.
        divides-by-no-warm-up: t < num_warm_up => t / num_warm_up < 1
            Without a warm-up you divide by 0: ask whether `t < num_warm_up`.
        one-step-late: t < num_warm_up => t < num_warm_up + 1
                  and: / num_warm_up => / (num_warm_up + 1)
            Your warm-up lasts one step too long: its line is 1 at `t = num_warm_up - 1`, and not one step later.
        """,
    ),
    hints=(
        "Two cases: `t < num_warm_up`, and the rest. In the second, how many steps of the cosine have passed, and out of how "
        "many?",
        "First case: `(t + 1) / num_warm_up`. Second: `progress` is `t - num_warm_up` out of `num_steps - num_warm_up`.",
        "`cos(π · progress)` goes from 1 to −1. Add 1 and halve it: `0.5 * (1 + np.cos(np.pi * progress))`.",
    ),
)  # fmt: skip


# -- 09-capstone: an optimizer of your own -------------------------------------------------------------------------------

TARGET = 0.4  # loss on the held-back digits
BUDGET = 200  # gradient evaluations, each on one minibatch of 32


def capstone_cases(rng: np.random.Generator) -> list[Case]:
    """Other digits, another start and other minibatches in every case."""
    cases = []
    for seed in rng.integers(1_000, 1_000_000, size=3):
        task = race.problem(int(seed))
        gradient = NetworkMinibatchGradient(int(seed), int(rng.integers(2**62)))
        cases.append(
            Case(
                (gradient, task.start[gradient.order], BUDGET), label=f"digits and minibatches of seed {seed}"
            )
        )
    return cases


def verify_capstone(case: Case, outcome) -> str | None:
    """None when the held-back loss is reached within the budget; else what went wrong."""
    gradient, start, budget = case.args
    w, count = real_numbers(outcome.result), outcome.counts.get("0", 0)
    if w is None or w.shape != start.shape:
        if w is not None and w.ndim == 2 and w.shape[-1] == start.size:
            return "returns-the-path"
        if w is not None and w.size == start.size:
            return "wrong-shape"
        return f"Your function should return the trained `w`, an array of shape {start.shape}."
    if count == 0:
        return "never-asks"
    if count > budget:
        return {budget + 1: "one-too-many", 2 * budget: "twice-a-step"}.get(count, "over-budget")
    if not np.isfinite(w).all():
        return "diverges"
    task, order = race.problem(gradient.seed), gradient.order
    w = undisguised(w.astype(float), order)
    loss = held_back_loss(task, w)
    if loss <= TARGET:
        return None
    points = [np.asarray(call[0], dtype=float) for call in outcome.calls["0"]]
    if any(point.shape != start.shape for point in points):
        return "diverges"
    points, start = [undisguised(point, order) for point in points], undisguised(start, order)
    return mistake_on_the_way(task, start, w, points, loss, budget) or (
        f"The loss on the held-back digits is {loss:.3g} after {count} evaluations; {TARGET} is wanted. Sweep the learning "
        "rate on several seeds."
    )


def held_back_loss(task: race.Problem, w: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        loss = task.test.value(w)
    return float(loss) if np.isfinite(loss) else math.inf


def mistake_on_the_way(task, start, w, points, loss, budget) -> str | None:
    """The id of the misconception that the points of a run show, which does not reach its target."""
    if not all(np.isfinite(point).all() for point in points):
        return "diverges"
    if np.array_equal(w, start):
        return "returns-the-start"
    if len(points) > 1 and all(np.array_equal(point, points[0]) for point in points):
        return "gradient-at-one-point"
    if not np.array_equal(points[0], start):
        return "starts-elsewhere"
    ends = [*points[1:], w]
    gradients = [
        task.model.gradient(point, batch) for point, batch in zip(points, task.batches, strict=False)
    ]
    if loss > held_back_loss(task, start) and (ends[0] - start) @ gradients[0] > 0:
        return "walks-uphill"
    if len(points) > 5 and all(
        cosine(end - start, -dw) > 1 - 1e-9 for end, dw in zip(ends[1:6], gradients[1:6], strict=False)
    ):
        return "restarts-each-step"
    if len(points) > 5 and all(
        cosine(end, -dw) > 1 - 1e-9 for end, dw in zip(ends[:5], gradients[:5], strict=False)
    ):
        return "replaces-w"
    if held_back_loss(task, points[-1]) <= TARGET:
        return "returns-something-else"
    if len(points) < 0.75 * budget:
        return "stops-early"
    if np.linalg.norm(w - points[len(points) // 2]) < 1e-3 * np.linalg.norm(w - start):
        return "comes-to-rest-too-soon"
    if loss <= 2 * TARGET:
        return "only-just"
    distance = np.linalg.norm(w - start)  # good runs end 7 to 25 away from their start
    if distance < 2 or (distance < 9 and loss < 0.97 * held_back_loss(task, points[3 * len(points) // 4])):
        return "rate-too-small"
    if distance >= 9 or loss > 1.5:
        return "rate-too-large"
    return None


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths else 0.0


@functools.cache
def learned_by_heart() -> np.ndarray:
    """Good weights for the digits of one seed."""
    task = race.problem(0)
    batches = iter(task.batches)
    return my_optimizer(lambda w: task.model.gradient(w, next(batches)), task.start, BUDGET)


CAPSTONE = Exercise(
    id="09-capstone",
    title="Capstone: an optimizer of your own",
    statement=(
        "Train a network of 16 hidden units that you have not seen. `compute_gradient(w)` gives the gradient on the next "
        f"minibatch of 32 digits; you may call it {BUDGET} times (`num_evaluations`). Any algorithm, any schedule, everything "
        f"chosen by you. Return a `w` whose loss on 500 held-back digits is at most {TARGET}, on every seed that is tried. "
        "The `w` that you were given stays as it was."
    ),
    points=6,
    answers=("my_optimizer",),
    reference=my_optimizer,
    cases=capstone_cases,
    verify=verify_capstone,
    seconds=20.0,
    hidden=2,
    misconceptions=mistakes(
        my_optimizer,
        f"""
        never-asks: w = … => return learned_by_heart().copy()
            You return weights without one call of `compute_gradient`. Weights learned elsewhere belong to other digits: train
            on these.
        over-budget: in range(num_evaluations) => in range(3 * num_evaluations)
            You call `compute_gradient` more than {BUDGET} times. The budget is part of the task: let the loop end at
            `num_evaluations`.
        one-too-many: return w => compute_gradient(w); return w
            You call `compute_gradient` once too often. Is there a call before the loop, or after it?
        twice-a-step: compute_gradient(w) => (compute_gradient(w) + compute_gradient(w)) / 2
            You call `compute_gradient` twice in each round. Each call costs one evaluation, and draws another minibatch: call it
            once and keep what it gives.
        diverges: learning_rate = … => learning_rate = 1e200
            Your run leaves all bounds: `w` is not finite any more. The steps are far too long, or something is divided by zero.
        returns-the-start: w -= … => w - …
            You return the `w` that you were given. The loop asks for gradients, but what it does with them is lost.
        gradient-at-one-point: w = … => w = …; start = w.copy()
                          and: learning_rate * compute_gradient(w) => 0.01 * compute_gradient(start)
            All your gradients are taken at the same place, the start. Hand the current `w` to `compute_gradient`.
        walks-uphill: w -= learning_rate * => w += 0.1 *
            Your first step goes uphill and the loss grows: look at the sign of the update.
        restarts-each-step: w = … => w = …; start = w
                       and: w -= learning_rate * compute_gradient(w) => w = start - 0.1 * compute_gradient(w)
            Every step sets off from the start again: subtract from the current `w`, not from the first one.
        replaces-w: w -= learning_rate * compute_gradient(w) => w = -0.3 * compute_gradient(w)
            Your update takes the place of `w`: it must be subtracted from the `w` of before. Look at `=` and `-=`.
        starts-elsewhere: np.array(w, dtype=float) => np.zeros(w.shape)
            Your first gradient is not taken at the `w` that you were given. It is a good start; zeros are not, because then
            all hidden units learn the same.
        returns-something-else: w = … => w = …; start = w.copy()
                           and: return w => return w - start
            The last point at which you asked for a gradient is good enough, but you return something else: the update, perhaps,
            or the change since the start.
        returns-the-path: w = np.array(w, dtype=float) => w = np.array(w, dtype=float); path = [w.copy()]
                     and: w -= … => w -= …; path.append(w.copy())
                     and: return w => return np.array(path)
            You return every point of the walk; the last one alone is wanted.
        wrong-shape: return w => return w.reshape(10, -1)
            Your function should return the trained `w` as one row, as it was given.
        changes-the-start: w = … => pass
            Your weights are good enough, but the caller's own array is changed: `w -= …` writes into the array that you were
            given. Make a float copy before the loop.
        stops-early: in range(num_evaluations) => in range(num_evaluations // 4)
                and: learning_rate = … => learning_rate = 0.2
            You are not there yet, and a good part of the budget is not used. Spend it all.
        comes-to-rest-too-soon: learning_rate = … => learning_rate = 0.3 * max(0.0, 1 - 4 * t / num_evaluations)
            In the second half of the run your `w` hardly moves. Does a schedule reach zero before the budget is spent, or did
            the first steps wreck the network?
        rate-too-small: learning_rate = … => learning_rate = 0.03
            The loss is still falling steadily when the budget is spent: your steps are too short. Try a learning rate three or
            ten times larger.
        rate-too-large: learning_rate = … => learning_rate = 12.0
            Your `w` has gone far, but the network has learned little: the steps are so long that hidden units die or scores run
            wild. Try a smaller learning rate, or warm up.
        only-just: np.array(w, dtype=float) => np.array(w, dtype=float); grad_squared = np.zeros_like(w)
              and: learning_rate = … => dw = compute_gradient(w); grad_squared += dw * dw
              and: learning_rate * compute_gradient(w) => 0.02 * dw / (np.sqrt(grad_squared) + 1e-7)
            You come close but not close enough on this seed. Is it tuned to one seed? Other digits may ask for a little more:
            sweep on several seeds and keep a margin.
        """,
    ),
    hints=(
        "Begin with one of the loops that you have written: Momentum, Nesterov or Adam. Which learning rate did the sensitivity "
        "explorer show as best for it? With 200 steps in place of 300, stay near it, rather below.",
        "Try it on a few seeds of your own with `try_on_seeds` (the cell below the blank one). If the losses differ much from "
        "seed to seed, the learning rate is too large: lower it, or let a schedule lower it towards the end.",
        "Adam with a learning rate of 0.02 (beta1 = 0.9, beta2 = 0.999) is enough. So is plain SGD with 0.4, if over the second "
        "half of the budget the learning rate falls in a line towards 0.",
    ),
)


EXERCISES = (COMPARISON_TABLE, FAIR_SWEEP, WARM_UP_COSINE, CAPSTONE)


# -- predictions ---------------------------------------------------------------------------------------------------------


def lowest(losses: dict[str, float]) -> int:
    """The place of the optimizer with the lowest loss among all of them."""
    return list(race.OPTIMIZERS).index(min(losses, key=losses.get))


def winner_at_one_thousandth() -> int:
    stored = race.load()
    return lowest({name: float(np.median(stored.curves(name, 0.001)[:, -1])) for name in race.OPTIMIZERS})


def winner_tuned() -> int:
    stored = race.load()
    return lowest(
        {
            name: float(np.median(stored.curves(name, stored.best_rate(name))[:, -1]))
            for name in race.OPTIMIZERS
        }
    )


FACTORS = (0.1, 1.0, 15.0, 300.0)


def ratio_of_rates() -> int:
    """Which choice: the factor that is nearest to SGD's tuned learning rate over Adam's."""
    ratio = race.load().best_rate("SGD") / race.load().best_rate("Adam")
    return int(np.argmin([abs(math.log(ratio / factor)) for factor in FACTORS]))


PREDICTIONS = (
    Prediction(
        id="09-same-rate",
        question=(
            "All six train the same network on the same minibatches, and everybody gets the learning rate 0.001, a default that "
            "many libraries have for Adam. Who has the lowest training loss after 300 steps?"
        ),
        kind="choice",
        choices=tuple(race.OPTIMIZERS),
        answer=winner_at_one_thousandth,
        reveal=(
            "One number is not one step length. RMSProp and Adam divide by the gradient's size, so 0.001 is a fair step for "
            "them; for the others it is hundreds of times too small. And RMSProp's uncorrected first step is ten times longer "
            "than Adam's. This race says who fits the number 0.001, and nothing else."
        ),
    ),
    Prediction(
        id="09-tuned",
        question=(
            "Now everybody may choose: each tries the same 16 learning rates on the same 3 seeds and takes its best. Who has "
            "the lowest median training loss after 300 steps, on seven new seeds, at a constant learning rate?"
        ),
        kind="choice",
        choices=tuple(race.OPTIMIZERS),
        answer=winner_tuned,
        reveal=(
            "The order of the race before is gone. Tuning changes more than the choice of algorithm does, and that is the "
            "first thing to ask of any comparison: how was each one tuned?"
        ),
    ),
    Prediction(
        id="09-ratio-of-rates",
        question="Everybody is tuned. How does SGD's best learning rate compare with Adam's on this network?",
        kind="choice",
        choices=(
            "It is ten or more times smaller: without second moments one must be careful.",
            "They are about the same: the network and the minibatches are the same.",
            "It is ten to twenty times larger.",
            "It is hundreds of times larger, since nothing is divided.",
        ),
        answer=ratio_of_rates,
        reveal=(
            "Adam divides by the size of the gradient and SGD does not, and on this network most gradients are far below 1. A "
            "learning rate cannot be carried over from one algorithm to another."
        ),
    ),
)


# -- quiz ----------------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="09",
    title="The race",
    questions=(
        Question(
            "A paper shows its new optimizer below SGD. The new one was tuned over 50 settings, SGD ran with a default. What "
            "does the figure show?",
            (
                "That the new optimizer is better.",
                "Mostly that tuning helps.",
                "That SGD cannot be tuned.",
                "Nothing about either; such curves are random.",
            ),
            1,
            (
                "It may be, but this comparison cannot tell: one of the two was helped and the other was not.",
                "Right. In this lesson the order of the algorithms changes as soon as everybody gets the same tuning budget.",
                "It was not tried, so the figure cannot show it.",
                "The curves are real; it is the comparison between them that is not fair.",
            ),
        ),
        Question(
            "Why are the seeds that choose the learning rate not the seeds of the race?",
            (
                "Because a learning rate chosen on a seed fits that seed's luck a little, and would flatter itself there.",
                "Because a seed can be used only once by a random generator.",
                "To save time.",
                "Because different optimizers need different seeds: a start that suits one of them may be bad for another one.",
            ),
            0,
            (
                "Right: it is the same reason for which images are held back from training.",
                "A seed can be used as often as you like, and always gives the same numbers.",
                "It costs more runs, not fewer.",
                "On the contrary: every optimizer gets the same starts and the same minibatches.",
            ),
        ),
        Question(
            "Two algorithms had the same seven seeds. Their bands, from quartile to quartile, overlap all the way. What do you "
            "look at next?",
            (
                "Nothing: bands that overlap show that the two are equally good.",
                "The medians at the end: the lower one is better.",
                "The difference on each seed, and on how many it has the same sign.",
                "The best seed of each: it shows what an algorithm can do.",
            ),
            2,
            (
                "A band holds the seeds' luck too. In this lesson two bands overlap everywhere, and one wins on all seven.",
                "The medians may belong to two different seeds, and trade places with seven others.",
                "Right. Equally good algorithms would agree on all seven signs only once in 64 times.",
                "With enough seeds, everybody is lucky once.",
            ),
        ),
        Question(
            "In the plane of two random directions, the path of a run of a network with 1,210 weights looks like a dot. Why?",
            (
                "The optimizer did not move.",
                "Two random directions of 1,210 hold almost none of a path's movement.",
                "The picture is drawn too coarsely.",
                "All weights moved by the same amount, and equal moves cancel in a random direction.",
            ),
            1,
            (
                "It moved far; the loss fell. It moved in other directions.",
                "Right: they hold one or two per cent of it at most. The run's own principal directions hold nearly all.",
                "A finer picture shows a smaller dot.",
                "They did not; and it would not look like a dot for that reason.",
            ),
        ),
        Question(
            "Which pair of algorithms differs by the leak alone?",
            ("SGD and Momentum", "RMSProp and Adam", "Momentum and Adam", "AdaGrad and RMSProp"),
            3,
            (
                "Momentum keeps a velocity, SGD keeps nothing: the whole memory is the difference.",
                "Adam adds a first moment and the bias correction.",
                "Adam adds second moments and the bias correction.",
                "Right: a sum of squares that only grows, and one that forgets.",
            ),
        ),
        Question(
            "What does warm-up protect against?",
            (
                "Long first steps, at a place where the gradients are large and the moments know next to nothing.",
                "Too few gradient evaluations.",
                "The noise of the minibatches at the end of a run, which keeps the walker from settling near the minimum.",
                "Overfitting to the training digits.",
            ),
            0,
            (
                "Right. In this lesson it lets the learning rate be larger afterwards.",
                "It spends a few of them; it saves none.",
                "That is what the falling part of a schedule is for.",
                "A schedule may change how well held-back digits are read, but that is not what a warm-up is for.",
            ),
        ),
    ),
)
