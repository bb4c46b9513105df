"""DAGs as the DAG processor finds them: read from files, and through serialization."""

import sys

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
