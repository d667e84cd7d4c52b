"""Hostile submissions: they want points that they did not earn, other people's work, or harm. None gets what it wants.

Where a trick is tried beside honest work, the honest work keeps its points: the fair mark is that of the work alone.
A submission that finds a way out of the walls shows it by spoiling its own right answer (see `unless`), so that an
open door costs it points here.
"""

from __future__ import annotations

import functools
import os

import numpy as np

from optcourse import exercises
from optcourse.checking.check import visible_seed
from optcourse.data import load_digits
from optcourse.models import SoftmaxRegression
from tests.grading.battery import tricks
from tests.grading.battery.model import (
    FULL,
    REFUSED,
    ROOT,
    Submission,
    after,
    answer,
    at_the_end,
    before,
    code_cell,
    first,
    last,
    lost,
)

GD, HESSIAN, BEST = "03-gradient-descent", "03-read-a-hessian", "03-best-learning-rate"
STEPS, SADDLE, BATCH = "03-steps-needed", "03-saddle-steps", "03-batch-gradient-descent"
TRICK = "Whatever it does to the process it runs in, its numbers are wrong."
NO_LIBRARY = "The answer is the library's, not the student's."


def gd(code: str):
    """Other code for gradient_descent; it may use what the notebook has."""
    return answer(GD, code)


def steps(code: str):
    """steps_needed with this body; `a` holds its arguments."""
    lines = "\n".join("    " + line for line in code.splitlines())
    return answer(STEPS, f"def steps_needed(*a, **k):\n{lines}")


def unless(code: str):
    """A last cell that spoils the right answer, also as it stood at its check, as soon as one attempt gets out of the walls."""
    attempt = """
def attempt(f):
    try:
        if f() is not None: gradient_descent.__code__ = (lambda *a, **k: None).__code__
    except Exception: pass
"""
    return last(attempt + code)


@functools.cache
def by_heart(exercise: str) -> str:
    """Code with the right answers to the notebook's own cases in a table, and nothing else."""
    e = exercises.get(exercise)
    table = {repr(tuple(case.args)): e.reference(*case.args) for case in e.draw_cases(visible_seed(e))}
    name = e.answers[0]
    return f"from math import inf\n{name}_by_heart = {table!r}\ndef {name}(*a): return {name}_by_heart.get(repr(a), 1)"


@functools.cache
def weights_by_heart() -> str:
    """Weights of softmax regression on all digits, the held-back ones included."""
    digits = load_digits()
    model, w = SoftmaxRegression(digits.X, digits.y), np.zeros(650)
    for _ in range(200):
        w -= 0.5 * model.gradient(w)
    assert model.accuracy(w, digits.X, digits.y) > 0.95
    return tricks.WEIGHTS_BY_HEART.replace("@WEIGHTS@", repr(np.rint(100 * w).astype(int).tolist()))


def as_link(folder, data):
    """A link to a solved notebook beside it, which is somebody else's."""
    (folder / "solved").write_bytes(data)
    (folder / "student.ipynb").symlink_to(folder / "solved")
    return folder / "student.ipynb"


def link_to_solutions(folder, data):
    (folder / "student.ipynb").symlink_to(ROOT / "solutions" / "03_gradient_descent.ipynb")
    return folder / "student.ipynb"


def link_to_device(folder, data):
    (folder / "student.ipynb").symlink_to("/dev/zero")
    return folder / "student.ipynb"


def link_to_proc(folder, data):
    (folder / "student.ipynb").symlink_to(f"/proc/{os.getpid()}/environ")
    return folder / "student.ipynb"


def optimizer(cls: str, name: str, names: str) -> str:
    return tricks.OPTIMIZER.format(cls=cls, name=name, names=names)


