"""Which project and which lake the pages show, as the api-server knows them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.contract.project import Project

if TYPE_CHECKING:
    from lakegate.lake.interface import Lake


def project() -> Project:
    """Return the project: `[lakegate] project` of Airflow's settings, else LAKEGATE_PROJECT, else beside the DAGs.

    The last is the parent of the folder of DAG files, or that folder where the contracts lie in it.
    """
    from airflow.configuration import conf

    named = conf.get("lakegate", "project", fallback=None) or os.environ.get("LAKEGATE_PROJECT")
    if named:
        return Project(Path(named).expanduser().absolute())
    dags = Path(conf.get_mandatory_value("core", "dags_folder")).absolute()
    return Project(dags if (dags / "contracts").is_dir() else dags.parent)


def lake(root: Path) -> Lake:
    """Open the lake that the connection, LAKEGATE_LAKE or `lakegate.toml` names. Raises what `open_lake` raises."""
    from lakegate.airflow.hooks import LakeHook

    return LakeHook().get_conn(root)
