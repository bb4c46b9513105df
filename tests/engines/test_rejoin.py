"""What was split is put together again: the rows as they arrived, in their order, the same bytes each time."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakegate.engines import rejoin as module
from lakegate.engines import split
from lakegate.engines.rejoin import Apart, rejoin, rows_apart
from lakegate.rows import Part

ROWS = 25
WHOLE = pa.table(
    {
        "id": list(range(ROWS)),
        "text": [None if number % 5 == 0 else f"t{number}" for number in range(ROWS)],
        "deep": [{"a": [number], "b": None} for number in range(ROWS)],
        "at": pa.array([number * 1_000_000_001 for number in range(ROWS)], pa.timestamp("ns")),
        "raw": [bytes([255, number]) for number in range(ROWS)],
    }
)


@pytest.fixture
def halves(tmp_path, monkeypatch):
    """Return what takes a file apart by numbers of bad rows (from 0); three rows are read together."""
    monkeypatch.setattr(split, "TOGETHER", 3)
    monkeypatch.setattr(module, "TOGETHER", 4)

    def apart(bad):
        pq.write_table(WHOLE, tmp_path / "whole.parquet")
        masks = {"r": np.array(bad, dtype="int64"), "m0": np.array([1 + row % 3 for row in bad], dtype="uint64")}
        part = Part("deep/whole.parquet", str(tmp_path / "whole.parquet"), (), ROWS)
        split.write(part, masks, ["first", "second"], (tmp_path / "good.parquet", tmp_path / "bad.parquet"))
        return tmp_path / "good.parquet", tmp_path / "bad.parquet"

    return apart


@pytest.mark.parametrize(
    "bad",
    [[0], [24], [7], [0, 1, 2, 3, 4, 5], [22, 23, 24], [2, 3, 11, 12, 20], list(range(0, ROWS, 2)), list(range(ROWS))],
    ids=str,
)
def test_the_rows_are_those_that_arrived_in_their_order(halves, tmp_path, bad):
    good, apart = halves(bad)

    count = rejoin(good, apart, tmp_path / "out.parquet", "slot 1")

    again = pq.read_table(tmp_path / "out.parquet")
    assert count == ROWS
    assert again.schema.remove_metadata() == WHOLE.schema
    assert again.equals(WHOLE)


def test_a_file_of_which_nothing_went_on_is_put_together_from_what_was_set_apart(halves, tmp_path):
    _, apart = halves(list(range(ROWS)))

    assert rejoin(None, apart, tmp_path / "out.parquet", "") == ROWS
    assert pq.read_table(tmp_path / "out.parquet").equals(WHOLE)


def test_the_same_rows_and_note_give_the_same_bytes_and_another_note_others(halves, tmp_path):
    good, apart = halves([3, 4])

    for name, note in (("a", "slot 1"), ("b", "slot 1"), ("c", "slot 2")):
        rejoin(good, apart, tmp_path / name, note)

    first, second, third = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second != third


def test_halves_of_different_files_are_refused(halves, tmp_path):
    good, apart = halves([20])
    pq.write_table(WHOLE.slice(0, 5), tmp_path / "short.parquet")
    pq.write_table(WHOLE.drop_columns(["text"]), tmp_path / "other.parquet")

    with pytest.raises(ValueError, match="missing"):
        rejoin(tmp_path / "short.parquet", apart, tmp_path / "out1", "")
    with pytest.raises(ValueError, match="other columns"):
        rejoin(tmp_path / "other.parquet", apart, tmp_path / "out2", "")
    assert rejoin(good, apart, tmp_path / "out3", "") == ROWS


def test_each_row_set_apart_is_told_with_its_place_its_rules_and_its_values(halves):
    _, apart = halves([4, 5])

    told = list(rows_apart(apart))

    assert told[0] == Apart(
        5,
        ("second",),
        {
            "id": "4",
            "text": "t4",
            "deep": '{"a": [4], "b": null}',
            "at": "1970-01-01 00:00:04.000000004",
            "raw": "ff04",
        },
    )
    assert (told[1].row, told[1].rules, told[1].values["text"]) == (6, ("first", "second"), None)
    assert [row.values for row in rows_apart(apart, ["id"])] == [{"id": "4"}, {"id": "5"}]
