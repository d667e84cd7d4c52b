"""Exercises of lesson 00: height and slope, one step, and random directions."""

from __future__ import annotations

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.exercises.ingredients import Formula, Value
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz
from optcourse.optimizers import GradientDescent

# -- 00-height-and-slope: the first check of all ------------------------------------------------------------------------


def first_numbers():
    """(height, slope, next_w) for the loss (w - 3)² at w = 1, with a step of learning rate 0.25."""
    w = 1.0
    height, slope = (w - 3) ** 2, 2 * (w - 3)
    return height, slope, w - 0.25 * slope


HEIGHT_AND_SLOPE = Exercise(
    id="00-height-and-slope",
    title="Height, slope, and where to step",
    statement=(
        "The loss is L(w) = (w − 3)². You stand at w = 1. Give the height there, the slope there, and the place `next_w` "
        "that you reach by one step against the slope with learning rate 0.25."
    ),
    points=1,
    answers=("height", "slope", "next_w"),
    reference=first_numbers,
    kind="value",
    rtol=1e-6,
    misconceptions=(
        Misconception(
            "height-not-squared",
            "Your height is the distance from 3. The loss is the square of that distance.",
            lambda: (2.0, None, None),
        ),
        Misconception(
            "height-negative",
            "Your height is below zero, but a square never is: put w = 1 into (w − 3) first, then square.",
            lambda: (-4.0, None, None),
        ),
        Misconception(
            "height-of-w-squared",
            "Your height is w² − 3², but the difference is squared as a whole: first subtract, then square.",
            lambda: (-8.0, None, None),
        ),
        Misconception(
            "slope-sign",
            "Your slope has the wrong sign: from w = 1 towards 3 the loss falls, so its slope at 1 is negative.",
            lambda: (None, 4.0, None),
        ),
        Misconception(
            "slope-without-two",
            "Your slope misses a factor: the derivative of a square u² is 2u.",
            lambda: (None, -2.0, None),
        ),
        Misconception(
            "slope-of-w-squared",
            "Your slope is that of w². Here w − 3 is squared, so the 3 has a say in the slope too.",
            lambda: (None, 2.0, None),
        ),
        Misconception(
            "walks-uphill",
            "Your step goes uphill: the slope is negative, and subtracting something negative moves you to the right.",
            lambda: (None, None, 0.0),
        ),
        Misconception(
            "no-learning-rate",
            "Your step is the whole slope. Multiply the slope by the learning rate before you subtract it.",
            lambda: (None, None, 5.0),
        ),
        Misconception(
            "not-moved",
            "You have not moved: take learning rate times slope away from where you stand.",
            lambda: (None, None, 1.0),
        ),
        Misconception(
            "straight-to-the-minimum",
            "You jumped to the lowest point. A walker in fog does not know it: one step is learning rate times slope.",
            lambda: (None, None, 3.0),
        ),
        Misconception(
            "the-step-alone",
            "You gave the length of the step. The question is where you stand after it.",
            lambda: (None, None, -1.0),
        ),
    ),
    hints=(
        "Height is the value of L, slope is the value of its derivative. What is the derivative of (w − 3)²?",
        "L(1) = (1 − 3)². The derivative is 2 (w − 3). A step against the slope: the old place minus learning rate times slope.",
        "The height is (−2)², the slope is 2 · (−2). For `next_w` take 1 and subtract 0.25 times the slope; mind the signs.",
    ),
)


# -- 00-slope-from-two-heights ---------------------------------------------------------------------------------------------


def slope_ahead(height, w, h):
    return (height(w + h) - height(w)) / h


def slope_cases(rng: np.random.Generator) -> list[Case]:
    """Several hillsides, places on both sides, gaps large and small."""
    cases = [Case((Formula("sum of squares"), 3.0, 0.5), label="the height w²")]
    for name in ("exp(sin w)", "sum of cubes"):
        w, h = round(float(rng.uniform(0.3, 1.2)), 2), round(float(rng.uniform(0.05, 0.4)), 3)
        cases.append(Case((Formula(name), w, h), label=f"the height {name}, w = {w} and h = {h}"))
        cases.append(Case((Formula(name), -w - 1, 1e-3), label=f"the height {name} and a small gap"))
    basins = Value(objectives.two_basins().recipe)
    cases.append(Case((basins, round(float(rng.uniform(-1.6, -1.2)), 2), 0.1), label="two basins"))
    cases.append(Case((Formula("sum of squares"), 2, 3), label="whole numbers"))
    return cases


