"""Exercises of lesson 06: AdaGrad."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import numpy as np

from optcourse import objectives
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_06 import adagrad, equal_gradient_step, turned_gradient
from optcourse.exercises.families import LOOP, ROOT
from optcourse.exercises.ingredients import Gradient, QuadraticGradient, SequenceGradient, random_bowl
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz
from optcourse.optimizers import AdaGrad, GradientDescent
from optcourse.theory import adagrad_step

# -- 06-adagrad: the loop of the lecture -----------------------------------------------------------


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
    cases.append(Case((random_bowl(rng, 2), rng.normal(size=2), 0.2, 60, 1e-3), label="sixty steps"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 1, 1e-7), label="one step"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 0, 1e-7), label="no step at all"))
    return cases


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
    misconceptions=mistakes(
        adagrad,
        LOOP,
        ROOT,
        """
        keeps-whole-numbers: np.array(w, dtype=float) => np.array(w)
                        and: np.zeros_like(w) => np.zeros(w.shape)
                        and: w -= … => w[:] = w - (…)
            Your `w` keeps the whole-number type of the start, so every fraction is cut off: make it floats before the loop.
        only-the-last-square: grad_squared += dw * dw => grad_squared = dw * dw
            Your steps never shrink: `grad_squared` holds the last square only. It is set anew in each round (or set
            back to zero inside the loop) where the square should be added to it.
        no-root: np.sqrt(grad_squared) + eps => grad_squared + eps
            You divide by the sum of squares itself. A square has the wrong unit: take its root first.
        divisor-missing: / (np.sqrt(grad_squared) + eps) =>
            This is plain gradient descent: you gather `grad_squared`, but the step is not divided by its root.
        divides-by-the-sum-before: grad_squared += dw * dw => w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
                              and: w -= learning_rate * dw / (np.sqrt(grad_squared) + eps) => grad_squared += dw * dw
            Your first step is enormous: it is divided before the new square is added. Add `dw * dw` first, then step.
        one-sum-for-all: += dw * dw => += np.sum(dw * dw)
            All your entries share one sum of squares. AdaGrad keeps one for each entry: `grad_squared` has the shape of `w`.
        absolute-values: += dw * dw => += np.abs(dw)
                    and: np.sqrt(grad_squared) + eps => grad_squared + eps
            You add up sizes, not squares: the sum must gather `dw * dw`, and its root is taken afterwards.
        root-of-absolute-values: += dw * dw => += np.abs(dw)
            Under your root is the sum of sizes. It must be the sum of squares.
        squares-the-sum: += dw * dw => += dw
                    and: np.sqrt(grad_squared) => np.sqrt(grad_squared * grad_squared)
            You add up gradients and square the sum. Opposite slopes then cancel: square each one first, then add.
        not-squared: += dw * dw => += dw
            You add `dw` itself, so the sum can become negative and its root is no number: add its square.
        mean-of-squares: for _ in range(num_steps): => for t in range(1, num_steps + 1):
                    and: np.sqrt(grad_squared) => np.sqrt(grad_squared / t)
            You divide the sum by the number of steps. AdaGrad keeps the sum itself, which is why its steps shrink.
        leaks: grad_squared += dw * dw => grad_squared = 0.9 * grad_squared + 0.1 * dw * dw
            Your `grad_squared` forgets: it keeps 90 % of itself each round. AdaGrad keeps everything; the leak is the
            next lesson's idea.
        leaks-slowly: grad_squared += dw * dw => grad_squared = 0.99 * grad_squared + 0.01 * dw * dw
            Your `grad_squared` forgets: it keeps 99 % of itself each round. AdaGrad keeps everything; the leak is the
            next lesson's idea.
        sum-starts-at-one: np.zeros_like(w) => np.ones_like(w)
            Your sum starts at 1, so the first steps are too short: start `grad_squared` at zero.
        sum-starts-at-a-tenth: np.zeros_like(w) => np.full_like(w, 0.1)
            Your sum starts at 0.1, as in TensorFlow. Here, as in the lecture and in torch, it starts at zero.
        sum-stays-zero: += dw * dw => *= dw * dw
            Your `grad_squared` stays at zero: it starts there, and you multiply it (or never add to it). Add the square.
        doubled-not-squared: += dw * dw => += 2 * dw
            You add `2 * dw`, which can be negative. The square is `dw * dw`.
        eps-of-torch: + eps => + 1e-10
            Your `eps` is always 1e-10, as in torch: use the one that you are given.
        root-is-kept: grad_squared += dw * dw => grad_squared = np.sqrt(grad_squared + dw * dw)
                 and: np.sqrt(grad_squared) + eps => grad_squared + eps
            Your first step is right; then the sum goes wrong, because its root takes its place. Keep the sum, and use its
            root in the step only.
        squared-step: learning_rate * dw / => learning_rate * dw * dw /
            Your step holds `dw * dw`, so it has lost its direction. The square goes into the sum; the step takes `dw`.
        learning-rate-is-overwritten: w -= learning_rate * dw / … => learning_rate = learning_rate / …; w -= learning_rate * dw
            Your `learning_rate` is divided anew in every round and keeps the result, so it shrinks far too fast. Leave it as
            it is; divide within the step.
        eps-in-the-sum: += dw * dw => += dw * dw + eps
                   and: (np.sqrt(grad_squared) + eps) => np.sqrt(grad_squared)
            You add `eps` to the sum in every round. It is added once, to the root, where you divide.
        largest-square: grad_squared += dw * dw => grad_squared = np.maximum(grad_squared, dw * dw)
            You keep the largest square so far. AdaGrad keeps the sum of all of them.
        half-squares: += dw * dw => += 0.5 * dw * dw
            You add half of each square. Add the whole of it.
        steps-with-all-gradients: grad_squared = np.zeros_like(w) => grad_squared = np.zeros_like(w); velocity = np.zeros_like(w)
                             and: grad_squared += dw * dw => grad_squared += dw * dw; velocity += dw
                             and: learning_rate * dw / => learning_rate * velocity /
            Above the line you use the sum of all gradients so far: that is a velocity, as in lesson 05. The step takes the
            `dw` of now.
        returns-the-sum: return w => return grad_squared
            You return `grad_squared`; the caller wants the parameters `w` where the walk ended.
        learning-rate-in-the-sum: += dw * dw => += (learning_rate * dw) * (learning_rate * dw)
            You square `learning_rate * dw`. The sum gathers the slopes alone; the learning rate belongs to the step. As it
            is, it cancels out.
        direction-lost: learning_rate * dw / => learning_rate * np.abs(dw) /
            Your steps all go the same way, whatever the sign of the slope: square only what goes into the sum, not the
            `dw` of the step.
        root-of-the-step-number: for _ in range(num_steps): => for t in range(1, num_steps + 1):
                            and: np.sqrt(grad_squared) => np.sqrt(t)
            You divide by the root of the step's number. That fits equal slopes only; gather their squares.
        sign-and-step-number: for _ in range(num_steps): => for t in range(1, num_steps + 1):
                         and: w -= … => w -= learning_rate * np.sign(dw) / np.sqrt(t)
            You use only the sign of the slope and the step's number. That fits equal slopes only: gather the squares of
            the slopes that really come.
        """,
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
    misconceptions=mistakes(
        equal_gradient_step,
        """
        uphill: -learning_rate => learning_rate
            The size is right, the sign is not: what is added to `w` points against the gradient.
        keeps-the-size: np.sign(dw) => dw
            Your step still depends on the size of the slope. Put t · dw² under the root and see what cancels.
        no-root-of-t: np.sqrt(t) => t
            Your steps shrink too fast: the sum grows like t, and you divide by its root.
        counts-from-zero: np.sqrt(t) => np.sqrt(t + 1)
            Your step is the next one: step t has t squares in its sum, its own included.
        own-square-forgotten: np.sqrt(t) => np.sqrt(t - 1)
            Your sum lacks the step's own square: it is added before the step is taken.
        never-shrinks: / np.sqrt(t) =>
            Your steps never shrink. That is right for the first one; then the sum grows.
        grows: / np.sqrt(t) => * np.sqrt(t)
            Your steps grow with t. The root of the sum stands below the line.
        whole-way: / np.sqrt(t) => * np.sum(1 / np.sqrt(np.arange(1, t + 1)))
            You return the whole way after t steps. Asked for is step number t alone.
        direction-lost: np.sign(dw) => np.ones(np.shape(dw))
            All your entries move the same way. An entry with a negative slope must move up.
        root-forgotten: np.sign(dw) / np.sqrt(t) => dw / (t * (dw * dw))
            You divide by the sum t · dw² itself. Take its root first.
        one-number: * np.sign(dw) =>
            You return one number. The size is right, but every entry of `dw` has its own sign: return an array.
        one-number-uphill: -learning_rate * np.sign(dw) => learning_rate
            You return one number, the length of the step. Return an array: every entry moves against its own slope.
        keeps-the-size-uphill: -learning_rate * np.sign(dw) => learning_rate * dw
            Your step still depends on the size of the slope, and it goes uphill. What cancels, and what remains?
        keeps-the-size-no-root: np.sign(dw) / np.sqrt(t) => dw / t
            Your step is gradient descent's, divided by t. AdaGrad divides by the root of t · dw².
        gradient-missing: * np.sign(dw) / np.sqrt(t) => / np.sqrt(t * (dw * dw))
            Above the line the gradient is missing, so your steps get longer where slopes are smaller.
        eps-kept: np.sign(dw) / np.sqrt(t) => dw / (np.sqrt(t * (dw * dw)) + 1e-7)
            Your steps are a tiny bit too short: there is an `eps` in them. Here it is 0.
        plain-gradient-descent: np.sign(dw) / np.sqrt(t) => dw
            This is gradient descent's step. AdaGrad divides it by the root of the sum of squares.
        """,
    ),
    hints=(
        "What is `grad_squared` after t steps, when the same `dw * dw` was added t times?",
        "The root of t · dw² is √t · |dw|. A number divided by its own size is its sign.",
        "The step is −learning_rate · dw / (√t · |dw|). `np.sign(dw)` gives dw / |dw|.",
    ),
)


# -- 06-turned-gradient: the gradient of a turned landscape ----------------------------------------


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
    misconceptions=mistakes(
        turned_gradient,
        """
        arrow-not-turned: return turn @ compute_gradient => return compute_gradient
            You ask at the right point, but the arrow that comes back belongs to the old landscape: turn it as well.
        point-not-turned: turn.T @ w => w
            You turn the arrow, but you ask at `w` itself. Which point of the old landscape has come to lie at `w`?
        nothing-turned: turn @ compute_gradient(turn.T @ w) => compute_gradient(w)
            This is the gradient of the old landscape: nothing is turned yet.
        clockwise: turn @ compute_gradient(turn.T @ w) => turn.T @ compute_gradient(turn @ w)
            Your landscape is turned clockwise: the two matrices stand in each other's place.
        both-forward: turn.T @ w => turn @ w
            You turn the point forward. The point must go back by the angle, and only then the arrow forward.
        both-back: return turn @ => return turn.T @
            You turn the point and the arrow both back by the angle. The arrow has to come forward again.
        degrees: cos, sin = np.cos(angle), np.sin(angle) => cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
            Your angle is treated as degrees: here it comes in radians, as `np.cos` wants it.
        minus-lost: -sin => sin
            Your matrix has lost its minus sign, so it bends the landscape instead of turning it.
        way-down: return turn => return -turn
            You return the way down. The gradient points up: the minus sign belongs to the optimizer's step.
        """,
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


@functools.lru_cache(maxsize=200)
def rotation_experiment(x: int = -5, y: int = -2, learning_rate: float = RATE) -> tuple[float, float]:
    """(loss_straight, loss_turned)."""
    start = np.array([x, y], dtype=float)
    return (
        loss_after(0.0, start, learning_rate),
        loss_after(np.pi / 4, turn_by(np.pi / 4) @ start, learning_rate),
    )


def old_height_of_the_turned_run(start: np.ndarray = START, learning_rate: float = RATE) -> float:
    """The height that the straight landscape has where the turned run ends."""
    run = descend(
        objectives.lecture_bowl(np.pi / 4), AdaGrad(learning_rate), turn_by(np.pi / 4) @ start, STEPS
    )
    return float(objectives.lecture_bowl().value(run.w[-1]))


def rotation_from(x: int, y: int, learning_rate: float) -> Exercise:
    """The exercise for this start, both entries of which are negative, and this learning rate."""

    def losses() -> tuple[float, float]:
        """(loss_straight, loss_turned)."""
        return rotation_experiment(x, y, learning_rate)

    start = np.array([x, y], dtype=float)
    given = {
        "losses": losses, "start": start, "rate": learning_rate, "a": -x, "b": -y, "x_squared": x * x, "y_squared": y * y,
        "loss": functools.partial(loss_after, learning_rate=learning_rate),
    }  # fmt: skip
    return Exercise(
        id="06-rotation-experiment",
        title="The rotation experiment",
        statement=(
            f"On 0.1 x² + 2 y², from (−{-x}, −{-y}), run AdaGrad for 100 steps with learning rate {learning_rate} and eps 1e-7; "
            "the loss at the end is `loss_straight`. Then turn the landscape and the start together by 45 degrees and run "
            "again: `loss_turned`."
        ),
        points=3,
        answers=("loss_straight", "loss_turned"),
        reference=losses,
        kind="value",
        rtol=1e-3,
        misconceptions=wrong_values(
            losses,
            ("loss_straight", "loss_turned"),
            """
            swapped: loss_turned, loss_straight = losses()
                Your two numbers are right, but each stands under the other's name.
            rounded: loss_straight, loss_turned = (float(f"{loss:.2g}") for loss in losses())
                These are rounded numbers, such as those of the text below. Hand over the losses of your own two runs, unrounded.
            start-not-turned: loss_turned = loss(np.pi / 4, start)
                Your second run starts at (−{a}, −{b}) itself. Turn the start with the landscape, so that both runs begin at the
                same place of it.
            landscape-not-turned: loss_turned = loss(0.0, turn_by(np.pi / 4) @ start)
                In your second run only the start is turned. The gradient must be that of the turned landscape.
            start-turned-back: loss_turned = loss(np.pi / 4, turn_by(-np.pi / 4) @ start)
                Your second start is turned the other way round than its landscape.
            turned-by-45-radians: loss_turned = loss(45.0, turn_by(45.0) @ start)
                Your landscape is turned by 45 radians. In radians, 45 degrees are π/4.
            height-of-the-old-landscape: loss_turned = old_height_of_the_turned_run(start, rate)
                Your turned run is right, and you read its end's height off the old landscape: turn the point back first.
            both-the-same: loss_turned = loss(0.0, start)
                Your two losses are the same, as gradient descent's would be. Did the second run use the turned landscape?
            gradient-descent: loss_straight = loss(0.0, start, optimizer=GradientDescent)
                Your first number is gradient descent's loss. Run your `adagrad`.
            loss-at-the-start: loss_straight = loss(0.0, start, num_steps=0)
                Your first number is the loss before the first step: 0.1 · {x_squared} + 2 · {y_squared}. Take the loss where
                the run ends.
            one-step-less: loss_straight = loss(0.0, start, num_steps=99)
                Your first run has 99 steps. It must have 100.
            """,
            given,
        ),
        hints=(
            "You have everything: `adagrad` runs on any `compute_gradient`, and `turned_gradient` makes one for the turned "
            "landscape. What has to be turned besides?",
            "A gradient with a fixed angle: `lambda w: turned_gradient(bowl.gradient, w, angle)`. The start of the turned run "
            "is `turn @ start`.",
            "The turned landscape's height at `w` is `bowl.value(turn.T @ w)`. The straight run's is `bowl.value(w)`. Both "
            f"runs: `adagrad(…, {learning_rate}, 100, 1e-7)`.",
        ),
    )


# x, y and tenths of the learning rate: two different whole numbers, and a turned run that ends at least five times as high as
# the straight one
ROTATIONS = (
    (3, 1, 2), (3, 2, 2), (4, 1, 3), (4, 1, 4), (4, 2, 2), (4, 2, 3), (4, 2, 4), (4, 3, 3), (4, 3, 4), (5, 2, 3),
    (5, 3, 3), (5, 3, 4), (6, 2, 3), (6, 2, 4), (6, 3, 3), (6, 3, 4), (7, 2, 4), (7, 3, 3), (7, 3, 4),
)  # fmt: skip
ROTATION_EXPERIMENT = replace(
    rotation_from(-5, -2, RATE),
    numbers=tuple((-x, -y, tenths / 10) for x, y, tenths in ROTATIONS),
    with_numbers=rotation_from,
)


# -- 06-find-the-error: three updates that are in print --------------------------------------------


FIND_STATEMENT = (
    "Three versions of AdaGrad's two lines, {0}, {1} and {2}, each off in one place. Which of them belongs to which symptom? "
    "`never_shrinks`: every step is as long as the first. `drifts`: every entry moves a little at every step, always the "
    "same way, besides its own step. `shy`: where slopes are tiny, steps are far too short."
)
SYMPTOMS = ("never_shrinks", "drifts", "shy")
# Lines with each symptom, those of the text first.
ADDS_UP = "grad_squared += dw * dw"
VERSIONS = {
    "never_shrinks": (
        "grad_squared = dw * dw\nw -= learning_rate * dw / (np.sqrt(grad_squared) + eps)",
        f"{ADDS_UP}\nw -= learning_rate * dw / (np.sqrt(dw * dw) + eps)",
    ),
    "drifts": (
        f"{ADDS_UP}\nw -= learning_rate * dw / np.sqrt(grad_squared) + eps",
        f"{ADDS_UP}\nw = w - learning_rate * dw / np.sqrt(grad_squared) + eps",
    ),
    "shy": (
        f"{ADDS_UP}\nw -= learning_rate * dw / np.sqrt(grad_squared + eps)",
        f"{ADDS_UP} + eps\nw -= learning_rate * dw / np.sqrt(grad_squared)",
    ),
}


def found_errors():
    """(never_shrinks, drifts, shy)."""
    return "A", "C", "B"


def letters(answers):
    """What was written, as letters: whoever writes "a" or "A " means "A"."""
    return tuple(a.strip().upper() if isinstance(a, str) else a for a in answers)


FIND_THE_ERROR = Exercise(
    id="06-find-the-error",
    title="Find the error",
    statement=FIND_STATEMENT.format(*"ABC"),
    points=2,
    answers=SYMPTOMS,
    reference=found_errors,
    kind="value",
    read=letters,
    misconceptions=wrong_values(
        found_errors,
        SYMPTOMS,
        """
        a-is-b: never_shrinks = "B"
            In B the squares are still added up, so its steps do shrink. Where are they not added up?
        a-is-c: never_shrinks = "C"
            In C the squares are still added up, so its own steps do shrink. Look at the first of the two lines.
        drift-is-a: drifts = "A"
            In A everything in the update is multiplied by `dw`, so nothing is added besides. Where does a bare number
            stand?
        drift-is-b: drifts = "B"
            In B `eps` is under the root, so it is no part of the sum that `w` loses. Where is it one?
        shy-is-a: shy = "A"
            In A a tiny slope is divided by its own size, so the step is as long as ever. Which `eps` has become large?
        shy-is-c: shy = "C"
            In C a tiny slope is divided by its own root alone, so its steps are not too short. Compare 1e-7 with its
            root.
        """,
    ),
    hints=(
        "Run the cell above: it prints what each version does. Which row has the same number three times?",
        "Read C aloud with Python's order: first the division, then the `+`.",
        "The root of 1e-7 is about 3e-4. A slope of 1e-6 is small beside that, and large beside 1e-7.",
    ),
)


def length_of_step(lines: str, slope: float, step: int, eps: float = 1e-7) -> float:
    """By how much this step of two lines lowers w, at learning rate 0.4, when the slope is the same at every step."""
    run = {"np": np, "w": 0.0, "dw": slope, "grad_squared": 0.0, "learning_rate": 0.4, "eps": eps}
    code, before = compile(lines, "<version>", "exec"), 0.0
    for _ in range(step):
        before = run["w"]
        exec(code, run)
    return before - run["w"]


def what_each_does(versions: dict[str, str]) -> str:
    """The lesson's table of what each version does."""
    rows = ["version   slope 1: step 1    step 4   step 100   slope 1e-6   eps 0.01: slope 1    slope -1"]
    for letter in sorted(versions):
        shown = [length_of_step(versions[letter], *at) for at in ((1, 1), (1, 4), (1, 100), (1e-6, 1))]
        shown += [length_of_step(versions[letter], slope, 1, eps=0.01) for slope in (1, -1)]
        rows.append("   {}    {:15.4f} {:9.4f} {:10.4f} {:12.4f} {:19.4f} {:11.4f}".format(letter, *shown))
    return "\n".join(rows)


