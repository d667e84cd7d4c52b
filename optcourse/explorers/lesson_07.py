"""The explorers of lesson 07, RMSProp."""

from __future__ import annotations

from functools import cache

import numpy as np

from optcourse import theory
from optcourse.data import load_digits
from optcourse.descent import descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Point, log, steps
from optcourse.explorers.engine import Explorer
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer
from optcourse.figures import Line, Panel, Rule, Run, Scene, Span, Text
from optcourse.figures.palette import OPTIMIZERS
from optcourse.models import SoftmaxRegression
from optcourse.objectives import cliff, quadratic
from optcourse.optimizers import AdaGrad, GradientDescent, RMSProp

WINDOW = ((-4.0, 4.0), (-4.0, 4.0))
NUM_STEPS, EPS = 60, 1e-7
DECAY = steps("decay_rate", (0.0, *(1 - np.geomspace(0.5, 0.001, 40))), 0.9)


class RMSPropExplorer(RunExplorer):
    """RMSProp's path beside AdaGrad's, and the effective learning rate of each coordinate."""

    title = "RMSProp beside AdaGrad"
    controls = (
        log("learning_rate", 0.005, 1.0, 0.15, num=61),
        DECAY,
        log("eps", 1e-8, 1.0, 1e-7, num=33),
        log("condition_number", 1.0, 100.0, 20.0, num=25),
        Point("start", (-3.0, 2.0), *WINDOW, label="start"),
    )

    def runs(self, all_of):
        bowls = quadratic(all_of.condition_number)
        ours = RMSProp(all_of.learning_rate, all_of.decay_rate, all_of.eps)
        theirs = AdaGrad(all_of.learning_rate, all_of.eps)
        return tuple(descend(bowls, optimizer, all_of.start, NUM_STEPS) for optimizer in (ours, theirs))

    def picture(self, at, run, adagrad) -> Scene:
        bowl = quadratic(at.condition_number)
        given = at.only("learning_rate", "decay_rate", "eps")
        own = parts.learners_run(self.yours, bowl, at.start, num_steps=NUM_STEPS, **given)
        t = np.arange(NUM_STEPS + 1)
        rate, adagrad_rate = (
            at.learning_rate / (np.sqrt(trace.state["grad_squared"][1:]) + at.eps) for trace in (run, adagrad)
        )
        curves = []
        for rates, name in ((adagrad_rate, "AdaGrad"), (rate, "RMSProp")):
            now, role = np.vstack([rates[:1], rates]), OPTIMIZERS[name]
            shared = {"role": role, "run": Run(name, role, {"effective rate": now})}
            for k, dash in ((0, None), (1, "dash")):
                curves += parts.run_line(t, now[:, k], f"{name}, w[{k}]", dash=dash, **shared)
        rates = log_axis("effective learning rate", 1e-3, 1e4, keep=(1e-3, 1e4))
        far = [float(np.linalg.norm(trace.final)) for trace in (run, adagrad)]
        return Scene(
            panels=[
                valley_of_two(bowl, run, adagrad, own, "the valley from above", window=WINDOW),
                panel(axis("step", 0, NUM_STEPS), rates, curves, "effective learning rates"),
            ],
            says=(
                f"After {NUM_STEPS} steps RMSProp is {say(far[0])} away from the minimum and AdaGrad {say(far[1])}. "
                f"RMSProp's effective learning rates are now {say(rate[-1, 0])} for w[0] and {say(rate[-1, 1])} for "
                f"w[1]; they rise again when the gradients fall. AdaGrad's only fall."
            ),
            num_steps=NUM_STEPS,
            focus="RMSProp",
            notice=own.notice,
        )


def valley_of_two(objective, run, adagrad, own: parts.Yours, title: str, before=(), **how) -> Panel:
    """RMSProp's path from above, AdaGrad's and the learner's beside it; `before` lies below all of them."""
    marks = [
        *before,
        *parts.minimum_marks(objective),
        *parts.run_line(
            *adagrad.w.T, "AdaGrad", role="adagrad", run=parts.run_of("AdaGrad", "adagrad", adagrad)
        ),
        *parts.run_marks(run, "RMSProp", role="rmsprop", drag="start"),
        *own.path,
    ]
    return parts.plane_panel(objective, marks, title, **how)


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
        weights = [
            Line(age, weight / weight[0], role="rmsprop", label="weight", marker=True),
            Rule("x", half, role="theory", label="half-life"),
            Rule("x", window, role="limit", label="window 1/(1 − decay_rate)"),
            Rule("y", 0.5, role="neutral", dash="dot"),
        ]
        lengths = [
            Line(t, 1 / np.sqrt(grad_squared), role="rmsprop", label="RMSProp", dash="solid"),
            Line(t, 10 * adagrad, role="adagrad", label="AdaGrad, × 10"),
            Rule("y", 1.0, role="theory", label="nothing to forget"),
        ]
        ages, share = axis("age of the square (steps)", 0, 60), axis("part of the first weight", 0, 1.05)
        since, length = (
            axis("steps since the gradients became 1", 0, 100),
            axis("size of a step / learning_rate", 0, 1.1),
        )
        return Scene(
            panels=[
                panel(ages, share, weights, "what an old square counts"),
                panel(since, length, lengths, "loud gradients, then quiet"),
            ],
            says=(
                f"With decay_rate = {say(decay_rate, 4)} the weight of a square halves every {say(half)} steps; the "
                f"averaging window is {say(window)} steps. {say(20)} steps after gradients of "
                f"{say(loudness)} became gradients of 1, RMSProp's step is {say(1 / np.sqrt(grad_squared[20]))} × "
                f"learning_rate."
            ),
        )


