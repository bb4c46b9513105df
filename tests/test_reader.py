"""What a reader gets: exactly the committed files, whole batches, the latest revisions, and their rows."""

import dataclasses
import datetime as dt
import gzip
import io
import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import lakegate
from cli.scene import FLIGHTS, GOOD, PLANES, Scene
from gate.scene import SOURCE, TARGET, make_route, run, upload_batch
from lake.memory import MemoryLake
from lake.worlds import ceph, local, memory, moto
from lakegate.cli import main
from lakegate.errors import LakeError, Refused, UsageError
from lakegate.gate import ledger
from lakegate.gate.ledger import SlotState
from lakegate.lake.zones import Place
from lakegate.reader import locate, read
from servers.s3 import close, moto_s3, real_s3

REVISED = make_route(on_change="new_revision")


@pytest.fixture(params=[memory, local, moto], ids=lambda make: make.__name__)
def world(request, tmp_path):
    """(lake, upload): which files are read is the same over every lake."""
    yield request.param(tmp_path)
    close()


@pytest.fixture(params=[local, moto, ceph], ids=lambda make: make.__name__)
def lake(request, tmp_path, monkeypatch):
    """(lake, upload) of every lake that pyarrow can read; the environment holds the credentials of its server."""
    made = request.param(tmp_path)
    if request.param is not local:
        for name, value in (moto_s3() if request.param is moto else real_s3()).environment.items():
            monkeypatch.setenv(name, value)
    yield made
    close()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    return Scene(tmp_path)


def parquet(**columns):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def commit(lake, upload, batch, files, route=None):
    upload_batch(upload, {**files, "_SUCCESS": b""}, prefix=f"{SOURCE.prefix}{batch}/")
    done = run(lake, batch=batch, route=route)
    assert done.exit_code == 0, done
    return done.record


# --- which files ----------------------------------------------------------------------------------------------------


def test_the_latest_revision_of_each_batch_is_read(world):
    lake, upload = world
    commit(lake, upload, "b1", {"a.csv": b"1"})
    commit(lake, upload, "b2", {"a.csv": b"2", "deep/b.csv": b"3"})
    commit(lake, upload, "b1", {"a.csv": b"4"}, REVISED)

    found = read(lake, TARGET)

    assert [(record.batch, record.slot) for record in found.batches] == [("b1", 2), ("b2", 1)]
    assert [(file.batch, file.slot, file.path) for file in found.files] == [
        ("b1", 2, "a.csv"),
        ("b2", 1, "a.csv"),
        ("b2", 1, "deep/b.csv"),
    ]
    assert [lake.read(file.key) for file in found.files] == [b"4", b"2", b"3"]
    assert [file.uri for file in found.files] == [lake.uri(file.key) for file in found.files]


def test_what_is_not_in_a_record_is_not_read(world):
    lake, upload = world
    record = commit(lake, upload, "b1", {"a.csv": b"1"})
    upload(record.files[0].key.replace("a.csv", "stray.csv"), b"9")
    upload(TARGET.revision("b2", "0" * 64, 1) + "late.csv", b"9")
    upload(TARGET.claim(1), b"{}")
    upload(Place(TARGET.zone, "nyc").commit("flights", 1), b"no record")

    assert [file.key for file in read(lake, TARGET).files] == [record.files[0].key]


def test_a_dataset_does_not_hold_those_below_its_name(world):
    lake, upload = world
    commit(lake, upload, "b1", {"a.csv": b"1"})

    with pytest.raises(UsageError, match="nothing is committed as 'nyc'"):
        locate(lake, "nyc")


def test_a_burned_slot_takes_nothing_back(world):
    lake, upload = world
    record = commit(lake, upload, "b1", {"a.csv": b"1"})
    burned = dataclasses.replace(record, slot=2, state=SlotState.ABANDONED)
    lake.put_if_absent(TARGET.commit("b1", 2), burned.to_json(), "gc")
    lake.put_if_absent(TARGET.commit("b9", 1), dataclasses.replace(burned, batch="b9").to_json(), "gc")

    assert [(file.batch, file.slot) for file in read(lake, TARGET).files] == [("b1", 1)]


