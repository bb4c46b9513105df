-- One name for each maker, whatever its company was called when the plane was registered.
WITH clean AS (
    SELECT DISTINCT
        upper(trim(tailnum)) AS tail_number,
        year AS year_made,
        trim(type) AS plane_type,
        CASE trim(manufacturer)
            WHEN 'AIRBUS INDUSTRIE' THEN 'AIRBUS'
            WHEN 'BOMBARDIER INC' THEN 'BOMBARDIER'
            WHEN 'MCDONNELL DOUGLAS AIRCRAFT CO' THEN 'MCDONNELL DOUGLAS'
            WHEN 'MCDONNELL DOUGLAS CORPORATION' THEN 'MCDONNELL DOUGLAS'
            ELSE upper(trim(manufacturer))
        END AS manufacturer,
        trim(model) AS model,
        engines,
        seats,
        speed AS cruising_speed_mph,
        trim(engine) AS engine_type
    FROM "stage/planes"
)
SELECT *
FROM clean
ORDER BY tail_number, clean -- the whole row: total, whatever the key
