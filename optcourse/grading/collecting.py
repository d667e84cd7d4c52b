"""Which notebook of which student counts: what lies in a folder of submissions, read without trusting any of it.

The name of a file or of a folder is the student: `alice.ipynb`, `alice/anything.ipynb`, `alice/03_gradient_descent/x.ipynb`.
What Canvas and Moodle call the files of a download is understood (`names`), and the numbers in it are kept for the export.
Whatever is wrong with one submission becomes that submission's row; what a person has to settle is in `Found.needs`.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from optcourse import exercises, saved
from optcourse.grading.marking import MAX_NOTEBOOK
from optcourse.grading.names import COPY, Doubts, Name, clean, doubts_of, read_name

CALLS_CHECK = re.compile(rb"""check\(\s*\\?["'](\d\d)-""")
SKIPPED_FOLDERS = {"__MACOSX", "__pycache__"}
MAX_DEPTH = 50
MAX_FILES = 10_000  # of one student
MAX_MEMBERS = 1_000  # of a zip
MAX_RATIO = 200  # of what a notebook in a zip unpacks to
SAME_TIME = 2.0  # seconds; a zip keeps times in steps of two
# What somebody hands in who hands in no notebook. Other files in the folder may be the teacher's own.
DOCUMENTS = frozenset(
    ".pdf .doc .docx .odt .rtf .pages .tex .html .htm .py .json .rar .7z .tar .gz .tgz .bz2 .xz .png .jpg .jpeg .heic .gif"
    .split()
)  # fmt: skip
# What a lesson's text and a student's are told apart by: a placeholder alone on its line (`...`, `kappa = ...`), what
# defines a function, what stands before an equals sign, and what is handed to a check.
PLACEHOLDER = re.compile(r"(?:^|[\s=])\.\.\.\s*(?:#.*)?$")
DEFINES = re.compile(r"\s*(?:async )?def\s+(\w+)")
TARGET = re.compile(r"[\w ,()*]+")
LONGEST_LINE = 1_000
LARGEST_BLANK = 2_000_000  # bytes; what is larger has been run, and is not taken apart here
CHECKED = re.compile(r"""\bcheck\(\s*["'][^"']*["']\s*,([^()]*)""")


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
    name: Name = Name("")

    @property
    def time(self) -> str:
        try:
            return datetime.datetime.fromtimestamp(self.modified, datetime.UTC).isoformat(timespec="seconds")
        except (ValueError, OverflowError, OSError):  # after the year 9999, or before the first
            return "at no date that a calendar has"


@dataclass
class Found:
    """What a folder holds: submissions, what the file names say of each student, and lines for the person.

    needs: what a person has to settle, each with the student that it is about ('' for the folder).
    """

    submissions: list[Submission] = field(default_factory=list)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    needs: list[tuple[str, str]] = field(default_factory=list)


def collect(folder: Path, lesson: str | None = None) -> Found:
    """Every submission of a folder, one for each student and lesson; with `lesson`, of that lesson only.

    Raises:
        OSError: the folder itself cannot be read.
    """
    found, files, documents, others = Found(), defaultdict(list), defaultdict(list), []
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    entries = [e for e in entries if not e.name.startswith(".") and e.name not in SKIPPED_FOLDERS]
    doubts = doubts_of(stem(entry.name) for entry in entries)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            name = read_name(entry.name, doubts)
            if _is_download(entry.path):
                reason = "it holds a whole download of Canvas or Moodle: grade that folder itself"
                files[name.student].append(
                    Submission(name.student, Path(entry.path), clean(entry.name), refused=reason)
                )
                continue
            files[name.student] += _in_folder(Path(entry.path), name, documents)
        elif (name := _handed_in(entry.name, entry.is_symlink(), doubts)) is None:
            others.append(Path(entry.name))
            continue
        else:
            _take(Path(entry.path), name, clean(entry.name), files, documents)
        found.ids.setdefault(name.student, {}).update(name.ids)
    for student, paths in documents.items():
        beside = [path for path in paths if path.suffix.lower() in DOCUMENTS]
        if files[student]:
            if beside:
                found.lines.append(f"{student}: {_some(beside, 5)} left out (no notebook)")
        else:
            reason = f"no notebook was handed in, only {_some(paths, 5)}"
            files[student] = [Submission(student, paths[0], clean(paths[0].name), refused=reason)]
    if others:
        is_one, some = len(others) == 1, _some(others, 10)
        how_many, are = f"{len(others)} {'file' if is_one else 'files'}", "is" if is_one else "are"
        found.lines.append(f"{how_many} in {folder} that {are} no notebook: left alone ({some})")
        found.needs.append(("", f"{how_many} in the folder that {are} no notebook, left alone: {some}"))
    for submissions in files.values():
        found.submissions += _choose(submissions, lesson, found)
    return found


def _is_download(folder: str) -> bool:
    """Whether a folder is no student's, but holds the files of several as a platform names them."""
    try:
        names = [stem(name) for name in os.listdir(folder)]
    # the walk through it says so
    except OSError:
        return False
    doubts = doubts_of(names)
    people = {found.student for name in names if (found := read_name(name, doubts)).ids}
    return len(people) > 1


def _some(paths: list[Path], most: int) -> str:
    return ", ".join(clean(path.name) for path in paths[:most]) + (", …" if len(paths) > most else "")


def stem(name: str) -> str:
    """A file's name without its ending, also without the one that a browser or a mail program adds to `.ipynb`."""
    return re.sub(r"(?i)(\.ipynb)?(\.ipynb|\.txt|\.json)$|\.tar\.\w+$|\.[a-z0-9]{1,5}$", "", name) or name


def _is_notebook(path: Path | PurePosixPath) -> bool:
    return re.search(r"(?i)\.ipynb(\.txt|\.json)?$", path.name) is not None


def _handed_in(file: str, is_link: bool, doubts: Doubts) -> Name | None:
    """Whose a file in the folder of the class is; None for what is nobody's."""
    path = Path(file)
    name = read_name(stem(file), doubts, path.suffix.lower())
    known = _is_notebook(path) or path.suffix.lower() in DOCUMENTS | {".zip"}
    return name if known or name.from_platform or (is_link and "." not in file) else None


def _take(
    path: Path,
    name: Name,
    file: str,
    files: dict[str, list[Submission]],
    documents: dict[str, list[Path]],
) -> None:
    """Put a file where it belongs: notebooks, zips and links are looked at, anything else is a document."""
    if not name.typed and (_is_notebook(path) or path.suffix.lower() == ".zip" or path.is_symlink()):
        found = _look(path, name, file)
        late = "Handed in late, says Canvas." if name.late else ""
        files[name.student].append(replace(found, note=" ".join(filter(None, (late, found.note)))))
    else:
        documents[name.student].append(path)


def _in_folder(folder: Path, name: Name, documents: dict[str, list[Path]]) -> list[Submission]:
    """Every notebook below a student's folder; links are named, never followed."""
    files, others = defaultdict(list), defaultdict(list)
    for path, trouble in _walk(folder):
        file = clean(str(path.relative_to(folder.parent)))
        if trouble:
            files[name.student].append(Submission(name.student, path, file, refused=trouble, name=name))
        else:
            own = replace(name, called=stem(path.name))
            _take(path, own, file, files, others)
    if others:
        documents[name.student] += others[name.student]
    elif not files:
        refused = "there is no notebook in the folder"
        return [Submission(name.student, folder, clean(folder.name), refused=refused, name=name)]
    return files[name.student]


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file and every link below a folder, with '' or with what is wrong. Folders may be nested as deep as they like."""
    waiting, seen, too_deep = [(folder, 0)], 0, False
    while waiting:
        where, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(where), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield where, f"the folder cannot be read ({error.strerror})"
            continue
        for entry in reversed(entries):
            if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
                continue
            seen += 1
            if seen > MAX_FILES:
                yield folder, f"there are more than {MAX_FILES} files in the folder"
                return
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path), ""
            elif depth < MAX_DEPTH:
                waiting.append((Path(entry.path), depth + 1))
            else:
                too_deep = True
    if too_deep:
        yield folder, f"folders are nested more than {MAX_DEPTH} deep"


# -- what is in a file -----------------------------------------------------------------------------


def _look(path: Path, name: Name, file: str) -> Submission:
    """A file's fingerprint and the lesson that it seems to belong to."""
    called = name.called or path.name
    try:
        data, modified, member = open_notebook(path)
    except CannotRead as error:
        return Submission(
            name.student, path, file, refused=str(error), lesson=_lesson_in_name(called), name=name
        )
    if member:
        file = f"{file}/{clean(member)}"
    counts = Counter(match[1].decode() for match in CALLS_CHECK.finditer(data))
    known = [lesson for lesson, _ in counts.most_common() if lesson in exercises.lessons()]
    lesson = known[0] if known else _lesson_in_name(called)
    note = f"{saved.CHANGED} It is marked as it is." if saved.is_damaged(data) else ""
    return Submission(name.student, path, file, lesson, fingerprint(data), modified, note=note, name=name)


def _lesson_in_name(called: str) -> str:
    match = re.match(r"(\d\d)[_-]", called)
    return match[1] if match and match[1] in exercises.lessons() else ""


def read_notebook(path: Path) -> bytes:
    """The bytes of a notebook, also of the only one in a zip. Raises CannotRead with the reason."""
    return open_notebook(path)[0]


def open_notebook(path: Path) -> tuple[bytes, float, str]:
    """The bytes of a notebook, when its file was changed, and what it is called in a zip ('' where it is in none)."""
    data, modified = read_bytes(path)
    if path.suffix.lower() != ".zip":
        return data, modified, ""
    try:
        data, member = _only_notebook(data)
    # what zipfile and its decompressors raise about bytes that are no zip, or a damaged or encrypted one
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError, ValueError, OSError,
        EOFError, OverflowError, KeyError, IndexError,
    ) as error:  # fmt: skip
        raise CannotRead(f"the zip cannot be unpacked ({error})") from error
    return data, modified, member


