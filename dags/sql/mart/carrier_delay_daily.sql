-- A carrier's day: how many flights, how many late, and how late. Late is a quarter of an hour or more.
SELECT
    flight_date,
    carrier,
    carrier_name,
    count(*) AS flights,
    count(*) FILTER (WHERE status = 'arrived') AS arrived,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE status = 'diverted') AS diverted,
    count(*) FILTER (WHERE arrival_delay_min >= 15) AS arrived_late,
    CAST(coalesce(sum(arrival_delay_min), 0) AS BIGINT) AS arrival_delay_min,
    CAST(round(sum(arrival_delay_min) / count(arrival_delay_min), 2) AS DECIMAL(9, 2)) AS mean_arrival_delay_min,
    CAST(round(100 * count(*) FILTER (WHERE arrival_delay_min >= 15) / count(*), 2) AS DECIMAL(5, 2)) AS late_percent,
    CAST(sum(distance_mi) AS BIGINT) AS distance_mi
FROM "core/fact_flight"
JOIN "core/dim_carrier" USING (carrier)
GROUP BY flight_date, carrier, carrier_name
ORDER BY flight_date, carrier
