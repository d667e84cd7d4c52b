"""The explorer without a browser: controls, tables, errors, the static picture, and the sweep that must bite."""

import functools
import json
import subprocess
import sys
import time
import warnings

import nbformat
import numpy as np
import pytest

from optcourse.authoring.sweep import run_notebook, wrong_checks
from optcourse.explorers import page as pages
from optcourse.explorers import sweep as sweeping
from optcourse.explorers.controls import hyperparameters, integers, linear, log
from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.explorers.packing import unpack
from optcourse.explorers.page import write_page
from optcourse.explorers.sweep import sweep
from optcourse.figures.encode import encode
from optcourse.optimizers import Adam
from tests.explorers.examples import BROKEN, EveryMark, RaisesAtTheEnd


def test_defaults_are_always_on_the_slider():
    for control in (linear("a", 0, 1, 0.333), log("b", 1e-3, 1, 0.07), integers("c", 2, 50, 7, by=10)):
        assert control.default in control.values
        assert list(control.values) == sorted(set(control.values))


def test_sliders_are_made_from_an_optimizers_fields():
    made = {c.name: c for c in hyperparameters(Adam, "learning_rate", "beta1", learning_rate=0.3)}
    assert made["learning_rate"].default == 0.3 and made["beta1"].default == Adam().beta1
    assert list(made) == ["learning_rate", "beta1"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amplitude": 3.0}, "between 0 and 2"),
        ({"amplitude": float("nan")}, "finite"),
        ({"amplitude": "1"}, "finite number"),
        ({"curve": "tangent"}, "one of"),
        ({"grid_of_bars": 1}, "True or False"),
        ({"start": 3}, "two numbers"),
        ({"speed": 1}, "no control 'speed'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values, words):
    with pytest.raises(ValueError, match=words):
        EveryMark(**values)


def test_a_table_holds_for_each_value_the_frame_of_that_value():
    explorer = EveryMark()
    for control in explorer.controls:
        if control.table:
            meta, data = explorer.table(control.name, explorer.values)
            scenes = [explorer.frame(**{control.name: v}) for v in control.values]
            assert (meta["frames"], data) == (encode(scenes)[0]["frames"], encode(scenes)[1])


def test_the_browser_gets_what_it_asks_for():
    explorer = EveryMark()
    values = {**explorer.values, "amplitude": 1.5}
    frame, numbers = explorer.reply({"kind": "frame", "key": "f1", "values": values})
    assert frame["kind"] == "frame" and frame["key"] == "f1" and explorer.values["amplitude"] == 1.5
    assert (frame["frames"], numbers) == (
        encode([explorer.frame()])[0]["frames"],
        encode([explorer.frame()])[1],
    )
    reply, block = explorer.reply({"kind": "table", "key": "t", "control": "scale", "values": values})
    assert reply == {"kind": "table", "key": "t", "control": "scale"}
    assert unpack(block)[0]["values"] == list(explorer.controls[1].values)
    assert unpack(block) == explorer.table("scale", values)
    assert explorer.reply({"kind": "hello", "key": "h"}) == ({"kind": "hello", "key": "h"}, b"")
    assert explorer.reply({"kind": "values", "values": {**values, "count": 2}}) is None
    assert explorer.values["count"] == 2


def test_what_raises_is_said_in_one_sentence(caplog):
    explorer = RaisesAtTheEnd()
    message = {"kind": "frame", "key": "f1", "values": {"amplitude": 1.0}}
    with pytest.raises(ZeroDivisionError):
        explorer.answer(message)
    reply, numbers = explorer.reply(message)
    assert reply["kind"] == "error" and reply["key"] == "f1" and numbers == b""
    assert "amplitude = 1" in reply["sentence"] and "the amplitude cannot be one" in reply["sentence"]
    assert "Traceback" in caplog.text and "\n" not in reply["sentence"]
    assert explorer.values == {"amplitude": 0.5}


GOOD = EveryMark().values
DEEP = functools.reduce(lambda inner, _: [inner], range(900), 0.0)


@pytest.mark.parametrize(
    "message",
    [
        "frame", None, [], 7, {}, {"kind": "frame"}, {"kind": None, "values": GOOD}, {"kind": ["frame"], "values": GOOD},
        {"kind": "frame", "key": "f", "values": []}, {"kind": "frame", "key": "f", "values": None},
        {"kind": "frame", "key": "f", "values": {}}, {"kind": "frame", "key": "f", "values": {**GOOD, "more": 1}},
        {"kind": "frame", "key": float("nan"), "values": GOOD}, {"kind": "frame", "key": {"a": 1}, "values": GOOD},
        {"kind": "frame", "key": "x" * 1_000_000, "values": GOOD},
        {"kind": "frame", "key": "f", "values": {**GOOD, "amplitude": float("nan")}},
        {"kind": "frame", "key": "f", "values": {**GOOD, "amplitude": 10**400}},
        {"kind": "frame", "key": "f", "values": {**GOOD, "amplitude": "x" * 1_000_000}},
        {"kind": "frame", "key": "f", "values": {**GOOD, "start": DEEP}},
        {"kind": "frame", "key": "f", "values": {**GOOD, "start": {"x": 1}}},
        {"kind": "frame", "key": "f", "values": {**GOOD, "curve": ["sine"]}},
        {"kind": "table", "key": "f", "values": GOOD}, {"kind": "table", "key": "f", "control": [], "values": GOOD},
        {"kind": "table", "key": "f", "control": "start", "values": GOOD},
        {"kind": "values", "values": {**GOOD, "count": None}},
    ],
    ids=lambda message: str(message)[:40],
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_answered_with_a_sentence(message):
    explorer = EveryMark()
    reply, numbers = explorer.reply(message)
    assert reply["kind"] == "error" and numbers == b"" and explorer.values == GOOD
    assert len(json.dumps(reply, allow_nan=False)) < 10_000
    assert explorer.reply({"kind": "frame", "key": "f1", "values": GOOD})[0]["kind"] == "frame"


def test_set_moves_the_figure_from_python():
    explorer = EveryMark()
    explorer.set(amplitude=2.0)
    assert "amplitude 2" in explorer.describe()
    widget = explorer.widget
    assert widget.values["amplitude"] == 2.0 and widget.spec["initial"]["amplitude"] == 1.0
    explorer.set(amplitude=0.5)
    assert widget.values["amplitude"] == 0.5 and explorer.widget is widget


def endless(compute_gradient, w, learning_rate, num_steps):
    while True:
        pass


def slow(compute_gradient, w, learning_rate, num_steps):
    time.sleep(0.2)
    return w - learning_rate * compute_gradient(w)


def test_a_function_that_does_not_come_back_is_asked_once(monkeypatch):
    from optcourse.explorers import parts
    from optcourse.learner import path as learners_path

    cases = []

    def counted(function, case, seconds):
        outcome = run_case(function, case, seconds)
        cases.append(outcome.seconds)
        return outcome

    run_case = learners_path.run_case
    monkeypatch.setattr(learners_path, "run_case", counted)
    explorer = ValleyExplorer(yours=endless)
    said = explorer.frame().notice
    assert "`endless` did not come back within 2 seconds" in said
    reply, block = explorer.reply(
        {"kind": "table", "key": "t", "control": "learning_rate", "values": explorer.values}
    )
    table, _ = unpack(block)
    assert reply["kind"] == "table" and {frame["notice"] for frame in table["frames"]} == {said}
    # Each of the frames asked; one of them waited.
    assert len(cases) > 50 and sum(seconds > 1 for seconds in cases) == 1
    mended = ValleyExplorer(yours=parts.learners_run)
    assert "did not come back" not in mended.frame().notice


def test_no_table_is_made_for_which_a_slow_function_would_be_waited_for():
    explorer = ValleyExplorer(yours=slow)
    asked = {"kind": "table", "key": "t", "control": "learning_rate", "values": explorer.values}
    assert explorer.reply(asked)[0]["kind"] == "no-table"


def test_a_notebook_without_a_kernel_gets_picture_and_words():
    data, _ = EveryMark()._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert 'alt="A sine of amplitude 1' in data["text/html"] and "A sine" in data["text/plain"]


def test_a_saved_page_asks_nobody_and_overwrites_nothing_of_yours(tmp_path):
    mine = tmp_path / "notes.html"
    mine.write_text("my notes")
    with pytest.raises(FileExistsError, match="not a saved explorer"):
        write_page(EveryMark(), mine)
    assert mine.read_text() == "my notes"
    page = write_page(EveryMark(), tmp_path / "page.html")
    write_page(EveryMark(), page)  # its own page it may renew
    text = page.read_text()
    assert "http://" not in text.replace("http://www.w3.org", "") and "https://" not in text


def test_no_number_that_a_browser_cannot_read_gets_into_a_page_or_past_the_sweep(monkeypatch):
    monkeypatch.setattr(pages, "packed", lambda _: {"x": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        pages.fragment(EveryMark())
    monkeypatch.setattr(sweeping, "encode", lambda _: ({"x": float("inf")}, b""))
    with pytest.raises(AssertionError, match="JSON"):
        sweep(EveryMark(), np.random.default_rng(0))


# The sweep ---------------------------------------------------------------------------------------------------------------


def test_the_sweep_passes_a_good_explorer():
    assert sweep(EveryMark(), np.random.default_rng(0)) > 30


@pytest.mark.parametrize(("broken", "words"), BROKEN.items(), ids=lambda b: getattr(b, "__name__", ""))
def test_the_sweep_bites(broken, words):
    with warnings.catch_warnings(), pytest.raises(AssertionError, match=words):
        warnings.simplefilter("error")
        sweep(broken(), np.random.default_rng(0))


def notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), path)
    return path


@pytest.mark.parametrize("name", ["EveryMark", "RaisesAtTheEnd"])
def test_the_plug_in_names_notebook_explorer_and_setting(tmp_path, name):
    path = notebook(tmp_path / "lesson.ipynb", f"from tests.explorers.examples import {name}", f"{name}()")
    plug_ins = ("early", "sweep")
    words = [word for name in plug_ins for word in ("-p", f"optcourse.authoring.{name}")]
    command = [sys.executable, "-m", "pytest", "-q", *words, "-p", "no:cacheprovider", "--sweep"]
    result = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=120)
    if name == "EveryMark":
        assert result.returncode == 0, result.stdout
    else:
        assert result.returncode == 1
        for words in ("lesson.ipynb", "RaisesAtTheEnd", "'amplitude': 1.0", "cannot be one"):
            assert words in result.stdout


@pytest.mark.parametrize(("folder", "right"), [("lessons", False), ("solutions", True), ("solutions", False)])
def test_the_plug_in_reads_what_the_checks_say(tmp_path, folder, right):
    """A solved lesson whose answer is wrong fails, and so does an untouched one whose blank is already filled in."""
    sign = "-" if right else "+"
    source = f"""from optcourse import check
import numpy as np
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w = w {sign} learning_rate * compute_gradient(w)
    return w"""
    (tmp_path / folder).mkdir()
    path = notebook(
        tmp_path / folder / "03_x.ipynb", source, 'check("03-gradient-descent", gradient_descent)'
    )
    _, feedbacks = run_notebook(path)
    assert [f.status for f in feedbacks] == ["passed" if right else "wrong"]
    assert bool(wrong_checks(path, feedbacks)) == (not (folder == "solutions" and right))


def test_an_explorer_must_say_how_it_draws():
    with pytest.raises(NotImplementedError, match="must define"):
        Explorer()
