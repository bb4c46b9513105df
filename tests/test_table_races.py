"""Two batches of one table at once: what each of them keeps alone, they never both get in with."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakegate.gate import finish, ledger, state
from lakegate.gate import promote as gate
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.lake.local import LocalLake
from servers.s3 import close, moto_s3, new_bucket, real_s3
from table_scene import TARGET, contract, outcomes, promote, propose

HERE = Path(__file__).parent
ROUNDS = 3


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


def test_a_batch_is_judged_again_by_a_new_worker_when_its_table_moved_on(tmp_path, lake):
    path = contract(tmp_path)
    propose(lake, "b1", {"id": [1, 2], "n": [1, 1]})
    propose(lake, "b2", {"id": [2, 3], "n": [1, 1]})
    between = []

    def progress(phase, *_):
        if phase == Step.PLACE and not between:
            between.append(promote(path, lake, "b2"))

    first = promote(path, lake, "b1", progress=progress)

    assert between[0].state is PromotionState.COMMITTED
    assert first.state is PromotionState.QUARANTINED
    assert outcomes(first)["fact.primaryKey.table"][0] == "failed"
    assert first.verdict.context.sequence == 1


def test_a_batch_that_is_judged_twice_and_shares_no_key_gets_in_with_its_own_index(tmp_path, lake):
    path = contract(tmp_path)
    propose(lake, "b1", {"id": [1, 2], "n": [1, 1]})
    propose(lake, "b2", {"id": [3], "n": [1]})
    between = []

    def progress(phase, *_):
        if phase == Step.PLACE and not between:
            between.append(promote(path, lake, "b2"))

    first = promote(path, lake, "b1", progress=progress)

    assert first.state is PromotionState.COMMITTED
    assert first.notes == ()
    assert state.read(LocalLake(lake), TARGET)["b1"].keys["primaryKey"].rows == 2
    assert promote(path, lake, "b3", {"id": [2], "n": [1]}).state is PromotionState.QUARANTINED


def started(path, lake, batch, variables):
    """A process that is ready to promote a batch."""
    command = [sys.executable, str(HERE / "table_race_driver.py"), str(path), str(lake), batch]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=variables, **pipes)
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process):
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return told.strip()


def raced(path, lake, variables, propose_to):
    """Let two processes promote two batches with one key, several times; the one that starts first changes."""
    done = []
    for number in range(ROUNDS):
        for batch, own in (("a", 1), ("b", 2)):
            propose_to(f"{batch}{number}", [number * 10, number * 10 + own])
        processes = [started(path, lake, f"{batch}{number}", variables) for batch in "ab"]
        for process in processes if number % 2 else reversed(processes):
            process.stdin.write("go\n")
            process.stdin.flush()
        done.append(sorted(ended(process) for process in processes))
    return done


@pytest.fixture
def variables():
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE)])}


def test_two_processes_in_a_folder_never_both_pass(tmp_path, lake, variables):
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}])

    done = raced(path, lake, variables, lambda batch, ids: propose(lake, batch, {"id": ids}))

    assert done == [["committed", "quarantined"]] * ROUNDS
    assert len(ledger.committed(LocalLake(lake), TARGET)) == ROUNDS


@pytest.mark.parametrize("server", [moto_s3, real_s3], ids=lambda server: server.__name__)
def test_two_processes_in_a_bucket_never_both_pass(tmp_path, variables, server):
    server = server()
    bucket = new_bucket(server)
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}])
    variables |= {**server.environment, "AWS_ENDPOINT_URL": server.endpoint}

    def arrive(batch, ids):
        out = io.BytesIO()
        pq.write_table(pa.table({"id": ids}), out)
        folder = f"02-transient-zone/_candidates/core/fact/{batch}/"
        for name, body in (("part-0.parquet", out.getvalue()), ("_SUCCESS", b"")):
            server.client.put_object(Bucket=bucket, Key=folder + name, Body=body)

    try:
        done = raced(path, f"s3://{bucket}", variables, arrive)
        assert done == [["committed", "quarantined"]] * ROUNDS
        assert len(ledger.committed(server.lake(bucket), TARGET)) == ROUNDS
    finally:
        close()


def test_a_run_that_is_killed_before_it_kept_its_keys_hides_none_of_them(tmp_path, lake, monkeypatch):
    path = contract(tmp_path)
    propose(lake, "b1", {"id": [1, 2], "n": [1, 1]})
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(gate, "keep", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with contextlib.suppress(BaseException):
            promote(path, lake, "b1")
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert finish.keep is gate.keep
    assert state.read(LocalLake(lake), TARGET) == {}

    second = promote(path, lake, "b2", {"id": [2, 3], "n": [1, 1]})

    assert second.state is PromotionState.QUARANTINED
    assert outcomes(second)["fact.primaryKey.table"][0] == "failed"
    assert state.read(LocalLake(lake), TARGET)["b1"].rows == 2, "it was mended"
    assert promote(path, lake, "b1").state is PromotionState.ALREADY_COMMITTED
