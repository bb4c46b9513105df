"""What goes to and comes from other tools of data quality: their pages, suites and contracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from lakegate.libraries.great_expectations import data_docs as site
from lakegate.libraries.great_expectations.results import validation_results
from lakegate.verdict import Verdict


def check_data_docs(folder: Path) -> None:
    """Raise UsageError where Data Docs cannot be written there, before anything is judged."""
    site.check_folder(folder)


def data_docs(verdicts: Sequence[Verdict], folder: Path) -> Path:
    """Write Data Docs of the suites that the verdicts hold and return their index page.

    Raises UsageError where they hold none, CouldNotEvaluate where the library did not render them.
    """
    return site.render(validation_results(*verdicts), folder, dt.datetime.now(dt.UTC).replace(microsecond=0))
