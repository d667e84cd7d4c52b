"""Exercises of lesson 13: the edge of stability."""

from __future__ import annotations

import numpy as np

from optcourse import edge_runs
from optcourse.exercises.answers.lesson_13 import edge, power_step, sharpness
from optcourse.exercises.ingredients import QuadraticGradient, Rng
from optcourse.exercises.lesson_11 import bent
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz, Watch


def product(matrix: np.ndarray) -> QuadraticGradient:
    """v -> H @ v: the gradient of a bowl whose minimum is at 0."""
    return QuadraticGradient(matrix, np.zeros(len(matrix)))


# -- 13-power-step -----------------------------------------------------------------------------------------------


def power_step_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, saddles, tops, vectors of length 1 and of other lengths, one weight, whole numbers."""

    def case(values, label, length=None):
        v = rng.normal(size=len(values))
        v = v if length is None else length * v / np.linalg.norm(v)
        return Case((product(bent(rng, values)), v), label=label)

    whole = np.array([[3, 1], [1, int(rng.integers(4, 9))]])
    return [
        case(rng.uniform(0.5, 5, size=3), "a vector of length 1", 1.0),
        case(rng.uniform(0.5, 5, size=3), "a vector of length 3", 3.0),
        case(rng.uniform(0.5, 5, size=8), "eight weights", 0.2),
        case([*rng.uniform(0.5, 2, size=3), -rng.uniform(4, 6)], "a saddle", rng.uniform(1.5, 2.5)),
        case(-rng.uniform(0.5, 5, size=4), "the top of a hill", rng.uniform(0.3, 0.7)),
        Case(
            (product(rng.uniform(1.5, 5, size=(1, 1))), np.array([rng.uniform(1.5, 3)])), label="one weight"
        ),
        Case((product(whole), rng.integers(1, 6, size=2)), label="whole numbers"),
    ]


POWER_STEP = Exercise(
    id="13-power-step",
    title="One step of power iteration",
    statement=(
        "`hvp(v)` gives H v. Return two things: the curvature along `v`, v·Hv / v·v, and the next vector, Hv with length 1. "
        "(`v` itself may have any length.)"
    ),
    points=2,
    answers=("power_step",),
    reference=power_step,
    cases=power_step_cases,
    result_names=("the curvature", "the next vector"),
    free_calls=True,
    misconceptions=mistakes(
        power_step,
        """
        not-divided: v @ Hv / (v @ v) => v @ Hv
            Your curvature grows with the length of `v`. A curvature along a direction does not depend on it: divide by `v @ v`.
        divided-by-the-length: v @ Hv / (v @ v) => v @ Hv / np.linalg.norm(v)
            You divide by the length of `v`. `v` stands in v·Hv twice, so it is the square of the length.
        sign-lost: v @ Hv / (v @ v) => np.linalg.norm(Hv) / np.linalg.norm(v)
            You compare lengths, and a length has no sign: where the loss bends down the curvature is negative.
        bracket-lost: v @ Hv / (v @ v) => v @ Hv / v @ v
            Python takes `a @ b / c @ d` from left to right: put brackets around `v @ v`.
        sign-dropped: v @ Hv / (v @ v) => abs(v @ Hv / (v @ v))
            You drop the sign. Where the loss bends down the curvature is negative.
        length-of-the-product: v @ Hv / (v @ v) => np.linalg.norm(Hv)
            You return the length of Hv. The curvature is v·Hv over v·v: it has a sign, and does not depend on how long `v` is.
        a-cosine: v @ Hv / (v @ v) => v @ Hv / np.linalg.norm(v) / np.linalg.norm(Hv)
            You divide by both lengths: what comes out is the cosine of the angle between `v` and Hv. Divide by v·v.
        over-the-products-length: v @ Hv / (v @ v) => v @ Hv / (Hv @ Hv)
            You divide by Hv·Hv. It is v·v.
        largest-quotient: v @ Hv / (v @ v) => np.max(Hv / v)
            You take the largest of the quotients Hv / v. Sum up first: v·Hv over v·v.
        mean-of-quotients: v @ Hv / (v @ v) => np.mean(Hv / v)
            You average Hv / v over the entries. Sum up first: v·Hv over v·v.
        one-product-later: v @ Hv / (v @ v) => Hv @ hvp(Hv) / (Hv @ Hv)
            Your curvature is that along the next vector. The one along the `v` that was given is asked for.
        another-quotient: v @ Hv / (v @ v) => Hv @ Hv / (v @ Hv)
            You divide Hv·Hv by v·Hv. That comes to the same only where `v` is an axis of the Hessian.
        upside-down: v @ Hv / (v @ v) => (v @ v) / (v @ Hv)
            Your curvature is upside down: v·Hv stands above v·v.
        entry-by-entry: v @ Hv / (v @ v) => v * Hv / (v * v)
            You multiply and divide entry by entry. A curvature along `v` is one number: sum up first.
        half: v @ Hv / (v @ v) => v @ Hv / (2 * (v @ v))
            Half of v·Hv is how much the parabola rises; the curvature is twice that.
        not-normalised: Hv / np.linalg.norm(Hv) => Hv
            Your next vector has not the length 1. After some hundred products its numbers would be too large, or too small.
        length-of-the-old: Hv / np.linalg.norm(Hv) => Hv / np.linalg.norm(v)
            You divide the next vector by the length of `v`. It is its own length that makes it 1.
        divided-by-the-curvature: Hv / np.linalg.norm(Hv) => Hv / (v @ Hv / (v @ v))
            You divide the next vector by the curvature. It is its own length that makes it 1.
        divided-by-the-square: Hv / np.linalg.norm(Hv) => Hv / (Hv @ Hv)
            You divide the next vector by the square of its length: take the root.
        largest-entry: Hv / np.linalg.norm(Hv) => Hv / np.abs(Hv).max()
            Your next vector has 1 as its largest entry. Its length must be 1.
        divided-by-the-sum: Hv / np.linalg.norm(Hv) => Hv / Hv.sum()
            You divide the next vector by the sum of its entries. Its length must be 1.
        keeps-the-old-length: Hv / np.linalg.norm(Hv) => Hv / np.linalg.norm(Hv) * np.linalg.norm(v)
            You give the next vector the length of the old one. Its length must be 1.
        stepped-down: Hv / np.linalg.norm(Hv) => (v - Hv) / np.linalg.norm(v - Hv)
            You subtract Hv from `v`. It takes the place of `v`; nothing goes downhill here.
        root-of-n: Hv / np.linalg.norm(Hv) => Hv / np.sqrt(len(v))
            You divide by the root of the number of weights. Divide by the length of Hv.
        over-v-times-hv: Hv / np.linalg.norm(Hv) => Hv / abs(v @ Hv)
            You divide by v·Hv. It is the length of Hv that makes it 1.
        stepped-up: Hv / np.linalg.norm(Hv) => (v + Hv) / np.linalg.norm(v + Hv)
            You add Hv to `v`. It takes the place of `v`.
        positive-entries: Hv / np.linalg.norm(Hv) => np.abs(Hv) / np.linalg.norm(Hv)
            You make all entries positive. The direction of Hv has its signs.
        divided-by-the-sizes: Hv / np.linalg.norm(Hv) => Hv / np.abs(Hv).sum()
            You divide by the sum of the entries' sizes. The length is the root of the sum of their squares.
        keeps-the-vector: Hv / np.linalg.norm(Hv) => v / np.linalg.norm(v)
            Your next vector is the old one, made shorter. It is H v that goes on.
        turned-round: return v @ Hv / (v @ v), Hv / np.linalg.norm(Hv) => return Hv / np.linalg.norm(Hv), v @ Hv / (v @ v)
            You return the vector first. The curvature comes first, then the vector.
        curvature-alone: return v @ Hv / (v @ v), Hv / np.linalg.norm(Hv) => return v @ Hv / (v @ v)
            You return the curvature alone. The next vector is asked for, too.
        vector-alone: return v @ Hv / (v @ v), Hv / np.linalg.norm(Hv) => return Hv / np.linalg.norm(Hv)
            You return the next vector alone. The curvature along `v` is asked for, too.
        """,
    ),
    hints=(
        "Ask for the product once: `Hv = hvp(v)`. Both answers are made of `v` and `Hv`.",
        "The curvature is `v @ Hv` over `v @ v`. It may be negative.",
        "The next vector is `Hv` over its own length, `np.linalg.norm(Hv)`. Return both, the curvature first.",
    ),
)


# -- 13-sharpness ------------------------------------------------------------------------------------------------


def spread(rng: np.random.Generator, n: int, largest: float) -> np.ndarray:
    """n curvatures of both signs, of which `largest` is the largest in size, and well apart from the others."""
    size = abs(largest)
    return np.append(rng.uniform(-0.7, 0.7, size=n - 1) * size, largest)


def with_two_apart(matrix: np.ndarray) -> np.ndarray:
    """The matrix between two weights that are axes by themselves, with less curvature."""
    n = len(matrix) + 2
    found = np.zeros((n, n))
    found[0, 0], found[1:-1, 1:-1], found[-1, -1] = 2.0, matrix, 1.0
    return found


def sharpness_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, saddles, one whose steepest axis bends down, very steep and very flat ones, a start that misses, one weight."""

    def case(matrix, label):
        return Case((product(matrix), len(matrix), Rng(int(rng.integers(1_000_000)))), label=label)

    close = np.append(rng.uniform(0.1, 0.5, size=8) * 6, [5.1, 6.0])
    ones = np.ones((5, 1)) / np.sqrt(5)
    basis, _ = np.linalg.qr(np.hstack([ones, rng.normal(size=(5, 4))]))
    values = np.array(
        [3.0, 1.0, 0.5, 2.0, 3.5]
    )  # the first axis is (1, 1, 1, 1, 1); the last one is steepest
    whole = np.array([[2, 1, 0], [1, int(rng.integers(5, 9)), 1], [0, 1, 1]])
    return [
        case(bent(rng, rng.uniform(0.1, 0.7, size=3) * 5 + [0, 0, 3]), "a bowl"),
        case(bent(rng, spread(rng, 6, rng.uniform(3, 6))), "six weights"),
        case(bent(rng, spread(rng, 30, rng.uniform(5, 9))), "thirty weights"),
        case(bent(rng, spread(rng, 5, -rng.uniform(4, 7))), "a steepest axis that bends down"),
        case(bent(rng, close), "two axes that are nearly as steep"),
        case(bent(rng, spread(rng, 4, rng.uniform(1, 2) * 1e5)), "a very steep loss"),
        case(bent(rng, spread(rng, 4, rng.uniform(1, 2) * 1e-5)), "a very gentle loss"),
        case((basis * values) @ basis.T, "a steepest axis at a right angle to (1, 1, …)"),
        case(
            with_two_apart(bent(rng, spread(rng, 3, rng.uniform(4, 6)))),
            "a first and a last weight that stand alone",
        ),
        case(rng.uniform(1.5, 5, size=(1, 1)), "one weight"),
        case(whole, "whole numbers"),
    ]


