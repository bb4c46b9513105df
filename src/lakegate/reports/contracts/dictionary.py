"""The dictionary: every field of every dataset, as a page to search, as CSV and as JSON.

Nothing in it comes from data: what it shows are the contracts' own words. Examples of what a report would mask are not
in a description at all (ADR 0030).
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from lakegate.reports.contracts.description_json import SCHEMA, in_camel_case
from lakegate.reports.contracts.descriptions import Description, Field
from lakegate.reports.failures import defused
from lakegate.reports.site import render
from lakegate.reports.site.zones import lake_order, zone_word

FOLDER = "references/dictionary/"
PAGE = f"{FOLDER}index.html"
HEADER = (
    *("dataset", "zone", "field", "column", "title", "type", "physical type", "required", "unique", "primary key"),
    *("classification", "values in reports", "description", "may be", "examples", "refers to", "rules", "owner"),
    *("contract", "version"),
)


def dictionary_page(descriptions: Sequence[Description]) -> str:
    """Return the page of all datasets, in whatever order they come: in that of the lake, each with all its fields."""
    told = _ordered(descriptions)
    fields = [field for one in told for field in one.fields]
    zones = [(zone, list(some)) for zone, some in groupby(told, key=lambda one: zone_word(one.zone))]
    return render(
        "dictionary.html.j2",
        page=PAGE,
        zones=zones,
        datasets=len(told),
        fields=len(fields),
        classified=_counted(field.classification for field in fields),
        types=_counted(field.type.split(" ")[0] for field in fields),
    )


def dictionary_csv(descriptions: Sequence[Description]) -> str:
    """Return a line for each field: UTF-8, RFC 4180, a header always; what is not said is empty.

    A cell that a spreadsheet would take for a formula begins with `'`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for one in _ordered(descriptions):
        writer.writerows([defused(cell) for cell in _cells(one, field)] for field in one.fields)
    return out.getvalue()


def dictionary_json(descriptions: Sequence[Description]) -> str:
    """Return all descriptions as one document, a dataset a line, keys sorted; what is not said is left out."""
    lines = ",\n".join(json.dumps(in_camel_case(one), sort_keys=True) for one in _ordered(descriptions))
    return f'{{"datasets": [\n{lines}\n], "schemaVersion": "{SCHEMA}"}}\n'


def _ordered(descriptions: Sequence[Description]) -> list[Description]:
    return sorted(descriptions, key=lambda one: lake_order(one.zone, one.dataset))


def _counted(words: Iterator[str | None] | Sequence[str | None]) -> list[tuple[str, int]]:
    """Return each word with how often it stands there, in their order."""
    return sorted(Counter(word for word in words if word).items(), key=lambda found: (found[0].casefold(), found[0]))


def _cells(one: Description, field: Field) -> Iterator[str]:
    """Yield the cells of one field, in the order of the header."""
    yield from (one.dataset, zone_word(one.zone), field.path, "" if field.measure else field.physical_name)
    yield from (field.title or "", field.type, field.physical_type or "")
    yield from ("yes" if said else "no" for said in (field.required, field.unique))
    yield "" if field.key is None else str(field.key)
    yield field.classification or ""
    yield {"show": "shown", "mask": "masked", "never": "never shown"}[field.samples]
    yield field.description or ""
    yield "; ".join(f"{value.value} ({value.meaning})" if value.meaning else value.value for value in field.values)
    yield "; ".join(field.examples)
    yield "; ".join(field.references)
    yield "; ".join(rule.sentence for rule in field.rules)
    yield from (one.owner or "", one.contract_id, one.contract_version)
