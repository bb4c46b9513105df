"""Setting a lake up: again is harmless, what others set is kept, and what a store cannot keep is taken back."""

import itertools

import pytest

from lake.stores import BUCKETS, SLOW, MemoryStore, Switchable, behind, ceph, moto
from lakegate.errors import LakeError, UsageError
from lakegate.lake.layout import PURPOSES
from lakegate.lake.local_store import LocalStore
from lakegate.lake.setup import Proof, prove, set_up
from lakegate.lake.store import Setup
from lakegate.lake.zones import PROBES

KEY = "arn:aws:kms:us-east-1:000000000000:key/none"


def ids():
    numbers = itertools.count()
    return lambda: f"id-{next(numbers)}"


PLAIN = Setup()


def made(store, setup=PLAIN, *, create=True, dry_run=False):
    """What became of each setting, by its name."""
    changes = set_up(store, setup, ids(), create=create, dry_run=dry_run)
    return {change.setting: change for change in changes}


def proofs(changes):
    return {name: change.proof for name, change in changes.items()}


@pytest.fixture(params=BUCKETS, ids=lambda make: make.__name__)
def bucket(request, tmp_path):
    yield from request.param(tmp_path)


def test_a_lake_is_made_once_and_again_is_harmless(store):
    first = made(store)
    again = made(store)

    assert {Proof.YES} >= set(proofs(first).values()) - {Proof.STOOD}
    assert first["folders"].proof is Proof.YES
    assert set(proofs(again).values()) == {Proof.STOOD}
    lake = store.lake()
    assert {entry.key for entry in lake.list("warehouse/")} == {
        f"{folder}/_README.md" for folder in PURPOSES if folder.startswith("warehouse/")
    }
    assert lake.list(PROBES) == ()
    assert "01-raw-data-zone" in lake.read("README.md").decode()


def test_a_dry_run_does_nothing(store):
    there = store.exists()

    planned = made(store, dry_run=True)

    assert set(proofs(planned).values()) == {Proof.PLANNED}
    assert store.exists() == there
    assert not there or store.lake().list("warehouse/") == ()


def test_a_dry_run_over_a_lake_that_stands_plans_only_what_is_missing(store):
    made(store)

    planned = made(store, Setup(users=("ann",)), dry_run=True)

    assert planned.pop("folders").before == "2 READMEs missing"
    assert set(proofs(planned).values()) <= {Proof.STOOD}


def test_users_get_their_folders(store):
    made(store, Setup(users=("ann", "bob.b@example.com")))

    lake = store.lake()
    assert "of ann" in lake.read("02-transient-zone/01-athena/ann/_README.md").decode()
    assert "by bob.b@example.com" in lake.read("04-user-drop-zone/bob.b@example.com/_README.md").decode()


@pytest.mark.parametrize("name", ["", "_gate", "..", "a/b", "a b", "ä", "a.", "-a", "x" * 65])
def test_a_name_that_can_be_no_folder_is_told_before_anything_is_made(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be a user's folder"):
        made(LocalStore(tmp_path / "lake"), Setup(users=(name,)))

    assert not (tmp_path / "lake").exists()


def test_a_bucket_is_not_made_of_a_mistyped_name(bucket):
    with pytest.raises(UsageError, match=r"is not there.*--create"):
        made(bucket, create=False)

    assert not bucket.exists()


def test_a_folder_is_made_unasked(tmp_path):
    made(LocalStore(tmp_path / "deep" / "lake"), create=False)

    assert (tmp_path / "deep/lake/01-raw-data-zone/_README.md").is_file()


@pytest.mark.parametrize(
    ("setup", "option"),
    [
        (Setup(object_lock=True), "--object-lock"),
        (Setup(kms_key=KEY), "--kms-key"),
        (Setup(expire_quarantine=9), "--expire-quarantine"),
    ],
)
def test_a_folder_has_no_settings_of_a_bucket(tmp_path, setup, option):
    with pytest.raises(UsageError, match=f"{option} is a setting of a bucket"):
        made(LocalStore(tmp_path / "lake"), setup)

    assert not (tmp_path / "lake").exists()


def test_a_bucket_gets_its_settings(bucket):
    changes = made(bucket, Setup(object_lock=True, expire_quarantine=365))

    client, named = behind(bucket)
    assert proofs(changes)["lifecycle"] is Proof.YES
    assert client.get_bucket_versioning(**named)["Status"] == "Enabled"
    assert client.get_object_lock_configuration(**named)["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
    assert all(client.get_public_access_block(**named)["PublicAccessBlockConfiguration"].values())
    rules = {rule["ID"] for rule in client.get_bucket_lifecycle_configuration(**named)["Rules"]}
    assert "lakegate-quarantine" in rules


@SLOW
def test_object_lock_can_be_switched_on_later_where_the_store_can(tmp_path):
    for store in ceph(tmp_path):
        made(store)

        change = made(store, Setup(object_lock=True))["object lock"]

        assert (change.before, change.now, change.proof) == ("off", "on", Proof.YES)


@SLOW
def test_object_lock_that_comes_too_late_for_the_store_is_told(tmp_path):
    for store in moto(tmp_path):  # wants an empty bucket
        made(store)

        change = made(store, Setup(object_lock=True))["object lock"]

        assert (change.before, change.now, change.proof) == ("off", "off", Proof.NO)
        assert "cannot switch Object Lock on" in change.note


def test_rules_of_others_are_kept(bucket):
    client, named = behind(bucket)
    client.create_bucket(**named)
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "data/user/"}, "Expiration": {"Days": 90}}
    client.put_bucket_lifecycle_configuration(**named, LifecycleConfiguration={"Rules": [theirs]})

    changes = made(bucket)

    rules = {rule["ID"]: rule for rule in client.get_bucket_lifecycle_configuration(**named)["Rules"]}
    assert changes["lifecycle"].proof is Proof.YES
    assert rules["theirs"]["Expiration"]["Days"] == 90
    assert len(rules) == 7


