"""What the two processes say to each other.

To the worker go our own values, pickled: it believes its parent. From the worker comes JSON, taken apart by the types
below and no other way: whoever took the worker over can say a wrong verdict, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from lakegate import errors
from lakegate.checks.table_wide import TableKey
from lakegate.contract.expectation_files import ExpectationFiles
from lakegate.contract.model import Contract, Gate, SchemaObject
from lakegate.errors import LakegateError, Problem
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject
from lakegate.made import KeySpan, Made
from lakegate.measures import Answer, Fault, LibraryAnswer, NotMeasured
from lakegate.plan import LibraryPass
from lakegate.rows import Defect, Part, Rows, Type
from lakegate.verdict import Verdict
from lakegate.worker.limits import Limits

# --- to the worker ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """How files are to be read: by which object of which contract. `proved` as in `intake.batch.Opening`."""

    obj: SchemaObject
    gate: Gate
    reader: Reader
    proved: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message. `workspace` is an empty private folder that the parent removes."""

    source: Source
    workspace: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class Grown:
    """So much of a file stands on private disk. Files come one after the other; `whole`: there is no more of it."""

    name: str
    path: Path
    size: int  # bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Open:
    """Everything has arrived: turn it into rows and say what they are. Answered with `OpenedRows`."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything has arrived: open, measure and judge it. Answered with a `Verdict`.

    `opened` are rows of other datasets that an earlier worker staged, `named` files that stand for others; `itself` is
    the name that the batch's own rows go under. `wrong` is what the arrival did wrong.
    """

    subject: Subject
    itself: str
    options: Options
    opened: Mapping[str, Rows] = field(default_factory=dict)
    named: Mapping[str, tuple[Source, tuple[NativeFile, ...]]] = field(default_factory=dict)
    wrong: tuple[Defect, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Between which values do the keys of the batch lie? Answered with `spans`; the worker then waits for more."""

    keys: tuple[TableKey, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """The files are a committed batch: make what is kept of it beside its commit record. Answered with `made`.

    `as_of` is the instant at which it was judged, None where none was pinned.
    """

    contract: Contract
    obj: SchemaObject
    as_of: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Run what libraries of checks are asked of a table. Answered with one `Answered` for each measure, in their order.

    `table` is an Arrow file; `files` are those of `expectations/` that the libraries may load.
    """

    passes: tuple[LibraryPass, ...]
    table: Path
    files: ExpectationFiles
    locations: int  # failing rows to name for each finding


@dataclass(frozen=True, slots=True)
class Read:
    """A dataset that a transform reads: how, the files of its committed batches, and the batch of each file."""

    source: Source
    files: tuple[NativeFile, ...]
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transform:
    """Run a vetted SELECT over committed batches (`engines.transform`). Answered with `Made`, of one accepted file."""

    query: str
    inputs: Mapping[str, Read]


Message = Begin | Grown | Open | Judge | Ask | Span | Keep | Transform

# --- from the worker --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenedPart:
    """A part of other rows: `rows.Part` without what only the worker that staged it can do."""

    name: str
    path: str
    types: tuple[tuple[str, Type], ...]
    rows: int
    staged: bool
    text: bool


@dataclass(frozen=True, slots=True)
class OpenedRows:
    """The rows of another dataset, as a later worker needs them."""

    parts: tuple[OpenedPart, ...] = ()
    unconverted: dict[str, int] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()

    @classmethod
    def of(cls, rows: Rows) -> OpenedRows:
        """Return what is told of rows."""
        parts = tuple(OpenedPart(p.name, p.path, p.types, p.rows, p.staged, p.text) for p in rows.parts)
        return cls(parts, dict(rows.unconverted), rows.defects)

    def rows(self) -> Rows:
        """Return the rows."""
        parts = tuple(Part(p.name, p.path, p.types, p.rows, p.staged, p.text) for p in self.parts)
        return Rows(parts, unconverted=self.unconverted, defects=self.defects)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a library answered, or why it did not."""

    answer: LibraryAnswer | None
    fault: NotMeasured | None

    @classmethod
    def of(cls, answer: Answer) -> Answered:
        """Return what is told of an answer."""
        if isinstance(answer, LibraryAnswer):
            return cls(answer, None)
        return cls(None, answer if isinstance(answer, NotMeasured) else NotMeasured(Fault.ENGINE, "no answer"))

    def told(self) -> Answer:
        """Return the answer."""
        return self.answer or self.fault or NotMeasured(Fault.ENGINE, "no answer")


@dataclass(frozen=True, slots=True)
class Raised:
    """One of our errors: the name of its class, and what it says."""

    kind: str
    message: str
    hint: str = ""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, error: LakegateError) -> Raised:
        """Return what is told of an error."""
        return cls(type(error).__name__, error.message, error.hint, getattr(error, "problems", ()))

    def error(self) -> LakegateError:
        """Return the error; one that we do not know is "could not evaluate"."""
        if self.kind == "ContractError" and self.problems:
            return errors.ContractError(self.problems, hint=self.hint)
        kinds: dict[str, type[LakegateError]] = {
            one.__name__: one for one in (errors.UsageError, errors.Refused, errors.NotReady, errors.EngineError)
        }
        return kinds.get(self.kind, errors.CouldNotEvaluate)(self.message, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Reply:
    """One line from the worker: how far it is, or its one answer."""

    progress: tuple[str, str] | None = None  # phase, and what it is about
    verdict: Verdict | None = None
    made: Made | None = None  # beside the verdict, or alone
    spans: tuple[KeySpan | None, ...] | None = None  # of each key, None where it cannot be told
    rows: OpenedRows | None = None
    answers: tuple[Answered, ...] | None = None
    raised: Raised | None = None
    crashed: str | None = None  # an exception that is none of ours: its type and place, never its text


def written(reply: Reply) -> bytes:
    """Return a reply as one line of JSON."""
    if reply.verdict is not None:
        reply = replace(reply, verdict=_diagnosed(reply.verdict, _packed))
    return json.dumps(msgspec.to_builtins(reply, enc_hook=str)).encode() + b"\n"


def read(line: bytes) -> Reply:
    """Return the reply in a line. Raises `ValueError` where it is none."""
    try:
        reply = msgspec.convert(json.loads(line), Reply, dec_hook=_converted)
    except RecursionError:
        raise ValueError("the reply is nested too deep") from None
    return reply if reply.verdict is None else replace(reply, verdict=_diagnosed(reply.verdict, _unpacked))


def _converted(kind: type, value: object) -> object:
    """Return a value of a type that msgspec does not know: of these there is one."""
    if kind is not Path or not isinstance(value, str):
        raise TypeError(f"got {type(value).__name__}, expected {kind.__name__}")
    return Path(value)


def _diagnosed(verdict: Verdict, change: Callable[[Any], Any]) -> Verdict:
    """Return the verdict with every diagnostic value changed."""
    results = (
        replace(result, diagnostics={key: change(value) for key, value in result.diagnostics.items()})
        for result in verdict.results
    )
    return replace(verdict, results=tuple(results))


_TEXTS: dict[str, tuple[type, Callable[[str], object]]] = {
    "decimal": (Decimal, Decimal),
    "datetime": (dt.datetime, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.fromisoformat),
    "time": (dt.time, dt.time.fromisoformat),
}


def _packed(value: object) -> object:
    """Return a diagnostic value as JSON that can be told apart: exact, whatever its type."""
    match value:
        case float() if not math.isfinite(value):
            return {"float": repr(value)}
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {"mapping": {str(key): _packed(item) for key, item in value.items()}}
        case list() | tuple():
            return [_packed(item) for item in value]
    for name, (kind, _) in _TEXTS.items():
        if isinstance(value, kind):
            return {name: str(value) if kind is Decimal else value.isoformat()}  # type: ignore[attr-defined]
    return str(value)


def _unpacked(value: object) -> object:
    """Return what `_packed` was given."""
    match value:
        case {"float": str(text)}:
            return float(text)
        case {"mapping": dict(inner)}:
            return {key: _unpacked(item) for key, item in inner.items()}
        case list():
            return [_unpacked(item) for item in value]
        case dict():
            name, text = next(iter(value.items()))
            return _TEXTS[name][1](text)
    return value
