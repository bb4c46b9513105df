"""A contract as a pandera model: the source that is exported is the source that runs."""

from __future__ import annotations

import importlib.util
import types
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lakegate.checks.interface import Check
from lakegate.contract.model import Contract, SchemaObject
from lakegate.errors import UsageError
from lakegate.libraries.pandera.rules import Model, model_of
from lakegate.libraries.pandera.source import class_name, written

if TYPE_CHECKING:
    from pandera.api.dataframe.model import DataFrameModel

BACKENDS = ("pandas", "polars")


def source_of(contract: Contract, obj: SchemaObject, checks: Iterable[Check], backend: str) -> tuple[str, Model]:
    """Return the source of a model, and what was made of the checks: `Model.unsaid` is what it cannot say.

    Raises UsageError for an unknown backend.
    """
    if backend not in BACKENDS:
        raise UsageError(f"got backend {backend!r}, expected {' or '.join(BACKENDS)}")
    model = model_of(obj, checks)
    heading = f"{obj.name} of the contract {contract.id} {contract.version}, as a pandera model for {backend}."
    return written(model, backend, heading), model


def built(
    contract: Contract, obj: SchemaObject, checks: Iterable[Check], backend: str, unsupported: str
) -> type[DataFrameModel[Any, Any]]:
    """Return the class of the model. Imports pandera.

    Raises UsageError where the model cannot say a check, naming each; with `unsupported` "warn" that is a warning.
    """
    if unsupported not in ("refuse", "warn"):
        raise UsageError(f"got unsupported={unsupported!r}, expected 'refuse' or 'warn'")
    missing = next((name for name in ("pandera", backend) if importlib.util.find_spec(name) is None), None)
    source, model = source_of(contract, obj, checks, backend)
    if missing:
        raise UsageError(f"{missing} is not installed", hint="pip install 'lakegate[pandera]'")
    if model.unsaid:
        listed = "; ".join(f"{one.key}: {one.why}" for one in model.unsaid)
        told = f"a frame alone cannot be asked everything of {obj.name}: {listed}"
        if unsupported == "refuse":
            raise UsageError(told, hint='leave these rules out with unsupported="warn"')
        warnings.warn(told, UserWarning, stacklevel=3)
    return run(source, class_name(model))


def run(source: str, name: str) -> type[DataFrameModel[Any, Any]]:
    """Run the source of a model and return its class."""
    module = types.ModuleType(f"lakegate_model_{name}")
    code = compile(source, f"<{module.__name__}>", "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 - written by `source.py` alone
    found: type[DataFrameModel[Any, Any]] = getattr(module, name)
    return found
