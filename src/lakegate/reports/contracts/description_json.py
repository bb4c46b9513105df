"""A description as JSON, as it is kept in the lake: the same bytes for the same description, and back exactly."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import msgspec

from lakegate.errors import LakeError
from lakegate.reports.contracts.descriptions import Description

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA = "1.0"  # raised with its first number where a field is given another meaning; further ones are just added


def to_json(description: Description) -> str:
    """Return the description as JSON, keys sorted, with the version of its schema."""
    told = {"schemaVersion": SCHEMA, **_fields(description)}
    return json.dumps(told, sort_keys=True, indent=1) + "\n"


def in_camel_case(description: Description) -> dict[str, object]:
    """Return what `to_json` says, with names as every JSON for other programs has them: `contractVersion`."""
    return {_camel(name): _renamed(value) for name, value in _fields(description).items()}


def _renamed(value: object) -> object:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    return {_camel(name): _renamed(one) for name, one in value.items()} if isinstance(value, dict) else value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _said(value: object) -> object:
    """Return a value as JSON has it; a field that is what it is anyway is left out."""
    if isinstance(value, tuple):
        return [_said(one) for one in value]
    return _fields(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _fields(value: DataclassInstance) -> dict[str, object]:
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {field.name: _said(one) for field, one in fields if one != field.default}


def of_json(content: bytes) -> Description:
    """Return the description that `to_json` wrote. What a later version added is passed over.

    Raises LakeError where the bytes are no description, or one of a version that means other things.
    """
    try:
        told: Any = json.loads(content)
        version = told.pop("schemaVersion")
        if str(version).partition(".")[0] != SCHEMA.partition(".")[0]:
            raise LakeError(
                f"the description is of version {version!r}, expected {SCHEMA}",
                hint="read it with the version of lakegate that wrote it, or a later one",
            )
        return msgspec.convert(told, Description, strict=True)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, msgspec.ValidationError) as error:
        raise LakeError(f"this is no description of a dataset: {type(error).__name__}: {error}") from None
