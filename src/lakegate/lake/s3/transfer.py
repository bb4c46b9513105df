"""Bytes to and from a bucket: in parts, several at a time, in bounded memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lakegate.errors import LakeError
from lakegate.lake.interface import CHUNK, Content, Entry
from lakegate.lake.s3.client import Bucket, StoreError, created
from lakegate.lake.s3.settings import MIB

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

T = TypeVar("T")
Item = TypeVar("Item")

PARTS_LIMIT = 10_000  # parts of one object, S3's own limit


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an object, in bytes; `number` counts from 1."""

    number: int
    first: int
    size: int

    @property
    def range(self) -> str:
        """The stretch as HTTP's Range header has it."""
        return f"bytes={self.first}-{self.first + self.size - 1}"

    def read(self, path: Path) -> bytes:
        """Return the part's bytes of a local file."""
        with path.open("rb") as file:
            file.seek(self.first)
            return file.read(self.size)


def parts(size: int, wanted: int) -> tuple[Part, ...]:
    """Cut `size` bytes into parts of `wanted` bytes, larger ones where they would be too many; the last is the rest."""
    step = max(wanted, -(-size // PARTS_LIMIT // MIB) * MIB)
    return tuple(Part(n, first, min(step, size - first)) for n, first in enumerate(range(0, size, step), start=1))


def checksum(data: bytes) -> str:
    """Return a SHA-256 as S3 writes it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def composite(path: Path, cut: Iterable[Part]) -> str:
    """Return the checksum that S3 gives an object written in these parts: that of the parts' checksums."""
    digests = [hashlib.sha256(part.read(path)).digest() for part in cut]
    return f"{checksum(b''.join(digests))}-{len(digests)}"


def in_parallel(work: Callable[[Item], T], items: Iterable[Item], threads: int) -> list[T]:
    """Return what `work` gives for each item, in their order. After an error nothing new is begun."""
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)


# --- reading ----------------------------------------------------------------------------------------------------


def download(bucket: Bucket, entry: Entry, pin: Mapping[str, str]) -> Iterator[bytes]:
    """Yield an object's bytes in order; `pin` says of which version. Every byte is asked for once.

    Raises:
        StoreError: 404 or 412 where that version is not there any more.
        LakeError: the store gave other bytes than were asked for, or broke off again and again.
    """
    limits = bucket.settings.transfer
    cut = parts(entry.size, limits.part) or (Part(1, 0, 0),)
    if len(cut) == 1:
        yield _fetch(bucket, entry, pin, cut[0])
        return
    pool = ThreadPoolExecutor(min(limits.threads, len(cut)))
    try:
        waiting = iter(cut)
        coming: deque[Future[bytes]] = deque()
        for part in waiting:
            coming.append(pool.submit(_fetch, bucket, entry, pin, part))
            if len(coming) == limits.threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(bucket: Bucket, entry: Entry, pin: Mapping[str, str], part: Part) -> bytes:
    """Return one part. Where the answer breaks off, the rest is asked for, a bounded number of times."""
    got: list[bytes] = []
    received = 0
    for _ in range(bucket.settings.attempts):
        rest = Part(part.number, part.first + received, part.size - received)
        try:
            for chunk in _stretch(bucket, entry, pin, rest):
                got.append(chunk)
                received += len(chunk)
        except StoreError as error:
            if not error.cut:
                raise
            continue
        return b"".join(got)
    raise LakeError(
        f"cannot read {bucket.uri(entry.key)!r}: the store broke off {bucket.settings.attempts} times",
        hint="nothing was lost; check the network and run again",
    )


def _stretch(bucket: Bucket, entry: Entry, pin: Mapping[str, str], part: Part) -> Iterator[bytes]:
    """Yield one stretch of an object, exactly. An empty object has no stretch that could be named."""
    asked = {"Range": part.range} if part.size else {}
    with bucket.told("read", entry.key):
        response = bucket.client.get_object(Bucket=bucket.name, Key=entry.key, **pin, **asked)  # type: ignore[arg-type]
        want = f"{part.range.replace('=', ' ')}/{entry.size}" if part.size else ""
        got, size = response.get("ContentRange", ""), response["ContentLength"]
        if (got, size) != (want, part.size):
            raise LakeError(
                f"{bucket.uri(entry.key)!r} gave {size} bytes as {got!r}, expected {part.size} as {want!r}",
                hint="the store, or what stands between, does not keep to S3's protocol",
            )
        yield from response["Body"].iter_chunks(CHUNK)


# --- writing ----------------------------------------------------------------------------------------------------


def upload(bucket: Bucket, key: str, content: Content) -> bool:
    """Write a private file where nothing stands, with its SHA-256 for the store to verify; False where something does.

    The caller looks at what stands there: a store may be one that only stores the checksum.
    """
    cut = uploaded_in(bucket, content)
    if cut:
        return _in_parts(bucket, key, cut, lambda upload_id, part: _upload(bucket, key, content, upload_id, part))

    def write() -> None:
        with bucket.told("write", key), content.path.open("rb") as file:
            bucket.client.put_object(
                Bucket=bucket.name,
                Key=key,
                Body=file,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(content.sha256)).decode(),
            )

    return created(write)


