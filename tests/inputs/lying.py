"""A Parquet footer that lies: the statistics of its one column say another maximum than the data holds."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq


def lie_about_maximum(table, maximum):
    """Return the table as a file whose footer says `maximum`, as long as the true one is when it is written down.

    The bytes of the true maximum are replaced where the footer holds them; the pages are not touched.
    """
    out = io.BytesIO()
    pq.write_table(table, out, use_dictionary=False, compression="none", store_schema=False)
    data = bytearray(out.getvalue())
    length = int.from_bytes(data[-8:-4], "little")
    footer = len(data) - 8 - length
    true = table.column(0).to_pylist()[-1]
    was, says = (_plain(value, table.column(0).type) for value in (true, maximum))
    if len(was) != len(says):
        says = says.ljust(len(was), b"\0")
    head, tail = bytes(data[:footer]), bytes(data[footer:])
    assert was in tail
    lying = head + tail.replace(was, says)
    statistics = pq.read_metadata(io.BytesIO(lying)).row_group(0).column(0).statistics
    assert statistics.max != true
    return lying


def _plain(value, kind):
    if pa.types.is_integer(kind):
        return value.to_bytes(8, "little")
    return value.encode() if isinstance(value, str) else value
