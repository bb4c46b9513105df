"""What a store really does, found out by doing it on keys of our own under `log/gate/_probe/`."""

from __future__ import annotations

import uuid

from lakegate.lake.s3.client import Bucket, StoreError
from lakegate.lake.s3.transfer import checksum

PROBES = "log/gate/_probe/"


def verifies_checksums(bucket: Bucket) -> bool:
    """Say whether the store refuses bytes that do not have the SHA-256 sent with them; some only keep what is sent."""
    try:
        _put(bucket, b"probe", checksum(b"other bytes"))
    except StoreError as error:
        if error.status == 400:
            return True
        raise
    return False


def deletes_conditionally(bucket: Bucket) -> bool:
    """Say whether the store heeds If-Match on DELETE; one that does not deletes whatever stands there."""
    key = _put(bucket, b"probe", checksum(b"probe"))
    try:
        with bucket.told("delete", key):
            bucket.client.delete_object(Bucket=bucket.name, Key=key, IfMatch=f'"{"0" * 32}"')
    except StoreError as error:
        if error.status == 412:
            with bucket.told("delete", key):
                bucket.client.delete_object(Bucket=bucket.name, Key=key)
            return True
        if error.status != 501:  # NotImplemented
            raise
    return False


def _put(bucket: Bucket, data: bytes, sha256: str) -> str:
    """Write a probe under a name of its own and return its key; the lifecycle of `log/` expires what is left of it."""
    key = f"{PROBES}{uuid.uuid4().hex}"
    with bucket.told("probe", key):
        bucket.client.put_object(
            Bucket=bucket.name, Key=key, Body=data, ChecksumAlgorithm="SHA256", ChecksumSHA256=sha256
        )
    return key
