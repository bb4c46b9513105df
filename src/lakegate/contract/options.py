"""logicalTypeOptions that cannot hold, cannot be read, or would not be checked."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Iterator
from typing import Any

from lakegate.contract import date_format, proofs
from lakegate.contract.findings import Finding, Path, listed, near, shown
from lakegate.contract.model import LogicalType, Property
from lakegate.contract.places import Place
from lakegate.errors import Severity

FORMATS = ("email", "uuid", "uri", "hostname", "ipv4", "ipv6")  # of text: what is checked
_PROSE_FORMATS = ("password", "byte", "binary")  # the standard's examples that say nothing about a value

_TEMPORAL = {LogicalType.DATE: dt.date, LogicalType.TIMESTAMP: dt.datetime, LogicalType.TIME: dt.time}
_OPTIONS_OF_VECTOR = frozenset(
    {"dimensions", "elementType", "distanceMetric", "embeddingModel", "embeddingModelVersion", "normalized"}
)
_SIZES = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))


def findings(place: Place) -> Iterator[Finding]:
    """Yield what is wrong with the options of one property."""
    prop = place.prop
    if prop is None or not prop.options:
        return
    path = (*place.path, "logicalTypeOptions")
    if prop.logical_type in (None, LogicalType.BOOLEAN, LogicalType.MAP, LogicalType.VECTOR):
        yield from _untyped(prop, path)
        return  # the standard's grammar says nothing of their values
    for least, most in _SIZES:
        if least in prop.options and most in prop.options and prop.options[least] > prop.options[most]:
            yield _crossed(path, least, most, prop)
    if prop.logical_type in _TEMPORAL:
        yield from _temporal(prop, path)
    else:
        yield from _range(prop, path, {key: prop.options[key] for key in _BOUNDS if key in prop.options})
    if prop.logical_type is LogicalType.STRING:
        yield from _text(prop, path)
    for name in prop.options.get("required", ()):
        if prop.properties and all(inner.name != name for inner in prop.properties):
            hint = near(name, (inner.name for inner in prop.properties))
            yield Finding((*path, "required"), "unknown-property", f"{place.name} has no property {name}", hint=hint)


def _untyped(prop: Property, path: Path) -> Iterator[Finding]:
    """Yield options of types that have none; the standard's grammar lets them pass."""
    if prop.logical_type is not LogicalType.VECTOR:
        what = f"logicalType {prop.logical_type}" if prop.logical_type else "a property without a logicalType"
        hint = "remove them" if prop.logical_type else "write its logicalType"
        yield Finding(path, "misplaced-key", f"the options of {what} are not checked", hint=hint, at_key=True)
    else:
        for key in prop.options:
            if key not in _OPTIONS_OF_VECTOR:
                hint = near(key, _OPTIONS_OF_VECTOR)
                yield Finding((*path, key), "unknown-key", f"unknown key `{key}` in a vector", hint=hint, at_key=True)


# --- ranges -----------------------------------------------------------------------------------------------------

_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


def _crossed(path: Path, least: str, most: str, prop: Property) -> Finding:
    """Return that a lower bound is above its upper one."""
    found = f"{least} {prop.options[least]}, {most} {prop.options[most]}"
    return Finding(
        (*path, least), "min-over-max", f"no value of {prop.name} can hold", found=found, expected=f"{least} <= {most}"
    )


def _range(prop: Property, path: Path, bounds: dict[str, Any]) -> Iterator[Finding]:
    """Yield a lower bound above an upper one; equal ones too where either is exclusive."""
    for least in ("minimum", "exclusiveMinimum"):
        for most in ("maximum", "exclusiveMaximum"):
            if least not in bounds or most not in bounds:
                continue
            open_end = least == "exclusiveMinimum" or most == "exclusiveMaximum"
            low, high = bounds[least], bounds[most]
            if low > high or (low == high and open_end):
                yield _crossed(path, least, most, prop)


