"""Exercises of lesson 14: noise, batch size, clipping, averaging."""

from __future__ import annotations

import numpy as np

from optcourse import noise_runs
from optcourse.exercises.answers.lesson_14 import clip_by_norm, ema, noise_scale, noise_scale_from_two
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz, Watch

# -- 14-noise-scale ----------------------------------------------------------------------------------------------


def noise_scale_cases(rng: np.random.Generator) -> list[Case]:
    """Few examples and many, few weights and many, hardly any noise and much, one weight, two examples, whole numbers."""

    def case(examples, n, noise, label):
        g = rng.normal(size=n) + np.sign(rng.normal(size=n))
        return Case((g + noise * rng.normal(size=(examples, n)) * rng.uniform(0.3, 2, size=n),), label=label)

    return [
        case(6, 3, 1.0, "six examples of three weights"),
        case(40, 5, 3.0, "forty examples"),
        case(5, 12, 2.0, "more weights than examples"),
        case(30, 2, 0.05, "hardly any noise"),
        case(200, 4, 20.0, "much noise"),
        case(2, 3, 1.0, "two examples"),
        case(9, 1, 2.0, "one weight"),
        Case((np.tile(rng.uniform(1, 3, size=4), (7, 1)),), label="examples that all agree"),
        Case((rng.integers(1, 9, size=(6, 3)),), label="whole numbers"),
    ]


