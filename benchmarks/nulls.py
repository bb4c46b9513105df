"""What it costs to count the nulls of every column, beside an intake that counts none and one that scans for them.

The benchmark's orders as Parquet, CSV and JSON lines, and events with an object of 15 fields and an array, are taken in
in turns, in this process: as lakegate does it (`lakegate.intake.nulls`), with nothing counted, and with nothing counted
but one scan afterwards that counts every column. Prints the CPU seconds of all threads as medians, and the medians of
the ratios to the intake that counts none, pair by pair. Nothing is compared between runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import duckdb
from generate import DATA, as_text, generate

from lakegate.contract.model import SchemaObject
from lakegate.contract.odcs import load
from lakegate.intake import nulls
from lakegate.intake.batch import open_batch
from lakegate.intake.files import NativeFile
from lakegate.intake.nulls import counts, declared
from lakegate.intake.staging import Reader
from lakegate.rows import Rows

HERE = Path(__file__).parent
FORMATS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json"}
EVENT = [
    {"name": "id", "logicalType": "string"},
    {"name": "at", "logicalType": "integer"},
    {
        "name": "udo",
        "logicalType": "object",
        "properties": [{"name": f"f{n}", "logicalType": "string"} for n in range(15)],
    },
    {"name": "tags", "logicalType": "array", "items": {"name": "tag", "logicalType": "string"}},
]


def events(rows: int) -> tuple[Path, Path]:
    """Write events as JSON lines, and their contract, where they are not yet; return both."""
    path, contract = DATA / f"events-{rows}.jsonl.gz", DATA / "events.odcs.yaml"
    document = {
        "apiVersion": "v3.2.0", "kind": "DataContract", "id": "events", "version": "1.0.0", "status": "active",
        "schema": [{"name": "events", "properties": EVENT}],
    }  # fmt: skip
    contract.write_text(json.dumps(document))
    if not path.exists():
        fields = ", ".join(f"f{n} := CASE WHEN hash(i, {n}) % 3 > 0 THEN 'value ' || i % 1000 END" for n in range(15))
        event = f"'e' || i AS id, i AS at, struct_pack({fields}) AS udo, ['a', 'b'][:i % 3] AS tags"
        partial = path.with_suffix(".partial")
        duckdb.sql(f"COPY (SELECT {event} FROM range({rows}) AS t(i)) TO '{partial}' (FORMAT json, COMPRESSION gzip)")
        partial.rename(path)
    return path, contract


def taken_in(file: Path, contract: Path, then: Callable[[Rows, SchemaObject], object] | None) -> float:
    """Return the CPU seconds that it takes to turn a file into rows, and to do something with them."""
    told = load(contract)
    with tempfile.TemporaryDirectory() as folder:
        before = os.times()
        reader = Reader(format=FORMATS[file.suffixes[0]])
        obj = told.schema[0]
        rows = open_batch([NativeFile(file.name, file)], obj, told.gate, reader, workspace=Path(folder))
        if then:
            then(rows, obj)
        after = os.times()
    if rows.defects:
        raise SystemExit(f"{file}: {rows.defects[0].message}")
    return after.user + after.system - before.user - before.system


def scanned(rows: Rows, obj: SchemaObject) -> None:
    """Count the nulls of every column in a scan of its own, as the engine would that believes no statistics."""
    every = ", ".join(counts(declared(obj.properties, rows.types)))
    with duckdb.connect() as connection:
        connection.execute(f"SELECT {every} FROM read_parquet('{rows.parts[0].path}')").fetchall()


def in_turns(file: Path, contract: Path, runs: int) -> dict[str, list[float]]:
    """Take a file in so often in each way, one after the other."""
    seconds: dict[str, list[float]] = {"none counted": [], "counted": [], "scanned": []}
    for turn in range(runs + 1):
        with patch.multiple(nulls, declared=lambda *_: {}, written=lambda *_: ()):
            spent = [taken_in(file, contract, None)]
        spent.append(taken_in(file, contract, None))
        with patch.multiple(nulls, declared=lambda *_: {}, written=lambda *_: ()):
            spent.append(taken_in(file, contract, scanned))
        if turn:  # the first is not counted
            for name, one in zip(seconds, spent, strict=True):
                seconds[name].append(one)
    return seconds


def ratio(some: Iterable[float], others: Iterable[float]) -> float:
    """Return the median of what one took in multiples of the other, pair by pair."""
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def main() -> None:
    """Generate, then time in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    options = parser.parse_args()
    orders, _ = generate(options.rows)
    forty = HERE / "forty_checks.odcs.yaml"
    files = [*((file, forty) for file in (orders, *as_text(orders))), events(options.rows // 5)]
    print(f"{'CPU s, medians':28}{'none counted':>14}{'counted':>14}{'scanned':>14}{'counted /':>12}{'scanned /':>12}")
    for file, contract in files:
        seconds = in_turns(file, contract, options.runs)
        medians = "".join(f"{statistics.median(spent):14.2f}" for spent in seconds.values())
        ratios = "".join(f"{ratio(seconds[name], seconds['none counted']):12.3f}" for name in ("counted", "scanned"))
        print(f"{file.name:28}{medians}{ratios}", flush=True)


if __name__ == "__main__":
    main()