class Clock:
    """A lake whose entries were changed when the test says: slot -> hour."""

    def __init__(self, lake, hours):
        self._lake, self._hours = lake, hours

    def __getattr__(self, name):
        return getattr(self._lake, name)

    def list(self, prefix):
        day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        return tuple(
            dataclasses.replace(entry, modified=day.replace(hour=self._hours["/".join(entry.key.split("/")[-2:])]))
            for entry in self._lake.list(prefix)
        )


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (0, []),
        (1, [("b1", 1)]),  # at the very moment
        (2, [("b1", 1), ("b2", 1)]),
        (3, [("b1", 2), ("b2", 1)]),
    ],
)
def test_as_of_a_time_the_revisions_of_then_are_read(hour, expected):
    lake = MemoryLake()
    for batch, data, route in (("b1", b"1", None), ("b2", b"2", None), ("b1", b"3", REVISED)):
        commit(lake, lake.upload, batch, {"a.csv": data}, route)
    hours = {"b1/000001.json": 1, "b2/000001.json": 2, "b1/000002.json": 3}

    naive, aware = dt.datetime(2026, 1, 1, hour), dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC)  # noqa: DTZ001
    found = [read(Clock(lake, hours), TARGET, moment) for moment in (naive, aware)]

    for one in found:
        assert [(record.batch, record.slot) for record in one.batches] == expected


def test_the_slot_decides_which_revision_is_later_not_the_clock():
    lake = MemoryLake()
    for data in (b"1", b"2"):
        commit(lake, lake.upload, "b1", {"a.csv": data}, REVISED)

    (record,) = read(Clock(lake, {"b1/000001.json": 5, "b1/000002.json": 1}), TARGET).batches

    assert record.slot == 2


def test_named_batches_are_read_and_others_have_near_names(world):
    lake, upload = world
    for batch in ("dt=2026-01-01", "dt=2026-01-02"):
        commit(lake, upload, batch, {"a.csv": b"1"})

    assert [record.batch for record in read(lake, TARGET, batches=["dt=2026-01-02"]).batches] == ["dt=2026-01-02"]
    with pytest.raises(UsageError, match="did you mean dt=2026-01-02"):
        read(lake, TARGET, batches=["dt=2026-01-0"])


def test_a_snapshot_does_not_change(world):
    """I11: what is committed after the listing is not in it, though its slot is read later."""
    lake, upload = world
    commit(lake, upload, "b1", {"a.csv": b"1"})
    before = read(lake, TARGET)

    commit(lake, upload, "b1", {"a.csv": b"2"}, REVISED)

    assert [lake.read(file.key) for file in before.files] == [b"1"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("nyc/flights", Place("01-raw-data-zone", "nyc/flights")),
        ("01-raw-data-zone/nyc/flights", Place("01-raw-data-zone", "nyc/flights")),
        ("core/fact", Place("warehouse/core", "fact")),
        ("warehouse/core/fact", Place("warehouse/core", "fact")),
    ],
)
def test_a_dataset_is_found_by_its_name(name, place):
    lake = MemoryLake()
    for one in (Place("01-raw-data-zone", "nyc/flights"), Place("warehouse/core", "fact")):
        lake.put_if_absent(one.commit("b1", 1), ledger.burned(one.dataset, "b1", 1, "w").to_json(), "w")

    assert locate(lake, name) == place


def test_a_dataset_of_several_zones_is_asked_for_by_its_zone():
    lake = MemoryLake()
    for zone in ("01-raw-data-zone", "03-master-data-zone"):
        key = Place(zone, "nyc/planes").commit("b1", 1)
        lake.put_if_absent(key, ledger.burned("nyc/planes", "b1", 1, "w").to_json(), "w")

    with pytest.raises(UsageError, match="say which: 01-raw-data-zone/nyc/planes, 03-master-data-zone/nyc/planes"):
        locate(lake, "nyc/planes")
    with pytest.raises(UsageError, match="did you mean nyc/planes"):
        locate(lake, "nyc/plane")
    with pytest.raises(Refused):
        locate(lake, "../nyc")


# --- their rows -----------------------------------------------------------------------------------------------------