NOISE_SCALE = Exercise(
    id="14-noise-scale",
    title="The noise scale",
    statement=(
        "`per_example` has a row for each example: its gradient. Return tr Σ / |g|²: the mean squared distance of the rows from "
        "their mean g, divided by the squared length of g."
    ),
    points=2,
    answers=("noise_scale",),
    reference=noise_scale,
    cases=noise_scale_cases,
    misconceptions=mistakes(
        noise_scale,
        """
        root-of-the-trace: noise / (g @ g) => np.sqrt(noise) / (g @ g)
            You take the root of the noise, and not of the slope. Both are squared lengths.
        root-of-both: noise / (g @ g) => np.sqrt(noise / (g @ g))
            You take the root at the end. The noise scale is a number of examples, and compares squared lengths.
        slope-not-squared: noise / (g @ g) => noise / np.linalg.norm(g)
            You divide by the length of g. The noise is a squared length, so the slope must be one, too.
        upside-down: noise / (g @ g) => (g @ g) / noise
            You divide the slope by the noise. The more noise, the larger the noise scale must be.
        noise-alone: noise / (g @ g) => noise
            You return tr Σ alone. It is divided by the squared length of g.
        not-from-the-mean: ((per_example - g) ** 2) => (per_example ** 2)
            You take the squared lengths of the gradients themselves, with the slope in them. Subtract g from each row first.
        mean-over-weights: .sum(axis=1).mean() => .mean()
            You take the mean over the weights, too. A squared length is a *sum* over the weights; the mean is over examples.
        sum-over-examples: .sum(axis=1).mean() => .sum()
            You add up all examples. Σ is a mean over them, or the noise would grow with their number.
        one-less: noise = ((per_example - g) ** 2).sum(axis=1).mean() => noise = per_example.var(axis=0, ddof=1).sum()
            You divide by one less than the number of examples, as one does with a sample. These are all there are: take the mean.
        deviations-added: noise = ((per_example - g) ** 2).sum(axis=1).mean() => noise = per_example.std(axis=0).sum()
            You add up deviations. Variances add up, deviations do not: leave out the root.
        squared-deviations: noise = ((per_example - g) ** 2).sum(axis=1).mean() => noise = per_example.std(axis=0).sum() ** 2
            You add up deviations and square the sum. Square each one first: variances add up, deviations do not.
        distance-not-squared: ((per_example - g) ** 2).sum(axis=1).mean() => np.linalg.norm(per_example - g, axis=1).mean()
            You take the mean distance from g. It is the *squared* distance whose mean is tr Σ.
        mean-distance-squared: ((per_example - g) ** 2).sum(axis=1).mean() => np.linalg.norm(per_example - g, axis=1).mean() ** 2
            You take the mean of the distances and square it. Square first, then take the mean.
        absolute-values: ((per_example - g) ** 2).sum(axis=1).mean() => np.abs(per_example - g).sum(axis=1).mean()
            You add up absolute differences. A squared length has squares.
        rows-and-columns: g = per_example.mean(axis=0) => g = per_example.mean(axis=1)
                     and: ((per_example - g) ** 2).sum(axis=1) => ((per_example - g[:, None]) ** 2).sum(axis=1)
            You take the mean of each row, over the weights. g is the mean over the examples: one number for each column.
        one-mean-for-all: g = per_example.mean(axis=0) => g = per_example.mean() * np.ones(per_example.shape[1])
            Your g is one number for all weights. Each weight has a slope of its own: take the mean over the rows (`axis=0`).
        weight-by-weight: noise / (g @ g) => (((per_example - g) ** 2).mean(axis=0) / g ** 2).mean()
            You divide weight by weight, and take the mean of the ratios. Add up first: both lengths are over all weights.
        ratios-added: noise / (g @ g) => (((per_example - g) ** 2).mean(axis=0) / g ** 2).sum()
            You divide weight by weight. Add up over the weights first, above and below, then divide once.
        sum-of-g: noise / (g @ g) => noise / g.sum() ** 2
            You square the sum of g's entries. Its squared length is the sum of the squares.
        sum-for-the-mean: g = per_example.mean(axis=0) => g = per_example.sum(axis=0)
            Your g is the sum of the gradients. The gradient of the loss is their mean.
        noise-of-the-mean: noise / (g @ g) => noise / len(per_example) / (g @ g)
            You divide by the number of examples once more. That is the noise of their mean; the scale is about one example.
        largest-noise: ((per_example - g) ** 2).sum(axis=1).mean() => ((per_example - g) ** 2).sum(axis=1).max()
            You take the example that is furthest away. All of them count: take the mean.
        median: ((per_example - g) ** 2).sum(axis=1).mean() => np.median(((per_example - g) ** 2).sum(axis=1))
            You take the median of the squared distances. A trace is their mean.
        over-the-mean-square: noise / (g @ g) => noise / (per_example ** 2).sum(axis=1).mean()
            You divide by the mean squared length of the gradients, which has the noise in it. Divide by that of their mean g.
        mean-of-the-squares: noise / (g @ g) => noise / np.mean(g ** 2)
            You divide by the mean of g's squares. A squared length is their sum.
        not-squared: ((per_example - g) ** 2) => (per_example - g)
            You add up differences from the mean, which cancel. Square them first.
        whole-covariance: .sum(axis=1).mean() => .sum(axis=1).mean(); noise = ((per_example - g).sum(axis=1) ** 2).mean()
            You add up the whole covariance. Its trace is the sum along the diagonal: each weight's own variance.
        one-variance-of-all: noise = ((per_example - g) ** 2).sum(axis=1).mean() => noise = per_example.var()
            You take one variance of all numbers of the table. Each weight has its own, over the examples: add those up.
        divided-by-g: noise / (g @ g) => noise / g
            You divide by g itself, which is one number for each weight. Divide by its squared length.
        """,
    ),
    hints=(
        "Begin with the mean over the examples: `g = per_example.mean(axis=0)`, one number for each weight.",
        "The noise is the mean over examples of the squared length of `per_example - g`. Add up squares along a row, `axis=1`.",
        "Divide by `g @ g`.",
    ),
)


# -- 14-noise-scale-from-two -------------------------------------------------------------------------------------


def two_sizes_cases(rng: np.random.Generator) -> list[Case]:
    """One pair and many, sizes that are near and far apart, whole numbers, pairs that say nonsense alone."""

    def lengths(b, count, slope=1.0, noise=30.0):
        g = np.full(4, np.sqrt(slope / 4))
        dws = g + np.sqrt(noise / 4 / b) * rng.normal(size=(count, 4))
        return (dws * dws).sum(axis=1)

    def case(b, B, count, label, **kind):
        return Case((lengths(b, count, **kind), lengths(B, count, **kind), b, B), label=label)

    return [
        case(16, 128, 50, "fifty pairs"),
        case(4, 32, 400, "many pairs", slope=3.0),
        case(8, 16, 60, "sizes that are near", noise=5.0),
        case(1, 100, 40, "batches of one"),
        Case((np.array([rng.uniform(3, 5)]), np.array([rng.uniform(1, 2)]), 2, 16), label="a single pair"),
        Case((np.array([9.0, 3.0, 6.0]), np.array([1.0, 2.5, 2.0]) * rng.uniform(0.9, 1.1), 2, 8),
             label="pairs of which one says that |g|² is negative"),
        case(4, 64, 25, "hardly any noise", noise=0.1),
        Case((rng.uniform(8, 10, size=5), np.append(rng.uniform(0.3, 0.5, size=4), 1.5), 2, 16),
             label="pairs that together say a negative |g|²"),
        Case((rng.integers(7, 12, size=4), rng.integers(2, 5, size=4), 2, 8), label="whole numbers"),
        Case((list(lengths(8, 12)), list(lengths(64, 12)), 8, 64), label="lists"),
    ]  # fmt: skip


