"""Who is who and which file counts: names as platforms write them, rosters as spreadsheets leave them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import pytest

from optcourse import exercises
from optcourse.grading import collecting, command, pool, roster
from optcourse.grading.collecting import MAX_DEPTH, MAX_MEMBERS, MAX_RATIO, collect, is_blank
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.marking import MAX_NOTEBOOK, ExerciseMark, Marks
from optcourse.grading.names import doubts_of, read_name
from optcourse.grading.pool import Job, Result
from optcourse.grading.roster import match_roster, read_roster, whole_number
from optcourse.grading.sheets import TableError

ROOT = Path(__file__).resolve().parents[2]
SOLVED = (ROOT / "solutions" / "03_gradient_descent.ipynb").read_bytes()
BLANK = (ROOT / "lessons" / "03_gradient_descent.ipynb").read_bytes()
TIME = 1_760_000_000


def put(path: Path, data: bytes = SOLVED, time: float = TIME) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time, time))
    return path


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def the_one(folder: Path, lesson: str | None = None) -> collecting.Submission:
    [found] = collect(folder, lesson).submissions
    return found


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Group_3_03_gradient_descent", "ada_2026_11_28", "st2_03_1_final", "Ada_12345_67890_x", "ada_20261128_143000_final",
        "ada lovelace_12345_67890_x", "o'hara_12345_67890_x", "ada_12345_67890", "ada_12345_text", "ada_012345_67890_x",
    ],
)  # fmt: skip
def test_a_name_that_only_resembles_canvas_gives_no_id(name):
    found = read_name(name)
    assert (found.student, found.ids) == (name, {})


@pytest.mark.parametrize(
    ("name", "student", "number"),
    [
        ("müllerjürgen_12345_67890_x", "müllerjürgen_12345", "12345"),
        (unicodedata.normalize("NFD", "müllerjürgen_12345_67890_x"), "müllerjürgen_12345", "12345"),
        ("李明_7_67890_03_1", "李明_7", "7"),
        ("student07_LATE_7_104_x", "student07_7", "7"),
    ],
)
def test_canvas_keeps_the_letters_of_every_script(name, student, number):
    found = read_name(name)
    assert (found.student, found.ids) == (student, {"canvas_id": number})


def test_a_name_with_an_underscore_is_canvas_own_only_in_a_folder_of_canvas():
    odd, plain = "nowak_kowaljo_12345_67890_x", [f"ada_{k}_{k}001_x" for k in range(11, 14)]
    assert read_name(odd).student == odd
    assert read_name(odd, doubts_of([odd, *plain])).ids == {"canvas_id": "12345"}
    assert not read_name(odd, doubts_of([odd, "ada", "bob"])).ids


def test_texts_typed_into_a_platform_and_blind_names_are_known():
    typed = read_name("doejane_12345_text", ending=".html")
    assert typed.typed and typed.student == "doejane_12345" and typed.ids == {"canvas_id": "12345"}
    assert read_name("Jane Doe_4711_assignsubmission_onlinetext_").typed
    assert read_name("anon_ab12c_67890_x").student == "anon_ab12c" and not read_name("anon_ab12c_67890_x").ids
    blind = read_name("Participant_4720_assignsubmission_file_")
    assert blind.student == "Participant (4720)"
    assert blind.ids == {"name": "Participant 4720", "participant": "4720"}
    assert read_name("Team Red_assignsubmission_file_").ids == {"name": "Team Red"}


def test_in_a_download_a_user_has_one_name_and_an_upload_one_user():
    """ada_3_2026_final and bob_3_2026_final: an exercise and a year, not people and uploads."""
    names = [
        "ada_3_2026_final",
        "bob_3_2026_final",
        "eve_4_2026_final",
        "doejane_12345_67890_x",
        "doejane_12345_67891_y",
    ]
    doubts = doubts_of(names)
    assert [read_name(name, doubts).ids.get("canvas_id") for name in names] == [None] * 3 + ["12345"] * 2


@pytest.mark.parametrize(
    ("names", "students"),
    [
        (
            ["Group A-Jane Doe", "Group A-Anna-Lena Meier", "Group A-Anna-Maria Roth"],
            ["Jane Doe", "Anna-Lena Meier", "Anna-Maria Roth"],
        ),
        (["Lab-1-Jo Li", "Lab-1-Bo Li", "Lab-1-Cy Li", "Lab-2-A B", "Lab-2-C D", "Lab-2-E F"],
         ["Jo Li", "Bo Li", "Cy Li", "A B", "C D", "E F"]),
        # a hyphen that not everybody has belongs to a name
        (["Anna-Lena Meier", "Anna-Maria Roth", "Jane Doe"], ["Anna-Lena Meier", "Anna-Maria Roth", "Jane Doe"]),
        (["Anna-Lena Meier", "Anna-Maria Roth"], ["Anna-Lena Meier", "Anna-Maria Roth"]),
    ],
)  # fmt: skip
def test_the_group_that_moodle_puts_before_every_name_goes(names, students):
    folders = [f"{name}_{k}_assignsubmission_file_" for k, name in enumerate(names)]
    doubts = doubts_of(folders)
    assert [read_name(folder, doubts).student for folder in folders] == students


# -- which of several ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [f"{k:02d}" for k in range(10)])
def test_a_blank_is_told_from_work(number):
    [blank], [solved] = ([*(ROOT / folder).glob(f"{number}_*.ipynb")] for folder in ("lessons", "solutions"))
    assert is_blank(blank.read_bytes(), number) and not is_blank(solved.read_bytes(), number)


def test_one_line_of_work_is_no_blank():
    book = json.loads(BLANK)
    for source in (
        "kappa = 20.0",
        "def steps_needed(a, b):\n    return 3",
        'check("03-steps-needed", lambda a, b: 1)',
    ):
        cells = [*book["cells"], {"cell_type": "code", "source": source, "metadata": {}}]
        assert not is_blank(json.dumps({**book, "cells": cells}).encode(), "03"), source
    cells = [*book["cells"], {"cell_type": "code", "source": "x = 3\nprint(x[..., 0])", "metadata": {}}]
    assert is_blank(json.dumps({**book, "cells": cells}).encode(), "03")
    for broken in (b"", b"[]", b'{"cells": 3}', b'{"cells": [3]}', b"[" * 100_000):
        assert not is_blank(broken, "03")


def test_hostile_text_does_not_hold_up_the_search_for_blanks():
    for source in (
        "check(" * 300_000,
        "a, " * 500_000 + "= ...",
        "= " * 500_000,
        "def f" * 300_000,
        "... " * 500_000,
    ):
        cells = [{"cell_type": "code", "source": source, "metadata": {}}]
        is_blank(json.dumps({"cells": cells}).encode(), "03")


@pytest.mark.parametrize(
    ("files", "wins"),
    [
        # equal times: the number of the copy
        ({"x.ipynb": TIME, "x-1.ipynb": TIME}, "x-1.ipynb"),
        ({"x.ipynb": TIME, "x (1).ipynb": TIME}, "x (1).ipynb"),
        ({"x-2.ipynb": TIME, "x-10.ipynb": TIME}, "x-10.ipynb"),
        ({"x-Copy2.ipynb": TIME, "x-Copy10.ipynb": TIME + 1}, "x-Copy10.ipynb"),
        ({"x-10.ipynb": TIME, "x-2.ipynb": TIME + 1}, "x-10.ipynb"),
        # what ends with a number is no copy for that reason
        ({"week-3 (1).ipynb": TIME, "week-3.ipynb": TIME}, "week-3 (1).ipynb"),
        # the time, where it differs
        ({"x.ipynb": TIME + 60, "x-1.ipynb": TIME}, "x.ipynb"),
    ],
)
def test_of_several_files_the_later_counts(tmp_path, files, wins):
    for name, time in files.items():
        put(tmp_path / "ada" / name, SOLVED + b" " * int(time - TIME), time)
    assert the_one(tmp_path).file == f"ada/{wins}"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("doejane_12_67890_x.ipynb", "doejane_12_67999_x-1.ipynb"),
        ("doejane_12_67890_x-2.ipynb", "doejane_12_67999_x-10.ipynb"),
        ("doejane_12_67890_x.ipynb", "doejane_LATE_12_67999_final.ipynb"),
        ("doejane_12_9999_x.ipynb", "doejane_12_10000_y.ipynb"),
    ],
)
def test_canvas_own_attempt_beats_the_date_of_the_file(tmp_path, older, newer):
    put(tmp_path / older, time=TIME + 9999)
    put(tmp_path / newer, time=TIME)
    found = the_one(tmp_path)
    assert found.file == newer and "the last attempt in Canvas" in found.note


def test_a_blank_never_beats_work_and_that_needs_a_person(tmp_path):
    put(tmp_path / "ada" / "x.ipynb")
    put(tmp_path / "ada" / "x (1).ipynb", BLANK, TIME + 999)
    put(tmp_path / "bob" / "x.ipynb", BLANK)
    put(tmp_path / "bob" / "y.ipynb", time=TIME + 999)
    found = collect(tmp_path)
    assert [s.file for s in found.submissions] == ["ada/x.ipynb", "bob/y.ipynb"]
    [(student, text)] = found.needs
    assert student == "ada" and "a later one came: ada/x (1).ipynb (nothing in it has been begun)" in text
    assert "the only one that is more than a blank" in found.submissions[0].note


def test_a_later_file_that_cannot_be_read_needs_a_person(tmp_path):
    put(tmp_path / "ada" / "03_a.ipynb")
    with (tmp_path / "ada" / "03_b.ipynb").open("wb") as file:
        file.truncate(MAX_NOTEBOOK + 1)
    found = collect(tmp_path)
    assert [s.file for s in found.submissions] == ["ada/03_a.ipynb"]
    assert "03_b.ipynb (it is too large" in found.lines[0]


# -- what else people hand in ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["doejane_12_67890_x.IPYNB", "doejane_12_67890_x.ipynb.txt", "doejane_12_67890_x.Ipynb.json"]
)
def test_a_notebook_under_another_ending_is_a_notebook(tmp_path, name):
    put(tmp_path / name)
    found = the_one(tmp_path)
    assert not found.refused and found.student == "doejane_12" and found.lesson == "03"
    assert collecting.read_notebook(found.path) == SOLVED


@pytest.mark.parametrize(
    "name", ["doejane_12_67890_x.pdf", "doejane_12_67890_x.docx", "doejane_12_text.html", "jane.pdf"]
)
def test_who_hands_in_something_else_has_a_name(tmp_path, name):
    put(tmp_path / name, b"%PDF")
    found = the_one(tmp_path, "03")
    assert (
        found.student in ("doejane_12", "jane") and found.refused == f"no notebook was handed in, only {name}"
    )


def test_a_document_beside_the_notebook_is_left_out_and_an_online_text_is_no_second_student(tmp_path):
    put(tmp_path / "doejane_12_67890_x.ipynb")
    put(tmp_path / "doejane_12_67891_report.pdf", b"%PDF")
    put(tmp_path / "Bo Li_4_assignsubmission_file_" / "x.ipynb")
    put(tmp_path / "Bo Li_4_assignsubmission_onlinetext_" / "onlinetext.html", b"<p>")
    put(tmp_path / "Cy Li_5_assignsubmission_onlinetext_" / "onlinetext.html", b"<p>")
    put(tmp_path / "Di Li_6_assignsubmission_file_" / "report.pdf", b"%PDF")
    put(tmp_path / "class.csv", b"name\n")
    # nbgrader puts one beside every notebook
    put(tmp_path / "Bo Li_4_assignsubmission_file_" / "timestamp.txt", b"2026")
    found = collect(tmp_path)
    assert {s.student: s.refused for s in found.submissions} == {
        "doejane_12": "",
        "Bo Li": "",
        "Cy Li": "no notebook was handed in, only onlinetext.html",
        "Di Li": "no notebook was handed in, only report.pdf",
    }
    assert "doejane_12: doejane_12_67891_report.pdf left out (no notebook)" in found.lines
    assert not any("timestamp" in line for line in found.lines)
    assert [text for _, text in found.needs] == [
        "1 file in the folder that is no notebook, left alone: class.csv"
    ]


def test_a_zip_with_one_notebook_is_opened(tmp_path):
    members = {
        "work/03.ipynb": SOLVED,
        "__MACOSX/work/._03.ipynb": b"x",
        "work/.ipynb_checkpoints/03.ipynb": b"x",
        "a.png": b"x",
    }
    put(tmp_path / "doejane_12_67890_x.zip", packed(members))
    found = the_one(tmp_path)
    assert (found.student, found.lesson, found.refused) == ("doejane_12", "03", "")
    assert found.file == "doejane_12_67890_x.zip/work/03.ipynb"
    assert collecting.read_notebook(found.path) == SOLVED


def encrypted() -> bytes:
    data = bytearray(packed({"x.ipynb": SOLVED}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no zip at all", "cannot be unpacked"),
        (packed({"x.ipynb": SOLVED})[:-40], "cannot be unpacked"),
        (packed({"a.txt": b"x"}), "holds no notebook, not one"),
        (packed({"a.ipynb": SOLVED, "b.ipynb": SOLVED}), "holds 2 notebooks, not one"),
        (packed({f"{k}": b"" for k in range(MAX_MEMBERS + 1)}), f"more than {MAX_MEMBERS} files"),
        (packed({"x.ipynb": b" " * 1_000_000}), f"more than {MAX_RATIO} times its size"),
        (packed({"x.ipynb": SOLVED}, zipfile.ZIP_LZMA), "in a way that is not unpacked here"),
        (encrypted(), "the zip has a password"),
            (packed({"../../evil.ipynb": SOLVED}), "a name in the zip leads out of it"),
    ],
    ids=["no zip", "cut", "no notebook", "two", "many", "ratio", "lzma", "encrypted", "names"],
)  # fmt: skip
def test_other_zips_are_a_row_that_says_why(tmp_path, data, says):
    put(tmp_path / "ada.zip", data)
    found = the_one(tmp_path)
    assert found.student == "ada" and says in found.refused


def test_a_notebook_in_a_zip_may_be_as_large_as_any_other(tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "MAX_NOTEBOOK", 5_000_000)
    put(tmp_path / "ada.zip", packed({"x.ipynb": b" " * 6_000_000}))
    assert "the notebook in the zip is too large (6 MB; at most 5 MB)" in the_one(tmp_path).refused


def test_a_folder_of_any_depth_is_one_students_affair(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    os.mkdir("deep", dir_fd=here)
    fd = os.open("deep", os.O_RDONLY, dir_fd=here)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    os.close(here)
    put(tmp_path / "ada.ipynb")
    put(tmp_path / "eve" / "/".join("d" * 40) / "03.ipynb")
    reasons = {s.student: s.refused for s in collect(tmp_path).submissions}
    # pytest's own clearing up would run out of its stack
    subprocess.run(["rm", "-rf", tmp_path / "deep"], check=True)
    assert reasons == {"ada": "", "eve": "", "deep": f"folders are nested more than {MAX_DEPTH} deep"}


def test_a_folder_that_holds_a_whole_download_is_no_student(tmp_path):
    put(tmp_path / "submissions" / "doejane_12_67890_x.ipynb")
    put(tmp_path / "submissions" / "roerick_13_67891_x.ipynb")
    put(tmp_path / "eve" / "doejane_12_67890_x.ipynb")
    reasons = {s.student: s.refused for s in collect(tmp_path).submissions}
    assert reasons == {
        "submissions": "it holds a whole download of Canvas or Moodle: grade that folder itself",
        "eve": "",
    }


def test_a_date_that_no_calendar_has_does_not_end_the_command(tmp_path):
    put(tmp_path / "ada.ipynb")
    found = the_one(tmp_path)
    for time in (3e11, -1e14, 1e300, float("nan")):
        late = collecting.Submission(found.student, found.path, found.file, modified=time)
        assert late.time == "at no date that a calendar has"


# -- rosters ---------------------------------------------------------------------------------------

FILES = {
    "doejane_12": {"canvas_id": "12"},
    "roerick_13": {"canvas_id": "13"},
    "limingbo_14": {"canvas_id": "14"},
}
TABLES = {
    "a title above": 'Class of 2026, section A\n\nStudent,ID\n"Doe, Jane",12\n"Roe, Rick",13\n"Li, Ming Bo",14\n',
    "sep=": 'sep=;\r\nStudent;ID\r\n"Doe, Jane";12\r\n"Roe, Rick";13\r\n"Li, Ming Bo";14\r\n',
    "split names": "LastName,FirstName,ID,Section\nDoe,Jane,12,A\nRoe,Rick,13,A\nLi,Ming Bo,14,B\n",
    "another language": "Studierende;Kennung;Gruppe\nDoe, Jane;12;A\nRoe, Rick;13;A\nLi, Ming Bo;14;B\n",
    "mangled": 'Student,ID\n"Doe, Jane",12.0\n"Roe, Rick",1.3E+01\n"Li, Ming Bo","14,0"\n',
    "names only": 'Wer\n"Doe, Jane"\n"Roe, Rick"\n"Li, Ming Bo"\n',
    "no header": "Jane Doe,12\nRick Roe,13\nMing Bo Li,14\n",
    "two columns of names": "Familie;Ruf;x\nDoe;Jane;a\nRoe;Rick;b\nLi;Ming Bo;c\n",
    "utf-16": "Student\tID\nDoe, Jane\t12\nRoe, Rick\t13\nLi, Ming Bo\t14\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_rosters_in_every_shape(tmp_path, name):
    path = tmp_path / "class.csv"
    path.write_text(TABLES[name], encoding="utf-16" if name == "utf-16" else "utf-8-sig", newline="")
    found = read_roster(path, known=FILES)
    matching = match_roster(found.people, FILES)
    assert not matching.unknown and not matching.absent and not found.remarks, (found.people, matching)
    names = {"".join(sorted(ids.get("name", "").replace(",", "").split())) for ids in matching.ids.values()}
    assert names == {"DoeJane", "RickRoe", "BoLiMing"}
    if name not in ("names only", "two columns of names"):
        assert {key: ids["canvas_id"] for key, ids in matching.ids.items()} == {
            k: v["canvas_id"] for k, v in FILES.items()
        }


@pytest.mark.parametrize(
    ("text", "whole"),
    [("12345", "12345"), ("12345.0", "12345"), ("12345,00", "12345"), ("1.2345E+04", "12345"), ("1,2345E+4", "12345"),
     ("1.2E+11", ""), ("1.23457E+11", ""), ("A7", "A7"), ("007", "007")],
)  # fmt: skip
def test_numbers_are_made_whole_again_or_given_up(text, whole):
    assert whole_number(text) == whole


def test_an_id_that_a_spreadsheet_broke_never_replaces_the_one_in_the_file(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text('Student,ID\n"Doe, Jane",1.23457E+11\n"Roe, Rick",13\n')
    found = read_roster(path)
    assert "row 1 below the header has 1.23457E+11 where an ID should be" in found.remarks[0]
    students = {"doejane_123456789012": {"canvas_id": "123456789012"}, "roerick_13": {"canvas_id": "13"}}
    assert "canvas_id" not in match_roster(found.people, students).ids["doejane_123456789012"]


def test_a_column_that_nothing_tells_can_be_named(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("Wer;Was\nX1;zwölf\nX2;dreizehn\n")
    with pytest.raises(
        TableError, match=r"no column that says who a student is \(its columns: Wer, Was\). .*--column"
    ):
        read_roster(path, known=FILES)
    assert read_roster(path, {"username": "wer"}).people == [{"username": "X1"}, {"username": "X2"}]
    assert read_roster(path, {"name": "2"}).people == [{"name": "zwölf"}, {"name": "dreizehn"}]
    with pytest.raises(TableError, match="no column 'Wo' to take for 'email'; it has Wer, Was"):
        read_roster(path, {"email": "Wo"})


def test_addresses_are_known_by_what_they_are(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("Wer;Elektronisch\nX;jane@x.org\nY;rick@x.org\n")
    people = read_roster(path).people
    assert [person["email"] for person in people] == ["jane@x.org", "rick@x.org"]
    assert set(match_roster(people, {"jane@x.org": {}, "JANE@X.ORG ": {}}).unknown) == {
        "jane@x.org",
        "JANE@X.ORG ",
    }
    assert match_roster(people, {"RICK@x.org": {}}).ids["RICK@x.org"]["email"] == "rick@x.org"


def test_people_whose_names_begin_like_a_column_stay(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text(
        'Student,ID,SIS User ID,SIS Login ID,Section,"03 Gradient descent (99)"\n,,,,,Manual Posting\n'
        "    Points Possible,,,,,10.00\n"
        '"Student, Testa",1,S1,a,A,\n"Points Possible, Ada",2,S2,b,A,\n"Student, Test",3,,c4f1,A,\n"Student, Stu",4,S4,d,A,\n'
    )
    found = read_roster(path)
    assert [person["canvas_id"] for person in found.people] == ["1", "2", "4"]
    assert found.possible == {"03": 10.0}


def test_moodles_identifier_finds_blind_and_grouped_people(tmp_path):
    path = tmp_path / "grading.csv"
    path.write_text(
        "Identifier,Full name,Email address,Status\nParticipant 4720,Jane Doe,j@x.org,Submitted\n"
        "Participant 4721,Bo Li,b@x.org,Submitted\nParticipant 4722,Jane Doe,k@x.org,Submitted\nParticipant 9,Zed Zed,z@x.org,\n"
    )
    people = read_roster(path).people
    students = {
        "Participant (4720)": {"name": "Participant 4720", "participant": "4720"},
        "Group A-Bo Li": {"name": "Group A-Bo Li", "participant": "4721"},
        "Jane Doe (4722)": {"name": "Jane Doe", "participant": "4722"},
        # a team's number, which is somebody else's, too
        "Team Red": {"name": "Team Red", "participant": "9"},
    }
    matching = match_roster(people, students)
    assert {key: ids["email"] for key, ids in matching.ids.items()} == {
        "Participant (4720)": "j@x.org",
        "Group A-Bo Li": "b@x.org",
        "Jane Doe (4722)": "k@x.org",
    }
    assert matching.unknown == {"Team Red": "is not in the roster"}


def test_a_german_worksheet_has_its_identifiers_too(tmp_path):
    path = tmp_path / "grading.csv"
    path.write_text(
        "ID,Vollständiger Name,E-Mail-Adresse\nTeilnehmer/in4720,Jane Doe,j@x.org\nTeilnehmer/in4721,Bo Li,b@x.org\n"
    )
    people = read_roster(path).people
    assert people[0] == {"participant": "4720", "name": "Jane Doe", "email": "j@x.org"}


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("Zoë Café", unicodedata.normalize("NFD", "Zoë Café")),
        ("ＪＡＮＥ　Ｄｏｅ", "Jane Doe"),
        ("Jane Doe", "Doe, Jane"),
        ("Strauß Jo", "STRAUSS JO"),
        ("Muller Jurgen", "Müller, Jürgen"),
        ("Jane van der Doe", "van der Doe, Jane"),
        ("Group B-Jane Doe", "Doe, Jane"),
        ("हिन्दी नाम", "हिन्दी नाम"),
        ("0012345", "12345"),
    ],
)
def test_one_name_in_two_forms_is_one_person(file, row):
    matching = match_roster(
        [{"name": row, "email": "a@x"}, {"name": "Some Body", "email": "b@x"}], {file: {"name": file}}
    )
    assert matching.ids[file]["email"] == "a@x"


def test_a_folder_whose_name_is_no_utf8_may_hold_other_files(tmp_path, quick):
    week = Path(os.fsdecode(os.fsencode(tmp_path / "week") + b"\xff"))
    put(week / "ada.ipynb", wished("passed"))
    put(week / os.fsdecode(b"no\xfftes.txt"), b"x")
    assert command.main([str(week)]) == 0
    assert "left alone: no" in week.with_name(week.name + "-marks").joinpath("index.html").read_text()


def test_somebody_in_two_sections_stands_there_once(tmp_path):
    (tmp_path / "class.csv").write_text("name,email\nJane Doe,j@x.org\nJane Doe,j@x.org\n")
    assert read_roster(tmp_path / "class.csv").people == [{"name": "Jane Doe", "email": "j@x.org"}]


def test_a_row_has_one_owner_or_none():
    row = {"name": "Doe, Jane", "canvas_id": "777", "username": "jd"}
    by_names = match_roster([row], {"JD": {}, "jd": {}})
    assert not by_names.ids and by_names.contested == [row] and not by_names.absent
    assert by_names.unknown["JD"] == "fits the same row of the roster (Doe, Jane) as jd"
    by_number = match_roster([row], {"doejane_777": {"canvas_id": "777"}, "Jane Doe": {}})
    assert set(by_number.ids) == {"doejane_777"}
    assert by_number.unknown == {"Jane Doe": "fits the same row of the roster (Doe, Jane) as doejane_777"}
    two_rows = match_roster([row, {**row, "canvas_id": "778"}], {"Jane Doe": {}})
    assert two_rows.unknown == {"Jane Doe": "fits 2 rows of the roster"}


def test_the_docs_say_what_holds():
    docs = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    text = " ".join(docs.split())
    assert (
        f"at most {MAX_MEMBERS:,} files in the zip, {MAX_NOTEBOOK // 1_000_000} MB, and {MAX_RATIO} times"
        in text
    )
    assert f"nested more than {MAX_DEPTH} deep" in text
    assert set(re.search(r"Kinds: (.*?) \|", docs)[1].split(", ")) == set(roster.COLUMNS)
    assert (
        "`Participant (4720)`" in text
        and read_name("Participant_4720_assignsubmission_file").student == "Participant (4720)"
    )
    guide = " ".join((ROOT / "docs" / "instructor.md").read_text(encoding="utf-8").split())
    assert f"(lesson 03: {sum(e.points for e in exercises.module('03').EXERCISES)})" in guide


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """Notebooks are marked by a wish in them, without walls: all right, or how each exercise ended."""

    def mark(job: Job) -> Result:
        wish = json.loads(job.data).get("wish", "passed")
        found = tuple(
            ExerciseMark(
                e.id,
                e.points if wish == "passed" else 0,
                e.points,
                wish,
                "It took too long." if wish == "stopped" else "",
            )
            for e in exercises.module("03").EXERCISES
        )
        return Result(job.key, Marks("03", job.seed, found, (), 0.1))

    monkeypatch.setattr(pool, "mark_locally", lambda jobs, count: (mark(job) for job in jobs))


def wished(wish: str, note: str = "") -> bytes:
    cell = {"cell_type": "code", "source": 'check("03-gradient-descent", f)\nf = 3'}
    return json.dumps({"wish": wish, "cells": [cell], "note": note}).encode()


def canvas(out: Path) -> dict[str, list[str]]:
    with (out / "canvas.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row[0]: row[1:] for row in csv.reader(file)}


def test_what_was_stopped_waits_and_is_no_nought(tmp_path, quick, capsys):
    put(tmp_path / "week" / "ada.ipynb", wished("stopped"))
    put(tmp_path / "week" / "bob.ipynb", wished("passed"))
    assert command.main([str(tmp_path / "week")]) == 0
    out = tmp_path / "week-marks"
    assert canvas(out)["ada"][-1] == "" and canvas(out)["bob"][-1] == "14"
    page = (out / "index.html").read_text()
    assert "it was stopped: It took too long." in page
    assert "half of the 1 whose marks are complete have 14 of 14" in page, "the median leaves out what waits"
    [own] = (out / "feedback").glob("ada-*.html")
    assert "Stopped, no mark yet" in own.read_text()
    capsys.readouterr()
    assert command.main([str(tmp_path / "week"), "--manual"]) == 0
    assert (
        "waits: ada, 03-gradient-descent (of 3): it was stopped: It took too long." in capsys.readouterr().out
    )
    for exercise in exercises.module("03").EXERCISES:
        assert command.main([str(tmp_path / "week"), "--mark", "ada", exercise.id, "1"]) == 0
    assert canvas(out)["ada"][-1] == "6"


def test_a_mark_by_hand_for_a_student_without_a_notebook_does_not_end_manual(tmp_path, quick, capsys):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "ada.ipynb", wished("passed"))
    (tmp_path / "class.csv").write_text("name,email\nada,ada@x.org\nEve,eve@x.org\n")
    out.mkdir()
    (out / "by_hand.csv").write_text("exercise,title,points\n03-explain-it-back,Explain it back,2\n")
    assert command.main([str(week), "--roster", str(tmp_path / "class.csv")]) == 0
    assert command.main([str(week), "--mark", "eve@x.org", "03-gradient-descent", "2"]) == 0
    assert command.main([str(week), "--manual"]) == 0
    assert "waits: Eve, 03-explain-it-back" in capsys.readouterr().out
    assert "(no notebook was handed in)" in (out / "manual.csv").read_text(encoding="utf-8-sig")


def test_marks_by_hand_go_with_the_work_that_comes_later(tmp_path, quick, capsys):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "ada.ipynb", wished("passed"))
    (tmp_path / "class.csv").write_text('Student,ID,SIS Login ID\nada,1,ada\n"Doe, Eve",7,eve\n')
    assert command.main([str(week), "--roster", str(tmp_path / "class.csv")]) == 0
    assert command.main([str(week), "--mark", "eve", "03-gradient-descent", "2", "--why", "on paper"]) == 0
    assert canvas(out)["Doe, Eve"][0] == "7"
    put(week / "doeeve_7_67890_x.ipynb", wished("failed"))
    assert command.main([str(week)]) == 0
    assert "doeeve_7 is Doe, Eve of the roster: the marks by hand go with the work" in capsys.readouterr().out
    assert canvas(out)["Doe, Eve"][0] == "7" and canvas(out)["Doe, Eve"][-1] == "2"
    with Gradebook(out / "gradebook.sqlite") as book:
        assert set(book.students()) == {"ada", "doeeve_7"}
    page = (out / "index.html").read_text()
    assert "fits the same row" not in page and "work changed since your mark (2 of 3)" in page


def test_somebody_whom_canvas_calls_otherwise_now_is_the_same_student(tmp_path, quick):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "doejane_12_67890_x.ipynb", wished("failed"))
    assert command.main([str(week)]) == 0
    (week / "doejane_12_67890_x.ipynb").unlink()
    put(week / "roejane_12_67999_x.ipynb", wished("passed"))
    assert command.main([str(week)]) == 0
    assert canvas(out) == {
        "Student": ["ID", "SIS User ID", "SIS Login ID", "Section", "03 Gradient descent"],
        "Points Possible": ["", "", "", "", "14"],
        "doejane_12": ["12", "", "", "", "14"],
    }


def test_work_that_changed_since_a_mark_by_hand_is_said(tmp_path, quick):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "ada.ipynb", wished("failed"))
    assert command.main([str(week)]) == 0
    assert command.main([str(week), "--mark", "ada", "03-gradient-descent", "1"]) == 0
    assert "work changed since your mark" not in (out / "index.html").read_text()
    put(week / "ada.ipynb", wished("passed"))
    assert command.main([str(week)]) == 0
    assert "work changed since your mark (1 of 3)" in (out / "index.html").read_text()
    assert "03-gradient-descent: work changed since your mark." in (out / "marks.csv").read_text(
        encoding="utf-8-sig"
    )
    [page] = (out / "feedback").glob("*.html")
    assert "changed since" not in page.read_text()
    assert command.main([str(week), "--mark", "ada", "03-gradient-descent", "3"]) == 0
    assert "work changed since your mark" not in (out / "index.html").read_text()
    # a plain comment is no mark
    assert command.main([str(week), "--mark", "ada", "03-read-a-hessian", "same", "--comment", "Well."]) == 0
    put(week / "ada.ipynb", wished("passed", "once more"))
    assert command.main([str(week)]) == 0
    assert (out / "index.html").read_text().count("work changed since your mark") == 1


def test_other_points_in_canvas_are_said(tmp_path, quick, capsys):
    put(tmp_path / "week" / "doejane_12_67890_x.ipynb", wished("passed"))
    table = tmp_path / "class.csv"
    text = 'Student,ID,SIS Login ID,Section,03 Gradient descent (99)\n    Points Possible,,,,{}\n"Doe, Jane",12,jd,A,\n'
    table.write_text(text.format("10.00"))
    assert command.main([str(tmp_path / "week"), "--roster", str(table)]) == 0
    said = "03 Gradient descent has 10 points possible in Canvas and 14 here: set the assignment's points in Canvas to 14"
    assert (
        said in capsys.readouterr().out
        and "10 points possible in Canvas" in (tmp_path / "week-marks/index.html").read_text()
    )
    table.write_text(text.format("14.00"))
    assert command.main([str(tmp_path / "week"), "--roster", str(table)]) == 0
    assert "points possible in Canvas" not in capsys.readouterr().out


def test_a_changed_grader_says_why_everything_is_marked_again(tmp_path, quick, monkeypatch, capsys):
    for name in ("ada", "bob"):
        put(tmp_path / "week" / f"{name}.ipynb", wished("passed", name))
    assert command.main([str(tmp_path / "week")]) == 0
    version = pool.grader_version()
    monkeypatch.setattr(pool, "grader_version", lambda: "9.9+abc")
    capsys.readouterr()
    assert command.main([str(tmp_path / "week")]) == 0
    said = capsys.readouterr().out
    assert (
        "note: 2 unchanged submissions to be marked again, because the exercises or the grader changed"
        in said
    )
    assert f"(from {version} to 9.9+abc)" in said
    assert command.main([str(tmp_path / "week"), "--seed", "5"]) == 0
    assert "because the hidden cases are others (seed 5, and" in capsys.readouterr().out
    assert command.main([str(tmp_path / "week"), "--seed", "5"]) == 0
    assert "marked again" not in capsys.readouterr().out


def test_a_renamed_students_marks_come_along_and_the_old_page_goes(tmp_path, quick, capsys):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "lice.ipynb", wished("failed", "a"))
    put(week / "bob.ipynb", wished("passed", "b"))
    assert command.main([str(week)]) == 0
    assert command.main([str(week), "--mark", "lice", "03-gradient-descent", "2"]) == 0
    (out / "feedback" / "mine.html").write_text("not the grader's")
    (week / "lice.ipynb").rename(week / "alice.ipynb")
    capsys.readouterr()
    assert command.main([str(week)]) == 0
    said = capsys.readouterr().out
    assert "lice is called alice now" in said and "nothing to mark" in said
    with Gradebook(out / "gradebook.sqlite") as book:
        assert set(book.students()) == {"alice", "bob"}
        assert (
            book.students()["alice"].lessons["03"].total == 2
            and len(book.history("alice", "03-gradient-descent")) == 1
        )
    pages = {path.name.rpartition("-")[0] or path.name for path in (out / "feedback").iterdir()}
    assert pages == {"alice", "bob", "mine.html"}


def test_what_is_gone_or_shared_is_no_new_name(tmp_path, quick):
    """A folder with next week's files, a notebook that two new students have, a student who is still there."""
    week, out = tmp_path / "week", tmp_path / "week-marks"
    for name in ("ada", "bob", "cy"):
        put(week / f"{name}.ipynb", wished("passed", name))
    assert command.main([str(week)]) == 0
    (week / "ada.ipynb").unlink()
    (week / "bob.ipynb").rename(week / "bo.ipynb")
    put(week / "bob2.ipynb", (week / "bo.ipynb").read_bytes())
    put(week / "cy2.ipynb", wished("passed", "cy"))
    assert command.main([str(week)]) == 0
    with Gradebook(out / "gradebook.sqlite") as book:
        assert set(book.students()) == {"ada", "bob", "bo", "bob2", "cy", "cy2"}


