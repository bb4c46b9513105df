import pytest

from gate.scene import DROP, FILES, NOW, SOURCE, TARGET, make_route, run, upload_batch
from lake.worlds import keeps_versions
from lakegate.contract.model import Batching, Contract, Gate, SchemaObject, Server
from lakegate.errors import CouldNotEvaluate, SourceChanged, UsageError
from lakegate.gate import ledger
from lakegate.gate.arrivals import arrivals, read_drop, read_markers, route
from lakegate.gate.status import Standing, due, status
from lakegate.lake.zones import Place

BAD = {**FILES, "a.csv": b"bad"}


def batches(found):
    return {drop.batch: [path for path, _ in drop.files] for drop in found.drops}


def test_a_folder_is_a_batch(world):
    lake, upload = world
    for key in ("b10/x.csv", "b9/deep/y.csv", "b9/_SUCCESS", "stray.csv", "_tmp/z.csv"):
        upload(SOURCE.prefix + key, b"1")

    found = arrivals(lake, make_route())

    assert batches(found) == {"b10": ["x.csv"], "b9": ["deep/y.csv"]}
    assert [entry.key for entry in found.strays] == [SOURCE.prefix + "stray.csv"]
    assert read_drop(lake, make_route(), "b9") == found.drops[1]


def test_a_template_cuts_folders_and_orders_them(world):
    lake, upload = world
    for key in ("dt=2026-01-02/hour=9/x", "dt=2026-01-02/hour=10/x", "dt=2026-01-01/hour=5/x", "dt=now/x", "a/b/c"):
        upload(SOURCE.prefix + key, b"1")

    found = arrivals(lake, make_route(key="dt={date}/hour={hour}"))

    assert list(batches(found)) == ["dt=2026-01-01/hour=5", "dt=2026-01-02/hour=9", "dt=2026-01-02/hour=10"]
    assert [entry.key.removeprefix(SOURCE.prefix) for entry in found.strays] == ["a/b/c", "dt=now/x"]


def test_a_file_is_a_batch_with_its_markers_beside_it(world):
    lake, upload = world
    for key in ("f-02.csv", "f-01.csv", "_SUCCESS.f-01.csv", "_MANIFEST.f-02.csv.json", "other.txt"):
        upload(SOURCE.prefix + key, b"1")
    way = make_route(by="file", key="f-{month}.csv")

    found = arrivals(lake, way)

    assert batches(found) == {"f-01.csv": ["f-01.csv"], "f-02.csv": ["f-02.csv"]}
    assert [drop.markers[0][0] for drop in found.drops] == ["_SUCCESS.f-01.csv", "_MANIFEST.f-02.csv.json"]
    assert [entry.key.removeprefix(SOURCE.prefix) for entry in found.strays] == ["other.txt"]
    assert tuple(read_drop(lake, way, drop.batch) for drop in found.drops) == found.drops


def test_a_marker_that_changed_is_told(world):
    lake, upload = world
    upload_batch(upload)
    drop = read_drop(lake, make_route(), "b1")
    upload(DROP + "_SUCCESS", b"other")

    if keeps_versions(lake):
        assert read_markers(lake, drop).markers[0].size == 0
    else:
        with pytest.raises(SourceChanged):
            read_markers(lake, drop)


def contract(**gate):
    servers = (
        Server("in", "s3", "s3://x/02-transient-zone/nyc/{model}/"),
        Server("out", "s3", "s3://x/warehouse/core/{model}"),
    )
    return Contract("c", "1", "v3.2.0", None, None, (), servers, (), Gate(**gate), {}, "c" * 64)


def test_a_contract_says_the_way():
    batching = Batching(by="file")

    way = route(contract(from_server="in", to_server="out", batch=batching), SchemaObject("flights", "flights"))

    assert (way.source, way.target) == (SOURCE, Place("warehouse/core", "flights"))
    assert (way.batching, way.dataset, way.contract_sha256) == (batching, "core/flights", "c" * 64)


@pytest.mark.parametrize(("gate", "word"), [({}, "from"), ({"from_server": "in", "to_server": "raw"}, "to")])
def test_a_contract_without_ends_has_no_way(gate, word):
    with pytest.raises(UsageError, match=f"lakegate.{word} "):
        route(contract(**gate), SchemaObject("flights", "flights"))


