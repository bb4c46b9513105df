"""A lake in memory under a scheduler: promoters, uploaders and collectors take turns, one verb of the lake at a time.

Whoever takes part is a greenlet. Before each verb it hands over to the scheduler, which picks who goes on; so one
seed is one schedule. What a participant does between two verbs nobody else can see.
"""

import atexit
import contextlib
import datetime as dt
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from greenlet import getcurrent, greenlet

from gate import invariants
from gate.invariants import Look, Witness, sha
from gate.scene import SOURCE, TARGET
from lake.corrupting import CorruptingLake
from lake.memory import START, MemoryLake
from lakegate.errors import LakeError
from lakegate.gate.protocol import manifest_files
from lakegate.lake import zones

TICK = 12  # turns
TURNS = 20_000  # a schedule that takes more goes on for ever
KILL_BEFORE, KILL_AFTER = "killed before", "killed after"
LOSE, REFUSE, RETRY = "answer lost", "refused", "answer lost and asked again"


class Killed(BaseException):
    """The process of a participant is gone."""


@cache
def spool_folder():
    """A folder for the private copies, in memory where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
    folder = tempfile.mkdtemp(prefix="simulation-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


class Actor:
    """One participant. `faults`: number or name of its operation -> what befalls it there, the first time."""

    def __init__(self, world, name, body, faults):
        self.name, self.faults = name, dict(faults)
        self.operations, self.removed, self.dead, self.wakes = 0, 0, False, 0
        self.greenlet = greenlet(lambda: self._live(body), world.hub)

    def _live(self, body):
        with contextlib.suppress(Killed):
            body(self)

    def die(self):
        self.dead = True
        raise Killed

    def fault(self, name):
        """What befalls the next operation."""
        self.operations += 1
        return self.faults.pop(self.operations, None) or self.faults.pop(name, None)


class World:
    """`stay` is how likely the one who acted goes on, `sleep` how likely it falls asleep for a while instead.

    `apart`: rows may be set apart. `corrupt`: which placed copies, by their number from 1, are not what was to be
    copied.
    """

    def __init__(self, random, *, versioned=False, sequenced=False, apart=False, stay=0.5, sleep=0.0, corrupt=()):
        self.random, self.stay, self.sleep = random, stay, sleep
        self.sequenced, self.apart = sequenced, apart
        self.hub = getcurrent()
        self.moment = 0
        self.store = MemoryLake(versioned=versioned, clock=self.now)
        self.copies = CorruptingLake(self.store, corrupt)
        self.lake = SimulatedLake(self)
        self.witness = Witness()
        self.actors = {}  # greenlet -> Actor, of those who live
        self.looks = {}  # Actor, None in a clean run -> when it last listed a drop, and what lay there
        self.commits = {}  # key of a commit record -> when it was put
        self.shas = {}  # version of an upload -> sha256
        self.trace = []  # (moment, who, verb, key, what came of it)

    def now(self):
        """One second passes with each turn."""
        return START + dt.timedelta(seconds=self.moment)

    @property
    def tick(self):
        """What a clock shows that is read by a rule: it has one hand."""
        return self.moment // TICK

    def joins(self, name, body, faults=()):
        """`body` is called with its actor."""
        actor = Actor(self, name, body, faults)
        self.actors[actor.greenlet] = actor
        return actor

    # --- the scheduler ------------------------------------------------------------------------------------------------

    def run(self):
        """Let all go on until all are through."""
        last = None
        while self.actors:
            self.moment += 1
            assert self.moment < TURNS, "this schedule goes on for ever"
            last = self._next(last)
            self.step(last)

    def step(self, actor):
        """Let one go on until its next operation."""
        actor.greenlet.switch()
        if actor.greenlet.dead:
            del self.actors[actor.greenlet]

    def _next(self, last):
        if last is not None and last.greenlet in self.actors:
            chance = self.random.random()
            if chance < self.stay:
                return last
            if chance > 1 - self.sleep:
                last.wakes = self.moment + self.random.randrange(10, 150)
        awake = [actor for actor in self.actors.values() if actor.wakes <= self.moment]
        return self.random.choice(awake or list(self.actors.values()))

    def pause(self):
        """Hand over; outside any participant nothing happens."""
        if getcurrent() in self.actors:
            self.hub.switch()

    def faults_stop(self):
        """From now on the store does what it is asked for; participants bring their own faults."""
        self.copies = self.store

    # --- what is done to the store ------------------------------------------------------------------------------------

    def operation(self, verb, key, act):
        """Carry out one verb for whoever runs now."""
        actor = self.actors.get(getcurrent())
        if actor is None:
            return self._acted(None, verb, key, act)
        if actor.dead:
            raise Killed
        self.hub.switch()
        fault = actor.fault(f"{verb} {'commit' if key.startswith(TARGET.commits) else ''}".strip())
        if fault:
            self.tell(actor.name, verb, key, fault)
        if fault == KILL_BEFORE:
            actor.die()
        if fault == REFUSE:
            raise LakeError(f"{verb} {key}: the store is not there")
        result = self._acted(actor, verb, key, act)
        if fault == KILL_AFTER:
            actor.die()
        if fault == RETRY:  # what an SDK does: the second answer is all that the caller hears
            return self._acted(actor, verb, key, act)
        if fault == LOSE:
            raise LakeError(f"{verb} {key}: the connection broke")
        return result

    def tell(self, who, verb, key, result):
        self.trace.append((self.moment, who, verb, key, result))

    def _acted(self, actor, verb, key, act):
        stood = verb == "remove" and self.store.stat(key)
        result = act()
        if verb == "list" and key.startswith(SOURCE.prefix):
            self.looks[actor] = (self.moment, result)
        self.tell(actor.name if actor else "clean run", verb, key, result)
        if verb in {"put_if_absent", "place"} and key.startswith((TARGET.prefix, TARGET.commits)):
            self._written(key)
        if stood and self.store.stat(key) != stood:
            if actor:
                actor.removed += 1
            self._removed(stood, *self.looks[actor])
        if verb == "discard" and key.startswith(TARGET.prefix):
            self.check(invariants.i8_garbage_collection_never_removes_referenced_data)
        return result

    def _removed(self, entry, moment, listed):
        """What was removed is no part of what arrives next, if after the commit nothing newer lay beside it.

        That it did not is known from the gate's last look at the drop (`moment`, `listed`). An uploader that sends a
        part of a batch between this look and the removal gets that part as the next batch.
        """
        look = Look(self.store, self.witness)
        invariants.i6_a_deleted_source_implies_the_same_sha_committed(look)
        batch = entry.key.removeprefix(SOURCE.prefix).split("/")[0]
        lay = {(one.key.rpartition("/")[2], self.shas[one.version]) for one in listed}
        for record in look.committed:
            known = {(file.path, file.sha256) for file in invariants.came(record)}
            early = moment < self.commits[TARGET.commit(record.batch, record.slot)]
            newer = {path for path, _ in lay - known} - set(invariants.MARKERS)
            if record.batch == batch and entry in listed and not early and not newer:
                self._arrived(batch)

    def _written(self, key):
        data = self.store.read(key)
        record = key.startswith(TARGET.commits) and not key.startswith(TARGET.claims)
        self.witness.saw(key, sha(data), invariants.parse_record(data, key).state if record else None)
        if record:
            self.commits.setdefault(key, self.moment)
            self.check()
        elif len(self.witness.contents[key]) > 1:
            self.check(invariants.i4_no_raw_key_ever_holds_two_contents)

    def check(self, *asked):
        """Hold the store against some invariants."""
        look = Look(self.store, self.witness)
        for invariant in asked or invariants.AT_ANY_MOMENT:
            invariant(look)
        if self.sequenced and not asked:
            self._no_key_stands_twice(look)

    def _no_key_stands_twice(self, look):
        """I3 of a table: its rule looks at the latest revisions of all batches. Of those that were waived, any may."""
        keys = []
        for record in look.latest.values():
            if record.waivers:
                continue
            data = b"".join(self.store.read(file.key) for file in record.files)
            keys.extend(set(re.findall(rb"id=\d+", data)))
        assert len(keys) == len(set(keys)), "I3: a key stands in two batches of the table"

    def judged(self, attempt, verdict, report):
        """A judge has spoken, of bytes that may be committed already."""
        self.witness.judged(verdict.batch, verdict, report)
        look = Look(self.store, self.witness)
        if look.latest.get(verdict.batch) and look.latest[verdict.batch].digest == verdict.digest:
            self.witness.settled.add(attempt)

    # --- what an uploader does ----------------------------------------------------------------------------------------

    def upload(self, who, batch, path, data):
        """Put one file into a drop; what lies there afterwards is an arrival."""
        entry = self.store.upload(f"{SOURCE.prefix}{batch}/{path}", data)
        self.tell(who, "upload", entry.key, data)
        self.witness.uploads[entry.version] = len(self.witness.uploads)
        self.shas[entry.version] = sha(data)
        self.witness.standing[batch][path] = sha(data)
        self._arrived(batch)

    def _arrived(self, batch):
        """What lies in a drop now is an arrival."""
        drop = f"{SOURCE.prefix}{batch}/"
        lying = {e.key.removeprefix(drop): self.store.sha256(e.key) for e in self.store.list(drop)}
        self.witness.arrives(batch, lying)
        if zones.MANIFEST in lying:
            named = {promise.path for promise in manifest_files(self.store.read(drop + zones.MANIFEST))}
            self.witness.arrives(batch, {path: sha256 for path, sha256 in lying.items() if path in named})


class SimulatedLake:
    """The lake that the gate sees: each verb is one operation of whoever calls it."""

    def __init__(self, world):
        self._world = world

    def uri(self, key):
        return self._world.store.uri(key)

    @contextlib.contextmanager
    def workspace(self):
        yield spool_folder()

    def stream(self, entry):
        yield from self._do("stream", entry.key, lambda: list(self._world.store.stream(entry)))

    def place(self, key, content):
        return self._do("place", key, lambda: self._place(key, content))

    def _place(self, key, content):
        return self._world.copies.place(key, content)

    def _do(self, verb, key, act):
        return self._world.operation(verb, key, act)

    def __getattr__(self, verb):
        """Any other verb: its first argument is a key, an entry or nothing of interest."""
        act = getattr(self._world.store, verb)

        def called(*args):
            first = args[0] if args else ""
            key = first if isinstance(first, str) else getattr(first, "key", "")
            return self._do(verb, key, lambda: act(*args))

        return called
