"""What the modules of the battery share: bubblewrap or a sentence, and a watched world around the submissions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import IN_CI
from tests.grading.battery import watch

NO_BUBBLEWRAP = "no bubblewrap on the path: the battery needs it (sudo apt install bubblewrap)"


@pytest.fixture(scope="session")
def bubblewrap() -> str:
    path = shutil.which("bwrap")
    if path is None and IN_CI:
        pytest.fail(NO_BUBBLEWRAP + "; in CI that is a failure: .ci/run installs it")
    if path is None:
        pytest.skip(NO_BUBBLEWRAP)
    return path


@pytest.fixture(scope="module")
def outside(bubblewrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[watch.Outside]:
    """The instructor's folder, with everybody's work in it; no process of a submission outlives the module unseen."""
    with (
        watch.hidden_cases_noted(),
        watch.reaper(),
        watch.Outside(tmp_path_factory.mktemp("battery")) as world,
    ):
        yield world
        assert not world.late(), "a process or a file came late"
