"""Which lake a connection names, and how it is reached."""

import json
import os

import boto3
import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from lakegate.airflow.hooks import LakeHook
from lakegate.airflow.provider import CONNECTION_FIELDS, get_provider_info
from lakegate.errors import UsageError
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake
from lakegate.lake.s3.client import connect, with_session
from lakegate.lake.s3.settings import S3Settings
from servers.s3 import close, moto_s3, new_bucket


@pytest.fixture
def connection(monkeypatch):
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)

    def given(**said):
        monkeypatch.setenv("AIRFLOW_CONN_LAKEGATE_DEFAULT", json.dumps({"conn_type": "lakegate_lake", **said}))
        return LakeHook()

    return given


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({"host": "s3://bucket"}, "s3://bucket"),
        ({"host": "/data/lake"}, "/data/lake"),
        ({"host": "bucket", "schema": "s3"}, "s3://bucket"),
        ({"extra": {"lake": "s3://other"}}, "s3://other"),
        ({}, None),
    ],
)
def test_a_connection_names_a_lake(connection, said, address):
    assert connection(**said).address() == address


def test_without_one_the_environment_does(monkeypatch):
    monkeypatch.setenv("LAKEGATE_LAKE", "/data/lake")

    assert LakeHook().address() == "/data/lake"
    with pytest.raises(AirflowNotFoundException):
        LakeHook("another").address()


def test_it_says_where_contracts_and_reports_are(connection):
    hook = connection(extra={"project": "/srv/project", "reports_url": "https://reports.example.com"})

    assert str(hook.contract("contracts/a.odcs.yaml")) == "/srv/project/contracts/a.odcs.yaml"
    assert str(hook.contract("/else/a.odcs.yaml")) == "/else/a.odcs.yaml"
    assert hook.reports_url == "https://reports.example.com"


@pytest.mark.parametrize(
    ("extra", "site"),
    [
        ({"reports_url": "https://reports.example.com/"}, "https://reports.example.com"),  # the connection wins
        ({"reports_url": "javascript:alert(1)"}, ""),
        ({}, "https://settings.example.com"),
    ],
)
def test_where_the_connection_says_nothing_the_projects_settings_say_where_reports_are(
    connection, tmp_path, extra, site
):
    (tmp_path / "lakegate.toml").write_text('[reports]\nurl = "https://settings.example.com"\n')
    contract = tmp_path / "contracts" / "a.odcs.yaml"

    assert connection(extra=extra).site(str(contract)) == site
    assert connection(extra={**extra, "project": str(tmp_path)}).site("contracts/a.odcs.yaml") == site
    assert connection(extra={**extra, "project": str(tmp_path)}).site() == site


def test_without_connection_contract_and_project_nothing_says_it(connection):
    assert connection().site() == ""


def test_a_setting_is_text(connection):
    with pytest.raises(UsageError, match="project: got 7, expected text"):
        connection(extra={"project": 7}).contract("a")


def test_a_connection_is_tested_in_words(connection, tmp_path):
    create_layout(LocalLake(tmp_path), "test")

    assert connection(host=str(tmp_path)).test_connection()[0]
    well, told = connection(host=str(tmp_path / "gone")).test_connection()
    assert not well
    assert "is no folder" in told


def test_credentials_come_from_the_aws_connection_and_stay_out_of_the_environment(connection, monkeypatch):
    server = moto_s3()
    bucket = new_bucket(server)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(
        "AIRFLOW_CONN_LAKE_KEEPER",
        json.dumps(
            {
                "conn_type": "aws",
                "login": "keeper",
                "password": "very-secret",
                "extra": {"endpoint_url": server.endpoint, "region_name": "us-east-1"},
            }
        ),
    )
    before = dict(os.environ)

    hook = connection(host=f"s3://{bucket}", extra={"aws_conn_id": "lake_keeper"})

    assert hook.test_connection() == (True, f"s3://{bucket} is a lake that answers; no report has been published yet")
    assert {name for name in os.environ if os.environ[name] != before.get(name)} <= {"AIRFLOW_CONN_LAKEGATE_DEFAULT"}
    close()


def test_a_session_that_is_given_is_used_and_only_where_it_is_given():
    session = boto3.Session(aws_access_key_id="given", aws_secret_access_key="x", region_name="eu-west-1")  # noqa: S106

    with with_session(session, "http://127.0.0.1:1"):
        inside = connect(S3Settings("bucket", endpoint="http://127.0.0.1:2"))
    outside = connect(S3Settings("bucket", endpoint="http://127.0.0.1:2", region="us-east-1"))

    assert (inside.meta.endpoint_url, inside.meta.region_name) == ("http://127.0.0.1:1", "eu-west-1")
    assert outside.meta.endpoint_url == "http://127.0.0.1:2"


def test_the_provider_says_what_airflow_asks_for():
    from pathlib import Path

    from jsonschema import validate

    import airflow

    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    info = get_provider_info()

    validate(info, schema)
    assert info["connection-types"][0]["conn-fields"].keys() == CONNECTION_FIELDS.keys()
    assert info["task-decorators"] == [{"name": "gate", "class-name": "lakegate.airflow.decorators.gate_task"}]
