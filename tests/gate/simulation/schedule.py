"""Draw one schedule from its seed, run it, let faults stop, run clean, and ask the invariants."""

import dataclasses
import json
import random
from dataclasses import dataclass
from functools import partial

from gate.invariants import MARKERS, Look, came, i10_one_clean_run_settles, sha
from gate.scene import SOURCE, make_route
from gate.simulation.cast import (
    FORBIDDEN,
    LENIENT,
    MISTAKES,
    STRICT,
    approver,
    collector,
    keeps,
    promoter,
    revoker,
    run_gate,
    uploader,
)
from gate.simulation.world import KILL_AFTER, KILL_BEFORE, LOSE, REFUSE, RETRY, World
from lakegate.contract.model import Waiving
from lakegate.lake import zones
from lakegate.verdict import BatchFile, batch_digest

OPERATIONS = 45  # about as many as one promotion makes
USUAL, WILD = (12, 2, 1, 2), (6, 8, 2, 4)  # how often a file holds nothing strange, bad, worse, something that ends
NAMED = ("put_if_absent commit", "remove")  # where most is at stake


@dataclass(frozen=True)
class Plan:
    """What a seed stands for."""

    versioned: bool
    sequenced: bool
    on_change: str
    stay: float
    sleep: float
    corrupt: tuple
    uploads: dict  # batch -> deliveries; the first is there from the start where `early` holds the batch
    early: tuple
    promoters: tuple  # (batch, contract, tries, faults)
    collectors: tuple  # (grace in seconds, rounds, faults)
    apart: bool  # rows may be set apart
    approvers: tuple  # (batch, seconds that a waiver lasts, mistakes, faults); none: the contract allows no waiver
    revokers: tuple  # (batch, rounds, faults)


def draw(seed):
    chance = random.Random(seed)
    sequenced = chance.random() < 0.3
    batches = ("b1", "b2") if sequenced or chance.random() < 0.2 else ("b1",)
    contracts = (STRICT,) if chance.random() < 0.8 else (STRICT, LENIENT)
    crowd = batches * 2 if sequenced else chance.choices(batches, k=chance.choice((1, 2, 2, 3, 4)))
    approvers = approvals(random.Random(f"approvers of {seed}"), batches)
    uploads = {batch: deliveries(chance, 3 if sequenced else 0, WILD if approvers else USUAL) for batch in batches}
    collectors = chance.choice((0, 0, 1, 1, 2))
    return Plan(
        versioned=chance.random() < 0.5,
        sequenced=sequenced,
        on_change=chance.choice(("reject", "new_revision")),
        stay=chance.choice((0.0, 0.5, 0.9)),
        sleep=chance.choice((0.0, 0.03, 0.1)),
        corrupt=tuple(chance.sample(range(1, 9), chance.choice((1, 2)))) if chance.random() < 0.2 else (),
        uploads=uploads,
        early=tuple(batch for batch in batches if chance.random() < 0.8),
        promoters=tuple((b, chance.choice(contracts), chance.choice((1, 2)), faults(chance)) for b in crowd),
        collectors=tuple(
            (chance.choice((0, 10, 60)), chance.choice((1, 2, 4)), faults(chance)) for _ in range(collectors)
        ),
        apart=chance.random() < 0.3,
        approvers=approvers,
        revokers=revocations(random.Random(f"revokers of {seed}"), approvers),
    )


def approvals(chance, batches):
    """Who waives what; apart from the other chances, so that schedules without an approver stay what they were."""
    if chance.random() < 0.7:
        return ()
    lasting, mistakes = chance.choice((30, 300, 100_000)), list(MISTAKES)
    wrong = [chance.choice(["none", *mistakes]) for _ in range(chance.choice((1, 2, 3)))]
    return tuple((batch, lasting, tuple(wrong), faults(chance)) for batch in batches)


def revocations(chance, approvers):
    """Who takes waivers back, where some are given; apart from the other chances, too."""
    if chance.random() < 0.5:
        return ()
    return tuple((batch, chance.choice((1, 2)), faults(chance)) for batch, *_ in approvers)


