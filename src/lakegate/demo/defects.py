"""What can be wrong with generated batches: a closed set, each with the one rule that finds it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from lakegate.contract.findings import near
from lakegate.errors import UsageError

EVENTS = "tealium/events"
ADS = "google/ads"
BUDGET = "google/campaign_budget"


class Defect(Enum):
    """One way to be wrong: the dataset, the key or id of the rule that finds it, and what stands in the row."""

    VISITOR_NOT_HASHED = (EVENTS, "visitor_is_hashed", "visitor_id is a mail address, not a SHA-256")
    UNKNOWN_EVENT_TYPE = (EVENTS, "event_type_is_known", "event_type is `hover` (warns)")
    PURCHASE_WITHOUT_VALUE = (EVENTS, "purchases_have_value", "a purchase has no order_value")
    NEGATIVE_ORDER_VALUE = (EVENTS, "order_value.minimum", "the order_value of a purchase is below zero")
    DUPLICATE_EVENT = (EVENTS, "primaryKey", "event_id is that of the row before")
    EVENT_AHEAD_OF_HOUR = (EVENTS, "events_are_of_one_hour", "event_time lies in the hour after the batch's")
    PAGE_NAME_TOO_LONG = (EVENTS, "udo.page_name.maxLength", "udo.page_name has 401 characters")
    DOMAIN_MISSING = (EVENTS, "dom.domain.required", "dom.domain is null")
    EVENT_OF_UNKNOWN_CAMPAIGN = (
        EVENTS,
        "campaign_id.relationship.google-campaign-budget.campaign_budget.campaign_id",
        "campaign_id is in no budget (warns)",
    )

    COST_BELOW_ZERO = (ADS, "cost.minimum", "cost is -1.00")
    CLICKS_ABOVE_IMPRESSIONS = (ADS, "clicks_within_impressions", "clicks is one more than impressions (warns)")
    THOUSANDS_MARK = (ADS, "impressions.logicalType", 'impressions is `"1,234"`')
    DUPLICATE_CAMPAIGN_DAY = (ADS, "primaryKey", "campaign_id is that of the row before")
    AD_OF_ANOTHER_DAY = (ADS, "ads_are_of_one_day", "date is the day after the batch's")
    AD_OF_UNKNOWN_CAMPAIGN = (
        ADS,
        "campaign_id.relationship.google-campaign-budget.campaign_budget.campaign_id",
        "campaign_id is in no budget (warns)",
    )

    BUDGET_OF_TEXT = (BUDGET, "budget.logicalType", "budget is the text `1,000 EUR`")
    BUDGET_MISSING = (BUDGET, "budget.required", "budget is empty")
    UNKNOWN_CURRENCY = (BUDGET, "currency.enum", "currency is `Euro`")
    OWNER_IS_NO_ADDRESS = (BUDGET, "owner.pattern", "owner is a first name, not a mail address")
    DUPLICATE_BUDGET = (BUDGET, "primaryKey", "campaign_id is that of the row before, in the same month")

    @property
    def dataset(self) -> str:
        """The dataset that it is planted in."""
        return self.value[0]

    @property
    def rule(self) -> str:
        """The rule of the dataset's contract that finds it, by its id, or its key without the object's name."""
        return self.value[1]

    @property
    def what(self) -> str:
        """What stands in the row, in one line."""
        return self.value[2]


def defect(name: str) -> Defect:
    """Return the defect of a name, in either case. Raises UsageError for a name that is none."""
    names = [each.name.lower() for each in Defect]
    if name.lower() not in names:
        raise UsageError(
            f"there is no defect {name!r}", hint=near(name.lower(), names) or f"there are {', '.join(names)}"
        )
    return Defect[name.upper()]


def placed(dataset: str, rows: int, counts: Mapping[Defect, int]) -> dict[int, Defect]:
    """Return which rows, counted from 0, hold which defect: spread over the batch, one a row, the row before sound.

    Raises:
        UsageError: a defect is another dataset's, a count is below zero, or there is less than two rows a defect.
    """
    for each, count in counts.items():
        if each.dataset != dataset:
            raise UsageError(f"{each.name.lower()} is a defect of {each.dataset}, not of {dataset}")
        if count < 0:
            raise UsageError(f"got {count} of {each.name.lower()}, expected a count of 0 or more")
    asked = [each for each in Defect for _ in range(counts.get(each, 0))]
    if 2 * len(asked) > rows:
        raise UsageError(
            f"{len(asked)} defects do not fit into {rows} rows of {dataset}",
            hint=f"ask for {2 * len(asked)} rows or more: each defect has a sound row before it",
        )
    return {i * rows // len(asked) + 1: each for i, each in enumerate(asked)}