def _only_notebook(data: bytes) -> tuple[bytes, str]:
    """The one notebook in a zip, and its name there. Nothing is written to the disk, and nothing else is unpacked."""
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise CannotRead(f"the zip holds more than {MAX_MEMBERS} files")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = []
        for info in archive.infolist():
            parts = PurePosixPath(info.filename.replace("\\", "/")).parts
            if ".." in parts:
                raise CannotRead("a name in the zip leads out of it")
            hidden = any(part.startswith(".") or part in SKIPPED_FOLDERS for part in parts)
            if parts and not info.is_dir() and not hidden and _is_notebook(PurePosixPath(parts[-1])):
                found.append((info, "/".join(parts)))
        if len(found) != 1:
            raise CannotRead(f"the zip holds {len(found) or 'no'} notebook{'s' * (len(found) > 1)}, not one")
        [(info, member)] = found
        if info.flag_bits & 1:
            raise CannotRead("the zip has a password")
        if info.file_size > MAX_NOTEBOOK:
            raise CannotRead(f"the notebook in the zip is too large ({_size(info.file_size)})")
        if info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise CannotRead(f"the notebook in the zip unpacks to more than {MAX_RATIO} times its size")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CannotRead("the zip is packed in a way that is not unpacked here")
        with archive.open(info) as file:
            return file.read(MAX_NOTEBOOK), member


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
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise CannotRead("it is no file")
        if status.st_size > MAX_NOTEBOOK:
            raise CannotRead(f"it is too large ({_size(status.st_size)})")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MAX_NOTEBOOK + 1), status.st_mtime
    except OSError as error:
        raise CannotRead(f"it cannot be read ({error.strerror})") from error
    finally:
        os.close(handle)


