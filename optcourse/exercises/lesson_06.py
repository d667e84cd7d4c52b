"""Exercises of lesson 06: AdaGrad."""

from __future__ import annotations

import numpy as np

from optcourse import objectives
from optcourse.descent import descend
from optcourse.exercises.ingredients import Gradient, QuadraticGradient, SequenceGradient
from optcourse.exercises.mistakes import loop_misconceptions
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz
from optcourse.optimizers import AdaGrad, GradientDescent
from optcourse.theory import adagrad_step

# -- 06-adagrad: the loop of the lecture -----------------------------------------------------------


def adagrad(compute_gradient, w, learning_rate, num_steps, eps):
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared += dw * dw
        w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w


def adagrad_cases(rng: np.random.Generator) -> list[Case]:
    """Random bowls in several dimensions, and the corners: one entry, whole numbers, large steps, tiny slopes."""
    cases = []
    for n in (2, 3, 7):
        start = rng.normal(size=n)
        rate, eps = round(rng.uniform(0.1, 0.5), 3), round(rng.uniform(0.01, 0.1), 4)
        cases.append(Case((random_bowl(rng, n), start, rate, 8, eps), label=f"{n} entries"))
    one = QuadraticGradient([[rng.uniform(0.5, 2)]], [rng.normal()])
    cases.append(Case((one, rng.normal(size=1), 0.3, 5, 0.02), label="one entry"))
    rosenbrock = Gradient(objectives.rosenbrock().recipe)
    cases.append(Case((rosenbrock, np.array([-1.2, 1.0]), 0.2, 10, 1e-7), label="Rosenbrock's valley"))
    whole = rng.integers(-5, 6, size=4) * 2 + 1
    cases.append(Case((random_bowl(rng, 4), whole, 0.3, 6, 1e-3), label="a start of whole numbers"))
    cases.append(Case((random_bowl(rng, 2), rng.normal(size=2), 50.0, 12, 1e-7), label="very large steps"))
    tiny = SequenceGradient(1e-6 * rng.normal(size=(6, 3)))
    cases.append(Case((tiny, rng.normal(size=3), 0.1, 6, 1e-7), label="slopes of a millionth"))
    rare = rng.normal(size=(6, 3)) * np.tile([[1, 0, 0], [1, 0, 0], [1, 0, 1]], (2, 1))
    cases.append(
        Case(
            (SequenceGradient(rare), rng.normal(size=3), 0.1, 6, 1e-5),
            label="entries whose slope is zero, often or always",
        )
    )
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 1, 1e-7), label="one step"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 0, 1e-7), label="no step at all"))
    return cases


