"""course.py: from nothing to a running command; interrupted, repeated, moved, damaged, and told off.

A small course with a stand-in for uv keeps this quick and off the network; everything else is the real thing.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[1]

FAKE_UV = """#!{python}
# Stands in for uv: the same two commands, no network. What it does next is read from a file beside it.
import os, subprocess, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
mode = open(os.path.join(folder, "mode")).read()
if sys.argv[1] == "venv":
    python = sys.argv[sys.argv.index("--python") + 1]
    sys.exit(subprocess.call([python, "-m", "venv", "--without-pip", sys.argv[-1]]))
if mode == "hang":
    print("installing", flush=True)
    time.sleep(60)
if mode != "works":
    print(mode)
    sys.exit(1)
python = sys.argv[sys.argv.index("--python") + 1]
code = "import site; print(site.getsitepackages()[0])"
site = subprocess.check_output([python, "-c", code], text=True).strip()
with open(os.path.join(site, "course.pth"), "w") as file:
    file.write(os.getcwd())
"""

SMALL_CLI = "import sys\nprint('HANDED OVER', sys.prefix, *sys.argv[1:])\n"


class SmallCourse:
    """A folder with our course.py, a package of one line, and a uv that obeys."""

    def __init__(self, folder: Path):
        self.root = folder / "course of mine"  # with spaces, as people have them
        (self.root / "optcourse").mkdir(parents=True)
        (self.root / "optcourse" / "__init__.py").touch()
        (self.root / "optcourse" / "cli.py").write_text(SMALL_CLI)
        (self.root / "pyproject.toml").write_text("[project]\nname = 'optcourse'\n")
        shutil.copy(COURSE / "course.py", self.root)
        self.tools = folder / "tools"
        self.tools.mkdir()
        uv = self.tools / "uv"
        uv.write_text(FAKE_UV.format(python=sys.executable))
        uv.chmod(0o755)
        self.uv_does("works")

    def uv_does(self, mode: str) -> None:
        (self.tools / "mode").write_text(mode)

    def calls(self) -> list[str]:
        """What uv was asked since the last look."""
        log = self.tools / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line.split()[0] for line in lines]

    def start(self, *words: str, path: str | None = None, **variables: str) -> subprocess.Popen:
        environment = {
            "PATH": str(self.tools) if path is None else path,
            "HOME": str(self.root.parent),
            **variables,
        }
        command = [sys.executable, str(self.root / "course.py"), *words]
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.root.parent,
        )

    def run(self, *words: str, path: str | None = None, **variables: str) -> tuple[int, str]:
        process = self.start(*words, path=path, **variables)
        output = process.communicate(timeout=60)[0]
        return process.returncode, output

    @property
    def venv(self) -> Path:
        return self.root / ".venv"


@pytest.fixture
def course(tmp_path: Path) -> SmallCourse:
    return SmallCourse(tmp_path)


def wait_for(process: subprocess.Popen, words: str) -> None:
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"never said {words!r}")


def test_first_run_sets_up_and_the_second_only_hands_over(course):
    code, output = course.run("lab", "--port=1234")
    assert code == 0 and "setting up .venv" in output and "ready after" in output
    assert f"HANDED OVER {course.venv} lab --port=1234" in output
    assert course.calls() == ["venv", "pip"]
    code, output = course.run("lab")
    assert code == 0 and output == f"HANDED OVER {course.venv} lab\n"
    assert course.calls() == []


def test_extras_are_added_once_and_kept(course):
    course.run("lab")
    course.calls()
    assert "what its test needs" in course.run("test", CI="")[1]
    assert course.calls() == ["pip"]
    course.run("lab")
    course.run("test", CI="")
    assert course.calls() == []
    assert json.loads((course.venv / "optcourse-stamp.json").read_text())["extras"] == ["test"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_install_is_done_again_from_scratch(course, end):
    course.uv_does("hang")
    process = course.start("lab")
    wait_for(process, "installing the course")
    while len(log := (course.tools / "calls").read_text().splitlines()) < 2:
        time.sleep(0.02)
    process.send_signal(end)
    output = process.communicate(timeout=20)[0]
    assert log[1].startswith("pip install")
    if end != signal.SIGKILL:
        assert process.returncode == 130 and "interrupted" in output and "Traceback" not in output
    assert not (course.venv / "optcourse-stamp.json").exists()
    (course.venv / "half-written").touch()

    course.uv_does("works")
    course.calls()
    code, output = course.run("lab")
    assert code == 0 and "did not come to its end: starting it again" in output and "HANDED OVER" in output
    assert course.calls() == ["venv", "pip"] and not (course.venv / "half-written").exists()
    assert not (course.root / ".venv.trash").exists()


def test_a_failed_update_is_done_again_from_scratch(course):
    course.run("lab")
    with (course.root / "pyproject.toml").open("a") as file:
        file.write("version = '2'\n")
    course.uv_does("boom")
    code, output = course.run("lab")
    assert code == 1 and "boom" in output and "HANDED OVER" not in output
    course.uv_does("works")
    course.calls()
    assert course.run("lab")[0] == 0
    assert course.calls() == ["venv", "pip"]


def test_changed_requirements_are_installed_into_the_same_environment(course):
    course.run("lab")
    course.calls()
    with (course.root / "pyproject.toml").open("a") as file:
        file.write("version = '2'\n")
    assert "the requirements changed" in course.run("lab")[1]
    assert course.calls() == ["pip"]


def test_a_moved_folder_gets_a_new_environment(course):
    course.run("lab")
    course.root = course.root.rename(course.root.with_name("elsewhere"))
    code, output = course.run("lab")
    assert code == 0 and "folder was moved" in output and f"HANDED OVER {course.venv}" in output


@pytest.mark.parametrize("damage", ["stamp is nonsense", "stamp is of another Python", "python is gone"])
def test_a_damaged_environment_is_repaired(course, damage):
    course.run("lab")
    stamp = course.venv / "optcourse-stamp.json"
    if damage == "stamp is nonsense":
        stamp.write_text("[1, 2")
    elif damage == "stamp is of another Python":
        stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"python": "3.99"}))
    else:
        (course.venv / "bin" / "python").unlink()
    code, output = course.run("lab")
    assert code == 0 and "ready after" in output and "HANDED OVER" in output
    assert course.run("lab")[1].startswith("HANDED OVER")


def test_an_environment_of_the_persons_own_is_not_deleted(course):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(course.venv)], check=True)
    (course.venv / "mine").touch()
    code, output = course.run("lab")
    assert code == 0 and "did not make: installing into it" in output and (course.venv / "mine").exists()


def test_something_else_named_venv_is_left_alone(course):
    course.venv.write_text("my notes")
    code, output = course.run("lab")
    assert code == 1 and "Move it away" in output and course.venv.read_text() == "my notes"


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("error: dns error: failed to lookup address information", "Is this machine online?"),
        (
            "WARNING: NewConnectionError('Failed to establish a new connection')",
            "Is this machine online?",
        ),
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: [Errno 13] Permission denied: '/x'", "could not be written"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "certificate"),
        ("something never seen", "OPTCOURSE_NO_UV=1"),
    ],
)
def test_a_failure_is_explained(course, printed, told):
    course.uv_does(printed)
    code, output = course.run("lab")
    assert code == 1 and printed in output and told in output and "Traceback" not in output


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_says_what_to_install(course, tmp_path, module):
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        f"u.find_spec = lambda name, *rest: None if name == {module!r} else find(name, *rest)\n"
    )
    code, output = course.run("lab", path="/nowhere", PYTHONPATH=str(hide))
    assert code == 1 and f"without its module {module}" in output and "-venv" in output and "uv" in output
    assert not course.venv.exists()


def pretend_old(folder: Path) -> str:
    """A PYTHONPATH under which a Python says that it is 3.9, unless it was told not to."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 9, 18, 'final', 0)\n")
    return str(folder)


