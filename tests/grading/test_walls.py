"""The walls and the judge: fair marks for the course's own notebooks, limits that hold, messages that cannot hurt.

The battery of submissions is in test_battery.py; here are the parts that it stands on.
"""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import exercises
from optcourse.checking.check import check_exercise, run_cases, visible_seed
from optcourse.checking.verdict import judge
from optcourse.grading import marking, pool
from optcourse.grading.marking import Unreadable, find_lesson, grade_notebook, read_cells
from optcourse.grading.walls import outside
from optcourse.grading.walls.outside import KEPT, Limits, SandboxFailed, Stopped, WalledProcess
from optcourse.learner import wire
from optcourse.learner.limits import TimeLimit, call_with_limit
from optcourse.learner.running import Outcome, Recorder, values_outcome
from tests.conftest import until

ROOT = Path(__file__).resolve().parents[2]
LESSONS = exercises.lessons()
LIMITS = Limits(cell_seconds=2.0, call_seconds=2.0, total_seconds=60.0, memory=600_000_000)
SOLUTION = read_cells(ROOT / "solutions" / "03_gradient_descent.ipynb")
# An answer counts as it stood at its check, too; here are notebooks in which a later cell has the last word.
UNCHECKED = [cell for cell in SOLUTION if not cell.startswith("check(")]


def course_notebook(folder, lesson):
    (path,) = (ROOT / folder).glob(f"{lesson}_*.ipynb")
    return path


def notebook(folder, cells):
    path = folder / "student.ipynb"
    cells = [{"cell_type": "code", "source": source} for source in cells]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    return path


def marks(folder, cells, **options):
    options = {"seed": 5, "lesson": "03", "limits": LIMITS} | options
    return {m.id: m for m in grade_notebook(notebook(folder, cells), **options).exercises}


def inside(code, *names, lesson="03", sandboxed=True, limits=LIMITS):
    """Run a cell behind the walls; the values of some names afterwards."""
    with WalledProcess(lesson, limits, sandboxed, time.monotonic() + 60) as worker:
        kept = [f"optcourse.{name}" for name in KEPT.get(lesson, {})]
        job = {
            "cells": [code, f"import json as _json\n_answer = _json.dumps([{', '.join(names)}])"],
            "skip": [],
            "kept": kept,
        }
        worker.say(job | {"largest": limits.message})
        while "ready" not in (message := worker.hear(30)):
            assert message.get("failed") is None, message
            if "cell" in message:
                worker.say({"seconds": 20.0, "wall": 60.0})
        worker.say({"values": ["_answer"], "exercise": "", "names": ["_answer"]})
        outcome = marking._outcome(worker.hear(10)["outcome"])
        assert not outcome.problem
        found = json.loads(outcome.result)
        return found[0] if len(found) == 1 else tuple(found)


# -- fair marks for the course's own notebooks -----------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_solved_lesson_earns_everything_without_bubblewrap_too(lesson):
    graded = grade_notebook(course_notebook("solutions", lesson), seed=11, sandboxed=False)
    assert graded.lesson == lesson and graded.trouble == ()
    assert [m.status for m in graded.exercises] == ["passed"] * len(graded.exercises)
    assert graded.points == graded.of == sum(e.points for e in exercises.module(lesson).EXERCISES)


@pytest.mark.parametrize("lesson", LESSONS)
def test_an_untouched_lesson_earns_nothing_and_is_not_started(lesson):
    graded = grade_notebook(course_notebook("lessons", lesson), seed=11)
    assert graded.points == 0 and graded.trouble == ()
    assert {m.status for m in graded.exercises} == {"not started"}


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_a_submission_finds_of_the_course_is_no_answer(lesson):
    found = []
    for module_name, names in KEPT.get(lesson, {}).items():
        module = __import__(f"optcourse.{module_name}", fromlist=["x"])
        things = [getattr(module, name) for name in names.split()]
        made = [
            thing() for thing in things if thing.__name__ in ("load_digits", "lecture_bowl", "rosenbrock")
        ]
        made += [thing() for thing in things if thing.__name__ in ("heavy_ball_cycle", "cliff", "quadratic")]
        parts = [getattr(thing, name) for thing in made for name in dir(thing) if not name.startswith("_")]
        found += [thing for thing in [*things, *made, *parts] if thing is not None]
    for exercise in exercises.module(lesson).EXERCISES:
        cases, expected = marking._drawn(exercise.id, tuple(visible_seed(exercise)))
        for thing in found:
            if exercise.kind == "value":
                outcomes = [values_outcome(exercise.answers, [thing] * len(exercise.answers))]
            elif callable(thing):
                outcomes = run_cases(thing, cases[:3], 2.0)
            else:
                continue
            verdict = judge(exercise, cases, outcomes, expected=expected[: len(outcomes)], explain=False)
            assert not verdict.passed and not verdict.sentence.startswith("Not every call"), (
                exercise.id,
                thing,
            )


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_a_submission_finds_of_the_course_is_what_is_named(lesson):
    code = """
import optcourse, os, sys
found = []
for name in sorted(os.listdir(optcourse.__path__[0])):
    name = name.removesuffix(".py")
    module = getattr(optcourse, name) if not name.startswith("_") and "." not in name else None
    if type(module).__name__ == "module":
        found += [f"{name}.{k}" for k, v in vars(module).items() if getattr(v, "__module__", "") == "optcourse." + name]
found = [name for name in found if "._" not in name]
rooms = tuple(f"optcourse.{room}" for room in ("checking", "exercises", "grading", "learner"))
hidden = [name for name in sys.modules if name.startswith(rooms)]
"""
    found, hidden = inside(code, "found", "hidden", lesson=lesson)
    named = {f"{module}.{name}" for module, names in KEPT.get(lesson, {}).items() for name in names.split()}
    assert set(found) == named and hidden == []


