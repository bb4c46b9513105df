"""What is held back of a dataset, by what lies in the lake alone, and how it comes to lie under the drop again."""

import datetime as dt
import json

import pytest

from gate.scene import DROP, NOW, SOURCE, judge, make_route, run, upload_batch
from lake.memory import MemoryLake
from lakegate.errors import LakeError, UsageError
from lakegate.gate.held import HeldBatch, held, held_of, kept_batch, manifest_of_batch, put_back
from lakegate.gate.promote import PromotionState

BAD = {"a.csv": b"bad", "deep/b.csv": b"id\n2\n", "_SUCCESS": b""}
OTHER = {"a.csv": b"id\n9\n", "_SUCCESS": b""}


def unheard(*_):
    pass


def clear(lake):
    for entry in lake.list(SOURCE.prefix):
        lake.discard(entry)


def let_go(lake, route, batch="b1"):
    """Put a quarantined batch under the drop again."""
    (one,) = held_of(lake, route, batch)
    with lake.workspace() as folder, kept_batch(lake, route, one.judgement, folder, unheard) as again:
        contents = {file.path: file.content for file in again.files}
        put_back(lake, route, batch, contents, manifest_of_batch(one.judgement, route), "w")


def under_the_drop(lake):
    return {entry.key.removeprefix(SOURCE.prefix): lake.read(entry.key) for entry in lake.list(SOURCE.prefix)}


def test_a_batch_is_held_until_it_is_committed_or_another_revision_took_its_place(world):
    lake, upload = world
    route = make_route()
    upload_batch(upload, BAD)
    run(lake)
    (lying,) = held(lake, route)
    clear(lake)
    (gone,) = held(lake, route)
    upload_batch(upload, OTHER)
    run(lake)

    assert (lying.judgement.batch, lying.lies) == ("b1", True)
    assert (gone.judgement, gone.lies) == (lying.judgement, False)
    assert held(lake, route) == held_of(lake, route, "b1") == ()


def test_a_replacement_that_was_not_let_in_is_held_while_it_lies_there(world):
    lake, upload = world
    route = make_route("new_revision")
    upload_batch(upload, OTHER)
    run(lake, route=route)
    upload_batch(upload, BAD)
    run(lake, route=route)

    lying = held(lake, route)
    clear(lake)

    assert [(type(one), one.lies) for one in lying] == [(HeldBatch, True)]
    assert held(lake, route) == ()


def test_what_lies_there_is_held_although_the_clock_of_another_gate_runs_ahead(world):
    lake, upload = world
    route = make_route()
    upload_batch(upload, BAD)
    run(lake, now=NOW + dt.timedelta(days=1))
    clear(lake)
    upload_batch(upload, {"a.csv": b"bad again", "_SUCCESS": b""})
    run(lake)

    (one,) = held(lake, route)

    assert ([file.path for file in one.judgement.files], one.lies) == (["a.csv"], True)
    assert held_of(lake, route, "b1") == (one,)


def test_what_is_let_go_lies_there_as_it_arrived_and_again_is_harmless(world):
    lake, upload = world
    route = make_route()
    upload_batch(upload, BAD)
    run(lake)
    clear(lake)

    let_go(lake, route)
    first = under_the_drop(lake)
    let_go(lake, route)

    named = json.loads(first.pop("b1/_MANIFEST.json"))["files"]
    assert first == {"b1/a.csv": b"bad", "b1/deep/b.csv": b"id\n2\n"}
    assert [(file["path"], file["size"]) for file in named] == [("a.csv", 3), ("deep/b.csv", 5)]
    assert len(under_the_drop(lake)) == 3
    assert run(lake).state is PromotionState.QUARANTINED


def test_a_part_of_what_is_let_go_is_never_taken_for_the_whole(monkeypatch):
    route = make_route(complete="quiet", quiet_for="0s")
    for killed in (1, 2):
        lake = MemoryLake()
        upload_batch(lake.upload, BAD)
        run(lake, route=route)
        clear(lake)
        with monkeypatch.context() as patched:
            patched.setattr(lake, "place", killing(lake.place, killed))
            with pytest.raises(LakeError, match="killed"):
                let_go(lake, route)

        assert run(lake, route=route).state is PromotionState.NOT_READY
        let_go(lake, route)
        assert run(lake, route=route).state is PromotionState.QUARANTINED


def killing(place, number):
    """Return a `place` that fails when it is called so many times."""
    called = []

    def placing(key, content):
        called.append(key)
        if len(called) == number:
            raise LakeError("killed")
        return place(key, content)

    return placing


def test_a_batch_that_is_one_file_gets_its_manifest_beside_it(world):
    lake, upload = world
    route = make_route(by="file", complete="success")
    text = json.dumps({"files": [{"path": "a.csv"}]}).encode()
    upload(SOURCE.prefix + "a.csv", b"bad")
    upload(SOURCE.prefix + "_MANIFEST.a.csv.json", text)
    assert run(lake, route=route, batch="a.csv").state is PromotionState.QUARANTINED
    clear(lake)

    let_go(lake, route, "a.csv")

    assert under_the_drop(lake) == {"a.csv": b"bad", "_MANIFEST.a.csv.json": text}
    assert run(lake, route=route, batch="a.csv").state is PromotionState.QUARANTINED


def test_a_hidden_file_stays_a_finding_and_is_not_let_in_by_a_manifest_of_ours(world):
    lake, upload = world
    route = make_route()
    upload_batch(upload, {"_hidden.csv": b"id\n1\n", "_SUCCESS": b""})
    assert run(lake).state is PromotionState.QUARANTINED
    clear(lake)
    (one,) = held(lake, route)

    with lake.workspace() as folder, kept_batch(lake, route, one.judgement, folder, unheard) as again:
        found = [finding.rule for finding in again.findings]
        passes = judge(again).verdict.passes

    assert (found, passes) == (["hiddenFile"], False)
    with pytest.raises(UsageError, match="hidden file"):
        let_go(lake, route)


@pytest.mark.parametrize("name", ["_MANIFEST.json", "a.csv", "c.csv"])
def test_nothing_is_put_beside_what_somebody_else_brought(world, name):
    lake, upload = world
    route = make_route()
    upload_batch(upload, BAD)
    run(lake)
    clear(lake)
    upload(DROP + name, b"not ours")

    with pytest.raises(UsageError, match="something else of 'b1' has arrived"):
        let_go(lake, route)

    assert under_the_drop(lake) == {f"b1/{name}": b"not ours"}
