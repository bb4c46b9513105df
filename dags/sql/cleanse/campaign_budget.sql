-- A month's plan; the month as its first day, the owner's address in small letters.
WITH clean AS (
    SELECT DISTINCT
        campaign_id,
        CAST(month || '-01' AS DATE) AS budget_month,
        budget,
        upper(trim(currency)) AS currency,
        lower(trim(owner)) AS owner
    FROM "stage/campaign_budget"
)
SELECT *
FROM clean
ORDER BY campaign_id, budget_month, clean -- the whole row: total, whatever the key
