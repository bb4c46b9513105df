"""`lakegate test` beside the hand-written query of reference.py: whole processes, in turns, over the same Parquet.

Prints wall seconds, CPU seconds and peak memory of all processes (processes.py) as min / median / max, and lakegate's
medians as multiples of the query's, as most would write it and as one would who has measured (`count_if`). Before
anything is timed, all must count the same violations, on clean data and on data in which some are planted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from generate import generate
from processes import Usage, lakegate, run, table

HERE = Path(__file__).parent
PLANTED_ROWS = 200_000  # enough for some of every violation


SERVERS = {".parquet": "local", ".csv": "csv", ".jsonl": "json_lines"}  # first suffix -> how the contract calls it


def commands(orders: Path, customers: Path) -> dict[str, list[str]]:
    """Return the command line of each contender."""
    contract = HERE / "forty_checks.odcs.yaml"
    data = ["--server", SERVERS[orders.suffixes[0]], "--data", orders, "--with", f"bench/customers={customers}"]
    reference = [sys.executable, str(HERE / "reference.py"), str(orders), str(customers)]
    return {
        "reference": reference,
        "count_if": [*reference, "--count-if"],
        "lakegate": lakegate("test", contract, *data, "--output-format", "json"),
    }


def counts(report: str) -> dict[str, int]:
    """Return lakegate's counts under reference.py's names: the rule's id, else the sum over the field's checks."""
    found: Counter[str] = Counter()
    for check in json.loads(report)["checks"]:
        numbers = check["diagnostics"]
        number = next((numbers[name] for name in ("surplus", "failed", "value") if name in numbers), 0)
        if name := check["qualityId"] or check["field"]:
            found[name] += number
    return dict(found)


def same_counts(orders: Path, customers: Path, exit_code: int) -> int:
    """Stop unless all count the same violations and lakegate exits so; return how many were counted in all."""
    contenders = commands(orders, customers)
    expected = json.loads(run(contenders["reference"], 0)[1])
    if json.loads(run(contenders["count_if"], 0)[1]) != expected:
        sys.exit(f"{orders.name}: the two ways to write the reference count differently")
    found = counts(run(contenders["lakegate"], exit_code)[1])
    wrong = {name: (found.get(name), number) for name, number in expected.items() if found.get(name) != number}
    wrong |= {name: (number, None) for name, number in found.items() if number and name not in expected}
    if wrong:
        sys.exit(
            f"{orders.name}: lakegate and the reference counted differently, as name: (lakegate, reference): {wrong}"
        )
    return sum(expected.values()) - expected["some_orders"]


def in_turns(orders: Path, customers: Path, runs: int) -> dict[str, list[Usage]]:
    """Run each contender so often, one after the other, and return what they took."""
    contenders = commands(orders, customers)
    usages: dict[str, list[Usage]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, command in contenders.items():
            usages[name].append(run(command)[0])
    return usages


def main() -> None:
    """Generate, compare the counts, then time both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    options = parser.parse_args()

    planted = same_counts(*generate(PLANTED_ROWS, planted=True), exit_code=1)
    orders, customers = generate(options.rows)
    same_counts(orders, customers, exit_code=0)  # also the run that is not counted
    size = orders.stat().st_size / 1e6
    print(f"{options.rows:,} rows, {size:.0f} MB; all count the same, {planted:,} planted violations among them")

    print(table(in_turns(orders, customers, options.runs), "lakegate"))


if __name__ == "__main__":
    main()