SHARPNESS = Exercise(
    id="13-sharpness",
    title="The largest curvature, without the Hessian",
    statement=(
        "`hvp(v)` gives H v for a vector of `n` numbers. Return the curvature (eigenvalue of H) of the largest size, with its "
        "sign, to a thousandth. Begin with a vector drawn from `rng`."
    ),
    points=2,
    answers=("sharpness",),
    reference=sharpness,
    cases=sharpness_cases,
    rtol=1e-3,
    free_calls=True,
    misconceptions=mistakes(
        sharpness,
        """
        not-normalised: v = Hv / np.linalg.norm(Hv) => v = Hv
            You let `v` grow. Where the loss is steep it becomes infinite within some steps, where it is gentle it becomes 0:
            give each new vector the length 1.
        sign-lost: value = v @ Hv / (v @ v) => value = np.linalg.norm(Hv) / np.linalg.norm(v)
            You return a length, and a length has no sign. Take v·Hv: it is negative where the loss bends down.
        never-iterates: v = Hv / np.linalg.norm(Hv) => pass
            Your vector stays the one that was drawn. The product must take its place, again and again.
        too-few: range(200) => range(5)
            You stop too early: the vector has not turned far enough. Give it a hundred products or more.
        not-divided: value = v @ Hv / (v @ v) => value = v @ Hv
                and: v = Hv / np.linalg.norm(Hv) => v = Hv
            Your vector keeps no length of 1, and you do not divide by `v @ v`: what comes out is no curvature.
        upside-down: return value => return 1 / value
            You return one over the curvature.
        the-limit-of-the-rate: return value => return 2 / value
            You return 2 over the curvature. That is the largest rate; the curvature is asked for.
        returns-the-vector: return value => return v
            You return the axis. The curvature along it is asked for.
        returns-both: return value => return value, v
            You return the axis, too. The curvature alone is asked for.
        starts-with-ones: rng.normal(size=n) => np.ones(n)
            You begin with (1, 1, …). If the steepest axis lies at a right angle to it, it is never found; a random vector
            lies at a right angle to nothing.
        starts-along-one-weight: rng.normal(size=n) => np.eye(n)[0]
            You begin along one weight. If that is an axis of its own, you never leave it; a random vector has a part along
            every axis.
        sign-turned: return value => return -value
            Your sign is the wrong way round.
        largest-entry-of-the-product: return value => return np.max(hvp(v))
            You return the largest entry of Hv. The curvature is v·Hv over v·v.
        a-cosine: value = v @ Hv / (v @ v) => value = v @ Hv / np.linalg.norm(v) / np.linalg.norm(Hv)
            You divide by both lengths: what comes out is the cosine of the angle between `v` and Hv. Divide by v·v.
        squared: value = v @ Hv / (v @ v) => value = Hv @ Hv
            You multiply Hv by itself, which gives the square. Take v·Hv over v·v.
        size-of-the-table: return value => return np.linalg.norm([hvp(e) for e in np.eye(n)])
            You return the length of the whole table, to which all curvatures add. The largest one is asked for.
        drawn-anew: v = Hv / np.linalg.norm(Hv) => v = rng.normal(size=n)
            You draw a new vector in each round. The product must take its place: only so does it turn.
        largest-not-in-size: return value => return np.linalg.eigvalsh(np.array([hvp(e) for e in np.eye(n)]))[-1]
            You return the curvature that lies highest. The one of the largest size is asked for, and it may be negative.
        lowest: return value => return np.linalg.eigvalsh(np.array([hvp(e) for e in np.eye(n)]))[0]
            You return the lowest curvature. Eigenvalues come sorted, the lowest first.
        mean-of-all: return value => return np.mean([hvp(e) @ e for e in np.eye(n)])
            You return the mean of all curvatures.
        sum-of-all: return value => return np.sum([hvp(e) @ e for e in np.eye(n)])
            You return the sum of all curvatures.
        diagonal: return value => return max([hvp(e) @ e for e in np.eye(n)], key=abs)
            You look along the axes of the weights only. The steepest direction lies between them.
        """,
    ),
    hints=(
        "Draw `v` with `rng.normal(size=n)`. Then do again and again what `power_step` does once.",
        "In each round: `Hv = hvp(v)`, the curvature v·Hv / v·v, and `v = Hv / np.linalg.norm(Hv)`.",
        "Two hundred rounds are enough here. Return the curvature of the last one.",
    ),
)


