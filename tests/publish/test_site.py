"""Publishing run by run, in any order, ends where a rebuild from the lake's own records ends: the same bytes."""

from __future__ import annotations

import random

import pytest

from lake.memory import START, MemoryLake
from lakegate.errors import LakeError
from lakegate.lake.local import LocalLake
from lakegate.publish import documents, keys, pending, pieces
from lakegate.publish.history import recent
from lakegate.publish.rebuild import rebuild
from lakegate.publish.site import publish, published, waiting
from publish.lakes import RULES, Clock, conflict, described, judged, place_of, site

FLIGHTS, PLANES = place_of("nyc/flights"), place_of("nyc/planes")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lake(clock):
    return MemoryLake(clock=clock)


def fresh(lake):
    """The same truth in a lake that nothing was published in, published at once."""
    again = MemoryLake(clock=lambda: START)
    rendered = (keys.BOARD_DATA, keys.BOARD, keys.FEED, keys.PENDING, keys.DICTIONARY, f"{keys.MANUALS}index.html")
    for key, versions in lake.history.items():
        if key.startswith(rendered) or (key.startswith(keys.DATASETS) and "/_contracts/" not in key):
            continue
        again.history[key] = list(versions)
        again._keys = sorted([*again._keys, key])
    rebuild(again)
    return site(again)


def test_a_history_of_every_kind_of_run_is_the_same_as_when_it_is_made_anew(lake, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 4)
    monkeypatch.setattr(pieces, "RECENT", 10)
    chance = random.Random(11)
    described(lake, "nyc/flights", upstream=["nyc/planes"])
    described(lake, "nyc/flights", sha="d", version="2.0.0", upstream=["nyc/planes", "nyc/airports"])
    described(lake, "nyc/planes")
    minutes = list(range(60))
    chance.shuffle(minutes)
    for n, minute in enumerate(minutes):
        batch = f"day={n // 2}"
        sha, version = ("d", "2.0.0") if minute > 40 else ("c", "1.0.0")
        failed = RULES[: n % 3] if n % 5 == 0 else ()
        commit = n % 7 != 0
        told = {"sha": sha, "version": version, "minute": minute, "salt": str(n)}
        judged(lake, "nyc/flights", batch, failed, broken=n % 11 == 3, commit=commit, slot=1 + n % 2, **told)
        if n % 13 == 0:
            conflict(lake, "nyc/flights", batch, minute=minute)
        publish(lake, FLIGHTS, [batch])
        if n % 20 == 0:
            judged(lake, "nyc/planes", f"edition={n}", minute=minute)
            publish(lake, PLANES, [f"edition={n}"])

    now = site(lake)

    assert fresh(lake) == now
    assert rebuild(lake).written == ()
    assert site(lake) == now
    assert lake.list(keys.PENDING) == ()
    assert len(documents.read(lake, "nyc/flights").pieces) > 3


def test_a_batch_is_on_the_board_and_on_its_page(lake):
    described(lake, "nyc/flights")
    judged(lake, "nyc/flights", "day=1", RULES[:1], minute=5)

    written = publish(lake, FLIGHTS, ["day=1"])

    now = documents.board(lake)["nyc/flights"].now
    assert (now.state, now.kept_out, now.batch) == ("blocked", 1, "day=1")
    assert now.since == "2026-11-22T12:05:00.000Z"
    assert now.message == "1 of 3 checks failed: id is unique"
    assert {keys.BOARD, keys.FEED, keys.page("nyc/flights"), keys.badge("nyc/flights")} <= set(written)
    assert "nyc/flights" in lake.read(keys.BOARD).decode()


def test_what_was_let_in_after_it_was_blocked_is_in(lake):
    described(lake, "nyc/flights")
    judged(lake, "nyc/flights", "day=1", RULES[:1], minute=5)
    publish(lake, FLIGHTS, ["day=1"])
    judged(lake, "nyc/flights", "day=1", minute=9)
    publish(lake, FLIGHTS, ["day=1"])

    now = documents.board(lake)["nyc/flights"].now
    assert (now.state, now.kept_out, now.last_batch, now.last_rows) == ("passed", 0, "day=1", 105)
    assert now.since == "2026-11-22T12:09:00.000Z"
    assert [run.resolved for run in now.blocked] == [True]


