"""`lakegate test` beside DuckDB's own readers with the same forty checks: CSV.gz, JSONL.gz, Parquet, whole processes.

The reference (reference.py) opens each file as an honest engineer would: every column declared with its type, nothing
sniffed, text read straight from the compressed file, and one fused query, as most would write it and as one would who
has measured (`count_if`). What it does not do: it hashes no byte, looks at no encoding, counts no record on its own,
and takes what its readers take without a word: a truncated archive's missing members, ` 7 ` and `1.5` for integers,
columns by their position, a key twice, a footer's word for what a Parquet file holds. It tells nobody where a violation
stands and writes no report.

CPU and peak memory are those of all processes together (processes.py). Before anything is timed, all count the same
violations, on clean data and on data in which some are planted: a NaN among them in Parquet only, for JSON has none.
At the end stands the peak memory of each number of rows beside that of the first: it should not grow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generate import as_text, generate
from processes import medians, row, table
from run import PLANTED_ROWS, in_turns, same_counts

FORMATS = ("csv.gz", "jsonl.gz", "parquet")


def files(rows: int, *, planted: bool = False) -> tuple[dict[str, Path], Path]:
    """Return the orders in each format, and the customers."""
    orders, customers = generate(rows, planted=planted)
    return dict(zip(FORMATS, (*as_text(orders), orders), strict=True)), customers


def main() -> None:
    """Generate, compare the counts, then time all in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    options = parser.parse_args()

    planted, customers = files(PLANTED_ROWS, planted=True)
    for form in options.formats:
        print(f"{form}: all count the same {same_counts(planted[form], customers, exit_code=1):,} planted violations")
    peaks: dict[str, dict[int, float]] = {form: {} for form in options.formats}
    for rows in options.rows:
        orders, customers = files(rows)
        for form in options.formats:
            same_counts(orders[form], customers, exit_code=0)  # also the run that is not counted
            usages = in_turns(orders[form], customers, options.runs)
            peaks[form][rows] = medians(usages["lakegate"]).peak_mb
            print(f"\n{rows:,} rows of {form}, {orders[form].stat().st_size / 1e6:.0f} MB")
            print(table(usages, "lakegate"), flush=True)
    print()
    print(row("lakegate's peak MB", (f"{rows:,} rows" for rows in options.rows)))
    for form, found in peaks.items():
        first = found[options.rows[0]]
        print(row(form, (f"{peak:.0f} ({peak / first:.2f})" for peak in found.values())))


if __name__ == "__main__":
    main()
