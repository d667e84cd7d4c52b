"""The explorers of lesson 12, automatic differentiation, in the order in which the lesson shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from optcourse import data, objectives
from optcourse.autodiff import Dual, Var, passes, unbroadcast, written
from optcourse.curvature import hvp
from optcourse.exercises.model import Case
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, integers, linear, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_01 import learners_numbers
from optcourse.explorers.parts import say_point
from optcourse.figures import Arrows, Bars, Line, Narration, Points, Rule, Scene, Text
from optcourse.figures.numbers import typeset
from optcourse.figures.scene import Mark, Panel
from optcourse.learner.blank import is_blank
from optcourse.learner.running import run_case
from optcourse.models import SoftmaxRegression, TwoLayerNetwork


def say(value: float, digits: int = 3) -> str:
    """A number as prose shows it; -0 is 0."""
    return typeset(parts.say(float(value) + 0.0, digits))


# -- small programs, and their graphs ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Op:
    """One operation of a program: its sign, the numbers of the entries that it takes, and its place in the graph."""

    sign: str
    takes: tuple[int, ...]
    at: tuple[float, float]


Program = tuple[Op, ...]
X = Op("x", (), (0.0, 0.0))
PROGRAMS: dict[str, Program] = {
    "x·x + x": (X, Op("×", (0, 0), (1.5, 1.0)), Op("+", (1, 0), (3.0, 0.0))),
    "x·sin x": (X, Op("sin", (0,), (1.5, 1.0)), Op("×", (0, 1), (3.0, 0.0))),
    "exp(sin x)": (X, Op("sin", (0,), (1.5, 0.0)), Op("exp", (1,), (3.0, 0.0))),
    "|x|": (X, Op("| |", (0,), (3.0, 0.0))),
}
# With a fan-out in the middle, and doublings, where the paths are many.
TAPES: dict[str, Program] = {
    "x·x + x": PROGRAMS["x·x + x"],
    "diamond": (
        X,
        Op("sin", (0,), (1.0, 0.0)),
        Op("×", (1, 1), (2.0, 1.0)),
        Op("exp", (1,), (2.0, -1.0)),
        Op("+", (2, 3), (3.0, 0.0)),
    ),
    "y = y + y, 4 times": (X, *(Op("+", (k, k), (0.75 * (k + 1), 0.0)) for k in range(4))),
}
ALL_FORMS = {**PROGRAMS, **TAPES}


def applied(sign: str, taken: Sequence) -> object:
    """What an operation makes of numbers, arrays or dual numbers."""
    if sign == "×":
        return taken[0] * taken[1]
    if sign == "+":
        return taken[0] + taken[1]
    if sign == "| |":
        return abs(taken[0])
    # np.sin(Dual) calls Dual.sin.
    return getattr(taken[0], sign)() if isinstance(taken[0], Dual) else getattr(np, sign)(taken[0])


def run_forward(program: Program, x: object) -> list:
    """All values of a program, in the order in which they are computed."""
    found: list = []
    for op in program:
        found.append(applied(op.sign, [found[k] for k in op.takes]) if op.takes else x)
    return found


def factors(program: Program, values: Sequence[float]) -> list[list[tuple[int, float]]]:
    """For every entry: from which entries it is made, and its derivative by each place in which it takes one."""
    found = []
    for op, value in zip(program, values, strict=True):
        taken = [values[k] for k in op.takes]
        by = {
            "x": [],
            "×": taken[::-1],
            "+": [1.0, 1.0],
            "sin": [np.cos(taken[0])] if taken else [],
            "exp": [value],
        }
        found.append([(k, float(d)) for k, d in zip(op.takes, by[op.sign], strict=True)])
    return found


BETWEEN = 0.24  # from a node's middle to where its arrows begin


def graph_marks(
    program: Program,
    now: Sequence[int],
    above: Sequence[str],
    below: Sequence[str],
    back: Collection[tuple[int, int]] = (),
    fanned: Sequence[int] = (),
) -> list[Mark]:
    """The graph with words above and below its nodes; `back` are edges (from, to) on which a gradient has come back."""
    marks: list[Mark] = []
    for k, op in enumerate(program):
        twice = len(op.takes) == 2 and op.takes[0] == op.takes[1]
        for place, taken in enumerate(op.takes):
            shift = (0.09 if place else -0.09) if twice else 0.0
            (x0, y0), (x1, y1) = program[taken].at, op.at
            marks.append(Line([x0, x1], [y0 + shift, y1 + shift], role="contour", width=2))
            if (k, taken) in back:
                way = np.array([x0 - x1, y0 - y1])
                gap = BETWEEN * way / np.linalg.norm(way)
                start = np.array([x1, y1 + shift]) + gap
                marks.append(Arrows(*start[:, None], *(way - 2 * gap)[:, None], role="gradient", width=2.5))
    for k, op in enumerate(program):
        x, y = op.at
        if k in fanned:
            marks.append(Points([x], [y], role="second", shape="ring", size=28))
        marks.append(
            Points(
                [x], [y], role="start" if k in now else "neutral", shape="circle", size=23 if k in now else 17
            )
        )
        marks.append(Text(x, y, f"{k}: {op.sign}", role="neutral", align="center", above=19))
        if above[k]:
            marks.append(Text(x, y, above[k], role="path", align="center", above=37))
        if below[k]:
            marks.append(Text(x, y, below[k], role="gradient", align="center", above=-33))
    return marks


def graph_panel(marks: Sequence[Mark], title: str, **more) -> Panel:
    return panel(
        axis("from the input to the result", -0.7, 3.7, ticks=()),
        axis("values above, derivatives below", -1.7, 2.0, ticks=()),
        marks,
        title,
        **more,
    )


# -- (a) two numbers travel --------------------------------------------------------------------------------------------

SMALLEST = 1e-30


def complex_step(program: Program, x: float) -> float:
    return float(np.imag(run_forward(program, complex(x, SMALLEST))[-1]) / SMALLEST)


def learners_pairs(yours: Callable, program: Program, x: float) -> tuple[np.ndarray | None, str]:
    """(value, slope) of each entry with the learner's multiplication of pairs; the other operations are the course's."""

    def going():
        found: list = []
        for op in program:
            taken = [found[k] for k in op.takes]
            if op.sign == "×":
                pair = yours(*taken)
                if np.shape(pair) != (2,):
                    return np.empty(0)
                found.append((float(pair[0]), float(pair[1])))
            elif op.takes:
                made = applied(op.sign, [Dual(*pair) for pair in taken])
                found.append((made.value, made.slope))
            else:
                found.append((x, 1.0))
        return np.array(found, dtype=float)

    return or_else(learners_numbers(yours, going, (len(program), 2)), "a pair: the value, and the slope")


def or_else(found: tuple[np.ndarray | None, str], what: str) -> tuple[np.ndarray | None, str]:
    """What `learners_numbers` has found; a result of another form is told as what it should have been."""
    numbers, notice = found
    if notice.startswith("Your code in the picture"):
        notice = f"Your code in the picture: it should return {what}."
    return (None if numbers is None else np.nan_to_num(numbers)), notice


class DualExplorer(Explorer):
    """A number and its slope travel through a program together."""

    title = "Two numbers travel together"
    controls = (
        linear("x", -3.0, 3.0, 1.0, num=61, label="input x"),
        integers("step", 0, 2, 2, label="operations done"),
        Choice("program", tuple(PROGRAMS), "x·x + x", label="function"),
    )

    def scene(self, x, step, program) -> Scene:
        ops = PROGRAMS[program]
        done = min(step, len(ops) - 1)
        found = run_forward(ops, Dual(x, 1.0))
        names = [f"({say(v.value)}, {say(v.slope)})" if k <= done else "" for k, v in enumerate(found)]
        grid = np.linspace(-3, 3, 241)
        value, slope = found[-1].value, found[-1].slope
        seen = np.array([-1.5, 1.5])
        by_complex = complex_step(ops, x)
        curve = [
            Line(grid, run_forward(ops, grid)[-1], role="path", label="the function"),
            Line(x + seen, value + slope * seen, role="gradient", label="slope of the pair", width=2.5),
            Line(x + seen, value + by_complex * seen, role="second", label="complex step", width=1.5),
        ]
        own, notice = (None, "")
        if self.yours is not None and not is_blank(self.yours):
            own, notice = learners_pairs(self.yours, ops, x)
        told = ""
        if own is not None:
            curve.append(Line(x + seen, own[-1, 0] + own[-1, 1] * seen, role="yours", label="your code"))
            told = f" Your pair is ({say(own[-1, 0])}, {say(own[-1, 1])})."
        curve.append(Points([x], [value], role="start", size=11, drag="x", label="x"))
        return Scene(
            panels=[
                graph_panel(graph_marks(ops, [done], names, [""] * len(ops)), "pairs: (value, slope)"),
                panel(
                    axis("x", -3, 3),
                    axis("value", -4, 12, keep=(-40.0, 40.0)),
                    curve,
                    "the function, and its slope",
                ),
            ],
            says=(
                f"{pair_told(ops, found, done)} After all operations the pair is ({say(value)}, {say(slope)}): the slope "
                f"of {program} at {say(x)} is {say(slope)}. The complex step gives {say(by_complex)}.{told}"
            ),
            pin=("slope", slope),
            notice=notice,
        )


def pair_told(ops: Program, found: Sequence[Dual], k: int) -> str:
    """What the operation does to both numbers."""
    op, made = ops[k], found[k]
    if not op.takes:
        return f"Entry 0 is the input {say(made.value)}, and its slope by itself is 1."
    a = found[op.takes[0]]
    if op.sign == "×":
        b = found[op.takes[1]]
        how = f"{say(a.slope)} · {say(b.value)} + {say(a.value)} · {say(b.slope)}"
    elif op.sign == "+":
        how = f"{say(a.slope)} + {say(found[op.takes[1]].slope)}"
    else:
        by = made.slope / a.slope if a.slope else 0.0
        how = f"{say(by)} · {say(a.slope)}, the chain rule"
    return f"Entry {k}, {op.sign}: its value is {say(made.value)}, its slope {how} = {say(made.slope)}."


# -- (b) the price -----------------------------------------------------------------------------------------------------


class PassesExplorer(Explorer):
    """How many passes each mode needs, and how many numbers it keeps."""

    title = "What does each mode cost?"
    controls = (
        steps("num_inputs", (1, 2, 5, 10, 64, 650, 1210, 1e4, 1e5, 1e6), 1210, whole=True, label="inputs (weights)"),
        steps("num_outputs", (1, 2, 5, 10, 100, 1000, 1e4), 1, whole=True, label="outputs (losses)"),
        steps("operations", (10, 100, 1000, 1e4, 1e5, 1e6), 1000, whole=True, label="operations in the program"),
    )  # fmt: skip

    def scene(self, num_inputs, num_outputs, operations) -> Scene:
        inputs = np.geomspace(1, 1e6, 61)
        needed = passes(num_inputs, num_outputs)
        curves = [
            Line(inputs, 2 * inputs, role="theory", label="central differences", width=1.5),
            Line(inputs, inputs, role="second", label="forward"),
            Line(inputs, np.full(61, float(num_outputs)), role="path", label="reverse"),
            Rule("x", float(num_inputs), role="limit"),
        ]
        now = [needed["forward"], needed["reverse"]]
        curves.append(Points([num_inputs] * 2, now, role="start", size=9))
        lengths = np.geomspace(10, 1e6, 41)
        kept = [
            Line(lengths, lengths, role="path", label="reverse: the whole tape"),
            Line(lengths, np.full(41, 2.0), role="second", label="forward: a pair"),
            Rule("x", float(operations), role="limit"),
        ]
        cheaper = min(("forward", "reverse"), key=needed.get)
        both = "Both modes cost the same." if now[0] == now[1] else f"The {cheaper} mode is cheaper."
        return Scene(
            panels=[
                panel(
                    log_axis("inputs", 1, 1e6),
                    log_axis("passes for all derivatives", 0.7, 3e6),
                    curves,
                    "passes",
                ),
                panel(
                    log_axis("operations, one after another", 10, 1e6),
                    log_axis("numbers kept at once", 1, 3e6),
                    kept,
                    "memory",
                ),
            ],
            says=(
                f"{num_inputs:,} inputs and {num_outputs:,} output{'s' * (num_outputs > 1)}: central differences take "
                f"{needed['central differences']:,} runs, the forward mode {now[0]:,} passes, the reverse mode {now[1]:,}. "
                f"{both} In a chain of {operations:,} operations the forward mode keeps 2 numbers, the reverse mode "
                f"{operations:,}."
            ),
            pin=("passes of the reverse mode", float(now[1])),
        )


# -- (c) the tape ------------------------------------------------------------------------------------------------------

WAYS = ("added up", "the last one counts", "front to back", "a second call, not from 0")


def pulled(program: Program, x: float, way: str = WAYS[0]) -> list[np.ndarray]:
    """The gradients of all entries, after no entry has passed its own on, after one, ..., after all."""
    made_of = factors(program, run_forward(program, x))
    order = range(len(program)) if way == WAYS[2] else range(len(program))[::-1]
    grads = np.zeros(len(program))
    if way == WAYS[3]:
        # As torch keeps it: the inputs have their .grad of the call before, all others begin at 0.
        grads[0] = pulled(program, x)[-1][0]
    grads[-1] = 1.0
    after = [grads.copy()]
    for k in order:
        for taken, factor in made_of[k]:
            grads[taken] = factor * grads[k] + (0.0 if way == WAYS[1] else grads[taken])
        after.append(grads.copy())
    return after


def as_list(program: Program, x: float) -> list[tuple[float, list]]:
    """The tape as the learner's `backward` takes it."""
    values = run_forward(program, x)
    return [
        (value, [(k, lambda g, by=by: g * by) for k, by in made])
        for value, made in zip(values, factors(program, values), strict=True)
    ]


