"""What a contract asks, without how it is written or described: contracts with one digest judge alike (INPUTS 21)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lakegate.contract.expectation_files import NO_FILES, ExpectationFiles
from lakegate.contract.gate_property import value_of
from lakegate.contract.model import Contract

# Keys of the standard that describe and judge nothing, wherever they stand.
PROSE = frozenset(
    """
    description businessName tags authoritativeDefinitions examples transformLogic transformSourceObjects
    transformDescription dataGranularityDescription criticalDataElement deprecated context
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def rules_sha256(contract: Contract, files: ExpectationFiles = NO_FILES) -> str:
    """Return the SHA-256 of the canonical rules: objects, service levels, how the gate is passed and files are read.

    The bytes of the files in `expectations/` that the rules use are rules, too.

    Comments, order of keys, descriptions, people and places do not count: they may change within a version.
    """
    reads = contract.server(contract.gate.from_server or "")
    asked = {
        "schema": _bare(contract.document.get("schema")),
        "sla": _bare(contract.document.get("slaProperties")),
        "lakegate": _bare(value_of(contract.document)),
        "read": [reads.format, reads.delimiter, reads.encoding] if reads else None,
        **({"expectations": files.digests()} if files.files else {}),
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _bare(node: Any) -> Any:
    """Return a part of the document without what only describes it."""
    if isinstance(node, Mapping):
        return {key: _bare(value) for key, value in node.items() if key not in PROSE}
    if isinstance(node, list | tuple):
        return [_bare(item) for item in node]
    return node
