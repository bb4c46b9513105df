"""Rules about keys: unique, primary, foreign."""

from __future__ import annotations

from dataclasses import dataclass

from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    not_applicable,
    passed,
    rows_told,
    share,
    unmeasured,
    violated,
)
from lakegate.checks.table_wide import no_table
from lakegate.measures import AlreadyThere, DuplicateCounts, Duplicates, Measure, NotMeasured, Orphans
from lakegate.predicates import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueKey(Check):
    """No key stands in two rows (SEMANTICS: `unique`, `primaryKey`).

    Keys that hold a null are left out; that no column of a primary key is null is a check of its own.
    """

    key: tuple[Value, ...]

    def measures(self) -> tuple[Measure, ...]:
        """Return the duplicates of the key."""
        return (Duplicates(self.key),)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first repeated key."""
        answer = found.answers[Duplicates(self.key)]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not found.count:
            return not_applicable("there are no rows")
        if not isinstance(answer, DuplicateCounts):
            raise TypeError(f"an engine answered {answer!r} to {Duplicates(self.key)}")
        counts = {"keys": answer.keys, "surplus": answer.surplus, "rows": answer.rows}
        diagnostics = share(answer.rows, found.count) | counts | {"expected": "each key once"}
        if not answer.keys:
            return passed(diagnostics)
        repeated = f"{answer.keys:,} key{'s' if answer.keys > 1 else ''} more than once"
        reason = f"got {repeated} ({rows_told(answer.surplus)} too many), expected each key once"
        return Judgement(violated(self.action), reason, diagnostics)

    def failing(self) -> Measure:
        """Return the duplicates of the key."""
        return Duplicates(self.key)

    def subject(self) -> Value | None:
        """Return the key's value where it is a single column."""
        return self.key[0] if len(self.key) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueInTable(Check):
    """No key stands in another batch of the table (SEMANTICS: `scope: table`). A key that holds a null is left out."""

    key: tuple[Value, ...]
    beside: str  # the keys of the other batches (`measures.AlreadyThere`)

    def measures(self) -> tuple[Measure, ...]:
        """Return the rows whose key is there already."""
        return (self.failing(),)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first row whose key is there already."""
        answer = found.answers[self.failing()]
        if none := no_table(found):
            return none
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not found.count:
            return not_applicable("there are no rows")
        failed, expected = int(answer), "no key that another batch of the table holds"  # type: ignore[arg-type]
        diagnostics = share(failed, found.count) | {"expected": expected}
        if not failed:
            return passed(diagnostics)
        reason = f"got {rows_told(failed)} with a key that another batch holds, expected none"
        return Judgement(violated(self.action), reason, diagnostics)

    def failing(self) -> AlreadyThere:
        """Return the rows whose key is there already."""
        return AlreadyThere(self.key, self.beside)

    def subject(self) -> Value | None:
        """Return the key's value where it is a single column."""
        return self.key[0] if len(self.key) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey(Check):
    """Every key is in the other dataset; a key that holds a null is no orphan (SEMANTICS: relationships)."""

    key: tuple[Value, ...]
    dataset: str
    columns: tuple[str, ...]  # physical names in the other dataset

    def measures(self) -> tuple[Measure, ...]:
        """Return the orphans."""
        return (self._orphans(),)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first orphan."""
        answer = found.answers[self._orphans()]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not found.count:
            return not_applicable("there are no rows")
        failed = int(answer)  # type: ignore[arg-type]
        expected = f"every key in {self.dataset} ({', '.join(self.columns)})"
        diagnostics = share(failed, found.count) | {"expected": expected, "dataset": self.dataset}
        if not failed:
            return passed(diagnostics)
        reason = f"got a key that is not there, expected {expected}"
        return Judgement(violated(self.action), reason, diagnostics)

    def failing(self) -> Measure:
        """Return the orphans."""
        return self._orphans()

    def subject(self) -> Value | None:
        """Return the key's value where it is a single column."""
        return self.key[0] if len(self.key) == 1 else None

    def _orphans(self) -> Orphans:
        return Orphans(self.key, self.dataset, self.columns)