def numeric_by_entry(program: Program, x: float) -> np.ndarray:
    """The central difference of the result by every entry, as if it could be moved by itself."""
    values = run_forward(program, x)

    def moved(entry: int, by: float) -> float:
        found: list = []
        for k, op in enumerate(program):
            value = applied(op.sign, [found[t] for t in op.takes]) if op.takes else values[0]
            found.append(value + by if k == entry else value)
        return found[-1]

    return np.array([(moved(k, 1e-6) - moved(k, -1e-6)) / 2e-6 for k in range(len(program))])


class TapeExplorer(Explorer):
    """A tape, read from the end: every entry hands its gradient on to what it was made of."""

    title = "Back along the tape"
    slide = ("step", "program", "pulls")
    controls = (
        integers("step", 0, 10, 10, label="step: forward, then back"),
        linear("x", -2.0, 3.0, 3.0, num=51, label="input x"),
        Choice("program", tuple(TAPES), "x·x + x"),
        Choice("pulls", WAYS, "added up", label="where two pulls meet"),
    )

    def scene(self, step, x, program, pulls) -> Scene:
        ops = TAPES[program]
        n = len(ops)
        values, after = run_forward(ops, x), pulled(ops, x, pulls)
        made_of = factors(ops, values)
        order = list(range(n)) if pulls == WAYS[2] else list(range(n))[::-1]
        done = min(step, n)  # entries written
        gone = min(max(step - n, 0), n)  # entries that have passed their gradient on
        grads = after[gone]
        handed = order[:gone]
        back = {(k, taken) for k in handed for taken, _ in made_of[k]}
        reached = {n - 1} | {taken for _, taken in back}
        fanned = [k for k in range(n) if sum(op.takes.count(k) for op in ops) > 1]
        above = [say(values[k]) if k < done else "" for k in range(n)]
        below = [say(grads[k]) if step > n and k in reached else "" for k in range(n)]
        now = [done - 1] if 0 < step <= n else handed[-1:] if gone else []
        numeric = numeric_by_entry(ops, x)
        at = np.arange(n)
        own, notice = self.learners_grads(ops, x)
        width = 0.26 if own is not None else 0.36
        middle = 0.0 if own is not None else width / 2  # two bars or three about an entry's tick
        bars = [
            Bars(at + middle - width, numeric, role="second", width=width, label="central difference"),
            Bars(at + middle, after[-1], role="gradient", width=width, label="the tape"),
        ]
        if own is not None:
            bars.append(Bars(at + width, own, role="yours", width=width, label="your code"))
        high = 1.25 * max(1.0, *np.abs([*numeric, *after[-1]]))
        low = -high if min(*numeric, *after[-1], *(own if own is not None else ())) < 0 else -0.05 * high
        count = sum(map(len, made_of))
        result = after[-1][0]
        right = abs(result - numeric[0]) <= 1e-5 * max(1.0, abs(numeric[0]))
        verdict = "right" if right else f"wrong: the central difference gives {say(numeric[0])}"
        return Scene(
            panels=[
                graph_panel(
                    graph_marks(ops, now, above, below, back, fanned),
                    "the tape; a ring: used twice",
                    weight=1.3,
                ),
                panel(
                    axis(
                        "entry of the tape",
                        -0.7,
                        n - 0.3,
                        ticks=[(k, f"{k}: {op.sign}") for k, op in enumerate(ops)],
                    ),
                    axis("derivative of the result", low, high, keep=(-1e3, 1e3)),
                    [Rule("y", 0.0, role="neutral"), *bars],
                    "when all is done",
                ),
            ],
            says=(
                f"{tape_told(ops, values, grads, made_of, step, handed)} When all is done, the derivative by x is "
                f"{say(result)}, which is {verdict}. {count} pulls were handed on."
            ),
            pin=("derivative by x", float(result)),
            notice=notice,
        )

    def learners_grads(self, ops: Program, x: float) -> tuple[np.ndarray | None, str]:
        """What the learner's `backward` gives for each entry."""
        if self.yours is None or is_blank(self.yours):
            return None, ""

        def going():
            grads = self.yours(as_list(ops, x))
            if not isinstance(grads, list | tuple | np.ndarray) or np.shape(grads)[:1] != (len(ops),):
                return np.empty(0)
            return [float(np.squeeze(g)) for g in grads]

        return or_else(
            learners_numbers(self.yours, going, (len(ops),)), "a list with one gradient for each entry"
        )


