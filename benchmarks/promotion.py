"""A promotion beside a durable plain copy of the same bytes and hashing them once, in turns, in one process.

The judge does nothing. Prints wall and CPU seconds as min / median / max, and the promotion as a multiple of the copy
and the hash together: the aim is 1.10 at 1 GB. The source is durable and older than two seconds, as what has waited for
its `_SUCCESS` is; it is read from memory in every contender.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lakegate.contract.model import Batching
from lakegate.gate.arrivals import Route
from lakegate.gate.promote import Judged, Options, promote
from lakegate.gate.spool import SpooledBatch
from lakegate.lake.local import LocalLake
from lakegate.lake.unchanged import CALM
from lakegate.lake.zones import Place
from lakegate.verdict import BatchFile, CheckResult, Outcome, Verdict

SHA = "c" * 64
ROUTE = Route(
    Place("02-transient-zone", "bench/files"), Place("01-raw-data-zone", "bench/files"), Batching(), "reject",
    "bench", "1.0.0", SHA, sequenced=False,
)  # fmt: skip


def judge(batch: SpooledBatch) -> Judged:
    """Let everything pass."""
    check = CheckResult("bench.any", "schema", "any", "anything", "files", "", None, None, Outcome.PASSED)
    files = tuple(BatchFile(file.path, file.size, file.sha256) for file in batch.files)
    verdict = Verdict(
        contract_id="bench", contract_version="1.0.0", contract_sha256=SHA, dataset=batch.dataset, model="files",
        batch=batch.key, digest=batch.digest, files=files, rows=None, results=(check,), engine="none", lakegate="0",
    )  # fmt: skip
    return Judged(verdict, {"report.json": b"{}"})


def upload(folder: Path, files: int, size: int) -> None:
    """Write a durable batch of random bytes."""
    folder.mkdir(parents=True)
    for number in range(files):
        with (folder / f"{number:04}.bin").open("xb") as file:
            for _ in range(0, size, 1_000_000):
                file.write(os.urandom(1_000_000))
            file.flush()
            os.fsync(file.fileno())
    (folder / "_SUCCESS").touch()


def copied(source: Path, target: Path) -> None:
    """Copy a folder as `cp` does and make it durable."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    for path in (*target.iterdir(), target, target.parent):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.close(file)


def hashed(source: Path) -> None:
    """Hash every file once."""
    for path in source.iterdir():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def promoted(lake: Path) -> None:
    """Promote the batch."""
    done = promote(LocalLake(lake), ROUTE, "b1", judge, Options(now=dt.datetime.now(dt.UTC)))
    if done.exit_code or done.notes:
        raise SystemExit(f"the promotion ended otherwise than it should: {done.message} {done.notes}")


def warm(room: Path, size: int) -> None:
    """Write a file and delete it: a virtual machine may have given its free memory away, and must fetch it again."""
    path = room / "warm"
    with path.open("xb") as file:
        for _ in range(0, size, 1_000_000):
            file.write(bytes(1_000_000))
    path.unlink()


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Return the wall and CPU seconds of `work`, its child processes' with them."""
    os.sync()
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    start = time.perf_counter()
    work()
    wall = time.perf_counter() - start
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(a.ru_utime + a.ru_stime - b.ru_utime - b.ru_stime for a, b in zip(after, before, strict=True))
    return wall, cpu


def measure(room: Path, files: int, size: int, runs: int) -> None:
    """Print the table of one kind of batch."""
    taken: dict[str, list[tuple[float, float]]] = {"copy": [], "hash": [], "promotion": []}
    source = room / "source"
    upload(source, files, size)
    for number in range(runs + 1):
        lake, copy = room / "lake", room / "copy"
        upload(lake / ROUTE.source.prefix / "b1", files, size)
        time.sleep(CALM / 1e9 + 0.1)
        work = [("copy", partial(copied, source, copy)), ("hash", partial(hashed, source))]
        work.insert(2 * (number % 2), ("promotion", partial(promoted, lake)))  # first in even rounds, then last
        for name, one in work:
            warm(room, files * size)
            found = seconds(one)
            if number:  # the first round is not counted
                taken[name].append(found)
        shutil.rmtree(copy)
        shutil.rmtree(lake)
    print(f"\n{files} x {size / 1e6:.0f} MB{'wall s: min / median / max':>32}{'CPU s: min / median / max':>32}")
    for name, runs_of in taken.items():
        cells = (f"{min(c):.2f} / {statistics.median(c):.2f} / {max(c):.2f}" for c in zip(*runs_of, strict=True))
        print(f"{name:12}" + "".join(f"{cell:>32}" for cell in cells))
    for index, what in enumerate(("wall", "CPU")):
        ratios = [
            promotion[index] / (copy[index] + once[index])
            for copy, once, promotion in zip(taken["copy"], taken["hash"], taken["promotion"], strict=True)
        ]
        best = min(p[index] for p in taken["promotion"]) / sum(
            min(t[index] for t in taken[n]) for n in ("copy", "hash")
        )
        median = statistics.median(ratios)
        print(f"promotion / (copy + hash), {what}: of the minima {best:.2f}, median of the rounds {median:.2f}")


def main() -> None:
    """One large file, then a hundred small ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="on the disk to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=".promotion-") as room:
        measure(Path(room) / "large", 1, options.megabytes * 1_000_000, options.runs)
        measure(Path(room) / "small", 100, 1_000_000, options.runs)


if __name__ == "__main__":
    main()
