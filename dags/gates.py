"""A gate per contract, as DAGs of Airflow: docs/how-to/airflow.md."""

from pathlib import Path

from lakegate.airflow import dags_from

globals().update(dags_from(Path(__file__).parents[1] / "contracts"))