def tape_told(ops, values, grads, made_of, step: int, handed: Sequence[int]) -> str:
    """What happens at this step."""
    n = len(ops)
    if step == 0:
        return "Nothing is on the tape yet."
    if step <= n:
        k = step - 1
        made = " and ".join(f"entry {t}" for t in ops[k].takes)
        return f"Forward: entry {k}, {ops[k].sign}, is {say(values[k])}" + (
            f", made of {made}." if made else ", the input."
        )
    k = handed[-1]
    if not made_of[k]:
        return f"Back: entry {k} is the input; it was made of nothing."
    moved = ", ".join(f"{say(by)} × its gradient to entry {t}" for t, by in made_of[k])
    return f"Back: entry {k}, {ops[k].sign}, hands {moved}."


# -- (d) the Hessian in one direction ----------------------------------------------------------------------------------

SIDE = 5.0
VALLEYS: dict[str, Callable] = {
    "bowl": lambda: objectives.quadratic(condition_number=10.0, rotation=np.pi / 6),
    "Himmelblau": objectives.himmelblau,
}
ARROW = 1.8  # how long a direction is drawn


def turned(
    product: Callable[[np.ndarray], np.ndarray], v: np.ndarray, turns: int
) -> tuple[np.ndarray, np.ndarray]:
    """v, then the direction of Hv, again and again: the directions (turns + 1, 2), and Hv of each."""
    vs, products = [], []
    for _ in range(turns + 1):
        vs.append(v)
        Hv = np.asarray(product(v), dtype=float)
        products.append(Hv)
        length = np.linalg.norm(Hv)
        v = Hv / length if length > 0 else v
    return np.array(vs), np.array(products)


