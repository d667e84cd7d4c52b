"""Exercises of lesson 07: RMSProp."""

from __future__ import annotations

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_07 import (
    choose_decay,
    effective_learning_rate,
    rmsprop,
    rmsprop_step_repaired,
    two_step_lengths,
)
from optcourse.exercises.families import LOOP, ROOT, SQUARES
from optcourse.exercises.ingredients import Gradient, SequenceGradient
from optcourse.exercises.lesson_03 import random_bowl
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz
from optcourse.optimizers import AdaGrad, RMSProp

# -- 07-repair: find what this update lost ---------------------------------------------------------------------------


def step_cases(rng: np.random.Generator) -> list[Case]:
    """One step from random situations: several sizes, a first step, one entry, whole numbers, tiny gradients."""
    cases = []
    for n in (2, 3, 6):
        rates = (round(rng.uniform(0.01, 0.5), 3), round(rng.uniform(0.5, 0.99), 2), 1e-7)
        cases.append(
            Case(
                (rng.normal(size=n), rng.normal(size=n), rng.uniform(0.1, 3, size=n), *rates),
                label=f"{n} entries",
            )
        )
    first = (rng.normal(size=2), rng.normal(size=2), np.zeros(2), 0.1, 0.9, 1e-7)
    cases.append(Case(first, label="the first step"))
    cases.append(
        Case((rng.normal(size=1), rng.normal(size=1), np.array([0.5]), 0.1, 0.9, 1e-7), label="one entry")
    )
    whole = (
        rng.integers(1, 9, size=3),
        rng.integers(1, 5, size=3),
        rng.integers(1, 7, size=3),
        0.1,
        0.9,
        1e-7,
    )
    cases.append(Case(whole, label="whole numbers"))
    tiny = (rng.normal(size=2), np.array([1e-4, -2e-3]), np.array([1e-7, 1e-6]), 0.1, 0.9, 1e-3)
    cases.append(Case(tiny, label="gradients as small as eps"))
    return cases


REPAIR = Exercise(
    id="07-repair",
    title="Find what this update lost",
    statement=(
        "Repair the update of the lecture notes as one step: from w, dw and the grad_squared so far, return "
        "the pair (new w, new grad_squared)."
    ),
    points=2,
    answers=("rmsprop_step_repaired",),
    result_names=("w", "grad_squared"),
    reference=rmsprop_step_repaired,
    cases=step_cases,
    misconceptions=mistakes(
        rmsprop_step_repaired,
        SQUARES,
        ROOT,
        """
        divisor-still-missing: / (np.sqrt(grad_squared) + eps) =>
            Your step is plain gradient descent: `grad_squared` is computed and then never used. Divide by its root.
        minus-in-the-wrong-place: w = w - => w = -
            Your new `w` is only the negative step: `w = -…` replaces `w`. The step must be subtracted from it.
        uphill: w = w - => w = w +
            Your step goes uphill: it has the right length and the wrong sign.
        old-memory: grad_squared = decay_rate * … => old = grad_squared; grad_squared = decay_rate * …
               and: np.sqrt(grad_squared) => np.sqrt(old)
            You divide by the `grad_squared` of before this step. Update it first, then divide by the new one.
        only-w: return w, grad_squared => return w
            You return `w` alone. The next step needs the memory too: return `w, grad_squared`.
        pair-swapped: return w, grad_squared => return grad_squared, w
            Your two results are in the wrong order: first the new `w`, then the new `grad_squared`.
        returns-the-root: return w, grad_squared => return w, np.sqrt(grad_squared)
            Your `w` is right, but you return the root of the memory: `grad_squared` itself stays a mean of squares.
        returns-the-old-memory: grad_squared = decay_rate * … => old = grad_squared; grad_squared = decay_rate * …
                           and: return w, grad_squared => return w, old
            Your `w` is right, but you hand back the `grad_squared` that you were given. The next step needs the new
            one.
        eps-added-to-w: / (np.sqrt(grad_squared) + eps) => / np.sqrt(grad_squared) + eps
            Your `eps` stands outside the fraction and moves `w` itself: put brackets around the root and `eps`.
        eps-taken-from-w: learning_rate * dw / (np.sqrt(grad_squared) + eps) => (learning_rate * dw / np.sqrt(grad_squared) + eps)
            You subtract `eps` from `w` together with the fraction; it belongs in the divisor, in brackets with the
            root.
        """,
        skip=(
            "eps-added-to-the-parameters",
            "divisor-missing",
            "root-is-kept",
        ),
    ),
    hints=(
        "Compare the two lines with AdaGrad's. `grad_squared` is prepared with care, and then the last line does not use it.",
        "First update `grad_squared`. Then divide the step by the root of it plus `eps`. And `-= ` subtracts from `w`.",
        "`w = w - learning_rate * dw / (np.sqrt(grad_squared) + eps)`, then `return w, grad_squared`. Make float copies first.",
    ),
)

