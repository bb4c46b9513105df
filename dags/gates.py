"""A DAG per contract of this project."""

from pathlib import Path

from lakegate.airflow import dags_from

globals().update(dags_from(Path(__file__).parents[1] / "contracts"))
