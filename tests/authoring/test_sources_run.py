"""Every source also runs as a plain script, without a window and without a kernel, and its own answers are right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from optcourse import exercises

COURSE = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / "good"
SOURCES = [*sorted((TINY / "source").glob("*.py")), *sorted((COURSE / "source").glob("*.py"))]


# Runs the script, and says which of its answers do not earn full marks.
RUN = """
import runpy, sys
from optcourse import exercises
from optcourse.checking.check import check_exercise

path, lesson = sys.argv[1:]
names = runpy.run_path(path, run_name="__main__")
for exercise in exercises.module(lesson).EXERCISES if lesson in exercises.lessons() else ():
    feedback = check_exercise(exercise, *[names[name] for name in exercise.answers])
    if not feedback.passed or feedback.points != exercise.points:
        print(f"wrong: {exercise.id}: {feedback}", file=sys.stderr)
"""


def run_as_script(path: Path, root: Path, home: Path, lesson: str = "") -> subprocess.CompletedProcess:
    # The progress that its checks record is nobody's.
    environment = dict(os.environ, MPLBACKEND="Agg", OPTCOURSE_HOME=str(home))
    return subprocess.run(
        [sys.executable, "-c", RUN, str(path), lesson],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_runs_as_a_script(path, tmp_path):
    # The tiny lessons have numbers of the course's own and other exercises.
    lesson = path.name[:2] if path.parent.parent == COURSE else ""
    result = run_as_script(path, COURSE, tmp_path, lesson)
    assert result.returncode == 0, result.stderr
    assert "wrong: " not in result.stderr, result.stderr


def test_a_lesson_whose_own_answer_is_wrong_is_found(tmp_path):
    answers = "\n".join(
        f"{name} = lambda *given: 0"
        for exercise in exercises.module("05").EXERCISES
        for name in exercise.answers
    )
    script = tmp_path / "05_wrong.py"
    script.write_text(answers)
    result = run_as_script(script, COURSE, tmp_path, "05")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("wrong: ") == len(exercises.module("05").EXERCISES)


def test_a_script_that_raises_is_found(tmp_path):
    broken = tmp_path / "03_raising.py"
    broken.write_text((TINY.parent / "broken" / "03_raising_cell.py.txt").read_text())
    result = run_as_script(broken, COURSE, tmp_path)
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
