"""The folder under a local lake: what its file system does, who may write where, what killed runs left in it."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lakegate.errors import LakeError, UsageError
from lakegate.lake.local import LocalLake
from lakegate.lake.store import Finding, Leftover, Need, Rights, Setting, Setup
from lakegate.lake.zones import NO_SOURCES, TEMPORARY, TRANSIENT, ZONES

LEAST_FREE = 0.05  # of the disk
KINDS = {
    ".part": "a file that a dead run was writing",
    ".spool": "private copies of a dead run",
    ".taken": "a source that a dead run was deleting: deleted if it is committed, else put back",
    ".origin": "the note of where such a source came from",
    ".kept": "a source that was replaced twice while it was being deleted",
}


class LocalStore:
    """The folder at `root`, which need not be there; see `lake.store.Store` for what each verb promises."""

    made_unasked = True

    def __init__(self, root: Path) -> None:
        """Open nothing yet."""
        self._root = root
        self.address = str(root)

    def exists(self) -> bool:
        """Whether the folder is there."""
        return self._root.is_dir()

    def create(self, setup: Setup) -> None:  # noqa: ARG002 - a folder is made the same way for every wish
        """Make the folder, and the folders above it."""
        with _told(f"cannot make the folder {self.address!r}"):
            self._root.mkdir(parents=True)

    def lake(self) -> LocalLake:
        """Open the folder as a lake."""
        return LocalLake(self._root)

    def settings(self, setup: Setup) -> tuple[Setting, ...]:
        """Return none: a folder has none."""
        asked = {
            "--object-lock": setup.object_lock,
            "--kms-key": setup.kms_key is not None,
            "--expire-quarantine": setup.expire_quarantine is not None,
        }
        for option in (option for option, given in asked.items() if given):
            raise UsageError(f"{option} is a setting of a bucket, and {self.address!r} is a folder")
        return ()

    def facts(self) -> tuple[Finding, ...]:
        """Try links and flock in a private folder; look at the devices and at the room left."""
        with self.lake().workspace() as folder, _told(f"cannot try the file system of {self.address!r}"):
            (folder / "probe").write_bytes(b"probe")
            tried = (
                _fact("hard links", _links(folder), "what is written appears whole"),
                _fact("flock", _locks(folder), "live runs are told from dead"),
                _fact("one file system", self._one_device(folder), "files are linked into place"),
            )
        return (*tried, self._room())

    def rights(self, folder: str) -> Rights:
        """Ask the operating system for the folder, or for what it would be made in."""
        path = self._root / folder
        while not path.exists():
            path = path.parent
        enter = os.access(path, os.X_OK, effective_ids=True)
        read = enter and os.access(path, os.R_OK, effective_ids=True)
        write = enter and os.access(path, os.W_OK, effective_ids=True)
        return Rights(read, read, write, write, delete_follows_write=True)

    def leftovers(self, before: dt.datetime) -> tuple[Leftover, ...]:  # noqa: ARG002 - a lock tells who is alive
        """Return what lies in `02-transient-zone/_tmp/` and no live run holds the lock of."""
        folder = self._root / TEMPORARY
        with _told(f"cannot list {TEMPORARY!r} in {self.address!r}"):
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
            return tuple(found for path in paths if (found := _leftover(path)) is not None)

    def clear(self, leftover: Leftover) -> bool:
        """Let the lake settle what dead runs left, and say whether this is gone."""
        lake = self.lake()
        lake.recover()
        entry = lake.stat(leftover.key) if leftover.sha256 is not None else None  # no run will ever settle it
        if entry is not None:
            lake.discard(entry)
        return not os.path.lexists(self._root / leftover.key)

    def _one_device(self, workspace: Path) -> bool:
        """Whether every zone that is there lies on the file system of the temporary files."""
        here = workspace.stat().st_dev
        folders = [self._root / name for name in (*ZONES, "references", "log/gate")]
        return all(folder.stat().st_dev == here for folder in folders if folder.is_dir())

    def _room(self) -> Finding:
        """Tell how much room is left."""
        with _told(f"cannot ask for the room left in {self.address!r}"):
            usage = shutil.disk_usage(self._root)
        return Finding(
            "free space",
            f"{usage.free / 1e9:,.1f} of {usage.total / 1e9:,.1f} GB",
            f"{LEAST_FREE:.0%} or more",
            Need.SHOULD,
            usage.free >= LEAST_FREE * usage.total,
            "room for a batch, and its quarantine",
            f"make room: {TRANSIENT}/{NO_SOURCES[0]}, {TRANSIENT}/{NO_SOURCES[1]} and old quarantine go first",
        )


def _leftover(path: Path) -> Leftover | None:
    """Return one entry of the temporary folder; None where it is a live run's, or went meanwhile."""
    origin = path.with_suffix(".origin")
    try:
        alone = path.suffix == ".kept"
        if path.suffix in KINDS and _held(origin if path.suffix == ".taken" and origin.exists() else path):
            return None
        facts = path.lstat()
        inside = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        size = sum(file.lstat().st_size for file in inside)
        sha256 = _sha256(path) if alone else None
    except FileNotFoundError:
        return None
    what = KINDS.get(path.suffix, "a stray file")
    kept = "" if path.suffix in KINDS else "lakegate did not make it; look at it"
    modified = dt.datetime.fromtimestamp(facts.st_mtime, tz=dt.UTC)
    return Leftover(f"{TEMPORARY}/{path.name}", what, size, modified, kept, sha256)


def _sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _held(path: Path) -> bool:
    """Whether a live process holds the lock of a file or folder."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _links(folder: Path) -> bool:
    """Whether a file can have a second name, and a taken name is refused."""
    try:
        os.link(folder / "probe", folder / "linked")
        os.link(folder / "probe", folder / "linked")
    except FileExistsError:
        return True
    except OSError:
        return False
    return False


def _locks(folder: Path) -> bool:
    """Whether a lock that is held is refused to the next who asks."""
    with (folder / "probe").open("rb") as first, (folder / "probe").open("rb") as second:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def _fact(what: str, held: bool, means: str) -> Finding:  # noqa: FBT001 - the answer itself
    """Return a fact about a file system that every promotion needs."""
    got = "yes" if held else "no"
    return Finding(what, got, "yes", Need.MUST, held, means, "put one file system below it all: ext4, XFS, their like")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell an error of the operating system as one of the lake."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{what}: {error.strerror}", hint="mend the disk or its permissions and run again") from error
