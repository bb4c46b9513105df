"""What Airflow's provider manager is told of lakegate: the entry point `apache_airflow_provider`."""

from __future__ import annotations

from typing import Any

from lakegate.version import __version__

PROJECT = {
    "description": "The folder of the project whose gates are shown; without it the one that holds the DAGs' folder.",
    "version_added": None,
    "type": "string",
    "example": "/opt/airflow/project",
    "default": None,
}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description, by the schema `airflow/provider_info.schema.json`."""
    return {
        "package-name": "lakegate",
        "name": "lakegate",
        "description": "Data contracts that gate a data lake.",
        "versions": [__version__],
        "connection-types": [
            {
                "connection-type": "lakegate_lake",
                "hook-name": "lakegate lake",
                "hook-class-name": "lakegate.airflow.hooks.LakeHook",
            }
        ],
        "notifications": [
            "lakegate.airflow.notifications.GateNotifier",
            "lakegate.airflow.notifications.GateEmailNotifier",
            "lakegate.airflow.notifications.GateSlackNotifier",
        ],
        "config": {"lakegate": {"description": "The pages of lakegate in Airflow.", "options": {"project": PROJECT}}},
        "extra-links": ["lakegate.airflow.links.ReportLink", "lakegate.airflow.links.ContractLink"],
    }
