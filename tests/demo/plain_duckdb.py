"""The transforms of the project on plain DuckDB, over a year of flights and a day of the shop: what they say, fast."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from pathlib import Path

import duckdb
import openpyxl

from lakegate.contract.model import Property
from lakegate.contract.odcs import load
from lakegate.demo import sources
from lakegate.demo.defects import Defect
from lakegate.demo.nycflights import arrive, project

DAY = dt.date(2026, 3, 1)
HOURS = 3
EVENTS = 500  # an hour
UNKNOWN_CAMPAIGNS = 2
LAYERS = ("stage", "cleanse", "core", "mart")
ARRIVED = {
    "nyc/airlines": "csv",
    "nyc/airports": "csv",
    "nyc/planes": "csv",
    "nyc/flights": "csv",
    "nyc/weather": "json",
    "tealium/events": "json",
    "google/ads": "csv",
}
KINDS = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMPTZ"}
KEY = re.compile(r".*/((?:dt|month|edition)=[^/]*(?:/hour=[0-9]+)?)/[^/]*")


def tables() -> list[str]:
    """Return every table of the warehouse, each after those that it is made of."""
    names = [path.relative_to(_sql()).as_posix().removesuffix(".sql") for path in _sql().rglob("*.sql")]
    dimensions_first = sorted(names, key=lambda name: (LAYERS.index(name.split("/")[0]), "/fact" in name, name))
    assert dimensions_first
    return dimensions_first


def arrived(lake: Path) -> None:
    """Let a year of flights and a day of the shop arrive in `lake`."""
    arrive(lake, lambda _: None)
    for hour in range(HOURS):
        sources.events(dt.datetime.combine(DAY, dt.time(hour)), EVENTS).write(lake)
    sources.ads(DAY, defects={Defect.AD_OF_UNKNOWN_CAMPAIGN: UNKNOWN_CAMPAIGNS}).write(lake)
    sources.budget(DAY).write(lake)


def built(lake: Path, target: Path) -> tuple[duckdb.DuckDBPyConnection, dict[str, str]]:
    """Run every transform over all that arrived; return a connection that knows the tables, and their sha256.

    Nothing is set apart: the tables hold what the transforms make, before any gate.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for dataset, kind in ARRIVED.items():
        connection.execute(f'CREATE TABLE "{dataset}" AS {_select(lake, dataset, kind)}')
    _budgets(connection, lake)
    digests = {}
    for name in tables():
        file = target / f"{name.replace('/', '-')}.parquet"
        query = (_sql() / f"{name}.sql").read_text()
        connection.execute(f"COPY (\n{query}\n) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT *, 'all' AS batch FROM '{file}'")
        digests[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return connection, digests


def _sql() -> Path:
    return project() / "dags" / "sql"


def _select(lake: Path, dataset: str, kind: str) -> str:
    """Return the SELECT that reads what arrived of a dataset with the types of its contract."""
    files = f"{lake}/02-transient-zone/{dataset}/**/*.{'json*' if kind == 'json' else 'csv*'}"
    obj = load(project() / "contracts" / f"{dataset}.odcs.yaml").schema[0]
    columns = ", ".join(f"'{prop.physical_name}': '{_kind(prop)}'" for prop in obj.properties)
    how = "format = 'newline_delimited'" if kind == "json" else "nullstr = ['', 'NA']"
    reader = f"read_{kind}('{files}', {how}, columns = {{{columns}}}, filename = true, hive_partitioning = false)"
    return f"SELECT * EXCLUDE (filename), regexp_replace(filename, '{KEY.pattern}', '\\1') AS batch FROM {reader}"


def _kind(prop: Property) -> str:
    """Return a property's type as DuckDB spells it."""
    if prop.properties:
        return "STRUCT({})".format(", ".join(f'"{inner.physical_name}" {_kind(inner)}' for inner in prop.properties))
    return KINDS[prop.logical_type.value]


def _budgets(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    (file,) = lake.glob("04-user-drop-zone/marketing/google/campaign_budget/*/*.xlsx")
    header, *rows = openpyxl.load_workbook(file)["Budget"].values
    columns = ", ".join(f"{name} {'DOUBLE' if name == 'budget' else 'VARCHAR'}" for name in header)
    connection.execute(f'CREATE TABLE "google/campaign_budget" ({columns}, batch VARCHAR)')
    marks = ", ".join("?" for _ in header)
    connection.executemany(f"INSERT INTO \"google/campaign_budget\" VALUES ({marks}, 'month=2026-03')", rows)
