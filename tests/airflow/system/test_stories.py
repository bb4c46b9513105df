"""What Airflow's operator sees of the gates, on a scheduler and a database as in production."""

import json
import os
import signal

import psutil
import pytest

from cli.scene import HEADER
from servers.airflow import PATIENCE
from servers.proxy import hold, reset

pytestmark = pytest.mark.slow

GOOD = HEADER + "1,N1,2\n2,N2,-3.5\n"
BAD = HEADER + "1,N1,2\n2,N2,-300\n"


def committed(records):
    return [(one["batch"], one["slot"]) for one in records if one["state"] == "COMMITTED"]


def kill(task):
    """End the worker that runs a task, and all below it, as a machine does that goes away: nobody says anything."""
    worker = psutil.Process(task["pid"]).parent()
    for one in (worker, *worker.children(recursive=True)):
        os.kill(one.pid, signal.SIGKILL)


def test_a_passing_batch_is_promoted_and_starts_what_waits_for_it(world):
    world.local.arrive("part=1", dataset="nyc/passing")

    run = world.op.trigger("nyc-passing")

    assert run.ended() == "success"
    gate = {task: run.states(task) for task in ("validate", "promote")}
    assert gate == {"validate": {"part=1": "success"}, "promote": {"part=1": "success"}}
    (record,) = world.local.records("nyc/passing")
    (event,) = world.op.events("nyc-passing")
    told = event["extra"]
    assert (record["state"], record["batch"]) == ("COMMITTED", "part=1")
    assert (event["name"], event["source_run_id"]) == ("01-raw-data-zone/nyc/passing", run.id)
    assert (told["batch"], told["digest"], told["rows"], told["verdict"]) == ("part=1", record["digest"], 2, "passed")
    assert told["counts"]["passed"] > 0
    assert told["report"].endswith("index.html")
    after = world.op.eventually("the DAG after it", lambda: world.op.runs("after-nyc-passing"))
    assert [one.ended() for one in after] == ["success"]


def test_a_bad_batch_blocks_and_holds_no_other(world):
    for batch, content in (("part=1", GOOD), ("part=2", BAD), ("part=3", GOOD)):
        world.local.arrive(batch, content, dataset="nyc/blocked")

    run = world.op.trigger("nyc-blocked")

    assert run.ended() == "failed"
    assert run.states("validate") == {"part=1": "success", "part=2": "failed", "part=3": "success"}
    assert run.states("promote") == {"part=1": "success", "part=2": "upstream_failed", "part=3": "success"}
    assert set(run.states("publish_report").values()) == {"success"}
    told = run.summary(run.task("validate", "part=2"))
    assert (told["exit_code"], told["state"]) == (1, "quarantined")
    assert [one["rule"] for one in told["failed"]] == ["blocked.delay.minimum"]
    assert committed(world.local.records("nyc/blocked")) == [("part=1", 1), ("part=3", 1)]
    assert sorted(event["extra"]["batch"] for event in world.op.events("nyc-blocked")) == ["part=1", "part=3"]
    kept = world.local.lake.glob("02-transient-zone/_quarantine/nyc/blocked/*/*/rows.csv")
    assert [one.read_text() for one in kept] == [BAD]


def test_a_blocked_batch_starts_no_table_and_a_good_one_does(world):
    def sales(day, rows):
        world.local.arrive(f"dt={day}", "id,shop,amount\n" + rows, dataset="shop/sales")
        return world.op.trigger("shop-sales").ended()

    blocked = sales("2026-01-01", "1,a,10.50\n2,b,\n")
    none = world.op.runs("core-sold")
    passed = sales("2026-01-02", "3,a,3.00\n4,a,4.75\n")

    assert (blocked, none, passed) == ("failed", [], "success")
    (run,) = world.op.eventually("the table's run", lambda: world.op.runs("core-sold"))
    assert run.ended() == "success"
    assert run.states("promote") == {"dt=2026-01-02": "success"}
    assert committed(world.local.records("sold", "warehouse/core")) == [("dt=2026-01-02", 1)]
    (event,) = world.op.events("core-sold")
    assert (event["name"], event["extra"]["rows"]) == ("warehouse/core/sold", 2)


def test_what_was_judged_is_not_judged_again(world):
    world.local.arrive("part=4", dataset="nyc/blocked")  # part=2 lies there still, as it was judged

    run = world.op.trigger("nyc-blocked")

    assert run.ended() == "success"
    assert run.states("validate") == {"part=4": "success"}