# -- 13-edge -----------------------------------------------------------------------------------------------------


def edge_cases(rng: np.random.Generator) -> list[Case]:
    """All three methods, at several rates."""

    def rate():
        return float(rng.uniform(0.05, 0.9))

    def beta():
        return float(rng.uniform(0.3, 0.95))

    return [
        Case((rate(), 0.0, "plain"), label="plain gradient descent"),
        Case((rate(), beta(), "momentum"), label="momentum"),
        Case((rate(), beta(), "nesterov"), label="Nesterov's momentum"),
        Case((rate(), 0.9, "momentum"), label="momentum 0.9"),
        Case((rate(), 0.9, "nesterov"), label="Nesterov's momentum 0.9"),
        Case((rate(), 0.0, "momentum"), label="a momentum of zero"),
        Case((rate(), 0.0, "nesterov"), label="Nesterov's momentum of zero"),
        Case((2, 0, "plain"), label="whole numbers"),
    ]


EDGE = Exercise(
    id="13-edge",
    title="Where the edge is",
    statement=(
        "Return the curvature above which a method diverges on a parabola, for a learning `rate`, a momentum `beta` (0 for "
        'plain gradient descent) and a `kind`: "plain", "momentum" or "nesterov".'
    ),
    points=1,
    answers=("edge",),
    reference=edge,
    cases=edge_cases,
    misconceptions=mistakes(
        edge,
        """
        momentum-for-nesterov: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => (2 + 2 * beta) / rate
            You use momentum's limit for Nesterov's. His is lower: it is divided by 1 + 2β, too.
        nesterov-for-momentum: 2 * (1 + beta) / rate => 2 * (1 + beta) / (rate * (1 + 2 * beta))
            You use Nesterov's limit for momentum.
        kinds-swapped: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => (2 + 2 * beta) / rate
                  and: 2 * (1 + beta) / rate => 2 * (1 + beta) / (rate * (1 + 2 * beta))
            Momentum and Nesterov have changed places: Nesterov's limit is the lower one.
        momentum-forgotten: 2 * (1 + beta) / rate => 2 / rate
            Momentum changes the limit: it stands (1 + β) times steeper valleys than plain gradient descent.
        nesterov-forgotten: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => 2 / rate
            Your limit for Nesterov comes to 2/rate, that of plain gradient descent. His is (2 + 2β) over (1 + 2β) · rate.
        always-plain: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => 2 / rate
                 and: 2 * (1 + beta) / rate => 2 / rate
            `beta` has no part in your limit. With momentum it lies elsewhere.
        effective-rate: 2 * (1 + beta) / rate => 2 * (1 - beta) / rate
            You count with the effective rate, α/(1−β). That is how far a steady slope moves; at the edge the slope turns round
            at each step, and the velocity cancels itself.
        effective-rate-twice: 2 * (1 + beta) / rate => 2 * (1 - beta) / rate
                         and: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => 2 * (1 - beta) / ((1 + 2 * beta) * rate)
            Both of your limits fall with β. The numerator is 2 + 2β.
        multiplied: / ((1 + 2 * beta) * rate) => * (1 + 2 * beta) / rate
            For Nesterov you multiply by 1 + 2β. It is divided by it.
        bracket-lost: ((1 + 2 * beta) * rate) => (1 + 2 * beta) * rate
            Python takes `a / b * c` from left to right: put brackets around (1 + 2β) · rate.
        bracket-of-the-numerator: 2 * (1 + beta) / rate => 2 + 2 * beta / rate
            Python divides first: put brackets around 2 + 2β.
        over-one-minus-beta: 2 * (1 + beta) / rate => 2 * (1 + beta) / (rate * (1 - beta))
            You divide by 1 − β as well. That would be for a velocity with (1 − β) inside; here it is lesson 05's.
        rate-inside-the-bracket: ((1 + 2 * beta) * rate) => (1 + 2 * beta * rate)
            Your bracket holds the rate, too: for Nesterov it is (1 + 2β) · rate.
        bracket-of-nesterovs-numerator: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => 2 + 2 * beta / ((1 + 2 * beta) * rate)
            Python divides first: put brackets around 2 + 2β, for Nesterov, too.
        rate-multiplied: 2 / rate => 2 * rate
                    and: 2 * (1 + beta) / rate => 2 * (1 + beta) * rate
                    and: / ((1 + 2 * beta) * rate) => / (1 + 2 * beta) * rate
            You multiply by the rate. The larger the rate, the less curvature it stands: divide.
        one-plus-two-beta: 2 * (1 + beta) / rate => (1 + 2 * beta) / rate
            Your numerator is 1 + 2β, which belongs below, for Nesterov. Momentum's is 2 + 2β.
        two-plus-beta: 2 * (1 + beta) / rate => (2 + beta) / rate
            Your numerator is 2 + β. It is 2 + 2β.
        two-plus-beta-below: ((1 + 2 * beta) * rate) => ((2 + beta) * rate)
            You divide by 2 + β. For Nesterov it is 1 + 2β.
        plain-multiplied: 2 / rate => 2 * rate
            For plain gradient descent you multiply by the rate. The larger the rate, the less curvature it stands: divide.
        momentum-multiplied: 2 * (1 + beta) / rate => 2 * (1 + beta) * rate
            For momentum you multiply by the rate. The larger the rate, the less curvature it stands: divide.
        divides-by-one-plus-beta: 2 * (1 + beta) / rate => 2 / (rate * (1 + beta))
            You divide by 1 + β. Momentum stands more curvature: multiply.
        one-for-two: 2 / rate => 1 / rate
            1/rate is the curvature at which one step ends the slope. Divergence begins at twice that.
        upside-down: 2 / rate => rate / 2
                and: 2 * (1 + beta) / rate => rate / (2 * (1 + beta))
                and: 2 * (1 + beta) / ((1 + 2 * beta) * rate) => (1 + 2 * beta) * rate / (2 * (1 + beta))
            Your limit is upside down: a larger rate stands less curvature.
        """,
    ),
    hints=(
        "For plain gradient descent lesson 03 has it: it diverges above a rate of 2/λ. Solve for λ.",
        "The table above has the other two, from lesson 05, with ρ as β and the curvature in place of the rate.",
        "Momentum: (2 + 2β) / rate. Nesterov: the same, divided by 1 + 2β. Mind the brackets.",
    ),
)

