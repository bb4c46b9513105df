"""A whole lake in memory, with the promises of `lake.interface.Lake`: one lock stands for the store's atomicity.

It is a bucket without versioning, or one with: there what is overwritten or deleted stays readable by its version, a
deletion only puts a marker on top, and data is copied from the pinned version inside the store.
"""

import bisect
import contextlib
import datetime as dt
import functools
import hashlib
import itertools
import tempfile
import threading
from pathlib import Path

from lakegate.errors import LakeError, SourceChanged
from lakegate.lake import interface
from lakegate.lake.interface import Entry

START = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)

check_key = functools.lru_cache(65536)(interface.check_key)


class MemoryLake:
    def __init__(self, *, versioned=False, clock=lambda: START):
        self.versioned = versioned
        self.clock = clock  # when it is, UTC
        self.history = {}  # key -> [(Entry, bytes)], the oldest first; unversioned: one at most. None: a delete marker
        self._keys = []  # those of the history, sorted
        self._count = 0
        self._lock = threading.RLock()

    def upload(self, key, data):
        """What an uploader does: it overwrites. Returns the entry."""
        with self._lock:
            self._count += 1
            entry = Entry(check_key(key), len(data), f"v{self._count}", self.clock())
            self._push(key, entry, data)
            return entry

    def withdraw(self, key):
        """What an uploader does that thinks better of it."""
        with self._lock:
            if self._latest(key) is not None:
                self._push(key, None, None)

    def _push(self, key, entry, data):
        if key not in self.history:
            bisect.insort(self._keys, key)
        older = self.history.get(key, []) if self.versioned else []
        self.history[key] = [*older, (entry, data)]

    def _latest(self, key):
        """(entry, bytes) of what stands at a key, None where nothing does."""
        with self._lock:
            versions = self.history.get(check_key(key))
            return versions[-1] if versions and versions[-1][0] is not None else None

    def _pinned(self, entry):
        """The bytes of exactly this version, None where it cannot be had any more."""
        with self._lock:
            kept = self.history.get(check_key(entry.key), ())
            return next((data for now, data in kept if now is not None and now.version == entry.version), None)

    def uri(self, key):
        return f"memory://{check_key(key)}"

    def recover(self):
        pass

    @contextlib.contextmanager
    def workspace(self):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    def list(self, prefix):
        check_key(prefix.removesuffix("/"))
        with self._lock:
            first = bisect.bisect_left(self._keys, prefix)
            below = itertools.takewhile(lambda key: key.startswith(prefix), self._keys[first:])
            found = (self._latest(key) for key in below)
            return tuple(latest[0] for latest in found if latest)

    def stat(self, key):
        latest = self._latest(key)
        return latest[0] if latest else None

    def brought_by(self, entry):
        return ()

    def read(self, key):
        latest = self._latest(key)
        return latest[1] if latest else None

    def read_all(self, keys):
        return [self.read(key) for key in keys]

    def stream(self, entry):
        data = self._pinned(entry)
        if data is None:
            raise SourceChanged(f"{entry.key!r} changed")
        yield data

    def sha256(self, key):
        data = self.read(key)
        return None if data is None else hashlib.sha256(data).hexdigest()

    def put_if_absent(self, key, data, write_id):
        with self._lock:
            if self._latest(key) is not None:  # a delete marker is no obstacle, as on S3
                return False
            self.upload(key, data)
            return True

    def place(self, key, content):
        copied = self.versioned and content.origin
        data = self._pinned(content.origin) if copied else content.path.read_bytes()
        if data is None:
            raise LakeError(f"{content.origin.key!r} has no version {content.origin.version} to copy from")
        return self.put_if_absent(key, data, "data")

    def holds(self, key, content):
        return self.stat(key) if self.sha256(key) == content.sha256 else None

    def replace_if(self, key, data, standing):
        with self._lock:
            if self.stat(key) != standing:
                return False
            self.upload(key, data)
            return True

    def remove(self, entry, sha256):
        with self._lock:
            latest = self._latest(entry.key)
            if latest and latest[0].version == entry.version and self.sha256(entry.key) == sha256:
                self.withdraw(entry.key)
            return self._latest(entry.key) is None

    def discard(self, entry):
        with self._lock:
            if self.history.pop(check_key(entry.key), None) is not None:
                self._keys.remove(entry.key)

    def seal(self, keys):
        pass
