"""A contract's examples: where they are found, what they show, and everything that must not pass for shown."""

import json

import pytest

from lakegate.commands.examples import Shortcomings, Unexpected, examples, prove, shortcomings
from lakegate.errors import ContractError, UsageError

ORDERS = {
    "name": "orders",
    "properties": [
        {"name": "id", "logicalType": "integer", "required": True, "unique": True},
        {"name": "amount", "logicalType": "number", "logicalTypeOptions": {"minimum": 0, "maximum": 100}},
        {
            "name": "customer",
            "logicalType": "string",
            "quality": [{"id": "known", "metric": "nullValues", "mustBe": 0, "severity": "warning"}],
        },
    ],
}
GOOD = "id,amount,customer\n1,2.5,anna\n2,3,bert\n"


def document(*objects, name="shop", **more) -> dict:
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": name,
        "version": "1.0.0",
        "status": "active",
        "schema": list(objects or (ORDERS,)),
        **more,
    }


def shop(folder, files: dict[str, str], contract: dict | None = None, name="shop"):
    """Write a contract and its examples into `folder`; return the contract's path."""
    path = folder / "contracts" / f"{name}.odcs.yaml"
    for place, text in {
        path.name: json.dumps(contract or document(name=name)),
        **{f"examples/{where}": text for where, text in files.items()},
    }.items():
        file = path.parent / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def one(path, title):
    (found,) = [example for example in examples(path) if example.title == title]
    return found


def bad(folder, name: str, rows: str, contract: dict | None = None):
    """Return the one bad example of a contract, made of `rows` beneath the usual header."""
    path = shop(folder, {f"bad/{name}": f"id,amount,customer\n{rows}"}, contract)
    return next(example for example in examples(path) if example.kind == "bad")


# --- where they lie ---------------------------------------------------------------------------------------------------


def test_every_file_and_every_folder_is_a_batch_the_good_ones_first(tmp_path):
    files = ("good/b.csv", "good/a/1.csv.gz", "good/a/deep/2.csv", "bad/amount.minimum@2.csv.gz", "bad/id.required.csv")
    quiet = ("good/_SUCCESS", "good/.hidden", "good/a/_SUCCESS", "README.md")
    path = shop(tmp_path, dict.fromkeys((*files, *quiet), GOOD))

    found = examples(path)

    assert [each.title for each in found] == ["good/a", "good/b", "bad/amount.minimum@2", "bad/id.required"]
    assert [file.name for file in found[0].files] == ["1.csv.gz", "2.csv"]
    assert [each.rule for each in found[2:]] == ["amount.minimum", "id.required"]
    assert shortcomings(path) == Shortcomings()


def test_of_several_contracts_in_a_folder_each_has_its_own(tmp_path):
    shop(tmp_path, {"shop/good/a.csv": GOOD})
    other = shop(tmp_path, {"other/good/b.csv": GOOD}, name="other")

    assert [each.title for each in examples(other)] == ["good/b"]


def test_of_several_objects_each_has_its_own(tmp_path):
    path = shop(tmp_path, {"orders/good/a.csv": GOOD}, document(ORDERS, {**ORDERS, "name": "returns"}))

    assert [each.title for each in examples(path)] == ["orders/good/a"]
    assert shortcomings(path).missing == ("returns has no examples",)
    assert prove(one(path, "orders/good/a")).model == "orders"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"bad/id.required.csv": GOOD}, "good holds no example: nothing shows that a batch can keep the contract"),
        ({"good/_SUCCESS": ""}, "good holds no example"),
        ({"good/a.csv": GOOD, "bad/_SUCCESS": ""}, "bad is empty"),
        ({"good/a.csv": GOOD, "bda/id.required.csv": GOOD}, "examples/bda is neither good, bad nor AS_OF"),
        ({"good/a.csv": GOOD, "good/a.csv.gz": GOOD}, "2 examples are called good/a: write good/a@2"),
        ({"odrers/good/a.csv": GOOD}, "the contract has no object 'odrers': did you mean orders?"),
    ],
)
def test_what_is_amiss_is_told(tmp_path, files, told):
    path = shop(tmp_path, files)

    (wrong,) = shortcomings(path).wrong

    assert told in wrong


def test_examples_that_belong_to_no_contract_are_told_once(tmp_path):
    first = shop(tmp_path, {"shop/good/a.csv": GOOD, "shpo/good/a.csv": GOOD}, name="a")
    second = shop(tmp_path, {"a/good/a.csv": GOOD}, name="shop")

    assert shortcomings(first).wrong == ("examples/shpo belongs to no contract: did you mean shop?",)
    assert shortcomings(second).wrong == ()