EXERCISES = (POWER_STEP, SHARPNESS, EDGE)


# -- predictions -------------------------------------------------------------------------------------------------

PLAIN = (0, edge_runs.RATES.index(edge_runs.RATE))  # gradient descent at rate 0.2, of the runs that are kept


def sharpness_at_the_end() -> float:
    """After 2,000 steps at rate 0.2: the median of ten seeds."""
    return float(np.median(edge_runs.stored()["full_sharpness"][PLAIN][:, -1]))


def which_share_rises() -> int:
    """The choice of 13-every-step: the share of steps that raise the loss, the median of ten seeds."""
    kept = edge_runs.stored()
    share = np.median(kept["full_rises"][PLAIN].astype(int).sum(axis=-1)) / edge_runs.NUM_STEPS
    falls = (kept["full_loss"][PLAIN][:, -1] < kept["full_loss"][PLAIN][:, 0]).all()
    return int(np.abs(np.array([0.0, 0.02, 0.35]) - share).argmin()) if falls else 3


def which_way_after_halving() -> int:
    """The choice of 13-halved: the sharpness at the end over that at the change, the median of ten seeds."""
    change = edge_runs.stored()["change_sharpness"][edge_runs.FACTORS.index(0.5)]
    ratio = np.median(change[:, -1] / change[:, edge_runs.CHANGE_AT // edge_runs.EVERY])
    return int(np.abs(np.log(ratio / np.array([0.5, 1.0, 1.15, 2.0]))).argmin())


def which_side_with_minibatches() -> int:
    """The choice of 13-minibatches: the late sharpness with 32 digits over 2/rate, the median of ten seeds."""
    table = edge_runs.stored()["batch_sharpness"][edge_runs.BATCH_SIZES.index(32)]
    ratio = np.median(table[:, table.shape[-1] // 2 + 1 :].mean(axis=-1)) * edge_runs.RATE / 2
    return int(np.abs(np.log(ratio / np.array([1.2, 1.0, 0.88]))).argmin())


PREDICTIONS = (
    Prediction(
        id="13-sharpness",
        question=(
            "A small network learns 500 digits by gradient descent at rate 0.2, all digits at each step. At the start its "
            "largest curvature is between 7 and 10. What is it after 2,000 steps?"
        ),
        kind="number",
        answer=sharpness_at_the_end,
        tolerance=0.1,
        reveal="About {answer}, the median of ten seeds. And 2/rate is 10. That is no accident, as you will see.",
        watch=Watch("EdgeExplorer", {"learning_rate": 0.1}, {"learning_rate": 0.2}),
    ),
    Prediction(
        id="13-every-step",
        question="The same run: how many of its 2,000 steps raise the loss?",
        kind="choice",
        choices=(
            "None: gradient descent goes down",
            "A few, at the beginning",
            "About a third, and yet it ends far lower",
            "Most of them, and it ends higher",
        ),
        answer=which_share_rises,
        reveal="About a third: 600 to 850 of 2,000, for each of ten seeds. And the loss ends below a sixth of its start.",
        watch=Watch("EdgeExplorer", {"learning_rate": 0.1}, {"learning_rate": 0.2}),
    ),
    Prediction(
        id="13-halved",
        question="After 1,000 steps the sharpness is near 10. Now the rate is halved. Where is the sharpness 1,000 steps later?",
        kind="choice",
        choices=(
            "Half as large",
            "Still near 10",
            "Somewhat larger",
            "Twice as large, at the new limit of 20",
        ),
        answer=which_way_after_halving,
        reveal=(
            "Somewhat larger: 11 to 13. Nothing holds it down any longer, so it grows on. It is slow, since the steps are "
            "shorter; the new limit of 20 is not reached in this time."
        ),
        watch=Watch("ChangeExplorer", {"factor": 1.0}, {"factor": 0.5}),
    ),
    Prediction(
        id="13-minibatches",
        question="The same network at rate 0.2, with minibatches of 32. Where does the sharpness stay?",
        kind="choice",
        choices=("Above 10", "At 10", "Below 10"),
        answer=which_side_with_minibatches,
        reveal=(
            "Below: at about nine tenths of it. A likely reason: noise makes the swing wider, and a swing pushes the walker to "
            "flatter places."
        ),
        watch=Watch("BatchExplorer", {"batch_size": 500}, {"batch_size": 32}),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="13",
    questions=(
        Question(
            "Gradient descent at rate 0.1 trains a network for long, and its sharpness still grows. Where do you expect it to "
            "stop?",
            (
                "Near 10.",
                "Near 20.",
                "Near 5.",
                "Nowhere: it grows without a limit.",
            ),
            1,
            (
                "10 is 1/rate: there one step ends the slope. The edge is twice as high.",
                "Yes: the edge is at 2/rate.",
                "The smaller the rate, the higher the edge.",
                "Above 2/rate the walker swings out along the steepest axis, and that brings it to flatter places.",
            ),
        ),
        Question(
            "The sharpness is above 2/rate. Why does the run not fly apart, as on a parabola?",
            (
                "Because where the walker swings wide, the sharpness falls.",
                "Because the computer rounds the steps, which damps them.",
                "Because networks have so many weights that what one of them does along one axis matters little.",
                "Because gradient descent makes its own steps shorter.",
            ),
            0,
            (
                "Yes. A parabola has one curvature everywhere; a network's changes with the place.",
                "Rounding is fifteen digits away.",
                "It swings along one axis, in which all weights have a part, and on a parabola this would end the run.",
                "The rate is constant; a step is the gradient times it.",
            ),
        ),
        Question(
            "One step of a run has raised the loss. What follows?",
            (
                "The gradient is wrong.",
                "The rate is too large for this network, and the run is lost unless it is halved at once.",
                "Nothing yet: at the edge about a third of the steps did.",
                "A minimum has been passed.",
            ),
            2,
            (
                "The gradient may be right; check it as in lesson 02.",
                "Lost is a run that does not come back. At the edge the loss falls over many steps, not at each.",
                "Yes: 600 to 850 of 2,000 steps, and the loss ended below a sixth of its start.",
                "It has passed a valley's floor, along one axis. It does so at nearly every step.",
            ),
        ),
        Question(
            "How can the largest of 1,210 curvatures be found without a table of 1,210²?",
            (
                "By the largest entry of the gradient.",
                "By measuring the curvature along each of the weights in turn, and taking the largest one.",
                "By products H v: the steepest axis grows fastest.",
                "It cannot.",
            ),
            2,
            (
                "The gradient is the slope; it says nothing about the bend.",
                "The steepest direction lies between the axes of the weights.",
                "Yes: that is power iteration, and a product costs no more than a few gradients.",
                "A few gradients' work gives H v, and some hundred of these give the largest curvature.",
            ),
        ),
        Question(
            "What does warm-up do for a start that is too sharp?",
            (
                "It makes the digits easier at first.",
                "The edge comes down slowly, and the swings there take the sharpness down with it.",
                "It averages the gradients of many steps, so that the first ones have less noise and point the right way.",
                "Nothing: it only saves time.",
            ),
            1,
            (
                "The digits are the same.",
                "Yes: with 100 steps of warm-up to rate 0.3 the sharpness went from 18 to 27 down to 6 to 9, near 2/rate.",
                "That is momentum; here all digits are used at each step, and there is no noise.",
                "It costs time; without it, no run at rate 0.3 survived here.",
            ),
        ),
    ),
)
