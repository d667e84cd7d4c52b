"""Exercises of lesson 01: the numeric gradient."""

from __future__ import annotations

from functools import cache

import numpy as np

from optcourse import data, gradients, models, objectives
from optcourse.exercises.ingredients import Formula, ModelValue, QuadraticValue, Value
from optcourse.exercises.model import Case, Exercise, Misconception, Prediction, Question, Quiz

# -- 01-numeric-gradient: central differences, any shape -------------------------------------------


def numeric_gradient(f, w, h):
    w = np.array(w, dtype=float)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        here = w[i]
        w[i] = here + h
        ahead = f(w)
        w[i] = here - h
        behind = f(w)
        w[i] = here
        dw[i] = (ahead - behind) / (2 * h)
    return dw


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


def floats(w):
    return np.array(w, dtype=float)


def entry_by_entry(formula, prepare=floats):
    """A wrong numeric gradient: `formula(f, w, i, h)` for every entry of w."""

    def wrong(f, w, h):
        w = prepare(w)
        dw = np.zeros(w.shape)
        for i in np.ndindex(w.shape):
            dw[i] = formula(f, w, i, h)
        return dw

    return wrong


def at(f, w, i, step):
    """f with one entry of a copy of w moved."""
    moved = w.copy()
    moved[i] += step
    return f(moved)


def forward_once(f, w, h):
    w = floats(w)
    here = f(w)
    return entry_by_entry(lambda f, w, i, h: (at(f, w, i, h) - here) / h)(f, w, h)


def all_entries_at_once(f, w, h):
    w = floats(w)
    return np.full(w.shape, (f(w + h) - f(w - h)) / (2 * h))


def one_shot_array(f, w, h):
    w = floats(w)
    return (f(w + h) - f(w - h)) / (2 * h)


def does_not_go_back(f, w, i, h):
    w[i] += h
    ahead = f(w)
    w[i] -= 2 * h
    return (ahead - f(w)) / (2 * h)


def stays_ahead(f, w, i, h):
    w[i] += h
    ahead = f(w)
    return (ahead - at(f, w, i, -2 * h)) / (2 * h)


def same_array_twice(f, w, h):
    w = floats(w)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        ahead, behind = w, w
        ahead[i] += h
        behind[i] -= h
        dw[i] = (f(ahead) - f(behind)) / (2 * h)
    return dw


def second_name_in_turn(f, w, h):
    w = floats(w)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        moved = w
        moved[i] += h
        ahead = f(moved)
        moved = w
        moved[i] -= h
        dw[i] = (ahead - f(moved)) / (2 * h)
    return dw


def slopes_into_w(f, w, h):
    w = floats(w)
    for i in np.ndindex(w.shape):
        w[i] = (at(f, w, i, h) - at(f, w, i, -h)) / (2 * h)
    return w


def w_stays_whole(f, w, h):
    w = np.array(w)
    if w.dtype.kind == "f":
        return numeric_gradient(f, w, h)
    dw = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        here = w[i]
        w[i] = here + h
        ahead = f(w.astype(float))
        w[i] = here - h
        behind = f(w.astype(float))
        w[i] = here
        dw[i] = (ahead - behind) / (2 * h)
    return dw


def dw_stays_whole(f, w, h):
    return numeric_gradient(f, w, h).astype(np.asarray(w).dtype)


def leaves_traces(f, w, h):
    """Right numbers, written through the caller's array, and the last entry is left where it was moved to."""
    dw = numeric_gradient(f, w, h)
    if np.asarray(w).dtype.kind == "f":
        w[(-1,) * w.ndim] -= h
    return dw


def rows_only(f, w, h):
    w = floats(w)
    if w.ndim < 2:
        return numeric_gradient(f, w, h)
    dw = np.zeros_like(w)
    for i in range(len(w)):
        dw[i] = (at(f, w, i, h) - at(f, w, i, -h)) / (2 * h)
    return dw


def returns_after_one_entry(f, w, h):
    w = floats(w)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        dw[i] = central(f, w, i, h)
        return dw
    return dw


def entries_alone(f, w, h):
    return np.array([(f(entry + h) - f(entry - h)) / (2 * h) for entry in floats(w)])