def test_a_batch_that_is_named_is_judged_again(world):
    run = world.op.trigger("nyc-blocked", batch="part=2")

    assert run.ended() == "failed"
    assert run.states("validate") == {"part=2": "failed"}
    assert run.task("validate")["try_number"] == 1  # what the data did wrong no retry mends


def asked_to_waive(world, dataset):
    """Let a bad batch arrive; return the run that asks for an approval, and the task that does."""
    world.local.arrive("part=1", BAD, dataset=f"nyc/{dataset}")
    run = world.op.trigger(f"nyc-{dataset}")
    waiver = run.reached("waiver", "deferred")
    # No approver is as quick as a test: an answer within the scheduler's round is taken for the task's end by it.
    noted = f"state success for task instance TaskInstanceKey(dag_id='{run.dag}', task_id='waiver'"
    world.op.eventually(f"the scheduler to note that {run} asks", lambda: noted in world.log("scheduler"))
    return run, waiver


def test_what_is_waived_on_the_command_line_is_let_in_by_the_run_that_asks(world):
    run, waiver = asked_to_waive(world, "waived")
    who = ("--approver", "approver", "--reason", "known at the source", "--days", "1")

    waived = world.local.run("waive", world.local.root / "contracts/nyc/waived.odcs.yaml", "--batch", "part=1", *who)

    assert waived.exit_code == 0, waived.output
    assert run.ended() == "success"
    assert [run.task(name)["state"] for name in ("validate", "waiver", "promote")] == ["failed", "success", "success"]
    (record,) = world.local.records("nyc/waived")
    (event,) = world.op.events("nyc-waived")
    assert (record["verdict"], len(record["waivers"])) == ("waived", 1)
    assert (event["extra"]["verdict"], event["extra"]["waivers"]) == ("waived", record["waivers"])
    late = run.answer(waiver, "Reject", by=world.seen_by("approver"), reason="no", days=1)
    assert late.status_code == 409, late.text  # nobody is asked any more


def test_an_approval_of_what_was_replaced_is_not_waited_for(world):
    run, waiver = asked_to_waive(world, "replaced")

    world.local.arrive("part=1", GOOD, dataset="nyc/replaced")

    assert run.ended() == "failed"
    assert [run.task(name)["state"] for name in ("waiver", "promote")] == ["failed", "upstream_failed"]
    assert run.task("waiver")["try_number"] == 1
    late = run.answer(waiver, "Approve", by=world.seen_by("approver"), reason="yes", days=1)
    assert (late.status_code, world.local.records("nyc/replaced")) == (409, [])


def test_what_the_named_approver_waives_is_let_in(world):
    run, waiver = asked_to_waive(world, "approved")
    answer = {"reason": "known at the source", "days": 2}
    others = {user: run.answer(waiver, "Approve", by=world.seen_by(user), **answer) for user in ("viewer", "op")}

    approved = run.answer(waiver, "Approve", by=world.seen_by("approver"), **answer)

    assert {user: one.status_code for user, one in others.items()} == {"viewer": 403, "op": 403}
    assert approved.status_code == 200, approved.text
    assert run.ended() == "success"
    assert [run.task(name)["state"] for name in ("validate", "waiver", "promote")] == ["failed", "success", "success"]
    (record,) = world.local.records("nyc/approved")
    (file,) = world.local.lake.glob("01-raw-data-zone/_gate/waivers/nyc/approved/*/*.json")
    kept = json.loads(file.read_text())
    (event,) = world.op.events("nyc-approved")
    assert (record["state"], record["verdict"], record["waivers"]) == ("COMMITTED", "waived", [file.stem])
    assert (kept["approver"], kept["reason"], kept["digest"]) == ("approver", "known at the source", record["digest"])
    assert event["extra"]["waivers"] == [file.stem]


def test_what_is_rejected_stays_out(world):
    run, waiver = asked_to_waive(world, "rejected")

    answer = run.answer(waiver, "Reject", by=world.seen_by("approver"), reason="no", days=1)

    assert answer.status_code == 200, answer.text
    assert run.ended() == "failed"
    states = [run.task(name)["state"] for name in ("waiver", "promote", "publish_report")]
    assert states == ["failed", "upstream_failed", "success"]
    assert world.local.records("nyc/rejected") == world.op.events("nyc-rejected") == []