def test_too_old_a_python_is_told_so(course, tmp_path):
    code, output = course.run("lab", path="/nowhere", PYTHONPATH=pretend_old(tmp_path / "old"))
    assert code == 1 and "This is Python 3.9" in output and "needs Python 3.11 or newer" in output
    assert not course.venv.exists()


def test_too_old_a_python_goes_on_with_a_newer_one(course, tmp_path):
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "python3.12").write_text(f'#!/bin/sh\nunset PYTHONPATH\nexec "{sys.executable}" "$@"\n')
    (newer / "python3.14").write_text("#!/bin/sh\nexit 1\n")  # there, but does not start
    for program in newer.iterdir():
        program.chmod(0o755)
    old = pretend_old(tmp_path / "old")
    # No uv here, so that the newer Python has to be found; --help needs no environment, `lab` would.
    code, output = course.run("lab", path=f"{newer}:/bin:/usr/bin", PYTHONPATH=old, PIP_NO_INDEX="1")
    assert f"going on with {newer / 'python3.12'}" in output and "making .venv" in output


def test_old_pythons_can_read_course_py():
    source = (COURSE / "course.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    with pytest.raises(SyntaxError):  # the measure works
        ast.parse("if (n := 1): pass", feature_version=(3, 6))


def test_course_py_needs_the_standard_library_alone():
    tree = ast.parse((COURSE / "course.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_a_folder_that_cannot_be_written_is_named(course, tmp_path):
    spec = importlib.util.spec_from_file_location("course_py", course.root / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.os.access, kept = lambda *_: False, module.os.access  # root may write everywhere
    try:
        with pytest.raises(module.Stop, match="cannot be written by you"):
            module.ensure_environment([])
    finally:
        module.os.access = kept


def test_a_slow_package_index_is_mentioned_once_while_one_waits(course):
    course.uv_does("WARNING: Retrying\nWARNING: Retrying\ntimed out")
    assert course.run("lab")[1].count("trying again") == 1


def test_no_words_print_the_help_and_touch_nothing(course):
    code, output = course.run()
    assert code == 0 and "python3 course.py lab" in output and not course.venv.exists()
