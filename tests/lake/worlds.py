"""Every lake there is, each with the way an uploader writes to it behind the gate's back."""

import atexit
import logging
import os
import uuid
from functools import cache

import pytest

from lake.memory import MemoryLake
from lakegate.lake.local import LocalLake
from lakegate.lake.s3.client import Bucket, connect
from lakegate.lake.s3.lake import S3Lake
from lakegate.lake.s3.settings import S3Settings


def memory(folder):
    lake = MemoryLake()
    return lake, lake.upload


def local(folder):
    root = folder / "lake"
    root.mkdir()

    def upload(key, data):
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".uploading")
        fresh.write_bytes(data)
        fresh.replace(path)  # another inode, so that no clock is needed to tell the versions apart

    return LocalLake(root), upload


def moto(folder):
    return bucket_of(moto_server(), folder, versioned=True)


def moto_unversioned(folder):
    return bucket_of(moto_server(), folder, versioned=False)


def ceph(folder):
    return bucket_of(real_server(), folder, versioned=True)


def ceph_unversioned(folder):
    return bucket_of(real_server(), folder, versioned=False)


WORLDS = (memory, local, moto, moto_unversioned, ceph, ceph_unversioned)
S3_WORLDS = (moto, moto_unversioned, ceph, ceph_unversioned)

# --- S3 -----------------------------------------------------------------------------------------------------------

KEY_ID, SECRET = "LAKEGATE_TEST_S3_KEY", "LAKEGATE_TEST_S3_SECRET"
_made = []  # (client, bucket) of the test that runs


@cache
def moto_server():
    """Start moto once per process; return its address."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def real_server():
    """Return the address of the real server; without one the test is skipped, in CI it fails."""
    address = os.environ.get("LAKEGATE_TEST_S3_ENDPOINT")
    if address is None:
        reason = "no real S3 server: LAKEGATE_TEST_S3_ENDPOINT names none"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return address


def credentials():
    """Return the environment in which boto3 finds the credentials of the tests' servers, and no others."""
    return {
        "AWS_ACCESS_KEY_ID": os.environ.get(KEY_ID, "ADMINKEY"),
        "AWS_SECRET_ACCESS_KEY": os.environ.get(SECRET, "adminsecret"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@cache
def client(address):
    """Return the client of all tests of one server: making one takes longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in credentials().items():
            patch.setenv(name, value)
        made = connect(S3Settings("", endpoint=address, addressing="path"))
        made._request_signer._credentials.get_frozen_credentials()
        return made


def new_bucket(address, *, versioned, **how):
    """Make an empty bucket, `settings` for it, and the client; `close` removes it."""
    s3, name = client(address), f"test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, **how)
    _made.append((s3, name))
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3, S3Settings(name, endpoint=address, addressing="path")


def bucket_of(address, folder, *, versioned):
    s3, settings = new_bucket(address, versioned=versioned)

    def upload(key, data):
        s3.put_object(Bucket=settings.bucket, Key=key, Body=data)

    return S3Lake(Bucket(s3, settings)), upload


def keeps_versions(lake):
    """Whether what was overwritten or deleted can still be read by its version."""
    if not isinstance(lake, S3Lake):
        return False
    bucket = lake._bucket
    return bucket.client.get_bucket_versioning(Bucket=bucket.name).get("Status") == "Enabled"


def close():
    """Remove the buckets that a test made, with every version in them."""
    while _made:
        s3, name = _made.pop()
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                bypass = {"BypassGovernanceRetention": True}
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"], **bypass)
        s3.delete_bucket(Bucket=name)
