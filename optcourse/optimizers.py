"""The optimizers of the course, in order of increasing complexity: read from the top.

Each one is a frozen dataclass of hyperparameters. `init(w)` makes its state, `step(w, dw, state)` takes one
step: it changes `w` and `state` in place, and is the formula of its docstring, line for line. There is no
loop here; the only loop of the course is `optcourse.descent.descend`.

    optimizer = Adam(learning_rate=0.1)
    state = optimizer.init(w)
    for t in range(num_steps):
        dw = compute_gradient(optimizer.gradient_point(w, state))
        optimizer.step(w, dw, state)

Hyperparameters may be arrays: whatever broadcasts against `w` runs many settings at once. Where libraries
disagree, the class says which convention it follows and who differs; tests/core/test_conventions.py holds it
to that.
"""

from dataclasses import Field, dataclass, field, fields
from types import SimpleNamespace

import numpy as np
from numpy.typing import ArrayLike


class State(SimpleNamespace):
    """What an optimizer remembers between steps: arrays shaped like `w`, under the names of the lecture.

    Adam and its kin also keep `t`, the number of steps taken: a plain int.
    """


def hyperparameter(
    default: float, label: str, low: float, high: float, scale: str = "linear", below: float = np.inf
):
    """A dataclass field with what a slider needs (label, range, scale); allowed: 0 <= value < below."""
    return field(
        default=default, metadata={"label": label, "range": (low, high), "scale": scale, "below": below}
    )


def learning_rate_of(default: float):
    return hyperparameter(default, "learning rate", 1e-4, 10.0, "log")


def fraction_of(default: float, label: str):
    return hyperparameter(default, label, 0.0, 0.999, below=1.0)


def eps_of(default: float):
    return hyperparameter(default, "eps", 1e-12, 1.0, "log")


def hyperparameters(optimizer) -> list[Field]:
    """The fields that are hyperparameters: numbers, or arrays of settings."""
    return [each for each in fields(optimizer) if "below" in each.metadata]


class Optimizer:
    """What all optimizers share: hyperparameters are checked once, when the optimizer is made."""

    def __post_init__(self):
        for hyper in hyperparameters(self):
            value = checked(
                type(self).__name__, hyper.name, getattr(self, hyper.name), hyper.metadata["below"]
            )
            object.__setattr__(self, hyper.name, value)

    def gradient_point(self, w: np.ndarray, state: State) -> np.ndarray:
        """Where the next gradient is to be computed: at `w`, unless the optimizer looks ahead."""
        return w


def checked(owner: str, name: str, value: ArrayLike, below: float = np.inf) -> float | np.ndarray:
    """`value` as a float or a read-only float array; raises unless 0 <= entry < below everywhere."""
    allowed = "finite and >= 0" if below == np.inf else f">= 0 and < {below:g}"
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError(f"{owner}: {name} must be a number or a regular array, got {value!r}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{owner}: {name} must be a real number or an array of them, got {value!r}")
    array = array.astype(float)
    wrong = array[~((array >= 0) & (array < below))]
    if wrong.size:
        raise ValueError(f"{owner}: {name} must be {allowed}, got {float(wrong.flat[0])!r}")
    if array.ndim == 0:
        return float(array)
    array.setflags(write=False)
    return array


def power(base: float | np.ndarray, t: int) -> float | np.ndarray:
    """base**t, entry by entry with Python's power: NumPy's own differs in the last bit for arrays."""
    if isinstance(base, float):
        return base**t
    return np.array([entry**t for entry in base.ravel().tolist()]).reshape(base.shape)


# 1. Follow the slope


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """A step against the gradient.

    w -= learning_rate * dw

    Reference: Cauchy (1847). torch: `SGD(lr)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)

    def init(self, w: np.ndarray) -> State:
        return State()

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        w -= self.learning_rate * dw


@dataclass(frozen=True)
class SGD(GradientDescent):
    """Stochastic gradient descent: the same step, but `dw` comes from a minibatch.

    w -= learning_rate * dw

    The difference is in where `dw` comes from (`descend(..., minibatches=...)`), not in the update.
    Reference: Robbins & Monro (1951). torch: `SGD(lr)`.
    """


# 2. Remember the direction


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradients accumulate in a velocity, and the velocity moves the weights.

    velocity = rho * velocity + dw
    w -= learning_rate * velocity

    Convention: the learning rate stays outside the velocity (the lecture, torch).
    `SutskeverMomentum` and `AveragedMomentum` below put it elsewhere.
    Reference: Polyak (1964). torch: `SGD(lr, momentum=rho)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)
    rho: ArrayLike = fraction_of(0.9, "momentum rho")

    def init(self, w: np.ndarray) -> State:
        return State(velocity=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.velocity = self.rho * state.velocity + dw
        w -= self.learning_rate * state.velocity


@dataclass(frozen=True)
class NesterovLookAhead(Momentum):
    """Momentum whose gradient is computed where the velocity is about to carry the weights.

    dw = gradient(w - learning_rate * rho * velocity)
    velocity = rho * velocity + dw
    w -= learning_rate * velocity

    Only the point at which `dw` is computed differs from `Momentum`: see `gradient_point`.
    Reference: Nesterov (1983), in the form of Sutskever et al. (2013).
    """

    def gradient_point(self, w: np.ndarray, state: State) -> np.ndarray:
        return w - self.learning_rate * self.rho * state.velocity


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Nesterov's momentum with the gradient at `w` itself.

    velocity = rho * velocity + dw
    w -= learning_rate * (dw + rho * velocity)

    Convention: this `w` is the look-ahead point of `NesterovLookAhead`, so at a constant learning rate the
    two have the same gradients and velocities from a start at rest, and
    w = w_look_ahead - learning_rate * rho * velocity.
    torch: `SGD(lr, momentum=rho, nesterov=True)`.
    """

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.velocity = self.rho * state.velocity + dw
        w -= self.learning_rate * (dw + self.rho * state.velocity)


