"""The lesson behind a web page, as its worker asks it: without a browser (tests/publishing/test_page_python.py has one)."""

from __future__ import annotations

import ast
import json

import pytest

from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.inpage import Lesson, explorer_call
from tests.conftest import COURSE

CELLS = {
    "imports": "import numpy as np\nfrom optcourse import check\nfrom optcourse.explorers.lesson_03 import ValleyExplorer",
    "numbers": "start = np.array([3.0, 4.0])\nprint(start)\n\n\ndef size():\n    return float(np.hypot(*start))",
    "calls": "measured = np.zeros(3)\nrate = 0.3\nprint(1 / 0)",
    "exercise": "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    ...",
    "check": 'check("03-gradient-descent", gradient_descent)',
    "figure": "ValleyExplorer(yours=gradient_descent, learning_rate=0.45)",
}
RIGHT = (
    "def gradient_descent(compute_gradient, w, learning_rate, num_steps):\n    w = np.array(w, dtype=float)\n"
    "    for _ in range(num_steps):\n        w -= learning_rate * compute_gradient(w)\n    return w"
)
VALUES = ValleyExplorer(learning_rate=0.45).values | {"condition_number": 37.5, "rotation": 12.0}


@pytest.fixture
def lesson(own_home) -> Lesson:
    return Lesson(json.dumps([{"id": cell, "source": source} for cell, source in CELLS.items()]))


def test_a_figure_is_made_from_its_call_and_answers_as_in_a_notebook(lesson):
    words, data = lesson.reply("figure", json.dumps({"kind": "frame", "key": "k", "values": VALUES}))
    there, numbers = ValleyExplorer(learning_rate=0.45).reply({"kind": "frame", "key": "k", "values": VALUES})
    assert json.loads(words) == json.loads(json.dumps(there)) and data == numbers
    assert lesson.reply("figure", json.dumps({"kind": "values", "key": None, "values": VALUES})) is None
    wrong, _ = lesson.reply("figure", json.dumps({"kind": "frame", "key": "k", "values": {}}))
    assert json.loads(wrong)["kind"] == "error"


def test_a_table_comes_in_pieces_and_is_the_same(lesson):
    message = json.dumps({"kind": "table", "control": "learning_rate", "key": "k", "values": VALUES})
    *breaks, answer = lesson.reply_in_pieces("figure", message)
    assert len(breaks) > 2 and set(breaks) == {None} and answer == lesson.reply("figure", message)
    assert json.loads(answer[0])["kind"] == "table" and len(answer[1]) > 1000
    wrong = message.replace("learning_rate", "rate", 1)
    assert json.loads(list(lesson.reply_in_pieces("figure", wrong))[-1][0])["kind"] == "error"


def test_the_cells_above_are_defined_and_never_called(lesson):
    lesson.figure("figure")
    assert lesson.names["rate"] == 0.3 and "measured" not in lesson.names


def test_a_cell_above_is_run_when_the_reader_uses_what_it_computes(lesson):
    assert json.loads(lesson.run("exercise", "w = 2 * rate"))["error"] == "" and "start" not in lesson.names
    assert (
        json.loads(lesson.run("exercise", "size()"))["value"] == "5.0"
    )  # needs `start`, which it does not say
    lesson.run("exercise", "start = np.ones(2)")
    said = json.loads(lesson.run("exercise", "def length():\n    return start.tolist()\nlength()"))
    assert (said["value"], said["printed"]) == ("[1.0, 1.0]", "")
    said = json.loads(lesson.run("exercise", "measured"))
    assert said["error"] == (
        "RuntimeError: a cell above, which computes `measured`, has stopped. "
        "In line 3: ZeroDivisionError: division by zero"
    )
    assert json.loads(lesson.run("exercise", "unheard_of"))["error"].startswith("In line 1: NameError")


