-- A day of ads with names that say what they are.
WITH clean AS (
    SELECT DISTINCT
        date AS spend_date,
        campaign_id,
        lower(trim(campaign_name)) AS campaign_name,
        impressions,
        clicks,
        cost AS cost_eur
    FROM "stage/ads"
)
SELECT *
FROM clean
ORDER BY spend_date, campaign_id, clean -- the whole row: total, whatever the key
