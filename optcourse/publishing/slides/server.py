"""The server through which a deck talks to its figures: on this machine only, behind an address that nobody can guess.

One lecturer needs it for an hour, and any program of this machine can reach it. So a program that does not know the
address gets nothing, another page in the browser gets nothing, and a client that asks slowly does not keep it busy.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from optcourse.publishing.slides.live import Notebook, Stopped

LARGEST_QUESTION = 1_000_000
# For a whole request. A client that has shown that it knows the address may take longer.
SECONDS_TO_ASK = 10.0
MOST_CONNECTIONS = 64  # a browser opens six; many machines allow a program 256 open files


class PortTaken(Exception):
    """The port that was asked for cannot be had; the text says what to do."""


class Server:
    """The deck's place, taken at once; `show` says what is there. A context manager, in which it answers."""

    def __init__(self, port: int = 0) -> None:
        """Raises PortTaken."""
        try:
            self.http = _Http(("127.0.0.1", port), _Handler)
        except (OSError, OverflowError) as error:
            raise PortTaken(
                f"port {port} cannot be had ({getattr(error, 'strerror', None) or error}). "
                "Leave --port out, and a free one is taken."
            ) from None
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}{self.http.base}/"
        self.ask = f"{self.http.base}/ask"
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )

    def show(self, notebook: Notebook, deck: str) -> None:
        """Give out this deck, whose figures ask this notebook."""
        self.http.notebook, self.http.deck = notebook, deck.encode("utf-8")

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def wait(self) -> None:
        """Until Ctrl-C."""
        while self.thread.is_alive():
            self.thread.join(1)

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.close()

    def close(self) -> None:
        """Give the port back, also without having answered."""
        self.http.server_close()


def serve(notebook: Notebook, page: Callable[[str], str], *, port: int = 0) -> Server:
    """A server of `page(address)`, where `address` is the path to which the deck sends what its figures ask.

    Raises PortTaken.
    """
    server = Server(port)
    server.show(notebook, page(server.ask))
    return server


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name != "nt"
    request_queue_size = 64

    def __init__(self, *given: Any) -> None:
        self.base = f"/{secrets.token_urlsafe(16)}"
        self.notebook: Notebook | None = None
        self.deck = b""
        self.guard = threading.Lock()
        # Each open connection, and since when it has not asked anything whole. None: it is being answered; infinity: it
        # has asked here before, and is the deck's. A browser reports an error when one of these is closed.
        self.waiting: dict[socket.socket, float | None] = {}
        super().__init__(*given)
        port = self.server_address[1]
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    def process_request(self, request: socket.socket, address: Any) -> None:
        with self.guard:
            while len(self.waiting) >= MOST_CONNECTIONS:
                idle = [(since, one) for one, since in self.waiting.items() if since is not None]
                if not idle:
                    break
                self._drop(min(idle, key=lambda pair: pair[0])[1])
            full = len(self.waiting) >= MOST_CONNECTIONS
            if not full:
                self.waiting[request] = time.monotonic()
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, address)

    def shutdown_request(self, request: socket.socket) -> None:
        with self.guard:
            self.waiting.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Between two requests, and a few times a second: a client that asks too slowly is not waited for."""
        late = time.monotonic() - SECONDS_TO_ASK
        with self.guard:
            for one in [one for one, since in self.waiting.items() if since is not None and since < late]:
                self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        """Its thread reads the end of it, and closes it."""
        self.waiting.pop(one, None)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def answering(self, one: socket.socket, *, known: bool) -> Iterator[None]:
        """This connection is being answered, and not closed meanwhile; `known`: it knows the address."""
        self._mark(one, None)
        try:
            yield
        finally:
            if known:
                one.settimeout(None)
            self._mark(one, math.inf if known else time.monotonic())

    def _mark(self, one: socket.socket, since: float | None) -> None:
        with self.guard:
            if one in self.waiting:
                self.waiting[one] = since

    def handle_error(self, request: Any, address: Any) -> None:
        error = sys.exc_info()[1]
        # A page that was closed while it was answered is no error.
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"optcourse slides: a request failed: {type(error).__name__}: {error}", file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # small answers go out at once; see commands/websocket.py
    timeout = SECONDS_TO_ASK  # also for a client that does not read the answer
    server_version = "optcourse"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        wants_deck, wants_state = self.is_here(path, "/"), self.is_here(path, "/alive")
        with self.server.answering(self.connection, known=wants_deck or wants_state):
            if self.refused():
                return
            if wants_state:
                # No error: a browser would write one into its console each time.
                self.answer(204) if self.server.notebook.alive.is_set() else self.answer(200, b"not yet")
            elif wants_deck:
                self.answer(200, self.server.deck, "text/html; charset=utf-8")
            else:
                self.answer(404, b"There is nothing here. Use the address that `optcourse slides` printed.")

    def do_POST(self) -> None:
        size = self.size()
        if self.refused():
            return
        if size is None or not self.is_here(self.path, "/ask"):
            self.refuse(404 if size else 400, b"There is nothing here.")
            return
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return
        with self.server.answering(self.connection, known=True):
            try:
                asked = json.loads(body)
            # No JSON, no UTF-8, a number of a million digits; or nested too deeply.
            except (ValueError, RecursionError):
                asked = None
            if not isinstance(asked, dict) or not {"figure", "message"} <= set(asked):
                self.answer(400, b'A question is {"figure": number, "message": {...}}.')
                return
            try:
                reply = self.server.notebook.ask(asked["figure"], asked["message"])
            except Stopped as error:
                self.answer(503, str(error).encode())
                return
            if reply is None:
                self.answer(204)
            else:
                self.answer(200, reply, "application/octet-stream")

    def refused(self) -> bool:
        """Whether this comes from any page but the deck: then it has been refused."""
        origin = self.headers.get("Origin")
        known = origin is None or origin in {f"http://{host}" for host in self.server.hosts}
        if known and self.headers.get("Host") in self.server.hosts:
            return False
        self.refuse(403, b"This address is for the deck only.")
        return True

    def refuse(self, code: int, words: bytes) -> None:
        """Answer without having read what came with it."""
        self.close_connection = True
        self.answer(code, words)

    def size(self) -> int | None:
        """How long the question is; None where that is not said, not plainly, or too much."""
        given = self.headers.get_all("Content-Length", [])
        plain = len(given) == 1 and re.fullmatch(r"[0-9]{1,7}", given[0]) is not None
        if not plain or "Transfer-Encoding" in self.headers:
            return None
        size = int(given[0])
        return size if 0 < size <= LARGEST_QUESTION else None

    def is_here(self, path: str, name: str) -> bool:
        return secrets.compare_digest(path.encode("utf-8", "replace"), f"{self.server.base}{name}".encode())

    def answer(self, code: int, body: bytes = b"", kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(code)
        if code != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if code != 204:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass  # a line for each frame would bury what the lecturer has to read
