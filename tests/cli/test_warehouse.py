"""`lakegate build` and `rebuild`: what is printed, and every exit code."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakegate.cli import main
from warehouse import scene
from warehouse.conftest import arrived_once  # noqa: F401 - a fixture


@pytest.fixture
def lakegate(arrived_once, tmp_path):  # noqa: F811
    """Runs a command in a project of one's own; its lake is `../lake`."""
    shutil.copytree(arrived_once, tmp_path / "own")
    with scene.inside(tmp_path / "own" / "project"):
        yield lambda *arguments: CliRunner().invoke(main, arguments, env={"LAKEGATE_LAKE": "../lake"})


def test_all_is_built_and_promoted_and_counted(lakegate):
    first = lakegate("build", "--all", "--promote")
    again = lakegate("build", "--all", "--promote")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "core/fact_sale dt=2026-01-02: built; 2 rows; 'dt=2026-01-02' is committed as slot 1: 1 file" in first.stdout
    assert (
        "'dt=2026-01-03' is committed as slot 1: 1 file\n  4 rows: 3 go on, 1 set apart (25.0 %) by 1 rule\n"
        in first.stdout
    )
    assert (
        "\nstage/sales dt=2026-01-01: built; 3 rows; 'dt=2026-01-01' is committed as slot 1: 1 file\nst"
        in "\n" + first.stdout
    )
    assert first.stdout.endswith("11 built\n")
    assert again.stdout.endswith("11 up to date\n")


def test_one_batch_is_looked_at_then_built_then_up_to_date(lakegate):
    batch = ("build", "stage/sales", "--batch", "dt=2026-01-01")

    looked = lakegate(*batch, "--dry-run")
    built = lakegate(*batch, "--json")

    assert looked.stdout.startswith("stage/sales dt=2026-01-01: to be built\n  shop/sales dt=2026-01-01 slot 1\n")
    (told,) = json.loads(built.stdout)
    assert (told["state"], told["rows"], told["exitCode"]) == ("built", 3, 0)
    assert lakegate(*batch, "--dry-run", "--json").stdout.count('"proposed already"') == 1


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("build",), 2, "expected TABLE --batch KEY, TABLE --all, or --all"),
        (("build", "--batch", "dt=2026-01-01"), 2, "expected TABLE"),
        (("build", "--all", "--dry-run"), 2, "--dry-run shows one batch"),
        (("build", "stage/sale", "--all"), 2, "did you mean stage/sales?"),
        (
            ("build", "cleanse/sales", "--batch", "dt=2026-01-01"),
            3,
            "\nlakegate: cleanse/sales dt=2026-01-01 waits for stage/sales",
        ),
        (
            ("build", "cleanse/sales", "--all"),
            3,
            "\nlakegate: cleanse/sales waits for stage/sales: no batch is committed",
        ),
        (("rebuild", "--into", "../lake"), 2, "not rebuilt into itself"),
        (("rebuild", "--into", "../none"), 2, "is no folder"),
    ],
)
def test_what_cannot_be_is_told(lakegate, arguments, code, told):
    done = lakegate(*arguments)

    assert done.exit_code == code, done.output
    assert told in done.stderr


def test_a_machine_is_told_how_many_rows_were_set_apart(lakegate):
    lakegate("build", "stage/sales", "--all", "--promote")

    done = json.loads(lakegate("build", "cleanse/sales", "--all", "--promote", "--json").stdout)
    again = json.loads(lakegate("build", "cleanse/sales", "--all", "--promote", "--json").stdout)

    assert [(one["rows"], one["setApart"], one["verdict"]) for one in done] == [
        (2, 0, "passed"),
        (2, 0, "passed"),
        (4, 1, "passed with warnings"),
    ]
    assert [(one["state"], one["setApart"], one["verdict"]) for one in again] == [("up to date", None, None)] * 3


def test_what_is_blocked_names_its_report(lakegate):
    sql = Path("dags/sql/core/dim_shop.sql")
    sql.write_text(sql.read_text().replace("city", "NULLIF(city, 'Bern') AS city", 1))

    done = lakegate("build", "core/dim_shop", "--all", "--promote")

    assert done.exit_code == 1
    assert "violates its contract" in done.stdout
    assert "  report: " in done.stdout
    assert done.stdout.endswith("1 blocked\n")
