"""The `optcourse` command: the same requirements everywhere, JupyterLab's start, a suite that can fail."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from optcourse import cli, place
from optcourse.commands import doctor, lab
from optcourse.commands import test as testing
from tests.conftest import LONG, SPREAD

COURSE = Path(__file__).resolve().parents[1]

# ---- requirements -----------------------------------------------------------------------------------------


def differences(environment: str, pyproject: str) -> set[str]:
    """Requirements that stand in only one of environment.yml and pyproject.toml, as 'name specifier'."""
    project = tomllib.loads(pyproject)["project"]
    ours = {normal(text) for text in project["dependencies"]} | {f"python {project['requires-python']}"}
    conda = yaml.safe_load(environment)
    return {normal(text) for text in conda["dependencies"] if text != "pip"} ^ ours


def normal(requirement: str) -> str:
    parsed = Requirement(requirement)
    # conda's matplotlib brings a window system along; the lean one is the same package
    return f"{parsed.name.removesuffix('-base')} {parsed.specifier}"


def test_environment_yml_lists_what_pyproject_lists():
    environment = (COURSE / "environment.yml").read_text()
    assert differences(environment, (COURSE / "pyproject.toml").read_text()) == set()
    assert yaml.safe_load(environment)["name"] == "optcourse"


@pytest.mark.parametrize(
    ("old", "new"), [("numpy>=2.0", "numpy>=2.1"), ("  - anywidget>=0.9\n", ""), (">=3.11", ">=3.12")]
)
def test_a_difference_is_found(old, new):
    environment = (COURSE / "environment.yml").read_text()
    assert old in environment
    assert differences(environment.replace(old, new), (COURSE / "pyproject.toml").read_text())


# Modules that an optional group of requirements serves, and what is asked for without being required.
SERVED_BY = {"optcourse/authoring/sweep.py": "test", "optcourse/grading/cluster.py": "cluster"}
ASKED_FOR = {"torch"}


def undeclared(course: Path) -> list[str]:
    """Every import of another's package that pyproject.toml does not name, as 'file: module'."""
    project = tomllib.loads((course / "pyproject.toml").read_text())["project"]
    groups = {
        name: {canonicalize_name(Requirement(text).name) for text in texts}
        for name, texts in {"": project["dependencies"], **project["optional-dependencies"]}.items()
    }
    distributions = importlib.metadata.packages_distributions()
    found = []
    for path in sorted(
        path for folder in ("optcourse", "tests", "benchmarks") for path in (course / folder).rglob("*.py")
    ):
        name = path.relative_to(course).as_posix()
        served = groups.get(SERVED_BY.get(name, ""), set())
        declared = groups[""] | served if name.startswith("optcourse") else set().union(*groups.values())
        for module in sorted(imported(path) - {"optcourse", "tests", "benchmarks"} - ASKED_FOR):
            # what is not installed here, such as jax, goes by the name of its module
            if not {canonicalize_name(text) for text in distributions.get(module, [module])} & declared:
                found.append(f"{name}: {module}")
    return found


