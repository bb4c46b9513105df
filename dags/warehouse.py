"""The tables that dags/sql builds, as DAGs of Airflow: docs/how-to/airflow.md."""

from pathlib import Path

from lakegate.airflow import warehouse_dags

globals().update(warehouse_dags(Path(__file__).parents[1]))
