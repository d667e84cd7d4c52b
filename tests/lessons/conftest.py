"""What the tests of the lessons share."""

import runpy

import pytest


@pytest.fixture(scope="module")
def solved(request, tmp_path_factory):
    """The names that the solved lesson leaves behind when it runs as a script: the SOURCE of the test's module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPTCOURSE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("OPTCOURSE_STRICT", "1")
        return runpy.run_path(str(request.module.SOURCE))
