"""Great Expectations itself over the suite that expectations.py times: `great_expectations_peer.py ORDERS SUITE HOW`.

HOW is `pandas` (the frame is read from Parquet) or `duckdb` (a view of the file, through SQLAlchemy and duckdb_engine).
Prints a JSON object: `type column` -> what the library counted, or whether its aggregate holds.

On DuckDB 2 the library runs only with a cursor for each query: duckdb_engine 0.17 hands out one for all, and the next
query drops what is left of a result. Regexes it does not support there at all: they are left out, in its favour.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.interfaces import Batch

os.environ["GX_ANALYTICS_ENABLED"] = "False"


def batch_of(orders: str, how: str) -> Batch:
    """Return the library's batch of the orders."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if how == "pandas":
        import pandas as pd

        asset = context.data_sources.add_pandas("orders").add_dataframe_asset("orders")
        definition = asset.add_batch_definition_whole_dataframe("whole")
        return definition.get_batch({"dataframe": pd.read_parquet(orders)})
    import duckdb
    import duckdb_engine

    class Own(duckdb_engine.CursorWrapper):  # type: ignore[misc]
        def __init__(self, connection: duckdb.DuckDBPyConnection, wrapper: duckdb_engine.ConnectionWrapper) -> None:
            super().__init__(connection.cursor(), wrapper)

    duckdb_engine.CursorWrapper = Own
    database = Path(tempfile.mkdtemp()) / "orders.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE VIEW orders AS SELECT * FROM read_parquet('{orders}')")
    source = context.data_sources.add_sql("orders", connection_string=f"duckdb:///{database}")
    return source.add_table_asset("orders", table_name="orders").add_batch_definition_whole_table("whole").get_batch()


def _raised(told: dict[str, Any]) -> str:
    """Return what the library raised, for the expectation or for one of its metrics; empty where nothing."""
    told = told if "raised_exception" in told else next(iter(told.values()), {})
    return str(told["exception_message"]) if told.get("raised_exception") else ""


def main(orders: str, suite: str, how: str) -> None:
    """Validate and print."""
    import great_expectations as gx

    held = json.loads(Path(suite).read_text())
    asked = [one for one in held["expectations"] if how == "pandas" or "regex" not in one["type"]]
    wanted = gx.ExpectationSuite(held["name"], expectations=asked)
    found: dict[str, object] = {}
    for result in batch_of(orders, how).validate(wanted, result_format="BASIC").results:
        config = result.expectation_config
        if raised := _raised(result.exception_info or {}):
            sys.exit(f"{config.type}: {raised}")
        name = f"{config.type} {config.kwargs.get('column', '')}".strip()
        while name in found:
            name += "'"
        found[name] = result.result.get("unexpected_count", result.success)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
