"""The page for people who have pandera models: its code runs, and does what the page says."""

import json
import re
from pathlib import Path

import pyarrow as pa

from lakegate.libraries.interface import Guest
from lakegate.libraries.pandera.guest import GUEST
from lakegate.measures import LibraryResult

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "pandera.md").read_text()


def test_the_model_of_the_page_is_run(tmp_path):
    file, source = re.findall(r"^```python file=(\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)[0]
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(source)
    (reference,) = re.findall(r"schema: (\S+)", PAGE)
    asked = LibraryResult("pandera", json.dumps({"schema": reference}), None, files=True)

    rows = pa.table({"id": [1, 2, 2], "amount": [1.5, -1.0, 0.0]})
    answer = GUEST.measure([asked], rows, Guest(tmp_path, 5))[asked]

    failed = {finding.name: finding.rows for finding in answer.findings if not finding.success}
    assert failed == {"id.unique": (1, 2), "amount.greater_than_or_equal_to(0)": (1,)}
    assert all(f"`{name}`" in PAGE for name in failed)


def test_the_code_of_the_page_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

    exec(compile(code, "pandera.md", "exec"), {})  # noqa: S102 - the page's own
