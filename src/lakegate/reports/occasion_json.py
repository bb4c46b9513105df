"""`run.json`: the occasion of a verdict, written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lakegate.reports.occasion import Occasion, Since

SCHEMA_VERSION = "1.0"  # the second number grows with a new field, the first when a field changes or goes


def to_json(occasion: Occasion) -> str:
    """Return the occasion as one JSON document: keys sorted, ASCII. What is not known is null."""
    since = occasion.since
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "at": occasion.at,
        "seconds": occasion.seconds,
        "judging": occasion.judging,
        "since": since
        and {
            "passed": since.passed or None,
            "report": since.report or None,
            "runs": since.runs,
            "new": list(since.new),
            "still": dict(since.still),
            "mended": list(since.mended),
        },
    }
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def of_json(data: bytes) -> Occasion:
    """Return the occasion that a `run.json` holds. Raises ValueError, with what is wrong, where it is none."""
    try:
        document = json.loads(data)
        if str(document["schemaVersion"]).partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            raise ValueError(f"got schemaVersion {document['schemaVersion']!r}, expected {SCHEMA_VERSION}")
        return Occasion(
            at=_text(document["at"]),
            seconds=_seconds(document["seconds"]),
            judging=_seconds(document.get("judging")),
            since=None if document["since"] is None else _since(document["since"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no run.json: {type(error).__name__}: {error}") from None


def _since(told: Mapping[str, Any]) -> Since:
    """Return what changed, as the document tells it."""
    if not isinstance(told["runs"], int):
        raise TypeError("runs is no number")
    return Since(
        passed=_text(told["passed"] or ""),
        report=_text(told["report"] or ""),
        runs=told["runs"],
        new=tuple(map(_text, told["new"])),
        still={key: _text(batch) for key, batch in told["still"].items()},
        mended=tuple(map(_text, told["mended"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {type(value).__name__}, expected a text")
    return value


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"got {type(value).__name__}, expected a number of seconds")
    return float(value)
