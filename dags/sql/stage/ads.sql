-- A day of ads as it came, typed. Money is decimal.
SELECT
    date,
    campaign_id,
    campaign_name,
    CAST(impressions AS BIGINT) AS impressions,
    CAST(clicks AS BIGINT) AS clicks,
    CAST(cost AS DECIMAL(12, 2)) AS cost
FROM "google/ads"
ORDER BY date, campaign_id
