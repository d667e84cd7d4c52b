"""Exercises of lesson 05: momentum."""

from __future__ import annotations

import dataclasses

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.exercises.lesson_03 import descent_cases, random_hessian
from optcourse.exercises.loops import loop_misconceptions, with_hyper
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz
from optcourse.optimizers import Momentum

# -- 05-momentum -------------------------------------------------------------------------------------------------


def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w


def momentum_cases(rng: np.random.Generator) -> list[Case]:
    """The cases of gradient descent, each with a rho of its own."""
    return [
        dataclasses.replace(case, args=(*case.args, round(rng.uniform(0.55, 0.95), 3)))
        for case in descent_cases(rng)
    ]


def loop(velocity_of, update_of=lambda velocity, dw, rho, rate: rate * velocity, first=np.zeros_like):
    """A wrong momentum that differs in one line: `velocity = …`, `w -= …` or where the velocity begins."""

    def wrong(compute_gradient, w, learning_rate, num_steps, rho):
        w = np.array(w, dtype=float)
        velocity = first(w)
        for _ in range(num_steps):
            dw = compute_gradient(w)
            velocity = velocity_of(velocity, dw, rho, learning_rate)
            w -= update_of(velocity, dw, rho, learning_rate)
        return w

    return wrong


def right_velocity(velocity, dw, rho, rate):
    return rho * velocity + dw


