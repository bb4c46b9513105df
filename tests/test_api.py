"""What programs call: any contract, any data, the same verdict; and what a caller does wrong."""

import json
import multiprocessing

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakegate
from checks.asked import CSV, EVERY_WAY, JSON, contract, judged, written
from lakegate.api import check
from lakegate.errors import ContractError, UsageError

A = {"name": "a", "logicalType": "integer", "required": True}
B = {"name": "b", "logicalType": "integer"}
DATA = {"a": [1, None], "b": [1, 2]}


def test_every_way_comes_to_the_same(tmp_path):
    told = {
        way: [(one.key, one.outcome, one.reason) for one in judged(contract(A, B), DATA, way, tmp_path).results]
        for way in EVERY_WAY
    }

    assert all(results == told[CSV] for results in told.values())


def test_a_contract_is_a_dict_a_path_or_loaded(tmp_path):
    path = tmp_path / "x.odcs.yaml"
    path.write_text(json.dumps(contract(A, B)))

    codes = {
        lakegate.check(one, pa.table(DATA)).exit_code for one in (contract(A, B), path, str(path), lakegate.load(path))
    }

    assert codes == {1}


def test_several_files_are_one_batch(tmp_path):
    files = []
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        files.append(written(pa.table({"a": [1, 2]}), JSON, tmp_path / name))

    verdict = lakegate.check(contract({**A, "unique": True}), files)

    assert verdict.rows == 4
    assert [file.path for file in verdict.files] == ["x/data.jsonl", "y/data.jsonl"]
    assert verdict.exit_code == 1


def test_an_object_of_several_is_named():
    document = contract(A)
    document["schema"].append({"name": "u", "properties": [{"name": "b", "required": True}]})

    assert lakegate.check(document, pa.table({"b": [1]}), schema_name="u").model == "u"
    with pytest.raises(UsageError, match="several objects: t, u"):
        lakegate.check(document, pa.table({"b": [1]}))
    with pytest.raises(UsageError, match="no object 'v'"):
        lakegate.check(document, pa.table({"b": [1]}), schema_name="v")


def test_a_wrong_contract_is_an_error_before_any_data_is_read():
    with pytest.raises(ContractError):
        lakegate.check({"kind": "DataContract"}, "no such file.csv")


def test_no_file_is_named():
    with pytest.raises(UsageError, match="no file is named"):
        lakegate.check(contract(A, B), [])


def test_a_process_forked_from_one_that_has_checked_can_check_too():
    lakegate.check(contract(A, B), pa.table(DATA))

    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(exit_code).get(timeout=60) == 1


def exit_code() -> int:
    return lakegate.check(contract(A, B), pa.table(DATA)).exit_code


def test_other_datasets_stand_beside_a_table_or_a_file(tmp_path):
    parent = {"name": "planes", "properties": [{"name": "tail", "logicalType": "string"}]}
    child = {"name": "flights", "properties": [{"name": "tail", "logicalType": "string"}]}
    child["properties"][0]["relationships"] = [{"to": "planes.tail"}]
    both = contract() | {"schema": [child, parent]}
    flights, planes = pa.table({"tail": ["N1", "N2", None]}), pa.table({"tail": ["N1"]})
    name = f"{both['id']}/planes"

    beside_table = check(both, flights, beside={name: planes}, schema_name="flights")
    for table, file in ((flights, "flights"), (planes, "planes")):
        pq.write_table(table, tmp_path / f"{file}.parquet")
    beside_file = check(
        both, tmp_path / "flights.parquet", beside={name: tmp_path / "planes.parquet"}, schema_name="flights"
    )

    for found in (beside_table, beside_file):
        (orphans,) = [result for result in found.results if result.type == "relationship"]
        assert (orphans.outcome, orphans.diagnostics["failed"]) == ("failed", 1)
    assert beside_file.options["with"].keys() == {name}  # which rows they were is part of what was judged
    with pytest.raises(UsageError, match="looks at no dataset"):
        check(both, flights, beside={"plane": planes}, schema_name="flights")


def test_tables_of_every_library_stand_beside_each_other():
    orders = {"name": "orders", "properties": [{"name": "who", "relationships": [{"to": "people.name"}]}]}
    people = {"name": "people", "properties": [{"name": "name"}]}
    document = contract() | {"schema": [orders, people]}

    verdict = check(
        document,
        pd.DataFrame({"who": ["anna", "bert"]}),
        beside={f"{document['id']}/people": pl.DataFrame({"name": ["anna"]})},
        schema_name="orders",
    )

    assert [one.key for one in verdict.results if one.outcome == "failed"] == ["orders.who.relationship.people.name"]


def test_a_table_does_not_stand_beside_files(tmp_path):
    file = written(pa.table({"a": [1]}), JSON, tmp_path)

    with pytest.raises(UsageError, match="got a table for x beside files"):
        check(contract(A), file, beside={"x": pa.table({"b": [1]})})


# --- assert_contract --------------------------------------------------------------------------------------------------


def test_what_keeps_its_contract_gives_the_verdict():
    assert lakegate.assert_contract(pa.table({"a": [1], "b": [2]}), contract(A, B)).passes