# -- 07-rmsprop -------------------------------------------------------------------------------------------------------


def rmsprop_cases(rng: np.random.Generator) -> list[Case]:
    """Random bowls in several dimensions, the cliff, and the corners: one entry, whole numbers, large and few steps."""
    cases = []
    for n in (2, 3, 7):
        decay = round(rng.uniform(0.6, 0.97), 2)
        label = f"{n} entries"
        cases.append(
            Case(
                (random_bowl(rng, n), rng.normal(size=n), round(rng.uniform(0.02, 0.2), 3), 8, decay, 1e-7),
                label=label,
            )
        )
    cliff = Gradient(objectives.cliff().recipe)
    cases.append(Case((cliff, np.array([3.5, 2.0]), 0.05, 12, 0.9, 1e-7), label="the cliff of the lesson"))
    cases.append(Case((random_bowl(rng, 1), rng.normal(size=1), 0.1, 5, 0.9, 1e-7), label="one entry"))
    whole = rng.integers(-5, 6, size=4) * 2 + 1
    cases.append(Case((random_bowl(rng, 4), whole, 0.1, 6, 0.9, 1e-7), label="a start of whole numbers"))
    cases.append(
        Case((random_bowl(rng, 2), rng.normal(size=2), 5.0, 9, 0.95, 1e-7), label="a large learning rate")
    )
    tiny = SequenceGradient([[1e-3, -3e-4]] * 6)
    cases.append(Case((tiny, rng.normal(size=2), 0.01, 6, 0.9, 1e-3), label="gradients as small as eps"))
    cases.append(Case((random_bowl(rng, 2), rng.normal(size=2), 0.02, 60, 0.9, 1e-3), label="sixty steps"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 1, 0.99, 1e-7), label="one step"))
    cases.append(Case((random_bowl(rng, 3), rng.normal(size=3), 0.1, 0, 0.9, 1e-7), label="no step at all"))
    return cases