def test_rows_of_parquet_keep_their_types_and_know_their_batch(lake):
    lake, upload = lake
    first = {"id": pa.array([1, 2], pa.int16()), "at": pa.array([0, 1], pa.timestamp("us", "UTC"))}
    commit(lake, upload, "dt=2026-01-01", {"a b.parquet": parquet(**first)})
    second = first | {"late": pa.array(["x", "y"])}
    commit(lake, upload, "ä/%2F=1", {"deep/a.parquet": parquet(**second)}, make_route(key="{a}/{b}"))

    found = read(lake, TARGET).dataset()

    assert found.schema.field("id").type == pa.int16()
    assert found.schema.field("at").type == pa.timestamp("us", "UTC")
    assert found.to_table(columns=["id", "late", "batch"]).to_pylist() == [
        {"id": 1, "late": None, "batch": "dt=2026-01-01"},
        {"id": 2, "late": None, "batch": "dt=2026-01-01"},
        {"id": 1, "late": "x", "batch": "ä/%2F=1"},
        {"id": 2, "late": "y", "batch": "ä/%2F=1"},
    ]


def test_a_relation_reads_exactly_the_committed_rows(lake):
    lake, upload = lake
    record = commit(lake, upload, "b1", {"a.parquet": parquet(id=[1, 2])})
    commit(lake, upload, "b2", {"a.parquet": parquet(id=[3])})
    upload(record.files[0].key.replace("a.parquet", "stray.parquet"), parquet(id=[9]))
    connection = duckdb.connect()

    own = read(lake, TARGET).relation()
    given = read(lake, TARGET).relation(connection)

    assert own.order("id").fetchall() == [(1, "b1"), (2, "b1"), (3, "b2")]
    assert given.filter("batch = 'b2'").aggregate("sum(id)").fetchall() == [(3,)]


def test_a_bucket_is_read_through_the_public_door(tmp_path, monkeypatch):
    """The client of pyarrow goes where the gate's own goes: endpoint, credentials, bucket."""
    store, upload = moto(tmp_path)
    server = moto_s3()
    for name, value in {**server.environment, "AWS_ENDPOINT_URL": server.endpoint}.items():
        monkeypatch.setenv(name, value)
    commit(store, upload, "b1", {"a.parquet": parquet(id=[1, 2])})
    commit(store, upload, "b1", {"a.parquet": parquet(id=[3])}, REVISED)
    address = store.uri("x").removesuffix("/x")

    found = lakegate.Lake(address).read("nyc/flights")
    listed = CliRunner().invoke(main, ["paths", "nyc/flights", "--lake", address])

    assert found.dataset().to_table().to_pydict() == {"id": [3], "batch": ["b1"]}
    assert listed.stdout == f"{found.files[0].uri}\n"
    assert found.files[0].uri.startswith(f"{address}/01-raw-data-zone/nyc/flights/batch=b1/rev=")
    assert store.read(TARGET.symlink_manifest("b1")).decode() == listed.stdout
    close()


def test_a_column_batch_of_the_files_own_is_kept(tmp_path):
    lake, upload = local(tmp_path)
    commit(lake, upload, "b1", {"a.parquet": parquet(batch=["mine"])})

    assert read(lake, TARGET).dataset().to_table().to_pydict() == {"batch": ["mine"]}


def test_files_that_disagree_about_a_type_are_not_cast_in_silence(tmp_path):
    lake, upload = local(tmp_path)
    commit(lake, upload, "b1", {"a.parquet": parquet(id=[1])})
    commit(lake, upload, "b2", {"a.parquet": parquet(id=["x"])})

    with pytest.raises(UsageError, match=r"disagree about a column.*id.*int64 vs string"):
        read(lake, TARGET).dataset()
    assert read(lake, TARGET, batches=["b2"]).dataset().to_table()["id"].to_pylist() == ["x"]


def test_a_committed_file_that_is_gone_is_named(lake):
    lake, upload = lake
    record = commit(lake, upload, "b1", {"a.parquet": parquet(id=[1])})
    lake.discard(lake.stat(record.files[0].key))

    with pytest.raises(LakeError, match=r"a\.parquet' is gone"):
        read(lake, TARGET).dataset()


def test_nothing_has_no_rows(tmp_path):
    lake, upload = local(tmp_path)
    commit(lake, upload, "b1", {"a.parquet": parquet(id=[1])})
    past = read(lake, TARGET, dt.datetime(2000, 1, 1, tzinfo=dt.UTC))

    assert past.files == ()
    with pytest.raises(UsageError, match="no rows to read"):
        past.dataset()


# --- text, and the public door --------------------------------------------------------------------------------------


