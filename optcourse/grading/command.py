"""`optcourse grade FOLDER`: marks for a folder of notebooks, kept in a gradebook, as CSV files, and as a page for each student.

Call it again whenever notebooks arrive: only what is new or changed is marked. The names of files or folders are the students.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from optcourse import exercises
from optcourse.grading import by_hand, cluster, collecting, pages, tables
from optcourse.grading.collecting import CannotRead
from optcourse.grading.copies import NoPlace, write_code
from optcourse.grading.credit import BadCredit, read_credit
from optcourse.grading.gradebook import Gradebook, GradebookError, now
from optcourse.grading.roster import COLUMNS, bring_together, canvas_headers, read_roster, the_class
from optcourse.grading.run import Stop, mark_class
from optcourse.grading.sheets import TableError
from optcourse.grading.walls.outside import has_bubblewrap, lacking_here, unheld_here
from optcourse.grading.whose_numbers import BadKey, numbers_to_settle

MISSING_WALLS = """bubblewrap is missing, so a submission could read and change your files, see other students' work and use the
network. Install it (Debian: sudo apt install bubblewrap), or take that risk with --without-sandbox."""
MISSING_THERE = "nothing stands between it and your files, other students' work and the network."


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
    parser.add_argument(
        "--column", type=_column, action="append", default=[], metavar="KIND=HEADER",
        help=f"what a column of the roster is, where its header does not say so: {', '.join(COLUMNS)}",
    )  # fmt: skip
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
    running.add_argument(
        "--key",
        metavar="KEY",
        help="the course key, where everybody has numbers of their own; it is kept with the marks",
    )
    running.add_argument("--scheduler", metavar="ADDRESS", help="hand the notebooks to this Dask cluster")
    running.add_argument(
        "--without-sandbox", action="store_true", help="run notebooks without walls: only those you trust"
    )
    running.add_argument(
        "--code", type=Path, metavar="OUT",
        help="mark nothing: write each student's own code as Python files into OUT, for JPlag or Dolos",
    )  # fmt: skip
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


def _column(text: str) -> tuple[str, str]:
    kind, equals, header = text.partition("=")
    if kind not in COLUMNS or not header:
        raise argparse.ArgumentTypeError(
            f"{text!r} must be KIND=HEADER, and KIND one of {', '.join(COLUMNS)}"
        )
    return kind, header


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
    if options.column and not options.roster:
        parser.error("--column goes with --roster")
    if options.code and (options.mark or options.manual or options.roster):
        parser.error("--code goes with --lesson alone: it marks nothing")
    if options.mark and options.manual:
        parser.error("--mark and --manual do not go together")
    if hasattr(sys.stdout, "reconfigure"):
        # a terminal without a name's letters must not end the run
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run(options)
    except (
        Stop,
        GradebookError,
        BadCredit,
        BadKey,
        NoPlace,
        TableError,
        by_hand.NotAllowed,
        cluster.ClusterError,
    ) as error:
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
    if options.code:
        for line in write_code(
            collecting.collect(folder, options.lesson), folder, options.code, options.lesson
        ):
            print(line)
        return 0
    tasks = by_hand.read_tasks(out / "by_hand.csv")
    credit = read_credit(out / "credit.toml")
    if options.mark or options.manual:
        if not (out / "gradebook.sqlite").exists():
            raise Stop(
                f"there is no gradebook in {out} yet; mark the notebooks first: optcourse grade {options.folder}"
            )
        with Gradebook(out / "gradebook.sqlite", tasks, credit) as book:
            changed = decide_by_hand(options, folder, out, book)
            write_results(out, book, changed)
        return 0
    look_at_the_system(options.without_sandbox, bool(options.scheduler))
    found = collecting.collect(folder, options.lesson)
    known = {s.student: found.ids.get(s.student, {}) for s in found.submissions}
    roster = read_roster(options.roster, dict(options.column), known) if options.roster else None
    make_folder(out)
    with Gradebook(out / "gradebook.sqlite", tasks, credit) as book, alone(out):
        if roster:
            book.keep_roster(vars(roster))
        mark_class(options, folder, out, book, found)
        for line in bring_together(book):
            print(f"note: {line}")
        about_the_key = write_results(out, book)
    print(f"Open {out / 'index.html'}; the pages for the students are in {out / 'feedback'}.")
    for line in about_the_key:
        print(line)
    return 0


def look_at_the_system(without_sandbox: bool, elsewhere: bool) -> None:
    """Raise Stop where this system cannot mark; say which limits it cannot hold, where that risk is taken."""
    if elsewhere:  # the machines of a cluster look for themselves
        return
    here, lacking, unheld = platform.system(), lacking_here(), unheld_here()
    if lacking:
        raise Stop(
            f"notebooks cannot be marked on this system ({here}): it has no {', no '.join(lacking)}. Use a machine with "
            "Linux; on Windows, WSL is one."
        )
    if unheld and not without_sandbox:
        raise Stop(
            f"this system ({here}) cannot limit the {unheld} of a submission, and {MISSING_THERE} Use a machine with Linux, "
            "or take that risk with --without-sandbox."
        )
    if unheld:
        print(f"note: the {unheld} of a notebook are not limited on this system ({here})")
    if not without_sandbox and not has_bubblewrap():
        raise Stop(MISSING_WALLS)


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


# -- by hand, and what is written ------------------------------------------------------------------


def decide_by_hand(options: argparse.Namespace, folder: Path, out: Path, book: Gradebook) -> set[str] | None:
    """Take over what a person decided, and say what still waits for one. Returns whose marks changed, if not many's."""
    students = the_class(book).students
    if options.mark:
        student, said = by_hand.decide(book, students, *options.mark, options.comment, options.why)
        print(said)
        return {student}
    table = out / "manual.csv"
    for line in by_hand.read_back(book, students, table):
        print(line)
    students = the_class(book).students
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
    if not file:
        return by_hand.Answer("(no notebook was handed in)")
    archive = re.match(r"(?i).+?\.zip(?=/)", file)
    try:
        return by_hand.answer_in(
            collecting.read_notebook(folder / (archive[0] if archive else file)), exercise
        )
    except CannotRead as error:
        return by_hand.Answer(f"({error})")


def write_results(out: Path, book: Gradebook, changed: set[str] | None = None) -> list[str]:
    """The CSV files and the pages (of those whose marks changed; None: of all), from what the gradebook says now.

    Returns what is to be said of the course key, where most of the class needs another one.
    """
    everybody = the_class(book)
    students = everybody.students
    for remark in everybody.remarks:
        print(f"note: {textwrap.shorten(remark, 400, placeholder=' …')}")
    tables.write_tables(out, students, book.tasks, canvas_headers(book.roster().get("header", [])))
    numbers = numbers_to_settle(students)
    needs = [*book.needs(), *numbers, *(("", remark) for remark in everybody.remarks)]
    pages.write_pages(out, students, everybody.absent, changed, needs)
    return [text for student, text in numbers if not student]


if __name__ == "__main__":
    sys.exit(main())