def test_publishing_again_writes_nothing(lake):
    judged(lake, "nyc/flights", "day=1")
    publish(lake, FLIGHTS, ["day=1"])

    assert publish(lake, FLIGHTS, ["day=1"]) == ()


def test_a_report_that_cannot_be_read_is_told_and_spoils_no_other(lake):
    told = judged(lake, "nyc/flights", "day=1")
    lake.put_if_absent(f"{keys.REPORTS}nyc/flights/day%3D2/000000000000/report.json", b"{", "x")
    publish(lake, FLIGHTS, ["day=1", "day=2"])

    newest, other = recent(lake, "nyc/flights")[::-1]
    assert {newest.id, other.id} == {told.report_id, "000000000000"}
    assert documents.board(lake)["nyc/flights"].now.kept_out == 1


def test_a_neighbour_is_told_of_who_is_made_of_it(lake):
    described(lake, "nyc/planes")
    judged(lake, "nyc/planes", "all")
    publish(lake, PLANES, ["all"])
    before = lake.read(keys.page("nyc/planes"))
    described(lake, "nyc/flights", upstream=["nyc/planes"])
    judged(lake, "nyc/flights", "day=1")

    publish(lake, FLIGHTS, ["day=1"])

    assert documents.board(lake)["nyc/planes"].now.downstream == ("nyc/flights",)
    assert lake.read(keys.page("nyc/planes")) != before


def test_what_a_worker_that_died_left_is_published_by_the_next(lake, clock):
    judged(lake, "nyc/planes", "all")
    publish(lake, PLANES, ["all"])
    judged(lake, "nyc/flights", "lost", RULES[:2])
    clock.later(minutes=10)
    judged(lake, "nyc/planes", "more", minute=10)
    publish(lake, PLANES, ["more"])
    assert "nyc/flights" not in documents.board(lake)
    assert waiting(lake, FLIGHTS) == ("lost",)
    clock.later(minutes=10)
    judged(lake, "nyc/planes", "again", minute=20)

    publish(lake, PLANES, ["again"])

    assert documents.board(lake)["nyc/flights"].now.kept_out == 1
    assert lake.list(keys.PENDING) == ()


def test_a_gate_that_begins_again_is_not_taken_for_dead(lake, clock):
    judged(lake, "nyc/flights", "day=1")
    clock.later(minutes=20)
    pending.begin(lake, FLIGHTS, "day=1")

    assert pending.abandoned(lake, clock.now) == ()


def test_run_pages_that_a_killed_gate_did_not_come_to_are_made_by_a_rebuild(lake):
    told = judged(lake, "nyc/flights", "day=1", whole=False)
    folder = f"{keys.REPORTS}nyc/flights/day%3D1/{told.report_id}/"
    assert lake.read(folder + "index.html") is None

    found = rebuild(lake)

    assert lake.read(folder + "index.html") is not None
    assert folder + "junit.xml" in found.written
    assert (found.datasets, found.runs, found.problems) == (1, 1, ())


def test_a_page_or_document_that_somebody_spoilt_is_made_anew(lake, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 3)
    for n in range(12):
        judged(lake, "nyc/flights", f"day={n}", minute=n)
        publish(lake, FLIGHTS, [f"day={n}"])
    before = site(lake)
    gone = next(key for key in before if "/_history/" in key and key.endswith(".json") and "recent" not in key)
    lake.discard(lake.stat(gone))
    lake.upload(keys.recent("nyc/flights"), b"{")
    lake.upload(keys.BOARD, b"<p>")

    rebuild(lake)

    assert site(lake) == before


@pytest.mark.parametrize("spoilt", [b"{", b"[]", b'{"schema": 99}', b""])
def test_a_history_that_cannot_be_read_is_made_anew_by_who_publishes(lake, spoilt):
    for n in range(3):
        judged(lake, "nyc/flights", f"day={n}", minute=n)
    publish(lake, FLIGHTS, ["day=0"])
    before = site(lake)
    lake.upload(keys.recent("nyc/flights"), spoilt)

    publish(lake, FLIGHTS, ["day=2"])

    assert site(lake) == before


