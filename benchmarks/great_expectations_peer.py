"""Great Expectations itself over the suite that expectations.py times: `great_expectations_peer.py ORDERS SUITE HOW`.

HOW is `pandas` (the frame is read from Parquet) or `duckdb` (a table of the file, through SQLAlchemy and
duckdb_engine). Prints a JSON object: `type column` -> what the library counted, or whether its aggregate holds.
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
    wanted = gx.ExpectationSuite(held["name"], expectations=held["expectations"])
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
