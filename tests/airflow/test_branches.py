"""Every way through a gate's DAG, run by Airflow's own runner over real lakes: all in one process, told per branch."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.scene import PLANES_CONTRACT
from lakegate.api import Asked, opened
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake

TOP = Path(__file__).parents[2]
GOOD, BAD = "tailnum\nN1\nN2\n", "tailnum\nN1\nN1\n"
WAIVABLE = {
    "name": "seats",
    "logicalType": "integer",
    "quality": [{"id": "few", "metric": "nullValues", "mustBe": 0}],
}
UNSEATED = "tailnum,seats\nN1,\nN2,2\n"


class Project:
    """One contract, one lake, and the plan of one run."""

    def __init__(self, root, plan):
        self.root, self.drop = root, root / "lake/02-transient-zone/nyc/planes"
        (root / "lake").mkdir(parents=True)
        create_layout(LocalLake(root / "lake"), "test")
        self.contract = copy.deepcopy(PLANES_CONTRACT)
        (root / "plan.json").write_text(json.dumps(plan))
        self.write()

    def gate(self, **more):
        self.contract["customProperties"][0]["value"] |= more
        self.write()

    def property(self, **declared):
        self.contract["schema"][0]["properties"].append(declared)
        self.write()

    def write(self):
        (self.root / "contract.yaml").write_text(json.dumps(self.contract))

    def arrive(self, key, content=GOOD, *, complete=True):
        folder = self.drop / key
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rows.csv").write_text(content)
        if complete:
            (folder / "_SUCCESS").touch()

    def promote(self, key):
        asked = Asked(self.root / "contract.yaml", lake=str(self.root / "lake"), by="somebody else")
        with opened(asked) as (run,):
            assert run.promote(key).exit_code == 0


def passes(root):
    Project(root, {}).arrive("part=1")


def warned(root):
    project = Project(root, {})
    project.property(**{**WAIVABLE, "quality": [WAIVABLE["quality"][0] | {"severity": "warning"}]})
    project.arrive("part=1", UNSEATED)


def several(root):
    project = Project(root, {})
    for key, content in (("part=1", GOOD), ("part=2", BAD), ("part=3", GOOD)):
        project.arrive(key, content)


def nothing(root):
    Project(root, {})


def poked(root):
    Project(root, {"deferrable": False}).arrive("part=1")


def nothing_poked(root):
    Project(root, {"deferrable": False})


def not_ready(root):
    project = Project(root, {"conf": {"batch": "part=1"}, "touched": True})  # a file arrives when it is first looked at
    project.gate(batch={"by": "folder", "key": "part={part}", "complete": "quiet", "quiet_for": "3s"})
    project.arrive("part=1", complete=False)


def conflict(root):
    project = Project(root, {"conf": {"batch": "part=1"}})
    project.arrive("part=1")
    project.promote("part=1")
    project.arrive("part=1", "tailnum\nN3\n")


def refused(root):
    project = Project(root, {"conf": {"batch": "part=1"}, "retries": 1})
    project.arrive("part=1")
    (project.drop / "part=1/more.csv").symlink_to("/etc/hostname")


def bad_contract(root):
    project = Project(root, {"conf": {"batch": "part=1"}, "retries": 1})
    project.arrive("part=1")
    project.property(name="seats", logicalType="whole")


def could_not_evaluate(root):
    project = Project(root, {"conf": {"batch": "part=1"}, "retries": 1})
    project.arrive("part=1")
    (root / "lake/references/reports").write_text("no folder")


def already_committed(root):
    project = Project(root, {"conf": {"batch": "part=1"}})
    project.arrive("part=1")
    project.promote("part=1")


def waived(answer, content=UNSEATED):
    def made(root):
        project = Project(root, {"answer": answer})
        project.property(**WAIVABLE)
        project.gate(waiver={"allowed": True, "approvers": ["ada", "bob"], "max_days": 10})
        project.arrive("part=1", content)

    return made


def rejected_beside_good(root):
    waived({"option": "Reject", "by": "ada", "params": YES["params"]})(root)
    folder = root / "lake/02-transient-zone/nyc/planes/part=2"
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("tailnum,seats\nN3,4\n")
    (folder / "_SUCCESS").touch()


def decorated(root):
    project = Project(root, {"decorated": True, "conf": {"writes": "part=1"}})
    project.arrive("part=1")


def decorated_bad(root):
    project = Project(root, {"decorated": True, "conf": {"writes": ["part=1", "part=2"]}, "retries": 1})
    project.arrive("part=1")
    project.arrive("part=2", BAD)


YES = {"option": "Approve", "by": "ada", "params": {"reason": "known late feed", "days": 3}}
BRANCHES = {
    "passes": passes,
    "warned": warned,
    "several": several,
    "nothing": nothing,
    "poked": poked,
    "nothing_poked": nothing_poked,
    "not_ready": not_ready,
    "conflict": conflict,
    "refused": refused,
    "bad_contract": bad_contract,
    "could_not_evaluate": could_not_evaluate,
    "already_committed": already_committed,
    "waiver_approved": waived(dict(YES)),
    "waiver_rejected": waived({"option": "Reject", "by": "ada", "params": YES["params"]}),
    "waiver_unanswered": waived({"option": "Reject", "by": None, "params": {"reason": "", "days": 7}}),
    "waiver_without_reason": waived(YES | {"params": {"reason": " ", "days": 3}}),
    "waiver_too_long": waived(YES | {"params": {"reason": "late", "days": 11}}),
    "waiver_by_another": waived(YES | {"by": "eve"}),
    "waiver_of_what_nobody_may": waived(dict(YES), "tailnum\n\x00\n"),
    "rejected_beside_good": rejected_beside_good,
    "decorated": decorated,
    "decorated_bad": decorated_bad,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What every run came to, by branch; the projects lie in `runs["folder"]`."""
    folder = tmp_path_factory.mktemp("branches")
    for name, made in BRANCHES.items():
        made(folder / name)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "LAKEGATE_CACHE": str(folder / "proofs"),
        "PYTHONPATH": f"{TOP / 'src'}:{TOP / 'tests'}",
    }
    driver = [sys.executable, str(Path(__file__).with_name("branches_driver.py")), str(folder)]
    ended = subprocess.run(driver, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    (folder / "log.txt").write_text(ended.stdout + ended.stderr)
    return json.loads((folder / "runs.json").read_text()) | {"folder": folder}


def committed(runs, name):
    return sorted(file.parent.name for file in (runs["folder"] / name).glob("lake/*/_gate/commits/nyc/planes/*/*.json"))


S, F, U, K = "success", "failed", "upstream_failed", "skipped"


@pytest.mark.parametrize(
    ("name", "state", "validate", "waiver", "promote", "batches"),
    [
        ("passes", S, S, None, S, 1),
        ("warned", S, S, None, S, 1),
        ("poked", S, S, None, S, 1),
        ("not_ready", S, S, None, S, 1),
        ("already_committed", S, S, None, S, 1),
        ("conflict", F, F, None, U, 1),
        ("refused", F, F, None, U, 0),
        ("bad_contract", F, F, None, U, 0),
        ("could_not_evaluate", F, F, None, U, 0),
        ("waiver_approved", S, F, S, S, 1),
        ("waiver_rejected", F, F, F, U, 0),
        ("waiver_unanswered", F, F, F, U, 0),
        ("waiver_without_reason", F, F, F, U, 0),
        ("waiver_too_long", F, F, F, U, 0),
        ("waiver_by_another", F, F, F, U, 0),
        ("waiver_of_what_nobody_may", F, F, F, U, 0),
    ],
)
def test_a_batch_goes_in_or_its_run_fails(runs, name, state, validate, waiver, promote, batches):
    run = runs[name]

    assert run["state"] == state
    states = run["states"]
    promoted = states.get("promote[0]", states.get("promote[-1]"))  # not expanded where no batch came that far
    assert (states["validate[0]"], states.get("waiver[0]"), promoted) == (validate, waiver, promote)
    assert len(committed(runs, name)) == batches


def test_what_arrives_is_taken_and_its_label_is_the_key(runs):
    run = runs["several"]

    assert [run["states"][f"validate[{n}]"] for n in range(3)] == [S, F, S]
    assert [run["states"][f"promote[{n}]"] for n in range(3)] == [S, U, S]
    assert [run["states"][f"publish_report[{n}]"] for n in range(3)] == [S, S, S]
    assert [run["labels"][f"validate[{n}]"] for n in range(3)] == ["part=1", "part=2", "part=3"]
    assert run["state"] == F
    assert len(committed(runs, "several")) == 2


def test_a_batch_that_is_rejected_holds_no_other(runs):
    run = runs["rejected_beside_good"]

    assert [run["states"][f"validate[{n}]"] for n in range(2)] == [F, S]
    assert [run["states"][f"promote[{n}]"] for n in range(2)] == [U, S]
    assert run["state"] == F
    assert len(committed(runs, "rejected_beside_good")) == 1


@pytest.mark.parametrize("name", ["nothing", "nothing_poked"])
def test_where_nothing_arrives_the_run_is_skipped_not_failed(runs, name):
    assert runs[name]["states"]["arrived[-1]"] == K
    assert runs[name]["state"] == S


def test_what_is_not_ready_is_asked_again_and_uses_up_no_retry(runs):
    run = runs["not_ready"]

    assert run["waits"]["validate[0]"] >= 1
    assert run["tries"]["validate[0]"] == 1


@pytest.mark.parametrize(("name", "tries"), [("could_not_evaluate", 2), ("refused", 1), ("bad_contract", 1)])
def test_only_what_a_retry_may_mend_is_retried(runs, name, tries):
    assert runs[name]["tries"]["validate[0]"] == tries


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("passes", 1),
        ("several", 2),
        ("already_committed", 0),
        ("conflict", 0),
        ("waiver_approved", 1),
        ("decorated", 1),
    ],
)
def test_a_commit_is_told_once_by_who_made_it(runs, name, events):
    told = runs[name]["events"]

    assert len(told) == events
    for event in told:
        assert event["dataset"] == "nyc/planes"
        assert event["batch"].startswith("part=")
        assert event["report"].endswith("/index.html")


