"""The explorers of lesson 07, RMSProp."""

from __future__ import annotations

import numpy as np

from optcourse import theory
from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Point, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.figures import Line, Narration, Points, Rule, Scene, Span, Text
from optcourse.models import SoftmaxRegression
from optcourse.objectives import cliff, quadratic
from optcourse.optimizers import AdaGrad, GradientDescent, RMSProp

WINDOW = ((-4.0, 4.0), (-4.0, 4.0))
NUM_STEPS = 60
DECAY = steps("decay_rate", (0.0, *(1 - np.geomspace(0.5, 0.001, 40))), 0.9)


class RMSPropExplorer(Explorer):
    """RMSProp's path beside AdaGrad's, and the effective learning rate of each coordinate."""

    title = "RMSProp beside AdaGrad"
    controls = (
        log("learning_rate", 0.005, 1.0, 0.15, num=61),
        DECAY,
        log("eps", 1e-8, 1.0, 1e-7, num=33),
        log("condition_number", 1.0, 100.0, 20.0, num=25),
        Point("start", (-3.0, 2.0), *WINDOW, label="start"),
    )

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        bowls = quadratic(all_of.condition_number)
        ours = descend(
            bowls, RMSProp(all_of.learning_rate, all_of.decay_rate, all_of.eps), all_of.start, NUM_STEPS
        )
        adagrad = descend(bowls, AdaGrad(all_of.learning_rate, all_of.eps), all_of.start, NUM_STEPS)
        return [self.picture(ours[i], adagrad[i], **s) for i, s in enumerate(settings)]

    def picture(self, trace, adagrad, learning_rate, decay_rate, eps, condition_number, start) -> Scene:
        bowl = quadratic(condition_number)
        own, _, error = parts.learners_run(
            self.yours,
            bowl,
            start,
            learning_rate=learning_rate,
            num_steps=NUM_STEPS,
            decay_rate=decay_rate,
            eps=eps,
        )
        t = np.arange(1, NUM_STEPS + 1)
        rate = learning_rate / (np.sqrt(trace.state["grad_squared"][1:]) + eps)
        adagrad_rate = learning_rate / (np.sqrt(adagrad.state["grad_squared"][1:]) + eps)
        limits = (1e-3, 1e4)

        def curve(values, role, label, dash):
            return Line(t, np.clip(values, *limits), role=role, label=label, dash=dash)

        rates = [
            curve(rate[:, 0], "path", "RMSProp, w[0]", "solid"),
            curve(rate[:, 1], "path", "RMSProp, w[1]", "dash"),
            curve(adagrad_rate[:, 0], "second", "AdaGrad, w[0]", "solid"),
            curve(adagrad_rate[:, 1], "second", "AdaGrad, w[1]", "dash"),
        ]
        now = np.vstack([rate[:1], rate])
        steps_so_far = np.arange(NUM_STEPS + 1)
        dots = [
            Points(steps_so_far, np.clip(now[:, k], *limits), role="path", by_step="at", size=9)
            for k in (0, 1)
        ]
        far = [float(np.linalg.norm(run.final)) for run in (trace, adagrad)]
        memory = np.vstack([trace.state["grad_squared"][1:], trace.state["grad_squared"][-1:]])
        return Scene(
            panels=[
                parts.plane_panel(
                    bowl,
                    [
                        *parts.minimum_marks(bowl),
                        Line(adagrad.w[:, 0], adagrad.w[:, 1], role="second", label="AdaGrad", marker=True),
                        *parts.run_marks(trace, "RMSProp", drag="start"),
                        Points(adagrad.w[:, 0], adagrad.w[:, 1], role="second", by_step="at", size=11),
                        *own,
                    ],
                    title="the valley from above",
                    window=WINDOW,
                ),
                panel(
                    axis("step", 0, NUM_STEPS),
                    log_axis("effective learning rate", *limits),
                    [*rates, *dots],
                    "learning_rate / (√grad_squared + eps)",
                ),
            ],
            says=(
                f"After {NUM_STEPS} steps RMSProp is {parts.say(far[0])} away from the minimum and AdaGrad {parts.say(far[1])}. "
                f"RMSProp's effective learning rates are now {parts.say(rate[-1, 0])} for w[0] and {parts.say(rate[-1, 1])} for "
                f"w[1]; they rise again when the gradients fall. AdaGrad's only fall."
            ),
            num_steps=NUM_STEPS,
            narration=Narration(
                "step {t}: dw = ({2:.3g}, {3:.3g});  grad_squared = ({4:.3g}, {5:.3g});  "
                f"w = ({{0:.3g}}, {{1:.3g}}) − {parts.say(learning_rate)} × dw / (√grad_squared + {parts.say(eps)})",
                np.column_stack([trace.w, trace.dw, memory]),
            ),
            notice=error,
        )


