"""INPUTS 98-119: the lake and its surroundings. Each test is called by its number in the list.

What happens at each step of the protocol is tested in tests/gate, over every lake; here is what an operator sees.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import botocore.endpoint
import pytest

from gate.test_kill import test_a_killed_promotion_is_finished_by_the_next_run as killed_everywhere
from inputs.world import CONTRACT, DROP, RAW, World, prop
from lakegate import run as running
from lakegate.api import Asked
from lakegate.commands.batches import promoted
from lakegate.gate import promote as gate
from lakegate.lake.s3 import client as s3_client
from servers.proxy import Proxy, answer, lose, reset
from servers.s3 import close, moto_s3, new_bucket

SOURCES = Path(__file__).parents[2] / "src"
ID = prop("id", "integer")
NAME = prop("name", "string")
GOOD = "id,name\n1,x\n2,y\n"
OTHER = "id,name\n3,z\n"


@pytest.fixture
def plain(world):
    """The world with its contract."""
    world.contract(ID, NAME)
    return world


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_098_no_marker(plain):
    plain.arrive({"a.csv": GOOD}, complete=False)

    plain.assert_ends(3, "'b1' is not ready", "_SUCCESS")


@pytest.mark.parametrize("manifest", [None, {"files": []}], ids=["_SUCCESS", "_MANIFEST.json"])
def test_a_marker_without_a_file_is_an_empty_batch(plain, manifest):
    plain.arrive({}, manifest=manifest)

    plain.assert_ends(1, "got no files, expected at least 1 row (lakegate.min_rows)")


def test_099_a_file_of_the_manifest_is_missing(plain):
    folder = plain.arrive({"a.csv": GOOD}, manifest={"files": [{"path": "a.csv"}, {"path": "b.csv"}]}, complete=False)
    plain.assert_ends(3, "'b1' is not ready", "b.csv")

    plain.contract(ID, NAME, gate={"batch": {"by": "folder", "complete": "manifest", "late_after": "1h"}})
    for file in folder.iterdir():
        os.utime(file, (0, 0))
    plain.assert_ends(1, "b.csv: arrival: got no such file, expected what the manifest names")


def test_100_a_file_is_not_what_its_manifest_promised(plain):
    plain.arrive({"a.csv": GOOD}, manifest={"files": [{"path": "a.csv", "sha256": sha(OTHER)}]})

    plain.assert_ends(1, "a.csv: arrival: got sha256", sha(GOOD)[:12])


def test_101_a_file_that_changes_after_the_pin(plain):
    """Each time that it is copied it changes: the second time is the last."""
    file, rounds = plain.arrive({"a.csv": GOOD}) / "a.csv", []

    def change(phase, *_):
        if phase == "P3":
            rounds.append(phase)
            file.write_text(GOOD + f"{len(rounds)},new\n")

    failed = []
    promoted("b1", Asked(plain.root / CONTRACT, str(plain.lake), progress=change, failed=failed.append))

    [failure] = failed
    assert failure.error.exit_code == 5
    assert "a.csv" in str(failure.error)
    assert len(rounds) >= 2
    assert file.read_text().endswith(f"{len(rounds)},new\n")
    assert plain.committed_files() == {}


def test_102_the_same_batch_with_the_same_digest(plain):
    plain.arrive({"a.csv": GOOD})
    plain.assert_ends(0, "'b1' is committed")
    plain.arrive({"a.csv": GOOD})

    plain.assert_ends(0, "'b1' is already committed")
    assert not list((plain.lake / DROP).rglob("*.csv"))


def test_103_the_same_batch_with_another_digest(plain):
    plain.arrive({"a.csv": GOOD})
    plain.assert_ends(0, "'b1' is committed")
    plain.arrive({"a.csv": OTHER})

    ended = plain.promote("b1")

    assert ended.exit_code == 4
    ended.line("'b1' conflicts", "slot 1", "on_change is reject")
    assert (plain.lake / DROP / "b1/a.csv").read_text() == OTHER
    assert list(plain.committed_files().values()) == [GOOD.encode()]


@pytest.mark.slow
def test_104_two_promoters_at_once(plain):
    plain.arrive({"a.csv": GOOD})
    program = "from lakegate.cli import main; main(prog_name='lakegate')"
    command = [sys.executable, "-c", program, "promote", CONTRACT, "--lake", "lake", "--batch", "b1"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}

    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate()[0] for one in both]

    assert [one.returncode for one in both] == [0, 0]
    assert sum("is committed as slot 1" in text for text in told) >= 1
    assert len(plain.committed_files()) == 1
    plain.assert_kept(0)


class Bucketed(World):
    """The same project before a bucket behind a proxy."""

    def __init__(self, root, proxy):
        super().__init__(root)
        self.proxy, self.server = proxy, moto_s3()
        self.bucket = new_bucket(self.server)
        self.contract(ID, NAME)

    def arrive(self, files, batch="b1", **_):
        for name, content in {**files, "_SUCCESS": ""}.items():
            self.server.client.put_object(Bucket=self.bucket, Key=f"{DROP}/{batch}/{name}", Body=content.encode())

    def promote(self, batch="b1", *words):
        return self.run("promote", CONTRACT, "--lake", f"s3://{self.bucket}", "--batch", batch, *words)

    def keys(self, prefix):
        listed = self.server.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [one["Key"] for one in listed]

    def commits(self):
        return self.keys("01-raw-data-zone/_gate/commits/")


@pytest.fixture
def bucketed(tmp_path, monkeypatch):
    """A bucket whose every request passes a proxy; nobody sleeps between tries."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(s3_client, "pause", lambda _: None)
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=lambda _: None))
    for name, value in moto_s3().environment.items():
        monkeypatch.setenv(name, value)
    with Proxy(moto_s3().endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        yield Bucketed(tmp_path, proxy)
    close()


COMMITS = "*/_gate/commits/*"


def test_105_the_answer_to_the_commit_is_lost(bucketed):
    bucketed.arrive({"a.csv": GOOD})
    bucketed.proxy.faults = [lose("PUT", COMMITS)]

    ended = bucketed.promote()

    assert bucketed.proxy.faults[0].struck
    assert ended.exit_code == 0, ended.output
    ended.line("'b1' is committed as slot 1")
    assert len(bucketed.commits()) == 1


def test_106_the_store_is_gone_after_the_commit(bucketed):
    bucketed.arrive({"a.csv": GOOD})
    gone = reset(times=10_000)
    bucketed.proxy.faults = [lose("PUT", COMMITS, times=10_000)]
    lost = bucketed.proxy.faults[0]
    strikes = lost.strikes

    def then_gone(method, key):
        if struck := strikes(method, key):
            bucketed.proxy.faults.append(gone)
        return struck

    lost.strikes = then_gone

    ended = bucketed.promote()

    assert ended.exit_code == 5, ended.output
    bucketed.proxy.faults = []
    assert f"{DROP}/b1/a.csv" in bucketed.keys(DROP)
    assert bucketed.promote().exit_code == 0


@pytest.mark.slow
def test_107_a_zombie_after_collection_is_fenced(plain, monkeypatch):
    """The promoter sleeps before each of its commits, and the collector passes by."""
    plain.arrive({"a.csv": GOOD})
    commit = gate.commit

    def late(*given):
        for path in [*(plain.lake / RAW).rglob("*")]:
            os.utime(path, (0, 0))
        collected = plain.run("lake", "gc", "--lake", "lake", "--delete")
        assert collected.exit_code == 0, collected.output
        return commit(*given)

    monkeypatch.setattr(gate, "commit", late)

    plain.assert_ends(5, "slots of 'b1' were lost")
    assert plain.committed_files() == {}

    monkeypatch.setattr(gate, "commit", commit)
    plain.assert_ends(0, "'b1' is committed")


def test_108_a_kill_at_any_step_recovers(tmp_path):
    killed_everywhere(tmp_path, "steps", 7, "pass")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "error"), [("fsync", "ENOSPC"), ("fsync", "EIO"), ("linkat,link", "EROFS")], ids=lambda word: word
)
def test_109_a_disk_that_is_full_broken_or_read_only(plain, call, error):
    if shutil.which("strace") is None:
        assert os.environ.get("CI") != "true", "CI must have strace: broken disks were not tested"
        pytest.skip("strace is not installed: broken disks are not tested")
    plain.arrive({"a.csv": GOOD})
    program = "from lakegate.cli import main; main(prog_name='lakegate')"
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}"]
    command += [sys.executable, "-c", program, "promote", CONTRACT, "--lake", "lake", "--batch", "b1"]

    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 5, ended.stdout + ended.stderr
    assert os.strerror(getattr(__import__("errno"), error)) in ended.stderr
    plain.assert_kept(5)
    plain.assert_ends(0, "'b1' is committed")


