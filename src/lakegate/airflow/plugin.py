"""What lakegate adds to Airflow's user interface: the page of gates, the reports, the contracts, and links to them.

Every process of Airflow loads its plugins, so this module loads nothing: the api-server builds the pages when the first
of them is asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from lakegate.airflow.links import MOUNT, ContractLink, ReportLink

Message = MutableMapping[str, Any]


class Pages:
    """The application under `/lakegate`, built when it is first asked."""

    def __init__(self) -> None:
        """Nothing is built yet."""
        self._built: Callable[..., Awaitable[None]] | None = None

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request (ASGI)."""
        if self._built is None:
            from lakegate.airflow.board.pages import application

            self._built = application()
        await self._built(scope, receive, send)


class LakegatePlugin(AirflowPlugin):
    """The plugin as Airflow finds it by the entry point `airflow.plugins`."""

    name = "lakegate"
    fastapi_apps = [{"app": Pages(), "url_prefix": MOUNT, "name": "lakegate"}]  # noqa: RUF012 - Airflow's own declaration
    # An `external_views` page is put into a sandbox that lets no link leave it; this one holds the page without.
    react_apps = [  # noqa: RUF012
        {
            "name": "Gates",
            "bundle_url": f"{MOUNT}/gates.js",
            "destination": "nav",
            "url_route": "gates",
            "icon": f"{MOUNT}/gates.svg",
            "icon_dark_mode": f"{MOUNT}/gates-dark.svg",
        }
    ]
    operator_extra_links = [ReportLink(), ContractLink()]  # noqa: RUF012