def test_rows_of_text_are_typed_by_the_contract(project):
    project.planes("N1", "N2")
    project.arrive("part=1", gzip.compress(GOOD.encode()), name="rows.csv.gz")
    project.arrive("part=2", "id,delay,tailnum\n3,1.25,N1\n")
    assert project.promote("--all").exit_code == 0

    found = lakegate.Lake("lake").read("nyc/flights", contract=FLIGHTS)

    assert found.dataset().to_table().to_pydict() == {
        "id": [1, 2, 3],
        "tailnum": ["N1", "N2", "N1"],
        "delay": [2.0, -3.5, 1.25],
        "batch": ["part=1", "part=1", "part=2"],
    }
    assert found.dataset().schema.field("id").type == pa.int64()
    assert found.relation().filter("batch = 'part=2'").fetchall() == [(3, "N1", 1.25, "part=2")]


def test_text_without_its_contract_has_no_rows_but_files(project):
    project.planes("N1")
    lake = lakegate.Lake(project.lake)

    assert [file.path for file in lake.read("nyc/planes").files] == ["rows.csv"]
    with pytest.raises(UsageError, match=r"are csv: text has no types.*contract="):
        lake.read("nyc/planes").dataset()
    with pytest.raises(UsageError, match="is of nyc/flights, not of 'nyc/planes'"):
        lake.read("nyc/planes", contract=FLIGHTS).dataset()


def test_text_that_another_contract_cannot_read_is_told(project):
    project.planes("N1")
    project.change(PLANES, lambda doc: doc["schema"][0]["properties"][0].update(logicalType="integer"))

    with pytest.raises(LakeError, match=r"cannot be read by this contract: 1 cells of tailnum do not convert"):
        lakegate.Lake("lake").read("nyc/planes", contract=PLANES).dataset()


def test_the_public_door_needs_no_project(project, monkeypatch):
    project.planes("N1")
    monkeypatch.chdir("/")

    lake = lakegate.Lake(project.lake)

    assert lake.datasets() == ("nyc/planes",)
    assert len(lake.read("nyc/planes", as_of="2999-01-01").files) == 1
    assert lake.read("nyc/planes", as_of="2000-01-01T00:00:00+01:00").batches == ()
    with pytest.raises(UsageError, match="did you mean nyc/planes"):
        lake.read("nyc/plnes")
    with pytest.raises(UsageError, match="no folder"):
        lakegate.Lake(project.root / "none")


def test_reading_writes_nothing(project):
    project.planes("N1")
    before = project.tree()

    lakegate.Lake("lake").read("nyc/planes", contract=PLANES).dataset().to_table()

    assert project.tree() == before


# --- the command ----------------------------------------------------------------------------------------------------


def test_paths_as_json_say_which_bytes_they_are(project):
    project.planes("N1")
    project.planes("N2", part="2")

    told = json.loads(project.run("paths", "nyc/planes", "--lake", "lake", "--json", "--batch", "part=2").stdout)

    (record,) = [record for record in project.records("nyc/planes", "03-master-data-zone") if record["slot"] == 1][1:]
    (file,) = record["files"]
    assert told == [
        {
            "uri": str(project.lake / file["key"]),
            "batch": "part=2",
            "slot": 1,
            "path": "rows.csv",
            "size": file["size"],
            "sha256": file["sha256"],
            "key": file["key"],
            "version": file["version"],
        }
    ]


def test_paths_need_no_contract_where_something_is_committed(project):
    project.planes("N1")
    (project.root / PLANES).unlink()

    ended = project.run("paths", "nyc/planes", "--lake", "lake")

    assert (ended.exit_code, ended.stdout.count("\n")) == (0, 1)


def test_paths_of_what_is_only_gated_are_none(project):
    ended = project.run("paths", "nyc/flights", "--lake", "lake", "--json")

    assert (ended.exit_code, json.loads(ended.stdout)) == (0, [])


@pytest.mark.parametrize(("as_of", "files"), [("2000-01-01", 0), ("2999-01-01T00:00:00", 1)])
def test_paths_as_of_a_time(project, as_of, files):
    project.planes("N1")

    ended = project.run("paths", "nyc/planes", "--lake", "lake", "--as-of", as_of)

    assert (ended.exit_code, ended.stdout.count("\n")) == (0, files)


def test_a_batch_that_is_not_committed_has_a_near_name(project):
    project.planes("N1")

    ended = project.run("paths", "nyc/planes", "--lake", "lake", "--batch", "prt=1")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "did you mean part=1?" in ended.stderr
