"""The forty checks as a competent engineer would write them by hand: one fused DuckDB query over the file.

`python benchmarks/reference.py ORDERS CUSTOMERS` prints the number of violations as JSON, one a field or rule: what
`run.py` and `intake.py` hold against lakegate's counts of the same contract. With `--count-if` every
`count(*) FILTER (WHERE …)`, the standard's way to say it, is written as DuckDB's own `count_if(…)`, which few know to
be much cheaper: the same query by an engineer who has measured. Over text it also asks for the foreign key in the same
scan, which spares it from parsing the file a second time; over Parquet that would win nothing.

The orders are Parquet, CSV.gz or JSONL.gz, by their suffix: text is read straight from the compressed file, with the
declared type of every column and nothing sniffed.
"""

from __future__ import annotations

import argparse
import json

import duckdb

TYPES = {
    "order_id": "BIGINT",
    "order_uuid": "VARCHAR",
    "store_id": "INTEGER",
    "receipt_no": "INTEGER",
    "status": "VARCHAR",
    "channel": "VARCHAR",
    "country": "VARCHAR",
    "currency": "VARCHAR",
    "email": "VARCHAR",
    "sku": "VARCHAR",
    "customer_hash": "VARCHAR",
    "customer_id": "BIGINT",
    "quantity": "INTEGER",
    "unit_price": "DECIMAL(10, 2)",
    "discount": "DECIMAL(4, 3)",
    "amount": "DOUBLE",
    "weight": "DOUBLE",
    "order_date": "DATE",
    "created_at": "TIMESTAMP",
    "shipped_at": "TIMESTAMP",
    "comment": "VARCHAR",
    "is_gift": "BOOLEAN",
    "rating": "BIGINT",
    "zip": "VARCHAR",
}
ORPHANS = "(SELECT count(*) FROM orders ANTI JOIN customers USING (customer_id) WHERE customer_id IS NOT NULL)"
ORPHANS_IN_THE_SCAN = "count_if(customer_id IS NOT NULL AND NOT customer_id IN (SELECT customer_id FROM customers))"
QUERY = rf"""
SELECT
    count(*) AS some_orders,
    count(*) FILTER (WHERE order_id IS NULL) + count(order_id) - count(DISTINCT order_id) AS order_id,
    count(*) FILTER (WHERE order_uuid IS NULL) + count(order_uuid) - count(DISTINCT order_uuid) AS order_uuid,
    count(*) FILTER (WHERE store_id IS NOT NULL AND receipt_no IS NOT NULL)
        - count(DISTINCT (store_id, receipt_no)) FILTER (WHERE store_id IS NOT NULL AND receipt_no IS NOT NULL)
        AS a_receipt_number_once_a_store,
    count(*) FILTER (WHERE store_id IS NULL) + count(*) FILTER (WHERE store_id < 0) AS store_id,
    count(*) FILTER (WHERE receipt_no IS NULL) AS receipt_no,
    count(*) FILTER (WHERE status IS NULL)
        + count(*) FILTER (WHERE status NOT IN ('new', 'paid', 'packed', 'shipped', 'returned', 'cancelled')) AS status,
    count(*) FILTER (WHERE channel IS NULL)
        + count(*) FILTER (WHERE channel NOT IN ('web', 'shop', 'phone', 'partner')) AS channel,
    count(*) FILTER (WHERE country IS NULL)
        + count(*) FILTER (WHERE country NOT IN (
            'AT', 'BE', 'BG', 'CH', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GB', 'GR', 'HR', 'HU',
            'IE', 'IS', 'IT', 'LT', 'LU', 'LV', 'MT', 'NL', 'NO', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK')) AS country,
    count(*) FILTER (WHERE currency NOT IN ('EUR', 'GBP', 'CHF', 'SEK', 'PLN')) AS currency,
    count(*) FILTER (WHERE NOT regexp_matches(email, '^[a-z0-9.]+@[a-z0-9-]+\.[a-z]{{2,}}$')) AS email,
    count(*) FILTER (WHERE sku IS NULL)
        + count(*) FILTER (WHERE NOT regexp_matches(sku, '^[A-Z]{{3}}-[0-9]{{5}}$')) AS sku,
    count(*) FILTER (WHERE NOT regexp_matches(customer_hash, '^[0-9a-f]{{32}}$')) AS customer_hash,
    count(*) FILTER (WHERE customer_id IS NULL)
        + {ORPHANS}
        AS customer_id,
    count(*) FILTER (WHERE quantity IS NULL) + count(*) FILTER (WHERE quantity NOT BETWEEN 1 AND 1000) AS quantity,
    count(*) FILTER (WHERE unit_price IS NULL)
        + count(*) FILTER (WHERE unit_price NOT BETWEEN 0.01 AND 10000) AS unit_price,
    count(*) FILTER (WHERE discount NOT BETWEEN 0 AND 1) AS discount,
    count(*) FILTER (WHERE NOT isfinite(amount) OR amount NOT BETWEEN 0 AND 1000000) AS amount,
    count(*) FILTER (WHERE NOT isfinite(weight) OR weight NOT BETWEEN 0 AND 500) AS weight,
    count(*) FILTER (WHERE weight IS NULL) AS weight_mostly_known,
    count(*) FILTER (WHERE order_date IS NULL)
        + count(*) FILTER (WHERE order_date NOT BETWEEN DATE '2020-01-01' AND DATE '2029-12-31') AS order_date,
    count(*) FILTER (WHERE created_at IS NULL)
        + count(*) FILTER (WHERE created_at NOT BETWEEN TIMESTAMP '2020-01-01' AND TIMESTAMP '2029-12-31 23:59:59')
        AS created_at,
    count(*) FILTER (WHERE length(comment) > 200) AS comment,
    count(*) FILTER (WHERE comment IS NULL OR comment IN ('', 'n/a')) AS comment_sometimes_given,
    count(*) FILTER (WHERE is_gift IS NULL) AS is_gift,
    count(*) FILTER (WHERE rating NOT BETWEEN 1 AND 5) AS rating,
    count(*) FILTER (WHERE length(zip) <> 5) AS zip,
    count(*) FILTER (WHERE shipped_at < created_at) AS shipped_after_it_was_made
FROM orders
"""


def reader(orders: str) -> str:
    """Return the call that reads the orders."""
    if orders.endswith(".csv.gz"):
        return f"read_csv('{orders}', auto_detect = false, header = true, columns = {TYPES})"
    if orders.endswith(".jsonl.gz"):
        return f"read_json('{orders}', format = 'newline_delimited', columns = {TYPES})"
    return f"read_parquet('{orders}')"


def main(orders: str, customers: str, query: str) -> None:
    """Run the query over the two files and print what it counted."""
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS FROM {reader(orders)}")
    connection.execute(f"CREATE VIEW customers AS FROM read_parquet('{customers}')")
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    print(json.dumps(dict(zip(names, result.fetchall()[0], strict=True))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("orders")
    parser.add_argument("customers")
    parser.add_argument("--count-if", action="store_true")
    options = parser.parse_args()
    query = QUERY
    if options.count_if:
        if not options.orders.endswith(".parquet"):
            query = query.replace(ORPHANS, ORPHANS_IN_THE_SCAN)
        query = query.replace("count(*) FILTER (WHERE ", "count_if(")
    main(options.orders, options.customers, query)
