"""`optcourse grade`: a folder in, a gradebook out, whatever happens on the way."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from optcourse import exercises
from optcourse.grading import by_hand, command, names, pool, run
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.marking import MAX_NOTEBOOK, ExerciseMark, Marks
from optcourse.grading.pool import Job, Result
from optcourse.grading.walls.outside import Limits
from tests.conftest import until
from tests.grading.processes import judges_below

ROOT = Path(__file__).resolve().parents[2]
SOLVED = json.loads((ROOT / "solutions" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
BLANK = (ROOT / "lessons" / "03_gradient_descent.ipynb").read_text(encoding="utf-8")


def solved(*extra: str) -> str:
    """The solved notebook of lesson 03 with more code cells before all others."""
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in extra]
    return json.dumps({**SOLVED, "cells": [*cells, *SOLVED["cells"]]})


# -- with a judge that is quick and obeys ----------------------------------------------------------


WISHES: dict[str, str] = {}  # what a wish is turned into


def fake(job: Job) -> Result:
    """A judge that does what the notebook says."""
    wish = json.loads(job.data).get("wish", "passed")
    wish = WISHES.get(wish, wish)
    if wish == "unreadable":
        return Result(job.key, reason="it is a poem")
    if wish == "die":
        return Result(
            job.key, reason="the grading process ended by signal 9", died=True, log="Traceback: boom"
        )
    if wish == "interrupt":
        raise KeyboardInterrupt
    if wish == "refuse":
        return Result(job.key, refused="bubblewrap is not installed here")
    lesson = job.lesson or "03"
    marks = tuple(
        ExerciseMark(e.id, e.points if wish == "passed" else 0, e.points, wish, "")
        for e in exercises.module(lesson).EXERCISES
    )
    return Result(job.key, Marks(lesson, job.seed, marks, (), 0.1))


@pytest.fixture
def quick(monkeypatch):
    """Every job that was given to the quick judge, in order."""
    given: list[Job] = []

    def mark_locally(jobs, count):
        for job in jobs:
            given.append(job)
            yield fake(job)

    monkeypatch.setattr(pool, "mark_locally", mark_locally)
    return given


@pytest.fixture
def week(tmp_path):
    folder = tmp_path / "week"
    folder.mkdir()
    for student in ("alice", "bob", "carol"):
        submit(folder, student)
    return folder


def submit(folder: Path, student: str, wish: str = "passed", note: str = "") -> None:
    cell = {"cell_type": "code", "source": 'check("03-gradient-descent", f)'}
    (folder / f"{student}.ipynb").write_text(
        json.dumps({"wish": wish, "cells": [cell], "note": student + note})
    )


def totals(out: Path) -> dict[str, float]:
    with Gradebook(out / "gradebook.sqlite", by_hand.read_tasks(out / "by_hand.csv")) as book:
        return {key: marks.total for key, s in book.students().items() for marks in s.lessons.values()}


def rows(out: Path, query: str) -> list[tuple]:
    db = sqlite3.connect(out / "gradebook.sqlite")
    found = db.execute(query).fetchall()
    db.close()
    return found


def test_only_what_is_new_or_changed_is_marked(week, quick, capsys):
    out = week.with_name("week-marks")
    assert command.main([str(week)]) == 0
    assert len(quick) == 3 and totals(out) == {"alice": 14, "bob": 14, "carol": 14}
    assert {job.seed for job in quick} == {rows(out, "SELECT seed FROM runs")[0][0]}
    capsys.readouterr()
    assert command.main([str(week)]) == 0
    assert "3 submissions of 3 students, 3 of them marked already; nothing to mark" in capsys.readouterr().out
    submit(week, "bob", "failed")
    submit(week, "dora")
    assert command.main([str(week)]) == 0
    assert len(quick) == 5 and totals(out)["bob"] == 0 and totals(out)["dora"] == 14
    assert len({job.seed for job in quick}) == 1, "a class is marked on the same hidden cases"
    submit(week, "bob")  # what was handed in first comes back
    assert command.main([str(week)]) == 0 and totals(out)["bob"] == 14 and len(quick) == 6
    assert len(rows(out, "SELECT * FROM submissions WHERE student = 'bob'")) == 3
    assert command.main([str(week), "--again"]) == 0
    assert len(quick) == 10 and len({job.seed for job in quick}) == 2
    assert command.main([str(week), "--seed", "5"]) == 0 and {job.seed for job in quick[10:]} == {5}
    assert command.main([str(week)]) == 0 and len(quick) == 14, "the newest seed is the gradebook's"


def test_one_lesson_of_many(week, quick):
    out = week.with_name("week-marks")
    command.main([str(week)])
    command.main([str(week), "--lesson", "03"])
    assert len(quick) == 3, "they stand already"
    command.main([str(week), "--lesson", "04"])
    reasons = {row[0] for row in rows(out, "SELECT reason FROM submissions WHERE lesson = '04'")}
    assert (
        len(quick) == 3
        and len(reasons) == 3
        and all("no notebook of lesson 04 was handed in" in r for r in reasons)
    )
    assert sum(totals(out).values()) == 0 and len(rows(out, "SELECT * FROM submissions WHERE stands")) == 6


def test_a_mended_exercise_is_marked_again(week, quick, monkeypatch):
    command.main([str(week)])
    monkeypatch.setattr(pool, "grader_version", lambda: "9.9+abc")
    command.main([str(week)])
    assert len(quick) == 6 and quick[-1].grader == "9.9+abc"


def test_what_goes_wrong_is_a_row_and_is_tried_again_only_where_the_notebook_is_not_to_blame(
    week, quick, capsys
):
    out = week.with_name("week-marks")
    submit(week, "bob", "unreadable")
    submit(week, "carol", "die")
    (week / "link.ipynb").symlink_to("/etc/passwd")
    (week / "empty").mkdir()
    assert command.main([str(week)]) == 0
    said = capsys.readouterr().out
    assert "bob: not marked, it is a poem" in said and "carol: not marked, the grading process ended" in said
    reasons = dict(rows(out, "SELECT student, reason FROM submissions WHERE stands"))
    assert (
        reasons["alice"] == ""
        and "links are not followed" in reasons["link"]
        and "no notebook" in reasons["empty"]
    )
    assert "Traceback: boom" in (out / "grading.log").read_text()
    command.main([str(week)])
    assert len(quick) == 4, "only carol's is tried again"
    page = (out / "index.html").read_text()
    assert "it is a poem" in page and "links are not followed" in page


def test_many_deaths_end_a_run_only_where_the_machine_is_to_blame(week, quick, capsys, monkeypatch):
    for k in range(9):
        submit(week, f"a{k}", "die")
    assert command.main([str(week)]) == 0, "an empty notebook can be marked, so it is not the machine"
    assert totals(week.with_name("week-marks"))["carol"] == 14
    assert sum(job.data == b'{"cells": []}' for job in quick) == 1 and len(quick) == 13
    monkeypatch.setitem(WISHES, "passed", "die")
    assert command.main([str(week)]) == 2
    assert "5 notebooks in a row could not be marked, and an empty one cannot" in capsys.readouterr().err
    submit(week, "a0", "refuse")
    assert command.main([str(week)]) == 2
    assert "bubblewrap is not installed here" in capsys.readouterr().err


def test_a_terminal_without_the_letters_of_a_name_does_not_end_the_run(tmp_path):
    week = tmp_path / "week"
    (week / "李明").mkdir(parents=True)  # with no notebook in it, so no judge is needed
    command = [
        sys.executable,
        "-m",
        "optcourse.cli",
        "grade",
        str(week),
        "--out",
        str(week.with_name("out")),
        "--jobs",
        "2",
    ]
    done = subprocess.run(
        command, capture_output=True, timeout=240, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0 and rb"\u674e" in done.stdout + done.stderr, done.stderr


def test_an_interruption_keeps_what_is_marked(week, quick, capsys):
    submit(week, "bob", "interrupt")
    with pytest.raises(KeyboardInterrupt):
        command.main([str(week)])
    assert (
        "1 of 3 in 0 s" in (said := capsys.readouterr().out) and "the same command goes on from here" in said
    )
    submit(week, "bob")
    assert command.main([str(week)]) == 0 and len(quick) == 4
    assert totals(week.with_name("week-marks")) == {"alice": 14, "bob": 14, "carol": 14}


def test_a_week_with_a_roster_and_marks_by_hand(week, quick, capsys, tmp_path):
    out = week.with_name("week-marks")
    roster = tmp_path / "class.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\nAdams Alice,7,S7,alice,A\nDora Explores,8,S8,dora,A\n"
    )
    out.mkdir()
    (out / "by_hand.csv").write_text("exercise,title,points\n03-explain-it-back,Explain it back,2\n")
    assert command.main([str(week), "--roster", str(roster)]) == 0
    assert (
        "2 students not found in the roster, known by file name only: bob, carol" in capsys.readouterr().out
    )
    assert command.main([str(week), "--mark", "alice", "03-explain-it-back", "2", "--comment", "Clear."]) == 0
    assert command.main([str(week), "--mark", "S7", "03-explain-it-back", "1.5", "--why", "too kind"]) == 0
    assert command.main([str(week), "--manual"]) == 0
    assert "waits: bob, 03-explain-it-back (of 2): a person reads it" in capsys.readouterr().out
    text = (out / "manual.csv").read_text(encoding="utf-8-sig")
    assert "alice" not in text and "bob" in text and "(no cell with this task's tag" in text
    (out / "manual.csv").write_text(
        text.replace("tag; see the notebook),,", "tag; see the notebook),2,Fine"), encoding="utf-8"
    )
    assert command.main([str(week), "--manual"]) == 0
    assert "Nothing waits for a person." in capsys.readouterr().out
    submit(week, "alice", "failed", "again")
    assert command.main([str(week)]) == 0
    assert totals(out) == {"alice": 1.5, "bob": 16, "carol": 16}
    with (out / "canvas.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row[0]: row[1:] for row in csv.reader(file)}
    assert table["Adams Alice"] == ["7", "S7", "alice", "A", "1.5"] and table["Dora Explores"] == [
        "8",
        "S8",
        "dora",
        "A",
        "",
    ]
    [page] = (out / "feedback").glob("alice-*.html")
    assert "Clear." in page.read_text() and "too kind" not in page.read_text()
    assert "Nothing handed in" in (out / "index.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "is no folder"),
        (["week/alice.ipynb"], "is no folder"),
        (["week", "--out", "week"], "inside the folder of notebooks"),
        (["week", "--out", "week/marks"], "inside the folder of notebooks"),
        (["week", "--out", "file"], "is a file"),
        (["week", "--out", "file/x"], "cannot be made"),
        (["week", "--out", "/proc/optcourse-marks"], "cannot be made"),
        (["week", "--roster", "nowhere.csv"], "cannot be read"),
        (["week", "--manual"], "there is no gradebook"),
        (["week", "--mark", "alice", "03-gradient-descent", "1"], "there is no gradebook"),
        (["week", "--out", "strange"], "no gradebook of this course"),
        (["week", "--scheduler", "nonsense://x"], "no Dask scheduler answers"),
    ],
)
def test_bad_input_gets_a_sentence(tmp_path, week, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("optcourse.grading.cluster.CONNECT_SECONDS", 1)
    Path("file").touch()
    Path("strange").mkdir()
    Path("strange/gradebook.sqlite").write_text("a diary of more than sixteen letters")
    assert command.main(words) == 2
    said = capsys.readouterr().err
    assert says in said and "Traceback" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["week", "--jobs", "0"], ["week", "--jobs", "two"], ["week", "--seed", "-1"], ["week", "--seed", str(2**63)],
        ["week", "--lesson", "77"], ["week", "--comment", "x"], ["week", "--manual", "--mark", "a", "b", "1"], [],
    ],
)  # fmt: skip
def test_bad_options_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(words)
    assert stop.value.code == 2 and "usage: optcourse grade" in capsys.readouterr().err


def test_results_that_cannot_be_written_get_a_sentence(week, quick, capsys):
    out = week.with_name("week-marks")
    out.mkdir()
    (out / "marks.csv").mkdir()
    assert command.main([str(week)]) == 2
    assert "marks.csv cannot be used" in capsys.readouterr().err and totals(out)["alice"] == 14
    (out / "marks.csv").rmdir()
    (out / "feedback").symlink_to(week)
    assert command.main([str(week)]) == 2
    assert "is a link" in capsys.readouterr().err and not list(week.glob("*.html"))


def test_a_folder_of_results_that_is_read_only_gets_a_sentence(week, capsys, monkeypatch):
    out = week.with_name("week-marks")
    out.mkdir()
    monkeypatch.setattr(command, "has_bubblewrap", lambda: True)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert command.main([str(week)]) == 2
    assert "cannot be written by you. Use --out." in capsys.readouterr().err


def test_results_are_for_their_owner_only(week, quick):
    out = week.with_name("week-marks")
    submit(week, "bob", "die")
    command.main([str(week)])
    command.main([str(week), "--manual"])
    assert out.stat().st_mode & 0o077 == 0
    assert [path.name for path in out.rglob("*") if path.stat().st_mode & 0o077] == []
    assert {"gradebook.sqlite", "grading.log", "manual.html"} <= {path.name for path in out.iterdir()}


def test_without_bubblewrap_it_says_what_is_lost_and_needs_a_word(week, quick, monkeypatch, capsys):
    monkeypatch.setattr(command, "has_bubblewrap", lambda: False)
    assert command.main([str(week)]) == 2
    assert "could read and change your files" in capsys.readouterr().err and not quick
    assert not week.with_name("week-marks").exists()
    assert command.main([str(week), "--without-sandbox"]) == 0
    assert "WITHOUT A SANDBOX" in capsys.readouterr().out and not quick[0].sandboxed
    assert rows(week.with_name("week-marks"), "SELECT sandboxed FROM runs") == [(0,)]


def test_a_folder_whose_name_is_no_utf8_can_be_marked(week, quick):
    odd = Path(os.fsdecode(os.fsencode(week) + b"\xff"))
    week.rename(odd)
    assert command.main([str(odd)]) == 0 and len(quick) == 3
    assert command.main([str(odd), "--manual"]) == 0
    assert rows(odd.with_name(odd.name + "-marks"), "SELECT folder FROM runs")[0][0].endswith("week\\xff")


def test_one_grader_at_a_time(week, quick, tmp_path, capsys):
    out = week.with_name("week-marks")
    out.mkdir()
    with command.alone(out):
        assert command.main([str(week)]) == 2
    assert f"another `optcourse grade` is at work in {out} (process {os.getpid()}" in capsys.readouterr().err
    assert command.main([str(week)]) == 0


def test_progress_moves_on_a_terminal_and_is_ten_lines_elsewhere(capsys, monkeypatch):
    progress = run.Progress(40)
    for k in range(40):
        progress.step(f"s{k}: 3 of 14", important=k == 7)
    progress.end("done")
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 12 and "s7: 3 of 14" in said and "40/40" in said and "\r" not in said
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    progress = run.Progress(4)
    for _ in range(4):
        progress.step("x" * 500)
    moving = capsys.readouterr().out
    assert moving.count("\r") == 4 and "\n" not in moving and max(map(len, moving.split("\r"))) < 210


# -- with the real judges --------------------------------------------------------------------------


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def marked(out: Path) -> int:
    try:
        return rows(out, "SELECT count(*) FROM submissions")[0][0]
    except sqlite3.OperationalError:
        return 0


# `optcourse grade` that stands still where it has kept so many results, so that it can be ended there.
HELD = """
import sys, time
from optcourse import cli
from optcourse.grading.run import Run