def a_symlink(folder):
    (folder / "b.csv").symlink_to("/etc/hostname")


def a_fifo(folder):
    os.mkfifo(folder / "b.csv")


def a_hard_link(folder):
    (folder / "b.csv").hardlink_to(folder / "a.csv")


@pytest.mark.parametrize("spoil", [a_symlink, a_fifo, a_hard_link])
def test_110_what_is_no_plain_file(plain, spoil):
    spoil(plain.arrive({"a.csv": GOOD}))

    plain.assert_ends(6, ".csv", f"{DROP}/b1")


@pytest.mark.parametrize("name", ["a\nb.csv", "a\\b.csv", "d" * 200 + "/" + "e" * 200])
def test_111_a_name_that_is_an_attack(plain, name):
    deep = "/".join(["x" * 200] * 5) + "/a.csv" if len(name) > 100 else name
    plain.arrive({deep: GOOD})

    plain.assert_ends(6, "the key", "is" if len(name) > 100 else "holds a control character or a backslash")


@pytest.mark.parametrize("key", ["../b1", "b1/../b2", "/b1", "a\x00b"])
def test_111_a_batch_key_that_is_an_attack(plain, key):
    plain.arrive({"a.csv": GOOD})

    ended = plain.promote(key)

    assert ended.exit_code == 6, ended.output
    ended.line("the key")
    plain.assert_kept(6)


