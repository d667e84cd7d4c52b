"""Conventions on which libraries disagree: which one is ours, and what the difference does.

Each test computes both conventions; where torch is installed, it is asked which one is its own.
"""

import importlib.util
import os

import numpy as np
import pytest

from optcourse.descent import descend
from optcourse.objectives import bowl, lecture_bowl, rosenbrock
from optcourse.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    AveragedMomentum,
    Momentum,
    Nesterov,
    NesterovLookAhead,
    RMSProp,
    RMSPropEpsInside,
    SutskeverMomentum,
)

START = np.array([-1.2, 1.0])


@pytest.fixture
def torch():
    if os.environ.get("CI") != "true" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch

    return torch


def torch_run(torch, make, gradients, schedule=lambda t: 1.0):
    """The points of a torch optimizer that is fed the given gradients, from START."""
    w = torch.tensor(START, requires_grad=True)
    optimizer = make([w])
    base = optimizer.param_groups[0]["lr"]
    path = [START.copy()]
    for t, dw in enumerate(gradients):
        optimizer.param_groups[0]["lr"] = base * schedule(t)
        w.grad = torch.tensor(dw)
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def our_run(optimizer, gradients, schedule=None):
    slopes = iter([*gradients, gradients[-1]])
    return descend(
        rosenbrock(), optimizer, START, len(gradients), gradient=lambda w: next(slopes), schedule=schedule
    ).w


def gradients(scale, count=40):
    return scale * np.random.default_rng(0).standard_normal((count, 2))


def same(a, b):
    return np.allclose(a, b, rtol=1e-12, atol=1e-12)


# eps inside or outside the root


def test_rmsprop_has_eps_outside_the_root_as_torch(torch):
    tiny = gradients(1e-4)
    theirs = torch_run(torch, lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9, eps=1e-6), tiny)
    assert same(our_run(RMSProp(0.01, 0.9, 1e-6), tiny), theirs)
    assert not np.allclose(our_run(RMSPropEpsInside(0.01, 0.9, 1e-6), tiny), theirs, rtol=0.05)


def test_the_place_of_eps_matters_once_gradients_are_as_small_as_its_root():
    for scale, close in ((1.0, True), (1e-4, False)):
        outside = our_run(RMSProp(0.01, 0.9, 1e-8), gradients(scale))
        inside = our_run(RMSPropEpsInside(0.01, 0.9, 1e-8), gradients(scale))
        assert np.allclose(outside, inside, rtol=1e-4) == close


def test_adagrad_has_eps_outside_and_starts_at_zero_as_torch(torch):
    tiny = gradients(1e-6)
    theirs = torch_run(torch, lambda w: torch.optim.Adagrad(w, lr=0.1, eps=1e-7), tiny)
    assert same(our_run(AdaGrad(0.1, 1e-7), tiny), theirs)
    from_a_tenth = torch_run(
        torch, lambda w: torch.optim.Adagrad(w, lr=0.1, eps=1e-7, initial_accumulator_value=0.1), tiny
    )
    assert not np.allclose(from_a_tenth, theirs, atol=0.01)


def test_adam_adds_eps_after_the_correction_as_torch(torch):
    tiny = gradients(1e-6)
    theirs = torch_run(torch, lambda w: torch.optim.Adam(w, lr=0.01, betas=(0.9, 0.999), eps=1e-6), tiny)
    assert same(our_run(Adam(0.01, 0.9, 0.999, 1e-6), tiny), theirs)

    w, m, v = START.copy(), np.zeros(2), np.zeros(2)
    for t, dw in enumerate(tiny, start=1):  # the paper's shortened form: eps before the correction
        m, v = 0.9 * m + (1 - 0.9) * dw, 0.999 * v + (1 - 0.999) * dw * dw
        w = w - 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-6)
    assert not np.allclose(w, theirs[-1], rtol=1e-3)


# Three ways to scale momentum


def halved(t):
    return 1.0 if t < 10 else 0.5


def test_momentum_keeps_the_learning_rate_outside_the_velocity_as_torch(torch):
    slopes = gradients(1.0)
    theirs = torch_run(torch, lambda w: torch.optim.SGD(w, lr=0.01, momentum=0.9), slopes, halved)
    assert same(our_run(Momentum(0.01, 0.9), slopes, halved), theirs)
    other = our_run(SutskeverMomentum(0.01, 0.9), slopes, halved)
    assert same(other[:11], theirs[:11]) and not np.allclose(other, theirs, atol=1e-3)


