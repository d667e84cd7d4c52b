"""Every lesson as its web page does it: a wrong and a right answer to each exercise, the sentences of the notebook, and figures
that draw the reader's code. Without a browser, which tests/publishing/test_page_python.py has."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap

import nbformat
import pytest
from bs4 import BeautifulSoup

import optcourse
from optcourse import exercises
from optcourse.exercises.model import Exercise
from optcourse.inpage import Lesson, explorer_call
from optcourse.publishing.site import pages
from tests.conftest import COURSE
from tests.lessons import battery

pytestmark = pytest.mark.usefixtures("own_home")
LESSONS = [path.stem for path in sorted((COURSE / "lessons").glob("[01]*.ipynb"))]
PLAIN = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign


def code_of(folder: str, lesson: str) -> dict[str, str]:
    cells = nbformat.read(COURSE / folder / f"{lesson}.ipynb", as_version=4).cells
    return {cell.id: cell.source for cell in cells if cell.cell_type == "code"}


def checks_in_page(lesson: str) -> dict[str, tuple[str, str]]:
    """What the page lets its reader write, by cell: the exercise and the cell of its check, "" where there is none."""
    notebook = nbformat.read(COURSE / "lessons" / f"{lesson}.ipynb", as_version=4)
    body = BeautifulSoup(pages.read_lesson(notebook, lesson, False).body, "html.parser")
    checks = {place["data-of"]: place["data-check"] for place in body.select("[data-check]")}
    places = {place["data-edit"]: place.get("data-exercise", "") for place in body.select("[data-edit]")}
    return {cell: (exercise, checks.get(exercise, "")) for cell, exercise in places.items()}


def wrong(exercise: Exercise, right: str) -> str:
    """The right text, and after it the first of the mistakes that people make."""
    mistake = exercise.misconceptions[0]
    if exercise.kind == "value":
        return f"{right}\n{', '.join(exercise.answers)} = {mistake.code()!r}"
    [name] = exercise.answers
    return f"{right}\n{textwrap.dedent(inspect.getsource(mistake.code))}\n{name} = {mistake.code.__name__}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_wrong_and_a_right_answer_and_the_readers_code_in_the_figures(lesson):
    blank, solved = code_of("lessons", lesson), code_of("solutions", lesson)
    page = Lesson(json.dumps([{"id": cell, "source": source} for cell, source in blank.items()]))
    notebook: dict = {"__name__": "__main__"}
    checks, done = checks_in_page(lesson), []
    figures = [cell for cell, source in blank.items() if draws_yours(source)]
    before = [frame(page, cell) for cell in figures]
    for cell, answer in solved.items():
        exercise_id, check = checks.get(cell, ("", ""))
        if not exercise_id:
            if all(isinstance(part, PLAIN) for part in ast.parse(answer).body):
                battery.run_as_cell(answer, f"<cell {cell}>", notebook)
            continue
        exercise = exercises.get(exercise_id)
        for source in (wrong(exercise, answer), answer):
            battery.run_as_cell(source, f"<cell {cell}>", notebook)
            there = optcourse.check(exercise.id, *(notebook[name] for name in exercise.answers))
            here = json.loads(page.check(cell, source, check))
            assert not here["error"], (exercise.id, here["error"])
            assert here["html"] == there._repr_mimebundle_()["text/html"]
            status, right = here["events"][-1]["status"], source == answer
            assert (status == "passed") == right, (exercise.id, source)
        done.append(exercise.id)
    assert sorted(done) == sorted(e.id for e in exercises.module(lesson[:2]).EXERCISES)
    for cell, (exercise_id, _) in checks.items():
        if not exercise_id:
            here = json.loads(page.run(cell, filled(blank[cell])))
            assert not here["error"] and (here["printed"] or here["mended"] == [cell]), (cell, here)
    after = [frame(page, cell) for cell in figures]
    same = [cell for cell, one, other in zip(figures, before, after, strict=True) if one == other]
    assert not same


def filled(source: str) -> str:
    """A reader's cell, and in the place of its first blank, "SGD", the answer of lesson 03."""
    answer = code_of("solutions", "03_gradient_descent")["03-gradient-descent"]
    return f"{answer}\n{source.replace('...', 'gradient_descent', 1)}" if ": ..." in source else source


def draws_yours(source: str) -> bool:
    try:
        return bool(explorer_call(source)[2])
    except ValueError:
        return False


def frame(page: Lesson, cell: str) -> tuple[str, bytes]:
    values = json.loads(json.dumps(page.figure(cell).values))
    return page.reply(cell, json.dumps({"kind": "frame", "key": "k", "values": values}))
