"""course.py: from nothing to a running command; interrupted, repeated, moved, damaged, and told off.

A small course with a stand-in for uv keeps this quick and off the network; everything else is the real thing.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import until

COURSE = Path(__file__).resolve().parents[1]
PATIENCE = 250  # seconds; on a quiet machine nothing here takes ten

FAKE_UV = """#!{python}
# Stands in for uv: the same two commands, no network. What it does next is read from a file beside it.
import os, subprocess, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "calls"), "a", encoding="utf-8", errors="surrogateescape") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
mode = open(os.path.join(folder, "mode"), encoding="utf-8").read()
with open(os.path.join(folder, "variables"), "a") as file:
    file.write("\\n".join(sorted(os.environ)) + "\\n")
if sys.argv[1] == "venv":
    python = sys.argv[sys.argv.index("--python") + 1]
    sys.exit(subprocess.call([python, "-m", "venv", "--without-pip", sys.argv[-1]]))
if mode == "hang":
    print("installing", flush=True)
    time.sleep(6000)
if mode == "hold":
    print("installing", flush=True)
    while not os.path.exists(os.path.join(folder, "go on")):
        time.sleep(0.02)
elif mode != "works":
    sys.stdout.buffer.write(mode.encode())
    sys.exit(1)
python = sys.argv[sys.argv.index("--python") + 1]
code = "import site; print(site.getsitepackages()[0])"
site = subprocess.check_output([python, "-c", code], text=True).strip()
with open(os.path.join(site, "course.pth"), "w") as file:
    file.write(os.getcwd())
if os.path.exists(os.path.join(folder, "then.py")):
    exec(open(os.path.join(folder, "then.py")).read())
"""

SMALL_CLI = "import sys\nprint('HANDED OVER', sys.prefix, *sys.argv[1:])\n"


class SmallCourse:
    """A folder with our course.py, a package of one line, and a uv that obeys."""

    def __init__(self, folder: Path, name: str = "course of mine"):
        self.root = folder / name  # with spaces, as people have them
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
        (self.tools / "mode").write_text(mode, encoding="utf-8")

    def uv_then(self, code: str) -> None:
        """What uv does after it has installed the course; `site` is where packages go."""
        (self.tools / "then.py").write_text(code)

    def uv_goes_on(self) -> None:
        (self.tools / "go on").touch()

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
            errors="replace",
            cwd=self.root.parent,
        )

    def run(self, *words: str, path: str | None = None, **variables: str) -> tuple[int, str]:
        process = self.start(*words, path=path, **variables)
        output = process.communicate(timeout=PATIENCE)[0]
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
    until(lambda: len((course.tools / "calls").read_text().splitlines()) == 2)
    log = (course.tools / "calls").read_text().splitlines()
    process.send_signal(end)
    output = process.communicate(timeout=PATIENCE)[0]
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


# ---- two at once, and killed ----------------------------------------------------------------------


def test_two_set_ups_at_once_wait_for_each_other_and_say_for_whom(course):
    course.uv_does("hold")
    first = course.start("lab")
    wait_for(first, "installing the course")
    others = [course.start("lab", word) for word in ("a", "b")]
    for other in others:
        wait_for(other, f"another set-up works in this folder (process {first.pid} on ")
    course.uv_goes_on()
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in (first, *others)]
    assert [process.returncode for process in (first, *others)] == [0, 0, 0]
    assert "ready after" in outputs[0] and all(
        output == f"HANDED OVER {course.venv} lab {word}\n"
        for output, word in zip(outputs[1:], "ab", strict=True)
    )
    assert course.calls() == ["venv", "pip"]
    assert sorted(path.name for path in course.root.glob(".venv*")) == [".venv"]


def test_waiting_can_be_ended_and_harms_nobody(course):
    course.uv_does("hold")
    first = course.start("lab")
    wait_for(first, "installing the course")
    second = course.start("lab")
    wait_for(second, "another set-up works")
    second.send_signal(signal.SIGINT)
    assert "interrupted" in second.communicate(timeout=PATIENCE)[0] and second.returncode == 130
    course.uv_goes_on()
    assert "HANDED OVER" in first.communicate(timeout=PATIENCE)[0]


def test_what_a_killed_set_up_left_running_is_waited_for(course, tmp_path):
    """An installer's own child goes on after a SIGKILL, and would write into the next set-up's environment."""
    course.uv_does("hold")
    child = (
        "import os, subprocess, sys\n"
        "code = 'import os, time\\nwhile not os.path.exists(%r): time.sleep(0.02)'\n"
        f"subprocess.Popen([sys.executable, '-c', code % {str(tmp_path / 'end')!r}], close_fds=False)\n"
        f"open({str(tmp_path / 'child runs')!r}, 'w').close()\n"
        "time.sleep(6000)\n"
    )
    course.uv_then(child)
    course.uv_goes_on()
    first = course.start("lab")
    until(lambda: (tmp_path / "child runs").exists() or first.poll() is not None)
    assert first.poll() is None
    first.kill()
    first.wait()
    (course.tools / "then.py").unlink()
    course.uv_does("works")
    second = course.start("lab")
    wait_for(second, f"(process {first.pid} on ")
    assert second.poll() is None
    (tmp_path / "end").touch()
    output = second.communicate(timeout=PATIENCE)[0]
    assert second.returncode == 0 and "starting it again" in output and "HANDED OVER" in output
    first.stdout.close()


# ---- what is stamped as ready was looked at -------------------------------------------------------

# What an installer that was killed, or a disk that is full, leaves behind: a package "thing", not whole.
THING = """
def write(name, text):
    os.makedirs(os.path.dirname(os.path.join(site, name)), exist_ok=True)
    with open(os.path.join(site, name), "w") as file:
        file.write(text)

