"""The second derivative at work: Newton's step and what makes it safe, a line search, L-BFGS, the steepest curvature.

    p = newton_step(dw, H)                       # where the parabola that fits here has its minimum
    p = safe_direction(dw, H, floor=1e-3)        # always downhill, also where H is not positive
    p = -two_loop(dw, s, y)                      # L-BFGS: from the last changes of w and dw alone
    step = backtracking(value, w, p, slope)      # how far along p
    run = line_search_descent(model, newton, start, num_steps)

    Hv = hvp(model.gradient, w, v)               # H @ v without H
    value, vector = sharpness(lambda v: hvp(model.gradient, w, v), n, rng)
    value, vector = lanczos(lambda v: hvp(model.gradient, w, v), start)

Source: Nocedal & Wright, Numerical Optimization (2006), chapters 3 and 7; Dauphin et al. (2014).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

# Where a direction comes from: (w, dw) -> p.
Direction = Callable[[np.ndarray, np.ndarray], np.ndarray]


def newton_step(dw: ArrayLike, H: ArrayLike) -> np.ndarray:
    """p with H @ p = -dw: from w to where the parabola with this gradient and Hessian is flat, (n,).

    Flat is not low: with a negative eigenvalue p may lead uphill. Raises ValueError where H is singular.
    """
    dw, H = gradient_and_hessian(dw, H)
    try:
        return np.linalg.solve(H, -dw)
    except np.linalg.LinAlgError:
        raise ValueError(
            "H is singular: along some direction it is flat, and no step ends its slope. "
            "Add a small multiple of the identity, or use safe_direction"
        ) from None


def safe_direction(dw: ArrayLike, H: ArrayLike, floor: float = 1e-3) -> np.ndarray:
    """-V diag(1 / max(|eigenvalue|, floor)) Vᵀ dw: Newton's step with every curvature taken as positive, (n,).

    Always downhill: dw @ p < 0 unless dw is 0. Source: Dauphin et al. (2014).
    """
    dw, H = gradient_and_hessian(dw, H)
    if not (np.isfinite(floor) and floor > 0):
        raise ValueError(f"floor must be finite and > 0, got {floor!r}")
    values, V = np.linalg.eigh(H)
    return -V @ ((V.T @ dw) / np.maximum(np.abs(values), floor))


def backtracking(
    value: Callable[[np.ndarray], float],
    w: np.ndarray,
    p: np.ndarray,
    slope: float,
    *,
    c: float = 1e-4,
    max_halvings: int = 60,
) -> float:
    """The first of 1, 1/2, 1/4 … with value(w + step * p) <= value(w) + c * step * slope (Armijo's condition).

    slope is dw @ p. Raises ValueError where it is not negative, or where no step is found.
    """
    if not slope < 0:
        raise ValueError(f"p does not lead downhill: its slope dw @ p is {slope:g}, and must be < 0")
    here, step = value(w), 1.0
    for _ in range(max_halvings):
        if value(w + step * p) <= here + c * step * slope:
            return step
        step /= 2
    raise ValueError(
        f"no step along p lowers the value enough, down to {step:g}: is slope really the slope of value?"
    )


def two_loop(
    dw: ArrayLike, s: Sequence[ArrayLike], y: Sequence[ArrayLike], scale: float | None = None
) -> np.ndarray:
    """L-BFGS: nearly H⁻¹ @ dw from the last changes of w (s) and of dw (y), oldest first, (n,).

    With it two_loop(y[-1]) is s[-1] to rounding: the newest change is explained. `scale` is the start, times the
    identity: s[-1] @ y[-1] / y[-1] @ y[-1] if not given. Without any pair it returns scale * dw, or dw.
    Raises ValueError for a pair with s @ y <= 0: along it the bend is not positive.
    Source: Nocedal & Wright (2006), algorithm 7.4.
    """
    q = np.array(dw, dtype=float)
    pairs = [(np.asarray(si, dtype=float), np.asarray(yi, dtype=float)) for si, yi in zip(s, y, strict=True)]
    for number, (si, yi) in enumerate(pairs):
        if not si @ yi > 0:
            raise ValueError(f"pair {number} has s @ y = {si @ yi:g}, and must have s @ y > 0")
    if scale is None:
        scale = pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1.0
    shares = []
    for si, yi in reversed(pairs):  # newest first
        shares.append(si @ q / (si @ yi))
        q = q - shares[-1] * yi
    r = scale * q
    for (si, yi), share in zip(pairs, reversed(shares), strict=True):  # oldest first
        r = r + si * (share - yi @ r / (si @ yi))
    return r


class LBFGS:
    """The direction of L-BFGS, which remembers the last `memory` changes: `-two_loop(dw, s, y)`.

    A change along which the bend is not positive is not remembered: s @ y must exceed 1e-10 |s| |y|.
    `inverse(dw, s, y)` may be somebody else's two_loop; it is asked once there is a pair.
    """

    def __init__(self, memory: int = 10, inverse: Callable[..., np.ndarray] = two_loop) -> None:
        self.memory, self.inverse = memory, inverse
        self.s: list[np.ndarray] = []
        self.y: list[np.ndarray] = []
        self.last: tuple[np.ndarray, np.ndarray] | None = None

    def __call__(self, w: np.ndarray, dw: np.ndarray) -> np.ndarray:
        if self.last is not None:
            s, y = w - self.last[0], dw - self.last[1]
            if s @ y > 1e-10 * np.linalg.norm(s) * np.linalg.norm(y):
                self.s, self.y = [*self.s, s][-self.memory :], [*self.y, y][-self.memory :]
        self.last = w.copy(), dw.copy()
        return -self.inverse(dw, np.array(self.s), np.array(self.y)) if self.s else -dw


@dataclass(frozen=True, eq=False)
class LineSearchRun:
    """Row t is the situation after t steps; `evaluations` counts the points looked at so far, each with its gradient.

    `stopped` says in one sentence why the run ended before its steps were done, or is empty.
    """

    w: np.ndarray
    loss: np.ndarray
    step: np.ndarray
    evaluations: np.ndarray
    stopped: str = ""


def line_search_descent(
    objective, direction: Direction, start: ArrayLike, num_steps: int, *, target: float = -np.inf
) -> LineSearchRun:
    """Follow `direction(w, dw)` with backtracking, until num_steps are done or the loss is at most `target`.

    objective: anything with value(w) and gradient(w). The run ends early where the gradient is 0, and where the
    line search finds nothing (`stopped`).
    """
    w = np.array(start, dtype=float)
    seen = 1

    def value(point):
        nonlocal seen
        seen += 1
        with np.errstate(all="ignore"):  # a step that is too long may overflow; it is then halved
            return float(objective.value(point))

    loss, dw = float(objective.value(w)), objective.gradient(w)
    rows, stopped = [(w.copy(), loss, 0.0, seen)], ""
    for _ in range(num_steps):
        if loss <= target or not dw.any():
            break
        p = direction(w, dw)
        try:
            seen -= 1  # the value at w is known
            step = backtracking(value, w, p, float(dw @ p))
        except ValueError as error:
            stopped = str(error)
            break
        w = w + step * p
        loss, dw = float(objective.value(w)), objective.gradient(w)
        rows.append((w.copy(), loss, step, seen))
    points, losses, steps, evaluations = zip(*rows, strict=True)
    return LineSearchRun(np.array(points), np.array(losses), np.array(steps), np.array(evaluations), stopped)


def hvp(gradient: Callable[[np.ndarray], np.ndarray], w: np.ndarray, v: np.ndarray) -> np.ndarray:
    """H @ v by the complex step: the imaginary part of gradient(w + i h v) / h, exact to rounding, (n,).

    gradient must accept complex numbers and be analytic, as those of the course's models are. It is called once, with
    complex numbers. Source: Squire & Trapp (1998); Pearlmutter (1994) for the product itself.
    """
    h = 1e-30
    dw = gradient(np.asarray(w, dtype=float) + 1j * h * np.asarray(v, dtype=float))
    if not np.iscomplexobj(dw):
        raise ValueError(
            "gradient gave real numbers at a complex w: something in it throws the imaginary part away"
        )
    return dw.imag / h


def hessian(gradient: Callable[[np.ndarray], np.ndarray], w: np.ndarray) -> np.ndarray:
    """All second derivatives, (n, n), one column a product: for small n."""
    return np.stack([hvp(gradient, w, unit) for unit in np.eye(len(w))], axis=1)


def gauss_newton(model, w: np.ndarray) -> np.ndarray:
    """Jᵀ (diag(p) - p pᵀ) J, a mean over examples, for a classifier of the course: (n, n), with no negative eigenvalue.

    J is the derivative of the scores by w, by the complex step; p are the probabilities. What it leaves out of the Hessian
    is the bend of the scores themselves, so for softmax regression it leaves out nothing. Without the regularization.
    """
    h, scores = 1e-30, model.scores(w, model.X1)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    J = np.stack([model.scores(w + 1j * h * unit, model.X1).imag / h for unit in np.eye(len(w))], axis=-1)
    bent = p[:, :, None] * (J - (p[:, None, :] @ J))
    return np.tensordot(J, bent, axes=([0, 1], [0, 1])) / len(p)


def sharpness(
    product: Callable[[np.ndarray], np.ndarray],
    n: int,
    rng: np.random.Generator | None = None,
    *,
    start: np.ndarray | None = None,
    tolerance: float = 1e-3,
    max_products: int = 1000,
) -> tuple[float, np.ndarray]:
    """The largest eigenvalue of a symmetric matrix and its vector (n,), by power iteration on product(v) = H @ v.

    Ends when |H v - λ v| <= tolerance * |λ|, so λ is that close to an eigenvalue; `start` (the vector of the step
    before) saves most of the work. Where the eigenvalue of largest size is negative, the matrix is shifted by it, and
    the search goes on. Raises ValueError when max_products are not enough.
    """
    if start is None:
        start = (np.random.default_rng(0) if rng is None else rng).standard_normal(n)
    used = 0

    def dominant(v, shift):
        nonlocal used
        while used < max_products:
            v = v / np.linalg.norm(v)
            Hv = product(v) - shift * v
            used += 1
            value = v @ Hv
            length = np.linalg.norm(Hv)
            # Against the eigenvalue asked for, not against the shifted one.
            if length == 0 or np.linalg.norm(Hv - value * v) <= tolerance * abs(value + shift):
                return value + shift, v
            v = Hv
        raise ValueError(
            f"power iteration is not done after {max_products} products: two eigenvalues are nearly alike"
        )

    value, vector = dominant(np.asarray(start, dtype=float), 0.0)
    if value < 0:
        value, vector = dominant(np.random.default_rng(1).standard_normal(n), value)
    return float(value), vector


def lanczos(
    product: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    *,
    tolerance: float = 1e-2,
    max_products: int = 60,
) -> tuple[float, np.ndarray]:
    """What `sharpness` gives, with several times fewer products: the best that all of them together say, not the last alone.

    The products of `start` span a space; the matrix within it is small, and its largest eigenvalue is the answer. Ends when
    |H v - λ v| <= tolerance * |λ|, and the error of λ is about the square of that. Source: Lanczos (1950).
    """
    basis = np.empty((max_products, len(start)))
    diagonal, beside = np.zeros(max_products), np.zeros(max_products)
    q = np.asarray(start, dtype=float) / np.linalg.norm(start)
    for k in range(max_products):
        basis[k] = q
        r = product(q)
        diagonal[k] = q @ r
        for _ in range(2):  # rounding would let the vectors lean towards each other; twice is enough
            r = r - basis[: k + 1].T @ (basis[: k + 1] @ r)
        beside[k] = np.linalg.norm(r)
        small = np.diag(diagonal[: k + 1]) + np.diag(beside[:k], 1) + np.diag(beside[:k], -1)
        values, vectors = np.linalg.eigh(small)
        if beside[k] * abs(vectors[-1, -1]) <= tolerance * abs(values[-1]):
            return float(values[-1]), vectors[:, -1] @ basis[: k + 1]
        q = r / beside[k]
    raise ValueError(
        f"the largest eigenvalue is not found after {max_products} products: start somewhere else"
    )


def gradient_and_hessian(dw: ArrayLike, H: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    dw, H = np.asarray(dw, dtype=float), np.asarray(H, dtype=float)
    if dw.ndim != 1 or H.shape != (len(dw), len(dw)):
        raise ValueError(f"dw must have shape (n,) and H (n, n), got {dw.shape} and {H.shape}")
    if not (np.isfinite(dw).all() and np.isfinite(H).all()):
        raise ValueError("dw and H must be finite")
    return dw, H