def random_bowl(rng: np.random.Generator, n: int) -> QuadraticGradient:
    """The gradient of a quadratic bowl in n dimensions, turned, with curvatures between 0.5 and 3."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = basis @ np.diag(rng.uniform(0.5, 3, size=n)) @ basis.T
    return QuadraticGradient((matrix + matrix.T) / 2, rng.normal(size=n))


def wrong_loop(accumulate, step, first=0.0):
    """A wrong AdaGrad: `accumulate(grad_squared, dw, t)` gives the new sum, `step(rate, dw, sum, eps, t, old sum)` the step."""

    def wrong(compute_gradient, w, learning_rate, num_steps, eps):
        w = np.array(w, dtype=float)
        grad_squared = np.full(w.shape, first)
        for t in range(1, num_steps + 1):
            dw = compute_gradient(w)
            before = grad_squared
            grad_squared = accumulate(grad_squared, dw, t)
            w = w - step(learning_rate, dw, grad_squared, eps, t, before)
        return w

    return wrong


def add_square(grad_squared, dw, t):
    return grad_squared + dw * dw


def right_step(learning_rate, dw, grad_squared, eps, t, before):
    return learning_rate * dw / (np.sqrt(grad_squared) + eps)


def learning_rate_overwritten(compute_gradient, w, learning_rate, num_steps, eps):
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared += dw * dw
        learning_rate = learning_rate / (np.sqrt(grad_squared) + eps)
        w -= learning_rate * dw
    return w


def eps_in_the_sum(compute_gradient, w, learning_rate, num_steps, eps):
    loop = wrong_loop(lambda s, dw, t: s + dw * dw + eps, lambda a, dw, s, eps, t, old: a * dw / np.sqrt(s))
    return loop(compute_gradient, w, learning_rate, num_steps, eps)


def steps_with_all_gradients(compute_gradient, w, learning_rate, num_steps, eps):
    w = np.array(w, dtype=float)
    grad_squared, velocity = np.zeros_like(w), np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared += dw * dw
        velocity += dw
        w -= learning_rate * velocity / (np.sqrt(grad_squared) + eps)
    return w


def returns_the_sum(compute_gradient, w, learning_rate, num_steps, eps):
    sums = np.zeros(np.shape(w))

    def remembering(point):
        dw = compute_gradient(point)
        sums[...] += dw * dw
        return dw

    adagrad(remembering, w, learning_rate, num_steps, eps)
    return sums


ADAGRAD = Exercise(
    id="06-adagrad",
    title="AdaGrad",
    statement=(
        "Write the loop: add the squared gradient to `grad_squared`, entry by entry, and take each step of "
        "`learning_rate * dw` divided by the root of that sum plus `eps`. Return where it ends."
    ),
    points=4,
    answers=("adagrad",),
    reference=adagrad,
    cases=adagrad_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=(
        *loop_misconceptions(adagrad),
        Misconception(
            "only-the-last-square",
            "Your steps never shrink: `grad_squared` holds the last square only. It is set anew in each round (or set "
            "back to zero inside the loop) where the square should be added to it.",
            wrong_loop(lambda s, dw, t: dw * dw, right_step),
        ),
        Misconception(
            "no-root",
            "You divide by the sum of squares itself. A square has the wrong unit: take its root first.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (s + eps)),
        ),
        Misconception(
            "eps-inside-the-root",
            "Your `eps` stands inside the root. There its own root counts, which is much larger. In this course, as in "
            "the lecture and in torch, it is added after the root.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / np.sqrt(s + eps)),
        ),
        Misconception(
            "eps-missing",
            "Your steps do not depend on `eps`. Without it, an entry whose slope has always been zero divides 0 by 0.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / np.sqrt(s)),
        ),
        Misconception(
            "eps-added-to-the-parameters",
            "Your `eps` is added to the step and not to the root: Python divides before it adds. Put brackets around the "
            "root and `eps`.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / np.sqrt(s) + eps),
        ),
        Misconception(
            "eps-outside-the-fraction",
            "Your `eps` is added to the fraction: close the bracket of the divisor after `eps`, not before it.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * (dw / np.sqrt(s) + eps)),
        ),
        Misconception(
            "eps-fixed",
            "Your `eps` is always 1e-7: use the one that you are given.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(s) + 1e-7)),
        ),
        Misconception(
            "divisor-missing",
            "This is plain gradient descent: you gather `grad_squared`, but the step is not divided by its root.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw),
        ),
        Misconception(
            "multiplied-by-the-root",
            "You multiply by the root where you should divide: steep entries must take shorter steps, not longer ones.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw * (np.sqrt(s) + eps)),
        ),
        Misconception(
            "divides-by-the-sum-before",
            "Your first step is enormous: it is divided before the new square is added. Add `dw * dw` first, then step.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(old) + eps)),
        ),
        Misconception(
            "one-sum-for-all",
            "All your entries share one sum of squares. AdaGrad keeps one for each entry: `grad_squared` has the shape of `w`.",
            wrong_loop(lambda s, dw, t: s + np.sum(dw * dw), right_step),
        ),
        Misconception(
            "absolute-values",
            "You add up sizes, not squares: the sum must gather `dw * dw`, and its root is taken afterwards.",
            wrong_loop(lambda s, dw, t: s + np.abs(dw), lambda a, dw, s, eps, t, old: a * dw / (s + eps)),
        ),
        Misconception(
            "root-of-absolute-values",
            "Under your root is the sum of sizes. It must be the sum of squares.",
            wrong_loop(lambda s, dw, t: s + np.abs(dw), right_step),
        ),
        Misconception(
            "squares-the-sum",
            "You add up gradients and square the sum. Opposite slopes then cancel: square each one first, then add.",
            wrong_loop(
                lambda s, dw, t: s + dw, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(s * s) + eps)
            ),
        ),
        Misconception(
            "not-squared",
            "You add `dw` itself, so the sum can become negative and its root is no number: add its square.",
            wrong_loop(lambda s, dw, t: s + dw, right_step),
        ),
        Misconception(
            "mean-of-squares",
            "You divide the sum by the number of steps. AdaGrad keeps the sum itself, which is why its steps shrink.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(s / t) + eps)),
        ),
        Misconception(
            "leaks",
            "Your `grad_squared` forgets: it keeps 90 % of itself each round. AdaGrad keeps everything; the leak is the "
            "next lesson's idea.",
            wrong_loop(lambda s, dw, t: 0.9 * s + (1 - 0.9) * dw * dw, right_step),
        ),
        Misconception(
            "leaks-slowly",
            "Your `grad_squared` forgets: it keeps 99 % of itself each round. AdaGrad keeps everything; the leak is the "
            "next lesson's idea.",
            wrong_loop(lambda s, dw, t: 0.99 * s + (1 - 0.99) * dw * dw, right_step),
        ),
        Misconception(
            "sum-starts-at-one",
            "Your sum starts at 1, so the first steps are too short: start `grad_squared` at zero.",
            wrong_loop(add_square, right_step, first=1.0),
        ),
        Misconception(
            "sum-starts-at-a-tenth",
            "Your sum starts at 0.1, as in TensorFlow. Here, as in the lecture and in torch, it starts at zero.",
            wrong_loop(add_square, right_step, first=0.1),
        ),
        Misconception(
            "mean-over-the-entries",
            "All your entries share one root: a mean over the entries is taken. Each entry needs a sum of its own.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(np.mean(s)) + eps)),
        ),
        Misconception(
            "eps-multiplied",
            "You multiply the root by `eps`, so the steps become enormous: `eps` is added to the root.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(s) * eps)),
        ),
        Misconception(
            "gradient-missing",
            "Your step does not hold the gradient any more: above the line stands `learning_rate * dw`.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a / (np.sqrt(s) + eps)),
        ),
        Misconception(
            "sum-stays-zero",
            "Your `grad_squared` stays at zero: it starts there, and you multiply it (or never add to it). Add the square.",
            wrong_loop(lambda s, dw, t: s * dw * dw, right_step),
        ),
        Misconception(
            "doubled-not-squared",
            "You add `2 * dw`, which can be negative. The square is `dw * dw`.",
            wrong_loop(lambda s, dw, t: s + 2 * dw, right_step),
        ),
        Misconception(
            "eps-of-torch",
            "Your `eps` is always 1e-10, as in torch: use the one that you are given.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(s) + 1e-10)),
        ),
        Misconception(
            "root-is-kept",
            "Your first step is right; then the sum goes wrong, because its root takes its place. Keep the sum, and use its "
            "root in the step only.",
            wrong_loop(
                lambda s, dw, t: np.sqrt(s + dw * dw), lambda a, dw, s, eps, t, old: a * dw / (s + eps)
            ),
        ),
        Misconception(
            "root-twice",
            "You take the root twice: once, just before dividing, is enough.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(np.sqrt(s)) + eps)),
        ),
        Misconception(
            "squared-step",
            "Your step holds `dw * dw`, so it has lost its direction. The square goes into the sum; the step takes `dw`.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw * dw / (np.sqrt(s) + eps)),
        ),
        Misconception(
            "learning-rate-is-overwritten",
            "Your `learning_rate` is divided anew in every round and keeps the result, so it shrinks far too fast. Leave it as "
            "it is; divide within the step.",
            learning_rate_overwritten,
        ),
        Misconception(
            "eps-in-the-sum",
            "You add `eps` to the sum in every round. It is added once, to the root, where you divide.",
            eps_in_the_sum,
        ),
        Misconception(
            "largest-square",
            "You keep the largest square so far. AdaGrad keeps the sum of all of them.",
            wrong_loop(lambda s, dw, t: np.maximum(s, dw * dw), right_step),
        ),
        Misconception(
            "half-squares",
            "You add half of each square. Add the whole of it.",
            wrong_loop(lambda s, dw, t: s + 0.5 * dw * dw, right_step),
        ),
        Misconception(
            "steps-with-all-gradients",
            "Above the line you use the sum of all gradients so far: that is a velocity, as in lesson 05. The step takes the "
            "`dw` of now.",
            steps_with_all_gradients,
        ),
        Misconception(
            "returns-the-sum",
            "You return `grad_squared`; the caller wants the parameters `w` where the walk ended.",
            returns_the_sum,
        ),
        Misconception(
            "learning-rate-in-the-sum",
            "You square `learning_rate * dw`. The sum gathers the slopes alone; the learning rate belongs to the step. As it "
            "is, it cancels out.",
            lambda compute_gradient, w, learning_rate, num_steps, eps: wrong_loop(
                lambda s, dw, t: s + (learning_rate * dw) * (learning_rate * dw), right_step
            )(compute_gradient, w, learning_rate, num_steps, eps),
        ),
        Misconception(
            "direction-lost",
            "Your steps all go the same way, whatever the sign of the slope: square only what goes into the sum, not the "
            "`dw` of the step.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * np.abs(dw) / (np.sqrt(s) + eps)),
        ),
        Misconception(
            "root-of-the-step-number",
            "You divide by the root of the step's number. That fits equal slopes only; gather their squares.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * dw / (np.sqrt(t) + eps)),
        ),
        Misconception(
            "sign-and-step-number",
            "You use only the sign of the slope and the step's number. That fits equal slopes only: gather the squares of "
            "the slopes that really come.",
            wrong_loop(add_square, lambda a, dw, s, eps, t, old: a * np.sign(dw) / np.sqrt(t)),
        ),
    ),
    hints=(
        "It is the loop of gradient descent with one thing more to remember between steps: one number for each entry of `w`. "
        "Where must it be made, so that it is not forgotten?",
        "Before the loop: a float copy of `w`, and `grad_squared = np.zeros_like(w)` made from that copy. In the loop, first "
        "add the new squares, then step.",
        "In the loop: `dw = compute_gradient(w)`; `grad_squared += dw * dw`; then take `learning_rate * dw` divided by "
        "`(np.sqrt(grad_squared) + eps)` away from `w`. Mind the brackets.",
    ),
)


# -- 06-equal-gradients: the step after t equal gradients ------------------------------------------


def equal_gradient_step(learning_rate, dw, t):
    return -learning_rate * np.sign(dw) / np.sqrt(t)


def equal_gradient_cases(rng: np.random.Generator) -> list[Case]:
    """Steep and gentle slopes of both signs, at the first step and at late ones."""

    def slopes(n):
        return rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-3, 3, n)

    return [
        Case((0.4, np.array([-3.0, 0.02, *slopes(1)]), 7), label="the seventh step"),
        Case((round(rng.uniform(0.1, 2), 3), slopes(4), 1), label="the first step"),
        Case((round(rng.uniform(0.1, 2), 3), slopes(2), 100), label="the hundredth step"),
        Case((0.5, slopes(1), int(rng.integers(2, 50))), label="one entry"),
        Case((1.0, rng.integers(2, 9, 3) * np.array([1, -1, 1]), 9), label="slopes of whole numbers"),
        Case((20.0, slopes(5), int(rng.integers(1000, 9999))), label="a large learning rate, late"),
    ]


def walked_so_far(learning_rate, dw, t):
    return -learning_rate * np.sign(dw) * np.sum(1 / np.sqrt(np.arange(1, t + 1)))


EQUAL_GRADIENTS = Exercise(
    id="06-equal-gradients",
    title="The step after t equal gradients",
    statement=(
        "The gradient is the same array `dw` at every step, with no entry zero, and eps is 0. Return what AdaGrad's step "
        "number `t` (1, 2, 3, …) adds to `w`: an array shaped like `dw`, sign included. No loop is needed."
    ),
    points=2,
    answers=("equal_gradient_step",),
    reference=equal_gradient_step,
    cases=equal_gradient_cases,
    misconceptions=(
        Misconception(
            "uphill",
            "The size is right, the sign is not: what is added to `w` points against the gradient.",
            lambda a, dw, t: a * np.sign(dw) / np.sqrt(t),
        ),
        Misconception(
            "keeps-the-size",
            "Your step still depends on the size of the slope. Put t · dw² under the root and see what cancels.",
            lambda a, dw, t: -a * dw / np.sqrt(t),
        ),
        Misconception(
            "no-root-of-t",
            "Your steps shrink too fast: the sum grows like t, and you divide by its root.",
            lambda a, dw, t: -a * np.sign(dw) / t,
        ),
        Misconception(
            "counts-from-zero",
            "Your step is the next one: step t has t squares in its sum, its own included.",
            lambda a, dw, t: -a * np.sign(dw) / np.sqrt(t + 1),
        ),
        Misconception(
            "own-square-forgotten",
            "Your sum lacks the step's own square: it is added before the step is taken.",
            lambda a, dw, t: -a * np.sign(dw) / np.sqrt(t - 1),
        ),
        Misconception(
            "never-shrinks",
            "Your steps never shrink. That is right for the first one; then the sum grows.",
            lambda a, dw, t: -a * np.sign(dw) / np.sqrt(1.0),
        ),
        Misconception(
            "grows",
            "Your steps grow with t. The root of the sum stands below the line.",
            lambda a, dw, t: -a * np.sign(dw) * np.sqrt(t),
        ),
        Misconception(
            "whole-way",
            "You return the whole way after t steps. Asked for is step number t alone.",
            walked_so_far,
        ),
        Misconception(
            "direction-lost",
            "All your entries move the same way. An entry with a negative slope must move up.",
            lambda a, dw, t: -a * np.ones(np.shape(dw)) / np.sqrt(t),
        ),
        Misconception(
            "root-forgotten",
            "You divide by the sum t · dw² itself. Take its root first.",
            lambda a, dw, t: -a * dw / (t * (dw * dw)),
        ),
        Misconception(
            "one-number",
            "You return one number. The size is right, but every entry of `dw` has its own sign: return an array.",
            lambda a, dw, t: -a / np.sqrt(t),
        ),
        Misconception(
            "one-number-uphill",
            "You return one number, the length of the step. Return an array: every entry moves against its own slope.",
            lambda a, dw, t: a / np.sqrt(t),
        ),
        Misconception(
            "keeps-the-size-uphill",
            "Your step still depends on the size of the slope, and it goes uphill. What cancels, and what remains?",
            lambda a, dw, t: a * dw / np.sqrt(t),
        ),
        Misconception(
            "keeps-the-size-no-root",
            "Your step is gradient descent's, divided by t. AdaGrad divides by the root of t · dw².",
            lambda a, dw, t: -a * dw / t,
        ),
        Misconception(
            "gradient-missing",
            "Above the line the gradient is missing, so your steps get longer where slopes are smaller.",
            lambda a, dw, t: -a / np.sqrt(t * (dw * dw)),
        ),
        Misconception(
            "eps-kept",
            "Your steps are a tiny bit too short: there is an `eps` in them. Here it is 0.",
            lambda a, dw, t: -a * dw / (np.sqrt(t * (dw * dw)) + 1e-7),
        ),
        Misconception(
            "plain-gradient-descent",
            "This is gradient descent's step. AdaGrad divides it by the root of the sum of squares.",
            lambda a, dw, t: -a * dw * np.ones(np.shape(dw)),
        ),
    ),
    hints=(
        "What is `grad_squared` after t steps, when the same `dw * dw` was added t times?",
        "The root of t · dw² is √t · |dw|. A number divided by its own size is its sign.",
        "The step is −learning_rate · dw / (√t · |dw|). `np.sign(dw)` gives dw / |dw|.",
    ),
)


# -- 06-turned-gradient: the gradient of a turned landscape ----------------------------------------


def turned_gradient(compute_gradient, w, angle):
    turn = turn_by(angle)
    return turn @ compute_gradient(turn.T @ w)


def turn_by(angle) -> np.ndarray:
    """The matrix that turns the plane counter-clockwise by an angle in radians."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def turned_cases(rng: np.random.Generator) -> list[Case]:
    """Landscapes of the course, turned by angles of both signs."""
    lecture = Gradient(objectives.lecture_bowl().recipe)
    rosenbrock = Gradient(objectives.rosenbrock().recipe)
    saddle = Gradient(objectives.saddle().recipe)
    return [
        Case((lecture, rng.normal(size=2), np.pi / 4), label="the lecture's bowl, turned by 45 degrees"),
        Case((rosenbrock, rng.normal(size=2), round(rng.uniform(0.3, 1.2), 3)), label="Rosenbrock's valley"),
        Case((lecture, rng.normal(size=2), round(-rng.uniform(0.3, 1.2), 3)), label="a negative angle"),
        Case((saddle, np.array([3, int(rng.integers(4, 9))]), 0.5), label="a point of whole numbers"),
        Case((lecture, rng.normal(size=2), 0.0), label="no turn at all"),
    ]


