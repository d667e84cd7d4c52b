"""The walls: start a worker for a submission, watch it, talk to it with limits on everything, leave nothing behind.

With bubblewrap the worker sees Python's own library, NumPy and the few parts of the course that its lesson needs,
all read-only; an empty scratch folder; no network, no other process, no environment. Time, memory and the size of
every message are watched from here. With or without bubblewrap the kernel refuses new processes, sockets and memory
that cannot be seen (`kernel_filter`).
"""

from __future__ import annotations

import ast
import importlib.util
import os
import py_compile
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np

from optcourse.learner.wire import Unreadable, dumps, loads

COURSE = Path(__file__).resolve().parents[2]
INSIDE = Path(__file__).with_name("inside.py")
# What the cells of a lesson need of the course, as far as their answers go: module -> public names. All else is a
# silent stand-in (inside.LeftOut), so that nobody's answer is the library's. A test tries every name here as the
# answer of every exercise of the lesson: it must earn nothing.
LANDSCAPE = "Objective factory build parameter quadratic "  # what the functions of `objectives` are made of
DIGITS = {"data": "Digits load_digits"}
KEPT: dict[str, dict[str, str]] = {
    "00": DIGITS,
    "01": DIGITS | {"objectives": LANDSCAPE + "lecture_bowl"},
    "02": DIGITS,
    "03": {"objectives": LANDSCAPE + "lecture_bowl rosenbrock"},
    "04": {"data": "Digits load_digits train_test_split check_generator"},
    "05": {"objectives": LANDSCAPE + "heavy_ball_cycle"},
    "06": {"objectives": LANDSCAPE + "lecture_bowl"},
    "07": {"objectives": LANDSCAPE + "cliff"},
}
POLL = 0.02  # seconds between two looks at memory and processes


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds, bytes and counts."""

    cell_seconds: float = 10.0  # of a processor
    call_seconds: float = 60.0  # of a processor; where the exercise itself says less, that counts
    wait: float = 3.0  # a cell or a call that waits for something else than a processor may take this many times as long
    total_seconds: float = (
        240.0  # for all cells, and again for all calls; waiting for a processor does not count
    )
    memory: int = 1_500_000_000
    processes: int = 8
    threads: int = 64
    file_size: int = 16_000_000
    scratch: int = 64_000_000
    open_files: int = 64
    message: int = 2_000_000
    questions: int = 20_000
    record: int = 80_000_000
    restarts: int = 6


class Stopped(Exception):
    """A limit was met, or the worker ended; the text completes the sentence 'It was stopped: …'."""


class SandboxFailed(RuntimeError):
    """The walls could not be built: a matter of this machine, not of the submission."""


def has_bubblewrap() -> bool:
    return shutil.which("bwrap") is not None


def lacking_here() -> list[str]:
    """What a marker needs of the system and this one has not: nothing can be marked then, walls or none."""
    modules = [name for name in ("fcntl", "resource") if importlib.util.find_spec(name) is None]
    names = {"select.poll": (select, "poll"), "os.killpg": (os, "killpg"), "SIGKILL": (signal, "SIGKILL")}
    return modules + [name for name, (module, part) in names.items() if not hasattr(module, part)]


def unheld_here() -> str | None:
    """The limits that are looked at in /proc, where this system has none that tells them: they would never bind."""
    if os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"):
        return None
    return "memory, processes and threads"


class WalledProcess:
    """One process behind the walls, and the two pipes to it. A context manager: at the end nothing of it is left."""

    def __init__(self, lesson: str, limits: Limits, sandboxed: bool, end: float) -> None:
        self.limits, self.next_look = limits, 0.0
        self.buffer = bytearray()
        self.scratch = None
        if sandboxed:
            home = prepared(lesson)
        else:  # a copy of its own, which no submission before it can have changed
            self.scratch = own_folder()
            home = self.scratch / "job"
            for name in ("job", "work"):
                (self.scratch / name).mkdir()
            _prepare(lesson, home)
        self.process = subprocess.Popen(
            _command(home, limits, sandboxed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=self.scratch / "work" if self.scratch else "/",
            env={"HOME": "/tmp", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            start_new_session=True,
        )
        os.set_blocking(self.process.stdin.fileno(), False)
        self.begin(end)
        try:
            self._hello()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> WalledProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _hello(self) -> None:
        try:
            started, why = self.hear(60.0).get("started"), "it says something else"
        except (Stopped, Unreadable) as error:
            if time.monotonic() - self.load() > self.end:
                raise Stopped("the submission as a whole took too long") from error
            started, why = False, str(error)
        if started is not True:
            try:
                self.process.wait(2)
                why = _drain(self.process.stderr)
            except subprocess.TimeoutExpired:  # it lives, and is silent
                pass
            raise SandboxFailed(f"the process for submissions does not start: {why}")

    def begin(self, end: float) -> None:
        """From now on the worker has time until `end`."""
        self.end, self.began, self.before = end, time.monotonic(), _used(self.process.pid)

    def load(self) -> float:
        """The seconds since `begin` for which the worker and we would have run, but the processors were busy with others.

        We may have waited while the worker ran: what it used is its own.
        """
        ran, waited = (now - before for now, before in zip(_used(self.process.pid), self.before, strict=True))
        return max(min(waited, time.monotonic() - self.began - ran), 0.0)

    def say(self, message: dict, seconds: float = 10.0) -> None:
        """Send a message. A worker that does not read is stopped, so that the judge never waits for it."""
        data = memoryview(dumps(message))
        end = time.monotonic() + seconds
        while data:
            try:
                data = data[os.write(self.process.stdin.fileno(), data) :]
            except BlockingIOError:  # the pipe is full
                self._wait(end, write=True)
            except BrokenPipeError as error:
                raise Stopped("the process ended") from error

    def hear(self, seconds: float) -> dict:
        """The next message; Stopped after so many seconds, Unreadable where it is none."""
        end = time.monotonic() + seconds
        size = int.from_bytes(self._read(4, end), "big")
        if size > self.limits.message:
            raise Stopped("its answer is too long")
        message = loads(self._read(size, end))
        if not isinstance(message, dict):
            raise Unreadable("the message is not readable")
        return message

    def _read(self, size: int, end: float) -> bytes:
        while len(self.buffer) < size:
            self._wait(end)
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                raise Stopped("the process ended")
            self.buffer += part
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def _wait(self, end: float, write: bool = False) -> None:
        """Wait until the pipe is ready, and look at what the worker uses meanwhile."""
        ready = select.poll()
        if write:
            ready.register(self.process.stdin, select.POLLOUT)
        else:
            ready.register(self.process.stdout, select.POLLIN)
        while True:
            now = time.monotonic()
            if now > min(end, self.end):
                used = now - self.load()
                if used > self.end:
                    raise Stopped("the submission as a whole took too long")
                if used > end:
                    raise Stopped("it took too long")
            if now >= self.next_look:
                self.next_look = now + POLL
                if why := _too_much(self.process.pid, self.limits):
                    raise Stopped(why)
            if ready.poll(POLL * 1000):
                return

    def close(self) -> None:
        """Kill the worker and all that it started; with bubblewrap the whole process namespace goes with it."""
        # bubblewrap, and its first process within, end by themselves when all others have ended
        _, *inside = _tree(self.process.pid)[0]
        for pid in reversed(inside[1:]):
            _kill(os.kill, pid)
        try:
            self.process.wait(2.0 if inside else 0)
        except subprocess.TimeoutExpired:
            _kill(os.killpg, self.process.pid)
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    try:
        how(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has just ended
        return


def _drain(pipe: Any) -> str:
    return pipe.read(2_000).decode(errors="replace").strip() or "no reason was given"


# -- the command line ------------------------------------------------------------------------------


# Where Python lies behind the walls, so that nobody reads in a traceback whose machine it is.
PYTHON = "/python"


def _command(home: Path, limits: Limits, sandboxed: bool) -> list[str]:
    base = Path("/job") if sandboxed else home
    site = Path("/site") if sandboxed else Path(np.__file__).parents[1]
    # the course's folder first: without a sandbox NumPy's folder holds whatever else is installed there
    path = os.pathsep.join([f"{base}/course", f"{base}", str(site)])
    kernel = {
        "RLIMIT_AS": limits.memory,
        "RLIMIT_FSIZE": limits.file_size,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_CORE": 0,
    }
    python = Path(os.path.realpath(sys.executable))
    words = [f"{PYTHON}/bin/{python.name}" if sandboxed else str(python), "-I", "-S", "-B"]
    words += [f"{base}/inside.py", path]
    for name, value in kernel.items():
        words += [name, str(value)]
    return [*_walls(home, limits), *words] if sandboxed else words


def _walls(home: Path, limits: Limits) -> list[str]:
    """bubblewrap's command line: nothing but Python's library, NumPy and the job, all read-only, and a small scratch."""
    words = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += ["--hostname", "grading", "--cap-drop", "ALL", "--new-session", "--die-with-parent"]
    for name in ("/usr/lib", "/usr/lib32", "/usr/lib64"):
        if Path(name).exists():
            words += ["--ro-bind", name, name]
    for name in ("lib", "lib64"):
        if Path("/", name).exists():
            words += ["--symlink", f"usr/{name}", f"/{name}"]
    python, base = Path(os.path.realpath(sys.executable)), Path(sys.base_prefix).resolve()
    library = Path(os.__file__).resolve().parent
    words += ["--ro-bind", str(python), f"{PYTHON}/bin/{python.name}"]
    if not (base / "lib").is_relative_to("/usr/lib"):  # what it is linked with may lie there
        words += ["--ro-bind", str(base / "lib"), f"{PYTHON}/lib"]
        words += ["--setenv", "LD_LIBRARY_PATH", f"{PYTHON}/lib"]
    inside = Path(PYTHON, sys.platlibdir, library.name)
    if library != base / sys.platlibdir / library.name or (base / "lib").is_relative_to("/usr/lib"):
        words += ["--ro-bind", str(library), str(inside)]
    hidden = [inside / "site-packages", inside / "dist-packages", Path("/usr/lib/python3/dist-packages")]
    outside = [library / "site-packages", library / "dist-packages", hidden[-1]]
    if library.is_relative_to("/usr/lib"):
        hidden, outside = [*hidden, *outside[:2]], [*outside, *outside[:2]]
    for there, here in zip(hidden, outside, strict=True):
        if here.exists():  # the course itself may be installed there
            words += ["--tmpfs", str(there), "--remount-ro", str(there)]
    for file, copy in _built_with(home):  # it says where Python was built, which often is a home folder
        words += ["--ro-bind", copy, str(inside / file.relative_to(library))]
    numpy = Path(np.__file__).parent
    words += ["--ro-bind", str(numpy), "/site/numpy"]
    if (libraries := numpy.with_name("numpy.libs")).exists():
        words += ["--ro-bind", str(libraries), "/site/numpy.libs"]
    words += ["--ro-bind", str(home), "/job", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--size", str(limits.scratch), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]
    return words


def _built_with(home: Path) -> Iterator[tuple[Path, str]]:
    """The files of Python's library that name the folder it lies in, and what stands in their places."""
    base, library = str(Path(sys.base_prefix).resolve()), Path(os.__file__).resolve().parent
    if base == "/usr":
        return
    for file in library.glob("_sysconfigdata*.py"):
        copy = home / file.name
        if not copy.exists():
            copy.write_text(file.read_text(encoding="utf-8").replace(base, PYTHON), encoding="utf-8")
        yield file, str(copy)
        for compiled in (library / "__pycache__").glob(f"{file.stem}.*.pyc"):
            yield compiled, os.devnull


