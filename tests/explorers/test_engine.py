"""The explorer without a browser: controls, tables, errors, the static picture, and the sweep that must bite."""

import subprocess
import sys
import warnings

import nbformat
import numpy as np
import pytest

from optcourse.authoring.sweep import run_notebook, wrong_checks
from optcourse.explorers.controls import hyperparameters, integers, linear, log
from optcourse.explorers.engine import Explorer
from optcourse.explorers.page import write_page
from optcourse.figures.encode import encode
from optcourse.optimizers import Adam
from tests.explorers.examples import BROKEN, EveryMark, RaisesAtTheEnd


class Heard(EveryMark):
    """Keeps what it would send to the browser."""

    def send(self, content, buffers=None):
        self.__dict__.setdefault("sent", []).append((content, buffers))


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
    explorer = Heard()
    values = {**explorer.values, "amplitude": 1.5}
    explorer._answer(explorer, {"kind": "frame", "key": "f1", "values": values}, [])
    explorer._answer(explorer, {"kind": "table", "key": "t", "control": "scale", "values": values}, [])
    frame, table = explorer.sent
    assert frame[0]["kind"] == "frame" and frame[0]["key"] == "f1" and explorer.values["amplitude"] == 1.5
    assert table[0]["kind"] == "table" and len(table[0]["frames"]) == len(explorer.controls[1].values)
    explorer._answer(explorer, {"kind": "values", "values": {**values, "count": 2}}, [])
    assert explorer.values["count"] == 2 and len(explorer.sent) == 2


@pytest.mark.parametrize("strict", [False, True])
def test_what_raises_is_said_in_one_sentence_and_fails_when_strict(monkeypatch, strict, caplog):
    monkeypatch.setenv("OPTCOURSE_STRICT", "1" if strict else "0")

    class Failing(Heard, RaisesAtTheEnd):
        controls = RaisesAtTheEnd.controls
        scene = RaisesAtTheEnd.scene

    explorer = Failing()
    message = {"kind": "frame", "key": "f1", "values": {"amplitude": 1.0}}
    if strict:
        with pytest.raises(ZeroDivisionError):
            explorer._answer(explorer, message, [])
    else:
        explorer._answer(explorer, message, [])
    [(reply, _)] = explorer.sent
    assert reply["kind"] == "error" and reply["key"] == "f1"
    assert "amplitude = 1" in reply["sentence"] and "the amplitude cannot be one" in reply["sentence"]
    assert "Traceback" in caplog.text and "\n" not in reply["sentence"]


def test_set_moves_the_figure_from_python():
    explorer = Heard()
    explorer.set(amplitude=2.0)
    assert "amplitude 2" in explorer.describe()
    assert explorer.sent[0][0]["values"]["amplitude"] == 2.0


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


# The sweep ---------------------------------------------------------------------------------------------------------------


def test_the_sweep_passes_a_good_explorer():
    assert EveryMark().sweep(np.random.default_rng(0)) > 30


@pytest.mark.parametrize(("broken", "words"), BROKEN.items(), ids=lambda b: getattr(b, "__name__", ""))
def test_the_sweep_bites(broken, words):
    with warnings.catch_warnings(), pytest.raises(AssertionError, match=words):
        warnings.simplefilter("error")
        broken().sweep(np.random.default_rng(0))


def notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), path)
    return path


@pytest.mark.parametrize("name", ["EveryMark", "RaisesAtTheEnd"])
def test_the_plug_in_names_notebook_explorer_and_setting(tmp_path, name):
    path = notebook(tmp_path / "lesson.ipynb", f"from tests.explorers.examples import {name}", f"{name}()")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "optcourse.authoring.sweep",
        "--sweep",
        "-p",
        "no:cacheprovider",
    ]
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
