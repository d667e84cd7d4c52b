"""The loop. `descend` runs an optimizer on an objective and returns everything that happened as a Trace.

    trace = descend(quadratic(10), GradientDescent(0.1), start=(-3, 2), num_steps=100)
    trace.w                       # (101, 2): every point, the first and the last included

It is the only loop of the course, and it runs many paths at once: starts, hyperparameters and parameters of
the objective broadcast against each other as NumPy arrays do.

    rates = np.geomspace(0.01, 1, 50)
    trace = descend(quadratic(10), GradientDescent(rates), start=(-3, 2), num_steps=100)
    trace.w                       # (101, 50, 2): one path for each rate
    trace.diverged                # (50,): True where the path ran away

Outside, coordinates come last, as one writes points. Inside, they come first, so that formulas read
`x, y = w` and hyperparameters broadcast; the arrays of a Trace are views that turn one into the other.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from itertools import repeat

import numpy as np
from numpy.typing import ArrayLike

from optcourse.objectives import Objective
from optcourse.optimizers import Optimizer, State, checked, hyperparameters

RECORDABLE = ("w", "loss", "dw", "state")
BLOCK = 16_384  # numbers worked on at once where the whole history would need large temporaries


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened in a run of `num_steps` steps: row t is the situation after t steps.

    w: the points, (num_steps + 1, *batch, n); without the last axis for a problem in one variable.
    loss: the loss at each w, (num_steps + 1, *batch). With minibatches: the loss on that of step t.
    dw: the gradient that step t used, shaped like w; its last row is computed but not used by any step.
    state: the optimizer's memory by name, each array shaped like w; row 0 is its state before the first step.
    diverged: (*batch), True where w or the loss became infinite or NaN.
    diverged_at: (*batch), the first row where it did, or -1. Later rows repeat that row.

    What was not recorded is None (an empty dict for state).
    """

    final: np.ndarray
    w: np.ndarray | None
    loss: np.ndarray | None
    dw: np.ndarray | None
    state: dict[str, np.ndarray]
    diverged: np.ndarray
    diverged_at: np.ndarray
    num_steps: int

    def __getitem__(self, index) -> "Trace":
        """The paths that `index` selects from the batch: trace[3], trace[2, :5], trace[~trace.diverged]."""
        index = index if isinstance(index, tuple) else (index,)

        def select(rows):
            return None if rows is None else rows[(slice(None), *index)]

        return Trace(
            final=self.final[index],
            w=select(self.w),
            loss=select(self.loss),
            dw=select(self.dw),
            state={name: select(rows) for name, rows in self.state.items()},
            diverged=self.diverged[index],
            diverged_at=self.diverged_at[index],
            num_steps=self.num_steps,
        )

    def steps_to(self, value: float) -> np.ndarray:
        """The first row with loss <= value, for each path; -1 where the loss never comes so low."""
        if self.loss is None:
            raise ValueError("steps_to needs the loss: let record include 'loss'")
        reached = self.loss <= value
        return np.where(reached.any(axis=0), reached.argmax(axis=0), -1)[()]


