"""What is committed in a lake, listed once for each dataset and kept while batches are built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lakegate.gate import ledger
from lakegate.gate.belonging import Groups, grouped
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.interface import Lake
from lakegate.lake.zones import order_of, shared_fields
from lakegate.warehouse.datasets import Dataset


@dataclass
class Ledgers:
    """The latest revisions of a lake's datasets, as they stood when each was first asked for; `learn` tells of more."""

    lake: Lake
    _records: dict[str, dict[str, CommitRecord]] = field(default_factory=dict)
    _unsorted: set[str] = field(default_factory=set)  # of which a batch was learnt since
    _groups: dict[tuple[str, tuple[str, ...]], Groups] = field(default_factory=dict)

    def of(self, dataset: Dataset) -> Sequence[CommitRecord]:
        """Return the latest revision of every committed batch of a dataset, in the order of their keys."""
        records, prefix = self._of(dataset), dataset.way.target.prefix
        if prefix in self._unsorted:
            ordered = sorted(records.items(), key=lambda one: order_of(dataset.template, one[0]))
            records = self._records[prefix] = dict(ordered)
            self._unsorted.discard(prefix)
        return tuple(records.values())

    def latest(self, dataset: Dataset, batch: str) -> CommitRecord | None:
        """Return the latest revision of one batch, None where it is not committed."""
        return self._of(dataset).get(batch)

    def belonging(self, template: str | None, key: str, dataset: Dataset) -> Sequence[CommitRecord]:
        """Return what `gate.belonging.belonging` gives for a dataset, without looking at each record again."""
        asked = shared_fields(template, key, dataset.template)
        known = dataset.way.target.prefix, tuple(asked)
        if known not in self._groups:
            self._groups[known] = grouped(self.of(dataset), dataset.template, tuple(asked))
        return self._groups[known].get(tuple(asked.values()), ())

    def learn(self, dataset: Dataset, record: CommitRecord | None) -> None:
        """A batch of a dataset was committed with this record; with None the next question lists them again."""
        prefix = dataset.way.target.prefix
        self._groups = {known: groups for known, groups in self._groups.items() if known[0] != prefix}
        if record is None:
            self._records.pop(prefix, None)
            return
        self._of(dataset)[record.batch] = record
        self._unsorted.add(prefix)

    def _of(self, dataset: Dataset) -> dict[str, CommitRecord]:
        place = dataset.way.target
        if place.prefix not in self._records:
            listed = ledger.committed(self.lake, place, dataset.template)
            self._records[place.prefix] = {record.batch: record for record in listed}
        return self._records[place.prefix]
