"""Whether a local file is still what it was when it was read, told without reading it again (docs/adr/0012).

The kernel moves a file's ctime with every write, and nobody can set it back: the same ctime, the same bytes. Where that
could be wrong there is no look at all, and the file has to be hashed:
- a file system that does not keep its times so (memory maps on tmpfs, caches of NFS): only `KEEPS_TIME` is believed;
- a change so shortly before the look that the next one could bear the same time: it must be `CALM` old;
- a writer through a memory map, which moves the time only when it first touches a clean page: fsync cleans them all;
- a `write()` on its way, which moved the time when it began: asking for a hole waits for it (on XFS reading does).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from lakegate.lake.interface import Entry

WORTH = 8 * 1024 * 1024  # bytes; to hash a smaller file again costs less than an fsync
CALM = 2_000_000_000  # ns; the coarsest clock of a file system ticks once a second
KEEPS_TIME = ("ext4", "xfs")


@dataclass(frozen=True, slots=True)
class Look:
    """What the kernel says of a file's inode; times in ns."""

    inode: int
    size: int
    modified: int
    changed: int


def of(facts: os.stat_result) -> Look:
    """Return what `facts` say."""
    return Look(facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def before_reading(file: int) -> Look | None:
    """Look at an open file. None: another look that is the same would prove nothing."""
    facts = os.fstat(file)
    if facts.st_size < WORTH or file_system(facts.st_dev) not in KEEPS_TIME:
        return None
    os.fsync(file)
    os.lseek(file, 0, os.SEEK_HOLE)
    os.lseek(file, 0, os.SEEK_SET)
    look = of(os.fstat(file))
    return look if time.time_ns() - look.changed > CALM else None


def file_system(device: int) -> str:
    """Return the type of the file system on `device`, empty where the kernel does not tell."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text()
    except OSError:
        return ""
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        if mount.split()[2] == f"{os.major(device)}:{os.minor(device)}":
            return source.split()[0]
    return ""


class Witness:
    """What one lake object has read to the end, how it looked before, and which SHA-256 that came to."""

    def __init__(self) -> None:
        """Nothing has been read."""
        self._looks: dict[Entry, Look] = {}
        self._hashes: dict[Entry, str] = {}

    def read(self, entry: Entry, look: Look | None) -> None:
        """Remember that `entry` was read whole since `look`."""
        self._hashes.pop(entry, None)
        if look is not None:
            self._looks[entry] = look

    def came_to(self, entry: Entry, sha256: str) -> None:
        """Remember the hash of what was read."""
        if entry in self._looks:
            self._hashes[entry] = sha256

    def vouches(self, entry: Entry, sha256: str, facts: os.stat_result) -> bool:
        """Whether the file of these `facts` still holds what was read from `entry`, and that was `sha256`. Once."""
        look, known = self._looks.pop(entry, None), self._hashes.pop(entry, None)
        return known == sha256 and look == of(facts)
