"""What only a store behind a network can do: big objects, lost and wrong answers, other rules than S3's."""

import base64
import datetime as dt
import hashlib
import io
import itertools
import random
import socket
from collections import Counter

import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse
from botocore.response import StreamingBody

from gate.scene import DROP, TARGET, run, upload_batch
from lake.worlds import S3_WORLDS, keeps_versions
from lakegate.errors import LakeError, Refused, SourceChanged, UsageError
from lakegate.gate import ledger
from lakegate.lake.interface import SMALL, Content, Entry
from lakegate.lake.s3 import client as module
from lakegate.lake.s3.client import StoreError, open_bucket
from lakegate.lake.s3.lake import S3Lake
from lakegate.lake.s3.probes import creates_once, deletes_conditionally, verifies_checksums
from lakegate.lake.s3.settings import MIB, Retention, S3Settings, Transfer
from lakegate.lake.s3.transfer import parts
from lakegate.lake.s3.versions import versions
from servers.s3 import close, moto_s3, new_bucket, real_s3, stranger

KEY = "02-transient-zone/nyc/flights/b1/a.csv"
COMMIT = "01-raw-data-zone/_gate/commits/nyc/flights/b1/000001.json"
BIG = random.Random(7).randbytes(12 * MIB).replace(b"bad", b"BAD")
SMALL_PARTS = Transfer(
    threads=3, part=MIB, upload_limit=6 * MIB, upload_part=5 * MIB, copy_limit=11 * MIB, copy_part=5 * MIB
)


def sha(data):
    return hashlib.sha256(data).hexdigest()


SERVERS = (moto_s3, pytest.param(real_s3, marks=pytest.mark.slow))
by_server = pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.__name__)
by_versions = pytest.mark.parametrize("versioned", [True, False], ids=["versioned", "unversioned"])


@pytest.fixture
def open_lake():
    """Make a lake in a new bucket, with a client of its own whose answers a test may change."""

    def make(server, *, versioned=True, how=None, **settings):
        lake = server().lake(new_bucket(server(), versioned=versioned, **(how or {})), **settings)
        lake.on = lake._client.meta.events.register
        lake.upload = lambda key, data: server().client.put_object(Bucket=lake._bucket.name, Key=key, Body=data)
        return lake

    yield make
    close()


@pytest.fixture
def lake(open_lake):
    return open_lake(moto_s3)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(module, "pause", lambda seconds: None)
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda seconds: None)


def spooled(tmp_path, lake, data, key=KEY):
    (tmp_path / "spooled").write_bytes(data)
    return Content(tmp_path / "spooled", len(data), sha(data), lake.stat(key))


def answer(status, code, *, times=1):
    """Answer in the store's place, so many times."""
    left = [times]

    def respond(request, **_):
        if not left[0]:
            return None
        left[0] -= 1
        body = f"<Error><Code>{code}</Code><Message>said the store</Message></Error>".encode()
        raw = io.BytesIO(body)
        raw.stream = lambda **_: iter([body])
        return AWSResponse(request.url, status, {"Content-Type": "application/xml"}, raw)

    respond.left = left
    return respond


def without(header):
    """Make a store that does not know a header of the request."""

    def drop(params, **_):
        params["headers"].pop(header, None)

    return drop


# --- many bytes ---------------------------------------------------------------------------------------------------


def test_parts_cover_a_size_without_gap_or_overlap():
    for size, wanted in ((1, 5), (5, 5), (11, 5), (10_001 * MIB, MIB)):
        cut = parts(size, wanted)

        assert [part.first for part in cut] == [0, *itertools.accumulate(part.size for part in cut)][:-1]
        assert sum(part.size for part in cut) == size
        assert len(cut) <= 10_000


@by_server
@by_versions
def test_a_big_object_is_read_in_parallel_and_comes_in_order(open_lake, server, versioned):
    lake = open_lake(server, versioned=versioned, transfer=SMALL_PARTS)
    lake.upload(KEY, BIG)
    asked = []
    lake.on("before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"]["Range"]))

    assert b"".join(lake.stream(lake.stat(KEY))) == BIG
    assert len(asked) == len(set(asked)) == 12


