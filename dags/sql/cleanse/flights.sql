-- Clock times become minutes of the local day (HHMM; 2400 is 0 of the new day) and instants; codes in capitals.
-- What stands twice to the letter stands once. Two rows of one key that contradict each other are the gate's to judge.
WITH clock AS (
    SELECT
        * REPLACE (
            CAST(sched_dep_time AS INTEGER) AS sched_dep_time,
            CAST(dep_time AS INTEGER) AS dep_time,
            CAST(sched_arr_time AS INTEGER) AS sched_arr_time,
            CAST(arr_time AS INTEGER) AS arr_time
        )
    FROM "stage/flights"
),
clean AS (
    SELECT DISTINCT
        make_date(year, month, day) AS flight_date,
        time_hour + to_minutes(minute) AS scheduled_departure,
        upper(trim(carrier)) AS carrier,
        flight AS flight_number,
        upper(trim(origin)) AS origin,
        upper(trim(dest)) AS destination,
        nullif(upper(trim(tailnum)), '') AS tail_number,
        CASE
            WHEN dep_time IS NULL THEN 'cancelled'
            WHEN arr_delay IS NULL THEN 'diverted'
            ELSE 'arrived'
        END AS status,
        time_hour + to_minutes(minute + dep_delay) AS departure,
        sched_dep_time // 100 * 60 % 1440 + sched_dep_time % 100 AS scheduled_departure_minute,
        dep_time // 100 * 60 % 1440 + dep_time % 100 AS departure_minute,
        sched_arr_time // 100 * 60 % 1440 + sched_arr_time % 100 AS scheduled_arrival_minute,
        arr_time // 100 * 60 % 1440 + arr_time % 100 AS arrival_minute,
        dep_delay AS departure_delay_min,
        arr_delay AS arrival_delay_min,
        air_time AS air_time_min,
        distance AS distance_mi
    FROM clock
)
SELECT *
FROM clean
ORDER BY scheduled_departure, carrier, flight_number, origin, clean -- the whole row: total, whatever the key