def test_a_misconception_earns_nothing_on_hidden_cases_either():
    for lesson in LESSONS:
        for number, exercise in enumerate(exercises.module(lesson).EXERCISES):
            if exercise.kind == "function":
                cases, expected = marking._drawn(exercise.id, (77, number))
                for misconception in exercise.misconceptions:
                    outcomes = run_cases(misconception.code, cases, exercise.seconds)
                    verdict = judge(
                        exercise, cases, outcomes, expected=expected[: len(outcomes)], explain=False
                    )
                    assert not verdict.passed, (exercise.id, misconception.id)


# -- words -----------------------------------------------------------------------------------------


def test_the_words_are_those_of_the_notebooks_check(tmp_path):
    wrong = (
        "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    return w - learning_rate"
    )
    names = {}
    exec(wrong, names)
    exercise = exercises.get("03-gradient-descent")
    feedback = check_exercise(exercise, names["gradient_descent"])
    mark = marks(tmp_path, [*UNCHECKED, wrong])[exercise.id]
    assert (mark.points, mark.status, mark.hidden_failed) == (0, "failed", False)
    assert mark.visible == " ".join([feedback.sentence, *feedback.details])


def test_the_librarys_own_answer_is_told_that_it_is_left_out(tmp_path):
    cell = "from optcourse.optimizers import GradientDescent as gradient_descent\n"
    used = "def saddle_steps(*a):\n    from optcourse import theory\n    return theory.saddle_steps(*a)"
    found = marks(tmp_path, [*UNCHECKED, cell, used])
    assert found["03-gradient-descent"].visible == (
        "`optcourse.optimizers.GradientDescent` is left out of grading: write it yourself."
    )
    assert found["03-gradient-descent"].points == found["03-saddle-steps"].points == 0


def test_an_answer_that_needs_a_package_for_its_value_is_told_so_however_it_asks(tmp_path):
    cell = """
import scipy.optimize as so
def best_learning_rate(H): return so.minimize(H).x
def steps_needed(condition_number, tolerance): return int(so.brentq(condition_number))
def saddle_steps(y0, learning_rate): return round(so.brentq(y0), 3)
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    for _ in range(so.count(num_steps)): pass
    return w
def batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    return [0.0] if so.state == 0 else [1.0]
"""
    asked = {
        "03-best-learning-rate": "minimize.x",
        "03-steps-needed": "brentq",
        "03-saddle-steps": "brentq",
        "03-gradient-descent": "count",
        "03-batch-gradient-descent": "state",
    }
    found = marks(tmp_path, [*UNCHECKED, cell])
    for exercise, name in asked.items():
        assert f"`scipy.optimize.{name}` is not there when grading runs" in found[exercise].visible, exercise


def test_a_hidden_case_never_reaches_a_word(tmp_path):
    count = len(exercises.get("03-best-learning-rate").draw_cases(0))
    cell = f"""
right, calls = best_learning_rate, []
def best_learning_rate(H):
    calls.append(H)
    if len(calls) > {count}:
        raise ValueError("SECRET " + repr(H))
    return right(H)
"""
    graded = grade_notebook(notebook(tmp_path, [*UNCHECKED, cell]), seed=5, limits=LIMITS)
    mark = {m.id: m for m in graded.exercises}["03-best-learning-rate"]
    assert (mark.points, mark.status, mark.hidden_failed) == (0, "failed", True)
    assert mark.visible == marking.ONLY_VISIBLE and "SECRET" not in repr(graded)


def test_a_missing_answer_and_a_stopped_one_say_why(tmp_path):
    cells = [
        cell for cell in SOLUTION if "def gradient_descent" not in cell and "def saddle_steps" not in cell
    ]
    cells = [cell for cell in cells if "def steps_needed" not in cell]
    cells += ["def saddle_steps(:", "def steps_needed(*a):\n    while True: pass"]
    found = marks(tmp_path, cells, limits=Limits(call_seconds=0.5))
    assert found["03-gradient-descent"].status == "missing"
    assert found["03-gradient-descent"].visible == "`gradient_descent` is not in the notebook."
    assert found["03-saddle-steps"].visible.endswith("stopped with SyntaxError.")
    assert found["03-steps-needed"].status == "stopped" and "never end" in found["03-steps-needed"].visible
    assert found["03-best-learning-rate"].points == 2