def moves_before_the_velocity(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        w -= learning_rate * velocity
        velocity = rho * velocity + dw
    return w


def velocity_is_the_first_gradient(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = compute_gradient(w) if num_steps else None
    for _ in range(num_steps):
        velocity = rho * velocity + compute_gradient(w)
        w -= learning_rate * velocity
    return w


def velocity_is_w_itself(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = w
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity *= rho
        velocity += dw
        w -= learning_rate * velocity
    return w


def one_velocity_for_all(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = 0.0
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity = rho * velocity + dw.mean()
        w -= learning_rate * velocity
    return w


def returns_the_velocity(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        velocity = rho * velocity + compute_gradient(w)
        w -= learning_rate * velocity
    return velocity


MOMENTUM = Exercise(
    id="05-momentum",
    title="Momentum",
    statement=(
        "Write momentum in the lecture's form. The velocity begins at zeros. In each round it becomes `rho` times "
        "itself plus the gradient at `w`; then `w` moves against it by `learning_rate` times the velocity. Return `w`."
    ),
    points=3,
    answers=("momentum",),
    reference=momentum,
    cases=momentum_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=(
        *loop_misconceptions(momentum),
        Misconception(
            "velocity-reset",
            "This is plain gradient descent: the velocity is forgotten. Is it set to zeros inside the loop, or left out "
            "of the update?",
            loop(lambda v, dw, rho, rate: dw),
        ),
        Misconception(
            "friction-missing",
            "Your velocity never loses anything: the old one must be multiplied by `rho`. Without friction it swings on.",
            loop(lambda v, dw, rho, rate: v + dw),
        ),
        Misconception(
            "one-minus-rho-on-the-gradient",
            "Your gradient is multiplied by `1 - rho`. That is the averaged convention; the lecture adds the whole `dw`.",
            loop(lambda v, dw, rho, rate: rho * v + (1 - rho) * dw),
        ),
        Misconception(
            "one-minus-rho-on-the-velocity",
            "Your velocity keeps the share `1 - rho`; it should keep the share `rho`.",
            with_hyper(momentum, rho=lambda rho: 1 - rho),
        ),
        Misconception(
            "rho-on-the-gradient",
            "`rho` multiplies the gradient in your velocity; it belongs to the old velocity.",
            loop(lambda v, dw, rho, rate: v + rho * dw),
        ),
        Misconception(
            "rho-on-both",
            "`rho` multiplies the whole sum in your velocity, the new gradient too; only the old velocity is slowed down.",
            loop(lambda v, dw, rho, rate: rho * (v + dw)),
        ),
        Misconception(
            "gradient-subtracted-from-the-velocity",
            "The gradient is subtracted both in the velocity and in the update: two minus signs make the walk go uphill. "
            "One of them must go.",
            loop(lambda v, dw, rho, rate: rho * v - dw),
            same_as=("sign-flipped",),
        ),
        Misconception(
            "velocity-turns-round",
            "Your old velocity enters with a minus sign, so each step pushes back where it came from.",
            loop(lambda v, dw, rho, rate: dw - rho * v),
        ),
        Misconception(
            "moves-before-the-velocity",
            "`w` moves with the velocity of the round before: bring the velocity up to date first, then move.",
            moves_before_the_velocity,
        ),
        Misconception(
            "adds-the-gradient-again",
            "The gradient is in your velocity already, and your update adds it once more.",
            loop(right_velocity, lambda v, dw, rho, rate: rate * (v + dw)),
        ),
        Misconception(
            "nesterov-update",
            "Your update adds `dw` to `rho * velocity` once more: this is Nesterov's form, which comes later in the lesson.",
            loop(right_velocity, lambda v, dw, rho, rate: rate * (dw + rho * v)),
        ),
        Misconception(
            "learning-rate-twice-in-the-velocity",
            "The learning rate is in the velocity and in the update: it belongs to the update alone.",
            loop(lambda v, dw, rho, rate: rho * v + rate * dw),
            same_as=("learning-rate-twice",),
        ),
        Misconception(
            "learning-rate-on-the-gradient-only",
            "Your update multiplies only the new gradient by the learning rate; the old velocity needs it too.",
            loop(right_velocity, lambda v, dw, rho, rate: (v - dw) + rate * dw),
        ),
        Misconception(
            "velocity-starts-with-the-gradient",
            "Your velocity begins with a gradient, so the first one counts twice: begin at zeros.",
            velocity_is_the_first_gradient,
        ),
        Misconception(
            "velocity-starts-at-one",
            "Your velocity begins at ones: the walker gets a push that nobody gave. Begin at zeros.",
            loop(right_velocity, first=np.ones_like),
        ),
        Misconception(
            "velocity-starts-at-w",
            "Your velocity begins as `w`: make it zeros of the same shape.",
            loop(right_velocity, first=np.copy),
        ),
        Misconception(
            "velocity-is-w-itself",
            "`velocity = w` gives one array two names, so changing the velocity changes `w` too: make zeros of its own.",
            velocity_is_w_itself,
        ),
        Misconception(
            "one-velocity-for-all",
            "All entries share one velocity: it must be an array of the shape of `w`, a velocity for each entry.",
            one_velocity_for_all,
        ),
        Misconception(
            "returns-the-velocity",
            "You return the velocity; the caller wants the parameters `w`.",
            returns_the_velocity,
        ),
        Misconception(
            "weights-swapped",
            "Your velocity keeps `1 - rho` of itself and takes `rho` of the gradient. It keeps `rho`, and takes the whole `dw`.",
            loop(lambda v, dw, rho, rate: (1 - rho) * v + rho * dw),
        ),
        Misconception(
            "learning-rate-not-on-the-velocity",
            "Your update takes the gradient times the learning rate and the velocity without it: only the velocity moves `w`, "
            "times `learning_rate`.",
            loop(right_velocity, lambda v, dw, rho, rate: rate * dw + rho * v),
        ),
        Misconception(
            "divided-by-the-friction",
            "You divide by `1 - rho`: the velocity grows by that factor of its own accord.",
            loop(right_velocity, lambda v, dw, rho, rate: rate * v / (1 - rho)),
        ),
        Misconception(
            "rho-fixed",
            "Your loop works with 0.9 whatever `rho` is: use the `rho` that you are given.",
            with_hyper(momentum, rho=lambda rho: 0.9),
        ),
    ),
    hints=(
        "Gradient descent has one line of update. Momentum has two: first bring the velocity up to date, then move `w`.",
        "Before the loop: a float copy of `w`, and a velocity of zeros with the same shape (`np.zeros_like(w)`). The "
        "velocity must live through all rounds, so it is made only once.",
        "In the loop: `dw = compute_gradient(w)`; the new velocity is `rho` times the old one, plus `dw`; then "
        "`learning_rate` times the velocity is taken away from `w`.",
    ),
)


# -- 05-nesterov -------------------------------------------------------------------------------------------------


def nesterov(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w - learning_rate * rho * velocity)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w


def look_ahead(point_of, velocity_of=right_velocity):
    """A wrong Nesterov that differs in where it asks for the gradient, or in its velocity."""

    def wrong(compute_gradient, w, learning_rate, num_steps, rho):
        w = np.array(w, dtype=float)
        velocity = np.zeros_like(w)
        for _ in range(num_steps):
            dw = compute_gradient(point_of(w, velocity, rho, learning_rate))
            velocity = velocity_of(velocity, dw, rho, learning_rate)
            w -= learning_rate * velocity
        return w

    return wrong


def ahead(w, velocity, rho, rate):
    return w - rate * rho * velocity


def with_update(update_of):
    """A wrong Nesterov that looks ahead rightly and moves `w` otherwise."""

    def wrong(compute_gradient, w, learning_rate, num_steps, rho):
        w = np.array(w, dtype=float)
        velocity = np.zeros_like(w)
        for _ in range(num_steps):
            dw = compute_gradient(w - learning_rate * rho * velocity)
            velocity = rho * velocity + dw
            w -= update_of(velocity, dw, rho, learning_rate)
        return w

    return wrong


def ahead_along_the_gradient(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        velocity = rho * velocity + compute_gradient(w - learning_rate * compute_gradient(w))
        w -= learning_rate * velocity
    return w


def stays_at_the_look_ahead(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        w = w - learning_rate * rho * velocity
        velocity = rho * velocity + compute_gradient(w)
        w = w - learning_rate * velocity
    return w


def only_the_gradient_moves(compute_gradient, w, learning_rate, num_steps, rho):
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w - learning_rate * rho * velocity)
        velocity = rho * velocity + dw
        w -= learning_rate * dw
    return w


NESTEROV = Exercise(
    id="05-nesterov",
    title="Nesterov's look-ahead",
    statement=(
        "Write Nesterov's momentum in the look-ahead form. It is `momentum` with one change: the gradient is computed "
        "not at `w` but at the point `w - learning_rate * rho * velocity`. Return `w` (not the look-ahead point)."
    ),
    points=2,
    answers=("nesterov",),
    reference=nesterov,
    cases=momentum_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=(
        *loop_misconceptions(nesterov),
        Misconception(
            "gradient-at-w",
            "This is ordinary momentum: your gradient is computed at `w`, not ahead of it.",
            momentum,
        ),
        Misconception(
            "looks-back",
            "You look behind you: the velocity is subtracted from `w` in the update, so it is subtracted in the look-ahead too.",
            look_ahead(lambda w, v, rho, rate: w + rate * rho * v),
        ),
        Misconception(
            "learning-rate-missing-in-the-look-ahead",
            "The learning rate is missing in your look-ahead point: the walker does not get as far as that.",
            look_ahead(lambda w, v, rho, rate: w - rho * v),
        ),
        Misconception(
            "rho-missing-in-the-look-ahead",
            "`rho` is missing in your look-ahead point: the old velocity is slowed down before it carries `w`.",
            look_ahead(lambda w, v, rho, rate: w - rate * v),
        ),
        Misconception(
            "stays-at-the-look-ahead",
            "The look-ahead is kept as the new `w`, so the old velocity carries you twice: only the gradient is computed there.",
            stays_at_the_look_ahead,
        ),
        Misconception(
            "torch-form",
            "This is PyTorch's form: right, but its `w` is the look-ahead point. The look-ahead form, which returns the "
            "other point, is asked for.",
            loop(right_velocity, lambda v, dw, rho, rate: rate * (dw + rho * v)),
        ),
        Misconception(
            "averaged",
            "Your gradient is multiplied by `1 - rho` in the velocity: the whole `dw` is added.",
            look_ahead(ahead, lambda v, dw, rho, rate: rho * v + (1 - rho) * dw),
        ),
        Misconception(
            "friction-missing",
            "Your velocity never loses anything: the old one must be multiplied by `rho`.",
            look_ahead(ahead, lambda v, dw, rho, rate: v + dw),
        ),
        Misconception(
            "velocity-reset",
            "This is plain gradient descent: the velocity is set to zeros in every round, so there is nothing to look "
            "ahead with.",
            loop(lambda v, dw, rho, rate: dw),
        ),
        Misconception(
            "only-the-gradient-moves",
            "You look ahead with the velocity, but `w` moves by the gradient alone.",
            only_the_gradient_moves,
        ),
        Misconception(
            "one-minus-rho",
            "You use `1 - rho` where `rho` belongs.",
            with_hyper(nesterov, rho=lambda rho: 1 - rho),
        ),
        Misconception(
            "rho-in-the-update",
            "`rho` multiplies the velocity in your update. It has done its work; `w` moves by `learning_rate * velocity`.",
            with_update(lambda v, dw, rho, rate: rate * rho * v),
        ),
        Misconception(
            "both-forms",
            "You look ahead twice: the gradient is computed ahead, and the update has PyTorch's `dw + rho * velocity` as well. "
            "One of the two is enough; here `w` moves by `learning_rate * velocity`.",
            with_update(lambda v, dw, rho, rate: rate * (dw + rho * v)),
        ),
        Misconception(
            "ahead-along-the-gradient",
            "You look ahead along the gradient. It is the *velocity* that will carry `w`: `w - learning_rate * rho * velocity`.",
            ahead_along_the_gradient,
        ),
        Misconception(
            "look-ahead-subtracted-from-the-gradient",
            "You take the gradient at `w` and subtract the look-ahead from it. Subtract it from `w`, inside the brackets of "
            "`compute_gradient(…)`.",
            loop(lambda v, dw, rho, rate: rho * v + dw - rate * rho * v),
        ),
    ),
    hints=(
        "Copy your `momentum`. One line changes: the one that asks for the gradient.",
        "The velocity will carry `w` to `w - learning_rate * rho * velocity` in any case. Ask for the gradient there.",
        "Do not store the look-ahead point in `w`: write it between the brackets of `compute_gradient(…)`. The two "
        "lines below it stay as they are.",
    ),
)


# -- 05-convert --------------------------------------------------------------------------------------------------


def convert(learning_rate, rho, source, target):
    weight = {"lecture": 1.0, "sutskever": 1.0, "average": 1 - rho}
    return learning_rate * weight[source] / weight[target], rho


def convert_cases(rng: np.random.Generator) -> list[Case]:
    """Every pair of conventions, with settings of its own."""
    names = theory.MOMENTUM_CONVENTIONS
    return [
        Case(
            (round(rng.uniform(0.01, 1), 4), round(rng.uniform(0.6, 0.99), 3), source, target),
            label=f"{source} to {target}",
        )
        for source in names
        for target in names
    ]


def weights(average, sutskever=lambda rho: 1.0, rho_of=lambda rho, same: rho):
    """A wrong conversion with other weights of dw, or another rho."""

    def wrong(learning_rate, rho, source, target):
        weight = {"lecture": 1.0, "sutskever": sutskever(rho), "average": average(rho)}
        return learning_rate * weight[source] / weight[target], rho_of(rho, source == target)

    return wrong


def one_way_only(learning_rate, rho, source, target):
    return (learning_rate / (1 - rho) if target == "average" else learning_rate), rho


def average_to_average(learning_rate, rho, source, target):
    if target == "average":
        return learning_rate / (1 - rho), rho
    return convert(learning_rate, rho, source, target)


CONVERT = Exercise(
    id="05-convert",
    title="From one convention to another",
    statement=(
        'The conventions are "lecture", "sutskever" and "average". Given `learning_rate` and `rho` of the convention '
        "`source`, return `(learning_rate, rho)` of the convention `target` that give the same path (both constant)."
    ),
    points=2,
    answers=("convert",),
    reference=convert,
    cases=convert_cases,
    result_names=("learning_rate", "rho"),
    misconceptions=(
        Misconception(
            "nothing-changes",
            "You hand back the same learning rate always. But `average` adds only (1 − rho) of each gradient.",
            weights(lambda rho: 1.0),
        ),
        Misconception(
            "inverted",
            "You multiply where you should divide: `average` takes smaller bites of `dw`, so it needs a larger learning rate.",
            weights(lambda rho: 1 / (1 - rho)),
        ),
        Misconception(
            "rho-for-one-minus-rho",
            "Your factor is `rho`; the gradient's weight in `average` is `1 - rho`.",
            weights(lambda rho: rho),
        ),
        Misconception(
            "sutskever-like-average",
            "You treat `sutskever` like `average`. It has the learning rate inside the velocity, but the whole gradient.",
            weights(lambda rho: 1 - rho, lambda rho: 1 - rho),
        ),
        Misconception(
            "sutskever-negative",
            "Your learning rate changes sign for `sutskever`: the minus is in its formula already.",
            weights(lambda rho: 1 - rho, lambda rho: -1.0),
        ),
        Misconception(
            "rho-changes-too",
            "You change `rho` as well. In all three the velocity keeps the same share `rho`.",
            weights(lambda rho: 1 - rho, rho_of=lambda rho, same: rho if same else 1 - rho),
        ),
        Misconception(
            "one-way-only",
            "You look at `target` only; what `source` is matters as much (and from `average` to `average` nothing changes).",
            one_way_only,
        ),
        Misconception(
            "one-plus-rho",
            "Your factor is `1 + rho`; it is `1 - rho`.",
            weights(lambda rho: 1 + rho),
        ),
        Misconception(
            "source-only",
            "You look at `source` only; what `target` is matters as much.",
            lambda rate, rho, source, target: (rate * (1 - rho) if source == "average" else rate, rho),
        ),
        Misconception(
            "average-to-average",
            "From `average` to `average` nothing changes: you convert there, although both conventions are the same.",
            average_to_average,
        ),
        Misconception(
            "pair-swapped",
            "Your two numbers are in the wrong order: first the learning rate, then `rho`.",
            lambda *args: convert(*args)[::-1],
        ),
    ),
    hints=(
        "Follow one single gradient: by how much does it move `w` in its first step, in each convention?",
        "In `lecture` and `sutskever` it moves `w` by learning_rate · dw, in `average` by learning_rate · (1 − rho) · dw. "
        "Later steps are `rho` times the one before in all three.",
        "Give each name a weight: 1, 1 and 1 − rho. learning_rate times weight must be equal in `source` and `target`.",
    ),
)


# -- 05-best-momentum --------------------------------------------------------------------------------------------


def best_momentum(H):
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    flat, steep = np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1])
    return (2 / (flat + steep)) ** 2, ((steep - flat) / (steep + flat)) ** 2


def best_cases(rng: np.random.Generator) -> list[Case]:
    """Hessians with positive eigenvalues: turned, diagonal, of whole numbers, and the valley of the lesson."""
    cases = [Case((random_hessian(rng, n),), label=f"{n} by {n}, turned") for n in (2, 3, 6)]
    cases.append(Case((np.diag(rng.uniform(3, 9, size=4)),), label="a diagonal Hessian"))
    cases.append(Case((np.array([[2, 1], [1, int(rng.integers(9, 30))]]),), label="whole numbers"))
    cases.append(Case((np.diag([0.01, 1.0]),), label="condition number 100"))
    return cases


def from_extremes(formula):
    """A wrong answer from the smallest and the largest eigenvalue."""

    def wrong(H):
        eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
        return formula(eigenvalues[0], eigenvalues[-1])

    return wrong


def alpha(small, large):
    return (2 / (np.sqrt(small) + np.sqrt(large))) ** 2


def beta(small, large):
    root = np.sqrt(large / small)
    return ((root - 1) / (root + 1)) ** 2


def from_the_diagonal(H):
    diagonal = np.diag(np.array(H, dtype=float))
    return alpha(diagonal.min(), diagonal.max()), beta(diagonal.min(), diagonal.max())


def eigenvalues_as_they_come(H):
    roots = np.sqrt(np.abs(np.linalg.eig(np.array(H, dtype=float))[0]))
    first, last = roots[0], roots[-1]
    return (2 / (first + last)) ** 2, ((last - first) / (last + first)) ** 2


BEST_MOMENTUM = Exercise(
    id="05-best-momentum",
    title="The best learning rate and rho",
    statement=(
        "Given a Hessian `H` (symmetric, all eigenvalues positive), return `(learning_rate, rho)` with which momentum "
        "shrinks the slowest direction fastest."
    ),
    points=2,
    answers=("best_momentum",),
    reference=best_momentum,
    cases=best_cases,
    result_names=("learning_rate", "rho"),
    misconceptions=(
        Misconception(
            "learning-rate-not-squared",
            "Your learning rate has lost its square: it is (2 / (√λ₁ + √λₙ))².",
            from_extremes(lambda a, b: (np.sqrt(alpha(a, b)), beta(a, b))),
        ),
        Misconception(
            "rho-not-squared",
            "Your `rho` has lost its square. What you have is the factor per step, and that is the root of `rho`.",
            from_extremes(lambda a, b: (alpha(a, b), np.sqrt(beta(a, b)))),
        ),
        Misconception(
            "no-squares",
            "Both of your numbers have lost their squares.",
            from_extremes(lambda a, b: (np.sqrt(alpha(a, b)), np.sqrt(beta(a, b)))),
        ),
        Misconception(
            "roots-missing",
            "You use the eigenvalues themselves; in both formulas their square roots stand.",
            from_extremes(lambda a, b: ((2 / (a + b)) ** 2, ((b - a) / (b + a)) ** 2)),
        ),
        Misconception(
            "learning-rate-of-gradient-descent",
            "Your learning rate is the best one of gradient descent, 2/(λ₁ + λₙ). With momentum a larger one is best.",
            from_extremes(lambda a, b: (2 / (a + b), beta(a, b))),
        ),
        Misconception(
            "root-of-the-sum",
            "You take the root of the sum; the formula has the sum of the roots.",
            from_extremes(lambda a, b: (4 / (a + b), beta(a, b))),
        ),
        Misconception(
            "the-other-way-round",
            "Your two numbers are in the wrong order: first the learning rate, then `rho`.",
            from_extremes(lambda a, b: (beta(a, b), alpha(a, b))),
        ),
        Misconception(
            "the-diagonal",
            "You read the diagonal of `H`. In a turned valley the curvatures are the eigenvalues.",
            from_the_diagonal,
        ),
        Misconception(
            "the-limit",
            "Your learning rate is the limit of stability at this `rho`; the best one lies below it.",
            from_extremes(lambda a, b: ((2 + 2 * beta(a, b)) / b, beta(a, b))),
        ),
        Misconception(
            "the-usual-rho",
            "You always return 0.9. It is a good habit, but the best `rho` depends on the condition number.",
            from_extremes(lambda a, b: (alpha(a, b), 0.9)),
        ),
        Misconception(
            "roots-forgotten",
            "These are gradient descent's formulas, in λ and κ. Momentum's have the roots √λ and √κ in their place.",
            from_extremes(lambda a, b: (2 / (a + b), ((b - a) / (b + a)) ** 2)),
        ),
        Misconception(
            "one-over-the-steepest",
            "Your `rho` is right. Your learning rate is 1/λₙ, which is safe and not the best: the flattest axis enters too.",
            from_extremes(lambda a, b: (1 / b, ((np.sqrt(b) - np.sqrt(a)) / (np.sqrt(b) + np.sqrt(a))) ** 2)),
        ),
        Misconception(
            "not-sorted",
            "You take the first and the last eigenvalue, and they are not sorted: `np.linalg.eig` gives them in any order. "
            "Use `np.linalg.eigvalsh`, or `min` and `max`.",
            eigenvalues_as_they_come,
        ),
    ),
    hints=(
        "Only the smallest and the largest eigenvalue of `H` matter. The formulas stand above; mind the roots and squares.",
        "`eigenvalues = np.linalg.eigvalsh(H)` are sorted, smallest first. Take the root of the first and of the last.",
        "With a and b these roots: the learning rate is the square of 2/(a + b), and rho the square of (b − a)/(b + a).",
    ),
)


# -- 05-memory: window and half-life -----------------------------------------------------------------------------


def memory_of_nine_tenths():
    """(window, half_life, top_speed) at rho = 0.9."""
    return (
        float(theory.averaging_window(0.9)),
        float(theory.half_life(0.9)),
        float(theory.averaging_window(0.9)),
    )


MEMORY = Exercise(
    id="05-memory",
    title="How long is the memory?",
    statement=(
        "For `rho = 0.9`: the averaging `window` in steps, the `half_life` of a gradient in steps, and `top_speed`: the "
        "velocity that a gradient which is 1 at every step leads to in the end."
    ),
    points=1,
    answers=("window", "half_life", "top_speed"),
    reference=memory_of_nine_tenths,
    kind="value",
    rtol=2e-3,
    misconceptions=(
        Misconception(
            "half-life-is-the-window",
            "Your half-life is the averaging window. They differ: the half-life is the time t with 0.9^t = 1/2.",
            lambda: (None, 10.0, None),
        ),
        Misconception(
            "half-life-rounded",
            "A half-life need not be a whole number of steps: let Python work it out, with its decimals.",
            lambda: (None, 7.0, None),
        ),
        Misconception(
            "half-life-upside-down",
            "Your half-life is log2(0.9): it is upside down, and has lost a minus sign. Solve 0.9^t = 1/2 for t.",
            lambda: (None, np.log2(0.9), None),
        ),
        Misconception(
            "window-without-the-newest",
            "Your window leaves out the newest gradient, whose weight is 1: the sum is 1 + 0.9 + 0.81 + …",
            lambda: (9.0, None, None),
        ),
        Misconception(
            "half-life-is-half-the-window",
            "Your half-life is half of the window. Solve 0.9^t = 1/2 for t; a logarithm is needed.",
            lambda: (None, 5.0, None),
        ),
        Misconception(
            "window-is-the-half-life",
            "Your window is the half-life. The window is the sum of all weights, 1 + 0.9 + 0.81 + …",
            lambda: (np.log(0.5) / np.log(0.9), None, None),
        ),
        Misconception(
            "window-inverted",
            "Your window is the friction 1 − rho itself; the window is one over it.",
            lambda: (0.1, None, None),
        ),
        Misconception(
            "window-of-rho",
            "Your window is 1/rho; it is one over 1 − rho.",
            lambda: (1 / 0.9, None, None),
        ),
        Misconception(
            "half-life-negative",
            "Your half-life is negative: both logarithms are negative, so their ratio is positive.",
            lambda: (None, -np.log(0.5) / np.log(0.9), None),
        ),
        Misconception(
            "half-life-inverted",
            "Your half-life is below one step: the ratio of logarithms is upside down.",
            lambda: (None, np.log(0.9) / np.log(0.5), None),
        ),
        Misconception(
            "top-speed-of-one",
            "A top speed of 1 belongs to the averaged convention; in the lecture's the gradients add up.",
            lambda: (None, None, 1.0),
        ),
        Misconception(
            "top-speed-forgets-the-new-one",
            "Your top speed leaves out the newest gradient: v = 0.9 v + 1 is solved by a number that is one larger.",
            lambda: (None, None, 9.0),
        ),
    ),
    hints=(
        "The weights of past gradients in the velocity are 1, 0.9, 0.81, … What is their sum? When is one of them 1/2?",
        "At top speed nothing changes any more: v = 0.9 v + 1. Solve for v. The sum of the weights is the same number.",
        "window = 1/(1 − rho); half_life = ln(1/2)/ln(rho), with `np.log`; top_speed = 1/(1 − rho).",
    ),
)


# -- 05-heavy-ball-cycle -----------------------------------------------------------------------------------------


def cycle_points():
    """(low, middle, high) of the cycle of momentum on the function with two kinks."""
    slope = objectives.heavy_ball_cycle().gradient
    low, middle, high = sorted(float(momentum(slope, 3.3, 1 / 9, steps, 4 / 9)) for steps in (300, 301, 302))
    return low, middle, high


HEAVY_BALL_CYCLE = Exercise(
    id="05-heavy-ball-cycle",
    title="The heavy ball that circles for ever",
    statement=(
        "Run momentum on `slope` from 3.3 with learning rate 1/9 and rho = 4/9. After some hundred steps it visits the "
        "same three points again and again: name them `low`, `middle` and `high`, in order of size."
    ),
    points=2,
    answers=("low", "middle", "high"),
    reference=cycle_points,
    kind="value",
    rtol=1e-3,
    atol=1e-4,
    misconceptions=(
        Misconception(
            "settled",
            "You say that it settles at 0. Gradient descent and Nesterov do so here; ordinary momentum does not. Run it.",
            lambda: (0.0, 0.0, 0.0),
        ),
        Misconception(
            "the-first-three",
            "These are the first points of the run. Let it run for some hundred steps before you read off the cycle.",
            lambda: tuple(sorted(float(momentum(_slope(), 3.3, 1 / 9, k, 4 / 9)) for k in range(3))),
        ),
        Misconception(
            "order-of-the-visit",
            "These are the three points in the order of the visit; sort them by size.",
            lambda: (cycle_points()[1], cycle_points()[0], None),
        ),
        Misconception(
            "other-order",
            "These are the three points, in another order than from low to high: sort them.",
            lambda: (cycle_points()[2], cycle_points()[0], cycle_points()[1]),
        ),
        Misconception(
            "middle-and-high-exchanged",
            "`middle` and `high` have changed places: sort the three points.",
            lambda: (None, cycle_points()[2], cycle_points()[1]),
        ),
        Misconception(
            "one-decimal",
            "You are right, but rounded too much: hand over the numbers as your `momentum` returns them.",
            lambda: tuple(round(point, 1) for point in cycle_points()),
        ),
        Misconception(
            "order-turned",
            "Your order is from high to low; from low to high is asked for.",
            lambda: (cycle_points()[2], None, cycle_points()[0]),
        ),
        Misconception(
            "sizes",
            "Your lowest point has lost its sign: the cycle swings to the other side of 0.",
            lambda: (abs(cycle_points()[0]), None, None),
        ),
        Misconception(
            "velocities",
            "These are the velocities; the points `w` are asked for.",
            lambda: tuple(
                sorted(
                    descend(objectives.heavy_ball_cycle(), Momentum(1 / 9, 4 / 9), 3.3, 302).state[
                        "velocity"
                    ][300:]
                )
            ),
        ),
    ),
    hints=(
        "Your own `momentum` does it: `momentum(slope, np.array([3.3]), 1 / 9, num_steps, 4 / 9)`. How do you get three "
        "successive points out of it?",
        "Call it three times, with 300, 301 and 302 steps.",
        "Each call returns an array with one entry; `[0]` takes it out. `low, middle, high = sorted([…])` does the rest.",
    ),
)


def _slope():
    return objectives.heavy_ball_cycle().gradient


EXERCISES = (MOMENTUM, NESTEROV, CONVERT, BEST_MOMENTUM, MEMORY, HEAVY_BALL_CYCLE)


# -- predictions -------------------------------------------------------------------------------------------------


def steps_at_100() -> int:
    """Steps from rest at (1, 1) to a millionth of the distance, at condition number 100 with the best setting: 93."""
    learning_rate, rho = theory.best_momentum(0.01, 1.0)
    run = descend(objectives.quadratic(100.0), Momentum(learning_rate, rho), (1.0, 1.0), 300)
    distance = np.linalg.norm(run.w, axis=1)
    return int(np.argmax(distance <= 1e-6 * distance[0]))


PREDICTIONS = (
    Prediction(
        id="05-two-pushes",
        question=(
            "A velocity starts at 0. At each step it keeps nine tenths of itself and adds the gradient. The gradient is 1 "
            "at every step. How fast is it in the end?"
        ),
        kind="number",
        answer=lambda: float(theory.averaging_window(0.9)),
        tolerance=0.05,
        reveal="It stops growing when what friction takes, 0.1 v, equals what the slope adds, 1. So v = {answer}.",
    ),
    Prediction(
        id="05-zig-zag",
        question="The same velocity, but now the gradient is +1, −1, +1, −1, … How large does the velocity get?",
        kind="choice",
        choices=(
            "About 10, as before: friction is the same.",
            "It stays near 0.5: each push takes back most of the one before.",
            "It grows without end, because the pushes add up.",
            "Exactly 0 at every step.",
        ),
        answer=lambda: 1,
        reveal="It settles between +0.53 and −0.53 (that is 1/1.9). Steady pushes add up to 10; pushes that flip cancel.",
    ),
    Prediction(
        id="05-steps",
        question=(
            "In a valley with condition number 100, gradient descent at its best needs 691 steps to come within a "
            "millionth of the first distance. How many steps does momentum need at its best, starting at rest?"
        ),
        kind="number",
        answer=steps_at_100,
        tolerance=0.3,
        unit="steps",
        reveal=(
            "A run from rest at (1, 1) needs {answer}. Its rate alone says "
            f"{theory.steps_to(float(theory.best_momentum_rate(100.0)), 1e-6)}, and that is a good answer too: the condition "
            "number counts by its square root, 10 instead of 100. Why a run needs more than its rate says comes below."
        ),
    ),
    Prediction(
        id="05-noise",
        question=(
            "Gradients are noisy. You switch momentum on (rho = 0.9) and divide the learning rate by 10, so that a steady "
            "slope moves w as fast as before. In the long run, how widely does w scatter around the minimum?"
        ),
        kind="choice",
        choices=(
            "Much less than before: the velocity is an average of many gradients.",
            "About as widely as before.",
            "Much more widely than before: every noisy gradient now counts for many steps.",
        ),
        answer=lambda: 1 if 0.8 < theory.noise_floor(0.01, 0.9) / theory.noise_floor(0.1, 0.0) < 1.25 else 0,
        reveal=(
            f"The variance goes from {float(theory.noise_floor(0.1)):.3f} to {float(theory.noise_floor(0.01, 0.9)):.3f} "
            "(curvature 1, noise of variance 1). Momentum steadies the direction of each step; it does not remove the noise."
        ),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="05",
    questions=(
        Question(
            "Why does momentum help in a long narrow valley?",
            (
                "It computes a better gradient.",
                "Along the floor all gradients agree and add up; across it they flip sign and largely cancel.",
                "It makes the valley rounder: the velocity changes the Hessian, and with it the condition number that counts.",
                "It gives each coordinate a learning rate of its own.",
            ),
            1,
            (
                "The gradient is the same; what is done with it differs.",
                "Yes. The build-up along the floor is the gain; that what flips cancels keeps it stable up to (2 + 2ρ)/λ.",
                "The loss, its Hessian and its condition number stay as they are. The price falls from κ to √κ.",
                "All coordinates share one learning rate. Optimizers with one for each coordinate come in the next lessons.",
            ),
        ),
        Question(
            "The condition number is 10,000. About how many times fewer steps does momentum need than gradient descent, both "
            "at their best?",
            ("2 times", "10 times", "100 times", "10,000 times"),
            2,
            (
                "The gain grows with the condition number; it is far more here.",
                "10 is the gain at κ = 100.",
                "Yes: gradient descent pays about κ, momentum about √κ, and κ/√κ = √κ = 100.",
                "Momentum still pays √κ, so the gain is κ/√κ.",
            ),
        ),
        Question(
            "With ρ = 0.9 and curvature λ = 1, up to which learning rate is momentum stable, and up to which Nesterov's?",
            ("both 2", "3.8 and 1.357", "1.357 and 3.8", "both 3.8"),
            1,
            (
                "2 is the limit of gradient descent (ρ = 0).",
                "Yes: 2 + 2ρ = 3.8 for momentum; Nesterov's (2 + 2ρ)/(1 + 2ρ) = 1.357 is smaller, even smaller than 2.",
                "The other way round: looking ahead costs range here.",
                "Nesterov divides this by 1 + 2ρ.",
            ),
        ),
        Question(
            "A run with momentum swings around the minimum and settles slowly: there are many ripples. You are in the "
            "complex regime. What makes each swing smaller?",
            (
                "A larger ρ: less friction.",
                "A smaller learning rate alone: it shortens every swing by the same share, and ρ plays no part in it.",
                "A smaller ρ: each step multiplies the swing by √ρ, whatever the learning rate.",
                "Nothing: ripples never settle.",
            ),
            2,
            (
                "A larger ρ means less friction, so the swings last longer.",
                "In the complex regime the size of the factor is √ρ and does not depend on the learning rate.",
                "Yes. At ρ = 0.9 it is 0.949 a step. Best is the ρ at which the ripples just vanish: critical damping.",
                "They settle as long as √ρ is below 1 and αλ below 2 + 2ρ.",
            ),
        ),
        Question(
            "Gradients are noisy. What does momentum change, compared with SGD at the effective learning rate α/(1 − ρ)?",
            (
                "The noise disappears.",
                "The gradients themselves are less noisy, since each one is computed from about 1/(1 − ρ) minibatches.",
                "Each step's direction is steadier; the scatter around the minimum is about the same when steps are small.",
                "It scatters ten times more widely.",
            ),
            2,
            (
                "Some noise is always left; only smaller steps or larger batches remove it.",
                "Each gradient is as noisy as before. The velocity averages many of them.",
                "Yes. In the velocity about 1/(1 − ρ) gradients are averaged; but each then acts for that many steps.",
                "That is about what happens at the same α, where momentum also moves ten times faster.",
            ),
        ),
        Question(
            "You copy learning_rate = 0.1, rho = 0.9 from code with v = ρv + (1 − ρ)dw into the lecture's form. What happens?",
            (
                "The same path: ρ is the same.",
                "Steps ten times too short.",
                "It walks uphill.",
                "Steps ten times too long; the right learning rate is 0.01.",
            ),
            3,
            (
                "ρ stays, but the weight of each gradient differs by the factor 1 − ρ.",
                "The other way round: the lecture's form adds the whole gradient, not a tenth.",
                "No sign changes between these two.",
                "Yes: multiply the learning rate by 1 − ρ = 0.1.",
            ),
        ),
        Question(
            "In a flat place of the landscape the gradient is zero: a saddle, or the floor of a shallow minimum. Why may "
            "momentum get through?",
            (
                "The velocity from the slope before carries it on, although the gradient there is zero.",
                "It adds random noise.",
                "It knows where the lowest minimum lies: its velocity has gathered the slopes of the whole landscape.",
                "It always gets through.",
            ),
            0,
            (
                "Yes. It also gathers speed on the far side of a saddle. But with too little speed it is caught too.",
                "Momentum itself is not random.",
                "It knows nothing but the gradients on its way.",
                "A start at rest exactly on the ridge stays there, and a deep hollow stops it.",
            ),
        ),
    ),
)
