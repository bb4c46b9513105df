"""Rules over a whole table, batch by batch: planted duplicates counted exactly, and a state that is never believed."""

import dataclasses
import datetime as dt
import json
import shutil

import pyarrow as pa
import pytest

from lakegate.api import Asked, check, opened, to_pandera
from lakegate.cli import main
from lakegate.commands.state import rebuilt
from lakegate.context import Committed
from lakegate.contract.odcs import load
from lakegate.errors import CouldNotEvaluate, LakeError, UsageError
from lakegate.gate import ledger, state, tidy
from lakegate.gate.promote import PromotionState
from lakegate.lake.local import LocalLake
from table_scene import KEY, TARGET, contract, outcomes, promote, propose

COMMITTED, QUARANTINED = PromotionState.COMMITTED, PromotionState.QUARANTINED
IN_TABLE = "fact.primaryKey.table"


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


def result(promotion, key):
    return next(one for one in promotion.verdict.results if one.key == key)


def failed(promotion):
    return {key: reason for key, (outcome, reason) in outcomes(promotion).items() if outcome == "failed"}


def test_a_key_of_another_batch_is_found_and_named(tmp_path, lake):
    path = contract(tmp_path)
    assert promote(path, lake, "b1", {"id": [1, 2, 3], "n": [1, 1, 1]}).state is COMMITTED
    assert promote(path, lake, "b2", {"id": [4, 5], "n": [1, 1]}).state is COMMITTED

    third = promote(path, lake, "b3", {"id": [6, 2, 5, 7], "n": [1, 1, 1, 1]})

    assert third.state is QUARANTINED
    assert failed(third) == {IN_TABLE: "got 2 rows with a key that another batch holds, expected none"}
    found = result(third, IN_TABLE)
    assert found.name == "no id occurs in another batch"
    assert (found.diagnostics["failed"], found.diagnostics["total"]) == (2, 4)
    assert [(place.row, place.key) for place in found.locations] == [(2, (("id", "2"),)), (3, (("id", "5"),))]
    assert third.verdict.context.sequence == 2
    assert third.verdict.context.slots == {}


def test_thousands_of_planted_duplicates_are_counted_exactly(tmp_path, lake):
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}])
    for n in range(3):
        assert (
            promote(path, lake, f"b{n}", {"id": [f"{i:032x}" for i in range(n * 5000, n * 5000 + 5000)]}).state
            is COMMITTED
        )
    planted = [*range(0, 15000, 13), *range(20000, 21000)]

    fourth = promote(path, lake, "b3", {"id": [f"{i:032x}" for i in planted]})

    assert result(fourth, IN_TABLE).diagnostics["failed"] == len(range(0, 15000, 13))


def test_a_composite_key_is_compared_whole_and_one_that_holds_null_is_left_out(tmp_path, lake):
    both = [{"name": "a", "primaryKey": True, "primaryKeyPosition": 1}, {"name": "b", "unique": True}]
    both[1] |= {"primaryKey": True, "primaryKeyPosition": 2, "unique": False}
    path = contract(tmp_path, [*both, {"name": "u", "unique": True}])
    assert promote(path, lake, "b1", {"a": [1, 2], "b": ["x", "y"], "u": [None, 7]}).state is COMMITTED

    crossed = promote(path, lake, "b2", {"a": [1, 2], "b": ["y", "x"], "u": [None, 8]})
    same = promote(path, lake, "b3", {"a": [3, 2], "b": ["y", "y"], "u": [None, 7]})

    assert crossed.state is COMMITTED
    assert failed(same) == {
        IN_TABLE: "got 1 row with a key that another batch holds, expected none",
        "fact.u.unique.table": "got 1 row with a key that another batch holds, expected none",
    }


