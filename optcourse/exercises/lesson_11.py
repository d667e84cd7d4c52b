"""Exercises of lesson 11: curvature."""

from __future__ import annotations

import numpy as np

from optcourse import curvature, newton_race, objectives
from optcourse.exercises.answers.lesson_11 import backtracking, newton_step, safe_direction, two_loop
from optcourse.exercises.ingredients import QuadraticValue, Value
from optcourse.exercises.lesson_03 import random_hessian
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz, Watch

# -- 11-newton-step ----------------------------------------------------------------------------------------------


def bent(rng: np.random.Generator, values) -> np.ndarray:
    """A symmetric matrix with these eigenvalues, in a random basis."""
    basis, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    matrix = basis @ np.diag(values) @ basis.T
    return (matrix + matrix.T) / 2


def newton_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, saddles, one axis, whole numbers."""
    cases = [Case((rng.normal(size=n), random_hessian(rng, n)), label=f"{n} weights") for n in (2, 3, 6)]
    for n in (2, 5):
        values = rng.uniform(0.3, 4, size=n) * np.where(np.arange(n) == 0, -1, 1)
        cases.append(Case((rng.normal(size=n), bent(rng, values)), label="a saddle"))
    cases.append(Case((rng.normal(size=4), np.diag(rng.uniform(0.5, 9, size=4))), label="a diagonal Hessian"))
    cases.append(Case((rng.normal(size=1), rng.uniform(1.5, 5, size=(1, 1))), label="one weight"))
    whole = np.array([[2, 1], [1, int(rng.integers(5, 30))]])
    cases.append(Case((rng.integers(1, 9, size=2), whole), label="whole numbers"))
    return cases


NEWTON_STEP = Exercise(
    id="11-newton-step",
    title="Newton's step",
    statement=(
        "Given the gradient `dw` (n) and the Hessian `H` (n, n), return the move `p` after which the fitted parabola is flat: "
        "`H @ p` is `-dw`. (`H` is symmetric and not singular; it may have negative eigenvalues.)"
    ),
    points=2,
    answers=("newton_step",),
    reference=newton_step,
    cases=newton_cases,
    misconceptions=mistakes(
        newton_step,
        """
        sign-flipped: -dw => dw
            Your step leads away: `H @ p` must take the gradient away, so it is `-dw`.
        multiplies: np.linalg.solve(H, -dw) => -H @ dw
            You multiply by the Hessian. It says what a move does to the gradient; you know the change of the gradient and
            look for the move.
        only-the-diagonal: np.linalg.solve(H, -dw) => -dw / np.diag(H)
            You divide each entry by the diagonal of `H`. That is right only where the valley lies along the axes.
        one-over-each-entry: np.linalg.solve(H, -dw) => -(1 / H) @ dw
            You turn over each entry of `H`. The inverse of a matrix is something else.
        times-entry-by-entry: np.linalg.solve(H, -dw) => -np.linalg.inv(H) * dw
            `*` multiplies entry by entry, so that a table comes out. A table times a vector is `@`; better still, let
            `np.linalg.solve` find the move.
        the-inverse-alone: np.linalg.solve(H, -dw) => np.linalg.inv(H)
            You return the inverse of `H`. Asked for is what it makes of minus the gradient.
        best-along-the-gradient: np.linalg.solve(H, -dw) => -dw * (dw @ dw) / (dw @ H @ dw)
            Your length is the best one *along minus the gradient*. Newton's step has another direction: each axis has its own
            length.
        flattest-curvature: np.linalg.solve(H, -dw) => -dw / np.linalg.eigvalsh(H)[0]
            You divide by the smallest curvature alone. Each axis has its own.
        determinant: np.linalg.solve(H, -dw) => -dw / np.linalg.det(H)
            You divide by the determinant, which is one number. The inverse of a matrix is more than that.
        sums-of-the-rows: np.linalg.solve(H, -dw) => -dw / H.sum(axis=1)
            You divide by the sums of the rows. A row of `H` tells how *all* moves change one slope: it is a system of equations.
        sizes-of-the-diagonal: np.linalg.solve(H, -dw) => -dw / np.abs(np.diag(H))
            You divide by the sizes on the diagonal of `H`. That is right only on a bowl that lies along the axes.
        one-number-for-all: np.linalg.solve(H, -dw) => -dw / np.linalg.norm(H)
            You divide the gradient by one number. Each axis of the Hessian has its own curvature.
        divides-the-table: np.linalg.solve(H, -dw) => -dw / H
            You divide by the whole table `H`, entry by entry. What comes out is a table again; a move has one number for each
            weight.
        plain-gradient: np.linalg.solve(H, -dw) => -dw
            You go along minus the gradient: the Hessian has no part in it.
        steepest-curvature: np.linalg.solve(H, -dw) => -dw / np.linalg.eigvalsh(H)[-1]
            You divide by the largest curvature alone. That is gradient descent with a safe learning rate; each axis has its
            own curvature.
        eigenvalues-without-axes: np.linalg.solve(H, -dw) => -dw / np.linalg.eigvalsh(H)
            You divide each entry by an eigenvalue. The eigenvalues belong to the axes of the Hessian, not to the entries of
            `w`.
        turns-negative-curvatures: np.linalg.solve(H, -dw) => -(lambda e, V: V @ ((V.T @ dw) / np.abs(e)))(*np.linalg.eigh(H))
            On bowls you are right. On saddles you turn the negative curvatures round, which comes later in the lesson:
            Newton's own step takes them as they are.
        adds-to-the-diagonal: np.linalg.solve(H, -dw) => np.linalg.solve(H + np.eye(len(dw)), -dw)
            You add something to the diagonal of `H` first. That damps the step; Newton's own takes `H` as it is.
        half-a-step: np.linalg.solve(H, -dw) => np.linalg.solve(2 * H, -dw)
            Your step is half as long as it should be. The parabola is ½ pᵀHp, but its gradient is Hp.
        unit-length: return np.linalg.solve(H, -dw) => p = np.linalg.solve(H, -dw); return p / np.linalg.norm(p)
            You return the direction only. The length is the point of Newton's step.
        """,
    ),
    hints=(
        "After a move `p` the gradient of the parabola is `dw + H @ p`. What must `p` be so that this is zero?",
        "It is a system of linear equations with the matrix `H`. NumPy solves it without ever building an inverse.",
        "`np.linalg.solve(A, b)` gives the x with `A @ x` equal to b. Here b is minus the gradient.",
    ),
)


# -- 11-safe-direction -------------------------------------------------------------------------------------------


def safe_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, saddles, tops, flat axes, one weight, whole numbers."""

    def values(n, negative, tiny):
        found = rng.uniform(0.4, 5, size=n)
        found[:negative] *= -1
        # not two alike: the axes of such a pair are anybody's choice
        found[n - tiny :] = rng.choice([-1, 1], size=tiny) * 1e-3 * (1 + np.arange(tiny))
        return found

    def floor():
        return round(rng.uniform(0.02, 0.3), 3)

    cases = [
        Case((rng.normal(size=3), bent(rng, values(3, 0, 0)), floor()), label="a bowl"),
        Case((rng.normal(size=2), bent(rng, values(2, 1, 0)), floor()), label="a saddle"),
        Case((rng.normal(size=6), bent(rng, values(6, 3, 0)), floor()), label="six weights"),
        Case((rng.normal(size=3), bent(rng, values(3, 3, 0)), floor()), label="the top of a hill"),
        Case((rng.normal(size=5), bent(rng, values(5, 2, 2)), floor()), label="flat axes"),
        Case((rng.normal(size=3), bent(rng, values(3, 1, 0)), 1.5), label="a floor above some curvatures"),
        Case((rng.normal(size=1), -rng.uniform(0.4, 2, size=(1, 1)), floor()), label="one weight"),
    ]
    whole = np.array([[1, int(rng.integers(3, 9))], [0, 1]])
    whole = whole + whole.T - np.diag(np.diag(whole))
    cases.append(Case((rng.integers(1, 9, size=2), whole, floor()), label="whole numbers"))
    return cases


