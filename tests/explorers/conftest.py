"""What the tests of live figures share: a saved page with the network cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from optcourse.explorers.page import write_page

STAGE = "document.querySelector('.oc-explorer').parentElement.stage"


@pytest.fixture
def opened(page, tmp_path) -> Iterator[Callable[..., Any]]:
    """Open an explorer as a saved page with the network cut off; any error in the page fails the test."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.context.set_offline(True)

    def show(explorer):
        page.goto(write_page(explorer, tmp_path / "page.html").as_uri())
        page.wait_for_selector("[data-ready=true] .oc-explorer canvas")
        return page

    yield show
    assert errors == []
