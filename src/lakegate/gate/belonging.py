"""Which committed batches of another dataset belong to a batch: those that agree in the fields their keys share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakegate.errors import UsageError
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.zones import KeyTemplate, shared_fields


def belonging(
    template: str | None, key: str, records: Iterable[CommitRecord], other: str | None
) -> tuple[CommitRecord, ...]:
    """Return those of another dataset's committed batches that agree with `key` in every field that both templates
    share by name (`other` is theirs): all of them where none is shared. They keep their order.

    Raises:
        UsageError: `key` is not of its template, or a batch was committed under a key that is not of `other`.
    """
    asked = shared_fields(template, key, other)
    return tuple(record for record in records if not asked or _agrees(record, other or "", asked))


def _agrees(record: CommitRecord, template: str, asked: Mapping[str, str]) -> bool:
    fields = KeyTemplate(template).fields(record.batch)
    if fields is None:
        message = f"the batch {record.batch!r} of {record.dataset!r} is not of the form {template!r}"
        raise UsageError(message, hint="its key's template was changed: to which batches it belongs cannot be told")
    return all(fields[name] == value for name, value in asked.items())


def told(asked: Mapping[str, str]) -> str:
    """Return ` of month 2013-01`, empty for no fields."""
    return " of " + ", ".join(f"{name} {value}" for name, value in asked.items()) if asked else ""
