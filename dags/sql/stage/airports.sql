-- The register of airports as it came, typed.
SELECT
    faa,
    name,
    CAST(lat AS DECIMAL(18, 15)) AS lat,
    CAST(lon AS DECIMAL(18, 15)) AS lon,
    CAST(alt AS INTEGER) AS alt,
    CAST(tz AS INTEGER) AS tz,
    dst,
    tzone
FROM "nyc/airports"
ORDER BY faa
