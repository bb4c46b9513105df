"""What a lake can do: the few verbs that a local folder and an S3 bucket both keep honestly.

Every write but one is "if absent": nothing in a lake is ever overwritten by the gate but shared pages. One primitive
is trusted by the protocol, `put_if_absent` of a small object; data is looked at before and after it is placed.
Keys are `/`-separated, relative to the lake's root, without a leading slash. A lake knows no contract and no verdict.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lakegate.errors import Refused

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

KEY_LIMIT = 1024  # bytes of UTF-8, S3's own limit
SMALL = 64 * 1024 * 1024  # bytes; what `Lake.read` reads at most: records, manifests, reports
CHUNK = 256 * 1024  # bytes a step of streaming, hashing, copying; larger writes cost ext4 twice the CPU


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as it stood when it was looked at. `size` in bytes, `modified` in UTC.

    `version` pins the bytes: two entries of one key with the same version hold the same bytes. S3: the VersionId, else
    the ETag. Local: inode, size and time of change.
    """

    key: str
    size: int
    version: str
    modified: dt.datetime


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to be placed: a private local file, already hashed, and the entry they were read from (None: we made them).

    The lake decides how: S3 copies server-side from `origin` where that has a VersionId, else uploads `path`; a local
    lake gives `path` its second name where it lies in the lake's own `workspace`, else it writes from `path`.
    """

    path: Path
    size: int
    sha256: str
    origin: Entry | None = None


class Lake(Protocol):
    """A bucket, or a folder of the same layout.

    Every verb raises `LakeError` where the lake cannot be read or written, and `Refused` for an unsafe key
    (`check_key`) or what is no plain file (symlink, FIFO, hard link).
    """

    def uri(self, key: str) -> str:
        """Return where a reader outside finds `key`: an absolute path, or `s3://bucket/key`."""

    def arrow(self) -> tuple[FileSystem, str]:
        """Return pyarrow's way to the same objects, and what it puts before a key. For reading only."""

    def recover(self) -> None:
        """Finish or undo every `remove` that a killed process left half done. Safe beside live ones.

        And remove the workspaces that it left. S3: only these, its delete is one request.
        """

    def workspace(self) -> AbstractContextManager[Path]:
        """Hand out a private folder for copies of what is read (PROTOCOL P3); it is removed on the way out.

        Local: mode 0700 on the lake's own file system, so that `place` need not write the bytes again. S3: in the
        machine's folder for temporary files. What a killed process left there is removed by `recover`.
        """

    def list(self, prefix: str) -> tuple[Entry, ...]:
        """Return everything under `prefix` (it ends in `/`), ordered by key. Empty where there is nothing.

        What is no plain file is listed like one, and refused when read. S3: ListObjectVersions, latest only.
        """

    def stat(self, key: str) -> Entry | None:
        """Return the entry now at `key`, None where there is none. S3: HeadObject."""

    def brought_by(self, entry: Entry) -> tuple[str, ...]:
        """Return who brought exactly this version, as far as the lake tells; empty where nobody is named.

        Local: the name of the file's owner. S3: HeadObject, `uploader` in the metadata; an owner there is an account.

        Raises:
            SourceChanged: it is gone, or another version stands there.
        """

    def read(self, key: str) -> bytes | None:
        """Return a small object's bytes, None where there is none. S3: GetObject.

        Raises:
            Refused: it is larger than `SMALL`.
        """

    def read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what `read` gives for each key, in their order. S3: several requests at once."""

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of exactly this version. S3: GetObject with VersionId, else If-Match.

        Raises:
            SourceChanged: it is gone or is another version; raised at the first or after the last bytes.
        """

    def sha256(self, key: str) -> str | None:
        """Return the SHA-256 (hex) of what stands at `key`, None where nothing does.

        S3: the checksum the store computed and keeps, else a read of the whole object.
        """

    def put_if_absent(self, key: str, data: bytes, write_id: str) -> bool:
        """Write a small object durably; False where `key` already stands, which then is untouched.

        An error leaves open whether it was written: read back. S3: PutObject with If-None-Match: *, and `write_id` in
        the object's metadata.
        """

    def place(self, key: str, content: Content) -> bool:
        """Write data durably; False where `key` already stands, which then is untouched. The caller verifies.

        S3: CopyObject or UploadPartCopy from a VersionId, else PutObject or a multipart upload with If-None-Match: *.
        """

    def holds(self, key: str, content: Content) -> Entry | None:
        """Return the entry at `key` if what stands there is exactly `content`'s bytes, else None (PROTOCOL P7).

        The store is asked, never believed by its size or ETag alone. S3: the SHA-256 that the store computed, of the
        whole object or of its parts, else a read of the whole object.
        """

    def replace_if(self, key: str, data: bytes, standing: Entry | None) -> bool:
        """Write a shared page over `standing`, None where nothing stood; False where something else stands there now.

        Only for renderings, which can be made again (PROTOCOL, Rules). S3: PutObject with If-Match: the ETag.
        """

    def remove(self, entry: Entry, sha256: str) -> bool:
        """Delete what stands at `entry.key` if it is that entry still, and these bytes (PROTOCOL P10).

        Nothing there counts as deleted. False: something else stands there, and is kept; so are the same bytes uploaded
        again, for they may be part of a newer arrival. S3: DeleteObject with If-Match and no VersionId; a bucket
        without versions cannot tell the same bytes apart.
        """

    def discard(self, entry: Entry) -> None:
        """Delete garbage: whatever stands at `entry.key`. Only for keys that no record can name any more (gc).

        Nothing there counts as deleted. S3: every version of the key, oldest first.
        """

    def seal(self, keys: Iterable[str]) -> None:
        """Protect committed objects from deletion where the lake is set up for it (PROTOCOL P9). Again is harmless.

        S3: PutObjectRetention, where the gate's settings name a retention. Local: nothing, its files are read-only.
        """


def check_key(key: str) -> str:
    """Return `key` if it may name an object.

    Raises:
        Refused: it is empty, absolute, over 1024 bytes, not UTF-8, or holds `.`, `..` or empty segments, a backslash
            or a control character (INPUTS 111).
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise Refused(f"the key {key!r} is not UTF-8", hint="rename the file") from None
    if size > KEY_LIMIT:
        raise Refused(f"the key {key[:80]!r}… is {size} bytes long, at most {KEY_LIMIT} are allowed")
    if any(unicodedata.category(c) == "Cc" for c in key) or "\\" in key:
        raise Refused(f"the key {key!r} holds a control character or a backslash", hint="rename the file")
    if any(segment in ("", ".", "..") for segment in key.split("/")):
        raise Refused(f"the key {key!r} is absolute or holds an empty segment, '.' or '..'")
    return key
