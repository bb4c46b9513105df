"""What only a local folder can do wrong: links, pipes, full disks, killed processes."""

import dataclasses
import errno
import hashlib
import json
import os

import pytest

from lakegate.errors import LakeError, Refused, SourceChanged, UsageError
from lakegate.lake import local as module
from lakegate.lake import posix
from lakegate.lake.interface import Entry
from lakegate.lake.local import LocalLake
from lakegate.lake.zones import TEMPORARY

KEY = "02-transient-zone/nyc/flights/b1/a.csv"
SHA = hashlib.sha256(b"data").hexdigest()


@pytest.fixture
def root(tmp_path):
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_bytes(b"data")
    (tmp_path / "outside").write_bytes(b"secret")
    return tmp_path


def symlink(path):
    path.unlink()
    path.symlink_to(path.parents[4] / "outside")


def fifo(path):
    path.unlink()
    os.mkfifo(path)


def hard_link(path):
    os.link(path, path.parents[4] / "second")


def folder_link(path):
    path.parent.rename(path.parents[4] / "elsewhere")
    path.parent.symlink_to(path.parents[4] / "elsewhere")


@pytest.mark.parametrize("spoil", [symlink, fifo, hard_link, folder_link], ids=lambda spoil: spoil.__name__)
def test_what_is_no_plain_file_is_refused(root, spoil):
    spoil(root / KEY)
    lake = LocalLake(root)
    entry = next(iter(lake.list("02-transient-zone/nyc/")))

    with pytest.raises(Refused):
        list(lake.stream(entry))


def test_a_leftover_of_ours_is_no_second_name(root):
    (root / TEMPORARY).mkdir()
    os.link(root / KEY, root / TEMPORARY / "left.part")
    lake = LocalLake(root)

    assert b"".join(lake.stream(lake.stat(KEY))) == b"data"
    assert list((root / TEMPORARY).iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_broken_disk_could_not_be_evaluated(root, monkeypatch, code):
    def fail(file):
        raise OSError(code, os.strerror(code))

    lake = LocalLake(root)
    monkeypatch.setattr(module.os, "fsync", fail)

    with pytest.raises(LakeError, match=os.strerror(code)) as raised:
        lake.put_if_absent("raw/x", b"data", "w")

    monkeypatch.undo()
    assert raised.value.exit_code == 5
    assert lake.stat("raw/x") is None


def test_a_file_system_without_links_is_refused(root, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(module.os, "link", fail)

    with pytest.raises(Refused, match="hard links"):
        LocalLake(root).put_if_absent("raw/x", b"data", "w")


def take_and_die(root, **other):
    """Leave behind what a process does that is killed while it deletes; `other`: what it was not to delete."""
    tmp = root / TEMPORARY
    tmp.mkdir()
    asked = {"key": KEY, "version": LocalLake(root).stat(KEY).version, "sha256": SHA, **other}
    (root / KEY).rename(tmp / "t1.taken")
    (tmp / "t1.origin").write_text(json.dumps(asked))
    return tmp


@pytest.mark.parametrize("other", [{"sha256": "0" * 64}, {"version": "1-4-1"}], ids=["other bytes", "uploaded again"])
def test_recover_undoes_what_a_dead_process_had_taken(root, other):
    tmp = take_and_die(root, **other)
    (tmp / "half.part").write_bytes(b"da")

    LocalLake(root).recover()

    assert (root / KEY).read_bytes() == b"data"
    assert list(tmp.iterdir()) == []


def test_recover_finishes_what_a_dead_process_had_taken(root):
    tmp = take_and_die(root)

    LocalLake(root).recover()

    assert not (root / KEY).exists()
    assert list(tmp.iterdir()) == []


def test_what_was_deleted_and_a_power_failure_brought_back_is_removed(root):
    (root / TEMPORARY).mkdir()
    (root / TEMPORARY / "t1.taken").write_bytes(b"its .origin went after it, and stayed away")

    LocalLake(root).recover()

    assert list((root / TEMPORARY).iterdir()) == []


def test_recover_leaves_live_processes_alone(root):
    lake = LocalLake(root)
    with lake._folder(TEMPORARY, create=True) as tmp, posix.temporary(tmp, "live.part"):
        lake.recover()

        assert (root / TEMPORARY / "live.part").exists()


def test_a_file_replaced_while_it_is_deleted_is_kept(root, monkeypatch):
    lake = LocalLake(root)
    entry = lake.stat(KEY)
    rename = os.rename

    def rename_and_replace(*args, **kwargs):
        (root / KEY).write_bytes(b"newer")
        rename(*args, **kwargs)
        (root / KEY).write_bytes(b"newest")

    monkeypatch.setattr(module.os, "rename", rename_and_replace)

    with pytest.raises(LakeError, match="replaced twice"):
        lake.remove(entry, SHA)

    assert (root / KEY).read_bytes() == b"newest"
    assert [path.read_bytes() for path in (root / TEMPORARY).glob("*.kept")] == [b"newer"]


def test_a_symlink_is_not_deleted(root):
    symlink(root / KEY)
    lake = LocalLake(root)

    assert not lake.remove(Entry(KEY, 4, "", None), SHA)
    assert (root / "outside").read_bytes() == b"secret"


def test_a_lake_must_be_a_folder(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        LocalLake(tmp_path / "missing")


def test_a_local_file_was_brought_by_its_owner(tmp_path):
    lake = LocalLake(tmp_path)
    lake.put_if_absent("02-transient-zone/a/b.csv", b"x", "w")
    file = tmp_path / "02-transient-zone/a/b.csv"
    entry = lake.stat("02-transient-zone/a/b.csv")

    assert lake.brought_by(entry) == (file.owner(),)
    with pytest.raises(SourceChanged, match="changed"):
        lake.brought_by(dataclasses.replace(entry, version="another"))
    file.unlink()
    with pytest.raises(SourceChanged):
        lake.brought_by(entry)


def test_an_owner_without_a_name_is_its_number():
    assert posix.owner(os.stat_result((0, 0, 0, 0, 2**31 - 7, 0, 0, 0, 0, 0))) == str(2**31 - 7)