def test_what_nobody_answers_stays_out(world):
    world.local.arrive("part=1", BAD, dataset="nyc/unanswered")

    run = world.op.trigger("nyc-unanswered")

    assert run.ended() == "failed"
    assert [run.task(name)["state"] for name in ("waiver", "promote")] == ["failed", "upstream_failed"]
    assert world.local.records("nyc/unanswered") == []


def test_a_batch_that_is_not_complete_is_waited_for(world):
    one, other = (world.local.arrive(f"part={n}", dataset="nyc/late", complete=False) for n in (1, 2))
    named = world.op.trigger("nyc-late", batch="part=2")
    named.reached("validate", "up_for_reschedule", "part=2")
    run = world.op.trigger("nyc-late")  # whatever is complete
    run.reached("arrived", "deferred")

    (one / "_SUCCESS").touch()
    first = run.ended()
    (other / "_SUCCESS").touch()

    assert (first, named.ended()) == ("success", "success")
    assert committed(world.local.records("nyc/late")) == [("part=1", 1), ("part=2", 1)]


def test_two_runs_for_one_batch_at_once_commit_it_once(world):
    world.local.arrive("part=1", dataset="nyc/twice")

    runs = [world.op.trigger("nyc-twice", batch="part=1") for _ in range(2)]

    assert [run.ended() for run in runs] == ["success", "success"]
    assert committed(world.local.records("nyc/twice")) == [("part=1", 1)]
    (event,) = world.op.events("nyc-twice")
    (record,) = world.local.records("nyc/twice")
    assert event["source_run_id"] in record["by"]


def test_a_promotion_that_is_cleared_is_told_no_second_time(world):
    world.local.arrive("part=1", dataset="nyc/cleared")
    run = world.op.trigger("nyc-cleared")
    assert run.ended() == "success"

    run.clear("promote")

    world.op.eventually("its second try", lambda: (run.task("promote") or {}).get("try_number") == 2)
    assert run.ended() == "success"
    assert committed(world.local.records("nyc/cleared")) == [("part=1", 1)]
    assert [event["extra"]["batch"] for event in world.op.events("nyc-cleared")] == ["part=1"]


def test_a_hundred_batches_at_once(world):
    expected = [f"part={n:03}" for n in range(100)]
    for batch in expected:
        world.local.arrive(batch, dataset="nyc/hundred")

    run = world.op.trigger("nyc-hundred")

    assert run.ended(patience=600) == "success"
    assert run.states("promote") == dict.fromkeys(expected, "success")
    assert committed(world.local.records("nyc/hundred")) == [(batch, 1) for batch in expected]
    assert sorted(event["extra"]["batch"] for event in world.op.events("nyc-hundred")) == expected


def test_a_store_that_is_down_for_a_while_is_tried_again(world):
    world.s3.arrive("part=1", dataset="nyc/down")
    world.s3.proxy.faults = [reset(times=10**6)]
    run = world.op.trigger("nyc-down", batch="part=1")
    run.reached("validate", "up_for_retry")

    world.s3.proxy.faults = []

    assert run.ended() == "success"
    assert run.task("validate")["try_number"] > 1
    assert committed(world.s3.records("nyc/down")) == [("part=1", 1)]
    assert len(world.op.events("nyc-down")) == 1


@pytest.mark.parametrize(
    ("dataset", "moment"),
    [
        pytest.param("killed_before", ("PUT", "01-raw-data-zone/_gate/commits/*"), id="before the commit"),
        pytest.param("killed_after", ("DELETE", "02-transient-zone/nyc/*"), id="after it and before its event"),
    ],
)
def test_a_worker_killed_while_it_promotes(world, dataset, moment):
    world.s3.arrive("part=1", dataset=f"nyc/{dataset}")
    stuck = hold(*moment)
    world.s3.proxy.faults = [stuck]
    run = world.op.trigger(f"nyc-{dataset}", batch="part=1")
    assert stuck.held.wait(PATIENCE)
    assert world.op.events(f"nyc-{dataset}") == []  # nothing is told before it is so
    task = run.task("promote")

    kill(task)

    stuck.released.set()
    world.s3.proxy.faults = []
    assert run.ended() == "success"
    assert run.task("promote")["try_number"] == 2
    assert committed(world.s3.records(f"nyc/{dataset}")) == [("part=1", 1)]
    (event,) = world.op.events(f"nyc-{dataset}")
    assert event["extra"]["batch"] == "part=1"
