"""A plan as text, SQL and all: what would be measured, in how many passes. Touches no data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lakegate.checks.interface import Check
from lakegate.contract.model import LogicalType, Property
from lakegate.engines import predicates, sql
from lakegate.engines.statements import statement
from lakegate.measures import (
    AlreadyThere,
    Distinct,
    Duplicates,
    Imbalance,
    Measure,
    MostCommon,
    Orphans,
    Quantiles,
    RepeatedRows,
    SqlResult,
)
from lakegate.plan import BalancePass, KeyPass, LibraryPass, Plan, QueryPass, ReferencePass, Scan, Stage, ValuesPass
from lakegate.rows import Kind, Type


def explain(plan: Plan, checks: Iterable[Check], columns: Mapping[str, Type], relation: str) -> str:
    """Return the stages of a plan with their SQL over columns of the declared types, and which check asks for what.

    What a batch's own types would forbid is told where it is measured, not here.
    """
    asking: dict[Measure, list[str]] = {}
    for check in checks:
        for measure in check.measures():
            asking.setdefault(measure, []).append(check.identity.key)
    scope = predicates.Scope(columns)
    stages = enumerate(plan.stages, 1)
    return "\n\n".join(_stage(stage, number, scope, relation, asking) for number, stage in stages)


KINDS = {
    LogicalType.STRING: Type(Kind.STRING, "VARCHAR"),
    LogicalType.INTEGER: Type(Kind.INTEGER, "BIGINT"),
    LogicalType.NUMBER: Type(Kind.FLOAT, "DOUBLE"),
    LogicalType.BOOLEAN: Type(Kind.BOOLEAN, "BOOLEAN"),
    LogicalType.DATE: Type(Kind.DATE, "DATE"),
    LogicalType.TIME: Type(Kind.TIME, "TIME"),
    LogicalType.VECTOR: Type(Kind.ARRAY, "FLOAT[]", item=Type(Kind.FLOAT, "FLOAT")),
}


def declared(properties: Iterable[Property]) -> dict[str, Type]:
    """Return the columns that a contract declares, by physical name, with the types that data would have."""
    return {prop.physical_name: _declared(prop) for prop in properties}


def _declared(prop: Property) -> Type:
    match prop.logical_type:
        case LogicalType.TIMESTAMP:
            zoned = prop.options.get("timezone") is True
            return Type(Kind.TIMESTAMP_ZONED if zoned else Kind.TIMESTAMP, "TIMESTAMPTZ" if zoned else "TIMESTAMP")
        case LogicalType.OBJECT:
            return Type(Kind.OBJECT, "STRUCT", fields=tuple(declared(prop.properties).items()))
        case LogicalType.ARRAY:
            return Type(Kind.ARRAY, "LIST", item=_declared(prop.items) if prop.items else None)
        case LogicalType.MAP:
            key, value = (_declared(part) if part else None for part in (prop.key, prop.value))
            return Type(Kind.MAP, "MAP", key=key, item=value)
        case kind:
            return KINDS.get(kind or LogicalType.STRING, Type(Kind.STRING, "VARCHAR"))


def _stage(
    stage: Stage, number: int, scope: predicates.Scope, relation: str, asking: Mapping[Measure, list[str]]
) -> str:
    others: Mapping[str, predicates.Scope] = {}
    match stage:
        case Scan(measures):
            aggregates = [_or_why(sql.aggregate, measure, scope) for measure in measures]
            lines = [
                f"  {aggregate}{',' if n < len(measures) else ''}  -- {', '.join(asking.get(measure, ['the rows']))}"
                for n, (measure, aggregate) in enumerate(zip(measures, aggregates, strict=True), 1)
            ]
            query = "\n".join(["SELECT", *lines, f"FROM {relation}"])
            return f"-- stage {number}: one scan for {len(measures)} measures\n{query}"
        case LibraryPass(library, measures):
            names = "all columns" if stage.columns is None else ", ".join(stage.columns) or "no column"
            lines = [f"-- {measure.asked}  -- {', '.join(asking.get(measure, []))}" for measure in measures]
            return "\n".join([f"-- stage {number}: {library} runs itself, on {names}: it costs more", *lines])
        case BalancePass(measure):
            others = {measure.dataset: _as_here(measure, scope)}
    query = _or_why(lambda m, s: statement(m, relation, s, others), stage.measure, scope)
    return f"-- stage {number}: {_title(stage)}: {', '.join(asking.get(stage.measure, []))}\n{query}"


def _title(stage: KeyPass | ValuesPass | ReferencePass | BalancePass | QueryPass) -> str:
    """Return what a stage of one measure looks for."""
    match stage.measure:
        case RepeatedRows():
            title = "rows that repeat a key"
        case Distinct() | MostCommon() | Quantiles():
            title = "the values of a column"
        case Duplicates(_, beside):
            title = "duplicates of a key" + (", beside those of other batches" if beside is not None else "")
        case Orphans(_, dataset):
            title = f"orphans against {dataset}"
        case AlreadyThere():
            title = "keys that other batches hold"
        case Imbalance(dataset=dataset):
            title = f"groups against {dataset}"
        case SqlResult():
            title = "a query of the contract's own"
    return title


def _as_here(measure: Imbalance, scope: predicates.Scope) -> predicates.Scope:
    """Return what names mean in the other dataset, as if its columns had the types of those they are compared with."""
    number = Type(Kind.DECIMAL, "DECIMAL(18,2)")
    columns = {theirs: scope.type_of(ours) for ours, theirs in measure.by}
    columns |= dict.fromkeys(measure.there.values, number)
    types = {value.path[0]: _inside(value.path[1:], found) for value, found in columns.items()}
    return predicates.Scope(types)


def _inside(path: tuple[str, ...], found: Type) -> Type:
    return Type(Kind.OBJECT, "STRUCT", fields=((path[0], _inside(path[1:], found)),)) if path else found


def _or_why(compile_: Callable[[Any, predicates.Scope], str], measure: Any, scope: predicates.Scope) -> str:  # noqa: ANN401 - the measure of its stage
    try:
        return compile_(measure, scope)
    except predicates.Unmeasurable as missing:
        return f"NULL /* not measured: {missing} */"
