"""Thousands of small checks in one process: milliseconds for each `lakegate.check` of a small table in memory.

Prints the median and the 95th percentile of a contract that is kept (nothing to locate), of one that is broken (failing
rows are looked up), and of the same with its contract read anew from a dict each time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import pyarrow as pa

import lakegate

ROWS = 1_000
CONTRACT = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "small",
    "version": "1.0.0",
    "status": "active",
    "schema": [
        {
            "name": "orders",
            "properties": [
                {"name": "id", "logicalType": "integer", "primaryKey": True},
                {
                    "name": "code",
                    "logicalType": "string",
                    "required": True,
                    "logicalTypeOptions": {"pattern": "^[a-z][0-9]+$", "maxLength": 8},
                },
                {"name": "amount", "logicalType": "number", "logicalTypeOptions": {"minimum": 0, "maximum": 1000}},
                {"name": "kind", "logicalType": "string", "enum": [{"value": "new"}, {"value": "paid"}]},
            ],
        }
    ],
}


def table(amount: float) -> pa.Table:
    """Return orders that keep the contract where `amount` is 0 to 1000."""
    numbers = range(ROWS)
    return pa.table(
        {
            "id": list(numbers),
            "code": [f"x{n}" for n in numbers],
            "amount": [amount] * ROWS,
            "kind": ["new" if n % 2 else "paid" for n in numbers],
        }
    )


def timed(run: Callable[[], object], times: int) -> str:
    """Return the median and the 95th percentile of so many runs, after a few that are not counted."""
    took = []
    for _ in range(times + 5):
        start = time.perf_counter()
        run()
        took.append(1000 * (time.perf_counter() - start))
    took = took[5:]
    return f"median {statistics.median(took):6.2f} ms   p95 {statistics.quantiles(took, n=20)[-1]:6.2f} ms"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=300)
    times = parser.parse_args().times
    loaded, kept, broken = lakegate.load(CONTRACT), table(5.0), table(-5.0)
    checks = len(lakegate.check(loaded, kept).results)
    print(f"{checks} checks over {ROWS:,} rows, {times} times")
    print("kept              ", timed(lambda: lakegate.check(loaded, kept), times))
    print("broken            ", timed(lambda: lakegate.check(loaded, broken), times))
    print("kept, from a dict ", timed(lambda: lakegate.check(CONTRACT, kept), times))


if __name__ == "__main__":
    main()
