"""What is held back of a dataset, by what lies in the lake alone, and how it comes to lie under the drop again."""

import json

import pytest

from gate.scene import DROP, SOURCE, judge, make_route, run, upload_batch
from lake.memory import MemoryLake
from lakegate.errors import UsageError
from lakegate.gate.held import HeldBatch, held, held_of, kept_batch, markers_of_batch, put_back
from lakegate.gate.promote import PromotionState

BAD = {"a.csv": b"bad", "deep/b.csv": b"id\n2\n", "_SUCCESS": b""}
OTHER = {"a.csv": b"id\n9\n", "_SUCCESS": b""}


def unheard(*_):
    pass


@pytest.fixture
def lake():
    return MemoryLake()


def clear(lake):
    for entry in lake.list(SOURCE.prefix):
        lake.discard(entry)


def let_go(lake, folder, route, batch="b1"):
    """Put a quarantined batch under the drop again."""
    (one,) = held_of(lake, route, batch)
    with kept_batch(lake, route, one.judgement, folder, unheard) as again:
        contents = {file.path: file.content for file in again.files}
        put_back(lake, route, batch, contents, markers_of_batch(one.judgement, route), "w")


def under_the_drop(lake):
    return {entry.key.removeprefix(SOURCE.prefix): lake.read(entry.key) for entry in lake.list(SOURCE.prefix)}


def test_a_batch_is_held_until_it_is_committed_or_another_revision_took_its_place(lake):
    route = make_route()
    upload_batch(lake.upload, BAD)
    run(lake)
    (lying,) = held(lake, route)
    clear(lake)
    (gone,) = held(lake, route)
    upload_batch(lake.upload, OTHER)
    run(lake)

    assert (lying.judgement.batch, lying.lies) == ("b1", True)
    assert (gone.judgement, gone.lies) == (lying.judgement, False)
    assert held(lake, route) == held_of(lake, route, "b1") == ()


def test_a_replacement_that_was_not_let_in_is_held_while_it_lies_there(lake):
    route = make_route("new_revision")
    upload_batch(lake.upload, OTHER)
    run(lake, route=route)
    upload_batch(lake.upload, BAD)
    run(lake, route=route)

    lying = held(lake, route)
    clear(lake)

    assert [(type(one), one.lies) for one in lying] == [(HeldBatch, True)]
    assert held(lake, route) == ()


def test_what_is_let_go_lies_there_as_it_arrived_and_again_is_harmless(lake, tmp_path):
    route = make_route()
    upload_batch(lake.upload, BAD)
    run(lake)
    clear(lake)

    let_go(lake, tmp_path, route)
    first = under_the_drop(lake)
    let_go(lake, tmp_path, route)

    assert first == {f"b1/{path}": data for path, data in BAD.items()} == under_the_drop(lake)
    assert run(lake).state is PromotionState.QUARANTINED


@pytest.mark.parametrize("marked", ["_SUCCESS.a.csv", "_MANIFEST.a.csv.json"])
def test_a_batch_that_is_one_file_gets_its_marker_beside_it(lake, tmp_path, marked):
    route = make_route(by="file", complete="success")
    manifest = json.dumps({"files": [{"path": "a.csv"}]}).encode()
    text = b"" if marked.startswith("_SUCCESS") else manifest
    lake.upload(SOURCE.prefix + "a.csv", b"bad")
    lake.upload(SOURCE.prefix + marked, text)
    assert run(lake, route=route, batch="a.csv").state is PromotionState.QUARANTINED
    clear(lake)

    let_go(lake, tmp_path, route, "a.csv")

    assert under_the_drop(lake) == {"a.csv": b"bad", marked: text}
    assert run(lake, route=route, batch="a.csv").state is PromotionState.QUARANTINED


def test_a_hidden_file_stays_a_finding(lake, tmp_path):
    route = make_route()
    upload_batch(lake.upload, {"_hidden.csv": b"id\n1\n", "_SUCCESS": b""})
    assert run(lake).state is PromotionState.QUARANTINED
    clear(lake)
    (one,) = held(lake, route)

    with kept_batch(lake, route, one.judgement, tmp_path, unheard) as again:
        found = [finding.rule for finding in again.findings]
        passes = judge(again).verdict.passes

    let_go(lake, tmp_path, route)
    assert (found, passes) == (["hiddenFile"], False)
    assert run(lake).state is PromotionState.QUARANTINED


def test_nothing_is_put_beside_what_somebody_else_brought(lake, tmp_path):
    route = make_route()
    upload_batch(lake.upload, BAD)
    run(lake)
    clear(lake)
    lake.upload(DROP + "_SUCCESS", b"not ours")

    with pytest.raises(UsageError, match="something else of 'b1' has arrived"):
        let_go(lake, tmp_path, route)

    assert under_the_drop(lake) == {"b1/_SUCCESS": b"not ours"}
