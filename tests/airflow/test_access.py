"""What Airflow's own database says of DAGs and of approvals that wait."""

import datetime as dt

import pytest

from lakegate.airflow.board.access import approvals, known, readable


@pytest.fixture(scope="module")
def asked(metadata, tmp_path_factory):
    """A DAG `asked` of which one task waits for an answer, and another has got its own."""
    tmp_path = tmp_path_factory.mktemp("asked")
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.hitl import HITLDetail
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.taskinstance import TaskInstance
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    with DAG("asked", schedule=None, start_date=dt.datetime(2024, 1, 1, tzinfo=dt.UTC)) as dag:
        EmptyOperator(task_id="waiver")
        EmptyOperator(task_id="answered")
    dag.fileloc, dag.relative_fileloc = str(tmp_path / "gates.py"), "gates.py"
    bag = DagBag(dag_folder=str(tmp_path))
    bag.dags = {dag.dag_id: dag}
    now = dt.datetime.now(dt.UTC)
    with create_session() as session:
        if session.get(DagBundleModel, "dags-folder") is None:
            session.add(DagBundleModel(name="dags-folder"))
    sync_bag_to_db(bag, "dags-folder", None)
    with create_session() as session:
        session.get(DagModel, "asked").is_stale = False  # as once the dag-processor has seen its file
        run = SerializedDagModel.get_dag("asked", session=session).create_dagrun(
            run_id="manual__1+2",
            run_after=now,
            start_date=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
        session.flush()
        for task in session.scalars(select(TaskInstance).where(TaskInstance.run_id == run.run_id)):
            task.state = TaskInstanceState.DEFERRED
            answer = now if task.task_id == "answered" else None
            session.add(HITLDetail(ti_id=task.id, options=["Approve"], subject="Pass?", params={}, responded_at=answer))


@pytest.mark.usefixtures("asked")
def test_an_approval_that_waits_is_found_with_its_page():
    (waiting,) = approvals({"asked"})["asked"]
    assert waiting.subject == "Pass?"
    assert waiting.path == "dags/asked/runs/manual__1%2B2/tasks/waiver/required_actions"
    assert not approvals({"other"})


@pytest.mark.usefixtures("asked")
def test_a_dag_that_airflow_does_not_have_is_not_linked():
    assert known({"asked", "shop-returns"}) == {"asked"}


@pytest.mark.usefixtures("metadata")
def test_who_may_read_which_dag_is_asked_of_the_auth_manager(monkeypatch):
    from types import SimpleNamespace

    from airflow.api_fastapi import app

    asked = []

    def some(*, dag_ids, user, method, team_name):
        asked.append((dag_ids, user, method, team_name))
        return {"b"}

    monkeypatch.setattr(app, "get_auth_manager", lambda: SimpleNamespace(filter_authorized_dag_ids=some))
    assert readable("vera", {"a", "b"}) == {"b"}
    assert asked == [({"a", "b"}, "vera", "GET", None)]
    assert readable("vera", ()) == frozenset()
