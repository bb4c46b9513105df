"""What programs call: any contract, any data, the same verdict; and what a caller does wrong."""

import json
import multiprocessing

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
