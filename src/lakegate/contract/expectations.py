"""Expectations of Great Expectations, as a contract's rule or a suite file holds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakegate.contract.expectation_catalogue import kwargs_of, snake_case, spelled
from lakegate.contract.findings import REFUSED, Finding, Path, listed, near, raise_errors, shown
from lakegate.contract.source import Source, read
from lakegate.errors import Severity

SEVERITIES = ("critical", "warning", "info")
KEYS = ("type", "kwargs", "mostly", "severity", "id", "meta", "notes", "description")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")  # text in a condition that holds no backslash
_COLUMN = ("column", "column_A", "column_B")
# Suites hold these too; they say nothing of the data.
UNHEARD = ("rendered_content", "success_on_last_run", "windows", "catch_exceptions", "result_format", "batch_id")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation, in the words of Great Expectations 1.24. `index` is its place in its suite, 0 where it is alone.

    `kwargs` holds what was said and no defaults.
    """

    type: str  # `expect_column_values_to_not_be_null`
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    severity: str | None = None  # critical, warning, info
    id: str | None = None
    notes: Any = None
    description: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The expectation as a suite's JSON has it."""
        told = {"id": self.id, "notes": self.notes, "description": self.description, "severity": self.severity}
        said = {key: value for key, value in told.items() if value is not None}
        return {"type": self.type, "kwargs": dict(self.kwargs), "meta": dict(self.meta), **said}

    @property
    def json(self) -> str:
        """The same as text."""
        return json.dumps(self.document, default=str)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about, by their names in the data; none where it is about the table."""
        single = [self.kwargs[name] for name in _COLUMN if name in self.kwargs]
        several = self.kwargs.get("column_list")
        return tuple(map(str, single or (several if isinstance(several, list | tuple) else ())))

    @property
    def sentence(self) -> str:
        """What is expected, in the words of its type and arguments."""
        words = self.type.removeprefix("expect_").replace("_", " ")
        told = {name: value for name, value in self.kwargs.items() if name not in (*_COLUMN, "column_list")}
        said = ", ".join(f"{name} {_short(value)}" for name, value in told.items())
        subject = f"{', '.join(self.columns)}: " if self.columns else ""
        return f"{subject}{words}{f' ({said})' if said else ''}"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite file in the library's own format."""

    name: str
    file: str  # below the project's root
    expectations: tuple[Expectation, ...]


def suite(content: bytes, file: str) -> Suite:
    """Read a suite. Raises ContractError with every problem and its line, Refused for a bomb."""
    source = read(content, file)
    raise_errors((*source.problems, *source.locate(suite_findings(source))))
    listed_ = source.data["expectations"]
    return Suite(
        str(source.data.get("name") or file), file, tuple(expectation(node, i) for i, node in enumerate(listed_))
    )


def single(node: Any, where: str) -> Expectation:
    """Read the expectation that a rule holds itself. Raises ContractError where it is wrong, Refused where unsafe.

    `where` names the rule: lint tells the same at its line.
    """
    raise_errors(Source(where, node, "").locate(findings(node, ())))
    return expectation(node)


def suite_findings(source: Source) -> Iterator[Finding]:
    """Yield what is wrong in a suite file."""
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        if data is not None:
            hint = "write it with `suite.to_json_dict()`, or as {name: …, expectations: [{type: …, kwargs: {…}}]}"
            yield Finding((), "no-suite", "this is no suite of Great Expectations", found=shown(data), hint=hint)
        return
    if not data["expectations"]:
        yield Finding(("expectations",), "no-rules", "the suite holds no expectation: nothing would be checked")
    for i, node in enumerate(data["expectations"]):
        yield from findings(node, ("expectations", i))


def expectation(node: Mapping[str, Any], index: int = 0) -> Expectation:
    """Return the expectation in a suite's entry, or in a rule's `implementation`: `findings` found no error in it."""
    type_ = _type(node.get("type") or node["expectation_type"])
    said = dict(node.get("kwargs") or {})
    if "mostly" in node:
        said["mostly"] = node["mostly"]
    return Expectation(
        type=type_,
        kwargs={spelled(type_, name) or name: value for name, value in said.items() if name not in UNHEARD},
        index=index,
        severity=node.get("severity"),
        id=node.get("id") or node.get("ge_cloud_id"),
        notes=node.get("notes"),
        description=node.get("description"),
        meta=node.get("meta") or {},
    )


