"""A lesson in Notebook 7: every explorer appears, its sliders move the picture, nothing is asked of another host."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from optcourse.commands import lab
from tests.conftest import COURSE, free_port, stop_tree, until
from tests.frontends.browsing import drag_slider, move_by_keys, run_all, watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LESSON = "03_gradient_descent"
# Notebook 7.6 says this as it starts, with any notebook or none: its settings know of an extension that it has not.
NOTEBOOKS_OWN = ("Cannot read properties of undefined (reading 'schema')",)


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


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=120):
            return True
    except urllib.error.HTTPError:  # an answer too
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory) -> Iterator[str]:
    """The address of a server of its own, until the test module has done with it."""
    folder = tmp_path_factory.mktemp("notebook7")
    shutil.copytree(COURSE / "solutions", folder / "solutions")  # a copy: Notebook saves what it has open
    port, log = free_port(), folder / "server.log"
    address = f"http://127.0.0.1:{port}"
    command = [
        *[sys.executable, "-m", "notebook", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"],
        *["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--allow-root"],
        f"--ServerApp.root_dir={folder}",
    ]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            env={**lab.server_environment(folder / "jupyter"), "OPTCOURSE_HOME": str(folder)},
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


def test_in_notebook_7_every_explorer_lives(notebook7, page):
    with watched(page, notebook7, ignored=NOTEBOOKS_OWN):
        page.goto(f"{notebook7}/notebooks/solutions/{LESSON}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        run_all(page)
        walk(page, explorers_in(LESSON))