class MemoryExplorer(Explorer):
    """What the leaky mean remembers: the weight of each past square, and how long a loud past echoes."""

    title = "The memory of RMSProp"
    controls = (DECAY, log("loudness", 1.0, 100.0, 10.0, num=21, label="past gradients (now: 1)"))

    def scene(self, decay_rate, loudness) -> Scene:
        age = np.arange(101)
        weight = (1 - decay_rate) * decay_rate**age
        half = float(theory.half_life(decay_rate)) if decay_rate > 0 else 0.0
        window = float(theory.averaging_window(decay_rate))
        t = np.arange(101)
        grad_squared = 1 + (loudness**2 - 1) * decay_rate**t
        adagrad = 1 / np.sqrt(100 * loudness**2 + t)  # after 100 loud steps
        return Scene(
            panels=[
                panel(
                    axis("age of the square (steps)", 0, 60),
                    axis("part of the first weight", 0, 1.05),
                    [
                        Line(age, weight / weight[0], label="weight", marker=True),
                        Rule("x", half, role="velocity", label="half-life"),
                        Rule("x", window, role="theory", label="window 1/(1 − decay_rate)"),
                        Rule("y", 0.5, role="neutral", dash="dot"),
                    ],
                    "how much an old square still counts",
                ),
                panel(
                    axis("steps since the gradients became 1", 0, 100),
                    axis("size of a step / learning_rate", 0, 1.1),
                    [
                        Line(t, 1 / np.sqrt(grad_squared), label="RMSProp"),
                        Line(t, 10 * adagrad, role="second", label="AdaGrad (100 loud steps), × 10"),
                        Rule("y", 1.0, role="theory", label="nothing to forget"),
                    ],
                    "after loud gradients, quiet ones",
                ),
            ],
            says=(
                f"With decay_rate = {parts.say(decay_rate, 4)} the weight of a square halves every {parts.say(half)} steps; the "
                f"averaging window is {parts.say(window)} steps. {parts.say(20)} steps after gradients of "
                f"{parts.say(loudness)} became gradients of 1, RMSProp's step is {parts.say(1 / np.sqrt(grad_squared[20]))} × "
                f"learning_rate."
            ),
        )


class CliffExplorer(Explorer):
    """A landscape whose steepness changes: a wall, then a nearly flat floor. AdaGrad stalls, RMSProp forgets."""

    title = "Down the cliff, over the floor"
    controls = (
        log("learning_rate", 0.01, 1.0, 0.1, num=61),
        DECAY,
        Point("start", (3.8, 3.0), (-1.0, 4.0), (-4.0, 4.0), label="start"),
    )
    num_steps = 100

    def scenes(self, settings):
        all_of = parts.Stacked(settings)
        floor = cliff()
        ours = descend(
            floor, RMSProp(all_of.learning_rate, all_of.decay_rate, 1e-7), all_of.start, self.num_steps
        )
        adagrad = descend(floor, AdaGrad(all_of.learning_rate, 1e-7), all_of.start, self.num_steps)
        return [self.picture(ours[i], adagrad[i], **s) for i, s in enumerate(settings)]

    def picture(self, trace, adagrad, learning_rate, decay_rate, start) -> Scene:
        floor = cliff()
        own, own_loss, error = parts.learners_run(
            self.yours,
            floor,
            start,
            learning_rate=learning_rate,
            num_steps=self.num_steps,
            decay_rate=decay_rate,
            eps=1e-7,
        )
        losses = [(trace.loss, "RMSProp", "path"), (adagrad.loss, "AdaGrad", "second")]
        if own_loss is not None:
            losses.append((own_loss, "your code", "yours"))
        window = ((-1.0, 4.0), (-4.0, 4.0))
        if start[0] > 2.0:
            told = (
                f"The wall's largest slope was {parts.say(np.abs(trace.dw[:, 0]).max())}; on the floor slopes are below 0.4. "
                f"AdaGrad's divisor still holds the wall; RMSProp's fades by the factor {parts.say(decay_rate, 4)} a step."
            )
        else:
            told = "Both begin on the floor, with no wall to remember. AdaGrad's effective learning rates shrink all the same."
        return Scene(
            panels=[
                parts.plane_panel(
                    floor,
                    [
                        Span("x", 2.0, 4.0, role="bad", alpha=0.45, label="the wall"),
                        *parts.minimum_marks(floor),
                        Line(adagrad.w[:, 0], adagrad.w[:, 1], role="second", label="AdaGrad", marker=True),
                        *parts.run_marks(trace, "RMSProp", drag="start"),
                        Points(adagrad.w[:, 0], adagrad.w[:, 1], role="second", by_step="at", size=11),
                        *own,
                    ],
                    title="the cliff from above",
                    window=window,
                    equal=False,
                ),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-6, 1e2)),
            ],
            says=(
                f"After {self.num_steps} steps the loss is {parts.say(trace.loss[-1])} with RMSProp and "
                f"{parts.say(adagrad.loss[-1])} "
                f"with AdaGrad. {told}"
            ),
            num_steps=self.num_steps,
            notice=error,
        )


