"""Publishing one run where a dataset has ten or a hundred, beside one that has ten thousand.

And where the board has ten datasets, beside three hundred.

The lake is in memory and answers at once, so the seconds are our own work; the requests and the bytes are those of S3.
Each run has forty checks. Prints, of the median of several publishings: seconds, requests, bytes read and written.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time

from lake.memory import MemoryLake
from lakegate.publish import documents
from lakegate.publish.keys import REPORTS
from lakegate.publish.rebuild import PAGES, rebuild
from lakegate.publish.site import publish
from lakegate.verdict import CheckResult, Outcome
from publish import lakes

CHECKS = 40
DATASET = "nyc/flights"
VERBS = ("list", "stat", "read", "put_if_absent", "replace_if", "remove", "discard")


@dataclasses.dataclass
class Counted:
    """A lake that counts what it is asked for."""

    lake: MemoryLake
    requests: int = 0
    read_bytes: int = 0
    written: int = 0

    def __getattr__(self, name: str):  # noqa: ANN204
        """Hand the lake's own verbs out."""
        verb = getattr(self.lake, name)
        if name not in VERBS:
            return verb

        def counted(*args):  # noqa: ANN002, ANN202
            self.requests += 1
            answer = verb(*args)
            if name == "read":
                self.read_bytes += len(answer or b"")
            elif name in ("put_if_absent", "replace_if"):
                self.written += len(args[1])
            return answer

        return counted

    def read_all(self, keys):  # noqa: ANN001, ANN201
        """Read several, each with a request."""
        return [self.read(key) for key in keys]


def checks() -> tuple[CheckResult, ...]:
    """Return what forty checks came to."""
    return tuple(
        CheckResult(
            f"m.column_{n}.maximum", "schema", "maximum", f"column {n} is at most 10", "m", f"column_{n}", None, None,
            Outcome.PASSED, diagnostics={"percent": n / 7, "failed": n, "high": 5.0},
        )
        for n in range(CHECKS)
    )  # fmt: skip


def judged(lake: MemoryLake, dataset: str, runs: range) -> None:
    """Let a gate judge batches."""
    lakes.described(lake, dataset)
    for n in runs:
        told = lakes.judged(lake, dataset, f"day={n:06}", minute=n, whole=False)
        for name in PAGES:  # they are the gate's, and written already
            lake.put_if_absent(f"{REPORTS}{dataset}/day%3D{n:06}/{told.report_id}/{name}", b"", "r")


def measured(lake: MemoryLake, dataset: str, first: int, runs: int) -> tuple[float, ...]:
    """Publish some runs, one after another; return the median of seconds, requests, bytes read and written."""
    told = []
    for n in range(first, first + runs):
        judged(lake, dataset, range(n, n + 1))
        counted = Counted(lake)
        began = time.perf_counter()
        publish(counted, lakes.place_of(dataset), [f"day={n:06}"])
        told.append((time.perf_counter() - began, counted.requests, counted.read_bytes, counted.written))
    return tuple(statistics.median(column) for column in zip(*told, strict=True))


def line(name: str, found: tuple[float, ...]) -> None:
    """Print one measurement."""
    seconds, requests, read, written = found
    print(
        f"{name:32} {seconds:7.3f} s {requests:5.0f} requests {read / 1e3:8.0f} KB read {written / 1e3:8.0f} KB written"
    )


def ratios(small: tuple[float, ...], large: tuple[float, ...]) -> None:
    """Print how much more the second costs."""
    words = ("seconds", "requests", "read", "written")
    print("  " + ", ".join(f"{word} {b / a:.2f}x" for word, a, b in zip(words, small, large, strict=True)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--history", type=int, default=10_000)
    parser.add_argument("--datasets", type=int, default=300)
    asked = parser.parse_args()
    results, lakes.RULES = checks(), ()
    plain = lakes.verdict
    lakes.verdict = lambda *args, **more: dataclasses.replace(plain(*args, **more), results=results)

    histories = {}
    for length in (10, 100, asked.history):
        lake = MemoryLake()
        judged(lake, DATASET, range(length))
        began = time.perf_counter()
        rebuild(lake)
        print(f"a rebuild of {length:,} runs: {time.perf_counter() - began:.1f} s")
        for entry in lake.list("references/_pending/"):
            lake.discard(entry)
        line(f"run {length:,} of a dataset", told := measured(lake, DATASET, length, asked.runs))
        histories[length] = told
        pieces = documents.read(lake, DATASET).pieces
        size = lake.stat(f"references/datasets/{DATASET}/_history/recent.json").size
        print(f"  recent.json {size / 1e3:.0f} KB, {len(pieces)} closed pieces")
    for fewer in (10, 100):
        ratios(histories[fewer], histories[asked.history])

    boards = {}
    for datasets in (10, asked.datasets):
        lake = MemoryLake()
        for n in range(datasets):
            judged(lake, f"nyc/set{n}", range(30))
        rebuild(lake)
        for entry in lake.list("references/_pending/"):
            lake.discard(entry)
        boards[datasets] = measured(lake, "nyc/set1", 1000, asked.runs)
        line(f"a run, {datasets} datasets on the board", boards[datasets])
    ratios(boards[10], boards[asked.datasets])


if __name__ == "__main__":
    main()