@pytest.mark.parametrize(
    "types", [(pa.int32(), pa.int64()), (pa.int64(), pa.int16()), (pa.decimal128(9, 2), pa.int8())]
)
def test_numbers_of_other_widths_are_one_key(tmp_path, lake, types):
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}])
    first, second = (pa.table({"id": pa.array([1, 2], kind)}) for kind in types)
    assert promote(path, lake, "b1", first).state is COMMITTED

    assert result(promote(path, lake, "b2", second), IN_TABLE).diagnostics["failed"] == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pa.array([1]), pa.array(["1"])),
        (pa.array(["1"]), pa.array([1])),
        (pa.array([1]), pa.array([1.0])),
        (pa.array([5]), pa.array(["z"])),
        (pa.array([dt.datetime(2026, 1, 1)]), pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)])),  # noqa: DTZ001
        (pa.array([dt.date(2026, 1, 1)]), pa.array([1767225600000000])),
    ],
)
def test_keys_of_other_types_are_told_and_never_pass(tmp_path, lake, before, after):
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}])
    assert promote(path, lake, "b1", {"id": before}).state is COMMITTED

    second = promote(path, lake, "b2", {"id": after})

    assert second.state is QUARANTINED
    assert "types cannot be compared: 'id' is" in result(second, IN_TABLE).reason
    assert "in batch 'b1' it is" in result(second, IN_TABLE).reason


def test_a_new_revision_takes_its_keys_back_and_is_never_its_own_duplicate(tmp_path, lake):
    path = contract(tmp_path)
    assert promote(path, lake, "b1", {"id": [1, 2], "n": [1, 1]}).state is COMMITTED
    assert promote(path, lake, "b2", {"id": [2], "n": [1]}).state is QUARANTINED

    revised = promote(path, lake, "b1", {"id": [1, 3], "n": [1, 1]})
    second = promote(path, lake, "b2")

    assert (revised.state, revised.record.slot) == (COMMITTED, 2)
    assert second.state is COMMITTED
    assert promote(path, lake, "b3", {"id": [3], "n": [1]}).state is QUARANTINED


def test_the_rows_of_the_whole_table_are_counted(tmp_path, lake):
    limit = {"id": "few", "metric": "rowCount", "mustBeLessOrEqualTo": 5}
    limit["customProperties"] = [{"property": "lakegate", "value": {"scope": "table"}}]
    path = contract(tmp_path, [{"name": "id"}], quality=[limit], scope="batch")
    assert promote(path, lake, "b1", {"id": [1, 1, 1]}).state is COMMITTED
    assert promote(path, lake, "b2", {"id": [1, 1]}).state is COMMITTED

    third = promote(path, lake, "b3", {"id": [1]})

    assert failed(third) == {"fact.quality.few": "got 6, expected at most 5"}
    assert promote(path, lake, "b1", {"id": [1, 1]}).state is COMMITTED, "its own older revision does not count"
    assert promote(path, lake, "b3").state is COMMITTED


@pytest.mark.parametrize(
    ("values", "unit", "value", "rows"),
    [
        ([3, 4, 4, 5], "rows", 2, 3),  # 3 stands in b1; 4 twice here
        ([3, 3, 4, 5], "rows", 1, 2),
        ([3, 3, 4, 5], "percent", 50.0, 2),  # both rows of 3 are too many
        ([4, 4, 5, 6], "percent", 25.0, 2),  # one of 4 may stay
        ([None, None, 5, 6], "rows", 0, 0),
    ],
)
def test_duplicate_values_of_the_whole_table(tmp_path, lake, values, unit, value, rows):
    rule = {"id": "d", "metric": "duplicateValues", "unit": unit, "mustBe": -1}
    rule["customProperties"] = [{"property": "lakegate", "value": {"scope": "table"}}]
    many = {key: value for key, value in rule.items() if key != "mustBe"} | {"mustBeLessThan": 99}
    loose = contract(tmp_path, [{"name": "a", "quality": [many]}], scope="batch")
    assert promote(loose, lake, "b1", {"a": [1, 2, 3]}).state is COMMITTED
    path = contract(tmp_path, [{"name": "a", "quality": [rule]}], scope="batch", columns="closed")
    document = json.loads(path.read_text()) | {"version": "2.0.0"}
    path.write_text(json.dumps(document))

    found = result(promote(path, lake, "b2", {"a": pa.array(values, pa.int64())}), "fact.a.quality.d")

    assert (found.diagnostics["value"], found.diagnostics["rows"]) == (value, rows)
    assert len(found.locations) == rows


# --- a state that lies ------------------------------------------------------------------------------------------


def index_of(lake, batch="b1"):
    return lake / state.read(LocalLake(lake), TARGET)[batch].keys["primaryKey"].key


def flip(path, at=-20):
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def flipped_index(lake):
    flip(index_of(lake))


def emptied_index(lake):
    index_of(lake).chmod(0o644)
    index_of(lake).write_bytes(b"")


def no_index(lake):
    index_of(lake).unlink()


def no_document(lake):
    (lake / TARGET.state).unlink()


