"""Files and folders reached one name at a time, from an open folder, and never through a symbolic link.

Every function takes and gives file descriptors; an OSError is the caller's to tell.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import pwd
import stat as modes
from collections.abc import Iterator

from lakegate.errors import Refused
from lakegate.lake.interface import CHUNK

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # NONBLOCK: a FIFO must not hold us
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def owner(facts: os.stat_result) -> str:
    """Return the name of the user whom a file belongs to, its number where it has no name."""
    try:
        return pwd.getpwuid(facts.st_uid).pw_name
    except KeyError:
        return str(facts.st_uid)


def enter(folder: int, name: str) -> int:
    """Open the folder `name` inside `folder`. A plain file in its place counts as no folder."""
    facts = lstat(folder, name)
    if facts is not None and modes.S_ISLNK(facts.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if facts is None or not modes.S_ISDIR(facts.st_mode):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return os.open(name, FOLDER, dir_fd=folder)


def make(folder: int, name: str, durable: set[tuple[int, int]]) -> None:
    """Make the folder `name` inside `folder` where it is missing, and make it durable: its maker may not have done so.

    `durable` holds the (device, inode) of folders that need no more fsync; nobody of ours ever removes one.
    """
    facts = lstat(folder, name)
    if facts is None or (facts.st_dev, facts.st_ino) not in durable:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        os.fsync(folder)
        durable.add((facts.st_dev, facts.st_ino))


@contextlib.contextmanager
def plain(folder: int, name: str, key: str) -> Iterator[int]:
    """Open a plain file for reading. A folder counts as no file: FileNotFoundError."""
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if modes.S_ISDIR(facts.st_mode):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not modes.S_ISREG(facts.st_mode):
        raise Refused(f"{key!r} is no plain file", hint="remove the link, pipe or device and upload the file itself")
    file = os.open(name, FILE, dir_fd=folder)
    try:
        if not modes.S_ISREG(os.fstat(file).st_mode):
            raise Refused(f"{key!r} is no plain file", hint="it was exchanged while it was being opened")
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def temporary(tmp: int, name: str) -> Iterator[int]:
    """Create a file, locked until it is closed and unlinked. A tidier may unlink it before it is locked: again then."""
    while True:
        file = os.open(name, NEW, 0o444, dir_fd=tmp)
        try:
            lock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink == 0:
                continue
            try:
                yield file
            finally:
                unlink(tmp, name)
            return
        finally:
            os.close(file)


def lock(file: int, how: int) -> bool:
    """Lock an open file; False where another process holds it and `how` does not wait."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def names(folder: int) -> list[str]:
    """Return the names in an open folder, sorted."""
    return sorted(os.listdir(folder))


def links(folder: int, inode: int) -> Iterator[str]:
    """Yield the names of one file in and below an open folder, relative to it; what vanishes may be missing."""
    for above, _, found, inside in os.fwalk(".", dir_fd=folder):
        for name in found:
            facts = lstat(inside, name)
            if facts is not None and facts.st_ino == inode:
                yield f"{above}/{name}".removeprefix("./")


def lstat(folder: int, name: str) -> os.stat_result | None:
    """Return the facts about a name, links not followed; None where it is not there."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def unlink(folder: int, name: str) -> None:
    """Unlink a name that somebody else may have unlinked already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def chunks(file: int) -> Iterator[bytes]:
    """Yield what is left of an open file."""
    while chunk := os.read(file, CHUNK):
        yield chunk


def sha256(file: int) -> str:
    """Hash what is left of an open file."""
    digest = hashlib.sha256()
    for chunk in chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def write_all(file: int, data: bytes) -> None:
    """Write all of `data`: write() may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
