"""A plan as text, SQL and all: what would be measured, in how many passes. Touches no data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, assert_never

from lakegate.checks.interface import Check
from lakegate.checks.table_wide import columns_of
from lakegate.contract.model import LogicalType, Property
from lakegate.engines import balance, predicates, sql, statistics
from lakegate.measures import AlreadyThere, Duplicates, Imbalance, Measure, Orphans, RepeatedRows
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
    match stage:
        case Scan(measures):
            aggregates = [_or_why(sql.aggregate, measure, scope) for measure in measures]
            lines = [
                f"  {aggregate}{',' if n < len(measures) else ''}  -- {', '.join(asking.get(measure, ['the rows']))}"
                for n, (measure, aggregate) in enumerate(zip(measures, aggregates, strict=True), 1)
            ]
            query = "\n".join(["SELECT", *lines, f"FROM {relation}"])
            return f"-- stage {number}: one scan for {len(measures)} measures\n{query}"
        case KeyPass(RepeatedRows() as measure):
            title = "rows that repeat a key"
            query = _or_why(lambda m, s: sql.repeated_rows(m, relation, s), measure, scope)
        case ValuesPass(measure):
            title = "the values of a column"
            query = _or_why(lambda m, s: statistics.query(m, relation, s), measure, scope)
        case KeyPass(Duplicates(key, str(beside)) as measure):
            title, there = "duplicates of a key, beside those of other batches", predicates.identifier(beside)
            query = _or_why(
                lambda m, s: sql.duplicates_beside(m.key, relation, there, columns_of(key), s), measure, scope
            )
        case KeyPass(measure):
            title = "duplicates of a key"
            query = _or_why(lambda m, s: sql.duplicates(m.key, relation, s), measure, scope)
        case ReferencePass(measure):
            title, query = _against(measure, relation, scope)
        case BalancePass(measure):
            title = f"groups against {measure.dataset}"
            other = predicates.identifier(measure.dataset)
            query = _or_why(lambda m, s: balance.query(m, (relation, s), (other, _as_here(m, s))), measure, scope)
        case LibraryPass(library, measures):
            names = "all columns" if stage.columns is None else ", ".join(stage.columns) or "no column"
            lines = [f"-- {measure.asked}  -- {', '.join(asking.get(measure, []))}" for measure in measures]
            return "\n".join([f"-- stage {number}: {library} runs itself, on {names}: it costs more", *lines])
        case QueryPass(measure):
            title = "a query of the contract's own"
            query = measure.query.strip()
        case _:
            assert_never(stage)
    return f"-- stage {number}: {title}: {', '.join(asking.get(stage.measure, []))}\n{query}"


def _as_here(measure: Imbalance, scope: predicates.Scope) -> predicates.Scope:
    """Return what names mean in the other dataset, as if its columns had the types of those they are compared with."""
    number = Type(Kind.DECIMAL, "DECIMAL(18,2)")
    columns = {theirs: scope.type_of(ours) for ours, theirs in measure.by}
    columns |= dict.fromkeys(measure.there.values, number)
    types = {value.path[0]: _inside(value.path[1:], found) for value, found in columns.items()}
    return predicates.Scope(types)


def _inside(path: tuple[str, ...], found: Type) -> Type:
    return Type(Kind.OBJECT, "STRUCT", fields=((path[0], _inside(path[1:], found)),)) if path else found


def _against(measure: Orphans | AlreadyThere, relation: str, scope: predicates.Scope) -> tuple[str, str]:
    """Return the title and the query of a pass beside other rows."""
    if isinstance(measure, Orphans):
        there = predicates.identifier(measure.dataset)
        query = _or_why(lambda m, s: sql.orphans(m.key, relation, there, m.columns, s), measure, scope)
        return f"orphans against {measure.dataset}", query
    there = predicates.identifier(measure.beside)
    query = _or_why(
        lambda m, s: sql.counted(sql.already_there(m.key, there, columns_of(m.key), s), relation), measure, scope
    )
    return "keys that other batches hold", query


def _or_why(compile_: Callable[[Any, predicates.Scope], str], measure: Any, scope: predicates.Scope) -> str:  # noqa: ANN401 - the measure of its stage
    try:
        return compile_(measure, scope)
    except predicates.Unmeasurable as missing:
        return f"NULL /* not measured: {missing} */"