def turned_wrongly(before, after):
    """A wrong answer: the matrix `before(angle)` for the point, `after(angle)` for the gradient."""

    def wrong(compute_gradient, w, angle):
        return after(angle) @ compute_gradient(before(angle) @ w)

    return wrong


def back(angle):
    return turn_by(-angle)


def stay(angle):
    return np.eye(2)


def in_degrees(compute_gradient, w, angle):
    return turned_gradient(compute_gradient, w, np.radians(angle))


def minus_lost(angle):
    return np.abs(turn_by(abs(angle)))


TURNED_GRADIENT = Exercise(
    id="06-turned-gradient",
    title="The gradient of a turned landscape",
    statement=(
        "`compute_gradient` gives the gradient of a landscape in the plane. Turn that landscape counter-clockwise about "
        "(0, 0) by `angle` (radians) and return the gradient of the turned landscape at `w`. Call `compute_gradient` once."
    ),
    points=2,
    answers=("turned_gradient",),
    reference=turned_gradient,
    cases=turned_cases,
    compare=("result", "calls", "inputs"),
    steps=False,
    misconceptions=(
        Misconception(
            "arrow-not-turned",
            "You ask at the right point, but the arrow that comes back belongs to the old landscape: turn it as well.",
            turned_wrongly(back, stay),
        ),
        Misconception(
            "point-not-turned",
            "You turn the arrow, but you ask at `w` itself. Which point of the old landscape has come to lie at `w`?",
            turned_wrongly(stay, turn_by),
        ),
        Misconception(
            "nothing-turned",
            "This is the gradient of the old landscape: nothing is turned yet.",
            turned_wrongly(stay, stay),
        ),
        Misconception(
            "clockwise",
            "Your landscape is turned clockwise: the two matrices stand in each other's place.",
            turned_wrongly(turn_by, back),
        ),
        Misconception(
            "both-forward",
            "You turn the point forward. The point must go back by the angle, and only then the arrow forward.",
            turned_wrongly(turn_by, turn_by),
        ),
        Misconception(
            "both-back",
            "You turn the point and the arrow both back by the angle. The arrow has to come forward again.",
            turned_wrongly(back, back),
        ),
        Misconception(
            "degrees",
            "Your angle is treated as degrees: here it comes in radians, as `np.cos` wants it.",
            in_degrees,
        ),
        Misconception(
            "minus-lost",
            "Your matrix has lost its minus sign, so it bends the landscape instead of turning it.",
            turned_wrongly(minus_lost, minus_lost),
        ),
        Misconception(
            "way-down",
            "You return the way down. The gradient points up: the minus sign belongs to the optimizer's step.",
            lambda compute_gradient, w, angle: -turned_gradient(compute_gradient, w, angle),
        ),
    ),
    hints=(
        "Go back to the old landscape, ask there, and bring the answer forward. Two turns, in opposite directions.",
        "`turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])` turns counter-clockwise; "
        "`turn.T` turns back.",
        "Ask at `turn.T @ w`. Then multiply what comes back by `turn` from the left.",
    ),
)


