"""Wrong variants of any descent loop, made from the right one: a lesson writes only the mistakes of its own.

    misconceptions = loop_misconceptions(gradient_descent) + (Misconception("…", "…", wrong_code), …)

The right loop must have the course's signature: `(compute_gradient, w, learning_rate, num_steps, …) -> w`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np

from optcourse.exercises.model import Misconception

SENTENCES = {
    "sign-flipped": (
        "Your loop walks uphill: the gradient points where the loss grows, so its sign in the update is "
        "the wrong way round."
    ),
    "returns-the-gradient": (
        "You return the last gradient; the caller wants the parameters `w` where the walk ended."
    ),
    "returns-the-step": "You return the last update; the caller wants the parameters `w` after it.",
    "returns-the-path": "You return every point of the walk; the caller wants the last one only.",
    "never-updates": ("Your `w` never moves: the result of the update is not kept in `w`."),
    "one-step-too-few": "Your loop takes one step too few: count how often `range(…)` runs.",
    "one-step-too-many": "Your loop takes one step too many: count how often `range(…)` runs.",
    "first-step-only": "Your function is back after its first step: is the `return` indented into the loop?",
    "gradient-at-the-start-only": (
        "The gradient is computed once, at the start, and used for every step: compute it inside the "
        "loop, where `w` is now."
    ),
    "learning-rate-ignored": (
        "The steps do not depend on the learning rate: multiply by `learning_rate` in the update."
    ),
    "learning-rate-twice": "The learning rate is multiplied in twice: once is enough.",
    "divides-by-learning-rate": (
        "You divide by the learning rate: a larger learning rate must give a longer step."
    ),
    "changes-the-input": (
        "The caller's own array is changed: `w -= …` writes into the array that you were given. Make a "
        "float copy before the loop."
    ),
    "keeps-whole-numbers": (
        "Your `w` keeps the whole-number type of the start, so every fraction is cut off: make it floats "
        "before the loop."
    ),
    "copies-whole-numbers": (
        "Your copy keeps the whole-number type of the start, which cannot hold the steps: say "
        "`dtype=float` when you copy."
    ),
    "starts-at-zero": "Your walk does not begin at the `w` that you were given: do not set it anew.",
    "updates-after-the-loop": (
        "The update stands below the loop, so it is done once: indent it, so that every round moves `w`."
    ),
    "sums-the-gradient": (
        "Every entry moves by the same amount: the gradient was summed to one number, but each entry of "
        "`w` has its own slope."
    ),
    "only-the-direction": (
        "Every step has the same length: the gradient was divided by its length, but its size belongs to "
        "the update."
    ),
}


def loop_misconceptions(
    algorithm: Callable, skip: tuple[str, ...] = (), sentences: Mapping[str, str] | None = None
) -> tuple[Misconception, ...]:
    """The generic mistakes, applied to `algorithm`. `skip` leaves some out; `sentences` has other words."""
    unknown = (set(skip) | set(sentences or {})) - set(SENTENCES)
    if unknown:
        raise ValueError(f"loop_misconceptions: {sorted(unknown)} unknown; there are {sorted(SENTENCES)}")
    words = SENTENCES | dict(sentences or {})
    made = {
        "sign-flipped": with_learning_rate(algorithm, lambda rate: -rate),
        "returns-the-gradient": _returns_the_gradient(algorithm),
        "returns-the-step": _returns_the_step(algorithm),
        "returns-the-path": _returns_the_path(algorithm),
        "never-updates": _never_updates(algorithm),
        "one-step-too-few": with_num_steps(algorithm, lambda count: max(count - 1, 0)),
        "one-step-too-many": with_num_steps(algorithm, lambda count: count + 1),
        "first-step-only": with_num_steps(algorithm, lambda count: min(count, 1)),
        "gradient-at-the-start-only": _gradient_at_the_start_only(algorithm),
        "learning-rate-ignored": with_learning_rate(algorithm, lambda rate: 1.0),
        "learning-rate-twice": with_learning_rate(algorithm, lambda rate: rate * rate),
        "divides-by-learning-rate": with_learning_rate(algorithm, lambda rate: 1 / rate),
        "changes-the-input": _changes_the_input(algorithm),
        "keeps-whole-numbers": _keeps_whole_numbers(algorithm),
        "copies-whole-numbers": _copies_whole_numbers(algorithm),
        "starts-at-zero": _starts_at_zero(algorithm),
        "updates-after-the-loop": _updates_after_the_loop(algorithm),
        "sums-the-gradient": with_gradient(algorithm, lambda dw: np.full_like(dw, dw.sum())),
        "only-the-direction": with_gradient(algorithm, _direction),
    }
    return tuple(Misconception(name, words[name], code) for name, code in made.items() if name not in skip)


# -- ways to make a wrong loop from a right one; lessons use them too ------------------------------


def with_learning_rate(algorithm: Callable, change: Callable) -> Callable:
    """The algorithm with another learning rate than it was given."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        return algorithm(compute_gradient, w, change(learning_rate), num_steps, *hyper, **named)

    return wrong


