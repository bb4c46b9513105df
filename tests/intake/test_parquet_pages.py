"""Page checksums and what else the pages of a Parquet file say, against files of several writers."""

import contextlib
import io
import random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakegate.intake.files import BadFile
from lakegate.intake.formats.parquet_pages import check_pages, footprint

TABLE = pa.table(
    {
        "id": range(5000),
        "name": [f"name {n % 100}" for n in range(5000)],
        "maybe": [None if n % 3 else n / 7 for n in range(5000)],
        "tags": [["a", "b"][: n % 3] for n in range(5000)],
        "udo": [{"x": n, "y": None} for n in range(5000)],
    }
)


def written(tmp_path, **options):
    path = tmp_path / "a.parquet"
    pq.write_table(TABLE, path, **{"write_page_checksum": True, "data_page_size": 4096, **options})
    return path


def facts(path):
    return check_pages(path, pq.read_metadata(path))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_every_page_of_a_sound_file_is_checked(tmp_path, version, compression, dictionary):
    path = written(
        tmp_path,
        data_page_version=version,
        compression=compression,
        use_dictionary=dictionary,
        row_group_size=1000,
    )

    found = facts(path)

    assert found.pages == found.checked >= 30
    assert found.decoded > 0


def test_pages_without_a_checksum_are_walked(tmp_path):
    found = facts(written(tmp_path, write_page_checksum=False))

    assert found.checked == 0 < found.pages


@pytest.mark.parametrize("query", ["SELECT * FROM t", "SELECT * FROM t LIMIT 0", "SELECT NULL::INTEGER AS n FROM t"])
def test_files_of_another_writer_are_walked(tmp_path, query):
    path, t = tmp_path / "a.parquet", TABLE
    with duckdb.connect() as connection:
        connection.register("t", t)
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")

    facts(path)


def test_a_file_of_no_rows_is_walked(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(TABLE.slice(0, 0), path)

    facts(path)


def test_a_flipped_bit_in_any_page_is_found(tmp_path):
    path = written(tmp_path, row_group_size=2500)
    metadata = pq.read_metadata(path)
    whole, chance = path.read_bytes(), random.Random(4)
    chunks = [metadata.row_group(g).column(c) for g in range(2) for c in range(metadata.num_columns)]
    for _ in range(300):
        chunk = chance.choice(chunks)
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        at = chance.randrange(start, start + chunk.total_compressed_size)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        try:
            check_pages(path, metadata)
        except BadFile as bad:
            assert "row group" in bad.message  # noqa: PT017 - a flip in a header may be harmless
            continue
        with contextlib.suppress(OSError):  # a reader stumbles over it
            assert pq.read_table(path).equals(TABLE), f"a flip at {at} changed the data and was not found"


def test_the_message_says_which_page(tmp_path):
    path = written(tmp_path, use_dictionary=False)
    metadata = pq.read_metadata(path)
    chunk, data = metadata.row_group(0).column(0), bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(data)

    with pytest.raises(BadFile, match=r"got page \d+ of column 'id' in row group 0 with the checksum \w+, expected"):
        check_pages(path, metadata)


def test_a_file_cut_short_is_no_crash(tmp_path):
    path = written(tmp_path)
    metadata, whole = pq.read_metadata(path), path.read_bytes()
    last = metadata.row_group(metadata.num_row_groups - 1).column(metadata.num_columns - 1)
    for length in range(0, last.data_page_offset, 997):
        path.write_bytes(whole[:length])
        with pytest.raises(BadFile):
            check_pages(path, metadata)


def test_bytes_of_chance_are_no_crash(tmp_path):
    path = written(tmp_path)
    metadata, size = pq.read_metadata(path), path.stat().st_size
    chance = random.Random(5)
    for _ in range(200):
        path.write_bytes(chance.randbytes(size))
        with pytest.raises(BadFile):
            check_pages(path, metadata)


def test_the_footprint_is_a_lower_bound():
    out = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array([0] * 1000, pa.int64()), "b": ["x"] * 1000}), out)

    assert footprint(pq.read_metadata(out)) == 12_000
