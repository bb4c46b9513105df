"""Row-level gates, end to end: a candidate in Parquet, planted bad rows, what goes on, what is held back, and why."""

import json
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from lakegate.cli import main
from lakegate.gate import ledger
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake
from lakegate.lake.zones import Place

TABLE = Place("warehouse/cleanse", "orders")
CANDIDATES = "02-transient-zone/_candidates/cleanse/orders"
CONTRACT = "contracts/cleanse/orders.odcs.yaml"
PROPERTIES = [
    {"name": "id", "logicalType": "integer", "primaryKey": True, "required": True},
    {"name": "kind", "logicalType": "string", "enum": [{"value": "a"}, {"value": "b"}]},
    {"name": "cost", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}},
    {"name": "note", "logicalType": "string"},
]
ENUM, MINIMUM, KEY, REQUIRED = "orders.kind.enum", "orders.cost.minimum", "orders.primaryKey", "orders.id.required"


def contract(properties=PROPERTIES, gate=None, **more):
    servers = [
        {"server": name, "type": "s3", "location": f"s3://lake/{place}/", "format": "parquet"}
        for name, place in (("candidates", CANDIDATES), ("warehouse", "warehouse/cleanse/orders"))
    ]
    way = {"from": "candidates", "to": "warehouse", "quarantine": "rows", "max_rejected": "10 percent", **(gate or {})}
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "cleanse-orders",
        "name": "cleanse/orders",
        "version": "1.0.0",
        "status": "active",
        "servers": servers,
        "schema": [{"name": "orders", "properties": properties, **more}],
        "customProperties": [{"property": "lakegate", "value": way}],
    }


class World:
    def __init__(self, root):
        (root / "lake").mkdir()
        self.root, self.lake = root, LocalLake(root / "lake")
        create_layout(self.lake, "test")
        self.says(contract())

    def says(self, document):
        path = self.root / CONTRACT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def propose(self, batch="b1", **files):
        """Write a candidate: file name (without suffix) -> rows (id, kind, cost, note)."""
        folder = self.root / "lake" / CANDIDATES / batch
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in files.items():
            pq.write_table(table(rows), folder / f"{name}.parquet")
        (folder / "_SUCCESS").touch()

    def run(self, *arguments):
        return CliRunner().invoke(main, [*map(str, arguments), "--lake", "lake"], catch_exceptions=False)

    def promote(self, batch="b1"):
        return self.run("promote", CONTRACT, "--batch", batch)

    def report(self, batch="b1"):
        result = self.run("test", CONTRACT, "--batch", batch, "--output-format", "json")
        return json.loads(result.output), result.exit_code

    def record(self, batch="b1"):
        return ledger.latest(ledger.slots(self.lake, TABLE, batch))

    def committed(self):
        return rows_of(self.root / "lake" / key for key in ledger.paths(self.lake, TABLE))

    def held_back(self, record):
        return [
            row
            for file in record.rejected.files
            for row in pq.read_table(self.root / "lake" / file.key, partitioning=None).to_pylist()
        ]


def table(rows):
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    types = (pa.int64(), pa.string(), pa.decimal128(10, 2), pa.string())
    costs = [None if cost is None else Decimal(cost) for cost in columns[2]]
    arrays = [pa.array(list(one), kind) for one, kind in zip((*columns[:2], costs, columns[3]), types, strict=True)]
    return pa.table(arrays, names=["id", "kind", "cost", "note"])


def rows_of(paths):
    return [tuple(row.values()) for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]


