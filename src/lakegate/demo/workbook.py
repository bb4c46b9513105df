"""A workbook of one sheet, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence

from lakegate.errors import UsageError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell


def workbook(sheet: str, columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """Return an .xlsx with a header and rows; the moment of writing is taken out of it.

    Raises:
        UsageError: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise UsageError("openpyxl is not installed", hint="pip install 'lakegate[excel]'") from error
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.append(columns)
    for row in rows:
        page.append(row)
    written, timeless = io.BytesIO(), io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(timeless, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(part.filename, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return timeless.getvalue()
