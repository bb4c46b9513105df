"""What it costs to set bad rows apart, beside a plain COPY of the same rows: whole processes, in turns.

The forty checks over orders in which about one row in ten thousand breaks each rule about rows (`generate.py
--planted`), by a contract that holds such rows back: judged, split into good and rejected, and what is left judged
again. Beside it the same contract over orders without a bad row, where nothing is written, and DuckDB's own COPY of
the planted orders. Prints wall and CPU seconds and peak memory, and what the split and the second judgement take in
COPYs. Nothing is compared between runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import yaml
from generate import generate
from processes import Usage, lakegate, medians, run, table

HERE = Path(__file__).parent
COPY = """
import duckdb, sys
duckdb.sql(f"COPY (FROM '{sys.argv[1]}') TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
"""
PLACES = {"from": "02-transient-zone/_candidates/core/orders/", "to": "warehouse/core/orders/"}


def contract(folder: Path) -> Path:
    """Write the forty checks as a contract of a table that holds bad rows back."""
    document = yaml.safe_load((HERE / "forty_checks.odcs.yaml").read_text())
    document["servers"] = [
        {"server": name, "type": "s3", "location": f"s3://b/{place}", "format": "parquet"}
        for name, place in PLACES.items()
    ]
    (orders,) = document["schema"]
    orders["quality"] = [rule for rule in orders["quality"] if rule.get("type") != "sql"]  # about the batch: it blocks
    held = {"from": "from", "to": "to", "quarantine": "rows", "max_rejected": "5 percent"}
    document["customProperties"] = [{"property": "lakegate", "value": held}]
    path = folder / "contracts" / "split.odcs.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    (folder / "contracts" / "customers.odcs.yaml").write_text((HERE / "customers.odcs.yaml").read_text())
    return path


def main() -> None:
    """Generate, look at the numbers once, then time in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    planted, customers = generate(options.rows, planted=True)
    clean, _ = generate(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        asked = contract(Path(folder))

        def judged(orders: Path) -> list[str]:
            beside = ["--with", f"bench/customers={customers}", "--output-format", "json"]
            return lakegate("test", asked, "--data", orders, *beside)

        target = Path(folder) / "copy.parquet"
        contenders = {
            "split": judged(planted),
            "nothing to split": judged(clean),
            "plain COPY": [sys.executable, "-c", COPY, str(planted), str(target)],
        }
        apart = json.loads(run(contenders["split"])[1])["setApart"]
        told = f"{apart['accepted']:,} go on, {apart['rejected']:,} rejected by {len(apart['rules'])} rules"
        print(f"{apart['rows']:,} rows: {told}")
        usages: dict[str, list[Usage]] = {name: [] for name in contenders}
        for _ in range(options.runs):
            for name, command in contenders.items():
                usages[name].append(run(command)[0])
    print(table(usages, "split"))
    split, plain, copied = (medians(usages[name]) for name in contenders)
    wall, cpu = (split.wall_s - plain.wall_s) / copied.wall_s, (split.cpu_s - plain.cpu_s) / copied.cpu_s
    print(f"the split and the second judgement take {wall:.2f} COPYs of wall, {cpu:.2f} of CPU")


if __name__ == "__main__":
    main()
