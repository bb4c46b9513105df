"""The doctor finds out what a store does by doing it: a good one passes, each bad one is found by its own probe."""

import datetime as dt
import itertools
import json

import pytest

from lake.memory import START, MemoryLake
from lake.stores import SLOW, MemoryStore, Switchable, behind, ceph
from lakegate.errors import LakeError, Refused, UsageError
from lakegate.lake.doctor import NEEDED, examine, exit_code, judge_rights
from lakegate.lake.local_store import LocalStore
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.store import S3Store
from lakegate.lake.setup import set_up
from lakegate.lake.store import Finding, Need, Rights, Setup
from lakegate.lake.zones import PROBES
from servers.s3 import Server, real_s3, stranger

NOTHING = Rights(list=False, read=False, write=False, delete=False)
READER = Rights(list=True, read=True, write=False, delete=False)
GATE = Rights(list=True, read=True, write=True, delete=False)


def ids():
    numbers = itertools.count()
    return lambda: f"id-{next(numbers)}"


def now():
    return dt.datetime.now(dt.UTC)


def examined(store, clock=now):
    found = examine(store, ids(), clock)
    return found, {one.what: one for one in found}


def test_a_good_store_is_accepted_and_nothing_is_left_behind(store, request):
    races = {"racing puts"} if "ceph" in request.node.callspec.id else set()  # a bucket with versions: docs/adr/0010
    set_up(store, Setup(), ids(), create=True, dry_run=False)
    clock = (lambda: START) if isinstance(store, MemoryStore) else now

    found, by_name = examined(store, clock)

    assert exit_code(found) == 0
    failed = {one.what for one in found if one.held is False and not one.what.startswith("rights: ")}
    assert failed - races == set()
    assert by_name["rights: 02-transient-zone"].got == "list read write delete"
    assert store.lake().list(PROBES) == ()
    assert store.lake().list("01-raw-data-zone/_gate/") == ()


def test_every_lake_keeps_what_the_protocol_asks_of_it(world):
    lake, _ = world

    found, _ = examined(MemoryStore(lake), (lambda: START) if isinstance(lake, MemoryLake) else now)

    assert [(one.what, one.got) for one in found if one.held is not True] == []
    assert lake.list(PROBES) == ()


class Overwrites(Switchable):
    def put_if_absent(self, key, data, write_id):
        self.upload(key, data)
        return True


class ReplacesBlindly(Switchable):
    def replace_if(self, key, data, standing):
        self.upload(key, data)
        return True


class DeletesBlindly(Switchable):
    def remove(self, entry, sha256):
        self.discard(entry)
        return True


class DeletesNothing(Switchable):
    def remove(self, entry, sha256):
        return False


class ReadsTheLatest(Switchable):
    def stream(self, entry):
        yield self.read(entry.key)


class CopiesBadly(Switchable):
    def place(self, key, content):
        return self.put_if_absent(key, b"corrupted", "data")


class LinksNothing(Switchable):
    def place(self, key, content):
        raise Refused("no hard links", hint="use another file system")


class Denies(Switchable):
    def replace_if(self, key, data, standing):
        raise LakeError("AccessDenied")


@pytest.mark.parametrize(
    ("lake", "what", "need", "code"),
    [
        (Overwrites(), "conditional put", Need.MUST, 6),
        (ReplacesBlindly(), "conditional replace", Need.SHOULD, 0),
        (DeletesBlindly(), "conditional delete", Need.MUST, 6),
        (DeletesNothing(), "conditional delete", Need.SHOULD, 0),
        (ReadsTheLatest(), "pinned read", Need.MUST, 6),
        (CopiesBadly(), "copy, verified", Need.MUST, 6),
        (LinksNothing(), "copy, verified", Need.MUST, 6),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Switchable) else "",
)
def test_a_bad_store_is_found_by_its_own_probe(lake, what, need, code):
    found, by_name = examined(MemoryStore(lake), lambda: START)

    assert [one.what for one in found if one.held is False] == [what]
    assert by_name[what].need is need
    assert by_name[what].advice
    assert exit_code(found) == code
    assert lake.list(PROBES) == ()


def test_what_cannot_be_tried_is_not_told_as_failed_nor_as_good():
    found, by_name = examined(MemoryStore(Denies()), lambda: START)

    assert by_name["conditional replace"].held is None
    assert by_name["conditional replace"].got == "AccessDenied"
    assert exit_code(found) == 5


class Unreachable(Switchable):
    def list(self, prefix):
        raise LakeError("does not answer")