def test_what_does_not_is_told_as_in_any_report():
    with pytest.raises(AssertionError) as raised:
        lakegate.assert_contract(pd.DataFrame(DATA).convert_dtypes(), contract(A, B))

    told = str(raised.value)
    assert "a is never null [required]" in told
    assert "1 of 2 rows (50.0 %)" in told
    assert "BLOCKED: 2 rows; " in told
    assert "again:" not in told  # no command names a table in memory


@pytest.mark.parametrize(
    ("document", "data", "told"),
    [
        (contract(A, B), {"a": [], "b": []}, "the batch holds at least 1 row"),  # nothing was judged
        (
            contract(A, quality=[{"type": "sql", "query": "SELECT CAST('x' AS INTEGER) FROM {object}", "mustBe": 1}]),
            {"a": [1]},
            "COULD NOT EVALUATE",
        ),
        (
            contract(A, quality=[{"type": "custom", "engine": "soda", "implementation": "rows > 0"}]),
            {"a": [1]},
            "UNSUPPORTED",
        ),
    ],
)
def test_what_was_not_judged_is_no_pass(document, data, told):
    with pytest.raises(AssertionError, match=told):
        lakegate.assert_contract(pa.table(data), document)


# --- a dataset's name for a contract ----------------------------------------------------------------------------------

ENDS = tuple(
    {"server": name, "type": "s3", "location": f"s3://lake/{place}/", "format": "parquet"}
    for name, place in (("in", "02-transient-zone/flights"), ("out", "warehouse/core/fact_flight"))
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of three contracts, one of them broken; the current directory is its root."""
    monkeypatch.chdir(tmp_path)
    core = contract(A, B, servers=ENDS, gate={"from": "in", "to": "out"})
    ends = tuple(
        {**end, "location": end["location"].replace("flights", "all").replace("fact_flight", "all")} for end in ENDS
    )
    several = contract(A, servers=ends, gate={"from": "in", "to": "out"}) | {"id": "s", "name": "shop"}
    several["schema"].append({"name": "u", "properties": [{"name": "b", "required": True}]})
    files = {"flights.odcs.yaml": core, "nyc/several.odcs.yaml": several, "nyc/broken.odcs.yaml": {"kind": 1}}
    for name, document in files.items():
        path = tmp_path / "contracts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("flights", "t"),  # the file under contracts/
        ("core/fact_flight", "t"),  # the place under its zone
        ("asked", "t"),  # the name that reports call it by
        ("shop/u", "u"),
        ("contracts/flights.odcs.yaml", "t"),
    ],
)
def test_a_contract_is_found_by_its_datasets_name(project, name, model):
    data = pa.table({"b": [1]} if model == "u" else {"a": [1], "b": [1]})

    assert lakegate.assert_contract(data, name).model == model


@pytest.mark.parametrize("name", ["shop", "core/all"])
def test_a_dataset_of_several_objects_needs_the_objects_name(project, name):
    with pytest.raises(UsageError, match="several objects: t, u"):
        check(name, pa.table({"b": [1]}))

    assert check("nyc/several", pa.table({"b": [1]}), schema_name="u").passes


def test_a_name_that_nobody_goes_by_is_told_with_the_near_one(project):
    with pytest.raises(UsageError, match=r"'core/fact_fligth' \(did you mean core/fact_flight\?; 1 cannot be loaded"):
        check("core/fact_fligth", pa.table({"a": [1]}))


def test_a_name_that_two_contracts_go_by_is_none(project, tmp_path):
    twin = contract(A, B, servers=ENDS, gate={"from": "in", "to": "out"}) | {"id": "twin"}
    (tmp_path / "contracts" / "twin.odcs.yaml").write_text(json.dumps(twin))

    with pytest.raises(UsageError, match="2 contracts go by it"):
        check("core/fact_flight", pa.table({"a": [1]}))


def test_the_contract_of_that_file_may_be_wrong(project):
    with pytest.raises(ContractError):
        check("nyc/broken", pa.table({"a": [1]}))


def test_files_are_read_as_the_contract_says_that_they_are_written(tmp_path):
    file = tmp_path / "rows.json"
    file.write_text('[{"a": 1}, {"a": 2}]')
    document = contract(A)
    document["servers"] = [
        {"server": "x", "type": "s3", "location": "s3://x/a/", "format": "json", "delimiter": "array"}
    ]

    assert lakegate.check(document, file).rows == 2


def test_a_rule_that_cannot_be_asked_is_told_with_the_file_of_its_contract(tmp_path):
    path = tmp_path / "x.odcs.yaml"
    rule = {"id": "r", "type": "sql", "query": "SELECT random()", "mustBe": 0}
    path.write_text(json.dumps(contract({**A, "quality": [rule]})))

    with pytest.raises(ContractError) as told:
        lakegate.check(path, pa.table(DATA))

    assert str(told.value).startswith(f"{path}: error bad-sql: t.a.quality.r: ")


@pytest.mark.parametrize("table", [pd.DataFrame(), pl.DataFrame(), pa.table({})])
def test_a_table_without_columns_is_no_empty_batch(table):
    verdict = lakegate.check(contract(A), table)

    assert verdict.exit_code == 1
    assert verdict.results[0].reason == "the table: no header: got no column, expected the declared ones"


def test_rows_that_are_no_table_are_told():
    with pytest.raises(UsageError, match="got list, expected a table"):
        lakegate.check(contract(A), [{"a": 1}])
