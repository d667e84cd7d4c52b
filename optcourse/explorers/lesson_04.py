"""The explorers of lesson 04, stochastic gradient descent, in the order in which the lesson shows them."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache

import numpy as np

from optcourse import data, objectives, theory
from optcourse.descent import Trace, descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Range, Toggle, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Arrows, Band, Bars, Field, Line, Panel, Points, Rule, Run, Scene
from optcourse.optimizers import SGD, GradientDescent, Momentum

SAMPLING = ("with replacement", "without replacement")
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1438)


# -- a real problem with two weights -----------------------------------------------------------------------------------


class InkProblem:
    """Is it a six? Least squares on the training digits from two numbers an image: the ink above and the ink below.

    Features and targets are standardised, so two weights are all there is, and the gradient can be drawn as it is.
    """

    ndim = 2
    start = (1.2, 0.9)
    window = ((-1.2, 1.6), (-1.0, 1.8))

    def __init__(self) -> None:
        train, _ = data.train_test_split(data.load_digits(), np.random.default_rng(0))
        ink = np.stack([train.images[:, :4].mean(axis=(1, 2)), train.images[:, 4:].mean(axis=(1, 2))], axis=1)
        self.X = standardised(ink)
        self.y = standardised((train.y == 6).astype(float))
        self.N = len(self.y)
        self.minimum = np.linalg.lstsq(self.X, self.y, rcond=None)[0]

    def value(self, w, batch=slice(None)) -> float:
        residual = self.X[batch] @ w - self.y[batch]
        return 0.5 * float(np.mean(residual * residual))

    def gradient(self, w, batch=slice(None)) -> np.ndarray:
        return self.example_gradients(w, batch).mean(axis=0)

    def example_gradients(self, w, batch=slice(None)) -> np.ndarray:
        """One row an example."""
        X = self.X[batch]
        return X * (X @ w - self.y[batch])[:, None]

    def values_of(self, w: np.ndarray) -> np.ndarray:
        """The loss of many points at once, coordinates first."""
        H = self.X.T @ self.X / self.N
        d = w - self.minimum.reshape(2, *[1] * (w.ndim - 1))
        return self.value(self.minimum) + 0.5 * np.einsum("i...,ij,j...->...", d, H, d)


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


@lru_cache(maxsize=1)
def ink_problem() -> InkProblem:
    return InkProblem()


@lru_cache(maxsize=1)
def ink_landscape() -> Field:
    return parts.field_of(ink_problem().values_of, *InkProblem.window, points=64)


# -- (a) the gradient cloud --------------------------------------------------------------------------------------------


class GradientCloudExplorer(Explorer):
    """Minibatch gradients around the true one, the angles between them, and their variance against the batch size."""

    title = "The gradient cloud"
    height = 340
    places = ("far from the minimum", "near the minimum")
    controls = (
        Range("batch_size", BATCH_SIZES, 8, whole=True),
        Choice("place", places, places[0], label="w is"),
        Choice("sampling", SAMPLING, SAMPLING[0]),
    )
    num_minibatches = 400
    num_arrows = 120

    def scene(self, batch_size, place, sampling) -> Scene:
        means, true, covariance = cloud(place, sampling, self.num_minibatches)
        drawn = means[batch_size - 1]
        angles = angles_to(true, drawn)
        shares, _ = np.histogram(angles, bins=18, range=(0.0, 180.0))
        shares = shares / len(angles)
        num_examples = len(means)
        spread = expected_variance(covariance, batch_size, num_examples, sampling)
        uphill = float(np.mean(angles > 90))
        middle = float(np.median(angles))
        few = drawn[: self.num_arrows].T
        arrows = [
            Arrows(*np.zeros_like(few), *few, role="gradient", width=1.0, alpha=0.3),
            Line(*ellipse(true, covariance, spread), role="theory", label="two standard deviations"),
            Arrows([0.0], [0.0], [true[0]], [true[1]], role="path", width=3.5, label="true gradient"),
        ]
        histogram = [
            Bars(np.arange(5, 180, 10), shares, role="gradient", width=9.0),
            Rule("x", 90.0, role="limit", label="beyond 90°: uphill"),
        ]
        angle, share = (
            axis("angle to the true gradient (degrees)", 0, 180),
            axis("share of minibatches", 0, 1),
        )
        return Scene(
            panels=[
                panel(
                    axis("dw[0]", -2.0, 4.0),
                    axis("dw[1]", -2.7, 2.7),
                    arrows,
                    f"{self.num_arrows} minibatch gradients at one w",
                    equal=True,
                ),
                panel(angle, share, histogram, "how far off?"),
                variance_panel(means, covariance, batch_size),
            ],
            says=(
                f"{len(drawn)} minibatches of {batch_size}, drawn {sampling}, at a w {place}. On average they are the true "
                f"gradient (length {say(np.hypot(*true))}); half of them are less than {say(middle)} degrees off, and "
                f"{uphill:.1%} point uphill. Variance: measured {say(total_variance(drawn))}, formula {say(spread)}."
            ),
            slider_marks={"batch_size": [(32, "32"), (128, "128")]},
        )


@lru_cache(maxsize=4)
def cloud(place: str, sampling: str, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean gradients of the first 1 … N of `count` random sequences of examples (N, count, 2), the true one, covariance).

    Every batch size uses the beginning of the same sequences, so arrows glide when the slider moves.
    """
    problem = ink_problem()
    w = np.array(problem.start) if place == GradientCloudExplorer.places[0] else problem.minimum + (0.12, 0.0)
    gradients = problem.example_gradients(w)
    rng = np.random.default_rng(4)
    if sampling == "with replacement":
        order = rng.integers(problem.N, size=(problem.N, count))
    else:
        order = rng.permuted(np.tile(np.arange(problem.N)[:, None], (1, count)), axis=0)
    means = np.cumsum(gradients[order], axis=0)
    means /= np.arange(1, problem.N + 1)[:, None, None]
    return means, gradients.mean(axis=0), np.cov(gradients.T, bias=True)


