-- An hour of events as it came, flattened: what page and browser told stands beside the event. Money is decimal.
SELECT
    event_id,
    event_time,
    event_type,
    visitor_id,
    CAST(order_value AS DECIMAL(12, 2)) AS order_value,
    campaign_id,
    udo.page_name AS page_name,
    udo.order_id AS order_id,
    udo.utm_source AS utm_source,
    udo.utm_campaign AS utm_campaign,
    udo.gclid AS gclid,
    dom.domain AS domain,
    dom.pathname AS pathname,
    dom.title AS title
FROM "tealium/events"
ORDER BY event_id
