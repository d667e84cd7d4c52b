"""`optcourse nbgrader`: nbgrader accepts what it lays out, marks it fairly, and an instructor's work is left alone."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest

from optcourse import cli, exercises
from optcourse.authoring import nbgrader
from optcourse.authoring.build import read_lessons
from optcourse.authoring.nbgrader import HIDDEN_FAILED, Refused, lay_out, sign_of_work
from optcourse.authoring.source import BLANK, NOTE
from optcourse.grading.marking import grade_notebook
from optcourse.grading.walls.outside import has_bubblewrap

COURSE = Path(__file__).resolve().parents[2]
SHORT = "00_start_here"


@pytest.fixture(scope="module")
def lessons():
    return read_lessons(COURSE, ())[0]


@pytest.fixture(scope="module")
def course(lessons, tmp_path_factory) -> Path:
    """All lessons, laid out. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    lay_out(lessons, folder)
    return folder


def read(folder: Path, name: str) -> nbformat.NotebookNode:
    return nbformat.read(folder / "source" / name / f"{name}.ipynb", as_version=4)


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- what is laid out, by nbgrader's own rules ----------------------------------------------------------


@pytest.fixture(scope="module")
def preprocess():
    """What nbgrader makes of a notebook for the students, with the course's own configuration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own imports
        from nbgrader.nbgraderformat import MetadataValidator
        from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, LockCells
    from traitlets.config import Config

    config = Config()
    exec(nbgrader.config_text("optcourse"), {"get_config": lambda: config})

    def run(notebook):
        notebook = copy.deepcopy(notebook)
        MetadataValidator().validate_nb(notebook)
        for preprocessor in (LockCells, ClearSolutions, ClearHiddenTests):
            notebook, _ = preprocessor(config=config).preprocess(notebook, {})
        return notebook

    return run


def faults(notebook: nbformat.NotebookNode, name: str, preprocess) -> list[str]:
    """What is wrong with one assignment; nothing, if all is well."""
    try:
        released = preprocess(notebook)
    except Exception as error:  # whatever nbgrader objects to is a fault, by its own words
        return [f"nbgrader: {error}"]
    found = []
    wanted = [(e.id, e.points) for e in exercises.all_exercises() if e.lesson == name[:2]]
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    if sorted((c.metadata.nbgrader.grade_id, c.metadata.nbgrader.points) for c in graded) != sorted(wanted):
        found.append("graded cells are not the exercises with their points")
    for cell in graded:
        exercise = exercises.get(cell.metadata.nbgrader.grade_id)
        call = f'check("{exercise.id}", {", ".join(exercise.answers)})'
        if call not in cell.source or not cell.metadata.nbgrader.locked:
            found.append(f"{exercise.id} is not tested by a locked cell")
        if "raises-exception" not in cell.metadata.get("tags", []):
            found.append(f"{exercise.id}: where it fails, JupyterLab would not run the cells below")
        if ("HIDDEN" in cell.source) != (exercise.kind == "function"):
            found.append(f"{exercise.id}: hidden tests where they say nothing, or none")
    lesson = nbformat.read(COURSE / "lessons" / f"{name}.ipynb", as_version=4)
    if [cell.id for cell in released.cells] != [cell.id for cell in lesson.cells]:
        return [*found, "its cells are not those of the lesson"]
    for ours, theirs in zip(released.cells, lesson.cells, strict=True):
        if "SOLUTION" in ours.source or "HIDDEN" in ours.source or HIDDEN_FAILED in ours.source:
            found.append(f"{ours.id}: a student would see what is hidden")
        if ours.metadata.get("optcourse") != theirs.metadata.get("optcourse"):
            found.append(f"{ours.id}: what is kept with the cell is not the lesson's")
        meta = ours.metadata.get("nbgrader", {})
        # nbgrader has one blank for all places; in lessons/ one outside a function is a comment.
        text = ours.source.replace(f"\n{BLANK}", f"\n{NOTE}")
        if meta.get("grade"):
            if theirs.source.splitlines()[0] not in ours.source:
                found.append(f"{ours.id}: not the lesson's check")
        elif ours.cell_type == "markdown":
            if nbgrader.LINK_TO_LESSON.sub(r"](../\1/\1.ipynb", theirs.source) != ours.source:
                found.append(f"{ours.id}: not the lesson's text")
        elif text != theirs.source:
            found.append(f"{ours.id}: not the lesson's blank")
    return found


@pytest.mark.parametrize("name", [p.stem for p in sorted((COURSE / "source").glob("*.py"))])
def test_every_lesson_is_an_assignment(course, preprocess, name):
    assert faults(read(course, name), name, preprocess) == []


def cell_with(notebook, **wanted):
    return next(c for c in notebook.cells if wanted.items() <= dict(c.metadata.get("nbgrader", {})).items())


def no_points(notebook):
    cell_with(notebook, grade=True).metadata.nbgrader.points += 1


def same_id_twice(notebook):
    cell_with(notebook, solution=True).metadata.nbgrader.grade_id = "00-take-a-step"


def check_gone(notebook):
    notebook.cells.remove(cell_with(notebook, grade=True))


def answer_not_marked(notebook):
    cell_with(notebook, solution=True).metadata.nbgrader.solution = False


def answer_outside(notebook):
    cell = cell_with(notebook, grade_id="00-take-a-step-answer")
    cell.source = cell.source.replace("### END SOLUTION", "") + "\n    ### END SOLUTION\n    return w"


def test_not_hidden(notebook):
    cell = cell_with(notebook, grade_id="00-take-a-step")
    cell.source = cell.source.replace("### BEGIN HIDDEN TESTS", "").replace("### END HIDDEN TESTS", "")


test_not_hidden.__test__ = False


@pytest.mark.parametrize(
    "breaks", [no_points, same_id_twice, check_gone, answer_not_marked, answer_outside, test_not_hidden]
)
def test_a_broken_assignment_is_found(course, preprocess, breaks):
    notebook = read(course, SHORT)
    breaks(notebook)
    assert faults(notebook, SHORT, preprocess)


def test_explorers_and_imports_are_locked_and_what_is_to_be_edited_is_not(course):
    def is_locked(name, text):
        cell = next(c for c in read(course, name).cells if c.cell_type == "code" and text in c.source)
        return cell.metadata.get("nbgrader", {}).get("locked", False)

    assert is_locked("03_gradient_descent", "import numpy")
    assert is_locked("03_gradient_descent", "ValleyExplorer()")
    assert is_locked("03_gradient_descent", "hints(")
    assert is_locked("03_gradient_descent", "quiz(")
    assert not is_locked("02_analytic_gradient", "report(backward_b")  # "change the settings"
    assert not is_locked("09_race", "mine = {")  # to be filled in


def test_links_lead_from_folder_to_folder(course):
    links = [
        (folder / target).resolve()
        for folder in (course / "source").iterdir()
        for cell in read(course, folder.name).cells
        if cell.cell_type == "markdown"
        for target in nbgrader.re.findall(r"\]\(([^)#:]+\.ipynb)", cell.source)
    ]
    assert len(links) > 20 and all(link.is_file() for link in links)


# -- the whole round with the real nbgrader ---------------------------------------------------------------

CHEAT = '''
def take_step(w, dw, learning_rate):
    """Right for the cases that the notebook shows, and only for those."""
    from optcourse import exercises
    from optcourse.checking.check import visible_seed

    exercise = exercises.get("00-take-a-step")
    for case in exercise.draw_cases(visible_seed(exercise)):
        if repr(case.args) == repr((w, dw, learning_rate)):
            return exercise.reference(w, dw, learning_rate)
    return w
'''
WARNS = """
import sys, warnings
def warns(function):
    def wrapped(*args):
        warnings.warn("this costs nothing")
        print("nor does this", file=sys.stderr)
        return function(*args)
    return wrapped
