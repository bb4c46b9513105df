"""A lake in a local folder. Made for ext4, XFS and their like: hard links, directory fsync and flock are needed.

Nothing is reached through a symbolic link: every path is walked one folder at a time with O_NOFOLLOW. What is written
appears whole or not at all: temporary file -> fsync -> link() to its key -> fsync of the folder (PROTOCOL, Rules).
Temporary files stand in `02-transient-zone/_tmp/` and are locked while their process lives:
`*.part` is being written; `*.taken` is a source on its way out (P10), and `*.origin` says where it came from.
Empty folders are left standing: an uploader may be about to use them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat as modes
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.errors import LakeError, Refused, SourceChanged, UsageError
from lakegate.lake.interface import CHUNK, KEY_LIMIT, SMALL, Content, Entry, check_key
from lakegate.lake.zones import TEMPORARY

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # NONBLOCK: a FIFO must not hold us
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_absence = contextlib.suppress(FileNotFoundError)  # what is not there is an answer, not an error
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV)


class LocalLake:
    """The folder `root` as a lake; see `lake.interface.Lake` for what each verb promises."""

    def __init__(self, root: Path) -> None:
        """`root` must be a folder.

        Raises:
            UsageError: it is not there, or is no folder.
        """
        if not root.is_dir():
            raise UsageError(f"the lake {str(root)!r} is no folder", hint="name a folder with --lake, or make it first")
        self.root = root.resolve()

    def uri(self, key: str) -> str:
        """Return the absolute path of `key`."""
        return str(self.root / check_key(key))

    def arrow(self) -> tuple[FileSystem, str]:
        """Return the file system and the lake's folder."""
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), f"{self.root}/"

    def recover(self) -> None:
        """Remove temporary files of dead processes; finish or undo what they had taken."""
        with self._told("tidy", TEMPORARY), _absence, self._folder(TEMPORARY) as tmp:
            for name in _names(tmp):
                if name.endswith((".part", ".origin")):
                    self._tidy(tmp, name)
                elif name.endswith(".spool"):
                    self._clear(tmp, name)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Make a folder in `02-transient-zone/_tmp/`, locked while its process lives."""
        with self._told("make a workspace in", TEMPORARY):
            name, folder = self._private()
        path = self.root / TEMPORARY / name
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(folder)

    def list(self, prefix: str) -> tuple[Entry, ...]:
        """Return every entry under `prefix`; what vanishes meanwhile may be missing."""
        check_key(prefix.removesuffix("/"))
        found: list[Entry] = []
        folders = [prefix.removesuffix("/")]
        while folders:
            path = folders.pop()
            with self._told("list", path), _absence, self._folder(path) as folder:
                for name in _names(folder):
                    key = f"{path}/{name}"
                    facts = _lstat(folder, name)
                    if facts is None:
                        continue
                    if modes.S_ISDIR(facts.st_mode) and len(os.fsencode(key)) < KEY_LIMIT:
                        folders.append(key)
                    else:
                        found.append(_entry(key, facts))
        return tuple(sorted(found, key=lambda entry: entry.key))

    def stat(self, key: str) -> Entry | None:
        """Return the entry at `key`; a folder is none."""
        with self._told("look at", key), _absence, self._parent(key) as (folder, name):
            facts = _lstat(folder, name)
            if facts is not None and not modes.S_ISDIR(facts.st_mode):
                return _entry(key, facts)
        return None

    def read(self, key: str) -> bytes | None:
        """Return the bytes at `key`. What is returned is durable: its writer may not yet have come to the fsync."""
        with self._told("read", key), _absence, self._parent(key) as (folder, name), _plain(folder, name, key) as file:
            if os.fstat(file).st_size > SMALL:
                raise Refused(f"{key!r} is larger than {SMALL} bytes, it cannot be a record of ours")
            os.fsync(folder)
            return b"".join(_chunks(file))
        return None

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of `entry`, looked at before and after (PROTOCOL P2)."""
        key = entry.key
        with self._told("read", key), _absence, self._parent(key) as (folder, name), _plain(folder, name, key) as file:
            if _version(os.fstat(file)) == entry.version:
                self._refuse_links(file, key)
                yield from _chunks(file)
                if _version(os.fstat(file)) == entry.version:
                    return
        raise SourceChanged(
            f"{key!r} changed while it was being read, or is gone; pinned was version {entry.version}",
            hint="let the upload end, then run again",
        )

    def sha256(self, key: str) -> str | None:
        """Return the SHA-256 of the bytes on disk."""
        with self._told("read", key), _absence, self._parent(key) as (folder, name), _plain(folder, name, key) as file:
            return _sha256(file)
        return None

    def put_if_absent(self, key: str, data: bytes, write_id: str) -> bool:
        """Write `data`; the temporary file is named after `write_id`."""
        return self._write(key, (data,), write_id)

    def place(self, key: str, content: Content) -> bool:
        """Write the spooled file; a local lake never links to what somebody else may still write to."""
        with self._told("place", key), content.path.open("rb") as spooled:
            return self._write(key, _chunks(spooled.fileno()), "data")

    def holds(self, key: str, content: Content) -> Entry | None:
        """Hash what is on disk."""
        entry = self.stat(key)
        return entry if entry is not None and self.sha256(key) == content.sha256 else None

    def replace_if(self, key: str, data: bytes, standing: Entry | None) -> bool:
        """Write a new file over the one that stands, under a lock on its folder."""
        with self._told("write", key), self._parent(key, create=True) as (folder, name):
            fcntl.flock(folder, fcntl.LOCK_EX)  # until the folder is closed
            facts = _lstat(folder, name)
            if (None if facts is None else _version(facts)) != (None if standing is None else standing.version):
                return False
            with (
                self._folder(TEMPORARY, create=True) as tmp,
                _temporary(tmp, part := f"page.{uuid.uuid4().hex}.part") as file,
            ):
                _write_all(file, data)
                os.fsync(file)
                os.rename(part, name, src_dir_fd=tmp, dst_dir_fd=folder)
                os.fsync(folder)
                return True

    def remove(self, entry: Entry, sha256: str) -> bool:
        """Take the file away under another name, so that nobody can change it, and look at it before it is deleted."""
        token = uuid.uuid4().hex
        with self._told("delete", entry.key), _absence, self._parent(entry.key) as (folder, name):
            facts = _lstat(folder, name)
            if facts is not None and not modes.S_ISREG(facts.st_mode):
                return False
            with self._folder(TEMPORARY, create=True) as tmp, _temporary(tmp, f"{token}.origin") as origin:
                _write_all(origin, json.dumps({"key": entry.key, "sha256": sha256}).encode())
                os.fsync(origin)
                os.fsync(tmp)
                os.rename(name, f"{token}.taken", src_dir_fd=folder, dst_dir_fd=tmp)
                self._settle(tmp, token, entry.key, sha256)
                return _lstat(folder, name) is None
        return True

    def discard(self, entry: Entry) -> None:
        """Unlink what stands at the key."""
        with self._told("delete", entry.key), _absence, self._parent(entry.key) as (folder, name):
            _unlink(folder, name)

    def seal(self, keys: Iterable[str]) -> None:
        """Do nothing: what is written is read-only."""

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(self, key: str, chunks: Iterable[bytes], write_id: str) -> bool:
        """Write `chunks` to a new file at `key`. After an error the temporary file is written afresh by the caller."""
        with self._told("write", key), self._parent(key, create=True) as (folder, name):
            if _lstat(folder, name) is not None:
                os.fsync(folder)  # another process may have linked it and died before its own fsync
                return False
            with (
                self._folder(TEMPORARY, create=True) as tmp,
                _temporary(tmp, part := f"{write_id}.{uuid.uuid4().hex}.part") as file,
            ):
                for chunk in chunks:
                    _write_all(file, chunk)
                os.fsync(file)
                written = self._link(tmp, part, folder, name)
                os.fsync(folder)
                return written

    def _link(self, tmp: int, temporary: str, folder: int, name: str) -> bool:
        """Give a temporary file its name; False where the name is taken."""
        try:
            os.link(temporary, name, src_dir_fd=tmp, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise Refused(
                f"the lake {str(self.root)!r} cannot make hard links: {error.strerror}",
                hint="a local lake needs one file system with link(); nothing was written",
            ) from error
        return True

    def _settle(self, tmp: int, token: str, key: str, sha256: str) -> None:
        """Delete `token`.taken if it is `sha256`, else put it back at `key`."""
        taken = f"{token}.taken"
        with _plain(tmp, taken, key) as file, self._parent(key, create=True) as (folder, name):
            if _sha256(file) != sha256:
                other = None if self._link(tmp, taken, folder, name) else _lstat(folder, name)
                if other is not None and other.st_ino != os.fstat(file).st_ino:
                    raise LakeError(
                        f"{key!r} was replaced twice while it was being deleted",
                        hint=f"the bytes of the first are kept in {TEMPORARY}/{taken}",
                    )
                os.fsync(folder)
            _unlink(tmp, taken)

    def _tidy(self, tmp: int, name: str) -> None:
        """Settle one temporary file unless its process lives."""
        with _absence, _plain(tmp, name, name) as file:
            if not _lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return
            token = name.removesuffix(".origin")
            if _lstat(tmp, f"{token}.taken") is not None:
                origin = json.loads(b"".join(_chunks(file)))
                self._settle(tmp, token, check_key(origin["key"]), origin["sha256"])
            _unlink(tmp, name)

    def _private(self) -> tuple[str, int]:
        """Make a workspace and lock it. A tidier may remove it before it is locked: another one then."""
        while True:
            with self._folder(TEMPORARY, create=True) as tmp, _absence:
                os.mkdir(name := f"{uuid.uuid4().hex}.spool", 0o700, dir_fd=tmp)
                folder = os.open(name, _FOLDER, dir_fd=tmp)
                _lock(folder, fcntl.LOCK_EX)
                if _lstat(tmp, name) is not None:
                    return name, folder
                os.close(folder)

    def _clear(self, tmp: int, name: str) -> None:
        """Remove a workspace unless its process lives."""
        with _absence:
            folder = os.open(name, _FOLDER, dir_fd=tmp)
            try:
                if _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    shutil.rmtree(name, dir_fd=tmp)
            finally:
                os.close(folder)

    # --- reaching --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _folder(self, path: str, *, create: bool = False) -> Iterator[int]:
        """Open a folder. With `create` every step is made, and made durable; else FileNotFoundError."""
        folder = os.open(self.root, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in path.split("/") if path else ():
                above = folder
                folder = _enter(above, name, create=create)
                os.close(above)
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _parent(self, key: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder of `key`; gives it with the last name of the key."""
        path, _, name = check_key(key).rpartition("/")
        with self._folder(path, create=create) as folder:
            yield folder, name

    def _refuse_links(self, file: int, key: str) -> None:
        """Refuse a file with a second name, after our own leftovers of it are cleared (INPUTS 110)."""
        if os.fstat(file).st_nlink > 1:
            with _absence, self._folder(TEMPORARY) as tmp:
                for name in _names(tmp):
                    facts = _lstat(tmp, name)
                    if facts is not None and facts.st_ino == os.fstat(file).st_ino:
                        _unlink(tmp, name)
        if os.fstat(file).st_nlink > 1:
            raise Refused(f"{key!r} is a hard link", hint="copy the file into the drop instead")

    @contextlib.contextmanager
    def _told(self, verb: str, key: str) -> Iterator[None]:
        """Tell an error of the operating system as one of the lake."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Refused(f"{key!r} leads through a symbolic link", hint="a lake holds plain files") from error
            raise LakeError(
                f"cannot {verb} {key!r} in the lake {str(self.root)!r}: {error.strerror}",
                hint="nothing was lost; mend the disk or its permissions and run again",
            ) from error


def _enter(folder: int, name: str, *, create: bool) -> int:
    """Open the folder `name` inside `folder`. A plain file in its place counts as no folder."""
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
        os.fsync(folder)  # also when it stood: whoever made it may not have come so far
    facts = _lstat(folder, name)
    if facts is not None and modes.S_ISLNK(facts.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not create and (facts is None or not modes.S_ISDIR(facts.st_mode)):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return os.open(name, _FOLDER, dir_fd=folder)


@contextlib.contextmanager
def _plain(folder: int, name: str, key: str) -> Iterator[int]:
    """Open a plain file for reading. A folder counts as no file: FileNotFoundError."""
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if modes.S_ISDIR(facts.st_mode):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not modes.S_ISREG(facts.st_mode):
        raise Refused(f"{key!r} is no plain file", hint="remove the link, pipe or device and upload the file itself")
    file = os.open(name, _FILE, dir_fd=folder)
    try:
        if not modes.S_ISREG(os.fstat(file).st_mode):
            raise Refused(f"{key!r} is no plain file", hint="it was exchanged while it was being opened")
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def _temporary(tmp: int, name: str) -> Iterator[int]:
    """Create a file, locked until it is closed and unlinked. A tidier may unlink it before it is locked: again then."""
    while True:
        file = os.open(name, _NEW, 0o444, dir_fd=tmp)
        try:
            _lock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink == 0:
                continue
            try:
                yield file
            finally:
                _unlink(tmp, name)
            return
        finally:
            os.close(file)


def _lock(file: int, how: int) -> bool:
    """Lock an open file; False where another process holds it and `how` does not wait."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def _names(folder: int) -> list[str]:
    """Return the names in an open folder, sorted."""
    return sorted(os.listdir(folder))


def _lstat(folder: int, name: str) -> os.stat_result | None:
    """Return the facts about a name, links not followed; None where it is not there."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _unlink(folder: int, name: str) -> None:
    """Unlink a name that somebody else may have unlinked already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _chunks(file: int) -> Iterator[bytes]:
    """Yield what is left of an open file."""
    while chunk := os.read(file, CHUNK):
        yield chunk


def _sha256(file: int) -> str:
    """Hash what is left of an open file."""
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _write_all(file: int, data: bytes) -> None:
    """Write all of `data`: write() may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _version(facts: os.stat_result) -> str:
    """Pin the bytes of a file. Links and permissions may change without another version."""
    return f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"


def _entry(key: str, facts: os.stat_result) -> Entry:
    """Return what was looked at as an entry."""
    modified = dt.datetime.fromtimestamp(facts.st_mtime, tz=dt.UTC)
    return Entry(key, facts.st_size, _version(facts), modified)
