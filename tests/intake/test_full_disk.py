"""What our own disk or memory wants is never told as a fault of the file."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pytest

from inputs.test_avro_orc import FILES
from inputs.test_excel import workbook
from lakegate.contract.model import Sheet
from lakegate.intake.budget import Budget
from lakegate.intake.files import NativeFile, is_ours
from lakegate.intake.formats import avro, excel, orc

FULL = Path("/dev/full")


def written(form, file):
    match form:
        case "avro":
            avro.write_parquet(file, FULL, Budget())
        case "orc":
            orc.write_parquet(file, FULL, Budget())
        case "xlsx":
            excel.write_lines(file, Sheet(), (), FULL, Budget())


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize(("form", "data"), [*FILES.items(), ("xlsx", workbook())])
def test_a_full_disk_is_no_damaged_file(tmp_path, form, data):
    path = tmp_path / "a"
    path.write_bytes(data)

    with pytest.raises(OSError, match="No space left") as raised:
        written(form, NativeFile(f"a.{form}", path))
    assert raised.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (MemoryError(), True),
        (pa.ArrowMemoryError("malloc of size 9 failed"), True),
        (OSError(errno.EIO, "Input/output error"), True),
        (OSError("Corrupt snappy compressed data."), False),
        (OSError(errno.EINVAL, "Invalid argument"), False),
        (pa.ArrowInvalid("no magic bytes"), False),
    ],
)
def test_which_errors_are_our_own(error, ours):
    assert is_ours(error) is ours
