"""A saved notebook where no widget can live (GitHub, nbviewer, a page made by nbconvert): a picture, its words, and what to
do for the live figure. And Google Colab, whose front end is told where the widget's code is."""

from __future__ import annotations

import re
import sys
import types

import nbformat
import pytest

from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.explorers.widget import STILL

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return ValleyExplorer()


@pytest.fixture(scope="module")
def saved(explorer) -> nbformat.NotebookNode:
    """A notebook as JupyterLab saves it: the outputs of the cell, without the state of the widgets."""
    data, metadata = explorer._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("ValleyExplorer()", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=1)]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    return notebook


def page_of(notebook: nbformat.NotebookNode) -> str:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab")
    exporter.mathjax_url = exporter.require_js_url = exporter.mermaid_js_url = exporter.jquery_url = ""
    return exporter.from_notebook_node(notebook)[0]


@pytest.mark.browser
def test_a_page_without_widgets_shows_the_picture_its_words_and_what_to_do(saved, explorer, page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_of(saved), encoding="utf-8")
    page.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort()
    )
    page.goto(path.as_uri())
    picture = page.get_by_role("img", name=explorer.describe()[:40])
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 600
    assert page.get_by_text(STILL).is_visible()
    assert "Error displaying widget" not in page.locator("body").inner_text()


def test_a_reader_of_plain_text_has_the_words(saved, explorer):
    text = saved.cells[0].outputs[0].data["text/plain"]
    assert explorer.describe() in text and "Explorer object at 0x" not in text


def test_what_github_and_nbviewer_keep_of_the_output_is_enough(saved, explorer):
    """Both drop scripts and styles; a picture inside the page, its alt text and the sentence are left."""
    html = saved.cells[0].outputs[0].data["text/html"]
    assert "<script" not in html and 'src="data:image/png;base64,' in html
    assert re.sub(r"<[^>]+>", "", html) == STILL
    assert 'alt="' in html and saved.cells[0].outputs[0].data["image/png"]


def test_colab_is_told_where_the_widgets_manager_is(explorer, monkeypatch):
    """Colab shows a widget of somebody else's only where the output's metadata names a manager for it."""
    from anywidget import _util

    calls = []
    output = types.ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: calls.append(True)
    output._widgets = types.SimpleNamespace(_installed_url="https://colab.example/manager.js")
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    _util.enable_custom_widget_manager_once.cache_clear()
    data, metadata = explorer._repr_mimebundle_()
    _util.enable_custom_widget_manager_once.cache_clear()
    assert calls == [True] and WIDGET in data
    assert metadata[WIDGET]["colab"]["custom_widget_manager"]["url"] == "https://colab.example/manager.js"


def test_the_front_end_asks_for_no_file(explorer):
    """VS Code and Colab show the widget in a frame of its own, far from the kernel's files: its script comes with it."""
    begin, script = str(explorer.widget._esm), explorer.widget.script
    for code in (begin.replace("import(URL.createObjectURL(new Blob([script]", ""), script):
        assert "export default" in code
        assert not re.search(r"^\s*import\s|\bimport\(|https?://", code, re.MULTILINE)
