"""What the gate's own configuration says about a lake on S3. Credentials are never among it: boto3's default chain."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MIB = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Retention:
    """How long committed objects are locked (PROTOCOL P9), counted from when they were written."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    period: dt.timedelta


@dataclass(frozen=True, slots=True)
class Transfer:
    """How bytes go to and fro; sizes in bytes. At most `threads` parts are in memory at a time."""

    threads: int = 6
    part: int = 8 * MIB  # of a download
    upload_limit: int = 64 * MIB  # above it an upload goes in parts
    upload_part: int = 16 * MIB
    copy_limit: int = 5 * 1024 * MIB  # CopyObject's own limit
    copy_part: int = 512 * MIB


@dataclass(frozen=True, slots=True)
class S3Settings:
    """A bucket and how it is reached. None leaves a thing to boto3: its environment, its profile, its defaults."""

    bucket: str
    endpoint: str | None = None  # a URL without user and password
    region: str | None = None
    profile: str | None = None  # of the AWS configuration files
    addressing: Literal["auto", "path", "virtual"] = "auto"
    owner: str | None = None  # 12 digits; every request fails where the bucket is somebody else's
    retention: Retention | None = None
    spool: Path | None = None  # folder for private copies, None: the machine's for temporary files
    attempts: int = 5  # of one request, the first among them
    transfer: Transfer = field(default_factory=Transfer)