# -- 06-rotation-experiment: the failure, measured -------------------------------------------------

START, RATE, STEPS, EPS = np.array([-5.0, -2.0]), 0.4, 100, 1e-7


def loss_after(
    angle: float, start: np.ndarray, learning_rate=RATE, num_steps=STEPS, optimizer=AdaGrad
) -> float:
    """The loss where a run on the lecture's bowl, turned by `angle`, ends."""
    return float(descend(objectives.lecture_bowl(angle), optimizer(learning_rate), start, num_steps).loss[-1])


def rotation_experiment():
    """(loss_straight, loss_turned)."""
    return loss_after(0.0, START), loss_after(np.pi / 4, turn_by(np.pi / 4) @ START)


ROTATION_EXPERIMENT = Exercise(
    id="06-rotation-experiment",
    title="The rotation experiment",
    statement=(
        "On 0.1 x² + 2 y², from (−5, −2), run AdaGrad for 100 steps with learning rate 0.4 and eps 1e-7; the loss at the "
        "end is `loss_straight`. Then turn the landscape and the start together by 45 degrees and run again: `loss_turned`."
    ),
    points=3,
    answers=("loss_straight", "loss_turned"),
    reference=rotation_experiment,
    kind="value",
    rtol=1e-3,
    misconceptions=(
        Misconception(
            "swapped",
            "Your two numbers are right, but each stands under the other's name.",
            lambda: rotation_experiment()[::-1],
        ),
        Misconception(
            "rounded",
            "These are the rounded numbers of the text below. Hand over the losses of your own two runs, unrounded.",
            lambda: (0.016, 0.51),
        ),
        Misconception(
            "start-not-turned",
            "Your second run starts at (−5, −2) itself. Turn the start with the landscape, so that both runs begin at the "
            "same place of it.",
            lambda: (None, loss_after(np.pi / 4, START)),
        ),
        Misconception(
            "landscape-not-turned",
            "In your second run only the start is turned. The gradient must be that of the turned landscape.",
            lambda: (None, loss_after(0.0, turn_by(np.pi / 4) @ START)),
        ),
        Misconception(
            "start-turned-back",
            "Your second start is turned the other way round than its landscape.",
            lambda: (None, loss_after(np.pi / 4, turn_by(-np.pi / 4) @ START)),
        ),
        Misconception(
            "turned-by-45-radians",
            "Your landscape is turned by 45 radians. In radians, 45 degrees are π/4.",
            lambda: (None, loss_after(45.0, turn_by(45.0) @ START)),
        ),
        Misconception(
            "both-the-same",
            "Your two losses are the same, as gradient descent's would be. Did the second run use the turned landscape?",
            lambda: (None, loss_after(0.0, START)),
        ),
        Misconception(
            "gradient-descent",
            "Your first number is gradient descent's loss. Run your `adagrad`.",
            lambda: (loss_after(0.0, START, optimizer=GradientDescent), None),
        ),
        Misconception(
            "loss-at-the-start",
            "Your first number is the loss before the first step: 0.1 · 25 + 2 · 4. Take the loss where the run ends.",
            lambda: (loss_after(0.0, START, num_steps=0), None),
        ),
        Misconception(
            "one-step-less",
            "Your first run has 99 steps. It must have 100.",
            lambda: (loss_after(0.0, START, num_steps=99), None),
        ),
    ),
    hints=(
        "You have everything: `adagrad` runs on any `compute_gradient`, and `turned_gradient` makes one for the turned "
        "landscape. What has to be turned besides?",
        "A gradient with a fixed angle: `lambda w: turned_gradient(bowl.gradient, w, angle)`. The start of the turned run is "
        "`turn @ start`.",
        "The turned landscape's height at `w` is `bowl.value(turn.T @ w)`. The straight run's is `bowl.value(w)`. Both runs: "
        "`adagrad(…, 0.4, 100, 1e-7)`.",
    ),
)


