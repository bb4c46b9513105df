-- A month's plan as it came in the workbook, typed. Money is decimal.
SELECT
    campaign_id,
    month,
    CAST(budget AS DECIMAL(12, 2)) AS budget,
    currency,
    owner
FROM "google/campaign_budget"
ORDER BY campaign_id, month
