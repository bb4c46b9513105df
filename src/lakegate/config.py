"""Settings: which lake, which Iceberg catalogue, where readers find its pages, and what a worker may use.

From the command line, the environment or `lakegate.toml`, never from a contract.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lakegate.catalogs.settings import Catalogue, catalogue
from lakegate.contract.findings import near
from lakegate.errors import UsageError
from lakegate.intake.budget import Budget
from lakegate.lake.interface import Lake
from lakegate.lake.local import LocalLake
from lakegate.lake.local_store import LocalStore
from lakegate.lake.s3.settings import Retention, S3Settings
from lakegate.lake.store import Store
from lakegate.reports.site.links import site_address
from lakegate.worker.limits import Limits

SETTINGS = "lakegate.toml"
TRANSFORMS = "dags/sql"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
MODES = ("GOVERNANCE", "COMPLIANCE")
# Every key of the table [s3], with what it must be: a type, or one of some words.
KEYS: Mapping[str, type | tuple[str, ...]] = {
    "endpoint": str,
    "region": str,
    "profile": str,
    "addressing": ("auto", "path", "virtual"),
    "owner": str,
    "retain_days": int,
    "retain_mode": MODES,
    "spool": str,
}
# Every key of the table [limits]: how its value is written, and what it is called where it is kept.
SIZES = ("memory", "decompressed", "ratio_floor")
NUMBERS = ("cpu_seconds", "wall_seconds", "ratio", "cells")
REPORTS = ("url",)  # every key of the table [reports]
_UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
LEAST_MEMORY = 256 << 20  # bytes; below, the engine does not start
_SECRET = re.compile(r"secret|password|token|access_?key|key_?id|credential", re.IGNORECASE)


def open_lake(address: str | None, root: Path) -> Lake:
    """Return the lake at `address`, else the one that `lakegate.toml` in `root` names (relative to that file).

    A lake is a folder or a whole bucket, `s3://bucket`; how the bucket is reached says the table [s3] of that file.

    Raises:
        UsageError: none is named, it is not there, it is of a kind that we do not know, or a setting is wrong.
        LakeError: the bucket does not answer, or not to us.
    """
    folder = _where(address, root)
    if isinstance(folder, S3Settings):
        return _bucket(folder)
    if not folder.is_dir():
        beside = [one.name for one in folder.parent.glob("*") if one.is_dir()]
        make = f"make it first: lakegate lake init --lake {shlex.quote(str(folder))}"
        raise UsageError(f"the lake {str(folder)!r} is no folder", hint=near(folder.name, beside) or make)
    return LocalLake(folder)


def _bucket(settings: S3Settings) -> Lake:
    from lakegate.lake.s3.client import open_bucket  # noqa: PLC0415 - boto3 loads only where a lake is on S3
    from lakegate.lake.s3.lake import S3Lake  # noqa: PLC0415

    return S3Lake(open_bucket(settings))


def open_store(address: str | None, root: Path) -> Store:
    """Return the store under a lake, which need not be there yet; it is named as for `open_lake`.

    Raises UsageError where none is named, it is of a kind that we do not know, or a setting is wrong.
    """
    where = _where(address, root)
    if isinstance(where, S3Settings):
        from lakegate.lake.s3.client import Bucket, connect  # noqa: PLC0415 - as above
        from lakegate.lake.s3.store import S3Store  # noqa: PLC0415

        return S3Store(Bucket(connect(where), where))
    return LocalStore(where)


def catalogue_of(address: str | None, root: Path) -> Catalogue | None:
    """Return the Iceberg catalogue that the table [iceberg] of `lakegate.toml` in `root` names, None without one.

    It reaches the bucket of the lake at `address` as the gate does, unless its own settings say otherwise. Nothing is
    opened yet. Raises UsageError for what is no setting.
    """
    file = root / SETTINGS
    given = _read(file)
    if "iceberg" not in given:
        return None
    where = _where(address, root)
    if not isinstance(where, S3Settings):
        return catalogue(given["iceberg"], file)

    def access() -> Mapping[str, str]:
        from lakegate.lake.s3.arrow import for_pyiceberg  # noqa: PLC0415 - boto3 loads only where a lake is on S3

        return for_pyiceberg(where)

    return catalogue(given["iceberg"], file, access)


def _where(address: str | None, root: Path) -> Path | S3Settings:
    """Return the folder or the bucket that is named."""
    settings = root / SETTINGS
    given = _read(settings)
    named = address or _named(given, settings)
    if named is None:
        hint = f'say --lake FOLDER or s3://BUCKET, set LAKEGATE_LAKE, or write lake = "FOLDER" into {settings}'
        raise UsageError("no lake is named", hint=hint)
    if "://" in named:
        return _s3_settings(_bucket_name(named), given.get("s3", {}), settings)
    return Path(named).expanduser()


def _bucket_name(address: str) -> str:
    """Return the bucket that is the lake. Raises UsageError for another kind of place, or a part of a bucket."""
    scheme, _, rest = address.partition("://")
    name, _, prefix = rest.partition("/")
    if scheme != "s3":
        raise UsageError(f"the lake {address!r} is neither a folder nor a bucket", hint="say FOLDER or s3://BUCKET")
    if prefix:
        raise UsageError(f"a lake is a whole bucket: got {address!r}", hint=f"say s3://{name}; zones lie at its top")
    if not BUCKET.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a bucket", hint="3 to 63 of a-z, 0-9, '-' and '.'")
    return name


def _s3_settings(bucket: str, table: object, file: Path) -> S3Settings:
    """Read the table [s3]. Raises UsageError for the first thing that is wrong in it."""
    if not isinstance(table, dict):
        raise UsageError(f"{file}: s3: got {table!r}, expected a table [s3]")
    for key, value in table.items():
        _check(key, value, file)
    endpoint = table.get("endpoint")
    if endpoint is not None and (urlsplit(endpoint).scheme not in ("http", "https") or "@" in endpoint):
        raise UsageError(f"{file}: s3.endpoint: expected http(s)://HOST[:PORT] without user and password")
    days, mode = table.get("retain_days"), table.get("retain_mode", MODES[0])
    if (days is None and "retain_mode" in table) or (days is not None and days < 1):
        raise UsageError(f"{file}: s3.retain_days: got {days!r}, expected a number of days, at least 1")
    return S3Settings(
        bucket=bucket,
        endpoint=endpoint,
        region=table.get("region"),
        profile=table.get("profile"),
        addressing=table.get("addressing", "auto"),
        owner=table.get("owner"),
        retention=Retention(mode, dt.timedelta(days=days)) if days else None,
        spool=file.parent / table["spool"] if "spool" in table else None,
    )


def _check(key: str, value: object, file: Path) -> None:
    """Raise UsageError unless this is a setting of [s3]. A credential is not, and its value is not repeated."""
    expected = KEYS.get(key)
    if expected is None and _SECRET.search(key):
        hint = "name a profile, set the AWS_* variables, or give this machine a role"
        raise UsageError(f"{file}: s3.{key}: credentials do not belong into this file", hint=hint)
    if expected is None:
        raise UsageError(
            f"{file}: s3.{key} is no setting", hint=near(key, KEYS) or f"there are: {', '.join(sorted(KEYS))}"
        )
    if isinstance(expected, tuple):
        if value not in expected:
            raise UsageError(f"{file}: s3.{key}: got {value!r}, expected one of {', '.join(expected)}")
    elif type(value) is not expected:
        kind = "text" if expected is str else "a whole number"
        raise UsageError(f"{file}: s3.{key}: got {value!r}, expected {kind}")


def limits_of(root: Path) -> Limits:
    """Return what a worker may use, by the table [limits] of `lakegate.toml` in `root`; raises UsageError."""
    file = root / SETTINGS
    table = _read(file).get("limits", {})
    if not isinstance(table, dict):
        raise UsageError(f"{file}: limits: got {table!r}, expected a table [limits]")
    found = {key: _limit(key, value, file) for key, value in table.items()}
    if found.get("memory", LEAST_MEMORY) < LEAST_MEMORY:
        raise UsageError(f"{file}: limits.memory: got {table['memory']!r}, expected at least 256MB")
    default, budget = Limits(), Budget()
    return Limits(
        memory=found.get("memory", default.memory),
        cpu_seconds=found.get("cpu_seconds", default.cpu_seconds),
        wall_seconds=found.get("wall_seconds", default.wall_seconds),
        budget=Budget(
            decompressed=found.get("decompressed", budget.decompressed),
            ratio=found.get("ratio", budget.ratio),
            floor=found.get("ratio_floor", budget.floor),
            cells=found.get("cells", budget.cells),
        ),
    )


def transforms_folder(root: Path) -> Path:
    """Return where the SELECTs of tables lie, `dags/sql` in `root` or what `transforms` says; raises UsageError."""
    file = root / SETTINGS
    named = _read(file).get("transforms", TRANSFORMS)
    if not isinstance(named, str) or not named:
        raise UsageError(f"{file}: transforms: got {named!r}, expected a folder")
    return root / named


def reports_url(root: Path) -> str:
    """Return where readers open the lake's `references/`, by the table [reports] of `lakegate.toml` in `root`.

    Empty where it is not said; else http or https, without a last `/`. Raises UsageError for what is no setting.
    """
    file = root / SETTINGS
    table = _read(file).get("reports", {})
    if not isinstance(table, dict):
        raise UsageError(f"{file}: reports: got {table!r}, expected a table [reports]")
    for key in table:
        if key not in REPORTS:
            raise UsageError(f"{file}: reports.{key} is no setting", hint=near(key, REPORTS) or "there is: url")
    url = table.get("url", "")
    if url and not (found := site_address(url)):
        hint = "the address at which `references/` is served: https://reports.example.com"
        raise UsageError(f"{file}: reports.url: expected http(s)://HOST[:PORT][/PATH], and no more", hint=hint)
    return found if url else ""


def _limit(key: str, value: object, file: Path) -> int:
    """Return a limit as a whole number above zero, sizes in bytes (`"4GB"` is 4 x 2^30)."""
    if key not in SIZES + NUMBERS:
        hint = near(key, SIZES + NUMBERS) or f"there are: {', '.join(SIZES + NUMBERS)}"
        raise UsageError(f"{file}: limits.{key} is no setting", hint=hint)
    size = re.fullmatch(r"([0-9]+)\s*([KMGT]?B?)", value) if key in SIZES and isinstance(value, str) else None
    if size and size[2] in _UNITS:
        value = int(size[1]) * _UNITS[size[2]]
    if type(value) is not int or value < 1:
        kind = 'a size like "4GB"' if key in SIZES else "a whole number above 0"
        raise UsageError(f"{file}: limits.{key}: got {value!r}, expected {kind}")
    return value


def _read(settings: Path) -> dict[str, Any]:
    """Return what stands in `lakegate.toml`, nothing where there is none."""
    try:
        return tomllib.loads(settings.read_text())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{settings} cannot be read: {error}") from None


def _named(given: Mapping[str, Any], settings: Path) -> str | None:
    """Return the lake that the settings name."""
    found = given.get("lake")
    if found is not None and not isinstance(found, str):
        raise UsageError(f"{settings}: lake: got {found!r}, expected text")
    return found if found is None or "://" in found else str(settings.parent / found)
