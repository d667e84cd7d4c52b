"""Exercises of lesson 03: gradient descent."""

from __future__ import annotations

import numpy as np

from optcourse import objectives
from optcourse.checking.common import loop_misconceptions
from optcourse.checking.ingredients import Gradient, QuadraticGradient
from optcourse.checking.model import Case, Exercise, Misconception

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
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 1), label="one step"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 0), label="no step at all"))
    return cases


def random_bowl(rng: np.random.Generator, n: int) -> QuadraticGradient:
    """The gradient of a quadratic bowl in n dimensions, turned, with curvatures between 0.5 and 3."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = basis @ np.diag(rng.uniform(0.5, 3, size=n)) @ basis.T
    return QuadraticGradient((matrix + matrix.T) / 2, rng.normal(size=n))


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
    statement="Write the loop: take `num_steps` steps against the gradient, and return where it ends.",
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

EXERCISES = (GRADIENT_DESCENT,)
PREDICTIONS = ()
QUIZ = None