def angles_to(true: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Angles in degrees, 0 to 180."""
    lengths = np.hypot(drawn[:, 0], drawn[:, 1]) * np.hypot(*true)
    cosine = drawn @ true / np.where(lengths > 0, lengths, 1.0)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def total_variance(drawn: np.ndarray) -> float:
    """The sum of both entries' variances."""
    return float(drawn.var(axis=0).sum())


def expected_variance(covariance: np.ndarray, batch_size, num_examples: int, sampling: str):
    """The same from the formula."""
    replaced = sampling == "with replacement"
    return theory.minibatch_variance(np.trace(covariance), batch_size, None if replaced else num_examples)


def ellipse(center: np.ndarray, covariance: np.ndarray, spread: float) -> np.ndarray:
    """The curve two standard deviations from the centre, for a covariance scaled to the total variance `spread`."""
    turn = np.linspace(0, 2 * np.pi, 73)
    values, vectors = np.linalg.eigh(covariance * (max(spread, 0.0) / np.trace(covariance)))
    radii = 2 * np.sqrt(np.maximum(values, 0.0))
    return center[:, None] + vectors @ (radii[:, None] * np.stack([np.cos(turn), np.sin(turn)]))


def variance_panel(means: np.ndarray, covariance: np.ndarray, batch_size: int) -> Panel:
    """Measured variance at every batch size of the slider, both closed forms, and where the slider stands."""
    sizes = np.array(BATCH_SIZES)
    num_examples = len(means)
    measured = np.array([total_variance(means[size - 1]) for size in sizes])
    curve = np.arange(1, num_examples)
    with_replacement, without = (expected_variance(covariance, curve, num_examples, how) for how in SAMPLING)
    variance = log_axis("variance of the gradient", 1e-4, 1e2, keep=(1e-5, np.inf))
    here = variance.inside(total_variance(means[batch_size - 1]))
    marks = [
        Line(curve[::8], with_replacement[::8], role="theory", label="σ²/B"),
        Line(curve, without, role="second", width=1.5, label="× (N−B)/(N−1)"),
        Points(sizes, np.maximum(measured, variance.lo), role="gradient", size=7, label="measured"),
        parts.handle(batch_size, here, "batch_size", ""),
    ]
    return panel(log_axis("batch_size", 1, 2000), variance, marks, "noise against batch size")


# -- (b) steps, epochs, seconds ----------------------------------------------------------------------------------------

COMPARED = (4, 16, 64, 256, 1438)
COMPARED_ROLES = ("second", "third", "path", "fourth", "theory")
NUM_EPOCHS = 6


class BatchSizesExplorer(Explorer):
    """Training loss on the digits for five batch sizes, against steps, epochs and seconds: the same runs three times."""

    title = "One race, three clocks"
    height = 350
    controls = (
        steps("learning_rate", (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0), 0.5, table=False),
        Choice("sampling", SAMPLING, SAMPLING[1], table=False),
    )

    def scene(self, learning_rate, sampling) -> Scene:
        seconds = seconds_per_step()
        runs = digits_runs(learning_rate, sampling)
        per_step, per_epoch, per_second = [], [], []
        for (size, (taken, losses, _)), role in zip(runs.items(), COMPARED_ROLES, strict=True):
            run = Run(f"batch of {size}" if size < 1438 else "all 1438", role)
            per_step.append(Line(taken, losses, role=role, label=run.name, run=run))
            per_epoch.append(Line(taken * size / 1438, losses, role=role, label=str(size), run=run))
            per_second.append(Line(taken * seconds[size], losses, role=role, label=str(size), run=run))
        own = self.learners_run(learning_rate)
        if own.loss is not None:
            taken = np.arange(1, len(own.loss))
            per_step.append(Line(taken, own.loss[1:], role="yours", label="your sgd, 64"))
            per_epoch.append(Line(taken * 64 / 1438, own.loss[1:], role="yours"))
        clocks = [
            (log_axis("steps", 1, 3000), per_step, "against steps"),
            (log_axis("epochs (passes over the data)", 0.002, 150), per_epoch, "against work"),
            (log_axis("seconds on your machine", 1e-5, 2.0), per_second, "against time"),
        ]
        loss = log_axis("training loss", 0.03, 10.0, keep=(0.01, 100))
        return Scene(
            panels=[panel(clock, loss, lines, title) for clock, lines, title in clocks],
            focus="batch of 64",
            says=clocks_say(runs, seconds, learning_rate, sampling),
            notice=own.notice,
        )

    def learners_run(self, learning_rate) -> parts.Yours:
        """The learner's own run: 45 steps with batches of 64, two epochs."""
        model, _ = digits.softmax()
        rng, everything = np.random.default_rng(1), np.arange(len(model.y))
        given = {"learning_rate": learning_rate, "num_steps": 45, "batch_size": 64}
        given["sampled_data"] = lambda batch_size: rng.integers(1438, size=int(batch_size))

        def losses(points):
            return np.array([by_chunks(model.value, w, everything) for w in points.T])

        return parts.learners_run(self.yours, model, model.initial(), losses=losses, **given)


def clocks_say(runs, seconds, learning_rate, sampling) -> str:
    """What the five runs show: the loss after one pass, and what a step costs."""
    after_a_pass = {
        size: losses[np.argmin(np.abs(taken * size - 1438))] for size, (taken, losses, _) in runs.items()
    }
    best = min(after_a_pass, key=after_a_pass.get)
    ratio = seconds[1438] / seconds[16]
    return (
        f"Learning rate {say(learning_rate)}, minibatches drawn {sampling}. After one pass over the data the loss is "
        + ", ".join(f"{say(loss)} with batches of {size}" for size, loss in after_a_pass.items())
        + f": lowest with {best}. A step with all 1438 images took {ratio:.0f} times as long as one with 16, measured "
        "on this machine just now. Test images read right at the end: "
        + ", ".join(f"{accuracy:.1%} ({size})" for size, (_, _, accuracy) in runs.items())
        + "."
    )


def by_chunks(function, w: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """The mean of function(w, batch) over the batch, 256 examples at a time.

    Small products stay on one thread. Large ones are shared among threads, which waits long when the machine is busy and
    makes timings unsteady.
    """
    chunks = np.split(batch, range(256, len(batch), 256))
    return sum(function(w, chunk) * (len(chunk) / len(batch)) for chunk in chunks)


@lru_cache(maxsize=32)
def digits_runs(learning_rate: float, sampling: str) -> dict[int, tuple[np.ndarray, np.ndarray, float]]:
    """batch size -> (steps taken, training loss after them, test accuracy at the end). The same runs every time."""
    model, held_back = digits.softmax()
    num_examples = len(model.y)
    draw = data.epoch_batches if sampling == "without replacement" else data.sample_with_replacement
    everything, runs = np.arange(num_examples), {}
    for size in COMPARED:
        num_steps = max(NUM_EPOCHS * -(-num_examples // size), 60)
        minibatches = draw(num_examples, size, np.random.default_rng(size), None)
        how = {"minibatches": minibatches, "gradient": lambda w, batch: by_chunks(model.gradient, w, batch)}
        path = descend(model, SGD(learning_rate), model.initial(), num_steps, record=("w",), **how)
        taken = np.unique(np.geomspace(1, num_steps, 22).astype(int))
        losses = np.array([by_chunks(model.value, path.w[t], everything) for t in taken])
        runs[size] = (taken, losses, held_back.accuracy(path.final))
    return runs


@lru_cache(maxsize=1)
def seconds_per_step() -> dict[int, float]:
    """What one step costs here and now: the fastest of five timings of three steps. Measured once a session."""
    model, _ = digits.softmax()
    rng, w = np.random.default_rng(0), model.initial()
    cost = {}
    for size in COMPARED:
        batch = rng.permutation(len(model.y))[:size]
        timings = []
        for _ in range(5):
            runs, began = 0, time.perf_counter()
            # a browser's clock ticks once in a millisecond
            while (passed := time.perf_counter() - began) < 0.003:
                w = w - 0.01 * by_chunks(model.gradient, w, batch)
                runs += 1
            timings.append(passed / runs)
        cost[size] = min(timings)
    return cost


# -- (c) the seed band -------------------------------------------------------------------------------------------------


def noisy(objective):
    """Its gradient plus the noise that is handed over as the minibatch."""
    return lambda w, noise: objective.gradient(w) + noise


def noise_rows(sigmas, shape, num_steps: int, seed: int = 0) -> list[np.ndarray]:
    """Noise for every step: standard normal draws of `shape`, the same for every setting, times each one's sigma.

    Rows have the shape (coordinates, settings, seeds), or (settings, seeds) for a problem in one variable.
    """
    draws = np.random.default_rng(seed).standard_normal((num_steps, *shape))
    scale = np.asarray(sigmas, dtype=float)[:, None]
    return [scale * draws[t][..., None, :] for t in range(num_steps)]


class SeedBandExplorer(RunExplorer):
    """SGD on the lecture's bowl with noise on the gradient: one path, and the band of 64 of them."""

    title = "One noisy path, and sixty-four"
    controls = (
        linear("noise", 0.0, 5.0, 1.0, num=51, label="noise σ"),
        log("learning_rate", 0.005, 0.6, 0.2, num=61),
        integers("seed", 0, 63, 0),
        Point("start", (-4.0, 1.5), (-5.0, 5.0), (-2.5, 2.5), label="start"),
    )
    num_steps = 100
    num_seeds = 64

    def runs(self, all_of):
        bowl = objectives.lecture_bowl()
        starts = np.repeat(all_of.start.astype(float)[:, None, :], self.num_seeds, axis=1)
        noise = noise_rows(all_of.noise, (2, self.num_seeds), self.num_steps)
        how = {"gradient": noisy(bowl), "minibatches": noise, "record": ("w", "loss", "dw")}
        many = descend(bowl, SGD(all_of.learning_rate[:, None]), starts, self.num_steps, **how)
        return many, descend(bowl, GradientDescent(all_of.learning_rate), all_of.start, self.num_steps)

    def picture(self, at, many, exact) -> Scene:
        bowl = objectives.lecture_bowl()
        own = many[at.seed]
        ordered = np.sort(many.loss, axis=1)
        quarter = self.num_seeds // 4
        median = (ordered[:, 2 * quarter - 1] + ordered[:, 2 * quarter]) / 2
        t = np.arange(self.num_steps + 1)
        floor = mean_loss_floor(at.learning_rate, at.noise)
        curves = [
            Line(t, exact.loss, role="theory", label="without noise"),
            Line(t, own.loss, role="descent", label=f"seed {at.seed}", run=f"seed {at.seed}"),
            Band(t, ordered[:, quarter], ordered[:, 3 * quarter - 1], role="path"),
            *parts.run_line(t, median, "median, quartiles", size=9, grows=False, width=2.5),
        ]
        if floor is not None and floor > 0:
            curves.append(Rule("y", floor, role="limit", label="noise floor of the mean"))
        plane = [
            *parts.minimum_marks(bowl),
            Points(*many.w[-1].T, role="second", size=5, alpha=0.7, label=f"64 seeds after {self.num_steps}"),
            Line(*exact.w.T, role="theory", width=1.5, label="without noise"),
            *seed_path(own, at.seed, drag="start"),
            parts.next_step(own, at.learning_rate, f"seed {at.seed}"),
        ]
        window, loss = ((-6.0, 6.0), (-3.0, 3.0)), log_axis("loss", 1e-5, 1e2, keep=(1e-9, 1e30))
        return Scene(
            panels=[
                parts.plane_panel(bowl, plane, "0.1 x² + 2 y², from above", window=window),
                panel(axis("step", 0, self.num_steps), loss, curves, "loss at each step"),
            ],
            says=seed_band_says(many.loss, median, at.noise, at.learning_rate, floor),
            num_steps=self.num_steps,
            slider_marks={"learning_rate": [(float(theory.gradient_descent_limit(4.0)), "limit")]},
        )


def seed_path(run: Trace | np.ndarray, seed: int, drag: str | None = None) -> list:
    """One seed's path among many."""
    path = parts.run_marks(run, f"seed {seed}", role="descent", drag=drag, marker=False)
    path[0].width = 1.5
    return path


def mean_loss_floor(learning_rate: float, noise: float) -> float | None:
    """The long-run mean loss of SGD on the lecture's bowl: λ Var / 2 for each axis; None beyond the limit."""
    if learning_rate >= 0.5:
        return None
    return float(sum(0.5 * l * theory.noise_floor(learning_rate, 0.0, l, noise) for l in (0.2, 4.0)))  # noqa: E741


def seed_band_says(loss, median, noise, learning_rate, floor) -> str:
    """The end of the median, beside where the noise holds it."""
    opening = f"Noise σ = {say(noise)}, learning rate {say(learning_rate)}: "
    if floor is None:
        return opening + "at or beyond the limit 0.5, so the steep axis never settles, with noise or without."
    if noise == 0:
        return opening + f"all seeds walk the same path; the loss after 100 steps is {say(median[-1])}."
    late = float(loss[-30:].mean())
    return (
        opening
        + f"the median loss after 100 steps is {say(median[-1])}. Over the last 30 steps the mean of all seeds is "
        f"{say(late)}; in the long run it is {say(floor)}. "
        + (
            "They have not come down to it yet."
            if late > 1.6 * floor
            else "They are down at their floor and stay there."
        )
    )


# -- (d) the noise floor -----------------------------------------------------------------------------------------------


class NoiseFloorExplorer(RunExplorer):
    """SGD on a parabola: where the cloud around the minimum comes from, and how wide it is."""

    title = "The noise floor"
    controls = (
        log("learning_rate", 0.01, 1.9, 0.1, num=51),
        linear("noise", 0.1, 3.0, 1.0, num=30, label="noise σ"),
        steps("rho", (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95), 0.0, label="rho (0 is SGD)"),
        Toggle("falling", label="falling rate"),
    )
    num_steps = 200
    num_seeds = 256
    start = 4.0
    apart = ("falling",)

    def runs(self, all_of):
        parabola = objectives.parabola()
        optimizer = Momentum(all_of.learning_rate[:, None], all_of.rho[:, None])
        start = np.full((len(all_of), self.num_seeds), self.start)
        noise = noise_rows(all_of.noise, (self.num_seeds,), self.num_steps)
        schedule = one_over_t if all_of.falling[0] else None
        how = {"gradient": noisy(parabola), "minibatches": noise, "schedule": schedule, "record": ("w",)}
        return (descend(parabola, optimizer, start, self.num_steps, **how).w,)

    def picture(self, at, w) -> Scene:
        t = np.arange(self.num_steps + 1)
        floor = float(theory.noise_floor(at.learning_rate, at.rho, 1.0, at.noise))
        variance = w.var(axis=1)
        measured = float(variance[-100:].mean())
        deviation = np.sqrt(floor)
        role = "descent" if at.rho == 0 else "momentum"
        other = {"role": "neutral", "width": 1.0, "alpha": 0.8}
        paths = [
            *(Line(t, w[:, k], label="other seeds" if k == 1 else "", **other) for k in range(1, 6)),
            *parts.run_line(
                t, w[:, 0], "one seed", role=role, size=10, run=Run("one seed", role, {"w": w[:, 0]})
            ),
            Rule("y", deviation, role="theory", label="± one deviation (formula)"),
            Rule("y", -deviation, role="theory"),
        ]
        variances = [
            Line(t[1:], variance[1:], role="path", label="variance over 256 seeds"),
            Rule("y", floor, role="theory", label="formula, constant rate"),
        ]
        method = "SGD" if at.rho == 0 else f"Momentum with rho = {say(at.rho)}"
        how = (
            f"While the learning rate falls, so does the cloud: its variance is {say(variance[-1])} at the end."
            if at.falling
            else f"Its variance over seeds and the last 100 steps is {say(measured)}; the formula gives {say(floor)}."
        )
        step, width = axis("step", 0, self.num_steps), log_axis("variance of w", 1e-4, 1e2, keep=(1e-6, 1e3))
        return Scene(
            panels=[
                panel(step, axis("w", -5, 5), paths, "w on the parabola w² / 2"),
                panel(step, width, variances, "how wide is the cloud?"),
            ],
            says=f"{method} with learning rate {say(at.learning_rate)} and noise σ = {say(at.noise)}. {how}",
            num_steps=self.num_steps,
            pin=("ends with variance", float(variance[-1])),
        )


def one_over_t(t: int) -> float:
    return 1 / (1 + t / 20)


# -- (e) saddles and local minima --------------------------------------------------------------------------------------


class EscapeExplorer(Explorer):
    """What noise does on the ridge of a saddle and in a local minimum."""

    title = "Kicked off the ridge, out of the hollow"
    landscapes = ("saddle", "ravine with hollows")
    controls = (
        steps(
            "noise",
            (0.0, 1e-6, 1e-4, 0.01, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
            0.0,
            label="noise σ",
        ),
        Choice("landscape", landscapes, landscapes[0]),
        log("learning_rate", 0.02, 0.2, 0.05, num=31),
        integers("seed", 0, 63, 0),
    )
    num_steps = 200
    num_seeds = 64
    starts = {"saddle": (-1.5, 0.0), "ravine with hollows": (-4.5, 1.0)}

    def scene(self, noise, landscape, learning_rate, seed) -> Scene:
        saddle = landscape == self.landscapes[0]
        objective = objectives.saddle() if saddle else objectives.ravine()
        w = escape_paths(landscape, learning_rate, noise)
        if saddle:
            there, goal = np.abs(w[..., 1]) >= 1, "more than 1 off the ridge"
            where = Points([0.0], [0.0], role="limit", size=10, label="saddle")
        else:
            there, goal = np.abs(w[..., 0]) < 1.0, "in the lowest hollow"
            where = parts.minimum_marks(objective)[0]
        share = there.mean(axis=1)
        t = np.arange(self.num_steps + 1)
        own = w[:, seed]
        known = parts.run_of(
            f"seed {seed}", "descent", own, objective.value(own.T), **{"seeds there": there.sum(axis=1)}
        )
        plane = [
            where,
            Points(*w[-1].T, role="second", size=6, label=f"64 seeds after {self.num_steps}"),
            *(replace(mark, run=known) if mark.run else mark for mark in seed_path(own, seed)),
        ]
        curve = parts.run_line(t, share, goal, role="second", size=10, grows=False)
        step, seeds = axis("step", 0, self.num_steps), axis("share of the 64 seeds", -0.03, 1.03)
        return Scene(
            panels=[
                parts.plane_panel(objective, plane, f"{objective.name}, from above", equal=saddle),
                panel(step, seeds, curve, "how many of the 64?"),
            ],
            says=escape_says(saddle, noise, learning_rate, share, goal, float(there.any(axis=0).mean())),
            num_steps=self.num_steps,
            pin=(f"share {goal}", float(share[-1])),
        )


@lru_cache(maxsize=256)
def escape_paths(landscape: str, learning_rate: float, noise: float) -> np.ndarray:
    """64 seeds at once, (steps + 1, seeds, 2). They stop at the edge of the map."""
    saddle = landscape == EscapeExplorer.landscapes[0]
    objective = objectives.saddle() if saddle else objectives.ravine()
    count, num_steps = EscapeExplorer.num_seeds, EscapeExplorer.num_steps
    (low, high), _ = objective.domain
    starts = np.tile(EscapeExplorer.starts[landscape], (count, 1))
    noise = [row[:, 0] for row in noise_rows([noise], (2, count), num_steps, seed=1)]
    how = {"gradient": noisy(objective), "minibatches": noise, "bounds": (low, high), "record": ("w",)}
    return descend(objective, SGD(learning_rate), starts, num_steps, **how).w


def escape_says(
    saddle: bool, noise: float, learning_rate: float, share: np.ndarray, goal: str, ever: float
) -> str:
    """Who got away, and when."""
    setting = (
        f"Noise σ = {say(noise)}, learning rate {say(learning_rate)}: after {len(share) - 1} steps {share[-1]:.0%} of the "
        f"seeds are {goal}"
    )
    half = np.flatnonzero(share >= 0.5)
    when = f", half of them from step {half[0]} on." if len(half) else "."
    if noise == 0:
        end = (
            " On the ridge the slope across it is exactly 0, so nothing ever pushes the walker off."
            if saddle
            else " Every seed walks into the first hollow on its way and stays there."
        )
    elif saddle:
        end = " The tiniest kick is enough: from then on the saddle's own slope does the work."
    else:
        end = f" {ever:.0%} have been there at some time: "
        if ever > share[-1] + 0.1:
            end += "the kicks that carry walkers in also carry them out again."
        else:
            end += "few get over the rims on the way, and few get out again."
    return setting + when + end


# -- (f) the learner's own sgd on real data, with two weights ----------------------------------------------------------


@lru_cache(maxsize=128)
def exact_run(learning_rate: float, num_steps: int) -> tuple[Trace, np.ndarray]:
    """Batch gradient descent on the ink problem, and its losses: the same for every batch size and seed."""
    problem = ink_problem()
    run = descend(problem, GradientDescent(learning_rate), problem.start, num_steps, record=("w",))
    return run, problem.values_of(run.w.T)


class MinibatchPathExplorer(Explorer):
    """SGD on a real loss with two weights: any batch size from 1 to N, the true gradient's path beside it."""

    title = "SGD's path on a real loss"
    controls = (
        Range("batch_size", BATCH_SIZES, 8, whole=True),
        log("learning_rate", 0.02, 1.5, 0.15, num=31),
        integers("seed", 0, 20, 0),
        Choice("sampling", SAMPLING, SAMPLING[0]),
    )
    num_steps = 60

    def scene(self, batch_size, learning_rate, seed, sampling) -> Scene:
        problem = ink_problem()
        drawn = self.draw(sampling, batch_size, seed)
        trace = descend(
            problem, SGD(learning_rate), problem.start, self.num_steps, minibatches=drawn, record=("w", "dw")
        )
        exact, exact_loss = exact_run(learning_rate, self.num_steps)
        loss = problem.values_of(trace.w.T)
        lowest = problem.value(problem.minimum)
        drawn = self.draw(sampling, batch_size, seed)
        given = {"learning_rate": learning_rate, "num_steps": self.num_steps, "batch_size": batch_size}
        given["sampled_data"] = lambda _batch_size: next(drawn)
        own = parts.learners_run(
            self.yours, problem, problem.start, "your sgd", losses=problem.values_of, **given
        )
        losses = [
            (loss - lowest, "SGD", "descent"),
            (exact_loss - lowest, "batch gradient descent", "theory"),
            *own.losses(above=lowest),
        ]
        plane = [
            Points([problem.minimum[0]], [problem.minimum[1]], role="optimum", size=13, label="minimum"),
            Line(*exact.w.T, role="theory", label="batch gradient descent"),
            *parts.run_marks(trace, "SGD", role="descent", marker=False),
            parts.next_step(trace, learning_rate, "SGD"),
            *own.path,
        ]
        words = ("w[0], the ink above", "w[1], the ink below")
        spent, bill = self.num_steps * batch_size, self.num_steps * problem.N
        return Scene(
            panels=[
                parts.map_panel(
                    problem.window, plane, "the loss of all 1438 images", words=words, field=ink_landscape()
                ),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-6, 1e1), title="loss above the minimum"),
            ],
            says=(
                f"Batches of {batch_size}, drawn {sampling}, learning rate {say(learning_rate)}: after {self.num_steps} steps "
                f"SGD is {say(loss[-1] - lowest)} above the minimum and has computed {spent:,} gradients of single images; "
                f"batch gradient descent is {say(max(exact_loss[-1] - lowest, 0.0))} above it and has computed {bill:,}."
            ),
            num_steps=self.num_steps,
            notice=own.notice,
        )

    @staticmethod
    def draw(sampling: str, batch_size: int, seed: int):
        sampler = data.sample_with_replacement if sampling == "with replacement" else data.epoch_batches
        return sampler(ink_problem().N, batch_size, np.random.default_rng(seed), None)