# -- 06-find-the-error: three updates that are in print --------------------------------------------


def found_errors():
    """(never_shrinks, drifts, shy)."""
    return "A", "C", "B"


FIND_THE_ERROR = Exercise(
    id="06-find-the-error",
    title="Find the error",
    statement=(
        "Three versions of AdaGrad's two lines, A, B and C, each off in one place. Which of them belongs to which symptom? "
        "`never_shrinks`: every step is as long as the first. `drifts`: every entry moves a little at every step, always the "
        "same way, besides its own step. `shy`: where slopes are tiny, steps are far too short."
    ),
    points=2,
    answers=("never_shrinks", "drifts", "shy"),
    reference=found_errors,
    kind="value",
    misconceptions=(
        Misconception(
            "a-is-b",
            "In B the squares are still added up, so its steps do shrink. Where are they not added up?",
            lambda: ("B", None, None),
        ),
        Misconception(
            "a-is-c",
            "In C the squares are still added up, so its own steps do shrink. Look at the first of the two lines.",
            lambda: ("C", None, None),
        ),
        Misconception(
            "drift-is-a",
            "In A everything in the update is multiplied by `dw`, so nothing is added besides. Where does a bare number stand?",
            lambda: (None, "A", None),
        ),
        Misconception(
            "drift-is-b",
            "In B `eps` is under the root, so it is no part of the sum that `w` loses. Where is it one?",
            lambda: (None, "B", None),
        ),
        Misconception(
            "shy-is-a",
            "In A a tiny slope is divided by its own size, so the step is as long as ever. Which `eps` has become large?",
            lambda: (None, None, "A"),
        ),
        Misconception(
            "shy-is-c",
            "In C a tiny slope is divided by its own root alone, so its steps are not too short. Compare 1e-7 with its root.",
            lambda: (None, None, "C"),
        ),
    ),
    hints=(
        "Run the cell above: it prints what each version does. Which row has the same number three times?",
        "Read C aloud with Python's order: first the division, then the `+`.",
        "The root of 1e-7 is about 3e-4. A slope of 1e-6 is small beside that, and large beside 1e-7.",
    ),
)

