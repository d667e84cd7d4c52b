"""The course in a JupyterLite: what goes into it, and a reader's browser with no other host to ask."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from optcourse.publishing import lite
from tests.conftest import COURSE, IN_CI, download, fetch
from tests.frontends.browsing import IDLE, drag_slider, move_by_keys, run_all, served, watched

# Python in a browser has no threads, no timers, no processes and no locks on files. Patched before the course is imported.
BROWSER = """
import _thread, fcntl, os, signal, sys, threading
import numpy, matplotlib.figure, ipywidgets, anywidget
sys.platform = "emscripten"
del signal.setitimer, signal.alarm, os.fork, fcntl.flock

def no_thread(*args, **kwargs):
    raise RuntimeError("can't start new thread")

for module in (threading, _thread):
    for name in ("_start_new_thread", "start_new_thread", "_start_joinable_thread", "start_joinable_thread"):
        if hasattr(module, name):
            setattr(module, name, no_thread)
sys.modules["subprocess"] = sys.modules["multiprocessing"] = None  # importing them is an error
"""

LESSON = """
import numpy as np
import optcourse
from optcourse import check, hints, predict, quiz
from optcourse.explorers.lesson_03 import ValleyExplorer

def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for t in range(num_steps):
        w -= learning_rate * compute_gradient(w)
    return w

print(check("03-gradient-descent", gradient_descent).status)

def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for t in range(num_steps):
        w += learning_rate * compute_gradient(w)
    return w

print(check("03-gradient-descent", gradient_descent).status)
print("image/png" in ValleyExplorer()._repr_mimebundle_()[0])
print(len([hints("03-gradient-descent"), predict("03-larger-steps"), quiz("03")]))
print(optcourse.progress().lessons[3].passed)
"""


def in_a_browser(code: str, home: Path) -> str:
    """What the code prints in a Python that is told that it runs in a browser."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BROWSER + code],
        env={**os.environ, "OPTCOURSE_HOME": str(home), "OPTCOURSE_STRICT": "1"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_lesson_needs_no_threads_timers_or_processes(tmp_path):
    assert in_a_browser(LESSON, tmp_path).split() == ["passed", "wrong", "True", "3", "1"]
    assert len((tmp_path / ".optcourse" / "progress.jsonl").read_text().splitlines()) == 2


def test_an_endless_loop_in_the_learners_code_is_stopped_without_threads_and_timers(tmp_path):
    code = """
from optcourse.learner.limits import TimeLimit, call_with_limit

def endless():
    while True:
        try:
            pass
        except Exception:
            pass

def recursive(n):
    return recursive(n) if n else n

def tracer(*args): pass
sys.settrace(tracer)
for function in (endless, lambda: sorted(iter(int, 1), key=lambda n: n), lambda: 3):
    try:
        print(call_with_limit(function, 0.3))
    except TimeLimit:
        print("stopped")
    assert sys.gettrace() is tracer
"""
    # sorted(iter(int, 1)) never comes back to Python until it has its list: only a key that is called can stop it.
    code = code.replace(
        "lambda: sorted(iter(int, 1), key=lambda n: n)", "lambda: max(map(lambda n: n, iter(int, 1)))"
    )
    assert in_a_browser(code, tmp_path).split() == ["stopped", "stopped", "3"]


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ["01_numeric_gradient", "02_analytic_gradient", "04_sgd"])
def test_a_lesson_that_reads_the_clock_bears_one_that_ticks_slowly(lesson, tmp_path):
    """A browser tells the time in whole milliseconds, so that no page can spy on another."""
    code = f"""
import runpy, time
exact = time.perf_counter
time.perf_counter = lambda: int(exact() * 1000) / 1000
runpy.run_path({str(COURSE / "source" / f"{lesson}.py")!r})
print("to the end")
"""
    assert in_a_browser(code, tmp_path).endswith("to the end\n")


