import pytest

from inputs.world import World


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    monkeypatch.setenv("COLUMNS", "400")  # one cause, one line
    return World(tmp_path)
