"""A local promotion writes once and hashes twice (docs/adr/0012): when that is allowed, and when it is not."""

import hashlib
import mmap
import os

import pytest

from lakegate.errors import Refused
from lakegate.lake import posix, unchanged
from lakegate.lake.interface import Content
from lakegate.lake.local import LocalLake

KEY = "02-transient-zone/nyc/flights/b1/a.csv"
RAW = "01-raw-data-zone/nyc/flights/a.csv"
DATA = b"data" * 5000
KEEPS_TIME = unchanged.KEEPS_TIME
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """A lake on a file system that keeps its times, where no file is too small or too young to be believed."""
    monkeypatch.setattr(unchanged, "WORTH", 0)
    monkeypatch.setattr(unchanged, "CALM", 0)
    monkeypatch.setattr(unchanged, "KEEPS_TIME", (unchanged.file_system(tmp_path.stat().st_dev),))
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_bytes(DATA)
    return LocalLake(tmp_path)


def spool(lake, folder, mode=0o444):
    """Copy the source into `folder` as the gate does."""
    origin = lake.stat(KEY)
    path = folder / "a.csv"
    path.write_bytes(b"".join(lake.stream(origin)))
    path.chmod(mode)
    return Content(path, len(DATA), SHA, origin)


def promoted(lake):
    """Stream, place and verify; return the entry that is to be removed."""
    with lake.workspace() as folder:
        content = spool(lake, folder)
        assert lake.place(RAW, content)
        assert lake.holds(RAW, content)
    return content.origin


@pytest.fixture
def hashes(monkeypatch):
    """How often a file was hashed."""
    counted = []
    real = posix.sha256
    monkeypatch.setattr(posix, "sha256", lambda file: counted.append(file) or real(file))
    return counted


def test_a_file_of_a_workspace_is_not_written_again(lake):
    with lake.workspace() as folder:
        content = spool(lake, folder)
        inode = content.path.stat().st_ino

        assert lake.place(RAW, content)
        assert not lake.place(RAW, content)

    standing = (lake.root / RAW).stat()
    assert (standing.st_ino, standing.st_nlink) == (inode, 1)
    assert standing.st_mode & 0o222 == 0


def writable(lake, folder, content):
    content.path.chmod(0o644)


def linked(lake, folder, content):
    (folder / "second").hardlink_to(content.path)


def grown(lake, folder, content):
    content.path.chmod(0o644)
    content.path.write_bytes(DATA + b"more")
    content.path.chmod(0o444)


@pytest.mark.parametrize("spoil", [writable, linked, grown], ids=lambda spoil: spoil.__name__)
def test_what_somebody_could_still_write_to_is_copied(lake, spoil):
    with lake.workspace() as folder:
        content = spool(lake, folder)
        spoil(lake, folder, content)

        assert lake.place(RAW, content)

        assert (lake.root / RAW).stat().st_ino != content.path.stat().st_ino
        assert (lake.root / RAW).read_bytes() == content.path.read_bytes()


def test_a_file_outside_of_the_lake_is_copied(lake, tmp_path_factory):
    content = spool(lake, tmp_path_factory.mktemp("elsewhere"))

    assert lake.place(RAW, content)

    assert (lake.root / RAW).stat().st_ino != content.path.stat().st_ino


def test_a_name_in_a_workspace_is_no_second_name(lake):
    with lake.workspace() as folder:
        assert lake.place(RAW, spool(lake, folder))

        assert b"".join(lake.stream(lake.stat(RAW))) == DATA

        (lake.root / "foreign").hardlink_to(lake.root / RAW)
        with pytest.raises(Refused, match="hard link"):
            list(lake.stream(lake.stat(RAW)))


def test_a_source_that_is_proved_unchanged_is_not_hashed_again(lake, hashes):
    entry = promoted(lake)
    hashes.clear()

    assert lake.remove(entry, SHA)

    assert hashes == []
    assert not (lake.root / KEY).exists()


def test_a_source_that_was_rewritten_in_secret_is_kept(lake):
    path = lake.root / KEY
    facts = path.stat()
    entry = promoted(lake)
    with path.open("r+b") as file:
        file.write(b"DATA")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    assert not lake.remove(entry, SHA)

    assert path.read_bytes() == b"DATA" + DATA[4:]


def test_a_source_that_was_changed_through_a_memory_map_is_kept(lake, monkeypatch):
    monkeypatch.setattr(unchanged, "KEEPS_TIME", KEEPS_TIME)  # tmpfs, for one, does not tell
    path = lake.root / KEY
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[:4] = b"data"  # the page is dirty, and may be written to without the kernel's knowing
        entry = promoted(lake)
        memory[:4] = b"DATA"

        assert not lake.remove(entry, SHA)

    assert path.read_bytes() == b"DATA" + DATA[4:]


def too_young(monkeypatch, lake):
    monkeypatch.setattr(unchanged, "CALM", 10**12)
    return promoted(lake), SHA


def too_small(monkeypatch, lake):
    monkeypatch.setattr(unchanged, "WORTH", len(DATA) + 1)
    return promoted(lake), SHA


def other_file_system(monkeypatch, lake):
    monkeypatch.setattr(unchanged, "KEEPS_TIME", ("none",))
    return promoted(lake), SHA


def never_read(monkeypatch, lake):
    return lake.stat(KEY), SHA


def never_verified(monkeypatch, lake):
    entry = lake.stat(KEY)
    list(lake.stream(entry))
    return entry, SHA


def permissions_changed(monkeypatch, lake):
    entry = promoted(lake)
    (lake.root / KEY).chmod(0o600)
    return entry, SHA


@pytest.mark.parametrize(
    "case",
    [too_young, too_small, other_file_system, never_read, never_verified, permissions_changed],
    ids=lambda case: case.__name__,
)
def test_whatever_is_not_proved_is_hashed(lake, monkeypatch, hashes, case):
    entry, sha256 = case(monkeypatch, lake)
    hashes.clear()

    assert lake.remove(entry, sha256)

    assert len(hashes) == 1


def test_another_hash_than_the_verified_one_is_no_proof(lake):
    entry = promoted(lake)

    assert not lake.remove(entry, "0" * 64)

    assert (lake.root / KEY).read_bytes() == DATA


def test_a_source_that_is_written_to_while_it_is_taken_is_kept(lake, monkeypatch):
    entry = promoted(lake)
    rename = os.rename

    def write_and_rename(*args, **kwargs):
        (lake.root / KEY).write_bytes(b"DATA" * 5000)
        rename(*args, **kwargs)

    monkeypatch.setattr(posix.os, "rename", write_and_rename)

    assert not lake.remove(entry, SHA)
    assert (lake.root / KEY).read_bytes() == b"DATA" * 5000
