"""Submissions of lesson 03, honest, broken and hostile, each with its fair mark."""

import json
from pathlib import Path

import pytest

from optcourse.classroom.grading import Unreadable, decode, read_cells
from optcourse.classroom.grading import grade_notebook as marks_of
from optcourse.classroom.sandbox import Limits

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(cell_seconds=1.0, total_seconds=25.0, memory=400_000_000)
SOLUTION = read_cells(ROOT / "solutions" / "03_gradient_descent.ipynb")


def grade_notebook(path, seed, lesson=None, limits=None):
    return {m.id: m.points for m in marks_of(path, seed=seed, lesson=lesson, limits=limits).exercises}


def notebook(folder, cells):
    path = folder / "student.ipynb"
    cells = [{"cell_type": "code", "source": source} for source in cells]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    return path


EXTRA = {  # one more cell before all others, which costs nothing
    "nothing": "",
    "loop": "while True: pass",
    "exit": "import os; os._exit(0)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "memory": "x = bytearray(900_000_000)",
    "recursion": "def f(): f()\nf()",
    "output": "while True: print('x' * 1000)",
    "full disk": "open('/tmp/f', 'wb').write(b'x' * 200_000_000)",
    "fork": "import os\nfor _ in range(40):\n    if not os.fork():\n        import time; time.sleep(60)",
    "warning": "import warnings; warnings.warn('x')",
}
HOSTILE = {  # one more cell after all others, which must earn nothing: the answers are taken away first
    "library": "from optcourse.optimizers import GradientDescent as gradient_descent",
    "equals": "class E(float):\n    def __eq__(s, o): return True\ngradient_descent = lambda *a, **k: E(1)",
    "numpy": "np.allclose = np.array_equal = lambda *a, **k: True\ngradient_descent = lambda *a, **k: 0.0",
    "reference": "from optcourse.exercises.lesson_03 import gradient_descent",
    "forged": 'import os\nfor d in range(30):\n    try: os.write(d, b\'{"end": true, "points": 9}\\n\')\n'
    "    except OSError: pass\ngradient_descent = None",
    "deep": "def gradient_descent(*a, **k):\n    x = []\n    for _ in range(500): x = [x]\n    return x",
}


@pytest.mark.parametrize("name", EXTRA)
def test_a_bad_cell_costs_only_itself(tmp_path, name):
    points = grade_notebook(notebook(tmp_path, [EXTRA[name], *SOLUTION]), 5, "03", limits=LIMITS)
    assert sum(points.values()) == 14


@pytest.mark.parametrize("name", HOSTILE)
def test_a_trick_earns_nothing(tmp_path, name):
    points = grade_notebook(notebook(tmp_path, [*SOLUTION, HOSTILE[name]]), 5, "03", limits=LIMITS)
    assert points["03-gradient-descent"] == 0


def test_nothing_outside_can_be_read_written_or_reached(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    tries = f"""
import socket
def works(f):
    try: f()
    except OSError: return False
    return True
broken = works(lambda: open({str(secret)!r})) or works(lambda: open({str(secret)!r}, "w"))
broken = broken or works(lambda: open({str(ROOT / "pyproject.toml")!r}))
broken = broken or works(lambda: socket.create_connection(("1.1.1.1", 53), 1))
if broken: gradient_descent = None
"""
    points = grade_notebook(notebook(tmp_path, [*SOLUTION, tries]), 5, "03", limits=LIMITS)
    assert points["03-gradient-descent"] == 3 and secret.read_text() == "x"


def test_a_blank_earns_nothing():
    assert not sum(grade_notebook(ROOT / "lessons" / "03_gradient_descent.ipynb", 5).values())


def test_unreadable_files_and_answers_are_refused(tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to(ROOT / "solutions" / "03_gradient_descent.ipynb")
    (tmp_path / "junk.ipynb").write_text("junk")
    for path in (link, tmp_path / "junk.ipynb", tmp_path / "missing.ipynb"):
        with pytest.raises(Unreadable):
            read_cells(path)
    with pytest.raises(KeyError):
        decode({"ingredient": "Rng", "fields": {"seed": 1}})
