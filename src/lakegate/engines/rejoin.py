"""What `engines.split` took apart, put together again: the rows of a file in the order in which they arrived."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.engines.split import FILE, ROW, RULES, TOGETHER

if TYPE_CHECKING:
    import pyarrow as pa

_APART = (RULES, FILE, ROW)


def rejoin(accepted: Path | None, rejected: Path, where: Path, note: str) -> int:
    """Write the rows that went on (None: none did) and those set apart as one Parquet file; return how many it holds.

    Equal rows and an equal `note`, which the footer keeps, give equal bytes. In memory stand a row group of the one and
    all rows of the other. Raises ValueError where the two are not the halves of one file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = pq.ParquetFile(rejected).read()
    rows = held.column(ROW).to_numpy()
    apart = held.drop_columns(list(_APART))
    before = rows - 1 - range(len(rows))  # rows that went on in front of each
    if len(rows) and (before[0] < 0 or (before[1:] < before[:-1]).any()):
        raise ValueError("the rows set apart are not in the order of their file")
    schema = apart.schema.remove_metadata()
    file = pq.ParquetFile(accepted) if accepted else None
    if file is not None and file.schema_arrow.remove_metadata() != schema:
        raise ValueError("the rows that went on have other columns than those set apart")
    good = file.iter_batches(batch_size=TOGETHER, use_threads=False) if file else iter(())
    done = start = 0
    with pq.ParquetWriter(where, schema.with_metadata({"lakegate.released": note}), compression="zstd") as out:
        for batch in good:
            end = start + batch.num_rows
            until = int(before.searchsorted(end, side="left"))
            here = apart.slice(done, until - done)
            out.write_table(_woven(pa.Table.from_batches([batch]), here, before[done:until] - start))
            start, done = end, until
        if done < len(rows):
            if before[-1] > start:
                raise ValueError("rows that went on are missing before those set apart")
            out.write_table(apart.slice(done))
    return start + len(rows)


def _woven(good: pa.Table, apart: pa.Table, before: Any) -> pa.Table:  # noqa: ANN401 - numpy
    """Return two tables as one; `before` says before which row of `good` each row of `apart` stands."""
    import numpy as np
    import pyarrow as pa

    if not apart.num_rows:
        return good
    order = np.insert(np.arange(good.num_rows), before, good.num_rows + np.arange(apart.num_rows))
    return pa.concat_tables([good, apart]).take(pa.array(order))


@dataclass(frozen=True, slots=True)
class Apart:
    """One row that was set apart: its number in the file that it arrived in (from 1), and the rules that it broke.

    `values` are texts by column, None for null; of what is no scalar, JSON; of bytes, hex.
    """

    row: int
    rules: tuple[str, ...]
    values: Mapping[str, str | None]


def rows_apart(rejected: Path, columns: Collection[str] | None = None) -> Iterator[Apart]:
    """Yield the rows set apart of one file with their values, of all its columns or of some; a few at a time."""
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(rejected).iter_batches(batch_size=1024, use_threads=False):
        names = [name for name in batch.schema.names if name not in _APART and (columns is None or name in columns)]
        texts = {name: _texts(batch.column(name)) for name in names}
        for number, (row, rules) in enumerate(zip(batch.column(ROW), batch.column(RULES), strict=True)):
            yield Apart(row.as_py(), tuple(rules.as_py()), {name: texts[name][number] for name in names})


def _texts(column: pa.Array) -> list[str | None]:
    """Return the values of a column as texts."""
    import pyarrow as pa

    try:
        return list(column.cast(pa.string()).to_pylist())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return [None if value is None else _text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    """Return a value that is no scalar as JSON, bytes in hex."""
    return value.hex() if isinstance(value, bytes) else json.dumps(value, default=_inside, ensure_ascii=False)


def _inside(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
