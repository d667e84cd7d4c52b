"""Who is who: the class list that Canvas, Moodle or a person exports, and whose row each student of the gradebook is.

A row has one owner. Where two students fit one row equally well, or one student two rows, nobody gets it and a person is asked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from optcourse import exercises
from optcourse.grading.gradebook import Gradebook, Student, lesson_parts
from optcourse.grading.names import BLIND, folded, letters, orders, without_accents
from optcourse.grading.sheets import TableError, read_rows
from optcourse.grading.tables import number
from optcourse.lessons import title_of

# What we call the columns, and what they are called in rosters (letters and digits only).
COLUMNS = {
    "name": "student name full_name vollständiger_name nom_complet nombre_completo nome_completo volledige_naam",
    "first name": "first_name given_name forename vorname prénom nombre voornaam förnamn fornavn etunimi imię",
    "last name": "last_name surname family_name nachname familienname nom_de_famille apellidos apellido cognome achternaam "
                 "efternamn etternavn efternavn sukunimi nazwisko sobrenome apelido apelidos",
    "canvas id": "id canvas_id",
    "sis user id": "sis_user_id",
    "sis login id": "sis_login_id",
    "section": "section",
    "email": "email email_address e_mail_adresse adresse_de_courriel mail correo dirección_de_correo e_mailadres",
    "id number": "id_number idnumber student_number student_id matrikelnummer id_nummer numéro_d_identification número_de_id",
    "username": "username user_name login anmeldename nom_d_utilisateur nombre_de_usuario gebruikersnaam nome_utente",
    "participant": "identifier participant teilnehmer_in",
    "file": "file folder",
}  # fmt: skip
KINDS = {letters(header): kind for kind, headers in COLUMNS.items() for header in headers.split()}
PEOPLE = tuple(kind for kind in COLUMNS if kind != "section")
KNOWN_BY = ("file", "canvas_id", "sis_login_id", "sis_user_id", "username", "email", "id_number", "name")
NUMBERS = ("canvas_id", "sis_user_id", "id_number")
ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
POINTS_POSSIBLE = "points possible"


@dataclass
class Roster:
    """The people of a roster by our names for the columns.

    header: as it was. possible: the points that Canvas gives each lesson. remarks: what a person should mend in it.
    """

    people: list[dict[str, str]] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    possible: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


# -- reading ---------------------------------------------------------------------------------------


def read_roster(
    path: Path,
    columns: Mapping[str, str] | None = None,
    known: Mapping[str, Mapping[str, str]] | None = None,
) -> Roster:
    """The roster in a file. Canvas's and Moodle's exports fit, in any language.

    Args:
        columns: what a person says the columns are: one of `COLUMNS`, and the header or the number (from 1) of the column.
        known: the ids that file names gave each student. A column whose header says nothing is known by what is in it.

    Raises:
        TableError: it cannot be read, or no column says who a student is.
    """
    rows = read_rows(path)
    if not rows:
        raise TableError(f"{path} is empty.")
    top = _header(rows, columns or {})
    header = rows[top] if top is not None else []
    body = rows if top is None else rows[top + 1 :]
    kinds = _kinds(path, header, body, columns or {}, known or {})
    roster = Roster(header=header, possible=_possible(header, body))
    mend = {kind: _mender(kind, [row[k] for row in body if k < len(row)]) for k, kind in kinds.items()}
    for line, row in enumerate(body, 1):
        person = {kind.replace(" ", "_"): row[k] for k, kind in kinds.items() if k < len(row) and row[k]}
        for name in NUMBERS:
            if name in person and (whole := mend[name.replace("_", " ")](person[name])) != person[name]:
                if not whole:
                    roster.remarks.append(
                        f"the roster's row {line} below the header has {person[name]} where an ID should be: a spreadsheet "
                        "has dropped digits. Export it again, and do not save it with the spreadsheet"
                    )
                person[name] = whole
        _put_together(person)
        person = {name: value for name, value in person.items() if value}
        # somebody in two sections may stand there twice
        if _is_person(person) and person not in roster.people:
            roster.people.append(person)
    return roster


def _kind(header: str) -> str:
    return KINDS.get(letters(header), "")


def _header(rows: list[list[str]], columns: Mapping[str, str]) -> int | None:
    """Which row names the columns: there may be a title above it. None where the first row is a person's already."""
    said = {folded(header) for header in columns.values()}
    scores = [
        sum(_kind(cell) != "" or folded(cell) in said for cell in row) * (not _is_data(row))
        for row in rows[:20]
    ]
    if max(scores):
        return scores.index(max(scores))
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    top = next(k for k, row in enumerate(rows) if len(row) == width)
    return None if _is_data(rows[top]) else top


