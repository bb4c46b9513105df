"""The S3 servers that tests run against: a real one (Ceph, `tests/servers/ceph up`), and moto inside the process."""

import contextlib
import functools
import os
import re
import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

STATE = Path(__file__).parents[2] / ".ceph" / "environment"  # what `tests/servers/ceph up` writes once it is up
HOW = "start one with `tests/servers/ceph up`, or name one in LAKEGATE_TEST_S3_ENDPOINT"


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

    def client(self):
        """A plain client, none of our code: what looks at buckets behind the gate's back."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(s3={"addressing_style": "path"}),
        )


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


@functools.cache
def real_s3():
    """The real server. Where it is missing, a test that asks for it is skipped; in CI it fails."""
    missing = absence()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)
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
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return Server(f"http://{host}:{port}", "testing", "testing")


def _settings():
    """The environment's word, else that of the server that was started here."""
    if "LAKEGATE_TEST_S3_ENDPOINT" in os.environ or not STATE.exists():
        return os.environ
    return dict(re.findall(r"(LAKEGATE_\w+)=(\S+)", STATE.read_text()))


@contextlib.contextmanager
def bucket(server, *, versioned=True):
    """Make a fresh bucket and give its name; it goes with everything in it."""
    client = server.client()
    name = f"test-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    try:
        yield name
    finally:
        empty(client, name)
        client.delete_bucket(Bucket=name)


def empty(client, name):
    """Delete every version of everything in a bucket, locked or not, and give up what was being uploaded."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            client.delete_object(
                Bucket=name, Key=one["Key"], VersionId=one["VersionId"], BypassGovernanceRetention=True
            )
    for upload in client.list_multipart_uploads(Bucket=name).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
