"""The explorers of lesson 03, gradient descent."""

from __future__ import annotations

import numpy as np

from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.controls import Point, integers, linear, log
from optcourse.explorers.engine import Explorer
from optcourse.figures import Line, Narration, Scene
from optcourse.objectives import quadratic
from optcourse.optimizers import GradientDescent

WINDOW = ((-4.0, 4.0), (-4.0, 4.0))


class ValleyExplorer(Explorer):
    """Gradient descent in an elliptic valley: learning rate, condition number, rotation and start."""

    title = "Gradient descent in a valley"
    controls = (
        log("learning_rate", 0.01, 3.0, 0.5),
        log("condition_number", 1.0, 100.0, 10.0, num=41),
        linear("rotation", 0.0, 90.0, 0.0, num=31, unit="degrees"),
        integers("num_steps", 5, 100, 30, by=5),
        Point("start", (-3.0, 2.0), *WINDOW, label="start"),
    )

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        num_steps = max(s["num_steps"] for s in settings)
        bowls = quadratic(all_of.condition_number, np.radians(all_of.rotation))
        traces = descend(bowls, GradientDescent(all_of.learning_rate), all_of.start, int(num_steps))
        return [self.picture(traces.w[:, i], traces.loss[:, i], traces.dw[:, i], **s) for i, s in enumerate(settings)]

    def picture(self, w, loss, dw, learning_rate, condition_number, rotation, num_steps, start) -> Scene:
        w, loss, dw = w[: num_steps + 1], loss[: num_steps + 1], dw[: num_steps + 1]
        bowl = quadratic(condition_number, np.radians(rotation))
        best = 2 / (1 + 1 / condition_number)
        rate = max(abs(1 - learning_rate), abs(1 - learning_rate / condition_number))
        own, own_loss, error = parts.learners_run(self.yours, bowl, start, learning_rate=learning_rate, num_steps=num_steps)
        losses = [(loss, "gradient descent", "path")]
        if own_loss is not None:
            losses.append((own_loss, "your code", "yours"))
        theory_line = Line(
            np.arange(num_steps + 1), loss[0] * rate ** (2 * np.arange(num_steps + 1)), role="theory",
            label="predicted slope", width=1.5,
        )  # fmt: skip
        return Scene(
            panels=[
                parts.plane_panel(
                    bowl,
                    [*parts.minimum_marks(bowl), *_run(w, "gradient descent"), *own],
                    title="the valley from above",
                    window=WINDOW,
                ),
                parts.loss_panel(losses, 100, extra=[theory_line]),
            ],
            says=_verdict(learning_rate, condition_number, rate, loss, num_steps),
            num_steps=int(num_steps),
            narration=Narration(
                "step {t}: dw = ({2:.3g}, {3:.3g});  w = ({0:.3g}, {1:.3g}) − " + parts.say(learning_rate) + " × dw",
                np.column_stack([w, dw]),
            ),
            slider_marks={"learning_rate": [(best, "α*"), (2.0, "limit")]},
            notice=error,
        )


def _run(w, label):
    from optcourse.figures import Points

    return [
        Line(w[:, 0], w[:, 1], role="path", label=label, by_step="upto", marker=True),
        Points(w[:1, 0], w[:1, 1], role="start", size=10, drag="start"),
        Points(w[:, 0], w[:, 1], role="path", size=12, by_step="at"),
    ]


def _verdict(learning_rate, condition_number, rate, loss, num_steps) -> str:
    after = f"After {num_steps} steps the loss went from {parts.say(loss[0])} to {parts.say(loss[-1])}."
    if rate >= 1:
        return f"{after} The learning rate {parts.say(learning_rate)} is at or over the limit 2: the run does not settle."
    if learning_rate > 1:
        return f"{after} It zig-zags: along the steep axis each step multiplies by {parts.say(1 - learning_rate)}."
    return f"{after} It crawls: along the flat axis each step keeps {parts.say(1 - learning_rate / condition_number)} of the distance."