SAFE_DIRECTION = Exercise(
    id="11-safe-direction",
    title="A direction that always leads down",
    statement=(
        "Return Newton's step in which every curvature (eigenvalue of `H`) is taken as positive, and as `floor` at least: on "
        "each axis of `H` minus the slope over max(|eigenvalue|, floor), turned back into the coordinates of `w`."
    ),
    points=2,
    answers=("safe_direction",),
    reference=safe_direction,
    cases=safe_cases,
    misconceptions=mistakes(
        safe_direction,
        """
        no-absolute-value: np.abs(values) => values
            A negative curvature becomes the floor in your step, however strongly the loss bends down there. Take its absolute
            value.
        absolute-entries: np.linalg.eigh(H) => np.linalg.eigh(np.abs(H))
            You take the absolute value of the entries of `H`. It belongs to its eigenvalues.
        not-turned-in: V.T @ dw => V @ dw
            The slopes along the axes are `V.T @ dw`: the axes are the columns of `V`, so each one must meet `dw` in a product.
        turned-back-wrong: -V @ => -V.T @
            The way back into the coordinates of `w` is `V @`: it adds up the axes, which are the columns of `V`.
        both-turned-wrong: V.T @ dw => V @ dw
                      and: -V @ => -V.T @
            `V` and `V.T` have changed places: first `V.T` (into the axes), then `V` (back).
        never-turned: return … => return -dw / np.maximum(np.abs(values), floor)
            You divide the entries of `dw` by eigenvalues. These belong to the axes of `H`: turn `dw` into them first, and the
            result back.
        not-turned-into-the-axes: V.T @ dw => dw
            You divide the entries of `dw` itself, and turn the result back. First turn `dw` into the axes of `H`: `V.T @ dw`.
        turns-the-whole-step: return … => p = np.linalg.solve(H, -dw); return p if p @ dw < 0 else -p
            You turn the whole step round where it leads up. On a saddle one axis leads up and another one down: turn each axis by
            itself.
        lifts-all-curvatures: return … => return np.linalg.solve(H + (floor - min(values[0], 0)) * np.eye(len(dw)), -dw)
            You add the same to every curvature until none is negative. That shortens the step along all axes; take each one's
            absolute value instead.
        absolute-entries-of-the-inverse: return … => return -np.abs(np.linalg.inv(H)) @ dw
            You take the absolute value of the entries of the inverse. It belongs to the eigenvalues.
        floor-under-a-root: np.maximum(np.abs(values), floor) => np.sqrt(values**2 + floor**2)
            You join curvature and floor under a root. The floor takes the place of smaller curvatures, and changes no others.
        absolute-table-lifted: return … => return -np.linalg.inv(np.abs(H) + floor * np.eye(len(dw))) @ dw
            You make the entries of `H` positive, and add the floor to its diagonal. Both belong to the eigenvalues.
        all-positive: (V.T @ dw) / np.maximum(np.abs(values), floor) => np.abs(V.T @ dw) / np.maximum(np.abs(values), floor)
            You make the slopes positive, too. Only curvatures are taken as positive; a slope's sign says where down is.
        one-curvature-for-all: np.maximum(np.abs(values), floor) => np.abs(values).max()
            You divide by the largest curvature on every axis. Each axis has its own.
        stays-in-the-axes: -V @ => -1 *
            Your answer is still in the axes of `H`. Turn it back into the coordinates of `w`.
        sign-flipped: -V @ => V @
            Your direction leads up: minus is missing.
        no-floor: np.maximum(np.abs(values), floor) => np.abs(values)
            Along a flat axis you divide by next to nothing: `floor` is the least that you divide by.
        floor-added: np.maximum(np.abs(values), floor) => (np.abs(values) + floor)
            You add the floor to each curvature. It takes the place of those that are smaller.
        smaller-of-both: np.maximum => np.minimum
            You take the smaller of |eigenvalue| and floor. The floor is the least that a curvature may count.
        multiplies: / np.maximum => * np.maximum
            You multiply by the curvatures. Where the loss bends strongly, steps are short: divide.
        skips-negative-axes: np.maximum(np.abs(values), floor) => np.where(values > 0, np.maximum(values, floor), np.inf)
            You leave out the axes along which the loss bends down. There is a slope along them, too: follow it down.
        newton-itself: return … => return np.linalg.solve(H, -dw)
            This is Newton's own step: where a curvature is negative it leads up.
        negative-curvature-kept: np.maximum(np.abs(values), floor) => (np.sign(values) * np.maximum(np.abs(values), floor))
            You keep the sign of each curvature, so along a negative one the step leads up. Its size alone counts.
        plain-gradient: return … => return -dw
            You go along minus the gradient. It leads down, but the curvatures have no part in it.
        """,
    ),
    hints=(
        "Three things: into the axes of `H`, divide each slope by its own curvature, and back.",
        "`values, V = np.linalg.eigh(H)`. The slopes along the axes are `V.T @ dw`; `np.maximum` and `np.abs` make the divisor.",
        "The way back is `V @` in front of what you have divided, and a minus before it all.",
    ),
)


