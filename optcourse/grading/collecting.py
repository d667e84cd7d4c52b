"""Whose notebook is which: what lies in a folder of submissions, read without trusting any of it.

The name of a file or of a folder is the student: `alice.ipynb`, `alice/anything.ipynb`, `alice/03_gradient_descent/x.ipynb`.
What Canvas and Moodle call the files of a download is understood, and the numbers in it are kept for the export.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import stat
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from optcourse import exercises
from optcourse.grading.marking import MAX_NOTEBOOK

LONGEST_NAME = 120
JOINERS = "\u200c\u200d"  # invisible letters that some scripts need; all others are taken out of names

# Canvas: doejane_LATE_12345_67890_notebook.ipynb (name, "late", user, submission, what the student called it).
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_\d+_(?P<rest>.+)", re.DOTALL)
# Moodle: Jane Doe_12345_assignsubmission_file_/notebook.ipynb, or the same in one name (the number is of this assignment only).
MOODLE = re.compile(r"(?P<name>.+?)_(?P<participant>\d+)_assignsubmission_file(?:_(?P<rest>.*))?", re.DOTALL)
CALLS_CHECK = re.compile(rb"""check\(\s*\\?["'](\d\d)-""")
SKIPPED_FOLDERS = {"__MACOSX", "__pycache__"}


class CannotRead(Exception):
    """A file that is not taken; the text says why."""


@dataclass(frozen=True)
class Submission:
    """One notebook of one student, or one reason why there is none (`refused`).

    lesson is the one that the file seems to belong to, '' where it cannot be told. note says what else was there.
    """

    student: str
    path: Path
    file: str
    lesson: str = ""
    sha256: str = ""
    modified: float = 0.0
    refused: str = ""
    note: str = ""

    @property
    def time(self) -> str:
        return datetime.datetime.fromtimestamp(self.modified, datetime.UTC).isoformat(timespec="seconds")


@dataclass
class Found:
    """What a folder holds: submissions, what the file names say of each student, and lines for the person."""

    submissions: list[Submission] = field(default_factory=list)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def collect(folder: Path, lesson: str | None = None) -> Found:
    """Every submission of a folder, one for each student and lesson; with `lesson`, of that lesson only.

    Raises:
        OSError: the folder itself cannot be read.
    """
    found, files, others = Found(), defaultdict(list), 0
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    shared = _moodle_namesakes([entry.name for entry in entries])
    for entry in entries:
        if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
            continue
        if entry.is_dir(follow_symlinks=False):
            student, ids = who(entry.name, shared)
            files[student] += list(_notebooks(Path(entry.path), student)) or [
                Submission(
                    student, Path(entry.path), clean(entry.name), refused="there is no notebook in the folder"
                )
            ]
        elif entry.name.endswith(".ipynb") or (entry.is_symlink() and "." not in entry.name):
            student, ids = who(entry.name.removesuffix(".ipynb"), shared)
            note = "Handed in late, says Canvas." if ids.pop("late", "") else ""
            files[student].append(replace(_look(Path(entry.path), student, clean(entry.name)), note=note))
        else:
            others += 1
            continue
        found.ids.setdefault(student, {}).update({key: value for key, value in ids.items() if key != "late"})
    if others:
        found.lines.append(
            f"{others} file{'s' * (others > 1)} in {folder} that {'are' if others > 1 else 'is'} no notebook: left alone"
        )
    for submissions in files.values():
        found.submissions += _choose(submissions, lesson, found.lines)
    return found


def who(name: str, shared: frozenset[str] = frozenset()) -> tuple[str, dict[str, str]]:
    """The student that a name of a file (without its ending) or folder means, and the ids in it."""
    if match := MOODLE.fullmatch(name):
        full = clean(match["name"])
        student = f"{full} ({match['participant']})" if full in shared else full
        return student, {"name": full, "participant": match["participant"]}
    if match := CANVAS.fullmatch(name):
        student = f"{clean(match['name'])}_{match['user']}"
        return student, {"canvas_id": match["user"], "late": match["late"] or ""}
    return clean(name), {}


def _moodle_namesakes(names: list[str]) -> frozenset[str]:
    """Full names that belong to more than one of Moodle's numbers."""
    numbers = defaultdict(set)
    for name in names:
        if match := MOODLE.fullmatch(name.removesuffix(".ipynb")):
            numbers[clean(match["name"])].add(match["participant"])
    return frozenset(name for name, found in numbers.items() if len(found) > 1)


def clean(name: str) -> str:
    """A name that can be shown anywhere: no control or direction letters, composed, not too long.

    Where that changes more than the composition, a mark made from the real name keeps two such names apart.
    """
    raw = os.fsencode(name)
    text = unicodedata.normalize("NFC", raw.decode("utf-8", errors="surrogateescape"))
    shown = "".join("\ufffd" if unicodedata.category(c)[0] == "C" and c not in JOINERS else c for c in text)
    shown = " ".join(shown[:LONGEST_NAME].split())
    if shown != text:
        shown = f"{shown}~{hashlib.sha256(raw).hexdigest()[:6]}"
    return shown or "?"


def _notebooks(folder: Path, student: str) -> Iterator[Submission]:
    """Every notebook below a student's folder; links are named, never followed."""

    def fail(error: OSError) -> None:
        unreadable.append(
            Submission(
                student, folder, clean(folder.name), refused=f"the folder cannot be read ({error.strerror})"
            )
        )

    unreadable: list[Submission] = []
    for where, folders, names in os.walk(folder, onerror=fail):
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in SKIPPED_FOLDERS and name not in links
        )
        for name in sorted(names + links):
            path = Path(where, name)
            if not name.startswith(".") and (name.endswith(".ipynb") or name in links):
                yield _look(path, student, clean(str(path.relative_to(folder.parent))))
    yield from unreadable


