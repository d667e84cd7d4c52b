"""A lesson as Google Colab runs it: its first cell installs the wheel, beside the versions that Colab comes with.

Colab's page cannot be had. Its versions can: https://github.com/googlecolab/backend-info lists them (pip-freeze.tpu.txt,
February 2025).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from optcourse.authoring import colab
from optcourse.authoring.build import read_lessons
from tests.conftest import COURSE

FIRST = "colab/03_gradient_descent.ipynb"
COLAB = """
    ipython==7.34.0 ipykernel==6.17.1 ipywidgets==7.7.1 jupyter-client==6.1.12 traitlets==5.7.1 tornado==6.4.2 pyzmq==24.0.1
    numpy==1.26.4 matplotlib==3.10.0 nbformat==5.10.4 beautifulsoup4==4.13.3 jinja2==3.1.5 tqdm==4.67.1 packaging==24.2
""".split()


def kernel_of(folder: Path) -> Path:
    """An environment with Colab's versions, and anywidget as its first cell asks for it."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("no uv on the path: it makes the environment with Colab's versions")
    # Colab's versions have wheels for Python 3.11.
    subprocess.run([uv, "venv", "--quiet", "--seed", "--python", "3.11", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", python, *COLAB, "anywidget>=0.9"], check=True
    )
    return python


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_lesson_runs_from_its_first_cell_to_its_last(tmp_path, monkeypatch):
    python = kernel_of(tmp_path)
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=COURSE, check=True, capture_output=True)
    kernel = tmp_path / "share" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "Colab", "language": "python"})
    )
    # The wheel that would come from PyPI is the one of this tree.
    for name, value in {
        "JUPYTER_PATH": kernel.parents[1],
        "PIP_FIND_LINKS": wheels,
        "PIP_NO_INDEX": "1",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("OPTCOURSE_HOME", raising=False)
    here = tmp_path / "content"
    here.mkdir()
    notebook = nbformat.read(COURSE / FIRST, as_version=4)
    resources = {"metadata": {"path": str(here)}}
    NotebookClient(notebook, timeout=900, kernel_name="colab", resources=resources).execute()  # no cell stops
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # a kernel on a busy machine sends one line in two parts
    printed = "".join(output.text for output in cells[0].outputs if output.output_type == "stream")
    assert re.search(r"^anywidget 0\.\d+", printed, re.MULTILINE)
    shown = [output.data for cell in cells for output in cell.outputs if "data" in output]
    widgets = [data for data in shown if "application/vnd.jupyter.widget-view+json" in data]
    figures = sum("Explorer(" in cell.source and "import" not in cell.source for cell in cells)
    assert len(widgets) >= figures > 5
    assert all("image/png" in data for data in widgets if "Explorer" in data.get("text/plain", ""))
    assert (here / ".optcourse" / "progress.jsonl").exists()
    # The wheel was installed, not this tree.
    found = subprocess.run(
        [python, "-c", "import optcourse; print(optcourse.__file__)"],
        cwd=here,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path / "env") in found.stdout


def test_every_lesson_with_code_has_its_notebook_and_nothing_else_is_added():
    lessons, _ = read_lessons(COURSE, ())
    made = {lesson.name: colab.notebook_text(lesson) for lesson in lessons}
    assert {path.stem for path in (COURSE / "colab").iterdir()} == {
        name for name, text in made.items() if text
    }
    for name, text in made.items():
        if text is None:
            continue
        ours = json.loads((COURSE / "lessons" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        cells = json.loads(text)["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert "".join(code[0]["source"]) == colab.INSTALL
        assert [cell["id"] for cell in cells if cell is not code[0]] == [cell["id"] for cell in ours]
        assert colab.address(name).endswith(f"/blob/main/colab/{name}.ipynb")
        nbformat.validate(nbformat.reads(text, as_version=4))


def test_the_first_cell_brings_no_jupyter():
    lines = [line for line in colab.INSTALL.splitlines() if line.startswith("%pip")]
    assert lines == ['%pip install --quiet "anywidget>=0.9"', "%pip install --quiet --no-deps optcourse"]