class EpsExplorer(Explorer):
    """eps outside the root and inside it: the step under a steady gradient, from large gradients to tiny ones."""

    title = "Two places for eps"
    controls = (log("eps", 1e-10, 1e-1, 1e-7, num=37),)

    def scene(self, eps) -> Scene:
        size = np.geomspace(1e-10, 10, 221)
        outside, inside = size / (size + eps), size / np.sqrt(size * size + eps)
        limits = (1e-10, 10.0)
        return Scene(
            panels=[
                panel(
                    log_axis("size of the gradient", *limits),
                    axis("step / learning_rate", 0, 1.15),
                    [
                        Line(size, outside, label="eps outside the root (lecture, PyTorch)"),
                        Line(size, inside, role="second", label="eps inside the root"),
                        Rule("x", eps, role="path", dash="dot", label="eps"),
                        Rule("x", float(np.sqrt(eps)), role="second", dash="dashdot", label="√eps"),
                        Text(3e-10, 1.02, "full step", role="neutral"),
                    ],
                    "how long a step is when the memory has settled",
                )
            ],
            says=(
                f"With eps = {parts.say(eps)} outside the root, steps shrink when gradients are as small as "
                f"{parts.say(eps)}. Inside "
                f"the root they shrink already at √eps = {parts.say(float(np.sqrt(eps)))}."
            ),
        )


class DigitsExplorer(Explorer):
    """Softmax regression on real digits: gradient descent, AdaGrad and RMSProp at the same learning rate."""

    title = "RMSProp on real digits"
    controls = (
        log("learning_rate", 1e-3, 1.0, 0.02, num=10, table=False),
        steps("decay_rate", (0.5, 0.9, 0.99, 0.999), 0.9, table=False),
    )
    num_steps = 60

    def scene(self, learning_rate, decay_rate) -> Scene:
        model = _digits()
        start = np.zeros(model.num_parameters)
        runs = {
            "RMSProp": ("path", RMSProp(learning_rate, decay_rate, 1e-7)),
            "AdaGrad": ("second", AdaGrad(learning_rate, 1e-7)),
            "gradient descent": ("third", GradientDescent(learning_rate)),
        }
        done = {
            name: descend(model, optimizer, start, self.num_steps, record=("loss",))
            for name, (_, optimizer) in runs.items()
        }
        losses = [(done[name].loss, name, role) for name, (role, _) in runs.items()]
        own, error = self.learners_losses(learning_rate, decay_rate)
        if own is not None:
            losses.append((own, "your code", "yours"))
        right = {name: 100 * model.accuracy(trace.final) for name, trace in done.items()}
        told = ", ".join(f"{name} {right[name]:.1f} %" for name in right)
        return Scene(
            panels=[parts.loss_panel(losses, self.num_steps, ylim=(1e-3, 1e2), title="loss on 600 digits")],
            says=f"After {self.num_steps} steps at learning_rate = {parts.say(learning_rate)}, recognised correctly: {told}.",
            num_steps=self.num_steps,
            notice=error,
        )

    def learners_losses(self, learning_rate: float, decay_rate: float) -> tuple[np.ndarray | None, str]:
        """The loss along the learner's own run, or None while the function is blank; and a sentence where it raised."""
        if self.yours is None:
            return None, ""
        from optcourse.learner.path import record_path

        model = _digits()
        path = record_path(
            self.yours,
            model,
            np.zeros(model.num_parameters),
            learning_rate=learning_rate,
            num_steps=self.num_steps,
            decay_rate=decay_rate,
            eps=1e-7,
        )
        if path.blank or path.error or not len(path.points):
            return None, path.error or ""
        with np.errstate(all="ignore"):  # a wrong update may go far away; it is drawn at the picture's rim
            own = np.array([model.value(w) for w in path.points])
        return np.clip(np.nan_to_num(own, nan=1e6), 1e-3, 1e6), ""


def _digits() -> SoftmaxRegression:
    from optcourse.data import load_digits

    digits = load_digits()
    return SoftmaxRegression(digits.X[:600], digits.y[:600])