def central(f, w, i, h):
    return (at(f, w, i, h) - at(f, w, i, -h)) / (2 * h)


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
    misconceptions=(
        Misconception(
            "forward-difference",
            (
                "This is the forward difference: it looks ahead by `h` only, so its error is about `h`. The central "
                "one looks `h` ahead and `h` behind, and needs no value at `w` itself."
            ),
            forward_once,
        ),
        Misconception(
            "backward-difference",
            "This is the backward difference: it looks behind by `h` only. Look ahead by `h` as well.",
            entry_by_entry(lambda f, w, i, h: (f(w) - at(f, w, i, -h)) / h),
        ),
        Misconception(
            "divided-by-h",
            (
                "Every entry is twice what it should be: the two points lie `2 * h` apart, so that is the "
                "distance to divide by."
            ),
            entry_by_entry(lambda f, w, i, h: 2 * central(f, w, i, h)),
        ),
        Misconception(
            "brackets-missing",
            (
                "The division lacks brackets: Python reads `/ 2 * h` as “halve it, then multiply by `h`”. The whole "
                "of `2 * h` belongs below the line."
            ),
            entry_by_entry(lambda f, w, i, h: central(f, w, i, h) * h * h),
        ),
        Misconception(
            "difference-without-brackets",
            (
                "Only the second value is divided: a division binds before a subtraction. Put the difference of the "
                "two values into brackets."
            ),
            entry_by_entry(lambda f, w, i, h: at(f, w, i, h) - at(f, w, i, -h) / (2 * h)),
        ),
        Misconception(
            "not-divided",
            "This is a difference of two losses, and not yet a slope: divide it by the distance of the points.",
            entry_by_entry(lambda f, w, i, h: central(f, w, i, h) * 2 * h),
        ),
        Misconception(
            "sign-flipped",
            "Your slopes point downhill: the value ahead comes first, and the one behind is taken away from it.",
            entry_by_entry(lambda f, w, i, h: -central(f, w, i, h)),
        ),
        Misconception(
            "not-restored",
            (
                "After an entry is done it is not put back, so the later entries are measured at another point. Your "
                "first entry is right; restore each entry before you go on."
            ),
            entry_by_entry(does_not_go_back),
        ),
        Misconception(
            "left-ahead",
            (
                "After an entry is done it stays moved ahead by `h`. Your first entry is right, the others are "
                "measured elsewhere: put each entry back to the number that it was."
            ),
            entry_by_entry(stays_ahead),
        ),
        Misconception(
            "all-entries-at-once",
            (
                "All entries of `w` move together, so you measure one slope, along the diagonal. The gradient has a "
                "slope for each entry: move one, leave the others."
            ),
            all_entries_at_once,
        ),
        Misconception(
            "one-number",
            (
                "You return one number for the whole of `w`, because every entry was moved at once. Move one entry at "
                "a time and collect a slope for each."
            ),
            one_shot_array,
        ),
        Misconception(
            "two-names-one-array",
            (
                "Both values come from the same point: `ahead = w` gives the array a second name, it does not copy "
                "it. So the second move undoes the first. Use `w.copy()`, or move and restore one array."
            ),
            same_array_twice,
        ),
        Misconception(
            "second-name-in-turn",
            (
                "Your second point is `w` itself, not `w - h`: `moved = w` gives the array a second name, so taking `h` "
                "away only undoes the first move. Use `w.copy()`, or take `2 * h` away and put the entry back."
            ),
            second_name_in_turn,
        ),
        Misconception(
            "slopes-into-w",
            (
                "Your slopes are written into `w`, so from the second entry on you measure at another point: give `dw` "
                "an array of its own."
            ),
            slopes_into_w,
        ),
        Misconception(
            "own-h",
            "Your function chooses its own `h`: use the one that the caller gives.",
            lambda f, w, h: numeric_gradient(f, w, 1e-5),
        ),
        Misconception(
            "w-stays-whole",
            (
                "With whole numbers your result is wrong: an array of whole numbers cuts `3 + 0.001` back to 3, and "
                "`3 - 0.001` to 2. Begin with a float copy of `w`."
            ),
            w_stays_whole,
        ),
        Misconception(
            "dw-stays-whole",
            (
                "With whole numbers your slopes lose their fractions: `np.zeros_like(w)` of a whole-number `w` holds "
                "whole numbers too. Make floats of `w` first, or ask for `dtype=float`."
            ),
            dw_stays_whole,
        ),
        Misconception(
            "input-changed",
            (
                "Your slopes are right, but the caller's `w` is another one afterwards. Work on a copy, and the "
                "caller's array stays as it was."
            ),
            leaves_traces,
        ),
        Misconception(
            "rows-only",
            (
                "For a table of numbers you move a whole row at once: `range(len(w))` counts rows. Go through every "
                "index, for instance with `np.ndindex(w.shape)`."
            ),
            rows_only,
        ),
        Misconception(
            "returns-in-the-loop",
            "Only the first entry is measured, the others stay zero: is the `return` indented into the loop?",
            returns_after_one_entry,
        ),
        Misconception(
            "entry-alone",
            (
                "You hand `f` one entry alone, but it needs the whole of `w`, with one entry moved and the others as "
                "they are."
            ),
            entries_alone,
        ),
        Misconception(
            "flattened",
            "Your result is one long row: it must have the shape of `w`, so that `w - learning_rate * dw` works.",
            lambda f, w, h: numeric_gradient(f, w, h).ravel(),
        ),
        Misconception(
            "relative-step",
            "Your step depends on the entry's size: every entry is moved by `h` itself.",
            entry_by_entry(lambda f, w, i, h: central(f, w, i, h * abs(w[i]))),
        ),
        Misconception(
            "half-step",
            "You move by half of `h` to each side: here the points are `w + h` and `w - h`.",
            entry_by_entry(lambda f, w, i, h: central(f, w, i, h / 2)),
        ),
        Misconception(
            "second-derivative",
            (
                "This is the curvature (the second derivative): it subtracts `2 * f(w)` and divides by `h * h`. The "
                "slope needs the difference ahead minus behind."
            ),
            entry_by_entry(lambda f, w, i, h: (at(f, w, i, h) - 2 * f(w) + at(f, w, i, -h)) / (h * h)),
        ),
        Misconception(
            "absolute-slope",
            "The sign is lost: a slope may be negative, and the sign says which way is up.",
            entry_by_entry(lambda f, w, i, h: abs(central(f, w, i, h))),
        ),
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

best_h = gradients.best_h


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


def eps_of(dtype) -> float:
    return float(np.finfo(dtype).eps)


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
    misconceptions=(
        Misconception(
            "epsilon-itself",
            (
                "At `h = eps` the two values differ in their last digit at best, so nearly all of the difference is "
                "rounding. The best `h` is a root of eps, and a root of a small number is much larger."
            ),
            lambda scheme, dtype: eps_of(dtype),
        ),
        Misconception(
            "smallest-number",
            (
                "This is the smallest number that the type can hold. Added to 1 it is rounded away: what counts is "
                "the distance to the next number, `np.finfo(dtype).eps`."
            ),
            lambda scheme, dtype: float(np.finfo(dtype).tiny),
        ),
        Misconception(
            "schemes-swapped",
            (
                "The two schemes are swapped: central differences have the smaller truncation error, so they can "
                "afford the larger `h`."
            ),
            lambda scheme, dtype: eps_of(dtype) ** (1 / 3 if scheme == "forward" else 1 / 2),
        ),
        Misconception(
            "always-square-root",
            (
                "You take the square root for both schemes. For central differences the truncation error falls with "
                "h², and the balance lies at another root."
            ),
            lambda scheme, dtype: eps_of(dtype) ** (1 / 2),
        ),
        Misconception(
            "always-cube-root",
            (
                "You take the cube root for both schemes. For forward differences the truncation error falls with h "
                "only, and the balance lies at another root."
            ),
            lambda scheme, dtype: eps_of(dtype) ** (1 / 3),
        ),
        Misconception(
            "always-float64",
            (
                "Your `h` is right for float64 and much too small for the others: use the eps of the `dtype` that "
                "you are given."
            ),
            lambda scheme, dtype: eps_of("float64") ** (1 / 2 if scheme == "forward" else 1 / 3),
        ),
        Misconception(
            "one-number-for-all",
            (
                "You return the same `h` for everything. The best `h` depends on how many digits the type holds, and "
                "on the scheme."
            ),
            lambda scheme, dtype: 1e-5,
        ),
        Misconception(
            "power-not-root",
            "You square or cube eps, which makes it smaller still: a root is a power of 1/2 or 1/3.",
            lambda scheme, dtype: eps_of(dtype) ** (2 if scheme == "forward" else 3),
        ),
        Misconception(
            "error-not-step",
            (
                "This is the error at the bottom of the V (for central differences: the cube root of eps, squared), "
                "and not the `h` where the bottom lies."
            ),
            lambda scheme, dtype: eps_of(dtype) ** (1 / 2 if scheme == "forward" else 2 / 3),
        ),
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


def numeric_descent(f, w, learning_rate, num_steps, h):
    w = np.array(w, dtype=float)
    losses = [f(w)]
    for _ in range(num_steps):
        dw = numeric_gradient(f, w, h)
        w -= learning_rate * dw
        losses.append(f(w))
    return w, losses


def descent_cases(rng: np.random.Generator) -> list[Case]:
    rosenbrock = Value(objectives.rosenbrock().recipe)
    softmax = ModelValue("SoftmaxRegression", (0, 2), {"num_classes": 2})
    return [
        Case((random_bowl(rng, 2), rng.normal(size=2), 0.2, 5, 1e-3), label="a bowl, two entries"),
        Case((random_bowl(rng, 4), rng.normal(size=4), 0.1, 7, 1e-4), label="a bowl, four entries"),
        Case((random_bowl(rng, 1), rng.normal(size=1), 0.3, 4, 1e-3), label="one entry"),
        Case((rosenbrock, np.array([-1.2, 1.0]), 0.001, 6, 1e-2), label="Rosenbrock's valley, a large h"),
        Case((random_bowl(rng, 3), rng.integers(1, 6, 3) * 2 + 1, 0.1, 5, 1e-3), label="whole numbers"),
        Case(
            (random_bowl(rng, 2), rng.normal(size=2), 3.0, 4, 1e-3), label="a step so large that it diverges"
        ),
        Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 1, 1e-3), label="one step"),
        Case((random_bowl(rng, 3), rng.normal(size=3), 0.2, 0, 1e-3), label="no step at all"),
        Case(
            (softmax, rng.normal(scale=0.1, size=130), 0.5, 2, 1e-4),
            label="softmax regression on two digits",
        ),
    ]


