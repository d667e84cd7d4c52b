"""Explorers of lesson 00: a walk in fog, random directions, and one downhill step repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Choice, Point, Toggle, Walk, integers, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say, say_point
from optcourse.figures import Arrows, Field, Heat, Line, Panel, Points, Rule, Scene, Text
from optcourse.learner.blank import is_blank
from optcourse.objectives import Objective, quadratic, ravine, styblinski_tang
from optcourse.optimizers import GradientDescent
from optcourse.theory import expected_cosine

# The lowest points lie off the middle of the window, so that walking to the middle is no help.
XLIM, YLIM = (-6.0, 4.0), (-4.0, 6.0)
START = (-5.0, 4.5)
LONGEST = 12
HEIGHTS = (1e-3, 1e3)  # the height panel's limits, the same for every landscape


@dataclass(frozen=True)
class Land:
    """A landscape to walk on. `lowest` is the loss at its deepest point, from where heights are counted."""

    objective: Objective
    learning_rate: float  # gradient descent's, tried out beforehand
    words: str

    @property
    def lowest(self) -> float:
        return float(np.min(self.objective.value(np.transpose(self.objective.minima))))

    def height(self, w: np.ndarray) -> np.ndarray:
        """Height above the deepest point; w has its coordinates first."""
        return self.objective.value(w) - self.lowest


LANDS = {
    "A": Land(quadratic(1.0, 0.0, 0.5), 0.8, "a round bowl"),
    "B": Land(quadratic(20.0, np.radians(-15.0), 4.0), 0.4, "a long narrow valley"),
    "C": Land(styblinski_tang(), 0.02, "four hollows, one of them deeper than the others"),
    "D": Land(ravine(), 0.1, "a ravine with a rippled floor"),
}
# Wider than the map, whose limits grow to fill its box.
FOGGED = (-20.0, 20.0, -20.0, 20.0)
SIGHT = 2.2  # how far the fog is thin around a walker


def height_panel(runs: list[parts.Curve], num_steps: int, *, by_step: bool = False) -> Panel:
    """Height against the step, clipped to what the panel can show. The goal, height 0, is below every log axis."""
    runs = [(np.nan_to_num(heights, nan=np.inf), label, role) for heights, label, role in runs]
    dots = [
        Points(np.arange(len(heights)), heights, role=role, size=6, run=name) for heights, name, role in runs
    ]
    marks = [*parts.curves(runs, num_steps if by_step else None), *dots]
    ticks = [(t, str(t)) for t in range(0, num_steps + 1, 2 if num_steps <= LONGEST else 5)]
    height = log_axis("height", *HEIGHTS, keep=(HEIGHTS[0] * 1.05, 1e30))
    return panel(
        axis("step", -0.03 * num_steps, num_steps, ticks=ticks),
        height,
        marks,
        "height above the deepest point",
    )


def land_panel(land: Land, marks: list, title: str) -> Panel:
    """The landscape with its hollows and what walks on it."""
    return parts.map_panel((XLIM, YLIM), [*hollows(land), *marks], title, field=heights_of(land))


@lru_cache(maxsize=len(LANDS))
def heights_of(land: Land) -> Field:
    return parts.field_of(land.height, XLIM, YLIM)


# -- the walk in fog ---------------------------------------------------------------------------------------------------


class FogExplorer(Explorer):
    """Walk by hand with nothing but height and slope; then lift the fog and compare with gradient descent."""

    title = "Walking in fog"
    controls = (
        Walk("walk", (START,), XLIM, YLIM, label="your walk", longest=LONGEST),
        Choice("landscape", tuple(LANDS), "A"),
        Toggle("lift_the_fog", label="lift the fog"),
    )
    height = 400

    def scene(self, walk, landscape, lift_the_fog) -> Scene:
        land = LANDS[landscape]
        places = np.array(walk, dtype=float).T
        heights = land.height(places)
        if lift_the_fog:
            return self.lifted(land, landscape, places, heights)
        here, slope = places[:, -1], land.objective.gradient(places[:, -1])
        felt_before = land.objective.gradient(places[:, :-1])
        marks = [
            fog_around(here),
            *(slope_arrow(*at) for at in zip(places.T, felt_before.T, strict=False)),
            *walk_marks(places, drag="walk"),
            *slope_marks(here, slope, heights[-1]),
        ]
        return Scene(
            panels=[
                parts.map_panel((XLIM, YLIM), marks, "fog: what you can feel"),
                height_panel([(heights, "your walk", "yours")], LONGEST),
            ],
            says=f"Landscape {landscape}, in fog. {told(heights)} {felt(slope)}",
        )

    def lifted(self, land: Land, landscape: str, places: np.ndarray, heights: np.ndarray) -> Scene:
        num_steps = len(heights) - 1
        trace = descend(land.objective, GradientDescent(land.learning_rate), places[:, 0], num_steps)
        theirs = land.height(trace.w.T)
        walked = num_steps > 0
        marks = [
            *parts.run_marks(trace, "gradient descent", role="descent"),
            *parts.path_marks(places.T, "your walk"),
            Points(*places[:, -1:], role="yours", shape="ring", size=17, drag="walk"),
        ]
        runs = [(heights, "your walk", "yours"), (theirs, "gradient descent", "descent")]
        return Scene(
            panels=[
                land_panel(land, marks if walked else marks[-1:], "the fog is gone"),
                height_panel(runs if walked else runs[:1], LONGEST, by_step=walked),
            ],
            num_steps=num_steps if walked else None,
            focus="your walk",
            says=(
                f"Landscape {landscape} is {land.words}. "
                f"{compared(heights[-1], theirs[-1], num_steps, land.learning_rate)}"
            ),
        )


def hollows(land: Land) -> list:
    """A star in every hollow, with its height where there are several (and they are not too close for words)."""
    minima = np.transpose(land.objective.minima)
    heights = np.abs(land.height(minima).round(6))
    named = [(x, y, h) for (x, y), h in zip(minima.T, heights, strict=True) if XLIM[0] < x < XLIM[1]]
    words = [
        Text(x, y, say(h), role="optimum", align="center", above=10) for x, y, h in named if len(named) > 1
    ]
    return [*parts.minimum_marks(land.objective), *words]


def fog_around(here: np.ndarray) -> Heat:
    """Fog that is thin around the walker. It shows nothing of the land."""
    side = np.linspace(*FOGGED[:2], 161)
    far = np.hypot(side[None, :] - here[0], side[:, None] - here[1])
    return Heat(np.minimum(far / SIGHT, 1.0), FOGGED, 0.0, 1.0, colors="fog", role="contour")


def walk_marks(places: np.ndarray, drag: str) -> list:
    """The walk so far, its start, and the place that the next click starts from."""
    x, y = places
    return [
        Line(x, y, role="yours", dash="solid", width=2.6, marker=True),
        Points(x[:1], y[:1], role="start", size=9, label="start" if len(x) > 1 else ""),
        Points(x[-1:], y[-1:], role="yours", shape="ring", size=15, drag=drag),
    ]


def slope_arrow(here: np.ndarray, slope: np.ndarray, label: str = "") -> Arrows:
    """The arrow that points straight downhill, longer where it is steeper; faint where the walker has been."""
    steepness = float(np.hypot(*slope))
    # seen beside the marker; at most 2
    length = 0.5 + 1.5 * steepness / (steepness + 3.0) if steepness > 0.01 else 0.0
    u, v = -slope * length / max(steepness, 0.01)
    how = {"width": 3.2, "label": label} if label else {"width": 2.0, "alpha": 0.4}
    return Arrows([here[0]], [here[1]], [u], [v], role="gradient", **how)


def slope_marks(here: np.ndarray, slope: np.ndarray, height: float) -> list:
    """What is felt under the feet: the way down, and the height in figures."""
    right = here[0] < sum(XLIM) / 2  # words stand on the side with more room
    beside, align = (0.5, "left") if right else (-0.5, "right")
    return [
        slope_arrow(here, slope, "straight downhill"),
        Text(here[0] + beside, here[1], f"height {say(height)}", role="start", align=align, above=10),
    ]


def told(heights: np.ndarray) -> str:
    """What the last step did."""
    num_steps = len(heights) - 1
    if num_steps == 0:
        return f"You stand at height {say(heights[0])}. Click where you want to step."
    change = heights[-1] - heights[-2]
    word = "up" if change > 0 else "down"
    return (
        f"Step {num_steps} of {LONGEST} took you {word} by {say(abs(change))}, to height {say(heights[-1])}."
    )


def felt(slope: np.ndarray) -> str:
    steepness = float(np.hypot(*slope))
    if steepness < 0.01:
        return "Here the ground is level."
    return f"The slope under your feet is {say_point(slope)}: steepness {say(steepness)}, and the arrow points downhill."


def compared(mine: float, theirs: float, num_steps: int, learning_rate: float) -> str:
    if num_steps == 0:
        return "You have not taken a step yet. Put the fog back and walk first."
    count = f"{num_steps} step" + ("s" if num_steps > 1 else "")
    ends = (
        f"After {count} you stand at height {say(mine)}, and gradient descent with learning rate "
        f"{say(learning_rate)} at height {say(theirs)}."
    )
    if np.isclose(mine, theirs, rtol=0.02, atol=0.01):
        return f"{ends} That is a draw."
    return f"{ends} {'You are' if mine < theirs else 'Gradient descent is'} lower."


# -- random directions -------------------------------------------------------------------------------------------------

DIMENSIONS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
COUNT = 100


class DirectionsExplorer(Explorer):
    """100 random directions against minus the gradient, in as many dimensions as you like."""

    title = "Random directions and the gradient"
    controls = (
        steps("dimension", DIMENSIONS, 2, whole=True, label="dimension: entries of w"),
        integers("seed", 0, 9, 0, label="seed: 100 others"),
    )

    def scene(self, dimension, seed) -> Scene:
        along, aside = directions(dimension, seed)
        sizes = np.array([np.abs(directions(d, seed)[0]).mean() for d in DIMENSIONS])
        best = np.array([directions(d, seed)[0].max() for d in DIMENSIONS])
        d = np.geomspace(2, 1000, 60)
        mean = float(np.abs(along).mean())
        down = int(np.sum(along > 0))
        zeros = np.zeros(COUNT)
        arrows = [
            Arrows(zeros, zeros, along, aside, role="neutral", width=1.0, alpha=0.6),
            Arrows([0.0], [0.0], [1.0], [0.0], role="gradient", width=3.5, label="downhill"),
        ]
        cosines = [
            Line(d, np.sqrt(2 / (np.pi * d)), role="theory", label="√(2/(πd))"),
            Points(DIMENSIONS, best, role="neutral", shape="triangle", size=9, label=f"best of the {COUNT}"),
            Points(DIMENSIONS, sizes, role="path", size=8, label="mean |cos|"),
            Points([dimension], [mean], role="path", size=14, drag="dimension"),
            Rule("y", 1.0, role="gradient", label="minus the gradient itself"),
        ]
        part, side = (
            axis("part downhill (cos)", -1.3, 1.3),
            axis("part to the side", -1.3, 1.2),
        )
        d, cos = log_axis("dimension d", 1.4, 1100.0), log_axis("cos", 0.01, 1.2)
        return Scene(
            panels=[
                panel(part, side, arrows, f"{COUNT} random directions in {dimension} dimensions", equal=True),
                panel(d, cos, cosines, "how much of them goes downhill"),
            ],
            says=(
                f"In {dimension} dimensions {down} of {COUNT} random directions go downhill and {COUNT - down} uphill. "
                f"The mean size of the cosine is {say(mean)}; theory gives {say(expected_cosine(int(dimension)))}, and "
                f"√(2/(πd)) = {say(np.sqrt(2 / (np.pi * dimension)))}. The best of the {COUNT} has {say(along.max(), 4)}."
            ),
        )


@lru_cache(maxsize=128)
def directions(dimension: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """For 100 random directions of length 1: (the part along minus the gradient, the signed rest to the side)."""
    rng = np.random.default_rng([int(seed), int(dimension)])
    minus_gradient = rng.normal(size=int(dimension))
    minus_gradient /= np.linalg.norm(minus_gradient)
    random = rng.normal(size=(COUNT, int(dimension)))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    along = random @ minus_gradient
    aside = np.sqrt(np.maximum(1 - along * along, 0.0))
    return along, aside * np.where(np.arange(COUNT) % 2, -1.0, 1.0)  # the side is free: half are drawn below


# -- one step, repeated ------------------------------------------------------------------------------------------------


class DownhillExplorer(Explorer):
    """One downhill step, repeated: gradient descent, and the learner's own `take_step` beside it."""

    title = "One downhill step, repeated"
    controls = (
        log("learning_rate", 0.005, 1.0, 0.02, num=61),
        integers("num_steps", 1, 30, 12),
        Choice("landscape", tuple(LANDS), "C"),
        Point("start", START, XLIM, YLIM),
    )
    height = 400

    def scene(self, learning_rate, num_steps, landscape, start) -> Scene:
        land = LANDS[landscape]
        trace = descend(land.objective, GradientDescent(learning_rate), start, num_steps)
        with np.errstate(all="ignore"):  # a step too large runs away; the panel clips it
            heights = land.height(trace.w.T)
        given = {"learning_rate": learning_rate, "num_steps": num_steps}
        own = parts.learners_run(repeated(self.yours), land.objective, start, "your take_step", **given)
        runs = [(heights, "gradient descent", "descent"), *own.losses(above=land.lowest)]
        # Read out is the height above the deepest point, as on the map and the curve.
        counted = replace(trace, loss=heights)
        marks = [
            *parts.run_marks(counted, "gradient descent", role="descent", drag="start"),
            parts.next_step(trace, learning_rate),
            *own.path,
        ]
        return Scene(
            panels=[
                land_panel(land, marks, f"landscape {landscape} from above"),
                height_panel(runs, 30, by_step=True),
            ],
            says=f"Landscape {landscape} is {land.words}. {ending(land, trace.w[-1], heights, learning_rate)}",
            num_steps=int(num_steps),
            notice=own.notice,
        )


