"""A lake in a whole S3 bucket; see `lake.interface.Lake` for what each verb promises.

`versions` says what pins bytes, and which version of a commit record counts. Two things are not taken on trust but
found out once per lake (`probes`): whether the store verifies checksums, and whether it heeds If-Match on DELETE.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import itertools
import mimetypes
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.errors import LakeError, Refused, SourceChanged
from lakegate.lake import workspace
from lakegate.lake.interface import SMALL, Content, Entry, check_key
from lakegate.lake.s3 import probes
from lakegate.lake.s3.arrow import filesystem
from lakegate.lake.s3.client import Bucket, StoreError, created
from lakegate.lake.s3.transfer import checksum, composite, copied_in, copy, download, in_parallel, upload, uploaded_in
from lakegate.lake.s3.versions import COMMITS, UNVERSIONED, current, first, looked_at, pin, version_id, versions

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef
    from pyarrow.fs import FileSystem

WRITE_ID = "lakegate-write-id"  # in the metadata of what `put_if_absent` wrote
UPLOADER = "uploader"  # in the metadata of what arrives: `aws s3 cp --metadata uploader=NAME`
LOOKS = 3  # times that something is looked at again which changes meanwhile


class S3Lake:
    """A bucket as a lake. One may be shared by many threads."""

    def __init__(self, bucket: Bucket) -> None:
        """`bucket` as `client.open_bucket` gives it."""
        self._bucket = bucket
        self._client = bucket.client
        self._hashed: dict[tuple[str, str], str] = {}  # (key, version) -> SHA-256 of what this process read there

    def uri(self, key: str) -> str:
        """Return `s3://bucket/key`."""
        return self._bucket.uri(check_key(key))

    def arrow(self) -> tuple[FileSystem, str]:
        """Return a client of pyarrow's own, and the bucket."""
        return filesystem(self._bucket), f"{self._bucket.name}/"

    def recover(self) -> None:
        """Remove the private copies of dead processes. A delete is one request; uploads end by lifecycle."""
        workspace.clear_dead(self._spool)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Make a folder where the settings say, else in the machine's folder for temporary files; mode 0700."""
        spool = self._spool
        with contextlib.ExitStack() as stack:
            try:
                path = stack.enter_context(workspace.private_folder(spool))
            except OSError as error:
                told = f"cannot spool to {str(spool)!r}: {error.strerror}"
                raise LakeError(told, hint="name another folder") from error
            yield path

    @property
    def _spool(self) -> Path:
        return self._bucket.settings.spool or Path(tempfile.gettempdir())

    # --- looking ---------------------------------------------------------------------------------------------------

    def list(self, prefix: str) -> tuple[Entry, ...]:
        """Return the latest version of everything under `prefix`. What a console makes of a folder is left out.

        Raises:
            Refused: a commit record was deleted (INPUTS 116).
        """
        check_key(prefix.removesuffix("/"))
        return current(self._bucket, prefix)

    def stat(self, key: str) -> Entry | None:
        """Return the entry at `key`."""
        head = self._head(key)
        return None if head is None else looked_at(key, head)

    def brought_by(self, entry: Entry) -> tuple[str, ...]:
        """Return whom the metadata of this version names."""
        try:
            with self._bucket.told("look at", check_key(entry.key)):
                head = self._client.head_object(Bucket=self._bucket.name, Key=entry.key, **pin(entry))  # type: ignore[arg-type]  # VersionId or IfMatch
        except StoreError as error:
            if error.status not in (404, 412) or error.code == "NoSuchBucket":
                raise
            raise _changed(entry) from error
        named = head["Metadata"].get(UPLOADER, "")
        return (named,) if named else ()

    def read(self, key: str) -> bytes | None:
        """Return the bytes at `key`; of a commit record those that were written first."""
        entry = first(self._bucket, key) if COMMITS in check_key(key) else None
        for _ in range(LOOKS):
            entry = entry or self.stat(key)
            if entry is None:
                return None
            if entry.size > SMALL:
                raise Refused(f"{key!r} is larger than {SMALL} bytes, it cannot be a record of ours")
            try:
                return b"".join(self.stream(entry))
            except SourceChanged:  # a shared page was written anew
                entry = None
        raise LakeError(f"{self.uri(key)!r} changed {LOOKS} times while it was being read", hint="run again")

    def read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Read several at a time."""
        return in_parallel(self.read, keys, self._bucket.settings.transfer.threads)

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of this version, also where a newer one stands; large objects in parallel ranges."""
        check_key(entry.key)
        try:
            yield from download(self._bucket, entry, pin(entry))
        except StoreError as error:
            if error.status not in (404, 412) or error.code == "NoSuchBucket":
                raise
            raise _changed(entry) from error

    def sha256(self, key: str) -> str | None:
        """Return the SHA-256 that the store computed, where it is one that does, else that of the bytes read back."""
        head = self._head(key)
        return None if head is None else self._sha256(looked_at(key, head), head)

    def holds(self, key: str, content: Content) -> Entry | None:
        """Compare checksums, of an object in parts that of its parts; where there is none to go by, read it back."""
        self._remember(content)
        head = self._head(key)
        if head is None or head["ContentLength"] != content.size:
            return None
        entry = looked_at(key, head)
        stored = head.get("ChecksumSHA256", "")
        if stored and self._verifies_checksums:
            for cut in (copied_in(self._bucket, content), uploaded_in(self._bucket, content)):
                if stored.endswith(f"-{len(cut)}") and stored == composite(content.path, cut):
                    return entry
        return entry if self._sha256(entry, head) == content.sha256 else None

    # --- writing ---------------------------------------------------------------------------------------------------

    def put_if_absent(self, key: str, data: bytes, write_id: str) -> bool:
        """Put with If-None-Match; the store verifies the SHA-256. Of two that both got through the first has written.

        A 412 may be this very write, whose answer was lost: who must know reads back.
        """
        check_key(key)
        version = ""

        def write() -> None:
            nonlocal version
            with self._bucket.told("write", key):
                answer = self._client.put_object(
                    Bucket=self._bucket.name,
                    Key=key,
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum(data),
                    ContentType=_type(key),
                    Metadata={WRITE_ID: write_id},
                )
            version = answer.get("VersionId", "")

        if not created(write):
            return False
        record = first(self._bucket, key) if version and COMMITS in key else None
        return record is None or record.version == version

    def place(self, key: str, content: Content) -> bool:
        """Copy inside the store from a VersionId, else upload the private file."""
        origin = content.origin
        self._remember(content)
        if self.stat(key) is not None:
            return False
        if origin is None or origin.version.startswith(UNVERSIONED):
            return upload(self._bucket, key, content)
        try:
            return copy(self._bucket, key, content, origin)
        except StoreError as error:
            if error.status != 404 or error.code == "NoSuchBucket":
                raise
            raise SourceChanged(f"{origin.key!r} is gone", hint="run again") from error

    def replace_if(self, key: str, data: bytes, standing: Entry | None) -> bool:
        """Put with If-Match: the ETag of `standing`."""
        condition = {"IfNoneMatch": "*"}
        if standing is not None:
            head = self._head(key)
            if head is None or looked_at(key, head).version != standing.version:
                return False
            condition = {"IfMatch": head["ETag"]}

        def write() -> None:
            with self._bucket.told("write", check_key(key)):
                self._client.put_object(
                    Bucket=self._bucket.name,
                    Key=key,
                    Body=data,
                    ContentType=_type(key),
                    **condition,  # type: ignore[arg-type]
                )

        try:
            return created(write)
        except StoreError as error:
            if error.code != "NoSuchKey":
                raise
            return False

    # --- deleting --------------------------------------------------------------------------------------------------

    def remove(self, entry: Entry, sha256: str) -> bool:
        """Delete with If-Match and no VersionId, which leaves a delete marker where there are versions (PROTOCOL P10).

        Raises:
            LakeError: the bucket has no versions and the store does not heed If-Match: nothing was deleted.
        """
        for _ in range(LOOKS):
            head = self._head(entry.key)
            if head is None:
                return True
            standing = looked_at(entry.key, head)
            try:
                if standing.version != entry.version or self._sha256(standing, head) != sha256:
                    return False
                if not self._deletes_conditionally:
                    return self._remove_up_to(standing)
                with self._bucket.told("delete", entry.key):
                    self._client.delete_object(Bucket=self._bucket.name, Key=entry.key, IfMatch=head["ETag"])
            except SourceChanged:  # while it was being hashed
                continue
            except StoreError as error:
                if error.status not in (404, 409, 412):
                    raise
            else:
                return True
        raise LakeError(f"{self.uri(entry.key)!r} changed {LOOKS} times while it was being deleted", hint="run again")

    def discard(self, entry: Entry) -> None:
        """Delete every version, oldest first, so that none becomes the current one again; then the delete markers."""
        found, markers = versions(self._bucket, check_key(entry.key))
        for version in (*(version_id(one) for one in reversed(found)), *markers):
            self._delete(entry.key, version)

    def seal(self, keys: Iterable[str]) -> None:
        """Lock each key's current version for the settings' retention, counted from when it was written."""
        retention = self._bucket.settings.retention
        if retention is None:
            return

        def lock(key: str) -> None:
            head = self._head(key)
            if head is None:
                raise LakeError(f"{self.uri(key)!r} is gone, it cannot be sealed", hint="look who deleted it")
            until = head["LastModified"] + retention.period
            locked = head.get("ObjectLockRetainUntilDate")
            if (locked is not None and locked >= until) or until <= dt.datetime.now(dt.UTC):
                return
            with self._bucket.told("seal", key):
                self._client.put_object_retention(
                    Bucket=self._bucket.name,
                    Key=key,
                    VersionId=head.get("VersionId", "null"),
                    Retention={"Mode": retention.mode, "RetainUntilDate": until},
                )

        in_parallel(lock, keys, self._bucket.settings.transfer.threads)

    # --- what the verbs share --------------------------------------------------------------------------------------

    @cached_property
    def _verifies_checksums(self) -> bool:
        return probes.verifies_checksums(self._bucket)

    @cached_property
    def _deletes_conditionally(self) -> bool:
        return probes.deletes_conditionally(self._bucket)

    def _head(self, key: str) -> HeadObjectOutputTypeDef | None:
        """Look at what stands at `key` now, of a commit record at the first version; None where nothing does."""
        record = first(self._bucket, key) if COMMITS in check_key(key) else None
        pinned = pin(record) if record else {}
        try:
            with self._bucket.told("look at", key):
                return self._client.head_object(
                    Bucket=self._bucket.name,
                    Key=key,
                    ChecksumMode="ENABLED",
                    **pinned,  # type: ignore[arg-type]
                )
        except StoreError as error:
            if error.status != 404:
                raise
            return None

    def _remember(self, content: Content) -> None:
        """Keep the SHA-256 of what was read and hashed, so that P10 need not read it again."""
        if content.origin is not None:
            self._hashed[content.origin.key, content.origin.version] = content.sha256

    def _sha256(self, entry: Entry, head: HeadObjectOutputTypeDef) -> str:
        """Return the SHA-256 of a version that was looked at: known, told by a store that computes it, or computed."""
        known = self._hashed.get((entry.key, entry.version))
        if known is not None:
            return known
        stored = head.get("ChecksumSHA256", "")
        whole = stored and "-" not in stored and "-" not in head["ETag"]  # not of an object written in parts
        if whole and self._verifies_checksums:
            return base64.b64decode(stored).hex()
        sha256 = hashlib.sha256()
        for chunk in self.stream(entry):
            sha256.update(chunk)
        return sha256.hexdigest()

    def _remove_up_to(self, standing: Entry) -> bool:
        """Delete a version and all that are older, oldest first; what arrives meanwhile is newer and stays."""
        if standing.version.startswith(UNVERSIONED):
            raise LakeError(
                f"{self.uri(standing.key)!r} was not deleted: the bucket has no versions, and the store deletes "
                "whatever stands there, which may be newer",
                hint="turn on versioning, or delete it by hand once nobody writes there",
            )
        found, _ = versions(self._bucket, standing.key)
        older = itertools.dropwhile(lambda one: one.version != standing.version, found)
        for one in reversed(tuple(older)):
            self._delete(standing.key, version_id(one))
        return self.stat(standing.key) is None

    def _delete(self, key: str, version: str) -> None:
        """Delete one version for good."""
        with self._bucket.told("delete", key):
            self._client.delete_object(Bucket=self._bucket.name, Key=key, VersionId=version)


def _type(key: str) -> str:
    """Return the media type that a browser is told."""
    return mimetypes.guess_type(key)[0] or "application/octet-stream"


def _changed(entry: Entry) -> SourceChanged:
    return SourceChanged(
        f"{entry.key!r} changed while it was being read, or is gone; pinned was version {entry.version}",
        hint="let the upload end, then run again",
    )
