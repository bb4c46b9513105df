"""Who takes part in a schedule: a judge with a contract, promoters, uploaders, collectors."""

import contextlib
import dataclasses
import datetime as dt
import itertools
import json
import re

from gate.scene import RULE, TARGET, lines_with, make_verdict, set_apart, without
from lakegate.errors import LakeError, LakegateError
from lakegate.gate import collect, ledger, quarantine, revocation, waiver
from lakegate.gate.judging import Judged
from lakegate.gate.promote import Options, promote
from lakegate.verdict import Context, Outcome

STRICT, LENIENT = "c" * 64, "d" * 64  # two versions of the contract
FORBIDDEN = {STRICT: b"bad", LENIENT: b"worse"}  # what a batch may not hold


def keeps(data, contract, as_of, others=b""):
    """What the contract says of a batch: a pure function. `data`, `others`: the bytes of the batch, of its table."""
    expiry = re.search(rb"until (\d+)", data)
    if FORBIDDEN[contract] in data or (expiry and as_of > int(expiry[1])):
        return False
    return not set(re.findall(rb"id=\d+", data)) & set(re.findall(rb"id=\d+", others))


def wrong(data, as_of, others=b""):
    """The lines that a contract sets apart which lets rows be held back: also what is wrong now, or beside these."""
    keys = set(re.findall(rb"id=\d+", others))
    expired = [line for line in lines_with(data, b"until") if as_of > int(line.split()[1])]
    taken = [line for line in lines_with(data, b"id=") if line.strip() in keys]
    return [*expired, *taken, *(line for line in data.splitlines(keepends=True) if line.endswith(b"7\n"))]


class Judge:
    """Judges by `keeps`, line by line in a world that sets rows `apart`. The clock is read once, and only where a rule
    reads it.
    """

    def __init__(self, world, route, attempt):
        self.world, self.route, self.attempt = world, route, attempt

    def instant(self, pinned):
        """What a rule takes for now."""
        return pinned

    def __call__(self, batch):
        data = b"".join(file.local.read_bytes() for file in batch.files)
        pinned = self.world.tick if b"until" in data else None
        beside = batch.table or ()
        records = [ledger.read_slot(self.world.store, TARGET.commit(one.batch, one.slot)) for one in beside]
        others = b"".join(self._read(file) for record in records for file in record.files)
        for _ in range(self.world.random.choice((1, 1, 1, 12))):
            self.world.pause()
        slots = {TARGET.dataset: tuple((record.batch, record.slot) for record in beside)}
        context = Context(None if pinned is None else f"{pinned}", slots)
        judged = self._verdict(batch, context, data, self.instant(pinned), others)
        replayed = self._verdict(batch, context, data, pinned, others)
        for one in (judged, replayed):
            self.world.judged(self.attempt, one.verdict, one.render(one.verdict)["report.json"])
        self.world.tell("judge", batch.key, batch.digest[:12], "passes" if judged.verdict.passes else "fails")
        return judged

    def _verdict(self, batch, context, data, as_of, others):
        apart = self.world.apart
        good = FORBIDDEN[self.route.contract_sha256] not in data if apart else self._keeps(data, as_of, others)
        good = good and not batch.findings
        verdict = make_verdict(batch, Outcome.PASSED if good else Outcome.FAILED, self.route.contract_sha256)
        texts = {file.path: file.local.read_bytes() for file in batch.files}
        held = {path: wrong(text, as_of, others) if apart and good else [] for path, text in texts.items()}
        made = without(batch, held)
        verdict = dataclasses.replace(verdict, context=context, set_apart=set_apart(texts, made))
        lines = {path: list(map(str, wrong)) for path, wrong in held.items()}
        return Judged(verdict, lambda one: {"report.json": json.dumps([one.report_id, good, lines]).encode()}, made)

    def _keeps(self, data, as_of, others):
        return keeps(data, self.route.contract_sha256, as_of, others)

    def _read(self, file):
        data = self.world.lake.read(file.key)
        if data is None:
            raise LakeError(f"{file.key} is gone")
        return data