SLOPE_AHEAD = Exercise(
    id="00-slope-from-two-heights",
    title="A slope from two heights",
    statement=(
        "You get a function `height`, a place `w` and a gap `h`, all in one dimension. Measure the height at `w` and at "
        "`w + h`, and return the slope between the two: the rise divided by the gap."
    ),
    points=2,
    answers=("slope_ahead",),
    reference=slope_ahead,
    cases=slope_cases,
    rtol=1e-6,
    misconceptions=(
        Misconception(
            "rise-only",
            "You return the rise. A slope is the rise for each unit of way, so divide by the length of the way.",
            lambda height, w, h: height(w + h) - height(w),
        ),
        Misconception(
            "sign-flipped",
            "Your slope has the wrong sign: it must be positive where the ground rises as `w` grows.",
            lambda height, w, h: (height(w) - height(w + h)) / h,
        ),
        Misconception(
            "multiplied",
            "You multiply by the gap where you should divide: a rise over a short way is a steep slope.",
            lambda height, w, h: (height(w + h) - height(w)) * h,
        ),
        Misconception(
            "upside-down",
            "Your slope is upside down: it is rise over way, not way over rise.",
            lambda height, w, h: h / (height(w + h) - height(w)),
        ),
        Misconception(
            "behind",
            "You measure behind you, from `w - h` to `w`. Here the second place lies ahead, at `w + h`.",
            lambda height, w, h: (height(w) - height(w - h)) / h,
        ),
        Misconception(
            "both-sides",
            "You measure from `w - h` to `w + h`. That is a finer way, and lesson 01 is about it; here only look ahead.",
            lambda height, w, h: (height(w + h) - height(w - h)) / (2 * h),
        ),
        Misconception(
            "divided-by-two-gaps",
            "You divide by 2h, but the two places are only h apart.",
            lambda height, w, h: (height(w + h) - height(w)) / (2 * h),
        ),
        Misconception(
            "heights-added-to-places",
            "You add the gap to the height. Add it to the place: the second height is the one at `w + h`.",
            lambda height, w, h: (height(w) + h - height(w)) / h,
        ),
        Misconception(
            "height-at-the-gap",
            "You take the height at `h` itself. The second place is `w + h`: as far as `h` from where you stand.",
            lambda height, w, h: (height(h) - height(w)) / h,
        ),
        Misconception(
            "no-brackets",
            "Only one of the two heights is divided by the gap: put brackets around the difference.",
            lambda height, w, h: height(w + h) - height(w) / h,
        ),
        Misconception(
            "divided-by-the-place",
            "You divide by `w + h`, which is a place. The way between the two places is only `h` long.",
            lambda height, w, h: (height(w + h) - height(w)) / (w + h),
        ),
        Misconception(
            "one-height",
            "You return a height. A slope needs two of them, and the way between.",
            lambda height, w, h: height(w),
        ),
        Misconception(
            "own-gap",
            "Your gap does not depend on `h`: use the one that you are given.",
            lambda height, w, h: (height(w + 1e-6) - height(w)) / 1e-6,
        ),
    ),
    hints=(
        "Imagine a staircase: how much higher is the next place, and how far away is it?",
        "Call the function twice: `height(w)` is where you stand, `height(w + h)` is ahead of you.",
        "Subtract the height here from the height ahead, put brackets around that, and divide by `h`.",
    ),
)


# -- 00-take-a-step ----------------------------------------------------------------------------------------------------------


def take_step(w, dw, learning_rate):
    return w - learning_rate * dw


def step_cases(rng: np.random.Generator) -> list[Case]:
    """Places of one, two and many entries; whole numbers; small steps and large ones."""
    cases = []
    for n in (2, 5, 650):
        rate = round(float(rng.uniform(0.05, 0.6)), 3)
        cases.append(Case((rng.normal(size=n), rng.normal(size=n), rate), label=f"{n} entries"))
    cases.append(Case((rng.normal(size=1), rng.normal(size=1), 0.3), label="one entry"))
    whole = rng.integers(1, 9, size=3)
    cases.append(Case((whole, np.array([2, -4, 7]), 0.1), label="whole numbers"))
    cases.append(Case((rng.normal(size=2), rng.normal(size=2), 25.0), label="a very long step"))
    cases.append(Case((rng.normal(size=2), np.zeros(2), 0.5), label="level ground"))
    return cases


def step_in_place(w, dw, learning_rate):
    w -= learning_rate * dw
    return w


def step_of_length_one(w, dw, learning_rate):
    length = np.linalg.norm(dw)
    return w - learning_rate * dw / length if length else w + 0.0


