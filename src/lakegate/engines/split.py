"""Good rows here, bad rows there: which rules each row breaks, found in one scan, and the files that hold a bad row
written twice, without their bad rows and with nothing else.

The same rows give the same bytes. Files without a bad row are not touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.engines.predicates import text
from lakegate.made import MadeFile
from lakegate.rows import Part, Rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

WORD = 60  # rules in one mask of 64 bits
VIRTUAL = ("filename", "file_row_number")  # columns that the engine adds to a file, unless the file has them
# Beside the columns of a rejected row: the keys of the rules it broke, the file and the row (from 1) it arrived in.
RULES, FILE, ROW = "_lakegate_rules", "_lakegate_file", "_lakegate_row"
TOGETHER = 122_880  # rows that are read, and written as one row group


@dataclass(frozen=True, slots=True)
class Split:
    """What became of the rows of a batch. `accepted` holds the files that had bad rows, without them; `rejected` these.

    `rules` counts the rows that broke each rule. `rows` were rejected, counted in what was written. Of more than the
    budget allows nothing is written.
    """

    rules: Mapping[str, int]
    rows: int
    accepted: tuple[MadeFile, ...] = ()
    rejected: tuple[MadeFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Without:
    """Where the rows of a file written without its bad rows stood in the file as it arrived (`rows.Records`)."""

    rejected: Path  # the bad rows, written apart

    def places(self, rows: Collection[int]) -> Mapping[int, tuple[int, int | None]]:
        """Return, for rows of the file (1-based), their numbers in the file that arrived."""
        import numpy as np
        import pyarrow.parquet as pq

        gone = pq.read_table(self.rejected, columns=[ROW])[ROW].to_numpy()
        stand_before = gone - np.arange(1, len(gone) + 1)  # each bad row: so many good ones
        return {row: (row + int(np.searchsorted(stand_before, row - 1, "right")), None) for row in rows}


def targets(rows: Rows, folder: Path) -> list[tuple[Path, Path]]:
    """Return, for each file, where its good and its bad rows are written."""
    return [
        (folder / f"accepted-{number:05}.parquet", folder / f"rejected-{number:05}.parquet")
        for number in range(len(rows.parts))
    ]


def clash(rows: Rows) -> str | None:
    """Return a column of the files whose name is needed for something else, None where there is none."""
    taken = {*VIRTUAL, RULES, FILE, ROW}
    return next((name for part in rows.parts for name, _ in part.types if name.casefold() in taken), None)


def mark(
    connection: duckdb.DuckDBPyConnection, relation: str, parts: Sequence[Part], conditions: Sequence[str]
) -> tuple[list[int], int]:
    """Find every bad row in one scan; return how many break each condition, and how many break any.

    They are kept in a table `bad`: the file's number from 1, the row in it from 0, and masks of what it breaks.
    """
    files = ", ".join(text(part.path) for part in parts)
    words = [conditions[start : start + WORD] for start in range(0, len(conditions), WORD)]
    masks = [
        " | ".join(
            f"(CASE WHEN {condition} THEN {1 << bit}::UBIGINT ELSE 0::UBIGINT END)"
            for bit, condition in enumerate(word)
        )
        for word in words
    ]
    columns = ", ".join(f"{mask} AS m{number}" for number, mask in enumerate(masks))
    bad = " OR ".join(f"m{number} <> 0" for number in range(len(masks)))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE bad AS SELECT * FROM (\n"
        f"  SELECT list_position([{files}], filename) AS f, file_row_number AS r, {columns}\n  FROM {relation}\n"
        f") WHERE {bad}"
    )
    each_one = (f"coalesce(count_if({_bit(number)}), 0)" for number in range(len(conditions)))
    counted = ", ".join(["count(*)", *each_one])
    ((every, *each),) = connection.execute(f"SELECT {counted} FROM bad").fetchall()
    return [int(count) for count in each], int(every)


def broken(connection: duckdb.DuckDBPyConnection, number: int) -> dict[str, Any]:
    """Return the bad rows of one file, in their order: arrays `r` (from 0) and the masks `m0`, `m1` and so on."""
    masks = "COLUMNS(lambda name: starts_with(name, 'm'))"
    query = f"SELECT r, {masks} FROM bad WHERE f = {number} ORDER BY r"
    return dict(connection.execute(query).fetchnumpy())


def write(
    part: Part, bad: Mapping[str, Any], rules: Sequence[str], where: tuple[Path, Path]
) -> tuple[MadeFile, MadeFile]:
    """Write the good rows of one file and its bad ones, both in their order; each row group is read once.

    With pyarrow, which keeps every column's type as it arrived; one thread, so that equal rows give equal bytes.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(part.path, coerce_int96_timestamp_unit="us")
    schema = file.schema_arrow.remove_metadata()
    told = [(RULES, pa.list_(pa.string())), (FILE, pa.string()), (ROW, pa.int64())]
    marked = pa.schema([*schema, *(pa.field(name, kind) for name, kind in told)])
    broke = _rules(bad, rules)
    start, done, good, out = 0, 0, 0, 0
    with (
        pq.ParquetWriter(where[0], schema, compression="zstd") as accepted,
        pq.ParquetWriter(where[1], marked, compression="zstd") as rejected,
    ):
        for batch in file.iter_batches(batch_size=TOGETHER, use_threads=False):
            end = start + batch.num_rows
            until = int(np.searchsorted(bad["r"], end))
            here = bad["r"][done:until]
            held = np.zeros(batch.num_rows, dtype=bool)
            held[here - start] = True
            kept = batch.filter(pa.array(~held))
            if kept.num_rows:
                accepted.write_batch(kept, row_group_size=TOGETHER)
            if len(here):
                names = pa.array([part.name] * len(here), pa.string())
                columns = [broke.slice(done, len(here)), names, pa.array(here + 1, pa.int64())]
                apart = batch.filter(pa.array(held))
                rejected.write_batch(pa.record_batch([*apart.columns, *columns], schema=marked))
            good, out, start, done = good + kept.num_rows, out + len(here), end, until
    return MadeFile(part.name, where[0], good), MadeFile(part.name, where[1], out)


def counted(files: Iterable[MadeFile]) -> int:
    """Return how many rows stand in files, by the files themselves."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file.local).num_rows for file in files)


def _rules(bad: Mapping[str, Any], rules: Sequence[str]) -> pa.Array:
    """Return the lists of rules that bad rows break, one for each row. Many rows share few different lists."""
    import numpy as np
    import pyarrow as pa

    masks = np.column_stack([bad[f"m{word}"] for word in range((len(rules) + WORD - 1) // WORD)])
    different, which = np.unique(masks, axis=0, return_inverse=True)
    lists = [
        [rule for number, rule in enumerate(rules) if int(mask[number // WORD]) >> number % WORD & 1]
        for mask in different
    ]
    return pa.array(lists, pa.list_(pa.string())).take(pa.array(which.reshape(-1), pa.int64()))


def _bit(number: int) -> str:
    """Return whether a row of `bad` breaks a rule."""
    return f"(m{number // WORD} & {1 << number % WORD}::UBIGINT) <> 0"
