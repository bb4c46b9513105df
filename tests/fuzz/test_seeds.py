"""Every input that was kept, through its target: only our own errors come out (docs/fuzzing.md)."""

import random

import pytest

from fuzz.mutations import Mutator
from fuzz.targets import SEEDS, TARGETS
from lakegate.contract.model import Gate, LogicalType, Property, SchemaObject
from lakegate.errors import WorkerDied
from lakegate.intake.staging import Reader
from lakegate.worker.messages import Source
from lakegate.worker.process import Worker

pytestmark = pytest.mark.filterwarnings("ignore")  # openpyxl warns of what it leaves out

KEPT = [
    pytest.param(target, data, id=f"{target.name}-{name}")
    for target in TARGETS.values()
    for name, data in target.seeds().items()
]


@pytest.mark.parametrize(("target", "data"), KEPT)
def test_nothing_but_our_own_errors_comes_out(target, data):
    assert target.run(data)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_nothing_but_our_own_errors_comes_out_of_inputs_near_the_seeds(target):
    rng = random.Random(1)
    mutator = Mutator(target.name, target.words)
    seeds = list(target.seeds().values())

    for _ in range(150):
        assert target.run(mutator.mutated(rng.choice(seeds), seeds, rng))


@pytest.mark.parametrize("path", sorted((SEEDS / "native").iterdir()), ids=lambda path: path.name)
def test_what_ends_a_library_natively_ends_the_worker_alone(tmp_path, path):
    obj = SchemaObject("rows", "rows", (Property("id", "id", LogicalType.INTEGER),))
    with Worker(Source(obj, Gate(), Reader()), tmp_path) as worker:
        worker.begin()
        worker.grown(path.name, path, path.stat().st_size, whole=True)

        with pytest.raises(WorkerDied, match="was killed by SIGABRT"):
            worker.open()


def test_a_fault_of_ours_is_seen(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("lakegate.intake.batch.stage_csv", broken)

    with pytest.raises(ZeroDivisionError):
        TARGETS["csv"].run(b"id,name\n1,a\n")


def test_rows_that_are_not_in_the_file_are_seen(monkeypatch):
    monkeypatch.setattr("fuzz.targets._is_object", lambda line: False)

    with pytest.raises(Exception, match="0 lines hold an object"):
        TARGETS["json"].run(b'{"id": 1}\n')
