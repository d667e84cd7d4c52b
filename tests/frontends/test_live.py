"""The same lesson in Notebook 7 and in Voilà: every explorer appears, its sliders move the picture, nothing is asked of
another host. One server and one lesson each."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

from optcourse.commands import lab
from tests.conftest import COURSE, free_port, stop_tree, until
from tests.frontends.browsing import drag_slider, move_by_keys, run_all, watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LESSON = "03_gradient_descent"
WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")
# Notebook 7.6 says this as it starts, with any notebook or none: its settings know of an extension that it has not.
NOTEBOOKS_OWN = ("Cannot read properties of undefined (reading 'schema')",)
VOILA = COURSE / "optcourse" / "publishing" / "voila"


def explorers_in(lesson: str) -> int:
    """How many explorers a lesson shows: cells whose last expression makes one."""
    cells = (COURSE / "source" / f"{lesson}.py").read_text(encoding="utf-8").split("# %%")
    last = [
        ast.parse(cell.partition("\n")[2]).body[-1:]
        for cell in cells
        if "[markdown]" not in cell.split("\n")[0]
    ]
    return sum("Explorer(" in ast.unparse(node[0]) for node in last if node and isinstance(node[0], ast.Expr))


def test_the_count_of_explorers_is_of_this_lesson():
    assert explorers_in(LESSON) >= 7


def start(folder: Path, command: Callable[[int], list[str]], **environment: str) -> Iterator[str]:
    """A server of its own, until the test module has done with it; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command(port),
            env={**lab.server_environment(folder / "jupyter"), "OPTCOURSE_HOME": str(folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: answers(address + "/api") or process.poll() is not None)
        assert process.poll() is None, log.read_text()[-2000:]
        yield address
    finally:
        stop_tree(process)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=120):
            return True
    except urllib.error.HTTPError:  # an answer too
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def voila(tmp_path_factory) -> Iterator[str]:
    yield from start(
        tmp_path_factory.mktemp("voila"),
        lambda port: [
            *[sys.executable, "-m", "voila", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"],
            "--template=optcourse",
            # Other extensions of the environment are made for JupyterLab and complain in the console.
            *[f"--VoilaConfiguration.extension_allowlist={name}" for name in WIDGETS],
            str(COURSE / "solutions" / f"{LESSON}.ipynb"),
        ],
        JUPYTER_PATH=os.pathsep.join(filter(None, [str(VOILA.parent), os.environ.get("JUPYTER_PATH")])),
    )


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("notebook7")
    shutil.copytree(COURSE / "solutions", folder / "solutions")  # a copy: Notebook saves what it has open
    yield from start(
        folder,
        lambda port: [
            *[
                sys.executable,
                "-m",
                "notebook",
                "--no-browser",
                f"--port={port}",
                "--ServerApp.port_retries=0",
            ],
            *["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--allow-root"],
            f"--ServerApp.root_dir={folder}",
        ],
    )


def walk(page, count: int) -> None:
    """Every explorer is there with a drawing; the first one's slider moves by keys and by the pointer."""
    explorers = page.locator(".oc-explorer")
    for index in range(count):
        explorer = explorers.nth(index)
        explorer.scroll_into_view_if_needed()
        explorer.locator(".oc-picture").first.wait_for()
        explorer.locator(".oc-says", has_text=re.compile(r"\w.{20}")).wait_for()
        assert explorer.locator(".oc-error").inner_text() == ""
    first = explorers.first
    move_by_keys(first, "learning_rate")
    drag_slider(first, "learning_rate")


def test_in_voila_every_explorer_lives(voila, page):
    with watched(page, voila):
        count = explorers_in(LESSON)
        # anywidget 0.11 gives a figure two seconds to begin, and one that took longer never hears of its kernel. On a busy
        # machine the page is loaded again, as its reader would.
        for _ in range(6):
            page.goto(voila)
            with contextlib.suppress(TimeoutError):
                page.wait_for_function(
                    f"document.querySelectorAll('.oc-panels').length === {count}", timeout=90_000
                )
                break
        walk(page, count)


def test_in_notebook_7_every_explorer_lives(notebook7, page):
    with watched(page, notebook7, ignored=NOTEBOOKS_OWN):
        page.goto(f"{notebook7}/notebooks/solutions/{LESSON}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        run_all(page)
        walk(page, explorers_in(LESSON))