# -- 11-backtracking ---------------------------------------------------------------------------------------------


def downhill(rng: np.random.Generator, n: int, times: float) -> Case:
    """A turned bowl and a direction that leads down, `times` as long as Newton's step."""
    matrix, minimum = random_hessian(rng, n), rng.normal(size=n)
    w = rng.normal(size=n)
    dw = matrix @ (w - minimum)
    p = -times * (w - minimum) - 0.01 * dw
    return Case((QuadraticValue(matrix, minimum), w, p, float(dw @ p)), label=f"{n} weights, a long step")


def on_a_parabola(curvature: float, w: float, times: float, label: str) -> Case:
    """In one variable; the step is `times` as long as the way to the minimum."""
    p = -times * w
    value = QuadraticValue([[curvature]], [0.0])
    return Case((value, np.array([w]), np.array([p]), curvature * w * p), label=label)


def below_zero(rng: np.random.Generator) -> Case:
    """Minus the gradient where the loss is negative: a share of the loss itself is no share of what the slope promises."""
    hills = objectives.styblinski_tang()
    w = np.array([-1.5, -1.6]) + rng.uniform(-0.05, 0.05, size=2)
    dw = hills.gradient(w)
    return Case((Value(hills.recipe), w, -dw, float(-dw @ dw)), label="a loss below zero")


