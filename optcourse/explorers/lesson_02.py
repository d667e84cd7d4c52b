"""The explorers of lesson 02: computation graph, the check's laboratory, the kink, learning all the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optcourse import data
from optcourse.exercises.model import Case
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.figures.scene import Arrows, Bars, Line, Panel, Points, Rule, Scene, Span, Text
from optcourse.gradients import best_h
from optcourse.learner.blank import is_blank
from optcourse.learner.running import run_case

EPS, ATOL, RTOL = 1e-6, 1e-5, 1e-3  # the defaults of torch.autograd.gradcheck
FLOOR = 1e-12  # smaller relative errors are drawn here


def say(value: float, digits: int = 3) -> str:
    """A number as prose shows it; a gradient of −0 is 0."""
    return parts.say(value + 0.0, digits)


# -- (a) the computation graph ---------------------------------------------------------------------

WEIGHTS = {"w1": 2.0, "b1": -1.0, "w2": 2.0, "b2": -1.0}
TARGET = 1.0
FACTORS = ("none", "loss → score", "score → hidden", "hidden → before", "product → w1")
DELTAS = (0.0001, 0.0005, 0.0009, 0.0011, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def tiny_forward(x: float, w1: float, b1: float, w2: float, b2: float) -> dict[str, float]:
    """Every value of the graph, in the order in which it is computed."""
    product1 = w1 * x
    before = product1 + b1
    hidden = max(before, 0.0)
    product2 = w2 * hidden
    score = product2 + b2
    loss = 0.5 * (score - TARGET) ** 2
    return {
        "product1": product1,
        "before": before,
        "hidden": hidden,
        "product2": product2,
        "score": score,
        "loss": loss,
    }


def tiny_backward(
    x: float, w2: float, at: dict[str, float], wrong: str = "none", delta: float = 0.0
) -> dict[str, float]:
    """Every gradient, from the loss back to the input; the factor named `wrong` gets × (1 + delta)."""

    def planted(name: str) -> float:
        return 1.0 + delta if name == wrong else 1.0

    dscore = (at["score"] - TARGET) * planted("loss → score")
    dhidden = dscore * w2 * planted("score → hidden")
    dbefore = dhidden * (at["before"] > 0) * planted("hidden → before")
    return {
        "score": dscore,
        "b2": dscore,
        "product2": dscore,
        "w2": dscore * at["hidden"],
        "hidden": dhidden,
        "before": dbefore,
        "b1": dbefore,
        "product1": dbefore,
        "w1": dbefore * x * planted("product → w1"),
        "x": dbefore * WEIGHTS["w1"],
    }


def tiny_numeric(x: float, name: str) -> float:
    """The central difference of the tiny loss by one weight."""
    ahead, behind = ({**WEIGHTS, name: WEIGHTS[name] + step} for step in (EPS, -EPS))
    return (tiny_forward(x, **ahead)["loss"] - tiny_forward(x, **behind)["loss"]) / (2 * EPS)


def relative_error(analytic: Any, numeric: Any) -> np.ndarray:
    """|analytic − numeric| / max(|analytic|, |numeric|), and 0 where both are 0."""
    analytic, numeric = np.asarray(analytic, dtype=float), np.asarray(numeric, dtype=float)
    largest = np.maximum(np.abs(analytic), np.abs(numeric))
    return np.abs(analytic - numeric) / np.where(largest == 0, 1.0, largest)


def passes(analytic: Any, numeric: Any) -> np.ndarray:
    """The rule of gradcheck, entry by entry."""
    return np.abs(np.asarray(analytic) - numeric) <= ATOL + RTOL * np.abs(numeric)


# Where things stand in the picture: the chain in the middle, the weights below it.
CHAIN = {
    "x": 0.0,
    "product1": 1.75,
    "before": 3.5,
    "hidden": 5.25,
    "product2": 7.0,
    "score": 8.75,
    "loss": 10.5,
}
SIGNS = {
    "x": "x",
    "product1": "×",
    "before": "+",
    "hidden": "ReLU",
    "product2": "×",
    "score": "+",
    "loss": "loss",
}
BELOW = {"w1": "product1", "b1": "before", "w2": "product2", "b2": "score"}
MIDDLE, BOTTOM = 2.6, 1.05
# Backward step -> the gradients that it gives.
BACK = {
    7: ("score",),
    8: ("b2", "product2"),
    9: ("w2", "hidden"),
    10: ("before",),
    11: ("b1", "product1"),
    12: ("w1", "x"),
}


class GraphExplorer(Explorer):
    """Values forward, gradients backward, node by node; an error may be planted in one factor."""

    title = "Values go forward, gradients come back"
    controls = (
        integers("step", 0, 12, 12, label="step: 6 forward, 6 back"),
        linear("x", -1.0, 3.0, 1.5, num=41, label="input x"),
        Choice("wrong_factor", FACTORS, "none", label="plant an error in"),
        steps(
            "delta",
            (*(-d for d in DELTAS), 0.0, *DELTAS),
            0.1,
            label="factor × (1 + delta)",
        ),
    )

    def scene(self, step, x, wrong_factor, delta) -> Scene:
        values = {"x": x, **tiny_forward(x, **WEIGHTS)}
        gradients = tiny_backward(x, WEIGHTS["w2"], values, wrong_factor, delta)
        numeric = np.array([tiny_numeric(x, name) for name in WEIGHTS])
        analytic = np.array([gradients[name] for name in WEIGHTS])
        told = _told(step, values, gradients)
        verdict = _verdict(analytic, numeric, wrong_factor, delta, values["before"])
        return Scene(
            panels=[
                _graph_panel(step, values, gradients),
                _errors_panel(list(WEIGHTS), relative_error(analytic, numeric)),
            ],
            says=f"{told} {verdict}",
        )


def _graph_panel(step: int, values: dict, gradients: dict) -> Panel:
    names = list(CHAIN)
    marks: list = []
    for before, after in zip(names, names[1:], strict=False):
        marks.append(Line([CHAIN[before], CHAIN[after]], [MIDDLE, MIDDLE], role="contour", width=2))
    for weight, node in BELOW.items():
        marks.append(Line([CHAIN[node]] * 2, [_depth(weight), MIDDLE], role="contour", width=2))
        marks.append(Points([CHAIN[node]], [_depth(weight)], role="neutral", shape="square", size=13))
        marks.append(_beside(weight, f"{weight} = {say(WEIGHTS[weight])}", "neutral", -20))
    done = min(step, 6)
    reached = [n for s, given in BACK.items() if s <= step for n in given]
    for k in range(done):
        marks.append(_arrow(names[k], names[k + 1], 0.14, "path"))
    chain_back = [n for n in ("score", "product2", "hidden", "before", "product1", "x") if n in reached]
    later = dict(zip(names, names[1:], strict=False))
    for name in chain_back:
        marks.append(_arrow(later[name], name, -0.14, "gradient"))
    for weight, node in BELOW.items():
        if weight in reached:
            length = _depth(weight) - MIDDLE + 0.6
            marks.append(Arrows([CHAIN[node] - 0.14], [MIDDLE - 0.35], [0.0], [length], role="gradient"))
            marks.append(_beside(weight, f"d{weight} = {say(gradients[weight])}", "gradient", -34))
    for k, name in enumerate(names):
        x = CHAIN[name]
        now = k == done if step <= 6 else name in _node_of(step)
        role, size = ("start", 20) if now else ("neutral", 15)
        marks.append(Points([x], [MIDDLE], role=role, shape="circle", size=size))
        marks.append(Text(x, MIDDLE, SIGNS[name], role="neutral", align="center", above=18))
        if k <= done:
            marks.append(Text(x, MIDDLE, say(values[name]), role="path", align="center", above=38))
        if name in reached:
            marks.append(
                Text(x - 0.5, MIDDLE, say(gradients[name]), role="gradient", align="right", above=-34)
            )
    return panel(
        axis("values to the right, gradients back", -0.9, 11.4, ticks=()),
        axis("weights below, values above", -3.4, 5.2, ticks=()),
        marks,
        "the tiny network",
        weight=2.1,
    )


def _depth(weight: str) -> float:
    """A bias hangs lower, so that its words stand below those of the weight before it in any width."""
    return BOTTOM - 2.3 if weight.startswith("b") else BOTTOM


def _beside(weight: str, words: str, role: str, above: float) -> Text:
    """Words at a weight's square: a bias has its own to the right, the weight before it to the left."""
    side, align = (1, "left") if weight.startswith("b") else (-1, "right")
    return Text(
        CHAIN[BELOW[weight]] + 0.16 * side, _depth(weight), words, role=role, align=align, above=above
    )