@by_server
@by_versions
@pytest.mark.parametrize("transfer", [Transfer(), SMALL_PARTS], ids=["in one", "in parts"])
def test_a_big_object_is_placed_and_held(open_lake, tmp_path, server, versioned, transfer):
    lake = open_lake(server, versioned=versioned, transfer=transfer)
    lake.upload(KEY, BIG)
    judged = spooled(tmp_path, lake, BIG)

    assert lake.place("raw/a.csv", judged)
    assert not lake.place("raw/a.csv", judged)

    assert lake.holds("raw/a.csv", judged) == lake.stat("raw/a.csv")
    assert lake.sha256("raw/a.csv") == judged.sha256
    head = lake._client.head_object(Bucket=lake._bucket.name, Key="raw/a.csv")
    assert head["ETag"].strip('"').endswith("-3") == (transfer is SMALL_PARTS)
    lake.upload("raw/bad.csv", BIG[:-1] + b"?")
    assert lake.holds("raw/bad.csv", judged) is None


@by_server
@by_versions
def test_an_upload_in_parts_that_fails_is_given_up(open_lake, tmp_path, server, versioned):
    lake = open_lake(server, versioned=versioned, transfer=SMALL_PARTS)
    lake.upload(KEY, BIG)
    lake.on("before-send.s3.CompleteMultipartUpload", answer(403, "AccessDenied"))

    with pytest.raises(StoreError, match="AccessDenied"):
        lake.place("raw/a.csv", spooled(tmp_path, lake, BIG))

    assert "Uploads" not in lake._client.list_multipart_uploads(Bucket=lake._bucket.name)
    assert lake.stat("raw/a.csv") is None


@by_server
@by_versions
def test_a_promotion_reads_each_source_byte_once(open_lake, server, versioned):
    lake = open_lake(server, versioned=versioned, transfer=SMALL_PARTS)
    data = BIG[: 3 * MIB]
    upload_batch(lake.upload, {"a.csv": data, "_SUCCESS": b""})
    served = Counter()

    def count(params, context, **_):
        context["key"] = params["Key"]

    lake.on("provide-client-params.s3.GetObject", count)
    lake.on(
        "after-call.s3.GetObject",
        lambda parsed, context, **_: served.update({context["key"]: parsed.get("ContentLength", 0)}),
    )

    done = run(lake)

    assert done.notes == ()
    assert served[DROP + "a.csv"] == len(data)
    assert served[done.record.files[0].key] <= len(data)  # not at all where the store computes checksums
    assert lake.list(DROP) == ()


# --- answers that are lost, late or wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ConditionalRequestConflict"), (503, "SlowDown"), (500, "InternalError")]
)
def test_what_a_retry_mends_is_retried(lake, status, code):
    failing = answer(status, code, times=2)
    lake.on("before-send.s3.PutObject", failing)

    assert lake.put_if_absent(COMMIT, b"record", "w1")
    assert failing.left == [0]
    assert lake.read(COMMIT) == b"record"


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ConditionalRequestConflict"), (503, "SlowDown"), (500, "InternalError")]
)
def test_retries_are_bounded(lake, status, code):
    failing = answer(status, code, times=1000)
    lake.on("before-send.s3.PutObject", failing)

    with pytest.raises(LakeError, match=code) as told:
        lake.put_if_absent(COMMIT, b"record", "w1")

    assert told.value.exit_code == 5
    assert 1000 - failing.left[0] <= 10


def test_a_success_whose_answer_was_lost_is_a_412_and_the_batch_is_committed(lake):
    upload_batch(lake.upload)
    lost = []
    lake.on("before-parse.s3.PutObject", lambda response_dict, **_: lose_answer(response_dict, lost))

    assert run(lake).exit_code == 0
    assert lost
    assert len(ledger.slots(lake, TARGET, "b1")) == 1


def lose_answer(response, lost):
    """Turn the first success into an answer that says nothing; the store has acted."""
    if not lost and response["status_code"] == 200:
        lost.append(True)
        response["status_code"], response["body"] = 500, b""


