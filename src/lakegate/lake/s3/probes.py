"""What a store really does, found out by doing it once on a key of our own (`zones.probe`)."""

from __future__ import annotations

import contextlib
import uuid

from lakegate.errors import LakeError
from lakegate.lake.s3.client import Bucket, StoreError, created
from lakegate.lake.s3.transfer import checksum, in_parallel
from lakegate.lake.zones import probe

ROUNDS, RACERS = 3, 12


def verifies_checksums(bucket: Bucket) -> bool:
    """Say whether the store refuses bytes that do not have the SHA-256 sent with them; some only keep what is sent."""
    key = probe(uuid.uuid4().hex)
    try:
        _put(bucket, key, checksum(b"other bytes"))
    except StoreError as error:
        if error.status != 400:
            raise
        return True
    _clear(bucket, key)
    return False


def deletes_conditionally(bucket: Bucket) -> bool:
    """Say whether the store heeds If-Match on DELETE; one that does not deletes whatever stands there."""
    key = probe(uuid.uuid4().hex)
    _put(bucket, key, checksum(b"probe"))
    try:
        with bucket.told("delete", key):
            bucket.client.delete_object(Bucket=bucket.name, Key=key, IfMatch=f'"{"0" * 32}"')
    except StoreError as error:
        _clear(bucket, key)
        if error.status not in (412, 501):  # 501: NotImplemented
            raise
        return error.status == 412
    return False


def _put(bucket: Bucket, key: str, sha256: str) -> None:
    with bucket.told("probe", key):
        bucket.client.put_object(
            Bucket=bucket.name, Key=key, Body=b"probe", ChecksumAlgorithm="SHA256", ChecksumSHA256=sha256
        )


def _clear(bucket: Bucket, key: str) -> None:
    """Delete a probe; what is left of it the lifecycle of the log expires."""
    with contextlib.suppress(LakeError), bucket.told("delete", key):
        bucket.client.delete_object(Bucket=bucket.name, Key=key)


def creates_once(bucket: Bucket) -> bool:
    """Say whether, of conditional puts that race for a key, the store lets exactly one through.

    Some stores keep If-None-Match only while nobody else writes (Ceph with versioning). A race that shows it is likely,
    not certain: no is proof, yes is none.
    """
    for _ in range(ROUNDS):
        key = probe(uuid.uuid4().hex)

        def write(body: bytes, key: str = key) -> bool:
            def put() -> None:
                with bucket.told("probe", key):
                    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body, IfNoneMatch="*")

            return created(put)

        wins = in_parallel(write, (b"%d" % n for n in range(RACERS)), RACERS)
        _clear(bucket, key)
        if sum(wins) != 1:
            return False
    return True