def _arrow(start: str, end: str, up: float, role: str) -> Arrows:
    a, b = CHAIN[start], CHAIN[end]
    gap = 0.36 * np.sign(b - a)
    return Arrows([a + gap], [MIDDLE + up], [b - a - 2 * gap], [0.0], role=role)


def _node_of(step: int) -> tuple[str, ...]:
    return (dict(enumerate(("loss", "score", "product2", "hidden", "before", "product1"), start=7))[step],)


def _errors_panel(names: list[str], errors: np.ndarray, own: np.ndarray | None = None) -> Panel:
    at = np.arange(len(names))
    left = 0.2 * (own is not None)
    bars = [
        Bars(
            at - left,
            errors,
            role="gradient",
            width=0.36,
            base=FLOOR,
            label="this gradient" if own is not None else "",
        )
    ]
    if own is not None:
        own = np.nan_to_num(own, nan=np.inf)
        bars.append(Bars(at + left, own, role="yours", width=0.36, base=FLOOR, label="your code"))
    weights = axis("weight", -0.7, len(names) - 0.3, ticks=[(float(k), name) for k, name in enumerate(names)])
    error = log_axis("relative error", FLOOR, 10.0, keep=(FLOOR, 10.0))
    limit = Rule("y", RTOL, role="limit", label="1e-3: the check's limit")
    return panel(weights, error, [limit, *bars], "the gradient check")


