"""Made classes, as Canvas and Moodle name their downloads, with everything that really happens mixed in."""

from __future__ import annotations

import io
import json
import os
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TIME = 1_760_000_000
FIRST = (
    "Jane", "José", "Zoë", "Anna-Lena", "Bo", "Ming", "Ζωή", "Юлия", "明", "हिना", "Ayşe", "Seán", "Nguyễn Văn", "Ørjan",
    "Łukasz", "Mary Ann", "D'Arcy", "فاطمة", "İpek", "Jürgen",
)  # fmt: skip
LAST = (
    "Doe", "Müller", "van der Berg", "O'Brien", "Li", "Παππά", "Иванова", "李", "शर्मा", "Öztürk", "Ångström", "Strauß",
    "Smith-Jones", "García Márquez", "Points Possible", "Student", "Đặng", "Nowak_Kowal", "حسن", "Êxito",
)  # fmt: skip


@dataclass
class Person:
    """Somebody of the class: what the platform knows, what was handed in, and what must come out of it.

    points: what must stand in the export, '' where nobody may decide it but a person.
    """

    number: int
    first: str
    last: str
    oddity: str = ""
    points: str = ""

    @property
    def canvas_id(self) -> str:
        return str(20_000 + 7 * self.number)

    @property
    def participant(self) -> str:
        return str(4_700 + self.number)

    @property
    def login(self) -> str:
        return f"u{self.number:03d}"

    @property
    def email(self) -> str:
        return f"{self.login}@example.org"

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def sortable(self) -> str:
        return f"{self.last}, {self.first}"

    def upload(self, k: int = 0) -> int:
        return 900_000 + 50 * self.number + k


def people(oddities: dict[str, Callable], number: int = 300) -> list[Person]:
    """A class in which every oddity has the same share; the last ten of 300 have the names of others."""
    names = [
        (FIRST[k % 20], LAST[(k // 20 + k) % 20]) for k in (j if j < 290 else j - 200 for j in range(number))
    ]
    kinds = list(oddities)
    return [Person(k, *names[k], kinds[k % len(kinds)]) for k in range(number)]


def notebook(wish: str = "passed", note: str = "", begun: bool = True) -> bytes:
    """A small notebook of lesson 03 that tells the quick judge what its marks are."""
    value = "lambda: 3" if begun else "..."
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": f'f = {value}\ncheck("03-gradient-descent", f)\n# {note}',
        }
    ]
    return json.dumps({"wish": wish, "cells": cells}).encode()


def packed(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/") + ".ipynb", data)
    return file.getvalue()


def put(path: Path, data: bytes, time: float = TIME) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time, time))


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# -- Canvas ----------------------------------------------------------------------------------------


def canvas_name(person: Person) -> str:
    """As lib/content_zipper.rb of Canvas makes it: small letters, and nothing but letters, digits and underscores."""
    return "".join(c for c in person.sortable.lower() if c == "_" or unicodedata.category(c)[0] in "LMN")


def canvas_file(person: Person, called: str, k: int = 0, late: bool = False) -> str:
    return f"{canvas_name(person)}_{'LATE_' if late else ''}{person.canvas_id}_{person.upload(k)}_{called}"


