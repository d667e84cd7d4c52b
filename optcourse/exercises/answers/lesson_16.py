"""Answers of source/16_claims_audit.py. Made by `optcourse build`: edit the source, never this file."""

import math

import numpy as np


def choose(tuning, criterion):
    """The row with the lowest median over the seeds, in the table that the criterion names."""
    return np.argmin(np.median(tuning[criterion], axis=1))


def sign_test(a, b):
    """How often fair coins fall as unevenly as a < b against a > b: the two-sided p."""
    lower, higher = int(np.sum(a < b)), int(np.sum(a > b))
    n, k = lower + higher, min(lower, higher)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


def steps_to_target(curves, target):
    """For each row the first index with a loss <= target; -1: never."""
    reached = curves <= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)


def expected_best(values, k):
    """The mean of the lowest of k values, over all ways to draw k of them."""
    ordered, n = np.sort(values), len(values)
    chances = [math.comb(n - 1 - i, k - 1) / math.comb(n, k) for i in range(n)]
    return np.dot(chances, ordered)


def audit_claim(tuning_a, race_a, tuning_b, race_b):
    """holds, fails or cannot be told: is a lower than b, whichever tuning seed is left out?"""
    verdicts = set()
    for left_out in [[], *range(tuning_a.shape[1])]:  # [] leaves none out
        a = race_a[np.argmin(np.median(np.delete(tuning_a, left_out, axis=1), axis=1))]
        b = race_b[np.argmin(np.median(np.delete(tuning_b, left_out, axis=1), axis=1))]
        ahead = "holds" if np.sum(a < b) > np.sum(a > b) else "fails"
        verdicts.add(ahead if sign_test(a, b) < 0.05 else "cannot be told")
    return min(verdicts, default=None) if len(verdicts) < 2 else "cannot be told"