def random_bowl(rng: np.random.Generator, n: int) -> QuadraticValue:
    """A quadratic bowl in n dimensions, turned, with curvatures between 0.5 and 3."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = basis @ np.diag(rng.uniform(0.5, 3, size=n)) @ basis.T
    return QuadraticValue((matrix + matrix.T) / 2, rng.normal(size=n))


def descent_with(
    gradient=numeric_gradient, update=lambda w, rate, dw, start: w - rate * dw, steps=lambda n: n
):
    """A wrong descent: another gradient, update or number of steps."""

    def wrong(f, w, learning_rate, num_steps, h):
        start = w = floats(w)
        losses = [f(w)]
        for _ in range(steps(num_steps)):
            w = update(w, learning_rate, gradient(f, w, h), start)
            losses.append(f(w))
        return w, losses

    return wrong


def without_first_loss(f, w, learning_rate, num_steps, h):
    w = floats(w)
    losses = []
    for _ in range(num_steps):
        w -= learning_rate * numeric_gradient(f, w, h)
        losses.append(f(w))
    return w, losses


def only_the_last_loss(f, w, learning_rate, num_steps, h):
    w, losses = numeric_descent(f, w, learning_rate, num_steps, h)
    return w, losses[-1]


def first_and_last_loss(f, w, learning_rate, num_steps, h):
    w, losses = numeric_descent(f, w, learning_rate, num_steps, h)
    return w, [losses[0], losses[-1]]


def without_last_loss(f, w, learning_rate, num_steps, h):
    w = floats(w)
    losses = []
    for _ in range(num_steps):
        losses.append(f(w))
        w -= learning_rate * numeric_gradient(f, w, h)
    return w, losses


def loss_before_the_update(f, w, learning_rate, num_steps, h):
    w = floats(w)
    losses = [f(w)]
    for _ in range(num_steps):
        losses.append(f(w))
        w -= learning_rate * numeric_gradient(f, w, h)
    return w, losses


def gradient_once(f, w, learning_rate, num_steps, h):
    w = floats(w)
    losses = [f(w)]
    dw = numeric_gradient(f, w, h) if num_steps else 0
    for _ in range(num_steps):
        w -= learning_rate * dw
        losses.append(f(w))
    return w, losses


def returns_at_once(f, w, learning_rate, num_steps, h):
    return numeric_descent(f, w, learning_rate, min(num_steps, 1), h)


def entries_in_turn(f, w, learning_rate, num_steps, h):
    w = floats(w)
    losses = [f(w)]
    for _ in range(num_steps):
        for i in np.ndindex(w.shape):
            w[i] -= learning_rate * central(f, w, i, h)
        losses.append(f(w))
    return w, losses


def writes_into_the_start(f, w, learning_rate, num_steps, h):
    end, losses = numeric_descent(f, w, learning_rate, num_steps, h)
    if num_steps:
        w -= w - end
    return w, losses


def keeps_whole_numbers(f, w, learning_rate, num_steps, h):
    whole = np.asarray(w).dtype.kind in "iu"
    return descent_with(
        update=lambda w, rate, dw, start: np.trunc(w - rate * dw) if whole else w - rate * dw
    )(f, w, learning_rate, num_steps, h)


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
    misconceptions=(
        Misconception(
            "sign-flipped",
            "Your losses grow: the gradient points uphill, so the step is taken away from `w`, not added to it.",
            descent_with(update=lambda w, rate, dw, start: w + rate * dw),
        ),
        Misconception(
            "first-loss-missing",
            "The loss at the start is missing: `losses` holds one number more than there are steps.",
            without_first_loss,
        ),
        Misconception(
            "last-loss-missing",
            "The loss after the last step is missing: the loop ends with the new loss, computed after the update.",
            without_last_loss,
        ),
        Misconception(
            "only-the-last-loss",
            "`losses` is one number, the last loss: begin with a list, and append to it after each step.",
            only_the_last_loss,
        ),
        Misconception(
            "two-losses-only",
            (
                "`losses` holds two numbers: is the list begun anew in each step, or does the line that appends the new "
                "loss stand outside of the loop?"
            ),
            first_and_last_loss,
        ),
        Misconception(
            "loss-before-update",
            "You note the loss before `w` moves, so the first one stands there twice: update first, then compute the new loss.",
            loss_before_the_update,
        ),
        Misconception(
            "gradient-once",
            "The gradient is computed once and used for every step: `w` moves, so its slope must be measured anew each time.",
            gradient_once,
        ),
        Misconception(
            "returns-in-the-loop",
            "Your function is back after its first step: is the `return` indented into the loop?",
            returns_at_once,
        ),
        Misconception(
            "one-step-too-many",
            "Your loop takes one step too many: count how often `range(…)` runs.",
            descent_with(steps=lambda n: n + 1),
        ),
        Misconception(
            "one-step-too-few",
            "Your loop takes one step too few: count how often `range(…)` runs.",
            descent_with(steps=lambda n: max(n - 1, 0)),
        ),
        Misconception(
            "learning-rate-missing",
            "The whole gradient is subtracted: multiply it by `learning_rate` first.",
            descent_with(update=lambda w, rate, dw, start: w - dw),
        ),
        Misconception(
            "divides-by-learning-rate",
            "You divide by the learning rate: a larger learning rate must give a longer step.",
            descent_with(update=lambda w, rate, dw, start: w - dw / rate),
        ),
        Misconception(
            "h-as-learning-rate",
            (
                "The step has the length of `h` times the gradient. `h` is for measuring the slope; `learning_rate` is "
                "for moving."
            ),
            lambda f, w, learning_rate, num_steps, h: numeric_descent(f, w, h, num_steps, h),
        ),
        Misconception(
            "learning-rate-as-h",
            (
                "The slope is measured with `learning_rate` in place of `h`: the two are different numbers. `h` belongs "
                "into `numeric_gradient`."
            ),
            lambda f, w, learning_rate, num_steps, h: descent_with(
                gradient=lambda f, w, _: numeric_gradient(f, w, learning_rate)
            )(f, w, learning_rate, num_steps, h),
        ),
        Misconception(
            "forward-difference",
            "The slopes are forward differences. Use your `numeric_gradient`, which is central.",
            descent_with(gradient=forward_once),
        ),
        Misconception(
            "restarts-each-step",
            "Every step sets off from the start again: subtract from the current `w`, not from the first one.",
            descent_with(update=lambda w, rate, dw, start: start - rate * dw),
        ),
        Misconception(
            "entries-in-turn",
            (
                "You move each entry as soon as its slope is known, so the next slope is measured elsewhere. First the "
                "whole gradient at one point, then one update of all of `w`."
            ),
            entries_in_turn,
        ),
        Misconception(
            "gradient-still-blank",
            (
                "`numeric_gradient` gives None back, so there is no slope to walk by: finish that exercise first, or "
                "look for its `return` line."
            ),
            descent_with(gradient=lambda f, w, h: None),
        ),
        Misconception(
            "order-of-results",
            "The two results come in the wrong order: first `w`, then `losses`.",
            lambda *args: numeric_descent(*args)[::-1],
        ),
        Misconception(
            "only-w",
            "Only `w` comes back: return two things, `return w, losses`.",
            lambda *args: numeric_descent(*args)[0],
        ),
        Misconception(
            "input-changed",
            (
                "The caller's own array is changed: `w -= …` writes into the array that you were given. Make a float "
                "copy before the loop."
            ),
            writes_into_the_start,
        ),
        Misconception(
            "keeps-whole-numbers",
            "Your `w` keeps the whole numbers of the start, so every fraction is cut off: make it floats before the loop.",
            keeps_whole_numbers,
        ),
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
