"""Runs DAGs of a folder one after another by Airflow's own runner, in a process of its own: dag_driver.py FOLDER ID…

Prints a line of JSON: of each run its state, and the states of its task instances by task id and map index.
"""

import sys

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db


def main() -> None:
    folder, *names = sys.argv[1:]
    bag = DagBag(folder)
    assert bag.import_errors == {}, bag.import_errors
    for name, dag in bag.dags.items():
        dag.relative_fileloc = f"{name}.py"
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    runs = []
    for name in names:
        run = bag.dags[name].test()
        states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()}
        runs.append([name, str(run.state), states])


main()
