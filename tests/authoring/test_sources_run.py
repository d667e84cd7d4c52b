"""Every source also runs as a plain script, without a window and without a kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / "good"
SOURCES = [*sorted((TINY / "source").glob("*.py")), *sorted((COURSE / "source").glob("*.py"))]


def run_as_script(path: Path, root: Path, home: Path) -> subprocess.CompletedProcess:
    command = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    # The progress that its checks record is nobody's.
    environment = dict(os.environ, MPLBACKEND="Agg", OPTCOURSE_HOME=str(home))
    return subprocess.run(
        [sys.executable, "-c", command, str(path)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_runs_as_a_script(path, tmp_path):
    result = run_as_script(path, COURSE, tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_script_that_raises_is_found(tmp_path):
    broken = tmp_path / "03_raising.py"
    broken.write_text((TINY.parent / "broken" / "03_raising_cell.py.txt").read_text())
    result = run_as_script(broken, COURSE, tmp_path)
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