def test_a_lake_that_is_older_than_its_site_gets_all_of_it_with_the_first_run(lake):
    for n in range(3):
        judged(lake, "nyc/flights", f"day={n}", minute=n)
    judged(lake, "nyc/planes", "all")

    publish(lake, FLIGHTS, ["day=2"])

    assert {name: entry.now.runs for name, entry in documents.board(lake).items()} == {
        "nyc/flights": 3,
        "nyc/planes": 1,
    }


def test_after_a_commit_nothing_reports_failure(lake):
    judged(lake, "nyc/flights", "day=1")

    class Broken:
        def __getattr__(self, name):
            return getattr(lake, name)

        def replace_if(self, *_):
            raise LakeError("the disk is full")

    [note] = published(Broken(), FLIGHTS, ["day=1"])

    assert "the disk is full" in note
    assert waiting(lake, FLIGHTS) == ("day=1",)


HERE, THERE = "https://reports.example.com", "https://old.example.com/lake"


def test_a_site_that_is_made_where_it_is_read_says_so_in_all_that_leaves_it(lake):
    judged(lake, "nyc/flights", "day=1", RULES[:1])

    publish(lake, FLIGHTS, ["day=1"], url=HERE)

    assert f'href="{HERE}/reports/nyc/flights/day%253D1/' in lake.read(keys.FEED).decode()
    assert f"({HERE}/datasets/nyc/flights/badge.svg)" in lake.read(keys.page("nyc/flights")).decode()
    before = site(lake)
    assert rebuild(lake, url=HERE).written == ()
    assert rebuild(lake).written == ()
    assert fresh(lake) == before


def test_publishers_whose_settings_differ_leave_the_address_and_are_told(lake):
    judged(lake, "nyc/flights", "day=1", RULES[:1])
    assert published(lake, FLIGHTS, ["day=1"], HERE) == ()
    before = site(lake)

    [note] = published(lake, FLIGHTS, ["day=1"], THERE)
    silent = published(lake, FLIGHTS, ["day=1"])

    assert site(lake) == before
    assert silent == ()
    assert HERE in note
    assert THERE in note
    assert "run `lakegate report rebuild`" in note


def test_a_site_that_was_there_first_learns_its_address_by_a_rebuild(lake):
    judged(lake, "nyc/flights", "day=1", RULES[:1])
    publish(lake, FLIGHTS, ["day=1"])
    [note] = published(lake, FLIGHTS, ["day=1"], HERE)

    done = rebuild(lake, url=HERE)

    assert "do not know" in note
    assert set(done.written) == {keys.ADDRESS, keys.FEED, keys.page("nyc/flights")}
    assert published(lake, FLIGHTS, ["day=1"], HERE) == ()
    assert rebuild(lake, url=HERE).written == ()


@pytest.mark.parametrize("spoilt", [b"{", b"[]", b'{"url": 7}', b'{"url": "javascript:alert(1)"}', b""])
def test_an_address_that_is_none_is_not_told(lake, spoilt):
    judged(lake, "nyc/flights", "day=1", RULES[:1])
    lake.put_if_absent(keys.ADDRESS, spoilt, "x")

    publish(lake, FLIGHTS, ["day=1"])

    assert documents.address(lake) == ""
    assert 'href="./reports/' in lake.read(keys.FEED).decode()


def test_a_batch_of_which_nothing_was_decided_is_not_shown(lake):
    assert published(lake, FLIGHTS, ["day=1"]) == ()
    assert site(lake) == {}


def test_a_dataset_below_another_is_one_of_its_own(lake):
    judged(lake, "nyc", "flights")
    judged(lake, "nyc/flights", "day=1")
    publish(lake, place_of("nyc"), ["flights"])
    publish(lake, FLIGHTS, ["day=1"])
    before = site(lake)

    rebuild(lake)

    assert site(lake) == before
    assert {name: entry.now.runs for name, entry in documents.board(lake).items()} == {"nyc": 1, "nyc/flights": 1}


def test_an_empty_lake_has_a_site(tmp_path):
    lake = LocalLake(tmp_path)

    found = rebuild(lake)

    assert found.datasets == 0
    assert lake.read(keys.BOARD)
