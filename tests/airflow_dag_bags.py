"""DAGs as the DAG processor finds them: read from files, and through serialization."""

import json
import os
import subprocess
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


def bag(folder):
    """Read the DAG files of a folder anew; nothing may be wrong with a file."""
    for name in [name for name in sys.modules if name.startswith("unusual_prefix")]:
        del sys.modules[name]
    found = DagBag(str(folder))
    assert found.import_errors == {}
    return dict(found.dags)


def stored(dag):
    """A DAG as the scheduler and the user interface see it."""
    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def upstream(dag):
    """Each task's upstream tasks, by their ids."""
    return {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}


DRIVER = Path(__file__).parent / "airflow" / "dag_driver.py"


def by_airflow(project, names, **environment):
    """Run DAGs of a project in turn by Airflow's own runner: of each its id, its state, its tasks' states."""
    settings = {
        **os.environ,
        "AIRFLOW_HOME": str(project / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "LAKEGATE_LAKE": str(project / "lake"),
        **environment,
    }
    for words in (["-m", "airflow", "db", "migrate"], [DRIVER, str(project / "dags"), *names]):
        command = [sys.executable, *words]
        ran = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])
