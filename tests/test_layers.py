"""Who may know whom (DESIGN.md, section 2). Nothing points back, also not from inside a function."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "optcourse"
CORE = "objectives gradients optimizers schedules theory data models"


@dataclass(frozen=True)
class Room:
    """Modules and what they may import. The longest name decides, so `checking` is the rest of it."""

    modules: str
    libraries: str
    knows: str  # rooms, besides itself


# From the ground up: a room may know only what stands before it.
ROOMS = {
    "core": Room(CORE, "numpy", ""),
    "descent": Room("descent race", "numpy", "core"),
    "figures": Room("figures", "numpy matplotlib contourpy PIL", "core descent"),
    "exercise data": Room("checking.model checking.ingredients checking.common", "numpy", "core descent"),
    # Runs a learner's function and records its path, for the checks and for the explorers that draw it.
    "learner's code": Room(
        "checking.blank checking.limits checking.running checking.recording checking.wire",
        "numpy",
        "exercise data",
    ),
    "explorers": Room(
        "explorers",
        "numpy matplotlib ipywidgets anywidget traitlets IPython",
        "core descent figures; exercise data; learner's code",
    ),
    "exercises": Room("exercises", "numpy", "core descent; exercise data"),
    "progress": Room("progress", "IPython", "exercises; exercise data"),
    "checking": Room(
        "checking",
        "numpy ipywidgets anywidget traitlets IPython",
        "core descent; exercise data; learner's code; exercises progress",
    ),
    "authoring": Room(
        "authoring",
        "numpy jupytext nbformat nbclient pytest ipywidgets IPython",
        "core descent figures explorers exercises checking; exercise data; learner's code",
    ),
    "place": Room("commands.place", "", ""),
    "classroom": Room(
        "classroom",
        "numpy nbformat nbclient nbconvert nbgrader distributed jupytext ipywidgets anywidget IPython psutil "
        "pygments jinja2 markupsafe dask packaging",
        "core descent figures explorers exercises progress checking authoring place; exercise data; learner's code",
    ),
    "commands": Room(
        "commands cli", "nbformat nbclient jupyter_server", "progress authoring classroom place"
    ),
}


def known_rooms(room: Room) -> set[str]:
    """The rooms that `knows` names; one whose name has a space stands between semicolons."""
    parts = [part.strip() for part in room.knows.split(";")]
    return {name for part in parts for name in ([part] if part in ROOMS else part.split())}


def room_of(module: str) -> str | None:
    """The room of a module, named relative to the package: the longest name that fits decides."""
    fits = {
        prefix: name
        for name, room in ROOMS.items()
        for prefix in room.modules.split()
        if module == prefix or module.startswith(prefix + ".")
    }
    return fits[max(fits, key=len)] if fits else None


def imports(path: Path, module: str) -> list[tuple[int, str]]:
    """Every absolute dotted name that a file imports, with its line, also those inside functions."""
    package = ("optcourse." + module).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names = [alias.name for alias in node.names]
            # `from optcourse import data` imports a module; `from optcourse.data import x` a name in one.
            found += [(node.lineno, f"optcourse.{name}") for name in names if source == "optcourse"]
            found += [
                (node.lineno, f"{source}.{name}" if is_module(path, source, name) else source)
                for name in names
                if source != "optcourse"
            ]
    return found


def is_module(path: Path, source: str, name: str) -> bool:
    """Whether `name` is a file or folder of the package in which `path` lies."""
    root = next((folder for folder in path.parents if folder.name == "optcourse"), PACKAGE)
    folder = root.parent.joinpath(*source.split("."))
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def violations(package: Path) -> list[str]:
    """One sentence for every import that the table forbids."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        if module == "__init__":
            module, room, libraries, allowed = "", "optcourse/__init__.py", set(), set()
        elif (room := room_of(module)) is None:
            found.append(f"{path.name}: has no room; give optcourse.{module} one in tests/test_layers.py")
            continue
        else:
            libraries = set(ROOMS[room].libraries.split())
            allowed = {room} | known_rooms(ROOMS[room])
        for line, name in imports(path, module):
            top, _, rest = name.partition(".")
            where = f"{path.relative_to(package)}:{line}"
            if top == "optcourse":
                if (target := room_of(rest)) not in allowed:
                    found.append(
                        f"{where}: {room} must not know {name} ({target or 'no module: name its module'})"
                    )
            elif top not in sys.stdlib_module_names and top not in libraries:
                found.append(f"{where}: {room} must not import {top}")
    return found


def test_nothing_points_back_down_the_list():
    assert violations(PACKAGE) == []


def test_the_table_itself_only_points_down():
    order = list(ROOMS)
    for position, (name, room) in enumerate(ROOMS.items()):
        assert known_rooms(room) <= set(order[:position]), name


@pytest.mark.parametrize(
    ("module", "line", "says"),
    [
        ("optimizers", "import matplotlib.pyplot", "core must not import matplotlib"),
        ("optimizers", "from optcourse.descent import descend", "core must not know optcourse.descent"),
        ("optimizers", "from .descent import descend", "core must not know optcourse.descent"),
        ("optimizers", "def f():\n    from optcourse import descent", "core must not know optcourse.descent"),
        ("figures/scene", "import ipywidgets", "figures must not import ipywidgets"),
        ("figures/scene", "from ..explorers import stage", "figures must not know optcourse.explorers"),
        ("exercises/lesson_03", "from optcourse.checking import engine", "exercises must not know"),
        ("checking/model", "from . import engine", "exercise data must not know optcourse.checking.engine"),
        ("checking/engine", "import optcourse.classroom.grade", "checking must not know optcourse.classroom"),
        ("progress", "from optcourse import cli", "progress must not know optcourse.cli"),
        ("exercises/lesson_03", "from optcourse import check", "name its module"),
        ("__init__", "import numpy", "must not import numpy"),
        ("strange", "", "has no room"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, module, line, says):
    package = tmp_path / "optcourse"
    for name in ("figures", "exercises", "checking", "explorers"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    (package / "checking" / "engine.py").touch()
    (package / f"{module}.py").write_text(line + "\n")
    found = violations(package)
    assert len(found) == 1 and says in found[0], found


def test_allowed_imports_are_left_alone(tmp_path):
    package = tmp_path / "optcourse"
    (package / "checking").mkdir(parents=True)
    (package / "checking" / "model.py").write_text(
        "import dataclasses\nimport numpy as np\nfrom optcourse import data\n"
    )
    (package / "checking" / "engine.py").write_text(
        "from .model import Exercise\nfrom optcourse import exercises\n"
    )
    (package / "descent.py").write_text("from optcourse.optimizers import Adam\n")
    assert violations(package) == []
