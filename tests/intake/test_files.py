"""Compression, magic bytes and names: INPUTS 61-67, 94, 96."""

import bz2
import gzip
import io

import pyarrow as pa
import pytest

from intake.batches import open_files, prop
from lakegate.errors import Refused, UsageError
from lakegate.intake.budget import Budget
from lakegate.intake.files import Codec, Format, chunks, format_of

TEXT = b"id,name\n" + b"".join(b"%d,name %d\n" % (at, at) for at in range(2000))
GZ = gzip.compress(TEXT, mtime=0)
ZST = pa.compress(TEXT, codec="zstd", asbytes=True)
BZ2 = bz2.compress(TEXT)
ID = prop("id", "integer")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", GZ),
        ("a.csv.gz", gzip.compress(TEXT[:5000], mtime=0) + gzip.compress(TEXT[5000:], mtime=0)),  # INPUTS 64
        ("a.csv.zst", ZST),
        ("a.csv.bz2", BZ2),
        ("a.csv.bz2", bz2.compress(TEXT[:5000]) + bz2.compress(TEXT[5000:])),
        (
            "a.csv.zst",
            pa.compress(TEXT[:5000], codec="zstd", asbytes=True) + pa.compress(TEXT[5000:], codec="zstd", asbytes=True),
        ),
    ],
)
def test_every_member_is_read(tmp_path, name, data):
    opened = open_files(tmp_path, {name: data}, ID)

    assert opened.defects == []
    assert opened.column("id") == list(range(2000))


@pytest.mark.parametrize(
    ("case", "name", "data"),
    [
        ("61 truncated gz", "a.csv.gz", GZ[:-20]),
        ("61 truncated in its trailer", "a.csv.gz", GZ[:-3]),
        ("62 wrong CRC", "a.csv.gz", GZ[:-8] + b"\0\0\0\0" + GZ[-4:]),
        ("63 trailing garbage", "a.csv.gz", GZ + b"garbage"),
        ("65 truncated zst", "a.csv.zst", ZST[:-20]),
        ("trailing garbage behind zst", "a.csv.zst", ZST + b"garbage"),
        ("truncated bz2", "a.csv.bz2", BZ2[:-20]),
        ("trailing garbage behind bz2", "a.csv.bz2", BZ2 + b"garbage"),
        ("a flipped bit in gz", "a.csv.gz", GZ[:50] + bytes([GZ[50] ^ 1]) + GZ[51:]),
        ("66 gz without the suffix", "a.csv", GZ),
        ("66 the suffix without gz", "a.csv.gz", TEXT),
        ("66 parquet under a wrong name", "a.csv", b"PAR1" + TEXT),
        ("66 text as parquet", "a.parquet", TEXT),
        ("94 zero bytes", "a.csv.gz", b""),
    ],
)
def test_a_damaged_file_is_unreadable(tmp_path, case, name, data):
    opened = open_files(tmp_path, {name: data, "good.csv": TEXT}, ID)

    assert [kind for kind, _ in opened.defects] == ["unreadable"]
    assert [part.name for part in opened.rows.parts] == ["good.csv"]


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (Budget(decompressed=2_000_000), r"bomb: got more than 2,000,000 bytes .*limits\.decompressed"),
        (Budget(floor=1_000_000, ratio=20), r"more than 20 times as many.*limits\.ratio"),
    ],
)
@pytest.mark.parametrize(
    ("codec", "data"),
    [
        (Codec.GZIP, gzip.compress(b"0" * 3_000_000, mtime=0)),
        (Codec.ZSTD, pa.compress(b"0" * 3_000_000, codec="zstd", asbytes=True)),
        (Codec.BZIP2, bz2.compress(b"0" * 3_000_000)),
    ],
)
def test_a_bomb_is_refused(budget, told, codec, data):
    with pytest.raises(Refused, match=told):
        list(chunks(io.BytesIO(data), codec, "bomb", budget))


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("a.csv", None, (Format.CSV, Codec.PLAIN)),
        ("x/A.CSV.GZ", None, (Format.CSV, Codec.GZIP)),
        ("a.jsonl.zst", None, (Format.JSON, Codec.ZSTD)),
        ("a.b.ndjson", None, (Format.JSON, Codec.PLAIN)),
        ("a.parquet", None, (Format.PARQUET, Codec.PLAIN)),
        ("part-0", "JSON", (Format.JSON, Codec.PLAIN)),
        ("part-0.gz", "csv", (Format.CSV, Codec.GZIP)),
    ],
)
def test_the_format_is_the_servers_else_the_suffix(name, declared, expected):
    assert format_of(name, declared) == expected


@pytest.mark.parametrize(("name", "declared"), [("a", None), ("a.gz", None), ("a.csv", "xml")])
def test_an_unknown_format_is_a_usage_error(name, declared):
    with pytest.raises(UsageError, match="expected one of"):
        format_of(name, declared)
