"""The file of events under attack: killed at every step, no room left, held by others, filled with anything."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from optcourse import journal, progress
from optcourse.checking.check import check
from optcourse.exercises.lesson_03 import gradient_descent
from tests.conftest import until

pytestmark = pytest.mark.usefixtures("own_home")
GD = "03-gradient-descent"


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch):
    """What a process remembers, it has yet to learn."""
    for module, name in ((progress, "_said"), (journal, "_looked_at"), (journal, "_waited_for")):
        monkeypatch.setattr(module, name, set())


def lines_of(count: int) -> bytes:
    """So many events, of which none is like another."""
    events = ({"kind": "hint", "id": GD, "number": k, "time": f"{k:05}"} for k in range(count))
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def write(data: bytes) -> Path:
    progress.file().parent.mkdir(exist_ok=True)
    progress.file().write_bytes(data)
    return progress.file()


def copies() -> list[Path]:
    return sorted(progress.file().parent.glob("progress.broken-*"))


# ---- killed ---------------------------------------------------------------------------------------

# Ends the process, as SIGKILL does, before its n-th call that changes a file, or halfway through a write.
KILLED_AT = """
import os, signal, sys
left = int(sys.argv[1])

def watched(name):
    do = getattr(os, name)
    def call(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            if name == "write":
                do(args[0], args[1][: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*args, **kwargs)
    setattr(os, name, call)

for name in ("open", "write", "fsync", "ftruncate", "truncate", "replace", "rename", "unlink", "close"):
    watched(name)

from optcourse import journal, progress
"""


def killed_at(step: int, code: str) -> bool:
    """Run code in a process that is killed at a step; False where it came to its end before that."""
    command = [sys.executable, "-c", KILLED_AT + code, str(step)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=240)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def steps(prepare, code: str):
    """Every step at which the code can be killed, each on a file made anew."""
    for step in range(1, 100):
        prepare()
        if not killed_at(step, code):
            assert step > 5, "the measure saw hardly a step"
            return
        yield step
    raise AssertionError("it never came to its end")


def test_nothing_that_an_interrupted_mending_left_beside_is_mixed_in():
    path = write(broken := lines_of(2) + b"half a li\n")
    path.with_name(path.name + ".part").write_bytes(b"x" * 10_000)
    assert len(progress.events()) == 2 and path.read_bytes() == lines_of(2)
    assert [copy.read_bytes() for copy in copies()] == [broken]


def test_mending_may_be_killed_at_every_step():
    good = lines_of(100)
    broken = good + b'{"kind": "hi\n'

    def prepare():
        for copy in copies():
            copy.unlink()
        write(broken)

    for step in steps(prepare, "progress.events()"):
        now = progress.file().read_bytes()
        assert now in (good, broken), f"step {step}"
        if now == good:
            assert copies() and copies()[-1].read_bytes() == broken, f"step {step}"
        assert all(copy.read_bytes() == broken for copy in copies()), f"step {step}"
        assert len(progress.events()) == 100


def test_the_measure_sees_a_mending_that_loses_lines():
    """The one that the course had: truncated, then written."""
    code = """
handle = os.open(progress.file(), os.O_RDWR)
lines = progress.file().read_bytes().rpartition(b'{')[0]
os.truncate(handle, 0)
os.write(handle, lines)
os.fsync(handle); os.fsync(handle); os.fsync(handle)
"""
    good = lines_of(100)
    seen = set()
    for _ in steps(lambda: write(good + b"{broken\n"), code):
        seen.add(progress.file().read_bytes())
    assert min(map(len, seen)) < len(good)


def test_adding_may_be_killed_at_every_step(monkeypatch):
    before = lines_of(3)
    for step in steps(
        lambda: write(before),
        "for k in (7, 8): journal.append(progress.file(), {'kind': 'hint', 'id': 'x', 'number': k})",
    ):
        monkeypatch.setattr(journal, "_looked_at", set())
        numbers = [event["number"] for event in progress.events()]
        assert numbers in ([0, 1, 2], [0, 1, 2, 7], [0, 1, 2, 7, 8]), f"step {step}"


def test_taking_back_may_be_killed_at_every_step(monkeypatch):
    lost, kept = lines_of(50), b'{"kind": "hint", "id": "new", "number": 1}\n'
    for step in steps(lambda: (write(kept), copy_with(lost)), "progress.events()"):
        monkeypatch.setattr(journal, "_looked_at", set())
        assert len(progress.events()) == 51, f"step {step}"


WRITER = """
import sys
from optcourse import progress
for number in range(10**9):
    assert progress.record("hint", sys.argv[1], number=number)
    print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_writers_are_killed_while_the_file_is_mended(own_home):
    rng = random.Random(3)
    told = {}
    for round in range(6):
        name = f"writer-{round}"
        process = subprocess.Popen([sys.executable, "-c", WRITER, name], stdout=subprocess.PIPE)
        until = rng.randrange(5, 60)
        for line in process.stdout:
            if int(line) == until:
                break
            if int(line) % 5 == 0:  # somebody else writes nonsense, and this process mends it
                with progress.file().open("ab") as file:
                    file.write(b"nonsense\n")
                for copy in copies():
                    copy.unlink()
                progress.events()
        process.kill()
        rest = process.stdout.read().split(b"\n")[:-1]
        process.wait()
        process.stdout.close()
        told[name] = max([until, *map(int, rest)])
    events = progress.events()
    for name, last in told.items():
        numbers = [event["number"] for event in events if event["id"] == name]
        assert numbers[: last + 1] == list(range(last + 1)) and len(numbers) <= last + 2


# ---- no room --------------------------------------------------------------------------------------


def with_room_for(size: int, code: str) -> str:
    """What code prints in a process none of whose files can be longer."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    command = [sys.executable, "-c", limit + "from optcourse import progress\n" + textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout


def test_a_full_disk_loses_nothing_that_was_acknowledged_and_says_so_once():
    said = with_room_for(
        2000, "print([progress.record('hint', 'x', number=k, filler='y' * 99) for k in range(20)])"
    )
    told, answers = said.splitlines()
    kept = answers.count("True")
    assert told.startswith("Your progress cannot be kept in") and "File too large" in told
    assert 0 < kept < 20 and answers == str([True] * kept + [False] * (20 - kept))
    assert [event["number"] for event in progress.events()] == list(range(kept))
    assert progress.file().read_bytes().endswith(b"\n") and not copies()


def test_where_there_is_no_room_to_mend_nothing_is_touched():
    broken = lines_of(100) + b"nonsense\n"
    write(broken)
    said = with_room_for(
        len(broken) // 2, "print(len(progress.events()), len(progress.events()))"
    ).splitlines()
    assert said[0].startswith("Your progress in") and "cannot be mended (File too large)" in said[0]
    assert said[1:] == ["100 100"]
    assert progress.file().read_bytes() == broken
    assert [path.name for path in progress.file().parent.iterdir()] == ["progress.jsonl"]
    assert len(progress.events()) == 100 and len(copies()) == 1  # there is room again


def test_a_write_that_takes_a_part_at_a_time_is_gone_on_with(monkeypatch):
    real = os.write
    monkeypatch.setattr(journal.os, "write", lambda handle, data: real(handle, data[:7]))
    assert progress.record("hint", GD, number=1) and progress.record("hint", GD, number=2)
    assert progress.progress().lessons[3].hints == 2 and not copies()


def test_an_entry_that_no_reader_would_take_is_not_written(capsys):
    assert not progress.record("hint", GD, number=1, filler="x" * journal.LINE_LIMIT)
    assert "100,000 may be kept" in capsys.readouterr().out
    assert not progress.file().exists()


# ---- held by another, or no file at all -----------------------------------------------------------


def test_a_pipe_in_the_files_place_stops_nobody(own_home, capsys):
    (own_home / ".optcourse").mkdir()
    os.mkfifo(progress.file())
    assert check(GD, gradient_descent).passed and progress.progress().lessons
    said = capsys.readouterr().out
    assert said.count("cannot be kept") == said.count("cannot be read") == 1
    assert said.count("it is not a plain file") == 2


def test_a_lock_that_nobody_gives_back_is_waited_for_once(monkeypatch, capsys):
    monkeypatch.setattr(journal, "LOCK_WAIT", 0.2)
    path = write(lines_of(3) + b"nonsense\n")
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        began = time.monotonic()
        assert not progress.record("hint", GD, number=1)
        assert time.monotonic() - began >= 0.2
        monkeypatch.setattr(journal, "LOCK_WAIT", 10_000)  # a second wait would never end
        assert not progress.record("hint", GD, number=1)
        assert len(progress.events()) == 3
    said = capsys.readouterr().out
    assert said.count("cannot be kept") == said.count("cannot be mended") == 1
    assert said.count("another program holds it") == 2
    assert progress.record("hint", GD, number=1) and len(progress.events()) == 4


def test_a_file_that_was_mended_while_one_waited_is_opened_anew():
    code = "from optcourse import progress; print('on', flush=True); print(progress.record('hint', 'late'))"
    path = write(lines_of(3))
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "on\n"
        until(lambda: has_open(process.pid, path) or process.poll() is not None)
        assert process.poll() is None
        path.with_name("new").write_bytes(path.read_bytes())
        path.with_name("new").replace(path)
    assert process.communicate(timeout=240)[0] == "True\n"
    assert [event["id"] for event in progress.events()] == [GD] * 3 + ["late"]


def has_open(pid: int, path: Path) -> bool:
    return any(os.path.realpath(f"/proc/{pid}/fd/{fd}") == str(path) for fd in os.listdir(f"/proc/{pid}/fd"))


def test_a_system_without_locks_keeps_and_reads_but_does_not_mend(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    path = write(b"nonsense\n")
    assert progress.record("hint", GD, number=1) and progress.progress().lessons[3].hints == 1
    assert "cannot hold it alone" in capsys.readouterr().out
    assert path.read_bytes().startswith(b"nonsense\n") and not copies()


def test_a_folder_that_was_deleted_under_us(own_home, monkeypatch, capsys):
    monkeypatch.delenv("OPTCOURSE_HOME")
    (own_home / "gone").mkdir()
    monkeypatch.chdir(own_home / "gone")
    (own_home / "gone").rmdir()
    assert not progress.record("hint", GD, number=1) and progress.events() == []
    assert "cannot be kept" in capsys.readouterr().out


def test_a_link_to_the_file_stays_a_link(own_home):
    (own_home / "synced").mkdir()
    (own_home / "synced" / "mine.jsonl").write_bytes(lines_of(3) + b"nonsense\n")
    progress.file().parent.mkdir()
    progress.file().symlink_to(own_home / "synced" / "mine.jsonl")
    assert len(progress.events()) == 3 and progress.file().is_symlink()
    assert (own_home / "synced" / "mine.jsonl").read_bytes() == lines_of(3)


def test_nobody_else_may_read_it():
    progress.record("hint", GD, number=1)
    assert progress.file().stat().st_mode & 0o077 == 0
    with progress.file().open("ab") as file:
        file.write(b"nonsense\n")
    progress.events()
    assert all(path.stat().st_mode & 0o077 == 0 for path in [progress.file(), *copies()]) and copies()


# ---- filled with anything -------------------------------------------------------------------------

ODD_LINES = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"kind":' * 3000,
    "deep in a field": b'{"kind": "hint", "id": "x", "more": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a list as number": b'{"kind": "hint", "id": "03-gradient-descent", "number": [1]}',
    "an object as question": b'{"kind": "quiz", "id": "03", "question": {}}',
    "a list as kind": b'{"kind": ["hint"], "id": "x"}',
    "no kind": b'{"id": "x"}',
    "a list as status": b'{"kind": "check", "id": "03-gradient-descent", "status": ["passed"]}',
    "a number as time": b'{"kind": "check", "id": "x", "time": 7}',
    "no number": b'{"kind": "predict", "id": "03-largest-rate", "value": NaN}',
    "a number beyond all": b'{"kind": "predict", "id": "03-largest-rate", "value": 1e999}',
    "a long number": b'{"kind": "predict", "id": "03-largest-rate", "value": ' + b"9" * 400 + b"}",
    "a longer number": b'{"kind": "predict", "id": "03-largest-rate", "value": ' + b"9" * 5000 + b"}",
    "a long line": b'{"kind": "hint", "id": "' + b"x" * journal.LINE_LIMIT + b'"}',
    "null": b"null",
    "zeros": b"\0" * 4096,
}


@pytest.mark.parametrize("line", ODD_LINES.values(), ids=ODD_LINES)
def test_a_line_that_is_not_understood_costs_that_line(line, capsys):
    from optcourse.questions.widgets import hints, predict, quiz

    write(lines_of(2) + line + b"\n" + b'{"kind": "hint", "id": "last"}\n')
    assert [hints(GD), predict("03-largest-rate"), quiz("03")]
    assert str(progress.progress()) and progress.main(["--json"]) == 0
    assert [event["id"] for event in progress.events()] == [GD, GD, "last"]
    captured = capsys.readouterr()
    assert "1 broken line(s)" in captured.out + captured.err
    assert line in copies()[0].read_bytes()


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: journal.BOM + data,
        lambda data: data + journal.BOM + data,  # two files, one after the other
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\n\n  \n" + data + b"\n\n",
        lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b'"number": 1', '"filler": "\u2028 \x85 \u2029", "number": 1'.encode()),
        lambda data: data.replace(b'"number": 1', b'"filler": "\xff", "number": 1'),
        lambda data: data.replace(b'"number": 1', b'"number": null'),
    ],
    ids=["BOM", "BOM inside", "Windows", "empty lines", "no end", "U+2028", "not UTF-8", "null"],
)
def test_what_editors_and_systems_do_to_a_file_costs_nothing(changed, capsys):
    data = changed(lines_of(3))
    path = write(data)
    assert {event["number"] for event in progress.events()} >= {0, 2} and len(progress.events()) in (3, 6)
    assert path.read_bytes() == data and not copies() and capsys.readouterr().out == ""
    assert progress.record("hint", "next") and progress.events()[-1]["id"] == "next"


def test_half_a_character_is_kept_as_a_question_mark_and_printed_anywhere(capsys):
    assert progress.record("predict", "03-largest-rate", guess="\ud800", answer="1", right=False)
    with progress.file().open("ab") as file:
        file.write(b'{"kind": "predict", "id": "other", "guess": "\\uDC00", "answer": "\\ud83d\\ude00"}\n')
    outcomes = progress.progress().outcomes
    assert outcomes[0].startswith("03-largest-rate: you said ?") and "you said ?, it is 😀" in outcomes[1]
    assert "\n".join(outcomes).encode() and not copies()


def test_of_a_file_that_is_too_long_beginning_and_end_are_read(monkeypatch, capsys):
    monkeypatch.setattr(journal, "READ_LIMIT", 10_000)
    data = lines_of(1000)
    path = write(data)
    numbers = [event["number"] for event in progress.events()]
    assert numbers[0] == 0 and numbers[-1] == 999 and len(numbers) > 100
    assert "only its beginning and its end are read" in capsys.readouterr().out
    assert progress.record("hint", GD, number=1000) and progress.events()[-1]["number"] == 1000
    assert path.read_bytes().startswith(data) and not copies()


def test_a_hundred_megabytes_are_not_all_read(monkeypatch):
    taken = []
    parse = journal._parse
    monkeypatch.setattr(journal, "_parse", lambda data: taken.append(len(data)) or parse(data))
    path = write(lines_of(3))
    os.truncate(path, 100_000_000)
    with path.open("ab") as file:
        file.write(b"\n" + lines_of(3))
    assert len(progress.events()) == 6 and max(taken) <= journal.READ_LIMIT


def test_copies_do_not_pile_up_without_end(capsys):
    for _ in range(journal.COPIES_LIMIT + 3):
        with write(lines_of(1)).open("ab") as file:
            file.write(b"nonsense\n")
        assert len(progress.events()) == 1
    assert len(copies()) == journal.COPIES_LIMIT
    assert "copies of it lie beside it already" in capsys.readouterr().out


# ---- taken back -----------------------------------------------------------------------------------


def copy_with(data: bytes, name: str = "progress.broken-2026-11-01.jsonl") -> None:
    progress.file().with_name(name).write_bytes(data)


@pytest.mark.parametrize("left", [b"", lines_of(20), b'{"kind": "hint", "id": "new"}\n', None])
def test_what_an_interrupted_mending_lost_is_taken_back_and_said(left, capsys, monkeypatch):
    path = write(left or b"")
    if left is None:
        path.unlink()
    copy_with(lines_of(40) + b"nonsense\n" + lines_of(60)[len(lines_of(40)) :])
    numbers = [event.get("number") for event in progress.events()]
    assert sorted(n for n in numbers if n is not None) == list(range(60))
    assert (numbers[-1] is None) is (left is not None and b"new" in left)
    lost = 40 if left and b"new" not in left else 60
    said = capsys.readouterr().out
    assert said.startswith(f"{lost} line(s) of your progress were lost") and said.count("\n") == 1
    kept = path.read_bytes()
    monkeypatch.setattr(journal, "_looked_at", set())  # once is enough, also for the next process
    assert len(progress.events()) == len(numbers) and path.read_bytes() == kept
    assert capsys.readouterr().out == ""


def test_a_file_that_lost_lines_and_is_broken_itself_loses_neither(capsys):
    write(b"half a li\n" + lines_of(2))
    copy_with(lines_of(4))
    assert sorted(event["number"] for event in progress.events()) == [0, 1, 2, 3]
    assert any(b"half a li" in copy.read_bytes() for copy in copies()) and len(copies()) == 2
    assert all(json.loads(line) for line in progress.file().read_text().splitlines())


def test_two_copies_are_not_counted_twice():
    write(b"")
    copy_with(lines_of(5))
    copy_with(lines_of(8), "progress.broken-2026-11-01-2.jsonl")
    assert sorted(event["number"] for event in progress.events()) == list(range(8))


def test_an_ordinary_copy_brings_nothing_back(capsys, monkeypatch):
    write(lines_of(5) + b"nonsense\n" + lines_of(1))  # the first line twice
    assert len(progress.events()) == 6
    capsys.readouterr()
    monkeypatch.setattr(journal, "_looked_at", set())
    assert len(progress.events()) == 6 and capsys.readouterr().out == ""


def test_a_copy_that_cannot_be_read_is_said_and_stops_nobody(capsys):
    write(lines_of(2))
    os.mkfifo(progress.file().with_name("progress.broken-2026-11-01.jsonl"))
    assert len(progress.events()) == 2
    assert "They could not be compared" in capsys.readouterr().out