SUBMISSIONS = [
    # -- the library's own answers ---------------------------------------------------------------------------------------------
    Submission(
        "library-gradient-descent",
        "03",
        (
            gd(
                optimizer("GradientDescent", "gradient_descent", "*none").replace(
                    "learning_rate, *none", "learning_rate"
                )
            ),
        ),
        lost(GD),
        NO_LIBRARY,
    ),
    Submission(
        "library-momentum",
        "05",
        (
            answer("05-momentum", optimizer("Momentum", "momentum", "rho")),
            answer("05-nesterov", optimizer("NesterovLookAhead", "nesterov", "rho")),
        ),
        lost("05-momentum", "05-nesterov", "05-heavy-ball-cycle"),
        NO_LIBRARY,
    ),
    Submission(
        "library-adagrad",
        "06",
        (answer("06-adagrad", optimizer("AdaGrad", "adagrad", "eps")),),
        lost("06-adagrad", "06-rotation-experiment"),
        NO_LIBRARY,
    ),
    Submission(
        "library-adam",
        "08",
        (
            answer("08-adam", optimizer("Adam", "adam", "beta1, beta2, eps")),
            answer("08-adamw", optimizer("AdamW", "adamw", "beta1, beta2, eps, weight_decay")),
        ),
        lost("08-adam", "08-adamw", "08-check-adam"),
        NO_LIBRARY,
    ),
    Submission(
        "library-descend",
        "05",
        (answer("05-momentum", tricks.DESCEND),),
        lost("05-momentum", "05-heavy-ball-cycle"),
        NO_LIBRARY,
    ),
    Submission(
        "library-references",
        "03",
        (at_the_end(tricks.REFERENCES),),
        lost(GD, BEST, STEPS, SADDLE, BATCH),
        "The exercise's own reference, by four routes.",
    ),
    Submission("library-theory", "03", (at_the_end(tricks.THEORY),), lost(BEST, HESSIAN), NO_LIBRARY),
    Submission(
        "library-network",
        "02",
        (answer("02-two-layer-backward", tricks.NETWORK),),
        lost("02-two-layer-backward"),
        "The gradient of the course's own network is what the exercise asks for.",
    ),
    Submission(
        "library-check-gradient",
        "02",
        (answer("02-check-gradient", tricks.LIBRARY_CHECK),),
        lost("02-check-gradient"),
        NO_LIBRARY,
    ),
    Submission(
        "library-numeric-gradient",
        "01",
        (answer("01-numeric-gradient", tricks.NUMERIC),),
        lost("01-numeric-gradient", "01-numeric-descent"),
        NO_LIBRARY,
    ),
    Submission(
        "library-schedule",
        "09",
        (answer("09-warm-up-cosine", tricks.SCHEDULE),),
        lost("09-warm-up-cosine"),
        NO_LIBRARY,
    ),
    Submission(
        "library-epoch-batches",
        "04",
        (answer("04-epoch-batches", tricks.EPOCHS),),
        lost("04-epoch-batches", "04-train-digits"),
        "The library's batches; the training that needs them has none.",
    ),
    Submission(
        "answers-on-the-disk",
        "03",
        (gd(tricks.SOURCE_ON_DISK),),
        lost(GD),
        "No source of the course may lie within reach.",
    ),
    # -- budgets ---------------------------------------------------------------------------------------------------------------
    Submission(
        "race-around-the-recorder",
        "09",
        (answer("09-capstone", tricks.AROUND_THE_RECORDER),),
        lost("09-capstone"),
        "One counted gradient, and thousands that nobody counts: the budget is the task.",
    ),
    Submission(
        "race-resets-the-count",
        "09",
        (answer("09-capstone", tricks.RESETS_THE_COUNT),),
        lost("09-capstone"),
        "Five times the budget.",
    ),
    Submission(
        "race-offline",
        "09",
        (answer("09-capstone", tricks.RACE_OFFLINE),),
        lost("09-capstone"),
        "It trains on the course's own copy of the problem, held-back digits included.",
    ),
    Submission(
        "digits-offline",
        "04",
        (answer("04-train-digits", tricks.DIGITS_OFFLINE),),
        lost("04-train-digits"),
        "It trains on all digits, held-back ones included, and asks for one gradient as an alibi.",
    ),
    Submission(
        "weights-by-heart",
        "04",
        (answer("04-train-digits", weights_by_heart()),),
        lost("04-train-digits"),
        "650 numbers that read nearly all digits right, learned at home; in the case's own guise they are worthless.",
    ),
    Submission(
        "case-after-case",
        "09",
        (answer("09-capstone", tricks.CASE_AFTER_CASE),),
        lost("09-capstone"),
        "Half a budget is not enough, and what the case before learned is of no use.",
    ),
    Submission(
        "none-as-minibatch",
        "04",
        (answer("04-train-digits", tricks.NONE_AS_BATCH),),
        lost("04-train-digits"),
        "No minibatch means all examples: 200 passes on a budget of ten.",
    ),
    Submission(
        "beyond-the-record",
        "04",
        (answer("04-train-digits", tricks.BEYOND_THE_RECORD),),
        lost("04-train-digits"),
        "Cheap calls until the record is full, then 150 whole passes.",
    ),
    Submission(
        "free-calls",
        "01",
        (answer("01-numeric-gradient", tricks.FREE_CALLS),),
        lost("01-numeric-gradient", "01-numeric-descent"),
        "Three calls more than allowed, and the counter set back.",
    ),
    # -- objects that lie ------------------------------------------------------------------------------------------------------
    Submission(
        "equals-everything",
        "03",
        (at_the_end(tricks.EQUALS_EVERYTHING),),
        lost(GD, BEST, HESSIAN),
        "Only plain numbers are compared.",
    ),
    Submission(
        "array-subclass",
        "03",
        (at_the_end(tricks.ARRAY_SUBCLASS),),
        lost(GD),
        "An array that says of itself that it is right holds zeros.",
    ),
    Submission(
        "container-subclasses",
        "05",
        (at_the_end(tricks.CONTAINER_SUBCLASSES),),
        lost("05-best-momentum", "05-convert", "05-momentum"),
        "Tuples, texts and dictionaries that equal everything.",
    ),
    Submission(
        "pickles",
        "03",
        (at_the_end(tricks.PICKLES),),
        lost(GD, BEST, STEPS),
        "Nothing that comes out is unpickled.",
    ),
    Submission(
        "nan-and-inf",
        "03",
        (at_the_end(tricks.NANS),),
        lost(GD, BEST, STEPS, SADDLE, BATCH, HESSIAN),
        "nan equals nothing that is right.",
    ),
    Submission(
        "not-numbers",
        "03",
        (at_the_end(tricks.NOT_NUMBERS),),
        lost(GD, BEST, STEPS, SADDLE, BATCH, HESSIAN),
        "No numbers.",
    ),
    Submission(
        "odd-results",
        "03",
        (at_the_end(tricks.ODD_RESULTS),),
        lost(GD, BEST, STEPS, SADDLE, BATCH, HESSIAN),
        "Lists in themselves, arrays of 8 GB that are not there, keys of the protocol.",
    ),
    Submission(
        "large-results",
        "03",
        (at_the_end(tricks.LARGE_RESULTS),),
        lost(GD, BEST, STEPS, SADDLE, BATCH),
        "Results beyond every limit.",
    ),
    # -- the worker's process --------------------------------------------------------------------------------------------------
    Submission("patched-numpy", "03", (at_the_end(tricks.PATCHED_NUMPY),), lost(GD), TRICK),
    Submission("patched-channel", "03", (at_the_end(tricks.PATCHED_CHANNEL),), lost(STEPS), TRICK),
    Submission(
        "forged-messages",
        "03",
        (answer(STEPS, tricks.FORGED_MESSAGES + "steps_needed = forge"),),
        lost(STEPS),
        TRICK,
    ),
    Submission(
        "forged-in-a-cell",
        "03",
        (first(tricks.FORGED_MESSAGES + "forge()"), steps("return 1")),
        lost(STEPS),
        TRICK,
    ),
    Submission(
        "frames-and-gc",
        "03",
        (answer(STEPS, tricks.FRAMES),),
        lost(STEPS),
        "There is no expected value to be found.",
    ),
    Submission("traced", "03", (answer(BEST, tricks.TRACED),), lost(BEST), "There is nothing to be traced."),
    Submission("swapped-modules", "03", (at_the_end(tricks.SWAPPED_MODULES),), lost(STEPS), TRICK),
    Submission("import-hooks", "03", (at_the_end(tricks.IMPORT_HOOKS),), lost(STEPS), TRICK),
    Submission(
        "shadowing-files",
        "03",
        (first(tricks.SHADOWS), steps("return 1")),
        lost(STEPS),
        "Files under the names of modules, for the process that comes after the one that it kills.",
    ),
    Submission("ast-tricks", "03", (at_the_end(tricks.AST_TRICKS),), lost(STEPS), TRICK),
    Submission("ctypes", "03", (answer(STEPS, tricks.CTYPES),), lost(STEPS), TRICK),
    Submission(
        "eats-signals",
        "03",
        (answer(SADDLE, tricks.EATS_SIGNALS),),
        lost(SADDLE),
        "Time is kept outside.",
        statuses={SADDLE: "stopped"},
        limits={"call_seconds": 0.5},
    ),
    Submission(
        "second-try", "03", (after(GD, tricks.SECOND_TRY),), lost(GD), "Right on every second call is wrong."
    ),
    Submission(
        "right-on-visible-only",
        "03",
        (after(GD, tricks.FIRST_CASES_ONLY),),
        lost(GD),
        "Right on the first ten calls, which are the notebook's own.",
        hidden_failed=(GD,),
    ),
    Submission(
        "visible-by-heart",
        "03",
        (answer(STEPS, by_heart(STEPS)), answer(SADDLE, by_heart(SADDLE))),
        lost(STEPS, SADDLE),
        "A table of the notebook's own cases knows nothing of others.",
        hidden_failed=(STEPS, SADDLE),
    ),
    # -- late processes --------------------------------------------------------------------------------------------------------
    Submission(
        "daemon-in-a-cell",
        "03",
        (at_the_end(tricks.LATE + "daemon()"),),
        FULL,
        "A daemon that outlives the grading is found; the work is right.",
    ),
    Submission(
        "daemon-in-a-call",
        "03",
        (
            before(STEPS, tricks.LATE),
            after(STEPS, "ready = steps_needed\ndef steps_needed(*a):\n    daemon()\n    return ready(*a)"),
        ),
        FULL,
        "The same in a call: it gets no process, and its numbers are right.",
    ),
    Submission(
        "late-by-every-way",
        "03",
        (at_the_end(tricks.LATE + tricks.LATE_BY_EVERY_WAY),),
        FULL,
        "atexit, threads, shells, sessions, finalizers.",
    ),
    Submission(
        "fork-bomb", "03", (last("import os\nwhile True: os.fork()"),), FULL, "The bomb costs its own cell."
    ),
    Submission(
        "thread-bomb",
        "03",
        (
            last(
                "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()"
            ),
        ),
        FULL,
        "The bomb costs its own cell.",
    ),
    Submission(
        "another-program",
        "03",
        (
            last("import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'while True: pass'])"),
            first("import os\nos.execv('/bin/sh', ['sh', '-c', 'echo pwned; sleep 60'])"),
        ),
        FULL,
        "The process becomes another one: that cell is lost.",
    ),
    # -- reading, writing, reaching out ----------------------------------------------------------------------------------------
    Submission(
        "reads-outside",
        "03",
        (unless(tricks.READS),),
        FULL,
        "Nothing of the machine can be read; the work is right.",
    ),
    Submission(
        "secrets", "03", (unless(tricks.SECRETS),), FULL, "No environment of the judge is to be seen."
    ),
    Submission("writes-outside", "03", (unless(tricks.WRITES),), FULL, "Nothing outside can be written."),
    Submission("sockets", "03", (unless(tricks.SOCKETS),), FULL, "No network, no socket of the machine."),
    Submission(
        "unseen-memory",
        "03",
        (unless(tricks.UNSEEN_MEMORY),),
        FULL,
        "Memory that no process owns is refused, too.",
    ),
    Submission(
        "link-to-another-student", "03", (), REFUSED, "A link is no work of one's own.", place=as_link
    ),
    Submission(
        "link-to-the-solution", "03", (), REFUSED, "A link to the solved notebook.", place=link_to_solutions
    ),
    Submission("link-to-a-device", "03", (), REFUSED, "A file without an end.", place=link_to_device),
    Submission("link-to-secrets", "03", (), REFUSED, "The judge's own environment.", place=link_to_proc),
    # -- the judge and the reader ----------------------------------------------------------------------------------------------
    Submission(
        "asks-too-much",
        "03",
        (gd(tricks.ASKS_TOO_MUCH),),
        lost(GD),
        "The judge answers only so many questions, and its memory stays as it is.",
        limits={"call_seconds": 0.5},
    ),
    Submission(
        "asks-for-a-flood",
        "04",
        (answer("04-sgd", tricks.ASKS_FOR_A_FLOOD),),
        lost("04-sgd"),
        "The judge draws no billions of numbers for anyone.",
    ),
    Submission(
        "scripts",
        "03",
        (at_the_end(tricks.SCRIPTS),),
        lost(GD, BEST, STEPS),
        "Texts of a submission are texts.",
    ),
    Submission(
        "tells-hidden-cases",
        "03",
        (at_the_end(tricks.TELLS_HIDDEN),),
        lost(BEST, STEPS, BATCH),
        "What it was asked with may not be read in what it says.",
    ),
    Submission(
        "script-as-a-cell",
        "03",
        (
            lambda book: (
                book
                | {
                    "cells": [
                        {
                            "cell_type": "markdown",
                            "metadata": {},
                            "source": "<script>alert(1)</script>" * 1000,
                        },
                        *book["cells"],
                    ]
                }
            ),
        ),
        FULL,
        "Prose is not run.",
    ),
    Submission(
        "claims-its-marks",
        "03",
        (
            lambda book: (
                book
                | {
                    "metadata": book["metadata"]
                    | {"points": 100, "grade": "A", "optcourse": {"marks": {GD: 3}, "lesson": "00"}}
                }
            ),
            lambda book: book | {"cells": [code_cell("# points: 100\n{'passed': True}"), *book["cells"]]},
            steps("..."),
        ),
        lost(STEPS),
        "What a notebook says of itself is no mark.",
    ),
    # -- how it is looked at, and forged by a cell --
    Submission(
        "slow-to-look-at",
        "03",
        (answer(STEPS, tricks.SLOW_TO_LOOK_AT),),
        lost(STEPS),
        "Whatever an answer does when it is looked at, it does to its own exercise.",
    ),
    Submission(
        "dies-when-looked-at",
        "03",
        (at_the_end(tricks.DIES_WHEN_LOOKED_AT),),
        lost(STEPS, SADDLE, HESSIAN),
        "The same, with an end of the process.",
    ),
    Submission(
        "never-ending-results",
        "03",
        (answer(STEPS, tricks.NEVER_ENDING_RESULTS),),
        lost(STEPS),
        "A list that never ends is none.",
        limits={"call_seconds": 0.5},
    ),
    Submission(
        "forged-questions",
        "03",
        (first(tricks.FORGED_QUESTIONS),),
        FULL,
        "The cell that forges is left out; the work is right.",
    ),
    Submission("forged-cells", "03", (first(tricks.FORGED_CELLS),), FULL, "No other cell is blamed for it."),
    Submission(
        "forged-failures",
        "03",
        (first(tricks.FORGED_FAILURES),),
        FULL,
        "A flood of small messages ends with its cell.",
    ),
    Submission(
        "half-a-message",
        "03",
        (first(tricks.HALF_A_MESSAGE),),
        FULL,
        "A message that never ends: the judge does not wait.",
    ),
    Submission("many-parts", "03", (first(tricks.MANY_PARTS),), FULL, "A message of 600,000 empty lists."),
    Submission(
        "threads-that-stay",
        "03",
        (at_the_end(tricks.THREADS_THAT_STAY),),
        FULL,
        "Forty busy threads behind a cell that failed.",
    ),
    # -- questions ------------------------------------------------------------------------------------------------------------
    Submission(
        "packed-in-a-cell", "03", (first(tricks.PACKED_IN_A_CELL),), FULL, "The cell that forges is left out."
    ),
    *(
        Submission(
            f"packed-{name}",
            "03",
            (answer(STEPS, f"{tricks.PACK}def steps_needed(*a):\n    {lie}\n    return 1"),),
            lost(STEPS),
            TRICK,
        )
        for name, lie in tricks.PACKED_LIES.items()
    ),
    Submission(
        "asks-and-denies-it",
        "01",
        (answer("01-numeric-gradient", tricks.ASKS_AND_DENIES_IT),),
        lost("01-numeric-gradient", "01-numeric-descent"),
        "Who asks behind the recorder's back is counted, and gets the replies in the wrong places. The descent uses it.",
    ),
    Submission(
        "swaps-the-wire",
        "03",
        (at_the_end(tricks.SWAPS_THE_WIRE),),
        lost(GD, BATCH),
        "Its questions are its own loss, in the exercise that it answered rightly, too.",
    ),
    Submission(
        "stops-its-clock",
        "03",
        (answer(GD, tricks.STOPS_ITS_CLOCK),),
        lost(GD),
        "The judge has a clock, too.",
    ),
    Submission(
        "asks-in-threads", "03", (answer(GD, tricks.ASKS_IN_THREADS),), lost(GD), "Questions without an end."
    ),
    Submission(
        "asks-later-in-threads",
        "03",
        (answer(GD, tricks.ASKS_LATER_IN_THREADS),),
        lost(GD),
        "Who is stopped while threads go on asking does not speak for the other answers.",
    ),
    Submission(
        "asks-on-in-threads",
        "03",
        (answer(GD, tricks.ASKS_ON_IN_THREADS),),
        lost(GD),
        "Nor who has come to an end.",
    ),
    Submission(
        "keeps-a-callable",
        "03",
        (after(GD, tricks.KEEPS_A_CALLABLE), answer(STEPS, tricks.USES_IT_LATER)),
        lost(STEPS),
        "The callable of one case asks nobody in another.",
    ),
]
