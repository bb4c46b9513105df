-- The register of planes as it came, typed.
SELECT
    tailnum,
    CAST(year AS INTEGER) AS year,
    type,
    manufacturer,
    model,
    CAST(engines AS INTEGER) AS engines,
    CAST(seats AS INTEGER) AS seats,
    CAST(speed AS INTEGER) AS speed,
    engine
FROM "nyc/planes"
ORDER BY tailnum
