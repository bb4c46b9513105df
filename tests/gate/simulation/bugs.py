"""Planted bugs: each is what somebody could have written. `with bug():` the real gate has it, or its store does.

Nothing is copied: the real function, or a verb of the lake in memory, is wrapped.
"""

import contextlib
import dataclasses
from unittest.mock import patch

from gate.scene import TARGET
from gate.simulation.cast import Judge
from gate.simulation.world import SimulatedLake
from lake.memory import MemoryLake
from lakegate.errors import Conflict
from lakegate.gate import collect, promote, revocation, sequence, set_apart, waiver
from lakegate.gate.promote import _Run


class Altered:
    """A lake of which some verbs are others."""

    def __init__(self, lake, **verbs):
        self._lake, self._verbs = lake, verbs

    def __getattr__(self, name):
        return self._verbs.get(name) or getattr(self._lake, name)


# --- what the store is asked for --------------------------------------------------------------------------------------


@contextlib.contextmanager
def believed_copies():
    """P7 left out: that something stands there is proof enough."""
    verified = promote.verified

    def believing(lake, target, draft, batch):
        folder = target.revision(draft.batch, draft.digest, draft.slot)
        shas = {folder + file.path: file.sha256 for file in draft.files}
        altered = Altered(lake, sha256=shas.__getitem__, holds=lambda key, content: lake.stat(key))
        return verified(altered, target, draft, batch)

    with patch.object(promote, "verified", believing):
        yield


@contextlib.contextmanager
def unpinned_copy():
    """The copy is made from whatever stands at the source now, and nobody looks at it afterwards."""
    place = SimulatedLake._place

    def unpinned(self, key, content):
        store = self._world.store
        now = content.origin and store.stat(content.origin.key)
        if not key.startswith(TARGET.prefix) or now is None:
            return place(self, key, content)
        return store.put_if_absent(key, store.read(now.key), "data")

    with believed_copies(), patch.object(SimulatedLake, "_place", unpinned):
        yield


@contextlib.contextmanager
def unpinned_read():
    """What is judged is read from whatever stands at the source now."""

    def unpinned(self, entry):
        yield self.read(entry.key) or b""

    with patch.object(MemoryLake, "stream", unpinned):
        yield


@contextlib.contextmanager
def overwriting_copy():
    """A copy is made also where one stands."""
    place = SimulatedLake._place

    def overwriting(self, key, content):
        if key.startswith(TARGET.prefix):
            self._world.store.withdraw(key)
        return place(self, key, content)

    with patch.object(SimulatedLake, "_place", overwriting):
        yield


@contextlib.contextmanager
def unconditional_commit():
    """The commit record is put without If-None-Match."""
    put_if_absent = MemoryLake.put_if_absent

    def put(self, key, data, write_id):
        if key.startswith(TARGET.commits):
            self.upload(key, data)
            return True
        return put_if_absent(self, key, data, write_id)

    with patch.object(MemoryLake, "put_if_absent", put):
        yield


@contextlib.contextmanager
def unpinned_delete():
    """P10 deletes what stands there, whatever it is."""

    def remove(self, entry, sha256):
        self.withdraw(entry.key)
        return True

    with patch.object(MemoryLake, "remove", remove):
        yield


@contextlib.contextmanager
def delete_by_version():
    """P10 deletes the pinned version, and the one before it stands there again."""

    def remove(self, entry, sha256):
        kept = self.history.get(entry.key, [])
        self.history[entry.key] = [(now, data) for now, data in kept if now is None or now.version != entry.version]
        return True

    with patch.object(MemoryLake, "remove", remove):
        yield


# --- what the gate does -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def p0_left_out():
    """A run does not ask first whether only the cleaning is left to do."""
    with patch.object(promote, "latest", lambda slots: None):
        yield


@contextlib.contextmanager
def source_deleted_first():
    """P10 before P8."""
    commit = promote.commit

    def hasty(lake, target, record):
        for file in record.files:
            lake.remove(lake.stat(file.source) or lake.stat(file.key), file.sha256)
        return commit(lake, target, record)

    with patch.object(promote, "commit", hasty):
        yield


