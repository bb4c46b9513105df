"""The command line over a bucket, on a contract of this project; what it commits is read by others than ourselves."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.scene import SOURCES, Scene
from servers.s3 import close, moto_s3, new_bucket, real_s3

pytestmark = pytest.mark.slow  # each of these starts several processes

TOP = Path(__file__).parents[2]
AIRLINES = TOP / "contracts/nyc/airlines.odcs.yaml"
DROP = "02-transient-zone/nyc/airlines/edition=2013/"
ROWS = "carrier,name\n" + "".join(f"{chr(65 + n)}{n % 10},Airline {n} é\n" for n in range(12))
BAD = ROWS.replace("A0,", "a?,")


@pytest.fixture(params=[moto_s3, real_s3], ids=lambda server: server.__name__)
def bucket(request, tmp_path, monkeypatch):
    """(server, name) of an empty bucket, in an environment in which boto3 finds it, and in a folder of nobody's."""
    server = request.param()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    monkeypatch.chdir(tmp_path)
    yield server, new_bucket(server)
    close()


def arrive(bucket, text, drop=DROP):
    server, name = bucket
    for key, body in ((f"{drop}airlines.csv", text.encode()), (f"{drop}_SUCCESS", b"")):
        server.client.put_object(Bucket=name, Key=key, Body=body)


def lakegate(*words, cwd=None, **environment):
    program = "from lakegate.cli import main; main(prog_name='lakegate')"
    command = [sys.executable, "-c", program, *map(str, words)]
    variables = {**os.environ, "PYTHONPATH": str(SOURCES), **environment}
    return subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_batch_goes_from_zone_to_zone_in_a_bucket(bucket):
    server, name = bucket
    lake = f"s3://{name}"
    arrive(bucket, ROWS)

    tested = lakegate("test", AIRLINES, "--lake", lake)
    waiting = lakegate("status", AIRLINES, "--lake", lake, "--json")
    promoted = lakegate("promote", AIRLINES, "--all", LAKEGATE_LAKE=lake)
    again = lakegate("promote", AIRLINES, "--batch", "edition=2013", "--lake", lake)
    done = lakegate("status", AIRLINES, "--lake", lake, "--json")

    assert [run.returncode for run in (tested, waiting, promoted, again, done)] == [0] * 5, promoted.stderr
    assert f"s3://{name}/references/reports/nyc/airlines/" in promoted.stdout
    assert "already committed" in again.stdout
    assert [re.findall(r'"standing": "(\w+)"', run.stdout) for run in (waiting, done)] == [["arrived"], ["committed"]]
    left = server.client.list_objects_v2(Bucket=name, Prefix="02-transient-zone/nyc/")
    assert left["KeyCount"] == 0


def test_what_is_committed_is_read_back_by_boto3_byte_for_byte(bucket):
    server, name = bucket
    arrive(bucket, ROWS)
    assert lakegate("promote", AIRLINES, "--all", "--lake", f"s3://{name}").returncode == 0

    listed = lakegate("paths", "nyc/airlines", "--lake", f"s3://{name}", cwd=TOP)

    (path,) = listed.stdout.splitlines()
    where, _, key = path.removeprefix("s3://").partition("/")
    assert server.client.get_object(Bucket=where, Key=key)["Body"].read() == ROWS.encode()


def test_a_violation_is_quarantined_in_the_bucket(bucket):
    server, name = bucket
    arrive(bucket, BAD)

    ended = lakegate("promote", AIRLINES, "--all", "--lake", f"s3://{name}")

    assert ended.returncode == 1, ended.stderr
    kept = server.client.list_objects_v2(Bucket=name, Prefix="02-transient-zone/_quarantine/nyc/")["Contents"]
    assert [server.client.get_object(Bucket=name, Key=one["Key"])["Body"].read() for one in kept] == [BAD.encode()]


def test_what_cannot_be_reached_is_an_error_of_the_infrastructure(bucket):
    _, name = bucket

    unknown = lakegate("status", AIRLINES, "--lake", "s3://no-such-bucket-here")
    part = lakegate("status", AIRLINES, "--lake", f"s3://{name}/02-transient-zone")
    nobody = lakegate("status", AIRLINES, "--lake", f"s3://{name}", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    assert (unknown.returncode, part.returncode, nobody.returncode) == (2, 2, 5)
    assert "'s3://no-such-bucket-here/' is not there" in unknown.stderr
    assert "a lake is a whole bucket" in part.stderr
    assert "no credentials" in nobody.stderr


def test_what_is_committed_is_read_back_by_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    files = {"plain.csv": b"tailnum\nN1\n", "with blank.csv.gz": gzip.compress(b"tailnum\nN2\n", mtime=0)}
    for name, data in files.items():
        scene.arrive("part=1", data, dataset="nyc/planes", name=name)
    assert scene.run("promote", "contracts/nyc/planes.odcs.yaml", "--all", "--lake", "lake").exit_code == 0

    paths = scene.run("paths", "nyc/planes", "--lake", "lake").stdout.splitlines()

    sums, read = (
        subprocess.run(["sh", "-c", f'{tool} "$@"', "sh", *paths], capture_output=True, check=True).stdout
        for tool in ("sha256sum", "cat")
    )
    told = [line.split()[0] for line in sums.decode().splitlines()]
    assert told == [hashlib.sha256(data).hexdigest() for data in files.values()]
    assert read == b"".join(files.values())
    (record,) = scene.records("nyc/planes", "03-master-data-zone")
    assert [file["sha256"] for file in record["files"]] == told