def good(start, count):
    return [(n, "ab"[n % 2], n % 7, f"note {n}") for n in range(start, start + count)]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def test_good_rows_go_on_and_bad_ones_are_held_back_with_all_rules_they_broke(world):
    rows = good(0, 100)
    rows[3] = (3, "x", 1, None)  # enum
    rows[7] = (7, "a", -1, "cheap")  # minimum
    rows[50] = (50, "x", -2, "both")
    rows[99] = (98, "a", 1, "again")  # the key of row 98: nobody can tell which is right
    world.propose(part=rows, untouched=good(1000, 50))
    before = (world.root / "lake" / CANDIDATES / "b1" / "untouched.parquet").read_bytes()

    ended = world.promote()

    assert ended.exit_code == 0, ended.output
    record = world.record()
    rules = {ENUM: 2, MINIMUM: 2, KEY: 2}
    assert (record.rejected.rows_in, record.rejected.rows_out, record.rejected.rows) == (150, 145, 5)
    assert dict(record.rejected.rules) == rules
    assert record.rows == 145
    assert len(world.committed()) == 145
    assert set(world.committed()) == set(rows_of_lists(rows, {3, 7, 50, 98, 99})) | set(rows_of_lists(good(1000, 50)))
    held = {row["_lakegate_row"]: row for row in world.held_back(record)}
    assert {at: set(row["_lakegate_rules"]) for at, row in held.items()} == {
        4: {ENUM},
        8: {MINIMUM},
        51: {ENUM, MINIMUM},
        99: {KEY},
        100: {KEY},
    }
    assert {row["_lakegate_file"] for row in held.values()} == {"part.parquet"}
    assert (held[4]["id"], held[4]["kind"], held[4]["note"]) == (3, "x", None)
    (kept,) = [file for file in record.files if file.path == "untouched.parquet"]
    assert (world.root / "lake" / kept.key).read_bytes() == before
    assert {file.path for file in record.arrived} == {"part.parquet", "untouched.parquet"}
    assert not list((world.root / "lake" / CANDIDATES / "b1").glob("*"))  # what came is cleaned


def rows_of_lists(rows, without=()):
    return [
        (i, k, Decimal(c).quantize(Decimal("0.01")), n) for at, (i, k, c, n) in enumerate(rows) if at not in without
    ]


def test_the_verdict_tells_what_was_set_apart_and_judges_the_rest(world):
    rows = good(0, 100)
    rows[3] = (3, "x", -1, None)
    world.propose(part=rows)

    report, code = world.report()

    outcomes = {check["key"]: check for check in report["checks"]}
    assert code == 0
    assert [key for key, check in outcomes.items() if check["outcome"] == "rows set apart"] == [ENUM, MINIMUM]
    assert outcomes[ENUM]["diagnostics"]["failed"] == 1
    assert outcomes[ENUM]["locations"][0]["row"] == 4
    assert outcomes["orders.maxRejected"]["outcome"] == "passed"
    assert outcomes["orders.rowsAddUp"]["outcome"] == "passed"
    assert report["rows"] == 99


@pytest.mark.parametrize(("budget", "code"), [("2 percent", 0), ("1.99 percent", 1), ("2 rows", 0), (1, 1), (0, 1)])
def test_the_budget_is_kept_to_the_row(world, budget, code):
    world.says(contract(gate={"max_rejected": budget}))
    rows = good(0, 100)
    rows[3], rows[4] = (3, "x", 1, None), (4, "a", -1, None)
    world.propose(part=rows)

    ended = world.promote()

    assert ended.exit_code == code, ended.output
    if code:
        assert world.record() is None
        assert "the whole batch is kept out" in ended.output
        assert (
            len(list((world.root / "lake/02-transient-zone/_quarantine/cleanse/orders/b1").rglob("part.parquet"))) == 1
        )


def test_a_clean_batch_is_committed_as_it_arrived(world):
    world.propose(part=good(0, 10))
    before = (world.root / "lake" / CANDIDATES / "b1" / "part.parquet").read_bytes()

    assert (done := world.promote()).exit_code == 0, done.output

    record = world.record()
    assert (record.rejected, record.arrived) == (None, ())
    assert (world.root / "lake" / record.files[0].key).read_bytes() == before


def test_what_is_about_the_batch_still_blocks_and_then_nothing_is_set_apart(world):
    world.says(contract(quality=[{"id": "many", "metric": "rowCount", "mustBeGreaterThan": 99}]))
    rows = good(0, 100)
    rows[3] = (3, "x", 1, None)  # without it there are 99 rows
    world.propose(part=rows)

    ended = world.promote()

    assert ended.exit_code == 1, ended.output
    assert world.record() is None
    assert ENUM in json.dumps(world.report()[0])
    failed = [check["key"] for check in world.report()[0]["checks"] if check["outcome"] == "failed"]
    assert failed == [ENUM, "orders.quality.many"]


def test_the_action_of_one_rule_sets_apart_its_rows_alone(world):
    properties = [dict(one) for one in PROPERTIES]
    properties[3]["quality"] = [
        {
            "id": "noted",
            "metric": "nullValues",
            "mustBe": 0,
            "customProperties": [{"property": "lakegate", "value": {"action": "quarantine"}}],
        }
    ]
    world.says(contract(properties, gate={"quarantine": "batch"}))
    rows = good(0, 100)
    rows[3] = (3, "a", 1, None)
    world.propose("b1", part=rows)
    rows[4] = (4, "x", 1, "enum is no such rule")
    world.propose("b2", part=rows)

    assert world.promote("b1").exit_code == 0
    assert dict(world.record("b1").rejected.rules) == {"orders.note.quality.noted": 1}
    assert world.promote("b2").exit_code == 1