NOISE_SCALE_FROM_TWO = Exercise(
    id="14-noise-scale-from-two",
    title="The noise scale from two batch sizes",
    statement=(
        "`small` holds squared lengths of gradients on batches of `b`, `large` as many on batches of `B` > `b`. Return the "
        "noise scale: the mean of all estimates of tr Σ over the mean of those of |g|²."
    ),
    points=2,
    answers=("noise_scale_from_two",),
    reference=noise_scale_from_two,
    cases=two_sizes_cases,
    misconceptions=mistakes(
        noise_scale_from_two,
        """
        mean-of-ratios: small, large = np.mean(small), np.mean(large) => small = np.asarray(small); large = np.asarray(large)
                   and: return noise / slope => return np.mean(noise / slope)
            You divide for each pair and take the mean of the ratios. A single pair's |g|² may be near zero, or negative: average
            first, then divide.
        median-of-ratios: small, large = np.mean(small), np.mean(large) => small = np.asarray(small); large = np.asarray(large)
                     and: return noise / slope => return np.median(noise / slope)
            You take the median of the ratios. That is no average of the two estimates: average each, then divide.
        not-averaged: small, large = np.mean(small), np.mean(large) => small = np.asarray(small); large = np.asarray(large)
            You return a number for each pair. One noise scale is asked for: average first, then divide.
        medians: np.mean(small), np.mean(large) => np.median(small), np.median(large)
            You take medians. The two equations hold for means.
        sizes-swapped: (B * large - b * small) => (b * large - B * small)
            Sizes and lengths do not belong together: `B` stands with `large`, `b` with `small`.
        slope-is-the-large: slope = (B * large - b * small) / (B - b) => slope = large
            Your slope is the squared length on the large batch. That has noise in it, too: 1/B of it.
        slope-is-the-small: slope = (B * large - b * small) / (B - b) => slope = small
            Your slope is the squared length on the small batch, with 1/b of the noise in it.
        not-over-the-sizes: (small - large) / (1 / b - 1 / B) => (small - large)
            The difference of the two lengths is (1/b − 1/B) of the noise: divide by that.
        times-the-sizes: (small - large) / (1 / b - 1 / B) => (small - large) * (1 / b - 1 / B)
            You multiply by 1/b − 1/B. The difference of the two lengths is so much *of* the noise: divide.
        inverse-of-the-difference: (1 / b - 1 / B) => (1 / (B - b))
            1/b − 1/B is not 1/(B − b): subtract the two fractions.
        noise-times-b: (small - large) / (1 / b - 1 / B) => (small - large) * b
            Your noise is right only for a huge B. The large batch has noise, too.
        sign-of-the-sizes: (1 / b - 1 / B) => (1 / B - 1 / b)
            Your noise has the wrong sign. The small batch has the longer gradient, and 1/b is larger than 1/B: look at both.
        added: (B * large - b * small) / (B - b) => (B * large + b * small) / (B + b)
            You take the mean of the two lengths, weighted by the sizes. The noise cancels only in the *difference*.
        slope-not-divided: (B * large - b * small) / (B - b) => (B * large - b * small)
            You do not divide the slope by B − b.
        slope-divided-by-B: / (B - b) => / B
            You divide the slope by B. One part in b of B went into the subtraction: divide by B − b.
        bracket-lost: (B * large - b * small) / (B - b) => (B * large - b * small) / B - b
            Python divides first: put brackets around B − b.
        squares-again: np.mean(small), np.mean(large) => np.mean(np.square(small)), np.mean(np.square(large))
            You square what is squared already: `small` and `large` are squared lengths.
        roots: np.mean(small), np.mean(large) => np.mean(np.sqrt(small)), np.mean(np.sqrt(large))
            You take the root of the squared lengths. The two equations are about the squares.
        mean-length-squared: np.mean(small), np.mean(large) => np.mean(np.sqrt(small)) ** 2, np.mean(np.sqrt(large)) ** 2
            You take the mean of the lengths, and square it. The squares themselves are averaged.
        upside-down: return noise / slope => return slope / noise
            You divide the slope by the noise. The more noise, the larger the noise scale must be.
        noise-alone: return noise / slope => return noise
            You return tr Σ alone. It is divided by |g|².
        slope-alone: return noise / slope => return slope
            You return |g|² alone. The noise scale is tr Σ divided by it.
        returns-both: return noise / slope => return noise, slope
            You return the two parts. Their quotient is asked for.
        root-at-the-end: return noise / slope => return np.sqrt(np.abs(noise / slope))
            You take a root at the end. The noise scale is the quotient of two squared lengths, as it is.
        negative-cut-off: small, large = … => small, large = np.mean([p for p in zip(small, large) if B*p[1] > b*p[0]], axis=0)
            You leave out pairs whose |g|² is negative. Then only the lucky ones are left, and the slope comes out too large.
        made-positive: return noise / slope => return noise / abs(slope)
            You make the slope positive. An estimate may come out negative, and then the noise scale does: leave it as it is.
        cut-at-zero: return noise / slope => return max(noise / slope, 0)
            You return 0 where the estimate is negative. Estimates scatter on both sides: leave it as it is.
        first-pair-only: np.mean(small), np.mean(large) => small[0], large[0]
            You look at the first pair only. Take the means over all pairs.
        """,
    ),
    hints=(
        "Take the two means first; all that follows is about two numbers, `small` and `large`.",
        "The slope: (B · large − b · small) / (B − b). The noise: (small − large) / (1/b − 1/B).",
        "Return noise / slope. Look at which size stands with which length.",
    ),
)


