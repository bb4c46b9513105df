"""pandera as a guest: a model of the project's `expectations/` is held against the rows, lazily and whole."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakegate.libraries.home import importable
from lakegate.libraries.interface import Guest
from lakegate.libraries.pandera.errors import read
from lakegate.libraries.pandera.findings import Failed, Telling, findings
from lakegate.libraries.pandera.frames import pandas_frame, polars_frame
from lakegate.libraries.pandera.listing import listed, prepared
from lakegate.libraries.pandera.loading import NotLoaded, load, place
from lakegate.measures import Answer, Fault, LibraryAnswer, LibraryResult, Measure, NotMeasured

if TYPE_CHECKING:
    import pyarrow as pa

BACKENDS = {"pandera.api.pandas.container": "pandas", "pandera.api.polars.container": "polars"}


@dataclass(frozen=True, slots=True)
class Pandera:
    """Runs pandera's models (libraries/interface.py)."""

    @property
    def version(self) -> str | None:
        """`pandera` and its version; None where it is not installed."""
        if importlib.util.find_spec("pandera") is None:
            return None
        return f"pandera {importlib.metadata.version('pandera')}"

    def measure(self, asked: Sequence[LibraryResult], table: pa.Table, guest: Guest) -> dict[Measure, Answer]:
        """Answer each model asked for (libraries/interface.py). `asked` is `{"schema": "expectations/x.py:Name"}`."""
        with ExitStack() as stack:
            stack.enter_context(redirect_stdout(sys.stderr))  # what a model prints is no answer
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if guest.home is not None:
                stack.enter_context(importable(guest.home))
            return {one: _answer(one, table, guest) for one in asked}


GUEST = Pandera()


def _answer(asked: LibraryResult, table: pa.Table, guest: Guest) -> Answer:
    reference = str(json.loads(asked.asked)["schema"])
    try:
        schema, container = _schema(load(reference, guest.home), reference)
        return _validated(schema, container, table, guest)
    except NotLoaded as why:
        return NotMeasured(Fault.ENGINE, f"pandera: {why}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the project's code may raise anything; Polars panics, no Exception
        where = place(error, guest.home) if guest.home else ""
        told = f"{type(error).__name__}{f' at {where}' if where else ''}"
        return NotMeasured(Fault.ENGINE, f"pandera: {reference} could not be run: it raised {told}")


def _schema(found: object, reference: str) -> tuple[Any, type[Any]]:
    """Return the schema and pandera's own class of it. Raises NotLoaded for anything but one of pandas or Polars."""
    schema = found.to_schema() if isinstance(found, type) and hasattr(found, "to_schema") else found
    for each in type(schema).__mro__:
        if each.__module__ in BACKENDS:
            return schema, each
    got = f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"
    raise NotLoaded(f"got {got} under {reference}, expected a DataFrameModel or DataFrameSchema of pandas or polars")


def _validated(schema: Any, container: type[Any], table: pa.Table, guest: Guest) -> Answer:
    from pandera.errors import SchemaError, SchemaErrors

    backend = BACKENDS[container.__module__]
    things = listed(schema, table.column_names)
    if not things:
        return NotMeasured(Fault.ENGINE, "pandera: the model checks nothing")
    strictly, frame = prepared(schema), pandas_frame(table) if backend == "pandas" else polars_frame(table)
    with _validating(), _unsummarised(backend):
        if not _sees(backend):
            return NotMeasured(Fault.ENGINE, "pandera: validation is switched off, so that any data would pass")
        try:
            container.validate(strictly, frame, lazy=True)  # not what a subclass makes of it
        except SchemaErrors as raised:
            failed, cut = tuple(read(raised, frame, guest.home)), ""
        except SchemaError as raised:
            failed, cut = tuple(read(raised, frame, guest.home)), "pandera stopped at an error before it"
        else:
            failed, cut = (), ""
    telling = Telling(
        table=table,
        limit=guest.limit,
        located=not schema.parsers,
        cut=cut,
        unordered=backend == "polars" and any(one.kind == "strict" for one in failed),
        other_index=any(one.reason == "MISMATCH_INDEX" for one in failed),
        broken=_broken(failed),
    )
    return LibraryAnswer(findings(things, failed, telling))


def _broken(failed: Sequence[Failed]) -> frozenset[str]:
    names = ((one.component, one.column) for one in failed if one.kind in {"dtype", "required"})
    return frozenset(name for pair in names for name in pair if name)


@contextmanager
def _validating() -> Iterator[None]:
    """Switch validation on, and on whole: neither the environment nor the project's own code may turn it off."""
    from pandera.config import ValidationDepth, config_context, get_config_global, set_config

    narwhals = get_config_global().use_narwhals_backend
    if narwhals:  # another backend of pandera's own, whose errors are told otherwise
        set_config(use_narwhals_backend=False)
    try:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            yield
    finally:
        if narwhals:
            set_config(use_narwhals_backend=True)


@contextmanager
def _unsummarised(backend: str) -> Iterator[None]:
    """Keep pandera from summing its errors up in one frame, which nobody reads here.

    That of Polars raises where failures of different types meet, and takes all of them with it.
    """
    from pandera.errors import FailureCaseMetadata

    def nothing(*_: object, **__: object) -> FailureCaseMetadata:
        return FailureCaseMetadata(None, {}, {})

    owner: Any = getattr(import_module(f"pandera.backends.{backend}.base"), f"{backend.title()}SchemaBackend")
    before = owner.failure_cases_metadata
    owner.failure_cases_metadata = nothing
    try:
        yield
    finally:
        owner.failure_cases_metadata = before


def _sees(backend: str) -> bool:
    """Whether pandera finds a row that is wrong for sure: a proof that it looks at data at all."""
    from pandera.errors import SchemaErrors

    if backend == "pandas":
        import pandas as pd
        import pandera.pandas as of_pandas

        schema: Any = of_pandas.DataFrameSchema({"a": of_pandas.Column(int, of_pandas.Check.gt(0))})
        wrong: Any = pd.DataFrame({"a": [1, -1]})
    else:
        import pandera.polars as of_polars
        import polars as pl

        schema = of_polars.DataFrameSchema({"a": of_polars.Column(int, of_polars.Check.gt(0))})
        wrong = pl.DataFrame({"a": [1, -1]})
    try:
        schema.validate(wrong, lazy=True)
    except SchemaErrors as found:
        return [error.reason_code.name for error in found.schema_errors] == ["DATAFRAME_CHECK"]
    return False
