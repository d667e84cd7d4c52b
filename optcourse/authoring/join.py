"""JavaScript modules joined into the one file that anywidget wants, without npm: put one after the other, imports resolved.

So a module may say little: `import { names } from "./other.js";`, `export` before a function, class, const or let, and in the
entry `export default { names };`. All modules share one scope in the joined file. What would work there and in no other
place (a name that is used and not imported, two that are called alike) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .source import Problem

# Folder of the modules: the file that is made of them.
SCRIPTS = {"optcourse/explorers/stage": "optcourse/explorers/stage.js"}
ENTRY = "main.js"
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+\.js)";$')
NAME = re.compile(r"^(export )?(?:async function|function|class|const|let) (\w+)")
DEFAULT = re.compile(r"^export default \{ [\w, ]+ \};$")


class CannotJoin(Exception):
    """What is wrong with a module, and where."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message = path, line, message


@dataclass
class Module:
    """A module that was read: what it imports, what it exports, and the text to be joined."""

    path: Path
    needs: dict[str, list[str]]  # file: names
    names: dict[str, bool]  # every name of the outermost level: is it exported?
    body: str
    default: str


def joined(folder: Path) -> str:
    """The modules of a folder as one module, each after those that it needs. Raises CannotJoin."""
    modules = {path.name: read_module(path) for path in sorted(folder.glob("*.js"))}
    if ENTRY not in modules:
        raise CannotJoin(
            folder / ENTRY, None, "this module is where the joining begins, and it is not there."
        )
    order: list[str] = []
    visit(modules, ENTRY, [], order)
    for name in modules:
        if name not in order:
            raise CannotJoin(
                folder / name, None, f"no module imports this one, from {ENTRY} on. Import it, or remove it."
            )
    check_names(modules, order)
    head = (
        f"// Made by `optcourse build` from the modules in the folder {folder.name}/ beside it: edit those.\n"
    )
    parts = [f"// ---- {name}\n\n{modules[name].body.strip()}\n" for name in order]
    return "\n".join([head, *parts, modules[ENTRY].default])


def read_module(path: Path) -> Module:
    needs, names, kept, default = {}, {}, [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := IMPORT.match(line):
            needs[found[2]] = found[1].split(", ")
            continue
        if DEFAULT.match(line) and path.name == ENTRY:
            default = line + "\n"
            continue
        if found := NAME.match(line):
            names[found[2]] = bool(found[1])
            line = line.removeprefix("export ")
        if line.startswith(("import", "export")):
            message = (
                'this is not understood. A module says `import { names } from "./other.js";` in one line, '
                f"`export` before a function, class, const or let, and `export default` in {ENTRY} only."
            )
            raise CannotJoin(path, number, message)
        kept.append(line)
    return Module(path, needs, names, "\n".join(kept), default)


def visit(modules: dict[str, Module], name: str, way: list[str], order: list[str]) -> None:
    """Put a module behind all that it needs."""
    if name in way:
        raise CannotJoin(modules[name].path, None, f"modules import each other: {' -> '.join([*way, name])}.")
    if name in order:
        return
    module = modules[name]
    for other, wanted in module.needs.items():
        if other not in modules:
            raise CannotJoin(module.path, None, f"it imports from {other}, which is not there.")
        visit(modules, other, [*way, name], order)
        for one in wanted:
            if not modules[other].names.get(one):
                raise CannotJoin(
                    module.path, None, f"it imports {one} from {other}, which does not export it."
                )
    order.append(name)


def check_names(modules: dict[str, Module], order: list[str]) -> None:
    """Every name means one thing, and every module that uses it imports it."""
    home: dict[str, str] = {}
    for name in order:
        for one in modules[name].names:
            if one in home:
                raise CannotJoin(
                    modules[name].path, None, f"{one} is also a name in {home[one]}; rename one of them."
                )
            home[one] = name
    for name in order:
        module = modules[name]
        said = without_words(module.body)
        imported = {one for wanted in module.needs.values() for one in wanted}
        for one, where in home.items():
            # A private name in small letters may also be the name of a local variable.
            telling = modules[where].names[one] or one[0].isupper()
            if where == name or one in imported or not telling:
                continue
            if uses(said, one):
                message = f"it uses {one} of {where} and does not import it."
                raise CannotJoin(module.path, None, message)


def without_words(code: str) -> str:
    """Code without comments and without texts in quotes; both hold words that are not names."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*', '""', code)


def uses(code: str, name: str) -> bool:
    """Whether a name is used that the code does not declare itself; no property, key or method of that name."""
    if re.search(rf"\b(?:const|let|function|class) (?:\[|\{{)?[^=;\n]*\b{name}\b", code):
        return False
    return re.search(rf"(?<![.\w$]){name}\b(?!\s*:)(?!\([^)\n]*\) \{{)", code) is not None


def scripts(root: Path) -> tuple[list[tuple[Path, str]], list[Problem]]:
    """Every file of SCRIPTS whose modules lie in the course, with its text; and what keeps others from being made."""
    made, problems = [], []
    for folder, file in SCRIPTS.items():
        if not (root / folder).is_dir():
            continue
        try:
            made.append((root / file, joined(root / folder)))
        except CannotJoin as error:
            problems.append(Problem(error.path.relative_to(root).as_posix(), error.line, error.message))
    return made, problems
