"""One run over a class: what is marked, who marks it, and what becomes of each result."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from optcourse import exercises
from optcourse.grading import cluster, collecting, pool
from optcourse.grading.collecting import CannotRead, Submission
from optcourse.grading.gradebook import Gradebook, now
from optcourse.grading.pool import Job, Result
from optcourse.grading.tries import tries_in, tries_of
from optcourse.grading.whose_numbers import GivenNumbers, fingerprint_of, kept_key, names_of
from optcourse.place import cores
from optcourse.terminal import MovingLine

TOO_MANY_DEATHS = 5
BY_KEY = ", numbers "  # between the version of the grader and the key that it marked by


class Stop(Exception):
    """The command cannot go on; the text is a sentence for the person."""


def mark_class(
    options: argparse.Namespace, folder: Path, out: Path, book: Gradebook, found: collecting.Found
) -> None:
    """Mark what is new or changed, and put every mark into the gradebook as it comes."""
    for line in found.lines:
        print(f"note: {line}")
    sandboxed, grader = not options.without_sandbox, pool.grader_version()
    key = kept_key(options.key, out)
    marked_by = f"{grader}{BY_KEY}{fingerprint_of(key)}" if key else grader
    last = book.last_seed()
    draw = last is None or options.again
    seed = options.seed if options.seed is not None else secrets.randbits(48) if draw else last
    under_known_names(book, found)
    for old, new in renamed(book, shown(folder), found.submissions):
        print(f"note: {old} is called {new} now: the same notebook, so the marks go with it")
        book.rename(old, new)
        found.needs.append(
            (new, f"was called {old} before: the notebook is the same, so the marks came along.")
        )
    book.learn({s.student: found.ids.get(s.student, {}) for s in found.submissions})
    for s in found.submissions:
        if tries := tries_of(folder, s.file) or tries_in(s.path):
            book.keep_tries(s.student, tries)
    book.retire(shown(folder), {(s.student, s.file) for s in found.submissions})
    book.keep_needs(shown(folder), found.needs)
    todo, done, because = found.submissions, 0, Counter()
    if not options.again:
        todo, done, because = sort_out(found.submissions, book, seed, marked_by, sandboxed, options.lesson)
    students = len({s.student for s in found.submissions})
    print(
        f"{count(len(found.submissions), 'submission')} of {count(students, 'student')}"
        + (f", {done} of them marked already" if done else "")
        + (f"; marking {len(todo)}" if todo else "; nothing to mark")
        + ("" if sandboxed else ", WITHOUT A SANDBOX")
    )
    for reason, how_many in because.items():
        print(f"note: {count(how_many, 'unchanged submission')} to be marked again, because {reason}")
    if not todo:
        return
    number = options.jobs or cores()
    place = options.scheduler or count(number, "process", "processes")
    run_id = book.begin_run(
        folder=shown(folder), seed=seed, grader=marked_by, sandboxed=sandboxed, place=place
    )
    run = Run(book, run_id, options, seed, grader, out / "grading.log", Progress(len(todo)), key, found.ids)
    run.refuse([s for s in todo if s.refused])
    results = run.results(run.jobs([s for s in todo if not s.refused]), number)
    try:
        with contextlib.closing(results):
            for result in results:
                run.keep(result)
    except BaseException:  # Ctrl-C, a full disk, a cluster that went away
        run.progress.end("stopped; what is marked is kept, and the same command goes on from here")
        raise
    book.end_run(run_id)
    run.progress.end(f"marked on seed {seed}")


def under_known_names(book: Gradebook, found: collecting.Found) -> None:
    """Somebody whom Canvas calls otherwise now has the same number: the work goes under the name of before."""
    numbers = {s.ids["canvas_id"]: key for key, s in book.students().items() if s.ids.get("canvas_id")}
    known = {key: numbers.get(ids.get("canvas_id", ""), key) for key, ids in found.ids.items()}
    found.submissions = [replace(s, student=known.get(s.student, s.student)) for s in found.submissions]
    found.needs = [(known.get(student, student), text) for student, text in found.needs]
    found.ids = {known[key]: ids for key, ids in found.ids.items()}


def renamed(book: Gradebook, folder: str, submissions: Iterable[Submission]) -> Iterator[tuple[str, str]]:
    """Students whose only notebooks are gone from the folder, where a new student has brought the very same ones."""
    new, old = {}, {}
    there = {s.student for s in submissions}
    known = set(book.students())
    for s in submissions:
        if s.sha256 and s.student not in known:
            new.setdefault(s.sha256, set()).add(s.student)
    for row in book.standing():
        if row["student"] not in there and row["sha256"]:
            old.setdefault(row["sha256"], {}).setdefault(row["student"], set()).add(row["folder"])
    pairs = {
        (before, after)
        for sha256, students in old.items()
        if len(students) == 1 and len(new.get(sha256, ())) == 1
        for before, folders in students.items()
        if folders == {folder}
        for after in new[sha256]
    }
    before, after = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    yield from sorted(pair for pair in pairs if before[pair[0]] == after[pair[1]] == 1)


def sort_out(
    submissions: Iterable[Submission],
    book: Gradebook,
    seed: int,
    grader: str,
    sandboxed: bool,
    lesson: str | None,
) -> tuple[list[Submission], int, Counter[str]]:
    """What has to be marked, how many stand already with the same content, seed, grader and walls, and why others do not."""
    standing: dict[tuple[str, str], list[sqlite3.Row]] = {}
    for row in book.standing():
        standing.setdefault((row["student"], row["sha256"]), []).append(row)
    todo, done, because = [], 0, Counter()
    for s in submissions:
        same = [
            row
            for row in standing.get((s.student, s.sha256), [])
            if row["reason"] == (s.refused or row["reason"]) and lesson in (None, row["lesson"])
        ]
        fits = [
            row
            for row in same
            if (row["seed"], row["grader"], bool(row["sandboxed"])) == (seed, grader, sandboxed)
            and row["outcome"] != "died"
        ]
        if fits:
            book.set_note(fits[-1]["id"], s.note)
            done += 1
            continue
        todo.append(s)
        if same and s.sha256:
            because[_why_again(same[-1], seed, grader, sandboxed)] += 1
    return todo, done, because


def _why_again(row: sqlite3.Row, seed: int, grader: str, sandboxed: bool) -> str:
    if row["grader"] != grader and row["grader"].split(BY_KEY)[0] == grader.split(BY_KEY)[0]:
        return "the course key is another one"
    if row["grader"] != grader:
        return f"the exercises or the grader changed (from {row['grader']} to {grader})"
    if row["seed"] != seed:
        return f"the hidden cases are others (seed {seed}, and {row['seed']} before)"
    if bool(row["sandboxed"]) != sandboxed:
        return "they run with walls now" if sandboxed else "they run without walls now"
    return "the grader's own process had ended"


@dataclass
class Run:
    """One run: which job is whose, and what is done with each result."""

    book: Gradebook
    id: int
    options: argparse.Namespace
    seed: int
    grader: str
    log: Path
    progress: Progress
    key: str | None = None  # of the course, where everybody has numbers of their own
    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    deaths: int = 0  # results in a row that no notebook is to blame for
    under_way: dict[int, tuple[Submission, str]] = field(default_factory=dict)

    def jobs(self, submissions: Iterable[Submission]) -> Iterator[Job]:
        """A job for each submission, read from the disk only when there is room for it."""
        for key, submission in enumerate(submissions):
            try:
                data = collecting.read_notebook(submission.path)
            except CannotRead as error:
                self.put(submission, "unreadable", reason=str(error))
                continue
            self.under_way[key] = (submission, collecting.fingerprint(data))
            yield Job(
                key,
                data,
                self.seed,
                self.options.lesson,
                not self.options.without_sandbox,
                self.grader,
                GivenNumbers(self.key, names_of(submission.student, self.ids.get(submission.student, {}))),
            )

    def results(self, jobs: Iterable[Job], number: int) -> Iterator[Result]:
        """Results from where the person wants the work done."""
        if self.options.scheduler:
            return cluster.mark_on_cluster(jobs, self.options.scheduler, not self.options.without_sandbox)
        return pool.mark_locally(jobs, number)

    def refuse(self, submissions: Iterable[Submission]) -> None:
        for submission in submissions:
            self.put(submission, "unreadable", reason=submission.refused)

    def keep(self, result: Result) -> None:
        """Put a result into the gradebook, and say what a person should know."""
        submission, sha256 = self.under_way.pop(result.key)
        if result.refused:
            raise Stop(f"a place where notebooks are to be marked cannot do it: {result.refused}.")
        if result.log:
            handle = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"--- {now()} {submission.student}: {submission.file}\n{result.log}\n")
        self.deaths = self.deaths + 1 if result.died else 0
        if self.deaths == TOO_MANY_DEATHS:
            self.look_at_the_machine(result.reason)
            self.deaths = 0
        if result.marks is None:
            self.put(submission, "died" if result.died else "unreadable", reason=result.reason, sha256=sha256)
            return
        marks = result.marks
        self.put(
            submission, "marked", sha256=sha256, lesson=marks.lesson, trouble=marks.trouble, seconds=marks.seconds,
            marks=marks.exercises,
        )  # fmt: skip

    def look_at_the_machine(self, reason: str) -> None:
        """Notebooks alone must not end a run, however many are bad; a machine on which nothing can be marked does."""
        harmless = Job(
            0,
            b'{"cells": []}',
            self.seed,
            exercises.lessons()[0],
            not self.options.without_sandbox,
            self.grader,
        )
        [result] = self.results([harmless], 1)
        if result.marks is None:
            raise Stop(
                f"{self.deaths} notebooks in a row could not be marked, and an empty one cannot, either, so it is this "
                f"machine's fault and not theirs: {result.refused or reason}. What was marked is kept."
            )

    def put(
        self, submission: Submission, outcome: str, *, reason: str = "", sha256: str = "", lesson: str | None = None,
        trouble: tuple = (), seconds: float = 0.0, marks: tuple = (),
    ) -> None:  # fmt: skip
        self.book.record(
            self.id, submission.student, lesson=lesson or submission.lesson, file=submission.file,
            sha256=sha256 or submission.sha256, modified=submission.time, outcome=outcome, reason=reason, trouble=trouble,
            note=submission.note, seconds=seconds, marks=marks,
        )  # fmt: skip
        total, of = sum(m.points for m in marks), sum(m.of for m in marks)
        self.progress.step(
            f"{submission.student}: {f'not marked, {reason}' if reason else f'{total} of {of}'}", bool(reason)
        )


class Progress:
    """A moving line on a terminal; elsewhere a line for every tenth."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.line = total, 0, MovingLine()

    def step(self, text: str, important: bool = False) -> None:
        self.done += 1
        if important:
            self.line.clear()
            print(text, flush=True)
        if self.line.moving:
            self.line.draw(self.done, self.total, text)
        elif 10 * self.done // self.total > 10 * (self.done - 1) // self.total:
            print(f"{self.done}/{self.total}  {self.line.left(self.done, self.total)}", flush=True)

    def end(self, text: str) -> None:
        self.line.clear()
        seconds = time.monotonic() - self.line.began
        each = f" ({seconds / self.done:.2f} s each)" if self.done else ""
        print(f"{self.done} of {self.total} in {seconds:.0f} s{each}; {text}", flush=True)


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def shown(path: Path) -> str:
    """A path as text that can be kept, also where it is no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
