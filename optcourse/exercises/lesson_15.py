"""Exercises of lesson 15: after Adam, one idea and another norm."""

from __future__ import annotations

import numpy as np

from optcourse import norm_runs, race
from optcourse.after_adam import matrices_of, matrix_at
from optcourse.exercises.answers.lesson_15 import lion, muon, newton_schulz, schedule_free, steepest
from optcourse.exercises.families import LOOP, VELOCITY
from optcourse.exercises.ingredients import ModelGradient, QuadraticGradient, SequenceGradient, random_bowl
from optcourse.exercises.lesson_03 import random_hessian
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz, Watch

# -- 15-steepest -------------------------------------------------------------------------------------------------


def steepest_cases(rng: np.random.Generator) -> list[Case]:
    """Wide, tall and square matrices in each norm, steep and gentle ones, one entry, whole numbers, an entry of 0."""

    def case(G, norm, label):
        return Case((G, norm), label=label)

    with_zero = rng.normal(size=(3, 3)) + 3 * np.eye(3)
    with_zero[0, 2] = 0.0
    whole = np.array([[2, -1, int(rng.integers(3, 9))], [0, int(rng.integers(3, 9)), 4]])
    cases = [
        case(rng.normal(size=shape), norm, label)
        for norm in ("frobenius", "entry", "spectral")
        for shape, label in (((2, 4), "a wide matrix"), ((5, 3), "a tall matrix"))
    ]
    return [
        *cases,
        case(rng.normal(size=(4, 4)), "spectral", "a square matrix"),
        case(rng.normal(size=(3, 4)) * 200, "spectral", "a steep gradient"),
        case(rng.normal(size=(3, 4)) * 200, "frobenius", "a steep gradient"),
        case(rng.normal(size=(3, 4)) * 1e-3, "entry", "a gentle gradient"),
        case(with_zero, "entry", "an entry of zero"),
        case(np.array([[-rng.uniform(2, 4)]]), "spectral", "one entry"),
        case(whole, "spectral", "whole numbers"),
        case(whole, "frobenius", "whole numbers"),
    ]


STEEPEST = Exercise(
    id="15-steepest",
    title="The steepest step of length 1",
    statement=(
        'Return the matrix D of length 1 for which the sum of `G * D` is largest. `norm` says what length is: "frobenius" the '
        'root of the sum of squares, "entry" the largest |entry|, "spectral" the largest singular value. (All singular values '
        "of `G` are above 0; an entry of 0 stays 0.)"
    ),
    points=2,
    answers=("steepest",),
    reference=steepest,
    cases=steepest_cases,
    misconceptions=mistakes(
        steepest,
        """
        keeps-the-singular-values: U @ Vt => U @ np.diag(S) @ Vt
            You put the singular values back in, so your D is G again. Leave them out: each becomes 1.
        over-the-largest-singular-value: U @ Vt => G / S[0]
            Your D is G, made so short that its largest singular value is 1. The others may be 1, too, and every bit of them
            adds to the fall.
        only-the-first-direction: U @ Vt => np.outer(U[:, 0], Vt[0])
            You keep the strongest direction alone. In this norm all others may have length 1 as well, at no cost.
        left-vectors-alone: U @ Vt => U
            You return U. D takes each right vector (a row of Vᵀ) to its left vector: both have a part in it.
        right-vectors-alone: U @ Vt => Vt
            You return Vᵀ. D takes each right vector to its left vector: U has a part in it.
        other-way-round: U @ Vt => Vt.T @ U.T
            Your D is transposed: it must have the shape of G.
        square-of-the-length: G / np.linalg.norm(G) => G / np.sum(G * G)
            You divide by the sum of squares. The length is its root.
        frobenius-untouched: G / np.linalg.norm(G) => G
            You return G itself for "frobenius": it has not the length 1.
        spectral-for-frobenius: np.linalg.norm(G) => np.linalg.norm(G, 2)
            You divide by the largest singular value. "frobenius" is the root of the sum of all squares.
        row-by-row: np.linalg.norm(G) => np.linalg.norm(G, axis=1, keepdims=True)
            You give each row the length 1. It is the whole matrix that has the length 1.
        column-by-column: np.linalg.norm(G) => np.linalg.norm(G, axis=0)
            You give each column the length 1. It is the whole matrix that has the length 1.
        sum-of-sizes: np.linalg.norm(G) => np.abs(G).sum()
            You divide by the sum of the |entries|. "frobenius" is the root of the sum of squares.
        over-the-largest-entry: np.sign(G) => G / np.abs(G).max()
            Your D is G, made so small that its largest entry is 1. All others may be 1 or -1 too, and add to the fall.
        only-the-largest-entry: np.sign(G) => np.sign(G) * (np.abs(G) == np.abs(G).max())
            You keep the largest entry alone. In this norm all entries may be 1 or -1.
        sign-over-the-length: np.sign(G) => np.sign(G) / np.sqrt(G.size)
            You made the signs shorter. In this norm the length is the largest entry, and that is 1 already.
        all-ones: np.sign(G) => np.ones_like(G)
            All your entries are 1. Where G is negative, 1 makes the sum smaller: take its sign.
        downhill (same as downhill-spectral, downhill-frobenius, downhill-entry): np.sign(G) => -np.sign(G)
               and: G / np.linalg.norm(G) => -G / np.linalg.norm(G)
               and: U @ Vt => -U @ Vt
            Your D makes the sum as *small* as it can be. D goes with the gradient here; the minus comes in the update.
        downhill-spectral (same as downhill): U @ Vt => -U @ Vt
            Your D for "spectral" makes the sum as *small* as it can be: leave the minus to the update.
        downhill-frobenius (same as downhill): G / np.linalg.norm(G) => -G / np.linalg.norm(G)
            Your D for "frobenius" makes the sum as *small* as it can be: leave the minus to the update.
        downhill-entry (same as downhill): np.sign(G) => -np.sign(G)
            Your D for "entry" makes the sum as *small* as it can be: leave the minus to the update.
        names-swapped: "frobenius" => "entry"
                  and: "entry" => "frobenius"
            "frobenius" gives signs in your code. Its length is the root of the sum of squares.
        always-frobenius: np.sign(G) => G / np.linalg.norm(G)
                     and: U @ Vt => G / np.linalg.norm(G)
            Your D is G over its length, whatever the norm. Another norm has another steepest step.
        entry-by-length: np.sign(G) => G / np.linalg.norm(G)
            For "entry" you return G over the root of its sum of squares. Where only the largest entry counts, none need be
            smaller than 1.
        spectral-by-length: U @ Vt => G / np.linalg.norm(G)
            For "spectral" you return G over the root of its sum of squares. Where only the largest singular value counts, none
            need be smaller than 1.
        orthogonal-over-its-length: U @ Vt => U @ Vt / np.linalg.norm(U @ Vt)
            You made U Vᵀ shorter. In this norm the length is the largest singular value, and that is 1 already.
        sizes-for-signs: np.sign(G) => np.abs(G)
            You return sizes. In this norm each entry may be 1 or -1: take the sign.
        zero-has-a-sign: np.sign(G) => np.where(G >= 0, 1.0, -1.0)
            An entry of 0 becomes 1 in your D. It adds nothing to the sum, and stays 0.
        entry-by-sum: np.sign(G) => G / np.abs(G).sum()
            For "entry" you divide by the sum of the |entries|. Length is the largest |entry|: all others may be 1 or -1 too.
        singular-values-alone: U @ Vt => S
            You return the singular values. D is a matrix: it has the directions U and Vᵀ, and 1 for each singular value.
        mean-for-sum: np.linalg.norm(G) => np.sqrt(np.mean(G * G))
            You take the root of the *mean* of squares. "frobenius" is the root of their sum.
        """,
    ),
    hints=(
        'For "frobenius": of all arrows of length 1, the one along G gains most. For "entry": each entry of D is on its own, '
        "between -1 and 1.",
        'For "spectral": with G = U S Vᵀ, the sum of G * D is the sum of S times what D does from each right vector to its left '
        "one, and that is at most 1.",
        "`U, S, Vt = np.linalg.svd(G, full_matrices=False)`. Put 1 in the place of every singular value: `U @ Vt`.",
    ),
)


