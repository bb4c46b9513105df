"""Stores under lakes: one in memory whose settings can go wrong, and what there is of real ones."""

import uuid

import pytest

from lake.memory import MemoryLake
from lakegate.errors import LakeError
from lakegate.lake.local_store import LocalStore
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.store import S3Store
from lakegate.lake.store import Rights, Setting
from servers.s3 import _made, close, moto_s3, real_s3

ALL = Rights(list=True, read=True, write=True, delete=True, delete_follows_write=True)


class Switchable(MemoryLake):
    """A lake that takes no writes while `broken`."""

    broken = False

    def put_if_absent(self, key, data, write_id):
        if self.broken:
            raise LakeError("InvalidRequest")
        return super().put_if_absent(key, data, write_id)


class MemoryStore:
    """A store with one setting, `seal`: `breaks` it every later write, and `sticks` it, or can it not be put at all."""

    address, made_unasked = "memory", False

    def __init__(self, lake=None, *, breaks=False, sticks=False, refuses=False, forgets=False):
        self._lake, self.value, self.there = lake or Switchable(), "off", True
        self._breaks, self._sticks, self._refuses, self._forgets = breaks, sticks, refuses, forgets
        self.findings, self.given, self.left = (), {}, ()

    def exists(self):
        return self.there

    def create(self, setup):
        self.there = True

    def lake(self):
        return self._lake

    def settings(self, setup):
        return (Setting("seal", "on", lambda: self.value, self._put),)

    def _put(self):
        if self._refuses:
            raise LakeError("AccessDenied")
        self.value = "off" if self._forgets else "on"
        self._lake.broken = self._breaks
        return None if self._sticks else self._take_back

    def _take_back(self):
        self.value, self._lake.broken = "off", False

    def facts(self):
        return self.findings

    def rights(self, folder):
        return self.given.get(folder, ALL)

    def leftovers(self, before):
        return tuple(one for one in self.left if one.modified < before)

    def clear(self, leftover):
        self.left = tuple(one for one in self.left if one is not leftover)
        return True


def memory(folder):
    yield MemoryStore()


def local(folder):
    yield LocalStore(folder / "lake")


def moto(folder):
    yield from _bucket(moto_s3())


def ceph(folder):
    yield from _bucket(real_s3())


SLOW = pytest.mark.slow
BUCKETS = (pytest.param(moto, marks=SLOW), pytest.param(ceph, marks=SLOW))
STORES = (memory, local, *BUCKETS)


def _bucket(server):
    """A store whose bucket is not there yet; it goes with everything in it."""
    settings = server.settings(f"test-{uuid.uuid4().hex[:12]}")
    store = S3Store(Bucket(server.client, settings))
    yield store
    if store.exists():
        _made.append((server.client, settings.bucket))
        close()


def behind(store):
    """What an administrator has behind our back: a client, and the bucket's name as its argument."""
    return store._client, {"Bucket": store._bucket.name}