TAKE_STEP = Exercise(
    id="00-take-a-step",
    title="Take one step",
    statement=(
        "You stand at `w` (an array), the slope there is `dw` (an array of the same shape), and `learning_rate` is a "
        "number. Return the place that you reach by one step against the slope. The arrays may hold whole numbers; leave them "
        "as they were."
    ),
    points=2,
    answers=("take_step",),
    reference=take_step,
    cases=step_cases,
    misconceptions=(
        Misconception(
            "uphill",
            "Your step goes uphill. The slope says where the loss grows; you want the other way.",
            lambda w, dw, learning_rate: w + learning_rate * dw,
        ),
        Misconception(
            "no-learning-rate",
            "Your step does not depend on the learning rate: multiply the slope by it.",
            lambda w, dw, learning_rate: w - dw,
        ),
        Misconception(
            "divides",
            "You divide by the learning rate: a larger learning rate must give a longer step.",
            lambda w, dw, learning_rate: w - dw / learning_rate,
        ),
        Misconception(
            "only-the-step",
            "You return the step. Asked for is the place after it: the step has to be taken away from `w`.",
            lambda w, dw, learning_rate: learning_rate * dw,
        ),
        Misconception(
            "forgets-where-it-stood",
            "Your new place is minus the step, as if you had stood at zero: begin from `w`.",
            lambda w, dw, learning_rate: -learning_rate * dw,
        ),
        Misconception(
            "changes-w",
            "You write into the caller's own `w`: `w -= …` changes the array that you were given. Make a new one.",
            step_in_place,
        ),
        Misconception(
            "always-the-same-length",
            "All your steps have the same length: you divided the slope by its own length. Steep ground asks for a longer step.",
            step_of_length_one,
        ),
        Misconception(
            "only-the-sign",
            "You use only the sign of the slope. How steep it is counts too.",
            lambda w, dw, learning_rate: w - learning_rate * np.sign(dw),
        ),
        Misconception(
            "scales-w",
            "You multiply `w` by the learning rate as well: only the slope is multiplied.",
            lambda w, dw, learning_rate: learning_rate * (w - dw),
        ),
        Misconception(
            "one-number-for-all",
            "Every entry moves by the same amount: the slopes were added up, but each entry of `w` has its own.",
            lambda w, dw, learning_rate: w - learning_rate * np.sum(dw),
        ),
        Misconception(
            "mean-for-all",
            "Every entry moves by the same amount: you took the mean of the slopes, but each entry of `w` has its own.",
            lambda w, dw, learning_rate: w - learning_rate * np.mean(dw),
        ),
        Misconception(
            "does-not-move",
            "You return `w` itself: the walker has not moved.",
            lambda w, dw, learning_rate: w + 0.0,
        ),
    ),
    hints=(
        "Which way does `dw` point, and which way do you want to go?",
        "The step is the learning rate times the slope. NumPy does it for all entries at once.",
        "One line is enough: from `w`, take away `learning_rate` times `dw`, and return the result without `-=`.",
    ),
)


# -- 00-mean-cosine -----------------------------------------------------------------------------------------------------------


def mean_cosine(directions, downhill):
    cosines = directions @ downhill / (np.linalg.norm(directions, axis=1) * np.linalg.norm(downhill))
    return np.mean(np.abs(cosines))


def cosine_cases(rng: np.random.Generator) -> list[Case]:
    """Few and many directions, in the plane and in a thousand dimensions, none of them of length 1."""
    cases = []
    for count, n in ((7, 2), (50, 3), (100, 1000)):
        scale = np.exp(rng.normal(size=(count, 1)))
        rows, downhill = scale * rng.normal(size=(count, n)), 3 * rng.normal(size=n)
        cases.append(Case((rows, downhill), label=f"{count} directions in {n} dimensions"))
    cases.append(Case((rng.normal(size=(1, 4)), rng.normal(size=4)), label="a single direction"))
    whole = np.array([[3, 4], [-5, 12], [8, 15], [1, int(rng.integers(2, 9))]])
    cases.append(Case((whole, np.array([0, -2])), label="whole numbers"))
    return cases


def of_cosines(formula):
    """A wrong answer made from the right cosines."""

    def wrong(directions, downhill):
        lengths = np.linalg.norm(directions, axis=1) * np.linalg.norm(downhill)
        return formula(directions @ downhill / lengths)

    return wrong


