-- A campaign's day: what it cost beside what it brought. The campaign that stands for none keeps what came by itself.
WITH
    activity AS (
        SELECT
            event_date AS activity_date,
            campaign_id,
            count(*) AS events,
            count(DISTINCT visitor_id) AS visitors,
            count(*) FILTER (WHERE event_type = 'purchase') AS orders,
            CAST(coalesce(sum(order_value_eur), 0) AS DECIMAL(18, 2)) AS revenue_eur
        FROM "core/fact_event"
        GROUP BY event_date, campaign_id
    ),
    spend AS (
        SELECT
            spend_date AS activity_date,
            campaign_id,
            CAST(sum(impressions) AS BIGINT) AS impressions,
            CAST(sum(clicks) AS BIGINT) AS clicks,
            CAST(sum(cost_eur) AS DECIMAL(18, 2)) AS cost_eur
        FROM "core/fact_ad_spend"
        GROUP BY spend_date, campaign_id
    ),
    days AS (
        SELECT
            activity_date,
            campaign_id,
            coalesce(impressions, 0) AS impressions,
            coalesce(clicks, 0) AS clicks,
            coalesce(cost_eur, 0) AS cost_eur,
            coalesce(events, 0) AS events,
            coalesce(visitors, 0) AS visitors,
            coalesce(orders, 0) AS orders,
            coalesce(revenue_eur, 0) AS revenue_eur
        FROM spend
        FULL JOIN activity USING (activity_date, campaign_id)
    )
SELECT
    activity_date,
    campaign_id,
    campaign_name,
    impressions,
    clicks,
    CAST(cost_eur AS DECIMAL(18, 2)) AS cost_eur,
    events,
    visitors,
    orders,
    CAST(revenue_eur AS DECIMAL(18, 2)) AS revenue_eur,
    CAST(round(cost_eur / nullif(clicks, 0), 4) AS DECIMAL(12, 4)) AS cost_per_click_eur,
    CAST(round(revenue_eur / nullif(cost_eur, 0), 4) AS DECIMAL(12, 4)) AS return_on_ad_spend
FROM days
JOIN "core/dim_campaign" USING (campaign_id)
ORDER BY activity_date, campaign_id