def _is_data(row: Sequence[str]) -> bool:
    """Addresses and numbers stand below a header, not in it."""
    return any(ADDRESS.fullmatch(cell) or cell.isdecimal() for cell in row)


def _kinds(
    path: Path,
    header: Sequence[str],
    body: Sequence[Sequence[str]],
    columns: Mapping[str, str],
    known: Mapping[str, Mapping[str, str]],
) -> dict[int, str]:
    """What each column is, by number: as a person says, as its header says, or as what is in it says."""
    kinds: dict[int, str] = {}
    for kind, word in columns.items():
        fits = [k for k, cell in enumerate(header) if folded(cell) == folded(word)]
        fits = fits or (
            [int(word) - 1] if word.isdecimal() and 0 < int(word) <= len(body[0] if body else ()) else []
        )
        if kind not in COLUMNS or len(fits) != 1:
            there = ", ".join(cell for cell in header if cell)
            raise TableError(f"{path} has no column {word!r} to take for {kind!r}; it has {there}.")
        kinds[fits[0]] = kind
    for k, cell in enumerate(header):
        if (kind := _kind(cell)) and k not in kinds and kind not in kinds.values():
            kinds[k] = kind
    for k, kind in kinds.items():
        # Moodle's grading worksheet in German: a column "ID" that holds "Teilnehmer/in4711"
        if (
            kind == "canvas id"
            and body
            and all(re.fullmatch(r"\D{3,}\d+", row[k]) for row in body if k < len(row))
        ):
            kinds[k] = "participant"
    if "first name" in kinds.values() and "last name" not in kinds.values():
        # German "Name; Vorname": the name beside a first name is the last one
        kinds = {k: "last name" if kind == "name" else kind for k, kind in kinds.items()}
    cells = {
        k: [row[k] for row in body if k < len(row) and row[k]] for k in range(max(map(len, body), default=0))
    }
    _by_content(kinds, {k: found for k, found in cells.items() if found and k not in kinds}, known)
    if not set(kinds.values()) & set(PEOPLE):
        there = ", ".join(cell for cell in header if cell) or "no header"
        raise TableError(
            f"{path} has no column that says who a student is (its columns: {there}). Say which one does: "
            f"--column 'email=HEADER', or another of {', '.join(PEOPLE)}; a number counts the columns from 1."
        )
    return kinds


def _by_content(
    kinds: dict[int, str], cells: Mapping[int, list[str]], known: Mapping[str, Mapping[str, str]]
) -> None:
    """Add what the contents of columns say: addresses, and the IDs and names that stand in the names of the files."""
    wanted: dict[str, set[str]] = {
        "canvas id": {ids["canvas_id"] for ids in known.values() if ids.get("canvas_id")},
        "participant": {ids["participant"] for ids in known.values() if ids.get("participant")},
        "name": {form for student, ids in known.items() for form in orders(own_name(student, ids))},
        "file": {folded(student) for student in known},
    }
    forms: dict[str, Callable[[str], Collection[str]]] = {
        "canvas id": lambda cell: {whole_number(cell)},
        "participant": lambda cell: {_last_number(cell)},
        "name": orders,
        "file": lambda cell: {folded(cell)},
    }
    addresses = [k for k, found in cells.items() if all(ADDRESS.fullmatch(cell) for cell in found)]
    if len(addresses) == 1 and "email" not in kinds.values():
        kinds[addresses[0]] = "email"
    for kind, values in wanted.items():
        if kind in kinds.values() or not values or (kind == "name" and "last name" in kinds.values()):
            continue
        hits = {
            k: sum(not values.isdisjoint(forms[kind](c)) for c in found)
            for k, found in cells.items()
            if k not in kinds
        }
        best = max(hits, key=hits.__getitem__, default=None)
        if best is not None and 2 * hits[best] >= min(len(values), len(cells[best])):
            kinds[best] = kind
        elif kind == "name":
            _two_columns(kinds, cells, values)


