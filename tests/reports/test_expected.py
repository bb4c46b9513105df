"""Every format of every verdict, as text files under `expected/`.

After a change that is meant, write them anew and read the difference: `UPDATE_EXPECTED=1 pytest tests/reports`.
"""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from lakegate.reports.json import to_json
from lakegate.reports.junit import to_junit
from lakegate.reports.markdown import to_markdown
from lakegate.reports.notebook import to_cell
from lakegate.reports.text import text_report
from lakegate.verdict import Verdict
from reports.verdicts import VERDICTS

EXPECTED = Path(__file__).parent / "expected"


def printed(verdict: Verdict, **how) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(text_report(verdict, **how))
    return out.getvalue()


FORMATS = {"json": to_json, "xml": to_junit, "md": to_markdown, "txt": printed, "html": to_cell}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", VERDICTS)
def test_a_format_writes_what_is_expected(name, suffix):
    expected = EXPECTED / f"{name}.{suffix}"

    written = FORMATS[suffix](VERDICTS[name])

    if os.environ.get("UPDATE_EXPECTED"):
        expected.write_bytes(written.encode())
    assert written == expected.read_bytes().decode()


def test_no_expected_file_is_left_behind():
    kinds = {f"{name}.{suffix}" for name in VERDICTS for suffix in FORMATS}

    assert {path.name for path in EXPECTED.iterdir()} == kinds
