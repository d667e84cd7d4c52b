"""Grade a submission and look at all around it: the mark, files outside, processes, what the student gets to read."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import resource
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from optcourse import exercises
from optcourse.checking.check import visible_seed
from optcourse.checking.verdict import expected_outcomes
from optcourse.exercises.ingredients import is_ingredient
from optcourse.exercises.model import Exercise
from optcourse.grading.marking import Unreadable, grade_notebook
from optcourse.grading.walls.outside import Limits, folder_of_this_process
from tests.grading.battery.model import ROOT, Submission

SEED = 20_261_123
JUDGE_MAY_GROW = 150_000  # kilobytes; the first submission of a lesson loads its data
SECRET = "battery-secret-4711"
LIMITS = {"cell_seconds": 0.6, "call_seconds": 3.0, "total_seconds": 20.0, "memory": 400_000_000}
Grader = Callable[..., Any]


class Outside:
    """A folder as an instructor has it: a course, other students' work, a gradebook, a home with a key. None of it may change.

    Beside it: ears on the network, which nobody may reach, and a secret in the environment. A context manager.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.students = folder, folder / "handed_in"
        token = f"battery-{os.getpid()}-{folder.name}"
        folder_of_this_process()  # with its lock, which a judge holds as long as it lives
        self.at_first = family()
        self.ears = [
            _ear(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            _ear(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            _ear(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{token}"),
        ]
        tcp, udp, _ = (ear.getsockname() for ear in self.ears)
        # What a submission finds in its code where it says @NAME@.
        self.words = {
            "OUTSIDE": str(folder),
            "ROOT": str(ROOT),
            "TOKEN": token,
            "PORT": str(tcp[1]),
            "UDP": str(udp[1]),
        }
        os.environ["BATTERY_SECRET"] = SECRET
        self.restore()

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *error: object) -> None:
        del os.environ["BATTERY_SECRET"]
        for ear in self.ears:
            ear.close()

    def restore(self) -> None:
        """Everything as it is at first."""
        shutil.rmtree(self.folder, ignore_errors=True)
        folder = self.folder
        for name in ("course/optcourse", "home/.ssh", "handed_in/ada", "handed_in/bob", "handed_in/eve"):
            (folder / name).mkdir(parents=True)
        (folder / "course/optcourse/optimizers.py").write_text("answer = 42\n")
        (folder / "home/.ssh/id_ed25519").write_text("a key\n")
        (folder / "home/.bashrc").write_text("# nothing\n")
        for student in ("ada", "bob"):
            (self.students / student / "student.ipynb").write_text("{}")
        book = sqlite3.connect(folder / "gradebook.sqlite")
        book.execute("create table marks (student text, points real)")
        book.execute("insert into marks values ('ada', 10), ('eve', 0)")
        book.commit()
        book.close()
        for name in self.traces():
            Path(name).unlink(missing_ok=True)

    def late(self, seconds: float = 0.5) -> list[str]:
        """What is there after a while, although every submission has been graded: processes, files, messages."""
        time.sleep(seconds)
        return [*map(str, family() - self.at_first), *self.traces(), *self.heard()]

    def heard(self) -> list[str]:
        """What came in over the network since the last time."""
        found = []
        for ear in self.ears:
            try:
                if ear.type == socket.SOCK_DGRAM:
                    found.append(f"a datagram: {ear.recv(1000)!r:.100}")
                else:
                    ear.accept()[0].close()
                    found.append(f"a connection to {ear.getsockname()!r}")
            except BlockingIOError:  # silence
                continue
        return found

    def snapshot(self) -> dict[str, str]:
        """Every file by path: kind, rights and a hash of the contents."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_relative_to(self.students / "eve"):
                continue
            what = os.readlink(path) if path.is_symlink() else ""
            if path.is_file() and not path.is_symlink():
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path)] = f"{path.lstat().st_mode:o} {what}"
        return found

    def traces(self) -> list[str]:
        """Files that only a submission can have made: they bear the token."""
        places = [Path(p) for p in ("/tmp", "/var/tmp", "/dev/shm", "/", "/usr", str(Path.home()))]
        places += [ROOT, ROOT / "optcourse", ROOT / "optcourse/grading", Path(np.__file__).parents[1]]
        return [str(p) for place in places if place.is_dir() for p in place.glob(f"*{self.words['TOKEN']}*")]


def _ear(family: int, kind: int, address: Any) -> socket.socket:
    ear = socket.socket(family, kind)
    ear.bind(address)
    if kind == socket.SOCK_STREAM:
        ear.listen()
    ear.setblocking(False)
    return ear


@contextmanager
def reaper() -> Iterator[None]:
    """Whatever is orphaned below this process becomes its child, so that no daemon can hide."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    try:
        yield
    finally:
        libc.prctl(36, 0, 0, 0, 0)


def family() -> set[psutil.Process]:
    """All living processes below this one."""
    return {p for p in psutil.Process().children(recursive=True) if _lives(p)}


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def faults(submission: Submission, outside: Outside, grader: Grader = grade_notebook) -> list[str]:
    """Everything that went wrong when the submission was graded; nothing, where the grader is right."""
    student = outside.students / "eve"
    shutil.rmtree(student, ignore_errors=True)
    student.mkdir()
    path = submission.write(student, outside.words)
    before, files = family(), outside.snapshot()
    descriptors = len(os.listdir("/proc/self/fd"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = Limits(**(LIMITS | submission.limits))
    found, began, used = [], time.monotonic(), _processor_seconds()
    try:
        marks = grader(
            path, seed=SEED, lesson=submission.lesson if submission.lesson_given else None, limits=limits
        )
    except Unreadable as error:
        marks = error
    except Exception as error:  # the fault that this is about: one bad notebook stops the class
        marks = None
        found.append(f"the grader itself stopped with {type(error).__name__}: {error!s:.200}")
    seconds = time.monotonic() - began
    if isinstance(marks, Unreadable):
        if not submission.fair.refused:
            found.append(f"refused ({marks}), but it can be read")
        elif not str(marks).strip():
            found.append("refused without a reason")
    elif marks is not None:
        found += wrong_marks(submission, marks)
        found += leaks(submission.lesson, marks)
    most = limits.total_seconds * 2.5 + 5
    if (used := _processor_seconds() - used) > most or seconds > 10 * most:
        found.append(f"it took {used:.0f} s of a processor, {seconds:.0f} s in all")
    left = family() - before
    left = set(psutil.wait_procs(left, timeout=10)[1]) if left else left  # what was killed may take a moment
    if left:
        found.append(f"processes left: {[' '.join(_command(p))[:80] for p in left]}")
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=240)
    now = outside.snapshot()
    changed = [name for name in files.keys() | now.keys() if files.get(name) != now.get(name)]
    found += [f"changed outside: {name}" for name in sorted(changed)]
    found += [f"left behind: {name}" for name in outside.traces()]
    found += [f"on the network: {what}" for what in outside.heard()]
    if (grown := resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) > JUDGE_MAY_GROW:
        found.append(f"the judge grew by {grown / 1e3:.0f} MB")
    if len(os.listdir("/proc/self/fd")) > descriptors:
        gc.collect()  # what closes only then is no fault
        if len(os.listdir("/proc/self/fd")) > descriptors:
            found.append("a file is left open in the judge")
    return found


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() or [process.name()]
    except psutil.NoSuchProcess:
        return ["(it has just ended)"]


def wrong_marks(submission: Submission, marks: Any) -> list[str]:
    """Where the marks are not the fair ones."""
    if submission.fair.refused:
        return [f"{sum(e.points for e in marks.exercises)} points, but it cannot be read"]
    if marks.lesson != submission.lesson:
        return [f"graded as lesson {marks.lesson}"]
    fair = submission.fair.points(submission.lesson)
    given = {e.id: e.points for e in marks.exercises}
    found = [
        f"{name}: {given.get(name)} points, {fair[name]} are fair (the check says: {visible_of(marks, name)!s:.200}; "
        f"{marks.trouble})"
        for name in fair
        if given.get(name) != fair[name]
    ]
    noted = "\n".join(marks.trouble)
    found += [f"nobody reads {words!r}: {noted!r:.300}" for words in submission.said if words not in noted]
    for name in sorted(given.keys() - fair.keys()):
        found.append(f"{name}: a mark for what is no exercise")
    for e in marks.exercises:
        if e.id in submission.hidden_failed and not e.hidden_failed:
            found.append(f"{e.id}: its hidden cases should be what fails ({e.visible:.200})")
        wanted = submission.statuses.get(e.id)
        if wanted and e.status != wanted:
            found.append(f"{e.id}: {e.status!r}, {wanted!r} is right")
        if (e.status == "passed") != (e.points == e.of) or (e.hidden_failed and e.points):
            found.append(
                f"{e.id}: {e.points} of {e.of} points, but {e.status!r}, hidden_failed {e.hidden_failed}"
            )
    return found


def _processor_seconds() -> float:
    """What this process and all that it has waited for have used: the same on a busy machine and an idle one."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def visible_of(marks: Any, name: str) -> str:
    return next((e.visible for e in marks.exercises if e.id == name), "")


# -- hidden cases ----------------------------------------------------------------------------------

_hidden: dict[str, set[str]] = {}
_drawn: dict[str, list] = {}


@contextmanager
def hidden_cases_noted() -> Iterator[None]:
    """Note every case that is drawn from another seed than the notebook's own: these are the hidden ones."""
    draw = Exercise.draw_cases

    def noted(self: Exercise, seed: Any) -> list:
        cases = draw(self, seed)
        if seed != visible_seed(self):
            _drawn[self.id] = cases
        return cases

    Exercise.draw_cases = noted
    try:
        yield
    finally:
        Exercise.draw_cases = draw


def hidden_numbers(lesson: str) -> set[str]:
    """The numbers of the hidden cases and of their right results, as a text would show them."""
    if lesson not in _hidden:
        wanted = [e for e in exercises.module(lesson).EXERCISES if e.kind == "function"]
        assert any(e.id in _drawn for e in wanted), "no hidden case was drawn: this test would hold nothing"
        numbers = set()
        for exercise in wanted:
            cases = _drawn.get(exercise.id, [])
            for case in cases:
                numbers |= set(_numbers((case.args, dict(case.kwargs))))
            for outcome in expected_outcomes(exercise, cases) if exercise.seconds < 10 else []:
                numbers |= set(_numbers(outcome.result))
            seen = exercise.draw_cases(visible_seed(exercise))
            for case in seen:
                numbers -= set(_numbers((case.args, dict(case.kwargs))))
            for outcome in expected_outcomes(exercise, seen) if exercise.seconds < 10 else []:
                numbers -= set(_numbers(outcome.result))
        _hidden[lesson] = numbers
    return _hidden[lesson]


def _numbers(thing: Any) -> Iterator[str]:
    """The floats in a case that no text holds by chance, to six digits and in full."""
    if is_ingredient(thing):
        thing = list(vars(thing).values())
    if isinstance(thing, dict):
        thing = list(thing.values())
    if isinstance(thing, list | tuple):
        for item in thing:
            yield from _numbers(item)
    elif isinstance(thing, np.ndarray | np.generic | float) and np.asarray(thing).dtype.kind == "f":
        for number in np.ravel(thing)[:200]:
            if len(short := f"{number:.6g}".lstrip("-0.")) >= 6 and "e" not in short:
                yield f"{abs(number):.6g}"


def leaks(lesson: str, marks: Any) -> list[str]:
    """Hidden numbers in anything that may reach a student."""
    text = "\n".join([*(e.visible for e in marks.exercises), *marks.trouble])
    found = sorted(number for number in hidden_numbers(lesson) if number in text)
    return [f"a hidden case can be read: {found[:3]} in {text!r:.300}"] if found else []
