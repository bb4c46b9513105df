"""Batches of tables: of which inputs, when they are up to date, what is proposed, what the gate then sees."""

import json
import re
from pathlib import Path

import pytest

from lakegate.api import Asked
from lakegate.commands import batches, warehouse
from lakegate.errors import EngineError, LakeError, NotReady, UsageError
from lakegate.lake.local import LocalLake
from lakegate.publish import documents, keys, rebuild
from warehouse import scene
from warehouse.scene import DAYS, build, records, rows, told


def drop(lake, table, batch):
    return lake / "02-transient-zone" / "_candidates" / table / batch


def test_the_chain_is_built_to_its_marts_and_is_up_to_date_then(lake, monkeypatch):
    first = build(lake)

    assert set(told(first).values()) == {"committed"}
    assert rows(lake, "mart/by_city") == [
        "[('amount', Decimal('1.65')), ('city', 'Bern')]",
        "[('amount', Decimal('18.45')), ('city', 'Basel')]",
    ]
    monkeypatch.setattr("lakegate.worker.process.subprocess.Popen", None)  # whoever starts a worker now fails
    assert {str(step.build.state) for step in build(lake)} == {"up to date"}


def test_one_batch_is_proposed_with_what_it_was_made_of(lake):
    (step,) = build(lake, "stage/sales", "dt=2026-01-02", promote=False)

    folder = drop(lake, "stage/sales", "dt=2026-01-02")
    manifest = json.loads((folder / "_MANIFEST.json").read_text())
    (file,) = manifest["files"]
    assert step.build.rows == 2
    assert file["path"] == f"part-{file['sha256'][:12]}.parquet"
    assert sorted(one.name for one in folder.iterdir()) == ["_MANIFEST.json", file["path"]]
    assert manifest["inputs"] == [{"dataset": "shop/sales", "batch": "dt=2026-01-02", "slot": 1}]
    assert manifest.keys() >= {"sql_sha256", "columns_sha256", "lakegate", "duckdb"}


def test_the_same_inputs_give_the_same_bytes(built_lake, tmp_path):
    build(built_lake)
    (tmp_path / "other").mkdir()
    scene.arrived(tmp_path / "other")
    build(tmp_path / "other")

    for table in scene.SQL:
        assert scene.digests(built_lake, table) == scene.digests(tmp_path / "other", table), table


def test_a_candidate_that_lies_there_is_kept_unless_it_is_damaged(lake):
    build(lake, "stage/sales", "dt=2026-01-02", promote=False)
    folder = drop(lake, "stage/sales", "dt=2026-01-02")
    before = scene.tree(folder)

    (kept,) = build(lake, "stage/sales", "dt=2026-01-02", promote=False)
    (part,) = folder.glob("part-*")
    part.chmod(0o644)
    part.write_bytes(b"something else")
    (mended,) = build(lake, "stage/sales", "dt=2026-01-02", promote=False)

    assert (kept.build.state, mended.build.state) == ("proposed already", "built")
    assert scene.tree(folder) == before


@pytest.mark.parametrize("left", ["_MANIFEST.json", "part-000000000000.parquet", "_SUCCESS"])
def test_what_a_killed_build_left_is_removed(lake, left):
    scene.write(drop(lake, "stage/sales", "dt=2026-01-02") / left, "left")

    (step,) = build(lake, "stage/sales", "dt=2026-01-02")

    assert told([step]) == {("stage/sales", "dt=2026-01-02"): "committed"}
    assert scene.tree(drop(lake, "stage/sales", "dt=2026-01-02")) == {}


