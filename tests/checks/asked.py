"""Small contracts and small data for the tests of checks, and the ways one table reaches a check."""

import csv
import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

import lakegate
from lakegate.judge import Options
from lakegate.verdict import CheckResult, Verdict

TABLE, PARQUET, CSV, JSON = "table", "parquet", "csv", "jsonl"
TYPED = (TABLE, PARQUET)
EVERY_WAY = (TABLE, PARQUET, CSV, JSON)


def contract(*properties: dict, gate: dict | None = None, sla: tuple = (), servers: tuple = (), **of_object) -> dict:
    """Return a contract of one object, `t`. `gate` is the `lakegate` property."""
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "asked",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "t", "properties": list(properties), **of_object}],
        "slaProperties": list(sla),
    }
    if servers:
        document["servers"] = list(servers)
    if gate:
        document["customProperties"] = [{"property": "lakegate", "value": gate}]
    return document


def judged(document: dict, data: pa.Table | dict, way: str = TABLE, folder=None, **options) -> Verdict:
    """Judge `data` as a table in memory, or written to a file under `folder`."""
    table = data if isinstance(data, pa.Table) else pa.table(data)
    asked = table if way == TABLE else written(table, way, folder)
    return lakegate.check(document, asked, options=Options(**options))


def result(verdict: Verdict, key: str) -> CheckResult:
    """Return the one result whose key is `t.<key>`."""
    (found,) = [one for one in verdict.results if one.key == f"t.{key}"]
    return found


def written(table: pa.Table, way: str, folder) -> str:
    """Write a table as its owner would, and return the file's path."""
    path = folder / f"data.{way}"
    if way == PARQUET:
        pq.write_table(table, path)
    elif way == CSV:
        with path.open("w", newline="") as file:
            out = csv.writer(file, quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_MINIMAL)
            out.writerow(table.column_names)
            out.writerows([[_cell(value) for value in row.values()] for row in table.to_pylist()])
    else:
        path.write_text("".join(json.dumps(row, default=_plain) + "\n" for row in table.to_pylist()))
    return str(path)


def _cell(value):
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain)
    return _plain(value) if value is None or isinstance(value, bool | dt.date | dt.time | Decimal) else value


def _plain(value):
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return str(value)
    raise TypeError(f"no text for {value!r}")
