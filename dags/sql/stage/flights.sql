-- A month of flights as it came, typed.
SELECT
    CAST(year AS INTEGER) AS year,
    CAST(month AS INTEGER) AS month,
    CAST(day AS INTEGER) AS day,
    dep_time,
    sched_dep_time,
    CAST(dep_delay AS INTEGER) AS dep_delay,
    arr_time,
    sched_arr_time,
    CAST(arr_delay AS INTEGER) AS arr_delay,
    carrier,
    CAST(flight AS INTEGER) AS flight,
    tailnum,
    origin,
    dest,
    CAST(air_time AS INTEGER) AS air_time,
    CAST(distance AS INTEGER) AS distance,
    CAST(hour AS INTEGER) AS hour,
    CAST(minute AS INTEGER) AS minute,
    time_hour
FROM "nyc/flights"
ORDER BY time_hour, carrier, flight, origin