RMSPROP = Exercise(
    id="07-rmsprop",
    title="RMSProp",
    statement=(
        "Write RMSProp: grad_squared starts at zero, keeps decay_rate of itself and takes 1 - decay_rate of the new square; "
        "each step is divided by its root plus eps. Return the last w."
    ),
    points=4,
    answers=("rmsprop",),
    reference=rmsprop,
    cases=rmsprop_cases,
    compare=("result", "calls", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        rmsprop,
        LOOP,
        SQUARES,
        ROOT,
        """
        divisor-missing: / (np.sqrt(grad_squared) + eps) =>
            This is plain gradient descent: `grad_squared` never divides the step.
        state-reset: decay_rate * grad_squared + (1 - decay_rate) => (1 - decay_rate)
            Your first step is right and later ones forget: `grad_squared` is set to zero inside the loop. Begin it
            before the loop.
        starts-at-one: np.zeros_like(w) => np.ones_like(w)
            Your `grad_squared` starts at one. Here, as in the lecture and in PyTorch, it starts at zero.
        bias-corrected: for _ in range(num_steps): => for t in range(1, num_steps + 1):
                   and: np.sqrt(grad_squared) => np.sqrt(grad_squared / (1 - decay_rate**t))
            You correct `grad_squared` by `1 - decay_rate**t`. That is Adam's idea, in the next lesson; RMSProp has no
            correction.
        starts-with-the-first-square: np.zeros_like(w) => None
                                 and: * grad_squared => * (dw * dw if grad_squared is None else grad_squared)
            Your memory begins with the first square, so the first step is not long. Here it begins at zero.
        averages-the-gradient-too: np.zeros_like(w) => np.zeros_like(w); mean = np.zeros_like(w)
                              and: dw = … => dw = …; mean = decay_rate * mean + (1 - decay_rate) * dw
                              and: learning_rate * dw => learning_rate * mean
            You step along a leaky mean of gradients. That is Adam's idea; RMSProp averages the squares only.
        """,
        skip=("memory-reset",),
    ),
    hints=(
        "Take your AdaGrad and change one line: the one where `grad_squared` gathers the squares.",
        "The memory is a weighted mean: `decay_rate` times the old one plus `1 - decay_rate` times the new square.",
        "`grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw`, then "
        "`w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)`.",
    ),
)

# -- 07-effective-rate ------------------------------------------------------------------------------------------------


def rate_cases(rng: np.random.Generator) -> list[Case]:
    """Histories of gradients: several sizes, one step, one entry, whole numbers, one that fades."""
    cases = [
        Case((rng.normal(size=(t, n)), 0.01, decay, 1e-7), label=f"{t} gradients of {n} entries")
        for t, n, decay in ((5, 2, 0.9), (20, 3, 0.99), (1, 4, 0.9), (7, 1, 0.5))
    ]
    cases.append(Case((rng.integers(1, 6, size=(4, 2)), 0.1, 0.9, 1e-7), label="whole numbers"))
    fading = 10.0 ** -np.arange(6.0)[:, None] * rng.uniform(1, 2, size=2)
    cases.append(Case((fading, 0.01, 0.5, 1e-3), label="gradients that fade"))
    cases.append(Case((rng.normal(size=(3, 3)), 0.1, 0.9, 0.5), label="a large eps"))
    return cases


