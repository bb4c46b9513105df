-- Each visitor who was ever here, with what is known of them: a hash, when, and what they bought.
SELECT
    visitor_id,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    count(*) AS events,
    count(*) FILTER (WHERE event_type = 'purchase') AS orders,
    CAST(coalesce(sum(order_value), 0) AS DECIMAL(18, 2)) AS revenue_eur
FROM "cleanse/events"
GROUP BY visitor_id
ORDER BY visitor_id
