"""The bucket under a lake on S3: its settings, what it says of itself, what the caller may do, unfinished uploads."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lakegate.errors import LakeError, UsageError
from lakegate.lake.s3 import lifecycle, probes
from lakegate.lake.s3.client import Bucket, StoreError
from lakegate.lake.s3.lake import S3Lake
from lakegate.lake.store import Finding, Leftover, Need, Rights, Setting, Setup, Undo
from lakegate.lake.zones import QUARANTINE

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef

INIT = "lakegate lake init"
NO_MATCH = f'"{"0" * 32}"'  # an ETag that nothing has
WRITTEN_BY_GATE = ("01-raw-data-zone/", "03-master-data-zone/", "warehouse/", f"{QUARANTINE}/")
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_VERSIONING = {"Enabled": "on", "Suspended": "suspended"}


class S3Store:
    """A bucket, which need not be there; see `lake.store.Store` for what each verb promises."""

    made_unasked = False

    def __init__(self, bucket: Bucket) -> None:
        """`bucket` need not have answered."""
        self._bucket, self._client = bucket, bucket.client
        self._named: Mapping[str, Any] = {"Bucket": bucket.name}
        self.address = f"s3://{bucket.name}"

    def exists(self) -> bool:
        """Ask for the bucket. Raises LakeError where the caller may not see it."""
        try:
            with self._bucket.told("open", ""):
                self._client.head_bucket(**self._named)
        except StoreError as error:
            if error.status != 404:
                raise
            return False
        return True

    def create(self, setup: Setup) -> None:
        """Make the bucket, in the client's region."""
        region = self._client.meta.region_name
        asked = {**self._named, "ObjectLockEnabledForBucket": setup.object_lock}
        if region != "us-east-1":  # which S3 wants unsaid
            asked["CreateBucketConfiguration"] = {"LocationConstraint": region}
        with self._bucket.told("create", ""):
            self._client.create_bucket(**asked)

    def lake(self) -> S3Lake:
        """Open the bucket as a lake."""
        if not self.exists():
            raise UsageError(f"the lake {self.address!r} is not there", hint=f"look at its name, or {INIT} --create")
        return S3Lake(self._bucket)

    # --- settings --------------------------------------------------------------------------------------------------

    def settings(self, setup: Setup) -> tuple[Setting, ...]:
        """Return versioning, Object Lock and a key where asked for, the public access block and the lifecycle."""
        rules = lifecycle.wanted(setup)
        every = f"{len(rules)} of {len(rules)} rules"
        settings = [Setting("versioning", "on", self._versioning, self._version)]
        if setup.object_lock:
            settings.append(Setting("object lock", "on", self._object_lock, self._lock))
        settings.append(Setting("public access block", "on", self._public_access, self._block_public_access))
        settings.append(Setting("lifecycle", every, partial(self._lifecycle, rules), partial(self._expire, rules)))
        if setup.kms_key is not None:
            key = f"aws:kms {setup.kms_key}"
            settings.append(Setting("encryption", key, self._encryption, partial(self._encrypt, setup.kms_key)))
        return tuple(settings)

    def _versioning(self) -> str:
        with self._bucket.told("read the versioning of", ""):
            return _VERSIONING.get(self._client.get_bucket_versioning(**self._named).get("Status", ""), "off")

    def _version(self) -> Undo:
        def put(status: str) -> None:
            with self._bucket.told("set the versioning of", ""):
                self._client.put_bucket_versioning(**self._named, VersioningConfiguration={"Status": status})  # type: ignore[typeddict-item]

        put("Enabled")
        return partial(put, "Suspended")

    def _object_lock(self) -> str:
        found = self._configured("object lock", self._client.get_object_lock_configuration)
        return "on" if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled" else "off"

    def _lock(self) -> Undo:
        with self._bucket.told("switch Object Lock on for", ""):
            self._client.put_object_lock_configuration(
                **self._named, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
            )
        return None

    def _public_access(self) -> str:
        found = self._configured("public access block", self._client.get_public_access_block)
        now = found.get("PublicAccessBlockConfiguration", {})
        return "on" if now == BLOCKED else "in part" if any(now.values()) else "off"

    def _block_public_access(self) -> Undo:
        before = self._configured("public access block", self._client.get_public_access_block)

        def put(blocked: Mapping[str, bool]) -> None:
            with self._bucket.told("block public access to", ""):
                if blocked:
                    self._client.put_public_access_block(**self._named, PublicAccessBlockConfiguration={**blocked})  # type: ignore[typeddict-item]
                else:
                    self._client.delete_public_access_block(**self._named)

        put(BLOCKED)
        return partial(put, before.get("PublicAccessBlockConfiguration", {}))

    def _rules(self) -> tuple[LifecycleRuleTypeDef, ...]:
        found = self._configured("lifecycle", self._client.get_bucket_lifecycle_configuration)
        return tuple(found.get("Rules", ()))

    def _lifecycle(self, rules: tuple[LifecycleRuleTypeDef, ...]) -> str:
        return f"{lifecycle.standing(self._rules(), rules)} of {len(rules)} rules"

    def _expire(self, rules: tuple[LifecycleRuleTypeDef, ...]) -> Undo:
        before = self._rules()

        def put(wanted: list[LifecycleRuleTypeDef]) -> None:
            with self._bucket.told("set the lifecycle of", ""):
                if wanted:
                    self._client.put_bucket_lifecycle_configuration(
                        **self._named, LifecycleConfiguration={"Rules": wanted}
                    )
                else:
                    self._client.delete_bucket_lifecycle(**self._named)

        put(lifecycle.merged(before, rules))
        return partial(put, lifecycle.merged(before, ()))

    def _encryption(self) -> str:
        found = self._configured("encryption", self._client.get_bucket_encryption)
        rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
        return " ".join(default.values()) if default else "the store's own"

    def _encrypt(self, key: str) -> Undo:
        before = self._configured("encryption", self._client.get_bucket_encryption)

        def put(configuration: Mapping[str, Any]) -> None:
            with self._bucket.told("set the encryption of", ""):
                if configuration:
                    self._client.put_bucket_encryption(
                        **self._named,
                        ServerSideEncryptionConfiguration=configuration,  # type: ignore[arg-type]
                    )
                else:
                    self._client.delete_bucket_encryption(**self._named)

        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        put({"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]})
        return partial(put, before.get("ServerSideEncryptionConfiguration", {}))

    def _configured(self, what: str, get: Callable[..., Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return a part of the bucket's configuration, empty where there is none."""
        try:
            with self._bucket.told(f"read the {what} of", ""):
                return get(**self._named)
        except StoreError as error:
            if error.status != 404 or error.code == "NoSuchBucket":
                raise
            return {}

    # --- what it says of itself ------------------------------------------------------------------------------------

    def facts(self) -> tuple[Finding, ...]:
        """Return the bucket's settings, each held against what `lake init` sets, and what they mean for the gate."""
        rules = lifecycle.wanted(Setup())
        every, sealed = f"{len(rules)} of {len(rules)} rules", self._bucket.settings.retention is not None
        asked = (
            _Fact(
                "racing puts",
                self._racing_puts,
                "one of them wins",
                "readers agree at every instant",
                Need.SHOULD,
                "of a commit record all take the first version; who reads in the instant of a race may see another. On "
                "this store prefer a bucket without versions",
            ),
            _Fact(
                "delete with If-Match",
                self._conditional_delete,
                "yes",
                "a source is cleaned in one step",
                Need.INFORMATION,
            ),
            _Fact("versioning", self._versioning, "on", "sources are pinned by version", Need.SHOULD),
            _Fact(
                "object lock",
                self._object_lock,
                "on" if sealed else "",
                "what is committed can be sealed",
                Need.SHOULD if sealed else Need.INFORMATION,
                f"{INIT} --object-lock, or leave retention out of the settings",
            ),
            _Fact("public access block", self._public_access, "on", "nobody else reads the lake", Need.SHOULD),
            _Fact("lifecycle", partial(self._lifecycle, rules), every, "what is passing goes by itself", Need.SHOULD),
            _Fact(
                "what is kept for ever",
                self._threats,
                "expired by no rule",
                "no rule ends the raw zone",
                Need.SHOULD,
                "end these rules",
            ),
            _Fact("encryption", self._encryption, "", "how data lies at rest", Need.INFORMATION),
        )
        return tuple(fact.found() for fact in asked)

    def _racing_puts(self) -> str:
        return "one of them wins" if probes.creates_once(self._bucket) else "several are let through, each as a version"

    def _conditional_delete(self) -> str:
        return "yes" if probes.deletes_conditionally(self._bucket) else "no"

    def _threats(self) -> str:
        found = lifecycle.threats(self._rules())
        return f"expired by {', '.join(found)}" if found else "expired by no rule"

    # --- rights ----------------------------------------------------------------------------------------------------

    def rights(self, folder: str) -> Rights:
        """Ask for what can be refused but not done: no object is written or deleted by it.

        Writing and deleting want an ETag that nothing has, under a key that is not there: who may not is told so (403),
        who may is told that it does not match. Reading looks at one object, of an empty folder it cannot be told.
        """
        key = f"{folder}/_gate/_probe/{uuid.uuid4().hex}"
        some: list[Any] = []

        def look() -> None:
            found = self._client.list_object_versions(**self._named, Prefix=f"{folder}/", MaxKeys=20)
            some.extend(found.get("Versions", []))

        may_list = self._may(look)
        may_read = None
        if some:
            which = {} if some[0]["VersionId"] == "null" else {"VersionId": some[0]["VersionId"]}
            may_read = self._may(partial(self._client.head_object, **self._named, Key=some[0]["Key"], **which))
        may_write = self._may(partial(self._client.put_object, **self._named, Key=key, Body=b"", IfMatch=NO_MATCH))
        may_delete = self._may(partial(self._client.delete_object, **self._named, Key=key, IfMatch=NO_MATCH))
        if may_write or may_delete:  # a store that does not heed If-Match left an object, or a delete marker
            self._sweep(key)
        return Rights(may_list, may_read, may_write, may_delete)

    def _may(self, ask: Callable[[], object]) -> bool:
        """Whether the store lets the caller do something, whatever comes of it."""
        try:
            with self._bucket.told("try the caller's rights in", ""):
                ask()
        except StoreError as error:
            if error.status not in (403, 404, 412):
                raise
            return error.status != 403
        return True

    def _sweep(self, key: str) -> None:
        """Remove every version of a key, and its delete markers, as far as the caller may."""
        with contextlib.suppress(LakeError), self._bucket.told("sweep", key):
            left = self._client.list_object_versions(**self._named, Prefix=key)
            for version in (*left.get("Versions", ()), *left.get("DeleteMarkers", ())):
                self._client.delete_object(**self._named, Key=key, VersionId=version["VersionId"])

    # --- leftovers -------------------------------------------------------------------------------------------------

    def leftovers(self, before: dt.datetime) -> tuple[Leftover, ...]:
        """Return uploads to the gate's own zones that were begun before `before` and never completed."""
        found = []
        with self._bucket.told("list the unfinished uploads of", ""):
            for page in self._client.get_paginator("list_multipart_uploads").paginate(**self._named):
                found += [
                    Leftover(one["Key"], "unfinished upload", None, one["Initiated"], token=one["UploadId"])
                    for one in page.get("Uploads", [])
                    if one["Initiated"] < before and one["Key"].startswith(WRITTEN_BY_GATE)
                ]
        return tuple(found)

    def clear(self, leftover: Leftover) -> bool:
        """Give the upload up."""
        with self._bucket.told("give up the upload of", leftover.key):
            self._client.abort_multipart_upload(**self._named, Key=leftover.key, UploadId=leftover.token)
        return True


@dataclass(frozen=True, slots=True)
class _Fact:
    """One thing that a bucket says of itself; `expected` is empty where nothing is."""

    what: str
    ask: Callable[[], str]
    expected: str
    means: str
    need: Need
    advice: str = INIT

    def found(self) -> Finding:
        """Ask; what the caller may not see cannot be told."""
        try:
            got = self.ask()
        except LakeError as error:
            return Finding(self.what, str(error), self.expected, self.need, None, self.means, "allow the caller to see")
        held = got == self.expected if self.expected else None
        return Finding(self.what, got, self.expected, self.need, held, self.means, self.advice)
