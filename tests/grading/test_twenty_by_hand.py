"""Twenty students with partial credit and numbers of their own: what `optcourse grade` gives each is worked out again, apart.

Nothing here asks the course what is right. The numbers come from a hash of key, name and exercise, the answers from the formulas
of a parabola, and what a loop is worth from trying it on a few inputs beside a loop over plain lists.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import math

import numpy as np
import pytest

from optcourse.grading.command import main

KEY = "opt-2026, group 2"
LOOP, HESSIAN = "03-gradient-descent", "03-read-a-hessian"
CREDIT = """
[03-gradient-descent]
floats = 0.5
whole-numbers = 0.3
corners = 0.2
[03-gradient-descent.mistakes]
one-step-too-few = 0.4
[03-read-a-hessian.mistakes]
limit-from-coefficient = 0.25
"""
# flat x² + steep y², the flat ones in tenths: a condition number of 7 to 60 whose root is no whole number
PARABOLAS = [
    (flat / 10, steep)
    for flat in range(1, 6)
    for steep in range(2, 7)
    if (flat, steep) not in ((1, 2), (2, 4))
    and 7 <= 10 * steep / flat <= 60
    and math.sqrt(10 * steep / flat) % 1 > 0.1
]

START = "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    "
LOOPS = {
    "as in the lecture": "w = np.array(w, dtype=float)\n    for _ in range(num_steps):\n"
    "        w -= learning_rate * compute_gradient(w)\n    return w",
    "without in place": "for _ in range(num_steps):\n        w = w - learning_rate * compute_gradient(w)\n    return w",
    "keeps whole numbers": "w = w.copy()\n    for _ in range(num_steps):\n"
    "        w -= (learning_rate * compute_gradient(w)).astype(w.dtype)\n    return w",
    "one step too few": "w = np.array(w, dtype=float)\n    for _ in range(num_steps - 1):\n"
    "        w -= learning_rate * compute_gradient(w)\n    return w",
    "uphill": "w = np.array(w, dtype=float)\n    for _ in range(num_steps):\n"
    "        w += learning_rate * compute_gradient(w)\n    return w",
    "at least one step": "w = np.array(w, dtype=float)\n    while True:\n        w = w - learning_rate * compute_gradient(w)\n"
    "        num_steps -= 1\n        if num_steps <= 0:\n            return w",
    "both of the last kind": "w = w.copy()\n    while True:\n        w -= (learning_rate * compute_gradient(w)).astype(w.dtype)\n"
    "        num_steps -= 1\n        if num_steps <= 0:\n            return w",
    "a tenth too short": "w = np.array(w, dtype=float)\n    for _ in range(num_steps):\n"
    "        w -= 0.9 * learning_rate * compute_gradient(w)\n    return w",
}  # fmt: skip
NAMES = (
    "Ada Berg", "Ben Okafor", "Chen Wei", "Dilek Ünal", "Emil Sørensen", "Fatou Diop", "Goran Ilić", "Hana Kato", "Ines Rocha",
    "Jonas Weiß", "Kaja Lund", "Lou Martin", "Mina Farsi", "Nils Holm", "Oya Demir", "Piotr Zych", "Quinn Ames", "Rosa Vidal",
    "Sven Dahl", "Tala Noor",
)  # fmt: skip


def hashed(name: str, of: str) -> str:
    return hashlib.sha256(f"{KEY}\n{' '.join(name.casefold().split())}\n{of}".encode()).hexdigest()


def parabola(name: str) -> tuple[float, float]:
    return PARABOLAS[int(hashed(name, HESSIAN), 16) % len(PARABOLAS)]


def numbers(flat: float, steep: float) -> tuple[float, float, float]:
    """(kappa, limit, axis_ratio) of flat x² + steep y²: its curvatures are 2 flat and 2 steep."""
    return steep / flat, 2 / (2 * steep), math.sqrt(steep / flat)


def other(name: str) -> str:
    """Somebody else of the class, with other numbers."""
    return next(n for n in NAMES if parabola(n) != parabola(name))


VALUES = {
    "own": lambda name: numbers(*parabola(name)),
    "of the text": lambda name: numbers(0.1, 2),
    "of a friend": lambda name: numbers(*parabola(other(name))),
    "a curvature without its 2": lambda name: (*numbers(*parabola(name))[:1], 2 / parabola(name)[1], numbers(*parabola(name))[2]),
    "two things wrong": lambda name: (7 * numbers(*parabola(name))[0], 2 / parabola(name)[1], numbers(*parabola(name))[2]),
    "off by a tenth": lambda name: (1.1 * numbers(*parabola(name))[0], *numbers(*parabola(name))[1:]),
}  # fmt: skip
# Every loop comes with two or three kinds of values.
WORK = [
    (name, list(LOOPS)[k % len(LOOPS)], list(VALUES)[(k + k // 6) % len(VALUES)])
    for k, name in enumerate(NAMES)
]
# Their notebooks came without outputs, so nothing in them says whose numbers they have.
SILENT = {"Hana Kato", "Lou Martin", "Rosa Vidal", "Sven Dahl"}


def notebook(name: str, loop: str, values: str, said: bool) -> str:
    """What was handed in. `said`: the outputs are there, with the line that the check says."""
    given = VALUES[values](name)
    flat, steep = parabola(name)
    line = (
        f"✘ Not yet\nNumbers of {name} ({hashed(name, '')[:6]}). For the loss {flat:g} x² + {steep:g} y²: …"
    )
    output = {
        "output_type": "execute_result",
        "data": {"text/plain": line},
        "metadata": {},
        "execution_count": 1,
    }
    sources = [
        "import numpy as np\nfrom optcourse import check",
        f'{START}{LOOPS[loop]}\n\ncheck("{LOOP}", gradient_descent)',
        f'kappa, limit, axis_ratio = {given!r}\ncheck("{HESSIAN}", kappa, limit, axis_ratio)',
    ]
    cells = [{"cell_type": "code", "metadata": {}, "source": s, "outputs": []} for s in sources]
    cells[-1]["outputs"] = [output] if said else []
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


# -- the same, worked out apart --------------------------------------------------------------------


def walked(scale: list[float], w: list[float], learning_rate: float, num_steps: int) -> list[float]:
    """Where gradient descent on half the sum of scale · w² ends, number by number."""
    for _ in range(num_steps):
        w = [x - learning_rate * a * x for a, x in zip(scale, w, strict=True)]
    return w


def right_on(function, scale, w, learning_rate, num_steps, steps_fewer: int = 0) -> bool:
    start = np.array(w)
    with contextlib.suppress(ValueError, TypeError):
        end = function(lambda at: np.array(scale) * at, start, learning_rate, num_steps)
        wanted = walked(scale, [float(x) for x in w], learning_rate, num_steps - steps_fewer)
        return np.allclose(end, wanted, rtol=1e-9, atol=1e-12) and start.tolist() == w
    return False


def worth_of_loop(code: str) -> float:
    names = {"np": np}
    exec(START + code, names)
    function = names["gradient_descent"]
    floats = all(right_on(function, [1.5, 0.4], [0.3, -1.2], 0.2, n) for n in (2, 5, 9))
    whole = right_on(function, [1.5, 0.4, 2.2], [3, -5, 7], 0.1, 6)
    corners = all(
        right_on(function, *inputs)
        for inputs in (([1.2], [0.7], 0.2, 5), ([1.5, 0.4], [0.3, -1.2], 5.0, 12), ([1.5, 0.4], [0.3, -1.2], 0.1, 0))
    )  # fmt: skip
    if floats and whole and corners:
        return 3.0
    by_parts = 3 * (0.5 * floats + 0.3 * (floats and whole) + 0.2 * (floats and corners))
    fewer = all(right_on(function, [1.5, 0.4], [0.3, -1.2], 0.2, n, steps_fewer=1) for n in (2, 5, 9))
    return max(by_parts, 3 * 0.4 * fewer)


def worth_of_values(name: str, given: tuple[float, float, float]) -> float:
    kappa, limit, ratio = numbers(*parabola(name))

    def close(*wanted: float) -> bool:
        return all(abs(g - w) < 1e-3 * w for g, w in zip(given, wanted, strict=True))

    return 2.0 if close(kappa, limit, ratio) else 0.5 if close(kappa, 2 * limit, ratio) else 0.0


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twenty") / "week3"
    out = folder.with_name("week3-marks")
    folder.mkdir()
    out.mkdir()
    (out / "credit.toml").write_text(CREDIT)
    for name, loop, values in WORK:
        text = notebook(name, loop, values, name not in SILENT)
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    assert main([str(folder), "--lesson", "03", "--key", KEY, "--jobs", "1", "--without-sandbox"]) == 0
    with (out / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_every_one_of_twenty_has_the_points_that_a_calculation_apart_gives(marks):
    given = {name: (row[f"{LOOP} (of 3)"], row[f"{HESSIAN} (of 2)"]) for name, row in marks.items()}
    wanted = {
        name: (worth_of_loop(LOOPS[loop]), worth_of_values(name, VALUES[values](name)))
        for name, loop, values in WORK
    }
    assert set(given) == set(NAMES) and len(NAMES) == 20
    for k, (name, _, values) in enumerate(WORK):
        loop_points, value_points = given[name]
        assert float(loop_points) == pytest.approx(wanted[name][0], abs=0.005), WORK[k]
        if values == "of a friend" and name in SILENT:  # no word of whose numbers these are: a person decides
            assert value_points == "", WORK[k]
        else:
            assert float(value_points) == wanted[name][1], WORK[k]


def test_the_class_has_all_that_may_happen():
    assert {round(worth_of_loop(code), 2) for code in LOOPS.values()} == {3.0, 2.1, 1.2, 0.0, 2.4, 1.5}
    worth = [worth_of_values(name, VALUES[values](name)) for name, _, values in WORK]
    assert {2.0, 0.5, 0.0} == set(worth)
    assert {values for _, _, values in WORK} == set(VALUES) and {loop for _, loop, _ in WORK} == set(LOOPS)
    assert len({parabola(name) for name in NAMES}) > 6
    assert {values for name, _, values in WORK if name in SILENT} >= {"own", "of the text", "of a friend"}
