-- The airlines of the newest register, and each that only flights name.
WITH
    registered AS (
        SELECT carrier, carrier_name
        FROM "cleanse/airlines"
        WHERE batch = (SELECT max(batch) FROM "cleanse/airlines")
    ),
    flown AS (SELECT DISTINCT carrier FROM "cleanse/flights")
SELECT
    coalesce(registered.carrier, flown.carrier) AS carrier,
    coalesce(carrier_name, 'Unknown airline ' || flown.carrier) AS carrier_name,
    CASE WHEN registered.carrier IS NULL THEN 'inferred' ELSE 'registered' END AS membership
FROM registered
FULL JOIN flown ON registered.carrier = flown.carrier
ORDER BY carrier
