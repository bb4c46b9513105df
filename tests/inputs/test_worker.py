"""INPUT 120: the process that opens the batch is killed for memory, crashes or hangs. Never a pass."""

from __future__ import annotations

import json
import signal

import pytest

from inputs.world import prop
from lakegate.worker.process import _Running

ID = prop("id", "integer")
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n % 1000 + 1 FROM t) SELECT count(*) FROM t"
HUNGRY = "SELECT len(list(repeat(a.id::VARCHAR, 1000))) FROM {object} a, {object} b, {object} c"


def reports(world):
    return [json.loads(file.read_text()) for file in (world.lake / "references/reports").rglob("report.json")]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSEGV])
def test_120_a_worker_that_dies(world, monkeypatch, sent):
    world.contract(ID)
    world.arrive({"a.csv": "id\n1\n"})
    answer = _Running.answer

    def dying(running, progress):
        running._process.send_signal(sent)
        running._process.wait()
        return answer(running, progress)

    monkeypatch.setattr(_Running, "answer", dying)
    ended = world.assert_ends(5, f"the worker was killed by {sent.name}")
    assert ended.checks("could not evaluate") == ["rows.worker"]
    assert ended.checks("passed") == []
    assert not (world.lake / "02-transient-zone/_quarantine/in").exists()

    monkeypatch.setattr(_Running, "answer", answer)
    ended = world.assert_ends(0, "is committed")
    assert {report["exitCode"] for report in reports(world)} == {5, 0}  # each run has its own


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "query", "cause"),
    [
        ("cpu_seconds = 2", ENDLESS, "the worker used more than 2 s of CPU"),
        ("wall_seconds = 2", ENDLESS, "the worker took longer than 2 s"),
    ],
    ids=["cpu", "wall"],
)
def test_120_a_rule_without_end(world, limits, query, cause):
    world.write("lakegate.toml", f"[limits]\n{limits}\n")
    world.contract(ID, quality=[{"id": "endless", "type": "sql", "query": query, "mustBe": 0}])
    world.arrive({"a.csv": "id\n1\n"})

    world.assert_ends(5, cause, limits.partition(" ")[0])


@pytest.mark.slow
def test_120_a_rule_that_wants_too_much_memory(world):
    world.write("lakegate.toml", '[limits]\nmemory = "512MB"\n')
    world.contract(ID, quality=[{"id": "hungry", "type": "sql", "query": HUNGRY, "mustBe": 0}])
    world.arrive({"a.csv": "id\n" + "".join(f"{n}\n" for n in range(300))})

    ended = world.assert_ends(5, "emory")

    assert ended.checks("could not evaluate")