EXERCISES = (ADAGRAD, EQUAL_GRADIENTS, TURNED_GRADIENT, ROTATION_EXPERIMENT, FIND_THE_ERROR)


# -- predictions -----------------------------------------------------------------------------------


def first_steps_compared() -> int:
    """Which choice: the first step along a slope of 100 over that along a slope of 0.01."""
    trace = descend(objectives.bowl((100.0, 0.01)), AdaGrad(0.4), (1.0, 1.0), 1)
    steep, gentle = np.abs(trace.w[1] - trace.w[0])
    return int(np.argmin([abs(np.log(steep / gentle / times)) for times in (1e4, 1e2, 1.0, 1e-4)]))


def turned_compared() -> int:
    """Which choice: does turning by 45 degrees change the end of gradient descent, and of AdaGrad?"""
    turned = turn_by(np.pi / 4) @ START
    changes = [
        loss_after(np.pi / 4, turned, optimizer=o) > 2 * loss_after(0.0, START, optimizer=o)
        for o in (GradientDescent, AdaGrad)
    ]
    return [(False, False), (True, False), (False, True), (True, True)].index(tuple(map(bool, changes)))


PREDICTIONS = (
    Prediction(
        id="06-two-slopes",
        question=(
            "At the start the slope along one entry of w is 100, along another 0.01. Gradient descent's first step is 10,000 "
            "times longer along the first. And AdaGrad's?"
        ),
        kind="choice",
        choices=(
            "Also 10,000 times longer",
            "100 times longer",
            "Equally long along both",
            "10,000 times shorter along the steep one",
        ),
        answer=first_steps_compared,
        reveal=(
            "At the first step the sum holds one square, and its root is the size of the slope itself. A slope divided by "
            "its own size is +1 or −1: every entry moves by the learning rate."
        ),
    ),
    Prediction(
        id="06-hundredth-step",
        question=(
            "The slope is the same at every step, and the first step is 0.4 long. How long is AdaGrad's step number 100?"
        ),
        kind="number",
        answer=lambda: float(adagrad_step(0.4, 100)),
        tolerance=0.05,
        reveal="The sum is 100 times the square, its root 10 times the slope: 0.4 / 10 = {answer}.",
    ),
    Prediction(
        id="06-turned",
        question=(
            "The valley 0.1 x² + 2 y² is turned by 45 degrees, and the start with it. Nothing else changes. Who ends at a much "
            "higher loss after 100 steps than before?"
        ),
        kind="choice",
        choices=("Nobody", "Gradient descent only", "AdaGrad only", "Both"),
        answer=turned_compared,
        reveal=(
            "Gradient descent follows the arrow, and the arrow turns with the valley. AdaGrad scales each coordinate by "
            "itself, and in a turned valley both coordinates see the same steep wall."
        ),
    ),
)