def with_num_steps(algorithm: Callable, change: Callable) -> Callable:
    """The algorithm with another number of steps than it was given."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        return algorithm(compute_gradient, w, learning_rate, change(num_steps), *hyper, **named)

    return wrong


def with_gradient(algorithm: Callable, change: Callable) -> Callable:
    """The algorithm with every gradient changed before it is used."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        def changed(*args):
            return change(compute_gradient(*args))

        return algorithm(changed, w, learning_rate, num_steps, *hyper, **named)

    return wrong


def with_hyper(algorithm: Callable, **change: Callable) -> Callable:
    """The algorithm with hyperparameters changed by name: `with_hyper(adam, beta1=lambda b: 1 - b)`."""
    import inspect

    signature = inspect.signature(algorithm)

    @functools.wraps(algorithm)
    def wrong(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        for name, function in change.items():
            bound.arguments[name] = function(bound.arguments[name])
        return algorithm(*bound.args, **bound.kwargs)

    return wrong


def _direction(dw: np.ndarray) -> np.ndarray:
    length = np.sqrt(np.sum(dw * dw))
    return dw / length if length else dw


def _returns_the_gradient(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        dw = None

        def remembering(*args):
            nonlocal dw
            dw = compute_gradient(*args)
            return dw

        algorithm(remembering, w, learning_rate, num_steps, *hyper, **named)
        return dw

    return wrong


def _returns_the_step(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        points = []

        def remembering(point, *rest):
            points.append(np.array(point, dtype=float))
            return compute_gradient(point, *rest)

        end = algorithm(remembering, w, learning_rate, num_steps, *hyper, **named)
        return points[-1] - end if points else end

    return wrong


def _returns_the_path(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        points = []

        def remembering(point, *rest):
            points.append(np.array(point, dtype=float))
            return compute_gradient(point, *rest)

        end = algorithm(remembering, w, learning_rate, num_steps, *hyper, **named)
        return np.array([*points, end])

    return wrong


def _never_updates(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        start = np.array(w, dtype=float)

        def at_the_start(point, *rest):
            return compute_gradient(start, *rest)

        algorithm(at_the_start, w, learning_rate, num_steps, *hyper, **named)
        return start

    return wrong


def _gradient_at_the_start_only(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        dw = compute_gradient(np.array(w, dtype=float))
        return algorithm(lambda *args: dw.copy(), w, learning_rate, num_steps, *hyper, **named)

    return wrong


def _changes_the_input(algorithm: Callable) -> Callable:
    """The right numbers, written into the caller's array; whole numbers stop it as they stop `w -= …`."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        end = algorithm(compute_gradient, w, learning_rate, num_steps, *hyper, **named)
        if num_steps:
            w -= w - end
        return w

    return wrong


def _copies_whole_numbers(algorithm: Callable) -> Callable:
    """`w = np.array(w)`, then `w -= …`: right for floats, an error for whole numbers."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        return _changes_the_input(algorithm)(
            compute_gradient, np.array(w), learning_rate, num_steps, *hyper, **named
        )

    return wrong


def _starts_at_zero(algorithm: Callable) -> Callable:
    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        start = np.zeros(np.shape(w))
        return algorithm(compute_gradient, start, learning_rate, num_steps, *hyper, **named)

    return wrong


def _updates_after_the_loop(algorithm: Callable) -> Callable:
    """The gradient is asked for in every round, at the same place; what follows happens once."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        start = np.array(w, dtype=float)
        gradients = [compute_gradient(start) for _ in range(num_steps)]
        return algorithm(lambda *_: gradients[-1], start, learning_rate, min(num_steps, 1), *hyper, **named)

    return wrong


def _keeps_whole_numbers(algorithm: Callable) -> Callable:
    """After each step the point is cut back to the type of the start; right for a float start."""

    @functools.wraps(algorithm)
    def wrong(compute_gradient, w, learning_rate, num_steps, *hyper, **named):
        start = np.asarray(w)
        if start.dtype.kind not in "iu":
            return algorithm(compute_gradient, w, learning_rate, num_steps, *hyper, **named)
        end = algorithm(compute_gradient, w, learning_rate, num_steps, *hyper, **named)
        return end.astype(start.dtype)

    return wrong
