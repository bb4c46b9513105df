"""What an input is given to: the contract loader, or one reader of strangers' files, as the gate itself runs them.

A target takes bytes and says in one line what came of them. Our own errors are an answer; any other exception is
raised, and so is `FalseGreenError` where what was read is not what an independent reader finds in the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb

from lakegate.checks.derive import Neighbours
from lakegate.commands.contracts import explained, linted
from lakegate.contract import lint
from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.odcs import from_data, load, parse
from lakegate.engines.duckdb import DuckDB
from lakegate.errors import LakegateError
from lakegate.gate.arrivals import route
from lakegate.intake.batch import Opening
from lakegate.intake.budget import Budget
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject, judge
from lakegate.rows import DefectKind, Rows
from lakegate.worker.messages import OpenedRows, Reply, read, written

MEMORY = "1024MiB"  # of the engine; the process around it is held to twice as much
BUDGET = Budget(decompressed=256 << 20, floor=64 << 20, cells=20_000_000)
SEEDS = Path(__file__).parent / "seeds"
TEXTS = ("csv", "json", "json_array")
CODECS = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst", b"BZh": ".bz2"}


class FalseGreenError(AssertionError):
    """Rows were read that an independent reader does not find in the file."""


def contract(data: bytes) -> str:
    """Lint, load, explain and route a contract, and hold a small file against each object it describes."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file = Path(folder, "contracts", "in", "rows.odcs.yaml")
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
        file.with_name("other.odcs.yaml").write_text(_other())
        try:
            problems = linted([folder])
        except LakegateError as error:
            return _named(error)
        lint.to_json(problems).encode()
        lint.render_text(problems, 2).encode(errors="backslashreplace")
        rules = sorted({problem.rule for problem in problems if problem.file == str(file)})
        try:
            loaded = load(file)
        except LakegateError as error:
            return f"{_named(error)} {' '.join(rules)}"
        parse(from_data(loaded.document))
        came = [_came(lambda: explained(file, None))]
        for number, obj in enumerate(loaded.schema):
            came.append(_came(lambda obj=obj: route(loaded, obj)))
            if _is_one_of(4, data):
                came.append(_came(lambda obj=obj, number=number: _held(loaded, obj, Path(folder, str(number)))))
        return f"loaded {' '.join(rules)} {' '.join(came)}"


def _held(loaded: Contract, obj, folder: Path) -> str:
    """Open a small CSV, and the same as JSON, as an object of a contract says, and judge both."""
    came = []
    names = [prop.physical_name for prop in obj.properties] or ["id"]
    out = io.StringIO()
    csv.writer(out).writerows([names, ["1"] * len(names), ["2026-01-02"] * len(names), ['{"a": [1]}'] * len(names)])
    lines = "".join(json.dumps(dict.fromkeys(names, value)) + "\n" for value in (1, "2026-01-02", {"a": [1]}, None))
    for name, text in (("rows.csv", out.getvalue()), ("rows.jsonl", lines)):
        arrived, workspace = folder / name / "arrived", folder / name / "workspace"
        arrived.mkdir(parents=True)
        workspace.mkdir()
        (arrived / name).write_bytes(text.encode(errors="surrogatepass"))
        rows = _opened(loaded, obj, NativeFile(name, arrived / name), Reader(limit=5), workspace)
        came.append(_judged(loaded, obj, rows, workspace))
    return " ".join(came)


def _opened(loaded: Contract, obj, file: NativeFile, reader: Reader, workspace: Path) -> Rows:
    """Open a file as the worker does, and send what came of it as the worker sends it."""
    opening = Opening(obj, loaded.gate, reader, workspace, budget=BUDGET, memory=MEMORY)
    with file.path.open("rb") as stream:
        opening.land(file, stream)
    rows = opening.rows()
    read(written(Reply(rows=OpenedRows.of(rows))))
    return rows


def _judged(loaded: Contract, obj, rows: Rows, workspace: Path) -> str:
    """Hold rows against their contract, and send the verdict as the worker sends it."""
    subject = Subject(loaded, obj, "in/rows", None, (), Neighbours({}, {}))
    engine = DuckDB(memory_limit=MEMORY, workspace=str(workspace))
    verdict = judge(subject, rows, {"in/rows": rows}, engine, Options(samples=True)).verdict
    read(written(Reply(verdict=verdict)))
    return str(verdict.exit_code)


