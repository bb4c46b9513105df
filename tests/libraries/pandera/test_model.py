"""Contracts as pandera models: what is refused, what warns, what hostile names do, and that the source stands alone."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.pandas as of_pandas
import pandera.polars as of_polars
import polars as pl
import pytest
from pandera.errors import SchemaErrors, SchemaWarning

import lakegate
from lakegate.cli import main
from lakegate.errors import UsageError
from lakegate.libraries.pandera.source import RESERVED

FLIGHTS = Path(__file__).parents[3] / "contracts" / "nyc" / "flights.odcs.yaml"
AIRPORTS = FLIGHTS.with_name("airports.odcs.yaml")


def contract(*properties, quality=(), **gate):
    """Return a contract of one object."""
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "orders",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "orders", "properties": list(properties), "quality": list(quality)}],
        "customProperties": [{"property": "lakegate", "value": gate}] if gate else [],
    }


AMOUNT = {"name": "amount", "logicalType": "integer", "required": True, "logicalTypeOptions": {"minimum": 0}}
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("backend", FRAMES)
def test_a_frame_is_guarded(backend):
    model = lakegate.to_pandera(contract(AMOUNT), backend)

    model.validate(FRAMES[backend]({"amount": [0, 1]}), lazy=True)

    for wrong in ({"amount": [0, -1]}, {"amount": ["a"]}, {"amount": [0], "more": [1]}, {"other": [1]}, {"amount": []}):
        with pytest.raises(SchemaErrors):
            model.validate(FRAMES[backend](wrong), lazy=True)


def test_a_lazy_frame_does_not_pass_unseen():
    model = lakegate.to_pandera(contract(AMOUNT), "polars")

    for rows in ([0, 1], [0, -1]):
        with pytest.raises(SchemaErrors, match="collect"):
            model.validate(pl.LazyFrame({"amount": rows}), lazy=True)


@pytest.mark.parametrize("backend", FRAMES)
def test_a_rule_that_only_warns_warns(backend):
    rule = {"metric": "nullValues", "mustBe": 0, "severity": "warning"}
    model = lakegate.to_pandera(contract({"name": "a", "logicalType": "string", "quality": [rule]}), backend)

    with pytest.warns(SchemaWarning):
        model.validate(FRAMES[backend]({"a": ["x", None]}), lazy=True)


SQL = {"id": "total", "type": "sql", "query": "SELECT count(*) FROM {object}", "mustBeGreaterThan": 0}
ITEMS = {"name": "tags", "logicalType": "array", "items": {"name": "tag", "logicalType": "string"}}


def test_what_cannot_be_said_is_refused_by_name():
    with pytest.raises(UsageError) as refused:
        lakegate.to_pandera(contract(AMOUNT, ITEMS, quality=[SQL]))

    assert "orders.quality.total: it is SQL" in str(refused.value)
    assert "orders.tags[].logicalType: it is about nested values" in str(refused.value)


def test_what_cannot_be_said_is_warned_of_where_it_is_asked():
    with pytest.warns(UserWarning, match=r"orders\.quality\.total: it is SQL"):
        model = lakegate.to_pandera(contract(AMOUNT, quality=[SQL]), unsupported="warn")

    with pytest.raises(SchemaErrors):
        model.validate(pd.DataFrame({"amount": [-1]}), lazy=True)


@pytest.mark.parametrize(
    ("implementation", "why"),
    [
        ({"measure": "rowCount", "against": {"maxZScore": 4}}, "it is judged beside earlier batches"),
        ({"reconcile": "cleanse/orders", "measure": "rows"}, "it looks at another dataset"),
    ],
)
def test_rules_that_look_beyond_the_batch_cannot_be_said(implementation, why):
    rule = {"id": "beyond", "type": "custom", "engine": "lakegate", "implementation": implementation}

    with pytest.raises(UsageError, match=f"orders.quality.beyond: {why}"):
        lakegate.to_pandera(contract(AMOUNT, quality=[rule]))


def test_prose_is_no_rule_that_is_left_out():
    lakegate.to_pandera(contract(AMOUNT, quality=[{"type": "text", "description": "amounts are plausible"}]))


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"backend": "spark"}, "expected pandas or polars"), ({"unsupported": "ignore"}, "expected 'refuse' or 'warn'")],
)
def test_words_that_nobody_knows(asked, said):
    with pytest.raises(UsageError, match=said):
        lakegate.to_pandera(contract(AMOUNT), **asked)


HOSTILE = [
    '"""\nimport os; os.abort()\n"""',
    "'); import os; os.abort(); ('",
    "class",
    "validate",
    "pa",
    "Any",
    "to_schema",
    "Config",
    "\\",
    "{x}",
    "__class__",
    "ünï",
    "1a",
    "a b",
    "a-b",
    "# x\u2028import os; os.abort()",
]


@pytest.mark.parametrize("backend", FRAMES)
def test_names_and_texts_are_never_code(backend):
    properties = [
        {
            "name": name,
            "logicalType": "string",
            "description": HOSTILE[0],
            "enum": [{"value": name}, {"value": "x"}],
            "quality": [{"metric": "invalidValues", "mustBe": 0, "name": name, "arguments": {"validValues": [name]}}],
        }
        for name in HOSTILE
    ]
    document = contract(*properties, quality=[{"type": "text", "id": "prose", "description": HOSTILE[0]}])
    document["schema"][0] |= {"name": HOSTILE[0], "description": HOSTILE[1]}

    model = lakegate.to_pandera(document, backend)

    model.validate(FRAMES[backend]({name: [name] for name in HOSTILE}), lazy=True)
    with pytest.raises(SchemaErrors):
        model.validate(FRAMES[backend]({name: ["x"] for name in HOSTILE}), lazy=True)


def test_every_name_of_a_model_is_taken():
    names = {name for each in (of_pandas, of_polars) for name in dir(each.DataFrameModel) if not name.startswith("_")}

    assert names - RESERVED == set()


def exported(capsys, *arguments):
    """Return what the command writes, and its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["export", "pandera", *arguments])
    told = capsys.readouterr()
    return told.out, told.err, ended.value.code