def test_a_rule_of_ours_that_somebody_changed_is_set_again(bucket):
    made(bucket)
    client, named = behind(bucket)
    rules = client.get_bucket_lifecycle_configuration(**named)["Rules"]
    changed = [rule for rule in rules if rule["ID"] != "lakegate-probes"]
    client.put_bucket_lifecycle_configuration(**named, LifecycleConfiguration={"Rules": changed})

    changes = made(bucket)

    assert (changes["lifecycle"].before, changes["lifecycle"].now) == ("5 of 6 rules", "6 of 6 rules")


@SLOW
def test_a_key_that_the_real_server_cannot_use_is_taken_back_and_writes_go_on(tmp_path):
    for store in ceph(tmp_path):
        changes = made(store, Setup(kms_key=KEY))

        assert changes["encryption"].proof is Proof.NO
        assert changes["encryption"].now == "the store's own"
        assert "taken back" in changes["encryption"].note
        prove(store.lake(), "after")


@SLOW
def test_a_key_that_the_store_takes_is_proved(tmp_path):
    for store in moto(tmp_path):
        assert made(store, Setup(kms_key=KEY))["encryption"].now == f"aws:kms {KEY}"


@pytest.mark.parametrize(
    ("store", "now", "note"),
    [
        (MemoryStore(breaks=True), "off", "InvalidRequest; taken back"),
        (MemoryStore(forgets=True), "off", "the store says 'off' after it was set to 'on'; taken back"),
        (MemoryStore(refuses=True), "off", "AccessDenied"),
    ],
    ids=["breaks", "forgets", "refuses"],
)
def test_a_setting_that_does_not_hold_is_taken_back_and_told(store, now, note):
    changes = made(store)

    assert (changes["seal"].proof, changes["seal"].now, changes["seal"].note) == (Proof.NO, now, note)
    assert store.value == "off"
    assert changes["folders"].proof is Proof.YES  # it did not keep the others


def test_a_setting_that_breaks_writes_and_cannot_be_taken_back_is_told(tmp_path):
    store = MemoryStore(breaks=True, sticks=True)

    with pytest.raises(LakeError, match="InvalidRequest"):
        made(store)


def test_a_store_that_takes_no_writes_is_told_before_anything_is_set():
    lake = Switchable()
    lake.broken = True
    store = MemoryStore(lake)

    with pytest.raises(LakeError, match="InvalidRequest"):
        made(store)

    assert store.value == "off"


class Forgetful(Switchable):
    def read(self, key):
        return b"something else"


class Undeletable(Switchable):
    def discard(self, entry):
        pass


@pytest.mark.parametrize(
    ("lake", "told"), [(Forgetful(), "reads as b'something else'"), (Undeletable(), "and still stands")]
)
def test_a_proof_is_a_write_a_read_and_a_delete(lake, told):
    with pytest.raises(LakeError, match=told):
        prove(lake, "probe")


def test_the_same_probe_is_not_written_twice():
    lake = Undeletable()
    lake.upload(PROBES + "probe", b"stands")

    with pytest.raises(LakeError, match="stands already"):
        prove(lake, "probe")