def test_a_contract_without_examples_has_none(tmp_path):
    path = shop(tmp_path, {})

    assert (shortcomings(path).wrong, shortcomings(path).missing) == ((), ("it has no examples",))


# --- what they show ---------------------------------------------------------------------------------------------------


def test_a_good_example_keeps_its_contract(tmp_path):
    path = shop(tmp_path, {"good/a.csv": GOOD, "good/b.csv": "id,amount,customer\n1,-2,anna\n"})

    assert prove(one(path, "good/a")).passes
    with pytest.raises(Unexpected, match="good/b should keep its contract, and does not"):
        prove(one(path, "good/b"))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("amount.minimum.csv", "1,-1,anna\n"),
        ("orders.amount.minimum.csv", "1,-1,anna\n"),
        ("amount.minimum@by far.csv", "1,-100,anna\n"),
        ("known.csv", "1,1,\n"),  # a rule that warns, by its id
        ("customer.quality.known.csv", "1,1,\n"),
        ("amount.minimum@warned.csv", "1,-1,\n"),  # beside a warning, which blocks nothing
        ("readable.csv", "1,1,anna\n2,2,bert,x\n"),
    ],
)
def test_a_bad_example_breaks_the_rule_in_its_name(tmp_path, name, rows):
    prove(bad(tmp_path, name, rows))


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("amount.minimum.csv", "1,1,anna\n", "should break orders.amount.minimum and nothing else, but no rule broke"),
        ("amount.minimum.csv", "1,101,anna\n", "but it broke orders.amount.maximum$"),
        ("amount.minimum.csv", "1,-1,anna\n1,2,bert\n", "but it broke orders.id.unique, orders.amount.minimum$"),
        ("amount.minimum.csv", "1,1,\n", "but it broke orders.customer.quality.known$"),
        ("known.csv", "1,-1,\n", "but it broke orders.amount.minimum$"),
    ],
)
def test_a_bad_example_that_breaks_something_else_shows_nothing(tmp_path, name, rows, told):
    with pytest.raises(Unexpected, match=told):
        prove(bad(tmp_path, name, rows))


def test_a_name_that_is_no_rule_is_told_with_the_near_one(tmp_path):
    with pytest.raises(UsageError, match=r"orders has no rule 'amount.minimun' \(did you mean amount.minimum\?\)"):
        prove(bad(tmp_path, "amount.minimun.csv", "1,-1,anna\n"))


def test_a_column_is_no_rule(tmp_path):
    with pytest.raises(UsageError, match="orders has no rule 'amount'"):
        prove(bad(tmp_path, "amount.csv", "1,-1,anna\n"))


def test_what_could_not_be_evaluated_breaks_no_rule(tmp_path):
    rule = {"id": "asks", "type": "sql", "query": "SELECT CAST(customer AS INTEGER) FROM {object}", "mustBe": 1}
    contract = document({**ORDERS, "quality": [rule]})

    with pytest.raises(Unexpected, match="what it breaks is not known") as raised:
        prove(bad(tmp_path, "asks.csv", "1,1,anna\n", contract))

    assert raised.value.verdict.exit_code == 5


def test_a_rule_that_is_not_supported_breaks_nothing(tmp_path):
    rule = {"id": "theirs", "type": "custom", "engine": "soda", "implementation": "rows > 0"}

    with pytest.raises(Unexpected, match="what it breaks is not known") as raised:
        prove(bad(tmp_path, "theirs.csv", "1,1,anna\n", document({**ORDERS, "quality": [rule]})))

    assert raised.value.verdict.exit_code == 2


def test_a_folder_without_files_is_no_batch(tmp_path):
    path = shop(tmp_path, {"good/a/_SUCCESS": ""})

    with pytest.raises(UsageError, match="examples/good/a holds no file"):
        prove(one(path, "good/a"))


def test_a_wrong_contract_shows_nothing(tmp_path):
    path = shop(tmp_path, {"good/a.csv": GOOD}, document(status=1))

    with pytest.raises(ContractError):
        prove(one(path, "good/a"))


def test_files_are_written_as_the_server_that_batches_come_from_says(tmp_path):
    server = {"type": "s3", "location": "s3://lake/02-transient-zone/shop/orders/", "format": "csv", "delimiter": ";"}
    target = {"type": "s3", "location": "s3://lake/01-raw-data-zone/shop/orders/", "format": "csv"}
    servers = [{"server": "in", **server}, {"server": "out", **target}]
    gate = {"property": "lakegate", "value": {"from": "in", "to": "out"}}
    contract = document(servers=servers, customProperties=[gate])
    path = shop(tmp_path, {"good/a.csv": GOOD.replace(",", ";")}, contract)

    assert prove(one(path, "good/a")).passes


