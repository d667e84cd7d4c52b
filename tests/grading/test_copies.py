"""Each student's own code as files: what was handed out is not in them, what was written is, and nothing broken stops it."""

from __future__ import annotations

import ast
import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from optcourse.grading import command
from optcourse.grading.copies import bare, plain
from tests.grading import planted

GD = "03-gradient-descent"
[LESSON] = (planted.ROOT / "lessons").glob("03_*.ipynb")


@pytest.fixture
def week(tmp_path) -> Path:
    folder = tmp_path / "week3"
    students = [planted.Planted("ada"), planted.Planted("ben", {GD: "sign-flipped"})]
    planted.write(folder, students, "03")
    (folder / "kurt.ipynb").write_text("")
    (folder / "zoe.ipynb").write_bytes(LESSON.read_bytes())
    (folder / "finn.ipynb").write_text('{"cells": [')
    return folder


def files(out: Path) -> dict[str, str]:
    with (out / "students.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["student"]: list((out / row["folder"]).iterdir()) for row in rows}
    assert all(path.name == "03_gradient_descent.py" for [path] in found.values())
    return {student: path.read_text(encoding="utf-8") for student, [path] in found.items()}


def test_what_was_written_is_there_and_what_was_handed_out_is_not(week, tmp_path, capsys):
    out = tmp_path / "code"
    assert command.main([str(week), "--code", str(out)]) == 0
    said = capsys.readouterr().out
    assert "kurt: kurt.ipynb: no code was taken out of it, the file is empty." in said
    assert "finn: finn.ipynb: no code was taken out of it, it is no notebook" in said
    assert "3 files of 3 students" in said
    code = files(out)
    assert sorted(code) == ["ada", "ben", "zoe"]
    for text in code.values():
        ast.parse(text)
        assert "check(" not in text
        assert "hints(" not in text
    assert code["zoe"].strip() == ""
    assert "w -= learning_rate * dw" in code["ada"]
    assert "w += learning_rate * dw" not in code["ada"]
    assert "w += learning_rate * dw" in code["ben"]
    assert not (tmp_path / "week3-marks").exists()
    assert out.stat().st_mode & 0o077 == 0


def test_it_never_writes_over_anything(week, tmp_path, capsys):
    for out, told in ((week / "code", "inside the folder of notebooks"), (tmp_path, "not empty")):
        assert command.main([str(week), "--code", str(out)]) == 2
        assert told in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert command.main([str(week), "--code", str(tmp_path / "file")]) == 2
    assert "name a folder that is not there yet" in capsys.readouterr().err


def test_a_name_of_any_kind_is_a_folder_of_its_own(tmp_path):
    folder = tmp_path / "week3"
    planted.write(folder, [planted.Planted(name) for name in ("-rf", "李", "A", "a ")], "03")
    assert command.main([str(folder), "--code", str(tmp_path / "code")]) == 0
    assert len(files(tmp_path / "code")) == 4


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("x = 1\n%time f(x)\n!ls", "x = 1\n# %time f(x)\n# !ls"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("np.array?", "# np.array?"),
        ("x = (7\n% 4)", "x = (7\n% 4)"),
        ("def f(:\n  pass", "# def f(:\n#   pass"),
        ("x = '\\d'", "x = '\\d'"),
    ],
)
def test_a_cell_becomes_python(cell, python):
    assert plain(cell) == python


def test_comments_and_blanks_make_no_cell_another():
    assert bare("# a\nx = 1  \n\n\ny = 2\n") == bare("x = 1\ny = 2  # noqa".replace("  # noqa", ""))


def test_code_goes_alone(capsys):
    with pytest.raises(SystemExit):
        command.main(["week3", "--code", "out", "--manual"])
    assert "it marks nothing" in capsys.readouterr().err


def test_it_needs_no_walls(week, tmp_path):
    """Nothing is run: a notebook that would leave a trace leaves none."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))
    trace = tmp_path / "trace"
    source = f"open({str(trace)!r}, 'w')"
    cells["cells"].append(
        {
            "cell_type": "code",
            "id": "x",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
    )
    (week / "eve.ipynb").write_text(json.dumps(cells))
    run = [sys.executable, "-m", "optcourse.cli", "grade", str(week), "--code", str(tmp_path / "code")]
    assert (
        subprocess.run(
            run, env={"PATH": "/nowhere", "OPENBLAS_NUM_THREADS": "1"}, capture_output=True
        ).returncode
        == 0
    )
    assert source in files(tmp_path / "code")["eve"]
    assert not trace.exists()