def nothing_at_all(lake):
    shutil.rmtree((lake / TARGET.state).parent)


def flipped_document(lake):
    document = lake / TARGET.state
    at = document.read_bytes().index(b'"least": 1') + len(b'"least": 1') - 1
    document.chmod(0o644)
    data = bytearray(document.read_bytes())
    data[at] = ord("3")
    document.write_bytes(data)


def other_index(lake):
    """The file of another batch stands where this one's belongs."""
    index_of(lake).chmod(0o644)
    index_of(lake).write_bytes(index_of(lake, "b2").read_bytes())


def rewritten(lake, **changes):
    """A document that is whole, and tells of another slot than the latest."""
    known = state.read(LocalLake(lake), TARGET)
    known["b1"] = dataclasses.replace(known["b1"], **changes)
    (lake / TARGET.state).chmod(0o644)
    (lake / TARGET.state).write_bytes(state._written(known))


def wrong_slot(lake):
    rewritten(lake, slot=7, keys={})


def no_keys(lake):
    rewritten(lake, keys={})


def other_columns(lake):
    index = state.read(LocalLake(lake), TARGET)["b2"].keys["primaryKey"]
    rewritten(lake, keys={"primaryKey": dataclasses.replace(index, columns=("n",))})


LIES = [
    flipped_index,
    emptied_index,
    no_index,
    no_document,
    nothing_at_all,
    flipped_document,
    other_index,
    wrong_slot,
    no_keys,
    other_columns,
]


@pytest.mark.parametrize("lie", LIES)
def test_a_damaged_or_stale_state_turns_no_gate_green_and_is_mended(tmp_path, lake, lie):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1, 2], "n": [1, 1]})
    promote(path, lake, "b2", {"id": [3], "n": [1]})
    whole = state.read(LocalLake(lake), TARGET)
    lie(lake)

    third = promote(path, lake, "b3", {"id": [2, 9], "n": [1, 1]})

    assert failed(third) == {IN_TABLE: "got 1 row with a key that another batch holds, expected none"}
    if lie is not wrong_slot:  # what says of a later slot than there is stays until it is rebuilt
        assert state.read(LocalLake(lake), TARGET)["b1"] == whole["b1"]
    assert promote(path, lake, "b4", {"id": [8], "n": [1]}).state is COMMITTED


def test_a_document_that_was_put_back_to_an_older_revision_is_not_believed(tmp_path, lake):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1], "n": [1]})
    old = (lake / TARGET.state).read_bytes()
    promote(path, lake, "b1", {"id": [2], "n": [1]})
    (lake / TARGET.state).chmod(0o644)
    (lake / TARGET.state).write_bytes(old)

    assert promote(path, lake, "b2", {"id": [1], "n": [1]}).state is COMMITTED
    assert promote(path, lake, "b3", {"id": [2], "n": [1]}).state is QUARANTINED


def test_committed_data_that_is_gone_is_an_error_and_no_pass(tmp_path, lake):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1], "n": [1]})
    no_document(lake)
    shutil.rmtree(lake / TARGET.prefix)

    with pytest.raises(LakeError, match="is gone"):
        promote(path, lake, "b2", {"id": [2], "n": [1]})
    assert [record.batch for record in ledger.committed(LocalLake(lake), TARGET)] == ["b1"]


def test_a_batch_that_was_committed_before_the_rule_is_looked_at_too(tmp_path, lake):
    path = contract(tmp_path, scope="batch")
    promote(path, lake, "b1", {"id": [1, 2], "n": [1, 1]})
    assert not (lake / TARGET.state).exists()
    path = contract(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "1.1.0"}))

    assert promote(path, lake, "b2", {"id": [2], "n": [1]}).state is QUARANTINED


def test_a_column_that_older_batches_do_not_have_holds_no_key_there(tmp_path, lake):
    path = contract(tmp_path, [{"name": "n"}], scope="batch")
    promote(path, lake, "b1", {"n": [1, 2]})
    path = contract(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "1.1.0"}))

    assert promote(path, lake, "b2", {"id": ["a"], "n": [1]}).state is COMMITTED
    assert promote(path, lake, "b3", {"id": ["a"], "n": [1]}).state is QUARANTINED


# --- foreign keys into a table whose keys are known -------------------------------------------------------------


