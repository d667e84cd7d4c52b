"""The figure that the slider benchmark draws in every design, as one of our explorers."""

import importlib
import time
from collections.abc import Iterator

import numpy as np

from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.controls import linear
from optcourse.explorers.engine import Explorer
from optcourse.explorers.packing import pack
from optcourse.explorers.runs import Stacked
from optcourse.figures import Line, Scene
from optcourse.objectives import quadratic
from optcourse.optimizers import GradientDescent


class Same(Explorer):
    """Contours, a 200-step path and a loss curve."""

    title = "Benchmark figure"
    controls = (linear("learning_rate", 0.05, 1.95, 0.5, num=191),)

    def scenes(self, settings):
        bowl = quadratic(10.0)
        trace = descend(bowl, GradientDescent(Stacked(settings).learning_rate), (-3.0, 2.0), 200)
        return [
            Scene(
                [
                    parts.plane_panel(bowl, [Line(w[:, 0], w[:, 1], marker=True)], title="path"),
                    parts.loss_panel([(loss, "loss", "path")], 200, ylim=(1e-30, 1e2), by_step=False),
                ],
                says=f"200 steps with learning_rate = {s['learning_rate']:.3g} end at a loss of {loss[-1]:.2g}.",
            )
            for s, w, loss in zip(settings, np.moveaxis(trace.w, 1, 0), trace.loss.T, strict=True)
        ]


def every_first_table() -> Iterator[tuple[str, float, int]]:
    """(figure and control, seconds, bytes as sent) of every table of the lessons' figures at their defaults, asked once."""
    for number in range(10):
        module = importlib.import_module(f"optcourse.explorers.lesson_{number:02d}")
        for figure in vars(module).values():
            ours = (
                isinstance(figure, type)
                and issubclass(figure, Explorer)
                and figure.__module__ == module.__name__
            )
            if not ours or not figure.controls:
                continue
            explorer = figure()
            # The data that a lesson has loaded by the time its figure is there.
            explorer.frame()
            for control in explorer.controls:
                if not control.table:
                    continue
                began = time.perf_counter()
                made = explorer.table(control.name, explorer.values)
                if made is not None:
                    block = pack(*made)
                    taken = time.perf_counter() - began
                    yield f"{number:02d} {figure.__name__}.{control.name}", taken, len(block)
