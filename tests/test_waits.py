"""No test waits for a time: it waits for the thing itself (`until`, or Playwright's own waits), with a generous cap."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# In how many places a file may: what is slow or late on purpose, or is looked at again when it did not come.
ALLOWED = {
    "conftest.py": 4,  # until() itself, a moment for what is asked to end before it is killed, the browser and its cap
    "explorers/test_hand.py": 1,  # a while in which no picture may come
    "explorers/test_engine.py": 1,  # a learner's function that is slow
    "frontends/browsing.py": 1,  # an order that JupyterLab forgets is given again
    "grading/battery/tricks.py": 99,  # what submissions do
    "grading/battery/watch.py": 2,  # a while in which nothing may come, and one for what was killed
    "grading/test_walls.py": 2,  # functions that sleep through their limit
    "learner/test_path.py": 1,  # the same
}


def short_waits(text: str) -> list[str]:
    """Every pause, and every cap of less than a minute, as 'line: code'."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        caps = [
            word.value.value
            for word in node.keywords
            if word.arg == "timeout" and isinstance(word.value, ast.Constant)
        ]
        # Playwright counts in milliseconds, all others in seconds.
        short = [cap for cap in caps if cap and (cap < 60 or 1000 <= cap < 60_000)]
        paused = called in ("sleep", "time.sleep") or called.endswith("wait_for_timeout")
        # The fixture `chromium` gives every context and page the same cap.
        if paused or short or called.endswith(("set_default_timeout", "chromium.launch")):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def texts_that_poll(text: str) -> list[str]:
    """Every wait for an expression that is no function. A page with a policy lets Playwright evaluate a text only at once: where
    the thing is not there yet, the wait fails."""
    waits = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("wait_for_function")
    ]
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in waits
        if not isinstance(node.args[0], ast.Name) and "=>" not in ast.unparse(node.args[0])
    ]


@pytest.mark.parametrize(
    "name",
    [
        "publishing/test_site",
        "publishing/test_slides",
        "publishing/test_page_python",
        "reporting/test_report",
    ],
)
def test_on_a_page_with_a_policy_a_function_is_waited_for(name):
    text = (TESTS / f"{name}.py").read_text(encoding="utf-8")
    assert "wait_for_function" in text and texts_that_poll(text) == []


def test_a_text_that_is_waited_for_is_found():
    assert texts_that_poll("page.wait_for_function('window.x === 1')") and not texts_that_poll(
        "page.wait_for_function('() => x')"
    )


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.relative_to(TESTS).as_posix()
)
def test_no_test_depends_on_how_fast_the_machine_is(path):
    found = short_waits(path.read_text(encoding="utf-8"))
    assert len(found) <= ALLOWED.get(path.relative_to(TESTS).as_posix(), 0), "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "import time; time.sleep(1.0)",
        "from time import sleep; sleep(1)",
        "page.wait_for_timeout(800)",
        "process.communicate(timeout=20)",
        "page.wait_for_function('ready', timeout=5000)",
        "context.set_default_timeout(30_000)",
    ],
)
def test_a_wait_for_a_time_is_found(line):
    assert len(short_waits(line)) == 1


@pytest.mark.parametrize(
    "line", ["process.wait(timeout=240)", "box.wait_for(timeout=120_000)", "until(lambda: seen)"]
)
def test_a_wait_for_a_thing_is_left_alone(line):
    assert short_waits(line) == []