def test_new_revision_of_an_input_makes_new_revisions_of_what_is_made_of_it_and_of_nothing_else(built_lake):
    contract = Path("contracts/shop/sales.odcs.yaml")
    contract.write_text(contract.read_text().replace("      batch:", "      on_change: new_revision\n      batch:"))
    contract.write_text(contract.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    scene.arrive(built_lake, "shop/sales", "dt=2026-01-02", "id,shop,amount\n3,a,3.00\n4,b,4.75\n")
    scene.promoted(built_lake, "shop/sales")

    again = told(build(built_lake))

    assert {one for one, state in again.items() if state == "committed"} == {
        ("stage/sales", "dt=2026-01-02"),
        ("cleanse/sales", "dt=2026-01-02"),
        ("core/fact_sale", "dt=2026-01-02"),
        ("mart/by_city", "all"),
    }
    assert {state for state in again.values() if state != "committed"} == {"up to date"}
    assert [(one.batch, one.slot) for one in records(built_lake, "core/fact_sale")] == [
        ("dt=2026-01-01", 1),
        ("dt=2026-01-02", 2),
        ("dt=2026-01-03", 1),
    ]
    assert set(told(build(built_lake)).values()) == {"up to date"}


def test_other_sql_is_built_again_and_where_the_same_bytes_come_out_nothing_else_is(built_lake):
    file = Path("dags/sql/stage/sales.sql")
    file.write_text("-- a comment\n" + file.read_text())

    changed = told(build(built_lake))

    assert {one for one, state in changed.items() if state == "unchanged"} == {
        ("stage/sales", f"dt={day}") for day in DAYS
    }
    assert set(changed.values()) == {"unchanged", "up to date"}
    assert set(told(build(built_lake)).values()) == {"up to date"}, "it is remembered"


def test_what_is_asked_for_again_is_built_again(lake):
    build(lake, "stage/sales", "dt=2026-01-02")

    (step,) = build(lake, "stage/sales", "dt=2026-01-02", again=True)

    assert step.build.state == "unchanged"


def test_a_candidate_of_inputs_that_were_replaced_is_taken_away(lake):
    build(lake, "stage/sales")
    file = Path("dags/sql/stage/sales.sql")
    text = file.read_text()
    file.write_text(text.replace("id, shop", "id, upper(shop) AS shop"))
    build(lake, "stage/sales", "dt=2026-01-02", promote=False)
    file.write_text(text)

    (step,) = build(lake, "stage/sales", "dt=2026-01-02", promote=False)

    assert step.build.state == "up to date"
    assert scene.tree(drop(lake, "stage/sales", "dt=2026-01-02")) == {}


def test_an_input_without_a_batch_is_waited_for_by_name(lake):
    (step,) = build(lake, "cleanse/sales", "dt=2026-01-02")

    assert isinstance(step.error, NotReady)
    assert str(step.error) == (
        "cleanse/sales dt=2026-01-02 waits for stage/sales: no batch of date 2026-01-02 of it is committed"
    )


def test_what_fails_keeps_nothing_else(lake):
    Path("dags/sql/stage/sales.sql").write_text('SELECT nothing FROM "shop/sales" ORDER BY id, shop, amount')

    done = build(lake)

    assert told(done)[("core/dim_shop", "all")] == "committed"
    assert [step.exit_code for step in done if step.table == "stage/sales"] == [2, 2, 2]
    assert {step.exit_code for step in done if step.table in ("cleanse/sales", "mart/by_city")} == {3}
    (told_,) = {str(step.error) for step in done if step.table == "stage/sales"}
    assert told_.startswith("dags/sql/stage/sales.sql: ")
    assert "nothing" in told_


def test_a_core_without_its_dimension_is_blocked_and_goes_on_when_it_is_there(lake):
    scene.write(
        Path("dags/sql/core/dim_shop.sql"), scene.SQL["core/dim_shop"].replace("ORDER", "WHERE shop <> 'b'\nORDER")
    )

    blocked = told(build(lake))
    scene.write(Path("dags/sql/core/dim_shop.sql"), scene.SQL["core/dim_shop"])
    mended = told(build(lake))

    facts = {batch: state for (table, batch), state in blocked.items() if table == "core/fact_sale"}
    assert facts == {"dt=2026-01-01": "quarantined", "dt=2026-01-02": "committed", "dt=2026-01-03": "quarantined"}
    assert {state for (table, _), state in mended.items() if table == "core/fact_sale"} == {"committed", "up to date"}
    assert rows(lake, "mart/by_city")[0] == "[('amount', Decimal('1.65')), ('city', 'Bern')]"


def test_nothing_is_promoted_before_a_batch_upstream(lake):
    build(lake, "stage/sales")
    build(lake, "cleanse/sales")

    (waits,) = build(lake, "core/fact_sale", "dt=2026-01-01")
    build(lake, "core/dim_shop", "all")
    (goes,) = build(lake, "core/fact_sale", "dt=2026-01-01")

    assert waits.promotion.message == (
        "'dt=2026-01-01' is not ready: it waits for core/dim_shop: no batch of it is committed"
    )
    assert (waits.exit_code, goes.exit_code) == (3, 0)
    assert goes.build.state == "proposed already"


def test_nor_is_it_judged(lake):
    for table in ("stage/sales", "cleanse/sales"):
        build(lake, table)
    build(lake, "core/fact_sale", "dt=2026-01-01", promote=False)

    with pytest.raises(NotReady, match="it waits for core/dim_shop: no batch of it is committed"):
        batches.judged(batches.Wanted("dt=2026-01-01"), Asked(Path("contracts/core/fact_sale.odcs.yaml"), str(lake)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("02-transient-zone/_candidates/stage/sales", "04-user-drop-zone/jane/sales"),
        ("batch: {", "batch: {by: file, "),
    ],
)
def test_nothing_is_built_where_others_put_their_files(lake, before, after):
    contract = Path("contracts/stage/sales.odcs.yaml")
    contract.write_text(contract.read_text().replace(before, after))

    with pytest.raises(UsageError, match="nothing is built there"):
        warehouse.looked("stage/sales", "dt=2026-01-01", str(lake))


def test_a_dry_run_shows_the_inputs_and_writes_nothing(lake):
    before = scene.tree(lake)

    work, seen = warehouse.looked("stage/sales", "dt=2026-01-01", str(lake))

    assert [(one.dataset, one.batch, one.slot) for one in work.recipe.inputs] == [("shop/sales", "dt=2026-01-01", 1)]
    assert seen.state == "to be built"
    assert scene.tree(lake) == before


def test_a_day_takes_its_hours_and_every_input_says_its_batch(tmp_path):
    contracts = {
        "shop/clicks": scene.contract(
            "shop/clicks",
            "01-raw-data-zone",
            "02-transient-zone",
            scene.column("n", "integer"),
            "dt={date}/hour={hour}",
        ),
        "stage/clicks": scene.table(
            "stage/clicks",
            scene.column("batch", "string", key=True) + scene.column("n", "integer") + scene.column("day", "string"),
            "dt={date}",
        ),
    }
    sql = {"stage/clicks": "SELECT batch, n, $date AS day FROM \"shop/clicks\" WHERE $batch <> '' ORDER BY batch"}
    with scene.inside(scene.project(tmp_path / "project", contracts, sql)):
        lake = tmp_path / "lake"
        for day, hour in (("2026-01-01", "00"), ("2026-01-01", "01"), ("2026-01-02", "00")):
            scene.arrive(
                lake, "shop/clicks", f"dt={day}/hour={hour}", f"n\n{hour}\n".replace("00", "7").replace("01", "8")
            )
        scene.promoted(lake, "shop/clicks")

        done = told(build(lake))

        assert done == {("stage/clicks", "dt=2026-01-01"): "committed", ("stage/clicks", "dt=2026-01-02"): "committed"}
        assert rows(lake, "stage/clicks")[:2] == [
            "[('batch', 'dt=2026-01-01/hour=00'), ('day', '2026-01-01'), ('n', 7)]",
            "[('batch', 'dt=2026-01-01/hour=01'), ('day', '2026-01-01'), ('n', 8)]",
        ]


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        (
            'SELECT id, shop, amount FROM "shop/sales" ORDER BY ALL',
            UsageError,
            r"amount is DOUBLE.*CAST\(amount AS DECIMAL",
        ),
        (
            'SELECT sum(id) AS id, shop, 1.0 AS amount FROM "shop/sales" GROUP BY shop ORDER BY ALL',
            UsageError,
            "HUGEINT: Parquet has no",
        ),
        (
            'SELECT CAST(shop AS INTEGER) AS id, shop, 1.0 AS amount FROM "shop/sales" ORDER BY ALL',
            EngineError,
            "Could not convert string ….*TRY_CAST",
        ),
    ],
)
def test_what_may_not_be_kept_or_cannot_be_computed_is_told(lake, sql, error, message):
    Path("dags/sql/stage/sales.sql").write_text(sql)

    (step,) = build(lake, "stage/sales", "dt=2026-01-01")

    assert isinstance(step.error, error)
    assert step.error.message.startswith("dags/sql/stage/sales.sql: ")
    assert re.search(message, str(step.error))


