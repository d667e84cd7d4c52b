"""What `optcourse build` writes, that it writes the same again, and that it never takes a person's work."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcourse.authoring.build import main
from optcourse.authoring.notebook import cell_ids, sign_of_work
from optcourse.authoring.source import BLANK, NOTE, Cell, Lesson, Region, read_lesson


def build(root: Path, *arguments: str) -> int:
    return main(["--root", str(root), *arguments])


def notebook(root: Path, folder: str = "lessons", name: str = "01_tiny_slope") -> dict:
    return json.loads((root / folder / f"{name}.ipynb").read_text())


def cell(root: Path, cell_id: str, folder: str = "lessons", name: str = "01_tiny_slope") -> dict:
    (found,) = [cell for cell in notebook(root, folder, name)["cells"] if cell["id"] == cell_id]
    return found


def hashes(root: Path) -> dict[str, str]:
    paths = sorted(path for folder in ("lessons", "solutions") for path in (root / folder).iterdir())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


# --- what is written


def test_blanks_in_lessons_and_answers_in_solutions(built):
    blank = "".join(cell(built, "01-slope")["source"])
    assert blank == f'def slope(w):\n    """The slope of w * w."""\n    {BLANK}'
    answer = "".join(cell(built, "01-slope", "solutions")["source"])
    assert answer.endswith('w * w."""\n    doubled = 2 * w  # the power rule\n    return doubled')
    for path in built.glob("*/*.ipynb"):
        assert "SOLUTION" not in path.read_text()


def test_solution_at_the_end_in_the_middle_and_at_the_left_margin(built):
    walk = "".join(cell(built, "02-walk", name="02_tiny_walk")["source"])
    assert walk.endswith(f'"""Walk down w * w."""\n    {BLANK}\n    return w')
    assert "".join(cell(built, "02-rate", name="02_tiny_walk")["source"]) == f"rate = ...\n{NOTE}"
    assert (
        "".join(cell(built, "02-rate", "solutions", "02_tiny_walk")["source"]) == "rate = ...\nrate = 1 / 2"
    )


def test_two_solutions_in_one_cell():
    lines = ("a", "  B", "  1", "  E", "b", "B", "2", "3", "E")
    two = Cell("code", {}, 1, lines, (Region(1, 3), Region(5, 8)))
    assert two.text(answers=True).split("\n") == ["a", "  1", "b", "2", "3"]
    assert two.text(answers=False).split("\n") == ["a", f"  {BLANK}", "b", NOTE]


@pytest.mark.parametrize("folder", ["lessons", "solutions"])
def test_notebooks_are_valid_bare_and_say_where_they_come_from(built, folder):
    for path in (built / folder).iterdir():
        text = path.read_text()
        nbformat.validate(nbformat.reads(text, as_version=4))
        assert text.endswith("}\n")
        metadata = json.loads(text)["metadata"]
        assert metadata.keys() == {"kernelspec", "language_info", "optcourse"}
        assert metadata["kernelspec"]["name"] == "python3"
        assert metadata["language_info"] == {"name": "python"}
        assert metadata["optcourse"]["source"] == f"source/{path.stem}.py"
        code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_tags_and_slides_pass_through(built):
    cells = notebook(built)["cells"]
    assert cells[0]["metadata"] == {"slideshow": {"slide_type": "slide"}}
    assert cell(built, "01-slope")["metadata"] == {
        "optcourse": {"exercise": "01-slope"},
        "tags": ["exercise:01-slope", "points:2"],
    }


def test_the_speakers_notes_are_in_no_cell_and_reach_the_lecture_only(built):
    note = "Ask the room which way is down before you go on."
    for folder in ("lessons", "solutions"):
        assert not any(note in "".join(cell["source"]) for cell in notebook(built, folder)["cells"])
    assert note not in (built / "lessons" / "01_tiny_slope.ipynb").read_text()
    before = notebook(built, "solutions")["cells"][2]["metadata"]
    assert before["optcourse"]["notes"] == [note]


def test_a_solution_carries_the_blank_that_a_lecture_shows_first(built):
    solved, blank = cell(built, "01-slope", "solutions"), cell(built, "01-slope", "lessons")
    assert solved["metadata"]["optcourse"]["blank"] == "".join(blank["source"])
    assert "blank" not in blank["metadata"]["optcourse"]


