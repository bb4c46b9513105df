"""What a batch of a table is made of: the committed batches of its inputs and the transform. Opens no data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lakegate.contract.model import Property
from lakegate.errors import NotReady, UsageError
from lakegate.gate.belonging import told
from lakegate.gate.ledger import CommitRecord
from lakegate.gate.protocol import Input
from lakegate.lake.zones import KeyTemplate, order_of, shared_fields
from lakegate.warehouse.datasets import Dataset, Table
from lakegate.warehouse.ledgers import Ledgers
from lakegate.warehouse.transform import BATCH

Records = Callable[[Dataset], Sequence[CommitRecord]]
"""The latest revision of every committed batch of a dataset, in the order of their keys."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a batch is made of. Two recipes that are equal give the same bytes, with the same version of the engine."""

    inputs: tuple[Input, ...]  # sorted
    sql_sha256: str
    columns_sha256: str  # of the columns that the inputs show, by their contracts

    @property
    def sha256(self) -> str:
        """The recipe in one word."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Work:
    """One batch of a table, with the records of what it is made of, by the names in the query."""

    table: Table
    batch: str
    recipe: Recipe
    reads: tuple[tuple[str, Dataset, tuple[CommitRecord, ...]], ...]

    @property
    def parameters(self) -> dict[str, str]:
        """The values of `$batch` and of the fields of the batch key."""
        template = self.table.dataset.template
        fields = KeyTemplate(template).fields(self.batch) if template else None
        return {**(fields or {}), BATCH: self.batch}


def work(table: Table, batch: str, ledgers: Ledgers) -> Work:
    """Find what a batch of a table is made of: of each input the committed batches that agree in the shared fields.

    Raises:
        NotReady: an input has no committed batch that belongs to it.
        UsageError: `batch` is not of the table's template.
    """
    template = table.dataset.template
    if template is not None and KeyTemplate(template).fields(batch) is None:
        hint = "see customProperties lakegate.batch.key in its contract"
        raise UsageError(f"the batch key {batch!r} of {table.name} is not of the form {template!r}", hint=hint)
    reads = []
    for name, dataset in table.inputs:
        found = tuple(ledgers.belonging(template, batch, dataset))
        if not found:
            fields = told(shared_fields(template, batch, dataset.template))
            raise NotReady(f"{table.name} {batch} waits for {dataset.name}: no batch{fields} of it is committed")
        reads.append((name, dataset, found))
    inputs = {Input(dataset.name, one.batch, one.slot) for _, dataset, found in reads for one in found}
    ordered = tuple(sorted(inputs, key=lambda one: (one.dataset, one.batch, one.slot)))
    columns = sorted({dataset.name: dataset for _, dataset in table.inputs}.items())
    shown = json.dumps([[name, [_shown(prop) for prop in dataset.obj.properties]] for name, dataset in columns])
    recipe = Recipe(ordered, table.transform.sha256, hashlib.sha256(shown.encode()).hexdigest())
    return Work(table, batch, recipe, tuple(reads))


def _shown(prop: Property) -> list[Any]:
    """Return what a column's contract says about what is read: text gets its types from it."""
    inner = [_shown(one) for one in (*prop.properties, prop.items, prop.key, prop.value) if one is not None]
    return [prop.physical_name, prop.logical_type, prop.physical_type, sorted(map(str, prop.options.items())), inner]


def keys(table: Table, records: Records) -> tuple[str, ...]:
    """Return the batches of a table that its inputs allow, in their order: those of each input that knows every field.

    Raises:
        UsageError: they cannot be told: the table has no key template, or no input holds all its fields.
    """
    template = table.dataset.template
    if template is None:
        hint = "write lakegate.batch.key in its contract, `all` for one batch; or name one: --batch KEY"
        raise UsageError(f"which batches {table.name} has cannot be told: it has no key template", hint=hint)
    fields = KeyTemplate(template).names
    if not fields:
        return (template,)
    knowing = [dataset for _, dataset in table.inputs if set(fields) <= _fields(dataset)]
    if not knowing:
        hint = f"name one: --batch KEY, of the form {template}"
        raise UsageError(f"no input of {table.name} has batches by {', '.join(fields)}", hint=hint)
    found = {key for dataset in knowing for key in _derived(template, dataset, records(dataset))}
    return tuple(sorted(found, key=lambda key: order_of(template, key)))


def _fields(dataset: Dataset) -> set[str]:
    return set(KeyTemplate(dataset.template).names) if dataset.template else set()


def _derived(template: str, dataset: Dataset, records: Sequence[CommitRecord]) -> Iterator[str]:
    """Yield the keys of a table that an input's committed batches belong to."""
    for record in records:
        values = KeyTemplate(dataset.template or "").fields(record.batch)
        if values is not None:
            yield KeyTemplate(template).key(values)


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The part of a manifest that says what its batch was made of."""

    inputs: tuple[Input, ...] = ()
    sql_sha256: str = ""
    columns_sha256: str = ""


def recipe_in(manifest: str | bytes) -> Recipe | None:
    """Return the recipe that a manifest tells, None where it tells none."""
    try:
        said = msgspec.json.decode(manifest, type=_Manifest)
    except ValueError:
        return None
    return Recipe(said.inputs, said.sql_sha256, said.columns_sha256)


def manifest(files: Sequence[Mapping[str, Any]], recipe: Recipe, versions: Mapping[str, str]) -> bytes:
    """Return the manifest of a candidate, as bytes that are the same for the same candidate."""
    document = {"files": list(files), **msgspec.to_builtins(recipe), **versions}
    return json.dumps(document, indent=1).encode() + b"\n"