# -- 14-clip-by-norm ---------------------------------------------------------------------------------------------


def clip_cases(rng: np.random.Generator) -> list[Case]:
    """Longer and shorter than the limit, exactly at it, zero, one weight, many, huge, a table, whole numbers."""

    def dw(length, n=4):
        v = rng.normal(size=n)
        return length * v / np.linalg.norm(v)

    return [
        Case((dw(5.0), 1.0), label="a gradient longer than the limit"),
        Case((dw(7.0, 10), float(rng.uniform(1.5, 4))), label="ten weights"),
        Case((dw(0.4), 1.0), label="a short gradient"),
        Case((dw(1.7), 2.0), label="a gradient longer than 1 and shorter than the limit"),
        Case((dw(0.7), 0.3), label="a gradient shorter than 1 and longer than the limit"),
        Case((np.array([0.9, -0.8, 0.7]) * rng.uniform(0.9, 1.0), 1.0), label="entries that are each below the limit"),
        Case((np.zeros(3), 1.0), label="a gradient of zero"),
        Case((dw(1e6), float(rng.uniform(0.5, 2))), label="a huge gradient"),
        Case((np.array([float(rng.uniform(-9, -4))]), 2.0), label="one weight"),
        Case((rng.normal(size=(3, 2)) * 4, 1.5), label="a table of weights"),
        Case((np.array([3, 4]), 1), label="whole numbers"),
        Case((np.array([0, -int(rng.integers(6, 9)), 8]), 5), label="whole numbers and a limit of 5"),
    ]  # fmt: skip


