"""`lakegate test` beside the hand-written query of reference.py: whole processes, in turns, over the same Parquet.

Prints wall seconds, CPU seconds (user and system) and peak memory as min / median / max, and lakegate's medians as
multiples of the query's, as most would write it and as one would who has measured (`count_if`). Before
anything is timed, all must count the same violations, on clean data and on data in which some are planted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from generate import generate

HERE = Path(__file__).parent
PLANTED_ROWS = 200_000  # enough for some of every violation

# An installed program has its bytecode; a shell that forbids writing it would time the compiler.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Usage:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def commands(orders: Path, customers: Path) -> dict[str, list[str]]:
    """Return the command line of each contender."""
    lakegate = str(Path(sys.executable).parent / "lakegate")
    contract = str(HERE / "forty_checks.odcs.yaml")
    data = ["--data", str(orders), "--with", f"bench/customers={customers}"]
    reference = [sys.executable, str(HERE / "reference.py"), str(orders), str(customers)]
    return {
        "reference": reference,
        "count_if": [*reference, "--count-if"],
        "lakegate": [lakegate, "test", contract, *data, "--output-format", "json"],
    }


def run(command: list[str], expected: int) -> tuple[Usage, str]:
    """Run a process to its end; return what it took and printed. Stops at an exit code that is not `expected`."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env=ENVIRONMENT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            sys.exit(f"{' '.join(command)} exited {process.returncode}, expected {expected}")
        output.seek(0)
        return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), output.read()


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


def row(title: str, cells: Iterable[str]) -> str:
    """Return one line of the table."""
    return f"{title:22}" + "".join(f"{cell:>30}" for cell in cells)


def table(usages: dict[str, list[Usage]]) -> str:
    """Return min / median / max of each number for each contender, and lakegate's medians as multiples of these."""
    lines = [row("min / median / max", (field.name for field in fields(Usage)))]
    medians = {}
    for name, runs in usages.items():
        columns = list(zip(*(astuple(usage) for usage in runs), strict=True))
        medians[name] = [statistics.median(column) for column in columns]
        lines.append(row(name, (f"{min(c):.2f} / {statistics.median(c):.2f} / {max(c):.2f}" for c in columns)))
    ours = medians.pop("lakegate")
    for name, theirs in medians.items():
        lines.append(row(f"lakegate / {name}", (f"{a / b:.2f}" for a, b in zip(ours, theirs, strict=True))))
    return "\n".join(lines)


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

    contenders = commands(orders, customers)
    usages: dict[str, list[Usage]] = {name: [] for name in contenders}
    for _ in range(options.runs):
        for name, command in contenders.items():
            usages[name].append(run(command, 0)[0])
    print(table(usages))


if __name__ == "__main__":
    main()
