"""Queries for the vetting: what is let through, what is refused and why, and a world in which reaching out shows.

The world holds marks where no rule may look: files that lie where the engine stands, a table of another dataset, a
session variable. A query reached out when a mark is in its answer, or when the engine complained of a file, an address,
an extension or a permission: it had tried.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakegate.engines import sql
from lakegate.engines.connections import locked
from lakegate.engines.predicates import identifier

MARK = "MARKED-7b1c"

LET_THROUGH = [
    "SELECT count(*) FROM flights",
    "SELECT count(*) FROM FLIGHTS;",
    "FROM flights SELECT count(*)",
    "SELECT count(*) FROM {object} WHERE {property} IS NULL -- a comment",
    'SELECT count_if("tail" IS NULL) FROM "flights"',
    "SELECT count(*) FROM flights JOIN planes USING (tail)",
    "SELECT count(*) FROM flights WHERE tail NOT IN (SELECT tail FROM planes)",
    "WITH late AS (SELECT * FROM flights), later AS (SELECT * FROM late) SELECT count(*) FROM Later",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT count(*) FROM n",
    "SELECT (SELECT max(tail) FROM planes) = (SELECT max(tail) FROM flights)",
    "SELECT 1 UNION SELECT 2",
    "SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY tail) AS n FROM flights)",
    "SELECT sum(len(list_filter([1, 2], lambda x: x > 1))) FROM flights",
    "SELECT ';' FROM flights; -- the end",
    "SELECT count(*) FROM flights WHERE tail = 'read_csv(''/etc/passwd'')'",
    "SELECT count(*) FROM flights, unnest([1, 2]) AS u(n) WHERE n = day",
    "SELECT count(DISTINCT tail) FILTER (WHERE day > 1) FROM flights WHERE tail LIKE 'N%' AND day BETWEEN 1 AND 3",
    "SELECT count(*) FROM (SELECT tail FROM flights GROUP BY ALL HAVING count(*) > 1 ORDER BY tail LIMIT 3)",
    "SELECT coalesce(sum(CASE WHEN day = 1 THEN 1 ELSE 0 END), 0) FROM flights QUALIFY row_number() OVER () = 1",
    "SELECT count(*) FROM flights f ASOF JOIN planes p ON f.day >= p.day",
    "SELECT date_diff('day', DATE '2020-01-01', DATE '2020-01-03') + INTERVAL 1 DAY IS NOT NULL",
    "SELECT count(*) FROM (VALUES (1), (2)) AS v(n), LATERAL (SELECT n + 1)",
    "SELECT {'a': 1}.a + [1, 2][1] + MAP {1: 2}[1] + try_cast(tail AS INT) FROM flights",
    "SELECT max(COLUMNS('tail|day')) FROM flights",
    "SELECT count(*) FROM flights WHERE flights.user = 'x'",
    "SELECT regexp_matches(tail, '^N') AND tail ~ 'N' AND tail COLLATE NOCASE = 'n' FROM flights",
]

REFUSED = [
    "DROP TABLE flights",
    "DELETE FROM flights",
    "INSERT INTO flights VALUES (1)",
    "UPDATE flights SET tail = 1",
    "CREATE TABLE x AS SELECT 1",
    "COPY flights TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "ATTACH 'x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET threads = 1",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE flights",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('x.json')",
    "SELECT * FROM sniff_csv('x.csv')",
    "SELECT * FROM parquet_metadata('x.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'x.csv'",
    'SELECT * FROM "x.parquet"',
    'SELECT * FROM "s3://bucket/key.parquet"',
    "SELECT * FROM 'https://127.0.0.1:1/x.csv'",
    "SELECT count(*) FROM flights, 'x.csv'",
    "SELECT * FROM main.flights",
    "SELECT * FROM secrets",
    "SELECT * FROM _lakegate_batch",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM pg_settings",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('secrets')",
    "SELECT * FROM flights PIVOT (count(*) FOR day IN (1))",
    "SELECT count(*) FROM (DESCRIBE flights)",
    "SELECT count(*) FROM (SUMMARIZE flights)",
    "SELECT getenv('HOME')",
    "SELECT getvariable('mark')",
    "SELECT main.upper('x')",
    "SELECT nextval('s')",
    "SELECT sleep_ms(10)",
    "SELECT stats(tail) FROM flights",
    "SELECT json_execute_serialized_sql('x')",
    "SELECT ?",
    "SELECT $1",
    'WITH "x.csv" AS (SELECT * FROM "x.csv") SELECT count(*) FROM "x.csv"',  # the inner one is the file
    'SELECT * FROM "x.csv", (WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv")',  # the name ends with its query
    'WITH a AS (SELECT * FROM "x.csv"), "x.csv" AS (SELECT 1) SELECT * FROM a',  # named before it was written
    "WITH duckdb_columns AS (SELECT 1) SELECT * FROM duckdb_columns",  # a name that the engine has, too
]

NO_RULE = [
    "",
    "-- nothing",
    "SELECT FROM WHERE",
    "SELECT 'not closed",
    "SELECT count(*) FROM flights WHERE day > now()",
    "SELECT count(*) FROM flights WHERE day > current_date",
    "SELECT random()",
    "EXPORT DATABASE 'x'",
    "SELECT count(*) FROM flights WHERE day > get_current_timestamp()",
    "SELECT uuid()",
    "SELECT age(TIMESTAMP '2020-01-01')",
    "SELECT user",
    "SELECT count(*) FROM flights WHERE tail = session_user",
    "SELECT count(*) FROM flights TABLESAMPLE 10%",
    "SELECT count(*) FROM flights USING SAMPLE 1",
    "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
]


class Marked:
    """A folder with marked files, and two connections: one as a run has it, one that nothing holds back."""

    def __init__(self, folder: Path) -> None:
        for name in ("x.csv", "x.parquet", "x.json", "x"):
            table = pa.table({"tail": [MARK], "day": [1]})
            if name.endswith("parquet"):
                pq.write_table(table, folder / name)
            else:
                (folder / name).write_text(f'{{"tail": "{MARK}"}}' if name.endswith("json") else f"tail\n{MARK}\n")
        own = pa.table({"tail": ["N1", None, "N2"], "day": [1, 2, 2], "user": ["x", "y", None]})
        pq.write_table(own, folder / "own.parquet")
        self.locked = locked([str(folder / "own.parquet")], trusted=False, memory="200MB")
        self.open = duckdb.connect()
        for setting in ("memory_limit = '200MB'", "TimeZone = 'UTC'", f"file_search_path = '{folder}'", "threads = 1"):
            self.open.execute(f"SET {setting}")
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements"):
            self.open.execute(f"SET {setting} = false")
        self.open.execute(f"SET VARIABLE mark = '{MARK}'")
        for connection in (self.locked, self.open):
            for name in ("flights", "planes"):
                source = sql.parquet([str(folder / "own.parquet")])
                connection.execute(f"CREATE TEMP VIEW {identifier(name)} AS SELECT {sql.ARRIVED} FROM {source}")
            connection.register("secrets", pa.table({"tail": [MARK]}))
            connection.register("_lakegate_batch", pa.table({"tail": [MARK]}))

    def close(self) -> None:
        """Close the connections."""
        self.locked.close()
        self.open.close()

    def reached(self, query: str) -> str | None:
        """Run a query where it would be run and where nothing stops it; say what it reached, None where nothing."""
        told = [self._run(connection, query) for connection in (self.locked, self.open)]
        return next((one for one in told if one), None)

    def _run(self, connection: duckdb.DuckDBPyConnection, query: str) -> str | None:
        try:
            statements = connection.extract_statements(query)
            if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
                return "no SELECT"
            rows = connection.execute(f"SELECT * FROM ({query.rstrip().rstrip(';')}\n) LIMIT 50").fetchall()
        except duckdb.Error as error:
            outside = isinstance(error, duckdb.PermissionException | duckdb.IOException | duckdb.HTTPException)
            missing = isinstance(error, duckdb.CatalogException) and "Table with name" in str(error)
            stopped = re.search("extension|disabled by", str(error).split("Candidate functions")[0])
            tried = outside or missing or stopped
            return f"tried: {error}" if tried else None
        return f"read: {rows}" if MARK in repr(rows) else None