enough, keep, kept = int(sys.argv.pop(1)), Run.keep, []

def held(run, result):
    keep(run, result)
    kept.append(result)
    if len(kept) == enough:
        print("\\nHELD", flush=True)
        time.sleep(10_000)

Run.keep = held
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_killed_run_and_an_interrupted_one_go_on_where_they_were(tmp_path):
    folder, out = tmp_path / "week", tmp_path / "week-marks"
    folder.mkdir()
    for k in range(7):
        (folder / f"s{k}.ipynb").write_text(solved(f"# {k}"))
    words = ["grade", str(folder), "--jobs", "2"]
    command, held = [sys.executable, "-m", "optcourse.cli", *words], [sys.executable, "-c", HELD, "2", *words]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    for how, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        run = subprocess.Popen(
            held,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=environment,
        )
        assert "HELD\n" in iter(run.stdout.readline, "")
        children = family(run.pid)
        assert children
        run.send_signal(how)
        said = run.communicate(timeout=240)[0]
        assert run.returncode == code, said
        assert "Traceback" not in said
        gone, alive = psutil.wait_procs(children, timeout=120)
        assert not alive, "judges and sandboxes end with the one who asked"
        assert not list(scratch.iterdir()), "and leave nothing behind"
    assert "interrupted" in said and "the same command goes on from here" in said
    assert marked(out) == 4
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0 and "of them marked already; marking" in done.stdout
    assert marked(out) == 7, "nothing was marked twice"
    assert totals(out) == {f"s{k}": 14 for k in range(7)}
    assert len({row[0] for row in rows(out, "SELECT seed FROM runs")}) == 1
    assert [bool(row[0]) for row in rows(out, "SELECT ended FROM runs ORDER BY id")] == [False, False, True]