def degrees(v: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(v[..., 1], v[..., 0]))


class ProductExplorer(Explorer):
    """A direction v, and Hv beside it; each turn takes the direction of Hv for the next v."""

    title = "The Hessian times a vector"
    num_steps = 8
    controls = (
        linear("angle", -90.0, 90.0, 20.0, num=37, label="angle of v"),
        Choice("landscape", tuple(VALLEYS), "bowl"),
        Point("w", (1.0, -1.5), (-SIDE, SIDE), (-SIDE, SIDE), label="w"),
    )

    def scene(self, angle, landscape, w) -> Scene:
        objective = VALLEYS[landscape]()
        w = np.array(w)
        direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        vs, products = turned(lambda v: hvp(objective.gradient, w, v), direction, self.num_steps)
        values, V = np.linalg.eigh(objective.hessian(w))
        k = int(np.abs(values).argmax())
        largest, axis_of = values[k], V[:, k]
        scale = ARROW / max(abs(largest), 1e-9)
        steep = np.array([w - 3 * axis_of, w + 3 * axis_of]).T
        marks = [
            Line(*steep, role="theory", width=1.3),
            from_w(w, scale * products, "gradient", "Hv", 3.2),
            from_w(w, ARROW * vs, "path", "v", 3.2),
        ]
        own, notice = self.learners_products(objective, w, direction)
        told = ""
        if own is not None:
            far = np.abs(own).max() > 1e3 * max(abs(largest), 1e-9)
            shown = np.zeros_like(own) if far else own
            marks.append(from_w(w, scale * shown, "yours", "your code"))
            told = f" Yours is {say_point(own[0])}."
        marks.append(Points(*w[:, None], role="start", size=11, drag="w", label="w"))
        length = np.linalg.norm(vs, axis=1)
        cosines = np.clip(np.abs(vs @ axis_of) / length, 0, 1)
        off = np.degrees(np.arccos(cosines))
        sizes = np.linalg.norm(products, axis=1)
        t = np.arange(self.num_steps + 1)
        right = parts.run_line(t, off, "v off the steepest axis", role="path", grows=False, size=10)
        return Scene(
            panels=[
                parts.map_panel(
                    ((-SIDE, SIDE), (-SIDE, SIDE)),
                    marks,
                    "v and Hv; dashes: the steepest axis",
                    field=parts.field(objective, (-SIDE, SIDE), (-SIDE, SIDE)),
                ),
                panel(
                    axis("turn", 0, self.num_steps),
                    log_axis("degrees", 1e-5, 100, keep=(1e-6, 100)),
                    right,
                    "how far v is off the axis",
                ),
            ],
            says=(
                f"v points at {say(angle)} degrees and Hv = {say_point(products[0])} at {say(degrees(products[0]))}; it is "
                f"{say(sizes[0])} long. The axis of the strongest curvature, {say(largest)}, is at {say(axis_angle(axis_of))} "
                f"degrees. After {self.num_steps} turns v is {say(max(off[-1], 1e-6), 2)} degrees off it.{told}"
            ),
            num_steps=self.num_steps,
            narration=Narration(
                "turn {t}: v at {0:.3g} degrees, Hv at {1:.3g}, {2:.4g} times as long",
                np.column_stack([degrees(vs), degrees(products), sizes]),
            ),
            pin=("length of Hv", float(sizes[0])),
            notice=notice,
        )

    def learners_products(self, objective, w: np.ndarray, v: np.ndarray) -> tuple[np.ndarray | None, str]:
        """Hv of each turn with the learner's `hvp`."""
        if self.yours is None or is_blank(self.yours):
            return None, ""

        def going():
            return turned(lambda v: self.yours(objective.gradient, w.copy(), v.copy()), v, self.num_steps)[1]

        return or_else(learners_numbers(self.yours, going, (self.num_steps + 1, 2)), "an array shaped like v")


