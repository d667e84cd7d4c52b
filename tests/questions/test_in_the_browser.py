"""The widgets in a real JupyterLab: readable, labelled, and kept."""

import json

import nbformat
import pytest

from tests.conftest import until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("own_home")]

CELLS = [
    'from optcourse import hints, progress\nhints("03-gradient-descent")',
    """from optcourse.questions.widgets import predict
from optcourse.exercises.model import Prediction
long = "a choice whose text goes on and on, so that it must wrap in every notebook, " * 3
choices = (long, "the second")
predict(Prediction("99-choice", "Which one?", "choice", lambda: 1, "It is {answer}.", choices))""",
    """def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    while True:
        pass

from optcourse import check
check("03-gradient-descent", gradient_descent)""",
    'print("the kernel " + "is alive")\nprogress()',
]


def test_hints_predictions_and_an_endless_loop(lab_server, page):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = lab_server.root / "lessons" / "checking.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    log = lab_server.root / ".optcourse" / "progress.jsonl"
    before = len(log.read_text().splitlines()) if log.exists() else 0  # other tests share this server
    page.goto(lab_server.notebook_url("lessons/checking.ipynb"))
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text("| Idle").first.wait_for()  # Run All before the kernel is there does nothing
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu").get_by_text("Run All Cells", exact=True).click()
    page.locator(".jp-OutputArea-output", has_text="the kernel is alive").wait_for()
    assert page.get_by_text("did not come back within 5 seconds").count() == 1

    page.get_by_role("button", name="Hint 1 of 3").click()
    page.get_by_role("button", name="Hint 2 of 3").wait_for()

    long = page.locator(".oc-option", has_text="goes on and on")
    box = long.evaluate("e => [e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight]")
    assert box[0] <= box[1] and box[2] <= box[3] + 1, f"the label of a choice is cut off: {box}"
    page.get_by_role("radio", name="the second").click()
    assert page.get_by_text("It is the second.").count() == 0
    page.get_by_role("button", name="Commit").click()
    page.get_by_text("It is the second.").first.wait_for()

    until(lambda: "99-choice" in log.read_text())
    recorded = [json.loads(line)["kind"] for line in log.read_text().splitlines()[before:]]
    assert set(recorded) == {"check", "hint", "predict"}