EFFECTIVE_RATE = Exercise(
    id="07-effective-rate",
    title="The effective learning rate",
    statement=(
        "Given all the gradients so far (one row a step), return for every coordinate the number that multiplies dw in the "
        "last step: learning_rate / (sqrt(grad_squared) + eps)."
    ),
    points=2,
    answers=("effective_learning_rate",),
    reference=effective_learning_rate,
    cases=rate_cases,
    misconceptions=mistakes(
        effective_learning_rate,
        SQUARES,
        ROOT,
        """
        returns-the-step: return learning_rate / => return learning_rate * dw /
            You return the whole step: leave `dw` out. Asked for is the number that multiplies it.
        return-in-the-loop: * dw * dw => * dw * dw; return learning_rate / (np.sqrt(grad_squared) + eps)
            Your function is back after the first row: is the `return` indented into the loop?
        plain-mean: np.sqrt(grad_squared) => np.sqrt(np.mean(np.square(np.array(gradients, dtype=float)), axis=0))
            You take the plain mean of all squares. In RMSProp's memory recent squares weigh more: apply the leak row by
            row.
        only-the-last: decay_rate * grad_squared + (1 - decay_rate) => (1 - decay_rate)
            You use the last gradient alone: the memory reaches back over all the rows.
        newest-first: in np.array(gradients, dtype=float) => in np.array(gradients, dtype=float)[::-1]
            You go through the rows from the last to the first: the first row is the oldest gradient.
        inverse: learning_rate / (np.sqrt(grad_squared) + eps) => (np.sqrt(grad_squared) + eps) / learning_rate
            You return the divisor over the learning rate: it is the other way round.
        first-row-whole: np.zeros(np.shape(gradients)[1]) => np.square(np.array(gradients[0], dtype=float))
                    and: in np.array(gradients, dtype=float) => in np.array(gradients, dtype=float)[1:]
            Your memory begins with the whole first square. It begins at zero, and takes `1 - decay_rate` of the first
            one too.
        last-row-missing: in np.array(gradients, dtype=float) => in np.array(gradients, dtype=float)[:-1]
            You leave the last row out: its square is in the memory before the step is divided.
        every-step: np.zeros(np.shape(gradients)[1]) => np.zeros(np.shape(gradients)[1]); rates = []
               and: * dw * dw => * dw * dw; rates.append(learning_rate / (np.sqrt(grad_squared) + eps))
               and: return learning_rate / (np.sqrt(grad_squared) + eps) => return np.array(rates)
            You return the rate of every step: only that of the last one is asked for.
        one-for-all: np.zeros(np.shape(gradients)[1]) => 0.0
                and: (1 - decay_rate) * dw * dw => (1 - decay_rate) * np.sum(dw * dw)
            You return one number: every coordinate has a memory of its own. Square entry by entry, with `dw * dw`.
        learning-rate-missing: return learning_rate / => return 1 /
            The learning rate is missing: it stands above the line.
        """,
        skip=(
            "memory-reset",
            "sums-over-entries",
        ),
    ),
    hints=(
        "Run the memory over the rows, oldest first. No `w` is needed.",
        "`grad_squared` starts as zeros, one for each column; each row updates it by the leaky mean.",
        "After the loop: `return learning_rate / (np.sqrt(grad_squared) + eps)`.",
    ),
)

# -- 07-choose-decay --------------------------------------------------------------------------------------------------


CHOOSE_DECAY = Exercise(
    id="07-choose-decay",
    title="A memory of a chosen length",
    statement="Return the decay_rate at which the weight of a past square has halved after `half_life` steps.",
    points=1,
    answers=("choose_decay",),
    reference=choose_decay,
    cases=lambda rng: [
        Case((h,)) for h in (1, 7, 50, round(rng.uniform(2, 20), 2), round(rng.uniform(100, 900), 1))
    ],
    misconceptions=mistakes(
        choose_decay,
        """
        window: 0.5 ** (1 / half_life) => 1 - 1 / half_life
            1 − 1/n gives an averaging window of n steps, which is not the half-life: the weight has then fallen to
            about 1/e, not to a half.
        one-over-e: 0.5 ** (1 / half_life) => np.exp(-1 / half_life)
            Your weight falls to 1/e after `half_life` steps. For a half, use 1/2 where you have 1/e.
        half-over-the-steps: ** (1 / half_life) => / half_life
            You divide a half by the number of steps. Each step multiplies once more, so solve decay_rate ** n = 1/2.
        power-not-root: (1 / half_life) => half_life
            You raise 1/2 to the power `half_life`. It is the other way round: decay_rate to the power half_life is 1/2.
        inverse-question: 0.5 ** (1 / half_life) => np.log(0.5) / np.log(half_life) if half_life != 1 else -np.inf
            You compute a half-life from a decay rate. Asked for is the decay rate that has this half-life.
        squared-memory: 0.5 => 0.25
            Your half-life is that of the root of the memory. The weight of a past *square* is decay_rate to the power
            age.
        one-minus: return 0.5 => return 1 - 0.5
            You return 1 − decay_rate: the part that is forgotten in a step, not the part that is kept.
        only-nearly: 0.5 ** (1 / half_life) => 1 - np.log(2) / half_life
            1 − ln 2/n is nearly right for a long half-life and wrong for a short one. Solve decay_rate ** n = 1/2
            exactly.
        logarithm-not-undone: 0.5 ** (1 / half_life) => np.log(0.5) / half_life
            You return the logarithm of the answer: undo it with `np.exp`.
        grows: 0.5 => 2
            Your number is above 1, so the memory would grow. The weight is to be halved, not doubled.
        half-divided: 0.5 ** (1 / half_life) => 1 - 0.5 / half_life
            You spread the loss of a half evenly over the steps. But every step takes the same *share*, so it is a
            power.
        rounded: return 0.5 ** (1 / half_life) => return round(0.5 ** (1 / half_life), 2)
            Your answer is rounded. For long memories the digits after 0.99 are what matters: do not round.
        """,
    ),
    hints=(
        "After n steps the weight of a square has been multiplied by decay_rate n times.",
        "Solve decay_rate ** half_life = 1/2 for decay_rate.",
        "The half_life-th root of 1/2: `0.5 ** (1 / half_life)`.",
    ),
)

