"""What a check is: it names the measures it needs and judges the numbers. It knows no engine and opens nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from lakegate.contract.model import Action
from lakegate.measures import Answer, Fault, Measure, NotMeasured
from lakegate.past import EarlierBatch, Past
from lakegate.predicates import Value
from lakegate.rows import Location, Rows

UNMEASURED: Mapping[str, Any] = {"measured": False}  # diagnostics of what failed because the data kept it from a number


class Outcome(StrEnum):
    """What a check came to; SEMANTICS "Outcomes" says what each does to the gate (`Verdict.exit_code`)."""

    PASSED = "passed"
    WARNED = "warned"  # a rule of a lesser severity does not hold
    INFORMED = "informed"  # the same, for a rule of severity info
    SET_APART = "rows set apart"  # rows that break a rule are held back, the others go on
    WAIVED = "waived"  # it failed, and somebody who may answers for letting the batch in
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    COULD_NOT_EVALUATE = "could not evaluate"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a check is called. `key` is unique in a verdict and the same from run to run."""

    key: str  # `events.visitor_id.quality.visitor_is_hashed`
    category: str  # schema, quality, servicelevel, batch
    type: str  # required, unique, logicalType, rowCount, …
    name: str  # a sentence: `visitor_id is never null`
    model: str  # the schema object's name
    field: str | None = None  # the property's path by logical names; None for a rule of the whole object
    quality_id: str | None = None
    dimension: str | None = None
    implementation: str = ""  # what the contract's author wrote, where that is code: SQL, an expectation as JSON
    suite: str | None = None  # the file that holds it, relative to the project: `expectations/flights.json`
    library: str | None = None  # the library of checks that runs it as a guest; None: the engine measures it
    means: str = ""  # what is measured and expected, in plain words, where `name` is the author's own; else empty


@dataclass(frozen=True, slots=True)
class Found:
    """What a check judges: the rows' shape, and the answers to the measures it named.

    `count` is the number of rows, None where the batch could not be read. `as_of` is the pinned instant, UTC; `past`
    what came before the batch, None where it is judged without a lake. `alone`: what is judged is no batch of a lake,
    so that there is no table around it. `elsewhere` is the number of rows in the table's other batches, None where it
    is not known.
    """

    rows: Rows
    count: int | None
    answers: Mapping[Measure, Answer]
    as_of: dt.datetime | None = None
    past: Past | None = None
    alone: bool = False
    elsewhere: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says. `locations` are places it knows itself; more are found by its `failing` measure.

    Where the reason or the diagnostics quote values of the data, `quotes` says of which properties (paths by logical
    names), and `discreet` says the same without them; the policy of the report chooses. With `sampled` they are told
    only where samples are asked for, else also where the property hides nothing: an extreme or a mean is no sample.
    `parts` are told instead of the judgement itself.
    """

    outcome: Outcome
    reason: str = ""
    diagnostics: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    locations: tuple[Location, ...] = ()
    quotes: tuple[str, ...] = ()
    sampled: bool = False
    discreet: Judgement | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One of several things that one check came to, told as a result of its own."""

    key: str  # behind the check's key: `amount.greater_than(0)`
    name: str
    field: str | None
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(ABC):
    """One thing a contract asserts. Subclasses are frozen values; `judge` is a pure function."""

    identity: Identity
    action: Action = Action.FAIL
    reads_clock: ClassVar[bool] = False  # whether `Found.as_of` must be pinned for it
    of_whole_batch: ClassVar[bool] = False  # whether it is about all rows that arrived, before any are set apart

    def measures(self) -> tuple[Measure, ...]:
        """Return what must be measured."""
        return ()

    @abstractmethod
    def judge(self, found: Found) -> Judgement:
        """Judge the answers."""

    def failing(self) -> Measure | None:
        """Return the measure whose rows are the failing ones, None where no rows can be named."""
        return None

    def kept(self, found: Found) -> tuple[str, float | None] | None:  # noqa: ARG002 - most checks keep none
        """Return a number that later batches are compared with, under its name; None where there is none to keep."""
        return None

    def compared(self, past: Past) -> tuple[EarlierBatch, ...]:  # noqa: ARG002 - most checks look at none
        """Return the earlier batches that it is compared with."""
        return ()

    def subject(self) -> Value | None:
        """Return the value that a sample of a failing row quotes, None where there is no single one."""
        return None


def violated(action: Action) -> Outcome:
    """Return what a rule that does not hold comes to."""
    return {Action.WARN: Outcome.WARNED, Action.INFO: Outcome.INFORMED}.get(action, Outcome.FAILED)


def passed(diagnostics: Mapping[str, Any] | None = None) -> Judgement:
    """Return the judgement of a check that holds."""
    return Judgement(Outcome.PASSED, diagnostics=diagnostics or {})


def not_applicable(reason: str) -> Judgement:
    """Return the judgement of a check that has nothing to judge."""
    return Judgement(Outcome.NOT_APPLICABLE, reason)


def unmeasured(answer: NotMeasured) -> Judgement:
    """Return the judgement where there is no number. INPUTS 22: a rule on a missing column fails, never is skipped."""
    match answer.fault:
        case Fault.DATA:
            return Judgement(Outcome.FAILED, answer.reason, dict(UNMEASURED))
        case Fault.UNREADABLE:
            return not_applicable(f"not measured: {answer.reason}")
        case Fault.CONTEXT | Fault.ENGINE:
            return Judgement(Outcome.COULD_NOT_EVALUATE, answer.reason)
        case Fault.MISSING:
            return Judgement(Outcome.UNSUPPORTED, f"not checked, because {answer.reason}")


def share(count: int, total: int) -> dict[str, Any]:
    """Return the diagnostics of `count` failing rows of `total`; percent is 0-100, None of zero rows."""
    return {"failed": count, "total": total, "percent": 100 * count / total if total else None}


def band(low: object, high: object) -> dict[str, float]:
    """Return the diagnostics of what a number was held against: `low`, `high`, each where it is a finite number."""
    ends = {"low": low, "high": high}
    return {name: float(end) for name, end in ends.items() if _is_number(end)}  # type: ignore[arg-type]


def _is_number(end: object) -> bool:
    return isinstance(end, int | float | Decimal) and not isinstance(end, bool) and math.isfinite(end)


def rows_told(count: int) -> str:
    """Return `1 row`, `2 rows`, with thousands marks."""
    return f"{count:,} row{'' if count == 1 else 's'}"
