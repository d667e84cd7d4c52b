"""docs/instructor.md is done from top to bottom, in a clean copy, with a class of twelve; it prints what the page says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[2]
PAGE = (COURSE / "docs" / "instructor.md").read_text(encoding="utf-8")
CLASS = ("ada", "ben", "cleo", "dan", "eva", "finn", "gina", "hugo", "iris", "kurt", "lea", "mona")
ESSAY = "03-explain-it-back"


def shown(command: str) -> tuple[list[str], list[str]]:
    """The words of the first command on the page that begins so, and the lines that it prints there."""
    block = PAGE[PAGE.index(f"$ {command}") :].split("```")[0]
    line, *printed = block.split("\n$ ")[0].strip().split("\n")
    return shlex.split(line.removeprefix("$ python3 course.py")), printed


def alike(line: str, root: Path) -> re.Pattern:
    """A line of the page, with any numbers, in the folder that it is done in."""
    pattern = re.sub(r"\d+(\\\.\d+)?", r"\\d+(\\.\\d+)?", re.escape(line.replace("/home/you/course", "ROOT")))
    return re.compile(pattern.replace("ROOT", re.escape(str(root))))


def hand_in(week: Path) -> None:
    solved = json.loads((COURSE / "solutions" / "03_gradient_descent.ipynb").read_text(encoding="utf-8"))
    solved["cells"].append(
        {
            "cell_type": "markdown",
            "id": "essay",
            "metadata": {"tags": [f"by-hand:{ESSAY}"]},
            "source": "It rolls.",
        }
    )
    right = json.dumps(solved)
    wrong = right.replace("math.ceil(", "math.floor(").replace("np.ceil(", "np.floor(")
    for student in CLASS:
        place = week / student / "my work.ipynb" if student == "eva" else week / f"{student}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = {"finn": right[: len(right) // 2], "kurt": "", "ben": wrong}.get(student, right)
        place.write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_week_of_the_page(tmp_path):
    root = tmp_path / "course"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "__pycache__")
    for name in ("optcourse", "lessons", "solutions"):
        shutil.copytree(COURSE / name, root / name, ignore=ignored)
    hand_in(root / "week3")
    (root / "class.csv").write_text(
        "name,file,email\n" + "".join(f"{s.title()},{s},{s}@example.org\n" for s in CLASS), encoding="utf-8"
    )

    def call(command: str) -> None:
        words, printed = shown(command)
        done = subprocess.run(
            [sys.executable, "-m", "optcourse.cli", *words],
            cwd=root,
            env={**{k: v for k, v in os.environ.items() if k != "OPTCOURSE_HOME"}, "PYTHONPATH": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        for line in printed:
            # How far it is, and when, is the machine's.
            if line != "..." and not re.match(r"\d+/\d+ ", line):
                assert alike(line, root).search(done.stdout), f"{line!r} is not in\n{done.stdout}"

    call("python3 course.py grade week3 --lesson 03 --roster")
    marks = root / "week3-marks"
    assert (marks / "index.html").exists() and oct(marks.stat().st_mode)[-3:] == "700"
    shutil.copy(root / "week3" / "ada.ipynb", root / "week3" / "finn.ipynb")
    call("python3 course.py grade week3 --lesson 03\n")
    call("python3 course.py grade week3 --mark ben")
    call("python3 course.py grade week3 --mark kurt")
    (marks / "by_hand.csv").write_text(re.search(r"```\n(exercise,title,points\n.*?)```", PAGE, re.DOTALL)[1])
    call("python3 course.py grade week3 --manual")
    for name in ("marks.csv", "canvas.csv", "moodle.csv", "gradebook.sqlite"):
        assert (marks / name).stat().st_size and f"`{name}`" in PAGE