def test_a_rule_that_only_warns_sets_nothing_apart(world):
    properties = [dict(one) for one in PROPERTIES]
    properties[3]["quality"] = [{"id": "noted", "metric": "nullValues", "mustBe": 0, "severity": "warning"}]
    world.says(contract(properties))
    rows = good(0, 100)
    rows[3] = (3, "a", 1, None)
    world.propose(part=rows)

    assert (done := world.promote()).exit_code == 0, done.output
    assert world.record().rejected is None


def test_whoever_promotes_looks_or_browses_is_told_how_many_rows_were_set_apart(world):
    rows = good(0, 100)
    rows[3], rows[4] = (3, "z", 1, None), (4, "z", -1, None)
    world.propose(part=rows)

    done = world.promote()

    assert "100 rows: 98 go on, 2 set apart (2.00 %) by 2 rules" in done.output
    assert "slot 1, passed, 2 of 100 rows set apart" in world.run("status", CONTRACT).output
    page = (world.root / "lake/references/datasets/cleanse/orders/index.html").read_text()
    assert 'data-label="Rows">98</td>' in page
    assert 'data-label="Set apart">2</td>' in page


def test_null_keys_and_a_file_that_is_all_bad(world):
    world.says(contract(gate={"max_rejected": "50 percent"}))
    world.propose(bad=[(None, "a", 1, None), (None, "b", 1, None)], part=good(0, 10))

    assert (done := world.promote()).exit_code == 0, done.output

    record = world.record()
    assert dict(record.rejected.rules) == {REQUIRED: 2}
    assert len(world.committed()) == 10


def test_all_rows_bad_is_no_batch(world):
    world.says(contract(gate={"max_rejected": "100 percent"}))
    world.propose(part=[(1, "x", 1, None)])

    ended = world.promote()

    assert ended.exit_code == 1, ended.output  # min_rows: nothing would go on
    assert world.record() is None


def test_promoted_again_it_is_committed_already(world):
    rows = good(0, 100)
    rows[3] = (3, "x", 1, None)
    world.propose(part=rows)
    assert (done := world.promote()).exit_code == 0, done.output
    world.propose(part=rows)  # the very same bytes again

    ended = world.promote()

    assert ended.exit_code == 0
    assert "already committed" in ended.output
    assert world.record().slot == 1


@pytest.mark.parametrize("name", ["filename", "file_row_number"])
def test_a_column_that_is_called_as_we_call_ours_is_never_mistaken(world, name):
    world.says(contract([*PROPERTIES, {"name": name, "logicalType": "string"}]))
    rows = good(0, 100)
    rows[3] = (3, "x", 1, None)
    folder = world.root / "lake" / CANDIDATES / "b1"
    folder.mkdir(parents=True)
    pq.write_table(table(rows).append_column(name, pa.array(["z"] * 100)), folder / "part.parquet")
    (folder / "_SUCCESS").touch()

    ended = world.promote()

    assert ended.exit_code == 5, ended.output
    assert f"a column called '{name}'" in ended.output, ended.output
    assert world.record() is None


@pytest.mark.parametrize("value", ["TIMETZ '12:34:56+02'", "INTERVAL '1 month'", "{'a': 1}::VARIANT"])
def test_a_column_that_cannot_be_written_as_it_arrived_keeps_the_batch_out(world, value):
    world.says(contract(gate={"columns": "open"}))
    folder = world.root / "lake" / CANDIDATES / "b1"
    folder.mkdir(parents=True)
    of_row = "CASE WHEN i = 3 THEN 'x' ELSE 'a' END AS kind, 1::DECIMAL(10,2) AS cost, 'n' AS note"
    with duckdb.connect() as connection:
        select = f"SELECT i AS id, {of_row}, {value} AS more FROM range(100) AS t(i)"
        connection.execute(f"COPY ({select}) TO '{folder / 'part.parquet'}'")
    (folder / "_SUCCESS").touch()

    ended = world.promote()

    assert ended.exit_code == 5, ended.output
    assert "column 'more' is " in ended.output
    assert world.record() is None


