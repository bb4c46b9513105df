"""No rule of ours reaches what is kept for ever, and a rule of others that does is named."""

import pytest

from lakegate.lake.s3.lifecycle import KEPT_FOR_EVER, merged, standing, threats, wanted
from lakegate.lake.store import Setup

OURS = wanted(Setup(expire_quarantine=30))


def rule(prefix, *, status="Enabled", form="Filter", **expiration):
    where = {"Prefix": prefix} if form == "Prefix" else {"Filter": {"Prefix": prefix}}
    return {"ID": "theirs", "Status": status, **where, "Expiration": expiration}


def test_our_rules_expire_nothing_that_is_kept_for_ever():
    assert threats(wanted(Setup())) == ()


def test_quarantine_expires_only_where_that_is_asked_for():
    def prefixes(rules):
        return {one["Filter"]["Prefix"] for one in rules if "Days" in one.get("Expiration", {})}

    assert prefixes(OURS) - prefixes(wanted(Setup())) == {"02-transient-zone/_quarantine/"}
    assert not any("_quarantine".startswith(prefix.split("/")[1]) for prefix in prefixes(wanted(Setup())))


@pytest.mark.parametrize("prefix", ["", "0", *KEPT_FOR_EVER, "01-raw-data-zone/tealium/", "warehouse/core/"])
@pytest.mark.parametrize("form", ["Filter", "Prefix"])
def test_a_rule_that_expires_what_is_kept_is_named(prefix, form):
    assert threats([rule(prefix, form=form, Days=365)]) == ("theirs",)


@pytest.mark.parametrize(
    "harmless",
    [
        rule("data/user/", Days=30),
        rule("", status="Disabled", Days=30),
        rule("", ExpiredObjectDeleteMarker=True),
        {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ],
)
def test_a_rule_that_does_not_is_not(harmless):
    assert threats([harmless]) == ()


def test_rules_of_others_come_first_and_with_filters():
    together = merged([rule("data/", form="Prefix", Days=3), *OURS[:2]], OURS)

    assert together == [rule("data/", Days=3), *OURS]
    assert merged(together, ()) == together


def test_a_rule_stands_when_it_means_the_same():
    written = [{**one, "Prefix": one["Filter"]["Prefix"]} for one in OURS]
    for one in written:
        del one["Filter"]

    assert standing(written, OURS) == len(OURS)


@pytest.mark.parametrize(
    "change",
    [
        {"Status": "Disabled"},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 9}},
        {"Filter": {"Prefix": "elsewhere/"}},
        {"ID": "other"},
    ],
)
def test_a_rule_that_was_changed_does_not_stand(change):
    assert standing([{**OURS[1], **change}], OURS) == 0
