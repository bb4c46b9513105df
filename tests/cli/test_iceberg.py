"""`lakegate promote` registers, `lakegate iceberg status, sync` look and mend: what they print, what they answer."""

from __future__ import annotations

import json
import sys

import pytest

from catalogs.scene import parquet

CONTRACT = "contracts/core/dim_plane.odcs.yaml"
SETTINGS = '[iceberg]\ntype = "sql"\nuri = "sqlite:///catalogue.db"\nwarehouse = "iceberg"\n'
GOOD = "SELECT 'N1' AS tailnum, 2 AS seats"
UNFIT = "SELECT 'N1' AS tailnum, 2::UBIGINT AS seats"


@pytest.fixture
def table(scene):
    """The scene, with the contract of a warehouse table and a catalogue."""
    servers = {"candidates": "02-transient-zone/_candidates/core/dim_plane/", "core": "warehouse/core/dim_plane/"}
    way = {"from": "candidates", "to": "core", "batch": {"by": "folder", "key": "dt={dt}", "complete": "success"}}
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "core-dim-plane",
        "name": "core/dim_plane",
        "version": "1.0.0",
        "status": "active",
        "servers": [
            {"server": name, "type": "s3", "location": f"s3://example-lake/{place}", "format": "parquet"}
            for name, place in servers.items()
        ],
        "schema": [
            {
                "name": "dim_plane",
                "properties": [
                    {"name": "tailnum", "logicalType": "string", "required": True},
                    {"name": "seats", "logicalType": "integer"},
                ],
            }
        ],
        "customProperties": [{"property": "lakegate", "value": way}],
    }
    scene.write(CONTRACT, document)
    scene.write("lakegate.toml", SETTINGS)
    return scene


def promote(scene, batch, select):
    scene.arrive(batch, parquet(scene.root, select), dataset="_candidates/core/dim_plane", name="rows.parquet")
    return scene.run("promote", CONTRACT, "--batch", batch, "--lake", "lake")


def iceberg(scene, command, *words):
    return scene.run("iceberg", command, CONTRACT, "--lake", "lake", *words)


def test_a_promotion_registers_its_batch(table):
    promoted = promote(table, "dt=1", GOOD)

    assert promoted.exit_code == 0, promoted.output
    assert "Iceberg" not in promoted.output
    assert iceberg(table, "status").stdout == "core.dim_plane: 1 registered\n"
    assert iceberg(table, "sync").stdout == "core.dim_plane: is as committed\n"


def test_what_cannot_be_registered_is_committed_all_the_same_and_told(table):
    promoted = promote(table, "dt=1", UNFIT)

    assert promoted.exit_code == 0, promoted.output
    assert "not registered in the Iceberg catalogue" in promoted.output
    assert "seats: uint64" in promoted.output
    lines = [file.read_text() for file in (table.lake / "log/gate/core/dim_plane").rglob("*.json")]
    assert ["seats: uint64" in str(json.loads(line)["notes"]) for line in lines] == [True]


def test_a_lost_registration_is_mended_by_promoting_again_or_by_sync(table):
    table.write("lakegate.toml", "")
    for batch in ("dt=1", "dt=2"):
        promote(table, batch, GOOD)
    table.write("lakegate.toml", SETTINGS)
    assert iceberg(table, "status").stdout == "core.dim_plane: 0 registered, 2 missing (dt=1, dt=2)\n"

    assert table.run("promote", CONTRACT, "--batch", "dt=1", "--lake", "lake").exit_code == 0
    assert iceberg(table, "status").stdout == "core.dim_plane: 1 registered, 1 missing (dt=2)\n"

    assert iceberg(table, "sync").stdout == "core.dim_plane: 1 added (dt=2)\n"
    assert json.loads(iceberg(table, "status", "--json").stdout) == [
        {
            "table": "core.dim_plane",
            "registered": ["dt=1", "dt=2"],
            "missing": [],
            "outdated": [],
            "unknown": [],
            "behind": False,
        }
    ]


def test_a_batch_that_cannot_be_registered_does_not_keep_the_others(table):
    table.write("lakegate.toml", "")
    for batch, select in (("dt=1", GOOD), ("dt=2", UNFIT), ("dt=3", GOOD)):
        promote(table, batch, select)
    table.write("lakegate.toml", SETTINGS)

    synced = iceberg(table, "sync")

    assert synced.exit_code == 5
    assert "core/dim_plane: dt=2: 'rows.parquet' has columns that an Iceberg table cannot take" in synced.stderr
    assert iceberg(table, "status").stdout == "core.dim_plane: 2 registered, 1 missing (dt=2)\n"


def test_without_pyiceberg_a_promotion_says_what_to_install(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiceberg.catalog", None)

    promoted = promote(table, "dt=1", GOOD)
    asked = iceberg(table, "status")

    assert (promoted.exit_code, asked.exit_code) == (0, 2)
    assert "pip install 'lakegate[iceberg]'" in promoted.output
    assert "pip install 'lakegate[iceberg]'" in asked.stderr


def test_without_a_catalogue_nothing_is_asked_of_one(table, monkeypatch):
    table.write("lakegate.toml", "")
    monkeypatch.setitem(sys.modules, "pyiceberg.catalog", None)

    promoted = promote(table, "dt=1", GOOD)
    asked = iceberg(table, "sync")

    assert (promoted.exit_code, asked.exit_code) == (0, 2)
    assert "Iceberg" not in promoted.output
    assert "no Iceberg catalogue is named" in asked.stderr


def test_without_a_warehouse_table_there_is_nothing_to_sync(table):
    ended = table.run("iceberg", "sync", "contracts/nyc/flights.odcs.yaml", "--lake", "lake")

    assert ended.exit_code == 2
    assert "no contract here is of a warehouse table" in ended.stderr
