"""Great Expectations as a guest: it runs on one pandas frame of the rows, without a context, a network or a file.

Importing it costs four to six seconds of CPU, most of it for scipy, altair, pyspark and SQLAlchemy, whatever is asked;
an expectation on a small frame then takes milliseconds. So nothing but a rule that needs it imports it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.libraries.home import importable
from lakegate.libraries.interface import Guest
from lakegate.measures import Answer, Fault, LibraryAnswer, LibraryFinding, LibraryResult, Measure, NotMeasured

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.validator.validator import Validator

WHOLE_DOUBLES = 2**53  # up to here a double holds every whole number
# Every failing row with its place in the frame.
COMPLETE = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
# What the library adds to a result that lists failing values or rows.
VALUES = re.compile(r"(partial_)?unexpected_(list|counts|rows|index_.*)")
RUNTIME = ("result_format", "catch_exceptions", "batch_id")  # arguments that say how to run, not what to expect
# Errors whose text names types and attributes only. The text of any other may quote a value of the data.
WORDY = frozenset(
    {"AttributeError", "ImportError", "InvalidMetricAccessorDomainKwargsKeyError", "ModuleNotFoundError", "TypeError"}
)


class GreatExpectations:
    """Runs expectations (`libraries.interface.Library`). `asked` is JSON: `{"type": …, "kwargs": …, "file": …}`."""

    @property
    def version(self) -> str | None:
        """`great_expectations` and its version, None where it is not installed."""
        try:
            return f"great_expectations {importlib.metadata.version('great-expectations')}"
        except importlib.metadata.PackageNotFoundError:
            return None

    def measure(self, asked: Sequence[LibraryResult], table: pa.Table, guest: Guest) -> dict[Measure, Answer]:
        """Answer everything asked, each alone, so that one that raises does not blind the others."""
        with quiet(), importable(guest.home) if guest.home else contextlib.nullcontext():
            room = _Room(_validator(frame(table)), guest.home, guest.limit)
            return {measure: room.answer(json.loads(measure.asked)) for measure in asked}


GUEST = GreatExpectations()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the library from telling anybody but the caller: it logs errors with values of the data, and shows progress.

    No telemetry either.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    log, nobody = logging.getLogger("great_expectations"), logging.NullHandler()
    heard, log.propagate = log.propagate, False
    log.addHandler(nobody)
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.removeHandler(nobody)
            log.propagate = heard


def frame(table: pa.Table) -> pd.DataFrame:
    """Return the rows as a frame, row n under index n - 1.

    As pandas has them, but that whole numbers with nulls stay whole where a double could not hold them.
    """
    import pandas as pd
    import pyarrow as pa

    whole = {getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")() for name in ("Int64", "UInt64")}
    found: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    for name in table.column_names:
        column = table.column(name)
        if column.null_count and column.type in whole and _beyond_doubles(column):
            found[name] = column.to_pandas(types_mapper=whole.get)
    return found


def _beyond_doubles(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    return any(end is not None and abs(end) > WHOLE_DOUBLES for end in ends.values())


def _validator(rows: pd.DataFrame) -> Validator:
    """Return what runs expectations on a frame. It has no context: those keep stores, and ask the network."""
    from great_expectations.core.batch import Batch
    from great_expectations.core.batch_spec import RuntimeDataBatchSpec
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine()
    data, markers = engine.get_batch_data_and_markers(RuntimeDataBatchSpec(batch_data=rows))
    validator = Validator(execution_engine=engine)
    validator.load_batch_list([Batch(data=data, batch_markers=markers)])  # type: ignore[arg-type] # as the library does
    validator.metrics_calculator.show_progress_bars = False
    return validator


# --- one expectation ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Room:
    """What every expectation of one measuring shares."""

    validator: Validator
    home: Path | None
    limit: int

    def answer(self, asked: Mapping[str, Any]) -> Answer:
        """Return what the library says of one expectation, or why it could not say anything."""
        name, file = asked["type"], asked.get("file")
        if file is not None:
            fault = self._load(file, name)
            if fault:
                return _not_evaluated(name, fault)
        kwargs = {key: value for key, value in asked["kwargs"].items() if key not in RUNTIME}
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

        try:
            configuration = ExpectationConfiguration(type=name, kwargs=kwargs)
            configuration.to_domain_obj()
        except Exception as error:  # noqa: BLE001 - the library and the project's own code may raise anything
            return _not_evaluated(name, f"{type(error).__name__}: {_line(str(error))}")  # no row has been seen yet
        try:
            [result] = self.validator.graph_validate([configuration], runtime_configuration={"result_format": COMPLETE})
            raised = _raised(result.exception_info)
            if raised or result.success not in (True, False):
                return _not_evaluated(name, raised or "it answered neither success nor failure")
            return LibraryAnswer((self._finding(name, kwargs, result),))
        except Exception as error:  # noqa: BLE001 - as above; what the project's own code answers may be anything, too
            return _not_evaluated(name, _told(type(error).__name__, str(error)))

    def _load(self, file: str, name: str) -> str:
        """Load a file of the project's expectations; return why it is of no use, empty where it defines `name`."""
        from great_expectations.exceptions.exceptions import ExpectationNotFoundError
        from great_expectations.expectations.registry import get_expectation_impl

        path = self.home / file if self.home else None
        if path is None or not path.is_file():
            return f"{file} is not at hand: expectations of the project's own are run in a worker only"
        module = f"_lakegate_{hashlib.sha256(file.encode()).hexdigest()[:12]}"
        spec = importlib.util.spec_from_file_location(module, path)
        if spec is None or spec.loader is None:
            return f"{file} is no Python file"
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[module] = loaded
        try:
            spec.loader.exec_module(loaded)
            found = get_expectation_impl(name)
        except ExpectationNotFoundError:
            return f"{file} defines no class of that name that derives from the library's Expectation"
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the project's own code may do anything; it sees no data
            return f"{file} cannot be loaded: {type(error).__name__}: {_line(str(error))}"
        return "" if found.__module__ == module else f"{file} does not define it, {found.__module__} does"

    def _finding(self, name: str, kwargs: Mapping[str, Any], result: ExpectationValidationResult) -> LibraryFinding:
        said = result.result or {}
        failed = said.get("unexpected_count") if "element_count" in said else None  # else no rows are counted
        rows = said.get("unexpected_index_list") or ()
        if not all(isinstance(row, Integral) for row in rows):
            rows = ()
        values = said.get("unexpected_list") or ()
        first = slice(0, self.limit if rows else 0)
        return LibraryFinding(
            name=name,
            success=bool(result.success),
            column=kwargs.get("column"),
            failed=int(failed) if failed is not None else None,
            rows=tuple(map(int, rows[first])),
            values=tuple(map(_text, values[first])) if len(values) == len(rows) else (),
            reason="" if result.success else _reason(said, kwargs),
            result=json.dumps(_basic(said), default=str),
        )


