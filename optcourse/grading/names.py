"""Whose work a file is, by what it is called: names as people, Canvas and Moodle write them.

An ID comes out of a name only when the whole name has the form that the platform gives it.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_NAME = 120
# Invisible letters that some scripts need; all others are taken out of names.
JOINERS = "\u200c\u200d"

# Canvas (lib/content_zipper.rb): doejane_LATE_12345_67890_notebook.ipynb, which is name, "late", user, upload, and what the
# student called it. The name is in small letters and has nothing but letters, digits and (seldom) underscores.
CANVAS = re.compile(
    r"(?P<name>\S+?)_(?P<late>LATE_)?(?P<user>[1-9]\d*)_"
    r"(?:(?P<upload>[1-9]\d{2,})_(?P<called>.+)|(?P<typed>text|link))",
    re.DOTALL,
)
CANVAS_BLIND = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_[0-9A-Za-z]{5})_(?:(?P<upload>[1-9]\d{2,})_(?P<called>.+)|(?P<typed>text|link))",
    re.DOTALL,
)
# A day and a time look like a user and an upload: ada_20261128_143000_final.
DAY_AND_TIME = re.compile(
    r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])_(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
)

# Moodle (mod/assign/classes/downloader.php): Jane Doe_4711_assignsubmission_file_/notebook.ipynb, or the same in one name.
# The number is of this assignment only; a team that has no group has none.
MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<participant>\d+))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<called>.*))?",
    re.DOTALL,
)
# What Moodle calls everybody where it marks blindly, as it stands in the names of files.
BLIND = frozenset(
    "participant participante partecipante deelnemer deltagare deltager deltaker osallistuja uczestnik účastník résztvevő "
    "teilnehmer teilnehmerin teilnehmende участник учасник katılımcı 参加者 参与者".split()
)

# What a second download or upload adds to a name: x-2, x (2), x-Copy2, x copy 2, x_v2, x 2.
COPY = re.compile(
    r"(?P<base>.+?)(?:[-_ ]+(?:copy|kopie|copie|copia)|[-_ ]+v|-| )? *\(?(?P<number>\d{1,4})\)?", re.I
)


@dataclass(frozen=True)
class Doubts:
    """What only the names of a whole folder tell.

    People who share a name, look-alikes of Canvas's form, prefixes of groups, and whether Canvas's names may have underscores.
    """

    namesakes: frozenset[str] = frozenset()
    lookalikes: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    underscores: bool = False


@dataclass(frozen=True)
class Name:
    """What a name says: the student, ids, the number of the upload, and what the student called the file.

    typed: no file stands behind it, but a text that was typed into the platform. late: says Canvas.
    """

    student: str
    ids: dict[str, str] = field(default_factory=dict, hash=False)
    upload: int = 0
    called: str = ""
    typed: bool = False
    late: bool = False

    @property
    def from_platform(self) -> bool:
        return bool(self.ids or self.upload or self.typed)


def read_name(name: str, doubts: Doubts | None = None, ending: str = "") -> Name:
    """What the name of a file (without its ending) or folder means."""
    doubts = doubts or Doubts()
    if match := MOODLE.fullmatch(name):
        return _moodle(match, doubts)
    match = _canvas(name, ending, doubts.underscores)
    if match is None or name in doubts.lookalikes:
        return Name(clean(name), called=name)
    found = match.groupdict()
    student, ids = clean(found["name"]), {}
    if "user" in found:
        student, ids = f"{student}_{found['user']}", {"canvas_id": found["user"]}
    return Name(
        student,
        ids,
        int(found["upload"] or 0),
        found["called"] or "",
        bool(found["typed"]),
        bool(found["late"]),
    )


def _moodle(match: re.Match, doubts: Doubts) -> Name:
    full, participant = clean(_without_group(match["name"], doubts.groups)), match["participant"] or ""
    typed = match["kind"] == "onlinetext"
    ids = {"name": full} | ({"participant": participant} if participant else {})
    student = full
    if participant and full.rpartition("-")[2].casefold() in BLIND:
        student, ids["name"] = f"{full} ({participant})", f"{full} {participant}"
    elif full in doubts.namesakes:
        student = f"{full} ({participant})"
    return Name(student, ids, called=match["called"] or "", typed=typed)


def _canvas(name: str, ending: str = "", underscores: bool = False) -> re.Match | None:
    """Canvas's form: the name in it in small letters and digits, the numbers no day with a time, typed texts in HTML."""
    name = unicodedata.normalize("NFC", name)
    if match := CANVAS_BLIND.fullmatch(name):
        return match
    match = CANVAS.fullmatch(name)
    if match is None or match["name"] != match["name"].lower() or (match["typed"] and ending != ".html"):
        return None
    if not all(
        (letter == "_" and underscores) or unicodedata.category(letter)[0] in "LMN"
        for letter in match["name"]
    ):
        return None
    return None if DAY_AND_TIME.fullmatch(f"{match['user']}_{match['upload']}") else match


