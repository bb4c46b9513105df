"""What looking at every byte costs beside hashing it: the intake's preflight over the same files, in turns.

- hash: the SHA-256 that a verdict and a commit record name, over the file as it lies, in the spool's own pieces.
- preflight: all that the worker does while a file still arrives (`Opening.land`): magic bytes, UTF-8, NUL, the kinds of
  line ends, quotes, the count of records. A compressed file is unpacked, its checksums verified, and its text written
  down for the reader; of Parquet only the magic bytes are looked at, its pages when it is opened.
- one pass: the bytes are read once, hashed, and looked at by the same thread.
- at once: the hash in a second thread, as parent and worker do it while the file is spooled.

Prints the minimum of wall and CPU milliseconds for each MB of the file and as multiples of the hash; of a compressed
file also what unpacking alone takes, which no reader can do without. All in one process, the files read from memory.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
from generate import DATA, as_text, generate

from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.batch import Opening
from lakegate.intake.budget import Budget
from lakegate.intake.files import NativeFile, chunks, format_of
from lakegate.intake.staging import Reader
from lakegate.lake.interface import CHUNK


class Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        """It can only be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # every buffer is handed over as a memoryview
        """Read on."""
        got = self._file.readinto(buffer) or 0
        self._sha256.update(buffer[:got])
        return int(got)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def hashed(path: Path) -> None:
    """Hash a file as the gate does."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)


def looked_at(path: Path, source: Callable[[Path], io.RawIOBase]) -> None:
    """Land a file in a fresh workspace."""
    with tempfile.TemporaryDirectory(dir=DATA) as workspace:
        opening = Opening(SchemaObject("orders", "orders"), Gate(), Reader(), Path(workspace))
        with io.BufferedReader(source(path), 1 << 20) as stream:
            opening.land(NativeFile(path.name, path), stream)


def at_once(path: Path) -> None:
    """Hash in a second thread, which lets this one run meanwhile."""
    with ThreadPoolExecutor(1) as second:
        hashing = second.submit(hashed, path)
        looked_at(path, plain)
        hashing.result()


def unpacked(path: Path) -> None:
    """Decompress a file, and look at nothing."""
    _, codec = format_of(path.name, None)
    with path.open("rb") as stream:
        for _ in chunks(stream, codec, path.name, Budget()):
            pass


def plain(path: Path) -> io.RawIOBase:
    """Open a file as it is."""
    return path.open("rb", buffering=0)


def files(rows: int) -> list[Path]:
    """Return the orders as they are looked at; text is written plain, too, and once with every field in quotes."""
    orders, _ = generate(rows)
    compressed, lines = as_text(orders)
    made = {
        orders.with_suffix(".csv"): "csv, HEADER",
        orders.with_suffix(".quoted.csv"): "csv, HEADER, FORCE_QUOTE *",
        orders.with_suffix(".jsonl"): "json",
    }
    for path, form in made.items():
        if not path.exists():
            duckdb.sql(f"COPY (FROM '{orders}') TO '{path}' (FORMAT {form})")
    return [*made, compressed, lines, orders]


def spent(work: Callable[[], None]) -> tuple[float, float]:
    """Return the wall and CPU seconds of `work`, of all its threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(path: Path, runs: int) -> None:
    """Print what one file takes."""
    works: dict[str, Callable[[], None]] = {
        "hash": partial(hashed, path),
        "preflight": partial(looked_at, path, plain),
        "one pass": partial(looked_at, path, Hashed),
        "at once": partial(at_once, path),
    }
    if path.suffix == ".gz":
        works["unpacking alone"] = partial(unpacked, path)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for number in range(runs + 1):
        for name, work in works.items():
            found = spent(work)
            if number:  # the first round is not counted
                taken[name].append(found)
    size = path.stat().st_size / 1e6
    best = {name: (min(wall for wall, _ in runs_of), min(cpu for _, cpu in runs_of)) for name, runs_of in taken.items()}
    print(f"\n{path.name}, {size:.0f} MB")
    for name, (wall, cpu) in best.items():
        ratio = f"{wall / best['hash'][0]:>12.2f}{cpu / best['hash'][1]:>12.2f}"
        print(f"{name:18}{1000 * wall / size:>12.2f}{1000 * cpu / size:>12.2f}{ratio}")


def main() -> None:
    """Measure each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    options = parser.parse_args()
    print(f"{'minima':18}{'wall ms/MB':>12}{'CPU ms/MB':>12}{'wall/hash':>12}{'CPU/hash':>12}")
    for path in files(options.rows):
        measure(path, options.runs)


if __name__ == "__main__":
    main()
