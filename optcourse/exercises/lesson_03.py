"""Exercises of lesson 03: gradient descent."""

from __future__ import annotations

import math

import numpy as np

from optcourse import objectives
from optcourse.descent import descend
from optcourse.exercises.ingredients import Gradient, ModelGradient, QuadraticGradient, random_bowl
from optcourse.exercises.loops import loop_misconceptions, with_gradient
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz
from optcourse.optimizers import GradientDescent

# -- 03-gradient-descent: the loop of the lecture --------------------------------------------------


def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        w -= learning_rate * dw
    return w


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


def adds_up_gradients(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    dw = np.zeros_like(w)
    for _ in range(num_steps):
        dw += compute_gradient(w)
        w -= learning_rate * dw
    return w


def learning_rate_decays(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for step in range(num_steps):
        w -= learning_rate / (step + 1) * compute_gradient(w)
    return w


def stops_early(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        if np.abs(dw).max() < 1e-6:
            break
        w -= learning_rate * dw
    return w


def restarts_each_step(compute_gradient, w, learning_rate, num_steps):
    start = np.array(w, dtype=float)
    w = start
    for _ in range(num_steps):
        w = start - learning_rate * compute_gradient(w)
    return w


def replaces_w(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w = -learning_rate * compute_gradient(w)
    return w


def multiplies_by_w(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w -= learning_rate * w * compute_gradient(w)
    return w


def one_entry_at_a_time(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        for k in range(len(w)):
            w[k] -= learning_rate * compute_gradient(w)[k]
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
        *loop_misconceptions(gradient_descent),
        Misconception(
            "adds-up-gradients",
            (
                "Your steps grow from step to step: `dw` gathers all the gradients so far, but a step "
                "needs only the one at `w` now."
            ),
            adds_up_gradients,
        ),
        Misconception(
            "learning-rate-decays",
            "Your steps shrink with the step's number: the learning rate stays the same during this loop.",
            learning_rate_decays,
        ),
        Misconception(
            "stops-early",
            "Your loop stops where the gradient is small. Here all `num_steps` steps are taken, however flat the ground.",
            stops_early,
        ),
        Misconception(
            "clips-the-gradient",
            "Your gradient is cut to between −1 and 1 before it is used: take it as it is.",
            with_gradient(gradient_descent, lambda dw: np.clip(dw, -1, 1)),
        ),
        Misconception(
            "sign-only",
            "Only the sign of each slope is used: a steep slope asks for a longer step than a gentle one.",
            with_gradient(gradient_descent, np.sign),
        ),
        Misconception(
            "restarts-each-step",
            (
                "Every step sets off from the start again: subtract from the current `w`, not from the "
                "first one."
            ),
            restarts_each_step,
        ),
        Misconception(
            "replaces-w",
            "The update takes the place of `w`; it must be subtracted from it: look at `=` and `-=`.",
            replaces_w,
        ),
        Misconception(
            "one-entry-at-a-time",
            (
                "The gradient is computed anew for every entry, while `w` is half moved: compute `dw` "
                "once a round."
            ),
            one_entry_at_a_time,
        ),
        Misconception(
            "multiplies-by-w",
            (
                "The step is multiplied by `w` itself, so an entry at zero cannot move: the update holds "
                "only the learning rate and the gradient."
            ),
            multiplies_by_w,
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


def lecture_numbers():
    """(kappa, limit, axis_ratio) of 0.1 x² + 2 y²."""
    hessian = objectives.lecture_bowl().hessian(np.zeros(2))
    flat, steep = np.linalg.eigvalsh(hessian)
    return float(steep / flat), float(2 / steep), float(np.sqrt(steep / flat))


READ_A_HESSIAN = Exercise(
    id="03-read-a-hessian",
    title="Read a Hessian",
    statement=(
        "For the loss 0.1 x² + 2 y²: its condition number `kappa`, the learning rate `limit` at which gradient descent "
        "stops settling, and how many times longer than wide its ellipses are, `axis_ratio` (two digits are enough)."
    ),
    points=2,
    answers=("kappa", "limit", "axis_ratio"),
    reference=lecture_numbers,
    kind="value",
    # Two figures of the axis ratio are enough; the whole numbers of the others stay apart.
    rtol=7.5e-3,
    misconceptions=(
        Misconception(
            "kappa-inverted",
            "Your condition number is below 1: it is the largest curvature over the smallest, not the other way round.",
            lambda: (1 / 20, None, None),
        ),
        Misconception(
            "kappa-of-axes",
            "Your condition number is the ratio of the axes' lengths: the ratio of the curvatures is the square of that.",
            lambda: (np.sqrt(20), None, None),
        ),
        Misconception(
            "kappa-squared",
            "Your condition number is squared once too often: it is the ratio of the two curvatures as they are.",
            lambda: (400.0, None, None),
        ),
        Misconception(
            "limit-from-coefficient",
            "Your limit takes the coefficient 2 for the curvature: the second derivative of 2 y² is twice as large.",
            lambda: (None, 1.0, None),
        ),
        Misconception(
            "limit-of-flat-axis",
            "Your limit belongs to the flat axis: the steep axis runs away long before that.",
            lambda: (None, 10.0, None),
        ),
        Misconception(
            "limit-is-one-jump",
            "At your limit the steep axis reaches the bottom in a single jump. It still settles at larger rates, up to "
            "the one where the factor is −1.",
            lambda: (None, 0.25, None),
        ),
        Misconception(
            "limit-is-best",
            "Your limit is the best learning rate α*: there it still settles, and fastest of all.",
            lambda: (None, 2 / 4.2, None),
        ),
        Misconception(
            "axes-are-kappa",
            "Your axis ratio is the condition number itself: an axis is as long as 1/√λ, so there is a root.",
            lambda: (None, None, 20.0),
        ),
        Misconception(
            "axes-inverted",
            "Your axis ratio is width over length: the question is how many times longer than wide.",
            lambda: (None, None, 1 / np.sqrt(20)),
        ),
    ),
    hints=(
        "The curvature of an axis is the second derivative along it. What are the second derivatives of 0.1 x² and of 2 y²?",
        "The curvatures are 0.2 and 4. `kappa` is their ratio; `limit` is where the factor 1 − limit · 4 is −1.",
        "On a ring of equal loss, 0.1 x² = 2 y². Solve for x / y and take the root.",
    ),
)


# -- 03-best-learning-rate ----------------------------------------------------------------------------------------------


def best_learning_rate(H):
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    return 2 / (eigenvalues[0] + eigenvalues[-1])


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


def of_eigenvalues(formula):
    """A wrong answer made from the sorted eigenvalues."""

    def wrong(H):
        return formula(np.linalg.eigvalsh(np.array(H, dtype=float)))

    return wrong


def from_the_diagonal(H):
    diagonal = np.diag(H)
    return 2 / (diagonal.min() + diagonal.max())


def of_unsorted_eigenvalues(H):
    eigenvalues = np.linalg.eig(np.array(H, dtype=float))[0]
    return 2 / (eigenvalues[0] + eigenvalues[-1])


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
    misconceptions=(
        Misconception(
            "limit-of-the-flattest",
            "You divide 2 by the smallest eigenvalue alone: at that rate the steep axis runs away. Both count.",
            of_eigenvalues(lambda e: 2 / e[0]),
        ),
        Misconception(
            "entries-of-H",
            "You use the largest and the smallest *entry* of `H`. The curvatures are its eigenvalues.",
            lambda H: 2 / (np.max(H) + np.min(H)),
        ),
        Misconception(
            "the-two-smallest",
            "`eigvalsh` sorts upwards, so `[0]` and `[1]` are the two smallest. The last one is `[-1]`.",
            of_eigenvalues(lambda e: 2 / (e[0] + e[1 if len(e) > 1 else 0])),
        ),
        Misconception(
            "the-limit",
            "You return the limit of stability, where the steepest axis neither grows nor shrinks. The best rate lies below it.",
            of_eigenvalues(lambda e: 2 / e[-1]),
        ),
        Misconception(
            "one-jump-for-the-steepest",
            "Your rate brings the steepest axis home in one jump, but then the flattest one is slower than it could be.",
            of_eigenvalues(lambda e: 1 / e[-1]),
        ),
        Misconception(
            "one-jump-for-the-flattest",
            "Your rate suits the flattest axis; the steepest one runs away at it.",
            of_eigenvalues(lambda e: 1 / e[0]),
        ),
        Misconception(
            "two-is-missing",
            "Your rate is half of the right one: setting 1 − αλ₁ equal to −(1 − αλₙ) leaves a 2.",
            of_eigenvalues(lambda e: 1 / (e[0] + e[-1])),
        ),
        Misconception(
            "sum-of-all",
            "You add up all the eigenvalues (or take the trace). Only the smallest and the largest count.",
            of_eigenvalues(lambda e: 2 / e.sum()),
        ),
        Misconception(
            "mean-of-all",
            "You use the mean of all the eigenvalues; the ones in between do not matter here.",
            of_eigenvalues(lambda e: 1 / e.mean()),
        ),
        Misconception(
            "difference",
            "You subtract the eigenvalues where they are added.",
            of_eigenvalues(lambda e: 2 / (e[-1] - e[0]) if len(e) > 1 else np.inf),
        ),
        Misconception(
            "geometric-mean",
            "You use the geometric mean of the eigenvalues, √(λ₁λₙ). The two factors balance at their plain mean.",
            of_eigenvalues(lambda e: 1 / np.sqrt(e[0] * e[-1])),
        ),
        Misconception(
            "diagonal",
            "You read the diagonal of `H`. Where the valley is turned, the curvatures are the eigenvalues, not the diagonal.",
            from_the_diagonal,
        ),
        Misconception(
            "the-condition-number",
            "You return the condition number; from the same two eigenvalues, the learning rate is asked for.",
            of_eigenvalues(lambda e: e[-1] / e[0]),
        ),
        Misconception(
            "unsorted",
            "`np.linalg.eig` gives the eigenvalues in no particular order: the first and the last need not be the extremes.",
            of_unsorted_eigenvalues,
        ),
        Misconception(
            "two-over-kappa",
            "You divide 2 by the condition number, which knows nothing of the scale of `H`: use the two eigenvalues themselves.",
            of_eigenvalues(lambda e: 2 * e[0] / e[-1]),
        ),
        Misconception(
            "brackets",
            "A division binds tighter than a sum: the two eigenvalues need brackets around them.",
            of_eigenvalues(lambda e: 2 / e[0] + e[-1]),
        ),
        Misconception(
            "the-rate",
            "You return the factor per step (κ − 1)/(κ + 1) that the best learning rate achieves, not the learning rate itself.",
            of_eigenvalues(lambda e: (e[-1] - e[0]) / (e[-1] + e[0])),
        ),
    ),
    hints=(
        "Two axes compete: the flattest wants a large learning rate, the steepest a small one. At the best one both "
        "shrink by the same factor in size.",
        "Write 1 − αλ₁ = −(1 − αλₙ), with λ₁ the smallest and λₙ the largest eigenvalue, and solve for α.",
        "`np.linalg.eigvalsh(H)` gives the eigenvalues of a symmetric matrix, smallest first. Then 2 over a sum of two.",
    ),
)


# -- 03-steps-needed: predict the step count -----------------------------------------------------------------------------


def steps_needed(condition_number, tolerance):
    rate = (condition_number - 1) / (condition_number + 1)
    return math.ceil(math.log(tolerance) / math.log(rate))


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


def from_rate(rate, log=math.log, whole=math.ceil):
    """A wrong answer that differs in the rate, the logarithm or the rounding."""

    def wrong(condition_number, tolerance):
        return whole(log(tolerance) / math.log(rate(condition_number)))

    return wrong


def best_rate(kappa):
    return (kappa - 1) / (kappa + 1)


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
    misconceptions=(
        Misconception(
            "rounds-down",
            "You round down: after that many steps the distance is still above the tolerance.",
            from_rate(best_rate, whole=math.floor),
        ),
        Misconception(
            "not-whole", "Your number of steps is not whole: round it up.", from_rate(best_rate, whole=float)
        ),
        Misconception(
            "rule-of-thumb",
            "κ/2 · ln(1/tolerance) is close for large κ only. Use the factor itself.",
            lambda condition_number, tolerance: math.ceil(condition_number / 2 * math.log(1 / tolerance)),
        ),
        Misconception(
            "rounds-to-nearest",
            "You round to the nearest whole number: where that is downwards, a step is missing.",
            from_rate(best_rate, whole=round),
        ),
        Misconception(
            "one-too-many",
            "You count one step too many: the start is not a step.",
            from_rate(best_rate, whole=lambda t: math.ceil(t) + 1),
        ),
        Misconception(
            "rate-of-the-loss",
            "You use the squared factor. That is how the loss shrinks; the distance shrinks by the factor itself.",
            from_rate(lambda k: best_rate(k) ** 2),
        ),
        Misconception(
            "short-steps",
            "You use the factor 1 − 1/κ. It belongs to the learning rate 1/λₙ, which is not the best one.",
            from_rate(lambda k: 1 - 1 / k),
        ),
        Misconception(
            "momentum",
            "There is a root of κ in your factor: that is for momentum, two lessons on.",
            from_rate(lambda k: best_rate(math.sqrt(k))),
        ),
        Misconception(
            "two-logarithms",
            "Your two logarithms have different bases: `np.log` and `np.log10` do not mix.",
            from_rate(best_rate, log=math.log10),
        ),
        Misconception(
            "negative",
            "Your number of steps is negative: both logarithms are, and their ratio is not.",
            from_rate(best_rate, whole=lambda steps: -math.floor(steps)),
        ),
        Misconception(
            "kappa-times-log",
            "You use κ · ln(1/tolerance). That is an estimate, and at the best learning rate about twice too many.",
            lambda condition_number, tolerance: math.ceil(condition_number * math.log(1 / tolerance)),
        ),
    ),
    hints=(
        "After t steps the distance is rate^t times what it was. At which t is rate^t = tolerance?",
        "Take the logarithm on both sides: t · ln(rate) = ln(tolerance). Both logarithms are negative.",
        "`rate = (condition_number - 1) / (condition_number + 1)`, then divide the two logarithms and round up with `math.ceil`.",
    ),
)


# -- 03-saddle-steps --------------------------------------------------------------------------------------------------------


def saddle_steps(y0, learning_rate):
    if y0 == 0:
        return math.inf
    return math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))


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


def from_growth(growth, whole=math.ceil, log=math.log):
    def wrong(y0, learning_rate):
        if y0 == 0:
            return math.inf
        return whole(log(1 / abs(y0)) / growth(learning_rate))

    return wrong


def saddle_without_abs(y0, learning_rate):
    return saddle_steps(y0, learning_rate) if y0 >= 0 else math.inf


def saddle_zero_is_there(y0, learning_rate):
    return 0 if y0 == 0 else saddle_steps(y0, learning_rate)


def saddle_divides_by_zero(y0, learning_rate):
    return math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))


def from_start(logarithm):
    def wrong(y0, learning_rate):
        distance = logarithm(y0, learning_rate)
        return distance if distance == math.inf else math.ceil(distance / math.log(1 + 2 * learning_rate))

    return wrong


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
    misconceptions=(
        Misconception(
            "half-the-slope",
            "Your y grows by 1 + α at each step: the derivative of −y² brings a factor 2.",
            from_growth(lambda a: math.log(1 + a)),
        ),
        Misconception(
            "shrinks",
            "Your y shrinks, by 1 − 2α: that is the x axis. Along y the curvature is negative.",
            from_growth(lambda a: -math.log(1 - 2 * a)),
        ),
        Misconception(
            "linear-growth",
            "You divide by 2α, not by ln(1 + 2α): near for small steps, wrong for larger ones.",
            from_growth(lambda a: 2 * a),
        ),
        Misconception(
            "rounds-down",
            "You round down: after that many steps y has not reached 1 yet.",
            from_growth(lambda a: math.log(1 + 2 * a), whole=math.floor),
        ),
        Misconception(
            "not-whole",
            "Your number of steps is not whole: round it up.",
            from_growth(lambda a: math.log(1 + 2 * a), whole=float),
        ),
        Misconception(
            "two-logarithms",
            "Your two logarithms have different bases: `np.log` and `np.log10` do not mix.",
            from_growth(lambda a: math.log(1 + 2 * a), log=math.log10),
        ),
        Misconception(
            "counts-the-start",
            "You count one step too many: the start is not a step.",
            from_growth(lambda a: math.log(1 + 2 * a), whole=lambda t: math.ceil(t) + 1),
        ),
        Misconception(
            "no-other-side",
            "For a negative `y0` you say that it never leaves. The saddle is the same on both sides: only |y0| counts.",
            saddle_without_abs,
        ),
        Misconception(
            "no-absolute-value",
            "`y0` may be negative, and a negative number has no logarithm: take `abs(y0)`.",
            from_start(lambda y0, learning_rate: math.inf if y0 == 0 else math.log(1 / y0)),
        ),
        Misconception(
            "no-absolute-value-nor-zero",
            "`y0` may be negative, which has no logarithm, and it may be 0: nothing divides by that. Take care of both.",
            from_start(lambda y0, learning_rate: math.log(1 / y0)),
        ),
        Misconception(
            "zero-is-there",
            "For `y0 = 0` you return 0 steps. Its slope along y is exactly 0, so it never leaves: `math.inf`.",
            saddle_zero_is_there,
        ),
        Misconception(
            "minus-one-for-never",
            "For a walk that never leaves you return −1; asked for is `math.inf`.",
            lambda y0, learning_rate: -1 if y0 == 0 else saddle_steps(y0, learning_rate),
        ),
        Misconception(
            "zero-divides",
            "`y0 = 0` needs an answer of its own before you divide by it: it never leaves.",
            saddle_divides_by_zero,
        ),
    ),
    hints=(
        "What is the derivative of −y² at y? Put it into one step of gradient descent: by what is y multiplied?",
        "y is multiplied by 1 + 2α at each step. After t steps |y| = |y0| (1 + 2α)^t; find the first t where this is 1 or more.",
        "`math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))`, with `math.inf` for `y0 == 0` before it.",
    ),
)