def _told(step: int, v: dict, g: dict) -> str:
    """What happens at this step, with its numbers."""
    w = {k: say(x) for k, x in WEIGHTS.items()}
    s = {k: say(x) for k, x in v.items()}
    d = {k: say(x) for k, x in g.items()}
    gate = "open, so the gradient passes" if v["before"] > 0 else "shut, so nothing passes"
    return (
        f"Step 0: the input is x = {s['x']}; nothing is computed yet.",
        f"Step 1, forward: w1 × x = {w['w1']} × {s['x']} = {s['product1']}.",
        f"Step 2, forward: add b1 = {w['b1']}; before = {s['before']}.",
        f"Step 3, forward: hidden = ReLU({s['before']}) = {s['hidden']}.",
        f"Step 4, forward: w2 × hidden = {w['w2']} × {s['hidden']} = {s['product2']}.",
        f"Step 5, forward: add b2 = {w['b2']}; score = {s['score']}.",
        f"Step 6, forward: loss = ½ ({s['score']} − {say(TARGET)})² = {s['loss']}.",
        f"Step 7, backward: the slope of the loss is score − y, so dscore = {d['score']}.",
        f"Step 8, backward: a sum hands its gradient on unchanged: db2 = {d['b2']}.",
        (
            f"Step 9, backward: a product swaps: dw2 = dscore × hidden = {d['w2']}, dhidden = dscore × "
            f"w2 = {d['hidden']}."
        ),
        f"Step 10, backward: the gate of ReLU is {gate}: dbefore = {d['before']}.",
        f"Step 11, backward: a sum again: db1 = {d['b1']}.",
        f"Step 12, backward: dw1 = dbefore × x = {d['w1']}, and dx = dbefore × w1 = {d['x']}.",
    )[step]


def _verdict(analytic, numeric, wrong: str, delta: float, before: float) -> str:
    right = passes(analytic, numeric)
    names = [name for name, ok in zip(WEIGHTS, right, strict=True) if not ok]
    if abs(before) < EPS:
        return (
            "ReLU stands on its kink, before = 0: the difference mixes both sides, and the check "
            "cannot judge."
        )
    if wrong == "none" or delta == 0:
        return "No error is planted, and the check passes."
    planted = f"Planted: {wrong} × {1 + delta:g}."
    if names:
        return f"{planted} The check catches it in {', '.join(names)}; the other weights are right."
    if before < 0 and wrong != "loss → score":
        return (
            f"{planted} The gate is shut: no gradient runs through this factor, and the check sees nothing."
        )
    return f"{planted} The check passes: its limit, 1e-3, is larger than the error."


# -- (b) the laboratory of the check ---------------------------------------------------------------

PARAMETERS = ("W1", "b1", "W2", "b2")
NUM_HIDDEN, NUM_EACH = 6, 5
BOUNDS = (1e-7, 1e-4, 1e-2)


@lru_cache(maxsize=1)
def lab_data() -> tuple[np.ndarray, np.ndarray]:
    """Thirty real digits: images (30, 64) with ink from 0 to 1, labels (30,)."""
    digits = data.load_digits()
    return digits.X[:30], digits.y[:30]


