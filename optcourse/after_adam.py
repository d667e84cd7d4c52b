"""Optimizers after Adam (part two of the course), in order of increasing complexity: read from the top.

They answer one question differently: the steepest step of a given length depends on what a length is. For a matrix
G, among all D of length 1:

    steepest(G, "frobenius")  # the root of the sum of squares: G / |G|, gradient descent's direction
    steepest(G, "entry")      # the largest entry: sign(G), sign descent's and nearly Adam's
    steepest(G, "spectral")   # the largest singular value: U Vᵀ, Muon's and Shampoo's

`w` is flat, as everywhere in the course. `matrices` says where its matrices lie: a (first entry, rows, columns)
for each; `matrices_of(model)` tells them. What lies in no matrix (biases) goes to Adam.
Source: Bernstein & Newhouse (2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from optcourse.models import Model
from optcourse.optimizers import Adam, Optimizer, State, eps_of, fraction_of, learning_rate_of, power

Place = tuple[int, int, int]
NORMS = ("frobenius", "entry", "spectral")
QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan (2024): fast, and never quite 1
CUBIC = (1.5, -0.5, 0.0)  # slow, and exact in the end
LARGEST = 2048  # rows or columns for Shampoo's roots


# 1. Every coordinate by itself


@dataclass(frozen=True)
class SignDescent(Optimizer):
    """Every coordinate takes a step of the same length: the steepest step of a given largest entry.

    w -= learning_rate * sign(dw)

    `Adam` with beta1 = beta2 = eps = 0 takes these steps. A coordinate whose dw is 0 stays.
    Reference: Bernstein et al. (2018), signSGD.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-3)

    def init(self, w: np.ndarray) -> State:
        return State()

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        w -= self.learning_rate * np.sign(dw)


@dataclass(frozen=True)
class Lion(Optimizer):
    """The sign of a mean that leans on the newest gradient; what is remembered forgets more slowly.

    w -= learning_rate * sign(beta1 * moment1 + (1 - beta1) * dw)
    moment1 = beta2 * moment1 + (1 - beta2) * dw

    The weights move before the memory does. Convention: without the paper's decoupled weight decay, which is
    that of `AdamW`. Reference: Chen et al. (2023). optax: `lion(lr, b1, b2, weight_decay=0)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-3)
    beta1: ArrayLike = fraction_of(0.9, "beta1")
    beta2: ArrayLike = fraction_of(0.99, "beta2")

    def init(self, w: np.ndarray) -> State:
        return State(moment1=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        w -= self.learning_rate * np.sign(self.beta1 * state.moment1 + (1 - self.beta1) * dw)
        state.moment1 = self.beta2 * state.moment1 + (1 - self.beta2) * dw


@dataclass(frozen=True)
class ScheduleFreeSGD(Optimizer):
    """A fast point takes the steps, the weights are the mean of all its places, the gradient lies between them.

    t += 1
    dw = gradient((1 - beta1) * fast + beta1 * w)
    fast -= learning_rate * dw
    w = (1 - 1 / t) * w + 1 / t * fast

    `fast` starts at w. Convention: all places count alike; the authors' code weighs them by the squared learning
    rate, which is the same while the rate is constant. Reference: Defazio et al. (2024), where fast is z.
    optax: `contrib.schedule_free(sgd(lr), lr, b1)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)
    beta1: ArrayLike = fraction_of(0.9, "beta1")

    def init(self, w: np.ndarray) -> State:
        return State(fast=w.copy(), t=0)

    def gradient_point(self, w: np.ndarray, state: State) -> np.ndarray:
        return (1 - self.beta1) * state.fast + self.beta1 * w

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.t += 1
        state.fast = state.fast - self.learning_rate * dw
        w[...] = (1 - 1 / state.t) * w + 1 / state.t * state.fast


@dataclass(frozen=True)
class ScheduleFreeAdam(ScheduleFreeSGD):
    """`ScheduleFreeSGD` whose fast point is divided as in Adam: the mean of its places replaces moment1.

    t += 1
    dw = gradient((1 - beta1) * fast + beta1 * w)
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    fast -= learning_rate * dw / (sqrt(moment2 / (1 - beta2**t)) + eps)
    w = (1 - 1 / t) * w + 1 / t * fast

    Conventions: as in `ScheduleFreeSGD`; moment2 is corrected as in `Adam`.
    Reference: Defazio et al. (2024). optax: `contrib.schedule_free(scale_by_rms(bias_correction=True), lr, b1)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-3)
    beta2: ArrayLike = fraction_of(0.999, "beta2")
    eps: ArrayLike = eps_of(1e-8)

    def init(self, w: np.ndarray) -> State:
        return State(fast=w.copy(), moment2=np.zeros_like(w), t=0)

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.t += 1
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        unbiased2 = state.moment2 / (1 - power(self.beta2, state.t))
        state.fast = state.fast - self.learning_rate * dw / (np.sqrt(unbiased2) + self.eps)
        w[...] = (1 - 1 / state.t) * w + 1 / state.t * state.fast


