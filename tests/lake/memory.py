"""A whole lake in memory, with the promises of `lake.interface.Lake`: one lock stands for the store's atomicity."""

import contextlib
import datetime as dt
import hashlib
import tempfile
import threading
from pathlib import Path

from lakegate.errors import SourceChanged
from lakegate.lake.interface import Entry, check_key

START = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class MemoryLake:
    def __init__(self):
        self.objects = {}  # key -> (bytes, version)
        self._versions = 0
        self._lock = threading.RLock()

    def upload(self, key, data):
        """What an uploader does: it overwrites."""
        with self._lock:
            self._versions += 1
            self.objects[check_key(key)] = (data, f"v{self._versions}")

    def uri(self, key):
        return f"memory://{check_key(key)}"

    def recover(self):
        pass

    @contextlib.contextmanager
    def workspace(self):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    def holds(self, key, content):
        return self.stat(key) if self.sha256(key) == content.sha256 else None

    def discard(self, entry):
        with self._lock:
            self.objects.pop(check_key(entry.key), None)

    def seal(self, keys):
        pass

    def list(self, prefix):
        check_key(prefix.removesuffix("/"))
        with self._lock:
            return tuple(self.stat(key) for key in sorted(self.objects) if key.startswith(prefix))

    def stat(self, key):
        with self._lock:
            found = self.objects.get(check_key(key))
        return Entry(key, len(found[0]), found[1], START) if found else None

    def read(self, key):
        with self._lock:
            found = self.objects.get(check_key(key))
        return found[0] if found else None

    def stream(self, entry):
        with self._lock:
            found = self.objects.get(check_key(entry.key))
        if found is None or found[1] != entry.version:
            raise SourceChanged(f"{entry.key!r} changed")
        yield found[0]

    def sha256(self, key):
        data = self.read(key)
        return None if data is None else hashlib.sha256(data).hexdigest()

    def put_if_absent(self, key, data, write_id):
        with self._lock:
            if check_key(key) in self.objects:
                return False
            self.upload(key, data)
            return True

    def replace_if(self, key, data, standing):
        with self._lock:
            if self.stat(key) != standing:
                return False
            self.upload(key, data)
            return True

    def place(self, key, content):
        return self.put_if_absent(key, content.path.read_bytes(), "data")

    def remove(self, entry, sha256):
        with self._lock:
            if self.sha256(entry.key) == sha256:
                del self.objects[entry.key]
            return entry.key not in self.objects
