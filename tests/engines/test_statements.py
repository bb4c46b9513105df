"""What the report says that was asked, asked again by a reader in the folder of the batch's files."""

import duckdb
import pyarrow as pa
import pytest

from checks.asked import CSV, JSON, PARQUET, TABLE, contract, judged
from lakegate.checks.interface import Outcome

COLUMNS = (
    {"name": "id", "logicalType": "integer", "primaryKey": True},
    {
        "name": "the o'clock",
        "logicalType": "integer",
        "required": True,
        "logicalTypeOptions": {"minimum": 1, "maximum": 4},
        "quality": [{"type": "library", "metric": "nullValues", "mustBe": 0}],
    },
    {
        "name": "name",
        "logicalType": "string",
        "enum": [{"value": "a"}, {"value": "b"}],
        "logicalTypeOptions": {"pattern": "[a-z]+"},
    },
)
RULES = [
    {"type": "library", "metric": "rowCount", "mustBeGreaterThan": 2},
    {"type": "library", "metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "name"]}},
    {"type": "sql", "query": "SELECT count(*) FROM {object} WHERE id > 2", "mustBe": 0, "id": "own"},
]
DATA = pa.table({"id": [1, 2, 3, 3], "the o'clock": [0, 4, None, 9], "name": ["a", "B", "it's", "b"]})


def asked_again(verdict, folder, monkeypatch):
    """Return the first cell of each check's first query."""
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        connection.execute(verdict.opening)
        return {
            one.key: connection.execute(one.query.split(";")[0]).fetchone()
            for one in verdict.results
            if one.query and one.outcome is not Outcome.NOT_APPLICABLE
        }


@pytest.mark.parametrize("way", [PARQUET, CSV, JSON])
def test_a_reader_who_asks_again_counts_the_same(way, tmp_path, monkeypatch):
    verdict = judged(contract(*COLUMNS, quality=RULES), DATA, way, tmp_path)

    cells = asked_again(verdict, tmp_path, monkeypatch)

    assert len(cells) >= 10
    for one in verdict.results:
        if one.key in cells and "failed" in one.diagnostics:
            assert one.diagnostics["failed"] in cells[one.key], one.key
        elif one.key in cells and "value" in one.diagnostics:
            assert one.diagnostics["value"] in cells[one.key], one.key


def test_no_statement_holds_a_path_or_a_value_of_the_data(tmp_path):
    document = contract(*COLUMNS, quality=RULES)
    marked = pa.table({"id": [7007007, 1], "the o'clock": [7007007, 1], "name": ["7007007", "a"]})

    verdict = judged(document, marked, PARQUET, tmp_path, samples=True)

    told = "".join(one.query for one in verdict.results) + verdict.opening
    assert "7007007" not in told
    assert str(tmp_path) not in told


def test_what_was_not_measured_has_no_statement(tmp_path):
    document = contract({"name": "id", "required": True}, {"name": "absent", "required": True})

    verdict = judged(document, pa.table({"id": [1]}), PARQUET, tmp_path)

    told = {one.key: one.query for one in verdict.results}
    assert told["t.id.required"] == 'SELECT coalesce(count_if("id" IS NULL), 0)\nFROM "t"'
    assert told["t.absent.required"] == ""


def test_a_batch_that_cannot_be_read_has_none(tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    from lakegate.api import check

    verdict = check(contract({"name": "id", "required": True}), str(tmp_path / "data.parquet"))

    assert verdict.opening == ""
    assert {one.query for one in verdict.results} == {""}


def test_a_table_in_memory_and_a_name_that_is_a_pattern_are_opened_by_nobody(tmp_path):
    import pyarrow.parquet as pq

    from lakegate.api import check

    pq.write_table(DATA, tmp_path / "a[1].parquet")

    assert judged(contract(*COLUMNS), DATA, TABLE).opening == ""
    assert check(contract(*COLUMNS), str(tmp_path / "a[1].parquet")).opening == ""