def test_status_of_every_kind(world):
    lake, upload = world
    way = make_route()
    for batch, files in (("committed", FILES), ("failed", BAD), ("clash", FILES), ("emptied", BAD)):
        upload_batch(upload, files, f"{SOURCE.prefix}{batch}/")
        run(lake, batch=batch)
    for path in BAD:
        entry = lake.stat(f"{SOURCE.prefix}emptied/{path}")
        lake.remove(entry, lake.sha256(entry.key))
    upload_batch(upload, BAD, f"{SOURCE.prefix}clash/")
    run(lake, batch="clash")
    upload_batch(upload, FILES, f"{SOURCE.prefix}arrived/")
    upload(f"{SOURCE.prefix}waiting/a.csv", b"1")

    found = status(lake, way, NOW)

    assert {line.batch: line.standing for line in found} == {
        "arrived": Standing.ARRIVED,
        "clash": Standing.CONFLICTED,
        "committed": Standing.COMMITTED,
        "emptied": Standing.QUARANTINED,
        "failed": Standing.QUARANTINED,
        "waiting": Standing.WAITING,
    }
    assert due(found) == ("arrived", "waiting")
    assert {line.batch: line.slot for line in found if line.slot} == {"clash": 1, "committed": 1}


def test_a_judged_batch_is_due_again_when_something_changes(world):
    lake, upload = world
    upload_batch(upload, BAD)
    run(lake)
    assert due(status(lake, make_route(), NOW)) == ()

    assert due(status(lake, make_route(contract_sha256="d" * 64), NOW)) == ("b1",)
    upload(DROP + "a.csv", b"good")
    assert due(status(lake, make_route(), NOW)) == ("b1",)


def test_a_committed_batch_whose_source_still_stands_is_due(world):
    lake, upload = world
    upload_batch(upload)
    before = lake.list(DROP)
    files = {entry.key: lake.read(entry.key) for entry in before}
    run(lake)
    for key, data in files.items():
        upload(key, data)
    again = [entry.version for entry in lake.list(DROP)]

    (line,) = status(lake, make_route(), NOW)

    known = again == [entry.version for entry in before]  # an ETag is the same for the same bytes
    assert (line.standing, line.due) == (Standing.COMMITTED if known else Standing.ARRIVED, True)  # nothing is hashed
    run(lake)
    assert due(status(lake, make_route(), NOW)) == ()


def test_paths_follow_the_order_of_the_template(world):
    lake, upload = world
    way = make_route(key="m-{month}")
    for batch in ("m-10", "m-9"):
        upload_batch(upload, {"x": batch.encode(), "_SUCCESS": b""}, f"{SOURCE.prefix}{batch}/")
        run(lake, route=way, batch=batch)

    assert [key.split("/")[3] for key in ledger.paths(lake, TARGET, "m-{month}")] == ["batch=m-9", "batch=m-10"]


def test_a_dataset_below_another_one_is_not_its(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)

    assert ledger.committed(lake, Place("01-raw-data-zone", "nyc")) == ()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema_version": 1}', b'{"schema_version": 2}', b"\xff"])
def test_what_is_no_commit_record_is_told(world, data):
    lake, upload = world
    upload(TARGET.commit("b1", 1), data)

    with pytest.raises(CouldNotEvaluate, match="commit record"):
        ledger.slots(lake, TARGET, "b1")


def test_what_belongs_to_no_batch_is_told_and_never_due(world):
    lake, upload = world
    for key in ("part=1/a.csv", "part=1/b.csv", "dt=2026-01-01/a.csv", "readme.txt"):
        upload(SOURCE.prefix + key, b"id")

    found = status(lake, make_route(key="dt={day}", complete="quiet", quiet_for="0s"), NOW)

    told = [(one.batch, one.standing, one.files, one.size, one.due) for one in found if one.standing is Standing.STRAY]
    assert told == [("part=1", Standing.STRAY, 2, 4, False), ("readme.txt", Standing.STRAY, 1, 2, False)]
    assert "expected a batch key of the form 'dt={day}'" in found[-1].message
