import pytest

from cli.scene import Scene


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    return Scene(tmp_path)
