"""The folder under a lake: what its file system lacks is said, and what dead runs left is told from live ones'."""

import datetime as dt
import errno
import fcntl
import hashlib
import json
import os
import shutil
from typing import NamedTuple

import pytest

from lakegate.errors import LakeError
from lakegate.lake.local_store import LocalStore
from lakegate.lake.store import Rights, Setup
from lakegate.lake.zones import TEMPORARY

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def store(tmp_path):
    store = LocalStore(tmp_path / "lake")
    store.create(Setup())
    return store


@pytest.fixture
def tmp(tmp_path, store):
    folder = tmp_path / "lake" / TEMPORARY
    folder.mkdir(parents=True)
    return folder


def facts(store):
    return {one.what: one for one in store.facts()}


def left(store):
    return {one.key.rpartition("/")[2]: one for one in store.leftovers(NOW)}


def refusing(*_args, **_options):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize(
    ("module", "name", "broken", "what"),
    [
        (os, "link", refusing, "hard links"),
        (os, "link", lambda *_: None, "hard links"),  # says that it did, twice
        (fcntl, "flock", lambda *_: None, "flock"),
        (shutil, "disk_usage", lambda _: Usage(100, 96, 4), "free space"),
    ],
)
def test_what_a_file_system_lacks_is_said(store, monkeypatch, module, name, broken, what):
    good = facts(store)
    monkeypatch.setattr(module, name, broken)

    bad = facts(store)

    assert good[what].held
    assert [one.what for one in bad.values() if not one.held] == [what]


def test_a_zone_on_another_file_system_is_said(store, tmp_path, monkeypatch):
    (tmp_path / "lake/01-raw-data-zone").mkdir()
    stat = type(tmp_path).stat

    def elsewhere(path, **options):
        found = stat(path, **options)
        return (
            os.stat_result((*found[:2], found.st_dev + 1, *found[3:10])) if path.name == "01-raw-data-zone" else found
        )

    monkeypatch.setattr(type(tmp_path), "stat", elsewhere)

    assert [one.what for one in facts(store).values() if not one.held] == ["one file system"]


def test_rights_are_those_of_the_folder_that_is_there(store, tmp_path, monkeypatch):
    (tmp_path / "lake/warehouse").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not (path.name == "warehouse" and mode == os.W_OK))

    assert store.rights("warehouse/stage") == Rights(True, True, False, False, delete_follows_write=True)
    assert store.rights("01-raw-data-zone") == Rights(True, True, True, True, delete_follows_write=True)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LakeError, match="cannot make the folder"):
        LocalStore(tmp_path / "file" / "lake").create(Setup())


def test_what_dead_runs_left_is_cleared_and_what_live_ones_hold_is_not_seen(store, tmp):
    (tmp / "dead.part").write_bytes(b"12345")
    (tmp / "dead.spool").mkdir()
    (tmp / "dead.spool/copy.csv").write_bytes(b"123")
    (tmp / "live.part").write_bytes(b"1")

    with (tmp / "live.part").open("rb") as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        found = left(store)
        cleared = [store.clear(one) for one in found.values()]

    assert {name: one.size for name, one in found.items()} == {"dead.part": 5, "dead.spool": 3}
    assert cleared == [True, True]
    assert [path.name for path in tmp.iterdir()] == ["live.part"]


def test_a_source_that_a_dead_run_was_deleting_is_put_back(store, tmp, tmp_path):
    (tmp / "a.taken").write_bytes(b"not committed")
    (tmp / "a.origin").write_text(
        json.dumps({"key": "02-transient-zone/x/y/b/f.csv", "version": "1", "sha256": "0" * 64})
    )

    found = left(store)
    cleared = store.clear(found["a.taken"])

    assert set(found) == {"a.taken", "a.origin"}
    assert cleared
    assert (tmp_path / "lake/02-transient-zone/x/y/b/f.csv").read_bytes() == b"not committed"


def test_what_may_be_an_only_copy_says_what_it_holds(store, tmp):
    (tmp / "b.kept").write_bytes(b"alone")

    found = left(store)["b.kept"]

    assert found.sha256 == hashlib.sha256(b"alone").hexdigest()
    assert "replaced twice" in found.what


def test_what_lakegate_did_not_make_is_kept(store, tmp):
    (tmp / "notes.txt").write_text("mine")

    assert left(store)["notes.txt"].kept == "lakegate did not make it; look at it"


def test_an_empty_lake_has_no_leftovers(store):
    assert store.leftovers(NOW) == ()
