"""What test modules share: a real browser, a real JupyterLab, and the line that says when there was none."""

from __future__ import annotations

import collections
import contextlib
import fcntl
import functools
import importlib.util
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

COURSE = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
NO_BROWSER = "no chromium on the path: browser tests need it (sudo apt install chromium)"

# A shell starts what is in the background deaf to Ctrl-C, and so would be every command that a test interrupts.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is Linux's alone, and why. Elsewhere it is skipped, and the last lines of the run say so.
LINUX_ONLY = {
    "tests/grading": "marking behind walls is Linux's: bubblewrap, /proc and the kernel's filters",
    "tests/test_course_py.py": "a stand-in for uv is a script of POSIX, and set-ups are ended by its signals",
}


def linux_only(path: Path, platform: str = sys.platform) -> str | None:
    """Why a test file is skipped on this platform, or None."""
    if platform == "linux":
        return None
    places = (reason for place, reason in LINUX_ONLY.items() if path.is_relative_to(COURSE / place))
    return next(places, None)


# Wall-clock deadlines fail at random on a busy machine; pytest-timeout ends what really hangs.
hypothesis.settings.register_profile("optcourse", deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile("optcourse")

# The flags beyond --no-sandbox stop Chromium from calling home, which a closed network answers with noise.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Files whose tests share nothing: every worker may take from them. Every other file goes to one worker whole.
SPREAD = (
    "authoring/test_misconceptions",
    "authoring/test_sources_run",
    "lessons/test_every_figure",
    "test_course_py",
)


# Files whose tests, each of them quick enough, take five seconds to two minutes together: left out while one works (`--fast`).
LONG = (
    "authoring/test_covers authoring/test_gates authoring/test_misconceptions authoring/test_nbgrader "
    "authoring/test_sources_run explorers/test_engine explorers/test_growth grading/test_battery_bites "
    "grading/test_battery_broken grading/test_battery_honest grading/test_battery_hostile "
    "grading/test_check_adam grading/test_class_of_300 grading/test_cluster grading/test_own_numbers "
    "grading/test_twenty_by_hand grading/test_walls lessons/test_answers lessons/test_every_figure "
    "lessons/test_every_page lessons/test_lesson_09 publishing/test_lecture publishing/test_lite "
    "publishing/test_rendering publishing/test_site publishing/test_slides reporting/test_report test_commands "
    "test_course_py test_hub test_without_posix"
).split()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):
        """What one worker does in one go: a file, which shares a browser or a server, or a test of a file that is spread."""

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return nodeid if file in {f"tests/{name}.py" for name in SPREAD} else file

    config.option.loadscopereorder = False  # the order is the one below
    return Pieces(config, log)


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with something slow in them first, so that the workers end together, on small pieces."""
    long = {COURSE / "tests" / f"{name}.py" for name in LONG}
    for item in items:
        # the site runs every notebook
        if item.path in long or "site" in getattr(item, "fixturenames", ()):
            item.add_marker("long")
        if reason := linux_only(item.path):
            item.add_marker(pytest.mark.skip(reason=reason))
    slow = {
        item.path for item in items if any(item.iter_markers("slow")) or any(item.iter_markers("browser"))
    }
    items.sort(key=lambda item: item.path not in slow)


@functools.cache
def source(number: str) -> Any:
    """The lesson with this number as its source gives it; read when a test wants it, not when tests are collected."""
    from optcourse.authoring.source import read_lesson

    [path] = (COURSE / "source").glob(f"{number}_*.py")
    return read_lesson(path)


SOURCES = [path.name[:2] for path in sorted((COURSE / "source").glob("*.py")) if "glossary" not in path.name]


@dataclass(frozen=True)
class LabServer:
    """A running JupyterLab: `url` has no slash at its end, `root` is the folder it shows (a copy)."""

    url: str
    root: Path
    process: subprocess.Popen
    log: Path

    def notebook_url(self, path: str) -> str:
        """Where a notebook, named relative to the root, opens with nothing else on the screen."""
        return f"{self.url}/lab/tree/{path}?reset"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "browser" in report.keywords]
    reasons = collections.Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"NOT RUN: {count} browser tests; {reason}", yellow=True)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    # The shell is the same engine without a window's machinery: a fresh context takes a sixth of the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None and IN_CI:
        pytest.fail(NO_BROWSER + "; in CI that is a failure: .ci/run installs it")
    if path is None:
        pytest.skip(NO_BROWSER)
    return path


@pytest.fixture(scope="session")
def torch() -> Any:
    """torch, which only CI must have: it is a download of hundreds of megabytes."""
    if not IN_CI and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed; the values that were recorded from it are compared all the same")
    import torch

    return torch


# One browser a module, not a session: Playwright keeps an event loop running in this thread for as long as it
# lives, and a module after it that uses asyncio (nbclient does) would fail.
@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator:
    """A headless Chromium: a playwright `Browser` whose pages wait for what comes late on a busy machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        browser.new_context, browser.new_page = map(patient, (browser.new_context, browser.new_page))
        yield browser
        browser.close()


def patient(make: Callable) -> Callable:
    """What makes a context or a page, with a cap for what never comes in place of Playwright's 30 s."""

    def made(*given: Any, **options: Any) -> Any:
        new = make(*given, **options)
        new.set_default_timeout(300_000)
        return new

    return made


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """A learner's folder of the test's own, and errors of ours are raised."""
    monkeypatch.setenv("OPTCOURSE_HOME", str(tmp_path))
    monkeypatch.setenv("OPTCOURSE_STRICT", "1")
    return tmp_path