class CliffExplorer(RunExplorer):
    """A landscape whose steepness changes: a wall, then a nearly flat floor. AdaGrad stalls, RMSProp forgets."""

    title = "Down the cliff, over the floor"
    controls = (
        log("learning_rate", 0.01, 1.0, 0.1, num=61),
        DECAY,
        Point("start", (3.8, 3.0), (-1.0, 4.0), (-4.0, 4.0), label="start"),
    )
    num_steps = 100

    def runs(self, all_of):
        optimizers = RMSProp(all_of.learning_rate, all_of.decay_rate, EPS), AdaGrad(all_of.learning_rate, EPS)
        return tuple(descend(cliff(), one, all_of.start, self.num_steps) for one in optimizers)

    def picture(self, at, run, adagrad) -> Scene:
        given = at.only("learning_rate", "decay_rate")
        own = parts.learners_run(self.yours, cliff(), at.start, num_steps=self.num_steps, eps=EPS, **given)
        losses = [(run.loss, "RMSProp", "rmsprop"), (adagrad.loss, "AdaGrad", "adagrad"), *own.losses()]
        wall = Span("x", 2.0, 5.0, role="bad", alpha=0.45, label="the wall")
        how = {"window": ((-1.0, 5.0), (-4.0, 4.0)), "equal": False}
        if at.start[0] > 2.0:
            told = (
                f"The wall's largest slope was {say(np.abs(run.dw[:, 0]).max())}; on the floor slopes are below 0.4. "
                f"AdaGrad's divisor still holds the wall; RMSProp's fades by the factor {say(at.decay_rate, 4)} a step."
            )
        else:
            told = "Both begin on the floor, with no wall to remember. AdaGrad's effective learning rates shrink all the same."
        return Scene(
            panels=[
                valley_of_two(cliff(), run, adagrad, own, "the cliff from above", before=[wall], **how),
                parts.loss_panel(losses, self.num_steps, ylim=(1e-6, 1e2)),
            ],
            says=(
                f"After {self.num_steps} steps the loss is {say(run.loss[-1])} with RMSProp and "
                f"{say(adagrad.loss[-1])} "
                f"with AdaGrad. {told}"
            ),
            num_steps=self.num_steps,
            focus="RMSProp",
            notice=own.notice,
        )


class EpsExplorer(Explorer):
    """eps outside the root and inside it: the step under a steady gradient, from large gradients to tiny ones."""

    title = "Two places for eps"
    controls = (log("eps", 1e-10, 1e-1, 1e-7, num=37),)

    def scene(self, eps) -> Scene:
        size = np.geomspace(1e-10, 10, 221)
        outside, inside = size / (size + eps), size / np.sqrt(size * size + eps)
        curves = [
            Line(
                size, outside, role="rmsprop", label="eps outside the root (lecture, PyTorch)", dash="solid"
            ),
            Line(size, inside, role="theory", label="eps inside the root"),
            Rule("x", eps, role="rmsprop", label="eps"),
            Rule("x", float(np.sqrt(eps)), role="theory", label="√eps"),
            Text(3e-10, 1.02, "full step", role="neutral"),
        ]
        gradient, length = (
            log_axis("size of the gradient", 1e-10, 10.0),
            axis("step / learning_rate", 0, 1.15),
        )
        return Scene(
            panels=[panel(gradient, length, curves, "how long a step is when the memory has settled")],
            says=(
                f"With eps = {say(eps)} outside the root, steps shrink when gradients are as small as "
                f"{say(eps)}. Inside "
                f"the root they shrink already at √eps = {say(float(np.sqrt(eps)))}."
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
        model = six_hundred()
        runs = {
            "RMSProp": RMSProp(learning_rate, decay_rate, EPS),
            "AdaGrad": AdaGrad(learning_rate, EPS),
            "gradient descent": GradientDescent(learning_rate),
        }
        done = {
            name: descend(model, optimizer, model.initial(), self.num_steps, record=("loss",))
            for name, optimizer in runs.items()
        }
        given = {"learning_rate": learning_rate, "decay_rate": decay_rate, "eps": EPS}
        own = digits.learners_run(
            self.yours, model, model.initial(), model, num_steps=self.num_steps, **given
        )
        losses = [*((done[name].loss, name, OPTIMIZERS[name]) for name in runs), *own.losses()]
        right = {name: 100 * model.accuracy(trace.final) for name, trace in done.items()}
        told = ", ".join(f"{name} {right[name]:.1f} %" for name in right)
        return Scene(
            panels=[parts.loss_panel(losses, self.num_steps, ylim=(1e-2, 1e2), title="loss on 600 digits")],
            says=f"After {self.num_steps} steps at learning_rate = {say(learning_rate)}, recognised correctly: {told}.",
            num_steps=self.num_steps,
            notice=own.notice,
        )


@cache
def six_hundred() -> SoftmaxRegression:
    """Softmax regression on the first 600 digits."""
    shown = load_digits()
    return SoftmaxRegression(shown.X[:600], shown.y[:600])
