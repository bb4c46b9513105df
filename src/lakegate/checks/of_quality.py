"""The checks of `quality` lists: the standard's library metrics, SQL, prose, and rules of other engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lakegate.checks.interface import Check, Identity
from lakegate.checks.of_library import expectation_checks, model_check
from lakegate.checks.of_own import Input, own_check
from lakegate.checks.quality import LibraryMetric, NotRun, SqlRule, TableRowCount
from lakegate.checks.spot import Spot, literal, spots
from lakegate.checks.table_wide import TABLE, rule_key, table_key
from lakegate.checks.wording import of_rule
from lakegate.contract.custom_rules import Engine, engine_of
from lakegate.contract.expectation_files import NO_FILES, ExpectationFiles
from lakegate.contract.model import Contract, Quality, SchemaObject
from lakegate.contract.vetting import vet
from lakegate.errors import ContractError, Problem, Severity
from lakegate.measures import CountWhere, Duplicates, RowCount, SqlResult
from lakegate.predicates import AnyOf, DoesNotMatch, NotIn, OneOf, Predicate, Value


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule stands in. `spot` is None for a rule of the whole object.

    `tables` maps what the contract's SQL may call another dataset to that dataset, `inputs` what reconciliations do.
    """

    contract: Contract
    obj: SchemaObject
    spot: Spot | None
    tables: Mapping[str, str]
    unsupported_blocks: bool
    files: ExpectationFiles = NO_FILES
    inputs: Mapping[str, Input] = field(default_factory=dict)


def quality_checks(rule: Quality, around: Surroundings) -> tuple[Check, ...]:
    """Return the checks of one entry of a `quality` list: several where it names a suite.

    Raises ContractError or Refused for SQL that may not run, and for a suite or an expectation that cannot be asked.
    """
    identity = _identity(rule, around)
    column = around.spot.declared.physical_name if around.spot and not around.spot.nested else None
    match engine_of(rule):
        case Engine.GREAT_EXPECTATIONS:
            return expectation_checks(rule, around.obj, column, identity, around.files)
        case Engine.PANDERA:
            return (model_check(rule, around.obj, identity),)
        case Engine.LAKEGATE:
            return (own_check(rule, around.obj, around.spot, identity, around.inputs),)
    return (_check(rule, around, identity),)


def _check(rule: Quality, around: Surroundings, identity: Identity) -> Check:
    match rule.type:
        case "library":
            check = _library(rule, around, identity)
        case "sql":
            check = _sql(rule, around, identity)
        case "text":
            return NotRun(identity=identity, why="prose", blocks=False)
        case _:
            why = f"engine {rule.engine!r} is not one this version runs"
            return NotRun(identity=identity, why=why, blocks=around.unsupported_blocks)
    return replace(check, action=rule.action)


def _identity(rule: Quality, around: Surroundings) -> Identity:
    kind = rule.metric or {"sql": "sql", "text": "text"}.get(rule.type, rule.engine or rule.type)
    place = f"{around.obj.name}.{around.spot.name}" if around.spot else around.obj.name
    means = of_rule(rule, around.obj.name, around.spot.title if around.spot else None, _names(rule))
    name = rule.name or (rule.id or "").replace("_", " ") or rule.description or means
    return Identity(
        key=f"{place}.quality.{rule.id or f'{rule.index}.{kind}'}",
        category="quality",
        type=kind,
        name=(name.strip().splitlines() or [kind])[0].rstrip("."),
        model=around.obj.name,
        field=around.spot.name if around.spot else None,
        quality_id=rule.id,
        dimension=rule.dimension,
        implementation=rule.query or "",
        means=means if rule.threshold is not None and name != means else "",
    )


def _names(rule: Quality) -> tuple[str, ...]:
    """Return the properties that `duplicateValues` names, without the object's name before them."""
    names = rule.arguments.get("properties") or ()
    return tuple(str(name).rpartition(".")[2] for name in names) if isinstance(names, list | tuple) else ()


def _library(rule: Quality, around: Surroundings, identity: Identity) -> Check:
    if rule.threshold is None:
        raise _broken(identity, "a library metric needs one operator, such as mustBe: 0")
    if rule.scope == TABLE and rule.metric == "rowCount":
        return TableRowCount(identity=identity, threshold=rule.threshold)
    percent = rule.unit == "percent"
    value = around.spot.value if around.spot and not around.spot.nested else None
    measure = _measure(rule, around, identity)
    return LibraryMetric(identity=identity, measure=measure, threshold=rule.threshold, percent=percent, value=value)


