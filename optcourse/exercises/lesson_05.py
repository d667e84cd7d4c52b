"""Exercises of lesson 05: momentum."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_05 import best_momentum, convert, momentum, nesterov
from optcourse.exercises.families import LOOP, VELOCITY
from optcourse.exercises.lesson_03 import descent_cases, random_bowl, random_hessian
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz, Watch
from optcourse.optimizers import Momentum

# -- 05-momentum -------------------------------------------------------------------------------------------------


def momentum_cases(rng: np.random.Generator) -> list[Case]:
    """The cases of gradient descent, each with a rho of its own."""
    cases = [
        *descent_cases(rng),
        Case((random_bowl(rng, 2), rng.normal(size=2), 0.05, 60), label="sixty steps"),
    ]
    return [dataclasses.replace(case, args=(*case.args, round(rng.uniform(0.55, 0.95), 3))) for case in cases]


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
    misconceptions=mistakes(
        momentum,
        LOOP,
        VELOCITY,
        """
        nesterov-update: w -= learning_rate * velocity => w -= learning_rate * (dw + rho * velocity)
            Your update adds `dw` to `rho * velocity` once more: this is Nesterov's form, which comes later in the
            lesson.
        velocity-starts-with-the-gradient: np.zeros_like(w) => compute_gradient(w)
            Your velocity begins with a gradient, so the first one counts twice: begin at zeros.
        rho-fixed: rho * velocity => 0.9 * velocity
            Your loop works with 0.9 whatever `rho` is: use the `rho` that you are given.
        """,
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
    steps=False,
    misconceptions=mistakes(
        nesterov,
        LOOP,
        VELOCITY,
        """
        gradient-at-w: w - learning_rate * rho * velocity => w
            This is ordinary momentum: your gradient is computed at `w`, not ahead of it.
        looks-back: w - learning_rate * rho * velocity => w + learning_rate * rho * velocity
            You look behind you: the velocity is subtracted from `w` in the update, so it is subtracted in the
            look-ahead too.
        learning-rate-missing-in-the-look-ahead: w - learning_rate * rho * velocity => w - rho * velocity
            The learning rate is missing in your look-ahead point: the walker does not get as far as that.
        rho-missing-in-the-look-ahead: w - learning_rate * rho * velocity => w - learning_rate * velocity
            `rho` is missing in your look-ahead point: the old velocity is slowed down before it carries `w`.
        stays-at-the-look-ahead: dw = compute_gradient(…) => w = …; dw = compute_gradient(w)
            The look-ahead is kept as the new `w`, so the old velocity carries you twice: only the gradient is computed
            there.
        torch-form: w - learning_rate * rho * velocity => w
               and: w -= learning_rate * velocity => w -= learning_rate * (dw + rho * velocity)
            This is PyTorch's form: right, but its `w` is the look-ahead point. The look-ahead form, which returns the
            other point, is asked for.
        velocity-reset: dw = compute_gradient => velocity = np.zeros_like(w); dw = compute_gradient
            This is plain gradient descent: the velocity is set to zeros in every round, so there is nothing to look
            ahead with.
        only-the-gradient-moves: w -= learning_rate * velocity => w -= learning_rate * dw
            You look ahead with the velocity, but `w` moves by the gradient alone.
        one-minus-rho: learning_rate * rho * velocity => learning_rate * (1 - rho) * velocity
                  and: velocity = rho * velocity => velocity = (1 - rho) * velocity
            You use `1 - rho` where `rho` belongs.
        both-forms: w -= learning_rate * velocity => w -= learning_rate * (dw + rho * velocity)
            You look ahead twice: the gradient is computed ahead, and the update has PyTorch's `dw + rho * velocity` as
            well. One of the two is enough; here `w` moves by `learning_rate * velocity`.
        ahead-along-the-gradient: w - learning_rate * rho * velocity => w - learning_rate * compute_gradient(w)
            You look ahead along the gradient. It is the *velocity* that will carry `w`: `w - learning_rate * rho *
            velocity`.
        look-ahead-subtracted-from-the-gradient: (w - learning_rate * rho * velocity) => (w) - learning_rate * rho * velocity
            You take the gradient at `w` and subtract the look-ahead from it. Subtract it from `w`, inside the brackets
            of `compute_gradient(…)`.
        """,
    ),
    hints=(
        "Copy your `momentum`. One line changes: the one that asks for the gradient.",
        "The velocity will carry `w` to `w - learning_rate * rho * velocity` in any case. Ask for the gradient there.",
        "Do not store the look-ahead point in `w`: write it between the brackets of `compute_gradient(…)`. The two "
        "lines below it stay as they are.",
    ),
)


# -- 05-convert --------------------------------------------------------------------------------------------------


def convert_cases(rng: np.random.Generator) -> list[Case]:
    """Every pair of conventions, with settings of its own."""
    names = ("lecture", "sutskever", "average")
    return [
        Case(
            (round(rng.uniform(0.01, 1), 4), round(rng.uniform(0.6, 0.99), 3), source, target),
            label=f"{source} to {target}",
        )
        for source in names
        for target in names
    ]


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
    misconceptions=mistakes(
        convert,
        """
        nothing-changes: 1 - rho => 1.0
            You hand back the same learning rate always. But `average` adds only (1 − rho) of each gradient.
        inverted: 1 - rho => 1 / (1 - rho)
            You multiply where you should divide: `average` takes smaller bites of `dw`, so it needs a larger learning
            rate.
        rho-for-one-minus-rho: 1 - rho => rho
            Your factor is `rho`; the gradient's weight in `average` is `1 - rho`.
        sutskever-like-average: "sutskever": 1.0 => "sutskever": 1 - rho
            You treat `sutskever` like `average`. It has the learning rate inside the velocity, but the whole gradient.
        sutskever-negative: "sutskever": 1.0 => "sutskever": -1.0
            Your learning rate changes sign for `sutskever`: the minus is in its formula already.
        rho-changes-too: , rho => , rho if source == target else 1 - rho
            You change `rho` as well. In all three the velocity keeps the same share `rho`.
        one-way-only: * weight[source] / => /
            You look at `target` only; what `source` is matters as much (and from `average` to `average` nothing
            changes).
        one-plus-rho: 1 - rho => 1 + rho
            Your factor is `1 + rho`; it is `1 - rho`.
        source-only: / weight[target] =>
            You look at `source` only; what `target` is matters as much.
        average-to-average: weight[source] => weight[source if target != "average" else "lecture"]
            From `average` to `average` nothing changes: you convert there, although both conventions are the same.
        pair-swapped: return …, rho => return rho, …
            Your two numbers are in the wrong order: first the learning rate, then `rho`.
        """,
    ),
    hints=(
        "Follow one single gradient: by how much does it move `w` in its first step, in each convention?",
        "In `lecture` and `sutskever` it moves `w` by learning_rate · dw, in `average` by learning_rate · (1 − rho) · dw. "
        "Later steps are `rho` times the one before in all three.",
        "Give each name a weight: 1, 1 and 1 − rho. learning_rate times weight must be equal in `source` and `target`.",
    ),
)


# -- 05-best-momentum --------------------------------------------------------------------------------------------


def best_cases(rng: np.random.Generator) -> list[Case]:
    """Hessians with positive eigenvalues: turned, diagonal, of whole numbers, and the valley of the lesson."""
    cases = [Case((random_hessian(rng, n),), label=f"{n} by {n}, turned") for n in (2, 3, 6)]
    cases.append(Case((np.diag(rng.uniform(3, 9, size=4)),), label="a diagonal Hessian"))
    cases.append(Case((np.array([[2, 1], [1, int(rng.integers(9, 30))]]),), label="whole numbers"))
    cases.append(Case((np.diag([0.01, 1.0]),), label="condition number 100"))
    return cases


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
    misconceptions=mistakes(
        best_momentum,
        """
        learning-rate-not-squared: (2 / (flat + steep)) ** 2 => 2 / (flat + steep)
            Your learning rate has lost its square: it is (2 / (√λ₁ + √λₙ))².
        rho-not-squared: ((steep - flat) / (steep + flat)) ** 2 => (steep - flat) / (steep + flat)
            Your `rho` has lost its square. What you have is the factor per step, and that is the root of `rho`.
        no-squares: (2 / (flat + steep)) ** 2 => 2 / (flat + steep)
               and: ((steep - flat) / (steep + flat)) ** 2 => (steep - flat) / (steep + flat)
            Both of your numbers have lost their squares.
        roots-missing: np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1]) => eigenvalues[0], eigenvalues[-1]
            You use the eigenvalues themselves; in both formulas their square roots stand.
        learning-rate-of-gradient-descent: (2 / (flat + steep)) ** 2 => 2 / (flat**2 + steep**2)
            Your learning rate is the best one of gradient descent, 2/(λ₁ + λₙ). With momentum a larger one is best.
        root-of-the-sum: (2 / (flat + steep)) ** 2 => (2 / np.sqrt(flat**2 + steep**2)) ** 2
            You take the root of the sum; the formula has the sum of the roots.
        the-other-way-round: return (2 / (flat + steep)) ** 2, … => return …, (2 / (flat + steep)) ** 2
            Your two numbers are in the wrong order: first the learning rate, then `rho`.
        the-diagonal: np.linalg.eigvalsh(np.array(H, dtype=float)) => np.sort(np.diag(H))
            You read the diagonal of `H`. In a turned valley the curvatures are the eigenvalues.
        the-limit: (2 / (flat + steep)) ** 2 => 2 * (1 + ((steep - flat) / (steep + flat)) ** 2) / steep**2
            Your learning rate is the limit of stability at this `rho`; the best one lies below it.
        rho-without-roots: ((steep - flat) / (steep + flat)) ** 2 => ((steep**2 - flat**2) / (steep**2 + flat**2)) ** 2
            Your learning rate is right. Your `rho` has κ where √κ stands: it takes the roots of the eigenvalues too.
        two-over-the-square: (2 / (flat + steep)) ** 2 => 2 / (flat + steep) ** 2
            Only the bracket below the line is squared in your learning rate: the 2 is squared as well.
        the-usual-rho: ((steep - flat) / (steep + flat)) ** 2 => 0.9
            You always return 0.9. It is a good habit, but the best `rho` depends on the condition number.
        roots-forgotten: np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1]) => eigenvalues[0], eigenvalues[-1]
                    and: (2 / (flat + steep)) ** 2 => 2 / (flat + steep)
            These are gradient descent's formulas, in λ and κ. Momentum's have the roots √λ and √κ in their place.
        one-over-the-steepest: (2 / (flat + steep)) ** 2 => 1 / steep**2
            Your `rho` is right. Your learning rate is 1/λₙ, which is safe and not the best: the flattest axis enters
            too.
        not-sorted: np.linalg.eigvalsh(np.array(H, dtype=float)) => np.linalg.eig(np.array(H, dtype=float))[0]
            You take the first and the last eigenvalue, and they are not sorted: `np.linalg.eig` gives them in any
            order. Use `np.linalg.eigvalsh`, or `min` and `max`.
        """,
    ),
    hints=(
        "Only the smallest and the largest eigenvalue of `H` matter. The formulas stand above; mind the roots and squares.",
        "`eigenvalues = np.linalg.eigvalsh(H)` are sorted, smallest first. Take the root of the first and of the last.",
        "With a and b these roots: the learning rate is the square of 2/(a + b), and rho the square of (b − a)/(b + a).",
    ),
)


# -- 05-memory: window and half-life -----------------------------------------------------------------------------


def memory_of(rho: float) -> Exercise:
    """The exercise for this friction."""

    def memory():
        """(window, half_life, top_speed)."""
        window = float(theory.averaging_window(rho))
        return window, float(theory.half_life(rho)), window

    window, half_life, _ = memory()
    given = {"rho": rho, "square": round(rho * rho, 4), "the_window": window, "the_half_life": half_life}
    return Exercise(
        id="05-memory",
        title="How long is the memory?",
        statement=(
            f"For `rho = {rho}`: the averaging `window` in steps, the `half_life` of a gradient in steps, and `top_speed`: the "
            "velocity that a gradient which is 1 at every step leads to in the end."
        ),
        points=1,
        answers=("window", "half_life", "top_speed"),
        reference=memory,
        kind="value",
        rtol=2e-3,
        misconceptions=wrong_values(
            memory,
            ("window", "half_life", "top_speed"),
            """
            half-life-is-the-window: half_life = the_window
                Your half-life is the averaging window. They differ: the half-life is the time t with {rho}^t = 1/2.
            half-life-rounded: half_life = float(round(the_half_life))
                A half-life need not be a whole number of steps: let Python work it out, with its decimals.
            half-life-upside-down: half_life = np.log2(rho)
                Your half-life is log2({rho}): it is upside down, and has lost a minus sign. Solve {rho}^t = 1/2 for t.
            window-without-the-newest: window = the_window - 1
                Your window leaves out the newest gradient, whose weight is 1: the sum is 1 + {rho} + {square} + …
            half-life-is-half-the-window: half_life = the_window / 2
                Your half-life is half of the window. Solve {rho}^t = 1/2 for t; a logarithm is needed.
            window-is-the-half-life: window = np.log(0.5) / np.log(rho)
                Your window is the half-life. The window is the sum of all weights, 1 + {rho} + {square} + …
            window-inverted: window = 1 - rho
                Your window is the friction 1 − rho itself; the window is one over it.
            window-of-rho: window = 1 / rho
                Your window is 1/rho; it is one over 1 − rho.
            half-life-negative: half_life = -np.log(0.5) / np.log(rho)
                Your half-life is negative: both logarithms are negative, so their ratio is positive.
            half-life-inverted: half_life = np.log(rho) / np.log(0.5)
                Your half-life is below one step: the ratio of logarithms is upside down.
            top-speed-of-one: top_speed = 1.0
                A top speed of 1 belongs to the averaged convention; in the lecture's the gradients add up.
            top-speed-forgets-the-new-one: top_speed = the_window - 1
                Your top speed leaves out the newest gradient: v = {rho} v + 1 is solved by a number that is one larger.
            """,
            given,
        ),
        hints=(
            f"The weights of past gradients in the velocity are 1, {rho}, {given['square']}, … What is their sum? When is one "
            "of them 1/2?",
            f"At top speed nothing changes any more: v = {rho} v + 1. Solve for v. The sum of the weights is the same number.",
            "window = 1/(1 − rho); half_life = ln(1/2)/ln(rho), with `np.log`; top_speed = 1/(1 − rho).",
        ),
    )


MEMORY = dataclasses.replace(
    memory_of(0.9),
    # two digits, a memory of 3 to 50 steps; no two mistakes give the same number
    numbers=tuple((rho / 100,) for rho in range(70, 99) if rho not in (75, 90, 96)),
    with_numbers=memory_of,
)


# -- 05-heavy-ball-cycle -----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=200)
def cycle_points(inverse: int = 9, above: int = 4, below: int = 9) -> tuple[float, float, float]:
    """(low, middle, high) of the cycle on the function with two kinks, at learning rate 1/inverse and rho = above/below."""
    low, middle, high = sorted(_after(inverse, above, below, steps) for steps in (300, 301, 302))
    return low, middle, high


def _after(inverse: int, above: int, below: int, num_steps: int) -> float:
    """Where the run is after so many steps."""
    slope = objectives.heavy_ball_cycle().gradient
    return float(momentum(slope, 3.3, 1 / inverse, num_steps, above / below))


def circling(inverse: int, above: int, below: int) -> Exercise:
    """The exercise for learning rate 1/inverse and rho = above/below."""

    def points() -> tuple[float, float, float]:
        """(low, middle, high)."""
        return cycle_points(inverse, above, below)

    given = {"points": points, "after": functools.partial(_after, inverse, above, below),
             "optimizer": Momentum(1 / inverse, above / below)}  # fmt: skip
    return Exercise(
        id="05-heavy-ball-cycle",
        title="The heavy ball that circles for ever",
        statement=(
            f"Run momentum on `slope` from 3.3 with learning rate 1/{inverse} and rho = {above}/{below}. After some hundred "
            "steps it visits the same three points again and again: name them `low`, `middle` and `high`, in order of size."
        ),
        points=2,
        answers=("low", "middle", "high"),
        reference=points,
        kind="value",
        rtol=1e-3,
        atol=1e-4,
        misconceptions=wrong_values(
            points,
            ("low", "middle", "high"),
            """
            settled: low = middle = high = 0.0
                You say that it settles at 0. Gradient descent and Nesterov do so here; ordinary momentum does not. Run it.
            the-first-three: low, middle, high = sorted(map(after, range(3)))
                These are the first points of the run. Let it run for some hundred steps before you read off the cycle.
            order-of-the-visit: middle, low, _ = points()
                These are the three points in the order of the visit; sort them by size.
            other-order: middle, high, low = points()
                These are the three points, in another order than from low to high: sort them.
            middle-and-high-exchanged: _, high, middle = points()
                `middle` and `high` have changed places: sort the three points.
            one-decimal: low, middle, high = np.round(points(), 1)
                You are right, but rounded too much: hand over the numbers as your `momentum` returns them.
            order-turned: high, _, low = points()
                Your order is from high to low; from low to high is asked for.
            sizes: low = abs(points()[0])
                Your lowest point has lost its sign: the cycle swings to the other side of 0.
            velocities: run = descend(objectives.heavy_ball_cycle(), optimizer, 3.3, 302)
                   and: low, middle, high = sorted(run.state["velocity"][300:])
                These are the velocities; the points `w` are asked for.
            """,
            given,
        ),
        hints=(
            f"Your own `momentum` does it: `momentum(slope, np.array([3.3]), 1 / {inverse}, num_steps, {above} / {below})`. How "
            "do you get three successive points out of it?",
            "Call it three times, with 300, 301 and 302 steps.",
            "Each call returns an array with one entry; `[0]` takes it out. `low, middle, high = sorted([…])` does the rest.",
        ),
    )


# One over the learning rate, and rho as a fraction, with which the run from 3.3 comes into a cycle of three points within 150
# steps, none of them near 0.
CIRCLING = (
    (9, 5, 11), (9, 6, 13), (9, 7, 15), (9, 7, 16), (9, 8, 17), (9, 9, 19), (8, 2, 3), (8, 3, 5), (8, 5, 8), (8, 7, 11),
    (8, 8, 11), (8, 8, 13), (8, 9, 14), (8, 10, 17), (8, 11, 15), (8, 11, 17), (8, 11, 18), (8, 12, 19), (8, 13, 18), (8, 14, 19),
)  # fmt: skip
HEAVY_BALL_CYCLE = dataclasses.replace(circling(9, 4, 9), numbers=CIRCLING, with_numbers=circling)


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
        watch=Watch("MemoryExplorer", {"gradients": "steady"}, {"gradients": "flipping"}),
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
