"""Exercises of lesson 03: gradient descent."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.linalg import norm  # noqa: F401 (mistakes use it)

from optcourse import objectives
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_03 import (
    batch_gradient_descent,
    best_learning_rate,
    gradient_descent,
    saddle_steps,
    steps_needed,
)
from optcourse.exercises.families import LOOP
from optcourse.exercises.ingredients import Gradient, ModelGradient, QuadraticGradient, random_bowl
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz, Watch
from optcourse.optimizers import GradientDescent

# -- 03-gradient-descent: the loop of the lecture --------------------------------------------------


def descent_cases(rng: np.random.Generator) -> list[Case]:
    """Random bowls in several dimensions, and the corners: one entry, whole numbers, large steps, no step."""
    cases = []
    for n in (2, 3, 7):
        bowl = random_bowl(rng, n)
        cases.append(
            Case((bowl, rng.normal(size=n), round(rng.uniform(0.05, 0.3), 3), 8), label=f"{n} entries")
        )
    one = QuadraticGradient([[rng.uniform(0.5, 2)]], [rng.normal()])
    cases.append(Case((one, rng.normal(size=1), 0.2, 5), label="one entry"))
    rosenbrock = Gradient(objectives.rosenbrock().recipe)
    cases.append(Case((rosenbrock, np.array([-1.2, 1.0]), 0.001, 10), label="Rosenbrock's valley"))
    whole = rng.integers(-5, 6, size=4) * 2 + 1
    cases.append(Case((random_bowl(rng, 4), whole, 0.1, 6), label="a start of whole numbers"))
    cases.append(
        Case((random_bowl(rng, 2), rng.normal(size=2), 5.0, 12), label="a step so large that it diverges")
    )
    flat = QuadraticGradient(1e-9 * np.diag(rng.uniform(0.5, 3, size=2)), rng.normal(size=2))
    cases.append(Case((flat, rng.normal(size=2), 2e8, 6), label="a bowl that is nearly flat"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 1), label="one step"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 0), label="no step at all"))
    return cases


def stops_early(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        if np.abs(dw).max() < 1e-6:
            break
        w -= learning_rate * dw
    return w


GRADIENT_DESCENT = Exercise(
    id="03-gradient-descent",
    title="Gradient descent",
    statement=(
        "Write the loop: take `num_steps` steps against the gradient, and return where it ends. The caller's `w` stays as "
        "it was, and may hold whole numbers."
    ),
    points=3,
    answers=("gradient_descent",),
    reference=gradient_descent,
    cases=descent_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=(
        *mistakes(
            gradient_descent,
            LOOP,
            """
            adds-up-gradients: w = … => w = …; total = np.zeros_like(w)
                          and: w -= learning_rate * dw => total += dw; w -= learning_rate * total
                Your steps grow from step to step: `dw` gathers all the gradients so far, but a step needs only the one at `w`
                now.
            learning-rate-decays: learning_rate * dw => learning_rate / (_ + 1) * dw
                Your steps shrink with the step's number: the learning rate stays the same during this loop.
            clips-the-gradient: learning_rate * dw => learning_rate * np.clip(dw, -1, 1)
                Your gradient is cut to between −1 and 1 before it is used: take it as it is.
            sign-only: learning_rate * dw => learning_rate * np.sign(dw)
                Only the sign of each slope is used: a steep slope asks for a longer step than a gentle one.
            restarts-each-step: w = … => w = …; start = w
                           and: w -= learning_rate * dw => w = start - learning_rate * dw
                Every step sets off from the start again: subtract from the current `w`, not from the first one.
            replaces-w: w -= learning_rate * dw => w = -learning_rate * dw
                The update takes the place of `w`; it must be subtracted from it: look at `=` and `-=`.
            replaces-w-uphill: w -= => w =
                The step takes the place of `w`; it must be subtracted from it: look at `=` and `-=`, and at the sign.
            one-entry-at-a-time: dw = … => pass
                            and: w -= learning_rate * dw => for k in range(len(w)): w[k] -= learning_rate * compute_gradient(w)[k]
                The gradient is computed anew for every entry, while `w` is half moved: compute `dw` once a round.
            multiplies-by-w: learning_rate * dw => learning_rate * w * dw
                The step is multiplied by `w` itself, so an entry at zero cannot move: the update holds only the learning rate
                and the gradient.
            mean-of-the-gradient: learning_rate * dw => learning_rate * dw.mean()
                Every entry moves by the same amount: you took the mean of the gradient, but each entry has its own slope.
            squares-the-gradient: learning_rate * dw => learning_rate * dw * dw
                You square the gradient, so its sign is lost and steep slopes count too much: take it as it is.
            step-minus-place: w -= learning_rate * dw => w = learning_rate * dw - w
                You take `w` away from the step. The step is taken away from `w`.
            steps-away-from-zero: compute_gradient(w) => compute_gradient(np.zeros(len(w)))
                You ask for the gradient at zero: ask where `w` is now.
            two-calls-a-step: dw = compute_gradient(w) => compute_gradient(w); dw = compute_gradient(w)
                The gradient is computed twice at each point: call `compute_gradient` once a round, and keep what it gives.
            one-gradient-more: return w => compute_gradient(w); return w
                The result is right, but one more gradient is computed at the end, which nobody uses. It costs as much as a step.
            mean-of-the-walk: w = … => w = …; total = w.copy()
                         and: w -= learning_rate * dw => w -= learning_rate * dw; total += w
                         and: return w => return total / (num_steps + 1)
                You return the mean of all points of the walk; the caller wants the last one.
            best-not-last: w = … => w = …; best, low = w.copy(), np.inf
                      and: dw = compute_gradient(w) => dw = compute_gradient(w); keep = int(norm(dw) < low)
                      and: w -= learning_rate * dw => w -= learning_rate * dw; best, low = [[best, low], [w + 0, norm(dw)]][keep]
                      and: return w => return best
                You return the point with the smallest slope of the walk. The caller wants the last one, wherever it is.
            """,
        ),
        Misconception(
            "stops-early",
            "Your loop stops where the gradient is small. Here all `num_steps` steps are taken, however flat the ground.",
            stops_early,
        ),
    ),
    hints=(
        (
            "Three things happen in each round of the loop: ask for the gradient, scale it, move `w`. "
            "Which way does the gradient point?"
        ),
        (
            "Begin with a float copy, `w = np.array(w, dtype=float)`, so that the caller's array stays "
            "as it is. Then loop `num_steps` times."
        ),
        (
            "Inside the loop: `dw = compute_gradient(w)`, then take `learning_rate * dw` away from `w`. "
            "After the loop: `return w`."
        ),
    ),
)


# -- 03-read-a-hessian: condition number, limit and shape of 0.1 x² + 2 y² ----------------------------------------------


def read_a_hessian(flat: float, steep: float) -> Exercise:
    """The exercise for the loss flat x² + steep y²."""

    def lecture_numbers():
        """(kappa, limit, axis_ratio)."""
        low, high = np.linalg.eigvalsh(np.diag([2.0 * flat, 2.0 * steep]))
        return float(high / low), float(2 / high), float(np.sqrt(high / low))

    given = {"flat": flat, "steep": steep, "low": 2 * flat, "high": 2 * steep}
    return Exercise(
        id="03-read-a-hessian",
        title="Read a Hessian",
        statement=(
            f"For the loss {flat:g} x² + {steep:g} y²: its condition number `kappa`, the learning rate `limit` at which gradient "
            "descent stops settling, and how many times longer than wide its ellipses are, `axis_ratio` (two digits are enough)."
        ),
        points=2,
        answers=("kappa", "limit", "axis_ratio"),
        reference=lecture_numbers,
        kind="value",
        # Two figures of the axis ratio are enough; the whole numbers of the others stay apart.
        rtol=7.5e-3,
        misconceptions=wrong_values(
            lecture_numbers,
            ("kappa", "limit", "axis_ratio"),
            """
            kappa-inverted: kappa = flat / steep
                Your condition number is below 1: it is the largest curvature over the smallest, not the other way round.
            kappa-of-axes: kappa = np.sqrt(steep / flat)
                Your condition number is the ratio of the axes' lengths: the ratio of the curvatures is the square of that.
            kappa-squared: kappa = (steep / flat) ** 2
                Your condition number is squared once too often: it is the ratio of the two curvatures as they are.
            kappa-of-mixed-numbers: kappa = steep / low
                Your condition number compares a coefficient with a curvature. Take the second derivative along both axes.
            kappa-of-the-other-mix: kappa = high / flat
                Your condition number compares a curvature with a coefficient. Take the second derivative along both axes.
            kappa-is-the-difference: kappa = high - low
                Your condition number is the difference of the curvatures: it is their ratio.
            kappa-is-the-sum: kappa = high + low
                Your condition number is the sum of the curvatures: it is their ratio.
            limit-from-coefficient: limit = 2 / steep
                Your limit takes the coefficient {steep} for the curvature: the second derivative of {steep} y² is twice as large.
            limit-of-flat-axis: limit = 2 / low
                Your limit belongs to the flat axis: the steep axis runs away long before that.
            limit-is-one-jump: limit = 1 / high
                At your limit the steep axis reaches the bottom in a single jump. It still settles at larger rates, up to the
                one where the factor is −1.
            limit-is-best: limit = 2 / (low + high)
                Your limit is the best learning rate α*: there it still settles, and fastest of all.
            limit-is-the-curvature: limit = high
                Your limit is the curvature of the steep axis. The limit is where the factor 1 − limit · {high} is −1.
            limit-of-the-coefficients: limit = 2 / (flat + steep)
                Your limit is 2 over the sum of the coefficients. It is 2 over the largest curvature.
            limit-too-small-by-half: limit = 1 / (2 * high)
                Your limit is four times too small: the curvature of {steep} y² is {high}, and the factor at the limit is −1.
            axes-are-kappa: axis_ratio = steep / flat
                Your axis ratio is the condition number itself: an axis is as long as 1/√λ, so there is a root.
            axes-inverted: axis_ratio = np.sqrt(flat / steep)
                Your axis ratio is width over length: the question is how many times longer than wide.
            axes-squared: axis_ratio = (steep / flat) ** 2
                Your axis ratio is the square of the condition number: it is its root.
            axes-of-one-root: axis_ratio = np.sqrt(steep) / flat
                Your axis ratio has a root on one side only: take the root of the whole ratio.
            axes-cut-off: axis_ratio = np.floor(np.sqrt(steep / flat))
                Your axis ratio is cut to a whole number: give two digits.
            """,
            given,
        ),
        hints=(
            "The curvature of an axis is the second derivative along it. What are the second derivatives of "
            f"{flat:g} x² and of {steep:g} y²?",
            f"The curvatures are {2 * flat:g} and {2 * steep:g}. `kappa` is their ratio; `limit` is where the factor "
            f"1 − limit · {2 * steep:g} is −1.",
            f"On a ring of equal loss, {flat:g} x² = {steep:g} y². Solve for x / y and take the root.",
        ),
    )


READ_A_HESSIAN = replace(
    read_a_hessian(0.1, 2),
    # a whole number and tenths, a condition number from 7 to 60 whose root is no whole number; not twice those of the text, whose
    # limit is what a forgotten 2 gives there
    numbers=tuple(
        (flat / 10, steep)
        for flat in (1, 2, 3, 4, 5)
        for steep in (2, 3, 4, 5, 6)
        if (flat, steep) not in ((1, 2), (2, 4))
        and 7 <= 10 * steep / flat <= 60
        and math.sqrt(10 * steep / flat) % 1 > 0.1
    ),
    with_numbers=read_a_hessian,
)


# -- 03-best-learning-rate ----------------------------------------------------------------------------------------------


def hessian_cases(rng: np.random.Generator) -> list[Case]:
    """Hessians with positive eigenvalues: turned ones, one with whole numbers, one with a single entry."""
    cases = [Case((random_hessian(rng, n),), label=f"{n} by {n}, turned") for n in (2, 3, 6)]
    cases.append(Case((np.diag(rng.uniform(3, 9, size=4)),), label="a diagonal Hessian"))
    cases.append(
        Case((np.array([[2, 1, 0], [1, 3, 1], [0, 1, int(rng.integers(9, 30))]]),), label="whole numbers")
    )
    cases.append(Case((np.array([[rng.uniform(2, 5)]]),), label="one entry"))
    cases.append(Case((np.diag([0.2, 4.0]),), label="0.1 x² + 2 y²"))
    return cases


def random_hessian(rng: np.random.Generator, n: int) -> np.ndarray:
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = basis @ np.diag(np.geomspace(0.3, rng.uniform(5, 20), n)) @ basis.T
    return (matrix + matrix.T) / 2


BEST_LEARNING_RATE = Exercise(
    id="03-best-learning-rate",
    title="The best learning rate",
    statement=(
        "Given a Hessian `H` (symmetric, all eigenvalues positive, any size), return the learning rate at which "
        "gradient descent shrinks the slowest axis fastest."
    ),
    points=2,
    answers=("best_learning_rate",),
    reference=best_learning_rate,
    cases=hessian_cases,
    # Who searches on a grid need not search for ever.
    rtol=1e-5,
    misconceptions=mistakes(
        best_learning_rate,
        """
        limit-of-the-flattest: (eigenvalues[0] + eigenvalues[-1]) => eigenvalues[0]
            You divide 2 by the smallest eigenvalue alone: at that rate the steep axis runs away. Both count.
        entries-of-h: eigenvalues[0] + eigenvalues[-1] => np.min(H) + np.max(H)
            You use the largest and the smallest *entry* of `H`. The curvatures are its eigenvalues.
        the-two-smallest: eigenvalues[-1] => eigenvalues[min(1, len(eigenvalues) - 1)]
            `eigvalsh` sorts upwards, so `[0]` and `[1]` are the two smallest. The last one is `[-1]`.
        the-first-two: eigenvalues[-1] => eigenvalues[1]
            `eigvalsh` sorts upwards, so `[0]` and `[1]` are the two smallest, and there may be one only. The last one is `[-1]`.
        the-limit: (eigenvalues[0] + eigenvalues[-1]) => eigenvalues[-1]
            You return the limit of stability, where the steepest axis neither grows nor shrinks. The best rate lies below it.
        one-jump-for-the-steepest: 2 / (eigenvalues[0] + eigenvalues[-1]) => 1 / eigenvalues[-1]
            Your rate brings the steepest axis home in one jump, but then the flattest one is slower than it could be.
        one-jump-for-the-flattest: 2 / (eigenvalues[0] + eigenvalues[-1]) => 1 / eigenvalues[0]
            Your rate suits the flattest axis; the steepest one runs away at it.
        mean-of-both-jumps: 2 / (eigenvalues[0] + eigenvalues[-1]) => (1 / eigenvalues[0] + 1 / eigenvalues[-1]) / 2
            You take the mean of 1/λ₁ and 1/λₙ. It is the eigenvalues that are averaged, and then 1 is divided by that.
        mean-of-all-jumps: 2 / (eigenvalues[0] + eigenvalues[-1]) => np.mean(1 / eigenvalues)
            You take the mean of 1/λ over all axes. Only the smallest and the largest eigenvalue count, and they are added up
            before you divide.
        two-is-missing: 2 / ( => 1 / (
            Your rate is half of the right one: setting 1 − αλ₁ equal to −(1 − αλₙ) leaves a 2.
        twice-too-large: 2 / ( => 4 / (
            Your rate is twice the right one: setting 1 − αλ₁ equal to −(1 − αλₙ) leaves a 2.
        upside-down: 2 / (eigenvalues[0] + eigenvalues[-1]) => (eigenvalues[0] + eigenvalues[-1]) / 2
            Your rate is upside down: it is 2 over the sum, not the sum over 2. A steeper `H` asks for a smaller one.
        sum-of-all: (eigenvalues[0] + eigenvalues[-1]) => eigenvalues.sum()
            You add up all the eigenvalues (or take the trace). Only the smallest and the largest count.
        mean-of-all: 2 / (eigenvalues[0] + eigenvalues[-1]) => 1 / eigenvalues.mean()
            You use the mean of all the eigenvalues; the ones in between do not matter here.
        difference: (eigenvalues[0] + eigenvalues[-1]) => abs(eigenvalues[0] - eigenvalues[-1])
            You subtract the eigenvalues where they are added.
        product: eigenvalues[0] + eigenvalues[-1] => eigenvalues[0] * eigenvalues[-1]
            You multiply the eigenvalues where they are added.
        geometric-mean: 2 / (eigenvalues[0] + eigenvalues[-1]) => 1 / np.sqrt(eigenvalues[0] * eigenvalues[-1])
            You use the geometric mean of the eigenvalues, √(λ₁λₙ). The two factors balance at their plain mean.
        roots: (eigenvalues[0] + eigenvalues[-1]) => (np.sqrt(eigenvalues[0]) + np.sqrt(eigenvalues[-1])) ** 2
            There are roots of the eigenvalues in your rate: they belong to momentum, two lessons on.
        roots-squared: 2 / (eigenvalues[0] + eigenvalues[-1]) => (2 / (np.sqrt(eigenvalues[0]) + np.sqrt(eigenvalues[-1]))) ** 2
            This is the best learning rate of momentum, two lessons on: gradient descent has no roots in it.
        diagonal: eigenvalues = … => eigenvalues = np.sort(np.diag(H))
            You read the diagonal of `H`. Where the valley is turned, the curvatures are the eigenvalues, not the diagonal.
        corners: eigenvalues[0] + eigenvalues[-1] => H[0, 0] + H[-1, -1]
            You take the first and the last entry of the diagonal of `H`. The curvatures are its eigenvalues.
        the-condition-number: 2 / (eigenvalues[0] + eigenvalues[-1]) => eigenvalues[-1] / eigenvalues[0]
            You return the condition number; from the same two eigenvalues, the learning rate is asked for.
        two-over-kappa: 2 / (eigenvalues[0] + eigenvalues[-1]) => 2 * eigenvalues[0] / eigenvalues[-1]
            You divide 2 by the condition number, which knows nothing of the scale of `H`: use the two eigenvalues themselves.
        one-over-kappa: 2 / (eigenvalues[0] + eigenvalues[-1]) => eigenvalues[0] / eigenvalues[-1]
            You divide 1 by the condition number, which knows nothing of the scale of `H`: use the two eigenvalues themselves.
        unsorted: np.linalg.eigvalsh(np.array(H, dtype=float)) => np.linalg.eig(np.array(H, dtype=float))[0]
            `np.linalg.eig` gives the eigenvalues in no particular order: the first and the last need not be the extremes.
        brackets: (eigenvalues[0] + eigenvalues[-1]) => eigenvalues[0] + eigenvalues[-1]
            A division binds tighter than a sum: the two eigenvalues need brackets around them.
        the-rate: 2 / ( => (eigenvalues[-1] - eigenvalues[0]) / (
            You return the factor per step (κ − 1)/(κ + 1) that the best learning rate achieves, not the learning rate itself.
        norm-of-h: (eigenvalues[0] + eigenvalues[-1]) => norm(H)
            You divide by the length of all entries of `H` together. The curvatures are its eigenvalues.
        determinant: (eigenvalues[0] + eigenvalues[-1]) => np.linalg.det(H)
            You divide by the determinant, the product of all eigenvalues. The sum of two of them belongs there.
        one-for-each-axis: eigenvalues[0] => eigenvalues
            You return a number for each eigenvalue. One learning rate serves all axes.
        """,
    ),
    hints=(
        "Two axes compete: the flattest wants a large learning rate, the steepest a small one. At the best one both "
        "shrink by the same factor in size.",
        "Write 1 − αλ₁ = −(1 − αλₙ), with λ₁ the smallest and λₙ the largest eigenvalue, and solve for α.",
        "`np.linalg.eigvalsh(H)` gives the eigenvalues of a symmetric matrix, smallest first. Then 2 over a sum of two.",
    ),
)


# -- 03-steps-needed: predict the step count -----------------------------------------------------------------------------


def steps_cases(rng: np.random.Generator) -> list[Case]:
    """Condition numbers from nearly round to very narrow, and the one of the lesson."""
    cases = [
        Case((100, 1e-6), label="the valley of the lesson"),
        Case((3, 0.125), label="a distance that is exactly the tolerance after some steps"),
        Case((1.25, 0.2), label="one step is enough"),
    ]
    for low, high in ((1.5, 4), (2, 9), (5, 30), (20, 90), (50, 300), (200, 900), (1000, 4000), (3000, 9000)):
        kappa = round(rng.uniform(low, high), 2)
        tolerance = float(f"{10.0 ** rng.uniform(-9, -2):.2g}")
        cases.append(Case((kappa, tolerance)))
    return cases


STEPS_NEEDED = Exercise(
    id="03-steps-needed",
    title="Predict the number of steps",
    statement=(
        "At the best learning rate every step multiplies the distance by (κ − 1)/(κ + 1). Return the smallest whole "
        "number of steps after which the distance is at most `tolerance` times what it was. `condition_number` is above 1."
    ),
    points=2,
    answers=("steps_needed",),
    reference=steps_needed,
    cases=steps_cases,
    misconceptions=mistakes(
        steps_needed,
        """
        rounds-down: math.ceil => math.floor
            You round down: after that many steps the distance is still above the tolerance.
        floor-plus-one: math.ceil( => 1 + math.floor(
            Where the distance is *exactly* the tolerance after some steps, you take one more: round up, in place of rounding
            down and adding 1 (in a loop: go on while the distance is above the tolerance).
        not-whole: math.ceil => float
            Your number of steps is not whole: round it up.
        rule-of-thumb: math.log(tolerance) / math.log(rate) => condition_number / 2 * math.log(1 / tolerance)
            κ/2 · ln(1/tolerance) is close for large κ only. Use the factor itself.
        rounds-to-nearest: math.ceil => round
            You round to the nearest whole number: where that is downwards, a step is missing.
        one-too-many: math.ceil( => 1 + math.ceil(
            You count one step too many: the start is not a step.
        one-too-few: math.ceil( => -1 + math.ceil(
            You count one step too few: after that many the distance is still above the tolerance.
        at-least-two: return … => return max(2, …)
            Where one step is enough you give two.
        at-most-a-thousand: return … => return min(1000, …)
            Your search ends after a thousand steps: a large condition number needs many more.
        rate-of-the-loss: math.log(rate) => math.log(rate**2)
            You use the squared factor. That is how the loss shrinks; the distance shrinks by the factor itself.
        root-of-the-rate: math.log(rate) => math.log(rate**0.5)
            There is a root of the factor in your count: each step multiplies the distance by the factor itself.
        short-steps: rate = … => rate = 1 - 1 / condition_number
            You use the factor 1 − 1/κ. It belongs to the learning rate 1/λₙ, which is not the best one.
        rate-for-large-kappa: rate = … => rate = 1 - 2 / condition_number
            You use 1 − 2/κ for the factor. That is close for large κ only.
        momentum: rate = … => rate = (math.sqrt(condition_number) - 1) / (math.sqrt(condition_number) + 1)
            There is a root of κ in your factor: that is for momentum, two lessons on.
        negative-ratio: math.log(tolerance) => math.log(1 / tolerance)
            Your number of steps is negative: one of the two fractions whose logarithms you take is upside down.
        rate-without-brackets: rate = … => rate = condition_number - 1 / condition_number + 1
            A division binds before a sum: `(condition_number - 1) / (condition_number + 1)` needs its brackets.
        two-logarithms: math.log(tolerance) => math.log10(tolerance)
            Your two logarithms have different bases: `np.log` and `np.log10` do not mix.
        negative: math.ceil( => math.floor(-
            Your number of steps is negative: both logarithms are, and their ratio is not.
        logarithms-upside-down: math.log(tolerance) / math.log(rate) => math.log(rate) / math.log(tolerance)
            Your two logarithms are upside down, or missing: t · ln(rate) = ln(tolerance), so the one of the tolerance stands
            above the line.
        logarithms-subtracted: math.log(tolerance) / math.log(rate) => math.log(tolerance) - math.log(rate)
            You subtract the two logarithms (or take the one of a ratio): t · ln(rate) = ln(tolerance), so divide them.
        shrinks-by-the-same-amount: math.log(tolerance) / math.log(rate) => (1 - tolerance) / (1 - rate)
            You let the distance shrink by the same amount at each step. It shrinks by the same *factor*.
        tolerance-ignored: math.log(tolerance) => math.log(1e-6)
            Your tolerance is always a millionth: use the one that you are given.
        kappa-times-log: math.log(tolerance) / math.log(rate) => condition_number * math.log(1 / tolerance)
            You use κ · ln(1/tolerance). That is an estimate, and at the best learning rate about twice too many.
        """,
    ),
    hints=(
        "After t steps the distance is rate^t times what it was. At which t is rate^t = tolerance?",
        "Take the logarithm on both sides: t · ln(rate) = ln(tolerance). Both logarithms are negative.",
        "`rate = (condition_number - 1) / (condition_number + 1)`, then divide the two logarithms and round up with `math.ceil`.",
    ),
)


# -- 03-saddle-steps --------------------------------------------------------------------------------------------------------


def saddle_cases(rng: np.random.Generator) -> list[Case]:
    """Starts near and far from the ridge, on both sides of it, and on it."""
    cases = [Case((1e-6, 0.01), label="the saddle of the lesson")]
    for exponent in (-2, -5, -9):
        y0 = float(f"{rng.uniform(1, 9) * 10.0**exponent:.3g}")
        cases.append(Case((y0, round(rng.uniform(0.02, 0.4), 3))))
    cases.append(
        Case((-float(f"{rng.uniform(1, 9) * 1e-4:.3g}"), 0.05), label="on the other side of the ridge")
    )
    cases.append(Case((0.0, 0.1), label="exactly on the ridge"))
    cases.append(Case((0.25, 0.5), label="a walk that meets |y| = 1 exactly"))
    cases.append(Case((1e-200, 0.3), label="very near to the ridge"))
    cases.append(Case((0.3, 2e-6), label="very short steps"))
    return cases


SADDLE_STEPS = Exercise(
    id="03-saddle-steps",
    title="How long a saddle holds on",
    statement=(
        "On x² − y², gradient descent starts at distance |y0| < 1 from the ridge. Return the smallest whole number of "
        "steps after which |y| is at least 1; `math.inf` if that never happens. `y0` may be negative, or 0."
    ),
    points=2,
    answers=("saddle_steps",),
    reference=saddle_steps,
    cases=saddle_cases,
    misconceptions=mistakes(
        saddle_steps,
        """
        half-the-slope: 1 + 2 * learning_rate => 1 + learning_rate
            Your y grows by 1 + α at each step: the derivative of −y² brings a factor 2.
        twice-the-slope: 1 + 2 * learning_rate => 1 + 4 * learning_rate
            Your y grows by 1 + 4α at each step: the derivative of −y² is −2y.
        shrinks: / math.log(1 + 2 * learning_rate) => / -math.log(1 - 2 * learning_rate)
            Your y shrinks, by 1 − 2α: that is the x axis. Along y the curvature is negative.
        linear-growth: math.log(1 + 2 * learning_rate) => (2 * learning_rate)
            You divide by 2α, not by ln(1 + 2α): near for small steps, wrong for larger ones.
        growth-squared: math.log(1 + 2 * learning_rate) => math.log((1 + 2 * learning_rate) ** 2)
            You use the squared factor. That is how the loss changes; y itself grows by the factor.
        rounds-down: math.ceil => math.floor
            You round down: after that many steps y has not reached 1 yet.
        floor-plus-one: math.ceil( => 1 + math.floor(
            Where |y| is *exactly* 1 after some steps, you take one more: round up, in place of rounding down and adding 1 (in
            a loop: go on while |y| is below 1).
        rounds-to-nearest: math.ceil => round
            You round to the nearest whole number: where that is downwards, a step is missing.
        not-whole: math.ceil => float
            Your number of steps is not whole: round it up.
        two-logarithms: math.log(1 / abs(y0)) => math.log10(1 / abs(y0))
            Your two logarithms have different bases: `np.log` and `np.log10` do not mix.
        counts-the-start: math.ceil( => 1 + math.ceil(
            You count one step too many: the start is not a step.
        negative: math.log(1 / abs(y0)) => math.log(abs(y0))
            Your number of steps is negative: ln(1/|y0|) = −ln|y0|.
        no-other-side: y0 == 0 => y0 <= 0
            For a negative `y0` you say that it never leaves. The saddle is the same on both sides: only |y0| counts.
        cut-off: y0 == 0 => abs(y0) < 1e-10
            For a very small `y0` you say that it never leaves. Only *exactly* on the ridge the slope is 0.
        at-most-a-thousand-steps: math.ceil( => (lambda steps: math.ceil(steps) if steps < 1000 else math.inf)(
            Your search ends too early: where the step is short it takes many thousands of them.
        no-absolute-value: return math.ceil( => return math.ceil(0 * math.log(y0) +
            `y0` may be negative, and a negative number has no logarithm: take `abs(y0)`.
        no-absolute-value-nor-zero: y0 == 0 => False
                               and: abs(y0) => y0
            `y0` may be negative, which has no logarithm, and it may be 0: nothing divides by that. Take care of both.
        zero-is-there: math.inf => 0
            For `y0 = 0` you return 0 steps. Its slope along y is exactly 0, so it never leaves: `math.inf`.
        minus-one-for-never: math.inf => -1
            For a walk that never leaves you return −1; asked for is `math.inf`.
        none-for-never: math.inf => None
            For a walk that never leaves you return None (or nothing); asked for is `math.inf`.
        text-for-never: math.inf => "inf"
            For a walk that never leaves you return a text; asked for is the number `math.inf`.
        zero-divides: y0 == 0 => False
            `y0 = 0` needs an answer of its own before you divide by it: it never leaves.
        """,
    ),
    hints=(
        "What is the derivative of −y² at y? Put it into one step of gradient descent: by what is y multiplied?",
        "y is multiplied by 1 + 2α at each step. After t steps |y| = |y0| (1 + 2α)^t; find the first t where this is 1 or more.",
        "`math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))`, with `math.inf` for `y0 == 0` before it.",
    ),
)


# -- 03-batch-gradient-descent: a pass over the digits at every step ----------------------------------------------------------


def batch_cases(rng: np.random.Generator) -> list[Case]:
    """Softmax regression on some of the digits; chunks that fit exactly and chunks that do not."""
    cases = []
    for num_examples, chunk_size, num_steps in (
        (90, 30, 3),
        (100, 32, 2),
        (70, 64, 3),
        (50, 50, 2),
        (40, 100, 2),
    ):
        first = int(rng.integers(0, 1500))
        model = ModelGradient("SoftmaxRegression", (first, first + num_examples), at_once=chunk_size)
        w = 0.1 * rng.normal(size=650)
        rate = round(float(rng.uniform(0.2, 1.0)), 2)
        cases.append(
            Case(
                (model, w, rate, num_steps, num_examples, chunk_size),
                label=f"{num_examples} digits in chunks of {chunk_size}",
            )
        )
    return cases


BATCH_GRADIENT_DESCENT = Exercise(
    id="03-batch-gradient-descent",
    title="Batch gradient descent, chunk by chunk",
    statement=(
        "Only `chunk_size` examples fit into memory at once. `compute_gradient(w, batch)` gives the mean gradient over "
        "the examples whose indices are in `batch`. Make every step of gradient descent with the gradient of the mean "
        "loss over all `num_examples` examples; the last chunk may be smaller. Call `compute_gradient` once a chunk, and "
        "leave the caller's `w` as it was."
    ),
    points=3,
    answers=("batch_gradient_descent",),
    reference=batch_gradient_descent,
    cases=batch_cases,
    compare=("result", "call_count", "inputs"),
    rtol=1e-6,
    misconceptions=mistakes(
        batch_gradient_descent,
        """
        updates-after-every-chunk: dw += … => w -= learning_rate * compute_gradient(w, batch)
                              and: w -= learning_rate * dw => pass
            Your `w` moves after every chunk. One step of batch gradient descent comes after the whole pass; moving earlier is
            the next lesson's algorithm.
        updates-after-every-chunk-weighed: dw += … => w -= learning_rate * …
                                      and: w -= learning_rate * dw => pass
            Your chunks are weighed rightly, but `w` already moves between them: the gradients of one pass must all be taken
            at the same `w`.
        updates-with-what-is-gathered: dw += … => dw += …; w -= learning_rate * dw
                                  and: w -= learning_rate * dw => pass
            Your `w` moves after every chunk, along all that was gathered so far: move it once, after the inner loop.
        mean-of-means: * len(batch) / num_examples => / math.ceil(num_examples / chunk_size)
            Every chunk counts the same in your mean. A smaller last chunk must count less: weigh each by its size.
        means-over-full-chunks: * len(batch) / num_examples => / max(1, num_examples // chunk_size)
            You divide by the number of *full* chunks, and every chunk counts the same. Weigh each by its size.
        sum-of-means: * len(batch) / num_examples =>
            You add the chunks' mean gradients up, so the step is as many times too long as there are chunks.
        sum-of-all: len(batch) / num_examples => len(batch)
            You add up the gradients of all examples, but the loss is their mean: divide by `num_examples`.
        divided-by-chunk-size: * len(batch) / num_examples => / chunk_size
            You divide the chunk's mean gradient by its size once more. A mean times its number of examples is a sum.
        divided-by-the-batch: * len(batch) / num_examples => / len(batch)
            You divide each chunk's mean gradient by its own size once more. A mean times its number of examples is a sum.
        weighs-by-chunk-size: len(batch) / num_examples => chunk_size / num_examples
            You weigh every chunk by `chunk_size`; the last one holds fewer examples than that.
        gradient-not-reset: dw = np.zeros_like(w) => dw = dw + 0
                       and: w = np.array(w, dtype=float) => w = np.array(w, dtype=float); dw = np.zeros_like(w)
            Your `dw` keeps what the step before has gathered: set it back to zeros at the start of each pass.
        last-chunk-forgotten: range(0, num_examples, chunk_size) => range(0, num_examples - chunk_size, chunk_size)
            Your pass ends before the last chunk: let `first` run up to `num_examples`.
        over-the-end: min(first + chunk_size, num_examples) => first + chunk_size
                 and: len(batch) / num_examples => chunk_size / num_examples
            Your last chunk reaches over the end of the data: its indices must stop at `num_examples`.
        last-chunk-only: dw += compute_gradient(w, batch) * len(batch) / num_examples => dw = compute_gradient(w, batch)
            Only the last chunk's gradient is used: `dw = …` in the inner loop forgets the chunks before; add to it.
        last-chunk-only-weighed: dw += => dw =
            Only the last chunk's share is used: `dw = …` in the inner loop forgets the chunks before; add to it, `+=`.
        last-examples-dropped: range(0, num_examples, chunk_size) => range(0, num_examples // chunk_size * chunk_size, chunk_size)
            Your pass leaves out the examples after the last full chunk: they make a smaller chunk of their own.
        last-example-left-out: min(first + chunk_size, num_examples) => min(first + chunk_size, num_examples - 1)
            The last example is left out: `np.arange` stops *before* its end, so that is `num_examples`.
        one-short-of-a-chunk: first + chunk_size, num_examples) => first + chunk_size - 1, num_examples)
            Each chunk lacks its last example: `np.arange` stops *before* its end, so nothing is taken away.
        one-example-at-a-time: range(0, num_examples, chunk_size) => range(num_examples)
                          and: first + chunk_size => first + 1
            The numbers are right, but you ask for one example at a time; `chunk_size` of them fit into one call.
        first-chunk-only: range(0, num_examples, chunk_size) => range(0, min(chunk_size, num_examples), chunk_size)
                     and: / num_examples => / len(batch)
            Only the first chunk is ever used: let the inner loop go on to the end of the data.
        first-chunk-only-weighed: range(0, num_examples, chunk_size) => range(1)
            Only the first chunk's share is ever used: let the inner loop go on to the end of the data.
        first-chunk-again: np.arange(first, min(first + chunk_size, num_examples)) => np.arange(min(chunk_size, num_examples))
            You ask for the first chunk again and again: its indices begin at `first`.
        all-at-once: batch = … => batch = np.arange(num_examples)
                and: range(0, num_examples, chunk_size) => range(1)
            You ask for all examples in one call, but only `chunk_size` of them fit into memory: go chunk by chunk.
        no-chunk: compute_gradient(w, batch) => compute_gradient(w)
            You ask for all examples in one call: hand the chunk over as well, `compute_gradient(w, batch)`.
        gradient-at-the-start: w = np.array(w, dtype=float) => start = np.array(w, dtype=float); w = start.copy()
                          and: compute_gradient(w, batch) => compute_gradient(start, batch)
            All your gradients are taken at the start: compute each pass where `w` is now.
        learning-rate-forgotten: learning_rate * dw => dw
            The steps do not depend on the learning rate: multiply `dw` by it in the update.
        returns-the-gradient: return w => return dw
            You return the last gradient; the caller wants the parameters `w` where the walk ended.
        never-updates: w -= learning_rate * dw => w - learning_rate * dw
            Your `w` never moves: the result of the update is not kept in `w`.
        one-pass-only: w -= learning_rate * dw => w -= learning_rate * dw; return w
            Your function is back after its first pass: is the `return` indented into the loop?
        one-step-too-few: range(num_steps) => range(num_steps - 1)
            Your loop takes one step too few: count how often `range(…)` runs.
        one-step-too-many: range(num_steps) => range(num_steps + 1)
            Your loop takes one step too many: count how often `range(…)` runs.
        changes-the-input: np.array(w, dtype=float) => w
            The caller's own array is changed: `w -= …` writes into the array that you were given. Make a float copy before
            the loop.
        sign-flipped: w -= => w +=
            Your loop walks uphill: the gradient is added where it must be subtracted.
        """,
    ),
    hints=(
        "Two loops: the outer one takes steps, the inner one goes over the chunks and gathers the gradient. Where does "
        "`w` move?",
        "The indices of a chunk: `batch = np.arange(first, min(first + chunk_size, num_examples))`, for `first` in "
        "`range(0, num_examples, chunk_size)`. A mean gradient times its number of examples is a sum.",
        "In each step: `dw` starts at zeros; for each chunk add `compute_gradient(w, batch) * len(batch) / num_examples`; "
        "after the inner loop, one update of `w`.",
    ),
)


EXERCISES = (
    GRADIENT_DESCENT,
    READ_A_HESSIAN,
    BEST_LEARNING_RATE,
    STEPS_NEEDED,
    SADDLE_STEPS,
    BATCH_GRADIENT_DESCENT,
)


# -- predictions ----------------------------------------------------------------------------------------------------------------


def largest_rate() -> float:
    """The limit on the lecture's bowl, found by running: the largest rate of a fine grid that still comes closer."""
    rates = np.linspace(0.4, 0.6, 401)
    trace = descend(
        objectives.lecture_bowl(), GradientDescent(rates), (-5.0, -2.0), 400, record=("w", "loss")
    )
    return float(rates[trace.loss[-1] < trace.loss[0] / 10].max())


def larger_steps() -> int:
    """Which choice: the losses after 50 steps at four growing learning rates fall, and rise at last."""
    losses = descend(
        objectives.lecture_bowl(), GradientDescent([0.05, 0.2, 0.45, 0.6]), (-5.0, -2.0), 50
    ).loss[-1]
    faster, ruin = np.all(np.diff(losses[:3]) < 0), losses[3] > 1e6
    return 1 if faster and ruin else 0 if faster else 2


def narrower_valley() -> int:
    """Which choice: how many times more steps a ten times larger condition number costs."""
    ratio = steps_needed(100, 1e-6) / steps_needed(10, 1e-6)
    return int(np.argmin([abs(math.log(ratio / times)) for times in (1, math.sqrt(10), 10, 100)]))


PREDICTIONS = (
    Prediction(
        id="03-larger-steps",
        question=(
            "The valley falls steeply from two sides to a floor that slopes gently to the minimum. The walker crawls "
            "along the floor. You raise the learning rate more and more. What happens?"
        ),
        kind="choice",
        choices=(
            "The walker arrives sooner and sooner: larger steps are faster.",
            "It gets faster at first; then it jumps from wall to wall, and at last it runs away.",
            "Nothing much changes: the slope decides, not the learning rate.",
            "It stops at once: large steps are cut short by the walls.",
        ),
        answer=larger_steps,
        reveal=(
            "The steep axis sets a limit that the flat axis knows nothing about. Move the slider below and watch for the "
            "two ticks on its scale."
        ),
        drawings=(
            "M8 8C14 20 22 22 32 22",
            "M8 8 14 34 20 10 26 33 33 8 40 37 48 3",
            "M8 8C10 16 12 19 16 21",
            "M8 8 14 13",
        ),
        watch=Watch("ValleyExplorer", {"learning_rate": 0.1}, {"learning_rate": 0.45}),
    ),
    Prediction(
        id="03-largest-rate",
        question=(
            "The loss is 0.1 x² + 2 y². Its slope along y is 4y. From which learning rate on does gradient descent no "
            "longer settle?"
        ),
        kind="number",
        answer=largest_rate,
        tolerance=0.03,
        reveal="One step multiplies y by 1 − 4α. Up to α = 0.5 that is above −1, and y shrinks. The runs agree: {answer}.",
    ),
    Prediction(
        id="03-narrower-valley",
        question=(
            "The condition number grows from 10 to 100, and the learning rate is the best one each time. How many times "
            "more steps does gradient descent need for the same accuracy?"
        ),
        kind="choice",
        choices=(
            "As many as before",
            "About 3 times as many",
            "About 10 times as many",
            "About 100 times as many",
        ),
        answer=narrower_valley,
        reveal=(
            f"{steps_needed(10, 1e-6)} steps become {steps_needed(100, 1e-6)} for a millionth of the distance: the number "
            "of steps grows in proportion to κ."
        ),
    ),
    Prediction(
        id="03-saddle",
        question=(
            "On x² − y² the walker starts one millionth beside the ridge (y = 0.000001) with learning rate 0.01. After "
            "how many steps has it left the saddle (|y| = 1)?"
        ),
        kind="number",
        answer=lambda: saddle_steps(1e-6, 0.01),
        tolerance=0.2,
        unit="steps",
        reveal=(
            "Each step multiplies y by 1.02. From a millionth to 1 that takes {answer}. Started twice as close, it would "
            f"take only {saddle_steps(0.5e-6, 0.01) - saddle_steps(1e-6, 0.01)} steps more."
        ),
    ),
)


# -- quiz -----------------------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="03",
    questions=(
        Question(
            "A friend asks: what does it mean that a loss has condition number 100?",
            (
                "The loss is 100 times larger at the start of a run than it is at the minimum, along every axis.",
                "Gradient descent needs exactly 100 steps.",
                "It bends 100 times more strongly along its steepest axis than along its flattest.",
                "Its ellipses are 100 times longer than wide.",
            ),
            2,
            (
                "The condition number says nothing about heights; it compares curvatures.",
                "The number of steps grows with κ, but it also depends on the accuracy that you want.",
                "Yes: largest curvature over smallest curvature (singular values of the Hessian).",
                "The ratio of the axes is the square root: 10. The ratio of the curvatures is 100.",
            ),
        ),
        Question(
            "Why can gradient descent not serve a very steep and a very flat axis well at the same time?",
            (
                "Because the gradient is computed wrongly on the flat axis.",
                "Because one learning rate serves all axes: the steep one caps it, and the flat one needs more.",
                "Because the two axes disturb each other: a step along one of them changes the slope along the other.",
                "Because flat axes have no gradient.",
            ),
            1,
            (
                "The gradient is exact on both axes.",
                "Yes: the factor of an axis is 1 − αλ. Above 2/λ the steep axis runs away; there a flat one hardly moves.",
                "In its own axes each coordinate follows its own factor, undisturbed by the other.",
                "They have one, a small one. That is why it crawls there.",
            ),
        ),
        Question(
            "A run jumps from wall to wall of the valley and comes closer only slowly. Along which axis is it slow, and "
            "what is its factor 1 − αλ there?",
            (
                "The steep axis; the factor is near −1.",
                "The steep axis; the factor is near +1.",
                "The flat axis; the factor is near −1.",
                "The flat axis; the factor is near 0.",
            ),
            0,
            (
                "Yes: the sign flips at every step (the zig-zag), and the size hardly shrinks.",
                "A factor near +1 keeps the sign: it crawls on the same side and does not jump.",
                "The flat axis reaches a factor near −1 only at a learning rate where the steep one has long run away.",
                "A factor near 0 would bring it home in one step.",
            ),
        ),
        Question(
            "The Hessian has the eigenvalues 1 and 9. What is the best learning rate, and by what is the distance "
            "multiplied at each step?",
            ("1/9 and 8/9", "2/9 and 1", "0.4 and 0.6", "0.2 and 0.8"),
            3,
            (
                "At 1/9 the steep axis is home in one step, but the flat one keeps 1 − 1/9 = 8/9 of its distance.",
                "2/9 is the limit: the steep axis jumps from side to side for ever.",
                "At 0.4 the steep axis is multiplied by 1 − 0.4 × 9 = −2.6: it runs away.",
                "Yes: 2/(1 + 9) = 0.2; the factors are 1 − 0.2 = 0.8 and 1 − 1.8 = −0.8. Both axes shrink equally fast.",
            ),
        ),
        Question(
            "Gradient descent starts exactly on the ridge of a saddle. How can it get away?",
            (
                "With a larger learning rate.",
                "With more steps.",
                "Not at all by itself: along the way out the slope is exactly 0. A nudge from outside is needed.",
                "It falls off by itself after some steps, since a saddle is no minimum and rounding always helps it.",
            ),
            2,
            (
                "A larger learning rate times a slope of 0 is still 0.",
                "Each step multiplies the distance by more than 1, but the distance is 0.",
                "Yes. A tiny nudge is enough, and the number of steps then grows with the logarithm of 1/distance.",
                "Only with a distance above 0. Rounding errors may supply one, but nothing in the algorithm does.",
            ),
        ),
        Question(
            "A training set has 1,437 images. How many times is the gradient of a single image computed in 60 steps of "
            "batch gradient descent?",
            (f"{1437 * 60:,}", "60", "1,437", "It depends on the learning rate."),
            0,
            (
                "Yes: every step is a pass over all the images. That price is what the next lesson cuts.",
                "60 is the number of steps; each of them needs every image.",
                "That is one pass, so one step.",
                "The learning rate decides how far a step goes, not what it costs.",
            ),
        ),
    ),
)