def deliveries(chance, keys, odds):
    """What one uploader does: a whole batch, and then whatever uploaders do. `keys`: of how many a batch holds one."""
    made = partial(content, chance, odds)
    files = {"a.csv": made(keys), "b.csv": made()}
    marker = chance.choice((zones.SUCCESS, zones.MANIFEST))
    first, found = files, [delivery(files, marker, 0)]
    for number in range(1, 1 + chance.choice((0, 0, 1, 1, 2, 3))):
        kind = chance.choice(("overwrite", "late", "again", "again", "anew", "anew", "half", "back"))
        if kind == "overwrite":
            found.append([("a.csv", made(keys))])
        elif kind == "late":
            found.append([("c.csv", made())])
        elif kind in {"again", "back"}:
            files = files if kind == "again" else first
            found.append(delivery(files, marker, number))
        elif kind == "half":
            found.append(delivery({**files, "b.csv": made()}, marker, number))
        else:
            files = {"a.csv": made(keys), "b.csv": made()}
            found.append(delivery(files, marker, number))
    return found


def delivery(files, marker, number):
    """The files, and then the marker; no two manifests are the same."""
    listed = json.dumps({"delivery": number, "files": [{"path": path} for path in files]}).encode()
    return [*files.items(), (marker, listed if marker == zones.MANIFEST else b"")]


def content(chance, odds, keys=0):
    key = b"id=%d\n" % chance.randrange(keys) if keys else b""
    extra = chance.choices((b"", b"bad\n", b"worse\n", b"until %d\n" % chance.randrange(1, 6)), odds)[0]
    return key + extra + b"%d\n" % chance.randrange(1000)


def faults(chance):
    """Number or name of an operation -> what befalls it."""
    kind = chance.random()
    if kind < 0.35:
        return {}
    at = chance.choice((chance.randrange(1, OPERATIONS), chance.randrange(1, OPERATIONS), *NAMED))
    if kind < 0.6:
        return {at: chance.choice((KILL_BEFORE, KILL_AFTER))}
    if kind < 0.85:
        return {at: chance.choice((LOSE, REFUSE, RETRY))}
    first = chance.randrange(1, OPERATIONS)
    return {first + number: chance.choice((LOSE, REFUSE, RETRY)) for number in range(chance.choice((2, 3, 6, 12)))}


# --- running --------------------------------------------------------------------------------------------------------


def prepare(seed):
    """Return the world and the plan of a seed; nothing has been run yet."""
    plan = draw(seed)
    turns = random.Random(f"turns of {seed}")
    taken = ("versioned", "sequenced", "apart", "stay", "sleep", "corrupt")
    return World(turns, **{name: getattr(plan, name) for name in taken}), plan


def simulate(seed):
    """Run one schedule and return its world. Raises AssertionError where an invariant does not hold."""
    world, plan = prepare(seed)
    try:
        play(world, plan)
    except AssertionError as error:
        error.add_note(f"see it: PYTHONPATH=src:tests python -m gate.simulation --seed {seed}")
        raise
    return world


def play(world, plan):
    """Let everybody act with all their faults, then run clean."""
    for batch, planned in plan.uploads.items():
        early = batch in plan.early
        for path, data in planned[0] if early else ():
            world.upload("upload", batch, path, data)
        world.joins(f"uploader of {batch}", uploader(world, batch, planned[1:] if early else planned))
    routes = {sha256: routed(plan, sha256) for sha256 in (STRICT, LENIENT)}
    for number, (batch, contract, tries, befalls) in enumerate(plan.promoters, 1):
        world.joins(f"promoter {number}", promoter(world, routes[contract], batch, tries), befalls)
    for number, (batch, lasting, mistakes, befalls) in enumerate(plan.approvers, 1):
        world.joins(f"approver {number}", approver(world, routes[STRICT], batch, lasting, mistakes), befalls)
    for number, (batch, rounds, befalls) in enumerate(plan.revokers, 1):
        world.joins(f"revoker {number}", revoker(world, batch, rounds), befalls)
    for number, (grace, rounds, befalls) in enumerate(plan.collectors, 1):
        world.joins(f"collector {number}", collector(world, grace, rounds), befalls)
    world.run()
    world.check()
    world.faults_stop()
    for batch in plan.uploads:
        settle(world, routes[STRICT], batch, again=plan.stay > 0.5)
    world.check()


