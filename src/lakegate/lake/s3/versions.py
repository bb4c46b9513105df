"""What stands in a bucket, and in which version: what is listed or looked at becomes an `Entry` that pins its bytes.

The pin is the VersionId, in a bucket without versions `etag:` and the ETag.

A commit record is what was written *first* under its key: some stores (Ceph with versioning) let several of the
conditional puts that race for a key through, each as a version. All versions of a key are listed in one order, so the
first is the same for everybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakegate.errors import Refused
from lakegate.lake.interface import Entry
from lakegate.lake.s3.client import Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import (
        HeadObjectOutputTypeDef,
        ListObjectVersionsOutputTypeDef,
        ObjectVersionTypeDef,
    )

COMMITS = "/_gate/commits/"  # part of the key of every commit record
UNVERSIONED = "etag:"  # begins a pin that is not a VersionId


def current(bucket: Bucket, prefix: str) -> tuple[Entry, ...]:
    """Return what stands under `prefix`, ordered by key. What a console makes of a folder is left out.

    Raises:
        Refused: a commit record was deleted (INPUTS 116).
    """
    found: dict[str, Entry] = {}
    for page in _pages(bucket, prefix):
        for marker in page.get("DeleteMarkers", []):
            if marker["IsLatest"] and COMMITS in marker["Key"]:
                raise Refused(
                    f"the commit record {bucket.uri(marker['Key'])!r} was deleted",
                    hint="find out by whom; then remove the delete marker, the record stands below it",
                )
        for version in page.get("Versions", []):  # of each key the newest first
            key = version["Key"]
            if (version["IsLatest"] or COMMITS in key) and (version["Size"] or not key.endswith("/")):
                found[key] = _listed(version)
    return tuple(entry for _, entry in sorted(found.items()))


def versions(bucket: Bucket, key: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the versions of exactly `key`, newest first, and the VersionIds of its delete markers."""
    pages = tuple(_pages(bucket, key))
    found = tuple(_listed(one) for page in pages for one in page.get("Versions", []) if one["Key"] == key)
    markers = (one for page in pages for one in page.get("DeleteMarkers", []) if one["Key"] == key)
    return found, tuple(one["VersionId"] for one in markers)


def first(bucket: Bucket, key: str) -> Entry | None:
    """Return the version of `key` that was written first, None where nothing stands."""
    found, _ = versions(bucket, key)
    return found[-1] if found else None


def looked_at(key: str, head: HeadObjectOutputTypeDef) -> Entry:
    """Return what HEAD told as an entry."""
    return _entry(key, head["ContentLength"], head.get("VersionId", "null"), head["ETag"], head["LastModified"])


def pin(entry: Entry) -> dict[str, str]:
    """Return the parameters of a request that is to answer with this version or not at all."""
    version, _, etag = entry.version.partition(UNVERSIONED)
    return {"VersionId": version} if version else {"IfMatch": f'"{etag}"'}


def version_id(entry: Entry) -> str:
    """Return the VersionId of an entry, `null` in a bucket without versions."""
    return "null" if entry.version.startswith(UNVERSIONED) else entry.version


def _pages(bucket: Bucket, prefix: str) -> Iterator[ListObjectVersionsOutputTypeDef]:
    """Yield what is listed under `prefix`, page by page."""
    pages = bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name, Prefix=prefix)
    with bucket.told("list", prefix):
        yield from pages


def _listed(version: ObjectVersionTypeDef) -> Entry:
    return _entry(version["Key"], version["Size"], version["VersionId"], version["ETag"], version["LastModified"])


def _entry(key: str, size: int, version: str, etag: str, modified: dt.datetime) -> Entry:
    """Return an entry. The version `null` is no pin: it may be written over. HEAD knows whole seconds only."""
    pinned = version if version not in ("null", "") else UNVERSIONED + etag.strip('"')
    return Entry(key, size, pinned, modified.astimezone(dt.UTC).replace(microsecond=0))