def descend(
    objective,
    optimizer,
    start: ArrayLike,
    num_steps: int,
    *,
    gradient: Callable[..., np.ndarray] | None = None,
    minibatches: Iterable | None = None,
    schedule: Callable[[int], ArrayLike] | None = None,
    bounds: tuple[float, float] | None = None,
    record: tuple[str, ...] = RECORDABLE,
) -> Trace:
    """Take `num_steps` steps from `start`; record w, loss, gradient and state at every point on the way.

    objective: an Objective, or a model of `optcourse.models`: anything with value(w), gradient(w) and ndim.
    start: the point or points: (n,) or (*batch, n); () or (*batch) for a problem in one variable. Integers
        are computed as float64; the array itself is never changed.
    gradient: used in place of objective.gradient (a noisy one, a learner's). It gets w with coordinates
        first, (n, *batch), and returns the same shape.
    minibatches: yields one minibatch for every step; value and gradient are then called as
        value(w, minibatch). The last row of loss and dw, which no step follows, uses the last minibatch once
        more. An Objective has no minibatches: with gradient= it gets them, and the loss is the objective's.
    schedule: t -> factor on the learning rate of step t = 0, 1, ...
    bounds: (low, high), two numbers: after each step every entry of w is clipped to them.
    record: what to keep of RECORDABLE; less saves memory.

    Raises ValueError or TypeError for shapes that do not fit, before the first step. A path that runs off to
    infinity raises nothing and disturbs no other path: see `Trace.diverged`.
    """
    num_steps = whole_number("num_steps", num_steps)
    if not (hasattr(objective, "value") and hasattr(objective, "gradient") and hasattr(objective, "ndim")):
        raise TypeError(
            "objective must be an Objective or a model, like himmelblau() with its parentheses, or anything with "
            f"value(w), gradient(w) and ndim; got {objective!r}"
        )
    for name, function in (("gradient", gradient), ("schedule", schedule)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function, got {function!r}")
    w = first_point(objective, optimizer, start)
    factors = None if schedule is None else [learning_rate_factor(schedule, t) for t in range(num_steps)]
    if bounds is not None and not bounds[0] < bounds[1]:
        raise ValueError(f"bounds must be (low, high) with low < high, got {bounds!r}")
    batches = repeat(()) if minibatches is None else ((minibatch,) for minibatch in minibatches)
    if minibatches is not None and gradient is None and isinstance(objective, Objective):
        raise ValueError(f"{objective.name} has no minibatches; pass gradient= a function of (w, minibatch)")
    # Formulas that work entry by entry give all losses at once when the run is over.
    loss_later = isinstance(objective, Objective) and "w" in record
    compute = loss_and_gradient(objective, gradient, loss_now="loss" in record and not loss_later)

    running = copy.copy(optimizer)  # ours, so that a schedule can set its learning rate
    state = running.init(w)
    history = History(record, num_steps, w, state, has_axis=objective.ndim > 0)
    with np.errstate(all="ignore"):  # a path that runs away is reported by the trace, not by warnings
        for t in range(num_steps + 1):
            if t < max(num_steps, 1):
                minibatch = next_minibatch(batches, t)
            loss, dw = compute(w, running.gradient_point(w, state), *minibatch)
            history.add(t, w, loss, dw, state)
            if t == num_steps:
                break
            if factors is not None:
                object.__setattr__(running, "learning_rate", optimizer.learning_rate * factors[t])
            running.step(w, dw, state)
            if bounds is not None:
                np.clip(w, *bounds, out=w)
        if loss_later:
            history.fill_loss(objective.value_formula)
    return history.trace(w)


def first_point(objective, optimizer: Optimizer, start: ArrayLike) -> np.ndarray:
    """Our own float copy of the start, coordinates first, broadcast against every hyperparameter."""
    if not (isinstance(optimizer, Optimizer) and is_dataclass(optimizer)):
        raise TypeError(
            f"optimizer must be one of optcourse.optimizers, like Momentum(0.1), got {optimizer!r}"
        )
    try:
        point = np.asarray(start)
    except ValueError:
        raise ValueError(f"start must be one point or a regular array of points, got {start!r}") from None
    if point.dtype.kind not in "iuf":
        raise TypeError(f"start must hold real numbers, got {start!r}")
    if not np.isfinite(point).all():
        raise ValueError(f"start must be finite, got {start!r}")
    n = objective.ndim
    if n and point.shape[-1:] != (n,):
        raise ValueError(f"start must have {n} coordinates on its last axis, got shape {point.shape}")
    shapes = {"start": point.shape[:-1] if n else point.shape}
    shapes |= {hyper.name: np.shape(getattr(optimizer, hyper.name)) for hyper in hyperparameters(optimizer)}
    shapes["objective"] = getattr(objective, "batch_shape", ())
    try:
        batch = np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"these do not broadcast against each other: {listed}") from None
    if not n:
        return np.array(np.broadcast_to(point, batch), dtype=float, order="C")
    return np.array(np.moveaxis(np.broadcast_to(point, (*batch, n)), -1, 0), dtype=float, order="C")


def loss_and_gradient(objective, gradient: Callable | None, loss_now: bool) -> Callable:
    """compute(w, point, *minibatch) -> (loss at w, or None if not loss_now; gradient at point)."""
    if isinstance(objective, Objective):

        def value(w, *minibatch):
            return objective.value_formula(w)

        own_gradient = objective.gradient_formula
    else:
        value, own_gradient = objective.value, objective.gradient

    def given_gradient(point, *minibatch):
        # Copies in and out: the function is not ours, it may change what it gets, or hand it back.
        dw = np.array(gradient(point.copy(), *minibatch))
        if dw.dtype.kind not in "iuf":
            raise TypeError(
                f"gradient must return an array of real numbers, got dtype {dw.dtype}"
                if dw.dtype != object
                else f"gradient must return an array of real numbers shaped like w, got {dw.tolist()!r}"
            )
        return dw.astype(float)

    slope_at = own_gradient if gradient is None else given_gradient
    together = getattr(objective, "value_and_gradient", None) if gradient is None else None

    def compute(w, point, *minibatch):
        if not loss_now:
            return None, slope_at(point, *minibatch)
        if together is not None and point is w:
            return together(w, *minibatch)
        return value(w, *minibatch), slope_at(point, *minibatch)

    return compute


def learning_rate_factor(schedule: Callable[[int], ArrayLike], t: int) -> float | np.ndarray:
    return checked("schedule", f"the factor at step {t}", schedule(t))


def next_minibatch(batches, t: int) -> tuple:
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(f"minibatches ran out after {t} steps") from None


