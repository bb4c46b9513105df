"""The library's Data Docs of validation results: its own site builder, its own renderers, its own pages.

Nothing is fetched to build them. A browser fetches style sheets and scripts that the library's templates name. What the
library writes as it is, such as a failing value, is markup to a browser: so its signs become others that look alike.
"""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.errors import CouldNotEvaluate, UsageError
from lakegate.libraries.great_expectations.guest import GUEST, quiet
from lakegate.libraries.great_expectations.results import to_gx

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

RESULTS = "validation-results.json"  # beside the pages; tells a folder of ours from any other
SITE = "lakegate"
LOOK_ALIKES = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        '"': "\N{RIGHT DOUBLE QUOTATION MARK}",
        "'": "\N{RIGHT SINGLE QUOTATION MARK}",
        "&": "\N{FULLWIDTH AMPERSAND}",
        "$": "\N{FULLWIDTH DOLLAR SIGN}",
    }
)
Document = Mapping[str, Any]


def check_folder(folder: Path) -> None:
    """Raise UsageError where no site can be made: the library is not installed, or the folder holds something else."""
    if GUEST.version is None:
        raise UsageError("great_expectations is not installed", hint="pip install 'lakegate[gx]'")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RESULTS).is_file():
        raise UsageError(
            f"{folder} holds files that are no site of lakegate's: they would be replaced", hint="name an empty folder"
        )


def render(documents: Sequence[Document], folder: Path, at: dt.datetime) -> tuple[Path, ...]:
    """Write the site of these validation results into a folder, in place of the one there.

    Return its index page, which is empty without a network, and behind it the page of each result.

    `at` is told as the time of the run where the results name none. Raises UsageError as `check_folder`,
    CouldNotEvaluate where the library did not render every page.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS).write_text(to_gx(documents), encoding="utf-8")
    shown = [_shown(document, at) for document in documents]
    with quiet():
        for configuration in (result["expectation_config"] for document in shown for result in document["results"]):
            _make_known(configuration)
        context = _context(folder)
        keys = [_kept(context, document) for document in shown]
        context.build_data_docs()
    pages = ["index.html", *(f"validations/{'/'.join(key.to_tuple())}.html" for key in keys)]
    missing = [page for page in pages if not (folder / page).is_file()]  # the library logs what it cannot render
    if missing:
        raise CouldNotEvaluate(f"great_expectations did not render {', '.join(missing)}")
    return tuple(folder / page for page in pages)


def _make_known(configuration: dict[str, Any]) -> None:
    """Make the library show an expectation by its type and arguments where its class is not there, or refuses them.

    The Python of the project's own expectations is run in workers only; arguments that a class refuses were told as
    "could not evaluate".
    """
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    try:
        ExpectationConfiguration(**configuration).to_domain_obj()
    except Exception:  # noqa: BLE001 - a class of the library's or the project's may raise anything
        if configuration["type"] in list_registered_expectation_implementations():
            configuration["type"] += "_as_written"
        _stand_in(configuration["type"])


def _stand_in(kind: str) -> None:
    """Register a class of a type that takes any arguments."""
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.registry import register_expectation

    name = "".join(word.capitalize() for word in kind.split("_"))
    body = {"Config": type("Config", (), {"extra": "allow"}), "_validate": lambda *_, **__: {}}
    stand_in: Any = types.new_class(name, (Expectation,), exec_body=lambda space: space.update(body))
    stand_in.expectation_type = kind
    register_expectation(stand_in)


def _shown(document: Document, at: dt.datetime) -> dict[str, Any]:
    """Return a document as it may stand on a page, with the time of its run."""
    run = document["meta"]["run_id"]
    meta = {
        "great_expectations_version": (GUEST.version or "").rpartition(" ")[2],  # of the renderer, where none judged
        **document["meta"],
        "run_id": {**run, "run_time": run["run_time"] or at.isoformat()},
    }
    shown: dict[str, Any] = _harmless({**document, "meta": meta})
    shown["suite_name"] = re.sub(r"[/\\]|\.{2,}|^\.|\.$", "-", shown["suite_name"])  # it becomes a path
    for result in shown["results"]:
        result["expectation_config"].pop("id", None)  # the library takes UUIDs only, and shows none
    return shown


def _harmless(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in which no text is markup: the library writes values, names of files and columns as they are."""
    match value:
        case str():
            return value.translate(LOOK_ALIKES)
        case Mapping():
            return {_harmless(key): _harmless(item) for key, item in value.items()}
        case list() | tuple():
            return [_harmless(item) for item in value]
    return value


def _context(folder: Path) -> EphemeralDataContext:
    """Return a context that keeps everything in memory but the site."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    defaults = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=defaults, data_docs_sites={SITE: site}, analytics_enabled=False)
    return gx.get_context(mode="ephemeral", project_config=config)


def _kept(context: EphemeralDataContext, document: Document) -> Any:  # noqa: ANN401 - a key, which has no types
    """Put a document and its suite into the context's stores and return the document's key."""
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    name, run = document["suite_name"], document["meta"]["run_id"]
    suites = context.suites
    if all(suite.name != name for suite in suites.all()):
        suites.add(_suite(document))
    batch = document["results"][0]["expectation_config"]["kwargs"]["batch_id"]
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name),
        run_id=RunIdentifier(run["run_name"], run["run_time"]),
        batch_identifier=batch.replace("/", "."),
    )
    context.validation_results_store.set(key, expectationSuiteValidationResultSchema.load(dict(document)))
    return key


def _suite(document: Document) -> ExpectationSuite:
    """Return the suite that a document is about."""
    from great_expectations.core import ExpectationSuite

    said = [
        {
            **result["expectation_config"],
            "kwargs": {k: v for k, v in result["expectation_config"]["kwargs"].items() if k != "batch_id"},
        }
        for result in document["results"]
    ]
    return ExpectationSuite(name=document["suite_name"], expectations=said)
