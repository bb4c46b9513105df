"""A declared property becomes SQL: its value with the declared type, and the cells that are none.

Nested properties are converted in the same way as columns: every node is one JSON text, null where it is null or
absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lakegate.contract.model import LogicalType, Property
from lakegate.intake.quoting import name, text
from lakegate.intake.scalar import scalar
from lakegate.rows import Kind, Type

_NO_CELLS = "CAST([] AS STRUCT(path VARCHAR, text VARCHAR)[])"
TIMES = (LogicalType.DATE, LogicalType.TIMESTAMP, LogicalType.TIME)
_TEXTS = (LogicalType.STRING, *TIMES)  # JSON writes them as strings


@dataclass(frozen=True, slots=True)
class Conversion:
    """SQL expressions for one node. `cells` lists what did not convert, {path, text}[]; None where everything does."""

    sql: str
    type: Type
    cells: str | None = None
    bad: str | None = None  # true where `cells` is not empty; None with `cells`
    source: str | None = None  # of a scalar: it did not convert where this is not null and its value is


@dataclass(frozen=True, slots=True)
class Converter:
    """How values are written. `scales`: the properties read as DECIMAL(38, scale) because a value needs it."""

    decimal: str = "."
    scales: Mapping[str, int] | None = None

    def cell(self, prop: Property, source: str) -> Conversion:
        """Return the conversion of a CSV cell. A property of a nested type is expected as JSON text."""
        if _is_nested(prop):
            valid = f"CASE WHEN json_valid({source}) THEN {source} END"
            inner = self.json(prop, valid, prop.physical_name)
            broken = f"({source} IS NOT NULL AND NOT json_valid({source}))"
            cells = f"CASE WHEN {broken} THEN {_cell(prop.physical_name, source)} ELSE {inner.cells} END"
            return Conversion(inner.sql, inner.type, cells, f"({broken} OR {inner.bad})")
        return self._scalar(prop, source, prop.physical_name, source)

    def json(self, prop: Property, source: str, path: str, depth: int = 0) -> Conversion:  # noqa: PLR0911 - one a type
        """Return the conversion of a JSON value, given as text; `path` is the property's, `depth` its nesting."""
        match prop.logical_type:
            case LogicalType.OBJECT:
                return self._object(prop, source, path, depth)
            case LogicalType.ARRAY | LogicalType.VECTOR:
                return self._array(prop, source, path, depth)
            case LogicalType.MAP:
                return self._map(prop, source, path, depth)
            case None:
                plain = f"CASE WHEN starts_with({source}, '\"') THEN {_unquoted(source)} ELSE {source} END"
                bad = f"({source} IS NOT NULL AND NOT strict_json({source}))"
                return Conversion(plain, Type(Kind.STRING, "VARCHAR"), _told(bad, path, source), bad)
            case LogicalType.INTEGER:  # 1.0 is one; of more digits a double may be another
                short = f"regexp_replace({source}, '^(-?[0-9]{{1,15}})\\.0+$', '\\1')"
                whole = f"CASE WHEN contains({source}, '.') THEN {short} ELSE {source} END"
                return self._scalar(prop, whole, path, source)
            case kind if kind in _TEXTS:
                string = f"CASE WHEN starts_with({source}, '\"') AND NOT {_nul(source)} THEN {_unquoted(source)} END"
                return self._scalar(prop, string, path, source)
            case _:
                return self._scalar(prop, source, path, source, decimal=".")

    def string(self, prop: Property, value: str) -> Conversion:
        """Return the conversion of a JSON string that was taken out of its quotes; it is told with them."""
        quoted = f"CAST(to_json({value}) AS VARCHAR)"
        found = scalar(prop, value)
        bad = f"({value} IS NOT NULL AND {found.sql} IS NULL)"
        return Conversion(found.sql, found.type, _told(bad, prop.physical_name, quoted), bad, value)

    def _scalar(self, prop: Property, value: str, path: str, source: str, decimal: str | None = None) -> Conversion:
        """Convert the text `value`; `source` is what a cell that does not convert is told with."""
        scale = (self.scales or {}).get(path)
        found = scalar(prop, value, decimal=decimal or self.decimal, scale=scale)
        if found.sql == source:
            return Conversion(found.sql, found.type)
        bad = f"({source} IS NOT NULL AND {found.sql} IS NULL)"
        cells = f"CASE WHEN {bad} THEN {_cell(path, source)} ELSE {_NO_CELLS} END"
        return Conversion(found.sql, found.type, cells, bad, source)

    def _object(self, prop: Property, source: str, path: str, depth: int) -> Conversion:
        """An object keeps its declared fields; one without any stays JSON text."""
        opened = _opened(source, "{")
        if not prop.properties:
            strict = f"CASE WHEN strict_json({source}) THEN {opened} END"
            other = f"(NOT starts_with({source}, '{{') OR NOT strict_json({source}))"
            return _nested(strict, Type(Kind.OBJECT, "JSON"), path, source, other, None)
        row = f"n{depth}"
        inner = [
            (p, self.json(p, f"CAST({row}.{name(p.physical_name)} AS VARCHAR)", f"{path}.{p.physical_name}", depth + 1))
            for p in prop.properties
        ]
        shape = json.dumps({p.physical_name: "JSON" for p, _ in inner}, ensure_ascii=False)
        fields = f"[json_transform({opened}, {text(shape)})]"
        struct = ", ".join(f"{name(p.physical_name)} := {found.sql}" for p, found in inner)
        sql = f"list_transform({fields}, lambda {row}: CASE WHEN {row} IS NOT NULL THEN struct_pack({struct}) END)[1]"
        kinds = tuple((p.physical_name, found.type) for p, found in inner)
        told = ", ".join(found.cells for _, found in inner if found.cells)
        cells = f"list_transform({fields}, lambda {row}: flatten([{told}]))[1]" if told else None
        return _nested(sql, Type(Kind.OBJECT, "STRUCT", fields=kinds), path, source, "{", cells)

    def _array(self, prop: Property, source: str, path: str, depth: int) -> Conversion:
        """An array without declared items holds text; a vector holds numbers."""
        item = prop.items or Property("items", "items")
        if prop.logical_type is LogicalType.VECTOR and not item.logical_type:
            item = Property("items", "items", LogicalType.NUMBER)
        bound = f"n{depth}"
        inner = self.json(item, f"CAST({bound} AS VARCHAR)", f"{path}[]", depth + 1)
        items = f"json_transform({_opened(source, '[')}, '[\"JSON\"]')"
        sql = f"list_transform({items}, lambda {bound}: {inner.sql})"
        cells = f"flatten(list_transform({items}, lambda {bound}: {inner.cells}))" if inner.cells else None
        return _nested(sql, Type(Kind.ARRAY, "LIST", item=inner.type), path, source, "[", cells)

    def _map(self, prop: Property, source: str, path: str, depth: int) -> Conversion:
        """A map's keys stay text, whatever their declared type: one that is no such text is told, as `path{key}`."""
        bound = f"n{depth}"
        value = prop.value or Property("value", "value")
        inner = self.json(value, f"CAST({bound}.value AS VARCHAR)", f"{path}{{value}}", depth + 1)
        key = self._scalar(prop.key or Property("key", "key"), f"{bound}.key", f"{path}{{key}}", f"{bound}.key")
        entries = f"map_entries(json_transform({_opened(source, '{')}, '\"MAP(VARCHAR, JSON)\"'))"
        packed = f"struct_pack(k := {bound}.key, v := {inner.sql})"
        sql = f"map_from_entries(list_transform({entries}, lambda {bound}: {packed}))"
        told = ", ".join(found.cells for found in (key, inner) if found.cells)
        cells = f"flatten(list_transform({entries}, lambda {bound}: flatten([{told}])))" if told else None
        kind = Type(Kind.MAP, "MAP", key=Type(Kind.STRING, "VARCHAR"), item=inner.type)
        return _nested(sql, kind, path, source, "{", cells)


