"""Processes that mark one notebook after another, and can die without taking anything along.

A notebook travels to its marker as bytes and comes back as `Marks`. Each marker is a process of its own, because the judging
itself uses signals and captures what is printed, which threads would share; and because whatever kills a marker must cost its
notebook only.
The local pool and the Dask workers use the same markers.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import pickle
import queue
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optcourse.grading import marking
from optcourse.grading.marking import Marks, Unreadable, grade_notebook
from optcourse.grading.walls.outside import (
    COURSE,
    INSIDE,
    Limits,
    SandboxFailed,
    clear_left_behind,
    files_imported_by,
    has_bubblewrap,
    ipython_files,
)
from optcourse.grading.whose_numbers import GivenNumbers

JUDGE_MEMORY = 3_000_000_000  # of addresses: a judge, too, must not take the machine along
GRACE_SECONDS = 120.0  # for the reference's own runs, beyond the limit of a submission
NO_SANDBOX = "bubblewrap is not installed here"


@dataclass(frozen=True)
class Job:
    """A notebook to be marked. `key` is handed back; `grader` is what the asking side expects to be marked by."""

    key: int
    data: bytes
    seed: int
    lesson: str | None
    sandboxed: bool
    grader: str
    numbers: GivenNumbers | None = None


@dataclass(frozen=True)
class Result:
    """What became of a job: `marks`, or a `reason`. `died`: the notebook is not to blame; `refused`: this place cannot mark."""

    key: int
    marks: Marks | None = None
    reason: str = ""
    died: bool = False
    refused: str = ""
    log: str = ""


@functools.cache
def grader_version() -> str:
    """The version and a fingerprint of all that decides a mark, so that a mended exercise is graded anew."""
    lessons = sorted(COURSE.glob("exercises/lesson_*.py"))
    start = [Path(marking.__file__), INSIDE, *lessons]
    parts = {
        *start,
        *ipython_files(),
        *COURSE.glob("*.np[yz]"),
        *files_imported_by(*start),
    }
    digest = hashlib.sha256()
    for path in sorted(parts):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{importlib.metadata.version('optcourse')}+{digest.hexdigest()[:12]}"


# -- inside a judge's process ----------------------------------------------------------------------


def judge_here(job: Job) -> Result:
    """Mark a notebook in this process."""
    try:
        marks = grade_notebook(
            job.data, seed=job.seed, lesson=job.lesson, sandboxed=job.sandboxed, numbers=job.numbers
        )
    except Unreadable as error:
        return Result(job.key, reason=str(error))
    except SandboxFailed as error:
        return Result(job.key, reason=f"the sandbox did not start ({error})", died=True)
    # our own mistake: this notebook has no mark, says why, and the others go on
    except Exception as error:
        reason = f"the grader itself failed ({type(error).__name__}); the notebook is not to blame"
        return Result(job.key, reason=reason, died=True, log=traceback.format_exc())
    return Result(job.key, marks)


def main() -> None:
    """Read jobs from stdin and write results to stdout until stdin ends, which also happens when the asking process dies."""
    import resource

    if sys.platform != "darwin":  # which refuses a limit of addresses
        resource.setrlimit(resource.RLIMIT_AS, (JUDGE_MEMORY, JUDGE_MEMORY))
    clear_left_behind()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed may get between the answers
    # so that sandboxes and scratch folders are cleared away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    jobs: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    busy = threading.Event()

    def read() -> None:
        while (data := receive(sys.stdin.buffer)) is not None:
            jobs.put(data)
        jobs.put(None)
        if busy.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=read, daemon=True).start()
    while (data := jobs.get()) is not None:
        busy.set()
        result = judge_here(pickle.loads(data))
        busy.clear()
        send(answers, pickle.dumps(result))


def send(stream, data: bytes) -> None:
    stream.write(struct.pack(">Q", len(data)) + data)
    stream.flush()


def receive(stream) -> bytes | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    [size] = struct.unpack(">Q", head)
    data = stream.read(size)
    return data if len(data) == size else None


# -- outside ---------------------------------------------------------------------------------------


class Marker:
    """A judge's process. `mark` may be called from any thread, but from one at a time."""

    def __init__(self) -> None:
        self.log = tempfile.TemporaryFile()
        environment = {**os.environ, **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from optcourse.grading.pool import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the process that asks; it ends its markers itself
        )

    def mark(self, job: Job, seconds: float) -> Result:
        """The result of a job; one that says so where the process ends or takes longer than this."""
        try:
            send(self.process.stdin, pickle.dumps(job))
            answer = self._answer(seconds)
        except BrokenPipeError:
            answer = b""
        if answer is None:
            self.end()
            return Result(
                job.key, reason=f"the grading process gave no answer for {seconds:.0f} s", died=True
            )
        if not answer:
            self.end()
            code = self.process.returncode
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            return Result(job.key, reason=f"the grading process ended {how}", died=True, log=self._tail())
        return pickle.loads(answer)

    def _answer(self, seconds: float) -> bytes | None:
        """The answer; b"" where the process ended, None where the time is over."""
        end, data, pipe = time.monotonic() + seconds, b"", self.process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while len(data) < 8 or len(data) < 8 + struct.unpack(">Q", data[:8])[0]:
                if not selector.select(max(end - time.monotonic(), 0)):
                    return None
                chunk = os.read(pipe, 1 << 20)
                if not chunk:
                    return b""
                data += chunk
        return data[8:]

    def _tail(self) -> str:
        self.log.seek(max(0, self.log.seek(0, os.SEEK_END) - 4000))
        return self.log.read().decode(errors="replace")

    def stop_reading(self) -> None:
        """An end of its input is a judge's sign to end, at once if it is at work."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def close(self) -> int:
        """End the process, with time to clear away its sandbox, and return its exit code."""
        self.end()
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def end(self) -> None:
        """The same, with the pipe left open for a thread that still reads from it."""
        self.stop_reading()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Markers:
    """The markers of this process: as many as there are notebooks under way at once."""

    def __init__(self) -> None:
        self._idle: list[Marker] = []
        self._all: set[Marker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def mark(self, job: Job, seconds: float | None = None) -> Result:
        """Mark a notebook with an idle judge, or with a new one."""
        if job.grader != grader_version():
            return Result(
                job.key, refused=f"it has the course {grader_version()}, and {job.grader} is asked for"
            )
        if job.sandboxed and not has_bubblewrap():
            return Result(job.key, refused=NO_SANDBOX)
        try:
            judge = self._take()
        except OSError as error:  # no process or no memory to be had just now
            return Result(
                job.key, reason=f"no grading process could be started ({error.strerror})", died=True
            )
        try:
            return judge.mark(job, seconds or 2 * Limits().total_seconds + GRACE_SECONDS)
        finally:
            with self._lock:
                keep = judge.process.poll() is None and not self._closed
                (self._idle.append if keep else self._all.discard)(judge)
            if not keep:
                judge.close()

    def _take(self) -> Marker:
        with self._lock:
            if self._closed:
                raise RuntimeError("these markers were sent home")
            if self._idle:
                return self._idle.pop()
            judge = Marker()
            self._all.add(judge)
            return judge

    def close(self) -> None:
        """End every judge; a notebook that is under way is not finished."""
        with self._lock:
            self._closed, idle, busy = True, list(self._idle), self._all.difference(self._idle)
            self._idle, self._all = [], set()
        for judge in [*idle, *busy]:
            judge.stop_reading()
        for judge in idle:
            judge.close()
        for judge in busy:  # the thread that waits for it closes the rest
            judge.end()


def mark_locally(jobs: Iterable[Job], count: int) -> Iterator[Result]:
    """Results in the order in which they come, from `count` markers; never more than twice as many notebooks in memory."""
    markers = Markers()
    with ThreadPoolExecutor(count) as pool:
        try:
            yield from in_flight(jobs, lambda job: pool.submit(markers.mark, job), 2 * count)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            markers.close()


def wait_for_one(going: set) -> tuple[set, set]:
    return tuple(wait(going, return_when=FIRST_COMPLETED))


def in_flight(
    jobs: Iterable[Job],
    submit: Callable[[Job], Any],
    limit: int,
    wait: Callable[[set], tuple[set, set]] = wait_for_one,
    result: Callable[[Any, Job], Result] = lambda future, job: future.result(),
) -> Iterator[Result]:
    """Keep at most `limit` futures going; jobs are drawn only when there is room."""
    going, jobs = {}, iter(jobs)
    while True:
        while len(going) < limit and (job := next(jobs, None)) is not None:
            going[submit(job)] = job
        if not going:
            return
        done, _ = wait(set(going))
        for future in done:
            yield result(future, going.pop(future))
