"""From a contract to what its pages tell: one value, a pure function of the contract and the checks made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakegate.checks.interface import Check
from lakegate.checks.keys import ForeignKey
from lakegate.checks.quality import NotRun
from lakegate.checks.set_apart import sets_apart
from lakegate.contract.model import Contract, LogicalType, Property, Quality, SchemaObject
from lakegate.contract.places import Place, node_at, places
from lakegate.reports.contracts.addresses import channels, links, roles, team
from lakegate.reports.contracts.descriptions import Description, Field, Listed, Rule
from lakegate.reports.contracts.promises import fresh_for, levels
from lakegate.reports.contracts.ways import arrives, ways
from lakegate.verdict import policy

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Other:
    """Another dataset that checks name: what its pages are called, and the object that describes it."""

    dataset: str
    obj: SchemaObject


@dataclass(frozen=True, slots=True)
class Lies:
    """Where a dataset lies, and what lies around it: what its contract alone does not know.

    `zone` is one of `lake.zones.ZONES`, `source` the folder in which batches arrive. `upstream` are the datasets that
    it is made of, waits for or refers to; `others` maps what checks call another dataset to it. `lake` is the lake's
    address where readers elsewhere can use it (`s3://bucket`), `file` the contract's, relative to the project.
    """

    dataset: str
    zone: str
    source: str = ""
    upstream: tuple[str, ...] = ()
    others: Mapping[str, Other] = field(default_factory=dict)
    lake: str = ""
    file: str | None = None


def describe(contract: Contract, obj: SchemaObject, checks: Sequence[Check], lies: Lies) -> Description:
    """Return what `obj` of a contract says of its dataset. `checks` are those that `checks_of` makes of it.

    What must not be told is left out: examples of whatever a report would mask.
    """
    document = contract.document
    said: Mapping[str, Any] = document.get("description") or {}
    here = tuple(place for place in places(contract) if place.object is obj)
    known = {place.name for place in here if place.prop is not None}
    why = {(place.name, rule.index): rule for place in here for rule in place.quality}
    rules: dict[str | None, list[Rule]] = {}
    for check in checks:
        path = check.identity.field if check.identity.field in known else None
        rules.setdefault(path, []).append(_rule(check, contract, _author(check, why)))
    of_all = [*rules.get(None, ()), *_budget(contract, obj)]
    return Description(
        dataset=lies.dataset,
        zone=lies.zone,
        model=obj.name,
        contract_id=contract.id,
        contract_version=contract.version,
        contract_sha256=contract.sha256,
        title=obj.business_name or contract.name or lies.dataset,
        status=contract.status,
        domain=contract.domain,
        product=document.get("dataProduct"),
        owner=contract.owner,
        purpose=said.get("purpose"),
        usage=said.get("usage"),
        limitations=said.get("limitations"),
        tags=_texts([*(document.get("tags") or ()), *(node_at(contract, here[0].path).get("tags") or ())]),
        team=tuple(team(document)),
        support=tuple(channels(document)),
        levels=tuple(levels(contract, obj)),
        fresh_for=fresh_for(contract, obj),
        source=lies.source,
        ways=tuple(ways(contract, obj, lies.dataset, lies.zone, lies.lake, lies.file)),
        upstream=tuple(dict.fromkeys(name for name in lies.upstream if name != lies.dataset)),
        rules=tuple(of_all),
        fields=tuple(_fields(contract, obj, here, rules, _references(checks, obj, lies.others))),
        waivers=_waivers(contract),
        about=_about(node_at(contract, here[0].path)),
        batches=arrives(contract.gate.batch),
        roles=tuple(roles(document)),
        links=(*links(document), *links(said), *links(node_at(contract, here[0].path))),
    )


# --- rules ------------------------------------------------------------------------------------------------------


def _rule(check: Check, contract: Contract, author: Quality | None) -> Rule:
    """Return a check as a reader is told of it. `author` is the entry of a `quality` list that it was made of."""
    told = check.identity
    return Rule(
        key=told.key,
        sentence=told.name,
        type=told.type,
        does=QUARANTINE if sets_apart(check, contract) else str(check.action),
        dimension=told.dimension,
        code=told.implementation,
        why=_why(told.name, author),
        means=told.means,
        unchecked=check.why if isinstance(check, NotRun) else "",
    )


def _author(check: Check, rules: Mapping[tuple[str, int], Quality]) -> Quality | None:
    """Return the entry of a `quality` list that a check was made of, None where it was made of something else."""
    told = check.identity
    if told.category != "quality":
        return None
    for (path, index), rule in rules.items():
        stem = f"{told.model}.{path}" if path else told.model
        for end in (rule.id, *(f"{index}.{kind}" for kind in (rule.metric, rule.type, rule.engine) if kind)):
            key = f"{stem}.quality.{end}"
            if end and (told.key == key or told.key.startswith(f"{key}.")):
                return rule
    return None


def _why(sentence: str, author: Quality | None) -> str:
    """Return the author's description, where it says more than the sentence."""
    text = (author.description or "").strip() if author else ""
    return "" if text.rstrip(".") == sentence else text


