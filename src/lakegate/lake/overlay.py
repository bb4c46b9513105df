"""Two lakes as one: what arrived is read from one, everything else lives in the other. So a warehouse is made again
from raw without a copy of raw, and nothing can be written to what arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.errors import Refused
from lakegate.lake.interface import Content, Entry, Lake

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ARRIVED = ("01-raw-data-zone/", "03-master-data-zone/", "04-user-drop-zone/")


class Overlay:
    """`below` for the zones of what arrived, for reading alone; `above` for all other keys. See `lake.interface.Lake`
    for what each verb promises.
    """

    def __init__(self, below: Lake, above: Lake) -> None:
        """Both are lakes of the same layout; neither is looked at."""
        self.below = below
        self.above = above

    def _of(self, key: str) -> Lake:
        return self.below if key.startswith(ARRIVED) else self.above

    def _own(self, key: str) -> Lake:
        """Return the lake that is written to. Raises Refused for a key of what arrived."""
        if key.startswith(ARRIVED):
            raise Refused(f"{key!r} lies in a lake that is only read", hint="promote what arrives in its own lake")
        return self.above

    def uri(self, key: str) -> str:
        """Return where the key really lies."""
        return self._of(key).uri(key)

    def arrow(self) -> tuple[FileSystem, str]:
        """Return the way to what is made: what arrived is fetched by `stream`."""
        return self.above.arrow()

    def recover(self) -> None:
        """Recover the lake that is written to."""
        self.above.recover()

    def workspace(self) -> AbstractContextManager[Path]:
        """Hand out a workspace of the lake that is written to."""
        return self.above.workspace()

    def list(self, prefix: str) -> tuple[Entry, ...]:
        """List the lake that the prefix lies in."""
        return self._of(prefix).list(prefix)

    def stat(self, key: str) -> Entry | None:
        """Look in the key's lake."""
        return self._of(key).stat(key)

    def brought_by(self, entry: Entry) -> tuple[str, ...]:
        """Ask the entry's lake."""
        return self._of(entry.key).brought_by(entry)

    def read(self, key: str) -> bytes | None:
        """Read from the key's lake."""
        return self._of(key).read(key)

    def read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Read from each lake what lies in it, several requests at once."""
        found: dict[str, bytes | None] = {}
        for lake in (self.below, self.above):
            here = [key for key in keys if self._of(key) is lake]
            found |= dict(zip(here, lake.read_all(here), strict=True))
        return [found[key] for key in keys]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield from the entry's lake."""
        return self._of(entry.key).stream(entry)

    def sha256(self, key: str) -> str | None:
        """Ask the key's lake."""
        return self._of(key).sha256(key)

    def put_if_absent(self, key: str, data: bytes, write_id: str) -> bool:
        """Write above."""
        return self._own(key).put_if_absent(key, data, write_id)

    def place(self, key: str, content: Content) -> bool:
        """Write above."""
        return self._own(key).place(key, content)

    def holds(self, key: str, content: Content) -> Entry | None:
        """Ask the key's lake."""
        return self._of(key).holds(key, content)

    def replace_if(self, key: str, data: bytes, standing: Entry | None) -> bool:
        """Write above."""
        return self._own(key).replace_if(key, data, standing)

    def remove(self, entry: Entry, sha256: str) -> bool:
        """Delete above."""
        return self._own(entry.key).remove(entry, sha256)

    def discard(self, entry: Entry) -> None:
        """Delete above."""
        self._own(entry.key).discard(entry)

    def seal(self, keys: Iterable[str]) -> None:
        """Seal above."""
        self.above.seal([key for key in keys if self._own(key)])
