"""A table of the warehouse with table-wide rules, and batches that are promoted into it: what their tests play with."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakegate.api import Asked, opened
from lakegate.contract.odcs import load
from lakegate.lake.zones import Place

TARGET = Place("warehouse/core", "fact")
KEY = [{"name": "id", "primaryKey": True}, {"name": "n"}]


def contract(folder, properties=KEY, *, table="fact", quality=(), relationships=(), **gate):
    """Write a contract and return its path."""
    servers = [
        {
            "server": "in",
            "type": "s3",
            "format": "parquet",
            "location": "s3://b/02-transient-zone/_candidates/core/" + table,
        },
        {"server": "out", "type": "s3", "format": "parquet", "location": "s3://b/warehouse/core/" + table},
    ]
    told = {"from": "in", "to": "out", "scope": "table", **gate}
    document = {
        "kind": "DataContract",
        "apiVersion": "v3.1.0",
        "id": table,
        "name": f"core/{table}",
        "version": "1.0.0",
        "status": "active",
        "servers": servers,
        "schema": [
            {
                "name": table,
                "properties": properties,
                **({"quality": list(quality)} if quality else {}),
                **({"relationships": list(relationships)} if relationships else {}),
            }
        ],
        "customProperties": [{"property": "lakegate", "value": told}],
    }
    path = Path(folder) / "contracts" / f"{table}.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def propose(lake, batch, *tables, table="fact"):
    """Put a candidate where a job does: a Parquet file for each table, columns by name or an Arrow table."""
    folder = Path(lake) / "02-transient-zone" / "_candidates" / "core" / table / batch
    folder.mkdir(parents=True, exist_ok=True)
    for number, columns in enumerate(tables):
        rows = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(rows, folder / f"part-{number}.parquet")
    (folder / "_SUCCESS").touch()


def promote(path, lake, batch, *tables, **options):
    """Propose a batch, unless there is nothing to propose, and promote it."""
    if tables:
        propose(lake, batch, *tables, table=path.name.partition(".")[0])
    with opened(Asked(load(path), str(lake), **options)) as (run,):
        return run.promote(batch)


def outcomes(promotion):
    """Return (outcome, reason) by the check's key."""
    return {result.key: (str(result.outcome), result.reason) for result in promotion.verdict.results}