def _budget(contract: Contract, obj: SchemaObject) -> Iterator[Rule]:
    """Yield how many rows may be set apart; the gate tells it under this key."""
    budget = contract.gate.max_rejected
    if budget is not None:
        most = f"{budget.amount.normalize():f} % of the rows" if budget.unit == "percent" else str(budget)
        sentence = f"at most {most} may be set apart; of more the whole batch is kept out"
        yield Rule(f"{obj.name}.maxRejected", sentence, "maxRejected", "fail")


# --- fields -----------------------------------------------------------------------------------------------------


def _fields(
    contract: Contract,
    obj: SchemaObject,
    here: Iterable[Place],
    rules: Mapping[str | None, Sequence[Rule]],
    led: Mapping[str, tuple[str, ...]],
) -> Iterator[Field]:
    hidden = policy(obj, samples=True, limit=0).rules
    for place in here:
        if place.prop is not None:
            samples = hidden[place.name]
            prop, node = place.prop, node_at(contract, place.path)
            yield Field(
                path=place.name,
                physical_name=prop.physical_name,
                type=in_words(prop),
                required=prop.required or prop.primary_key_position is not None,
                unique=prop.unique,
                key=prop.primary_key_position if prop in obj.properties else None,
                classification=prop.classification,
                samples=samples,
                title=prop.business_name,
                description=prop.description,
                examples=_texts(node.get("examples") or ()) if samples == "show" else (),
                references=led.get(place.name, ()),
                rules=tuple(rules.get(place.name, ())),
                physical_type=prop.physical_type,
                values=tuple(_listed(node)),
                measure=prop.semantic_type == "measure",
                deprecated=bool(node.get("deprecated")),
                critical=bool(node.get("criticalDataElement")),
                synonyms=_texts(node.get("synonyms") or ()),
                tags=_texts(node.get("tags") or ()),
                made=str(node.get("transformDescription") or ""),
                links=tuple(links(node)),
            )


def _references(checks: Sequence[Check], obj: SchemaObject, others: Mapping[str, Other]) -> dict[str, tuple[str, ...]]:
    """Return what each field is a foreign key to, alone or with others: by logical names on both sides."""
    found: dict[str, tuple[str, ...]] = {}
    for check in checks:
        if isinstance(check, ForeignKey):
            there = others.get(check.dataset)
            for value, column in zip(check.key, check.columns, strict=True):
                path = check.identity.field or _logical(obj, ".".join(value.path))
                named = f"{there.dataset}.{_logical(there.obj, column)}" if there else f"{check.dataset}.{column}"
                found[path] = tuple(dict.fromkeys((*found.get(path, ()), named)))
    return found


def _logical(obj: SchemaObject, column: str) -> str:
    """Return the logical name of a column."""
    return next((prop.name for prop in obj.properties if prop.physical_name == column), column)


def _listed(node: Mapping[str, Any]) -> Iterator[Listed]:
    """Yield the values of an enumeration. They are the contract's own text, whatever the classification (ADR 0030)."""
    for entry in node.get("enum") or ():
        value = entry.get("value")
        yield Listed("null" if value is None else _text(value), str(entry.get("description") or ""))


def in_words(prop: Property) -> str:
    """Return a property's type: `string`, `timestamp with time zone`, `array of string`, `map of string to integer`."""
    kind = prop.logical_type
    if kind is None:
        return prop.physical_type or "any type"
    if kind is LogicalType.ARRAY and prop.items is not None:
        return f"array of {in_words(prop.items)}"
    if kind is LogicalType.MAP and prop.key is not None and prop.value is not None:
        return f"map of {in_words(prop.key)} to {in_words(prop.value)}"
    if kind is LogicalType.VECTOR and prop.options.get("dimensions"):
        return f"vector of {prop.options['dimensions']} numbers"
    zoned = prop.options.get("timezone")
    if kind is LogicalType.TIMESTAMP and isinstance(zoned, bool):
        return f"timestamp {'with' if zoned else 'without'} time zone"
    return str(kind)


# --- the rest ---------------------------------------------------------------------------------------------------


def _about(node: Mapping[str, Any]) -> str | None:
    """Return what the contract says of the object, and of what one row is."""
    said = [str(node[key]).strip() for key in ("description", "dataGranularityDescription") if node.get(key)]
    return "\n".join(dict.fromkeys(said)) or None


def _waivers(contract: Contract) -> str:
    """Return who may let a failed batch in."""
    waiver = contract.gate.waiver
    if not waiver.allowed:
        return ""
    who = ", ".join(waiver.approvers) or "whoever may approve where it is asked for"
    days = f", for at most {waiver.max_days} day{'' if waiver.max_days == 1 else 's'}" if waiver.max_days else ""
    return f"{who}{days}"


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_text(value) for value in values if value is not None))


def _text(value: object) -> str:
    """Return a value of a contract as it is written there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
