-- Names that say their unit. The key is the instant: by the local clock one hour in November comes twice.
WITH clean AS (
    SELECT DISTINCT
        upper(trim(origin)) AS station,
        time_hour AS observed_at,
        make_date(year, month, day) AS local_date,
        hour AS local_hour,
        CAST(temp AS DECIMAL(5, 2)) AS temperature_f,
        CAST(dewp AS DECIMAL(5, 2)) AS dew_point_f,
        CAST(humid AS DECIMAL(5, 2)) AS humidity_percent,
        wind_dir AS wind_direction_deg,
        CAST(wind_speed AS DECIMAL(7, 2)) AS wind_speed_mph,
        CAST(wind_gust AS DECIMAL(7, 2)) AS wind_gust_mph,
        CAST(precip AS DECIMAL(5, 2)) AS precipitation_in,
        CAST(pressure AS DECIMAL(6, 1)) AS pressure_mb,
        CAST(visib AS DECIMAL(5, 2)) AS visibility_mi
    FROM "stage/weather"
)
SELECT *
FROM clean
ORDER BY station, observed_at, clean -- the whole row: total, whatever the key
