"""Connections of DuckDB that can reach nothing but the files of the run (INPUTS, threats: SQL in a contract)."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from lakegate.engines.predicates import text
from lakegate.rows import BELIEVERS

if TYPE_CHECKING:
    import duckdb


def locked(
    files: list[str],
    *,
    trusted: bool,
    memory: str | None = None,
    workspace: str | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a connection that can read and write `files` and nothing else. It spills into a folder `spill` of
    `workspace`, which it may not read as files: there lie the rows of other datasets.

    `trusted` files were written by our own intake; of any other the statistics in the footer are not believed
    (INPUTS S1: a footer that says max 999 over a column that holds 999999).
    """
    import duckdb

    settings: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # else a query may name our Python variables
        "TimeZone": "UTC",  # INPUTS S28
        "allowed_paths": files,
    }
    if workspace:
        settings["temp_directory"] = os.path.join(workspace, "spill")  # noqa: PTH118 - a text, as the setting is
    if memory:
        settings["memory_limit"] = memory
    if threads:
        settings["threads"] = threads
    if not trusted:
        settings["disabled_optimizers"] = ",".join(BELIEVERS)
    connection = duckdb.connect(":memory:")
    for name, value in settings.items():
        written = "[" + ", ".join(map(text, value)) + "]" if isinstance(value, list) else text(str(value))
        connection.execute(f"SET GLOBAL {name} = {written}")  # GLOBAL: for its cursors too
    connection.execute("SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")
    return connection


def for_tables() -> duckdb.DuckDBPyConnection:
    """Open a connection for tables in memory, in the process's one database for them: a new one costs more than a
    small check. A process forked from this one makes its own: the engine's threads do not survive a fork.
    """
    return _database_for_tables(os.getpid()).cursor()


@cache
def _database_for_tables(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - whose it is
    return locked([], trusted=True)