CLIP_BY_NORM = Exercise(
    id="14-clip-by-norm",
    title="Clipping a gradient",
    statement=(
        "Return `dw`, shortened to the length `limit` if it is longer. Its direction stays; a shorter one comes back as it is. "
        "`dw` itself must not be changed."
    ),
    points=2,
    answers=("clip_by_norm",),
    reference=clip_by_norm,
    cases=clip_cases,
    misconceptions=mistakes(
        clip_by_norm,
        """
        clips-entries: dw * (limit / length) => np.clip(dw, -limit, limit)
                  and: else dw => else np.clip(dw, -limit, limit)
            You clip each entry by itself. That turns the gradient, and its length may still be above the limit.
        lengthens-short: length > limit => length > 0
            You bring each gradient to the length `limit`, short ones, too. A short one comes back as it is.
        lengthens-short-and-zero: length > limit => True
            You bring each gradient to the length `limit`, short ones, too, and divide by zero where it is zero. A short one comes
            back as it is.
        unit-vector: dw * (limit / length) => dw / length
            Your clipped gradient has the length 1. It should have the length `limit`.
        always-a-unit-vector: dw * (limit / length) => dw / length
                         and: length > limit => length > 0
            Your gradient always has the length 1. It is changed only where it is longer than `limit`, and then to `limit`.
        turned-comparison: length > limit => length < limit and length > 0
            You lengthen the short ones and leave the long ones: the comparison is the wrong way round.
        squared-length: length = np.linalg.norm(dw) => length = np.sum(dw * dw)
            You use the squared length: the root is missing.
        compares-the-square: length > limit => length ** 2 > limit
            You compare the squared length with the limit. Compare the length.
        divides-by-the-square: dw * (limit / length) => dw * (limit / length ** 2)
            You divide by the squared length. Divide by the length once.
        upside-down: limit / length => length / limit
            Your factor is upside down: a gradient that is too long gets longer.
        largest-entry: np.linalg.norm(dw) => np.abs(dw).max()
            You take the largest entry for the length. The length is the root of the sum of squares.
        sum-of-sizes: np.linalg.norm(dw) => np.abs(dw).sum()
            You add up the sizes of the entries. The length is the root of the sum of *squares*.
        sum-of-entries: np.linalg.norm(dw) => np.abs(dw.sum())
            You add up the entries: positive and negative ones cancel. The length is the root of the sum of squares.
        root-mean-square: np.linalg.norm(dw) => np.sqrt(np.mean(dw * dw))
            You take a mean over the entries. The length is the root of their *sum* of squares.
        row-by-row: np.linalg.norm(dw) => np.linalg.norm(dw, axis=-1, keepdims=True)
               and: length > limit => np.any(length > limit)
               and: dw * (limit / length) => dw * np.minimum(1, limit / length)
            You clip each row of a table by itself. All weights together are one vector: its length is that of the whole table.
        spectral: np.linalg.norm(dw) => np.linalg.norm(dw, 2 if dw.ndim == 2 else None)
            For a table you take another norm: `np.linalg.norm(dw, 2)` is its largest singular value. Leave out the 2.
        drops-the-step: dw * (limit / length) => np.zeros(dw.shape)
            You drop a gradient that is too long. It should be shortened, so that its direction still counts.
        limit-in-each-entry: dw * (limit / length) => np.sign(dw) * limit
            Each entry becomes plus or minus the limit. The direction must stay: multiply the whole gradient by one number.
        sign-lost: dw * (limit / length) => np.abs(dw) * (limit / length)
            Your entries have lost their signs.
        sign-flipped: dw * (limit / length) => -dw * (limit / length)
            Your clipped gradient points the other way.
        excess-subtracted: dw * (limit / length) => dw - (length - limit)
            You subtract the excess from each entry. That turns the gradient: multiply it by one number.
        writes-into-dw: return … => dw *= min(1, limit / length) if length else 1; return dw
            You write into the array that you were given. Return a new one: `dw * …`.
        returns-the-factor: dw * (limit / length) => limit / length
                       and: else dw => else 1.0
            You return the factor. The gradient times that factor is asked for.
        returns-the-length: dw * (limit / length) => min(length, limit)
                       and: else dw => else min(length, limit)
            You return a length. The gradient itself is asked for.
        nothing-for-short: else dw => else None
            For a short gradient nothing comes back. Return it as it is.
        never-clips: length > limit => False
            Nothing is ever clipped.
        limit-is-one: length > limit => length > 1
            You compare the length with 1. Compare it with `limit`.
        times-the-limit: dw * (limit / length) => dw * limit
            You multiply by the limit, and do not divide by the length.
        limit-subtracted: dw * (limit / length) => dw - limit
            You subtract the limit from each entry. That turns the gradient: multiply it by one number.
        compares-the-entries: length > limit => np.any(np.abs(dw) > limit)
            You ask whether an entry is above the limit. Ask it of the length, which may be larger than each entry.
        nothing-of-short: else dw => else dw * 0
            A short gradient comes back as zeros. It comes back as it is.
        factor-squared: dw * (limit / length) => dw * (limit / length) ** 2
            Your factor is squared, so that a long gradient ends shorter than the limit.
        """,
    ),
    hints=(
        "You need one number: the length of `dw`, `np.linalg.norm(dw)`.",
        "If it is at most `limit`, return `dw`. If not, multiply by one number that makes it `limit` long.",
        "That number is `limit / length`. `dw * (limit / length)` is a new array.",
    ),
)