def test_progress_that_cannot_be_kept_is_said_and_does_not_stop_the_check(tmp_path):
    # a file where the folder should be: nobody, root neither, can write in it
    (tmp_path / ".optcourse").touch()
    printed = in_a_browser(LESSON.split("print(len")[0], tmp_path)
    assert printed.count("Your progress cannot be kept") == 1
    assert [line for line in printed.splitlines() if "progress" not in line] == ["passed", "wrong", "True"]


# -- what goes into it ----------------------------------------------------------------------------------------------------


def test_an_installed_package_is_packed_as_a_wheel_that_pip_can_read():
    wheel = lite.installed_wheel("anywidget")
    assert wheel.file_name == f"anywidget-{importlib.metadata.version('anywidget')}-py3-none-any.whl"
    assert wheel == lite.installed_wheel("anywidget")  # the same bytes again
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None and "anywidget/widget.py" in names
    record = next(name for name in names if name.endswith("RECORD"))
    assert len(zipfile.ZipFile(io.BytesIO(wheel.data)).read(record).splitlines()) == len(names)
    assert "anywidget" in wheel.modules


@pytest.mark.parametrize(
    ("name", "pure"), [("psygnal", True), ("traitlets", True), ("numpy", False), ("contourpy", False)]
)
def test_a_compiled_package_is_packed_only_if_its_source_does_the_same(name, pure):
    wheel = lite.installed_wheel(name)
    assert (wheel is not None) == pure
    if wheel is not None:
        assert not any(n.endswith(lite.COMPILED) for n in zipfile.ZipFile(io.BytesIO(wheel.data)).namelist())


def test_a_package_that_is_not_here_has_no_wheel():
    assert lite.installed_wheel("no-such-package-here") is None


def test_what_the_wheel_of_the_course_holds_is_enough_for_every_lesson(tmp_path):
    """Unpacked alone, with the real optcourse out of the way: every lesson's module, explorer and file is in it."""
    zipfile.ZipFile(io.BytesIO(lite.course_wheel().data)).extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport optcourse; "
        f"assert optcourse.__file__.startswith({str(tmp_path)!r})\nfrom optcourse import check, hints, quiz, data, race\n"
        "from importlib import import_module\n"
        "for n in range(10): import_module(f'optcourse.explorers.lesson_{n:02}'); "
        "import_module(f'optcourse.exercises.lesson_{n:02}')\nprint(len(data.load_digits().y))"
    )
    assert in_a_browser(code, tmp_path).strip() == "1797"
    assert not (tmp_path / "optcourse" / "grading").exists()


def distribution(folder: Path, **packages: bytes) -> Path:
    """A small pretended Pyodide distribution."""
    folder.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        (folder / name).write_bytes(b"core")
    entries = {}
    for name, data in packages.items():
        (folder / f"{name}.whl").write_bytes(data)
        entries[name] = {
            "name": name, "version": "1", "file_name": f"{name}.whl", "depends": [], "imports": [name],
            "sha256": hashlib.sha256(data).hexdigest(),
        }  # fmt: skip
    lock = {"info": {"python": "3.14.2"}, "packages": entries}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    return folder