# -- limits ----------------------------------------------------------------------------------------

TRIES = """
import os, socket, subprocess, threading, asyncio, signal, sys
def error(f):
    try:
        f()
    except BaseException as e:
        return type(e).__name__
    return ""
def fill():
    for k in range(100):
        with open(f"/tmp/{k}", "wb") as file:
            file.write(bytes(10_000_000))
def bomb():
    while True:
        os.fork()
def exhaust_descriptors():
    kept = [open(os.devnull) for _ in range(200)]
def write_everywhere():
    wrote = []
    for folder, folders, files in os.walk("/"):
        if folder == "/tmp" or folder.startswith(("/tmp/", "/dev")):
            continue
        try:
            open(os.path.join(folder, "x"), "w").close()
            wrote.append(folder)
        except OSError:
            pass
    return wrote
refused = {name: error(f) for name, f in {
    "fork": os.fork, "bomb": bomb, "process": lambda: subprocess.run(["true"]), "exec": lambda: os.execv("/bin/sh", ["sh"]),
    "socket": lambda: socket.socket(), "unix": lambda: socket.socket(socket.AF_UNIX), "memfd": lambda: os.memfd_create("x"),
    "kill": lambda: os.kill(os.getppid(), 0), "memory": lambda: bytearray(LIMIT),
    "file": lambda: open("large", "wb", 0).write(bytes(20_000_000)) == 20_000_000 or 1 / 0,
    "descriptors": exhaust_descriptors,
}.items()}
ran = []
thread = threading.Thread(target=lambda: ran.append(1)); thread.start(); thread.join()
allowed = [len(ran), asyncio.run(asyncio.sleep(0, 7)), len(os.environ)]
environment = sorted(os.environ)
"""


@pytest.mark.parametrize("sandboxed", [True, False])
def test_the_kernel_refuses_what_a_submission_has_no_business_with(sandboxed, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    code = TRIES.replace("LIMIT", str(LIMITS.memory))
    refused, allowed, environment = inside(code, "refused", "allowed", "environment", sandboxed=sandboxed)
    assert refused.pop("memory") == "MemoryError"
    assert refused.pop("file") in ("OSError", "ZeroDivisionError")
    assert refused.pop("descriptors") == "OSError"
    assert set(refused.values()) == {"PermissionError"}, refused
    assert allowed[:2] == [1, 7]
    assert set(environment) <= {
        "HOME",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "PWD",
        "LC_CTYPE",
    }


def test_the_sandbox_shows_no_file_of_course_judge_or_students_and_takes_none(tmp_path):
    (tmp_path / "secret").write_text("x")
    code = (
        TRIES.split("refused =")[0]
        + f"""
full = error(fill)
wrote = write_everywhere()
paths = [{str(tmp_path)!r}, {str(ROOT)!r}, *"/proc/1 /etc/passwd /home /root/.bashrc /var /run /usr/bin".split()]
seen = [path for path in paths if os.path.exists(path)]
secret = {{"grading.py", "optimizers.py", "verdict.py", "ingredients.py", "lesson_03.py"}}
course = [f for _, _, files in os.walk("/") for f in files if f.endswith(".ipynb") or f in secret]
"""
    )
    full, wrote, seen, course = inside(code, "full", "wrote", "seen", "course")
    assert full == "OSError" and wrote == [] and seen == [] and course == []


def test_memory_in_pieces_below_every_single_limit_is_seen(tmp_path):
    cell = "kept = []\nwhile True:\n    kept.append(bytes(range(256)) * 40_000)"
    graded = grade_notebook(notebook(tmp_path, [cell, *SOLUTION]), seed=5, limits=LIMITS)
    assert graded.points == 14


def test_the_record_of_questions_is_bounded(tmp_path):
    cell = "def gradient_descent(compute_gradient, w, *a):\n    while True:\n        try: compute_gradient(np.zeros(9_000))\n"
    cell += "        except ValueError: pass"
    found = marks(tmp_path, [*UNCHECKED, cell], limits=Limits(record=1_000_000))
    assert "too many numbers in all" in found["03-gradient-descent"].visible


def test_many_small_steps_are_no_crime(tmp_path):
    solution = read_cells(course_notebook("solutions", "04"))
    cell = """
def train(compute_gradient, w, num_examples, rng):
    w = np.array(w)
    for _ in range(10):
        for minibatch in np.array_split(rng.permutation(num_examples), 150):
            w -= 0.2 * compute_gradient(w, minibatch)
    return w
"""
    found = marks(tmp_path, [*solution, cell], lesson="04", limits=Limits())["04-train-digits"]
    assert (found.points, found.status) == (4, "passed"), found


@pytest.mark.parametrize("sleep", [60, 0.5])
def test_threads_without_end_cost_their_own_cell(tmp_path, sleep):
    cell = f"import threading, time\nwhile True: threading.Thread(target=time.sleep, args=({sleep},)).start()"
    graded = grade_notebook(notebook(tmp_path, [cell, *SOLUTION]), seed=5, limits=LIMITS)
    assert graded.points == 14 and len(graded.trouble) == 1


def test_the_watch_counts_the_memory_of_the_whole_group():
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as child:
        until(lambda: outside._too_much(child.pid, Limits(memory=1_000_000)))  # it is Python by now
        assert (
            outside._too_much(child.pid, Limits(memory=1_000_000)) == "it used more than 0.001 GB of memory"
        )
        assert outside._too_much(child.pid, Limits(processes=0)) == "it started too many processes"
        assert outside._too_much(child.pid, Limits(threads=0)) == "it started too many threads"
        assert outside._too_much(child.pid, Limits(memory=10**12, processes=1000, threads=1000)) is None


def test_the_time_of_a_cell_a_call_and_of_all_is_limited(tmp_path):
    deaf = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGPROF])\nwhile True: pass"
    cells = [deaf, "while True: pass", *SOLUTION]
    graded = grade_notebook(notebook(tmp_path, cells), seed=5, limits=Limits(cell_seconds=0.5))
    assert graded.points == 14 and graded.trouble == (
        "code cell 1: it took too long, so it was left out",
        "code cell 2: it ran longer than 0.5 seconds and was stopped in line 1, `while True: pass`",
    )
    calls = "def gradient_descent(*a):\n    while True: pass"
    graded = grade_notebook(
        notebook(tmp_path, [*UNCHECKED, calls]), seed=5, limits=Limits(total_seconds=2), lesson="03"
    )
    assert graded.points == 0 and {m.status for m in graded.exercises} == {"stopped"}
    assert "took too long" in graded.exercises[0].visible


