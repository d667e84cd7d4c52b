"""A notebook that stays alive after its last cell, and the server through which a deck in the browser talks to its explorers.

The notebook runs in a process of its own (execution.py). Afterwards that process keeps the explorers and answers, one at a time,
what their front end asks: a frame, a table of frames. No Jupyter server stands in between: a request of the browser is one line
into the process and one answer out of it, the same messages that anywidget would carry.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat

from optcourse.place import with_quiet_blas
from optcourse.publishing.execution import PROGRESS, CellFailed, run

READY = "ready"
LARGEST_QUESTION = 1_000_000


class PortTaken(Exception):
    """The port that was asked for cannot be had; the text says what to do."""


class Stopped(Exception):
    """The notebook's process has ended, or did not answer in time."""


class Notebook:
    """A notebook that has run and still lives: `executed` is it with its outputs, `ask` moves its explorers.

    A context manager; raises CellFailed on entering when a cell fails or the whole takes more than `seconds`.
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
        self.lock = threading.Lock()

    def __enter__(self) -> Notebook:
        try:
            given = nbformat.read(self.path, as_version=4)
        except Exception as error:  # nbformat raises whatever its parts raise, and a file may hold anything
            raise CellFailed(f"{self.path.name} is no notebook: {type(error).__name__}: {error}") from error
        self.folder = tempfile.TemporaryDirectory(prefix="optcourse-live-")
        cells, result = Path(self.folder.name, "cells.json"), Path(self.folder.name, "executed.ipynb")
        cells.write_text(json.dumps(given), encoding="utf-8")
        self.errors = open(Path(self.folder.name, "errors.txt"), "w+", encoding="utf-8")
        environment = dict(
            with_quiet_blas(os.environ),
            OPTCOURSE_SAVED_PAGES="1",
            OPTCOURSE_STRICT="1",
            OPTCOURSE_HOME=self.folder.name,  # nobody's progress is touched
            IPYTHONDIR=self.folder.name,
            MPLBACKEND="agg",
            PYTHONIOENCODING="utf-8",
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(cells), str(result)],
            cwd=self.folder.name,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            # Ctrl-C is for the server; the process ends when its standard input does.
            start_new_session=True,
        )
        try:
            with self._deadline(self.seconds) as late:
                self._listen(late)
            self.executed = nbformat.read(result, as_version=4)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _listen(self, late: threading.Event) -> None:
        for line in self.process.stdout:
            words = line.decode("utf-8", errors="replace").strip()
            if words == READY:
                return
            if words.startswith(PROGRESS) and self.on_cell:
                number, count = map(int, words.removeprefix(PROGRESS).split("/"))
                self.on_cell(number, count)
        if late.is_set():
            raise CellFailed(f"{self.path.name} did not come to its end within {self.seconds:g} seconds")
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines()[-1:] or ["the process ended early"]
        raise CellFailed(f"{self.path.name}: {last[0]}")

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except BrokenPipeError:
                pass  # a question that was under way; its asker is told by `ask`
        self.folder.cleanup()

    def ask(self, figure: int, message: dict) -> bytes | None:
        """Hand a message of the front end to an explorer; its answer as it goes to the browser, if it gives one.

        Raises Stopped when the process has gone, or does not answer within `patience` seconds (it is ended then).
        """
        with self.lock, self._deadline(self.patience):
            try:
                self.process.stdin.write(json.dumps({"figure": figure, "message": message}).encode() + b"\n")
                self.process.stdin.flush()
                head = self.process.stdout.read(4)
                body = self.process.stdout.read(struct.unpack("<I", head)[0]) if len(head) == 4 else None
            except OSError as error:
                raise Stopped("the notebook's process has ended") from error
        if body is None:
            raise Stopped("the notebook's process has ended")
        return body or None

    def _deadline(self, seconds: float) -> _Deadline:
        return _Deadline(self.process, seconds)


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


# -- the server -----------------------------------------------------------------------------------------------


class Server:
    """The deck on this machine only, behind an address that nobody can guess. A context manager."""

    def __init__(self, http: ThreadingHTTPServer, url: str) -> None:
        self.http, self.url = http, url
        self.thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def wait(self) -> None:
        """Until Ctrl-C."""
        while self.thread.is_alive():
            self.thread.join(1)

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()


def serve(notebook: Notebook, page: Callable[[str], str], *, port: int = 0) -> Server:
    """Serve `page(address)`, where `address` is the path to which the deck sends what its figures ask.

    Raises PortTaken.
    """
    base = f"/{secrets.token_urlsafe(16)}"
    deck = page(f"{base}/ask").encode("utf-8")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # small answers go out at once; see commands/websocket.py
        server_version = "optcourse"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.split("?")[0] != f"{base}/":
                self.answer(404, b"There is nothing here. Use the address that `optcourse slides` printed.")
                return
            self.answer(200, deck, "text/html; charset=utf-8")

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            if self.path != f"{base}/ask" or not 0 < size <= LARGEST_QUESTION:
                self.close_connection = True
                self.answer(404, b"There is nothing here.")
                return
            asked = json.loads(self.rfile.read(size))
            try:
                reply = notebook.ask(int(asked["figure"]), asked["message"])
            except Stopped as error:
                self.answer(503, str(error).encode())
                return
            if reply is None:
                self.answer(204, b"")
            else:
                self.answer(200, reply, "application/octet-stream")

        def answer(self, code: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            if code != 204:
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass  # a line for each frame would bury what the lecturer has to read

    class Http(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = os.name != "nt"

        def handle_error(self, request: Any, address: Any) -> None:
            error = sys.exc_info()[1]
            if not isinstance(error, ConnectionError):  # a page that was closed while it was answered
                print(f"optcourse slides: a request failed: {type(error).__name__}: {error}", file=sys.stderr)

    try:
        http = Http(("127.0.0.1", port), Handler)
    except (OSError, OverflowError) as error:
        raise PortTaken(
            f"port {port} cannot be had ({getattr(error, 'strerror', None) or error}). "
            "Leave --port out, and a free one is taken."
        ) from None
    return Server(http, f"http://127.0.0.1:{http.server_address[1]}{base}/")


# -- in the notebook's process ------------------------------------------------------------------------------------


def main(path: str, result: str) -> None:
    """Run the notebook, then answer what comes in on standard input until it ends."""
    from optcourse.explorers.engine import EXPLORER_MIME, Explorer

    # Answers have the real standard output for themselves; whatever else is printed goes to standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    figures: list[Explorer] = []
    shown = Explorer._repr_mimebundle_

    def numbered(self: Explorer, **options: Any) -> dict:
        bundle = shown(self, **options)
        bundle[EXPLORER_MIME]["figure"] = len(figures)
        figures.append(self)
        return bundle

    def say(line: str) -> None:
        answers.write(line.encode() + b"\n")
        answers.flush()

    Explorer._repr_mimebundle_ = numbered
    run(Path(path), Path(result), say)
    os.environ.pop("OPTCOURSE_STRICT", None)  # from here on an error is a sentence in the figure
    say(READY)
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(answer(figures[asked["figure"]], asked["message"]))
        answers.flush()


def answer(explorer: Any, message: dict) -> bytes:
    """What the explorer sends in answer to a message: size, size of the words, words, numbers. Size 0: nothing."""
    sent: list[tuple[dict, list]] = []
    explorer.send = lambda content, buffers=None: sent.append((content, buffers or []))
    explorer._answer(explorer, message, [])
    if not sent:
        return struct.pack("<I", 0)
    ((content, buffers),) = sent
    words = json.dumps(content, allow_nan=False).encode()
    body = struct.pack("<I", len(words)) + words + b"".join(bytes(buffer) for buffer in buffers)
    return struct.pack("<I", len(body)) + body


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
