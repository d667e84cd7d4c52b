"""Our optimizers walk where torch's do: recorded values always, torch itself where it is installed."""

import inspect
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from optcourse import objectives, optimizers
from optcourse.descent import descend
from optcourse.noise import clip_by_norm

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "torch_reference.json").read_text())
RECORDER = runpy.run_path(str(HERE / "record_torch.py"))
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def our_path(name, hyperparameters, recipe, start, num_steps):
    optimizer = getattr(optimizers, name)(**hyperparameters)
    return descend(objectives.build(tuple(recipe)), optimizer, start, num_steps).w


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda case: f"{case['optimizer']}-{case['recipe'][0]}"
)
def test_recorded_values(case):
    path = our_path(
        case["optimizer"], case["hyperparameters"], case["recipe"], case["start"], REFERENCE["num_steps"]
    )
    np.testing.assert_allclose(path[:: REFERENCE["every"]], case["points"], **TOLERANCE)


def test_the_recording_says_who_was_recorded_and_covers_every_optimizer_that_torch_has():
    assert REFERENCE["torch"].startswith("2.13")
    recorded = {case["optimizer"] for case in REFERENCE["cases"]}
    ours = {cls.__name__ for cls in vars(optimizers).values() if isinstance(cls, type)}
    without_torch_twin = {
        "Optimizer",
        "State",
        "SimpleNamespace",
        "NesterovLookAhead",  # test_conventions.py compares it with Nesterov
        "AdamAlmost",
        "SutskeverMomentum",
        "AveragedMomentum",
        "RMSPropEpsInside",
        "Field",
    }
    assert ours - recorded == without_torch_twin


@pytest.mark.parametrize("row", RECORDER["OPTIMIZERS"], ids=lambda row: row[0])
@pytest.mark.usefixtures("torch")
def test_live_torch(row):
    name, ours, torch_class, theirs = row
    for recipe, start in RECORDER["PROBLEMS"]:
        expected = RECORDER["torch_path"](torch_class, theirs, recipe, start, 100)
        np.testing.assert_allclose(our_path(name, ours, recipe, start, 100), expected, **TOLERANCE)


@pytest.mark.parametrize("row", RECORDER["OPTIMIZERS"], ids=lambda row: row[0])
def test_live_torch_open_loop_in_many_dimensions(row, torch):
    """The same random gradients to both, so that nothing but the update is compared."""
    name, ours, torch_class, theirs = row
    rng = np.random.default_rng(5)
    gradients = rng.standard_normal((200, 30)) * 10.0 ** rng.integers(-3, 3, size=30)
    start = rng.standard_normal(30)

    w = torch.tensor(start, requires_grad=True)
    twin = getattr(torch.optim, torch_class)([w], **theirs)
    optimizer, mine = getattr(optimizers, name)(**ours), start.copy()
    state = optimizer.init(mine)
    for dw in gradients:
        w.grad = torch.from_numpy(dw.copy())
        twin.step()
        optimizer.step(mine, dw, state)
    np.testing.assert_allclose(mine, w.detach().numpy(), **TOLERANCE)


def library_calls() -> list[str]:
    """The lines of the lessons that call an optimizer of torch."""
    sources = sorted((HERE.parents[1] / "source").glob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return re.findall(r"^# (torch\.optim\.\w+\(params.*?\))", text, flags=re.MULTILINE)


def test_the_lessons_calls_of_torch_can_be_made(torch):
    calls = library_calls()
    assert len(calls) >= 6
    for call in calls:
        made = eval(call, {"torch": torch, "params": [torch.zeros(2, requires_grad=True)]})
        assert isinstance(made, torch.optim.Optimizer)
    assert "decoupled_weight_decay" in inspect.signature(torch.optim.Adam).parameters


def test_torch_clips_by_a_millionth_more(torch):
    """What lesson 14's conventions say: it divides by the length and 1e-6, in place; short gradients stay."""
    for dw, length in (([3.0, 4.0], 5.0), ([0.3, 0.4], 0.5)):
        weights = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
        weights.grad = torch.tensor(dw, dtype=torch.float64)
        torch.nn.utils.clip_grad_norm_([weights], 1.0)
        expected = clip_by_norm(np.array(dw), 1.0) * (length / (length + 1e-6) if length > 1 else 1)
        np.testing.assert_allclose(weights.grad.numpy(), expected, **TOLERANCE)
