"""ORC: stripes become one Parquet file of the same columns."""

from __future__ import annotations

from pathlib import Path

from lakegate.intake.budget import Budget
from lakegate.intake.files import NativeFile, is_ours, unreadable
from lakegate.intake.names import check_twins


def write_parquet(file: NativeFile, target: Path, budget: Budget) -> None:
    """Convert an ORC file. Raises `BadFile` for a damaged one or a union, `Refused` for a bomb."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import orc

    size, produced, rows = file.path.stat().st_size, 0, 0
    try:
        source = orc.ORCFile(file.path)
        check_twins(source.schema.names)
        union = next((field.name for field in source.schema if pa.types.is_union(field.type)), None)
        if union is not None:
            raise unreadable(f"got a union in the column {union!r}, expected one type")
        budget.charge_cells(file.name, source.nrows, len(source.schema))
        with pq.ParquetWriter(target, source.schema, compression="snappy") as out:
            for number in range(source.nstripes):
                batch = source.read_stripe(number)
                batch.validate(full=True)  # text that is no UTF-8
                produced += batch.nbytes
                budget.charge(file.name, produced, size)
                rows += batch.num_rows
                out.write_batch(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        if is_ours(error):
            raise
        told = str(error).partition("\n")[0]
        raise unreadable(f"got a damaged ORC file ({told}), expected whole stripes") from error
    if rows != source.nrows:
        raise unreadable(f"got {rows} rows, expected the {source.nrows} that the footer claims")
