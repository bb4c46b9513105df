"""Runs a gate's DAG over each project of a folder by Airflow's own runner: branches_driver.py FOLDER.

A project holds `contract.yaml`, `lake/` and `plan.json`: what the run's conf is, what is retried, and how an approval
is answered. Prints a line of JSON: of each run its state, its task instances, and the events of its asset.
"""

import json
import sys
import threading
from pathlib import Path

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.asset import AssetEvent, AssetModel
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskreschedule import TaskReschedule
from airflow.models.trigger import handle_event_submit
from airflow.sdk import timezone
from airflow.triggers.base import TriggerEvent
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import func, select

DAGS = """
import json
from pathlib import Path
from airflow.sdk import DAG, Asset, task, task_group
from lakegate.airflow import BatchSensor, ContractValidateOperator, PromoteOperator, PublishReportsOperator
from lakegate.airflow.waivers import WaiverOperator
import datetime as dt

WAIT = dt.timedelta(seconds=1)
# Whoever takes the group's argument has `arrived` upstream, which succeeded: no trigger rule of its own would work.
JUDGED = "{{{{ ti.xcom_pull(task_ids='validate', key='lakegate', map_indexes=ti.map_index)['batch'] }}}}"


def touched(context):
    if not context["task_reschedule_count"]:
        Path(context["task"].contract).with_name("lake").joinpath(DROP, "part=1/rows.csv").touch()


DROP = "02-transient-zone/nyc/planes"
for project in sorted(Path({folder!r}).glob("*/plan.json")):
    plan, project = json.loads(project.read_text()), project.parent
    same = {{"contract": str(project / "contract.yaml"), "lake": str(project / "lake")}}
    asset = Asset(name=project.name, uri=f"file://{{project}}/lake/01-raw-data-zone")
    again = {{"retries": plan.get("retries", 0), "retry_delay": dt.timedelta(0)}}
    with DAG(project.name, schedule=None, default_args=again) as dag:
        if plan.get("decorated"):
            @task.gate(outlets=[asset], **same)
            def written(dag_run):
                return dag_run.conf["writes"]
            written()
        else:
            deferrable = plan.get("deferrable", True)
            arrived = BatchSensor(task_id="arrived", poke_interval=1, timeout=2, deferrable=deferrable, **same)

            @task_group(group_id="rows", prefix_group_id=False)
            def gate(batch, plan=plan, same=same, asset=asset):
                every = {{**same, "map_index_template": "{{{{ task.batch }}}}", "batch": batch}}
                first = touched if plan.get("touched") else None
                validate = ContractValidateOperator(task_id="validate", wait=WAIT, pre_execute=first, **every)
                judged = {{**every, "batch": JUDGED}}
                promote = PromoteOperator(task_id="promote", outlets=[asset], wait=WAIT, **judged)
                publish = PublishReportsOperator(task_id="publish_report", **same).as_teardown()
                if "answer" in plan:
                    asks = {{"validate_task_id": "validate", "max_days": 10, "look_every": None}}
                    waiver = WaiverOperator(task_id="waiver", **asks, **judged)
                    promote.trigger_rule = "one_success"
                    validate >> waiver >> promote
                validate >> promote >> publish
            gate.expand(batch=arrived.output)
    globals()[project.name] = dag
"""


def answered(answers, over):
    """Answer approvals as the API does, until it is over."""
    while not over.wait(0.2):
        with create_session() as session:
            for ti in session.scalars(select(TaskInstance).where(TaskInstance.state == "awaiting_input")):
                detail = session.scalar(select(HITLDetail).where(HITLDetail.ti_id == ti.id))
                answer = answers[ti.dag_id]
                answer["asked"] = {"subject": detail.subject, "body": detail.body}
                detail.responded_by = {"id": answer["by"], "name": answer["by"]} if answer["by"] else None
                detail.responded_at = timezone.utcnow()
                detail.chosen_options = [answer["option"]]
                detail.params_input = answer.get("params", {})
                session.add(detail)
                event = TriggerEvent(detail.as_resume_event_payload())
                handle_event_submit(event, task_instance=ti, session=session)


def told(run, name):
    """What a run came to."""
    with create_session() as session:
        events = session.scalars(
            select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id).where(AssetModel.name == name)
        )
        instances = run.get_task_instances(session=session)
        waits = {
            f"{ti.task_id}[{ti.map_index}]": session.scalar(
                select(func.count()).select_from(TaskReschedule).where(TaskReschedule.ti_id == ti.id)
            )
            for ti in instances
        }
        return {
            "state": str(run.state),
            "states": {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in instances},
            "tries": {f"{ti.task_id}[{ti.map_index}]": ti.try_number for ti in instances},
            "labels": {f"{ti.task_id}[{ti.map_index}]": ti.rendered_map_index for ti in instances},
            "waits": waits,
            "events": [event.extra for event in events],
        }


def main() -> None:
    folder = Path(sys.argv[1])
    initdb()
    (folder / "dags").mkdir()
    (folder / "dags/gates.py").write_text(DAGS.format(folder=str(folder)))
    bag = DagBag(str(folder / "dags"))
    assert bag.import_errors == {}, bag.import_errors
    for dag in bag.dags.values():
        dag.relative_fileloc = "gates.py"
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    plans = {name: json.loads((folder / name / "plan.json").read_text()) for name in bag.dags}
    answers, over = {name: plan["answer"] for name, plan in plans.items() if "answer" in plan}, threading.Event()
    threading.Thread(target=answered, args=(answers, over), daemon=True).start()
    runs = {}
    for name, plan in plans.items():
        run = bag.dags[name].test(run_conf=plan.get("conf", {}))
        runs[name] = told(run, name) | {"asked": answers.get(name, {}).get("asked")}
    over.set()
    (folder / "runs.json").write_text(json.dumps(runs, default=str))


main()