def backtracking_cases(rng: np.random.Generator) -> list[Case]:
    """Good steps, long ones, short ones, ones that land almost as high as they began, a huge one, a very flat parabola,
    Rosenbrock, a loss below zero."""
    near = rng.uniform(0.5, 0.9) * 1e-5
    valley = objectives.rosenbrock()
    w = np.array([-1.2, 1.0]) + rng.uniform(-0.05, 0.05, size=2)
    dw = valley.gradient(w)
    return [
        on_a_parabola(rng.uniform(0.5, 3), rng.normal() + 3, 1.0, "Newton's own step"),
        on_a_parabola(rng.uniform(0.5, 3), rng.normal() + 3, 1.9, "a step nearly twice too long"),
        on_a_parabola(1e-5, rng.uniform(1, 2), 1.0, "a gentle slope"),
        downhill(rng, 3, rng.uniform(5, 7)),
        downhill(rng, 6, rng.uniform(18, 30)),
        Case(
            (Value(valley.recipe), w, -dw, float(-dw @ dw)),
            label="Rosenbrock's function and minus the gradient",
        ),
        on_a_parabola(1.0, rng.uniform(1, 2), 2 - near, "a tiny fall"),
        on_a_parabola(1.0, rng.uniform(1, 2), 2 + near, "a tiny rise"),
        on_a_parabola(
            1.0, rng.uniform(1, 2), 2 - rng.uniform(1, 1.5) * 1e-4, "a fall that is not quite enough"
        ),
        on_a_parabola(1.0, rng.uniform(1, 2), 2 - rng.uniform(6, 9) * 1e-4, "a fall that is just enough"),
        on_a_parabola(rng.uniform(0.5, 3), rng.normal() + 3, 0.3, "a step that is too short"),
        below_zero(rng),
        on_a_parabola(
            1.0, 1.0, 2**11 * rng.uniform(1.88, 1.93), "a step that is thousands of times too long"
        ),
        on_a_parabola(1.2e-4, 1000.0 + rng.uniform(-5, 5), 1.0, "a parabola that is nearly flat"),
        Case(
            (QuadraticValue([[2, 0], [0, 6]], [0, 0]), np.array([3, 2]), np.array([-6, -12]), -180),
            label="whole numbers",
        ),
    ]