# -- 14-ema ------------------------------------------------------------------------------------------------------


def ema_cases(rng: np.random.Generator) -> list[Case]:
    """Paths of several lengths and decays, a constant path, no memory, one weight, whole numbers."""

    def path(steps, n):
        return np.cumsum(rng.normal(size=(steps, n)), axis=0) + 5 * rng.normal(size=n)

    return [
        Case((path(12, 2), 0.9), label="a path in the plane"),
        Case((path(30, 5), float(rng.uniform(0.5, 0.8))), label="five weights"),
        Case((path(4, 3), 0.5), label="a decay of 0.5"),
        Case((path(60, 1), 0.95), label="one weight"),
        Case((np.tile(rng.uniform(2, 5, size=3), (8, 1)), 0.9), label="a constant path"),
        Case((path(6, 2), 0.0), label="a decay of zero"),
        Case((path(3, 2), 0.99), label="a long memory"),
        Case((rng.integers(-9, 9, size=(7, 2)), 0.75), label="whole numbers"),
    ]


EMA = Exercise(
    id="14-ema",
    title="The average beside the run",
    statement=(
        "`points` has a row for each step of a run, the start first. Return the moving average after each step, an array of the "
        "same shape: it begins at the first point, and then keeps `decay` of itself. `points` must not be changed."
    ),
    points=2,
    answers=("ema",),
    reference=ema,
    cases=ema_cases,
    misconceptions=mistakes(
        ema,
        """
        no-correction: np.array(points, dtype=float) => np.array(points, dtype=float); means[0] *= 1 - decay
            Your average begins at zero, so at first it is far too short. Begin at the first point.
        corrected: return means => return means / (1 - decay ** np.arange(1, len(means) + 1))[:, None]
              and: np.array(points, dtype=float) => np.array(points, dtype=float); means[0] *= 1 - decay
            You begin at zero and correct for it, as Adam does. That is another average: this one begins at the first point.
        roles-swapped: decay * means[t - 1] + (1 - decay) * points[t] => (1 - decay) * means[t - 1] + decay * points[t]
            `decay` and `1 - decay` have changed places: `decay` is what is kept of the average.
        a-plain-sum: (1 - decay) * points[t] => points[t]
            The new point comes in whole. It gets the part that the average loses, `1 - decay`.
        new-point-alone: decay * means[t - 1] + (1 - decay) * points[t] => means[t - 1] + (1 - decay) * points[t]
            Nothing of the old average fades: multiply it by `decay`.
        last-point-for-the-mean: means[t - 1] => points[t - 1]
            You mix the new point with the *point* before. The average before is needed: `means[t - 1]`.
        one-behind: points[t] => points[t - 1]
            Your average is one step behind: after step `t` it knows `points[t]`.
        misses-the-last: range(1, len(points)) => range(1, len(points) - 1)
            Your loop ends one step too soon: the last average is no average.
        starts-late: range(1, len(points)) => range(2, len(points))
            Your loop starts one step too late: the average begins at `points[0]`, and `points[1]` is mixed in.
        last-only: return means => return means[-1]
            You return the last average alone. The average after each step is asked for.
        without-the-start: return means => return means[1:]
            You leave out the start. The average has a row for each row of `points`.
        running-mean: means[t] = decay * means[t - 1] + (1 - decay) * points[t] => means[t] = np.mean(points[: t + 1], axis=0)
            That is the mean of all points so far: it forgets nothing. This average keeps `decay` of itself at each step.
        over-the-weights: (1 - decay) * points[t] => (1 - decay) * np.mean(points[t])
            You take the mean over the weights. Each weight has an average of its own.
        ignores-decay: decay * means[t - 1] + (1 - decay) * points[t] => (means[t - 1] + points[t]) / 2
            You take the middle of the two. `decay` says how much is kept.
        whole-numbers: np.array(points, dtype=float) => np.array(points)
            Your average keeps the whole-number type of the points, which cannot hold a fraction: say `dtype=float`.
        changes-the-points: np.array(points, dtype=float) => points
            You write into the points themselves. Make a float copy before the loop.
        decay-to-the-t: decay * means[t - 1] + (1 - decay) * points[t] => decay ** t * means[t - 1] + (1 - decay ** t) * points[t]
            Your decay changes with the step. It is the same at each step.
        subtracts: + (1 - decay) * points[t] => - (1 - decay) * points[t]
            You subtract the new point.
        adam-schedule: means[t] = … => d = min(decay, t / (t + 1)); means[t] = d * means[t - 1] + (1 - d) * points[t]
            Your decay is smaller at first. Some libraries do so, to forget the start sooner; here it is the same at each step.
        never-averages: means[t] = … => mean = …
            Your average is computed and not kept: it must be written into `means[t]`.
        decay-for-both: (1 - decay) * points[t] => decay * points[t]
            Both parts have the weight `decay`. The new point gets what the average loses, `1 - decay`.
        one-minus-decay-for-both: decay * means[t - 1] => (1 - decay) * means[t - 1]
            Both parts have the weight `1 - decay`. The average keeps `decay` of itself.
        zeros-at-first: np.array(points, dtype=float) => np.zeros(np.shape(points))
            The first row of your averages stays zero. Begin at the first point.
        kept-of-the-start: means[t - 1] => means[0]
            You mix the new point with the start each time. The average *before* is needed: `means[t - 1]`.
        mean-at-the-end: return means => return means.mean(axis=0)
            You return one mean of all averages. The average after each step is asked for.
        """,
    ),
    hints=(
        "Make a float array for the averages, as large as `points`. Its first row is the first point.",
        "In a loop from 1 on: keep `decay` of the average before, add `1 - decay` of the point.",
        "`means[t] = decay * means[t - 1] + (1 - decay) * points[t]`, then `return means`.",
    ),
)