# -- 15-newton-schulz --------------------------------------------------------------------------------------------


def schulz_cases(rng: np.random.Generator) -> list[Case]:
    """No step, one step, five; wide, tall, rank one, zeros, steep and gentle, one entry, whole numbers."""

    def case(G, num_steps, label):
        return Case((G, num_steps), label=label)

    stretched = bent_singular(rng, 6, 4, np.geomspace(1.0, 0.003, 4)) * rng.uniform(3, 5)
    return [
        case(rng.normal(size=(3, 5)), 0, "no step, only the length"),
        case(rng.normal(size=(3, 5)), 1, "one step alone"),
        case(rng.normal(size=(3, 5)), 2, "two steps"),
        case(rng.normal(size=(4, 7)), 5, "a wide matrix"),
        case(rng.normal(size=(8, 3)), 5, "a tall matrix"),
        case(rng.normal(size=(5, 5)), 5, "a square matrix"),
        case(stretched, 5, "singular values of very different sizes"),
        case(np.outer(rng.normal(size=4), rng.normal(size=6)), 5, "a matrix of rank one"),
        case(rng.normal(size=(3, 4)) * 1e4, 5, "a steep gradient"),
        case(np.zeros((3, 4)), 5, "a gradient of zero"),
        case(np.array([[rng.uniform(2, 4)]]), 3, "one entry"),
        case(rng.integers(-4, 5, size=(3, 4)) * 2 + 1, 5, "whole numbers"),
    ]


def bent_singular(rng: np.random.Generator, rows: int, columns: int, values) -> np.ndarray:
    """A tall matrix with these singular values, in random bases."""
    left = np.linalg.qr(rng.normal(size=(rows, columns)))[0]
    right = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    return left @ np.diag(values) @ right


