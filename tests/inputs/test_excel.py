"""INPUTS 68-70, and workbooks at large: cells keep their types, and what a workbook does not keep is told."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest

import lakegate
from inputs.world import CONTRACT, prop

ID = prop("id", "integer")
NAME = prop("name", "string")
ROWS = [["id", "name"], [1, "x"], [2, "y"]]
LIMITS = '[limits]\ndecompressed = "20MB"\nratio = 50\nratio_floor = "1MB"\n'


def workbook(rows=ROWS, *, sheets=("Sheet1",), change=None):
    """A workbook as openpyxl writes it; `change` is given its first sheet."""
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for row in rows:
        book.active.append(row)
    for name in sheets[1:]:
        book.create_sheet(name)
    if change:
        change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited(data, pattern, new, member="xl/worksheets/sheet1.xml"):
    """The same workbook with something else in the text of one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        for one in old.infolist():
            text = old.read(one)
            changed.writestr(one.filename, re.sub(pattern, new, text) if one.filename == member else text)
    assert out.getvalue() != data
    return out.getvalue()


def committed(world, *columns):
    rows = lakegate.Lake(world.lake).read("in/rows", contract=world.root / CONTRACT).relation()
    return rows.select(*columns).fetchall()


def bomb(*, honest):
    """A workbook whose sheet is forty million blanks; the archive may claim that it is ten."""
    data = edited(workbook(), rb"</worksheet>", b" " * 40_000_000 + b"</worksheet>")
    if honest:
        return data
    size = (len(workbook()) + 0).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        true = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    return data.replace(true, size)


def prefixed(data):
    """The same workbook as another writer puts its sheet: every element with a prefix."""
    data = edited(data, rb"<(/?)([a-zA-Z])", rb"<\1x:\2")
    return edited(data, rb"xmlns=", rb"xmlns:x=")


def recoded(data):
    """The same workbook with its sheet in UTF-16."""
    return edited(data, rb"(?s).+", lambda whole: whole[0].decode().encode("utf-16"))


@pytest.mark.parametrize("honest", [True, False])
def test_068_a_bomb(world, honest):
    world.write("lakegate.toml", LIMITS)
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": bomb(honest=honest)})

    if honest:
        world.assert_ends(6, "a.xlsx: got", "expected no decompression bomb")
    else:
        world.assert_ends(1, "a.xlsx: unreadable: got a damaged workbook")


@pytest.mark.parametrize("stored", [b"12345678901234567", b"1.2345678901234568E+16", b"1" * 400])
@pytest.mark.parametrize("kind", ["integer", "string", None])
def test_069_an_id_of_17_digits_that_was_stored_as_a_number(world, stored, kind):
    world.contract(prop("id", kind), NAME, form="xlsx")
    world.arrive({"a.xlsx": edited(workbook(), rb"<v>2</v>", b"<v>" + stored + b"</v>")})

    cause = "got a number of more than 15 digits in column 'id': a workbook does not keep it"
    world.assert_ends(1, "a.xlsx: malformed record", cause, also=[("a.xlsx:3", "row 2")])


def test_070_a_formula_without_a_cached_value(world):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": workbook([["id", "name"], [1, "x"], ["=A2+1", "y"]])})

    cause = "got a formula without a cached value, expected the workbook saved with its values"
    world.assert_ends(1, "a.xlsx: malformed record", cause, also=[("a.xlsx:3", "row 2")])


@pytest.mark.parametrize("written", [prefixed, recoded])
def test_070_a_formula_without_a_cached_value_however_its_element_is_written(world, written):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": written(workbook([["id", "name"], [1, "x"], [2, "=A2+1"]]))})

    world.assert_ends(1, "a.xlsx: malformed record", "got a formula without a cached value")


@pytest.mark.parametrize("claimed", [b"A1:A1", b"A1:B2", b"B1:B3"])
def test_a_sheet_that_claims_to_be_smaller_is_read_whole(world, claimed):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": edited(workbook(), rb'<dimension ref="[^"]*"', b'<dimension ref="' + claimed + b'"')})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "x"), (2, "y")]


def test_070_a_formula_counts_as_its_cached_value(world):
    world.contract(ID, NAME, form="xlsx")
    data = edited(
        workbook([["id", "name"], [1, "x"], ["=A2+1", "y"]]), rb"<f>A2\+1</f><v ?/?>(</v>)?", b"<f>A2+1</f><v>2</v>"
    )
    world.arrive({"a.xlsx": data})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "x"), (2, "y")]


def test_a_sheet_and_its_header_where_they_are_declared(world):
    rows = [["Budget of 2026"], [], ["id", "name"], [1, "x"]]
    world.contract(ID, NAME, form="xlsx", gate={"sheet": {"name": "Plan", "header_row": 3}})
    world.arrive({"a.xlsx": workbook(rows, sheets=("Plan", "Notes"))})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "x")]