EXERCISES = (NOISE_SCALE, NOISE_SCALE_FROM_TWO, CLIP_BY_NORM, EMA)


# -- predictions -------------------------------------------------------------------------------------------------


def how_many_times_fewer() -> int:
    """The choice of 14-batch: steps with batches of 2 over those with all digits, medians of the tuning seeds."""
    found = noise_runs.stored()["steps"][..., list(noise_runs.TUNING_SEEDS)].astype(float)
    fewest = np.median(np.where(found < 0, np.inf, found), axis=-1).min(axis=1)
    ratio = fewest[noise_runs.BATCH_SIZES.index(2)] / fewest[noise_runs.BATCH_SIZES.index(1000)]
    return int(np.abs(np.log(ratio / np.array([500, 100, 10, 1]))).argmin())


def mean_of_the_clipped() -> float:
    return float(np.mean([clip_by_norm(np.array([slope]), 1.0)[0] for slope in [1.0] * 9 + [-19.0]]))


def who_is_lowest() -> int:
    """The choice of 14-averaged: who has the lowest training loss for most seeds, momentum at rate 0.1."""
    ends = noise_runs.stored()["averages"][0, :, :, 0, -1].astype(float)
    rivals = [noise_runs.ENDS.index(kind) for kind in ("the last weights", "cosine", "average 0.95")]
    return int(np.bincount(ends[:, rivals].argmin(axis=1), minlength=3).argmax())