BACKTRACKING = Exercise(
    id="11-backtracking",
    title="A step length, by trying",
    statement=(
        "Return the first of 1, 1/2, 1/4 … for which `value(w + step * p)` is at most `value(w) + 1e-4 * step * slope`. `slope` "
        "is `dw @ p`, and below 0."
    ),
    points=2,
    answers=("backtracking",),
    reference=backtracking,
    cases=backtracking_cases,
    free_calls=True,
    misconceptions=mistakes(
        backtracking,
        """
        any-fall-will-do: > here + 1e-4 * step * slope => > here
            You take any step that does not rise. The loss must fall by at least 1e-4 of what the slope promises.
        sign-of-c: here + 1e-4 => here - 1e-4
            Your bar lies *above* the loss at `w`: `slope` is negative already, so it is added.
        share-of-the-loss: 1e-4 * step * slope => -1e-4 * here
            Your bar takes a share of the loss itself. It is a share of what the slope promises: 1e-4 times step times slope.
        sizes-compared: value(w + step * p) > here + => abs(value(w + step * p)) > abs(here) +
            You compare the sizes of the losses. A loss may be negative: compare the losses themselves.
        begins-with-two: value(w), 1.0 => value(w), 2.0
            You begin with step 2. The first one to try is 1.
        bar-moves-along: step /= 2 => step /= 2; here = value(w + step * p)
            You compare with the point that you tried last. The bar lies below the loss at `w`, from which you started.
        subtracts: step /= 2 => step -= 0.1
            You subtract from the step. Halve it: so it gets small fast, and never negative.
        step-for-the-point: value(w + step * p) => value(w + step)
            You look at `w + step`. The step goes along `p`: `w + step * p`.
        along-the-slope: value(w + step * p) => value(w - step * slope)
            You go along the slope, which is one number. The step goes along `p`.
        from-the-origin: value(w + step * p) => value(step * p)
            You look from zero. The step begins at `w`.
        returns-the-old-loss: return step => return here
            You return the loss at `w`. The step length is asked for.
        returns-the-loss: return step => return value(w + step * p)
            You return the loss at the new point. The step length is asked for.
        shrinks-before-testing: value(w), 1.0 => value(w), 0.5
            You halve before you have tried: step 1 comes first.
        slope-from-the-length: * slope => * -(p @ p)
            You take the length of `p` for the slope. They agree only where `p` is minus the gradient; use the `slope` that you
            are given.
        step-forgotten: 1e-4 * step * slope => 1e-4 * slope
            Your bar stays where it is when the step shrinks. What the slope promises shrinks with the step.
        slope-forgotten: 1e-4 * step * slope => -1e-4 * step
            Your bar does not depend on the slope: a share of what *it* promises is asked for.
        c-ten-times-too-large: 1e-4 => 1e-3
            You ask for ten times too much: c is 1e-4.
        c-too-large: 1e-4 => 0.1
            You ask for too much: c is 1e-4, a small share of what the slope promises.
        without-c: 1e-4 * step * slope => step * slope
            You ask for all that the slope promises. A loss that bends up never gives it; a share of 1e-4 is enough.
        tenths: /= 2 => /= 10
            You divide the step by ten. Halve it.
        thirds: /= 2 => /= 3
            You divide the step by three. Halve it.
        tries-once: while => if
            You test twice at most. Go on halving until the condition holds.
        wrong-way-round: step * p) > => step * p) <
            You halve while the loss is low enough, and stop when it is not: turn the comparison round.
        steps-uphill: value(w + step * p) => value(w - step * p)
            You look on the other side of `w`: the step goes along `p`, which leads down already.
        returns-the-point: return step => return w + step * p
            You return the new point. The step length alone is asked for.
        returns-the-move: return step => return step * p
            You return the move, the step times `p`. The step length alone is asked for.
        one-halving-too-many: return step => return step / 2
            You halve once more after you have found it.
        counts-the-halvings: return step => return np.log2(1 / step)
            You return how often you halved. The step length is asked for.
        """,
    ),
    hints=(
        "Begin with step 1, and compute `value(w)` once. What must be true so that you halve?",
        "`while value(w + step * p)` is above the bar: halve. The bar is `value(w)` plus 1e-4 times step times slope.",
        "The slope is negative, so the bar lies a little below `value(w)`. Return the step with which the loop ends.",
    ),
)


# -- 11-two-loop -------------------------------------------------------------------------------------------------


def pairs(rng: np.random.Generator, n: int, count: int, label: str, newest: bool = False) -> Case:
    """Changes of w and of the gradient on a bowl; `newest`: the newest y takes the place of the gradient."""
    matrix = random_hessian(rng, n)
    s = rng.normal(size=(count, n)) * rng.uniform(0.2, 2, size=(count, 1))
    y = s @ matrix
    return Case((y[-1].copy() if newest else rng.normal(size=n), s, y), label=label)


def two_loop_cases(rng: np.random.Generator) -> list[Case]:
    """One pair, several, more than there are weights, the newest y itself, one weight, whole numbers."""
    matrix = np.array([[2, 1], [1, 3]])
    s = np.array([[int(rng.integers(1, 5)), 1], [-1, int(rng.integers(2, 6))]])
    return [
        pairs(rng, 4, 1, "a single pair"),
        pairs(rng, 3, 2, "two pairs"),
        pairs(rng, 5, 3, "three pairs"),
        pairs(rng, 12, 7, "seven pairs"),
        pairs(rng, 3, 6, "more pairs than weights"),
        pairs(rng, 5, 4, "the newest y itself", newest=True),
        pairs(rng, 1, 2, "one weight"),
        Case((np.array([3, int(rng.integers(-9, -2))]), s, s @ matrix), label="whole numbers"),
    ]


