"""Planted bugs: each invariant can fail, so the tests that ask it can."""

import dataclasses
import hashlib

import pytest

from gate import invariants
from gate.scene import DROP, FILES, TARGET, run, upload_batch
from lake.memory import MemoryLake
from lakegate.gate import ledger


def remove(lake, key):
    lake.remove(lake.stat(key), lake.sha256(key))


def lose_a_committed_file(lake, record):
    remove(lake, record.files[0].key)


def change_a_committed_file(lake, record):
    lake.upload(record.files[0].key, b"corrupt")


def commit_twice(lake, record):
    lake.upload(TARGET.commit("b1", 2), dataclasses.replace(record, slot=2).to_json())


def commit_what_failed(lake, record):
    lake.upload(TARGET.commit("b1", 1), dataclasses.replace(record, counts={"failed": 1}).to_json())


def commit_half_a_batch(lake, record):
    lake.upload(TARGET.commit("b1", 1), dataclasses.replace(record, files=record.files[:1]).to_json())


def delete_before_the_commit(lake, record):
    remove(lake, TARGET.commit("b1", 1))


def two_contents_of_one_digest(lake, record):
    lake.upload(record.files[0].key.replace("-000001/", "-000002/"), b"corrupt")


@pytest.mark.parametrize(
    ("bug", "invariant"),
    [
        (lose_a_committed_file, "I2"),
        (change_a_committed_file, "I2"),
        (commit_twice, "I5"),
        (commit_what_failed, "I3"),
        (commit_half_a_batch, "I6"),
        (delete_before_the_commit, "I6"),
        (two_contents_of_one_digest, "I4"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_bug_is_found(tmp_path, bug, invariant):
    lake = MemoryLake()
    upload_batch(lake.upload)
    record = run(lake).record
    invariants.holds(lake, FILES)

    bug(lake, record)

    with pytest.raises(AssertionError, match=invariant):
        invariants.holds(lake, FILES)


def test_a_lost_quarantined_file_is_found(tmp_path):
    lake = MemoryLake()
    files = {**FILES, "a.csv": b"bad"}
    upload_batch(lake.upload, files)
    run(lake)
    sha256 = hashlib.sha256(b"bad").hexdigest()
    kept = next(e.key for e in lake.list("02-transient-zone/_quarantine/") if lake.sha256(e.key) == sha256)

    remove(lake, kept)

    with pytest.raises(AssertionError, match="I13"):
        invariants.holds(lake, files)


def test_a_source_left_behind_is_found(tmp_path):
    lake = MemoryLake()
    upload_batch(lake.upload)
    done = run(lake)
    lake.upload(DROP + "a.csv", b"left")

    with pytest.raises(AssertionError, match="I10"):
        invariants.ends_right(lake, done, FILES)
    assert ledger.paths(lake, TARGET)