@lru_cache(maxsize=64)
def prepared(lesson: str) -> Path:
    """A folder with the worker and the course as a lesson's submissions find it, compiled; made once a process."""
    home = own_folder()
    _prepare(lesson, home)
    for file in home.rglob("*.py"):
        py_compile.compile(
            str(file), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    return home


def _prepare(lesson: str, home: Path) -> None:
    package = home / "course" / "optcourse"
    shutil.copy(INSIDE, home)
    for (
        file
    ) in ipython_files():  # IPython's way to make Python of a cell, which needs nothing else of IPython
        source = file.read_text(encoding="utf-8").replace("from IPython.utils import", "import")
        (home / file.name).write_text(source, encoding="utf-8")
    package.mkdir(parents=True)
    # The worker's own tools: no reference, no ingredient. It takes them off the path before the cells run.
    for file in files_imported_by(INSIDE):
        tool = package / file.relative_to(COURSE)
        tool.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tool)
    for name, names in KEPT.get(lesson, {}).items():
        (package / f"{name}.py").write_text(_only(COURSE / f"{name}.py", names.split()), encoding="utf-8")
        if name == "data":
            shutil.copy(COURSE / "digits.npz", package)
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()


@lru_cache(maxsize=1)
def ipython_files() -> tuple[Path, ...]:
    """The files of IPython that the worker uses; they are found without importing it."""
    [folder] = importlib.util.find_spec("IPython").submodule_search_locations
    found = [Path(folder, name) for name in ("core/inputtransformer2.py", "utils/tokenutil.py")]
    return tuple(path for path in found if path.is_file())


