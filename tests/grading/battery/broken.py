"""Broken submissions: code that hangs, dies or floods, and damaged files. What is broken costs itself, and nothing else."""

from __future__ import annotations

import json
import os

from tests.grading.battery.model import (
    FULL,
    NOTHING,
    REFUSED,
    Submission,
    after,
    answer,
    as_bytes,
    before,
    cell_of,
    code_cell,
    first,
    last,
    lost,
    only,
)

GD, STEPS, SADDLE = "03-gradient-descent", "03-steps-needed", "03-saddle-steps"
BATCH, HESSIAN, BEST = "03-batch-gradient-descent", "03-read-a-hessian", "03-best-learning-rate"
OWN_CELL = "The cell costs itself; every answer stands in another one."
OWN_CALL = "The function that does it earns nothing; the others do."


QUICK = {"call_seconds": 0.5}


def body(exercise_name: str, code: str) -> str:
    """A function of any arguments with this code in it."""
    return f"def {exercise_name}(*args, **kwargs):\n" + "\n".join("    " + line for line in code.splitlines())


def steps_needed(code: str):
    return answer(STEPS, body("steps_needed", code))


def raw(data: bytes):
    return as_bytes(lambda _: data)


def edited(change):
    """A change of the notebook's dict in place."""

    def apply(book: dict) -> dict:
        change(book)
        return book

    return apply


def delete(*ids: str):
    def change(book: dict) -> dict:
        gone = [cell_of(book, name) for name in ids]
        return book | {"cells": [c for c in book["cells"] if c not in gone]}

    return change


def blank_before_answer(book: dict) -> dict:
    cell = cell_of(book, GD)
    at = book["cells"].index(cell)
    blank = code_cell(
        "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    ...  # your code here\n"
    )
    return book | {"cells": [*book["cells"][:at], blank, *book["cells"][at:]]}


def as_folder(folder, data):
    path = folder / "student.ipynb"
    path.mkdir()
    (path / "student.ipynb").write_bytes(data)
    return path


def missing(folder, data):
    return folder / "student.ipynb"


def as_pipe(folder, data):
    path = folder / "student.ipynb"
    os.mkfifo(path)
    return path


def unreadable_link(folder, data):
    path = folder / "student.ipynb"
    path.symlink_to(folder / "nothing-here.ipynb")
    return path


def huge(folder, data):
    """Two gigabytes that take no room on the disk."""
    path = folder / "student.ipynb"
    path.write_bytes(data)
    os.truncate(path, 2_000_000_000)
    return path


def deep(data: bytes) -> bytes:
    return b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b', "nbformat": 4}'


def deep_metadata(data: bytes) -> bytes:
    """Nested far beyond what a reader follows, in a place that nobody needs."""
    return data.replace(
        b'"metadata": {', b'"metadata": {"x": ' + b'{"a": ' * 50_000 + b"1" + b"}" * 50_000 + b", ", 1
    )


def many_blank_lines(book: dict) -> dict:
    book["cells"].insert(0, code_cell("\n" * 200_000 + "x = 1"))
    return book


