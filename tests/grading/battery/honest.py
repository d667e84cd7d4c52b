"""Honest submissions: what people hand in who do their work, in all its forms. None may lose a point that it earned."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.grading.battery.model import (
    FULL,
    NOTHING,
    Submission,
    after,
    answer,
    as_bytes,
    before,
    code_cell,
    first,
    last,
    lost,
    only,
    top,
)

GD, HESSIAN, BATCH = "03-gradient-descent", "03-read-a-hessian", "03-batch-gradient-descent"


def move_answers_to_the_end(book: dict) -> dict:
    """The cells with answers behind all others: they stand together, after the checks."""
    cells = book["cells"]
    moved = [c for c in cells if any(t.startswith("exercise:") for t in c["metadata"].get("tags") or ())]
    return book | {"cells": [c for c in cells if c not in moved] + moved}


def without_checks(book: dict) -> dict:
    return book | {"cells": [c for c in book["cells"] if not "".join(c["source"]).startswith("check(")]}


def answers_only(book: dict) -> dict:
    """Somebody's own notebook: the answers, an import, no metadata at all."""
    cells = [
        c for c in book["cells"] if any(t.startswith("exercise:") for t in c["metadata"].get("tags") or ())
    ]
    cells = [code_cell("import math\nimport numpy as np"), *(code_cell("".join(c["source"])) for c in cells)]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def each_answer_twice(book: dict) -> dict:
    cells = []
    for cell in book["cells"]:
        cells += [cell] * (
            2 if any(t.startswith("exercise:") for t in cell["metadata"].get("tags") or ()) else 1
        )
    return book | {"cells": cells}


def with_outputs(book: dict) -> dict:
    """As saved after a run: outputs, pictures, execution counts, warnings on stderr."""
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": ["RuntimeWarning: overflow\n"]},
                {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 2000}, "metadata": {}},
            ]
    return book


def check_of(exercise: str, source: str) -> Callable[[dict], dict]:
    """Another check cell of an exercise, and the blank above it left as it is."""

    def change(book: dict) -> dict:
        (cell,) = [c for c in book["cells"] if "".join(c["source"]).startswith(f'check("{exercise}"')]
        return book | {"cells": [code_cell(source) if c is cell else c for c in book["cells"]]}

    return change


def format_3(book: dict) -> dict:
    """The format of IPython before 2015: worksheets, `input`, `prompt_number`."""
    cells = []
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cells.append(
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": "".join(cell["source"]).splitlines(keepends=True),
                    "language": "python",
                    "metadata": {},
                    "outputs": [],
                    "prompt_number": 1,
                }
            )
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell["source"]})
    cells.insert(0, {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["My work"]})
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def renamed(folder, raw):
    """A name as people give names, with spaces, brackets and letters of their own."""
    path = folder / "Übung 3 (final) – Kopie [2].ipynb"
    path.write_bytes(raw)
    return path


GD_HELPERS = """
import functools
from dataclasses import dataclass
from math import inf

@dataclass
class Walker:
    place: np.ndarray
    rate: float
    def step(self, slope):
        self.place = self.place - self.rate * slope

def as_floats(w):
    return np.array(w, dtype=float)

def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    walker = Walker(as_floats(w), learning_rate)
    for _ in range(num_steps):
        walker.step(compute_gradient(walker.place))
    return walker.place
"""

GD_CLASS = """
class Descent:
    \"\"\"A callable object: the path of the last walk is kept.\"\"\"
    def __init__(self):
        self.path = []
    def __call__(self, compute_gradient, w, learning_rate, num_steps):
        w = np.array(w, dtype=float)
        self.path = [w.copy()]
        for _ in range(num_steps):
            w = w - learning_rate * compute_gradient(w)
            self.path.append(w)
        return self.path[-1]
gradient_descent = Descent()
"""

GD_RECURSIVE = """
def gradient_descent(slope, here, alpha, steps_to_go):
    here = np.asarray(here, float)
    if steps_to_go == 0:
        return here.copy()
    return gradient_descent(slope, here - alpha * slope(here), alpha, steps_to_go - 1)
"""