@pytest.mark.parametrize(
    ("table", "batch", "message"),
    [
        (
            "stage/sale",
            "dt=2026-01-01",
            "no contract of the project is of the dataset 'stage/sale' .did you mean stage/sales",
        ),
        ("shop/sales", "dt=2026-01-01", "is no table of the warehouse"),
        ("stage/sales", "2026-01-01", "is not of the form 'dt={date}'"),
    ],
)
def test_a_table_or_a_key_that_cannot_be_is_told(lake, table, batch, message):
    with pytest.raises(UsageError, match=message):
        warehouse.looked(table, batch, str(lake))


def test_tables_that_are_made_of_each_other_are_told(lake):
    Path("dags/sql/stage/sales.sql").write_text('SELECT id, shop, amount FROM "cleanse/sales" ORDER BY ALL')

    with pytest.raises(UsageError, match=r"tables are made of each other: .*sales -> .*sales -> .*sales"):
        build(lake)


def test_a_promoter_that_has_pinned_a_candidate_which_is_replaced_looks_again(lake):
    """A build in the middle of a promotion: the promoter finds its source changed, and commits what is there then."""
    build(lake, "stage/sales", "dt=2026-01-01", promote=False)
    file = Path("dags/sql/stage/sales.sql")
    text, fired = file.read_text(), []
    reading = LocalLake.stream

    def stream(self, entry):
        if entry.key.endswith(".parquet") and "_candidates" in entry.key and not fired:
            fired.append(entry.key)
            file.write_text(text.replace("id, shop", "id, upper(shop) AS shop"))
            build(lake, "stage/sales", "dt=2026-01-01", promote=False)
        return reading(self, entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalLake, "stream", stream)
        done = scene.promoted(lake, "stage/sales")

    assert [one.state for one in done] == ["committed"]
    assert sum("('shop', 'A')" in row for row in rows(lake, "stage/sales")) == 1


