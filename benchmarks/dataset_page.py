"""What a dataset's page costs to make, once its template is read: CPU milliseconds and size, by runs and rules.

`rules` are the ones whose number moves, so that each of them is drawn; sixteen others hold and fold.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import time

from lakegate.reports.datasets.page import dataset_page
from lakegate.reports.datasets.told import DatasetTold
from reports.datasets.tellings import bare, runs, told

PAGES = {
    "no runs": bare(),
    "100 runs, 5 rules": told(runs=runs(100)),
    "100 runs, 45 rules": told(runs=runs(100, rules=40)),
    "1,000 runs, 85 rules": told(runs=runs(1000, rules=80)),
}


def made(page: DatasetTold) -> tuple[str, float]:
    """Return the page, and the CPU seconds it took."""
    began = time.process_time()
    text = dataset_page(page)
    return text, time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    times = parser.parse_args().runs
    print(f"{'a page, median of ' + str(times):<26}{'KB':>8}{'KB gzip':>9}{'CPU ms':>9}")
    for name, page in PAGES.items():
        dataset_page(page)
        text, _ = made(page)
        spent = statistics.median(made(page)[1] for _ in range(times))
        packed = len(gzip.compress(text.encode(), mtime=0))
        print(f"{name:<26}{len(text.encode()) / 1000:>8,.0f}{packed / 1000:>9,.0f}{1000 * spent:>9,.1f}")


if __name__ == "__main__":
    main()
