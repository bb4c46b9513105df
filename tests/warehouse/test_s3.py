"""The chain of layers in a bucket: built, up to date, rebuilt into a folder."""

import pytest

from lakegate.commands import warehouse
from servers.s3 import close, moto_s3, new_bucket, real_s3
from warehouse import scene

pytestmark = pytest.mark.slow


@pytest.fixture(params=[moto_s3, real_s3], ids=lambda server: server.__name__)
def bucket(request, tmp_path, monkeypatch):
    """(server, name) of an empty bucket, in an environment in which boto3 finds it, and in a project of tables."""
    server = request.param()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    with scene.inside(scene.project(tmp_path / "project")):
        yield server, new_bucket(server)
    close()


def test_the_chain_is_built_in_a_bucket_and_rebuilt_in_a_folder(bucket, built_once, tmp_path):
    server, name = bucket
    lake = f"s3://{name}"
    (tmp_path / "folder").mkdir()
    for dataset, batch, text in [
        *(("shop/sales", f"dt={day}", scene.SALES[day]) for day in scene.DAYS),
        ("shop/shops", "edition=1", scene.SHOPS),
    ]:
        for file, body in (("data.csv", text), ("_SUCCESS", "")):
            key = f"02-transient-zone/{dataset}/{batch}/{file}"
            server.client.put_object(Bucket=name, Key=key, Body=body.encode())
    scene.promoted(lake, "shop/sales")
    scene.promoted(lake, "shop/shops")
    scene.build(lake, "stage/sales", "dt=2026-01-02", promote=False)
    proposed = server.client.list_objects_v2(Bucket=name, Prefix="02-transient-zone/_candidates/")["KeyCount"]

    first, again = scene.build(lake), scene.build(lake)
    rebuilt = warehouse.rebuilt(lake, str(tmp_path / "folder"), warehouse.Asked())

    assert proposed == 2
    assert set(scene.told(first).values()) == set(scene.told(rebuilt).values()) == {"committed"}
    assert set(scene.told(again).values()) == {"up to date"}
    (left,) = server.client.list_objects_v2(Bucket=name, Prefix="02-transient-zone/")["Contents"]  # the row set apart
    assert left["Key"].startswith("02-transient-zone/_quarantine/cleanse/sales/dt%3D2026-01-03/")
    for table in scene.SQL:
        assert scene.digests(tmp_path / "folder", table) == scene.digests(built_once / "lake", table), table