@by_server
@by_versions
def test_an_upload_in_parts_whose_last_answer_was_lost_is_whole(open_lake, tmp_path, server, versioned):
    lake = open_lake(server, versioned=versioned, transfer=SMALL_PARTS)
    lake.upload(KEY, BIG)
    judged, lost = spooled(tmp_path, lake, BIG), []
    lake.on("before-parse.s3.CompleteMultipartUpload", lambda response_dict, **_: lose_answer(response_dict, lost))

    lake.place("raw/a.csv", judged)

    assert lost
    assert lake.holds("raw/a.csv", judged)
    assert "Uploads" not in lake._client.list_multipart_uploads(Bucket=lake._bucket.name)


def cut_short(times):
    left = [times]

    def cut(parsed, **_):
        if left[0] and "Body" in parsed:
            left[0] -= 1
            size = parsed["ContentLength"]
            parsed["Body"] = StreamingBody(io.BytesIO(parsed["Body"].read()[: size // 3]), size)

    return cut


def test_a_body_that_breaks_off_is_asked_for_from_there(open_lake):
    lake = open_lake(moto_s3, transfer=SMALL_PARTS)
    lake.upload(KEY, BIG)
    lake.on("after-call.s3.GetObject", cut_short(3))

    assert b"".join(lake.stream(lake.stat(KEY))) == BIG


def test_a_body_that_breaks_off_for_ever_is_an_error(lake):
    lake.upload(KEY, b"data" * 1000)
    lake.on("after-call.s3.GetObject", cut_short(1000))

    with pytest.raises(LakeError, match="broke off 5 times"):
        list(lake.stream(lake.stat(KEY)))


@pytest.mark.parametrize("wrong", [{"ContentRange": "bytes 0-2/4"}, {"ContentLength": 3}])
def test_another_range_than_was_asked_for_is_an_error(lake, wrong):
    lake.upload(KEY, b"data")
    lake.on("after-call.s3.GetObject", lambda parsed, **_: parsed.update(wrong))

    with pytest.raises(LakeError, match="expected 4 as 'bytes 0-3/4'"):
        list(lake.stream(lake.stat(KEY)))


@by_server
def test_a_version_that_was_deleted_for_good_is_a_changed_source(open_lake, tmp_path, server):
    lake = open_lake(server)
    lake.upload(KEY, b"data")
    judged = spooled(tmp_path, lake, b"data")
    lake.discard(judged.origin)

    with pytest.raises(SourceChanged):
        list(lake.stream(judged.origin))
    with pytest.raises(SourceChanged):
        lake.place("raw/x", judged)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "AccessDenied", "allow the gate s3:ListBucketVersions"),
        (400, "ExpiredToken", "the credentials have expired"),
        (403, "InvalidAccessKeyId", "does not know these credentials"),
        (403, "SignatureDoesNotMatch", "the secret key does not fit"),
        (403, "RequestTimeTooSkewed", "clock"),
        (404, "NoSuchBucket", "make the bucket first"),
    ],
)
def test_what_the_store_refuses_says_where_and_what_to_do(lake, status, code, told):
    lake.on("before-send.s3.ListObjectVersions", answer(status, code, times=1000))

    with pytest.raises(LakeError) as raised:
        lake.list("01-raw-data-zone/")

    assert f"s3://{lake._bucket.name}/01-raw-data-zone/" in str(raised.value)
    assert code in str(raised.value)
    assert told in raised.value.hint


def test_a_bucket_that_is_not_there_is_a_wrong_setting():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in moto_s3().environment.items():
            patch.setenv(name, value)

        with pytest.raises(UsageError, match="'s3://no-such-bucket-here/' is not there"):
            open_bucket(moto_s3().settings("no-such-bucket-here"))


def test_an_endpoint_that_does_not_answer_is_told(monkeypatch):
    for name, value in moto_s3().environment.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(LakeError, match=rf"http://127.0.0.1:{port} does not answer") as told:
        open_bucket(S3Settings("some-bucket", endpoint=f"http://127.0.0.1:{port}", attempts=2))

    assert told.value.exit_code == 5


