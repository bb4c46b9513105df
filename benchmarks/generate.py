"""Make the benchmark's data: orders of 24 columns of all kinds, and the 100,000 customers who placed them.

`python benchmarks/generate.py 10000000` writes zstd Parquet into benchmarks/data and does nothing where it stands
already; `--text` writes the same rows as CSV.gz and JSONL.gz beside it. Every value is a function of the row's number,
so that the same DuckDB makes the same data. The data keeps `forty_checks.odcs.yaml`; with `--planted` each rule is
broken by about one row in ten thousand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

DATA = Path(__file__).parent / "data"
CUSTOMERS = 100_000
EVERY = 10_007  # of that many rows, one breaks a given rule where violations are planted


def draw(salt: int, below: int) -> str:
    """Return SQL for a whole number from 0 to `below` - 1 that looks random from row to row."""
    return f"(hash(i * 31 + {salt}) % {below})::BIGINT"


def pick(salt: int, words: str) -> str:
    """Return SQL for one of some words."""
    listed = words.split()
    return f"{listed!r}[1 + {draw(salt, len(listed))}]"


COUNTRIES = "AT BE BG CH CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV MT NL NO PL PT RO SE SI SK"
MD5 = "md5(i::VARCHAR)"
UUID = f"concat_ws('-', {MD5}[1:8], {MD5}[9:12], {MD5}[13:16], {MD5}[17:20], {MD5}[21:32])"
CREATED = f"(TIMESTAMP '2024-01-01' + to_seconds({draw(19, 63_000_000)}))"

# column -> (SQL for a value that keeps the contract, SQL for one that breaks it or None)
COLUMNS: dict[str, tuple[str, str | None]] = {
    "order_id": ("(i * 2654435761) % 4294967296", "((i - 1) * 2654435761) % 4294967296"),  # odd factor: never twice
    "order_uuid": (UUID, "NULL"),
    "store_id": ("(i % 1000)::INTEGER", "-1"),
    "receipt_no": ("(i // 1000)::INTEGER", "0"),
    "status": (pick(5, "new paid packed shipped returned cancelled"), "'lost'"),
    "channel": (pick(6, "web shop phone partner"), "NULL"),
    "country": (pick(7, COUNTRIES), "'XX'"),
    "currency": (pick(8, "EUR GBP CHF SEK PLN"), "'eur'"),
    "email": (f"'user' || {draw(9, 5_000_000)} || '@example.com'", "'user at example.com'"),
    "sku": (f"printf('%c%c%c-%05d', 65 + i % 26, 65 + (i // 26) % 26, 65 + i % 7, {draw(10, 99_999)})", "'abc-1'"),
    "customer_hash": ("md5((i % 3000017)::VARCHAR)", "upper(md5(i::VARCHAR))"),
    "customer_id": (draw(12, CUSTOMERS), f"{CUSTOMERS} + i"),
    "quantity": (f"(1 + {draw(13, 40)})::INTEGER", "0"),
    "unit_price": (f"((1 + {draw(14, 99_999)}) / 100)::DECIMAL(10, 2)", "-1.00"),
    "discount": (f"({draw(15, 400)} / 1000)::DECIMAL(4, 3)", "1.500"),
    "amount": (f"{draw(16, 40_000_000)} / 100", "'NaN'::DOUBLE"),
    "weight": (f"CASE WHEN {draw(17, 10)} > 0 THEN {draw(170, 40_000)} / 100 END", "1e6"),
    "order_date": (f"(DATE '2024-01-01' + {draw(18, 730)}::INTEGER)", "DATE '1970-01-01'"),
    "created_at": (CREATED, "NULL"),
    "shipped_at": (
        f"CASE WHEN {draw(20, 3)} > 0 THEN {CREATED} + to_minutes({draw(201, 9_000)}) END",
        f"{CREATED} - to_hours(1)",
    ),
    "comment": (f"CASE WHEN {draw(21, 5)} = 0 THEN repeat('good ', 1 + {draw(211, 12)}::INTEGER) END", "'n/a'"),
    "is_gift": (f"{draw(22, 20)} = 0", "NULL"),
    "rating": (f"CASE WHEN {draw(23, 4)} = 0 THEN 1 + {draw(231, 5)} END", "9"),
    "zip": (f"printf('%05d', {draw(24, 100_000)})", "'123'"),
}


def select(rows: int, *, planted: bool) -> str:
    """Return the SQL that makes the orders."""
    columns = []
    for place, (name, (good, bad)) in enumerate(COLUMNS.items(), start=1):
        spoilt = bad is not None and planted
        value = f"CASE WHEN i % {EVERY} = {place * 31} THEN {bad} ELSE {good} END" if spoilt else good
        columns.append(f"{value} AS {name}")
    return f"SELECT {', '.join(columns)} FROM (SELECT unnest(range({rows})) AS i)"


def generate(rows: int, *, planted: bool = False) -> tuple[Path, Path]:
    """Write what is not there yet; return the Parquet files of the orders and of the customers."""
    DATA.mkdir(exist_ok=True)
    orders = DATA / f"orders-{rows}{'-planted' if planted else ''}.parquet"
    customers = DATA / "customers.parquet"
    queries = {
        orders: select(rows, planted=planted),
        customers: f"SELECT i AS customer_id, 'customer ' || i AS name FROM (SELECT unnest(range({CUSTOMERS})) AS i)",
    }
    for path, query in queries.items():
        if not path.exists():
            partial = path.with_suffix(".partial")
            duckdb.sql(f"COPY ({query}) TO '{partial}' (FORMAT parquet, COMPRESSION zstd)")
            partial.rename(path)
    return orders, customers


def as_text(orders: Path) -> tuple[Path, Path]:
    """Write the orders as CSV.gz and as JSONL.gz where they are not yet; return both.

    No JSON holds the NaN that breaks a rule of `amount` where violations are planted: in text -1 breaks it instead.
    """
    query = f"SELECT * REPLACE (CASE WHEN isnan(amount) THEN -1 ELSE amount END AS amount) FROM '{orders}'"
    written = orders.with_suffix(".csv.gz"), orders.with_suffix(".jsonl.gz")
    for path, form in zip(written, ("csv, HEADER", "json"), strict=True):
        if not path.exists():
            partial = path.with_suffix(".partial")
            duckdb.sql(f"COPY ({query}) TO '{partial}' (FORMAT {form}, COMPRESSION gzip)")
            partial.rename(path)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("--planted", action="store_true", help="let about one row in ten thousand break each rule")
    parser.add_argument("--text", action="store_true", help="write CSV.gz and JSONL.gz, too")
    options = parser.parse_args()
    orders, customers = generate(options.rows, planted=options.planted)
    for path in (orders, customers, *(as_text(orders) if options.text else ())):
        print(f"{path} {path.stat().st_size / 1e6:.0f} MB")
