"""What only a bucket has: unfinished uploads, settings that the caller may not see, facts against what is wanted."""

import datetime as dt
import itertools

import pytest

from lake.stores import BUCKETS, SLOW, behind, ceph
from lakegate.errors import LakeError
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.settings import Retention
from lakegate.lake.s3.store import S3Store
from lakegate.lake.setup import set_up
from lakegate.lake.store import Need, Setup
from servers.s3 import Server, real_s3, stranger

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
EARLIER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def ids():
    numbers = itertools.count()
    return lambda: f"id-{next(numbers)}"


@pytest.fixture(params=BUCKETS, ids=lambda make: make.__name__)
def bucket(request, tmp_path):
    """A bucket that nobody has set up yet."""
    for store in request.param(tmp_path):
        store.create(Setup())
        yield store


def facts(store):
    return {one.what: (one.got, one.held) for one in store.facts()}


def test_uploads_that_a_dead_run_of_the_gate_left_are_given_up(bucket):
    client, named = behind(bucket)
    ours = client.create_multipart_upload(**named, Key="01-raw-data-zone/a/b/batch=1/rev=0-000001/f.csv")
    client.create_multipart_upload(**named, Key="02-transient-zone/a/b/1/f.csv")  # an uploader's own

    (found,) = bucket.leftovers(LATER)
    cleared = bucket.clear(found)

    assert (found.token, found.what) == (ours["UploadId"], "unfinished upload")
    assert cleared
    assert bucket.leftovers(LATER) == ()
    assert [one["Key"] for one in client.list_multipart_uploads(**named)["Uploads"]] == [
        "02-transient-zone/a/b/1/f.csv"
    ]


def test_an_upload_that_may_be_a_live_run_s_is_left_out(bucket):
    client, named = behind(bucket)
    client.create_multipart_upload(**named, Key="01-raw-data-zone/a/b/batch=1/rev=0-000001/f.csv")

    assert bucket.leftovers(EARLIER) == ()


def test_facts_are_held_against_what_init_sets(bucket):
    before = facts(bucket)
    set_up(bucket, Setup(), ids(), create=False, dry_run=False)
    after = facts(bucket)

    assert before["versioning"] == ("off", False)
    assert before["public access block"] == ("off", False)
    assert before["lifecycle"] == ("0 of 6 rules", False)
    assert {what for what, (_, held) in after.items() if held is False} <= {"racing puts"}  # Ceph's: docs/adr/0010
    assert after["object lock"] == ("off", None)  # nobody asked for it
    assert after["delete with If-Match"] == ("yes", True)


def test_a_public_access_block_in_part_is_completed(bucket):
    client, named = behind(bucket)
    client.put_public_access_block(**named, PublicAccessBlockConfiguration={"BlockPublicAcls": True})

    assert facts(bucket)["public access block"] == ("in part", False)
    set_up(bucket, Setup(), ids(), create=False, dry_run=False)
    assert facts(bucket)["public access block"] == ("on", True)


def test_a_rule_of_others_that_ends_the_raw_zone_is_named(bucket):
    client, named = behind(bucket)
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}
    client.put_bucket_lifecycle_configuration(**named, LifecycleConfiguration={"Rules": [rule]})

    assert facts(bucket)["what is kept for ever"] == ("expired by tidy", False)


def test_who_asks_for_retention_needs_object_lock(bucket):
    settings = bucket._bucket.settings
    retention = Retention("GOVERNANCE", dt.timedelta(days=30))
    sealed = type(settings)(settings.bucket, settings.endpoint, addressing="path", retention=retention)

    lock = {one.what: one for one in S3Store(Bucket(bucket._client, sealed)).facts()}["object lock"]

    assert (lock.held, lock.need) == (False, Need.SHOULD)
    assert "--object-lock" in lock.advice


@SLOW
def test_what_the_caller_may_not_see_cannot_be_told(tmp_path):
    for store in ceph(tmp_path):
        store.create(Setup())
        server = real_s3()
        outsider = S3Store(Bucket(Server(server.endpoint, *stranger(server)).client, store._bucket.settings))

        assert {held for _, held in facts(outsider).values()} == {None}
        with pytest.raises(LakeError, match="403"):
            outsider.exists()