TWO_LOOP = Exercise(
    id="11-two-loop",
    title="L-BFGS: two loops over what was seen",
    statement=(
        "`s` and `y` (pairs, n) hold the last changes of `w` and of the gradient, the oldest first. Return `r` from the two "
        "loops above: nearly the inverse Hessian times `dw`."
    ),
    points=3,
    answers=("two_loop",),
    reference=two_loop,
    cases=two_loop_cases,
    rtol=1e-7,
    misconceptions=mistakes(
        two_loop,
        """
        both-newest-first: for k in range(len(s)) => for k in reversed(range(len(s)))
            Both of your loops go from the newest pair to the oldest. The second one goes back: oldest first.
        both-oldest-first: for k in reversed(range(len(s))) => for k in range(len(s))
            Both of your loops go from the oldest pair to the newest. The first one begins with the newest.
        loops-swapped: for k in reversed(range(len(s))) => for k in list(range(len(s)))
                  and: for k in range(len(s)) => for k in list(range(len(s)))[::-1]
            Your loops go the wrong way round: first newest to oldest, then oldest to newest.
        s-and-y-swapped: q = np.array(dw, dtype=float) => s, y = y, s; q = np.array(dw, dtype=float)
            `s` and `y` have changed places: what comes out behaves like the Hessian, and its inverse is asked for.
        scale-inverted: s[-1] @ y[-1] / (y[-1] @ y[-1]) => (y[-1] @ y[-1]) / (s[-1] @ y[-1])
            Your scale between the loops is upside down: it is s·y over y·y, about one over a curvature.
        scale-from-the-oldest: s[-1] @ y[-1] / (y[-1] @ y[-1]) => s[0] @ y[0] / (y[0] @ y[0])
            Your scale comes from the oldest pair. The newest one knows more about where you are.
        no-scale: s[-1] @ y[-1] / (y[-1] @ y[-1]) * q => q
            The scale between the loops is missing: s·y over y·y of the newest pair.
        scale-with-s: s[-1] @ y[-1] / (y[-1] @ y[-1]) => s[-1] @ s[-1] / (s[-1] @ y[-1])
            Your scale is s·s over s·y. Here it is s·y over y·y.
        scale-without-division: s[-1] @ y[-1] / (y[-1] @ y[-1]) * q => s[-1] @ y[-1] / y[-1] @ y[-1] * q
            Python takes `a / b @ c` from left to right: put brackets around `y[-1] @ y[-1]`.
        returns-the-step: return r => return -r
            You return the step. Here `r` itself is asked for, which is subtracted from `w` afterwards.
        first-loop-adds: q -= => q +=
            Your first loop adds. It takes away what the pair explains.
        second-loop-turned: (shares[k] - y[k] @ r / (s[k] @ y[k])) => (y[k] @ r / (s[k] @ y[k]) - shares[k])
            In your second loop the difference is the wrong way round: the share of the first loop, minus what is there.
        second-loop-adds: shares[k] - y[k] @ r => shares[k] + y[k] @ r
            In your second loop the two shares are added. What `r` has already is taken away.
        first-loop-takes-s: q -= shares[k] * y[k] => q -= shares[k] * s[k]
            Your first loop subtracts a multiple of `s`. `q` is a gradient, so it changes by `y`.
        second-loop-takes-y: r += s[k] * => r += y[k] *
            Your second loop adds a multiple of `y`. `r` is a move, so it changes by `s`.
        share-from-y: s[k] @ q => y[k] @ q
            Your first share is y·q over s·y. It is s·q over s·y.
        second-share-from-s: y[k] @ r => s[k] @ r
            Your second share is s·r over s·y. It is y·r over s·y.
        divides-by-yy: s[k] @ q / (s[k] @ y[k]) => s[k] @ q / (y[k] @ y[k])
            Your first share is divided by y·y; that belongs to the scale. Here it is s·y.
        first-share-without-brackets: s[k] @ q / (s[k] @ y[k]) => s[k] @ q / s[k] @ y[k]
            Python takes `a @ b / c @ d` from left to right: put brackets around `s[k] @ y[k]`.
        multiplies-by-sy: s[k] @ q / (s[k] @ y[k]) => s[k] @ q * (s[k] @ y[k])
            You multiply by s·y. A share is s·q *over* s·y.
        second-share-from-q: y[k] @ r => y[k] @ q
            Your second share comes from `q`. Take `r`, to which the older pairs have been added already.
        second-loop-bracket: (shares[k] - y[k] @ r / (s[k] @ y[k])) => (shares[k] - y[k] @ r) / (s[k] @ y[k])
            You divide the first share by s·y once more. Only y·r is divided.
        second-share-over-yy: y[k] @ r / (s[k] @ y[k]) => y[k] @ r / (y[k] @ y[k])
            Your second share is divided by y·y; that belongs to the scale. Here it is s·y.
        second-loop-forgets: (shares[k] - y[k] @ r / (s[k] @ y[k])) => shares[k]
            Your second loop adds the whole first share. What `r` explains already is taken away: y·r over s·y.
        mean-scale: s[-1] @ y[-1] / (y[-1] @ y[-1]) => np.mean([a @ b / (b @ b) for a, b in zip(s, y)])
            Your scale is a mean over all pairs. It comes from the newest one.
        scale-of-the-lengths: s[-1] @ y[-1] / (y[-1] @ y[-1]) => np.sqrt(s[-1] @ s[-1] / (y[-1] @ y[-1]))
            Your scale is the length of s over that of y. Here it is s·y over y·y.
        first-loop-takes-the-gradient: q -= shares[k] * y[k] => q = q - shares[k] * dw
            Your first loop subtracts a multiple of `dw`. It subtracts a multiple of `y`, the change that the pair explains.
        scale-times-the-gradient: * q => * dw
            You scale `dw`. Scale `q`, what is left of it after the first loop.
        skips-the-oldest: reversed(range(len(s))) => range(len(s) - 1, 0, -1)
            Your first loop ends before the oldest pair: `range(len(s) - 1, -1, -1)` goes down to 0.
        whole-number-shares: np.zeros(len(s)) => np.zeros(len(s), dtype=int)
            Your shares are whole numbers, so that each is cut off: make them floats.
        unit-length: return r => return r / np.linalg.norm(r)
            You return the direction only. Its length is an estimate of how far to go.
        share-of-the-gradient: s[k] @ q => s[k] @ dw
            Your shares come from `dw` itself. Take `q`, from which the newer pairs are taken away already.
        no-second-loop: r += … => pass
            Your second loop is missing, or does nothing.
        no-first-loop: q -= … => pass
            Your first loop leaves `q` as it is: each pair takes its share away.
        newest-pair-only: q = np.array(dw, dtype=float) => s, y = s[-1:], y[-1:]; q = np.array(dw, dtype=float)
            Only the newest pair counts in your answer. Go through all of them.
        plain-gradient: return r => return dw
            You return the gradient: nothing of what was seen is in it.
        changes-the-input: np.array(dw, dtype=float) => dw
            The caller's gradient is changed: `q -= …` writes into the array that you were given. Make a float copy first.
        """,
    ),
    hints=(
        "Begin with one pair. Then both loops have one round, and with `dw` equal to `y` the answer must be `s`.",
        "The first loop goes from the newest pair to the oldest, and must remember its shares: the second one needs them, in "
        "the other order.",
        "Between the loops: `r` is `q` times `s[-1] @ y[-1] / (y[-1] @ y[-1])`. Make `q` a float copy of `dw`, so that nobody "
        "else's array changes.",
    ),
)

