"""Which lake: from the command line, else the project's settings; never a guess."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from lakegate.config import open_lake, reports_url
from lakegate.errors import UsageError
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.settings import Retention, S3Settings
from servers.s3 import moto_s3


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lake").mkdir()
    (tmp_path / "other").mkdir()
    return tmp_path


def test_the_address_wins_over_the_settings(root):
    (root / "lakegate.toml").write_text('lake = "lake"\n')

    assert open_lake(str(root / "other"), root).uri("a") == str(root / "other/a")


def test_the_settings_are_relative_to_their_own_file(root, monkeypatch):
    (root / "lakegate.toml").write_text('lake = "lake"\n')
    monkeypatch.chdir("/")

    assert open_lake(None, root).uri("a") == str(root / "lake/a")


@pytest.mark.parametrize(
    ("address", "settings", "told"),
    [
        (None, None, "no lake is named"),
        (None, "# nothing\n", "no lake is named"),
        (None, "lake = 3\n", "got 3, expected text"),
        (None, "lake = \n", "cannot be read"),
        (None, b"lake = '\xff'\n", "cannot be read"),
        (None, 'lake = "lak"\n', "did you mean lake?"),
        ("gs://bucket", None, "neither a folder nor a bucket (say FOLDER or s3://BUCKET)"),
        (None, 'lake = "s3://bucket/prefix"\n', "a lake is a whole bucket: got 's3://bucket/prefix' (say s3://bucket"),
        ("s3://", None, "'' is no name of a bucket"),
        ("s3://Bucket", None, "'Bucket' is no name of a bucket"),
        ("s3://user:pass@bucket", None, "is no name of a bucket"),
        ("s3://bucket", "s3 = 3\n", "expected a table [s3]"),
        ("s3://bucket", '[s3]\nregoin = "x"\n', "s3.regoin is no setting (did you mean region?)"),
        ("s3://bucket", "[s3]\nxyz = 1\n", "there are: addressing, endpoint"),
        ("s3://bucket", "[s3]\nregion = 1\n", "s3.region: got 1, expected text"),
        ("s3://bucket", "[s3]\nretain_days = true\n", "s3.retain_days: got True, expected a whole number"),
        ("s3://bucket", "[s3]\nretain_days = 0\n", "s3.retain_days: got 0, expected a number of days, at least 1"),
        ("s3://bucket", '[s3]\nretain_mode = "COMPLIANCE"\n', "s3.retain_days: got None"),
        ("s3://bucket", '[s3]\nretain_mode = "FOREVER"\n', "expected one of GOVERNANCE, COMPLIANCE"),
        ("s3://bucket", '[s3]\naddressing = "both"\n', "expected one of auto, path, virtual"),
        ("s3://bucket", '[s3]\nendpoint = "store:80"\n', "s3.endpoint: expected http(s)://HOST[:PORT]"),
        ("s3://bucket", '[s3]\nendpoint = "http://me:hush@store"\n', "without user and password"),
        ("s3://bucket", '[s3]\nprofile = "nobody"\n', "nobody"),
        ("nothing/like/it", None, "is no folder (make it first: lakegate lake init --lake nothing/like/it)"),
    ],
)
def test_what_names_no_lake_says_why(root, monkeypatch, address, settings, told):
    monkeypatch.chdir(root)
    if settings is not None:
        (root / "lakegate.toml").write_bytes(settings if isinstance(settings, bytes) else settings.encode())

    with pytest.raises(UsageError) as raised:
        open_lake(address, root)

    assert told in str(raised.value)


@pytest.mark.parametrize("key", ["aws_secret_access_key", "access_key_id", "session_token", "password"])
def test_credentials_are_refused_and_not_repeated(root, key):
    (root / "lakegate.toml").write_text(f'lake = "s3://bucket"\n[s3]\n{key} = "hush"\n')

    with pytest.raises(UsageError, match="credentials do not belong into this file") as raised:
        open_lake(None, root)

    assert "hush" not in str(raised.value)


def test_the_settings_say_how_a_bucket_is_reached(root, monkeypatch):
    (root / "lakegate.toml").write_text(
        'lake = "s3://bucket"\n[s3]\nendpoint = "http://store:80"\nregion = "eu-west-1"\nprofile = "gate"\n'
        'addressing = "path"\nowner = "123456789012"\nretain_days = 30\nspool = "spool"\n'
    )
    monkeypatch.setattr("lakegate.lake.s3.client.open_bucket", lambda settings: Bucket(SimpleNamespace(), settings))

    lake = open_lake(None, root)

    assert lake.uri("a") == "s3://bucket/a"
    assert lake._bucket.settings == S3Settings(
        bucket="bucket",
        endpoint="http://store:80",
        region="eu-west-1",
        profile="gate",
        addressing="path",
        owner="123456789012",
        retention=Retention("GOVERNANCE", dt.timedelta(days=30)),
        spool=root / "spool",
    )


def test_a_bucket_that_is_not_there_is_told(root, monkeypatch):
    for name, value in moto_s3().environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_s3().endpoint)

    with pytest.raises(UsageError, match="'s3://no-such-bucket-here/' is not there"):
        open_lake("s3://no-such-bucket-here", root)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ("", ""),
        ("[reports]\n", ""),
        ('[reports]\nurl = ""\n', ""),
        ('[reports]\nurl = "https://reports.example.com/"\n', "https://reports.example.com"),
        ('[reports]\nurl = "http://10.0.0.1:8080/lake/references"\n', "http://10.0.0.1:8080/lake/references"),
    ],
)
def test_where_reports_are_read(root, settings, url):
    (root / "lakegate.toml").write_text(settings)

    assert reports_url(root) == url


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("reports = 1\n", "reports: got 1, expected a table [reports]"),
        ('[reports]\nur = "x"\n', "reports.ur is no setting (did you mean url?)"),
        ('[reports]\nfeed = "x"\n', "reports.feed is no setting (there is: url)"),
        *(
            (f"[reports]\nurl = {url}\n", "reports.url: expected http(s)://HOST[:PORT][/PATH], and no more")
            for url in (
                "1",
                "'reports.example.com'",
                "'s3://bucket/references'",
                "'javascript:alert(1)'",
                "'https://'",
                "'https://user:secret@reports.example.com'",
                "'https://reports.example.com/?a=b'",
                "'https://reports.example.com/#board'",
                "'https://reports.example.com:port'",
                "'https://reports.example.com/a b'",
                """'https://reports.example.com/"onclick="x'""",
            )
        ),
    ],
)
def test_an_address_that_is_none_is_told_and_not_repeated(root, settings, told):
    (root / "lakegate.toml").write_text(settings)

    with pytest.raises(UsageError) as error:
        reports_url(root)

    assert told in str(error.value)
    assert "secret" not in str(error.value)
