"""Exercises of lesson 00: height and slope, one step, and random directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optcourse import objectives, theory
from optcourse.descent import descend
from optcourse.exercises.answers.lesson_00 import mean_cosine, slope_ahead, take_step
from optcourse.exercises.ingredients import Formula, Value
from optcourse.exercises.mistakes import mistakes, wrong_values
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz
from optcourse.optimizers import GradientDescent

# -- 00-height-and-slope: the first check of all ------------------------------------------------------------------------


def height_and_slope(minimum: int, w: int, learning_rate: float) -> Exercise:
    """The exercise for the loss (w - minimum)², which has its minimum to the right of w."""

    def first_numbers():
        """(height, slope, next_w)."""
        height, slope = float(w - minimum) ** 2, 2.0 * (w - minimum)
        return height, slope, w - learning_rate * slope

    _, slope, next_w = first_numbers()
    given = {
        "minimum": minimum, "w": w, "learning_rate": learning_rate, "slope_there": slope, "next_place": next_w,
    }  # fmt: skip
    return Exercise(
        id="00-height-and-slope",
        title="Height, slope, and where to step",
        statement=(
            f"The loss is L(w) = (w − {minimum})². You stand at w = {w}. Give the height there, the slope there, and the place "
            f"`next_w` that you reach by one step against the slope with learning rate {learning_rate}."
        ),
        points=1,
        answers=("height", "slope", "next_w"),
        reference=first_numbers,
        kind="value",
        rtol=1e-6,
        misconceptions=wrong_values(
            first_numbers,
            ("height", "slope", "next_w"),
            """
            height-not-squared: height = minimum - w
                Your height is the distance from {minimum}. The loss is the square of that distance.
            height-is-the-difference: height = w - minimum
                Your height is w − {minimum}. The loss is the square of that difference.
            height-negative: height = -((w - minimum) ** 2)
                Your height is below zero, but a square never is: put w = {w} into (w − {minimum}) first, then square.
            height-of-w-squared: height = w**2 - minimum**2
                Your height is w² − {minimum}², but the difference is squared as a whole: first subtract, then square.
            height-at-the-next-place: height = (next_place - minimum) ** 2
                Your height is the one after the step. Asked for is the height where you stand, at w = {w}.
            height-with-a-plus: height = (w + minimum) ** 2
                Your height is (w + {minimum})². Here {minimum} is taken away from w.
            slope-sign: slope = -slope_there
                Your slope has the wrong sign: from w = {w} towards {minimum} the loss falls, so its slope at {w} is negative.
            slope-without-two: slope = w - minimum
                Your slope misses a factor: the derivative of a square u² is 2u. (If it is the slope after the step: asked for
                is the one at w = {w}.)
            slope-of-w-squared: slope = 2 * w
                Your slope is that of w². Here w − {minimum} is squared, so the {minimum} has a say in the slope too.
            walks-uphill: next_w = w + learning_rate * slope_there
                Your step goes uphill: the slope is negative, and subtracting something negative moves you to the right.
            no-learning-rate: next_w = w - slope_there
                Your step is the whole slope. Multiply the slope by the learning rate before you subtract it.
            uphill-without-learning-rate: next_w = w + slope_there
                Your step is the whole slope, and it goes uphill: multiply the slope by the learning rate, and subtract it.
            divides: next_w = w - slope_there / learning_rate
                You divide the slope by the learning rate. Multiply: a smaller learning rate gives a shorter step.
            not-moved: next_w = w
                You have not moved from w = {w}, or you gave the length of the step: `next_w` is the place after it.
            straight-to-the-minimum: next_w = minimum
                You jumped to the lowest point. A walker in fog does not know it: one step is learning rate times slope.
            the-step-alone: next_w = learning_rate * slope_there
                You gave the step, learning rate times slope. The question is where you stand after it.
            """,
            given,
        ),
        hints=(
            f"Height is the value of L, slope is the value of its derivative. What is the derivative of (w − {minimum})²?",
            f"L({w}) = ({w} − {minimum})². The derivative is 2 (w − {minimum}). A step against the slope: the old place minus "
            "learning rate times slope.",
            f"The height is (−{minimum - w})², the slope is 2 · (−{minimum - w}). For `next_w` take {w} and subtract "
            f"{learning_rate} times the slope; mind the signs.",
        ),
    )


HEIGHT_AND_SLOPE = replace(
    height_and_slope(3, 1, 0.25),
    # whole numbers up to 10, and a rate of one digit; no two mistakes give the same number
    numbers=tuple(
        (w + away, w, learning_rate)
        for w in (1, 2, 3, 4, 5)
        for away in (2, 3, 4, 5)
        for learning_rate in (0.1, 0.2, 0.3, 0.4)
        if w != away
    ),
    with_numbers=height_and_slope,
)


# -- 00-slope-from-two-heights ---------------------------------------------------------------------------------------------


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
    misconceptions=mistakes(
        slope_ahead,
        """
        rise-only: / h =>
            You return the rise. A slope is the rise for each unit of way, so divide by the length of the way.
        sign-flipped: height(w + h) - height(w) => height(w) - height(w + h)
            Your slope has the wrong sign: it must be positive where the ground rises as `w` grows.
        multiplied: / h => * h
            You multiply by the gap where you should divide: a rise over a short way is a steep slope.
        upside-down: (height(w + h) - height(w)) / h => h / (height(w + h) - height(w))
            Your slope is upside down: it is rise over way, not way over rise.
        behind: height(w + h) - height(w) => height(w) - height(w - h)
            You measure behind you, from `w - h` to `w`. Here the second place lies ahead, at `w + h`.
        both-sides: height(w + h) - height(w)) / h => height(w + h) - height(w - h)) / (2 * h)
            You measure from `w - h` to `w + h`. That is a finer way, and lesson 01 is about it; here only look ahead.
        both-sides-over-one-gap: height(w + h) - height(w) => height(w + h) - height(w - h)
            You measure from `w - h` to `w + h`, two gaps apart, and divide by one. Here only look ahead, from `w`.
        divided-by-two-gaps: / h => / (2 * h)
            You divide by 2h, but the two places are only h apart.
        heights-added-to-places: height(w + h) => height(w) + h
            Your slope is 1 everywhere. The second height is the one at `w + h`: add the gap to the place, not to the height.
        height-at-the-gap: height(w + h) => height(h)
            You take the height at `h` itself. The second place is `w + h`: as far as `h` from where you stand.
        height-of-the-product: height(w + h) => height(w * h)
            Your second place is `w * h`. It lies `h` ahead of you, at `w + h`.
        two-gaps-ahead: height(w + h) => height(w + 2 * h)
            Your second place is two gaps ahead. It lies at `w + h`.
        no-brackets: (height(w + h) - height(w)) => height(w + h) - height(w)
            Only one of the two heights is divided by the gap: put brackets around the difference.
        divided-by-the-place: / h => / (w + h)
            You divide by `w + h`, which is a place. The way between the two places is only `h` long.
        divided-by-where-you-stand: / h => / w
            You divide by `w`, where you stand. The way between the two places is `h` long.
        one-height: (height(w + h) - height(w)) / h => height(w)
            You return a height. A slope needs two of them, and the way between.
        height-ahead: (height(w + h) - height(w)) / h => height(w + h)
            You return the height at `w + h`. A slope compares it with the height at `w`, and divides by the way.
        height-ahead-over-gap: (height(w + h) - height(w)) / h => height(w + h) / h
            You divide one height by the gap. A slope is the *difference* of two heights, for each unit of way.
        height-of-the-difference: (height(w + h) - height(w)) / h => height(w + h - w) / h
            You take the height of a difference of places. Take the difference of two heights: at `w + h` and at `w`.
        adds-the-heights: height(w + h) - height(w) => height(w + h) + height(w)
            You add the two heights up. The rise is their difference.
        absolute: return (height(w + h) - height(w)) => return abs(height(w + h) - height(w))
            The sign is lost: where the ground falls as `w` grows, the slope is negative.
        own-gap: return … => h = 1e-6; return …
            Your gap does not depend on `h`: use the one that you are given.
        own-gap-of-a-thousandth: return … => h = 0.001; return …
            Your gap is 0.001, whatever `h` is: use the one that you are given.
        own-gap-of-one: return … => h = 1; return …
            You look one unit ahead, whatever `h` is: use the gap that you are given.
        whole-division: / h => // h
            `//` cuts the fraction off: divide with `/`.
        rounded: return … => return round(…, 2)
            Your slope is rounded to two digits: return it with all that it has.
        """,
    ),
    hints=(
        "Imagine a staircase: how much higher is the next place, and how far away is it?",
        "Call the function twice: `height(w)` is where you stand, `height(w + h)` is ahead of you.",
        "Subtract the height here from the height ahead, put brackets around that, and divide by `h`.",
    ),
)


# -- 00-take-a-step ----------------------------------------------------------------------------------------------------------


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
    misconceptions=mistakes(
        take_step,
        """
        uphill: w - => w +
            Your step goes uphill. The slope says where the loss grows; you want the other way.
        no-learning-rate: learning_rate * dw => dw
            Your step does not depend on the learning rate: multiply the slope by it.
        uphill-without-learning-rate: - learning_rate * dw => + dw
            You add the whole slope, which goes uphill. Multiply it by the learning rate, and take it away from `w`.
        divides: learning_rate * dw => dw / learning_rate
            You divide by the learning rate: a larger learning rate must give a longer step.
        divides-by-the-slope: learning_rate * dw => learning_rate / dw
            You divide the learning rate by the slope: steep ground asks for a longer step, not a shorter one.
        only-the-step: w - learning_rate * dw => learning_rate * dw
            You return the step. Asked for is the place after it: the step has to be taken away from `w`.
        forgets-where-it-stood: w - learning_rate * dw => -learning_rate * dw
            Your new place is minus the step, as if you had stood at zero: begin from `w`.
        step-minus-place: w - learning_rate * dw => learning_rate * dw - w
            You take `w` away from the step. The step is taken away from `w`.
        changes-w: return w - learning_rate * dw => w -= learning_rate * dw; return w
            You write into the caller's own `w`: `w -= …` changes the array that you were given. Make a new one.
        changes-dw: return w - learning_rate * dw => dw *= learning_rate; return w - dw
            You write into the caller's own `dw`: `dw *= …` changes the array that you were given. Make a new one.
        copies-whole-numbers: return w - learning_rate * dw => w = w.copy(); w -= learning_rate * dw; return w
            Your copy of whole numbers holds whole numbers, and no steps: say `dtype=float`, or subtract without `-=`.
        keeps-whole-numbers: return … => return np.asarray(…).astype(w.dtype)
            Your new array has the whole-number type of `w`, so every fraction is cut off: make it one of floats.
        always-the-same-length: learning_rate * dw => learning_rate * dw / (np.linalg.norm(dw) or 1.0)
            All your steps have the same length: you divided the slope by its own length. Steep ground asks for a longer step.
        divided-by-its-length: learning_rate * dw => learning_rate * dw / np.linalg.norm(dw)
            You divide the slope by its own length, which is 0 on level ground. Take the slope as it is.
        only-the-sign: dw => np.sign(dw)
            You use only the sign of the slope. How steep it is counts too.
        scales-w: w - learning_rate * dw => learning_rate * (w - dw)
            You multiply `w` by the learning rate as well: only the slope is multiplied.
        one-number-for-all: dw => np.sum(dw)
            Every entry moves by the same amount: the slopes were added up, but each entry of `w` has its own.
        mean-for-all: dw => np.mean(dw)
            Every entry moves by the same amount: you took the mean of the slopes, but each entry of `w` has its own.
        length-for-all: dw => np.linalg.norm(dw)
            Every entry moves by the same amount: you took the length of `dw`, but each entry of `w` has its own slope.
        does-not-move: w - learning_rate * dw => w + 0.0
            You return `w` itself: the walker has not moved.
        returns-the-slope: w - learning_rate * dw => dw + 0.0
            You return the slope. Asked for is the place after the step.
        changed-roles: w - learning_rate * dw => dw - learning_rate * w
            `w` and `dw` have changed roles: the place is `w`, and the slope is multiplied by the learning rate.
        times-w: * dw => * w * dw
            Your step is multiplied by `w` as well: it holds the learning rate and the slope, nothing else.
        brackets: w - learning_rate * dw => (w - learning_rate) * dw
            You take the learning rate away from `w` first. The step is a product: learning rate times slope.
        learning-rate-squared: learning_rate * dw => learning_rate * learning_rate * dw
            The learning rate is multiplied in twice: once is enough.
        learning-rate-added: learning_rate * dw => (learning_rate + dw)
            You add the learning rate to the slope: multiply the two.
        absolute-slope: dw => abs(dw)
            The sign of the slope is lost, so you always move to smaller numbers: where it is negative, `w` must grow.
        slope-squared: dw => dw * dw
            You square the slope, so its sign is lost and steep ground counts too much: take it as it is.
        own-learning-rate: learning_rate * dw => 0.1 * dw
            Your learning rate is always 0.1: use the one that you are given.
        dot-product: learning_rate * dw => learning_rate * (w @ dw)
            `@` adds products up to one number. Here every entry of `dw` is multiplied by the learning rate.
        rounded: return … => return np.round(…, 2)
            Your place is rounded to two digits: return it with all that it has.
        clips-the-step: learning_rate * dw => np.clip(learning_rate * dw, -1, 1)
            Your step is cut to between −1 and 1: take it as long as it is.
        clips-the-slope: learning_rate * dw => learning_rate * np.clip(dw, -1, 1)
            Your slope is cut to between −1 and 1: take it as steep as it is.
        first-entry-only: w - learning_rate * dw => w[0] - learning_rate * dw[0]
            Only the first entry comes back: NumPy moves all entries at once, without an index.
        """,
    ),
    hints=(
        "Which way does `dw` point, and which way do you want to go?",
        "The step is the learning rate times the slope. NumPy does it for all entries at once.",
        "One line is enough: from `w`, take away `learning_rate` times `dw`, and return the result without `-=`.",
    ),
)


# -- 00-mean-cosine -----------------------------------------------------------------------------------------------------------


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
    misconceptions=mistakes(
        mean_cosine,
        """
        sign-kept: np.abs(cosines) => cosines
            Your cosines cancel each other: uphill ones are negative. Take the size of each before you average.
        size-of-the-mean: np.mean(np.abs(cosines)) => np.abs(np.mean(cosines))
            You average first and take the size afterwards, so uphill and downhill cancel. The other way round.
        lengths-forgotten: / (np.linalg.norm(directions, axis=1) * np.linalg.norm(downhill)) =>
            You have the dot products. A cosine is a dot product divided by both lengths.
        length-of-downhill-forgotten: * np.linalg.norm(downhill) =>
            You divide by the length of each row, but not by the length of `downhill`.
        length-of-rows-forgotten: np.linalg.norm(directions, axis=1) * =>
            You divide by the length of `downhill`, but not by the length of each row.
        one-length-for-all-rows: , axis=1 =>
            You divide by one length for the whole table. Each row has a length of its own: `axis=1` gives them.
        lengths-of-columns: axis=1 => axis=0
            `axis=0` gives the lengths of the columns. A direction is a row: `axis=1`.
        multiplied-by-a-length: (… * np.linalg.norm(downhill)) => … * np.linalg.norm(downhill)
            You divide by the one length and multiply by the other, `a / b * c`: the two lengths need brackets around them.
        rows-multiplied: (… * np.linalg.norm(downhill)) => np.linalg.norm(downhill) * …
            You divide by the length of `downhill` and multiply by that of the row: the two lengths need brackets around them.
        lengths-added: directions, axis=1) * => directions, axis=1) +
            You divide by the sum of the two lengths; a cosine divides by their product.
        lengths-squared: (… * np.linalg.norm(downhill)) => (… * np.linalg.norm(downhill)) ** 2
            You divide by squared lengths: a length is the root of the sum of squares.
        angle: np.abs(cosines) => np.arccos(np.clip(np.abs(cosines), 0, 1))
            You return an angle; asked for is its cosine.
        angle-with-sign: np.abs(cosines) => np.arccos(np.clip(cosines, -1, 1))
            You return the mean angle; asked for is the mean size of the cosine.
        sine: np.abs(cosines) => np.sqrt(np.maximum(0, 1 - cosines**2))
            You return the sine, the part that goes sideways. Asked for is the cosine.
        squares: np.abs(cosines) => cosines**2
            You average the squares of the cosines; asked for are their sizes.
        root-mean-square: np.mean(np.abs(cosines)) => np.sqrt(np.mean(cosines**2))
            You return the root of the mean square. Asked for is the plain mean of the sizes.
        sum: np.mean => np.sum
            You add the sizes up: divide by how many directions there are.
        divided-by-columns: np.mean(np.abs(cosines)) => np.sum(np.abs(cosines)) / directions.shape[1]
            You divide the sum by the number of dimensions. A mean divides by the number of directions, `len(directions)`.
        divided-by-entries: np.mean(np.abs(cosines)) => np.sum(np.abs(cosines)) / directions.size
            You divide the sum by the number of entries of the table. A mean divides by the number of directions.
        median: np.mean => np.median
            You return the median; asked for is the mean.
        best-only: np.mean => np.max
            You return the largest cosine of all; asked for is the mean of the sizes.
        one-for-each-row: np.mean(np.abs(cosines)) => np.abs(cosines)
            You return a number for each row: one mean over all of them is asked for.
        first-row-only: np.mean(np.abs(cosines)) => np.abs(cosines)[0]
            Only the first direction counts in your result: asked for is the mean over all of them.
        mean-direction: cosines = … => directions = np.mean(directions, axis=0, keepdims=True); cosines = …
            You average the directions first. The cosines are averaged: one for each direction.
        mean-of-lengths: np.linalg.norm(directions, axis=1) => np.mean(np.linalg.norm(directions, axis=1))
            You divide by the mean length of the rows. Each dot product is divided by the length of its own row.
        distance: return … => return 1 - …
            You return 1 minus the cosine. Asked for is the size of the cosine itself.
        negative: return … => return -…
            Your result is negative; a size never is.
        percent: return … => return 100 * …
            Your result is in per cent: a cosine lies between 0 and 1.
        uphill-as-zero: np.abs(cosines) => np.maximum(cosines, 0)
            Your uphill directions count as 0. Take the size of each cosine.
        downhill-ones-only: np.abs(cosines) => cosines[cosines > 0]
            You leave the uphill directions out. Take the size of each cosine, and average over all of them.
        """,
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