def _look(path: Path, student: str, file: str) -> Submission:
    """A file's fingerprint and the lesson that it seems to belong to."""
    try:
        data, modified = read_bytes(path)
    except CannotRead as error:
        return Submission(student, path, file, refused=str(error), lesson=_lesson_in_name(path.name))
    counts = Counter(match.decode() for match in CALLS_CHECK.findall(data))
    known = [lesson for lesson, _ in counts.most_common() if lesson in exercises.lessons()]
    lesson = known[0] if known else _lesson_in_name(path.name)
    return Submission(student, path, file, lesson, fingerprint(data), modified)


def _lesson_in_name(name: str) -> str:
    match = CANVAS.fullmatch(name)
    match = re.match(r"(\d\d)[_-]", match["rest"] if match else name)
    return match[1] if match and match[1] in exercises.lessons() else ""


def read_bytes(path: Path) -> tuple[bytes, float]:
    """What is in a regular file, and when it was changed. A link, a pipe or a huge file is refused, not opened or not read.

    Raises CannotRead with the reason.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        if path.is_symlink():
            raise CannotRead("it is a link, and links are not followed")
        handle = os.open(path, flags)
    except OSError as error:
        raise CannotRead(f"it cannot be opened ({error.strerror})") from error
    with os.fdopen(handle, "rb") as file:
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise CannotRead("it is no file")
            if status.st_size > MAX_NOTEBOOK:
                raise CannotRead(
                    f"it is too large ({status.st_size / 1e6:,.0f} MB; at most {MAX_NOTEBOOK / 1e6:,.0f} MB)"
                )
            return file.read(MAX_NOTEBOOK + 1), status.st_mtime
        except OSError as error:
            raise CannotRead(f"it cannot be read ({error.strerror})") from error


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _choose(files: list[Submission], lesson: str | None, lines: list[str]) -> list[Submission]:
    """One file for each lesson of a student: the newest. What is left out is said."""
    if lesson:
        fitting = [s for s in files if s.lesson == lesson]
        unknown = [replace(s, lesson=lesson) for s in files if not s.lesson]
        if not fitting and not unknown:
            first = files[0]
            reason = f"no notebook of lesson {lesson} was handed in; {first.file} is of lesson {first.lesson}"
            return [replace(first, lesson=lesson, refused=reason, sha256="")]
        files = fitting or unknown
    groups = defaultdict(list)
    for file in files:
        groups[file.lesson].append(file)
    # beside real lessons, a notebook without exercises is the student's own affair
    if len(groups) > 1 and "" in groups:
        for file in groups.pop(""):
            lines.append(
                f"{file.student}: {file.file} left out ({file.refused or 'no exercise of the course is in it'})"
            )
    chosen = []
    for name, group in sorted(groups.items()):
        if name == "":  # nothing else is there: each gets its row
            chosen += group
            continue
        group.sort(key=lambda s: (not s.refused, s.modified, s.file))
        *rest, taken = group
        if rest:
            why = "the newest" if not rest[-1].refused else "the only one that can be read"
            others = ", ".join(f"{s.file} ({s.refused or s.time})" for s in reversed(rest))
            note = f"{len(group)} notebooks for lesson {name}: {taken.file} ({taken.time}) is marked, {why}; not {others}."
            taken = replace(taken, note=" ".join(filter(None, (taken.note, note))))
            lines.append(f"{taken.student}: {note}")
        chosen.append(taken)
    return chosen