def _two_columns(kinds: dict[int, str], cells: Mapping[int, list[str]], names: set[str]) -> None:
    """A last and a first name in two columns beside each other, whichever comes first."""
    for k, following in pairwise(sorted(cells)):
        if following == k + 1 and not {k, following} & set(kinds):
            both = [orders(f"{a}, {b}") for a, b in zip(cells[k], cells[following], strict=False)]
            if 2 * sum(not names.isdisjoint(forms) for forms in both) >= min(len(names), len(both)):
                kinds[k], kinds[following] = "last name", "first name"
                return


def _last_number(text: str) -> str:
    match = re.search(r"(\d+)$", text)
    return match[1] if match else ""


def whole_number(text: str) -> str:
    """A number as it was before a spreadsheet got hold of it ('12345.0', '1.2345E+04'); '' where digits are lost."""
    if match := re.fullmatch(r"(\d+)[.,]0+", text):
        return match[1]
    if match := re.fullmatch(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})", text):
        digits, zeros = match[1] + (match[2] or ""), int(match[3]) - len(match[2] or "")
        return digits if zeros == 0 else ""
    return text


def _mender(kind: str, cells: Iterable[str]) -> Callable[[str], str]:
    """What makes IDs whole again. Only Canvas's are numbers for sure; others are where a whole column looks mangled."""
    if kind == "canvas id" or all(whole_number(cell) != cell for cell in cells if cell):
        return whole_number
    return lambda cell: cell


def _put_together(person: dict[str, str]) -> None:
    """One name out of two, and the number out of 'Participant 4711'. A Canvas ID has digits only."""
    first, last = person.pop("first_name", ""), person.pop("last_name", "")
    if (first or last) and "name" not in person:
        person["name"] = f"{first} {last}".strip()
    if "participant" in person:
        person["participant"] = _last_number(person["participant"])
    if not person.get("canvas_id", "").isdecimal() and "canvas_id" in person:
        other = person.pop("canvas_id")
        person.setdefault("id_number", other)


def _is_person(person: Mapping[str, str]) -> bool:
    """Not Canvas's row of possible points, not the student that it makes for the teacher's own view, not an empty row."""
    name, ids = folded(person.get("name", "")), set(person) - {"name", "section"}
    if name == POINTS_POSSIBLE and not ids:
        return False
    if name in ("student, test", "test student") and "sis_user_id" not in person:
        return False
    return bool(name or ids)


def _possible(header: Sequence[str], body: Sequence[Sequence[str]]) -> dict[str, float]:
    """The points that Canvas gives each lesson, from the row that says so."""
    row = next((row for row in body if row and folded(row[0]) == POINTS_POSSIBLE), [])
    found = {}
    for lesson, cell in canvas_headers(header).items():
        text = row[header.index(cell)] if header.index(cell) < len(row) else ""
        if re.fullmatch(r"\d+([.,]\d+)?", text):
            found[lesson] = float(text.replace(",", "."))
    return found


def canvas_headers(header: Sequence[str]) -> dict[str, str]:
    """Canvas's own headers of the lessons ('03 Gradient descent (4711)'), so that marks go to assignments that are there."""
    titles = {folded(title_of(lesson)): lesson for lesson in exercises.lessons()}
    found = {}
    for cell in header:
        title = folded(re.sub(r"\s*\(\d+\)$", "", cell))
        if title in titles:
            found[titles[title]] = cell
    return found


# -- whose row is whose ----------------------------------------------------------------------------


