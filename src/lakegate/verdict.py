"""A verdict: what every check of a contract came to for one batch. Frozen, built once, a pure function of
(bytes, contract, engine versions, options, pinned context). SEMANTICS "Outcomes" says what each outcome does.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lakegate.checks.interface import Check, Identity, Judgement, Outcome
from lakegate.contract.model import Property, SchemaObject, Waiving
from lakegate.rows import Location

OF_ONWARD = ", of the rows that would go on without those set apart"  # ends the reason of what is true of these alone
ROWS_ADD_UP = "rowsAddUp"  # type of the result that says that rows were tried without those to be set apart


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check and what it came to.

    Field names follow datacontract-cli's run report where it has them. `reason` is one sentence, `got …, expected …`
    for what does not hold; empty for what passed. `diagnostics` holds the numbers the check judged (counts are rows,
    `percent` is 0-100 of all rows). `locations` are the first failing rows, in the order of file and row.
    """

    key: str  # unique in the verdict and the same from run to run: `events.visitor_id.quality.visitor_is_hashed`
    category: str  # schema, quality, servicelevel, batch
    type: str  # required, unique, logicalType, rowCount, …
    name: str  # a sentence: `visitor_id is never null`
    model: str  # the schema object's name
    field: str | None  # the property's path by logical names, None for a rule of the whole object
    quality_id: str | None
    dimension: str | None
    outcome: Outcome
    reason: str = ""
    diagnostics: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    locations: tuple[Location, ...] = ()
    implementation: str = ""  # what was asked: SQL for a rule of type sql, JSON for an expectation
    suite: str | None = None  # the file in `expectations/` that holds the rule
    library: str | None = None  # the library of checks that ran it; None: the engine measured it
    query: str = ""  # how the engine measured it: its own queries over `model`, a statement each, without local names


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file that was judged. `size` in bytes."""

    path: str  # relative to the batch, NFC
    size: int
    sha256: str


def batch_digest(files: Iterable[BatchFile]) -> str:
    """Return the SHA-256 over the sorted list of (NFC relative path, size, sha256) (PROTOCOL, Words)."""
    listed = sorted((file.path, file.size, file.sha256) for file in files)
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Context:
    """What a verdict reads beside the batch; pinned once (PROTOCOL, Words).

    `as_of` is an ISO 8601 instant in UTC, None where no check reads the clock. `slots` names, per other dataset read,
    its committed batches as (batch key, slot); `files` the SHA-256 of each file of `expectations/` that rules used;
    `history` the batches (batch key, slot) that rules compared with; `sequence` how far the table had come, by the
    number of its last claim, where a rule looks at all of its batches.
    """

    as_of: str | None = None
    slots: Mapping[str, tuple[tuple[str, int], ...]] = dataclasses.field(default_factory=dict)
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    history: tuple[tuple[str, int], ...] = ()
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class SetApart:
    """Rows that were held back from a batch while the others go on: `rows` = `accepted` + `rejected`.

    `rules` counts, by the key of each rule that sets rows apart, the rows that broke it; one row may break several.
    """

    rows: int
    accepted: int
    rejected: int
    rules: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Profile:
    """How many rows hold null, property by property, of the `rows` that arrived. No outcome depends on it (ADR 0032).

    `nulls` is by the property's path, in the contract's order: columns and fields of objects; None: not counted.
    """

    rows: int
    nulls: Mapping[str, int | None]

    @property
    def some(self) -> tuple[tuple[str, int], ...]:
        """The columns that hold nulls, with how many; the most first."""
        return tuple(sorted(((name, found) for name, found in self.nulls.items() if found), key=lambda one: -one[1]))

    @property
    def never(self) -> tuple[str, ...]:
        """The columns without a null."""
        return tuple(name for name, found in self.nulls.items() if found == 0)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The columns in which nulls were not counted."""
        return tuple(name for name, found in self.nulls.items() if found is None)


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver by which a batch goes on although checks failed (`gate.waiver` holds the record).

    `rules` are the keys of the results that it lets pass here. `expires` and `at`, when it was written, are ISO 8601
    instants in UTC.
    """

    id: str
    rules: tuple[str, ...]
    approver: str
    reason: str
    expires: str
    at: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a contract says of one batch of one dataset."""

    contract_id: str
    contract_version: str
    contract_sha256: str
    dataset: str  # `tealium/events`; for files judged without a lake, the object's name
    model: str
    batch: str | None  # the batch key; None for files judged without a lake
    digest: str  # SHA-256 of the batch (PROTOCOL, Words)
    files: tuple[BatchFile, ...]
    rows: int | None  # that go on where the gate opens; None where the batch could not be read
    results: tuple[CheckResult, ...]
    engine: str  # `duckdb 2.0.0`
    lakegate: str  # our version
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    context: Context = Context()
    min_rows: int = 1
    owner: str | None = None
    contract_file: str | None = None  # relative to the project's root; None where the contract came from no file
    set_apart: SetApart | None = None  # None: no row was
    waivers: tuple[Waived, ...] = ()  # by which results are `waived`
    waiving: Waiving = dataclasses.field(default_factory=Waiving)  # who may let the batch in although it failed
    opening: str = ""  # the statement with which the engine finds the batch's rows under `model`, in its folder
    profile: Profile | None = None  # None: nothing was counted
    incident: str | None = None  # names the one run in which nothing could be judged: it is a function of no bytes
    notebook: ClassVar[Callable[[Verdict], str] | None] = (
        None  # how it is shown there; told by `api` (reports.notebook)
    )

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many checks came to each outcome; every outcome is there."""
        tally = Counter(result.outcome for result in self.results)
        return {outcome: tally[outcome] for outcome in Outcome}

    @property
    def exit_code(self) -> int:
        """The exit code (INPUTS): 0 keeps the contract, 1 violates it, 2 cannot be promised, 5 could not evaluate."""
        counts = self.counts
        if counts[Outcome.UNSUPPORTED] or not self.results:
            return 2
        if counts[Outcome.COULD_NOT_EVALUATE]:
            return 5
        if counts[Outcome.FAILED]:
            return 1
        if self.options.get("fail_on") == "warning" and counts[Outcome.WARNED]:
            return 1
        return 1 if self._nothing_applied else 0

    @property
    def _nothing_applied(self) -> bool:
        """SEMANTICS: every check not applicable blocks, unless `min_rows: 0` and there are no rows."""
        everything = all(result.outcome is Outcome.NOT_APPLICABLE for result in self.results)
        return everything and not (self.min_rows == 0 and self.rows == 0)

    @property
    def passes(self) -> bool:
        """Whether the gate opens."""
        return self.exit_code == 0

    def _repr_html_(self) -> str | None:
        """Return what a notebook shows; None, which is `repr`, where nobody has told the class how."""
        return Verdict.notebook(self) if Verdict.notebook else None

    @property
    def report_id(self) -> str:
        """The first 12 digits of sha256 over exactly what the verdict is a function of (PROTOCOL, Words)."""
        asked = {
            "digest": self.digest,
            "contract": self.contract_sha256,
            "engine": self.engine,
            "lakegate": self.lakegate,
            "options": dict(self.options),
            "as_of": self.context.as_of,
            "slots": {name: list(map(list, slots)) for name, slots in self.context.slots.items()},
            **({"files": dict(self.context.files)} if self.context.files else {}),
            **({"history": list(map(list, self.context.history))} if self.context.history else {}),
            **({"sequence": self.context.sequence} if self.context.sequence is not None else {}),
            **({"incident": self.incident} if self.incident else {}),
            **({"waivers": [waiver.id for waiver in self.waivers]} if self.waivers else {}),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


# --- from judgements to results ---------------------------------------------------------------------------------


def results(
    check: Check, judgement: Judgement, located: tuple[Location, ...], policy: Policy, path: str | None = None
) -> tuple[CheckResult, ...]:
    """Return what one check came to: one result, or one for each of its parts.

    `path` names the property whose values `located` holds, where that is not the check's own field.
    """
    if not judgement.parts:
        return (_result(check.identity, judgement, located, policy, path or check.identity.field),)
    identities = (
        dataclasses.replace(check.identity, key=f"{check.identity.key}.{part.key}", name=part.name, field=part.field)
        for part in judgement.parts
    )
    return tuple(
        _result(identity, part.judgement, (), policy, identity.field)
        for identity, part in zip(identities, judgement.parts, strict=True)
    )


def _result(
    identity: Identity, judgement: Judgement, located: tuple[Location, ...], policy: Policy, path: str | None
) -> CheckResult:
    """Return one result: what it is called, what it said, where its failing rows are."""
    places = (judgement.locations + located)[: policy.limit]
    judgement = policy.told(judgement)
    return CheckResult(
        key=identity.key,
        category=identity.category,
        type=identity.type,
        name=identity.name,
        model=identity.model,
        field=identity.field,
        quality_id=identity.quality_id,
        dimension=identity.dimension,
        outcome=judgement.outcome,
        reason=judgement.reason,
        diagnostics=judgement.diagnostics,
        locations=tuple(policy.disclosed(place, path) for place in places),
        implementation=identity.implementation,
        suite=identity.suite,
        library=identity.library,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What a report may tell of failing rows (INPUTS, threats: personal data in samples).

    `limit` locations a check; `samples`: whether values are told at all; `rules` maps a property's path to `show`,
    `mask` or `never`, by the strictest rule of what it stands in and of what it holds. A key names the row, so it is
    told, but by the same rules.
    """

    limit: int
    samples: bool
    rules: Mapping[str, str]

    def disclosed(self, place: Location, path: str | None) -> Location:
        """Return the location with what must not be told taken out."""
        value = self._told(place.value, path) if self.samples else None
        key = ((name, self._told(text, name)) for name, text in place.key)
        return dataclasses.replace(
            place, value=value, key=tuple((name, text) for name, text in key if text is not None)
        )

    def told(self, judgement: Judgement) -> Judgement:
        """Return the judgement, or what it says without values of the data where those must not be told."""
        if judgement.discreet is None:
            return judgement
        open_ = all(self.rules.get(path, "show") == "show" for path in judgement.quotes)
        return judgement if open_ and (self.samples or not judgement.sampled) else judgement.discreet

    def column(self, name: str, value: str | None) -> str | None:
        """Return a whole column's value in one row; undeclared it is masked."""
        return self._told(value, name)

    def _told(self, value: str | None, path: str | None) -> str | None:
        """Return what may be told of a value; what no property declares is masked."""
        return _masked(self.rules.get(path or "", "mask"), value)


