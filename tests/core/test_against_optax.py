"""Our newer optimizers walk where optax's do, by the values that record_optax.py wrote down."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from optcourse import after_adam, objectives
from optcourse.after_adam import newton_schulz
from optcourse.descent import descend

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "optax_reference.json").read_text())
MATRICES = runpy.run_path(str(HERE / "record_optax.py"))["MATRICES"]


def our_path(case, **changed):
    optimizer = getattr(after_adam, case["optimizer"])(**{**case["hyperparameters"], **changed})
    objective = objectives.build(tuple(case["recipe"]))
    return descend(objective, optimizer, case["start"], REFERENCE["num_steps"]).w[:: REFERENCE["every"]]


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda case: f"{case['optimizer']}-{case['recipe'][0]}"
)
def test_recorded_paths(case):
    np.testing.assert_allclose(our_path(case), case["points"], rtol=1e-9, atol=1e-12)
    with pytest.raises(AssertionError):  # and the comparison bites
        np.testing.assert_allclose(
            our_path(case, learning_rate=0.0201), case["points"], rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("name", MATRICES)
def test_recorded_newton_schulz(name):
    np.testing.assert_allclose(newton_schulz(MATRICES[name]), REFERENCE["newton_schulz"][name], atol=1e-12)


def test_the_recording_says_who_was_recorded():
    assert REFERENCE["optax"] == "0.2.8"
    assert {case["optimizer"] for case in REFERENCE["cases"]} == {
        "Lion", "ScheduleFreeSGD", "ScheduleFreeAdam",
    }  # fmt: skip
