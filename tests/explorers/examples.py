"""Small explorers for the tests: one that works, and one broken in each way that the sweep must notice."""

import warnings

import numpy as np

from optcourse.explorers.controls import Choice, Point, Toggle, Walk, integers, linear, log
from optcourse.explorers.engine import Explorer
from optcourse.figures import Arrows, Bars, Heat, Line, Narration, Panel, Points, Rule, Scene, Span, Text


class EveryMark(Explorer):
    """One mark of every kind, one control of every kind."""

    title = "Every mark"
    controls = (
        linear("amplitude", 0.0, 2.0, 1.0, num=21),
        log("scale", 1e-3, 1e3, 1.0, num=13),
        integers("count", 1, 9, 5),
        Choice("curve", ("sine", "cosine"), "sine"),
        Toggle("grid_of_bars", True),
        Point("start", (1.0, 0.5), (0.0, 6.0), (-2.0, 2.0)),
    )

    def scene(self, amplitude, scale, count, curve, grid_of_bars, start) -> Scene:
        x = np.linspace(0, 6, 25)
        y = amplitude * (np.sin(x) if curve == "sine" else np.cos(x))
        bars = (
            [Bars(np.arange(count), np.outer(np.abs(y), np.arange(1, count + 1)), by_step="at")]
            if grid_of_bars
            else []
        )
        return Scene(
            panels=[
                Panel(
                    "x", "y", (0, 6), (-2, 2), title="curve",
                    marks=[
                        Heat(np.outer(np.ones(4), np.arange(6.0)), (0, 6, -2, 2), 0, 5, role="contour"),
                        Span("x", 1, 2, role="good", label="band"),
                        Rule("y", 0.0, role="limit", label="zero"),
                        Line(x, y, role="path", label="curve", by_step="upto"),
                        Points(x, y, role="path", by_step="at"),
                        Points([start[0]], [start[1]], role="start", drag="start", label="start"),
                        Arrows(x, y, 0.3 + 0 * x, 0.1 + 0 * x, role="gradient", by_step="at"),
                        Text(3.0, 1.5, f"amplitude {amplitude:g}", role="neutral"),
                    ],
                ),
                Panel("n", "size", (-1, 9), (1e-4, 1e4), yscale="log",
                      marks=[Line([0, 8], [scale, scale], role="second", label="scale"), *bars]),
            ],
            says=f"A {curve} of amplitude {amplitude:g}, starting at ({start[0]:g}, {start[1]:g}).",
            num_steps=24,
            narration=Narration("step {t}: x = {0:.3g}, y = {1:.2f}", np.column_stack([x, y]), last="the end"),
            slider_marks={"amplitude": [(1.0, "one")]},
        )  # fmt: skip


class Wanderer(Explorer):
    """A walk by hand."""

    title = "A walk"
    controls = (Walk("walk", ((0.2, 0.2),), (0.0, 1.0), (0.0, 1.0), longest=3),)

    def scene(self, walk) -> Scene:
        x, y = np.array(walk).T
        marks = [Line(x, y, label="walk"), Points(x[-1:], y[-1:], role="start", drag="walk")]
        return Scene([Panel("x", "y", (0, 1), (0, 1), marks)], says=f"You took {len(walk) - 1} steps.")


class _OneSlider(Explorer):
    controls = (linear("amplitude", 0.0, 1.0, 0.5, num=11),)

    def picture(self, y=1.0, **changes) -> Scene:
        panel = {
            "xlabel": "x",
            "ylabel": "y",
            "xlim": (0, 1),
            "ylim": (0, 1),
            "marks": [Line([0, 1], [0, y])],
            **changes,
        }
        return Scene([Panel(**panel)], says=f"A line that ends at {y}.")


class RaisesAtTheEnd(_OneSlider):
    def scene(self, amplitude):
        if amplitude == 1.0:
            raise ZeroDivisionError("the amplitude cannot be one")
        return self.picture()


class WarnsInTheMiddle(_OneSlider):
    def scene(self, amplitude):
        if amplitude == 0.5 and getattr(self, "values", None):
            warnings.warn("half is suspicious", stacklevel=1)
        return self.picture()


class LosesItsLimits(_OneSlider):
    def scene(self, amplitude):
        return self.picture(ylim=(0, np.inf if amplitude == 0.0 else 1.0))


class ForgetsTheLabel(_OneSlider):
    def scene(self, amplitude):
        return self.picture(ylabel="" if amplitude == 1.0 else "y")


class TableLies(_OneSlider):
    def scenes(self, settings):
        return [self.picture(y=len(settings)) for _ in settings]


class TableTooLarge(_OneSlider):
    def scene(self, amplitude):
        points = np.linspace(0, 1, 90_000) + amplitude
        return self.picture(marks=[Line(points, points)])


class TableTooLong(_OneSlider):
    """Numbers with nothing in common: they do not pack."""

    def scene(self, amplitude):
        points = np.random.default_rng(round(100 * amplitude)).uniform(size=8_000)
        return self.picture(marks=[Line(points, points[::-1].copy())])


BROKEN = {
    RaisesAtTheEnd: "the amplitude cannot be one",
    WarnsInTheMiddle: "half is suspicious",
    LosesItsLimits: "limits",
    ForgetsTheLabel: "no label",
    TableLies: "another picture in a table than alone",
    TableTooLarge: "over 3000000",
    TableTooLong: "over 200000",
}
