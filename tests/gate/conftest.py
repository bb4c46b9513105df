import pytest

from lake.worlds import WORLDS


@pytest.fixture(params=WORLDS, ids=lambda make: make.__name__)
def world(request, tmp_path):
    """(lake, upload): the gate behaves the same over every lake."""
    return request.param(tmp_path)


@pytest.fixture
def spool(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder
