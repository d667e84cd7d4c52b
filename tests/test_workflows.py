""".github/workflows: they cannot run here, so what reads them does, and each command in them is one that CI runs, too."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import yaml

from optcourse.place import WHOLE_COURSE
from tests import conftest

COURSE = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((COURSE / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent

# Every command of the workflows: where CI runs it, too, as a file and words that stand in it.
ALSO_RUN = {
    'sudo -E env "PATH=$PATH" bash .ci/run': (".ci/run", "python3 course.py test"),
    'python course.py test --fast -m "not browser and not slow"': ("tests/test_commands.py", "testing.main("),
    "python -m pip install uv": ("course.py", '"install", "--disable-pip-version-check"'),
    "bash .ci/lowest": ("tests/test_workflows.py", '".ci/lowest"'),
    "python3 course.py site build/site --lite": ("tests/publishing/test_lite.py", "lite.build("),
    "python -m pip install hatchling hatch-fancy-pypi-readme": ("pyproject.toml", '"hatchling>='),
    "bash .ci/wheel dist": ("tests/test_workflows.py", '".ci/wheel"'),
}


def jobs(text: str) -> list[dict]:
    return list(yaml.safe_load(text)["jobs"].values())


def commands_of(text: str) -> list[str]:
    steps = [step for job in jobs(text) for step in job["steps"]]
    return [line.strip() for step in steps for line in step.get("run", "").split("\n") if line.strip()]


def not_run_elsewhere(text: str) -> list[str]:
    """Commands of a workflow that nothing else in CI runs."""
    return [
        command
        for command in commands_of(text)
        if command not in ALSO_RUN
        or ALSO_RUN[command][1] not in (COURSE / ALSO_RUN[command][0]).read_text(encoding="utf-8")
    ]


def actionlint(folder: Path) -> str:
    done = subprocess.run(
        [BIN / "actionlint", "-no-color", *sorted(folder.glob("*.yml"))],
        capture_output=True,
        text=True,
        timeout=250,
    )
    return done.stdout + done.stderr


def zizmor(folder: Path) -> list[str]:
    """The names of what it finds; without the network, so that tags are not looked up."""
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-progress", "--format=json-v1", folder],
        capture_output=True,
        text=True,
        timeout=250,
    )
    return sorted({finding["ident"] for finding in json.loads(done.stdout)})


def test_the_workflows_are_sound():
    assert [path.name for path in WORKFLOWS] == ["release.yml", "site.yml", "tests.yml"]
    assert actionlint(WORKFLOWS[0].parent) == ""
    assert zizmor(WORKFLOWS[0].parent) == []


@pytest.mark.parametrize(
    ("old", "new", "reader", "says"),
    [
        ("runs-on: ubuntu-24.04", "runs-on: ubuntu-1.04", "actionlint", "ubuntu-1.04"),
        ("${{ matrix.python }}", "${{ matrix.snake }}", "actionlint", "snake"),
        ("permissions:\n      contents: read", "permissions: write-all", "zizmor", "excessive-permissions"),
        ("@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4", "zizmor", "unpinned-uses"),
        ("        with:\n          persist-credentials: false\n", "", "zizmor", "artipacked"),
    ],
)
def test_a_flaw_is_found(tmp_path, old, new, reader, says):
    text = WORKFLOWS[-1].read_text(encoding="utf-8")
    assert old in text
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "tests.yml").write_text(text.replace(old, new), encoding="utf-8")
    assert says in (actionlint(folder) if reader == "actionlint" else zizmor(folder))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_is_one_that_ci_runs_too(workflow):
    assert not_run_elsewhere(workflow.read_text(encoding="utf-8")) == []


def test_no_command_of_the_table_is_idle_and_a_new_one_is_seen():
    used = {command for path in WORKFLOWS for command in commands_of(path.read_text(encoding="utf-8"))}
    assert used == set(ALSO_RUN)
    assert not_run_elsewhere("jobs: {a: {steps: [{run: make all}]}}") == ["make all"]


def test_linux_macos_and_windows_with_every_python():
    everything, elsewhere, _ = jobs((COURSE / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    pythons = ["3.11", "3.12", "3.13", "3.14"]
    assert everything["strategy"]["matrix"] == {"python": pythons}
    assert elsewhere["strategy"]["matrix"] == {"python": pythons, "system": ["macos-15", "windows-2025"]}


def test_what_is_linuxs_alone_is_skipped_by_name_elsewhere(monkeypatch):
    assert all((COURSE / place).exists() for place in conftest.LINUX_ONLY)
    reason = conftest.linux_only(COURSE / "tests" / "grading" / "test_walls.py", "win32")
    assert reason and "bubblewrap" in reason
    assert conftest.linux_only(COURSE / "tests" / "grading" / "test_walls.py", "linux") is None
    assert conftest.linux_only(COURSE / "tests" / "core" / "test_data.py", "win32") is None


def scripted(script: str, *words: str) -> str:
    done = subprocess.run(
        ["bash", str(COURSE / script), *words],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHON": sys.executable,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=840,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_the_release_builds_a_wheel_and_tries_it(tmp_path):
    said = scripted(".ci/wheel", str(tmp_path))
    count = len(list((COURSE / "lessons").glob("*.ipynb")))
    assert f"{count} notebooks laid out in lessons/" in said and "ot started" in said
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.name[0] != ".") == [".gz", ".whl"]


@pytest.mark.slow
def test_the_lowest_versions_that_are_allowed_do(tmp_path):
    """The two rooms in which too old a version was once seen; the workflow runs more."""
    if subprocess.run(["bash", "-c", "command -v uv"], capture_output=True).returncode:
        pytest.skip("no uv on the path: it alone can choose the lowest versions")
    assert " passed" in scripted(".ci/lowest", "tests/authoring/test_gates.py", "tests/questions", "-n", "0")


# ---- what stands beside the workflows ------------------------------------------------------------------------


def test_one_address_and_one_version_everywhere():
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((COURSE / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["urls"]["Repository"] == citation["repository-code"] == WHOLE_COURSE
    assert citation["version"] == project["version"]
    changes = (COURSE / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d\S*) \((\d{4}-\d\d-\d\d)\)$", changes, re.MULTILINE)
    assert released[0] == (project["version"], str(citation["date-released"]))
    owner = WHOLE_COURSE.removeprefix("https://github.com/").split("/")[0]
    pages = f"https://{owner}.github.io/optcourse/"
    assert pages in (COURSE / "README.md").read_text(encoding="utf-8")
    for path in [COURSE / "README.md", *COURSE.glob(".github/ISSUE_TEMPLATE/*.yml")]:
        for found in re.findall(r"github\.com/[\w-]+/optcourse", path.read_text(encoding="utf-8")):
            assert f"https://{found}" == WHOLE_COURSE


def test_what_opens_in_colab_is_there():
    """Colab takes the notebook from the repository: its address has the owner, the name, a branch and a path."""
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    path = WHOLE_COURSE.removeprefix("https://github.com/")
    found = re.findall(r"https://colab\.research\.google\.com/github/(\S+?)/blob/main/(\S+?)\)", readme)
    assert found == [(path, "colab/00_start_here.ipynb")] and (COURSE / found[0][1]).is_file()
    clone = re.search(r"https://vscode\.dev/redirect\?url=(\S+?)\)", readme)
    assert unquote(clone[1]) == f"vscode://vscode.git/clone?url={quote(WHOLE_COURSE, safe='')}"


def test_the_form_for_a_wrong_sentence_asks_for_exercise_and_code():
    forms = {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (COURSE / ".github" / "ISSUE_TEMPLATE").glob("*.yml")
    }
    asked = {
        part["id"]: part.get("validations", {}).get("required", False)
        for part in forms["wrong-sentence.yml"]["body"]
    }
    assert asked["exercise"] and asked["code"]
    assert forms["config.yml"]["blank_issues_enabled"] is False