# 2. A matrix as a whole


def steepest(G: ArrayLike, norm: str = "spectral") -> np.ndarray:
    """The D of length 1 with the largest sum(G * D), which is then the dual norm of G. Zeros stay zeros.

    Raises ValueError for an unknown norm, or a G that is not a finite matrix.
    """
    G = matrix("G", G)
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    if norm == "entry":
        return np.sign(G)
    if norm == "frobenius":
        return of_length_one(G)
    return orthogonal_factor(G)


def of_length_one(G: np.ndarray) -> np.ndarray:
    """G over the root of its sum of squares; zeros stay zeros. Matrices on the last two axes."""
    # Entries of 1e200 have squares that no float holds, and those of 1e-200 are 0: the largest entry goes first.
    largest = np.abs(G).max(axis=(-2, -1), keepdims=True, initial=0)
    X = G / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(X, axis=(-2, -1), keepdims=True)
    return X / np.where(length > 0, length, 1.0)


def orthogonal_factor(G: ArrayLike) -> np.ndarray:
    """U Vᵀ of G = U S Vᵀ: every singular value that is not 0 becomes 1. Matrices on the last two axes."""
    U, S, Vt = np.linalg.svd(np.asarray(G, dtype=float), full_matrices=False)
    # A singular value that is rounding error of a 0 has no direction of its own.
    smallest = S.max(axis=-1, keepdims=True, initial=0) * max(np.shape(G)[-2:]) * np.finfo(float).eps
    return (U * (smallest < S)[..., None, :]) @ Vt


def newton_schulz(
    G: ArrayLike, num_steps: int = 5, coefficients: tuple[float, float, float] = QUINTIC
) -> np.ndarray:
    """Nearly U Vᵀ by products alone: each step sends every singular value s to a s + b s³ + c s⁵.

    G is divided by its length first, so that no s exceeds 1; a G of zeros stays zeros. Matrices on the last two
    axes. With QUINTIC five steps bring 0.01 to 1 into 0.68 to 1.14, and more steps never reach 1; CUBIC does,
    from 0.001 in 20. Source: Jordan (2024).
    """
    G = np.asarray(G, dtype=float)
    if G.ndim < 2 or not np.isfinite(G).all():
        raise ValueError(f"G must be a finite matrix, got shape {G.shape}")
    return turned(G, num_steps, coefficients)


def turned(G: np.ndarray, num_steps: int, coefficients: tuple[float, float, float]) -> np.ndarray:
    """`newton_schulz` for whoever knows what G is: a matrix that is not finite becomes NaN, and disturbs no other."""
    tall = G.shape[-2] > G.shape[-1]
    X = of_length_one(np.swapaxes(G, -1, -2) if tall else G)
    a, b, c = coefficients
    for _ in range(num_steps):
        A = X @ np.swapaxes(X, -1, -2)
        X = a * X + (b * A + c * A @ A) @ X
    return np.swapaxes(X, -1, -2) if tall else X


def matrix_power(S: np.ndarray, power: float) -> np.ndarray:
    """S**power of a symmetric S without negative eigenvalues; what is 0 stays 0 also for a negative power."""
    values, V = np.linalg.eigh(S)
    smallest = max(values.max(initial=0), 0.0) * len(S) * np.finfo(float).eps
    powered = np.where(values > smallest, np.maximum(values, np.finfo(float).tiny) ** power, 0.0)
    return (V * powered) @ V.T


def matrices_of(model: Model) -> tuple[Place, ...]:
    """Where the matrices of a model lie in its `w`: (first entry, rows, columns) for each layer's weights."""
    marked = np.arange(model.num_parameters, dtype=float)
    parts = model.unpack(marked)
    return tuple((int(part.flat[0]), *part.shape) for part in parts if part.ndim == 2)