def test_112_two_batches_whose_names_are_one_to_the_disk(plain):
    """On a disk that folds case the records of B1 are what stands under b1; here they are put there."""
    plain.arrive({"a.csv": GOOD}, "B1")
    plain.assert_ends(0, "is committed", batch="B1")
    commits = plain.lake / "01-raw-data-zone/_gate/commits/in/rows"
    shutil.copytree(commits / "B1", commits / "b1")
    plain.arrive({"a.csv": OTHER}, "b1")

    ended = plain.promote("b1")

    assert ended.exit_code == 6, ended.output
    ended.line("the commit records of 'B1' stand where those of 'b1' belong")
    assert (plain.lake / DROP / "b1/a.csv").read_text() == OTHER


def test_113_a_store_without_conditional_puts(bucketed, monkeypatch):
    """The header is taken off on the way: so it is with a store that does not know it."""
    from lakegate.lake.s3 import lake as s3_lake

    bucketed.arrive({"a.csv": GOOD})
    original = s3_lake.S3Lake.put_if_absent

    def unconditional(lake, key, data, write_id):
        client = lake._bucket.client
        client.meta.events.register("before-call.s3.PutObject", _without_condition)
        return original(lake, key, data, write_id)

    monkeypatch.setattr(s3_lake.S3Lake, "put_if_absent", unconditional)

    ended = bucketed.promote()

    assert ended.exit_code == 6, ended.output
    ended.line("conditional")
    assert bucketed.commits() == []
    assert f"{DROP}/b1/a.csv" in bucketed.keys(DROP)


def _without_condition(params, **_):
    params["headers"].pop("If-None-Match", None)


def test_114_credentials_that_are_refused(bucketed):
    bucketed.arrive({"a.csv": GOOD})
    bucketed.proxy.faults = [answer(403, times=10_000)]

    ended = bucketed.promote()

    assert ended.exit_code == 5, ended.output
    ended.line("answered AccessDenied", "check its credentials")
    bucketed.proxy.faults = []
    assert f"{DROP}/b1/a.csv" in bucketed.keys(DROP)


@pytest.mark.parametrize("status", [503, 409])
def test_115_a_store_that_is_busy_is_asked_again_and_not_for_ever(bucketed, status):
    bucketed.arrive({"a.csv": GOOD})
    bucketed.proxy.faults = [answer(status, "PUT", COMMITS)]
    assert bucketed.promote().exit_code == 0

    bucketed.arrive({"a.csv": OTHER}, "b2")
    bucketed.proxy.faults = [answer(status, "PUT", COMMITS, times=10_000)]
    ended = bucketed.promote("b2")

    assert ended.exit_code == 5, ended.output
    assert bucketed.proxy.faults[0].seen < 50
    assert f"{DROP}/b2/a.csv" in bucketed.keys(DROP)


def test_116_a_commit_record_under_a_delete_marker(bucketed):
    bucketed.arrive({"a.csv": GOOD})
    assert bucketed.promote().exit_code == 0
    [record] = bucketed.commits()
    bucketed.server.client.delete_object(Bucket=bucketed.bucket, Key=record)
    bucketed.arrive({"a.csv": OTHER})

    ended = bucketed.promote()

    assert ended.exit_code == 6, ended.output
    ended.line(record, "was deleted")
    assert bucketed.commits() == []
    assert f"{DROP}/b1/a.csv" in bucketed.keys(DROP)


