-- What a campaign showed, was clicked and cost on a day.
SELECT spend_date, campaign_id, impressions, clicks, cost_eur
FROM "cleanse/ads"
ORDER BY spend_date, campaign_id