def test_the_shelf_takes_from_the_distribution_first_and_notes_what_is_not_to_be_had(tmp_path):
    shelf = lite.Shelf(lite.Distribution.at(distribution(tmp_path / "d", traitlets=b"theirs")))
    for name in ("ipywidgets", "numpy"):
        shelf.need(name)
    assert shelf.files["traitlets.whl"] == b"theirs"
    assert shelf.lacks == {"numpy"}
    assert {"comm", "ipython", "jedi"} <= shelf.entries.keys()
    assert "pexpect" not in shelf.entries  # ipython needs it, but not in a browser
    shelf.write(tmp_path / "out")
    lock = json.loads((tmp_path / "out" / "pyodide-lock.json").read_text())
    for entry in lock["packages"].values():
        data = (tmp_path / "out" / entry["file_name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert set(entry["depends"]) <= lock["packages"].keys()


def test_the_same_distribution_at_an_address_and_in_a_folder(tmp_path):
    folder = distribution(tmp_path / "d", numpy=b"wheel")
    with served(folder) as address:
        there = lite.Distribution.at(address)
        assert there.wheel("numpy") == lite.Distribution.at(folder).wheel("numpy") == b"wheel"
        assert there.wheel("matplotlib") is None
        (folder / "numpy.whl").write_bytes(b"other")
        with pytest.raises(lite.LiteError, match="numpy.whl .* is damaged"):
            there.wheel("numpy")


def test_each_part_of_a_known_release_must_be_its_own_and_an_unknown_one_is_said(tmp_path, monkeypatch):
    folder = distribution(tmp_path / "d", numpy=b"wheel")
    assert re.search(
        r"core could not be checked: .*/d is no Pyodide 0\.28\.3 or 314", lite.Distribution.at(folder).remark
    )
    core = [path for path in folder.glob("py*") if path.suffix != ".json"]
    (folder / "pyodide.mjs").write_text('version = "9.9.9"')
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in core}
    monkeypatch.setitem(lite.SUMS, "9.9.9", sums | {"numpy": hashlib.sha256(b"wheel").hexdigest()})
    found = lite.Distribution.at(folder)
    assert found.remark == "" and found.wheel("numpy") and all(found.read(path.name) for path in core)
    assert len(core) == 4
    for path in core:
        whole = path.read_bytes()
        path.write_bytes(whole + b" ")
        with pytest.raises(lite.LiteError, match=f"{path.name} from .*/d is damaged, or not .* Fetch"):
            lite.Distribution.at(folder).read(path.name)
        path.write_bytes(whole)
    lock = distribution(tmp_path / "another", numpy=b"their own") / "pyodide-lock.json"
    for name in (lock.name, "numpy.whl"):  # the list and the file agree
        shutil.copy(lock.with_name(name), folder)
    with pytest.raises(lite.LiteError, match="numpy from .*/d is damaged, or not Pyodide's"):
        lite.Distribution.at(folder).wheel("numpy")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nowhere", "nowhere is no Pyodide distribution"),
        ("http://127.0.0.1:9/", "cannot be reached .* Unpack Pyodide's full distribution"),
    ],
)
def test_no_distribution_is_said_in_a_sentence(place, says, tmp_path):
    with pytest.raises(lite.LiteError, match=says):
        lite.build(tmp_path / "lite", COURSE, pyodide=place)
    assert not (tmp_path / "lite").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(lite.LiteError, match="holds files that are no JupyterLite"):
        lite.build(tmp_path, COURSE, pyodide=distribution(tmp_path / "d"))
    assert (tmp_path / "thesis.tex").exists()


