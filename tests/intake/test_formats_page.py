"""The page on formats names every format, every setting and every limit as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from lakegate.config import LEAST_MEMORY, NUMBERS, SIZES, limits_of
from lakegate.contract import source
from lakegate.contract.model import Sheet, TextDialect
from lakegate.contract.odcs import load
from lakegate.intake import scalar, staging
from lakegate.intake.files import _CODECS, _FORMATS, Codec, Format, format_of
from lakegate.intake.formats import excel, json_doubt, parquet_pages
from lakegate.lake import interface
from lakegate.rows import DefectKind
from lakegate.worker import process
from lakegate.worker.limits import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/formats.md").read_text()


def cells(first):
    """The cells of the row whose first one says `first`."""
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_settings_are_those_of_the_code_at_their_defaults(tmp_path):
    [toml] = blocks("toml")
    (tmp_path / "lakegate.toml").write_text(toml)

    assert limits_of(tmp_path) == Limits()
    assert sorted(re.findall(r"^(\w+) =", toml, flags=re.MULTILINE)) == sorted((*SIZES, *NUMBERS))


@pytest.mark.parametrize("setting", [*SIZES, *NUMBERS])
def test_every_setting_has_its_row(setting):
    [default] = re.findall(rf"^{setting} = (.+)$", blocks("toml")[0], flags=re.MULTILINE)

    assert cells(f"`{setting}`")[1] == f"`{default}`"


@pytest.mark.parametrize(
    ("row", "most", "bounds"),
    [
        ("a record of CSV", staging.LONGEST, "bytes"),
        ("a line of JSON", staging.LONGEST, "bytes"),
        ("an element of a JSON array", 2 * staging.LONGEST, "bytes"),  # the engine's own way to take its option
        ("a name in the header of a CSV file", 131_072, "characters"),  # csv.field_size_limit()
        ("depth of a JSON record", json_doubt.DEEPEST, "levels"),
        ("whole numbers in a workbook", len(str(excel.DIGITS)) - 1, "digits"),
        ("members of a workbook", excel.MEMBERS, ""),
        ("the header of a Parquet page", parquet_pages.HEADER, "bytes"),
        ("an integer, a decimal", scalar.WIDEST, "digits"),
        ("a marker: `_MANIFEST.json`, `_SUCCESS`", interface.SMALL, "bytes"),
        ("a key in the lake", interface.KEY_LIMIT, "bytes"),
        ("a contract", source.MAX_BYTES, "bytes"),
        ("a contract", source.MAX_DEPTH, "levels"),
        ("a contract, aliases followed", source.MAX_NODES, "nodes"),
        ("the worker's answer", process.ANSWER, "bytes"),
    ],
)
def test_every_fixed_limit_is_the_codes(row, most, bounds):
    assert f"{most:,} {bounds}".strip() in cells(row)[1]


def test_the_least_memory_is_the_codes():
    assert f"at least {LEAST_MEMORY >> 20} MB" in cells("`memory`")[2]


@pytest.mark.parametrize("word", [*_FORMATS, *_CODECS])
def test_every_format_and_every_compression_is_named(word):
    table = PAGE.partition("\n\nA server's")[0]

    assert f"`{word}`" in table or f"`{word[1:]}`" in table


def test_there_is_no_other_format_or_compression():
    assert set(_FORMATS.values()) == set(Format)
    assert {*_CODECS.values(), Codec.PLAIN} == set(Codec)
    assert format_of("a.csv.bz2", None) == (Format.CSV, Codec.BZIP2)


@pytest.mark.parametrize("kind", DefectKind)
def test_every_defect_is_told_with_whether_it_blinds(kind):
    from lakegate.rows import Defect

    assert cells(kind.value)[2] == ("yes" if Defect(kind, "", "").blinds else "no")


@pytest.mark.parametrize("key", TextDialect.__slots__)
def test_every_key_of_text_has_its_default(key):
    default = getattr(TextDialect(), key)

    assert cells(f"`{key}`")[1].startswith(f"`{default}`" if default else "none")


def test_every_key_of_sheet_is_named():
    assert all(f"`{key}`" in PAGE for key in Sheet.__slots__)
    assert cells("`header_row`")[1] == str(Sheet().header_row)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_examples_are_read(text):
    prop = {"property": "lakegate", "value": yaml.safe_load(text)}
    gate = load(
        {
            "apiVersion": "v3.2.0",
            "kind": "DataContract",
            "id": "x",
            "version": "1.0.0",
            "status": "active",
            "schema": [{"name": "rows", "properties": [{"name": "id", "logicalType": "integer"}]}],
            "customProperties": [prop],
        }
    ).gate

    assert (gate.text, gate.sheet) != (TextDialect(), Sheet())


def test_every_silent_acceptance_has_its_row_and_its_test():
    tests = (ROOT / "tests/inputs/test_silent.py").read_text()
    rows = re.findall(r"^\| S(\d+) \|", PAGE, flags=re.MULTILINE)

    assert rows == [str(number) for number in range(1, 34)]
    assert [number for number in rows if f"def test_s{int(number):02}_" not in tests] == []