def whole_number(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 0:
        raise ValueError(f"{name} must be 0 or more, got {value}")
    return int(value)


class History:
    """The arrays of a run, made once at full size; inside, a row has the shape of w: (n, *batch)."""

    def __init__(self, record: tuple[str, ...], num_steps: int, w: np.ndarray, state: State, has_axis: bool):
        unknown = sorted(set(record) - set(RECORDABLE))
        if unknown:
            raise ValueError(f"record may hold {', '.join(RECORDABLE)}, got {unknown[0]!r}")
        rows = num_steps + 1
        self.num_steps, self.has_axis, self.batch_shape = num_steps, has_axis, w.shape[has_axis:]
        self.w = np.empty((rows, *w.shape)) if "w" in record else None
        self.dw = np.empty((rows, *w.shape)) if "dw" in record else None
        self.loss = np.empty((rows, *self.batch_shape)) if "loss" in record else None
        # What a state holds in another shape (a count, the list of Shampoo's matrices) has no row of its own.
        arrays = {name: value for name, value in vars(state).items() if not isinstance(value, list)}
        kept = [name for name, value in arrays.items() if name != "t" and np.shape(value) == w.shape]
        names = kept if "state" in record else []
        self.state = {name: np.empty((rows, *w.shape)) for name in names}

    def add(self, t: int, w: np.ndarray, loss, dw: np.ndarray, state: State) -> None:
        """Keep row t."""
        if self.w is not None:
            self.w[t] = w
        if loss is not None:
            self.loss[t] = loss
        for name, rows in self.state.items():
            rows[t] = getattr(state, name)
        if t == 0 and np.shape(dw) != w.shape:
            raise ValueError(f"the gradient must have the shape of w, {w.shape}, but it has {np.shape(dw)}")
        if self.dw is not None:
            self.dw[t] = dw

    def fill_loss(self, value_formula: Callable) -> None:
        """The losses of all rows, from the recorded points."""
        if self.loss is None:
            return
        for rows in blocks(self.w):
            points = np.moveaxis(self.w[rows], 1, 0) if self.has_axis else self.w[rows]
            self.loss[rows] = value_formula(points)

    def trace(self, w: np.ndarray) -> Trace:
        """Find and freeze the paths that ran away, and hand everything out with coordinates last."""
        diverged_at = self.first_bad_rows(w)
        diverged = diverged_at >= 0
        if diverged.any():
            last_good = np.where(diverged, diverged_at, self.num_steps)
            for rows in (self.w, self.dw, self.loss, *self.state.values()):
                if rows is not None:
                    freeze(rows, last_good)
        return Trace(
            final=self.outside(w if self.w is None else self.w[-1]),
            w=self.outside(self.w, first=1),
            loss=self.loss,
            dw=self.outside(self.dw, first=1),
            state={name: self.outside(rows, first=1) for name, rows in self.state.items()},
            diverged=diverged,
            diverged_at=diverged_at,
            num_steps=self.num_steps,
        )

    def first_bad_rows(self, w: np.ndarray) -> np.ndarray:
        """For each path the first row with infinity or NaN in w or loss, or -1.

        A w that is not finite stays so, hence the last w tells whether to look at all.
        """
        diverged_at = np.full(self.batch_shape, -1)
        bad_now = ~np.isfinite(w).all(axis=0) if self.has_axis else ~np.isfinite(w)
        if self.w is not None and bad_now.any():
            note_first_bad(diverged_at, self.w, self.has_axis)
        if self.loss is not None:
            note_first_bad(diverged_at, self.loss, False)
        return np.where(bad_now & (diverged_at < 0), self.num_steps, diverged_at)

    def outside(self, rows: np.ndarray | None, first: int = 0) -> np.ndarray | None:
        return np.moveaxis(rows, first, -1) if rows is not None and self.has_axis else rows


def blocks(history: np.ndarray) -> list[slice]:
    """Slices of rows that hold about BLOCK numbers each."""
    height = max(1, BLOCK // max(1, history[0].size))
    return [slice(top, top + height) for top in range(0, len(history), height)]


def note_first_bad(diverged_at: np.ndarray, history: np.ndarray, has_axis: bool) -> None:
    """Lower diverged_at to the first row of history that is not finite, where there is an earlier one."""
    for rows in blocks(history):
        bad = ~np.isfinite(history[rows])
        if has_axis:
            bad = bad.any(axis=1)
        if bad.any():
            first = rows.start + bad.argmax(axis=0)
            earlier = bad.any(axis=0) & ((diverged_at < 0) | (first < diverged_at))
            diverged_at[...] = np.where(earlier, first, diverged_at)


def freeze(history: np.ndarray, last: np.ndarray) -> None:
    """Repeat row `last` of each path in all rows after it."""
    # the coordinate, where there is one
    for column in np.ndindex(history.shape[1 : history.ndim - last.ndim]):
        rows = history[(slice(None), *column)]
        kept = np.take_along_axis(rows, last[None], axis=0)
        steps = np.arange(len(rows)).reshape(-1, *[1] * last.ndim)
        np.copyto(rows, kept, where=steps > last)