NEWTON_SCHULZ = Exercise(
    id="15-newton-schulz",
    title="U Vᵀ by products alone",
    statement=(
        "Divide `G` by the root of its sum of squares. Then, `num_steps` times: X becomes 3.4445 X − 4.7750 X Xᵀ X + "
        "2.0315 (X Xᵀ)² X. Return X. A `G` of zeros stays zeros."
    ),
    points=2,
    answers=("newton_schulz",),
    reference=newton_schulz,
    cases=schulz_cases,
    # the eps of Jordan's own code is welcome
    rtol=1e-5,
    misconceptions=mistakes(
        newton_schulz,
        """
        never-divided: G / length => G
            You begin with G as it is. Where a singular value is above about 1.3 the powers grow without end: divide by the
            length first.
        divided-in-each-step: A = X @ X.T => X = X / np.linalg.norm(X); A = X @ X.T
            You divide by the length in each step. Once, at the start, is enough; after that the values shall grow.
        largest-singular-value: np.linalg.norm(G) => np.linalg.norm(G, 2)
            You divide by the largest singular value. That would be a better start, but it costs what we want to save: take the
            root of the sum of squares.
        largest-entry: np.linalg.norm(G) => np.abs(G).max()
            You divide by the largest entry. A singular value may be larger than that: take the root of the sum of squares.
        square-of-the-length: np.linalg.norm(G) => np.sum(G * G)
            You divide by the sum of squares. The length is its root.
        no-zeros: if length == 0: => if length < 0:
            You divide zeros by a length of 0. A gradient of zeros stays zeros.
        entry-by-entry: A = X @ X.T => A = X * X
                   and: 4.7750 * A @ X => 4.7750 * A * X
                   and: A @ A @ X => A * A * X
            You multiply entry by entry. The powers belong to the singular values, so they are matrix products.
        fifth-power-lost: + 2.0315 * A @ A @ X =>
            The last term is missing: 2.0315 (X Xᵀ)² X.
        cube-twice: 2.0315 * A @ A @ X => 2.0315 * A @ X
            Your last term has X Xᵀ once. It stands there twice.
        not-times-x: 2.0315 * A @ A @ X => 2.0315 * A @ X @ X.T @ A @ X
            Your last term has X Xᵀ three times. It stands there twice.
        plus-for-minus: - 4.7750 => + 4.7750
            The middle term is subtracted.
        minus-for-plus: + 2.0315 => - 2.0315
            The last term is added.
        rounded: 3.4445 => 3.4
            and: 4.7750 => 4.8
            and: 2.0315 => 2.0
            You rounded the three numbers. They were chosen together: take all digits.
        another-polynomial: 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X => 1.5 * X - 0.5 * A @ X
            This is the older iteration, 1.5 X − 0.5 X XᵀX. It goes to 1 exactly, but it is slow.
        middle-and-last-swapped: 4.7750 => 2.0315
                            and: + 2.0315 => + 4.7750
            The last two numbers have changed places.
        old-product: A = X @ X.T => A = A0
                and: X = G / length => X = G / length; A0 = X @ X.T
            Your X Xᵀ is that of the start in every step: make it anew from the X of now.
        one-step-too-few: range(num_steps) => range(num_steps - 1)
            Your loop takes one step too few: count how often `range(…)` runs.
        one-step-too-many: range(num_steps) => range(num_steps + 1)
            Your loop takes one step too many: count how often `range(…)` runs.
        always-five: range(num_steps) => range(5)
            You always take five steps: use `num_steps`.
        first-step-only: A @ A @ X => A @ A @ X; return X
            Your function is back after its first step: is the `return` indented into the loop?
        exact: return X => U, S, Vt = np.linalg.svd(G, full_matrices=False); return U @ Vt
            You return U Vᵀ itself. What is asked for is the shortcut, which is only near it.
        times-the-length: return X => return X * length
            You multiply by the length at the end. The size of G is what the step shall not have.
        transposed: return X => return X.T
            You return X transposed: it must have the shape of G.
        length-at-the-end: return X => return X / np.linalg.norm(X) if length else X
            You divide by the length at the end once more. Then the singular values are not near 1 any more.
        product-of-G: A = X @ X.T => A = G @ G.T
            Your X Xᵀ is made of `G`, which was not divided by its length. Make it from the X of now.
        """,
    ),
    hints=(
        "The length is there, and what happens to zeros. Go on with `X = G / length`.",
        "In each step make `A = X @ X.T` once. Then X XᵀX is `A @ X`, and (X Xᵀ)² X is `A @ A @ X`.",
        "`X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X`, `num_steps` times; return `X` behind the loop.",
    ),
)


# -- 15-muon -----------------------------------------------------------------------------------------------------


def matrix_bowl(rng: np.random.Generator, rows: int, columns: int) -> QuadraticGradient:
    """W -> C (W - W*), for a matrix W."""
    return QuadraticGradient(random_hessian(rng, rows), rng.normal(size=(rows, columns)))


def muon_cases(rng: np.random.Generator) -> list[Case]:
    """Wide, tall and square matrices, one step, none, a flat gradient, whole numbers."""

    def case(rows, columns, num_steps, label, rho=None):
        rho = round(rng.uniform(0.7, 0.95), 3) if rho is None else rho
        rate = round(rng.uniform(0.02, 0.2), 3)
        return Case(
            (matrix_bowl(rng, rows, columns), rng.normal(size=(rows, columns)), rate, num_steps, rho),
            label=label,
        )

    slopes = rng.normal(size=(5, 3, 4))
    slopes[:3] = 0.0
    whole = rng.integers(-5, 6, size=(3, 2)) * 2 + 1
    return [
        case(3, 5, 6, "a wide matrix"),
        case(6, 2, 6, "a tall matrix"),
        case(4, 4, 5, "a square matrix"),
        case(5, 3, 1, "one step"),
        case(3, 4, 0, "no step at all"),
        case(8, 3, 12, "twelve steps"),
        case(4, 3, 6, "no memory", rho=0.0),
        case(1, 1, 5, "one entry"),
        Case(
            (SequenceGradient(slopes), rng.normal(size=(3, 4)), 0.1, 5, 0.9),
            label="a gradient of zero at first",
        ),
        Case((matrix_bowl(rng, 3, 2), whole, 0.1, 6, 0.9), label="a start of whole numbers"),
    ]