def test_averaged_momentum_is_torch_s_dampening_but_for_the_first_step(torch):
    slopes = gradients(1.0)
    slopes[0] = 0.0  # torch takes the first gradient undamped: without one the two agree
    theirs = torch_run(
        torch, lambda w: torch.optim.SGD(w, lr=0.01, momentum=0.9, dampening=0.9), slopes, halved
    )
    assert same(our_run(AveragedMomentum(0.01, 0.9), slopes, halved), theirs)
    assert same(our_run(Momentum(0.01 * (1 - 0.9), 0.9), slopes, halved), theirs)
    slopes[0] = 1.0
    theirs = torch_run(torch, lambda w: torch.optim.SGD(w, lr=0.01, momentum=0.9, dampening=0.9), slopes)
    assert np.allclose(theirs[1], START - 0.01 * slopes[0])
    assert np.allclose(our_run(AveragedMomentum(0.01, 0.9), slopes)[1], START - 0.001 * slopes[0])


# Two forms of Nesterov


@pytest.mark.parametrize("objective", [lecture_bowl(), rosenbrock()], ids=["bowl", "rosenbrock"])
def test_torch_s_nesterov_stores_the_look_ahead_point(objective, torch):
    learning_rate, rho = 5e-4, 0.9
    form = descend(objective, Nesterov(learning_rate, rho), START, 60)
    ahead = descend(objective, NesterovLookAhead(learning_rate, rho), START, 60)
    stored = ahead.w - learning_rate * rho * ahead.state["velocity"]
    np.testing.assert_allclose(form.w, stored, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(form.dw, ahead.dw, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(form.state["velocity"], ahead.state["velocity"], rtol=1e-9, atol=1e-10)
    assert not np.allclose(form.w[1:], ahead.w[1:], rtol=1e-4)

    theirs = torch_run(
        torch, lambda w: torch.optim.SGD(w, lr=learning_rate, momentum=rho, nesterov=True), form.dw[:60]
    )
    assert same(form.w, theirs)


def test_the_two_forms_part_when_the_learning_rate_changes():
    schedule = {"schedule": halved}
    form = descend(lecture_bowl(), Nesterov(0.05, 0.9), START, 30, **schedule)
    ahead = descend(lecture_bowl(), NesterovLookAhead(0.05, 0.9), START, 30, **schedule)
    assert np.allclose(form.dw[:10], ahead.dw[:10]) and not np.allclose(form.dw, ahead.dw, atol=1e-3)


# AMSGrad, AdamW


def test_amsgrad_takes_the_maximum_before_the_correction_as_torch(torch):
    slopes = gradients(1.0) * np.linspace(2, 0.1, 40)[:, None]
    theirs = torch_run(
        torch, lambda w: torch.optim.Adam(w, lr=0.01, betas=(0.9, 0.99), eps=1e-8, amsgrad=True), slopes
    )
    assert same(our_run(AMSGrad(0.01, 0.9, 0.99, 1e-8), slopes), theirs)

    w, m, v, largest = START.copy(), np.zeros(2), np.zeros(2), np.zeros(2)
    for t, dw in enumerate(slopes, start=1):  # the maximum of the corrected moment
        m, v = 0.9 * m + (1 - 0.9) * dw, 0.99 * v + (1 - 0.99) * dw * dw
        largest = np.maximum(largest, v / (1 - 0.99**t))
        w = w - 0.01 * m / (1 - 0.9**t) / (np.sqrt(largest) + 1e-8)
    assert not np.allclose(w, theirs[-1], rtol=1e-3)


def test_adamw_s_decay_is_multiplied_by_the_learning_rate_as_torch(torch):
    slopes = gradients(1.0)
    settings = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.2}
    theirs = torch_run(torch, lambda w: torch.optim.AdamW(w, lr=0.01, **settings), slopes, halved)
    assert same(our_run(AdamW(0.01, 0.9, 0.999, 1e-8, 0.2), slopes, halved), theirs)


# Default values


def test_defaults_that_differ_from_torch_s_are_the_ones_we_say(torch):
    def theirs(name):
        return getattr(torch.optim, name)([torch.zeros(1, requires_grad=True)]).defaults

    assert (AdaGrad().eps, theirs("Adagrad")["eps"]) == (1e-7, 1e-10)
    assert (RMSProp().eps, theirs("RMSprop")["eps"]) == (1e-7, 1e-8)
    assert RMSProp().decay_rate == theirs("RMSprop")["alpha"] == 0.99
    assert (Adam().beta1, Adam().beta2) == theirs("Adam")["betas"] == (0.9, 0.999)
    assert Adam().eps == theirs("Adam")["eps"] == 1e-8
    assert Adam().learning_rate == theirs("Adam")["lr"] == 1e-3
    assert AdamW().weight_decay == theirs("AdamW")["weight_decay"] == 1e-2


def test_without_torch_s_help_momentum_forms_agree_at_constant_rate():
    """The same facts where torch is missing."""
    a = descend(bowl([1.0, 0.1]), Momentum(0.1, 0.9), START, 40).w
    assert same(a, descend(bowl([1.0, 0.1]), SutskeverMomentum(0.1, 0.9), START, 40).w)
    assert same(a, descend(bowl([1.0, 0.1]), AveragedMomentum(0.1 / (1 - 0.9), 0.9), START, 40).w)