def _came(step: Callable[[], object]) -> str:
    """Return what came of a step: our own errors are an answer."""
    try:
        return "ok" if (came := step()) is None or not isinstance(came, str) or len(came) > 20 else came
    except LakegateError as error:
        return _named(error)


def _is_one_of(many: int, data: bytes) -> bool:
    """Whether what is dear is done for this input, too: always the same answer for the same bytes."""
    return zlib.crc32(data) % many == 0


def _named(error: LakegateError) -> str:
    return type(error).__name__


@cache
def _other() -> str:
    return (SEEDS / "contract" / "neighbour.yaml").read_text()


# --- readers ----------------------------------------------------------------------------------------------------


@cache
def _of_files(dialect: str) -> Contract:
    """Return the contract that files are read by: a property of every type, and how text is written."""
    document = json.loads((SEEDS / "files.json").read_text())
    if dialect:
        text = {"semicolon": {"delimiter": ";", "decimal": ",", "nulls": ["NULL", "-"]}, "escape": {"escape": "\\"}}
        document["customProperties"] = [{"property": "lakegate", "value": {"text": text[dialect]}}]
    return load(document)


def _reader(form: str, suffix: str) -> Callable[[bytes], str]:
    """Return the target of one format."""

    def run(data: bytes) -> str:
        dialect, reader, named = _declared(data, form, suffix)
        loaded = _of_files(dialect)
        legible = form in TEXTS and not data.startswith(tuple(CODECS))
        obj = _narrowed(loaded.schema[0], data) if legible else loaded.schema[0]
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            file, workspace = Path(folder, "arrived", named), Path(folder, "workspace")
            file.parent.mkdir()
            workspace.mkdir()
            file.write_bytes(data)
            try:
                rows = _opened(loaded, obj, NativeFile(named, file), reader, workspace)
                told = _told(rows)
                if legible:
                    _hold_against_another_reader(form, rows, data, dialect, reader.encoding)
                if _is_one_of(4, data):
                    told += " " + _judged(loaded, obj, rows, workspace)
            except LakegateError as error:
                return _named(error)
        return told

    return run


def _narrowed(obj: SchemaObject, data: bytes) -> SchemaObject:
    """Return the object with the properties that are named in a file alone: the others only cost time."""
    named = tuple(prop for prop in obj.properties if prop.name == "id" or prop.name.encode() in data)
    return replace(obj, properties=named)


def _declared(data: bytes, form: str, suffix: str) -> tuple[str, Reader, str]:
    """Return the dialect, the reader and the name that make the most of a file: what its first bytes look like."""
    codec = next((end for magic, end in CODECS.items() if form in TEXTS and data.startswith(magic)), "")
    head = data.partition(b"\n")[0]
    dialect = ""
    if form == "csv" and not codec:
        dialect = "semicolon" if b";" in head else "escape" if b"\\" in data else ""
        suffix = "tsv" if b"\t" in head else suffix
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    array = "array" if form == "json_array" else None
    reader = Reader(delimiter=array, encoding="utf-16" if utf16 else None, samples=True, limit=5)
    return dialect, reader, f"rows.{suffix}{codec}"


_OWN = re.compile(r"[0-9]+|'[^']*'|\([^)]*\)|\[.*\]")


def _told(rows: Rows) -> str:
    """Return what is wrong with a file, without what only this one has in it: numbers, names and quoted text."""
    defects = {f"{one.kind}: {_OWN.sub('', one.message)[:80]}" for one in rows.defects}
    return "; ".join(sorted(defects)) or f"read {' '.join(sorted(rows.unconverted))}"


def _hold_against_another_reader(form: str, rows: Rows, data: bytes, dialect: str, encoding: str | None) -> None:
    """Raise where Python's own reader finds other rows in a text that could be opened."""
    if not rows.parts or any(defect.blinds for defect in rows.defects):
        return
    part, text = rows.parts[0], data.decode(encoding or "utf-8-sig")
    malformed = sum(defect.count for defect in rows.defects if defect.kind is DefectKind.MALFORMED_RECORD)
    if form == "json":
        good = [_is_object(line) for line in text.removesuffix("\n").split("\n")]
        if None not in good and sum(good) < part.rows:  # fewer were told, each as a malformed record
            raise FalseGreenError(f"{part.rows} rows and {malformed} malformed, but {sum(good)} lines hold an object")
    elif form == "json_array":
        items = _array(text)
        if items is not None and len(items) != part.rows + malformed:
            raise FalseGreenError(f"{part.rows} rows and {malformed} malformed, but {len(items)} items in the array")
        if items is None and not malformed and not _NO_NUMBER.search(text):
            raise FalseGreenError(f"{part.rows} rows, but the file is no array")
    elif not malformed and not dialect:
        _same_cells(part, text, "\t" if "\t" in text.partition("\n")[0] else ",")