def test_117_a_clock_that_is_wrong_changes_nothing(world, monkeypatch):
    world.contract(ID, NAME, gate={"on_change": "new_revision"})
    for year, text in ((2099, GOOD), (1999, OTHER)):

        class Skewed(dt.datetime):
            @classmethod
            def now(cls, tz=None, _year=year):
                return dt.datetime(_year, 1, 1, tzinfo=tz)

        monkeypatch.setattr(running.dt, "datetime", Skewed)
        world.arrive({"a.csv": text})
        assert world.promote().exit_code == 0
        monkeypatch.undo()
        monkeypatch.chdir(world.root)

    listed = world.run("paths", "in/rows", "--lake", "lake")

    [path] = [line for line in listed.output.splitlines() if line.endswith("a.csv")]
    assert "-000002/" in path
    assert Path(path).read_text() == OTHER


def test_118_pages_that_cannot_be_written_after_the_commit(plain):
    index = plain.lake / "references/index.html"
    index.unlink(missing_ok=True)
    (index / "in the way").mkdir(parents=True)
    plain.arrive({"a.csv": GOOD})

    plain.assert_ends(0, "'b1' is committed")

    shutil.rmtree(index)
    plain.arrive({"a.csv": OTHER}, "b2")
    plain.assert_ends(0, "is committed", batch="b2")
    assert "b2" in index.read_text()
    (page,) = (plain.lake / "references/datasets").rglob("index.html")
    assert "b1" in page.read_text()
    assert "b2" in page.read_text()


BELOW = prop("id", "integer", logicalTypeOptions={"minimum": 10})
WAIVER = {"allowed": True, "approvers": ["ana", "ben"], "max_days": 30}


def waived(there, *words, lake="lake"):
    """Have a bad batch judged, and waived by ana."""
    there.contract(BELOW, NAME, gate={"waiver": WAIVER})
    assert there.promote().exit_code == 1
    said = ("--approver", "ana", "--reason", "known", "--days", "3")
    ended = there.run("waive", CONTRACT, "--lake", lake, "--batch", "b1", *said, *words)
    assert ended.exit_code == 0, ended.output
    return ended


def test_119_a_waiver_that_expired(world, monkeypatch):
    world.arrive({"a.csv": GOOD})
    waived(world)

    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=4)

    class Later(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(running.dt, "datetime", Later)

    world.assert_ends(6, "'b1' violates its contract", "does not hold: it expired at")


def test_119_a_waiver_for_another_digest(world):
    world.arrive({"a.csv": GOOD})
    waived(world)
    world.arrive({"a.csv": OTHER})

    world.assert_ends(6, "'b1' violates its contract", "does not hold: it is for other bytes")


def test_119_a_waiver_by_who_brought_the_batch(world):
    manifest = {"files": [{"path": "a.csv"}], "uploader": "Ana@example.com"}
    world.arrive({"a.csv": GOOD}, manifest={**manifest, "uploader": "carl"}, complete=False)
    waived(world)
    world.arrive({"a.csv": GOOD}, manifest=manifest, complete=False)

    world.assert_ends(6, "'b1' violates its contract", "the approver 'ana' brought the batch, as 'Ana@example.com'")
    said = ("--approver", "ana", "--reason", "mine", "--days", "3")
    ended = world.run("waive", CONTRACT, "--lake", "lake", "--batch", "b1", *said)

    assert ended.exit_code == 6
    ended.line("'b1' cannot be waived: the approver 'ana' brought the batch")


def test_119_a_waiver_that_holds(world):
    world.arrive({"a.csv": GOOD})
    waived(world)

    world.assert_ends(0, "'b1' is committed as slot 1: 1 file, waived")


def test_119_on_s3_metadata_says_who_brought_the_batch(bucketed):
    bucketed.arrive({"a.csv": GOOD})
    waived(bucketed, lake=f"s3://{bucketed.bucket}")
    bucketed.server.client.put_object(
        Bucket=bucketed.bucket, Key=f"{DROP}/b1/a.csv", Body=GOOD.encode(), Metadata={"uploader": "ANA"}
    )

    ended = bucketed.promote()

    assert ended.exit_code == 6, ended.output
    ended.line("the approver 'ana' brought the batch, as 'ANA'")
    assert bucketed.commits() == []


def test_every_number_of_the_list_has_its_test():
    import re

    found = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for first, last in re.findall(r"^def test_(\d{3})_(?:(?:to|and)_(\d{3})_)?", file.read_text(), re.MULTILINE):
            found |= set(range(int(first), int(last or first) + 1))
        found |= {int(n) for n in re.findall(r"^def test_\d{3}_to_\d{3}_and_(\d{3})_", file.read_text(), re.MULTILINE)}

    assert sorted(set(range(1, 121)) - found) == []


def test_every_silent_acceptance_has_its_test():
    text = (Path(__file__).parent / "test_silent.py").read_text()

    assert [n for n in range(1, 34) if f"def test_s{n:02}_" not in text] == []