# -- 07-two-places-for-eps: find the error, the two are not equal -----------------------------------------------------


def eps_cases(rng: np.random.Generator) -> list[Case]:
    """Gradients far above, at and below the root of eps, of both signs; whole numbers; several entries at once."""
    sizes = (1.0, 1e-3, 3e-4, 1e-5, 1e-7)
    cases = [
        Case((float(rng.choice((-1, 1)) * size * rng.uniform(1, 2)), round(rng.uniform(0.01, 0.5), 3), 1e-7),
             label=f"a gradient of about {size:g}")
        for size in sizes
    ]  # fmt: skip
    cases.append(Case((3, 0.1, 0.5), label="a whole number, and a large eps"))
    return cases


TWO_PLACES = Exercise(
    id="07-two-places-for-eps",
    title="Two places for eps",
    statement=(
        "The gradient of a parameter has been dw for so long that grad_squared is dw * dw. Return the length of the next step "
        "(no sign) with eps outside the root and with eps inside it, as a pair in this order."
    ),
    points=2,
    answers=("two_step_lengths",),
    reference=two_step_lengths,
    cases=eps_cases,
    result_names=("outside", "inside"),
    rtol=1e-6,
    atol=1e-13,
    misconceptions=mistakes(
        two_step_lengths,
        """
        called-equal: return outside, inside => return outside, outside
            You give the same length for both. They are equal only while gradients are much larger than √eps; inside the
            root it is `np.sqrt(dw * dw + eps)`.
        both-inside: return outside, inside => return inside, inside
            You give the same length for both, the one with `eps` inside. Outside, `eps` is added after the root.
        swapped: return outside, inside => return inside, outside
            Your two lengths are right and have changed places: the first is for `eps` outside the root.
        with-sign: return outside, inside => return np.sign(dw) * outside, np.sign(dw) * inside
            Your lengths carry the sign of `dw`: take `np.abs(dw)`.
        what-w-gains: return outside, inside => return -np.sign(dw) * outside, -np.sign(dw) * inside
            Your numbers are what is added to `w`, with its sign. Asked for is the length of the step.
        gradient-left-out: return outside, inside => return outside / np.abs(dw), inside / np.abs(dw)
            This is what multiplies `dw`, the effective learning rate. Multiply it by the size of `dw`.
        learning-rate-left-out: return outside, inside => return outside / learning_rate, inside / learning_rate
            The learning rate is missing: a settled step is about `learning_rate` long, not about 1.
        root-missing: np.sqrt(grad_squared) + eps => grad_squared + eps
                 and: np.sqrt(grad_squared + eps) => (grad_squared + eps)
            You divide by the square itself: both divisors need a root.
        eps-forgotten: (np.sqrt(grad_squared) + eps) => np.sqrt(grad_squared)
                  and: np.sqrt(grad_squared + eps) => np.sqrt(grad_squared)
            You left `eps` out, so both steps are exactly `learning_rate` long.
        root-of-eps-outside: np.sqrt(grad_squared) + eps => np.sqrt(grad_squared) + np.sqrt(eps)
            In your first length `eps` has come out of a root: √(s + eps) is not √s + √eps, and outside it is `eps`
            itself.
        root-drawn-apart: / np.sqrt(grad_squared + eps) => / (np.sqrt(grad_squared) + np.sqrt(eps))
            In your second length the root is drawn apart: √(s + eps) is not √s + √eps.
        eps-outside-the-fraction: (np.sqrt(grad_squared) + eps) => np.sqrt(grad_squared) + eps
            In your first length `eps` is added to the whole fraction: put brackets around the root and `eps`.
        eps-squared-inside: grad_squared + eps) => grad_squared + eps * eps)
            In your second length `eps` is squared. It is added to the square as it is, and that is why it weighs so
            much.
        gradient-squared-above: return outside, inside => return np.abs(dw) * outside, np.abs(dw) * inside
            Above the line stands `grad_squared`; the size of `dw` belongs there.
        """,
    ),
    hints=(
        "Put `grad_squared = dw * dw` into both formulas. The length of a step is `learning_rate` times a fraction.",
        "Outside: the divisor is `np.abs(dw) + eps`, since the root of a square is the size. Inside: `np.sqrt(dw * dw + eps)`.",
        "`learning_rate * np.abs(dw) / (np.abs(dw) + eps)` is the first; the second has the other divisor. Return both.",
    ),
)

