"""Great Expectations itself over the suite that expectations.py times: `great_expectations_peer.py ORDERS SUITE HOW`.

HOW is `pandas` (the frame is read from Parquet) or `duckdb` (a table of the file, through SQLAlchemy and
duckdb_engine). Prints a JSON object: `type column` -> what the library counted, or whether its aggregate holds.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
    source = context.data_sources.add_sql("orders", connection_string="duckdb:///:memory:")
    engine = source.get_engine()
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE VIEW orders AS SELECT * FROM read_parquet('{orders}')")
        connection.commit()
    return source.add_table_asset("orders", table_name="orders").add_batch_definition_whole_table("whole").get_batch()


def main(orders: str, suite: str, how: str) -> None:
    """Validate and print."""
    import great_expectations as gx

    held = json.loads(Path(suite).read_text())
    wanted = gx.ExpectationSuite(held["name"], expectations=held["expectations"])
    found: dict[str, object] = {}
    for result in batch_of(orders, how).validate(wanted, result_format="BASIC").results:
        config = result.expectation_config
        if result.exception_info and result.exception_info.get("raised_exception"):
            sys.exit(f"{config.type}: {result.exception_info['exception_message']}")
        name = f"{config.type} {config.kwargs.get('column', '')}".strip()
        while name in found:
            name += "'"
        found[name] = result.result.get("unexpected_count", result.success)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
