"""The numeric core against the libraries that people would otherwise use: ratios measured side by side, here and now."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from optcourse.data import epoch_batches, load_digits
from optcourse.descent import descend
from optcourse.gradients import check_gradient, numeric_gradient
from optcourse.models import SoftmaxRegression, TwoLayerNetwork
from optcourse.objectives import quadratic, rosenbrock
from optcourse.optimizers import SGD, Adam, GradientDescent, Momentum

Row = tuple[str, str, str]  # what, measured, aim


def best(*functions: Callable[[], object], repeat: int = 5) -> list[float]:
    """The shortest time of each function in seconds; the functions take turns, so that they share the machine's moods."""
    times = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(repeat):
        for function, taken in zip(functions, times, strict=True):
            began = time.perf_counter()
            function()
            taken.append(time.perf_counter() - began)
    return [min(taken) for taken in times]


def one_run() -> Iterator[Row]:
    """2-D, 1,000 steps on a bowl, with the history kept in every design: gradient descent, then Adam."""
    import jax
    import optax
    import torch

    torch.set_num_threads(1)
    jax.config.update("jax_enable_x64", True)
    pairs = {
        "gradient descent": (
            GradientDescent(0.05),
            lambda w: torch.optim.SGD(w, lr=0.05),
            optax.sgd(0.05),
        ),
        "Adam": (
            Adam(0.05, 0.9, 0.999, 1e-8),
            lambda w: torch.optim.Adam(w, lr=0.05, betas=(0.9, 0.999), eps=1e-8),
            optax.adam(0.05, b1=0.9, b2=0.999, eps=1e-8),
        ),
    }
    for name, (optimizer, torch_optimizer, optax_optimizer) in pairs.items():
        runs = same_run(optimizer, torch_optimizer, optax_optimizer)
        for other in runs[1:]:
            np.testing.assert_allclose(runs[0](), other(), rtol=1e-8, atol=1e-10)
        mine, given, autograd, jitted = best(*runs, repeat=3)
        aims = ("≥ 5", "≥ 20", "≥ 2") if name == "gradient descent" else ("", "", "")
        yield f"2-D, 1,000 steps of {name} with history: torch.optim / ours", f"{given / mine:.1f}", aims[0]
        yield "the same: torch.optim with autograd / ours", f"{autograd / mine:.1f}", aims[1]
        yield "the same: optax loop, jit-compiled step / ours", f"{jitted / mine:.1f}", aims[2]


def same_run(optimizer, torch_optimizer: Callable, optax_optimizer) -> list[Callable[[], np.ndarray]]:
    """The same run four times: ours, torch with our gradient, torch with autograd, optax with jit."""
    import jax
    import optax
    import torch

    bowl, start, num_steps = quadratic(10.0), (-3.0, 2.0), 1000
    hessian = bowl.hessian(np.zeros(2))

    def torch_run(autograd: bool) -> np.ndarray:
        w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        matrix = torch.tensor(hessian)
        stepper = torch_optimizer([w])
        history = [w.detach().clone()]
        for _ in range(num_steps):
            if autograd:
                stepper.zero_grad()
                (0.5 * w @ matrix @ w).backward()
            else:
                w.grad = torch.from_numpy(bowl.gradient(w.detach().numpy()))
            stepper.step()
            history.append(w.detach().clone())
        return torch.stack(history).numpy()

    matrix = jax.numpy.array(hessian)

    @jax.jit
    def jax_step(w, state):
        updates, state = optax_optimizer.update(jax.grad(lambda v: 0.5 * v @ matrix @ v)(w), state)
        return optax.apply_updates(w, updates), state

    def optax_run() -> np.ndarray:
        w = jax.numpy.array(start)
        state = optax_optimizer.init(w)
        history = [w]
        for _ in range(num_steps):
            w, state = jax_step(w, state)
            history.append(w)
        return np.array(history)

    return [
        lambda: descend(bowl, optimizer, start, num_steps).w,
        lambda: torch_run(False),
        lambda: torch_run(True),
        optax_run,
    ]


