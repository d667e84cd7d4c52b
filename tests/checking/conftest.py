import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Every test has a learner's folder of its own, and errors of ours are raised."""
    monkeypatch.setenv("OPTCOURSE_HOME", str(tmp_path))
    monkeypatch.setenv("OPTCOURSE_STRICT", "1")
    return tmp_path
