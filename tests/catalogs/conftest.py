import pytest

from catalogs.scene import WORLDS, local
from servers.s3 import close, moto_s3, real_s3


@pytest.fixture(params=WORLDS, ids=lambda make: make.__name__)
def world(request, tmp_path, monkeypatch):
    """A table in every lake with every catalogue that there is here."""
    if request.param.__name__ != "local":
        server = real_s3() if "ceph" in request.param.__name__ else moto_s3()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)  # Glue's client, and pyarrow, find their credentials by their own means
    made = request.param(tmp_path)
    yield made
    if "glue" in request.param.__name__:
        _drop_glue(made)
    close()


@pytest.fixture
def here(tmp_path):
    """A table in a folder, and SQLite beside it."""
    return local(tmp_path)


def _drop_glue(world):
    """Leave no table for the next test: moto's Glue is one for all."""
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog(world.catalogue.name, **world.catalogue.access(), **world.catalogue.properties)
    for namespace in catalog.list_namespaces():
        for table in catalog.list_tables(namespace):
            catalog.drop_table(table)
        catalog.drop_namespace(namespace)