def test_the_check_says_what_it_says_in_the_notebook_and_the_figure_draws_the_readers_code(lesson):
    def runs() -> list[str]:
        words, _ = lesson.reply("figure", json.dumps({"kind": "frame", "key": "k", "values": VALUES}))
        return [run["name"] for run in json.loads(words)["runs"]]

    assert "your code" not in runs()
    wrong = json.loads(lesson.check("exercise", RIGHT.replace("-=", "+="), "check"))
    assert [event["status"] for event in wrong["events"]] == ["wrong"] and "Your loop walks uphill" in wrong[
        "html"
    ]
    right = json.loads(lesson.check("exercise", RIGHT, "check"))
    [event] = right["events"]
    assert (event["kind"], event["id"], event["status"]) == ("check", "03-gradient-descent", "passed")
    assert right["mended"] == ["figure"]
    assert "your code" in runs()
    again = json.loads(lesson.run("check", CELLS["check"]))
    assert "Right" in again["html"] and again["mended"] == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1\n1 / 0", "In line 2: ZeroDivisionError: division by zero"),
        ("def f(:\n  pass", "In line 1: SyntaxError: invalid syntax"),
        ("exit()", "In line 1: `exit` has ended this cell, and nothing else."),
        (
            "raise SystemExit('no data')",
            "In line 1: `exit` has ended this cell, and nothing else. It says: no data",
        ),
        ("np.zeros(2) @ np.zeros(3)", "In line 1: ValueError: matmul"),
    ],
)
def test_what_a_cell_raises_is_a_sentence_with_its_line(lesson, source, says):
    assert json.loads(lesson.run("exercise", source))["error"].startswith(says)


def test_what_a_cell_prints_and_its_last_value_are_shown(lesson):
    said = json.loads(lesson.run("exercise", "print(6 * 7)\nnp.arange(3)"))
    assert said == {
        "error": "", "printed": "42\n", "value": "array([0, 1, 2])", "html": "", "events": [], "mended": [],
    }  # fmt: skip


def test_what_a_cell_prints_without_end_is_cut_and_says_so(lesson):
    said = json.loads(lesson.run("exercise", "for _ in range(1000):\n    print('w' * 999)\n'w' * 20_000"))
    assert said["printed"].endswith("\n… Cut here: the first 10,000 of 1,000,000 characters.")
    assert said["value"].endswith("\n… Cut here: the first 10,000 of 20,002 characters.")
    assert len(said["printed"]) < 10_100 and len(said["value"]) < 10_100


@pytest.mark.parametrize("source", ["w = input('w? ')", "help()", "breakpoint()"])
def test_where_nobody_can_be_asked_a_sentence_says_so(lesson, source):
    said = json.loads(lesson.run("exercise", source))
    sentence = "nobody can be asked for a line here: write the value itself into the cell"
    assert said["error"] == f"In line 1: UnsupportedOperation: {sentence}"
    in_check = RIGHT.replace("    return w", "    input()\n    return w")
    assert sentence in json.loads(lesson.check("exercise", in_check, "check"))["html"]


def test_help_shows_what_is_written_about_a_name(lesson):
    lesson.run("exercise", 'def double(w):\n    """Twice w."""\n    return 2 * w')
    said = json.loads(lesson.run("exercise", "help(double)"))
    assert (said["error"], said["value"]) == ("", "")
    assert "double(w)\n    Twice w." in said["printed"]


def test_cells_that_had_ended_are_there_again_after_a_replay(lesson):
    assert json.loads(lesson.replay(json.dumps([["exercise", RIGHT]]))) == ["figure"]
    assert json.loads(lesson.run("check", CELLS["check"]))["events"][0]["status"] == "passed"


def test_an_explorers_arguments_are_plain_values_and_yours():
    assert explorer_call(CELLS["figure"]) == (
        "ValleyExplorer",
        {"learning_rate": 0.45},
        {"yours": "gradient_descent"},
    )
    for source in (
        "ValleyExplorer(learning_rate=2 * rate)",
        "ValleyExplorer(yours=make())",
        "ValleyExplorer(**given)",
    ):
        with pytest.raises(ValueError, match="is neither a plain value nor `yours=name`"):
            explorer_call(source)
    for source in ("lab.ValleyExplorer()", "valley", "x = ValleyExplorer()", ""):
        with pytest.raises(ValueError, match="does not end with the call of an explorer"):
            explorer_call(source)


def test_every_figure_of_the_course_is_made_from_plain_values_and_yours():
    made = []
    for path in sorted((COURSE / "lessons").glob("*.ipynb")):
        cells = [
            c["source"]
            for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if c["cell_type"] == "code"
        ]
        sources = ["".join(source) for source in cells]
        imported = [s for source in sources for s in ast.parse(source).body if isinstance(s, ast.ImportFrom)]
        names = {a.name for s in imported if s.module.startswith("optcourse.explorers") for a in s.names}
        for source in sources:
            last = ast.parse(source).body[-1:]
            called = last[0].value if last and isinstance(last[0], ast.Expr) else None
            if isinstance(called, ast.Call) and getattr(called.func, "id", "") in names:
                made.append(explorer_call(source)[0])
    assert len(made) > 60