# --- what stands beside them ------------------------------------------------------------------------------------------

CUSTOMERS = {"name": "customers", "properties": [{"name": "name", "logicalType": "string", "required": True}]}
BOUGHT = {
    "name": "orders",
    "properties": [{"name": "who", "logicalType": "string", "relationships": [{"to": "crm.customers.name"}]}],
}


def test_good_examples_of_other_datasets_stand_for_what_is_committed(tmp_path):
    customers = {"crm/good/a.csv": "name\nanna\n", "crm/good/b.csv": "name\nbert\n", "crm/bad/a.csv": "name\ncarl\n"}
    shop(tmp_path, customers, document(CUSTOMERS, name="crm"), "crm")
    rule = "who.relationship.crm.customers.name"
    files = {"shop/good/a.csv": "who\nanna\nbert\n", f"shop/bad/{rule}.csv": "who\nanna\ncarl\n"}
    path = shop(tmp_path, files, document(BOUGHT))

    for example in examples(path):
        prove(example)

    assert len(examples(path)) == 2


ALL_COME = {
    "id": "all_come",
    "type": "custom",
    "engine": "lakegate",
    "implementation": {"reconcile": "crm", "measure": "rows"},
}
NAME = {"name": "name", "logicalType": "string", "unique": True}
COPIES = {"name": "copies", "properties": [NAME], "quality": [ALL_COME]}


@pytest.mark.parametrize(
    ("rule", "rows"),
    [("all_come", "name\nanna\n"), ("name.unique", "name\nanna\nbert\nbert\n")],  # the second comes to three rows, too
)
def test_good_examples_of_what_it_is_reconciled_with_stand_for_its_inputs(tmp_path, rule, rows):
    customers = {"crm/good/a.csv": "name\nanna\n", "crm/good/b.csv": "name\nbert\n"}
    shop(tmp_path, customers, {**document(CUSTOMERS), "id": "crm", "name": "crm"}, "crm")
    files = {"shop/good/a.csv": "name\nanna\nbert\n", f"shop/bad/{rule}.csv": rows}
    path = shop(tmp_path, files, document(COPIES))

    for example in examples(path):
        prove(example)

    assert len(examples(path)) == 2


def test_a_bad_example_that_only_does_not_match_its_inputs_shows_nothing(tmp_path):
    shop(tmp_path, {"crm/good/a.csv": "name\nanna\n"}, {**document(CUSTOMERS), "id": "crm", "name": "crm"}, "crm")
    path = shop(tmp_path, {"shop/bad/name.unique.csv": "name\nanna\nbert\n"}, document(COPIES))

    with pytest.raises(Unexpected, match="only what came in does not match"):
        prove(one(path, "bad/name.unique"))


def test_another_dataset_without_good_examples_is_told(tmp_path):
    shop(tmp_path, {}, document(CUSTOMERS, name="crm"), "crm")
    path = shop(tmp_path, {"shop/good/a.csv": "who\nanna\n"}, document(BOUGHT))

    with pytest.raises(UsageError, match=r"looks at crm, which has no good example .*examples/crm/good"):
        prove(one(path, "good/a"))


# --- when they are looked at ------------------------------------------------------------------------------------------

FRESH = {"slaProperties": [{"property": "freshness", "value": 1, "unit": "d", "element": "events.at"}]}
EVENTS = {"name": "events", "properties": [{"name": "at", "logicalType": "timestamp", "required": True}]}
AT = "at\n2013-02-01T05:00:00\n"


def test_how_old_an_example_is_does_not_depend_on_today(tmp_path):
    files = {
        "good/a.csv": AT,
        "bad/sla.0.freshness.csv": "at\n2013-01-01T05:00:00\n",
        "AS_OF": "2013-02-01T06:00:00Z\n",
    }
    path = shop(tmp_path, files, document(EVENTS, **FRESH))

    told = [prove(example).context.as_of for example in examples(path)]

    assert told == ["2013-02-01T06:00:00+00:00"] * 2


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, r"nothing says when its examples are looked at \(write an instant into examples/AS_OF"),
        ({"AS_OF": "yesterday"}, "examples/AS_OF: got 'yesterday', expected an instant"),
    ],
)
def test_without_an_instant_nothing_is_shown(tmp_path, files, told):
    path = shop(tmp_path, {"good/a.csv": AT, **files}, document(EVENTS, **FRESH))

    with pytest.raises(UsageError, match=told):
        prove(one(path, "good/a"))