MUON = Exercise(
    id="15-muon",
    title="Muon",
    statement=(
        "Write Muon for one matrix `w`. In each of `num_steps` rounds: the gradient; `velocity` is rho times itself plus the "
        "gradient; then the step, `newton_schulz(dw + rho * velocity, 5)`, times the learning rate and times √max(1, rows / "
        "columns). Use your `newton_schulz`."
    ),
    points=3,
    answers=("muon",),
    reference=muon,
    cases=muon_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    rtol=1e-6,
    misconceptions=mistakes(
        muon,
        LOOP,
        VELOCITY,
        """
        no-scaling: longer * newton_schulz => newton_schulz
            The factor √max(1, rows / columns) is missing: with it a tall matrix takes longer steps.
        scaled-upside-down: w.shape[0] / w.shape[1] => w.shape[1] / w.shape[0]
            Your factor makes steps of wide matrices longer. It is rows over columns.
        root-of-the-scaling: np.sqrt(max(1, w.shape[0] / w.shape[1])) => max(1, w.shape[0] / w.shape[1])
            The root is missing in your factor.
        never-shorter: max(1, w.shape[0] / w.shape[1]) => w.shape[0] / w.shape[1]
            Your factor makes the steps of wide matrices shorter. It is 1 at least.
        square-root-of-the-longer-side: max(1, w.shape[0] / w.shape[1]) => max(w.shape)
            Your factor is the root of the longer side: that is another convention. Here it is √max(1, rows / columns).
        no-look-ahead: dw + rho * velocity, 5 => velocity, 5
            You make the velocity itself orthogonal. Nesterov's look-ahead is asked for: the gradient plus rho times the velocity.
        looks-ahead-without-rho: dw + rho * velocity, 5 => dw + velocity, 5
            In your look-ahead the velocity counts whole: it counts rho times.
        plain-momentum: longer * newton_schulz(dw + rho * velocity, 5) => longer * (dw + rho * velocity)
            Your step is never made orthogonal: this is Nesterov's momentum.
        only-the-length: newton_schulz(dw + rho * velocity, 5) => (lambda X: X / np.linalg.norm(X))(dw + rho * velocity)
            You give the step the length 1, and that is all. Its singular values keep their shares.
        signs: longer * newton_schulz(dw + rho * velocity, 5) => longer * np.sign(dw + rho * velocity)
            You take signs. That is the steepest step of another norm.
        orthogonal-too-early: dw = … => dw = newton_schulz(…, 5)
                         and: newton_schulz(dw + rho * velocity, 5) => (dw + rho * velocity)
            You make each gradient orthogonal and then gather. Gather first: the mean of orthogonal matrices is none.
        velocity-is-orthogonal: velocity = rho * velocity + dw => velocity = newton_schulz(rho * velocity + dw, 5)
            Your velocity itself is made orthogonal, and remembers that. It gathers gradients as they are.
        velocity-reset: velocity = rho * velocity + dw => velocity = dw
            Your step is made of the newest gradient alone: the velocity must keep rho of what it was, from round to round.
        exact: longer = … => longer = …; U, S, Vt = np.linalg.svd(dw + rho * velocity, full_matrices=False)
          and: newton_schulz(dw + rho * velocity, 5) => U @ Vt
            You take U Vᵀ itself. Muon takes what five steps of `newton_schulz` give.
        another-number-of-steps: rho * velocity, 5 => rho * velocity, 10
            Your `newton_schulz` takes another number of steps: five are asked for.
        steps-of-the-run: rho * velocity, 5 => rho * velocity, num_steps
            You hand `num_steps` on to `newton_schulz`. That is the length of the run; `newton_schulz` takes 5.
        look-ahead-turned-round: dw + rho * velocity, 5 => velocity + rho * dw, 5
            In your look-ahead rho stands with the gradient. It stands with the velocity.
        divided-by-the-factor: learning_rate * longer => learning_rate / longer
            You divide by √max(1, rows / columns). A tall matrix takes longer steps: multiply.
        gathers-orthogonal: velocity = rho * velocity + dw => velocity = rho * velocity + newton_schulz(dw, 5)
            Your velocity gathers what `newton_schulz` made of each gradient. It gathers the gradients as they are.
        """,
    ),
    hints=(
        "Two lines before the loop, besides the copy of `w`: a velocity of zeros, and the factor, which stays the same.",
        "In each round: the gradient, `velocity = rho * velocity + dw`, and then the look-ahead `dw + rho * velocity`. It goes "
        "through `newton_schulz`.",
        "`longer = np.sqrt(max(1, w.shape[0] / w.shape[1]))`; the update: `w -= learning_rate * longer * newton_schulz(…, 5)`.",
    ),
)


# -- 15-lion -----------------------------------------------------------------------------------------------------