def _basic(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result with the keys of the library's format BASIC, without the failing values."""
    from great_expectations.util import convert_to_json_serializable

    kept = {key: value for key, value in said.items() if not VALUES.fullmatch(key)}
    basic: dict[str, Any] = convert_to_json_serializable(kept)
    return basic


def _reason(said: Mapping[str, Any], kwargs: Mapping[str, Any]) -> str:
    """Return got …, expected …, in numbers of rows and words of the rule only."""
    failed = said.get("unexpected_count")
    if failed is None or "element_count" not in said:
        return ""
    share, mostly = said.get("unexpected_percent"), kwargs.get("mostly")
    told = f" ({share:.4g} % of those that count)" if isinstance(share, float) else ""
    expected = f"at most {100 - 100 * mostly:.10g} %" if isinstance(mostly, int | float) and mostly != 1 else "none"
    return f"got {failed:,} row{' that breaks' if failed == 1 else 's that break'} it{told}, expected {expected}"


def _text(value: object) -> str | None:
    import pandas as pd

    if isinstance(value, dict | list | tuple):
        return str(value)
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)  # type: ignore[call-overload]


# --- what the library could not evaluate --------------------------------------------------------------------------


def _not_evaluated(name: str, why: str) -> NotMeasured:
    return NotMeasured(Fault.ENGINE, f"great_expectations could not evaluate {name}: {why}")


def _raised(info: Mapping[str, Any] | None) -> str:
    """Return what was raised, empty where nothing was. The library tells it at once, or once for each metric."""
    alone = info or {}
    each = [one.get("exception_info", one) for one in alone.values() if isinstance(one, Mapping)]
    for told in (alone, *each):
        if told.get("raised_exception"):
            trace = str(told.get("exception_traceback") or "")
            # The first error of a chain is the cause; lines of source code are indented.
            cause = re.search(r"^(?:\w+\.)*(\w+)(?:: (.*))?$", trace, flags=re.MULTILINE)
            return _told(cause[1], cause[2] or "") if cause else "it raised"
    return ""


def _told(kind: str, message: str) -> str:
    return f"{kind}: {_line(message)}" if kind in WORDY and message else kind


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
