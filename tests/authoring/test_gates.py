"""Every gate bites: each broken source and each broken notebook is refused, by file, line and reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from optcourse.authoring.build import main

BROKEN = Path(__file__).parent / "broken"

# name of the file in broken/, the line that the message must name, and words that it must say
SOURCES = [
    ("begin_without_end", 6, "without an '### END SOLUTION'"),
    ("begin_ended_in_next_cell", 6, "without an '### END SOLUTION'"),
    ("end_without_begin", 7, "without a '### BEGIN SOLUTION'"),
    ("nested", 8, "inside a solution (line 6)"),
    ("marker_in_markdown", 6, "outside a code cell"),
    ("marker_misspelled", 6, "is not a marker"),
    ("markers_indented_differently", 8, "indented differently"),
    ("empty_solution", 7, "nothing in it"),
    ("blank_is_no_python", 5, "with its blanks is not Python"),
    ("cell_line_in_string", 6, "inside code"),
    ("cell_line_indented", 6, "inside code"),
    ("cell_line_in_fence", None, "jupytext finds other cells"),
    ("function_cut_in_two", 8, "is not Python by itself"),
    ("not_python", 5, "not Python"),
    ("text_before_first_cell", 1, "before the first cell"),
    ("no_title", 2, "no title"),
    (
        "names_taken",
        35,
        "`eleventh` is name 11 that cells behind the first exercise take, and 10 are the most",
    ),
    ("minutes_wrong", 4, "it says 60 minutes; measured are 0"),
    ("no_place_to_stop", 4, "part 1 of 1 takes 55 minutes; 45 are the most"),
    ("exercise_twice", 12, "is already at source/03_exercise_twice.py:5"),
    ("exercise_of_another_lesson", 4, "should read '03-"),
    ("exercises_two_in_one_cell", 4, "two exercises in one cell"),
    ("exercise_without_blank", 4, "leaves nothing to write"),
    ("leak_in_markdown", 6, "03_leak_in_markdown.py:12 for all to read"),
    ("leak_in_comment", 7, "03_leak_in_comment.py:6 for all to read"),
    ("leak_over_two_lines", 6, "03_leak_over_two_lines.py:14 for all"),
    ("metadata_unknown", 4, "tag=['a'], which means nothing here"),
    ("metadata_words", 4, "title='markdown', which means nothing here"),
    ("metadata_broken", 4, "which means nothing here"),
    ("slide_type_unknown", 4, "slide_type is one of"),
    ("tags_no_list", 4, "metadata that no notebook can have: 'a' is not"),
    ("raw_cell", 4, "a raw cell"),
    ("empty_cell", 4, "an empty cell"),
    ("markdown_in_string", 4, "Write markdown as lines"),
]
PROSE = [
    ("banned_word", 6, "'Obviously' tells a reader"),
    ("picture_without_words", 5, "a picture without words"),
    ("img_without_words", 5, "an <img> without words"),
    ("second_title", 5, "a second title"),
    ("heading_skips_a_level", 5, "skips a level"),
    ("link_to_no_lesson", 5, "links to no lesson"),
    ("link_to_no_heading", 5, "links to no heading of 02_tiny_walk"),
    ("link_to_no_file", 5, "links to a file that is not there"),
]


def test_every_broken_source_is_in_a_table():
    listed = {f"03_{name}.py.txt" for name, _, _ in SOURCES + PROSE} | {"03_raising_cell.py.txt"}
    assert {path.name for path in BROKEN.iterdir()} == listed


def complaints(capsys: pytest.CaptureFixture) -> list[str]:
    return capsys.readouterr().err.splitlines()


def assert_named(lines: list[str], path: str, line: int | None, words: str) -> None:
    where = f"{path}: " if line is None else f"{path}:{line}: "
    assert any(text.startswith(where) and words in text for text in lines), lines


@pytest.mark.parametrize(("name", "line", "words"), SOURCES)
def test_broken_source_is_named_and_nothing_is_written(course, add_broken, capsys, name, line, words):
    path = add_broken(course, name)
    assert main(["--root", str(course)]) == 1
    assert_named(complaints(capsys), path, line, words)
    assert not (course / "lessons").exists()
    assert main(["--root", str(course), "--check"]) == 1
    assert_named(complaints(capsys), path, line, words)


@pytest.mark.parametrize(("name", "line", "words"), SOURCES + PROSE)
def test_each_broken_source_has_only_its_own_fault(course, add_broken, capsys, name, line, words):
    path = add_broken(course, name)
    main(["--root", str(course)])
    capsys.readouterr()
    main(["--root", str(course), "--check", path])
    found = [text for text in complaints(capsys) if text.startswith(path)]
    # A cell line or a marker in the wrong place may break what stands around it as well.
    assert len({text.split(": ")[0] for text in found}) <= 2
    assert_named(found, path, line, words)


@pytest.mark.parametrize(("name", "line", "words"), PROSE)
def test_prose_is_checked_by_the_check_and_does_not_stop_a_build(
    course, add_broken, capsys, name, line, words
):
    path = add_broken(course, name)
    assert main(["--root", str(course)]) == 0
    assert (course / "lessons" / f"03_{name}.ipynb").exists()
    assert main(["--root", str(course), "--check"]) == 1
    lines = complaints(capsys)
    assert_named(lines, path, line, words)
    assert lines[-1] == "optcourse build: 1 to mend, listed above."


def test_prose_in_code_is_nobodys_prose(built, capsys):
    source = built / "source" / "01_tiny_slope.py"
    text = (
        "# `simply` ``obviously ` `` <https://a.b/c>\n#\n# ```\n# # simply ![](x.png)\n# ```\n# As just so.\n"
    )
    source.write_text(source.read_text() + "\n# %% [markdown]\n" + text)
    assert main(["--root", str(built)]) == 0
    assert main(["--root", str(built), "--check"]) == 0


def test_bad_file_names_and_numbers_taken_twice(course, capsys):
    shutil.copy(course / "source" / "02_tiny_walk.py", course / "source" / "Walk.py")
    (course / "source" / "02_other.py").write_text("# %% [markdown]\n# # Other\n")
    (course / "source" / "02_x.py").write_text("# %% [markdown]\n# Other\n")
    (course / "source" / "04_latin.py").write_bytes("# %% [markdown]\n# # Längs".encode("latin-1"))
    assert main(["--root", str(course)]) == 1
    lines = complaints(capsys)
    assert_named(lines, "source/Walk.py", None, "NN_name.py")
    assert_named(lines, "source/02_tiny_walk.py", None, "number 02 is taken by source/02_other.py")
    assert_named(lines, "source/02_x.py", None, "number 02 is taken by source/02_other.py")
    assert_named(lines, "source/02_x.py", 2, "no title")
    assert_named(lines, "source/04_latin.py", None, "not UTF-8")


def test_exercise_id_used_in_two_lessons_and_answer_in_an_earlier_lesson(course, capsys):
    first, second = sorted((course / "source").iterdir())
    second.write_text(second.read_text().replace("exercise:02-walk", "exercise:01-slope"))
    first.write_text(first.read_text() + "\n# %% [markdown]\n# Soon: `rate = 1/2`.\n")
    assert main(["--root", str(course)]) == 1
    lines = complaints(capsys)
    assert_named(
        lines, "source/02_tiny_walk.py", 12, "exercise 01-slope is already at source/01_tiny_slope.py:"
    )
    assert_named(lines, "source/02_tiny_walk.py", 23, "stands at source/01_tiny_slope.py:")


def test_later_lesson_may_recall_an_answer(course):
    second = course / "source" / "02_tiny_walk.py"
    second.write_text(second.read_text() + "\n# %%\ndoubled = 2 * 3\n# doubled = 2 * w\n# return doubled\n")
    assert main(["--root", str(course)]) == 0


# --- notebooks


def change(path: Path, edit: Callable[[dict], object]) -> None:
    notebook = json.loads(path.read_text())
    edit(notebook)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def random_ids(notebook: dict) -> None:
    for place, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{place * 2654435761 % 2**32:08x}"


def leave_output(notebook: dict) -> None:
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["hello\n"]}]


DRIFTS = {
    "outputs left in": (leave_output, "cell 2 has outputs"),
    "a cell was run": (lambda nb: nb["cells"][1].update(execution_count=3), "cell 2 has been run"),
    "random cell ids": (random_ids, "its cell ids are not those"),
    "text edited": (lambda nb: nb["cells"][0].update(source=["# Changed"]), "the text of cell 1"),
    "cell added": (
        lambda nb: nb["cells"].append(dict(nb["cells"][0], id="new")),
        "it has 8 cells, its source has 7",
    ),
    "metadata added": (lambda nb: nb["metadata"].update(jupytext={}), "its metadata or its layout differs"),
}


@pytest.mark.parametrize("folder", ["lessons", "solutions"])
@pytest.mark.parametrize("drift", DRIFTS)
def test_edited_notebook_is_found_and_its_source_named(built, capsys, folder, drift):
    edit, reason = DRIFTS[drift]
    change(built / folder / "01_tiny_slope.ipynb", edit)
    assert main(["--root", str(built), "--check"]) == 1
    (line, _) = complaints(capsys)
    assert line.startswith(
        f"source/01_tiny_slope.py: {folder}/01_tiny_slope.ipynb is not what this source gives"
    )
    assert reason in line


def test_edited_source_missing_and_orphaned_notebooks_are_found(built, capsys):
    source = built / "source" / "01_tiny_slope.py"
    source.write_text(source.read_text().replace("smaller", "less"))
    (built / "solutions" / "02_tiny_walk.ipynb").unlink()
    assert main(["--root", str(built), "--check"]) == 1
    lines = complaints(capsys)
    assert_named(
        lines,
        "source/01_tiny_slope.py",
        None,
        "the text of cell 1 (a-tiny-slope_1) differs. It was made from",
    )
    assert_named(lines, "source/02_tiny_walk.py", None, "solutions/02_tiny_walk.ipynb has not been made")
    source.unlink()
    assert main(["--root", str(built), "--check"]) == 1
    assert_named(complaints(capsys), "source/01_tiny_slope.py", None, "this source is gone")


@pytest.mark.parametrize("text", ["", "[]", "{}", "<<<<<<< HEAD\n{}", '{"cells": 3, "nbformat": 4}', "\xff"])
def test_file_that_is_no_notebook_is_found_and_never_lost(built, capsys, text):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    path.write_bytes(text.encode("latin-1"))
    assert main(["--root", str(built), "--check"]) == 1
    assert_named(complaints(capsys), "source/01_tiny_slope.py", None, "it is not a notebook that can be read")
    assert main(["--root", str(built)]) == 1
    assert path.read_bytes() == text.encode("latin-1")


def test_check_writes_nothing(course):
    assert main(["--root", str(course), "--check"]) == 1
    assert [path.name for path in course.iterdir()] == ["source"]


# --- the real nbval and the real command


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, timeout=300)


def nbval(root: Path) -> subprocess.CompletedProcess:
    # As `optcourse test` calls it.
    lax = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=60"]
    plug_ins = ["-p", "optcourse.authoring.early", "-p", "no:cacheprovider"]
    return run(root, "-m", "pytest", "-q", *plug_ins, *lax, "lessons", "solutions")


def test_nbval_passes_the_good_lessons_and_leaves_them_as_they_were(built):
    result = nbval(built)
    assert result.returncode == 0, result.stdout
    assert "14 passed" in result.stdout
    assert main(["--root", str(built), "--check"]) == 0


def test_nbval_fails_on_a_raising_cell(course, add_broken, capsys):
    add_broken(course, "raising_cell")
    for source in (course / "source").glob("0[12]_*.py"):
        source.unlink()
    assert main(["--root", str(course)]) == 0
    result = nbval(course)
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stdout
    assert "lessons/03_raising_cell.ipynb" in result.stdout
    assert "2 failed" in result.stdout


def test_the_gate_as_a_command(built):
    assert run(built, "-m", "optcourse.authoring.build", "--check").returncode == 0
    change(built / "lessons" / "01_tiny_slope.ipynb", leave_output)
    failed = run(built, "-m", "optcourse.authoring.build", "--check")
    assert failed.returncode == 1
    assert "source/01_tiny_slope.py" in failed.stderr
    assert "Traceback" not in failed.stderr
