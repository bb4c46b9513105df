"""Where keys lie in a lake (PROTOCOL, "Where things lie"), and how batch keys are read and ordered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from lakegate.errors import UsageError
from lakegate.lake.interface import check_key

TRANSIENT = "02-transient-zone"
CANDIDATES = "02-transient-zone/_candidates"
QUARANTINE = "02-transient-zone/_quarantine"
TEMPORARY = "02-transient-zone/_tmp"
USER_DROP = "04-user-drop-zone"
PROBES = "log/gate/_probe/"
# Longest first: a location belongs to the first zone that it begins with.
ZONES = (
    CANDIDATES,
    "01-raw-data-zone",
    TRANSIENT,
    "03-master-data-zone",
    USER_DROP,
    "warehouse/stage",
    "warehouse/cleanse",
    "warehouse/core",
    "warehouse/mart",
)
NO_SOURCES = ("01-athena", "02-glue")  # folders of the transient zone that belong to other tools
SUCCESS = "_SUCCESS"
MANIFEST = "_MANIFEST.json"
REVOKED = ".revoked"  # behind the id of a waiver, beside which its revocation lies
SEQUENCE = "_seq"  # beside the batches' slots; no batch key begins with `_`


@dataclass(frozen=True, slots=True)
class Place:
    """A dataset's place in the lake: `zone` is one of `ZONES`, `path` what follows it, neither ends in `/`."""

    zone: str
    path: str

    @property
    def dataset(self) -> str:
        """The dataset's name: its path under the zone, for a warehouse with its layer (`core/fact_flight`)."""
        return f"{self.zone.removeprefix('warehouse/')}/{self.path}" if self.in_warehouse else self.path

    @property
    def in_warehouse(self) -> bool:
        """Whether this is a table of a warehouse layer."""
        return self.zone.startswith("warehouse/")

    @property
    def prefix(self) -> str:
        """The folder that holds the dataset's batches, with its `/`."""
        return f"{self.zone}/{self.path}/"

    @property
    def commits(self) -> str:
        """The folder that holds the commit records of every batch of the dataset, with its `/`."""
        return f"{self.zone}/_gate/commits/{self.path}/"

    def commit(self, batch: str, slot: int) -> str:
        """Return the key of a commit record. Its existence is the commit (PROTOCOL P8)."""
        return f"{self.commits}{segment(batch)}/{slot:06}.json"

    @property
    def waivers(self) -> str:
        """The folder that holds the waivers of every batch of the dataset, with its `/`."""
        return f"{self.zone}/_gate/waivers/{self.path}/"

    def waiver(self, batch: str, waiver_id: str) -> str:
        """Return the key of one waiver."""
        return f"{self.waivers}{segment(batch)}/{waiver_id}.json"

    def revocation(self, batch: str, waiver_id: str) -> str:
        """Return the key that revokes a waiver where something lies there."""
        return f"{self.waivers}{segment(batch)}/{waiver_id}{REVOKED}.json"

    def rules(self, contract: str, version: str) -> str:
        """Return the key of what a contract's version asks, as the first batch that it committed found it."""
        return f"{self.zone}/_gate/contracts/{self.path}/{segment(contract)}/{segment(version)}.json"

    @property
    def claims(self) -> str:
        """The folder of the table-wide sequence, with its `/`."""
        return f"{self.commits}{SEQUENCE}/"

    def claim(self, number: int) -> str:
        """Return the key of one claim in the table-wide sequence, from 1."""
        return f"{self.claims}{number:09}.json"

    @property
    def states(self) -> str:
        """The folder of what is kept of the table beside its commit records, with its `/`."""
        return f"{self.zone}/_gate/state/{self.path}/"

    @property
    def state(self) -> str:
        """The key of the document that tells of it (`gate/state.py`)."""
        return f"{self.states}_table.json"

    def key_index(self, batch: str, slot: int, name: str, sha256: str) -> str:
        """Return the key of the index of one of the batch's keys; it holds the same bytes for ever."""
        return f"{self.states}{segment(batch)}/{slot:06}/{segment(name)}-{sha256[:12]}.parquet"

    def made(self, batch: str, recipe: str) -> str:
        """Return the key of what a recipe gave where that was committed already (`warehouse/candidate.py`)."""
        return f"{self.zone}/_gate/made/{self.path}/{segment(batch)}/{recipe[:12]}.json"

    def symlink_manifest(self, batch: str) -> str:
        """Return the key of the list of a batch's files that Athena, Trino and Spark read, beside no data."""
        return f"{self.zone}/_gate/_symlink_format_manifest/{self.path}/batch={segment(batch)}/manifest"

    def revision(self, batch: str, digest: str, slot: int) -> str:
        """Return the folder that holds the files of one revision of a batch, with its `/`."""
        return f"{self.prefix}batch={segment(batch)}/rev={digest[:12]}-{slot:06}/"


def place(location: str, model: str) -> Place:
    """Read a server's location, a URI or a path relative to the lake's root; `{model}` stands for the object's name.

    The bucket in a URI is a label: the gate's own settings say which lake it is (INPUTS, threats: SSRF).

    Raises:
        Refused: the path is unsafe (`..`, a control character, …).
        UsageError: it lies in no zone, names no dataset in it, or lies where no source may be.
    """
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://[^/]*/", "", location, count=1, flags=re.IGNORECASE)
    path = check_key(bare.replace("{model}", model).removesuffix("/"))
    zone = next((zone for zone in ZONES if path.startswith(zone + "/")), None)
    if zone is None:
        raise UsageError(
            f"the location {location!r} lies in no zone of the lake",
            hint=f"begin it with one of {', '.join(ZONES)} and name a dataset below it",
        )
    rest = path.removeprefix(zone + "/")
    if any(part.startswith("_") for part in rest.split("/")) or rest.split("/")[0] in NO_SOURCES:
        raise UsageError(f"the location {location!r} is kept for the lake's own use", hint="name another folder")
    return Place(zone, rest)


