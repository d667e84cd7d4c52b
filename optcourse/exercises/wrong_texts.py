"""Texts about Adam with one wrong line each, for `08-find-the-error`: those of the lesson, and others that are as hard.

Of each of the five there are four, and in each of these another line is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

FOR = "for t in range(1, num_steps + 1):"
DW = "    dw = compute_gradient(w)"
M1 = "    moment1 = beta1 * moment1 + (1 - beta1) * dw"
M2 = "    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw"
BOTH = "    unbiased1, unbiased2 = moment1 / (1 - beta1**t), moment2 / (1 - beta2**t)"
U1 = "    unbiased1 = moment1 / (1 - beta1**t)"
U2 = "    unbiased2 = moment2 / (1 - beta2**t)"
STEP = "    w = w - learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)"
ROUNDS = "for step in range(num_steps):"


@dataclass(frozen=True)
class WrongText:
    """Its lines, the number of the wrong one, what would be right there, and what to say of right ones that are often suspected.

    suspected: by the id of the misconception, the number of the line and the sentence.
    """

    lines: tuple[str, ...]
    wrong: int
    repaired: str
    suspected: Mapping[str, tuple[int, str]]

    def numbered(self) -> str:
        return "\n".join(f"{k}  {line}" for k, line in enumerate(self.lines, 1))


FINE_MOMENTS = "the two moments are as in the lecture. Look at what comes after them."
FINE_UPDATE = "the update itself is right; one of the numbers that go into it is not."
FINE_CORRECTION = "the correction is right, as long as `t` is the number of the step. Is it, in round 2?"

TEXTS_A = (
    WrongText(
        ("t = 1", ROUNDS, DW, M1, M2, BOTH, STEP, "    t + 1"),
        8,
        "    t += 1",
        {
            "a-counter-start": (
                1,
                "`t = 1` before the loop is a fine start. Follow `t` from there: what is it in round 2?",
            ),
            "a-moments": (4, FINE_MOMENTS),
            "a-correction": (6, FINE_CORRECTION),
            "a-update": (7, FINE_UPDATE),
        },
    ),
    WrongText(
        ("t = 0", ROUNDS, "    t + 1", DW, M1, M2, BOTH, STEP),
        3,
        "    t += 1",
        {
            "a-counter-start": (
                1,
                "`t = 0` before the loop is a fine start, if it is counted first. Follow `t`: what is it in round 2?",
            ),
            "a-moments": (5, "the two moments are as in the lecture. Look at `t`."),
            "a-correction": (7, FINE_CORRECTION),
            "a-update": (8, FINE_UPDATE),
        },
    ),
    WrongText(
        ("t = 1", ROUNDS, DW, M1, M2, BOTH, "    t + 1", STEP),
        7,
        "    t += 1",
        {
            "a-counter-start": (
                1,
                "`t = 1` before the loop is a fine start. Follow `t` from there: what is it in round 2?",
            ),
            "a-moments": (4, FINE_MOMENTS),
            "a-correction": (6, FINE_CORRECTION),
            "a-update": (8, FINE_UPDATE),
        },
    ),
    WrongText(
        ("t = 1", ROUNDS, DW, M1, M2, BOTH.replace("**t", "**step"), STEP, "    t += 1"),
        6,
        BOTH,
        {
            "a-counter-start": (
                1,
                "`t = 1` before the loop is a fine start, and it is counted. Who makes use of it?",
            ),
            "a-moments": (4, FINE_MOMENTS),
            "a-update": (7, FINE_UPDATE),
        },
    ),
)
TEXTS_B = (
    WrongText(
        (FOR, DW, M1, M2, BOTH, "    w -= learning_rate * unbiased1 / np.sqrt(unbiased2) + eps"),
        6,
        STEP,
        {
            "b-corrections": (
                5,
                "both corrections divide, as they should. Which operation is done last in the line below?",
            ),
            "b-moments": (3, "the moments are right. Look for brackets."),
        },
    ),
    WrongText(
        (FOR, DW, "    moment1 = beta1 * moment1 + 1 - beta1 * dw", M2, BOTH, STEP),
        3,
        M1,
        {
            "b-corrections": (5, "both corrections divide, as they should. Look for brackets further up."),
            "b-moments": (4, "the second moment is right. Compare the line above with it."),
        },
    ),
    WrongText(
        (FOR, DW, M1, "    moment2 = beta2 * moment2 + 1 - beta2 * dw * dw", BOTH, STEP),
        4,
        M2,
        {
            "b-corrections": (5, "both corrections divide, as they should. Look for brackets further up."),
            "b-moments": (3, "the first moment is right. Compare the line below with it."),
        },
    ),
    WrongText(
        (
            FOR,
            DW,
            M1,
            M2,
            "    unbiased1, unbiased2 = moment1 / 1 - beta1**t, moment2 / (1 - beta2**t)",
            STEP,
        ),
        5,
        BOTH,
        {"b-moments": (3, "the moments are right. Look for brackets.")},
    ),
)
FINE_M_OF_C = (
    "the moments are right. Are they too small or too large at first, and does this correction help?"
)
TEXTS_C = (
    WrongText(
        (FOR, DW, M1, M2, BOTH.replace(" / ", " * "), STEP),
        5,
        BOTH,
        {
            "c-moments": (4, FINE_M_OF_C),
            "c-update": (6, "the update is right, if what goes into it is."),
        },
    ),
    WrongText(
        (FOR, DW, M1, U1.replace(" / ", " * "), M2, U2, STEP),
        4,
        U1,
        {
            "c-moments": (5, FINE_M_OF_C),
            "c-update": (7, "the update is right, if what goes into it is."),
        },
    ),
    WrongText(
        (FOR, DW, M1, U1, M2, U2.replace(" / ", " * "), STEP),
        6,
        U2,
        {
            "c-moments": (5, FINE_M_OF_C),
            "c-update": (7, "the update is right, if what goes into it is."),
        },
    ),
    WrongText(
        (FOR, DW, M1, M2, U1, U2, STEP.replace("unbiased2", "moment2")),
        7,
        STEP,
        {"c-moments": (4, "the moments are right. Are they too small or too large at first, and what is used in the end?")},
    ),
)  # fmt: skip
ZEROS = "Both moments are initialised with zeros."
SMALLER = "So in the first steps both are smaller than they should be."
LONGER = "The second one needs longer to fill, since beta2 is closer to 1."
LONG = "Without correction the first steps are therefore too long."
TRUE_FIRST = "sentence {} is the lecture's own initialisation."
TEXTS_D = (
    WrongText(
        (
            ZEROS,
            SMALLER,
            LONGER,
            "Without correction the optimizer is therefore slow to start: its first steps are too short.",
        ),
        4,
        LONG,
        {
            "d-too-small": (
                2,
                "sentence 2 is true; both moments are too small at first. Is the step then too small as well?",
            ),
            "d-slower": (
                3,
                "sentence 3 is true: beta2 is closer to 1, so `moment2` fills more slowly. What does a small divisor do?",
            ),
            "d-first": (1, TRUE_FIRST.format(1)),
        },
    ),
    WrongText(
        (ZEROS, SMALLER, "The first one needs longer to fill, since beta1 is further from 1.", LONG),
        3,
        LONGER,
        {
            "d-too-small": (
                2,
                "sentence 2 is true; both moments are too small at first. Which of them for longer?",
            ),
            "d-slower": (
                4,
                "sentence 4 is true: a divisor that is much too small makes the step too long. Which moment is the divisor?",
            ),
            "d-first": (1, TRUE_FIRST.format(1)),
        },
    ),
    WrongText(
        (ZEROS, SMALLER.replace("smaller", "larger"), LONGER, LONG),
        2,
        SMALLER,
        {
            "d-slower": (
                3,
                "sentence 3 is true: beta2 is closer to 1, so `moment2` takes in less of each square.",
            ),
            "d-too-small": (
                4,
                "sentence 4 is true: the first steps are too long. Are the moments too large then, or is the divisor too small?",
            ),
            "d-first": (1, TRUE_FIRST.format(1)),
        },
    ),
    WrongText(
        (
            "Without correction the optimizer is slow to start: its first steps are too short.",
            "The reason: both moments are initialised with zeros, and are too small at first.",
            LONGER,
            "The step is divided by the root of it.",
        ),
        1,
        "Without correction the first steps are too long.",
        {
            "d-first": (2, "sentence 2 is true: the lecture begins with zeros, too, and both have to fill."),
            "d-slower": (
                3,
                "sentence 3 is true: beta2 is closer to 1, so `moment2` fills more slowly. What does a small divisor do?",
            ),
            "d-too-small": (
                4,
                "sentence 4 is true: the step is divided by the root of `moment2`. What does a small divisor do?",
            ),
        },
    ),
)
START1, START2 = "moment1 = np.zeros_like(w)", "moment2 = np.zeros_like(w)"
RANDOM = "moment2 = rng.normal(size=w.shape)"
FINE_ROOT = "the root is right where what stands below it is never negative. Can it be, here?"
ZEROS_ARE_RIGHT = "a first moment may be of either sign; it starts at zeros here. Look at the other one."
TEXTS_E = (
    WrongText(
        (START1, RANDOM, FOR, DW, M1, M2, BOTH, STEP),
        2,
        START2,
        {
            "e-root": (8, FINE_ROOT),
            "e-first-moment": (1, ZEROS_ARE_RIGHT),
        },
    ),
    WrongText(
        (RANDOM, START1, FOR, DW, M1, M2, BOTH, STEP),
        1,
        START2,
        {
            "e-root": (8, FINE_ROOT),
            "e-first-moment": (2, ZEROS_ARE_RIGHT),
        },
    ),
    WrongText(
        (START1, START2, FOR, DW, M1, "    moment2 = beta2 * moment2 + (1 - beta2) * dw", BOTH, STEP),
        6,
        M2,
        {
            "e-root": (8, FINE_ROOT),
            "e-first-moment": (
                5,
                "a first moment may be of either sign, as the gradients are. Look at the other one.",
            ),
        },
    ),
    WrongText(
        (START1, START2, FOR, DW, M1, M2, BOTH, "    w = w - learning_rate * unbiased2 / (np.sqrt(unbiased1) + eps)"),
        8,
        STEP,
        {
            "e-root": (
                6,
                "a mean of squares is never negative. Whose root is taken?",
            ),
            "e-first-moment": (
                5,
                "a first moment may be of either sign, as the gradients are. Has such a number a root?",
            ),
        },
    ),
)  # fmt: skip
POOLS = {"line_a": TEXTS_A, "line_b": TEXTS_B, "line_c": TEXTS_C, "line_d": TEXTS_D, "line_e": TEXTS_E}


def far_apart() -> tuple[tuple[int, ...], ...]:
    """Choices of one text out of each pool, any two of which, and the lesson's own, differ in three texts or more."""
    kept = [(0,) * len(POOLS)]
    for choice in itertools.product(range(4), repeat=len(POOLS)):
        if all(sum(a != b for a, b in zip(choice, other, strict=True)) >= 3 for other in kept):
            kept.append(choice)
    return tuple(kept[1:])
