-- Each campaign with its latest plan, each that only ads or events name, and one that stands for "no campaign".
WITH
    planned AS (
        SELECT campaign_id, budget_month, budget, currency, owner
        FROM "cleanse/campaign_budget"
        QUALIFY row_number() OVER (PARTITION BY campaign_id ORDER BY budget_month DESC) = 1
    ),
    named AS (
        SELECT campaign_id, campaign_name
        FROM "cleanse/ads"
        QUALIFY row_number() OVER (PARTITION BY campaign_id ORDER BY spend_date DESC, campaign_name) = 1
    ),
    members AS (
        SELECT campaign_id FROM planned
        UNION
        SELECT campaign_id FROM named
        UNION
        SELECT campaign_id FROM "cleanse/events" WHERE campaign_id IS NOT NULL
    )
SELECT
    campaign_id,
    coalesce(campaign_name, 'Unknown campaign ' || campaign_id) AS campaign_name,
    owner,
    budget_month AS latest_budget_month,
    budget AS latest_budget,
    currency,
    CASE WHEN budget_month IS NULL THEN 'inferred' ELSE 'registered' END AS membership
FROM members
LEFT JOIN planned USING (campaign_id)
LEFT JOIN named USING (campaign_id)
UNION ALL
SELECT '0000000000', 'No campaign', NULL, NULL, NULL, NULL, 'none'
ORDER BY campaign_id