def test_a_tables_page_tells_what_its_batches_were_made_of_and_its_inputs_tell_of_it(built_lake):
    lake = LocalLake(built_lake)
    now = {name: entry.now for name, entry in documents.board(lake).items()}

    assert {name: (one.upstream, one.downstream) for name, one in now.items()} == {
        "shop/sales": ((), ("stage/sales",)),
        "shop/shops": ((), ("core/dim_shop",)),
        "stage/sales": (("shop/sales",), ("cleanse/sales",)),
        "cleanse/sales": (("stage/sales",), ("core/fact_sale",)),
        "core/dim_shop": (("shop/shops",), ("core/fact_sale", "mart/by_city")),
        "core/fact_sale": (("cleanse/sales", "core/dim_shop"), ("mart/by_city",)),
        "mart/by_city": (("core/dim_shop", "core/fact_sale"), ()),
    }
    assert "/shop/shops/index.html" in lake.read(keys.page("core/dim_shop")).decode()
    assert "/core/dim_shop/index.html" in lake.read(keys.page("shop/shops")).decode()
    assert rebuild.rebuild(lake).written == ()


def test_what_a_build_could_not_show_is_shown_by_the_next_although_all_is_up_to_date(lake, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("lakegate.publish.site.publish", lambda *_: (_ for _ in ()).throw(LakeError("no space")))
        build(lake, "stage/sales")
    assert "stage/sales" not in documents.board(LocalLake(lake))

    (again, *_) = build(lake, "stage/sales")

    assert str(again.build.state) == "up to date"
    assert documents.board(LocalLake(lake))["stage/sales"].now.upstream == ("shop/sales",)