def from_w(w: np.ndarray, moves: np.ndarray, role: str, label: str, width: float = 2.0) -> Arrows:
    """An arrow from w for each turn."""
    x, y = np.repeat(w[:, None], len(moves), axis=1)
    return Arrows(x, y, *moves.T, role=role, label=label, width=width, by_step="at", apart=True)


def axis_angle(v: np.ndarray) -> float:
    """The angle of an axis, which has no sign: above -90 and up to 90 degrees."""
    return float(90 - (90 - degrees(v)) % 180)


# -- (e) real data -----------------------------------------------------------------------------------------------------

MODELS = ("softmax regression", "network")
REGULARIZATION, NUM_STEPS, NUM_DIGITS = 1e-3, 20, 500


@lru_cache(maxsize=32)
def training(model: str, seed: int):
    """The model of the course on real digits, its first weights, and the number of its classes."""
    rng = np.random.default_rng(seed)
    some = data.load_digits()[rng.permutation(1797)[:NUM_DIGITS]]
    if model == MODELS[0]:
        made = SoftmaxRegression(some.X, some.y, regularization=REGULARIZATION)
        return made, np.zeros(made.num_parameters), some
    made = TwoLayerNetwork(some.X, some.y, 16, regularization=REGULARIZATION)
    return made, made.initial(rng), some