@lru_cache(maxsize=1)
def lab_weights() -> dict[str, np.ndarray]:
    """Weights of a 64–6–10 network before `initial_scale` multiplies them."""
    rng = np.random.default_rng(2)
    return {
        "W1": rng.standard_normal((64, NUM_HIDDEN)) * np.sqrt(2 / 64),
        "b1": 0.1 * rng.standard_normal(NUM_HIDDEN),
        "W2": rng.standard_normal((NUM_HIDDEN, 10)) * np.sqrt(2 / NUM_HIDDEN),
        "b2": 0.1 * rng.standard_normal(10),
    }


@lru_cache(maxsize=1)
def lab_entries() -> dict[str, list[tuple[int, ...]]]:
    """The entries that are checked: five of each parameter, of W1 only where an image has ink."""
    rng = np.random.default_rng(5)
    inked = np.flatnonzero(lab_data()[0].min(axis=0) + lab_data()[0].mean(axis=0) > 0.3)
    first = [
        (int(i), int(j))
        for i, j in zip(rng.choice(inked, NUM_EACH, replace=False), range(NUM_EACH), strict=True)
    ]
    picks = {"W1": first, "b1": [(int(j),) for j in range(NUM_EACH)]}
    picks["W2"] = [
        (int(j), int(c))
        for j, c in zip(range(NUM_EACH), rng.choice(10, NUM_EACH, replace=False), strict=True)
    ]
    return picks | {"b2": [(int(c),) for c in rng.choice(10, NUM_EACH, replace=False)]}


def network_loss(X, y, W1, b1, W2, b2, regularization=0.0):
    """Mean cross-entropy of a two-layer network in its inputs' dtype, plus the regularization."""
    scores = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    scores = scores - scores.max(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[rows, y]).mean()
    return loss + W1.dtype.type(0.5 * regularization) * ((W1 * W1).sum() + (W2 * W2).sum())


def network_gradient(X, y, W1, b1, W2, b2, wrong: str = "none"):
    """(dW1, db1, dW2, db2) of the mean cross-entropy; `wrong` names one of MISTAKES."""
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ W2 + b2
    probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    dscores = probabilities / probabilities.sum(axis=1, keepdims=True)
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    dhidden = dscores @ W2.T
    dbefore = dhidden if wrong == "ReLU's gate forgotten" else dhidden * (before > 0)
    dW1, db1, dW2, db2 = X.T @ dbefore, dbefore.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)
    if wrong == "dW1 has the wrong sign":
        dW1 = -dW1
    if wrong == "dW2 divided by N twice":
        dW2 = dW2 / len(y)
    if wrong == "biases forgotten":
        db1, db2 = 0 * db1, 0 * db2
    return dW1, db1, dW2, db2


