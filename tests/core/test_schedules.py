"""Schedules: their values, against torch's where it has them, and bad input."""

import importlib.util
import os

import numpy as np
import pytest

from optcourse.schedules import constant, cosine, exponential, inverse_root, step, warm_up


def test_values():
    assert [constant()(t) for t in (0, 5)] == [1.0, 1.0]
    assert [step(10, 0.5)(t) for t in (0, 9, 10, 19, 20)] == [1.0, 1.0, 0.5, 0.5, 0.25]
    assert [exponential(0.5)(t) for t in range(3)] == [1.0, 0.5, 0.25]
    assert [inverse_root()(t) for t in (0, 3)] == [1.0, 0.5]
    np.testing.assert_allclose([cosine(10)(t) for t in (0, 5, 10, 20)], [1.0, 0.5, 0.0, 0.0], atol=1e-16)
    assert [cosine(10, floor=0.2)(t) for t in (0, 10, 99)] == [1.0, 0.2, 0.2]
    assert [warm_up(4)(t) for t in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert [warm_up(2, then=exponential(0.5))(t) for t in range(5)] == [0.5, 1.0, 1.0, 0.5, 0.25]


@pytest.mark.parametrize(
    "schedule",
    [constant(), step(3), exponential(0.9), inverse_root(), cosine(20, 0.1), warm_up(5, then=cosine(10))],
)
def test_an_array_of_steps_gives_what_single_steps_give(schedule):
    many = schedule(np.arange(30))
    np.testing.assert_allclose(many, [schedule(t) for t in range(30)], rtol=1e-15)
    assert ((many >= 0) & (many <= 1)).all()


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (step(4, 0.3), "StepLR", {"step_size": 4, "gamma": 0.3}),
        (exponential(0.9), "ExponentialLR", {"gamma": 0.9}),
        (cosine(25, 0.1), "CosineAnnealingLR", {"T_max": 25, "eta_min": 0.05}),
    ],
)
def test_against_torch(ours, name, settings):
    if os.environ.get("CI") != "true" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **settings)
    theirs = []
    for _ in range(25):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    np.testing.assert_allclose(0.5 * ours(np.arange(25)), theirs, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: step(0), ValueError, "every must be 1 or more, got 0"),
        (lambda: step(2.5), TypeError, "every must be a whole number"),
        (lambda: step(2, 1.5), ValueError, "factor must be > 0 and <= 1, got 1.5"),
        (lambda: exponential(0.0), ValueError, "decay must be > 0 and <= 1, got 0.0"),
        (lambda: exponential(float("nan")), ValueError, "decay must be > 0 and <= 1, got nan"),
        (lambda: cosine(0), ValueError, "num_steps must be 1 or more"),
        (lambda: cosine(5, -0.1), ValueError, "floor must lie from 0 to 1, got -0.1"),
        (lambda: warm_up(0), ValueError, "num_steps must be 1 or more"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
