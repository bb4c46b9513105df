"""What Airflow's provider manager is told of lakegate: the entry point `apache_airflow_provider`."""

from __future__ import annotations

from typing import Any

from lakegate.version import __version__

CONNECTION_FIELDS = {  # the fields of the connection's `extra`, with what its form says of them
    "lake": "The lake where the host is empty: s3://BUCKET, or a folder",
    "project": "The folder that contracts named by a relative path are under, as workers see it",
    "reports_url": "Where readers find `references/` outside of Airflow: https://reports.example.com",
    "aws_conn_id": "The AWS connection whose credentials reach the bucket; empty: boto3's own chain",
}
PROJECT = {
    "description": "The folder of the project whose gates are shown; without it the one that holds the DAGs' folder.",
    "version_added": None,
    "type": "string",
    "example": "/srv/project",
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
                "conn-fields": {
                    name: {"label": name, "description": told, "schema": {"type": ["string", "null"]}}
                    for name, told in CONNECTION_FIELDS.items()
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "password", "port", "extra"],
                    "relabeling": {"host": "Lake"},
                    "placeholders": {"host": "s3://BUCKET, or a folder"},
                },
            }
        ],
        "task-decorators": [{"name": "gate", "class-name": "lakegate.airflow.decorators.gate_task"}],
        "notifications": [
            "lakegate.airflow.notifications.GateNotifier",
            "lakegate.airflow.notifications.GateEmailNotifier",
            "lakegate.airflow.notifications.GateSlackNotifier",
        ],
        "config": {"lakegate": {"description": "The pages of lakegate in Airflow.", "options": {"project": PROJECT}}},
        "extra-links": [
            "lakegate.airflow.links.ReportLink",
            "lakegate.airflow.links.ContractLink",
            "lakegate.airflow.remote.operators.JobLink",
        ],
    }
