"""What the demo shows of rows that were set apart."""

import duckdb

from lakegate.demo.layers import rejected_rows, set_apart

QUARANTINED = "02-transient-zone/_quarantine/cleanse/airports/edition%3D2014-01-01/0123456789ab"


def quarantine(lake, name, columns):
    """Write one row into the quarantine of cleanse/airports."""
    folder = lake / QUARANTINED
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"SELECT {columns}").write_parquet(str(folder / name))


def test_a_row_that_was_set_apart_is_shown_with_its_place_its_rules_and_what_broke_them(tmp_path):
    place = "'part.parquet' AS _lakegate_file, 397 AS _lakegate_row"
    rules = "['airports.utc_offset_hours.maximum', 'airports.time_zone.pattern'] AS _lakegate_rules"
    airport = "'DVT' AS airport, 'Deer Valley' AS airport_name, 8 AS utc_offset_hours, 'Asia/Chongqing' AS time_zone"
    quarantine(tmp_path, "part.parquet", f"{airport}, {rules}, {place}")

    lines = [line.plain for line in rejected_rows(tmp_path, ["cleanse/airports", "cleanse/weather"])]

    assert lines == [
        "cleanse/airports, row 397 of part.parquet",
        "  airport DVT, airport_name Deer Valley, utc_offset_hours 8, time_zone Asia/Chongqing",
        "  broke utc_offset_hours.maximum: 8",
        "  broke time_zone.pattern: Asia/Chongqing",
    ]


def test_a_whole_batch_in_quarantine_is_no_row_that_was_set_apart(tmp_path):
    quarantine(tmp_path, "part.parquet", "'DVT' AS airport")

    assert list(set_apart(tmp_path, "cleanse/airports")) == []


def test_rows_are_told_by_batch(tmp_path):
    beside = "['airports.time_zone.pattern'] AS _lakegate_rules, 'part.parquet' AS _lakegate_file, 1 AS _lakegate_row"
    quarantine(tmp_path, "part.parquet", f"'DVT' AS airport, {beside}")

    found = {
        batch: len(list(set_apart(tmp_path, "cleanse/airports", f"edition={batch}")))
        for batch in ("2013-01-01", "2014-01-01")
    }

    assert found == {"2013-01-01": 0, "2014-01-01": 1}
