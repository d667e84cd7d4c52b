"""`import optcourse` costs little: what needs matplotlib or ipywidgets is loaded where it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "IPython",
    "jupytext",
    "nbformat",
    "torch",
    "scipy",
    "sklearn",
}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh Python holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(output.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import optcourse",
        "from optcourse import objectives, gradients, optimizers, schedules, theory, data, models, descent",
        "import optcourse.cli",
        "from optcourse import exercises; import optcourse.exercises.model",
    ],
)
def test_nothing_heavy_is_loaded(statement):
    assert loaded_by(statement) & HEAVY == set()


def test_the_measure_sees_a_heavy_import():
    assert "matplotlib" in loaded_by("import matplotlib")