MEAN_COSINE = Exercise(
    id="00-mean-cosine",
    title="How much of a random step goes downhill?",
    statement=(
        "`directions` has one direction in each row, `downhill` is one direction; none of them need have length 1, and "
        "none is zero. Return the mean, over the rows, of |cos|: the size of the cosine between the row and `downhill`."
    ),
    points=2,
    answers=("mean_cosine",),
    reference=mean_cosine,
    cases=cosine_cases,
    misconceptions=(
        Misconception(
            "sign-kept",
            "Your cosines cancel each other: uphill ones are negative. Take the size of each before you average.",
            of_cosines(lambda c: c.mean()),
        ),
        Misconception(
            "size-of-the-mean",
            "You average first and take the size afterwards, so uphill and downhill cancel. The other way round.",
            of_cosines(lambda c: abs(c.mean())),
        ),
        Misconception(
            "lengths-forgotten",
            "You have the dot products. A cosine is a dot product divided by both lengths.",
            lambda directions, downhill: np.mean(np.abs(directions @ downhill)),
        ),
        Misconception(
            "length-of-downhill-forgotten",
            "You divide by the length of each row, but not by the length of `downhill`.",
            lambda directions, downhill: np.mean(
                np.abs(directions @ downhill) / np.linalg.norm(directions, axis=1)
            ),
        ),
        Misconception(
            "length-of-rows-forgotten",
            "You divide by the length of `downhill`, but not by the length of each row.",
            lambda directions, downhill: np.mean(np.abs(directions @ downhill)) / np.linalg.norm(downhill),
        ),
        Misconception(
            "one-length-for-all-rows",
            "You divide by one length for the whole table. Each row has a length of its own: `axis=1` gives them.",
            lambda directions, downhill: (
                np.mean(np.abs(directions @ downhill))
                / (np.linalg.norm(directions) * np.linalg.norm(downhill))
            ),
        ),
        Misconception(
            "angle",
            "You return an angle; asked for is its cosine.",
            of_cosines(lambda c: np.mean(np.arccos(np.clip(np.abs(c), 0, 1)))),
        ),
        Misconception(
            "squares",
            "You average the squares of the cosines; asked for are their sizes.",
            of_cosines(lambda c: np.mean(c * c)),
        ),
        Misconception(
            "root-mean-square",
            "You return the root of the mean square. Asked for is the plain mean of the sizes.",
            of_cosines(lambda c: np.sqrt(np.mean(c * c))),
        ),
        Misconception(
            "sum",
            "You add the sizes up: divide by how many directions there are.",
            of_cosines(lambda c: np.sum(np.abs(c))),
        ),
        Misconception(
            "median",
            "You return the median; asked for is the mean.",
            of_cosines(lambda c: np.median(np.abs(c))),
        ),
        Misconception(
            "best-only",
            "You return the largest cosine of all; asked for is the mean of the sizes.",
            of_cosines(lambda c: np.max(np.abs(c))),
        ),
        Misconception(
            "one-for-each-row",
            "You return a number for each row: one mean over all of them is asked for.",
            of_cosines(np.abs),
        ),
    ),
    hints=(
        "The cosine between two directions is their dot product, divided by the length of one and the length of the other.",
        "`directions @ downhill` gives all dot products, `np.linalg.norm(directions, axis=1)` the lengths of all rows.",
        "Divide the dot products by (lengths of the rows times length of `downhill`), then `np.abs`, then `np.mean`.",
    ),
)


EXERCISES = (HEIGHT_AND_SLOPE, SLOPE_AHEAD, TAKE_STEP, MEAN_COSINE)


# -- predictions --------------------------------------------------------------------------------------------------------------


def where_it_ends() -> int:
    """Which choice: what always going straight downhill reaches on four hollows, by running it from many starts."""
    hollows = objectives.styblinski_tang()
    side = np.linspace(-4, 4, 9) + 0.05
    starts = np.stack(np.meshgrid(side, side), axis=-1)
    ends = descend(hollows, GradientDescent(0.01), starts, 500).final
    level = np.abs(hollows.gradient(np.moveaxis(ends, -1, 0))).max() < 1e-6
    heights = hollows.value(np.moveaxis(ends, -1, 0))
    deepest = heights < hollows.value(np.transpose(hollows.minima)).min() + 0.01
    if level and deepest.all():
        return 0
    return 1 if level and deepest.any() else 2


def how_many_go_down() -> int:
    """Of 100 random directions, how many lead downhill on average: counted for 100,000 of them."""
    random = np.random.default_rng(0).normal(size=(100_000, 2))
    return round(100 * float(np.mean(random @ [0.6, -0.8] > 0)))


def size_at_1000() -> int:
    """Which choice: the mean size of the cosine in 1,000 dimensions."""
    return int(np.argmin([abs(np.log(theory.expected_cosine(1000) / c)) for c in (0.64, 0.3, 0.1, 0.025)]))