def test_a_gradebook_from_before_gets_the_new_tables_and_keeps_its_marks(tmp_path, quick):
    week, out = tmp_path / "week", tmp_path / "week-marks"
    put(week / "ada.ipynb", wished("passed"))
    assert command.main([str(week)]) == 0
    with Gradebook(out / "gradebook.sqlite") as book:
        book.decide("ada", "03-gradient-descent", 1.0, "", "")
        for table in ("seen", "needs"):
            book.db.execute(f"DROP TABLE {table}")
        book.db.execute("UPDATE roster SET value = ?", ('{"people": [], "header": []}',))
    put(week / "ada.ipynb", wished("passed", "new"))
    assert command.main([str(week)]) == 0
    with Gradebook(out / "gradebook.sqlite") as book:
        entry = book.students()["ada"].lessons["03"].entries[0]
        assert entry.points == 1 and not entry.changed, "nobody knows what lay before the person then"


def test_two_names_that_differ_in_capitals_are_never_one_row_twice(tmp_path, quick, capsys):
    """The case two_people_one_roster_row: Canvas's ID stood twice, with 14 and 0."""
    put(tmp_path / "week" / "Student07.ipynb", wished("passed"))
    put(tmp_path / "week" / "student07.ipynb", wished("failed"))
    (tmp_path / "class.csv").write_text('Student,ID,SIS Login ID\n"Doe, Student07",777,student07\n')
    assert command.main([str(tmp_path / "week"), "--roster", str(tmp_path / "class.csv")]) == 0
    said = capsys.readouterr().out
    fits = "Student07 and student07 fit the same row of the roster (Doe, Student07), so its marks are exported for nobody"
    assert said.count("student07") == 1 and fits in said
    table = canvas(tmp_path / "week-marks")
    assert [name for name, cells in table.items() if cells[0] == "777"] == ["Doe, Student07"]
    assert (
        table["Doe, Student07"][-1] == "" and table["Student07"][-1] == "14" and table["student07"][-1] == "0"
    )
    page = (tmp_path / "week-marks" / "index.html").read_text()
    assert fits in page and "Nothing handed in" not in page
    (tmp_path / "class.csv").write_text("name\nsomebody\n")
    assert command.main([str(tmp_path / "week"), "--roster", str(tmp_path / "class.csv")]) == 0
    assert "Student07 and student07 differ in capitals only: is that one person?" in capsys.readouterr().out


def test_lookalikes_of_canvas_get_no_id(tmp_path, quick):
    """The case lookalike_canvas_names."""
    for name in ("Group_3_03_gradient_descent", "st1_2026_11_28", "st2_03_1_final"):
        put(tmp_path / "week" / f"{name}.ipynb", wished("passed", name))
    assert command.main([str(tmp_path / "week")]) == 0
    table = canvas(tmp_path / "week-marks")
    assert all(
        table[name][0] == "" for name in ("Group_3_03_gradient_descent", "st1_2026_11_28", "st2_03_1_final")
    )


def test_column_is_checked_at_the_door(tmp_path, capsys):
    for words in (
        ["--column", "email=x"],
        ["--roster", "x", "--column", "colour=x"],
        ["--roster", "x", "--column", "email"],
    ):
        with pytest.raises(SystemExit):
            command.main([str(tmp_path), *words])
        assert "--column" in capsys.readouterr().err
    assert set(roster.KINDS.values()) == set(roster.COLUMNS)