@pytest.mark.slow
def test_poisoned_notebooks_cost_only_themselves(tmp_path, capsys):
    folder = tmp_path / "week"
    folder.mkdir()
    submissions = {
        "good": solved(),
        "blank": BLANK,
        "exits": solved("import os; os._exit(3)"),
        "kills": solved(
            "import os, signal; os.kill(os.getppid(), signal.SIGKILL); os.kill(os.getpid(), signal.SIGKILL)"
        ),
        "old": '{"worksheets": [{"cells": []}], "nbformat": 3}',
        "deep": "[" * 200_000,
        "binary": "\0\1\2",
        "empty": "",
    }
    for name, text in submissions.items():
        (folder / f"{name}.ipynb").write_text(text)
    assert command.main([str(folder), "--jobs", "2", "--seed", "3", "--lesson", "03"]) == 0
    found = totals(tmp_path / "week-marks")
    assert {name: found[name] for name in ("good", "blank", "exits", "kills")} == {
        "good": 14,
        "blank": 0,
        "exits": 14,
        "kills": 14,
    }
    outcomes = dict(rows(tmp_path / "week-marks", "SELECT student, outcome FROM submissions"))
    assert {name for name, outcome in outcomes.items() if outcome == "unreadable"} == {
        "deep",
        "binary",
        "empty",
    } | ({"old"} if outcomes["old"] == "unreadable" else set())
    assert found["old"] == 0 and "died" not in outcomes.values()
    assert not judges_below(), "no judge is left"