def run_gate(world, route, batch, name, actor=None):
    """One run of the gate; return its exit code and its promotion, None where it raised."""
    attempt, before = f"{name}-0", actor.removed if actor else 0
    ids = (f"{name}-{number}" for number in itertools.count())
    options = Options(now=world.now(), new_id=lambda: next(ids), wait=lambda _: world.pause())
    try:
        done = promote(world.lake, route, batch, Judge(world, route, attempt), options)
    except LakegateError as error:
        world.witness.failed(batch, error, attempt, actor.removed - before if actor else 0)
        world.tell(name, "answers", error.exit_code, error)
        return error.exit_code, None
    world.witness.ended(done, attempt, actor.removed - before if actor else 0)
    world.tell(name, "answers", done.exit_code, done.message)
    return done.exit_code, done


def promoter(world, route, batch, tries):
    """A task that is tried again only where that can help."""

    def body(actor):
        for number in range(1, tries + 1):
            code, _ = run_gate(world, route, batch, f"{actor.name}.{number}", actor)
            if code != 5:
                return

    return body


def approver(world, route, batch, lasting, mistakes):
    """Waives what was quarantined last, for `lasting` seconds, and has it promoted: once with each of `mistakes`."""

    def body(actor):
        for number, mistake in enumerate(mistakes, 1):
            actor.wakes = world.moment + world.random.randrange(20, 120)
            world.pause()
            with contextlib.suppress(LakegateError):
                judged = quarantine.judgements_of(world.lake, TARGET.dataset, batch)
                for judgement in judged[-1:]:
                    one = waiver_of(judgement, world.now(), dt.timedelta(seconds=lasting), **MISTAKES[mistake])
                    waiver.write(world.lake, route.target, one, f"{actor.name}-{mistake}")
                    run_gate(world, route, batch, f"{actor.name}.{number}", actor)

    return body


MISTAKES = {  # what is wrong with a waiver
    "none": {},
    "other bytes": {"digest": "e" * 64},
    "another contract": {"contract_sha256": "e" * 64},
    "nobody's": {"approver": "eve"},
}


def waiver_of(judgement, now, lasting, **wrong):
    """A waiver of what failed by a judgement."""
    named = {
        "dataset": judgement.dataset,
        "batch": judgement.batch,
        "digest": judgement.digest,
        "contract_sha256": judgement.contract_sha256,
        "rules": (RULE,),
        "limits": {},
        "approver": "ana",
        "reason": "simulated",
        "expires": now + lasting,
        "at": now,
    }
    return waiver.Waiver(**named | wrong)


def revoker(world, batch, rounds):
    """Takes back whatever waivers a batch has; what that came to is known to the witness."""

    def body(actor):
        for number in range(rounds):
            actor.wakes = world.moment + world.random.randrange(60, 240)
            world.pause()
            with contextlib.suppress(LakegateError):
                found = [one.id for one in waiver.of_batch(world.lake, TARGET, batch)]
                made = [
                    revocation.Revocation(TARGET.dataset, batch, one, "ben", "simulated", world.now()) for one in found
                ]
                if made and revocation.write(world.lake, TARGET, batch, made, f"{actor.name}-{number}") is None:
                    world.witness.revoked.update(found)

    return body


def collector(world, grace, rounds):
    def body(actor):
        for number in range(rounds):
            actor.wakes = world.moment + world.random.randrange(60)
            world.pause()
            try:
                for orphan in collect.orphans(world.lake, TARGET, world.now(), dt.timedelta(seconds=grace)):
                    collect.collect(world.lake, TARGET, orphan, f"{actor.name}-{number}")
            except LakegateError as error:
                world.tell(actor.name, "answers", error.exit_code, error)

    return body


def uploader(world, batch, deliveries):
    """`deliveries`: lists of (path, bytes), each put one after another, the uploader gone in between."""

    def body(actor):
        for delivery in deliveries:
            actor.wakes = world.moment + world.random.randrange(80)
            for path, data in delivery:
                world.pause()
                world.upload(actor.name, batch, path, data)

    return body