def find_in(never_shrinks: str, drifts: str, shy: str, *writings: int) -> Exercise:
    """The exercise whose versions have these letters; which of VERSIONS each is, the writings say, in the order of SYMPTOMS."""
    right = (never_shrinks, drifts, shy)
    versions = {
        letter: VERSIONS[symptom][k] for letter, symptom, k in zip(right, SYMPTOMS, writings, strict=True)
    }

    def found():
        """(never_shrinks, drifts, shy)."""
        return right

    listing = "\n\n".join(f"# {letter}\n{versions[letter]}" for letter in sorted(versions))
    return replace(
        FIND_THE_ERROR,
        statement=(
            f"{FIND_STATEMENT.format(*sorted(right))} Your versions are these, and below them is what they do:\n"
            f"`{listing}`\n\n`{what_each_does(versions)}`"
        ),
        reference=found,
        misconceptions=wrong_values(
            found,
            SYMPTOMS,
            """
            a-is-b: never_shrinks = shy
                In {shy} each step is divided by the root of all squares so far, so its steps do shrink. Where are they not
                what the step is divided by?
            a-is-c: never_shrinks = drifts
                In {drifts} each step is divided by the root of all squares so far, so its own steps do shrink. Where are they
                not what the step is divided by?
            drift-is-a: drifts = never_shrinks
                In {never_shrinks} everything in the update is multiplied by `dw`, so nothing is added besides. Where does a
                bare number stand?
            drift-is-b: drifts = shy
                In {shy} `eps` is under the root, so it is no part of the sum that `w` loses. Where is it one?
            shy-is-a: shy = never_shrinks
                In {never_shrinks} a tiny slope is divided by its own size, so the step is as long as ever. Which `eps` has
                become large?
            shy-is-c: shy = drifts
                In {drifts} a tiny slope is divided by its own root alone, so its steps are not too short. Compare 1e-7 with
                its root.
            """,
            {"never_shrinks": never_shrinks, "drifts": drifts, "shy": shy},
        ),
        hints=(
            "The table in your question says what each version does. Which row has the same number three times?",
            f"Read {drifts} aloud with Python's order: first the division, then the `+`.",
            FIND_THE_ERROR.hints[2],
        ),
    )  # fmt: skip


FIND_THE_ERROR = replace(
    FIND_THE_ERROR,
    # letters of their own, so that nobody else's answer looks like a mistake; every order, and every writing in turn
    numbers=tuple(
        (*order, *writings)
        for (three, order), writings in zip(
            (
                (three, order)
                for three in ("DEF", "GHJ", "KLM", "NPR", "STU")
                for order in itertools.permutations(three)
            ),
            itertools.cycle(itertools.product((0, 1), repeat=3)),
            strict=False,
        )
    ),
    with_numbers=find_in,
    own="lines",
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
                "Because rounding errors add up in the sum, until the gradient of late steps is lost in them.",
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
                "Gradient descent uses only the length of the gradient and not its direction, so a turn cannot matter to it.",
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
                "It is AdaGrad as in the lecture: root, then eps, then the division, in the order in which they are written.",
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
