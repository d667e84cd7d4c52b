"""A file of events, one JSON object a line: only ever added to, and whole after a kill or on a full disk.

docs/promises.md says what is held. `append` returns when an event is on the disk and raises OSError when it is
not. `read` takes what it understands, within limits; a line that it does not understand costs that line.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import random
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

READ_LIMIT = 5_000_000  # bytes; of a longer file the first and the last half of this are read
LINE_LIMIT = 100_000  # bytes
NESTING_LIMIT = 50  # brackets that a line may open
LOCK_WAIT = 10.0  # seconds
COPIES_LIMIT = 20  # broken files set aside in one folder

BOM = b"\xef\xbb\xbf"

_looked_at: set[str] = set()  # files whose copies were compared with them in this process
_waited_for: set[str] = set()  # files that another program held for all of LOCK_WAIT


@dataclass
class Reading:
    """The events of a file, and what there is to say of how it was read, a sentence each."""

    events: list[dict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


# -- adding -------------------------------------------------------------------------------------------


def append(path: Path, *events: dict) -> None:
    """Add events. They are on the disk when this returns; where that is not possible, OSError says why, and none is added."""
    lines = [json.dumps(event, ensure_ascii=False).encode(errors="replace") + b"\n" for event in events]
    if longest := max((len(line) for line in lines if len(line) > LINE_LIMIT), default=0):
        raise OSError(errno.EFBIG, f"one entry has {longest:,} bytes, and {LINE_LIMIT:,} may be kept")
    line = b"".join(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path, os.O_CREAT) as (handle, alone):
        size = os.fstat(handle).st_size
        if size:  # a line that was cut off must not swallow this one
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                line = b"\n" + line
        try:
            _write(handle, line)
        except BaseException:
            if alone:  # else it may be another's line that would be cut off
                os.ftruncate(handle, size)
            raise


@dataclass(frozen=True)
class Taken:
    """What came of another file: events that were added, those that were there already, and lines that are not understood."""

    added: int
    known: int
    broken: int


def take_in(path: Path, data: bytes) -> Taken:
    """Add the events of another such file that are not here yet. OSError as of `append` and `read`."""
    given, broken = _parse(data)
    have = Counter(json.dumps(event, sort_keys=True) for event in read(path).events)
    new = []
    for _, event in given:
        key = json.dumps(event, sort_keys=True)
        if have[key]:
            have[key] -= 1
        else:
            new.append(event)
    if new:
        append(path, *new)
    return Taken(len(new), len(given) - len(new), broken)


def _write(handle: int, data: bytes) -> None:
    """All of it, and down to the disk: a full disk or quota may be told of only there."""
    while data:
        data = data[os.write(handle, data) :]
    os.fsync(handle)


def _open(path: Path, flags: int) -> int:
    # Without waiting: opening a pipe waits until its other end is opened.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a plain file")
    return handle


@contextlib.contextmanager
def _held(path: Path, flags: int = 0) -> Iterator[tuple[int, bool]]:
    """The open file, and whether it is locked against other writers: not every system has locks."""
    until = time.monotonic() + (0 if str(path) in _waited_for else LOCK_WAIT)
    while True:
        handle = _open(path, os.O_RDWR | os.O_APPEND | flags)
        alone = False
        try:
            alone = _lock(handle, path, until)
            if alone and not _is_still(handle, path):
                continue  # it was mended while we waited: what we hold is the old one
            yield handle, alone
            return
        finally:
            if alone:
                _unlock(handle)
            os.close(handle)


def _lock(handle: int, path: Path, until: float) -> bool:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows has no such module, Python in a browser no such function in it
        return False
    while True:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                _waited_for.add(str(path))  # the next one does not wait again
                raise OSError(errno.EAGAIN, "another program holds it and does not let go") from None
            time.sleep(random.uniform(0.001, 0.01))
        except OSError:  # some network file systems have no locks
            return False
        else:
            _waited_for.discard(str(path))
            return True


def _unlock(handle: int) -> None:
    from fcntl import LOCK_UN, flock

    flock(handle, LOCK_UN)  # closing is not enough where a child process has the file, too


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


# -- reading ------------------------------------------------------------------------------------------


def read(path: Path) -> Reading:
    """Every event so far; none where there is no file. OSError where there is one that cannot be read.

    A broken file is set aside with a date, and its good lines are kept.
    """
    reading = Reading()
    path = Path(os.path.realpath(path))  # a file that replaces another would replace a link to it
    if str(path) not in _looked_at:
        _looked_at.add(str(path))
        _take_back(path, reading)
    try:
        data, whole = _load(path)
    except FileNotFoundError:
        return reading
    good, broken = _parse(data)
    if not whole:
        reading.remarks.append(
            f"Your progress file {path} has more than {READ_LIMIT:,} bytes; only its beginning and its end are read."
        )
    elif broken:
        good = _mend(path, good, broken, reading)
    reading.events = [event for _, event in good]
    return reading


def _load(path: Path) -> tuple[bytes, bool]:
    """What a file holds, and whether that is all of it."""
    with open(_open(path, os.O_RDONLY), "rb") as file:
        data = file.read(READ_LIMIT + 1)
        if len(data) <= READ_LIMIT:
            return data, True
        half = READ_LIMIT // 2
        file.seek(-half, os.SEEK_END)
        return data[:half].rpartition(b"\n")[0] + b"\n" + file.read(half).partition(b"\n")[2], False


def _parse(data: bytes) -> tuple[list[tuple[bytes, dict]], int]:
    """The lines that are understood, with their events, and the number of the others."""
    good, broken = [], 0
    # Not splitlines(): that also ends a line where a sentence holds a U+2028.
    for line in data.split(b"\n"):
        line = line.strip(b" \t\r" + BOM)
        if not line:
            continue
        event = _event(line)
        if event is None:
            broken += 1
        else:
            good.append((line, event))
    return good, broken


def _event(line: bytes) -> dict | None:
    """A line as an event; None where it is not understood."""
    if len(line) > LINE_LIMIT or line.count(b"[") + line.count(b"{") > NESTING_LIMIT:
        return None
    if b'"kind"' not in line or b'"id"' not in line:  # quickly: millions of lines may be nonsense
        return None
    try:
        event = json.loads(line.decode(errors="replace"))
        if rb"\ud" in line.lower():  # half a character, written as an escape, can be printed nowhere
            event = json.loads(json.dumps(event, ensure_ascii=False).encode(errors="replace"))
    except ValueError:
        return None
    if not isinstance(event, dict) or not event.keys() >= {"kind", "id"}:
        return None
    return event if all(_fits(key, value) for key, value in event.items()) else None


def _fits(key: str, value: object) -> bool:
    """Whether a field has the type that its readers expect."""
    if key in ("kind", "id"):
        return isinstance(value, str)
    if value is None:
        return True
    if key in ("number", "question", "choice", "points", "of", "value"):
        return isinstance(value, int | float) and abs(value) < 1e300  # NaN is not one either
    if key in ("time", "status", "guess", "answer", "misconception", "also"):
        return isinstance(value, str)
    return True


# -- mending ------------------------------------------------------------------------------------------


def _mend(
    path: Path, good: list[tuple[bytes, dict]], broken: int, reading: Reading
) -> list[tuple[bytes, dict]]:
    """Set a broken file aside and go on with its good lines. At every moment one of the two is there, whole."""
    try:
        with _held(path) as (_, alone):
            if not alone:
                raise OSError(errno.ENOLCK, "this system cannot hold it alone")
            data, whole = _load(
                path
            )  # another notebook may have mended it, or have been in the middle of a line
            good, broken = _parse(data)
            if not broken or not whole:
                return good
            aside = _name_of_copy(path)
            _write_whole(path, aside, data)
            _replace(path, good)
    except OSError as error:
        reading.remarks.append(
            f"Your progress in {path} has {broken} broken line(s), which are left out. "
            f"It cannot be mended ({error.strerror or error})."
        )
        return good
    kept = f"{len(good)} good {'line' if len(good) == 1 else 'lines'} kept"
    reading.remarks.append(
        f"Your progress file had {broken} broken line(s): it was set aside as {aside.name}, {kept}."
    )
    return good


def _take_back(path: Path, reading: Reading) -> None:
    """Put back what stands in a copy and not in the file: earlier versions could be stopped while they mended."""
    copies = _copies(path)
    if not copies:
        return
    try:
        with _held(path, os.O_CREAT) as (_, alone):
            data, whole = _load(path)
            if not whole or not alone:
                return
            good, broken = _parse(data)
            have = Counter(json.dumps(event) for _, event in good)
            missing = []
            for copy in copies:
                stood = [(json.dumps(event), line, event) for line, event in _parse(_load(copy)[0])[0]]
                lost = Counter(key for key, *_ in stood) - have
                for key, line, event in stood:
                    if lost[key]:
                        lost[key] -= 1
                        have[key] += 1
                        missing.append((line, event))
            if not missing:
                return
            if broken:
                _write_whole(path, _name_of_copy(path), data)
            missing.sort(key=lambda pair: pair[1].get("time") or "")
            _replace(path, missing + good)
    except OSError as error:
        reading.remarks.append(
            f"Beside {path} lie copies that hold more of your progress, perhaps. "
            f"They could not be compared with it ({error.strerror or error})."
        )
        return
    reading.remarks.append(
        f"{len(missing)} line(s) of your progress were lost from {path.name} and stood in a copy beside it: "
        f"they are back. (To begin afresh, delete the folder {path.parent}.)"
    )


def _copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}.broken-*{path.suffix}"))


def _name_of_copy(path: Path) -> Path:
    if len(_copies(path)) >= COPIES_LIMIT:
        raise OSError(errno.EMLINK, f"{COPIES_LIMIT} broken copies of it lie beside it already")
    name = f"{path.stem}.broken-{datetime.date.today().isoformat()}"
    names = [name, *(f"{name}-{count}" for count in range(2, COPIES_LIMIT + 2))]
    return next(aside for n in names if not (aside := path.with_name(n + path.suffix)).exists())


def _replace(path: Path, good: list[tuple[bytes, dict]]) -> None:
    _write_whole(path, path, b"".join(line + b"\n" for line, _ in good))


def _write_whole(like: Path, path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, readable by those who may read `like`."""
    part = like.with_name(like.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _write(handle, data)
        finally:
            os.close(handle)
        shutil.copymode(like, part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
