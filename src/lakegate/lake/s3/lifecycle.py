"""What a bucket's lifecycle may expire: our own rules, and rules of others that would reach what is kept for ever.

Ours carry ids that begin with `lakegate-`; all other rules are kept as they are. No rule of ours expires data that
stands in a zone: of arrivals only what was overwritten or deleted, of quarantine nothing unless that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakegate.lake.store import Setup
from lakegate.lake.zones import NO_SOURCES, PROBES, QUARANTINE, TEMPORARY, TRANSIENT

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef

DELETED_ARRIVALS = 30  # days for which what was cleaned or overwritten in the transient zone can be brought back
UNFINISHED = 7  # days; a multipart upload that nobody completed
QUERY_RESULTS, JOB_FILES = 30, 7  # days
KEPT_FOR_EVER = ("01-raw-data-zone/", "03-master-data-zone/", "warehouse/", f"{QUARANTINE}/_gate/")
_MEANING = ("Status", "Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")


def wanted(setup: Setup) -> tuple[LifecycleRuleTypeDef, ...]:
    """Return the rules that `lakegate lake init` sets."""
    rules = [
        _rule("uploads", "", AbortIncompleteMultipartUpload={"DaysAfterInitiation": UNFINISHED}),
        _rule(
            "transient",
            f"{TRANSIENT}/",
            Expiration={"ExpiredObjectDeleteMarker": True},
            NoncurrentVersionExpiration={"NoncurrentDays": DELETED_ARRIVALS},
        ),
        _gone("tmp", f"{TEMPORARY}/", 1),
        _gone("athena", f"{TRANSIENT}/{NO_SOURCES[0]}/", QUERY_RESULTS),
        _gone("glue", f"{TRANSIENT}/{NO_SOURCES[1]}/", JOB_FILES),
        _gone("probes", PROBES, 1),
    ]
    if setup.expire_quarantine is not None:
        rules.append(_gone("quarantine", f"{QUARANTINE}/", setup.expire_quarantine))
    return tuple(rules)


def standing(rules: Iterable[LifecycleRuleTypeDef], asked: Sequence[LifecycleRuleTypeDef]) -> int:
    """Return how many of the rules asked for stand as they were asked for; stores write the same rule differently."""
    by_id = {rule.get("ID"): _meaning(rule) for rule in rules}
    return sum(by_id.get(rule.get("ID")) == _meaning(rule) for rule in asked)


def merged(rules: Iterable[LifecycleRuleTypeDef], asked: Sequence[LifecycleRuleTypeDef]) -> list[LifecycleRuleTypeDef]:
    """Return the rules that stand with those asked for in the place of ours. A prefix is written as a filter in all:
    S3 takes no mixture of both forms.
    """
    ours = {rule.get("ID") for rule in asked}
    others = [rule for rule in rules if rule.get("ID") not in ours]
    return [*map(_filtered, others), *asked]


def threats(rules: Iterable[LifecycleRuleTypeDef]) -> tuple[str, ...]:
    """Return the ids of rules that expire what stands in a zone that is kept for ever, or a commit record."""
    found = []
    for rule in rules:
        expires = {"Days", "Date"} & set(rule.get("Expiration", {}))
        prefix = _prefix(rule)
        reached = any(prefix.startswith(kept) or kept.startswith(prefix) for kept in KEPT_FOR_EVER)
        if expires and reached and rule["Status"] == "Enabled" and rule.get("ID") != "lakegate-quarantine":
            found.append(rule.get("ID", "(a rule without an id)"))
    return tuple(found)


def _rule(name: str, prefix: str, **actions: Any) -> LifecycleRuleTypeDef:  # noqa: ANN401 - S3's own documents
    """Return one rule of ours."""
    rule: LifecycleRuleTypeDef = {"ID": f"lakegate-{name}", "Status": "Enabled", "Filter": {"Prefix": prefix}}
    return {**rule, **actions}  # type: ignore[typeddict-item]


def _gone(name: str, prefix: str, days: int) -> LifecycleRuleTypeDef:
    """Return a rule by which everything under a prefix goes after some days, and its older versions a day later."""
    return _rule(name, prefix, Expiration={"Days": days}, NoncurrentVersionExpiration={"NoncurrentDays": 1})


def _prefix(rule: LifecycleRuleTypeDef) -> str:
    """Return the prefix that a rule is about, of either form; of a filter by tag or size what it says of the prefix."""
    chosen: Mapping[str, Any] = rule.get("Filter", {})
    return str(rule.get("Prefix") or chosen.get("Prefix") or chosen.get("And", {}).get("Prefix") or "")


def _filtered(rule: LifecycleRuleTypeDef) -> LifecycleRuleTypeDef:
    """Return a rule with its prefix as a filter."""
    if "Prefix" not in rule:
        return rule
    rest = {name: value for name, value in rule.items() if name != "Prefix"}
    return {"Filter": {"Prefix": rule["Prefix"]}, **rest}  # type: ignore[typeddict-item]


def _meaning(rule: LifecycleRuleTypeDef) -> tuple[object, ...]:
    """Return what a rule does, by which two ways of writing it are compared."""
    return (_prefix(rule), *(rule.get(name) for name in _MEANING))
