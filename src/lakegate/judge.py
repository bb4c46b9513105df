"""From rows to a verdict: plan, measure, judge, locate. Pure but for the engine it is handed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lakegate.checks.derive import Neighbours, checks_of
from lakegate.checks.interface import Check, Found, Judgement, Outcome, not_applicable
from lakegate.checks.of_own import history_checks
from lakegate.checks.spot import spots
from lakegate.contract.model import Contract, SchemaObject
from lakegate.engines.interface import Asked, Engine, FailingValues, Wanted
from lakegate.errors import WorkerDied
from lakegate.libraries.guests import Guests, Here, versions
from lakegate.libraries.interface import Guest
from lakegate.measures import Answer, Measure, NotMeasured, RowCount
from lakegate.past import Past
from lakegate.plan import plan
from lakegate.predicates import Value
from lakegate.rows import Location, Rows
from lakegate.verdict import (
    BatchFile,
    CheckResult,
    Context,
    Policy,
    Profile,
    Verdict,
    batch_digest,
    policy,
    results,
)
from lakegate.version import __version__

UNDECLARED = "(no property)"  # no path of one
FREQUENT = 10  # values of failing rows that are told of one check, those of the most rows
NEEDS_ROWS = {Outcome.FAILED, Outcome.WARNED, Outcome.INFORMED}


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may choose; part of what a verdict is a function of.

    `fail_on` is `error` or `warning`; `locations` rows are named per failing check; `samples`: whether their values are
    told too; `as_of` fixes the instant that freshness is judged at (UTC where it names no zone), None takes the run's
    own start.
    """

    fail_on: str = "error"
    locations: int = 5
    samples: bool = False
    as_of: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The table around a batch that a table-wide rule looks at: how far it has come, and its other batches' rows.

    `elsewhere` None: how many rows they hold is not known.
    """

    sequence: int  # the number of the last claim that was settled (`verdict.Context`)
    elsewhere: int | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: an object of a contract, and a batch that is held against it. `batch` None: files, no lake."""

    contract: Contract
    obj: SchemaObject
    dataset: str
    batch: str | None
    files: tuple[BatchFile, ...]
    neighbours: Neighbours = field(default_factory=lambda: Neighbours({}, {}))
    slots: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)  # of the datasets read beside it
    contract_file: str | None = None  # as a report names it
    named: Mapping[str, str] = field(default_factory=dict)  # dataset -> digest of the files that stood for it
    past: Past | None = None  # what came before the batch; None where no lake is at hand
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the numbers of the batch that later ones are compared with; null where there was none."""

    verdict: Verdict
    kept: Mapping[str, float | None]


def judge(
    subject: Subject,
    rows: Rows,
    others: Mapping[str, Rows],
    engine: Engine,
    options: Options,
    guests: Guests | None = None,
) -> Judged:
    """Hold the rows of a batch against their contract.

    `others` holds the rows of the datasets that the contract names; `guests` runs what libraries of checks are asked,
    None: in this process, without files of the project. Raises ContractError or Refused where the contract
    cannot be asked; everything that is wrong with the data, the engine or the surroundings is in the verdict.
    """
    checks = checks_of(subject.contract, subject.obj, subject.neighbours)
    as_of = _pinned(checks, options)
    work, table = plan(checks), subject.obj.name
    answers = engine.measure(work, rows, others, table)
    passes = work.library_passes
    if passes:
        answers |= (guests or Here(Guest(None, options.locations))).measure(passes, rows, engine)
    counted = answers[RowCount()]
    count = None if isinstance(counted, NotMeasured) else int(counted)  # type: ignore[arg-type]
    elsewhere = subject.table.elsewhere if subject.table else None
    found = Found(rows, count, answers, as_of, subject.past, alone=subject.batch is None, elsewhere=elsewhere)
    judged = [(check, _allowed(check.judge(found), subject.contract)) for check in checks]
    telling = policy(subject.obj, samples=options.samples, limit=options.locations)
    names = {spot.value: spot.name for spot in spots(subject.obj)}
    paths = {check.identity.key: _path(check, names) for check in checks}
    wanted = _wanted(subject.obj, judged, telling, paths)
    located = engine.locate(wanted, rows, others, options.locations)
    frequent = engine.values(_open(wanted, judged, telling, paths), rows, others, FREQUENT)
    asked = engine.asked([measure for measure in work.measures if _measured(answers, measure)], rows, others, table)
    told = [
        replace(result, query=_query(check, asked))
        for check, judgement in judged
        for result in _results(
            check, _with_values(check, judgement, frequent), located, telling, paths[check.identity.key]
        )
    ]
    engines = ", ".join((engine.version, *versions(passes)))
    context = _context(subject, as_of, checks)
    kept = dict(number for check in checks if (number := check.kept(found)) is not None)
    verdict = _verdict(subject, tuple(told), count, engines, options, context)
    return Judged(replace(verdict, opening=asked.opening, profile=_profile(subject.obj, rows, count)), kept)


def kept_numbers(obj: SchemaObject, rows: Rows, engine: Engine, as_of: dt.datetime | None) -> dict[str, float | None]:
    """Measure again what later batches compare a committed one with (`Judged.kept`), as it was at `as_of` (UTC)."""
    checks = history_checks(obj)
    answers = engine.measure(plan(checks), rows, {}, obj.name) if checks else {}
    counted = answers.get(RowCount())
    count = int(counted) if isinstance(counted, int) else None
    found = Found(rows, count, answers, as_of, Past())
    return dict(number for check in checks if (number := check.kept(found)) is not None)


def _profile(obj: SchemaObject, rows: Rows, count: int | None) -> Profile | None:
    """Return how many rows hold null, as the intake counted; None of no rows, or where it counted nothing or others."""
    found = rows.nulls
    if not found or not count or count != rows.height:
        return None
    places = ((spot.name, spot.value.path) for spot in spots(obj) if not spot.nested)
    return Profile(count, {name: found.get(path) for name, path in places})


def _context(subject: Subject, as_of: dt.datetime | None, checks: tuple[Check, ...]) -> Context:
    """Return what was read beside the batch; of its past, the batches that some rule compared it with."""
    past = subject.past or Past()
    compared = {(earlier.batch, earlier.slot) for check in checks for earlier in check.compared(past)}
    ordered = ((earlier.batch, earlier.slot) for earlier in past.batches)
    return Context(
        as_of.isoformat() if as_of else None,
        subject.slots,
        subject.neighbours.files.digests(),
        tuple(pin for pin in ordered if pin in compared),
        subject.table.sequence if subject.table else None,
    )


def unjudged(subject: Subject, why: WorkerDied, engine: str, options: Options, incident: str) -> Verdict:
    """Return the verdict where the process that should judge died: "could not evaluate", never a pass (INPUTS 120).

    It says nothing about the bytes: `incident` names the run, so that its report is not taken for another's.
    """
    checks = checks_of(subject.contract, subject.obj, subject.neighbours)
    telling = policy(subject.obj, samples=options.samples, limit=options.locations)
    model, name = subject.obj.name, "the batch is opened and measured within its limits"
    died = CheckResult(
        f"{model}.worker", "batch", "worker", name, model, None, None, None, Outcome.COULD_NOT_EVALUATE, str(why)
    )
    unasked = not_applicable("not measured: the worker died")
    told = [result for check in checks for result in _results(check, unasked, {}, telling)]
    return _verdict(subject, (died, *told), None, engine, options, _context(subject, None, ()), incident)


def _allowed(judgement: Judgement, contract: Contract) -> Judgement:
    """Return the judgement, which does not block where the contract allows what is not run (`unsupported: allow`)."""
    if judgement.outcome is Outcome.UNSUPPORTED and contract.gate.unsupported == "allow":
        return replace(judgement, outcome=Outcome.NOT_APPLICABLE)
    return judgement


def _verdict(
    subject: Subject,
    results: tuple[CheckResult, ...],
    rows: int | None,
    engine: str,
    options: Options,
    context: Context,
    incident: str | None = None,
) -> Verdict:
    """Put the verdict together."""
    contract = subject.contract
    return Verdict(
        contract_id=contract.id,
        contract_version=contract.version,
        contract_sha256=contract.sha256,
        dataset=subject.dataset,
        model=subject.obj.name,
        batch=subject.batch,
        digest=batch_digest(subject.files),
        files=subject.files,
        rows=rows,
        results=results,
        engine=engine,
        lakegate=__version__,
        options={
            "fail_on": options.fail_on,
            "locations": options.locations,
            "samples": options.samples,
            **({"with": dict(subject.named)} if subject.named else {}),
        },
        context=context,
        min_rows=contract.gate.min_rows,
        owner=contract.owner,
        contract_file=subject.contract_file,
        waiving=contract.gate.waiver,
        incident=incident,
    )


def _pinned(checks: tuple[Check, ...], options: Options) -> dt.datetime | None:
    """Pin the instant once, and only where a check reads it: else the same bytes give the same report for ever."""
    if not any(check.reads_clock for check in checks):
        return None
    instant = options.as_of or dt.datetime.now(dt.UTC).replace(microsecond=0)
    return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def _path(check: Check, names: Mapping[Value, str]) -> str | None:
    """Return the property whose values a check quotes: that of its subject, which need not be the one it stands at."""
    subject = check.subject()
    return check.identity.field if subject is None else names.get(subject, UNDECLARED)


def _wanted(
    obj: SchemaObject, judged: list[tuple[Check, Judgement]], telling: Policy, paths: Mapping[str, str | None]
) -> list[Wanted]:
    """Return whose failing rows to look up: each measure once, with its value if it may be told."""
    key = tuple((p.name, Value((p.physical_name,))) for p in obj.primary_key)
    wanted: dict[Measure, Wanted] = {}
    for check, judgement in judged:
        measure = check.failing()
        if judgement.outcome in NEEDS_ROWS and measure is not None and "failed" in judgement.diagnostics:
            told = telling.samples and telling.rules.get(paths[check.identity.key] or "") != "never"
            wanted.setdefault(measure, Wanted(measure, key, check.subject() if told else None))
    return list(wanted.values())


def _open(
    wanted: list[Wanted],
    judged: list[tuple[Check, Judgement]],
    telling: Policy,
    paths: Mapping[str, str | None],
) -> list[Wanted]:
    """Return those of which the values themselves may be told: none is masked, and samples are asked for."""
    hidden = {
        check.failing()
        for check, judgement in judged
        if judgement.discreet is not None or telling.rules.get(paths[check.identity.key] or "") != "show"
    }
    return [want for want in wanted if telling.samples and want.measure not in hidden]


def _with_values(check: Check, judgement: Judgement, frequent: Mapping[Measure, FailingValues]) -> Judgement:
    """Return the judgement with the values of its failing rows that stand in the most of them."""
    measure = check.failing()
    found = frequent.get(measure) if measure and judgement.outcome in NEEDS_ROWS else None
    if found is None or not found.first:
        return judgement
    values = [{"value": value, "rows": rows} for value, rows in found.first]
    told = {**judgement.diagnostics, "failing_values": values, "distinct_values": found.distinct}
    return replace(judgement, diagnostics=told)


def _measured(answers: Mapping[Measure, Answer], measure: Measure) -> bool:
    """Whether the engine has answered it."""
    return not isinstance(answers.get(measure), NotMeasured)


def _query(check: Check, asked: Asked) -> str:
    """Return what was run for one check."""
    queries = dict.fromkeys(asked.queries.get(measure, "") for measure in check.measures())
    return ";\n\n".join(query for query in queries if query)


def _results(
    check: Check,
    judgement: Judgement,
    located: Mapping[Measure, tuple[Location, ...]],
    telling: Policy,
    path: str | None = None,
) -> tuple[CheckResult, ...]:
    measure = check.failing()
    places = located.get(measure, ()) if measure and judgement.outcome in NEEDS_ROWS else ()
    return results(check, judgement, places, telling, path)