def places_called(name: str) -> tuple[Place, ...]:
    """Return where a dataset of this name could lie: one place a zone, or the one where the zone stands before it.

    Raises:
        Refused: the name is unsafe as a key.
    """
    check_key(name)
    for zone in ZONES:
        if name.startswith(zone + "/"):
            return (Place(zone, name.removeprefix(zone + "/")),)
    found = []
    for zone in ZONES:
        layer = zone.removeprefix("warehouse/") + "/" if zone.startswith("warehouse/") else ""
        if name.startswith(layer):
            found.append(Place(zone, name.removeprefix(layer)))
    return tuple(found)


def segment(batch: str) -> str:
    """Return a batch key as one path segment, percent-encoded as Spark and pyarrow encode a partition's value."""
    encoded = quote(batch, safe="")
    return encoded if encoded not in (".", "..") else encoded.replace(".", "%2E")


def batch_of(encoded: str) -> str:
    """Return the batch key that `segment` encoded."""
    return unquote(encoded)


def quarantine(dataset: str, batch: str, digest: str, copy: int = 1) -> str:
    """Return the folder of a quarantined batch, with its `/`; `copy` counts up where one went wrong."""
    return f"{QUARANTINE}/{dataset}/{segment(batch)}/{digest[:12]}{f'-{copy}' if copy > 1 else ''}/"


def judgements(dataset: str, batch: str | None = None) -> str:
    """Return the folder of the quarantine records of a dataset or of one of its batches, with its `/`.

    It stands apart from the quarantined bytes.
    """
    return f"{QUARANTINE}/_gate/{dataset}/" + (f"{segment(batch)}/" if batch is not None else "")


def judgement(dataset: str, batch: str, judgement_id: str) -> str:
    """Return the key of one quarantine record."""
    return f"{judgements(dataset, batch)}{judgement_id}.json"


def report(dataset: str, batch: str, report_id: str) -> str:
    """Return the folder of a report, with its `/`."""
    return f"references/reports/{dataset}/{segment(batch)}/{report_id}/"


def log(dataset: str, day: str, run: str) -> str:
    """Return the key of the log line of one gate run; `day` is an ISO date."""
    return f"log/gate/{dataset}/dt={day}/{run}.json"


def answer(name: str) -> str:
    """Return the key of what a job says of the batch that it was started for; `name` is the job's."""
    return f"log/gate/_answers/{name}.json"


def shipped(name: str) -> str:
    """Return the key of a file that jobs elsewhere are started with; `name` holds its hash."""
    return f"log/gate/_jobs/{name}"


def probe(name: str) -> str:
    """Return the key under which a store is asked what it does; `name` is used once."""
    return PROBES + name


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """What batch keys look like, `dt={date}/hour={hour}` or `flights-{month}.csv.gz`. A field never holds a `/`."""

    text: str

    def __post_init__(self) -> None:
        """Refuse a template that no key could be read by.

        Raises:
            UsageError: a field stands twice, or two fields stand side by side.
        """
        if len(set(self.names)) < len(self.names) or "}{" in self.text:
            raise UsageError(f"the batch key template {self.text!r} repeats a field or joins two without text between")

    @property
    def depth(self) -> int:
        """How many path segments a key has."""
        return self.text.count("/") + 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, in their order."""
        return tuple(re.findall(r"\{(\w+)\}", self.text))

    def key(self, values: Mapping[str, str]) -> str:
        """Return the key with these values of its fields; `values` may hold more."""
        return re.sub(r"\{(\w+)\}", lambda field: values[field[1]], self.text)

    def fields(self, key: str) -> dict[str, str] | None:
        """Return the values of the template's fields in their order, None where `key` is not of this form."""
        parts = re.split(r"\{(\w+)\}", self.text)  # literal, field, literal, field, …, literal
        pattern = "".join(f"(?P<{p}>[^/]+?)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
        match = re.fullmatch(pattern, key)
        return match.groupdict() if match else None

    def order(self, key: str) -> tuple[tuple[tuple[str | int, ...], ...], str]:
        """Return what batches are sorted by: the fields, numbers in them as numbers, then the key itself."""
        values = (self.fields(key) or {"key": key}).values()
        return tuple(_natural(value) for value in values), key


def _natural(text: str) -> tuple[str | int, ...]:
    """Return text and numbers in turn: `b10` comes after `b9`."""
    return tuple(int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]+)", text)))


def order_of(template: str | None, key: str) -> tuple[tuple[tuple[str | int, ...], ...], str]:
    """Return what batches of a dataset are sorted by: the fields of `template`, else the key."""
    return KeyTemplate(template).order(key) if template else ((), key)


def shared_fields(template: str | None, key: str, other: str | None) -> dict[str, str]:
    """Return the values in `key` of the fields that another dataset's template has by the same name; a dataset without
    a template has none.

    Raises:
        UsageError: `key` is not of its template.
    """
    if template is None or other is None:
        return {}
    fields = KeyTemplate(template).fields(key)
    if fields is None:
        raise UsageError(f"the batch key {key!r} is not of the form {template!r}", hint="see `lakegate status`")
    return {name: value for name, value in fields.items() if name in KeyTemplate(other).names}
