import pytest

from lake.stores import STORES
from lake.worlds import WORLDS
from servers.s3 import close


@pytest.fixture(params=WORLDS, ids=lambda make: make.__name__)
def world(request, tmp_path):
    """(lake, upload): every test that takes it runs against every implementation."""
    yield request.param(tmp_path)
    close()


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
def store(request, tmp_path):
    """A store that is not there yet, but for the one in memory."""
    yield from request.param(tmp_path)
