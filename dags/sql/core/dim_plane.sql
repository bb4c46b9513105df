-- The planes of the newest register, each that only flights name, and one that stands for "no plane was told".
WITH
    registered AS (
        SELECT *
        FROM "cleanse/planes"
        WHERE batch = (SELECT max(batch) FROM "cleanse/planes")
    ),
    flown AS (SELECT DISTINCT tail_number FROM "cleanse/flights" WHERE tail_number IS NOT NULL),
    members AS (
        SELECT
            coalesce(registered.tail_number, flown.tail_number) AS tail_number,
            year_made,
            plane_type,
            manufacturer,
            model,
            engines,
            seats,
            engine_type,
            CASE WHEN registered.tail_number IS NULL THEN 'inferred' ELSE 'registered' END AS membership
        FROM registered
        FULL JOIN flown ON registered.tail_number = flown.tail_number
        UNION ALL
        SELECT 'NONE', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'none'
    )
SELECT *
FROM members
ORDER BY tail_number