def findings(node: Any, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with an expectation as it is written at `path`."""
    if not isinstance(node, Mapping):
        yield Finding(path, "wrong-type", "an expectation is an object", found=shown(node), expected="type and kwargs")
        return
    type_ = node.get("type", node.get("expectation_type"))
    if not isinstance(type_, str) or not type_:
        yield Finding(path, "no-type", "the expectation does not say its type", hint="write type: expect_…")
        return
    for name in node:
        if name not in (*KEYS, *UNHEARD, "expectation_type", "ge_cloud_id", "expectation_context"):
            hint = near(str(name), KEYS)
            yield Finding((*path, name), "unknown-key", f"an expectation has no key `{name}`", hint=hint, at_key=True)
    severity = node.get("severity")
    if severity is not None and severity not in SEVERITIES:
        found, expected = shown(severity), listed(SEVERITIES)
        yield Finding((*path, "severity"), "unknown-value", "unknown severity", found=found, expected=expected)
    kwargs = node.get("kwargs", {})
    if not isinstance(kwargs, Mapping):
        yield Finding((*path, "kwargs"), "wrong-type", "kwargs is an object", found=shown(kwargs))
        return
    mostly = node.get("mostly", kwargs.get("mostly"))
    if mostly is not None and (isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 <= mostly <= 1):
        where = (*path, "mostly") if "mostly" in node else (*path, "kwargs", "mostly")
        yield Finding(where, "bad-bound", "mostly is a share", found=shown(mostly), expected="a number from 0 to 1")
    yield from _condition(kwargs.get("row_condition"), path)
    yield from _kwargs(_type(type_), kwargs, path)


def _condition(condition: Any, path: Path) -> Iterator[Finding]:
    """Yield a condition that reaches outside the rows: pandas evaluates it, with its caller's names behind `@`."""
    texts = [condition] if isinstance(condition, str) else list(_texts(condition))
    if any("@" in bare or "__" in bare for bare in (text if "\\" in text else _QUOTED.sub("", text) for text in texts)):
        message, hint = "the condition reaches outside the rows", "name columns only, no `@` and no `__`"
        yield Finding((*path, "kwargs", "row_condition"), REFUSED + "condition", message, hint=hint)


def _texts(condition: Any) -> Iterator[str]:
    """Yield the texts of a condition that is an object, at any depth; the library builds an expression of them."""
    if isinstance(condition, str):
        yield f"'{condition}'" if not set(condition) & set("'\"`") else condition.replace("'", " ").replace('"', " ")
    elif isinstance(condition, Mapping):
        for name, value in condition.items():
            yield from (value,) if name == "pass_through_filter" and isinstance(value, str) else _texts(value)
    elif isinstance(condition, list | tuple):
        for item in condition:
            yield from _texts(item)


def _kwargs(type_: str, kwargs: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    """Yield names of a core expectation's kwargs that it does not have, or has in another spelling."""
    known = kwargs_of(type_)
    if known is None:
        return  # one of the project's own: whether its class is there is seen when checks are made
    said = {spelled(type_, name) for name in kwargs}
    for name in known.required:
        if name not in said and name != "column":  # a rule at a property says its column by where it stands
            yield Finding((*path, "kwargs"), "no-argument", f"{type_} needs the argument `{name}`")
    for name in kwargs:
        if name in UNHEARD:
            continue
        at, right = (*path, "kwargs", name), spelled(type_, name)
        if right is None:
            message, hint = f"{type_} has no argument `{name}`", near(str(name), known.all)
            yield Finding(at, "unknown-key", message, expected=listed(known.all), hint=hint, at_key=True)
        elif right != name:
            yield Finding(at, "spelling", f"the library spells it `{right}`", Severity.HINT, name, at_key=True)


def _short(value: object) -> str:
    """Return an argument as text, long ones cut."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:60] + "…"


def _type(name: str) -> str:
    """Return a type in the library's spelling: it may be written as its class is called, ExpectColumnToExist."""
    return snake_case(name[:1].lower() + name[1:]) if name[:1].isupper() else name
