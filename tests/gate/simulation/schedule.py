"""Draw one schedule from its seed, run it, let faults stop, run clean, and ask the invariants."""

import json
import random
from dataclasses import dataclass

from gate.invariants import MARKERS, Look, came, i10_one_clean_run_settles, sha
from gate.scene import SOURCE, make_route
from gate.simulation.cast import FORBIDDEN, LENIENT, STRICT, collector, keeps, promoter, run_gate, uploader
from gate.simulation.world import KILL_AFTER, KILL_BEFORE, LOSE, REFUSE, RETRY, World
from lakegate.lake import zones

OPERATIONS = 45  # about as many as one promotion makes
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


def draw(seed):
    chance = random.Random(seed)
    sequenced = chance.random() < 0.3
    batches = ("b1", "b2") if sequenced or chance.random() < 0.2 else ("b1",)
    contracts = (STRICT,) if chance.random() < 0.8 else (STRICT, LENIENT)
    crowd = batches * 2 if sequenced else chance.choices(batches, k=chance.choice((1, 2, 2, 3, 4)))
    uploads = {batch: deliveries(chance, keys=3 if sequenced else 0) for batch in batches}
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
    )


def deliveries(chance, keys):
    """What one uploader does: a whole batch, and then whatever uploaders do. `keys`: of how many a batch holds one."""
    files = {"a.csv": content(chance, keys), "b.csv": content(chance)}
    marker = chance.choice((zones.SUCCESS, zones.MANIFEST))
    first, found = files, [delivery(files, marker, 0)]
    for number in range(1, 1 + chance.choice((0, 0, 1, 1, 2, 3))):
        kind = chance.choice(("overwrite", "late", "again", "again", "anew", "anew", "half", "back"))
        if kind == "overwrite":
            found.append([("a.csv", content(chance, keys))])
        elif kind == "late":
            found.append([("c.csv", content(chance))])
        elif kind in {"again", "back"}:
            files = files if kind == "again" else first
            found.append(delivery(files, marker, number))
        elif kind == "half":
            found.append(delivery({**files, "b.csv": content(chance)}, marker, number))
        else:
            files = {"a.csv": content(chance, keys), "b.csv": content(chance)}
            found.append(delivery(files, marker, number))
    return found


def delivery(files, marker, number):
    """The files, and then the marker; no two manifests are the same."""
    listed = json.dumps({"delivery": number, "files": [{"path": path} for path in files]}).encode()
    return [*files.items(), (marker, listed if marker == zones.MANIFEST else b"")]


def content(chance, keys=0):
    key = b"id=%d\n" % chance.randrange(keys) if keys else b""
    extra = chance.choices((b"", b"bad\n", b"worse\n", b"until %d\n" % chance.randrange(1, 6)), (12, 2, 1, 2))[0]
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
    routes = {sha256: make_route(plan.on_change, sha256, sequenced=plan.sequenced) for sha256 in (STRICT, LENIENT)}
    for number, (batch, contract, tries, befalls) in enumerate(plan.promoters, 1):
        world.joins(f"promoter {number}", promoter(world, routes[contract], batch, tries), befalls)
    for number, (grace, rounds, befalls) in enumerate(plan.collectors, 1):
        world.joins(f"collector {number}", collector(world, grace, rounds), befalls)
    world.run()
    world.check()
    world.faults_stop()
    for batch in plan.uploads:
        settle(world, routes[STRICT], batch, again=plan.stay > 0.5)
    world.check()


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
    if world.apart:
        return 0 if FORBIDDEN[route.contract_sha256] not in data and not hidden else 1
    return 0 if keeps(data, route.contract_sha256, world.tick, others) and not hidden else 1
