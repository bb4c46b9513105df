"""What goes to and comes from other tools of data quality: their pages, suites and contracts."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from lakegate.api import Asked, opened
from lakegate.checks.derive import checks_of
from lakegate.checks.interface import Check
from lakegate.contract.expectations import suite
from lakegate.errors import UsageError
from lakegate.libraries.great_expectations import data_docs as site
from lakegate.libraries.great_expectations.exporting import suite_of
from lakegate.libraries.great_expectations.importing import contract_of
from lakegate.libraries.great_expectations.results import validation_results
from lakegate.libraries.pandera.model import source_of
from lakegate.run import Run
from lakegate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Made:
    """A document for another tool or of another tool's, as text, and what its reader should know."""

    text: str
    notes: tuple[str, ...]


def exported_suite(contract: Path, schema_name: str | None) -> Made:
    """Return the suite of Great Expectations that equals one object of a contract, as JSON.

    Raises UsageError where the contract has several objects and none is named, or no check has an equal.
    """
    with _single(contract, schema_name) as (run, checks):
        made = suite_of(run.contract, run.obj, checks)
    if not made.document["expectations"]:
        raise UsageError(f"{contract}: no check of {run.obj.name} has an expectation that says the same")
    notes = tuple(f"not in the suite: {name}, because {why}" for name, why in made.left_out)
    return Made(json.dumps(made.document, indent=2) + "\n", notes)


def exported_model(contract: Path, schema_name: str | None, backend: str) -> Made:
    """Return one object of a contract as the source of a pandera model for frames of a backend, `pandas` or `polars`.

    Raises UsageError where the contract has several objects and none is named.
    """
    with _single(contract, schema_name) as (run, checks):
        source, model = source_of(run.contract, run.obj, checks, backend)
    return Made(source, tuple(f"not in the model: {one.key}: {one.why}" for one in model.unsaid))


@contextmanager
def _single(contract: Path, schema_name: str | None) -> Iterator[tuple[Run, tuple[Check, ...]]]:
    """Hand out the one object that is meant, and its checks. Raises UsageError where there are several."""
    with opened(Asked(contract, schema_name=schema_name), needs_lake=False) as runs:
        if len(runs) > 1:
            names = ", ".join(run.obj.name for run in runs)
            raise UsageError(f"the contract has several objects: {names}", hint="say which: --schema-name NAME")
        [run] = runs
        yield run, checks_of(run.contract, run.obj, run.around.neighbours)


def imported_suite(file: Path) -> Made:
    """Return the contract that equals a suite of Great Expectations, as YAML.

    Raises UsageError where there is no file, ContractError with every problem and its line where it is no suite.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    made = contract_of(suite(content, str(file)))
    return Made(yaml.dump(made.document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120), made.notes)


class _Plain(yaml.SafeDumper):
    """Writes text so that every reader of YAML takes it for text: YAML 1.2 reads `1e3` as a number, 1.1 does not."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write what is there twice, twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = re.fullmatch(r"[A-Za-z_][\w ./-]*", text, flags=re.ASCII)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else "'")


_Plain.add_representer(str, _text)


def check_data_docs(folder: Path) -> None:
    """Raise UsageError where Data Docs cannot be written there, before anything is judged."""
    site.check_folder(folder)


def data_docs(verdicts: Sequence[Verdict], folder: Path) -> tuple[Path, ...]:
    """Write Data Docs of the suites that the verdicts hold; return their index page and that of each result.

    Raises UsageError where they hold none, CouldNotEvaluate where the library did not render them.
    """
    return site.render(validation_results(*verdicts), folder, dt.datetime.now(dt.UTC).replace(microsecond=0))
