"""A promotion on S3 beside what it cannot do without: reading the bytes once, hashing them, and a copy in the store.

The judge does nothing. The store is the tests' real S3 server (`tests/servers/ceph up`) or the one that
LAKEGATE_TEST_S3_ENDPOINT names; a bucket with versions is made and removed. Both sides read in parallel ranges: boto3's
own transfer for the plain side. Prints wall seconds as min / median / max, in turns, and ratios.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from promotion import ROUTE, judge

from lakegate.gate.promote import Options, promote
from servers.s3 import Server, absence, close, new_bucket, real_s3

KEY = f"{ROUTE.source.prefix}b1/a.bin"


def copied(server: Server, bucket: str) -> None:
    """Copy inside the store."""
    server.client.copy_object(Bucket=bucket, Key="copy/a.bin", CopySource={"Bucket": bucket, "Key": "source/a.bin"})


def read(server: Server, bucket: str, folder: Path) -> None:
    """Read the bytes to disk as boto3 does, and hash them."""
    server.client.download_file(bucket, "source/a.bin", str(folder / "a.bin"))
    with (folder / "a.bin").open("rb") as file:
        hashlib.file_digest(file, "sha256")


def promoted(server: Server, bucket: str) -> None:
    """Promote the batch."""
    done = promote(server.lake(bucket), ROUTE, "b1", judge, Options(now=dt.datetime.now(dt.UTC)))
    if done.exit_code or done.notes:
        raise SystemExit(f"the promotion ended otherwise than it should: {done.message} {done.notes}")


def seconds(work: Callable[[], None]) -> float:
    """Return the wall seconds of `work`."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def round_of(server: Server, size: int, folder: Path) -> dict[str, float]:
    """Return what each contender takes, in a bucket of its own."""
    bucket = new_bucket(server)
    client = server.client
    client.put_object(Bucket=bucket, Key="source/a.bin", Body=os.urandom(size))
    client.copy_object(Bucket=bucket, Key=KEY, CopySource={"Bucket": bucket, "Key": "source/a.bin"})
    client.put_object(Bucket=bucket, Key=f"{ROUTE.source.prefix}b1/_SUCCESS", Body=b"")
    try:
        return {
            "copy in the store": seconds(partial(copied, server, bucket)),
            "read and hash": seconds(partial(read, server, bucket, folder)),
            "promotion": seconds(partial(promoted, server, bucket)),
        }
    finally:
        close(bucket)


def main() -> None:
    """Compare on one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5, help="of each, after one that is not counted")
    options = parser.parse_args()
    if missing := absence():
        print(f"promotion on S3 was not measured: {missing}")
        return
    with tempfile.TemporaryDirectory() as folder:
        rounds = [round_of(real_s3(), options.megabytes * 1_000_000, Path(folder)) for _ in range(options.runs + 1)][1:]
    print(f"\n{options.megabytes} MB on S3{'wall s: min / median / max':>40}")
    for name in rounds[0]:
        taken = [one[name] for one in rounds]
        print(f"{name:20}{min(taken):>20.2f} / {statistics.median(taken):.2f} / {max(taken):.2f}")
    ratios = [one["promotion"] / (one["copy in the store"] + one["read and hash"]) for one in rounds]
    print(f"promotion / (copy + read and hash): min {min(ratios):.2f}, median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