PREDICTIONS = (
    Prediction(
        id="00-where-it-ends",
        question=(
            "You walk in fog and always step downhill, with small steps, until the ground is level. Where do you stand "
            "at the end?"
        ),
        kind="choice",
        choices=(
            "At the deepest point of the whole landscape.",
            "At the bottom of a hollow; maybe the deepest one, maybe not. It depends on the start.",
            "Nowhere in particular: without a map one walks in circles.",
        ),
        answer=where_it_ends,
        reveal=(
            "Downhill leads to a place where the slope is zero. In the fog you cannot tell whether a deeper hollow lies "
            "behind the next hill. Landscape C below has four of them."
        ),
    ),
    Prediction(
        id="00-half-go-down",
        question=(
            "You stand on a slope and choose 100 directions at random, each as likely as any other. You take a very "
            "short step. About how many of the 100 lead downhill?"
        ),
        kind="number",
        answer=how_many_go_down,
        tolerance=0.1,
        unit="directions",
        reveal=(
            "About {answer}: whenever a direction leads down, its opposite leads up, and both are equally likely. So "
            "going down at random is no problem. The question is how much down."
        ),
    ),
    Prediction(
        id="00-thousand-dimensions",
        question=(
            "In the plane, a random direction has on average 64 % of its length along the line of steepest descent. Now "
            "`w` has 1,000 entries. How much is it there?"
        ),
        kind="choice",
        choices=("Also about 64 %", "About 30 %", "About 10 %", "About 2.5 %"),
        answer=size_at_1000,
        reveal=(
            "With so many directions to go wrong, nearly all of a random step goes sideways. The mean size of the cosine "
            "is close to √(2/(πd)), which is 0.025 at d = 1,000."
        ),
    ),
)


# -- quiz ----------------------------------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="00",
    questions=(
        Question(
            "The loss is L(w) = (w − 3)² + 5. What is w*, the argmin?",
            ("3", "5", "0", "8"),
            0,
            (
                "Yes: at w = 3 the square is zero, and nowhere is the loss smaller. The argmin is a place.",
                "5 is the lowest height, the minimum of L. The argmin is the place where it is reached.",
                "At w = 0 the loss is 14.",
                "8 is 3 + 5, a place and a height added up: at w = 8 the loss is 30.",
            ),
        ),
        Question(
            "What does gradient descent know when it decides on its next step?",
            (
                "The whole landscape.",
                "Where the lowest point is, but not how to get there.",
                "The slope where it stands, and nothing else.",
                "The heights of all places that it has visited.",
            ),
            2,
            (
                "It would have to compute the loss everywhere. With 650 weights, two tries for each are 2⁶⁵⁰ places.",
                "If it knew that, it would go there at once.",
                "Yes. That is the fog: you feel the slope, and you cannot see.",
                "Plain gradient descent remembers nothing. Later lessons add a memory, and it helps.",
            ),
        ),
        Question(
            "You stand at w = 2, the slope is −6, and the learning rate is 0.5. Where are you after one step?",
            ("−1", "5", "−4", "2.5"),
            1,
            (
                "That is 2 + 0.5 · (−6): uphill. Subtract the step.",
                "Yes: 2 − 0.5 · (−6) = 5. A negative slope means that down is to the right.",
                "That is 2 − 6, the slope added without the learning rate.",
                "Here the slope has no say: the step is learning rate times slope.",
            ),
        ),
        Question(
            "Half of all random directions go downhill. Why is trying them out still hopeless for a network with a "
            "million weights?",
            (
                "Because nearly all of them go almost sideways, so each step gains next to nothing.",
                "Because in high dimensions nearly all random directions go uphill, so hardly any step can be taken.",
                "Because random numbers are slow to compute.",
                "Because the loss has no slope in high dimensions.",
            ),
            0,
            (
                "Yes: the part along the steepest descent shrinks like √(2/(πd)).",
                "It stays half and half. They just go down by very little.",
                "They are fast. What costs is the loss, which must be computed for every try.",
                "It has one, and the gradient finds it with all its million entries at once.",
            ),
        ),
        Question(
            "A check says “not started”. What does it mean?",
            (
                "Your answer is wrong.",
                "The cell still holds its three dots; nothing is wrong, and you may go on reading.",
                "The notebook has lost its place: restart the kernel, run all cells again and then the check.",
                "You have to open a hint first.",
            ),
            1,
            (
                "A wrong answer gets a sentence that says what is wrong.",
                "Yes: write your code where `...` stands, run the cell, then run the check again. Whenever you like.",
                "Blanks never break anything. Everything below works with the course's own code meanwhile.",
                "Hints are there whenever you want one, and never needed.",
            ),
        ),
    ),
)
