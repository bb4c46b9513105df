"""pyarrow's own client to the bucket, for readers of committed files: the same endpoint, region and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakegate.lake.s3.client import CONNECT_TIMEOUT, READ_TIMEOUT, Bucket, connect, session_of
from lakegate.lake.s3.settings import S3Settings

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from pyarrow.fs import S3FileSystem

_AWS = (".amazonaws.com", ".amazonaws.com.cn")  # pyarrow finds these itself, by the region


def filesystem(bucket: Bucket) -> S3FileSystem:
    """Return a file system over all buckets of the endpoint; paths in it begin with the bucket's name.

    Credentials are those of boto3's chain as they are now: temporary ones end when they end. Where it finds none,
    pyarrow looks for itself.
    """
    from pyarrow.fs import S3FileSystem  # noqa: PLC0415 - 0.3 s of CPU

    settings, endpoint = bucket.settings, urlsplit(bucket.client.meta.endpoint_url)
    frozen = _credentials(settings)
    return S3FileSystem(
        access_key=frozen.access_key if frozen else None,
        secret_key=frozen.secret_key if frozen else None,
        session_token=frozen.token if frozen else None,
        region=bucket.client.meta.region_name,
        scheme=endpoint.scheme,
        endpoint_override=None if f".{endpoint.hostname}".endswith(_AWS) else endpoint.netloc,
        force_virtual_addressing=settings.addressing == "virtual",
        connect_timeout=CONNECT_TIMEOUT,
        request_timeout=READ_TIMEOUT,
    )


def for_pyiceberg(settings: S3Settings) -> dict[str, str]:
    """Return the same way to the bucket in the words of pyiceberg's `s3.*` properties; credentials as they are now."""
    client, frozen = connect(settings), _credentials(settings)
    endpoint = urlsplit(client.meta.endpoint_url)
    told = {
        "s3.region": client.meta.region_name,
        "s3.endpoint": None if f".{endpoint.hostname}".endswith(_AWS) else client.meta.endpoint_url,
        "s3.access-key-id": frozen.access_key if frozen else None,
        "s3.secret-access-key": frozen.secret_key if frozen else None,
        "s3.session-token": frozen.token if frozen else None,
        "s3.force-virtual-addressing": "true" if settings.addressing == "virtual" else None,
    }
    return {name: value for name, value in told.items() if value}


def _credentials(settings: S3Settings) -> ReadOnlyCredentials | None:
    found = session_of(settings).get_credentials()
    return found.get_frozen_credentials() if found else None