def weights_and_loss(model: str, w: np.ndarray, made, some) -> tuple[list[Var], Var]:
    """The weights on a tape, and the loss that is written down from them."""
    if model == MODELS[0]:
        table, inputs = Var(w.reshape(65, 10)), np.hstack([some.X, np.ones((len(some), 1))])
        weights, scores = [table], Var(inputs) @ table
        penalty = (table * table * inner_rows(65)).sum()
    else:
        weights = [Var(part) for part in made.unpack(w)]
        weights1, biases1, weights2, biases2 = weights
        scores = (Var(some.X) @ weights1 + biases1).relu() @ weights2 + biases2
        penalty = (weights1 * weights1).sum() + (weights2 * weights2).sum()
    right = (scores * np.eye(10)[some.y]).sum()
    loss = (scores.exp().sum(axis=1).log().sum() - right) * (1 / len(some)) + penalty * (REGULARIZATION / 2)
    return weights, loss


def inner_rows(rows: int) -> np.ndarray:
    """1 for every row of weights, 0 for the last one, the biases, which the penalty leaves alone."""
    return np.append(np.ones(rows - 1), 0.0)[:, None]


def tape_gradient(
    model: str, w: np.ndarray, made, some, backward: Callable, summed: Callable
) -> tuple[np.ndarray, float]:
    """The gradient by a tape that is read back by `backward`, and the loss."""
    weights, loss = weights_and_loss(model, w, made, some)
    tape = written(loss, summed)
    places = [next(k for k, (value, made_of) in enumerate(tape) if value is part.value) for part in weights]
    grads = backward(tape)
    return np.concatenate([np.ravel(grads[k]) for k in places]), float(loss.value)