@pytest.mark.slow
def test_a_judge_that_dies_or_hangs_costs_its_notebook_and_is_replaced():
    markers = pool.Markers()
    try:
        slow = Job(1, solved("import time; time.sleep(8)").encode(), 3, "03", True, pool.grader_version())
        assert markers.mark(slow, seconds=0.5).reason == "the grading process gave no answer for 0 s"
        import threading

        results = []
        thread = threading.Thread(target=lambda: results.append(markers.mark(slow)))
        thread.start()
        [judge] = until(judges_below)
        below = until(lambda: judge.children(recursive=True))
        judge.kill()
        thread.join(240)
        assert results[0].died and results[0].reason == "the grading process ended by signal 9"
        assert not psutil.wait_procs(below, timeout=120)[1], "the sandbox ends with its judge"
        good = markers.mark(Job(2, json.dumps(SOLVED).encode(), 3, None, True, pool.grader_version()))
        assert good.marks.points == 14
        other = markers.mark(Job(3, b"", 3, None, True, "another version"))
        assert "another version is asked for" in other.refused
    finally:
        markers.close()


def read(page: str) -> str:
    """What a person reads on a page, from top to bottom."""
    body = re.sub(r"(?s)^.*?<body>|<script>.*?</script>|</?(?:p|li|th|td|h\d|div)\b[^>]*>", " ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", body)).split())