# -- predictions and quiz ---------------------------------------------------------------------------------------------


def cliff_distances(num_steps: int = 200) -> tuple[float, float]:
    """How far from the minimum AdaGrad and RMSProp are after the cliff, at the settings of the lesson."""
    cliff = objectives.cliff()
    runs = (AdaGrad(0.1, 1e-7), RMSProp(0.1, 0.9, 1e-7))
    return tuple(float(np.linalg.norm(descend(cliff, o, (3.8, 3.0), num_steps).final)) for o in runs)


def distance_after(num_steps: int) -> float:
    """How far RMSProp is from the minimum of the lesson's valley, at the settings of its picture."""
    run = descend(objectives.quadratic(20.0), RMSProp(0.15, 0.9, 1e-7), (-3.0, 2.0), num_steps)
    return float(np.linalg.norm(run.final))


PREDICTIONS = (
    Prediction(
        id="07-walks-on",
        question=(
            "After 60 steps at `learning_rate` 0.15 RMSProp is less than a millionth of a millionth away from the minimum of "
            "this valley. It walks on, with the same learning rate. Where is it after 600 steps?"
        ),
        kind="choice",
        choices=(
            "Closer still: there the gradients vanish.",
            "As close as before: it has arrived.",
            "Much farther away: about half of 0.15.",
        ),
        answer=lambda: int(
            np.argmin([abs(distance_after(600) - d) for d in (0.0, distance_after(60), 0.075)])
        ),
        reveal=(
            "About 0.075 away, half of 0.15. When the gradients fade, so does the memory that divides them, and the steps grow "
            "until they are about `learning_rate` long again."
        ),
    ),
    Prediction(
        id="07-two-places",
        question=(
            "A parameter has had a gradient of 1e-5 at every step for a long time, and `eps` is 1e-7. With `eps` inside the "
            "root, how long is its step, as a part of the step with `eps` outside? (1 means equally long.)"
        ),
        kind="number",
        answer=lambda: float(np.divide(*two_step_lengths(1e-5, 1.0, 1e-7)[::-1])),
        tolerance=0.25,
        reveal=(
            "{answer}, about a thirtieth. Outside, 1e-7 is small beside 1e-5 and the step is nearly full. Inside, eps is added "
            "to the square, 1e-10, and is a thousand times larger than it."
        ),
    ),
    Prediction(
        id="07-first-step",
        question=(
            "The memory starts at zero and `decay_rate` is 0.99. Every gradient is the same number. How many times "
            "`learning_rate` long is the very first step?"
        ),
        kind="number",
        answer=lambda: float(theory.rmsprop_step(1.0, 0.99, 1)),
        tolerance=0.02,
        reveal=(
            "{answer} times. After one step the memory holds only 1 − 0.99 = 0.01 of the square, so its root is a tenth of the "
            "gradient. The early steps of RMSProp are too long, not too short."
        ),
    ),
    Prediction(
        id="07-after-the-cliff",
        question="A walker comes down a steep wall onto a nearly flat floor. Who gets to the bottom of the floor sooner?",
        kind="choice",
        choices=(
            "AdaGrad: it was careful on the wall",
            "RMSProp: it forgets the wall",
            "Neither: both divide by the same number",
        ),
        answer=lambda: 1 if cliff_distances()[1] < cliff_distances()[0] else 0,
        reveal=(
            "RMSProp. On the wall both gather huge squares. AdaGrad keeps them for ever and creeps over the floor; RMSProp's "
            "memory of them fades within a few dozen steps."
        ),
    ),
)

