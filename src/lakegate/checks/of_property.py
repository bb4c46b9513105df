"""The checks of one property: presence, type, and what its options, enumeration and keys assert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from lakegate.checks.formats import PATTERNS
from lakegate.checks.interface import Check
from lakegate.checks.keys import UniqueKey
from lakegate.checks.physical_types import duckdb_type
from lakegate.checks.quality import NotRun
from lakegate.checks.row_rules import NoRow
from lakegate.checks.spot import Spot, literal
from lakegate.checks.structure import ColumnPresent, HasLogicalType, HasPhysicalType
from lakegate.checks.wording import counted, listed, number, once, pattern
from lakegate.contract.model import LogicalType, Scalar
from lakegate.predicates import (
    DoesNotMatch,
    LengthOutOfRange,
    Literal,
    NotFinite,
    NotIn,
    NotMultipleOf,
    OutOfRange,
    Predicate,
    RepeatsItem,
    Value,
)

INTEGER_BOUNDS = {f"{sign}{bits}": (sign, bits) for sign in "iu" for bits in (8, 16, 32, 64, 128)}
ORDERED = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
LENGTHS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
FORMATS = {  # as a reader calls what has them
    "email": "e-mail address",
    "uuid": "UUID",
    "uri": "URI",
    "hostname": "host name",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
}
F32_MAX = 3.4028234663852886e38


def property_checks(spot: Spot, *, missing_allowed: bool) -> Iterator[Check]:
    """Yield every check that the property itself asserts; its `quality` and `relationships` are made elsewhere."""
    prop = spot.declared
    if len(spot.steps) == 1:
        yield ColumnPresent(
            identity=spot.identity("schema", "columnPresent", f"{spot.title} is a column of the data"),
            column=prop.physical_name,
            may_be_absent=missing_allowed,
        )
    if prop.logical_type:
        yield _type_check(spot, prop.logical_type, missing_allowed=missing_allowed)
    if prop.physical_type and not spot.nested:
        yield HasPhysicalType(
            identity=spot.identity("schema", "physicalType", f"{spot.title} is stored as {prop.physical_type}"),
            declared=prop.physical_type,
            expected=duckdb_type(prop.physical_type),
            path=spot.steps,
        )
    if prop.required or prop.primary_key_position is not None:
        yield NoRow(
            identity=spot.identity("schema", "required", f"{spot.title} is never null"),
            violation=spot.null(),
            value=None,
            got="null",
            expected="a value in every row",
        )
    if prop.unique:
        yield _unique(spot)
    if prop.enum is not None:
        values = tuple(literal(v, prop, f"{spot.name}.enum") for v in prop.enum if v is not None)
        expected = "one of " + ", ".join(map(_told, values[:10])) + (", …" if len(values) > 10 else "")
        yield _rule(spot, "enum", f"is {listed(values)}", NotIn(spot.value, values), expected)
    yield from _option_checks(spot)


def _type_check(spot: Spot, logical_type: LogicalType, *, missing_allowed: bool) -> Check:
    prop = spot.declared
    number = logical_type is LogicalType.NUMBER and not prop.nan_allowed
    zoned = prop.options.get("timezone") if logical_type is LogicalType.TIMESTAMP else None
    return HasLogicalType(
        identity=spot.identity("schema", "logicalType", f"{spot.title} is {_article(logical_type)}"),
        logical_type=logical_type,
        zoned=zoned if isinstance(zoned, bool) else None,
        dimensions=prop.options.get("dimensions") if logical_type is LogicalType.VECTOR else None,
        path=spot.steps,
        told=spot.told,
        value=None if spot.nested else spot.value,
        not_finite=spot.row(NotFinite(spot.value)) if number else None,
        may_be_absent=missing_allowed,
    )


def _unique(spot: Spot) -> Check:
    identity = spot.identity("schema", "unique", once([spot.title]))
    if spot.nested:
        return NotRun(identity=identity, why="`unique` of items is `uniqueItems` of their array", blocks=True)
    return UniqueKey(identity=identity, key=(spot.value,))


def _option_checks(spot: Spot) -> Iterator[Check]:
    """Yield one check per logicalTypeOption. ODCS names them after JSON Schema and they mean what they mean there."""
    for option, bound in spot.declared.options.items():
        if option in ORDERED:
            yield _ordered(spot, option, bound)
        elif option in LENGTHS:
            least = int(bound) if option.startswith("min") else None
            most = int(bound) if option.startswith("max") else None
            unit = {"h": "character", "s": "item"}[option[-1]] if "Prop" not in option else "field"
            set_ = f" that {'is' if bound == 1 else 'are'} set" if unit == "field" else ""
            expected = f"{'at least' if option.startswith('min') else 'at most'} {counted(bound, unit)}{set_}"
            got = "fewer" if least is not None else "more"
            yield _rule(spot, option, f"has {expected}", LengthOutOfRange(spot.value, least, most), expected, got)
        elif option == "pattern":
            violation = DoesNotMatch(spot.value, bound)
            yield _rule(spot, option, f"matches {pattern(bound)}", violation, f"text that matches {bound}")
        elif option == "multipleOf":
            name = "is a whole number" if bound == 1 else f"is a multiple of {number(bound)}"
            yield _rule(spot, option, name, NotMultipleOf(spot.value, Decimal(str(bound))), f"a multiple of {bound}")
        elif option == "uniqueItems" and bound:
            yield _rule(spot, option, "holds no item twice", RepeatsItem(spot.value), "no item twice")
        elif option == "required":
            yield from (_field_required(spot, name) for name in bound)
        elif option == "dimensions":
            wants = LengthOutOfRange(spot.value, bound, bound)
            yield _rule(spot, option, f"has {bound} dimensions", wants, f"{bound} numbers")
        elif option == "format":
            yield from _format(spot, str(bound))


def _ordered(spot: Spot, option: str, bound: Scalar) -> Check:
    limit = literal(bound, spot.declared, f"{spot.name}.{option}")
    below, exclusive = "inimum" in option, option.startswith("exclusive")
    violation = OutOfRange(
        spot.value,
        least=limit if below else None,
        most=None if below else limit,
        least_exclusive=exclusive and below,
        most_exclusive=exclusive and not below,
    )
    words = ("more than" if exclusive else "at least") if below else ("less than" if exclusive else "at most")
    return _rule(
        spot, option, f"is {words} {number(bound)}", violation, f"{words} {bound}", "less" if below else "more"
    )


def _field_required(spot: Spot, name: str) -> Check:
    inner = next((p for p in spot.declared.properties if p.name == name), None)
    field = Value((*spot.value.path, inner.physical_name if inner else name), spot.value.depth)
    identity = spot.identity("schema", f"required.{name}", f"{spot.title} always holds {name}")
    absent = replace(spot, value=field, parent=spot.value).null()
    return NoRow(
        identity=identity, violation=absent, value=None, got="an object without it", expected=f"{name!r} in it"
    )


def _format(spot: Spot, name: str) -> Iterator[Check]:
    """Yield the check of `format`. Of a date or time it says how text is written, which the intake reads."""
    match spot.declared.logical_type:
        case LogicalType.STRING if name in PATTERNS:
            yield _rule(
                spot,
                "format",
                f"is {_article(FORMATS[name])}",
                DoesNotMatch(spot.value, PATTERNS[name]),
                f"a valid {name}",
            )
        case LogicalType.STRING:
            why = f"format {name!r} says nothing that text can break"
            yield NotRun(
                identity=spot.identity("schema", "format", f"{spot.title} has format {name}"), why=why, blocks=False
            )
        case LogicalType.INTEGER if name in INTEGER_BOUNDS:
            sign, bits = INTEGER_BOUNDS[name]
            least, most = (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            said = f"is between {number(least)} and {number(most)} ({name})"
            yield _rule(spot, "format", said, OutOfRange(spot.value, least, most), f"{least} to {most}")
        case LogicalType.NUMBER if name == "f32":
            violation = OutOfRange(spot.value, -F32_MAX, F32_MAX)
            yield _rule(
                spot,
                "format",
                "is a number that 32 bits can hold (f32)",
                violation,
                "a number that a 32-bit float can hold",
            )


def _rule(spot: Spot, kind: str, name: str, violation: Predicate, expected: str, got: str = "another value") -> Check:
    identity = spot.identity("schema", kind, f"{spot.title} {name}")
    value = None if spot.nested else spot.value
    return NoRow(identity=identity, violation=spot.row(violation), value=value, got=got, expected=expected)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aioeAIOE' else 'a'} {noun}"


def _told(value: Literal) -> str:
    return repr(value) if isinstance(value, str) else str(value)
