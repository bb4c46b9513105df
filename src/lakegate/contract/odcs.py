"""ODCS, of any version 3, -> the frozen `Contract`; all problems of a document at once.

text -> source -> upgraded to 3.2 -> the standard's grammar, our property's grammar -> model -> what the model means
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lakegate.contract import build, gate_property, meaning, upgrade
from lakegate.contract.findings import Finding, Path, listed, near, raise_errors, shown
from lakegate.contract.model import Contract
from lakegate.contract.source import MAX_DEPTH, Source, read
from lakegate.contract.standard import odcs
from lakegate.errors import ContractError, Problem, Severity, UsageError

KIND = "DataContract"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a document came to. `contract` is None where there is an error among `problems`.

    `draft` is the model of a document whose faulty parts were left out: only good to look for further problems in.
    """

    source: Source
    problems: tuple[Problem, ...]
    contract: Contract | None = None
    draft: Contract | None = None


def load(contract: str | os.PathLike[str] | Mapping[str, Any]) -> Contract:
    """Return the contract in a file, or in a document that is data already.

    Raises:
        ContractError: the contract is wrong; carries every problem found.
        Refused: the contract asks for something unsafe.
        UsageError: the file cannot be read.
    """
    parsed = parse(from_data(contract) if isinstance(contract, Mapping) else read_file(contract))
    raise_errors(parsed.problems)
    if parsed.contract is None:
        raise ContractError(parsed.problems)
    return parsed.contract


def read_file(path: str | os.PathLike[str]) -> Source:
    """Return a contract's file as data with places. Raises UsageError where it cannot be read."""
    try:
        return read(pathlib.Path(path).read_bytes(), os.fspath(path))
    except OSError as error:
        hint = "name a contract file, contracts/<source>/<dataset>.odcs.yaml"
        raise UsageError(f"the contract {os.fspath(path)} cannot be read: {error.strerror}", hint=hint) from error


def from_data(document: Mapping[str, Any]) -> Source:
    """Return a document that is data already as a source without places; its sha256 is that of its canonical JSON.

    Dates become ISO text, as they stand in a contract. Raises ContractError where the document is no plain data.
    """
    file = "<contract>"
    try:
        text = json.dumps(document, sort_keys=True, default=_plain, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the contract is no plain data: {error}"
        raise ContractError((Problem(file, 0, 0, Severity.ERROR, "no-data", message),)) from error
    data, sha256 = json.loads(text), hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if _deeper_than(MAX_DEPTH, data):
        expected = f"at most {MAX_DEPTH} levels"
        problem = Problem(file, 0, 0, Severity.ERROR, "too-deep", "the contract is nested too deep", expected=expected)
        return Source(file, None, sha256, (problem,))
    return Source(file, data, sha256)


def _deeper_than(most: int, data: Any) -> bool:
    """Whether plain data is nested deeper than `most` levels."""
    level = [data]
    for _ in range(most):
        nested = (node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list))
        level = [child for children in nested for child in children]
    return bool(level)


