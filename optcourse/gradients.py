"""Gradients from the values of a function alone, and the check of an analytic gradient against them.

    numeric_gradient(f, w)                             # central differences, 2 N calls of f
    numeric_gradient(f, w, scheme="complex")           # exact to rounding, but f must be analytic
    report = check_gradient(f, gradient, w)            # entry by entry, as torch.autograd.gradcheck does
    report = check_gradient(f, gradient, w, fast=True) # ten complex directions: milliseconds for large models

Here `w` is one point of any shape and f(w) one number.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.exceptions import ComplexWarning
from numpy.typing import ArrayLike

SCHEMES = ("forward", "central", "complex")


def best_h(scheme: str = "central", dtype: np.typing.DTypeLike = float) -> float:
    """The step at which truncation and rounding errors balance, for w and f of order 1.

    Forward: sqrt(eps); central: cbrt(eps), where eps is the spacing of `dtype` at 1. The complex step
    subtracts nothing, so nothing is rounded away: 1e-20, where its truncation error is far below rounding.
    Source: Nocedal & Wright, Numerical Optimization, section 8.1; Squire & Trapp (1998).
    """
    known_scheme(scheme)
    if np.dtype(dtype).kind not in "fc":
        raise ValueError(f"dtype must be a floating-point type, like 'float32', got {dtype!r}")
    eps = float(np.finfo(dtype).eps)
    return {"forward": eps ** (1 / 2), "central": eps ** (1 / 3), "complex": 1e-20}[scheme]


def numeric_gradient(
    f: Callable[[np.ndarray], float], w: ArrayLike, h: float | None = None, scheme: str = "central"
) -> np.ndarray:
    """The gradient of f at w, an array shaped like w, from values of f at points near w.

    forward: (f(w + h) - f(w)) / h for each entry, N + 1 calls; error about h.
    central: (f(w + h) - f(w - h)) / 2h, 2 N calls; error about h².
    complex: imag f(w + i h) / h, N calls; exact to rounding. f must accept complex numbers and be analytic; a
        ComplexWarning (an imaginary part was thrown away) is raised as an error.

    h is the step in every entry. Without it: `best_h` of the scheme and of w's dtype, times max(1, |entry|).
    Integers are computed as float64, float32 stays float32; the caller's w is never changed.
    """
    known_scheme(scheme)
    w = real_point(w)
    if h is None:
        steps = best_h(scheme, w.dtype) * np.maximum(1.0, np.abs(w))
    else:
        steps = np.full(w.shape, step_size("h", h))
    difference = {"forward": forward_differences, "central": central_differences, "complex": complex_step}
    return difference[scheme](f, w, steps.astype(w.dtype))


def forward_differences(f: Callable, w: np.ndarray, steps: np.ndarray) -> np.ndarray:
    here = one_number(f(w.copy()))
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        moved = w.copy()
        moved[index] += steps[index]
        h = moved[index] - w[index]  # what was really added: w + h is rounded
        gradient[index] = (one_number(f(moved)) - here) / step_taken(h, w[index])
    return gradient


def central_differences(f: Callable, w: np.ndarray, steps: np.ndarray) -> np.ndarray:
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        ahead, behind = w.copy(), w.copy()
        ahead[index] += steps[index]
        behind[index] -= steps[index]
        h2 = step_taken(ahead[index] - behind[index], w[index])
        gradient[index] = (one_number(f(ahead)) - one_number(f(behind))) / h2
    return gradient


def complex_step(f: Callable, w: np.ndarray, steps: np.ndarray) -> np.ndarray:
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        direction = np.zeros_like(w)
        direction[index] = steps[index]
        gradient[index] = at_complex(f, w, direction).imag / steps[index]
    return gradient


def at_complex(f: Callable, w: np.ndarray, direction: np.ndarray) -> complex:
    """f(w + i direction); an imaginary part lost on the way is an error, where NumPy tells of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ComplexWarning)
        result = one_number(f(w + 1j * direction), complex_allowed=True)
    if not np.iscomplexobj(result):
        raise ValueError(
            "f gave a real number at a complex w: something in it (abs, norm, float, a real array "
            "that is filled) throws the imaginary part away. The complex step cannot be used for it."
        )
    return result


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found. True when the gradient is right; str() of it says why in words.

    index is the worst entry of the gradient: numeric and analytic are its two values there, relative_error is
    |analytic - numeric| / max(|analytic|, |numeric|), and 0 where both are 0. In the fast check of a right
    gradient they are those of the worst direction, and index is None.
    """

    ok: bool
    index: tuple[int, ...] | None
    numeric: float
    analytic: float
    relative_error: float
    num_evaluations: int
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        where = "along the worst direction" if self.index is None else f"at entry {list(self.index)}"
        verdict = "The gradient is right" if self.ok else "The gradient is wrong"
        both_zero = " (both are zero)" if self.numeric == self.analytic == 0 else ""
        lines = [
            f"{verdict}: {where} the analytic value is {self.analytic:.10g} and the numeric "
            f"one {self.numeric:.10g}, a relative error of {self.relative_error:.2g}{both_zero}.",
            *self.notes,
        ]
        return "\n".join(lines)


def check_gradient(
    f: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray] | ArrayLike,
    w: ArrayLike,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    fast: bool = False,
    rng: np.random.Generator | None = None,
) -> GradientReport:
    """Compare an analytic gradient (a function of w, or its value at w) with a numeric one of f.

    As torch.autograd.gradcheck: central differences with step eps, and every entry must satisfy
    |analytic - numeric| <= atol + rtol * |numeric|.

    fast=True: derivatives along ten random directions, each one call of f by the complex step, compared to
    rounding (so a factor of 1.001 shows, and a kink of ReLU does no harm: left and right of it are not
    mixed). The directions come from rng (default: seed 0). Where the complex step cannot be trusted for f,
    this falls back to entries and says so. A wrong entry is then found by halving.

    Raises ValueError when the gradient has not the shape of w, or w is not finite.
    """
    point = real_point(w)
    if point.size == 0:
        raise ValueError(f"w must have at least one entry, got shape {point.shape}")
    if not np.isfinite(point).all():
        index = [int(i) for i in np.argwhere(~np.isfinite(point))[0]]
        raise ValueError(f"w must be finite, but entry {index} is {float(point[tuple(index)])!r}")
    step_size("eps", eps)
    for name, tolerance in (("atol", atol), ("rtol", rtol)):
        if not tolerance >= 0:
            raise ValueError(f"{name} must be >= 0, got {tolerance!r}")
    handed = point.copy()
    analytic = np.asarray(gradient(handed) if callable(gradient) else gradient)
    if analytic.shape != point.shape:
        raise ValueError(f"the gradient must have the shape of w, {point.shape}, but it has {analytic.shape}")
    if analytic.dtype.kind not in "iuf":
        raise TypeError(f"the gradient must hold real numbers, got dtype {analytic.dtype}")
    notes = []
    if not np.array_equal(handed, point):
        notes.append("It changed w while computing: work on a copy.")
    if point.dtype != np.float64:
        notes.append(f"w is {point.dtype}: differences need float64, or a right gradient may fail.")
    counted = Counted(f)
    trouble = complex_step_trouble(counted, point) if fast else ""
    if fast and not trouble:
        found = compare_directions(counted, analytic, point, np.random.default_rng(0) if rng is None else rng)
    else:
        if trouble:
            notes.append(f"The fast check was left for differences entry by entry: {trouble}")
        found = compare_entries(counted, analytic, point, eps, atol, rtol)
    ok, index, numeric_value, analytic_value = found
    return GradientReport(
        ok=ok and np.array_equal(handed, point),
        index=index,
        numeric=float(numeric_value),
        analytic=float(analytic_value),
        relative_error=relative_error(float(analytic_value), float(numeric_value)),
        num_evaluations=counted.calls,
        notes=tuple(notes),
    )


def compare_entries(f, analytic, w, eps, atol, rtol) -> tuple[bool, tuple[int, ...], float, float]:
    """(ok, worst entry, its numeric value, its analytic value), by central differences."""
    numeric = numeric_gradient(f, w, h=eps, scheme="central")
    error, allowed = np.abs(analytic - numeric), atol + rtol * np.abs(numeric)
    ok = bool((error <= allowed).all())  # NaN is not <= anything
    badness = np.nan_to_num(error / np.maximum(allowed, np.finfo(float).tiny), nan=np.inf)
    index = np.unravel_index(badness.argmax(), w.shape)
    return ok, tuple(int(i) for i in index), numeric[index], analytic[index]


def compare_directions(f, analytic, w, rng) -> tuple[bool, tuple[int, ...] | None, float, float]:
    """The same by ten random complex directions; the entry is looked for only when a direction disagrees."""
    if not np.isfinite(analytic).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(analytic))[0])
        return False, index, along(f, np.zeros_like(w), w, unit(w, index))[0], analytic[index]
    worst = (-1.0, 0.0, 0.0)
    for _ in range(10):
        direction = rng.standard_normal(w.shape)
        numeric, expected, error = along(f, analytic, w, direction)
        if not error <= 1:
            index = find_wrong_entry(f, analytic, w, direction)
            return False, index, along(f, analytic, w, unit(w, index))[0], analytic[index]
        worst = max(worst, (error, numeric, expected))
    return True, None, worst[1], worst[2]


def along(f, analytic, w, direction) -> tuple[float, float, float]:
    """Numeric and analytic derivative along a direction, and their difference in units of the tolerance."""
    h = best_h("complex")
    result = at_complex(f, w, h * direction)
    numeric = result.imag / h
    products = analytic * direction
    expected = products.sum()
    tolerance = 1e-9 * (np.abs(products).sum() + abs(numeric)) + 1e-12 * (1 + abs(result.real))
    return numeric, expected, abs(numeric - expected) / tolerance


def unit(w: np.ndarray, index: tuple[int, ...]) -> np.ndarray:
    """The direction along one entry."""
    direction = np.zeros(w.shape)
    direction[index] = 1.0
    return direction


def find_wrong_entry(f, analytic, w, direction) -> tuple[int, ...]:
    """A wrong entry of the gradient: of each half of the entries, keep the one with the larger error."""
    entries = np.arange(w.size)
    while len(entries) > 1:
        errors, halves = [], np.array_split(entries, 2)
        for half in halves:
            part = np.zeros(w.size)
            part[half] = direction.ravel()[half]
            errors.append(along(f, analytic, w, part.reshape(w.shape))[2])
        entries = halves[int(np.argmax(errors))]
    return tuple(int(i) for i in np.unravel_index(entries[0], w.shape))


def complex_step_trouble(f: Callable, w: np.ndarray) -> str:
    """Why the complex step cannot be trusted for f, in words; empty when it can.

    abs or norm drop an imaginary part without a warning. Then the complex step and plain differences
    disagree, also at a point close to w (not at w itself: it may sit on a kink, where differences mix both
    sides).
    """
    rng = np.random.default_rng(1)
    w = w.astype(float)
    near = w + 1e-2 * np.maximum(1.0, np.abs(w)) * rng.standard_normal(w.shape)
    direction = rng.standard_normal(w.shape)
    h = 1e-7  # far smaller than the distance to w, so that hardly a kink lies between
    with np.errstate(all="ignore"):  # NaN is not <= anything: then the answer cannot be trusted either
        try:
            exact = at_complex(f, near, 1e-20 * direction).imag / 1e-20
        except (ComplexWarning, ValueError, TypeError) as error:
            return str(error)
        plain = (one_number(f(near + h * direction)) - one_number(f(near - h * direction))) / (2 * h)
    if abs(exact - plain) <= 1e-3 * max(abs(exact), abs(plain)) + 1e-5:
        return ""
    return "at complex w, f is not the same function (abs, norm or float in it lose the imaginary part)."


class Counted:
    """A function that counts its calls."""

    def __init__(self, f: Callable):
        self.f = f
        self.calls = 0

    def __call__(self, w):
        self.calls += 1
        return self.f(w)


def relative_error(a: float, b: float) -> float:
    """|a - b| / max(|a|, |b|), and 0 where both are 0."""
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def known_scheme(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, got {scheme!r}")


def real_point(w: ArrayLike) -> np.ndarray:
    """A copy of w as a float array: float32 stays, integers become float64."""
    try:
        w = np.array(w)
    except ValueError:
        raise ValueError(f"w must be a number or a regular array, got {w!r}") from None
    if w.dtype.kind not in "iuf":
        raise TypeError(f"w must hold real numbers, got dtype {w.dtype}")
    return w.astype(np.float64) if w.dtype.kind in "iu" else w


def one_number(result, complex_allowed: bool = False):
    """The value of f, which must be a single number."""
    if np.shape(result) != ():
        raise ValueError(f"f must return one number, got an array of shape {np.shape(result)}")
    number = np.asarray(result)
    if number.dtype.kind not in ("iufc" if complex_allowed else "iuf"):
        raise TypeError(f"f must return a real number, got {result!r}")
    return number[()]


def step_size(name: str, h: float) -> float:
    """h as a float; raises unless it is one number, finite and > 0."""
    if np.ndim(h) != 0 or np.asarray(h).dtype.kind not in "iuf":
        raise TypeError(f"{name} must be one number, got {h!r}")
    if not (np.isfinite(h) and h > 0):
        raise ValueError(f"{name} must be finite and > 0, got {h!r}")
    return float(h)


def step_taken(h: float, at: float) -> float:
    if h == 0:
        raise ValueError(f"h is too small: added to {float(at)!r} it is rounded away; choose a larger h")
    return h
