"""Forty expectations of Great Expectations: `lakegate test` beside the library itself, on pandas and on DuckDB.

Whole processes, in turns, over the same Parquet and the same suite file. Before anything is timed, all must count the
same violations, expectation by expectation, on clean data and on data in which some are planted. On DuckDB the library
needs `duckdb_engine`, which is none of our dependencies: where it is missing, or the library cannot work with it, that
contender is left out and the reason printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from generate import generate
from processes import Usage, lakegate, run, table

HERE = Path(__file__).parent
SUITE = HERE / "expectations/orders.json"
PLANTED_ROWS = 200_000  # enough for some of every violation
# A planted NaN is missing on pandas, and here; on DuckDB it is the greatest number, so that another of the two fails.
NAN = ("expect_column_values_to_not_be_null amount", "expect_column_values_to_be_between amount")


def commands(orders: Path, hows: list[str]) -> dict[str, list[str]]:
    """Return the command line of each contender."""
    peer = [sys.executable, str(HERE / "great_expectations_peer.py"), str(orders), str(SUITE)]
    ours = ["test", HERE / "forty_expectations.odcs.yaml", "--data", orders, "--output-format", "json"]
    return {"lakegate": lakegate(*ours)} | {f"library on {how}": [*peer, how] for how in hows}


def counts(report: str) -> dict[str, object]:
    """Return lakegate's counts under the peer's names."""
    found: dict[str, object] = {}
    for check in json.loads(report)["checks"]:
        if check["suite"] is None:
            continue
        asked = json.loads(check["implementation"])
        name = f"{asked['type']} {asked['kwargs'].get('column', '')}".strip()
        while name in found:
            name += "'"
        numbers = check["diagnostics"]
        found[name] = numbers["result"].get("unexpected_count", numbers["success"])
    return found


def same_counts(orders: Path, hows: list[str], exit_code: int) -> int:
    """Stop unless all count the same; return how many violations were counted in all."""
    contenders = commands(orders, hows)
    ours = counts(run(contenders["lakegate"], exit_code)[1])
    for how in hows:
        theirs = json.loads(run(contenders[f"library on {how}"])[1].splitlines()[-1])
        expected = ours if how == "pandas" else {name: ours[name] for name in theirs if name not in NAN}
        wrong = {name: (number, theirs.get(name)) for name, number in expected.items() if number != theirs.get(name)}
        if wrong:
            sys.exit(f"{orders.name}: counted differently, as name: (lakegate, library on {how}): {wrong}")
    return sum(number for number in ours.values() if isinstance(number, int) and not isinstance(number, bool))


def runnable(orders: Path) -> list[str]:
    """Return how the library can be run here, and print why it cannot otherwise."""
    hows = ["pandas"]
    if importlib.util.find_spec("duckdb_engine") is None:
        print("library on duckdb: left out, duckdb_engine is not installed")
        return hows
    tried = subprocess.run(
        commands(orders, ["duckdb"])["library on duckdb"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        print(f"library on duckdb: left out, it does not run: {tried.stderr.strip().splitlines()[-1][:200]}")
        return hows
    return [*hows, "duckdb"]


def main() -> None:
    """Generate, compare the counts, then time all in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3, help="of each, after one that is not counted")
    options = parser.parse_args()

    planted, _ = generate(PLANTED_ROWS, planted=True)
    hows = runnable(planted)
    violations = same_counts(planted, hows, exit_code=1)
    orders, _ = generate(options.rows)
    same_counts(orders, hows, exit_code=0)  # also the run that is not counted
    usages: dict[str, list[Usage]] = {name: [] for name in commands(orders, hows)}
    for _ in range(options.runs):
        for name, command in commands(orders, hows).items():
            usages[name].append(run(command)[0])
    print(f"{options.rows:,} rows, 40 expectations; all count the same, {violations:,} planted violations among them")
    print(table(usages, "lakegate"))


if __name__ == "__main__":
    main()
