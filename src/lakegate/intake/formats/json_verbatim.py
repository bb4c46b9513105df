"""JSON lines that need no closer look: what the engine reads of such a line, it writes back to the letter.

Reading a line by declared types is quick and forgiving: `"1"` becomes 1, of a key that stands twice one is taken, a
comma too many is passed over, a digit that no double holds is dropped. Where the line as it was read is written back
and the same letters come out, none of that has happened. Two things are forgiven both ways and asked for apart: NaN and
the infinities, and NUL in a string.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.intake.quoting import name, text

if TYPE_CHECKING:
    import duckdb

SAMPLE = 100  # lines that are tried first
# What is compared with what was written: the line, or the line without the blanks that Python's `json.dumps` adds. Only
# blanks go, so that a key or comma too many still shows; where a string loses one, the line is just looked at closer.
LETTERS = ("text", """replace(replace(text, '": ', '":'), ', "', ',"')""")


@dataclass(frozen=True, slots=True)
class Verbatim:
    """`kinds` is what each key of a usual line is read as, in their order; empty: every line is looked at closer."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    letters: str = LETTERS[0]

    def marked(self, source: str) -> str:
        """Return the SQL that adds to each text `quick`, the line as it was read, and `plain`, whether that is all."""
        if not self.kinds:
            return f"SELECT text, NULL AS quick, false AS plain FROM ({source})"
        shape = text(json.dumps(self.kinds, ensure_ascii=False))
        doubles = [f"quick.{name(key)}" for key, kind in self.kinds.items() if kind == "DOUBLE"]
        finite = "".join(f" AND ({double} IS NULL OR isfinite({double}))" for double in doubles)
        same = f"CAST(to_json(quick) AS VARCHAR) = {self.letters} AND NOT contains(text, '\\u0000'){finite}"
        read = f"SELECT text, TRY(json_transform(text, {shape})) AS quick FROM ({source})"
        return f"SELECT text, quick, coalesce({same}, false) AS plain FROM ({read})"


def verbatim(
    connection: duckdb.DuckDBPyConnection, path: Path, usual: Sequence[str], known: Mapping[str, str]
) -> Verbatim:
    """Return how to read the lines of a file whose first line has the keys `usual`; nothing where it wins little.

    `known` is what declared keys are read as: any other stays JSON.
    """
    if not all(usual) or len({key.casefold() for key in usual}) < len(usual):  # no columns of one struct
        return Verbatim()
    with path.open(encoding="utf-8") as lines:
        sample = [line.rstrip("\r\n") for line in islice(lines, SAMPLE)]
    kinds = {key: known.get(key, "JSON") for key in usual}
    whole = {key: "JSON" if kind == "DOUBLE" else kind for key, kind in kinds.items()}  # 5 is no double's letters: 5.0
    tried = [Verbatim(read, letters) for read in (kinds, whole) for letters in LETTERS]
    plain = []
    for one in tried:
        query = f"SELECT count_if(plain) FROM ({one.marked('SELECT unnest($1::VARCHAR[]) AS text')})"
        plain.append(connection.execute(query, [sample]).fetchall()[0][0])
    best = plain.index(max(plain))  # the first of equals: it is the quicker one
    return tried[best] if 2 * plain[best] >= len(sample) else Verbatim()