SOFTMAX_OTHER_ORDER = """
def softmax_gradient(scores, y):
    log_sum = np.logaddexp.reduce(scores, axis=1, keepdims=True)
    one_hot = np.eye(scores.shape[1])[y]
    return (np.exp(scores - log_sum) - one_hot) / scores.shape[0]
"""

NETWORK_EINSUM = """
def two_layer_backward(images, labels, A, a, B, b):
    z = np.einsum("nd,dh->nh", images, A) + a
    h = np.where(z > 0, z, 0.0)
    s = np.einsum("nh,hc->nc", h, B) + b
    s = s - np.max(s, axis=1)[:, None]
    p = np.exp(s) / np.exp(s).sum(axis=1)[:, None]
    p[range(len(labels)), labels] -= 1
    p = p / len(labels)
    back = np.einsum("nc,hc->nh", p, B) * (z > 0)
    return (np.einsum("nd,nh->dh", images, back), np.einsum("nh->h", back),
            np.einsum("nh,nc->hc", h, p), np.einsum("nc->c", p))
"""

ADAM_OTHER_ORDER = """
def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    # the second moment first, the corrections as running products
    w = np.array(w, dtype=np.float64)
    m, v, p1, p2 = 0.0, 0.0, 1.0, 1.0
    while num_steps > 0:
        num_steps -= 1
        g = compute_gradient(w)
        v = v + (1 - beta2) * (g ** 2 - v)
        m = m + (1 - beta1) * (g - m)
        p1, p2 = p1 * beta1, p2 * beta2
        w = w - learning_rate * (m / (1 - p1)) / ((v / (1 - p2)) ** 0.5 + eps)
    return w
"""

MOMENTUM_FOLDED = """
def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    # the learning rate folded into the velocity: the same path for a constant rate
    w, v = np.array(w, dtype=float), 0.0
    for _ in range(num_steps):
        v = rho * v - learning_rate * compute_gradient(w)
        w = w + v
    return w
"""

VARIANCE_BY_HAND = """
def gradient_variance(gradients, batch_size, replace):
    rows = [np.asarray(row, dtype=float) for row in gradients]
    N = len(rows)
    mean = sum(rows) / N
    squares = sum((row - mean) * (row - mean) for row in rows)
    return squares / (N * batch_size) if replace else squares / N / batch_size * ((N - batch_size) / (N - 1))
"""

NOISY_CELL = """
import sys, warnings, logging
print("a warning for the marker", file=sys.stderr)
warnings.warn("deprecated")
logging.warning("logged")
np.array([1.0]) / 0.0
np.float64(-1) ** 0.5
"""

PRINTS_A_LOT = """
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for k in range(num_steps):
        dw = compute_gradient(w)
        for _ in range(200):
            print("step", k, "w =", w, "dw =", dw)
        w = w - learning_rate * dw
    return w
for k in range(20_000):
    print("debug", k)
"""

SLOW = """
import time
time.sleep(0.3)
def saddle_steps(y0, learning_rate):
    time.sleep(0.05)
    count, y = 0, abs(y0)
    if y == 0:
        return math.inf
    while y < 1:
        y, count = y * (1 + 2 * learning_rate), count + 1
    return count
"""

NOTEBOOK_HABITS = """
%matplotlib inline
%load_ext autoreload
%autoreload 2
!pip install numpy
%config InlineBackend.figure_format = 'retina'
get_ipython().run_line_magic("matplotlib", "inline")
np.sqrt?
"""

PERCENT_LINE = '''
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    """The walk.
    %time is a magic, this line is none
    !and neither is this
    """
    w = np.array(w, dtype=float)
    for k in range(num_steps
                   % 1_000_000):
        w = w - learning_rate * compute_gradient(w)
    print("%d steps, w = %s"
          % (num_steps, w))
    return w
'''

OWN_PLOT = """
import matplotlib.pyplot as plt
from IPython.display import display, HTML
fig, ax = plt.subplots(figsize=(4, 3))
ax.plot(np.arange(3), np.arange(3) ** 2, label="mine")
(line,) = ax.plot([1, 2], [3, 4])
display(fig, HTML("<b>hello</b>"))
plt.show()
"""