def _size(size: float) -> str:
    return f"{size / 1e6:,.0f} MB; at most {MAX_NOTEBOOK / 1e6:,.0f} MB"


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_blank(data: bytes, lesson: str) -> bool:
    """Whether nothing of a lesson's exercises has been begun. It looks at the text only; what cannot be read is no blank."""
    if len(data) > LARGEST_BLANK:
        return False
    try:
        cells = [cell for cell in json.loads(data)["cells"] if cell.get("cell_type") == "code"]
        sources = ["".join(cell.get("source", "")) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    calls = [match[1] for source in sources for match in CHECKED.finditer(source)]
    handed = {name.strip() for call in calls for name in call.split(",")} - {""}
    # something else than a name is an answer already
    if not all(name.isidentifier() for name in handed):
        return False
    handed.update(name for exercise in exercises.module(lesson).EXERCISES for name in exercise.answers)
    return not any(_defined(source) & handed for source in sources)


def _defined(source: str) -> set[str]:
    """The names that a cell defines as more than a placeholder."""
    lines = [line for line in source.splitlines() if len(line) <= LONGEST_LINE]
    functions = {match[1] for line in lines if (match := DEFINES.match(line))}
    if functions:
        return set() if any(PLACEHOLDER.search(line) for line in lines) else functions
    found = set()
    for line in lines:
        if "=" in line and not PLACEHOLDER.search(line):
            *targets, _ = line.split("=")
            for target in targets:
                target = target.partition(":")[0]
                if not TARGET.fullmatch(target) or target.count("(") != target.count(")"):
                    break
                found.update(re.findall(r"\w+", target))
    return found


# -- which of several counts -----------------------------------------------------------------------


def _choose(files: list[Submission], lesson: str | None, found: Found) -> list[Submission]:
    """One file for each lesson of a student. What is left out is said."""
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
            found.lines.append(
                f"{file.student}: {file.file} left out ({file.refused or 'no exercise of the course is in it'})"
            )
    chosen = []
    for name, group in sorted(groups.items()):
        # nothing else is there: each gets its row
        if name == "":
            chosen += group
        elif len(group) == 1:
            chosen += group
        else:
            chosen.append(_choose_one(group, found))
    return chosen


def _choose_one(group: list[Submission], found: Found) -> Submission:
    """The file that counts: Canvas's number of the attempt, then the time, then the number in the name decide.

    A file that cannot be read, or in which nothing has been begun, counts only where there is no other.
    """
    ranks, why = _ranks(group)
    later = sorted(group, key=lambda s: ranks[s])
    readable = [s for s in later if not s.refused]
    begun = [s for s in readable if not _blank(s)] if len(readable) > 1 else readable
    taken = (begun or readable or later)[-1]
    others = ", ".join(f"{s.file} ({s.refused or s.time})" for s in reversed(later) if s is not taken)
    if len(readable) == 1:
        why = "the only one that can be read"
    elif taken is not later[-1]:
        why = (
            "the newest that is more than a blank"
            if len(begun) > 1
            else "the only one that is more than a blank"
        )
    note = f"{len(group)} notebooks for lesson {taken.lesson}: {taken.file} ({taken.time}) is marked, {why}; not {others}."
    found.lines.append(f"{taken.student}: {note}")
    newer = later[later.index(taken) + 1 :]
    if newer:
        what = ", ".join(f"{s.file} ({s.refused or 'nothing in it has been begun'})" for s in newer)
        found.needs.append((taken.student, f"{taken.file} is marked, though a later one came: {what}."))
    return replace(taken, note=" ".join(filter(None, (taken.note, note))))


def _blank(submission: Submission) -> bool:
    try:
        return is_blank(read_notebook(submission.path), submission.lesson)
    except CannotRead:
        return False


def _ranks(group: list[Submission]) -> tuple[dict[Submission, tuple], str]:
    """A key for each file that puts the later one last, and what decides about the last."""
    numbers = _copy_numbers([s.name.called or stem(s.path.name) for s in group])
    of_canvas = all(s.name.upload for s in group)
    steps, times = 0, {}
    ordered = sorted({s.modified for s in group})
    for before, now in zip([ordered[0], *ordered], ordered, strict=False):
        steps += now - before > SAME_TIME
        times[now] = steps
    ranks = {
        s: (
            (number, s.name.upload) if of_canvas else (0, 0),
            times[s.modified],
            number,
            s.file,
        )
        for s, number in zip(group, numbers, strict=True)
    }
    last, *rest = sorted(ranks.values(), reverse=True)
    k = next(k for k in range(4) if last[k] != rest[0][k])
    return ranks, (
        "the last attempt in Canvas",
        "the newest",
        "the highest number of a copy",
        "the last by name",
    )[k]


def _copy_numbers(names: list[str]) -> list[int]:
    """Which copy each is: 2 for `x-2` or `x (2)` where `x`, `x-1` or so is there, too; 0 for all else."""
    marks = [COPY.fullmatch(name) for name in names]
    bases = Counter(match["base"] for match in marks if match)
    numbers = []
    for match in marks:
        family = match and (bases[match["base"]] > 1 or match["base"] in names)
        numbers.append(int(match["number"]) if family else 0)
    return numbers
