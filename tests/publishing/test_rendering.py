"""Notebooks executed and turned into HTML: what pages and slides are made of."""

import gzip
import json
import re

import nbformat
import pytest

from optcourse.explorers.engine import Explorer
from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.publishing import vendor
from optcourse.publishing.execution import EXPLORER_MIME, QUESTIONS_MIME, CellFailed, execute, forms
from optcourse.publishing.rendering import as_json, katex_css, markdown_html, output_html
from optcourse.publishing.site.writing import write_assets
from optcourse.publishing.vendor import bundle
from tests.conftest import IN_CI


def notebook(folder, *cells):
    path = folder / "small.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells]), path
    )
    return path


def test_vendored_files_are_those_of_the_manifest():
    assert vendor.digests() == vendor.recorded()["files"]
    assert len(vendor.digests()) > 20


@pytest.mark.slow
def test_the_editor_is_bundled_from_its_entry_and_the_versions_of_its_lock(tmp_path):
    folder = vendor.EDITOR.parent
    try:
        made = bundle.bundle(folder, tmp_path)
    except bundle.BundleFailed as error:
        pytest.fail(str(error)) if IN_CI else pytest.skip(str(error))
    assert {name: (folder / name).read_text(encoding="utf-8") == text for name, text in made.items()} == {
        "codemirror.min.js": True,
        "LICENSE": True,
    }
    assert made["LICENSE"].count("Permission is hereby granted") == made["LICENSE"].count("\nCopyright") == 12
    packed = len(gzip.compress(made["codemirror.min.js"].encode()))
    assert round(packed / 1e6, 2) == 0.12  # as docs/website.md says


def test_a_bundle_that_cannot_be_made_says_why(tmp_path):
    with pytest.raises(
        bundle.BundleFailed, match="no-such-program is not on the path; the bundle is made with npm"
    ):
        bundle.run(["no-such-program"], tmp_path)
    with pytest.raises(bundle.BundleFailed, match="false stopped: "):
        bundle.run(["false"], tmp_path)


def test_outputs_come_in_their_order_and_the_file_stays_as_it_was(tmp_path):
    path = notebook(
        tmp_path,
        "print('a')\nfrom IPython.display import display, HTML\ndisplay(HTML('<b>b</b>'))\nprint('c')\n1 + 1",
    )
    before, seen = path.read_bytes(), []
    outputs = execute(path, on_cell=lambda number, count: seen.append((number, count))).cells[0].outputs
    assert [o.output_type for o in outputs] == ["stream", "display_data", "stream", "execute_result"]
    assert outputs[3].data["text/plain"] == "2"
    assert path.read_bytes() == before and seen == [(1, 1)]


def test_explorers_and_questions_come_out_as_data(tmp_path):
    path = notebook(
        tmp_path,
        "from optcourse import predict, quiz, check\nfrom optcourse.explorers.lesson_03 import ParabolaExplorer",
        "ParabolaExplorer()",
        "predict('03-saddle')",
        "quiz('03')",
        "check('03-saddle-steps', None)",
    )
    cells = execute(path).cells
    data = [[output.data for output in cell.outputs] for cell in cells]
    assert [sum(EXPLORER_MIME in d for d in cell) for cell in data] == [0, 1, 0, 0, 0]
    assert [sum(QUESTIONS_MIME in d for d in cell) for cell in data] == [0, 0, 1, 1, 0]
    assert 'role="status"' in output_html(cells[4].outputs[0])
    for (shown,), mime in zip(data[1:4], (EXPLORER_MIME, QUESTIONS_MIME, QUESTIONS_MIME), strict=True):
        text = as_json(shown[mime])
        assert "<" not in text and json.loads(text) == shown[mime]


def test_a_figure_is_drawn_once_where_notebooks_share_a_folder_and_never_with_somebodys_code(tmp_path):
    alone, shared = forms()[Explorer], forms(tmp_path)[Explorer]
    figures = [ValleyExplorer(), ValleyExplorer(), ValleyExplorer(learning_rate=0.45)]
    assert [shared(figure) for figure in figures] == [
        json.loads(json.dumps(alone(figure))) for figure in figures
    ]
    kept = list(tmp_path.iterdir())
    assert len(kept) == 2
    shared(ValleyExplorer(yours=lambda compute_gradient, w, learning_rate, num_steps: w))
    assert list(tmp_path.iterdir()) == kept


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["1", "1 / 0"], "cell 2 .* ZeroDivisionError"),
        (["def"], "SyntaxError"),
        (["import os; os._exit(3)"], "ended early"),
    ],
)
def test_a_cell_that_fails_is_named(tmp_path, cells, says):
    with pytest.raises(CellFailed, match=f"small.ipynb: .*{says}"):
        execute(notebook(tmp_path, *cells))


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "small.ipynb"
    path.write_text("{")
    with pytest.raises(CellFailed, match="small.ipynb is no notebook"):
        execute(path)
    with pytest.raises(CellFailed, match="gone.ipynb is no notebook: FileNotFoundError"):
        execute(tmp_path / "gone.ipynb")


def test_a_notebook_that_does_not_end_is_ended(tmp_path):
    with pytest.raises(CellFailed, match="within 2 seconds"):
        execute(notebook(tmp_path, "import time; time.sleep(60)"), seconds=2)


def test_formulas_stay_and_headings_have_no_pilcrow():
    page = markdown_html("## A heading\n\nThe rate $\\alpha < 1$ and\n\n$$a_1 * b_2 * c$$")
    assert 'id="A-heading"' in page and "¶" not in page
    assert "$\\alpha &lt; 1$" in page and "$$a_1 * b_2 * c$$" in page


@pytest.mark.parametrize("with_python", [False, True])
def test_assets_ask_nobody(tmp_path, with_python):
    sheets, scripts = write_assets(tmp_path, with_python=with_python)
    for name in (address.partition("?")[0] for address in sheets + scripts):
        text = (tmp_path / name).read_text()
        for url in re.findall(r"url\(([^)]*)\)", text) if name.endswith(".css") else []:
            assert (tmp_path / url).is_file(), url
    assert "fonts/" not in katex_css(inline=True)
