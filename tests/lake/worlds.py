"""Every lake there is, each with the way an uploader writes to it behind the gate's back."""

import pytest

from lake.memory import MemoryLake
from lakegate.lake.local import LocalLake
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.lake import S3Lake
from servers.s3 import moto_s3, new_bucket, real_s3


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
    return _in_bucket(moto_s3(), versioned=True)


def moto_unversioned(folder):
    return _in_bucket(moto_s3(), versioned=False)


def ceph(folder):
    return _in_bucket(real_s3(), versioned=True)


def ceph_unversioned(folder):
    return _in_bucket(real_s3(), versioned=False)


def _in_bucket(server, *, versioned):
    name = new_bucket(server, versioned=versioned)

    def upload(key, data):
        server.client.put_object(Bucket=name, Key=key, Body=data)

    return S3Lake(Bucket(server.client, server.settings(name))), upload


def _slow(world):
    return pytest.param(world, marks=pytest.mark.slow)


S3_WORLDS = (moto, *map(_slow, (moto_unversioned, ceph, ceph_unversioned)))
WORLDS = (memory, local, *S3_WORLDS)
GATE_WORLDS = (memory, local, *map(_slow, (moto, ceph, ceph_unversioned)))  # a promotion asks a store dozens of things


def keeps_versions(lake):
    """Whether what was overwritten or deleted can still be read by its version."""
    if not isinstance(lake, S3Lake):
        return False
    bucket = lake._bucket
    return bucket.client.get_bucket_versioning(Bucket=bucket.name).get("Status") == "Enabled"
