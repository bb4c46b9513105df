"""Rules of type `custom`: which engine they are for, and what they say to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakegate.contract import own_rules
from lakegate.contract.expectations import findings as expectation_findings
from lakegate.contract.findings import Finding, Path, near, shown
from lakegate.contract.model import Contract, Quality
from lakegate.contract.places import Place
from lakegate.contract.source import read
from lakegate.errors import Severity

NOT_RUN = "not-run"


class Engine(StrEnum):
    """The engines of custom rules that are run, as contracts spell them."""

    GREAT_EXPECTATIONS = "greatExpectations"
    PANDERA = "pandera"
    LAKEGATE = "lakegate"


_KEYS = {Engine.GREAT_EXPECTATIONS: "suite", Engine.PANDERA: "schema"}
_EXAMPLES = {
    Engine.GREAT_EXPECTATIONS: "{suite: expectations/flights.json}",
    Engine.PANDERA: "{schema: expectations/orders.py:Orders}",
    Engine.LAKEGATE: "{measure: rowCount, against: {maxZScore: 4}}",
}


def engine_of(rule: Quality) -> Engine | None:
    """Return the engine of a custom rule, without case and marks: great-expectations is greatExpectations."""
    asked = _bare(rule.engine or "")
    return next((engine for engine in Engine if _bare(engine) == asked), None) if rule.type == "custom" else None


def _bare(engine: str) -> str:
    return "".join(letter for letter in engine.casefold() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Model:
    """What a rule of pandera names: `expectations/orders.py:Orders`."""

    file: str
    name: str


def said(rule: Quality) -> Mapping[str, Any] | None:
    """Return a rule's `implementation`, which may be YAML as text; None where it is no object."""
    told = rule.implementation
    if isinstance(told, str):
        told = read(told.encode("utf-8", "surrogatepass"), "implementation").data
    return told if isinstance(told, Mapping) else None


def suite_file(rule: Quality) -> str | None:
    """Return the suite that a rule of Great Expectations names, None where it holds one expectation."""
    named = (said(rule) or {}).get("suite") if engine_of(rule) is Engine.GREAT_EXPECTATIONS else None
    return named if isinstance(named, str) else None


def model_of(rule: Quality) -> Model | None:
    """Return the model that a rule of pandera names; None where it does not."""
    named = (said(rule) or {}).get("schema") if engine_of(rule) is Engine.PANDERA else None
    file, colon, name = named.rpartition(":") if isinstance(named, str) else ("", "", "")
    return Model(file, name) if colon and file.endswith(".py") and name.isidentifier() else None


def files_named(rules: Iterable[Quality]) -> Iterator[str]:
    """Yield the files of `expectations/` that rules name."""
    for rule in rules:
        suite, model = suite_file(rule), model_of(rule)
        if suite is not None:
            yield suite
        if model is not None:
            yield model.file


def own_rule_of(rule: Quality, column: str | None) -> own_rules.HistoryRule | own_rules.Reconciliation | None:
    """Return what a rule of lakegate's own says; None for any other, and for one that is wrong: lint tells of it.

    `column` is the property that it stands at.
    """
    node = said(rule) if engine_of(rule) is Engine.LAKEGATE else None
    return own_rules.own_rule(node, column) if node is not None and own_rules.well_formed(node) else None


def findings(contract: Contract, place: Place, rule: Quality, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with a custom rule, or why it will not be run."""
    engine = engine_of(rule)
    if engine is None:
        yield _not_run(contract, rule, path)
        return
    at, node, example = (*path, "implementation"), said(rule), _EXAMPLES[engine]
    if node is None:
        found = shown(rule.implementation)
        yield Finding(at, "no-implementation", "the rule says nothing to its engine", found=found, expected=example)
        return
    if engine is Engine.LAKEGATE:
        yield from own_rules.findings(node, at, contract, place)
        return
    key = _KEYS[engine]
    if key == "suite" and key not in node:
        yield from expectation_findings(node, at)
        return
    yield from (
        Finding((*at, name), "unknown-key", f"beside `{key}` nothing is said", hint=near(name, (key,)), at_key=True)
        for name in node
        if name != key
    )
    if (suite_file(rule) or model_of(rule)) is None:
        found = shown(node.get(key))
        yield Finding((*at, key), "wrong-type", f"`{key}` names a file of the project", found=found, expected=example)


def _not_run(contract: Contract, rule: Quality, path: Path) -> Finding:
    """Return why a rule is not run: a warning, for the gate fails; a hint where the contract allows it."""
    engine = rule.engine or ""
    message = f"the rule will not be run: {engine} is an engine lakegate does not have"
    hint = near(_bare(engine), Engine)
    allowed = contract.gate.unsupported == "allow"
    severity = Severity.HINT if allowed else Severity.WARNING
    hint = hint or ("" if allowed else "the gate fails for it, unless the contract says unsupported: allow")
    return Finding((*path, "engine"), NOT_RUN, message, severity, hint=hint)
