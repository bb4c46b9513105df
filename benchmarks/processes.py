"""What a program took, all its processes together: wall and CPU seconds, peak memory; and the table of several runs.

CPU is user and system time as the kernel adds it up when it hands over a process (`wait4`), that of the children it
waited for with it: lakegate waits for its worker. Peak memory is the sum of the resident peaks (`VmHWM`) of all
processes of the tree, read from /proc fifty times a second. That errs upwards: peaks that came one after the other
count together, and a page of a library that two processes share counts twice. What is added in a process's last
fiftieth of a second is not seen. `ru_maxrss` is no help: a child begins with that of the process that started it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

SAMPLED = 0.02  # seconds between two looks at the tree

# An installed program has its bytecode; a shell that forbids writing it would time the compiler.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Usage:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def lakegate(*words: object) -> list[str]:
    """Return a command line of lakegate."""
    return [str(Path(sys.executable).parent / "lakegate"), *map(str, words)]


def run(command: Sequence[str], expected: int = 0) -> tuple[Usage, str]:
    """Run a program to its end; return what it took and printed. Stops at an exit code that is not `expected`."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env=ENVIRONMENT)
        peaks: dict[int, int] = {}
        ended = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peaks, ended), daemon=True)
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        ended.set()
        sampler.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            sys.exit(f"{' '.join(command)} exited {process.returncode}, expected {expected}")
        output.seek(0)
        return Usage(wall, used.ru_utime + used.ru_stime, sum(peaks.values()) / 1024), output.read()


def _sample(root: int, peaks: dict[int, int], ended: threading.Event) -> None:
    """Note the resident peak of every process below `root`, in KiB, until `ended`."""
    while not ended.wait(SAMPLED):
        for process in _tree(root):
            peaks[process] = max(peaks.get(process, 0), _peak(process))


def _tree(root: int) -> list[int]:
    """Return the processes below `root` and itself."""
    below = defaultdict(list)
    for name in os.listdir("/proc"):  # noqa: PTH208 - a listing every fiftieth of a second
        if name.isdecimal():
            below[_parent(int(name))].append(int(name))
    found = [root]
    for process in found:
        found.extend(below[process])
    return found


def _parent(process: int) -> int:
    """Return the process that a process belongs to; 0 where it has ended."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 - as above
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _peak(process: int) -> int:
    """Return the resident peak of a process in KiB; 0 where it has ended."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:  # noqa: PTH123 - as above
            return next((int(line.split()[1]) for line in file if line.startswith(b"VmHWM:")), 0)
    except OSError:
        return 0


def row(title: str, cells: Iterable[str]) -> str:
    """Return one line of the table."""
    return f"{title:26}" + "".join(f"{cell:>30}" for cell in cells)


def medians(runs: Sequence[Usage]) -> Usage:
    """Return the median of each number."""
    return Usage(*(statistics.median(column) for column in zip(*map(astuple, runs), strict=True)))


def table(usages: Mapping[str, Sequence[Usage]], ours: str) -> str:
    """Return min / median / max of each number for each contender, and the medians of `ours` as multiples of these."""
    lines = [row("min / median / max", (field.name for field in fields(Usage)))]
    for name, runs in usages.items():
        columns = zip(*map(astuple, runs), strict=True)
        lines.append(row(name, (f"{min(c):.2f} / {statistics.median(c):.2f} / {max(c):.2f}" for c in columns)))
    for name in (name for name in usages if name != ours):
        pairs = zip(astuple(medians(usages[ours])), astuple(medians(usages[name])), strict=True)
        lines.append(row(f"{ours} / {name}", (f"{a / b:.2f}" for a, b in pairs)))
    return "\n".join(lines)
