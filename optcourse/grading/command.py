"""`optcourse grade FOLDER`: marks for a folder of notebooks, kept in a gradebook, as CSV files, and as a page for each student.

Call it again whenever notebooks arrive: only what is new or changed is marked. The names of files or folders are the students.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optcourse import exercises
from optcourse.grading import by_hand, cluster, collecting, pages, pool, tables
from optcourse.grading.collecting import CannotRead, Submission
from optcourse.grading.gradebook import Gradebook, GradebookError, Student, now
from optcourse.grading.pool import Job, Result
from optcourse.grading.walls.outside import has_bubblewrap
from optcourse.terminal import MovingLine

MISSING_WALLS = """bubblewrap is missing, so a submission could read and change your files, see other students' work and use the
network. Install it (Debian: sudo apt install bubblewrap), or take that risk with --without-sandbox."""


TOO_MANY_DEATHS = 5


class Stop(Exception):
    """The command cannot go on; the text is a sentence for the person."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse grade",
        description="Mark a folder of notebooks. The names of files or folders are the students; what Canvas and Moodle\n"
        "download is understood. Call it again when more arrives: only what is new or changed is marked.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="a week:\n"
        "  optcourse grade week3                                     mark; the results go to week3-marks\n"
        "  optcourse grade week3 --roster class.csv                  the same, with the class's names and numbers\n"
        "  optcourse grade week3 --manual                            what waits for a person (fill in manual.csv, call again)\n"
        "  optcourse grade week3 --mark alice 03-gradient-descent 2 --comment 'Nearly.'\n",
    )
    parser.add_argument("folder", type=Path, help="where the notebooks are")
    parser.add_argument("--out", type=Path, help="where the results go (default: FOLDER-marks, beside it)")
    parser.add_argument("--lesson", choices=exercises.lessons(), metavar="NN", help="mark this lesson only")
    parser.add_argument(
        "--roster", type=Path, metavar="CSV", help="the class, for instance as Canvas or Moodle exports it"
    )
    running = parser.add_argument_group("how it is marked")
    running.add_argument(
        "--jobs", type=_positive, metavar="N", help="notebooks at once (default: one for each core)"
    )
    running.add_argument("--again", action="store_true", help="mark everything again, on new hidden cases")
    running.add_argument(
        "--seed",
        type=_seed,
        metavar="N",
        help="of the hidden cases (default: the gradebook's; the first is drawn)",
    )
    running.add_argument("--scheduler", metavar="ADDRESS", help="hand the notebooks to this Dask cluster")
    running.add_argument(
        "--without-sandbox", action="store_true", help="run notebooks without walls: only those you trust"
    )
    hand = parser.add_argument_group("by hand")
    hand.add_argument(
        "--manual", action="store_true", help="take over what you wrote in manual.csv, and list what waits"
    )
    hand.add_argument(
        "--mark", nargs=3, metavar=("STUDENT", "EXERCISE", "POINTS"),
        help="give points by hand; 'auto' for the automatic ones again, 'same' for a comment alone",
    )  # fmt: skip
    hand.add_argument("--comment", metavar="TEXT", help="with --mark: what the student reads")
    hand.add_argument("--why", metavar="TEXT", default="", help="with --mark: what only the gradebook keeps")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1024")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 2**63 - 1")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when the gradebook is up to date, 2 when something must be mended first."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if (options.comment is not None or options.why) and not options.mark:
        parser.error("--comment and --why go with --mark")
    if options.mark and options.manual:
        parser.error("--mark and --manual do not go together")
    if hasattr(sys.stdout, "reconfigure"):
        # a terminal without a name's letters must not end the run
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run(options)
    except (Stop, GradebookError, tables.TableError, by_hand.NotAllowed, cluster.ClusterError) as error:
        print(f"optcourse grade: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader has seen enough (`--manual | head`): the CLI's affair
        raise
    except OSError as error:
        print(
            f"optcourse grade: {error.filename or 'a file'} cannot be used: {error.strerror or error}.",
            file=sys.stderr,
        )
    return 2


def run(options: argparse.Namespace) -> int:
    folder, out = places(options)
    tasks = by_hand.read_tasks(out / "by_hand.csv")
    if options.mark or options.manual:
        if not (out / "gradebook.sqlite").exists():
            raise Stop(
                f"there is no gradebook in {out} yet; mark the notebooks first: optcourse grade {options.folder}"
            )
        with Gradebook(out / "gradebook.sqlite", tasks) as book:
            changed = decide_by_hand(options, folder, out, book)
            write_results(out, book, changed)
        return 0
    if not options.without_sandbox and not options.scheduler and not has_bubblewrap():
        raise Stop(MISSING_WALLS)
    roster = tables.read_roster(options.roster) if options.roster else None
    found = collecting.collect(folder, options.lesson)
    make_folder(out)
    with Gradebook(out / "gradebook.sqlite", tasks) as book, alone(out):
        if roster:
            book.keep_roster(*roster)
        grade(options, folder, out, book, found)
        write_results(out, book)
    print(f"Open {out / 'index.html'}; the pages for the students are in {out / 'feedback'}.")
    return 0


# -- places ----------------------------------------------------------------------------------------


def places(options: argparse.Namespace) -> tuple[Path, Path]:
    """The folder of notebooks and the folder of results, which must not be inside each other's way."""
    folder = options.folder.resolve()
    if not folder.is_dir():
        raise Stop(f"{options.folder} is no folder.")
    out = (options.out or folder.with_name(folder.name + "-marks")).absolute()
    if out.resolve().is_relative_to(folder):
        raise Stop(
            f"the results cannot go into {out}: it is inside the folder of notebooks, where they would be taken for work."
        )
    return folder, out


def shown(path: Path) -> str:
    """A path as text that can be kept, also where it is no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def make_folder(out: Path) -> None:
    """Marks are for few eyes: a folder that is made here can be opened by its owner only."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise Stop(f"{out} is a file; the results need a folder. Use --out.") from error
    except OSError as error:
        raise Stop(
            f"the folder {out} for the results cannot be made ({error.strerror}). Use --out."
        ) from error
    if not os.access(out, os.W_OK):
        raise Stop(f"the folder {out} for the results cannot be written by you. Use --out.")


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """One grader at a time in a folder. The lock goes when the process goes, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: SQLite's own locks keep the gradebook whole
        yield
        return
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(out / "grading.lock", flags, 0o600), "r+", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(
                f"another `optcourse grade` is at work in {out} ({file.read(200).strip()}). Wait for it."
            ) from None
        except OSError:  # a network folder without locks: SQLite's own keep the gradebook whole
            yield
            return
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {now()}")
        file.flush()
        yield


# -- marking ---------------------------------------------------------------------------------------


def grade(
    options: argparse.Namespace, folder: Path, out: Path, book: Gradebook, found: collecting.Found
) -> None:
    """Mark what is new or changed, and put every mark into the gradebook as it comes."""
    for line in found.lines:
        print(f"note: {line}")
    sandboxed, grader = not options.without_sandbox, pool.grader_version()
    last = book.last_seed()
    draw = last is None or options.again
    seed = options.seed if options.seed is not None else secrets.randbits(48) if draw else last
    book.learn({s.student: found.ids.get(s.student, {}) for s in found.submissions})
    book.retire(shown(folder), {(s.student, s.file) for s in found.submissions})
    todo, done = found.submissions, 0
    if not options.again:
        todo, done = sort_out(found.submissions, book, seed, grader, sandboxed, options.lesson)
    students = len({s.student for s in found.submissions})
    print(
        f"{count(len(found.submissions), 'submission')} of {count(students, 'student')}"
        + (f", {done} of them marked already" if done else "")
        + (f"; marking {len(todo)}" if todo else "; nothing to mark")
        + ("" if sandboxed else ", WITHOUT A SANDBOX")
    )
    if not todo:
        return
    number = options.jobs or cores()
    place = options.scheduler or count(number, "process", "processes")
    run_id = book.begin_run(folder=shown(folder), seed=seed, grader=grader, sandboxed=sandboxed, place=place)
    marking = Marking(book, run_id, options, seed, grader, out / "grading.log", Progress(len(todo)))
    marking.refuse([s for s in todo if s.refused])
    results = marking.results(marking.jobs([s for s in todo if not s.refused]), number)
    try:
        with contextlib.closing(results):
            for result in results:
                marking.keep(result)
    except BaseException:  # Ctrl-C, a full disk, a cluster that went away
        marking.progress.end("stopped; what is marked is kept, and the same command goes on from here")
        raise
    book.end_run(run_id)
    marking.progress.end(f"marked on seed {seed}")


def sort_out(
    submissions: Iterable[Submission],
    book: Gradebook,
    seed: int,
    grader: str,
    sandboxed: bool,
    lesson: str | None,
) -> tuple[list[Submission], int]:
    """What has to be marked, and how many stand already with the same content, seed, grader and walls."""
    standing: dict[tuple[str, str], list[sqlite3.Row]] = {}
    for row in book.standing():
        standing.setdefault((row["student"], row["sha256"]), []).append(row)
    todo, done = [], 0
    for s in submissions:
        fits = [
            row
            for row in standing.get((s.student, s.sha256), [])
            if (row["seed"], row["grader"], bool(row["sandboxed"])) == (seed, grader, sandboxed)
            and row["outcome"] != "died"
            and row["reason"] == (s.refused or row["reason"])
            and lesson in (None, row["lesson"])
        ]
        if fits:
            book.set_note(fits[-1]["id"], s.note)
            done += 1
        else:
            todo.append(s)
    return todo, done


@dataclass
class Marking:
    """One run: which job is whose, and what is done with each result."""

    book: Gradebook
    run: int
    options: argparse.Namespace
    seed: int
    grader: str
    log: Path
    progress: Progress
    deaths: int = 0  # results in a row that no notebook is to blame for
    under_way: dict[int, tuple[Submission, str]] = field(default_factory=dict)

    def jobs(self, submissions: Iterable[Submission]) -> Iterator[Job]:
        """A job for each submission, read from the disk only when there is room for it."""
        for key, submission in enumerate(submissions):
            try:
                data, _ = collecting.read_bytes(submission.path)
            except CannotRead as error:
                self.put(submission, "unreadable", reason=str(error))
                continue
            self.under_way[key] = (submission, collecting.fingerprint(data))
            yield Job(
                key, data, self.seed, self.options.lesson, not self.options.without_sandbox, self.grader
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
            self.run, submission.student, lesson=lesson or submission.lesson, file=submission.file,
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


def cores() -> int:
    """The cores that this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


# -- by hand, and what is written ------------------------------------------------------------------


def decide_by_hand(options: argparse.Namespace, folder: Path, out: Path, book: Gradebook) -> set[str] | None:
    """Take over what a person decided, and say what still waits for one. Returns whose marks changed, if not many's."""
    students, _ = the_class(book)
    if options.mark:
        student, said = by_hand.decide(book, students, *options.mark, options.comment, options.why)
        print(said)
        return {student}
    table = out / "manual.csv"
    for line in by_hand.read_back(book, students, table):
        print(line)
    students, _ = the_class(book)
    found = by_hand.waiting(students, lambda file, exercise: answer(folder, file, exercise))
    by_hand.write_waiting(table, found)
    pages.write_answers(out / "manual.html", found)
    for w in found:
        print(f"waits: {w.student.student}, {w.entry.id} (of {tables.number(w.entry.of)}): {w.why}")
    fill = f"Read the answers in {out / 'manual.html'}, fill in points and comments in {table}, and call this again."
    if not found:
        fill = "Nothing waits for a person."
    print(fill)
    return None


def answer(folder: Path, file: str, exercise: str) -> by_hand.Answer:
    """What a student wrote for a task that a person reads, where the file is still there under its name."""
    try:
        return by_hand.answer_in(collecting.read_bytes(folder / file)[0], exercise)
    except CannotRead as error:
        return by_hand.Answer(f"({error})")


def the_class(book: Gradebook) -> tuple[dict[str, Student], list[str]]:
    """Every student with marks and with what the roster knows of them; then those of the roster who handed nothing in."""
    students = book.students()
    people, _ = book.roster()
    matched, unknown, absent = tables.match_roster(
        people, {key: student.ids for key, student in students.items()}
    )
    for key, ids in matched.items():
        students[key].ids |= ids
    for k, ids in enumerate(absent):
        name = ids.get("name") or ids.get("email") or ids.get("username") or f"row {k + 1} of the roster"
        students[f"{name} (nothing handed in, {k})"] = Student(name, {**ids, "name": name})
    ordered = dict(sorted(students.items(), key=lambda item: (item[1].name.casefold(), item[0])))
    return ordered, unknown if people else []


def write_results(out: Path, book: Gradebook, changed: set[str] | None = None) -> None:
    """The CSV files and the pages (of those whose marks changed; None: of all), from what the gradebook says now."""
    students, unknown = the_class(book)
    _, header = book.roster()
    if unknown:
        shown = ", ".join(unknown[:10]) + (", …" if len(unknown) > 10 else "")
        print(
            f"note: {count(len(unknown), 'student')} not found in the roster, known by file name only: {shown}"
        )
    tables.write_tables(out, students, book.tasks, tables.canvas_headers(header))
    pages.write_pages(out, students, [s.name for s in students.values() if not s.lessons], changed)


if __name__ == "__main__":
    sys.exit(main())
