"""Everything downstream of raw can be made again: the same rows, and where nothing was replaced the same bytes."""

from pathlib import Path

import pytest

from lakegate.commands import warehouse
from lakegate.errors import Refused, UsageError
from lakegate.lake.local import LocalLake
from lakegate.lake.overlay import Overlay
from warehouse import scene


def test_a_rebuilt_warehouse_holds_the_same_rows_and_bytes(built_lake, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    before = scene.tree(built_lake)

    done = warehouse.rebuilt(str(built_lake), str(other), warehouse.Asked())

    assert set(scene.told(done).values()) == {"committed"}
    for table in scene.SQL:
        assert scene.rows(built_lake, table) == scene.rows(other, table) != [], table
        assert scene.digests(built_lake, table) == scene.digests(other, table), table
    assert scene.tree(built_lake) == before, "nothing is written to what is rebuilt"
    assert not (other / "01-raw-data-zone").exists(), "nor is raw copied"


def test_a_rebuild_that_was_stopped_goes_on_and_another_is_refused(built_lake, tmp_path):
    other, third = tmp_path / "other", tmp_path / "third"
    other.mkdir()
    third.mkdir()
    stopped = []

    def stop(line):
        stopped.append(line)
        if len(stopped) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        warehouse.rebuilt(str(built_lake), str(other), warehouse.Asked(announce=stop))
    with pytest.raises(UsageError, match="is being rebuilt"):
        warehouse.rebuilt(str(third), str(other), warehouse.Asked())
    done = warehouse.rebuilt(str(built_lake), str(other), warehouse.Asked())

    states = list(scene.told(done).values())
    assert (states.count("up to date"), states.count("committed")) == (3, 8)
    assert scene.digests(built_lake, "mart/by_city") == scene.digests(other, "mart/by_city")


def test_what_no_sql_makes_again_is_told(built_lake, tmp_path):
    Path("dags/sql/mart/by_city.sql").unlink()
    (tmp_path / "other").mkdir()

    done = warehouse.rebuilt(str(built_lake), str(tmp_path / "other"), warehouse.Asked())

    (missing,) = [step for step in done if step.exit_code]
    assert (missing.table, missing.batch, missing.exit_code) == ("mart/by_city", "all", 2)
    assert "no SQL over its inputs makes it again" in str(missing.error)


def test_a_lake_that_holds_something_is_no_place_for_a_rebuild(lake, tmp_path):
    with pytest.raises(UsageError, match=r"'shop/sales' is committed in '.*/01-raw-data-zone/shop/sales'"):
        warehouse.rebuilt(str(tmp_path), str(lake), warehouse.Asked())
    with pytest.raises(UsageError, match="not rebuilt into itself"):
        warehouse.rebuilt(str(lake), str(lake), warehouse.Asked())


def test_nothing_is_written_below(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "above").mkdir()
    overlay = Overlay(LocalLake(tmp_path / "below"), LocalLake(tmp_path / "above"))

    with pytest.raises(Refused, match="only read"):
        overlay.put_if_absent("01-raw-data-zone/x", b"", "w")
    assert overlay.put_if_absent("warehouse/x", b"1", "w")

    assert overlay.read_all(["warehouse/x", "01-raw-data-zone/x"]) == [b"1", None]
    assert scene.tree(tmp_path).keys() == {"above/warehouse/x"}