OWN_HELPER = """
def @HELPER@(loss, at, i, step):
    a = at.copy(); a[i] += step
    b = at.copy(); b[i] -= step
    return (loss(a) - loss(b)) / (2 * step)
def numeric_gradient(loss, w, step):
    w = np.array(w, dtype=float)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        dw[i] = @HELPER@(loss, w, i, step)
    return dw
"""

OWN_DESCENT = """
def numeric_descent(f, w, learning_rate, num_steps, h):
    w = np.array(w, dtype=float)
    losses = [f(w)]
    for _ in range(num_steps):
        steps = h * np.eye(w.size)
        dw = np.array([(f(w + e) - f(w - e)) / (2 * h) for e in steps])
        w = w - learning_rate * dw
        losses.append(f(w))
    return w, losses
"""

WITH_PROGRESS = """
from tqdm.auto import tqdm, trange
from numba import njit
from functools import lru_cache
@njit(cache=True)
def step(w, dw, learning_rate):
    return w - learning_rate * dw
@lru_cache
def rate(learning_rate): return learning_rate
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    bar = tqdm(range(num_steps), desc="steps")
    for _ in bar:
        w = step(w, compute_gradient(w), rate(learning_rate))
        bar.set_postfix(w=w)
    display(w)
    return w
"""

HELD_FILES = """
held = []
try:
    while True: held.append(open("held.txt", "w"))
except OSError:
    pass
"""

SLOWLY = """
import time
def best_learning_rate(H):
    begin = time.process_time()
    while time.process_time() - begin < 0.1: pass
    e = np.linalg.eigvalsh(H)
    return 2 / (e[0] + e[-1])
"""

REBOUND = ["central", "forward", "eps", "f", "x", "h", "errors"]


def big_pictures(book: dict) -> dict:
    """24 MB of pictures in its outputs."""
    for cell in book["cells"][:12]:
        if cell["cell_type"] == "code":
            picture = {"image/png": "iVBORw0KGgo" * 400_000}
            cell["outputs"] = [{"output_type": "display_data", "data": picture, "metadata": {}}]
    return book | {"cells": book["cells"]}


def rebound_helper(name: str) -> Submission:
    """A helper of the student under a name that a later cell of the lesson takes."""
    return Submission(
        f"helper-named-{name}",
        "01",
        (
            answer("01-numeric-gradient", OWN_HELPER.replace("@HELPER@", name)),
            answer("01-numeric-descent", OWN_DESCENT),
        ),
        FULL,
        "It passed its check; what a later cell of the lesson does with the name is not the student's doing.",
    )


WAYS_TO_ASK = {
    "with-a-list": "compute_gradient(w.tolist())",
    "by-keyword": "compute_gradient(w=w)",
    "big-endian": "compute_gradient(w.astype('>f8'))",
    "with-a-view": "compute_gradient(np.stack([w, w], axis=1)[:, 1])",
    "with-a-masked-array": "compute_gradient(np.ma.array(w))",
    "with-long-doubles": "compute_gradient(w.astype(np.longdouble))",
    "through-a-pool": "pool.submit(compute_gradient, w).result()",
}


def asking(ask: str) -> str:
    """Gradient descent that asks for its gradients in this way."""
    return f"""
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w = w - learning_rate * np.asarray({ask})
    return w
"""


GD_AWAITED = """
import asyncio
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    async def walk():
        v = np.array(w, dtype=float)
        for _ in range(num_steps):
            v = v - learning_rate * await asyncio.to_thread(compute_gradient, v)
        return v
    return asyncio.run(walk())
"""

MOMENTUM_IN_PLACE = """
def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    w, velocity = np.array(w, dtype=float), 0
    for _ in range(num_steps):
        dw = compute_gradient(w)
        dw += rho * velocity
        velocity = dw.copy()
        dw *= learning_rate
        w -= dw
    return w
"""

SGD_ASKING = """
def sgd(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        minibatch = sampled_data(batch_size)
        w = w - learning_rate * compute_gradient(@)
    return w
"""


