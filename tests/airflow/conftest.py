"""Airflow reads its settings at import: tests of one process share a home, and a database once one asks for it."""

import atexit
import os
import shutil
import tempfile

import pytest

# Whatever the environment says: it may be somebody's own home, and is that of the process that started this worker.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="lakegate-airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
for name, value in {
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__UNIT_TEST_MODE": "False",
    "API__BASE_URL": "http://airflow.example:8080",
    "API_AUTH__JWT_SECRET": "secret-of-the-tests-" * 4,
    "API__SECRET_KEY": "secret-of-the-tests",
    "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,vera:viewer",
}.items():
    os.environ.setdefault(f"AIRFLOW__{name}", value)


@pytest.fixture(scope="session")
def metadata():
    """The tables of Airflow's database."""
    from airflow.utils.db import initdb

    initdb()
