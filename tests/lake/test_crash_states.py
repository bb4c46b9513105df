"""The power fails during a promotion: whatever the disk then holds, nothing is lost and one clean run ends right."""

import shutil
import tempfile
from pathlib import Path

import pytest

from gate import invariants
from gate.scene import DROP, FILES, TARGET, run
from lake.crash_states import Disk, is_folder
from lakegate.lake import local, posix
from lakegate.lake.local import LocalLake

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - private folders are made in it
FAILING = {**FILES, "a.csv": b"id\nbad\n"}
COMMIT = TARGET.commit("b1", 1)


@pytest.fixture
def room():
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder).resolve()


class Rival(Disk):
    """Another promoter commits the batch, and is told so, just before this one's record is linked."""

    record = None

    def link(self, src, dst, **where):
        if self.record is None and self._path(dst, where["dst_dir_fd"]) == COMMIT:
            self.record = b""  # the rival's own link comes by here
            run(LocalLake(self.root))
            self.record = (self.root / COMMIT).read_bytes()
        self.name(src, dst, **where)

    def name(self, src, dst, **where):
        super().link(src, dst, **where)


class RenameForLink(Rival):
    def name(self, src, dst, *, src_dir_fd, dst_dir_fd, follow_symlinks):
        self.rename(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)


class NoFolderSync(Disk):
    def _fsynced(self, file):
        if not is_folder(file):
            super()._fsynced(file)


class NoFileSync(Disk):
    def _fsynced(self, file):
        if is_folder(file):
            super()._fsynced(file)


class LateCommitSync(Disk):
    """The commit's folder is synced only after a source was unlinked."""

    def _fsynced(self, file):
        unlinked = any(change.gone and change.gone.endswith(".taken") for change in self._changes)
        if unlinked or self._path(".", file) != COMMIT.rpartition("/")[0]:
            super()._fsynced(file)


def crash_everywhere(room, files, kind, few):
    """Promote over a disk of this kind, check every state it may leave, and return how many there were."""
    for path, data in files.items():
        (room / "lake" / DROP / path).parent.mkdir(parents=True, exist_ok=True)
        (room / "lake" / DROP / path).write_bytes(data)
    disk = kind(room / "lake", few)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "os", disk)
        patch.setattr(posix, "os", disk)
        done = run(LocalLake(disk.root))
    acknowledged = getattr(disk, "record", None) or (done.record.to_json() if done.record else None)
    for state in disk.possible():
        assert dict(state.tree).get(COMMIT) == acknowledged, "I1, I9: what was told to be committed stands unchanged"
    for number, (state, first) in enumerate(disk.states.items()):
        root = room / str(number)
        root.mkdir()
        state.build(root)
        try:
            recovers(LocalLake(root), files)
        except AssertionError as error:
            error.add_note(f"after call {first}: {state}")
            raise
        shutil.rmtree(root)
    return len(disk.states)


def recovers(lake, files):
    invariants.holds(lake, files)
    done = run(lake)
    invariants.holds(lake, files)
    invariants.ends_right(lake, done, files)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "kind", "few", "at_least"),
    [(FILES, Disk, 24, 900), (FAILING, Disk, 6, 200), (FILES, Rival, 4, 300)],
    ids=["pass", "fail", "rival"],
)
def test_whatever_the_power_failure_left_one_clean_run_ends_right(room, files, kind, few, at_least):
    assert crash_everywhere(room, files, kind, few) >= at_least


@pytest.mark.parametrize("bug", [NoFolderSync, NoFileSync, RenameForLink, LateCommitSync])
def test_a_planted_bug_is_found(room, bug):
    with pytest.raises(AssertionError, match=r"I\d+"):
        crash_everywhere(room, FILES, bug, 12)
