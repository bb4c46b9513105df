"""Airflow on loopback: what it is told, what lies in its home, what is said when it does not come up."""

import json

import pytest

from lakegate.airflow.standalone import Standalone
from lakegate.errors import LakegateError


def test_it_listens_on_loopback_and_takes_no_setting_from_outside(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__HOST", "192.0.2.1")
    monkeypatch.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", "/elsewhere")
    one = Standalone(tmp_path / "home", tmp_path / "dags", users={"a": "admin", "b": "viewer"}, more={"MORE": "1"})
    one.keep_secrets()

    told = one.environment

    assert (told["AIRFLOW__API__HOST"], told["AIRFLOW__API__PORT"]) == ("127.0.0.1", str(one.port))
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{one.url}/execution/"
    assert told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "a:admin,b:viewer"
    assert "AIRFLOW__CORE__PLUGINS_FOLDER" not in told
    assert told["MORE"] == "1"


def test_secrets_are_the_owners_alone_and_stay_the_same(tmp_path):
    first, second = (Standalone(tmp_path / "home", tmp_path / "dags") for _ in range(2))
    first.keep_secrets()
    second.keep_secrets()

    files = [tmp_path / "home" / name for name in ("secrets.json", "passwords.json")]

    assert [oct(one.stat().st_mode & 0o777) for one in (tmp_path / "home", *files)] == ["0o700", "0o600", "0o600"]
    assert first.passwords == second.passwords == json.loads(files[1].read_text())
    assert len(first.passwords["admin"]) >= 16


def test_a_database_that_cannot_be_reached_is_said_with_the_log(tmp_path):
    one = Standalone(tmp_path / "home", tmp_path / "dags", database="sqlite:////proc/none/airflow.db")

    with pytest.raises(LakegateError, match="database could not be made"), one:
        pass
