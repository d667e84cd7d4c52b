"""A lecture goes on: under messages that make no sense, forged requests, slow clients, and after its process was killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from optcourse.publishing import folder as folders
from optcourse.publishing.slides import command, live, server
from optcourse.publishing.slides.live import Notebook, Stopped
from tests.conftest import until
from tests.explorers.examples import EveryMark

NOW = {"rho": 0.5, "gradients": "steady"}
FRAME = {"kind": "frame", "key": "f1", "values": NOW}
CAP = 120  # seconds until which something must have happened


def write_notebook(path: Path, *sources: str) -> Path:
    new = nbformat.v4
    cells = [new.new_markdown_cell("# One figure"), *map(new.new_code_cell, sources)]
    nbformat.write(new.new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def lecture(tmp_path_factory) -> Iterator[tuple[Notebook, server.Server]]:
    """A lecture of one figure."""
    path = tmp_path_factory.mktemp("lecture") / "one.ipynb"
    write_notebook(path, "from optcourse.explorers.lesson_05 import MemoryExplorer\nMemoryExplorer()")
    with Notebook(path, patience=20) as notebook, server.serve(notebook, lambda _: "<p>the deck") as here:
        yield notebook, here


def words_of(answer: bytes) -> dict:
    (size,) = struct.unpack("<I", answer[:4])
    return json.loads(answer[4 : 4 + size])


def parts(here: server.Server) -> tuple[str, str]:
    """Host and path of the deck."""
    _, _, host, path = here.url.split("/", 3)
    return host, "/" + path


def request(here: server.Server, name: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of one request; `Content_Length="x"` sets a header."""
    host, path = parts(here)
    connection = http.client.HTTPConnection(host, timeout=CAP)
    with contextlib.closing(connection):
        connection.putrequest("GET" if body is None else "POST", path + name, skip_host="Host" in headers)
        if body is not None and "Content_Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        for header, value in headers.items():
            connection.putheader(header.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def ask(here: server.Server, message: object = FRAME, figure: object = 0) -> tuple[int, bytes]:
    return request(here, "ask", json.dumps({"figure": figure, "message": message}).encode())


def goes_on(here: server.Server) -> None:
    status, answer = ask(here)
    assert status == 200 and words_of(answer)["kind"] == "frame"


# -- messages ------------------------------------------------------------------------------------------------------


def test_a_figure_is_asked_and_an_error_is_a_sentence(lecture):
    notebook, _ = lecture
    assert words_of(notebook.ask(0, FRAME))["kind"] == "frame"
    assert notebook.ask(0, {"kind": "values", "values": NOW}) is None
    wrong = words_of(notebook.ask(0, {**FRAME, "values": {**NOW, "rho": 5}}))
    assert wrong["kind"] == "error" and "rho" in wrong["sentence"]


@pytest.mark.parametrize("figure", [999, -1, "0", 0.0, True, None, [], {}, float("nan"), 10**30])
def test_a_figure_that_there_is_not(lecture, figure):
    status, answer = ask(lecture[1], figure=figure)
    assert status == 200 and words_of(answer)["kind"] == "error"
    goes_on(lecture[1])


@pytest.mark.parametrize(
    "message",
    ["text", None, [], 3, {}, {**FRAME, "values": []}, {**FRAME, "values": None}, {**FRAME, "key": float("nan")},
     {**FRAME, "kind": "stop"}, {**FRAME, "values": {**NOW, "rho": 10**400}}, {**FRAME, "key": "\ud800"},
     {**FRAME, "values": {**NOW, "gradients": "x" * 500_000}}],
    ids=lambda message: str(message)[:30],
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_answered_and_the_lecture_goes_on(lecture, message):
    status, answer = ask(lecture[1], message)
    assert status == 200 and len(answer) < 10_000
    goes_on(lecture[1])


@pytest.mark.parametrize(
    "body",
    [b"{", b"null", b"[]", b"{}", b'{"figure": 0}', b"\xff\xfe", b"[" * 900_000, b'{"figure":' * 90_000,
     b'{"figure": 0, "message": ' + b"9" * 900_000 + b"}"],
    ids=lambda body: str(body[:20]),
)  # fmt: skip
def test_what_is_no_question_is_refused(lecture, body):
    assert request(lecture[1], "ask", body)[0] == 400
    goes_on(lecture[1])


def test_whatever_a_figure_does_answers_one_line_only(caplog):
    class Breaks(EveryMark):
        def reply(self, message):
            if message == "nan":
                return {"kind": "frame", "key": float("nan")}, b""
            raise MemoryError(message)

    for message in ("nan", "raises"):
        line = json.dumps({"figure": 0, "message": message}).encode()
        assert words_of(live.answer([Breaks()], line)[4:])["kind"] == "error"
    assert "Traceback" in caplog.text


# -- the process ---------------------------------------------------------------------------------------------------


def test_a_process_that_was_killed_comes_back_by_itself(tmp_path):
    path = write_notebook(
        tmp_path / "one.ipynb", "from tests.explorers.examples import EveryMark\nEveryMark()"
    )
    frame = {"kind": "frame", "key": "f1", "values": EveryMark().values}
    with Notebook(path) as notebook:
        for how in (signal.SIGKILL, signal.SIGSTOP):
            notebook.patience = 1.0 if how == signal.SIGSTOP else 60.0
            notebook.process.send_signal(how)
            with pytest.raises(Stopped, match="run again"):
                notebook.ask(0, frame)
            notebook.patience = 60.0
            until(notebook.alive.is_set)
            assert words_of(notebook.ask(0, frame))["kind"] == "frame"
        last = notebook.process
    assert last.returncode is not None


def test_a_notebook_that_does_not_run_again_is_said(tmp_path):
    once = tmp_path / "once"
    source = f"import pathlib\nassert not pathlib.Path({str(once)!r}).exists()"
    with Notebook(write_notebook(tmp_path / "one.ipynb", source)) as notebook:
        once.touch()
        notebook.process.kill()

        def given_up() -> bool:
            with pytest.raises(Stopped) as stopped:
                notebook.ask(0, FRAME)
            return "failed" in str(stopped.value)

        until(given_up)
        assert notebook.failed == live.TRIES


# -- who may ask ---------------------------------------------------------------------------------------------------


def test_pages_of_others_get_nothing(lecture):
    _, here = lecture
    host, path = parts(here)
    port = host.split(":")[1]
    body = json.dumps({"figure": 0, "message": FRAME}).encode()
    for name in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil.example:{port}",
    ):
        assert request(here, "", Host=name)[0] == 403
        assert request(here, "ask", body, Host=name)[0] == 403
    for origin in ("http://evil.example", "null", f"https://{host}", "http://127.0.0.1:1"):
        assert request(here, "", Origin=origin)[0] == 403
        assert request(here, "ask", body, Origin=origin)[0] == 403
    assert request(here, "", Origin=f"http://{host}") == (200, b"<p>the deck")
    assert request(here, "ask", body, Origin=f"http://{host}")[0] == 200
    assert request(here, "", Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize(
    "length", ["-1", "+5", "1_0", " ", "1e3", "٣", "0", "1000001", "9" * 5000, "5, 5", "0x10", "abc"]
)
def test_a_length_that_is_none_is_refused(lecture, length, capfd):
    header = length.encode("utf-8").decode("latin-1")
    assert request(lecture[1], "ask", b"hello", Content_Length=header)[0] == 400
    assert capfd.readouterr() == ("", "")
    goes_on(lecture[1])


def test_a_question_in_chunks_is_refused(lecture):
    assert request(lecture[1], "ask", b"5\r\nhello\r\n0\r\n\r\n", Transfer_Encoding="chunked")[0] == 400


# -- how many, how slowly ------------------------------------------------------------------------------------------


def test_connections_that_ask_nothing_do_not_stop_the_deck(lecture):
    _, here = lecture
    host, path = parts(here)
    address = ("127.0.0.1", int(host.split(":")[1]))
    with contextlib.ExitStack() as open_ones:
        asking = http.client.HTTPConnection(host, timeout=CAP)
        open_ones.callback(asking.close)
        asking.request("GET", path)
        assert asking.getresponse().read() == b"<p>the deck"
        for k in range(300):
            one = open_ones.enter_context(socket.create_connection(address, timeout=CAP))
            with contextlib.suppress(ConnectionError):
                one.sendall(b"POST / HTTP/1.1\r\n" if k % 2 else b"")
        assert len(here.http.waiting) <= server.MOST_CONNECTIONS
        goes_on(here)
        # Who has asked before keeps his connection: a browser takes it amiss when such a one is closed.
        asking.request("GET", path)
        assert asking.getresponse().status == 200


def test_who_asks_slowly_is_not_waited_for(lecture, monkeypatch):
    monkeypatch.setattr(server, "SECONDS_TO_ASK", 0.5)
    _, here = lecture
    host, path = parts(here)
    head = f"POST {path}ask HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", int(host.split(":")[1])), timeout=CAP) as slow:
        slow.sendall(head)

        def let_go() -> bool:
            try:
                slow.sendall(b" ")
                slow.settimeout(0.1)
                return slow.recv(100) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        until(let_go)
    goes_on(here)