@dataclass
class Matching:
    """Whose row is whose: ids by student, why others have none, the people without a submission, and those that several fit.

    claims: for each row that somebody fits, who does, and at which stage.
    """

    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    absent: list[dict[str, str]] = field(default_factory=list)
    contested: list[dict[str, str]] = field(default_factory=list)
    claims: dict[int, dict[str, int]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def own_name(student: str, ids: Mapping[str, str]) -> str:
    """The name in a student's file or folder, without the number that Canvas puts behind it."""
    return ids.get("name") or student.removesuffix(f"_{ids.get('canvas_id', '')}")


def match_roster(people: Sequence[Mapping[str, str]], students: Mapping[str, Mapping[str, str]]) -> Matching:
    """Whose row is whose.

    The platform's numbers come first, then the name as it is written, then the name in other capitals or forms, then its letters
    in either order, without the group before it, without accents. What two rows share tells nobody apart and is not used.
    """
    stages = [_owners(people, forms) for _, forms in STAGES]
    claims: dict[int, dict[str, int]] = defaultdict(dict)
    matching = Matching(claims=claims)
    for student, ids in students.items():
        for stage, (keys, _) in enumerate(STAGES):
            rows = {
                k
                for key in keys(student, ids)
                for k in stages[stage].get(key, ())
                if _agree(student, ids, people[k], stage)
            }
            if len(rows) == 1:
                claims[rows.pop()][student] = stage
                break
            if rows:
                matching.unknown[student] = f"fits {len(rows)} rows of the roster"
                break
        else:
            matching.unknown[student] = "is not in the roster"
    for k, claim in claims.items():
        # the platform's own number decides; of names that fit one row, none is surer than another
        sure = [student for student, stage in claim.items() if stage == 0]
        owner = sure[0] if len(sure) == 1 else next(iter(claim)) if len(claim) == 1 else None
        who = people[k].get("name") or next(iter(people[k].values()))
        if owner is None:
            matching.contested.append(dict(people[k]))
            matching.remarks.append(
                f"{' and '.join(sorted(claim))} fit the same row of the roster ({who}), so its marks are exported for nobody: "
                "is that one person? Give the files the names that the roster has, and grade again"
            )
        for student in claim:
            if student == owner:
                matching.ids[student] = {name: value for name, value in people[k].items() if name != "file"}
                continue
            others = ", ".join(sorted({owner} if owner else set(claim) - {student}))
            matching.unknown[student] = f"fits the same row of the roster ({who}) as {others}"
    matching.absent = [dict(person) for k, person in enumerate(people) if k not in claims]
    for student, own in matching.ids.items():
        said, listed = students[student].get("canvas_id"), own.get("canvas_id")
        if said and listed and said != listed:
            matching.remarks.append(
                f"{student}: the file's name has the Canvas ID {said}, the roster {listed}, which counts"
            )
    return matching


def _agree(student: str, ids: Mapping[str, str], person: Mapping[str, str], stage: int) -> bool:
    """Moodle's number of a team may be somebody's number, too: where names are told, they must be the same."""
    if stage or "participant" not in ids or ids["participant"] != person.get("participant"):
        return True
    name = own_name(student, ids)
    said = re.sub(r"[\s\d()]+$", "", name).rpartition("-")[2]
    blind = folded(said) in BLIND or "name" not in person
    return blind or any(form in letters(name) for form in orders(person["name"]))


def _owners(people: Sequence[Mapping[str, str]], forms: Callable) -> dict[str, set[int]]:
    owners = defaultdict(set)
    for k, person in enumerate(people):
        for key in forms(person):
            owners[key].add(k)
    return owners


def _bare(text: str) -> str:
    """In whatever capitals and forms; spreadsheets drop the zeros in front of a number."""
    return text.lstrip("0") or text if text.isdecimal() else folded(text)


def _plain(person: Mapping[str, str]) -> set[str]:
    return {person[column] for column in KNOWN_BY if column in person}


def _numbers(ids: Mapping[str, str]) -> set[str]:
    return {f"{kind} {ids[kind]}" for kind in ("canvas_id", "participant") if ids.get(kind)}


def _without_prefix(student: str, ids: Mapping[str, str]) -> set[str]:
    """The name after each hyphen: Moodle writes 'Group A-Jane Doe' where a group was chosen."""
    name = own_name(student, ids)
    return {
        form
        for k, c in enumerate(name)
        if c == "-"
        for form in orders(name[k + 1 :])
        if " " in name[k + 1 :].strip()
    }


# From the surest to the weakest: how a student is looked up, and how a row of the roster is found by that.
STAGES: list[tuple[Callable, Callable]] = [
    (lambda student, ids: _numbers(ids), _numbers),
    (lambda student, ids: {student, own_name(student, ids)}, _plain),
    (
        lambda student, ids: {_bare(student), _bare(own_name(student, ids))},
        lambda person: set(map(_bare, _plain(person))),
    ),
    (lambda student, ids: orders(own_name(student, ids)), lambda person: orders(person.get("name", ""))),
    (_without_prefix, lambda person: orders(person.get("name", ""))),
    (
        lambda student, ids: set(map(without_accents, orders(own_name(student, ids)))),
        lambda person: set(map(without_accents, orders(person.get("name", "")))),
    ),
]  # fmt: skip


def bring_together(book: Gradebook) -> Iterator[str]:
    """What a person gave to somebody of the roster without work goes to the name under which the work came. Says so."""
    students = book.students()
    people = Roster(**book.roster()).people
    matching = match_roster(people, {key: student.ids for key, student in students.items()})
    for claim in matching.claims.values():
        with_work = [key for key in claim if any(marks.file for marks in students[key].lessons.values())]
        for key in claim:
            if len(with_work) == 1 and key not in with_work and students[key].lessons:
                book.rename(key, with_work[0])
                yield f"{with_work[0]} is {key} of the roster: the marks by hand go with the work"


# -- the class -------------------------------------------------------------------------------------


@dataclass
class Class:
    """Everybody: those with marks, and those of the roster without (`absent`: by name, who handed nothing in).

    remarks: what a person has to settle.
    """

    students: dict[str, Student]
    absent: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def the_class(book: Gradebook) -> Class:
    """Every student with marks and with what the roster knows of them."""
    students, roster = book.students(), Roster(**book.roster())
    matching = match_roster(roster.people, {key: student.ids for key, student in students.items()})
    remarks = [*roster.remarks, *matching.remarks, *_points_differ(book, students, roster)]
    for key, ids in matching.ids.items():
        students[key].ids |= ids
    shared = {s for claim in matching.claims.values() if not set(claim) & set(matching.ids) for s in claim}
    if roster.people:
        lists_ids = any("canvas_id" in person for person in roster.people)
        missing = [student for student, why in matching.unknown.items() if why == "is not in the roster"]
        said = {*missing, *shared}
        remarks += [f"{student} {why}" for student, why in matching.unknown.items() if student not in said]
        if missing:
            several = f"{len(missing)} student{'s' * (len(missing) > 1)}"
            remarks.append(
                f"{several} not found in the roster, known by file name only: {', '.join(missing)}"
            )
        for student in matching.unknown:
            if lists_ids:
                students[student].ids.pop("canvas_id", None)
    remarks += _one_or_two(students, shared | set(matching.ids))
    absent = []
    for why, rows in (("nothing handed in", matching.absent), ("several fit", matching.contested)):
        for k, ids in enumerate(rows):
            name = ids.get("name") or ids.get("email") or ids.get("username") or f"row {k + 1} of the roster"
            students[f"{name} ({why}, {k})"] = Student(name, {**ids, "name": name})
            absent += [name] if rows is matching.absent else []
    ordered = dict(sorted(students.items(), key=lambda item: (item[1].name.casefold(), item[0])))
    return Class(ordered, sorted(absent, key=str.casefold), remarks)


def _one_or_two(students: Mapping[str, Student], settled: set[str]) -> list[str]:
    """Names that differ in capitals only, and IDs that two have, which then count for neither."""
    remarks, alike, same = [], defaultdict(list), defaultdict(list)
    for key, student in students.items():
        alike[folded(key)].append(key)
        if student.ids.get("canvas_id"):
            same[student.ids["canvas_id"]].append(key)
    for keys in alike.values():
        if len(keys) > 1 and not settled.issuperset(keys):
            remarks.append(f"{' and '.join(keys)} differ in capitals only: is that one person?")
    for canvas_id, keys in same.items():
        if len(keys) > 1:
            remarks.append(
                f"{' and '.join(keys)} have the same Canvas ID {canvas_id}; it is exported for neither"
            )
            for key in keys:
                del students[key].ids["canvas_id"]
    return remarks


def _points_differ(book: Gradebook, students: Mapping[str, Student], roster: Roster) -> list[str]:
    marked = {marks.lesson for student in students.values() for marks in student.lessons.values()}
    remarks = []
    for lesson in sorted(marked & set(roster.possible)):
        here = sum(part.points for part in lesson_parts(lesson, book.tasks).values())
        there = roster.possible[lesson]
        if here != there:
            remarks.append(
                f"{title_of(lesson)} has {number(there)} points possible in Canvas and {number(here)} here: "
                f"set the assignment's points in Canvas to {number(here)} before you import"
            )
    return remarks