def by_the_book(tape: list, way: str = WAYS[0]) -> list[np.ndarray]:
    """The gradients of a tape's entries; `way` may be a wrong one of WAYS."""
    grads = [np.zeros_like(value) for value, _ in tape]
    grads[-1] = np.ones_like(tape[-1][0])
    for k in reversed(range(len(tape))):
        for number, pull in tape[k][1]:
            grads[number] = pull(grads[k]) + (0.0 if way == WAYS[1] else grads[number])
    return grads


@lru_cache(maxsize=128)
def courses_run(model: str, learning_rate: float, seed: int, way: str) -> tuple[np.ndarray, np.ndarray]:
    """Points and losses with the gradient "by hand", or by a tape with pulls that meet as `way` says."""
    made, start, some = training(model, seed)

    def by_tape(w):
        return tape_gradient(model, w, made, some, lambda tape: by_the_book(tape, way), unbroadcast)

    by_hand = way == "by hand"
    return descend_by(
        (lambda w: (made.gradient(w), float(made.value(w)))) if by_hand else by_tape, start, learning_rate
    )


class TrainingExplorer(Explorer):
    """Gradient descent by a tape, beside the gradient that lesson 02 wrote by hand."""

    title = "The tape trains"
    slide = ("model", "pulls")
    controls = (
        Choice("model", MODELS, MODELS[0]),
        log("learning_rate", 0.05, 1.0, 0.5, num=13),
        integers("seed", 0, 9, 0),
        Choice("pulls", WAYS[:2], WAYS[0], label="where two pulls meet"),
    )

    def __init__(self, *, yours=None, your_unbroadcast=None, **initial) -> None:
        self.your_unbroadcast = your_unbroadcast
        super().__init__(yours=yours, **initial)

    def scene(self, model, learning_rate, seed, pulls) -> Scene:
        made, start, some = training(model, seed)
        by_hand, taped = (courses_run(model, learning_rate, seed, way) for way in ("by hand", pulls))
        runs = [("by hand", "path", by_hand), ("the tape", "second", taped)]
        own, notice = self.learners_run(model, made, some, start, learning_rate)
        if own is not None:
            runs.append(("your code", "yours", own))
        distances = [(name, role, np.abs(run[0] - by_hand[0]).max(axis=1)) for name, role, run in runs[1:]]
        t = np.arange(NUM_STEPS + 1)
        apart = log_axis("largest distance", 1e-17, 1, keep=(1e-17, 1e3))
        curves = [Line(t, far, role=role, label=name, marker=True) for name, role, far in distances]
        worst = distances[-1][2].max()
        own_told = "your code" if own is not None else "the tape"
        return Scene(
            panels=[
                panel(
                    axis("step", 0, NUM_STEPS),
                    axis("loss", 0, 2.6, keep=(0.0, 9.0)),
                    parts.curves([(run[1], name, role) for name, role, run in runs]),
                    "loss on 500 digits",
                ),
                panel(
                    axis("step", 0, NUM_STEPS),
                    apart,
                    [*curves, Rule("y", 1e-12, role="limit", label="1e-12")],
                    "weights, against those by hand",
                ),
            ],
            says=(
                f"{made.num_parameters:,} weights. In {NUM_STEPS} steps the gradient by hand takes the loss from "
                f"{say(by_hand[1][0])} to {say(by_hand[1][-1])}, the tape to {say(taped[1][-1])}. The weights of {own_told} are "
                f"at most {say(worst, 2)} away from those by hand."
            ),
            pin=("largest distance of the tape's weights", float(distances[0][2].max())),
            notice=notice,
        )

    def learners_run(
        self, model, made, some, start, learning_rate
    ) -> tuple[tuple[np.ndarray, np.ndarray] | None, str]:
        """Points and losses with the learner's `backward`, and `unbroadcast` where it is written."""
        if self.yours is None or is_blank(self.yours):
            return None, ""
        given = self.your_unbroadcast
        summed = unbroadcast if given is None or is_blank(given) else given

        def going():
            return descend_by(
                lambda w: tape_gradient(model, w, made, some, self.yours, summed), start, learning_rate
            )

        outcome = run_case(going, Case(), 5.0)
        if outcome.failure or outcome.problem:
            return None, outcome.problem or outcome.failure.sentence(
                getattr(self.yours, "__name__", "your function"), 5.0
            )
        return outcome.result, ""


def descend_by(
    gradient_and_loss: Callable, start: np.ndarray, learning_rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """NUM_STEPS steps of gradient descent: all points, and their losses."""
    w, points, losses = start, [], []
    with np.errstate(all="ignore"):
        for _ in range(NUM_STEPS + 1):
            dw, loss = gradient_and_loss(w)
            points.append(w)
            losses.append(loss)
            w = w - learning_rate * dw
    return np.array(points), np.array(losses)
