"""A lake in a local folder. Made for ext4, XFS and their like: hard links, directory fsync and flock are needed.

Nothing is reached through a symbolic link: every path is walked one folder at a time with O_NOFOLLOW. What is written
appears whole or not at all: temporary file -> fsync -> link() to its key -> fsync of the folder (PROTOCOL, Rules).
Temporary files stand in `02-transient-zone/_tmp/` and are locked while their process lives:
`*.part` is being written; `*.taken` is a source on its way out (P10), and `*.origin` says where it came from; without
its `.origin` it is on its way no more, and only a power failure brought it back; `*.kept` waits for a human;
`*.spool/` is a workspace, and a file in it that is placed gets its key as a second name (docs/adr/0012).
Empty folders are left standing: an uploader may be about to use them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import json
import os
import stat as modes
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.errors import LakeError, Refused, SourceChanged, UsageError
from lakegate.lake import posix, unchanged, workspace
from lakegate.lake.interface import KEY_LIMIT, SMALL, Content, Entry, check_key
from lakegate.lake.zones import TEMPORARY

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

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
        self._witness = unchanged.Witness()
        self._durable: set[tuple[int, int]] = set()  # folders, see posix.make

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
            for name in posix.names(tmp):
                if name.endswith((".part", ".origin")):
                    self._tidy(tmp, name)
                elif name.endswith(workspace.SUFFIX):
                    workspace.clear(tmp, name)
                elif name.endswith(".taken") and posix.lstat(tmp, name.replace(".taken", ".origin")) is None:
                    posix.unlink(tmp, name)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Make a folder in `02-transient-zone/_tmp/`, locked while its process lives."""
        with self._told("make a workspace in", TEMPORARY), self._folder(TEMPORARY, create=True) as tmp:
            name, folder = workspace.make(tmp)
        with workspace.held(self.root / TEMPORARY / name, folder) as path:
            yield path

    def list(self, prefix: str) -> tuple[Entry, ...]:
        """Return every entry under `prefix`; what vanishes meanwhile may be missing."""
        check_key(prefix.removesuffix("/"))
        found: list[Entry] = []
        folders = [prefix.removesuffix("/")]
        while folders:
            path = folders.pop()
            with self._told("list", path), _absence, self._folder(path) as folder:
                for name in posix.names(folder):
                    key = f"{path}/{name}"
                    facts = posix.lstat(folder, name)
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
            facts = posix.lstat(folder, name)
            if facts is not None and not modes.S_ISDIR(facts.st_mode):
                return _entry(key, facts)
        return None

    def brought_by(self, entry: Entry) -> tuple[str, ...]:
        """Return the name of the file's owner, its number where it has none."""
        with self._told("look at", entry.key), _absence, self._parent(entry.key) as (folder, name):
            facts = posix.lstat(folder, name)
            if facts is not None and _version(facts) == entry.version:
                return (posix.owner(facts),)
        raise _changed(entry)

    def read(self, key: str) -> bytes | None:
        """Return the bytes at `key`. What is returned is durable: its writer may not yet have come to the fsync."""
        with self._told("read", key), _absence, self._standing(key) as (folder, file):
            if os.fstat(file).st_size > SMALL:
                raise Refused(f"{key!r} is larger than {SMALL} bytes, it cannot be a record of ours")
            os.fsync(folder)
            return b"".join(posix.chunks(file))
        return None

    def read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Read one after another."""
        return [self.read(key) for key in keys]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of `entry`, looked at before and after (PROTOCOL P2)."""
        key = entry.key
        with self._told("read", key), _absence, self._standing(key) as (_, file):
            look = unchanged.before_reading(file)
            if _version(os.fstat(file)) == entry.version:
                self._refuse_links(file, key)
                yield from posix.chunks(file)
                if _version(os.fstat(file)) == entry.version:
                    self._witness.read(entry, look)
                    return
        raise _changed(entry)

    def sha256(self, key: str) -> str | None:
        """Return the SHA-256 of the bytes on disk."""
        with self._told("read", key), _absence, self._standing(key) as (_, file):
            return posix.sha256(file)
        return None

    def put_if_absent(self, key: str, data: bytes, write_id: str) -> bool:
        """Write `data`; the temporary file is named after `write_id`."""
        return self._write(key, (data,), write_id)

    def place(self, key: str, content: Content) -> bool:
        """Give a file of a workspace its second name; write from any that somebody else could still write to."""
        with self._told("place", key):
            if content.path.is_relative_to(self.root / TEMPORARY):
                own = content.path.relative_to(self.root).as_posix()
                with self._parent(own) as (spool, part), posix.plain(spool, part, own) as file:
                    if _is_sole(os.fstat(file), content.size):
                        with self._parent(key, create=True) as (folder, name):
                            return not _stands(folder, name) and self._publish(file, spool, part, folder, name)
            with content.path.open("rb") as spooled:
                return self._write(key, posix.chunks(spooled.fileno()), "data")

    def holds(self, key: str, content: Content) -> Entry | None:
        """Hash what is on disk."""
        entry = self.stat(key)
        if entry is None or self.sha256(key) != content.sha256:
            return None
        if content.origin is not None:
            self._witness.came_to(content.origin, content.sha256)
        return entry

    def replace_if(self, key: str, data: bytes, standing: Entry | None) -> bool:
        """Write a new file over the one that stands, under a lock on its folder."""
        with self._told("write", key), self._parent(key, create=True) as (folder, name):
            fcntl.flock(folder, fcntl.LOCK_EX)  # until the folder is closed
            facts = posix.lstat(folder, name)
            if (None if facts is None else _version(facts)) != (None if standing is None else standing.version):
                return False
            with (
                self._folder(TEMPORARY, create=True) as tmp,
                posix.temporary(tmp, part := f"page.{uuid.uuid4().hex}.part") as file,
            ):
                posix.write_all(file, data)
                os.fsync(file)
                os.rename(part, name, src_dir_fd=tmp, dst_dir_fd=folder)
                os.fsync(folder)
                return True

    def remove(self, entry: Entry, sha256: str) -> bool:
        """Take the file away under another name, so that nobody can change it, and look at it before it is deleted."""
        token = uuid.uuid4().hex
        with self._told("delete", entry.key), _absence, self._parent(entry.key) as (folder, name):
            facts = posix.lstat(folder, name)
            if facts is not None and not (modes.S_ISREG(facts.st_mode) and _version(facts) == entry.version):
                return False
            proved = facts is not None and self._witness.vouches(entry, sha256, facts)
            with self._folder(TEMPORARY, create=True) as tmp, posix.temporary(tmp, f"{token}.origin") as origin:
                asked = {"key": entry.key, "version": entry.version, "sha256": sha256}
                posix.write_all(origin, json.dumps(asked).encode())
                os.fsync(origin)
                os.fsync(tmp)
                os.rename(name, f"{token}.taken", src_dir_fd=folder, dst_dir_fd=tmp)
                self._settle(tmp, token, entry.key, entry.version, None if proved else sha256)
                return posix.lstat(folder, name) is None
        return True

    def discard(self, entry: Entry) -> None:
        """Unlink what stands at the key."""
        with self._told("delete", entry.key), _absence, self._parent(entry.key) as (folder, name):
            posix.unlink(folder, name)

    def seal(self, keys: Iterable[str]) -> None:
        """Do nothing: what is written is read-only."""

    # --- writing ---------------------------------------------------------------------------------------------------

    def _write(self, key: str, chunks: Iterable[bytes], write_id: str) -> bool:
        """Write `chunks` to a new file at `key`. After an error the temporary file is written afresh by the caller."""
        with self._told("write", key), self._parent(key, create=True) as (folder, name):
            if _stands(folder, name):
                return False
            with (
                self._folder(TEMPORARY, create=True) as tmp,
                posix.temporary(tmp, part := f"{write_id}.{uuid.uuid4().hex}.part") as file,
            ):
                for chunk in chunks:
                    posix.write_all(file, chunk)
                return self._publish(file, tmp, part, folder, name)

    def _publish(self, file: int, above: int, part: str, folder: int, name: str) -> bool:
        """Make `file`, which is `part` in the folder `above`, durable under its name; False where that is taken."""
        os.fsync(file)
        written = self._link(above, part, folder, name)
        os.fsync(folder)
        return written

    def _link(self, tmp: int, part: str, folder: int, name: str) -> bool:
        """Give a temporary file its name; False where the name is taken."""
        try:
            os.link(part, name, src_dir_fd=tmp, dst_dir_fd=folder, follow_symlinks=False)
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

    def _settle(self, tmp: int, token: str, key: str, version: str, sha256: str | None) -> None:
        """Delete `token`.taken if it is this version of `key` and `sha256` (None: that is proved), else put it back."""
        taken = f"{token}.taken"
        with posix.plain(tmp, taken, key) as file:
            if _version(os.fstat(file)) != version or (sha256 and posix.sha256(file) != sha256):
                self._put_back(tmp, taken, key, os.fstat(file).st_ino)
            posix.unlink(tmp, taken)

    def _put_back(self, tmp: int, taken: str, key: str, inode: int) -> None:
        """Give a file that was taken its key again.

        Raises:
            LakeError: something else stands there; what was taken is kept.
        """
        with self._parent(key, create=True) as (folder, name):
            other = None if self._link(tmp, taken, folder, name) else posix.lstat(folder, name)
            if other is not None and other.st_ino != inode:
                kept = taken.replace(".taken", ".kept")
                os.rename(taken, kept, src_dir_fd=tmp, dst_dir_fd=tmp)
                os.fsync(tmp)
                raise LakeError(
                    f"{key!r} was replaced twice while it was being deleted",
                    hint=f"the bytes of the first are kept in {TEMPORARY}/{kept}",
                )
            os.fsync(folder)

    def _tidy(self, tmp: int, name: str) -> None:
        """Settle one temporary file unless its process lives."""
        with _absence, posix.plain(tmp, name, name) as file:
            if not posix.lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return
            token = name.removesuffix(".origin")
            if posix.lstat(tmp, f"{token}.taken") is not None:
                origin = json.loads(b"".join(posix.chunks(file)))
                self._settle(tmp, token, check_key(origin["key"]), origin["version"], origin["sha256"])
            posix.unlink(tmp, name)

    # --- reaching --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _folder(self, path: str, *, create: bool = False) -> Iterator[int]:
        """Open a folder. With `create` every step is made, and made durable; else FileNotFoundError."""
        folder = os.open(self.root, posix.FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in path.split("/") if path else ():
                above = folder
                if create:
                    posix.make(above, name, self._durable)
                folder = posix.enter(above, name)
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

    @contextlib.contextmanager
    def _standing(self, key: str) -> Iterator[tuple[int, int]]:
        """Open the plain file at `key`; gives it after its folder. FileNotFoundError where there is none."""
        with self._parent(key) as (folder, name), posix.plain(folder, name, key) as file:
            yield folder, file

    def _refuse_links(self, file: int, key: str) -> None:
        """Refuse a file with a second name (INPUTS 110) that is not in a workspace; leftovers of ours are cleared."""
        if os.fstat(file).st_nlink == 1:
            return
        own = 0
        with _absence, self._folder(TEMPORARY) as tmp:
            for path in posix.links(tmp, os.fstat(file).st_ino):
                if "/" in path:
                    own += 1
                else:
                    posix.unlink(tmp, path)
        if os.fstat(file).st_nlink > 1 + own:
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


def _stands(folder: int, name: str) -> bool:
    """Whether something stands under a name, durably: another process may have linked it and died before its fsync."""
    if posix.lstat(folder, name) is None:
        return False
    os.fsync(folder)
    return True


def _changed(entry: Entry) -> SourceChanged:
    return SourceChanged(
        f"{entry.key!r} changed while it was being read, or is gone; pinned was version {entry.version}",
        hint="let the upload end, then run again",
    )


def _version(facts: os.stat_result) -> str:
    """Pin the bytes of a file. Links and permissions may change without another version."""
    return f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"


def _entry(key: str, facts: os.stat_result) -> Entry:
    """Return what was looked at as an entry."""
    modified = dt.datetime.fromtimestamp(facts.st_mtime, tz=dt.UTC)
    return Entry(key, facts.st_size, _version(facts), modified)


def _is_sole(facts: os.stat_result, size: int) -> bool:
    """Whether a file may get its key as a second name: whole, of one name, ours, and open to nobody for writing."""
    ours = facts.st_uid == os.geteuid() and not modes.S_IMODE(facts.st_mode) & 0o222
    return ours and facts.st_nlink == 1 and facts.st_size == size
