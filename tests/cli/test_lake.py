"""`lakegate lake init, doctor, gc`: what they print, what they answer, and that a look changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid

import pytest

from cli.scene import FLIGHTS, SOURCES
from servers.s3 import _made, close, moto_s3, real_s3


@pytest.fixture
def ready(scene):
    scene.planes("N1", "N2")
    return scene


@pytest.fixture(params=(moto_s3, real_s3), ids=["moto", "ceph"])
def bucket(request, monkeypatch):
    """The address of a bucket that is not there yet, on a server that the environment names."""
    server, name = request.param(), f"test-{uuid.uuid4().hex[:12]}"
    for variable, value in (server.environment | {"AWS_ENDPOINT_URL": server.endpoint}).items():
        monkeypatch.setenv(variable, value)
    yield f"s3://{name}"
    if any(one["Name"] == name for one in server.client.list_buckets()["Buckets"]):
        _made.append((server.client, name))
    close()


def test_a_folder_becomes_a_lake_once(scene):
    first = scene.run("lake", "init", "--lake", "new", "--user", "ann")
    again = scene.run("lake", "init", "--lake", "new", "--user", "ann")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert ["store", "not", "there", "there", "yes"] in [line.split() for line in first.stdout.splitlines()]
    assert "stood already" in again.stdout
    assert (scene.root / "new/04-user-drop-zone/ann/_README.md").is_file()
    assert scene.run("lake", "doctor", "--lake", "new").exit_code == 0


def test_a_dry_run_makes_nothing(scene):
    ended = scene.run("lake", "init", "--lake", "new", "--dry-run")

    assert ended.exit_code == 0
    assert "not done: dry run" in ended.stdout
    assert not (scene.root / "new").exists()


def test_init_in_json(scene):
    told = json.loads(scene.run("lake", "init", "--lake", "new", "--json").stdout)

    assert [(one["setting"], one["now"], one["proof"]) for one in told["changes"]] == [
        ("store", "there", "yes"),
        ("folders", "all there", "yes"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", "--lake", "new", "--user", "_gate"), "'_gate' cannot be a user's folder"),
        (("init", "--lake", "new", "--object-lock"), "--object-lock is a setting of a bucket"),
        (("doctor", "--lake", "nowhere"), "is no folder"),
        (("gc", "--lake", "lake", "--grace", "soon"), "'soon' is no duration"),
        (("gc", "--lake", "nowhere"), "is no folder"),
    ],
)
def test_wrong_usage_is_2(scene, words, told):
    ended = scene.run("lake", *words)

    assert ended.exit_code == 2
    assert told in ended.stderr
    assert not (scene.root / "new").exists()


def test_the_doctor_says_how_a_promotion_would_end(scene, monkeypatch):
    good = scene.run("lake", "doctor", "--lake", "lake")
    monkeypatch.setattr("os.link", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "Operation not permitted")))
    bad = scene.run("lake", "doctor", "--lake", "lake", "--json")

    assert good.exit_code == 0
    assert good.stdout.endswith("Promotions are accepted.\n")
    assert bad.exit_code == 6
    told = json.loads(bad.stdout)
    assert told["exitCode"] == 6
    assert {one["what"] for one in told["findings"] if one["held"] is False} >= {"hard links", "conditional put"}


def test_a_look_changes_nothing(ready):
    ready.arrive("part=1")
    before = {path: seen[0] for path, seen in ready.tree().items() if seen[0] is not None}

    for command in ("doctor", "gc"):
        ready.run("lake", command, "--lake", "lake")

    assert {path: seen[0] for path, seen in ready.tree().items() if seen[0] is not None} == before


KILLED = """
import os, signal
from lakegate.gate import promote
promote.commit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from lakegate.cli import main
main()
"""


def kill_before_the_commit(scene):
    command = [sys.executable, "-c", KILLED, "promote", FLIGHTS, "--all", "--lake", "lake"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    died = subprocess.run(command, cwd=scene.root, env=environment, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr


def test_what_a_killed_run_left_is_listed_then_deleted_then_gone(ready):
    ready.arrive("part=1")
    kill_before_the_commit(ready)

    young = ready.run("lake", "gc", "--lake", "lake")
    listed = ready.run("lake", "gc", "--lake", "lake", "--grace", "0s")
    deleted = ready.run("lake", "gc", FLIGHTS, "--lake", "lake", "--grace", "0s", "--delete", "--json")
    nothing = ready.run("lake", "gc", "--lake", "lake", "--grace", "0s")
    promoted = ready.promote("--all")

    assert "revision" not in young.stdout
    assert "a dead run never committed it" in listed.stdout
    assert "Nothing was deleted: say --delete." in listed.stdout
    pieces = json.loads(deleted.stdout)["garbage"]
    assert {(one["what"], one["fate"]) for one in pieces} >= {("revision", "deleted")}
    assert nothing.stdout == "lake: no garbage\n"
    assert [one.exit_code for one in (young, listed, deleted, nothing, promoted)] == [0] * 5
    assert [(one["slot"], one["state"]) for one in ready.records()] == [(1, "ABANDONED"), (2, "COMMITTED")]


def test_what_cannot_be_deleted_is_told_and_the_rest_goes(ready, monkeypatch):
    from lakegate.errors import LakeError
    from lakegate.lake.local import LocalLake

    ready.arrive("part=1")
    kill_before_the_commit(ready)
    (ready.lake / "log/gate/_probe").mkdir(exist_ok=True)
    (ready.lake / "log/gate/_probe/old").write_text("probe")
    discard = LocalLake.discard

    def failing(lake, entry):
        if "rev=" in entry.key:
            raise LakeError("cannot delete it")
        discard(lake, entry)

    monkeypatch.setattr(LocalLake, "discard", failing)
    ended = ready.run("lake", "gc", "--lake", "lake", "--grace", "0s", "--delete")

    assert ended.exit_code == 5
    assert "cannot delete it" in ended.stdout
    assert "1 failed" in ended.stdout
    assert not (ready.lake / "log/gate/_probe/old").exists()


def test_a_dataset_that_cannot_be_looked_at_does_not_keep_the_others(ready):
    record = next((ready.lake / "03-master-data-zone/_gate").rglob("*.json"))
    record.chmod(0o644)
    record.write_text("{")

    ended = ready.run("lake", "gc", "--lake", "lake", "--grace", "0s")

    assert ended.exit_code == 5
    assert "nyc/planes" in ended.stderr
    assert "is not a commit record" in ended.stderr


@pytest.mark.slow
def test_a_bucket_is_made_examined_and_tidied(scene, bucket):
    unasked = scene.run("lake", "init", "--lake", bucket)
    made = scene.run("lake", "init", "--lake", bucket, "--create", "--user", "ann")
    examined = scene.run("lake", "doctor", "--lake", bucket, "--json")
    tidied = scene.run("lake", "gc", "--lake", bucket, "--grace", "0s")

    assert unasked.exit_code == 2
    assert "--create" in unasked.stderr
    assert made.exit_code == 0, made.output
    for setting in ("versioning", "public access block", "lifecycle", "folders"):
        assert setting in made.stdout
    assert examined.exit_code == 0, examined.stdout
    assert tidied.exit_code == 0, tidied.output


def test_a_store_that_does_not_answer_is_5(scene, monkeypatch):
    for variable, value in moto_s3().environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    ended = scene.run("lake", "doctor", "--lake", "s3://anything")

    assert ended.exit_code == 5
    assert "http://127.0.0.1:1" in ended.stderr
