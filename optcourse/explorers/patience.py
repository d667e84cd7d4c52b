"""A learner's function in a figure. Every frame asks it anew; one that did not come back in time is not asked again."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

from optcourse.learner.blank import is_blank
from optcourse.learner.limits import TimeLimit


class Patient:
    """The function itself, until a time limit ends it once. From then on a call ends at once, as if its time were up.

    So a table of a hundred frames costs one time limit, and each frame says the same sentence. A function that the
    learner has mended is another one: it is asked again.
    """

    def __init__(self, function: Callable) -> None:
        functools.update_wrapper(self, function)
        # Where a traceback looks for the learner's own line.
        self.__code__ = getattr(function, "__code__", None)
        self.function = function
        self.seconds = 0.0  # spent in it so far
        self.asking = False  # also after a call that could not even be stopped

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.asking:
            raise TimeLimit
        self.asking = True
        began = time.perf_counter()
        try:
            result = self.function(*args, **kwargs)
        except TimeLimit:
            raise
        except BaseException:
            self.asking = False
            raise
        finally:
            self.seconds += time.perf_counter() - began
        self.asking = False
        return result


def patient(yours: Any) -> Any:
    """What a learner handed over (a function, several by name, a blank, nothing), each function asked with patience."""
    if isinstance(yours, Mapping):
        return {name: patient(function) for name, function in yours.items()}
    return Patient(yours) if callable(yours) and not is_blank(yours) else yours


def seconds_spent(yours: Any) -> float:
    """How long the functions of `patient` have run so far."""
    if isinstance(yours, Mapping):
        return sum(map(seconds_spent, yours.values()))
    return yours.seconds if isinstance(yours, Patient) else 0.0
