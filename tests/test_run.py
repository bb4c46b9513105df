"""Files as a batch: what they are called, and what is told while they are read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cli.scene import GOOD, PLANES_CONTRACT
from lakegate.api import Asked, load, opened
from lakegate.errors import UsageError
from lakegate.run import short_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/d/a.csv"], ["a.csv"]),
        (["/d/a.csv", "/d/b.csv"], ["a.csv", "b.csv"]),
        (["/d/x/a.csv", "/d/y/a.csv"], ["x/a.csv", "y/a.csv"]),
        (["/d/x/a.csv", "/d/b.csv"], ["x/a.csv", "b.csv"]),
        (["/d/cafe\u0301.csv"], ["caf\u00e9.csv"]),
    ],
)
def test_a_file_is_called_by_its_path_below_what_all_share(paths, names):
    assert short_names([Path(path) for path in paths]) == names


@pytest.fixture
def planes():
    return load(PLANES_CONTRACT)


def test_who_asks_is_told_how_far_it_is(planes, tmp_path):
    (tmp_path / "a.csv").write_text("tailnum\nN1\n")
    (tmp_path / "b.csv").write_text("tailnum\nN22\n")
    told = []

    with opened(Asked(planes, progress=lambda *what: told.append(what)), needs_lake=False) as (run,):
        verdict = run.judge_files([tmp_path / "a.csv", tmp_path / "b.csv"])

    assert told == [
        ("hashing", "a.csv", 11, 23),
        ("hashing", "b.csv", 23, 23),
        ("reading", "", 0, 0),
        ("measuring", "2 rows", 0, 0),
    ]
    assert [(file.path, file.size) for file in verdict.files] == [("a.csv", 11), ("b.csv", 12)]
    assert verdict.files[0].sha256 == hashlib.sha256(b"tailnum\nN1\n").hexdigest()


def test_no_file_is_no_batch(planes):
    with opened(Asked(planes), needs_lake=False) as (run,), pytest.raises(UsageError, match="no file is named"):
        run.judge_files([])


def test_without_a_lake_nothing_is_promoted(planes):
    with opened(Asked(planes), needs_lake=False) as (run,), pytest.raises(UsageError, match="no lake is named"):
        run.promote("part=1")


def test_a_file_that_vanished_is_told_as_the_system_tells_it(planes, tmp_path):
    with opened(Asked(planes), needs_lake=False) as (run,), pytest.raises(FileNotFoundError):
        run.judge_files([tmp_path / "gone.csv"])


def test_nothing_of_ours_stays_on_the_disk(planes, tmp_path, monkeypatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    (tmp_path / "a.csv").write_text(GOOD)

    with opened(Asked(planes), needs_lake=False) as (run,):
        run.judge_files([tmp_path / "a.csv"])
        assert list(spool.iterdir()) == [run.workspace]

    assert list(spool.iterdir()) == []
