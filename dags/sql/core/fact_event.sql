-- One event a row. What no campaign led to belongs to the campaign that stands for none.
SELECT
    event_id,
    event_date,
    event_time,
    event_type,
    visitor_id,
    coalesce(campaign_id, '0000000000') AS campaign_id,
    page_name,
    pathname,
    order_id,
    order_value AS order_value_eur
FROM "cleanse/events"
ORDER BY event_id