@pytest.fixture
def page(chromium) -> Iterator:
    """A fresh page in a context of its own (1400 by 1000), closed afterwards."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    yield context.new_page()
    context.close()


@dataclass(frozen=True)
class BuiltSite:
    """The whole course as web pages. Nobody writes into the folders: workers share them."""

    folder: Path
    cache: Path
    result: Any

    @functools.cached_property
    def executed(self) -> dict[str, Any]:
        """Each notebook with its outputs, "solutions/03_gradient_descent.ipynb" -> notebook: they were run for the site."""
        from optcourse.publishing.site.cache import execute_all

        names = ("lessons", "solutions")
        paths = [path for name in names for path in (COURSE / name).glob("*.ipynb")]
        texts = {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in paths}
        found, fresh = execute_all(texts, self.cache, 1, lambda *_: None)
        assert fresh == 0, "what the site has run are not the notebooks that lie here: optcourse build"
        return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    """The site, built once a run: whichever worker needs it first runs the notebooks, the others wait for it."""
    from optcourse.publishing.site.build import build

    def make(folder: Path) -> None:
        result = build(COURSE, folder / "site", jobs=2, cache=folder / "cache")
        (folder / "result.pickle").write_bytes(pickle.dumps(result))

    folder = made_once(tmp_path_factory, "site", make)
    return BuiltSite(folder / "site", folder / "cache", pickle.loads((folder / "result.pickle").read_bytes()))


@pytest.fixture(scope="session")
def alive(site: BuiltSite, pyodide: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with Python in its pages, built once a run; its notebooks are not run again. Nobody writes into it."""
    from optcourse.publishing.site.build import build

    def make(folder: Path) -> None:
        shutil.copytree(site.cache, folder / "cache")
        built = build(COURSE, folder / "site", cache=folder / "cache", pyodide=pyodide)
        assert built.executed == 0
        assert re.match(r"Python 3\.\d+\.\d+ in the pages, \d+\.\d MB, ", built.python)

    return made_once(tmp_path_factory, "alive", make) / "site"


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where Pyodide lies, with NumPy and matplotlib. Its own distribution is on no package registry; a copy of version 0.28
    with the packages that the course needs travels in a wheel of PyPI. OPTCOURSE_PYODIDE names another distribution."""

    def make(folder: Path) -> None:
        download(folder, "open-webui==0.9.6", python="3.12")
        [wheel] = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith("open_webui/frontend/pyodide/"):
                    archive.extract(name, folder)
        wheel.unlink()

    if place := os.environ.get("OPTCOURSE_PYODIDE"):
        return place
    return str(made_once(tmp_path_factory, "pyodide", make) / "open_webui" / "frontend" / "pyodide")


def fetch(command: list[str], what: str) -> None:
    """Get something from a package registry; without one the tests that need it cannot run."""
    program = shutil.which(command[0])
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True) if program else None
    if done is not None and done.returncode == 0:
        return
    why = f"{what} is not to be had: {done.stderr[-300:] if done else command[0] + ' is not on the path'}"
    pytest.fail(why) if IN_CI else pytest.skip(why)


def download(folder: Path, name: str, python: str) -> None:
    fetch(
        ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", f"--python-version={python}", "--platform=any",
         "--implementation=py", "--abi=none", f"--dest={folder}", name], name,
    )  # fmt: skip


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the run's own, which one worker fills and all may read."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, whole = root / f"shared-{name}", root / f"shared-{name}.whole"
    with (root / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed half-way
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab as `optcourse lab` starts it: free port, no token, a copy of lessons/ and solutions/."""
    folder = tmp_path_factory.mktemp("lab")
    server = start_lab(folder)
    yield server
    stop_tree(server.process)


def start_lab(folder: Path) -> LabServer:
    from optcourse.commands import lab

    root = folder / "course"
    root.mkdir()
    for name in ("lessons", "solutions"):
        if (COURSE / name).is_dir():
            shutil.copytree(COURSE / name, root / name, ignore=shutil.ignore_patterns(".*"))
    port = free_port()
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        "--allow-root",
    ]
    log = folder / "lab.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            lab.server_command(root, None, options),
            # Progress goes beside the notebooks, as for a learner, whatever scratch folder the tests themselves use.
            env={
                k: v for k, v in lab.server_environment(folder / "jupyter").items() if k != "OPTCOURSE_HOME"
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = LabServer(f"http://127.0.0.1:{port}", root, process, log)
    try:
        wait_until_it_answers(server)
    except BaseException:
        stop_tree(process)
        raise
    return server


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def until(happened: Callable[[], object], seconds: float = 240) -> Any:
    """What `happened` gives as soon as it is true; the cap is for a thing that never comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come to that within {seconds:g} seconds")


def wait_until_it_answers(server: LabServer, seconds: float = 300) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(server.url + "/api/status", timeout=120):
                return True
        except OSError:
            return False

    with contextlib.suppress(AssertionError):  # the lines below say more
        until(lambda: answers() or server.process.poll() is not None, seconds)
        if server.process.poll() is None:
            return
    tail = "\n".join(server.log.read_text().splitlines()[-20:])
    raise RuntimeError(f"JupyterLab did not answer within {seconds:.0f} s ({sys.executable}):\n{tail}")


def stop_tree(process: subprocess.Popen) -> None:
    """End a process and all below it: a kernel has a session of its own and outlives a killed server."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in psutil.wait_procs(family, timeout=2)[1]:
        child.kill()