@pytest.mark.parametrize(
    ("sheet", "cause"),
    [(None, "got the sheets 'A', 'B', expected one: declare `lakegate.sheet`"), ("C", "expected 'C' (lakegate.sheet)")],
)
def test_which_sheet_is_never_guessed(world, sheet, cause):
    world.contract(ID, NAME, form="xlsx", gate={"sheet": sheet} if sheet else {})
    world.arrive({"a.xlsx": workbook(sheets=("A", "B"))})

    world.assert_ends(1, "a.xlsx: unreadable", cause)


def test_cells_keep_their_types(world):
    props = [
        ID,
        prop("price", "number"),
        prop("paid", "boolean"),
        prop("day", "date"),
        prop("at", "timestamp"),
        prop("clock", "time"),
        prop("code", "string"),
    ]
    moment = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a workbook knows no zone
    rows = [
        [one["name"] for one in props],
        [1, 1.5, True, dt.date(2026, 1, 2), moment, dt.time(3, 4, 5), "007"],
        [2, 3, False, None, dt.datetime(2026, 1, 2), None, "é"],  # noqa: DTZ001
    ]
    world.contract(*props, form="xlsx")
    world.arrive({"a.xlsx": workbook(rows)})

    world.assert_ends(0, "is committed")
    assert committed(world, "price", "paid", "day", "code") == [
        (1.5, True, dt.date(2026, 1, 2), "007"),
        (3.0, False, None, "é"),
    ]
    assert committed(world, '"at"::VARCHAR') == [("2026-01-02 03:04:05",), ("2026-01-02 00:00:00",)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", "integer"),
        (1.5, "integer"),
        (7, "string"),
        (True, "integer"),
        (dt.date(2026, 1, 2), "string"),
        ("x", "date"),
    ],
)
def test_a_cell_of_another_type(world, value, kind):
    world.contract(ID, prop("x", kind), form="xlsx")
    world.arrive({"a.xlsx": workbook([["id", "x"], [1, None], [2, value]])})

    world.assert_ends(1, f"got a value that is no {kind}", "1 of 2 rows", also=[("a.xlsx:3", "row 2")])


def test_a_missing_and_an_undeclared_column(world):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": workbook([["id", "more"], [1, None]])})

    world.assert_ends(1, "got no column 'name'", also=[("got undeclared column 'more'",)])


def _merge(sheet):
    sheet.merge_cells("A2:A3")


def _error(sheet):
    sheet["A2"].value, sheet["A2"].data_type = "#N/A", "e"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(workbook(change=_merge), "got merged cells A2:A3", id="merged cells"),
        pytest.param(prefixed(workbook(change=_merge)), "got merged cells A2:A3", id="merged cells, prefixed"),
        pytest.param(
            edited(workbook(), b'r="3"', b'r="2"'),
            "got row 2 behind row 2 in xl/worksheets/sheet1.xml",
            id="a row twice",
        ),
        pytest.param(
            edited(workbook(), rb'r="([AB]?)2"', rb'r="\g<1>4"'), "got row 3 behind row 4", id="rows out of order"
        ),
        pytest.param(edited(workbook(), b'r="2"', b'r="9999999"'), "got row 9999999 behind row 1", id="no such row"),
        pytest.param(edited(workbook(), b'"A3"', b'"C3"'), "got the cell B3 in row 3", id="cells out of order"),
        pytest.param(edited(workbook(), b'"A3"', b'"A2"'), "got the cell A2 in row 3", id="a cell of another row"),
        pytest.param(edited(workbook(), b'"A3"', b'"3"'), "got a cell called '3'", id="no such cell"),
        pytest.param(edited(workbook(), b"</sheetData>", b""), "got a damaged sheet 'Sheet1'", id="no whole XML"),
        pytest.param(workbook(change=_error), "got the error #N/A, expected a value", id="an error"),
        pytest.param(workbook([["id", "name"], [1, "x"], [], [2, "y"]]), "got a blank row", id="a blank row"),
        pytest.param(workbook([["id", None], [1, "x"]]), "got a value beyond the last named column", id="no name"),
        pytest.param(workbook([["id", 7], [1, "x"]]), "expected a text for every column", id="a number as a name"),
        pytest.param(workbook([["id", "id"], [1, 2]]), "got columns of one name", id="twins"),
        pytest.param(b"id,name\n1,x\n", "got plain content, expected xlsx", id="text"),
        pytest.param(b"\xd0\xcf\x11\xe0" + bytes(600), "got an encrypted or old Excel workbook content", id="OLE"),
        pytest.param(workbook()[:-30], "got a damaged workbook", id="cut"),
        pytest.param(
            edited(workbook(), rb"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet'),
            "with a document type, expected none",
            id="entities",
        ),
        pytest.param(
            recoded(edited(workbook(), rb"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet')),
            "with a document type, expected none",
            id="entities in UTF-16",
        ),
    ],
)
def test_what_is_no_table(world, data, cause):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"a.xlsx": data})

    world.assert_ends(1, "a.xlsx: ", cause)


def test_a_workbook_is_one_because_the_contract_says_so_whatever_its_name(world):
    world.contract(ID, NAME, form="xlsx")
    world.arrive({"export-2026": workbook()})

    world.assert_ends(0, "is committed")
