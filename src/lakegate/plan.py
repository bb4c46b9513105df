"""From checks to the fewest passes over the data. Opens nothing: explain and execute are two readers of one plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lakegate.checks.interface import Check
from lakegate.measures import (
    AlreadyThere,
    Distinct,
    Duplicates,
    Imbalance,
    LibraryResult,
    Measure,
    MostCommon,
    Orphans,
    Quantiles,
    RepeatedRows,
    RowCount,
    SqlResult,
)


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over the rows that computes all of `measures` together."""

    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class KeyPass:
    """One narrow pass over the columns of a key, to count its duplicates."""

    measure: Duplicates | RepeatedRows


@dataclass(frozen=True, slots=True)
class ValuesPass:
    """One narrow pass over the values of a column, grouped or sorted."""

    measure: Distinct | MostCommon | Quantiles


@dataclass(frozen=True, slots=True)
class ReferencePass:
    """One narrow pass over the columns of a key, beside the distinct keys of the other dataset or of other batches."""

    measure: Orphans | AlreadyThere


@dataclass(frozen=True, slots=True)
class BalancePass:
    """One narrow pass over the columns that groups and tallies need, here and in the other dataset."""

    measure: Imbalance


@dataclass(frozen=True, slots=True)
class QueryPass:
    """One vetted query of the contract's own."""

    measure: SqlResult


@dataclass(frozen=True, slots=True)
class LibraryPass:
    """One reading of the columns that a library of checks needs, and the library's own work on them."""

    library: str
    measures: tuple[LibraryResult, ...]

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The physical names of the columns read, each once; None: all."""
        if any(measure.columns is None for measure in self.measures):
            return None
        return tuple(dict.fromkeys(name for measure in self.measures for name in measure.columns or ()))


Stage = Scan | KeyPass | ValuesPass | ReferencePass | BalancePass | QueryPass | LibraryPass


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in order. Every measure stands in exactly one stage."""

    stages: tuple[Stage, ...]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All measures of all stages, each once."""
        many = (Scan, LibraryPass)
        return tuple(m for s in self.stages for m in (s.measures if isinstance(s, many) else (s.measure,)))

    @property
    def library_passes(self) -> tuple[LibraryPass, ...]:
        """The stages that libraries of checks run."""
        return tuple(stage for stage in self.stages if isinstance(stage, LibraryPass))


def plan(checks: Iterable[Check]) -> Plan:
    """Collect what the checks ask, once each, and put it into stages: one fused scan, then what needs its own pass.

    The rows are always counted: nearly every check tells its number of all rows.
    """
    asked = dict.fromkeys([RowCount(), *(measure for check in checks for measure in check.measures())])
    scanned: list[Measure] = []
    passes: list[Stage] = []
    guests: dict[str, list[LibraryResult]] = {}
    for measure in asked:
        match measure:
            case Duplicates() | RepeatedRows():
                passes.append(KeyPass(measure))
            case Distinct() | MostCommon() | Quantiles():
                passes.append(ValuesPass(measure))
            case Orphans() | AlreadyThere():
                passes.append(ReferencePass(measure))
            case Imbalance():
                passes.append(BalancePass(measure))
            case SqlResult():
                passes.append(QueryPass(measure))
            case LibraryResult(library):
                guests.setdefault(library, []).append(measure)
            case _:
                scanned.append(measure)
    last = (LibraryPass(library, tuple(measures)) for library, measures in guests.items())
    return Plan((Scan(tuple(scanned)), *passes, *last))
