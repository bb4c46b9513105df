"""What a local lake may look like after the power failed: a disk of which only what was fsynced is sure.

`Disk` stands in for `os` under a real promotion and keeps a model beside it: the bytes of a file are sure after its
fsync, a name after the fsync of its folder. Every other mkdir, link, rename and unlink may have happened or not, in any
order, and a file whose bytes are not sure may be old, torn or new. After each call `Disk` enumerates what may stand
there: every state where these are at most `few`, a seeded sample of so many where they are more.
"""

import itertools
import os
import random
import stat
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(eq=False)
class Bytes:
    """The bytes of one file: as written, and as they surely are on the disk."""

    now: bytes = b""
    sure: bytes = b""


@dataclass(eq=False)
class Change:
    """A change of names. `sure` once one of its folders was fsynced."""

    folders: tuple[str, ...]
    gone: str | None = None  # the path that goes
    came: str | None = None  # the path that comes
    file: Bytes | None = None  # what comes; None is a folder
    sure: bool = False


@dataclass(frozen=True)
class State:
    """A lake after a crash: path -> bytes, None for a folder; `linked` are paths of one and the same file."""

    tree: tuple[tuple[str, bytes | None], ...]
    linked: tuple[tuple[str, ...], ...]

    def build(self, root):
        for path, data in self.tree:
            if data is None:
                (root / path).mkdir()
            else:
                (root / path).write_bytes(data)
        for first, *others in self.linked:
            for other in others:
                (root / other).unlink()
                (root / other).hardlink_to(root / first)


@dataclass
class Disk:
    """`os` over the folder `root`; whatever it does not name is the real one's."""

    root: Path
    few: int
    seed: int = 0
    states: dict[State, int] = field(default_factory=dict)  # -> after how many calls it was first possible
    calls: int = 0

    def __post_init__(self):
        self._chance = random.Random(self.seed)
        self._files: dict[int, Bytes] = {}  # by real inode
        self._changes: list[Change] = []
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            file = None
            if path.is_file():
                data = path.read_bytes()
                file = self._files[path.stat().st_ino] = Bytes(data, data)
            self._changes.append(Change((), came=name, file=file, sure=True))

    def __getattr__(self, name):
        return getattr(os, name)

    # --- the calls that change something ---------------------------------------------------------------------------

    def open(self, path, flags, mode=0o777, *, dir_fd=None):
        file = os.open(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT:
            self._files[os.fstat(file).st_ino] = fresh = Bytes()
            self._change(came=self._path(path, dir_fd), file=fresh)
        return file

    def write(self, file, data):
        written = os.write(file, data)
        self._bytes(opened(file)).now = opened(file).read_bytes()
        self._crash()
        return written

    def fsync(self, file):
        os.fsync(file)
        self._fsynced(file)
        self._crash()

    def mkdir(self, path, mode=0o777, *, dir_fd=None):
        os.mkdir(path, mode, dir_fd=dir_fd)
        self._change(came=self._path(path, dir_fd))

    def link(self, src, dst, *, src_dir_fd, dst_dir_fd, follow_symlinks):
        self._meet(self._path(src, src_dir_fd))
        os.link(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)
        self._change(came=self._path(dst, dst_dir_fd), file=self._bytes(opened(src_dir_fd) / src))

    def rename(self, src, dst, *, src_dir_fd, dst_dir_fd):
        self._meet(self._path(src, src_dir_fd))
        file = self._bytes(opened(src_dir_fd) / src)
        os.rename(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        self._change(gone=self._path(src, src_dir_fd), came=self._path(dst, dst_dir_fd), file=file)

    def unlink(self, path, *, dir_fd):
        facts = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
        os.unlink(path, dir_fd=dir_fd)
        if facts.st_nlink == 1:
            self._files.pop(facts.st_ino, None)  # the number may be given again
        self._change(gone=self._path(path, dir_fd))

    # --- the model -------------------------------------------------------------------------------------------------

    def _path(self, name, folder):
        """The path of a name in an open folder, relative to the root."""
        return (opened(folder).readlink() / name).relative_to(self.root).as_posix()

    def _bytes(self, path):
        """The model of a file. One that was written behind our back (a spool) is met here: nothing of it is sure."""
        inode = path.stat().st_ino
        if inode not in self._files:
            self._files[inode] = Bytes(path.read_bytes())
        return self._files[inode]

    def _meet(self, path):
        """Learn of a name, and the folders above it, that came behind our back."""
        known = {change.came for change in self._changes}
        for above in [*reversed(Path(path).parents[:-1]), Path(path)]:
            if above.as_posix() not in known:
                file = None if (self.root / above).is_dir() else self._bytes(self.root / above)
                self._changes.append(Change((above.parent.as_posix(),), came=above.as_posix(), file=file))

    def _fsynced(self, file):
        if is_folder(file):
            folder = self._path(".", file)
            for change in self._changes:
                change.sure = change.sure or folder in change.folders
        else:
            data = self._bytes(opened(file))
            data.sure = data.now

    def _change(self, gone=None, came=None, file=None):
        folders = tuple(Path(path).parent.as_posix() for path in (gone, came) if path)
        self._changes.append(Change(folders, gone, came, file))
        self._crash()

    def _crash(self):
        """The power may fail now."""
        self.calls += 1
        for state in self.possible():
            self.states.setdefault(state, self.calls)

    def possible(self):
        """Yield what may stand there after a crash now; some of it more than once."""
        unsure = [change for change in self._changes if not change.sure]
        torn = [
            file for file in {id(c.file): c.file for c in self._changes if c.file}.values() if file.now != file.sure
        ]
        if 2 ** len(unsure) * 3 ** len(torn) <= self.few:
            kept = itertools.product((False, True), repeat=len(unsure))
            choices = itertools.product(kept, itertools.product(range(3), repeat=len(torn)))
        else:
            draw = self._chance.randrange
            choices = [([draw(2) for _ in unsure], [draw(3) for _ in torn]) for _ in range(self.few - 2)]
            choices += [([bit] * len(unsure), [2 * bit] * len(torn)) for bit in (0, 1)]
        for happened, data in choices:
            lost = {id(change) for change, did in zip(unsure, happened, strict=True) if not did}
            yield self._state(lost, {id(file): choice for file, choice in zip(torn, data, strict=True)})

    def _state(self, lost, found):
        tree: dict[str, Bytes | None] = {".": None}
        for change in self._changes:
            if id(change) in lost:
                continue
            tree.pop(change.gone, None)
            if change.came and Path(change.came).parent.as_posix() in tree:
                tree[change.came] = change.file
        del tree["."]
        names: dict[int, list[str]] = {}
        for path, file in tree.items():
            if file is not None:
                names.setdefault(id(file), []).append(path)
        linked = tuple(sorted(tuple(paths) for paths in names.values() if len(paths) > 1))
        return State(tuple(sorted((path, _read(file, found)) for path, file in tree.items())), linked)


def _read(file, found):
    """What is read after the crash: the old bytes, half of the new ones, or all."""
    if file is None:
        return None
    return (file.sure, file.now[: len(file.now) // 2], file.now)[found.get(id(file), 2)]


def opened(file):
    """The path by which an open file or folder is reached, deleted or not."""
    return Path(f"/proc/self/fd/{file}")


def is_folder(file):
    return stat.S_ISDIR(os.fstat(file).st_mode)