def _plain(value: Any) -> Any:
    """Return a value that JSON does not know as one it does."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not known in a contract")


def outline(source: Source) -> Contract:
    """Return a contract that the grammars allow, without asking what its rules mean: no parser of SQL is loaded for it.

    Who judges by a contract asks `load`, which refuses more.

    Raises:
        ContractError: the document is no contract of a known version, or not as the grammars want it.
        Refused: the text asks for something unsafe.
    """
    raise_errors(source.problems)
    if source.data is None:
        raise ContractError(source.problems)
    raise_errors(source.locate(_identity(source.data)))
    document, _ = upgrade.upgraded(source.data)
    raise_errors(_ordered(source, _grammar(document, source, str(source.data.get("apiVersion", "")))))
    raise_errors(_ordered(source, list(gate_property.findings(document, source.raw))))
    return build.contract(document, source.sha256, source.file)


def parse(source: Source) -> Parsed:
    """Return what a source came to: a contract, or problems, or both. Raises nothing."""
    if source.data is None:
        return Parsed(source, source.problems)
    data = source.data
    identity = _identity(data)
    if any(finding.rule in ("wrong-type", "kind", "api-version") for finding in identity):
        return Parsed(source, (*source.problems, *source.locate(identity)))
    document, hints = upgrade.upgraded(data)
    found = [*hints, *_grammar(document, source, str(data.get("apiVersion", "")))]
    whole = document if not _has_errors(found) else _without_faults(document, found, source)
    if whole is None:
        return Parsed(source, _ordered(source, found))
    faults = list(gate_property.findings(whole, source.raw))
    draft = build.contract(_without_values(whole, faults) if faults else whole, source.sha256, source.file)
    found += faults
    found += [means for means in meaning.findings(draft) if whole is document or means.rule != meaning.NOTHING]
    problems = _ordered(source, found)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Parsed(source, problems, draft=draft)
    contract = replace(draft, hints=problems)
    return Parsed(source, problems, contract=contract, draft=contract)


def _ordered(source: Source, found: list[Finding]) -> tuple[Problem, ...]:
    """Return the problems of the text and of the document by place; no hint where there is an error."""
    problems = {*source.problems, *source.locate(found)}
    faulty = {(p.line, p.column) for p in problems if p.severity is Severity.ERROR and p.line}
    kept = (p for p in problems if p.severity is not Severity.HINT or (p.line, p.column) not in faulty)
    return tuple(sorted(kept, key=lambda p: (p.line, p.column, p.severity, p.rule, p.path, p.message)))


def _has_errors(found: list[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(finding.severity is Severity.ERROR for finding in found)


def _identity(data: Any) -> list[Finding]:
    """Return why a document is no ODCS contract of a version known here."""
    if not isinstance(data, dict):
        return [
            Finding((), "wrong-type", "a contract is an object", found=shown(data), expected="apiVersion, kind, id, …")
        ]
    found = []
    kind, version = data.get("kind", KIND), data.get("apiVersion", upgrade.VERSIONS[-1])
    if kind != KIND:
        found.append(Finding(("kind",), "kind", "not a data contract", found=shown(kind), expected=KIND))
    if version not in upgrade.VERSIONS:
        hint = near(version, upgrade.VERSIONS) if isinstance(version, str) and "3" in version else ""
        hint = hint or "convert it to v3.2.0 first"
        message = "this version of the standard is not read"
        expected = listed(upgrade.VERSIONS)
        found.append(
            Finding(("apiVersion",), "api-version", message, found=shown(version), expected=expected, hint=hint)
        )
    return found


def _grammar(document: dict[str, Any], source: Source, version: str) -> list[Finding]:
    """Return what the standard does not allow; keys that the contract's own version allowed are hints only."""
    found = odcs().findings(document, source.raw)
    return [replace(f, severity=Severity.HINT) if upgrade.allowed_then(f, version) else f for f in found]


def _without_faults(document: dict[str, Any], found: list[Finding], source: Source) -> dict[str, Any] | None:
    """Return the document without its faulty parts, so that the rest can be looked at too; None where nothing is left.

    Every other part keeps its place: a faulty rule becomes prose, a faulty key is left out.
    """
    whole = copy.deepcopy(document)
    for finding in found:
        path = finding.path
        if "quality" in path[:-1]:
            path = path[: path.index("quality") + 2]
        holder = _holder(whole, path)
        if holder is None or finding.severity is not Severity.ERROR:
            continue
        if isinstance(holder, list):
            holder[int(path[-1])] = {"type": "text"} if path[-2:-1] == ("quality",) else None
        elif finding.rule == "wrong-type" and path in source.raw and "text" in finding.expected:
            holder[path[-1]] = source.raw[path]
        else:
            holder.pop(path[-1], None)
    return None if _has_errors(_grammar(whole, source, "")) else whole


def _without_values(document: dict[str, Any], faults: list[Finding]) -> dict[str, Any]:
    """Return the document with the faulty ones among its lakegate properties left empty."""
    whole = copy.deepcopy(document)
    for fault in faults:
        if fault.severity is Severity.ERROR:
            at = fault.path.index("customProperties")  # the first: a value may hold a key of that name
            _holder(whole, (*fault.path[: at + 2], "value"))["value"] = {}
    return whole


def _holder(document: Any, path: Path) -> Any:
    """Return the object or list that holds the last step of `path`; None where it is not there (any more)."""
    node = document if path else None
    for step in path[:-1]:
        node = node.get(step) if isinstance(node, dict) else node[int(step)] if isinstance(node, list) else None
    return node if isinstance(node, dict | list) else None
