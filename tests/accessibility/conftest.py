"""What the accessibility tests share: every explorer of the course as a saved page, and one page to look at them all."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import optcourse.explorers
from optcourse.explorers.engine import Explorer
from optcourse.explorers.page import write_page


def every_explorer() -> list[type[Explorer]]:
    """The explorers of all lessons, in order."""
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(optcourse.explorers.__path__)):
        if module.startswith("lesson_"):
            lesson = importlib.import_module(f"optcourse.explorers.{module}")
            found += [
                thing
                for thing in vars(lesson).values()
                if isinstance(thing, type)
                and issubclass(thing, Explorer)
                and thing.__module__ == lesson.__name__
            ]
    return found


@pytest.fixture(scope="module")
def saved_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every explorer of every lesson as a saved page: "lesson_03.ValleyExplorer" -> file."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {}
    for kind in every_explorer():
        name = f"{kind.__module__.rsplit('.', 1)[1]}.{kind.__name__}"
        pages[name] = write_page(kind(), folder / f"{name}.html")
    return pages


@pytest.fixture(scope="module")
def one_page(chromium) -> Iterator:
    """One page for the whole module: a context of its own costs more than what is looked at."""
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    context.set_offline(True)
    yield context.new_page()
    context.close()


def open_explorer(page, path: Path) -> None:
    """Show a saved page, its tables unpacked."""
    page.goto(path.as_uri())
    page.wait_for_selector("[data-ready=true] .oc-explorer canvas")


@pytest.fixture
def plain(one_page) -> Iterator:
    """`one_page` as it was at first: light, wide, colours and motion as usual."""
    usual = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}
    one_page.emulate_media(**usual)
    one_page.set_viewport_size({"width": 1100, "height": 900})
    yield one_page
    one_page.emulate_media(**usual)
    one_page.set_viewport_size({"width": 1100, "height": 900})
