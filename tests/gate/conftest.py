import pytest

from lake.worlds import WORLDS


@pytest.fixture(params=WORLDS, ids=lambda make: make.__name__)
def world(request, tmp_path):
    """(lake, upload): the gate behaves the same over every lake."""
    return request.param(tmp_path)
