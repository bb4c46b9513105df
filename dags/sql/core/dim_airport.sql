-- The airports of the newest register, and each that only flights name: no flight is lost for a gap in a register.
WITH
    registered AS (
        SELECT *
        FROM "cleanse/airports"
        WHERE batch = (SELECT max(batch) FROM "cleanse/airports")
    ),
    flown AS (
        SELECT origin AS airport FROM "cleanse/flights"
        UNION
        SELECT destination FROM "cleanse/flights"
    )
SELECT
    coalesce(registered.airport, flown.airport) AS airport,
    coalesce(airport_name, 'Unknown airport ' || flown.airport) AS airport_name,
    latitude,
    longitude,
    altitude_ft,
    utc_offset_hours,
    daylight_saving,
    time_zone,
    CASE WHEN registered.airport IS NULL THEN 'inferred' ELSE 'registered' END AS membership
FROM registered
FULL JOIN flown ON registered.airport = flown.airport
ORDER BY airport
