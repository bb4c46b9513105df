-- Names that say their unit, codes in capitals, six decimals of a degree (a hand's breadth).
WITH clean AS (
    SELECT DISTINCT
        upper(trim(faa)) AS airport,
        trim(name) AS airport_name,
        CAST(lat AS DECIMAL(9, 6)) AS latitude,
        CAST(lon AS DECIMAL(9, 6)) AS longitude,
        alt AS altitude_ft,
        tz AS utc_offset_hours,
        upper(trim(dst)) AS daylight_saving,
        nullif(trim(tzone), '') AS time_zone
    FROM "stage/airports"
)
SELECT *
FROM clean
ORDER BY airport, clean -- the whole row: total, whatever the key
