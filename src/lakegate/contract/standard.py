"""The JSON schema of the standard, and what it says of a document in words an author can use.

The schema is the one that open-data-contract-standard ships, read without importing its model, with its known defects
patched. `Grammar` is also what validates the `lakegate` property (contract/gate_property.py).
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from lakegate.contract.findings import Finding, Path, listed, near, shown
from lakegate.contract.model import Operator

_OPERATORS = tuple(operator.value for operator in Operator)
_TYPES = {"string": "text", "array": "a list", "object": "an object", "boolean": "true or false", "null": "null"}
_BOOLEAN_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false"))

_REFERENCE = "object.property, <contract id>.<object>.<property> or file.odcs.yaml#/schema/<id>/properties/<id>"
# What a pattern of the standard means, by the name of its definition.
_PATTERNS = {
    "ShorthandReference": _REFERENCE,
    "FullyQualifiedReference": _REFERENCE,
    "StableId": "letters, digits, _ and -",
}


class Grammar:
    """A JSON schema, compiled once, whose errors are told as a person would tell them."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """`schema` is a whole JSON schema; its `$ref`s point inside it."""
        self._schema = schema
        self._validator = jsonschema_rs.validator_for(schema)

    def findings(self, data: Any, raw: Mapping[Path, str], at: Path = ()) -> Iterator[Finding]:
        """Yield what the schema does not allow in `data`, which stands at `at` in its document.

        `raw` holds the text of scalars as written, per path in the document (`Source.raw`).
        """
        errors = list(self._validator.iter_errors(data))
        wrong = [tuple(error.instance_path) for error in errors if error.kind.name != "unevaluatedProperties"]
        for error in errors:
            here = tuple(error.instance_path)
            spoilt = any(path[: len(here)] == here for path in wrong)
            yield from self._told(error, raw, at, spoilt=spoilt)

    def _told(self, error: Any, raw: Mapping[Path, str], at: Path, *, spoilt: bool = False) -> Iterator[Finding]:
        """Yield one error of the validator as findings. `spoilt`: the place has errors that make others follow."""
        path, kind, value = (*at, *error.instance_path), error.kind, error.instance
        name, subject = kind.name, _subject((*at, *error.instance_path))
        if name in ("additionalProperties", "unevaluatedProperties"):
            yield from self._unknown_keys(error, path, spoilt=spoilt)
        elif name in ("oneOf", "anyOf"):
            yield from self._alternatives(error, raw, at)
        elif name == "required":
            yield Finding(path, "missing-key", f"`{kind.property}` is missing{_in(path)}")
        elif name == "type":
            yield _wrong_type(path, kind.types, value, raw)
        elif name == "enum":
            hint = near(value, map(str, kind.options)) if isinstance(value, str) else ""
            options = listed(map(str, kind.options))
            yield Finding(path, "unknown-value", f"unknown {subject}", found=shown(value), expected=options, hint=hint)
        elif name == "pattern":
            expected = _PATTERNS.get(str(error.schema_path[-2]), kind.pattern)
            yield Finding(
                path, "pattern", f"{subject} is not written as it must be", found=shown(value), expected=expected
            )
        elif name == "not":
            hint = "remove it: the property it stands in is meant"
            yield Finding((*path, "from"), "from-at-property", "`from` has no place here", hint=hint, at_key=True)
        elif name == "uniqueItems":
            yield Finding(path, "repeated-item", f"{subject} holds one item twice")
        else:
            expected = f"{_LIMITS.get(name, name)} {shown(kind.value)}"
            found = f"{len(value)}" if isinstance(value, list | dict) else shown(value)
            yield Finding(path, "out-of-bounds", f"{subject} is out of bounds", found=found, expected=expected)

    def _unknown_keys(self, error: Any, path: Path, *, spoilt: bool) -> Iterator[Finding]:
        """Yield the keys that the schema knows nowhere near here, and those it knows but not in this company.

        What the validator calls unevaluated includes the keys of a subschema that failed: those are not to blame.
        """
        known = frozenset(self._keys(self._node(error.schema_path[:-1])))
        for key in error.kind.unexpected:
            if key not in known:
                hint = near(key, known)
                expected = "" if hint else listed(sorted(known - set(error.instance)))
                message = f"unknown key `{key}`{_in(path)}"
                yield Finding((*path, key), "unknown-key", message, expected=expected, hint=hint, at_key=True)
            elif not spoilt:
                message = f"`{key}` means nothing{_in(path)}: {_COMPANY.get(key, 'not for this type')}"
                yield Finding((*path, key), "misplaced-key", message, at_key=True)

    def _alternatives(self, error: Any, raw: Mapping[Path, str], at: Path) -> Iterator[Finding]:
        """Yield what is wrong with the alternative the author most likely meant."""
        path, value = (*at, *error.instance_path), error.instance
        if "DataQualityOperators" in map(str, error.schema_path) and isinstance(value, dict):
            yield from self._operators(error, raw, at)
            return
        branches = [list(branch) for branch in error.kind.context]
        meant = [b for b in branches if b and not any(_mismatch(one, error) for one in b)]
        if meant:
            for one in min(meant, key=len):
                yield from self._told(one, raw, at)
        elif any(branches):
            types = dict.fromkeys(t for b in branches for one in b if one.kind.name == "type" for t in one.kind.types)
            yield _wrong_type(path, types, value, raw)
        else:
            yield Finding(path, "ambiguous", f"{_subject(path)} can be read in more than one way")

    def _operators(self, error: Any, raw: Mapping[Path, str], at: Path) -> Iterator[Finding]:
        """Yield what is wrong with the operators of a quality rule; the schema asks for exactly one."""
        path, rule = (*at, *error.instance_path), error.instance
        written = [operator for operator in _OPERATORS if operator in rule]
        if len(written) > 1:
            message = f"several operators on one rule: {', '.join(written)}; exactly one is allowed"
            hint = "write one rule for each, or mustBeBetween"
            yield Finding((*path, written[1]), "several-operators", message, hint=hint, at_key=True)
        elif not written:
            hints = (near(key, _OPERATORS) for key in rule if key.startswith("must"))
            hint = next(filter(None, hints), "")
            yield Finding(path, "no-operator", "the rule has no operator", expected=listed(_OPERATORS), hint=hint)
        for branch in error.kind.context:
            for one in branch:
                if one.kind.name != "required" and (not written or written[0] in map(str, one.instance_path)):
                    yield from self._told(one, raw, at)

    def _node(self, pointer: list[str | int]) -> Any:
        """Return the part of the schema at `pointer`."""
        node: Any = self._schema
        for step in pointer:
            node = node[int(step)] if isinstance(node, list) else node[str(step)]
        return node

    def _keys(self, node: Any) -> Iterator[str]:
        """Yield every key that an object described by `node` may have under some condition."""
        if not isinstance(node, dict):
            return
        yield from node.get("properties", {})
        if "$ref" in node:
            yield from self._keys(self._node(node["$ref"].removeprefix("#/").split("/")))
        for word in ("allOf", "anyOf", "oneOf"):
            for part in node.get(word, ()):
                yield from self._keys(part)
        for word in ("then", "else"):
            yield from self._keys(node.get(word))


_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "minItems": "at least this many items:",
    "maxItems": "at most this many items:",
    "minLength": "at least this many characters:",
    "const": "exactly",
    "maxProperties": "at most this many keys:",
}
_COMPANY = {
    "items": "it needs `logicalType: array`",
    "properties": "it needs `logicalType: object`",
    "map": "it needs `logicalType: map`",
    "query": "it needs `type: sql`",
    "engine": "it needs `type: custom`",
    "implementation": "it needs `type: custom`",
    "metric": "it needs `type: library`",
    "arguments": "it needs a `metric`",
} | dict.fromkeys(_OPERATORS, "it needs a `metric` or `type: sql`")


def _mismatch(inner: Any, outer: Any) -> bool:
    """Whether an alternative failed because the value is of another type altogether."""
    if list(inner.instance_path) != list(outer.instance_path):
        return False
    if inner.kind.name in ("oneOf", "anyOf"):
        return all(any(_mismatch(one, outer) for one in branch) for branch in inner.kind.context)
    return bool(inner.kind.name == "type")


def _wrong_type(path: Path, types: Any, value: Any, raw: Mapping[Path, str]) -> Finding:
    """Return that a value has the wrong type, and how to write the right one."""
    text, hint = raw.get(path), ""
    if "string" in types and text is not None and value is not None:
        hint = f"quote it: '{text}'"
    elif "boolean" in types and isinstance(value, str) and value.lower() in _BOOLEAN_WORDS:
        hint = "write true or false, unquoted"
    elif "object" in types and path[-2:-1] == ("enum",):
        hint = f"write {{value: {value}}}"
    elif "number" in types or "integer" in types:
        hint = "remove the quotes" if isinstance(value, str) and value.replace(".", "", 1).isdigit() else ""
    expected = listed(_TYPES.get(name, f"an {name}" if name == "integer" else f"a {name}") for name in types)
    found = f"{text} (a {_kind(value)})" if text is not None else shown(value)
    expected = expected.replace("a number, an integer", "a number")
    return Finding(
        path, "wrong-type", f"{_subject(path)} has the wrong type", found=found, expected=expected, hint=hint
    )


def _kind(value: Any) -> str:
    """Return what a scalar that is not text is called."""
    return "boolean" if isinstance(value, bool) else "null" if value is None else "number"


def _subject(path: Path) -> str:
    """Return what a path is about, in a word: its last key."""
    return next((step for step in reversed(path) if isinstance(step, str)), "document")


def _in(path: Path) -> str:
    """Return " in a rule", " in a property" …: what an object at `path` is, where the list it stands in says so."""
    names = {"properties": "a property", "schema": "a schema object", "quality": "a rule", "servers": "a server"}
    if not path:
        return " in the contract"
    if path[-1] == "value" and "customProperties" in path:
        return " in the lakegate property"
    if isinstance(path[-1], int) and len(path) > 1:
        return f" in {names.get(str(path[-2]), 'an entry of ' + str(path[-2]))}"
    return f" in {path[-1]}"


@functools.cache
def odcs() -> Grammar:
    """Return the standard's grammar, compiled once a process (about 20 ms)."""
    text = importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return Grammar(_patched(json.loads(text)))


def _patched(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of 3.2 with what is wrong or superfluous in it put right.

    - The conditions on `logicalType` hold where there is none, so that a property without one must be a map and a
      vector at once: they get `required: [logicalType]`.
    - `kind` and `apiVersion` are judged before, `team` as a list is upgraded before (contract/upgrade.py): their
      alternatives would only make two messages out of one.
    """
    for condition in schema["$defs"]["SchemaBaseProperty"]["allOf"]:
        if "if" in condition:
            condition["if"]["required"] = ["logicalType"]
    for key in ("kind", "apiVersion"):
        schema["properties"][key].pop("enum", None)
    schema["properties"]["team"] = {"$ref": "#/$defs/Team"}
    return schema