def test_a_store_that_cannot_be_reached_is_an_error():
    with pytest.raises(LakeError, match="does not answer"):
        examine(MemoryStore(Unreachable()), ids(), now)


def test_a_store_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        examine(LocalStore(tmp_path / "nothing"), ids(), now)


@SLOW
def test_a_bucket_that_is_not_there_is_wrong_usage(tmp_path):
    for store in ceph(tmp_path):
        with pytest.raises(UsageError, match="is not there"):
            examine(store, ids(), now)


@pytest.mark.parametrize(
    ("minutes", "held", "got"),
    [(0, True, "as the machine's"), (4, True, "240 s behind"), (6, False, "360 s behind"), (-6, False, "360 s ahead")],
)
def test_the_clocks_of_store_and_machine_are_compared(minutes, held, got):
    _, by_name = examined(MemoryStore(), lambda: START + dt.timedelta(minutes=minutes))

    assert (by_name["clock"].held, by_name["clock"].got) == (held, got)


@pytest.mark.parametrize(
    ("needed", "rights", "held", "need", "said"),
    [
        ("list read write -delete", GATE, True, Need.SHOULD, ""),
        ("list read write -delete", READER, False, Need.MUST, "grant write"),
        ("list read write -delete", NOTHING, False, Need.MUST, "grant list, read, write"),
        ("list read write -delete", Rights(True, True, True, True), False, Need.SHOULD, "deny delete"),
        ("list read write delete", GATE, False, Need.MUST, "grant delete"),
        ("list read write -delete", Rights(True, None, True, False), None, Need.SHOULD, "lake init"),
        ("list read write -delete", Rights(True, True, True, True, delete_follows_write=True), True, Need.SHOULD, ""),
    ],
)
def test_rights_are_held_against_what_the_gate_does(needed, rights, held, need, said):
    found = judge_rights("zone", needed, rights)

    assert (found.held, found.need) == (held, need)
    assert said in found.advice
    assert exit_code((found,)) == (5 if need is Need.MUST else 0)


def test_a_must_that_is_unknown_is_not_accepted():
    unknown = Finding("x", "?", "yes", Need.MUST, None, "")

    assert exit_code((unknown,)) == 6


def policy(bucket):
    """What a gate's role gets: raw is written and never deleted, reference data is not even read."""

    def rule(effect, actions, *resources):
        principal = {"AWS": ["arn:aws:iam:::user/bob"]}
        places = [f"arn:aws:s3:::{bucket}{resource}" for resource in resources]
        return {"Effect": effect, "Principal": principal, "Action": actions, "Resource": places}

    return {
        "Version": "2012-10-17",
        "Statement": [
            rule("Allow", "s3:*", "", "/*"),
            rule("Deny", ["s3:DeleteObject", "s3:DeleteObjectVersion"], "/01-raw-data-zone/*"),
            rule("Deny", ["s3:GetObject", "s3:GetObjectVersion"], "/03-master-data-zone/*"),
            rule("Deny", "s3:PutObject", "/warehouse/stage/*"),
        ],
    }


def as_other(store):
    """The same bucket, seen by the server's second user."""
    server = real_s3()
    other = Server(server.endpoint, *stranger(server))
    return S3Store(Bucket(other.client, store._bucket.settings))


@SLOW
def test_another_user_is_told_what_it_lacks_and_leaves_nothing_behind(tmp_path):
    for store in ceph(tmp_path):
        set_up(store, Setup(), ids(), create=True, dry_run=False)
        client, named = behind(store)
        client.put_bucket_policy(**named, Policy=json.dumps(policy(named["Bucket"])))
        before = client.list_object_versions(**named, Prefix="0")

        rights = {folder: as_other(store).rights(folder) for folder in NEEDED}

        after = client.list_object_versions(**named, Prefix="0")
        assert rights["01-raw-data-zone"] == Rights(True, True, True, False)
        assert rights["02-transient-zone"] == Rights(True, True, True, True)
        assert rights["03-master-data-zone"] == Rights(True, False, True, True)
        assert rights["warehouse/stage"] == Rights(True, True, False, True)
        assert [after.get(kind) for kind in ("Versions", "DeleteMarkers")] == [
            before.get(kind) for kind in ("Versions", "DeleteMarkers")
        ]


@SLOW
def test_a_stranger_cannot_even_list(tmp_path):
    for store in ceph(tmp_path):
        set_up(store, Setup(), ids(), create=True, dry_run=False)

        stranger = as_other(store)

        assert stranger.rights("01-raw-data-zone") == Rights(False, None, False, False)
        with pytest.raises(LakeError, match=r"AccessDenied|403"):
            examine(stranger, ids(), now)
