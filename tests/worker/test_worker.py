"""The worker as a real process: it follows files while they grow, keeps its limits, and dies without being believed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakegate.contract.model import Gate, LogicalType, Property, SchemaObject
from lakegate.contract.odcs import load
from lakegate.errors import Refused, WorkerDied
from lakegate.intake.budget import Budget
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject
from lakegate.verdict import BatchFile
from lakegate.worker import process
from lakegate.worker.limits import Limits
from lakegate.worker.messages import Judge, Source
from lakegate.worker.process import Worker

OBJ = SchemaObject("rows", "rows", (Property("id", "id", LogicalType.INTEGER),))
SOURCE = Source(OBJ, Gate(), Reader(format="csv"))
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n % 1000 + 1 FROM t) SELECT count(*) FROM t"


def followed(worker, path, *, whole=True):
    worker.begin()
    worker.grown(path.name, path, path.stat().st_size, whole=whole)


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(1000)))
    return path


def asked(tmp_path, *quality):
    """A question about a contract with these rules."""
    contract = load(
        {
            "apiVersion": "v3.2.0",
            "kind": "DataContract",
            "id": "x",
            "version": "1.0.0",
            "status": "active",
            "schema": [
                {"name": "rows", "properties": [{"name": "id", "logicalType": "integer"}], "quality": list(quality)}
            ],
        }
    )
    subject = Subject(contract, contract.schema[0], "rows", None, (BatchFile("rows.csv", 1, "0" * 64),))
    return Judge(subject, "rows", Options())


def test_a_file_is_read_while_it_grows(tmp_path):
    path = tmp_path / "rows.csv"
    with Worker(SOURCE, tmp_path) as worker, path.open("wb") as file:
        worker.begin()
        for piece in (b"id\n", b"1\n2", b"\n", b"3\n"):
            file.write(piece)
            file.flush()
            worker.grown("rows.csv", path, file.tell(), whole=False)
        worker.grown("rows.csv", path, file.tell(), whole=True)

        found = worker.open()

    assert [part.rows for part in found.parts] == [3]


def test_what_was_seen_of_an_earlier_set_of_copies_is_void(tmp_path, rows):
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows, whole=False)
        other = tmp_path / "other.csv"
        other.write_text("id\n7\n")
        followed(worker, other)

        assert [part.name for part in worker.open().parts] == ["other.csv"]


def test_nothing_is_left_behind(tmp_path, rows):
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows)
        worker.open()
        worker._running._process.wait()

    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_rows_that_are_used_on_stay(tmp_path, rows):
    with Worker(SOURCE, tmp_path, keep=True) as worker:
        followed(worker, rows)
        [part] = worker.open().parts

    assert Path(part.path).is_file()


def test_the_worker_knows_no_credentials(tmp_path, rows, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows, whole=False)
        environment = Path(f"/proc/{worker._running._process.pid}/environ").read_bytes()

    assert b"canary" not in environment
    assert b"PATH=" in environment


def test_a_bomb_is_refused_by_the_worker_and_raised_here(tmp_path):
    import gzip

    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 5_000_000))
    with Worker(SOURCE, tmp_path, Limits(budget=Budget(ratio=10, floor=1000))) as worker:
        followed(worker, path)
        with pytest.raises(Refused, match=r"rows\.csv\.gz: .*limits\.ratio"):
            worker.open()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_worker_that_is_killed_says_so(tmp_path, rows, sent):
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows, whole=False)
        os.kill(worker._running._process.pid, sent)
        worker._running._process.wait()
        worker.grown(rows.name, rows, 5, whole=True)

        with pytest.raises(WorkerDied, match=sent.name):
            worker.open()


def test_a_mistake_of_the_worker_is_told_by_type_and_place(tmp_path, rows):
    broken = Source(OBJ, Gate(), None)
    with Worker(broken, tmp_path) as worker:
        followed(worker, rows)
        with pytest.raises(WorkerDied, match=r"crashed: AttributeError at batch\.py:\d+"):
            worker.open()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(cpu_seconds=2), r"more than 2 s of CPU .*limits\.cpu_seconds"),
        (Limits(wall_seconds=2), r"longer than 2 s .*limits\.wall_seconds"),
    ],
    ids=["cpu", "wall"],
)
def test_time_is_limited(tmp_path, rows, limits, told):
    endless = {"id": "endless", "type": "sql", "query": ENDLESS, "mustBe": 0}
    with Worker(SOURCE, tmp_path, limits) as worker:
        followed(worker, rows)
        with pytest.raises(WorkerDied, match=told):
            worker.judge(asked(tmp_path, endless))


@pytest.mark.slow
def test_memory_is_limited(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'id,text\n1,"' + b"x" * (700 << 20) + b'"\n')
    with Worker(SOURCE, tmp_path, Limits(memory=300 << 20)) as worker:
        followed(worker, path)
        with pytest.raises(Exception, match=r"memory|longest|bytes") as told:
            worker.open()
    assert told.value.exit_code == 5


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.write({outbox}, b'rubbish' + bytes([10]))",
        "import os; os.write({outbox}, b'[' * 90000 + bytes([10]))",
        "pass",
        "import sys; sys.exit(3)",
    ],
    ids=["no JSON", "nested without end", "silence", "an exit code"],
)
def test_an_answer_that_is_none_is_never_believed(tmp_path, rows, monkeypatch, program):
    monkeypatch.setattr(process, "PROGRAM", program)
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows)
        with pytest.raises(WorkerDied):
            worker.open()


def test_an_answer_without_end_is_not_read_on(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(process, "PROGRAM", "import os\nwhile True: os.write({outbox}, b'x' * 65536)")
    monkeypatch.setattr(process, "ANSWER", 1 << 20)
    with Worker(SOURCE, tmp_path) as worker:
        followed(worker, rows)
        with pytest.raises(WorkerDied, match="answer is longer than"):
            worker.open()


def test_a_worker_does_not_outlive_its_parent(tmp_path, rows):
    program = f"""
import sys, time
from pathlib import Path
from worker.test_worker import SOURCE, ENDLESS, asked, followed
from lakegate.worker.process import Worker
with Worker(SOURCE, Path({str(tmp_path)!r})) as worker:
    followed(worker, Path({str(rows)!r}))
    print(worker._running._process.pid, flush=True)
    worker.judge(asked(None, {{"id": "endless", "type": "sql", "query": ENDLESS, "mustBe": 0}}))
"""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, text=True
    )
    worker = Path(f"/proc/{int(parent.stdout.readline())}")
    parent.kill()
    parent.wait()
    parent.stdout.close()

    ends = time.monotonic() + 20
    while worker.exists() and "Z" not in (worker / "stat").read_text().split() and time.monotonic() < ends:
        os.sched_yield()
    assert not worker.exists() or "Z" in (worker / "stat").read_text().split()