def repeated(take_step: Callable | None) -> Callable | None:
    """The learner's single step as the course's loop; None while there is none or it is still blank."""
    if take_step is None or is_blank(take_step):
        return None

    def loop(compute_gradient, w, learning_rate, num_steps):
        for _ in range(num_steps):
            w = take_step(w, compute_gradient(w), learning_rate)
        return w

    loop.__name__ = getattr(take_step, "__name__", "take_step")
    return loop


def ending(land: Land, end: np.ndarray, heights: np.ndarray, learning_rate: float) -> str:
    """Where the run stops: at the deepest point, in another hollow, on the way, or nowhere."""
    count = f"{len(heights) - 1} step" + ("s" if len(heights) > 2 else "")
    went = f"{count} with learning rate {say(learning_rate)}"
    if not heights[-1] < 10 * max(heights[0], 1.0):
        return f"{went}: the steps are too long, and the walker jumps out of the picture."
    told = f"{went} lead from height {say(heights[0])} to {say(heights[-1])}."
    if np.hypot(*land.objective.gradient(end)) > 0.2:
        return f"{told} The ground is not level there: more steps would go on."
    return f"{told} " + (
        "That is the deepest point."
        if heights[-1] < 0.05
        else "The ground is level there, but it is not the deepest point."
    )