# -- 03-batch-gradient-descent: a pass over the digits at every step ----------------------------------------------------------


def batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = np.zeros_like(w)
        for first in range(0, num_examples, chunk_size):
            batch = np.arange(first, min(first + chunk_size, num_examples))
            dw += compute_gradient(w, batch) * len(batch) / num_examples
        w -= learning_rate * dw
    return w


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


def chunk_loop(weigh, update_inside=False, keep_dw=False, skip_last=False):
    """Wrong versions of the pass: how a chunk is weighed, and what is done when."""

    def wrong(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
        w = np.array(w, dtype=float)
        dw = np.zeros_like(w)
        count = math.ceil(num_examples / chunk_size)
        for _ in range(num_steps):
            if not keep_dw:
                dw = np.zeros_like(w)
            end = num_examples - num_examples % chunk_size if skip_last else num_examples
            for first in range(0, end, chunk_size):
                batch = np.arange(first, min(first + chunk_size, num_examples))
                part = compute_gradient(w, batch) * weigh(len(batch), num_examples, count, chunk_size)
                if update_inside:
                    w -= learning_rate * part
                else:
                    dw = dw + part
            if not update_inside:
                w -= learning_rate * dw
        return w

    return wrong


def runs_over_the_end(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = np.zeros_like(w)
        for first in range(0, num_examples, chunk_size):
            dw += compute_gradient(w, np.arange(first, first + chunk_size)) * chunk_size / num_examples
        w -= learning_rate * dw
    return w


def last_chunk_only(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        for first in range(0, num_examples, chunk_size):
            dw = compute_gradient(w, np.arange(first, min(first + chunk_size, num_examples)))
        w -= learning_rate * dw
    return w


def all_at_once(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    return batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, num_examples)


def first_chunk_only(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    few = min(chunk_size, num_examples)
    return batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, few, few)


def full_chunks_only(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    whole = num_examples - num_examples % chunk_size
    return batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, whole, chunk_size)


def one_example_at_a_time(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    return batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, 1)


def walks_uphill(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    return batch_gradient_descent(compute_gradient, w, -learning_rate, num_steps, num_examples, chunk_size)


def share(size, num_examples, count, chunk_size):
    return size / num_examples


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
    misconceptions=(
        Misconception(
            "updates-after-every-chunk",
            "Your `w` moves after every chunk. One step of batch gradient descent comes after the whole pass; moving "
            "earlier is the next lesson's algorithm.",
            chunk_loop(lambda size, *rest: 1.0, update_inside=True),
        ),
        Misconception(
            "updates-after-every-chunk-weighed",
            "Your chunks are weighed rightly, but `w` already moves between them: the gradients of one pass must all "
            "be taken at the same `w`.",
            chunk_loop(share, update_inside=True),
        ),
        Misconception(
            "mean-of-means",
            "Every chunk counts the same in your mean. A smaller last chunk must count less: weigh each by its size.",
            chunk_loop(lambda size, num_examples, count, chunk_size: 1 / count),
        ),
        Misconception(
            "sum-of-means",
            "You add the chunks' mean gradients up, so the step is as many times too long as there are chunks.",
            chunk_loop(lambda size, *rest: 1.0),
        ),
        Misconception(
            "sum-of-all",
            "You add up the gradients of all examples, but the loss is their mean: divide by `num_examples`.",
            chunk_loop(lambda size, *rest: float(size)),
        ),
        Misconception(
            "weighs-by-chunk-size",
            "You weigh every chunk by `chunk_size`; the last one holds fewer examples than that.",
            chunk_loop(lambda size, num_examples, count, chunk_size: chunk_size / num_examples),
        ),
        Misconception(
            "gradient-not-reset",
            "Your `dw` keeps what the step before has gathered: set it back to zeros at the start of each pass.",
            chunk_loop(share, keep_dw=True),
        ),
        Misconception(
            "last-chunk-forgotten",
            "The last, smaller chunk is left out of your pass.",
            chunk_loop(share, skip_last=True),
        ),
        Misconception(
            "over-the-end",
            "Your last chunk reaches over the end of the data: its indices must stop at `num_examples`.",
            runs_over_the_end,
        ),
        Misconception(
            "last-chunk-only",
            "Only the last chunk's gradient is used: `dw = …` in the inner loop forgets the chunks before; add to it.",
            last_chunk_only,
        ),
        Misconception(
            "last-examples-dropped",
            "Your pass leaves out the examples after the last full chunk: they make a smaller chunk of their own.",
            full_chunks_only,
        ),
        Misconception(
            "one-example-at-a-time",
            "The numbers are right, but you ask for one example at a time; `chunk_size` of them fit into one call.",
            one_example_at_a_time,
        ),
        Misconception(
            "first-chunk-only",
            "Only the first chunk is ever used: let the inner loop go on to the end of the data.",
            first_chunk_only,
        ),
        Misconception(
            "all-at-once",
            "You ask for all examples in one call, but only `chunk_size` of them fit into memory: go chunk by chunk.",
            all_at_once,
        ),
        Misconception(
            "sign-flipped",
            "Your loop walks uphill: the gradient is added where it must be subtracted.",
            walks_uphill,
        ),
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