def stands_before(text: str, sentence: str, *marks: str) -> bool:
    """Whether a sentence is read once, and before each of the marks."""
    return text.count(sentence) == 1 and all(
        mark in text and text.index(sentence) < text.index(mark) for mark in marks
    )


@pytest.mark.slow
def test_what_stopped_is_read_before_the_marks(tmp_path):
    """Which cell, which line, which error: on the student's page and on the overview, above every point."""
    folder = tmp_path / "week"
    folder.mkdir()
    (folder / "ada.ipynb").write_text(solved("x = 1\nshape = nump.zeros(x)"))
    (folder / "bob.ipynb").write_text(solved("import secret_library\nx = 1"))
    (folder / "carol.ipynb").write_text(solved())
    assert command.main([str(folder), "--seed", "3", "--lesson", "03"]) == 0
    out = tmp_path / "week-marks"
    sentences = {
        "ada": "code cell 1 stopped in line 2, shape = nump.zeros(x): NameError: name 'nump' is not defined",
        "bob": "code cell 1, line 1, import secret_library: ModuleNotFoundError: No module named 'secret_library'",
    }
    overview = read((out / "index.html").read_text())
    for student, sentence in sentences.items():
        [page] = (out / "feedback").glob(f"{student}-*.html")
        text = read(page.read_text())
        score = "14 of 14 points"
        assert stands_before(text, sentence, score, "Exercise Points", "3 of 3"), text[:600]
        assert stands_before(overview, sentence, "All points", "Student by student", "How the points"), (
            overview[:600]
        )
        assert f"{student}: 03 Gradient descent: " in overview.partition(sentence)[0][-60:]
        # the same page with the sentence at its end, or nowhere, would not do
        moved = text.replace(sentence, "") + sentence
        assert not stands_before(moved, sentence, score) and not stands_before(
            text.replace(sentence, ""), sentence, score
        )
    [page] = (out / "feedback").glob("carol-*.html")
    assert "While your notebook ran" not in page.read_text()