@dataclass(frozen=True)
class MatrixOptimizer(Optimizer):
    """What both share: where the matrices lie, and Adam at a tenth of the learning rate for what lies in none."""

    learning_rate: ArrayLike = learning_rate_of(2e-2)
    matrices: Sequence[Place] = field(default=(), kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        places = tuple((int(first), int(rows), int(columns)) for first, rows, columns in self.matrices)
        if not places:
            raise ValueError(
                f"{type(self).__name__}: matrices must say where they lie in w, as (first entry, rows, columns); "
                "matrices_of(model) tells them"
            )
        object.__setattr__(self, "matrices", places)

    def init(self, w: np.ndarray) -> State:
        end = max(first + rows * columns for first, rows, columns in self.matrices)
        if end > len(w):
            raise ValueError(
                f"{type(self).__name__}: w has {len(w)} entries, but its matrices end at entry {end}"
            )
        state = State(**vars(Adam().init(w)))
        state.outside = np.ones(len(w), dtype=bool)
        for place in self.matrices:
            state.outside[entries(place)] = False
        return state

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        before = w[~state.outside]
        Adam(self.learning_rate / 10).step(w, dw, state)
        w[~state.outside] = before
        self.step_matrices(w, dw, state)

    def step_matrices(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define step_matrices()")


@dataclass(frozen=True)
class Muon(MatrixOptimizer):
    """Momentum, whose step is made orthogonal: all directions of a matrix move equally far.

    velocity = rho * velocity + dw
    w -= learning_rate * sqrt(max(1, rows / columns)) * newton_schulz(dw + rho * velocity)

    Conventions: Nesterov's look-ahead, and the factor for tall matrices, as in torch, where rows are outputs. The
    course's matrices have inputs as rows; give `transposed` ones of a torch model. No weight decay.
    Reference: Jordan (2024). torch: `Muon(lr, momentum=rho, weight_decay=0)`, in bfloat16.
    """

    rho: ArrayLike = fraction_of(0.95, "momentum rho")

    def init(self, w: np.ndarray) -> State:
        return State(velocity=np.zeros_like(w), **vars(super().init(w)))

    def step_matrices(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.velocity = self.rho * state.velocity + dw
        ahead = dw + self.rho * state.velocity
        for place in self.matrices:
            _, rows, columns = place
            longer = np.sqrt(max(1, rows / columns))
            step = turned(matrix_at(ahead, place), 5, QUINTIC)
            w[entries(place)] -= self.learning_rate * longer * flat(step, w)


@dataclass(frozen=True)
class Shampoo(MatrixOptimizer):
    """A matrix on each side of the gradient takes out what the sums of its products have in common.

    left += dw @ dw.T
    right += dw.T @ dw
    w -= learning_rate * left**(-1/4) @ dw @ right**(-1/4)

    For small matrices: the roots cost an eigenvalue decomposition of rows x rows and columns x columns each step.
    Convention: the sums start at 0, and a direction that never had a gradient stays (the paper starts at eps times
    the identity). Its first step is U Vᵀ. Reference: Gupta, Koren, Singer (2018).
    """

    def init(self, w: np.ndarray) -> State:
        if w.ndim > 1:
            raise ValueError("Shampoo runs one start at a time: its sums have no place for a batch")
        for _, rows, columns in self.matrices:
            if max(rows, columns) > LARGEST:
                raise ValueError(
                    f"Shampoo: a matrix of {rows} x {columns} needs roots of {rows} x {rows} and {columns} x {columns}, "
                    f"each step; above {LARGEST} that takes minutes. Muon needs none: take it, or cut the matrix into blocks"
                )
        left = [np.zeros((rows, rows)) for _, rows, _ in self.matrices]
        right = [np.zeros((columns, columns)) for _, _, columns in self.matrices]
        return State(left=left, right=right, **vars(super().init(w)))

    def step_matrices(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        for number, place in enumerate(self.matrices):
            G = matrix_at(dw, place)
            state.left[number] = state.left[number] + G @ G.T
            state.right[number] = state.right[number] + G.T @ G
            if not np.isfinite(state.left[number]).all():
                w[entries(place)] = np.nan  # no root has such a sum: the run is lost
                continue
            left, right = matrix_power(state.left[number], -1 / 4), matrix_power(state.right[number], -1 / 4)
            w[entries(place)] -= self.learning_rate * flat(left @ G @ right, w)


def entries(place: Place) -> slice:
    first, rows, columns = place
    return slice(first, first + rows * columns)


def matrix_at(w: np.ndarray, place: Place) -> np.ndarray:
    """The matrix at its place in a flat w of shape (n, *batch), as (*batch, rows, columns)."""
    _, rows, columns = place
    return np.moveaxis(w[entries(place)].reshape(rows, columns, *w.shape[1:]), (0, 1), (-2, -1))


def flat(D: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What `matrix_at` took out, back in the shape of its entries of w."""
    return np.moveaxis(D, (-2, -1), (0, 1)).reshape(-1, *w.shape[1:])


def matrix(name: str, G: ArrayLike) -> np.ndarray:
    G = np.asarray(G, dtype=float)
    if G.ndim != 2 or not np.isfinite(G).all():
        raise ValueError(f"{name} must be a finite matrix, got shape {G.shape}")
    return G
