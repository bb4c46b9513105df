"""Who may see what: a dataset is for whoever may read its DAG; what belongs to no DAG, for who may read them all."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegate.airflow.links import task_path

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval that a DAG waits for. `path` is its page, relative to the user interface's address."""

    subject: str
    path: str
    since: dt.datetime  # UTC


def readable(user: BaseUser, dag_ids: Collection[str]) -> frozenset[str]:
    """Return those of some DAGs that a user may read, by Airflow's own auth manager."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.models.dag import DagModel

    if not dag_ids:
        return frozenset()
    of_team: dict[str | None, set[str]] = defaultdict(set)
    teams = DagModel.get_dag_id_to_team_name_mapping(list(dag_ids))
    for dag_id in dag_ids:
        of_team[teams.get(dag_id)].add(dag_id)
    manager = get_auth_manager()
    return frozenset[str]().union(
        *(
            manager.filter_authorized_dag_ids(dag_ids=some, user=user, method="GET", team_name=team)
            for team, some in of_team.items()
        )
    )


def known(dag_ids: Collection[str]) -> frozenset[str]:
    """Return those of some DAGs that Airflow has, so that no link leads nowhere."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(DagModel.dag_id).where(DagModel.dag_id.in_(dag_ids), DagModel.is_stale.is_(False))
        return frozenset(session.scalars(query))


def approvals(dag_ids: Collection[str]) -> Mapping[str, list[Approval]]:
    """Return the approvals that wait for an answer, oldest first, by DAG."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import State
    from sqlalchemy import select

    found: dict[str, list[Approval]] = defaultdict(list)
    with create_session() as session:
        query = (
            select(HITLDetail, TaskInstance)
            .join(TaskInstance, HITLDetail.ti_id == TaskInstance.id)
            .where(
                TaskInstance.dag_id.in_(dag_ids),
                HITLDetail.responded_at.is_(None),
                TaskInstance.state.in_(State.unfinished),
            )
            .order_by(HITLDetail.created_at)
        )
        for asked, task in session.execute(query):
            path = task_path(task.dag_id, task.run_id, task.task_id, task.map_index)
            found[task.dag_id].append(Approval(asked.subject, f"{path}/required_actions", asked.created_at))
    return found