def lion_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, long runs, slopes that change their sign, flat entries, whole numbers."""

    def betas():
        return round(rng.uniform(0.6, 0.9), 3), round(rng.uniform(0.93, 0.98), 3)

    def case(n, rate, num_steps, label):
        return Case((random_bowl(rng, n), rng.normal(size=n), rate, num_steps, *betas()), label=label)

    slopes = rng.normal(size=(40, 5)) + 0.3
    slopes[:, 1] = 0.0
    whole = rng.integers(-5, 6, size=4) * 2 + 1
    first = int(rng.integers(0, 1500))
    return [
        case(2, 0.1, 12, "2 entries"),
        case(6, 0.2, 25, "6 entries"),
        case(20, 0.1, 40, "20 entries"),
        Case(
            (SequenceGradient(rng.normal(size=(40, 30))), rng.normal(size=30), 0.1, 40, *betas()),
            label="slopes that change their sign",
        ),
        Case(
            (SequenceGradient(slopes), rng.normal(size=5), 0.3, 40, *betas()),
            label="an entry whose gradient is zero",
        ),
        Case(
            (SequenceGradient(rng.normal(size=(30, 30))), rng.normal(size=30), 0.1, 30, 0.98, 0.6),
            label="a short memory",
        ),
        Case((random_bowl(rng, 4), whole, 0.15, 20, *betas()), label="a start of whole numbers"),
        Case(
            (
                ModelGradient("SoftmaxRegression", (first, first + 60)),
                0.1 * rng.normal(size=650),
                0.01,
                5,
                0.9,
                0.99,
            ),
            label="sixty digits",
        ),
        case(1, 0.2, 8, "one entry"),
        case(3, 0.1, 1, "one step"),
        case(3, 0.1, 0, "no step at all"),
    ]


LION = Exercise(
    id="15-lion",
    title="Lion",
    statement=(
        "Write Lion. `moment1` begins at zeros. In each of `num_steps` rounds: the gradient; then `w` moves by the learning rate "
        "against the sign of `beta1 * moment1 + (1 - beta1) * dw`; then `moment1` becomes `beta2 * moment1 + (1 - beta2) * dw`."
    ),
    points=2,
    answers=("lion",),
    reference=lion,
    cases=lion_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        lion,
        LOOP,
        """
        betas-swapped: beta1 * moment1 + (1 - beta1) * dw => beta2 * moment1 + (1 - beta2) * dw
                  and: beta2 * moment1 + (1 - beta2) * dw => beta1 * moment1 + (1 - beta1) * dw
            The two betas have changed places: `beta1` belongs to the step, `beta2` to the memory.
        memory-before-step: dw = … => dw = …; moment1 = beta2 * moment1 + (1 - beta2) * dw
                       and: moment1 = beta2 * moment1 + (1 - beta2) * dw => pass
            You remember first and move afterwards, so the new gradient counts twice. `w` moves first.
        one-memory: np.sign(beta1 * moment1 + (1 - beta1) * dw) => np.sign(beta2 * moment1 + (1 - beta2) * dw)
            Your step is the sign of what you remember next: `beta1` has no part in it. In the step the new gradient counts
            (1 − beta1).
        beta1-for-both: moment1 = beta2 * moment1 + (1 - beta2) * dw => moment1 = beta1 * moment1 + (1 - beta1) * dw
            Your memory forgets with `beta1`. That belongs to the step; the memory has `beta2`.
        keeps-the-blend: dw = … => dw = …; moment1 = beta1 * moment1 + (1 - beta1) * dw
                    and: np.sign(beta1 * moment1 + (1 - beta1) * dw) => np.sign(moment1)
            You go on with the blend of the step. The memory is made of the old memory.
        sign-missing: np.sign(beta1 * moment1 + (1 - beta1) * dw) => (beta1 * moment1 + (1 - beta1) * dw)
            The sign is missing: this is a kind of momentum. In Lion every entry moves by the learning rate.
        signs-are-remembered: (1 - beta2) * dw => (1 - beta2) * np.sign(dw)
            You remember signs. The memory is a mean of the gradients themselves; the sign comes last.
        sign-of-the-gradient-first: beta1 * moment1 + (1 - beta1) * dw => beta1 * np.sign(moment1) + (1 - beta1) * np.sign(dw)
            You take signs before you blend. Blend first; the sign comes last.
        sign-descent: np.sign(beta1 * moment1 + (1 - beta1) * dw) => np.sign(dw)
            You step by the sign of the gradient: the memory has no part in it.
        sign-of-the-memory: np.sign(beta1 * moment1 + (1 - beta1) * dw) => np.sign(moment1)
            You step by the sign of the memory alone: the new gradient has a part in it, (1 − beta1) of it.
        weights-of-the-step-swapped: beta1 * moment1 + (1 - beta1) * dw => (1 - beta1) * moment1 + beta1 * dw
            In the step `beta1` and `1 - beta1` have changed places: the memory counts `beta1`.
        weights-of-the-memory-swapped: beta2 * moment1 + (1 - beta2) * dw => (1 - beta2) * moment1 + beta2 * dw
            In the memory `beta2` and `1 - beta2` have changed places: it keeps `beta2` of itself.
        gradient-whole-in-the-step: (1 - beta1) * dw => dw
            In your step the gradient counts whole: it counts (1 − beta1).
        gradient-whole-in-the-memory: (1 - beta2) * dw => dw
            Your memory takes the whole gradient: it takes (1 − beta2) of it.
        memory-reset: moment1 = beta2 * moment1 + (1 - beta2) * dw => moment1 = dw
            You remember the last gradient only. The memory keeps `beta2` of itself.
        never-remembers (same as sign-descent): moment1 = beta2 * moment1 + (1 - beta2) * dw => pass
            Your memory stays at zeros.
        memory-starts-with-ones: np.zeros_like(w) => np.ones_like(w)
            Your memory begins with ones: it begins with zeros.
        corrected: moment1 = beta2 * moment1 + (1 - beta2) * dw => moment1 = beta2 * moment1 + (1 - beta2) * dw; t = t + 1
              and: np.zeros_like(w) => np.zeros_like(w); t = 1
              and: beta1 * moment1 + (1 - beta1) * dw => beta1 * moment1 / (1 - beta2**t) + (1 - beta1) * dw
            You correct the memory as Adam does. Lion does not.
        length-for-sign: np.sign( => (lambda m: m / np.linalg.norm(m))(
            You divide by the length of the whole. Take the sign, entry by entry.
        returns-the-memory: return w => return moment1
            You return the memory; the caller wants the parameters `w`.
        memory-of-two-betas: moment1 = beta2 * moment1 + (1 - beta2) * dw => moment1 = beta1 * moment1 + (1 - beta2) * dw
            Your memory keeps `beta1` of itself and takes (1 − beta2) of the gradient. Both have `beta2`.
        squares-are-remembered: (1 - beta2) * dw => (1 - beta2) * dw * dw
            You remember squares, as Adam's second memory does. Lion has one memory, of the gradients.
        memory-never-fades: moment1 = beta2 * moment1 + (1 - beta2) * dw => moment1 = moment1 + (1 - beta2) * dw
            Your memory forgets nothing: it keeps `beta2` of itself.
        """,
    ),
    hints=(
        "One memory, zeros like `w`. It is used in the step with `beta1`, and brought up to date behind it with `beta2`.",
        "The step: `w -= learning_rate * np.sign(…)`. Inside stands a blend of the memory and the gradient.",
        "Last in the round: `moment1 = beta2 * moment1 + (1 - beta2) * dw`. It must come after the step.",
    ),
)


# -- 15-schedule-free --------------------------------------------------------------------------------------------


def schedule_free_cases(rng: np.random.Generator) -> list[Case]:
    """Bowls, one step, two, none, sixty, noisy slopes, whole numbers."""

    def case(n, num_steps, label, beta=None):
        beta = round(rng.uniform(0.6, 0.95), 3) if beta is None else beta
        rate = round(rng.uniform(0.1, 0.4), 3)
        return Case((random_bowl(rng, n), rng.normal(size=n), rate, num_steps, beta), label=label)

    whole = rng.integers(-5, 6, size=3) * 2 + 1
    return [
        case(2, 7, "2 entries"),
        case(5, 12, "5 entries"),
        case(3, 1, "one step"),
        case(3, 2, "two steps"),
        case(3, 0, "no step at all"),
        case(2, 60, "sixty steps"),
        case(3, 8, "beta zero", beta=0.0),
        Case(
            (SequenceGradient(rng.normal(size=(9, 3))), rng.normal(size=3), 0.3, 9, 0.9), label="noisy slopes"
        ),
        Case((random_bowl(rng, 3), whole, 0.2, 6, 0.9), label="a start of whole numbers"),
        Case((random_bowl(rng, 1), 1 + rng.random(1), 0.2, 5, 0.8), label="one entry"),
    ]


SCHEDULE_FREE = Exercise(
    id="15-schedule-free",
    title="Schedule-Free",
    statement=(
        "Write Schedule-Free SGD. `fast` begins where `w` does. In step t = 1, 2, … `num_steps`: the gradient at "
        "`(1 - beta) * fast + beta * w`; `fast` moves by the learning rate against it; `w` becomes the mean of all places of "
        "`fast` since step 1, which is `(1 - 1/t) * w + 1/t * fast`. Return `w`."
    ),
    points=3,
    answers=("schedule_free",),
    reference=schedule_free,
    cases=schedule_free_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    # its gradients are not taken at w
    steps=False,
    misconceptions=mistakes(
        schedule_free,
        LOOP,
        """
        gradient-at-the-mean: compute_gradient(between) => compute_gradient(w)
            You take the gradient at `w`, the mean. It lies between the two: `beta` of the way from `fast` to `w`.
        gradient-at-the-fast-point: compute_gradient(between) => compute_gradient(fast)
            You take the gradient at `fast`. It lies between the two: `beta` of the way from `fast` to `w`.
        between-turned-round: (1 - beta) * fast + beta * w => beta * fast + (1 - beta) * w
            `beta` and `1 - beta` have changed places: `w` counts `beta`, `fast` counts 1 − beta.
        mean-counts-the-start: w = (1 - 1 / t) * w + 1 / t * fast => w = (1 - 1 / (t + 1)) * w + 1 / (t + 1) * fast
            Your mean counts the start as well: the new place weighs 1/(t + 1). In step 1 `fast` takes over whole: 1/t.
        fading-mean: w = (1 - 1 / t) * w + 1 / t * fast => w = beta * w + (1 - beta) * fast
            Your mean forgets: the new place always weighs 1 − beta. All places count alike: 1/t.
        weights-of-the-mean-swapped: w = (1 - 1 / t) * w + 1 / t * fast => w = 1 / t * w + (1 - 1 / t) * fast
            In the mean 1/t and 1 − 1/t have changed places: the new place counts 1/t.
        sum-for-mean: w = (1 - 1 / t) * w + 1 / t * fast => w = w + 1 / t * fast
            You add to `w` without making room: the old mean keeps 1 − 1/t.
        no-mean: w = (1 - 1 / t) * w + 1 / t * fast => w = fast.copy()
            Your `w` is `fast` itself: the mean is missing.
        halfway: w = (1 - 1 / t) * w + 1 / t * fast => w = (w + fast) / 2
            You take the middle of `w` and `fast`. The mean of all places so far is asked for.
        mean-before-the-step: fast -= learning_rate * dw => pass
                         and: w = (1 - 1 / t) * w + 1 / t * fast => w = (1 - 1 / t) * w + 1 / t * fast; fast -= learning_rate * dw
            You average first and move `fast` afterwards. Move it first, so that its new place counts.
        fast-starts-from-between: fast -= learning_rate * dw => fast = (1 - beta) * fast + beta * w - learning_rate * dw
            Your step begins at the place of the gradient. It is `fast` that moves, from where it is.
        fast-starts-from-the-mean: fast -= learning_rate * dw => fast = w - learning_rate * dw
            Your step begins at `w`. It is `fast` that moves, from where it is.
        uphill: fast -= learning_rate * dw => fast += learning_rate * dw
            `fast` walks uphill: the gradient points where the loss grows.
        no-learning-rate: fast -= learning_rate * dw => fast -= dw
            Your steps do not depend on the learning rate.
        fading-steps: fast -= learning_rate * dw => fast -= learning_rate / t * dw
            Your steps become shorter. That is the point of the method: the learning rate stays, the mean does the rest.
        returns-the-fast-point: return w => return fast
            You return `fast`. The mean is what is asked for: `w`.
        returns-the-place-between: return w => return (1 - beta) * fast + beta * w
            You return the place of the gradients. The mean is what is asked for: `w`.
        fast-starts-at-zero: fast = w.copy() => fast = np.zeros_like(w)
            `fast` begins at zeros: it begins where `w` does.
        one-array-two-names: fast = w.copy() => fast = w
                        and: w = (1 - 1 / t) * w + 1 / t * fast => w *= 1 - 1 / t; w += 1 / t * fast
            `fast = w` gives one array two names, so that both move at once: make a copy.
        mean-inside-returned-early: w = (1 - 1 / t) * w + 1 / t * fast => w = (1 - 1 / t) * w + 1 / t * fast; return w
            Your function is back after its first step: is the `return` indented into the loop?
        mean-of-the-places-between: w = (1 - 1 / t) * w + 1 / t * fast => w = (1 - 1 / t) * w + 1 / t * between
            You average the places of the gradients. `w` is the mean of the places of `fast`.
        weight-of-the-whole-run: w = (1 - 1 / t) * w + 1 / t * fast => w = (1 - 1 / num_steps) * w + fast / num_steps
            The new place weighs 1/num_steps in each step. In step t it weighs 1/t.
        steps-fade-by-a-root: fast -= learning_rate * dw => fast -= learning_rate / np.sqrt(t) * dw
            Your steps fade with the root of t. The learning rate stays as it is; the mean does the rest.
        always-halfway-between: (1 - beta) * fast + beta * w => (fast + w) / 2
            Your gradient is taken halfway between. It is `beta` of the way from `fast` to `w`.
        the-mean-moves: fast -= learning_rate * dw => w = w - learning_rate * dw
            Your step moves `w`. It is `fast` that walks; `w` is the mean of its places.
        """,
        # w is never changed in place, so an array that was not copied is as wrong as one that was copied as it is
        skip=("changes-the-input",),
    ),
    hints=(
        "Two points: `fast = w.copy()`, and `w`, which becomes a mean. Count t from 1: `for t in range(1, num_steps + 1)`.",
        "The gradient is asked for at `(1 - beta) * fast + beta * w`. The step: `fast -= learning_rate * dw`.",
        "Last in the round: `w = (1 - 1 / t) * w + 1 / t * fast`. In step 1 that is `fast` itself.",
    ),
)

EXERCISES = (STEEPEST, NEWTON_SCHULZ, MUON, LION, SCHEDULE_FREE)


# -- predictions -------------------------------------------------------------------------------------------------


def first_gradient(seed: int = 0) -> np.ndarray:
    """The gradient of the first layer's weights (64, 16) on the first minibatch of the race."""
    task = race.problem(seed)
    return matrix_at(task.model.gradient(task.start, task.batches[0]), matrices_of(task.model)[0])


def which_singular_values() -> int:
    """The choice of 15-singular-values, from the values of a Muon step that are not 0."""
    values = np.linalg.svd(newton_schulz(first_gradient(), 5), compute_uv=False)
    values = values[values > 1e-9]
    if np.allclose(values, 1, atol=1e-6):
        return 2
    return 1 if 0.6 < values.min() and values.max() < 1.25 else 0


def left_by(name: str, turn: float = 1.0) -> float:
    """The share of the loss that a direction leaves on the bowl of matrices: the median of ten seeds."""
    losses = norm_runs.stored().bowl[norm_runs.TURNS.index(turn), :, list(norm_runs.DIRECTIONS).index(name)]
    return float(np.median(losses[:, -1] / losses[:, 0]))


def which_is_lowest() -> int:
    """The choice of 15-bowl: gradient descent's loss over that of U Vᵀ."""
    return int(np.abs(np.log(left_by("G") / left_by("U Vᵀ") / np.array([1.0, 10.0, 5000.0]))).argmin())


def which_notices() -> int:
    """The choice of 15-turned: whose loss is another one when the axes are turned."""
    changed = [abs(np.log(left_by(name, 0.0) / left_by(name, 1.0))) > 0.1 for name in ("G", "sign G", "U Vᵀ")]
    return {(False, True, False): 1, (True, True, True): 3, (False, False, False): 0}.get(tuple(changed), 2)


PREDICTIONS = (
    Prediction(
        id="15-singular-values",
        question=(
            "The first gradient of a layer's weights (64 × 16) has the length 1. Its singular values are 0.91, 0.29, 0.20 … "
            "0.008 (and a 0). Muon makes a step of it. What are the step's?"
        ),
        kind="choice",
        choices=(
            "The same shares: one strong direction and many weak ones",
            "All near 1, between 0.68 and 1.13 (and a 0)",
            "All exactly 1",
        ),
        answer=which_singular_values,
        reveal=(
            "All near 1: the direction that was a hundred times weaker than the first one is now as strong. Not exactly 1, "
            "since five products are no exact method. The 0 stays: one hidden unit is dead for these 32 digits."
        ),
        watch=Watch("SchulzExplorer", {"num_steps": 0}, {"num_steps": 5}),
    ),
    Prediction(
        id="15-bowl",
        question=(
            "After 100 steps on this bowl gradient descent, at its best rate, has left 0.2 % of the loss. How much does U Vᵀ "
            "leave, at its best?"
        ),
        kind="choice",
        choices=("About as much", "A tenth of that", "Thousands of times less"),
        answer=which_is_lowest,
        reveal=(
            "Thousands of times less: 5 ten-millionths of the loss. In a flat direction the gradient is small, but the step is "
            "not: it has the same length in all of them. That this bowl suits it, you will see below."
        ),
        watch=Watch("TurnExplorer", {"turn": 1.0, "focus": "G"}, {"turn": 1.0, "focus": "U Vᵀ"}),
    ),
    Prediction(
        id="15-turned",
        question=(
            "Now the bowl is turned: its axes are mixtures of the rows of W. Nothing else changes. Who ends elsewhere?"
        ),
        kind="choice",
        choices=(
            "Nobody: a turned bowl is the same bowl",
            "Sign descent only",
            "Sign descent and U Vᵀ",
            "All of them",
        ),
        answer=which_notices,
        reveal=(
            "Sign descent only. An entry is an entry of w: signs know the rows. Lengths and singular values are the same, "
            "however you turn the rows."
        ),
        watch=Watch("TurnExplorer", {"turn": 0.0, "focus": "sign G"}, {"turn": 1.0, "focus": "sign G"}),
    ),
)


# -- quiz --------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="15",
    questions=(
        Question(
            "What do sign descent, Lion, Muon and Shampoo share?",
            (
                "They need no learning rate.",
                "Their steps are nearly the steepest ones of a given length; they differ in what length is.",
                "They divide each entry by the root of its own mean square, as Adam does, and add momentum.",
                "They are all faster than Adam on every network.",
            ),
            1,
            (
                "Each has one, and it is tuned.",
                "Yes: the largest entry for the first two, the largest singular value for the others.",
                "Only Adam does that; it comes near to a sign where the gradients are steady.",
                "Nobody has shown that. This lesson compared them on one small network.",
            ),
        ),
        Question(
            "A gradient becomes a thousand times smaller, in all entries. What does Muon's first step do?",
            (
                "It becomes a thousand times shorter.",
                "It stays as long as it was.",
                "It becomes longer, since a smaller gradient shows that the walker is far from the minimum.",
                "It becomes zero.",
            ),
            1,
            (
                "That is gradient descent. Muon divides by the length first.",
                "Yes: only the rate makes it shorter. So near a minimum the rate must fall.",
                "It says nothing about how far the minimum is.",
                "Only a gradient of zeros gives a step of zeros.",
            ),
        ),
        Question(
            "The inputs of a layer are turned by an orthogonal matrix Q. Which step turns with them?",
            (
                "The sign of the gradient.",
                "Adam's step.",
                "U Vᵀ.",
                "None, since each of these methods looks at the entries of w one by one.",
            ),
            2,
            (
                "A turned gradient has other signs, and not the turned ones.",
                "It divides entry by entry, and so it knows the axes, too.",
                "Yes: the singular vectors turn, the singular values stay.",
                "U Vᵀ looks at a matrix as a whole.",
            ),
        ),
        Question(
            "Why do five steps of Newton–Schulz not give 1 for each singular value?",
            (
                "Because computers round.",
                "Because five are too few: with fifty it would be 1 to all digits.",
                "Because the numbers were chosen for speed: small values rise quickly, and then swing around 1.",
                "Because the gradient is noisy.",
            ),
            2,
            (
                "Rounding is in the sixteenth digit.",
                "More steps never reach 1 with these numbers; with 1.5 and -0.5 they do, slowly.",
                "Yes: between 0.68 and 1.13 is good enough, and it is cheap.",
                "Noise is in the gradient, not in these products.",
            ),
        ),
        Question(
            "What does Schedule-Free return?",
            (
                "The fast point after its last step.",
                "The mean of all places of the fast point.",
                "The point at which the last gradient was taken, which lies between two others, so that it is safe.",
                "The best point of the run.",
            ),
            1,
            (
                "That one goes on swinging at the full rate.",
                "Yes: the mean takes the place of a falling rate.",
                "Gradients are taken there; the result is elsewhere.",
                "It never asks for the loss.",
            ),
        ),
    ),
)