def test_a_foreign_key_reads_the_key_indexes_of_a_dimension(tmp_path, lake, monkeypatch):
    dim = contract(tmp_path, [{"name": "k", "primaryKey": True}, {"name": "wide"}], table="dim")
    relationships = [{"type": "foreignKey", "from": "fact.k", "to": "dim.dim.k"}]
    fact = contract(tmp_path, [{"name": "k"}], relationships=relationships, scope="batch")
    promote(dim, lake, "d1", {"k": pa.array([1, 2], pa.int32()), "wide": ["x", "y"]})
    promote(dim, lake, "d2", {"k": pa.array([3], pa.int64()), "wide": ["z"]})
    opened = []
    pin = Committed.pin
    monkeypatch.setattr(
        Committed,
        "pin",
        lambda self, around, but: opened.extend(set(around.datasets) - set(but)) or pin(self, around, but=but),
    )

    good = promote(fact, lake, "f1", {"k": [1, 3, None]})
    bad = promote(fact, lake, "f2", {"k": [1, 4, 5]})

    assert good.state is COMMITTED
    assert good.verdict.context.slots == {"core/dim": (("d1", 1), ("d2", 1))}
    assert [one.diagnostics["failed"] for one in bad.verdict.results if one.type == "relationship"] == [2]
    assert opened == [], "no whole file was read"


# --- files without a lake -----------------------------------------------------------------------------------------


def test_files_that_are_no_batch_have_no_table_around_them(tmp_path):
    verdict = check(str(contract(tmp_path)), pa.table({"id": [1, 1], "n": [1, 1]}))

    told = {one.key: (str(one.outcome), one.reason) for one in verdict.results}
    assert told[IN_TABLE] == ("not applicable", "no batch of a lake is judged: there is no table to look at")
    assert told["fact.primaryKey"][0] == "failed"


def test_scope_says_nothing_more_within_a_batch(tmp_path, lake):
    path = contract(tmp_path, KEY, scope="batch")
    promote(path, lake, "b1", {"id": [1], "n": [1]})

    second = promote(path, lake, "b2", {"id": [1], "n": [1]})

    assert second.state is COMMITTED
    assert IN_TABLE not in outcomes(second)


# --- made anew ----------------------------------------------------------------------------------------------------


def kept(lake):
    """Every file of the table's state, with its bytes."""
    folder = (lake / TARGET.state).parent
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_made_anew_is_what_ten_promotions_made_byte_for_byte(tmp_path, lake):
    path = contract(tmp_path, [{"name": "id", "primaryKey": True}, {"name": "n", "unique": True}])
    for n in range(10):
        rows = {"id": [f"{n}-{i}" for i in range(50)], "n": [None, *range(n * 100, n * 100 + 49)]}
        assert promote(path, lake, f"b{n}", rows).state is COMMITTED
    before = kept(lake)
    nothing_at_all(lake)

    done = rebuilt([str(path)], str(lake))

    assert kept(lake) == before
    assert len(before) == 1 + 10 * 2
    assert done.exit_code == 0
    assert [(one.batch, one.what) for one in done.tables[0].differences] == [
        (f"b{n}", "nothing was kept of it") for n in range(10)
    ]
    assert rebuilt([str(path)], str(lake)).tables[0].differences == ()


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (flipped_index, "the file of primaryKey was damaged"),
        (no_index, "the file of primaryKey was damaged"),
        (wrong_slot, "what was kept was of slot 7, slot 1 is committed"),
        (no_keys, "the index of primaryKey was missing"),
        (other_columns, "the index of primaryKey was otherwise"),
    ],
)
def test_what_was_otherwise_is_told_and_mended(tmp_path, lake, lie, told):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1, 2], "n": [1, 1]})
    promote(path, lake, "b2", {"id": [3], "n": [1]})
    before = kept(lake)
    lie(lake)

    done = rebuilt([str(path)], str(lake))

    assert [(one.batch, one.what) for one in done.tables[0].differences] == [("b1", told)]
    assert kept(lake) == before


def test_the_index_of_a_replaced_revision_is_garbage_after_its_grace(tmp_path, lake):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1], "n": [1]})
    promote(path, lake, "b1", {"id": [2], "n": [1]})
    store, now = LocalLake(lake), dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)

    fresh = tidy.indexes(store, TARGET, now, dt.timedelta(hours=1))
    old = tidy.indexes(store, TARGET, now, dt.timedelta(0))

    assert fresh == ()
    assert [one.where.split("/")[-2] for one in old] == ["000001"]
    store.discard(old[0].item)
    assert promote(path, lake, "b2", {"id": [2], "n": [1]}).state is QUARANTINED
    assert promote(path, lake, "b3", {"id": [1], "n": [1]}).state is COMMITTED


