"""INPUTS 61-67: what is compressed. Each test is called by its number in the list."""

from __future__ import annotations

import bz2
import gzip

import pyarrow as pa
import pytest

from inputs.world import prop

ID = prop("id", "integer")
NAME = prop("name", "string")
TEXT = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(2000))
GZ = gzip.compress(TEXT, mtime=0)
ZST = pa.compress(TEXT, codec="zstd", asbytes=True)
BZ2 = bz2.compress(TEXT)
BOMB = b"id,name\n1," + b"0" * 200_000_000 + b"\n"
LIMITS = '[limits]\ndecompressed = "100MB"\nratio = 100\nratio_floor = "1MB"\n'


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        pytest.param("a.csv.gz", GZ[:-20], "got a damaged gzip file (Compressed file ended", id="61"),
        pytest.param("a.csv.gz", GZ[:-3], "got a damaged gzip file (Compressed file ended", id="61, in its trailer"),
        pytest.param("a.csv.gz", GZ[:-8] + bytes(4) + GZ[-4:], "got a damaged gzip file (CRC check failed", id="62"),
        pytest.param("a.csv.gz", GZ + b"garbage", "got a damaged gzip file", id="63"),
        pytest.param("a.csv.bz2", BZ2[:-20], "got a damaged bzip2 file (it ends inside a stream)", id="61, bz2"),
        pytest.param("a.csv.bz2", BZ2 + b"garbage", "got a damaged bzip2 file", id="63, bz2"),
        pytest.param("a.csv.zst", ZST[:-20], "got a damaged zstd file (Truncated compressed stream)", id="65"),
        pytest.param("a.csv.zst", ZST + b"garbage", "got a damaged zstd file", id="63, zst"),
        pytest.param("a.csv", GZ, "got gzip content, expected plain: name and content disagree", id="66"),
        pytest.param("a.csv.gz", TEXT, "got plain content, expected gzip: name and content disagree", id="66, no gz"),
        pytest.param("a.csv.zst", GZ, "got gzip content, expected zstd: name and content disagree", id="66, other"),
    ],
)
def test_061_to_066_a_damaged_file(world, name, data, cause):
    world.contract(ID, NAME)
    world.arrive({name: data, "good.csv": TEXT})

    world.assert_ends(1, f"{name}: unreadable: {cause}")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", gzip.compress(TEXT[:5000]) + gzip.compress(TEXT[5000:])),
        ("a.csv.bz2", bz2.compress(TEXT[:5000]) + bz2.compress(TEXT[5000:])),
        ("a.csv.zst", b"".join(pa.compress(half, "zstd", asbytes=True) for half in (TEXT[:5000], TEXT[5000:]))),
    ],
)
def test_064_several_members_are_read_whole(world, name, data):
    world.contract(ID, NAME, gate={"min_rows": 2000})
    world.arrive({name: data})

    world.assert_ends(0, "is committed")


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.gz", lambda text: gzip.compress(text, 9)),
        ("a.csv.zst", lambda text: pa.compress(text, "zstd", asbytes=True)),
        ("a.csv.bz2", bz2.compress),
    ],
)
@pytest.mark.parametrize("setting", ["decompressed", "ratio"])
@pytest.mark.slow
def test_067_a_bomb(world, name, pack, setting):
    limits = LIMITS if setting == "ratio" else LIMITS.replace("ratio = 100\n", "ratio = 1000000\n")
    world.write("lakegate.toml", limits)
    world.contract(ID, NAME)
    world.arrive({name: pack(BOMB)})

    world.assert_ends(6, name, "expected no decompression bomb", f"limits.{setting}")
    assert not (world.lake / "02-transient-zone/_quarantine/in").exists()
