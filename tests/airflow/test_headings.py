"""What is read of a contract at parse time, and what is remembered of it."""

import os

import pytest

from lakegate.airflow import headings as module
from lakegate.airflow.headings import Broken, headings
from lakegate.contract import proofs
from lakegate.lake.zones import CANDIDATES
from warehouse.scene import CONTRACTS, write

RAW, FACT = CONTRACTS["shop/sales"], CONTRACTS["core/fact_sale"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "contracts"


def put(folder, text, name="one"):
    write(folder / f"{name}.odcs.yaml", text)


def forbid_parsing(monkeypatch):
    def parsed(source):
        raise AssertionError(f"{source.file} was parsed again")

    monkeypatch.setattr(module, "outline", parsed)


def test_a_heading_says_what_a_dag_needs(folder):
    put(folder, FACT)

    (found,) = headings(folder)

    (way,) = found.ways
    assert (found.id, found.name, found.upstream) == ("core-fact_sale", "core/fact_sale", ("core/dim_shop",))
    assert (way.dataset, way.source) == ("core/fact_sale", f"{CANDIDATES}/core/fact_sale/")
    assert (way.target, way.uri) == ("warehouse/core/fact_sale/", "s3://lake/warehouse/core/fact_sale/")
    assert (way.refers, way.of_warehouse) == (("core-dim_shop.dim_shop",), True)


def test_what_did_not_change_is_not_parsed_again(folder, monkeypatch):
    put(folder, FACT)
    first = list(headings(folder))
    forbid_parsing(monkeypatch)

    assert list(headings(folder)) == first


def test_the_key_is_the_content_not_the_path_nor_the_time(folder, monkeypatch):
    put(folder, RAW)
    (first,) = headings(folder)
    written = (folder / "one.odcs.yaml").stat()
    put(folder, RAW.replace("name: shop/sales", "name: shop/SALES"))
    os.utime(folder / "one.odcs.yaml", ns=(written.st_atime_ns, written.st_mtime_ns))

    (changed,) = headings(folder)
    put(folder, RAW, "elsewhere")
    forbid_parsing(monkeypatch)

    assert (first.name, changed.name) == ("shop/sales", "shop/SALES")
    assert [os.path.basename(one.path) for one in headings(folder)] == ["elsewhere.odcs.yaml", "one.odcs.yaml"]  # noqa: PTH119


@pytest.mark.parametrize("left", ["", "[]", '{"id": 1}', "{", '{"path": "x"}', "null"])
def test_what_is_no_heading_is_not_believed(folder, tmp_path, left):
    put(folder, RAW)
    first = list(headings(folder))
    for file in (tmp_path / "cache").glob("heading-*"):
        file.write_text(left)

    assert list(headings(folder)) == first


def test_a_cache_that_others_may_write_to_is_not_believed(folder, tmp_path, monkeypatch):
    put(folder, RAW)
    first = list(headings(folder))
    (tmp_path / "cache").chmod(0o777)
    for file in (tmp_path / "cache").glob("heading-*"):
        file.write_text(file.read_text().replace("shop/sales", "shop/others"))

    assert list(headings(folder)) == first


def test_without_a_cache_it_is_parsed(folder, tmp_path, monkeypatch):
    put(folder, RAW)
    (tmp_path / "cache").write_text("a file where a folder should be")

    assert [one.id for one in headings(folder)] == ["shop-sales"]


def test_a_cache_of_another_version_is_not_asked(folder, monkeypatch):
    put(folder, RAW)
    list(headings(folder))
    asked = []
    monkeypatch.setattr(module, "__version__", "999")
    monkeypatch.setattr(proofs, "recall", lambda kind, facts: asked.append(facts))

    list(headings(folder))

    assert asked[0][1] == "999"


@pytest.mark.parametrize(
    ("text", "identity", "told"),
    [
        ("id: torn\nname: [", "torn", "one.odcs.yaml"),
        (RAW.replace("to: to", "to: nowhere"), "shop-sales", "names no server to promote to"),
        (RAW.replace("kind: DataContract", "kind: Recipe"), "shop-sales", "not a data contract"),
        (RAW.replace("columns", "colums") + "      colums: open\n", "shop-sales", "colums"),
        ("just text", None, "one.odcs.yaml"),
        (
            RAW + "slaProperties: [{property: frequency, value: 1, unit: d, schedule: '61 * * * *'}]\n",
            "shop-sales",
            "61",
        ),
    ],
)
def test_a_contract_that_gates_nothing_it_could_is_broken(folder, text, identity, told):
    put(folder, text)

    (found,) = headings(folder)

    assert isinstance(found, Broken)
    assert found.id == identity
    assert told in found.told


def test_a_contract_without_ends_gates_nothing(folder):
    put(folder, RAW.split("customProperties")[0])

    assert list(headings(folder)) == []


def test_only_what_is_wanted_is_parsed(folder):
    put(folder, RAW)
    put(folder, "id: torn\nname: [", "two")

    found = list(headings(folder, lambda identity, path: identity == "shop-sales"))

    assert [one.id for one in found] == ["shop-sales"]
