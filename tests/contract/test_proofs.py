"""What was proved once is believed again, and nothing else is."""

import os
from pathlib import Path

import pytest

from lakegate.contract import proofs, vetting
from lakegate.errors import Refused

QUERY = "SELECT count(*) FROM {object} WHERE a = 1"


class JudgedAgainError(Exception):
    pass


def judged_again(*_):
    raise JudgedAgainError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def vet(query=QUERY):
    return vetting.vet(query, table="t", column=None, tables=frozenset(), where="rule")


def test_a_vetted_query_is_not_parsed_again(cache, monkeypatch):
    first = vet()
    monkeypatch.setattr(vetting, "_vet", judged_again)

    assert vet() == first


def test_another_query_is(cache, monkeypatch):
    vet()
    monkeypatch.setattr(vetting, "_vet", judged_again)

    with pytest.raises(JudgedAgainError):
        vet(QUERY + " AND b = 2")


def test_nothing_refused_is_remembered(cache):
    with pytest.raises(Refused):
        vet("SELECT * FROM read_text('x')")

    assert not cache.exists() or not list(cache.iterdir())


def test_a_proof_is_of_the_code_that_judged(cache, monkeypatch):
    vet()
    monkeypatch.setattr(proofs, "judges", lambda *_: ("another version",))
    monkeypatch.setattr(vetting, "_vet", judged_again)

    with pytest.raises(JudgedAgainError):
        vet()


@pytest.mark.parametrize("spoil", ["writable by others", "a link", "no JSON"])
def test_a_folder_that_somebody_else_could_write_to_is_not_believed(cache, tmp_path, spoil):
    proofs.remember("vetted", ("fact",), ["answer"])
    assert proofs.recall("vetted", ("fact",)) == ["answer"]

    if spoil == "writable by others":
        cache.chmod(0o777)
    elif spoil == "a link":
        cache.rename(tmp_path / "elsewhere")
        cache.symlink_to(tmp_path / "elsewhere")
    else:
        next(cache.iterdir()).write_text("{")

    assert proofs.recall("vetted", ("fact",)) is None


def test_where_nothing_can_be_written_nothing_is_remembered(monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(Path(os.devnull) / "cache"))

    proofs.remember("vetted", ("fact",), ["answer"])

    assert proofs.recall("vetted", ("fact",)) is None
