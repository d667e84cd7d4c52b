"""optcourse: how neural networks are trained, one algorithm at a time.

Importing it costs little more than NumPy: what needs matplotlib or ipywidgets is loaded where it is used.
"""

import importlib
from typing import Any

_LAZY = {
    "audit": "optcourse.auditing",
    "check": "optcourse.checking.check",
    "my_name": "optcourse.progress",
    "hints": "optcourse.questions.widgets",
    "predict": "optcourse.questions.widgets",
    "quiz": "optcourse.questions.widgets",
    "descend": "optcourse.descent",
    "Trace": "optcourse.descent",
    "Objective": "optcourse.objectives",
    "record_path": "optcourse.learner.path",
}
_MODULES = (
    "authoring checking data descent exercises explorers figures gradients grading models objectives "
    "optimizers progress publishing schedules theory"
).split()

__all__ = [*_LAZY, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:  # `progress` is a module that can be called: optcourse.progress()
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
