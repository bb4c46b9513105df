"""What lint says of transforms: in which file, on which line, and what to write."""

from pathlib import Path

import pytest

from lakegate.commands.contracts import linted
from warehouse import scene


@pytest.fixture
def project(tmp_path):
    """A project of the small chain; it is the current directory."""
    with scene.inside(scene.project(tmp_path / "project")):
        yield Path("dags/sql")


def problems(*paths):
    """What is wrong, without what is said of contracts alone."""
    found = linted(paths)
    return [(one.file, one.line, f"{one.message} ({one.hint})") for one in found if one.rule == "transform"]


def test_nothing_is_wrong_with_the_chain(project):
    assert problems("contracts") == []


def test_an_unknown_dataset_is_told_at_its_line_with_the_near_name(project):
    (project / "stage/sales.sql").write_text('SELECT id, shop, amount\nFROM "shop/sale"\nORDER BY ALL')

    ((file, line, told),) = problems("contracts")

    assert (file, line) == ("dags/sql/stage/sales.sql", 2)
    assert told == "no contract of the project is of the dataset 'shop/sale' (did you mean shop/sales?)"


def test_sql_without_a_contract_is_told_where_a_folder_is_linted(project):
    (project / "core/dim_shops.sql").write_text("SELECT 1 AS id ORDER BY id")

    ((file, line, told),) = problems("contracts")

    assert (file, line) == ("dags/sql/core/dim_shops.sql", 1)
    assert "'core/dim_shops' (did you mean core/dim_shop?)" in told
    assert problems("contracts/core/dim_shop.odcs.yaml") == []


def test_a_contract_is_linted_with_the_sql_of_its_table(project):
    (project / "core/dim_shop.sql").write_text('SELECT shop, city FROM "shop/shops" ORDER BY city')
    (project / "stage/sales.sql").write_text("SELECT")

    ((file, _, told),) = problems("contracts/core/dim_shop.odcs.yaml")

    assert file == "dags/sql/core/dim_shop.sql"
    assert told.startswith("ORDER BY does not hold shop of the primary key")


def test_a_circle_is_told(project):
    (project / "stage/sales.sql").write_text('SELECT id, shop, amount FROM "cleanse/sales" ORDER BY ALL')

    ((file, _, told),) = problems("contracts")

    assert file == "dags/sql"
    assert told.startswith("tables are made of each other: ")


def test_an_unknown_dataset_upstream_is_told_with_the_near_name(project):
    contract = Path("contracts/core/fact_sale.odcs.yaml")
    contract.write_text(contract.read_text().replace("[core/dim_shop]", "[core/dim_shop, core/dim_sopp]"))

    (found,) = [one for one in linted(["contracts"]) if one.rule == "unknown-reference"]

    assert "did you mean core/dim_shop?" in found.hint
    assert found.line == contract.read_text().splitlines().index("      upstream: [core/dim_shop, core/dim_sopp]") + 1


def test_two_contracts_that_let_the_same_batches_in_are_told_by_their_files(project):
    contract = Path("contracts/shop/sales.odcs.yaml")
    Path("contracts/shop/sales-old.odcs.yaml").write_text(contract.read_text().replace("id: shop-sales", "id: old"))

    found = linted(["contracts"])

    rivals = {one.file: one.message for one in found if one.rule == "rival-gate"}
    assert sorted(rivals) == ["contracts/shop/sales-old.odcs.yaml", str(contract)]
    assert "into 01-raw-data-zone/shop/sales/ by contracts/shop/sales-old.odcs.yaml, too" in rivals[str(contract)]
    (unknown,) = [one for one in found if one.rule == "transform"]
    assert unknown.message == "2 contracts are of the dataset 'shop/sales'"
    assert unknown.hint == "keep one of contracts/shop/sales-old.odcs.yaml, contracts/shop/sales.odcs.yaml"


def test_another_folder_of_transforms_is_a_setting(project):
    Path("lakegate.toml").write_text('transforms = "sql"')
    project.rename("sql")
    (Path("sql") / "core/dim_shop.sql").write_text("SELECT")

    ((file, _, _),) = problems("contracts")

    assert file == "sql/core/dim_shop.sql"
