"""Who may know whom (docs/design.md). Nothing points back, also not from inside a function."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from optcourse.cli import COMMANDS

PACKAGE = Path(__file__).resolve().parents[1] / "optcourse"
CORE = (
    "objectives gradients optimizers after_adam schedules theory data models curvature autodiff noise claims"
)


@dataclass(frozen=True)
class Room:
    """Modules and what they may import. The longest name decides, so `checking` is the rest of it."""

    modules: str
    libraries: str
    knows: str  # rooms, besides itself


# From the ground up: a room may know only what stands before it. It may import what it does import, and no more.
ROOMS = {
    "core": Room(CORE, "numpy", ""),
    "descent": Room("descent race newton_race edge_runs noise_runs norm_runs race_two", "numpy", "core"),
    "auditing": Room("auditing", "numpy tqdm", "core descent"),
    "figures": Room("figures", "numpy matplotlib contourpy", ""),
    "place": Room("place lessons files terminal", "tqdm", ""),
    "exercises": Room("exercises", "numpy", "core descent"),
    # Runs a learner's function and records its path, for the checks, for the explorers that draw it, and behind walls.
    "learner": Room("learner", "numpy", "exercises"),
    "explorers": Room(
        "explorers",
        "numpy anywidget traitlets PIL",
        "core descent figures exercises learner",
    ),
    "saved": Room("saved", "", ""),
    "progress": Room("progress journal", "", "place exercises saved"),
    "checking": Room("checking", "numpy", "exercises learner progress"),
    "questions": Room("questions", "numpy anywidget traitlets", "exercises explorers checking progress"),
    # The lesson behind a web page, in the reader's browser.
    "inpage": Room("inpage", "", "checking explorers progress"),
    "authoring": Room(
        "authoring",
        "numpy jupytext nbformat pytest xdist IPython",
        "exercises explorers checking questions place",
    ),
    "publishing": Room(
        "publishing",
        "nbformat nbconvert IPython pygments jinja2 bs4 packaging",
        "exercises explorers checking questions authoring place inpage",
    ),
    "grading": Room(
        "grading",
        "numpy distributed dask jinja2 markupsafe",
        "exercises learner checking place saved",
    ),
    # What the marks of a class teach: the only room that knows marks and pictures.
    "reporting": Room(
        "reporting",
        "numpy nbformat",
        "place exercises explorers figures learner questions grading",
    ),
    "commands": Room(
        "commands cli",
        "nbformat nbclient jupyterlab jupyter_server jupyter_client zmq traitlets packaging",
        "place progress authoring publishing grading reporting",
    ),
}


def known_rooms(room: Room) -> set[str]:
    return set(room.knows.split())


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


def modules(package: Path) -> list[tuple[Path, str]]:
    """Every file of the package, with its name relative to it."""
    return [
        (path, ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__"))
        for path in sorted(package.rglob("*.py"))
    ]


def violations(package: Path) -> list[str]:
    """One sentence for every import that the table forbids."""
    found = []
    for path, module in modules(package):
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


def idle(package: Path, rooms: dict[str, Room]) -> list[str]:
    """One sentence for every permission of the table that no module makes use of."""
    used = {name: set() for name in rooms}
    for path, module in modules(package):
        for _, name in imports(path, module):
            top, _, rest = name.partition(".")
            used.get(room_of(module), set()).add(room_of(rest) if top == "optcourse" else top)
    # The commands stand in a table of cli.py, by name, and are imported when they are called.
    used.get("commands", set()).update(
        room_of(where.removeprefix("optcourse.")) for where, _ in COMMANDS.values()
    )
    return [
        f"{name} may import {permission} and does not"
        for name, room in rooms.items()
        for permission in [*room.libraries.split(), *room.knows.split()]
        if permission not in used[name]
    ]


def circles(package: Path) -> list[str]:
    """Modules that know each other, directly or by way of others: one sentence for every circle."""
    knows: dict[str, set[str]] = {}
    for path, module in modules(package):
        whole = "optcourse" if module == "__init__" else f"optcourse.{module}"
        knows[whole] = {name for _, name in imports(path, module)}
    found, done = [], set()

    def walk(module: str, way: list[str]) -> None:
        if module in way:
            found.append(" -> ".join([*way[way.index(module) :], module]))
        elif module not in done:
            for name in sorted(knows[module] & set(knows)):
                walk(name, [*way, module])
            done.add(module)

    for module in knows:
        walk(module, [])
    return found


def test_no_modules_know_each_other():
    assert circles(PACKAGE) == []


def test_a_circle_is_found(tmp_path):
    package = tmp_path / "optcourse"
    (package / "explorers").mkdir(parents=True)
    (package / "explorers" / "__init__.py").touch()
    (package / "explorers" / "page.py").write_text("from optcourse.explorers.engine import Explorer\n")
    engine = package / "explorers" / "engine.py"
    engine.write_text("from optcourse.explorers import stage\n")
    assert circles(package) == []
    engine.write_text("class Explorer:\n    def show(self):\n        from .page import packed\n")
    assert circles(package) == [
        "optcourse.explorers.engine -> optcourse.explorers.page -> optcourse.explorers.engine"
    ]
    engine.write_text("from optcourse.explorers import parts\n")
    (package / "explorers" / "parts.py").write_text("import optcourse.explorers.page\n")
    (found,) = circles(package)
    assert found.count(" -> ") == 3


def test_nothing_points_back_down_the_list():
    assert violations(PACKAGE) == []


def test_the_table_allows_nothing_that_is_not_used():
    assert idle(PACKAGE, ROOMS) == []
    wider = {"figures": Room("figures", "numpy scipy", "descent")}
    assert idle(PACKAGE, wider) == [
        f"figures may import {name} and does not" for name in ("scipy", "descent")
    ]


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
        ("exercises/lesson_03", "from optcourse.checking import check", "exercises must not know"),
        ("exercises/model", "from optcourse.checking import check", "exercises must not know"),
        ("checking/check", "import optcourse.grading.command", "checking must not know optcourse.grading"),
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
    (package / "checking" / "check.py").touch()
    (package / f"{module}.py").write_text(line + "\n")
    found = violations(package)
    assert len(found) == 1 and says in found[0], found


def test_allowed_imports_are_left_alone(tmp_path):
    package = tmp_path / "optcourse"
    for room in ("checking", "exercises"):
        (package / room).mkdir(parents=True)
    (package / "exercises" / "model.py").write_text(
        "import dataclasses\nimport numpy as np\nfrom optcourse import data\n"
    )
    (package / "checking" / "check.py").write_text(
        "from optcourse.exercises.model import Exercise\nfrom optcourse import exercises\n"
    )
    (package / "descent.py").write_text("from optcourse.optimizers import Adam\n")
    assert violations(package) == []
