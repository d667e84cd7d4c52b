"""Exercises of lesson 16: the claims audit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from optcourse import race_two
from optcourse.exercises.answers.lesson_16 import (
    audit_claim,
    choose,
    expected_best,
    sign_test,
    steps_to_target,
)
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz, Watch

# -- 16-choose -----------------------------------------------------------------------------------------------------


def tuning_table(rng: np.random.Generator, settings: int, seeds: int) -> np.ndarray:
    """Losses in which the lowest median, mean, smallest, largest, first and last loss lie in other rows, where there is room."""
    best, lucky, calm, flat, first, last = rng.permutation(settings)[:6]
    losses = rng.uniform(2.0, 3.0, size=(settings, seeds))
    middle = seeds // 2 + 1  # so many make the median
    losses[best, :middle] = rng.uniform(0.5, 0.6, middle)
    losses[best, middle:] = rng.uniform(30, 60, seeds - middle)
    losses[lucky, rng.integers(1, seeds - 1)] = rng.uniform(0.05, 0.1)
    losses[calm], losses[flat] = rng.uniform(0.65, 0.7, seeds), rng.uniform(1.15, 1.25, seeds)
    losses[calm, rng.integers(1, seeds - 1)] = 1.8
    losses[first, 0], losses[last, -1] = rng.uniform(0.2, 0.3, 2)
    inner = losses[best, 1:-1].copy()
    losses[best, 1:-1] = rng.permutation(inner)
    return losses


def choose_cases(rng: np.random.Generator) -> list[Case]:
    """Both criteria, tables that tell the median from its neighbours, an even number of seeds, whole numbers, one seed."""

    def case(settings, seeds, criterion, label):
        tables = {name: tuning_table(rng, settings, seeds) for name in race_two.LOSSES}
        while (
            np.median(tables["training"], axis=1).argmin() == np.median(tables["held-back"], axis=1).argmin()
        ):
            tables["held-back"] = rng.permutation(tables["held-back"])
        return Case((tables, criterion), label=label)

    one_seed = {name: rng.permutation(np.arange(1.0, 7.0))[:, None] for name in race_two.LOSSES}
    even = {name: rng.uniform(2, 3, size=(5, 4)) for name in race_two.LOSSES}
    for name, (best, low, high) in zip(
        race_two.LOSSES, (rng.permutation(5)[:3] for _ in range(2)), strict=True
    ):
        even[name][best] = [0.9, 1.0, 1.1, 40.0]  # median 1.05
        even[name][low] = [0.1, 0.2, 2.6, 50.0]  # the lower of the middle two is 0.2, the median 1.4
        even[name][high] = [
            1.02,
            1.03,
            1.08,
            1.09,
        ]  # the upper of the middle two is lower than that of the best
    whole = {
        name: rng.permutation(np.array([[9, 1, 9], [2, 2, 30], [4, 5, 3], [7, 7, 7]]))
        for name in race_two.LOSSES
    }
    return [
        case(8, 3, "training", "8 settings and 3 seeds"),
        case(8, 5, "held-back", "8 settings and 5 seeds"),
        case(12, 7, "training", "12 settings and 7 seeds"),
        case(6, 5, "held-back", "6 settings and 5 seeds"),
        Case((even, "held-back"), label="an even number of seeds"),
        Case((whole, "training"), label="whole numbers"),
        Case((one_seed, "held-back"), label="a single seed"),
    ]


CHOOSE = Exercise(
    id="16-choose",
    title="The choice that tuning makes",
    statement=(
        '`tuning` is a dictionary of two tables, "training" and "held-back", each with a row for each setting and a column for '
        "each tuning seed. Return the number of the row with the lowest median over the seeds, in the table that `criterion` "
        "names."
    ),
    points=1,
    answers=("choose",),
    reference=choose,
    cases=choose_cases,
    misconceptions=mistakes(
        choose,
        """
        mean: np.median => np.mean
            You take the mean over the seeds: one lost run decides it. Take the median.
        luckiest-seed: np.median => np.min
            You judge a setting by its luckiest seed. With enough seeds every setting is lucky once.
        unluckiest-seed: np.median => np.max
            You judge a setting by its worst seed. The median is asked for.
        first-seed-only: np.median(tuning[criterion], axis=1) => tuning[criterion][:, 0]
            You look at the first seed only.
        last-seed-only: np.median(tuning[criterion], axis=1) => tuning[criterion][:, -1]
            You look at the last seed only.
        not-sorted: np.median(tuning[criterion], axis=1) => tuning[criterion][:, tuning[criterion].shape[1] // 2]
            You take the seed in the middle of the row as it stands. The median is the middle of the *sorted* losses.
        upper-middle: np.median(tuning[criterion], axis=1) => [np.sort(row)[len(row) // 2] for row in tuning[criterion]]
            With an even number of seeds you take the upper one of the two in the middle. The median is their mean.
        lower-middle: np.median(tuning[criterion], axis=1) => [np.sort(row)[(len(row) - 1) // 2] for row in tuning[criterion]]
            With an even number of seeds you take the lower one of the two in the middle. The median is their mean.
        over-the-settings: axis=1 => axis=0
            You take the median over the settings, and choose a seed. Rows are settings: the median goes along a row.
        one-median-of-all: axis=1 => axis=None
            You take one median of the whole table, and then there is nothing to choose among. Say along which axis.
        always-training: tuning[criterion] => tuning["training"]
            You choose by training loss whatever the criterion says.
        always-held-back: tuning[criterion] => tuning["held-back"]
            You choose by held-back loss whatever the criterion says.
        both-losses: tuning[criterion] => tuning["training"] + tuning["held-back"]
            You add both losses up. The criterion names one of them.
        largest: np.argmin => np.argmax
            You return the setting with the largest median.
        returns-the-loss: np.argmin => np.min
            You return the lowest median itself. The number of its row is asked for.
        returns-the-medians: np.argmin(np.median(tuning[criterion], axis=1)) => np.median(tuning[criterion], axis=1)
            You return all medians. The number of the row with the lowest is asked for.
        single-best-run: np.median(tuning[criterion], axis=1) => tuning[criterion]
            You look for the one best run of the whole table. Take the median of each row first.
        counts-from-one: np.argmin(np.median(tuning[criterion], axis=1)) => np.argmin(np.median(tuning[criterion], axis=1)) + 1
            You count the rows from 1. Python counts from 0.
        returns-the-order: np.argmin => np.argsort
            You return all rows in their order. The number of the first of them is asked for.
        median-of-the-places: return … => return np.median(np.argmin(tuning[criterion], axis=0))
            You take the median of row *numbers*. It is the losses of a row whose median is asked for.
        returns-the-row: return … => return tuning[criterion][np.argmin(np.median(tuning[criterion], axis=1))]
            You return the losses of the row. Its number is asked for.
        """,
    ),
    hints=(
        "`tuning[criterion]` is the table to choose by.",
        "`np.median(table, axis=1)` gives one median for each row.",
        "`np.argmin` says where the lowest of them is.",
    ),
)


# -- 16-sign-test --------------------------------------------------------------------------------------------------


def pairs(rng: np.random.Generator, wins: int, losses: int, ties: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """So many pairs with a below b, above it, and equal to it. Wins are narrow, losses wide, and the seeds differ by more."""
    n = wins + losses + ties
    b = rng.permutation(np.geomspace(0.1, 2.0, n)) * rng.uniform(0.95, 1.05, n)
    by = np.concatenate([-rng.uniform(0.02, 0.06, wins), rng.uniform(0.5, 0.9, losses), np.zeros(ties)])
    return b * np.exp(rng.permutation(by)), b


def sign_test_cases(rng: np.random.Generator) -> list[Case]:
    """Wins on either side, ties, as many wins as losses, one pair, none that differs, whole numbers."""

    def case(wins, losses, ties, label):
        return Case(pairs(rng, wins, losses, ties), label=label)

    flat = rng.uniform(0.1, 1, 6)
    whole = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5])
    return [
        case(10, 2, 0, "12 pairs"),
        case(3, 8, 0, "a higher on most of 11 pairs"),
        case(15, 5, 0, "20 pairs"),
        case(6, 0, 0, "a lower on each of 6 pairs"),
        case(8, 2, 3, "some equal pairs"),
        case(2, 9, 3, "some equal pairs and a higher on most"),
        case(5, 5, 0, "as many lower as higher"),
        case(1, 0, 0, "a single pair"),
        Case((flat, flat.copy()), label="no pair that differs"),
        Case((whole, whole + rng.permutation([1, 1, 1, 1, 1, 1, 1, -1, 0])), label="whole numbers"),
        case(25, 45, 0, "seventy pairs"),
    ]


def normal_p(a, b):
    """The bell curve in place of the coins."""
    from math import erfc, sqrt

    lower, higher = int(np.sum(a < b)), int(np.sum(a > b))
    return erfc(abs(lower - higher) / sqrt(2 * max(lower + higher, 1)))


SIGN_TEST = Exercise(
    id="16-sign-test",
    title="The sign test",
    statement=(
        "`a` and `b` hold a loss for each seed. Return the two-sided p of the sign test: twice the chance that of n fair coins "
        "the fewer side comes up k times or less, where n pairs differ and k is the number of the fewer side; at most 1."
    ),
    points=2,
    answers=("sign_test",),
    reference=sign_test,
    cases=sign_test_cases,
    misconceptions=(
        *mistakes(
            sign_test,
            """
            one-sided: 2 * sum( => sum(
                Your p is one-sided: it asks only whether the better one is better. You did not know before which one that would
                be, so both sides count.
            ties-are-wins: int(np.sum(a < b)) => int(np.sum(a <= b))
                Equal pairs count as wins of `a`. They say nothing: drop them.
            ties-are-losses: int(np.sum(a > b)) => int(np.sum(a >= b))
                Equal pairs count as wins of `b`. They say nothing: drop them.
            ties-are-coins: n, k = lower + higher, min(lower, higher) => n, k = len(a), min(lower, higher)
                Equal pairs are among your n. They say nothing: n counts the pairs that differ.
            only-lower: min(lower, higher) => lower
                You count how often `a` is lower, even where that is the larger side. The tail goes up to the *fewer* side.
            only-higher: min(lower, higher) => higher
                You count how often `a` is higher, even where that is the larger side. The tail goes up to the *fewer* side.
            the-larger-side: min(lower, higher) => max(lower, higher)
                You sum up to the larger side, which is nearly everything. Sum up to the fewer side.
            exactly-so: sum(math.comb(n, i) for i in range(k + 1)) => math.comb(n, k)
                You take the chance of exactly this split. A more uneven one would have convinced you as well: sum them up.
            one-term-too-few: range(k + 1) => range(k)
                Your sum ends before k. What was seen itself belongs to it.
            one-term-too-many: range(k + 1) => range(k + 2)
                Your sum goes beyond k, to splits that are less uneven than what was seen.
            not-at-most-one: min(1.0, => max(0.0,
                Your p is above 1 where the split is even. A chance is at most 1.
            divided-by-the-square: / 2**n => / n**2
                You divide by n². n coins fall in 2 to the power of n ways.
            complement: return min( => return 1 - min(
                You return 1 − p. A small p says that chance does this rarely.
            share-of-wins: return … => return lower / max(n, 1)
                You return the share of the seeds on which `a` is lower. How often would coins do that?
            not-paired: np.sum(a < b) => np.sum(a < np.median(b))
                   and: np.sum(a > b) => np.sum(a > np.median(b))
                You compare each `a` with the median of `b`. The race is paired: compare seed by seed.
            sorted-first: np.sum(a < b) => np.sum(np.sort(a) < np.sort(b))
                     and: np.sum(a > b) => np.sum(np.sort(a) > np.sort(b))
                You sort both before you compare. Then the pairs are gone: the same seed stands at the same place only as given.
            starts-at-one: range(k + 1) => range(1, k + 1)
                Your sum begins at 1. It begins at 0: no coin on the fewer side.
            says-whether: return … => return 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n < 0.05
                You return whether p is below 0.05. p itself is asked for.
            as-if-all-won: return … => return min(1.0, 2 * 0.5**n)
                That is p where one side won everywhere. Sum up to the fewer side.
            ties-with-the-fewer: n, k = lower + higher, min(lower, higher) => n, k = len(a), len(a) - max(lower, higher)
                Equal pairs are counted with the fewer side. They say nothing: drop them.
            """,
        ),
        Misconception(
            "bell-curve",
            "You use the bell curve. For so few coins it is too coarse: count the ways with `math.comb`.",
            normal_p,
        ),
    ),
    hints=(
        "Count first: on how many seeds is `a < b`, on how many `a > b`? n is their sum, k the smaller of the two.",
        "The chance of i of n coins is `math.comb(n, i) / 2**n`. Sum it for i = 0 … k.",
        "Twice that sum, because either side might have won; and `min(1.0, …)`.",
    ),
)


# -- 16-steps-to-target --------------------------------------------------------------------------------------------


def falling(rng: np.random.Generator, seeds: int, steps: int) -> np.ndarray:
    """Noisy losses from about 2.5 down to about 0.1."""
    smooth = 2.5 * np.exp(-rng.uniform(2.2, 3.6, (seeds, 1)) * np.linspace(0, 1, steps))
    return smooth * np.exp(0.25 * rng.normal(size=(seeds, steps)))


def steps_cases(rng: np.random.Generator) -> list[Case]:
    """Curves that rise again, that never come there, that touch the target, that begin below it; whole numbers."""
    rises = falling(rng, 6, 30)
    rises[1, 10], rises[1, 11:16] = 0.2, 1.5
    rises[4, 5], rises[4, 6:9] = 0.25, 2.0
    never = falling(rng, 5, 20)
    never[1] += 1.0
    never[3] += 0.8
    touched = np.array([[2.0, 1.0, 0.5, 0.4], [1.5, 0.5, 0.5, 0.2], [3.0, 2.0, 1.0, 0.5]])
    begins = falling(rng, 3, 12)
    begins[0, 0] = 0.1
    whole = np.array([[9, 5, 3, 4, 2], [8, 8, 8, 8, 8], [3, 9, 9, 1, 1]])
    return [
        Case((falling(rng, 5, 31), float(rng.uniform(0.4, 0.6))), label="5 seeds"),
        Case((rises, 0.3), label="curves that rise again"),
        Case((never, 0.5), label="two that never come there"),
        Case((touched, 0.5), label="losses that are exactly the target"),
        Case(
            (begins, float(rng.uniform(0.5, 0.8))),
            label="a curve that begins below the target, so the first step counts",
        ),
        Case((falling(rng, 1, 25), float(rng.uniform(0.3, 0.5))), label="a single seed"),
        Case((falling(rng, 4, 15) + 1.0, 0.5), label="no curve that comes there"),
        Case((whole, 3), label="whole numbers"),
    ]


STEPS_TO_TARGET = Exercise(
    id="16-steps-to-target",
    title="Steps to a target",
    statement=(
        "`curves` has a row for each seed and a column for each look at the loss. Return an array: for each row the first "
        "place with a loss at or below `target`, and -1 where there is none."
    ),
    points=2,
    answers=("steps_to_target",),
    reference=steps_to_target,
    cases=steps_cases,
    misconceptions=mistakes(
        steps_to_target,
        """
        lowest-place: reached.argmax(axis=1) => curves.argmin(axis=1)
            You return the place of the lowest loss. The first one at or below the target is asked for.
        lowest-place-always: return np.where(reached.any(axis=1), reached.argmax(axis=1), -1) => return curves.argmin(axis=1)
            You return the place of the lowest loss, whatever the target is.
        never-is-zero: np.where(reached.any(axis=1), reached.argmax(axis=1), -1) => reached.argmax(axis=1)
            A curve that never comes there gets 0, as if it had been there at once: `argmax` of nothing but False is 0.
        never-is-the-end: -1) => curves.shape[1])
            A curve that never comes there gets the number of columns. -1 is asked for, so that nobody takes it for a step.
        never-is-the-last: -1) => curves.shape[1] - 1)
            A curve that never comes there gets the last place, as if it had come there at the end. -1 is asked for.
        never-is-nan: -1) => np.nan)
            A curve that never comes there gets NaN. -1 is asked for.
        never-is-left-out: return … => return reached.argmax(axis=1)[reached.any(axis=1)]
            You leave out the curves that never come there. A result without them flatters: give them -1.
        strictly-below: curves <= target => curves < target
            A loss that is exactly the target is good enough: at or below.
        above: curves <= target => curves >= target
            You look for the first loss at or *above* the target.
        last-place: reached.argmax(axis=1) => curves.shape[1] - 1 - reached[:, ::-1].argmax(axis=1)
            You return the last place at or below the target. The first is asked for.
        stays-below: curves <= target => np.logical_and.accumulate(curves[:, ::-1] <= target, axis=1)[:, ::-1]
            You wait until the curve stays below. It may rise again: the first time counts.
        counts-those-above: reached.argmax(axis=1) => np.sum(curves > target, axis=1)
            You count the losses above the target. Where a curve rises again that is more than the steps before the first.
        counts-those-below: reached.argmax(axis=1) => np.sum(reached, axis=1)
            You count the losses at or below the target. The place of the first is asked for.
        over-the-seeds: reached.any(axis=1), reached.argmax(axis=1) => reached.any(axis=0), reached.argmax(axis=0)
            You go down the columns: for each step you look for a seed. Rows are seeds, so go along `axis=1`.
        nearest: reached.argmax(axis=1) => np.abs(curves - target).argmin(axis=1)
            You look for the loss nearest to the target. One above it may be nearer than the first below.
        counts-from-one: reached.argmax(axis=1) => reached.argmax(axis=1) + 1
            You count the places from 1. The start is place 0.
        of-the-median: reached = curves <= target => reached = np.median(curves, axis=0, keepdims=True) <= target
            You take the median of all curves first. Each seed has its own number of steps.
        whether-only: return np.where(reached.any(axis=1), reached.argmax(axis=1), -1) => return reached.any(axis=1)
            You return whether each curve comes there. When is asked for.
        never-is-infinite: -1) => np.inf)
            A curve that never comes there gets infinity. -1 is asked for.
        must-all-be-below: reached.any(axis=1) => reached.all(axis=1)
            You ask that all losses of a curve are at or below the target. One is enough.
        all-places: return … => return np.where(reached)[1]
            You return all places at or below the target, of all curves. One number for each row is asked for.
        returns-the-loss: return … => return curves[np.arange(len(curves)), reached.argmax(axis=1)]
            You return the loss there. Its place is asked for.
        exactly-the-target: curves <= target => np.isclose(curves, target)
            You look for a loss that equals the target. One below it is good enough.
        """,
    ),
    hints=(
        "`curves <= target` is a table of True and False.",
        "`argmax(axis=1)` of such a table is the place of the first True in each row; but 0 also where a row has none.",
        "`np.where(reached.any(axis=1), …, -1)` tells the two apart.",
    ),
)


# -- 16-expected-best ----------------------------------------------------------------------------------------------


def expected_best_cases(rng: np.random.Generator) -> list[Case]:
    """All sizes of the draw, from one to all; equal values; whole numbers."""

    def values(n):
        return rng.permutation(np.geomspace(0.1, rng.uniform(3, 9), n) * rng.uniform(0.9, 1.1, n))

    return [
        Case((values(8), 3), label="3 of 8"),
        Case((values(12), 5), label="5 of 12"),
        Case((values(48), 16), label="16 of 48"),
        Case((values(6), 2), label="2 of 6"),
        Case((values(7), 1), label="a draw of one entry only"),
        Case((values(7), 7), label="a draw that leaves no value out"),
        Case((np.repeat(values(3), 3), 4), label="equal values"),
        Case((np.array([0.7]), 1), label="a single value"),
        Case((rng.permutation([1, 2, 6, 9, 4]), 2), label="whole numbers"),
    ]


EXPECTED_BEST = Exercise(
    id="16-expected-best",
    title="The expected best of a budget",
    statement=(
        "Of the n numbers in `values` (losses, in any order) k are drawn at random, none twice. Return the mean of the lowest "
        "of them over all draws."
    ),
    points=2,
    answers=("expected_best",),
    reference=expected_best,
    cases=expected_best_cases,
    misconceptions=mistakes(
        expected_best,
        """
        not-sorted: np.sort(values) => np.array(values)
            Your values stand in the order in which they came. The formula numbers them from the lowest: sort them first.
        sorted-downwards: np.sort(values) => np.sort(values)[::-1]
            You sort from the largest down, so you get the expected *worst* of k.
        with-replacement: math.comb(n - 1 - i, k - 1) / math.comb(n, k) => ((n - i) / n) ** k - ((n - i - 1) / n) ** k
            You draw with replacement: one setting may come up twice. Nobody tries a setting twice.
        counts-from-one: math.comb(n - 1 - i, k - 1) => (math.comb(n - i, k - 1) if i else 0)
            Your i counts from 1 in the formula and from 0 in the loop.
        one-too-many-above: math.comb(n - 1 - i, k - 1) => math.comb(n - i, k - 1)
            Above the i-th lowest there are n − 1 − i others, since i counts from 0.
        draws-all-k-above: math.comb(n - 1 - i, k - 1) => math.comb(n - 1 - i, k)
            One of the k is the lowest itself: only k − 1 others are drawn from those above it.
        other-total: math.comb(n, k) for i => math.comb(n - 1, k - 1) for i
            You divide by another number of draws. There are math.comb(n, k) ways to draw k of n.
        not-divided: math.comb(n - 1 - i, k - 1) / math.comb(n, k) => math.comb(n - 1 - i, k - 1)
            You count draws and do not divide by all of them.
        mean-of-the-k-lowest: return np.dot(chances, ordered) => return np.mean(ordered[:k])
            You take the mean of the k lowest of all. A random draw of k rarely finds those.
        the-lowest-of-all: return np.dot(chances, ordered) => return ordered[0]
            You return the lowest of all, which k draws may miss.
        the-lowest-of-the-first: return np.dot(chances, ordered) => return np.min(values[:k])
            You return the lowest of the first k, which is one draw. The mean over all draws is asked for.
        the-mean-of-all: return np.dot(chances, ordered) => return np.mean(values)
            You return the mean of all values. That is right for k = 1 alone.
        quantile: return np.dot(chances, ordered) => return np.quantile(values, 1 / (k + 1))
            You take a quantile. It is near, and not the mean over all draws.
        a-sum: return np.dot(chances, ordered) => return np.sum(ordered)
            The chances have no part in what you return.
        returns-the-chances: return np.dot(chances, ordered) => return chances
            You return the chances. Multiply each with its value, and add up.
        products-not-summed: return np.dot(chances, ordered) => return np.array(chances) * ordered
            You do not add the products up.
        divides-by-n: return np.dot(chances, ordered) => return np.dot(chances, ordered) / n
            You divide by n once more. The chances add up to 1 already.
        same-chance-for-all: math.comb(n - 1 - i, k - 1) / math.comb(n, k) => math.comb(n - 1, k - 1) / math.comb(n, k)
            That is how often a value is drawn. It is the lowest of the draw only if the others lie above it.
        """,
    ),
    hints=(
        "Sort the values. Which of them can be the lowest of k, and in how many draws?",
        "The i-th lowest (from 0) is the lowest of the draw in `math.comb(n - 1 - i, k - 1)` of `math.comb(n, k)` draws.",
        "Sum up chance times value. For k = 1 it is the mean, for k = n the lowest.",
    ),
)


# -- 16-claims -----------------------------------------------------------------------------------------------------

CLAIM_NAMES = tuple(f"claim_{number}" for number in range(1, len(race_two.CLAIMS) + 1))
RIGHT = ("holds", "cannot be told", "holds", "cannot be told", "cannot be told", "fails", "holds", "holds")


def claims():
    return RIGHT


CLAIMS = Exercise(
    id="16-claims",
    title="Eight claims",
    statement='The verdict on each of the eight claims: "holds", "fails" or "cannot be told".',
    points=2,
    answers=CLAIM_NAMES,
    reference=claims,
    kind="value",
    misconceptions=wrong_values(
        claims,
        CLAIM_NAMES,
        """
        one-fails: claim_1 = "fails"
            Claim 1: RMSProp is ahead on every seed. The opposite would need AdaGrad ahead.
        one-untold: claim_1 = "cannot be told"
            Claim 1: look at how many of the choices show it.
        two-by-our-seeds: claim_2 = "holds"
            Claim 2: our three tuning seeds show it, with a very small p. But most of the other choices do not.
        two-fails: claim_2 = "fails"
            Claim 2: does any choice show the opposite?
        three-fails: claim_3 = "fails"
            Claim 3: Adam is ahead on most seeds. Which loss did you look at?
        three-untold: claim_3 = "cannot be told"
            Claim 3: 16 of 20 is enough for p < 0.05. Look at how many of the choices show it.
        four-holds: claim_4 = "holds"
            Claim 4: does any choice of the tuning seeds show it?
        four-fails: claim_4 = "fails"
            Claim 4: the opposite is shown in some choices, and far from nine of ten.
        five-by-our-seeds: claim_5 = "holds"
            Claim 5: our three tuning seeds show it. But more of the other choices show the opposite.
        five-fails: claim_5 = "fails"
            Claim 5: the opposite is shown in about half of the choices. The rule asks for nine of ten.
        six-holds: claim_6 = "holds"
            Claim 6: who is lower? Look at which of the two lies above the other on each seed.
        six-untold: claim_6 = "cannot be told"
            Claim 6: it is not shown; but look at what is shown in every choice.
        seven-fails: claim_7 = "fails"
            Claim 7: fewer steps are better. Who needs fewer?
        seven-untold: claim_7 = "cannot be told"
            Claim 7: pairs with as many steps are dropped. Look at the others, and at how many choices show it.
        eight-fails: claim_8 = "fails"
            Claim 8: Schedule-Free is ahead on every seed here.
        eight-untold: claim_8 = "cannot be told"
            Claim 8: look at how many of the choices show it.
        """,
    ),
    hints=(
        "The sentence below the figure says of each claim how many of the 56 choices show it, and how many the opposite.",
        "Nine of ten of 56 is 50.4: *holds* needs 51 that show it, *fails* needs 51 that show the opposite.",
        "All else cannot be told, however well it looks with our own three tuning seeds.",
    ),
)


# -- 16-capstone ---------------------------------------------------------------------------------------------------


def audit_tables(
    rng: np.random.Generator, n: int, wins: int, wins_second: int, kind: str = "steady", ties: int = 0
) -> tuple[np.ndarray, ...]:
    """Four tables: a has two good settings, with so many wins each of n pairs. `kind` says how the tuning stands:

    steady: the first setting is clearly best. fragile: leaving one of three seeds out, none of them the first, makes the second
    best. whole: all seeds together choose the first setting, and without any one of them it is the second. lost: the first has
    one lost run, and the second one lucky run. trap: the second would be best in the race, and is not in the tuning.
    """
    settings, seeds = 5, 5
    first, second = rng.permutation(settings)[:2]
    tuning_a = rng.uniform(4.0, 6.0, size=(settings, seeds))
    tuning_b = rng.uniform(4.0, 6.0, size=(settings, seeds))
    best_b = (first + 1) % settings if (first + 1) % settings != second else (first + 2) % settings
    tuning_b[best_b] = rng.uniform(0.9, 1.1, seeds)
    ones = rng.uniform(0.95, 1.05, seeds)
    rows = {
        "steady": (ones, 2 * ones),
        "trap": (ones, 2 * ones),
        "fragile": (np.array([1.0, 1.0, 1.0, 3.5, 3.6]) * ones, rng.uniform(1.9, 2.1, seeds)),
        "whole": (
            np.array([1.0, 1.0, 1.0, 9.0, 9.0]) * rng.uniform(0.99, 1.01, seeds),
            np.array([0.1, 0.1, 1.1, 3.0, 3.0]) * rng.uniform(0.99, 1.01, seeds),
        ),
        "lost": (np.array([1.0, 1.0, 1.0, 1.0, 1000.0]) * ones, np.array([2.0, 2.0, 2.0, 2.0, 0.2]) * ones),
    }[kind]
    order = rng.permutation(seeds)
    if kind == "fragile":  # the first seed is not one of the three
        order = np.concatenate([order[order > 2], order[order <= 2]])
    tuning_a[first], tuning_a[second] = rows[0][order], rows[1][order]
    b = rng.permutation(np.geomspace(0.1, 1.0, n)) * rng.uniform(0.95, 1.05, n)

    def against_b(number):
        """Narrow wins, one very wide loss, so that means and medians say something else."""
        by = np.concatenate([-rng.uniform(0.02, 0.05, number), rng.uniform(0.8, 1.2, n - number)])
        by[number : number + ties] = 0.0
        if number + ties < n:
            by[-1] = 3.5
        return b * np.exp(rng.permutation(by))

    race_a, race_b = (
        3 * b * rng.uniform(0.9, 1.1, (settings, n)),
        3 * b * rng.uniform(0.9, 1.1, (settings, n)),
    )
    race_a[first], race_a[second], race_b[best_b] = against_b(wins), against_b(wins_second), b
    if kind == "trap":
        race_a[second] = 0.5 * b
    return tuning_a, race_a, tuning_b, race_b


def turned(tables: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The same with a and b in each other's place."""
    return (*tables[2:], *tables[:2])


@lru_cache(maxsize=1)
def unseen() -> tuple[np.ndarray, ...]:
    return tuple(race_two.load_unseen().values())


def unseen_tables(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Two optimizers of the race that no figure shows, tuned by either loss and judged by either, on seeds drawn from it."""
    a, b = rng.permutation(len(race_two.OPTIMIZERS))[:2]
    seeds = rng.permutation(len(race_two.UNSEEN_SEEDS))
    tuned, judged = (unseen()[int(k)] for k in rng.integers(0, 2, 2))
    tuning, racing = seeds[:4], seeds[4 : 4 + int(rng.integers(10, 19))]
    return tuned[a][:, tuning], judged[a][:, racing], tuned[b][:, tuning], judged[b][:, racing]


def capstone_cases(rng: np.random.Generator) -> list[Case]:
    """Made races, each with its trap; then three of the race that no figure shows."""

    def case(label, *made, turn=False, **more):
        tables = audit_tables(rng, *made, **more)
        return Case(turned(tables) if turn else tables, label=label)

    return [
        case("12 pairs, 11 of them won", 12, 11, 11),
        case("12 pairs, 11 of them lost", 12, 11, 11, turn=True),
        case("8 pairs, 7 of them won", 8, 7, 7),
        case("14 pairs, half of them won", 14, 7, 7),
        case("a choice that hangs on one tuning seed", 12, 12, 6, kind="fragile"),
        case("a choice of b that hangs on one tuning seed", 12, 12, 6, kind="fragile", turn=True),
        case("a choice that turns the result round", 12, 12, 0, kind="fragile"),
        case("a choice that turns the result round, for b", 12, 12, 0, kind="fragile", turn=True),
        case("a choice that hangs on one seed and does not matter", 12, 12, 11, kind="fragile"),
        case("a choice that only all tuning seeds together make", 12, 6, 11, kind="whole"),
        case("one lost run in the tuning", 12, 11, 3, kind="lost"),
        case("a setting that only the race shows to be best", 12, 6, 12, kind="trap"),
        case("a setting of b that only the race shows to be best", 12, 6, 12, kind="trap", turn=True),
        case("equal pairs", 12, 6, 6, ties=6),
        *(Case(unseen_tables(rng), label="the race that no figure shows") for _ in range(3)),
    ]


def by_majority(tuning_a, race_a, tuning_b, race_b):
    """What most of the choices say."""
    verdicts = []
    for left_out in [[], *range(tuning_a.shape[1])]:
        a = race_a[np.argmin(np.median(np.delete(tuning_a, left_out, axis=1), axis=1))]
        b = race_b[np.argmin(np.median(np.delete(tuning_b, left_out, axis=1), axis=1))]
        shown = sign_test(a, b) < 0.05
        side = "holds" if np.sum(a < b) > np.sum(a > b) else "fails"
        verdicts.append(side if shown else "cannot be told")
    return max(sorted(set(verdicts)), key=verdicts.count)


CAPSTONE = Exercise(
    id="16-capstone",
    title="Audit a race",
    statement=(
        "Is `a` lower than `b`? Rows of the tables are settings; columns are tuning seeds, or seeds of the race. Choose a "
        "setting for each by the lowest median over all tuning seeds, and again with each tuning seed left out. Return "
        '"holds" if every time p < 0.05 and `a` is the lower one, "fails" if every time p < 0.05 and `b` is, and else "cannot be '
        'told".'
    ),
    points=4,
    answers=("audit_claim",),
    reference=audit_claim,
    cases=capstone_cases,
    misconceptions=(
        *mistakes(
            audit_claim,
            """
            no-other-tuning: [[], *range(tuning_a.shape[1])] => [[]]
                You tune once, with all seeds. Ask what would have been chosen with each of them left out, too.
            race-seeds-tune: np.delete(tuning_a, left_out, axis=1) => race_a
                        and: np.delete(tuning_b, left_out, axis=1) => race_b
                You choose the settings on the seeds of the race. A setting that was chosen there is flattered there.
            a-tuned-on-the-race: np.delete(tuning_a, left_out, axis=1) => race_a
                You choose the setting of `a` on the seeds of the race. That flatters `a`.
            b-tuned-on-the-race: np.delete(tuning_b, left_out, axis=1) => race_b
                You choose the setting of `b` on the seeds of the race. That flatters `b`.
            mean: np.median(np.delete(tuning_a => np.mean(np.delete(tuning_a
             and: np.median(np.delete(tuning_b => np.mean(np.delete(tuning_b
                You tune by the mean: one lost run decides it. Take the median.
            luckiest-seed: np.median(np.delete(tuning_a => np.min(np.delete(tuning_a
                      and: np.median(np.delete(tuning_b => np.min(np.delete(tuning_b
                You tune by the luckiest seed of each setting. Take the median.
            not-tested: sign_test(a, b) < 0.05 => True
                You do not ask whether coins would do it as well: without the test something is always shown.
            one-sided: sign_test(a, b) < 0.05 => sign_test(a, b) / 2 < 0.05
                Your p is one-sided, half of what it should be.
            too-strict: 0.05 => 0.01
                You ask for p < 0.01. The rule of this audit is p < 0.05.
            not-shown-is-refuted: 0.05 else "cannot be told" => 0.05 else "fails"
                Where nothing is shown you say that the claim fails. That is another claim, and it is not shown either.
            turned-round: np.sum(a < b) > np.sum(a > b) => np.sum(a < b) < np.sum(a > b)
                Your sides are turned round: the claim is that `a` is *lower*.
            means-decide: np.sum(a < b) > np.sum(a > b) => np.mean(a) < np.mean(b)
                You look at the means for who is lower. One lost pair can turn a mean; count the pairs, as the test does.
            contradiction-fails: < 2 else "cannot be told" => < 2 else "fails"
                Where one tuning shows the claim and another its opposite you say "fails". Then nothing can be told.
            contradiction-holds: < 2 else "cannot be told" => < 2 else "holds"
                Where one tuning shows the claim and another its opposite you say "holds". Then nothing can be told.
            only-a-is-tuned-again: np.delete(tuning_b, left_out, axis=1) => tuning_b
                You leave a seed out for `a` only. `b` has to be tuned again, too.
            only-b-is-tuned-again: np.delete(tuning_a, left_out, axis=1) => tuning_a
                You leave a seed out for `b` only. `a` has to be tuned again, too.
            same-setting-for-both: np.delete(tuning_b, left_out, axis=1) => np.delete(tuning_a, left_out, axis=1)
                You give `b` the setting that is best for `a`. Each has its own.
            over-the-settings: np.delete(tuning_a, left_out, axis=1), axis=1 => np.delete(tuning_a, left_out, axis=1), axis=0
                          and: np.delete(tuning_b, left_out, axis=1), axis=1 => np.delete(tuning_b, left_out, axis=1), axis=0
                Your medians go over the settings. Rows are settings: the median goes along a row.
            largest: race_a[np.argmin( => race_a[np.argmax(
                and: race_b[np.argmin( => race_b[np.argmax(
                You choose the setting with the largest median.
            never-all-together: [[], *range(tuning_a.shape[1])] => [*range(tuning_a.shape[1])]
                You leave a seed out every time. The choice by all tuning seeds together belongs to it, too.
            always-lower: ahead = "holds" if np.sum(a < b) > np.sum(a > b) else "fails" => ahead = "holds"
                You do not ask who is lower: where `b` is, the claim fails.
            """,
        ),
        Misconception(
            "majority",
            "You go by what most of the choices say. The claim must be shown every time; else it hangs on who tuned.",
            by_majority,
        ),
    ),
    hints=(
        "For one choice of the tuning seeds: the row of lowest median for `a` and for `b`, then `sign_test` on these rows of the "
        "race.",
        "The loop goes through all tuning seeds together, and then without the first, without the second … Take "
        "`np.delete(tuning_a, left_out, axis=1)` in the place of `tuning_a`; put each verdict into the set, `verdicts.add(…)`.",
        "Where p is 0.05 or more, the verdict is that nothing can be told. Else it is said by who is lower more often.",
    ),
)

EXERCISES = (CHOOSE, SIGN_TEST, STEPS_TO_TARGET, EXPECTED_BEST, CLAIMS, CAPSTONE)


# -- predictions -----------------------------------------------------------------------------------------------------


def held_back_wins(criterion: str) -> int:
    """On how many of the 20 seeds Muon's held-back loss is below Nesterov's, after tuning by a criterion."""
    kept = race_two.load()
    muon, nesterov = (
        kept.raced(name, kept.chosen(name, criterion), "held-back") for name in ("Muon", "Nesterov")
    )
    return int((muon < nesterov).sum())


def after_the_sprint() -> int:
    """The choice of 16-sprint: Schedule-Free, the first at 0.3, against Nesterov and Adam in held-back loss at the end."""
    kept = race_two.load()
    held = {
        name: kept.raced(name, kept.chosen(name), "held-back")
        for name in ("Schedule-Free", "Nesterov", "Adam")
    }
    lower = [np.mean(held["Schedule-Free"] < held[name]) for name in ("Nesterov", "Adam")]
    return 0 if min(lower) > 0.7 else 2 if max(lower) < 0.3 else 1


def fewest_seeds() -> int:
    """The number of seeds, all won, from which on p < 0.05."""
    return next(n for n in range(1, 20) if sign_test(np.zeros(n), np.ones(n)) < 0.05)


PREDICTIONS = (
    Prediction(
        id="16-held-back",
        question=(
            "Tuned on training loss, Muon's training loss at the end is a tenth of Nesterov's, and lower on each of 20 seeds. On "
            "how many of the 20 is its held-back loss lower, too?"
        ),
        kind="choice",
        choices=("All 20", "About 15", "About 8", "None"),
        answer=lambda: int(np.abs(np.array([20, 15, 8, 0]) - held_back_wins("training")).argmin()),
        reveal=(
            "On 8 of 20, as coins might fall. A training loss of 0.002 says that it knows its own 1,000 digits, and little more."
        ),
        watch=Watch("PairsExplorer", {"loss": "training"}, {"loss": "held-back"}),
    ),
    Prediction(
        id="16-tuned-on-held-back",
        question=(
            "The same runs. Now each setting is chosen by its held-back loss on the tuning seeds. On how many of 20 is Muon's "
            "held-back loss below Nesterov's?"
        ),
        kind="choice",
        choices=("About 8, as before", "About 12", "All 20"),
        answer=lambda: int(np.abs(np.array([8, 12, 20]) - held_back_wins("held-back")).argmin()),
        reveal="On all 20. No run has changed, only the choice among them.",
        watch=Watch("PodiumExplorer", {"criterion": "training"}, {"criterion": "held-back"}),
    ),
    Prediction(
        id="16-how-many-seeds",
        question="One optimizer wins on every seed. How many seeds must there be until p is below 0.05?",
        kind="number",
        answer=fewest_seeds,
        tolerance=0,
        reveal="{answer}. Five of five has p = 0.0625: two optimizers that are alike do that once in sixteen races.",
        watch=Watch("PairsExplorer", {"loss": "training", "seeds": 5}, {"loss": "training", "seeds": 6}),
    ),
    Prediction(
        id="16-sprint",
        question=(
            "Tuned on training loss, Schedule-Free is at a training loss of 0.3 before Nesterov and Adam, on each of 20 seeds. "
            "How does its held-back loss at the end compare with theirs?"
        ),
        kind="choice",
        choices=("It is lower on most seeds", "Now one, now the other", "It is higher on most seeds"),
        answer=after_the_sprint,
        reveal="Higher: on 15 and on 16 of the 20 seeds. A sprint is another race.",
        watch=Watch("TargetExplorer", {"target": 1.0}, {"target": 0.3}),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="16",
    questions=(
        Question(
            "X has a lower loss than Y on each of five seeds. What may you say?",
            (
                "X is better, for it won every time.",
                "Nothing is shown yet: coins do that once in sixteen races.",
                "X is better if the difference is large.",
                "Y is better.",
            ),
            1,
            (
                "p is 0.0625. Two optimizers that are alike do so once in sixteen races.",
                "Yes: p = 2/32 = 0.0625. A sixth win would make it 0.031.",
                "The sign test does not ask how large it is; and a large difference may be one of tuning.",
                "Nothing says so.",
            ),
        ),
        Question(
            "Two papers race the same two optimizers on the same runs and find opposite winners. How can that be?",
            (
                "One of them has an error in its code.",
                "One of them was run with seeds that nobody may ever repeat, so that the runs cannot be the same.",
                "They chose the settings by another criterion, or judged by another loss.",
                "It cannot be.",
            ),
            2,
            (
                "It may have none: on our track Muon beat Nesterov, or did not, with the same runs.",
                "The runs are the same here. Only what was chosen among them differs.",
                "Yes: tuned on training loss or on held-back loss, another setting is chosen.",
                "You have seen it on the podium.",
            ),
        ),
        Question(
            "What is the price of tuning on the seeds that race?",
            (
                "It takes more time.",
                "The chosen setting is flattered: it was chosen for its luck on these seeds.",
                "The medians become means.",
                "There is none, as long as everybody does it and the number of settings is the same for all.",
            ),
            1,
            (
                "It takes less: fewer runs are needed.",
                "Yes. And whoever has more settings, or luckier ones, is flattered more.",
                "Nothing changes in how seeds are summed up.",
                "Whoever varies more is flattered more, also with the same number of settings.",
            ),
        ),
        Question(
            "You will try four settings. Which number of a paper that tried 48 helps you?",
            (
                "The best of its 48.",
                "The mean of its 48.",
                "The expected best of four of them.",
                "None: with so few settings, tuning is a matter of luck that nobody can put a number to.",
            ),
            2,
            (
                "You will hardly find it with four.",
                "That is what one random setting has.",
                "Yes: the mean of the lowest of four, over all ways to draw four.",
                "The luck has a mean, and you wrote the function for it.",
            ),
        ),
        Question(
            "The sign test says p = 0.3. What follows?",
            (
                "The two are equally good.",
                "It cannot be told with these seeds.",
                "The claim is refuted, since a true claim would have been shown by so many seeds.",
                "The chance that the claim is true is 0.3.",
            ),
            1,
            (
                "A difference that is not shown may still be there.",
                "Yes. More seeds might tell, or a smaller question.",
                "Refuted it is where the opposite is shown.",
                "p is how often coins do this, if the two are alike. It is no chance of a claim.",
            ),
        ),
    ),
)
