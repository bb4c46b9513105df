"""What a reader of Iceberg sees is what is committed: the same rows, whole revisions, after whatever happened."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalogs.scene import PLACE, local, parquet
from lakegate.catalogs import iceberg
from lakegate.catalogs.iceberg import Change, Standing, register, standing
from lakegate.errors import CouldNotEvaluate, OutcomeUnknown, UsageError
from lakegate.lake.zones import Place

HERE = Path(__file__).parent
FIRST = "SELECT i::INTEGER AS id, 'a' || i AS name, (i * 1.25)::DECIMAL(10, 2) AS fare FROM range(5) t(i)"
SECOND = "SELECT i::INTEGER AS id, NULL::VARCHAR AS name, i::DECIMAL(10, 2) AS fare FROM range(5, 9) t(i)"
THIRD = "SELECT 100::INTEGER AS id, 'z' AS name, 1::DECIMAL(10, 2) AS fare"
TABLE = "core.fact_flight"


def test_three_batches_a_promotion_again_and_a_revision(world):
    assert world.put("dt=1", FIRST, SECOND) == Change(TABLE, added=("dt=1",))
    assert world.put("dt=2", SECOND) == Change(TABLE, added=("dt=2",))
    assert world.put("dt=3", THIRD) == Change(TABLE, added=("dt=3",))
    assert world.agree()
    assert len(world.in_iceberg()) == 14

    before = world.table.current_snapshot().snapshot_id
    assert world.register("dt=1") == Change(TABLE)
    assert world.table.current_snapshot().snapshot_id == before

    assert world.put("dt=1", THIRD) == Change(TABLE, replaced=("dt=1",))
    assert world.agree()
    assert len(world.in_iceberg()) == 6
    assert world.table.current_snapshot().parent_snapshot_id == before  # out and in, in one


def test_what_was_not_registered_is_registered_later_in_one_snapshot(world):
    world.put("dt=1", FIRST)
    world.commit("dt=1", SECOND)
    world.commit("dt=2", FIRST)
    assert standing(world.catalogue, world.lake, PLACE) == Standing(
        TABLE, registered=(), missing=("dt=2",), outdated=("dt=1",)
    )

    assert world.register() == Change(TABLE, added=("dt=2",), replaced=("dt=1",))

    assert world.agree()
    assert len(world.table.snapshots()) == 2
    assert standing(world.catalogue, world.lake, PLACE) == Standing(TABLE, registered=("dt=1", "dt=2"))


def test_a_lost_catalogue_is_made_again_from_the_records(here):
    for batch in ("dt=1", "dt=2"):
        here.put(batch, FIRST)
    (here.folder / "catalogue.db").unlink()

    assert here.register() == Change(TABLE, added=("dt=1", "dt=2"))
    assert here.agree()


def test_what_was_rolled_back_by_another_is_put_forward_again(here):
    here.put("dt=1", FIRST)
    first = here.table.current_snapshot().snapshot_id
    here.put("dt=2", SECOND)
    here.table.manage_snapshots().set_current_snapshot(first).commit()

    assert here.register() == Change(TABLE, added=("dt=2",))
    assert here.agree()


def test_which_batches_there_are_outlives_the_snapshots(here):
    for batch in ("dt=1", "dt=2", "dt=3"):
        here.put(batch, FIRST)
    table = here.table
    gone = [one.snapshot_id for one in table.snapshots()[:-1]]
    with table.maintenance.expire_snapshots() as expire:
        expire.by_ids(gone)

    assert len(here.table.snapshots()) == 1
    assert here.register() == Change(TABLE)
    assert here.put("dt=2", THIRD) == Change(TABLE, replaced=("dt=2",))
    assert here.agree()


def test_the_snapshot_says_which_revision_it_brought(here):
    record = here.commit("dt=1", FIRST)
    here.register("dt=1")

    told = here.table.current_snapshot().summary.additional_properties

    assert (told["lakegate.batch"], told["lakegate.slot"], told["lakegate.digest"]) == ("dt=1", "1", record.digest)


def test_a_batch_that_is_not_committed_is_not_registered(here):
    assert here.register("dt=1") == Change(TABLE)
    assert here.register() == Change(TABLE)
    assert here.table is None


def test_a_batch_without_rows_is_registered_once(here):
    here.put("dt=1", FIRST + " WHERE false")

    assert here.register() == Change(TABLE)
    assert here.in_iceberg() == []


def test_a_batch_whose_key_must_be_encoded(here):
    here.put("a/ü b=1", FIRST)

    assert here.agree()
    assert standing(here.catalogue, here.lake, PLACE).registered == ("a/ü b=1",)


# --- columns ----------------------------------------------------------------------------------------------------------


def test_columns_are_added_and_widened(here):
    here.put("dt=1", "SELECT 1::INTEGER AS id, 1.5::FLOAT AS x, 1.50::DECIMAL(4, 2) AS fare, {'a': 1} AS deep")
    here.put(
        "dt=2", "SELECT 5000000000 AS id, 1e300 AS x, 123456.50::DECIMAL(8, 2) AS fare, {'a': 1, 'b': 'n'} AS deep"
    )
    here.put("dt=3", "SELECT 3::INTEGER AS id, 'new' AS more")

    found = here.in_iceberg()

    assert sorted(row["id"] for row in found) == [1, 3, 5000000000]
    assert {row.get("more") for row in found} == {None, "new"}
    assert {row["id"]: row["deep"]["b"] for row in found if "deep" in row} == {1: None, 5000000000: "n"}


def test_no_filter_loses_a_row(here):
    kinds = {
        "i": "i::INTEGER",
        "big": "i * 10000000000",
        "d": "(i - 50) * 1.25::DECIMAL(12, 2)",
        "wide": "(i - 50)::DECIMAL(38, 6)",
        "x": "CASE WHEN i % 7 = 0 THEN 'nan'::DOUBLE ELSE i - 50.5 END",
        "s": "'prefix of more than sixteen characters ' || i",
        "day": "DATE '1969-12-01' + i::INTEGER",
        "at": "TIMESTAMP '1969-12-31 23:59:00' + i * INTERVAL 1 SECOND",
        "zoned": "(TIMESTAMP '1969-12-31 23:59:00' + i * INTERVAL 1 SECOND) AT TIME ZONE 'UTC'",
        "t": "TIME '00:00:00' + i * INTERVAL 1 MINUTE",
        "yes": "i % 2 = 0",
        "small": "i::UTINYINT",
    }
    select = ", ".join(f"{sql} AS {name}" for name, sql in kinds.items())
    for batch, rows in (("dt=1", "range(50)"), ("dt=2", "range(50, 100)")):
        here.put(batch, f"SELECT {select} FROM {rows} t(i)")
    every = here.table.scan().to_arrow()

    import pyarrow.compute as pc
    from pyiceberg.expressions import EqualTo, GreaterThanOrEqual, LessThan

    assert every.num_rows == 100
    for name in kinds:
        value = every[name][31].as_py()
        literal = value.isoformat() if isinstance(value, dt.date | dt.time) else value
        for expression, compute in ((EqualTo, pc.equal), (GreaterThanOrEqual, pc.greater_equal), (LessThan, pc.less)):
            if isinstance(value, bool) and expression is not EqualTo:
                continue
            expected = pc.sum(compute(every[name], every[name][31])).as_py() or 0
            found = here.table.scan(row_filter=expression(name, literal)).to_arrow().num_rows
            assert found == expected, (name, expression)


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("SELECT 1::UBIGINT AS n", "n: uint64"),
        ("SELECT 1::UINTEGER AS n", "n: uint32"),
        ("SELECT [1::UBIGINT] AS n", "n.element: uint64"),
        ("SELECT {'a': 1::UINTEGER} AS n", "n.a: uint32"),
        ("SELECT TIMESTAMP_NS '2020-01-01 00:00:00.000000001' AS n", r"n: timestamp\[ns\]"),
        ("SELECT TIMESTAMP_MS '2020-01-01' AS n", r"n: timestamp\[ms\]"),
        ("SELECT '10:00:00+02'::TIMETZ AS n", "n: a time of day with a zone"),
        ("SELECT INTERVAL 1 DAY AS n", "n: an interval"),
    ],
)
def test_a_column_that_iceberg_cannot_take_is_named_and_the_table_is_as_it_was(here, select, told):
    here.put("dt=1", "SELECT 1 AS id")
    here.commit("dt=2", select)

    with pytest.raises(CouldNotEvaluate, match=told):
        here.register("dt=2")

    assert here.in_iceberg() == [{"id": 1}]
    assert standing(here.catalogue, here.lake, PLACE).missing == ("dt=2",)


def test_a_file_with_field_ids_of_another_table_is_refused(here):
    import pyarrow as pa
    import pyarrow.parquet as pq

    field = pa.field("id", pa.int64(), metadata={"PARQUET:field_id": "7"})
    pq.write_table(pa.table([[1]], schema=pa.schema([field])), here.folder / "ids.parquet")
    here.upload(
        "02-transient-zone/_candidates/core/fact_flight/dt=2/x.parquet", (here.folder / "ids.parquet").read_bytes()
    )
    here.commit("dt=2", "SELECT 1 AS id")

    with pytest.raises(CouldNotEvaluate, match="carries a field id of another table"):
        here.register("dt=2")


def test_another_meaning_under_the_same_name_is_refused(here):
    here.put("dt=1", "SELECT 1 AS id")
    here.commit("dt=2", "SELECT 'one' AS id")

    with pytest.raises(CouldNotEvaluate, match="Cannot change column type: id"):
        here.register("dt=2")

    assert here.in_iceberg() == [{"id": 1}]


def test_a_file_that_is_no_parquet_is_refused(here):
    here.upload("02-transient-zone/_candidates/core/fact_flight/dt=1/a.csv", b"id\n1\n")
    here.commit("dt=1", "SELECT 1 AS id")

    with pytest.raises(CouldNotEvaluate, match=r"'a\.csv' cannot be read as Parquet"):
        here.register("dt=1")


def test_a_name_that_readers_would_cut_is_refused(here):
    here.upload("02-transient-zone/_candidates/core/fact_flight/dt=1/a#b.parquet", parquet(here.folder, FIRST))
    here.commit("dt=1", FIRST)

    with pytest.raises(CouldNotEvaluate, match="readers end a path"):
        here.register("dt=1")


# --- others -----------------------------------------------------------------------------------------------------------


def test_what_another_put_into_the_table_is_never_added_to(here):
    here.put("dt=1", FIRST)
    here.table.append(here.table.scan().to_arrow())  # as a compaction leaves it: files of its own
    here.commit("dt=2", SECOND)

    with pytest.raises(CouldNotEvaluate, match="holds what this lake did not commit"):
        here.register("dt=2")


def test_a_table_of_another_lake_is_not_written_to(here, tmp_path):
    here.put("dt=1", FIRST)
    (tmp_path / "other").mkdir()
    other = local(tmp_path / "other")
    other.commit("dt=2", SECOND)

    with pytest.raises(CouldNotEvaluate, match="holds what this lake did not commit"):
        register(here.catalogue, other.lake, PLACE, ["dt=2"])


def test_files_of_this_machine_are_not_named_in_a_catalogue_of_a_bucket(here):
    here.commit("dt=1", FIRST)
    there = iceberg.Catalogue(
        "default", {**here.catalogue.properties, "warehouse": "s3://example-lake/warehouse/_iceberg"}
    )

    with pytest.raises(CouldNotEvaluate, match="the lake's files are file://"):
        register(there, here.lake, PLACE, ["dt=1"])


def test_only_tables_of_the_warehouse_are_registered(here):
    with pytest.raises(UsageError, match="no table of a warehouse layer"):
        register(here.catalogue, here.lake, Place("01-raw-data-zone", "nyc/flights"), None)


def meanwhile(monkeypatch, *happenings):
    """Let something happen between the look at the table and each of the first commits."""
    commit, left = iceberg._Target.commit, list(happenings)

    def interrupted(self, table, difference):
        if left:
            left.pop(0)()
        return commit(self, table, difference)

    monkeypatch.setattr(iceberg._Target, "commit", interrupted)


@pytest.mark.parametrize("revised", [False, True])
def test_who_registers_the_same_batch_at_once_does_not_register_it_twice(here, monkeypatch, revised):
    here.put("dt=0", THIRD)
    if revised:
        here.put("dt=1", THIRD)
    here.commit("dt=1", FIRST)
    meanwhile(monkeypatch, lambda: here.register("dt=1"))

    assert here.register("dt=1") == Change(TABLE)
    assert here.agree()


def test_who_makes_the_table_at_once_finds_it(here, monkeypatch):
    here.commit("dt=1", FIRST)
    here.commit("dt=2", SECOND)
    meanwhile(monkeypatch, lambda: here.register("dt=1"))

    assert here.register("dt=2") == Change(TABLE, added=("dt=2",))
    assert here.agree()


def test_a_later_revision_that_is_registered_meanwhile_is_kept(here, monkeypatch):
    here.commit("dt=1", FIRST)
    meanwhile(monkeypatch, lambda: here.put("dt=1", THIRD))

    assert here.register("dt=1") == Change(TABLE)
    assert here.agree()
    assert len(here.in_iceberg()) == 1


def test_a_table_that_others_change_all_the_time_is_left(here, monkeypatch):
    here.commit("dt=1", FIRST)
    monkeypatch.setattr(iceberg._Target, "commit", lambda *_: False)
    monkeypatch.setattr(iceberg, "WAIT", 0)

    with pytest.raises(OutcomeUnknown, match="changed by others all the time"):
        here.register("dt=1")


@pytest.mark.slow
def test_many_at_once_lose_nothing(tmp_path):
    assert drive("race", tmp_path) == "8 batches\n"


@pytest.mark.slow
def test_a_killed_registration_is_mended_by_the_next(tmp_path):
    assert int(drive("kill", tmp_path)) >= 20


def drive(what, folder):
    """Run a driver in a process of its own: it forks before anything has threads."""
    path = os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])
    done = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), what, str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
