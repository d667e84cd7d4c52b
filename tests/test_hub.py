"""The course under a JupyterHub: the lines that `optcourse hub` prints, and two students on loopback who work with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from optcourse.commands import hub, lab
from tests.conftest import COURSE, IN_CI, free_port, stop_tree, until
from tests.frontends.browsing import move_by_keys, run_all

STUDENTS = ("ada", "bob")
TOKEN, PASSWORD = "0123456789abcdef" * 2, "of the test"
PROGRAM = Path(sys.executable).with_name("jupyterhub-singleuser")

# What the hub of this test needs besides: no accounts of the machine, a port of its own.
REST = """
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.args.append("--allow-root")
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.services = [dict(name="test", api_token={token!r})]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [dict(name="test", services=["test"], scopes=scopes)]
"""


@dataclass(frozen=True)
class Hub:
    """A running hub; `homes` holds a home for each student."""

    url: str
    homes: Path

    def ask(self, path: str, given: object = None, method: str = "GET") -> object:
        data = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Authorization": f"token {TOKEN}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=240) as answer:
            return json.loads(answer.read() or b"null")

    def run(self, student: str, code: str) -> str:
        """What code prints in a new kernel of a student's."""
        import websocket

        kernel = self.ask(f"/user/{student}/api/kernels", {"path": "lessons"}, "POST")["id"]
        channel = websocket.create_connection(
            f"{self.url.replace('http', 'ws', 1)}/user/{student}/api/kernels/{kernel}/channels",
            header=[f"Authorization: token {TOKEN}"],
            timeout=240,
        )
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "username": "",
            "session": "s",
            "version": "5.3",
        }
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
        }
        channel.send(
            json.dumps(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": {},
                    "content": content,
                    "channel": "shell",
                }
            )
        )
        printed = ""
        while True:
            message = json.loads(channel.recv())
            if message["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            assert message["msg_type"] != "error", message["content"]
            printed += message["content"]["text"] if message["msg_type"] == "stream" else ""
            if message["msg_type"] == "execute_reply":
                break
        # The reply may overtake what was printed.
        while not printed.endswith("THE END\n"):
            message = json.loads(channel.recv())
            printed += message["content"]["text"] if message["msg_type"] == "stream" else ""
        channel.close()
        self.ask(f"/user/{student}/api/kernels/{kernel}", method="DELETE")
        return printed.removesuffix("THE END\n")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> str:
    """JupyterHub's proxy, from npm."""
    folder, npm = tmp_path_factory.mktemp("proxy"), shutil.which("npm")
    command = [
        npm,
        "install",
        "--silent",
        "--no-fund",
        "--no-audit",
        f"--prefix={folder}",
        "configurable-http-proxy@5",
    ]
    done = subprocess.run(command, capture_output=True, text=True) if npm else None
    if done is None or done.returncode:
        why = (
            "no npm, or no registry for it: JupyterHub's proxy, and so a hub with two students, was not tried"
        )
        pytest.fail(f"{why}: {done.stderr[-300:] if done else 'not on the path'}") if IN_CI else pytest.skip(
            why
        )
    return str(folder / "node_modules" / ".bin" / "configurable-http-proxy")


@pytest.fixture(scope="module")
def running(proxy, tmp_path_factory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    homes, port = folder / "homes", free_port()
    for student in STUDENTS:
        for part in ("lessons", "solutions"):
            shutil.copytree(COURSE / part, homes / student / part, ignore=shutil.ignore_patterns(".*"))
    config = folder / "jupyterhub_config.py"
    given = {"password": PASSWORD, "token": TOKEN, "proxy": [proxy], "homes": str(homes)}
    given |= {"url": f"http://127.0.0.1:{port}", "hub_port": free_port(), "api_port": free_port()}
    config.write_text(hub.lines(PROGRAM) + REST.format(**given))
    log = folder / "hub.log"
    # None of the tests' own settings: a hub is started by a system, not by a learner.
    environment = {
        k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS") and k != "OPTCOURSE_HOME"
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    found = Hub(given["url"], homes)
    try:
        until(lambda: process.poll() is not None or answers(found, "/hub/api/"))
        assert process.poll() is None, log.read_text()[-3000:]
        for student in STUDENTS:
            found.ask(f"/hub/api/users/{student}", {}, "POST")
            found.ask(f"/hub/api/users/{student}/server", {}, "POST")
        for student in STUDENTS:
            until(lambda student=student: answers(found, f"/user/{student}/api/status"), 600)
        yield found
    finally:
        stop_tree(process)


def answers(found: Hub, path: str) -> bool:
    try:
        return bool(found.ask(path))
    except (OSError, ValueError):  # not yet, or the hub's page that says so
        return False


WORK = """
import json, os
import numpy, optcourse, threadpoolctl
from optcourse import check

def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = numpy.array(w, dtype=float)
    for _ in range(num_steps):
        w = w - learning_rate * compute_gradient(w)
    return w

numpy.ones((400, 400)) @ numpy.ones((400, 400))
said = check("03-gradient-descent", gradient_descent).status if WORKS else ""
done = sum(lesson.passed for lesson in optcourse.progress().lessons)
threads = max(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
print(json.dumps([said, done, threads, os.path.realpath(optcourse.__file__), os.getcwd()]))
print("THE END")
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_students_have_lessons_progress_and_settings_of_their_own(running):
    ours = os.path.realpath(COURSE / "optcourse" / "__init__.py")
    for student, works in (("ada", True), ("bob", False)):
        said, done, threads, copy, folder = json.loads(
            running.run(student, WORK.replace("WORKS", str(works))).strip().splitlines()[-1]
        )
        assert (said, done) == (("passed", 1) if works else ("", 0))
        assert threads == 1 and copy == ours
        assert Path(folder) == running.homes / student / "lessons"
        news = running.ask(f"/user/{student}/lab/api/settings/@jupyterlab/apputils-extension:notification")
        assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    kept = [path.relative_to(running.homes).parts[0] for path in running.homes.rglob("progress.jsonl")]
    assert kept == ["ada"]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(1800)
def test_a_student_logs_in_and_the_figures_are_alive(running, page):
    page.goto(f"{running.url}/user/bob/lab/tree/solutions/03_gradient_descent.ipynb?reset")
    page.locator("input[name=username]").fill("bob")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[type=submit]").click()
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    run_all(page)
    move_by_keys(page.locator(".oc-explorer").first, "learning_rate")


def test_a_hubs_servers_read_what_optcourse_lab_writes(tmp_path):
    """The same settings, found by the variable that the lines set."""
    written = hub.SETTINGS_FOLDER / "labconfig" / "default_setting_overrides.json"
    assert json.loads(written.read_text()) == lab.SETTINGS
    lab.server_environment(tmp_path)
    shown = []
    for variable, folder in (("JUPYTER_CONFIG_PATH", hub.SETTINGS_FOLDER), ("JUPYTER_CONFIG_DIR", tmp_path)):
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_server", "--show-config-json"],
            env={**os.environ, variable: str(folder)},
            capture_output=True,
            text=True,
            timeout=240,
        )
        shown.append(json.loads(done.stdout)["ServerApp"]["kernel_websocket_connection_class"])
    assert shown == ["optcourse.commands.websocket.NoDelayConnection"] * 2


def test_the_lines_are_python_for_this_environment_and_without_jupyterhub_one_is_told(
    tmp_path, monkeypatch, capsys
):
    from traitlets.config import Config

    config = Config()
    exec(hub.lines(PROGRAM), {"c": config})
    assert config.Spawner.cmd == [str(PROGRAM)] and config.Spawner.mem_limit == "1G"
    monkeypatch.setattr(hub.sys, "executable", str(tmp_path / "python"))
    assert hub.main([]) == 2
    said = capsys.readouterr()
    assert said.out == "" and f"{tmp_path / 'python'} -m pip install jupyterhub" in said.err
