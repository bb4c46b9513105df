"""Runs DAGs of a folder one after another by Airflow's own runner, in a process of its own: dag_driver.py FOLDER ID…

With ANSWER in the environment no approval is waited for: `yes` approves, whatever else rejects. Nothing is retried.
Prints a line of JSON: of each run its id, its state, and the states of its task instances by task id and map index.
"""

import json
import os
import sys

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.sdk import BaseOperator

from lakegate.airflow import waivers


class Answered(BaseOperator):
    """In place of the approval; it writes no waiver."""

    template_fields = ("batch",)

    def __init__(self, *, contract, model, batch, approvers, max_days, validate_task_id, notifiers, **kwargs):
        super().__init__(**kwargs)
        self.batch = batch

    def execute(self, context):
        assert os.environ["ANSWER"] == "yes", "rejected"


def main() -> None:
    folder, *names = sys.argv[1:]
    if "ANSWER" in os.environ:
        waivers.WaiverOperator = Answered
    bag = DagBag(folder)
    assert bag.import_errors == {}, bag.import_errors
    for name, dag in bag.dags.items():
        dag.relative_fileloc = f"{name}.py"
        for task in dag.tasks:
            task.retries = 0
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    runs = []
    for name in names:
        run = bag.dags[name].test()
        states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()}
        runs.append([name, str(run.state), states])
    sys.stdout.write(f"\n{json.dumps(runs)}\n")


main()
