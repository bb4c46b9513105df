"""Which batches belong together, and which batches a table has."""

from types import SimpleNamespace

import pytest

from lakegate.errors import UsageError
from lakegate.gate.belonging import belonging
from lakegate.lake.zones import KeyTemplate, shared_fields
from lakegate.warehouse.recipe import keys, recipe_in


def record(batch):
    return SimpleNamespace(batch=batch, dataset="a/b")


HOURS = [record(f"dt=2026-01-0{day}/hour={hour}") for day in (1, 2) for hour in ("00", "01")]


@pytest.mark.parametrize(
    ("template", "key", "other", "records", "belong"),
    [
        ("dt={date}", "dt=2026-01-02", "dt={date}/hour={hour}", HOURS, HOURS[2:]),
        ("dt={date}/hour={hour}", "dt=2026-01-02/hour=01", "{date}.csv", [record("2026-01-02.csv")], 1),
        ("month={month}", "month=2013-01", "m-{month}", [record("m-2013-01"), record("m-2013-02")], 1),
        ("all", "all", "dt={date}", [record("dt=1"), record("dt=2")], 2),
        ("dt={date}", "dt=1", "edition={edition}", [record("edition=7"), record("edition=8")], 2),
        ("dt={date}", "dt=1", None, [record("anything")], 1),
        (None, "anything", "dt={date}", [record("dt=1")], 1),
        ("dt={date}", "dt=3", "day={date}", [record("day=1")], 0),
    ],
)
def test_batches_belong_together_that_agree_in_the_fields_of_the_same_name(template, key, other, records, belong):
    found = belonging(template, key, records, other)

    assert list(found) == belong if isinstance(belong, list) else len(found) == belong


def test_a_key_that_is_not_of_its_template_belongs_nowhere():
    with pytest.raises(UsageError, match="is not of the form"):
        shared_fields("dt={date}", "2026-01-01", "dt={date}")
    with pytest.raises(UsageError, match="was changed: to which batches it belongs cannot be told"):
        belonging("dt={date}", "dt=1", [record("day=1")], "dt={date}")


def test_a_key_is_made_of_fields():
    assert KeyTemplate("dt={date}/hour={hour}").key({"hour": "05", "date": "d", "more": "x"}) == "dt=d/hour=05"
    assert KeyTemplate("all").names == ()


def table(template, *inputs):
    datasets = tuple((name, SimpleNamespace(name=name, template=name)) for name in inputs)
    return SimpleNamespace(name="core/t", dataset=SimpleNamespace(template=template), inputs=datasets)


def test_a_table_has_the_batches_of_every_input_that_knows_all_its_fields():
    committed = {
        "dt={date}/hour={hour}": [record("dt=10/hour=00"), record("dt=9/hour=00"), record("dt=9/hour=01")],
        "day={date}": [record("day=11")],
        "edition={edition}": [record("edition=1")],
    }

    found = keys(table("dt={date}", *committed), lambda dataset: committed[dataset.name])

    assert found == ("dt=9", "dt=10", "dt=11")
    assert keys(table("all"), lambda _: []) == ("all",)


@pytest.mark.parametrize(("template", "told"), [(None, "has no key template"), ("dt={date}", "no input of .* by date")])
def test_a_table_whose_batches_cannot_be_told_is_no_table_without_batches(template, told):
    with pytest.raises(UsageError, match=told):
        keys(table(template, "edition={edition}"), lambda _: [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"inputs": 1}', '{"sql_sha256": 3}', "[" * 100_000])
def test_a_manifest_that_tells_no_recipe_is_none(text):
    assert recipe_in(text) is None
