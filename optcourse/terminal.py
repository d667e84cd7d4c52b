"""How far a command is: a bar that moves on a terminal, and how long the rest will take."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import Any, TextIO


class MovingLine:
    """The bar, how much is done, and how long the rest will take; on standard output unless another stream is given.

    Off a terminal `moving` is False: then do not draw it, but print a line now and then.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream, self.began = stream or sys.stdout, time.monotonic()
        self.moving = self.stream.isatty()
        self._bar: Any = None

    def draw(self, done: float, total: int, words: str) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
        self._bar.total, self._bar.n = total, done
        self._bar.ncols = shutil.get_terminal_size().columns - 1
        self._bar.set_description_str(
            f"{int(done)}/{total}  {self.left(done, total)}  {words}", refresh=False
        )
        self._bar.refresh()

    def _new_bar(self) -> Any:
        from tqdm import tqdm

        class Bar(tqdm):
            monitor_interval = 0  # no thread that watches it

        # tqdm's own lock is for several processes, and would start one; only this process draws the line
        Bar.set_lock(threading.RLock())
        return Bar(
            file=self.stream, total=1, leave=False, delay=1e-9, disable=False, bar_format="{bar:20} {desc}"
        )

    def left(self, done: float, total: int) -> str:
        """The time that the rest takes if it goes on like this."""
        seconds = (time.monotonic() - self.began) / max(done, 0.1) * (total - done)
        return (
            f"{seconds // 60:.0f} min {seconds % 60:02.0f} s left"
            if seconds >= 60
            else f"{seconds:.0f} s left"
        )

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()
