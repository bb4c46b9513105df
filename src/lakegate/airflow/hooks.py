"""The lake as Airflow knows it: a connection of type `lakegate_lake`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from lakegate.errors import UsageError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from lakegate.lake.interface import Lake

DEFAULT = "lakegate_default"


class LakeHook(BaseHook):
    """Says which lake a task works on, and how it is reached.

    The connection's host is the lake's address (`s3://bucket`, or a folder); its `extra` may hold what
    `provider.CONNECTION_FIELDS` lists. Without the connection the lake is the one that `LAKEGATE_LAKE` or
    `lakegate.toml` names, as on the command line. It holds no credentials: it names an AWS connection, or none.
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
        connection = self._connection
        host = (connection.host if connection else "") or ""
        scheme = connection.schema if connection else ""
        named = f"{scheme}://{host}" if host and scheme and "://" not in host else host
        return named or self._extra("lake") or os.environ.get("LAKEGATE_LAKE")

    def contract(self, path: str) -> Path:
        """Return where a contract's file lies: a relative path is under the connection's `project`, if it has one."""
        project = None if Path(path).is_absolute() else self._extra("project")
        return Path(project) / path if project else Path(path)

    @property
    def reports_url(self) -> str | None:
        """Where readers find `references/` outside of Airflow by the connection, None where it does not say it."""
        return self._extra("reports_url")

    def site(self, contract: str = "") -> str:
        """Return where readers find `references/` outside of Airflow, empty where nothing says it.

        The connection wins over `lakegate.toml` of the project around a contract, else of the connection's `project`.
        An address that a browser may not open is none. Raises UsageError where a setting is wrong.
        """
        from lakegate.config import reports_url
        from lakegate.contract.project import Project
        from lakegate.reports.site.links import site_address

        if (named := self.reports_url) is not None:
            return site_address(named)
        if contract:
            return reports_url(Project.around(self.contract(contract)).root)
        project = self._extra("project")
        return reports_url(Path(project)) if project else ""

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Reach buckets that are opened inside by the AWS connection that is named; without one nothing changes.

        The credentials go to boto3's client in this task alone, not into the environment.
        """
        named = self._extra("aws_conn_id")
        if named is None:
            yield
            return
        from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

        from lakegate.lake.s3.client import with_session

        hook: AwsGenericHook[Any] = AwsGenericHook(aws_conn_id=named, client_type="s3")
        endpoint = hook.conn_config.get_service_endpoint_url("s3")
        with with_session(hook.get_session(), endpoint):
            yield

    def get_conn(self, root: Path | None = None) -> Lake:
        """Open the lake. `root` is the project's, whose `lakegate.toml` says how a bucket is reached.

        Raises what `config.open_lake` raises.
        """
        from lakegate.config import open_lake

        with self.reached():
            return open_lake(self.address(), root or Path(self._extra("project") or "."))

    def test_connection(self) -> tuple[bool, str]:
        """Open the lake and look at its top; nothing is written. Return whether that went well, and what was found."""
        from lakegate.errors import LakegateError

        try:
            lake = self.get_conn()
            zones = sorted({entry.key.partition("/")[0] for entry in lake.list("references/")})
        except (LakegateError, OSError, AirflowNotFoundException) as error:
            return False, str(error)
        where = lake.uri("references").removesuffix("/references")
        return True, f"{where} is a lake that answers" + ("" if zones else "; no report has been published yet")

    @cached_property
    def _connection(self) -> Connection | None:
        try:
            return self.get_connection(self.lakegate_conn_id)
        except AirflowNotFoundException:
            if self.lakegate_conn_id != DEFAULT:
                raise
            return None

    def _extra(self, name: str) -> str | None:
        """Return a setting, None where it is not said. Raises UsageError where it is no text."""
        connection = self._connection
        found = connection.extra_dejson.get(name) if connection else None
        if found is not None and not isinstance(found, str):
            raise UsageError(f"connection {self.lakegate_conn_id}: {name}: got {found!r}, expected text")
        return found or None