def _is_nested(prop: Property) -> bool:
    """Whether a value of this property is written as a JSON object or array."""
    return prop.logical_type in (LogicalType.OBJECT, LogicalType.ARRAY, LogicalType.MAP, LogicalType.VECTOR)


def _cell(path: str, source: str) -> str:
    """Return the SQL for a list of one unconverted cell."""
    return f"[struct_pack(path := {text(path)}, text := {source})]"


def _opened(source: str, bracket: str) -> str:
    """Return the SQL for the text where it is an array, or an object that holds every key once; else null."""
    twice = f" AND NOT {_twice(source)}" if bracket == "{" else ""
    return f"CASE WHEN starts_with({source}, '{bracket}'){twice} THEN {source} END"


def _twice(source: str) -> str:
    """Return the SQL that is true where an object holds a key twice: the engine would take one of them (INPUTS 71)."""
    return f"(list_unique(json_keys({source})) < len(json_keys({source})))"


def _nul(source: str) -> str:
    r"""Return the SQL that is true where a JSON string holds NUL, written `\u0000` (INPUTS S30)."""
    written = text(r"(^|[^\\])(\\\\)*\\u0000")
    return f"(contains({source}, {text(chr(92) + 'u0000')}) AND regexp_matches({source}, {written}))"


def _unquoted(source: str) -> str:
    """Return the SQL for the text that a JSON string holds."""
    return f"json_extract_string({source}, '$')"


def _told(bad: str, path: str, source: str) -> str:
    """Return the SQL for the cells of a value that is itself none where `bad` is true."""
    return f"CASE WHEN {bad} THEN {_cell(path, source)} ELSE {_NO_CELLS} END"


def _nested(sql: str, kind: Type, path: str, source: str, other: str, cells: str | None) -> Conversion:
    """Add to a nested value's own cells the one that it is itself where `other` is true: it is of another kind.

    Just the bracket stands for the usual condition.
    """
    if other in ("{", "["):
        twice = f" OR {_twice(source)}" if other == "{" else ""
        other = f"(NOT starts_with({source}, '{other}'){twice})"
    wrong = f"({source} IS NOT NULL AND {other})"
    told = f"CASE WHEN {wrong} THEN {_cell(path, source)} ELSE coalesce({cells or _NO_CELLS}, {_NO_CELLS}) END"
    return Conversion(sql, kind, told, f"len({told}) > 0" if cells else wrong)