PREDICTIONS = (
    Prediction(
        id="14-batch",
        question=(
            "A network learns 1,000 digits, to a training loss of 0.3; each batch size has the best of ten rates. In place of "
            "batches of 2, all 1,000 digits are used at each step: 500 times as many. How many times fewer steps are needed?"
        ),
        kind="choice",
        choices=("About 500 times fewer", "About 100 times fewer", "About 10 times fewer", "As many as before"),
        answer=how_many_times_fewer,
        reveal=(
            "About 10 times: some 500 steps become some 50. So 10 times less waiting costs some 50 times as many examples."
        ),
        watch=Watch("BatchSizeExplorer", {"batch_size": 2}, {"batch_size": 1000}),
    ),
    Prediction(
        id="14-clipped-mean",
        question=(
            "Ten examples have the slopes +1, nine times, and −19, once. Their mean is −1. Now each is clipped at 1, by itself. "
            "What is the mean of the ten?"
        ),
        kind="number",
        answer=mean_of_the_clipped,
        tolerance=0.02,
        reveal="{answer}: nine times +1 and once −1, over ten. The mean now points the other way.",
        watch=Watch("ClippedMeanExplorer", {"limit": 25}, {"limit": 1}),
    ),
    Prediction(
        id="14-averaged",
        question=(
            "SGD with momentum at a constant rate of 0.1, 300 steps. Which weights have the lowest training loss: the last ones, "
            "those of a run whose rate comes down to 0 from 0.1 (cosine), or a moving average (decay 0.95) of the constant run?"
        ),
        kind="choice",
        choices=("The last ones", "Those of the run with cosine", "The moving average"),
        answer=who_is_lowest,
        reveal=(
            "The moving average, for each of 20 seeds here: it is as quiet as a small rate, and the run went as far as a "
            "large one does. With another rate it may be otherwise, as you will see."
        ),
        watch=Watch(
            "AveragesExplorer", {"average": "average 0.95", "loss": "held back"}, {"average": "average 0.95", "loss": "training"}
        ),
    ),
)  # fmt: skip


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="14",
    questions=(
        Question(
            "The noise scale of a run is 100. What does a batch of 10,000 bring over one of 1,000, at the best rate for each?",
            (
                "Ten times fewer steps.",
                "Hardly any fewer steps.",
                "More steps, since a large batch is less random.",
                "A steeper slope.",
            ),
            1,
            (
                "That holds far below the noise scale, where noise is most of a gradient.",
                "Yes: with 1,000 examples noise is a tenth of the slope already, and each step costs ten times as much.",
                "Less noise does not cost steps; it saves only few of them here.",
                "The slope is that of the loss; a batch only measures it.",
            ),
        ),
        Question(
            "You estimate |g|² from a batch of 16 and one of 128, and get −0.02. What now?",
            (
                "The gradient is wrong: a squared length cannot be negative.",
                "Take the absolute value.",
                "Leave this pair out, and take the mean of the others.",
                "Keep it: estimates scatter; average many pairs, then divide.",
            ),
            3,
            (
                "A squared length cannot, an estimate of it can: it is a difference of two noisy numbers.",
                "Then the estimates are no longer right on average.",
                "Then only the pairs are left that were too high: the mean is wrong.",
                "Yes. Each single one is right on average, and only on average.",
            ),
        ),
        Question(
            "Gradients are clipped at a length of 1. Which of them changes its direction?",
            (
                "None.",
                "Each that is longer than 1.",
                "Each that is shorter than 1.",
                "Those with an entry above 1.",
            ),
            0,
            (
                "Yes: the whole gradient is multiplied by one number. Only a *mean* of clipped gradients may turn.",
                "It gets shorter; all entries by the same factor.",
                "These come back as they are.",
                "That would be so if each entry were clipped by itself.",
            ),
        ),
        Question(
            "A run jitters around its minimum. Why is the mean of its weights lower than its last weights?",
            (
                "Because averaging makes each step of the run shorter, as a smaller learning rate would.",
                "Because the jitter points in all directions, and cancels in the mean.",
                "Because the mean uses more gradients at each step.",
                "It is lower only by chance, in about half of the runs.",
            ),
            1,
            (
                "The run does not know of its average; its steps are the same.",
                "Yes, once the start is forgotten.",
                "No gradient is ever computed for the average.",
                "It was lower for 20 of 20 seeds with momentum at rate 0.1.",
            ),
        ),
        Question(
            "A run's loss is stuck at 2.30 = ln 10, no number is infinite, and there are ten classes. What is likely?",
            (
                "It has found a minimum.",
                "Its hidden units are dead.",
                "The batch is too large for these data.",
                "The gradients should be averaged.",
            ),
            1,
            (
                "The loss of guessing is no minimum that anyone wants.",
                "Yes: a step was too long. A ReLU unit that no example reaches has no gradient, so it never comes back.",
                "A larger batch makes steps less noisy, not dead.",
                "What is zero stays zero in any average.",
            ),
        ),
    ),
)
