"""A notebook that stays alive after its last cell: its explorers answer what a deck in the browser asks.

The notebook runs in a process of its own (execution.py). Afterwards that process keeps the explorers and answers, one at a time,
what their front end asks: a frame, a table of frames. No Jupyter server stands in between: a request of the browser is one line
into the process and one answer out of it, the same messages that anywidget would carry. server.py listens to the browser.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from optcourse.publishing.execution import (
    EXPLORER_MIME,
    CellFailed,
    end_with_input,
    forms,
    progress,
    read_notebook,
    run,
    start,
)
from optcourse.publishing.folder import own_folder

READY = b"ready"
TRIES = 3  # how often in a row a notebook that has ended is run again in vain
log = logging.getLogger("optcourse")


class Stopped(Exception):
    """The notebook's process has ended, or did not answer in time. It is being run again; the text says so."""


class Notebook:
    """A notebook that has run and still lives: `executed` is it with its outputs, `ask` moves its explorers.

    A context manager; raises CellFailed on entering when a cell fails or the whole takes more than `seconds`.
    Where its process ends later, whatever the reason, the notebook is run again in the background.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_cell: Callable[[int, int], None] | None = None,
        seconds: float = 300,
        patience: float = 60,
    ) -> None:
        self.path, self.on_cell, self.seconds, self.patience = Path(path), on_cell, seconds, patience
        self.lock = threading.Lock()  # one question at a time
        self.process: subprocess.Popen | None = None
        self.alive = threading.Event()  # its process answers
        self.failed = 0
        self.leaving = False
        self.reviving: threading.Thread | None = None

    def __enter__(self) -> Notebook:
        self.given = read_notebook(self.path)
        with contextlib.ExitStack() as kept:
            self.folder = kept.enter_context(own_folder())
            kept.callback(self._end)
            self.executed = self._run(self.on_cell)
            self.kept = kept.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.leaving = True
        self._end()
        if self.reviving is not None:
            self.reviving.join()
        self.kept.close()

    def _run(self, on_cell: Callable[[int, int], None] | None = None) -> nbformat.NotebookNode:
        """Run the notebook in a new process, which then answers. Raises CellFailed."""
        with open(self.folder / "errors.txt", "w+", encoding="utf-8", errors="replace") as errors:
            self.process, result = start(__name__, self.given, self.folder, stderr=errors)
            if self.leaving:
                self.process.kill()
            with _Deadline(self.process, self.seconds) as late:
                for line in self.process.stdout:
                    if line.strip() == READY:
                        self.alive.set()
                        return nbformat.read(result, as_version=4)
                    progress(line, on_cell)
            if late.is_set():
                raise CellFailed(f"{self.path.name} did not come to its end within {self.seconds:g} seconds")
            errors.seek(0)
            last = errors.read().strip().splitlines()[-1:] or ["the process ended early"]
            raise CellFailed(f"{self.path.name}: {last[0]}")

    def _end(self) -> None:
        self.alive.clear()
        process = self.process
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            # A question that was under way; its asker is told by `ask`.
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def ask(self, figure: Any, message: Any) -> bytes | None:
        """Hand a message of the front end to an explorer; its answer as it goes to the browser, if it gives one.

        Raises Stopped when the process has gone, or does not answer within `patience` seconds (it is ended then).
        """
        with self.lock:
            if not self.alive.is_set():
                raise Stopped(self._revive())
            with _Deadline(self.process, self.patience):
                body = self._exchange(json.dumps({"figure": figure, "message": message}).encode())
            if body is None:
                self._end()
                raise Stopped(self._revive())
        return body or None

    def _exchange(self, line: bytes) -> bytes | None:
        """What the process answers to a line; None where it has ended."""
        try:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()
            head = self.process.stdout.read(4)
            if len(head) < 4:
                return None
            (size,) = struct.unpack("<I", head)
            body = self.process.stdout.read(size)
        except OSError:
            return None
        return body if len(body) == size else None

    def _revive(self) -> str:
        """Run the notebook again in the background, unless that is under way or failed too often; the sentence to show."""
        if self.failed >= TRIES:
            return f"The notebook's process has ended, and running it again failed {TRIES} times."
        if not self.leaving and (self.reviving is None or not self.reviving.is_alive()):

            def again() -> None:
                try:
                    self._run()
                    self.failed = 0
                except CellFailed as error:
                    self.failed += 1
                    self._end()
                    log.warning("the notebook could not be run again: %s", error)
                if self.leaving:
                    self._end()

            self.reviving = threading.Thread(target=again, daemon=True)
            self.reviving.start()
        return "The notebook's process has ended. The notebook is being run again."


class _Deadline:
    """Ends a process that takes too long; a pipe that is read then comes to its end."""

    def __init__(self, process: subprocess.Popen, seconds: float) -> None:
        self.process, self.late = process, threading.Event()
        self.timer = threading.Timer(seconds, self.end)
        self.timer.daemon = True

    def end(self) -> None:
        self.late.set()
        self.process.kill()

    def __enter__(self) -> threading.Event:
        self.timer.start()
        return self.late

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


# -- in the notebook's process ------------------------------------------------------------------------------------


def main(path: str, result: str) -> None:
    """Run the notebook, then answer what comes in on standard input until it is closed."""
    from optcourse.explorers.engine import Explorer

    # Answers have the real standard output for themselves; anything else that is printed goes to standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    end_with_input(asked.put)
    figures: list[Explorer] = []
    shown_as = forms()
    packed = shown_as[Explorer]

    def numbered(explorer: Explorer) -> dict:
        data = packed(explorer)
        data[EXPLORER_MIME]["figure"] = len(figures)
        figures.append(explorer)
        return data

    def say(line: bytes) -> None:
        answers.write(line)
        answers.flush()

    run(Path(path), Path(result), lambda line: say(line.encode() + b"\n"), shown_as | {Explorer: numbered})
    say(READY + b"\n")
    while True:
        say(answer(figures, asked.get()))


def answer(figures: list, line: bytes) -> bytes:
    """What goes back for a line {"figure": number, "message": …}: size, size of the words, words, numbers. Size 0: nothing.

    An error is the answer to this line, and stops nothing.
    """
    try:
        asked = json.loads(line)
        number = asked["figure"]
        if type(number) is not int or not 0 <= number < len(figures):
            raise ValueError(f"there is no such figure; there are {len(figures)}")
        reply = figures[number].reply(asked["message"])
        if reply is None:
            return struct.pack("<I", 0)
        words, data = reply
        written = json.dumps(words, allow_nan=False).encode()
    except Exception as error:
        log.exception("a question could not be answered")
        sentence = f"This question could not be answered: {type(error).__name__}: {str(error)[:300]}."
        written, data = json.dumps({"kind": "error", "key": None, "sentence": sentence}).encode(), b""
    body = struct.pack("<I", len(written)) + written + data
    return struct.pack("<I", len(body)) + body


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
