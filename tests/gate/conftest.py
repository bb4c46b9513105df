import pytest

from lake.worlds import GATE_WORLDS
from servers.s3 import close


@pytest.fixture(params=GATE_WORLDS, ids=lambda make: make.__name__)
def world(request, tmp_path):
    """(lake, upload): the gate behaves the same over every lake."""
    yield request.param(tmp_path)
    close()