def imported(path: Path) -> set[str]:
    """The first words of what a file imports, also inside functions, without the standard library."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


def test_what_is_imported_is_declared():
    assert undeclared(COURSE) == []


def test_an_import_that_is_not_declared_is_found(tmp_path):
    """Installed with something else, or only for the tests, or needed by one module alone: each is told."""
    for folder in ("optcourse/authoring", "tests", "benchmarks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text((COURSE / "pyproject.toml").read_text())
    (tmp_path / "optcourse" / "new.py").write_text("def f():\n    import tornado\n    import pytest, numpy\n")
    (tmp_path / "optcourse" / "authoring" / "sweep.py").write_text(
        "import pytest\nfrom ipympl import backend_nbagg\n"
    )
    (tmp_path / "tests" / "test_new.py").write_text(
        "import pytest\nfrom PIL import Image\nimport psygnal.containers\n"
    )
    assert undeclared(tmp_path) == [
        "optcourse/authoring/sweep.py: ipympl",
        "optcourse/new.py: pytest",
        "optcourse/new.py: tornado",
        "tests/test_new.py: psygnal",
    ]


def test_binder_finds_both_its_files():
    # A folder `binder` would make repo2docker ignore environment.yml and postBuild beside it.
    assert not (COURSE / "binder").exists() and not (COURSE / ".binder").exists()
    assert os.access(COURSE / "postBuild", os.X_OK)


# ---- optcourse --------------------------------------------------------------------------------------------


def test_only_commands_that_exist_are_offered(monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "fly", ("optcourse.no_such.module", "never"))
    cli.main([])
    offered = capsys.readouterr().out
    assert "lab" in offered and "doctor" in offered and "fly" not in offered
    with pytest.raises(SystemExit) as stop:
        cli.main(["fly"])
    assert stop.value.code == 2


def test_words_after_the_command_are_the_commands(monkeypatch):
    seen = []
    monkeypatch.setattr(cli, "run_command", lambda where, argv: seen.append((where, argv)) or 3)
    assert cli.main(["lab", "--help", "--port=1"]) == 3
    assert seen == [("optcourse.commands.lab", ["--help", "--port=1"])]


def test_every_row_of_the_table_that_exists_has_a_main():
    for where, text in cli.COMMANDS.values():
        if not where.endswith(".py") and cli.is_there(where):
            assert callable(importlib.import_module(where).main), where
        assert text[0].islower() and not text.endswith(".")


def test_doctor_says_what_is_missing_and_how_to_have_it(monkeypatch, capsys):
    part = doctor.Part("warp", "speed", "apt install warp", lambda: None, needed=True)
    monkeypatch.setattr(doctor, "PARTS", (part,))
    assert doctor.main([]) == 1
    output = capsys.readouterr().out
    assert "MISSING  warp  for speed. To have it: apt install warp" in output


def test_doctor_knows_every_requirement():
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"]
    listed = [*project["dependencies"], *(text for texts in groups.values() for text in texts)]
    assert {Requirement(text).name for text in listed} <= {part.name for part in doctor.PARTS}


# Another module before the course's own, by what stands in a folder that PYTHONPATH names, and the row that tells of it.
IN_THE_WAY = {
    "an old numpy, copied": ("numpy", {"numpy/__init__.py": "__version__ = '1.0'"}),
    "an old numpy, installed": (
        "numpy",
        {
            "numpy/__init__.py": "__version__ = '1.0'",
            "numpy-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n",
        },
    ),
    "a broken anywidget": ("anywidget", {"anywidget.py": "1 / 0"}),
    "a broken library of one": ("anywidget", {"psygnal.py": "raise RuntimeError('of mine')"}),
    "a broken packaging": ("packaging", {"packaging/__init__.py": "import nothing"}),
}


def run_doctor(environment: dict[str, str], folder: Path) -> tuple[int, dict[str, str], str]:
    """Its code, its rows by name, and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "optcourse.cli", "doctor"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.stderr == ""
    rows = re.findall(r"^  (?:ok|WRONG|MISSING|not yet) +(\S+).*$", done.stdout, re.MULTILINE)
    lines = [line for line in done.stdout.splitlines() if re.match("  (ok|WRONG|MISSING|not yet) ", line)]
    return done.returncode, dict(zip(rows, lines, strict=True)), done.stdout


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_doctor_sees_what_is_really_imported_and_following_its_advice_mends_it(tmp_path, case):
    name, files = IN_THE_WAY[case]
    foreign = lay(tmp_path / "foreign", files)
    environment = {**os.environ, "PYTHONPATH": str(foreign)}
    code, rows, output = run_doctor(environment, tmp_path)
    assert code == 1 and rows[name].startswith("  WRONG") and "note     PYTHONPATH is set" in output
    advice = rows[name].partition(". To mend it: ")[2]
    assert advice == "unset PYTHONPATH"
    del environment["PYTHONPATH"]
    code, rows, output = run_doctor(environment, tmp_path)
    assert code == 0 and rows[name].startswith("  ok") and "WRONG" not in output


def test_doctor_names_a_file_of_ones_own_that_is_taken_for_a_library(tmp_path):
    lay(tmp_path, {"matplotlib.py": "x = 1"})
    code, rows, _ = run_doctor(dict(os.environ), tmp_path)
    assert code == 1
    file = re.search(r"To mend it: give (.*) another name$", rows["matplotlib"])[1]
    Path(file).rename(tmp_path / "mine.py")
    code, rows, _ = run_doctor(dict(os.environ), tmp_path)
    assert code == 0 and rows["matplotlib"].startswith("  ok")


def test_doctor_gives_the_advice_that_fits_the_place(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'path'}:")
    monkeypatch.setattr(doctor.site, "getusersitepackages", lambda: str(tmp_path / "user"))
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path / "here" / ".venv"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for file, advice in {
        "path/numpy/__init__.py": "unset PYTHONPATH",
        "user/numpy/__init__.py": "set PYTHONNOUSERSITE=1",
        "here/.venv/lib/numpy/__init__.py": doctor.SET_UP,
        "elsewhere/numpy/__init__.py": doctor.SET_UP,
    }.items():
        assert doctor.mend(str(tmp_path / file)) == advice
    assert doctor.mend(str(tmp_path / "here" / "numpy.py")).startswith("give ")


# ---- terminals and pipes that are not UTF-8 ---------------------------------------------------------------

COMMANDS_HERE = [name for name in cli.COMMANDS if cli.is_there(cli.COMMANDS[name][0])]