def many_runs() -> Iterator[Row]:
    """10,000 paths of momentum, 200 steps, with history: the textbook's NumPy loop against descend."""
    bowl, num_steps = quadratic(10.0), 200
    starts = np.random.default_rng(0).uniform(-4, 4, (10_000, 2))

    def textbook():
        w, velocity = starts.T.copy(), np.zeros((2, 10_000))
        points, losses, gradients, velocities = [], [], [], []
        for t in range(num_steps + 1):
            dw = bowl.gradient(w)
            points.append(w.copy())
            losses.append(bowl.value(w))
            gradients.append(dw)
            velocities.append(velocity.copy())
            if t < num_steps:
                velocity = 0.9 * velocity + dw
                w = w - 0.1 * velocity
        return np.array(points), np.array(losses), np.array(gradients), np.array(velocities)

    def ours():
        return descend(bowl, Momentum(0.1, 0.9), starts, num_steps)

    np.testing.assert_allclose(np.moveaxis(ours().w, -1, 1), textbook()[0], rtol=1e-9, atol=1e-12)
    slow, mine = best(textbook, ours, repeat=3)
    yield "10,000 paths × 200 steps with history: ours / textbook loop", f"{mine / slow:.2f}", "≤ 0.6"
    tracemalloc.start()
    trace = ours()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    history = (
        trace.w.nbytes + trace.loss.nbytes + trace.dw.nbytes + sum(s.nbytes for s in trace.state.values())
    )
    yield "the same: peak memory / history", f"{peak / history:.2f}", "≤ 1.1"


def numeric_gradients() -> Iterator[Row]:
    """Rosenbrock in two variables, and a softmax loss in 650."""
    import numdifftools
    from scipy.optimize import approx_fprime

    f = rosenbrock()
    w = np.array([-1.2, 1.0])
    exact = f.gradient(w)
    theirs = numdifftools.Gradient(f.value)
    mine, slow, scipys = best(
        lambda: numeric_gradient(f.value, w), lambda: theirs(w), lambda: approx_fprime(w, f.value), repeat=20
    )
    yield "central differences: numdifftools / ours", f"{slow / mine:.1f}", "≥ 12"
    yield "central differences (2N evaluations): ours / scipy approx_fprime (N+1)", f"{mine / scipys:.2f}", ""
    digits = load_digits()
    model = SoftmaxRegression(digits.X[:200], digits.y[:200])
    point = 0.1 * np.random.default_rng(0).standard_normal(model.num_parameters)
    slope = model.gradient(point)
    error = np.abs(numeric_gradient(model.value, point) - slope).max() / np.abs(slope).max()
    yield "central differences on 650 parameters: relative error", f"{error:.1e}", "≤ 5e-9"
    error = np.abs(numeric_gradient(f.value, w, scheme="complex") - exact).max() / np.abs(exact).max()
    yield "complex step: relative error", f"{error:.1e}", "≤ 1e-14"