EXERCISES = (NEWTON_STEP, SAFE_DIRECTION, BACKTRACKING, TWO_LOOP)


# -- predictions -------------------------------------------------------------------------------------------------


def steps_on_a_narrow_parabola() -> int:
    """Newton's steps until a parabola of condition number 1e8 in 20 dimensions is ended, to ten roundings times that."""
    rng = np.random.default_rng(0)
    H, w = bent(rng, np.geomspace(1, 1e8, 20)), rng.normal(size=20)
    first = np.linalg.norm(w)
    for count in range(10):
        if np.linalg.norm(w) <= 10 * np.finfo(float).eps * 1e8 * first:
            return count
        w = w + curvature.newton_step(H @ w, H)
    return 10


def starts_that_reach_a_minimum() -> int:
    """Of 41 by 41 starts on [-5, 5]², how many Newton's method leads to a minimum of Himmelblau's function in 100 steps."""
    hill, grid = objectives.himmelblau(), np.linspace(-5, 5, 41)
    w = np.stack(np.meshgrid(grid, grid)).reshape(2, -1)
    for _ in range(100):
        dw = hill.gradient(w)
        p = np.linalg.solve(hill.hessian(w).transpose(2, 0, 1), -dw.T[:, :, None])[:, :, 0].T
        w = np.where(np.hypot(*dw) < 1e-9, w, w + p)
    lowest = np.linalg.eigvalsh(hill.hessian(w).transpose(2, 0, 1))[:, 0]
    return int(((np.hypot(*hill.gradient(w)) < 1e-6) & (lowest > 0)).sum())


def which_ratio() -> int:
    """The choice of 11-gradients: tuned momentum's evaluations over those of L-BFGS, the median of ten seeds."""
    kept = newton_race.stored()
    place = newton_race.MEMORIES.index(10)
    ratios = [
        newton_race.evaluations_to(kept["momentum"][seed], newton_race.GAP)
        / newton_race.evaluations_to(kept["lbfgs"][seed, place], newton_race.GAP)
        for seed in newton_race.SEEDS
    ]
    return int(np.abs(np.log(np.median(ratios) / [20, 8, 2, 0.5])).argmin())


