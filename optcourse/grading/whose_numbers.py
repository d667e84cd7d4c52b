"""Whose numbers a notebook was worked with, in a course that gives everybody numbers of their own.

The notebook's checks say it where they speak of numbers: "Numbers of Ada Lovelace (3f2a9c)." That name counts, with the key that
the instructor gives. A notebook that says nothing is taken to be of whoever handed it in. Where name and student differ, or the
key is another one, a person is told; no work is marked by numbers that were not its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optcourse.exercises.own_numbers import Owner, folded
from optcourse.grading.names import letters, orders
from optcourse.grading.sheets import write_file

SAID = re.compile(r"(?:Numbers|Lines) of ([^\n]{1,80}?) \(([0-9a-f]{6})\)\.")
TYPED = re.compile(r"""\bmy_name\(\s*(["'])([^"'\n]{1,80})\1""")
TO_SETTLE = "own numbers: "  # how a line of trouble begins that a person has to settle
# How such a line ends where the key is to blame, and what is said once where it is so for most of a class.
OTHER_KEY, NO_KEY, OF_OTHERS = "is it the right key?", "call again with --key", "of somebody else"
WAITS = "Their exercises with numbers of their own wait, and nothing else is touched. Call again with"
OF_MOST = {
    OTHER_KEY: f"The course key does not fit: {{}} worked with another one. {WAITS} --key and the right one.",
    NO_KEY: f"No course key is given, and {{}} worked with one. {WAITS} --key and the key.",
    OF_OTHERS: "The course key may be another one: what {} answered is right for somebody else's numbers. If it is, call again "
    "with --key and the right one: all of it is then marked anew.",
}  # fmt: skip
KEY_FILE = "course-key.txt"
LONGEST_KEY = 200


class BadKey(Exception):
    """The course key cannot be used; the text is a sentence for the instructor."""


@dataclass(frozen=True)
class GivenNumbers:
    """What grading knows: the course key, and the names of whoever handed a notebook in."""

    key: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whose:
    """By whose numbers a notebook is marked: the first owner with whom an answer is right; or why by nobody's.

    sure: its checks said key and name. Else whoever handed it in may have worked with another key, or under another name.
    """

    owners: tuple[Owner, ...] = ()
    sure: bool = False
    refused: str = ""
    trouble: tuple[str, ...] = ()


def whose_numbers(notebook: Path | str | bytes, given: GivenNumbers) -> Whose:
    """Whose numbers a notebook has, from what its checks said and from who handed it in."""
    raw = notebook if isinstance(notebook, bytes) else Path(notebook).read_bytes()
    speaks = any(word in raw for word in (b"Numbers of ", b"Lines of ", b"my_name"))
    name, code = said_in(raw) if speaks else ("", "")
    if given.key is None:
        if not code:
            return Whose()
        return _refused(
            f"it was worked with the numbers of {name} ({code}), and no course key is given: {NO_KEY}"
        )
    if not name:
        owners = tuple(Owner(given.key, name) for name in given.names)
        return Whose(owners)
    owner = Owner(given.key, name)
    if code and code != owner.code:
        return _refused(
            f"it was worked with the numbers of {name} ({code}), which are {owner.code} under the course key that is given: "
            f"{OTHER_KEY}"
        )
    if same_person(name, given.names):
        return Whose((owner,), bool(code))
    who = " or ".join(given.names)
    return Whose(
        (owner,),
        bool(code),
        trouble=(f"{TO_SETTLE}its numbers are those of {name}; it was handed in by {who}",),
    )


def _refused(why: str) -> Whose:
    return Whose(refused=f"Not marked: {_ended(why)}", trouble=(f"{TO_SETTLE}{why}",))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def said_in(raw: bytes) -> tuple[str, str]:
    """The name and the code that the checks of a notebook said last, or a name that a cell of it says; '' for none."""
    try:
        book = json.loads(raw.decode(json.detect_encoding(raw)))
        cells = [cell for cell in book["cells"] if isinstance(cell, dict)]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "", ""
    said = [found for cell in cells for found in SAID.findall("\n".join(_shown(cell)))]
    if said:
        return said[-1]
    typed = [found[1] for cell in cells for found in TYPED.findall(_text(cell.get("source")))]
    return (typed[-1].strip(), "") if typed else ("", "")


def _shown(cell: Mapping[str, Any]) -> Iterator[str]:
    """The plain texts that the checks of a cell have shown."""
    if "check(" not in _text(cell.get("source")) or not isinstance(cell.get("outputs"), list):
        return
    for output in cell["outputs"]:
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict):
            yield _text(data.get("text/plain"))


def _text(value: Any) -> str:
    parts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return "".join(part for part in parts if isinstance(part, str))


def names_of(student: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The names of a student: that of the file, and what a platform says."""
    return tuple(dict.fromkeys(name for name in (ids.get("name", ""), student) if name))


def same_person(name: str, names: Iterable[str]) -> bool:
    """Whether a name is one of these: in other order or letters, or one word of it, as in a file that is called ada."""
    words = {letters(word) for word in name.split()}
    return any(
        folded(name) == folded(other) or orders(name) & orders(other) or letters(other) in words
        for other in names
    )


def numbers_to_settle(students: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person has to settle about numbers, out of the marks that stand: the student, and a sentence.

    Where the key is to blame for most of those who have numbers of their own, it is said once, of nobody ('').
    """
    lines, worked = [], set()
    for key, student in students.items():
        for lesson in student.lessons.values():
            lines += [
                (key, line.removeprefix(TO_SETTLE)) for line in lesson.trouble if line.startswith(TO_SETTLE)
            ]
            if any(SAID.search(entry.visible) for entry in lesson.entries):
                worked.add(key)
    worked |= {key for key, _ in lines}
    said = []
    for ending, sentence in OF_MOST.items():
        who = {key for key, line in lines if line.endswith(ending)}
        if len(who) > 1 and 2 * len(who) > len(worked):
            said.append(("", sentence.format(f"{len(who)} of {len(worked)} students")))
            lines = [(key, line) for key, line in lines if not line.endswith(ending)]
    return [*said, *((key, _ended(line)) for key, line in lines)]


# -- the key ---------------------------------------------------------------------------------------


def kept_key(key: str | None, out: Path) -> str | None:
    """The course key: the one that is given, which is kept beside the marks, or the one that was kept."""
    place = out / KEY_FILE
    if key is None and not place.exists():
        return None
    try:
        text = place.read_text(encoding="utf-8-sig") if key is None else key
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"{place} cannot be read; give the course key with --key.") from error
    lines = text.strip().splitlines()
    if len(lines) != 1 or len(lines[0]) > LONGEST_KEY:
        where = "--key" if key is not None else f"{place}, row {min(len(lines), 2) or 1}, column 1"
        raise BadKey(f"{where}: a course key is one line of at most {LONGEST_KEY} signs. Nothing was marked.")
    if key is not None:
        write_file(place, f"{lines[0].strip()}\n".encode())
        os.chmod(place, 0o600)
    return lines[0].strip()


def fingerprint_of(key: str) -> str:
    """By which the gradebook sees that the key is another one, without the key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:8]
