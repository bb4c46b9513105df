"""One process that gives inputs to a target until its time is over, or until an input ends it.

The input is written down before it runs, so that the parent knows which one it was. The process is held to the limits
of a worker; what those stop is contained there, too, and is told apart from an exception that is none of ours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import os
import random
import struct
import sys
import time
import traceback
import warnings
from pathlib import Path

MEMORY = 2 << 30  # bytes that the process may use, as `worker.limits` counts them
AGAIN, OUT_OF_MEMORY = 40, 41  # exit codes: start another process
RUNS = 20_000  # inputs of one process

try:
    import atheris
except ImportError:
    atheris = None


class Session:
    """What one process notes, in a folder that it shares with its parent."""

    def __init__(self, name: str, folder: Path) -> None:
        from fuzz.targets import TARGETS

        self.target, self.folder = TARGETS[name], folder
        with (folder / "beat").open("r+b") as file:
            self.beat = mmap.mmap(file.fileno(), 16)
        self.runs = struct.unpack_from("<q", self.beat)[0]
        self.left = RUNS
        self.current = os.open(folder / "current", os.O_RDWR | os.O_CREAT)
        self.seen = json.loads((folder / "seen.json").read_text()) if (folder / "seen.json").exists() else {}

    def run(self, data: bytes) -> str:
        """Give one input to the target; note a failure, and end this process where memory ran out."""
        import duckdb

        from lakegate.errors import LakegateError

        os.ftruncate(self.current, 0)
        os.pwrite(self.current, data, 0)
        self.runs += 1
        struct.pack_into("<qd", self.beat, 0, self.runs, time.time())
        try:
            return self.target.run(data)
        except LakegateError as error:
            return type(error).__name__
        except (MemoryError, duckdb.OutOfMemoryException):
            self.save()
            os._exit(OUT_OF_MEMORY)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            return self._failed(data, error)
        finally:
            self.left -= 1
            if self.left % 500 == 0:
                self.save()

    def _failed(self, data: bytes, error: Exception) -> str:
        """Keep the smallest input of each failure; two are one where they are raised at one place of ours."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/lakegate/" in frame.filename] or frames
        told = str(error) if isinstance(error, AssertionError) else frames[-1].name
        place = f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno} {told}"
        kept = self.folder / "found" / hashlib.sha256(place.encode()).hexdigest()[:8]
        if not kept.exists() or kept.stat().st_size > len(data):
            kept.write_bytes(data)
            kept.with_suffix(".txt").write_text("".join(traceback.format_exception(error)), errors="replace")
        return place

    def save(self) -> None:
        """Keep what was seen for the next process."""
        (self.folder / "seen.json").write_text(json.dumps(self.seen))


def main() -> None:
    """Run one session, or one input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--replay", type=Path)
    asked = parser.parse_args()
    os.environ["LAKEGATE_CACHE"] = str(asked.folder / "proofs")
    warnings.simplefilter("ignore")
    _limit(asked.seed)
    guided = atheris is not None and not asked.plain and not asked.replay
    if guided:
        with atheris.instrument_imports(include=["lakegate", "openpyxl"]):
            session = Session(asked.target, asked.folder)
    else:
        session = Session(asked.target, asked.folder)
    if asked.replay:
        print(session.run(asked.replay.read_bytes()))  # noqa: T201
    elif guided:
        _guided(session, asked)
    else:
        _plain(session, asked)
    session.save()
    sys.stdout.flush()
    os._exit(0)


def _limit(seed: int) -> None:
    import resource

    if hasattr(os, "sched_setaffinity"):  # one core: engines start no further threads, and more inputs run
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[seed % len(os.sched_getaffinity(0))]})
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _plain(session: Session, asked: argparse.Namespace) -> None:
    """Change inputs at random; one whose outcome was not seen before becomes a seed, too."""
    from fuzz.mutations import Mutator

    rng = random.Random(asked.seed)
    mutator = Mutator(asked.target, session.target.words)
    corpus = [path.read_bytes() for path in sorted((asked.folder / "corpus").iterdir())]
    ends = time.monotonic() + asked.seconds
    while time.monotonic() < ends:
        data = mutator.mutated(rng.choice(corpus), corpus, rng)
        came = session.run(data)
        session.seen[came] = session.seen.get(came, 0) + 1
        if session.seen[came] <= 2 and len(corpus) < 2000:
            corpus.append(data)
            (asked.folder / "corpus" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        if not session.left:
            session.save()
            os._exit(AGAIN)


def _guided(session: Session, asked: argparse.Namespace) -> None:
    """Let atheris choose by coverage what is changed on."""
    from fuzz.mutations import MOST, Mutator

    mutator = Mutator(asked.target, session.target.words)
    others = [path.read_bytes() for path in sorted((asked.folder / "corpus").iterdir())][:500]

    def one(data: bytes) -> None:
        came = session.run(data)
        session.seen[came] = session.seen.get(came, 0) + 1
        if not session.left:
            session.save()
            os._exit(AGAIN)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.2:
            return atheris.Mutate(data, most)
        return mutator.mutated(data, others, rng)[:most]

    handled = ("segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2")
    options = [f"-handle_{signal}=0" for signal in handled]
    options += [f"-max_total_time={max(int(asked.seconds), 1)}", f"-max_len={MOST}", f"-seed={asked.seed or 1}"]
    options += [
        "-rss_limit_mb=0",
        "-timeout=3600",
        "-detect_leaks=0",
        "-print_final_stats=0",
        "-verbosity=0",
        "-reload=0",
    ]
    atheris.Setup(["fuzz", *options, str(asked.folder / "corpus")], one, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
