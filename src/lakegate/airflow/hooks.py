"""The lake as Airflow knows it: a connection of type `lakegate_lake`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from lakegate.lake.interface import Lake

DEFAULT = "lakegate_default"


class LakeHook(BaseHook):
    """Says which lake a task works on: the connection's host (`s3://bucket` or a folder).

    Without the connection the lake is the one that `LAKEGATE_LAKE` or `lakegate.toml` names, as on the command line.
    """

    conn_name_attr = "lakegate_conn_id"
    default_conn_name = DEFAULT
    conn_type = "lakegate_lake"
    hook_name = "lakegate lake"

    def __init__(self, lakegate_conn_id: str = DEFAULT, **kwargs: Any) -> None:
        """`lakegate_conn_id` names the connection."""
        super().__init__(**kwargs)
        self.lakegate_conn_id = lakegate_conn_id

    def address(self) -> str | None:
        """Return the lake's address, None where nothing says it: `lakegate.toml` may."""
        import os

        try:
            connection = self.get_connection(self.lakegate_conn_id)
        except AirflowNotFoundException:
            return os.environ.get("LAKEGATE_LAKE")
        host = connection.host or ""
        return host if not connection.schema else f"{connection.schema}://{host}"

    def get_conn(self, root: Path | None = None) -> Lake:
        """Open the lake. `root` is the project's, whose `lakegate.toml` says how a bucket is reached."""
        from lakegate.config import open_lake

        return open_lake(self.address(), root or Path.cwd())