def of_canvas(
    folder: Path, person: Person, good: Callable[[str], bytes], blank: Callable[[str], bytes]
) -> None:
    """Put into the folder what somebody handed in; `good` and `blank` make notebooks with a note in them."""
    solved, nothing, x = good(person.login), blank(person.login), "03_gradient_descent"

    def hand_in(
        called: str, data: bytes = solved, k: int = 0, late: bool = False, time: float = TIME
    ) -> None:
        put(folder / canvas_file(person, called, k, late), data, time)

    person.points = "14"
    match person.oddity:
        case "plain":
            hand_in(f"{x}.ipynb")
        case "late":
            hand_in(f"{x}.ipynb", late=True)
        case "other unicode form":
            put(folder / decomposed(canvas_file(person, f"{x}.ipynb")), solved)
        case "capital ending":
            hand_in(f"{x}.IPYNB")
        case "text ending":
            hand_in(f"{x}.ipynb.txt")
        case "zip":
            hand_in("work.zip", packed(work__x=solved))
        case "blank later":
            hand_in(f"{x}.ipynb")
            hand_in(f"{x}-1.ipynb", nothing, 1, time=TIME + 900)
        case "tenth attempt with an older date":
            hand_in(f"{x}-2.ipynb", nothing + b" ", 2, time=TIME + 900)
            hand_in(f"{x}-9.ipynb", good(f"{person.login} wrong"), 9, time=TIME + 900)
            hand_in(f"{x}-10.ipynb", solved, 10, time=TIME)
        case "with a report":
            hand_in(f"{x}.ipynb")
            hand_in("report.pdf", b"%PDF", 1)
        case "name of its own":
            hand_in("my_work_2_final (3).ipynb")
        case "zip of two":
            person.points = ""
            hand_in("work.zip", packed(a=solved, b=nothing))
        case "pdf" | "docx":
            person.points = ""
            hand_in(f"{x}.{person.oddity}", b"%PDF")
        case "typed":
            person.points = ""
            put(folder / f"{canvas_name(person)}_{person.canvas_id}_text.html", b"<p>")
        case "blank":
            person.points = "0"
            hand_in(f"{x}.ipynb", nothing)
        case "half lost":
            person.points = ""
            hand_in(f"{x}.ipynb", solved[: len(solved) // 2])
        case "absent":
            person.points = ""
        case other:
            raise ValueError(other)


CANVAS_ODDITIES = dict.fromkeys(
    (
        "plain", "late", "other unicode form", "capital ending", "text ending", "zip", "blank later", "plain",
        "tenth attempt with an older date", "with a report", "name of its own", "zip of two", "pdf", "docx", "typed", "half lost",
        "absent", "blank",
    ),
    of_canvas,
)  # fmt: skip


def canvas_roster(shape: str, class_: list[Person]) -> str:
    """The gradebook as Canvas exports it and as spreadsheets leave it."""
    lines, possible = [], "    Points Possible,,,,,14.00"
    for p in class_:
        lines.append(f'"{p.sortable}",{p.canvas_id},S{p.number},{p.login},A,')
    head = 'Student,ID,SIS User ID,SIS Login ID,Section,"03 Gradient descent (99)"'
    match shape:
        case "as it comes":
            return "\n".join([head, ",,,,,Manual Posting", possible, *lines, '"Student, Test",1,,d0c,A,'])
        case "split names, sep=, a title":
            lines = [f"{p.last};{p.first};{p.canvas_id};S{p.number};{p.login};A;" for p in class_]
            head = "LastName;FirstName;ID;SIS User ID;SIS Login ID;Section;03 Gradient descent (99)"
            return "\r\n".join(["sep=;", "Our class of 2026", head, *lines])
        case "saved by Excel":
            lines = [f'"{p.sortable}",{p.canvas_id}.0,S{p.number},{p.login},A,' for p in class_]
            return "\n".join([head, possible, *lines])
        case "another language":
            lines = [f"{p.sortable};{p.canvas_id};{p.login}" for p in class_]
            return "\n".join(["Оюутан;Дугаар;Нэвтрэх", *lines])
    raise ValueError(shape)


# -- Moodle ----------------------------------------------------------------------------------------


def of_moodle(
    folder: Path,
    person: Person,
    good: Callable[[str], bytes],
    blank: Callable[[str], bytes],
    prefix: str = "",
) -> None:
    """The same for Moodle; `prefix` is the group, or everything that stands for the name where marking is blind."""
    name = prefix if prefix.endswith("Participant") else f"{prefix}{person.full.replace('_', ' ')}"
    root = folder / f"{name}_{person.participant}_assignsubmission_file_"
    solved, nothing, x = good(person.login), blank(person.login), "03_gradient_descent"
    person.points = "14"
    match person.oddity:
        case "plain":
            put(root / f"{x}.ipynb", solved)
        case "one name":
            put(folder / f"{root.name}{x}.ipynb", solved)
        case "other unicode form":
            put(folder / decomposed(root.name) / f"{x}.ipynb", solved)
        case "capital ending":
            put(root / f"{x}.IPYNB", solved)
        case "deep":
            put(root.joinpath(*["d"] * 45) / f"{x}.ipynb", solved)
        case "zip":
            put(root / "work.zip", packed(work__x=solved))
        case "blank later":
            put(root / f"{x}.ipynb", solved)
            put(root / f"{x} (1).ipynb", nothing, TIME + 900)
        case "tenth copy":
            put(root / f"{x}-2.ipynb", good(f"{person.login} wrong"))
            put(root / f"{x}-10.ipynb", solved)
        case "text beside it":
            put(root / f"{x}.ipynb", solved)
            put(folder / root.name.replace("_file_", "_onlinetext_") / "onlinetext.html", b"<p>")
        case "too deep":
            person.points = ""
            put(root.joinpath(*["d"] * 60) / f"{x}.ipynb", solved)
        case "pdf":
            person.points = ""
            put(root / "report.pdf", b"%PDF")
        case "typed":
            person.points = ""
            put(folder / root.name.replace("_file_", "_onlinetext_") / "onlinetext.html", b"<p>")
        case "half lost":
            person.points = ""
            put(root / f"{x}.ipynb", solved[: len(solved) // 2])
        case "absent":
            person.points = ""
        case other:
            raise ValueError(other)


MOODLE_ODDITIES = dict.fromkeys(
    (
        "plain", "one name", "other unicode form", "capital ending", "deep", "zip", "blank later", "tenth copy", "text beside it",
        "too deep", "pdf", "typed", "half lost", "absent", "plain", "plain", "plain",
    ),
    of_moodle,
)  # fmt: skip


def moodle_roster(shape: str, class_: list[Person]) -> str:
    """The grading worksheet, or a list of participants."""
    match shape:
        case "worksheet":
            head = "Identifier,Full name,Email address,Status,Grade,Maximum Grade"
            return "\n".join(
                [head, *(f"Participant {p.participant},{p.full},{p.email},Submitted,,14.00" for p in class_)]
            )
        case "worksheet in German":
            head = "ID;Vollständiger Name;E-Mail-Adresse;Status"
            lines = [f"Teilnehmer/in{p.participant};{p.full};{p.email};Abgegeben" for p in class_]
            return "\r\n".join(["sep=;", head, *lines])
        case "participants in French":
            lines = [f"{p.first},{p.last},{p.email},Groupe A" for p in class_]
            return "\n".join(["Prénom,Nom de famille,Adresse de courriel,Groupes", *lines])
        case "another language":
            lines = [f"{p.last}\t{p.first}\t{p.email}" for p in class_]
            return "\n".join(["Class of 2026", "Овог\tНэр\tЦахим шуудан", *lines])
    raise ValueError(shape)
