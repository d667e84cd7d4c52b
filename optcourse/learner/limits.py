"""A time limit for a learner's function: an endless loop ends with a sentence, and the kernel lives on."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from types import FrameType
from typing import Any


class TimeLimit(BaseException):
    """Raised inside a function that runs too long. Not an Exception, so that `except Exception` does not catch it."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or ("time limit",)))


class StillRunning(Exception):
    """The function could not be stopped: it hangs in code that never comes back to Python."""


REPEAT = 0.1  # a bare `except:` inside a loop swallows the first stop, so it is repeated


def call_with_limit(function: Callable[[], Any], seconds: float, wall: float | None = None) -> Any:
    """Call `function()`; raise TimeLimit inside it after `seconds`.

    wall: with it, `seconds` are those of a processor, so that what else runs on the machine costs nothing, and `wall`
    is the end by the clock on the wall, for a function that waits. Only timers can tell the two apart.

    In the main thread an interval timer does it, where the system has one; elsewhere the function runs in a
    thread of its own, which is stopped from outside. Neither slows the function down. Python in a browser has
    neither timers nor threads: there the clock is looked at before every line of the learner's code.
    """
    if sys.platform == "emscripten":
        return _with_trace(function, wall or seconds)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and hasattr(signal, "setitimer"):
        return _with_timer(function, seconds, wall)
    return _in_thread(function, wall or seconds)


def _with_timer(function: Callable[[], Any], seconds: float, wall: float | None) -> Any:
    active = True

    def ring(signum, frame):
        if active:
            raise TimeLimit

    clocks = [(signal.ITIMER_REAL, signal.SIGALRM, seconds)]
    if wall is not None:
        clocks = [(signal.ITIMER_PROF, signal.SIGPROF, seconds), (signal.ITIMER_REAL, signal.SIGALRM, wall)]
    began = time.monotonic()
    before = []
    for clock, number, after in clocks:
        before.append((clock, number, signal.signal(number, ring), signal.setitimer(clock, after, REPEAT)))
    try:
        try:
            return function()
        finally:
            active = False
    finally:
        for clock, number, handler, (left, repeat) in before:
            signal.setitimer(clock, 0)
            signal.signal(number, handler)
            if left:  # a timer that was running, for instance pytest-timeout's, goes on
                signal.setitimer(clock, max(left - (time.monotonic() - began), 1e-3), repeat)


def _in_thread(function: Callable[[], Any], seconds: float) -> Any:
    box: dict[str, Any] = {}

    def work() -> None:
        try:
            box["result"] = function()
        except BaseException as error:  # handed on to the caller's thread below
            box["error"] = error

    thread = threading.Thread(target=work, daemon=True, name="optcourse-check")
    thread.start()
    thread.join(seconds)
    give_up = time.monotonic() + 2.0
    while thread.is_alive() and time.monotonic() < give_up:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeLimit))
        thread.join(REPEAT)
    if thread.is_alive():
        raise StillRunning
    if "error" in box:
        raise box["error"]
    return box["result"]


@lru_cache(maxsize=1)
def _libraries() -> tuple[str, ...]:
    """Folders of code that is not the learner's: the clock is looked at in its calls, not in its lines, for speed."""
    import sysconfig  # here, because a browser alone needs it, and the grader starts a thousand processes
    from pathlib import Path

    return (
        str(Path(__file__).resolve().parents[1]),
        *(sysconfig.get_path(kind) for kind in ("stdlib", "purelib")),
        *(path for path in sys.path if path.endswith(".zip")),  # a browser's standard library is one file
    )


def _with_trace(function: Callable[[], Any], seconds: float) -> Any:
    """Look at the clock at every call and at every line of the learner's code.

    What it cannot stop: a loop that swallows the stop with a bare `except:` (Python ends the tracing when it raises).
    """
    end = time.monotonic() + seconds
    libraries = _libraries()

    def look(frame: FrameType, event: str, argument: object) -> Callable | None:
        if time.monotonic() > end:
            raise TimeLimit
        return None if frame.f_code.co_filename.startswith(libraries) else look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        return function()
    finally:
        sys.settrace(before)