# 3. A learning rate for every coordinate


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """Each coordinate is divided by the root of the sum of its squared gradients.

    grad_squared += dw * dw
    w -= learning_rate * dw / (sqrt(grad_squared) + eps)

    Conventions: eps outside the root (the lecture, torch); the sum starts at 0 (the lecture, torch;
    TensorFlow starts at 0.1); eps = 1e-7 in the lecture, 1e-10 in torch.
    Reference: Duchi, Hazan, Singer (2011). torch: `Adagrad(lr, eps=eps)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)
    eps: ArrayLike = eps_of(1e-7)

    def init(self, w: np.ndarray) -> State:
        return State(grad_squared=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.grad_squared = state.grad_squared + dw * dw
        w -= self.learning_rate * dw / (np.sqrt(state.grad_squared) + self.eps)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """AdaGrad with a leak: old squared gradients are forgotten.

    grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    w -= learning_rate * dw / (sqrt(grad_squared) + eps)

    Conventions: eps outside the root (the lecture, torch; some texts and older TensorFlow put it inside, see
    `RMSPropEpsInside`); the average starts at 0 without correction (the lecture, torch; HIPS/autograd starts
    at 1); eps = 1e-7 in the lecture, 1e-8 in torch.
    Reference: Tieleman & Hinton (2012). torch: `RMSprop(lr, alpha=decay_rate, eps=eps)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-2)
    decay_rate: ArrayLike = fraction_of(0.99, "decay rate")
    eps: ArrayLike = eps_of(1e-7)

    def init(self, w: np.ndarray) -> State:
        return State(grad_squared=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.grad_squared = self.decay_rate * state.grad_squared + (1 - self.decay_rate) * dw * dw
        w -= self.learning_rate * dw / (np.sqrt(state.grad_squared) + self.eps)


# 4. Both: direction and scale


@dataclass(frozen=True)
class AdamAlmost(Optimizer):
    """RMSProp + Momentum, as in the lecture: Adam without its bias correction.

    moment1 = beta1 * moment1 + (1 - beta1) * dw
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    w -= learning_rate * moment1 / (sqrt(moment2) + eps)

    Both moments start at 0, and moment2 is the slower to fill: the first steps are too large, not too small.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-3)
    beta1: ArrayLike = fraction_of(0.9, "beta1")
    beta2: ArrayLike = fraction_of(0.999, "beta2")
    eps: ArrayLike = eps_of(1e-7)

    def init(self, w: np.ndarray) -> State:
        return State(moment1=np.zeros_like(w), moment2=np.zeros_like(w))

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * dw
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        w -= self.learning_rate * state.moment1 / (np.sqrt(state.moment2) + self.eps)


@dataclass(frozen=True)
class Adam(Optimizer):
    """RMSProp + Momentum + bias correction.

    t += 1
    moment1 = beta1 * moment1 + (1 - beta1) * dw
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    unbiased1 = moment1 / (1 - beta1**t)
    unbiased2 = moment2 / (1 - beta2**t)
    w -= learning_rate * unbiased1 / (sqrt(unbiased2) + eps)

    Conventions: eps outside the root and after the correction (the paper's algorithm 1, torch). The paper's
    shortened form, which TensorFlow uses, adds eps before the correction. eps = 1e-8 in the paper and torch.
    Reference: Kingma & Ba (2015). torch: `Adam(lr, betas=(beta1, beta2), eps=eps)`.
    """

    learning_rate: ArrayLike = learning_rate_of(1e-3)
    beta1: ArrayLike = fraction_of(0.9, "beta1")
    beta2: ArrayLike = fraction_of(0.999, "beta2")
    eps: ArrayLike = eps_of(1e-8)

    def init(self, w: np.ndarray) -> State:
        return State(moment1=np.zeros_like(w), moment2=np.zeros_like(w), t=0)

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.t += 1
        state.moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * dw
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        unbiased1 = state.moment1 / (1 - power(self.beta1, state.t))
        unbiased2 = state.moment2 / (1 - power(self.beta2, state.t))
        w -= self.learning_rate * unbiased1 / (np.sqrt(unbiased2) + self.eps)


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam that divides by the largest moment2 so far, so that no coordinate's rate ever grows again.

    t += 1
    moment1 = beta1 * moment1 + (1 - beta1) * dw
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    max_moment2 = max(max_moment2, moment2)
    unbiased1 = moment1 / (1 - beta1**t)
    unbiased2 = max_moment2 / (1 - beta2**t)
    w -= learning_rate * unbiased1 / (sqrt(unbiased2) + eps)

    Convention: the maximum is taken before the correction (torch; the paper has no correction at all, optax
    takes the maximum of the corrected moment).
    Reference: Reddi, Kale, Kumar (2018). torch: `Adam(lr, betas=(beta1, beta2), eps=eps, amsgrad=True)`.
    """

    def init(self, w: np.ndarray) -> State:
        return State(moment1=np.zeros_like(w), moment2=np.zeros_like(w), max_moment2=np.zeros_like(w), t=0)

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.t += 1
        state.moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * dw
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        state.max_moment2 = np.maximum(state.max_moment2, state.moment2)
        unbiased1 = state.moment1 / (1 - power(self.beta1, state.t))
        unbiased2 = state.max_moment2 / (1 - power(self.beta2, state.t))
        w -= self.learning_rate * unbiased1 / (np.sqrt(unbiased2) + self.eps)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: the weights shrink by themselves, not through the gradient.

    w -= learning_rate * weight_decay * w
    t += 1
    moment1 = beta1 * moment1 + (1 - beta1) * dw
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    unbiased1 = moment1 / (1 - beta1**t)
    unbiased2 = moment2 / (1 - beta2**t)
    w -= learning_rate * unbiased1 / (sqrt(unbiased2) + eps)

    Convention: the decay is still multiplied by the learning rate (torch; the paper has its own schedule
    factor there). `AdamL2` below is what people wrote before.
    Reference: Loshchilov & Hutter (2019). torch: `AdamW(lr, betas, eps, weight_decay)`.
    """

    weight_decay: ArrayLike = hyperparameter(1e-2, "weight decay", 1e-5, 1.0, "log")

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        w -= self.learning_rate * self.weight_decay * w
        state.t += 1
        state.moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * dw
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        unbiased1 = state.moment1 / (1 - power(self.beta1, state.t))
        unbiased2 = state.moment2 / (1 - power(self.beta2, state.t))
        w -= self.learning_rate * unbiased1 / (np.sqrt(unbiased2) + self.eps)


# 5. Other conventions, to compare with the ones above


@dataclass(frozen=True)
class SutskeverMomentum(Momentum):
    """Momentum with the learning rate inside the velocity.

    velocity = rho * velocity - learning_rate * dw
    w += velocity

    The same path as `Momentum` while the learning rate is constant; when it changes, the old velocity keeps
    the old rate. Reference: Sutskever et al. (2013).
    """

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.velocity = self.rho * state.velocity - self.learning_rate * dw
        w += state.velocity


@dataclass(frozen=True)
class AveragedMomentum(Momentum):
    """Momentum whose velocity is a moving average of gradients.

    velocity = rho * velocity + (1 - rho) * dw
    w -= learning_rate * velocity

    The same path as `Momentum` at learning_rate * (1 - rho). torch: `SGD(lr, momentum=rho, dampening=rho)`,
    but for the first step, at which torch takes dw undamped.
    """

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.velocity = self.rho * state.velocity + (1 - self.rho) * dw
        w -= self.learning_rate * state.velocity


@dataclass(frozen=True)
class RMSPropEpsInside(RMSProp):
    """RMSProp with eps inside the root.

    grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    w -= learning_rate * dw / sqrt(grad_squared + eps)

    Close to `RMSProp` until gradients are as small as sqrt(eps), then not. Used by Dive into Deep Learning.
    """

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        state.grad_squared = self.decay_rate * state.grad_squared + (1 - self.decay_rate) * dw * dw
        w -= self.learning_rate * dw / np.sqrt(state.grad_squared + self.eps)


@dataclass(frozen=True)
class AdamL2(AdamW):
    """Adam on the loss plus weight_decay / 2 * sum(w * w): the decay passes through both moments.

    dw = dw + weight_decay * w
    t += 1
    moment1 = beta1 * moment1 + (1 - beta1) * dw
    moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
    unbiased1 = moment1 / (1 - beta1**t)
    unbiased2 = moment2 / (1 - beta2**t)
    w -= learning_rate * unbiased1 / (sqrt(unbiased2) + eps)

    So weights with large gradients hardly decay. torch: `Adam(lr, betas, eps, weight_decay)`.
    """

    def step(self, w: np.ndarray, dw: np.ndarray, state: State) -> None:
        dw = dw + self.weight_decay * w
        state.t += 1
        state.moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * dw
        state.moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * dw * dw
        unbiased1 = state.moment1 / (1 - power(self.beta1, state.t))
        unbiased2 = state.moment2 / (1 - power(self.beta2, state.t))
        w -= self.learning_rate * unbiased1 / (np.sqrt(unbiased2) + self.eps)