def test_the_report_of_what_was_blocked_is_on_the_shared_page(runs):
    page = (runs["folder"] / "several/lake/references/index.html").read_text()

    assert "part=2" in page


def test_an_approver_is_told_what_failed_and_what_it_costs(runs):
    asked = runs["waiver_approved"]["asked"]

    assert asked["subject"] == "nyc/planes: part=1 broke its contract. Let it in?"
    assert "planes\\.seats\\.quality\\.few" in asked["body"]
    assert "(1 rows)" in asked["body"]


def test_an_approval_is_a_waiver_in_the_lake_and_in_the_commit_record(runs):
    lake = runs["folder"] / "waiver_approved/lake"
    (waiver,) = [json.loads(file.read_text()) for file in lake.glob("*/_gate/waivers/nyc/planes/*/*.json")]
    (record,) = [json.loads(file.read_text()) for file in lake.glob("*/_gate/commits/nyc/planes/*/*.json")]

    assert (waiver["approver"], waiver["reason"]) == ("ada", "known late feed")
    assert len(record["waivers"]) == 1


def test_what_nobody_may_waive_is_not_asked(runs):
    assert runs["waiver_of_what_nobody_may"]["asked"] is None


def test_a_function_writes_a_batch_and_its_task_is_the_gate(runs):
    assert runs["decorated"]["state"] == S
    assert len(committed(runs, "decorated")) == 1


def test_a_function_of_several_batches_fails_as_the_worst_of_them_and_holds_none_back(runs):
    run = runs["decorated_bad"]

    assert run["state"] == F
    assert run["tries"]["written[-1]"] == 1
    assert len(committed(runs, "decorated_bad")) == 1
    assert run["events"] == []
