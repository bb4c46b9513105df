"""Which committed batches of another dataset belong to a batch: those that agree in the fields their keys share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lakegate.errors import UsageError
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.zones import KeyTemplate, shared_fields

Groups = Mapping[tuple[str, ...], Sequence[CommitRecord]]  # the values of some fields -> the batches that have them


def belonging(
    template: str | None, key: str, records: Iterable[CommitRecord], other: str | None
) -> Sequence[CommitRecord]:
    """Return those of another dataset's committed batches that agree with `key` in every field that both templates
    share by name (`other` is theirs): all of them where none is shared. They keep their order.

    Raises:
        UsageError: `key` is not of its template, or a batch was committed under a key that is not of `other`.
    """
    asked = shared_fields(template, key, other)
    return grouped(records, other, tuple(asked)).get(tuple(asked.values()), ())


def grouped(records: Iterable[CommitRecord], template: str | None, names: tuple[str, ...]) -> Groups:
    """Return committed batches by the values of some fields of their keys, in their order; with no names one group.

    Raises:
        UsageError: a batch was committed under a key that is not of `template`.
    """
    found: dict[tuple[str, ...], list[CommitRecord]] = {}
    read = KeyTemplate(template) if template is not None else None
    for record in records:
        values: tuple[str, ...] = ()
        if names and read is not None:
            fields = read.fields(record.batch)
            if fields is None:
                message = f"the batch {record.batch!r} of {record.dataset!r} is not of the form {template!r}"
                hint = "its key's template was changed: to which batches it belongs cannot be told"
                raise UsageError(message, hint=hint)
            values = tuple(fields[name] for name in names)
        found.setdefault(values, []).append(record)
    return found


def told(asked: Mapping[str, str]) -> str:
    """Return ` of month 2013-01`, empty for no fields."""
    return " of " + ", ".join(f"{name} {value}" for name, value in asked.items()) if asked else ""
