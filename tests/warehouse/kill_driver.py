"""Kill runs of the whole chain, build and promote, one process each, until one comes through; then run clean and look.

    python kill_driver.py FOLDER KILLS SEED      kills at chosen calls of the lake, and at any moment, in turn
    python kill_driver.py FOLDER together N      N runs at once instead, none killed
    python kill_driver.py FOLDER planted SEED    a run that leaves what is committed in the drop: found, or it prints 0

FOLDER holds a project and a lake in which everything has arrived (`conftest.arrived_once`). Raises at the first lake
that does not end where an undisturbed run ends. Prints how many runs were killed.
"""

import os
import random
import select
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from gate.kill_driver import VERBS, Fuse, Mined
from lakegate.contract.project import Project
from lakegate.lake.local import LocalLake
from lakegate.warehouse import candidate
from lakegate.warehouse.chain import Asked, opened
from warehouse import scene

LONGEST = 60  # calls of the lake, those for pages aside, before a run is killed
SECONDS = 3.0  # before a run is killed at any moment


class Chain(Mined):
    """The lake, with the fuse burned at what builds and promotes, and not at the pages that tell of it afterwards."""

    def __getattr__(self, name):
        mined, plain = super().__getattr__(name), getattr(self._inner, name)
        if not callable(plain):
            return plain
        return lambda *args, **named: (plain if _is_of_pages(args) else mined)(*args, **named)


def _is_of_pages(args):
    return any(str(getattr(one, "key", one)).startswith("references/") for one in args)


def run(lake):
    """Go through the whole chain."""
    with opened(lake, Project.around(Path.cwd()), Asked(promote=True)) as chain:
        return chain.everything()


def started(root, fuse=None):
    """Start a run in a process of its own; it exits 0 where it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            lake = LocalLake(root)
            run(lake if fuse is None else Chain(lake, VERBS, Fuse(fuse)))
            code = 0
        finally:
            os._exit(code)
    return child


def killed(root, chance):
    """Whether a run was killed: at a call of the lake, or after a time; it may have come to its end before."""
    if chance.random() < 0.5:
        child = started(root, chance.randrange(1, LONGEST))
    else:
        child = started(root)
        ended = os.pidfd_open(child)
        select.select([ended], [], [], chance.uniform(0, SECONDS))
        signal.pidfd_send_signal(ended, signal.SIGKILL)
        os.close(ended)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "a run failed before it was killed"
    return os.WIFSIGNALED(status)


def whole(root):
    """What a reader may see: of each table the committed batches, whole. Raises where a committed file is not there."""
    seen = {}
    for table in scene.SQL:
        for record in scene.records(root, table):
            for file in (*record.files, *(record.rejected.files if record.rejected else ())):
                assert LocalLake(root).sha256(file.key) == file.sha256, f"{file.key} is not what was committed"
            seen[table, record.batch] = record.digest
    return seen


def state(root):
    """Everything that is committed, but for who wrote it and when; and what else lies in the lake's data."""
    kept = (
        "dataset",
        "batch",
        "slot",
        "digest",
        "markers",
        "contract_sha256",
        "verdict",
        "counts",
        "rows",
        "replaces",
        "rejected",
    )
    kept += ("rejected",)
    told = []
    for table in scene.SQL:
        for record in scene.records(root, table):
            facts = {name: value for name, value in asdict(record).items() if name in kept}
            told.append((facts, [(file.path, file.size, file.sha256, file.key) for file in record.files]))
    bytes_ = {name: sha for name, sha in scene.tree(root / "warehouse").items() if "_gate/" not in name}
    left = [name for name in scene.tree(root / "02-transient-zone") if "_quarantine" not in name]
    return told, bytes_, left


def disturbed(folder, kills, seed):
    """One lake after another, killed until a run comes through; return how many were killed."""
    chance, deaths, number = random.Random(seed), 0, 0
    with scene.inside(folder / "project"):
        undisturbed = folder / "undisturbed"
        shutil.copytree(folder / "lake", undisturbed)
        run(LocalLake(undisturbed))
        right, ends = whole(undisturbed), state(undisturbed)
        assert ends[2] == [], "an undisturbed run leaves nothing in the drop"
        while deaths < kills:
            root = folder / f"lake-{number}"
            shutil.copytree(folder / "lake", root)
            while deaths < kills and killed(root, chance):
                deaths += 1
                seen = whole(root)
                assert seen.items() <= right.items(), f"seed {seed}, lake {number}: {seen.items() - right.items()}"
            done = run(LocalLake(root))
            assert {step.exit_code for step in done} == {0}, f"seed {seed}, lake {number}: {scene.told(done)}"
            assert state(root) == ends, f"seed {seed}, lake {number}"
            number += 1
    return deaths


def together(folder, runs):
    """Several runs at once, then a clean one: what is committed last is what an undisturbed run commits."""
    with scene.inside(folder / "project"):
        undisturbed, root = folder / "undisturbed", folder / "together"
        for one in (undisturbed, root):
            shutil.copytree(folder / "lake", one)
        children = [started(root) for _ in range(runs)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert codes == [0] * runs, "a run came to no end"
        run(LocalLake(undisturbed))
        done = run(LocalLake(root))
        assert {step.exit_code for step in done} == {0}, scene.told(done)
        assert whole(root) == whole(undisturbed)
        assert state(root)[2] == [], "nothing is left in the drop"
    return 0


def planted(folder, seed):
    """Forget what a killed promotion left; return 1 where that was found."""
    candidate.clear = lambda *_, **__: None
    candidate.proposed_as = lambda *_: False
    try:
        disturbed(folder, 100, seed)
    except AssertionError:
        return 1
    return 0


if __name__ == "__main__":
    folder, what, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    match what:
        case "together":
            ended = together(folder, number)
        case "planted":
            ended = planted(folder, number)
        case kills:
            ended = disturbed(folder, int(kills), number)
    sys.stdout.write(f"{ended}\n")