def test_jupyters_own_writer_would_lay_the_file_out_alike(built, tmp_path):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    nbformat.write(nbformat.read(path, as_version=4), tmp_path / "saved.ipynb")
    assert (tmp_path / "saved.ipynb").read_bytes() == path.read_bytes()


def test_build_is_byte_identical_when_repeated(built, capsys):
    before = hashes(built)
    assert build(built) == 0
    assert hashes(built) == before
    assert capsys.readouterr().out == "optcourse build: 0 written, 0 removed, 4 up to date already.\n"
    for folder in ("lessons", "solutions"):
        shutil.rmtree(built / folder)
    assert build(built) == 0
    assert hashes(built) == before


def test_windows_line_endings_and_a_jupytext_header_change_nothing(built):
    before = hashes(built)
    source = built / "source" / "01_tiny_slope.py"
    header = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation: {}\n# ---\n\n"
    source.write_bytes((header + source.read_text()).replace("\n", "\r\n").encode())
    assert build(built) == 0
    assert hashes(built) == before


# --- cell ids


def test_ids_come_from_exercises_headings_and_places(built):
    ids = [cell["id"] for cell in notebook(built)["cells"]]
    assert ids == [
        "a-tiny-slope_1",
        "a-tiny-slope_2",
        "a-tiny-slope_3",
        "your-turn_1",
        "01-slope",
        "your-turn_3",
        "key-points_1",
    ]
    assert ids == [cell["id"] for cell in notebook(built, "solutions")["cells"]]


def test_ids_stay_when_text_changes_and_a_new_cell_moves_only_its_section(built):
    before = [cell["id"] for cell in notebook(built)["cells"]]
    source = built / "source" / "01_tiny_slope.py"
    text = source.read_text().replace("smaller", "less").replace("Ask the room", "Ask")
    source.write_text(text.replace("# %% [markdown]\n# ## Your", "# %%\n1 + 1\n\n# %% [markdown]\n# ## Your"))
    assert build(built) == 0
    after = [cell["id"] for cell in notebook(built)["cells"]]
    assert [i for i in after if i not in before] == ["a-tiny-slope_4"]
    assert [i for i in after if i in before] == before


titles = st.text(alphabet="aB1 _-é#`", min_size=1, max_size=60).map(lambda text: f"## {text}")


@given(st.lists(st.one_of(titles, st.just("Text."), st.just("```\n# no heading\n```")), max_size=30))
def test_ids_are_unique_and_legal(texts):
    cells = [Cell("markdown", {}, 1, tuple(text.split("\n"))) for text in texts]
    ids = cell_ids(Lesson("01_a", "source/01_a.py", cells))
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell_id) for cell_id in ids)


# --- a person's work


def rewrite(path: Path, edit) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1))


def type_an_answer(content: dict) -> None:
    (exercise,) = [cell for cell in content["cells"] if cell["id"] == "01-slope"]
    exercise["source"] = "def slope(w):\n    return 2 * w"


def run_a_cell(content: dict) -> None:
    content["cells"][1]["execution_count"] = 1