def doubts_of(names: Iterable[str]) -> Doubts:
    """What the names of a folder (without endings) tell about each other."""
    names = list(names)
    moodle = [match for name in names if (match := MOODLE.fullmatch(name))]
    groups = _group_prefixes({(match["name"], match["participant"] or "") for match in moodle})
    numbers = defaultdict(set)
    for match in moodle:
        numbers[clean(_without_group(match["name"], groups))].add(match["participant"] or "")
    # In a real download a user has one name, and an upload one user.
    canvas = {name: match.groupdict() for name in names if (match := _canvas(name, underscores=True))}
    users, uploads = defaultdict(set), defaultdict(set)
    for found in canvas.values():
        users[found.get("user")].add(found["name"])
        uploads[found["upload"]].add((found["name"], found.get("user")))
    for several in (users, uploads):
        several.pop(None, None)
    # With an underscore in the name much looks like Canvas's form: it is, where most of the folder is beyond doubt.
    sure = sum(found.get("user") is not None and "_" not in found["name"] for found in canvas.values())
    return Doubts(
        frozenset(name for name, found in numbers.items() if len(found) > 1),
        frozenset(
            name
            for name, found in canvas.items()
            if len(users[found.get("user")]) > 1 or len(uploads[found["upload"]]) > 1
        ),
        groups,
        2 * sure >= len(names),
    )


def _group_prefixes(people: set[tuple[str, str]], least: int = 3) -> tuple[str, ...]:
    """The groups that Moodle put before all names of a download ("Group A-Jane Doe"), longest first.

    A prefix that only some have, or only one person, may be a part of the name (Anna-Lena).
    """
    found: set[str] = set()
    rest = {person: person[0] for person in people}
    while len(rest) >= least:
        counts = Counter(text[: k + 1] for text in rest.values() for k, c in enumerate(text) if c == "-")
        best = {
            person: max(
                (text[: k + 1] for k, c in enumerate(text) if c == "-"),
                key=lambda prefix: (counts[prefix], len(prefix)),
                default="",
            )
            for person, text in rest.items()
        }
        if not all(prefix and counts[prefix] >= least for prefix in best.values()):
            break
        rest = {person: text.removeprefix(best[person]) for person, text in rest.items()}
        found = {person[0].removesuffix(text) for person, text in rest.items()}
    return tuple(sorted(found, key=len, reverse=True))


def _without_group(name: str, groups: Iterable[str]) -> str:
    prefix = next((group for group in groups if name.startswith(group) and name != group), "")
    return name.removeprefix(prefix)


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


# -- the same name in other letters ----------------------------------------------------------------


def folded(text: str) -> str:
    """A text as it compares: compatible forms, capitals and spaces make no difference."""
    once = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", once).split())


def letters(text: str) -> str:
    """Nothing but the letters and digits of a text, as Canvas writes names in files."""
    return "".join(c for c in folded(text) if unicodedata.category(c)[0] in "LMN")


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")


def orders(name: str) -> set[str]:
    """The letters of a name with the last name first and last: 'Doe, Jane' and 'Jane Doe' are doejane and janedoe."""
    last, comma, first = name.partition(",")
    words = folded(name).split()
    if comma:
        return {letters(last + first), letters(first + last)} - {""}
    return {letters("".join(order)) for order in (words, words[-1:] + words[:-1], words[1:] + words[:1])} - {
        ""
    }