def test_without_credentials_it_says_where_they_come_from(monkeypatch):
    for name, value in moto_s3().environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(LakeError, match="no credentials") as told:
        open_bucket(moto_s3().settings("some-bucket"))

    assert "AWS_PROFILE" in told.value.hint


def test_a_profile_that_is_not_there_is_a_wrong_setting():
    with pytest.raises(UsageError, match="nobody"):
        open_bucket(S3Settings("some-bucket", profile="nobody"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        ("NOBODY", "x", "does not know these credentials"),
        (None, "wrong", "the secret key does not fit"),
        ("other", "other", "allow the gate s3:ListBucketVersions"),
    ],
)
def test_wrong_credentials_at_a_real_server(open_lake, monkeypatch, key, secret, told):
    server = real_s3()
    if key == "other":
        key, secret = stranger(server)
    name = open_lake(real_s3)._bucket.name
    for variable, value in server.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key or server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)

    with pytest.raises(LakeError) as raised:
        open_bucket(server.settings(name))

    assert (raised.value.exit_code, told in raised.value.hint) == (5, True), raised.value


@pytest.mark.slow
def test_a_bucket_of_another_owner_is_refused(open_lake):
    lake = open_lake(real_s3, owner="123456789012")

    with pytest.raises(StoreError, match="cannot look at"):
        lake.stat("a")


# --- other rules than S3's ----------------------------------------------------------------------------------------


@by_server
@by_versions
def test_what_the_servers_are_known_to_do(open_lake, server, versioned):
    bucket = open_lake(server, versioned=versioned)._bucket

    assert verifies_checksums(bucket) is (server is real_s3)
    assert deletes_conditionally(bucket)
    assert S3Lake(bucket).list("log/") == ()


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.__name__)
def test_without_versions_a_key_is_created_once(open_lake, server):
    assert creates_once(open_lake(server, versioned=False)._bucket)


def test_a_store_that_lets_two_create_a_key_is_found_out(lake):
    lake.on("before-call.s3.PutObject", without("If-None-Match"))

    assert not creates_once(lake._bucket)