QUIZ = Quiz(
    id="07",
    questions=(
        Question(
            "What is the only difference between the memories of AdaGrad and RMSProp?",
            ("RMSProp's leaks", "RMSProp's has a root", "RMSProp's is shared by all coordinates"),
            0,
            (
                "Yes: decay_rate of the old one is kept, so old squares fade.",
                "Both take the root, and only when they divide.",
                "Both keep one number for each coordinate.",
            ),
        ),
        Question(
            "The slopes of a landscape become a hundred times smaller half-way. What does RMSProp's step do afterwards?",
            (
                "It shrinks a hundredfold and stays there, because the slopes are a hundred times smaller",
                "It shrinks at first, then grows back as the memory fades",
                "It grows a hundredfold at once",
            ),
            1,
            (
                "That is AdaGrad, more or less: its memory does not fade.",
                "Yes. After some half-lives the divisor is a hundred times smaller too, and the step is about "
                "learning_rate again.",
                "The divisor remembers the large slopes for a while.",
            ),
        ),
        Question(
            "decay_rate is 0.9. What is the half-life of its memory?",
            ("10 steps", "About 6.6 steps", "0.9 steps"),
            1,
            (
                "10 = 1/(1 − 0.9) is the averaging window. The half-life is shorter.",
                "Yes: ln(1/2)/ln(0.9) is 6.58.",
                "0.9 is the part that is kept in one step.",
            ),
        ),
        Question(
            "In which situation do eps inside and eps outside the root give different paths?",
            (
                "When gradients are large",
                "When gradients are about as small as √eps",
                "Never: they are two ways of writing the same",
            ),
            1,
            (
                "Then eps is negligible in both.",
                "Yes. Inside the root, eps matters as soon as the square is as small as eps, so much earlier.",
                "They agree only while gradients are much larger than √eps.",
            ),
        ),
        Question(
            "RMSProp has come very close to a minimum, at a constant learning rate. What happens if it walks on for long?",
            (
                "It stays where it is: the gradients are nearly zero there, and a step is a gradient times a number",
                "It comes closer with every step",
                "The memory fades with the gradients, so the steps grow until they are about learning_rate long",
            ),
            2,
            (
                "Tiny gradients are divided by a memory that becomes as tiny, so the steps do not stay small.",
                "Only for a while: the effective learning rate rises, and in the end it is too large for the valley.",
                "Yes. It then jumps to and fro across the minimum. A learning rate that falls during the run prevents it.",
            ),
        ),
        Question(
            "Why can the first steps of RMSProp be surprisingly long?",
            (
                "The memory starts at zero and has seen little, so the divisor is too small",
                "The gradients are largest at the start, and a step is as long as the gradient that makes it",
                "eps is too large",
            ),
            0,
            (
                "Yes. At decay 0.99 the first step is ten times learning_rate. The next lesson corrects this.",
                "Their size cancels: the step is dw over its own root mean square.",
                "A larger eps would make the steps shorter.",
            ),
        ),
    ),
)

EXERCISES = (REPAIR, RMSPROP, EFFECTIVE_RATE, CHOOSE_DECAY, TWO_PLACES)