def test_a_builder_that_cannot_be_had_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(lite, "TOOLS", ("no-such-package-of-optcourse==1",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(lite.LiteError, match="JupyterLite's builder .* cannot be installed"):
        lite.build(tmp_path / "lite", COURSE, pyodide=distribution(tmp_path / "d"), tools=tmp_path / "tools")
    assert not (tmp_path / "lite").exists() and not (tmp_path / "tools" / "versions.txt").exists()


# -- in the browser -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tools(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tools") / "jupyterlite"
    try:
        lite.Builder.at(folder, print)
    except lite.LiteError as error:
        pytest.fail(str(error)) if IN_CI else pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module")
def without_numpy(tools, tmp_path_factory) -> lite.Lite:
    """Pyodide's core from npm, in the version that the kernel was made for: all but the compiled packages."""
    folder = tmp_path_factory.mktemp("pyodide")
    fetch(
        ["npm", "pack", "--silent", f"pyodide@{lite.PYODIDE_VERSION}", f"--pack-destination={folder}"],
        "the npm package pyodide",
    )
    shutil.unpack_archive(next(folder.glob("*.tgz")), folder, "gztar", filter="data")
    core = folder / "package"
    lock = json.loads((core / "pyodide-lock.json").read_text())
    download(folder, f"micropip=={lock['packages']['micropip']['version']}", python="3.14")
    [micropip] = folder.glob("micropip*.whl")
    shutil.copy(micropip, core)
    lock["packages"]["micropip"] |= {
        "file_name": micropip.name,
        "sha256": hashlib.sha256(micropip.read_bytes()).hexdigest(),
    }
    (core / "pyodide-lock.json").write_text(json.dumps(lock))
    return lite.build(folder / "lite", COURSE, pyodide=core, tools=tools)


@pytest.fixture(scope="module")
def whole(tools, pyodide, tmp_path_factory) -> lite.Lite:
    """With NumPy and matplotlib."""
    return lite.build(tmp_path_factory.mktemp("whole") / "lite", COURSE, pyodide=pyodide, tools=tools)


# JupyterLab asks for the file behind each line of a traceback, and for folders that a kernel has just made.
IGNORED = ("/api/contents/", "/api/resolvePath")


def open_notebook(page, address: str, notebook: str) -> None:
    page.goto(f"{address}/{lite.link(notebook)}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(IDLE)


@pytest.mark.browser
@pytest.mark.slow
def test_without_numpy_a_reader_has_python_widgets_and_a_plain_sentence(without_numpy, page, tmp_path):
    assert set(without_numpy.lacks) >= {"numpy", "matplotlib"}
    assert "Not in it: matplotlib, NumPy" in without_numpy.sentence
    cells = [
        "1 + 1",
        "import sys, optcourse\nfrom optcourse.learner.limits import TimeLimit, call_with_limit\n"
        "def endless():\n    while True: pass\n"
        "try:\n    call_with_limit(endless, 0.5)\nexcept TimeLimit:\n    print('stopped on', sys.platform)",
        "import anywidget, ipywidgets\nslider = ipywidgets.IntSlider(3, description='rate')\n"
        "seen = ipywidgets.Label()\nslider.observe(lambda c: setattr(seen, 'value', f'kernel saw {c.new}'), 'value')\n"
        "ipywidgets.VBox([slider, seen])",
        "from optcourse import check",
    ]
    contents = without_numpy.folder / "files" / "lessons"
    assert len(list(contents.glob("*.ipynb"))) == len(list((COURSE / "lessons").glob("*.ipynb")))
    lesson = contents / "00_start_here.ipynb"
    nb = json.loads(lesson.read_text())
    nb["cells"] = [
        {
            "cell_type": "code",
            "id": f"c{k}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for k, source in enumerate(cells)
    ]
    lesson.write_text(json.dumps(nb))
    with served(without_numpy.folder) as address, watched(page, address, IGNORED):
        open_notebook(page, address, "lessons/00_start_here.ipynb")
        run_all(page)
        outputs = page.locator(".jp-Cell-outputArea")
        page.wait_for_function(
            "document.querySelectorAll('.jp-Cell-outputArea')[3]?.textContent.includes('NumPy')",
            timeout=120_000,
        )
        # JupyterLab empties cells that are out of sight, but their words can still be read.
        assert outputs.nth(0).text_content().strip().endswith("2")
        assert "stopped on emscripten" in outputs.nth(1).text_content()
        said = outputs.nth(3).locator(".jp-OutputArea-output").first.text_content()
        assert said.strip().startswith("NumPy is not part of this page") and "Traceback" not in said
        handle = outputs.nth(2).locator(".noUi-handle")
        handle.focus()
        page.keyboard.press("ArrowRight")
        outputs.nth(2).get_by_text("kernel saw 4").wait_for()


@pytest.mark.browser
@pytest.mark.slow
def test_a_whole_lesson_runs_in_the_readers_browser(whole, page):
    assert whole.lacks == ()
    with served(whole.folder) as address, watched(page, address, IGNORED):
        open_notebook(page, address, "solutions/03_gradient_descent.ipynb")
        run_all(page)
        # JupyterLab empties cells that are out of sight, but their words can still be read.
        said = page.evaluate(
            "[...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.textContent).join('\\n')"
        )
        assert said.count("✔ Right") == 6 and "Traceback" not in said and "NameError" not in said
        explorer = page.locator(".oc-explorer").first
        explorer.scroll_into_view_if_needed()
        assert page.locator(".oc-explorer .oc-panels").count() >= 3
        move_by_keys(explorer, "learning_rate")
        drag_slider(explorer, "learning_rate")