def test_the_command_says_what_was_otherwise(tmp_path, lake, capsys):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1], "n": [1]})
    no_document(lake)

    with pytest.raises(SystemExit) as ended:
        main(["state", "rebuild", str(path), "--lake", str(lake)])

    assert ended.value.code == 0
    assert capsys.readouterr().out == "core/fact: 1 batch, 1 thing was otherwise\n  b1: nothing was kept of it\n"


# --- told before any data is there ----------------------------------------------------------------------------------


def test_a_plan_shows_the_passes_beside_other_batches(tmp_path, capsys):
    rule = {"id": "d", "metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["n"]}}
    rule["customProperties"] = [{"property": "lakegate", "value": {"scope": "table"}}]
    path = contract(tmp_path, quality=[rule])

    with pytest.raises(SystemExit):
        main(["plan", str(path)])

    told = capsys.readouterr().out
    assert "keys that other batches hold: fact.primaryKey.table" in told
    assert "duplicates of a key, beside those of other batches: fact.quality.d" in told


def test_what_sees_one_batch_is_not_made_of_a_table_wide_rule(tmp_path):
    with pytest.raises(UsageError, match="it looks at the other batches of the table"):
        to_pandera(str(contract(tmp_path)))


def test_a_field_of_an_object_is_a_key_too(tmp_path, lake):
    inner = [{"name": "id", "unique": True}]
    path = contract(tmp_path, [{"name": "o", "logicalType": "object", "properties": inner}])
    assert promote(path, lake, "b1", {"o": [{"id": 1}, {"id": None}]}).state is COMMITTED

    second = promote(path, lake, "b2", {"o": [{"id": 2}, {"id": 1}]})

    assert failed(second) == {"fact.o.id.unique.table": "got 1 row with a key that another batch holds, expected none"}


def test_a_batch_is_tried_against_the_table_and_nothing_is_moved(tmp_path, lake):
    path = contract(tmp_path)
    promote(path, lake, "b1", {"id": [1], "n": [1]})
    propose(lake, "b2", {"id": [1], "n": [1]})

    with opened(Asked(load(path), str(lake))) as (run,):
        verdict = run.judge_batch("b2")

    assert verdict.exit_code == 1
    assert verdict.context.sequence == 1


def of_text(path, version, **types):
    """Turn a contract into one of CSV, in another version with these columns, `id` being the key."""
    document = json.loads(path.read_text()) | {"version": version}
    document["servers"] = [{**server, "format": "csv"} for server in document["servers"]]
    document["schema"][0]["properties"] = [
        {"name": name, "logicalType": kind, "primaryKey": name == "id"} for name, kind in types.items()
    ]
    path.write_text(json.dumps(document))
    return path


def test_an_old_batch_whose_keys_cannot_be_read_is_an_error_and_no_pass(tmp_path, lake):
    arrive(lake, "b1", "id,n\nx,1\n")
    assert (
        promote(of_text(contract(tmp_path, scope="batch"), "1", id="string", n="string"), lake, "b1").state is COMMITTED
    )
    arrive(lake, "b2", "id,n\n1,1\n")

    with pytest.raises(CouldNotEvaluate, match="the keys of a committed batch cannot be read: id has another type"):
        promote(of_text(contract(tmp_path), "2", id="integer", n="string"), lake, "b2")


def test_other_columns_of_an_old_batch_may_be_what_they_were(tmp_path, lake):
    arrive(lake, "b1", "id,n\nx,one\n")
    assert (
        promote(of_text(contract(tmp_path, scope="batch"), "1", id="string", n="string"), lake, "b1").state is COMMITTED
    )
    arrive(lake, "b2", "id,n\ny,1\n")
    arrive(lake, "b3", "id,n\nx,1\n")
    path = of_text(contract(tmp_path), "2", id="string", n="integer")

    assert promote(path, lake, "b2").state is COMMITTED
    assert promote(path, lake, "b3").state is QUARANTINED


def arrive(lake, batch, text):
    folder = lake / "02-transient-zone/_candidates/core/fact" / batch
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(text)
    (folder / "_SUCCESS").touch()
