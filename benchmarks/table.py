"""What a later batch of a table costs beside the first, where rules look at all batches: promotions of equal batches.

Four tables get the same number of batches: without table-wide rules, with the table's rows counted, with a key whose
values grow with time (each batch lies apart from the others), and with a key of random UUIDs (every batch touches every
other). Prints the seconds of CPU and wall, children included, around some batches, as medians of five neighbours, and
the bytes of the indexes. Nothing is compared between runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
import uuid
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from lakegate.api import Asked, opened
from lakegate.contract.odcs import load
from lakegate.gate.promote import PromotionState

AROUND = 2  # batches before and after one that are looked at, too


def contract(folder: Path, name: str, key: dict[str, object], scope: str, rules: list[object]) -> Path:
    """Write a contract of one key column and two others."""
    ends = {"in": f"02-transient-zone/_candidates/core/{name}", "out": f"warehouse/core/{name}"}
    document = {
        "kind": "DataContract", "apiVersion": "v3.1.0", "id": name, "version": "1.0.0", "status": "active",
        "servers": [
            {"server": end, "type": "s3", "format": "parquet", "location": f"s3://b/{place}"}
            for end, place in ends.items()
        ],
        "schema": [{"name": name, "properties": [key, {"name": "a"}, {"name": "b"}], "quality": rules}],
        "customProperties": [{"property": "lakegate", "value": {"from": "in", "to": "out", "scope": scope}}],
    }  # fmt: skip
    path = folder / "contracts" / f"{name}.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def cost() -> float:
    """Return the seconds of CPU that this process and its children have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def promoted(path: Path, lake: Path, number: int, keys: pa.Array) -> tuple[float, float]:
    """Promote one batch; return wall and CPU seconds."""
    name, rows = path.name.partition(".")[0], len(keys)
    folder = lake / "02-transient-zone" / "_candidates" / "core" / name / f"b{number:04}"
    folder.mkdir(parents=True)
    columns = {"id": keys, "a": pa.array(range(rows)), "b": pa.array(["x"] * rows)}
    pq.write_table(pa.table(columns), folder / "part-0.parquet")
    (folder / "_SUCCESS").touch()
    wall, cpu = time.perf_counter(), cost()
    with opened(Asked(load(path), str(lake))) as (run,):
        done = run.promote(folder.name)
    if done.state is not PromotionState.COMMITTED:
        raise SystemExit(f"{path} {folder.name}: {done.message}")
    return time.perf_counter() - wall, cost() - cpu


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    random = Random(7)  # noqa: S311 - data
    count = {"id": "few", "metric": "rowCount", "mustBeGreaterThan": 0}
    count["customProperties"] = [{"property": "lakegate", "value": {"scope": "table"}}]
    plain, key = {"name": "id"}, {"name": "id", "primaryKey": True}
    tables = {
        "within": (key, "batch", [], "ordered"),
        "counted": (plain, "batch", [count], "ordered"),
        "ordered": (key, "table", [], "ordered"),
        "uuid": (key, "table", [], "uuid"),
    }
    print(f"{args.batches} batches of {args.rows:,} rows; seconds at batch …")
    at = sorted({1 + AROUND, args.batches // 10, args.batches // 2, args.batches - AROUND})
    with tempfile.TemporaryDirectory() as home:
        lake = Path(home) / "lake"
        lake.mkdir()
        for name, (column, scope, rules, values) in tables.items():
            path = contract(Path(home), name, column, scope, rules)
            spent = []
            for number in range(args.batches):
                first = number * args.rows
                keys = (
                    pa.array(range(first, first + args.rows))
                    if values == "ordered"
                    else pa.array([str(uuid.UUID(int=random.getrandbits(128))) for _ in range(args.rows)])
                )
                spent.append(promoted(path, lake, number, keys))
            told = []
            for batch in at:
                near = spent[max(batch - 1 - AROUND, 0) : batch + AROUND]
                wall, cpu = (statistics.median(column) for column in zip(*near, strict=True))
                told.append(f"{batch}: {wall:.2f} wall {cpu:.2f} CPU")
            indexes = lake / "warehouse/core/_gate/state" / name
            size = sum(one.stat().st_size for one in indexes.rglob("*.parquet"))
            print(f"{name:8} {'   '.join(told)}   indexes {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