def copy(bucket: Bucket, key: str, content: Content, origin: Entry) -> bool:
    """Let the store copy `origin`, which `content` was read from; False where something stands at `key` already.

    The new object takes neither metadata nor tags over. Not every store heeds the condition: the caller looks first.
    """
    source = {"Bucket": bucket.name, "Key": origin.key, "VersionId": origin.version}
    cut = copied_in(bucket, content)
    if cut:
        return _in_parts(bucket, key, cut, lambda upload_id, part: _copy(bucket, key, source, upload_id, part))

    def write() -> None:
        with bucket.told("copy to", key):
            bucket.client.copy_object(
                Bucket=bucket.name,
                Key=key,
                CopySource=source,  # type: ignore[arg-type]
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
            )

    return created(write)


def uploaded_in(bucket: Bucket, content: Content) -> tuple[Part, ...]:
    """Return the parts in which `upload` writes `content`; empty where in one."""
    limits = bucket.settings.transfer
    return parts(content.size, limits.upload_part) if content.size > limits.upload_limit else ()


def copied_in(bucket: Bucket, content: Content) -> tuple[Part, ...]:
    """Return the parts in which `copy` lets `content` be copied; empty where in one."""
    limits = bucket.settings.transfer
    return parts(content.size, limits.copy_part) if content.size > limits.copy_limit else ()


def _in_parts(
    bucket: Bucket, key: str, cut: tuple[Part, ...], send: Callable[[str, Part], CompletedPartTypeDef]
) -> bool:
    """Write an object in parts. What ends in any other way than with the whole object is taken back."""
    with bucket.told("write", key):
        begun = bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key, ChecksumAlgorithm="SHA256")
    upload_id = begun["UploadId"]
    with contextlib.ExitStack() as undo:
        undo.callback(_abort, bucket, key, upload_id)
        done = in_parallel(lambda part: send(upload_id, part), cut, bucket.settings.transfer.threads)

        def complete() -> None:
            with bucket.told("write", key):
                bucket.client.complete_multipart_upload(
                    Bucket=bucket.name,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": done},
                    IfNoneMatch="*",
                )

        try:
            written = created(complete)
        except StoreError as error:
            if error.code != "NoSuchUpload":
                raise
            written = False  # it was completed, and that answer was lost; or somebody gave it up
        if written:
            undo.pop_all()
    return written


def _upload(bucket: Bucket, key: str, content: Content, upload_id: str, part: Part) -> CompletedPartTypeDef:
    data = part.read(content.path)
    with bucket.told("write", key):
        answer = bucket.client.upload_part(
            Bucket=bucket.name,
            Key=key,
            UploadId=upload_id,
            PartNumber=part.number,
            Body=data,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=(sha256 := checksum(data)),
        )
    return {"PartNumber": part.number, "ETag": answer["ETag"], "ChecksumSHA256": sha256}


def _copy(bucket: Bucket, key: str, source: Mapping[str, str], upload_id: str, part: Part) -> CompletedPartTypeDef:
    with bucket.told("copy to", key):
        answer = bucket.client.upload_part_copy(
            Bucket=bucket.name,
            Key=key,
            UploadId=upload_id,
            PartNumber=part.number,
            CopySource=source,  # type: ignore[arg-type]
            CopySourceRange=part.range,
        )["CopyPartResult"]
    done: CompletedPartTypeDef = {"PartNumber": part.number, "ETag": answer["ETag"]}
    return {**done, "ChecksumSHA256": answer["ChecksumSHA256"]} if "ChecksumSHA256" in answer else done


def _abort(bucket: Bucket, key: str, upload_id: str) -> None:
    """Give up an upload; what cannot be given up now is the lifecycle's to expire."""
    with contextlib.suppress(LakeError), bucket.told("give up", key):
        bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload_id)
