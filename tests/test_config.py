"""Which lake: from the command line, else the project's settings; never a guess."""

from __future__ import annotations

import pytest

from lakegate.config import open_lake
from lakegate.errors import UsageError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lake").mkdir()
    (tmp_path / "other").mkdir()
    return tmp_path


def test_the_address_wins_over_the_settings(root):
    (root / "lakegate.toml").write_text('lake = "lake"\n')

    assert open_lake(str(root / "other"), root).uri("a") == str(root / "other/a")


def test_the_settings_are_relative_to_their_own_file(root, monkeypatch):
    (root / "lakegate.toml").write_text('lake = "lake"\n')
    monkeypatch.chdir("/")

    assert open_lake(None, root).uri("a") == str(root / "lake/a")


@pytest.mark.parametrize(
    ("address", "settings", "told"),
    [
        (None, None, "no lake is named"),
        (None, "# nothing\n", "no lake is named"),
        (None, "lake = 3\n", "got 3, expected text"),
        (None, "lake = \n", "cannot be read"),
        (None, b"lake = '\xff'\n", "cannot be read"),
        (None, 'lake = "lak"\n', "did you mean lake?"),
        (None, 'lake = "s3://bucket"\n', "this version works on a local folder"),
        ("s3://bucket", None, "this version works on a local folder"),
        ("nothing/like/it", None, "is no folder (make it first)"),
    ],
)
def test_what_names_no_lake_says_why(root, monkeypatch, address, settings, told):
    monkeypatch.chdir(root)
    if settings is not None:
        (root / "lakegate.toml").write_bytes(settings if isinstance(settings, bytes) else settings.encode())

    with pytest.raises(UsageError) as raised:
        open_lake(address, root)

    assert told in str(raised.value)