def add_a_cell(content: dict) -> None:
    content["cells"].append({"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "A thought."})


def delete_a_cell(content: dict) -> None:
    del content["cells"][2]


def paste_a_picture(content: dict) -> None:
    content["cells"][0]["attachments"] = {"a.png": {"image/png": "aGk="}}


def forget_where_it_is_from(content: dict) -> None:
    del content["metadata"]["optcourse"]


WORK = [type_an_answer, run_a_cell, add_a_cell, delete_a_cell, paste_a_picture, forget_where_it_is_from]


@pytest.mark.parametrize("source_changed", [False, True])
@pytest.mark.parametrize("edit", WORK)
def test_work_is_never_written_over(built, capsys, edit, source_changed):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    rewrite(path, edit)
    mine = path.read_bytes()
    if source_changed:
        source = built / "source" / "01_tiny_slope.py"
        source.write_text(source.read_text().replace("smaller", "less"))
    assert build(built) == 1
    assert path.read_bytes() == mine
    said = capsys.readouterr()
    assert said.err.startswith("lessons/01_tiny_slope.ipynb: left as it is")
    assert "source/01_tiny_slope.py" in said.err and "--force" in said.err
    # The notebook beside it, in which nobody worked, is brought up to date.
    assert said.out.startswith("written: solutions/01_tiny_slope.ipynb") == source_changed
    assert not (built / "backups").exists()


@pytest.mark.parametrize("edit", WORK)
def test_force_writes_over_and_keeps_every_copy(built, capsys, edit):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    fresh = path.read_bytes()
    kept = []
    for _ in range(2):
        rewrite(path, edit)
        kept.append(path.read_bytes())
        assert build(built, "--force") == 0
        assert path.read_bytes() == fresh
    copies = sorted((built / "backups").glob("*.ipynb"))
    said = capsys.readouterr().out
    assert [copy.read_bytes() for copy in copies] == kept
    for copy in copies:
        assert re.fullmatch(r"lessons_01_tiny_slope_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?", copy.stem)
        assert f"kept a copy: backups/{copy.name}\n" in said
    assert (built / "backups" / ".gitignore").read_text() == "*\n"


def test_notebook_only_opened_and_saved_is_no_work(built):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    fresh = path.read_bytes()
    rewrite(
        path, lambda content: content["metadata"].update(language_info={"name": "python", "version": "3.11"})
    )
    assert sign_of_work(json.loads(path.read_text())) is None
    assert build(built) == 0
    assert path.read_bytes() == fresh


def test_interrupted_write_leaves_the_old_notebook_whole(built, monkeypatch):
    path = built / "lessons" / "01_tiny_slope.ipynb"
    before = path.read_bytes()
    source = built / "source" / "01_tiny_slope.py"
    source.write_text(source.read_text().replace("smaller", "less"))

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            build(built)
    assert path.read_bytes() == before
    assert build(built) == 0
    assert sorted(path.name for path in (built / "lessons").iterdir()) == [
        "01_tiny_slope.ipynb",
        "02_tiny_walk.ipynb",
    ]


# --- orphans


def test_orphans_go_and_a_persons_notebooks_stay(built, capsys):
    lessons = built / "lessons"
    shutil.copy(lessons / "02_tiny_walk.ipynb", lessons / "02_tiny_walk-Copy1.ipynb")
    (lessons / "my notes.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    (lessons / "broken.ipynb").write_text("not a notebook")
    rewrite(built / "solutions" / "02_tiny_walk.ipynb", run_a_cell)
    (built / "source" / "02_tiny_walk.py").unlink()
    assert build(built) == 1
    said = capsys.readouterr()
    assert "removed: lessons/02_tiny_walk.ipynb\n" in said.out
    assert said.err.startswith("solutions/02_tiny_walk.ipynb: left as it is")
    assert sorted(path.name for path in lessons.iterdir()) == [
        "01_tiny_slope.ipynb",
        "02_tiny_walk-Copy1.ipynb",
        "broken.ipynb",
        "my notes.ipynb",
    ]
    assert build(built, "--force") == 0
    assert not (built / "solutions" / "02_tiny_walk.ipynb").exists()
    assert len(list((built / "backups").glob("solutions_02_tiny_walk_*.ipynb"))) == 1


# --- the command


@pytest.mark.parametrize("name", ["01", "01_tiny_slope", "source/01_tiny_slope.py"])
def test_one_lesson_is_built_while_another_is_broken(course, add_broken, name):
    add_broken(course, "nested")
    assert build(course, name) == 0
    assert [path.name for path in (course / "lessons").iterdir()] == ["01_tiny_slope.ipynb"]
    assert build(course, name, "--check") == 0
    assert build(course) == 1


def test_unknown_lesson_and_folder_without_a_course(course, tmp_path, capsys):
    assert build(course, "07") == 2
    assert "no lesson '07' in source/. There are: 01_tiny_slope, 02_tiny_walk." in capsys.readouterr().err
    assert build(tmp_path) == 2
    assert "no source/ folder" in capsys.readouterr().err


def test_course_is_found_from_a_folder_inside_it(built, monkeypatch):
    monkeypatch.chdir(built / "lessons")
    assert main(["--check"]) == 0


def test_source_without_any_problem_has_none(course):
    for path in sorted((course / "source").iterdir()):
        assert read_lesson(path).problems == []


def test_the_solved_notebook_and_the_script_are_the_same_program(built):
    for path in sorted((built / "source").iterdir()):
        script = runpy.run_path(str(path))
        solved: dict = {}
        for made in notebook(built, "solutions", path.stem)["cells"]:
            if made["cell_type"] == "code":
                exec("".join(made["source"]), solved)
        names = {name for name in solved if not name.startswith("__")}
        assert names == {name for name in script if not name.startswith("__")}
