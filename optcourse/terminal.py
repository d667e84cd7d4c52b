"""A bar that moves on a terminal, for commands that take a while. A library would be a requirement for these lines alone."""

from __future__ import annotations

import shutil
import sys
import time


class MovingLine:
    """The bar, how much is done, and how long the rest will take. Off a terminal (`moving` is False) it is not drawn."""

    def __init__(self) -> None:
        self.moving, self.began = sys.stdout.isatty(), time.monotonic()

    def draw(self, done: float, total: int, words: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        filled = "█" * int(20 * done / total)
        line = f"{filled:░<20} {int(done)}/{total}  {self.left(done, total)}  {words}"
        print(f"\r{line[:width]}\033[K", end="", flush=True)

    def left(self, done: float, total: int) -> str:
        """The time that the rest takes if it goes on like this."""
        seconds = (time.monotonic() - self.began) / max(done, 0.1) * (total - done)
        return (
            f"{seconds // 60:.0f} min {seconds % 60:02.0f} s left"
            if seconds >= 60
            else f"{seconds:.0f} s left"
        )

    def clear(self) -> None:
        if self.moving:
            print("\r\033[K", end="", flush=True)