def lab_check(
    h: float, dtype: str, initial_scale: float, regularization: float
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each parameter, at the checked entries: gradients of data and regularization, and numeric."""
    return {name: _lab_parameter(name, h, dtype, initial_scale, regularization) for name in PARAMETERS}


@lru_cache(maxsize=4096)
def _lab_parameter(name: str, h: float, dtype: str, scale: float, regularization: float):
    X, y = lab_data()
    X = X.astype(dtype)
    w = {k: (scale * v).astype(dtype) for k, v in lab_weights().items()}
    data_gradient = dict(zip(PARAMETERS, network_gradient(X, y, **w), strict=True))[name]
    penalty = regularization * w[name] if name in ("W1", "W2") else np.zeros_like(w[name])
    numeric = []
    for entry in lab_entries()[name]:
        losses = []
        for step in (h, -h):
            moved = {**w, name: w[name].copy()}
            moved[name][entry] += step
            losses.append(network_loss(X, y, **moved, regularization=regularization))
        # The quotient is taken in the same precision, as gradcheck would with float32 inputs.
        numeric.append((losses[0] - losses[1]) / X.dtype.type(2 * h))
    pick = lambda array: np.array([array[e] for e in lab_entries()[name]], dtype=float)  # noqa: E731
    return pick(data_gradient), pick(penalty), np.array(numeric, dtype=float)


class CheckExplorer(Explorer):
    """The check on a real network: step, precision, regularization, initial weights decide what it sees."""

    title = "What the gradient check can see"
    controls = (
        Choice("wrong_parameter", ("none", *PARAMETERS), "none", label="plant an error in"),
        log("delta", 1e-5, 1.0, 0.01, num=41, label="factor 1 + delta"),
        log("h", 1e-11, 1e-1, 1e-6, num=41, label="step h"),
        Choice("dtype", ("float64", "float32"), "float64", label="precision"),
        steps("regularization", (0.0, *np.geomspace(1e-3, 1e3, 31)), 0.0),
        log("initial_scale", 1e-5, 1.0, 1.0, num=31, label="initial weights ×"),
    )

    def scene(self, wrong_parameter, delta, h, dtype, regularization, initial_scale) -> Scene:
        found = lab_check(h, dtype, initial_scale, regularization)
        factors = {name: 1 + delta * (name == wrong_parameter) for name in PARAMETERS}
        analytic = np.concatenate([factors[name] * part[0] + part[1] for name, part in found.items()])
        numeric = np.concatenate([part[2] for part in found.values()])
        own, notice = self._own(found, initial_scale)
        return Scene(
            panels=[
                _scatter_panel(analytic, numeric),
                _lab_errors_panel(relative_error(analytic, numeric), own, numeric),
            ],
            says=_lab_says(analytic, numeric, wrong_parameter, delta, h, dtype),
            slider_marks={"h": [(best_h("central", dtype), "best")], "delta": [(RTOL, "rtol")]},
            notice=notice,
        )

    def _own(self, found: dict, initial_scale: float) -> tuple[np.ndarray | None, str]:
        """The learner's gradient at the checked entries, regularization added; a sentence where it has none."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        kept = self.__dict__.setdefault("_kept", {})
        if initial_scale not in kept and "notice" not in kept:
            X, y = lab_data()
            weights = [initial_scale * v for v in lab_weights().values()]
            outcome = run_case(self.yours, Case((X, y, *weights)), 5.0)
            parts = outcome.result if isinstance(outcome.result, tuple | list) else ()
            if outcome.failure or outcome.problem:
                kept["notice"] = outcome.problem or outcome.failure.sentence(self.yours.__name__, 5.0)
            elif [np.shape(part) for part in parts] != [w.shape for w in weights]:
                kept["notice"] = (
                    "Your code in the picture: it should return dW1, db1, dW2, db2, each with the "
                    "shape of its weights."
                )
            else:
                kept[initial_scale] = [
                    np.array([part[e] for e in lab_entries()[name]], dtype=float)
                    for name, part in zip(PARAMETERS, parts, strict=True)
                ]
        if "notice" in kept:  # what raised or hung once is not run again for every value of the sliders
            return None, kept["notice"]
        both = zip(PARAMETERS, kept[initial_scale], strict=True)
        return np.concatenate([part + found[name][1] for name, part in both]), ""


def _scatter_panel(analytic: np.ndarray, numeric: np.ndarray) -> Panel:
    lo, hi = 1e-9, 1e3
    sizes = np.abs([analytic, np.nan_to_num(numeric, nan=lo)])
    marks = [
        Line([lo, hi], [lo, hi], role="theory", label="equal", width=1.5),
        Rule("x", ATOL, role="limit", label="atol: below, all pass"),
        Points(*np.clip(sizes, lo * 1.2, hi), role="path", size=8),
    ]
    x, y = log_axis("analytic entry, size", lo, hi), log_axis("numeric entry, size", lo, hi)
    return panel(x, y, marks, "analytic against numeric")


def _lab_errors_panel(errors: np.ndarray, own: np.ndarray | None, numeric: np.ndarray) -> Panel:
    at = np.concatenate([k + np.linspace(-0.3, 0.3, NUM_EACH) for k in range(4)])
    marks: list = [
        Span("y", FLOOR, BOUNDS[0], role="good"),
        Span("y", BOUNDS[2], 10.0, role="bad"),
        Rule("y", RTOL, role="limit", label="rtol 1e-3"),
        Points(at, errors, role="path", size=9, label="the course's" if own is not None else ""),
        Text(3.65, FLOOR * 2, "good: below 1e-7", role="neutral", align="right", above=2),
        Text(3.65, 2.5, "wrong: above 1e-2", role="neutral", align="right", above=2),
    ]
    if own is not None:
        own_errors = np.nan_to_num(relative_error(own, numeric), nan=np.inf)
        marks.append(Points(at + 0.06, own_errors, role="yours", size=9, label="your code"))
    parameters = axis("parameter", -0.7, 3.7, ticks=[(float(k), name) for k, name in enumerate(PARAMETERS)])
    error = log_axis("relative error", FLOOR, 10.0, keep=(FLOOR * 1.5, 5.0))
    return panel(parameters, error, marks, "relative error of every entry")


def _lab_says(analytic, numeric, wrong: str, delta: float, h: float, dtype: str) -> str:
    ok = bool(passes(analytic, numeric).all())
    worst = float(relative_error(analytic, numeric).max())
    truth = (
        "The gradient is right"
        if wrong == "none"
        else f"The data gradient of {wrong} is wrong by a factor {1 + delta:g}"
    )
    verdict = "the check passes" if ok else "the check fails"
    surprise = " It should not." if ok == (wrong != "none") else ""
    return (
        f"{truth}; with h = {say(h)} in {dtype}, {verdict}.{surprise} The largest relative error is "
        f"{say(worst, 2)}, over "
        f"entries of sizes up to {say(np.abs(analytic).max(), 2)}."
    )


# -- (c) the kink ----------------------------------------------------------------------------------


def relu_difference(x: Any, h: float, scheme: str) -> np.ndarray:
    """The numeric derivative of ReLU at x."""
    x = np.asarray(x, dtype=float)
    if scheme == "central":
        return (np.maximum(x + h, 0) - np.maximum(x - h, 0)) / (2 * h)
    return (np.maximum(x + h, 0) - np.maximum(x, 0)) / h


class KinkExplorer(Explorer):
    """ReLU and its numeric derivative near the kink."""

    title = "The kink of ReLU"
    controls = (
        linear("x", -1.0, 1.0, 0.0, num=81),
        log("h", 1e-3, 0.5, 0.25, num=61, label="step h"),
        Choice("scheme", ("central", "forward"), "central"),
    )

    def scene(self, x, h, scheme) -> Scene:
        grid = np.linspace(-1, 1, 401)
        behind = x - h if scheme == "central" else x
        ends = np.array([behind, x + h])
        slope = float(relu_difference(x, h, scheme))
        right = float(x > 0)
        across = behind < 0 < x + h
        line = np.maximum(x + h, 0) + slope * (grid - (x + h))
        told = (
            "the two points stand on both sides of the kink"
            if across
            else "both points stand on the same side of the kink"
        )
        function = [
            Line(grid, np.maximum(grid, 0), role="path", label="ReLU"),
            Line(grid, line, role="second", label="secant", width=1.5),
            Points(ends, np.maximum(ends, 0), role="second", size=10),
            Points([x], [max(x, 0.0)], role="start", size=9, label="x"),
        ]
        derivative = [
            Span("x", -h, h if scheme == "central" else 0.0, role="bad", label="across the kink"),
            Line([-1, 0, np.nan, 0, 1], [0, 0, np.nan, 1, 1], role="path", label="analytic"),
            Line(grid, relu_difference(grid, h, scheme), role="second", label="numeric"),
            Points([x], [slope], role="second", size=11),
        ]
        place = axis("x", -1, 1)
        return Scene(
            panels=[
                panel(place, axis("ReLU(x)", -0.4, 1.1), function, "ReLU and the secant"),
                panel(place, axis("derivative", -0.2, 1.2), derivative, "numeric against analytic"),
            ],
            says=(
                f"At x = {say(x)} the analytic derivative of ReLU is {right:g}; the {scheme} difference "
                f"with h = {say(h)} gives "
                f"{say(slope)}, because {told}."
            ),
        )


# -- (d) learning all the same ---------------------------------------------------------------------

MISTAKES = (
    "none",
    "ReLU's gate forgotten",
    "dW2 divided by N twice",
    "biases forgotten",
    "dW1 has the wrong sign",
)
NUM_STEPS, LEARNING_HIDDEN = 60, 12


@lru_cache(maxsize=1)
def learning_start() -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """A hundred real digits and the first weights of a 64–12–10 network."""
    digits = data.load_digits()
    rng = np.random.default_rng(0)
    W1 = rng.standard_normal((64, LEARNING_HIDDEN)) * np.sqrt(2 / 64)
    W2 = rng.standard_normal((LEARNING_HIDDEN, 10)) * np.sqrt(2 / LEARNING_HIDDEN)
    return digits.X[:100], digits.y[:100], (W1, np.zeros(LEARNING_HIDDEN), W2, np.zeros(10))


def learn(backward: Callable, learning_rate: float, num_steps: int = NUM_STEPS) -> tuple[np.ndarray, float]:
    """Gradient descent on the digits: losses (num_steps + 1,), and the share of right answers."""
    X, y, weights = learning_start()
    weights = [w.copy() for w in weights]
    losses = [network_loss(X, y, *weights)]
    with np.errstate(all="ignore"):
        for _ in range(num_steps):
            gradients = backward(X.copy(), y.copy(), *(w.copy() for w in weights))
            for w, dw in zip(weights, gradients, strict=True):
                w -= learning_rate * np.asarray(dw)
            losses.append(network_loss(X, y, *weights))
        scores = np.maximum(X @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
    return np.array(losses), float(np.mean(scores.argmax(axis=1) == y))


@lru_cache(maxsize=512)
def learn_with(mistake: str, learning_rate: float) -> tuple[np.ndarray, float]:
    return learn(lambda *args: network_gradient(*args, wrong=mistake), learning_rate)


class LearningExplorer(Explorer):
    """Training on real digits with a right and with a wrong gradient: the loss falls with both."""

    title = "A wrong gradient may learn all the same"
    controls = (
        Choice("mistake", MISTAKES, "ReLU's gate forgotten", label="mistake in the gradient"),
        log("learning_rate", 0.03, 1.0, 0.3, num=13),
    )

    def scene(self, mistake, learning_rate) -> Scene:
        right, right_share = learn_with("none", learning_rate)
        wrong, wrong_share = learn_with(mistake, learning_rate)
        runs = [(right, "right gradient", "path")]
        if mistake != "none":
            runs.append((np.nan_to_num(wrong, nan=np.inf), mistake, "second"))
        own, notice = self._own(learning_rate)
        if own is not None:
            runs.append((np.nan_to_num(own[0], nan=np.inf), "your code", "yours"))
        curves = parts.curves(runs, NUM_STEPS)
        loss = axis("loss", 0, 4, keep=(0.0, 9.0))
        worst = mistake_errors(mistake)
        with_mistake = (
            "Without a mistake"
            if mistake == "none"
            else f"With the mistake “{mistake}” it goes to {say(wrong[-1])} ({wrong_share:.0%}), and"
        )
        return Scene(
            panels=[
                panel(axis("step", 0, NUM_STEPS), loss, curves, "loss on 100 real digits", weight=1.6),
                _errors_panel(list(PARAMETERS), worst, None if own is None else own[2]),
            ],
            says=(
                f"With the right gradient the loss goes from {say(right[0])} to {say(right[-1])}, and "
                f"{right_share:.0%} of the digits are "
                f"told rightly. {with_mistake} the check finds a largest relative error of "
                f"{say(worst.max(), 2)}."
            ),
            num_steps=NUM_STEPS,
            focus=runs[-1][1] if own is not None or mistake != "none" else "right gradient",
            notice=notice,
        )

    def _own(self, learning_rate: float) -> tuple[Any, str]:
        if self.yours is None or is_blank(self.yours):
            return None, ""
        kept = self.__dict__.setdefault("_kept", {})
        if "failure" in kept:  # what raised or hung once is not run again for every value of the slider
            return None, kept["failure"]
        if learning_rate not in kept:
            outcome = run_case(
                lambda: (*learn(self.yours, learning_rate), lab_errors(self.yours)), Case(), 5.0
            )
            if outcome.failure or outcome.problem:
                kept["failure"] = outcome.problem or outcome.failure.sentence(self.yours.__name__, 5.0)
                return None, kept["failure"]
            kept[learning_rate] = outcome.result
        return kept[learning_rate], ""


def lab_errors(backward: Callable) -> np.ndarray:
    """For each parameter, the largest relative error of this backward pass at the laboratory's entries."""
    X, y = lab_data()
    gradients = backward(X.copy(), y.copy(), *(w.copy() for w in lab_weights().values()))
    analytic = dict(zip(PARAMETERS, gradients, strict=True))
    numeric = lab_check(1e-6, "float64", 1.0, 0.0)
    return np.array(
        [
            relative_error([analytic[name][e] for e in lab_entries()[name]], numeric[name][2]).max()
            for name in PARAMETERS
        ]
    )


@lru_cache(maxsize=len(MISTAKES))
def mistake_errors(mistake: str) -> np.ndarray:
    return lab_errors(lambda *args: network_gradient(*args, wrong=mistake))