@contextlib.contextmanager
def loss_by_412():
    """That a record stands in the slot is taken for "another promoter was faster with other bytes"."""
    commit = promote.commit

    def judging_by_412(lake, target, record):
        def put(key, data, write_id):
            if lake.put_if_absent(key, data, write_id):
                return True
            raise Conflict(f"slot {record.slot} was taken")

        return commit(Altered(lake, put_if_absent=put), target, record)

    with patch.object(promote, "commit", judging_by_412):
        yield


@contextlib.contextmanager
def unfenced_collection():
    """Garbage is deleted, its slot left open."""
    with patch.object(collect, "burn", lambda *_: True):
        yield


@contextlib.contextmanager
def the_past_comes_back():
    """P4 does not look whether the drop still is what was pinned."""
    with patch.object(_Run, "_refuse_the_past", lambda *_: None):
        yield


@contextlib.contextmanager
def cleaning_without_a_look():
    """P10 does not look whether something newer has arrived beside what it deletes."""
    clean = promote.clean

    def blind(lake, route, drop, record, markers):
        """To a lake that lists the same as before; one of its own, for others go on meanwhile."""
        entries = tuple(entry for _, entry in (*drop.files, *drop.markers))
        return clean(Altered(lake, list=lambda prefix: entries), route, drop, record, markers)

    with patch.object(promote, "clean", blind):
        yield


@contextlib.contextmanager
def quarantine_without_a_look():
    """P6a left half out: the slots are not read again before a failed batch is quarantined."""
    block = _Run._block

    def blind(self, *args):
        self._slots = tuple
        return block(self, *args)

    with patch.object(_Run, "_block", blind):
        yield


@contextlib.contextmanager
def rows_set_apart_unverified():
    """That the rows set apart were placed is proof enough."""
    placed = set_apart.quarantine.placed

    def believing(lake, batch, path, content):
        seen = Altered(lake, holds=lambda key, content: lake.stat(key))
        return placed(seen if ".rejected-" in path else lake, batch, path, content)

    with patch.object(set_apart.quarantine, "placed", believing):
        yield


@contextlib.contextmanager
def rows_set_apart_late():
    """The rows set apart are kept once the batch is committed."""
    keep, finish = set_apart.keep, _Run._finish
    late = []

    def promised(lake, batch, made):
        late.append((lake, batch, made))
        return keep(Altered(lake, place=lambda *_: True, holds=lambda *_: True), batch, made)

    def keeping(self, *args):
        done = finish(self, *args)
        for waiting in late:
            keep(*waiting)
        return done

    with patch.object(set_apart, "keep", promised), patch.object(_Run, "_finish", keeping):
        yield


@contextlib.contextmanager
def any_waiver_of_the_batch():
    """A waiver is taken for whatever lies under the batch's key."""
    fault = waiver.fault

    def trusting(one, asked):
        return fault(dataclasses.replace(one, digest=asked.digest), asked)

    with patch.object(waiver, "fault", trusting):
        yield


@contextlib.contextmanager
def anybodys_waiver():
    """Whoever could write a waiver may have approved it."""
    with patch.object(waiver, "forbidden", lambda *_: ""):
        yield


@contextlib.contextmanager
def revoked_beside_a_promotion():
    """Who takes a waiver back leaves the slot open, for which somebody has read the waiver already."""
    with patch.object(revocation, "burn", lambda *_: True):
        yield


@contextlib.contextmanager
def markers_of_the_record():
    """P10 knows only the markers of the record, not those that it found."""
    finish = _Run._finish

    def by_the_record(self, state, record, drop, _markers=None, *made):
        return finish(self, state, record, drop, None, *made)

    with patch.object(_Run, "_finish", by_the_record):
        yield


# --- what a verdict looks at ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def clock_read_twice():
    """A rule asks for the time itself."""
    with patch.object(Judge, "instant", lambda self, pinned: None if pinned is None else self.world.tick):
        yield


@contextlib.contextmanager
def no_sequence():
    """Whoever passed a table-wide rule commits."""
    with patch.object(sequence, "claim_next", lambda *_: True):
        yield


@contextlib.contextmanager
def table_read_early():
    """The context is pinned before P4: the table is read before the claim before ours is settled."""
    settle, beside = _Run._settle, _Run._beside

    def early(self, batch):
        self.table = beside(self, batch, 1)
        return settle(self, batch)

    with patch.object(_Run, "_settle", early), patch.object(_Run, "_beside", lambda self, *_: self.table):
        yield
