"""Which Iceberg catalogue: the table [iceberg] of `lakegate.toml`, in pyiceberg's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lakegate.errors import UsageError

_SECRET = re.compile(r"secret|password|token|credential|access-?key", re.IGNORECASE)
_SQLITE = "sqlite:///"
_OWN_MEANS = (
    "pyiceberg finds them in ~/.pyiceberg.yaml, in PYICEBERG_CATALOG__<NAME>__…, or with AWS in the usual places"
)


def _nothing() -> Mapping[str, str]:
    """Return nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue as `pyiceberg.catalog.load_catalog(name, **properties)` opens it.

    `access` gives the gate's own way into the lake's bucket in pyiceberg's words, credentials among it; it is asked
    when the catalogue is opened, and what `properties` say comes before it.
    """

    name: str
    properties: Mapping[str, str] = field(default_factory=dict)
    access: Callable[[], Mapping[str, str]] = _nothing


def catalogue(table: object, file: Path, access: Callable[[], Mapping[str, str]] = _nothing) -> Catalogue:
    """Read the table [iceberg] of the settings at `file`.

    A `warehouse` without a scheme, and the file of `sqlite:///FILE`, are relative to the settings' folder.

    Raises UsageError for what is no setting, and for a credential: its value is not repeated.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"{file}: iceberg: got {table!r}, expected a table [iceberg]")
    properties = dict(_flat(table, "", file))
    name = properties.pop("name", "default")
    for key, value in properties.items():
        if _SECRET.search(key) or ("://" in value and urlsplit(value).password):
            raise UsageError(f"{file}: iceberg.{key}: credentials do not belong into this file", hint=_OWN_MEANS)
    folder = file.parent.absolute()
    if "warehouse" in properties and "://" not in properties["warehouse"]:
        properties["warehouse"] = f"file://{folder / properties['warehouse']}"
    if properties.get("uri", "").startswith(_SQLITE):
        properties["uri"] = _SQLITE + str(folder / properties["uri"].removeprefix(_SQLITE))
    return Catalogue(name, properties, access)


def _flat(table: Mapping[str, object], before: str, file: Path) -> Iterator[tuple[str, str]]:
    """Yield each setting as text; `s3.region` is written so, and TOML reads it as a table in a table."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.", file)
        elif isinstance(value, bool):
            yield before + key, str(value).lower()
        elif isinstance(value, str | int):
            yield before + key, str(value)
        else:
            raise UsageError(
                f"{file}: iceberg.{before}{key}: got {value!r}, expected text, a whole number or a boolean"
            )
