"""lakegate in Airflow: the provider's face. Whatever a DAG file imports from here loads no engine, no pandas, no boto3.

from lakegate.airflow import dags_from, warehouse_dags
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakegate.airflow.assets import asset_of
    from lakegate.airflow.dags import dags_from
    from lakegate.airflow.hooks import LakeHook
    from lakegate.airflow.operators import ContractValidateOperator, PromoteOperator, PublishReportsOperator
    from lakegate.airflow.sensors import BatchSensor
    from lakegate.airflow.waivers import WaiverOperator
    from lakegate.airflow.warehouse import BuildOperator, ProposedOperator, warehouse_dags

_HOMES = {
    "asset_of": "assets",
    "dags_from": "dags",
    "LakeHook": "hooks",
    "ContractValidateOperator": "operators",
    "PromoteOperator": "operators",
    "PublishReportsOperator": "operators",
    "BatchSensor": "sensors",
    "WaiverOperator": "waivers",
    "BuildOperator": "warehouse",
    "ProposedOperator": "warehouse",
    "warehouse_dags": "warehouse",
}
__all__ = [
    "BatchSensor",
    "BuildOperator",
    "ContractValidateOperator",
    "LakeHook",
    "PromoteOperator",
    "ProposedOperator",
    "PublishReportsOperator",
    "WaiverOperator",
    "asset_of",
    "dags_from",
    "warehouse_dags",
]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and no more: a DAG file is read again and again."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
