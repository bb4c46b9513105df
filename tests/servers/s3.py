"""The S3 servers that tests run against: a real one (Ceph, `tests/servers/ceph up`), and moto inside the process."""

import atexit
import functools
import logging
import os
import re
import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lakegate.lake.s3.client import Bucket, connect
from lakegate.lake.s3.lake import S3Lake
from lakegate.lake.s3.settings import S3Settings

STATE = Path(__file__).parents[2] / ".ceph" / "environment"  # what `tests/servers/ceph up` writes once it is up
HOW = "start one with `tests/servers/ceph up`, or name one in LAKEGATE_TEST_S3_ENDPOINT"
_made = []  # (client, bucket) of the test that runs


@dataclass(frozen=True)
class Server:
    """Where an S3 server answers, and one who may do everything there; `other` owns nothing."""

    endpoint: str
    key: str
    secret: str = field(repr=False)
    other: tuple[str, str] | None = field(default=None, repr=False)  # key, secret

    @property
    def environment(self):
        """What boto3's default chain is to find: these credentials, and nothing of this machine's."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def settings(self, bucket, **more):
        """The gate's settings for a bucket of this server."""
        return S3Settings(bucket, endpoint=self.endpoint, addressing="path", **more)

    def bucket(self, name, **more):
        """A bucket with a client of its own, which has said nothing yet; safe to hand to a forked child."""
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.environment.items():
                patch.setenv(variable, value)
            settings = self.settings(name, **more)
            client = connect(settings)
            client._request_signer._credentials.get_frozen_credentials()
            return Bucket(client, settings)

    def lake(self, name, **more):
        """A lake with a client of its own."""
        return S3Lake(self.bucket(name, **more))

    @functools.cached_property
    def client(self):
        """The client that all tests share: making one takes longer than a test."""
        return self.bucket("").client


def absence():
    """Why there is no real S3 server; empty where there is one."""
    endpoint = _settings().get("LAKEGATE_TEST_S3_ENDPOINT")
    if not endpoint:
        return f"no real S3 server: {HOW}"
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port or 80), timeout=5).close()
    except OSError as error:
        return f"no real S3 server: nothing answers at {endpoint} ({error.strerror or error}); {HOW}"
    return ""


def stranger(server):
    """The key and secret of the user who owns nothing. Where there is none: skipped, in CI failed, as `real_s3`."""
    if server.other is None:
        _left_out("LAKEGATE_TEST_S3_OTHER_USER names no other user (key:secret)")
    return server.other


def _left_out(reason):
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@functools.cache
def real_s3():
    """The real server. Where it is missing, a test that asks for it is skipped; in CI it fails."""
    missing = absence()
    if missing:
        _left_out(missing)
    named = _settings()
    other = named.get("LAKEGATE_TEST_S3_OTHER_USER")
    return Server(
        named["LAKEGATE_TEST_S3_ENDPOINT"],
        named.get("LAKEGATE_TEST_S3_KEY", "ADMINKEY"),
        named.get("LAKEGATE_TEST_S3_SECRET", "adminsecret"),
        tuple(other.split(":", 1)) if other else None,
    )


@functools.cache
def moto_s3():
    """A moto server inside this process, one for all its tests; it ends with the process."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return Server(f"http://{host}:{port}", "testing", "testing")


def _settings():
    """The environment's word, else that of the server that was started here."""
    if "LAKEGATE_TEST_S3_ENDPOINT" in os.environ or not STATE.exists():
        return os.environ
    return dict(re.findall(r"(LAKEGATE_\w+)=(\S+)", STATE.read_text()))


def new_bucket(server, *, versioned=True, **how):
    """Make an empty bucket and give its name; `close` removes it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    server.client.create_bucket(Bucket=name, **how)
    _made.append((server.client, name))
    if versioned:
        server.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def close(*names):
    """Remove the buckets that were made here, or only those named: every version of everything, locked or not."""
    for client, name in [one for one in _made if one[1] in names or not names]:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
            found = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            versions = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            if versions:
                every = {"Objects": versions, "Quiet": True}
                client.delete_objects(Bucket=name, Delete=every, BypassGovernanceRetention=True)
        for upload in client.list_multipart_uploads(Bucket=name).get("Uploads", ()):
            client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        client.delete_bucket(Bucket=name)
        _made.remove((client, name))