def test_cells_that_take_all_the_time_cost_no_exercise(tmp_path):
    cells = [*SOLUTION, *["while True: pass"] * 9]
    graded = grade_notebook(notebook(tmp_path, cells), seed=5, limits=Limits(total_seconds=2))
    assert graded.points == 14
    assert re.search(
        r"the time of all cells, 2 seconds, was over before code cell \d+: it and", graded.trouble[-1]
    )
    cells = [*["import time\ntime.sleep(1)"] * 9, *SOLUTION]
    graded = grade_notebook(notebook(tmp_path, cells), seed=5, limits=Limits(total_seconds=2))
    assert graded.points == 0
    assert {m.status for m in graded.exercises} == {"stopped"}  # it waits for a person; it is no zero
    assert "code cell 14, which had to be left out" in graded.exercises[0].visible


def test_results_and_questions_are_limited_in_size_number_and_depth(tmp_path):
    cell = """
def gradient_descent(compute_gradient, w, *a):
    while True:
        compute_gradient(w)
def batch_gradient_descent(compute_gradient, w, *a):
    return compute_gradient(np.zeros(50_000))
def best_learning_rate(H):
    return np.zeros(10**6)
def steps_needed(*a):
    x = []
    for _ in range(100): x = [x]
    return x
def saddle_steps(*a):
    return 10**400
"""
    limits = Limits(questions=500)
    tracemalloc.start()
    graded = grade_notebook(notebook(tmp_path, [*UNCHECKED, cell]), seed=5, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found = {m.id: m for m in graded.exercises}
    assert peak < 40_000_000
    assert graded.points == found["03-read-a-hessian"].points == 2
    assert "500 values of a function" in found["03-gradient-descent"].visible
    assert "too many numbers" in found["03-batch-gradient-descent"].visible
    assert "too large" in found["03-best-learning-rate"].visible
    for name in ("03-steps-needed", "03-saddle-steps"):
        assert found[name].status == "failed" and "cannot be compared" in found[name].visible


def test_nothing_is_left_running_or_lying_about(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outside.prepared("03")  # once a process; it goes with the process
    before = set(os.listdir(tmp_path))
    children, _ = outside._tree(os.getpid())
    late = "import threading, time\nthreading.Thread(target=lambda: time.sleep(60)).start()"
    for sandboxed in (True, False):
        assert grade_notebook(notebook(tmp_path, [*SOLUTION, late]), seed=5, sandboxed=sandboxed).points == 14
    assert set(os.listdir(tmp_path)) == before | {"student.ipynb"}
    assert outside._tree(os.getpid())[0] == children


def test_walls_that_cannot_be_built_are_no_zero(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: no permissions' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(outside, "_walls", lambda *a: [str(fake)])
    with pytest.raises(SandboxFailed, match="no permissions"):
        grade_notebook(notebook(tmp_path, SOLUTION), seed=5)


def test_walls_that_fall_later_are_no_zero_either(tmp_path, monkeypatch):
    """The second worker cannot be started any more, while hidden cases are tried."""
    start, count = WalledProcess.__init__, []

    def once(self, *args):
        count.append(1)
        if len(count) > 1:
            raise SandboxFailed("no more processes")
        start(self, *args)

    monkeypatch.setattr(WalledProcess, "__init__", once)
    calls = len(marking._drawn("03-steps-needed", tuple(visible_seed(exercises.get("03-steps-needed"))))[0])
    cell = f"""
import os
right, calls = steps_needed, []
def steps_needed(*a):
    calls.append(1)
    return right(*a) if len(calls) <= {calls} else os._exit(0)
"""
    with pytest.raises(SandboxFailed, match="no more"):
        grade_notebook(notebook(tmp_path, [*UNCHECKED, cell]), seed=5)


# -- messages --------------------------------------------------------------------------------------


def same(a, b):
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and (a == b or a != a)


def test_plain_values_travel_to_the_last_bit():
    values = [
        None,
        True,
        3,
        -(2**63) + 1,
        0.1,
        float("nan"),
        float("-inf"),
        1 + 2j,
        "tëxt",
        (1, [2.0, ()]),
        {"a": 1, 2: (3,)},
    ]
    values += [
        np.array([[1.5, -0.0], [np.nan, np.inf]]),
        np.float64(0.1),
        np.array(7),
        np.zeros((0, 3)),
        np.array([True, False]),
    ]
    values += [np.arange(3, dtype=d) for d in ("i1", "u8", "f2", "f4", "c8", "c16")]
    values += [np.arange(6.0).reshape(2, 3).T, np.arange(6)[::2]]
    for value in values:
        assert same(value, wire.decode(wire.loads(json.dumps(wire.encode(value)).encode())))
    assert wire.decode(wire.encode(np.arange(3, dtype=">f8"))).tolist() == [0, 1, 2]
    for value in (
        object(),
        {1, 2},
        b"x",
        2**63,
        [lambda: 0],
        np.array([object()]),
        np.float64,
        type("F", (float,), {})(1),
    ):
        with pytest.raises(TypeError):
            wire.encode(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(wire.DTYPES),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "array dtype shape scalar complex tuple dict ask rng result problem failure kind note".split()
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_whatever_a_message_holds_it_is_read_or_refused(data):
    try:
        wire.decode(data)
    except Unreadable:
        pass
    assert isinstance(marking._outcome(data), Outcome)
    keys = ("result", "problem", "note", "changed", "warnings", "failure")
    assert isinstance(marking._outcome(dict.fromkeys(keys, data)), Outcome)
    for attempt in (
        lambda: marking._answers(["a"], data),
        lambda: marking._answers(["a"], [data]),
        lambda: ask(data),
    ):
        try:
            attempt()
        except Stopped:
            pass


def ask(data, function=lambda *a, **k: 1.0):
    recorder = Recorder(function)
    return marking._reply({"0": recorder}, data if isinstance(data, dict) else {"ask": "0", "args": data})


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message_are_refused(raw):
    try:
        wire.loads(raw)
    except Unreadable:
        pass


@pytest.mark.parametrize(
    "data",
    [
        {"array": "", "dtype": "<f8", "shape": [10**9, 10**9]},
        {"array": "", "dtype": "<f8", "shape": [0, 2**40]},
        {"array": "AAAAAAAAAAA=", "dtype": "<f8", "shape": [-1, -1]},
        {"array": "AAAAAAAAAAA=", "dtype": "<f8", "shape": [True]},
        {"array": "AAAAAAAAAAA=", "dtype": "<f8", "shape": [2]},
        {"array": "AAAAAAAAAAA=", "dtype": "|O8", "shape": [1]},
        {"array": "AAAAAAAAAAA=", "dtype": "f8,(", "shape": [1]},
        {"array": "AAAAAAAAAAA=", "dtype": "1" * 5000 + "f8", "shape": [1]},
        {"array": "AAAAAAAAAAA=", "dtype": ["<f8"], "shape": [1]},
        {"array": "AAAAAAAAAAA=", "dtype": "|b1", "shape": [1] * 40},
        {"ingredient": "Rng", "fields": {"seed": 1}},
        {"rng": 3},
        {"dict": [[[1], 2]]},
        {"dict": 5},
        10**30,
    ],
)
def test_forged_values_are_refused_without_making_anything_of_them(data):
    with pytest.raises(Unreadable):
        wire.decode(data)


def test_a_nested_and_a_crowded_message_are_refused():
    deep = None
    for _ in range(30):
        deep = [deep]
    with pytest.raises(Unreadable):
        wire.decode(deep)
    for raw in (b"[" * 100_000, b"[" + b"[]," * 300_000 + b"0]", b"1" * 10_000, b"\xff\xfe"):
        with pytest.raises(Unreadable):
            wire.loads(raw)


def test_packed_questions_and_replies_travel_to_the_last_bit():
    values = [
        np.array([[1.5, -0.0], [np.nan, np.inf]]),
        np.float64(0.1),
        0.1,
        np.array(7),
        np.zeros((0, 3)),
        None,
    ]
    values += [np.array([True, False]), np.bool_(True), np.arange(6.0).reshape(2, 3).T, np.arange(6)[::2]]
    values += [np.arange(3, dtype=d) for d in ("i1", "u8", "f2", "f4", "c8", "c16")]
    for value in values:
        message = wire.loads(wire.pack_question("w", [value], {"minibatch": value, "öre": value}))
        assert message["ask"] == "w" and list(message["kwargs"]) == ["minibatch", "öre"]
        for got in (*message["args"], *message["kwargs"].values()):
            assert same(got, value)
            if isinstance(got, np.ndarray) and got.dtype != bool:
                assert got.flags.aligned and not got.flags.writeable
        got = wire.unpack_reply(wire.pack_reply(value))
        assert same(got, value) and (not isinstance(got, np.ndarray) or got.flags.writeable)
    for value in (
        3,
        True,
        "x",
        1j,
        [1.0],
        {"w": 1.0},
        np.array(["x"]),
        np.array([None]),
        np.arange(3, dtype=">f8"),
    ):
        assert wire.pack_reply(value) is wire.pack_question("0", [value], {}) is None
    assert wire.pack_question("0", [], {"x" * 300: 1.0}) is wire.pack_question("0", [], {"a\0b": 1.0}) is None


def test_a_packed_question_that_lies_is_refused():
    honest = wire.pack_question("0", [np.arange(4.0)], {"batch": np.arange(3)})
    assert same(
        wire.unpack_reply(ask(wire.loads(honest), lambda w, batch: w[batch] + 1)), np.arange(1.0, 4.0)
    )
    head, kind = honest[:16], wire.ARRAY
    lies = [
        honest[:-1],
        honest[:1],
        b"?\xff0",
        b"?\x03\xff\xff\xff" + honest[8:],
        head + wire.HEADS[1].pack(kind, 200, 1, 0),  # no such type
        head + wire.HEADS[1].pack(kind, 12, 200, 0),  # no such number of dimensions
        head + wire.HEADS[1].pack(kind, 12, 1, 2**40),
        head + wire.HEADS[2].pack(kind, 12, 2, 2**30, 0),
        head + wire.HEADS[2].pack(kind, 12, 2, 2**63, 2**63),
        head + wire.HEADS[1].pack(wire.FLOAT, 12, 1, 1) + bytes(8),
        head + 30 * wire.HEADS[0].pack(wire.NOTHING, 0, 0),
        wire.QUESTION + bytes((7,)) + b"0\0a\0b\0c" + bytes(7),  # three names, no value
    ]
    for raw in lies:
        with pytest.raises(Unreadable):
            wire.loads(raw)
    crowd = wire.pack_question("0", [np.zeros(marking.MAX_ASKED + 1)], {})
    for message in (wire.loads(crowd), wire.loads(wire.pack_question("1", [1.0], {}))):
        with pytest.raises(Stopped):
            ask(message)
    # what came as JSON is read as JSON, whatever it calls itself
    with pytest.raises(Stopped):
        ask({"ask": "0", "args": [{"made": "up"}], "kwargs": {}})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 255)), max_size=4))