# -- the page that describes it --------------------------------------------------------------------

DOCS = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")


def test_the_docs_name_every_option_and_none_that_is_not_there():
    known = {option for action in command.build_parser()._actions for option in action.option_strings}
    others = {"--count", "--nthreads", "--no-run", "--image-name", "--from"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", DOCS))
    assert named - others == known - {"-h", "--help"}


def test_the_docs_numbers_are_the_programs():
    assert f"too large ({MAX_NOTEBOOK // 1_000_000} MB)" in DOCS
    assert run.TOO_MANY_DEATHS == 5 and "After five in a row an empty notebook is tried" in DOCS
    assert Limits().cell_seconds == 10 and "costs its limit of ten seconds" in DOCS
    assert "`week3/doejane_12345_67890_x.ipynb` (Canvas) | doejane_12345" in DOCS
    assert names.read_name("doejane_12345_67890_x").student == "doejane_12345"
    assert names.read_name("Jane Doe_4711_assignsubmission_file_").student == "Jane Doe"


def test_the_docs_table_for_tasks_by_hand_can_be_read(tmp_path):
    [table] = re.findall(r"```\n(exercise,title,points\n.*?)```", DOCS, re.DOTALL)
    (tmp_path / "by_hand.csv").write_text(table)
    assert [task.id for task in by_hand.read_tasks(tmp_path / "by_hand.csv")] == ["03-explain-it-back"]