def _measure(rule: Quality, around: Surroundings, identity: Identity) -> CountWhere | Duplicates | RowCount:
    if rule.metric == "rowCount":
        return RowCount()
    if rule.metric == "duplicateValues":
        key = _key(rule, around, identity)
        found = table_key(around.contract, around.obj, key) if rule.scope == TABLE else None
        return Duplicates(key, found.beside if found else None)
    if rule.scope == TABLE:
        raise _broken(identity, f"{rule.metric} is counted within a batch: `scope: table` is not for it")
    spot = around.spot
    if spot is None:
        raise _broken(identity, f"{rule.metric} is a metric of a property, not of a whole object")
    if rule.metric == "nullValues":
        return CountWhere(spot.null())
    if rule.metric == "missingValues":
        return CountWhere(_missing(rule, spot))
    if rule.metric == "invalidValues":
        return CountWhere(spot.row(_invalid(rule, spot, identity)))
    raise _broken(identity, f"unknown metric {rule.metric!r}")


def _key(rule: Quality, around: Surroundings, identity: Identity) -> tuple[Value, ...]:
    key = rule_key(rule, around.obj, around.spot)
    if key:
        return key
    if names := rule.arguments.get("properties"):
        raise _broken(identity, f"arguments.properties names a property that is not there: {names}")
    if around.spot is None:
        raise _broken(identity, "duplicateValues of a whole object needs arguments.properties")
    raise _broken(identity, "duplicateValues of items is uniqueItems of their array")


def _missing(rule: Quality, spot: Spot) -> Predicate:
    """SEMANTICS: null always counts, and the listed values."""
    listed = [v for v in rule.arguments.get("missingValues") or () if v is not None]
    if not listed:
        return spot.null()
    values = tuple(literal(v, spot.declared, f"{spot.name}.missingValues") for v in listed)
    return AnyOf((spot.null(), spot.row(OneOf(spot.value, values))))


def _invalid(rule: Quality, spot: Spot, identity: Identity) -> Predicate:
    """SEMANTICS: null is never invalid; both arguments must hold; an empty list is an error."""
    broken: list[Predicate] = []
    valid = rule.arguments.get("validValues")
    if valid is not None:
        if not valid:
            raise _broken(identity, "validValues is empty: every value would be invalid")
        values = tuple(literal(v, spot.declared, f"{spot.name}.validValues") for v in valid if v is not None)
        broken.append(NotIn(spot.value, values))
    if (pattern := rule.arguments.get("pattern")) is not None:
        broken.append(DoesNotMatch(spot.value, str(pattern)))
    if not broken:
        raise _broken(identity, "invalidValues needs arguments.validValues or arguments.pattern")
    return AnyOf(tuple(broken)) if len(broken) > 1 else broken[0]


def _sql(rule: Quality, around: Surroundings, identity: Identity) -> Check:
    if rule.threshold is None or not rule.query:
        raise _broken(identity, "a rule of type sql needs a query and one operator")
    column = around.spot.declared.physical_name if around.spot else None
    vetted = vet(rule.query, table=around.obj.name, column=column, tables=frozenset(around.tables), where=identity.key)
    datasets = tuple((name, around.tables[name]) for name in vetted.tables if name in around.tables)
    query = SqlResult(vetted.sql, datasets)
    identity = replace(identity, implementation=vetted.sql)
    quotes = _quoted(around.obj, vetted.quoted)
    hidden = bool(vetted.quoted and datasets)
    return SqlRule(identity=identity, query=query, threshold=rule.threshold, quotes=quotes, discreet=hidden)


def _quoted(obj: SchemaObject, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the properties, nested ones too, whose values a query's answer may hold, as it names these columns."""
    wanted = {name.casefold() for name in columns}
    named = (spot for spot in spots(obj) if "*" in wanted or wanted & {step.casefold() for step in spot.steps})
    return tuple(spot.name for spot in named)


def _broken(identity: Identity, message: str) -> ContractError:
    return ContractError((Problem("", 0, 0, Severity.ERROR, "bad-rule", f"{identity.key}: {message}", identity.key),))