def test_packed_bytes_are_read_or_refused(changes):
    raw = bytearray(
        wire.pack_question("0", [np.arange(4.0), None], {"batch": np.arange(3, dtype="i1"), "x": 0.5})
    )
    for at, byte in changes:
        raw[at % len(raw)] = byte
    try:
        ask(wire.loads(bytes(raw)))
    except (Unreadable, Stopped):
        pass


class Scripted(WalledProcess):
    """A worker that is a few bytes."""

    def __init__(self, raw):
        near, self.far = socket.socketpair()
        self.far.sendall(raw)
        self.far.shutdown(socket.SHUT_WR)
        self.limits, self.end, self.next_look, self.buffer = Limits(), time.monotonic() + 5, 1e18, bytearray()
        self.process = type("Process", (), {"stdout": near, "pid": os.getpid()})
        self.near = near

    def close(self):
        self.near.close()
        self.far.close()


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"\xff\xff\xff\xff" + b"x" * 9, Stopped),  # 4 GB are announced
        (b"\x00\x00\x00\x05[1,2]", Unreadable),
        (b"\x00\x00\x00\x05{junk", Unreadable),
        (b"\x00\x00", Stopped),
        (b"", Stopped),
    ],
)
def test_frames_that_lie_are_cut(raw, error):
    with Scripted(raw) as worker, pytest.raises(error):
        worker.hear(1)