@pytest.mark.parametrize("backend", FRAMES)
def test_the_source_stands_alone_and_is_formatted(backend, capsys, tmp_path):
    source, told, code = exported(capsys, str(FLIGHTS), "--backend", backend)
    file = tmp_path / "flights.py"
    file.write_text(source)
    alone = f"import sys; sys.modules['lakegate'] = None; sys.path.append({str(tmp_path)!r}); import flights"
    asked = "; assert set(flights.Flights.to_schema().columns) >= {'carrier', 'dest'}"

    subprocess.run([sys.executable, "-c", alone + asked], check=True)
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "format", "--isolated", "--line-length", "120", "--check", file], check=True)
    assert code == 0
    assert "not in the model: flights.quality.a_batch_is_one_month: it is SQL" in told
    assert "# - flights.quality.a_batch_is_one_month: it is SQL" in source


def test_it_is_written_to_a_file(capsys, tmp_path):
    file = tmp_path / "airports.py"

    source, _, code = exported(capsys, str(AIRPORTS), "--output", str(file))

    assert (source, code) == ("", 0)
    assert "class Airports(pa.DataFrameModel):" in file.read_text()


def test_of_several_objects_one_is_named(capsys, tmp_path):
    document = contract(AMOUNT)
    document["schema"].append({"name": "items", "properties": [AMOUNT]})
    file = tmp_path / "two.odcs.json"
    file.write_text(json.dumps(document))

    _, told, code = exported(capsys, str(file))
    source, _, _ = exported(capsys, str(file), "--schema-name", "items")

    assert code == 2
    assert "--schema-name" in told
    assert "class Items(pa.DataFrameModel):" in source