LINES = {
    "name": "lines",
    "logicalType": "array",
    "items": {
        "logicalType": "object",
        "properties": [
            {"name": "sku", "logicalType": "string", "required": True},
            {"name": "count", "logicalType": "integer", "logicalTypeOptions": {"minimum": 1}},
        ],
    },
}


def test_an_order_is_held_back_for_one_of_its_lines(world):
    world.says(contract([PROPERTIES[0], LINES]))
    orders = [{"id": number, "lines": [{"sku": "x", "count": 1}, {"sku": "y", "count": 2}]} for number in range(40)]
    orders[3]["lines"][1]["sku"] = None
    orders[5]["lines"][0]["count"] = 0
    orders[7]["lines"] = [{"sku": None, "count": -1}]
    orders[9]["lines"] = []
    orders[11]["lines"] = None
    lines = pa.list_(pa.struct([("sku", pa.string()), ("count", pa.int64())]))
    folder = world.root / "lake" / CANDIDATES / "b1"
    folder.mkdir(parents=True)
    pq.write_table(
        pa.Table.from_pylist(orders, pa.schema([("id", pa.int64()), ("lines", lines)])), folder / "a.parquet"
    )
    (folder / "_SUCCESS").touch()

    assert (done := world.promote()).exit_code == 0, done.output

    held = {row["id"]: row["_lakegate_rules"] for row in world.held_back(world.record())}
    sku, minimum = "orders.lines[].sku.required", "orders.lines[].count.minimum"
    assert held == {3: [sku], 5: [minimum], 7: [sku, minimum]}
    assert world.record().rows == 37


def test_children_of_a_row_that_is_held_back_keep_the_batch_out(world):
    """What goes on is judged by itself: an order whose parent does not go on has none."""
    parent = {"name": "parent", "logicalType": "integer"}
    parent["relationships"] = [{"type": "foreignKey", "to": "orders.id"}]
    world.says(contract([*PROPERTIES[:2], parent]))
    folder = world.root / "lake" / CANDIDATES / "b1"
    folder.mkdir(parents=True)
    rows = [{"id": number, "kind": "a", "parent": max(number - 1, 0)} for number in range(30)]
    rows[29]["kind"] = "x"  # nobody's parent
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")
    (folder / "_SUCCESS").touch()
    assert world.report()[1] == 0
    rows[12]["kind"] = "x"
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")

    ended = world.promote()

    assert ended.exit_code == 1, ended.output
    assert "of the rows that would go on without those set apart\n      a.parquet row 14  key id=13" in ended.output
    assert world.record() is None
    checks = {check["type"]: check["outcome"] for check in world.report()[0]["checks"]}
    assert checks["enum"] == checks["relationship"] == "failed"
    assert checks["maxRejected"] == "not applicable"


def test_rows_that_go_on_are_named_by_their_place_as_they_arrived(world):
    properties = [dict(one) for one in PROPERTIES]
    properties[3]["quality"] = [{"id": "noted", "metric": "nullValues", "mustBe": 0, "severity": "warning"}]
    world.says(contract(properties))
    rows = good(0, 100)
    for number in (0, 1, 5, 99):
        rows[number] = (number, "x", 1, "apart")
    for number in (2, 4, 6, 98):
        rows[number] = (number, "a", 1, None)
    world.propose(part=rows)

    report, code = world.report()

    (warned,) = [check for check in report["checks"] if check["outcome"] == "warned"]
    assert code == 0
    assert [location["row"] for location in warned["locations"]] == [3, 5, 7, 99]


def test_nulls_are_told_of_the_rows_that_arrived(world):
    rows = good(0, 20)
    rows[3] = (3, "x", 1, None)
    world.propose(part=rows, untouched=[(n, None, 1, None) for n in range(100, 110)])

    told, exit_code = world.report()

    assert exit_code == 0
    assert (told["rows"], told["setApart"]["rows"], told["profile"]["rows"]) == (29, 30, 30)
    assert {one["name"]: one["nulls"] for one in told["profile"]["columns"]} == {
        "id": 0,
        "kind": 10,
        "cost": 0,
        "note": 11,
    }


def test_nulls_are_told_of_all_rows_where_those_that_would_go_on_do_not_keep_the_contract(world):
    quality = [{"id": "enough", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 19}]
    world.says(contract(quality=quality))
    world.propose(part=[*good(0, 19), (19, "x", 1, None)])

    told, exit_code = world.report()

    assert exit_code == 1
    assert (told["rows"], told["profile"]["rows"]) == (20, 20)
    assert told["profile"]["columns"][3] == {"name": "note", "nulls": 1}
