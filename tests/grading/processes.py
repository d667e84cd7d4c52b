"""Processes that tests of grading look for."""

import contextlib
import os

import psutil


def judges_below() -> list[psutil.Process]:
    """The judges that this process has, also through others."""
    found = []
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "optcourse.grading.pool" in " ".join(process.cmdline()):
                found.append(process)
    return found