STRICT = ("show", "mask", "never")


def _masked(rule: str, value: str | None) -> str | None:
    """Return what may be told of a value."""
    if value is None or rule == "never":
        return None
    return value if rule == "show" else f"*** ({len(value)} characters)"


def policy(obj: SchemaObject, *, samples: bool, limit: int) -> Policy:
    """Return what may be told of the rows of an object.

    A field inherits the strictest rule of what it stands in; the value of an object, array or map is told by the
    strictest rule of what it holds, for it quotes that.
    """
    rules = dict(_rules(obj.properties, "", "show"))
    for path, rule in tuple(rules.items()):
        for step in re.finditer(r"[.\[{]", path):
            around = path[: step.start()]
            if around in rules:
                rules[around] = max(rules[around], rule, key=STRICT.index)
    return Policy(limit, samples, rules)


def _rules(properties: Iterable[Property], prefix: str, inherited: str) -> Iterator[tuple[str, str]]:
    for prop in properties:
        name = prefix + prop.name
        rule = max(prop.samples, inherited, key=STRICT.index)
        yield name, rule
        yield from _rules(prop.properties, f"{name}.", rule)
        for part, step in ((prop.items, "[]"), (prop.key, "{key}"), (prop.value, "{value}")):
            if part:
                yield from _rules((dataclasses.replace(part, name=name + step),), "", rule)