PREDICTIONS = (
    Prediction(
        id="11-newton-steps",
        question=(
            "A parabola in 20 dimensions has condition number 100,000,000. The second derivatives are known. How many steps "
            "does it take to its bottom, if each step goes to where the parabola that fits here is flat?"
        ),
        kind="number",
        answer=steps_on_a_narrow_parabola,
        tolerance=0,
        reveal=(
            "{answer}. The parabola that fits is the loss itself, so its flat place is the bottom. Gradient descent would need "
            "hundreds of millions of steps."
        ),
        watch=Watch("StepExplorer", {"landscape": "Himmelblau"}, {"landscape": "narrow parabola"}),
    ),
    Prediction(
        id="11-flat-or-low",
        question=(
            "Himmelblau's function has four minima, four saddles and one top. From 1,681 starts on a grid, Newton's method takes "
            "100 steps. From how many does it end in a minimum?"
        ),
        kind="number",
        answer=starts_that_reach_a_minimum,
        tolerance=0.1,
        unit="starts",
        reveal="{answer}. All others end on a saddle or on the top: these are flat, too, and flat is all that it looks for.",
        watch=Watch("FlatOrLowExplorer", {"curvature": "absolute"}, {"curvature": "as it is"}),
    ),
    Prediction(
        id="11-gradients",
        question=(
            "To a gap of 0.001: how many times as many gradients as L-BFGS does momentum need, with the best of six settings?"
        ),
        kind="choice",
        choices=("About 20 times", "About 8 times", "About twice as many", "Only half as many"),
        answer=which_ratio,
        reveal=(
            "About twice as many. (Gradient descent: 8 to 11 times.) Tuned momentum needs about the root of the condition "
            "number, where gradient descent needs all of it."
        ),
        watch=Watch("MemoryExplorer", {"memory": 1}, {"memory": 10}),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="11",
    questions=(
        Question(
            "Why does the condition number not matter to Newton's step?",
            (
                "Because it takes the steepest axis first, and the others in later steps.",
                "Because each axis's slope is divided by its own curvature.",
                "Because it uses a very small learning rate, for which every parabola looks round.",
                "Because computers have enough digits.",
            ),
            1,
            (
                "All axes are done in one step.",
                "Yes: short steps where it is steep, long ones where it is flat.",
                "It has no learning rate at all.",
                "Digits are where a trace of it is left: the error is up to κ roundings.",
            ),
        ),
        Question(
            "Newton's method has stopped: the gradient is zero. What do you know?",
            (
                "It stands in the lowest minimum, since the Hessian sees the whole landscape.",
                "It stands in some minimum, since every step of it goes down.",
                "It stands on a flat place: a minimum, a saddle or a top.",
                "Nothing at all.",
            ),
            2,
            (
                "The Hessian is the bend at one place; it knows nothing of other valleys.",
                "Its steps may go up: on Rosenbrock's function the second one does, to 1,412.",
                "Yes. From 703 of 1,681 starts on Himmelblau's function it was no minimum.",
                "You know the slope; and the eigenvalues of the Hessian tell the rest.",
            ),
        ),
        Question(
            "What does taking the absolute value of each eigenvalue do?",
            (
                "It keeps the length of the step along each axis, and makes every step lead down.",
                "It makes the loss convex, so that there is one minimum only, and Newton's method finds it from everywhere.",
                "It makes all steps equally long.",
                "It removes the axes along which the loss bends down, so that nothing is done there.",
            ),
            0,
            (
                "Yes: where the curvature is negative, only the sign of the step turns.",
                "The landscape stays what it is; only the direction changes.",
                "The lengths still differ from axis to axis.",
                "These axes are followed, downhill.",
            ),
        ),
        Question(
            "What does L-BFGS keep?",
            (
                "The Hessian, in a compressed form.",
                "The last few changes of w and of the gradient.",
                "A fading mean of the squared gradients, with one learning rate for each weight, as in Adam.",
                "All gradients since the start of the run, and the points at which each of them was computed.",
            ),
            1,
            (
                "It never sees a Hessian.",
                "Yes: two loops over these pairs act like the inverse Hessian.",
                "That is what RMSProp and Adam keep.",
                "Only the last few, as many as `memory` says.",
            ),
        ),
        Question(
            "Why do pairs from two different minibatches spoil L-BFGS?",
            (
                "Minibatches are too small to hold all ten digits, so some classes have no gradient.",
                "Their gradients are computed with fewer digits.",
                "The step between them is too long for a parabola, so that a smaller learning rate would help.",
                "y then holds the difference between the minibatches, which is much larger than what the move did.",
            ),
            3,
            (
                "A minibatch of 32 usually has most digits; and more of them would not help.",
                "The arithmetic is the same.",
                "A smaller move makes it worse: what the move did shrinks, the difference of the minibatches stays.",
                "Yes: y was off by some 30 times its own length here. From the same minibatch it is usable.",
            ),
        ),
    ),
)
