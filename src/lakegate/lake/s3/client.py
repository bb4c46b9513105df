"""The connection to a bucket, and every error of it told as one of ours: what failed, where, what to do next."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    InvalidConfigError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    ResponseStreamingError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnection

from lakegate.errors import LakeError, UsageError
from lakegate.lake.s3.settings import S3Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

CONFLICTS = 8  # tries of a conditional write that another one gets in the way of (409)
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 60  # seconds
_CUT = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
_ACTIONS = {  # what a policy calls an operation, where that is not its own name
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "GetObjectVersion and s3:PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetObject": "GetObject and s3:GetObjectVersion",
    "HeadObject": "GetObject and s3:ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "UploadPart": "PutObject",
    "UploadPartCopy": "GetObjectVersion and s3:PutObject",
}
_NEXT = {  # error code -> what to do next
    "AuthorizationHeaderMalformed": "set region in the [s3] table of lakegate.toml, or AWS_REGION",
    "ExpiredToken": "the credentials have expired: log in again, then run again",
    "ExpiredTokenException": "the credentials have expired: log in again, then run again",
    "InvalidAccessKeyId": "the store does not know these credentials: check AWS_PROFILE, the environment or the role",
    "InvalidToken": "the session token is not valid: log in again, then run again",
    "NoSuchBucket": "check the name and the endpoint, or make the bucket first",
    "PermanentRedirect": "the bucket is in another region: set region in the [s3] table of lakegate.toml",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "SignatureDoesNotMatch": "the secret key does not fit the key id: check AWS_PROFILE, the environment or the role",
}


class StoreError(LakeError):
    """The store refused a request, or did not answer. `status` is HTTP's, 0 where there was no answer."""

    def __init__(self, message: str, *, code: str, status: int = 0, cut: bool = False, hint: str = "") -> None:
        """`code` is the store's word for it; `cut` says that an answer began and broke off."""
        super().__init__(message, hint=hint)
        self.code, self.status, self.cut = code, status, cut


_given: ContextVar[tuple[boto3.Session, str | None] | None] = ContextVar("given", default=None)


@contextlib.contextmanager
def with_session(session: boto3.Session, endpoint: str | None = None) -> Iterator[None]:
    """Reach the buckets that are opened inside by a session of the caller's, not by boto3's own chain.

    For whoever keeps credentials elsewhere: nothing is written into the environment, where child processes would see
    it. The region of the settings goes before the session's; `endpoint` goes before theirs.
    """
    token = _given.set((session, endpoint))
    try:
        yield
    finally:
        _given.reset(token)


def session_of(settings: S3Settings) -> boto3.Session:
    """Return the session that was given, else boto3's own."""
    given = _given.get()
    return given[0] if given else boto3.Session(profile_name=settings.profile, region_name=settings.region)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with the client that reaches it. Clients are safe to share among threads."""

    client: S3Client
    settings: S3Settings

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.settings.bucket

    def uri(self, key: str) -> str:
        """Return `s3://bucket/key`."""
        return f"s3://{self.name}/{key}"

    @contextlib.contextmanager
    def told(self, verb: str, key: str) -> Iterator[None]:
        """Tell an error of boto3, or of the private disk, as one of the lake."""
        try:
            yield
        except ClientError as error:
            raise _answered(error, verb, self.uri(key)) from error
        except BotoCoreError as error:
            raise _unanswered(error, verb, self.uri(key), self.client.meta.endpoint_url) from error
        except OSError as error:
            raise LakeError(f"cannot {verb} {self.uri(key)!r}: {error.strerror}", hint="mend the disk") from error


def open_bucket(settings: S3Settings) -> Bucket:
    """Return the bucket, once it has answered.

    Raises:
        UsageError: the bucket is not there, the profile is not, or the endpoint is no URL.
        LakeError: no credentials, access denied, unreachable.
    """
    bucket = Bucket(connect(settings), settings)
    try:
        with bucket.told("open", ""):
            bucket.client.list_object_versions(Bucket=bucket.name, MaxKeys=1)
    except StoreError as error:
        if error.code != "NoSuchBucket":
            raise
        raise UsageError(f"the lake {bucket.uri('')!r} is not there", hint=error.hint) from error
    return bucket


def connect(settings: S3Settings) -> S3Client:
    """Return a client. It retries what is safe to repeat, a bounded number of times, and verifies nothing twice.

    Raises:
        UsageError: the profile is not there, or the endpoint is no URL.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=max(16, 2 * settings.transfer.threads),
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",  # the gate hashes what it reads
        s3={"addressing_style": settings.addressing},
    )
    try:
        given = _given.get()
        endpoint = (given[1] if given else None) or settings.endpoint
        client = session_of(settings).client("s3", region_name=settings.region, endpoint_url=endpoint, config=config)
    except (ProfileNotFound, InvalidConfigError, ValueError) as error:
        raise UsageError(f"the lake 's3://{settings.bucket}' cannot be reached: {error}") from error
    if settings.owner:
        client.meta.events.register("provide-client-params.s3.*", _of(settings.owner))
    return client


def _of(owner: str) -> Callable[..., Any]:
    """Return a handler that makes every request name the account the bucket must belong to."""

    def add(params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**params, "ExpectedBucketOwner": owner}

    return add


def created(write: Callable[[], object]) -> bool:
    """Carry out a write that wants nothing to stand at its key; False where something does (412).

    One that another write got in the way of (409) is tried again, after a random pause that grows: CONFLICTS times.
    """
    for attempt in range(1, CONFLICTS + 1):
        try:
            write()
        except StoreError as error:
            if error.status == 412:
                return False
            if error.status != 409 or attempt == CONFLICTS:
                raise
            pause(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - no secret: so that writers do not meet again
        else:
            break
    return True


pause = time.sleep


def _answered(error: ClientError, verb: str, uri: str) -> StoreError:
    """Tell an answer that is an error."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = error.response.get("Error", {}).get("Message") or ""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    hint = _NEXT.get(code, "")
    if not hint and status == 403:
        action = _ACTIONS.get(error.operation_name, error.operation_name)
        hint = f"allow the gate s3:{action} on it, or check its credentials"
    elif not hint and (status >= 500 or code == "SlowDown"):
        hint = "the store is busy or broken: nothing was lost, run again later"
    reason = f"{error.operation_name} answered {code or status}" + (f", {said}" if said and said != code else "")
    return StoreError(f"cannot {verb} {uri!r}: {reason}", code=code, status=status, hint=hint)


def _unanswered(error: BotoCoreError, verb: str, uri: str, endpoint: str) -> StoreError:
    """Tell that there was no answer, or only half of one."""
    code = type(error).__name__
    if isinstance(error, _NO_CREDENTIALS):
        hint = "set AWS_PROFILE or the AWS_* variables, log in, or give this machine a role"
        return StoreError(f"cannot {verb} {uri!r}: no credentials: {error}", code=code, hint=hint)
    if isinstance(error, (NoConnection, HTTPClientError, *_CUT)):
        hint = "nothing was lost; check the endpoint and the network, and run again"
        message = f"cannot {verb} {uri!r}: {endpoint} does not answer ({code})"
        return StoreError(message, code=code, cut=isinstance(error, _CUT), hint=hint)
    return StoreError(f"cannot {verb} {uri!r}: {error}", code=code)
