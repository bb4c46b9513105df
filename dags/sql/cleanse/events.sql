-- A day of events out of its hours. The collector delivers at least once: what stands twice to the letter stands once.
WITH clean AS (
    SELECT DISTINCT
        event_id,
        event_time,
        CAST(event_time AS DATE) AS event_date,
        lower(trim(event_type)) AS event_type,
        visitor_id,
        campaign_id,
        page_name,
        order_id,
        order_value,
        lower(nullif(trim(utm_source), '')) AS utm_source,
        lower(nullif(trim(utm_campaign), '')) AS utm_campaign,
        lower(domain) AS domain,
        pathname
    FROM "stage/events"
)
SELECT *
FROM clean
ORDER BY event_id, clean -- the whole row: total, whatever the key