def files_imported_by(*files: Path) -> list[Path]:
    """The files of the course that these need to be imported: what their top level asks for, and theirs in turn."""
    found, todo = set(), list(files)
    while todo:
        for node in _top_level(ast.parse(todo.pop().read_text(encoding="utf-8")).body):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("optcourse"):
                continue
            named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            paths = {COURSE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in named}
            new = {path for path in paths if path.is_file()} - found
            found |= new
            todo += new
    return sorted(found)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a file does: those of an `if` too, except what is for type checkers only."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING":
            yield from _top_level(node.body)


def _only(file: Path, names: list[str]) -> str:
    """The source of a module without the public functions and classes that are not named; who asks for them gets stand-ins."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    definition = ast.FunctionDef | ast.ClassDef
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, definition) or node.name.startswith("_") or node.name in names
    ]
    return ast.unparse(tree) + STAND_IN.format(module=file.stem)


STAND_IN = """

def __getattr__(name):
    import optcourse
    return optcourse.__getattr__("{module}." + name)
"""


# -- folders that go with their owner --------------------------------------------------------------

OWNED = "optcourse-grade-"


@lru_cache(maxsize=1)
def folder_of_this_process() -> Path:
    """Where this process keeps what goes with it, however it ends: the lock on it is gone then."""
    import fcntl

    folder = Path(tempfile.mkdtemp(prefix=OWNED))
    lock = (folder / ".owner").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    Finalize(None, _remove, (folder, lock), exitpriority=1)  # also at the end of a process of a pool
    return folder


def _remove(folder: Path, lock: Any) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()


def own_folder() -> Path:
    """A new folder of this process."""
    return Path(tempfile.mkdtemp(dir=folder_of_this_process()))


def clear_left_behind() -> None:
    """Remove the folders of this user whose processes were killed before they could do it."""
    import fcntl

    for folder in Path(tempfile.gettempdir()).glob(f"{OWNED}*"):
        try:
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            with (folder / ".owner").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):  # somebody works in it, or is about to; or it is gone
            continue


# -- the watch -------------------------------------------------------------------------------------


def _tree(root: int) -> tuple[list[int], int]:
    """The process and all that descend from it, and the number of their threads."""
    found, threads, todo = [], 0, [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                threads += 1
                todo += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:  # it has just ended
            continue
    return found, threads


def _used(root: int) -> tuple[float, float]:
    """Seconds of a processor that these processes have had, and those for which they and this one were ready to run and none
    was free; 0 where nobody counts."""
    ran = waited = 0
    for pid in (*_tree(root)[0], os.getpid()):
        try:
            had, was_ready, *_ = map(int, Path(f"/proc/{pid}/schedstat").read_text().split())
        except (OSError, ValueError):  # it has just ended, or the kernel does not say
            continue
        waited += was_ready
        ran += had if pid != os.getpid() else 0
    return ran / 1e9, waited / 1e9


def _too_much(root: int, limits: Limits) -> str | None:
    """The limit that is exceeded now by a process and all that descend from it."""
    pids, threads = _tree(root)
    if len(pids) > limits.processes:
        return "it started too many processes"
    if threads > limits.threads:
        return "it started too many threads"
    memory = 0
    for pid in pids:
        try:
            memory += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:  # it has just ended
            continue
    return f"it used more than {limits.memory / 1e9:g} GB of memory" if memory > limits.memory else None