# -- quiz ------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="06",
    questions=(
        Question(
            "What does AdaGrad keep between steps?",
            (
                "The last gradient.",
                "One number: the sum of all squared gradients.",
                "A velocity that friction slows down.",
                "One number for each entry of w: the sum of that entry's squared gradients.",
            ),
            3,
            (
                "The last gradient is used and forgotten; only its square is added up.",
                "One number for all entries could not treat steep and flat ones differently.",
                "That is momentum. AdaGrad's memory has no direction, since squares have no sign.",
                "Yes. `grad_squared` has the shape of `w`, and it never shrinks.",
            ),
        ),
        Question(
            "The learning rate is 0.1 and the slope of one entry is −7 at every step. What does step 25 add to that entry?",
            ("+0.02", "−0.02", "+0.14", "+0.004"),
            0,
            (
                "Yes: 0.1 / √25 = 0.02, against the slope, so upwards. The 7 cancels.",
                "The size is right. The slope is negative, so the way down is up.",
                "The size of the slope cancels: a larger slope makes a larger root.",
                "0.1 / 25: the root is missing.",
            ),
        ),
        Question(
            "Why can AdaGrad come to a halt far from the bottom?",
            (
                "Because eps is too small.",
                "Because the gradient becomes wrong after many steps.",
                "Because the sum only grows, also by the squares of steep places that it left long ago.",
                "Because it takes no steps along flat axes.",
            ),
            2,
            (
                "eps hardly matters once the sum has any size.",
                "The gradient is computed anew at each step and is right.",
                "Yes. Nothing ever leaves the sum, so the effective learning rate never recovers.",
                "On the contrary: along flat axes it takes longer steps than gradient descent.",
            ),
        ),
        Question(
            "A word occurs in one of 10,000 sentences. What does AdaGrad do with its weight?",
            (
                "It forgets it.",
                "It moves it as far in each of its few updates as early updates of any weight.",
                "It moves it at every step, a little.",
                "It moves it less than the weights of frequent words, because it matters less.",
            ),
            1,
            (
                "There is no forgetting in AdaGrad.",
                "Yes: its sum stays small, so its effective learning rate stays large until the word has been seen often.",
                "Where the word does not occur, its slope is zero, and so is its step.",
                "That is what gradient descent does. AdaGrad gives rare words the longer steps.",
            ),
        ),
        Question(
            "Turning the axes of a problem changes AdaGrad's path but not gradient descent's. Why?",
            (
                "AdaGrad's roots are not exact.",
                "AdaGrad scales each coordinate by itself, so it matters which directions are the coordinates.",
                "Gradient descent ignores the gradient's direction.",
                "The turned problem has a larger condition number.",
            ),
            1,
            (
                "Rounding has no part in it: 0.016 against 0.51 is no rounding error.",
                "Yes. A steep direction between two coordinates makes both of them careful, and the flat one suffers.",
                "It follows that direction, and so turns with the problem.",
                "Turning does not change curvatures, so the condition number stays.",
            ),
        ),
        Question(
            "A friend writes `w -= learning_rate * dw / np.sqrt(grad_squared) + eps`. What does it do?",
            (
                "It is AdaGrad as in the lecture.",
                "It puts eps inside the root.",
                "It divides by eps.",
                "It takes eps away from every parameter at every step, and protects no division.",
            ),
            3,
            (
                "The lecture has brackets around the root and eps.",
                "The root ends before the `+`.",
                "The division is over before the `+` is reached.",
                "Yes: division comes first. Without the brackets, 0 / 0 gives NaN, and all parameters drift.",
            ),
        ),
    ),
)
