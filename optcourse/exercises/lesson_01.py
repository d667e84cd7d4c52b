"""Exercises of lesson 01: the numeric gradient."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from optcourse import data, gradients, models, objectives
from optcourse.exercises.answers.lesson_01 import best_h, numeric_descent, numeric_gradient
from optcourse.exercises.ingredients import Formula, ModelValue, QuadraticValue, Value, random_bowl
from optcourse.exercises.mistakes import mistakes
from optcourse.exercises.model import Case, Exercise, Prediction, Question, Quiz

# -- 01-numeric-gradient: central differences, any shape -------------------------------------------


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """Every shape, small and large h, whole numbers, and a real loss."""
    return [
        Case((Formula("sum of exp(sin w)"), rng.uniform(0.3, 1.2, 3), 0.1), label="three entries, a large h"),
        Case((Formula("sum of cubes"), rng.uniform(1, 2, 4), 0.01), label="four entries"),
        Case((Value(objectives.rosenbrock().recipe), rng.normal(size=2), 1e-3), label="Rosenbrock's valley"),
        Case((Formula("sum of exp(sin w)"), rng.uniform(0.3, 1.2, 1), 1e-4), label="one entry"),
        Case((Formula("product of cosines"), rng.uniform(0.2, 1, (2, 3)), 1e-2), label="a table of 2 × 3"),
        Case((Formula("sum of products of rows"), rng.uniform(1, 2, (3, 2)), 1e-2), label="a table of 3 × 2"),
        Case((Formula("sum of cubes"), rng.uniform(1, 2, (2, 2, 2)), 1e-3), label="a block of 2 × 2 × 2"),
        Case((Formula("sum of cubes"), rng.integers(2, 9, 3), 0.125), label="whole numbers"),
        Case((Formula("sum of exp(sin w)"), rng.integers(1, 9, 4), 1e-3), label="whole numbers"),
        Case((Formula("sum of cubes"), np.array(rng.uniform(1, 2)), 0.1), label="a single number"),
        Case(
            (ModelValue("LinearRegression", (0, 20)), rng.normal(scale=0.1, size=65), 1e-4),
            label="linear regression on 20 digits",
        ),
    ]


NUMERIC_GRADIENT = Exercise(
    id="01-numeric-gradient",
    title="The numeric gradient",
    statement=(
        "Write `numeric_gradient(f, w, h)`: central differences, entry by entry. `f` takes an array shaped like "
        "`w` and gives one number. Return an array of floats shaped like `w`. Call `f` exactly 2N times for N "
        "entries, and leave the caller's `w` as it was. `w` may have any shape and may hold whole numbers."
    ),
    points=4,
    answers=("numeric_gradient",),
    reference=numeric_gradient,
    cases=gradient_cases,
    rtol=1e-6,
    atol=1e-8,
    compare=("result", "call_count", "inputs"),
    algorithm=True,
    misconceptions=mistakes(
        numeric_gradient,
        """
        forward-difference: w[i] = here - h => w[i] = here
                       and: / (2 * h) => / h
            This is the forward difference: it looks ahead by `h` only, so its error is about `h`. The central one looks `h`
            ahead and `h` behind, and needs no value at `w` itself.
        backward-difference: w[i] = here + h => w[i] = here
                        and: / (2 * h) => / h
            This is the backward difference: it looks behind by `h` only. Look ahead by `h` as well.
        divided-by-h: / (2 * h) => / h
            Every entry is twice what it should be: the two points lie `2 * h` apart, so that is the distance to divide by.
        brackets-missing: / (2 * h) => / 2 * h
            The division lacks brackets: Python reads `/ 2 * h` as “halve it, then multiply by `h`”. The whole of `2 * h`
            belongs below the line.
        difference-without-brackets: (ahead - behind) => ahead - behind
            Only the second value is divided: a division binds before a subtraction. Put the difference of the two values
            into brackets.
        not-divided: / (2 * h) =>
            This is a difference of two losses, and not yet a slope: divide it by the distance of the points.
        divided-by-h-again: / (2 * h) => / (2 * h * h)
            You divide by `h` once too often: the two points lie `2 * h` apart.
        sign-flipped: ahead - behind => behind - ahead
            Your slopes point downhill: the value ahead comes first, and the one behind is taken away from it.
        adds-the-values: ahead - behind => ahead + behind
            You add the two values up. The slope is in their difference.
        not-restored: w[i] = here  # … => pass
            After an entry is done it is not put back, so the later entries are measured at another point. Your first entry is
            right; restore each entry before you go on.
        left-ahead: w[i] = here - h => below = w.copy(); below[i] = here - h
               and: behind = f(w) => behind = f(below)
               and: w[i] = here  # … => pass
            After an entry is done it stays moved ahead by `h`. Your first entry is right, the others are measured elsewhere:
            put each entry back to the number that it was.
        all-entries-at-once: w[i] = here + h => w[i] = here
                        and: ahead = f(w) => ahead = f(w + h)
                        and: w[i] = here - h => w[i] = here
                        and: behind = f(w) => behind = f(w - h)
            All entries of `w` move together, so you measure one slope, along the diagonal. The gradient has a slope for each
            entry: move one, leave the others.
        one-number: w[i] = here + h => w[i] = here
               and: ahead = f(w) => ahead = f(w + h)
               and: w[i] = here - h => w[i] = here
               and: behind = f(w) => behind = f(w - h)
               and: dw[i] = => return
            You return one number for the whole of `w`, because every entry was moved at once. Move one entry at a time and
            collect a slope for each.
        sum-of-slopes: return dw => return dw.sum()
            You return the sum of the slopes. The gradient keeps one for each entry.
        one-total: dw[i] = => dw +=
            Every slope is added to all entries: `dw[i] = …` puts it into the entry that it belongs to.
        two-names-one-array: w[i] = here + h => pass
                        and: w[i] = here - h => pass
            Both values come from the same point. A second name, as in `ahead = w`, is no copy of an array, so a second move
            undoes the first: use `w.copy()`, or move and restore one array.
        second-name-in-turn: w[i] = here - h => w[i] = here
            Your second point is `w` itself, not `w - h`: if a second name (`moved = w`) stands for the same array, taking `h`
            away only undoes the first move. Use `w.copy()`, or take `2 * h` away and put the entry back.
        two-steps-behind: w[i] = here - h => w[i] = here - 2 * h
            Your second point lies `2 * h` behind: it belongs `h` behind where the entry was.
        slopes-into-w: dw[i] = => w[i] =
                  and: return dw => return w
            Your slopes are written into `w`, so from the second entry on you measure at another point: give `dw` an array of
            its own.
        own-h: w = … => h = 1e-5; w = …
            Your function chooses its own `h`: use the one that the caller gives.
        w-stays-whole: np.array(w, dtype=float) => np.array(w)
                  and: np.zeros_like(w) => np.zeros(w.shape)
            With whole numbers your result is wrong: an array of whole numbers cuts `3 + 0.001` back to 3, and `3 - 0.001` to
            2. Begin with a float copy of `w`.
        both-stay-whole: np.array(w, dtype=float) => np.array(w)
            With whole numbers your result is wrong: your copy of `w` and the array of slopes hold whole numbers, too. Begin
            with a float copy of `w`.
        dw-stays-whole: w = … => given = w; w = …
                   and: np.zeros_like(w) => np.zeros_like(given)
            With whole numbers your slopes lose their fractions: `np.zeros_like(w)` of a whole-number `w` holds whole numbers
            too. Make floats of `w` first, or ask for `dtype=float`.
        input-changed: w = … => given = w; w = …
                  and: return dw => given += given.dtype.kind == "f"; return dw
            Your slopes are right, but the caller's `w` is another one afterwards. Work on a copy, and the caller's array stays
            as it was.
        restored-by-adding: w = np.array(w, dtype=float) => dw = np.zeros(w.shape)
                       and: dw = np.zeros_like(w) => pass
                       and: w[i] = here + h => w[i] += h
                       and: w[i] = here - h => w[i] -= 2 * h
                       and: w[i] = here  # … => w[i] += h
            You move the caller's own array and put it back by adding `h`: rounding keeps it from coming back exactly, and
            whole numbers drop every fraction. Work on a float copy.
        rows-only: np.ndindex(w.shape) => range(len(w))
              and: here = w[i] => here = np.copy(w[i])
            For a table of numbers you move a whole row at once: `range(len(w))` counts rows. Go through every index, for
            instance with `np.ndindex(w.shape)`.
        rows-by-view: np.ndindex(w.shape) => range(len(w))
            `range(len(w))` counts the rows of a table, and `w[i]` is a whole row, which goes on changing with `w`. Go through
            every index, for instance with `np.ndindex(w.shape)`.
        returns-in-the-loop: dw[i] = … => dw[i] = …; return dw
            Only the first entry is measured, the others stay zero: is the `return` indented into the loop?
        entry-alone: ahead = f(w) => ahead = f(w[i])
                and: behind = f(w) => behind = f(w[i])
            You hand `f` one entry alone, but it needs the whole of `w`, with one entry moved and the others as they are.
        hands-f-a-flat-w: ahead = f(w) => ahead = f(w.ravel())
                     and: behind = f(w) => behind = f(w.ravel())
            You hand `f` one long row. It needs an array shaped like `w`: here it looks at the rows of a table.
        flattened: return dw => return dw.ravel()
            Your result is one long row: it must have the shape of `w`, so that `w - learning_rate * dw` works.
        relative-step: here = w[i] => here = w[i]; step = h * abs(here)
                  and: here + h => here + step
                  and: here - h => here - step
                  and: 2 * h => 2 * step
            Your step depends on the entry's size: every entry is moved by `h` itself.
        step-of-at-least-h: here = w[i] => here = w[i]; step = h * max(1, abs(here))
                       and: here + h => here + step
                       and: here - h => here - step
                       and: 2 * h => 2 * step
            Your step grows with entries above 1: every entry is moved by `h` itself.
        half-step: here + h => here + h / 2
              and: here - h => here - h / 2
              and: (2 * h) => h
            You move by half of `h` to each side: here the points are `w + h` and `w - h`.
        second-derivative: (ahead - behind) / (2 * h) => (ahead - 2 * f(w) + behind) / (h * h)
            This is the curvature (the second derivative): it subtracts `2 * f(w)` and divides by `h * h`. The slope needs the
            difference ahead minus behind.
        absolute-slope: (ahead - behind) => abs(ahead - behind)
            The sign is lost: a slope may be negative, and the sign says which way is up.
        asks-at-w-too: here = w[i] => here = w[i]; f(w)
            `f` is called three times for each entry. Twice is enough: central differences need no value at `w` itself.
        asks-once-at-w: dw = np.zeros_like(w) => dw = np.zeros_like(w); f(w)
            `f` is called once more than 2N times: central differences need no value at `w` itself.
        length-of-one: return dw => return dw / np.linalg.norm(dw)
            Your gradient has the length 1: how steep it is counts too, so do not divide by its length.
        """,
    ),
    hints=(
        (
            "Do for one entry what the picture did: note its value, move it by `h` ahead, ask `f`, move it to `h` "
            "behind, ask `f`, put it back. Which two numbers give the slope?"
        ),
        (
            "Begin with a float copy, `w = np.array(w, dtype=float)`: then whole numbers work and the caller's array "
            "is safe. `for i in np.ndindex(w.shape):` visits every entry `w[i]`, whatever the shape."
        ),
        (
            "Keep `here = w[i]`. Set `w[i] = here + h` and call `f(w)`; set `w[i] = here - h` and call `f(w)`; set "
            "`w[i] = here` again. The slope is (first minus second), in brackets, over `(2 * h)`. Store it in `dw[i]`."
        ),
    ),
)

# -- 01-best-h: within a decade --------------------------------------------------------------------


def h_cases(rng: np.random.Generator) -> list[Case]:
    both = [
        (scheme, dtype) for scheme in ("forward", "central") for dtype in ("float64", "float32", "float16")
    ]
    return [Case(both[k], label="") for k in rng.permutation(len(both))]


def within_a_decade(case: Case, outcome) -> str | None:
    """None where the answer is within a factor of 10 of the best h; else a sentence."""
    h, best = outcome.result, gradients.best_h(*case.args)
    if isinstance(h, list | tuple | np.ndarray) and np.size(h) == 1:
        h = np.ravel(h)[0]
    if isinstance(h, bool) or not isinstance(h, int | float | np.number) or np.iscomplexobj(h):
        return "Return one number, the step `h`."
    if not (np.isfinite(h) and h > 0):
        return f"Your `h` is {h!r}; it must be a positive number."
    if best / 10 <= h <= best * 10:
        return None
    side = "large: the truncation error rules there" if h > best else "small: the rounding error rules there"
    return f"For {case.args[0]} differences in {case.args[1]} your `h` of {h:.2g} is more than ten times too {side}."


BEST_H = Exercise(
    id="01-best-h",
    title="The best h",
    statement=(
        "Write `best_h(scheme, dtype)`. `scheme` is 'forward' or 'central', `dtype` is 'float64', 'float32' or "
        "'float16'. Return a step `h` near the bottom of the V; within a factor of ten is right. "
        "`np.finfo(dtype).eps` is the machine epsilon of a number type."
    ),
    points=2,
    answers=("best_h",),
    reference=best_h,
    cases=h_cases,
    verify=within_a_decade,
    rtol=0.5,
    atol=0.0,
    misconceptions=mistakes(
        best_h,
        """
        epsilon-itself: smallest ** (1 / 2) => smallest
                   and: smallest ** (1 / 3) => smallest
            At `h = eps` the two values differ in their last digit at best, so nearly all of the difference is rounding. The
            best `h` is a root of eps, and a root of a small number is much larger.
        smallest-number: eps => tiny
                    and: smallest ** (1 / 2) => smallest
                    and: smallest ** (1 / 3) => smallest
            This is the smallest number that the type can hold. Added to 1 it is rounded away: what counts is the distance to
            the next number, `np.finfo(dtype).eps`.
        root-of-the-smallest-number: eps => tiny
            You take the root of the smallest number that the type can hold. What counts is the distance from 1 to the next
            number, `np.finfo(dtype).eps`.
        schemes-swapped: "forward" => "central"
            The two schemes are swapped: central differences have the smaller truncation error, so they can afford the larger
            `h`.
        always-square-root: (1 / 3) => (1 / 2)
            You take the square root for both schemes. For central differences the truncation error falls with h², and the
            balance lies at another root.
        always-cube-root: (1 / 2) => (1 / 3)
            You take the cube root for both schemes. For forward differences the truncation error falls with h only, and the
            balance lies at another root.
        always-float64: np.finfo(dtype) => np.finfo(float)
            Your `h` is right for float64 and much too small for the others: use the eps of the `dtype` that you are given.
        one-number-for-all: smallest ** (1 / 2) => 1e-5
                       and: smallest ** (1 / 3) => 1e-5
            You return the same `h` for everything. The best `h` depends on how many digits the type holds, and on the scheme.
        always-a-hundred-millionth: smallest ** (1 / 2) => 1e-8
                               and: smallest ** (1 / 3) => 1e-8
            Your `h` is 1e-8 for everything. The best `h` depends on how many digits the type holds, and on the scheme.
        always-a-millionth: smallest ** (1 / 2) => 1e-6
                       and: smallest ** (1 / 3) => 1e-6
            Your `h` is 1e-6 for everything. The best `h` depends on how many digits the type holds, and on the scheme.
        always-a-thousandth: smallest ** (1 / 2) => 1e-3
                        and: smallest ** (1 / 3) => 1e-3
            Your `h` is 1e-3 for everything. The best `h` depends on how many digits the type holds, and on the scheme.
        dtype-ignored: smallest ** (1 / 2) => 1e-8
                  and: smallest ** (1 / 3) => 1e-5
            Your `h` does not depend on `dtype`: with fewer digits the rounding error is larger, and so is the best `h`.
        power-not-root: (1 / 2) => 2
                   and: (1 / 3) => 3
            You square or cube eps, which makes it smaller still: a root is a power of 1/2 or 1/3.
        whole-division: (1 / 2) => (1 // 2)
                   and: (1 / 3) => (1 // 3)
            `1 // 2` is 0, and a number to the power 0 is 1: write `1 / 2`.
        power-without-brackets: (1 / 2) => 1 / 2
                           and: (1 / 3) => 1 / 3
            `eps ** 1 / 2` is half of eps: a power binds before a division, so put `(1 / 2)` into brackets.
        one-over-a-root: smallest ** (1 / 2) => 1 / smallest ** (1 / 2)
                    and: smallest ** (1 / 3) => 1 / smallest ** (1 / 3)
            You divide 1 by the root, which is a very large number. `h` is the root itself.
        ten-times-epsilon: smallest ** (1 / 2) => 10 * smallest
                      and: smallest ** (1 / 3) => 10 * smallest
            A few times eps is still far too small: nearly all of the difference is rounding. The best `h` is a root of eps.
        fourth-root: (1 / 2) => (1 / 4)
                and: (1 / 3) => (1 / 4)
            You take the fourth root for both schemes. Set the two errors equal and solve for `h`: which roots come out?
        root-of-a-root: (1 / 2) => (1 / 4)
            For forward differences you take the root of a root. One root is enough: truncation is about `h`, rounding `eps / h`.
        error-not-step: (1 / 3) => (2 / 3)
            This is the error at the bottom of the V (for central differences: the cube root of eps, squared), and not the `h`
            where the bottom lies.
        """,
    ),
    hints=(
        "Two errors pull in opposite directions. Where their curves cross, their sum is near its smallest. Look at the lab.",
        (
            "Forward: truncation is about `h`, rounding about `eps / h`. Set them equal and solve for `h`. Central: "
            "truncation is about `h * h`, rounding still about `eps / h`."
        ),
        (
            "`h * h = eps` for forward and `h * h * h = eps` for central: a square root and a cube root. "
            "`eps = np.finfo(dtype).eps`, and a root is `eps ** (1 / 2)` or `eps ** (1 / 3)`."
        ),
    ),
)

# -- 01-numeric-descent: the lecture's loop, with the numeric gradient -----------------------------


bowl = partial(random_bowl, kind=QuadraticValue)


def descent_cases(rng: np.random.Generator) -> list[Case]:
    rosenbrock = Value(objectives.rosenbrock().recipe)
    softmax = ModelValue("SoftmaxRegression", (0, 2), {"num_classes": 2})
    return [
        Case((bowl(rng, 2), rng.normal(size=2), 0.2, 5, 1e-3), label="a bowl, two entries"),
        Case((bowl(rng, 4), rng.normal(size=4), 0.1, 7, 1e-4), label="a bowl, four entries"),
        Case((bowl(rng, 1), rng.normal(size=1), 0.3, 4, 1e-3), label="one entry"),
        Case((rosenbrock, np.array([-1.2, 1.0]), 0.001, 6, 1e-2), label="Rosenbrock's valley, a large h"),
        Case((bowl(rng, 3), rng.integers(1, 6, 3) * 2 + 1, 0.1, 5, 1e-3), label="whole numbers"),
        Case((bowl(rng, 2), rng.normal(size=2), 3.0, 4, 1e-3), label="a step so large that it diverges"),
        Case((bowl(rng, 3), rng.normal(size=3), 0.2, 1, 1e-3), label="one step"),
        Case((bowl(rng, 3), rng.normal(size=3), 0.2, 0, 1e-3), label="no step at all"),
        Case(
            (softmax, rng.normal(scale=0.1, size=130), 0.5, 1, 1e-4),
            label="softmax regression on two digits",
        ),
    ]


NUMERIC_DESCENT = Exercise(
    id="01-numeric-descent",
    title="Descent by numeric gradients",
    statement=(
        "Write `numeric_descent(f, w, learning_rate, num_steps, h)`, the lecture's loop. Compute the loss at the "
        "start. Then, `num_steps` times: the numeric gradient with your `numeric_gradient(f, w, h)`, the update, the "
        "new loss. Return `w, losses`, where `losses` holds `num_steps + 1` numbers. `f` is called exactly "
        "num_steps · 2N + num_steps + 1 times, and the caller's `w` stays as it was."
    ),
    points=3,
    answers=("numeric_descent",),
    reference=numeric_descent,
    cases=descent_cases,
    rtol=1e-6,
    atol=1e-7,
    compare=("result", "call_count", "inputs"),
    result_names=("w", "losses"),
    algorithm=True,
    steps=False,
    misconceptions=mistakes(
        numeric_descent,
        """
        sign-flipped: w -= => w +=
            Your losses grow: the gradient points uphill, so the step is taken away from `w`, not added to it.
        first-loss-missing: losses = [f(w)] => losses = []
            The loss at the start is missing: `losses` holds one number more than there are steps.
        last-loss-missing: losses = [f(w)] => losses = []
                      and: dw = … => losses.append(f(w)); dw = …
                      and: losses.append(f(w)) => pass
            The loss after the last step is missing: the loop ends with the new loss, computed after the update.
        only-the-last-loss: return w, losses => return w, losses[-1]
            `losses` holds one number, the last loss: begin with one list above the loop, and append to it after each step.
        two-losses-only: losses.append(f(w)) => losses = [losses[0], f(w)]
            `losses` holds two numbers: is the list begun anew in each step, or does the line that appends the new loss stand
            outside of the loop?
        appends-below-the-loop: losses.append(f(w)) => pass
                           and: return w, losses => losses.append(f(w)); return w, losses
            `losses` holds two numbers: the line that appends the new loss stands below the loop. Indent it.
        losses-is-none: losses.append(f(w)) => losses = losses.append(f(w))
            `append` changes the list and gives back None, which takes the list's place: write `losses.append(…)` alone.
        loss-before-update: dw = … => losses.append(f(w)); dw = …
                       and: losses.append(f(w)) => pass
            You note the loss before `w` moves, so the first one stands there twice: update first, then compute the new loss.
        places-not-losses: losses.append(f(w)) => losses.append(w.copy())
            `losses` holds places. Append the loss there, `f(w)`.
        loss-computed-twice: losses.append(f(w)) => f(w); losses.append(f(w))
            The numbers are right, but `f` is called once more in each step: compute the new loss once, and keep it.
        gradient-once: losses = [f(w)] => losses = [f(w)]; dw = numeric_gradient(f, w, h)
                  and: dw = numeric_gradient(f, w, h) => pass
            The gradient is computed once and used for every step: `w` moves, so its slope must be measured anew each time.
        returns-in-the-loop: losses.append(f(w)) => losses.append(f(w)); return w, losses
            Your function is back after its first step: is the `return` indented into the loop?
        one-step-too-many: range(num_steps) => range(num_steps + 1)
            Your loop takes one step too many: count how often `range(…)` runs.
        one-step-too-few: range(num_steps) => range(num_steps - 1)
            Your loop takes one step too few: count how often `range(…)` runs.
        learning-rate-missing: learning_rate * dw => dw
            The whole gradient is subtracted: multiply it by `learning_rate` first.
        learning-rate-twice: learning_rate * dw => learning_rate * learning_rate * dw
            The learning rate is multiplied in twice: once is enough.
        learning-rate-decays: learning_rate * dw => learning_rate / (_ + 1) * dw
            Your steps shrink with the step's number: the learning rate stays the same during this loop.
        divides-by-learning-rate: learning_rate * dw => dw / learning_rate
            You divide by the learning rate: a larger learning rate must give a longer step.
        h-as-learning-rate: learning_rate * dw => h * dw
            The step has the length of `h` times the gradient. `h` is for measuring the slope; `learning_rate` is for moving.
        learning-rate-as-h: numeric_gradient(f, w, h) => numeric_gradient(f, w, learning_rate)
            The slope is measured with `learning_rate` in place of `h`: the two are different numbers. `h` belongs into
            `numeric_gradient`.
        own-h: numeric_gradient(f, w, h) => numeric_gradient(f, w, 1e-6)
            The slope is measured with an `h` of your own: hand the one that you are given to `numeric_gradient`.
        forward-difference: numeric_gradient(f, w, h) => np.array([(f(w + h * e) - f(w)) / h for e in np.eye(len(w))])
            The slopes are forward differences. Use your `numeric_gradient`, which is central.
        never-moves: w -= learning_rate * dw => w - learning_rate * dw
            Your `w` never moves: the result of the update is not kept in `w`.
        step-takes-the-place: w -= => w =
            The step takes the place of `w`; it must be subtracted from it: look at `=` and `-=`.
        minus-step-takes-the-place: w -= learning_rate * dw => w = -learning_rate * dw
            Minus the step takes the place of `w`; the step must be subtracted from the `w` of before.
        starts-at-zero: np.array(w, dtype=float) => np.zeros(w.shape)
            Your walk does not begin at the `w` that you were given: do not set it anew.
        restarts-each-step: losses = [f(w)] => start = w; losses = [f(w)]
                       and: w -= => w = start -
            Every step sets off from the start again: subtract from the current `w`, not from the first one.
        entries-in-turn: dw = numeric_gradient(f, w, h) => pass
                    and: w -= learning_rate * dw => for i in range(len(w)): w[i] -= learning_rate * numeric_gradient(f, w, h)[i]
            You move each entry as soon as its slope is known, so the next slope is measured elsewhere. First the whole
            gradient at one point, then one update of all of `w`.
        gradient-still-blank: numeric_gradient(f, w, h) => None
            `numeric_gradient` gives None back, so there is no slope to walk by: finish that exercise first, or look for its
            `return` line.
        order-of-results: return w, losses => return losses, w
            The two results come in the wrong order: first `w`, then `losses`.
        only-w: return w, losses => return w
            Only `w` comes back: return two things, `return w, losses`.
        only-losses: return w, losses => return losses
            Only the losses come back: return two things, `return w, losses`.
        path-not-end: losses = [f(w)] => losses = [f(w)]; path = [w.copy()]
                 and: losses.append(f(w)) => losses.append(f(w)); path.append(w.copy())
                 and: return w => return np.array(path)
            Your first result holds every place of the walk; the last one alone is wanted.
        input-changed: np.array(w, dtype=float) => w
            The caller's own array is changed: `w -= …` writes into the array that you were given. Make a float copy before
            the loop.
        copies-whole-numbers: np.array(w, dtype=float) => w.copy()
            Your copy keeps the whole-number type of the start, which cannot hold the steps: say `dtype=float` when you copy.
        keeps-whole-numbers: w = … => kind = w.dtype; w = …
                        and: w -= learning_rate * dw => w = (w - learning_rate * dw).astype(kind)
            Your `w` keeps the whole numbers of the start, so every fraction is cut off: make it floats before the loop.
        """,
    ),
    hints=(
        "The lecture's list has four lines: a start and its loss, a gradient, an update, a new loss. Which of them repeat?",
        (
            "Before the loop: `w = np.array(w, dtype=float)` and `losses = [f(w)]`. Inside, three lines; the last one "
            "appends the loss at the `w` that has moved."
        ),
        (
            "Inside `for _ in range(num_steps):` write `dw = numeric_gradient(f, w, h)`, then take "
            "`learning_rate * dw` away from `w`, then `losses.append(f(w))`. After the loop: `return w, losses`."
        ),
    ),
)

EXERCISES = (NUMERIC_GRADIENT, BEST_H, NUMERIC_DESCENT)

# -- predictions -----------------------------------------------------------------------------------


def slope_error(h: float) -> float:
    """The error of the central difference of exp(sin x) at 1, as a learner writes it."""

    def f(x):
        return np.exp(np.sin(x))

    return float(abs((f(1 + h) - f(1 - h)) / (2 * h) - np.cos(1) * f(1)))


SMALLER_H = (1e-2, 1e-5, 1e-12)


@cache
def network_evaluations() -> int:
    """Evaluations for one central gradient of the course's two-layer network on digits."""
    digits = data.load_digits()
    return 2 * models.TwoLayerNetwork(digits.X[:10], digits.y[:10]).num_parameters


PREDICTIONS = (
    Prediction(
        id="01-smaller-h",
        question=(
            "You measure the slope of exp(sin x) at x = 1 with two points, one `h` ahead and one `h` behind, and "
            "ordinary numbers (float64). Which of these gives the smallest error?"
        ),
        kind="choice",
        choices=("h = 0.01", "h = 0.00001", "h = 0.000000000001", "all the same: a slope is a slope"),
        answer=lambda: int(np.argmin([slope_error(h) for h in SMALLER_H])),
        reveal=(
            "Smaller is better only for a while. Below some `h` the two values agree in nearly all of their digits, "
            "and what is left of the difference is rounding. The lab below shows both sides of the V."
        ),
    ),
    Prediction(
        id="01-evaluations",
        question=(
            "A small network with 64 inputs, 64 hidden units and 10 outputs has 64·64 + 64 + 64·10 + 10 parameters. "
            "How many times must the loss be computed for *one* gradient by central differences?"
        ),
        kind="number",
        answer=network_evaluations,
        tolerance=0.01,
        unit="evaluations",
        reveal=(
            "Two evaluations for each parameter. Each of them is a pass over all the data, and then you have taken "
            "a single step."
        ),
    ),
    Prediction(
        id="01-forward-shift",
        question=(
            "You descend the bowl w² with *forward* differences and h = 0.5, with many small steps. The minimum is at "
            "0. Where does the walk end?"
        ),
        kind="number",
        answer=lambda: forward_rest(0.5),
        tolerance=0.02,
        reveal=(
            "The forward difference of w² is 2w + h: it is zero at −h/2, so the walk rests there and believes that it "
            "has arrived. The central difference of a parabola has no such error, whatever `h` is."
        ),
    ),
)


def forward_rest(h: float) -> float:
    """Where gradient descent on w² with forward differences comes to rest, by walking there."""
    w = 2.0
    for _ in range(200):
        w -= 0.1 * ((w + h) * (w + h) - w * w) / h
    return w


# -- quiz ------------------------------------------------------------------------------------------

QUIZ = Quiz(
    id="01",
    questions=(
        Question(
            "A model has 1,000 parameters. How many loss evaluations does one gradient need, forward and central?",
            ("1,000 and 2,000", "1,001 and 2,000", "2 and 3", "1,001 and 1,002"),
            1,
            (
                "Nearly. Forward differences also need the loss at `w` itself, once.",
                "Yes. N + 1 for forward (one for `w` itself), 2N for central (two for each entry).",
                "That would be so for one parameter only. Every entry needs its own move.",
                "Central differences need two evaluations for every entry, one ahead and one behind.",
            ),
        ),
        Question(
            "You halve `h` in a central difference, well to the right of the V's bottom. What does the error do?",
            ("It halves.", "It stays.", "It falls to a quarter.", "It doubles."),
            2,
            (
                "So it is for forward differences, where truncation falls with h.",
                "To the right of the bottom truncation rules, and that depends on h.",
                "Yes. Truncation falls with h², and half of h squared is a quarter.",
                "It does so on the left of the bottom, where rounding rules: eps / h.",
            ),
        ),
        Question(
            "Why does the error grow again when `h` becomes very small?",
            (
                "The two losses agree in most digits: their difference is mostly rounding, divided by a tiny h.",
                "The formula is only right for large h: for a small one the curve must be replaced by its next Taylor term.",
                "The computer becomes slower.",
                "The function has a kink.",
            ),
            0,
            (
                "Yes. It has a name: cancellation. The rounding error of about eps is divided by h.",
                "In exact arithmetic the formula gets better all the way down to zero. Rounding is what spoils it.",
                "The cost does not depend on h at all.",
                "It happens for the smoothest function too; try exp(sin x) in the lab.",
            ),
        ),
        Question(
            "The same loss is computed in float32 in place of float64. Where does the bottom of the V move?",
            (
                "Nowhere.",
                "To a smaller h, with a smaller error.",
                "To a larger h, with the same error.",
                "To a larger h, with a larger error.",
            ),
            3,
            (
                "The bottom lies at a root of eps, and eps of float32 is much larger.",
                "Fewer digits mean more rounding, so h must be larger to drown it.",
                "h is larger, and so the truncation error at the bottom is larger too.",
                "Yes. For central differences it moves from about 6e-6 to about 5e-3.",
            ),
        ),
        Question(
            "The complex step is exact down to h = 1e-200. When can you not use it?",
            (
                "When w has many entries: each of them would need an imaginary direction of its own, and they mix.",
                "When f is not analytic: it takes abs, a maximum, or throws imaginary parts away.",
                "When f is steep.",
                "When numbers are float64.",
            ),
            1,
            (
                "It needs N evaluations, fewer than central differences.",
                "Yes. `abs` of a complex number is real: the slope is lost, without any error message.",
                "Steepness does no harm: nothing is subtracted.",
                "float64 is what the complex step is usually computed in (as complex128).",
            ),
        ),
        Question(
            "What are numeric gradients used for in practice?",
            (
                "To train large networks, because they need no derivation.",
                "For nothing.",
                "To choose the learning rate.",
                "To check an analytic gradient on a small problem.",
            ),
            3,
            (
                "With a million parameters one step would need two million evaluations of the loss.",
                "They are slow, and still the best witness against a wrong analytic gradient.",
                "h and the learning rate have nothing to do with each other.",
                "Yes. Train with the analytic gradient, check it with the numeric one: that is lesson 02.",
            ),
        ),
    ),
)