SUBMISSIONS = [
    *map(rebound_helper, REBOUND),
    *(
        Submission(
            f"missing-package-{k}",
            "03",
            (top(source),),
            FULL,
            "A failing import costs its line, not the cell, and everybody reads which line.",
            said=(f"code cell 1, line 1, `{source.splitlines()[0]}`: ModuleNotFoundError",),
        )
        for k, source in enumerate(
            (
                'from google.colab import drive\ndrive.mount("/content/drive")',
                "import yaml, PIL.Image, requests, psutil",
                "import jax.numpy as jnp, numpy as onp",
                "from helpers import *",
                "import pandas as pd\nframe = pd.DataFrame({'a': [1]})\nprint(int(frame['a'][0]))",
                "import torch\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
            )
        )
    ),
    Submission(
        "import-with-a-way-out",
        "03",
        (top("try:\n    import cupy as xp\nexcept ImportError:\n    xp = None\nassert xp is None"),),
        FULL,
        "Who waits for a failed import gets it.",
    ),
    Submission(
        "a-file-that-is-not-there",
        "03",
        (top('notes = open("notes.txt").read()\nwords = notes.split()'),),
        FULL,
        "In the lab the file is there; the line costs itself.",
        said=('code cell 1, line 1, `notes = open("notes.txt").read()`: FileNotFoundError',),
    ),
    Submission(
        "asks-for-input",
        "03",
        (top('n = int(input("how many? "))'),),
        FULL,
        "Nobody is there to answer.",
        said=("code cell 1, line 1,",),
    ),
    Submission(
        "a-cell-that-stops",
        "03",
        (before("03-steps-needed", "import math\nprint(undefined_name)"),),
        lost("03-steps-needed"),
        "It stops in the lab, too; everybody reads where.",
        statuses={"03-steps-needed": "missing"},
        said=("stopped in line 2, `print(undefined_name)`: NameError: name 'undefined_name' is not defined",),
    ),
    Submission("np-is-three", "03", (last("np = 3\nmath = None"),), FULL, "Every check had passed by then."),
    Submission(
        "overwritten-after-its-check",
        "03",
        (last("gradient_descent = best_learning_rate = None\nkappa = 0"),),
        FULL,
        "An answer counts as it stood when its own check ran, when that is better.",
    ),
    Submission(
        "right-after-its-check",
        "03",
        (
            answer(GD, "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    return w"),
            last(
                "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    w = np.array(w, dtype=float)\n"
                "    for _ in range(num_steps):\n        w -= learning_rate * compute_gradient(w)\n    return w"
            ),
        ),
        FULL,
        "Mended after the check: the end of the notebook counts, too.",
    ),
    Submission(
        "return-below-the-answer",
        "03",
        (after("03-best-learning-rate", "return 3"),),
        FULL,
        "IPython compiles statement by statement: the function above is there.",
        said=("`return 3`: SyntaxError: 'return' outside function",),
    ),
    Submission(
        "progress-and-decorators",
        "03",
        (answer(GD, WITH_PROGRESS),),
        FULL,
        "They pass on what they are given.",
    ),
    Submission(
        "scipy-for-its-value",
        "03",
        (
            answer(
                "03-best-learning-rate",
                "from scipy.linalg import eigvalsh\ndef best_learning_rate(H):\n"
                "    e = eigvalsh(H)\n    return 2 / (e[0] + e[-1])",
            ),
        ),
        lost("03-best-learning-rate"),
        "There is no SciPy, in the course's environment neither; the sentence names it.",
        said=("`from scipy.linalg import eigvalsh`",),
    ),
    *(
        Submission(name, "03", changes, FULL, "What IPython runs, the grader runs.")
        for name, changes in {
            "shell-line-continued": (top("!pip install numpy \\\n    pandas"),),
            "percent-operator-beside-a-magic": (top("%matplotlib inline\nq = (7\n  % 3)"),),
            "time-behind-a-colon": (top("if True: %time x = 1"),),
            "help-with-windows-lines": (top("\r\nnumber = 1\r\nnumber?\r"),),
            "time-that-defines": (before(GD, "%time five = 5\nassert five == 5"),),
            "cell-magic-time": (before(GD, "%%time"),),
            "cell-magic-capture": (before(GD, "%%capture out"),),
            "prompts-pasted": (first(">>> import math\n>>> one = 1\n"),),
            "indented-cell": (first("    one = 1\n    two = 2\n"),),
            "magic-in-a-function": (
                first("def timed():\n    %time two = 2\n    return 2\nassert timed() == 2"),
            ),
            "output-of-a-magic": (first("three = %time 3\nfiles = !ls\nassert three == 3"),),
            "future-for-all-cells": (
                first("from __future__ import annotations"),
                after(GD, "def typed(w: Undefined) -> Nowhere: return 1"),
            ),
        }.items()
    ),
    Submission(
        "writefile-and-import",
        "03",
        (
            first("%%writefile walk.py\ndef step(w, dw, rate):\n    return w - rate * dw\n"),
            answer(
                GD,
                "from walk import step\ndef gradient_descent(compute_gradient, w, learning_rate, num_steps):\n"
                "    w = np.array(w, dtype=float)\n    for _ in range(num_steps):\n"
                "        w = step(w, compute_gradient(w), learning_rate)\n    return w",
            ),
        ),
        FULL,
        "A module of one's own, written by a cell.",
    ),
    Submission(
        "holds-all-files-open",
        "03",
        (last(HELD_FILES),),
        FULL,
        "What the worker needs is loaded before the limits.",
    ),
    Submission(
        "slow-by-the-processor",
        "03",
        (answer("03-best-learning-rate", SLOWLY),),
        FULL,
        "A tenth of a second a call, whatever else runs on the machine.",
    ),
    Submission(
        "thirteen-slow-cells",
        "03",
        tuple(first("import time\ntime.sleep(0.7)") for _ in range(13)),
        FULL,
        "The exercises have a budget of their own.",
        limits={"total_seconds": 25.0},
    ),
    Submission(
        "24-mb-of-pictures", "03", (big_pictures,), FULL, "Outputs are dropped before anything is judged."
    ),
    Submission(
        "utf-16", "06", (as_bytes(lambda raw: raw.decode().encode("utf-16")),), FULL, "Some editors save so."
    ),
    Submission("solved-01", "01", (), FULL, "The course's own solution earns everything."),
    Submission("solved-02", "02", (), FULL, "The course's own solution earns everything."),
    Submission("solved-03", "03", (), FULL, "The course's own solution earns everything."),
    Submission("solved-04", "04", (), FULL, "The course's own solution earns everything."),
    Submission("solved-05", "05", (), FULL, "The course's own solution earns everything."),
    Submission("solved-06", "06", (), FULL, "The course's own solution earns everything."),
    Submission("solved-08", "08", (), FULL, "The course's own solution earns everything."),
    Submission("solved-09", "09", (), FULL, "The course's own solution earns everything."),
    Submission(
        "blank",
        "03",
        (),
        NOTHING,
        "Nothing was done.",
        blank=True,
        statuses={GD: "not started", HESSIAN: "not started", BATCH: "not started"},
    ),
    Submission(
        "blank-08", "08", (), NOTHING, "Nothing was done.", blank=True, statuses={"08-adam": "not started"}
    ),
    Submission(
        "partly-right",
        "03",
        (answer("03-steps-needed", "def steps_needed(condition_number, tolerance):\n    ...\n"),),
        lost("03-steps-needed"),
        "One exercise is still a blank, the others are right.",
        statuses={"03-steps-needed": "not started", GD: "passed"},
    ),
    Submission(
        "one-answer-only",
        "05",
        (answer("05-memory", "window, half_life, top_speed = 10.000000000000002, 6.578813478960585, 10.0"),),
        only("05-memory"),
        "One exercise was done, by a calculator.",
        blank=True,
    ),
    Submission(
        "other-names",
        "03",
        (
            check_of(HESSIAN, f'check("{HESSIAN}", 20, 2 / 4, np.sqrt(4 / 0.2))'),
            check_of(
                GD,
                "def walk(slope, w, rate, count):\n    for _ in range(count):\n        w = w - rate * slope(w)\n    return w\n"
                f'check("{GD}", walk)',
            ),
        ),
        only(GD, HESSIAN),
        "Handed to the check under other names, or as they are; the check says that they are right.",
        blank=True,
    ),
    Submission(
        "other-name-wrong",
        "03",
        (check_of(GD, f'def walk(slope, w, rate, count):\n    return w\ncheck("{GD}", walk)'),),
        NOTHING,
        "What was handed in is wrong, and the check says so.",
        blank=True,
        statuses={GD: "failed"},
    ),
    Submission(
        "library-handed-in",
        "03",
        (
            check_of(
                GD,
                "from optcourse import optimizers, descend\n"
                f'check("{GD}", descend)\ncheck("{HESSIAN}", optimizers, optimizers, optimizers)\ncheck([], 1)',
            ),
        ),
        NOTHING,
        "The library's own answer, and calls of the check that make no sense.",
        blank=True,
    ),
    Submission(
        "one-value-of-three-wrong",
        "03",
        (after(HESSIAN, "axis_ratio = kappa"),),
        lost(HESSIAN),
        "Two values are right, but the exercise is one mark.",
        statuses={HESSIAN: "failed"},
    ),
    Submission(
        "wrong-sign",
        "05",
        (
            answer(
                "05-momentum",
                "def momentum(compute_gradient, w, learning_rate, num_steps, rho):\n    w = np.array(w, "
                "dtype=float)\n    velocity = 0 * w\n    for _ in range(num_steps):\n        velocity = rho * velocity - "
                "compute_gradient(w)\n        w = w - learning_rate * velocity\n    return w",
            ),
        ),
        lost("05-momentum", "05-heavy-ball-cycle"),
        "It walks uphill, and the exercise that is computed with it comes out wrong.",
        statuses={"05-momentum": "failed"},
    ),
    Submission(
        "changes-its-input",
        "03",
        (
            answer(
                GD,
                "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    for _ in "
                "range(num_steps):\n        w -= learning_rate * compute_gradient(w)\n    return w",
            ),
        ),
        lost(GD),
        "The check asks to leave the caller's array alone.",
    ),
    Submission(
        "one-call-too-many",
        "01",
        (
            answer(
                "01-numeric-gradient",
                "def numeric_gradient(f, w, h):\n    w = np.array(w, dtype=float)\n    f(w)\n    "
                "dw = np.zeros_like(w)\n    for i in np.ndindex(w.shape):\n        e = np.zeros_like(w)\n        e[i] = h\n"
                "        dw[i] = (f(w + e) - f(w - e)) / (2 * h)\n    return dw",
            ),
        ),
        lost("01-numeric-gradient", "01-numeric-descent"),
        "The statement says exactly 2N calls, here are 2N + 1; the descent that uses it calls too often as well.",
    ),
    Submission(
        "rounded-answer",
        "03",
        (answer(HESSIAN, "kappa, limit, axis_ratio = 20, 0.5, 4.5"),),
        FULL,
        "Two digits are what the text asks for.",
    ),
    Submission(
        "rounded-too-far",
        "03",
        (answer(HESSIAN, "kappa, limit, axis_ratio = 20, 0.5, 4"),),
        lost(HESSIAN),
        "One digit is too few, there and in the notebook's check.",
    ),
    Submission(
        "float32",
        "06",
        (
            answer(
                "06-adagrad",
                "def adagrad(compute_gradient, w, learning_rate, num_steps, eps):\n    w = np.array(w, "
                "dtype=np.float32)\n    s = np.zeros_like(w)\n    for _ in range(num_steps):\n        dw = "
                "compute_gradient(w)\n        s = (s + dw * dw).astype(np.float32)\n        w = (w - learning_rate * dw / "
                "(np.sqrt(s) + eps)).astype(np.float32)\n    return w",
            ),
        ),
        lost("06-adagrad"),
        "Too few digits for the tolerance; the experiment with it asks for fewer, and its values are right.",
    ),
    Submission(
        "helpers-and-imports", "03", (answer(GD, GD_HELPERS),), FULL, "Own classes and helpers are welcome."
    ),
    Submission(
        "callable-object", "03", (answer(GD, GD_CLASS),), FULL, "An object that can be called is a function."
    ),
    Submission(
        "recursive-and-renamed-arguments",
        "03",
        (answer(GD, GD_RECURSIVE),),
        FULL,
        "The same points in the same order; nobody asked for a loop, or for these names.",
    ),
    Submission(
        "other-softmax",
        "02",
        (answer("02-softmax-gradient", SOFTMAX_OTHER_ORDER),),
        FULL,
        "The same gradient by log-sum-exp and one-hot rows.",
    ),
    Submission(
        "einsum-network",
        "02",
        (answer("02-two-layer-backward", NETWORK_EINSUM),),
        FULL,
        "Another way to write the same backward pass, with nothing of the exercises before.",
    ),
    Submission(
        "running-products",
        "08",
        (answer("08-adam", ADAM_OTHER_ORDER),),
        FULL,
        "Adam with its moments updated in another order and running products for beta^t.",
    ),
    Submission(
        "folded-learning-rate",
        "05",
        (answer("05-momentum", MOMENTUM_FOLDED),),
        FULL,
        "The same path; for a constant learning rate the two forms are one.",
    ),
    Submission(
        "variance-by-hand",
        "04",
        (answer("04-gradient-variance", VARIANCE_BY_HAND),),
        FULL,
        "Sums in another order agree to rounding.",
    ),
    Submission(
        "a-list-for-an-array",
        "05",
        (
            answer(
                "05-best-momentum",
                "def best_momentum(H):\n    s = np.linalg.svd(H, compute_uv=False)\n    a, b = "
                "float(s[0]) ** 0.5, float(s[-1]) ** 0.5\n    return [4 / (a + b) ** 2, ((a - b) / (a + b)) ** 2]",
            ),
        ),
        FULL,
        "The notebook's check takes a list where a pair is meant.",
    ),
    Submission(
        "a-generator-for-a-list",
        "04",
        (
            answer(
                "04-epoch-batches",
                "def epoch_batches(N, size, rng, epochs):\n    for _ in range(epochs):\n        "
                "order = rng.permutation(N)\n        yield from (order[k:k + size] for k in range(0, N, size))",
            ),
        ),
        FULL,
        "A generator that ends gives the same batches, and the notebook's check takes it.",
    ),
    Submission(
        "whole-numbers",
        "03",
        (
            after(
                "03-saddle-steps",
                "_right = saddle_steps\ndef saddle_steps(y0, learning_rate):\n    n = "
                "_right(y0, learning_rate)\n    return n if n == math.inf else np.int64(n)",
            ),
        ),
        FULL,
        "A NumPy whole number is a whole number.",
    ),
    Submission(
        "warnings-on-stderr",
        "03",
        (first("import numpy as np\n" + NOISY_CELL), last(NOISY_CELL), before(BATCH, NOISY_CELL)),
        FULL,
        "Warnings and noise on stderr cost nothing.",
    ),
    Submission("prints-a-lot", "03", (answer(GD, PRINTS_A_LOT),), FULL, "Printing is no mistake."),
    Submission(
        "slow-within-limits",
        "03",
        (before("03-saddle-steps", "import math"), answer("03-saddle-steps", SLOW)),
        FULL,
        "Slow, and within the limits: steps that are counted one by one.",
    ),
    Submission(
        "extra-cells",
        "06",
        (first("x = 1"), last("import collections\ncollections.Counter('abc')"), last("")),
        FULL,
        "Cells of one's own are welcome, also empty ones.",
    ),
    Submission(
        "cells-moved", "03", (move_answers_to_the_end,), FULL, "The answers stand elsewhere, and are right."
    ),
    Submission(
        "answers-only",
        "06",
        (answers_only,),
        lost("06-rotation-experiment"),
        "No checks, no metadata; the experiment needs cells that were deleted.",
        lesson_given=True,
    ),
    Submission(
        "checks-deleted",
        "03",
        (without_checks,),
        FULL,
        "The checks are a service, not part of the work.",
        lesson_given=True,
    ),
    Submission(
        "answers-twice", "08", (each_answer_twice,), FULL, "Every answer stands there twice, the same."
    ),
    Submission("renamed", "03", (), FULL, "The file's name is the student's business.", place=renamed),
    Submission(
        "saved-with-outputs", "03", (with_outputs,), FULL, "Outputs, pictures and counts are no code."
    ),
    Submission("format-3", "03", (format_3,), FULL, "An old format, with all the answers in it."),
    Submission(
        "byte-order-mark",
        "06",
        (as_bytes(lambda raw: b"\xef\xbb\xbf" + raw),),
        FULL,
        "Some editors of Windows write a byte order mark; the notebook is whole.",
    ),
    Submission(
        "windows-line-ends",
        "06",
        (
            as_bytes(
                lambda raw: (
                    json.dumps(json.loads(raw), indent=1)
                    .replace("\n", "\r\n")
                    .replace("\\n", "\\r\\n")
                    .encode()
                )
            ),
        ),
        FULL,
        "Line ends of Windows, in the file and in the cells.",
    ),
    Submission(
        "magics",
        "03",
        (
            first("import numpy as np\n" + NOTEBOOK_HABITS),
            before(GD, "%%time"),
            before(BATCH, "%matplotlib inline\n!ls"),
        ),
        FULL,
        "Magics and shell lines are part of a notebook's life.",
    ),
    Submission(
        "percent-at-line-start",
        "03",
        (answer(GD, PERCENT_LINE),),
        FULL,
        "Lines that begin with % or ! inside an expression or a text are Python, no magics.",
    ),
    Submission(
        "own-plots",
        "03",
        (before(GD, OWN_PLOT), last(OWN_PLOT)),
        FULL,
        "A plot in the cell of an answer: grading has no matplotlib, which is not the student's fault.",
    ),
    Submission(
        "display-and-friends",
        "03",
        (before(GD, "display(np.arange(3))\nget_ipython()\n_ = 1\n_"),),
        FULL,
        "`display` and `get_ipython` exist in every notebook.",
    ),
    Submission(
        "unicode",
        "03",
        (
            answer(
                GD,
                "def gradient_descent(∇, w, α, n):\n    '''Schritt für Schritt ✓ 🚶'''\n    w = np.array(w, dtype=float)\n"
                "    for _ in range(n):\n        w = w - α * compute(∇, w)\n    return w\ndef compute(f, x): return f(x)".replace(
                    "∇", "grad"
                ),
            ),
        ),
        FULL,
        "Greek letters and emoji are Python too.",
    ),
    Submission(
        "type-hints-and-future",
        "03",
        (
            before(GD, "from __future__ import annotations"),
            after(GD, "def typed(w: Undefined) -> Nowhere: ..."),
        ),
        FULL,
        "Annotations are not evaluated with the __future__ import, which stands at the top of its cell.",
    ),
    Submission(
        "own-threads",
        "03",
        (
            last(
                "import threading\nt = threading.Thread(target=lambda: sum(range(1000)))\nt.start(); t.join()\n"
                "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool: list(pool.map(abs, [1]))"
            ),
        ),
        FULL,
        "A few threads are within the limits.",
    ),
    Submission(
        "writes-a-file-of-its-own",
        "03",
        (
            last(
                "open('notes.txt', 'w').write('x')\nassert open('notes.txt').read() == 'x'\nimport tempfile, pickle\n"
                "with tempfile.TemporaryFile() as f: pickle.dump({'w': 1}, f)"
            ),
            after(GD, "np.save('w.npy', np.ones(3))"),
        ),
        FULL,
        "Files in the scratch folder are allowed, and go when grading ends.",
    ),
    # -- the ways to ask for a gradient ---------------------------------------------------------------------------------------
    *(
        Submission(
            f"asks-{name}", "03", (answer(GD, asking(ask)),), FULL, "A gradient asked for is a gradient."
        )
        for name, ask in WAYS_TO_ASK.items()
    ),
    Submission("asks-in-an-await", "03", (answer(GD, GD_AWAITED),), FULL, "Another thread may ask."),
    Submission(
        "writes-into-the-gradient",
        "05",
        (answer("05-momentum", MOMENTUM_IN_PLACE),),
        FULL,
        "It is the asker's own.",
    ),
    *(
        Submission(
            f"minibatch-{name}",
            "04",
            (answer("04-sgd", SGD_ASKING.replace("@", ask)),),
            FULL,
            "The same indices.",
        )
        for name, ask in {
            "by-keyword": "w, minibatch=minibatch",
            "as-a-list": "w, minibatch.tolist()",
            "as-small-numbers": "w, minibatch.astype(np.uint16)",
        }.items()
    ),
    Submission(
        "names-like-the-lessons-own",
        "02",
        (
            first(
                "_verdict = _images = _labels = _w = 3\ndef report(*a): return 1\nstart_weights = network_loss = 7"
            ),
        ),
        FULL,
        "What a lesson's own cells bind afterwards costs no answer.",
    ),
]