code = {code!r}
write("thing/__init__.py", code)
write("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: thing\\nVersion: 1.0\\n")
write("thing-1.0.dist-info/RECORD", "thing/__init__.py,sha256=x,%d\\nthing/__pycache__/x.pyc,,\\n" % len(code))
"""


@pytest.mark.parametrize(
    ("code", "then", "says"),
    [
        ("x = 1", "os.remove(os.path.join(site, 'thing/__init__.py'))", "missing or cut off, such as thing/"),
        ("x = 1", "write('thing/__init__.py', 'x')", "of 1 files, 1 are missing or cut off"),
        ("x = 1", "os.remove(os.path.join(site, 'thing-1.0.dist-info/RECORD'))", "no list of its files"),
        ("1 / 0", "", "thing does not start: ZeroDivisionError"),
        ("import nothing_of_this_name", "", "thing does not start: ModuleNotFoundError"),
        ("import os; os._exit(9)", "", "failed: looking at what was installed"),
    ],
)
def test_an_environment_that_is_not_whole_is_not_called_ready(course, code, then, says):
    with (course.root / "pyproject.toml").open("a") as file:
        file.write('dependencies = ["thing>=1"]\n')
    course.uv_then(THING.format(code=code) + then)
    status, output = course.run("lab")
    assert status == 1 and says in output and "Traceback" not in output
    assert f"HANDED OVER {course.venv} lab" not in output
    assert not (course.venv / "optcourse-stamp.json").exists()
    course.uv_then(THING.format(code="x = 1"))
    status, output = course.run("lab")
    assert status == 0 and "starting it again" in output and "HANDED OVER" in output


def test_a_requirement_that_was_not_installed_is_seen(course):
    with (course.root / "pyproject.toml").open("a") as file:
        file.write('dependencies = ["thing>=1"]\n')
    assert "thing is not installed" in course.run("lab")[1]


def test_an_optcourse_from_elsewhere_is_seen(course, tmp_path):
    shutil.copytree(course.root / "optcourse", tmp_path / "other" / "optcourse")
    course.uv_then(f"open(os.path.join(site, 'a.pth'), 'w').write({str(tmp_path / 'other')!r})")
    assert "optcourse is another one" in course.run("lab")[1]


def test_doctor_finds_what_was_lost_since_and_the_next_call_mends_it(course):
    course.uv_then(THING.format(code="x = 1"))
    assert course.run("lab")[0] == 0
    (thing,) = course.venv.glob("lib/python*/site-packages/thing/__init__.py")
    assert "not whole" not in course.run("doctor")[1]
    thing.unlink()
    code, output = course.run("doctor")
    assert (
        "such as thing/__init__.py" in output and ".venv is not whole" in output and "HANDED OVER" in output
    )
    assert "starting it again" in course.run("lab")[1] and thing.exists()
    assert "not whole" not in course.run("doctor")[1]


@pytest.mark.parametrize("end", ["killed", "failed", "not whole"])
def test_a_persons_own_environment_is_not_deleted_whatever_happens(course, end):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(course.venv)], check=True)
    (course.venv / "mine").touch()
    if end == "killed":
        course.uv_does("hang")
        process = course.start("lab")
        wait_for(process, "installing the course")
        process.kill()
        process.communicate(timeout=PATIENCE)
    elif end == "failed":
        course.uv_does("boom")
        assert course.run("lab")[0] == 1
    else:
        assert course.run("lab")[0] == 0
        for path in course.venv.glob("lib/python*/site-packages/course.pth"):
            path.unlink()
        assert "not whole" in course.run("doctor")[1]
    assert (course.venv / "optcourse-unfinished").exists()
    course.uv_does("works")
    code, output = course.run("lab")
    assert code == 0 and "HANDED OVER" in output and (course.venv / "mine").exists()
    assert not (course.venv / "optcourse-unfinished").exists()


def test_an_environment_behind_a_link_is_made_again_and_the_link_is_not_followed(course, tmp_path):
    course.run("lab")
    course.venv.rename(tmp_path / "big disk")
    course.venv.symlink_to(tmp_path / "big disk")
    (course.venv / "bin" / "python").unlink()
    assert "is gone: making .venv again" in course.run("lab")[1]
    assert (tmp_path / "big disk" / "pyvenv.cfg").exists() and not course.venv.is_symlink()


# ---- beside everything, in every folder -----------------------------------------------------------

FOREIGN = {
    **{f"PYTHON{name}": "/foreign" for name in ("PATH", "HOME", "STARTUP", "USERBASE")},
    **{f"PIP_{name}": "/foreign" for name in ("TARGET", "PREFIX", "ROOT", "PYTHON", "SRC")},
    **{f"PIP_{name}": "1" for name in ("USER", "NO_DEPS", "DRY_RUN", "REQUIRE_HASHES", "REQUIRE_VIRTUALENV")},
    **{f"UV_{name}": "/foreign" for name in ("PYTHON", "PROJECT_ENVIRONMENT", "PREFIX", "TARGET")},
    **{f"UV_{name}": "1" for name in ("SYSTEM_PYTHON", "NO_DEPS", "REQUIRE_HASHES")},
}
KEPT = {
    name: "kept"
    for name in (
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CERT", "PIP_PROXY"),
        *("PIP_TRUSTED_HOST", "PIP_CACHE_DIR", "PIP_DEFAULT_TIMEOUT", "UV_INDEX_URL", "UV_DEFAULT_INDEX"),
        *(
            "UV_FIND_LINKS",
            "UV_CACHE_DIR",
            "UV_NATIVE_TLS",
            "UV_OFFLINE",
            "UV_INDEX_MINE_PASSWORD",
            "HTTPS_PROXY",
        ),
        *("SSL_CERT_FILE", "CONDA_PREFIX", "OPTCOURSE_HOME", "LANG"),
    )
}


def test_what_redirects_python_pip_or_uv_is_left_out_and_the_rest_is_handed_on(course):
    (course.root / "optcourse" / "cli.py").write_text("import os\nprint('GIVEN', *os.environ)\n")
    foreign = {
        name: value for name, value in FOREIGN.items() if name != "PYTHONHOME"
    }  # course.py needs its own
    code, output = course.run("lab", **foreign, **KEPT)
    assert code == 0 and "left out: PYTHONPATH, PYTHONSTARTUP, PYTHONUSERBASE." in output
    for seen in (
        set((course.tools / "variables").read_text().splitlines()),
        set(output.partition("GIVEN ")[2].split()),
    ):
        assert not seen & FOREIGN.keys() and KEPT.keys() <= seen and "PYTHONNOUSERSITE" in seen


ODD_NAMES = [
    "course [copy]",
    "a#b",
    "space at its end ",
    "my [course] #1 é",
    "100%",
    "q?",
    "it's",
    "-x",
    "$HOME",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_folder_may_have_any_name(tmp_path, name):
    course = SmallCourse(tmp_path, name)
    code, output = course.run("test", CI="")
    assert code == 0 and f"HANDED OVER {course.venv} test" in output
    assert course.run("test", CI="")[1].startswith("HANDED OVER")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_folders_name_need_not_be_printable_here(tmp_path, encoding):
    course = SmallCourse(tmp_path, "курс é")
    course.uv_does("a failure with ✘ and é")
    code, output = course.run("lab", PYTHONIOENCODING=encoding + ":strict")
    assert code == 1 and "Traceback" not in output and "a failure with" in output


# A build backend that needs nothing: the real pip and the real uv can install with it and no network.
BACKEND = """
import base64, hashlib, os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "optcourse-0.1-py3-none-any.whl"
    info = "optcourse-0.1.dist-info/"
    files = {
        "_optcourse.pth": os.getcwd(),
        info + "METADATA": "Metadata-Version: 2.1\\nName: optcourse\\nVersion: 0.1\\nProvides-Extra: test\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: us\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        record = ""
        for path, text in files.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            record += f"{path},sha256={digest},{len(text.encode())}\\n"
        wheel.writestr(info + "RECORD", record + info + "RECORD,,\\n")
    return name

def get_requires_for_build_editable(config_settings=None):
    return []
"""


# uv puts pip into each environment, from the network or its cache: the one thing that is left out here.
UV_WITHOUT_SEED = """#!{python}
import os, sys
os.execv({uv!r}, [word for word in ["uv", *sys.argv[1:]] if word != "--seed"])
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["plain", "my [course] #1 é "])
@pytest.mark.parametrize("installer", ["pip", *(["uv"] if shutil.which("uv") else [])])
def test_the_real_installers_in_an_odd_folder_and_beside_everything(tmp_path, installer, name):
    course = SmallCourse(tmp_path, name)
    (course.root / "backend.py").write_text(BACKEND)
    (course.root / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        "[project]\nname = 'optcourse'\nversion = '0.1'\n[project.optional-dependencies]\ntest = []\n"
    )
    settings = {key: value.replace("/foreign", str(tmp_path / "foreign")) for key, value in FOREIGN.items()}
    del settings["PYTHONHOME"]  # course.py itself could not start
    conf = tmp_path / "pip.conf"
    conf.write_text(f"[install]\ntarget = {tmp_path}/foreign/conf\n[global]\ntimeout = 7\nno-index = true\n")
    if installer == "uv":
        (course.tools / "uv").write_text(UV_WITHOUT_SEED.format(python=sys.executable, uv=shutil.which("uv")))
        path = f"{course.tools}:{os.environ['PATH']}"
    else:
        path = "/bin:/usr/bin"
    settings |= {"PIP_CONFIG_FILE": str(conf), "UV_OFFLINE": "1", "CI": ""}
    code, output = course.run("test", path=path, **settings)
    assert code == 0 and f"HANDED OVER {course.venv} test" in output, output
    assert ("with uv" in output) is (installer == "uv")
    assert not (tmp_path / "foreign").exists()
    assert course.run("test", path=path, CI="")[1].startswith("HANDED OVER")
