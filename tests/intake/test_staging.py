"""What staging holds in memory."""

import duckdb
import pytest

from intake.batches import open_files, prop
from lakegate.intake import staging
from lakegate.intake.preflight import TextFacts


@pytest.mark.parametrize(
    ("size", "records", "group"),
    [
        (250_000_000, 1_000_000, 30_720),
        (10, 1, 30_720),
        (0, 0, 2_048),
        (6_000_000_000, 1_000_000, 4_096),
        (1_000_000_000, 1_000, 2_048),
    ],
)
def test_a_group_holds_fewer_rows_where_records_are_long(size, records, group):
    assert staging._rows_together(TextFacts(size, records, quoted_newlines=False, open_quote=False)) == group


@pytest.mark.parametrize(
    ("name", "form"), [("a.csv", "{},{}\n"), ("a.jsonl", '{{"id":{},"s":"{}"}}\n')], ids=["csv", "jsonl"]
)
def test_long_records_are_staged_in_small_groups(tmp_path, name, form):
    header = "id,s\n" if name == "a.csv" else ""
    data = header + "".join(form.format(row, "x" * 20_000) for row in range(3_000))

    opened = open_files(tmp_path, {name: data.encode()}, prop("id", "integer"), prop("s", "string"))

    with duckdb.connect() as connection:
        path = opened.rows.parts[0].path
        query = f"SELECT max(row_group_num_rows) FROM parquet_metadata('{path}')"
        assert connection.execute(query).fetchall()[0][0] <= 2_048
    assert opened.column("id") == list(range(3_000))
