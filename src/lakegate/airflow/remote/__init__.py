"""The gate with the engine elsewhere: `lakegate` runs as a job of a cluster, its task waits without a worker.

from lakegate.airflow.remote import EmrServerless, RemotePromoteOperator
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakegate.airflow.remote.emr_serverless import EmrServerless
    from lakegate.airflow.remote.glue import Glue
    from lakegate.airflow.remote.livy import Livy
    from lakegate.airflow.remote.operators import RemotePromoteOperator, RemoteValidateOperator

_HOMES = {
    "EmrServerless": "emr_serverless",
    "Glue": "glue",
    "Livy": "livy",
    "RemotePromoteOperator": "operators",
    "RemoteValidateOperator": "operators",
}
__all__ = ["EmrServerless", "Glue", "Livy", "RemotePromoteOperator", "RemoteValidateOperator"]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and no more: a DAG file is read again and again."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