def routed(plan, contract):
    """The way of the batches under one of the contracts."""
    route = make_route(plan.on_change, contract, sequenced=plan.sequenced)
    return dataclasses.replace(route, waiving=Waiving(allowed=bool(plan.approvers), approvers=("ana", "ben")))


def settle(world, route, batch, *, again):
    """I10: one clean run answers what the lake as it stands asks for, and so does the next, which changes nothing."""
    first = clean_run(world, route, batch, "clean run 1")
    if not again:
        return
    before = world.store.list(route.target.prefix), world.store.list(route.target.commits)
    second = clean_run(world, route, batch, "clean run 2")
    after = world.store.list(route.target.prefix), world.store.list(route.target.commits)
    assert before == after, "I10: the second clean run changed something"
    i10_one_clean_run_settles(Look(world.store, world.witness), batch, first, second)


def clean_run(world, route, batch, name):
    expected = answer(world, route, batch)
    code, done = run_gate(world, route, batch, name)
    assert code == expected, f"I10: a clean run of {batch} answers {code}, expected {expected}"
    return done


def answer(world, route, batch):
    """The exit code that a clean run must give, worked out without the gate."""
    look, drop = Look(world.store, world.witness), f"{SOURCE.prefix}{batch}/"
    lying = {entry.key.removeprefix(drop): world.store.read(entry.key) for entry in world.store.list(drop)}
    latest = look.latest.get(batch)
    if latest:
        known = {(file.path, file.sha256) for file in (*came(latest), *latest.markers)}
        if {(path, sha(data)) for path, data in lying.items()} <= known:
            return 0
    named = set(lying) - set(MARKERS)
    if zones.MANIFEST in lying:
        named = {line["path"] for line in json.loads(lying[zones.MANIFEST])["files"]}
    if not named <= set(lying) or not set(MARKERS) & set(lying):
        return 3
    if latest and {(file.path, file.sha256) for file in came(latest)} == {(path, sha(lying[path])) for path in named}:
        return 0
    if latest and route.on_change == "reject":
        return 4
    beside = [record for other, record in look.latest.items() if route.sequenced and other != batch]
    others = b"".join(world.store.read(file.key) for record in beside for file in record.files)
    data = b"".join(lying[path] for path in sorted(named))
    hidden = zones.MANIFEST not in lying and any(path.startswith((".", "_")) for path in named)
    if hidden:
        return 6 if world.store.list(f"{route.target.waivers}{batch}/") else 1
    if world.apart:
        good = FORBIDDEN[route.contract_sha256] not in data
    else:
        good = keeps(data, route.contract_sha256, world.tick, others)
    return 0 if good else waived(world, route, batch, {path: lying[path] for path in named})


def waived(world, route, batch, files):
    """The exit code of a batch that violates its contract, by the waivers that lie there."""
    keys = [entry.key for entry in world.store.list(f"{route.target.waivers}{batch}/")]
    found = [json.loads(world.store.read(key)) for key in keys if not key.endswith(f"{zones.REVOKED}.json")]
    if not found:
        return 1
    digest = batch_digest(BatchFile(path, len(data), sha(data)) for path, data in files.items())
    asked = (digest, route.contract_sha256, "ana")
    hold = [
        one
        for one in found
        if (one["digest"], one["contract_sha256"], one["approver"]) == asked
        and one["expires"] > world.now().isoformat()
        and route.target.revocation(batch, one["id"]) not in keys
    ]
    return 0 if hold else 6
