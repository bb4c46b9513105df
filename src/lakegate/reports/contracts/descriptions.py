"""What a contract says of its dataset, for readers: one value, from which every page about it is made.

It is written into the lake with the first batch that is judged by a contract, so that the pages can be made again from
the lake alone. Texts are the contract's own and may hold anything; examples of what must not be shown are left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the contract asserts. `key` is that of the check in every report."""

    key: str
    sentence: str  # in plain words: `visitor_id is never null`
    type: str  # required, unique, rowCount, …
    does: str  # what happens where it does not hold: fail, warn, info, quarantine (the rows)
    dimension: str | None = None
    code: str = ""  # what the author wrote, where that is code: SQL, an expectation as JSON
    why: str = ""  # the author's description
    means: str = ""  # what is measured, in words, where `sentence` is the author's name for it
    unchecked: str = ""  # why nothing checks it: prose, an engine that is not here; empty: it is checked


@dataclass(frozen=True, slots=True)
class Link:
    """An address that the contract names. `url` is empty where no browser can follow it; `text` tells it anyway."""

    text: str
    url: str = ""
    type: str | None = None  # businessDefinition, tutorial, …


@dataclass(frozen=True, slots=True)
class Listed:
    """One value of an enumeration, as text, and what it means."""

    value: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or a field of one, in the order of the contract; `path` is by logical names (`udo.page.name`)."""

    path: str
    physical_name: str
    type: str  # in the contract's words: `string`, `integer`, `array of string`
    required: bool = False
    unique: bool = False
    key: int | None = None  # 1-based place in the primary key
    classification: str | None = None
    samples: str = "show"  # show, mask, never: what may be told of its values
    title: str | None = None  # the business name
    description: str | None = None
    examples: tuple[str, ...] = ()  # none where its values must not be shown
    references: tuple[str, ...] = ()  # what it is a foreign key to, by the dataset's name: `nyc/airports.faa`
    rules: tuple[Rule, ...] = ()
    physical_type: str | None = None  # as the contract spells it: `varchar`, `decimal(10,2)`
    values: tuple[Listed, ...] = ()  # of an enumeration
    measure: bool = False  # it is computed by whoever reads, and is no column of the data
    deprecated: bool = False
    critical: bool = False
    synonyms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    made: str = ""  # how it is made, in the author's words
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A present member of the team."""

    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the people of a dataset are asked. `url` is empty where no browser can follow it."""

    name: str
    tool: str | None = None
    url: str = ""
    scope: str | None = None  # what it is for: announcements, issues, …
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role that gives access to the dataset, and who grants it."""

    name: str
    access: str | None = None  # read, write
    description: str | None = None
    approvers: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way to get the dataset: a title and what is typed."""

    title: str
    code: str
    language: str = "shell"  # shell, python, sql, text (an address)


@dataclass(frozen=True, slots=True)
class Description:
    """What one object of a contract says of its dataset."""

    dataset: str  # `tealium/events`, `core/fact_flight`
    zone: str  # where it lies: one of `lake.zones.ZONES`
    model: str
    contract_id: str
    contract_version: str
    contract_sha256: str
    title: str  # the business name, else the contract's name, else the dataset's
    status: str | None = None
    domain: str | None = None
    product: str | None = None
    owner: str | None = None
    purpose: str | None = None
    usage: str | None = None
    limitations: str | None = None
    tags: tuple[str, ...] = ()
    team: tuple[Person, ...] = ()
    support: tuple[Channel, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()  # service levels: (name, in words)
    fresh_for: int | None = None  # seconds after a batch came in until the next one has to; None: nothing is promised
    source: str = ""  # where batches arrive, relative to the lake
    ways: tuple[Way, ...] = ()
    upstream: tuple[str, ...] = ()  # datasets that it is made of, waits for or refers to, by name
    rules: tuple[Rule, ...] = ()  # of the whole object
    fields: tuple[Field, ...] = ()
    waivers: str = ""  # who may let a failed batch in, in words; empty: nobody
    about: str | None = None  # what the contract says of the object: what one row is
    batches: str = ""  # what one batch is, and what says that it is whole; in words
    roles: tuple[Role, ...] = ()
    links: tuple[Link, ...] = ()