def test_a_checksum_that_the_store_only_keeps_is_not_believed(lake, tmp_path):
    lake.upload(KEY, b"data")
    judged = spooled(tmp_path, lake, b"data")
    lying = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": base64.b64encode(bytes.fromhex(judged.sha256)).decode()}
    lake._client.put_object(Bucket=lake._bucket.name, Key="raw/a.csv", Body=b"evil", **lying)

    assert lake._client.head_object(Bucket=lake._bucket.name, Key="raw/a.csv", ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert lake.sha256("raw/a.csv") == sha(b"evil")
    assert lake.holds("raw/a.csv", judged) is None


def test_a_checksum_that_the_store_computed_spares_a_read(open_lake, tmp_path):
    lake = open_lake(moto_s3, versioned=False)
    lake.upload(KEY, b"data")
    judged = spooled(tmp_path, lake, b"data")
    lake.on("before-send.s3.PutObject", refuse_wrong_sums)
    lake.place("raw/a.csv", judged)
    lake.on("before-call.s3.GetObject", lambda **_: pytest.fail("nothing is read back"))

    assert lake.holds("raw/a.csv", judged)
    assert lake.sha256("raw/a.csv") == judged.sha256


def refuse_wrong_sums(request, **_):
    """Do for moto what S3 does: verify the checksum."""
    body = request.body if isinstance(request.body, bytes) else request.body.read()
    if not isinstance(request.body, bytes):
        request.body.seek(0)
    said = request.headers["x-amz-checksum-sha256"]
    said = said.decode() if isinstance(said, bytes) else said
    if said != base64.b64encode(hashlib.sha256(body).digest()).decode():
        return answer(400, "BadDigest")(request)
    return None


def ignore_conditional_deletes(lake):
    lake.on("before-call.s3.DeleteObject", without("If-Match"))


@by_server
def test_a_store_that_deletes_unconditionally_loses_every_version_up_to_the_pinned(open_lake, server):
    lake = open_lake(server)
    ignore_conditional_deletes(lake)
    for data in (b"older", b"data"):
        lake.upload(KEY, data)
    pinned = lake.stat(KEY)

    assert lake.remove(pinned, sha(b"data"))
    assert lake.stat(KEY) is None
    assert versions(lake._bucket, KEY)[0] == ()

    lake.upload(KEY, b"newer")
    assert not lake.remove(pinned, sha(b"data"))
    assert lake.read(KEY) == b"newer"


@by_server
def test_a_newer_arrival_during_such_a_delete_stays(open_lake, server, monkeypatch):
    lake = open_lake(server)
    ignore_conditional_deletes(lake)
    lake.upload(KEY, b"data")
    pinned = lake.stat(KEY)

    def arriving(bucket, key):
        lake.upload(KEY, b"newer")
        return versions(bucket, key)

    monkeypatch.setattr("lakegate.lake.s3.lake.versions", arriving)

    assert not lake.remove(pinned, sha(b"data"))
    assert lake.read(KEY) == b"newer"


@by_server
def test_without_versions_such_a_store_deletes_nothing(open_lake, server):
    lake = open_lake(server, versioned=False)
    ignore_conditional_deletes(lake)
    lake.upload(KEY, b"data")

    with pytest.raises(LakeError, match="the store deletes whatever stands there") as told:
        lake.remove(lake.stat(KEY), sha(b"data"))

    assert "versioning" in told.value.hint
    assert lake.read(KEY) == b"data"


@by_server
@by_versions
def test_an_arrival_between_look_and_delete_stays(open_lake, server, versioned):
    lake = open_lake(server, versioned=versioned)
    lake.upload(KEY, b"data")
    pinned = lake.stat(KEY)
    arrivals = [b"newer"]
    assert lake._deletes_conditionally  # asked now, so that the next delete is the real one

    def arrive(**_):
        if arrivals:
            lake.upload(KEY, arrivals.pop())

    lake.on("before-call.s3.DeleteObject", arrive)

    assert not lake.remove(pinned, sha(b"data"))
    assert lake.read(KEY) == b"newer"


@by_server
@by_versions
def test_what_another_deletes_while_it_is_hashed_is_deleted(open_lake, server, versioned):
    lake = open_lake(server, versioned=versioned)
    lake.upload(KEY, b"data")
    pinned = lake.stat(KEY)
    standing = [KEY]

    def deleted_meanwhile(**_):
        if standing:
            server().client.delete_object(Bucket=lake._bucket.name, Key=standing.pop())

    lake.on("before-call.s3.GetObject", deleted_meanwhile)

    assert lake.remove(pinned, sha(b"data"))
    assert lake.stat(KEY) is None


# --- what a bucket may hold ---------------------------------------------------------------------------------------


@pytest.fixture(params=S3_WORLDS, ids=lambda make: make.__name__)
def bucket_world(request, tmp_path):
    yield request.param(tmp_path)
    close()


def test_strange_keys_are_listed_and_refused_when_read(bucket_world):
    lake, upload = bucket_world
    strange = ["zone/../up", "zone//empty", "zone/back\\slash", "zone/tab\tx"]
    plain = ["zone/a b+ü%2F[1].csv", "zone/folder/"]
    for key in (*strange, plain[0]):
        upload(key, b"x")
    upload(plain[1], b"")  # what a console makes of a folder

    entries = {entry.key: entry for entry in lake.list("zone/")}

    assert sorted(entries) == sorted([*strange, plain[0]])
    assert b"".join(lake.stream(entries[plain[0]])) == b"x"
    for key in strange:
        with pytest.raises(Refused):
            list(lake.stream(entries[key]))


def test_long_listings_come_in_pages(open_lake):
    lake = open_lake(moto_s3)
    for n in range(7):
        for _ in range(2):
            lake.upload(f"zone/{n}", b"x")
    pages = []
    lake.on("provide-client-params.s3.ListObjectVersions", lambda params, **_: {**params, "MaxKeys": 3})
    lake.on("before-call.s3.ListObjectVersions", lambda **_: pages.append(1))

    assert [entry.key for entry in lake.list("zone/")] == [f"zone/{n}" for n in range(7)]
    assert len(pages) == 5
    lake.discard(lake.stat("zone/0"))
    assert lake.stat("zone/0") is None


def test_a_deleted_commit_record_is_an_alarm(bucket_world):
    lake, upload = bucket_world
    upload(COMMIT, b"{}")
    lake._client.delete_object(Bucket=lake._bucket.name, Key=COMMIT)

    if keeps_versions(lake):
        with pytest.raises(Refused, match="was deleted"):
            lake.list("01-raw-data-zone/_gate/commits/nyc/flights/")


def test_of_a_commit_record_the_first_writing_counts(lake):
    """What Ceph does to racing conditional puts: both get through, as two versions."""
    assert lake.put_if_absent(COMMIT, b"first", "w1")
    lake.on("before-call.s3.PutObject", without("If-None-Match"))

    assert not lake.put_if_absent(COMMIT, b"second", "w2")
    assert lake.read(COMMIT) == b"first"
    assert lake.sha256(COMMIT) == sha(b"first")
    assert lake.list("01-raw-data-zone/") == (lake.stat(COMMIT),)


def test_what_is_too_large_for_a_record_is_refused_before_it_is_read(lake, monkeypatch):
    lake.upload(COMMIT, b"x")
    lake.on("before-call.s3.GetObject", lambda **_: pytest.fail("the body is not read"))
    monkeypatch.setattr(
        "lakegate.lake.s3.versions._listed", lambda _: Entry(COMMIT, SMALL + 1, "v", dt.datetime.now(dt.UTC))
    )

    with pytest.raises(Refused, match="larger than"):
        lake.read(COMMIT)


def test_a_write_id_stands_in_the_metadata(bucket_world):
    lake, _ = bucket_world
    lake.put_if_absent("references/reports/x/index.html", b"<p>", "w1")

    head = lake._client.head_object(Bucket=lake._bucket.name, Key="references/reports/x/index.html")
    assert (head["Metadata"], head["ContentType"]) == ({"lakegate-write-id": "w1"}, "text/html")


@by_server
def test_committed_objects_are_sealed(open_lake, server):
    retention = Retention("GOVERNANCE", dt.timedelta(days=30))
    lake = open_lake(server, versioned=False, how={"ObjectLockEnabledForBucket": True}, retention=retention)
    upload_batch(lake.upload)

    began = dt.datetime.now(dt.UTC).replace(microsecond=0)  # S3 tells whole seconds
    done = run(lake)
    again = run(lake)
    ended = dt.datetime.now(dt.UTC)

    assert (done.notes, again.notes) == ((), ())
    for key in (TARGET.commit("b1", 1), *(file.key for file in done.record.files)):
        head = lake._client.head_object(Bucket=lake._bucket.name, Key=key)
        assert head["ObjectLockMode"] == "GOVERNANCE"
        assert began <= head["ObjectLockRetainUntilDate"] - retention.period <= ended


def test_a_bucket_without_a_lock_says_so_and_the_batch_is_committed(open_lake):
    lake = open_lake(moto_s3, retention=Retention("COMPLIANCE", dt.timedelta(days=1)))
    upload_batch(lake.upload)

    done = run(lake)

    assert done.exit_code == 0
    assert "was not sealed" in done.notes[0]


def test_private_copies_lie_where_the_settings_say(open_lake, tmp_path):
    (tmp_path / "spool").mkdir()
    with open_lake(moto_s3, spool=tmp_path / "spool").workspace() as folder:
        assert folder.parent == tmp_path / "spool"

    with pytest.raises(LakeError, match="cannot spool"), open_lake(moto_s3, spool=tmp_path / "none").workspace():
        pass


def test_metadata_names_who_brought_an_object(bucket_world):
    lake, upload = bucket_world
    upload("a/b.csv", b"nobody is named")
    plain = lake.stat("a/b.csv")
    assert lake.brought_by(plain) == ()
    bucket = lake._bucket

    bucket.client.put_object(Bucket=bucket.name, Key="a/b.csv", Body=b"x", Metadata={"uploader": "ana"})

    assert lake.brought_by(lake.stat("a/b.csv")) == ("ana",)
    if not keeps_versions(lake):
        with pytest.raises(SourceChanged):
            lake.brought_by(plain)