@pytest.mark.parametrize(
    ("command", "encoding"),
    [*((name, "ascii") for name in COMMANDS_HERE), ("progress", "cp1252"), ("progress", "utf-8")],
)
def test_every_command_can_be_read_where_the_terminal_is_not_utf8(tmp_path, command, encoding):
    words = [] if command in ("progress", "doctor") else ["--help"]
    home = tmp_path / "курс é ✔"
    home.mkdir()
    (home / ".optcourse").mkdir()
    (home / ".optcourse" / "progress.jsonl").write_text(
        '{"kind": "predict", "id": "03-largest-rate", "guess": "π ≈ 3 \\ud800", "answer": "✔"}\nbroken\n',
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "optcourse.cli", command, *words],
        env={**os.environ, "PYTHONIOENCODING": encoding, "OPTCOURSE_HOME": str(home)},
        cwd=COURSE,
        capture_output=True,
        timeout=250,
    )
    said = (done.stdout + done.stderr).decode(encoding)
    assert "Error" not in said and "Traceback" not in said and said.strip(), said
    if command == "progress":
        assert "03 Gradient descent" in said and "begun" in said and "1 broken line(s)" in said
        assert ("◐ begun" in said) is (encoding == "utf-8")


def test_lab_opens_the_first_lesson_there_is(tmp_path):
    (tmp_path / "lessons").mkdir()
    assert lab.find_lesson(tmp_path) is None
    for name in ("03_gradient_descent", "01_numeric_gradient"):
        (tmp_path / "lessons" / f"{name}.ipynb").touch()
    assert lab.find_lesson(tmp_path) == "lessons/01_numeric_gradient.ipynb"
    assert lab.find_lesson(tmp_path, "3") == "lessons/03_gradient_descent.ipynb"
    assert lab.find_lesson(tmp_path, "7") is None
    (tmp_path / "lessons" / "00_start_here.ipynb").touch()
    assert lab.find_lesson(tmp_path) == "lessons/00_start_here.ipynb"