take_step_right = take_step
def take_step(w, dw, learning_rate):
    return warns(take_step_right)(w, dw, learning_rate)
"""


@pytest.fixture(scope="module")
def graded(lessons, tmp_path_factory):
    """Two students' marks. ada: all right, with warnings. bob: right, wrong, right on the visible cases only, blank."""
    folder = tmp_path_factory.mktemp("round") / "course"
    lay_out([lesson for lesson in lessons if lesson.name == SHORT], folder, "nn101")
    right = {
        c.id: c.source for c in read(folder, SHORT).cells if c.metadata.get("nbgrader", {}).get("solution")
    }
    first, second, third, last = right
    ada = {**right, third: right[third] + WARNS}
    bob = {first: right[first], second: right[second].replace("/ h", "/ (2 * h)"), third: CHEAT}
    assert bob[second] != right[second]
    (folder / "students.json").write_text(json.dumps({"ada": ada, "bob": bob}))
    before = all_bytes(folder)
    # nbgrader calls `alembic` through PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    script = Path(__file__).with_name("nbgrader_round.py")
    finished = subprocess.run(
        [sys.executable, script, folder, SHORT],
        env={**os.environ, "PATH": path, "OPTCOURSE_HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return folder, json.loads(finished.stdout.splitlines()[-1]), before


@pytest.mark.slow
def test_every_step_of_nbgrader_succeeds(graded):
    folder, result, _ = graded
    for step in result["done"]:
        assert step["success"], step.get("error") or step.get("log")
    for student in ("ada", "bob"):
        assert "Start here" in (folder / "feedback" / student / SHORT / f"{SHORT}.html").read_text()


@pytest.mark.slow
def test_validate_fails_on_the_blank_in_words_and_passes_the_right_answers(graded):
    _, result, _ = graded
    blank = result["failed"]["blank"]
    assert len(blank) == 4 and "`height`, `slope` and `next_w` still are `...`." in blank[0]
    assert "Line 3 of the cell still holds `...`" in blank[1]
    assert result["failed"]["ada"] == []


@pytest.mark.slow
def test_the_marks_are_the_fair_ones(graded):
    _, result, _ = graded
    points = {e.id: e.points for e in exercises.all_exercises() if e.lesson == "00"}
    first, second, third, last = points
    assert result["course_id"] == "nn101"
    assert result["marks"]["ada"] == {name: [of, of, False] for name, of in points.items()}
    assert result["marks"]["bob"] == {
        first: [points[first], points[first], False],
        second: [0, points[second], False],
        third: [0, points[third], False],
        last: [0, points[last], False],
    }


@pytest.mark.slow
@pytest.mark.skipif(not has_bubblewrap(), reason="no bubblewrap (sudo apt install bubblewrap)")
def test_optcourse_grade_marks_what_nbgrader_has_collected(graded):
    folder, _, _ = graded
    marks = {
        student: grade_notebook(folder / "submitted" / student / SHORT / f"{SHORT}.ipynb", seed=7)
        for student in ("ada", "bob")
    }
    assert (marks["ada"].points, marks["ada"].of) == (7, 7)
    assert [mark.points for mark in marks["bob"].exercises] == [1, 0, 0, 0]


@pytest.mark.slow
def test_laying_out_again_touches_nothing_of_nbgraders(graded, lessons):
    folder, _, before = graded
    everything = all_bytes(folder)
    assert {"gradebook.db", f"submitted/ada/{SHORT}/{SHORT}.ipynb"} <= set(everything)
    lay_out([lesson for lesson in lessons if lesson.name == SHORT], folder)
    assert all_bytes(folder) == everything
    assert before.items() <= everything.items()  # nor does nbgrader change what was laid out


# -- an instructor's work -----------------------------------------------------------------------------------


@pytest.fixture
def one(lessons, tmp_path):
    """One lesson, laid out in a folder of its own: (the lesson, the folder, its notebook)."""
    lesson = next(lesson for lesson in lessons if lesson.name == SHORT)
    lay_out([lesson], tmp_path / "course")
    return lesson, tmp_path / "course", tmp_path / "course" / "source" / SHORT / f"{SHORT}.ipynb"


def edit(path: Path, change) -> None:
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_twice_is_once(one):
    lesson, folder, _ = one
    before = all_bytes(folder)
    result = lay_out([lesson], folder)
    assert all_bytes(folder) == before and not result.written and len(result.unchanged) == 2


def run_a_cell(notebook):
    next(c for c in notebook.cells if c.cell_type == "code").execution_count = 1


def edit_text(notebook):
    notebook.cells[0].source += "\nWelcome to my course."


@pytest.mark.parametrize("change", [no_points, edit_text, run_a_cell])
def test_an_edited_notebook_is_never_written_over(one, lessons, change):
    lesson, folder, path = one
    edit(path, change)
    before = all_bytes(folder)
    with pytest.raises(Refused, match="may be your work.*move that file away first"):
        lay_out(lessons[:2], folder)
    assert all_bytes(folder) == before  # nothing, not even the other lesson


def test_a_file_that_is_no_notebook_is_left_alone(one):
    lesson, folder, path = one
    path.write_text("mine")
    with pytest.raises(Refused, match="not a notebook"):
        lay_out([lesson], folder)
    assert path.read_text() == "mine"


def test_opening_and_saving_is_no_edit_and_a_new_source_is_taken_over(one):
    lesson, folder, path = one
    edit(path, lambda notebook: notebook.metadata.update(widgets={}))
    assert sign_of_work(json.loads(path.read_text())) is None
    title = dataclasses.replace(lesson.cells[0], lines=(*lesson.cells[0].lines, "", "New words."))
    newer = dataclasses.replace(lesson, cells=[title, *lesson.cells[1:]])
    assert lay_out([newer], folder).written == [f"source/{SHORT}/{SHORT}.ipynb"]
    assert "New words." in path.read_text()


def test_hidden_seeds_stay_in_a_folder_and_differ_between_folders(one, tmp_path):
    lesson, folder, path = one
    text = path.read_text()
    path.unlink()
    lay_out([lesson], folder)
    assert path.read_text() == text
    lay_out([lesson], tmp_path / "another")
    assert (tmp_path / "another" / "source" / SHORT / path.name).read_text() != text


def test_the_configuration_is_the_instructors(one):
    lesson, folder, _ = one
    config = folder / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Exchange.root = '/srv/exchange'\n")
    before = all_bytes(folder)
    assert lay_out([lesson], folder).kept == ["nbgrader_config.py"]
    assert all_bytes(folder) == before


@pytest.mark.parametrize(
    ("prepare", "course_id", "words"),
    [
        (lambda folder: (folder / "thesis.tex").write_text("mine"), None, r"other things \(thesis.tex\)"),
        (lambda folder: (folder / "optcourse.json").write_text("{"), None, "cannot be read any more"),
        (lambda folder: lay_out([], folder, "nn101"), "nn102", "is the course 'nn101'"),
        (lambda folder: None, "my course", "letters, digits"),
    ],
)
def test_what_does_not_fit_is_refused(lessons, tmp_path, prepare, course_id, words):
    prepare(tmp_path)
    before = all_bytes(tmp_path)
    with pytest.raises(Refused, match=words):
        lay_out(lessons[:1], tmp_path, course_id)
    assert all_bytes(tmp_path) == before


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "course"
    # Also where the working folder is an nbgrader course, whose source/ is not the lessons' source/.
    folder.mkdir()
    (tmp_path / "source").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["nbgrader", str(folder), "--lesson", "00", "--course-id", "nn101"]) == 0
    out = capsys.readouterr().out
    assert "3 written" not in out and "2 written, 0 up to date" in out
    assert "nbgrader generate_assignment 00_start_here" in out and "not installed" not in out
    assert cli.main(["nbgrader", str(folder), "--lesson", "00"]) == 0
    assert "0 written, 2 up to date" in capsys.readouterr().out


def test_the_command_says_what_is_the_matter(tmp_path, capsys, monkeypatch):
    (tmp_path / "mine").write_text("")
    assert cli.main(["nbgrader", str(tmp_path), "--lesson", "00"]) == 1
    assert "holds other things (mine)" in capsys.readouterr().err
    assert cli.main(["nbgrader", str(tmp_path / "mine"), "--lesson", "00"]) == 1
    assert "is a file" in capsys.readouterr().err
    assert cli.main(["nbgrader", str(tmp_path / "new"), "--lesson", "77"]) == 2
    assert "no lesson '77'" in capsys.readouterr().err
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "nbgrader" else find_spec(n))
    assert cli.main(["nbgrader", str(tmp_path / "new"), "--lesson", "00"]) == 0
    assert f"`python3 course.py nbgrader {tmp_path / 'new'}` installs it" in capsys.readouterr().out