def test_a_submission_that_speaks_for_the_worker_gains_nothing(tmp_path):
    forged = (
        wire.dumps({"ready": [{"kind": "function"}] * 10}) + wire.dumps({"outcome": {"result": 1.0}}) * 50
    )
    cell = f"""
import os, base64
raw = base64.b64decode({base64.b64encode(forged).decode()!r})
for d in range(3, 64):
    try: os.write(d, raw)
    except OSError: pass
"""
    blank = read_cells(course_notebook("lessons", "03"))
    graded = grade_notebook(notebook(tmp_path, [*blank, cell]), seed=5, limits=LIMITS)
    assert graded.points == 0


# -- notebooks -------------------------------------------------------------------------------------


def test_unreadable_files_are_refused(tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to(course_notebook("solutions", "03"))
    (tmp_path / "empty.ipynb").touch()
    (tmp_path / "junk.ipynb").write_text("junk")
    (tmp_path / "deep.ipynb").write_text("[" * 100_000)
    (tmp_path / "many.ipynb").write_text(
        json.dumps({"cells": [{"cell_type": "code", "source": "1"}] * 3_000})
    )
    for name, words in (
        ("link.ipynb", "it is a link or no file"),
        ("empty.ipynb", "the file is empty"),
        ("junk.ipynb", "it is no notebook, or a part of it was lost"),
        ("deep.ipynb", "it is no notebook"),
        ("many.ipynb", "too many cells"),
        ("missing.ipynb", "no file"),
        (".", "no file"),
    ):
        with pytest.raises(Unreadable) as caught:
            read_cells(tmp_path / name)
        assert words in caught.value.reason  # students read it, too
    with pytest.raises(Unreadable, match="no exercise"):
        grade_notebook(notebook(tmp_path, ["x = 1"]), seed=1)


def test_many_small_pictures_are_read_and_large_ones_left_out():
    """Looked at from each of their signs on, the small ones would take ten minutes."""
    small, large = ("iVBORw0K" * size for size in (12_000, 20_000))
    shown = [{"output_type": "display_data", "data": {"image/png": text}} for text in [small] * 100 + [large]]
    book = {"cells": [{"cell_type": "code", "source": "x = 1", "outputs": shown}]}
    assert read_cells(json.dumps(book).encode()) == ["x = 1"]
    assert marking.PICTURE.sub(b"", json.dumps([small, large]).encode()) == f'["{small}", ""]'.encode()


def test_the_lesson_is_found_by_its_checks_or_by_its_answers():
    assert find_lesson(SOLUTION) == "03"
    assert find_lesson([cell for cell in SOLUTION if "check(" not in cell]) == "03"


def test_plain_python_that_looks_like_magic_is_left_alone():
    code = """
x = (17
     % 5)
y = \"\"\"
!not a shell line
\"\"\"
"""
    assert inside(code, "x", "y") == (2, "\n!not a shell line\n")
    magic = """
%matplotlib inline
!pip install x
listing = !ls
np?
import numpy as np
import matplotlib.pyplot as plt
fig, (left, right) = plt.subplots(1, 2)
(line,) = left.plot([1, 2])
with plt.style.context("dark"):
    display(fig)
get_ipython().run_line_magic("time", "1")
name = input("Your name? ")
import asyncio
await asyncio.sleep(0)
z = 3
"""
    assert inside(magic, "z", "name") == (3, "")


# -- what honest work meets ------------------------------------------------------------------------


def test_a_call_has_seconds_of_a_processor_and_may_wait_longer():
    def work(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return 7

    assert call_with_limit(lambda: time.sleep(0.5) or 7, 0.1, 60.0) == 7
    assert call_with_limit(lambda: work(0.1), 30.0, 60.0) == 7
    with pytest.raises(TimeLimit):
        call_with_limit(lambda: work(60.0), 0.1, 1000.0)
    with pytest.raises(TimeLimit):
        call_with_limit(lambda: time.sleep(60), 30.0, 0.1)


def test_time_for_which_no_processor_is_free_is_not_the_submissions(monkeypatch):
    with Scripted(b"") as worker:
        worker.near.close()
        worker.near, _other = socket.socketpair()
        worker.process.stdout = worker.near
        monkeypatch.setattr(outside, "_used", lambda root: (0.0, time.monotonic()))
        worker.begin(time.monotonic() + 5)
        began = time.monotonic()
        monkeypatch.setattr(outside, "_used", lambda root: (0.0, began + 0.9 * (time.monotonic() - began)))
        with pytest.raises(Stopped, match="it took too long"):
            worker.hear(0.05)
        assert time.monotonic() - began >= 0.5  # a tenth of the time was its own
        # what it ran is its own, also where the judge waited meanwhile
        worker.begin(time.monotonic() + 5)
        monkeypatch.setattr(outside, "_used", lambda root: (1000.0, began + 1000.0))
        assert worker.load() == 0.0
        _other.close()


def test_where_python_lies_and_what_the_machine_is_called_cannot_be_read():
    code = """
import os, platform, sys, sysconfig
told = [sys.executable, sys.prefix, os.__file__, np.__file__, platform.node(), sysconfig.get_config_var("prefix")]
told += sys.path + sys.orig_argv + list(sysconfig.get_paths().values())
try: 1 / 0
except ZeroDivisionError as error: told += [error.__traceback__.tb_frame.f_code.co_filename]
"""
    [told] = [" ".join(inside("import numpy as np\n" + code, "told"))]
    for secret in (sys.base_prefix, sys.prefix, os.path.expanduser("~"), socket.gethostname(), str(ROOT)):
        assert len(secret) < 5 or secret not in told, told
    assert "/python/bin/python" in told and "grading" in told


BOMBS = [
    'return ["x" * 900_000] + [""] * 900',
    'return ("x" * 900_000, *[""] * 900)',
    'return [[1.0, "x" * 900_000], *[["", ""]] * 900]',
    'return {"w": ["x" * 900_000] + [""] * 900}',
    'return compute_gradient(["x" * 900_000] + [""] * 900)',
    "return np.zeros((2**30, 0))",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_nothing_grows_in_the_judge(bomb, tmp_path):
    cells = [*UNCHECKED, f"def gradient_descent(compute_gradient, w, *a):\n    {bomb}"]
    outside.prepared("03")
    for e in exercises.module("03").EXERCISES:
        marking._drawn(e.id, tuple(visible_seed(e)))
    tracemalloc.start()
    mark = marks(tmp_path, cells)["03-gradient-descent"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert mark.points == 0 and mark.status == "failed"
    assert peak < 60_000_000


def test_a_message_that_says_so_itself_grows_no_further():
    crowd = {"result": ["x" * 900_000] + [""] * 900}
    data = crowd | {"problem": "", "note": "", "changed": [], "warnings": [], "failure": None}
    assert "texts" in marking._outcome(data).problem
    assert "texts" in marking._outcome(data, several=True).problem
    assert marking._outcome(data | {"result": {"tuple": ["a", 1.0]}}, several=True).result == ("a", 1.0)
    assert ask({"ask": "0", "args": [crowd["result"]], "kwargs": {}})["error"] == "TypeError"
    with pytest.raises(Unreadable):
        wire.decode({"array": "", "dtype": "<f8", "shape": [2**30, 0]})


def test_however_a_hidden_case_ends_the_sentence_is_the_same(tmp_path):
    count = len(exercises.get("03-best-learning-rate").draw_cases(0))
    endings = {"wrong": "0.0", "error": "1 / 0", "gone": "os._exit(0)", "slow": "loop()", "text": "'x'"}
    found = set()
    for ending in endings.values():
        cell = f"""
import os
def loop():
    while True: pass
right, calls = best_learning_rate, []
def best_learning_rate(H):
    calls.append(H)
    return right(H) if len(calls) <= {count} else {ending}
"""
        limits = Limits(call_seconds=0.5)
        graded = grade_notebook(notebook(tmp_path, [*UNCHECKED, cell]), seed=5, lesson="03", limits=limits)
        mark = {m.id: m for m in graded.exercises}["03-best-learning-rate"]
        found.add((mark.points, mark.status, mark.visible, mark.hidden_failed, graded.trouble))
        assert graded.points == graded.of - mark.of
    assert found == {(0, "failed", marking.ONLY_VISIBLE, True, ())}


def test_what_a_killed_process_leaves_goes_with_the_next_run(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "from optcourse.grading.walls import outside; print(outside.own_folder(), flush=True); input()"
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as owner:
        folder = Path(owner.stdout.readline().strip())
        (folder / "submission.ipynb").write_text("{}")
        outside.clear_left_behind()
        assert folder.exists()  # its owner lives
        owner.kill()
        owner.wait()
    (tmp_path / "optcourse-grade-no-owner").mkdir()
    (tmp_path / "optcourse-grade-link").symlink_to(ROOT)
    outside.clear_left_behind()
    assert not folder.exists() and {p.name for p in tmp_path.iterdir()} == {
        "optcourse-grade-no-owner",
        "optcourse-grade-link",
    }


def test_a_judge_has_a_memory_limit_of_its_own():
    marker = pool.Marker()
    try:
        [limit] = re.findall(r"Max address space +(\d+)", _limits_of(marker.process.pid))
        assert int(limit) == pool.JUDGE_MEMORY
    finally:
        marker.close()


def _limits_of(pid):
    """The limits of a process, as soon as it has set its own."""
    text = Path(f"/proc/{pid}/limits")
    until(lambda: str(pool.JUDGE_MEMORY) in text.read_text())
    return text.read_text()
