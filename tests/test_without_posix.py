"""The learner's side of the course where a system has no fcntl, resource, pwd, ...: on Windows, or in a browser."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# What Python has on POSIX alone. `select` and `signal` are everywhere, with less in them.
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix_ipc")
NAMES = {
    "os": "fork forkpty killpg getpgid setsid setpgid getuid geteuid getgid getegid getgroups mkfifo mknod chown fchmod "
    "fchown nice sysconf pread pwrite statvfs uname wait3 wait4 O_NONBLOCK O_NOFOLLOW O_DIRECTORY O_CLOEXEC",
    "select": "poll epoll",
    "signal": "setitimer getitimer alarm pause SIGALRM SIGKILL SIGHUP SIGCHLD SIGUSR1 pthread_sigmask pthread_kill sigwait",
}
# Libraries of ours are imported first, whole: what they do without these modules is theirs.
LIBRARIES = (
    "numpy matplotlib.figure ipywidgets anywidget IPython nbformat nbclient jupyter_server asyncio tempfile"
)

WITHOUT = f"""
import importlib, os, pkgutil, select, signal, sys
for name in {LIBRARIES.split()!r}:
    importlib.import_module(name)
for name in {MODULES!r}:
    sys.modules[name] = None
for module, names in {NAMES!r}.items():
    for name in names.split():
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
sys.argv[1:2] and exec(sys.argv[1])
import optcourse
ROOMS = "learner checking questions explorers figures exercises commands"
for found in pkgutil.walk_packages(optcourse.__path__, "optcourse."):
    rest = found.name.split(".")[1]
    if rest in ROOMS.split() or (found.name.count(".") == 1 and not found.ispkg):
        importlib.import_module(found.name)
from optcourse import check, progress
from optcourse.exercises.lesson_03 import gradient_descent
import optcourse.journal
assert check("03-gradient-descent", gradient_descent).passed
assert [event["status"] for event in progress.events()] == ["passed"]
assert "1 of" in str(progress.progress())
print(len([name for name in sys.modules if name.startswith("optcourse.")]))
"""


def run(tmp_path, extra: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *([extra] if extra else [])],
        env={**os.environ, "OPTCOURSE_HOME": str(tmp_path), "OPTCOURSE_STRICT": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_the_learners_side_works_without_what_is_posix(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 60


@pytest.mark.parametrize("line", ["import fcntl", "import signal; signal.SIGALRM", "import os; os.getuid()"])
def test_the_measure_sees_what_is_not_there(tmp_path, line):
    done = run(tmp_path, line)
    assert done.returncode != 0 and "Error" in done.stderr


GRADE = """
import optcourse.grading.command, optcourse.grading.gradebook, os, tempfile
for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
    os.environ.pop(name, None)
assert optcourse.grading.gradebook.person() == "unknown"
from optcourse import cli
code = cli.main(["grade", tempfile.mkdtemp(), "--without-sandbox"])
sys.exit(code)
"""


def test_where_nothing_can_be_marked_one_sentence_says_so(tmp_path):
    done = run(tmp_path, GRADE)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "cannot be marked on this system" in done.stderr and "no fcntl, no resource" in done.stderr
    assert "no select.poll, no os.killpg" in done.stderr and "WSL" in done.stderr


def test_limits_that_cannot_be_held_are_said_and_the_risk_is_asked_for(monkeypatch, capsys):
    from optcourse.grading import command

    command.look_at_the_system(False, False)  # here, all of them are held
    monkeypatch.setattr(command, "unheld_here", lambda: "memory, processes and threads")
    with pytest.raises(
        command.Stop, match="cannot limit the memory, processes and threads.*--without-sandbox"
    ):
        command.look_at_the_system(False, False)
    assert capsys.readouterr().out == ""
    command.look_at_the_system(True, False)
    assert "note: the memory, processes and threads of a notebook are not limited" in capsys.readouterr().out


def test_limits_are_unheld_where_proc_tells_nothing(monkeypatch):
    from optcourse.grading.walls import outside

    assert outside.unheld_here() is None and outside.lacking_here() == []
    monkeypatch.setattr(outside.os.path, "exists", lambda path: False)
    assert outside.unheld_here() == "memory, processes and threads"
