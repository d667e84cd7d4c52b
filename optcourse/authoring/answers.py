"""The functions that a lesson asks for, out of its source, as a module: `optcourse/exercises/answers/lesson_NN.py`.

An exercise takes its reference from there. So the answer stands once, in source/, and the package needs no source/ to check.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from .source import Cell, Lesson

FOLDER = "optcourse/exercises/answers"
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Statement:
    """A statement at the top of a cell that gives names: its text, and the names from elsewhere that it uses."""

    node: Definition | Import
    cell: Cell
    text: str
    uses: frozenset[str]

    @property
    def place(self) -> int:
        return self.cell.first_line + self.node.lineno


def file_name(lesson: Lesson) -> str:
    return f"lesson_{lesson.number}.py"


def answers_text(lesson: Lesson) -> str | None:
    """The module; None where the lesson asks for no function. A name that nothing defines is one of its problems."""
    given: dict[str, Statement] = {}
    wanted: dict[str, Statement] = {}
    for statement in _statements(lesson):
        names = _names_given(statement.node)
        given |= dict.fromkeys(names, statement)
        if statement.cell.exercise and isinstance(statement.node, ast.FunctionDef):
            # it may use what stands above it; the answers of other cells keep their names
            _collect(lesson, statement, names[0], given, wanted)
    if not wanted:
        return None
    imports = {
        name: statement.node for name, statement in wanted.items() if isinstance(statement.node, Import)
    }
    parts = {s.place: s.text for s in wanted.values() if not isinstance(s.node, Import)}
    head = f'"""Answers of {lesson.path}. Made by `optcourse build`: edit the source, never this file."""'
    body = "\n\n\n".join(text for _, text in sorted(parts.items()))
    return "\n\n".join([head, *_import_lines(imports)]) + f"\n\n\n{body}\n"


def _collect(lesson: Lesson, statement: Statement, name: str, given: dict, wanted: dict) -> None:
    """Put a statement, and all that it uses, into `wanted`."""
    if name in wanted:
        return
    wanted[name] = statement
    for used in sorted(statement.uses):
        if used in given:
            _collect(lesson, given[used], used, given, wanted)
        elif not hasattr(builtins, used):
            line = statement.cell.first_line
            lesson.problem(
                line, f"`{name}` uses `{used}`, which no code cell above defines. Define or import it."
            )


def _statements(lesson: Lesson) -> Iterator[Statement]:
    """Every statement at the top of a code cell that gives names, with the answers."""
    for cell in lesson.cells:
        if cell.kind != "code":
            continue
        text = cell.text(answers=True)
        for node in ast.parse(text).body:
            if isinstance(node, Definition | Import):
                own = ast.get_source_segment(text, node)
                yield Statement(node, cell, own, frozenset(_names_used(own)))


def _names_given(node: Definition | Import) -> list[str]:
    if isinstance(node, Import):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _names_used(text: str) -> set[str]:
    """The names that a statement takes from its module."""

    def globals_of(table: symtable.SymbolTable) -> Iterator[str]:
        for symbol in table.get_symbols():
            at_the_top = table.get_type() == "module"
            if symbol.is_referenced() if at_the_top else symbol.is_global():
                yield symbol.get_name()
        for child in table.get_children():
            yield from globals_of(child)

    table = symtable.symtable(text, "<answer>", "exec")
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    return set(globals_of(table)) - own


def _import_lines(imports: dict[str, Import]) -> Iterator[str]:
    """The imports in groups: Python's, others', the course's."""
    groups: dict[int, list[tuple]] = {}
    for name, node in imports.items():
        alias = next(a for a in node.names if (a.asname or a.name.partition(".")[0]) == name)
        renamed = f" as {alias.asname}" if alias.asname else ""
        module = node.module if isinstance(node, ast.ImportFrom) else alias.name
        top = module.partition(".")[0]
        group = 0 if top in sys.stdlib_module_names else 2 if top == "optcourse" else 1
        line = f"import {alias.name}{renamed}"
        if isinstance(node, ast.ImportFrom):
            line = f"from {module} import {alias.name}{renamed}"
        groups.setdefault(group, []).append((isinstance(node, ast.ImportFrom), module, line))
    for _, lines in sorted(groups.items()):
        yield "\n".join(_merged(sorted(lines)))


def _merged(lines: list[tuple[bool, str, str]]) -> Iterator[str]:
    """Several names from one module in one line."""
    sources: dict[str, list[str]] = {}
    for is_from, _, line in lines:
        start, _, names = line.partition(" import ") if is_from else (line, "", "")
        sources.setdefault(start, []).append(names)
    for start, names in sources.items():
        yield f"{start} import {', '.join(names)}" if names[0] else start
