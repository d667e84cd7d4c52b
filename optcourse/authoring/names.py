"""Names that a lesson takes away from its learners.

All cells of a notebook share their names. A learner's helper beside an answer (`central`, `f`, `eps` …) is gone as soon as a cell
further down binds its name, and the answer with it. So what a cell needs for itself lives in a function, or begins with `_`.
"""

from __future__ import annotations

import ast

from .source import Lesson

# How many names the cells behind a lesson's first exercise bind, without those of its exercises. These numbers may only fall.
MOST: dict[str, int] = {
    "00_start_here": 1,
    "01_numeric_gradient": 3,
    "02_analytic_gradient": 11,
    "03_gradient_descent": 6,
    "04_sgd": 2,
    "05_momentum": 4,
    "06_adagrad": 7,
    "07_rmsprop": 1,
    "08_adam": 3,
    "09_race": 4,
    "11_curvature": 3,
    "12_automatic_differentiation": 7,
    "13_edge_of_stability": 2,
    "14_noise": 1,
    "15_other_norms": 1,
    "16_claims_audit": 4,
    "99_glossary": 0,
}
MOST_IN_A_NEW_LESSON = 10


def check_names(lesson: Lesson) -> None:
    found = taken_names(lesson)
    most = MOST.get(lesson.name, MOST_IN_A_NEW_LESSON)
    if len(found) > most:
        name, line = list(found.items())[most]
        lesson.problem(
            line,
            f"`{name}` is name {most + 1} that cells behind the first exercise take, and {most} are the most: a learner's helper "
            "of that name would be gone. Put what the cell needs into a function, or begin the name with '_'.",
        )


def taken_names(lesson: Lesson) -> dict[str, int]:
    """The names that cells behind the first exercise bind, each with the line of the first cell that does."""
    cells = [cell for cell in lesson.cells if cell.kind == "code"]
    first = next((k for k, cell in enumerate(cells) if cell.exercise), len(cells))
    own = {name for cell in cells if cell.exercise for name in bound_names(cell.text(True))}
    found: dict[str, int] = {}
    for cell in cells[first:]:
        if not cell.exercise:
            for name in bound_names(cell.text(True)):
                if not name.startswith("_") and name not in own:
                    found.setdefault(name, cell.first_line)
    return found


def bound_names(source: str) -> list[str]:
    """The names that a cell binds for all others, in order of appearance."""
    try:
        todo = list(ast.parse(source).body)
    except SyntaxError:  # check_that_it_compiles says so
        return []
    found = []
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            todo = [*ast.iter_child_nodes(node), *todo]
    return list(dict.fromkeys(found))
