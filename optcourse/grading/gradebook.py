"""The gradebook: one SQLite file that keeps every mark that was ever given.

Nothing is overwritten: grading again adds rows, and so does a mark given by hand. What counts today is found
by two rules. Of the submissions of a student for a lesson, the one that `stands` counts. Of the rows in `manual` for a
student and an exercise, the newest counts, and its points win over the automatic ones.

Schema, version 2 (`PRAGMA user_version`; `PRAGMA application_id` says that the file is ours). Times are UTC, ISO 8601.

    runs         one row for each call of `optcourse grade` that marked something
      id · began · ended (NULL: it was interrupted) · who (login name) · host · folder (where the notebooks were)
      seed (of the hidden cases) · grader (version and fingerprint of what judges) · sandboxed (0 or 1)
      place (local processes, or the address of the scheduler)
    students     what file names say of a student
      student (what the file or folder is called) · name · canvas_id · participant (Moodle's number)
    submissions  one row for each notebook each time it was marked
      id · run · student · lesson (two digits, or '' where it could not be told) · file · sha256 · modified
      outcome ('marked', 'unreadable', 'died': the grader's own process ended) · reason (a sentence, where not marked)
      trouble (JSON list of sentences) · note · seconds · graded · stands (0 or 1)
    marks        one row for each exercise of a marked submission
      submission · exercise · points · of · status · visible (what the check says on the visible cases) · hidden_failed
      misconception · also (ids of the mistakes that were found, '' where none) · right (JSON list: what of a wrong
      answer is right, see `marking.ExerciseMark`)
    manual       one row for each thing that a person decided
      id · student · exercise (or a lesson's two digits, for a comment on the whole) · points (NULL: the automatic
      mark counts) · comment (the student reads it) · why (the student does not) · who · at
    seen         what lay before the person who decided
      decision · sha256 (of the notebook that stood then; '' where there was none)
    needs        what the newest look into a folder left for a person to settle
      folder · student ('' for the whole folder) · text
    tries        how often a student asked a check until it was right, where the notebook's progress came along
      student · exercise · tries
    roster       the class, as read with --roster
      value (JSON: people, header, possible, remarks)

Tables may be added within a version; what is there keeps its columns. Version 1 had no misconception, also, right and tries.
Such a file is read as it is. The first write keeps a copy of it and adds them.

The journal is SQLite's rollback journal, not WAL: WAL needs shared memory and breaks on network folders, where
gradebooks live. Every mark is committed as it comes, so a killed run loses at most the notebooks under way.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optcourse import exercises
from optcourse.grading.credit import Rule, earned
from optcourse.grading.whose_numbers import TO_SETTLE
from optcourse.lessons import title_of

APPLICATION = 0x6F707463  # "optc"
VERSION = 2
BUSY_SECONDS = 30.0
IDS = ("name", "canvas_id", "participant")

# Tables that the first gradebooks did not have: they are added when one is opened.
ADDED = """
CREATE TABLE IF NOT EXISTS seen (decision INTEGER PRIMARY KEY REFERENCES manual, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS needs (folder TEXT NOT NULL, student TEXT NOT NULL, text TEXT NOT NULL);
"""
# What version 2 added: a table, and columns of `marks`.
TRIES = """CREATE TABLE tries (
    student TEXT NOT NULL, exercise TEXT NOT NULL, tries INTEGER NOT NULL, PRIMARY KEY (student, exercise)
) WITHOUT ROWID"""
COLUMNS = {"misconception": "''", "also": "''", "right": "'[]'"}
SCHEMA = f"""
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, began TEXT NOT NULL, ended TEXT, who TEXT NOT NULL, host TEXT NOT NULL,
    folder TEXT NOT NULL, seed INTEGER NOT NULL, grader TEXT NOT NULL, sandboxed INTEGER NOT NULL, place TEXT NOT NULL
);
CREATE TABLE students (student TEXT PRIMARY KEY, {", ".join(f"{name} TEXT NOT NULL DEFAULT ''" for name in IDS)});
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, student TEXT NOT NULL REFERENCES students,
    lesson TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, modified TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('marked', 'unreadable', 'died')), reason TEXT NOT NULL,
    trouble TEXT NOT NULL, note TEXT NOT NULL, seconds REAL NOT NULL, graded TEXT NOT NULL, stands INTEGER NOT NULL
);
CREATE INDEX standing ON submissions (student, lesson) WHERE stands;
CREATE TABLE marks (
    submission INTEGER NOT NULL REFERENCES submissions, exercise TEXT NOT NULL, points INTEGER NOT NULL,
    of INTEGER NOT NULL, status TEXT NOT NULL, visible TEXT NOT NULL, hidden_failed INTEGER NOT NULL,
    {", ".join(f"{name} TEXT NOT NULL DEFAULT {value}" for name, value in COLUMNS.items())},
    PRIMARY KEY (submission, exercise)
) WITHOUT ROWID;
CREATE TABLE manual (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, exercise TEXT NOT NULL, points REAL, comment TEXT NOT NULL,
    why TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX by_hand ON manual (student, exercise);
CREATE TABLE roster (value TEXT NOT NULL);
{ADDED}
{TRIES};
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


class GradebookError(Exception):
    """The gradebook cannot be used; the text is a sentence for the person."""


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def person() -> str:
    """The login name of whoever runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a user database; Windows has no module pwd
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


# -- what is read out of it ------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What a person decided on an exercise (or, in the comment only, on a lesson)."""

    points: float | None
    comment: str
    why: str
    who: str
    at: str


@dataclass(frozen=True)
class Entry:
    """One exercise of one student, as it counts today."""

    id: str
    title: str
    of: float
    automatic: float | None  # None: no automatic mark, because nothing could be run or a person reads it
    status: str
    visible: str = ""
    hidden_failed: bool = False
    misconception: str = ""
    also: str = ""
    right: tuple[str, ...] = ()
    earned: tuple[str, ...] = ()  # of a wrong answer with partial credit: what earned what
    hints: tuple[str, ...] = ()
    decision: Decision | None = None
    by_hand: bool = False
    changed: bool = False  # the work is not the one that lay before the person who gave the points

    @property
    def points(self) -> float | None:
        """A person's points win over the automatic ones; None while nobody has given any."""
        if self.decision is not None and self.decision.points is not None:
            return self.decision.points
        return self.automatic

    @property
    def comment(self) -> str:
        return self.decision.comment if self.decision else ""


@dataclass(frozen=True)
class LessonMarks:
    """One lesson of one student, as it counts today."""

    lesson: str
    file: str
    graded: str
    outcome: str
    reason: str
    trouble: tuple[str, ...]
    note: str
    entries: tuple[Entry, ...]
    comment: str = ""

    @property
    def title(self) -> str:
        return title_of(self.lesson) if self.lesson else "Notebook"

    @property
    def ran_into(self) -> tuple[str, ...]:
        """What went wrong while the notebook ran. Whose numbers it has is between the gradebook and you."""
        return tuple(line for line in self.trouble if not line.startswith(TO_SETTLE))

    @property
    def total(self) -> float:
        return sum(entry.points or 0 for entry in self.entries)

    @property
    def of(self) -> float:
        return sum(entry.of for entry in self.entries)

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """The exercises that have no mark until a person gives one."""
        return tuple(entry for entry in self.entries if entry.points is None)

    @property
    def has_mark(self) -> bool:
        return any(entry.points is not None for entry in self.entries)


@dataclass
class Student:
    """A student with all lessons; `ids` holds what file names and the roster say, by the names that `tables` uses."""

    student: str
    ids: dict[str, str] = field(default_factory=dict)
    lessons: dict[str, LessonMarks] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.ids.get("name") or self.student


# -- the file --------------------------------------------------------------------------------------


class Gradebook:
    """An open gradebook. Use it as a context manager. `tasks` are what a person reads (see `manual.read_tasks`).

    `credit` says what wrong answers earn, by exercise (see `credit`); it is applied when marks are read, and never kept.

    Raises:
        GradebookError: the file is a link, is no gradebook, is from a newer version, or cannot be read or written.
    """

    def __init__(
        self, path: Path, tasks: tuple[Part, ...] = (), credit: Mapping[str, Rule] | None = None
    ) -> None:
        self.path, self.tasks, self.credit, self.old = path, tasks, credit or {}, False
        try:
            if path.is_symlink():
                raise GradebookError(f"{path} is a link; a gradebook is opened only under its own name.")
            with contextlib.suppress(FileNotFoundError):
                with path.open("rb") as file:
                    head = file.read(16)
                if head and head != b"SQLite format 3\0":
                    raise GradebookError(f"{path} is no gradebook of this course; move it away or use --out.")
        except OSError as error:
            raise GradebookError(f"{path} cannot be read: {error.strerror}.") from error
        with contextlib.suppress(OSError):  # exists already, or cannot be made: then SQLite says why
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))  # marks are for their owner's eyes
        with self._sentences():
            self.db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            with self._sentences():
                self.db.row_factory = sqlite3.Row
                self.db.execute("PRAGMA foreign_keys = ON")
                self._prepare()
        except BaseException:
            self.db.close()
            raise

    def _prepare(self) -> None:
        with self.transaction():  # two that begin at once: the second waits, and finds the tables there
            [version] = self.db.execute("PRAGMA user_version").fetchone()
            [application] = self.db.execute("PRAGMA application_id").fetchone()
            [tables] = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not tables and not version and not application:
                for statement in SCHEMA.split(";"):
                    self.db.execute(statement)
            elif application != APPLICATION:
                raise GradebookError(
                    f"{self.path} is a database, but no gradebook of this course; move it away or use --out."
                )
            elif version not in (1, VERSION):
                raise GradebookError(
                    f"{self.path} was written by another version of the course (its schema is {version}, this one "
                    f"knows {VERSION}); use that version, or another --out."
                )
            for statement in ADDED.split(";"):
                self.db.execute(statement)
        self.old = version == 1

    def _migrate(self) -> None:
        """Bring a file of version 1 up to this one, with a copy of it kept beside it."""
        copy = self.path.with_name(f"{self.path.stem}.schema-1{self.path.suffix}")
        with self._sentences():
            self.db.execute("BEGIN IMMEDIATE")  # two that write at once: the second finds it done
            try:
                [version] = self.db.execute("PRAGMA user_version").fetchone()
                if version == 1:
                    self._keep(copy)
                    for name, value in COLUMNS.items():
                        self.db.execute(f"ALTER TABLE marks ADD COLUMN {name} TEXT NOT NULL DEFAULT {value}")
                    self.db.execute(TRIES)
                    self.db.execute(f"PRAGMA user_version = {VERSION}")
                self.db.execute("COMMIT")
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
        self.old = False

    def _keep(self, copy: Path) -> None:
        """Copy the file as it was; a copy that is there already stays, too. Nobody else writes meanwhile."""
        number = 1
        while True:
            try:
                os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                break
            except FileExistsError:
                number += 1
                copy = self.path.with_name(f"{self.path.stem}.schema-1-{number}{self.path.suffix}")
            except OSError as error:
                raise GradebookError(
                    f"{self.path} is of an earlier version of the course, and a copy of it could not be kept in {copy} "
                    f"({error.strerror}); nothing was changed. Make room, or use --out."
                ) from error
        try:
            with (
                contextlib.closing(sqlite3.connect(self.path)) as source,
                contextlib.closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *what: object) -> None:
        self.db.close()

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        """SQLite's errors as sentences."""
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            if "locked" in text:
                text = "somebody else is writing in it; try again when they are done"
            elif "readonly" in text or "unable to open" in text:
                text = "it, or the folder it is in, cannot be written by you; use --out"
            elif "full" in text:
                text = "the disk is full; what was marked so far is kept"
            raise GradebookError(f"The gradebook {self.path} cannot be used: {text}.") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        if self.old:
            self._migrate()
        with self._sentences():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._sentences():
            return self.db.execute(query, values).fetchall()

    # -- writing --

    def begin_run(self, *, folder: str, seed: int, grader: str, sandboxed: bool, place: str) -> int:
        with self.transaction():
            row = (now(), person(), socket.gethostname(), folder, seed, grader, int(sandboxed), place)
            return self.db.execute(
                "INSERT INTO runs (began, who, host, folder, seed, grader, sandboxed, place) VALUES (?,?,?,?,?,?,?,?)",
                row,
            ).lastrowid

    def end_run(self, run: int) -> None:
        with self.transaction():
            self.db.execute("UPDATE runs SET ended = ? WHERE id = ?", (now(), run))

    def learn(self, students: Mapping[str, Mapping[str, str]]) -> None:
        """Remember students and what is known of them; an empty value never replaces one that is there."""
        with self.transaction():
            for student, ids in students.items():
                self.db.execute("INSERT OR IGNORE INTO students (student) VALUES (?)", (student,))
                for name, value in ids.items():
                    if name in IDS and value:
                        self.db.execute(f"UPDATE students SET {name} = ? WHERE student = ?", (value, student))

    def record(
        self, run: int, student: str, *, lesson: str, file: str, sha256: str, modified: str, outcome: str,
        reason: str = "", trouble: tuple[str, ...] = (), note: str = "", seconds: float = 0.0, marks: tuple = (),
    ) -> int:  # fmt: skip
        """Add a submission with its marks; from now on it stands for this student and lesson."""
        with self.transaction():
            self.db.execute(
                "UPDATE submissions SET stands = 0 WHERE stands AND student = ? AND (lesson = ? OR (lesson = '' AND file = ?))",
                (student, lesson, file),
            )
            row = (
                run,
                student,
                lesson,
                file,
                sha256,
                modified,
                outcome,
                reason,
                json.dumps(trouble),
                note,
                seconds,
                now(),
            )
            number = self.db.execute(
                "INSERT INTO submissions (run, student, lesson, file, sha256, modified, outcome, reason, trouble, note, "
                "seconds, graded, stands) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,1)",
                row,
            ).lastrowid
            self.db.executemany(
                "INSERT INTO marks (submission, exercise, points, of, status, visible, hidden_failed, misconception, also, "
                "right) VALUES (?,?,?,?,?,?,?,?,?,?)",
                [
                    (
                        number,
                        m.id,
                        m.points,
                        m.of,
                        m.status,
                        m.visible,
                        int(m.hidden_failed),
                        m.misconception,
                        m.also,
                        json.dumps(m.right),
                    )
                    for m in marks
                ],
            )
            return number

    def set_note(self, submission: int, note: str) -> None:
        """What is said about the choice of a file can change when the file does not."""
        with self.transaction():
            self.db.execute(
                "UPDATE submissions SET note = ? WHERE id = ? AND note != ?", (note, submission, note)
            )

    def retire(self, folder: str, files: set[tuple[str, str]]) -> None:
        """Files of no known lesson that are no longer in the folder do not stand any more (others may have replaced them)."""
        rows = self.rows(
            "SELECT s.id, s.student, s.file FROM submissions s JOIN runs r ON r.id = s.run "
            "WHERE s.stands AND s.lesson = '' AND r.folder = ?",
            folder,
        )
        gone = [(row["id"],) for row in rows if (row["student"], row["file"]) not in files]
        with self.transaction():
            self.db.executemany("UPDATE submissions SET stands = 0 WHERE id = ?", gone)

    def decide(
        self, student: str, exercise: str, points: float | None, comment: str, why: str, who: str = ""
    ) -> None:
        """Add a person's decision. Points are checked at the door (see `manual`)."""
        with self.transaction():
            row = (student, exercise, points, comment, why, who or person(), now())
            number = self.db.execute(
                "INSERT INTO manual (student, exercise, points, comment, why, who, at) VALUES (?,?,?,?,?,?,?)",
                row,
            ).lastrowid
            self.db.execute(
                "INSERT INTO seen VALUES (?, coalesce((SELECT sha256 FROM submissions WHERE stands AND student = ? "
                "AND lesson = ? ORDER BY id DESC LIMIT 1), ''))",
                (number, student, exercise[:2]),
            )

    def keep_roster(self, roster: Mapping[str, Any]) -> None:
        """Remember the class; a new roster replaces the old one."""
        with self.transaction():
            self.db.execute("DELETE FROM roster")
            self.db.execute("INSERT INTO roster VALUES (?)", (json.dumps(dict(roster)),))

    def keep_needs(self, folder: str, needs: Iterable[tuple[str, str]]) -> None:
        """Remember what a person has to settle in a folder, in place of what it was before."""
        with self.transaction():
            self.db.execute("DELETE FROM needs WHERE folder = ?", (folder,))
            self.db.executemany(
                "INSERT INTO needs VALUES (?,?,?)", [(folder, student, text) for student, text in needs]
            )

    def keep_tries(self, student: str, tries: Mapping[str, int]) -> None:
        """Remember how many tries exercises took a student."""
        with self.transaction():
            self.db.executemany(
                "INSERT OR REPLACE INTO tries VALUES (?,?,?)", [(student, *found) for found in tries.items()]
            )

    def rename(self, old: str, new: str) -> None:
        """A student's file has another name now: everything that is kept goes with it."""
        with self.transaction():
            self.db.execute("INSERT OR IGNORE INTO students (student) VALUES (?)", (new,))
            for table in ("submissions", "manual", "needs", "tries"):
                self.db.execute(f"UPDATE OR REPLACE {table} SET student = ? WHERE student = ?", (new, old))
            self.db.execute("DELETE FROM students WHERE student = ?", (old,))

    # -- reading --

    def roster(self) -> dict[str, Any]:
        """The newest roster, by the names of its fields (see `roster.Roster`); empty where there was none."""
        rows = self.rows("SELECT value FROM roster")
        return json.loads(rows[0]["value"]) if rows else {}

    def needs(self) -> list[tuple[str, str]]:
        """What the newest look into each folder left for a person: the student ('' for the folder), and a sentence."""
        return [(row["student"], row["text"]) for row in self.rows("SELECT * FROM needs ORDER BY rowid")]

    def last_seed(self) -> int | None:
        """The seed of the newest run, so that a class is marked on the same hidden cases."""
        rows = self.rows("SELECT seed FROM runs ORDER BY id DESC LIMIT 1")
        return rows[0]["seed"] if rows else None

    def standing(self) -> list[sqlite3.Row]:
        """The submissions that count, with the seed, grader, sandbox and folder of their runs."""
        return self.rows(
            "SELECT s.*, r.seed, r.grader, r.sandboxed, r.folder FROM submissions s JOIN runs r ON r.id = s.run "
            "WHERE s.stands ORDER BY s.student, s.lesson, s.id"
        )

    def decisions(self) -> dict[tuple[str, str], Decision]:
        """The newest decision for each (student, exercise)."""
        rows = self.rows("SELECT * FROM manual ORDER BY id")
        return {
            (r["student"], r["exercise"]): Decision(r["points"], r["comment"], r["why"], r["who"], r["at"])
            for r in rows
        }

    def history(self, student: str, exercise: str) -> list[Decision]:
        """Every decision on an exercise of a student, oldest first."""
        rows = self.rows(
            "SELECT * FROM manual WHERE student = ? AND exercise = ? ORDER BY id", student, exercise
        )
        return [Decision(r["points"], r["comment"], r["why"], r["who"], r["at"]) for r in rows]

    def students(self) -> dict[str, Student]:
        """Every student with every lesson as it counts today, in the order of their names."""
        found = {
            row["student"]: Student(row["student"], {name: row[name] for name in IDS if row[name]})
            for row in self.rows("SELECT * FROM students")
        }
        decisions, marks, seen = self.decisions(), {}, self._seen()
        for row in self.rows(
            "SELECT m.* FROM marks m JOIN submissions s ON s.id = m.submission WHERE s.stands"
        ):
            marks.setdefault(row["submission"], {})[row["exercise"]] = row
        for row in self.standing():
            lesson = self._lesson(row, marks.get(row["id"], {}), decisions, seen)
            found[row["student"]].lessons[row["lesson"] or f"? {row['file']}"] = lesson
        # work that no grader saw: on paper, by mail, unreadable
        for (student, exercise), decision in decisions.items():
            lesson = exercise[:2]
            if student in found and lesson not in found[student].lessons and lesson_parts(lesson):
                row = dict.fromkeys(("file", "note", "sha256"), "") | {
                    "student": student,
                    "lesson": lesson,
                    "graded": decision.at,
                }
                row |= {
                    "outcome": "unreadable",
                    "reason": "no notebook of this lesson could be read",
                    "trouble": "[]",
                }
                found[student].lessons[lesson] = self._lesson(row, {}, decisions)
        return dict(sorted(found.items(), key=lambda item: (item[1].name.casefold(), item[0])))

    def _seen(self) -> dict[tuple[str, str], str]:
        """The fingerprint of the work that lay before the person who decided last, for each (student, exercise)."""
        rows = self.rows(
            "SELECT m.student, m.exercise, s.sha256 FROM manual m LEFT JOIN seen s ON s.decision = m.id ORDER BY m.id"
        )
        newest = {(row["student"], row["exercise"]): row["sha256"] for row in rows}
        return {key: sha256 for key, sha256 in newest.items() if sha256 is not None}

    def _credit(
        self, exercise: str, mark: sqlite3.Row, found: Mapping[str, Any]
    ) -> tuple[float, tuple[str, ...]]:
        """What a wrong answer earns all the same, and the lines that say for what."""
        rule = self.credit.get(exercise)
        if rule is None or not found or mark["status"] != "failed" or mark["points"]:
            return 0, ()
        return earned(rule, mark["of"], found["right"], found["misconception"], found["also"])

    def _lesson(
        self,
        row: Mapping[str, Any],
        marks: Mapping[str, sqlite3.Row],
        decisions: Mapping[tuple[str, str], Decision],
        seen: Mapping[tuple[str, str], str] | None = None,
    ) -> LessonMarks:
        student, entries = row["student"], []
        known = lesson_parts(row["lesson"], self.tasks)
        for part in known.values():
            mark = marks.get(part.id)
            # what was stopped before it was done is no mark: a person looks at it
            stopped = mark is not None and mark["status"] == "stopped" and not part.by_hand
            waits = part.by_hand or mark is None
            found = {} if waits or self.old else _found(mark)
            credit = (0, ()) if waits else self._credit(part.id, mark, found)
            decision = decisions.get((student, part.id))
            points_given = decision is not None and decision.points is not None
            entries.append(
                Entry(
                    id=part.id,
                    title=part.title,
                    of=part.points if waits else mark["of"],
                    automatic=None if waits or stopped else mark["points"] + credit[0],
                    earned=credit[1],
                    status=("read by a person" if part.by_hand else "not marked")
                    if waits
                    else mark["status"],
                    visible="" if waits else mark["visible"],
                    hidden_failed=not waits and bool(mark["hidden_failed"]),
                    **found,
                    hints=part.hints,
                    decision=decision,
                    by_hand=part.by_hand,
                    changed=points_given
                    and (seen or {}).get((student, part.id), row["sha256"]) != row["sha256"],
                )
            )
        for name, mark in marks.items():  # an exercise that the course no longer has
            if name not in known:
                entries.append(
                    Entry(name, name, mark["of"], mark["points"], mark["status"], mark["visible"],
                          bool(mark["hidden_failed"]), decision=decisions.get((student, name)))
                )  # fmt: skip
        overall = decisions.get((student, row["lesson"]))
        return LessonMarks(
            lesson=row["lesson"],
            file=row["file"],
            graded=row["graded"],
            outcome=row["outcome"],
            reason=row["reason"],
            trouble=tuple(json.loads(row["trouble"])),
            note=row["note"],
            entries=tuple(entries),
            comment=overall.comment if overall else "",
        )


def _found(mark: sqlite3.Row) -> dict[str, Any]:
    """What version 2 keeps of a mark besides."""
    return {
        "misconception": mark["misconception"],
        "also": mark["also"],
        "right": tuple(json.loads(mark["right"])),
    }


@dataclass(frozen=True)
class Part:
    """Something of a lesson that has points."""

    id: str
    title: str
    points: int
    hints: tuple[str, ...] = ()
    by_hand: bool = False


def lesson_parts(lesson: str, tasks: Iterable[Part] = ()) -> dict[str, Part]:
    """The exercises of a lesson by id, then the tasks of the lesson that a person reads."""
    if lesson not in exercises.lessons():
        return {}
    parts = [Part(e.id, e.title, e.points, tuple(e.hints)) for e in exercises.module(lesson).EXERCISES]
    parts += [task for task in tasks if task.id[:2] == lesson]
    return {part.id: part for part in parts}