def planted_bugs(model: TwoLayerNetwork) -> list[Callable[[np.ndarray], np.ndarray]]:
    """Fifteen wrong gradients: factors, signs, lost and swapped pieces, single entries, small and large."""
    right, n = model.gradient, model.num_parameters
    pieces = [slice(0, n // 4), slice(n // 4, n // 2), slice(n // 2, 3 * n // 4), slice(3 * n // 4, n)]

    def scaled(piece: slice, factor: float):
        def gradient(w):
            dw = right(w).copy()
            dw[piece] *= factor
            return dw

        return gradient

    bugs = [scaled(slice(None), k) for k in (1.001, 0.999, -1.0, 2.0)]
    bugs += [scaled(piece, k) for piece in pieces for k in (1.01, 0.0)]
    bugs += [lambda w: right(w) + 1e-4 * w, lambda w: right(w)[::-1].copy(), lambda w: np.abs(right(w))]
    return bugs


def gradient_checks() -> Iterator[Row]:
    """A two-layer network with 4,810 parameters: the fast check by complex directions against torch's gradcheck."""
    import torch

    digits = load_digits()
    model = TwoLayerNetwork(digits.X[:50], digits.y[:50], 64)
    w = model.initial(np.random.default_rng(0))
    bugs = planted_bugs(model)

    def quick(gradient) -> bool:
        return bool(check_gradient(model.value, gradient, w, fast=True))

    caught = sum(not quick(bug) for bug in bugs)
    X, y = torch.tensor(digits.X[:50]), torch.tensor(digits.y[:50])
    sizes = [(64, 64), (64,), (64, 10), (10,)]

    class Network(torch.autograd.Function):
        @staticmethod
        def forward(context, *parameters):
            with torch.enable_grad():
                inner = [p.detach().requires_grad_() for p in parameters]
                hidden = torch.relu(X @ inner[0] + inner[1])
                loss = torch.nn.functional.cross_entropy(hidden @ inner[2] + inner[3], y)
                context.gradients = torch.autograd.grad(loss, inner)
            return loss.detach()

        @staticmethod
        def backward(context, upstream):
            return tuple(upstream * g for g in context.gradients)

    parameters = [
        torch.tensor(0.1 * np.random.default_rng(1).standard_normal(s), requires_grad=True) for s in sizes
    ]
    [mine] = best(lambda: quick(model.gradient), repeat=10)
    [theirs] = best(lambda: torch.autograd.gradcheck(Network.apply, parameters), repeat=1)
    yield "gradient check of 4,810 parameters, ms", f"{1000 * mine:.1f}", "≤ 10"
    yield "the same: torch.autograd.gradcheck / ours", f"{theirs / mine:.0f}", ""
    yield "planted bugs caught", f"{caught} of {len(bugs)}", "15 of 15"
    yield "false alarm on the right gradient", "no" if quick(model.gradient) else "yes", "no"


def digits_training() -> Iterator[Row]:
    """Softmax regression on digits, minibatches of 64, 10 epochs of SGD: the same steps in torch; and scikit-learn's solver."""
    import torch
    from sklearn.linear_model import LogisticRegression

    digits = load_digits()
    model = SoftmaxRegression(digits.X, digits.y)
    rng = np.random.default_rng(0)
    batches = [batch for _ in range(10) for batch in epoch_batches(len(digits.y), 64, rng)]
    X, y = torch.tensor(digits.X), torch.tensor(digits.y)
    torch.set_num_threads(1)

    def ours():
        start = np.zeros(model.num_parameters)
        return descend(model, SGD(0.5), start, len(batches), minibatches=batches, record=()).final

    def theirs():
        weights = torch.zeros(64, 10, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(10, dtype=torch.float64, requires_grad=True)
        sgd = torch.optim.SGD([weights, bias], lr=0.5)
        for batch in batches:
            rows = torch.from_numpy(batch)
            sgd.zero_grad()
            torch.nn.functional.cross_entropy(X[rows] @ weights + bias, y[rows]).backward()
            sgd.step()
        return np.concatenate([weights.detach().numpy().ravel(), bias.detach().numpy()])

    def sklearns():
        return LogisticRegression(C=1e6, max_iter=len(batches)).fit(digits.X, digits.y)

    mine, torchs, solver = best(ours, theirs, sklearns, repeat=3)
    difference = np.abs(ours() - theirs()).max()
    yield f"digits, {len(batches)} minibatches of 64: torch / ours", f"{torchs / mine:.1f}", "≥ 4"
    yield "the same: largest difference of the weights", f"{difference:.0e}", "≤ 1e-12"
    yield (
        "digits: scikit-learn's solver (lbfgs, at most as many iterations) / ours",
        f"{solver / mine:.1f}",
        "",
    )
    right = np.mean(model.scores(ours(), model.X1).argmax(axis=1) == digits.y)
    yield (
        "digits: training accuracy, ours and scikit-learn's",
        f"{right:.3f}, {sklearns().score(digits.X, digits.y):.3f}",
        "",
    )


def import_time() -> Iterator[Row]:
    def seconds(module: str) -> float:
        return min(
            float(subprocess.run([sys.executable, "-c", f"import time; t = time.perf_counter(); import {module}; "
                                  "print(time.perf_counter() - t)"], capture_output=True, text=True, check=True).stdout)
            for _ in range(7)
        )  # fmt: skip

    yield "import optcourse / import numpy", f"{seconds('optcourse') / seconds('numpy'):.2f}", "≤ 1.15"


def notebooks() -> Iterator[Row]:
    """Every solved notebook under nbval, one after the other."""
    folder = Path(__file__).resolve().parents[1] / "solutions"
    files = sorted(folder.glob("*.ipynb"))
    began = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval-lax",
        "--nbval-cell-timeout=120",
        *map(str, files),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    verdict = "all pass" if result.returncode == 0 else "FAILED"
    yield f"{len(files)} solved notebooks under nbval, seconds", f"{seconds:.0f} ({verdict})", ""


ALL = [one_run, many_runs, numeric_gradients, gradient_checks, digits_training, import_time, notebooks]
