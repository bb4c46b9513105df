"""Register from many processes: python driver.py race|kill FOLDER

race: 8 processes at once, each with a batch of its own and the one that all have; prints how many batches there are.
kill: one process after another, killed before and after each step that pyiceberg takes; prints how many died.
"""

import os
import signal
import sys
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import PyArrowFile

from catalogs.scene import forked, local

SELECT = "SELECT {}::INTEGER AS id"
STEPS = (
    (SqlCatalog, ("load_table", "create_namespace_if_not_exists", "create_table_if_not_exists", "commit_table")),
    (PyArrowFile, ("create",)),
)


def ended(child):
    return os.waitpid(child, 0)[1]


def race(folder):
    world = local(folder)
    for number in range(8):
        world.commit(f"dt={number}", SELECT.format(number))
    with forked(lambda: world.table) as child:  # two who make SQLite's own tables at once fail, the first time ever
        assert ended(child) == 0
    start, go = os.pipe()
    children = []
    for number in range(8):

        def act(number=number):
            os.read(start, 1)
            world.register("dt=0")
            world.register(f"dt={number}")

        with forked(act) as child:
            children.append(child)
    os.write(go, b"." * 8)
    assert {ended(child) for child in children} == {0}
    world.agree()
    sys.stdout.write(f"{len(world.in_iceberg())} batches\n")


class Fuse:
    """Kills its process when it is burned for the n-th time."""

    def __init__(self, left):
        self.left = left

    def burn(self):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def lay(self):
        for owner, names in STEPS:
            for name in names:
                setattr(owner, name, self.mined(getattr(owner, name)))

    def mined(self, found):
        def burning(*args, **kwargs):
            self.burn()
            result = found(*args, **kwargs)
            self.burn()
            return result

        return burning


def one_kill(folder, n):
    """Kill a registration of a table that is new, then one of a revision, each at `n`; mend, look."""
    folder.mkdir(parents=True)
    world = local(folder)
    world.commit("dt=1", SELECT.format(1), SELECT.format(2))
    died = 0
    for select in (SELECT.format(1), SELECT.format(3)):
        world.commit("dt=2", select)

        def act():
            Fuse(n).lay()
            world.register("dt=2")

        def look():
            world.register()
            assert world.agree()

        with forked(act) as child:
            died += os.WIFSIGNALED(ended(child))
        with forked(look) as child:
            assert ended(child) == 0, f"it ended wrong after the kill at {n}"
    return died


def kill(folder):
    n = died = 0
    while found := one_kill(folder / str(n), n):
        n, died = n + 1, died + found
    sys.stdout.write(f"{died}\n")


if __name__ == "__main__":
    os.fsync = lambda _: None  # a killed process loses nothing that it has written; fsync only costs time here
    {"race": race, "kill": kill}[sys.argv[1]](Path(sys.argv[2]))
