"""How batches of a dataset arrive, and how to get what is committed: what is typed, ready to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from lakegate.contract.model import Batching, Contract, SchemaObject
from lakegate.lake.zones import Place
from lakegate.reports.contracts.athena import statements
from lakegate.reports.contracts.descriptions import Way

_COMPLETE = {
    "success": "whole once its _SUCCESS is there",
    "manifest": "whole once its _MANIFEST.json is there",
    "quiet": "whole once nothing new came for {}",
}


def arrives(batching: Batching) -> str:
    """Return what one batch is, and what says that it is whole."""
    what = f"One {batching.by} is one batch"
    named = f", named {batching.key}" if batching.key else ""
    late = f"; incomplete after {batching.late_after} it fails" if batching.late_after else ""
    return f"{what}{named}; it is {_COMPLETE[batching.complete].format(batching.quiet_for)}{late}."


def ways(contract: Contract, obj: SchemaObject, dataset: str, zone: str, lake: str, file: str | None) -> Iterator[Way]:
    """Yield the ways to get a dataset. All go by the commit records: they read whole batches, and nothing else.

    `lake` is the lake's address; where there is none for readers elsewhere, `LAKEGATE_LAKE` says it. `file` is the
    contract's, which text is read by.
    """
    there = _target(dataset, zone)
    name = dataset if there.in_warehouse else f"{zone}/{dataset}"
    at = f" --lake {shlex.quote(lake)}" if lake else ""
    yield Way("The committed files", f"lakegate paths {shlex.quote(name)}{at}")
    server = contract.server(contract.gate.to_server or "")
    parquet = server is not None and (server.format or "").lower() == "parquet"
    yield Way("In Python", _python(name, lake, None if parquet else file or "CONTRACT.odcs.yaml"), "python")
    if lake:
        lists = f"{lake}/{there.symlink_manifest('').removesuffix('/batch=/manifest')}/"
        if table := statements(contract, obj, dataset, lists, server):
            yield Way("In Athena, one statement after the other; Trino and Spark know the table then", table, "sql")
        else:
            yield Way("In Athena and Trino: where the lists of files lie (SymlinkTextInputFormat)", lists, "text")
        if parquet:
            yield Way("In Spark", _spark(lists, f"{lake}/{there.prefix}"), "python")


def _target(dataset: str, zone: str) -> Place:
    layer = f"{zone.removeprefix('warehouse/')}/" if zone.startswith("warehouse/") else ""
    return Place(zone, dataset.removeprefix(layer))


def _python(name: str, lake: str, contract: str | None) -> str:
    """Return how rows are read; text has no types of its own, so that it needs the contract."""
    head = "" if lake else "import os\n\n"
    address = repr(lake) if lake else 'os.environ["LAKEGATE_LAKE"]'
    by = f", contract={contract!r}" if contract is not None else ""
    opened = f"rows = lakegate.Lake({address}).read({name!r}{by})"
    shown = "rows.relation().limit(10).show()  # DuckDB\nrows.dataset().head(10)  # pyarrow"
    return f"{head}import lakegate\n\n{opened}\n{shown}"


def _spark(lists: str, base: str) -> str:
    """Return how Parquet is read by its paths: Hive's reader of lists knows only text."""
    return (
        f"paths = [row.value for row in spark.read.text({lists!r}).collect()]\n"
        f'rows = spark.read.option("basePath", {base!r}).parquet(*paths)'
    )