def test_lab_keeps_the_root_passes_words_on_and_leaves_the_persons_settings_alone(tmp_path):
    command = lab.server_command(tmp_path, "lessons/x.ipynb", ["--no-browser", "--port=1"])
    assert command[-2:] == ["--no-browser", "--port=1"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/lab/tree/lessons/x.ipynb" in command
    environment = lab.server_environment(tmp_path / "jupyter")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR"):
        assert environment[name].startswith(str(tmp_path / "jupyter"))
    settings = json.loads((tmp_path / "jupyter/labconfig/default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_lab_settings_go_aside_where_the_course_cannot_be_written(tmp_path, capsys):
    (tmp_path / ".optcourse").write_text("a file, where the folder should be")
    folder = lab.settings_folder(tmp_path)
    assert folder.is_dir() and tmp_path not in folder.parents and str(folder) in capsys.readouterr().out
    folder.rmdir()


def test_kernel_connections_have_nodelay_set(monkeypatch):
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

    from optcourse.commands.websocket import NoDelayConnection

    calls = []

    class Handler:
        def set_nodelay(self, value):
            calls.append(("nodelay", value))

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: calls.append("connected"))
    connection = NoDelayConnection.__new__(NoDelayConnection)
    monkeypatch.setattr(NoDelayConnection, "websocket_handler", Handler())
    connection.connect()
    assert calls == [("nodelay", True), "connected"]


def test_outside_of_a_course_the_command_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "__file__", str(tmp_path / "site-packages/optcourse/place.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(place.NoCourseHere, match="no `course.py` in it"):
        place.course_root()


def write_notebook(path: Path, *cells: str) -> Path:
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(notebook, path)
    return path


def test_check_shows_what_the_checks_say_and_nothing_else(tmp_path, capsys):
    cells = ("def check(word):\n    print('all well with', word)", "print('noise')", "check('03-w')")
    assert cli.main(["check", str(write_notebook(tmp_path / "good.ipynb", *cells))]) == 0
    assert capsys.readouterr().out.strip() == "all well with 03-w"


def test_check_names_the_cell_that_stopped_and_goes_on(tmp_path, capsys):
    cells = ("check = print", "1 / 0", "check('still here')")
    assert cli.main(["check", str(write_notebook(tmp_path / "bad.ipynb", *cells))]) == 1
    output = capsys.readouterr().out
    assert "code cell 2 stopped with ZeroDivisionError: division by zero" in output and "still here" in output


def test_check_ends_a_cell_that_hangs(tmp_path, capsys):
    path = write_notebook(tmp_path / "hangs.ipynb", "import time\ntime.sleep(60)")
    assert cli.main(["check", str(path), "--timeout=2"]) == 2
    assert "longer than 2 s" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_check_says_that_a_file_is_no_notebook(tmp_path, capsys, text):
    path = tmp_path / "x.ipynb"
    if text is not None:
        path.write_text(text)
    assert cli.main(["check", str(path)]) == 2
    assert "cannot be read as a notebook" in capsys.readouterr().err


# ---- optcourse test ---------------------------------------------------------------------------------------

GOOD_TEST = "def test_good():\n    assert True\n"
BAD_TEST = "def test_bad():\n    assert False\n"
SKIPPED_TEST = 'import pytest\n\n\ndef test_skipped():\n    pytest.skip("no moon")\n'


def run_suite(root: Path, monkeypatch, ci: bool, tests: dict[str, str], workers: int = 0) -> int:
    """`optcourse test` on a course with these tests."""
    (root / "tests").mkdir()
    (root / "ruff.toml").write_text("line-length = 110\n")
    (root / "pytest.ini").write_text("[pytest]\naddopts = -p optcourse.authoring.early\n")
    for name, text in tests.items():
        (root / "tests" / f"test_{name}.py").write_text(text)
    monkeypatch.setenv("CI", "true" if ci else "")
    # The gate belongs to the real course, and the inner run must not take itself for a worker of this one.
    monkeypatch.setattr(testing, "run_gate", only_ruff(testing.run_gate))
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    return testing.main([f"--workers={workers}"], root=root)


def only_ruff(run_gate):
    def gate(part, arguments, root, environment):
        if part == "build gate":
            return testing.Result(part, ok=True)
        return run_gate(part, arguments, root, environment)

    return gate


@pytest.mark.parametrize(
    ("tests", "ci", "code", "says"),
    [
        ({"a": GOOD_TEST}, False, 0, "total: 3 passed, 0 failed, 0 skipped"),
        ({"a": GOOD_TEST, "b": BAD_TEST}, False, 1, "total: 3 passed, 1 failed, 0 skipped"),
        ({"a": GOOD_TEST, "b": SKIPPED_TEST}, False, 0, "1 x no moon"),
        ({"a": GOOD_TEST, "b": SKIPPED_TEST}, True, 1, "in CI nothing may be skipped"),
        ({"a": "def test_a( :\n"}, False, 1, "FAILED"),
        ({"a": GOOD_TEST + "import os\n"}, False, 1, "style        FAILED"),
        ({}, False, 1, "tests        FAILED"),
    ],
    ids=["good", "failing", "skipped", "skipped in CI", "unreadable", "style", "no test at all"],
)
def test_the_suite_fails_properly_and_says_what_was_skipped(
    tmp_path, monkeypatch, capfd, tests, ci, code, says
):
    assert run_suite(tmp_path, monkeypatch, ci, tests) == code
    summary = capfd.readouterr().out.rpartition("-" * 70)[2]
    assert says in summary
    assert re.search(r"^total: \d+ passed, \d+ failed, \d+ skipped$", summary.strip().splitlines()[-1])


def test_a_notebook_that_raises_fails_the_suite(tmp_path, monkeypatch, capfd):
    (tmp_path / "lessons").mkdir()
    cells = ("x = 1", *["x += 1"] * 11)  # which belong together: one worker runs them
    write_notebook(tmp_path / "lessons" / "a_good_one.ipynb", *cells)
    write_notebook(tmp_path / "lessons" / "bad.ipynb", "1 / 0")
    assert run_suite(tmp_path, monkeypatch, False, {"a": GOOD_TEST}, workers=2) == 1
    assert "notebooks    FAILED   13 passed, 2 failed, 0 skipped" in capfd.readouterr().out


def test_fast_says_what_it_leaves_out(tmp_path, monkeypatch, capfd):
    results = [testing.Result("tests", ok=True, passed=3)]
    assert testing.summarise(results, ["the notebooks (--fast)"], nothing_may_be_skipped=False) == 0
    assert "left out     the notebooks (--fast)" in capfd.readouterr().out


@pytest.mark.parametrize("name", LONG)
def test_what_is_left_out_while_one_works_is_there(name, request):
    path = COURSE / "tests" / f"{name}.py"
    assert path.is_file()
    assert all(item.get_closest_marker("long") for item in request.session.items if item.path == path)


@pytest.mark.parametrize("name", SPREAD)
def test_a_file_whose_tests_are_spread_over_the_workers_shares_nothing(name):
    text = (COURSE / "tests" / f"{name}.py").read_text()
    assert "def test_" in text and "scope=" not in text and "browser" not in text


# ---- a browser --------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_jupyterlab_opens_without_questions_or_news(page, lab_server):
    page.goto(f"{lab_server.url}/lab?reset")
    page.get_by_role("treeitem").or_(page.locator(".jp-DirListing-content")).first.wait_for()
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0


def test_a_reader_who_has_seen_enough_gets_no_traceback():
    script = f"{sys.executable} -m optcourse.cli doctor | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=300)
    assert "Traceback" not in result.stderr and result.stdout.split()[-1] == "0"