_NO_NUMBER = re.compile(r"\b(inf|nan|infinity)\b", re.IGNORECASE)  # the engine knows them; their cells are told


def _is_object(line: str) -> bool | None:
    """Whether a line is one JSON object whose keys stand in it once; None where Python gives up."""
    try:
        pairs = json.loads(line, object_pairs_hook=_Pairs, parse_int=len)
    except RecursionError:
        return None
    except ValueError:
        return None if _NO_NUMBER.search(line) else False
    return isinstance(pairs, _Pairs) and len({key for key, _ in pairs}) == len(pairs)


class _Pairs(list):
    """The keys and values of an object, as they stand."""


def _array(text: str) -> list | None:
    try:
        found = json.loads(text, parse_int=len)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _same_cells(part, text: str, delimiter: str) -> None:
    """Raise where a column of text holds other values than Python's reader of CSV finds in the file."""
    try:
        header, *expected = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return
    expected = [record or [""] for record in expected]
    if len(expected) != part.rows or any(len(record) != len(header) for record in expected):
        raise FalseGreenError(f"{part.rows} rows of {len(header)}, but Python's reader finds {len(expected)}")
    for at, (name, kind) in enumerate(part.types):
        if kind.name == "VARCHAR":
            quoted = '"' + name.replace('"', '""') + '"'
            with duckdb.connect() as connection:
                found = connection.execute(f"SELECT {quoted} FROM read_parquet('{part.path}')").fetchall()
            wanted = [record[at] for record in expected]
            if [value or "" for (value,) in found] != wanted:
                raise FalseGreenError(f"column {name!r} holds {found[:5]}, but Python's reader finds {wanted[:5]}")


@dataclass(frozen=True)
class Target:
    """Something that is fuzzed, and the words its inputs are made of beside their own."""

    name: str
    run: Callable[[bytes], str]
    words: tuple[bytes, ...]

    def seeds(self) -> dict[str, bytes]:
        """The kept inputs, by name."""
        return {path.name: path.read_bytes() for path in sorted((SEEDS / self.name).iterdir())}


_NUMBERS = (b"0", b"-0", b"1e400", b"NaN", b"Infinity", b"1.0", b"9223372036854775808", b"0.1234567890123456789")
_MOMENTS = (b"2026-02-30", b"0000-00-00", b"9999-12-31T23:59:59.999999Z", b"24:00:00", b"2026-01-02 03:04:05+14:59")
_MARKS = (b'"', b'""', b"\\", b"\n", b"\r\n", b"\r", b"\t", b";", b",", b"\0", b"\xef\xbb\xbf", b"\xff", b"\xc3")
_JSON = (b"{", b"}", b"[", b"]", b":", b'"a":', b"null", b"true", b'"\\u0000"', b'"\\ud800"', b"/**/", b"{}", b"[" * 60)
_TEXT = (*_NUMBERS, *_MOMENTS, *_MARKS, *_JSON, b"id", b"name", b"tags", b"_lakegate_x", b"\xe2\x80\xa8", b"\xc2\x85")
_BINARY = (b"\x00" * 8, b"\xff" * 8, b"\x80" * 9 + b"\x01", b"\x7f\xff\xff\xff", b"PAR1", b"ORC")

TARGETS = {
    target.name: target
    for target in (
        Target("contract", contract, ()),
        Target("csv", _reader("csv", "csv"), _TEXT),
        Target("json", _reader("json", "jsonl"), _TEXT),
        Target("json_array", _reader("json_array", "json"), _TEXT),
        Target("parquet", _reader("parquet", "parquet"), _BINARY),
        Target("excel", _reader("excel", "xlsx"), (*_TEXT, b"<c ", b"<v>", b"</v>", b't="e"', b"<f>", b"<is><t>")),
        Target("avro", _reader("avro", "avro"), (*_BINARY, *_JSON, b'"decimal"', b'"fixed"', b'"enum"', b'"record"')),
        Target("orc", _reader("orc", "orc"), _BINARY),
    )
}
