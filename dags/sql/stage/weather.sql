-- A month of weather as it came, typed. Numbers in JSON are binary fractions; five decimals hold all that was measured.
SELECT
    origin,
    CAST(year AS INTEGER) AS year,
    CAST(month AS INTEGER) AS month,
    CAST(day AS INTEGER) AS day,
    CAST(hour AS INTEGER) AS hour,
    CAST(temp AS DECIMAL(9, 5)) AS temp,
    CAST(dewp AS DECIMAL(9, 5)) AS dewp,
    CAST(humid AS DECIMAL(9, 5)) AS humid,
    CAST(wind_dir AS INTEGER) AS wind_dir,
    CAST(wind_speed AS DECIMAL(9, 5)) AS wind_speed,
    CAST(wind_gust AS DECIMAL(9, 5)) AS wind_gust,
    CAST(precip AS DECIMAL(9, 5)) AS precip,
    CAST(pressure AS DECIMAL(9, 5)) AS pressure,
    CAST(visib AS DECIMAL(9, 5)) AS visib,
    time_hour
FROM "nyc/weather"
ORDER BY origin, time_hour