def surrogates(data: bytes) -> bytes:
    """Half a character in a text of the answer's cell, and in a cell of prose."""
    book = json.loads(data)
    cell = cell_of(book, STEPS)
    cell["source"] = 'half = "\ud800"\n' + "".join(cell["source"])
    book["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "\udfff"})
    return json.dumps(book).encode()


EXHAUST = "x = bytearray(900_000_000)\nfor k in range(0, len(x), 4096): x[k] = 1"
FORKING_MEMORY = """
import os, time
for _ in range(6):
    if not os.fork():
        x = bytearray(100_000_000)
        for k in range(0, len(x), 4096): x[k] = 1
        time.sleep(60)
time.sleep(1)
"""

SUBMISSIONS = [
    # -- cells and calls that hang ---------------------------------------------------------------------------------------------
    Submission("loop-in-a-cell", "03", (first("while True: pass"),), FULL, OWN_CELL),
    Submission(
        "loop-in-a-call",
        "03",
        (steps_needed("while True: pass"),),
        lost(STEPS),
        OWN_CALL,
        statuses={STEPS: "stopped"},
        limits=QUICK,
    ),
    Submission("sleep-in-a-cell", "03", (last("import time; time.sleep(1000)"),), FULL, OWN_CELL),
    Submission(
        "sleep-in-a-call",
        "03",
        (steps_needed("import time; time.sleep(1000)"),),
        lost(STEPS),
        OWN_CALL,
        limits=QUICK,
    ),
    Submission(
        "loop-that-catches-everything",
        "03",
        (
            first(
                "import time\nwhile True:\n    try:\n        time.sleep(10)\n    except BaseException: pass"
            ),
        ),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "loop-in-the-answer-cell",
        "03",
        (after(GD, "while True: pass"),),
        FULL,
        "The answer stands above the loop in the same cell: it was defined before the time was up.",
    ),
    Submission(
        "loop-above-the-answer",
        "03",
        (before(GD, "while True: pass"),),
        lost(GD),
        "The loop never lets the notebook come to the answer, here or there.",
    ),
    Submission(
        "waits-for-input",
        "03",
        (first("input('your name? ')"), first("import sys; sys.stdin.read()")),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "deadlock-in-c",
        "03",
        (first("import threading\nl = threading.Lock(); l.acquire(); l.acquire()"),),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "slow-number",
        "03",
        (first("x = 9 ** (9 ** 9)"),),
        FULL,
        "A power that takes for ever and cannot be interrupted costs its own cell.",
    ),
    Submission("slow-regex", "03", (first("import re; re.match('(a+)+$', 'a' * 60 + 'b')"),), FULL, OWN_CELL),
    Submission(
        "generator-without-end",
        "03",
        (steps_needed("while True: yield 1"),),
        lost(STEPS),
        "It never ends, and a number is wanted.",
    ),
    # -- cells and calls that die ----------------------------------------------------------------------------------------------
    Submission("memory-in-a-cell", "03", (first(EXHAUST),), FULL, OWN_CELL),
    Submission("memory-in-a-call", "03", (steps_needed(EXHAUST),), lost(STEPS), OWN_CALL),
    Submission(
        "memory-of-the-group",
        "03",
        (first(FORKING_MEMORY),),
        FULL,
        "Six processes of 100 MB each are 600 MB: the group is what is limited, and the cell costs itself.",
    ),
    Submission(
        "recursion",
        "03",
        (first("def f(): f()\nf()"), steps_needed("return steps_needed(*args)")),
        lost(STEPS),
        OWN_CALL,
    ),
    Submission(
        "deep-recursion",
        "03",
        (first("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return [f()]\nf()"),),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "sys-exit",
        "03",
        (
            first("import sys; sys.exit()"),
            last("raise SystemExit(3)"),
            last("quit()"),
            steps_needed("raise SystemExit"),
        ),
        lost(STEPS),
        OWN_CALL,
    ),
    Submission("os-exit-in-a-cell", "03", (first("import os; os._exit(0)"),), FULL, OWN_CELL),
    Submission("os-exit-in-a-call", "03", (steps_needed("import os; os._exit(0)"),), lost(STEPS), OWN_CALL),
    Submission(
        "kills-itself",
        "03",
        (
            first("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
            steps_needed("import os, signal; os.kill(os.getpid(), signal.SIGTERM)"),
        ),
        lost(STEPS),
        OWN_CALL,
    ),
    Submission(
        "kills-all",
        "03",
        (
            first("import os, signal; os.kill(-1, signal.SIGKILL)"),
            last("import os, signal; os.killpg(0, signal.SIGKILL)"),
        ),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "stops-itself",
        "03",
        (first("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),),
        FULL,
        OWN_CELL,
    ),
    Submission("segfault-in-a-cell", "03", (first("import ctypes; ctypes.string_at(0)"),), FULL, OWN_CELL),
    Submission(
        "segfault-in-a-call",
        "03",
        (steps_needed("import ctypes; ctypes.string_at(0)"),),
        lost(STEPS),
        OWN_CALL,
    ),
    Submission("abort", "03", (last("import os; os.abort()"),), FULL, OWN_CELL),
    Submission(
        "closes-everything",
        "03",
        (last("import os; os.closerange(0, 4096)"),),
        FULL,
        "Every file closed, those of the grader too: the last cell costs itself.",
    ),
    Submission(
        "three-bad-cells",
        "03",
        (
            first("import os; os._exit(1)"),
            first("while True: pass"),
            last("import ctypes; ctypes.string_at(0)"),
        ),
        FULL,
        "Each costs itself, also when there are several.",
    ),
    Submission(
        "raises-strange-things",
        "03",
        (
            first(
                "class Odd(BaseException):\n    def __str__(self): raise self\n    __repr__ = __str__\nraise Odd"
            ),
            first("raise KeyboardInterrupt"),
            first("raise GeneratorExit"),
            first("raise MemoryError"),
            first("raise ExceptionGroup('x', [ValueError(1)])"),
            steps_needed(
                "class Odd(BaseException):\n    def __str__(self): raise self\n    __repr__ = __str__\nraise Odd"
            ),
        ),
        lost(STEPS),
        "Whatever is raised, it is the cell's or the call's own matter.",
    ),
    # -- floods ----------------------------------------------------------------------------------------------------------------
    Submission("endless-output-in-a-cell", "03", (first("while True: print('x' * 1000)"),), FULL, OWN_CELL),
    Submission(
        "endless-output-in-a-call",
        "03",
        (steps_needed("import os\nwhile True: os.write(1, b'x' * 1000)"),),
        lost(STEPS),
        OWN_CALL,
        limits=QUICK,
    ),
    Submission(
        "endless-stderr", "03", (first("import os\nwhile True: os.write(2, b'x' * 100_000)"),), FULL, OWN_CELL
    ),
    Submission(
        "full-disk",
        "03",
        (first("for k in range(100):\n    with open(f'f{k}', 'wb') as f: f.write(b'x' * 40_000_000)"),),
        FULL,
        "The scratch folder is small: the cell gets an OSError, or is stopped.",
    ),
    Submission(
        "large-file",
        "03",
        (first("f = open('f', 'wb')\nfor _ in range(1000): f.write(b'x' * 1_000_000)"),),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "million-files",
        "03",
        (first("import itertools\nfor k in itertools.count(): open(f'{k}', 'w').close()"),),
        FULL,
        OWN_CELL,
    ),
    Submission(
        "thousand-files-open",
        "03",
        (last("held = [open('/dev/null') for _ in range(5000)]"),),
        FULL,
        OWN_CELL,
    ),
    # -- damaged cells ---------------------------------------------------------------------------------------------------------
    Submission(
        "syntax-error",
        "03",
        (first("def f(:"), last("    indented"), after(BEST, "return (3")),
        lost(BEST),
        "An answer whose cell does not compile is no answer; the other cells are not concerned.",
    ),
    Submission(
        "nul-byte-in-a-cell",
        "03",
        (first("x = 1\0"), before(STEPS, "x = '\0'")),
        lost(STEPS),
        "Python refuses a cell with a NUL byte, so its answer is missing; the others count.",
    ),
    Submission(
        "deeply-nested-code",
        "03",
        (
            first("(" * 5000 + ")" * 5000),
            first("x = " + "-" * 100_000 + "1"),
            first("x = " + "+".join(["1"] * 50_000)),
            first("x = " + "[" * 150 + "]" * 150),
        ),
        FULL,
        "Code that is too deep for the compiler costs its own cell.",
    ),
    Submission(
        "blank-lines-by-the-million",
        "03",
        (many_blank_lines,),
        FULL,
        "Blank lines are no mistake.",
        limits={"total_seconds": 8.0},
    ),
    Submission(
        "deleted-cell",
        "03",
        (delete(GD, HESSIAN),),
        lost(GD, HESSIAN),
        "What is deleted earns nothing, the rest does.",
        statuses={GD: "missing", HESSIAN: "missing"},
    ),
    Submission(
        "deleted-imports",
        "03",
        (lambda book: book | {"cells": book["cells"][2:]},),
        lost(GD, BEST, BATCH, HESSIAN),
        "Without `import numpy` no answer that needs it works, and those that need only `math` do.",
    ),
    Submission(
        "duplicated-blank",
        "03",
        (blank_before_answer,),
        FULL,
        "A blank and then the answer: the later one counts.",
    ),
    Submission(
        "all-cells-deleted",
        "03",
        (lambda book: book | {"cells": []},),
        NOTHING,
        "An empty notebook earns nothing.",
        lesson_given=True,
        statuses={GD: "missing"},
    ),
    Submission(
        "unknown-kernel",
        "03",
        (edited(lambda book: book["metadata"].update(kernelspec={"name": "julia-9", "language": "julia"})),),
        FULL,
        "The name of the kernel is no part of the work: the cells are Python.",
    ),
    Submission(
        "metadata-null",
        "06",
        (
            edited(
                lambda book: [
                    book.update(metadata=None),
                    *(c.update(metadata=None, outputs=None) for c in book["cells"]),
                ]
            ),
        ),
        FULL,
        "Metadata is not needed to find code.",
    ),
    Submission(
        "cells-of-nonsense",
        "06",
        (
            edited(
                lambda book: book["cells"].extend(
                    [
                        None,
                        3,
                        "x",
                        [],
                        {},
                        {"cell_type": "code"},
                        {"cell_type": "code", "source": None},
                        {"cell_type": "code", "source": {"a": 1}},
                        {"cell_type": 7, "source": 1},
                        {"cell_type": "code", "source": ["x = 1", None, 3]},
                    ]
                )
            ),
        ),
        FULL,
        "Things that are no cells cost nothing: all the answers are there.",
    ),
    Submission(
        "lone-surrogates",
        "03",
        (as_bytes(surrogates),),
        lost(STEPS),
        "Python cannot compile half a character, so that cell's answer is missing; the others count.",
    ),
    # -- files that are no notebook --------------------------------------------------------------------------------------------
    Submission("empty-file", "03", (raw(b""),), REFUSED, "Nothing can be read."),
    Submission(
        "cut-off",
        "03",
        (as_bytes(lambda data: data[: len(data) // 2]),),
        REFUSED,
        "Half a file is no notebook.",
    ),
    Submission("binary", "03", (raw(bytes(range(256)) * 100),), REFUSED, "No text."),
    Submission("zip", "03", (raw(b"PK\x03\x04" + b"\0" * 1000),), REFUSED, "An archive is no notebook."),
    Submission(
        "html-page",
        "03",
        (raw(b"<!doctype html><title>Sign in</title>"),),
        REFUSED,
        "A log-in page, saved as notebook.",
    ),
    Submission(
        "invalid-utf-8",
        "03",
        (as_bytes(lambda data: data.replace(b'"cells"', b'"\xff\xfe": 1, "cells"', 1)),),
        REFUSED,
        "JSON is UTF-8; what is not cannot be read for certain.",
    ),
    Submission("nul-bytes", "03", (raw(b"\0" * 10_000),), REFUSED, "A file of zeros, as a crash leaves it."),
    Submission("json-but-a-list", "03", (raw(b"[1, 2, 3]"),), REFUSED, "JSON, but no notebook."),
    Submission("json-but-a-number", "03", (raw(b"17"),), REFUSED, "JSON, but no notebook."),
    Submission(
        "cells-of-nothing",
        "03",
        (raw(b'{"cells": 17, "nbformat": 4}'),),
        REFUSED,
        "Its cells are a number.",
        lesson_given=True,
    ),
    Submission(
        "worksheets-of-nonsense",
        "03",
        (raw(b'{"worksheets": [1, {"cells": "abc"}, null], "nbformat": 3}'),),
        REFUSED,
        "Its worksheets hold no cells.",
        lesson_given=True,
    ),
    Submission(
        "deep-json",
        "03",
        (as_bytes(deep),),
        REFUSED,
        "Nested 100,000 deep: no reader follows.",
        lesson_given=True,
    ),
    Submission(
        "deep-metadata", "03", (as_bytes(deep_metadata),), REFUSED, "Nested 50,000 deep: no reader follows."
    ),
    Submission(
        "long-number",
        "03",
        (as_bytes(lambda data: data.replace(b'"nbformat": 4', b'"nbformat": ' + b"9" * 1_000_000)),),
        REFUSED,
        "A number of a million digits is no format.",
    ),
    Submission(
        "another-course",
        "03",
        (lambda book: book | {"cells": [code_cell("print('hello')")]},),
        REFUSED,
        "No exercise of the course is in it, and nobody said which lesson it is.",
    ),
    Submission("huge", "03", (), REFUSED, "Two gigabytes are no notebook.", place=huge),
    Submission("folder", "03", (), REFUSED, "A folder that is named like a notebook.", place=as_folder),
    Submission("missing", "03", (), REFUSED, "There is no file.", place=missing),
    Submission("pipe", "03", (), REFUSED, "A named pipe: reading it would wait for ever.", place=as_pipe),
    Submission("dangling-link", "03", (), REFUSED, "A link to nothing.", place=unreadable_link),
    Submission(
        "one-answer-survives",
        "09",
        (
            answer(
                "09-warm-up-cosine",
                "import math\ndef warm_up_cosine(t, num_steps, num_warm_up):\n    if t < num_warm_up:\n        "
                "return (1 + t) / num_warm_up\n    return math.cos(math.pi * (t - num_warm_up) / (num_steps - num_warm_up) / 2)"
                " ** 2",
            ),
            first("import os; os._exit(2)"),
        ),
        only("09-warm-up-cosine"),
        "The other exercises are blank; this one is right, by another formula.",
        blank=True,
    ),
]