def _temporal(prop: Property, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with the format, the bounds and the zone of a date or time."""
    pattern = prop.options.get("format")
    if pattern is not None:
        try:
            date_format.to_strptime(pattern)
        except date_format.UnreadablePatternError as error:
            yield Finding((*path, "format"), "date-format", str(error), found=pattern)
            return
        yield from _wrong_parts(prop, path, pattern)
    bounds = {}
    for key in _BOUNDS:
        if key not in prop.options:
            continue
        bounds[key] = date_format.read_bound(
            prop.options[key], _TEMPORAL[prop.logical_type or LogicalType.DATE], pattern
        )
        if bounds[key] is None:
            expected = f"{pattern or 'ISO 8601'}, as in the data"
            message = f"{key} is no {prop.logical_type}"
            yield Finding((*path, key), "unreadable-bound", message, found=shown(prop.options[key]), expected=expected)
    known = {key: bound for key, bound in bounds.items() if bound is not None}
    if len({getattr(bound, "tzinfo", None) is None for bound in known.values()}) <= 1:
        yield from _range(prop, path, known)
    zone = prop.options.get("defaultTimezone")
    if zone is not None and zone not in ("UTC", "Etc/UTC") and zone not in zoneinfo.available_timezones():
        hint = near(zone, zoneinfo.available_timezones())
        yield Finding((*path, "defaultTimezone"), "unknown-value", "unknown time zone", found=zone, hint=hint)


def _wrong_parts(prop: Property, path: Path, pattern: str) -> Iterator[Finding]:
    """Yield a format that names parts its type does not have."""
    directives = set(re.findall("%[A-Za-z]", date_format.to_strptime(pattern)))
    if prop.logical_type is LogicalType.DATE and directives & {"%H", "%I", "%M", "%S", "%f", "%z"}:
        hint = "a date has no time of day: write logicalType: timestamp"
        yield Finding((*path, "format"), "date-format", "the format of a date holds a time", found=pattern, hint=hint)
    if prop.logical_type is LogicalType.TIME and directives & {"%Y", "%m", "%d", "%j", "%b", "%B"}:
        hint = "a time has no day: write logicalType: timestamp"
        yield Finding((*path, "format"), "date-format", "the format of a time holds a day", found=pattern, hint=hint)
    if prop.logical_type is LogicalType.TIMESTAMP and "%Y" not in directives:
        hint = "write the day too, or logicalType: time"
        yield Finding(
            (*path, "format"), "date-format", "the format of a timestamp has no day", found=pattern, hint=hint
        )


# --- text -------------------------------------------------------------------------------------------------------


def _text(prop: Property, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with the pattern and the format of text."""
    pattern, form = prop.options.get("pattern"), prop.options.get("format")
    if pattern is not None:
        yield from regex(pattern, (*path, "pattern"))
    if form is not None and form not in FORMATS:
        hint = "" if form in _PROSE_FORMATS else near(form, FORMATS)
        message = f"the format {form} of text is not checked"
        severity = Severity.HINT if form in _PROSE_FORMATS else Severity.WARNING
        yield Finding((*path, "format"), "not-checked", message, severity, expected=listed(FORMATS), hint=hint)


def regex(pattern: str, path: Path) -> Iterator[Finding]:
    """Yield a pattern that RE2, which runs it, cannot read; and a hint for one that need not match the whole text."""
    reason = _refusal(pattern)
    if reason:
        hint = "write it without look-around and back references"
        yield Finding(path, "pattern", f"RE2 cannot run the pattern: {reason}", found=pattern, hint=hint)
        return
    apart = _alternatives(pattern)
    if not all(one.startswith(("^", r"\A")) and one.endswith(("$", r"\z")) for one in apart):
        message = "the pattern is found anywhere in the text"
        hint = f"write ^{'…' if len(apart) == 1 else '(…|…)'}$ for the whole of it"
        yield Finding(path, "unanchored-pattern", message, Severity.HINT, found=pattern, hint=hint)


def _alternatives(pattern: str) -> list[str]:
    """Return what a pattern chooses from, without what stands in groups and classes, and without flags and escapes."""
    flat = re.sub(r"\\[^Az]|\[\^?\]?(\\.|[^\]\\])*\]", ".", re.sub(r"^\(\?[a-z]+\)", "", pattern))
    while (outer := re.sub(r"\([^()]*\)", ".", flat)) != flat:
        flat = outer
    return flat.split("|")


@functools.lru_cache(maxsize=4096)
def _refusal(pattern: str) -> str:
    """Return why RE2 cannot run `pattern`, empty where it can. DuckDB, whose RE2 runs it, is asked once (proofs)."""
    facts = (pattern, *proofs.judges("_duckdb"))
    if proofs.recall("pattern", facts):
        return ""
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    proofs.remember("pattern", facts, "RE2 runs it")
    return ""