# -- the address ---------------------------------------------------------------------------------------------------


def test_the_browser_is_started_with_a_page_of_ones_own(tmp_path, monkeypatch):
    """What stands in a command line any user of the machine can read; the page in its folder he cannot."""
    opened = []

    def open_page(address: str) -> bool:
        page = Path(address.removeprefix("file://"))
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (page, page.parent)]
        opened.append((address, page.read_text(encoding="utf-8"), modes))
        raise KeyboardInterrupt

    monkeypatch.setattr(command.webbrowser, "open", open_page)
    path = write_notebook(tmp_path / "one.ipynb", "1 + 1")
    with restored_signals(), pytest.raises(KeyboardInterrupt):
        command.main([str(path)])
    ((address, page, modes),) = opened
    token = page.split("url=http://127.0.0.1:")[1].split("/")[1]
    assert len(token) >= 20 and token not in address
    assert modes == [0o600, 0o700]
    assert not Path(address.removeprefix("file://")).exists()


@contextlib.contextmanager
def restored_signals() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


# -- what is left behind -------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """Where temporary folders are made, also by processes that are started."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return place


@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("when", ["while the notebook runs", "in the lecture"])
def test_nothing_stays_behind(tmp_path, place, how, when):
    begun = tmp_path / "begun"
    cell = f"import pathlib, os, time\npathlib.Path({str(begun)!r}).write_text(str(os.getpid()))"
    endless = "\nwhile True: time.sleep(1)" if when.startswith("while") else ""
    path = write_notebook(tmp_path / "one.ipynb", cell + endless)
    process = subprocess.Popen(
        [sys.executable, "-m", "optcourse.cli", "slides", str(path), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(lambda: begun.exists() and begun.read_text())
    if when == "in the lecture":
        assert b"http://127.0.0.1" in process.stdout.readline()
    process.send_signal(getattr(signal, how))
    process.communicate(timeout=CAP)
    child = int(begun.read_text())
    until(lambda: not is_running(child))
    with folders.own_folder() as fresh:
        assert list(place.glob(f"{folders.PREFIX}*")) == [fresh]
    assert list(place.glob(f"{folders.PREFIX}*")) == []


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_folder_in_use_and_what_is_not_ours_is_left_alone(place):
    stranger, link = place / f"{folders.PREFIX}without-lock", place / f"{folders.PREFIX}link"
    stranger.mkdir()
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / folders.LOCK).touch()
    link.symlink_to(elsewhere)
    left = place / f"{folders.PREFIX}left"
    left.mkdir()
    (left / folders.LOCK).touch()
    with folders.own_folder() as mine:
        assert not left.exists()
        assert folders.clear_leftovers() == []
        assert mine.exists() and stranger.exists() and (elsewhere / folders.LOCK).exists()
