"""The table [iceberg] of `lakegate.toml`: pyiceberg's own words, and no credentials."""

from __future__ import annotations

import pytest

from lakegate.catalogs.settings import catalogue
from lakegate.config import catalogue_of
from lakegate.errors import UsageError


def test_without_the_table_there_is_no_catalogue(tmp_path):
    (tmp_path / "lakegate.toml").write_text('lake = "lake"\n')

    assert catalogue_of(None, tmp_path) is None


def test_settings_are_pyicebergs_and_relative_to_their_file(tmp_path):
    (tmp_path / "lakegate.toml").write_text(
        'lake = "lake"\n[iceberg]\nname = "prod"\ntype = "sql"\nuri = "sqlite:///a/b.db"\nwarehouse = "ice"\n'
        's3.region = "eu-central-1"\ninit_catalog_tables = true\n'
    )

    found = catalogue_of(None, tmp_path)

    assert found.name == "prod"
    assert found.properties == {
        "type": "sql",
        "uri": f"sqlite:///{tmp_path}/a/b.db",
        "warehouse": f"file://{tmp_path}/ice",
        "s3.region": "eu-central-1",
        "init_catalog_tables": "true",
    }
    assert found.access() == {}


def test_a_bucket_is_reached_as_the_gate_reaches_it(tmp_path, monkeypatch):
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "lakegate.toml").write_text(
        'lake = "s3://example-lake"\n[s3]\nendpoint = "http://127.0.0.1:9"\nregion = "eu-central-1"\n'
        '[iceberg]\ntype = "glue"\n'
    )

    assert catalogue_of(None, tmp_path).access() == {
        "s3.region": "eu-central-1",
        "s3.endpoint": "http://127.0.0.1:9",
        "s3.access-key-id": "key",
        "s3.secret-access-key": "hidden",
    }


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("text", r"got 'text', expected a table \[iceberg\]"),
        ({"s3": {"secret-access-key": "hidden"}}, r"iceberg\.s3\.secret-access-key: credentials do not belong"),
        ({"token": "hidden"}, r"iceberg\.token: credentials"),
        ({"uri": "postgresql://gate:hidden@db/x"}, r"iceberg\.uri: credentials"),
        ({"warehouse": ["a"]}, r"iceberg\.warehouse: got \['a'\], expected text"),
    ],
)
def test_what_is_no_setting_is_refused_and_no_secret_is_repeated(tmp_path, table, told):
    with pytest.raises(UsageError, match=told) as raised:
        catalogue(table, tmp_path / "lakegate.toml")

    assert "hidden" not in str(raised.value)
